/* op_fdr.c -- the many series of a run judged together: q beside p, after Benjamini and Hochberg.
 *
 * Rows of a check are held (PACE_MAX_ROWS at most). The family is a run: its judged rows that have
 * a p. The p of a model is one-sided, on the side where the value is; here it becomes that of the
 * sides that have a limit. A verdict that says different stays only where q is at most the rate. */
#include "op.h"

#include "stats/pair.h"
#include "verdict.h"

#include <math.h>
#include <stdlib.h>

/* Of what a bare check calls worse, the share that may be by chance. */
static const double CONFIRMED_RATE = 0.05;

struct fdr_op {
    struct op op;
    double rate;
    int run, p, value, base, low, high, verdict;
    int confirms; /* of a bare check: the column of q, which says so until then; else -1 */
    struct rowset rows;
    double *q;
    struct vec *vecs, own;
    size_t offset;
    bool filled;
    struct batch batch;
};

static void fdr_free(struct op *op)
{
    struct fdr_op *fdr = (struct fdr_op *)op;
    rowset_free(&fdr->rows);
    free(fdr->q);
}

static double number_at(const struct fdr_op *fdr, int column, size_t row)
{
    return fdr->rows.columns[column].at.number[row];
}

/* P of a value as far out on the sides that are judged. */
static double sided_p(const struct fdr_op *fdr, size_t row)
{
    double p = number_at(fdr, fdr->p, row);
    bool low = !isnan(number_at(fdr, fdr->low, row)), high = !isnan(number_at(fdr, fdr->high, row));
    bool above = number_at(fdr, fdr->value, row) > number_at(fdr, fdr->base, row);
    if (isnan(p) || fdr->rows.columns[fdr->verdict].at.text[row] == verdict_names[VERDICT_MOVED])
        return NAN; /* set beside another machine it says nothing of the code */
    if (low == high) return fmin(1, 2 * p);
    return above == high ? p : 1 - p;
}

/* Whether a row of a bare check is one that confirms. */
static int is_second(const struct fdr_op *fdr, size_t row)
{
    return fdr->confirms >= 0 && number_at(fdr, fdr->confirms, row) > 0;
}

static int row_compare(const void *a, const void *b, void *context)
{
    const struct fdr_op *fdr = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    double x = number_at(fdr, fdr->run, left), y = number_at(fdr, fdr->run, right);
    if (x < y || x > y) return x < y ? -1 : 1;
    int order = is_second(fdr, left) - is_second(fdr, right);
    return order ? order : (left > right) - (left < right);
}

static bool same_family(const struct fdr_op *fdr, uint32_t a, uint32_t b)
{
    return !(number_at(fdr, fdr->run, a) < number_at(fdr, fdr->run, b)) &&
           !(number_at(fdr, fdr->run, a) > number_at(fdr, fdr->run, b)) &&
           is_second(fdr, a) == is_second(fdr, b);
}

static void judge_row(struct fdr_op *fdr, struct context *ctx, size_t row)
{
    const char **verdict = &fdr->rows.columns[fdr->verdict].at.text[row];
    static const enum verdict different[] = {VERDICT_WORSE, VERDICT_BETTER, VERDICT_SUSPECTED,
                                             VERDICT_CHANGED};
    int second = is_second(fdr, row);
    double rate = fdr->rate > 0 ? fdr->rate : second ? CONFIRMED_RATE : (double)INFINITY;
    if (!(fdr->q[row] > rate)) return;
    if (second && *verdict == verdict_names[VERDICT_WORSE]) {
        outcome_count(ctx->outcome, VERDICT_WORSE, -1);
        outcome_count(ctx->outcome, VERDICT_SUSPECTED, 1);
        *verdict = verdict_names[VERDICT_SUSPECTED];
    }
    if (second) return;
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        if (*verdict != verdict_names[different[i]]) continue;
        outcome_count(ctx->outcome, different[i], -1);
        *verdict = verdict_names[VERDICT_OK];
    }
}

