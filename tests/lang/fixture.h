/* fixture.h -- a small store with known contents for tests of the language.
 *
 * Project demo. Branch main on testbeds ci-1 and linux-x64: 40 runs, one a day from 2026-01-01
 * 08:00 UTC, commit of day d is "%07x" of 0xc000000 + d followed by zeros. Benchmarks parse/json
 * and parse/toml, measures latency (ns, lower, with bounds), latency.min, bytes (B, lower),
 * throughput (ops/s, higher). parse/json gets slower by half from day 30 on; parse/toml is missing
 * on day 39; on day 12 parse/toml failed. Branch pr-123 on ci-1: 3 runs on days 38, 39, 40, one
 * commit each. */
#ifndef PACE_TEST_FIXTURE_H
#define PACE_TEST_FIXTURE_H

#include "../../engine/pace.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXTURE_DAY_NS   INT64_C(86400000000000)
#define FIXTURE_START_NS INT64_C(1767254400000000000) /* 2026-01-01T08:00Z */

static inline int fixture_unlink(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void fixture_remove(const char *path)
{
    nftw(path, fixture_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* A new empty directory; the caller frees the text and removes the directory. */
static inline char *fixture_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);
    if (!path) return NULL;
    snprintf(path, 4096, "%s/pace-test-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(path);
}

static inline void fixture_commit(char out[41], int day)
{
    snprintf(out, 41, "%07x%033d", 0xc000000u + (unsigned)day, 0);
}

/* Noise of -1 .. 1 that anyone can compute again. */
static inline double fixture_noise(int day, int series)
{
    return (double)((day * 7 + series * 5 + (day * day) % 11) % 21 - 10) / 10.0;
}

static inline int fixture_cell(pace_run *run, const char *benchmark, const char *measure,
                               const char *unit, enum pace_direction direction, double value,
                               double spread)
{
    struct pace_cell cell = {.benchmark = benchmark,
                             .measure = measure,
                             .unit = unit,
                             .direction = direction,
                             .value = value,
                             .lower = spread > 0 ? value - spread : (double)NAN,
                             .upper = spread > 0 ? value + spread : (double)NAN};
    return pace_run_put(run, &cell, NULL);
}

static inline int fixture_run(pace *store, const char *branch, const char *testbed, int day,
                              int shift)
{
    char commit[41];
    fixture_commit(commit, day + shift);
    struct pace_run_info info = {.project = "demo",
                                 .branch = branch,
                                 .testbed = testbed,
                                 .commit = commit,
                                 .time_ns = FIXTURE_START_NS + day * FIXTURE_DAY_NS};
    pace_run *run;
    int status = pace_run_begin(store, &info, NULL, &run);
    if (status) return status;
    double step = day >= 30 ? 1.5 : 1.0, slow = testbed[0] == 'l' ? 2.0 : 1.0;
    double json = 1e6 * step * slow * (1 + 0.01 * fixture_noise(day, 0));
    double toml = 2e6 * slow * (1 + 0.01 * fixture_noise(day, 1));
    status = fixture_cell(run, "parse/json", "latency", "ns", PACE_LOWER_IS_BETTER, json, 1e4);
    if (!status)
        status = fixture_cell(run, "parse/json", "latency.min", "ns", PACE_LOWER_IS_BETTER,
                              json * 0.9, 0);
    if (!status)
        status = fixture_cell(run, "parse/json", "bytes", "B", PACE_LOWER_IS_BETTER, 4096, 0);
    if (!status)
        status = fixture_cell(run, "parse/json", "throughput", "ops/s", PACE_HIGHER_IS_BETTER,
                              1e9 / json, 0);
    if (!status && day == 12) {
        struct pace_cell failed = {.benchmark = "parse/toml",
                                   .measure = "latency",
                                   .unit = "ns",
                                   .status = PACE_CELL_FAILED};
        status = pace_run_put(run, &failed, NULL);
    } else if (!status && day != 39) {
        status = fixture_cell(run, "parse/toml", "latency", "ns", PACE_LOWER_IS_BETTER, toml, 2e4);
    }
    if (!status) status = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    return status;
}

/* Fills the store; 0 on success. */
static inline int fixture_fill(pace *store)
{
    int status = 0;
    for (int day = 0; day < 40 && !status; day++) {
        status = fixture_run(store, "main", "ci-1", day, 0);
        if (!status) status = fixture_run(store, "main", "linux-x64", day, 0);
    }
    for (int day = 38; day < 41 && !status; day++)
        status = fixture_run(store, "pr-123", "ci-1", day, 1000);
    return status;
}

#endif
