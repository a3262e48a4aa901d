/* report_pack.c -- the points of a report as small columns of bytes; see report_pack.h. */
#include "report_pack.h"

#include "../engine/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* -- bytes ------------------------------------------------------------------------------------- */

static int bytes_reserve(struct bytes *bytes, size_t more)
{
    if (bytes->failed) return 0;
    if (bytes->capacity - bytes->len >= more) return 1;
    size_t capacity = bytes->capacity ? bytes->capacity : 4096;
    while (capacity - bytes->len < more)
        capacity *= 2;
    uint8_t *grown = realloc(bytes->data, capacity);
    if (grown == NULL) {
        bytes->failed = 1;
        return 0;
    }
    bytes->data = grown;
    bytes->capacity = capacity;
    return 1;
}

void bytes_put(struct bytes *bytes, const void *data, size_t len)
{
    if (len == 0 || !bytes_reserve(bytes, len)) return;
    memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

enum { VARINT_MAX = 10 };

/* Where there is room for VARINT_MAX bytes; how many were written. */
static inline size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        out[len++] = (uint8_t)(value | 0x80);
    out[len++] = (uint8_t)value;
    return len;
}

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

void bytes_varint(struct bytes *bytes, uint64_t value)
{
    if (bytes_reserve(bytes, VARINT_MAX)) bytes->len += put_varint(bytes->data + bytes->len, value);
}

void bytes_signed(struct bytes *bytes, int64_t value)
{
    bytes_varint(bytes, zigzag(value));
}

/* -- the step ---------------------------------------------------------------------------------- */

enum { SAMPLED = 256 /* differences that the noise is estimated from */ };
static const double LARGEST =
    4503599627370496; /* 2^52: whole numbers are exact in a page's script */

/* The value of a rank among n numbers, which it reorders (Hoare's selection). */
static double of_rank(double *x, size_t n, size_t rank)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        double pivot = x[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i >= j) break;
            double swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (rank <= j)
            high = j;
        else
            low = j + 1;
    }
    return x[rank];
}

static int has_value(const struct report_points *points, size_t i)
{
    return (points->flags[i] & POINT_STATUS) == PACE_CELL_OK && !isnan(points->value[i]);
}

/* About the standard deviation of what is left when levels are taken away: the median difference of
 * neighbours, of at most SAMPLED of them; the mean one where more than half do not differ. */
static double noise_of(const struct report_points *points, double *most)
{
    double differences[SAMPLED], before = NAN, sum = 0;
    size_t count = 0, stride = points->count / SAMPLED + 1;
    *most = 0;
    for (size_t i = 0; i < points->count; i++) {
        if (!has_value(points, i)) continue;
        double value = points->value[i], size = fabs(value);
        *most = size > *most ? size : *most;
        if (i % stride == 0 && !isnan(before) && count < SAMPLED) {
            differences[count] = fabs(value - before);
            sum += differences[count++];
        }
        before = value;
    }
    if (count == 0) return 0;
    double median = of_rank(differences, count, count / 2);
    return median > 0 ? median * 1.05 : sum / (double)count;
}

/* The largest of 1, 2 and 5 times a power of ten that is not above x. */
static double round_step(double x)
{
    double power = pow(10, floor(log10(x)));
    return x >= 5 * power ? 5 * power : x >= 2 * power ? 2 * power : power;
}

/* The whole number that is nearest, of two the even one (what nearbyint gives without a call). */
static inline double nearest(double x)
{
    static const double whole =
        6755399441055744; /* 1.5 * 2^52: so large a number has no fraction */
    return fabs(x) < 2251799813685248 ? (x + whole) - whole : nearbyint(x);
}

/* Whether each value is a whole multiple of a step. */
static int is_exact(const struct report_points *points, double step)
{
    for (size_t i = 0; i < points->count; i++) {
        if (!has_value(points, i)) continue;
        double steps = points->value[i] / step;
        if (fabs(steps - nearest(steps)) > 1e-9 * fmax(1, fabs(steps))) return 0;
    }
    return 1;
}

static double step_of(const struct report_points *points, double share)
{
    double most, noise = noise_of(points, &most);
    if (most == 0) return 1;
    double wanted = noise > 0 ? noise / share : most * 1e-6;
    wanted = fmax(wanted, most / LARGEST);
    double step = round_step(wanted);
    /* Counts, and decimals as a harness printed them, stay what they are where there is room. */
    double exact = pow(10, ceil(log10(wanted)) - 1);
    for (int i = 0; i < 3; i++, exact *= 10)
        if (most / exact < LARGEST && exact >= step * 8 / share && is_exact(points, exact))
            step = exact;
    return step;
}

/* -- columns ----------------------------------------------------------------------------------- */

enum { CODE_LEAST = -126, CODE_MOST = 127, CODE_NONE = -127, CODE_LONG = -128 };

