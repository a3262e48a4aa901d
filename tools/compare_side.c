/* compare_side.c -- which runs an operand of `pace compare` names, and copies of them. */
#include "compare.h"

#include "git.h"
#include "load.h"
#include "scratch.h"
#include "run_cells.h"
#include "say.h"
#include "store.h"
#include "timestamp.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MIN_PREFIX = 4,
    CHOICES_MAX = 10,
    LOOK_BACK = 16, /* runs before the newest, for one of another commit */
};

void side_clear(struct side *side)
{
    free(side->runs);
    side->runs = NULL;
    side->run_count = 0;
}

static int add_run(struct side *side, uint64_t run)
{
    uint64_t *runs = reallocarray(side->runs, side->run_count + 1, sizeof *runs);
    if (runs == NULL) return store_failed("", PACE_ENOMEM, NULL);
    side->runs = runs;
    runs[side->run_count++] = run;
    return 0;
}

static void set_text(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

/* -- runs and streams -------------------------------------------------------------------------- */

static int read_names(pace_snapshot *snapshot, const struct pace_stream *stream, struct side *side)
{
    struct pace_error error = {0};
    const char *const *names[3];
    uint32_t count;
    for (int d = 0; d < 3; d++) {
        int code = pace_names(snapshot, (enum pace_dimension)d, &error, &names[d], &count);
        if (code != 0) return store_failed("", code, &error);
    }
    set_text(side->project, sizeof side->project, names[0][stream->project]);
    set_text(side->branch, sizeof side->branch, names[1][stream->branch]);
    set_text(side->testbed, sizeof side->testbed, names[2][stream->testbed]);
    return 0;
}

static int find_run(pace_snapshot *snapshot, uint64_t run, struct side *side)
{
    struct pace_error error = {0};
    struct pace_run_view view;
    struct pace_stream stream;
    int code = pace_run_get(snapshot, run, &error, &view);
    if (code == PACE_ENOTFOUND && (run == 0 || run > pace_run_count(snapshot))) {
        say_error("no run %llu; the newest is %llu", (unsigned long long)run,
                  (unsigned long long)pace_run_count(snapshot));
        return STATUS_DATA;
    }
    if (code == 0) code = pace_stream_get(snapshot, view.stream, &error, &stream);
    if (code != 0) return store_failed("", code, &error);
    side->kind = SIDE_RUN;
    snprintf(side->label, sizeof side->label, "run %llu%s%.9s", (unsigned long long)run,
             *view.commit ? " " : "", view.commit);
    set_text(side->commit, sizeof side->commit, view.commit);
    int status = read_names(snapshot, &stream, side);
    return status != 0 ? status : add_run(side, run);
}

/* The runs of a stream, the newest `last` (0: all), oldest first. */
static int stream_runs(pace_snapshot *snapshot, uint32_t stream, uint64_t last, struct side *side)
{
    struct pace_error error = {0};
    struct pace_range range = {INT64_MIN, INT64_MAX, last};
    pace_scan *scan = NULL;
    int status = 0, code = pace_scan_open(snapshot, stream, NULL, 0, &range, &error, &scan);
    while (code == 0 && status == 0) {
        struct pace_cells cells;
        code = pace_scan_next(scan, &error, &cells);
        if (code != 0 || cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count && status == 0; r++)
            status = add_run(side, cells.runs[r].run);
    }
    pace_scan_close(scan);
    return code != 0 ? store_failed("", code, &error) : status;
}

/* The newest streams by number of their newest run; of one branch, where it has any. */
static int find_last(pace_snapshot *snapshot, const char *branch, uint64_t back, struct side *side)
{
    struct pace_error error = {0};
    const struct pace_stream *streams, *newest = NULL;
    uint32_t count, id = UINT32_MAX;
    int code = pace_streams(snapshot, &error, &streams, &count);
    if (code != 0) return store_failed("", code, &error);
    if (*branch) pace_name_find(snapshot, PACE_BRANCH, branch, strlen(branch), NULL, &id);
    for (int of_branch = 1; of_branch >= 0 && newest == NULL; of_branch--) {
        for (uint32_t i = 0; i < count; i++) {
            if (streams[i].run_count == 0 || (of_branch && streams[i].branch != id)) continue;
            if (newest == NULL || streams[i].last_run > newest->last_run) newest = &streams[i];
        }
    }
    if (newest == NULL) {
        say_error("nothing to compare: the store has no runs; store one with: pace run -- CMD");
        return STATUS_NO_VERDICT;
    }
    struct side all = {0};
    int status = stream_runs(snapshot, newest->id, back + 1, &all);
    if (status == 0 && all.run_count <= back) {
        read_names(snapshot, newest, &all);
        say_error("branch %s on %s has %llu run%s: there is no run last~%llu", all.branch,
                  all.testbed, (unsigned long long)newest->run_count,
                  newest->run_count == 1 ? "" : "s", (unsigned long long)back);
        status = STATUS_NO_VERDICT;
    }
    if (status == 0) status = find_run(snapshot, all.runs[0], side);
    side_clear(&all);
    return status;
}

/* -- commits and branches ---------------------------------------------------------------------- */

struct search {
    char commits[CHOICES_MAX][PACE_MAX_COMMIT + 1]; /* different ones */
    size_t count;
    struct side *side;
    int status;
};

static int visit(void *context, const char *commit, uint64_t run)
{
    struct search *search = context;
    size_t count = search->count;
    if (count == 0 || strcmp(search->commits[count - 1], commit) != 0) {
        if (count == CHOICES_MAX) return 1;
        set_text(search->commits[search->count++], sizeof search->commits[0], commit);
        search->side->run_count = 0;
    }
    search->status = add_run(search->side, run);
    return search->status != 0;
}

/* The runs of the commit that begins with `prefix`: 1 when there is one, 0 when not, -1 after
 * saying that there are several, or what failed. */
static int find_commit(pace_snapshot *snapshot, const char *prefix, const char *label,
                       struct side *side)
{
    struct pace_error error = {0};
    struct search *search = calloc(1, sizeof *search);
    if (search == NULL) return store_failed("", PACE_ENOMEM, NULL), -1;
    search->side = side;
    int code = pace_commits(snapshot, prefix, &error, visit, search), found = 0;
    if (code < 0 || search->status != 0) {
        if (code < 0) store_failed("", code, &error);
        found = -1;
    } else if (search->count > 1) {
        say_error("'%s' is the beginning of more than one commit:", prefix);
        for (size_t i = 0; i < search->count; i++)
            say_note("  %s", search->commits[i]);
        found = -1;
    } else if (search->count == 1) {
        found = 1;
        side->kind = SIDE_COMMIT;
        set_text(side->commit, sizeof side->commit, search->commits[0]);
        size_t digits = strspn(search->commits[0], "0123456789abcdef");
        if (label != NULL && strcmp(label, prefix) != 0)
            snprintf(side->label, sizeof side->label, "%.200s", label);
        else
            snprintf(side->label, sizeof side->label, "%.*s%s", digits > 9 ? 9 : (int)digits,
                     search->commits[0], search->commits[0] + digits);
    }
    free(search);
    return found;
}

static int find_branch(pace_snapshot *snapshot, const char *name, size_t newest, struct side *side)
{
    struct pace_error error = {0};
    const struct pace_stream *streams;
    uint32_t id, count;
    if (pace_name_find(snapshot, PACE_BRANCH, name, strlen(name), NULL, &id) != 0) return 0;
    int code = pace_streams_of(snapshot, id, &error, &streams, &count);
    if (code != 0) return store_failed("", code, &error), -1;
    if (count == 0) return 0;
    side->kind = SIDE_BRANCH;
    set_text(side->branch, sizeof side->branch, name);
    set_text(side->label, sizeof side->label, name);
    for (uint32_t i = 0; i < count; i++)
        if (stream_runs(snapshot, streams[i].id, newest, side) != 0) return -1;
    return 1;
}

/* A name of git: a tag, a branch that was not measured, HEAD~3. */
static int find_git(pace_snapshot *snapshot, const char *name, struct side *side)
{
    char directory[PATH_MAX], root[PATH_MAX], commit[GIT_COMMIT_MAX];
    int64_t time_ns;
    if (getcwd(directory, sizeof directory) == NULL || !git_root(directory, root) ||
        !git_commit(root, name, commit, &time_ns))
        return 0;
    int found = find_commit(snapshot, commit, name, side);
    if (found != 0) return found;
    say_error("commit %.12s (%s) was not measured; see: pace log", commit, name);
    return -1;
}

/* -- operands ---------------------------------------------------------------------------------- */

/* "last" and "last~N". */
static int is_last(const char *text, uint64_t *back)
{
    char *end;
    *back = 0;
    if (strncmp(text, "last", 4) != 0) return 0;
    if (text[4] == '\0') return 1;
    if (text[4] != '~' || !isdigit((unsigned char)text[5])) return 0;
    *back = strtoull(text + 5, &end, 10);
    return *end == '\0' && *back < UINT32_MAX;
}

static int is_number(const char *text, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return isdigit((unsigned char)*text) && *end == '\0';
}

int operand_is_file(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 && S_ISREG(stat_of.st_mode);
}

/* The commit that `pace tag` gave a name: as find_commit. */
static int find_tag(pace_snapshot *snapshot, const char *name, struct side *side)
{
    struct pace_error error = {0};
    const struct pace_object *objects;
    size_t count;
    int code = pace_objects(snapshot, &error, &objects, &count);
    if (code != 0) return store_failed("", code, &error), -1;
    for (size_t i = 0; i < count; i++)
        if (objects[i].kind == PACE_OBJECT_TAG && strcmp(objects[i].name, name) == 0)
            return find_commit(snapshot, objects[i].text, name, side);
    return 0;
}

static int find(pace_snapshot *snapshot, const char *operand, const char *branch, size_t newest,
                struct side *side)
{
    uint64_t number;
    const char *name = operand;
    int only_branch = strncmp(name, "branch:", 7) == 0;
    int only_commit = strncmp(name, "commit:", 7) == 0;
    int only_run = strncmp(name, "run:", 4) == 0, found = 0;
    name += only_branch || only_commit ? 7 : only_run ? 4 : 0;
    if (!only_branch && !only_commit) {
        if (is_last(name, &number)) return find_last(snapshot, branch, number, side);
        if (is_number(name, &number) &&
            (only_run || number <= pace_run_count(snapshot) || strlen(name) < MIN_PREFIX))
            return find_run(snapshot, number, side);
    }
    if (!only_commit && !only_run) found = find_branch(snapshot, name, newest, side);
    if (found == 0 && !only_branch && !only_run && strlen(name) >= MIN_PREFIX)
        found = find_commit(snapshot, name, NULL, side);
    if (found == 0 && !only_branch && !only_run) found = find_tag(snapshot, name, side);
    if (found == 0 && !only_branch && !only_run) found = find_git(snapshot, name, side);
    if (found > 0) return 0;
    if (found == 0)
        say_error("no run, commit, branch or file '%s'\n  see: pace log, pace ls", operand);
    return STATUS_DATA;
}

int side_find(pace *store, const char *operand, const char *branch, size_t newest, struct side *out)
{
    struct pace_error error = {0};
    pace_snapshot *snapshot = NULL;
    if (operand_is_file(operand)) {
        const char *slash = strrchr(operand, '/');
        out->kind = SIDE_FILE;
        set_text(out->label, sizeof out->label, slash != NULL ? slash + 1 : operand);
        set_text(out->branch, sizeof out->branch, operand);
        return strlen(operand) < sizeof out->branch ? 0 : STATUS_DATA;
    }
    if (store == NULL) {
        say_error("no file '%s', and no store to look for it", operand);
        return STATUS_DATA;
    }
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code != 0) return store_failed("", code, &error);
    int status = find(snapshot, operand, branch, newest, out);
    pace_snapshot_end(snapshot);
    return status;
}

