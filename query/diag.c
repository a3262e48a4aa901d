/* diag.c -- see diag.h. */
#include "diag.h"

#include "strbuf.h"
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_COLUMNS = 96,    /* a longer line is cut */
    CONTEXT_COLUMNS = 32, /* kept before the span when it is */
};

static const char CUT[] = "...";

void diag_list_init(struct diag_list *list, struct arena *arena)
{
    *list = (struct diag_list){.arena = arena};
}

static void list_append(struct diag_list *list, struct diag *diag)
{
    if (list->last)
        list->last->next = diag;
    else
        list->first = diag;
    list->last = diag;
    list->error_count += diag->severity == DIAG_ERROR;
}

static struct diag *list_add(struct diag_list *list, enum diag_severity severity,
                             enum diag_code code, struct span span, const char *message)
{
    struct diag *diag = message ? arena_alloc(list->arena, sizeof *diag) : NULL;
    if (!diag) { /* the list's own spare, once */
        diag = &list->no_memory;
        if (diag->code == Q_NO_MEMORY) return diag;
        severity = DIAG_ERROR, code = Q_NO_MEMORY, span = (struct span){0, 0};
        message = diag_title(code);
    }
    *diag = (struct diag){.code = code, .severity = severity, .span = span, .message = message};
    list_append(list, diag);
    return diag;
}

struct diag *diag_error(struct diag_list *list, enum diag_code code, struct span span,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(list->arena, format, args);
    va_end(args);
    return list_add(list, DIAG_ERROR, code, span, message);
}

struct diag *diag_note(struct diag_list *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(list->arena, format, args);
    va_end(args);
    return list_add(list, DIAG_NOTE, DIAG_NONE, (struct span){0, 0}, message);
}

void diag_help(struct diag_list *list, struct diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag->help = arena_vprintf(list->arena, format, args);
    va_end(args);
}

const char *diag_title(enum diag_code code)
{
    switch (code) {
    case DIAG_NONE: break;
#define DIAG(name, number, title)                                                                  \
    case name:                                                                                     \
        return title;
#include "diag.def"
#undef DIAG
    }
    return "";
}

/* -- the place --------------------------------------------------------------------------------- */

/* The line of the text that holds a position. */
struct place {
    const char *line;
    size_t len;        /* of the line, without its end */
    size_t start, end; /* the span within the line; end > start unless at the line's end */
    size_t number;     /* from 1 */
    bool several;      /* the text has more than one line */
};

static bool place_find(const struct diag *diag, const char *text, size_t len, struct place *place)
{
    if (diag->span.len == 0 || diag->span.start > len) return false;
    size_t start = diag->span.start, from = start, number = 1, to = start;
    /* A span that begins with the end of a line belongs to that line. */
    while (from > 0 && text[from - 1] != '\n')
        from--;
    for (size_t i = 0; i < from; i++)
        number += text[i] == '\n';
    while (to < len && text[to] != '\n')
        to++;
    size_t end = diag->span.len > to - start ? to : start + diag->span.len;
    *place = (struct place){text + from, to - from, start - from, end - from, number, false};
    size_t trimmed = len;
    while (trimmed > 0 && (text[trimmed - 1] == '\n' || text[trimmed - 1] == '\r'))
        trimmed--;
    place->several = memchr(text, '\n', trimmed) != NULL;
    if (place->len > 0 && place->line[place->len - 1] == '\r') {
        place->len--;
        if (place->end > place->len) place->end = place->len;
        if (place->start > place->len) place->start = place->len;
    }
    return true;
}

/* -- drawing ----------------------------------------------------------------------------------- */

enum { CELL_MAX = 16 };

/* What stands for the character at text[0..len), safe for a terminal: itself, a space for a tab, or
 * its escape. Returns the bytes it takes of the text. */
static size_t cell_make(const char *text, size_t len, char cell[CELL_MAX], size_t *columns)
{
    uint32_t code;
    size_t used = text_decode(text, len, &code);
    if (code == '\t') {
        memcpy(cell, " ", 2);
    } else if (code == TEXT_INVALID) {
        snprintf(cell, CELL_MAX, "\\x%02x", (unsigned)(unsigned char)text[0]);
        used = 1;
    } else if (text_is_control(code)) {
        snprintf(cell, CELL_MAX, code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)code);
    } else {
        memcpy(cell, text, used);
        cell[used] = 0;
        *columns = text_code_width(code);
        return used;
    }
    *columns = strlen(cell);
    return used;
}

static void put_safe(struct strbuf *out, const char *text, size_t len)
{
    char cell[CELL_MAX];
    size_t columns;
    for (size_t i = 0; i < len;) {
        i += cell_make(text + i, len - i, cell, &columns);
        strbuf_put(out, cell);
    }
}

