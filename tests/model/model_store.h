/* model_store.h -- a random history, kept twice: as runs in a store and as plain arrays.
 *
 * Streams of uneven length, sparse rows, failed and skipped cells, several runs of one commit (in a
 * row and apart), runs without a commit, ties in time, runs that arrive late, flat and quantised
 * series, series that end early. The random numbers are from a seed, so a history can be made
 * again. */
#ifndef PACE_MODEL_STORE_H
#define PACE_MODEL_STORE_H

#include "../../query/pace_query.h"
#include "../lang/fixture.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* -- random numbers ---------------------------------------------------------------------------- */

struct random {
    uint64_t state;
};

static uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int random_below(struct random *random, int n)
{
    return (int)(random_next(random) % (uint64_t)n);
}

/* from .. to, both included */
static int random_between(struct random *random, int from, int to)
{
    return from + random_below(random, to - from + 1);
}

/* true in `percent` of 100 cases */
static bool random_chance(struct random *random, int percent)
{
    return random_below(random, 100) < percent;
}

static double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) / 9007199254740992.0;
}

/* -- names ------------------------------------------------------------------------------------- */

enum {
    STREAMS_MAX = 8,
    BENCHMARKS = 4,
    MEASURES = 4,
    COLUMNS = BENCHMARKS * MEASURES,
    MARKS_MAX = 6
};

static const char *const PROJECTS[] = {"p", "q"};
static const char *const BRANCHES[] = {"main", "dev/x", "pr-1", "pr-12"};
static const char *const TESTBEDS[] = {"ci-1", "ci-2", "lin x"};
static const char *const BENCHMARK_NAMES[BENCHMARKS] = {"parse/json", "parse/toml", "sort[1000-a]",
                                                        "fft"};

static const struct measure_info {
    const char *name, *unit;
    enum pace_direction direction;
} MEASURE_INFO[MEASURES] = {
    {"latency", "ns", PACE_LOWER_IS_BETTER},
    {"throughput", "ops/s", PACE_HIGHER_IS_BETTER},
    {"cache", "lines", PACE_DIRECTION_UNKNOWN},
    {"latency.min", "ns", PACE_LOWER_IS_BETTER},
};

#define MODEL_START_NS INT64_C(1262304000000000000) /* 2010-01-01 */

/* -- the history ------------------------------------------------------------------------------- */

struct model_cell {
    uint8_t status; /* enum pace_cell_status; PACE_CELL_ABSENT: none */
    double value, lower, upper;
};

struct model_run {
    int stream;
    uint64_t number;
    int64_t time_ns;
    uint32_t ordinal;
    bool dirty;
    char commit[41];
    struct model_cell cells[COLUMNS];
};

struct model_stream {
    const char *names[3]; /* project, branch, testbed */
    bool has[COLUMNS];
    struct model_run **runs; /* in commit order */
    size_t run_count;
};

struct model_mark {
    bool accept;           /* else exclude */
    int branch, benchmark; /* index of the name, -1: any */
    uint64_t run;          /* exclude */
    int64_t at_ns;         /* accept */
};

struct model_store {
    struct random random;
    char *directory;
    pace *store;
    struct model_stream streams[STREAMS_MAX];
    int stream_count;
    struct model_run *runs; /* in order of arrival: runs[i].number == i + 1 */
    size_t run_count;
    struct model_mark marks[MARKS_MAX];
    int mark_count;
    int64_t now_ns;
    int64_t day_ns; /* usual distance of runs */
};

/* How the values of one series come about. */
struct series_habit {
    double level, noise;
    int step_at, last_run;
    int kind; /* 0 noise, 1 flat, 2 few values, 3 zero and noise around it */
    int gaps; /* percent of runs without the cell */
};

static double habit_value(struct random *random, const struct series_habit *habit, int i)
{
    double level = i >= habit->step_at ? habit->level * 1.3 : habit->level;
    if (habit->kind == 1) return level;
    if (habit->kind == 2) return level + 0.5 * random_below(random, 4);
    double x = random_unit(random) + random_unit(random) + random_unit(random) - 1.5;
    if (habit->kind == 3) return random_chance(random, 40) ? 0 : x;
    return level * (1 + habit->noise * x);
}

