/* block_runs.h -- the codec of a block's runs: which runs its columns hold, in order of history.
 *
 * A BLOCK is a matrix of up to 1,024 runs of one stream and their columns. Its runs are stored
 * once, in one record; the columns (block.h) refer to them by place. 64 runs make a STRIP, with
 * sums of its own, so that a reader of the newest runs checks only those, and one that needs no
 * commits does not read their text. What a long series is asked for, times and whether a commit comes again,
 * lies side by side for all strips, apart from the rest (form 1):
 *
 *   | header, 32 bytes | offset u32 of each strip, and of the end; padding to 8 | times ... | strips ... |
 *
 *   times of a strip of m runs:
 *   | sum u64 | all their flags u32 | zero u32 | time i64 x m | commit key u32 x m; padding to 8 |
 *
 *   strip of m runs:
 *   | sum u64 | text sum u64 | run u64 x m | ran i64 x m | ordinal u32 x m | flags u32 x m |
 *   | cells u32 x m | commit u16 x m: offset in the text | text length u16 |
 *   | text: commits, each ends with 0; padding to 8 |
 *
 * Form 0, in stores without FORMAT_KEYS (head.h), has no times apart: they come behind the runs of a strip,
 * and offsets in the text are u32. The header's sum covers the header and the offsets; that of times what
 * follows it; a strip's what follows it up to the text, the text's sum the text and the padding. Sums are
 * seeded by the key (and the strip's number).
 * Pure. */
#ifndef PACE_BLOCK_RUNS_H
#define PACE_BLOCK_RUNS_H

#include "row.h"

enum {
    BLOCK_STRIP_RUNS = 64,
    BLOCK_RUNS_MAX = 1024,
    BLOCK_STRIPS_MAX = BLOCK_RUNS_MAX / BLOCK_STRIP_RUNS,
};

enum block_runs_form { BLOCK_RUNS_TOGETHER, BLOCK_RUNS_KEYS };

struct block_runs_header {
    uint64_t sum;
    uint32_t length, stream, block, runs;
    uint32_t columns; /* of the stream when the block was made: its columns are below */
    uint32_t form;    /* enum block_runs_form */
};
_Static_assert(sizeof(struct block_runs_header) == 32, "layout on disk");

/* Of equal commits it is equal, of others hardly ever; 0: there is none. */
uint32_t block_commit_key(const char *commit);

/* Encodes runs (1 to BLOCK_RUNS_MAX, in order). Returns 0, or -1 without memory. */
int block_runs_encode(struct row_buffer *buffer, const struct block_runs_header *header,
                      const struct pace_run_view *runs, const struct key *key);

/* A record being read; points into it. */
struct block_runs {
    struct block_runs_header header;
    const unsigned char *data;
    uint64_t seed;
    uint32_t times_checked, checked, text_checked; /* bit i: those of strip i were good */
};

/* Checks the frame. 0, or -1: damaged. */
int block_runs_open(struct block_runs *runs, const void *data, size_t len, const struct key *key);

/* Run `index`, below header.runs; commit points into the record. 0, or -1: damaged. */
int block_runs_position(struct block_runs *runs, uint32_t index, struct position *out);
int block_runs_view(struct block_runs *runs, uint32_t index, struct pace_run_view *out);

/* Runs [first, first + count); without their commits (NULL) the text is not read. */
int block_runs_views(struct block_runs *runs, uint32_t first, uint32_t count, int with_commits,
                     struct pace_run_view *out);

/* Room for columns of runs; NULL: not asked for. */
struct block_run_columns {
    int64_t *time_ns;
    uint64_t *run;
    const char **commit;
    uint32_t *key;   /* block_commit_key of the commit */
    uint32_t *flags; /* always there */
    uint32_t any;    /* the flags of these runs are or-ed to it */
};

/* The same as columns: of what is not asked for nothing is read, but for the flags. A block without keys must
 * not be asked for them. */
int block_runs_columns(struct block_runs *runs, uint32_t first, uint32_t count,
                       struct block_run_columns *out);

/* 1 when the keys are those of the commits. 0, or -1: damaged. */
int block_runs_keys_fit(struct block_runs *runs);

/* The number of runs before a position. 0, or -1: damaged. */
int block_runs_before(struct block_runs *runs, const struct position *position, uint32_t *count);

#endif
