/* test_progress.c -- the line that tells how far something is. */
#include "../../tools/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void shows(const char *unit, uint64_t total, uint64_t done, double seconds,
                  const char *wanted)
{
    struct progress progress = {"reading", unit, &total, progress_count, &done};
    char text[160];
    progress_text(&progress, done, seconds, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void test_text(void **state)
{
    (void)state;
    shows("B", 100000000, 25000000, 2,
          "reading   25 % [######..................]  12 MB/s, 6 s left");
    shows("runs", 0, 1500, 1, "reading  1.5 k runs/s");
    shows("runs", 10, 0, 1, "reading    0 % [........................]  0 runs/s");
    shows("cells", 1000, 1000, 4,
          "reading  100 % [########################]  250 cells/s, 0 s left");
    shows("files", 1000, 10, 3,
          "reading    1 % [........................]  3 files/s, 4 min 57 s left");
    shows("files", 100000, 10, 3,
          "reading    0 % [........................]  3 files/s, 8 h 19 min left");
    /* More than was thought is all of it. */
    shows("cells", 10, 20, 2, "reading  100 % [########################]  10 cells/s, 0 s left");
}

/* Without a terminal there is none, and ending it is allowed. */
static void test_no_terminal(void **state)
{
    uint64_t count = 0;
    struct progress progress = {"reading", "B", &count, progress_count, &count};
    (void)state;
    progress_end();
    progress_begin(&progress);
    progress_hide();
    progress_end();
}

static void test_short(void **state)
{
    uint64_t total = 10, done = 5;
    struct progress progress = {"reading", "B", &total, progress_count, &done};
    char text[12];
    (void)state;
    progress_text(&progress, done, 1, text, sizeof text);
    assert_string_equal(text, "reading   5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text),
                                       cmocka_unit_test(test_no_terminal),
                                       cmocka_unit_test(test_short)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
