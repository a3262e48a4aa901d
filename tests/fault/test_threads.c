/* test_threads.c -- many threads on one handle: some write, some read by scans, some ask, while the
 * map grows and rows are folded. What each sees is one state of the store, and later ones are not
 * older. */
#include "../../query/pace_query.h"
#include "../store_help.h"

#include "../../engine/store.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WRITERS = 2, READERS = 3, BATCHES = 40, BATCH = 3, COLUMNS = 50 };

struct crew {
    pace *store;
    atomic_int writing, failed;
    atomic_uint next;
};

static void failed(struct crew *crew, const char *what, const struct pace_error *error)
{
    if (atomic_fetch_add(&crew->failed, 1) == 0) printf("# %s: %s\n", what, error->message);
}

static void *be_writer(void *context)
{
    struct crew *crew = context;
    struct pace_error error = {0};
    for (int b = 0; b < BATCHES && !crew->failed; b++) {
        pace_run *runs[BATCH];
        int rc = 0;
        for (int k = 0; k < BATCH; k++) {
            unsigned number = atomic_fetch_add(&crew->next, 1);
            struct pace_run_info info = run_at(T0_NS + number * SECOND_NS);
            rc |= pace_run_begin(crew->store, &info, &error, &runs[k]);
            for (int c = 0; !rc && c < COLUMNS; c++) {
                char name[16];
                snprintf(name, sizeof name, "b%d", c);
                struct pace_cell cell = cell_of(name, number);
                rc |= pace_run_put(runs[k], &cell, &error);
            }
        }
        if (!rc) rc = pace_runs_commit(crew->store, runs, BATCH, &error, NULL);
        if (rc) failed(crew, "a writer", &error);
        for (int k = 0; k < BATCH; k++)
            pace_run_free(runs[k]);
    }
    atomic_fetch_sub(&crew->writing, 1);
    return NULL;
}

/* All cells of a run are equal, and as many runs are scanned as there are. */
static int scan_all(pace_snapshot *snapshot, uint64_t *count, struct pace_error *error)
{
    static const uint32_t columns[] = {0, COLUMNS / 2, COLUMNS - 1};
    struct pace_cells cells = {.run_count = 1};
    pace_scan *scan;
    int rc = pace_scan_open(snapshot, 0, columns, 3, NULL, error, &scan);
    *count = 0;
    if (rc) return rc;
    while (!rc && cells.run_count) {
        rc = pace_scan_next(scan, error, &cells);
        for (size_t r = 0; !rc && r < cells.run_count; r++) {
            if (cells.value[r] != cells.value[cells.stride + r] ||
                cells.value[r] != cells.value[2 * cells.stride + r])
                rc = error_set(error, PACE_EIO, "a run of several values");
        }
        if (!rc) *count += cells.run_count;
    }
    pace_scan_close(scan);
    return rc;
}

static void *be_reader(void *context)
{
    struct crew *crew = context;
    uint64_t before = 0, count;
    while (atomic_load(&crew->writing) > 0 && !crew->failed) {
        struct pace_error error = {0};
        pace_snapshot *snapshot;
        int rc = pace_snapshot_begin(crew->store, &error, &snapshot);
        if (!rc) {
            uint64_t runs = pace_run_count(snapshot);
            rc = runs ? scan_all(snapshot, &count, &error) : 0;
            if (!rc && runs && count != runs) rc = error_set(&error, PACE_EIO, "runs are missing");
            if (!rc && runs < before) rc = error_set(&error, PACE_EIO, "an older state");
            before = runs;
            pace_snapshot_end(snapshot);
        }
        if (rc) failed(crew, "a reader", &error);
    }
    return NULL;
}

static int ask(pace *store, struct pace_error *error)
{
    static const char text[] = "branch:main | check percentage 10% over 5 | last 1";
    struct pace_query_options options = {.struct_size = sizeof options, .now_ns = T0_NS};
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    pace_session *session;
    pace_query *query;
    int rc = pace_session_open(store, &options, error, &session);
    if (rc) return rc;
    rc = pace_prepare(session, text, sizeof text - 1, error, &query);
    while (!rc && step != PACE_STEP_END)
        rc = pace_step(query, error, &step, &rows);
    pace_query_free(query);
    pace_session_close(session);
    return rc;
}

static void *be_asker(void *context)
{
    struct crew *crew = context;
    while (atomic_load(&crew->writing) > 0 && !crew->failed) {
        struct pace_error error = {0};
        if (ask(crew->store, &error)) failed(crew, "a query", &error);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 20};
    struct crew crew = {.writing = WRITERS};
    pthread_t threads[WRITERS + READERS + 1];
    struct pace_verified seen;
    store_ok(pace_open(dir, PACE_CREATE, &options, error, &crew.store));
    crew.store->limits.runs = 8; /* folds and merges are among it */
    crew.store->limits.large_runs = 64;
    crew.store->limits.keep_runs = 16;
    pace_run *run;
    struct pace_run_info info = run_at(T0_NS - SECOND_NS);
    store_ok(pace_run_begin(crew.store, &info, error, &run));
    for (int c = 0; c < COLUMNS; c++) {
        char name[16];
        snprintf(name, sizeof name, "b%d", c);
        struct pace_cell cell = cell_of(name, -1);
        store_ok(pace_run_put(run, &cell, error));
    }
    store_ok(pace_runs_commit(crew.store, &run, 1, error, NULL));
    pace_run_free(run);
    for (int i = 0; i <= WRITERS + READERS; i++) {
        void *(*act)(void *) = i < WRITERS             ? be_writer
                               : i < WRITERS + READERS ? be_reader
                                                       : be_asker;
        assert_int_equal(pthread_create(&threads[i], NULL, act, &crew), 0);
    }
    for (int i = 0; i <= WRITERS + READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crew.failed, 0);
    pace_close(crew.store);
    store_ok(pace_verify(dir, print_damage, NULL, error, &seen));
    assert_int_equal(seen.runs, 1 + WRITERS * BATCHES * BATCH);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
