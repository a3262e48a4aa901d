/* test_store_model.c -- the store against a naive model in memory: random operations, then the same
 * questions to both. The model keeps every run as it was put and sorts when asked.
 *
 * A round has a store of its own and its own seed, which is printed: PACE_TEST_SEED=N begins with
 * that one. PACE_MODEL_OPERATIONS: how many operations in all (200,000). */
#include "../store_help.h"

#include "../../engine/snapshot.h"

#include <time.h>

enum {
    OPERATIONS = 200000,
    ROUND_OPERATIONS = 20000,
    RUNS_MAX = 9000,
    BENCHMARKS = 90,
    MEASURES = 2,
    SERIES = BENCHMARKS * MEASURES,
    STREAMS_MAX = 12,
    MARKS_MAX = 2000,
    SAMPLES_MAX = 6,
};

struct model_cell {
    uint8_t status; /* PACE_CELL_ABSENT: none */
    double value, lower, upper;
    uint8_t sample_count;
    double samples[SAMPLES_MAX];
};

struct model_run {
    uint64_t number;
    int stream;
    int64_t time_ns, ran_ns;
    uint32_t ordinal, flags, cell_count;
    int by_handle; /* plain cells are put by handle, behind the others */
    char commit[16], id[40], note[24];
    struct model_cell *cells; /* by series: benchmark * MEASURES + measure */
    uint8_t *milliseconds;    /* by series: put in ms */
};

struct model_stream {
    int used;
    uint32_t column_count;
    int column_of[SERIES]; /* -1: none */
    int series_of[SERIES]; /* by column */
    uint32_t id;
};

struct model_object {
    char text[24];
    uint32_t version;
    int dropped;
};

struct model {
    char *dir;
    pace *store;
    uint64_t random;
    struct model_run runs[RUNS_MAX]; /* runs[i].number == i + 1 */
    size_t run_count, commit_count;
    uint64_t cell_count;
    struct model_stream streams[STREAMS_MAX];
    uint32_t stream_count, series_count;
    struct {
        char selector[24];
        int undone;
    } marks[MARKS_MAX];
    size_t mark_count;
    struct model_object objects[5][8]; /* kind - 1, name */
};

static const char *const measures[MEASURES] = {"latency", "bytes"};

