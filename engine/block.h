/* block.h -- the codec of a block's columns: cells of some columns and up to 1,024 runs.
 *
 * The columns of a block are cut into GROUPS, one record each, so that no value passes 1 MiB and a
 * writer makes one group at a time. A group covers the columns [from, until) of the stream and
 * holds those of them that have a cell. 64 columns make a STRIP: where their cells are, and their
 * summaries. The cells of a column are cut into CHUNKS of 64 runs.
 *
 *   group:  | header, 56 bytes | sparse: first column u32 of each strip; padding to 8 | strips |
 *           | cells of column 0 | cells of column 1 | ...
 *
 *   strip of m columns:
 *   | sum u64 | start u32 x (m + 1); padding to 8 | sparse: column u32 x m; padding to 8 |
 *   | count u32 x m; padding to 8 | min f64 x m | max f64 x m | sum f64 x m | M2 f64 x m |
 *
 *   cells of a column, up to 64 runs:  its one chunk
 *   cells of a column, more runs:      | sum u64 | end u32 of each chunk; padding to 8 | chunks |
 *
 *   chunk:  | sum u64 | form u16 | codes of value, lower, upper: 3 x u16 (pack.h) |
 *           | related: relation u16, back u16, zero u32 |
 *           | ragged: present u64 | statuses: failed u64, skipped u64 |
 *           | bounds: lower u64, upper u64 | pack of values | pack of lower bounds | pack of upper bounds |
 *
 * The values of a related chunk are the residuals (relate.h) from what the relation makes of the values
 * of the column `back` places before it in the group, of the same runs; that column is not related. The
 * upper bounds of a mirrored chunk are residuals from the lower ones, mirrored at the values. Packs of
 * residuals are not raw.
 *
 * A bitmap's bit i is run i of the chunk. Only cells that are ok have a value, only those that have
 * a bound have one. A chunk without cells has no bytes. A summary is of the ok cells of all chunks:
 * M2 is the sum of squared differences from the mean; sums are added in 4 lanes (index modulo 4),
 * which are added in order.
 *
 * Sums are seeded by the key, and by the strip's, the column's and the chunk's number: a reader
 * checks what it reads, and nothing else. Pure. */
#ifndef PACE_BLOCK_H
#define PACE_BLOCK_H

#include "block_runs.h"
#include "pack.h"
#include "sums.h"

enum {
    BLOCK_STRIP_COLUMNS = 64,
    BLOCK_CHUNK_RUNS = 64,
    BLOCK_CHUNKS_MAX = BLOCK_RUNS_MAX / BLOCK_CHUNK_RUNS,
    BLOCK_GROUP_BYTES = 1 << 20,
};
_Static_assert((int)BLOCK_CHUNK_RUNS == (int)PACK_VALUES, "a chunk's values are one pack");

enum block_form {
    BLOCK_RAGGED = 1,
    BLOCK_STATUSES = 2,
    BLOCK_BOUNDS = 4,
    BLOCK_MIRRORED = 8,
    BLOCK_RELATED = 16,
};

struct block_group_header {
    uint64_t sum;
    uint32_t length, stream, block;
    uint32_t from, until; /* columns */
    uint32_t columns;     /* that are there */
    uint32_t runs, sparse, strips_at, cells_at;
    uint32_t zero[2];
};
_Static_assert(sizeof(struct block_group_header) == 56, "layout on disk");

struct block_summary {
    uint64_t count; /* of ok cells; the rest is 0 when there are none */
    double min, max, sum, m2;
};

/* -- writing --------------------------------------------------------------------------------- */

/* The cells of one column, in order of run. */
struct block_column {
    uint32_t column, count; /* count: 1 to the block's runs */
    const uint16_t *run;    /* place among the block's runs */
    const uint8_t *status;  /* ok, failed or skipped */
    const double *value;
    const double *lower, *upper; /* NAN: none; both NULL: no cell has one */
};

struct block_writer {
    struct block_group_header header;
    uint64_t seed;
    enum pack_how how;
    struct row_buffer cells;
    struct block_entry_column {
        uint32_t column, start;
        struct block_summary summary;
    } * columns;
    uint32_t capacity;
    struct block_recent *recent; /* columns that others may be related to */
};

/* Begins a group that covers the columns from `from` on; `how` says how values are stored. */
void block_writer_begin(struct block_writer *writer, uint32_t stream, uint32_t block, uint32_t from,
                        uint32_t runs, enum pack_how how, const struct key *key);

/* Adds a column; they come in order. 0, or -1 without memory. */
int block_writer_column(struct block_writer *writer, const struct block_column *column);

