/* text.h -- checks of text that enters the store, and tables of distinct texts.
 *
 * A `texts` gives each distinct text a dense index and keeps one copy, so that a run of 500 cells
 * holds a measure's name once. Lookup is by hash and then by bytes: equal hashes cannot mix texts
 * up. */
#ifndef PACE_TEXT_H
#define PACE_TEXT_H

#include "arena.h"

#include <stddef.h>
#include <stdint.h>

enum text_rule {
    TEXT_LINE,  /* no control characters */
    TEXT_LINES, /* tab, newline and carriage return are allowed */
};

/* NULL when `text` is UTF-8 (no surrogates, no overlong forms) without control characters (C0,
 * DEL); else what is wrong with it. Static memory. */
const char *text_problem(const char *text, size_t len, enum text_rule rule);

/* XXH3-64 of the text: the hash of `texts` and of the names' index. */
uint64_t text_hash(const char *text, size_t len);

struct text {
    const char *text; /* NUL-terminated */
    uint32_t len;
    uint64_t hash;
};

struct texts {
    struct text *items; /* by index */
    uint32_t *slots;
    uint32_t count, items_capacity;
    size_t slots_capacity; /* 0 or a power of two */
};

#define TEXTS_NONE UINT32_MAX

void texts_free(struct texts *texts);

/* The index of a text, or TEXTS_NONE. */
uint32_t texts_find(const struct texts *texts, const char *text, size_t len, uint64_t hash);

/* The index of a text, which is added (copied into the arena) when it is new; TEXTS_NONE without
 * memory. */
uint32_t texts_add(struct texts *texts, struct arena *arena, const char *text, size_t len,
                   uint64_t hash);

#endif
