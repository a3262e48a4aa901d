/* test_session.c -- the interface of pace_query.h: scripts of several statements, errors as data,
 * stopping, limits, batches, two sessions in two threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/pace_query.h"
#include "../lang/fixture.h"

#include <pthread.h>
#include <stdbool.h>

enum { LONG_RUNS = 3000, WIDE_RUNS = 600, WIDE = 5 };

struct world {
    char *directory;
    /* fixture.h; branch long: 3,000 runs of one series; branch wide: 600 runs of 5 old series and a
     * new one */
    pace *store;
};

static pace_session *open_session(const struct world *world, size_t memory_bytes,
                                  uint64_t deadline_ns)
{
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = FIXTURE_START_NS + 41 * FIXTURE_DAY_NS,
                                         .memory_bytes = memory_bytes,
                                         .deadline_ns = deadline_ns};
    struct pace_error error;
    pace_session *session;
    assert_int_equal(pace_session_open(world->store, &options, &error, &session), 0);
    return session;
}

static pace_query *prepare(pace_session *session, const char *text)
{
    struct pace_error error = {0};
    pace_query *query;
    if (pace_prepare(session, text, strlen(text), &error, &query))
        fail_msg("%s: %s", text, error.message);
    return query;
}

/* How a script ends. */
struct ending {
    int code;
    size_t statements, rows, batches, largest;
    struct pace_error error;
    struct pace_outcome outcome; /* of the last statement that ended */
};

static struct ending finish(pace_query *query)
{
    struct ending ending = {0};
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    while (step != PACE_STEP_END) {
        ending.code = pace_step(query, &ending.error, &step, &rows);
        if (ending.code) break;
        if (step == PACE_STEP_STATEMENT) {
            ending.statements++;
            ending.outcome = *pace_outcome(query);
        }
        if (step != PACE_STEP_ROWS) {
            assert_null(rows);
            continue;
        }
        ending.rows += rows->count;
        ending.batches++;
        if (rows->count > ending.largest) ending.largest = rows->count;
    }
    return ending;
}

static struct ending run(pace_session *session, const char *text)
{
    pace_query *query = prepare(session, text);
    struct ending ending = finish(query);
    pace_query_free(query);
    return ending;
}

/* Runs a script that fails: its code, and the first diagnostic with that number. */
static void run_to_error(pace_session *session, const char *text, int code, int diag_code,
                         const char *words)
{
    pace_query *query;
    struct pace_error error = {0};
    int status = pace_prepare(session, text, strlen(text), &error, &query);
    if (status == 0) {
        struct ending ending = finish(query);
        status = ending.code;
        error = ending.error;
    }
    assert_int_equal(status, code);
    assert_int_equal(error.code, code);
    bool found = false;
    struct pace_diag diag;
    for (size_t i = 0; i < pace_diag_count(query); i++) {
        assert_int_equal(pace_diag_get(query, i, &diag), 0);
        found |= diag.code == diag_code && strstr(diag.message, words);
    }
    if (!found)
        fail_msg("%.200s: no Q%03d about '%s', but %s", text, diag_code, words, error.message);
    assert_true(strlen(error.message) > 0);
    pace_query_free(query);
}

/* -- scripts -------------------------------------------------------------------------------------
 */

static void test_statements(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    struct ending ending =
        run(session,
            "let limit = 5%; view v = branch:main | last 2; v | where value > 0; ; v | last 1;");
    assert_int_equal(ending.code, 0);
    assert_int_equal(ending.statements, 4);
    /* main has 2 testbeds, each with json latency, bytes, throughput and toml latency */
    assert_int_equal(ending.rows, 16 + 8);
    assert_int_equal(ending.outcome.rows, 8);
    assert_int_equal(ending.outcome.series, 8);
    assert_int_equal(ending.outcome.status, 0);
    assert_int_equal(run(session, "").statements, 0);
    assert_int_equal(run(session, "  # nothing\n").statements, 0);
    assert_int_equal(run(session, "v").rows, 16); /* the view stays */
    pace_session_close(session);
}

