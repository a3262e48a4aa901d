/* op_changes.c -- the change points of each series, one row a change.
 *
 * A series is segmented whole, whatever range was asked for; the range chooses which changes are
 * shown (rule 5). The operator here finds the changes, series by series; the one behind it
 * (op_events.c) holds them until all series are read. */
#include "events.h"
#include "grow.h"
#include "kept.h"
#include "stats/segment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum type type;
} out_columns[INNER_COUNT] = {
    [PACE_PROJECT] = {"project", TYPE_TEXT},
    [PACE_BRANCH] = {"branch", TYPE_TEXT},
    [PACE_TESTBED] = {"testbed", TYPE_TEXT},
    [PACE_BENCHMARK] = {"benchmark", TYPE_TEXT},
    [PACE_MEASURE] = {"measure", TYPE_TEXT},
    [OUT_TIME] = {"time", TYPE_TIME},
    [OUT_COMMIT] = {"commit", TYPE_TEXT},
    [OUT_FROM] = {"from_commit", TYPE_TEXT},
    [OUT_KIND] = {"kind", TYPE_TEXT},
    [OUT_BEFORE] = {"before", TYPE_NUMBER},
    [OUT_AFTER] = {"after", TYPE_NUMBER},
    [OUT_DELTA] = {"delta", TYPE_NUMBER},
    [OUT_EFFECT] = {"effect", TYPE_NUMBER},
    [OUT_P] = {"p", TYPE_NUMBER},
    [OUT_WORSE] = {"worse", TYPE_FLAG},
    [OUT_RECOVERED] = {"recovered", TYPE_FLAG},
    [OUT_UNTIL] = {"until", TYPE_TIME},
    [OUT_EARLIEST] = {"earliest_commit", TYPE_TEXT},
    [OUT_LATEST] = {"latest_commit", TYPE_TEXT},
    [OUT_MEAN_BEFORE] = {"mean_before", TYPE_NUMBER},
    [OUT_MEAN_AFTER] = {"mean_after", TYPE_NUMBER},
    [INNER_BRANCH] = {"branch of the series", TYPE_TEXT},
    [INNER_EARLIEST] = {"earliest", TYPE_TIME},
    [INNER_LATEST] = {"latest", TYPE_TIME},
};

static const char *const kind_names[] = {
    [CHANGE_STEP] = "step", [CHANGE_DRIFT] = "drift", [CHANGE_EXCURSION] = "excursion"};

/* A change with what its row needs of the series' points. */
struct found_change {
    const struct series *series;
    const char *branch, *commit, *from_commit, *earliest, *latest;
    int64_t time_ns, until_ns, earliest_ns, latest_ns;
    struct change change;
};

/* Finds the changes of each series. */
struct changes_op {
    struct op op;
    struct segment_options options;
    int time, commit, value, branch; /* branch: -1 when it was not kept */
    /* Of `using focus`. */
    bool online;
    struct online_work work;
    struct scan_known known;
    struct kept kept; /* of the stream that was read last */
    int run;          /* the column; -1 when it was not kept */
    uint64_t skipped; /* runs of the series that is being read which were not */
    /* The series that is being read. */
    double *values;
    int64_t *time_ns;
    const char **commits, **branches;
    uint8_t *selected;
    size_t count, capacity;
    struct change *changes;
    size_t change_capacity;
    /* What was found in the last series. */
    struct found_change *found;
    size_t found_count, found_capacity, offset;
    bool read;
    struct changes_seen seen;
    struct vec vecs[INNER_COUNT];
    struct batch batch;
};

static void changes_free(struct op *op)
{
    struct changes_op *changes = (struct changes_op *)op;
    free(changes->values);
    free(changes->time_ns);
    free(changes->commits);
    free(changes->branches);
    free(changes->selected);
    free(changes->changes);
    free(changes->found);
    online_work_free(&changes->work);
}

