/* direct.c -- see direct.h. Values are used where the scan has them, unless rows are absent. */
#include "direct.h"

#include "bytes.h"

#include <math.h>
#include <string.h>

int direct_init(struct context *ctx, struct direct *direct)
{
    struct arena *arena = ctx->arena;
    const size_t rows = PACE_MAX_BATCH;
    if (direct->time_ns) return 0;
    direct->time_ns = arena_space(arena, rows * sizeof *direct->time_ns);
    direct->commit = arena_space(arena, rows * sizeof *direct->commit);
    direct->status = arena_space(arena, rows * sizeof *direct->status);
    direct->run = arena_space(arena, rows * sizeof *direct->run);
    direct->value = arena_space(arena, rows * sizeof *direct->value);
    direct->lower = arena_space(arena, rows * sizeof *direct->lower);
    direct->upper = arena_space(arena, rows * sizeof *direct->upper);
    direct->origin = arena_space(arena, rows * sizeof *direct->origin);
    direct->key = arena_space(arena, rows * sizeof *direct->key);
    direct->place = arena_space(arena, rows * sizeof *direct->place);
    return arena->failed ? context_no_memory(ctx) : 0;
}

_Static_assert(PACE_CELL_OK == 0, "where all is there are zeroes");

static bool wants(const struct direct *direct, enum direct_column column)
{
    return *direct->wanted[column];
}

/* Asks for what is looked at of the runs. */
static void ask_runs(struct direct *direct)
{
    bool commit = wants(direct, DIRECT_COMMIT) || direct->texts;
    unsigned asked = (wants(direct, DIRECT_TIME) ? PACE_RUNS_TIME : 0u) |
                     (commit ? PACE_RUNS_COMMIT : 0u) |
                     (wants(direct, DIRECT_RUN) ? PACE_RUNS_NUMBER : 0u) |
                     (direct->compares ? PACE_RUNS_KEY : 0u);
    direct->asked = asked;
    if (!asked)
        pace_scan_skip_runs(direct->scan);
    else if (pace_scan_ask_runs(direct->scan, asked) != asked) /* it has no keys */
        direct->asked = pace_scan_ask_runs(direct->scan, asked | PACE_RUNS_COMMIT);
}

static int commit_at(const struct batch_keys *keys, uint64_t place, const char **out)
{
    int status = pace_scan_commit(keys->scan, place, keys->ctx->error, out);
    return status ? context_store_error(keys->ctx, status) : 0;
}

int direct_open(struct context *ctx, struct direct *direct, const struct series *series,
                const struct pace_range *times)
{
    int status = direct_init(ctx, direct);
    if (status) return status;
    status = pace_scan_open(ctx->snapshot, series->stream->id, &series->column, 1, times,
                            ctx->error, &direct->scan);
    if (status) return context_store_error(ctx, status);
    direct->texts = false;
    ask_runs(direct);
    direct->keys = (struct batch_keys){
        .commit = commit_at, .ctx = ctx, .scan = direct->scan, .texts = &direct->texts};
    direct->started = false;
    return 0;
}

void direct_close(struct direct *direct)
{
    pace_scan_close(direct->scan);
    direct->scan = NULL;
}

/* The columns of the runs of a batch, where each has a row: as they are, but for numbers. */
static void fill_all_runs(struct direct *direct, const struct pace_runs *runs, size_t count)
{
    direct->times = runs->time_ns;
    direct->commits = runs->commit;
    direct->keys.key = runs->commit_key;
    direct->keys.place = runs->place;
    for (size_t r = 0; runs->run && r < count; r++)
        direct->run[r] = (double)runs->run[r];
    for (size_t r = 0; runs->flags && r < count; r++)
        direct->origin[r] = runs->flags[r] & PACE_RUN_DIRTY ? ORIGIN_DIRTY : 0;
}

/* The same for the rows that there are. */
static void fill_runs(struct direct *direct, const struct pace_runs *runs, const uint8_t *status,
                      size_t count)
{
    size_t i = 0;
    for (size_t r = 0; r < count; r++) {
        if (status[r] == PACE_CELL_ABSENT) continue;
        if (runs->time_ns) direct->time_ns[i] = runs->time_ns[r];
        if (runs->commit) direct->commit[i] = runs->commit[r];
        if (runs->run) direct->run[i] = (double)runs->run[r];
        if (runs->commit_key) direct->key[i] = runs->commit_key[r];
        if (runs->place) direct->place[i] = runs->place[r];
        if (runs->flags) direct->origin[i] = runs->flags[r] & PACE_RUN_DIRTY ? ORIGIN_DIRTY : 0;
        i++;
    }
    direct->times = direct->time_ns;
    direct->commits = direct->commit;
    direct->keys.key = direct->key;
    direct->keys.place = direct->place;
}

/* What is known of the runs of a batch. */
static void take_runs(struct direct *direct, const struct pace_cells *cells)
{
    struct pace_runs runs;
    pace_scan_runs(direct->scan, &runs);
    if (direct->whole)
        fill_all_runs(direct, &runs, cells->run_count);
    else
        fill_runs(direct, &runs, cells->status, cells->run_count);
    for (size_t i = 0; runs.flags && i < direct->count; i++)
        direct->any_origin |= direct->origin[i] != 0;
}

/* The cells of a batch some of which are absent, failed or skipped. */
static void fill_cells(struct direct *direct, const struct pace_cells *cells,
                       const char *const *status_names)
{
    size_t i = 0;
    for (size_t r = 0; r < cells->run_count; r++) {
        uint8_t status = cells->status[r];
        if (status == PACE_CELL_ABSENT) continue;
        direct->value[i] = status == PACE_CELL_OK ? cells->value[r] : NAN;
        direct->lower[i] = cells->lower ? cells->lower[r] : NAN;
        direct->upper[i] = cells->upper ? cells->upper[r] : NAN;
        direct->status[i++] = status_names[status <= PACE_CELL_SKIPPED ? status : PACE_CELL_FAILED];
    }
    direct->count = i;
    direct->values = direct->value;
    direct->lowers = direct->lower;
    direct->uppers = direct->upper;
}

int direct_next(struct context *ctx, struct direct *direct, const char *const *status_names)
{
    ask_runs(direct);
    for (;;) {
        struct pace_cells cells;
        int status = pace_scan_next(direct->scan, ctx->error, &cells);
        if (status) return context_store_error(ctx, status);
        direct->count = cells.run_count;
        if (cells.run_count == 0) {
            direct_close(direct);
            return 0;
        }
        direct->whole = !any_byte(cells.status, cells.run_count);
        direct->bounds = cells.lower != NULL;
        direct->values = cells.value;
        direct->lowers = cells.lower;
        direct->uppers = cells.upper;
        if (!direct->whole) fill_cells(direct, &cells, status_names);
        if (direct->count == 0) continue;
        direct->any_origin = false;
        if (direct->asked) take_runs(direct, &cells);
        ctx->outcome->points_read += direct->count;
        ctx->any_chosen = true;
        return 0;
    }
}