static void test_error_ends_script(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    pace_query *query = prepare(session, "let a = 1; branch:main | where nosuch > 1; let b = 2");
    struct ending ending = finish(query);
    assert_int_equal(ending.code, PACE_EQUERY);
    assert_int_equal(ending.statements, 1);
    enum pace_step step;
    const struct pace_rows *rows;
    assert_int_equal(pace_step(query, NULL, &step, &rows), 0); /* it is over, and stays so */
    assert_int_equal(step, PACE_STEP_END);
    pace_query_free(query);
    assert_int_equal(run(session, "branch:main | where value > a | last 1").code, 0);
    run_to_error(session, "branch:main | where value > b", PACE_EQUERY, 31, "no column 'b'");
    /* syntax is checked before anything runs */
    run_to_error(session, "let c = 3; branch:main | wher value", PACE_EQUERY, 12, "no verb 'wher'");
    run_to_error(session, "branch:main | where value > c", PACE_EQUERY, 31, "no column 'c'");
    pace_session_close(session);
}

static void test_diagnostics(void **state)
{
    static const char script[] = "branch:main | last 1;\nmeasure:latency | where value > 3MB";
    pace_session *session = open_session(*state, 0, 0);
    pace_query *query = prepare(session, script);
    assert_int_equal(finish(query).code, PACE_EQUERY);
    struct pace_diag diag;
    assert_int_equal(pace_diag_count(query), 1);
    assert_int_equal(pace_diag_get(query, 0, &diag), 0);
    assert_int_equal(diag.code, 40);
    assert_int_equal(diag.start, strstr(script, "3MB") - script);
    assert_int_equal(diag.length, 3);
    assert_non_null(strstr(diag.message, "is a time (ns)"));
    assert_non_null(strstr(diag.drawn, "error[Q040]"));
    assert_non_null(strstr(diag.drawn, "measure:latency | where value > 3MB\n"));
    assert_non_null(strstr(diag.drawn, "^~~"));
    assert_true(diag.json[0] == '{' && diag.json[strlen(diag.json) - 1] == '}');
    assert_non_null(strstr(diag.json, "Q040"));
    assert_int_equal(pace_diag_get(query, 1, &diag), PACE_ENOTFOUND);
    pace_query_free(query);
    pace_session_close(session);
}

/* What is wrong inside a view is shown at the place where the view is used. */
static void test_diagnostics_of_a_view(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    assert_int_equal(
        run(session, "view broken = measure:latency | last 30 | sort time | where nosuch > 3").code,
        0);
    assert_int_equal(run(session, "view unknown = branch:$nobody | last 1").code, 0);
    static const struct {
        const char *script;
        int code;
    } rows[] = {{"  broken | last 1", 31}, {"branch:main | last 1; unknown", 37}};
    for (size_t i = 0; i < 2; i++) {
        pace_query *query = prepare(session, rows[i].script);
        struct pace_diag diag;
        assert_int_equal(finish(query).code, PACE_EQUERY);
        assert_int_equal(pace_diag_get(query, 0, &diag), 0);
        assert_int_equal(diag.code, rows[i].code);
        const char *name = strstr(rows[i].script, i ? "unknown" : "broken");
        assert_int_equal(diag.start, name - rows[i].script);
        assert_int_equal(diag.length, strlen(i ? "unknown" : "broken"));
        pace_query_free(query);
    }
    pace_session_close(session);
}

static void test_notes(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    pace_query *query = prepare(session, "testbed:linx-x64 | last 1");
    struct ending ending = finish(query);
    assert_int_equal(ending.code, 0);
    assert_int_equal(ending.outcome.status, 4); /* never green */
    struct pace_diag diag;
    assert_int_equal(pace_diag_get(query, 0, &diag), 0);
    assert_int_equal(diag.code, 0);
    assert_non_null(strstr(diag.message, "nearest: linux-x64"));
    pace_query_free(query);
    ending = run(session,
                 "measure:latency benchmark:parse/toml testbed:ci-1 branch:main | where value > 0");
    assert_int_equal(ending.outcome.unknown_rows, 1); /* day 12 failed */
    pace_session_close(session);
}

