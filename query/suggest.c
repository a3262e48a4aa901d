/* suggest.c -- see suggest.h. Optimal string alignment (a transposition is one edit), computed in a
 * band of MAX_EDITS around the diagonal: O(length), so that 100,000 names are no matter. */
#include "suggest.h"

#include <stdbool.h>
#include <string.h>

enum { MAX_EDITS = 4, LONGEST = 1024, PREFIX_LEAST = 3, BAND = 2 * MAX_EDITS + 1 };

static unsigned char fold(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + ('a' - 'A')) : byte;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* A row of the table holds columns i-MAX_EDITS .. i+MAX_EDITS of row i; what lies outside is more
 * than MAX_EDITS away. */
static unsigned row_get(const unsigned *row, size_t i, size_t j)
{
    size_t k = j + MAX_EDITS;
    return k < i || k - i >= BAND ? MAX_EDITS + 1 : row[k - i];
}

/* Edits from a to b, or MAX_EDITS + 1 for more. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len > b_len + MAX_EDITS || b_len > a_len + MAX_EDITS) return MAX_EDITS + 1;
    unsigned rows[3][BAND];
    unsigned *before = rows[0], *previous = rows[1], *row = rows[2];
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t k = 0; k < BAND; k++) {
            row[k] = MAX_EDITS + 1;
            if (i + k < MAX_EDITS || i + k - MAX_EDITS > b_len) continue;
            size_t j = i + k - MAX_EDITS;
            if (i == 0 || j == 0) {
                row[k] = least((unsigned)(i + j), MAX_EDITS + 1);
                continue;
            }
            bool same = fold(a[i - 1]) == fold(b[j - 1]);
            unsigned best = row_get(previous, i - 1, j - 1) + !same;
            best = least(best, row_get(previous, i - 1, j) + 1);
            best = least(best, row_get(row, i, j - 1) + 1);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                best = least(best, row_get(before, i - 2, j - 2) + 1);
            row[k] = least(best, MAX_EDITS + 1);
        }
        unsigned *oldest = before;
        before = previous, previous = row, row = oldest;
    }
    return row_get(previous, a_len, b_len);
}

static bool is_prefix(const char *word, size_t len, const char *name, size_t name_len)
{
    if (len < PREFIX_LEAST || len > name_len) return false;
    for (size_t i = 0; i < len; i++)
        if (fold(word[i]) != fold(name[i])) return false;
    return true;
}

const char *suggest(const char *word, size_t len, const char *const *names, size_t count)
{
    if (len == 0 || len > LONGEST) return NULL;
    unsigned allowed = least((unsigned)(len / 3), MAX_EDITS);
    if (allowed == 0) allowed = 1;
    const char *nearest = NULL;
    size_t nearest_edits = 0;
    for (size_t i = 0; i < count; i++) {
        size_t name_len = strnlen(names[i], LONGEST + 1);
        if (name_len > LONGEST) continue;
        size_t edits;
        if (is_prefix(word, len, names[i], name_len)) {
            edits = name_len - len;
        } else {
            edits = distance(word, len, names[i], name_len);
            /* Something must be left in common: 'x' is not a misspelled 'y'. */
            if (edits > allowed || edits >= (len > name_len ? len : name_len)) continue;
        }
        if (!nearest || edits < nearest_edits) {
            nearest = names[i];
            nearest_edits = edits;
        }
    }
    return nearest;
}