static uint64_t next_random(struct model *m)
{
    uint64_t z = m->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int below(struct model *m, int n)
{
    return (int)(next_random(m) % (uint64_t)n);
}

static int same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

/* Limits under which folds and merges come often, and take several steps; or those of ordinary use.
 */
static void choose_limits(struct model *m)
{
    static const struct fold_limits choices[] = {
        {.runs = 5,
         .cells = 1 << 30,
         .least_runs = 1,
         .keep_rows = 4,
         .large_runs = 20,
         .keep_runs = 6,
         .step_cells = 40,
         .step_factor = 2,
         .direct_runs = 4},
        {.runs = 64,
         .cells = 700,
         .least_runs = 2,
         .keep_rows = 9,
         .large_runs = 70,
         .keep_runs = 3,
         .step_cells = 300,
         .step_factor = 1,
         .direct_runs = 3},
        {.runs = 3,
         .cells = 1 << 30,
         .least_runs = 1,
         .large_runs = 1024,
         .keep_runs = 0,
         .step_cells = 1,
         .step_factor = 3,
         .direct_runs = 1000},
    };
    static const uint32_t tails[] = {0, 1, 7, INDEX_TAIL_RUNS};
    m->store->tail_runs = tails[below(m, 4)];
    size_t choice = (size_t)below(m, 4);
    m->store->limits = choice < 3 ? choices[choice] : fold_limits_default;
    if (choice < 3) m->store->limits.totals_rows = (uint32_t)below(m, 9);
    if (below(m, 2)) return;
    m->store->limits.narrow_columns = SERIES;
    m->store->limits.narrow_runs = 1 + (uint32_t)below(m, (int)m->store->limits.runs);
}

/* -- runs ------------------------------------------------------------------------------------ */

/* 1 when a cell can be put by handle. */
static int is_plain(const struct model_cell *cell)
{
    return cell->status == PACE_CELL_OK && isnan(cell->lower) && isnan(cell->upper) &&
           cell->sample_count == 0;
}

static struct pace_run_info info_of(const struct model_run *run, char names[3][32])
{
    snprintf(names[0], 32, "project-%d", run->stream % 3);
    snprintf(names[1], 32, "branch-%d", run->stream / 3 % 2);
    snprintf(names[2], 32, "testbed-%d", run->stream / 6);
    return (struct pace_run_info){.project = names[0],
                                  .branch = names[1],
                                  .testbed = names[2],
                                  .commit = run->commit,
                                  .id = run->id[0] ? run->id : NULL,
                                  .time_ns = run->time_ns,
                                  .ran_ns = run->ran_ns,
                                  .ordinal = run->ordinal,
                                  .flags = run->flags};
}

static void random_cell(struct model *m, struct model_run *run, int series)
{
    struct model_cell *cell = &run->cells[series];
    cell->status = (uint8_t)(below(m, 12) ? PACE_CELL_OK : 1 + below(m, 2));
    cell->value = (double)below(m, 1000000) / 8;
    cell->lower = below(m, 6) ? (double)NAN : cell->value - 1;
    cell->upper = below(m, 6) ? (double)NAN : cell->value + 1;
    cell->sample_count = (uint8_t)(below(m, 8) ? 0 : below(m, SAMPLES_MAX + 1));
    for (int i = 0; i < cell->sample_count; i++)
        cell->samples[i] = cell->value + i;
    run->milliseconds[series] = series % MEASURES == 0 && below(m, 5) == 0;
    run->cell_count++;
}

static void random_run(struct model *m, struct model_run *run)
{
    *run = (struct model_run){.stream = below(m, STREAMS_MAX)};
    int64_t recent = (int64_t)m->run_count * 10;
    int64_t at = below(m, 4) ? recent + below(m, 30) : below(m, (int)recent + 30);
    run->time_ns = T0_NS + at * SECOND_NS;
    run->ran_ns = below(m, 2) ? run->time_ns + 7 : 0;
    run->ordinal = (uint32_t)(below(m, 3) ? 0 : below(m, 3));
    run->flags = (uint32_t)below(m, 4);
    run->by_handle = below(m, 2);
    if (below(m, 4)) snprintf(run->commit, sizeof run->commit, "%06x", below(m, 1 << 20));
    if (below(m, 3))
        snprintf(run->id, sizeof run->id, "job-%llx", (unsigned long long)next_random(m));
    if (below(m, 3) == 0) snprintf(run->note, sizeof run->note, "note %d", below(m, 1000));
    run->cells = calloc(SERIES, sizeof *run->cells);
    run->milliseconds = calloc(SERIES, 1);
    for (int i = 0; i < SERIES; i++)
        run->cells[i].status = PACE_CELL_ABSENT;
    int share = below(m, 3) ? 90 : 10, most = 20 + (int)(m->run_count / 40);
    if (most > BENCHMARKS) most = BENCHMARKS; /* benchmarks are added as time goes by */
    int first = below(m, most);
    for (int i = 0; i < most * MEASURES; i++) {
        if (i / MEASURES == first || below(m, 100) < share) random_cell(m, run, i);
    }
}

static void free_run(struct model_run *run)
{
    free(run->cells);
    free(run->milliseconds);
}

/* Puts a model's run; the order of cells turns with its time. */
static pace_run *build(struct model *m, const struct model_run *run)
{
    char names[3][32], benchmark[24];
    struct pace_run_info info = info_of(run, names);
    pace_run *out;
    store_ok(pace_run_begin(m->store, &info, error, &out));
    pace_column_handle handles[SERIES];
    double values[SERIES];
    size_t row = 0;
    for (int i = 0; i < SERIES; i++) {
        const struct model_cell *own = &run->cells[i];
        if (own->status == PACE_CELL_ABSENT) continue;
        snprintf(benchmark, sizeof benchmark, "bench/%d", i / MEASURES);
        double scale = run->milliseconds[i] ? 1e-6 : 1, samples[SAMPLES_MAX];
        for (int j = 0; j < own->sample_count; j++)
            samples[j] = own->samples[j] * scale;
        struct pace_cell cell = {
            .benchmark = benchmark,
            .measure = measures[i % MEASURES],
            .unit = i % MEASURES           ? "B"
                    : run->milliseconds[i] ? "ms"
                                           : "ns",
            .status = (enum pace_cell_status)own->status,
            .value = own->value * scale,
            .lower = own->lower * scale,
            .upper = own->upper * scale,
            .samples = samples,
            .sample_count = own->sample_count,
        };
        if (run->by_handle && is_plain(own)) {
            store_ok(pace_column(m->store, cell.benchmark, cell.measure, cell.unit, cell.direction,
                                 error, &handles[row]));
            values[row++] = cell.value;
            continue;
        }
        store_ok(pace_run_put(out, &cell, error));
    }
    store_ok(pace_run_put_row(out, handles, values, row, error));
    assert_int_equal(pace_run_cell_count(out), run->cell_count);
    if (run->note[0]) store_ok(pace_run_put_meta(out, "note", run->note, error));
    return out;
}

/* What the store holds after the rescaling of cells that came in ms. */
static void settle(struct model_run *run)
{
    for (int i = 0; i < SERIES; i++) {
        struct model_cell *cell = &run->cells[i];
        if (!run->milliseconds[i]) continue;
        cell->value = cell->value * 1e-6 * 1e6;
        cell->lower = cell->lower * 1e-6 * 1e6;
        cell->upper = cell->upper * 1e-6 * 1e6;
        for (int j = 0; j < cell->sample_count; j++)
            cell->samples[j] = cell->samples[j] * 1e-6 * 1e6;
    }
}

/* Enters a committed run into the model. */
static uint32_t enter_run(struct model *m, struct model_run *run)
{
    struct model_stream *stream = &m->streams[run->stream];
    uint32_t added = 0;
    settle(run);
    if (!stream->used) {
        stream->used = 1;
        stream->id = m->stream_count++;
        for (int i = 0; i < SERIES; i++)
            stream->column_of[i] = -1;
    }
    for (int j = 0; j < 2 * SERIES; j++) {
        int i = j % SERIES;
        if (run->cells[i].status == PACE_CELL_ABSENT || stream->column_of[i] >= 0) continue;
        if (j < SERIES && run->by_handle && is_plain(&run->cells[i])) continue;
        stream->series_of[stream->column_count] = i;
        stream->column_of[i] = (int)stream->column_count++;
        added++;
    }
    run->number = m->run_count + 1;
    m->series_count += added;
    m->cell_count += run->cell_count;
    m->commit_count += run->commit[0] != 0;
    m->runs[m->run_count++] = *run;
    return added;
}

/* Commits some runs of any stream, or many of one. */
static void commit_some(struct model *m, int many)
{
    enum { MOST = 60, FEW = 6 };
    struct model_run fresh[MOST];
    pace_run *runs[MOST];
    struct pace_run_result results[MOST];
    int count = 1 + below(m, many ? MOST : FEW), stream = below(m, STREAMS_MAX);
    if (m->run_count + MOST > RUNS_MAX) return;
    for (int i = 0; i < count; i++) {
        random_run(m, &fresh[i]);
        if (many) fresh[i].stream = stream;
        runs[i] = build(m, &fresh[i]);
    }
    store_ok(pace_runs_commit(m->store, runs, (size_t)count, error, results));
    for (int i = 0; i < count; i++) {
        pace_run_free(runs[i]);
        if (results[i].duplicate) {
            /* Two small derived runs can be equal by chance. */
            assert_true(results[i].run <= m->run_count && !fresh[i].id[0]);
            free_run(&fresh[i]);
            continue;
        }
        assert_int_equal(results[i].run, m->run_count + 1);
        assert_int_equal(results[i].new_series, enter_run(m, &fresh[i]));
    }
}

/* Commits a stored run again: a duplicate; with a changed cell under its id: a conflict. */
static void commit_again(struct model *m)
{
    if (!m->run_count) return;
    const struct model_run *old = &m->runs[below(m, (int)m->run_count)];
    struct model_run again = *old;
    struct pace_run_result result;
    int changed = old->id[0] && below(m, 2);
    again.ran_ns = 1;
    again.by_handle = !old->by_handle;      /* the same run all the same */
    again.milliseconds = calloc(SERIES, 1); /* now in the store's unit */
    again.cells = malloc(SERIES * sizeof *again.cells);
    memcpy(again.cells, old->cells, SERIES * sizeof *again.cells);
    int rescaled = 0;
    for (int i = 0; i < SERIES; i++)
        rescaled |= old->cells[i].status != PACE_CELL_ABSENT && old->milliseconds[i];
    if (changed) {
        int series = 0;
        while (again.cells[series].status == PACE_CELL_ABSENT)
            series++;
        again.cells[series].status = again.cells[series].status ? PACE_CELL_OK : PACE_CELL_FAILED;
    }
    if (old->id[0] || !rescaled) { /* a derived identity is of what was given */
        pace_run *run = build(m, &again);
        if (changed) {
            store_fails(PACE_ECONFLICT, pace_runs_commit(m->store, &run, 1, error, NULL));
        } else {
            store_ok(pace_runs_commit(m->store, &run, 1, error, &result));
            assert_int_equal(result.duplicate, 1);
            assert_int_equal(result.run, old->number);
        }
        pace_run_free(run);
    }
    free_run(&again);
}

/* -- questions ------------------------------------------------------------------------------- */

static const struct model_run *sorted_runs; /* for qsort */

static int by_place(const void *a, const void *b)
{
    const struct model_run *x = &sorted_runs[*(const size_t *)a];
    const struct model_run *y = &sorted_runs[*(const size_t *)b];
    if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? -1 : 1;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Indices of the runs of a stream in a range, in order. */
static size_t model_range(struct model *m, int stream, const struct pace_range *range,
                          size_t *indices)
{
    size_t count = 0;
    for (size_t i = 0; i < m->run_count; i++) {
        const struct model_run *run = &m->runs[i];
        if (run->stream == stream && run->time_ns >= range->from_ns &&
            (range->until_ns == INT64_MAX || run->time_ns < range->until_ns))
            indices[count++] = i;
    }
    sorted_runs = m->runs;
    qsort(indices, count, sizeof *indices, by_place);
    if (range->last && range->last < count) {
        memmove(indices, indices + count - range->last, range->last * sizeof *indices);
        count = range->last;
    }
    return count;
}

static void check_view(const struct model_run *run, const struct pace_run_view *view,
                       uint32_t stream)
{
    assert_int_equal(view->run, run->number);
    assert_int_equal(view->time_ns, run->time_ns);
    assert_int_equal(view->ran_ns, run->ran_ns);
    assert_string_equal(view->commit, run->commit);
    assert_int_equal(view->stream, stream);
    assert_int_equal(view->ordinal, run->ordinal);
    assert_int_equal(view->flags, run->flags);
    assert_int_equal(view->cell_count, run->cell_count);
}

static void check_cell(const struct model_cell *own, const struct pace_cells *cells, size_t at)
{
    int ok = own->status == PACE_CELL_OK;
    assert_int_equal(cells->status[at], own->status);
    assert_true(same(cells->value[at], ok ? own->value : (double)NAN));
    assert_true(same(cells->lower ? cells->lower[at] : (double)NAN, ok ? own->lower : (double)NAN));
    assert_true(same(cells->upper ? cells->upper[at] : (double)NAN, ok ? own->upper : (double)NAN));
}

static void check_scan(struct model *m, pace_snapshot *snapshot, int stream_index,
                       const struct pace_range *range)
{
    static size_t indices[RUNS_MAX];
    const struct model_stream *stream = &m->streams[stream_index];
    if (!stream->used) return;
    uint32_t columns[40];
    size_t column_count = 1 + (size_t)below(m, 40), seen = 0;
    for (size_t i = 0; i < column_count; i++)
        columns[i] = (uint32_t)below(m, (int)stream->column_count);
    size_t expected = model_range(m, stream_index, range, indices);
    pace_scan *scan;
    struct pace_cells cells;
    store_ok(pace_scan_open(snapshot, stream->id, columns, column_count, range, error, &scan));
    for (;;) {
        store_ok(pace_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++, seen++) {
            assert_true(seen < expected);
            const struct model_run *run = &m->runs[indices[seen]];
            check_view(run, &cells.runs[r], stream->id);
            for (size_t c = 0; c < column_count; c++)
                check_cell(&run->cells[stream->series_of[columns[c]]], &cells,
                           c * cells.stride + r);
        }
    }
    assert_int_equal(seen, expected);
    pace_scan_close(scan);
}

/* Within the rounding of sums: the order in which they are added is the store's. */
static int close_to(double a, double b, double scale)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * (fabs(scale) + 1);
}

static void check_summary(struct model *m, pace_snapshot *snapshot, int stream_index,
                          const struct pace_range *range)
{
    static size_t indices[RUNS_MAX];
    const struct model_stream *stream = &m->streams[stream_index];
    if (!stream->used) return;
    enum { COLUMNS = 12 };
    uint32_t columns[COLUMNS];
    struct pace_summary summaries[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (uint32_t)below(m, (int)stream->column_count);
    size_t runs = model_range(m, stream_index, range, indices);
    store_ok(pace_scan_summary(snapshot, stream->id, columns, COLUMNS, range, error, summaries));
    for (size_t c = 0; c < COLUMNS; c++) {
        const struct pace_summary *own = &summaries[c];
        double sum = 0, squares = 0, min = (double)NAN, max = (double)NAN;
        uint64_t count = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (size_t r = 0; r < runs; r++) {
                const struct model_cell *cell =
                    &m->runs[indices[r]].cells[stream->series_of[columns[c]]];
                if (cell->status != PACE_CELL_OK) continue;
                double from_mean = cell->value - (pass ? sum / (double)count : 0);
                if (pass) {
                    squares += from_mean * from_mean;
                    continue;
                }
                count++;
                sum += cell->value;
                min = fmin(min, cell->value);
                max = fmax(max, cell->value);
            }
        }
        double n = (double)count;
        assert_int_equal(own->count, count);
        assert_true(same(own->min, min) && same(own->max, max));
        assert_true(close_to(own->sum, sum, sum));
        assert_true(close_to(own->mean, count ? sum / n : (double)NAN, sum));
        assert_true(close_to(own->sd, count > 1 ? sqrt(squares / (n - 1)) : (double)NAN, max));
    }
}

static struct pace_range random_range(struct model *m)
{
    struct pace_range range = {.from_ns = INT64_MIN, .until_ns = INT64_MAX};
    int64_t span = (int64_t)m->run_count * 10 + 40;
    if (below(m, 2)) range.from_ns = T0_NS + below(m, (int)span) * SECOND_NS;
    if (below(m, 2)) range.until_ns = T0_NS + below(m, (int)span) * SECOND_NS;
    if (below(m, 2)) range.last = (uint64_t)below(m, 200);
    return range;
}

static void check_run(struct model *m, pace_snapshot *snapshot)
{
    if (!m->run_count) return;
    const struct model_run *run = &m->runs[below(m, (int)m->run_count)];
    const struct model_stream *stream = &m->streams[run->stream];
    struct pace_run_view view;
    const char *id;
    struct pace_meta meta;
    store_ok(pace_run_get(snapshot, run->number, error, &view));
    check_view(run, &view, stream->id);
    store_ok(pace_run_id(snapshot, run->number, error, &id));
    if (run->id[0]) assert_string_equal(id, run->id);
    store_ok(pace_run_meta(snapshot, run->number, error, &meta));
    int noted = 0, unit = 0;
    for (size_t i = 0; i < meta.count; i++) {
        noted |= strcmp(meta.keys[i], "note") == 0 && strcmp(meta.values[i], run->note) == 0;
        unit |= strcmp(meta.keys[i], "unit:latency") == 0 && strcmp(meta.values[i], "ms") == 0;
    }
    int in_ms = 0;
    for (int i = 0; i < SERIES; i++)
        in_ms |= run->cells[i].status != PACE_CELL_ABSENT && run->milliseconds[i];
    assert_int_equal(noted, run->note[0] != 0);
    assert_int_equal(unit, in_ms);
    assert_int_equal(meta.count, noted + unit);
    for (int i = 0; i < 10; i++) {
        uint32_t column = (uint32_t)below(m, (int)stream->column_count);
        const struct model_cell *cell = &run->cells[stream->series_of[column]];
        const double *samples;
        size_t count;
        store_ok(pace_samples(snapshot, run->number, column, error, &samples, &count));
        assert_int_equal(count, cell->status == PACE_CELL_OK ? cell->sample_count : 0);
        for (size_t j = 0; j < count; j++)
            assert_true(samples[j] == cell->samples[j]);
    }
}

struct commit_check {
    struct model *m;
    const char *prefix;
    size_t seen;
    char last[16];
    uint64_t last_run;
};

static int check_commit(void *context, const char *commit, uint64_t run)
{
    struct commit_check *check = context;
    int order = strcmp(check->last, commit);
    assert_true(order < 0 || (order == 0 && check->last_run < run));
    assert_string_equal(check->m->runs[run - 1].commit, commit);
    assert_int_equal(strncmp(commit, check->prefix, strlen(check->prefix)), 0);
    snprintf(check->last, sizeof check->last, "%s", commit);
    check->last_run = run;
    check->seen++;
    return 0;
}

static void check_commits(struct model *m, pace_snapshot *snapshot)
{
    char prefix[8];
    snprintf(prefix, sizeof prefix, "%06x", below(m, 1 << 20));
    prefix[below(m, 5)] = 0;
    struct commit_check check = {.m = m, .prefix = prefix};
    store_ok(pace_commits(snapshot, prefix, error, check_commit, &check));
    size_t expected = 0;
    for (size_t i = 0; i < m->run_count; i++)
        expected += m->runs[i].commit[0] && strncmp(m->runs[i].commit, prefix, strlen(prefix)) == 0;
    assert_int_equal(check.seen, expected);
}

static void check_streams(struct model *m, pace_snapshot *snapshot)
{
    const struct pace_stream *streams;
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t count;
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++)
        store_ok(pace_names(snapshot, (enum pace_dimension)d, error, &names[d], &count));
    store_ok(pace_streams(snapshot, error, &streams, &count));
    assert_int_equal(count, m->stream_count);
    for (int s = 0; s < STREAMS_MAX; s++) {
        const struct model_stream *stream = &m->streams[s];
        if (!stream->used) continue;
        const struct pace_stream *own = &streams[stream->id];
        assert_int_equal(atoi(names[PACE_PROJECT][own->project] + 8), s % 3);
        assert_int_equal(atoi(names[PACE_BRANCH][own->branch] + 7), s / 3 % 2);
        assert_int_equal(atoi(names[PACE_TESTBED][own->testbed] + 8), s / 6);
        assert_int_equal(own->column_count, stream->column_count);
        const struct pace_column *columns;
        store_ok(pace_columns(snapshot, stream->id, error, &columns, &count));
        assert_int_equal(count, stream->column_count);
        for (uint32_t c = 0; c < count; c++) {
            int series = stream->series_of[c];
            assert_int_equal(atoi(names[PACE_BENCHMARK][columns[c].benchmark] + 6),
                             series / MEASURES);
            assert_string_equal(names[PACE_MEASURE][columns[c].measure],
                                measures[series % MEASURES]);
        }
    }
    struct pace_stat stat;
    store_ok(pace_stat(snapshot, error, &stat));
    assert_int_equal(stat.runs, m->run_count);
    assert_int_equal(stat.cells, m->cell_count);
    assert_int_equal(stat.series, m->series_count);
}

