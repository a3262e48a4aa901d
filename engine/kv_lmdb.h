/* kv_lmdb.h -- what the files of the backend share: kv_*.c that implement kv.h on LMDB 0.9. They
 * alone include this header, and only this header includes lmdb.h.
 *
 * Flags are the default plus MDB_NOTLS, so a commit that returned is on disk and a reader belongs
 * to its transaction. Everything lives in the unnamed database.
 *
 * Locks, in the order in which they are taken: the directory (open, close), the registry's mutex;
 * for a batch the lead of kv->line, then write.lock between processes; kv->mutex last and briefly.
 * The map may move only while kv->local is 0: whoever moves it sets kv->draining and waits. */
#ifndef PACE_KV_LMDB_H
#define PACE_KV_LMDB_H

#include "kv.h"
#include "kv_line.h"
#include "kv_overlay.h"

#include <lmdb.h>
#include <pthread.h>
#include <sys/types.h>
#include <time.h>

enum {
    READERS_MAX = 512,
    PAGE_BYTES = 4096,      /* of memory */
    PAGE_HEADER = 16,       /* bytes of a page that hold no value */
    LMDB_ASSERTED = -31000, /* our own: an assertion of LMDB failed */
};

/* Where pages lie that a batch has not changed. */
struct lmdb_map {
    uintptr_t begin, end; /* of its first page, behind its last */
    uintptr_t page_bytes; /* of the data file */
};

/* The journal as the writers of this process know it; the leader's. They work on a copy of the
 * room, to which the records of other processes are added, and write from there. */
struct kv_stage {
    unsigned little;     /* little batches one after the other */
    int is_used;         /* a journal was made or written to here */
    int is_broken;       /* a record could not be written: the next batch goes to the tree */
    unsigned char *room; /* `bytes` bytes, or NULL: there was no journal yet */
    size_t bytes;
    struct journal_header header;
    uint64_t file_at; /* of the room in the data file */
    struct overlay overlay;
    struct journal_draft draft; /* the record of the batch that runs */
};

struct kv {
    struct kv *next; /* in the registry */
    unsigned references;
    pid_t pid;
    volatile unsigned char *mine; /* a page with a 1 that a fork clears, or NULL: ask for the pid */
    dev_t device;
    ino_t inode;
    char *path;
    int directory, write_lock; /* descriptors; write_lock is -1 until the first batch */
    int writable;
    MDB_env *env;
    MDB_dbi dbi;
    struct kv_line line;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    unsigned local; /* transactions open in this process */
    int draining, damaged;
    struct overlay *seen; /* of the newest journal that a snapshot read, or NULL */
    int (*mark)(struct kv_txn *txn, int there, struct pace_error *error); /* kv_options.mark */
    unsigned batches;    /* the leader's, as is what follows */
    uint64_t file_bytes; /* of the data file, when write.lock was taken */
    struct lmdb_map map; /* during a batch */
    struct kv_stage stage;
};

enum { KV_TABLES = 64 }; /* a tag of keys.h is a letter: its lower bits tell it apart */

struct kv_txn {
    struct kv *kv;
    MDB_txn *txn;
    int full;                    /* the map is too small for this batch */
    int is_snapshot;             /* its cursors may stay where they are */
    struct overlay_view journal; /* what lies over the tree */
    struct overlay *shared;      /* of a snapshot: a reference */
    /* A STAGED batch changes the journal, and reads the tree in a transaction that only reads. When
     * it turns out to be too large, it goes on in the tree, and that transaction ends with the
     * batch. */
    struct kv_stage *stage; /* NULL: it is not, or no longer, staged */
    MDB_txn *reading;
    int is_little, had_journal,
        keeps_journal; /* of a batch in the tree: there was one; there shall be */
    /* Of a snapshot: cursors where the last search of a table ended. The next one is mostly for a
     * key on the same page, which LMDB then finds without going down the tree. */
    struct kv_cursor *idle[KV_TABLES];
    uint64_t asked; /* tables in which something was searched for */
};

struct kv_cursor {
    struct kv_txn *txn;
    MDB_txn *of; /* what the cursor of LMDB belongs to */
    MDB_cursor *cursor;
    unsigned char table;    /* for keys with this tag; 0: for any */
    int failed;             /* LMDB left it in an unknown state: not to be used again */
    struct kv_merge {       /* where it is in tree and journal (kv_merge.c) */
        MDB_val key, value; /* of the tree */
        int in_tree;        /* there are such */
        size_t at;          /* in the journal */
        unsigned given;     /* which of them the last pair was */
        int is_back, is_plain;
        struct key last; /* the key of the last pair */
    } merge;
};

static inline MDB_val value_of(const void *data, size_t len)
{
    return (MDB_val){.mv_size = len, .mv_data = (void *)(uintptr_t)data};
}

static inline struct kv_slice slice_of(const MDB_val *value)
{
    return (struct kv_slice){.data = value->mv_data, .len = value->mv_size};
}

/* -- kv_lmdb.c: calls into LMDB, where a failed assertion of it is the result LMDB_ASSERTED ---- */