static void test_variables(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    run_to_error(session, "branch:$branch | last 1", PACE_EQUERY, 37, "$branch has no value");
    assert_int_equal(pace_session_set(session, "branch", "main", NULL), 0);
    assert_int_equal(run(session, "branch:$branch | last 1").outcome.series, 8);
    assert_int_equal(pace_session_set(session, "branch", "pr-*", NULL), 0);
    assert_int_equal(run(session, "branch:$branch | last 1").outcome.status,
                     4); /* a value is a text, not a pattern */
    assert_int_equal(pace_session_set(session, "branch", "pr-123", NULL), 0);
    assert_int_equal(run(session, "branch:$branch | last 1").outcome.series, 4);
    /* A text that begins like a number is a text all the same. */
    static const char *const names[] = {"e2e", "1.x", "-x", "2fa", "2026", "pr-123"};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(pace_session_set(session, "name", names[i], NULL), 0);
        if (strcmp(names[i], "2026") == 0)
            run_to_error(session, "branch:* | where branch == $name", PACE_EQUERY, 41, "a number");
        else
            assert_int_equal(
                run(session, "branch:* | where branch == $name | summarize count()").rows, 1);
    }
    assert_int_equal(pace_session_set(session, "limit", "3MB", NULL), 0);
    run_to_error(session, "measure:latency | where value > $limit", PACE_EQUERY, 40,
                 "3MB is a size");
    assert_int_equal(pace_session_set(session, "limit", "1.5ms", NULL), 0);
    assert_true(
        run(session, "measure:latency testbed:ci-1 benchmark:parse/json | where value > $limit")
            .rows > 0);
    assert_int_equal(pace_session_set(session, "day", "2026-02-01", NULL), 0);
    assert_int_equal(
        run(session, "measure:bytes testbed:ci-1 branch:main | where time >= $day").rows, 9);
    assert_int_equal(pace_session_set(session, "limit", NULL, NULL), 0);
    run_to_error(session, "measure:latency | where value > $limit", PACE_EQUERY, 37, "$limit");
    pace_session_close(session);
}

static void test_use(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    struct ending ending = run(session, "use branch:main testbed:ci-1");
    assert_int_equal(ending.code, 0);
    assert_int_equal(run(session, "measure:latency | last 1").outcome.series, 2);
    assert_int_equal(run(session, "measure:latency branch:pr-123 | last 1").outcome.series, 2);
    assert_int_equal(run(session, "measure:latency testbed:* | last 1").outcome.series, 4);
    assert_int_equal(run(session, "use //demo//pr-123").code, 0);
    assert_int_equal(run(session, "measure:latency | last 1").outcome.series, 2);
    assert_int_equal(run(session, "//*//main | last 1").outcome.series, 8);
    assert_int_equal(run(session, "branch:main measure:latency | last 1").outcome.series, 4);
    assert_int_equal(run(session, "use not branch:pr-* not branch:long not branch:wide").code, 0);
    assert_int_equal(run(session, "measure:latency | last 1").outcome.series, 4);
    assert_int_equal(run(session, "measure:latency branch:pr-123 | last 1").outcome.series, 2);
    pace_session_close(session);
}

/* -- batches -------------------------------------------------------------------------------------
 */

static void test_batches(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    static const char *const scripts[] = {"branch:long",
                                          "branch:long | where value >= 0",
                                          "branch:long | sort value desc",
                                          "branch:long | check t-test 99%",
                                          "branch:long | where value >= 0 | last 3000",
                                          "branch:long | expect value >= 0",
                                          "branch:long | summarize count() by run"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct ending ending = run(session, scripts[i]);
        assert_int_equal(ending.code, 0);
        assert_int_equal(ending.rows, LONG_RUNS);
        assert_int_equal(ending.outcome.rows, LONG_RUNS);
        assert_true(ending.batches >= 3 && ending.largest <= PACE_MAX_BATCH);
    }
    assert_int_equal(run(session, "branch:long | take 1025").rows, 1025);
    assert_int_equal(run(session, "branch:long | take 0").rows, 0);
    pace_session_close(session);
}

