/* index.c -- see index.h. */
#include "index.h"
#include "error.h"

#include <string.h>

_Static_assert(sizeof(struct run_place) + PACE_MAX_RUN_ID <= KV_STRUCT_MAX, "fits a record");

struct position run_position(const struct run_place *place, uint64_t run)
{
    return (struct position){.time_ns = place->time_ns, .ordinal = place->ordinal, .run = run};
}

int index_put_run(struct kv_txn *txn, uint64_t run, const struct run_place *place, const char *id,
                  struct pace_error *error)
{
    unsigned char body[sizeof *place + PACE_MAX_RUN_ID];
    size_t len = strlen(id);
    memcpy(body, place, sizeof *place);
    memcpy(body + sizeof *place, id, len);
    struct key key = key_run(run);
    return kv_put_struct(txn, &key, body, sizeof *place + len, error);
}

int index_get_run(struct kv_txn *txn, uint64_t run, struct pace_error *error,
                  struct run_place *place, struct kv_slice *id)
{
    struct key key = key_run(run);
    struct kv_slice body;
    int rc = kv_get_sealed(txn, &key, "the index of runs", error, &body);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (rc || body.len <= sizeof *place || body.len > sizeof *place + PACE_MAX_RUN_ID)
        return error_damaged(error, "%s: the index entry of run %llu", kv_path(txn),
                             (unsigned long long)run);
    memcpy(place, body.data, sizeof *place);
    if (id) {
        *id = (struct kv_slice){.data = body.data + sizeof *place, .len = body.len - sizeof *place};
    }
    return 0;
}

static struct key identity_key(const char *id)
{
    return key_identity(seal_digest(id, strlen(id)));
}

int index_put_identity(struct kv_txn *txn, const char *id, const struct run_identity *identity,
                       struct pace_error *error)
{
    struct key key = identity_key(id);
    return kv_put_struct(txn, &key, identity, sizeof *identity, error);
}

int index_get_identity(struct kv_txn *txn, const char *id, struct pace_error *error,
                       struct run_identity *identity)
{
    struct key key = identity_key(id);
    return kv_get_struct(txn, &key, "the index of run ids", error, identity, sizeof *identity);
}

int index_put_commit(struct kv_txn *txn, struct head *head, const char *commit, uint64_t run,
                     struct pace_error *error)
{
    struct key key = key_commit(commit, strlen(commit), run);
    head->commits++;
    return kv_put_struct(txn, &key, "", 0, error);
}
