/* test_windows.c -- windows made one from another, a batch at a time, against windows made one by one:
 * commits that come again side by side and scattered, rows without a value, rows that are not judged,
 * batches cut anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 6000, FUNCTIONS = 10 };

static const enum function FUNCTION_OF[FUNCTIONS] = {F_MEAN,   F_STDDEV, F_SUM, F_COUNT, F_CV,
                                                     F_MEDIAN, F_MIN,    F_IQR, F_FIRST, F_LAST};

static uint64_t state_of_random = 2463534242u;

static uint32_t random_below(uint32_t n)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return (uint32_t)(state_of_random % n);
}

struct rows {
    double value[ROWS];
    int64_t time_ns[ROWS];
    const char *commit[ROWS];
    uint8_t selected[ROWS];
};

/* Commits: mostly new ones, in groups, and one of the last again at times. `alike`: they begin alike,
 * and long stretches are not judged. */
static void fill(struct rows *rows, uint32_t gaps, uint32_t groups, uint32_t repeats, bool alike)
{
    static char names[ROWS][24];
    for (uint32_t i = 0; i < ROWS; i++) {
        const char **commit = &rows->commit[i];
        for (int c = 0; c < 20; c++)
            names[i][c] = alike && c < 10 ? '0' : "0123456789abcdef"[random_below(16)];
        *commit = names[i];
        if (i && groups && random_below(groups) == 0) *commit = rows->commit[i - 1];
        if (i > 90 && repeats && random_below(repeats) == 0)
            *commit = rows->commit[i - 1 - random_below(90)];
        if (random_below(200) == 0) *commit = "";
        rows->time_ns[i] = (int64_t)i * 1000;
        rows->value[i] = gaps && random_below(gaps) == 0 ? (double)NAN : random_below(100000) / 8.0;
        rows->selected[i] = alike ? i / 400 % 2 == 1 : i < 500 || i > 700;
    }
}

struct side {
    struct arena arena;
    struct windows *windows;
    double out[FUNCTIONS][PACE_MAX_BATCH];
};

static void side_begin(struct side *side, struct window window, bool slides)
{
    arena_init(&side->arena, 1 << 20);
    assert_int_equal(windows_make(&side->arena, window, &side->windows), 0);
    for (int i = 0; i < FUNCTIONS; i++)
        assert_int_equal(
            windows_add(&side->arena, side->windows, FUNCTION_OF[i], 0, window.needs, side->out[i]),
            0);
    side->windows->slides = slides;
}

static void side_end(struct side *side)
{
    windows_free(side->windows);
    arena_clear(&side->arena);
}

static void compare(const struct side *fast, const struct side *slow, size_t count)
{
    for (int f = 0; f < FUNCTIONS; f++)
        for (size_t i = 0; i < count; i++) {
            double a = fast->out[f][i], b = slow->out[f][i];
            assert_int_equal(isnan(a), isnan(b));
            assert_true(isnan(b) || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)));
        }
}

static void run_both(struct rows *rows, struct window window, size_t most)
{
    static struct side fast, slow;
    static const int series = 0;
    side_begin(&fast, window, true);
    side_begin(&slow, window, false);
    for (size_t at = 0, count; at < ROWS; at += count) {
        count = 1 + random_below((uint32_t)most);
        if (count > ROWS - at) count = ROWS - at;
        struct vec value = {.type = TYPE_NUMBER, .step = 1, .at.number = rows->value + at};
        struct vec time = {.type = TYPE_TIME, .step = 1, .at.time_ns = rows->time_ns + at};
        struct vec commit = {.type = TYPE_TEXT, .step = 1, .at.text = rows->commit + at};
        /* Two series: nothing of the first is in a window of the second. */
        struct batch batch = {.count = count,
                              .selected = rows->selected + at,
                              .series = (const struct series *)(const void *)&series,
                              .series_start = at == 0 || (at < 3000 && at + count >= 3000)};
        struct window_rows in = {&batch, &value, &time, &commit, false};
        assert_int_equal(windows_run(fast.windows, &in), 0);
        assert_int_equal(windows_run(slow.windows, &in), 0);
        compare(&fast, &slow, count);
    }
    side_end(&fast);
    side_end(&slow);
}

static void test_both_ways(void **state)
{
    (void)state;
    static const struct {
        uint32_t gaps, groups, repeats;
        bool alike;
    } kinds[] = {{0, 0, 0, false},    {50, 0, 0, false}, {0, 3, 0, false}, {0, 0, 100, false},
                 {30, 2, 200, false}, {0, 0, 0, true},   {0, 0, 100, true}};
    static const struct window windows[] = {
        {.kind = WINDOW_POINTS, .count = 30, .lag = 1, .needs = 5},
        {.kind = WINDOW_POINTS, .count = 1, .lag = 1, .needs = 1},
        {.kind = WINDOW_POINTS, .count = 64, .lag = 20, .needs = 0},
        {.kind = WINDOW_POINTS, .count = 700, .lag = 1, .needs = 2},
        {.kind = WINDOW_POINTS, .count = 20, .lag = 0, .needs = 2},
        {.kind = WINDOW_SPAN, .span_ns = 40500, .lag = 1, .needs = 2},
    };
    static struct rows rows;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        fill(&rows, kinds[k].gaps, kinds[k].groups, kinds[k].repeats, kinds[k].alike);
        for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
            run_both(&rows, windows[w], w % 2 ? PACE_MAX_BATCH : 90);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
