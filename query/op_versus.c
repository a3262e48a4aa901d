/* op_versus.c -- versus: the points of each series against those of the same series elsewhere.
 *
 * The other side is a chain of its own; its points are held (PACE_MAX_ROWS at most), then each
 * series here is compared with those there that agree in all dimensions that were not named. The
 * run is the unit where both sides have enough of them, else the raw samples of the runs. A series
 * without a partner stays: new here, gone there. */
#include "op.h"

#include "grow.h"
#include "plan.h"
#include "samples.h"
#include "stats/pair.h"
#include "verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIMENSIONS = PACE_DIMENSION_COUNT };
enum {
    OUT_VALUE = DIMENSIONS,
    OUT_BASE,
    OUT_N,
    OUT_N_BASE,
    OUT_RATIO,
    OUT_DELTA,
    OUT_P,
    OUT_CI_LOW,
    OUT_CI_HIGH,
    OUT_VERDICT,
    OUT_NEEDS,
    OUT_BASIS,
    OUT_LOWER,
    OUT_UPPER,
    OUT_LOWER_BASE,
    OUT_UPPER_BASE,
    OUT_COUNT
};

/* From how many runs a side the run is the unit. */
enum { RUNS_LEAST = 4 };

/* The points of one series: values[from .. from + count) and the runs they are of. */
struct entry {
    const struct series *series;
    size_t from, count;
    bool gone, paired;
};

/* The points of one side. */
struct side {
    struct op *chain;
    int value, run;
    struct sample_pool values, runs, samples; /* samples: of one series at a time */
    struct entry *entries;
    size_t count, capacity;
};

struct versus_op {
    struct op op;
    struct pair_options options;
    size_t runs_least;
    unsigned dimensions; /* that were named: they need not agree */
    struct side here, there;
    struct plan *plan;             /* of the other side */
    const struct series **streams; /* a series of each stream here */
    size_t stream_count, stream_capacity;
    bool base, noted;   /* the other side is what branches inherit */
    size_t first, last; /* entries there that go with the series here */
    size_t next_gone;
    bool begun, ended, pending;
    struct vec vecs[OUT_COUNT];
    struct batch batch;
};

static void side_free(struct side *side)
{
    sample_pool_free(&side->values);
    sample_pool_free(&side->runs);
    sample_pool_free(&side->samples);
    free(side->entries);
}

static void versus_free(struct op *op)
{
    struct versus_op *versus = (struct versus_op *)op;
    side_free(&versus->here);
    side_free(&versus->there);
    free(versus->streams);
    plan_free(versus->plan);
}

/* -- reading a side ---------------------------------------------------------------------------- */

static struct entry *entry_add(struct side *side, struct context *ctx, const struct series *series)
{
    if (side->count == side->capacity) {
        size_t capacity = side->capacity ? side->capacity * 2 : 64;
        if (arena_charge(ctx->arena, (capacity - side->capacity) * sizeof *side->entries) ||
            !grow(&side->entries, capacity, sizeof *side->entries)) {
            context_no_memory(ctx);
            return NULL;
        }
        side->capacity = capacity;
    }
    struct entry *entry = &side->entries[side->count++];
    *entry = (struct entry){.series = series, .from = side->values.count};
    return entry;
}

/* Adds the selected points of the next series to the side; *done at the end. An entry is made only
 * where something was selected. */
static int side_read(struct side *side, struct context *ctx, bool *done)
{
    struct entry *entry = NULL;
    *done = false;
    for (;;) {
        struct batch *batch;
        int status = side->chain->next(side->chain, ctx, &batch);
        if (status) return status;
        if (!batch) {
            *done = true;
            return 0;
        }
        const struct vec *value = &batch->vecs[side->value], *run = &batch->vecs[side->run];
        for (size_t row = 0; row < batch->count; row++) {
            if (!batch_selected(batch, row)) continue;
            if (!entry) entry = entry_add(side, ctx, batch->series);
            if (!entry) return PACE_ENOMEM;
            entry->gone |= batch->gone && batch->gone[row];
            double x = value->at.number[row * value->step];
            if (isnan(x)) continue;
            status = sample_pool_push(&side->values, ctx, x);
            if (!status)
                status = sample_pool_push(&side->runs, ctx, run->at.number[row * run->step]);
            if (status) return status;
            entry->count++;
        }
        if (batch->series_end && entry) return 0;
    }
}

