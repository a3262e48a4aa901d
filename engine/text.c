/* text.c -- see text.h. */
#include "text.h"
#include "seal.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ITEMS = 16, FIRST_SLOTS = 64 };

/* Length of the UTF-8 sequence at `at`, or 0. The bounds of the second byte rule out overlong
 * forms, surrogates and what lies beyond U+10FFFF. */
static size_t sequence_len(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0], low = 0x80, high = 0xbf;
    size_t len = 0;
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) len = 2;
    if (lead >= 0xe0 && lead <= 0xef) len = 3;
    if (lead >= 0xf0 && lead <= 0xf4) len = 4;
    if (len == 0 || len > left) return 0;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    return len;
}

const char *text_problem(const char *text, size_t len, enum text_rule rule)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < len;) {
        unsigned char byte = bytes[i];
        if (byte < 0x20 || byte == 0x7f) {
            int allowed = rule == TEXT_LINES && (byte == '\t' || byte == '\n' || byte == '\r');
            if (!allowed) return "it contains a control character";
        }
        size_t step = sequence_len(bytes + i, len - i);
        if (step == 0) return "it is not valid UTF-8";
        i += step;
    }
    return NULL;
}

uint64_t text_hash(const char *text, size_t len)
{
    return seal_hash(text, len, 0);
}

void texts_free(struct texts *texts)
{
    free(texts->items);
    free(texts->slots);
    *texts = (struct texts){0};
}

static size_t texts_slot(const struct texts *texts, const char *text, size_t len, uint64_t hash)
{
    size_t mask = texts->slots_capacity - 1;
    size_t i = (size_t)hash & mask;
    while (texts->slots[i] != TEXTS_NONE) {
        const struct text *item = &texts->items[texts->slots[i]];
        if (item->hash == hash && item->len == len && memcmp(item->text, text, len) == 0) break;
        i = (i + 1) & mask;
    }
    return i;
}

uint32_t texts_find(const struct texts *texts, const char *text, size_t len, uint64_t hash)
{
    if (texts->slots_capacity == 0) return TEXTS_NONE;
    return texts->slots[texts_slot(texts, text, len, hash)];
}

static int texts_grow(struct texts *texts)
{
    if (texts->count == texts->items_capacity) {
        uint32_t capacity = texts->items_capacity ? texts->items_capacity * 2 : FIRST_ITEMS;
        struct text *items = realloc(texts->items, capacity * sizeof *items);
        if (!items) return -1;
        texts->items = items;
        texts->items_capacity = capacity;
    }
    if ((size_t)texts->count * 2 < texts->slots_capacity) return 0;

    size_t capacity = texts->slots_capacity ? texts->slots_capacity * 2 : FIRST_SLOTS;
    uint32_t *slots = malloc(capacity * sizeof *slots);
    if (!slots) return -1;
    memset(slots, 0xff, capacity * sizeof *slots);
    for (uint32_t index = 0; index < texts->count; index++) {
        size_t i = (size_t)texts->items[index].hash & (capacity - 1);
        while (slots[i] != TEXTS_NONE)
            i = (i + 1) & (capacity - 1);
        slots[i] = index;
    }
    free(texts->slots);
    texts->slots = slots;
    texts->slots_capacity = capacity;
    return 0;
}

uint32_t texts_add(struct texts *texts, struct arena *arena, const char *text, size_t len,
                   uint64_t hash)
{
    uint32_t found = texts_find(texts, text, len, hash);
    if (found != TEXTS_NONE) return found;
    if (texts_grow(texts)) return TEXTS_NONE;
    const char *copy = arena_copy(arena, text, len);
    if (!copy) return TEXTS_NONE;
    texts->items[texts->count] = (struct text){.text = copy, .len = (uint32_t)len, .hash = hash};
    texts->slots[texts_slot(texts, text, len, hash)] = texts->count;
    return texts->count++;
}
