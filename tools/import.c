/* import.c -- see import.h. */
#include "import.h"

#include "../engine/arena.h"
#include "adapters/json.h"
#include "ancestry.h"
#include "asv_units.h"
#include "criterion_tree.h"
#include "git.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRESS_EVERY = 16 }; /* files */

/* A version of a benchmark in one run. */
struct version {
    const char *project, *branch, *testbed, *benchmark, *version;
    int64_t time_ns;
};

struct import {
    pace *store;
    const struct import_options *options;
    struct pace_error *error;
    struct import_report *report;
    struct load *load;
    struct ancestry *ancestry;
    struct arena arena; /* paths, versions */
    char **paths;
    size_t path_count, path_capacity, done;
    struct version *versions;
    size_t version_count, version_capacity;
    const char *last[4]; /* names of the last version, which the next mostly shares */
    const char *commit;  /* of the repository, that the file is in; "" outside of import_git */
    int64_t commit_time_ns;
    int64_t written_ns; /* of a tree that says no time: when it was written; else 0 */
    struct criterion_tree criterion;
    struct asv_units units;
    const char *main_branch;
};

static int no_memory(struct import *import)
{
    return error_fill(import->error, PACE_ENOMEM, "out of memory");
}

/* -- reasons ----------------------------------------------------------------------------------- */

static void count_reason(struct import *import, const char *text, const char *example)
{
    struct import_report *report = import->report;
    size_t i = 0;
    while (i < report->reason_count && strcmp(report->reasons[i].text, text) != 0)
        i++;
    if (i == IMPORT_REASONS) i--;
    struct import_reason *reason = &report->reasons[i];
    if (i == report->reason_count) {
        report->reason_count++;
        (void)snprintf(reason->text, sizeof reason->text, "%s", text);
        (void)snprintf(reason->example, sizeof reason->example, "%.*s",
                       (int)(strcspn(example, "(") < 120 ? strcspn(example, "(") : 120), example);
    }
    reason->count++;
}

static const char *reason_of(int code)
{
    switch (code) {
    case PACE_ENOTFOUND: return "not the results of a known harness";
    case PACE_EEMPTY: return "no benchmarks in it";
    case PACE_EVALUE: return "damaged, or not to be told apart";
    case PACE_ETIME: return "no time, or one in the future";
    case PACE_EUNIT: return "a unit of another kind than the stored one";
    case PACE_ECONFLICT: return "stored already with other content";
    case PACE_ELIMIT: return "larger than a limit";
    default: return "not readable";
    }
}

static void take_refused(void *context, const char *name, const struct pace_error *error)
{
    struct import *import = context;
    (void)name;
    count_reason(import, reason_of(error->code), error->message);
}

/* -- what the loader asks ---------------------------------------------------------------------- */

/* Where the run belongs: its commit's branch and place, as the repository knows them. */
static void place_run(void *context, const char *name, struct run_facts *facts)
{
    struct import *import = context;
    struct ancestry_place place;
    (void)name;
    if (facts->commit_time_ns == 0 && facts->ran_ns == 0) facts->ran_ns = import->written_ns;
    if (facts->commit[0] == '\0') {
        facts->commit = import->commit;
        if (facts->commit_time_ns == 0) facts->commit_time_ns = import->commit_time_ns;
    }
    if (import->ancestry != NULL && ancestry_find(import->ancestry, facts->commit, &place)) {
        if (facts->branch[0] == '\0') facts->branch = place.branch;
        facts->commit_time_ns = place.time_ns;
    } else if (facts->branch[0] == '\0' && import->options->load.branch == NULL) {
        import->report->unplaced++;
        import->report->strangers += facts->commit != NULL && facts->commit[0] != '\0';
    }
    if (facts->branch[0] == '\0') facts->branch = import->main_branch;
}

static int take_cell(void *context, struct arena *arena, struct pace_cell *cell)
{
    const struct import *import = context;
    return asv_units_apply(&import->units, arena, cell);
}

static const char *keep_name(struct import *import, size_t slot, const char *name)
{
    if (import->last[slot] == NULL || strcmp(import->last[slot], name) != 0)
        import->last[slot] = arena_string(&import->arena, name);
    return import->last[slot];
}

