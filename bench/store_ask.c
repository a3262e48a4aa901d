/* store_ask.c -- the questions of bench_store, asked through the public headers as an application
 * would: names first, then scans. */
#include "store.h"

#include "../query/pace_query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef double four_doubles __attribute__((vector_size(32)));

enum { JUDGED = 64 }; /* series at a time */

struct moments {
    double sum, squares;
};

#if defined(__x86_64__)
#define ANY_MACHINE __attribute__((target_clones("avx2", "default")))
#else
#define ANY_MACHINE
#endif

/* The values less `shift`. */
#define LOAD(out, values)                                                                          \
    do {                                                                                           \
        memcpy(&(out), (values), sizeof(out));                                                     \
        (out) -= shift;                                                                            \
    } while (0)

/* Sum, and sum of squares about `shift`, with AVX2 where there is some, as the figures are
 * meant. */
ANY_MACHINE static struct moments moments_of(const double *values, size_t count, double shift)
{
    four_doubles sum = {0}, other_sum = {0}, squares = {0}, other_squares = {0};
    struct moments out = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        four_doubles some, others;
        LOAD(some, values + i);
        LOAD(others, values + i + 4);
        sum += some;
        other_sum += others;
        squares += some * some;
        other_squares += others * others;
    }
    for (; i < count; i++) {
        double value = values[i] - shift;
        out.sum += value;
        out.squares += value * value;
    }
    sum += other_sum;
    squares += other_squares;
    for (size_t lane = 0; lane < 4; lane++) {
        out.sum += sum[lane];
        out.squares += squares[lane];
    }
    return out;
}

/* All of a column's cells are there; the workload has no gaps, but a reader has to look. */
static int is_whole(const struct pace_cells *cells, size_t column)
{
    static const uint8_t all_ok[PACE_MAX_BATCH];
    return memcmp(cells->status + column * cells->stride, all_ok, cells->run_count) == 0;
}

static int fail_workload(struct pace_error *error)
{
    *error = (struct pace_error){.code = PACE_EMISUSE, .message = "not what the workload stored"};
    return PACE_EMISUSE;
}

/* -- a snapshot and its names ------------------------------------------------------------------ */

struct reading {
    pace_snapshot *snapshot;
    const struct pace_stream *streams;
    uint32_t stream_count;
    uint32_t *numbers; /* 0, 1, 2... as many as the widest stream has columns */
};

static void reading_end(struct reading *reading)
{
    pace_snapshot_end(reading->snapshot);
    free(reading->numbers);
}

/* All streams, the names of every dimension, the columns of every stream: what labels the
 * answers. */
static int reading_begin(pace *store, struct pace_error *error, struct reading *reading)
{
    *reading = (struct reading){.snapshot = NULL};
    int status = pace_snapshot_begin(store, error, &reading->snapshot);
    for (unsigned i = 0; i < PACE_DIMENSION_COUNT && !status; i++) {
        const char *const *names;
        uint32_t count;
        status = pace_names(reading->snapshot, (enum pace_dimension)i, error, &names, &count);
    }
    if (!status)
        status = pace_streams(reading->snapshot, error, &reading->streams, &reading->stream_count);
    uint32_t widest = 0;
    for (uint32_t i = 0; i < reading->stream_count && !status; i++) {
        const struct pace_column *columns;
        uint32_t count;
        status = pace_columns(reading->snapshot, reading->streams[i].id, error, &columns, &count);
        if (!status && count > widest) widest = count;
    }
    if (!status) reading->numbers = malloc((widest + 1) * sizeof *reading->numbers);
    if (!status && !reading->numbers) status = fail_workload(error);
    for (uint32_t i = 0; i < widest && !status; i++)
        reading->numbers[i] = i;
    return status;
}

/* -- the questions ----------------------------------------------------------------------------- */

