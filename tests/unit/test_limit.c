/* test_limit.c -- each limit of a statement, lowered: one below it and at it a statement runs, one
 * above it ends with a diagnostic that names it. */
#include "../query_help.h"

#include "../lang/fixture.h"

#include <stdbool.h>

struct world {
    char *directory;
    pace *store;
};

/* 0, or the code of the first diagnostic; `message` (of 600 bytes) gets its text. */
static int run(pace_session *session, const char *text, char *message)
{
    struct pace_error error = {0};
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    struct pace_diag diag = {.code = 0};
    pace_query *query = NULL;
    int status = pace_prepare(session, text, strlen(text), &error, &query);
    while (!status && step != PACE_STEP_END)
        status = pace_step(query, &error, &step, &rows);
    if (status) assert_int_equal(pace_diag_get(query, 0, &diag), 0);
    if (status) snprintf(message, 600, "%s", diag.message);
    pace_query_free(query);
    return diag.code;
}

static pace_session *open_session(const struct world *world, size_t memory_bytes)
{
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = FIXTURE_START_NS + 41 * FIXTURE_DAY_NS,
                                         .memory_bytes = memory_bytes};
    pace_session *session;
    assert_int_equal(pace_session_open(world->store, &options, NULL, &session), 0);
    return session;
}

/* A statement that needs `need` of a limit runs at need + 1 and at need, and not at need - 1. */
static void check_edge(const struct world *world, const char *name, uint64_t need, const char *text,
                       int code)
{
    char message[600] = "";
    pace_session *session = open_session(world, 0);
    assert_int_equal(pace_limit_lower(session, name, need + 1), 0);
    if (run(session, text, message)) fail_msg("%s: %s", text, message);
    assert_int_equal(pace_limit_lower(session, name, need), 0);
    if (run(session, text, message)) fail_msg("%s: %s", text, message);
    assert_int_equal(pace_limit_lower(session, name, need - 1), 0);
    assert_int_equal(run(session, text, message), code);
    if (!strstr(message, name)) fail_msg("'%s' does not name %s", message, name);
    pace_session_close(session);
}

/* The least value of a limit with which a statement runs. */
static uint64_t least(const struct world *world, const char *name, const char *text)
{
    char message[600];
    uint64_t low = 1, high = 5000;
    pace_session *session = open_session(world, 0);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        assert_int_equal(pace_limit_lower(session, name, middle), 0);
        if (run(session, text, message))
            low = middle + 1;
        else
            high = middle;
    }
    pace_session_close(session);
    return low;
}

static void test_statement(void **state)
{
    /* From the first byte of its first token to the last of its last; blanks around do not
     * count. */
    check_edge(*state, "PACE_MAX_STATEMENT", 42, "  branch:main                     | last 123   ",
               1);
    /* Each statement for itself. */
    check_edge(*state, "PACE_MAX_STATEMENT", 20, "branch:main | last 1; branch:main | last 2", 1);
}

static void test_depth(void **state)
{
    check_edge(*state, "PACE_MAX_DEPTH", 12,
               "branch:main | where ((((((((((((value > 1))))))))))))", 2);
}

static void test_nodes(void **state)
{
    static const char one[] = "branch:main | where value > 1";
    static const char two[] = "branch:main | where value > 1 or value > 1";
    uint64_t nodes = least(*state, "PACE_MAX_NODES", one);
    assert_in_range(nodes, 4, 20);
    assert_true(least(*state, "PACE_MAX_NODES", two) > nodes);
    check_edge(*state, "PACE_MAX_NODES", nodes, one, 3);
}

static void test_window(void **state)
{
    check_edge(*state, "PACE_MAX_WINDOW", 64, "branch:main | baseline mean over 64", 51);
    check_edge(*state, "PACE_MAX_WINDOW", 100,
               "branch:main | derive m = mean(value) over 100 needs 1", 51);
}

static void test_groups(void **state)
{
    static const char text[] = "measure:latency | summarize count() by benchmark, testbed, branch";
    check_edge(*state, "PACE_MAX_GROUPS", least(*state, "PACE_MAX_GROUPS", text), text, 61);
    check_edge(*state, "PACE_MAX_GROUPS", 2,
               "branch:main measure:latency | summarize mean(value) by benchmark", 61);
}

