/* diag.h -- diagnostics as data: code, span, message, help. The command draws them with a caret, a
 * server returns them as JSON. Every code has one row in diag.def and never changes its meaning. */
#ifndef PACE_DIAG_H
#define PACE_DIAG_H

#include "../engine/arena.h"

#include <stdint.h>

/* Bytes [start, start+len) of the text that was parsed. */
struct span {
    uint32_t start, len;
};

enum diag_code {
    DIAG_NONE = 0,
#define DIAG(name, number, title) name = number,
#include "diag.def"
#undef DIAG
};

enum diag_severity { DIAG_ERROR, DIAG_NOTE };

struct diag {
    enum diag_code code; /* printed as Q%03d */
    enum diag_severity severity;
    struct span span;           /* len 0: no place in the text */
    const char *message, *help; /* help may be NULL */
    struct diag *next;
};

/* In order of being added; all memory is the arena's. */
struct diag_list {
    struct arena *arena;
    struct diag *first, *last;
    unsigned error_count;
    struct diag no_memory; /* stands in when the arena is exhausted; do not copy a list in use */
};

void diag_list_init(struct diag_list *list, struct arena *arena);

/* Adds an error (or note) and returns it, so that the caller can set ->help; the list's own
 * "out of memory" diagnostic when the arena is exhausted, never NULL. */
struct diag *diag_error(struct diag_list *list, enum diag_code code, struct span span,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
struct diag *diag_note(struct diag_list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void diag_help(struct diag_list *list, struct diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The title of a code from diag.def. */
const char *diag_title(enum diag_code code);

/* Draws one diagnostic as in the manual: the message, the line of `text` that holds the span, the
 * caret under it (columns are display columns; control bytes of the text are shown safe; a long
 * line is cut around the span), the help. Lines are separated by '\n'; the last has none. Memory of
 * the arena; NULL when it is exhausted. */
const char *diag_draw(struct arena *arena, const struct diag *diag, const char *text, size_t len);

/* The same as one JSON object: {"code":"Q012","severity":"error","start","length","line","column",
 * "message","help"}. Line and column count from 1, columns in characters; what is absent is null.
 */
const char *diag_json(struct arena *arena, const struct diag *diag, const char *text, size_t len);

#endif
