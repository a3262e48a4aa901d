/* op_check.c -- check: each judged point against the window of its series before it, by the rule in
 * whose scope the series is.
 *
 * A row that is not selected is history only; it is judged too where `confirm` looks back on it. */
#include "check.h"

#include "verdict.h"

#include <math.h>
#include <string.h>

static const char *const CHECK_NAMES[CHECK_COLUMNS] = {
    "base", "spread", "low_limit", "high_limit",  "n",          "score",
    "p",    "q",      "before",    "good_commit", "bad_commit", "verdict"};

static void check_free(struct op *op)
{
    struct check_op *check = (struct check_op *)op;
    size_t i = 0;
    for (const struct rule *rule = check->rules; check->histories && rule; rule = rule->next) {
        if (check->levels) levels_free(&check->levels[i]);
        history_free(&check->histories[i++]);
    }
    sample_pool_free(&check->run_samples);
    sample_pool_free(&check->window_samples);
    machines_free(&check->machines);
    check_within_free(check);
}

static bool bounds_are_equal(struct bound a, struct bound b)
{
    return a.kind == b.kind && !(a.value < b.value) && !(a.value > b.value);
}

/* The rule in whose scope a series is, narrowest first; the last one has none. */
int check_start(struct check_op *check, struct context *ctx, const struct series *series)
{
    const struct rule *rule_before = check->rule;
    size_t i = 0;
    check->series = series;
    check->accepted = check->own_seen = false;
    check->rule = NULL;
    for (const struct rule *rule = check->rules; rule && !check->rule; rule = rule->next, i++) {
        int status = scope_matches(ctx, rule->scope, series);
        if (status < 0) return status;
        if (!status) continue;
        check->rule = rule;
        check->history = &check->histories[i];
        check->level = rule->window.segment ? &check->levels[i] : NULL;
    }
    history_reset(check->history);
    check->near.known = check->near.same = 0;
    memset(check->sides, 0, sizeof check->sides);
    struct bound lower = check->lower, upper = check->upper;
    int status = rule_bounds(ctx, check->rule, series, &check->lower, &check->upper);
    if (check->rule != rule_before) check->own_unit = NULL;
    check->alarm.known &= check->rule == rule_before && bounds_are_equal(lower, check->lower) &&
                          bounds_are_equal(upper, check->upper);
    if (status || !check->level) return status;
    status = levels_start(check->level, check->lower, check->upper, series->direction);
    return status ? history_fail(ctx, status) : 0;
}

/* Leaves the points of a window out that another class of machine measured. Where too few are left,
 * the window stays as it is, and `moved` is the verdict. */
static int check_machines(struct check_op *check, struct context *ctx, const struct point *point,
                          size_t *n, size_t *before, bool *moved)
{
    struct history *history = check->history;
    uint16_t own, machine;
    size_t others = 0, others_before = 0;
    *moved = false;
    int status = machine_of(ctx, &check->machines, point->run, &own);
    if (own == MACHINE_UNKNOWN) return status;
    for (size_t i = 0; i < *n && !status; i++) {
        status = machine_of(ctx, &check->machines, check->sample_run[i], &machine);
        if (machines_agree(own, machine)) continue;
        others++;
        others_before += i < *before;
    }
    if (status || !others) return status;
    size_t needs = check->rule->window.needs, kept = 0;
    *moved = *n - *before >= needs && *n - *before - (others - others_before) < needs;
    if (*moved) return 0;
    for (size_t i = 0; i < *n && !status; i++) {
        status = machine_of(ctx, &check->machines, history->sample_run[i], &machine);
        if (!machines_agree(own, machine)) continue;
        history->sample[kept] = history->sample[i];
        history->sample_run[kept++] = history->sample_run[i];
    }
    *n = kept;
    *before -= others_before;
    return status;
}

/* The raw samples of the judged run, and for ranks those of the window's runs. */
static int check_samples(struct check_op *check, struct context *ctx, const struct point *point,
                         size_t n, size_t before)
{
    check->run_samples.count = check->window_samples.count = 0;
    if (!model_by_samples(check->rule->model) || isnan(point->run)) return 0;
    int status = sample_pool_add(&check->run_samples, ctx, check->series, point->run);
    if (check->rule->model != MODEL_MANN_WHITNEY || check->run_samples.count == 0) return status;
    for (size_t i = before; i < n && !status; i++)
        status = sample_pool_add(&check->window_samples, ctx, check->series, check->sample_run[i]);
    return status;
}