/* benchmark:NAME:version, as the asv adapter has it. */
static int take_meta(void *context, const struct pace_run_info *run, const char *key,
                     const char *value)
{
    static const char head[] = "benchmark:", tail[] = ":version";
    struct import *import = context;
    size_t len = strlen(key), skip = sizeof head - 1, end = sizeof tail - 1;
    if (len <= skip + end || strncmp(key, head, skip) != 0 || strcmp(key + len - end, tail) != 0)
        return 0;
    if (import->version_count == import->version_capacity) {
        size_t capacity = import->version_capacity * 2 + 1024;
        struct version *grown = realloc(import->versions, capacity * sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        import->versions = grown;
        import->version_capacity = capacity;
    }
    import->versions[import->version_count++] = (struct version){
        keep_name(import, 0, run->project),
        keep_name(import, 1, run->branch),
        keep_name(import, 2, run->testbed),
        arena_copy(&import->arena, key + skip, len - skip - end),
        keep_name(import, 3, value),
        run->time_ns,
    };
    return import->arena.failed ? PACE_ENOMEM : 0;
}

/* -- versions of benchmarks -------------------------------------------------------------------- */

static int compare_versions(const void *a, const void *b)
{
    const struct version *left = a, *right = b;
    const char *const ours[] = {left->project, left->branch, left->testbed, left->benchmark};
    const char *const theirs[] = {right->project, right->branch, right->testbed, right->benchmark};
    for (size_t i = 0; i < 4; i++) {
        int order = strcmp(ours[i], theirs[i]);
        if (order != 0) return order;
    }
    if (left->time_ns != right->time_ns) return left->time_ns < right->time_ns ? -1 : 1;
    return strcmp(left->version, right->version);
}

static char *quoted(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, strlen(text) * 2 + 3);
    size_t used = 0;
    if (out == NULL) return NULL;
    out[used++] = '"';
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') out[used++] = '\\';
        out[used++] = *c;
    }
    out[used] = '"';
    return out;
}

/* A regular expression for the benchmark with any parameters: NAME, NAME(a, b). */
static char *with_parameters(struct arena *arena, const char *name)
{
    char *out = arena_alloc(arena, strlen(name) * 2 + 20);
    size_t used = 0;
    if (out == NULL) return NULL;
    used += (size_t)sprintf(out, "/^");
    for (const char *c = name; *c != '\0'; c++) {
        if (strchr("\\/.^$*+?()[]{}|", *c) != NULL) out[used++] = '\\';
        out[used++] = *c;
    }
    (void)sprintf(out + used, "(\\(.*)?$/");
    return out;
}

static int add_segment(struct import *import, const struct version *from, const struct version *to)
{
    const struct pace_mark *marks = NULL;
    size_t count = 0;
    pace_snapshot *snapshot = NULL;
    struct arena *arena = &import->arena;
    struct pace_mark mark = {
        .kind = PACE_MARK_ACCEPT,
        .selector = arena_printf(arena, "project:%s branch:%s testbed:%s benchmark:%s",
                                 quoted(arena, to->project), quoted(arena, to->branch),
                                 quoted(arena, to->testbed), with_parameters(arena, to->benchmark)),
        .note = arena_printf(arena, "asv: version %.12s became %.12s", from->version, to->version),
        .at_ns = to->time_ns,
    };
    if (arena->failed) return no_memory(import);
    if (strlen(mark.selector) > PACE_MAX_NOTE) {
        count_reason(import, "a new version of a benchmark whose name is too long", to->benchmark);
        return 0;
    }
    int code = pace_snapshot_begin(import->store, import->error, &snapshot);
    if (code == 0) code = pace_marks(snapshot, import->error, &marks, &count);
    int known = 0;
    for (size_t i = 0; code == 0 && i < count; i++)
        known |= marks[i].kind == mark.kind && marks[i].at_ns == mark.at_ns &&
                 strcmp(marks[i].selector, mark.selector) == 0;
    if (snapshot != NULL) pace_snapshot_end(snapshot);
    if (code == 0 && !known) {
        code = pace_mark_add(import->store, &mark, import->error, NULL);
        import->report->segments += code == 0;
    }
    return code;
}

