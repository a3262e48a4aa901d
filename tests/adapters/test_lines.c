/* test_lines.c -- JSON lines: every key, default and refusal of one line, and mutated lines. */
#include "../../tools/adapters/lines.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000000000000)
#define DAY INT64_C(86400000000000)

static const struct line_defaults no_defaults = {.time_ns = 77, .now_ns = NOW};

static struct arena arena;

static int clear_arena(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static int parse(const char *text, const struct line_defaults *defaults, struct pace_error *error,
                 struct line_point *point)
{
    size_t len = strlen(text);
    char *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact, text, len + 1);
    int code = line_parse("f.jsonl", 7, exact, len, defaults, &arena, error, point);
    free(exact);
    return code;
}

static struct line_point parse_ok(const char *text)
{
    struct pace_error error = {0, ""};
    struct line_point point = {0};
    if (parse(text, &no_defaults, &error, &point) != 0) fail_msg("%s: %s", text, error.message);
    return point;
}

static void reads_every_key(void **state)
{
    static const char *const texts[] = {
        "{\"project\":\"p\",\"branch\":\"b\",\"testbed\":\"t\",\"benchmark\":\"n\",\"measure\":"
        "\"m\","
        "\"unit\":\"KiB\",\"time\":1714557600000000000,\"commit\":\"4f2a1c9\",\"value\":12.5,"
        "\"lower_value\":12,\"upper_value\":13,\"run\":3,\"direction\":\"higher\",\"status\":"
        "\"ok\","
        "\"samples\":[12.25,13]}",
        "{\"samples\":[12.25,13],\"status\":null,\"direction\":\"higher\",\"run\":\"3\",\"upper\":"
        "13,"
        "\"lower\":12,\"value\":12.5,\"commit\":\"4f2a1c9\",\"at\":\"2024-05-01T12:00:00+02:00\","
        "\"unit\":\"KiB\",\"measure\":\"m\",\"benchmark\":\"n\",\"testbed\":\"t\",\"branch\":\"b\","
        "\"project\":\"p\"}",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct line_point point = parse_ok(texts[i]);
        assert_string_equal(point.project, "p");
        assert_string_equal(point.branch, "b");
        assert_string_equal(point.testbed, "t");
        assert_string_equal(point.commit, "4f2a1c9");
        assert_string_equal(point.run, "3");
        assert_true(point.time_ns == INT64_C(1714557600000000000) && point.time_given);
        assert_string_equal(point.cell.benchmark, "n");
        assert_string_equal(point.cell.measure, "m");
        assert_string_equal(point.cell.unit, "KiB");
        assert_int_equal(point.cell.direction, PACE_HIGHER_IS_BETTER);
        assert_int_equal(point.cell.status, PACE_CELL_OK);
        assert_true(point.cell.value == 12.5 && point.cell.lower == 12 && point.cell.upper == 13);
        assert_int_equal(point.cell.sample_count, 2);
        assert_true(point.cell.samples[0] == 12.25 && point.cell.samples[1] == 13);
    }
}

static void fills_defaults(void **state)
{
    (void)state;
    struct line_point point =
        parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":-3,\"branch\":null}");
    assert_string_equal(point.branch, "main");
    assert_string_equal(point.testbed, "local");
    assert_string_equal(point.commit, "");
    assert_string_equal(point.run, "");
    assert_true(point.time_ns == 77 && !point.time_given);
    assert_string_equal(point.cell.measure, "value");
    assert_string_equal(point.cell.unit, "");
    assert_int_equal(point.cell.direction, PACE_DIRECTION_UNKNOWN);
    assert_true(point.cell.value == -3);
    assert_true(isnan(point.cell.lower) && isnan(point.cell.upper));
    assert_int_equal(point.cell.sample_count, 0);
    point = parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":1,\"unit\":\"ms\"}");
    assert_string_equal(point.cell.measure, "latency");
    assert_int_equal(point.cell.direction, PACE_LOWER_IS_BETTER);
    point = parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":1,\"unit\":\"ops/s\"}");
    assert_string_equal(point.cell.measure, "value");
    assert_int_equal(point.cell.direction, PACE_HIGHER_IS_BETTER);
    point = parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":1,\"unit\":\"ms\","
                     "\"direction\":\"unknown\"}");
    assert_int_equal(point.cell.direction, PACE_DIRECTION_UNKNOWN);
}

