/* test_value.c -- numbers, spans of time, dates and instants as they are written, with lets and
 * $names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/session.h"
#include "../lang/fixture.h"

#include <inttypes.h>

#define SECOND_NS INT64_C(1000000000)
#define DAY_NS    (86400 * SECOND_NS)

/* -- dates --------------------------------------------------------------------------------------
 */

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds, ns;
    } rows[] = {
        {"1970-01-01", 0, 0},
        {"1969-12-31", -86400, 0},
        {"2000-02-29", 951782400, 0}, /* a leap year: 400 divides it */
        {"2000-03-01", 951868800, 0},
        {"2024-02-29", 1709164800, 0},
        {"2026-01-01", 1767225600, 0},
        {"2026-12-31", 1798675200, 0},
        {"2026-02-01T12:00Z", 1769947200, 0},
        {"2026-02-01T12:00", 1769947200, 0}, /* UTC unless it says otherwise */
        {"2026-02-01T12:00:30Z", 1769947230, 0},
        {"2026-02-01T12:00:30.5Z", 1769947230, 500000000},
        {"2026-02-01T12:00:30.000000001Z", 1769947230, 1},
        {"2026-02-01T12:00:30.0000000019Z", 1769947230, 1},
        {"2026-02-01T12:00+01:00", 1769943600, 0},
        {"2026-02-01T12:00-05:30", 1769967000, 0},
        {"2026-01-01T00:30+01:00", 1767223800, 0}, /* the year before in UTC */
        {"2016-12-31T23:59:60Z", 1483228800, 0},   /* a leap second */
        {"2261-12-31T23:59:59Z", 9214646399, 0},
        {"1678-01-01", -9214560000, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t time_ns = 0;
        if (date_parse(rows[i].text, strlen(rows[i].text), &time_ns) ||
            time_ns != rows[i].seconds * SECOND_NS + rows[i].ns)
            fail_msg("%s is %" PRId64, rows[i].text, time_ns);
    }
}

static void test_no_dates(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2026",
        "2026-1-1",
        "2026-01",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "2026-01-32",
        "2026-04-31",
        "2026-02-29",
        "1900-02-29",
        "2100-02-29",
        "26-01-01",
        "2026-01-01T",
        "2026-01-01T24:00",
        "2026-01-01T12",
        "2026-01-01T12:60",
        "2026-01-01T12:00:61",
        "2026-01-01T12:00:00.",
        "2026-01-01T12:00Q",
        "2026-01-01T12:00+24:00",
        "2026-01-01T12:00+1",
        "2026-01-01T12:00+05:",
        "2026-01-01 12:00",
        "2026-01-01x",
        "1677-12-31",
        "2262-01-01",
        "-026-01-01",
        "2026-01-01T12:00ZZ",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t time_ns = 77;
        if (date_parse(rows[i], strlen(rows[i]), &time_ns) == 0 || time_ns != 77)
            fail_msg("'%s' is a date", rows[i]);
    }
    int64_t time_ns;
    assert_int_equal(date_parse("2026-01-01T12:00", 10, &time_ns), 0); /* len counts */
}

/* Every day of 400 years, counted. */
static void test_every_day(void **state)
{
    (void)state;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = -25567 * DAY_NS; /* 1900-01-01 */
    for (int y = 1900; y < 2261; y++)
        for (int m = 1; m <= 12; m++) {
            bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
            for (int d = 1; d <= days[m - 1] + (m == 2 && leap); d++) {
                char text[40];
                int64_t time_ns;
                snprintf(text, sizeof text, "%04d-%02d-%02d", y, m, d);
                assert_int_equal(date_parse(text, strlen(text), &time_ns), 0);
                assert_true(time_ns == expected);
                expected += DAY_NS;
            }
        }
}

/* -- values, with a session behind them ----------------------------------------------------------
 */

struct world {
    char *directory;
    pace *store;
    pace_session *session;
    struct arena arena;
    struct diag_list diags;
    struct pace_error error;
    struct pace_outcome outcome;
    struct context ctx;
};

