/* golden.h -- scripts and all that they give, kept in a file: each block is a script and its
 * answer (rows as CSV or in the format it asks for, notes, diagnostics, status).
 * PACE_UPDATE_GOLDEN=1 writes the file anew: read the difference before you commit it. */
#ifndef PACE_TEST_GOLDEN_H
#define PACE_TEST_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/pace_query.h"
#include "../query_help.h"
#include "fixture.h"

static inline void append_text(struct query_text *text, const char *bytes)
{
    query_text_add(text, bytes, strlen(bytes));
}

static inline void append_diags(struct query_text *out, const pace_query *query)
{
    for (size_t i = 0; i < pace_diag_count(query); i++) {
        struct pace_diag diag;
        assert_int_equal(pace_diag_get(query, i, &diag), 0);
        append_text(out, diag.drawn);
        if (diag.drawn[strlen(diag.drawn) - 1] != '\n') append_text(out, "\n");
    }
}

static inline void append_status(struct query_text *out, const pace_query *query)
{
    const struct pace_outcome *outcome = pace_outcome(query);
    char line[400];
    if (outcome->message) {
        snprintf(line, sizeof line, "%s\n", outcome->message);
        append_text(out, line);
    }
    snprintf(line, sizeof line, "status %d\n", outcome->status);
    append_text(out, line);
}

/* How rows are drawn. */
static const struct pace_writer_options golden_ascii = {
    .struct_size = sizeof golden_ascii, .width = 100, .ascii = 1};

/* Runs a script and collects all that it says. */
static inline void run_script(pace_session *session, const char *script,
                              const struct pace_writer_options *options, struct query_text *out)
{
    struct pace_error error;
    pace_query *query;
    pace_writer *writer = NULL;
    if (pace_prepare(session, script, strlen(script), &error, &query)) {
        append_diags(out, query);
        pace_query_free(query);
        return;
    }
    for (;;) {
        enum pace_step step;
        const struct pace_rows *rows;
        if (pace_step(query, &error, &step, &rows)) {
            append_diags(out, query);
            break;
        }
        if (step == PACE_STEP_END) break;
        if (step == PACE_STEP_ROWS) {
            const char *format = pace_format_name(query) ? pace_format_name(query) : "csv";
            if (!writer)
                assert_int_equal(
                    pace_writer_open(format, options, query_text_add, out, &error, &writer), 0);
            assert_int_equal(pace_writer_rows(writer, rows, &error), 0);
            continue;
        }
        if (writer) assert_int_equal(pace_writer_finish(writer, &error), 0);
        pace_writer_close(writer);
        writer = NULL;
        append_diags(out, query);
        append_status(out, query);
    }
    pace_writer_close(writer);
    pace_query_free(query);
}

static inline char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct query_text text = {0};
    char buffer[65536];
    size_t n;
    append_text(&text, "");
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        query_text_add(&text, buffer, n);
    fclose(file);
    return text.bytes;
}

/* A block is "> script lines", the output, and a line "---". Comment lines begin with '#'. */
static inline void golden_check_drawn(pace *store, const char *path,
                                      const struct pace_writer_options *drawn)
{
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = FIXTURE_START_NS + 41 * FIXTURE_DAY_NS};
    char *golden = read_file(path);
    struct query_text fresh = {0};
    const char *at = golden;
    size_t blocks = 0;
    while (*at) {
        if (*at != '>') { /* comments and what the last run said */
            const char *end = strchr(at, '\n');
            size_t len = end ? (size_t)(end - at) + 1 : strlen(at);
            if (*at == '#' || *at == '\n') query_text_add(&fresh, at, len);
            at += len;
            continue;
        }
        struct query_text script = {0};
        while (*at == '>') {
            const char *end = strchr(at, '\n');
            size_t len = (size_t)(end - at) + 1;
            query_text_add(&fresh, at, len);
            query_text_add(&script, at + 2, len - 2);
            at += len;
        }
        script.bytes[script.len - 1] = 0;
        struct pace_error error;
        pace_session *session;
        assert_int_equal(pace_session_open(store, &options, &error, &session), 0);
        assert_int_equal(pace_session_set(session, "branch", "main", &error), 0);
        run_script(session, script.bytes, drawn, &fresh);
        append_text(&fresh, "---\n");
        pace_session_close(session);
        free(script.bytes);
        blocks++;
        /* Skip what the last run said; a new block has nothing yet. */
        const char *end = strstr(at, "---\n"), *next = strstr(at, "\n>");
        if (end && (!next || end < next)) at = end + 4;
    }
    assert_true(blocks > 0);
    if (getenv("PACE_UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(fresh.bytes, 1, fresh.len, file);
        fclose(file);
    } else {
        assert_string_equal(fresh.bytes, golden);
    }
    free(golden);
    free(fresh.bytes);
}

static inline void golden_check(pace *store, const char *path)
{
    golden_check_drawn(store, path, &golden_ascii);
}

#endif
