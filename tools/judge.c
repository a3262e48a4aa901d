/* judge.c -- the verdict on runs: asking the query language, and telling people. */
#include "judge.h"

#include "pacefile.h"

#include "../engine/unit.h"
#include "say.h"
#include "store.h"
#include "timestamp.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LISTED = 20, /* alerts, or notes of one kind, that are written out */
    SHORT_COMMIT = 7,
    WINDOW_SLACK = 256, /* runs looked at beyond the window, for runs that lack the series */
};

static const char *const verdict_names[] = {
#define VERDICT(id, name, help) name,
#include "../query/verdict.def"
#undef VERDICT
};

/* -- asking ------------------------------------------------------------------------------------ */

static int scope_term(struct arena *arena, const char **text, pace_session *session,
                      const char *key, const char *value)
{
    struct pace_error error = {0};
    char name[32];
    if (value == NULL || *value == '\0') return 0;
    snprintf(name, sizeof name, "judged_%s", key);
    int code = pace_session_set(session, name, value, &error);
    if (code != 0) return store_failed("", code, &error);
    *text = arena_printf(arena, "%s%s:$%s ", *text, key, name);
    return *text == NULL ? store_failed("", PACE_ENOMEM, NULL) : 0;
}

/* The selector of a scope. */
static int scope_terms(struct arena *arena, pace_session *session, const struct judge_scope *scope,
                       const char **text)
{
    int status = scope_term(arena, text, session, "project", scope->project);
    if (status == 0) status = scope_term(arena, text, session, "branch", scope->branch);
    return status ? status : scope_term(arena, text, session, "testbed", scope->testbed);
}

/* The text of the question. A run that is not the newest is found by its time: selecting it by
 * number would leave no history to judge it by. */
static int scope_query(struct judgement *out, pace_session *session,
                       const struct judge_scope *scope, const char *model, const char **query)
{
    const char *text = "";
    int status = scope_terms(&out->arena, session, scope, &text);
    if (status != 0) return status;
    char range[TIMESTAMP_TEXT_MAX + 8] = "last run";
    if (scope->run != 0) {
        char time[TIMESTAMP_TEXT_MAX];
        int64_t second = scope->time_ns - scope->time_ns % INT64_C(1000000000);
        snprintf(range, sizeof range, "since %s", timestamp_print(time, second));
    }
    *query =
        arena_printf(&out->arena, "%s| check %s | %s", text, model != NULL ? model : "", range);
    return *query == NULL ? store_failed("", PACE_ENOMEM, NULL) : 0;
}

static enum judge_verdict verdict_of(const char *name)
{
    for (int i = 0; name != NULL && i < JUDGE_VERDICT_COUNT; i++)
        if (strcmp(verdict_names[i], name) == 0) return (enum judge_verdict)i;
    return JUDGE_VERDICT_THIN;
}

/* The number of a run, which is a number or its text. */
static uint64_t run_number(const struct pace_field *field, size_t row)
{
    double number = field_number(field, row);
    const char *text = field_text(field, row);
    if (!isnan(number)) return (uint64_t)number;
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

struct judged *judge_add(struct judgement *out)
{
    if (out->count == out->capacity) {
        size_t capacity = out->capacity ? out->capacity * 2 : 64;
        struct judged *grown = reallocarray(out->rows, capacity, sizeof *grown);
        if (grown == NULL) return NULL;
        out->rows = grown;
        out->capacity = capacity;
    }
    struct judged *judged = &out->rows[out->count++];
    *judged = (struct judged){.good_commit = "",
                              .bad_commit = "",
                              .low_delta = (double)NAN,
                              .high_delta = (double)NAN,
                              .before = (double)NAN,
                              .higher_is_worse = -1};
    return judged;
}

void judge_init(struct judgement *out)
{
    *out = (struct judgement){0};
    arena_init(&out->arena, 0);
}

static const char *keep_text(struct judgement *out, const struct pace_rows *rows, const char *name,
                             size_t row)
{
    const char *text = field_text(rows_find(rows, name), row);
    text = arena_string(&out->arena, text != NULL ? text : "");
    return text != NULL ? text : "";
}

/* Keeps the rows of one batch that belong to the scope. */
static int take_rows(struct judgement *out, const struct pace_rows *rows,
                     const struct judge_scope *scope)
{
    const struct pace_field *run = rows_find(rows, "run"), *value = rows_find(rows, "value");
    const struct pace_field *base = rows_find(rows, "base"), *verdict = rows_find(rows, "verdict");
    const struct pace_field *low = rows_find(rows, "low_limit");
    const struct pace_field *high = rows_find(rows, "high_limit");
    const struct pace_field *before = rows_find(rows, "before");
    const struct pace_field *p = rows_find(rows, "p"), *n = rows_find(rows, "n");
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t number = run_number(run, i);
        if (scope->run != 0 && number != scope->run) continue;
        struct judged *judged = judge_add(out);
        if (judged == NULL) return PACE_ENOMEM;
        judged->project = keep_text(out, rows, "project", i);
        judged->branch = keep_text(out, rows, "branch", i);
        judged->testbed = keep_text(out, rows, "testbed", i);
        judged->benchmark = keep_text(out, rows, "benchmark", i);
        judged->measure = keep_text(out, rows, "measure", i);
        judged->commit = keep_text(out, rows, "commit", i);
        judged->good_commit = keep_text(out, rows, "good_commit", i);
        judged->bad_commit = keep_text(out, rows, "bad_commit", i);
        judged->before = field_number(before, i);
        judged->verdict = verdict_of(field_text(verdict, i));
        judged->run = number;
        judged->value = field_number(value, i);
        judged->base = field_number(base, i);
        judged->p = field_number(p, i);
        judged->n = field_number(n, i);
        const char *unit = arena_string(&out->arena, field_unit(value, i));
        judged->unit = unit != NULL ? unit : "";
        double upper = field_number(high, i), lower = field_number(low, i);
        judged->higher_is_worse = isnan(lower) && !isnan(upper)   ? 1
                                  : !isnan(lower) && isnan(upper) ? 0
                                                                  : -1;
        judged->limit = judged->value > upper          ? upper
                        : judged->value < lower        ? lower
                        : judged->value < judged->base ? lower
                                                       : upper;
        judged->delta = isfinite(judged->base) && judged->base != 0
                            ? (judged->value - judged->base) / fabs(judged->base)
                            : (double)NAN;
        out->counts[judged->verdict]++;
    }
    return out->arena.failed ? PACE_ENOMEM : 0;
}

