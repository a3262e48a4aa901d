/* record.c -- makes the store that is kept here, and the dump of what it holds.
 *   usage: record DIRECTORY DUMP     (both must be new; the script beside builds and calls it)
 * Everything is derived from run and column numbers, but for the times at which objects are saved. */
#include "../../../engine/pace.h"
#include "../../format_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS ((int64_t)1000000000)
#define T0_NS     (1700000000 * SECOND_NS)
#define ABSENT    ((double)NAN)

enum { BULK_RUNS = 1164, FEW_RUNS = 72, FEW_COLUMNS = 6, BATCH = 8 };

static void check(int rc, const struct pace_error *error)
{
    if (rc == 0) return;
    fprintf(stderr, "record: %s (%d)\n", error->message, rc);
    exit(1);
}

/* A number of [0, n) that looks random. */
static unsigned mixed(unsigned a, unsigned b, unsigned n)
{
    uint64_t z = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    return (unsigned)((z ^ z >> 31) % n);
}

static struct pace_cell cell_of(const char *benchmark, const char *measure, double value)
{
    return (struct pace_cell){.benchmark = benchmark,
                              .measure = measure,
                              .value = value,
                              .lower = ABSENT,
                              .upper = ABSENT};
}

static void put(pace_run *run, const struct pace_cell *cell)
{
    struct pace_error error = {0};
    check(pace_run_put(run, cell, &error), &error);
}

static pace_run *begin(pace *store, const struct pace_run_info *info)
{
    struct pace_error error = {0};
    pace_run *run;
    check(pace_run_begin(store, info, &error, &run), &error);
    return run;
}

/* Commits runs in batches of `batch` and frees them. */
static void commit(pace *store, pace_run **runs, size_t count, size_t batch)
{
    struct pace_error error = {0};
    for (size_t at = 0; at < count; at += batch) {
        size_t n = count - at < batch ? count - at : batch;
        check(pace_runs_commit(store, runs + at, n, &error, NULL), &error);
    }
    for (size_t i = 0; i < count; i++)
        pace_run_free(runs[i]);
}

/* A stream with a large block, small blocks and a log: loaded at once, then one late run. */
static void make_main(pace *store)
{
    static pace_run *runs[BULK_RUNS + 1];
    for (unsigned i = 0; i <= BULK_RUNS; i++) {
        int late = i == BULK_RUNS;
        char id[16], hash[16];
        unsigned at = late ? BULK_RUNS - 5 : i;
        snprintf(id, sizeof id, "b%u", i);
        snprintf(hash, sizeof hash, "c%07x", mixed(7, at, 1u << 28));
        struct pace_run_info info = {.project = "app",
                                     .branch = "main",
                                     .testbed = "ci",
                                     .id = id,
                                     .commit = i % 16 && !late ? NULL : hash,
                                     .time_ns = T0_NS + at * 3600 * SECOND_NS + late,
                                     .ordinal = i % 3 ? at + 1 : 0};
        runs[i] = begin(store, &info);
        struct pace_cell cell = cell_of("parse", "latency", 1000 + mixed(1, i, 20000) / 100.0);
        cell.unit = "ns";
        put(runs[i], &cell);
        cell = cell_of("parse", "score", 3.0 + mixed(2, i, 1u << 30) / 1e9 / 7);
        put(runs[i], &cell);
        if (i % 5 != 2) continue;
        cell = cell_of("render", "latency", mixed(3, i, 5) * 1e6);
        cell.status = mixed(4, i, 10) ? PACE_CELL_OK : PACE_CELL_FAILED;
        put(runs[i], &cell);
    }
    commit(store, runs, BULK_RUNS, BULK_RUNS);
    commit(store, runs + BULK_RUNS, 1, 1);
}