/* -- marks and objects ----------------------------------------------------------------------- */

static void change_mark(struct model *m)
{
    uint64_t id = 0;
    if (m->mark_count && below(m, 3) == 0) {
        size_t i = (size_t)below(m, (int)m->mark_count);
        if (m->marks[i].undone) {
            store_fails(PACE_EMISUSE, pace_mark_undo(m->store, i + 1, error));
        } else {
            store_ok(pace_mark_undo(m->store, i + 1, error));
            m->marks[i].undone = 1;
        }
        return;
    }
    if (m->mark_count == MARKS_MAX) return;
    char *selector = m->marks[m->mark_count].selector;
    snprintf(selector, sizeof m->marks->selector, "benchmark:b%d", below(m, 1000));
    struct pace_mark mark = {.kind = PACE_MARK_EXCLUDE, .selector = selector};
    store_ok(pace_mark_add(m->store, &mark, error, &id));
    assert_int_equal(id, ++m->mark_count);
}

static void change_object(struct model *m)
{
    int kind = below(m, 5), index = below(m, 8);
    struct model_object *object = &m->objects[kind][index];
    char name[16];
    uint32_t version;
    snprintf(name, sizeof name, "object-%d", index);
    int drop = below(m, 3) == 0;
    if (drop && (object->version == 0 || object->dropped)) {
        store_fails(PACE_ENOTFOUND, pace_object_put(m->store, (enum pace_object_kind)(kind + 1),
                                                    name, NULL, error, &version));
        return;
    }
    if (!drop) snprintf(object->text, sizeof object->text, "text %d", below(m, 1000));
    store_ok(pace_object_put(m->store, (enum pace_object_kind)(kind + 1), name,
                             drop ? NULL : object->text, error, &version));
    object->dropped = drop;
    assert_int_equal(version, ++object->version);
}

