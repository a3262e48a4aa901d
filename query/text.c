/* text.c -- see text.h. One pass per call, no memory of its own; widths are utf8proc's.
 */
#include "text.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

/* -- the sink ---------------------------------------------------------------------------------- */

void text_out_init(struct text_out *out, int (*sink)(void *, const char *, size_t), void *context)
{
    out->sink = sink;
    out->context = context;
    out->error = 0;
    out->used = 0;
}

int text_out_flush(struct text_out *out)
{
    if (!out->error && out->used) out->error = out->sink(out->context, out->buffer, out->used);
    out->used = 0;
    return out->error;
}

void text_out_bytes(struct text_out *out, const char *bytes, size_t len)
{
    while (len && !out->error) {
        size_t room = sizeof out->buffer - out->used, take = len < room ? len : room;
        memcpy(out->buffer + out->used, bytes, take);
        out->used += take;
        bytes += take;
        len -= take;
        if (out->used == sizeof out->buffer) text_out_flush(out);
    }
}

void text_out_put(struct text_out *out, const char *text)
{
    text_out_bytes(out, text, strlen(text));
}

void text_out_repeat(struct text_out *out, const char *text, size_t times)
{
    size_t len = strlen(text);
    if (len == 1 && times < sizeof out->buffer - out->used) {
        memset(out->buffer + out->used, text[0], times);
        out->used += times;
        return;
    }
    for (size_t i = 0; i < times; i++)
        text_out_bytes(out, text, len);
}

/* -- code points ------------------------------------------------------------------------------- */

unsigned text_decode(const char *text, size_t len, uint32_t *code)
{
    /* Lead byte: bits that mark it, bits of the code point, smallest code point of that length. */
    static const struct {
        unsigned char mask, mark;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    const unsigned char *bytes = (const unsigned char *)text;
    *code = TEXT_INVALID;
    for (unsigned size = 1; size <= 4; size++) {
        if ((bytes[0] & forms[size - 1].mask) != forms[size - 1].mark) continue;
        if (size > len) return 1;
        uint32_t value = bytes[0] & (unsigned char)~forms[size - 1].mask;
        for (unsigned i = 1; i < size; i++) {
            if ((bytes[i] & 0xC0) != 0x80) return 1;
            value = value << 6 | (bytes[i] & 0x3Fu);
        }
        if (value < forms[size - 1].least || value > 0x10FFFF) return 1;
        if (value >= 0xD800 && value <= 0xDFFF) return 1;
        *code = value;
        return size;
    }
    return 1;
}

struct range {
    uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

int text_is_control(uint32_t code)
{
    static const struct range controls[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0x61C, 0x61C},   {0x200E, 0x200F}, {0x2028, 0x202E},
        {0x2066, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE007F},
    };
    return in_ranges(controls, COUNT(controls), code);
}

unsigned text_code_width(uint32_t code)
{
    if (code < 0x300) return 1;
    int width = utf8proc_charwidth((utf8proc_int32_t)code);
    if (width > 0) return (unsigned)width;
    /* Terminals give a column to spacing marks and to what has no character, utf8proc does not. */
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category != UTF8PROC_CATEGORY_MN && category != UTF8PROC_CATEGORY_ME &&
           category != UTF8PROC_CATEGORY_CF;
}

/* -- safe text --------------------------------------------------------------------------------- */

/* How many bytes at the beginning are printable ASCII: one column each, and nothing to be made
 * safe. Most text is nothing else, so it is looked at eight bytes at a time. */
static size_t plain_bytes(const char *text, size_t len)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    size_t at = 0;
    for (; at + 8 <= len; at += 8) {
        uint64_t word;
        memcpy(&word, text + at, sizeof word);
        /* A byte of 0x80 and more, of 0x7f, or below 0x20. */
        if ((word | (word + each) | (word - 0x20 * each)) & (0x80 * each)) break;
    }
    while (at < len && text[at] >= 0x20 && text[at] < 0x7f)
        at++;
    return at;
}

static const char hex_digits[] = "0123456789abcdef";

/* "\x1b", "\u202e" or "\U000e0001"; returns the length. */
static size_t escape_write(char out[16], uint32_t code)
{
    unsigned digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
    out[0] = '\\';
    out[1] = digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
    for (unsigned i = 0; i < digits; i++)
        out[2 + i] = hex_digits[code >> 4 * (digits - 1 - i) & 0xF];
    return 2 + digits;
}

size_t text_safe(char *out, size_t size, const char *text, size_t len)
{
    size_t written = 0, total = 0;
    bool full = size == 0;
    for (size_t at = 0; at < len;) {
        size_t plain = plain_bytes(text + at, len - at);
        if (plain) {
            size_t room = full ? 0 : size - 1 - written, take = plain < room ? plain : room;
            if (take) memcpy(out + written, text + at, take);
            written += take;
            full = take < plain;
            total += plain;
            at += plain;
            continue;
        }
        uint32_t code;
        unsigned taken = text_decode(text + at, len - at, &code);
        char escaped[16];
        const char *piece = text + at;
        size_t piece_len = taken;
        if (code == TEXT_INVALID || text_is_control(code)) {
            piece = escaped;
            piece_len =
                escape_write(escaped, code == TEXT_INVALID ? (unsigned char)text[at] : code);
        }
        /* A piece that does not fit ends the text: nothing is cut inside a character. */
        if (!full && written + piece_len < size) {
            memcpy(out + written, piece, piece_len);
            written += piece_len;
        } else {
            full = true;
        }
        total += piece_len;
        at += taken;
    }
    if (size) out[written] = '\0';
    return total;
}