static void check_limits(struct check_op *check, size_t n, size_t before, struct limits *out)
{
    const struct rule *rule = check->rule;
    const double *sample = check->sample;
    struct model_extra extra = {.bencher = rule->bencher,
                                .effect = rule->effect,
                                .run = check->run_samples.values,
                                .run_count = check->run_samples.count,
                                .memo = &check->memo};
    if (rule->model == MODEL_MANN_WHITNEY) {
        model_limits_with(rule->model, check->window_samples.values, check->window_samples.count,
                          check->lower, check->upper, &extra, out);
        out->n = n - before;
        return;
    }
    rule_limits(rule, sample, n, before, rule->window.needs, check->lower, check->upper, &extra,
                out);
}

/* K of the last N on this side, the judged point among them; one short is suspected (rule 9). */
static enum verdict confirm(const struct check_op *check, int side)
{
    const struct rule *rule = check->rule;
    enum verdict verdict = rule_verdict(check->series->direction, side);
    unsigned hits = 1;
    for (unsigned i = 1; i < rule->confirm_of; i++)
        hits += check->sides[CONFIRM_MAX - i] == side;
    if (hits >= rule->confirm) return verdict;
    return hits + 1 == rule->confirm && verdict == VERDICT_WORSE ? VERDICT_SUSPECTED : VERDICT_OK;
}

/* Whether one more on the worse side would confirm what is suspected. */
static bool is_awaited(const struct check_op *check)
{
    const struct rule *rule = check->rule;
    enum pace_direction direction = check->series->direction;
    int side = direction == PACE_HIGHER_IS_BETTER ? -1 : 1;
    unsigned hits = 1;
    for (unsigned i = 1; i < rule->confirm_of; i++)
        hits += check->sides[CONFIRM_MAX - i] == side;
    return rule->confirm > 1 && direction != PACE_DIRECTION_UNKNOWN && hits >= rule->confirm;
}

static void push_side(struct check_op *check, int side)
{
    if (check->rule->confirm_of <= 1) return; /* nobody looks back on them */
    memmove(check->sides, check->sides + 1, CONFIRM_MAX - 1);
    check->sides[CONFIRM_MAX - 1] = (signed char)side;
}

static enum verdict check_value(struct check_op *check, const struct limits *limits, double value,
                                size_t points, bool moved)
{
    const struct rule *rule = check->rule;
    if (isnan(value)) return VERDICT_FAILED;
    bool no_limit = isnan(limits->low) && isnan(limits->high); /* none can be computed */
    if (limits->n < rule->window.needs || no_limit) {
        push_side(check, 0);
        return points == 0 && rule->window.needs > 0 ? VERDICT_NEW : VERDICT_THIN;
    }
    if (moved) {
        push_side(check, 0);
        return VERDICT_MOVED;
    }
    int side = rule_side(rule, limits, value);
    enum verdict verdict = side                          ? confirm(check, side)
                           : limits_equal(limits, value) ? VERDICT_FLAT_OK
                                                         : VERDICT_OK;
    push_side(check, side);
    return verdict;
}

void outcome_count(struct pace_outcome *outcome, enum verdict verdict, int times)
{
    uint64_t by = (uint64_t)times; /* -1 wraps round */
    switch (verdict) {
    case VERDICT_WORSE: outcome->worse += by; break;
    case VERDICT_BETTER: outcome->better += by; break;
    case VERDICT_SUSPECTED: outcome->suspected += by; break;
    case VERDICT_CHANGED: outcome->changed += by; break;
    case VERDICT_THIN: outcome->thin += by; break;
    case VERDICT_NEW: outcome->fresh += by; break;
    case VERDICT_GONE: outcome->gone += by; break;
    case VERDICT_FAILED: outcome->failed += by; break;
    case VERDICT_RECOVERED: outcome->recovered += by; break;
    case VERDICT_MOVED: outcome->moved += by; break;
    default: break;
    }
}

static void count_verdict(struct pace_outcome *outcome, enum verdict verdict)
{
    outcome->judged++;
    outcome_count(outcome, verdict, 1);
}