/* A model that cannot be bound: its text is the user's, the query around it is ours. */
static int question_failed(const pace_query *query, const char *model, int code,
                           const struct pace_error *error)
{
    if (query == NULL || pace_diag_count(query) == 0) return store_failed("", code, error);
    for (size_t i = 0; model != NULL && i < pace_diag_count(query); i++) {
        struct pace_diag diag;
        if (pace_diag_get(query, i, &diag) != 0 || diag.code == 0) continue;
        say_error("--threshold '%s': %s%s%s", model, diag.message,
                  diag.help != NULL ? "\n  help: " : "", diag.help != NULL ? diag.help : "");
    }
    const struct show_style plain = {0};
    if (model == NULL) show_diags(&plain, query);
    return status_of_error(code);
}

int judge_check_model(pace *store, const char *model)
{
    /* A project without a name has no series: nothing is read. */
    struct judge_scope nothing = {.project = "\x7f"};
    struct judgement judgement;
    int status = model == NULL ? 0 : judge_read(store, &nothing, model, &judgement);
    if (model != NULL) judge_clear(&judgement);
    return status;
}

int judge_read(pace *store, const struct judge_scope *scope, const char *model,
               struct judgement *out)
{
    struct pace_error error = {0};
    pace_session *session = NULL;
    pace_query *query = NULL;
    const char *text = NULL;
    judge_init(out);
    out->is_bare = model == NULL;
    if (model != NULL && strpbrk(model, "|;") != NULL) {
        say_error(
            "--threshold takes what follows `check` in a query, such as 't-test 99%% over 64'");
        return STATUS_USAGE;
    }
    int code = pace_session_open(store, NULL, &error, &session);
    if (code != 0) return store_failed("", code, &error);
    int status = pacefile_define(session);
    if (status == 0) status = scope_query(out, session, scope, model, &text);
    if (status == 0) {
        const struct pace_rows *rows = NULL;
        enum pace_step step = PACE_STEP_ROWS;
        code = pace_prepare(session, text, strlen(text), &error, &query);
        while (code == 0 && step != PACE_STEP_END) {
            code = pace_step(query, &error, &step, &rows);
            if (code == 0 && step == PACE_STEP_ROWS) code = take_rows(out, rows, scope);
            if (code == 0 && step == PACE_STEP_STATEMENT)
                out->settling = pace_outcome(query)->settling;
        }
        if (code != 0) status = question_failed(query, model, code, &error);
    }
    pace_query_free(query);
    pace_session_close(session);
    return status;
}

void judge_clear(struct judgement *judgement)
{
    free(judgement->rows);
    arena_clear(&judgement->arena);
    *judgement = (struct judgement){0};
}

/* Behind `confirm` a row that is worse names its first bad commit: it is confirmed. */
int judge_is_suspect(const struct judged *judged)
{
    return judged->verdict == JUDGE_VERDICT_SUSPECTED ||
           (judged->verdict == JUDGE_VERDICT_WORSE && judged->bad_commit[0] == '\0' &&
            judged->good_commit[0] == '\0');
}

