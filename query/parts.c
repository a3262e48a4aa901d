/* parts.c -- see parts.h.
 *
 * Series are taken in chunks, the larger the more are left, so that all threads end at about the same time:
 * a chunk is at least worth looking for its stream's runs anew, and ends where a stream does, if one ends near.
 * Two numbers tell what nobody has taken yet; nothing else is shared but what nobody writes. */
#include "parts.h"

#include "session.h"
#include "thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* Points that are worth a thread: starting one and planning for it takes 100 us, and as many points as
     * this take five times as long by the cheapest of checks. */
    WORTH_POINTS = 100000,
    CHUNK_LEAST = 12, /* a chunk has this part of the points that are worth a thread, or more */
    CHUNK_MOST = 256 << 10,
    ROWS_MOST = 64 << 10, /* that a thread holds */
    POINTS_A_ROW = 8,     /* or more; to hold more rows costs as much as to make them */
    MEMORY_SHARE = 4,     /* all threads but one may use this part of the statement's memory */
};

/* Series that another thread did. */
struct chunk {
    size_t from, end;
    size_t first_row, end_row;
    const struct diag *notes;
    size_t noted; /* branches that these are about */
    struct unknown *unknown;
    struct chunk *next;
};

/* What another thread has. */
struct part {
    struct parts_op *parts;
    pthread_t thread;
    bool runs;
    struct pace_session session; /* as it is now: the caller may change it between two steps */
    struct arena_pool pool;
    struct arena arena;
    struct diag_list diags;
    struct pace_error error;
    struct pace_outcome outcome;
    struct context ctx;
    struct plan plan;
    struct op *last, *scan;
    struct rowset rows;
    size_t from, end;     /* the first series that it takes */
    struct chunk *chunks; /* in order of series: they are taken from the end */
    int status;
};

struct parts_op {
    struct op op;
    struct context *ctx; /* the statement's */
    const struct selection *selection;
    struct op *scan;
    struct part *parts[PACE_MAX_THREADS];
    size_t count;   /* of these */
    size_t threads; /* that take series, at most */
    pid_t pid;
    size_t limit_bytes; /* of the statement */
    size_t *starts;     /* series that are the first of their streams */
    size_t start_count;
    size_t each;                /* points of a series, about */
    size_t least, most;         /* series of a chunk */
    atomic_uint_least64_t left; /* series that nobody took: the first << 32 | the end */
    atomic_int stopped;
    atomic_int working; /* other threads that take series */
    bool ended;         /* the other threads, and the front */
    size_t at;          /* series up to here were handed on */
    struct chunk *held; /* being handed on; NULL: none */
    struct part *holder;
    size_t row;
    bool again; /* series that another thread failed at are being done again */
};

/* -- taking series ----------------------------------------------------------------------------- */

/* The end of a stream that lies the nearest to `wish`, and no further than a half of `size`; else wish. */
static size_t near_start(const struct parts_op *parts, size_t wish, size_t size)
{
    size_t low = 0, high = parts->start_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (parts->starts[middle] < wish)
            low = middle + 1;
        else
            high = middle;
    }
    size_t best = wish, distance = size / 2 + 1;
    for (size_t i = low ? low - 1 : 0; i <= low && i < parts->start_count; i++) {
        size_t start = parts->starts[i];
        size_t far = start < wish ? wish - start : start - wish;
        if (far < distance) {
            best = start;
            distance = far;
        }
    }
    return best;
}

/* `most`: no more than about so many. Where there are none, *from and *end stay as they are. */
static bool take(struct parts_op *parts, bool last, size_t most, size_t *from, size_t *end)
{
    uint_least64_t left = atomic_load(&parts->left), rest;
    size_t first, until, edge;
    do {
        first = left >> 32;
        until = left & UINT32_MAX;
        if (first == until) return false;
        size_t size = (until - first) / (2 * parts->threads);
        if (size < parts->least) size = parts->least;
        if (size > most) size = most;
        if (until - first < size + parts->least || (!last && !atomic_load(&parts->working)))
            size = until - first;
        edge = near_start(parts, last ? until - size : first + size, size);
        if (edge <= first || edge >= until) edge = last ? first : until;
        rest = last ? (left >> 32 << 32 | edge) : ((uint_least64_t)edge << 32 | until);
    } while (!atomic_compare_exchange_weak(&parts->left, &left, rest));
    *from = last ? edge : first;
    *end = last ? until : edge;
    return true;
}

