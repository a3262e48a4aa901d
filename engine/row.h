/* row.h -- the codec of a log row: all cells of one run, or of one part of a wide run.
 *
 * A run's columns are cut into PARTS of 32,768 so that no value passes 1 MiB; a run of ordinary
 * width has part 0 only. Within a part, SLOTS hold the cells, 64 to a GROUP:
 *
 *   | header, 80 bytes | commit, its bytes, 0, padding to 8 | sum u64 of each group |
 *   | sparse: first column u32 of each group, padding to 8  | groups ... |
 *
 *   dense:  slot i is column base + i; used when at least half of the stream's columns are there
 *   sparse: slots are the cells in order of column
 *
 *   group of n slots:
 *   | sparse: column u32 x n | value f64 x n | bounds: lower f64 x n, upper f64 x n |
 *   | some: lower u64, upper u64, first u32, count u32 |
 *   | statuses: 2 bits x 64: 0 ok, 1 failed, 2 skipped, 3 absent |
 *
 * Bounds and statuses are there only when some cell has a bound, or is not ok. In a store with
 * short records (head.h) rows have `some` instead of bounds: bit i is slot i, and behind the last
 * group lie those bounds that there are, f64; a group's are `count` from number `first` on, the
 * lower ones before the upper ones. The header's sum covers everything before the groups; a group's
 * sum covers the group, and with it as the seed its bounds. Both are seeded by the key, so a reader
 * checks what it reads and nothing else. Numbers are little-endian and unaligned. Pure. */
#ifndef PACE_ROW_H
#define PACE_ROW_H

#include "keys.h"
#include "pace.h"

enum {
    ROW_PART_COLUMNS = 32768,
    ROW_PART_COUNT = PACE_MAX_COLUMNS / ROW_PART_COLUMNS,
    ROW_GROUP_SLOTS = 64,
};
_Static_assert(ROW_PART_COUNT <= 32, "the parts of a row are bits of a u32");

enum row_form { ROW_DENSE = 1, ROW_BOUNDS = 2, ROW_STATUSES = 4, ROW_SOME_BOUNDS = 8 };

struct row_header {
    uint64_t sum;
    uint32_t length;      /* of the record */
    uint32_t head_length; /* of what comes before the groups */
    uint64_t run;
    uint64_t previous; /* run of the row before it in the stream's log, 0: the first; in part 0 */
    int64_t time_ns, ran_ns;
    uint32_t stream, ordinal, flags;
    uint32_t cell_count; /* of all parts */
    uint32_t parts;      /* bit i: part i is there */
    uint32_t base;       /* first column of the part */
    uint32_t slots;
    uint8_t part, form; /* enum row_form */
    uint16_t commit_len;
};
_Static_assert(sizeof(struct row_header) == 80, "layout on disk");

/* One cell to be written; sorted by column. Bounds are NAN when there are none; value and bounds of
 * a cell that is not ok are ignored. */
struct row_cell {
    uint32_t column;
    uint32_t tag; /* the writer's own: not stored */
    uint8_t status;
    double value, lower, upper;
};

struct row_buffer {
    unsigned char *data;
    size_t len, capacity;
};
void row_buffer_free(struct row_buffer *buffer);

/* Makes the buffer `len` zero bytes long; makes room for `more` bytes behind its end; appends. 0,
 * or -1 without memory. */
int row_buffer_reserve(struct row_buffer *buffer, size_t len);
int row_buffer_grow(struct row_buffer *buffer, size_t more);
int row_buffer_append(struct row_buffer *buffer, const void *data, size_t len);

/* Encodes the part of which `header` tells run, previous, times, stream, ordinal, flags,
 * cell_count, parts, part, and in `form` ROW_SOME_BOUNDS if that may be used; `column_count` is the
 * stream's. `cells` are those of the part, at least
 * one. Returns 0, or -1 without memory. */
int row_encode(struct row_buffer *buffer, const struct row_header *header, const char *commit,
               const struct row_cell *cells, size_t count, uint32_t column_count,
               const struct key *key);

/* The same for cells that are all ok, without bounds, and of columns 0, 1, 2 ...: at least half of
 * those of the stream, and at most a part. */
int row_encode_values(struct row_buffer *buffer, const struct row_header *header,
                      const char *commit, const double *values, size_t count,
                      const struct key *key);

/* Changes `previous` of a part 0 that row_open found good (of a copy of its record). */
void row_set_previous(unsigned char *data, uint64_t previous, const struct key *key);

/* A row being read; points into the record. */
struct row {
    struct row_header header;
    const char *commit; /* ends with 0 */
    const unsigned char *data;
    uint64_t seed;
    uint32_t groups, checked; /* checked: the last group whose sum was good, +1; 0: none */
};

/* Checks frame and header. 0, or -1: damaged. */
int row_open(struct row *row, const void *data, size_t len, const void *key, size_t key_len);

/* The slots of this part whose columns are in [from, until): *first to *end - 1. 0, or -1: damaged.
 */
int row_slots(struct row *row, uint32_t from, uint32_t until, uint32_t *first, uint32_t *end);
/* Reads one slot; its status may be PACE_CELL_ABSENT. 0, or -1: damaged. */
int row_slot(struct row *row, uint32_t slot, struct row_cell *cell);

/* A row whose cells are all there, ok and without bounds, has its values f64 side by side: the
 * first is of column header.base, *until is the column behind the last. NULL: it is another row.
 * They are not checked yet. */
const unsigned char *row_values(const struct row *row, uint32_t *until);

/* Checks the sums that cover columns [from, until) of such a row. 0, or -1: damaged. */
int row_check(struct row *row, uint32_t from, uint32_t until);

/* Fetches columns [from, until) of such a row into the cache, while another is worked on: rows lie
 * apart, and the processor does not see the next one coming. */
void row_prefetch(const struct row *row, uint32_t from, uint32_t until);

/* Reads one column of this part: 0 and *cell (status PACE_CELL_ABSENT when there is none), or -1:
 * damaged. Reading columns in order checks each group once. */
int row_cell(struct row *row, uint32_t column, struct row_cell *cell);

#endif
