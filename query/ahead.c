/* ahead.c -- see ahead.h.
 *
 * Batches lie in a ring; how many were written and taken is told by two numbers. Whoever has nothing to do looks
 * at the other's number for a while, as long as some batches take, then sleeps until several are to be
 * done: to wake a thread takes longer than to read some. */
#include "ahead.h"

#include "session.h"
#include "thread.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORTH_POINTS = 100000, /* in batches of which another thread pays, as with many series */
    BEGINS_PART = 16,      /* of these are read without */
    BATCHES_MAX = 48,      /* that wait; fewer where a thread is worth it for fewer points */
    BATCHES_MIN = 4,
    SOME_PART = 3,                                     /* this part of them is worth waking for */
    LOOKS = 150,                                       /* before sleeping */
    LINE_BYTES = 64,                                   /* of the cache */
    ROOM_BYTES = PACE_MAX_BATCH * sizeof(double) * 10, /* of a batch, or less */
    MEMORY_PART = 16, /* what waits is less than this part of the statement's memory */
};

struct ahead {
    struct direct_source *source;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t filled, emptied;
    atomic_bool reader_waits, taker_waits;
    atomic_bool stopped;
    alignas(LINE_BYTES)
        atomic_uint_least64_t written; /* batches; each number has a line of its own */
    alignas(LINE_BYTES) atomic_uint_least64_t taken;
    alignas(LINE_BYTES) bool holds; /* the batch number `taken` is being looked at */
    int status;                     /* of the last one, which has no rows */
    struct pace_error error;
    pid_t pid;
    struct arena_pool pool;
    struct arena arena;
    size_t batches; /* in the ring */
    struct direct_rows rows[BATCHES_MAX];
};

/* -- where it is worth it ---------------------------------------------------------------------- */

static uint64_t worth_points(const struct context *ctx)
{
    uint64_t worth = ctx->session->options.thread_points;
    return worth ? worth : WORTH_POINTS;
}

static size_t batches_of(const struct context *ctx)
{
    uint64_t batches = worth_points(ctx) / 2 / PACE_MAX_BATCH;
    if (batches > BATCHES_MAX) return BATCHES_MAX;
    return batches < BATCHES_MIN ? BATCHES_MIN : (size_t)batches;
}

bool ahead_is_worth(const struct context *ctx, uint64_t runs)
{
    size_t memory = ctx->arena->cap_bytes, room = batches_of(ctx) * ROOM_BYTES;
    return !ctx->stopped && !ctx->is_divided && context_limit(ctx, LIMIT_PACE_MAX_THREADS) > 1 &&
           runs >= worth_points(ctx) && (memory == 0 || memory / MEMORY_PART >= room);
}

uint64_t ahead_begins(const struct context *ctx)
{
    return worth_points(ctx) / BEGINS_PART / PACE_MAX_BATCH;
}

/* For about 100 ns. */
static inline void look_away(void)
{
#if defined(__x86_64__)
    for (int i = 0; i < 4; i++)
        __builtin_ia32_pause();
#endif
}

static void wake(struct ahead *ahead, atomic_bool *waits, pthread_cond_t *condition)
{
    pthread_mutex_lock(&ahead->mutex);
    *waits = false;
    pthread_cond_signal(condition);
    pthread_mutex_unlock(&ahead->mutex);
}

/* -- the thread that reads --------------------------------------------------------------------- */

static bool is_full(struct ahead *ahead)
{
    return ahead->written - ahead->taken == ahead->batches && !ahead->stopped;
}

/* Waits for room; false: nobody wants more. */
static bool has_room(struct ahead *ahead)
{
    for (int i = 0; i < LOOKS && is_full(ahead); i++)
        look_away();
    if (!is_full(ahead)) return !ahead->stopped;
    pthread_mutex_lock(&ahead->mutex);
    ahead->reader_waits = true;
    while (is_full(ahead))
        pthread_cond_wait(&ahead->emptied, &ahead->mutex);
    ahead->reader_waits = false;
    pthread_mutex_unlock(&ahead->mutex);
    return !ahead->stopped;
}