/* Where the version of a benchmark changes, its baselines begin anew. */
static int add_segments(struct import *import)
{
    struct version *versions = import->versions;
    int code = 0;
    if (import->version_count < 2 || import->options->load.dry_run) return 0;
    qsort(versions, import->version_count, sizeof *versions, compare_versions);
    for (size_t i = 1; i < import->version_count && code == 0; i++) {
        const struct version *a = &versions[i - 1], *b = &versions[i];
        if (strcmp(a->benchmark, b->benchmark) == 0 && strcmp(a->testbed, b->testbed) == 0 &&
            strcmp(a->branch, b->branch) == 0 && strcmp(a->project, b->project) == 0 &&
            strcmp(a->version, b->version) != 0)
            code = add_segment(import, a, b);
    }
    return code;
}

/* -- start points ------------------------------------------------------------------------------ */

static int add_start(struct import *import, pace_snapshot *snapshot,
                     const struct pace_stream *stream, const char *project, const char *name)
{
    size_t count = 0;
    const struct ancestry_branch *branches = ancestry_branches(import->ancestry, &count);
    struct pace_start_point own;
    for (size_t i = 1; i < count; i++) {
        if (strcmp(branches[i].name, name) != 0 || branches[i].parent[0] == '\0') continue;
        if (pace_start_point_get(snapshot, stream->project, stream->branch, NULL, &own) == 0)
            return 0;
        struct pace_start_point start = {branches[i].parent, branches[i].commit,
                                         branches[i].time_ns};
        import->report->starts++;
        return pace_start_point_set(import->store, project, name, &start, import->error);
    }
    return 0;
}

/* Branches of the repository that have runs now learn where they left the main one. */
static int add_starts(struct import *import)
{
    const struct pace_stream *streams = NULL;
    const char *const *projects = NULL, *const *branches = NULL;
    pace_snapshot *snapshot = NULL;
    uint32_t count = 0, names = 0;
    if (import->ancestry == NULL || import->options->load.dry_run) return 0;
    int code = pace_snapshot_begin(import->store, import->error, &snapshot);
    if (code != 0) return code;
    code = pace_streams(snapshot, import->error, &streams, &count);
    if (code == 0) code = pace_names(snapshot, PACE_PROJECT, import->error, &projects, &names);
    if (code == 0) code = pace_names(snapshot, PACE_BRANCH, import->error, &branches, &names);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        int again = 0; /* another testbed of the same branch */
        for (uint32_t k = 0; k < i; k++)
            again |=
                streams[k].project == streams[i].project && streams[k].branch == streams[i].branch;
        if (!again)
            code = add_start(import, snapshot, &streams[i], projects[streams[i].project],
                             branches[streams[i].branch]);
    }
    pace_snapshot_end(snapshot);
    return code;
}

/* -- the whole --------------------------------------------------------------------------------- */

static int import_begin(struct import *import)
{
    struct load_options options = import->options->load;
    size_t count = 0;
    *import->report = (struct import_report){0};
    arena_init(&import->arena, 0);
    import->commit = "";
    import->main_branch = "main";
    if (import->options->root != NULL) import->ancestry = ancestry_read(import->options->root);
    if (import->ancestry != NULL)
        import->main_branch = ancestry_branches(import->ancestry, &count)[0].name;
    options.by_time = 1;
    options.place = place_run;
    options.refused = take_refused;
    options.cell = take_cell;
    options.meta = take_meta;
    options.context = import;
    return load_start(import->store, &options, &import->report->load, import->error, &import->load);
}

static int import_end(struct import *import, int code)
{
    int loaded = import->load != NULL ? load_finish(import->load, import->error) : 0;
    if (code == 0) code = loaded;
    if (code == 0) code = add_segments(import);
    if (code == 0) code = add_starts(import);
    ancestry_free(import->ancestry);
    arena_clear(&import->arena);
    criterion_tree_clear(&import->criterion);
    free(import->paths);
    free(import->versions);
    return code;
}

static void say_progress(struct import *import, size_t total, int last)
{
    const struct import_options *options = import->options;
    if (options->progress != NULL && (last || import->done % PROGRESS_EVERY == 0))
        options->progress(options->load.context, import->done, total, &import->report->load);
}