/* For the scan of the statement's own thread. */
static bool take_first(void *context, size_t *end)
{
    struct parts_op *parts = context;
    size_t from;
    return !parts->ended && take(parts, false, parts->most, &from, end);
}

/* -- another thread ---------------------------------------------------------------------------- */

static int part_chunk(struct part *part, size_t from, size_t end)
{
    struct context *ctx = &part->ctx;
    struct chunk *chunk = arena_alloc(&part->arena, sizeof *chunk);
    if (!chunk) return PACE_ENOMEM;
    diag_list_init(&part->diags, &part->arena);
    ctx->unknown = NULL;
    op_scan_slice(part->scan, from, end);
    *chunk = (struct chunk){.from = from, .end = end, .first_row = part->rows.count};
    for (;;) {
        struct batch *batch;
        int status = part->last->next(part->last, ctx, &batch);
        if (!status && batch && batch->count) status = rowset_append(&part->rows, batch, true);
        if (status) return status;
        if (!batch) break;
    }
    chunk->end_row = part->rows.count;
    chunk->notes = part->diags.first;
    chunk->noted = op_scan_take_noted(part->scan);
    chunk->unknown = ctx->unknown;
    chunk->next = part->chunks;
    part->chunks = chunk;
    return 0;
}

/* Whether it is better that the statement's own thread takes the other series. */
static bool has_enough(const struct part *part)
{
    size_t series = 0;
    for (const struct chunk *chunk = part->chunks; chunk; chunk = chunk->next)
        series += chunk->end - chunk->from;
    return part->rows.count > ROWS_MOST ||
           part->rows.count * POINTS_A_ROW > series * part->parts->each;
}

static void *part_run(void *context)
{
    struct part *part = context;
    struct parts_op *parts = part->parts;
    size_t from = part->from, end = part->end;
    int status = part_chunk(part, from, end);
    while (!status && !has_enough(part) && take(parts, true, parts->most, &from, &end))
        status = part_chunk(part, from, end);
    part->status = status;
    atomic_fetch_sub(&parts->working, 1);
    return NULL;
}

/* The number of operators from `op` down. */
static size_t depth_of(const struct op *op)
{
    size_t depth = 0;
    for (; op; op = op->input)
        depth++;
    return depth;
}

static struct op *scan_of(struct op *op)
{
    while (op->input)
        op = op->input;
    return op;
}

/* Makes a chain as that below the operator of the parts. */
static int part_plan(struct part *part, const struct query *query)
{
    struct parts_op *parts = part->parts;
    int status = plan_query(&part->ctx, query, &part->plan);
    if (status) return status;
    part->last = part->plan.last;
    while (depth_of(part->last) > depth_of(parts->op.input))
        part->last = part->last->input;
    part->scan = scan_of(part->last);
    op_scan_share(part->scan, (unsigned)parts->threads);
    return rowset_init(&part->rows, &part->arena, &part->last->schema, SIZE_MAX);
}

static void part_context(struct part *part, const struct context *ctx)
{
    const struct pace_session *session = ctx->session;
    part->session.store = session->store;
    part->session.options = session->options;
    part->session.options.commit_of = NULL; /* nobody expects it to be called by this thread */
    part->session.limits = session->limits;
    part->session.definitions = session->definitions;
    part->session.variables = session->variables;
    part->session.use = session->use;
    diag_list_init(&part->diags, &part->arena);
    part->ctx = (struct context){.store = ctx->store,
                                 .session = &part->session,
                                 .arena = &part->arena,
                                 .diags = &part->diags,
                                 .error = &part->error,
                                 .outcome = &part->outcome,
                                 .now_ns = ctx->now_ns,
                                 .deadline_ns = ctx->deadline_ns,
                                 .interrupted = ctx->interrupted,
                                 .stopped = &part->parts->stopped,
                                 .chosen = part->parts->selection,
                                 .more_parts = true};
}