/* Series by the names that must agree. */
static int compare_keys(const struct series *a, const struct series *b, unsigned dimensions)
{
    for (int d = 0; d < DIMENSIONS; d++) {
        if (dimensions >> d & 1) continue;
        int order = strcmp(a->names[d], b->names[d]);
        if (order) return order;
    }
    return 0;
}

static int compare_entries(const void *a, const void *b, void *context)
{
    const struct versus_op *versus = context;
    const struct entry *left = a, *right = b;
    int order = compare_keys(left->series, right->series, versus->dimensions);
    if (!order) order = compare_keys(left->series, right->series, 0);
    return order;
}

static int read_there(struct versus_op *versus, struct context *ctx)
{
    struct side *there = &versus->there;
    bool done = false;
    while (!done) {
        int status = side_read(there, ctx, &done);
        if (status) return status;
    }
    if (there->count)
        qsort_r(there->entries, there->count, sizeof *there->entries, compare_entries, versus);
    return 0;
}

/* Entries there that go with a series here: first .. last. */
static void find_partners(struct versus_op *versus, const struct series *series)
{
    const struct side *there = &versus->there;
    size_t low = 0, high = there->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(there->entries[middle].series, series, versus->dimensions) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    versus->first = versus->last = low;
    while (versus->last < there->count &&
           compare_keys(there->entries[versus->last].series, series, versus->dimensions) == 0)
        versus->last++;
}

/* -- comparing --------------------------------------------------------------------------------- */

/* What is compared of one side: values of runs, or raw samples. */
struct sample {
    const double *values;
    size_t count;
};

static int pool_samples(struct side *side, struct context *ctx, const struct entry *entry)
{
    int status = 0;
    side->samples.count = 0;
    for (size_t i = 0; i < entry->count && !status; i++)
        status =
            sample_pool_add(&side->samples, ctx, entry->series, side->runs.values[entry->from + i]);
    return status;
}

static void put_row(struct versus_op *versus, size_t row, const struct series *series,
                    enum verdict verdict)
{
    for (int d = 0; d < DIMENSIONS; d++)
        versus->vecs[d].at.text[row] = series->names[d];
    for (int i = DIMENSIONS; i < OUT_COUNT; i++) {
        struct vec *vec = &versus->vecs[i];
        if (vec->type == TYPE_TEXT)
            vec->at.text[row] = NULL;
        else
            vec->at.number[row] = NAN;
        if (vec->units) vec->units[row] = series->unit;
    }
    versus->vecs[OUT_VERDICT].at.text[row] = verdict_names[verdict];
}

static void put_number(struct versus_op *versus, int column, size_t row, double number)
{
    versus->vecs[column].at.number[row] = isfinite(number) ? number : NAN;
}

/* A series without a partner: what there is of it. */
static void put_alone(struct versus_op *versus, size_t row, const struct side *side,
                      const struct entry *entry, bool here)
{
    enum verdict verdict = here ? VERDICT_NEW : VERDICT_GONE;
    if (here && entry->gone) verdict = VERDICT_GONE;
    if (here && !entry->gone && entry->count == 0) verdict = VERDICT_FAILED;
    put_row(versus, row, entry->series, verdict);
    put_number(versus, here ? OUT_N : OUT_N_BASE, row, (double)entry->count);
    struct median alone;
    if (pair_side(side->values.values + entry->from, entry->count, &versus->options, &alone))
        return;
    put_number(versus, here ? OUT_VALUE : OUT_BASE, row, alone.value);
    put_number(versus, here ? OUT_LOWER : OUT_LOWER_BASE, row, alone.low);
    put_number(versus, here ? OUT_UPPER : OUT_UPPER_BASE, row, alone.high);
}

static enum verdict verdict_of(const struct pair *pair, enum pace_direction direction)
{
    if (pair->verdict == PAIR_SAME) return VERDICT_SAME;
    if (pair->verdict == PAIR_NEED_MORE) return VERDICT_NEED_MORE;
    if (direction == PACE_DIRECTION_UNKNOWN) return VERDICT_CHANGED;
    bool up = pair->y.value > pair->x.value;
    return up == (direction == PACE_LOWER_IS_BETTER) ? VERDICT_WORSE : VERDICT_BETTER;
}

