/* damage.h -- for tests that damage stores: whole files read and written, places in them at
 * random. */
#ifndef PACE_TEST_DAMAGE_H
#define PACE_TEST_DAMAGE_H

#include "store_help.h"

#include <fcntl.h>

/* The caller frees what is given. */
static inline unsigned char *damage_read(const char *path, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    unsigned char *data = malloc((size_t)st.st_size + 1);
    assert_non_null(data);
    assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
    close(fd);
    *len = (size_t)st.st_size;
    return data;
}

static inline void damage_write(const char *path, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

/* A number below n, by splitmix64. */
static inline size_t damage_below(uint64_t *random_state, size_t n)
{
    uint64_t z = *random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (size_t)((z ^ z >> 31) % n);
}

#endif
