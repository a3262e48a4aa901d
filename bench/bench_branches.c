/* bench_branches.c -- many short-lived branches: is one of 10,000 as fast as the only one?
 *
 *   usage: bench_branches SCRATCH
 *
 * Two stores have the same branch main, 100 runs of 200 columns, and pull requests that start from
 * its last commit, 3 runs each: one store has one of them, the other 10,000. The two take turns:
 * asking for the verdict on a pull request, which reads main's present segment and the branch's own
 * runs, then appending a run to one. The bar is 1.5 times what the store with one branch needs. */
#include "report.h"
#include "timing.h"
#include "workload.h"

#include "../query/pace_query.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAIN_RUNS = 100, COLUMNS = 200, BRANCHES = 10000, RUNS = 3, BATCH = 60, ROUNDS = 101 };
static const double BAR = 1.5;

static int say(const char *what, const struct pace_error *error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error->message);
    return -1;
}

/* Run `number` of a branch; 0 is main. Values of pull requests are as main's. */
static int make_run(pace *store, uint32_t branch, uint32_t number, struct pace_error *error,
                    pace_run **out)
{
    char name[WORKLOAD_NAME], commit[WORKLOAD_COMMIT], start[WORKLOAD_COMMIT];
    char benchmark[WORKLOAD_NAME];
    uint32_t place = branch ? MAIN_RUNS + branch * RUNS + number : number;
    snprintf(name, sizeof name, branch ? "pr/%u" : "main", branch);
    workload_commit(place, commit);
    workload_commit(MAIN_RUNS - 1, start);
    struct pace_run_info info = {.project = WORKLOAD_PROJECT,
                                 .branch = name,
                                 .testbed = "ci",
                                 .commit = commit,
                                 .time_ns = workload_time_ns(place),
                                 .start_branch = branch ? "main" : NULL,
                                 .start_commit = start};
    int status = pace_run_begin(store, &info, error, out);
    for (uint32_t column = 0; column < COLUMNS && !status; column++) {
        workload_benchmark(column, benchmark);
        struct pace_cell cell = {.benchmark = benchmark,
                                 .measure = WORKLOAD_MEASURE,
                                 .unit = WORKLOAD_UNIT,
                                 .direction = PACE_LOWER_IS_BETTER,
                                 .value = workload_value(0, column, place),
                                 .lower = (double)NAN,
                                 .upper = (double)NAN};
        status = pace_run_put(*out, &cell, error);
    }
    return status;
}

static int commit_runs(pace *store, pace_run **runs, size_t count, int status,
                       struct pace_error *error)
{
    if (!status) status = pace_runs_commit(store, runs, count, error, NULL);
    for (size_t i = 0; i < count; i++) {
        pace_run_free(runs[i]);
        runs[i] = NULL;
    }
    return status;
}

/* Runs 0 .. count of a branch and the branches behind it, BATCH a commit. */
static int fill_branches(pace *store, uint32_t first, uint32_t last, uint32_t runs,
                         struct pace_error *error)
{
    pace_run *batch[BATCH] = {0};
    size_t count = 0;
    int status = 0;
    for (uint32_t branch = first; branch <= last && !status; branch++) {
        for (uint32_t number = 0; number < runs && !status; number++) {
            status = make_run(store, branch, number, error, &batch[count++]);
            if (count < BATCH) continue;
            status = commit_runs(store, batch, count, status, error);
            count = 0;
        }
    }
    return commit_runs(store, batch, count, status, error);
}

static int open_filled(const char *scratch, uint32_t branches, pace **out)
{
    char path[4096];
    struct pace_error error = {0};
    snprintf(path, sizeof path, "%s/branches-%u", scratch, branches);
    if (pace_open(path, PACE_CREATE, NULL, &error, out)) return say("open", &error);
    int status = fill_branches(*out, 0, 0, MAIN_RUNS, &error);
    if (!status) status = fill_branches(*out, 1, branches, RUNS, &error);
    return status ? say("fill", &error) : 0;
}

