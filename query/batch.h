/* batch.h -- columns of up to PACE_MAX_BATCH rows, as operators hand them on.
 *
 * Missing values have one form per type: NAN, INT64_MIN, NULL, FLAG_UNKNOWN (NaN and infinity never
 * enter a store, so nothing is lost). A vector with step 0 has one element that stands for every
 * row: the names and units of a series cost nothing per row.
 *
 * A batch from the store belongs to one series; `selected` says which of its rows are judged and
 * printed, the others are there for windows only (rule 5). Blocking operators drop unselected rows.
 */
#ifndef PACE_BATCH_H
#define PACE_BATCH_H

#include "../engine/arena.h"
#include "../engine/unit.h"
#include "pace_query.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum type { TYPE_NUMBER, TYPE_TIME, TYPE_TEXT, TYPE_FLAG };

enum { FLAG_UNKNOWN = 2 };
#define TIME_MISSING INT64_MIN

struct vec {
    enum type type;
    unsigned step; /* 0: element 0 is every row's; 1: an element a row */
    union {
        double *number;
        int64_t *time_ns;
        const char **text;
        uint8_t *flag;
    } at;
    const char *unit;   /* NUMBER: of all rows; "" none; NULL: see units */
    const char **units; /* NUMBER: room for, and when unit is NULL the unit of each row */
};

/* One column of an operator's output. */
struct column {
    const char *name;
    enum type type;
    enum unit_kind kind; /* NUMBER: what is known before running; UNIT_NONE: a plain number */
    bool mixed;          /* NUMBER: series of several kinds */
    const char
        *about;   /* NUMBER: for unit errors, like "measure 'latency' is a time (ns)"; or NULL */
    bool *wanted; /* set where somebody looks at it (schema_find); NULL: always there */
    bool
        *compared; /* set where it is only compared with itself: batch.keys will do; NULL: not so */
};

struct schema {
    struct column *columns;
    size_t count;
};

/* Where a row comes from. The bits above say on which machine it was measured: a number from 0. */
enum origin {
    ORIGIN_INHERITED = 1, /* a run of the parent */
    ORIGIN_DIRTY = 2,     /* of a work tree with changes: in no window of others */
    ORIGIN_MACHINE_SHIFT = 2,
    ORIGIN_MACHINES = 1 << 14,
};

struct series;

/* Commits of rows whose texts were not asked for: rows of one commit have one key, others hardly
 * ever the same (0: none); a text can be had by the place of its row, as long as the series is
 * being read. */
struct batch_keys {
    const uint32_t *key;
    const uint64_t *place;
    int (*commit)(const struct batch_keys *keys, uint64_t place, const char **out);
    struct context *ctx;
    struct direct *direct;
    atomic_bool *texts; /* to be set where texts are wanted from the next batch on */
};

struct batch {
    size_t count;
    struct vec *vecs;       /* one a column of the schema */
    uint8_t *selected;      /* one a row; NULL: all */
    const uint8_t *restart; /* one a row: an accepted change begins here; NULL: none */
    const uint8_t *gone;    /* one a row: the series is missing from its newest run; NULL: none */
    const uint16_t *origin; /* one a row: see enum origin; NULL: all 0 */
    const uint8_t *hidden;  /* one a row: excluded by a mark, and history of nothing; NULL: none */
    bool branched;          /* the series' branch has a start point */
    const struct series *series;   /* NULL: rows of several series */
    bool series_start, series_end; /* first and last batch of a series; one may hold no rows */
    double newest_run;             /* number of the newest run that the series may have a row of */
    uint64_t skipped;              /* runs of the stream before the first that was read */
    const struct batch_keys *keys; /* NULL: the commits are there; or nobody compares them */
    uint64_t runs_id; /* batches of one such number have the same runs, row by row; 0: not known */
};

/* Index of a column, or -1. What is found this way is wanted: a scan need not give other
 * columns. */
int schema_find(const struct schema *schema, const char *name, size_t len);
/* The same, but it is not wanted thereby. */
int schema_index(const struct schema *schema, const char *name, size_t len);
/* The same for one that is only compared, by whoever looks at batch.keys where *by_keys is set. */
int schema_find_compared(const struct schema *schema, const char *name, size_t len, bool *by_keys);
/* All columns are wanted: of rows that are held, or given out. */
void schema_want(const struct schema *schema);
/* Appends a column (arena memory); false when out of memory. */
bool schema_add(struct arena *arena, struct schema *schema, struct column column);

/* A vector with room for PACE_MAX_BATCH rows (and units if `units`); at.* NULL when out of memory.
 */
struct vec vec_make(struct arena *arena, enum type type, bool units);

static inline const char *vec_unit(const struct vec *v, size_t row)
{
    return v->unit ? v->unit : v->units ? v->units[row * v->step] : "";
}

/* Whether rows may differ in unit. */
static inline bool vec_units_differ(const struct vec *v)
{
    return !v->unit && v->units && v->step;
}

static inline unsigned batch_origin(const struct batch *batch, size_t row)
{
    return batch->origin ? batch->origin[row] : 0;
}

static inline bool batch_selected(const struct batch *batch, size_t row)
{
    return !batch->selected || batch->selected[row];
}

/* 1 when element `row` has no value. */
bool vec_missing(const struct vec *v, size_t row);

/* -- rows kept in memory ----------------------------------------------------------------------- */

/* Rows of one schema, for operators that must hold them. Text is not copied: names live as long as
 * the statement. */
struct rowset {
    const struct schema *schema;
    struct arena *arena; /* its cap bounds the rows too */
    struct vec *columns; /* step 1, `capacity` elements; NUMBER with units */
    uint8_t *restart, *gone, *hidden;
    uint16_t *origin;
    size_t count, capacity, limit;
    struct vec *out, *view; /* for rowset_batch: room for rows in another order; what is shown */
    struct batch batch;
    uint8_t *out_restart, *out_gone, *out_hidden;
    uint16_t *out_origin;
};

/* limit: rows it may hold. The rowset is freed with rowset_free. */
int rowset_init(struct rowset *set, struct arena *arena, const struct schema *schema, size_t limit);
void rowset_free(struct rowset *set);
void rowset_reset(struct rowset *set);

/* Adds the rows of a batch, all or only the selected ones. PACE_ELIMIT or PACE_ENOMEM. */
int rowset_append(struct rowset *set, const struct batch *batch, bool selected_only);

/* A batch of rows order[from .. from+count) (order NULL: the rows themselves, where they lie);
 * count is cut to PACE_MAX_BATCH. Valid until the next call. */
struct batch *rowset_batch(struct rowset *set, const uint32_t *order, size_t from, size_t count);

#endif
