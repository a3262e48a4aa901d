/* test_complete.c -- completion: words, names of columns and models, and what the store holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/edit.h"
#include "../query_help.h"
#include "../store_help.h"
#include "parse.tab.h"

#include <stdbool.h>
#include <stdio.h>

enum { MANY = 100000, LIMIT = 50 };

struct world {
    char *directory;
    pace *store;
    pace_session *session;
};

static void put_run(pace *store, const char *project, const char *branch, const char *testbed,
                    const char *const *benchmarks, size_t count)
{
    static int64_t time_ns = 1700000000000000000;
    struct pace_run_info info = run_at(time_ns += 1000000000);
    struct pace_error error = {0};
    struct pace_run_result result;
    pace_run *run;
    info.project = project;
    info.branch = branch;
    info.testbed = testbed;
    assert_int_equal(pace_run_begin(store, &info, &error, &run), 0);
    for (size_t i = 0; i < count; i++) {
        struct pace_cell cell = cell_of(benchmarks[i], 1.5);
        if (pace_run_put(run, &cell, &error)) fail_msg("%s: %s", benchmarks[i], error.message);
    }
    if (pace_runs_commit(store, &run, 1, &error, &result)) fail_msg("%s", error.message);
    pace_run_free(run);
}

static int setup(void **state)
{
    static const char *const some[] = {"parse/json", "parse/toml",  "sort",  "with space", "a//b",
                                       "star*",      "back\\slash", "tail/", "quote\"d"};
    static const char *const other[] = {"only-other"};
    /* A right-to-left override and an isolate. */
    static const char *const hostile[] = {"bidi\xe2\x80\xaegnp", "two \xe2\x81\xa6words"};
    static struct world world;
    world.directory = make_directory();
    assert_int_equal(pace_open(world.directory, PACE_CREATE, NULL, NULL, &world.store), 0);
    put_run(world.store, "calendar", "main", "ci-1", some, sizeof some / sizeof *some);
    put_run(world.store, "calendar", "dev", "ci-2", other, 1);
    put_run(world.store, "hostile", "main", "ci-1", hostile, 2);
    world.session = query_session(world.store, 0);
    query_run(world.session, "save view nightly = branch:main | last 9", NULL, NULL);
    query_run(world.session, "save threshold slow = t-test 99%", NULL, NULL);
    query_run(world.session, "let limit = 5%", NULL, NULL);
    assert_int_equal(pace_session_set(world.session, "who", "ci-1", NULL), 0);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    pace_session_close(world->session);
    pace_close(world->store);
    remove_tree(world->directory);
    return 0;
}

/* "start/total common: a b c"; static memory. */
static const char *complete(const struct world *world, const char *text, size_t limit)
{
    static char out[4096];
    struct pace_completion *completion;
    struct pace_error error = {0};
    if (pace_complete(world->session, text, strlen(text), limit, &error, &completion))
        fail_msg("%s: %s", text, error.message);
    size_t used = (size_t)snprintf(out, sizeof out, "%zu/%zu %s:", completion->start,
                                   completion->total, completion->common);
    for (size_t i = 0; i < completion->count; i++) {
        used +=
            (size_t)snprintf(out + used, sizeof out - used, " %s", completion->candidates[i].text);
    }
    assert_true(used < sizeof out);
    pace_completion_free(completion);
    return out;
}

static void is(const struct world *world, const char *text, const char *expected)
{
    const char *got = complete(world, text, LIMIT);
    if (strcmp(got, expected) != 0)
        fail_msg("'%s'\n  gives    %s\n  expected %s", text, got, expected);
}

/* Whether a word is among the candidates. */
static bool offers(const struct world *world, const char *text, const char *word)
{
    char padded[256];
    snprintf(padded, sizeof padded, " %s ", word);
    char *got = strdup(complete(world, text, 1000)), *list = malloc(strlen(got) + 2);
    assert_true(got && list);
    sprintf(list, "%s ", strchr(got, ':') + 1);
    bool found = strstr(list, padded) || strstr(got, padded);
    free(got);
    free(list);
    return found;
}

static void test_words(void **state)
{
    const struct world *world = *state;
    is(world, "bench", "0/1 benchmark:: benchmark:");
    is(world, "branch:main | wh", "14/1 where: where");
    is(world, "branch:main | ch", "14/2 ch: changes check");
    is(world, "branch:main |che", "13/1 check: check");
    is(world, "branch:main | check z", "20/1 z-score: z-score");
    is(world, "branch:main | check sl", "20/1 slow: slow");
    is(world, "branch:main | as js", "17/2 json: json jsonl");
    is(world, "branch:main | baseline med", "23/1 median: median");
    is(world, "branch:main | versus branch:main using we", "39/1 welch: welch");
    is(world, "branch:main | changes using e", "28/1 e-divisive: e-divisive");
    is(world, "branch:main | check z-score 3sd using b", "38/1 bencher: bencher");
    is(world, "show bench", "5/1 benchmarks: benchmarks");
    is(world, "branch:main | last 20 com", "22/1 commits: commits");
    is(world, "night", "0/1 nightly: nightly");
    is(world, "branch:main; night", "13/1 nightly: nightly");
    is(world, "drop threshold ", "15/1 slow: slow");
    is(world, "testbed:$", "8/1 $who: $who");
    is(world, "branch:main | last 1 | wher", "23/1 where: where");
}