static int points_reserve(struct changes_op *changes, struct context *ctx, size_t need)
{
    if (need > context_limit(ctx, LIMIT_PACE_MAX_ROWS))
        return op_fail_rows(ctx, PACE_ELIMIT, "changes");
    if (need <= changes->capacity) return 0;
    size_t capacity = changes->capacity ? changes->capacity * 2 : PACE_MAX_BATCH;
    while (capacity < need)
        capacity *= 2;
    size_t point_size = 3 * sizeof(double) + 1;
    if (arena_charge(ctx->arena, (capacity - changes->capacity) * point_size))
        return context_no_memory(ctx);
    if (!grow(&changes->values, capacity, sizeof(double)) ||
        !grow(&changes->time_ns, capacity, sizeof(int64_t)) ||
        !grow(&changes->commits, capacity, sizeof(char *)) ||
        !grow(&changes->branches, capacity, sizeof(char *)) ||
        !grow(&changes->selected, capacity, 1))
        return context_no_memory(ctx);
    changes->capacity = capacity;
    return 0;
}

static int points_add(struct changes_op *changes, struct context *ctx, const struct batch *batch)
{
    int status = points_reserve(changes, ctx, changes->count + batch->count);
    if (status) return status;
    const struct vec *time = &batch->vecs[changes->time], *commit = &batch->vecs[changes->commit];
    const struct vec *value = &batch->vecs[changes->value];
    const struct vec *branch = changes->branch < 0 ? NULL : &batch->vecs[changes->branch];
    size_t row = 0;
    /* The last of the runs that are known was read to see that it still is. */
    if (batch->skipped && batch->series_start && batch->count) {
        const struct vec *run = &batch->vecs[changes->run];
        row = run->at.number[0] <= (double)changes->kept.run &&
              run->at.number[0] >= (double)changes->kept.run;
    }
    for (; row < batch->count; row++) {
        double x = value->at.number[row * value->step];
        if (isnan(x)) continue;
        size_t i = changes->count++;
        changes->values[i] = x;
        changes->time_ns[i] = time->at.time_ns[row * time->step];
        changes->commits[i] = commit->at.text[row * commit->step];
        changes->branches[i] =
            branch ? branch->at.text[row * branch->step] : batch->series->names[PACE_BRANCH];
        changes->selected[i] = batch_selected(batch, row);
    }
    return 0;
}

/* -- what is found ----------------------------------------------------------------------------- */

/* Segments the series that was gathered; how many changes, or -1. */
static int segment_series(struct changes_op *changes)
{
    for (;;) {
        int found = segment_changes(changes->values, changes->count, &changes->options,
                                    changes->changes, changes->change_capacity);
        if (found < 0 || (size_t)found <= changes->change_capacity) return found;
        if (!grow(&changes->changes, (size_t)found, sizeof *changes->changes)) return -1;
        changes->change_capacity = (size_t)found;
    }
}

static int found_reserve(struct changes_op *changes, struct context *ctx, size_t more)
{
    size_t need = changes->found_count + more, capacity = changes->found_capacity;
    if (need <= capacity) return 0;
    if (need > PACE_MAX_ROWS) return op_fail_rows(ctx, PACE_ELIMIT, "changes");
    while (capacity < need)
        capacity = capacity ? capacity * 2 : 64;
    size_t size = sizeof *changes->found;
    if (arena_charge(ctx->arena, (capacity - changes->found_capacity) * size) ||
        !grow(&changes->found, capacity, size))
        return context_no_memory(ctx);
    changes->found_capacity = capacity;
    return 0;
}

static void keep_change(struct changes_op *changes, const struct series *series,
                        const struct change *change)
{
    size_t last = changes->count - 1;
    size_t end = change->kind == CHANGE_STEP ? change->index : change->end;
    changes->found[changes->found_count++] = (struct found_change){
        .series = series,
        .branch = changes->branches[change->index],
        .commit = changes->commits[change->index],
        .from_commit = changes->commits[change->index - 1],
        .earliest = changes->commits[change->earliest],
        .latest = changes->commits[change->latest],
        .time_ns = changes->time_ns[change->index],
        .earliest_ns = changes->time_ns[change->earliest],
        .latest_ns = changes->time_ns[change->latest],
        .until_ns =
            change->kind == CHANGE_STEP ? TIME_MISSING : changes->time_ns[end < last ? end : last],
        .change = *change};
}

