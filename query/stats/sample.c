/* sample.c -- statistics of a finished sample; see sample.h.
 *
 * Sums are compensated, so the order of the values moves the result by an ulp at most. Selection is
 * quickselect with pseudo-random pivots from a fixed seed: O(n) expected for every input, the same
 * bits each time. Squares of deviations overflow beyond 1e154. */
#include "sample.h"

#include "../../engine/simd.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* -- sums -------------------------------------------------------------------------------------- */

/* A sum and what rounding took from it, without a branch (Knuth's two-sum). */
struct sum {
    double high, low;
};

static inline void sum_add(struct sum *sum, double x)
{
    double total = sum->high + x, rest = total - sum->high;
    sum->low += (sum->high - (total - rest)) + (x - rest);
    sum->high = total;
}

/* The same in four lanes, for samples that are worth it: pairs of two, or one vector where there
 * are such instructions. The lanes are fixed, so that every machine gives the same bits. */
typedef double pair __attribute__((vector_size(16)));
enum { LANES = 4, LANES_FROM = 16 };

struct pair_sum {
    pair high, low;
};

static inline void pair_add(struct pair_sum *sum, pair x)
{
    pair total = sum->high + x, rest = total - sum->high;
    sum->low += (sum->high - (total - rest)) + (x - rest);
    sum->high = total;
}

static inline pair pair_load(const double *x)
{
    return (pair){x[0], x[1]};
}

/* What four lanes have summed up, in their order. */
struct lane_sums {
    double high[LANES], low[LANES];
};

static inline void sum_lanes(struct sum *sum, const struct lane_sums *lanes)
{
    for (int i = 0; i < LANES; i++) {
        sum_add(sum, lanes->high[i]);
        sum->low += lanes->low[i];
    }
}

/* Sums x[0 .. n), n a multiple of LANES. */
static void lanes_of(const double *x, size_t n, struct lane_sums *out)
{
    struct pair_sum a = {{0, 0}, {0, 0}}, b = a;
    for (size_t i = 0; i < n; i += LANES) {
        pair_add(&a, pair_load(x + i));
        pair_add(&b, pair_load(x + i + 2));
    }
    *out = (struct lane_sums){{a.high[0], a.high[1], b.high[0], b.high[1]},
                              {a.low[0], a.low[1], b.low[0], b.low[1]}};
}

/* Sums (x - centre)^2, and x - centre to rest, plainly. */
static void squares_lanes_of(const double *x, size_t n, double centre, struct lane_sums *out,
                             double rest[2])
{
    const pair middle = {centre, centre};
    struct pair_sum a = {{0, 0}, {0, 0}}, b = a;
    pair rests = {0, 0};
    for (size_t i = 0; i < n; i += LANES) {
        pair c = pair_load(x + i) - middle, d = pair_load(x + i + 2) - middle;
        rests += c + d;
        pair_add(&a, c * c);
        pair_add(&b, d * d);
    }
    *out = (struct lane_sums){{a.high[0], a.high[1], b.high[0], b.high[1]},
                              {a.low[0], a.low[1], b.low[0], b.low[1]}};
    rest[0] = rests[0];
    rest[1] = rests[1];
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))

typedef double four __attribute__((vector_size(32)));

struct four_sum {
    four high, low;
};

AVX2 static inline void four_add(struct four_sum *sum, four x)
{
    four total = sum->high + x, rest = total - sum->high;
    sum->low += (sum->high - (total - rest)) + (x - rest);
    sum->high = total;
}

AVX2 static inline four four_load(const double *x)
{
    four values;
    memcpy(&values, x, sizeof values);
    return values;
}

AVX2 static void lanes_of_avx2(const double *x, size_t n, struct lane_sums *out)
{
    struct four_sum sum = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    for (size_t i = 0; i < n; i += LANES)
        four_add(&sum, four_load(x + i));
    memcpy(out->high, &sum.high, sizeof out->high);
    memcpy(out->low, &sum.low, sizeof out->low);
}

AVX2 static void squares_lanes_of_avx2(const double *x, size_t n, double centre,
                                       struct lane_sums *out, double rest[2])
{
    const four middle = {centre, centre, centre, centre};
    struct four_sum sum = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    pair rests = {0, 0};
    for (size_t i = 0; i < n; i += LANES) {
        four d = four_load(x + i) - middle;
        rests += (pair){d[0], d[1]} + (pair){d[2], d[3]};
        four_add(&sum, d * d);
    }
    memcpy(out->high, &sum.high, sizeof out->high);
    memcpy(out->low, &sum.low, sizeof out->low);
    rest[0] = rests[0];
    rest[1] = rests[1];
}

#else

#define lanes_of_avx2         lanes_of
#define squares_lanes_of_avx2 squares_lanes_of

#endif

