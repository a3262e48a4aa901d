/* strbuf.h -- text that grows in an arena. A failed allocation sticks: later additions do nothing
 * and strbuf_end returns NULL, so that callers check once. */
#ifndef PACE_STRBUF_H
#define PACE_STRBUF_H

#include "../engine/arena.h"

#include <stdbool.h>

struct strbuf {
    struct arena *arena;
    char *text;
    size_t len, cap;
    bool failed;
};

void strbuf_init(struct strbuf *buf, struct arena *arena);
void strbuf_bytes(struct strbuf *buf, const char *text, size_t len);
void strbuf_put(struct strbuf *buf, const char *text);
void strbuf_char(struct strbuf *buf, char c);
void strbuf_repeat(struct strbuf *buf, char c, size_t times);
void strbuf_printf(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The text, NUL-terminated, in the arena; NULL when memory ran out. */
const char *strbuf_end(struct strbuf *buf);

#endif
