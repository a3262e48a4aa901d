/* compact.c -- pace_compact: the store written anew, without what is dropped.
 *
 *   1. in place: the writers are held; what a compaction that was killed left behind is removed
 *   2. the runs that stay are counted
 *   3. a store below, DIRECTORY/compact.work, is made: a copy of the old one, or of the runs that
 *      stay, with their numbers
 *   4. in it all streams are folded, so that old and new runs alike are packed
 *   5. its records are put in order into DIRECTORY/compact.full, whose pages are full then
 *   6. that is copied without free pages to the new store: `to`, or DIRECTORY/compact.new
 *   7. the new store is verified, and in place its file is renamed over the old one
 *
 * Until the rename nothing that the old store consists of is touched. */
#include "copy.h"
#include "dense.h"
#include "index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORK_NAME "compact.work"
#define FULL_NAME "compact.full"
#define NEW_NAME  "compact.new"

enum { PATH_BYTES = 4096 };

struct compaction {
    const struct pace_compact_options *options;
    pace *store;
    pace_snapshot *snapshot;
    struct copy copy;
    struct pace_compacted result;
    char work[PATH_BYTES], full[PATH_BYTES], target[PATH_BYTES];
};

/* -- directories ----------------------------------------------------------------------------- */

/* Removes a store that a compaction made: its files by name, then the directory. */
static void remove_store(const char *path)
{
    static const char *const names[] = {
        KV_DATA, KV_LOCK, KV_WRITE_LOCK, KV_DATA ".tmp", KV_NEW "/" KV_DATA, KV_NEW "/" KV_LOCK};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlinkat(fd, names[i], 0);
    unlinkat(fd, KV_NEW, AT_REMOVEDIR);
    close(fd);
    rmdir(path);
}

