/* ranks.c -- see ranks.h.
 *
 * The exact distribution of U is counted group of equal values by group, smallest first: ways[k][s]
 * is the number of ways to give k of the values so far to x such that U is s. A group of t values,
 * j of them x, behind k' others of x and c - k' of y, adds j (c - k') + j (t - j) / 2 to U. Where
 * there are ties U is counted in halves. All terms are positive, so that also the smallest p has
 * its digits. Without ties the counts are the coefficients of a Gaussian binomial, which is
 * cheaper; what is subtracted there is nothing in the tail, and smaller than what stays
 * elsewhere. */
#include "ranks.h"

#include "dist.h"
#include "sample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* -- the exact distribution -------------------------------------------------------------------- */

/* Binomial coefficient; exact below 2^53. */
static double choose(size_t n, size_t k)
{
    double ways = 1;
    if (k > n - k) k = n - k;
    for (size_t i = 1; i <= k; i++)
        ways = ways * (double)(n - k + i) / (double)i;
    return ways;
}

struct groups {
    size_t *size, count;
    bool ties;
};

/* Adds a group of t values behind c others; U in halves. */
static void add_group(double *ways, size_t nx, size_t room, size_t c, size_t t)
{
    size_t most = nx < c + t ? nx : c + t;
    for (size_t k = most; k > 0; k--) {
        for (size_t j = k > c ? k - c : 1; j <= t && j <= k; j++) {
            size_t from = k - j, shift = 2 * j * (c - from) + j * (t - j);
            double times = choose(t, j);
            if (shift >= room) continue;
            const double *in = ways + from * room;
            double *out = ways + k * room + shift;
            for (size_t s = 0; s < room - shift; s++)
                out[s] += times * in[s];
        }
    }
}

/* The first coefficients of the product of (1 - q^(n - nx + i)) / (1 - q^i), i = 1 .. nx. */
static void add_plain(double *ways, size_t nx, size_t n, size_t room)
{
    for (size_t i = 1; i <= nx; i++) {
        size_t up = n - nx + i;
        for (size_t s = room; s-- > up;)
            ways[s] -= ways[s - up];
        for (size_t s = i; s < room; s++)
            ways[s] += ways[s - i];
    }
}

/* P(U <= s) for s = 0 .. room - 1 (in halves with ties), where nx of the grouped values are x.
 * Returns memory of the caller, or NULL. */
static double *count_ways(const struct groups *groups, size_t nx, size_t n, size_t room)
{
    size_t planes = groups->ties ? nx + 1 : 1, c = 0;
    double *ways = calloc(planes * room, sizeof *ways);
    if (!ways) return NULL;
    ways[0] = 1;
    if (!groups->ties) add_plain(ways, nx, n, room);
    for (size_t g = 0; groups->ties && g < groups->count; g++) {
        add_group(ways, nx, room, c, groups->size[g]);
        c += groups->size[g];
    }
    double total = choose(n, nx), sum = 0;
    for (size_t s = 0; s < room; s++) {
        sum += ways[(planes - 1) * room + s];
        ways[s] = sum / total;
    }
    return ways;
}

/* -- the test ---------------------------------------------------------------------------------- */

/* Groups of equal values among both sorted samples, sum of t^3 - t, and U of x. */
static double rank_groups(const double *x, size_t nx, const double *y, size_t ny,
                          struct groups *groups, double *correction)
{
    double u = 0;
    size_t i = 0, j = 0;
    while (i < nx || j < ny) {
        double least = j == ny || (i < nx && x[i] < y[j]) ? x[i] : y[j];
        size_t from_i = i, from_j = j;
        while (i < nx && x[i] <= least)
            i++;
        while (j < ny && y[j] <= least)
            j++;
        double of_x = (double)(i - from_i), of_y = (double)(j - from_j), t = of_x + of_y;
        u += of_x * ((double)from_j + of_y / 2);
        *correction += t * (t * t - 1);
        groups->size[groups->count++] = (i - from_i) + (j - from_j);
        groups->ties |= t > 1;
    }
    return u;
}

