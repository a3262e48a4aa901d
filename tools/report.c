/* report.c -- what a report is of, and what the query language says of it; see report.h. */
#include "report.h"

#include "command.h"
#include "judge.h"
#include "pacefile.h"
#include "rows.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char *const NAME_FIELDS[PACE_DIMENSION_COUNT] = {"project", "branch", "testbed",
                                                              "benchmark", "measure"};

/* -- asking ------------------------------------------------------------------------------------ */

struct question {
    struct report *report;
    const char *text;
    report_take *take;
    void *context;
    int code;
    struct pace_error error;
    pace_session *session;
    pace_query *query;
};

/* Without a word to anybody, so that it may run in a thread. */
static void question_run(struct question *question)
{
    const struct pace_rows *rows = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = question->report->now_ns};
    const char *text = question->text;
    int code = text == NULL ? PACE_ENOMEM : 0;
    if (code == 0 && question->session == NULL)
        code = pace_session_open(question->report->store, &options, &question->error,
                                 &question->session);
    if (code == 0)
        code =
            pace_prepare(question->session, text, strlen(text), &question->error, &question->query);
    while (code == 0 && step != PACE_STEP_END) {
        code = pace_step(question->query, &question->error, &step, &rows);
        if (code == 0 && step == PACE_STEP_ROWS)
            code = question->take(question->report, question->context, rows);
    }
    question->code = code;
}

static void *question_thread(void *question)
{
    question_run(question);
    return NULL;
}

/* A session that knows the pacefile. */
static int question_open(struct question *question, struct report *report, const char *text,
                         report_take *take, void *context)
{
    *question = (struct question){.report = report, .text = text, .take = take, .context = context};
    struct pace_query_options options = {.struct_size = sizeof options, .now_ns = report->now_ns};
    int code = pace_session_open(report->store, &options, &question->error, &question->session);
    return code != 0 ? store_failed("", code, &question->error)
                     : pacefile_define(question->session);
}

static int question_close(struct question *question)
{
    static const struct show_style plain = {0};
    int status = STATUS_OK;
    if (question->code != 0) {
        status = status_of_error(question->code);
        if (question->query != NULL && pace_diag_count(question->query) > 0)
            show_diags(&plain, question->query);
        else
            status = store_failed("", question->code, &question->error);
    }
    pace_query_free(question->query);
    pace_session_close(question->session);
    return status;
}

int report_ask(struct report *report, const char *text, report_take *take, void *context)
{
    struct question question;
    int status = question_open(&question, report, text, take, context);
    if (status == STATUS_OK) question_run(&question);
    int closed = question_close(&question);
    return status != STATUS_OK ? status : closed;
}

/* -- series ------------------------------------------------------------------------------------ */

static uint64_t names_hash(const char *const names[PACE_DIMENSION_COUNT])
{
    uint64_t hash = 0;
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++)
        hash = XXH3_64bits_withSeed(names[i], strlen(names[i]), hash);
    return hash;
}

static int same_names(const char *const a[PACE_DIMENSION_COUNT],
                      const char *const b[PACE_DIMENSION_COUNT])
{
    int same = 1;
    for (size_t i = 0; i < PACE_DIMENSION_COUNT && same; i++)
        same = strcmp(a[i], b[i]) == 0;
    return same;
}

/* The slot that holds these names, or the free one where they belong. */
static uint32_t *slot_of(const struct report *report, const char *const names[PACE_DIMENSION_COUNT])
{
    size_t at = (size_t)names_hash(names) & (report->slot_count - 1);
    while (report->slots[at] != UINT32_MAX &&
           !same_names(report->series[report->slots[at]].names, names))
        at = (at + 1) & (report->slot_count - 1);
    return &report->slots[at];
}

static int slots_grow(struct report *report)
{
    size_t count = report->slot_count ? report->slot_count * 2 : 1024;
    uint32_t *slots = malloc(count * sizeof *slots);
    if (slots == NULL) return PACE_ENOMEM;
    free(report->slots);
    report->slots = slots;
    report->slot_count = count;
    memset(slots, 0xff, count * sizeof *slots);
    for (size_t i = 0; i < report->series_count; i++)
        *slot_of(report, report->series[i].names) = (uint32_t)i;
    return 0;
}

