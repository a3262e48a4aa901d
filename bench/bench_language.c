/* bench_language.c -- what parsing, binding and planning cost, for each example of the manual.
 *
 *   usage: bench_language SCRATCH EXAMPLES
 *
 * EXAMPLES is tests/lang/examples.txt, one script a line. "parse" is pace_prepare and
 * pace_query_free. "parse, bind, plan" goes on to the first rows or the end of the script, on a
 * store of ten series and three runs that has the names of the examples, so that next to nothing is
 * read: an upper bound. The store is opened read-only: examples that write end with PACE_EREADONLY
 * and are counted apart. */
#include "report.h"
#include "timing.h"

#include "../query/pace_query.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 301, WARM_UP = 20, EXAMPLES_MAX = 512, PATH_BYTES = 4096 };
static const double BAR_S = 50e-6;

/* What the examples refer to. */
static const char SETUP[] =
    "view nightly = branch:main testbed:ci-* measure:latency; "
    "threshold slow = t-test 99% over 64 needs 10 for branch:main measure:latency";

static int say(const char *what, const struct pace_error *error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error->message);
    return -1;
}

/* -- a store with the names of the examples ---------------------------------------------------- */

/* One series of each kind that an example names; few, so that planning outweighs reading. */
struct series {
    const char *branch, *testbed, *benchmark, *measure, *unit;
};
static const struct series SERIES[] = {
    {"main", "ci-1", "parse/json", "latency", "ns"},
    {"main", "ci-1", "parse/json", "coverage", "ratio"},
    {"main", "ci-1", "parse/json", "cpu-time", "ns"},
    {"main", "ci-1", "parse/json", "wall-time", "ns"},
    {"main", "ci-1", "parse/json", "bytes", "B"},
    {"main", "ci-1", "parse/json", "iterations", ""},
    {"main", "ci-1", "parse_json", "latency", "ns"},
    {"main", "linux-x64", "sherlock/count", "latency", "ns"},
    {"pr-123", "ci-1", "parse/json", "latency", "ns"},
    {"release/1.3", "ci-1", "parse/json", "throughput", "ops/s"},
};
static const char *const COMMITS[] = {"v1.2.0", "4f2a1c", "v1.3.0"};
enum {
    SERIES_COUNT = sizeof SERIES / sizeof *SERIES,
    COMMIT_COUNT = sizeof COMMITS / sizeof *COMMITS,
    RUN_NAMED = 118, /* by the example of exclude */
};

static bool same_stream(const struct series *a, const struct series *b)
{
    return strcmp(a->branch, b->branch) == 0 && strcmp(a->testbed, b->testbed) == 0;
}

/* The run of commit number `day` in the stream that begins at SERIES[first]. */
static int put_run(pace *store, size_t first, size_t day, struct pace_error *error)
{
    const int64_t start_ns = INT64_C(1577836800000000000), day_ns = INT64_C(86400000000000);
    struct pace_run_info info = {.project = "ripgrep",
                                 .branch = SERIES[first].branch,
                                 .testbed = SERIES[first].testbed,
                                 .commit = COMMITS[day],
                                 .time_ns = start_ns + (int64_t)day * day_ns};
    pace_run *run = NULL;
    int status = pace_run_begin(store, &info, error, &run);
    for (size_t i = first; i < SERIES_COUNT && same_stream(&SERIES[i], &SERIES[first]) && !status;
         i++) {
        double value = 1 + (double)i;
        struct pace_cell cell = {.benchmark = SERIES[i].benchmark,
                                 .measure = SERIES[i].measure,
                                 .unit = SERIES[i].unit,
                                 .value = value,
                                 .lower = value - 1,
                                 .upper = value + 1};
        status = pace_run_put(run, &cell, error);
    }
    if (!status) status = pace_runs_commit(store, &run, 1, error, NULL);
    pace_run_free(run);
    return status;
}

/* Runs of a branch that no example asks for, so that there is a run 118. */
static int put_numbers(pace *store, struct pace_error *error)
{
    const int64_t start_ns = INT64_C(1577836800000000000);
    int status = 0;
    for (int i = 0; i < RUN_NAMED && !status; i++) {
        struct pace_run_info info = {
            .project = "ripgrep", .branch = "numbers", .testbed = "ci-1", .time_ns = start_ns + i};
        struct pace_cell cell = {.benchmark = "one",
                                 .measure = "latency",
                                 .unit = "ns",
                                 .value = i,
                                 .lower = i,
                                 .upper = i};
        pace_run *run = NULL;
        status = pace_run_begin(store, &info, error, &run);
        if (!status) status = pace_run_put(run, &cell, error);
        if (!status) status = pace_runs_commit(store, &run, 1, error, NULL);
        pace_run_free(run);
    }
    return status;
}

static int fill(const char *path)
{
    struct pace_error error = {0};
    pace *store;
    int status = pace_open(path, PACE_CREATE, NULL, &error, &store);
    if (status) return say("open", &error);
    for (size_t day = 0; day < COMMIT_COUNT; day++)
        for (size_t i = 0; i < SERIES_COUNT && !status; i++)
            if (i == 0 || !same_stream(&SERIES[i], &SERIES[i - 1]))
                status = put_run(store, i, day, &error);
    if (!status) status = put_numbers(store, &error);
    pace_close(store);
    return status ? say("fill", &error) : 0;
}

/* -- one example ------------------------------------------------------------------------------- */

