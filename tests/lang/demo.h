/* demo.h -- the store that the manual's examples run on.
 *
 * Project ripgrep. Branch main: 36 runs, one a day from 2025-12-28 08:00 UTC (day -4), on testbeds
 * ci-1 and linux-x64, on ci-2 every fourth. Commits are v1.2.0 (day 8), v1.3.0 (day 20), 4f2a1c
 * (day 24) and "%07x" of 0xd000000 + day. parse/json gets slower by a fifth on day 22; parse_json
 * is its name before day 4. sherlock/count is measured on linux-x64 alone. Branch pr-123 starts at
 * day 30 and has 4 runs on ci-1, slower by a tenth; release/1.3 has 6 runs. Runs of a branch
 * `numbers` fill up so that there is a run 118. The view nightly and the threshold slow are
 * saved. */
#ifndef PACE_TEST_DEMO_H
#define PACE_TEST_DEMO_H

#include "../../query/pace_query.h"
#include "fixture.h"

enum { DEMO_FIRST = -4, DEMO_DAYS = 32, DEMO_RUNS = 120 };

static inline const char *demo_commit(int day, int branch, char text[16])
{
    if (!branch && day == 8) return "v1.2.0";
    if (!branch && day == 20) return "v1.3.0";
    if (!branch && day == 24) return "4f2a1c";
    snprintf(text, 16, "%07x", (unsigned)(0xd000000 + branch * 4096 + day - DEMO_FIRST));
    return text;
}

/* The cells of parse/json, parse_json, sherlock/count by what the run's testbed and day measure. */
static inline int demo_cells(pace_run *run, const char *testbed, int day, double slow)
{
    double noise = 1 + 0.02 * fixture_noise(day + 8, 0), bed = testbed[0] == 'l' ? 2 : 1;
    double json = 12.5e6 * bed * slow * noise * (day >= 22 ? 1.2 : 1);
    const char *name = day < 4 ? "parse_json" : "parse/json";
    int status = fixture_cell(run, name, "latency", "ns", PACE_LOWER_IS_BETTER, json, 1e5);
    if (!status)
        status = fixture_cell(run, "parse/json", "bytes", "B", PACE_LOWER_IS_BETTER, 4096, 0);
    if (!status)
        status = fixture_cell(run, "parse/json", "iterations", "", PACE_DIRECTION_UNKNOWN, 64, 0);
    if (!status)
        status = fixture_cell(run, "parse/json", "cpu-time", "ns", PACE_LOWER_IS_BETTER,
                              json * (day % 5 ? 0.9 : 0.97), 0);
    if (!status)
        status = fixture_cell(run, "parse/json", "wall-time", "ns", PACE_LOWER_IS_BETTER, json, 0);
    if (!status && testbed[0] == 'l')
        status = fixture_cell(run, "sherlock/count", "latency", "ns", PACE_LOWER_IS_BETTER,
                              3e6 * (1 + 0.02 * fixture_noise(day + 8, 1)), 0);
    if (!status && strcmp(testbed, "ci-1") == 0)
        status = fixture_cell(run, "all", "coverage", "%", PACE_HIGHER_IS_BETTER,
                              day == DEMO_DAYS - 1 ? 79.5 : 84, 0);
    return status;
}

static inline int demo_run(pace *store, const char *branch, const char *testbed, int day,
                           double slow)
{
    int number = strcmp(branch, "main") == 0 ? 0 : *branch == 'p' ? 1 : 2;
    char commit[16], start[16];
    struct pace_run_info info = {.project = "ripgrep",
                                 .branch = branch,
                                 .testbed = testbed,
                                 .commit = demo_commit(day, number, commit),
                                 .time_ns = FIXTURE_START_NS + day * FIXTURE_DAY_NS,
                                 .start_branch = number == 1 ? "main" : NULL,
                                 .start_commit = number == 1 ? demo_commit(30, 0, start) : NULL};
    pace_run *run;
    int status = pace_run_begin(store, &info, NULL, &run);
    if (status) return status;
    if (number == 2)
        status = fixture_cell(run, "parse/json", "throughput", "ops/s", PACE_HIGHER_IS_BETTER,
                              80 + fixture_noise(day, 2), 0);
    else
        status = demo_cells(run, testbed, day, slow);
    if (!status) status = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    return status;
}

/* Runs that no example asks for. */
static inline int demo_numbers(pace *store)
{
    pace_snapshot *snapshot;
    int status = pace_snapshot_begin(store, NULL, &snapshot);
    if (status) return status;
    uint64_t count = pace_run_count(snapshot);
    pace_snapshot_end(snapshot);
    for (; count < DEMO_RUNS && !status; count++) {
        struct pace_run_info info = {.project = "other",
                                     .branch = "numbers",
                                     .testbed = "ci-9",
                                     .time_ns = FIXTURE_START_NS + (int64_t)count};
        pace_run *run;
        status = pace_run_begin(store, &info, NULL, &run);
        if (status) break;
        status = fixture_cell(run, "one", "score", "points", PACE_DIRECTION_UNKNOWN, 1, 0);
        if (!status) status = pace_runs_commit(store, &run, 1, NULL, NULL);
        pace_run_free(run);
    }
    return status;
}

static inline int demo_save(pace *store, const char *script)
{
    struct pace_error error;
    pace_session *session;
    pace_query *query;
    const struct pace_rows *rows;
    enum pace_step step = PACE_STEP_ROWS;
    int status = pace_session_open(store, NULL, &error, &session);
    if (status) return status;
    status = pace_prepare(session, script, strlen(script), &error, &query);
    while (!status && step != PACE_STEP_END)
        status = pace_step(query, &error, &step, &rows);
    pace_query_free(query);
    pace_session_close(session);
    return status;
}

/* Fills the store; 0 on success. */
static inline int demo_fill(pace *store)
{
    int status = 0;
    for (int day = DEMO_FIRST; day < DEMO_DAYS && !status; day++) {
        status = demo_run(store, "main", "ci-1", day, 1);
        if (!status) status = demo_run(store, "main", "linux-x64", day, 1);
        if (!status && day % 4 == 0) status = demo_run(store, "main", "ci-2", day, 1);
    }
    for (int day = 31; day < 35 && !status; day++)
        status = demo_run(store, "pr-123", "ci-1", day, 1.1);
    for (int day = 20; day < 26 && !status; day++)
        status = demo_run(store, "release/1.3", "ci-1", day, 1);
    if (!status) status = demo_numbers(store);
    return status ? status
                  : demo_save(store, "save view nightly = branch:main testbed:ci-* "
                                     "measure:latency | last 14d; "
                                     "save threshold slow = t-test 99% over 64 needs 10");
}

#endif
