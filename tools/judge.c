/* judge.c -- the verdict on runs: asking the query language, and telling people. */
#include "judge_own.h"

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

const char *const judge_verdicts[] = {
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
    if (scope->run != 0 || scope->since_ns != 0) {
        char time[TIMESTAMP_TEXT_MAX];
        int64_t from = scope->run != 0 ? scope->time_ns : scope->since_ns;
        int64_t second = from - from % INT64_C(1000000000);
        snprintf(range, sizeof range, "since %s", timestamp_print(time, second));
    }
    *query =
        arena_printf(&out->arena, "%s| check %s | %s", text, model != NULL ? model : "", range);
    return *query == NULL ? store_failed("", PACE_ENOMEM, NULL) : 0;
}

static enum judge_verdict verdict_of(const char *name)
{
    for (int i = 0; name != NULL && i < JUDGE_VERDICT_COUNT; i++)
        if (strcmp(judge_verdicts[i], name) == 0) return (enum judge_verdict)i;
    return JUDGE_VERDICT_THIN;
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
                              .spread = (double)NAN,
                              .score = (double)NAN,
                              .low_limit = (double)NAN,
                              .high_limit = (double)NAN,
                              .low_delta = (double)NAN,
                              .high_delta = (double)NAN,
                              .before = (double)NAN,
                              .q = (double)NAN,
                              .higher_is_worse = -1};
    return judged;
}

void judge_init(struct judgement *out)
{
    *out = (struct judgement){0};
    arena_init(&out->arena, 0);
}

/* The fields that are read. The first ones are texts to be kept. */
enum field {
    FIELD_PROJECT,
    FIELD_BRANCH,
    FIELD_TESTBED,
    FIELD_BENCHMARK,
    FIELD_MEASURE,
    FIELD_COMMIT,
    FIELD_GOOD_COMMIT,
    FIELD_BAD_COMMIT,
    KEPT_TEXTS,
    FIELD_RUN = KEPT_TEXTS,
    FIELD_VALUE,
    FIELD_BASE,
    FIELD_VERDICT,
    FIELD_LOW_LIMIT,
    FIELD_HIGH_LIMIT,
    FIELD_BEFORE,
    FIELD_P,
    FIELD_Q, /* of the default and saved thresholds */
    FIELD_N,
    FIELD_SPREAD,
    FIELD_SCORE,
    FIELD_TIME,
    FIELDS
};
static const char *const field_names[FIELDS] = {
    "project",    "branch", "testbed", "benchmark", "measure", "commit",    "good_commit",
    "bad_commit", "run",    "value",   "base",      "verdict", "low_limit", "high_limit",
    "before",     "p",      "q",       "n",         "spread",  "score",     "time"};

/* What is known of the rows of a question: batches, of which there may be one a series, have the
 * same fields, and rows one after the other mostly the same texts. */
struct taking {
    int has_places;
    size_t places[FIELDS]; /* behind the last: there is none */
    const char *last[KEPT_TEXTS];
};

static const struct pace_field *taking_field(const struct taking *taking,
                                             const struct pace_rows *rows, enum field field)
{
    size_t place = taking->places[field];
    return place < rows->field_count ? &rows->fields[place] : NULL;
}

static void find_places(struct taking *taking, const struct pace_rows *rows)
{
    for (int i = 0; i < FIELDS; i++) {
        const struct pace_field *field = rows_find(rows, field_names[i]);
        taking->places[i] = field != NULL ? (size_t)(field - rows->fields) : SIZE_MAX;
    }
    taking->has_places = 1;
}

static const char *keep_text(struct judgement *out, struct taking *taking,
                             const struct pace_rows *rows, enum field field, size_t row)
{
    const char *text = field_text(taking_field(taking, rows, field), row);
    const char **last = &taking->last[field];
    if (text == NULL) text = "";
    if (*last == NULL || strcmp(*last, text) != 0) *last = arena_string(&out->arena, text);
    return *last != NULL ? *last : "";
}

static void take_texts(struct judgement *out, struct taking *taking, const struct pace_rows *rows,
                       size_t row, struct judged *judged)
{
    const char **const texts[KEPT_TEXTS] = {
        [FIELD_PROJECT] = &judged->project,         [FIELD_BRANCH] = &judged->branch,
        [FIELD_TESTBED] = &judged->testbed,         [FIELD_BENCHMARK] = &judged->benchmark,
        [FIELD_MEASURE] = &judged->measure,         [FIELD_COMMIT] = &judged->commit,
        [FIELD_GOOD_COMMIT] = &judged->good_commit, [FIELD_BAD_COMMIT] = &judged->bad_commit};
    for (int i = 0; i < KEPT_TEXTS; i++)
        *texts[i] = keep_text(out, taking, rows, (enum field)i, row);
}