/* Adjusts run by run. */
static int adjust(struct fdr_op *fdr, struct context *ctx)
{
    size_t count = fdr->rows.count, size = count + 1;
    uint32_t *order = malloc(size * sizeof *order);
    double *p = malloc(size * sizeof *p), *q = malloc(size * sizeof *q);
    fdr->q = malloc(size * sizeof *fdr->q);
    int status = order && p && q && fdr->q ? 0 : -1;
    for (size_t i = 0; i < count && !status; i++)
        order[i] = (uint32_t)i;
    if (!status) qsort_r(order, count, sizeof *order, row_compare, fdr);
    for (size_t from = 0, end; from < count && !status; from = end) {
        for (end = from; end < count && same_family(fdr, order[from], order[end]); end++)
            p[end - from] = sided_p(fdr, order[end]);
        status = fdr_adjust(p, end - from, q);
        for (size_t i = from; i < end && !status; i++)
            fdr->q[order[i]] = q[i - from];
    }
    for (size_t row = 0; row < count && !status; row++)
        judge_row(fdr, ctx, row);
    free(order);
    free(p);
    free(q);
    return status ? context_no_memory(ctx) : 0;
}

static int fdr_fill(struct fdr_op *fdr, struct context *ctx)
{
    for (;;) {
        struct batch *batch;
        int status = fdr->op.input->next(fdr->op.input, ctx, &batch);
        if (status) return status;
        if (!batch) return adjust(fdr, ctx);
        status = rowset_append(&fdr->rows, batch, true);
        if (status) return op_fail_rows(ctx, status, "check");
    }
}

static int fdr_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct fdr_op *fdr = (struct fdr_op *)op;
    *out = NULL;
    if (!fdr->filled) {
        int status = fdr_fill(fdr, ctx);
        if (status) return status;
        fdr->filled = true;
    }
    if (fdr->offset == fdr->rows.count) return 0;
    struct batch *batch =
        rowset_batch(&fdr->rows, NULL, fdr->offset, fdr->rows.count - fdr->offset);
    size_t inherited = op->input->schema.count;
    for (size_t i = 0; i < inherited; i++)
        fdr->vecs[i] = batch->vecs[i];
    fdr->own.at.number = fdr->q + fdr->offset;
    fdr->vecs[fdr->confirms >= 0 ? (size_t)fdr->confirms : inherited] = fdr->own;
    fdr->offset += batch->count;
    fdr->batch = *batch;
    fdr->batch.vecs = fdr->vecs;
    *out = &fdr->batch;
    return 0;
}

int op_fdr(struct context *ctx, const struct stage *stage, struct op *input, double rate,
           struct op **out)
{
    struct fdr_op *fdr;
    int status = op_make(ctx, sizeof *fdr, "fdr", input, &fdr);
    if (status) return status;
    const struct schema *schema = &input->schema;
    fdr->rate = rate;
    fdr->run = schema_find(schema, "run", 3);
    fdr->p = schema_find(schema, "p", 1);
    fdr->value = schema_find(schema, "value", 5);
    fdr->base = schema_find(schema, "base", 4);
    fdr->low = schema_find(schema, "low_limit", 9);
    fdr->high = schema_find(schema, "high_limit", 10);
    fdr->verdict = schema_find(schema, "verdict", 7);
    if (fdr->run < 0)
        return context_fail(ctx, Q_ORDER, stage->verb_span, "put it before 'keep'",
                            "'check' with fdr needs the column run");
    if (rowset_init(&fdr->rows, ctx->arena, schema, context_limit(ctx, LIMIT_PACE_MAX_ROWS)))
        return context_no_memory(ctx);
    fdr->confirms = schema_find(schema, "q", 1);
    if (fdr->confirms < 0)
        status = op_add_column(ctx, &fdr->op, (struct column){.name = "q", .type = TYPE_NUMBER});
    if (status) return status;
    fdr->vecs = arena_array(ctx->arena, fdr->op.schema.count, sizeof *fdr->vecs);
    if (!fdr->vecs) return context_no_memory(ctx);
    fdr->own = (struct vec){.type = TYPE_NUMBER, .step = 1, .unit = ""};
    fdr->op.lookback = input->lookback;
    fdr->op.by_series = false;
    fdr->op.next = fdr_next;
    fdr->op.free = fdr_free;
    *out = &fdr->op;
    return 0;
}
