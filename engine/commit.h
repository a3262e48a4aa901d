/* commit.h -- runs on their way into the store: what the files of a commit share.
 *
 * Per run: ids of names and cells in the units of the store (commit_cells.c), the stream and
 * numbers of columns (commit_columns.c), then row, index entries, metadata, samples (commit.c). */
#ifndef PACE_COMMIT_H
#define PACE_COMMIT_H

#include "bulk.h"
#include "meta.h"
#include "run.h"
#include "samples.h"
#include "store.h"

/* What the batch knows of a project x measure. */
struct measure_use {
    uint32_t project, measure;
    struct measure own, resolved;
};

/* A name of the run's texts, looked up when it is first met in a role. */
struct text_ids {
    uint32_t benchmark, measure; /* UINT32_MAX: not yet */
    uint32_t use;                /* in commit.uses, MAP_NONE: not yet */
};

/* A stream of the batch; its record is stored when the batch ends. */
struct batch_stream {
    uint32_t stream;
    struct stream_record record;
    struct bulk_run *runs; /* that wait for the end of the batch */
    size_t count, capacity;
};

struct commit {
    struct pace *store;
    pace_run *const *runs;
    size_t run_count;
    struct pace_run_result *results;
    /* of the batch */
    struct kv_txn *txn;
    struct pace_error *error;
    struct head head;
    struct measure_use *uses;
    size_t use_count, use_capacity;
    struct map use_by_name;
    struct batch_stream *streams;
    uint32_t stream_count, stream_capacity;
    struct map stream_by_id;
    struct arena waiting; /* of the runs that wait */
    struct repeat {
        const struct run_row *row; /* of the run before; NULL: the next is not like it */
        uint32_t project,
            stream; /* stream: index in streams; the run is the last that waits there */
    } repeat;
    /* of one run, sized for it */
    const struct pace_run *run;
    struct arena arena;
    uint32_t project, branch, testbed;
    struct text_ids *ids;
    struct row_cell *cells;      /* tag: the cell of the run */
    const double **samples;      /* by cell of the run, in the store's unit */
    struct pace_column *names;   /* of cells */
    struct pace_column *columns; /* that are new */
    struct noted_unit {
        uint32_t measure;
        struct meta_pair pair;
    } * units; /* "unit:measure" of cells that came in another unit */
    size_t unit_count, unit_capacity;
    struct row_buffer buffer;
    struct fold fold;
};

/* -- commit_cells.c --------------------------------------------------------------------------- */

/* The id of a name, which is appended to the store when it is new. */
int commit_name(struct commit *commit, enum pace_dimension dimension, const struct text *name,
                uint32_t *id);

/* Fills commit->cells, names and samples, for which it gives memory, from the run; the digest of
 * the content is corrected for cells that came in another unit than the store's. */
int commit_convert(struct commit *commit, struct seal_digest *content);

/* 1 when the run is one row of the columns of the run before, all in the units of the store: then
 * commit_convert would change nothing, and the numbers of its columns are known. */
int commit_repeats(const struct commit *commit);

/* Whether the run, which goes to the log, is one row like the usual one of the catalogue, for a
 * stream that has all its columns: then commit_convert and commit_number would find nothing new,
 * and its row needs no cells. Remembers the row of one that was stored in the ordinary way. */
int commit_is_usual(struct commit *commit, int *is_usual);
void commit_learn_usual(struct commit *commit, const struct stream_record *record);

/* Keeps a run that waits now, converted and numbered, for comparison with the next. */
void commit_keep(struct commit *commit, uint32_t stream);

/* -- commit_columns.c ------------------------------------------------------------------------- */

/* Finds the run's stream among those of the batch; PACE_ENOTFOUND. The other makes it where there
 * is none, for which the cells must have their names. */
int commit_find_known_stream(struct commit *commit, uint32_t *index);
int commit_find_stream(struct commit *commit, uint32_t *index);

/* Numbers the columns of all cells, in the order of which they are left; those the stream lacks are
 * appended to it in the order of the cells. */
int commit_number(struct commit *commit, struct stream_record *record, uint32_t *added);

#endif
