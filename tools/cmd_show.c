/* cmd_show.c -- `pace show`: one run: identity, metadata, values. A harness may tell many
 * statistics of each value, and much of its machine: the table has those with -l. */
#include "command.h"

#include "compare.h"
#include "identity.h"
#include "judge.h"
#include "judge_own.h"
#include "run_cells.h"
#include "say.h"
#include "show.h"
#include "store.h"
#include "timestamp.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEY_WIDTH_MAX = 40,
    START_TEXT_MAX = 1500,
    NEWEST_OF_A_BRANCH = 1,
    NOTE_MAX = 200,
    FIELDS = 7, /* of a value */
    FIELDS_JUDGED = 10,
};

/* -- which run -----------------------------------------------------------------------------------
 */

/* Where a name has several runs, the newest is shown and the others are named. */
static void note_others(const struct side *side)
{
    char list[NOTE_MAX] = "";
    size_t used = 0;
    for (size_t i = side->run_count - 1; i-- > 0 && used < sizeof list;)
        used += (size_t)snprintf(list + used, sizeof list - used, " %llu",
                                 (unsigned long long)side->runs[i]);
    if (side->run_count > 1)
        say_note("note: the newest of %zu runs of %s; the others:%s%s", side->run_count,
                 side->label, list, used >= sizeof list ? "..." : "");
}

/* Without an operand the newest run of this branch, else of the store. */
static int find_run(const struct arguments *arguments, pace *store, uint64_t *run)
{
    const char *operand = arguments->operand_count > 0 ? arguments->operands[0] : "last";
    struct side side = {0};
    if (arguments->operand_count == 0 && store_stat(store).runs == 0) {
        say_error("the store has no runs; store one with: pace run -- CMD");
        return STATUS_DATA;
    }
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) return store_failed("", PACE_ENOMEM, NULL);
    int status = strncmp(operand, "last", 4) == 0 ? identity_read(arguments, identity) : 0;
    if (status == 0)
        status = side_find(store, operand, identity->branch, NEWEST_OF_A_BRANCH, &side);
    free(identity);
    if (status == 0 && side.kind == SIDE_FILE) {
        say_error("%s is a file; `pace show` takes a run, a commit or a branch", operand);
        status = STATUS_USAGE;
    }
    if (status == 0 && side.run_count == 0) {
        say_error("%s has no runs; see: pace log", side.label);
        status = STATUS_DATA;
    }
    if (status == 0) {
        size_t newest = 0;
        for (size_t i = 1; i < side.run_count; i++)
            if (side.runs[i] > side.runs[newest]) newest = i;
        *run = side.runs[newest];
        side.runs[newest] = side.runs[side.run_count - 1];
        side.runs[side.run_count - 1] = *run;
        note_others(&side);
    }
    side_clear(&side);
    return status == STATUS_NO_VERDICT ? STATUS_DATA : status;
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

/* Whether a key is one that `pace run` made, of the command and where it ran. */
static int is_own(const char *key)
{
    static const char *const own[] = {"command", "ci.",     "env.",    "git.",
                                      "pace.",   "harness", "against."};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        size_t len = strlen(own[i]);
        if (strncmp(key, own[i], len) == 0 && (own[i][len - 1] == '.' || key[len] == '\0'))
            return 1;
    }
    return 0;
}

/* The widest of our own keys, or of the others, that is no wider than KEY_WIDTH_MAX; at least
 * `width`. */
static size_t widest_key(const struct pace_meta *meta, int own, size_t width)
{
    for (size_t i = 0; i < meta->count; i++) {
        size_t len = strlen(meta->keys[i]);
        if (is_own(meta->keys[i]) == own && len > width && len <= KEY_WIDTH_MAX) width = len;
    }
    return width;
}

static void put_meta(const struct pace_meta *meta, int own, size_t width)
{
    for (size_t i = 0; i < meta->count; i++)
        if (is_own(meta->keys[i]) == own) put_pair(width, meta->keys[i], meta->values[i]);
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
    width = widest_key(&meta, 1, width);
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
    put_meta(&meta, 1, width);
    putchar('\n');
    return 0;
}

/* What the harness told of itself and its machine, which may be much: behind the values, or only
 * counted. */
static int write_rest(pace_snapshot *snapshot, uint64_t run, int is_brief, size_t *left_out,
                      struct pace_error *error)
{
    struct pace_meta meta = {0};
    int code = pace_run_meta(snapshot, run, error, &meta);
    if (code == 0 && is_brief) {
        for (size_t i = 0; i < meta.count; i++)
            *left_out += !is_own(meta.keys[i]);
        return 0;
    }
    size_t width = code == 0 ? widest_key(&meta, 0, 0) : 0;
    if (width > 0) putchar('\n');
    if (width > 0) put_meta(&meta, 0, width);
    return code;
}

/* -- what it measured -------------------------------------------------------------------------- */

/* The rows, and the verdicts that `check` gave the run. */
struct shown {
    struct rows rows;
    struct judgement judgement;
    int companions; /* 1: dotted measures, else the others, which come first */
    int is_brief;   /* dotted measures are counted and not shown */
    size_t left_out;
    char example[PACE_MAX_NAME + 1]; /* a measure that was left out */
};

/* The other side of a run with --against. */
static int is_of_base(const char *measure)
{
    const char *dot = strrchr(measure, '.');
    return dot != NULL && strcmp(dot, ".base") == 0;
}