/* Fields keep their names and types from batch to batch. */
static void test_fields_stay(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    pace_query *query = prepare(session, "branch:* | last 40 | baseline median over 5");
    enum pace_step step;
    const struct pace_rows *rows;
    const char *names[40];
    enum pace_field_type types[40];
    size_t count = 0, batches = 0;
    while (pace_step(query, NULL, &step, &rows) == 0 && step == PACE_STEP_ROWS) {
        for (size_t i = 0; i < rows->field_count; i++) {
            const struct pace_field *field = &rows->fields[i];
            if (batches == 0) names[i] = field->name, types[i] = field->type;
            assert_string_equal(field->name, names[i]);
            assert_int_equal(field->type, types[i]);
            assert_int_equal(field->number != NULL, field->type == PACE_FIELD_NUMBER);
            assert_int_equal(field->time_ns != NULL, field->type == PACE_FIELD_TIME);
            assert_int_equal(field->text != NULL, field->type == PACE_FIELD_TEXT);
        }
        if (batches++ == 0) count = rows->field_count;
        assert_int_equal(rows->field_count, count);
    }
    assert_int_equal(count, 17);
    assert_true(batches > 8);
    pace_query_free(query);
    pace_session_close(session);
}

/* No more is read than the question needs: 65 points for a window of 64 and the last one; and a new
 * series, whose history ends nowhere, does not make the others be read to their beginning. */
static void test_points_read(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    assert_int_equal(
        run(session, "branch:long | check t-test 99% over 64 | last 1").outcome.points_read, 65);
    assert_int_equal(
        run(session, "branch:long | last 1 | check t-test 99% over 64").outcome.points_read, 65);
    assert_int_equal(run(session, "branch:long | last 1").outcome.points_read, 1);
    assert_int_equal(
        run(session, "branch:long | last 10 | baseline median over 20 lag 3").outcome.points_read,
        32);
    assert_int_equal(run(session, "branch:long | check t-test 99% over 64 confirm 2 of 3 | last 1")
                         .outcome.points_read,
                     67);
    assert_int_equal(run(session, "branch:long").outcome.points_read, LONG_RUNS);
    char commit[41], text[100];
    fixture_commit(commit, 5000 + LONG_RUNS / 2);
    snprintf(text, sizeof text, "branch:long commit:%.12s", commit);
    assert_int_equal(run(session, text).outcome.points_read, 1);
    struct ending ending = run(session, "branch:wide | check t-test 99% over 64 | last 1");
    assert_int_equal(ending.rows, WIDE + 1);
    assert_true(ending.outcome.points_read >= WIDE * 65 &&
                ending.outcome.points_read < WIDE * 65 + 100);
    pace_session_close(session);
}

/* -- stopping ------------------------------------------------------------------------------------
 */

static void *interrupt(void *session)
{
    pace_interrupt(session);
    return NULL;
}

static void test_interrupt(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    pace_query *query = prepare(session, "branch:long; branch:main");
    struct pace_error error;
    enum pace_step step;
    const struct pace_rows *rows;
    assert_int_equal(pace_step(query, &error, &step, &rows), 0);
    assert_int_equal(step, PACE_STEP_ROWS);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt, session), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    struct ending ending = finish(query);
    assert_int_equal(ending.code, PACE_EINTERRUPT);
    assert_int_equal(ending.statements, 0);
    struct pace_diag diag;
    assert_int_equal(pace_diag_get(query, 0, &diag), 0);
    assert_int_equal(diag.code, 62);
    pace_query_free(query);
    assert_int_equal(run(session, "branch:long").rows, LONG_RUNS); /* the next one runs */
    pace_session_close(session);
}