/* What its operators hold; the texts of its rows stay. */
static void part_clear(struct part *part)
{
    plan_free(&part->plan);
    part->last = part->scan = NULL;
}

static void part_free(struct part *part, struct pace_session *session)
{
    part_clear(part);
    rowset_free(&part->rows);
    context_release(&part->ctx);
    pace_snapshot_end(part->ctx.snapshot);
    arena_clear(&part->arena);
    session_pool_give(session, &part->pool);
    free(part);
}

static int start_thread(struct part *part)
{
    atomic_fetch_add(&part->parts->working, 1);
    int failed = thread_start(&part->thread, part_run, part);
    part->runs = !failed;
    if (failed) atomic_fetch_sub(&part->parts->working, 1);
    return failed;
}

/* One more thread. false: there is none. */
static bool part_begin(struct parts_op *parts, const struct query *query, pace_snapshot *snapshot)
{
    struct context *ctx = parts->ctx;
    struct pace_session *session = ctx->session;
    size_t i = parts->count, share = parts->limit_bytes / (MEMORY_SHARE * parts->threads);
    bool room = ctx->arena->used_bytes + share < ctx->arena->cap_bytes;
    struct part *part = room ? calloc(1, sizeof *part) : NULL;
    if (!part) {
        pace_snapshot_end(snapshot);
        return false;
    }
    parts->parts[i] = part;
    part->parts = parts;
    part->pool = session_pool_take(session);
    arena_init_from(&part->arena, share, &part->pool);
    part_context(part, ctx);
    part->ctx.snapshot = snapshot;
    if (part_plan(part, query) || !take(parts, true, parts->least, &part->from, &part->end) ||
        start_thread(part)) {
        part_free(part, session);
        return false;
    }
    parts->count++;
    ctx->outcome->threads++;
    ctx->is_divided = true;
    ctx->arena->cap_bytes -= share;
    return true;
}

/* -- their end --------------------------------------------------------------------------------- */

/* In a forked child there are no other threads, and what they had may be half done: it is left alone. */
static bool are_here(struct parts_op *parts)
{
    if (parts->pid != getpid()) parts->count = 0;
    return parts->count != 0;
}

static void wait_for(struct part *part)
{
    if (part->runs) pthread_join(part->thread, NULL);
    part->runs = false;
}

/* Takes away what the other threads have, done or not. */
static void parts_drop(struct parts_op *parts)
{
    atomic_store(&parts->stopped, 1);
    if (are_here(parts))
        for (size_t i = 0; i < parts->count; i++)
            wait_for(parts->parts[i]);
    for (size_t i = 0; i < parts->count; i++)
        part_free(parts->parts[i], parts->ctx->session);
    parts->count = 0;
    parts->ctx->arena->cap_bytes = parts->limit_bytes;
}

/* The statement's own operators need the memory of the others, whose rows nobody has seen yet. */
static void make_room(void *context)
{
    struct parts_op *parts = context;
    if (!parts->ended) parts_drop(parts);
}

static void parts_free(struct op *op)
{
    struct parts_op *parts = (struct parts_op *)op;
    parts->ctx->arena->make_room = NULL;
    parts_drop(parts);
}

static void outcome_add(struct pace_outcome *outcome, const struct pace_outcome *more)
{
    outcome->points_read += more->points_read;
    outcome->judged += more->judged;
    outcome->worse += more->worse;
    outcome->better += more->better;
    outcome->suspected += more->suspected;
    outcome->changed += more->changed;
    outcome->thin += more->thin;
    outcome->fresh += more->fresh;
    outcome->gone += more->gone;
    outcome->failed += more->failed;
    outcome->recovered += more->recovered;
    outcome->moved += more->moved;
    outcome->settling += more->settling;
}

static void part_count(struct parts_op *parts, struct part *part)
{
    struct context *ctx = parts->ctx;
    const struct op *other = part->last;
    outcome_add(ctx->outcome, &part->outcome);
    ctx->any_chosen |= part->ctx.any_chosen;
    for (struct op *op = parts->op.input; op; op = op->input, other = other->input)
        if (op->absorb) op->absorb(op, other);
}

