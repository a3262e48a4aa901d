/* text.h -- text on its way out: a buffered sink, safe text for terminals, display width, cutting.
 *
 * Names and inputs are bytes that somebody else chose. What could move a cursor, recolour a screen
 * or reorder a line is shown as a visible escape; so is every byte that is not UTF-8. Pure: libc
 * only, no locale. */
#ifndef PACE_TEXT_H
#define PACE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* -- the sink ---------------------------------------------------------------------------------- */

enum { TEXT_OUT_BUFFER = 16384 };

/* Bytes are collected and handed to the sink in large pieces. The first error sticks: what follows
 * is dropped, and flush returns it. */
struct text_out {
    int (*sink)(void *context, const char *bytes, size_t len);
    void *context;
    int error; /* what the sink returned, 0 so far */
    size_t used;
    char buffer[TEXT_OUT_BUFFER];
};

void text_out_init(struct text_out *out, int (*sink)(void *, const char *, size_t), void *context);
void text_out_bytes(struct text_out *out, const char *bytes, size_t len);
void text_out_put(struct text_out *out, const char *text);
void text_out_repeat(struct text_out *out, const char *text, size_t times);
/* The safe form of `len` bytes (see text_safe); nothing is cut. */
void text_out_safe(struct text_out *out, const char *text, size_t len);
int text_out_flush(struct text_out *out);

/* -- code points ------------------------------------------------------------------------------- */

#define TEXT_INVALID UINT32_MAX

/* The code point that text begins with, TEXT_INVALID for a byte that does not begin valid UTF-8
 * (overlong forms and surrogates are not valid). Returns the bytes it takes: 1..4; len is at
 * least 1. */
unsigned text_decode(const char *text, size_t len, uint32_t *code);

/* 1 for what must not reach a terminal or a reader as it is: C0, DEL, C1, the bidirectional
 * controls, line and paragraph separators, the byte-order mark, annotation and tag characters, and
 * U+FFFE and U+FFFF, which XML refuses. */
int text_is_control(uint32_t code);

/* Columns of a code point: 0, 1 or 2. */
unsigned text_code_width(uint32_t code);

/* -- safe text --------------------------------------------------------------------------------- */

/* Writes text with \x1b for control and invalid bytes and \u202e for the other controls, cut to fit
 * and always terminated (size 0: only counts). Returns the length without a cut; equal to `len`
 * means that nothing had to be changed. Backslashes of the text itself stay as they are. */
size_t text_safe(char *out, size_t size, const char *text, size_t len);
enum { TEXT_SAFE_GROWTH = 4 }; /* the safe form takes at most so many times the bytes */

/* Columns of safe text. */
size_t text_width(const char *text);

/* What several safe names begin with: whole parts such as "tests/test_api.py::", which tell them
 * apart in nothing. Begin with zeros, add each name, which stays where it is until the end. */
struct text_shared {
    const char *first;
    size_t bytes;
    int differ;
};
void text_shared_add(struct text_shared *shared, const char *name);
/* Bytes that all have at the beginning, with something left of each; 0 where there are none, or one
 * name alone. */
size_t text_shared_bytes(const struct text_shared *shared);

/* What stands for such a beginning, itself NUL-terminated here: a mark, and of its parts the last
 * ones that there is room for in `columns`. `out` has strlen(beginning) + 4 bytes. */
void text_shared_short(char *out, const char *beginning, size_t columns, int ascii);

/* Cuts safe text in the middle to `columns` columns, with a mark ("…", or ".." with ascii) that
 * stands for what is left out. Two fifths of the room go to the beginning: names differ at the end
 * more often. `out` has strlen(text) + 4 bytes. Returns the columns used. */
size_t text_shorten(char *out, const char *text, size_t columns, int ascii);

#endif
