/* test_tail.c -- quantiles near an end of a sample that comes in pieces, against all of it in
 * order: values that go up, down, both ways or not at all, ties, fewer values than were told of. */
#include "../../query/stats/sample.h"
#include "../../query/stats/tail.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { MOST = 100000, PIECE = 1024 };

static uint64_t random_state = 88172645463325252u;

static double uniform(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

enum shape { NOISE, UP, DOWN, WAVE, TIES, SAME, STEP, SHAPES };

static double value_of(enum shape shape, size_t i)
{
    double at = (double)i;
    switch (shape) {
    case UP: return at * 0.5;
    case DOWN: return -at;
    case WAVE: return sin(at / 5000) + 0.1 * uniform();
    case TIES: return floor(uniform() * 20) - 10;
    case SAME: return 7.25;
    case STEP: return (i < MOST / 2 ? 100 : 130) + uniform();
    default: return uniform() - 0.5;
    }
}

/* The quantile of x[0 .. n), given in pieces; *left: the most values that were there at a time. */
static double by_tail(const double *x, size_t n, double p, size_t most, double *room, size_t *left)
{
    struct tail tail;
    struct tail_bound bound = {0, false};
    size_t count = 0;
    *left = 0;
    tail_plan(&tail, p, most);
    assert_true(tail.keep > 0);
    for (size_t i = 0; i < n;) {
        size_t piece = 1 + (size_t)(uniform() * PIECE);
        if (piece > n - i) piece = n - i;
        if (count + piece > tail_room(&tail)) count = tail_cut(&tail, &bound, room, count);
        count += tail_put(&tail, &bound, x + i, piece, room + count);
        if (count > *left) *left = count;
        i += piece;
    }
    return tail_quantile(&tail, room, count, n, p);
}

static void test_quantiles(void **state)
{
    (void)state;
    static const double ps[] = {0, 1e-4, 0.01, 0.05, 0.08, 0.95, 0.99, 0.999, 1};
    double *x = malloc(MOST * sizeof *x), *sorted = malloc(MOST * sizeof *x);
    double *room = malloc(MOST * sizeof *x);
    assert_true(x && sorted && room);
    for (enum shape shape = 0; shape < SHAPES; shape++) {
        for (int k = 0; k < 3; k++) {
            size_t n = k == 0 ? MOST : k == 1 ? MOST - 1 : MOST / 3;
            for (size_t i = 0; i < n; i++)
                sorted[i] = x[i] = value_of(shape, i);
            sample_sort(sorted, n);
            for (size_t i = 0; i < sizeof ps / sizeof *ps; i++) {
                size_t left;
                double got = by_tail(x, n, ps[i], MOST, room, &left);
                assert_true(got == sorted_quantile(sorted, n, ps[i]));
                assert_true(left <= 3 * (0.08 * MOST + 8) + PIECE);
            }
        }
    }
    free(x);
    free(sorted);
    free(room);
}

/* Where all values may be needed there is no tail, and few ones are not worth one. */
static void test_plan(void **state)
{
    (void)state;
    struct tail tail;
    tail_plan(&tail, 0.5, MOST);
    assert_int_equal(tail.keep, 0);
    tail_plan(&tail, 0.99, 1000);
    assert_int_equal(tail.keep, 0);
    tail_plan(&tail, 0.99, 0);
    assert_int_equal(tail.keep, 0);
    tail_plan(&tail, (double)NAN, MOST);
    assert_int_equal(tail.keep, 0);
    tail_plan(&tail, 0.99, MOST);
    assert_true(tail.keep >= MOST / 100 && !tail.low);
    tail_plan(&tail, 0.01, MOST);
    assert_true(tail.keep >= MOST / 100 && tail.low);
    /* Nothing but NAN of a p that is none, and of nothing. */
    double x[1] = {1};
    assert_true(isnan(tail_quantile(&tail, x, 0, 0, 0.01)));
    assert_true(isnan(tail_quantile(&tail, x, 1, 5, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quantiles),
                                       cmocka_unit_test(test_plan)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
