/* branch.h -- what the store knows of a branch name as such: its streams, and where it left its
 * parent.
 *
 *   branch:       struct branch_record, sealed; one for every branch name
 *   stream index: streams of one branch lie side by side (keys.h)
 *   starts:       versions u32, sealed; one for every project in which the branch has a start point
 *   start point:  | sum u64 | struct start_record | commit, its bytes |; one a version
 *
 * The counts in the branch's record tell when a damaged index page hides a stream or a start
 * point. */
#ifndef PACE_BRANCH_H
#define PACE_BRANCH_H

#include "catalogue.h"

struct branch_record {
    uint32_t streams;  /* of all projects */
    uint32_t projects; /* in which it has a start point */
};
_Static_assert(sizeof(struct branch_record) == 8, "layout on disk");

#define START_TAKEN_BACK UINT32_MAX /* as a parent: the branch has none from here on */

struct start_record {
    uint32_t parent; /* branch, or START_TAKEN_BACK */
    uint32_t commit_len;
    int64_t time_ns; /* of the commit; 0: unknown */
    int64_t created_ns;
};
_Static_assert(sizeof(struct start_record) == 24, "layout on disk");

/* A start point as it is read; the commit is not terminated and points into the store. */
struct start {
    struct start_record record;
    const char *commit;
    uint32_t version; /* from 1 */
};

/* Gives a branch a record when it has none: every branch name has one. */
int branch_ensure(struct kv_txn *txn, uint32_t branch, struct pace_error *error);

/* Counts a stream that was just made in the record of its branch. */
int branch_add_stream(struct kv_txn *txn, uint32_t branch, struct pace_error *error);

/* Calls visit() for each stream of a branch, by project and testbed, until it returns non-zero
 * (which is returned). */
int branch_streams(struct kv_txn *txn, uint32_t branch, struct pace_error *error,
                   int (*visit)(void *context, uint32_t stream, struct pace_error *error),
                   void *context);

/* The stream with these names, or PACE_ENOTFOUND: unlike stream_find it is sure of an absence. */
int branch_stream(struct kv_txn *txn, uint32_t project, uint32_t branch, uint32_t testbed,
                  struct pace_error *error, uint32_t *stream);

/* The newest version of a branch's start point, or PACE_ENOTFOUND: never set, or taken back. */
int start_load(struct kv_txn *txn, uint32_t project, uint32_t branch, struct pace_error *error,
               struct start *out);

/* What a start point is to be; the texts were checked. */
struct start_wish {
    struct text parent; /* text "": take back */
    const char *commit; /* "" unknown */
    int64_t time_ns;    /* 0: unknown */
};

/* Appends a version unless the newest says the same. PACE_EMISUSE: the parent's chain leads back
 * to the branch; PACE_ELIMIT: it is too long. Nothing is written then. */
int start_append(struct kv_txn *txn, struct catalogue *catalogue, struct head *head,
                 uint32_t project, uint32_t branch, const struct start_wish *wish,
                 struct pace_error *error);

#endif