/* 1 when another column might not fit. */
int block_writer_full(const struct block_writer *writer);

/* Ends the group, which covers columns below `until`: the length of its record, which is then put where it is
 * to be. */
size_t block_writer_close(struct block_writer *writer, uint32_t until);
void block_writer_put(struct block_writer *writer, unsigned char *record);
/* Both; the record is in `out`. 0, or -1 without memory. */
int block_writer_end(struct block_writer *writer, uint32_t until, struct row_buffer *out);
void block_writer_free(struct block_writer *writer);

/* -- reading --------------------------------------------------------------------------------- */

/* A group being read; points into the record. */
struct block_group {
    struct block_group_header header;
    const unsigned char *data;
    uint64_t seed;
    uint32_t checked; /* the last strip whose sum was good, + 1; 0: none */
    int has_fma;      /* simd.h */
    /* What is read after the column that is read now, in place of the one behind it; NULL: that one. */
    const unsigned char *next;
    size_t next_len;
};

/* Fetches a record of few columns into the cache. */
void block_group_prefetch(const unsigned char *data, size_t len);

/* Checks frame and header. 0, or -1: damaged. */
int block_group_open(struct block_group *group, const void *data, size_t len,
                     const struct key *key);

/* A column of a group. */
struct block_slot {
    uint32_t column, index; /* index: among the group's columns */
    uint32_t start, end;    /* of its cells in the record */
    int checked;            /* the table of its chunks was good */
    /* What is fetched while it is read, and how much with each chunk. */
    const unsigned char *ahead, *ahead_end;
    uint32_t share;
};

/* The first column that is there and not before `column`: 1, 0: none, -1: damaged. Reading columns
 * in order checks each strip once. */
int block_group_seek(struct block_group *group, uint32_t column, struct block_slot *slot);
/* The next one. */
int block_group_next(struct block_group *group, struct block_slot *slot);

/* The summary of a column that was found just now. */
struct block_summary block_group_summary(const struct block_group *group,
                                         const struct block_slot *slot);

/* The summary of n values. */
struct block_summary block_summarize(const double *values, size_t n);
/* The form for any machine; for tests. */
struct block_summary block_summarize_portable(const double *values, size_t n);

/* Adds a summary to another. */
void block_summary_add(struct block_summary *to, const struct block_summary *more);

/* Adds the group's summaries to columns first and on of `sums`, which are not before the group: to those
 * that it covers. *end is behind the last of them. 0, or -1: damaged. */
int block_group_add(struct block_group *group, struct sums *sums, size_t first, size_t *end);

/* The cells of up to 64 runs of a column. */
struct block_chunk {
    uint32_t runs;
    uint64_t present, failed, skipped, ok; /* bit i: run i of the chunk */
    uint64_t lower, upper;                 /* which ok cells have one */
    uint16_t code[3];
    const unsigned char *pack[3]; /* of values, lower and upper bounds */
    const unsigned char *end;     /* of the record */
    int is_mirrored;
    unsigned relation; /* 0: none; else of values, to those of another column: */
    uint64_t other_ok;
    uint16_t other_code;
    const unsigned char *other_pack;
};

/* Checks a chunk, opens it. 0, or -1: damaged. */
int block_chunk_open(const struct block_group *group, struct block_slot *slot, uint32_t number,
                     struct block_chunk *out);

/* Reads the values of chunks number first and on, at most `count`, as long as each has 64 runs, all ok, without
 * bounds and not related to others, and is good: how many. What they are that come then, block_chunk_open says. */
uint32_t block_chunks_read(const struct block_group *group, struct block_slot *slot, uint32_t first,
                           uint32_t count, double *out);

/* While chunks [first, last] of a slot are read, those of a column a little behind it are fetched into the cache, and
 * what tells where they are in the one behind that. */
void block_slot_look_ahead(const struct block_group *group, struct block_slot *slot, uint32_t first,
                           uint32_t last);

/* Values, or bounds, of runs [first, first + count) of the chunk, NAN where there is none. */
enum block_part { BLOCK_VALUE, BLOCK_LOWER, BLOCK_UPPER };
void block_chunk_read(const struct block_chunk *chunk, enum block_part part, uint32_t first,
                      uint32_t count, double *out);

/* 1 when every run has a cell that is ok. */
static inline int block_chunk_is_ok(const struct block_chunk *chunk)
{
    return chunk->ok == UINT64_MAX >> (BLOCK_CHUNK_RUNS - chunk->runs);
}

/* Statuses of runs [first, first + count) of the chunk. */
void block_chunk_statuses(const struct block_chunk *chunk, uint32_t first, uint32_t count,
                          uint8_t *out);

#endif