/* The verdict on a branch's newest run; it must be one on every column. */
static int ask(pace *store, uint32_t branch, struct cost *cost)
{
    struct pace_error error = {0};
    char text[100];
    pace_session *session = NULL;
    pace_query *query = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    uint64_t judged = 0;
    snprintf(text, sizeof text, "branch:pr/%u | check | last run", branch);
    struct cost start = cost_now();
    int status = pace_session_open(store, NULL, &error, &session);
    if (!status) status = pace_prepare(session, text, strlen(text), &error, &query);
    while (!status && step == PACE_STEP_ROWS) {
        status = pace_step(query, &error, &step, &rows);
        if (!status && step == PACE_STEP_ROWS) judged += rows->count;
    }
    uint64_t points = status ? 0 : pace_outcome(query)->points_read;
    pace_query_free(query);
    pace_session_close(session);
    *cost = cost_since(start);
    if (status) return say(text, &error);
    if (judged == COLUMNS && points == COLUMNS * (MAIN_RUNS + RUNS)) return 0;
    fprintf(stderr, "bench: %s: %llu rows, %llu points read\n", text, (unsigned long long)judged,
            (unsigned long long)points);
    return -1;
}

static int append(pace *store, uint32_t branch, uint32_t number, struct cost *cost)
{
    struct pace_error error = {0};
    pace_run *run = NULL;
    struct cost start = cost_now();
    int status = make_run(store, branch, number, &error, &run);
    status = commit_runs(store, &run, 1, status, &error);
    *cost = cost_since(start);
    return status ? say("append", &error) : 0;
}

struct figures {
    struct samples ask_s, append_s, append_cpu_s, append_bytes;
};

static int measure_ask(pace *store, uint32_t branch, struct figures *figures)
{
    struct cost cost;
    if (ask(store, branch, &cost)) return -1;
    samples_add(&figures->ask_s, cost.wall_s);
    return 0;
}

static int measure_append(pace *store, uint32_t branch, uint32_t round, struct figures *figures)
{
    struct cost cost;
    if (append(store, branch, RUNS + round, &cost)) return -1;
    samples_add(&figures->append_s, cost.wall_s);
    samples_add(&figures->append_cpu_s, cost.cpu_s);
    samples_add(&figures->append_bytes, cost.written_bytes);
    return 0;
}

/* One of the many branches, another one each round. */
static uint32_t branch_of(uint32_t round)
{
    return 1 + round * 7919 % BRANCHES;
}

static void report(const char *what, enum figure figure, struct samples *many, struct samples *one)
{
    double peer = samples_median(one);
    report_row((struct row){what, figure, samples_median(many), peer, BAR * peer});
}

int main(int argc, char **argv)
{
    static struct figures one, many;
    pace *few_store, *many_store;
    if (argc != 2) {
        fprintf(stderr, "usage: bench_branches SCRATCH\n");
        return 2;
    }
    double start_s = wall_s();
    if (open_filled(argv[1], 1, &few_store) || open_filled(argv[1], BRANCHES, &many_store))
        return 1;
    double fill_s = wall_s() - start_s;
    int status = 0;
    /* All that is asked for is as long in both: appends come behind it. */
    for (uint32_t round = 0; round < ROUNDS && !status; round++)
        status =
            measure_ask(few_store, 1, &one) || measure_ask(many_store, branch_of(round), &many);
    for (uint32_t round = 0; round < ROUNDS && !status; round++)
        status = measure_append(few_store, 1, round, &one) ||
                 measure_append(many_store, branch_of(round), round, &many);
    pace_close(few_store);
    pace_close(many_store);
    if (status) return 1;
    report_begin("10,000 branches of 3 runs on 200 columns", "one branch");
    report("verdict on one branch", FIGURE_TIME, &many.ask_s, &one.ask_s);
    report("append a run, wall", FIGURE_TIME, &many.append_s, &one.append_s);
    report("append a run, CPU", FIGURE_TIME, &many.append_cpu_s, &one.append_cpu_s);
    /* Runs of different branches lie on different pages: no bar. */
    report_row((struct row){"append a run, written", FIGURE_BYTES,
                            samples_median(&many.append_bytes), samples_median(&one.append_bytes),
                            0});
    report_note("both stores were filled in %.1f s", fill_s);
    return 0;
}
