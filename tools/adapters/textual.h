/* textual.h -- harnesses that print a line a benchmark.
 *
 * An adapter of one is a function that takes one line; lines that it does not know mean nothing. A
 * line that begins as a result and does not end as one is skipped with a warning. */
#ifndef PACE_TEXTUAL_H
#define PACE_TEXTUAL_H

#include "reading.h"
#include "scan.h"

#include <math.h>

/* What taking a line needs. */
struct textual {
    struct reading *reading;  /* NULL: look only */
    struct span line, before; /* before: the line before it */
    uint64_t number;
    int complete;     /* 0: the line is the last and has no end */
    int state;        /* of the format */
    size_t taken;     /* results so far */
    const char *name; /* that the format said before its numbers */
};

enum { IS_RESULT = 1 };

/* Takes one line: IS_RESULT when it is a result, 0 when it is not, a code when it failed. */
typedef int textual_function(struct textual *lines);

/* 2 when one of the first lines is a result. */
int textual_recognise(const struct input *input, textual_function *take);

/* Reads all lines; an input without a result is PACE_EVALUE. */
int textual_read(const struct input *input, const struct adapter_sink *sink,
                 struct pace_error *error, const char *harness, textual_function *take);

/* A result that is there in part: 0, with a warning. */
int textual_skip(const struct textual *lines, const char *why);

const char *textual_name(const struct textual *lines, struct span name);

/* IS_RESULT, or a code. */
int textual_put(const struct textual *lines, struct span name, const char *measure,
                const char *unit, enum pace_direction direction, double value, double lower,
                double upper);

#define NO_BOUNDS (double)NAN, (double)NAN

/* The two functions of an adapter whose lines take_NAME takes. */
#define TEXTUAL(name, harness)                                                                     \
    int name##_recognise(const struct input *input)                                                \
    {                                                                                              \
        return textual_recognise(input, take_##name);                                              \
    }                                                                                              \
    int name##_read(const struct input *input, const struct adapter_sink *sink,                    \
                    struct pace_error *error)                                                      \
    {                                                                                              \
        return textual_read(input, sink, error, harness, take_##name);                             \
    }

#endif
