/* kv_overlay.c -- see kv_overlay.h. */
#include "kv_overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_FIRST = 256 };

void overlay_begin(struct overlay *overlay, uint64_t nonce)
{
    overlay->nonce = nonce;
    overlay->end = journal_start();
    overlay->tables = 0;
    overlay->count = 0;
}

void overlay_free(struct overlay *overlay)
{
    free(overlay->at);
    *overlay = (struct overlay){0};
}

struct overlay *overlay_copy(const struct overlay *overlay)
{
    struct overlay *copy = malloc(sizeof *copy);
    if (!copy) return NULL;
    *copy = *overlay;
    copy->references = 1;
    copy->at = malloc((overlay->capacity ? overlay->capacity : 1) * sizeof *copy->at);
    if (!copy->at) {
        free(copy);
        return NULL;
    }
    if (overlay->count) memcpy(copy->at, overlay->at, overlay->count * sizeof *copy->at);
    return copy;
}

int overlay_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

int overlay_change(const struct overlay_view *view, size_t index, struct journal_change *out)
{
    return journal_change(view->room, view->bytes, view->overlay->at[index], out);
}

size_t overlay_find(const struct overlay_view *view, const void *key, size_t len, int *is_equal)
{
    size_t low = 0, high = view->overlay->count;
    *is_equal = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct journal_change change = {0};
        int order = overlay_change(view, middle, &change)
                        ? -1
                        : overlay_compare(change.key, change.key_len, key, len);
        if (order == 0) {
            *is_equal = 1;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int grow(struct overlay *overlay)
{
    size_t capacity = overlay->capacity ? overlay->capacity * 2 : COUNT_FIRST;
    uint32_t *at = realloc(overlay->at, capacity * sizeof *at);
    if (!at) return ENOMEM;
    overlay->at = at;
    overlay->capacity = capacity;
    return 0;
}

int overlay_add(struct overlay *overlay, const unsigned char *room, size_t bytes, size_t at)
{
    const struct overlay_view view = {.overlay = overlay, .room = room, .bytes = bytes};
    struct journal_change change;
    int is_equal;
    if (journal_change(room, bytes, at, &change)) return -1;
    size_t index = overlay_find(&view, change.key, change.key_len, &is_equal);
    if (!is_equal) {
        if (overlay->count == overlay->capacity && grow(overlay)) return ENOMEM;
        memmove(overlay->at + index + 1, overlay->at + index,
                (overlay->count - index) * sizeof *overlay->at);
        overlay->count++;
        overlay->tables |= (uint64_t)1 << change.key[0] % 64;
    }
    overlay->at[index] = (uint32_t)at;
    return 0;
}

int overlay_add_record(struct overlay *overlay, const unsigned char *room, size_t bytes,
                       const struct journal_record *record)
{
    size_t at = overlay->end.at + sizeof *record, end = overlay->end.at + record->bytes;
    if (end > bytes) return -1;
    for (uint32_t i = 0; i < record->changes; i++) {
        struct journal_change change;
        if (journal_change(room, end, at, &change)) return -1;
        int rc = overlay_add(overlay, room, bytes, at);
        if (rc) return rc;
        at = change.next;
    }
    if (at != end) return -1;
    overlay->end = (struct journal_end){.at = end, .records = record->number};
    return 0;
}