static struct series_habit random_habit(struct random *random, int runs)
{
    struct series_habit habit = {
        .level = 1000.0 * random_between(random, 1, 3),
        .noise = random_chance(random, 50) ? 0.02 : 0.2,
        .step_at = random_chance(random, 50) ? random_below(random, runs) : runs,
        .last_run = random_chance(random, 80) ? runs : random_below(random, runs)};
    int kind = random_below(random, 10);
    habit.kind = kind < 7 ? 0 : kind - 6;
    habit.gaps = random_chance(random, 60) ? 0 : random_between(random, 5, 90);
    return habit;
}

static struct model_cell random_cell(struct random *random, const struct series_habit *habit, int i)
{
    struct model_cell cell = {PACE_CELL_ABSENT, (double)NAN, (double)NAN, (double)NAN};
    if (i >= habit->last_run || random_chance(random, habit->gaps)) return cell;
    if (random_chance(random, 4)) {
        cell.status = random_chance(random, 50) ? PACE_CELL_FAILED : PACE_CELL_SKIPPED;
        return cell;
    }
    cell.status = PACE_CELL_OK;
    cell.value = habit_value(random, habit, i);
    if (random_chance(random, 30)) {
        cell.lower = cell.value - 1.25;
        cell.upper = cell.value + 2.5;
    }
    return cell;
}

/* The commit of run i: new, that of the run before, one from further back, or none. */
static void random_commit(struct model_store *model, const struct model_run *earlier, int i,
                          struct model_run *run)
{
    struct random *random = &model->random;
    int kind = random_below(random, 100);
    if (kind < 15 && i > 0) {
        memcpy(run->commit, earlier[i - 1].commit, sizeof run->commit);
        run->time_ns = earlier[i - 1].time_ns;
        run->ordinal = earlier[i - 1].ordinal;
    } else if (kind < 20 && i > 0) {
        memcpy(run->commit, earlier[random_below(random, i)].commit, sizeof run->commit);
    } else if (kind >= 24) {
        snprintf(run->commit, sizeof run->commit, "%08x%08x%08x%016x",
                 (unsigned)(random_next(random) >> 32), (unsigned)i, (unsigned)run->stream, 0u);
    }
}

/* Gives a stream its runs; they are appended to model->runs in commit order;
 * arrivals are shuffled when all streams have theirs. */
static void stream_fill(struct model_store *model, int stream, int runs)
{
    struct random *random = &model->random;
    struct model_run *first = model->runs + model->run_count;
    struct series_habit habits[COLUMNS];
    bool used[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
        habits[c] = random_habit(random, runs);
        used[c] = random_chance(random, 45);
    }
    used[random_below(random, BENCHMARKS) * MEASURES] = true;
    int64_t time_ns = MODEL_START_NS + random_below(random, 50) * model->day_ns;
    for (int i = 0; i < runs; i++) {
        struct model_run *run = &first[i];
        *run = (struct model_run){.stream = stream};
        if (!random_chance(random, 10))
            time_ns += (int64_t)(random_unit(random) * 2 * (double)model->day_ns);
        if (random_chance(random, 70)) time_ns -= time_ns % 1000000000;
        run->time_ns = time_ns;
        run->ordinal = random_chance(random, 50) ? (uint32_t)random_below(random, 3) : 0;
        random_commit(model, first, i, run);
        run->dirty = random_chance(random, 4);
        bool any = false;
        for (int c = 0; c < COLUMNS; c++) {
            run->cells[c] =
                (struct model_cell){PACE_CELL_ABSENT, (double)NAN, (double)NAN, (double)NAN};
            if (used[c]) run->cells[c] = random_cell(random, &habits[c], i);
            any |= run->cells[c].status != PACE_CELL_ABSENT;
        }
        if (!any) { /* a run has a cell at least */
            int c = 0;
            while (!used[c])
                c++;
            run->cells[c].status = PACE_CELL_SKIPPED;
        }
    }
    model->run_count += (size_t)runs;
}

