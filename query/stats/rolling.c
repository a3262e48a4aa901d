/* rolling.c -- see rolling.h.
 *
 * A value's difference from the shift, and the square of that, are the same numbers when it comes
 * and when it goes, so that only the additions round: to about 2^-100 of what has passed, as each
 * sum carries what rounding took from it (Knuth's two-sum). What is left to fear is a window whose
 * deviation is small beside its distance from the shift, or beside what has passed: then the sums
 * are taken anew, and if that does not help the window is looked at as a sample. */
#include "rolling.h"

#include "sample.h"
#include "window.h"

#include "../../engine/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* VECTOR_MAX: so many are moved all at once. PAD: doubles before and behind the values. */
enum { SORTED_MAX = 512, VECTOR_MAX = 128, PAD = 8 };

/* Of the square of a deviation: what the distance from the shift, or what has passed, may be. */
static const double FAR = 1e4, PASSED = 1e12;
/* How many times the mean and the deviation the shift may be. */
static const double LARGE = 16;

struct rolling_large {
    struct window window;
};

/* -- life -------------------------------------------------------------------------------------- */

void rolling_init(struct rolling *rolling, enum rolling_kind kind)
{
    *rolling = (struct rolling){.kind = kind};
}

void rolling_release(struct rolling *rolling)
{
    free(rolling->memory);
    if (rolling->large) window_release(&rolling->large->window);
    free(rolling->large);
    rolling_init(rolling, rolling->kind);
}

void rolling_reset(struct rolling *rolling)
{
    rolling->first = rolling->end = 0;
    if (rolling->large) window_clear(&rolling->large->window);
}

static size_t size_of(const struct rolling *rolling)
{
    return (size_t)(rolling->end - rolling->first);
}

/* -- moments ----------------------------------------------------------------------------------- */

static inline void add(struct rolling_sum *sum, double x)
{
    double total = sum->high + x, rest = total - sum->high;
    sum->low += (sum->high - (total - rest)) + (x - rest);
    sum->high = total;
}

static inline void moments_in(struct rolling *rolling, double x)
{
    double d = x - rolling->shift, square = d * d;
    add(&rolling->sum, d);
    add(&rolling->squares, square);
    rolling->passed += square;
}

static inline void moments_out(struct rolling *rolling, double x)
{
    double d = x - rolling->shift;
    add(&rolling->sum, -d);
    add(&rolling->squares, -(d * d));
}

/* Sums about the value that is nearest to the mean: whole numbers stay whole. */
static void moments_anew(struct rolling *rolling)
{
    const double *x = rolling->values;
    size_t n = size_of(rolling);
    double mean = sample_mean(x, n), shift = x[0];
    for (size_t i = 1; i < n; i++)
        if (fabs(x[i] - mean) < fabs(shift - mean)) shift = x[i];
    rolling->shift = shift;
    rolling->sum = rolling->squares = (struct rolling_sum){0, 0};
    rolling->passed = 0;
    rolling->moved = 0;
    for (size_t i = 0; i < n; i++)
        moments_in(rolling, x[i]);
}

/* A shift that is large beside the values that are left takes their digits. */
static void moments_settle(struct rolling *rolling)
{
    double n = (double)size_of(rolling), sum = rolling->sum.high + rolling->sum.low;
    double mean = rolling->shift + sum / n;
    double m2 = rolling->squares.high + rolling->squares.low - sum * sum / n;
    double large = LARGE * fabs(mean), square = rolling->shift * rolling->shift;
    if (fabs(rolling->shift) > large && square > LARGE * m2 / n) moments_anew(rolling);
}

double rolling_sum(struct rolling *rolling)
{
    moments_settle(rolling);
    return fma((double)size_of(rolling), rolling->shift, rolling->sum.high) + rolling->sum.low;
}

double rolling_mean(struct rolling *rolling)
{
    moments_settle(rolling);
    double sum = rolling->sum.high + rolling->sum.low;
    return rolling->shift + sum / (double)size_of(rolling);
}

/* The sum of squared deviations from the mean; negative when its digits are lost. */
static double squares_about_mean(const struct rolling *rolling)
{
    double sum = rolling->sum.high + rolling->sum.low, n = (double)size_of(rolling);
    double squares = rolling->squares.high + rolling->squares.low, far = sum * sum / n;
    double m2 = squares - far;
    if (rolling->passed <= 0) return 0; /* all are the shift */
    return far <= FAR * m2 && rolling->passed <= PASSED * m2 ? m2 : -1;
}

