/* level.c -- see level.h. The segment holds points that are settled; candidates wait in `pending`
 * until they are confirmed or prove to be nothing. */
#include "level.h"

#include "../engine/pace.h"

#include <math.h>
#include <string.h>

enum { LEVEL_BACK = 2 }; /* side of a point that is back within the former segment's limits */

/* -- the window's rough middle ----------------------------------------------------------------- */

uint16_t level_hash(const char *commit)
{
    uint32_t hash = 0;
    for (unsigned i = 0; i < 8 && commit[i]; i++)
        hash = hash * 31 + (unsigned char)commit[i];
    return *commit ? (hash * 2654435761u >> 16) % LEVEL_HASHES : LEVEL_HASHES;
}

static void quick_reset(struct level *level)
{
    level->quick.origin = level->quick.sum = level->quick.reach = 0;
    level->quick.count = level->quick.additions = 0;
    level->quick.since_cut = SIZE_MAX / 2; /* there was none */
    if (level->quick.pushed > UINT32_MAX - PACE_MAX_ROWS) {
        memset(level->quick.last, 0, sizeof level->quick.last);
        level->quick.pushed = 0;
    }
}

/* Sums anew from the points that are there: what was added and taken away leaves errors behind. */
static void quick_sum(struct level *level)
{
    const struct history *history = &level->segment.history;
    size_t count = level->quick.count;
    double origin = count ? history->value[history->end - 1] : 0, sum = 0, reach = 0;
    for (size_t i = history->end - count; i < history->end; i++) {
        double distance = history->value[i] - origin, far = fabs(distance);
        sum += distance;
        reach = far > reach ? far : reach;
    }
    level->quick.origin = origin;
    level->quick.sum = sum;
    level->quick.reach = reach;
    level->quick.additions = 0;
}

/* Takes note of the point that was pushed last. */
static inline void quick_push(struct level *level, uint16_t hash, bool restart)
{
    const struct history *history = &level->segment.history;
    size_t limit = history->window.count, newest = history->end - 1;
    if (level->quick.count == limit) {
        level->quick.sum -= history->value[newest - limit] - level->quick.origin;
        level->quick.count--;
    }
    double distance = history->value[newest] - level->quick.origin, far = fabs(distance);
    level->quick.sum += distance;
    level->quick.reach = far > level->quick.reach ? far : level->quick.reach;
    level->quick.last[hash] = ++level->quick.pushed;
    level->quick.count++;
    level->quick.since_cut = restart ? 0 : level->quick.since_cut + 1;
    if (++level->quick.additions >= limit) quick_sum(level);
}

static void quick_rebuild(struct level *level)
{
    const struct history *history = &level->segment.history;
    quick_reset(level);
    size_t count = history->end - history->start;
    if (count > history->window.count) count = history->window.count;
    for (size_t i = history->end - count; i < history->end; i++)
        level->quick.last[level_hash(history->commit[i])] = ++level->quick.pushed;
    for (size_t i = history->start; i < history->end; i++)
        if (history->restart[i]) level->quick.since_cut = history->end - 1 - i;
    level->quick.count = count;
    quick_sum(level);
}

/* Whether the window may hold a point of a commit; false: it does not. */
static inline bool quick_may_hold(const struct level *level, uint16_t hash)
{
    return hash < LEVEL_HASHES &&
           level->quick.last[hash] + level->quick.count > level->quick.pushed;
}

/* Whether quick_inside can tell anything at present. */
static bool quick_knows(const struct level *level)
{
    const struct rule *rule = level->rule;
    bool by_mean = rule->model == MODEL_T_TEST || rule->model == MODEL_Z_SCORE ||
                   rule->model == MODEL_PERCENTAGE;
    size_t count = level->quick.count;
    return by_mean && rule->window.lag == 1 && !level->young && !level->restart_due &&
           !level->step && !level->pending_count && count >= rule->window.needs && count > 0 &&
           level->quick.since_cut >= count;
}

/* Whether a value is within the floor around its window's mean for certain, so that no limit needs
 * to be known: the mean is that of the sums, with room for their rounding. */
static inline bool quick_inside(const struct level *level, double value)
{
    double mean = level->quick.origin + level->quick.sum / (double)level->quick.count;
    double error = 1e-12 * (level->quick.reach + fabs(level->quick.origin));
    if (level->incident_count) {
        double limit = level->incidents[level->incident_count - 1].limit;
        bool up = level->direction == PACE_LOWER_IS_BETTER;
        if (!(up ? mean - error > limit : mean + error < limit)) return false;
    }
    return fabs(value - mean) + error < level->rule->floor * (fabs(mean) - error);
}

