/* glob.c -- see glob.h. */
#include "glob.h"

#include "../engine/pace.h"

#include <string.h>

/* Counts the alternatives of a pattern; 0 for braces that do not close or nest. */
static size_t count_alternatives(const char *text, size_t len)
{
    size_t total = 1, here = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '{') {
            if (here) return 0;
            here = 1;
        } else if (text[i] == ',' && here) {
            here++;
        } else if (text[i] == '}' && here) {
            if (__builtin_mul_overflow(total, here, &total) || total > PACE_MAX_NODES)
                return PACE_MAX_NODES + 1;
            here = 0;
        }
    }
    return here ? 0 : total;
}

/* The alternative number `which`: each brace group takes the digit of its own base. */
static char *expand(struct arena *arena, const char *text, size_t len, size_t which)
{
    char *out = arena_alloc(arena, len + 1);
    if (!out) return NULL;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '{') {
            out[n++] = text[i];
            continue;
        }
        const char *close = memchr(text + i, '}', len - i);
        size_t end = (size_t)(close - text), choices = 1;
        for (size_t k = i; k < end; k++)
            choices += text[k] == ',';
        size_t pick = which % choices;
        which /= choices;
        for (size_t k = i + 1, choice = 0; k < end; k++) {
            if (text[k] == ',') {
                choice++;
            } else if (choice == pick) {
                out[n++] = text[k];
            }
        }
        i = end;
    }
    out[n] = 0;
    return out;
}

int glob_compile(struct arena *arena, const char *text, size_t len, struct glob *out)
{
    size_t count = count_alternatives(text, len);
    if (count == 0) return -1;
    if (count > PACE_MAX_NODES) return -2;
    struct glob glob = {.count = count};
    glob.alternatives = arena_array(arena, count, sizeof *glob.alternatives);
    if (!glob.alternatives) return -2;
    for (size_t i = 0; i < count; i++) {
        glob.alternatives[i] = expand(arena, text, len, i);
        if (!glob.alternatives[i]) return -2;
    }
    glob.literal = count == 1 && !strpbrk(glob.alternatives[0], "*?");
    *out = glob;
    return 0;
}

/* Bytes of the UTF-8 character at `text`; 1 for a byte that is none. */
static size_t character_len(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80) return 1;
    return len;
}

/* Greedy with one step back: a `*` met later makes every earlier one final. */
static bool match_one(const char *pattern, const char *name)
{
    const char *star = NULL, *star_name = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            star_name = name;
        } else if (*pattern == '?') {
            pattern++;
            name += character_len(name);
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++star_name;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == 0;
}

bool glob_match(const struct glob *glob, const char *name)
{
    for (size_t i = 0; i < glob->count; i++)
        if (match_one(glob->alternatives[i], name)) return true;
    return false;
}