static void put_judgement(struct check_op *check, size_t row, const struct limits *limits,
                          bool judged, double value, size_t n, enum verdict verdict)
{
    struct vec *own = check->own;
    double score = judged && !isnan(value) ? model_score(check->rule->model, limits, value) : NAN;
    double p = NAN;
    check->late.score[row] = NAN;
    if (!isnan(score) && check->late.p && check->rule->model != MODEL_MANN_WHITNEY) {
        check->late.model = check->rule->model;
        check->late.score[row] = score;
        check->late.n[row] = limits->n;
    } else if (judged && !isnan(value) && check->read[CHECK_P]) {
        p = model_p(check->rule->model, limits, value);
    }
    if (check->series->direction == PACE_HIGHER_IS_BETTER) score = -score;
    own[CHECK_BASE].at.number[row] = judged || n ? limits->centre : NAN;
    own[CHECK_SPREAD].at.number[row] = judged ? limits->spread : NAN;
    struct limits shown = rule_widen(check->rule, limits);
    own[CHECK_LOW].at.number[row] = judged && isfinite(shown.low) ? shown.low : NAN;
    own[CHECK_HIGH].at.number[row] = judged && isfinite(shown.high) ? shown.high : NAN;
    own[CHECK_N].at.number[row] = (double)n;
    own[CHECK_SCORE].at.number[row] = isfinite(score) ? score : NAN;
    own[CHECK_P].at.number[row] = p;
    own[CHECK_VERDICT].at.text[row] = verdict_names[verdict];
}

/* A where behind asks for columns. */
static void check_watch(struct op *op, bool ended)
{
    struct check_op *check = (struct check_op *)op;
    bool any = false;
    if (!ended) {
        memset(check->read, 0, sizeof check->read);
        return;
    }
    for (int i = 0; i < CHECK_COLUMNS; i++)
        any |= check->read[i] && i != CHECK_VERDICT;
    op->late = check->late.p = !check->read[CHECK_P];
    check->late.rows = !any && !check->bare;
}

/* What comes late, of rows that go on. */
static int check_finish(struct op *op, struct context *ctx, const uint32_t *rows, size_t count)
{
    struct check_op *check = (struct check_op *)op;
    int status = check->late.open ? check_within_finish(check, ctx, rows, count) : 0;
    for (size_t k = 0; k < count && !status; k++) {
        size_t row = rows[k] + check->late.offset;
        double score = check->late.score[row];
        if (isnan(score)) continue;
        check->own[CHECK_P].at.number[row] =
            model_score_p(check->late.model, score, check->late.n[row]);
    }
    return status;
}

void check_put_nothing(struct check_op *check, size_t row)
{
    check->late.score[row] = NAN;
    for (int i = 0; i < CHECK_GOOD_COMMIT; i++)
        check->own[i].at.number[row] = NAN;
    for (int i = CHECK_GOOD_COMMIT; i < CHECK_COLUMNS; i++)
        check->own[i].at.text[row] = NULL;
}

/* Whether a point becomes history of later ones. For a bare check on a branch with a start point
 * its own do not, so that a second push does not turn a regression green; nor do the parent's
 * confirm them. */
static bool check_keeps(struct check_op *check, const struct batch *batch, size_t row, bool restart)
{
    if (!check->bare || !batch->branched || (batch_origin(batch, row) & ORIGIN_INHERITED))
        return true;
    if (!check->own_seen) memset(check->sides, 0, sizeof check->sides);
    check->own_seen = true;
    check->accepted |= restart;
    return check->accepted;
}

/* Whether the chance of a false alarm depends on nothing but how many points the limits are made
 * of. */
static bool is_by_size(const struct rule *rule, const struct limits *limits)
{
    return (rule->model == MODEL_Z_SCORE || rule->model == MODEL_T_TEST) && !rule->bencher &&
           isfinite(limits->spread);
}

/* How likely a judged point is to be beyond its limits, and confirmed, where nothing changed. */
double check_false_alarm(struct check_op *check, const struct limits *limits)
{
    const struct rule *rule = check->rule;
    if (limits->n < rule->window.needs || limits->flat) return 0;
    bool by_size = is_by_size(rule, limits);
    if (by_size && check->alarm.known && limits->n == check->alarm.n) return check->alarm.chance;
    double chance = model_chance(rule->model, limits, check->lower, check->upper);
    unsigned others = rule->confirm_of - 1;
    double ways = 1, confirmed = 0; /* of the points before, k or more must be beyond too */
    for (unsigned k = 0; k <= others; k++) {
        if (k + 1 >= rule->confirm)
            confirmed += ways * pow(chance, k) * pow(1 - chance, others - k);
        ways = ways * (others - k) / (k + 1);
    }
    if (by_size) {
        check->alarm.known = true;
        check->alarm.n = limits->n;
        check->alarm.chance = chance * confirmed;
    }
    return chance * confirmed;
}