size_t judge_suspects(const struct judgement *judgement)
{
    size_t count = 0;
    for (size_t i = 0; i < judgement->count; i++)
        count += judge_is_suspect(&judgement->rows[i]) != 0;
    return count;
}

static int is_open(const struct judged *judged)
{
    return judged->verdict != JUDGE_VERDICT_WORSE && !isnan(judged->before);
}

size_t judge_open(const struct judgement *judgement)
{
    size_t count = 0;
    for (size_t i = 0; i < judgement->count; i++)
        count += is_open(&judgement->rows[i]) != 0;
    return count;
}

int judge_is_empty(const struct judgement *judgement)
{
    const size_t *counts = judgement->counts;
    return judgement->count == counts[JUDGE_VERDICT_NEW] + counts[JUDGE_VERDICT_THIN] +
                                   counts[JUDGE_VERDICT_GONE] + counts[JUDGE_VERDICT_FAILED] -
                                   judgement->settling;
}

/* The same series in another judgement, or NULL. */
static const struct judged *judged_find(const struct judgement *judgement,
                                        const struct judged *series)
{
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        if (strcmp(row->benchmark, series->benchmark) == 0 &&
            strcmp(row->measure, series->measure) == 0 &&
            strcmp(row->testbed, series->testbed) == 0 &&
            strcmp(row->project, series->project) == 0 && strcmp(row->branch, series->branch) == 0)
            return row;
    }
    return NULL;
}

/* "+614 %", "81 times that" from tenfold on, or "from 0" where the base is zero. */
static const char *delta_text(char buffer[UNIT_TEXT_MAX], double delta)
{
    if (isnan(delta))
        snprintf(buffer, UNIT_TEXT_MAX, "from 0");
    else if (delta >= 9)
        snprintf(buffer, UNIT_TEXT_MAX, "%.0f times that", delta + 1);
    else
        snprintf(buffer, UNIT_TEXT_MAX, "%+.*f %%", fabs(delta) < 0.1 ? 1 : 0, delta * 100);
    return buffer;
}

/* -- drift ------------------------------------------------------------------------------------- */

/* Medians of so many points, now and so many points ago. */
#define DRIFT_QUERY                                                                                \
    "%s| derive recent = median(value) over 16 lag 0 needs 16, "                                   \
    "old = median(value) over 16 lag 100 needs 16 | last run"
static const double DRIFT_LEAST = 0.05;

static void note_drift_rows(const struct judgement *judgement, const struct pace_rows *rows,
                            size_t *listed)
{
    const struct pace_field *recent = rows_find(rows, "recent"), *old = rows_find(rows, "old");
    for (size_t i = 0; i < rows->count; i++) {
        struct judged key = {.project = field_text(rows_find(rows, "project"), i),
                             .branch = field_text(rows_find(rows, "branch"), i),
                             .testbed = field_text(rows_find(rows, "testbed"), i),
                             .benchmark = field_text(rows_find(rows, "benchmark"), i),
                             .measure = field_text(rows_find(rows, "measure"), i)};
        double now = field_number(recent, i), then = field_number(old, i);
        if (isnan(now) || isnan(then) || then <= 0 || !key.benchmark || !key.measure) continue;
        const struct judged *row = judged_find(judgement, &key);
        if (row == NULL || row->verdict != JUDGE_VERDICT_OK || is_open(row)) continue;
        double delta = now / then - 1;
        if (row->higher_is_worse == 0) delta = -delta;
        if (row->higher_is_worse < 0 || delta < DRIFT_LEAST || (*listed)++ >= MAX_LISTED) continue;
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], text[UNIT_TEXT_MAX];
        say_note("drift  %s  %s  was %s 100 runs ago, is %s, %s, though no single run is worse",
                 row->benchmark, row->measure, unit_print(was, then, row->unit),
                 unit_print(is, now, row->unit), delta_text(text, now / then - 1));
    }
}

void judge_note_drift(pace *store, const struct judge_scope *scope,
                      const struct judgement *judgement)
{
    struct pace_error error = {0};
    pace_session *session = NULL;
    pace_query *query = NULL;
    const struct pace_rows *rows = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    size_t listed = 0;
    struct arena arena;
    const char *names = "", *text = NULL;
    arena_init(&arena, 0);
    if (pace_session_open(store, NULL, &error, &session) == 0 &&
        scope_terms(&arena, session, scope, &names) == 0)
        text = arena_printf(&arena, DRIFT_QUERY, names);
    int code =
        text == NULL ? PACE_ENOMEM : pace_prepare(session, text, strlen(text), &error, &query);
    while (code == 0 && step != PACE_STEP_END) {
        code = pace_step(query, &error, &step, &rows);
        if (code == 0 && step == PACE_STEP_ROWS) note_drift_rows(judgement, rows, &listed);
    }
    pace_query_free(query);
    pace_session_close(session);
    arena_clear(&arena);
}