/* One cell of a run of the branch: every form that a cell has. */
static void put_branch_cell(pace_run *run, unsigned i, unsigned c)
{
    static const char *const names[FEW_COLUMNS] = {"parse",       "render", "größe/日本",
                                                   "a \"b\" \\c", "import", "sort[n=10]"};
    double samples[5], value = 2000 + mixed(i, c, 1000) / 8.0;
    struct pace_cell cell = cell_of(names[c], c == 4 ? "size" : "latency", value);
    cell.unit = c == 4 ? "B" : "ns";
    if (mixed(i, c + 10, 8) == 0) return;
    if (mixed(i, c + 20, 8) == 0)
        cell.status = mixed(i, c, 2) ? PACE_CELL_FAILED : PACE_CELL_SKIPPED;
    if (c % 2) cell.lower = value - 10;
    if (c % 3 == 1) cell.upper = value + 10;
    if (c == 5) cell.unit = "us", cell.direction = PACE_LOWER_IS_BETTER;
    if (c == 0 && i % 9 == 0) {
        for (unsigned s = 0; s < 5; s++)
            samples[s] = value + s;
        cell.samples = samples;
        cell.sample_count = 5;
    }
    put(run, &cell);
}

/* A stream whose rows were folded: bounds, states, samples, metadata, another unit. */
static void make_branch(pace *store)
{
    static pace_run *runs[FEW_RUNS];
    struct pace_error error = {0};
    for (unsigned i = 0; i < FEW_RUNS; i++) {
        char hash[48];
        snprintf(hash, sizeof hash, "%08x%032x", mixed(8, i, 1u << 30), i);
        struct pace_run_info info = {.project = "app",
                                     .branch = "pr/1",
                                     .testbed = "ci",
                                     .commit = hash,
                                     .time_ns = T0_NS + i * SECOND_NS,
                                     .ran_ns = i % 2 ? T0_NS + i * 60 * SECOND_NS + 7 : 0,
                                     .ordinal = i + 1,
                                     .flags = i % 4,
                                     .start_branch = i == 1 ? "main" : NULL,
                                     .start_commit = "c1234567",
                                     .start_time_ns = T0_NS - SECOND_NS};
        runs[i] = begin(store, &info);
        for (unsigned c = 0; c < FEW_COLUMNS; c++)
            put_branch_cell(runs[i], i, c);
        struct pace_cell cell = cell_of("always", "latency", i);
        put(runs[i], &cell);
        if (i % 10) continue;
        check(pace_run_put_meta(runs[i], "env.cpu", "cpu \\ 1\n\tcores: 2", &error), &error);
        check(pace_run_put_meta(runs[i], "env.os", "", &error), &error);
    }
    commit(store, runs, FEW_RUNS, BATCH);
}

/* A second project whose runs have few of its columns. */
static void make_few(pace *store)
{
    pace_run *runs[3];
    for (unsigned i = 0; i < 3; i++) {
        struct pace_run_info info = {.project = "lib",
                                     .branch = "main",
                                     .testbed = "laptop",
                                     .time_ns = T0_NS + (3 - i) * SECOND_NS};
        runs[i] = begin(store, &info);
        for (unsigned c = 0; c < 9; c++) {
            char name[16];
            if (i && c != 3 * i) continue;
            snprintf(name, sizeof name, "step-%u", c);
            struct pace_cell cell = cell_of(name, "throughput", c ? 1.0 / c : -0.0);
            cell.unit = "/s";
            put(runs[i], &cell);
        }
    }
    commit(store, runs, 3, 1);
}

/* Runs [from, until) of a stream whose records are short: times of a clock, their rates, bounds on both sides
 * alike, samples, metadata that repeats. */