void lmdb_asserted(MDB_env *env, const char *message); /* the hook that environments need for it */
int lmdb_env_open(MDB_env *env, const char *path);
int lmdb_env_open_readonly(MDB_env *env, const char *path);
int lmdb_begin(MDB_env *env, unsigned flags, MDB_txn **txn);
int lmdb_open_database(MDB_txn *txn, MDB_dbi *dbi);
int lmdb_commit(MDB_txn *txn);
int lmdb_abort(MDB_txn *txn);
int lmdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
/* Where the map is: of a transaction that has changed nothing yet. */
int lmdb_find_map(MDB_txn *txn, MDB_dbi dbi, struct lmdb_map *map);
/* LMDB believes the header of a page on which there is a value that is put again or deleted: were
 * it marked as changed, it would be written to where it lies. 0, or MDB_CORRUPTED. */
int lmdb_check_old(MDB_txn *txn, MDB_dbi dbi, const struct lmdb_map *map, const MDB_val *key);
int lmdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
int lmdb_append(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
int lmdb_reserve(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
int lmdb_delete(MDB_txn *txn, MDB_dbi dbi, MDB_val *key);
int lmdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op);
int lmdb_cursor_close(MDB_cursor *cursor);
/* Searches that are sure of what they do not find: a damaged page that leads them astray is
 * MDB_CORRUPTED. To the first key not before `key`; to the last before it; whether it is absent. */
int lmdb_seek_surely(MDB_cursor *cursor, MDB_val *key, MDB_val *value);
int lmdb_seek_before(MDB_cursor *cursor, MDB_val *key, MDB_val *value);
int lmdb_confirm_absent(MDB_txn *txn, MDB_dbi dbi, const MDB_val *wanted);
int lmdb_list_pairs(MDB_cursor *cursor, const struct key *prefix, int go_on, struct kv_pair *pairs,
                    size_t most, size_t *count);
int lmdb_list_back(MDB_cursor *cursor, const struct key *end, int go_on, struct kv_pair *pairs,
                   size_t most, size_t *count);

/* Sets *error for a result of LMDB and gives its code. */
int kv_fail(const struct kv *kv, int rc, struct pace_error *error);

/* 0 in a forked child. */
int kv_is_opener(const struct kv *kv);

/* -- kv_merge.c: cursors over tree and journal; results are LMDB's ----------------------------- */

int kv_merge_seek(struct kv_cursor *cursor, MDB_val *key, MDB_val *value);
int kv_merge_before(struct kv_cursor *cursor, MDB_val *key, MDB_val *value);
int kv_merge_next(struct kv_cursor *cursor, MDB_val *key, MDB_val *value);
int kv_merge_list(struct kv_cursor *cursor, const struct key *prefix, int go_on,
                  struct kv_pair *pairs, size_t most, size_t *count);
int kv_merge_list_back(struct kv_cursor *cursor, const struct key *end, int go_on,
                       struct kv_pair *pairs, size_t most, size_t *count);

/* -- kv_stage.c: batches that go to the journal, and the journal that goes to the tree --------- */

/* Finds the journal of a transaction, `state` being the commit that it shows: PACE_ENOTFOUND,
 * without a message, when there is none. */
int kv_find_journal(const struct kv *kv, MDB_txn *txn, uint64_t state, struct pace_error *error,
                    struct journal_header *header, MDB_val *room);
int kv_journal_damaged(const struct kv *kv, const struct journal_end *end,
                       struct pace_error *error);

/* Whether the batches of this process shall have a journal. */
int kv_stage_wanted(const struct kv *kv);
/* Begins a batch in the journal. 1: it is staged; 0: it has to go to the tree. */
int kv_stage_begin(struct kv_txn *txn, const struct timespec *deadline);
/* Space for a value in the record of a staged batch; len JOURNAL_REMOVED: the key is removed. NULL:
 * it does not fit, and the batch must go on in the tree. */
unsigned char *kv_stage_put(struct kv_txn *txn, const MDB_val *key, size_t len);
/* Writes the record of a staged batch; nothing when nothing was changed. */
int kv_stage_commit(struct kv_txn *txn, struct pace_error *error);
/* Nothing is left of the changes of a staged batch. */
void kv_stage_drop(struct kv_txn *txn);

/* A staged batch goes on in the tree. */
int kv_stage_leave(struct kv_txn *txn, struct pace_error *error);
/* In a batch in the tree, first: what the journal holds becomes part of the tree. */
int kv_stage_fold(struct kv_txn *txn, struct pace_error *error);
/* Last: a new journal, when there shall be one. */
int kv_stage_renew(struct kv_txn *txn, struct pace_error *error);

void kv_stage_free(struct kv_stage *stage);

/* -- kv_batch.c -------------------------------------------------------------------------------- */

/* Pages side by side for the batches to come (kv_room.h); a code of LMDB. */
int kv_make_room(struct kv *kv, MDB_txn *txn);

/* -- kv_cursor.c ------------------------------------------------------------------------------- */

/* Closes the idle cursors of a snapshot. */
void kv_close_idle(struct kv_txn *txn);

/* -- kv_snapshot.c: transactions of this process, and moving the map --------------------------- */

/* Begins a transaction, in the map as large as another process made it; kv_leave when it has
 * ended. */
int kv_begin(struct kv *kv, unsigned flags, const struct timespec *deadline,
             struct pace_error *error, MDB_txn **txn);
void kv_leave(struct kv *kv);

/* Moves the map while no transaction of this process looks at it: to twice its size, or (adopt) to
 * what another process made it. */
int kv_resize(struct kv *kv, int adopt, const struct timespec *deadline, struct pace_error *error);

#endif
