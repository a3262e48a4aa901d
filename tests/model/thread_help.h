/* thread_help.h -- for tests of statements with several threads: what a statement gives as text,
 * sessions that divide it as finely as can be, and that all give the same. */
#ifndef PACE_TEST_THREAD_HELP_H
#define PACE_TEST_THREAD_HELP_H

#include "../query_help.h"

#include <dirent.h>
#include <stdio.h>

enum { THREADS = 4 };

/* -- what a statement gives, as text ------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static inline void add_text(struct query_text *out,
                                                                  const char *format, ...)
{
    char text[4000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    query_text_add(out, text, strlen(text));
}

/* Statements that other threads helped with. */
static size_t helped;

static inline void add_outcome(struct query_text *out, const struct pace_outcome *outcome)
{
    const uint64_t counts[] = {outcome->rows,      outcome->unknown_rows, outcome->series,
                               outcome->judged,    outcome->worse,        outcome->better,
                               outcome->suspected, outcome->changed,      outcome->thin,
                               outcome->fresh,     outcome->gone,         outcome->failed,
                               outcome->recovered, outcome->moved,        outcome->settling};
    helped += outcome->threads > 1;
    add_text(out, "status %d:", outcome->status);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        add_text(out, " %llu", (unsigned long long)counts[i]);
    add_text(out, "\n");
}

/* Rows with all their digits and marks, how the statement ended, and what was told. */
static inline int answer(pace_session *session, const char *script, struct query_text *out)
{
    struct pace_writer_options options = {.struct_size = sizeof options};
    struct pace_error error = {0};
    struct pace_diag diag;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    struct query_text marks = {0};
    size_t row = 0;
    pace_writer *writer = NULL;
    pace_query *query;
    out->len = 0;
    query_text_add(out, "", 0);
    int status = pace_prepare(session, script, strlen(script), &error, &query);
    while (!status && step != PACE_STEP_END) {
        status = pace_step(query, &error, &step, &rows);
        if (!status && step == PACE_STEP_ROWS) {
            if (!writer)
                assert_int_equal(
                    pace_writer_open("jsonl", &options, query_text_add, out, &error, &writer), 0);
            assert_int_equal(pace_writer_rows(writer, rows, &error), 0);
            for (size_t i = 0; i < rows->count; i++, row++)
                if (rows->marks && rows->marks[i]) add_text(&marks, "%zu:%d ", row, rows->marks[i]);
        }
        if (status || step != PACE_STEP_STATEMENT) continue;
        add_outcome(out, pace_outcome(query));
        pace_writer_close(writer);
        writer = NULL;
    }
    pace_writer_close(writer);
    for (size_t i = 0; pace_diag_get(query, i, &diag) == 0; i++)
        add_text(out, "Q%03d %s\n%s\n", diag.code, diag.message, diag.help ? diag.help : "");
    add_text(out, "marks %s\n", marks.bytes ? marks.bytes : "");
    free(marks.bytes);
    pace_query_free(query);
    return status;
}

/* -- sessions ------------------------------------------------------------------------------------ */

/* A session whose statements are divided as finely as can be. */
static inline pace_session *session_of(pace *store, int64_t now_ns, uint64_t threads,
                                       size_t memory_bytes)
{
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = now_ns,
                                         .memory_bytes = memory_bytes,
                                         .thread_points = 1};
    pace_session *session;
    assert_int_equal(pace_session_open(store, &options, NULL, &session), 0);
    assert_int_equal(pace_limit_lower(session, "PACE_MAX_THREADS", threads), 0);
    return session;
}

static inline void open_sessions(pace *store, int64_t now_ns, size_t memory_bytes,
                                 pace_session *sessions[THREADS])
{
    for (uint64_t i = 0; i < THREADS; i++)
        sessions[i] = session_of(store, now_ns, i + 1, memory_bytes);
}

static inline void close_sessions(pace_session *sessions[THREADS])
{
    for (size_t i = 0; i < THREADS; i++)
        pace_session_close(sessions[i]);
}

/* From the line on in which two texts begin to differ. */
static inline const char *difference(const char *text, const char *other)
{
    const char *line = text;
    for (; *text && *text == *other; text++, other++)
        if (*text == '\n') line = text + 1;
    return line;
}

/* All give the same. What one thread gives is left in answers[0]. */
static inline int compare(pace_session *sessions[THREADS], const char *script,
                          struct query_text answers[THREADS], uint64_t seed)
{
    int status = 0;
    for (int i = 0; i < THREADS; i++) {
        int own = answer(sessions[i], script, &answers[i]);
        if (i == 0) status = own;
        if (own != status || answers[i].len != answers[0].len ||
            memcmp(answers[i].bytes, answers[0].bytes, answers[0].len) != 0)
            fail_msg("PACE_SEED=%llu: %s\n%d threads: %d\n%.600s\none thread: %d\n%.600s",
                     (unsigned long long)seed, script, i + 1, own,
                     difference(answers[i].bytes, answers[0].bytes), status,
                     difference(answers[0].bytes, answers[i].bytes));
    }
    return status;
}

static inline void free_answers(struct query_text answers[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        free(answers[i].bytes);
}

/* -- statements step by step -------------------------------------------------------------------- */

static inline int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = -2; /* . and .. */
    assert_non_null(tasks);
    while (readdir(tasks))
        count++;
    closedir(tasks);
    return count;
}

/* A statement of which the first rows were given out. */
static inline pace_query *begin(pace_session *session, const char *script)
{
    struct pace_error error = {0};
    enum pace_step step;
    const struct pace_rows *rows;
    pace_query *query;
    assert_int_equal(pace_prepare(session, script, strlen(script), &error, &query), 0);
    assert_int_equal(pace_step(query, &error, &step, &rows), 0);
    assert_int_equal(step, PACE_STEP_ROWS);
    return query;
}

/* Steps to the end; how many rows came, or a negative code. */
static inline long finish(pace_query *query)
{
    struct pace_error error = {0};
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    long count = 0;
    int status = 0;
    while (!status && step != PACE_STEP_END) {
        status = pace_step(query, &error, &step, &rows);
        if (!status && step == PACE_STEP_ROWS) count += (long)rows->count;
    }
    return status ? -labs(status) : count;
}

#endif