static void give(struct ahead *ahead, bool ended)
{
    ahead->written++;
    if (ahead->taker_waits &&
        (ended || ahead->written - ahead->taken >= ahead->batches / SOME_PART))
        wake(ahead, &ahead->taker_waits, &ahead->filled);
}

static void *ahead_run(void *context)
{
    struct ahead *ahead = context;
    bool ended = false;
    while (!ended && has_room(ahead)) {
        struct direct_rows *rows = &ahead->rows[ahead->written % ahead->batches];
        ahead->status = direct_read(ahead->source, &ahead->error, rows);
        if (ahead->status) rows->count = 0;
        ended = rows->count == 0;
        if (!ended) direct_rows_keep(rows);
        give(ahead, ended);
    }
    return NULL;
}

/* -- the one who takes ------------------------------------------------------------------------- */

/* Waits for a batch. */
static void wait_for_batch(struct ahead *ahead)
{
    for (int i = 0; i < LOOKS && ahead->written == ahead->taken; i++)
        look_away();
    if (ahead->written != ahead->taken) return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->taker_waits = true;
    while (ahead->written == ahead->taken)
        pthread_cond_wait(&ahead->filled, &ahead->mutex);
    ahead->taker_waits = false;
    pthread_mutex_unlock(&ahead->mutex);
}

int ahead_next(struct ahead *ahead, struct pace_error *error, const struct direct_rows **out)
{
    /* In a forked child there is no other thread: the scan says that it is of no use there. */
    struct direct_rows none = {.count = 0};
    if (ahead->pid != getpid()) return direct_read(ahead->source, error, &none);
    const struct direct_rows *rows = &ahead->rows[ahead->taken % ahead->batches];
    if (ahead->holds && rows->count) ahead->taken++;
    ahead->holds = true;
    if (ahead->reader_waits &&
        ahead->written - ahead->taken <= ahead->batches - ahead->batches / SOME_PART)
        wake(ahead, &ahead->reader_waits, &ahead->emptied);
    wait_for_batch(ahead);
    *out = rows = &ahead->rows[ahead->taken % ahead->batches];
    if (rows->count || !ahead->status) return 0;
    *error = ahead->error;
    return ahead->status;
}

/* -- beginning and end ------------------------------------------------------------------------- */

static void ahead_free(struct context *ctx, struct ahead *ahead)
{
    arena_clear(&ahead->arena);
    session_pool_give(ctx->session, &ahead->pool);
    pthread_cond_destroy(&ahead->filled);
    pthread_cond_destroy(&ahead->emptied);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead);
}

struct ahead *ahead_start(struct context *ctx, struct direct_source *source)
{
    if (1 + ctx->readers >= context_limit(ctx, LIMIT_PACE_MAX_THREADS)) return NULL;
    struct ahead *ahead = aligned_alloc(LINE_BYTES, sizeof *ahead);
    if (!ahead) return NULL;
    memset(ahead, 0, sizeof *ahead);
    ahead->source = source;
    ahead->pid = getpid();
    ahead->batches = batches_of(ctx);
    ahead->pool = session_pool_take(ctx->session);
    pthread_mutex_init(&ahead->mutex, NULL);
    pthread_cond_init(&ahead->filled, NULL);
    pthread_cond_init(&ahead->emptied, NULL);
    arena_init_from(&ahead->arena, 0, &ahead->pool);
    bool begun = true;
    for (size_t i = 0; i < ahead->batches && begun; i++)
        begun = direct_room_make(&ahead->arena, &ahead->rows[i].room);
    if (!begun || thread_start(&ahead->thread, ahead_run, ahead)) {
        ahead_free(ctx, ahead);
        return NULL;
    }
    ctx->readers++;
    if (ctx->outcome->threads < 1 + ctx->readers) ctx->outcome->threads = 1 + ctx->readers;
    return ahead;
}

bool ahead_end(struct context *ctx, struct ahead *ahead)
{
    if (!ahead) return true;
    if (ahead->pid != getpid()) return false;
    pthread_mutex_lock(&ahead->mutex);
    ahead->stopped = true;
    pthread_cond_signal(&ahead->emptied);
    pthread_mutex_unlock(&ahead->mutex);
    pthread_join(ahead->thread, NULL);
    ahead_free(ctx, ahead);
    ctx->readers--;
    return true;
}
