/* git.c -- what git knows about the work tree, by asking the `git` command. */
#include "git.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

extern char **environ;

enum {
    MAX_ARGUMENTS = 24,
    MAX_OUTPUT = 16384, /* bytes of an answer that is kept; the rest is read and dropped */
    PLACE_DEPTH = 64,   /* first parents that a commit's place is computed from */
};

/* Takes the bytes of an answer as they come. */
typedef void git_take(void *context, const char *bytes, size_t len);

static int spawn_git(char **argv, int input, int output, int errors_shown, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t set;
    if (posix_spawn_file_actions_init(&actions) != 0) return -1;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -1;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, 0);
    else
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (!errors_shown) posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int error = posix_spawnp(pid, "git", &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? 0 : -1;
}

/* A git that runs. */
struct git_child {
    pid_t pid;
    int from; /* its output; -1: it did not start */
};

static void git_start(const char *directory, const char *const *words, int input, int errors_shown,
                      struct git_child *child)
{
    /* No locks, no helper programs that the repository's configuration names. */
    static const char *const lead[] = {"git", "--no-optional-locks", "-c", "core.fsmonitor=false",
                                       "-C"};
    char *argv[MAX_ARGUMENTS];
    size_t count = 0;
    for (; count < sizeof lead / sizeof lead[0]; count++)
        argv[count] = (char *)(uintptr_t)lead[count];
    argv[count++] = (char *)(uintptr_t)directory;
    for (size_t i = 0; words[i] != NULL && count + 1 < MAX_ARGUMENTS; i++)
        argv[count++] = (char *)(uintptr_t)words[i];
    argv[count] = NULL;

    int ends[2];
    child->from = -1;
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    if (spawn_git(argv, input, ends[1], errors_shown, &child->pid) == 0)
        child->from = ends[0];
    else
        close(ends[0]);
    close(ends[1]);
}