/* -- files ------------------------------------------------------------------------------------- */

static int add_path(struct import *import, const char *path)
{
    if (import->path_count == import->path_capacity) {
        size_t capacity = import->path_capacity * 2 + 256;
        char **grown = realloc(import->paths, capacity * sizeof *grown);
        if (grown == NULL) return no_memory(import);
        import->paths = grown;
        import->path_capacity = capacity;
    }
    char *kept = arena_string(&import->arena, path);
    if (kept == NULL) return no_memory(import);
    import->paths[import->path_count++] = kept;
    return 0;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* What asv keeps beside its results. */
static int is_description(const char *name)
{
    return strcmp(name, "machine.json") == 0 || strcmp(name, "benchmarks.json") == 0;
}

static int add_criterion(struct import *import, const char *path)
{
    struct pace_error error = {0, ""};
    int code = criterion_tree_add(&import->criterion, path, &error);
    if (code != PACE_EVALUE) return code != 0 ? no_memory(import) : 0;
    count_reason(import, reason_of(code), error.message);
    return 0;
}

/* What a walk found of criterion is one run; `name` has to live until the import ends. */
static int load_criterion(struct import *import, const char *name)
{
    struct criterion_tree *tree = &import->criterion;
    int code = criterion_tree_end(tree, import->error);
    if (code == 0 && tree->count > 0) {
        import->written_ns = tree->newest_ns;
        load_memory(import->load, name, tree->text, tree->len);
        import->written_ns = 0;
        import->done += tree->count;
    }
    criterion_tree_clear(tree);
    return code;
}

static int walk(struct import *import, const char *path, int named)
{
    struct dirent **entries = NULL;
    struct stat info;
    int code = 0;
    if (stat(path, &info) != 0) {
        if (!named) return 0; /* gone since it was listed */
        return error_fill(import->error, errno, "%.300s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) return S_ISREG(info.st_mode) || named ? add_path(import, path) : 0;
    if (criterion_tree_is(path)) return add_criterion(import, path);
    int count = scandir(path, &entries, is_shown, alphasort);
    if (count < 0) return error_fill(import->error, errno, "%.300s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *below = arena_printf(&import->arena, "%s/%s", path, entries[i]->d_name);
        if (below == NULL)
            code = no_memory(import);
        else if (code == 0 && is_description(entries[i]->d_name) &&
                 asv_units_read(&import->units, &import->arena, below) != 0)
            code = no_memory(import);
        else if (code == 0 && is_description(entries[i]->d_name))
            count_reason(import, "asv's machine.json and benchmarks.json, which hold no results",
                         below);
        else if (code == 0)
            code = walk(import, below, 0);
        free(entries[i]);
    }
    free(entries);
    return code;
}

int import_paths(pace *store, const struct import_options *options, char *const *paths,
                 size_t count, struct pace_error *error, struct import_report *report)
{
    struct import import = {.store = store, .options = options, .error = error, .report = report};
    int code = import_begin(&import);
    for (size_t i = 0; i < count && code == 0; i++) {
        code = strcmp(paths[i], "-") == 0 ? add_path(&import, "-") : walk(&import, paths[i], 1);
        if (code == 0) code = load_criterion(&import, paths[i]);
    }
    for (size_t i = 0; i < import.path_count && code == 0 && !load_is_broken(import.load); i++) {
        load_path(import.load, import.paths[i]);
        import.done++;
        say_progress(&import, import.path_count, i + 1 == import.path_count);
    }
    return import_end(&import, code);
}

/* -- results in the commits of a repository ---------------------------------------------------- */

/* A file as a commit has it. */
struct tracked {
    const char *commit, *path;
    char blob[65];
    int64_t time_ns;
};

struct tracked_list {
    struct import *import;
    struct tracked *items;
    size_t count, capacity, next;
    const char *commit; /* that the lines are of */
    int64_t time_ns;
};

/* "HASH TIME", and below it ":100644 100644 OLD NEW A\tPATH". */
static int take_change(void *context, const char *line)
{
    struct tracked_list *list = context;
    struct import *import = list->import;
    struct tracked file = {list->commit, NULL, "", list->time_ns};
    char hash[65], status;
    long long seconds = 0;
    if (line[0] == '\0') return 0;
    if (line[0] != ':') {
        if (sscanf(line, "%64s %lld", hash, &seconds) != 2) return 1;
        list->commit = arena_string(&import->arena, hash);
        list->time_ns = seconds * 1000000000;
        return list->commit == NULL;
    }
    const char *path = strchr(line, '\t');
    if (path == NULL || sscanf(line, ":%*s %*s %*s %64s %c", file.blob, &status) != 2) return 1;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity * 2 + 256;
        struct tracked *grown = realloc(list->items, capacity * sizeof *grown);
        if (grown == NULL) return 1;
        list->items = grown;
        list->capacity = capacity;
    }
    file.path = arena_printf(&import->arena, "%.10s:%s", list->commit, path + 1);
    list->items[list->count++] = file;
    return file.path == NULL;
}

static int take_blob(void *context, const char *text, size_t len)
{
    struct tracked_list *list = context;
    struct import *import = list->import;
    const struct tracked *file = &list->items[list->next++];
    import->commit = file->commit;
    import->commit_time_ns = file->time_ns;
    if (text == NULL)
        count_reason(import, "not in this clone", file->path);
    else
        load_memory(import->load, file->path, text, len);
    import->done++;
    say_progress(import, list->count, import->done == list->count);
    return load_is_broken(import->load);
}

/* A file without a name that lists the blobs, for git. */
static int list_blobs(const struct tracked_list *list)
{
    const char *directory = getenv("TMPDIR");
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/pace-import-XXXXXX",
                   directory != NULL && directory[0] != '\0' ? directory : "/tmp");
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) return -1;
    (void)unlink(path);
    for (size_t i = 0; i < list->count; i++) {
        if (dprintf(fd, "%s\n", list->items[i].blob) < 0) {
            (void)close(fd);
            return -1;
        }
    }
    if (lseek(fd, 0, SEEK_SET) == 0) return fd;
    (void)close(fd);
    return -1;
}