static int add_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    static const char *const statuses[] = {"ok", "failed", "skipped"};
    struct shown *shown = context;
    struct rows *rows = &shown->rows;
    (void)error;
    if ((strchr(cell->measure, '.') != NULL) != shown->companions) return 0;
    if (shown->companions && shown->is_brief && !is_of_base(cell->measure)) {
        if (shown->left_out++ == 0)
            snprintf(shown->example, sizeof shown->example, "%s", cell->measure);
        return 0;
    }
    const struct judged *judged = judge_find(&shown->judgement, cell->benchmark, cell->measure);
    rows_next(rows);
    rows_text(rows, 0, cell->benchmark);
    rows_text(rows, 1, cell->measure);
    rows_number(rows, 2, cell->value, cell->unit);
    rows_number(rows, 3, cell->lower, cell->unit);
    rows_number(rows, 4, cell->upper, cell->unit);
    rows_text(rows, 5, statuses[cell->status]);
    if (cell->sample_count > 0) rows_number(rows, 6, (double)cell->sample_count, "");
    if (judged != NULL) {
        rows_number(rows, 7, judged->base, judged->unit);
        rows_number(rows, 8, judged->delta, "ratio");
        rows_text(rows, 9, judge_verdicts[judged->verdict]);
    }
    return rows->failed ? PACE_ENOMEM : 0;
}

static void declare_fields(struct rows *rows, size_t count)
{
    static const struct {
        const char *name;
        enum pace_field_type type;
    } fields[] = {{"benchmark", PACE_FIELD_TEXT},     {"measure", PACE_FIELD_TEXT},
                  {"value", PACE_FIELD_NUMBER},       {"lower_value", PACE_FIELD_NUMBER},
                  {"upper_value", PACE_FIELD_NUMBER}, {"status", PACE_FIELD_TEXT},
                  {"samples", PACE_FIELD_NUMBER},     {"base", PACE_FIELD_NUMBER},
                  {"delta", PACE_FIELD_NUMBER},       {"verdict", PACE_FIELD_TEXT}};
    for (size_t i = 0; i < count && i < sizeof fields / sizeof fields[0]; i++)
        rows_field(rows, fields[i].name, fields[i].type);
}

/* Judges the run as `check` did when it was the newest. */
static int judge_run(pace *store, pace_snapshot *snapshot, const struct pace_run_view *view,
                     struct judgement *out, struct pace_error *error)
{
    const char *names[3] = {"", "", ""};
    int code = stream_names(snapshot, view->stream, names, error);
    if (code != 0 || view->cell_count > JUDGE_AT_ONCE) return code;
    struct judge_scope scope = {names[0], names[1], names[2], view->run, view->time_ns, 0};
    if (judge_read(store, &scope, NULL, out) == 0) judge_sort(out);
    return 0;
}

static void note_left_out(const struct shown *shown, size_t facts)
{
    char values[PACE_MAX_NAME + 100] = "", text[64] = "";
    if (shown->left_out > 0)
        snprintf(values, sizeof values, "%zu statistic%s such as %s", shown->left_out,
                 shown->left_out == 1 ? "" : "s", shown->example);
    if (facts > 0)
        snprintf(text, sizeof text, "%s%zu fact%s from the harness", *values != '\0' ? ", " : "",
                 facts, facts == 1 ? "" : "s");
    if (*values != '\0' || facts > 0) say_note("not shown: %s%s; -l shows all", values, text);
}

static int show_run(pace *store, pace_snapshot *snapshot, uint64_t run,
                    const struct show_style *style, int is_whole)
{
    struct pace_error error = {0};
    struct pace_run_view view;
    struct shown shown = {.is_brief = style->format == NULL && !is_whole};
    judge_init(&shown.judgement);
    rows_init(&shown.rows);
    int code = pace_run_get(snapshot, run, &error, &view);
    if (code == 0) {
        declare_fields(&shown.rows, view.cell_count > JUDGE_AT_ONCE ? FIELDS : FIELDS_JUDGED);
        code = judge_run(store, snapshot, &view, &shown.judgement, &error);
    }
    for (shown.companions = 0; shown.companions < 2 && code == 0; shown.companions++)
        code = run_cells(snapshot, &view, &error, add_cell, &shown);
    /* A format is for programs: rows alone. */
    if (code == 0 && style->format == NULL) code = write_head(snapshot, &view, &error);
    int status = code != 0 ? store_failed("", code, &error) : show_rows(style, &shown.rows);
    if (status == STATUS_OK && style->format == NULL) {
        size_t facts = 0;
        code = write_rest(snapshot, run, shown.is_brief, &facts, &error);
        if (code != 0)
            status = store_failed("", code, &error);
        else
            note_left_out(&shown, facts);
    }
    rows_clear(&shown.rows);
    judge_clear(&shown.judgement);
    return status;
}

int cmd_show(const struct arguments *arguments)
{
    struct show_style style;
    struct pace_error error = {0};
    pace *store = NULL;
    pace_snapshot *snapshot = NULL;
    uint64_t run = 0;
    if (arguments->operand_count > 1)
        return command_misused(arguments->command, "`pace show` takes one run or commit");
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status == 0) status = find_run(arguments, store, &run);
    int code = status == 0 ? pace_snapshot_begin(store, &error, &snapshot) : 0;
    if (code != 0) status = store_failed("", code, &error);
    if (status == 0)
        status = show_run(store, snapshot, run, &style, arguments_has(arguments, OPTION_WHOLE));
    pace_snapshot_end(snapshot);
    pace_close(store);
    return status;
}
