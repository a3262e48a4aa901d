/* cmd_show.c -- `pace show`: one run whole: identity, metadata, values. */
#include "command.h"

#include "run_cells.h"
#include "say.h"
#include "show.h"
#include "store.h"
#include "timestamp.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_PREFIX = 4, MAX_CHOICES = 10, KEY_WIDTH_MAX = 40, START_TEXT_MAX = 1500 };

/* -- which run -----------------------------------------------------------------------------------
 */

struct search {
    const char *commits[MAX_CHOICES]; /* different ones */
    uint64_t newest[MAX_CHOICES];     /* run of each */
    size_t count;
    int more;
};

static int visit(void *context, const char *commit, uint64_t run)
{
    struct search *search = context;
    if (search->count > 0 && strcmp(search->commits[search->count - 1], commit) == 0) {
        search->newest[search->count - 1] = run;
        return 0;
    }
    if (search->count == MAX_CHOICES) {
        search->more = 1;
        return 1;
    }
    search->commits[search->count] = commit;
    search->newest[search->count++] = run;
    return 0;
}

/* The newest run of the commit that begins with `prefix`. */
static int find_commit(pace_snapshot *snapshot, const char *prefix, uint64_t *run)
{
    struct search search = {0};
    struct pace_error error = {0};
    int code =
        strlen(prefix) < MIN_PREFIX ? 0 : pace_commits(snapshot, prefix, &error, visit, &search);
    if (code < 0) return store_failed("", code, &error);
    if (search.count == 0) {
        say_error("no run '%s', and no commit that begins so\n  see: pace log", prefix);
        return STATUS_DATA;
    }
    if (search.count > 1) {
        say_error("'%s' is the beginning of more than one commit:", prefix);
        for (size_t i = 0; i < search.count; i++)
            say_note("  %s  run %llu", search.commits[i], (unsigned long long)search.newest[i]);
        if (search.more) say_note("  ...");
        return STATUS_DATA;
    }
    *run = search.newest[0];
    return 0;
}

/* A number is a run when there is one; else it is the beginning of a commit. */
static int find_run(pace_snapshot *snapshot, const char *text, uint64_t *run)
{
    const char *digits = strncmp(text, "run:", 4) == 0 ? text + 4 : text;
    if (strncmp(text, "commit:", 7) == 0) return find_commit(snapshot, text + 7, run);
    char *end;
    unsigned long long number = strtoull(digits, &end, 10);
    int is_number = isdigit((unsigned char)*digits) && *end == '\0';
    if (is_number && number >= 1 && number <= pace_run_count(snapshot)) {
        *run = number;
        return 0;
    }
    if (digits != text || (is_number && strlen(text) < MIN_PREFIX)) {
        say_error("no run %s; the newest is %llu", digits,
                  (unsigned long long)pace_run_count(snapshot));
        return STATUS_DATA;
    }
    return find_commit(snapshot, text, run);
}

/* -- what it is ----------------------------------------------------------------------------------
 */

static int stream_names(pace_snapshot *snapshot, uint32_t id, const char *names[3],
                        struct pace_error *error)
{
    const struct pace_stream *streams;
    uint32_t count;
    int code = pace_streams(snapshot, error, &streams, &count);
    if (code == 0 && id >= count) code = PACE_ECORRUPT;
    for (int i = 0; i < 3 && code == 0; i++) {
        uint32_t name = i == 0   ? streams[id].project
                        : i == 1 ? streams[id].branch
                                 : streams[id].testbed;
        const char *const *all;
        uint32_t all_count;
        code = pace_names(snapshot, (enum pace_dimension)i, error, &all, &all_count);
        if (code == 0) names[i] = name < all_count ? all[name] : "";
    }
    return code;
}

/* Keys are padded to `width`; a longer one pushes its value to the right. */
static void put_pair(size_t width, const char *key, const char *value)
{
    if (value == NULL || *value == '\0') return;
    say_safe(stdout, key, strlen(key));
    printf("%*s  ", (int)(strlen(key) < width ? width - strlen(key) : 0), "");
    say_safe(stdout, value, strlen(value));
    putchar('\n');
}

