/* listing.c -- see listing.h. */
#include "listing.h"

#include <math.h>

struct listing_op {
    struct op op;
    struct rowset rows;
    struct vec *row; /* one element each */
    size_t offset;
};

static void listing_free(struct op *op)
{
    rowset_free(&((struct listing_op *)op)->rows);
}

static int listing_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct listing_op *listing = (struct listing_op *)op;
    (void)ctx;
    *out = NULL;
    if (listing->offset == listing->rows.count) return 0;
    *out =
        rowset_batch(&listing->rows, NULL, listing->offset, listing->rows.count - listing->offset);
    listing->offset += (*out)->count;
    return 0;
}

static void row_clear(struct listing_op *listing)
{
    for (size_t i = 0; i < listing->op.schema.count; i++) {
        struct vec *cell = &listing->row[i];
        switch (cell->type) {
        case TYPE_NUMBER:
            cell->at.number[0] = NAN;
            cell->unit = "";
            break;
        case TYPE_TIME: cell->at.time_ns[0] = TIME_MISSING; break;
        case TYPE_TEXT: cell->at.text[0] = NULL; break;
        case TYPE_FLAG: cell->at.flag[0] = FLAG_UNKNOWN; break;
        }
    }
}

int listing_make(struct context *ctx, const struct listing_column *columns, size_t count,
                 struct op *input, struct op **out)
{
    struct listing_op *listing;
    int status = op_make(ctx, sizeof *listing, "listing", input, &listing);
    if (status) return status;
    listing->op.schema = (struct schema){0};
    listing->op.by_series = false;
    listing->row = arena_array(ctx->arena, count, sizeof *listing->row);
    if (!listing->row) return context_no_memory(ctx);
    for (size_t i = 0; i < count && !status; i++) {
        listing->row[i] = (struct vec){.type = columns[i].type};
        listing->row[i].at.number = arena_alloc(ctx->arena, sizeof(double));
        status = op_add_column(ctx, &listing->op,
                               (struct column){.name = columns[i].name, .type = columns[i].type});
    }
    if (status) return status;
    if (ctx->arena->failed ||
        rowset_init(&listing->rows, ctx->arena, &listing->op.schema, PACE_MAX_ROWS))
        return context_no_memory(ctx);
    row_clear(listing);
    listing->op.next = listing_next;
    listing->op.free = listing_free;
    *out = &listing->op;
    return 0;
}

void listing_text(struct op *listing, size_t column, const char *text)
{
    ((struct listing_op *)listing)->row[column].at.text[0] = text;
}

void listing_number(struct op *listing, size_t column, double number, const char *unit)
{
    struct vec *cell = &((struct listing_op *)listing)->row[column];
    cell->at.number[0] = number;
    cell->unit = unit;
}

void listing_time(struct op *listing, size_t column, int64_t time_ns)
{
    ((struct listing_op *)listing)->row[column].at.time_ns[0] = time_ns;
}

void listing_flag(struct op *listing, size_t column, bool flag)
{
    ((struct listing_op *)listing)->row[column].at.flag[0] = flag;
}

int listing_row(struct context *ctx, struct op *op)
{
    struct listing_op *listing = (struct listing_op *)op;
    const struct batch batch = {.count = 1, .vecs = listing->row};
    int status = rowset_append(&listing->rows, &batch, false);
    if (status) return op_fail_rows(ctx, status, "show");
    row_clear(listing);
    return 0;
}