/* Between two statements it ends the script; statements that write do not look up. */
static void test_interrupt_between(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    pace_query *query = prepare(session, "let a = 1; let b = 2; let c = 3");
    struct pace_error error;
    enum pace_step step;
    const struct pace_rows *rows;
    pace_interrupt(session); /* nothing runs: it is forgotten */
    assert_int_equal(pace_step(query, &error, &step, &rows), 0);
    assert_int_equal(step, PACE_STEP_STATEMENT);
    pace_interrupt(session);
    assert_int_equal(pace_step(query, &error, &step, &rows), PACE_EINTERRUPT);
    pace_query_free(query);
    run_to_error(session, "branch:main | where value > b", PACE_EQUERY, 31, "no column 'b'");
    assert_int_equal(run(session, "branch:main | last 1 | where value > a").code, 0);
    pace_session_close(session);
}

static void test_deadline(void **state)
{
    pace_session *session = open_session(*state, 0, 1);
    run_to_error(session, "branch:long | sort value", PACE_EDEADLINE, 62, "deadline");
    pace_session_close(session);
    session = open_session(*state, 0, 3600 * UINT64_C(1000000000));
    assert_int_equal(run(session, "branch:long | sort value").rows, LONG_RUNS);
    pace_session_close(session);
}

/* Ever more memory until it is enough: each failure is said and leaks nothing (the sanitizers
 * look). */
static void test_memory(void **state)
{
    static const char *const scripts[] = {
        "branch:long",
        "branch:long | sort value",
        "branch:long | summarize median(value) by run",
        "branch:long | where benchmark ~ /x/ and value > 0 | last 9",
        "branch:long | changes",
        "branch:main | check | last run | expect not worse",
        "view v = branch:/ma.n/ | last 3; v | baseline mean over 9"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        size_t failed = 0;
        for (size_t bytes = 2048; bytes < 64 << 20; bytes += bytes / 4) {
            pace_session *session = open_session(*state, bytes, 0);
            pace_query *query;
            struct pace_error error = {0};
            int code = pace_prepare(session, scripts[i], strlen(scripts[i]), &error, &query);
            struct ending ending = {.code = code};
            if (!code) ending = finish(query);
            if (ending.code == 0) {
                pace_query_free(query);
                pace_session_close(session);
                break;
            }
            bool said = false;
            struct pace_diag diag;
            for (size_t d = 0; pace_diag_get(query, d, &diag) == 0; d++)
                said |= diag.code == 5;
            if (!code && ending.code != PACE_ENOMEM)
                fail_msg("%s with %zu bytes: %d", scripts[i], bytes, ending.code);
            if (!code && bytes > 65536) assert_true(said);
            failed++;
            pace_query_free(query);
            pace_session_close(session);
        }
        assert_true(failed > 3);
    }
    /* What sort holds counts too: 3,000 rows of 13 columns do not fit into 400 KiB. */
    pace_session *session = open_session(*state, 400 << 10, 0);
    assert_int_equal(run(session, "branch:main | last 1").code, 0);
    run_to_error(session, "branch:long | sort value", PACE_ENOMEM, 5, "out of memory");
    pace_session_close(session);
}

/* -- limits --------------------------------------------------------------------------------------
 */