static void row_names(const struct pace_rows *rows, size_t row,
                      const char *names[PACE_DIMENSION_COUNT])
{
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++) {
        const char *name = field_text(rows_find(rows, NAME_FIELDS[i]), row);
        names[i] = name != NULL ? name : "";
    }
}

struct report_series *report_series_of(const struct report *report, const struct pace_rows *rows,
                                       size_t row)
{
    const char *names[PACE_DIMENSION_COUNT];
    row_names(rows, row, names);
    uint32_t at = report->slot_count > 0 ? *slot_of(report, names) : UINT32_MAX;
    return at != UINT32_MAX ? &report->series[at] : NULL;
}

size_t report_stretch(const struct pace_rows *rows, size_t row)
{
    size_t end = rows->count;
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++) {
        const struct pace_field *field = rows_find(rows, NAME_FIELDS[i]);
        if (field == NULL || field->type != PACE_FIELD_TEXT || field->missing != NULL)
            return row + 1;
        size_t same = row + 1;
        while (same < end && field->text[same] == field->text[row])
            same++;
        end = same;
    }
    return end;
}

static int series_add(struct report *report, const struct pace_rows *rows, size_t row)
{
    const char *names[PACE_DIMENSION_COUNT];
    row_names(rows, row, names);
    if (report->series_count * 2 >= report->slot_count && slots_grow(report) != 0)
        return PACE_ENOMEM;
    uint32_t *slot = slot_of(report, names);
    if (*slot != UINT32_MAX) return 0;
    if (report->series_count == report->series_capacity) {
        size_t capacity = report->series_capacity ? report->series_capacity * 2 : 256;
        struct report_series *grown = reallocarray(report->series, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        report->series = grown;
        report->series_capacity = capacity;
    }
    struct report_series *series = &report->series[report->series_count];
    *series = (struct report_series){.unit = ""};
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++)
        series->names[i] = arena_string(&report->arena, names[i]);
    const char *unit = field_unit(rows_find(rows, "value"), row);
    series->unit = arena_string(&report->arena, unit);
    if (report->arena.failed) return PACE_ENOMEM;
    *slot = (uint32_t)report->series_count++;
    return 0;
}

static int take_series(struct report *report, void *context, const struct pace_rows *rows)
{
    size_t *seen = context;
    int code = 0;
    /* What is too much is only counted. */
    for (size_t i = 0; i < rows->count && code == 0; i++)
        if (++*seen <= REPORT_MAX_SERIES) code = series_add(report, rows, i);
    return code;
}

static int take_count(struct report *report, void *context, const struct pace_rows *rows)
{
    (void)report;
    if (rows->count == 0 || rows->field_count == 0) return 0;
    double count = field_number(&rows->fields[0], 0);
    *(double *)context = isnan(count) ? 0 : count;
    return 0;
}