/* -- the segment ------------------------------------------------------------------------------- */

static int segment_push(struct level *level, const struct level_point *point)
{
    int status = history_push_other(&level->segment.history, point->time_ns, point->commit,
                                    point->value, point->other, point->restart);
    if (!status) quick_push(level, level_hash(point->commit), point->restart);
    return status;
}

/* The oldest `count` pending points become part of the segment. */
static int pending_settle(struct level *level, size_t count)
{
    int status = 0;
    for (size_t i = 0; i < count && !status; i++)
        status = segment_push(level, &level->pending[i].point);
    level->pending_count -= count;
    memmove(level->pending, level->pending + count, level->pending_count * sizeof *level->pending);
    return status;
}

static void swap_segments(struct level *level)
{
    struct level_segment segment = level->segment;
    level->segment = level->former;
    level->former = segment;
}

static size_t first_on_side(const struct level *level, int side)
{
    size_t first = 0;
    while (first < level->pending_count && level->pending[first].side != side)
        first++;
    return first;
}

/* A confirmed step: the segment begins at its first candidate. */
static int step_take(struct level *level)
{
    int status = pending_settle(level, first_on_side(level, level->step));
    if (status) return status;
    swap_segments(level);
    history_reset(&level->segment.history);
    quick_reset(level);
    level->segment.restarted = true;
    level->young = true;
    level->step = 0;
    return pending_settle(level, level->pending_count);
}

/* The level from before the step is back: its segment goes on, without what was between. */
static int step_take_back(struct level *level)
{
    size_t first = first_on_side(level, LEVEL_BACK);
    level->pending_count -= first;
    memmove(level->pending, level->pending + first, level->pending_count * sizeof *level->pending);
    swap_segments(level);
    quick_rebuild(level);
    level->young = false;
    return pending_settle(level, level->pending_count);
}

/* -- incidents --------------------------------------------------------------------------------- */

static void incident_open(struct level *level, const struct incident *incident)
{
    if (level->incident_count == LEVEL_INCIDENTS) {
        memmove(level->incidents, level->incidents + 1,
                (LEVEL_INCIDENTS - 1) * sizeof *level->incidents);
        level->incident_count--;
    }
    level->incidents[level->incident_count++] = *incident;
}

/* Closes those whose limit the value keeps; true when one was closed. */
static bool incidents_close(struct level *level, double value)
{
    size_t before = level->incident_count;
    while (level->incident_count) {
        double limit = level->incidents[level->incident_count - 1].limit;
        bool beyond = level->direction == PACE_LOWER_IS_BETTER ? value > limit : value < limit;
        if (beyond) break;
        level->incident_count--;
    }
    return level->incident_count < before;
}

/* -- life -------------------------------------------------------------------------------------- */

void level_init(struct level *level, const struct rule *rule, bool has_other)
{
    *level = (struct level){.rule = rule};
    history_begin(&level->segment.history, rule->window);
    history_begin(&level->former.history, rule->window);
    level->segment.history.has_other = level->former.history.has_other = has_other;
    level->segment.history.no_days = level->former.history.no_days = !has_other;
}

void level_free(struct level *level)
{
    history_free(&level->segment.history);
    history_free(&level->former.history);
}

void level_start(struct level *level, struct bound lower, struct bound upper,
                 enum pace_direction direction)
{
    level->asks_lower = lower.kind != BOUND_NONE;
    level->asks_upper = upper.kind != BOUND_NONE;
    level->lower = level->asks_lower ? lower : upper;
    level->upper = level->asks_upper ? upper : lower;
    level->direction = direction;
    history_reset(&level->segment.history);
    history_reset(&level->former.history);
    level->segment.restarted = level->former.restarted = false;
    level->young = level->restart_due = level->visited = false;
    level->pending_count = level->visitor_count = level->incident_count = 0;
    level->step = 0;
    quick_reset(level);
}

/* -- judging ----------------------------------------------------------------------------------- */

static bool is_visitor(const struct level_point *point)
{
    return point->guest || point->dirty;
}

static bool same_commit(const char *a, const char *b)
{
    return *a && strcmp(a, b) == 0;
}

