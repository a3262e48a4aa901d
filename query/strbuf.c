/* strbuf.c -- see strbuf.h. Doubling: what is left behind in the arena is no more than what is
 * kept. */
#include "strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void strbuf_init(struct strbuf *buf, struct arena *arena)
{
    *buf = (struct strbuf){.arena = arena};
}

/* Room for len more bytes and the end. */
static bool reserve(struct strbuf *buf, size_t len)
{
    if (buf->failed) return false;
    size_t need;
    if (__builtin_add_overflow(buf->len, len, &need) || need == SIZE_MAX) goto fail;
    if (need < buf->cap) return true;
    size_t cap = buf->cap ? buf->cap * 2 : FIRST_CAP;
    if (cap <= need) cap = need + 1;
    char *text = arena_alloc(buf->arena, cap);
    if (!text) goto fail;
    if (buf->len) memcpy(text, buf->text, buf->len);
    buf->text = text;
    buf->cap = cap;
    return true;

fail:
    buf->failed = true;
    return false;
}

void strbuf_bytes(struct strbuf *buf, const char *text, size_t len)
{
    if (!reserve(buf, len) || len == 0) return;
    memcpy(buf->text + buf->len, text, len);
    buf->len += len;
}

void strbuf_put(struct strbuf *buf, const char *text)
{
    strbuf_bytes(buf, text, strlen(text));
}

void strbuf_char(struct strbuf *buf, char c)
{
    strbuf_bytes(buf, &c, 1);
}

void strbuf_repeat(struct strbuf *buf, char c, size_t times)
{
    if (!reserve(buf, times) || times == 0) return;
    memset(buf->text + buf->len, c, times);
    buf->len += times;
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len >= 0 && reserve(buf, (size_t)len)) {
        vsnprintf(buf->text + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

const char *strbuf_end(struct strbuf *buf)
{
    if (!reserve(buf, 0)) return NULL;
    buf->text[buf->len] = 0;
    return buf->text;
}