/* Some runs change places in the order of arrival, so that they come late. */
static void shuffle_arrival(struct model_store *model)
{
    struct random *random = &model->random;
    for (size_t k = 0; k < model->run_count / 6; k++) {
        size_t a = (size_t)random_below(random, (int)model->run_count);
        size_t b = (size_t)random_below(random, (int)model->run_count);
        struct model_run run = model->runs[a];
        model->runs[a] = model->runs[b];
        model->runs[b] = run;
    }
}

static pace_run *store_run(struct model_store *model, const struct model_run *run)
{
    const struct model_stream *stream = &model->streams[run->stream];
    char id[32];
    snprintf(id, sizeof id, "run-%llu", (unsigned long long)run->number);
    struct pace_run_info info = {.project = stream->names[0],
                                 .branch = stream->names[1],
                                 .testbed = stream->names[2],
                                 .commit = run->commit,
                                 .id = id,
                                 .time_ns = run->time_ns,
                                 .ordinal = run->ordinal,
                                 .flags = run->dirty ? PACE_RUN_DIRTY : 0};
    pace_run *out;
    assert_int_equal(pace_run_begin(model->store, &info, NULL, &out), 0);
    for (int c = 0; c < COLUMNS; c++) {
        const struct model_cell *cell = &run->cells[c];
        const struct measure_info *measure = &MEASURE_INFO[c % MEASURES];
        if (cell->status == PACE_CELL_ABSENT) continue;
        struct pace_cell put = {.benchmark = BENCHMARK_NAMES[c / MEASURES],
                                .measure = measure->name,
                                .unit = measure->unit,
                                .direction = measure->direction,
                                .status = (enum pace_cell_status)cell->status,
                                .value = cell->value,
                                .lower = cell->lower,
                                .upper = cell->upper};
        assert_int_equal(pace_run_put(out, &put, NULL), 0);
    }
    return out;
}

/* Appends the runs in a few transactions; checks that numbers come as expected. */
static void store_runs(struct model_store *model)
{
    size_t at = 0;
    while (at < model->run_count) {
        size_t count = 1 + (size_t)random_below(&model->random, (int)model->run_count);
        if (count > model->run_count - at) count = model->run_count - at;
        pace_run **runs = calloc(count, sizeof *runs);
        struct pace_run_result *results = calloc(count, sizeof *results);
        assert_non_null(runs);
        assert_non_null(results);
        for (size_t i = 0; i < count; i++)
            runs[i] = store_run(model, &model->runs[at + i]);
        assert_int_equal(pace_runs_commit(model->store, runs, count, NULL, results), 0);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(results[i].run, model->runs[at + i].number);
            pace_run_free(runs[i]);
        }
        free(runs);
        free(results);
        at += count;
    }
}