/* -- as the points arrived --------------------------------------------------------------------- */

static int known_runs(void *context, struct context *ctx, const struct pace_stream *stream,
                      uint64_t *runs, uint64_t *run)
{
    struct changes_op *changes = context;
    int status = kept_open(ctx, stream, op_scan_marks(changes->op.input), &changes->kept);
    *runs = changes->kept.runs;
    *run = changes->kept.run;
    return status;
}

static int known_series(void *context, struct context *ctx, const struct series *series)
{
    struct changes_op *changes = context;
    struct kept_series state;
    return kept_find(ctx, &changes->kept, series, &state);
}

/* Puts the points of the level that is kept before those that were read: all that a change may
 * need. */
static int history_load(struct changes_op *changes, struct context *ctx,
                        const struct series *series, uint64_t from, size_t before)
{
    size_t count = changes->count;
    struct kept_point *points = malloc((before + 1) * sizeof *points);
    if (!points) return context_no_memory(ctx);
    int status = points_reserve(changes, ctx, before + count);
    if (!status) status = kept_history(ctx, &changes->kept, series, from, before, points);
    if (!status && before) {
        memmove(changes->values + before, changes->values, count * sizeof *changes->values);
        memmove(changes->time_ns + before, changes->time_ns, count * sizeof *changes->time_ns);
        memmove(changes->commits + before, changes->commits, count * sizeof *changes->commits);
        memmove(changes->branches + before, changes->branches, count * sizeof *changes->branches);
        memmove(changes->selected + before, changes->selected, count);
    }
    for (size_t i = 0; i < before && !status; i++) {
        changes->values[i] = points[i].value;
        changes->time_ns[i] = points[i].time_ns;
        changes->commits[i] = points[i].commit;
        changes->branches[i] = series->names[PACE_BRANCH];
        changes->selected[i] = 0;
    }
    changes->count = before + count;
    free(points);
    return status;
}

/* Whether none of the points that were read asks for those before. */
static bool tail_is_quiet(const struct changes_op *changes, const struct kept_series *kept,
                          const struct online *online)
{
    struct online copy = *online;
    if (changes->count <= ONLINE_QUIET_POINTS) return false; /* asked already */
    for (size_t i = 0; i < changes->count; i++)
        if (online_push(&copy, changes->values[i])) return false;
    return kept->packed != NULL;
}

/* Goes on from what is kept; *quiet: there is nothing to tell. Else the level is loaded, and *next
 * the first of the points behind it. */
static int kept_go_on(struct changes_op *changes, struct context *ctx, const struct series *series,
                      struct online *online, size_t *next, bool *quiet)
{
    struct kept_series kept;
    int found = kept_find(ctx, &changes->kept, series, &kept);
    if (found < 0) return found;
    changes->seen.from_kept++;
    changes->seen.brief += changes->count + kept.points < changes->seen.enough;
    *quiet =
        kept.packed && online_quiet(kept.packed, kept.packed_len, changes->values, changes->count);
    if (*quiet) return 0;
    int status = kept_online(ctx, &changes->kept, &kept, online);
    if (status) return status;
    *quiet = tail_is_quiet(changes, &kept, online);
    *next = (size_t)online->count;
    return *quiet ? 0 : history_load(changes, ctx, series, kept.from, *next);
}