static size_t columns_of(const char *text, size_t len)
{
    char cell[CELL_MAX];
    size_t total = 0, columns;
    for (size_t i = 0; i < len; total += columns)
        i += cell_make(text + i, len - i, cell, &columns);
    return total;
}

/* Where `columns` columns from the beginning end: never inside a character. */
static size_t skip_columns(const char *text, size_t len, size_t columns)
{
    char cell[CELL_MAX];
    size_t i = 0, width;
    while (i < len) {
        size_t used = cell_make(text + i, len - i, cell, &width);
        if (width > columns) break;
        columns -= width;
        i += used;
    }
    return i;
}

/* The part of the line to show: all of it, or from a little before the span on. */
static void place_window(const struct place *place, size_t *from, size_t *to)
{
    *from = 0, *to = place->len;
    if (columns_of(place->line, place->len) <= LINE_COLUMNS) return;
    size_t before = columns_of(place->line, place->start);
    if (before + columns_of(place->line + place->start, place->end - place->start) > LINE_COLUMNS &&
        before > CONTEXT_COLUMNS)
        *from = skip_columns(place->line, place->len, before - CONTEXT_COLUMNS);
    *to = *from + skip_columns(place->line + *from, place->len - *from, LINE_COLUMNS);
}

static void draw_place(struct strbuf *out, const struct place *place)
{
    size_t from, to, margin = 2;
    place_window(place, &from, &to);
    strbuf_put(out, "\n  ");
    if (from > 0) {
        strbuf_put(out, CUT);
        margin += strlen(CUT);
    }
    put_safe(out, place->line + from, to - from);
    if (to < place->len) strbuf_put(out, CUT);

    size_t end = place->end < to ? place->end : to;
    size_t width = columns_of(place->line + place->start, end - place->start);
    strbuf_char(out, '\n');
    strbuf_repeat(out, ' ', margin + columns_of(place->line + from, place->start - from));
    strbuf_char(out, '^');
    strbuf_repeat(out, '~', width > 1 ? width - 1 : 0);
}

const char *diag_draw(struct arena *arena, const struct diag *diag, const char *text, size_t len)
{
    struct strbuf out;
    struct place place;
    strbuf_init(&out, arena);
    bool placed = place_find(diag, text, len, &place);
    strbuf_put(&out, diag->severity == DIAG_ERROR ? "error" : "note");
    if (diag->code != DIAG_NONE) strbuf_printf(&out, "[Q%03d]", (int)diag->code);
    strbuf_put(&out, ": ");
    put_safe(&out, diag->message, strlen(diag->message));
    if (placed && place.several) strbuf_printf(&out, " (line %zu)", place.number);
    if (placed) draw_place(&out, &place);
    if (diag->help) {
        strbuf_put(&out, "\n  help: ");
        put_safe(&out, diag->help, strlen(diag->help));
    }
    return strbuf_end(&out);
}

/* -- JSON -------------------------------------------------------------------------------------- */

static void put_json_text(struct strbuf *out, const char *text)
{
    if (!text) {
        strbuf_put(out, "null");
        return;
    }
    strbuf_char(out, '"');
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t used = text_decode(text + i, len - i, &code);
        if (code == TEXT_INVALID) {
            strbuf_put(out, "\\ufffd");
            used = 1;
        } else if (code == '"' || code == '\\') {
            strbuf_printf(out, "\\%c", (int)code);
        } else if (code < 0x20 || code == 0x7f) {
            strbuf_printf(out, "\\u%04x", (unsigned)code);
        } else {
            strbuf_bytes(out, text + i, used);
        }
        i += used;
    }
    strbuf_char(out, '"');
}

const char *diag_json(struct arena *arena, const struct diag *diag, const char *text, size_t len)
{
    struct strbuf out;
    struct place place;
    strbuf_init(&out, arena);
    strbuf_put(&out, "{\"code\":");
    if (diag->code != DIAG_NONE)
        strbuf_printf(&out, "\"Q%03d\"", (int)diag->code);
    else
        strbuf_put(&out, "null");
    strbuf_printf(&out, ",\"severity\":\"%s\"", diag->severity == DIAG_ERROR ? "error" : "note");
    if (place_find(diag, text, len, &place)) {
        size_t column = 1;
        uint32_t code;
        for (size_t i = 0; i < place.start; column++)
            i += text_decode(place.line + i, place.len - i, &code);
        strbuf_printf(&out, ",\"start\":%u,\"length\":%u,\"line\":%zu,\"column\":%zu",
                      (unsigned)diag->span.start, (unsigned)diag->span.len, place.number, column);
    } else {
        strbuf_put(&out, ",\"start\":null,\"length\":null,\"line\":null,\"column\":null");
    }
    strbuf_put(&out, ",\"message\":");
    put_json_text(&out, diag->message);
    strbuf_put(&out, ",\"help\":");
    put_json_text(&out, diag->help);
    strbuf_char(&out, '}');
    return strbuf_end(&out);
}