/* The newest of some runs of a stream that has another commit; 0 when none has. */
static uint64_t of_another_commit(pace_snapshot *snapshot, const struct side *all,
                                  const char *commit)
{
    for (size_t i = all->run_count; i-- > 0;) {
        struct pace_run_view view;
        if (pace_run_get(snapshot, all->runs[i], NULL, &view) == 0 &&
            strcmp(view.commit, commit) != 0)
            return all->runs[i];
    }
    return 0;
}

int side_before(pace *store, const char *branch, const struct side *newest, struct side *out)
{
    struct pace_run_view view;
    pace_snapshot *snapshot = NULL;
    struct pace_error error = {0};
    struct side all = {0};
    int status = side_find(store, "last~1", branch, 1, out);
    if (status != 0 || newest->commit[0] == '\0' || strcmp(out->commit, newest->commit) != 0)
        return status;
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code == 0) code = pace_run_get(snapshot, newest->runs[0], &error, &view);
    if (code != 0) status = store_failed("", code, &error);
    if (status == 0) status = stream_runs(snapshot, view.stream, LOOK_BACK, &all);
    uint64_t run = status == 0 ? of_another_commit(snapshot, &all, newest->commit) : 0;
    if (run != 0) {
        side_clear(out);
        *out = (struct side){0};
        status = find_run(snapshot, run, out);
    }
    side_clear(&all);
    pace_snapshot_end(snapshot);
    return status;
}