/* The changes that the points told which were read: those at rows that were asked for are kept. */
static int end_online(struct changes_op *changes, struct context *ctx, const struct series *series)
{
    struct online online;
    size_t level = 0, next = 0;
    bool quiet = false;
    int status = 0;
    changes->work.count = 0;
    changes->seen.series++;
    if (changes->skipped) {
        status = kept_go_on(changes, ctx, series, &online, &next, &quiet);
        if (status || quiet) return status;
    } else {
        online_start(&online);
        changes->seen.brief += changes->count < changes->seen.enough;
    }
    if (online_run(&online, &changes->work, changes->values, changes->count, next, &level))
        return context_no_memory(ctx);
    status = found_reserve(changes, ctx, changes->work.count);
    for (size_t i = 0; i < changes->work.count && !status; i++) {
        if (changes->selected[changes->work.told[i].at])
            keep_change(changes, series, &changes->work.told[i].change);
        else
            changes->seen.outside++;
    }
    return status;
}

/* -- all of it --------------------------------------------------------------------------------- */

/* All changes of the series that was gathered; those at rows that were asked for are kept. */
static int end_series(struct changes_op *changes, struct context *ctx, const struct series *series)
{
    if (changes->online) return end_online(changes, ctx, series);
    int count = segment_series(changes);
    if (count < 0) return context_no_memory(ctx);
    changes->seen.series++;
    changes->seen.brief += changes->count < changes->seen.enough;
    int status = found_reserve(changes, ctx, (size_t)count);
    for (int i = 0; i < count && !status; i++) {
        if (changes->selected[changes->changes[i].index])
            keep_change(changes, series, &changes->changes[i]);
        else
            changes->seen.outside++;
    }
    return status;
}

/* Reads the next series that has changes, or all that are left. */
static int read_series(struct changes_op *changes, struct context *ctx)
{
    changes->found_count = changes->offset = 0;
    while (changes->found_count == 0) {
        struct batch *batch;
        int status = changes->op.input->next(changes->op.input, ctx, &batch);
        if (status) return status;
        if (!batch) {
            changes->read = true;
            return 0;
        }
        if (batch->series_start) {
            changes->count = 0;
            changes->skipped = batch->skipped;
        }
        status = points_add(changes, ctx, batch);
        if (!status && batch->series_end) status = end_series(changes, ctx, batch->series);
        if (!status) status = context_check(ctx);
        if (status) return status;
    }
    return 0;
}

/* -- rows -------------------------------------------------------------------------------------- */

static void put_change(struct vec *vecs, size_t row, const struct found_change *found)
{
    const struct change *change = &found->change;
    enum pace_direction direction = found->series->direction;
    bool up = change->after > change->before;
    for (int d = 0; d < DIMENSIONS; d++)
        vecs[d].at.text[row] = found->series->names[d];
    vecs[PACE_BRANCH].at.text[row] = found->branch;
    vecs[OUT_TIME].at.time_ns[row] = found->time_ns;
    vecs[OUT_COMMIT].at.text[row] = found->commit;
    vecs[OUT_FROM].at.text[row] = found->from_commit;
    vecs[OUT_KIND].at.text[row] = kind_names[change->kind];
    vecs[OUT_BEFORE].at.number[row] = change->before;
    vecs[OUT_AFTER].at.number[row] = change->after;
    vecs[OUT_DELTA].at.number[row] =
        change->before == 0 ? (double)NAN : (change->after - change->before) / fabs(change->before);
    vecs[OUT_EFFECT].at.number[row] = isfinite(change->effect) ? change->effect : (double)NAN;
    vecs[OUT_P].at.number[row] = change->p;
    vecs[OUT_WORSE].at.flag[row] = direction == PACE_DIRECTION_UNKNOWN
                                       ? FLAG_UNKNOWN
                                       : up == (direction == PACE_LOWER_IS_BETTER);
    vecs[OUT_RECOVERED].at.flag[row] = change->recovered;
    vecs[OUT_UNTIL].at.time_ns[row] = found->until_ns;
    vecs[OUT_EARLIEST].at.text[row] = found->earliest;
    vecs[OUT_LATEST].at.text[row] = found->latest;
    vecs[OUT_MEAN_BEFORE].at.number[row] = change->mean_before;
    vecs[OUT_MEAN_AFTER].at.number[row] = change->mean_after;
    vecs[INNER_BRANCH].at.text[row] = found->series->names[PACE_BRANCH];
    vecs[INNER_EARLIEST].at.time_ns[row] = found->earliest_ns;
    /* A drift has no instant of its own. */
    vecs[INNER_LATEST].at.time_ns[row] =
        change->kind == CHANGE_DRIFT ? found->time_ns : found->latest_ns;
    static const int with_unit[] = {OUT_BEFORE, OUT_AFTER, OUT_MEAN_BEFORE, OUT_MEAN_AFTER};
    for (size_t i = 0; i < sizeof with_unit / sizeof *with_unit; i++)
        vecs[with_unit[i]].units[row] = found->series->unit;
}