/* What the coming of a row changes before it is judged. */
static int level_arrive(struct level *level, const struct level_point *point)
{
    int status = 0;
    if (level->step && !same_commit(point->commit, level->step_commit)) status = step_take(level);
    if (point->guest && !level->visited) {
        level->visited = true;
        level->incident_count = 0;
        if (!level->step && !status) status = pending_settle(level, level->pending_count);
    }
    bool restart = (point->restart || level->restart_due) && !is_visitor(point);
    if (!restart || status) return status;
    level->step = 0;
    level->young = false;
    level->incident_count = 0;
    status = pending_settle(level, level->pending_count);
    level->segment.restarted = level->segment.history.end > level->segment.history.start;
    return status;
}

static size_t segment_needs(const struct level *level, const struct level_segment *segment)
{
    size_t needs = level->rule->window.needs;
    return segment->restarted && needs > 1 ? needs - 1 : needs;
}

struct measured {
    struct limits limits;
    size_t n, before;
    bool enough;
};

static int measure(struct level *level, struct level_segment *segment,
                   const struct level_point *point, struct measured *out)
{
    struct history *history = &segment->history;
    bool restart = point->restart || level->restart_due;
    history->all_apart =
        segment == &level->segment && !quick_may_hold(level, level_hash(point->commit));
    int status = history_window(history, point->time_ns, point->commit, point->value, restart,
                                &out->n, &out->before);
    history->all_apart = false;
    if (status) return status;
    size_t needs = segment_needs(level, segment);
    struct model_extra extra = {
        .bencher = level->rule->bencher, .effect = level->rule->effect, .memo = &level->memo};
    rule_limits(level->rule, history->sample, out->n, out->before, needs, level->lower,
                level->upper, &extra, &out->limits);
    out->enough = out->limits.n >= needs && !(isnan(out->limits.low) && isnan(out->limits.high));
    return 0;
}

/* How many of the last points were on this side, with the one being judged. */
static unsigned count_hits(const struct level_pending *list, size_t count, unsigned of, int side)
{
    unsigned hits = 1;
    for (unsigned i = 1; i < of && i <= count; i++)
        hits += list[count - i].side == side;
    return hits;
}

static unsigned step_hits(const struct rule *rule)
{
    return rule->confirm > 2 ? rule->confirm : 2;
}

static unsigned step_of(const struct rule *rule)
{
    return rule->confirm_of > 2 ? rule->confirm_of : 2;
}

/* A point that stays: it waits while it may be part of a step. */
static int pending_add(struct level *level, const struct level_point *point, int side)
{
    int status = 0;
    if (level->pending_count == LEVEL_PENDING)
        status = level->step ? step_take(level) : pending_settle(level, 1);
    if (!side && !level->pending_count && !status) return segment_push(level, point);
    level->pending[level->pending_count++] =
        (struct level_pending){.point = *point, .side = (signed char)side};
    if (level->step) return status;
    size_t settled = 0;
    while (settled < level->pending_count &&
           (level->pending_count - settled > step_of(level->rule) - 1 ||
            !level->pending[settled].side))
        settled++;
    return status ? status : pending_settle(level, settled);
}

/* Visitors of one kind only confirm each other: those of a branch, or of one dirty tree. */
static void visitor_add(struct level *level, const struct level_point *point, int side)
{
    if (level->visitor_count == LEVEL_PENDING) {
        level->visitor_count--;
        memmove(level->visitors, level->visitors + 1,
                level->visitor_count * sizeof *level->visitors);
    }
    level->visitors[level->visitor_count++] =
        (struct level_pending){.point = *point, .side = (signed char)side};
}

static void visitors_match(struct level *level, const struct level_point *point)
{
    if (!level->visitor_count) return;
    const struct level_point *last = &level->visitors[level->visitor_count - 1].point;
    if (last->dirty != point->dirty || (point->dirty && !same_commit(point->commit, last->commit)))
        level->visitor_count = 0;
}

/* What is reported of a point beyond a limit, and whether it confirms a step. */
static enum verdict judge_beyond(const struct level *level, const struct level_point *point,
                                 int side, bool *steps)
{
    const struct rule *rule = level->rule;
    bool visits = is_visitor(point);
    const struct level_pending *list = visits ? level->visitors : level->pending;
    size_t count = visits ? level->visitor_count : level->pending_count;
    bool asked = side > 0 ? level->asks_upper : level->asks_lower;
    enum verdict verdict = rule_verdict(level->direction, side);
    *steps = count_hits(list, count, step_of(rule), side) >= step_hits(rule);
    if (!asked) return *steps && verdict == VERDICT_BETTER ? verdict : VERDICT_OK;
    unsigned hits = count_hits(list, count, rule->confirm_of, side);
    if (hits >= rule->confirm) return verdict;
    return hits + 1 == rule->confirm && verdict == VERDICT_WORSE ? VERDICT_SUSPECTED : VERDICT_OK;
}

