/* decimal.c -- see decimal.h.
 *
 * A double is m * 2^e. Between 1e-5 and 2^53 (e from -69 to 0) m * 10^k fits 128 bits for the k
 * that leaves
 * 17 digits before the point, so that these digits and what is behind them are exact, with a shift for a
 * division. Other numbers are printed and read by libc, which takes twenty times as long. */
#include "decimal.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

enum { MANTISSA_BITS = 53, POWERS = 18, SCALE_MAX = 22, TEXT_MAX = 32 };
#define LEAST 1e-5
#define MOST  0x1p53

static const uint64_t powers[POWERS] = {1,
                                        10,
                                        100,
                                        1000,
                                        10000,
                                        100000,
                                        1000000,
                                        10000000,
                                        100000000,
                                        1000000000,
                                        10000000000,
                                        100000000000,
                                        1000000000000,
                                        10000000000000,
                                        100000000000000,
                                        1000000000000000,
                                        10000000000000000,
                                        100000000000000000};

static uint128 power_of_ten(int exponent)
{
    if (exponent < POWERS) return powers[exponent];
    return (uint128)powers[POWERS - 1] * powers[exponent - POWERS + 1];
}

/* A number from LEAST to below MOST, times 10^scale: 17 digits, and the rest behind them in units
 * of
 * 2^-shift. */
struct exact {
    uint64_t mantissa, digits;
    uint128 rest;
    int shift, scale;
};

static struct exact exact_of(double value)
{
    int exponent;
    double fraction = frexp(value, &exponent); /* 0.5 <= fraction < 1 */
    struct exact exact = {.mantissa = (uint64_t)ldexp(fraction, MANTISSA_BITS),
                          .shift = MANTISSA_BITS - exponent};
    /* Digits before the point: log10(2) is 1233 / 4096; at most one too few. */
    int point = (exponent - 1) * 1233 >> 12;
    exact.scale = DECIMAL_DIGITS_MAX - 1 - point;
    for (;; exact.scale--) {
        if (exact.scale > SCALE_MAX) continue;
        uint128 product = exact.mantissa * power_of_ten(exact.scale);
        uint128 digits = product >> exact.shift;
        if (digits >= powers[DECIMAL_DIGITS_MAX]) continue;
        exact.digits = (uint64_t)digits;
        exact.rest = product - (digits << exact.shift);
        return exact;
    }
}

/* exact.digits rounded to a multiple of `unit`, a power of ten, in that unit. */
static uint64_t round_digits(const struct exact *exact, uint64_t unit)
{
    uint64_t whole = exact->digits / unit, left = exact->digits % unit;
    uint128 half = (uint128)1 << exact->shift >> 1; /* of a digit: where the unit is one */
    int above;                                      /* of half a unit: -1, 0, 1 */
    if (unit == 1)
        above = exact->rest > half ? 1 : exact->rest == half && exact->shift ? 0 : -1;
    else
        above = left != unit / 2 ? (left > unit / 2 ? 1 : -1) : exact->rest > 0;
    return whole + (above > 0 || (above == 0 && whole % 2));
}

/* Whether digits * 10^-scale is nearer to the double than to its neighbours, or as near and the
 * double is even, as mantissas of powers of two are; their neighbour below is half as far. */
static bool reads_back(const struct exact *exact, uint64_t digits)
{
    uint128 own = ((uint128)exact->digits << exact->shift) + exact->rest;
    uint128 other = (uint128)digits << exact->shift, ulp = power_of_ten(exact->scale);
    uint128 distance = own > other ? own - other : other - own;
    int is_narrow = other < own && exact->mantissa == (uint64_t)1 << (MANTISSA_BITS - 1);
    uint128 twice = 2 * (is_narrow ? 2 * distance : distance);
    return twice < ulp || (twice == ulp && exact->mantissa % 2 == 0);
}

static void put_digits(struct decimal *out, uint64_t digits, int count)
{
    while (count > 1 && digits % 10 == 0) {
        digits /= 10;
        count--;
    }
    out->count = count;
    out->digits[count] = '\0';
    for (; count > 0; digits /= 10)
        out->digits[--count] = (char)('0' + digits % 10);
}

static bool round_exact(struct decimal *out, double value, int significant)
{
    struct exact exact = exact_of(fabs(value));
    uint64_t unit = powers[DECIMAL_DIGITS_MAX - significant];
    uint64_t digits = round_digits(&exact, unit);
    bool same = reads_back(&exact, digits * unit);
    out->negative = value < 0;
    out->point = DECIMAL_DIGITS_MAX - exact.scale;
    if (digits == powers[significant]) { /* 9.99 to two digits is 10 */
        digits = 1;
        out->point++;
        significant = 1;
    }
    put_digits(out, digits, significant);
    return same;
}

static bool round_by_libc(struct decimal *out, double value, int significant)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "%.*e", significant - 1, value);
    out->negative = text[0] == '-';
    out->count = 0;
    const char *at = text;
    for (; *at && *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9' && out->count < DECIMAL_DIGITS_MAX)
            out->digits[out->count++] = *at;
    }
    out->point = *at == 'e' ? (int)strtol(at + 1, NULL, 10) + 1 : 1;
    while (out->count > 1 && out->digits[out->count - 1] == '0')
        out->count--;
    out->digits[out->count] = '\0';
    /* snprintf and strtod agree on the separator, whatever it is. */
    double back = strtod(text, NULL);
    return !(back < value) && !(back > value);
}

bool decimal_round(struct decimal *out, double value, int significant)
{
    double size = fabs(value);
    return size >= LEAST && size < MOST ? round_exact(out, value, significant)
                                        : round_by_libc(out, value, significant);
}
