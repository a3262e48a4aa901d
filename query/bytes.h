/* bytes.h -- looks at many flags or numbers at once. */
#ifndef PACE_BYTES_H
#define PACE_BYTES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whether a byte is not 0, eight at a time. */
static inline bool any_byte(const uint8_t *bytes, size_t count)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; i + sizeof word <= count; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        any |= word;
    }
    for (; i < count; i++)
        any |= bytes[i];
    return any != 0;
}

typedef uint64_t words_pair __attribute__((vector_size(16)));

/* Whether the upper bit of a word is set. */
static inline bool any_sign(words_pair words)
{
    return (words[0] | words[1]) >> 63;
}

/* Whether a number is NAN, four at a time: its bits, but for the sign, are more than those of
 * infinity. */
static inline bool any_nan(const double *x, size_t count)
{
    const uint64_t infinity = UINT64_C(0x7ff) << 52;
    const words_pair most = {infinity, infinity}, all = most | (most - 1);
    words_pair found = {0, 0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        words_pair a, b;
        memcpy(&a, x + i, sizeof a);
        memcpy(&b, x + i + 2, sizeof b);
        found |= (most - (a & all)) | (most - (b & all));
    }
    bool any = any_sign(found);
    for (; i < count; i++)
        any |= isnan(x[i]) != 0;
    return any;
}

/* Whether a word of 8 bytes is this one, four at a time: 0 alone has less than nothing left when 1
 * is taken from it, and had no upper bit. */
static inline bool any_word(const void *words, size_t count, uint64_t word)
{
    const unsigned char *at = words;
    const words_pair wanted = {word, word};
    words_pair found = {0, 0};
    uint64_t one;
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        words_pair a, b;
        memcpy(&a, at + i * sizeof one, sizeof a);
        memcpy(&b, at + (i + 2) * sizeof one, sizeof b);
        a ^= wanted;
        b ^= wanted;
        found |= ((a - 1) & ~a) | ((b - 1) & ~b);
    }
    bool any = any_sign(found);
    for (; i < count; i++) {
        memcpy(&one, at + i * sizeof one, sizeof one);
        any |= one == word;
    }
    return any;
}

#endif
