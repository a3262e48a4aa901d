/* format_rows.h -- rows and a writer into memory for the tests of result writers. */
#ifndef FORMAT_ROWS_H
#define FORMAT_ROWS_H

#include "../../query/pace_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND       INT64_C(1000000000)
#define T0           (INT64_C(1785765900) * SECOND) /* 2026-08-03T14:05:00Z */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const all_formats[] = {"table",    "csv",  "tsv", "json", "jsonl",
                                          "markdown", "plot", "svg", "line"};

/* -- a writer into memory ---------------------------------------------------------------------- */

struct sunk {
    char *bytes;
    size_t len, calls, fail_at;
};

static int sink(void *context, const char *bytes, size_t len)
{
    struct sunk *sunk = context;
    if (++sunk->calls == sunk->fail_at) return ENOSPC;
    sunk->bytes = realloc(sunk->bytes, sunk->len + len + 1);
    assert_non_null(sunk->bytes);
    memcpy(sunk->bytes + sunk->len, bytes, len);
    sunk->len += len;
    sunk->bytes[sunk->len] = '\0';
    return 0;
}

/* What a format makes of rows given in batches of `step` rows. The caller frees it. */
static char *write_steps(const char *format, const struct pace_writer_options *options,
                         const struct pace_rows *rows, size_t step)
{
    struct sunk sunk = {0};
    struct pace_error error = {0};
    pace_writer *writer;
    assert_int_equal(pace_writer_open(format, options, sink, &sunk, &error, &writer), 0);
    for (size_t at = 0; at < rows->count || at == 0; at += step) {
        struct pace_field fields[32];
        size_t left = rows->count - at;
        struct pace_rows part = {left < step ? left : step, rows->field_count, fields, NULL};
        if (rows->marks) part.marks = rows->marks + at;
        assert_true(rows->field_count <= COUNT(fields));
        for (size_t i = 0; i < rows->field_count; i++) {
            fields[i] = rows->fields[i];
            if (fields[i].text) fields[i].text += at;
            if (fields[i].number) fields[i].number += at;
            if (fields[i].time_ns) fields[i].time_ns += at;
            if (fields[i].flag) fields[i].flag += at;
            if (fields[i].missing) fields[i].missing += at;
            if (fields[i].units) fields[i].units += at;
        }
        assert_int_equal(pace_writer_rows(writer, &part, &error), 0);
    }
    assert_int_equal(pace_writer_finish(writer, &error), 0);
    pace_writer_close(writer);
    if (!sunk.bytes) sunk.bytes = calloc(1, 1);
    assert_non_null(sunk.bytes);
    return sunk.bytes;
}

/* -- rows ----------------------------------------------------------------------------------------
 */

#define TEXT(n, ...)                                                                               \
    {                                                                                              \
        .name = n, .type = PACE_FIELD_TEXT, .text = (const char *[])                               \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define TIMES(n, ...)                                                                              \
    {                                                                                              \
        .name = n, .type = PACE_FIELD_TIME, .time_ns = (int64_t[])                                 \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define FLAGS(n, ...)                                                                              \
    {                                                                                              \
        .name = n, .type = PACE_FIELD_FLAG, .flag = (uint8_t[])                                    \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define NUMBERS(n, u, ...)                                                                         \
    {                                                                                              \
        .name = n, .type = PACE_FIELD_NUMBER, .unit = u, .number = (double[])                      \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ROWS(c, f)                                                                                 \
    &(struct pace_rows)                                                                            \
    {                                                                                              \
        .count = c, .field_count = COUNT(f), .fields = f                                           \
    }
#define NONE (double)NAN

#endif