/* -- copies ------------------------------------------------------------------------------------ */

static int copy_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    return pace_run_put(context, cell, error);
}

/* One run, under another branch; *copy is its number there. */
static int copy_run(pace_snapshot *snapshot, uint64_t run, pace *to, const char *name,
                    struct pace_error *error, uint64_t *copy)
{
    struct pace_run_view view;
    struct pace_run_result result;
    pace_run *made = NULL;
    char id[64];
    int code = pace_run_get(snapshot, run, error, &view);
    if (code != 0) return code;
    snprintf(id, sizeof id, "%s %llu", name, (unsigned long long)run);
    struct pace_run_info info = {.project = "compare",
                                 .branch = name,
                                 .testbed = "all",
                                 .commit = view.commit,
                                 .id = id,
                                 .time_ns = view.time_ns,
                                 .ordinal = view.ordinal};
    code = pace_run_begin(to, &info, error, &made);
    if (code == 0) code = run_cells(snapshot, &view, error, copy_cell, made);
    if (code == 0) code = pace_runs_commit(to, &made, 1, error, &result);
    if (code == 0) *copy = result.run;
    pace_run_free(made);
    return code;
}

int side_copy(pace *from, struct side *side, pace *to, const char *name)
{
    struct pace_error error = {0};
    pace_snapshot *snapshot = NULL;
    int code = pace_snapshot_begin(from, &error, &snapshot);
    for (size_t i = 0; i < side->run_count && code == 0; i++)
        code = copy_run(snapshot, side->runs[i], to, name, &error, &side->runs[i]);
    pace_snapshot_end(snapshot);
    if (code != 0) return store_failed(side->label, code, &error);
    side->kind = SIDE_BRANCH;
    set_text(side->branch, sizeof side->branch, name);
    return 0;
}