static void takes_the_defaults_it_is_given(void **state)
{
    const struct line_defaults defaults = {"dp", "db", "dt", "dc", 5, NOW};
    struct line_point point;
    struct pace_error error;
    (void)state;
    assert_int_equal(parse("{\"benchmark\":\"n\",\"value\":1}", &defaults, &error, &point), 0);
    assert_string_equal(point.project, "dp");
    assert_string_equal(point.branch, "db");
    assert_string_equal(point.testbed, "dt");
    assert_string_equal(point.commit, "dc");
    assert_true(point.time_ns == 5);
    assert_int_equal(parse("{\"benchmark\":\"n\",\"value\":1,\"project\":\"p\",\"branch\":\"b\","
                           "\"testbed\":\"t\",\"commit\":\"c\",\"time\":6}",
                           &defaults, &error, &point),
                     0);
    assert_string_equal(point.project, "p");
    assert_string_equal(point.branch, "b");
    assert_string_equal(point.testbed, "t");
    assert_string_equal(point.commit, "c");
    assert_true(point.time_ns == 6);
}

static void values_that_are_none_are_failed(void **state)
{
    static const struct {
        const char *rest;
        enum pace_cell_status status;
    } rows[] = {
        {"\"value\":null", PACE_CELL_FAILED},
        {"\"value\":NaN,\"lower\":1", PACE_CELL_FAILED},
        {"\"value\":-Infinity", PACE_CELL_FAILED},
        {"\"value\":1e999", PACE_CELL_FAILED},
        {"\"status\":\"failed\"", PACE_CELL_FAILED},
        {"\"status\":\"failed\",\"value\":3,\"samples\":[3]", PACE_CELL_FAILED},
        {"\"status\":\"skipped\"", PACE_CELL_SKIPPED},
        {"\"status\":\"skipped\",\"value\":null", PACE_CELL_SKIPPED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{\"project\":\"p\",\"benchmark\":\"n\",%s}",
                       rows[i].rest);
        struct line_point point = parse_ok(text);
        assert_int_equal(point.cell.status, rows[i].status);
        assert_true(isnan(point.cell.value) && isnan(point.cell.lower) && isnan(point.cell.upper));
        assert_int_equal(point.cell.sample_count, 0);
    }
}

static void reads_numbers_exactly(void **state)
{
    (void)state;
    struct line_point point = parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":0.1,"
                                       "\"time\":1714557600000000001}");
    assert_true(point.cell.value == 0.1);
    assert_true(point.time_ns == INT64_C(1714557600000000001));
    point =
        parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":123456789012345678901234567890,"
                 "\"time\":1.5e18}");
    assert_true(point.cell.value == 123456789012345678901234567890.0);
    assert_true(point.time_ns == INT64_C(1500000000000000000));
    point = parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":9223372036854775808,"
                     "\"lower\":-9223372036854775808,\"upper\":9223372036854775807}");
    assert_true(point.cell.value == 0x1p63 && point.cell.lower == -0x1p63);
    point = parse_ok("{\"project\":\"p\",\"benchmark\":\"n\",\"value\":1,\"time\":\"2024-05-01\"}");
    assert_true(point.time_ns == INT64_C(1714521600000000000));
}

