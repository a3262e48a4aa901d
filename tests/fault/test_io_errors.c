/* test_io_errors.c -- system call 1, 2, 3... on files fails, of the library and of LMDB alike
 * (sweep.h): a reading or writing error, a full disk, a short write, no memory for a map.
 * PACE_SWEEP=0 takes all of them, PACE_SEED repeats a choice. */
#include "sweep.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum manner { READING_AND_WRITING, FULL_DISK, SHORT_WRITE, MANNERS };

/* What a call does. */
enum kind { WRITES = 1, READS = 2, FLUSHES = 4, MAPS = 8, NAMES = 16, LOCKS = 32, SIZES = 64 };

static const struct {
    unsigned kinds;
    int error;
} manners[MANNERS] = {
    [READING_AND_WRITING] = {WRITES | READS | FLUSHES | NAMES | LOCKS | SIZES, EIO},
    [FULL_DISK] = {WRITES | FLUSHES | MAPS | NAMES | SIZES, ENOSPC},
    [SHORT_WRITE] = {WRITES, 0},
};

static int fails(enum kind kind)
{
    if (!sweep || !sweep->armed || !(manners[sweep->manner].kinds & (unsigned)kind) ||
        !sweep_strikes())
        return 0;
    errno = kind == MAPS ? ENOMEM : manners[sweep->manner].error;
    return 1;
}

/* LMDB's library must see them too. */
#pragma GCC visibility push(default)

/* The C library's own names, which its headers may have made macros or inline functions of. */
#define SHIM(type, name, parameters)                                                               \
    type shim_##name parameters __asm__(#name);                                                    \
    type shim_##name parameters

/* A write of which only half is done, as on a disk that fills up. */
#define WRITE(half, whole)                                                                         \
    if (!fails(WRITES)) return (ssize_t)(whole);                                                   \
    return sweep->manner == SHORT_WRITE ? (ssize_t)(half) : -1

SHIM(ssize_t, write, (int fd, const void *data, size_t len))
{
    WRITE(syscall(SYS_write, fd, data, len / 2), syscall(SYS_write, fd, data, len));
}

SHIM(ssize_t, pwrite, (int fd, const void *data, size_t len, off_t at))
{
    WRITE(syscall(SYS_pwrite64, fd, data, len / 2, at), syscall(SYS_pwrite64, fd, data, len, at));
}

SHIM(ssize_t, writev, (int fd, const struct iovec *parts, int count))
{
    WRITE(syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2),
          syscall(SYS_writev, fd, parts, count));
}

SHIM(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at))
{
    WRITE(syscall(SYS_pwrite64, fd, parts[0].iov_base, parts[0].iov_len / 2, at),
          syscall(SYS_pwritev, fd, parts, count, at, at >> 32));
}

SHIM(ssize_t, pread, (int fd, void *data, size_t len, off_t at))
{
    return fails(READS) ? -1 : (ssize_t)syscall(SYS_pread64, fd, data, len, at);
}

SHIM(int, fsync, (int fd))
{
    return fails(FLUSHES) ? -1 : (int)syscall(SYS_fsync, fd);
}

SHIM(int, fdatasync, (int fd))
{
    return fails(FLUSHES) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

SHIM(int, ftruncate, (int fd, off_t len))
{
    return fails(SIZES) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

SHIM(void *, mmap, (void *at, size_t len, int protection, int flags, int fd, off_t from))
{
    if (fails(MAPS)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, len, protection, flags, fd, from);
}

static unsigned mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, unsigned) : 0;
}

SHIM(int, open, (const char *path, int flags, ...))
{
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(NAMES) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

SHIM(int, openat, (int directory, const char *path, int flags, ...))
{
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = mode_of(flags, arguments);
    va_end(arguments);
    return fails(NAMES) ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

SHIM(int, renameat, (int from, const char *old, int to, const char *new))
{
    return fails(NAMES) ? -1 : (int)syscall(SYS_renameat, from, old, to, new);
}

SHIM(int, mkdirat, (int directory, const char *path, mode_t mode))
{
    return fails(NAMES) ? -1 : (int)syscall(SYS_mkdirat, directory, path, mode);
}

SHIM(int, mkdir, (const char *path, mode_t mode))
{
    return fails(NAMES) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

SHIM(int, flock, (int fd, int operation))
{
    return fails(LOCKS) ? -1 : (int)syscall(SYS_flock, fd, operation);
}

SHIM(int, fcntl, (int fd, int command, ...))
{
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    int locks = command == F_SETLK || command == F_SETLKW || command == F_GETLK;
    return locks && fails(LOCKS) ? -1 : (int)syscall(SYS_fcntl, fd, command, argument);
}

#pragma GCC visibility pop

static void test_reading_and_writing_errors(void **state)
{
    (void)state;
    /* A page that cannot be read is damaged. */
    assert_int_equal(sweep_all(READING_AND_WRITING, 0, 1), 0);
    assert_int_equal(sweep_all(READING_AND_WRITING, 1, 1), 0);
}

static void test_full_disk(void **state)
{
    (void)state;
    assert_int_equal(sweep_all(FULL_DISK, 0, 0), 0);
    assert_int_equal(sweep_all(FULL_DISK, 1, 0), 0);
}

static void test_short_writes(void **state)
{
    (void)state;
    assert_int_equal(sweep_all(SHORT_WRITE, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading_and_writing_errors),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_short_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