static struct sum sum_of(const double *x, size_t n)
{
    struct sum sum = {0, 0};
    size_t i = n >= LANES_FROM ? n - n % LANES : 0;
    if (i) {
        struct lane_sums lanes;
        if (simd_has_avx2())
            lanes_of_avx2(x, i, &lanes);
        else
            lanes_of(x, i, &lanes);
        sum_lanes(&sum, &lanes);
    }
    for (; i < n; i++)
        sum_add(&sum, x[i]);
    return sum;
}

/* Sums of (x - centre)^2, and of x - centre, which is next to nothing. */
static struct sum squares_of(const double *x, size_t n, double centre, double *rest)
{
    struct sum squares = {0, 0};
    double rests[2] = {0, 0};
    size_t i = n >= LANES_FROM ? n - n % LANES : 0;
    if (i) {
        struct lane_sums lanes;
        if (simd_has_avx2())
            squares_lanes_of_avx2(x, i, centre, &lanes, rests);
        else
            squares_lanes_of(x, i, centre, &lanes, rests);
        sum_lanes(&squares, &lanes);
    }
    *rest = rests[0] + rests[1];
    for (; i < n; i++) {
        double d = x[i] - centre;
        sum_add(&squares, d * d);
        *rest += d;
    }
    return squares;
}

/* The sum divided by n with one rounding, so that the mean of equal values is that value. */
static double sum_divide(const struct sum *sum, double n)
{
    double quotient = sum->high / n;
    double rest = fma(-quotient, n, sum->high) + sum->low;
    return quotient + rest / n;
}

double sample_sum(const double *x, size_t n)
{
    struct sum sum = sum_of(x, n);
    return n ? sum.high + sum.low : (double)NAN;
}

double sample_mean(const double *x, size_t n)
{
    struct sum sum = sum_of(x, n);
    return n ? sum_divide(&sum, (double)n) : (double)NAN;
}

double sample_sd_about(const double *x, size_t n, double mean)
{
    if (n < 2) return (double)NAN;
    /* The second sum corrects for the rounding of the mean (Chan, Golub, LeVeque 1983). */
    double r;
    struct sum squares = squares_of(x, n, mean, &r);
    double m2 = squares.high + squares.low - r * r / (double)n;
    return m2 > 0 ? sqrt(m2 / (double)(n - 1)) : 0;
}

double sample_sd(const double *x, size_t n)
{
    return sample_sd_about(x, n, sample_mean(x, n));
}

double sample_geomean(const double *x, size_t n)
{
    struct sum logs = {0, 0};
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0)) return (double)NAN;
        sum_add(&logs, log(x[i]));
    }
    return n ? exp(sum_divide(&logs, (double)n)) : (double)NAN;
}

double sample_slope(const double *t, const double *x, size_t n)
{
    if (n < 2) return (double)NAN;
    double mean_t = sample_mean(t, n), mean_x = sample_mean(x, n);
    struct sum tt = {0, 0}, tx = {0, 0};
    for (size_t i = 0; i < n; i++) {
        double d = t[i] - mean_t;
        sum_add(&tt, d * d);
        sum_add(&tx, d * (x[i] - mean_x));
    }
    double spread = tt.high + tt.low;
    return spread > 0 ? (tx.high + tx.low) / spread : (double)NAN;
}

/* -- order ------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sample_sort(double *x, size_t n)
{
    if (n > 1) qsort(x, n, sizeof *x, compare);
}

size_t quantile_rank(size_t n, double p, double *fraction)
{
    double r = p * (double)(n - 1);
    size_t index = (size_t)r;
    if (index >= n - 1) {
        *fraction = 0;
        return n - 1;
    }
    *fraction = r - (double)index;
    return index;
}

static double interpolate(double low, double high, double fraction)
{
    return low + (high - low) * fraction;
}

double sorted_quantile(const double *sorted, size_t n, double p)
{
    if (n == 0 || !(p >= 0 && p <= 1)) return (double)NAN;
    double fraction;
    size_t rank = quantile_rank(n, p, &fraction);
    return fraction > 0 ? interpolate(sorted[rank], sorted[rank + 1], fraction) : sorted[rank];
}

/* Samples as large as this are not worth moving about. */
enum { BRACKET_FROM = 1 << 16 };

/* What values are ordered by: themselves, or their distance from a centre. */
struct order {
    bool by_distance;
    double centre;
};

static inline double order_key(struct order order, double x)
{
    return order.by_distance ? fabs(x - order.centre) : x;
}