/* Rule 1: time, then ordinal, then arrival. */
static int compare_runs(const void *a, const void *b)
{
    const struct model_run *x = *(struct model_run *const *)a, *y = *(struct model_run *const *)b;
    if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? -1 : 1;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void order_streams(struct model_store *model)
{
    for (int s = 0; s < model->stream_count; s++) {
        struct model_stream *stream = &model->streams[s];
        stream->runs = calloc(model->run_count, sizeof *stream->runs);
        assert_non_null(stream->runs);
        for (size_t i = 0; i < model->run_count; i++) {
            struct model_run *run = &model->runs[i];
            if (run->stream != s) continue;
            stream->runs[stream->run_count++] = run;
            for (int c = 0; c < COLUMNS; c++)
                stream->has[c] |= run->cells[c].status != PACE_CELL_ABSENT;
        }
        qsort(stream->runs, stream->run_count, sizeof *stream->runs, compare_runs);
    }
}

/* A store of `streams` streams of up to `runs` runs each. */
static void model_store_make(struct model_store *model, uint64_t seed, int streams, int runs)
{
    *model = (struct model_store){.random = {seed}};
    struct random *random = &model->random;
    static const int64_t day = INT64_C(86400000000000);
    model->day_ns = random_chance(random, 50) ? day : day / 7 + 12345;
    model->directory = fixture_dir();
    assert_non_null(model->directory);
    assert_int_equal(pace_open(model->directory, PACE_CREATE, NULL, NULL, &model->store), 0);
    model->runs = calloc((size_t)(streams * runs), sizeof *model->runs);
    assert_non_null(model->runs);
    while (model->stream_count < streams) {
        struct model_stream *stream = &model->streams[model->stream_count];
        stream->names[0] = PROJECTS[random_chance(random, 20)];
        stream->names[1] = BRANCHES[random_chance(random, 50) ? 0 : random_below(random, 4)];
        stream->names[2] = TESTBEDS[random_below(random, 3)];
        bool taken = false;
        for (int s = 0; s < model->stream_count; s++)
            taken |= memcmp(model->streams[s].names, stream->names, sizeof stream->names) == 0;
        if (taken) continue;
        stream_fill(model, model->stream_count++,
                    random_chance(random, 80) ? random_between(random, runs / 2, runs)
                                              : random_between(random, 1, 12));
    }
    shuffle_arrival(model);
    for (size_t i = 0; i < model->run_count; i++) {
        model->runs[i].number = i + 1;
        if (model->runs[i].time_ns > model->now_ns) model->now_ns = model->runs[i].time_ns;
    }
    model->now_ns += day / 2 + 1;
    store_runs(model);
    order_streams(model);
}

static void model_store_free(struct model_store *model)
{
    pace_close(model->store);
    fixture_remove(model->directory);
    free(model->directory);
    for (int s = 0; s < model->stream_count; s++)
        free(model->streams[s].runs);
    free(model->runs);
}

/* -- marks ------------------------------------------------------------------------------------- */

static inline bool mark_names(const struct model_mark *mark, const struct model_stream *stream,
                              int column)
{
    return (mark->branch < 0 || strcmp(BRANCHES[mark->branch], stream->names[1]) == 0) &&
           (mark->benchmark < 0 || mark->benchmark == column / MEASURES);
}

/* Prints a time as the language reads it. */
static void print_time(char out[40], int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    long ns = (long)(time_ns % 1000000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, 40, "%Y-%m-%dT%H:%M:%S", &tm);
    if (ns) len += (size_t)snprintf(out + len, 40 - len, ".%09ld", ns);
    snprintf(out + len, 40 - len, "Z");
}

/* Whether the stream has a series that a selector without measures names. */
static bool stream_has(const struct model_stream *stream, int benchmark)
{
    for (int c = 0; c < COLUMNS; c++)
        if (stream->has[c] && !strchr(MEASURE_INFO[c % MEASURES].name, '.') &&
            (benchmark < 0 || benchmark == c / MEASURES))
            return true;
    return false;
}

/* A new mark, as a statement that the caller runs; false when there is nothing to mark. */
static bool random_mark(struct model_store *model, char *out, size_t size)
{
    struct random *random = &model->random;
    const struct model_run *run = &model->runs[random_below(random, (int)model->run_count)];
    const struct model_stream *stream = &model->streams[run->stream];
    struct model_mark mark = {.accept = random_chance(random, 50), .branch = -1, .benchmark = -1};
    char selector[200], at[40];
    for (int i = 0; i < 4; i++)
        if (strcmp(BRANCHES[i], stream->names[1]) == 0) mark.branch = i;
    if (random_chance(random, 30)) mark.benchmark = random_below(random, BENCHMARKS);
    if (!stream_has(stream, mark.benchmark)) mark.benchmark = -1;
    if (!stream_has(stream, -1)) return false;
    int len = snprintf(selector, sizeof selector, "branch:%s", BRANCHES[mark.branch]);
    if (mark.benchmark >= 0)
        snprintf(selector + len, sizeof selector - (size_t)len, " benchmark:%s",
                 BENCHMARK_NAMES[mark.benchmark]);
    if (mark.accept) {
        mark.at_ns = run->time_ns;
        print_time(at, run->time_ns);
        snprintf(out, size, "mark accept %s at %s", selector, at);
    } else {
        mark.run = run->number;
        snprintf(out, size, "mark exclude %s run:%llu \"noise\"", selector,
                 (unsigned long long)run->number);
    }
    model->marks[model->mark_count++] = mark;
    return true;
}

#endif
