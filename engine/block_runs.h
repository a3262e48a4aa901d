/* block_runs.h -- the codec of a block's runs: which runs its columns hold, in order of history.
 *
 * A BLOCK is a matrix of up to 1,024 runs of one stream and their columns. Its runs are stored
 * once, in one record; the columns (block.h) refer to them by place. 64 runs make a STRIP, with
 * sums of its own, so that a reader of the newest runs checks only those, and one that needs no
 * commits does not read their text:
 *
 *   | header, 32 bytes | offset u32 of each strip, and of the end; padding to 8 | strips ... |
 *
 *   strip of m runs:
 *   | sum u64 | text sum u64 | run u64 x m | time i64 x m | ran i64 x m | ordinal u32 x m |
 *   | flags u32 x m | cells u32 x m | commit u32 x m: offset in the text | text length u32 |
 *   | text: commits, each ends with 0; padding to 8 |
 *
 * The header's sum covers the header and the offsets; a strip's covers what follows it up to the text,
 * the text's sum the text and the padding. Sums are seeded by the key (and the strip's number).
 * Pure. */
#ifndef PACE_BLOCK_RUNS_H
#define PACE_BLOCK_RUNS_H

#include "row.h"

enum {
    BLOCK_STRIP_RUNS = 64,
    BLOCK_RUNS_MAX = 1024,
    BLOCK_STRIPS_MAX = BLOCK_RUNS_MAX / BLOCK_STRIP_RUNS,
};

struct block_runs_header {
    uint64_t sum;
    uint32_t length, stream, block, runs;
    uint32_t columns; /* of the stream when the block was made: its columns are below */
    uint32_t zero;
};
_Static_assert(sizeof(struct block_runs_header) == 32, "layout on disk");

/* Encodes runs (1 to BLOCK_RUNS_MAX, in order). Returns 0, or -1 without memory. */
int block_runs_encode(struct row_buffer *buffer, uint32_t stream, uint32_t block, uint32_t columns,
                      const struct pace_run_view *runs, size_t count, const struct key *key);

/* A record being read; points into it. */
struct block_runs {
    struct block_runs_header header;
    const unsigned char *data;
    uint64_t seed;
    uint32_t checked, text_checked; /* bit i: strip i, its text was good */
};

/* Checks the frame. 0, or -1: damaged. */
int block_runs_open(struct block_runs *runs, const void *data, size_t len, const struct key *key);

/* Run `index`, below header.runs; commit points into the record. 0, or -1: damaged. */
int block_runs_position(struct block_runs *runs, uint32_t index, struct position *out);
int block_runs_view(struct block_runs *runs, uint32_t index, struct pace_run_view *out);

/* Runs [first, first + count); without their commits (NULL) the text is not read. */
int block_runs_views(struct block_runs *runs, uint32_t first, uint32_t count, int with_commits,
                     struct pace_run_view *out);

/* The number of runs before a position. 0, or -1: damaged. */
int block_runs_before(struct block_runs *runs, const struct position *position, uint32_t *count);

#endif