/* Of some series: their moments first, then what follows from these, as one waits for a root. */
static int judge_some(const struct pace_cells *cells, size_t first, size_t count,
                      struct all_series *out)
{
    struct moments moments[JUDGED];
    size_t before = cells->run_count - 1;
    double n = (double)before;
    for (size_t i = 0; i < count; i++) {
        const double *values = cells->value + (first + i) * cells->stride;
        if (!is_whole(cells, first + i)) return -1;
        moments[i] = moments_of(values, before, values[0]);
    }
    for (size_t i = 0; i < count; i++) {
        const double *values = cells->value + (first + i) * cells->stride;
        double mean = moments[i].sum / n;
        double spread = sqrt((moments[i].squares - moments[i].sum * mean) / (n - 1));
        double score = (values[before] - values[0] - mean) / spread;
        out->scores += score;
        out->beyond += fabs(score) > 3;
    }
    out->series += count;
    return 0;
}

static int judge_stream(const struct pace_cells *cells, struct all_series *out)
{
    for (size_t c = 0; c < cells->column_count; c += JUDGED) {
        size_t left = cells->column_count - c;
        if (judge_some(cells, c, left < JUDGED ? left : JUDGED, out)) return -1;
    }
    return 0;
}

int ask_all(pace *store, struct pace_error *error, struct all_series *out)
{
    static const struct pace_range window = {
        .from_ns = INT64_MIN, .until_ns = INT64_MAX, .last = ASK_WINDOW + 1};
    struct reading reading;
    int status = reading_begin(store, error, &reading);
    *out = (struct all_series){.series = 0};
    for (uint32_t i = 0; i < reading.stream_count && !status; i++) {
        const struct pace_stream *stream = &reading.streams[i];
        struct pace_cells cells;
        pace_scan *scan = NULL;
        status = pace_scan_open(reading.snapshot, stream->id, reading.numbers, stream->column_count,
                                &window, error, &scan);
        if (!status) pace_scan_skip_runs(scan);
        if (!status) status = pace_scan_next(scan, error, &cells);
        if (!status && (cells.run_count != ASK_WINDOW + 1 || judge_stream(&cells, out)))
            status = fail_workload(error);
        pace_scan_close(scan);
    }
    reading_end(&reading);
    return status;
}

static int sum_batch(const struct pace_cells *cells, struct full_scan *out)
{
    for (size_t c = 0; c < cells->column_count; c++) {
        if (!is_whole(cells, c)) return -1;
        struct moments moments = moments_of(cells->value + c * cells->stride, cells->run_count, 0);
        out->sum += moments.sum;
        out->squares += moments.squares;
        out->count += cells->run_count;
    }
    return 0;
}

int ask_scan(pace *store, struct pace_error *error, struct full_scan *out)
{
    struct reading reading;
    int status = reading_begin(store, error, &reading);
    *out = (struct full_scan){.count = 0};
    for (uint32_t i = 0; i < reading.stream_count && !status; i++) {
        const struct pace_stream *stream = &reading.streams[i];
        struct pace_cells cells = {.run_count = 1};
        pace_scan *scan = NULL;
        status = pace_scan_open(reading.snapshot, stream->id, reading.numbers, stream->column_count,
                                NULL, error, &scan);
        if (!status) pace_scan_skip_runs(scan);
        while (!status && cells.run_count) {
            status = pace_scan_next(scan, error, &cells);
            if (!status && sum_batch(&cells, out)) status = fail_workload(error);
        }
        pace_scan_close(scan);
    }
    reading_end(&reading);
    return status;
}

int ask_summaries(pace *store, struct pace_error *error, struct all_summaries *out)
{
    struct reading reading;
    int status = reading_begin(store, error, &reading);
    *out = (struct all_summaries){.min = (double)INFINITY, .max = (double)-INFINITY};
    for (uint32_t i = 0; i < reading.stream_count && !status; i++) {
        const struct pace_stream *stream = &reading.streams[i];
        struct pace_summary *summaries = malloc(stream->column_count * sizeof *summaries);
        status = summaries ? pace_scan_summary(reading.snapshot, stream->id, reading.numbers,
                                               stream->column_count, NULL, error, summaries)
                           : fail_workload(error);
        for (uint32_t c = 0; c < stream->column_count && !status; c++) {
            out->count += summaries[c].count;
            out->sum += summaries[c].sum;
            if (summaries[c].min < out->min) out->min = summaries[c].min;
            if (summaries[c].max > out->max) out->max = summaries[c].max;
        }
        free(summaries);
    }
    reading_end(&reading);
    return status;
}