static int changes_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct changes_op *changes = (struct changes_op *)op;
    size_t count = 0;
    *out = NULL;
    while (count < PACE_MAX_BATCH) {
        if (changes->offset < changes->found_count) {
            put_change(changes->vecs, count++, &changes->found[changes->offset++]);
            continue;
        }
        if (changes->read) break;
        int status = read_series(changes, ctx);
        if (status) return status;
    }
    changes->read &= count > 0; /* there may be more when it is asked again */
    changes->batch = (struct batch){.count = count, .vecs = changes->vecs};
    if (count) *out = &changes->batch;
    return 0;
}

static void changes_absorb(struct op *op, const struct op *other)
{
    struct changes_op *changes = (struct changes_op *)op;
    const struct changes_op *more = (const struct changes_op *)other;
    changes->seen.series += more->seen.series;
    changes->seen.brief += more->seen.brief;
    changes->seen.outside += more->seen.outside;
    changes->seen.from_kept += more->seen.from_kept;
}

/* -- making it --------------------------------------------------------------------------------- */

/* `using`: the defaults of the method, which the other options then change. */
static int method_bind(struct context *ctx, const struct option *option,
                       struct segment_options *out)
{
    *out = segment_methods[METHOD_FPOP].defaults;
    for (; option; option = option->next) {
        if (option->kind != OPTION_USING) continue;
        const char *names[METHOD_COUNT];
        size_t method = METHOD_COUNT;
        for (size_t i = 0; i < METHOD_COUNT; i++) {
            names[i] = segment_methods[i].name;
            if (slice_is(option->name, names[i])) method = i;
        }
        if (method == METHOD_COUNT) {
            const char *help = context_suggest(ctx, option->name, names, METHOD_COUNT);
            if (!help) help = "it is one of fpop, l2, l1, e-divisive, rank, perfherder, focus";
            return context_fail(ctx, Q_NO_MODEL, option->span, help,
                                "'changes' has no method '%.*s'", (int)option->name.len,
                                option->name.text);
        }
        *out = segment_methods[method].defaults;
    }
    return 0;
}

