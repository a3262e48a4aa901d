/* test_demo.c -- every example of the manual, one after the other on the store of demo.h: what each
 * answers is kept in demo.txt; see golden.h. */
#include "golden.h"

#include "demo.h"

static void test_answers(void **state)
{
    golden_check(*state, "tests/lang/demo.txt");
}

/* The same store in charts, as a terminal shows them. */
static void test_plots(void **state)
{
    static const struct pace_writer_options drawn = {.struct_size = sizeof drawn, .width = 90};
    golden_check_drawn(*state, "tests/lang/plots.txt", &drawn);
}

static void test_pictures(void **state)
{
    golden_check(*state, "tests/lang/svg.txt");
}

/* The blocks of demo.txt are the examples, all of them, in their order. */
static void test_all_are_there(void **state)
{
    (void)state;
    char *examples = read_file("tests/lang/examples.txt"), *demo = read_file("tests/lang/demo.txt");
    const char *example = examples, *at = demo;
    size_t count = 0;
    for (; (at = strstr(at, "\n> ")) != NULL; count++) {
        at += 3;
        size_t len = strcspn(example, "\n");
        if (strncmp(at, example, len) != 0 || at[len] != '\n')
            fail_msg("demo.txt has '%.*s', where the examples have '%.*s'", (int)strcspn(at, "\n"),
                     at, (int)len, example);
        example += len + (example[len] == '\n');
    }
    assert_string_equal(example, "");
    assert_true(count >= 49);
    free(examples);
    free(demo);
}

static char *directory;

static int setup(void **state)
{
    struct pace_error error;
    pace *store;
    directory = fixture_dir();
    if (!directory) return -1;
    if (pace_open(directory, PACE_CREATE, NULL, &error, &store)) return -1;
    *state = store;
    return demo_fill(store);
}

static int teardown(void **state)
{
    pace_close(*state);
    fixture_remove(directory);
    free(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_there),
        /* Before the answers: one of these stores a value. */
        cmocka_unit_test(test_plots),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
