/* arena.h -- memory that is handed out piece by piece and dies in one call.
 *
 * A statement, a snapshot and a parsed input each own one. Pieces are aligned for any type and
 * never move; there is no free of one piece. An arena may carry a cap: going over it fails like an
 * exhausted machine, which is how a statement's memory limit works. Pure: libc only, any layer may
 * use it. */
#ifndef PACE_ARENA_H
#define PACE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

/* What arenas that were cleared leave for the next ones, of one thread at a time: a few MiB, so
 * that statement after statement does not ask the system for the same pages. All zero: empty. */
struct arena_pool {
    struct arena_chunk *chunks;
    size_t bytes;
};

struct arena {
    struct arena_chunk *chunks; /* newest first */
    size_t used_bytes;          /* handed out so far, with padding */
    size_t cap_bytes;           /* 0: no cap */
    struct arena_pool *pool;    /* NULL: chunks come from malloc and go back */
    int failed;                 /* 1 once an allocation failed; stays until arena_clear */
    /* Asked where the cap is reached, so that it may be raised; NULL: nobody. Until arena_clear. */
    void (*make_room)(void *context);
    void *room_context;
};

/* cap_bytes bounds what the arena hands out (0: no bound). */
void arena_init(struct arena *arena, size_t cap_bytes);
/* The same, with the chunks of a pool, which outlives the arena. */
void arena_init_from(struct arena *arena, size_t cap_bytes, struct arena_pool *pool);
void arena_clear(struct arena *arena); /* frees everything; the arena can be used again */
void arena_pool_clear(struct arena_pool *pool);

/* Zeroed memory for `size` bytes (0 is allowed), or NULL. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same, but not zeroed: for large buffers, of which untouched pages then cost nothing. */
void *arena_space(struct arena *arena, size_t size);
/* arena_alloc for an array; the product is checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Counts memory that the owner of the arena holds elsewhere against its cap, until arena_clear. 0,
 * or -1 when that is over the cap. */
int arena_charge(struct arena *arena, size_t size);

char *arena_copy(struct arena *arena, const char *text, size_t len); /* NUL-terminated copy */
char *arena_string(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