static void refuses_with_line_and_reason(void **state)
{
    static const struct {
        const char *rest;
        int code;
        const char *says;
    } rows[] = {
        {"\"valeu\":1", PACE_EVALUE, "no key 'valeu'; did you mean 'value'?"},
        {"\"value\":1,\"zzzzzzzz\":1", PACE_EVALUE, "no key 'zzzzzzzz'; leave it out"},
        {"\"branch\":\"b\"", PACE_EVALUE, "'value' is missing; add it, or \"status\""},
        {"\"value\":\"1\"", PACE_EVALUE, "'value' has to be a number"},
        {"\"value\":true", PACE_EVALUE, "'value' has to be a number"},
        {"\"value\":1,\"lower\":\"x\"", PACE_EVALUE, "'lower_value' has to be a number"},
        {"\"value\":1,\"lower\":3,\"upper\":2", PACE_EVALUE,
         "'lower_value' is above 'upper_value'"},
        {"\"value\":1,\"upper\":3,\"upper_value\":3", PACE_EVALUE, "'upper_value' is given twice"},
        {"\"value\":1,\"value\":2", PACE_EVALUE, "duplicate"},
        {"\"value\":1,\"measure\":\"\"", PACE_ENAME, "'measure' is empty"},
        {"\"value\":1,\"branch\":7", PACE_EVALUE, "'branch' has to be a text"},
        {"\"value\":1,\"testbed\":\"a\\tb\"", PACE_ENAME, "control character at byte 1"},
        {"\"value\":1,\"testbed\":\"ab\\u0085\"", PACE_ENAME, "control character at byte 2"},
        {"\"value\":1,\"time\":\"noon\"", PACE_ETIME, "'time': 'noon' is not a time"},
        {"\"value\":1,\"time\":1.5", PACE_ETIME, "whole nanoseconds"},
        {"\"value\":1,\"time\":[]", PACE_ETIME, "whole nanoseconds"},
        {"\"value\":1,\"time\":-1", PACE_ETIME, "before 1970"},
        {"\"value\":1,\"time\":\"1969-12-31\"", PACE_ETIME, "before 1970"},
        {"\"value\":1,\"time\":\"2200-01-01\"", PACE_ETIME, "more than 24 h in the future"},
        {"\"value\":1,\"run\":1.5", PACE_EVALUE, "'run' has to be a text"},
        {"\"value\":1,\"direction\":\"up\"", PACE_EVALUE, "\"unknown\", \"lower\" or \"higher\""},
        {"\"value\":1,\"direction\":2", PACE_EVALUE, "\"unknown\", \"lower\" or \"higher\""},
        {"\"status\":\"bad\"", PACE_EVALUE, "\"ok\", \"failed\" or \"skipped\""},
        {"\"value\":1,\"samples\":3", PACE_EVALUE, "'samples' has to be a list of numbers"},
        {"\"value\":1,\"samples\":[1,NaN]", PACE_EVALUE, "samples[1] is not a finite number"},
        {"\"value\":1,", PACE_EVALUE, "line 7, byte "},
        {"\"value\":", PACE_EVALUE, "line 7, byte "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        struct pace_error error = {0, ""};
        struct line_point point = {.project = "untouched"};
        (void)snprintf(text, sizeof text, "{\"project\":\"p\",\"benchmark\":\"n\",%s}",
                       rows[i].rest);
        int code = parse(text, &no_defaults, &error, &point);
        if (code != rows[i].code || error.code != code ||
            strstr(error.message, rows[i].says) == NULL ||
            strstr(error.message, "f.jsonl: line 7") == NULL)
            fail_msg("%s: code %d: %s", text, code, error.message);
        assert_string_equal(point.project, "untouched");
    }
}

static void needs_project_and_benchmark(void **state)
{
    struct pace_error error;
    struct line_point point;
    (void)state;
    assert_int_equal(parse("{\"benchmark\":\"n\",\"value\":1}", &no_defaults, &error, &point),
                     PACE_EVALUE);
    assert_non_null(strstr(error.message, "'project' is missing; add it, or give --project"));
    assert_int_equal(parse("{\"project\":\"p\",\"value\":1}", &no_defaults, &error, &point),
                     PACE_EVALUE);
    assert_non_null(strstr(error.message, "'benchmark' is missing"));
    assert_int_equal(parse("[1]", &no_defaults, &error, &point), PACE_EVALUE);
    assert_non_null(strstr(error.message, "not a JSON object"));
    assert_int_equal(parse("", &no_defaults, &error, &point), PACE_EVALUE);
}

static void knows_the_limits(void **state)
{
    char text[3000], name[PACE_MAX_NAME + 2];
    struct pace_error error;
    struct line_point point;
    (void)state;
    memset(name, 'n', sizeof name);
    for (int over = 0; over < 2; over++) {
        (void)snprintf(text, sizeof text, "{\"project\":\"p\",\"benchmark\":\"%.*s\",\"value\":1}",
                       PACE_MAX_NAME + over, name);
        assert_int_equal(parse(text, &no_defaults, &error, &point), over ? PACE_ELIMIT : 0);
        (void)snprintf(text, sizeof text,
                       "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":1,\"commit\":\"%.*s\"}",
                       PACE_MAX_COMMIT + over, name);
        assert_int_equal(parse(text, &no_defaults, &error, &point), over ? PACE_ELIMIT : 0);
        (void)snprintf(text, sizeof text,
                       "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":1,\"time\":%lld}",
                       (long long)(NOW + DAY + over));
        assert_int_equal(parse(text, &no_defaults, &error, &point), over ? PACE_ETIME : 0);
    }
}

static void recognises_by_content(void **state)
{
    static const struct {
        const char *text;
        int sure;
    } rows[] = {
        {"{\"project\":\"p\",\"benchmark\":\"n\",\"value\":1}\n", 2},
        {"\n\r\n  {\"benchmark\":\"n\",\"value\":1}", 2},
        {"{\"project\":\"p\",\"value\":1, broken", 2},
        {"{\n\"project\":\"p\",\"benchmark\":\"n\",\"value\":1}\n", 0},
        {"{\"benchmarks\":[],\"machine_info\":{}}", 0},
        {"[{\"benchmark\":\"n\",\"value\":1}]", 0},
        {"", 0},
        {"value", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct input head = {"x", rows[i].text, strlen(rows[i].text)};
        assert_int_equal(lines_recognise(&head), rows[i].sure);
    }
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 33;
}

/* What is read of a damaged line keeps the promises of a cell; what is not has a place. */
static void mutation_never_crashes(void **state)
{
    static const char whole[] =
        "{\"project\":\"p\",\"branch\":\"b\",\"benchmark\":\"n\",\"unit\":\"ns\",\"time\":"
        "1714557600,"
        "\"value\":12.5,\"lower_value\":12,\"upper_value\":13,\"run\":3,\"samples\":[12.25,1e3]}";
    const char *given = getenv("PACE_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 1, random = seed;
    size_t taken = 0, refused = 0;
    (void)state;
    print_message("# seed %llu (PACE_TEST_SEED)\n", (unsigned long long)seed);
    for (size_t round = 0; round < 20000; round++) {
        char text[sizeof whole];
        struct pace_error error = {0, ""};
        struct line_point point;
        memcpy(text, whole, sizeof whole);
        for (uint64_t changes = 1 + next_random(&random) % 3; changes > 0; changes--) {
            size_t at = (size_t)next_random(&random) % (sizeof whole - 1);
            text[at] = next_random(&random) % 2 != 0 ? (char)next_random(&random)
                                                     : whole[next_random(&random) % sizeof whole];
        }
        size_t len = next_random(&random) % 8 == 0 ? (size_t)next_random(&random) % sizeof whole
                                                   : sizeof whole - 1;
        text[len] = '\0';
        int code = line_parse("f", 7, text, len, &no_defaults, &arena, &error, &point);
        if (code == 0) {
            taken++;
            assert_true(point.project[0] != '\0' && point.cell.benchmark[0] != '\0');
            assert_true(point.time_ns >= 0 && point.time_ns <= NOW + DAY);
            assert_true(point.cell.status != PACE_CELL_OK || isfinite(point.cell.value));
            assert_false(point.cell.lower > point.cell.upper);
            for (size_t i = 0; i < point.cell.sample_count; i++)
                assert_true(isfinite(point.cell.samples[i]));
        } else {
            refused++;
            assert_true(error.code == code && strncmp(error.message, "f: ", 3) == 0);
        }
        arena_clear(&arena);
    }
    assert_true(taken > 200 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_every_key, clear_arena),
        cmocka_unit_test_teardown(fills_defaults, clear_arena),
        cmocka_unit_test_teardown(takes_the_defaults_it_is_given, clear_arena),
        cmocka_unit_test_teardown(values_that_are_none_are_failed, clear_arena),
        cmocka_unit_test_teardown(reads_numbers_exactly, clear_arena),
        cmocka_unit_test_teardown(refuses_with_line_and_reason, clear_arena),
        cmocka_unit_test_teardown(needs_project_and_benchmark, clear_arena),
        cmocka_unit_test_teardown(knows_the_limits, clear_arena),
        cmocka_unit_test_teardown(recognises_by_content, clear_arena),
        cmocka_unit_test_teardown(mutation_never_crashes, clear_arena),
    };
    arena_init(&arena, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
