/* grow.h -- an array that grows, whatever its type. Pure. */
#ifndef PACE_GROW_H
#define PACE_GROW_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `count` elements of `size` bytes in the array that *array points to (the address
 * of a pointer of any type); false, and nothing changed, when there is no memory. */
static inline bool grow(void *array, size_t count, size_t size)
{
    void *old;
    memcpy(&old, array, sizeof old);
    void *grown = reallocarray(old, count ? count : 1, size ? size : 1);
    if (!grown) return false;
    memcpy(array, &grown, sizeof grown);
    /* cppcheck-suppress memleak -- it lives on in *array */
    return true;
}

#endif