double rolling_sd(struct rolling *rolling)
{
    size_t n = size_of(rolling);
    if (n < 2) return (double)NAN;
    double m2 = squares_about_mean(rolling);
    if (m2 < 0) {
        moments_anew(rolling);
        m2 = squares_about_mean(rolling);
    }
    return m2 < 0 ? sample_sd(rolling->values, n) : sqrt(m2 / (double)(n - 1));
}

/* -- order ------------------------------------------------------------------------------------- */

/* How many of the sorted values are less than x. */
static size_t rank_of(const double *sorted, size_t n, double x)
{
    const double *base = sorted;
    while (n > 1) {
        size_t half = n / 2;
        base += base[half - 1] < x ? half : 0;
        n -= half;
    }
    return (size_t)(base - sorted) + (n == 1 && *base < x);
}

/* Puts one value in the place of another. */
static void sorted_replace(double *sorted, size_t n, double old, double x)
{
    size_t from = rank_of(sorted, n, old), to = rank_of(sorted, n, x);
    if (to > from) {
        to--; /* the old one was before it */
        memmove(sorted + from, sorted + from + 1, (to - from) * sizeof *sorted);
    } else {
        memmove(sorted + to + 1, sorted + to, (from - to) * sizeof *sorted);
    }
    sorted[to] = x + 0.0; /* -0 and 0 are one value */
}

#if defined(__x86_64__)

/* The same from one array to another, four values a step and without a branch: noise defeats the
 * prediction of where a value goes. Without the old one value k is sorted[k] or, from its place on,
 * sorted[k + 1]; with the new one it is that of the value before, the new one and its own that lies
 * in the middle. The bounds -INFINITY and INFINITY lie before and behind the values. */
__attribute__((target("avx2"))) static void replace_avx2(const double *sorted, size_t n, double old,
                                                         double x, double *out)
{
    const __m256d gone = _mm256_set1_pd(old), added = _mm256_set1_pd(x + 0.0);
    for (size_t k = 0; k < n; k += 4) {
        __m256d before = _mm256_loadu_pd(sorted + k - 1), at = _mm256_loadu_pd(sorted + k);
        __m256d behind = _mm256_loadu_pd(sorted + k + 1);
        before = _mm256_blendv_pd(before, at, _mm256_cmp_pd(before, gone, _CMP_GE_OQ));
        at = _mm256_blendv_pd(at, behind, _mm256_cmp_pd(at, gone, _CMP_GE_OQ));
        _mm256_storeu_pd(out + k, _mm256_max_pd(before, _mm256_min_pd(added, at)));
    }
}

#else

static void replace_avx2(const double *sorted, size_t n, double old, double x, double *out)
{
    memcpy(out, sorted, n * sizeof *out);
    sorted_replace(out, n, old, x);
}

#endif

static void pad(double *sorted, size_t n)
{
    sorted[-1] = -(double)INFINITY;
    for (size_t i = 0; i < PAD; i++)
        sorted[n + i] = (double)INFINITY;
}

static void rolling_replace(struct rolling *rolling, size_t n, double old, double x)
{
    if (n > VECTOR_MAX || !simd_has_avx2()) {
        sorted_replace(rolling->sorted, n, old, x);
        rolling->padded = 0;
        return;
    }
    if (rolling->padded != n) {
        pad(rolling->sorted, n);
        pad(rolling->other, n);
        rolling->padded = n;
    }
    double *other = rolling->other;
    replace_avx2(rolling->sorted, n, old, x, other);
    rolling->other = rolling->sorted;
    rolling->sorted = other;
}

static void sorted_insert(double *sorted, size_t n, double x)
{
    size_t at = rank_of(sorted, n, x);
    memmove(sorted + at + 1, sorted + at, (n - at) * sizeof *sorted);
    sorted[at] = x + 0.0;
}

static void sorted_remove(double *sorted, size_t n, double x)
{
    size_t at = rank_of(sorted, n, x);
    memmove(sorted + at, sorted + at + 1, (n - at - 1) * sizeof *sorted);
}