static int find_name(pace_snapshot *snapshot, enum pace_dimension dimension, const char *name,
                     struct pace_error *error, uint32_t *id)
{
    return pace_name_find(snapshot, dimension, name, strlen(name), error, id);
}

/* Ids of the five names, then the stream and the column that have them. */
static int find_series(pace_snapshot *snapshot, uint32_t stream, uint32_t column,
                       struct pace_error *error, uint32_t *stream_id, uint32_t *column_id)
{
    char testbed[WORKLOAD_NAME], benchmark[WORKLOAD_NAME];
    uint32_t ids[PACE_DIMENSION_COUNT], count, at;
    const struct pace_stream *streams;
    const struct pace_column *columns;
    workload_testbed(stream, testbed);
    workload_benchmark(column, benchmark);
    const char *names[] = {WORKLOAD_PROJECT, WORKLOAD_BRANCH, testbed, benchmark, WORKLOAD_MEASURE};
    for (unsigned i = 0; i < PACE_DIMENSION_COUNT; i++) {
        int status = find_name(snapshot, (enum pace_dimension)i, names[i], error, &ids[i]);
        if (status) return status;
    }
    int status = pace_streams(snapshot, error, &streams, &count);
    if (status) return status;
    for (at = 0; at < count; at++)
        if (streams[at].testbed == ids[PACE_TESTBED] && streams[at].branch == ids[PACE_BRANCH] &&
            streams[at].project == ids[PACE_PROJECT])
            break;
    if (at == count) return fail_workload(error);
    *stream_id = streams[at].id;
    status = pace_columns(snapshot, *stream_id, error, &columns, &count);
    if (status) return status;
    for (at = 0; at < count; at++)
        if (columns[at].benchmark == ids[PACE_BENCHMARK] &&
            columns[at].measure == ids[PACE_MEASURE])
            break;
    *column_id = at;
    return at == count ? fail_workload(error) : 0;
}

int ask_series(pace *store, uint32_t stream, uint32_t column, struct pace_error *error,
               double *values)
{
    static const struct pace_range window = {
        .from_ns = INT64_MIN, .until_ns = INT64_MAX, .last = ASK_WINDOW + 1};
    pace_snapshot *snapshot = NULL;
    pace_scan *scan = NULL;
    struct pace_cells cells;
    uint32_t stream_id = 0, column_id = 0;
    int status = pace_snapshot_begin(store, error, &snapshot);
    if (!status) status = find_series(snapshot, stream, column, error, &stream_id, &column_id);
    if (!status) status = pace_scan_open(snapshot, stream_id, &column_id, 1, &window, error, &scan);
    if (!status) pace_scan_skip_runs(scan);
    if (!status) status = pace_scan_next(scan, error, &cells);
    if (!status && cells.run_count != ASK_WINDOW + 1) status = fail_workload(error);
    if (!status) memcpy(values, cells.value, cells.run_count * sizeof *values);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
    return status;
}

int ask_query(pace *store, const char *text, struct pace_error *error, uint64_t *rows)
{
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *batch;
    pace_session *session = NULL;
    pace_query *query = NULL;
    uint64_t count = 0;
    int status = pace_session_open(store, NULL, error, &session);
    if (!status) status = pace_prepare(session, text, strlen(text), error, &query);
    while (!status && step != PACE_STEP_END) {
        status = pace_step(query, error, &step, &batch);
        if (!status && step == PACE_STEP_ROWS) count += batch->count;
    }
    pace_query_free(query);
    pace_session_close(session);
    *rows = count;
    return status;
}