static void put_pair(struct versus_op *versus, size_t row, const struct entry *here,
                     const struct sample *own, const struct sample *base, const struct pair *pair,
                     const char *basis)
{
    put_row(versus, row, here->series, verdict_of(pair, here->series->direction));
    put_number(versus, OUT_VALUE, row, pair->y.value);
    put_number(versus, OUT_BASE, row, pair->x.value);
    put_number(versus, OUT_N, row, (double)own->count);
    put_number(versus, OUT_N_BASE, row, (double)base->count);
    put_number(versus, OUT_RATIO, row, pair->ratio);
    put_number(versus, OUT_DELTA, row, pair->ratio - 1);
    put_number(versus, OUT_P, row, pair->p);
    put_number(versus, OUT_CI_LOW, row, pair->ratio_low);
    put_number(versus, OUT_CI_HIGH, row, pair->ratio_high);
    if (pair->verdict == PAIR_NEED_MORE) put_number(versus, OUT_NEEDS, row, (double)pair->needs);
    versus->vecs[OUT_BASIS].at.text[row] = basis;
    put_number(versus, OUT_LOWER, row, pair->y.low);
    put_number(versus, OUT_UPPER, row, pair->y.high);
    put_number(versus, OUT_LOWER_BASE, row, pair->x.low);
    put_number(versus, OUT_UPPER_BASE, row, pair->x.high);
}

/* Values of the other side in the unit of this one; the same memory where they agree. */
static int rescale(struct versus_op *versus, struct context *ctx, const struct series *from,
                   const struct series *to, struct sample *sample)
{
    double factor = 1;
    if (strcmp(from->unit, to->unit) == 0) return 0;
    if (unit_convert(from->unit, to->unit, &factor))
        return context_fail(ctx, Q_UNIT, (struct span){0, 0}, "compare series of one unit",
                            "'%s' is in %s here and in %s there", to->names[PACE_MEASURE],
                            *to->unit ? to->unit : "no unit", *from->unit ? from->unit : "no unit");
    struct sample_pool *pool = &versus->there.samples;
    bool pooled = sample->values == pool->values;
    if (!pooled) pool->count = 0;
    for (size_t i = 0; i < sample->count; i++) {
        int status = pooled ? 0 : sample_pool_push(pool, ctx, sample->values[i]);
        if (status) return status;
        pool->values[i] *= factor;
    }
    sample->values = pool->values;
    return 0;
}

static int compare(struct versus_op *versus, struct context *ctx, const struct entry *here,
                   const struct entry *there, size_t row)
{
    struct sample own = {versus->here.values.values + here->from, here->count};
    struct sample base = {versus->there.values.values + there->from, there->count};
    const char *basis = "runs";
    int status = 0;
    if (own.count < versus->runs_least || base.count < versus->runs_least) {
        status = pool_samples(&versus->here, ctx, here);
        if (!status) status = pool_samples(&versus->there, ctx, there);
        if (status) return status;
        const struct sample_pool *x = &versus->here.samples, *y = &versus->there.samples;
        if (x->count > own.count && y->count > base.count) {
            own = (struct sample){x->values, x->count};
            base = (struct sample){y->values, y->count};
            basis = "within-run";
        }
    }
    status = rescale(versus, ctx, there->series, here->series, &base);
    if (status) return status;
    struct pair pair;
    if (pair_compare(base.values, base.count, own.values, own.count, &versus->options, &pair))
        return context_no_memory(ctx);
    put_pair(versus, row, here, &own, &base, &pair, basis);
    return context_check(ctx);
}

/* -- rows -------------------------------------------------------------------------------------- */

/* Takes note of the stream of a series here; they come stream by stream. */
static int stream_add(struct versus_op *versus, struct context *ctx, const struct series *series)
{
    size_t count = versus->stream_count;
    if (count && versus->streams[count - 1]->stream == series->stream) return 0;
    if (count == versus->stream_capacity) {
        size_t capacity = count ? count * 2 : 16;
        if (arena_charge(ctx->arena, (capacity - count) * sizeof *versus->streams) ||
            !grow(&versus->streams, capacity, sizeof *versus->streams))
            return context_no_memory(ctx);
        versus->stream_capacity = capacity;
    }
    versus->streams[versus->stream_count++] = series;
    return 0;
}