static void begin(struct world *world)
{
    arena_init(&world->arena, 0);
    diag_list_init(&world->diags, &world->arena);
    world->ctx = (struct context){.store = world->store,
                                  .session = world->session,
                                  .arena = &world->arena,
                                  .diags = &world->diags,
                                  .error = &world->error,
                                  .outcome = &world->outcome,
                                  .now_ns = 1000 * DAY_NS};
    assert_int_equal(pace_snapshot_begin(world->store, NULL, &world->ctx.snapshot), 0);
}

static void end(struct world *world)
{
    context_release(&world->ctx);
    pace_snapshot_end(world->ctx.snapshot);
    arena_clear(&world->arena);
}

static int last_code(const struct world *world)
{
    int code = 0;
    for (const struct diag *diag = world->diags.first; diag; diag = diag->next)
        code = (int)diag->code;
    return code;
}

static struct slice slice_of(const char *text)
{
    return (struct slice){text, (uint32_t)strlen(text)};
}

static struct value quantity(double number, const char *unit)
{
    return (struct value){.kind = VALUE_QUANTITY, .number = number, .unit = slice_of(unit)};
}

static struct value named(const char *name)
{
    return (struct value){.kind = VALUE_NAME, .name = slice_of(name)};
}

static struct value variable(const char *name)
{
    return (struct value){.kind = VALUE_VAR, .name = slice_of(name)};
}

static void run_script(struct world *world, const char *script)
{
    pace_query *query;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    assert_int_equal(pace_prepare(world->session, script, strlen(script), NULL, &query), 0);
    while (step != PACE_STEP_END)
        assert_int_equal(pace_step(query, NULL, &step, &rows), 0);
    pace_query_free(query);
}

static void value_is(struct world *world, struct value value, double number, const char *unit)
{
    double got = 0;
    const char *got_unit = NULL;
    begin(world);
    assert_int_equal(value_bind(&world->ctx, &value, &got, &got_unit), 0);
    assert_true(fabs(got - number) < 1e-12);
    assert_string_equal(got_unit, unit);
    end(world);
}

static void no_value(struct world *world, struct value value, int code, const char *words)
{
    double number;
    const char *unit;
    begin(world);
    assert_int_equal(value_bind(&world->ctx, &value, &number, &unit), PACE_EQUERY);
    assert_int_equal(last_code(world), code);
    const char *help = world->diags.first->help;
    if (!strstr(world->diags.first->message, words) && !(help && strstr(help, words)))
        fail_msg("%s (%s), not '%s'", world->diags.first->message, help ? help : "", words);
    end(world);
}

static void test_values(void **state)
{
    struct world *world = *state;
    value_is(world, (struct value){.kind = VALUE_NUMBER, .number = 64}, 64, "");
    value_is(world, quantity(3, "ms"), 3, "ms");
    value_is(world, quantity(10, "%"), 10, "%");
    value_is(world, quantity(10, "pct"), 10, "pct");
    value_is(world, quantity(3, "sd"), 3, "sd");
    no_value(world, quantity(5, "m"), 42, "5min");
    no_value(world, quantity(5, "fortnight"), 42, "no unit 'fortnight'");
}

static void test_lets(void **state)
{
    struct world *world = *state;
    run_script(world, "let limit = 5%; let low = -2.5; let twice = - -3ms; let again = limit; let "
                      "minus = -again");
    value_is(world, named("limit"), 5, "%");
    value_is(world, named("low"), -2.5, "");
    value_is(world, named("twice"), 3, "ms");
    value_is(world, named("again"), 5, "%");
    value_is(world, named("minus"), -5, "%");
    run_script(world, "let limit = 7%");
    value_is(world, named("again"), 7, "%"); /* a name is looked up when it is used */
    run_script(world, "let a = b; let b = a; let word = \"x\"; let sum = 1 + 2");
    no_value(world, named("a"), 2, "uses itself");
    no_value(world, named("word"), 41, "not a number");
    no_value(world, named("sum"), 41, "not a number");
    no_value(world, named("limti"), 33, "limit");
    run_script(world, "save let kept = 12ms; let kept = 13ms");
    value_is(world, named("kept"), 13, "ms"); /* the session's before the store's */
    run_script(world, "drop let kept");
    value_is(world, named("kept"), 12, "ms");
    run_script(world, "drop let kept; drop let limit");
    no_value(world, named("limit"), 33, "no let");
}

