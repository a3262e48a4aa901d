/* branch.c -- see branch.h. */
#include "branch.h"
#include "error.h"

#include <string.h>

_Static_assert(sizeof(struct start_record) + PACE_MAX_COMMIT <= KV_STRUCT_MAX, "fits a record");

static int damaged(struct kv_txn *txn, uint32_t branch, const char *what, struct pace_error *error)
{
    return error_damaged(error, "%s: the %s of branch %u", kv_path(txn), what, branch);
}

/* -- the record of a branch -------------------------------------------------------------------- */

/* PACE_ENOTFOUND while a batch that brings the name has not come so far. */
static int record_load(struct kv_txn *txn, uint32_t branch, struct pace_error *error,
                       struct branch_record *out)
{
    struct key key = key_branch(branch);
    return kv_get_optional_struct(txn, &key, "the record of a branch", error, out, sizeof *out);
}

static int record_store(struct kv_txn *txn, uint32_t branch, const struct branch_record *record,
                        struct pace_error *error)
{
    struct key key = key_branch(branch);
    return kv_put_struct(txn, &key, record, sizeof *record, error);
}

static int record_of_old(struct kv_txn *txn, uint32_t branch, struct pace_error *error,
                         struct branch_record *out)
{
    int rc = record_load(txn, branch, error, out);
    return rc == PACE_ENOTFOUND ? damaged(txn, branch, "record", error) : rc;
}

int branch_add_stream(struct kv_txn *txn, uint32_t branch, struct pace_error *error)
{
    struct branch_record record = {0};
    int rc = record_load(txn, branch, error, &record);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    record.streams++;
    return record_store(txn, branch, &record, error);
}

/* -- the streams of a branch ------------------------------------------------------------------- */

struct walk {
    struct kv_txn *txn;
    uint32_t branch, seen;
    int (*visit)(void *context, uint32_t stream, struct pace_error *error);
    void *context;
};

