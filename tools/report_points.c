/* report_points.c -- all points of a report, read once and packed series by series.
 *
 * Chunks of about a hundred kilobytes, each by itself, so that a page unpacks only those of the
 * series that somebody looks at. The first two chunks are the runs and their commits. */
#include "report.h"

#include "command.h"
#include "rows.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 96 * 1024 };

/* Steps that the noise of a series is told in: fewer where there are many points, so that a page
 * stays small enough to be read at once. */
static double share_of(uint64_t points)
{
    return points > 4000000 ? 8 : points > 1000000 ? 64 : 1024;
}

/* The points of the series that is being read. */
struct gatherer {
    struct report_series *series; /* NULL: none yet */
    size_t count, capacity;
    uint64_t *run; /* numbers */
    uint8_t *flags;
    double *value, *base, *low, *high;
    struct bytes chunk;
    const struct report_hidden *hidden; /* the next excluded point */
    size_t hidden_left;
    const char *status; /* of the last row, and what it means of one with a value */
    uint8_t flags_of_status;
};

static int chunk_end(struct report *report, struct bytes *raw)
{
    if (report->chunk_count == report->chunk_capacity) {
        size_t capacity = report->chunk_capacity ? report->chunk_capacity * 2 : 64;
        struct bytes *grown = reallocarray(report->chunks, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        report->chunks = grown;
        report->chunk_capacity = capacity;
    }
    struct bytes *chunk = &report->chunks[report->chunk_count++];
    *chunk = (struct bytes){0};
    int code = pack_text(chunk, raw);
    raw->len = 0;
    return code;
}

static int gatherer_reserve(struct gatherer *gatherer, size_t more)
{
    if (gatherer->capacity - gatherer->count >= more) return 0;
    size_t capacity = gatherer->capacity ? gatherer->capacity * 2 : 2 * PACE_MAX_BATCH;
    uint64_t *run = reallocarray(gatherer->run, capacity, sizeof *run);
    if (run != NULL) gatherer->run = run;
    uint8_t *flags = reallocarray(gatherer->flags, capacity, 1);
    if (flags != NULL) gatherer->flags = flags;
    double **const columns[] = {&gatherer->value, &gatherer->base, &gatherer->low, &gatherer->high};
    int ok = run != NULL && flags != NULL;
    for (size_t i = 0; i < 4; i++) {
        double *column = reallocarray(*columns[i], capacity, sizeof *column);
        if (column != NULL) *columns[i] = column;
        ok &= column != NULL;
    }
    if (!ok) return PACE_ENOMEM;
    gatherer->capacity = capacity;
    return 0;
}

static void gatherer_free(struct gatherer *gatherer)
{
    free(gatherer->run);
    free(gatherer->flags);
    free(gatherer->value);
    free(gatherer->base);
    free(gatherer->low);
    free(gatherer->high);
    bytes_free(&gatherer->chunk);
}

/* Where there is room for it. */
static inline void point_put(struct gatherer *gatherer, uint64_t run, double value, uint8_t flags)
{
    size_t at = gatherer->count++;
    gatherer->run[at] = run;
    gatherer->value[at] = value;
    gatherer->flags[at] = flags;
    gatherer->base[at] = gatherer->low[at] = gatherer->high[at] = NAN;
}

static int point_add(struct gatherer *gatherer, uint64_t run, double value, uint8_t flags)
{
    if (gatherer_reserve(gatherer, 1) != 0) return PACE_ENOMEM;
    point_put(gatherer, run, value, flags);
    return 0;
}

/* Keeps time and commit of a run that has a point. */
static int run_seen(struct report *report, uint64_t number, int64_t time_ns, const char *commit)
{
    struct report_run *run = &report->runs[number];
    if (run->commit != NULL) return 0;
    run->time_ns = time_ns;
    run->commit = arena_string(&report->arena, commit != NULL ? commit : "");
    return run->commit == NULL ? PACE_ENOMEM : 0;
}

/* Excluded points of the present series up to a time; two marks may name one. */
static int hidden_add(struct report *report, struct gatherer *gatherer, int64_t until_ns)
{
    const struct report_hidden *first = report->excluded.items;
    uint32_t series = (uint32_t)(gatherer->series - report->series);
    int code = 0;
    for (; gatherer->hidden_left > 0 && code == 0; gatherer->hidden++, gatherer->hidden_left--) {
        const struct report_hidden *hidden = gatherer->hidden;
        if (hidden->series > series || (hidden->series == series && hidden->time_ns > until_ns))
            break;
        int again = hidden > first && hidden[-1].series == series && hidden[-1].run == hidden->run;
        if (hidden->series != series || again || hidden->run > report->run_count) continue;
        code = run_seen(report, hidden->run, hidden->time_ns, hidden->commit);
        if (code == 0)
            code = point_add(gatherer, hidden->run, hidden->value,
                             (uint8_t)(isnan(hidden->value) ? POINT_EXCLUDED | PACE_CELL_FAILED
                                                            : POINT_EXCLUDED));
    }
    return code;
}

/* Limits and verdicts to the points that have them: both lists are in order of runs. */
static void limits_join(const struct report *report, struct gatherer *gatherer)
{
    const struct report_limits *limits = &report->limits;
    const struct report_series *series = gatherer->series;
    size_t i = 0, end = series->judged + series->judged_count;
    for (size_t at = series->judged; at < end; at++) {
        size_t found = i;
        while (found < gatherer->count && gatherer->run[found] != limits->run[at])
            found++;
        if (found == gatherer->count) continue; /* stored since the points were read */
        gatherer->base[found] = limits->base[at];
        gatherer->low[found] = limits->low[at];
        gatherer->high[found] = limits->high[at];
        gatherer->flags[found] =
            (uint8_t)(gatherer->flags[found] | (limits->verdict[at] + 1) << POINT_VERDICT);
        i = found + 1;
    }
}

static int series_end(struct report *report, struct gatherer *gatherer)
{
    struct report_series *series = gatherer->series;
    if (series == NULL) return 0;
    int code = hidden_add(report, gatherer, INT64_MAX);
    if (code != 0) return code;
    limits_join(report, gatherer);
    const struct report_points points = {.count = gatherer->count,
                                         .run = gatherer->run,
                                         .flags = gatherer->flags,
                                         .value = gatherer->value,
                                         .base = gatherer->base,
                                         .low = gatherer->low,
                                         .high = gatherer->high};
    series->point_count = (uint32_t)points.count;
    series->chunk = (uint32_t)report->chunk_count;
    series->offset = (uint32_t)gatherer->chunk.len;
    pack_points(&gatherer->chunk, &points, report->share);
    gatherer->count = 0;
    gatherer->series = NULL;
    return gatherer->chunk.len >= CHUNK_BYTES ? chunk_end(report, &gatherer->chunk) : 0;
}

/* -- rows -------------------------------------------------------------------------------------- */

/* The fields of the question's rows. */
struct point_fields {
    const struct pace_field *time, *commit, *run, *value, *status;
};

static int fields_find(struct point_fields *fields, const struct pace_rows *rows)
{
    fields->time = rows_find(rows, "time");
    fields->commit = rows_find(rows, "commit");
    fields->run = rows_find(rows, "run");
    fields->value = rows_find(rows, "value");
    fields->status = rows_find(rows, "status");
    return fields->time != NULL && fields->time->type == PACE_FIELD_TIME ? 0 : PACE_EMISUSE;
}

/* Rows share the texts of their status, mostly. */
static uint8_t status_of(struct gatherer *gatherer, const char *status, double value)
{
    if (status == NULL || status != gatherer->status) {
        gatherer->status = status;
        gatherer->flags_of_status =
            (uint8_t)(status == NULL || strcmp(status, "ok") == 0 ? PACE_CELL_OK
                      : strcmp(status, "skipped") == 0            ? PACE_CELL_SKIPPED
                                                                  : PACE_CELL_FAILED);
    }
    if (gatherer->flags_of_status == PACE_CELL_OK && isnan(value)) return PACE_CELL_FAILED;
    return gatherer->flags_of_status;
}

/* Rows [row, end) of the present series. */
static int take_stretch(struct report *report, struct gatherer *gatherer,
                        const struct point_fields *fields, size_t row, size_t end)
{
    const struct pace_field *runs = fields->run;
    int plain = runs != NULL && runs->type == PACE_FIELD_NUMBER && runs->missing == NULL;
    if (gatherer_reserve(gatherer, end - row) != 0) return PACE_ENOMEM;
    for (; row < end; row++) {
        uint64_t run = plain ? (uint64_t)runs->number[row] : field_run(runs, row);
        if (run == 0 || run > report->run_count) continue;
        int64_t time_ns = fields->time->time_ns[row];
        int code = 0;
        if (report->runs[run].commit == NULL)
            code = run_seen(report, run, time_ns, field_text(fields->commit, row));
        if (code == 0 && gatherer->hidden_left > 0) {
            code = hidden_add(report, gatherer, time_ns);
            if (code == 0) code = gatherer_reserve(gatherer, end - row);
        }
        if (code != 0) return code;
        double value = field_number(fields->value, row);
        point_put(gatherer, run, value,
                  status_of(gatherer, field_text(fields->status, row), value));
    }
    return 0;
}

static int take_points(struct report *report, void *context, const struct pace_rows *rows)
{
    struct gatherer *gatherer = context;
    struct point_fields fields;
    int code = fields_find(&fields, rows);
    gatherer->status = NULL;
    for (size_t row = 0, end; row < rows->count && code == 0; row = end) {
        struct report_series *series = report_series_of(report, rows, row);
        end = report_stretch(rows, row);
        if (series != gatherer->series) {
            code = series_end(report, gatherer);
            gatherer->series = series;
        }
        if (code == 0 && series != NULL) code = take_stretch(report, gatherer, &fields, row, end);
    }
    return code;
}

/* -- runs -------------------------------------------------------------------------------------- */

/* Of each run that was seen, in order of number: number and commit as differences to the one
 * before, milliseconds since 1970 likewise. Then the commits, a line each. */
static int runs_pack(struct report *report)
{
    struct bytes raw = {0}, texts = {0};
    struct report_commits commits = {0};
    size_t seen = 0;
    for (uint64_t i = 1; i <= report->run_count; i++)
        seen += report->runs[i].commit != NULL;
    bytes_varint(&raw, seen);
    int64_t time_before = 0, commit_before = 0;
    uint64_t number_before = 0;
    for (uint64_t i = 1; i <= report->run_count; i++) {
        const struct report_run *run = &report->runs[i];
        if (run->commit == NULL) continue;
        int64_t time_ms = run->time_ns / 1000000;
        uint32_t commit = report_commit(&commits, run->commit);
        raw.failed |= commit == UINT32_MAX;
        bytes_varint(&raw, i - number_before);
        bytes_signed(&raw, time_ms - time_before);
        bytes_signed(&raw, commit - commit_before);
        number_before = i;
        time_before = time_ms;
        commit_before = commit;
    }
    for (uint32_t i = 0; i < commits.count; i++) {
        bytes_put(&texts, commits.texts[i], strlen(commits.texts[i]));
        bytes_put(&texts, "\n", 1);
    }
    report_commits_free(&commits);
    int code = raw.failed || texts.failed ? PACE_ENOMEM : 0;
    if (code == 0) code = pack_text(&report->chunks[0], &raw);
    if (code == 0) code = pack_text(&report->chunks[1], &texts);
    bytes_free(&raw);
    bytes_free(&texts);
    return code;
}

int report_points(struct report *report)
{
    struct gatherer gatherer = {.hidden = report->excluded.items,
                                .hidden_left = report->excluded.count};
    struct bytes none = {0};
    report->share = share_of(report->points);
    report->run_count = pace_run_count(report->snapshot);
    report->runs = calloc(report->run_count + 1, sizeof *report->runs);
    int code = report->runs == NULL ? PACE_ENOMEM : 0;
    for (int i = 0; i < 2 && code == 0; i++) /* the place of runs and commits */
        code = chunk_end(report, &none);
    for (int i = 0; i < 2 && code == 0; i++)
        bytes_free(&report->chunks[i]);
    int status = code != 0 ? store_failed("", code, NULL) : STATUS_OK;
    if (status == STATUS_OK)
        status = report_ask(report,
                            arena_printf(&report->arena,
                                         "%s | keep project, branch, testbed, benchmark, measure, "
                                         "time, commit, run, value, status",
                                         report->selector),
                            take_points, &gatherer);
    if (status == STATUS_OK) {
        code = series_end(report, &gatherer);
        if (code == 0 && gatherer.chunk.len > 0) code = chunk_end(report, &gatherer.chunk);
        if (code == 0) code = runs_pack(report);
        if (code != 0) status = store_failed("", code, NULL);
    }
    gatherer_free(&gatherer);
    return status;
}