/* The front has met the end: what the others have done counts, but for those that failed. */
static void parts_end(struct parts_op *parts)
{
    struct arena *arena = parts->ctx->arena;
    size_t left = 0;
    parts->ended = true;
    parts->at = atomic_load(&parts->left) >> 32;
    if (!are_here(parts)) return;
    arena->cap_bytes = parts->limit_bytes;
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = parts->parts[i];
        wait_for(part);
        if (part->status) {
            part_free(part, parts->ctx->session);
            continue;
        }
        part_count(parts, part);
        part_clear(part);
        size_t held = part->arena.used_bytes;
        arena->cap_bytes -= held < arena->cap_bytes ? held : arena->cap_bytes;
        parts->parts[left++] = part;
    }
    parts->count = left;
    if (arena->cap_bytes < arena->used_bytes) arena->cap_bytes = arena->used_bytes;
}

/* -- rows -------------------------------------------------------------------------------------- */

/* The first chunk that begins at series `at` or behind. */
static struct chunk *next_chunk(struct parts_op *parts, size_t at, struct part **of)
{
    struct chunk *first = NULL;
    for (size_t i = 0; i < parts->count; i++) {
        struct chunk *chunk = parts->parts[i]->chunks;
        while (chunk && chunk->from < at)
            chunk = chunk->next;
        if (!chunk || (first && first->from < chunk->from)) continue;
        first = chunk;
        *of = parts->parts[i];
    }
    return first;
}

/* What is told of a chunk's series. */
static int chunk_tell(struct parts_op *parts, struct context *ctx, const struct chunk *chunk)
{
    size_t room = op_scan_noted(parts->scan, chunk->noted);
    for (const struct diag *note = chunk->notes; note && room; note = note->next, room--)
        diag_note(ctx->diags, "%s", note->message);
    for (const struct unknown *unknown = chunk->unknown; unknown; unknown = unknown->next) {
        int status = context_unknown(ctx, unknown->why, unknown->column, unknown->rows);
        if (status) return status;
    }
    return 0;
}

/* Rows of the chunk that is held; *out is NULL at its end. */
static void held_next(struct parts_op *parts, struct batch **out)
{
    struct chunk *chunk = parts->held;
    *out = NULL;
    if (parts->row < chunk->end_row) {
        *out = rowset_batch(&parts->holder->rows, NULL, parts->row, chunk->end_row - parts->row);
        parts->row += (*out)->count;
        return;
    }
    parts->at = chunk->end;
    parts->held = NULL;
}

/* Goes on behind series parts->at: with rows that are held, or series that are done again. */
static int go_on(struct parts_op *parts, struct context *ctx)
{
    struct chunk *chunk = next_chunk(parts, parts->at, &parts->holder);
    if (chunk && chunk->from == parts->at) {
        parts->held = chunk;
        parts->row = chunk->first_row;
        return chunk_tell(parts, ctx, chunk);
    }
    size_t end = chunk ? chunk->from : parts->selection->count;
    op_scan_slice(parts->scan, parts->at, end);
    parts->at = end;
    parts->again = true;
    return 0;
}

static int parts_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct parts_op *parts = (struct parts_op *)op;
    struct op *input = op->input;
    int status;
    *out = NULL;
    if (!parts->ended) {
        ctx->more_parts = true;
        status = input->next(input, ctx, out);
        if (status || *out) return status;
        parts_end(parts);
    }
    while (parts->held || parts->again || parts->at < parts->selection->count) {
        status = context_check(ctx);
        if (status) return status;
        if (parts->held) {
            held_next(parts, out);
        } else if (parts->again) {
            status = input->next(input, ctx, out);
            parts->again = *out != NULL;
        } else {
            status = go_on(parts, ctx);
        }
        if (status || *out) return status;
    }
    ctx->more_parts = false; /* now it is the end, and what is told at the end is told */
    return input->next(input, ctx, out);
}

/* -- where it is worth it ---------------------------------------------------------------------- */

/* The place in the chain behind the operators that work series by series; NULL where they do next to nothing
 * (to hold a row costs more than to read one), or what follows does not go with it. */
