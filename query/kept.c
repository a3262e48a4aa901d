/* kept.c -- see kept.h. The bytes of a value, all numbers little-endian:
 *
 *   | columns u32 | learn_runs u32 | end u32 of each column's state, from the first state on | states ... |
 *
 *   state:  | points u32 | from u32 | digest of marks u64 | bytes of stats/online.h |
 *   of a column without points: no bytes; of one that is not kept: 4 bytes, UINT32_MAX. */
#include "kept.h"

#include <string.h>

enum { HEAD_BYTES = 4 + 4 + 8 }; /* of a state */
_Static_assert(HEAD_BYTES + ONLINE_BYTES == KEPT_STATE_BYTES, "of a state");

static uint32_t u32_at(const uint8_t *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static int damaged(struct context *ctx, const struct pace_stream *stream)
{
    diag_error(ctx->diags, Q_STORE, (struct span){0, 0},
               "the kept values of stream %u do not fit its runs; restore the store from a backup",
               stream->id);
    return PACE_ECORRUPT;
}

/* -- marks ------------------------------------------------------------------------------------- */

/* The one run that a mark names by its number; 0: other runs, or more. */
static uint64_t only_run(const struct mark_view *mark)
{
    const struct row_filter *rows = mark->rows;
    bool one = rows && !rows->next && rows->kind == SELECT_MATCH && rows->is_run && !rows->negated;
    return one ? rows->run : 0;
}

static bool is_after(const struct pace_run_view *a, const struct pace_run_view *b)
{
    if (a->time_ns != b->time_ns) return a->time_ns > b->time_ns;
    if (a->ordinal != b->ordinal) return a->ordinal > b->ordinal;
    return a->run > b->run;
}

/* Whether a mark may hide a run of a stream up to `last`. */
static int may_hide(struct context *ctx, const struct pace_stream *stream,
                    const struct pace_run_view *last, const struct mark_view *mark, bool *may)
{
    struct pace_run_view view;
    uint64_t run = only_run(mark);
    *may = mark->kind == PACE_MARK_EXCLUDE;
    if (!*may || !run) return 0;
    int status = pace_run_get(ctx->snapshot, run, ctx->error, &view);
    if (status && status != PACE_ENOTFOUND) return context_store_error(ctx, status);
    *may = !status && view.stream == stream->id && !is_after(&view, last);
    return 0;
}

int kept_excludes(struct context *ctx, const struct mark_view *marks, uint64_t last_run,
                  struct kept *kept)
{
    struct pace_run_view last;
    size_t total = 0;
    kept->exclude_count = 0;
    for (const struct mark_view *mark = marks; mark; mark = mark->next)
        total += mark->kind == PACE_MARK_EXCLUDE;
    if (!total) return 0;
    kept->excludes = arena_array(ctx->arena, total, sizeof(struct mark_view *));
    if (!kept->excludes) return context_no_memory(ctx);
    int status = pace_run_get(ctx->snapshot, last_run, ctx->error, &last);
    if (status) return context_store_error(ctx, status);
    for (const struct mark_view *mark = marks; mark; mark = mark->next) {
        bool may;
        status = may_hide(ctx, kept->stream, &last, mark, &may);
        if (status) return status;
        if (may) kept->excludes[kept->exclude_count++] = mark;
    }
    return 0;
}

int kept_marks(struct context *ctx, const struct kept *kept, const struct series *series,
               const struct mark_view ***out, size_t *count, uint64_t *digest)
{
    *digest = *count = 0;
    *out = NULL;
    if (!kept->exclude_count) return 0;
    *out = arena_array(ctx->arena, kept->exclude_count, sizeof(struct mark_view *));
    if (!*out) return context_no_memory(ctx);
    for (size_t i = 0; i < kept->exclude_count; i++) {
        int matches = scope_matches(ctx, kept->excludes[i]->scope, series);
        if (matches < 0) return matches;
        if (!matches) continue;
        (*out)[(*count)++] = kept->excludes[i];
        *digest = (*digest ^ kept->excludes[i]->id) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    }
    return 0;
}

/* -- reading ----------------------------------------------------------------------------------- */

int kept_open(struct context *ctx, const struct pace_stream *stream, const struct mark_view *marks,
              struct kept *out)
{
    struct pace_kept value;
    *out = (struct kept){.stream = stream, .marks = marks};
    int status = pace_kept_get(ctx->snapshot, stream->id, KEPT_FOCUS, ctx->error, &value);
    if (status == PACE_ENOTFOUND) return 0;
    if (status) return context_store_error(ctx, status);
    if (value.version != ONLINE_VERSION || value.runs > stream->run_count) return 0;
    const uint8_t *data = value.data;
    uint32_t columns = value.len < KEPT_HEAD_BYTES ? UINT32_MAX : u32_at(data);
    if (columns > stream->column_count || value.len < KEPT_HEAD_BYTES + 4 * (size_t)columns)
        return damaged(ctx, stream);
    out->learn_runs = u32_at(data + 4);
    out->runs = value.runs;
    out->run = value.run;
    out->data = data;
    out->len = value.len;
    out->columns = columns;
    return kept_excludes(ctx, marks, value.run, out);
}

/* The bytes of a column's state; false: they lie outside. */
static bool state_bytes(const struct kept *kept, uint32_t column, const uint8_t **out, size_t *len)
{
    const uint8_t *ends = kept->data + KEPT_HEAD_BYTES, *states = ends + 4 * (size_t)kept->columns;
    size_t room = kept->len - (size_t)(states - kept->data);
    uint32_t from = column ? u32_at(ends + 4 * (size_t)(column - 1)) : 0;
    uint32_t end = u32_at(ends + 4 * (size_t)column);
    if (from > end || end > room) return false;
    *out = states + from;
    *len = end - from;
    return true;
}

/* A state without marks: 1, 0: not kept, -1: damaged. */
static int state_read(const struct kept *kept, uint32_t column, uint64_t *digest,
                      struct kept_series *out)
{
    const uint8_t *bytes = NULL;
    size_t len = 0;
    *digest = 0;
    *out = (struct kept_series){0};
    if (column < kept->columns && !state_bytes(kept, column, &bytes, &len)) return -1;
    if (len == 4) return 0;
    if (len == 0) return 1; /* its points come later */
    if (len < HEAD_BYTES) return -1;
    out->points = u32_at(bytes);
    out->from = u32_at(bytes + 4);
    memcpy(digest, bytes + 8, sizeof *digest);
    if (out->points) out->packed = bytes + HEAD_BYTES;
    out->packed_len = len - HEAD_BYTES;
    return out->from < kept->runs ? 1 : -1;
}

int kept_online(struct context *ctx, const struct kept *kept, const struct kept_series *series,
                struct online *out)
{
    online_start(out);
    if (!series->packed) return 0;
    if (!online_unpack(out, series->packed, series->packed_len) || out->count > series->points)
        return damaged(ctx, kept->stream);
    return 0;
}

int kept_find(struct context *ctx, const struct kept *kept, const struct series *series,
              struct kept_series *out)
{
    const struct mark_view **marks;
    uint64_t own, digest;
    size_t count;
    if (!kept->runs || series->rows || series->older_count) return 0;
    int found = state_read(kept, series->column, &digest, out);
    if (found < 0) return damaged(ctx, kept->stream);
    if (!found) return 0;
    int status = kept_marks(ctx, kept, series, &marks, &count, &own);
    return status ? status : own == digest;
}

int kept_history(struct context *ctx, const struct kept *kept, const struct series *series,
                 uint64_t from, size_t count, struct kept_point *points)
{
    const struct pace_range range = {INT64_MIN, INT64_MAX, kept->stream->run_count - from};
    pace_scan *scan;
    size_t found = 0;
    const struct mark_view **marks;
    struct pace_cells cells = {.run_count = 1};
    uint64_t digest;
    size_t mark_count;
    int status = kept_marks(ctx, kept, series, &marks, &mark_count, &digest);
    if (status) return status;
    status = pace_scan_open(ctx->snapshot, kept->stream->id, &series->column, 1, &range, ctx->error,
                            &scan);
    if (status) return context_store_error(ctx, status);
    for (uint64_t run = from; !status && run < kept->runs && cells.run_count;) {
        status = pace_scan_next(scan, ctx->error, &cells);
        if (status) status = context_store_error(ctx, status);
        for (size_t r = 0; !status && r < cells.run_count && run < kept->runs; r++, run++) {
            const struct pace_run_view *view = &cells.runs[r];
            if (cells.status[r] != PACE_CELL_OK) continue;
            int hidden =
                mark_count ? marks_exclude(ctx, marks, mark_count, view->commit, view->run) : 0;
            if (hidden < 0) status = hidden;
            if (hidden) continue;
            if (found < count)
                points[found] =
                    (struct kept_point){run, view->time_ns, view->commit, cells.value[r]};
            found++;
        }
        ctx->outcome->points_read += cells.run_count;
        if (!status) status = context_check(ctx);
    }
    pace_scan_close(scan);
    return !status && found != count ? damaged(ctx, kept->stream) : status;
}

size_t kept_pack(const struct kept_state *state, uint8_t bytes[KEPT_STATE_BYTES])
{
    const uint32_t head[2] = {state->is_kept ? (uint32_t)state->points : UINT32_MAX,
                              (uint32_t)state->from};
    if (state->is_kept && state->points == 0 && !state->digest) return 0;
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, &state->digest, sizeof state->digest);
    return state->is_kept ? HEAD_BYTES + online_pack(&state->online, bytes + HEAD_BYTES) : 4;
}