static int import_tracked(struct import *import, const char *pattern)
{
    struct tracked_list list = {.import = import, .commit = ""};
    const char *root = import->options->root, *branch = import->options->load.branch;
    char *spec = arena_printf(&import->arena, ":(top,glob)%s", pattern);
    const char *const words[] = {"-c",
                                 "core.quotePath=false",
                                 "log",
                                 "--reverse",
                                 "--first-parent",
                                 "-m",
                                 "--raw",
                                 "--no-abbrev",
                                 "--no-renames",
                                 "--diff-filter=AM",
                                 "--format=%H %ct",
                                 branch != NULL ? branch : "HEAD",
                                 "--",
                                 spec,
                                 NULL};
    int code = spec == NULL ? no_memory(import) : 0;
    if (code == 0 && !git_lines(root, words, -1, take_change, &list))
        code = error_fill(import->error, PACE_EVALUE,
                          "git cannot list the commits of '%.200s' with files like '%.200s'",
                          branch != NULL ? branch : "HEAD", pattern);
    if (code == 0 && list.count == 0)
        code = error_fill(import->error, PACE_EEMPTY,
                          "no commit of '%.200s' has files like '%.200s'; write it as git does: "
                          "'results/*.json', '**/bench.json'",
                          branch != NULL ? branch : "HEAD", pattern);
    int fd = code == 0 ? list_blobs(&list) : -1;
    if (code == 0 && fd < 0)
        code = error_fill(import->error, errno, "a temporary file: %s", strerror(errno));
    if (fd >= 0) {
        if (!git_blobs(root, fd, take_blob, &list) && !load_is_broken(import->load))
            code =
                error_fill(import->error, PACE_EVALUE, "git cannot show the files it has listed");
        (void)close(fd);
    }
    free(list.items);
    return code;
}

int import_git(pace *store, const struct import_options *options, const char *pattern,
               struct pace_error *error, struct import_report *report)
{
    struct import import = {.store = store, .options = options, .error = error, .report = report};
    int code = import_begin(&import);
    if (code == 0) code = import_tracked(&import, pattern);
    return import_end(&import, code);
}