/* Whether points before wait for one more on the worse side. */
static bool is_awaited(const struct level *level, bool visits)
{
    const struct level_pending *list = visits ? level->visitors : level->pending;
    size_t count = visits ? level->visitor_count : level->pending_count;
    int side = level->direction == PACE_HIGHER_IS_BETTER ? -1 : 1;
    return level->rule->confirm > 1 && level->direction != PACE_DIRECTION_UNKNOWN &&
           count_hits(list, count, level->rule->confirm_of, side) >= level->rule->confirm;
}

/* The mean of the points that make the step. */
static double step_level(const struct level *level, const struct level_point *point, int side)
{
    double sum = point->value;
    size_t count = 1;
    for (size_t i = 0; i < level->pending_count; i++) {
        if (level->pending[i].side != side) continue;
        sum += level->pending[i].point.value;
        count++;
    }
    return sum / (double)count;
}

static const char *bad_commit(const struct level *level, const struct level_point *point, int side)
{
    bool visits = is_visitor(point);
    const struct level_pending *list = visits ? level->visitors : level->pending;
    size_t count = visits ? level->visitor_count : level->pending_count;
    size_t from = 0, reach = step_of(level->rule) - 1;
    if (!level->step && count > reach) from = count - reach;
    for (size_t i = from; i < count; i++)
        if (list[i].side == side) return list[i].point.commit;
    return point->commit;
}

/* A point that could be judged. */
static int judge(struct level *level, const struct level_point *point, struct measured *found,
                 struct level_verdict *out)
{
    const struct history *history = &level->segment.history;
    struct limits *limits = &found->limits;
    bool visits = is_visitor(point), steps = false;
    int side = rule_side(level->rule, limits, point->value), status = 0;
    if (visits) visitors_match(level, point);
    out->confirms = is_awaited(level, visits);
    if (!visits && level->young) {
        level->young = false; /* what waited for the former level to be back waits no longer */
        status = pending_settle(level, level->pending_count);
    }
    out->verdict = limits_equal(limits, point->value) ? VERDICT_FLAT_OK : VERDICT_OK;
    if (side) out->verdict = judge_beyond(level, point, side, &steps);
    bool fires = out->verdict == VERDICT_WORSE || out->verdict == VERDICT_SUSPECTED;
    if (fires) {
        out->good_commit = history->sample_last;
        out->bad_commit = bad_commit(level, point, side);
    }
    if (visits) {
        visitor_add(level, point, side);
        return status;
    }
    if (side && steps && !level->step) {
        if (out->verdict == VERDICT_WORSE) {
            struct limits wide = rule_widen(level->rule, limits);
            incident_open(level, &(struct incident){limits->centre, side > 0 ? wide.high : wide.low,
                                                    out->good_commit, out->bad_commit});
        } else if (incidents_close(level, step_level(level, point, side)) &&
                   (out->verdict == VERDICT_BETTER || out->verdict == VERDICT_OK)) {
            out->verdict = VERDICT_RECOVERED;
        }
        level->step = (signed char)side;
        level->step_commit = point->commit;
    } else if (!side && !level->pending_count && incidents_close(level, limits->centre)) {
        out->verdict = VERDICT_RECOVERED;
    }
    return status ? status : pending_add(level, point, side);
}

/* A point that the segment is too short for: after a step it may be back where the former one
 * was. */
static int judge_young(struct level *level, const struct level_point *point,
                       struct level_verdict *out)
{
    const struct rule *rule = level->rule;
    struct measured former;
    int status = measure(level, &level->former, point, &former);
    if (status) return status;
    bool back = former.enough && !rule_side(rule, &former.limits, point->value);
    status = 0;
    if (!back || count_hits(level->pending, level->pending_count, step_of(rule), LEVEL_BACK) <
                     step_hits(rule))
        return pending_add(level, point, back ? LEVEL_BACK : 0);
    out->limits = former.limits;
    out->n = former.n - former.before;
    out->judged = true;
    out->settling = false;
    out->verdict = incidents_close(level, step_level(level, point, LEVEL_BACK)) ? VERDICT_RECOVERED
                                                                                : VERDICT_OK;
    level->pending[level->pending_count++] =
        (struct level_pending){.point = *point, .side = LEVEL_BACK};
    return step_take_back(level);
}