struct column {
    uint8_t *at; /* where the next number goes; there is room for all */
    double step;
    int from_first, begun;
    int64_t before;
};

static inline void column_put(struct column *column, double value)
{
    if (isnan(value)) {
        *column->at++ = (uint8_t)CODE_NONE;
        return;
    }
    double steps = nearest(value / column->step);
    int64_t number = fabs(steps) < 9e15 ? (int64_t)steps
                     : steps < 0        ? -(INT64_C(1) << 53)
                                        : INT64_C(1) << 53;
    int64_t difference = number - column->before;
    if (!column->from_first || !column->begun) column->before = number;
    column->begun = 1;
    if (difference >= CODE_LEAST && difference <= CODE_MOST) {
        *column->at++ = (uint8_t)difference;
        return;
    }
    *column->at++ = (uint8_t)CODE_LONG;
    column->at += put_varint(column->at, zigzag(difference));
}

/* Room for so many numbers; false: there is none. */
static int column_begin(struct column *column, struct bytes *out, size_t count, double step,
                        int from_first)
{
    if (!bytes_reserve(out, 1 + count * (1 + VARINT_MAX))) return 0;
    *column = (struct column){.at = out->data + out->len, .step = step, .from_first = from_first};
    *column->at++ = (uint8_t)from_first;
    return 1;
}

static void column_end(const struct column *column, struct bytes *out)
{
    out->len = (size_t)(column->at - out->data);
}

/* Noise around one level is smaller beside that level than beside its neighbour. */
static int is_level(const struct report_points *points)
{
    double first = NAN, before = NAN, to_first = 0, to_before = 0;
    for (size_t i = 0; i < points->count; i++) {
        if (!has_value(points, i)) continue;
        double value = points->value[i];
        if (isnan(first)) first = before = value;
        to_first += fabs(value - first);
        to_before += fabs(value - before);
        before = value;
    }
    return to_first < to_before;
}

void pack_points(struct bytes *out, const struct report_points *points, double share)
{
    double step = step_of(points, share);
    const double *const limits[] = {points->base, points->low, points->high};
    struct column column;
    uint64_t run = 0;
    bytes_put(out, &step, sizeof step);
    if (!bytes_reserve(out, points->count * VARINT_MAX)) return;
    for (size_t i = 0; i < points->count; i++) {
        out->len += put_varint(out->data + out->len, zigzag((int64_t)(points->run[i] - run)));
        run = points->run[i];
    }
    bytes_put(out, points->flags, points->count);
    if (!column_begin(&column, out, points->count, step, is_level(points))) return;
    for (size_t i = 0; i < points->count; i++)
        if ((points->flags[i] & POINT_STATUS) == PACE_CELL_OK)
            column_put(&column, points->value[i]);
    column_end(&column, out);
    for (size_t c = 0; c < 3; c++) {
        if (!column_begin(&column, out, points->count, step, 0)) return;
        for (size_t i = 0; i < points->count; i++)
            if (points->flags[i] >> POINT_VERDICT) column_put(&column, limits[c][i]);
        column_end(&column, out);
    }
}

/* -- text -------------------------------------------------------------------------------------- */

void pack_base64(struct bytes *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!bytes_reserve(out, len / 3 * 4 + 4)) return;
    uint8_t *at = out->data + out->len;
    size_t i = 0;
    for (; i + 3 <= len; i += 3) {
        uint32_t bits = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
        *at++ = (uint8_t)digits[bits >> 18];
        *at++ = (uint8_t)digits[bits >> 12 & 63];
        *at++ = (uint8_t)digits[bits >> 6 & 63];
        *at++ = (uint8_t)digits[bits & 63];
    }
    if (i < len) {
        uint32_t bits = (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0);
        *at++ = (uint8_t)digits[bits >> 18];
        *at++ = (uint8_t)digits[bits >> 12 & 63];
        *at++ = (uint8_t)(i + 1 < len ? digits[bits >> 6 & 63] : '=');
        *at++ = '=';
    }
    out->len = (size_t)(at - out->data);
}

/* Columns repeat (flags, steps from run to run) or are noise: runs of bytes and Huffman codes take
 * a third of the time of a search for matches, and a hundredth more room. */
int pack_text(struct bytes *out, const struct bytes *in)
{
    z_stream stream = {.next_in = in->data, .avail_in = (uInt)in->len};
    if (in->failed || deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS, MAX_MEM_LEVEL, Z_RLE) != Z_OK)
        return PACE_ENOMEM;
    size_t room = deflateBound(&stream, (uLong)in->len);
    uint8_t *packed = malloc(room);
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    int code = packed != NULL ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
    if (code == Z_STREAM_END) pack_base64(out, packed, stream.total_out);
    deflateEnd(&stream);
    free(packed);
    return code != Z_STREAM_END || out->failed ? PACE_ENOMEM : 0;
}
