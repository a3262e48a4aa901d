/* direct.c -- see direct.h. Values are used where the scan has them, unless rows are absent. */
#include "direct.h"

#include "ahead.h"
#include "bytes.h"

#include <math.h>
#include <string.h>

bool direct_room_make(struct arena *arena, struct direct_room *room)
{
    const size_t rows = PACE_MAX_BATCH;
    room->time_ns = arena_space(arena, rows * sizeof *room->time_ns);
    room->commit = arena_space(arena, rows * sizeof *room->commit);
    room->status = arena_space(arena, rows * sizeof *room->status);
    room->run = arena_space(arena, rows * sizeof *room->run);
    room->value = arena_space(arena, rows * sizeof *room->value);
    room->lower = arena_space(arena, rows * sizeof *room->lower);
    room->upper = arena_space(arena, rows * sizeof *room->upper);
    room->origin = arena_space(arena, rows * sizeof *room->origin);
    room->key = arena_space(arena, rows * sizeof *room->key);
    room->place = arena_space(arena, rows * sizeof *room->place);
    return !arena->failed;
}

/* -- reading a batch --------------------------------------------------------------------------- */

_Static_assert(PACE_CELL_OK == 0, "where all is there are zeroes");

/* Asks for what is looked at of the runs; returns what there will be. */
static unsigned ask_runs(struct direct_source *source)
{
    unsigned asked = source->wanted | (atomic_load(&source->texts) ? PACE_RUNS_COMMIT : 0u);
    if (!asked)
        pace_scan_skip_runs(source->scan);
    else if (pace_scan_ask_runs(source->scan, asked) != asked) /* it has no keys */
        asked = pace_scan_ask_runs(source->scan, asked | PACE_RUNS_COMMIT);
    return asked;
}

/* The columns of the runs of a batch, where each has a row: as they are, but for numbers. */
static void fill_all_runs(struct direct_rows *rows, const struct pace_runs *runs, size_t count)
{
    struct direct_room *room = &rows->room;
    rows->times = runs->time_ns;
    rows->commits = runs->commit;
    rows->keys = runs->commit_key;
    rows->places = runs->place;
    for (size_t r = 0; runs->run && r < count; r++)
        room->run[r] = (double)runs->run[r];
    for (size_t r = 0; runs->flags && r < count; r++)
        room->origin[r] = runs->flags[r] & PACE_RUN_DIRTY ? ORIGIN_DIRTY : 0;
}

/* The same for the rows that there are. */
static void fill_runs(struct direct_rows *rows, const struct pace_runs *runs, const uint8_t *status,
                      size_t count)
{
    struct direct_room *room = &rows->room;
    size_t i = 0;
    for (size_t r = 0; r < count; r++) {
        if (status[r] == PACE_CELL_ABSENT) continue;
        if (runs->time_ns) room->time_ns[i] = runs->time_ns[r];
        if (runs->commit) room->commit[i] = runs->commit[r];
        if (runs->run) room->run[i] = (double)runs->run[r];
        if (runs->commit_key) room->key[i] = runs->commit_key[r];
        if (runs->place) room->place[i] = runs->place[r];
        if (runs->flags) room->origin[i] = runs->flags[r] & PACE_RUN_DIRTY ? ORIGIN_DIRTY : 0;
        i++;
    }
    rows->times = room->time_ns;
    rows->commits = room->commit;
    rows->keys = room->key;
    rows->places = room->place;
}

/* What is known of the runs of a batch. */
static void take_runs(const pace_scan *scan, const struct pace_cells *cells,
                      struct direct_rows *rows)
{
    struct pace_runs runs;
    pace_scan_runs(scan, &runs);
    if (rows->whole)
        fill_all_runs(rows, &runs, cells->run_count);
    else
        fill_runs(rows, &runs, cells->status, cells->run_count);
    rows->runs = rows->room.run;
    rows->origins = rows->room.origin;
    for (size_t i = 0; runs.flags && i < rows->count; i++)
        rows->any_origin |= rows->origins[i] != 0;
}

/* The cells of a batch some of which are absent, failed or skipped. */
static void fill_cells(struct direct_rows *rows, const struct pace_cells *cells,
                       const char *const *status_names)
{
    struct direct_room *room = &rows->room;
    size_t i = 0;
    for (size_t r = 0; r < cells->run_count; r++) {
        uint8_t status = cells->status[r];
        if (status == PACE_CELL_ABSENT) continue;
        room->value[i] = status == PACE_CELL_OK ? cells->value[r] : NAN;
        room->lower[i] = cells->lower ? cells->lower[r] : NAN;
        room->upper[i] = cells->upper ? cells->upper[r] : NAN;
        room->status[i++] = status_names[status <= PACE_CELL_SKIPPED ? status : PACE_CELL_FAILED];
    }
    rows->count = i;
    rows->values = room->value;
    rows->lowers = room->lower;
    rows->uppers = room->upper;
    rows->statuses = room->status;
}

int direct_read(struct direct_source *source, struct pace_error *error, struct direct_rows *rows)
{
    struct pace_cells cells;
    unsigned asked = ask_runs(source);
    do {
        int status = pace_scan_next(source->scan, error, &cells);
        if (status) return status;
        *rows = (struct direct_rows){.count = cells.run_count,
                                     .asked = asked,
                                     .whole = !any_byte(cells.status, cells.run_count),
                                     .bounds = cells.lower != NULL,
                                     .values = cells.value,
                                     .lowers = cells.lower,
                                     .uppers = cells.upper,
                                     .room = rows->room};
        if (!rows->whole) fill_cells(rows, &cells, source->status_names);
    } while (rows->count == 0 && cells.run_count);
    if (rows->count && asked) take_runs(source->scan, &cells, rows);
    return 0;
}