static void test_rows(void **state)
{
    static const char *const texts[] = {
        "branch:main measure:latency | sort value",
        "branch:main measure:latency | top 3 by value",
        "branch:main measure:latency | where value > 0 | last 2",
        "branch:main measure:latency | expect value > 0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t rows = least(*state, "PACE_MAX_ROWS", texts[i]);
        if (rows > 1) check_edge(*state, "PACE_MAX_ROWS", rows, texts[i], 61);
    }
    assert_true(least(*state, "PACE_MAX_ROWS", texts[0]) > 100);
}

/* The memory of a statement is counted, not measured: the same each time. */
static void test_memory(void **state)
{
    static const char text[] = "measure:latency | baseline median over 9 | sort delta";
    char message[600];
    size_t low = 1, high = 64 << 20;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        pace_session *session = open_session(*state, middle);
        if (run(session, text, message))
            low = middle + 1;
        else
            high = middle;
        pace_session_close(session);
    }
    assert_in_range(low, 10000, 16 << 20);
    for (int more = -1; more <= 1; more++) {
        pace_session *session = open_session(*state, (size_t)((ptrdiff_t)low + more));
        int code = run(session, text, message);
        assert_true(more < 0 ? code != 0 : code == 0);
        pace_session_close(session);
    }
}

static void test_table(void **state)
{
    pace_session *session = open_session(*state, 0);
    struct pace_limit_row row;
    size_t count = 0, lowerable = 0;
    for (; pace_limit_get(session, count, &row) == 0; count++) {
        assert_true(strncmp(row.name, "PACE_MAX_", 9) == 0 && *row.text);
        bool threads = strcmp(row.name, "PACE_MAX_THREADS") == 0;
        if (threads)
            assert_in_range(row.value, 1, 2);
        else
            assert_int_equal(row.value, row.most);
        int status = pace_limit_lower(session, row.name, row.most - 1);
        assert_int_equal(status, row.can_lower ? 0 : PACE_EMISUSE);
        lowerable += row.can_lower != 0;
        assert_int_equal(pace_limit_get(session, count, &row), 0);
        assert_int_equal(row.value, row.can_lower ? row.most - 1 : row.most);
        assert_int_equal(pace_limit_lower(session, row.name, row.most + 1), PACE_EMISUSE);
        assert_int_equal(pace_limit_lower(session, row.name, 0), PACE_EMISUSE);
    }
    assert_int_equal(lowerable, 7);
    assert_true(count > 15);
    assert_int_equal(pace_limit_lower(session, "PACE_MAX_NOTHING", 1), PACE_ENOTFOUND);
    pace_session_close(session);
}

/* `show limits` tells those of the session. */
static void test_shown(void **state)
{
    struct world *world = *state;
    pace_session *session = open_session(world, 0);
    struct pace_error error;
    const struct pace_rows *rows;
    enum pace_step step = PACE_STEP_ROWS;
    pace_query *query;
    bool seen = false;
    assert_int_equal(pace_limit_lower(session, "PACE_MAX_WINDOW", 77), 0);
    assert_int_equal(pace_prepare(session, "show limits", 11, &error, &query), 0);
    while (pace_step(query, &error, &step, &rows) == 0 && step != PACE_STEP_END)
        for (size_t i = 0; step == PACE_STEP_ROWS && i < rows->count; i++)
            if (strcmp(rows->fields[0].text[i], "PACE_MAX_WINDOW") == 0) {
                assert_true(rows->fields[1].number[i] == 77);
                seen = true;
            }
    assert_true(seen);
    pace_query_free(query);
    pace_session_close(session);
}

static int setup(void **state)
{
    static struct world world;
    world.directory = fixture_dir();
    if (!world.directory || pace_open(world.directory, PACE_CREATE, NULL, NULL, &world.store))
        return -1;
    *state = &world;
    return fixture_fill(world.store);
}

static int teardown(void **state)
{
    struct world *world = *state;
    pace_close(world->store);
    fixture_remove(world->directory);
    free(world->directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statement), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_nodes),     cmocka_unit_test(test_window),
        cmocka_unit_test(test_groups),    cmocka_unit_test(test_rows),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_table),
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