static int walk_streams(struct walk *walk, struct kv_cursor *cursor, struct pace_error *error)
{
    struct kv_slice key, value;
    struct key prefix = key_stream_branch(walk->branch);
    int rc = kv_cursor_seek(cursor, &prefix, error, &key, &value);
    while (!rc && key_begins(key.data, key.len, &prefix)) {
        uint32_t stream;
        if (value.len != SEAL_BYTES + sizeof stream ||
            !seal_good(value.data, value.len, key.data, key.len))
            return damaged(walk->txn, walk->branch, "streams", error);
        memcpy(&stream, value.data + SEAL_BYTES, sizeof stream);
        walk->seen++;
        rc = walk->visit(walk->context, stream, error);
        if (rc) return rc;
        rc = kv_cursor_next(cursor, error, &key, &value);
    }
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

int branch_streams(struct kv_txn *txn, uint32_t branch, struct pace_error *error,
                   int (*visit)(void *context, uint32_t stream, struct pace_error *error),
                   void *context)
{
    struct branch_record record;
    struct kv_cursor *cursor;
    struct walk walk = {.txn = txn, .branch = branch, .visit = visit, .context = context};
    int rc = record_of_old(txn, branch, error, &record);
    if (!rc) rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    rc = walk_streams(&walk, cursor, error);
    kv_cursor_close(cursor);
    if (!rc && walk.seen != record.streams) return damaged(txn, branch, "streams", error);
    return rc;
}

static int ignore_stream(void *context, uint32_t stream, struct pace_error *error)
{
    (void)context, (void)stream, (void)error;
    return 0;
}

int branch_stream(struct kv_txn *txn, uint32_t project, uint32_t branch, uint32_t testbed,
                  struct pace_error *error, uint32_t *stream)
{
    int rc = stream_find(txn, project, branch, testbed, error, stream);
    if (rc != PACE_ENOTFOUND) return rc;
    rc = branch_streams(txn, branch, error, ignore_stream, NULL);
    return rc ? rc : PACE_ENOTFOUND;
}

/* -- start points ------------------------------------------------------------------------------ */

/* The number of versions, or PACE_ENOTFOUND: none in this project. */
static int versions_load(struct kv_txn *txn, uint32_t project, uint32_t branch,
                         struct pace_error *error, uint32_t *versions)
{
    struct key key = key_starts(branch, project);
    return kv_get_optional_struct(txn, &key, "a start point", error, versions, sizeof *versions);
}

/* None in this project: then as many projects must have one as the branch's record says. */
static int confirm_none(struct kv_txn *txn, uint32_t branch, struct pace_error *error)
{
    struct branch_record record;
    struct kv_cursor *cursor;
    struct kv_slice key, value;
    uint32_t seen = 0;
    int rc = record_of_old(txn, branch, error, &record);
    if (rc || record.projects == 0) return rc;
    rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    struct key prefix = key_starts_branch(branch);
    rc = kv_cursor_seek(cursor, &prefix, error, &key, &value);
    while (!rc && key_begins(key.data, key.len, &prefix)) {
        seen++;
        rc = kv_cursor_next(cursor, error, &key, &value);
    }
    kv_cursor_close(cursor);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    return seen == record.projects ? 0 : damaged(txn, branch, "start points", error);
}

static int version_load(struct kv_txn *txn, uint32_t project, uint32_t branch, uint32_t version,
                        struct pace_error *error, struct start *out)
{
    struct key key = key_start(branch, project, version);
    struct kv_slice body;
    int rc = kv_get_sealed(txn, &key, "a start point", error, &body);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (rc || body.len < sizeof out->record) return damaged(txn, branch, "start point", error);
    memcpy(&out->record, body.data, sizeof out->record);
    if (body.len != sizeof out->record + out->record.commit_len)
        return damaged(txn, branch, "start point", error);
    out->commit = (const char *)body.data + sizeof out->record;
    out->version = version;
    return 0;
}

/* The newest version, also of one that was taken back. */
static int newest_load(struct kv_txn *txn, uint32_t project, uint32_t branch,
                       struct pace_error *error, struct start *out)
{
    uint32_t versions;
    int rc = versions_load(txn, project, branch, error, &versions);
    if (rc == PACE_ENOTFOUND) {
        rc = confirm_none(txn, branch, error);
        return rc ? rc : PACE_ENOTFOUND;
    }
    return rc ? rc : version_load(txn, project, branch, versions, error, out);
}

int start_load(struct kv_txn *txn, uint32_t project, uint32_t branch, struct pace_error *error,
               struct start *out)
{
    int rc = newest_load(txn, project, branch, error, out);
    return !rc && out->record.parent == START_TAKEN_BACK ? PACE_ENOTFOUND : rc;
}

/* -- setting one ------------------------------------------------------------------------------- */

/* Follows the chain of a parent that is to be. */
static int check_chain(struct kv_txn *txn, uint32_t project, uint32_t branch,
                       const struct start_wish *wish, uint32_t parent, struct pace_error *error)
{
    struct start start;
    for (unsigned depth = 1; depth <= PACE_MAX_LINEAGE; depth++) {
        if (parent == branch)
            return error_set(
                error, PACE_EMISUSE,
                "the branch cannot start from '%.200s', which is itself or starts from it",
                wish->parent.text);
        int rc = start_load(txn, project, parent, error, &start);
        if (rc) return rc == PACE_ENOTFOUND ? 0 : rc;
        parent = start.record.parent;
    }
    return ERROR_LIMIT(error, PACE_MAX_LINEAGE, "the chain of start points");
}

static int is_same(const struct start *start, uint32_t parent, const struct start_wish *wish)
{
    size_t len = strlen(wish->commit);
    return start->record.parent == parent && start->record.commit_len == len &&
           start->record.time_ns == wish->time_ns && memcmp(start->commit, wish->commit, len) == 0;
}

int branch_ensure(struct kv_txn *txn, uint32_t branch, struct pace_error *error)
{
    struct branch_record record;
    int rc = record_load(txn, branch, error, &record);
    if (rc != PACE_ENOTFOUND) return rc;
    record = (struct branch_record){0};
    return record_store(txn, branch, &record, error);
}

static int put_version(struct kv_txn *txn, uint32_t project, uint32_t branch, uint32_t parent,
                       uint32_t version, const struct start_wish *wish, struct pace_error *error)
{
    unsigned char body[sizeof(struct start_record) + PACE_MAX_COMMIT];
    struct start_record record = {.parent = parent,
                                  .commit_len = (uint32_t)strlen(wish->commit),
                                  .time_ns = wish->time_ns,
                                  .created_ns = head_now_ns()};
    memcpy(body, &record, sizeof record);
    memcpy(body + sizeof record, wish->commit, record.commit_len);
    struct key key = key_start(branch, project, version);
    int rc = kv_put_struct(txn, &key, body, sizeof record + record.commit_len, error);
    key = key_starts(branch, project);
    if (!rc) rc = kv_put_struct(txn, &key, &version, sizeof version, error);
    if (rc || version > 1) return rc;
    struct branch_record own;
    rc = record_of_old(txn, branch, error, &own);
    own.projects++;
    return rc ? rc : record_store(txn, branch, &own, error);
}

int start_append(struct kv_txn *txn, struct catalogue *catalogue, struct head *head,
                 uint32_t project, uint32_t branch, const struct start_wish *wish,
                 struct pace_error *error)
{
    uint32_t parent = START_TAKEN_BACK;
    struct start newest = {0};
    int rc = branch_ensure(txn, branch, error);
    if (!rc && wish->parent.text[0]) {
        rc = names_find(txn, PACE_BRANCH, wish->parent.text, wish->parent.len, wish->parent.hash,
                        error, &parent);
        if (rc && rc != PACE_ENOTFOUND) return rc;
        rc = rc ? 0 : check_chain(txn, project, branch, wish, parent, error);
        if (!rc)
            rc = catalogue_name(catalogue, txn, head, PACE_BRANCH, &wish->parent, error, &parent);
        if (!rc) rc = branch_ensure(txn, parent, error);
    }
    if (rc) return rc;
    rc = newest_load(txn, project, branch, error, &newest);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (!rc && is_same(&newest, parent, wish)) return 0;
    if (rc && parent == START_TAKEN_BACK) return 0; /* there was none */
    if (newest.version == UINT32_MAX)
        return error_set(error, PACE_ELIMIT, "the start point was set too often");
    return put_version(txn, project, branch, parent, newest.version + 1, wish, error);
}
