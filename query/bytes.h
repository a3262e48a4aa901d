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

/* Whether a number is NAN, two at a time. */
static inline bool any_nan(const double *x, size_t count)
{
    typedef double pair __attribute__((vector_size(16)));
    typedef long long flags __attribute__((vector_size(16)));
    flags missing = {0, 0};
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        pair two = {x[i], x[i + 1]};
        missing |= (flags)(two != two);
    }
    return missing[0] || missing[1] || (i < count && isnan(x[i]));
}

#endif