/* Where the work and the new store lie. A store in `to` must not be there yet. */
static int name_directories(struct compaction *job, struct pace_error *error)
{
    const char *to = job->options->to, *base = to ? to : pace_path(job->store);
    int work = snprintf(job->work, sizeof job->work, "%s/%s", base, WORK_NAME);
    int full = snprintf(job->full, sizeof job->full, "%s/%s", base, FULL_NAME);
    int target = to ? snprintf(job->target, sizeof job->target, "%s", to)
                    : snprintf(job->target, sizeof job->target, "%s/%s", base, NEW_NAME);
    if (work >= PATH_BYTES || full >= PATH_BYTES || target >= PATH_BYTES)
        return error_set(error, ENAMETOOLONG, "%s: the path is too long", base);
    if (!to) return 0;
    int fd;
    int rc = kv_file_directory(to, 1, error, &fd);
    if (rc) return rc;
    if (faccessat(fd, KV_DATA, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        rc = error_set(error, EEXIST, "%s holds a store already; name another directory", to);
    close(fd);
    return rc;
}

/* -- choosing -------------------------------------------------------------------------------- */

static int choose(void *context, const struct pace_stream *stream, const struct pace_run_view *run,
                  struct pace_error *error)
{
    const struct pace_compact_options *options = ((struct compaction *)context)->options;
    (void)error;
    return !options->keep_run || options->keep_run(options->context, stream, run) != 0;
}

static int choose_cell(void *context, const struct pace_stream *stream,
                       const struct pace_run_view *run, uint32_t column)
{
    const struct pace_compact_options *options = ((struct compaction *)context)->options;
    return !options->keep_cell || options->keep_cell(options->context, stream, run, column) != 0;
}

/* Goes over all runs: counts (to NULL), or copies. */
static int go_over(struct compaction *job, pace *to, struct pace_error *error)
{
    struct pace_stat stat;
    job->copy = (struct copy){.from = job->snapshot,
                              .to = to,
                              .keep_numbers = to != NULL,
                              .choose = choose,
                              .cell = choose_cell,
                              .context = job};
    int rc = to ? copy_measures(&job->copy, 1, error) : 0;
    if (!rc) rc = copy_runs(&job->copy, error);
    if (!rc && to) rc = copy_measures(&job->copy, 0, error);
    if (!rc && to) rc = copy_starts(&job->copy, error);
    if (!rc) rc = pace_stat(job->snapshot, error, &stat);
    if (rc) return rc;
    job->result = (struct pace_compacted){.runs = job->copy.runs,
                                          .cells = job->copy.cells,
                                          .runs_dropped = stat.runs - job->copy.runs,
                                          .cells_dropped = stat.cells - job->copy.cells,
                                          .bytes_before = stat.file_bytes};
    return 0;
}

/* -- what is not runs ------------------------------------------------------------------------ */

/* Tables whose records do not name anything by an id that the copy changes: they are copied as they
 * are, their checksums too. */
static const char tables[] = "abo";

static int copy_table(struct compaction *job, struct kv_txn *txn, char tag,
                      struct pace_error *error)
{
    struct key start = {.len = 1, .bytes = {(unsigned char)tag}};
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    int rc = kv_cursor_open(job->snapshot->txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_seek(cursor, &start, error, &found, &value);
    while (!rc && key_begins(found.data, found.len, &start)) {
        struct key key = {.len = found.len};
        memcpy(key.bytes, found.data, found.len);
        rc = kv_put(txn, &key, value.data, value.len, error);
        if (!rc) rc = kv_cursor_next(cursor, error, &found, &value);
    }
    kv_cursor_close(cursor);
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

/* The numbers of runs that are not in the copy. */
static int put_gaps(struct compaction *job, struct kv_txn *txn, struct pace_error *error)
{
    const unsigned char *taken = job->copy.taken;
    uint64_t runs = job->snapshot->head.runs, first = 0;
    int rc = 0;
    for (uint64_t run = 1; !rc && run <= runs + 1; run++) {
        int is_there = run > runs || taken[run / 8] >> run % 8 & 1;
        if (!is_there && !first) first = run;
        if (is_there && first) {
            rc = index_put_gap(txn, first, run - 1, error);
            first = 0;
        }
    }
    return rc;
}

static int finish_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct compaction *job = context;
    const struct head *old = &job->snapshot->head;
    struct index_tail tail = {0};
    struct head head;
    int rc = head_load(txn, error, &head);
    for (size_t i = 0; !rc && tables[i]; i++)
        rc = copy_table(job, txn, tables[i], error);
    if (!rc) rc = put_gaps(job, txn, error);
    /* The last runs may be gaps, and the tail has none. */
    if (!rc) rc = index_tail_load(txn, &head, &tail, error);
    head.runs = old->runs;
    if (!rc) rc = index_settle_all(txn, &head, &tail, error);
    index_tail_free(&tail);
    if (rc) return rc;
    head.marks = old->marks;
    head.undone = old->undone;
    head.objects = old->objects;
    return head_store(txn, &head, error);
}

/* -- folding all ----------------------------------------------------------------------------- */

enum { BATCH_CELLS = 1 << 20 }; /* folded a transaction: 8 MiB, and as much when it is written */

struct folding_all {
    struct fold_whole whole;
    uint32_t stream; /* where the last batch that lasted came to */
    struct fold_whole_at at;
    uint32_t next_stream; /* the same of the batch in hand */
    struct fold_whole_at next_at;
    uint32_t streams;
};

static int fold_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct folding_all *all = context;
    struct head head;
    uint64_t cells = BATCH_CELLS;
    int rc = head_load(txn, error, &head);
    if (!rc) rc = head_read_bits(txn, error, &all->whole.fold.forms);
    if (rc) return rc;
    all->streams = head.streams;
    all->whole.last_run = head.runs;
    all->next_stream = all->stream;
    all->next_at = all->at;
    while (!rc && all->next_stream < all->streams && cells > 0) {
        struct stream_record record;
        rc = stream_load(txn, all->next_stream, error, &record);
        if (!rc)
            rc = fold_whole_step(&all->whole, txn, all->next_stream, &record, &all->next_at, &cells,
                                 error);
        if (!rc) rc = stream_store(txn, all->next_stream, &record, error);
        if (rc || !all->next_at.done) continue;
        all->next_stream++;
        all->next_at = (struct fold_whole_at){0};
        cells -= cells > 0; /* streams without work are not for nothing */
    }
    return rc;
}

static int fold_streams(pace *work, struct pace_error *error)
{
    struct folding_all all = {.streams = 1};
    fold_whole_init(&all.whole, &work->limits);
    int rc = 0;
    while (!rc && all.stream < all.streams) {
        rc = store_write(work, 0, fold_batch, &all, error);
        all.stream = all.next_stream;
        all.at = all.next_at;
    }
    fold_whole_free(&all.whole);
    return rc;
}

/* -- writing it anew ------------------------------------------------------------------------- */

static int write_work(struct compaction *job, pace *work, struct pace_error *error)
{
    int rc = go_over(job, work, error);
    return rc ? rc : store_write(work, 0, finish_batch, job, error);
}

/* Makes the new store. One whose runs all stay is copied as it is, unless it was made before there
 * were all forms of records that there are. */
static int write_target(struct compaction *job, struct pace_error *error)
{
    pace *work;
    uint64_t bytes = 0;
    int all_stay = job->result.runs_dropped == 0 && job->result.cells_dropped == 0;
    uint64_t forms = 0;
    int rc = head_read_bits(job->snapshot->txn, error, &forms);
    all_stay &= forms == FORMAT_READ_BITS;
    if (!rc && all_stay) rc = pace_backup(job->store, job->work, 0, error, &bytes);
    if (!rc) rc = pace_open(job->work, all_stay ? 0 : PACE_CREATE, NULL, error, &work);
    if (rc) return rc;
    if (!all_stay) rc = write_work(job, work, error);
    if (!rc) rc = fold_streams(work, error);
    if (!rc) rc = dense_copy(work->kv, job->full, work->timeout_ms, error);
    pace_close(work);
    if (!rc) rc = pace_open(job->full, 0, NULL, error, &work);
    if (rc) return rc;
    rc = pace_backup(work, job->target, 0, error, &bytes);
    pace_close(work);
    job->result.bytes_after = bytes;
    return rc;
}

static int check_target(struct compaction *job, struct pace_error *error)
{
    struct pace_verified seen;
    struct pace_error own = {0};
    int rc = pace_verify(job->target, NULL, NULL, &own, &seen);
    if (rc)
        return error_set(error, rc, "the copy is not good, and was thrown away: %.400s",
                         own.message);
    if (seen.runs == job->result.runs && seen.cells == job->result.cells) return 0;
    return error_set(error, PACE_EIO, "the copy has other runs than expected, and was thrown away");
}

static int run_compaction(struct compaction *job, struct pace_error *error)
{
    const struct pace_compact_options *options = job->options;
    int in_place = !options->to;
    int rc = pace_snapshot_begin(job->store, error, &job->snapshot);
    if (rc) return rc;
    rc = go_over(job, NULL, error);
    copy_free(&job->copy);
    if (!rc && !options->dry_run) {
        if (in_place) remove_store(job->target);
        remove_store(job->work);
        remove_store(job->full);
        rc = write_target(job, error);
        copy_free(&job->copy);
        remove_store(job->work);
        remove_store(job->full);
        if (!rc) rc = check_target(job, error);
    }
    pace_snapshot_end(job->snapshot);
    if (!rc && in_place && !options->dry_run)
        rc = kv_replace(job->store->kv, NEW_NAME "/" KV_DATA, job->store->timeout_ms, error);
    if (!options->dry_run && (in_place || (rc && rc != EEXIST))) remove_store(job->target);
    return rc;
}

/* Options of a caller that may have been compiled with another version of the header. */
static int read_options(const struct pace_compact_options *given, struct pace_error *error,
                        struct pace_compact_options *options)
{
    *options = (struct pace_compact_options){.struct_size = sizeof *options};
    if (!given) return 0;
    size_t size = given->struct_size < sizeof *options ? given->struct_size : sizeof *options;
    if (size < sizeof given->struct_size)
        return error_set(error, PACE_EMISUSE, "pace_compact_options: struct_size is not set");
    memcpy(options, given, size);
    return 0;
}

int pace_compact(const char *path, const struct pace_compact_options *given,
                 struct pace_error *error, struct pace_compacted *out)
{
    struct pace_compact_options options;
    struct compaction *job = calloc(1, sizeof *job);
    if (!job) return error_memory(error);
    int rc = read_options(given, error, &options), held = 0;
    int in_place = !options.to && !options.dry_run;
    job->options = &options;
    if (!rc) rc = pace_open(path, in_place ? 0 : PACE_READONLY, NULL, error, &job->store);
    if (!rc && in_place) rc = store_check_writable(job->store, error);
    if (!rc && in_place) {
        rc = kv_hold(job->store->kv, job->store->timeout_ms, error);
        held = rc == 0;
    }
    if (!rc && !options.dry_run) rc = name_directories(job, error);
    if (!rc) rc = run_compaction(job, error);
    if (held) kv_release(job->store->kv);
    pace_close(job->store);
    if (!rc && out) *out = job->result;
    free(job);
    return rc;
}
