/* sums.h -- the summaries of many columns at once, added up.
 *
 * The columns lie side by side, so that four are added at a time where the processor has AVX2; the bits
 * are those of block_summarize and block_summary_add, column by column. Pure. */
#ifndef PACE_SUMS_H
#define PACE_SUMS_H

#include <stddef.h>
#include <stdint.h>

struct block_summary;

struct sums {
    size_t length;
    int is_whole;                         /* the columns lie side by side: no gaps, none twice */
    uint32_t *column;                     /* ascending */
    uint32_t *place;                      /* the caller's own */
    double *count, *min, *max, *sum, *m2; /* of ok cells; all 0 where there are none */
};

/* Makes room for `length` columns without cells; their numbers, and is_whole if it is so, are the
 * caller's to fill in. 0, or -1
 * without memory. sums_free also after an error. */
int sums_init(struct sums *sums, size_t length);
void sums_free(struct sums *sums);

/* Where columns end that lie side by side from i on, and below `until`. */
size_t sums_stretch(const struct sums *sums, size_t i, uint32_t until);

/* The summary of a column; adds one to it (block.h). */
struct block_summary sums_get(const struct sums *sums, size_t i);
void sums_add(struct sums *sums, size_t i, const struct block_summary *more);

/* Summaries as they lie in a record: arrays, unaligned. */
struct sums_strip {
    const unsigned char *count; /* u32 each */
    const unsigned char *min, *max, *sum, *m2;
};

/* Adds summaries [from, from + n) of a strip to the columns at [first, first + n). */
void sums_add_strip(struct sums *sums, size_t first, const struct sums_strip *strip, size_t from,
                    size_t n);

/* Adds to the columns at [first, first + n) the values 0, 1... of each of `count` rows, at most 64;
 * rows are f64, unaligned. */
enum { SUMS_ROWS_MAX = 64 };
void sums_add_rows(struct sums *sums, size_t first, const unsigned char *const *rows, size_t count,
                   size_t n);

/* Forms for any machine, and those for AVX2, which return how many columns they did: fours, or none;
 * for tests. */
void sums_add_strip_portable(struct sums *sums, size_t first, const struct sums_strip *strip,
                             size_t from, size_t n);
size_t sums_add_strip_avx2(struct sums *sums, size_t first, const struct sums_strip *strip,
                           size_t from, size_t n);
void sums_add_rows_portable(struct sums *sums, size_t first, const unsigned char *const *rows,
                            size_t count, size_t n);
size_t sums_add_rows_avx2(struct sums *sums, size_t first, const unsigned char *const *rows,
                          size_t count, size_t n);

#endif
