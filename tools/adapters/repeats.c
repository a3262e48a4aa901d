/* repeats.c -- which names of an output come more than once, and which names then tell them apart.
 */
#include "repeats.h"

#include <string.h>

int repeats_add(struct repeats *repeats, struct reading *reading, const char *name)
{
    size_t len = strlen(name);
    uint32_t index = texts_add(&repeats->texts, &reading->arena, name, len, text_hash(name, len));
    if (index == TEXTS_NONE) return reading_no_memory(reading);
    if (index >= repeats->capacity) {
        size_t capacity = repeats->capacity == 0 ? 64 : repeats->capacity * 2;
        uint32_t *grown = arena_array(&reading->arena, capacity, sizeof *grown);
        if (grown == NULL) return reading_no_memory(reading);
        if (repeats->capacity > 0)
            memcpy(grown, repeats->counts, repeats->capacity * sizeof *grown);
        repeats->counts = grown;
        repeats->capacity = capacity;
    }
    repeats->counts[index]++;
    return 0;
}

uint32_t repeats_count(const struct repeats *repeats, const char *name)
{
    size_t len = strlen(name);
    uint32_t index = texts_find(&repeats->texts, name, len, text_hash(name, len));
    return index == TEXTS_NONE ? 0 : repeats->counts[index];
}

void repeats_free(struct repeats *repeats)
{
    texts_free(&repeats->texts);
}

char *name_with_parameters(struct reading *reading, const char *name, const json_t *parameters)
{
    const char *key = NULL;
    json_t *value = NULL;
    char *out = reading_name(reading, name, strlen(name));
    json_object_foreach((json_t *)(uintptr_t)parameters, key, value)
    {
        const char *text = json_print(&reading->arena, value);
        if (out != NULL && text != NULL) out = reading_print(reading, "%s/%s=%s", out, key, text);
    }
    return out != NULL ? reading_name(reading, out, strlen(out)) : NULL;
}