static void check_marks_and_objects(struct model *m, pace_snapshot *snapshot)
{
    const struct pace_mark *marks;
    const struct pace_object *objects;
    size_t count, at = 0;
    store_ok(pace_marks(snapshot, error, &marks, &count));
    assert_int_equal(count, m->mark_count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(marks[i].selector, m->marks[i].selector);
        assert_int_equal(marks[i].undone, m->marks[i].undone);
    }
    store_ok(pace_objects(snapshot, error, &objects, &count));
    for (int kind = 0; kind < 5; kind++) {
        for (int i = 0; i < 8; i++) {
            const struct model_object *object = &m->objects[kind][i];
            if (object->version == 0 || object->dropped) continue;
            assert_true(at < count);
            assert_int_equal(objects[at].kind, kind + 1);
            assert_int_equal(atoi(objects[at].name + 7), i);
            assert_string_equal(objects[at].text, object->text);
            assert_int_equal(objects[at++].version, object->version);
        }
    }
    assert_int_equal(at, count);
}

/* -- the walk -------------------------------------------------------------------------------- */

/* Closes the store, does what has to be done meanwhile, and opens it. */
static void reopen(struct model *m, int verify, int compact)
{
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 20};
    struct pace_verified seen;
    pace_close(m->store); /* the map is as large as the file again: it must grow */
    if (compact) store_ok(pace_compact(m->dir, NULL, error, NULL));
    if (verify) {
        store_ok(pace_verify(m->dir, NULL, NULL, error, &seen));
        assert_int_equal(seen.runs, m->run_count);
        assert_int_equal(seen.cells, m->cell_count);
    }
    store_ok(pace_open(m->dir, 0, &options, error, &m->store));
    choose_limits(m);
}