static void say_line(void *context, int is_error, const char *message)
{
    (void)context;
    if (is_error)
        say_error("%s", message);
    else
        say_note("note: %s", message);
}

int side_load(struct side *side, const char *adapter, pace *to, const char *name)
{
    struct scratch own = {0};
    struct pace_error error = {0};
    struct load_report report;
    /* Only for this comparison: where and when it was measured does not matter. */
    struct load_options options = {.project = "compare",
                                   .branch = name,
                                   .testbed = "all",
                                   .adapter = adapter,
                                   .has_time = 1,
                                   .time_ns = timestamp_now(),
                                   .say = say_line};
    char *path = side->branch;
    int status = scratch_open(&own);
    if (status == 0 && load_files(own.store, &options, &path, 1, &error, &report) != 0)
        status = STATUS_DATA;
    if (status == 0) {
        pace_snapshot *snapshot = NULL;
        int code = pace_snapshot_begin(own.store, &error, &snapshot);
        if (code != 0) status = store_failed("", code, &error);
        for (uint64_t run = 1; code == 0 && run <= pace_run_count(snapshot) && status == 0; run++)
            status = add_run(side, run);
        pace_snapshot_end(snapshot);
    }
    if (status == 0) status = side_copy(own.store, side, to, name);
    scratch_close(&own);
    return status;
}
