/* report_pack.h -- the points of a report as small columns of bytes, and these as text of a page.
 *
 * A report carries every point of every series. Values are kept as multiples of a step that is a
 * small share of the series' own noise, so that a point takes about a byte; numbers that are whole
 * multiples of a power of ten not far below that step are kept exactly. Pure but for memory. */
#ifndef PACE_REPORT_PACK_H
#define PACE_REPORT_PACK_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that grow. An allocation that fails is remembered in `failed`; what follows is dropped. */
struct bytes {
    uint8_t *data;
    size_t len, capacity;
    int failed;
};
void bytes_put(struct bytes *bytes, const void *data, size_t len);
void bytes_free(struct bytes *bytes);

/* Unsigned: 7 bits a byte, low first, the high bit set on all but the last. Signed: zigzag of
 * that. */
void bytes_varint(struct bytes *bytes, uint64_t value);
void bytes_signed(struct bytes *bytes, int64_t value);

/* What is known of a point beside its numbers. */
enum {
    POINT_STATUS = 3,   /* mask: enum pace_cell_status */
    POINT_EXCLUDED = 4, /* by a mark */
    POINT_VERDICT = 3,  /* shift: 0 is not judged, else enum judge_verdict + 1 */
};

/* The points of one series in order of runs; arrays of `count`. NAN: none. base, low and high are
 * read where the point is judged. */
struct report_points {
    size_t count;
    const uint64_t *run; /* numbers */
    const uint8_t *flags;
    const double *value, *base, *low, *high;
};

/* Appends a series:
 *
 *     f64 step, little-endian
 *     count signed varints: the run's number, as difference to the one before
 *     count bytes: flags
 *     values of the points whose status is 0, as a column
 *     base, low and high of the judged points, a column each
 *
 * A column is a byte of how (0: each number is the difference to the one before, 1: to the first),
 * and then the numbers divided by the step and rounded: a byte for -126..127, -127 for a missing
 * one, -128 before a signed varint for all others. `share` is how many steps make the noise of the
 * series. */
void pack_points(struct bytes *out, const struct report_points *points, double share);

/* Compresses (zlib format) and writes base64 into *out. Returns 0 or PACE_ENOMEM. */
int pack_text(struct bytes *out, const struct bytes *in);

/* base64 with padding, appended to *out. */
void pack_base64(struct bytes *out, const uint8_t *data, size_t len);

#endif