static int test_exact(const struct groups *groups, size_t nx, size_t ny, struct rank_test *out)
{
    double pairs = (double)nx * (double)ny;
    bool upper = out->u > pairs / 2; /* then counted as U of y */
    double u = upper ? pairs - out->u : out->u, unit = groups->ties ? 2 : 1;
    size_t at = (size_t)(u * unit + 0.5);
    double *below = count_ways(groups, upper ? ny : nx, nx + ny, at + 1);
    if (!below) return -1;
    double tail = below[at], rest = at > 0 ? 1 - below[at - 1] : 1;
    free(below);
    out->exact = true;
    out->p_less = upper ? rest : tail;
    out->p_greater = upper ? tail : rest;
    out->p = fmin(1, 2 * tail);
    return 0;
}

static void test_normal(double correction, size_t nx, size_t ny, struct rank_test *out)
{
    double n = (double)nx + (double)ny, pairs = (double)nx * (double)ny;
    double sigma = sqrt(pairs * (n + 1 - correction / (n * (n - 1))) / 12);
    double excess = out->u - pairs / 2;
    double towards = excess > 0 ? 0.5 : excess < 0 ? -0.5 : 0;
    out->p = fmin(1, 2 * normal_upper(fabs(excess - towards) / sigma));
    out->p_greater = normal_upper((excess - 0.5) / sigma);
    out->p_less = normal_cdf((excess + 0.5) / sigma);
}

int rank_test(const double *x, size_t nx, const double *y, size_t ny, struct rank_test *out)
{
    if (nx == 0 || ny == 0) return -1;
    size_t n = nx + ny;
    double *sorted = malloc(n * sizeof *sorted), correction = 0;
    struct groups groups = {.size = malloc(n * sizeof *groups.size)};
    int status = sorted && groups.size ? 0 : -1;
    if (!status) {
        memcpy(sorted, x, nx * sizeof *x);
        memcpy(sorted + nx, y, ny * sizeof *y);
        sample_sort(sorted, nx);
        sample_sort(sorted + nx, ny);
        *out = (struct rank_test){.p = 1, .p_greater = 1, .p_less = 1};
        out->u = rank_groups(sorted, nx, sorted + nx, ny, &groups, &correction);
        out->ties = groups.ties;
        size_t limit = groups.ties ? RANK_EXACT_TIES : RANK_EXACT;
        if (groups.count > 1) {
            if (nx <= limit && ny <= limit)
                status = test_exact(&groups, nx, ny, out);
            else
                test_normal(correction, nx, ny, out);
        }
    }
    free(sorted);
    free(groups.size);
    return status;
}

double rank_least_p(size_t nx, size_t ny)
{
    return nx && ny ? fmin(1, 2 / choose(nx + ny, nx)) : 1;
}

/* -- the shift --------------------------------------------------------------------------------- */