static void check_absorb(struct op *op, const struct op *other)
{
    ((struct check_op *)op)->chance += ((const struct check_op *)other)->chance;
    ((struct check_op *)op)->sampleless += ((const struct check_op *)other)->sampleless;
}

/* Tells what chance alone would do to a model that was named (a bare check is calibrated), and what
 * it could not compare. */
static void note_end(struct check_op *check, struct context *ctx)
{
    const double least = 0.1, chance = (double)check->chance / CHECK_CHANCE_UNITS;
    if (check->sampleless)
        diag_note(ctx->diags, "%llu of %llu judged points have no raw samples, which '%s' compares",
                  (unsigned long long)check->sampleless, (unsigned long long)ctx->outcome->judged,
                  model_rows[MODEL_MANN_WHITNEY].name);
    check->sampleless = 0;
    if (check->bare || check->rules->fdr > 0 || !(chance >= least)) return;
    diag_note(ctx->diags,
              "by chance alone %s%.*f of %llu judged points would be beyond the limits; 'fdr 5%%' "
              "allows for their number",
              check->rules->floor > 0 ? "up to " : "about ", chance < 10 ? 1 : 0, chance,
              (unsigned long long)ctx->outcome->judged);
    check->chance = 0;
}

/* A row of a series whose rule looks back on its segment. */
static int check_level(struct check_op *check, struct context *ctx, const struct point *point,
                       size_t row, bool guest, bool selected)
{
    struct level_point at = level_point(point);
    at.guest = guest;
    struct level_verdict found;
    bool shown = selected || ctx->every_row;
    uint16_t machine;
    int status = machine_of(ctx, &check->machines, point->run, &machine);
    if (status) return status;
    status = levels_next(check->level, &at, machine, shown ? &found : NULL);
    if (status) return history_fail(ctx, status);
    if (!shown) return 0;
    const struct level *level = check->level->items[check->level->present];
    if (!level->asks_lower) found.limits.low = NAN;
    if (!level->asks_upper) found.limits.high = NAN;
    put_judgement(check, row, &found.limits, found.judged, point->value, found.n, found.verdict);
    if (check->for_fdr) check->own[CHECK_Q].at.number[row] = found.confirms;
    check->own[CHECK_BEFORE].at.number[row] = found.before;
    check->own[CHECK_GOOD_COMMIT].at.text[row] = found.good_commit;
    check->own[CHECK_BAD_COMMIT].at.text[row] = found.bad_commit;
    if (!selected) return 0;
    count_verdict(ctx->outcome, found.verdict);
    ctx->outcome->settling += found.verdict == VERDICT_THIN && found.settling;
    return 0;
}

/* A row whose window is found: n points, `before` of them before an accepted change. */
int check_judge(struct check_op *check, struct context *ctx, const struct point *point, size_t row,
                bool selected, size_t n, size_t before, bool moved)
{
    struct limits *limits = &check->limits;
    int status = check_samples(check, ctx, point, n, before);
    if (status) return status;
    check_limits(check, n, before, limits);
    bool confirms = is_awaited(check);
    enum verdict verdict = check_value(check, limits, point->value, n, moved);
    put_judgement(check, row, limits, limits->n >= check->rule->window.needs, point->value,
                  n - before, verdict);
    if (check->for_fdr) check->own[CHECK_Q].at.number[row] = confirms;
    if (selected) count_verdict(ctx->outcome, verdict);
    if (selected && check->rule->model == MODEL_MANN_WHITNEY && !isnan(point->value))
        check->sampleless += check->run_samples.count == 0;
    if (selected && !isnan(point->value)) check_add_chance(check, check_false_alarm(check, limits));
    return 0;
}

