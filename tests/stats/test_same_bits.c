/* test_same_bits.c -- the change points of a series are the same to the bit, whichever thread asks
 * and whatever other threads do meanwhile. Random series come from the seeds that are printed. */
#include "../../query/stats/segment.h"
#include "series.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

enum { SERIES = 60, LENGTH = 260, ROOM = 64, THREADS = 2 };

struct answers {
    int count[METHOD_COUNT][SERIES];
    uint64_t digest[METHOD_COUNT][SERIES];
    int start; /* the first series that this thread takes: threads are at different ones */
};

/* random_series has a state of its own a process: made once, for all threads. */
static double all[SERIES][LENGTH];

static uint64_t mix(uint64_t digest, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (digest ^ bits) * 0x9e3779b97f4a7c15u + (digest >> 29);
}

static void *answer(void *data)
{
    struct answers *answers = data;
    struct change changes[ROOM];
    for (int method = 0; method < METHOD_COUNT; method++)
        for (int k = 0; k < SERIES; k++) {
            int s = (answers->start + k) % SERIES;
            struct segment_options options = segment_methods[method].defaults;
            int count = segment_changes(all[s], LENGTH, &options, changes, ROOM);
            uint64_t digest = (uint64_t)count;
            for (int i = 0; i < count && i < ROOM; i++) {
                const struct change *c = &changes[i];
                const double numbers[] = {
                    (double)c->kind,   (double)c->index, (double)c->end, (double)c->earliest,
                    (double)c->latest, c->before,        c->after,       c->mean_before,
                    c->mean_after,     c->effect,        c->p,           (double)c->recovered};
                for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
                    digest = mix(digest, numbers[n]);
            }
            answers->count[method][s] = count;
            answers->digest[method][s] = digest;
        }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    static struct answers one, many[THREADS];
    print_message("# seeds 600 to 659\n");
    for (int s = 0; s < SERIES; s++) {
        seed(600 + (uint64_t)s);
        for (int i = 0; i < LENGTH; i++)
            all[s][i] = 100 + (i >= 90 ? 8 : 0) - (i >= 180 + s ? 5 : 0) + normal();
    }
    answer(&one);
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++) {
        many[t].start = t * SERIES / THREADS;
        assert_int_equal(pthread_create(&threads[t], NULL, answer, &many[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    for (int t = 0; t < THREADS; t++) {
        assert_memory_equal(many[t].count, one.count, sizeof one.count);
        assert_memory_equal(many[t].digest, one.digest, sizeof one.digest);
    }
    for (int method = 0; method < METHOD_COUNT; method++) {
        int found = 0;
        for (int s = 0; s < SERIES; s++)
            found += one.count[method][s] > 0;
        assert_true(found > SERIES / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