static void step(struct model *m)
{
    int what = below(m, 1000);
    if (what < 80) {
        commit_some(m, 0);
        return;
    }
    if (what < 83) {
        commit_some(m, 1);
        return;
    }
    if (what < 90) {
        commit_again(m);
        return;
    }
    if (what < 93) {
        change_mark(m);
        return;
    }
    if (what < 96) {
        change_object(m);
        return;
    }
    if (what < 98) {
        int more = below(m, 6);
        reopen(m, more < 2, more == 0);
        return;
    }
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(m->store, error, &snapshot));
    assert_int_equal(pace_run_count(snapshot), m->run_count);
    if (what < 900) {
        check_run(m, snapshot);
    } else if (what < 970) {
        struct pace_range range = random_range(m);
        if (below(m, 4))
            check_scan(m, snapshot, below(m, STREAMS_MAX), &range);
        else
            check_summary(m, snapshot, below(m, STREAMS_MAX), &range);
    } else if (what < 985) {
        check_commits(m, snapshot);
    } else if (what < 992) {
        check_streams(m, snapshot);
    } else {
        check_marks_and_objects(m, snapshot);
    }
    pace_snapshot_end(snapshot);
}

struct blocks_seen {
    uint64_t small, large;
};

/* What there is at the moment. */
static void count_blocks(struct model *m, struct blocks_seen *blocks)
{
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(m->store, error, &snapshot));
    for (uint32_t s = 0; s < m->stream_count; s++) {
        struct stream_record record;
        store_ok(snapshot_stream(snapshot, s, error, &record));
        blocks->small += record.small_blocks;
        blocks->large += record.large_blocks;
    }
    pace_snapshot_end(snapshot);
}

