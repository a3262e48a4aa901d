/* moving.c -- see moving.h. */
#include "moving.h"

#include "sample.h"

#include "../../engine/simd.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Of the square of a deviation: what the square of the shift's distance from the mean may be. */
static const double FAR = 100;

struct sums {
    double sum, squares; /* of x - shift */
};

/* Two blocks that meet: sums of the tails of the one, and of the head of the other so far. */
struct moving {
    const double *x;
    size_t boundary; /* the first value of the head */
    double shift;
    struct sums tail[MOVING_MAX + 1]; /* by length */
    struct sums head;
    size_t until; /* the head holds [boundary, until) */
};

static inline void add(struct sums *to, double difference)
{
    to->sum += difference;
    to->squares += difference * difference;
}

/* Goes on to windows that begin at `from` or later and reach beyond `boundary`. */
static void moving_begin(struct moving *moving, size_t boundary, size_t from)
{
    const double *x = moving->x;
    moving->boundary = moving->until = boundary;
    moving->shift = boundary > from ? x[boundary - 1] : x[boundary];
    moving->head = moving->tail[0] = (struct sums){0, 0};
    struct sums sums = {0, 0};
    for (size_t i = boundary; i > from; i--) {
        add(&sums, x[i - 1] - moving->shift);
        moving->tail[boundary - i + 1] = sums;
    }
}

/* Adds values to the head. */
static inline void moving_on(struct moving *moving, size_t end)
{
    struct sums head = moving->head;
    size_t i = moving->until;
    for (; i < end; i++)
        add(&head, moving->x[i] - moving->shift);
    moving->head = head;
    moving->until = i;
}

/* The deviation of a window whose mean lies `distance` from the shift. */
static double deviation(const struct moving *moving, struct sums sums, double distance,
                        size_t first, size_t n)
{
    double far = sums.sum * distance, m2 = sums.squares - far;
    if (n < 2) return (double)NAN;
    if (!(sums.squares > 0)) return 0; /* all are the shift */
    if (far <= FAR * m2 && isfinite(sums.squares)) return sqrt(m2 / (double)(n - 1));
    return sample_sd(moving->x + first, n);
}

/* -- full windows -------------------------------------------------------------------------------- */

enum { LANES = 4 };

/* Full windows that end in one block: window j ends j values behind its beginning. */
struct stretch {
    size_t low, high; /* j of the first and the last */
    double shift;
    double sum[MOVING_MAX + LANES], squares[MOVING_MAX + LANES];
    double mean[MOVING_MAX + LANES], sd[MOVING_MAX + LANES]; /* sd NAN: its digits are lost */
};

/* The sums of the tails of the block before, and then of the heads. */
static void stretch_sums(struct stretch *stretch, const double *x, size_t boundary, size_t window)
{
    struct sums sums = {0, 0};
    double shift = stretch->shift = x[boundary - 1];
    size_t k = 1, low = stretch->low, high = stretch->high;
    for (; k < window - high; k++)
        add(&sums, x[boundary - k] - shift);
    for (; k <= window - low; k++) {
        add(&sums, x[boundary - k] - shift);
        stretch->sum[window - k] = sums.sum;
        stretch->squares[window - k] = sums.squares;
    }
    sums = (struct sums){0, 0};
    for (k = 0; k < low; k++)
        add(&sums, x[boundary + k] - shift);
    for (;; k++) {
        stretch->sum[k] += sums.sum;
        stretch->squares[k] += sums.squares;
        if (k == high) break;
        add(&sums, x[boundary + k] - shift);
    }
    for (k = high + 1; k < high + LANES; k++)
        stretch->sum[k] = stretch->squares[k] = 0;
}

static void stretch_finish(struct stretch *stretch, double n)
{
    for (size_t j = stretch->low; j <= stretch->high; j++) {
        double sum = stretch->sum[j], squares = stretch->squares[j];
        double distance = sum / n, far = sum * distance, m2 = squares - far;
        bool kept = far <= FAR * m2 && squares < (double)INFINITY;
        stretch->mean[j] = stretch->shift + distance;
        stretch->sd[j] = !(squares > 0) ? 0 : kept ? sqrt(m2 / (n - 1)) : (double)NAN;
    }
}

#if defined(__x86_64__)

/* The same, four at a time. */
__attribute__((target("avx2"))) static void stretch_finish_avx2(struct stretch *stretch, double n)
{
    const __m256d count = _mm256_set1_pd(n), less = _mm256_set1_pd(n - 1);
    const __m256d shift = _mm256_set1_pd(stretch->shift), most = _mm256_set1_pd(FAR);
    const __m256d infinite = _mm256_set1_pd((double)INFINITY), none = _mm256_set1_pd((double)NAN);
    for (size_t j = stretch->low; j <= stretch->high; j += LANES) {
        __m256d sum = _mm256_loadu_pd(stretch->sum + j);
        __m256d squares = _mm256_loadu_pd(stretch->squares + j);
        __m256d distance = _mm256_div_pd(sum, count), far = _mm256_mul_pd(sum, distance);
        __m256d m2 = _mm256_sub_pd(squares, far);
        __m256d kept = _mm256_and_pd(_mm256_cmp_pd(far, _mm256_mul_pd(most, m2), _CMP_LE_OQ),
                                     _mm256_cmp_pd(squares, infinite, _CMP_LT_OQ));
        __m256d spread = _mm256_cmp_pd(squares, _mm256_setzero_pd(), _CMP_GT_OQ);
        __m256d sd = _mm256_sqrt_pd(_mm256_div_pd(m2, less));
        sd = _mm256_and_pd(_mm256_blendv_pd(none, sd, kept), spread);
        _mm256_storeu_pd(stretch->mean + j, _mm256_add_pd(shift, distance));
        _mm256_storeu_pd(stretch->sd + j, sd);
    }
}