void text_out_safe(struct text_out *out, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t plain = plain_bytes(text + at, len - at);
        text_out_bytes(out, text + at, plain);
        at += plain;
        if (at == len) break;
        uint32_t code;
        unsigned taken = text_decode(text + at, len - at, &code);
        char piece[TEXT_SAFE_GROWTH * 4 + 1];
        text_safe(piece, sizeof piece, text + at, taken);
        text_out_put(out, piece);
        at += taken;
    }
}

size_t text_width(const char *text)
{
    size_t len = strlen(text), width = 0;
    for (size_t at = 0; at < len;) {
        size_t plain = plain_bytes(text + at, len - at);
        width += plain;
        at += plain;
        if (at == len) break;
        uint32_t code;
        at += text_decode(text + at, len - at, &code);
        width += text_code_width(code);
    }
    return width;
}

/* Bytes of the longest beginning that takes at most `columns` columns; *used is what it takes. */
static size_t head_bytes(const char *text, size_t len, size_t columns, size_t *used)
{
    size_t at = 0;
    *used = 0;
    while (at < len) {
        uint32_t code;
        unsigned taken = text_decode(text + at, len - at, &code), width = text_code_width(code);
        if (*used + width > columns) break;
        *used += width;
        at += taken;
    }
    return at;
}

/* Whether a name may be parted behind this byte: what follows is a name by itself. */
static int parts_behind(const char *text, size_t at)
{
    if (text[at] == '.') return text[at + 1] < '0' || text[at + 1] > '9'; /* not in 1.5 */
    return text[at] != '\0' && strchr("/:# \\", text[at]) != NULL;
}

void text_shared_add(struct text_shared *shared, const char *name)
{
    if (name == shared->first) return;
    if (shared->first == NULL) {
        shared->first = name;
        shared->bytes = strlen(name);
        shared->bytes -= shared->bytes > 0; /* something is left of each */
        return;
    }
    size_t same = 0;
    while (same < shared->bytes && name[same] == shared->first[same])
        same++;
    if (strcmp(name + same, shared->first + same) != 0) shared->differ = 1;
    shared->bytes = name[same] != '\0' || same == 0 ? same : same - 1;
}

size_t text_shared_bytes(const struct text_shared *shared)
{
    size_t bytes = shared->differ ? shared->bytes : 0;
    while (bytes > 0 && !parts_behind(shared->first, bytes - 1))
        bytes--;
    return bytes;
}

void text_shared_short(char *out, const char *beginning, size_t columns, int ascii)
{
    const char *mark = ascii ? ".." : "\xe2\x80\xa6", *rest = "";
    int is_path = strpbrk(beginning, "/:") != NULL; /* then a dot is of a file's name */
    for (size_t i = 1; beginning[i - 1] != '\0' && beginning[i] != '\0' && *rest == '\0'; i++)
        if (parts_behind(beginning, i - 1) && !parts_behind(beginning, i) &&
            !(is_path && beginning[i - 1] == '.') &&
            text_width(mark) + text_width(beginning + i) <= columns)
            rest = beginning + i;
    memcpy(out, mark, strlen(mark));
    memcpy(out + strlen(mark), rest, strlen(rest) + 1);
}

size_t text_shorten(char *out, const char *text, size_t columns, int ascii)
{
    size_t len = strlen(text), width = text_width(text), used;
    if (width <= columns) {
        memcpy(out, text, len + 1);
        return width;
    }
    const char *mark = ascii ? ".." : "\xe2\x80\xa6";
    size_t mark_width = ascii ? 2 : 1, mark_len = strlen(mark);
    if (columns <= mark_width) {
        /* No room for both sides: dots alone, or nothing. */
        size_t dots = columns;
        memset(out, '.', dots);
        out[dots] = '\0';
        return dots;
    }
    size_t room = columns - mark_width;
    size_t head = head_bytes(text, len, room * 2 / 5, &used);
    memcpy(out, text, head);
    memcpy(out + head, mark, mark_len);

    /* The end is what remains after skipping enough columns, and any marks that combine with those.
     */
    size_t skip_width, tail_room = room - used;
    size_t skip = head_bytes(text, len, width - tail_room, &skip_width);
    if (skip_width < width - tail_room) {
        uint32_t code;
        unsigned taken = text_decode(text + skip, len - skip, &code);
        skip_width += text_code_width(code);
        skip += taken;
    }
    size_t none;
    skip += head_bytes(text + skip, len - skip, 0, &none);
    memcpy(out + head + mark_len, text + skip, len - skip + 1);
    return used + mark_width + (width - skip_width);
}
