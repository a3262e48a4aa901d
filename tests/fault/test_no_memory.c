/* test_no_memory.c -- allocation 1, 2, 3... fails, of the library and of LMDB alike, once or from
 * there on (sweep.h). PACE_SWEEP=0 takes all of them, PACE_SEED repeats a choice. */
#include "../store_help.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
/* Sanitizers have their own; elsewhere there is no other name for the real one. */
static void sweep_memory(int for_good)
{
    (void)for_good;
    skip();
}
#else
#include "sweep.h"

#include <errno.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

/* LMDB's library must see them too. */
#pragma GCC visibility push(default)

static long live_count;

static void *counted(void *pointer)
{
    if (pointer) __atomic_add_fetch(&live_count, 1, __ATOMIC_RELAXED);
    return pointer;
}

static int no_memory(void)
{
    if (!sweep_strikes()) return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return no_memory() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return no_memory() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    if (no_memory()) return NULL;
    void *pointer = __libc_realloc(old, size);
    return old ? pointer : counted(pointer);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *pointer = no_memory() ? NULL : counted(__libc_memalign(alignment, size));
    if (!pointer) return ENOMEM;
    *out = pointer;
    return 0;
}

void free(void *pointer)
{
    if (pointer) __atomic_sub_fetch(&live_count, 1, __ATOMIC_RELAXED);
    __libc_free(pointer);
}

/* The C library's own take their memory from inside. */
void *reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : realloc(old, bytes);
}

char *strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

static long count_live(void)
{
    return __atomic_load_n(&live_count, __ATOMIC_RELAXED);
}

#pragma GCC visibility pop

static void sweep_memory(int for_good)
{
    sweep_live = count_live;
    assert_int_equal(sweep_all(0, for_good, 0), 0);
}
#endif

static void test_one_allocation_fails(void **state)
{
    (void)state;
    sweep_memory(0);
}

static void test_all_allocations_fail(void **state)
{
    (void)state;
    sweep_memory(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_allocation_fails),
        cmocka_unit_test(test_all_allocations_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