static int check_row(struct check_op *check, struct context *ctx, const struct batch *batch,
                     size_t row)
{
    struct point point = point_at(&check->inputs, batch, row);
    bool selected = batch_selected(batch, row);
    bool keep = check_keeps(check, batch, row, point.restart);
    if (check->level && !selected && !ctx->every_row) {
        check_put_blank(check, row, row + 1);
    } else {
        if (row < check->blank) check->blank = row;
        check_put_nothing(check, row);
    }
    if (batch->hidden && batch->hidden[row]) return 0; /* shown, not judged */
    if (batch->gone && batch->gone[row]) {
        check->own[CHECK_VERDICT].at.text[row] = verdict_names[VERDICT_GONE];
        if (selected) count_verdict(ctx->outcome, VERDICT_GONE);
        return 0;
    }
    if (check->level) return check_level(check, ctx, &point, row, !keep, selected);
    if (selected || ctx->every_row || check->rule->confirm_of > 1) {
        size_t n, before;
        check->history->next_run = point.run;
        int status = history_window(check->history, point.time_ns, point.commit, point.value,
                                    point.restart, &n, &before);
        if (status) return history_fail(ctx, status);
        bool moved;
        check->sample = check->history->sample;
        check->sample_run = check->history->sample_run;
        status = check_machines(check, ctx, &point, &n, &before, &moved);
        if (!status) status = check_judge(check, ctx, &point, row, selected, n, before, moved);
        if (status) return status;
    }
    if (!keep) return 0;
    int status = point_push(check->history, &point);
    return status ? history_fail(ctx, status) : check_near_note(check, ctx, &point);
}

/* Cuts off the rows before `first`, of so many columns. */
static void batch_cut(struct batch *batch, size_t columns, size_t first)
{
    if (first == 0) return;
    for (size_t c = 0; c < columns; c++) {
        struct vec *v = &batch->vecs[c];
        if (!v->step) continue;
        switch (v->type) {
        case TYPE_NUMBER: v->at.number += first; break;
        case TYPE_TIME: v->at.time_ns += first; break;
        case TYPE_TEXT: v->at.text += first; break;
        case TYPE_FLAG: v->at.flag += first; break;
        }
        if (v->units) v->units += first;
    }
    batch->count -= first;
    batch->selected += first;
    batch->runs_id = 0;
    if (batch->restart) batch->restart += first;
    if (batch->gone) batch->gone += first;
    if (batch->hidden) batch->hidden += first;
    if (batch->origin) batch->origin += first;
}

static size_t first_selected(const struct batch *batch)
{
    const uint8_t *first =
        batch->selected && batch->count ? memchr(batch->selected, 1, batch->count) : NULL;
    return !batch->selected ? 0 : first ? (size_t)(first - batch->selected) : batch->count;
}

bool check_has_unit(const struct check_op *check, enum check_column column)
{
    if (column == CHECK_SPREAD) return check->rule->model != MODEL_LOG_NORMAL;
    return column <= CHECK_HIGH || column == CHECK_BEFORE;
}

/* Puts the columns of the verdicts beside those of the input. */
static void put_own(struct check_op *check)
{
    size_t to = check->op.input->schema.count;
    for (size_t i = 0; i < CHECK_COLUMNS; i++) {
        if (i == CHECK_Q && !check->bare) continue;
        check->own[i].unit = check_has_unit(check, (enum check_column)i) ? check->series->unit : "";
        check->vecs[to++] = check->own[i];
    }
    check->own_unit = check->series->unit;
}

/* -- batches ------------------------------------------------------------------------------------ */

static int check_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct check_op *check = (struct check_op *)op;
    struct batch *batch;
    bool whole = false;
    check->late.open = false;
    *out = NULL;
    int status = op->gathers ? check_gather(check, ctx, out) : 0;
    if (status || *out) return status;
    status = op->input->next(op->input, ctx, &batch);
    if (!status && !batch && !ctx->more_parts) note_end(check, ctx);
    if (status || !batch) return status;
    if (batch->series_start) status = check_start(check, ctx, batch->series);
    if (status) return status;
    size_t first = op->cuts ? first_selected(batch) : 0;
    check_rows_begin(check, batch);
    status = check_whole(check, ctx, batch, first, &whole);
    if (!status && !whole && check->late.rows)
        status = check_within(check, ctx, batch, &check->late.open);
    bool done = whole || check->late.open;
    for (size_t row = 0, skip; row < batch->count && !status && !done; row += skip ? skip : 1) {
        status = check_rows(check, ctx, batch, row, &skip);
        if (!status && !skip) status = check_row(check, ctx, batch, row);
    }
    if (status) return status;
    memcpy(check->vecs, batch->vecs, op->input->schema.count * sizeof *check->vecs);
    if (check->own_unit != check->series->unit || !whole) put_own(check);
    check->batch = *batch;
    check->batch.vecs = check->vecs;
    check->late.offset = op->cuts && !whole ? first : 0;
    if (op->cuts && first) {
        batch_cut(&check->batch, whole ? op->input->schema.count : op->schema.count, first);
        if (!whole) check->own_unit = NULL; /* they are cut */
    }
    *out = &check->batch;
    return 0;
}

