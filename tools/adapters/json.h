/* json.h -- JSON as benchmark harnesses write it: a tolerant reader over jansson.
 *
 * Tolerant: NaN, Infinity (any case, also `nan` and `inf`) and numbers beyond a double's range are
 * read as null, and integers beyond 64 bits as reals: a harness writes such values when a benchmark
 * failed, and one of them must not cost the whole file. All else is strict: duplicate keys, invalid
 * UTF-8 and nesting deeper than jansson's 2,048 are errors. */
#ifndef PACE_JSON_H
#define PACE_JSON_H

#include "../../engine/arena.h"
#include "../../engine/pace.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Reads one document of `len` bytes, which has a NUL behind it. Errors: PACE_EVALUE, whose message
 * says name, line, byte and reason; PACE_ENOMEM. `first_line` is the number of the text's first
 * line. *out is owned by the caller (json_decref). */
int json_parse(const char *name, const char *text, size_t len, uint64_t first_line,
               struct pace_error *error, json_t **out);

/* The same, but NaN is read as the text "NaN", where null and NaN do not mean the same. */
int json_parse_marked(const char *name, const char *text, size_t len, uint64_t first_line,
                      struct pace_error *error, json_t **out);

/* 1 and *number when the value is a finite number. NULL is allowed. */
int json_finite(const json_t *value, double *number);

/* The text of a member, or "" when it is absent or no string. Lives as long as the object. */
const char *json_member_text(const json_t *object, const char *key);

/* A value as text, in the arena: strings as they are, all else as compact JSON in the order of the
 * document. NULL when memory ran out. */
char *json_print(struct arena *arena, const json_t *value);

/* As compact JSON, strings too. */
char *json_print_compact(struct arena *arena, const json_t *value);

/* Fills error with code and a formatted message; returns code. error may be NULL. */
int error_fill(struct pace_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
