/* kv.h -- ordered keys in one file: snapshots, cursors, and one atomic durable batch at a time.
 *
 * This is all the engine knows of its storage; the backend is LMDB (kv_lmdb.h). It hides: one open
 * per file and process, use after fork, growth of the map (also by another process), the wait for
 * another writer, stale readers, safe files, and what a damaged file does inside LMDB (an error).
 *
 * Little batches that follow one another go to a journal beside the tree (kv_journal.h): nothing of
 * what follows shows it.
 *
 * Slices point into the store: in a snapshot until it ends, in a batch until its next change.
 * Functions return 0 or a code with *error filled in; "nothing there" is PACE_ENOTFOUND and leaves
 * *error alone. It was made sure of: a damaged page that leads a search astray is PACE_ECORRUPT. */
#ifndef PACE_KV_H
#define PACE_KV_H

#include "keys.h"
#include "kv_file.h"
#include "pace.h"

struct kv;
struct kv_txn;
struct kv_cursor;

struct kv_slice {
    const unsigned char *data;
    size_t len;
};

/* What a batch does. `run` may be called several times (each time nothing of the earlier call is
 * left), so it starts from scratch; `finish`, once per call of `run`, tells whether it lasts. Both
 * are called while no other batch runs in any process, perhaps by another thread that does the work
 * of several waiting ones in one commit. Returning KV_UNCHANGED ends it without a write. */
struct kv_work {
    int (*run)(struct kv_txn *txn, void *context, struct pace_error *error);
    void (*finish)(void *context, int committed); /* may be NULL */
    void *context;
    int is_little; /* few pages: it may share a commit with others, and more like it will follow */
};
enum { KV_UNCHANGED = -1000 };

struct kv_options {
    uint64_t map_size; /* 0: the default */
    unsigned timeout_ms;
    int create;
    int metas_only;      /* do not look at the pages: kv_walk_pages will */
    struct kv_work fill; /* first content of a new store */
    /* Notes in the store whether it has a journal, by the commit that puts it there or takes it
     * away: who does not know of journals must not read it. NULL: this handle makes none. */
    int (*mark)(struct kv_txn *txn, int there, struct pace_error *error);
};

/* Opens (or shares) the store in directory `path`. */
int kv_open(const char *path, const struct kv_options *options, struct pace_error *error,
            struct kv **out);
void kv_close(struct kv *kv);

/* 1 when the process may write the file. */
int kv_writable(const struct kv *kv);

/* 0, or PACE_EFORKED in a process other than the opener. */
int kv_check(const struct kv *kv, struct pace_error *error);

int kv_file_bytes(const struct kv *kv, struct pace_error *error, uint64_t *bytes);

/* A snapshot. */
int kv_read_begin(struct kv *kv, unsigned timeout_ms, struct pace_error *error,
                  struct kv_txn **out);
void kv_read_end(struct kv_txn *txn);
/* The same in two steps: pages are walked before any key is read. kv_read_journal looks for what
 * little batches have left beside the tree; thorough: in all of its bytes. */
int kv_read_pages(struct kv *kv, unsigned timeout_ms, struct pace_error *error,
                  struct kv_txn **out);
int kv_read_journal(struct kv_txn *txn, int thorough, struct pace_error *error);
/* The number of the state that a snapshot shows: the batch that made it. A later one is larger. */
uint64_t kv_state(const struct kv_txn *txn);

/* What of it little batches left beside the tree: records, and their bytes; 0 when there is
 * nothing. */
void kv_journal_size(const struct kv_txn *txn, uint64_t *records, uint64_t *bytes);

/* Walks all pages of a snapshot (see kv_file_walk). */
int kv_walk_pages(struct kv_txn *txn, kv_file_report *report, void *context,
                  struct pace_error *error, struct kv_page_count *count);

/* Writes the file, without its free pages, to a descriptor: in the state of a snapshot of its own,
 * which is not older. The pages must be good (kv_walk_pages). PACE_EBUSY, without a message:
 * another process made the map larger; take a newer snapshot. */
int kv_copy(struct kv_txn *txn, int fd, struct pace_error *error);

/* Runs a batch; durable when it returns 0. Waits up to timeout_ms for other writers. Little batches
 * of threads that wait together become one commit: each is whole or not there, and has its own
 * result. */
int kv_write(struct kv *kv, unsigned timeout_ms, const struct kv_work *work,
             struct pace_error *error);

/* What little batches left beside the tree goes to its place: no journal is left. */
int kv_settle(struct kv *kv, unsigned timeout_ms, struct pace_error *error);