static void test_variables(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *text;
        double number;
        const char *unit;
    } rows[] = {{"64", 64, ""},   {"-2.5", -2.5, ""}, {"1e3", 1000, ""}, {"30d", 30, "d"},
                {"10%", 10, "%"}, {"-3ms", -3, "ms"}, {" 7 ", 7, ""}};
    static const char *const none[] = {"",    "main",  "e2e",   "1.x",  "1 2", "5; drop let x",
                                       "--3", "1 + 2", "\"5\"", "0x10", "inf", "nan"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(pace_session_set(world->session, "v", rows[i].text, NULL), 0);
        value_is(world, variable("v"), rows[i].number, rows[i].unit);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(pace_session_set(world->session, "v", none[i], NULL), 0);
        no_value(world, variable("v"), 41, "not a number");
    }
    assert_int_equal(pace_session_set(world->session, "v", "5m", NULL), 0);
    no_value(world, variable("v"), 42, "5min");
    assert_int_equal(pace_session_set(world->session, "v", NULL, NULL), 0);
    no_value(world, variable("v"), 37, "$v has no value");
    run_script(world, "let through = $v"); /* a let may hold a variable */
    assert_int_equal(pace_session_set(world->session, "v", "8", NULL), 0);
    value_is(world, named("through"), 8, "");
}

static void duration_is(struct world *world, struct value value, int64_t expected_ns)
{
    int64_t span_ns = 0;
    begin(world);
    assert_int_equal(duration_bind(&world->ctx, &value, &span_ns), 0);
    assert_true(span_ns == expected_ns);
    end(world);
}

static void no_duration(struct world *world, struct value value, int code)
{
    int64_t span_ns;
    begin(world);
    assert_int_equal(duration_bind(&world->ctx, &value, &span_ns), PACE_EQUERY);
    assert_int_equal(last_code(world), code);
    end(world);
}

static void test_durations(void **state)
{
    struct world *world = *state;
    duration_is(world, quantity(1, "ns"), 1);
    duration_is(world, quantity(1.5, "h"), 5400 * SECOND_NS);
    duration_is(world, quantity(5, "min"), 300 * SECOND_NS);
    duration_is(world, quantity(30, "d"), 30 * DAY_NS); /* rule 7: d is 24 h, mo 30 d, y 365 d */
    duration_is(world, quantity(2, "w"), 14 * DAY_NS);
    duration_is(world, quantity(1, "mo"), 30 * DAY_NS);
    duration_is(world, quantity(1, "y"), 365 * DAY_NS);
    duration_is(world, quantity(285, "y"), 285 * 365 * DAY_NS);
    no_duration(world, quantity(300, "y"), 52);
    no_duration(world, quantity(0, "d"), 52);
    no_duration(world, quantity(-1, "d"), 52);
    no_duration(world, quantity(3, "MB"), 40);
    no_duration(world, quantity(10, "%"), 40);
    no_duration(world, (struct value){.kind = VALUE_NUMBER, .number = 30}, 40);
    no_duration(world, quantity(5, "m"), 42);
    run_script(world, "let month = 30d");
    duration_is(world, named("month"), 30 * DAY_NS);
}

/* -- instants ------------------------------------------------------------------------------------
 */

static struct instant commit(const char *text, enum pattern_kind kind)
{
    return (struct instant){.kind = INSTANT_MATCH,
                            .key = slice_of("commit"),
                            .pattern = {.kind = kind, .text = slice_of(text)}};
}

static void instant_is(struct world *world, struct instant instant, int64_t from_ns,
                       int64_t until_ns)
{
    int64_t from = 0, until = 0;
    begin(world);
    assert_int_equal(instant_bind(&world->ctx, &instant, &from, &until), 0);
    assert_true(from == from_ns && until == until_ns);
    end(world);
}

static void no_instant(struct world *world, struct instant instant, int code, const char *words)
{
    int64_t from, until;
    begin(world);
    assert_int_equal(instant_bind(&world->ctx, &instant, &from, &until), PACE_EQUERY);
    assert_int_equal(last_code(world), code);
    if (!strstr(world->diags.first->message, words)) fail_msg("%s", world->diags.first->message);
    end(world);
}

