/* test_demo.c -- every example of the manual, one after the other on the store of demo.h: what each
 * answers is kept in demo.txt; see golden.h. */
#include "golden.h"
#include "world.h"

#include "demo.h"

static void test_answers(void **state)
{
    struct world *world = *state;
    golden_check(world->store, "tests/lang/demo.txt");
}

/* The same store in charts, as a terminal shows them. */
static void test_plots(void **state)
{
    struct world *world = *state;
    static const struct pace_writer_options drawn = {.struct_size = sizeof drawn, .width = 90};
    golden_check_drawn(world->store, "tests/lang/plots.txt", &drawn);
}

static void test_pictures(void **state)
{
    struct world *world = *state;
    golden_check(world->store, "tests/lang/svg.txt");
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

static int setup(void **state)
{
    return world_open(state, demo_fill);
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
    return cmocka_run_group_tests(tests, setup, world_close);
}
