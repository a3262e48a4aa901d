/* store.c -- opening and closing a store; see store.h. */
#include "store.h"
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

enum { WRITE_TIMEOUT_MS = 10000 };

/* Options of a caller that may have been compiled with another version of the header. */
static int read_options(const struct pace_options *given, struct pace_error *error,
                        struct pace_options *options)
{
    *options = (struct pace_options){.struct_size = sizeof *options};
    if (given) {
        size_t size = given->struct_size < sizeof *options ? given->struct_size : sizeof *options;
        if (size < sizeof given->struct_size)
            return error_set(error, PACE_EMISUSE, "pace_options: struct_size is not set");
        memcpy(options, given, size);
    }
    if (!options->write_timeout_ms) options->write_timeout_ms = WRITE_TIMEOUT_MS;
    return 0;
}

static int fill_new(struct kv_txn *txn, void *context, struct pace_error *error)
{
    (void)context;
    return head_create(txn, error);
}

/* Reads the format; decides whether this handle may write. */
static int check_format(struct pace *store, unsigned flags, struct pace_error *error)
{
    struct kv_txn *txn;
    struct head head;
    int unknown_write_bit = 0;
    int rc = kv_read_begin(store->kv, store->timeout_ms, error, &txn);
    if (rc) return rc;
    rc = head_check_format(txn, error, &unknown_write_bit);
    if (!rc) rc = head_read_bits(txn, error, &store->forms);
    if (!rc) rc = head_load(txn, error, &head);
    kv_read_end(txn);
    if (rc) return rc;
    if (unknown_write_bit) store->readonly_why = "a newer pace wrote it; this one can only read it";
    if (!kv_writable(store->kv)) store->readonly_why = "this user may not write its data file";
    if (flags & PACE_READONLY) store->readonly_why = "it was opened read-only";
    store->readonly = store->readonly_why != NULL;
    return 0;
}

int pace_open(const char *path, unsigned flags, const struct pace_options *given,
              struct pace_error *error, pace **out)
{
    struct pace_options options;
    if (!path || !path[0] || (flags & ~(unsigned)(PACE_READONLY | PACE_CREATE)) ||
        (flags & PACE_READONLY && flags & PACE_CREATE))
        return error_set(error, PACE_EMISUSE, "pace_open: no path, or flags that contradict");
    int rc = read_options(given, error, &options);
    if (rc) return rc;
    struct pace *store = calloc(1, sizeof *store);
    if (!store) return error_memory(error);
    catalogue_init(&store->catalogue);
    store->limits = fold_limits_default;
    store->tail_runs = INDEX_TAIL_RUNS;
    handles_init(&store->handles);
    store->timeout_ms = options.write_timeout_ms;
    store->path = strdup(path);
    struct kv_options kv_options = {.map_size = options.map_size,
                                    .timeout_ms = options.write_timeout_ms,
                                    .create = (flags & PACE_CREATE) != 0,
                                    .fill = {.run = fill_new},
                                    .mark = head_mark_journal};
    rc = store->path ? kv_open(path, &kv_options, error, &store->kv) : error_memory(error);
    if (!rc) rc = check_format(store, flags, error);
    if (rc) {
        pace_close(store);
        return rc;
    }
    *out = store;
    return 0;
}

void pace_close(pace *store)
{
    if (!store) return;
    kv_close(store->kv);
    catalogue_clear(&store->catalogue);
    snapshot_spare_free(atomic_load(&store->spare_tail));
    handles_free(&store->handles);
    free(store->path);
    free(store);
}

const char *pace_path(const pace *store)
{
    return store->path;
}

int store_check_writable(const struct pace *store, struct pace_error *error)
{
    int rc = kv_check(store->kv, error);
    if (rc) return rc;
    if (store->readonly)
        return error_set(error, PACE_EREADONLY, "%s: cannot write: %s", store->path,
                         store->readonly_why);
    return 0;
}

struct batch {
    struct pace *store;
    int (*run)(struct kv_txn *txn, void *context, struct pace_error *error);
    void *context;
};

static int run_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct batch *batch = context;
    return batch->run(txn, batch->context, error);
}

static void finish_batch(void *context, int committed)
{
    struct catalogue *catalogue = &((struct batch *)context)->store->catalogue;
    if (committed)
        catalogue_trim(catalogue);
    else
        catalogue_clear(catalogue);
}

int store_write(struct pace *store, int is_little,
                int (*run)(struct kv_txn *txn, void *context, struct pace_error *error),
                void *context, struct pace_error *error)
{
    int rc = store_check_writable(store, error);
    if (rc) return rc;
    struct batch batch = {.store = store, .run = run, .context = context};
    struct kv_work work = {
        .run = run_batch, .finish = finish_batch, .context = &batch, .is_little = is_little};
    return kv_write(store->kv, store->timeout_ms, &work, error);
}
