/* verify.h -- what the parts of pace_verify share.
 *
 *   verify.c          the walk as a whole: pages, lists, totals; telling of damage
 *   verify_runs.c     the history of each stream, read as by any reader, against the indexes
 *   verify_records.c  every record of the store by itself: one row of a table a kind
 *
 * A new kind of record is a row in verify_records.c; a new layout of history needs nothing here. */
#ifndef PACE_VERIFY_H
#define PACE_VERIFY_H

#include "index.h"
#include "snapshot.h"
#include "text.h"

enum { VERIFY_DAMAGES_MAX = 1000 };

/* A run as the history of its stream shows it. */
struct verify_run {
    uint64_t run;
    int64_t time_ns;
    uint64_t id_word, commit_word; /* of the tables of pairs; no commit: 0 */
    uint32_t stream, ordinal;
    uint32_t meta_parts, sample_parts; /* by its index entry */
};

struct verify {
    struct pace_snapshot *snapshot;
    struct kv_txn *txn; /* the snapshot's */
    const struct head *head;
    int (*report)(void *context, const struct pace_damage *damage);
    void *context;
    struct pace_verified *result;
    int stopped;          /* report() or the limit ended the walk */
    int file_damaged;     /* pages are */
    int rc;               /* why a record could not be looked at: no memory, a reading error */
    int unread;           /* the history of a stream could not be read to its end */
    struct arena arena;   /* for the walk */
    struct arena scratch; /* for one stream or record */
    struct texts places;  /* told of already */
    const char **names[PACE_DIMENSION_COUNT]; /* NULL: unreadable */
    uint64_t *hashes[PACE_DIMENSION_COUNT];   /* of benchmarks and measures */
    struct stream_record *streams;            /* NULL: unreadable */
    struct map by_run;                        /* number -> index in runs */
    struct verify_run *runs;
    size_t run_count, run_capacity;
    uint64_t commits, meta_parts, sample_parts;  /* that the runs should have */
    uint64_t branch_streams, branch_projects;    /* by the records of branches */
    uint64_t start_versions;                     /* by the lists of start points */
    uint64_t dropped, last_gap;                  /* runs in gaps; the last of them so far */
    struct pair identities_until, commits_until; /* where the next chunk has to begin */
    uint64_t kinds[256];                         /* records by tag */
    uint64_t index_names[PACE_DIMENSION_COUNT];  /* entries of the names' index */
};

/* Tells of damage; a place is told of once. Returns 1 when the walk ends. */
int verify_tell(struct verify *verify, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What became of a read: 0 goes on (damage was told of), else the walk ends with it. */
int verify_outcome(struct verify *verify, int rc, const char *place,
                   const struct pace_error *error);

/* The run with this number, or NULL. */
const struct verify_run *verify_run_find(const struct verify *verify, uint64_t run);

/* The history of all streams. 0, or an error that ends the walk. */
int verify_runs(struct verify *verify, struct pace_error *error);

/* All records. 0, or an error that ends the walk. */
int verify_records(struct verify *verify, struct pace_error *error);

/* Where a key belongs, for people: "run 118". */
void verify_place(const void *key, size_t len, char *out, size_t size);

#endif