static int level_judge(struct level *level, const struct level_point *point,
                       struct level_verdict *out)
{
    struct measured found;
    int status = measure(level, &level->segment, point, &found);
    if (status) return status;
    *out = (struct level_verdict){.limits = found.limits,
                                  .n = found.n - found.before,
                                  .judged = found.enough,
                                  .verdict = VERDICT_FAILED,
                                  .before = NAN};
    if (isnan(point->value)) return 0;
    if (found.enough) return judge(level, point, &found, out);
    bool restarted = level->segment.restarted;
    out->settling = restarted;
    out->verdict = found.n || restarted || !level->rule->window.needs ? VERDICT_THIN : VERDICT_NEW;
    if (is_visitor(point)) return 0;
    if (level->young) return judge_young(level, point, out);
    return pending_add(level, point, 0);
}

int level_next(struct level *level, const struct level_point *point, struct level_verdict *out)
{
    int status = level_arrive(level, point);
    if (status) return status;
    if (isnan(point->value) && !out) {
        level->restart_due |= point->restart;
        return 0;
    }
    bool plain = !out && !is_visitor(point) && !point->restart && quick_knows(level);
    if (plain && quick_inside(level, point->value) &&
        !quick_may_hold(level, level_hash(point->commit)))
        return segment_push(level, point);
    struct level_verdict unused;
    struct level_point kept = *point;
    kept.restart |= level->restart_due;
    status = level_judge(level, &kept, out ? out : &unused);
    if (isnan(point->value) || is_visitor(point))
        level->restart_due = kept.restart;
    else
        level->restart_due = false;
    if (!status && out && !out->bad_commit) level_tell_open(level, out);
    return status;
}

int level_skip(struct level *level, const struct level_rows *rows, size_t *taken)
{
    struct history *history = &level->segment.history;
    size_t i = 0, start;
    *taken = 0;
    if (history->has_other || history->restart_due || !quick_knows(level)) return 0;
    int status = history_room(history, rows->count);
    if (status) return status;
    start = history->end;
    memcpy(history->value + start, rows->value, rows->count * sizeof *rows->value);
    /* A missing value is not inside. */
    while (i < rows->count && quick_inside(level, rows->value[i]) &&
           !quick_may_hold(level, rows->hash[i])) {
        history->end++;
        quick_push(level, rows->hash[i++], false);
    }
    memcpy(history->commit + start, rows->commit, i * sizeof *rows->commit);
    memcpy(history->time_ns + start, rows->time_ns, i * sizeof *rows->time_ns);
    memset(history->restart + start, 0, i);
    for (size_t k = 0; k < i; k++)
        history->run[start + k] = history->next_run;
    *taken = i;
    return 0;
}

void level_tell_open(const struct level *level, struct level_verdict *out)
{
    if (!level->incident_count) return;
    const struct incident *open = &level->incidents[level->incident_count - 1];
    out->before = open->base;
    out->good_commit = open->good_commit;
    out->bad_commit = open->bad_commit;
}

int level_peek(struct level *level, const struct level_point *point, struct level_verdict *out)
{
    struct measured found;
    int status = 0;
    if (level->step && !same_commit(point->commit, level->step_commit)) status = step_take(level);
    if (!status) status = measure(level, &level->segment, point, &found);
    if (!status && !found.enough && level->young)
        status = measure(level, &level->former, point, &found);
    if (status) return status;
    *out = (struct level_verdict){.limits = found.limits,
                                  .n = found.n - found.before,
                                  .judged = found.enough && !isnan(point->value),
                                  .verdict = VERDICT_OK,
                                  .before = NAN};
    return 0;
}

int level_window(struct level *level, const struct level_point *point, size_t lag, size_t *n,
                 size_t *before)
{
    int status = level_arrive(level, point);
    if (status) return status;
    bool restart = point->restart || level->restart_due;
    struct history *history = &level->segment.history;
    size_t own_lag = history->window.lag;
    history->gives_other = history->has_other;
    history->window.lag = lag;
    status =
        history_window(history, point->time_ns, point->commit, point->other, restart, n, before);
    history->gives_other = false;
    history->window.lag = own_lag;
    return status;
}