#else
#define stretch_finish_avx2 stretch_finish
#endif

/* Windows that end at end[0 .. count), all in the block that begins at `boundary`. */
static void stretch_run(struct stretch *stretch, const double *x, size_t boundary, size_t window,
                        const uint32_t *end, size_t count, const struct moving_out *out)
{
    double n = (double)window;
    stretch->low = end[0] - boundary;
    stretch->high = end[count - 1] - boundary;
    stretch_sums(stretch, x, boundary, window);
    if (simd_has_avx2())
        stretch_finish_avx2(stretch, n);
    else
        stretch_finish(stretch, n);
    for (size_t i = 0; out->sum && i < count; i++)
        out->sum[i] = fma(n, stretch->shift, stretch->sum[end[i] - boundary]);
    for (size_t i = 0; out->mean && i < count; i++)
        out->mean[i] = stretch->mean[end[i] - boundary];
    for (size_t i = 0; out->sd && i < count; i++) {
        double sd = stretch->sd[end[i] - boundary];
        if (isnan(sd) && window > 1) sd = sample_sd(x + (end[i] - window), window);
        out->sd[i] = window > 1 ? sd : (double)NAN;
    }
}

/* -- four blocks at once ------------------------------------------------------------------------- */

enum { QUARTET_MAX = 128 }; /* values in a window: its sums stay in the nearest cache */

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))

/* The sums of full windows and what follows from them: a window of each of four blocks. */
struct quartet {
    __m256d less; /* values in a window, less 1 */
    __m256d sum[QUARTET_MAX],
        squares[QUARTET_MAX]; /* of tails, by where a window ends in its block */
};

AVX2 static inline __m256d quartet_load(const double *x, size_t stride)
{
    return _mm256_set_pd(x[3 * stride], x[2 * stride], x[stride], x[0]);
}

AVX2 static inline void quartet_store(__m256d four, double *out, size_t stride)
{
    __m128d low = _mm256_castpd256_pd128(four), high = _mm256_extractf128_pd(four, 1);
    _mm_storel_pd(out, low);
    _mm_storeh_pd(out + stride, low);
    _mm_storel_pd(out + 2 * stride, high);
    _mm_storeh_pd(out + 3 * stride, high);
}

/* As stretch_finish; NAN where the digits are lost. */
AVX2 static inline __m256d quartet_sd(const struct quartet *quartet, __m256d sum, __m256d squares,
                                      __m256d distance)
{
    __m256d far = _mm256_mul_pd(sum, distance), m2 = _mm256_sub_pd(squares, far);
    __m256d kept =
        _mm256_and_pd(_mm256_cmp_pd(far, _mm256_mul_pd(_mm256_set1_pd(FAR), m2), _CMP_LE_OQ),
                      _mm256_cmp_pd(squares, _mm256_set1_pd((double)INFINITY), _CMP_LT_OQ));
    __m256d spread = _mm256_cmp_pd(squares, _mm256_setzero_pd(), _CMP_GT_OQ);
    __m256d sd = _mm256_sqrt_pd(_mm256_div_pd(m2, quartet->less));
    sd = _mm256_blendv_pd(_mm256_set1_pd((double)NAN), sd, kept);
    return _mm256_and_pd(sd, spread);
}

/* The deviations of those of four windows that have lost theirs, the first of which begins at x. */
static void quartet_mend(const double *x, size_t window, double *sd)
{
    for (size_t lane = 0; lane < 4; lane++, x += window, sd += window)
        if (isnan(*sd)) *sd = sample_sd(x, window);
}