/* Keeps the rows of one batch that belong to the scope. */
static int take_rows(struct judgement *out, struct taking *taking, const struct pace_rows *rows,
                     const struct judge_scope *scope)
{
    const struct pace_field *fields[FIELDS];
    if (!taking->has_places) find_places(taking, rows);
    for (int i = KEPT_TEXTS; i < FIELDS; i++)
        fields[i] = taking_field(taking, rows, (enum field)i);
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t number = field_run(fields[FIELD_RUN], i);
        if (scope->run != 0 && number != scope->run) continue;
        struct judged *judged = judge_add(out);
        if (judged == NULL) return PACE_ENOMEM;
        take_texts(out, taking, rows, i, judged);
        judged->before = field_number(fields[FIELD_BEFORE], i);
        judged->verdict = verdict_of(field_text(fields[FIELD_VERDICT], i));
        judged->run = number;
        judged->value = field_number(fields[FIELD_VALUE], i);
        judged->base = field_number(fields[FIELD_BASE], i);
        judged->p = field_number(fields[FIELD_P], i);
        judged->q = field_number(fields[FIELD_Q], i);
        judged->n = field_number(fields[FIELD_N], i);
        const char *unit = arena_string(&out->arena, field_unit(fields[FIELD_VALUE], i));
        judged->unit = unit != NULL ? unit : "";
        double upper = field_number(fields[FIELD_HIGH_LIMIT], i);
        double lower = field_number(fields[FIELD_LOW_LIMIT], i);
        judged->higher_is_worse = isnan(lower) && !isnan(upper)   ? 1
                                  : !isnan(lower) && isnan(upper) ? 0
                                                                  : -1;
        judged->low_limit = lower;
        judged->high_limit = upper;
        judged->spread = field_number(fields[FIELD_SPREAD], i);
        judged->score = field_number(fields[FIELD_SCORE], i);
        judged->time_ns = field_time(fields[FIELD_TIME], i);
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
    const struct pace_query_options options = {.struct_size = sizeof options,
                                               .commit_of = show_commit_of};
    int code = pace_session_open(store, &options, &error, &session);
    if (code != 0) return store_failed("", code, &error);
    int status = pacefile_define(session);
    if (status == 0) status = scope_query(out, session, scope, model, &text);
    if (status == 0) {
        const struct pace_rows *rows = NULL;
        struct taking taking = {0};
        enum pace_step step = PACE_STEP_ROWS;
        code = pace_prepare(session, text, strlen(text), &error, &query);
        while (code == 0 && step != PACE_STEP_END) {
            code = pace_step(query, &error, &step, &rows);
            if (code == 0 && step == PACE_STEP_ROWS) code = take_rows(out, &taking, rows, scope);
            if (code == 0 && step == PACE_STEP_STATEMENT)
                out->settling = pace_outcome(query)->settling;
        }
        if (code != 0) status = question_failed(query, model, code, &error);
    }
    pace_query_free(query);
    pace_session_close(session);
    return status;
}

static int by_series(const void *a, const void *b)
{
    const struct judged *left = a, *right = b;
    int order = strcmp(left->benchmark, right->benchmark);
    return order != 0 ? order : strcmp(left->measure, right->measure);
}

void judge_sort(struct judgement *judgement)
{
    if (judgement->count > 0)
        qsort(judgement->rows, judgement->count, sizeof judgement->rows[0], by_series);
}

const struct judged *judge_find(const struct judgement *judgement, const char *benchmark,
                                const char *measure)
{
    struct judged wanted = {.benchmark = benchmark, .measure = measure};
    if (judgement->count == 0) return NULL;
    return bsearch(&wanted, judgement->rows, judgement->count, sizeof judgement->rows[0],
                   by_series);
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

double judged_limit(const struct judged *judged)
{
    double lower = judged->low_limit, upper = judged->high_limit;
    if (judged->value > upper) return upper;
    if (judged->value < lower) return lower;
    return judged->value < judged->base ? lower : upper;
}

int judged_is_open(const struct judged *judged)
{
    return judged->verdict != JUDGE_VERDICT_WORSE && !isnan(judged->before);
}

size_t judge_open(const struct judgement *judgement)
{
    size_t count = 0;
    for (size_t i = 0; i < judgement->count; i++)
        count += judged_is_open(&judgement->rows[i]) != 0;
    return count;
}

int judge_lacks_baseline(const struct judgement *judgement)
{
    return judgement->counts[JUDGE_VERDICT_THIN] + judgement->counts[JUDGE_VERDICT_MOVED] > 0;
}

int judge_is_empty(const struct judgement *judgement)
{
    const size_t *counts = judgement->counts;
    return judgement->count == counts[JUDGE_VERDICT_NEW] + counts[JUDGE_VERDICT_THIN] +
                                   counts[JUDGE_VERDICT_GONE] + counts[JUDGE_VERDICT_FAILED] -
                                   judgement->settling;
}

/* The same series in another judgement, or NULL. */
const struct judged *judged_find(const struct judgement *judgement, const struct judged *series)
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

/* "+614 %", "81 times that" from tenfold on, or "from 0" where the base is zero. "-100 %" is
 * nothing left, and no more is rounded to it. */
const char *delta_text(char buffer[UNIT_TEXT_MAX], double delta)
{
    enum { DECIMALS_MOST = 3 };
    int decimals = fabs(delta) < 0.1 ? 1 : 0;
    double unit = 1;
    for (; delta > -1 && decimals < DECIMALS_MOST && rint(-delta * 100 * unit) >= 100 * unit;
         unit *= 10)
        decimals++;
    if (isnan(delta))
        snprintf(buffer, UNIT_TEXT_MAX, "from 0");
    else if (delta >= 9)
        snprintf(buffer, UNIT_TEXT_MAX, "%.0f times that", delta + 1);
    else
        snprintf(buffer, UNIT_TEXT_MAX, "%+.*f %%", decimals, delta * 100);
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
        if (row == NULL || row->verdict != JUDGE_VERDICT_OK || judged_is_open(row)) continue;
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
                             judgement->counts[i], judge_verdicts[i]);
        between = ", ";
    }
    if (ok > 0 && used > 0 && (size_t)used < size)
        snprintf(buffer + used, size - (size_t)used, "%s%zu ok", between, ok);
    return buffer;
}
