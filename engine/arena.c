/* arena.c -- see arena.h. Chunks grow from 4 KiB to 1 MiB; larger pieces get a chunk of their
 * own. */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20 };

/* What a pool keeps. Nothing where memory that is used after its end is to be found. */
#if defined(__SANITIZE_ADDRESS__)
#define POOLS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOLS 0
#endif
#endif
#ifndef POOLS
#define POOLS 1
#endif
enum { POOL_BYTES = POOLS * (8 << 20) };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used; /* bytes of data */
    alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena, size_t cap_bytes)
{
    *arena = (struct arena){.cap_bytes = cap_bytes};
}

void arena_init_from(struct arena *arena, size_t cap_bytes, struct arena_pool *pool)
{
    *arena = (struct arena){.cap_bytes = cap_bytes, .pool = pool};
}

static void chunks_free(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void arena_pool_clear(struct arena_pool *pool)
{
    chunks_free(pool->chunks);
    *pool = (struct arena_pool){0};
}

/* The oldest chunk, which is the smallest, comes to lie on top. */
void arena_clear(struct arena *arena)
{
    struct arena_pool *pool = arena->pool;
    while (pool && arena->chunks) {
        struct arena_chunk *chunk = arena->chunks;
        if (chunk->size > POOL_BYTES - pool->bytes) break;
        arena->chunks = chunk->next;
        chunk->next = pool->chunks;
        pool->chunks = chunk;
        pool->bytes += chunk->size;
    }
    chunks_free(arena->chunks);
    arena_init_from(arena, arena->cap_bytes, pool);
}

/* The first chunk of the pool that is large enough, or NULL. */
static struct arena_chunk *pool_take(struct arena_pool *pool, size_t need)
{
    struct arena_chunk **place = &pool->chunks;
    while (*place && (*place)->size < need)
        place = &(*place)->next;
    struct arena_chunk *chunk = *place;
    if (!chunk) return NULL;
    *place = chunk->next;
    pool->bytes -= chunk->size;
    return chunk;
}

static struct arena_chunk *arena_grow(struct arena *arena, size_t need)
{
    size_t size = FIRST_CHUNK;
    if (arena->chunks) {
        size = arena->chunks->size * 2;
        if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
    }
    if (size < need) size = need;
    struct arena_chunk *chunk = arena->pool ? pool_take(arena->pool, size) : NULL;
    if (!chunk) {
        chunk = malloc(sizeof *chunk + size);
        if (!chunk) return NULL;
        chunk->size = size;
    }
    chunk->used = 0;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

static int has_room(struct arena *arena, size_t size)
{
    if (!arena->cap_bytes || size <= arena->cap_bytes - arena->used_bytes) return 1;
    if (!arena->make_room) return 0;
    arena->make_room(arena->room_context);
    return size <= arena->cap_bytes - arena->used_bytes;
}

void *arena_space(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2) goto fail;
    size_t need = (size + align - 1) / align * align;
    if (need == 0) need = align;
    if (!has_room(arena, need)) goto fail;

    struct arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < need) {
        chunk = arena_grow(arena, need);
        if (!chunk) goto fail;
    }
    void *piece = chunk->data + chunk->used;
    chunk->used += need;
    arena->used_bytes += need;
    return piece;

fail:
    arena->failed = 1;
    return NULL;
}

int arena_charge(struct arena *arena, size_t size)
{
    if (!has_room(arena, size)) {
        arena->failed = 1;
        return -1;
    }
    arena->used_bytes += size;
    return 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *piece = arena_space(arena, size);
    return piece ? memset(piece, 0, size) : NULL;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        arena->failed = 1;
        return NULL;
    }
    return arena_alloc(arena, bytes);
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (copy && len) memcpy(copy, text, len);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text) vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
