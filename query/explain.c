/* explain.c -- see explain.h. Reading is fast and changes nothing, so that the numbers are counted, not
 * guessed. */
#include "explain.h"

#include "listing.h"

#include <string.h>

enum {
    EXPLAIN_OPERATOR,
    EXPLAIN_STREAMS,
    EXPLAIN_LOOKS,
    EXPLAIN_PUSHED,
    EXPLAIN_SERIES,
    EXPLAIN_POINTS,
    EXPLAIN_EACH,
    EXPLAIN_COUNT
};

static const char *counted(struct arena *arena, uint64_t count, const char *what)
{
    return arena_printf(arena, "%llu %s%s", (unsigned long long)count, what, count == 1 ? "" : "s");
}

/* "64 points before each", NULL for an operator that does not look back. */
static const char *looks_text(struct arena *arena, const struct lookback *back)
{
    char span[UNIT_TEXT_MAX];
    if (back->all) return "the whole history";
    const char *text = NULL;
    if (back->points) text = counted(arena, back->points, "point");
    if (back->commits) text = counted(arena, back->commits, "commit");
    if (back->span_ns) text = arena_string(arena, unit_print(span, (double)back->span_ns, "ns"));
    if (!text) return NULL;
    if (back->judged)
        text = arena_printf(arena, "%s, and of %s before", text,
                            counted(arena, back->judged, "point"));
    return back->from_parent ? arena_printf(arena, "%s; of a branch: its parent's", text) : text;
}

static uint64_t scan_points(const struct op *op)
{
    while (op->input)
        op = op->input;
    return op->points_read;
}

/* The points that were read for the chain of `last`: siblings are its own, too, where it is the statement's
 * and not another side. */
static uint64_t points_of(const struct context *ctx, const struct op *last, bool is_other)
{
    uint64_t others = 0;
    if (is_other) return scan_points(last);
    for (const struct op *op = last; op; op = op->input)
        if (op->other) others += scan_points(op->other->last);
    return ctx->outcome->points_read - others;
}

static int put_operator(struct context *ctx, struct op *listing, const struct plan *plan,
                        const struct op *op, const char *side, uint64_t read)
{
    struct arena *arena = ctx->arena;
    bool holds = op->input && !op->by_series && strcmp(op->name, "take") != 0 &&
                 (op->input->by_series || op->holds);
    listing_text(listing, EXPLAIN_OPERATOR,
                 arena_printf(arena, "%s%s", side, *op->detail ? op->detail : op->name));
    listing_text(listing, EXPLAIN_STREAMS,
                 op->by_series ? "series by series"
                 : holds       ? "rows, after all were read"
                               : "rows");
    listing_text(listing, EXPLAIN_LOOKS, op->looks ? op->looks : looks_text(arena, &op->lookback));
    if (!op->input) {
        double series = (double)plan->selection.count, points = (double)read;
        listing_text(listing, EXPLAIN_PUSHED, plan->pushed);
        listing_number(listing, EXPLAIN_SERIES, series, "");
        listing_number(listing, EXPLAIN_POINTS, points, "");
        if (plan->selection.count) listing_number(listing, EXPLAIN_EACH, points / series, "");
    }
    return arena->failed ? context_no_memory(ctx) : listing_row(ctx, listing);
}

/* The operators of a plan from `op` down to its scan, that first; another side before what compares with
 * it. `read`: points for it. */
static int put_operators(struct context *ctx, struct op *listing, const struct plan *plan,
                         const struct op *op, const char *side, uint64_t read)
{
    int status = op->input ? put_operators(ctx, listing, plan, op->input, side, read) : 0;
    if (!status && op->other)
        status = put_operators(ctx, listing, op->other, op->other->last,
                               "other side: ", points_of(ctx, op->other->last, true));
    return status || op->inner ? status : put_operator(ctx, listing, plan, op, side, read);
}

int explain_plan(struct context *ctx, struct plan *plan)
{
    static const struct listing_column columns[EXPLAIN_COUNT] = {
        [EXPLAIN_OPERATOR] = {"operator", TYPE_TEXT},
        [EXPLAIN_STREAMS] = {"streams", TYPE_TEXT},
        [EXPLAIN_LOOKS] = {"looks_back", TYPE_TEXT},
        [EXPLAIN_PUSHED] = {"pushed", TYPE_TEXT},
        [EXPLAIN_SERIES] = {"series", TYPE_NUMBER},
        [EXPLAIN_POINTS] = {"points", TYPE_NUMBER},
        [EXPLAIN_EACH] = {"points_a_series", TYPE_NUMBER}};
    struct op *last = plan->last, *listing;
    uint64_t rows = 0;
    for (;;) {
        struct batch *batch;
        int status = last->next(last, ctx, &batch);
        if (status) return status;
        if (!batch) break;
        for (size_t i = 0; i < batch->count; i++)
            rows += batch_selected(batch, i);
    }
    int status = listing_make(ctx, columns, EXPLAIN_COUNT, last, &listing);
    if (status) return status;
    plan->last = listing;
    plan->format = NULL;
    plan->expects = false; /* what it would fail is not asked */
    ctx->outcome->status = 0;
    status = put_operators(ctx, listing, plan, last, "", points_of(ctx, last, false));
    if (!status) diag_note(ctx->diags, "%s in the answer", counted(ctx->arena, rows, "row"));
    return status;
}