static void test_columns(void **state)
{
    const struct world *world = *state;
    is(world, "branch:main | where val", "20/1 value: value");
    is(world, "branch:main | where lim", "20/1 limit: limit");
    is(world, "branch:main | where med", "20/1 median(: median(");
    assert_true(offers(world, "branch:main | check | where ", "worse"));
    assert_false(offers(world, "branch:main | where ", "worse"));
    assert_true(offers(world, "branch:main | baseline mean | where ", "delta"));
    assert_true(offers(world, "branch:main | derive twice = value * 2 | sort ", "twice"));
    assert_false(offers(world, "branch:main | keep ", "check"));
    assert_true(offers(world, "branch:main ", "|"));
    assert_false(offers(world, "", "|"));
}

static bool is_column_of(const char *name, int verb)
{
    const struct column_row *row;
    for (size_t i = 0; (row = column_row(i)) != NULL; i++)
        if (row->verb == verb && strcmp(row->name, name) == 0) return true;
    return false;
}

/* column.def tells of a verb the columns that its rows have, and no others; they are offered behind
 * it. */
static void columns_are_told(const struct world *world, int verb, const char *query)
{
    char text[200];
    struct pace_error error;
    pace_query *prepared;
    const struct pace_rows *rows;
    enum pace_step step = PACE_STEP_ROWS;
    const struct column_row *row;
    snprintf(text, sizeof text, "%s | keep ", query);
    assert_int_equal(pace_prepare(world->session, query, strlen(query), &error, &prepared), 0);
    assert_int_equal(pace_step(prepared, &error, &step, &rows), 0);
    assert_int_equal(step, PACE_STEP_ROWS);
    for (size_t i = 0; i < rows->field_count; i++) {
        const char *name = rows->fields[i].name;
        if (!is_column_of(name, verb) && !is_column_of(name, T_YYEOF))
            fail_msg("%s: %s", query, name);
        if (!offers(world, text, name)) fail_msg("%s%s", text, name);
    }
    for (size_t r = 0; (row = column_row(r)) != NULL; r++) {
        bool there =
            row->verb != verb || strcmp(row->name, "high") == 0 || strcmp(row->name, "low") == 0;
        for (size_t i = 0; i < rows->field_count && !there; i++)
            there = strcmp(rows->fields[i].name, row->name) == 0;
        if (!there) fail_msg("%s has no %s", query, row->name);
    }
    pace_query_free(prepared);
}

static void test_columns_of_verbs(void **state)
{
    struct world world = {.directory = make_directory()};
    (void)state;
    assert_int_equal(pace_open(world.directory, PACE_CREATE, NULL, NULL, &world.store), 0);
    world.session = query_session(world.store, 0);
    for (int day = 0; day < 28; day++) {
        char put[100];
        snprintf(put, sizeof put, "put //p//main//t//b//latency %dus at 2026-01-%02d",
                 (day < 14 ? 100 : 200) + day * 7 % 3, day + 1);
        query_run(world.session, put, NULL, NULL);
    }
    columns_are_told(&world, T_BASELINE, "measure:latency | baseline mean");
    columns_are_told(&world, T_CHECK, "measure:latency | check");
    columns_are_told(&world, T_VERSUS, "measure:latency | versus branch:main");
    columns_are_told(&world, T_CHANGES, "measure:latency | changes");
    pace_session_close(world.session);
    pace_close(world.store);
    remove_tree(world.directory);
}

static void test_nothing(void **state)
{
    const struct world *world = *state;
    is(world, "foo bar", "4/0 :");
    is(world, "branch:main | xyz", "14/0 :");
    is(world, "branch:main \x1b", "0/0 :");
    is(world, "!", "0/0 :");
    is(world, "branch:nowhere", "7/0 :");
}

