/* test_lmdb_errors.c -- call 1, 2, 3... into LMDB returns an error, each time another of those that
 * it has (sweep.h): whatever it is, the caller gets a code and a message, nothing stays open, and
 * the store is good. What a missing key means is the matter of test_damaged_keys. PACE_SEED repeats
 * a choice. */
#include "sweep.h"

#include <dlfcn.h>
#include <errno.h>
#include <lmdb.h>

static const int codes[] = {
    MDB_MAP_FULL,
    MDB_MAP_RESIZED,
    MDB_READERS_FULL,
    MDB_TXN_FULL,
    MDB_BAD_TXN,
    MDB_CORRUPTED,
    MDB_PANIC,
    MDB_BAD_RSLOT,
    MDB_INVALID,
    MDB_KEYEXIST,
    MDB_BAD_DBI,
    MDB_CURSOR_FULL,
    ENOSPC,
    EIO,
    ENOMEM,
    EACCES,
    EAGAIN,
    EFBIG,
    EROFS,
    MDB_PAGE_FULL,
    MDB_BAD_VALSIZE,
    MDB_DBS_FULL,
    MDB_TLS_FULL,
    MDB_INCOMPATIBLE,
    EBUSY,
    EINVAL,
    EPERM,
    MDB_PAGE_NOTFOUND,
    MDB_VERSION_MISMATCH,
};
enum { CODES = sizeof codes / sizeof *codes, ROUNDS = 2 };

/* The code that this call returns, or 0. */
static int strikes(void)
{
    if (!sweep_strikes()) return 0;
    return codes[(size_t)(sweep->strike_at + sweep->manner * CODES / ROUNDS) % CODES];
}

/* The real function. */
static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

#define SHIM(name, parameters, arguments)                                                          \
    int name parameters                                                                            \
    {                                                                                              \
        int(*whole) parameters;                                                                    \
        *(void **)&whole = real(#name);                                                            \
        int code = strikes();                                                                      \
        return code ? code : whole arguments;                                                      \
    }

SHIM(mdb_env_create, (MDB_env * *env), (env))
SHIM(mdb_env_open, (MDB_env * env, const char *path, unsigned flags, mdb_mode_t mode),
     (env, path, flags, mode))
SHIM(mdb_env_set_mapsize, (MDB_env * env, size_t size), (env, size))
SHIM(mdb_env_set_maxreaders, (MDB_env * env, unsigned readers), (env, readers))
SHIM(mdb_env_info, (MDB_env * env, MDB_envinfo *info), (env, info))
SHIM(mdb_env_get_fd, (MDB_env * env, mdb_filehandle_t *fd), (env, fd))
SHIM(mdb_env_copyfd2, (MDB_env * env, mdb_filehandle_t fd, unsigned flags), (env, fd, flags))
SHIM(mdb_reader_check, (MDB_env * env, int *dead), (env, dead))
SHIM(mdb_txn_begin, (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **txn),
     (env, parent, flags, txn))
SHIM(mdb_dbi_open, (MDB_txn * txn, const char *name, unsigned flags, MDB_dbi *dbi),
     (txn, name, flags, dbi))
SHIM(mdb_stat, (MDB_txn * txn, MDB_dbi dbi, MDB_stat *stat), (txn, dbi, stat))
SHIM(mdb_get, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value), (txn, dbi, key, value))
SHIM(mdb_put, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags),
     (txn, dbi, key, value, flags))
SHIM(mdb_del, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value), (txn, dbi, key, value))
SHIM(mdb_cursor_open, (MDB_txn * txn, MDB_dbi dbi, MDB_cursor **cursor), (txn, dbi, cursor))
SHIM(mdb_cursor_get, (MDB_cursor * cursor, MDB_val *key, MDB_val *value, MDB_cursor_op move),
     (cursor, key, value, move))

/* A commit that fails ends its transaction all the same. */
int mdb_txn_commit(MDB_txn *txn)
{
    int (*whole)(MDB_txn *);
    *(void **)&whole = real("mdb_txn_commit");
    int code = strikes();
    if (!code) return whole(txn);
    mdb_txn_abort(txn);
    return code;
}

static void test_each_code(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++)
        assert_int_equal(sweep_all(round, 0, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_code)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