static const void *keep(void *room, const void *column, size_t size)
{
    if (column && column != room) memcpy(room, column, size);
    return column ? room : NULL;
}

void direct_rows_keep(struct direct_rows *rows)
{
    const struct direct_room *room = &rows->room;
    size_t n = rows->count;
    rows->values = keep(room->value, rows->values, n * sizeof *room->value);
    rows->lowers = keep(room->lower, rows->lowers, n * sizeof *room->lower);
    rows->uppers = keep(room->upper, rows->uppers, n * sizeof *room->upper);
    rows->times = keep(room->time_ns, rows->times, n * sizeof *room->time_ns);
    rows->commits = keep(room->commit, rows->commits, n * sizeof *room->commit);
    rows->keys = keep(room->key, rows->keys, n * sizeof *room->key);
    rows->places = keep(room->place, rows->places, n * sizeof *room->place);
}

/* -- a series ---------------------------------------------------------------------------------- */

static bool wants(const struct direct *direct, enum direct_column column)
{
    return *direct->wanted[column];
}

static int scan_open(struct context *ctx, const struct direct *direct, pace_snapshot *snapshot,
                     size_t columns, pace_scan **out)
{
    const struct series *series = direct->series;
    int status = pace_scan_open(snapshot, series->stream->id, &series->column, columns,
                                direct->times, ctx->error, out);
    return status ? context_store_error(ctx, status) : 0;
}

/* Of the state that the source has, so that places are the same. */
static int commit_at(const struct batch_keys *keys, uint64_t place, const char **out)
{
    struct context *ctx = keys->ctx;
    struct direct *direct = keys->direct;
    if (direct->apart && !direct->lookup) {
        int status = scan_open(ctx, direct, ctx->snapshot, 0, &direct->lookup);
        if (status) return status;
    }
    pace_scan *scan = direct->apart ? direct->lookup : direct->source.scan;
    int status = pace_scan_commit(scan, place, ctx->error, out);
    return status ? context_store_error(ctx, status) : 0;
}

int direct_open(struct context *ctx, struct direct *direct, const struct series *series,
                const struct pace_range *times, const char *const *status_names)
{
    struct direct_source *source = &direct->source;
    if (!direct->own.room.time_ns && !direct_room_make(ctx->arena, &direct->own.room))
        return context_no_memory(ctx);
    direct->series = series;
    direct->times = times;
    direct->rows = &direct->own;
    direct->started = false;
    direct->batches = 0;
    if (!direct->apart && direct->ahead_helps && ahead_is_worth(ctx, series->stream->run_count) &&
        pace_snapshot_again(ctx->snapshot, NULL, &direct->apart))
        direct->apart = NULL; /* a commit came since */
    pace_snapshot *snapshot = direct->apart ? direct->apart : ctx->snapshot;
    int status = scan_open(ctx, direct, snapshot, 1, &source->scan);
    if (status) return status;
    source->wanted = (wants(direct, DIRECT_TIME) ? PACE_RUNS_TIME : 0u) |
                     (wants(direct, DIRECT_COMMIT) ? PACE_RUNS_COMMIT : 0u) |
                     (wants(direct, DIRECT_RUN) ? PACE_RUNS_NUMBER : 0u) |
                     (direct->compares ? PACE_RUNS_KEY : 0u);
    source->status_names = status_names;
    atomic_store(&source->texts, false);
    direct->keys = (struct batch_keys){
        .commit = commit_at, .ctx = ctx, .direct = direct, .texts = &source->texts};
    return 0;
}

/* The next batch, from the one who reads ahead or from the scan. */
static int take_rows(struct context *ctx, struct direct *direct)
{
    if (!direct->ahead && direct->apart && direct->batches == ahead_begins(ctx))
        direct->ahead = ahead_start(ctx, &direct->source);
    if (direct->ahead) return ahead_next(direct->ahead, ctx->error, &direct->rows);
    return direct_read(&direct->source, ctx->error, &direct->own);
}

int direct_next(struct context *ctx, struct direct *direct)
{
    int status = take_rows(ctx, direct);
    if (status) return context_store_error(ctx, status);
    if (direct->rows->count == 0) {
        direct_close(ctx, direct);
        return 0;
    }
    direct->batches++;
    direct->keys.key = direct->rows->keys;
    direct->keys.place = direct->rows->places;
    ctx->outcome->points_read += direct->rows->count;
    ctx->any_chosen = true;
    return 0;
}

void direct_close(struct context *ctx, struct direct *direct)
{
    bool is_here = ahead_end(ctx, direct->ahead);
    direct->ahead = NULL;
    if (is_here)
        pace_scan_close(direct->source.scan);
    else
        direct->apart = NULL;
    direct->source.scan = NULL;
    pace_scan_close(direct->lookup);
    direct->lookup = NULL;
    direct->rows = &direct->own;
    direct->own.count = 0;
}

void direct_free(struct context *ctx, struct direct *direct)
{
    direct_close(ctx, direct);
    pace_snapshot_end(direct->apart);
    direct->apart = NULL;
}