/* -- the window, for people -----------------------------------------------------------------------
 */

struct window {
    const char **commits; /* of the runs with the series before the judged one, oldest first */
    size_t count, capacity;
};

static int window_add(struct window *window, const char *commit)
{
    if (window->count == window->capacity) {
        size_t capacity = window->capacity ? window->capacity * 2 : 128;
        const char **grown = reallocarray(window->commits, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        window->commits = grown;
        window->capacity = capacity;
    }
    window->commits[window->count++] = commit;
    return 0;
}

static int column_find(pace_snapshot *snapshot, uint32_t stream, const struct judged *judged,
                       uint32_t *column)
{
    uint32_t benchmark = 0, measure = 0, count = 0;
    const struct pace_column *columns;
    int code = pace_name_find(snapshot, PACE_BENCHMARK, judged->benchmark,
                              strlen(judged->benchmark), NULL, &benchmark);
    if (code == 0)
        code = pace_name_find(snapshot, PACE_MEASURE, judged->measure, strlen(judged->measure),
                              NULL, &measure);
    if (code == 0) code = pace_columns(snapshot, stream, NULL, &columns, &count);
    for (uint32_t i = 0; code == 0 && i < count; i++) {
        if (columns[i].benchmark != benchmark || columns[i].measure != measure) continue;
        *column = i;
        return 0;
    }
    return code != 0 ? code : PACE_ENOTFOUND;
}

/* Commits of the series' runs up to the judged one, without those of its own commit; `own` is a
 * stream whose runs do not count, or UINT32_MAX. */
static int window_scan(pace_lineage_scan *scan, const struct judged *judged, uint32_t own,
                       struct window *window)
{
    struct pace_cells cells;
    int code = 0;
    while ((code = pace_lineage_scan_next(scan, NULL, &cells)) == 0 && cells.run_count > 0) {
        for (size_t i = 0; i < cells.run_count && code == 0; i++) {
            if (cells.runs[i].run == judged->run) return 0;
            if (cells.status[i] != PACE_CELL_OK || cells.runs[i].stream == own) continue;
            if (*judged->commit == '\0' || strcmp(cells.runs[i].commit, judged->commit) != 0)
                code = window_add(window, cells.runs[i].commit);
        }
        if (code != 0) break;
    }
    return code;
}

/* 1 when a change was accepted somewhere: then only the query knows what a window covers. */
static int has_accepted(pace_snapshot *snapshot)
{
    const struct pace_mark *marks;
    size_t count;
    if (pace_marks(snapshot, NULL, &marks, &count) != 0) return 0;
    for (size_t i = 0; i < count; i++)
        if (marks[i].kind == PACE_MARK_ACCEPT && !marks[i].undone) return 1;
    return 0;
}

/* Reads the commits before a judged run along its lineage, as far as `n` may reach. */
static int window_read(pace_snapshot *snapshot, const struct judged *judged, int is_bare, size_t n,
                       struct window *window)
{
    struct pace_run_view view;
    struct pace_lineage lineage;
    pace_lineage_scan *scan = NULL;
    uint32_t column = 0;
    int code = pace_run_get(snapshot, judged->run, NULL, &view);
    if (code == 0) code = column_find(snapshot, view.stream, judged, &column);
    if (code == 0) code = pace_lineage_get(snapshot, view.stream, NULL, &lineage);
    if (code != 0) return code;
    int from_parent = is_bare && lineage.state != PACE_LINEAGE_NONE;
    if (from_parent && has_accepted(snapshot)) return PACE_ENOTFOUND;
    struct pace_range range = {INT64_MIN, view.time_ns + 1, n + WINDOW_SLACK};
    code = pace_lineage_scan_open(snapshot, view.stream, &lineage, &column, 1, n + WINDOW_SLACK,
                                  &range, NULL, &scan);
    if (code == 0) code = window_scan(scan, judged, from_parent ? view.stream : UINT32_MAX, window);
    pace_lineage_scan_close(scan);
    return code;
}

/* ", e13b0d1..9c2d771": the commits that the window covers, or nothing where they are not known. */
static void window_text(pace *store, const struct judged *judged, int is_bare, char *out,
                        size_t size)
{
    struct window window = {0};
    pace_snapshot *snapshot = NULL;
    size_t n = judged->n >= 1 && judged->n <= PACE_MAX_WINDOW ? (size_t)judged->n : 0;
    out[0] = '\0';
    if (n == 0 || pace_snapshot_begin(store, NULL, &snapshot) != 0) return;
    int code = window_read(snapshot, judged, is_bare, n, &window);
    size_t end = window.count;
    while (*judged->good_commit != '\0' && end > 0 &&
           strcmp(window.commits[end - 1], judged->good_commit) != 0)
        end--;
    if (code == 0 && end >= n) {
        const char *from = window.commits[end - n];
        const char *until = window.commits[end - 1];
        if (*from != '\0' && *until != '\0' && strcmp(from, until) == 0)
            snprintf(out, size, ", %.*s", SHORT_COMMIT, from);
        else if (*from != '\0' && *until != '\0')
            snprintf(out, size, ", %.*s..%.*s", SHORT_COMMIT, from, SHORT_COMMIT, until);
    }
    free(window.commits);
    pace_snapshot_end(snapshot);
}

/* -- the lineage, for people ------------------------------------------------------------------- */

static int find_lineage(pace_snapshot *snapshot, const struct judged *judged,
                        struct pace_lineage *out)
{
    const char *const names[] = {judged->project, judged->branch, judged->testbed};
    uint32_t ids[3];
    for (int i = 0; i < 3; i++) {
        int code = pace_name_find(snapshot, (enum pace_dimension)i, names[i], strlen(names[i]),
                                  NULL, &ids[i]);
        if (code != 0) return code;
    }
    return pace_lineage_find(snapshot, ids[0], ids[1], ids[2], NULL, out);
}

/* Says where the branch of each judged stream has its history from: always when it is not as
 * asked. */
static void note_lineage(pace *store, const struct judgement *judgement, int quiet)
{
    pace_snapshot *snapshot = NULL;
    size_t listed = 0;
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i], *before = i > 0 ? row - 1 : NULL;
        struct pace_lineage lineage;
        char text[1500];
        if (before != NULL && strcmp(row->project, before->project) == 0 &&
            strcmp(row->branch, before->branch) == 0 && strcmp(row->testbed, before->testbed) == 0)
            continue;
        if (find_lineage(snapshot, row, &lineage) != 0 || lineage.state == PACE_LINEAGE_NONE)
            continue;
        if (quiet && lineage.state == PACE_LINEAGE_EXACT) continue;
        if (listed++ < MAX_LISTED)
            say_note("%s on %s: %s%s", row->branch, row->testbed,
                     lineage.segment_count > 0 ? "the baseline is " : "",
                     pace_lineage_text(&lineage, text, sizeof text));
    }
    pace_snapshot_end(snapshot);
}

