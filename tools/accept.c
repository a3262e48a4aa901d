/* accept.c -- see accept.h. */
#include "accept.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char TRAILER[] = ACCEPT_TRAILER;

const char *accept_string(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    char *out = arena_alloc(arena, 2 * len + 3), *at = out;
    if (out == NULL) return NULL;
    *at++ = '"';
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') *at++ = '\\';
        *at++ = *c == '\n' || *c == '\r' ? ' ' : *c;
    }
    *at++ = '"';
    *at = '\0';
    return out;
}

/* A benchmark's name where a glob may stand: as it is, or in quotes where it holds what a word of
 * the language cannot. */
static const char *benchmark_term(struct arena *arena, const char *pattern)
{
    if (strpbrk(pattern, " \t,()\"'|;$") == NULL)
        return arena_printf(arena, "benchmark:%s", pattern);
    return arena_printf(arena, "benchmark:%s", accept_string(arena, pattern));
}

static int is_selector(const char *pattern)
{
    static const char *const keys[] = {
        "project:", "branch:", "testbed:", "benchmark:", "measure:", "commit:", "run:"};
    if (strncmp(pattern, "//", 2) == 0) return 1;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strncmp(pattern, keys[i], strlen(keys[i])) == 0) return 1;
    return 0;
}

const char *accept_selector(struct arena *arena, const char *pattern)
{
    return is_selector(pattern) ? pattern : benchmark_term(arena, pattern);
}

const char *accept_statement(struct arena *arena, const char *pattern, const char *branch,
                             const char *at, const char *why)
{
    const char *selector = accept_selector(arena, pattern);
    const char *own = "", *place = "";
    if (selector == NULL) return NULL;
    if (strncmp(selector, "//", 2) != 0 && strstr(selector, "branch:") == NULL)
        own = arena_printf(arena, " branch:%s", accept_string(arena, branch));
    if (at != NULL) {
        int is_time = strspn(at, "0123456789") == 4 && at[4] == '-'; /* a date */
        place = arena_printf(arena, is_time ? " at %s" : " at commit:%s", at);
    }
    const char *reason = accept_string(arena, why);
    if (own == NULL || place == NULL || reason == NULL) return NULL;
    return arena_printf(arena, "mark accept %s%s%s %s", selector, own, place, reason);
}

/* -- trailers ---------------------------------------------------------------------------------- */

static const char *word_end(const char *at, const char *end)
{
    while (at < end && !isspace((unsigned char)*at))
        at++;
    return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

static const char *copy(struct arena *arena, const char *from, const char *end)
{
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    return arena_printf(arena, "%.*s", (int)(end - from), from);
}

size_t trailers_read(struct arena *arena, const char *text, struct trailer *out)
{
    size_t count = 0;
    for (const char *line = text; *line != '\0' && count < TRAILERS_MAX;) {
        const char *end = line + strcspn(line, "\n");
        const char *at = skip_blanks(line, end);
        line = *end != '\0' ? end + 1 : end;
        if (strncmp(at, TRAILER, sizeof TRAILER - 1) != 0) continue;
        at = skip_blanks(at + sizeof TRAILER - 1, end);
        const char *stop = word_end(at, end);
        if (stop == at) continue;
        struct trailer *trailer = &out[count];
        *trailer = (struct trailer){.pattern = copy(arena, at, stop), .most = INFINITY};
        at = skip_blanks(stop, end);
        if (at < end && *at == '+') {
            char *number_end;
            double percent = strtod(at + 1, &number_end); /* the locale is "C" */
            if (number_end > at + 1 && *number_end == '%' && percent >= 0) {
                trailer->most = percent / 100;
                at = skip_blanks(number_end + 1, end);
            }
        }
        trailer->why = copy(arena, at, end);
        if (trailer->pattern != NULL && trailer->why != NULL) count++;
    }
    return count;
}

static int star_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *back = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            back = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++back;
        } else {
            return 0;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

int trailer_matches(const struct trailer *trailer, const char *benchmark)
{
    return star_matches(trailer->pattern, benchmark);
}