/* Whether a series there is of a stream that goes with one here. */
static bool has_stream(const struct versus_op *versus, const struct series *series)
{
    unsigned of_stream = 1u << PACE_BENCHMARK | 1u << PACE_MEASURE;
    for (size_t i = 0; i < versus->stream_count; i++)
        if (compare_keys(versus->streams[i], series, versus->dimensions | of_stream) == 0)
            return true;
    return false;
}

/* Says once where `versus base` has nothing to compare with. */
static void note_base(struct versus_op *versus, struct context *ctx, const struct series *series)
{
    if (!versus->base || versus->noted) return;
    versus->noted = true;
    diag_note(ctx->diags,
              "no run of the start point of branch %s: a run in a pull request records one, or "
              "`pace run --start-point main`",
              series->names[PACE_BRANCH]);
}

/* The next series here, with its partners; ended at the end. */
static int next_here(struct versus_op *versus, struct context *ctx)
{
    struct side *here = &versus->here;
    bool done;
    here->count = here->values.count = here->runs.count = 0;
    int status = side_read(here, ctx, &done);
    if (status) return status;
    versus->ended = done;
    versus->pending = here->count > 0;
    if (!versus->pending) return 0;
    find_partners(versus, here->entries[0].series);
    return stream_add(versus, ctx, here->entries[0].series);
}

/* Writes rows of the pending series: one a partner that has values, or one alone. */
static int put_series(struct versus_op *versus, struct context *ctx, size_t *row)
{
    struct entry *here = &versus->here.entries[0];
    struct side *there = &versus->there;
    bool any = false;
    for (size_t i = versus->first; i < versus->last; i++) {
        there->entries[i].paired = true;
        any |= there->entries[i].count > 0;
    }
    if (here->count == 0 || !any) {
        if (!any) note_base(versus, ctx, here->series);
        put_alone(versus, (*row)++, &versus->here, here, true);
        versus->pending = false;
        return 0;
    }
    while (versus->first < versus->last && *row < PACE_MAX_BATCH) {
        struct entry *base = &there->entries[versus->first++];
        int status = base->count ? compare(versus, ctx, here, base, (*row)++) : 0;
        if (status) return status;
    }
    versus->pending = versus->first < versus->last;
    return 0;
}

static int versus_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct versus_op *versus = (struct versus_op *)op;
    struct side *there = &versus->there;
    size_t row = 0;
    *out = NULL;
    if (!versus->begun) {
        int status = read_there(versus, ctx);
        if (status) return status;
        versus->begun = true;
    }
    while (row < PACE_MAX_BATCH && (versus->pending || !versus->ended)) {
        int status = versus->pending ? put_series(versus, ctx, &row) : next_here(versus, ctx);
        if (status) return status;
    }
    while (row < PACE_MAX_BATCH && versus->ended && !versus->pending &&
           versus->next_gone < there->count) {
        struct entry *entry = &there->entries[versus->next_gone++];
        if (!entry->paired && entry->count && has_stream(versus, entry->series))
            put_alone(versus, row++, there, entry, false);
    }
    if (row == 0) return 0;
    versus->batch = (struct batch){.count = row, .vecs = versus->vecs};
    *out = &versus->batch;
    return 0;
}

/* -- making it --------------------------------------------------------------------------------- */

static int bind_method(struct context *ctx, const struct option *option, struct pair_options *out)
{
    static const char *const names[] = {"mann-whitney", "welch", "bootstrap", "kolmogorov-smirnov"};
    static const enum pair_method methods[] = {PAIR_RANKS, PAIR_WELCH, PAIR_BOOTSTRAP, PAIR_KS};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (!slice_is(option->name, names[i])) continue;
        out->method = methods[i];
        return 0;
    }
    return context_fail(
        ctx, Q_NO_OPTION, option->span, context_suggest(ctx, option->name, names, 4),
        "no test '%.*s': it is mann-whitney, welch, bootstrap or kolmogorov-smirnov",
        (int)option->name.len, option->name.text);
}