/* -- telling ----------------------------------------------------------------------------------- */

static void put_safe(const char *text)
{
    say_safe(stdout, text, strlen(text));
}

/* " (+9.8 to +12 %)": how exactly the rounds tell. */
static void interval_text(const struct judged *judged)
{
    double low = judged->low_delta, high = judged->high_delta;
    if (!isfinite(low) || !isfinite(high)) return;
    if (judged->delta >= 9)
        printf(" (%.0f to %.0f)", low + 1, high + 1);
    else
        printf(" (%+.1f to %+.1f)", low * 100, high * 100);
}

/* One alert:
 *   worse  parse/json  latency
 *          was 21.3 us  over 36 runs, e13b0d1..9c2d771
 *          is  152 us   +614 %, limit 22.4 us, p 1e-09
 *          and 151 us   in run 39, which confirms it */
static void alert_text(pace *store, const struct judgement *judgement, const struct judged *judged,
                       const struct judged *again, const char *scope,
                       const struct show_style *style)
{
    char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX] = "", text[UNIT_TEXT_MAX];
    char commits[64];
    if (judgement->paired_with == NULL)
        window_text(store, judged, judgement->is_bare, commits, sizeof commits);
    unit_print(was, judged->base, judged->unit);
    unit_print(is, judged->value, judged->unit);
    if (again != NULL) unit_print(then, again->value, again->unit);
    size_t width = strlen(was) > strlen(is) ? strlen(was) : strlen(is);
    if (strlen(then) > width) width = strlen(then);

    fputs(style->color ? "\033[1;31mworse\033[0m  " : "worse  ", stdout);
    put_safe(judged->benchmark);
    fputs("  ", stdout);
    put_safe(judged->measure);
    put_safe(scope);
    putchar('\n');
    int based = !isnan(judged->base); /* a static limit has no base */
    if (judgement->paired_with != NULL)
        printf("       was %-*s  at %s, in %.0f rounds of both\n", (int)width, was,
               judgement->paired_with, judged->n);
    else if (based)
        printf("       was %-*s  over %.0f runs%s\n", (int)width, was, judged->n, commits);
    printf("       is  %-*s", (int)(based || again != NULL ? width : 0), is);
    if (based) printf("  %s", delta_text(text, judged->delta));
    interval_text(judged);
    if (!isnan(judged->limit)) printf(", limit %s", unit_print(text, judged->limit, judged->unit));
    if (!isnan(judged->p)) printf(", p %.1g", judged->p);
    putchar('\n');
    if (again != NULL)
        printf("       and %-*s  in run %llu, which confirms it\n", (int)width, then,
               (unsigned long long)again->run);
    else if (*judged->bad_commit != '\0' && strcmp(judged->bad_commit, judged->commit) != 0)
        printf("       since %.*s, and not yet in %.*s\n", SHORT_COMMIT, judged->bad_commit,
               SHORT_COMMIT, *judged->good_commit != '\0' ? judged->good_commit : "any");
}

