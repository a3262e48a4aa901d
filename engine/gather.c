/* gather.c -- see gather.h. */
#include "gather.h"
#include "turn.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void gather_free(struct gather *gather)
{
    free(gather->start);
    free(gather->used);
    free(gather->run);
    free(gather->status);
    free(gather->value);
    free(gather->lower);
    free(gather->upper);
    *gather = (struct gather){0};
}

int gather_begin(struct gather *gather, uint32_t from, uint32_t until)
{
    assert(from < until);
    uint32_t columns = until - from;
    if (columns > gather->columns_capacity) {
        free(gather->start);
        free(gather->used);
        gather->start = malloc((columns + 1) * sizeof *gather->start);
        gather->used = malloc(columns * sizeof *gather->used);
        gather->columns_capacity = gather->start && gather->used ? columns : 0;
        if (!gather->columns_capacity) return -1;
    }
    gather->from = from;
    gather->until = until;
    gather->bounded = 0;
    gather->whole = 0;
    memset(gather->start, 0, (columns + 1) * sizeof *gather->start);
    memset(gather->used, 0, columns * sizeof *gather->used);
    return 0;
}

/* In the first pass start[i] is the change from column i - 1 to i; it may wrap, the sums do not. */
void gather_expect(struct gather *gather, uint32_t from, uint32_t until, uint32_t cells)
{
    if (from < gather->from) from = gather->from;
    if (until > gather->until) until = gather->until;
    if (from >= until) return;
    gather->start[from - gather->from] += cells;
    gather->start[until - gather->from] -= cells;
}

static int reserve(struct gather *gather, size_t count)
{
    if (count <= gather->capacity) return 0;
    free(gather->run);
    free(gather->status);
    free(gather->value);
    free(gather->lower);
    free(gather->upper);
    gather->run = malloc(count * sizeof *gather->run);
    gather->status = malloc(count * sizeof *gather->status);
    gather->value = malloc(count * sizeof *gather->value);
    gather->lower = malloc(count * sizeof *gather->lower);
    gather->upper = malloc(count * sizeof *gather->upper);
    int ok = gather->run && gather->status && gather->value && gather->lower && gather->upper;
    gather->capacity = ok ? count : 0;
    return ok ? 0 : -1;
}

int gather_prepare(struct gather *gather)
{
    uint32_t cells = 0, total = 0;
    for (uint32_t i = 0; i <= gather->until - gather->from; i++) {
        cells += gather->start[i];
        gather->start[i] = total;
        total += cells;
    }
    return reserve(gather, total);
}

/* The bounds of all cells are NAN until one comes that is not. */
static void begin_bounds(struct gather *gather)
{
    for (uint32_t i = 0; i < gather->start[gather->until - gather->from]; i++)
        gather->lower[i] = gather->upper[i] = (double)NAN;
    gather->bounded = 1;
}

void gather_put(struct gather *gather, uint32_t run, const struct row_cell *cell)
{
    uint32_t i = cell->column - gather->from;
    size_t at = (size_t)gather->start[i] + gather->used[i]++;
    assert(cell->column >= gather->from && at < gather->start[i + 1]);
    gather->run[at] = (uint16_t)run;
    gather->status[at] = cell->status;
    gather->value[at] = cell->value;
    if (cell->status != PACE_CELL_OK || (isnan(cell->lower) && isnan(cell->upper))) {
        if (gather->bounded) gather->lower[at] = gather->upper[at] = (double)NAN;
        return;
    }
    if (!gather->bounded) begin_bounds(gather);
    gather->lower[at] = cell->lower;
    gather->upper[at] = cell->upper;
}

void gather_put_values(struct gather *gather, uint32_t run, uint32_t runs, uint32_t from,
                       uint32_t until, const double *const *values)
{
    assert(from >= gather->from && until <= gather->until);
    for (uint32_t c = 0; c < until - from; c++) {
        uint32_t i = from + c - gather->from;
        size_t at = (size_t)gather->start[i] + gather->used[i];
        assert(at + runs <= gather->start[i + 1]);
        for (uint32_t r = 0; r < runs; r++) {
            gather->run[at + r] = (uint16_t)(run + r);
            gather->status[at + r] = PACE_CELL_OK;
            gather->value[at + r] = values[r][c];
        }
        for (uint32_t r = 0; gather->bounded && r < runs; r++)
            gather->lower[at + r] = gather->upper[at + r] = (double)NAN;
        gather->used[i] += runs;
    }
}

/* Run numbers and statuses are the same for all columns: the first has them. */
int gather_all(struct gather *gather, uint32_t from, uint32_t until,
               const unsigned char *const *rows, uint32_t count)
{
    assert(from < until && count > 0 && count <= BLOCK_RUNS_MAX);
    if (reserve(gather, (size_t)(until - from) * count)) return -1;
    gather->from = from;
    gather->until = until;
    gather->bounded = 0;
    gather->whole = count;
    for (uint32_t i = 0; i < count; i++) {
        gather->run[i] = (uint16_t)i;
        gather->status[i] = PACE_CELL_OK;
    }
    turn_rows(rows, count, until - from, gather->value, count);
    return 0;
}

void gather_column(const struct gather *gather, uint32_t column, struct block_column *out)
{
    uint32_t i = column - gather->from;
    if (gather->whole) {
        *out = (struct block_column){.column = column,
                                     .count = gather->whole,
                                     .run = gather->run,
                                     .status = gather->status,
                                     .value = gather->value + (size_t)i * gather->whole};
        return;
    }
    size_t start = gather->start[i];
    *out = (struct block_column){.column = column,
                                 .count = gather->used[i],
                                 .run = gather->run + start,
                                 .status = gather->status + start,
                                 .value = gather->value + start,
                                 .lower = gather->bounded ? gather->lower + start : NULL,
                                 .upper = gather->bounded ? gather->upper + start : NULL};
}
