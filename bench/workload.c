/* workload.c -- a made-up history that is the same on every machine. */
#include "workload.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define START_NS INT64_C(1577836800000000000) /* 2020-01-01T00:00Z */
#define STEP_NS  INT64_C(10000000000)         /* ten million runs are three years */

enum { FILL_RUNS = 200 }; /* runs a commit of workload_fill */

/* splitmix64's finaliser: every bit of the result depends on every bit of x. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* 0 <= x < 1, by all but the lowest 11 bits. */
static double fraction(uint64_t random)
{
    return (double)(random >> 11) * 0x1p-53;
}

/* One value in 512 is an outlier: a quarter more than the others. */
static bool is_outlier(uint64_t random)
{
    return (random & 511) == 0;
}

double workload_value(uint32_t stream, uint32_t column, uint32_t run)
{
    double level = 100 + 10000 * fraction(mix(column));
    uint64_t random = mix(~(((uint64_t)stream << 48) ^ ((uint64_t)column << 24) ^ run));
    double value = level * (1 + 0.04 * (fraction(random) - 0.5));
    if (is_outlier(random)) value *= 1.25;
    switch (column % 4) {
    case 0: return value;
    case 1: return round(value);
    case 2: return round(value * 100) / 100;
    default: return round(value * 1000) / 1000;
    }
}

int64_t workload_time_ns(uint32_t run)
{
    return START_NS + run * STEP_NS;
}

/* Names are made by hand: one is made for every run or cell that is stored, and snprintf would be a
 * good part of the time. */
static char *put_hex(char *out, uint64_t number, unsigned digits)
{
    while (digits--)
        *out++ = "0123456789abcdef"[number >> 4 * digits & 15];
    return out;
}

/* In decimal digits, at least so many. */
static void put_number(char *out, uint32_t number, size_t least)
{
    char digits[WORKLOAD_NAME];
    size_t count = 0;
    for (; number || count < least; number /= 10)
        digits[count++] = (char)('0' + number % 10);
    while (count)
        *out++ = digits[--count];
    *out = 0;
}

void workload_commit(uint32_t run, char out[WORKLOAD_COMMIT])
{
    *put_hex(put_hex(put_hex(out, mix(run), 16), mix(~(uint64_t)run), 16), run, 8) = 0;
}

void workload_testbed(uint32_t stream, char out[WORKLOAD_NAME])
{
    memcpy(out, "tb-", 3);
    put_number(out + 3, stream, 1);
}

void workload_benchmark(uint32_t column, char out[WORKLOAD_NAME])
{
    memcpy(out, "b-", 2);
    put_number(out + 2, column, 4);
}

static int begin(pace *store, uint32_t stream, uint32_t run, struct pace_error *error,
                 pace_run **out)
{
    char testbed[WORKLOAD_NAME], commit[WORKLOAD_COMMIT];
    workload_testbed(stream, testbed);
    workload_commit(run, commit);
    struct pace_run_info info = {.project = WORKLOAD_PROJECT,
                                 .branch = WORKLOAD_BRANCH,
                                 .testbed = testbed,
                                 .commit = commit,
                                 .time_ns = workload_time_ns(run),
                                 .ran_ns = workload_time_ns(run)};
    return pace_run_begin(store, &info, error, out);
}

static int put(pace_run *run, const char *benchmark, double value, struct pace_error *error)
{
    struct pace_cell cell = {.benchmark = benchmark,
                             .measure = WORKLOAD_MEASURE,
                             .unit = WORKLOAD_UNIT,
                             .direction = PACE_LOWER_IS_BETTER,
                             .value = value,
                             .lower = (double)NAN,
                             .upper = (double)NAN};
    return pace_run_put(run, &cell, error);
}