/* Doubles in the order of integers, so that bisection ends at one of them. */
static int64_t to_ordinal(double x)
{
    int64_t bits;
    x += 0.0; /* one zero */
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_ordinal(int64_t at)
{
    double x;
    int64_t bits = at < 0 ? INT64_MIN - at : at;
    memcpy(&x, &bits, sizeof x);
    return x;
}

struct pairs {
    const double *x, *y; /* sorted */
    size_t nx, ny;
};

/* How many differences y - x are at most `limit`. */
static double pairs_below(const struct pairs *pairs, double limit)
{
    double count = 0;
    size_t i = pairs->nx;
    /* As y grows, the first x with y - x <= limit moves up. */
    size_t first = 0;
    for (size_t j = 0; j < pairs->ny; j++) {
        while (first < i && pairs->y[j] - pairs->x[first] > limit)
            first++;
        count += (double)(i - first);
    }
    return count;
}

/* The difference of rank `rank` from 1. */
static double pairs_select(const struct pairs *pairs, double rank)
{
    int64_t low = to_ordinal(pairs->y[0] - pairs->x[pairs->nx - 1]);
    int64_t high = to_ordinal(pairs->y[pairs->ny - 1] - pairs->x[0]);
    while (low < high) {
        int64_t middle = (low & high) + ((low ^ high) >> 1); /* rounded down, no overflow */
        if (pairs_below(pairs, from_ordinal(middle)) >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return from_ordinal(low);
}

/* The largest c with P(U <= c) <= tail for samples without ties, or -1. */
static int rank_cut(size_t nx, size_t ny, double tail, double *cut)
{
    double pairs = (double)nx * (double)ny, n = (double)(nx + ny);
    *cut = -1;
    if (nx > RANK_EXACT || ny > RANK_EXACT) {
        double z = normal_quantile(1 - tail);
        *cut = floor(pairs / 2 - 0.5 - z * sqrt(pairs * (n + 1) / 12));
        return 0;
    }
    size_t room = nx * ny / 2 + 1;
    struct groups groups = {.ties = false};
    double *below = count_ways(&groups, nx, nx + ny, room);
    for (size_t s = 0; below && s < room && below[s] <= tail; s++)
        *cut = (double)s;
    free(below);
    return below ? 0 : -1;
}

int rank_shift(const double *x, size_t nx, const double *y, size_t ny, double confidence,
               struct rank_shift *out)
{
    if (nx == 0 || ny == 0) return -1;
    double *sorted = malloc((nx + ny) * sizeof *sorted), cut;
    if (!sorted || rank_cut(nx, ny, (1 - confidence) / 2, &cut)) {
        free(sorted);
        return -1;
    }
    memcpy(sorted, x, nx * sizeof *x);
    memcpy(sorted + nx, y, ny * sizeof *y);
    sample_sort(sorted, nx);
    sample_sort(sorted + nx, ny);
    struct pairs pairs = {sorted, sorted + nx, nx, ny};
    double count = (double)nx * (double)ny, middle = floor((count + 1) / 2);
    double low = pairs_select(&pairs, middle);
    double high = fmod(count, 2) > 0 ? low : pairs_select(&pairs, middle + 1);
    *out = (struct rank_shift){low + (high - low) / 2, -(double)INFINITY, (double)INFINITY};
    if (cut >= 0) {
        out->low = pairs_select(&pairs, cut + 1);
        out->high = pairs_select(&pairs, count - cut);
    }
    free(sorted);
    return 0;
}

/* -- the interval of a median ------------------------------------------------------------------ */

enum { MEDIAN_EXACT = 30 };

static void ranks_exact(size_t n, double confidence, size_t *low, size_t *high, double *actual)
{
    double total = ldexp(1, (int)n);
    size_t l = n / 2, r; /* the mode of n even, the lower one of n odd */
    r = l + 1;
    double sum = choose(n, l) / total;
    while (sum < confidence && (l > 0 || r <= n)) {
        double left = l > 0 ? choose(n, l - 1) / total : 0,
               right = r <= n ? choose(n, r) / total : 0;
        if (left >= right)
            sum += left, l--;
        else
            sum += right, r++;
    }
    *low = l;
    *high = r;
    *actual = sum;
}

static void ranks_normal(size_t n, double confidence, size_t *low, size_t *high, double *actual)
{
    double mean = (double)n / 2, sigma = sqrt((double)n) / 2;
    double reach = normal_quantile(0.5 + confidence / 2) * sigma;
    double l = floor(mean - reach - 0.5) + 1, r = ceil(mean + reach - 0.5) + 1;
    double left = normal_cdf((l - 0.5 - mean) / sigma);
    *actual = normal_cdf((r - 0.5 - mean) / sigma) - left;
    double narrower = normal_cdf((r - 1.5 - mean) / sigma) - left;
    if (narrower >= confidence) {
        *actual = narrower;
        r--;
    }
    *low = l > 0 ? (size_t)l : 0;
    *high = r < (double)n + 1 ? (size_t)r : n + 1;
}

void median_ranks(size_t n, double confidence, size_t *low, size_t *high, double *actual)
{
    double reached;
    if (n <= MEDIAN_EXACT)
        ranks_exact(n, confidence, low, high, &reached);
    else
        ranks_normal(n, confidence, low, high, &reached);
    if (actual) *actual = reached;
}

struct median sorted_median(const double *sorted, size_t n, double confidence)
{
    size_t low, high;
    struct median median = {sorted_quantile(sorted, n, 0.5), -(double)INFINITY, (double)INFINITY};
    if (n == 0) return median;
    median_ranks(n, confidence, &low, &high, NULL);
    if (low > 0) median.low = sorted[low - 1];
    if (high <= n) median.high = sorted[high - 1];
    return median;
}
