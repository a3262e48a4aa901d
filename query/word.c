/* word.c -- see word.h. */
#include "word.h"

#include "build.h"
#include "parse.tab.h"
#include "suggest.h"

#include <string.h>

#define VERB    WORD_VERB
#define COMMAND WORD_COMMAND
#define OPTION  WORD_OPTION
#define GLUE    WORD_GLUE
static const struct word words[] = {
#define WORD(token, text, class, syntax, help, needs) {T_##token, text, class, syntax, help, needs},
#include "word.def"
#undef WORD
};
#undef VERB
#undef COMMAND
#undef OPTION
#undef GLUE
enum { WORD_COUNT = sizeof words / sizeof *words };

static const struct key keys[] = {
#define KEY(name, help) {name, help},
#include "key.def"
#undef KEY
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };

static const struct {
    enum habit_place place;
    const char *written, *advice;
} habits[] = {
#define HABIT(place, written, advice) {HABIT_##place, written, advice},
#include "habit.def"
#undef HABIT
};

/* As memcmp orders them, a prefix first. */
static int compare(const char *name, const char *text, size_t len)
{
    size_t name_len = strlen(name);
    int order = memcmp(name, text, name_len < len ? name_len : len);
    return order ? order : (name_len > len) - (name_len < len);
}

const struct word *word_find(const char *text, size_t len)
{
    size_t low = 0, high = WORD_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(words[middle].text, text, len);
        if (order == 0) return &words[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct word *word_row(size_t index)
{
    return index < WORD_COUNT ? &words[index] : NULL;
}

const struct word *word_suggest(enum word_class class, const char *text, size_t len)
{
    const char *names[WORD_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < WORD_COUNT; i++)
        if (words[i].class == class) names[count++] = words[i].text;
    const char *name = suggest(text, len, names, count);
    return name ? word_find(name, strlen(name)) : NULL;
}

const struct key *key_find(const char *text, size_t len)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (compare(keys[i].name, text, len) == 0) return &keys[i];
    return NULL;
}

const struct key *key_row(size_t index)
{
    return index < KEY_COUNT ? &keys[index] : NULL;
}

const struct key *key_suggest(const char *text, size_t len)
{
    const char *names[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].name;
    const char *name = suggest(text, len, names, KEY_COUNT);
    return name ? key_find(name, strlen(name)) : NULL;
}

static bool same_folded(const char *name, const char *text, size_t len)
{
    if (strlen(name) != len) return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
        if (c != name[i]) return false;
    }
    return true;
}

const char *habit_advice(enum habit_place place, const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        if (habits[i].place == place && same_folded(habits[i].written, text, len))
            return habits[i].advice;
    return NULL;
}