static int options_bind(struct context *ctx, const struct option *option,
                        struct segment_options *out)
{
    int bound = method_bind(ctx, option, out);
    if (bound) return bound;
    for (; option; option = option->next) {
        double number, ignored;
        const char *unit = "";
        int status = 0;
        if (option->kind == OPTION_NEEDS) status = option_numbers(ctx, option, &number, &ignored);
        if (option->kind == OPTION_ALPHA || option->kind == OPTION_FLOOR ||
            option->kind == OPTION_EFFECT)
            status = value_bind(ctx, &option->bound, &number, &unit);
        if (status) return status;
        struct unit known = unit_lookup(unit, strlen(unit));
        if (known.kind == UNIT_RATIO) number *= known.factor;
        bool plain = known.kind == UNIT_RATIO || known.kind == UNIT_NONE;
        switch (option->kind) {
        case OPTION_ALPHA:
            if (!plain || !(number > 0 && number < 1))
                return context_fail(ctx, Q_RANGE, option->span, "write alpha 0.1%",
                                    "'alpha' is a probability between 0 and 1");
            out->alpha = number;
            break;
        case OPTION_FLOOR:
            if (!plain || !(number >= 0))
                return context_fail(ctx, Q_RANGE, option->span, "write floor 5%",
                                    "'floor' takes a fraction of the level before");
            out->floor = number;
            break;
        case OPTION_EFFECT:
            if ((known.kind != UNIT_SD && known.kind != UNIT_NONE) || !(number >= 0))
                return context_fail(ctx, Q_RANGE, option->span, "write effect 2sd",
                                    "'effect' takes deviations of the noise");
            out->effect = number;
            break;
        case OPTION_NEEDS:
            if (!(number >= 1 && number <= PACE_MAX_WINDOW) || number != floor(number))
                return context_fail(ctx, Q_RANGE, option->span, "write needs 7",
                                    "'needs' is the shortest segment, in points from 1");
            out->shortest = (size_t)number;
            break;
        case OPTION_USING: break;
        default:
            return context_fail(ctx, Q_NO_OPTION, option->span,
                                "it takes using, alpha, needs, floor, effect",
                                "'changes' has no such option");
        }
    }
    return 0;
}

static bool options_are_default(const struct segment_options *options)
{
    const struct segment_options *usual = &segment_methods[options->method].defaults;
    const double numbers[] = {options->alpha, options->floor, options->effect};
    const double usuals[] = {usual->alpha, usual->floor, usual->effect};
    return options->shortest == usual->shortest && memcmp(numbers, usuals, sizeof numbers) == 0;
}

int op_changes(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct changes_op *changes;
    int status = op_make(ctx, sizeof *changes, "changes", input, &changes);
    if (status) return status;
    changes->time = schema_find(&input->schema, "time", 4);
    changes->commit = schema_find(&input->schema, "commit", 6);
    changes->value = schema_find(&input->schema, "value", 5);
    changes->branch = schema_find(&input->schema, "branch", 6);
    if (!input->by_series || changes->time < 0 || changes->commit < 0 || changes->value < 0)
        return context_fail(ctx, Q_ORDER, stage->verb_span,
                            "put it before sort, take, keep and summarize",
                            "'changes' needs the points of series");
    status = options_bind(ctx, stage->options, &changes->options);
    if (status) return status;
    changes->seen.enough = 2 * changes->options.shortest;
    changes->online = changes->options.method == METHOD_FOCUS;
    changes->work.options = changes->options;
    changes->run = changes->online ? schema_find(&input->schema, "run", 3) : -1;
    /* What is kept is of the defaults. */
    if (changes->online && op_scan_is(input) && changes->run >= 0 &&
        options_are_default(&changes->options)) {
        changes->known = (struct scan_known){known_runs, known_series, changes};
        op_scan_known(input, &changes->known);
    }
    const struct column value = input->schema.columns[changes->value];
    changes->op.schema = (struct schema){0};
    for (int i = 0; i < INNER_COUNT; i++) {
        struct column column = {.name = out_columns[i].name, .type = out_columns[i].type};
        bool with_unit =
            i == OUT_BEFORE || i == OUT_AFTER || i == OUT_MEAN_BEFORE || i == OUT_MEAN_AFTER;
        if (with_unit) {
            column.kind = value.kind;
            column.mixed = value.mixed;
        }
        if (i == OUT_DELTA) column.kind = UNIT_RATIO;
        status = op_add_column(ctx, &changes->op, column);
        if (status) return status;
        changes->vecs[i] = vec_make(ctx->arena, column.type, with_unit);
        if (with_unit) changes->vecs[i].unit = NULL;
    }
    if (ctx->arena->failed) return context_no_memory(ctx);
    changes->op.inner = true;
    changes->op.absorb = changes_absorb;
    changes->op.next = changes_next;
    changes->op.free = changes_free;
    return op_events(ctx, &changes->op, &changes->seen, out);
}