enum outcome { RUNS, WRITES, NOT_BUILT, OUTCOMES };
enum { DIAG_NOT_BUILT = 90 }; /* Q090: parsed, but not built yet */

struct example {
    char *text;
    enum outcome outcome;
    double parse_s, plan_s;
};

static int parse(pace_session *session, const char *text, struct pace_error *error)
{
    pace_query *query = NULL;
    int status = pace_prepare(session, text, strlen(text), error, &query);
    pace_query_free(query);
    return status;
}

/* As far as the first rows of the script, or its end; diag_code: of the first diagnostic after an
 * error. */
static int to_first_rows(pace_session *session, const char *text, struct pace_error *error,
                         int *diag_code)
{
    enum pace_step step = PACE_STEP_STATEMENT;
    const struct pace_rows *rows;
    struct pace_diag diag;
    pace_query *query = NULL;
    int status = pace_prepare(session, text, strlen(text), error, &query);
    while (!status && step == PACE_STEP_STATEMENT)
        status = pace_step(query, error, &step, &rows);
    *diag_code = status && pace_diag_get(query, 0, &diag) == 0 ? diag.code : 0;
    pace_query_free(query);
    return status;
}

static int plan(pace_session *session, const char *text, struct pace_error *error)
{
    int diag_code;
    return to_first_rows(session, text, error, &diag_code);
}

typedef int task(pace_session *session, const char *text, struct pace_error *error);

static double median_of(task *work, pace_session *session, const char *text)
{
    static struct samples samples;
    struct pace_error error;
    samples.count = 0;
    for (int round = -WARM_UP; round < ROUNDS; round++) {
        double start_s = wall_s();
        work(session, text, &error);
        if (round >= 0) samples_add(&samples, wall_s() - start_s);
    }
    return samples_median(&samples);
}

static int classify(pace_session *session, struct example *example, struct pace_error *error)
{
    int diag_code, status = to_first_rows(session, example->text, error, &diag_code);
    if (status && status != PACE_EREADONLY && diag_code != DIAG_NOT_BUILT) return status;
    example->outcome = status == 0 ? RUNS : status == PACE_EREADONLY ? WRITES : NOT_BUILT;
    return 0;
}

/* A session of its own: `use` and `let` last as long as one. */
static int measure(pace *store, struct example *example)
{
    struct pace_error error = {0};
    pace_session *session;
    if (pace_session_open(store, NULL, &error, &session)) return say("session", &error);
    int status = pace_session_set(session, "branch", "main", &error);
    if (!status) status = plan(session, SETUP, &error);
    if (!status) status = classify(session, example, &error);
    if (!status) {
        example->parse_s = median_of(parse, session, example->text);
        if (example->outcome == RUNS) example->plan_s = median_of(plan, session, example->text);
    }
    pace_session_close(session);
    return status ? say(example->text, &error) : 0;
}

/* -- all of them ------------------------------------------------------------------------------- */

static int read_examples(const char *path, struct example *examples, size_t *count)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    *count = 0;
    if (!file) {
        perror(path);
        return -1;
    }
    while (*count < EXAMPLES_MAX && (len = getline(&line, &size, file)) > 0) {
        if (line[len - 1] == '\n') line[--len] = 0;
        if (len == 0 || line[0] == '#') continue;
        examples[(*count)++].text = line;
        line = NULL;
    }
    free(line);
    fclose(file);
    return 0;
}

static void show(const char *what, const struct example *examples, size_t count, bool plan)
{
    static struct samples samples;
    const struct example *worst = NULL;
    char text[80];
    double worst_s = 0;
    samples.count = 0;
    for (size_t i = 0; i < count; i++) {
        double value_s = plan ? examples[i].plan_s : examples[i].parse_s;
        if (value_s <= 0) continue;
        samples_add(&samples, value_s);
        if (value_s > worst_s) worst_s = value_s, worst = &examples[i];
    }
    if (!worst) return;
    snprintf(text, sizeof text, "%s: median of %zu", what, samples.count);
    report_row((struct row){text, FIGURE_TIME, samples_median(&samples), 0, 0});
    snprintf(text, sizeof text, "%s: worst", what);
    report_row((struct row){text, FIGURE_TIME, worst_s, 0, BAR_S});
    report_note("  the worst is: %s", worst->text);
}

int main(int argc, char **argv)
{
    static struct example examples[EXAMPLES_MAX];
    char path[PATH_BYTES];
    size_t count, outcomes[OUTCOMES] = {0};
    struct pace_error error = {0};
    pace *store;
    if (argc != 3) {
        fputs("usage: bench_language SCRATCH EXAMPLES\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/language.pace", argv[1]);
    if (read_examples(argv[2], examples, &count) || fill(path)) return 1;
    if (pace_open(path, PACE_READONLY, NULL, &error, &store)) return say("open", &error), 1;
    int status = 0;
    for (size_t i = 0; i < count && !status; i++) {
        status = measure(store, &examples[i]);
        outcomes[examples[i].outcome]++;
    }
    pace_close(store);
    if (!status) {
        report_begin("Parsing and planning the examples of the manual, in process", "");
        show("parse", examples, count, false);
        show("parse, bind, plan", examples, count, true);
        report_note("%zu examples: %zu planned; parsed only: %zu that write, %zu not built yet",
                    count, outcomes[RUNS], outcomes[WRITES], outcomes[NOT_BUILT]);
    }
    for (size_t i = 0; i < count; i++)
        free(examples[i].text);
    return status ? 1 : 0;
}