static void put_commits(struct rows *rows, size_t *i, const struct judged *judged)
{
    rows_text(rows, (*i)++, *judged->good_commit != '\0' ? judged->good_commit : NULL);
    rows_text(rows, (*i)++, *judged->bad_commit != '\0' ? judged->bad_commit : NULL);
}

static void add_alert_row(struct rows *rows, const struct judged *judged, int confirmed)
{
    size_t i = 0;
    rows_next(rows);
    rows_text(rows, i++, judged->project);
    rows_text(rows, i++, judged->branch);
    rows_text(rows, i++, judged->testbed);
    rows_text(rows, i++, judged->benchmark);
    rows_text(rows, i++, judged->measure);
    rows_text(rows, i++, judged->commit);
    rows_number(rows, i++, (double)judged->run, "");
    rows_text(rows, i++, verdict_names[JUDGE_VERDICT_WORSE]); /* by the second run, if not before */
    rows_text(rows, i++, confirmed ? "yes" : "no");
    rows_number(rows, i++, judged->value, judged->unit);
    rows_number(rows, i++, judged->base, judged->unit);
    rows_number(rows, i++, judged->delta, "");
    rows_number(rows, i++, judged->limit, judged->unit);
    rows_number(rows, i++, judged->p, "");
    rows_number(rows, i++, judged->n, "");
    put_commits(rows, &i, judged);
}

static void alert_fields(struct rows *rows)
{
    static const char *const texts[] = {"project",   "branch",  "testbed",
                                        "benchmark", "measure", "commit"};
    static const char *const numbers[] = {"value", "base", "delta", "limit", "p", "n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        rows_field(rows, texts[i], PACE_FIELD_TEXT);
    rows_field(rows, "run", PACE_FIELD_NUMBER);
    rows_field(rows, "verdict", PACE_FIELD_TEXT);
    rows_field(rows, "confirmed", PACE_FIELD_TEXT);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        rows_field(rows, numbers[i], PACE_FIELD_NUMBER);
    rows_field(rows, "good_commit", PACE_FIELD_TEXT);
    rows_field(rows, "bad_commit", PACE_FIELD_TEXT);
}

const char *judge_summary(const struct judgement *judgement, char *buffer, size_t size)
{
    size_t ok = judgement->counts[JUDGE_VERDICT_OK] + judgement->counts[JUDGE_VERDICT_FLAT_OK];
    int used = snprintf(buffer, size, "%zu series", judgement->count);
    const char *between = ": ";
    for (int i = 0; i < JUDGE_VERDICT_COUNT; i++) {
        if (i == JUDGE_VERDICT_OK || i == JUDGE_VERDICT_FLAT_OK || judgement->counts[i] == 0)
            continue;
        if (used > 0 && (size_t)used < size)
            used += snprintf(buffer + used, size - (size_t)used, "%s%zu %s", between,
                             judgement->counts[i], verdict_names[i]);
        between = ", ";
    }
    if (ok > 0 && used > 0 && (size_t)used < size)
        snprintf(buffer + used, size - (size_t)used, "%s%zu ok", between, ok);
    return buffer;
}

/* Regressions of earlier runs: they alert once, and are said until they are over. */
static void note_open(const struct judgement *judgement)
{
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX];
        if (!is_open(row) || listed++ >= MAX_LISTED) continue;
        say_note("open   %s  %s  was %s before %.*s, is %s", row->benchmark, row->measure,
                 unit_print(was, row->before, row->unit), SHORT_COMMIT,
                 *row->bad_commit != '\0' ? row->bad_commit : "the change",
                 unit_print(is, row->value, row->unit));
    }
    if (listed > MAX_LISTED) say_note("... and %zu more open", listed - MAX_LISTED);
    if (listed > 0) say_note("accept what is meant: pace accept PATTERN -m WHY");
}

/* One line a row of a verdict, on stderr. */
static void note_rows(const struct judgement *judgement, enum judge_verdict verdict,
                      const char *help)
{
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], delta[UNIT_TEXT_MAX];
        if (row->verdict != verdict || listed++ >= MAX_LISTED) continue;
        if (isnan(row->value) || isnan(row->base))
            say_note("%s  %s  %s%s", verdict_names[verdict], row->benchmark, row->measure, help);
        else
            say_note("%s  %s  %s  was %s  is %s  %s%s", verdict_names[verdict], row->benchmark,
                     row->measure, unit_print(was, row->base, row->unit),
                     unit_print(is, row->value, row->unit), delta_text(delta, row->delta), help);
    }
    if (listed > MAX_LISTED)
        say_note("... and %zu more %s", listed - MAX_LISTED, verdict_names[verdict]);
}

