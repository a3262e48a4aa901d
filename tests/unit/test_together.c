/* test_together.c -- threads that write at the same time: they share commits, each run is whole or
 * not there, and each writer has its own result. */
#include "../store_help.h"

#include "../../engine/kv_line.h"
#include "../../engine/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { THREADS = 6, ROUNDS_MAX = 50 };

/* Number of the last commit: the field `txn` of the newer of LMDB's two meta pages. */
static uint64_t last_commit(const char *path)
{
    enum { PAGE_BYTES = 4096, TXN_AT = 144 };
    char name[8192];
    uint64_t txn[2];
    snprintf(name, sizeof name, "%s/data.mdb", path);
    int fd = open(name, O_RDONLY);
    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pread(fd, &txn[i], sizeof txn[i], i * PAGE_BYTES + TXN_AT), sizeof txn[i]);
    close(fd);
    return txn[0] > txn[1] ? txn[0] : txn[1];
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

struct writer {
    pthread_t thread;
    pace *store;
    pace_run *run;
    atomic_uint *arrived;
    int rc;
    struct pace_error error;
    struct pace_run_result result;
};

static void *write_one(void *context)
{
    struct writer *writer = context;
    atomic_fetch_add(writer->arrived, 1);
    writer->rc = pace_runs_commit(writer->store, &writer->run, 1, &writer->error, &writer->result);
    return NULL;
}

/* A run on a testbed of its own with one cell. */
static pace_run *make_run(pace *store, const char *testbed, const char *id, const char *unit,
                          double value)
{
    struct pace_run_info info = run_at(T0_NS);
    struct pace_cell cell = {.benchmark = "fib",
                             .measure = "latency",
                             .unit = unit,
                             .value = value,
                             .lower = (double)NAN,
                             .upper = (double)NAN};
    pace_run *run;
    info.testbed = testbed;
    info.id = id;
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    return run;
}

/* Has all of them arrive while the store is held, lets go, and waits for them. */
static void write_together(struct kv *kv, struct writer *writers, unsigned count)
{
    atomic_uint arrived = 0;
    store_ok(kv_hold(kv, 10000, error));
    for (unsigned i = 0; i < count; i++) {
        writers[i].arrived = &arrived;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_one, &writers[i]), 0);
    }
    while (atomic_load(&arrived) < count)
        pause_ms(1);
    pause_ms(10); /* from there to the line; a round in which that was too short is repeated */
    kv_release(kv);
    for (unsigned i = 0; i < count; i++)
        pthread_join(writers[i].thread, NULL);
}

static uint64_t run_count(pace *store)
{
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    uint64_t runs = pace_run_count(snapshot);
    pace_snapshot_end(snapshot);
    return runs;
}

/* Handles of one store share a line, and its commits. */
static void test_commits_are_shared(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *stores[2];
    uint64_t stored = 0;
    int shared = 0;
    for (int i = 0; i < 2; i++)
        store_ok(pace_open(path, PACE_CREATE, NULL, error, &stores[i]));
    for (int round = 0; round < ROUNDS_MAX && !shared; round++) {
        struct writer writers[THREADS] = {0};
        uint64_t before = last_commit(path);
        for (unsigned i = 0; i < THREADS; i++) {
            char testbed[16], id[32];
            snprintf(testbed, sizeof testbed, "tb-%u", i);
            snprintf(id, sizeof id, "run-%d-%u", round, i);
            writers[i].store = stores[i % 2];
            writers[i].run = make_run(stores[i % 2], testbed, id, "ns", 100 + i);
        }
        write_together(stores[0]->kv, writers, THREADS);
        for (unsigned i = 0; i < THREADS; i++) {
            if (writers[i].rc) fail_msg("%s", writers[i].error.message);
            assert_int_equal(writers[i].result.duplicate, 0);
            for (unsigned j = 0; j < i; j++)
                assert_int_not_equal(writers[i].result.run, writers[j].result.run);
            pace_run_free(writers[i].run);
        }
        stored += THREADS;
        assert_int_equal(run_count(stores[1]), stored);
        shared = last_commit(path) - before < THREADS;
    }
    assert_true(shared);
    for (int i = 0; i < 2; i++)
        pace_close(stores[i]);
    store_ok(pace_verify(path, NULL, NULL, error, NULL));
    remove_tree(path);
}

