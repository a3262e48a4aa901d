/* turn.h -- rows of values become columns.
 *
 * A log holds rows, a reader wants columns. There is a portable form and one for AVX2, chosen by
 * the processor; both give the same bits. Pure. */
#ifndef PACE_TURN_H
#define PACE_TURN_H

#include <stddef.h>

/* out[c * stride + r] = value c of rows[r], for r < count and c < columns. Rows are f64,
 * unaligned. */
void turn_rows(const unsigned char *const *rows, size_t count, size_t columns, double *out,
               size_t stride);

/* The form for any machine, and that for AVX2, which returns 0 where there is none; for tests. */
void turn_rows_portable(const unsigned char *const *rows, size_t count, size_t columns, double *out,
                        size_t stride);
int turn_rows_avx2(const unsigned char *const *rows, size_t count, size_t columns, double *out,
                   size_t stride);

#endif