/* Whether the run of the commit before the judged one still had the series. */
static int went_now(pace_snapshot *snapshot, const struct judged *judged)
{
    enum { RUNS = 64 };
    struct pace_run_view view;
    struct pace_cells cells;
    pace_scan *scan = NULL;
    uint32_t column;
    int had = 0;
    if (pace_run_get(snapshot, judged->run, NULL, &view) != 0 ||
        column_find(snapshot, view.stream, judged, &column) != 0)
        return 0;
    struct pace_range range = {INT64_MIN, view.time_ns + 1, RUNS};
    if (pace_scan_open(snapshot, view.stream, &column, 1, &range, NULL, &scan) != 0) return 0;
    while (pace_scan_next(scan, NULL, &cells) == 0 && cells.run_count > 0)
        for (size_t i = 0; i < cells.run_count; i++) {
            int same = cells.runs[i].run == judged->run ||
                       (*view.commit != '\0' && strcmp(cells.runs[i].commit, view.commit) == 0);
            if (!same) had = cells.status[i] != PACE_CELL_ABSENT;
        }
    pace_scan_close(scan);
    return had;
}

/* A series that is gone is said once, by the first commit without it; later it is only counted. */
static void note_gone(pace *store, const struct judgement *judgement)
{
    size_t listed = 0;
    pace_snapshot *snapshot = NULL;
    if (judgement->counts[JUDGE_VERDICT_GONE] == 0 ||
        pace_snapshot_begin(store, NULL, &snapshot) != 0)
        return;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        if (row->verdict != JUDGE_VERDICT_GONE || !went_now(snapshot, row)) continue;
        if (listed++ < MAX_LISTED)
            say_note("gone  %s  %s  was in earlier runs and is not in this one", row->benchmark,
                     row->measure);
    }
    if (listed > MAX_LISTED) say_note("... and %zu more gone", listed - MAX_LISTED);
    pace_snapshot_end(snapshot);
}

/* Most series beyond a limit or the floor to the same side: hardly each benchmark's own doing. */
static void note_together(const struct judgement *judgement)
{
    enum { FEWEST = 5 };
    const double least = 0.05;
    size_t up = 0, down = 0, known = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        double delta = judgement->rows[i].delta;
        if (isnan(delta)) continue;
        known++;
        up += delta >= least;
        down += delta <= -least;
    }
    size_t most = up > down ? up : down;
    if (known < FEWEST || 2 * most <= known) return;
    say_note("everything moved together: %zu of %zu series are %s by %.0f %% or more; look at the "
             "machine, or at what all have in common, first",
             most, known, up > down ? "higher" : "lower", least * 100);
}

/* What could not be judged is always said. */
static void note_missing(pace *store, const struct judgement *judgement)
{
    size_t fresh = judgement->counts[JUDGE_VERDICT_NEW], settling = (size_t)judgement->settling;
    size_t thin = judgement->counts[JUDGE_VERDICT_THIN] - settling;
    if (settling > 0)
        say_note("%zu series %s changed lately: the new level has too few runs to judge by",
                 settling, settling == 1 ? "has" : "have");
    if (fresh > 0) say_note("%zu series %s new: no baseline yet", fresh, fresh == 1 ? "is" : "are");
    if (thin > 0)
        say_note("%zu series %s not judged: too few earlier runs for a baseline", thin,
                 thin == 1 ? "was" : "were");
    note_gone(store, judgement);
    note_rows(judgement, JUDGE_VERDICT_FAILED, "");
}

/* Changes that are large enough, and not told from chance in so few rounds. */
static void note_undecided(const struct judgement *judgement)
{
    enum { MOST_ROUNDS = 100 }; /* more are not worth a word */
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], delta[UNIT_TEXT_MAX];
        char interval[64] = "", more[64] = "";
        if (row->verdict != JUDGE_VERDICT_NEED_MORE || listed++ >= MAX_LISTED) continue;
        /* The interval of the logarithm shrinks with the root of the rounds. */
        double reach = log1p(row->high_delta) - log1p(row->low_delta);
        reach /= 2 * fabs(log1p(row->delta));
        double rounds = ceil(row->n * reach * reach) + 1;
        if (rounds <= MOST_ROUNDS) snprintf(more, sizeof more, "; --rounds %.0f may tell", rounds);
        if (isfinite(row->low_delta) && isfinite(row->high_delta))
            snprintf(interval, sizeof interval, " (%+.1f to %+.1f)", row->low_delta * 100,
                     row->high_delta * 100);
        say_note("need-more  %s  %s  was %s  is %s  %s%s, p %.2g%s", row->benchmark, row->measure,
                 unit_print(was, row->base, row->unit), unit_print(is, row->value, row->unit),
                 delta_text(delta, row->delta), interval, row->p, more);
    }
    if (listed > MAX_LISTED) say_note("... and %zu more need more rounds", listed - MAX_LISTED);
}

