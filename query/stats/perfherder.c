/* perfherder.c -- see perfherder.h. */
#include "perfherder.h"

#include <math.h>
#include <stdlib.h>

#define T_LIMIT 7.0

struct side {
    double mean, variance, count;
};

/* x[0], x[step], ...: the nearer to the judged point the more weight. The variance is around the
 * weighted mean. */
static struct side side_measure(const double *x, ptrdiff_t step, size_t n)
{
    double sum = 0, weights = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double weight = (double)(n - i) / (double)n;
        sum += x[(ptrdiff_t)i * step] * weight;
        weights += weight;
    }
    double mean = sum / weights;
    for (size_t i = 0; i < n; i++) {
        double d = x[(ptrdiff_t)i * step] - mean;
        squares += d * d;
    }
    return (struct side){mean, n > 1 ? squares / (double)(n - 1) : 0, (double)n};
}

static double side_t(const struct side *a, const struct side *b)
{
    double distance = b->mean - a->mean;
    if (!(fabs(distance) > 0)) return 0;
    return fabs(distance) / sqrt(a->variance / a->count + b->variance / b->count);
}

int perfherder_cuts(const double *x, size_t n, size_t side, size_t *cuts)
{
    if (n == 0) return 0;
    double *t = calloc(n, sizeof *t);
    if (!t) return -1;
    size_t quiet = 0; /* points since t was last over the limit */
    for (size_t i = 1; i < n; i++) {
        size_t reach = quiet > side ? quiet : side;
        if (reach > 2 * side) reach = 2 * side;
        size_t before = i < reach ? i : reach, after = n - i < side ? n - i : side;
        struct side a = side_measure(x + i - 1, -1, before), b = side_measure(x + i, 1, after);
        t[i] = side_t(&a, &b);
        quiet = t[i] > T_LIMIT ? 0 : quiet + 1;
    }
    int count = 0;
    for (size_t i = side; i + side <= n; i++) {
        if (!(t[i] > T_LIMIT) || t[i - 1] > t[i] || (i + 1 < n && t[i + 1] > t[i])) continue;
        cuts[count++] = i;
    }
    free(t);
    return count;
}