static struct op **place_of(struct plan *plan)
{
    struct op **place = &plan->last, *above = NULL;
    for (const struct op *op = plan->last; op; op = op->input)
        if (op->other) return NULL;
    for (; !(*place)->by_series; place = &(*place)->input)
        above = *place;
    bool works = false;
    for (const struct op *op = *place; op; op = op->input) {
        if (!op->by_series) return NULL;
        works |= op->inner || lookback_any(op->lookback) || strcmp(op->name, "where") == 0;
    }
    if (!works) return NULL;
    if (!above) return place;
    /* It may not want all of the rows, asks for more than rows, or looks at the rows of a series itself. */
    bool looks = lookback_any(above->lookback) && strcmp(above->name, "fdr") != 0 &&
                 strcmp(above->name, "changes") != 0;
    if (looks || above->of_series || above->by_summaries || above->by_batches ||
        strcmp(above->name, "take") == 0)
        return NULL;
    return place;
}

static int parts_make(struct context *ctx, struct plan *plan, struct op **place, struct op *scan,
                      uint64_t points, uint64_t worth, struct parts_op **out)
{
    struct parts_op *parts;
    int status = op_make(ctx, sizeof *parts, "parts", *place, &parts);
    if (status) return status;
    size_t each = points / plan->selection.count + 1;
    parts->ctx = ctx;
    parts->each = each;
    parts->selection = &plan->selection;
    parts->scan = scan;
    parts->pid = getpid();
    parts->limit_bytes = ctx->arena->cap_bytes;
    parts->least = worth / CHUNK_LEAST / each + 1;
    parts->most = CHUNK_MOST / each + 1;
    parts->op.next = parts_next;
    parts->op.free = parts_free;
    parts->op.detail = parts->op.input->detail;
    parts->op.lookback = parts->op.input->lookback;
    *out = parts;
    return 0;
}

int parts_plan(struct context *ctx, const struct query *query, struct plan *plan, bool *overtaken)
{
    const struct selection *selection = &plan->selection;
    size_t threads = context_limit(ctx, LIMIT_PACE_MAX_THREADS), start_count;
    uint64_t worth = ctx->session->options.thread_points;
    *overtaken = false;
    if (threads < 2 || selection->count < 2 || selection->count > UINT32_MAX || selection->rows ||
        selection->rows_differ || ctx->asked_commit)
        return 0;
    struct op **place = place_of(plan);
    if (!place) return 0;
    struct op *scan = scan_of(*place);
    size_t *starts = arena_array(ctx->arena, selection->count, sizeof *starts);
    if (!starts) return context_no_memory(ctx);
    uint64_t points = op_scan_points(scan, starts, &start_count);
    if (!worth) worth = WORTH_POINTS;
    if (points < worth) return 0;
    struct parts_op *parts;
    int status = parts_make(ctx, plan, place, scan, points, worth, &parts);
    if (status) return status;
    parts->starts = starts;
    parts->start_count = start_count;
    parts->threads = threads;
    atomic_init(&parts->left, selection->count);
    op_scan_slice(scan, 0, 0);
    op_scan_more(scan, take_first, parts);
    *place = &parts->op;
    ctx->arena->make_room = make_room;
    ctx->arena->room_context = parts;
    for (size_t i = 0; i + 1 < threads && !*overtaken; i++) {
        pace_snapshot *snapshot = ctx->reserved[i];
        ctx->reserved[i] = NULL;
        if (!snapshot) status = pace_snapshot_again(ctx->snapshot, NULL, &snapshot);
        *overtaken = status == PACE_ENOTFOUND;
        if (status || !part_begin(parts, query, snapshot)) break;
    }
    return 0;
}

void parts_reserve(struct context *ctx)
{
    size_t threads = context_limit(ctx, LIMIT_PACE_MAX_THREADS);
    for (size_t i = 0; i + 1 < threads; i++)
        if (pace_snapshot_again(ctx->snapshot, NULL, &ctx->reserved[i])) return;
}

void parts_release(struct context *ctx)
{
    for (size_t i = 0; i < PACE_MAX_THREADS - 1; i++) {
        pace_snapshot_end(ctx->reserved[i]);
        ctx->reserved[i] = NULL;
    }
}