static void test_limits(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    static const struct {
        const char *script;
        int code;
        const char *words;
    } rows[] = {
        {"branch:main | baseline mean over 1000001", 51, "PACE_MAX_WINDOW"},
        {"branch:main | baseline mean over 5 lag 1000001", 52, "1000000"},
        {"branch:main | check t-test 99% needs 1000001", 52, "1000000"},
        {"branch:main | derive x = mean(value) over 1000001", 51, "PACE_MAX_WINDOW"},
        {"branch:main | baseline mean over 0", 51, "PACE_MAX_WINDOW"},
        {"branch:main | baseline mean over 1.5", 51, "whole number"},
        {"branch:main | last 0", 52, "whole number"},
        {"branch:main | check mad 3sd confirm 3 of 2", 52, "confirm"},
        {"branch:main | check mad 3sd confirm 2 of 65", 52, "64"},
        {"branch:main | take 1.5", 52, "whole number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_to_error(session, rows[i].script, PACE_EQUERY, rows[i].code, rows[i].words);
    assert_int_equal(
        run(session, "branch:main | baseline mean over 1000000 lag 1000000 | last 1").code, 0);
    char *text = malloc(PACE_MAX_STATEMENT + 2); /* of its first to its last byte */
    assert_non_null(text);
    memset(text, ' ', PACE_MAX_STATEMENT + 1);
    memcpy(text, "branch:main", 11);
    memcpy(text + PACE_MAX_STATEMENT - 5, "last 1", 7);
    text[11] = '|';
    run_to_error(session, text, PACE_EQUERY, 1, "PACE_MAX_STATEMENT");
    memmove(text + 12, text + 13, PACE_MAX_STATEMENT - 11);
    assert_int_equal(run(session, text).code, 0);
    free(text);
    run_to_error(session, "view loop = loop | last 1; loop", PACE_EQUERY, 2, "uses itself");
    run_to_error(session, "let loop = loop + 1; branch:main | where value > loop", PACE_EQUERY, 2,
                 "uses itself");
    run_to_error(session,
                 "view loop = branch:main | versus loop | keep n; branch:main | versus loop",
                 PACE_EQUERY, 2, "uses itself");
    pace_session_close(session);
}

/* A verb that needs what an earlier one took away says so. */
static void test_order_of_verbs(void **state)
{
    pace_session *session = open_session(*state, 0, 0);
    static const struct {
        const char *script, *words;
    } rows[] = {
        {"measure:latency | sort value | last 1", "'last'"},
        {"measure:latency | take 5 | check", "'check'"},
        {"measure:latency | summarize count() by benchmark | baseline mean over 5", "'baseline'"},
        {"measure:latency | keep value | baseline mean over 5", "'baseline'"},
        {"measure:latency | sort value | derive m = mean(value) over 5", "window"},
        {"measure:latency | sort value | where delta(value) > 0", "window"},
        {"measure:latency | take 9 | sort prev(value)", "window"},
        {"measure:latency | sort value | changes", "'changes'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_to_error(session, rows[i].script, PACE_EQUERY, 63, rows[i].words);
    pace_session_close(session);
}

/* -- many at once --------------------------------------------------------------------------------
 */

struct job {
    const struct world *world;
    const char *script;
    size_t rows;
    bool failed;
};

static void *run_job(void *context)
{
    struct job *job = context;
    struct pace_query_options options = {.struct_size = sizeof options};
    pace_session *session;
    if (pace_session_open(job->world->store, &options, NULL, &session)) return NULL;
    for (int i = 0; i < 20; i++) {
        pace_query *query;
        enum pace_step step = PACE_STEP_ROWS;
        const struct pace_rows *rows;
        size_t count = 0;
        job->failed |= pace_prepare(session, job->script, strlen(job->script), NULL, &query) != 0;
        while (!job->failed && step != PACE_STEP_END) {
            job->failed |= pace_step(query, NULL, &step, &rows) != 0;
            if (step == PACE_STEP_ROWS && !job->failed) count += rows->count;
        }
        pace_query_free(query);
        job->failed |= count != job->rows;
    }
    pace_session_close(session);
    return job;
}

static void test_threads(void **state)
{
    struct job jobs[2] = {
        {*state, "let x = 1; branch:long | check t-test 99% over 20 | where value >= x", LONG_RUNS,
         false},
        {*state,
         "let x = 2; measure:latency branch:main | baseline median over 5 | sort delta desc", 158,
         false}};
    jobs[0].rows = LONG_RUNS / 100 * 99; /* one in a hundred is 0 */
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &jobs[i]);
        assert_false(jobs[i].failed);
    }
}

/* Two sessions side by side keep their names apart; a query outlives none of it. */
static void test_sessions_apart(void **state)
{
    pace_session *a = open_session(*state, 0, 0), *b = open_session(*state, 0, 0);
    assert_int_equal(run(a, "let x = 1; use branch:main").code, 0);
    run_to_error(b, "branch:main | where value > x", PACE_EQUERY, 31, "no column 'x'");
    assert_int_equal(run(b, "measure:latency branch:{main,pr-*,long} | last 1").outcome.series, 7);
    pace_query *one = prepare(a, "measure:latency | last 1"), *two = prepare(a, "measure:bytes");
    assert_int_equal(finish(two).rows, 80);
    assert_int_equal(finish(one).rows, 4);
    pace_query_free(one);
    pace_query_free(two);
    pace_query_free(prepare(a, "branch:main")); /* never run */
    pace_query *half = prepare(a, "branch:long | where benchmark ~ /x/");
    enum pace_step step;
    const struct pace_rows *rows;
    assert_int_equal(pace_step(half, NULL, &step, &rows), 0);
    assert_int_equal(step, PACE_STEP_ROWS);
    pace_query_free(half); /* in the middle */
    pace_session_close(a);
    pace_session_close(b);
    pace_session_close(NULL);
    pace_query_free(NULL);
}

/* -- the store ------------------------------------------------------------------------------------
 */

static int fill_long(pace *store)
{
    pace_run **runs = calloc(LONG_RUNS, sizeof *runs);
    assert_non_null(runs);
    for (int i = 0; i < LONG_RUNS; i++) {
        char commit[41];
        fixture_commit(commit, 5000 + i);
        struct pace_run_info info = {.project = "demo",
                                     .branch = "long",
                                     .testbed = "ci-1",
                                     .commit = commit,
                                     .time_ns = FIXTURE_START_NS + i * INT64_C(60000000000)};
        assert_int_equal(pace_run_begin(store, &info, NULL, &runs[i]), 0);
        assert_int_equal(
            fixture_cell(runs[i], "x", "latency", "ns", PACE_LOWER_IS_BETTER, i % 100, 0), 0);
    }
    int status = pace_runs_commit(store, runs, LONG_RUNS, NULL, NULL);
    for (int i = 0; i < LONG_RUNS; i++)
        pace_run_free(runs[i]);
    free(runs);
    return status;
}

static int fill_wide(pace *store)
{
    pace_run *runs[WIDE_RUNS];
    for (int i = 0; i < WIDE_RUNS; i++) {
        struct pace_run_info info = {.project = "demo",
                                     .branch = "wide",
                                     .testbed = "ci-1",
                                     .time_ns = FIXTURE_START_NS + i * INT64_C(60000000000)};
        assert_int_equal(pace_run_begin(store, &info, NULL, &runs[i]), 0);
        for (int b = 0; b < WIDE + (i > WIDE_RUNS - 11); b++) {
            char name[20];
            snprintf(name, sizeof name, b < WIDE ? "b%d" : "a-new-one", b);
            assert_int_equal(
                fixture_cell(runs[i], name, "latency", "ns", PACE_LOWER_IS_BETTER, i % 100, 0), 0);
        }
    }
    int status = pace_runs_commit(store, runs, WIDE_RUNS, NULL, NULL);
    for (int i = 0; i < WIDE_RUNS; i++)
        pace_run_free(runs[i]);
    return status;
}

static int setup(void **state)
{
    static struct world world;
    world.directory = fixture_dir();
    if (!world.directory || pace_open(world.directory, PACE_CREATE, NULL, NULL, &world.store))
        return -1;
    *state = &world;
    if (fixture_fill(world.store)) return -1;
    return fill_long(world.store) || fill_wide(world.store) ? -1 : 0;
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
        cmocka_unit_test(test_statements),  cmocka_unit_test(test_error_ends_script),
        cmocka_unit_test(test_diagnostics), cmocka_unit_test(test_diagnostics_of_a_view),
        cmocka_unit_test(test_notes),       cmocka_unit_test(test_variables),
        cmocka_unit_test(test_use),         cmocka_unit_test(test_batches),
        cmocka_unit_test(test_fields_stay), cmocka_unit_test(test_points_read),
        cmocka_unit_test(test_interrupt),   cmocka_unit_test(test_interrupt_between),
        cmocka_unit_test(test_deadline),    cmocka_unit_test(test_memory),
        cmocka_unit_test(test_limits),      cmocka_unit_test(test_order_of_verbs),
        cmocka_unit_test(test_threads),     cmocka_unit_test(test_sessions_apart),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
