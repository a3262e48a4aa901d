/* head.c -- see head.h. */
#include "head.h"
#include "error.h"

#include <string.h>
#include <time.h>

int64_t head_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int head_create(struct kv_txn *txn, struct pace_error *error)
{
    struct format format = {
        .magic = FORMAT_MAGIC,
        .version = FORMAT_VERSION,
        .read_bits = FORMAT_READ_BITS,
        .write_bits = FORMAT_WRITE_BITS,
        .created_ns = head_now_ns(),
    };
    struct head head = {0};
    struct key key = key_format();
    int rc = kv_put_struct(txn, &key, &format, sizeof format, error);
    return rc ? rc : head_store(txn, &head, error);
}

static int load_format(struct kv_txn *txn, struct pace_error *error, struct format *out)
{
    struct key key = key_format();
    return kv_get_struct(txn, &key, "the format record", error, out, sizeof *out);
}

int head_read_bits(struct kv_txn *txn, struct pace_error *error, uint64_t *bits)
{
    struct format format;
    int rc = load_format(txn, error, &format);
    if (rc == PACE_ENOTFOUND) return error_damaged(error, "%s: the format record", kv_path(txn));
    if (!rc) *bits = format.read_bits & ~FORMAT_JOURNAL;
    return rc;
}

int head_mark_journal(struct kv_txn *txn, int there, struct pace_error *error)
{
    struct format format;
    struct key key = key_format();
    int rc = load_format(txn, error, &format);
    if (rc == PACE_ENOTFOUND) return error_damaged(error, "%s: the format record", kv_path(txn));
    if (rc) return rc;
    format.read_bits &= ~FORMAT_JOURNAL;
    if (there) format.read_bits |= FORMAT_JOURNAL;
    return kv_put_struct(txn, &key, &format, sizeof format, error);
}

/* A database of something else, or a store whose format record a damaged key hides. */
static int no_format(struct kv_txn *txn, struct pace_error *error)
{
    struct head head;
    if (head_load(txn, NULL, &head) == 0)
        return error_damaged(error, "%s: the format record", kv_path(txn));
    return error_set(error, PACE_ENOSTORE, "%s is a database, but not a store", kv_path(txn));
}

int head_check_format(struct kv_txn *txn, struct pace_error *error, int *readonly)
{
    struct format format;
    int rc = load_format(txn, error, &format);
    if (rc == PACE_ENOTFOUND) return no_format(txn, error);
    if (rc) return rc;
    if (memcmp(format.magic, FORMAT_MAGIC, sizeof format.magic) != 0)
        return error_set(error, PACE_ENOSTORE, "%s is not a store", kv_path(txn));
    if (format.version < FORMAT_VERSION)
        return error_set(error, PACE_EFORMAT,
                         "%s has format %u, of a pace before its first release; pace %s reads "
                         "format %d: make a new store and load the history again",
                         kv_path(txn), format.version, pace_version(), FORMAT_VERSION);
    uint64_t unknown = format.read_bits & ~(FORMAT_READ_BITS | FORMAT_JOURNAL);
    if (format.version != FORMAT_VERSION || unknown)
        return error_set(
            error, PACE_EFORMAT,
            "%s has format %u with features %#llx; pace %s reads format %d with %#llx: "
            "use a newer pace",
            kv_path(txn), format.version, (unsigned long long)format.read_bits, pace_version(),
            FORMAT_VERSION, (unsigned long long)(FORMAT_READ_BITS | FORMAT_JOURNAL));
    *readonly = (format.write_bits & ~FORMAT_WRITE_BITS) != 0;
    return 0;
}

int head_load(struct kv_txn *txn, struct pace_error *error, struct head *out)
{
    struct key key = key_head();
    int rc = kv_get_struct(txn, &key, "the head record", error, out, sizeof *out);
    return rc == PACE_ENOTFOUND ? error_damaged(error, "%s: the head record", kv_path(txn)) : rc;
}

int head_store(struct kv_txn *txn, const struct head *head, struct pace_error *error)
{
    struct key key = key_head();
    return kv_put_struct(txn, &key, head, sizeof *head, error);
}