/* The same where rounds were judged. */
static void note_unpaired(const struct judgement *judgement)
{
    note_undecided(judgement);
    size_t fresh = judgement->counts[JUDGE_VERDICT_NEW];
    if (fresh > 0)
        say_note("%zu series %s new: %s has no value of %s", fresh, fresh == 1 ? "is" : "are",
                 judgement->paired_with, fresh == 1 ? "it" : "them");
    note_rows(judgement, JUDGE_VERDICT_THIN, "  has values of both sides in one round only");
    note_rows(judgement, JUDGE_VERDICT_GONE, "  is measured in the base and not in this work tree");
    note_rows(judgement, JUDGE_VERDICT_FAILED, "");
}

/* Whether the second run is worse as well. Without commits its own window holds the first run, so
 * that going beyond the first one's limit counts too. */
static int confirms(const struct judged *first, const struct judged *second)
{
    if (second->verdict == JUDGE_VERDICT_WORSE) return 1;
    if (isnan(first->limit) || isnan(second->value)) return 0;
    return first->value > first->limit ? second->value > first->limit
                                       : second->value < first->limit;
}

static void note_unconfirmed(const struct judged *first, const struct judged *again)
{
    char is[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX], delta[UNIT_TEXT_MAX];
    unit_print(is, first->value, first->unit);
    delta_text(delta, first->delta);
    if (again == NULL)
        say_note("suspected, not confirmed: %s %s, %s (%s); no second run has it", first->benchmark,
                 first->measure, is, delta);
    else
        say_note("suspected, not confirmed: %s %s, %s (%s), then %s in run %llu", first->benchmark,
                 first->measure, is, delta, unit_print(then, again->value, again->unit),
                 (unsigned long long)again->run);
}

/* "  on branch, testbed" where not all rows are of one stream. */
static const char *stream_text(const struct judgement *judgement, const struct judged *judged,
                               char *buffer, size_t size)
{
    const struct judged *first = &judgement->rows[0],
                        *last = &judgement->rows[judgement->count - 1];
    buffer[0] = '\0';
    if (strcmp(first->testbed, last->testbed) != 0 || strcmp(first->branch, last->branch) != 0 ||
        strcmp(first->project, last->project) != 0)
        snprintf(buffer, size, "  on %.200s", judged->testbed);
    return buffer;
}

int judge_show(pace *store, const struct judgement *judgement, const struct judgement *again,
               enum judge_confirm confirm, const struct show_style *style, int quiet)
{
    struct rows rows;
    size_t alerts = 0;
    char scope[256];
    if (judgement->paired_with == NULL) note_lineage(store, judgement, quiet);
    if (judgement->paired_with == NULL) note_together(judgement);
    rows_init(&rows);
    alert_fields(&rows);
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        const struct judged *second = again != NULL ? judged_find(again, row) : NULL;
        if (row->verdict != JUDGE_VERDICT_WORSE && row->verdict != JUDGE_VERDICT_SUSPECTED)
            continue;
        int confirmed = second != NULL && confirms(row, second);
        int counts = row->verdict == JUDGE_VERDICT_WORSE &&
                     (confirm == JUDGE_FIRST_COUNTS || !judge_is_suspect(row));
        if (!counts && !confirmed) {
            note_unconfirmed(row, second);
            continue;
        }
        alerts++;
        if (style->format != NULL)
            add_alert_row(&rows, row, confirmed);
        else if (alerts <= MAX_LISTED)
            alert_text(store, judgement, row, confirmed ? second : NULL,
                       stream_text(judgement, row, scope, sizeof scope), style);
    }
    if (style->format == NULL && alerts > MAX_LISTED)
        printf("... and %zu more worse\n", alerts - MAX_LISTED);
    int status = style->format != NULL ? show_rows(style, &rows) : STATUS_OK;
    rows_clear(&rows);
    if (fflush(stdout) != 0) {
        say_error("the verdict could not be written: %s", strerror(errno));
        status = STATUS_DATA;
    }
    if (!quiet) {
        note_open(judgement);
        note_rows(judgement, JUDGE_VERDICT_RECOVERED, "");
        note_rows(judgement, JUDGE_VERDICT_BETTER, "");
        note_rows(judgement, JUDGE_VERDICT_CHANGED, "  (which way is better is unknown)");
        note_rows(judgement, JUDGE_VERDICT_MOVED, "  (the machine changed)");
    }
    if (judgement->paired_with != NULL)
        note_unpaired(judgement);
    else
        note_missing(store, judgement);
    return status_merge(status, alerts > 0 ? STATUS_REGRESSION : STATUS_OK);
}