static void test_names(void **state)
{
    const struct world *world = *state;
    is(world, "branch:", "7/2 : dev main");
    is(world, "branch:m", "7/1 main: main");
    is(world, "branch:{main,d", "13/1 dev: dev");
    is(world, "branch:main testbed:c", "20/2 ci-: ci-1 ci-2");
    is(world, "benchmark:p", "10/2 parse/: parse/json parse/toml");
    is(world, "benchmark:json", "10/1 parse/json: parse/json"); /* what contains it */
    is(world, "branch:main | where benchmark:so", "30/1 sort: sort");
    /* Names that do not stand bare. */
    is(world, "benchmark:with", "10/1 \"with space\": \"with space\"");
    is(world, "benchmark:\"with s", "10/1 \"with space\": \"with space\"");
    is(world, "benchmark:star", "10/1 \"star*\": \"star*\"");
    is(world, "benchmark:back", "10/1 \"back\\\\slash\": \"back\\\\slash\"");
    is(world, "benchmark:quote", "10/1 \"quote\\\"d\": \"quote\\\"d\"");
    is(world, "run:", "4/3 : 1 2 3");
}

static void test_paths(void **state)
{
    const struct world *world = *state;
    is(world, "//", "2/2 : calendar// hostile//");
    is(world, "//c", "2/1 calendar//: calendar//");
    is(world, "//calendar//", "12/2 : dev// main//");
    is(world, "//calendar//dev//", "17/1 ci-2//: ci-2//");
    is(world, "//calendar//dev//*//", "20/1 only-other//: only-other//");
    is(world, "//calendar//m*//*//s", "19/2 s: sort// \"star*\"//");
    is(world, "//calendar//*//*//sort//", "24/1 latency: latency");
    is(world, "branch:main or //calendar//main//ci-1//\"with space\"//la", "53/1 latency: latency");
    is(world, "//calendar//main//ci-1//tail", "24/1 \"tail/\"//: \"tail/\"//");
    is(world, "//nothing//", "11/0 :");
    is(world, "//a//b//c//d//e//", "0/0 :");
}

/* What is offered can be pasted: it parses and names the series. */
static void test_pasted(void **state)
{
    const struct world *world = *state;
    struct pace_completion *completion;
    assert_int_equal(pace_complete(world->session, "benchmark:", 10, 100, NULL, &completion), 0);
    assert_int_equal(completion->count, 12);
    for (size_t i = 0; i < completion->count; i++) {
        char selector[256];
        struct pace_error error = {0};
        pace_selection *selection;
        snprintf(selector, sizeof selector, "benchmark:%s", completion->candidates[i].text);
        if (pace_selection_open(world->session, selector, strlen(selector), &error, &selection))
            fail_msg("%s: %s", selector, error.message);
        assert_int_equal(pace_selection_count(selection), 1);
        pace_selection_close(selection);
    }
    pace_completion_free(completion);
}

/* Characters that turn text around are never given out. */
static void test_hostile(void **state)
{
    const struct world *world = *state;
    is(world, "benchmark:bidi", "10/1 bidi?gnp: bidi?gnp");
    is(world, "benchmark:two", "10/1 two??words: two??words");
    is(world, "//hostile//main//ci-1//b", "23/1 bidi?gnp//: bidi?gnp//");
}

/* Names that need quotes, and share a beginning. */
static void test_quoted(void **state)
{
    struct world *world = *state;
    static const char *const alike[] = {"two words", "two works"};
    put_run(world->store, "quoted", "q", "ci-1", alike, 2);
    is(world, "//quoted//q//ci-1//t", "19/2 \"two wor: \"two words\"// \"two works\"//");
    is(world, "//quoted//q//ci-1//\"two words", "19/1 \"two words\"//: \"two words\"//");
    is(world, "benchmark:\"two wor", "10/2 \"two wor: \"two words\" \"two works\"");
}

static void test_limit(void **state)
{
    const struct world *world = *state;
    assert_string_equal(complete(world, "benchmark:", 2), "10/12 : \"a//b\" \"back\\\\slash\"");
    assert_string_equal(complete(world, "benchmark:parse", 0), "10/2 parse/:");
    assert_string_equal(complete(world, "benchmark:parse", 1), "10/2 parse/: parse/json");
}

static void test_many(void **state)
{
    (void)state;
    struct world world = {.directory = make_directory()};
    static char names[MANY][16];
    static const char *list[MANY];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "case%06zu", (i * 7919) % MANY);
        list[i] = names[i];
    }
    assert_int_equal(pace_open(world.directory, PACE_CREATE, NULL, NULL, &world.store), 0);
    put_run(world.store, "p", "main", "t", list, MANY);
    world.session = query_session(world.store, 0);
    assert_string_equal(complete(&world, "benchmark:case", 3),
                        "10/100000 case0: case000000 case000001 case000002");
    assert_string_equal(complete(&world, "benchmark:case01234", 3),
                        "10/10 case01234: case012340 case012341 case012342");
    assert_string_equal(complete(&world, "//p//main//t//case09999", 2),
                        "14/10 case09999: case099990// case099991//");
    pace_session_close(world.session);
    pace_close(world.store);
    remove_tree(world.directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_columns_of_verbs),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_pasted),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
