/* test_run.c -- what queries answer: each block of results.txt on the store of fixture.h; see
 * golden.h. */
#include "golden.h"
#include "world.h"

static void test_results(void **state)
{
    struct world *world = *state;
    golden_check(world->store, "tests/lang/results.txt");
}

/* Every example of the manual runs on another store too, or says what that lacks; none crashes. */
static void test_examples_run(void **state)
{
    pace *store = ((struct world *)*state)->store;
    char *examples = read_file("tests/lang/examples.txt");
    size_t count = 0;
    struct pace_error error;
    for (char *line = strtok(examples, "\n"); line; line = strtok(NULL, "\n")) {
        if (*line == '#' || !*line) continue;
        pace_session *session;
        pace_query *query;
        assert_int_equal(pace_session_open(store, NULL, &error, &session), 0);
        assert_int_equal(pace_session_set(session, "branch", "main", &error), 0);
        assert_int_equal(pace_prepare(session, line, strlen(line), &error, &query), 0);
        enum pace_step step = PACE_STEP_ROWS;
        const struct pace_rows *rows;
        int status = 0;
        while (!status && step != PACE_STEP_END)
            status = pace_step(query, &error, &step, &rows);
        if (status) {
            struct pace_diag diag;
            assert_int_equal(status, PACE_EQUERY);
            assert_int_equal(pace_diag_get(query, pace_diag_count(query) - 1, &diag), 0);
            assert_true(diag.code > 0);
        }
        count++;
        pace_query_free(query);
        pace_session_close(session);
    }
    assert_true(count >= 49);
    free(examples);
}

static int setup(void **state)
{
    return world_open(state, fixture_fill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_examples_run),
    };
    return cmocka_run_group_tests(tests, setup, world_close);
}
