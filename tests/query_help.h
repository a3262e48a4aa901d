/* query_help.h -- for tests that ask queries: a session, a statement that must succeed, rows as
 * CSV. */
#ifndef PACE_TEST_QUERY_HELP_H
#define PACE_TEST_QUERY_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../query/pace_query.h"

#include <stdlib.h>
#include <string.h>

static inline pace_session *query_session(pace *store, int64_t now_ns)
{
    struct pace_query_options options = {.struct_size = sizeof options, .now_ns = now_ns};
    pace_session *session;
    assert_int_equal(pace_session_open(store, &options, NULL, &session), 0);
    return session;
}

struct query_text {
    char *bytes;
    size_t len, capacity;
};

static inline int query_text_add(void *context, const char *bytes, size_t len)
{
    struct query_text *text = context;
    if (text->len + len + 1 > text->capacity) {
        text->capacity = (text->len + len + 1) * 2;
        text->bytes = realloc(text->bytes, text->capacity);
        assert_non_null(text->bytes);
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = 0;
    return 0;
}

/* Runs a script that succeeds. The rows of its last statement as CSV (the caller frees them) when
 * `rows` is not NULL, its outcome when `outcome` is not NULL (without the message, which dies
 * here). */
static inline void query_run(pace_session *session, const char *script, char **rows,
                             struct pace_outcome *outcome)
{
    struct query_text text = {0};
    struct pace_error error = {0};
    struct pace_writer_options options = {.struct_size = sizeof options};
    pace_writer *writer = NULL;
    pace_query *query;
    if (pace_prepare(session, script, strlen(script), &error, &query))
        fail_msg("%s: %s", script, error.message);
    for (;;) {
        enum pace_step step;
        const struct pace_rows *batch;
        if (pace_step(query, &error, &step, &batch)) fail_msg("%s: %s", script, error.message);
        if (step == PACE_STEP_END) break;
        if (step == PACE_STEP_STATEMENT) {
            if (outcome) {
                *outcome = *pace_outcome(query);
                outcome->message = NULL;
            }
            if (writer) assert_int_equal(pace_writer_finish(writer, &error), 0);
            pace_writer_close(writer);
            writer = NULL;
            continue;
        }
        if (!writer) {
            text.len = 0;
            assert_int_equal(
                pace_writer_open("csv", &options, query_text_add, &text, &error, &writer), 0);
        }
        assert_int_equal(pace_writer_rows(writer, batch, &error), 0);
    }
    pace_writer_close(writer);
    pace_query_free(query);
    if (!rows) {
        free(text.bytes);
        return;
    }
    if (!text.bytes) query_text_add(&text, "", 0);
    *rows = text.bytes;
}

/* The rows of a script are these. */
static inline void query_gives(pace_session *session, const char *script, const char *expected)
{
    char *rows;
    query_run(session, script, &rows, NULL);
    if (strcmp(rows, expected) != 0) fail_msg("%s gives\n%s\nnot\n%s", script, rows, expected);
    free(rows);
}

/* The status of the last statement (0, 1 or 4). */
static inline int query_status(pace_session *session, const char *script)
{
    struct pace_outcome outcome = {.status = -1};
    query_run(session, script, NULL, &outcome);
    return outcome.status;
}

/* Runs a script that fails with a diagnostic of this number, whose message holds `words`. */
static inline void query_fails(pace_session *session, const char *script, int code,
                               const char *words)
{
    pace_query *query;
    int status = pace_prepare(session, script, strlen(script), NULL, &query), found = 0;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    struct pace_diag diag = {.message = ""};
    while (!status && step != PACE_STEP_END)
        status = pace_step(query, NULL, &step, &rows);
    for (size_t i = 0; pace_diag_get(query, i, &diag) == 0; i++)
        found |= diag.code == code && strstr(diag.message, words) != NULL;
    if (!status || !found) fail_msg("%s: status %d, %s", script, status, diag.message);
    pace_query_free(query);
}

#endif