/* A run that is refused, and one that is stored already, do nothing to those beside them. */
static void test_each_has_its_own_result(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *store;
    struct writer first = {0};
    atomic_uint arrived = 0;
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    first = (struct writer){.store = store, .arrived = &arrived};
    first.run = make_run(store, "tb", "known", "ns", 1);
    write_one(&first);
    assert_int_equal(first.rc, 0);
    for (int round = 0; round < 3; round++) {
        struct writer writers[THREADS] = {0};
        uint64_t before = run_count(store);
        char ids[2][32];
        for (int i = 0; i < 2; i++)
            snprintf(ids[i], sizeof ids[i], "new-%d-%d", round, i);
        writers[0].run = make_run(store, "tb", ids[0], "us", 2);
        writers[1].run = make_run(store, "tb", "bytes", "B", 3);
        writers[2].run = make_run(store, "tb", "known", "ns", 4);
        writers[3].run = make_run(store, "tb", "known", "ns", 1);
        writers[4].run = make_run(store, "other", ids[1], "ns", 5);
        writers[5].run = first.run; /* committed already */
        for (unsigned i = 0; i < THREADS; i++)
            writers[i].store = store;
        write_together(store->kv, writers, THREADS);
        const int expected[THREADS] = {0, PACE_EUNIT, PACE_ECONFLICT, 0, 0, PACE_EMISUSE};
        for (unsigned i = 0; i < THREADS; i++) {
            if (writers[i].rc != expected[i])
                fail_msg("writer %u: %d, %s", i, writers[i].rc, writers[i].error.message);
            assert_int_equal(writers[i].error.code, expected[i]);
            if (i < 5) pace_run_free(writers[i].run);
        }
        assert_int_equal(writers[3].result.duplicate, 1);
        assert_int_equal(writers[3].result.run, first.result.run);
        assert_int_equal(run_count(store), before + 2);
    }
    pace_run_free(first.run);
    pace_close(store);
    remove_tree(path);
}

/* -- the line itself --------------------------------------------------------------------------- */

struct waiter {
    pthread_t thread;
    struct kv_line *line;
    struct kv_place place;
    unsigned timeout_ms;
    enum kv_turn turn;
};

static void *wait_in_line(void *context)
{
    struct waiter *waiter = context;
    struct timespec deadline = kv_file_deadline(waiter->timeout_ms);
    waiter->turn = kv_line_enter(waiter->line, &waiter->place, &deadline);
    if (waiter->turn == KV_LEADS) kv_line_leave(waiter->line, NULL, 0);
    return NULL;
}

static unsigned waiting(struct kv_line *line)
{
    unsigned count = 0;
    pthread_mutex_lock(&line->mutex);
    for (const struct kv_place *place = line->first; place; place = place->next)
        count++;
    pthread_mutex_unlock(&line->mutex);
    return count;
}

static void test_the_leader_takes_those_with_little_work(void **state)
{
    (void)state;
    static const struct kv_work little = {.is_little = 1}, large = {0};
    const struct kv_work *works[] = {&little, &large, &little, NULL, &little};
    enum { COUNT = sizeof works / sizeof *works };
    struct waiter waiters[COUNT] = {{0}};
    struct kv_place own = {0}, *taken[COUNT];
    struct timespec deadline = kv_file_deadline(1000);
    struct kv_line line;
    kv_line_init(&line);
    assert_int_equal(kv_line_enter(&line, &own, &deadline), KV_LEADS);
    for (unsigned i = 0; i < COUNT; i++) {
        waiters[i] = (struct waiter){
            .line = &line, .place = {.work = works[i], .rc = -1}, .timeout_ms = 60000};
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_in_line, &waiters[i]), 0);
        while (waiting(&line) < i + 1)
            pause_ms(1);
    }
    assert_int_equal(kv_line_take(&line, taken, 2), 2);
    assert_ptr_equal(taken[0], &waiters[0].place);
    assert_ptr_equal(taken[1], &waiters[2].place);
    assert_int_equal(waiting(&line), COUNT - 2);
    kv_line_leave(&line, taken, 2);
    for (unsigned i = 0; i < COUNT; i++) {
        pthread_join(waiters[i].thread, NULL);
        assert_int_equal(waiters[i].turn, i == 0 || i == 2 ? KV_DONE : KV_LEADS);
    }
    kv_line_free(&line);
}

static void test_who_is_late_leaves_the_line(void **state)
{
    (void)state;
    struct kv_place own = {0};
    struct timespec deadline = kv_file_deadline(1000);
    struct kv_line line;
    kv_line_init(&line);
    assert_int_equal(kv_line_enter(&line, &own, &deadline), KV_LEADS);
    struct waiter waiter = {.line = &line, .timeout_ms = 1};
    wait_in_line(&waiter);
    assert_int_equal(waiter.turn, KV_LATE);
    assert_int_equal(waiting(&line), 0);
    kv_line_leave(&line, NULL, 0);
    wait_in_line(&waiter);
    assert_int_equal(waiter.turn, KV_LEADS);
    kv_line_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commits_are_shared),
        cmocka_unit_test(test_each_has_its_own_result),
        cmocka_unit_test(test_the_leader_takes_those_with_little_work),
        cmocka_unit_test(test_who_is_late_leaves_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