static int write_head(pace_snapshot *snapshot, const struct pace_run_view *view,
                      struct pace_error *error)
{
    const char *names[3] = {"", "", ""}, *id = NULL;
    struct pace_meta meta = {0};
    char number[32], text[TIMESTAMP_TEXT_MAX];
    int code = stream_names(snapshot, view->stream, names, error);
    if (code == 0) code = pace_run_id(snapshot, view->run, error, &id);
    if (code == 0) code = pace_run_meta(snapshot, view->run, error, &meta);
    if (code != 0) return code;
    size_t width = strlen("project");
    char start[START_TEXT_MAX];
    struct pace_lineage lineage;
    code = pace_lineage_get(snapshot, view->stream, error, &lineage);
    if (code != 0) return code;
    pace_lineage_text(&lineage, start, sizeof start);
    if (*start != '\0') width = strlen("start point");
    for (size_t i = 0; i < meta.count; i++) {
        size_t len = strlen(meta.keys[i]);
        if (len > width && len <= KEY_WIDTH_MAX) width = len;
    }
    snprintf(number, sizeof number, "%llu", (unsigned long long)view->run);
    put_pair(width, "run", number);
    put_pair(width, "project", names[0]);
    put_pair(width, "branch", names[1]);
    put_pair(width, "testbed", names[2]);
    put_pair(width, "start point", start);
    put_pair(width, "commit", view->commit);
    put_pair(width, "time", timestamp_print(text, view->time_ns));
    if (view->ran_ns != 0) put_pair(width, "ran", timestamp_print(text, view->ran_ns));
    put_pair(width, "id", id);
    if ((view->flags & PACE_RUN_PARTIAL) != 0)
        put_pair(width, "partial", "the benchmark command failed");
    if ((view->flags & PACE_RUN_DIRTY) != 0) put_pair(width, "dirty", "with uncommitted changes");
    for (size_t i = 0; i < meta.count; i++)
        put_pair(width, meta.keys[i], meta.values[i]);
    putchar('\n');
    return 0;
}

/* -- what it measured -------------------------------------------------------------------------- */

static int add_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    static const char *const statuses[] = {"ok", "failed", "skipped"};
    struct rows *rows = context;
    (void)error;
    rows_next(rows);
    rows_text(rows, 0, cell->benchmark);
    rows_text(rows, 1, cell->measure);
    rows_number(rows, 2, cell->value, cell->unit);
    rows_number(rows, 3, cell->lower, cell->unit);
    rows_number(rows, 4, cell->upper, cell->unit);
    rows_text(rows, 5, statuses[cell->status]);
    if (cell->sample_count > 0) rows_number(rows, 6, (double)cell->sample_count, "");
    return rows->failed ? PACE_ENOMEM : 0;
}

static int show_run(pace_snapshot *snapshot, uint64_t run, const struct show_style *style)
{
    struct pace_error error = {0};
    struct pace_run_view view;
    struct rows rows;
    rows_init(&rows);
    rows_field(&rows, "benchmark", PACE_FIELD_TEXT);
    rows_field(&rows, "measure", PACE_FIELD_TEXT);
    rows_field(&rows, "value", PACE_FIELD_NUMBER);
    rows_field(&rows, "lower_value", PACE_FIELD_NUMBER);
    rows_field(&rows, "upper_value", PACE_FIELD_NUMBER);
    rows_field(&rows, "status", PACE_FIELD_TEXT);
    rows_field(&rows, "samples", PACE_FIELD_NUMBER);
    int code = pace_run_get(snapshot, run, &error, &view);
    if (code == 0) code = run_cells(snapshot, &view, &error, add_cell, &rows);
    /* A format is for programs: rows alone. */
    if (code == 0 && style->format == NULL) code = write_head(snapshot, &view, &error);
    int status = code != 0 ? store_failed("", code, &error) : show_rows(style, &rows);
    rows_clear(&rows);
    return status;
}

int cmd_show(const struct arguments *arguments)
{
    struct show_style style;
    struct pace_error error = {0};
    pace *store = NULL;
    pace_snapshot *snapshot = NULL;
    uint64_t run = 0;
    if (arguments->operand_count != 1)
        return command_misused(arguments->command, "`pace show` takes one run or commit");
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code != 0) {
        status = store_failed("", code, &error);
    } else {
        status = find_run(snapshot, arguments->operands[0], &run);
        if (status == 0) status = show_run(snapshot, run, &style);
        pace_snapshot_end(snapshot);
    }
    pace_close(store);
    return status;
}