static int too_much(const struct report *report, size_t series)
{
    if (series > REPORT_MAX_SERIES || report->points > REPORT_MAX_POINTS) {
        say_error(
            "a report holds at most %d series and %d points, not %zu and %llu; name fewer, like\n"
            "  pace report 'branch:main measure:latency' or 'branch:main | last 90d'",
            REPORT_MAX_SERIES, REPORT_MAX_POINTS, series, (unsigned long long)report->points);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

int report_open(struct report *report)
{
    double points = 0;
    size_t seen = 0;
    const char *selector = report->selector;
    arena_init(&report->arena, 0);
    int code = pace_snapshot_begin(report->store, NULL, &report->snapshot);
    if (code != 0) return store_failed("", code, NULL);
    int status = report_ask(
        report,
        arena_printf(&report->arena,
                     "%s | last 1 | keep project, branch, testbed, benchmark, measure, value",
                     selector),
        take_series, &seen);
    if (status != STATUS_OK) return status;
    if (report->series_count == 0) {
        say_error("no series matches '%s'; see: pace ls -l", selector);
        return STATUS_NO_VERDICT;
    }
    status = report_ask(report,
                        arena_printf(&report->arena, "%s | summarize points = count()", selector),
                        take_count, &points);
    if (status != STATUS_OK) return status;
    report->points = (uint64_t)points;
    if (report->points > REPORT_MAX_JUDGED)
        report->judged_last = REPORT_MAX_JUDGED / report->series_count + 1;
    return too_much(report, seen);
}

void report_close(struct report *report)
{
    for (size_t i = 0; i < report->chunk_count; i++)
        bytes_free(&report->chunks[i]);
    free(report->chunks);
    bytes_free(&report->check.json);
    bytes_free(&report->changes.json);
    report_commits_free(&report->check.commits);
    report_commits_free(&report->changes.commits);
    bytes_free(&report->marks);
    bytes_free(&report->measures);
    free(report->limits.run);
    free(report->limits.base);
    free(report->limits.low);
    free(report->limits.high);
    free(report->limits.verdict);
    free(report->excluded.items);
    free(report->runs);
    free(report->streams);
    free(report->series);
    free(report->slots);
    arena_clear(&report->arena);
    if (report->snapshot != NULL) pace_snapshot_end(report->snapshot);
}

/* -- rows as JSON ------------------------------------------------------------------------------ */

/* The columns of a query that a page has, behind the number of the series. */
static const char *const CHECK_COLUMNS[] = {
    "run",   "commit", "time", "value",  "base",        "low_limit",  "high_limit", "n",
    "score", "p",      "q",    "before", "good_commit", "bad_commit", "verdict",    NULL};
static const char *const CHANGES_COLUMNS[] = {
    "time", "commit", "from_commit", "kind",  "before",          "after",         "delta", "effect",
    "p",    "worse",  "recovered",   "until", "earliest_commit", "latest_commit", "event", NULL};

static int is_commit(const char *column)
{
    size_t len = strlen(column);
    return len >= 6 && strcmp(column + len - 6, "commit") == 0;
}

static void put_field(struct report_rows *out, const char *column, const struct pace_field *field,
                      size_t row)
{
    const char *commit = is_commit(column) ? field_text(field, row) : NULL;
    uint32_t number = commit != NULL ? report_commit(&out->commits, commit) : 0;
    out->json.failed |= number == UINT32_MAX;
    if (commit != NULL)
        json_number(&out->json, number);
    else
        json_field(&out->json, field, row);
}

static int take_json(struct report *report, void *context, const struct pace_rows *rows)
{
    struct report_rows *out = context;
    const struct pace_field *fields[32];
    size_t count = 0;
    for (; out->columns[count] != NULL; count++)
        fields[count] = rows_find(rows, out->columns[count]);
    for (size_t row = 0; row < rows->count; row++) {
        const struct report_series *series = report_series_of(report, rows, row);
        if (series == NULL) continue; /* stored since the report began */
        json_plain(&out->json, out->json.len > 0 ? ",\n[" : "[");
        json_number(&out->json, (double)(series - report->series));
        for (size_t i = 0; i < count; i++) {
            json_plain(&out->json, ",");
            put_field(out, out->columns[i], fields[i], row);
        }
        json_plain(&out->json, "]");
    }
    return out->json.failed ? PACE_ENOMEM : 0;
}

/* {"columns":["series",...],"commits":[...],"rows":[...]} */
static int json_wrap(struct report_rows *rows)
{
    struct bytes out = {0};
    json_plain(&out, "{\"columns\":[\"series\"");
    for (size_t i = 0; rows->columns[i] != NULL; i++) {
        json_plain(&out, ",");
        json_text(&out, rows->columns[i]);
    }
    json_plain(&out, "],\"commits\":[");
    for (uint32_t i = 0; i < rows->commits.count; i++) {
        json_plain(&out, i > 0 ? ",\n" : "");
        json_text(&out, rows->commits.texts[i]);
    }
    json_plain(&out, "],\"rows\":[\n");
    bytes_put(&out, rows->json.data, rows->json.len);
    json_plain(&out, "]}");
    bytes_free(&rows->json);
    rows->json = out;
    return out.failed ? PACE_ENOMEM : 0;
}

/* -- limits ------------------------------------------------------------------------------------ */

static int limits_reserve(struct report_limits *limits, size_t more)
{
    if (limits->capacity - limits->count >= more) return 0;
    size_t capacity = limits->capacity ? limits->capacity * 2 : 16384;
    uint64_t *run = reallocarray(limits->run, capacity, sizeof *run);
    if (run != NULL) limits->run = run;
    double *base = reallocarray(limits->base, capacity, sizeof *base);
    if (base != NULL) limits->base = base;
    double *low = reallocarray(limits->low, capacity, sizeof *low);
    if (low != NULL) limits->low = low;
    double *high = reallocarray(limits->high, capacity, sizeof *high);
    if (high != NULL) limits->high = high;
    uint8_t *verdict = reallocarray(limits->verdict, capacity, 1);
    if (verdict != NULL) limits->verdict = verdict;
    if (!run || !base || !low || !high || !verdict) return PACE_ENOMEM;
    limits->capacity = capacity;
    return 0;
}

static uint8_t verdict_number(const char *name)
{
    static const char *const names[] = {
#define VERDICT(id, name, help) name,
#include "../query/verdict.def"
#undef VERDICT
    };
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) return (uint8_t)i;
    return JUDGE_VERDICT_THIN;
}

static int take_limits(struct report *report, void *context, const struct pace_rows *rows)
{
    struct report_limits *limits = context;
    const struct pace_field *run = rows_find(rows, "run"), *verdict = rows_find(rows, "verdict");
    const struct pace_field *base = rows_find(rows, "base");
    const struct pace_field *low = rows_find(rows, "low_limit");
    const struct pace_field *high = rows_find(rows, "high_limit");
    struct report_series *series = NULL;
    const char *name = NULL; /* of the verdict before */
    uint8_t known = 0;
    if (limits_reserve(limits, rows->count) != 0) return PACE_ENOMEM;
    for (size_t i = 0, end = 0; i < rows->count; i++) {
        if (i >= end) {
            series = report_series_of(report, rows, i);
            end = report_stretch(rows, i);
        }
        uint64_t number = field_run(run, i);
        if (series == NULL || number == 0) continue;
        const char *text = field_text(verdict, i);
        if (text == NULL || text != name) known = verdict_number(text);
        name = text;
        if (series->judged_count++ == 0) series->judged = limits->count;
        limits->run[limits->count] = number;
        limits->base[limits->count] = field_number(base, i);
        limits->low[limits->count] = field_number(low, i);
        limits->high[limits->count] = field_number(high, i);
        limits->verdict[limits->count++] = known;
    }
    return 0;
}

/* -- all of it --------------------------------------------------------------------------------- */

int report_read(struct report *report)
{
    struct arena *arena = &report->arena;
    report->check.columns = CHECK_COLUMNS;
    report->changes.columns = CHANGES_COLUMNS;
    char last[64] = "";
    if (report->judged_last > 0)
        snprintf(last, sizeof last, " | last %llu", (unsigned long long)report->judged_last);
    const struct {
        const char *text;
        report_take *take;
        void *context;
    } asked[] = {
        {arena_printf(arena, "%s | changes", report->selector), take_json, &report->changes},
        {arena_printf(arena, "%s | check | last run", report->selector), take_json, &report->check},
        {arena_printf(arena,
                      "%s | check%s | keep project, branch, testbed, benchmark, measure, run, "
                      "value, base, low_limit, high_limit, verdict",
                      report->selector, last),
         take_limits, &report->limits},
    };
    enum { COUNT = sizeof asked / sizeof asked[0] };
    struct question questions[COUNT];
    pthread_t threads[COUNT];
    int began[COUNT] = {0}, status = STATUS_OK;
    for (size_t i = 0; i < COUNT; i++)
        status = status_merge(status, question_open(&questions[i], report, asked[i].text,
                                                    asked[i].take, asked[i].context));
    for (size_t i = 0; i + 1 < COUNT && status == STATUS_OK; i++)
        began[i] = pthread_create(&threads[i], NULL, question_thread, &questions[i]) == 0;
    for (size_t i = 0; i < COUNT && status == STATUS_OK; i++)
        if (!began[i]) question_run(&questions[i]); /* the last one here, and what got no thread */
    if (status == STATUS_OK) status = report_facts(report);
    if (status == STATUS_OK && questions[COUNT - 1].code == 0) status = report_points(report);
    for (size_t i = 0; i < COUNT; i++) {
        if (began[i]) pthread_join(threads[i], NULL);
        status = status_merge(status, question_close(&questions[i]));
    }
    if (status == STATUS_OK && (json_wrap(&report->check) != 0 || json_wrap(&report->changes) != 0))
        status = store_failed("", PACE_ENOMEM, NULL);
    return status;
}
