/* test_level.c -- the level of a series (query/level.h): rows that are skipped leave behind what
 * rows do that were taken one by one. Series with steps, outliers, gaps and commits that come
 * again, from the seeds that are printed. */
#include "../../query/levels.h"
#include "../stats/series.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 400, POINTS = 700, COMMIT = 16 };

struct made {
    char texts[POINTS][COMMIT];
    const char *commit[POINTS];
    uint16_t hash[POINTS], machine[POINTS];
    int64_t time_ns[POINTS];
    double value[POINTS];
    uint8_t shown[POINTS];
};

/* Quiet for long stretches, as history mostly is. */
static void make(struct made *made, uint64_t number)
{
    bool repeats = number % 3 == 0, names = number % 7 != 0, moves = number % 5 == 0;
    double level = 100, noise = number % 2 ? 1 : 2.5;
    unsigned commit = 0;
    uint16_t machine = 1;
    seed(number);
    for (size_t i = 0; i < POINTS; i++) {
        if (uniform() < 0.01) level *= uniform() < 0.5 ? 1.15 : 0.88;
        if (!repeats || uniform() < 0.7) commit = (unsigned)i;
        if (repeats && uniform() < 0.02) commit = (unsigned)(uniform() * (double)(i + 1));
        if (moves && uniform() < 0.01) machine = (uint16_t)(uniform() * 3);
        snprintf(made->texts[i], COMMIT, "%s%x", names ? "c" : "", commit * 2654435761u);
        if (!names) made->texts[i][0] = 0;
        made->commit[i] = made->texts[i];
        made->hash[i] = level_hash(made->commit[i]);
        made->machine[i] = machine;
        made->time_ns[i] = (int64_t)i * 1000000000;
        made->value[i] = level + noise * normal();
        if (uniform() < 0.01) made->value[i] *= 1.3;
        if (uniform() < 0.005) made->value[i] = (double)NAN;
        made->shown[i] = uniform() < 0.02 || i + 5 > POINTS;
    }
}

static struct level_point point_of(const struct made *made, size_t i)
{
    return (struct level_point){.time_ns = made->time_ns[i],
                                .commit = made->commit[i],
                                .value = made->value[i],
                                .other = made->value[i]};
}

static void same_number(double a, double b)
{
    assert_true(memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)));
}

static void same_verdict(const struct level_verdict *a, const struct level_verdict *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->judged, b->judged);
    assert_int_equal(a->confirms, b->confirms);
    same_number(a->limits.centre, b->limits.centre);
    same_number(a->limits.low, b->limits.low);
    same_number(a->limits.high, b->limits.high);
    same_number(a->before, b->before);
    assert_true(a->good_commit == b->good_commit && a->bad_commit == b->bad_commit);
}

/* How many rows from i on are history and of one machine. */
static size_t stretch(const struct made *made, size_t i)
{
    size_t end = i;
    while (end < POINTS && !made->shown[end] && made->machine[end] == made->machine[i])
        end++;
    return end - i;
}

static void test_skip(void **state)
{
    (void)state;
    static struct made made;
    const struct rule rule = {
        .model = MODEL_T_TEST,
        .floor = 0.05,
        .confirm = 2,
        .confirm_of = 2,
        .window = {.kind = WINDOW_POINTS, .count = 64, .lag = 1, .needs = 5, .segment = true}};
    const struct bound bound = {BOUND_PROBABILITY, 0.99}, none = {BOUND_NONE, 0};
    struct levels one, many; /* kept from series to series, as `check` does */
    size_t skipped = 0, shown = 0, fired = 0;
    levels_init(&one, &rule, false);
    levels_init(&many, &rule, false);
    print_message("# seeds 1 to %d\n", ROUNDS);
    for (uint64_t number = 1; number <= ROUNDS; number++) {
        make(&made, number);
        enum pace_direction direction = number % 4 ? PACE_LOWER_IS_BETTER : PACE_HIGHER_IS_BETTER;
        bool up = direction == PACE_LOWER_IS_BETTER;
        assert_int_equal(levels_start(&one, up ? none : bound, up ? bound : none, direction), 0);
        assert_int_equal(levels_start(&many, up ? none : bound, up ? bound : none, direction), 0);
        for (size_t i = 0; i < POINTS;) {
            struct level_verdict a, b;
            struct level_rows rows = {made.time_ns + i, made.commit + i, made.hash + i,
                                      made.value + i, stretch(&made, i)};
            size_t taken = 0;
            if (rows.count) assert_int_equal(levels_skip(&many, &rows, made.machine[i], &taken), 0);
            assert_true(taken <= rows.count);
            skipped += taken;
            for (size_t end = i + taken; i < end; i++) {
                struct level_point point = point_of(&made, i);
                assert_int_equal(levels_next(&one, &point, made.machine[i], NULL), 0);
            }
            if (i == POINTS) break;
            struct level_point point = point_of(&made, i);
            bool ask = made.shown[i];
            assert_int_equal(levels_next(&one, &point, made.machine[i], ask ? &a : NULL), 0);
            assert_int_equal(levels_next(&many, &point, made.machine[i], ask ? &b : NULL), 0);
            i++;
            if (!ask) continue;
            same_verdict(&a, &b);
            shown++;
            fired += a.verdict == VERDICT_WORSE || a.verdict == VERDICT_SUSPECTED;
        }
    }
    print_message("# %zu rows skipped, %zu judged, %zu of them worse\n", skipped, shown, fired);
    assert_true(skipped > ROUNDS * POINTS / 4 && fired > 50);
    levels_free(&one);
    levels_free(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_skip)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
