/* relate.c -- see relate.h. */
#include "relate.h"

#include <math.h>
#include <string.h>

enum { POWERS = RELATE_END - RELATE_RECIPROCAL };
static const double powers[POWERS] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static int64_t bits_of(double number)
{
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static int is_near(double number, double predicted)
{
    int64_t a = bits_of(number), b = bits_of(predicted);
    return (a ^ b) >= 0 && a - b < RELATE_RESIDUAL_MAX && b - a < RELATE_RESIDUAL_MAX;
}

int relate_is_known(unsigned relation)
{
    return relation == RELATE_SAME || (relation >= RELATE_RECIPROCAL && relation < RELATE_END);
}

double relate_predict(unsigned relation, double other)
{
    return relation == RELATE_SAME ? other : powers[relation - RELATE_RECIPROCAL] / other;
}

unsigned relate_guess(double number, double other)
{
    double product = number * other;
    if (is_near(number, other)) return RELATE_SAME;
    if (!(product > 0.5 && product < 2 * powers[POWERS - 1])) return RELATE_NONE;
    /* 2^e is at most the product: of the powers of ten, 10^p is the only one that may be near it. */
    int64_t e = (bits_of(product) >> 52) - 1023;
    unsigned p = (unsigned)((e + 1) * 1233 >> 12); /* log10(2) * 4096 */
    if (!(fabs(product - powers[p]) < 1e-6 * product)) return RELATE_NONE;
    return is_near(number, relate_predict(RELATE_RECIPROCAL + p, other)) ? RELATE_RECIPROCAL + p
                                                                         : RELATE_NONE;
}

int relate_residuals(const double *numbers, const double *predicted, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_near(numbers[i], predicted[i])) return -1;
        out[i] = (double)(bits_of(numbers[i]) - bits_of(predicted[i]));
    }
    return 0;
}

double relate_restore(double residual, double predicted)
{
    double number;
    if (!(fabs(residual) < RELATE_RESIDUAL_MAX)) return (double)NAN; /* nobody wrote that */
    int64_t bits = (int64_t)((uint64_t)bits_of(predicted) + (uint64_t)(int64_t)residual);
    memcpy(&number, &bits, sizeof number);
    return number;
}
