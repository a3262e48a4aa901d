/* git.c -- what git knows about the work tree, by asking the `git` command. */
#include "git_own.h"

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

int git_run_shown(const char *directory, const char *const *words, int errors_shown, git_take *take,
                  void *context)
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

/* The answer of a git that was started: text, without its last newline. 1 when git said something
 * and ended well. */
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

/* -- what it tracks ---------------------------------------------------------------------------- */

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
    if (git_index_lacks(root, listed)) return 0;
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

/* A line of first parents, newest first: of the first ones the time, of all the count. */
struct parents {
    struct git_facts *out;
    int64_t seconds[PLACE_DEPTH];
    int kept;
    uint32_t count;
};

/* "SECONDS HASH", as rev-list --timestamp writes. */
static int take_parent(void *context, const char *line)
{
    struct parents *parents = context;
    char *blank;
    int64_t seconds = strtoll(line, &blank, 10);
    if (*blank != ' ') return 1;
    if (parents->count == 0)
        snprintf(parents->out->commit, sizeof parents->out->commit, "%s", blank + 1);
    if (parents->kept < PLACE_DEPTH) parents->seconds[parents->kept++] = seconds;
    parents->count++;
    return 0;
}

/* The commit, its place, and its count where git_is_shallow does not forbid one. */
static void parents_end(struct parents *parents, int counts)
{
    int64_t oldest_first[PLACE_DEPTH];
    int kept = parents->kept;
    for (int i = 0; i < kept; i++)
        oldest_first[i] = parents->seconds[kept - 1 - i];
    if (kept > 0) parents->out->time_ns = git_place(oldest_first, kept);
    if (parents->out->time_ns < 0) parents->out->time_ns = 0;
    if (counts) parents->out->ordinal = parents->count;
}

/* The project is named by the remote, else by the folder. */
static void read_remote(const char *root, struct git_facts *out)
{
    static const char *const words[] = {"config", "--get-regexp", "^remote\\..*\\.url$", NULL};
    const char *folder = strrchr(root, '/');
    char address[GIT_NAME_MAX], project[GIT_NAME_MAX];
    snprintf(out->project, sizeof out->project, "%.1023s", folder != NULL ? folder + 1 : root);
    if (!git_remote(root, address)) {
        /* Lines of "remote.NAME.url ADDRESS". */
        struct answer *answer = malloc(sizeof *answer);
        if (answer != NULL && git_ask(root, words, answer)) {
            const char *line = strstr(answer->text, "remote.origin.url ");
            const char *blank = strchr(line != NULL ? line : answer->text, ' ');
            if (blank != NULL)
                snprintf(address, sizeof address, "%.*s", (int)strcspn(blank + 1, "\n"), blank + 1);
        }
        free(answer);
    }
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
    /* Two processes, side by side: starting one is most of what each of them takes. A name that
     * looks like an option never reaches git. */
    const char *which = commit != NULL && commit[0] != '-' ? commit : "HEAD";
    const char *parent_words[] = {"rev-list", "--first-parent", "--timestamp", which, "--", NULL};
    const char *change_words[] = {"status",
                                  "--porcelain",
                                  "--no-renames",
                                  "--untracked-files=no",
                                  "--ignore-submodules=untracked",
                                  NULL};
    struct parents parents = {.out = out};
    struct stream lines = {.line = take_parent, .context = &parents};
    struct git_child log, changes = {.from = -1};
    git_start(out->root, parent_words, -1, 0, &log);
    if (commit == NULL) git_start(out->root, change_words, -1, 0, &changes);
    git_head(out->root, out->branch);
    read_remote(out->root, out);
    git_finish(&log, take_lines, &lines);
    free(lines.text);
    /* The count of a shallow clone says nothing. */
    parents_end(&parents, !git_is_shallow(out->root));
    read_changes(&changes, answer, out);
    free(answer);
}

int git_commit(const char *root, const char *name, char commit[GIT_COMMIT_MAX], int64_t *time_ns)
{
    const char *words[] = {"rev-list", "-64", "--first-parent", "--timestamp", name, "--", NULL};
    struct git_facts facts = {0};
    struct parents parents = {.out = &facts};
    if (name[0] == '\0' || name[0] == '-') return 0;
    git_lines(root, words, -1, take_parent, &parents);
    parents_end(&parents, 0);
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