static bool is_large(size_t n)
{
    return n > SORTED_MAX;
}

static int sorted_anew(struct rolling *rolling, const double *values, size_t n)
{
    if (n > rolling->capacity) {
        const size_t room = SORTED_MAX + 2 * PAD;
        double *memory = realloc(rolling->memory, 2 * room * sizeof *memory);
        if (!memory) return -1;
        rolling->memory = memory;
        rolling->sorted = memory + PAD;
        rolling->other = memory + room + PAD;
        rolling->capacity = SORTED_MAX;
    }
    rolling->padded = 0;
    for (size_t i = 0; i < n; i++)
        rolling->sorted[i] = values[i] + 0.0;
    sample_sort(rolling->sorted, n);
    return 0;
}

static int large_anew(struct rolling *rolling, const double *values, size_t n)
{
    if (!rolling->large) {
        rolling->large = malloc(sizeof *rolling->large);
        if (!rolling->large) return -1;
        window_init(&rolling->large->window, 0);
    }
    window_clear(&rolling->large->window);
    for (size_t i = 0; i < n; i++)
        if (window_push(&rolling->large->window, values[i])) return -1;
    return 0;
}

static int large_move(struct rolling *rolling, const double *in, size_t in_count, size_t out_count)
{
    struct window *window = &rolling->large->window;
    for (size_t i = 0; i < in_count; i++)
        if (window_push(window, in[i])) return -1;
    for (size_t i = 0; i < out_count; i++)
        window_pop_oldest(window);
    return 0;
}

static void sorted_move(struct rolling *rolling, const double *out, size_t out_count,
                        const double *in, size_t in_count)
{
    size_t both = in_count < out_count ? in_count : out_count, n = size_of(rolling), i = 0;
    for (; i < both; i++)
        rolling_replace(rolling, n, out[i], in[i]);
    if (in_count != out_count) rolling->padded = 0;
    for (size_t k = i; k < out_count; k++)
        sorted_remove(rolling->sorted, n--, out[k]);
    for (size_t k = i; k < in_count; k++)
        sorted_insert(rolling->sorted, n++, in[k]);
}

double rolling_quantile(const struct rolling *rolling, double p)
{
    size_t n = size_of(rolling);
    if (is_large(n)) return window_quantile(&rolling->large->window, p);
    return sorted_quantile(rolling->sorted, n, p);
}

/* -- moving ------------------------------------------------------------------------------------ */

static int window_anew(struct rolling *rolling)
{
    size_t n = size_of(rolling);
    if (rolling->kind == ROLLING_MOMENTS) {
        moments_anew(rolling);
        return 0;
    }
    return is_large(n) ? large_anew(rolling, rolling->values, n)
                       : sorted_anew(rolling, rolling->values, n);
}

int rolling_move(struct rolling *rolling, const double *values, uint64_t base, uint64_t first,
                 uint64_t end)
{
    uint64_t old_first = rolling->first, old_end = rolling->end;
    size_t old_size = size_of(rolling), size = (size_t)(end - first);
    bool slides = first >= old_first && first < old_end && end >= old_end && base <= old_first &&
                  is_large(old_size) == is_large(size);
    const double *out = values + (slides ? old_first - base : 0);
    const double *in = values + (slides ? old_end - base : 0);
    size_t out_count = (size_t)(first - old_first), in_count = (size_t)(end - old_end);
    rolling->values = values + (first - base);
    if (slides && rolling->kind == ROLLING_MOMENTS) {
        rolling->first = first;
        rolling->end = end;
        rolling->moved += in_count;
        if (rolling->moved >= size) {
            moments_anew(rolling);
            return 0;
        }
        for (size_t i = 0; i < in_count; i++)
            moments_in(rolling, in[i]);
        for (size_t i = 0; i < out_count; i++)
            moments_out(rolling, out[i]);
        return 0;
    }
    int status = 0;
    if (slides && is_large(size)) {
        status = large_move(rolling, in, in_count, out_count);
    } else if (slides && size <= rolling->capacity && old_size <= rolling->capacity) {
        sorted_move(rolling, out, out_count, in, in_count);
    } else {
        slides = false;
    }
    rolling->first = first;
    rolling->end = end;
    if (!slides) status = window_anew(rolling);
    if (status) rolling->first = rolling->end = 0;
    return status;
}
