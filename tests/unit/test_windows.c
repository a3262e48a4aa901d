/* test_windows.c -- windows made one from another, a batch at a time, against windows made one by
 * one: commits that come again side by side and scattered, rows without a value, rows that are not
 * judged, batches cut anywhere, commits as texts and as keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 6000, FUNCTIONS = 12 };

static const enum function FUNCTION_OF[FUNCTIONS] = {F_MEAN,  F_STDDEV, F_SUM,    F_COUNT,
                                                     F_CV,    F_MEDIAN, F_MIN,    F_IQR,
                                                     F_FIRST, F_LAST,   F_STDDEV, F_MEAN};

/* How rows come: some of them judged, or all, their commits as texts; all, their commits as
 * keys. */
enum manner { SOME_JUDGED, ALL_JUDGED, AS_KEYS, MANNERS };

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
    uint32_t key[ROWS];
    uint64_t place[ROWS];
};

/* Commits: mostly new ones, in groups, and one of the last again at times. `alike`: they begin
 * alike, and long stretches are not judged. */
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
        /* Alike, keys that say little. */
        rows->key[i] = recent_key(*commit) & (alike ? 0xffffff01 : 0xffffffff);
        rows->place[i] = (uint64_t)i << 20;
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
        assert_int_equal(windows_add(&side->arena, side->windows, FUNCTION_OF[i], 0,
                                     window.needs + (i < 5 ? 3 : 0), side->out[i]),
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

/* The rows whose commits are looked up by their places, and how often. */
static const struct rows *looked_in;
static size_t looked_up;
static atomic_bool texts; /* of the rows that come are asked for */

static int look_up(const struct batch_keys *keys, uint64_t place, const char **out)
{
    (void)keys;
    looked_up++;
    *out = looked_in->commit[place >> 20];
    return 0;
}

/* Rows [at, at + count), of two series: nothing of the first is in a window of the second. */
static void run_rows(struct side *fast, struct side *slow, struct rows *rows, size_t at,
                     size_t count, enum manner manner)
{
    static const int series = 0;
    struct vec value = {.type = TYPE_NUMBER, .step = 1, .at.number = rows->value + at};
    struct vec time = {.type = TYPE_TIME, .step = 1, .at.time_ns = rows->time_ns + at};
    struct vec commit = {.type = TYPE_TEXT, .step = 1, .at.text = rows->commit + at};
    struct vec none = {.type = TYPE_TEXT};
    struct batch batch = {.count = count,
                          .selected = manner == SOME_JUDGED ? rows->selected + at : NULL,
                          .series = (const struct series *)(const void *)&series,
                          .series_start = at == 0 || (at < 3000 && at + count >= 3000)};
    struct batch_keys keys = {
        .key = rows->key + at, .place = rows->place + at, .commit = look_up, .texts = &texts};
    if (batch.series_start) texts = false;
    struct window_rows in = {.batch = &batch, .value = &value, .time = &time, .commit = &commit};
    assert_int_equal(windows_run(slow->windows, &in), 0);
    if (manner == AS_KEYS) {
        in.keys = &keys;
        if (!texts) in.commit = &none;
    }
    assert_int_equal(windows_run(fast->windows, &in), 0);
}

static void run_both(struct rows *rows, struct window window, size_t most, enum manner manner)
{
    static struct side fast, slow;
    side_begin(&fast, window, true);
    side_begin(&slow, window, false);
    looked_in = rows;
    for (size_t at = 0, count; at < ROWS; at += count) {
        count = 1 + random_below((uint32_t)most);
        if (count > ROWS - at) count = ROWS - at;
        run_rows(&fast, &slow, rows, at, count, manner);
        compare(&fast, &slow, count);
    }
    side_end(&fast);
    side_end(&slow);
}

static const struct window WINDOWS[] = {
    {.kind = WINDOW_POINTS, .count = 30, .lag = 1, .needs = 5},
    {.kind = WINDOW_POINTS, .count = 1, .lag = 1, .needs = 1},
    {.kind = WINDOW_POINTS, .count = 64, .lag = 20, .needs = 0},
    {.kind = WINDOW_POINTS, .count = 700, .lag = 1, .needs = 2},
    {.kind = WINDOW_POINTS, .count = 20, .lag = 0, .needs = 2},
    {.kind = WINDOW_SPAN, .span_ns = 40500, .lag = 1, .needs = 2},
    {.kind = WINDOW_POINTS, .count = 550, .lag = 3, .needs = 2},
};

static void test_both_ways(void **state)
{
    (void)state;
    static const struct {
        uint32_t gaps, groups, repeats;
        bool alike;
    } kinds[] = {{0, 0, 0, false},    {50, 0, 0, false}, {0, 3, 0, false}, {0, 0, 100, false},
                 {30, 2, 200, false}, {0, 0, 0, true},   {0, 0, 100, true}};
    static struct rows rows;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        fill(&rows, kinds[k].gaps, kinds[k].groups, kinds[k].repeats, kinds[k].alike);
        for (size_t w = 0; w < sizeof WINDOWS / sizeof *WINDOWS; w++)
            for (enum manner manner = 0; manner < MANNERS; manner++) {
                if (w > 2 && manner != (k + w) % MANNERS) continue; /* they take their time */
                run_both(&rows, WINDOWS[w], w % 2 ? PACE_MAX_BATCH : 90, manner);
            }
    }
}

/* A series of which nothing comes again: no commit is looked up. When one does, those within reach
 * are, and texts come until it has calmed down. */
static void test_looked_up(void **state)
{
    (void)state;
    enum { AGAIN = 2500, REACH = 31, BATCH = 100 };
    static struct rows rows;
    const struct window window = WINDOWS[0];
    fill(&rows, 0, 0, 0, false);
    looked_up = 0;
    run_both(&rows, window, BATCH, AS_KEYS);
    assert_int_equal(looked_up, 0);
    rows.commit[AGAIN] = rows.commit[AGAIN - REACH];
    rows.key[AGAIN] = rows.key[AGAIN - REACH];
    run_both(&rows, window, BATCH, AS_KEYS);
    assert_in_range(looked_up, 1, 2 * REACH + BATCH);
    looked_up = 0;
    rows.commit[ROWS - BATCH] = rows.commit[ROWS - BATCH - 1]; /* and again, near the end */
    rows.key[ROWS - BATCH] = rows.key[ROWS - BATCH - 1];
    run_both(&rows, window, BATCH, AS_KEYS);
    assert_true(texts);
    assert_in_range(looked_up, 2, 2 * (2 * REACH + BATCH));
    rows.value[ROWS - 8 * BATCH] = (double)NAN; /* from there on it comes by itself */
    rows.commit[ROWS - BATCH] = "another";
    rows.key[ROWS - BATCH] = 7;
    run_both(&rows, window, BATCH, AS_KEYS);
    assert_false(texts);
    fill(&rows, 0, 0, 0, false);
    rows.key[AGAIN] = rows.key[AGAIN - REACH]; /* others of one key */
    run_both(&rows, window, BATCH, AS_KEYS);
    rows.key[AGAIN] = rows.key[AGAIN - REACH - 1]; /* out of reach */
    looked_up = 0;
    run_both(&rows, window, BATCH, AS_KEYS);
    assert_int_equal(looked_up, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