static void make_clock(pace *store, unsigned from, unsigned until)
{
    struct pace_error error = {0};
    for (unsigned i = from; i < until; i++) {
        char name[16], key[16], value[80];
        struct pace_run_info info = {.project = "app",
                                     .branch = "clock",
                                     .testbed = i % 2 ? "ci" : "laptop",
                                     .time_ns = T0_NS + i * 3600 * SECOND_NS};
        pace_run *run = begin(store, &info);
        for (unsigned c = 0; c < 5; c++) {
            double time = (1000000 + mixed(c, i, 50000)) / 4294967296.0 * 1e9, samples[10];
            snprintf(name, sizeof name, "tick-%u", c);
            struct pace_cell cell = cell_of(name, "latency", time);
            cell.unit = "ns";
            for (unsigned s = 0; s < 10; s++)
                samples[s] = (1000000 + mixed(c * 10 + s, i, 50000)) / 4294967296.0 * 1e9;
            cell.samples = samples;
            cell.sample_count = i % 3 ? 10 : 0;
            cell.lower = time - time / 7;
            cell.upper = time + time / 7;
            put(run, &cell);
            cell = cell_of(name, "latency.ops", 1e9 / time);
            cell.unit = "ops/s";
            put(run, &cell);
        }
        for (unsigned k = 0; k < 9; k++) {
            snprintf(key, sizeof key, "version-%u", k);
            snprintf(value, sizeof value, "%064u", k == 8 ? i : k == 3 ? i / 20 : k);
            if (k != 5 || i % 7) check(pace_run_put_meta(run, key, value, &error), &error);
        }
        commit(store, &run, 1, 1);
    }
}

static void make_facts(pace *store)
{
    struct pace_error error = {0};
    uint64_t id;
    uint32_t version;
    for (int kind = PACE_MARK_ACCEPT; kind <= PACE_MARK_ALIAS; kind++) {
        struct pace_mark mark = {.kind = (enum pace_mark_kind)kind,
                                 .selector = "benchmark:parse",
                                 .target = kind == PACE_MARK_ALIAS ? "benchmark:parser" : NULL,
                                 .note = kind == PACE_MARK_EXCLUDE ? "noisy\nmachine" : "",
                                 .at_ns = kind == PACE_MARK_ARCHIVE ? INT64_MIN : T0_NS,
                                 .created_ns = T0_NS + kind};
        check(pace_mark_add(store, &mark, &error, &id), &error);
    }
    check(pace_mark_undo(store, 2, &error), &error);
    for (int kind = PACE_OBJECT_LET; kind <= PACE_OBJECT_MEASURE; kind++)
        check(pace_object_put(store, (enum pace_object_kind)kind, "first", "text\nof it", &error,
                              &version),
              &error);
    check(pace_object_put(store, PACE_OBJECT_VIEW, "first", "another text", &error, &version),
          &error);
    check(pace_object_put(store, PACE_OBJECT_ALERT, "first", NULL, &error, &version), &error);
    struct pace_start_point start = {"main", NULL, T0_NS};
    check(pace_start_point_set(store, "lib", "pr/1", &start, &error), &error);
    check(pace_start_point_set(store, "lib", "pr/1", NULL, &error), &error);
    start.commit = "c7654321";
    check(pace_start_point_set(store, "app", "pr/2", &start, &error), &error);
    check(pace_measure_put(store, NULL, "score", NULL, PACE_HIGHER_IS_BETTER, &error), &error);
    check(pace_measure_put(store, "lib", "latency", "ms", PACE_LOWER_IS_BETTER, &error), &error);
}

int main(int argc, char **argv)
{
    struct pace_error error = {0};
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 24};
    pace *store;
    pace_snapshot *snapshot;
    if (argc != 3) return 2;
    check(pace_open(argv[1], PACE_CREATE, &options, &error, &store), &error);
    make_main(store);
    make_branch(store);
    make_few(store);
    make_facts(store);
    make_clock(store, 0, 60);
    pace_close(store);
    check(pace_compact(argv[1], NULL, &error, NULL), &error);
    check(pace_open(argv[1], 0, &options, &error, &store), &error);
    make_clock(store, 60, 80);
    check(pace_snapshot_begin(store, &error, &snapshot), &error);
    FILE *out = fopen(argv[2], "wx");
    if (!out) return perror(argv[2]), 1;
    check(store_dump(snapshot, out, &error), &error);
    pace_snapshot_end(snapshot);
    pace_close(store);
    return fclose(out) ? 1 : 0;
}
