/* edit.c -- what an editor asks of a text: is it finished, what are its pieces, what does the
 * language have. Pure but for the memory that it frees before it returns. */
#include "build.h"
#include "diag.h"
#include "edit.h"
#include "expr.h"
#include "format.h"
#include "parse.h"
#include "parse.tab.h"
#include "stats/model.h"
#include "word.h"

#include <string.h>

enum pace_text_state pace_text_state(const char *text, size_t len)
{
    struct arena arena;
    struct diag_list diags;
    struct script *script;
    enum pace_text_state state = PACE_TEXT_WRONG;
    arena_init(&arena, 0);
    diag_list_init(&diags, &arena);
    switch (parse_script(&arena, text, len, &diags, &script)) {
    case PARSE_UNFINISHED: state = PACE_TEXT_UNFINISHED; break;
    case PARSE_ERROR: break;
    case PARSE_OK: state = script->statements ? PACE_TEXT_WHOLE : PACE_TEXT_EMPTY; break;
    }
    arena_clear(&arena);
    return state;
}

/* -- pieces ------------------------------------------------------------------------------------ */

static enum pace_piece_kind kind_of(const char *text, struct token token)
{
    switch (token.kind) {
    case T_NAME: return PACE_PIECE_NAME;
    case T_KEY: return PACE_PIECE_KEY;
    case T_GLOB:
    case T_REGEX:
    case T_PATH: return PACE_PIECE_PATTERN;
    case T_STRING: return PACE_PIECE_TEXT;
    case T_VAR: return PACE_PIECE_VARIABLE;
    case T_NUMBER:
    case T_QUANTITY:
    case T_DATE: return PACE_PIECE_NUMBER;
    default: break;
    }
    const struct word *word = word_find(text + token.span.start, token.span.len);
    if (!word) return PACE_PIECE_SIGN;
    bool leads = word->class == WORD_VERB || word->class == WORD_COMMAND;
    return leads ? PACE_PIECE_VERB : PACE_PIECE_WORD;
}

struct pieces {
    const char *text;
    struct pace_piece *pieces;
    size_t capacity, count;
};

static void put(struct pieces *out, enum pace_piece_kind kind, size_t start, size_t length)
{
    if (length == 0 || out->count == out->capacity) return;
    out->pieces[out->count++] = (struct pace_piece){kind, start, length};
}

/* Comments stand between the tokens; all else there is blank. */
static void put_gap(struct pieces *out, size_t from, size_t to)
{
    while (from < to) {
        const char *hash = memchr(out->text + from, '#', to - from);
        if (!hash) return;
        size_t start = (size_t)(hash - out->text);
        const char *end = memchr(hash, '\n', to - start);
        from = end ? (size_t)(end - out->text) : to;
        put(out, PACE_PIECE_COMMENT, start, from - start);
    }
}

size_t pace_pieces(const char *text, size_t len, struct pace_piece *pieces, size_t capacity)
{
    struct arena arena;
    struct pieces out = {.text = text, .pieces = pieces, .capacity = capacity};
    size_t end = 0, at = 0;
    arena_init(&arena, 0);
    struct token *tokens = arena_array(&arena, capacity, sizeof *tokens);
    size_t count = tokens ? parse_tokens(&arena, text, len, tokens, capacity, &end) : 0;
    for (size_t i = 0; i < count; i++) {
        put_gap(&out, at, tokens[i].span.start);
        put(&out, kind_of(text, tokens[i]), tokens[i].span.start, tokens[i].span.len);
        at = tokens[i].span.start + tokens[i].span.len;
    }
    size_t rest = at;
    while (rest < len && strchr(" \t\r\n", text[rest]))
        rest++;
    if (rest < len && text[rest] == '#')
        put_gap(&out, rest, len);
    else if (rest < len)
        put(&out, PACE_PIECE_OTHER, rest, len - rest);
    arena_clear(&arena);
    return out.count;
}

/* -- the guide --------------------------------------------------------------------------------- */

static const struct column_row columns[] = {
#define COLUMN(name, verb, help) {name, T_##verb, help},
#include "column.def"
#undef COLUMN
};
enum { COLUMN_COUNT = sizeof columns / sizeof *columns };

const struct column_row *column_row(size_t index)
{
    return index < COLUMN_COUNT ? &columns[index] : NULL;
}

/* The `index`th word of a class, or NULL; *index counts down past those there are. */
static const struct word *word_of(enum word_class class, size_t *index)
{
    const struct word *word;
    for (size_t i = 0; (word = word_row(i)) != NULL; i++) {
        if (word->class != class) continue;
        if (*index == 0) return word;
        --*index;
    }
    return NULL;
}

/* A column that several verbs add is listed once. */
static const struct column_row *column_of(size_t *index)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        size_t first = 0;
        while (strcmp(columns[first].name, columns[i].name) != 0)
            first++;
        if (first != i) continue;
        if (*index == 0) return &columns[i];
        --*index;
    }
    return NULL;
}

int pace_guide(size_t index, struct pace_guide *out)
{
    static const enum word_class classes[] = {WORD_VERB, WORD_COMMAND, WORD_OPTION};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const struct word *word = word_of(classes[i], &index);
        if (!word) continue;
        *out = (struct pace_guide){(enum pace_guide_kind)i, word->text, word->syntax, word->help};
        return 0;
    }
    const struct key *key;
    for (size_t i = 0; (key = key_row(i)) != NULL; i++) {
        if (index-- > 0) continue;
        *out = (struct pace_guide){PACE_GUIDE_KEY, key->name, "", key->help};
        return 0;
    }
    const struct column_row *column = column_of(&index);
    if (column) {
        *out = (struct pace_guide){PACE_GUIDE_COLUMN, column->name, "", column->help};
        return 0;
    }
    if (index < FUNCTION_COUNT) {
        const struct function_row *row = &function_rows[index];
        *out = (struct pace_guide){PACE_GUIDE_FUNCTION, row->name, row->signature, row->help};
        return 0;
    }
    index -= FUNCTION_COUNT;
    if (index < MODEL_COUNT) {
        const struct model_row *row = &model_rows[index];
        *out = (struct pace_guide){PACE_GUIDE_MODEL, row->name, "", row->text};
        return 0;
    }
    index -= MODEL_COUNT;
    const char *meaning, *name = format_name(index, &meaning);
    if (!name) return PACE_ENOTFOUND;
    *out = (struct pace_guide){PACE_GUIDE_FORMAT, name, "", meaning};
    return 0;
}