static double median_of_three(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Moves what is less than the pivot (or equal: `with`) to the front of x[low .. high]; where the
 * others start. Each value moves, so that no branch depends on it: noise defeats the prediction of
 * branches. */
static inline ptrdiff_t part(double *x, ptrdiff_t low, ptrdiff_t high, double pivot, bool with,
                             struct order order)
{
    ptrdiff_t front = low;
    for (ptrdiff_t i = low; i <= high; i++) {
        double value = x[i], key = order_key(order, value);
        x[i] = x[front];
        x[front] = value;
        front += with ? key <= pivot : key < pivot;
    }
    return front;
}

/* Moves the value of rank k to x[k], smaller ones before it and larger ones behind it. */
static void select_ordered(double *x, size_t n, size_t k, struct order order)
{
    uint64_t random = 0x9e3779b97f4a7c15u;
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, rank = (ptrdiff_t)k;
    while (low < high) {
        uint64_t length = (uint64_t)(high - low) + 1;
        double at[3];
        for (int i = 0; i < 3; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            at[i] = order_key(order, x[low + (ptrdiff_t)((random >> 33) % length)]);
        }
        double pivot = median_of_three(at[0], at[1], at[2]);
        ptrdiff_t middle = part(x, low, high, pivot, false, order);
        if (rank < middle) {
            high = middle - 1;
            continue;
        }
        low = part(x, middle, high, pivot, true, order);
        if (rank < low) return;
    }
}

void select_rank(double *x, size_t n, size_t rank)
{
    select_ordered(x, n, rank, (struct order){false, 0});
}

static double select_at(double *x, size_t n, size_t rank, double fraction, struct order order)
{
    select_ordered(x, n, rank, order);
    double low = order_key(order, x[rank]);
    if (!(fraction > 0)) return low;
    double high = order_key(order, x[rank + 1]);
    for (size_t i = rank + 2; i < n; i++) {
        double key = order_key(order, x[i]);
        if (key < high) high = key;
    }
    return interpolate(low, high, fraction);
}

double select_between(double *x, size_t n, size_t rank, double fraction)
{
    return select_at(x, n, rank, fraction, (struct order){false, 0});
}

static double select_key(double *x, size_t n, double p, struct order order)
{
    if (n == 0 || !(p >= 0 && p <= 1)) return (double)NAN;
    double fraction;
    size_t rank = quantile_rank(n, p, &fraction);
    return select_at(x, n, rank, fraction, order);
}

/* The quantile of a large sample by one pass over it: a small sample of the sample says between
 * which two values it lies almost surely, and only what is between them is looked at closer. false:
 * it was not there after all, or there was no memory. */
static bool bracket_quantile(const double *x, size_t n, double p, double *out)
{
    enum { PROBES = 4096, MARGIN = 160 };
    double probes[PROBES], low = -(double)INFINITY, high = (double)INFINITY, fraction;
    size_t room = n / 8, below = 0, count = 0, rank = quantile_rank(n, p, &fraction);
    uint64_t random = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < PROBES; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        probes[i] = x[(random >> 33) % n];
    }
    sample_sort(probes, PROBES);
    size_t probe = (size_t)(p * (PROBES - 1));
    if (probe >= MARGIN) low = probes[probe - MARGIN];
    if (probe + MARGIN < PROBES) high = probes[probe + MARGIN];
    double *between = malloc((room + 1) * sizeof *between);
    if (!between) return false;
    for (size_t i = 0; i < n && count <= room; i++) {
        between[count] = x[i];
        count += x[i] >= low && x[i] <= high;
        below += x[i] < low;
    }
    bool found = count <= room && rank >= below && rank + 1 < below + count;
    if (found) {
        *out = select_between(between, count, rank - below, fraction);
    }
    free(between);
    return found;
}

double select_quantile(double *x, size_t n, double p)
{
    double out;
    if (n >= BRACKET_FROM && p >= 0 && p <= 1 && bracket_quantile(x, n, p, &out)) return out;
    return select_key(x, n, p, (struct order){false, 0});
}

double select_median(double *x, size_t n)
{
    return select_quantile(x, n, 0.5);
}

double select_mad(double *x, size_t n)
{
    double median = select_median(x, n);
    return select_key(x, n, 0.5, (struct order){true, median});
}

/* -- running moments --------------------------------------------------------------------------- */

void moments_push(struct moments *m, double x)
{
    double delta = x - m->mean;
    m->count += 1;
    m->mean += delta / m->count;
    m->m2 += delta * (x - m->mean);
}

void moments_merge(struct moments *into, const struct moments *from)
{
    if (from->count == 0) return;
    if (into->count == 0) {
        *into = *from;
        return;
    }
    double count = into->count + from->count;
    double delta = from->mean - into->mean;
    into->mean += delta * (from->count / count);
    into->m2 += from->m2 + delta * delta * (into->count * (from->count / count));
    into->count = count;
}

double moments_sd(const struct moments *m)
{
    return m->count < 2 ? (double)NAN : sqrt(m->m2 / (m->count - 1));
}