/* Reads all that it has to say and waits. Its exit status, -1 when it did not run. */
static int git_finish(struct git_child *child, git_take *take, void *context)
{
    char buffer[8192];
    if (child->from < 0) return -1;
    for (;;) {
        ssize_t got = read(child->from, buffer, sizeof buffer);
        if (got > 0)
            take(context, buffer, (size_t)got);
        else if (got == 0 || errno != EINTR)
            break;
    }
    close(child->from);
    int status = 0;
    while (waitpid(child->pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs git in `directory`. Returns its exit status, -1 when it did not run. */
static int git_run_shown(const char *directory, const char *const *words, int errors_shown,
                         git_take *take, void *context)
{
    struct git_child child;
    git_start(directory, words, -1, errors_shown, &child);
    return git_finish(&child, take, context);
}

static int git_run(const char *directory, const char *const *words, git_take *take, void *context)
{
    return git_run_shown(directory, words, 0, take, context);
}

struct answer {
    char text[MAX_OUTPUT];
    size_t len;
};

static void take_text(void *context, const char *bytes, size_t len)
{
    struct answer *answer = context;
    size_t room = sizeof answer->text - 1 - answer->len;
    if (len > room) len = room;
    memcpy(answer->text + answer->len, bytes, len);
    answer->len += len;
}

/* The answer of a git that was started: text, without its last newline. 1 when git said something and
 * ended well. */
static int git_answer(struct git_child *child, struct answer *answer)
{
    answer->len = 0;
    int status = git_finish(child, take_text, answer);
    while (answer->len > 0 && answer->text[answer->len - 1] == '\n')
        answer->len--;
    answer->text[answer->len] = '\0';
    return status == 0 && answer->len > 0;
}

static int git_ask(const char *directory, const char *const *words, struct answer *answer)
{
    struct git_child child;
    git_start(directory, words, -1, 0, &child);
    return git_answer(&child, answer);
}

static void take_hash(void *context, const char *bytes, size_t len)
{
    XXH3_64bits_update(context, bytes, len);
}

/* -- long answers ------------------------------------------------------------------------------ */

struct stream {
    char *text; /* what is not used yet */
    size_t len, capacity;
    int failed, stopped;
    int (*line)(void *context, const char *line);
    int (*blob)(void *context, const char *text, size_t len);
    void *context;
};

static void stream_add(struct stream *stream, const char *bytes, size_t len)
{
    if (stream->capacity - stream->len <= len) {
        size_t capacity = (stream->capacity + len) * 2 + 1;
        char *grown = realloc(stream->text, capacity);
        if (grown == NULL) {
            stream->failed = 1;
            return;
        }
        stream->text = grown;
        stream->capacity = capacity;
    }
    memcpy(stream->text + stream->len, bytes, len);
    stream->len += len;
    stream->text[stream->len] = '\0';
}

static void stream_drop(struct stream *stream, size_t used)
{
    if (used == 0) return;
    stream->len -= used;
    memmove(stream->text, stream->text + used, stream->len + 1);
}

static void take_lines(void *context, const char *bytes, size_t len)
{
    struct stream *stream = context;
    size_t used = 0;
    if (!stream->failed && !stream->stopped) stream_add(stream, bytes, len);
    while (!stream->failed && !stream->stopped && stream->len > 0) {
        char *end = memchr(stream->text + used, '\n', stream->len - used);
        if (end == NULL) break;
        *end = '\0';
        stream->stopped = stream->line(stream->context, stream->text + used);
        used = (size_t)(end - stream->text) + 1;
    }
    if (!stream->failed && !stream->stopped) stream_drop(stream, used);
}

int git_lines(const char *root, const char *const *words, int input,
              int (*line)(void *context, const char *line), void *context)
{
    struct stream stream = {.line = line, .context = context};
    struct git_child child;
    git_start(root, words, input, 0, &child);
    int status = git_finish(&child, take_lines, &stream);
    free(stream.text);
    return status == 0 && !stream.failed && !stream.stopped;
}

/* "NAME blob SIZE\n" and SIZE bytes and a newline, or "NAME missing\n": 1 when one was used. */
static int take_blob(struct stream *stream)
{
    char *end = stream->len > 0 ? memchr(stream->text, '\n', stream->len) : NULL;
    if (end == NULL) return 0;
    size_t head = (size_t)(end - stream->text) + 1;
    char *space = memrchr(stream->text, ' ', head), *last = NULL;
    if (space == NULL || space[1] < '0' || space[1] > '9') {
        stream->stopped = stream->blob(stream->context, NULL, 0);
        stream_drop(stream, head);
        return 1;
    }
    size_t size = strtoul(space + 1, &last, 10);
    if (stream->len - head < size + 1) return 0;
    stream->text[head + size] = '\0'; /* its newline */
    stream->stopped = stream->blob(stream->context, stream->text + head, size);
    stream_drop(stream, head + size + 1);
    return 1;
}

static void take_blobs(void *context, const char *bytes, size_t len)
{
    struct stream *stream = context;
    if (!stream->failed && !stream->stopped) stream_add(stream, bytes, len);
    while (!stream->failed && !stream->stopped && take_blob(stream))
        continue;
}

int git_blobs(const char *root, int input, int (*blob)(void *context, const char *text, size_t len),
              void *context)
{
    static const char *const words[] = {"cat-file", "--batch", NULL};
    struct stream stream = {.blob = blob, .context = context};
    struct git_child child;
    git_start(root, words, input, 0, &child);
    int status = git_finish(&child, take_blobs, &stream);
    int whole = status == 0 && !stream.failed && !stream.stopped && stream.len == 0;
    free(stream.text);
    return whole;
}

/* -- addresses --------------------------------------------------------------------------------- */

void git_mask(const char *address, char masked[GIT_NAME_MAX])
{
    const char *host = strstr(address, "://");
    size_t scheme = host != NULL ? (size_t)(host - address) + 3 : 0;
    host = address + scheme;
    /* user:password@ ends at the last @ before the path; a path without a scheme has no user. */
    size_t authority = strcspn(host, scheme != 0 ? "/?#" : "/");
    for (size_t i = authority; i > 0; i--) {
        if (host[i - 1] == '@') {
            host += i;
            break;
        }
    }
    size_t rest = scheme != 0 ? strcspn(host, "?#") : strlen(host); /* ?private_token=... */
    snprintf(masked, GIT_NAME_MAX, "%.*s%.*s", (int)scheme, address, (int)rest, host);
}

void git_project(const char *remote, char project[GIT_NAME_MAX])
{
    char masked[GIT_NAME_MAX];
    git_mask(remote, masked);
    size_t len = strlen(masked);
    while (len > 0 && masked[len - 1] == '/')
        len--;
    if (len > 4 && memcmp(masked + len - 4, ".git", 4) == 0) len -= 4;
    while (len > 0 && masked[len - 1] == '/') /* "/srv/name/.git" is named by its folder */
        len--;
    size_t start = len;
    while (start > 0 && masked[start - 1] != '/' && masked[start - 1] != ':')
        start--;
    snprintf(project, GIT_NAME_MAX, "%.*s", (int)(len - start), masked + start);
}

/* -- files of the repository ---------------------------------------------------------------------
 */

int git_root(const char *directory, char root[PATH_MAX])
{
    char at[PATH_MAX], name[PATH_MAX + 8];
    snprintf(at, sizeof at, "%s", directory);
    for (;;) {
        struct stat info;
        snprintf(name, sizeof name, "%s/.git", at);
        if (stat(name, &info) == 0) {
            strcpy(root, at);
            return 1;
        }
        char *slash = strrchr(at, '/');
        if (slash == NULL || at[1] == '\0') return 0;
        slash[slash == at ? 1 : 0] = '\0';
    }
}

/* The first line of a file; 0 when it cannot be read. */
static int read_line(const char *path, char *line, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, line, size - 1);
    close(file);
    if (got < 0) return 0;
    line[got] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return 1;
}

/* The directory with HEAD and index: .git, or what a .git file names (a linked work tree). */
static int git_directory(const char *root, char out[PATH_MAX])
{
    char dot[PATH_MAX], line[PATH_MAX];
    struct stat info;
    if (snprintf(dot, sizeof dot, "%s/.git", root) >= PATH_MAX || stat(dot, &info) != 0) return 0;
    if (S_ISDIR(info.st_mode)) {
        strcpy(out, dot);
        return 1;
    }
    if (!read_line(dot, line, sizeof line) || strncmp(line, "gitdir: ", 8) != 0) return 0;
    const char *target = line + 8;
    int len = *target == '/' ? snprintf(out, PATH_MAX, "%s", target)
                             : snprintf(out, PATH_MAX, "%s/%s", root, target);
    return len > 0 && len < PATH_MAX;
}

/* 1 when the clone has only a part of its history; linked work trees share that of their repository. */
static int is_shallow(const char *root)
{
    char directory[PATH_MAX], name[2 * PATH_MAX + 16], common[PATH_MAX];
    if (!git_directory(root, directory)) return 1; /* cannot be told */
    snprintf(name, sizeof name, "%s/commondir", directory);
    if (!read_line(name, common, sizeof common))
        snprintf(name, sizeof name, "%s/shallow", directory);
    else if (common[0] == '/')
        snprintf(name, sizeof name, "%s/shallow", common);
    else
        snprintf(name, sizeof name, "%s/%s/shallow", directory, common);
    return access(name, F_OK) == 0;
}

void git_head(const char *root, char branch[GIT_NAME_MAX])
{
    char directory[PATH_MAX], line[PATH_MAX], name[PATH_MAX + 8];
    branch[0] = '\0';
    if (!git_directory(root, directory)) return;
    snprintf(name, sizeof name, "%s/HEAD", directory);
    if (!read_line(name, line, sizeof line)) return;
    if (strncmp(line, "ref: refs/heads/", 16) == 0 && strlen(line + 16) < GIT_NAME_MAX)
        strcpy(branch, line + 16);
}

/* 1 when the index surely has no entry with `path` in its name: it is of a version that writes
 * names whole, is not split, and the bytes do not occur. Saves starting git for almost every query.
 */
static int index_lacks(const char *root, const char *path)
{
    char directory[PATH_MAX], name[PATH_MAX + 8];
    if (!git_directory(root, directory)) return 0;
    snprintf(name, sizeof name, "%s/index", directory);
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno == ENOENT; /* nothing was ever added */
    struct stat info;
    int lacks = 0;
    char *bytes = NULL;
    if (fstat(file, &info) == 0 && info.st_size >= 12) {
        size_t size = (size_t)info.st_size, got = 0;
        bytes = malloc(size);
        while (bytes != NULL && got < size) {
            ssize_t part = read(file, bytes + got, size - got);
            if (part <= 0) break;
            got += (size_t)part;
        }
        lacks = bytes != NULL && got == size && memcmp(bytes, "DIRC\0\0\0", 7) == 0 &&
                (bytes[7] == 2 || bytes[7] == 3) && memmem(bytes, size, "link", 4) == NULL &&
                memmem(bytes, size, path, strlen(path)) == NULL;
    }
    free(bytes);
    close(file);
    return lacks;
}

static void take_nothing(void *context, const char *bytes, size_t len)
{
    (void)bytes;
    *(size_t *)context += len;
}

int git_tracks(const char *root, const char *path)
{
    size_t len = strlen(root);
    if (strncmp(path, root, len) != 0) return 0;
    const char *below = path + len;
    while (*below == '/')
        below++;
    char listed[PATH_MAX + 16];
    snprintf(listed, sizeof listed, "%s", below);
    if (index_lacks(root, listed)) return 0;
    snprintf(listed, sizeof listed, ":(top,literal)%s", below);
    const char *words[] = {"ls-files", "--cached", "--", listed, NULL};
    size_t bytes = 0;
    int status = git_run(root, words, take_nothing, &bytes);
    return status != 0 || bytes > 0;
}

/* -- facts ------------------------------------------------------------------------------------- */

int64_t git_place(const int64_t *seconds, int count)
{
    int64_t place = INT64_MIN;
    for (int i = 0; i < count; i++) {
        int64_t own = seconds[i] * INT64_C(1000000000);
        place = i > 0 && place >= own ? place + 1 : own;
    }
    return place;
}

/* Lines of "HASH SECONDS", newest first. Returns how many. */
static int read_commits(const char *text, struct git_facts *out)
{
    int64_t seconds[PLACE_DEPTH];
    int count = 0;
    for (const char *line = text; *line != '\0' && count < PLACE_DEPTH;) {
        const char *blank = strchr(line, ' ');
        const char *end = line + strcspn(line, "\n");
        if (blank == NULL || blank > end) break;
        if (count == 0)
            snprintf(out->commit, sizeof out->commit, "%.*s", (int)(blank - line), line);
        seconds[count++] = strtoll(blank + 1, NULL, 10);
        line = end + (*end == '\n');
    }
    for (int i = 0; i < count / 2; i++) {
        int64_t other = seconds[i];
        seconds[i] = seconds[count - 1 - i];
        seconds[count - 1 - i] = other;
    }
    if (count > 0) out->time_ns = git_place(seconds, count);
    if (out->time_ns < 0) out->time_ns = 0;
    return count;
}

/* Lines of "remote.NAME.url ADDRESS". */
static void read_remote(const char *root, struct git_child *remotes, struct answer *answer,
                        struct git_facts *out)
{
    const char *folder = strrchr(root, '/');
    snprintf(out->project, sizeof out->project, "%.1023s", folder != NULL ? folder + 1 : root);
    if (!git_answer(remotes, answer)) return;
    const char *line = strstr(answer->text, "remote.origin.url ");
    if (line == NULL) line = answer->text;
    const char *blank = strchr(line, ' ');
    if (blank == NULL) return;
    char address[GIT_NAME_MAX], project[GIT_NAME_MAX];
    snprintf(address, sizeof address, "%.*s", (int)strcspn(blank + 1, "\n"), blank + 1);
    git_mask(address, out->remote);
    git_project(address, project);
    if (project[0] != '\0') strcpy(out->project, project);
}

/* Whether tracked files differ from HEAD, and a name for how they do. */
static void read_changes(struct git_child *changes, struct answer *answer, struct git_facts *out)
{
    if (!git_answer(changes, answer) || out->commit[0] == '\0') return;
    out->dirty = 1;
    const char *diff[] = {"diff",     "HEAD", "--no-ext-diff", "--no-textconv", "--no-color",
                          "--binary", NULL};
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) return;
    XXH3_64bits_reset(state);
    git_run(out->root, diff, take_hash, state);
    snprintf(out->changes, sizeof out->changes, "%016llx",
             (unsigned long long)XXH3_64bits_digest(state));
    XXH3_freeState(state);
}

void git_read(const char *directory, const char *commit, struct git_facts *out)
{
    struct answer *answer = malloc(sizeof *answer);
    *out = (struct git_facts){0};
    if (answer == NULL || !git_root(directory, out->root)) {
        free(answer);
        out->root[0] = '\0';
        return;
    }
    /* They run side by side: starting a process is most of what each of them takes. A name that looks
     * like an option never reaches git. */
    const char *which = commit != NULL && commit[0] != '-' ? commit : "HEAD";
    const char *remote_words[] = {"config", "--get-regexp", "^remote\\..*\\.url$", NULL};
    const char *log_words[] = {"log", "-64", "--first-parent", "--format=%H %ct", which,
                               "--",  NULL};
    const char *change_words[] = {"status", "--porcelain", "--untracked-files=no",
                                  "--ignore-submodules=untracked", NULL};
    struct git_child remotes, log, changes = {.from = -1}, count = {.from = -1};
    git_start(out->root, log_words, -1, 0, &log);
    git_start(out->root, remote_words, -1, 0, &remotes);
    if (commit == NULL) git_start(out->root, change_words, -1, 0, &changes);
    git_head(out->root, out->branch);
    int listed = git_answer(&log, answer) ? read_commits(answer->text, out) : 0;
    /* The count of a shallow clone says nothing. */
    int counts = listed > 0 && !is_shallow(out->root);
    if (counts) out->ordinal = (uint32_t)listed;
    if (counts && listed == PLACE_DEPTH) {
        const char *count_words[] = {"rev-list", "--first-parent", "--count", which, "--", NULL};
        git_start(out->root, count_words, -1, 0, &count);
    }
    read_remote(out->root, &remotes, answer, out);
    if (git_answer(&count, answer)) out->ordinal = (uint32_t)strtoul(answer->text, NULL, 10);
    read_changes(&changes, answer, out);
    free(answer);
}

int git_commit(const char *root, const char *name, char commit[GIT_COMMIT_MAX], int64_t *time_ns)
{
    const char *log[] = {"log", "-64", "--first-parent", "--format=%H %ct", name, "--", NULL};
    struct answer *answer = name[0] == '\0' || name[0] == '-' ? NULL : malloc(sizeof *answer);
    struct git_facts facts = {0};
    if (answer != NULL && git_ask(root, log, answer)) read_commits(answer->text, &facts);
    free(answer);
    if (facts.commit[0] == '\0') return 0;
    strcpy(commit, facts.commit);
    *time_ns = facts.time_ns;
    return 1;
}

void git_parents(const char *root, char first[GIT_COMMIT_MAX], char second[GIT_COMMIT_MAX])
{
    const char *words[] = {"cat-file", "commit", "HEAD", NULL};
    struct answer *answer = malloc(sizeof *answer);
    first[0] = second[0] = '\0';
    if (answer == NULL || !git_ask(root, words, answer)) {
        free(answer);
        return;
    }
    char *out = first;
    /* The head of the object ends with an empty line; what follows is the message. */
    for (const char *line = answer->text; line[0] != '\0' && line[0] != '\n' && out != NULL;) {
        size_t len = strcspn(line, "\n");
        if (len > 7 && len < GIT_COMMIT_MAX && strncmp(line, "parent ", 7) == 0) {
            snprintf(out, GIT_COMMIT_MAX, "%.*s", (int)len - 7, line + 7);
            out = out == first ? second : NULL;
        }
        line += len + (line[len] == '\n');
    }
    free(answer);
}

char *git_messages(const char *root, const char *since, const char *commit, const char *word)
{
    char range[2 * GIT_COMMIT_MAX + 2], grep[128];
    struct answer *answer = malloc(sizeof *answer);
    snprintf(range, sizeof range, "%s%s%s", since, since[0] != '\0' ? ".." : "", commit);
    snprintf(grep, sizeof grep, "--grep=^ *%s", word);
    const char *words[] = {"log", "-1000", "--format=%B", grep, range, "--", NULL};
    const char *alone[] = {"log", "--no-walk", "--format=%B", commit, "--", NULL};
    int found = answer != NULL && commit[0] != '\0' && commit[0] != '-' && since[0] != '-' &&
                git_ask(root, since[0] != '\0' ? words : alone, answer);
    char *text = found ? strdup(answer->text) : NULL;
    free(answer);
    return text;
}

int git_merge_base(const char *root, const char *branch, int origin_first, const char *commit,
                   char base[GIT_COMMIT_MAX])
{
    static const char *const places[] = {"refs/heads", "refs/remotes/origin"};
    struct answer *answer = malloc(sizeof *answer);
    char name[GIT_NAME_MAX + 32];
    base[0] = '\0';
    for (int i = 0; answer != NULL && i < 2 && base[0] == '\0'; i++) {
        snprintf(name, sizeof name, "%s/%s", places[origin_first ? 1 - i : i], branch);
        const char *words[] = {"merge-base", name, commit[0] != '\0' ? commit : "HEAD", NULL};
        if (commit[0] != '-' && git_ask(root, words, answer))
            snprintf(base, GIT_COMMIT_MAX, "%.*s", (int)strcspn(answer->text, "\n"), answer->text);
    }
    free(answer);
    return base[0] != '\0';
}

/* -- another work tree ------------------------------------------------------------------------- */

int git_worktree_add(const char *root, const char *elsewhere, const char *commit,
                     char path[PATH_MAX])
{
    const char *name = strrchr(root, '/');
    size_t written = 0;
    if (name == NULL || commit[0] == '\0' || commit[0] == '-') return 0;
    int len = snprintf(path, PATH_MAX, "%.*s/.%s-base-XXXXXX", (int)(name - root), root, name + 1);
    if (len >= PATH_MAX || mkdtemp(path) == NULL) {
        snprintf(path, PATH_MAX, "%.3000s/pace-base-XXXXXX", elsewhere);
        if (mkdtemp(path) == NULL) return 0;
    }
    const char *words[] = {"-c",       "core.hooksPath=/dev/null",
                           "worktree", "add",
                           "--quiet",  "--detach",
                           "--force",  path,
                           commit,     NULL};
    if (git_run_shown(root, words, 1, take_nothing, &written) == 0) return 1;
    rmdir(path);
    return 0;
}

/* A user who interrupts, perhaps twice, still has the tree removed: git inherits the mask. */
int git_worktree_remove(const char *root, const char *path)
{
    const char *words[] = {"worktree", "remove", "--force", "--force", path, NULL};
    size_t written = 0;
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, &before);
    int removed = git_run_shown(root, words, 1, take_nothing, &written) == 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return removed;
}