int kv_get(struct kv_txn *txn, const struct key *key, struct pace_error *error,
           struct kv_slice *value);
int kv_put(struct kv_txn *txn, const struct key *key, const void *data, size_t len,
           struct pace_error *error);
/* The same for a record that is then written to *data, before anything else is changed. */
int kv_put_space(struct kv_txn *txn, const struct key *key, size_t len, struct pace_error *error,
                 unsigned char **data);
/* Puts a key behind all others, so that pages stay full; an error when it is not behind them. */
int kv_put_last(struct kv_txn *txn, const struct key *key, const void *data, size_t len,
                struct pace_error *error);
/* Removes a key; PACE_ENOTFOUND when there is none. */
int kv_delete(struct kv_txn *txn, const struct key *key, struct pace_error *error);

/* Keeps all other writers waiting until kv_release, also while no batch runs; kv_write is not
 * allowed in between. */
int kv_hold(struct kv *kv, unsigned timeout_ms, struct pace_error *error);
void kv_release(struct kv *kv);

/* With the writers held: closes the file, and puts `name` (a file in the store's directory, perhaps
 * below) in its place. Only when nobody else has it open, in this process or another: PACE_EBUSY,
 * with the file as it was. Afterwards only kv_release and kv_close may be called. */
int kv_replace(struct kv *kv, const char *name, unsigned timeout_ms, struct pace_error *error);

/* Cursors. Close them before their snapshot or batch ends. In a batch, seek again after a change.
 * kv_cursor_at: one for the keys of a table (their tag): a snapshot keeps it when it is closed, and
 * the next begins where it was, which is mostly near. */
int kv_cursor_open(struct kv_txn *txn, struct pace_error *error, struct kv_cursor **out);
int kv_cursor_at(struct kv_txn *txn, unsigned char table, struct pace_error *error,
                 struct kv_cursor **out);
void kv_cursor_close(struct kv_cursor *cursor);

/* The value of a key, or PACE_ENOTFOUND; an absence is not looked into. */
int kv_cursor_get(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                  struct kv_slice *value);

/* Moves to the first key not before `key`; to the last key before `key`; one on. */
int kv_cursor_seek(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                   struct kv_slice *found, struct kv_slice *value);
int kv_cursor_before(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                     struct kv_slice *found, struct kv_slice *value);
int kv_cursor_next(struct kv_cursor *cursor, struct pace_error *error, struct kv_slice *found,
                   struct kv_slice *value);

/* Keys that begin with a prefix, in order, at most `most` at a time: the first, or (go_on) those
 * behind the last that this gave. *count < most: there are no others. */
struct kv_pair {
    struct kv_slice key, value;
};
int kv_cursor_list(struct kv_cursor *cursor, const struct key *prefix, int go_on,
                   struct kv_pair *pairs, size_t most, struct pace_error *error, size_t *count);
/* The keys before `end`, the last of them first. */
int kv_cursor_list_back(struct kv_cursor *cursor, const struct key *end, int go_on,
                        struct kv_pair *pairs, size_t most, struct pace_error *error,
                        size_t *count);

/* A sealed record (seal.h): kv_get_sealed checks it and gives its body. `what` names it in
 * errors. */
int kv_get_sealed(struct kv_txn *txn, const struct key *key, const char *what,
                  struct pace_error *error, struct kv_slice *body);
/* The same for a body that must have exactly `len` bytes, which are copied to `out`. */
int kv_get_struct(struct kv_txn *txn, const struct key *key, const char *what,
                  struct pace_error *error, void *out, size_t len);
/* A sealed record that need not be there. PACE_ENOTFOUND is believed only when the records on both
 * sides of its place are whole: one whose key was damaged lies there still. Its table must have
 * sealed records only, the tables beside it keys of another length, or records of kv_put_struct. */
int kv_get_optional(struct kv_txn *txn, const struct key *key, const char *what,
                    struct pace_error *error, struct kv_slice *body);
int kv_get_optional_struct(struct kv_txn *txn, const struct key *key, const char *what,
                           struct pace_error *error, void *out, size_t len);
/* Puts a body of at most KV_STRUCT_MAX bytes as a sealed record. */
enum { KV_STRUCT_MAX = 504 };
int kv_put_struct(struct kv_txn *txn, const struct key *key, const void *body, size_t len,
                  struct pace_error *error);

/* The directory, for messages. */
const char *kv_path(const struct kv_txn *txn);

#endif