static void run_round(uint64_t seed, int operations, struct blocks_seen *blocks)
{
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    printf("# note seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    m->random = seed;
    m->dir = make_directory();
    store_ok(pace_open(m->dir, PACE_CREATE, NULL, error, &m->store));
    choose_limits(m);
    /* The first units decide: time in ns, size in B. */
    struct model_run first;
    random_run(m, &first);
    memset(first.milliseconds, 0, SERIES);
    pace_run *run = build(m, &first);
    store_ok(pace_runs_commit(m->store, &run, 1, error, NULL));
    pace_run_free(run);
    enter_run(m, &first);
    for (int p = 0; p < 3; p++) {
        char project[24];
        snprintf(project, sizeof project, "project-%d", p);
        store_ok(pace_measure_put(m->store, project, "latency", "ns", 0, error));
    }

    for (int i = 0; i < operations; i++) {
        step(m);
        if (i % 1000 == 999) count_blocks(m, blocks);
    }

    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(m->store, error, &snapshot));
    check_streams(m, snapshot);
    check_marks_and_objects(m, snapshot);
    struct pace_range all = {.from_ns = INT64_MIN, .until_ns = INT64_MAX};
    for (int s = 0; s < STREAMS_MAX; s++)
        check_scan(m, snapshot, s, &all);
    pace_snapshot_end(snapshot);
    pace_close(m->store);
    for (size_t i = 0; i < m->run_count; i++)
        free_run(&m->runs[i]);
    remove_tree(m->dir);
    free(m);
}

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && text[0] ? strtoull(text, NULL, 10) : otherwise;
}

static void test_random_operations(void **state)
{
    (void)state;
    struct blocks_seen blocks = {0};
    uint64_t asked = environment_number("PACE_MODEL_OPERATIONS", OPERATIONS), left = asked;
    uint64_t seed = environment_number("PACE_TEST_SEED", (uint64_t)time(NULL));
    while (left > 0) {
        int operations = left < ROUND_OPERATIONS ? (int)left : ROUND_OPERATIONS;
        run_round(seed++, operations, &blocks);
        left -= (uint64_t)operations;
    }
    /* A single round may have none of a kind by chance. */
    if (asked >= OPERATIONS) assert_true(blocks.small > 0 && blocks.large > 0);
    printf("# note %llu small and %llu large blocks\n", (unsigned long long)blocks.small,
           (unsigned long long)blocks.large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