/* The windows that end in four blocks of which the first begins at x, all full. */
AVX2 static void quartet_run(struct quartet *quartet, const double *x, size_t window,
                             const struct moving_out *out)
{
    __m256d sum = _mm256_setzero_pd(), squares = sum;
    __m256d shift = quartet_load(x - 1, window), count = _mm256_set1_pd((double)window);
    quartet->less = _mm256_set1_pd((double)(window - 1));
    for (size_t k = 1; k <= window; k++) {
        __m256d difference = _mm256_sub_pd(quartet_load(x - k, window), shift);
        sum = _mm256_add_pd(sum, difference);
        squares = _mm256_add_pd(squares, _mm256_mul_pd(difference, difference));
        quartet->sum[window - k] = sum;
        quartet->squares[window - k] = squares;
    }
    sum = squares = _mm256_setzero_pd();
    for (size_t k = 0;; k++) {
        __m256d both = _mm256_add_pd(quartet->sum[k], sum);
        __m256d both_squares = _mm256_add_pd(quartet->squares[k], squares);
        __m256d distance = _mm256_div_pd(both, count);
        for (size_t lane = 0; out->sum && lane < 4; lane++)
            out->sum[k + lane * window] =
                fma((double)window, x[lane * window - 1], ((const double *)&both)[lane]);
        if (out->mean) quartet_store(_mm256_add_pd(shift, distance), out->mean + k, window);
        if (out->sd) {
            __m256d sd = quartet_sd(quartet, both, both_squares, distance);
            quartet_store(sd, out->sd + k, window);
            if (_mm256_movemask_pd(_mm256_cmp_pd(sd, sd, _CMP_UNORD_Q)))
                quartet_mend(x + k - window, window, out->sd + k);
        }
        if (k + 1 == window) break;
        __m256d difference = _mm256_sub_pd(quartet_load(x + k, window), shift);
        sum = _mm256_add_pd(sum, difference);
        squares = _mm256_add_pd(squares, _mm256_mul_pd(difference, difference));
    }
}

#else

struct quartet {
    double shift;
};

static void quartet_run(struct quartet *quartet, const double *x, size_t window,
                        const struct moving_out *out)
{
    (void)quartet, (void)x, (void)window, (void)out;
}

#endif

/* Results from number i on. */
static struct moving_out out_from(const struct moving_out *out, size_t i)
{
    return (struct moving_out){out->sum ? out->sum + i : NULL, out->mean ? out->mean + i : NULL,
                               out->sd ? out->sd + i : NULL};
}

/* Whether windows end at one place after another; four at a time. */
static bool are_all(const uint32_t *end, size_t count)
{
    typedef uint32_t four_ends __attribute__((vector_size(16)));
    four_ends wanted = {end[0], end[0] + 1, end[0] + 2, end[0] + 3}, differ = {0, 0, 0, 0};
    for (size_t i = 0; i < count; i += 4, wanted += 4) {
        four_ends own;
        memcpy(&own, end + i, sizeof own);
        differ |= own ^ wanted;
    }
    return !(differ[0] | differ[1] | differ[2] | differ[3]);
}

/* Takes four blocks after another from one that begins at `boundary` on, as far as windows end at every place of
 * them; the number of windows. */
static size_t run_quartets(const double *x, size_t boundary, size_t window, const uint32_t *end,
                           size_t count, const struct moving_out *out)
{
    struct quartet quartet;
    size_t done = 0, four = 4 * window;
    if (window < 2 || window > QUARTET_MAX || end[0] != boundary || !simd_has_avx2()) return 0;
    for (; four <= count - done && are_all(end + done, four); done += four) {
        const struct moving_out from = out_from(out, done);
        quartet_run(&quartet, x + end[done], window, &from);
    }
    return done;
}

/* -- all ----------------------------------------------------------------------------------------- */

/* The last place up to `until` where a block of the series begins; none: 0. */
static size_t boundary_at(uint64_t origin, size_t window, size_t until)
{
    size_t past = (size_t)((origin + until) % window);
    return until > past ? until - past : 0;
}

/* The results of a window of no values, or of those behind it. */
static void put(const struct moving_out *out, size_t i, double sum, double mean, double sd)
{
    if (out->sum) out->sum[i] = sum;
    if (out->mean) out->mean[i] = mean;
    if (out->sd) out->sd[i] = sd;
}

/* Windows that begin with the series, and are not full. */
static size_t run_growing(const double *x, uint64_t origin, size_t window, const uint32_t *end,
                          size_t count, const struct moving_out *out)
{
    struct moving moving;
    moving.x = x;
    moving.boundary = SIZE_MAX;
    size_t i = 0;
    for (; i < count && end[i] < window; i++) {
        size_t n = end[i], boundary = boundary_at(origin, window, n);
        if (n == 0) {
            put(out, i, (double)NAN, (double)NAN, (double)NAN);
            continue;
        }
        if (boundary != moving.boundary) moving_begin(&moving, boundary, 0);
        moving_on(&moving, n);
        struct sums sums = moving.tail[boundary];
        sums.sum += moving.head.sum;
        sums.squares += moving.head.squares;
        double distance = sums.sum / (double)n;
        put(out, i, fma((double)n, moving.shift, sums.sum), moving.shift + distance,
            deviation(&moving, sums, distance, 0, n));
    }
    return i;
}

void moving_moments(const double *x, uint64_t origin, size_t window, const uint32_t *end,
                    size_t count, const struct moving_out *out)
{
    struct stretch stretch;
    size_t i = run_growing(x, origin, window, end, count, out), many;
    for (; i < count; i += many) {
        size_t boundary = boundary_at(origin, window, end[i]);
        const struct moving_out from = out_from(out, i);
        many = run_quartets(x, boundary, window, end + i, count - i, &from);
        if (many) continue;
        for (many = 1; i + many < count && end[i + many] < boundary + window;)
            many++;
        stretch_run(&stretch, x, boundary, window, end + i, many, &from);
    }
}
