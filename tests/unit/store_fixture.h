/* store_fixture.h -- an open store for each test, and short ways to put and look. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "../store_help.h"

struct fixture {
    char *dir;
    pace *store;
};

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = make_directory();
    store_ok(pace_open(f->dir, PACE_CREATE, NULL, error, &f->store));
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    pace_close(f->store);
    remove_tree(f->dir);
    free(f);
    return 0;
}

static inline void reopen(struct fixture *f)
{
    pace_close(f->store);
    store_ok(pace_open(f->dir, 0, NULL, error, &f->store));
}

static inline pace_run *begin(pace *store, int64_t time_ns)
{
    struct pace_run_info info = run_at(time_ns);
    pace_run *run;
    store_ok(pace_run_begin(store, &info, error, &run));
    return run;
}

static inline void put(pace_run *run, const char *benchmark, double value)
{
    struct pace_cell cell = cell_of(benchmark, value);
    store_ok(pace_run_put(run, &cell, error));
}

static inline struct pace_run_result commit(pace *store, pace_run *run)
{
    struct pace_run_result result;
    store_ok(pace_runs_commit(store, &run, 1, error, &result));
    pace_run_free(run);
    return result;
}

static inline pace_snapshot *look(pace *store)
{
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    return snapshot;
}

static const struct pace_range all = {.from_ns = INT64_MIN, .until_ns = INT64_MAX};

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