static int option_bind(struct context *ctx, const struct option *option, struct versus_op *versus)
{
    double number = 0, ignored;
    const char *unit = "";
    int status = 0;
    if (option->kind == OPTION_NEEDS) status = option_numbers(ctx, option, &number, &ignored);
    if (option->kind == OPTION_ALPHA || option->kind == OPTION_FLOOR)
        status = value_bind(ctx, &option->bound, &number, &unit);
    if (status) return status;
    struct unit known = unit_lookup(unit, strlen(unit));
    bool plain = known.kind == UNIT_RATIO || known.kind == UNIT_NONE;
    if (known.kind == UNIT_RATIO) number *= known.factor;
    switch (option->kind) {
    case OPTION_USING: return bind_method(ctx, option, &versus->options);
    case OPTION_ALPHA:
        if (!plain || !(number > 0 && number < 1))
            return context_fail(ctx, Q_RANGE, option->span, "write alpha 1%",
                                "'alpha' is a probability between 0 and 1");
        versus->options.alpha = number;
        return 0;
    case OPTION_FLOOR:
        if (!plain || !(number >= 0))
            return context_fail(ctx, Q_RANGE, option->span, "write floor 5%",
                                "'floor' takes a fraction of the base");
        versus->options.floor = number;
        return 0;
    case OPTION_NEEDS:
        if (!(number >= 2 && number <= PACE_MAX_WINDOW) || number != floor(number))
            return context_fail(ctx, Q_RANGE, option->span, "write needs 6",
                                "'needs' is a number of runs from 2");
        versus->runs_least = (size_t)number;
        return 0;
    default:
        return context_fail(ctx, Q_NO_OPTION, option->span, "it takes using, alpha, floor, needs",
                            "'versus' has no such option");
    }
}

static int side_bind(struct context *ctx, const struct stage *stage, struct op *chain,
                     struct side *side)
{
    side->chain = chain;
    side->value = schema_find(&chain->schema, "value", 5);
    side->run = schema_find(&chain->schema, "run", 3);
    if (!chain->by_series || side->value < 0 || side->run < 0)
        return context_fail(ctx, Q_ORDER, stage->verb_span,
                            "put it before sort, take, keep and summarize",
                            "'versus' needs the points of series");
    return 0;
}

int op_versus(struct context *ctx, const struct stage *stage, struct op *input, struct plan *other,
              unsigned dimensions, struct op **out)
{
    static const char *const names[OUT_COUNT] = {
        "project", "branch",   "testbed", "benchmark",   "measure",     "value",      "base",
        "n",       "n_base",   "ratio",   "delta",       "p",           "ci_low",     "ci_high",
        "verdict", "n_needed", "basis",   "lower_value", "upper_value", "lower_base", "upper_base"};
    struct versus_op *versus;
    int status = op_make(ctx, sizeof *versus, "versus", input, &versus);
    if (!status) status = side_bind(ctx, stage, input, &versus->here);
    if (!status) status = side_bind(ctx, stage, other->last, &versus->there);
    versus->options = (struct pair_options){.alpha = 0.05};
    versus->runs_least = RUNS_LEAST;
    versus->dimensions = dimensions;
    for (const struct option *option = stage->options; option && !status; option = option->next)
        status = option_bind(ctx, option, versus);
    if (status) return status;
    const struct column value = input->schema.columns[versus->here.value];
    versus->op.schema = (struct schema){0};
    for (int i = 0; i < OUT_COUNT; i++) {
        bool text = i < DIMENSIONS || i == OUT_VERDICT || i == OUT_BASIS;
        bool quantity = i == OUT_VALUE || i == OUT_BASE || i >= OUT_LOWER;
        struct column column = {.name = names[i], .type = text ? TYPE_TEXT : TYPE_NUMBER};
        if (quantity) {
            column.kind = value.kind;
            column.mixed = value.mixed;
        }
        if (i == OUT_DELTA) column.kind = UNIT_RATIO;
        status = op_add_column(ctx, &versus->op, column);
        if (status) return status;
        versus->vecs[i] = vec_make(ctx->arena, column.type, quantity);
        if (quantity) versus->vecs[i].unit = NULL; /* each row has its own */
    }
    if (ctx->arena->failed) return context_no_memory(ctx);
    versus->plan = versus->op.other = other;
    versus->base = !stage->source;
    versus->op.by_series = false;
    versus->op.next = versus_next;
    versus->op.free = versus_free;
    *out = &versus->op;
    return 0;
}