int op_check(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct check_op *check;
    int status = op_make(ctx, sizeof *check, "check", input, &check);
    if (!status) status = inputs_bind(ctx, stage, input, &check->inputs);
    if (!status) schema_find_compared(&input->schema, "commit", 6, &check->by_keys);
    if (!status) status = rules_bind(ctx, stage, &check->rules);
    if (status) return status;
    check->bare = !stage->has_model;
    const struct column value = input->schema.columns[check->inputs.value];
    for (int i = 0; i < CHECK_GOOD_COMMIT && !status; i++)
        if (i != CHECK_Q || check->bare)
            status = judged_add_number(ctx, &check->op, stage->verb_span, CHECK_NAMES[i],
                                       i <= CHECK_HIGH || i == CHECK_BEFORE ? &value : NULL);
    for (int i = CHECK_GOOD_COMMIT; i < CHECK_COLUMNS && !status; i++)
        status = op_add_column(ctx, &check->op,
                               (struct column){.name = CHECK_NAMES[i], .type = TYPE_TEXT});
    if (status) return status;
    struct column *own = check->op.schema.columns + input->schema.count;
    for (int i = 0; i < CHECK_COLUMNS; i++)
        if (i != CHECK_Q || check->bare) (own++)->wanted = &check->read[i];
    size_t rules = 0;
    for (const struct rule *rule = check->rules; rule; rule = rule->next) {
        struct lookback one = lookback_window(&rule->window);
        one.judged = rule->confirm_of - 1;
        one.from_parent = check->bare;
        check->op.lookback = lookback_max(check->op.lookback, one);
        rules++;
    }
    check->histories = arena_array(ctx->arena, rules, sizeof *check->histories);
    check->levels = arena_array(ctx->arena, rules, sizeof *check->levels);
    check->vecs = arena_array(ctx->arena, check->op.schema.count, sizeof *check->vecs);
    check->late.score = arena_space(ctx->arena, PACE_MAX_BATCH * sizeof *check->late.score);
    check->late.n = arena_space(ctx->arena, PACE_MAX_BATCH * sizeof *check->late.n);
    check->stretch.hash = arena_array(ctx->arena, PACE_MAX_BATCH, sizeof *check->stretch.hash);
    for (size_t i = 0; i < CHECK_COLUMNS; i++)
        check->own[i] =
            vec_make(ctx->arena, i >= CHECK_GOOD_COMMIT ? TYPE_TEXT : TYPE_NUMBER, false);
    if (ctx->arena->failed) return context_no_memory(ctx);
    size_t i = 0;
    for (const struct rule *rule = check->rules; rule; rule = rule->next) {
        levels_init(&check->levels[i], rule, false);
        history_begin(&check->histories[i], rule->window);
        check->histories[i++].no_days = true;
    }
    check->op.watch = check_watch;
    check->op.finish = check_finish;
    check->op.next = check_next;
    check->op.absorb = check_absorb;
    check->op.free = check_free;
    *out = &check->op;
    for (const struct rule *rule = check->rules; rule; rule = rule->next) {
        if (!(rule->fdr > 0)) continue;
        check->for_fdr = check->bare;
        return op_fdr(ctx, stage, &check->op, rule->fdr, out);
    }
    return 0;
}

int op_check_fdr(struct context *ctx, const struct stage *stage, struct op *op, struct op **out)
{
    struct check_op *check = (struct check_op *)op;
    check->for_fdr = true;
    op->late = check->late.p = check->late.rows = false; /* q is made of p */
    return op_fdr(ctx, stage, op, 0, out);
}
