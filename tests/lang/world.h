/* world.h -- a store of its own for a test of the language, with a session 400 days after it
 * begins. */
#ifndef PACE_TEST_WORLD_H
#define PACE_TEST_WORLD_H

#include "../query_help.h"
#include "fixture.h"

#define WORLD_NOW_NS (FIXTURE_START_NS + 400 * FIXTURE_DAY_NS)

struct world {
    char *directory;
    pace *store;
    pace_session *session;
    int day; /* that is stored next, for tests that count */
};

/* *state becomes a struct world. fill NULL: the store is empty; else 0 when it is filled. */
static inline int world_open(void **state, int (*fill)(pace *store))
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    *state = world;
    world->directory = fixture_dir();
    assert_non_null(world->directory);
    assert_int_equal(pace_open(world->directory, PACE_CREATE, NULL, NULL, &world->store), 0);
    world->session = query_session(world->store, WORLD_NOW_NS);
    return fill ? fill(world->store) : 0;
}

/* Begins the run of a day on branch main, of its own commit. */
static inline pace_run *world_run(struct world *world, int day)
{
    char commit[41];
    pace_run *run;
    fixture_commit(commit, day);
    struct pace_run_info info = {.project = "p",
                                 .branch = "main",
                                 .testbed = "t",
                                 .commit = commit,
                                 .time_ns = FIXTURE_START_NS + day * FIXTURE_DAY_NS};
    assert_int_equal(pace_run_begin(world->store, &info, NULL, &run), 0);
    return run;
}

static inline void world_commit(struct world *world, pace_run *run)
{
    assert_int_equal(pace_runs_commit(world->store, &run, 1, NULL, NULL), 0);
    pace_run_free(run);
}

/* For tests that fill the store themselves. */
static inline int world_empty(void **state)
{
    return world_open(state, NULL);
}

static inline int world_close(void **state)
{
    struct world *world = *state;
    pace_session_close(world->session);
    pace_close(world->store);
    fixture_remove(world->directory);
    free(world->directory);
    free(world);
    return 0;
}

#endif