static void test_instants(void **state)
{
    struct world *world = *state;
    int64_t now_ns = 1000 * DAY_NS;
    instant_is(world, (struct instant){.kind = INSTANT_NOW}, now_ns, now_ns);
    instant_is(world, (struct instant){.kind = INSTANT_AGO, .quantity = quantity(2, "d")},
               998 * DAY_NS, 998 * DAY_NS);
    instant_is(world, (struct instant){.kind = INSTANT_DATE, .text = slice_of("1970-01-03")},
               2 * DAY_NS, 2 * DAY_NS);
    no_instant(world, (struct instant){.kind = INSTANT_DATE, .text = slice_of("2026-02-29")}, 15,
               "not a date");
    no_instant(world, (struct instant){.kind = INSTANT_MATCH, .key = slice_of("branch")}, 30,
               "no instant");
}

/* A commit's runs, all of them: from the first to just after the last. */
static void test_commits(void **state)
{
    struct world *world = *state;
    instant_is(world, commit("abcdef0123", PATTERN_GLOB), 10 * DAY_NS, 12 * DAY_NS + 1);
    instant_is(world, commit("abcdef0", PATTERN_GLOB), 10 * DAY_NS, 12 * DAY_NS + 1);
    instant_is(world, commit("abcdef0", PATTERN_STRING), 10 * DAY_NS, 12 * DAY_NS + 1);
    instant_is(world, commit("v1", PATTERN_GLOB), 13 * DAY_NS,
               13 * DAY_NS + 1); /* in full: any length */
    instant_is(world, commit("v1.2", PATTERN_GLOB), 14 * DAY_NS, 14 * DAY_NS + 1);
    no_instant(world, commit("abcdef", PATTERN_GLOB), 39, "abcdef0123, abcdef1 or abcdef2");
    no_instant(world, commit("abc", PATTERN_GLOB), 38, "no stored run"); /* too short */
    no_instant(world, commit("99999999", PATTERN_GLOB), 38, "no stored run");
    no_instant(world, commit("", PATTERN_STRING), 38, "no stored run");
    no_instant(world, commit("abcdef*", PATTERN_GLOB), 16, "not a pattern");
    no_instant(world, commit("abcdef0.*", PATTERN_REGEX), 16, "not a pattern");
    assert_int_equal(pace_session_set(world->session, "c", "v1", NULL), 0);
    instant_is(world, commit("c", PATTERN_VAR), 13 * DAY_NS, 13 * DAY_NS + 1);
}

static void put_run(struct world *world, const char *name, int day)
{
    struct pace_run_info info = {
        .project = "p", .branch = "b", .testbed = "t", .commit = name, .time_ns = day * DAY_NS};
    pace_run *run;
    assert_int_equal(pace_run_begin(world->store, &info, NULL, &run), 0);
    assert_int_equal(fixture_cell(run, "x", "y", "ns", PACE_LOWER_IS_BETTER, day, 0), 0);
    assert_int_equal(pace_runs_commit(world->store, &run, 1, NULL, NULL), 0);
    pace_run_free(run);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->directory = fixture_dir();
    assert_int_equal(pace_open(world->directory, PACE_CREATE, NULL, NULL, &world->store), 0);
    assert_int_equal(pace_session_open(world->store, NULL, NULL, &world->session), 0);
    put_run(world, "abcdef0123", 12);
    put_run(world, "abcdef0123", 10);
    put_run(world, "abcdef1", 20);
    put_run(world, "abcdef2", 21);
    put_run(world, "v1", 13);
    put_run(world, "v1.2", 14);
    put_run(world, "", 15);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    pace_session_close(world->session);
    pace_close(world->store);
    fixture_remove(world->directory);
    free(world->directory);
    free(world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),     cmocka_unit_test(test_no_dates),
        cmocka_unit_test(test_every_day), cmocka_unit_test(test_values),
        cmocka_unit_test(test_lets),      cmocka_unit_test(test_variables),
        cmocka_unit_test(test_durations), cmocka_unit_test(test_instants),
        cmocka_unit_test(test_commits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
