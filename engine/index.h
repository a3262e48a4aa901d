/* index.h -- how a run is found: by number, by identity, by commit.
 *
 *   run:  | sum u64 | struct run_place | content, 16 bytes | identity: length u8, form u8 |
 *         | commit: length u8, form u8 | identity | commit |       (a text of form 1: enum text_form)
 *   gap:  last run u64, sealed: the runs from the one in the key to this were dropped
 *
 * Identities ('i') and commits ('k') are tables of pairs (pairs.h) of a WORD, 8 bytes of the
 * identity's digest or the first 8 of the commit, and the run. A pair of each would be a page of
 * each an append, on random places. So the newest runs are in neither table: they are the TAIL,
 * which is looked for in memory. When the tail has its length, an append brings its oldest run into
 * the tables, and with it all runs of the tail whose pairs go to the same chunk.
 *
 * The head's `indexed` is the last run of which, and of all before it, both tables know. Runs
 * behind it may be in a table already. */
#ifndef PACE_INDEX_H
#define PACE_INDEX_H

#include "head.h"
#include "map.h"
#include "pairs.h"

enum { INDEX_TAIL_RUNS = 1024 }; /* of the tail, unless a test lowers it */

/* Where a run is, and what is stored beside its row. */
struct run_place {
    uint32_t stream, ordinal;
    int64_t time_ns;
    uint32_t meta_parts, sample_parts; /* records in the tables of metadata and samples */
};
_Static_assert(sizeof(struct run_place) == 24, "layout on disk");

/* What a run is found by, and the digest of its content. */
struct run_names {
    struct seal_digest content;
    uint32_t id_len, commit_len;
    char id[PACE_MAX_RUN_ID + 1], commit[PACE_MAX_COMMIT + 1]; /* commit "": none */
};

/* Texts of a run's record: as they are, or two hexadecimal digits (0-9 a-f) a byte. */
enum text_form { TEXT_PLAIN, TEXT_HEX };

struct position run_position(const struct run_place *place, uint64_t run);

int index_put_run(struct kv_txn *txn, uint64_t run, const struct run_place *place, const char *id,
                  const char *commit, const struct seal_digest *content, struct pace_error *error);

/* The place of a run, and (unless NULL) its names. PACE_ENOTFOUND, with a message: it was
 * dropped. */
int index_get_run(struct kv_txn *txn, uint64_t run, struct pace_error *error,
                  struct run_place *place, struct run_names *names);

/* The words of the tables of pairs. */
enum { INDEX_IDENTITIES = 'i', INDEX_COMMITS = 'k' };
uint64_t index_id_word(const char *id, size_t len);
uint64_t index_commit_word(const char *commit, size_t len); /* 0: there is none */

/* -- the tail --------------------------------------------------------------------------------- */

struct tail_run {
    uint64_t run, id_word, commit_word;
    uint32_t like; /* the one before it with the same id_word, or MAP_NONE */
};

/* Runs that are not in the tables, as they were read or stored. Runs of a committed state stay what
 * they are; of a batch that failed nothing may be left: index_tail_free. */
struct index_tail {
    struct tail_run *runs; /* in order of number, but for those that were stored before others */
    uint32_t start, count, capacity; /* runs[start..count) may be in no table */
    uint64_t last;                   /* all up to this one are here or in the tables */
    int is_late; /* a number that does not follow on the others: all go to the tables at once */
    struct map by_id; /* id_word -> the last in runs */
};

void index_tail_free(struct index_tail *tail); /* it can be used again */

/* Brings the tail to the state of a head: before the others, and again for each state. */
int index_tail_load(struct kv_txn *txn, const struct head *head, struct index_tail *tail,
                    struct pace_error *error);

/* Adds a run that was put. 0, or -1 without memory. */
int index_tail_add(struct index_tail *tail, uint64_t run, const char *id, const char *commit);

/* Calls visit() for all runs of [from, until], which have no gaps among them. */
int index_walk_runs(struct kv_txn *txn, uint64_t from, uint64_t until, struct pace_error *error,
                    int (*visit)(void *context, uint64_t run, const struct run_names *names),
                    void *context);

/* At the end of a batch that added runs: where the tail has more than `most`, brings the oldest
 * into the tables. is_little: so many that `most` are left; else all. */
int index_settle(struct kv_txn *txn, struct head *head, struct index_tail *tail, uint32_t most,
                 int is_little, struct pace_error *error);

/* Brings all runs into the tables. */
int index_settle_all(struct kv_txn *txn, struct head *head, struct index_tail *tail,
                     struct pace_error *error);

/* The run with an identity, and its content; PACE_ENOTFOUND when there is none. */
int index_find_identity(struct kv_txn *txn, const struct head *head, const struct index_tail *tail,
                        const char *id, struct pace_error *error, uint64_t *run,
                        struct seal_digest *content);

/* Visits the runs whose commit may begin with a prefix, in no order. */
int index_find_commits(struct kv_txn *txn, const struct head *head, const struct index_tail *tail,
                       const char *prefix, struct pace_error *error,
                       int (*visit)(void *context, uint64_t run, struct pace_error *error),
                       void *context);

/* Whether a table has a pair. */
int index_has(struct kv_txn *txn, char table, const struct pair *pair, struct pace_error *error,
              int *has);

/* -- gaps -------------------------------------------------------------------------------------- */

/* Numbers that are not in use: puts a range; counts them all. */
int index_put_gap(struct kv_txn *txn, uint64_t first, uint64_t last, struct pace_error *error);
int index_count_gaps(struct kv_txn *txn, struct pace_error *error, uint64_t *runs);

#endif