int workload_run(const struct workload *workload, pace *store, uint32_t stream, uint32_t run,
                 struct pace_error *error, pace_run **out)
{
    char benchmark[WORKLOAD_NAME];
    pace_run *made;
    int status = begin(store, stream, run, error, &made);
    if (status) return status;
    for (uint32_t column = 0; column < workload->columns && !status; column++) {
        workload_benchmark(column, benchmark);
        status = put(made, benchmark, workload_value(stream, column, run), error);
    }
    if (status) {
        pace_run_free(made);
        return status;
    }
    *out = made;
    return 0;
}

int workload_append(const struct workload *workload, pace *store, uint32_t stream, uint32_t run,
                    char (*names)[WORKLOAD_NAME], const double *values, struct pace_error *error)
{
    pace_run *made;
    int status = begin(store, stream, run, error, &made);
    if (status) return status;
    for (uint32_t column = 0; column < workload->columns && !status; column++)
        status = put(made, names[column], values[column], error);
    if (!status) status = pace_runs_commit(store, &made, 1, error, NULL);
    pace_run_free(made);
    return status;
}

int workload_store(const struct workload *workload, pace *store, uint32_t first, uint32_t count,
                   struct pace_error *error)
{
    pace_run **runs = calloc(count, sizeof *runs);
    if (!runs) {
        *error = (struct pace_error){.code = ENOMEM, .message = "out of memory"};
        return ENOMEM;
    }
    int status = 0;
    for (uint32_t i = 0; i < count && !status; i++) {
        uint32_t number = first + i;
        status = workload_run(workload, store, number % workload->streams,
                              number / workload->streams, error, &runs[i]);
    }
    if (!status) status = pace_runs_commit(store, runs, count, error, NULL);
    for (uint32_t i = 0; i < count; i++)
        pace_run_free(runs[i]);
    free(runs);
    return status;
}

int workload_handles(const struct workload *workload, pace *store, struct pace_error *error,
                     pace_column_handle *handles)
{
    char benchmark[WORKLOAD_NAME];
    int status = 0;
    for (uint32_t column = 0; column < workload->columns && !status; column++) {
        workload_benchmark(column, benchmark);
        status = pace_column(store, benchmark, WORKLOAD_MEASURE, WORKLOAD_UNIT,
                             PACE_LOWER_IS_BETTER, error, &handles[column]);
    }
    return status;
}

void workload_values(const struct workload *workload, uint32_t stream, uint32_t first,
                     uint32_t count, double *values)
{
    for (uint32_t run = first; run - first < count; run++)
        for (uint32_t column = 0; column < workload->columns; column++)
            *values++ = workload_value(stream, column, run);
}

int workload_load(const struct workload *workload, pace *store, const pace_column_handle *handles,
                  uint32_t stream, uint32_t streams, uint32_t first, uint32_t count,
                  const double *values, struct pace_error *error)
{
    uint32_t total = streams * count;
    pace_run **runs = calloc(total, sizeof *runs);
    if (!runs) {
        *error = (struct pace_error){.code = ENOMEM, .message = "out of memory"};
        return ENOMEM;
    }
    int status = 0;
    for (uint32_t i = 0; i < total && !status; i++) {
        status = begin(store, stream + i / count, first + i % count, error, &runs[i]);
        if (!status)
            status = pace_run_put_row(runs[i], handles, values + (size_t)i * workload->columns,
                                      workload->columns, error);
    }
    if (!status) status = pace_runs_commit(store, runs, total, error, NULL);
    for (uint32_t i = 0; i < total; i++)
        pace_run_free(runs[i]);
    free(runs);
    return status;
}

int workload_fill(const struct workload *workload, pace *store, struct pace_error *error)
{
    uint32_t total = workload->streams * workload->runs;
    int status = 0;
    for (uint32_t first = 0; first < total && !status; first += FILL_RUNS) {
        uint32_t left = total - first;
        status = workload_store(workload, store, first, left < FILL_RUNS ? left : FILL_RUNS, error);
    }
    return status;
}
