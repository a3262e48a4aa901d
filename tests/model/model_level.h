/* model_level.h -- what `over segment` means: a series walked through row by row, with lists of row
 * numbers for the segment, the one before it, and the rows that wait.
 *
 * A row waits while it may belong to a step; K of N waiting rows on one side (2 of 2 at least) are
 * a step. The next commit then finds the segment begun at its first row. While that segment is too
 * short to judge by, K of N rows within the limits of the one before bring that one back. */
#ifndef PACE_MODEL_LEVEL_H
#define PACE_MODEL_LEVEL_H

#include "model_eval.h"

enum { BACK = 7, WAIT_MAX = 64, OPEN_MAX = 32 };

struct rows {
    size_t *at, count;
    bool restarted;
};

struct open_incident {
    number base, limit;
    const char *good, *bad;
};

struct walk {
    struct eval *e;
    const struct check_spec *check;
    struct bound_spec lower, upper;
    bool asks_low, asks_high;
    enum pace_direction direction;
    const number *x;
    number *sample;
    struct rows now, old;
    bool young;
    size_t wait[WAIT_MAX], guests[WAIT_MAX];
    int wait_side[WAIT_MAX], guest_side[WAIT_MAX];
    size_t wait_count, guest_count;
    int step;
    const char *step_commit;
    int accepted; /* changes accepted up to the last row that is a point */
    struct open_incident open[OPEN_MAX];
    size_t open_count;
};

static void walk_begin(struct walk *w, const struct eval *e, const struct check_spec *check,
                       const number *x)
{
    *w = (struct walk){.e = (struct eval *)e, .check = check, .x = x};
    w->direction = e->series->direction;
    w->lower = check->lower;
    w->upper = check->upper;
    if (check->worse.unit && w->direction != PACE_HIGHER_IS_BETTER && !w->upper.unit)
        w->upper = check->worse;
    if (check->worse.unit && w->direction != PACE_LOWER_IS_BETTER && !w->lower.unit)
        w->lower = check->worse;
    w->asks_low = w->lower.unit != NO_BOUND;
    w->asks_high = w->upper.unit != NO_BOUND;
    if (!w->asks_low) w->lower = w->upper;
    if (!w->asks_high) w->upper = w->lower;
    w->now.at = calloc(e->count + 1, sizeof(size_t));
    w->old.at = calloc(e->count + 1, sizeof(size_t));
    w->sample = calloc(e->count + 1, sizeof(number));
    assert_true(w->now.at && w->old.at && w->sample);
}

static void walk_end(struct walk *w)
{
    free(w->now.at);
    free(w->old.at);
    free(w->sample);
}

static const char *commit_at(const struct walk *w, size_t i)
{
    return w->e->lines[i].run->commit;
}

static bool is_dirty(const struct walk *w, size_t i)
{
    return w->e->lines[i].run->dirty;
}

static void settle(struct walk *w, size_t count)
{
    for (size_t k = 0; k < count; k++)
        w->now.at[w->now.count++] = w->wait[k];
    w->wait_count -= count;
    memmove(w->wait, w->wait + count, w->wait_count * sizeof *w->wait);
    memmove(w->wait_side, w->wait_side + count, w->wait_count * sizeof *w->wait_side);
}

static size_t first_waiting(const struct walk *w, int side)
{
    size_t k = 0;
    while (k < w->wait_count && w->wait_side[k] != side)
        k++;
    return k;
}

static void begin_anew(struct walk *w)
{
    settle(w, first_waiting(w, w->step));
    struct rows now = w->now;
    w->now = w->old;
    w->old = now;
    w->now.count = 0;
    w->now.restarted = w->young = true;
    w->step = 0;
    settle(w, w->wait_count);
}

/* Before row i is judged. */
static void walk_arrive(struct walk *w, size_t i)
{
    const char *commit = commit_at(w, i);
    if (w->step && (!*commit || strcmp(commit, w->step_commit) != 0)) begin_anew(w);
    if (w->e->lines[i].segment <= w->accepted || is_dirty(w, i)) return;
    settle(w, w->wait_count);
    w->step = 0;
    w->young = false;
    w->open_count = 0;
    w->now.restarted = w->now.count > 0;
}

struct seen {
    struct judged_limits limits;
    size_t n, after;
    bool enough;
};

static struct seen look(struct walk *w, const struct rows *rows, size_t i)
{
    struct seen seen;
    struct check_spec check = *w->check;
    size_t before;
    if (rows->restarted && check.window.needs > 1) check.window.needs--;
    seen.n = window_from(w->e, &check.window, w->x, rows->at, rows->count, i, w->sample, &before);
    seen.after = seen.n - before;
    seen.limits = limits_at(&check, &w->lower, &w->upper, w->sample, seen.n, before);
    seen.enough = seen.limits.n >= (size_t)check.window.needs &&
                  !(isnan(seen.limits.low) && isnan(seen.limits.high));
    return seen;
}

static int count_on(const int *sides, size_t count, int of, int side)
{
    int hits = 1;
    for (int k = 1; k < of && (size_t)k <= count; k++)
        hits += sides[count - (size_t)k] == side;
    return hits;
}

static int at_least_2(int number_of)
{
    return number_of > 2 ? number_of : 2;
}

static void wait_for(struct walk *w, size_t i, int side)
{
    if (w->wait_count == WAIT_MAX) {
        if (w->step)
            begin_anew(w);
        else
            settle(w, 1);
    }
    w->wait[w->wait_count] = i;
    w->wait_side[w->wait_count++] = side;
    while (!w->step && w->wait_count &&
           (w->wait_side[0] == 0 || w->wait_count >= (size_t)at_least_2(w->check->confirm_of)))
        settle(w, 1);
}

static bool close_incidents(struct walk *w, number level)
{
    bool any = false;
    while (w->open_count) {
        number limit = w->open[w->open_count - 1].limit;
        if (w->direction == PACE_LOWER_IS_BETTER ? level > limit : level < limit) break;
        w->open_count--;
        any = true;
    }
    return any;
}

static number waiting_mean(const struct walk *w, size_t i, int side)
{
    number sum = w->x[i], count = 1;
    for (size_t k = 0; k < w->wait_count; k++)
        if (w->wait_side[k] == side) {
            sum += w->x[w->wait[k]];
            count += 1;
        }
    return sum / count;
}

/* Commit of the newest row of the segment that row i's window holds. */
static const char *last_commit(const struct walk *w, size_t i)
{
    int lag = w->check->window.lag > 1 ? w->check->window.lag - 1 : 0;
    for (size_t k = w->now.count; k > 0; k--) {
        const char *commit = commit_at(w, w->now.at[k - 1]);
        if (*commit && strcmp(commit, commit_at(w, i)) == 0) continue;
        if (lag-- > 0) continue;
        if (*commit) return commit; /* one that is not known names nothing */
    }
    return "";
}

static bool is_worse(const struct walk *w, int side)
{
    return w->direction != PACE_DIRECTION_UNKNOWN &&
           (side > 0) == (w->direction == PACE_LOWER_IS_BETTER);
}

static const char *beyond(const struct walk *w, const int *sides, size_t count, int side,
                          bool *steps)
{
    const struct check_spec *check = w->check;
    int of = at_least_2(check->confirm_of);
    *steps = count_on(sides, count, of, side) >= at_least_2(check->confirm);
    bool unknown = w->direction == PACE_DIRECTION_UNKNOWN, worse = is_worse(w, side);
    const char *verdict = unknown ? "changed" : worse ? "worse" : "better";
    if (side > 0 ? !w->asks_high : !w->asks_low)
        return *steps && !unknown && !worse ? verdict : "ok";
    int hits = count_on(sides, count, check->confirm_of, side);
    if (hits >= check->confirm) return verdict;
    return hits + 1 == check->confirm && worse ? "suspected" : "ok";
}

static const char *first_of(const struct walk *w, const size_t *rows, const int *sides,
                            size_t count, int side, size_t i)
{
    size_t reach = (size_t)at_least_2(w->check->confirm_of) - 1, k = 0;
    if (!w->step && count > reach) k = count - reach;
    for (; k < count; k++)
        if (sides[k] == side) return commit_at(w, rows[k]);
    return commit_at(w, i);
}

static const char *judge_full(struct walk *w, struct seen *seen, size_t i, struct cell *cells)
{
    bool guest = is_dirty(w, i), steps = false;
    int side = side_of(w->check, &seen->limits, w->x[i]);
    const char *good = last_commit(w, i);
    if (guest && w->guest_count) {
        size_t last = w->guests[w->guest_count - 1];
        if (!*commit_at(w, i) || strcmp(commit_at(w, last), commit_at(w, i)) != 0)
            w->guest_count = 0;
    }
    if (!guest && w->young) {
        w->young = false;
        settle(w, w->wait_count);
    }
    const size_t *rows = guest ? w->guests : w->wait;
    const int *sides = guest ? w->guest_side : w->wait_side;
    size_t count = guest ? w->guest_count : w->wait_count;
    const char *verdict = same_as_flat(&seen->limits, w->x[i]) ? "flat-ok" : "ok", *bad = NULL;
    if (side) verdict = beyond(w, sides, count, side, &steps);
    if (strcmp(verdict, "worse") == 0 || strcmp(verdict, "suspected") == 0) {
        bad = first_of(w, rows, sides, count, side, i);
        cells[8] = cell_text(good);
        cells[9] = cell_text(bad);
    }
    if (guest) {
        assert_true(w->guest_count < WAIT_MAX);
        w->guests[w->guest_count] = i;
        w->guest_side[w->guest_count++] = side;
        return verdict;
    }
    if (steps && !w->step) {
        if (strcmp(verdict, "worse") == 0) {
            number least = w->check->floor * fabsl(seen->limits.centre), limit;
            if (side > 0) {
                limit = seen->limits.centre + least;
                if (seen->limits.high > limit || isnan(limit)) limit = seen->limits.high;
            } else {
                limit = seen->limits.centre - least;
                if (seen->limits.low < limit || isnan(limit)) limit = seen->limits.low;
            }
            assert_true(w->open_count < OPEN_MAX);
            w->open[w->open_count++] =
                (struct open_incident){seen->limits.centre, limit, good, bad};
        } else if (close_incidents(w, waiting_mean(w, i, side))) {
            if (strcmp(verdict, "better") == 0 || strcmp(verdict, "ok") == 0) verdict = "recovered";
        }
        w->step = side;
        w->step_commit = commit_at(w, i);
    } else if (!side && !w->wait_count && close_incidents(w, seen->limits.centre)) {
        verdict = "recovered";
    }
    wait_for(w, i, side);
    return verdict;
}

/* A row of a young segment; NULL: it is too thin to judge. */
static const char *judge_young(struct walk *w, struct seen *seen, size_t i)
{
    struct seen old = look(w, &w->old, i);
    bool back = old.enough && side_of(w->check, &old.limits, w->x[i]) == 0;
    int hits = count_on(w->wait_side, w->wait_count, at_least_2(w->check->confirm_of), BACK);
    if (!back || hits < at_least_2(w->check->confirm)) {
        wait_for(w, i, back ? BACK : 0);
        return NULL;
    }
    const char *verdict = close_incidents(w, waiting_mean(w, i, BACK)) ? "recovered" : "ok";
    size_t first = first_waiting(w, BACK);
    struct rows now = w->now;
    w->now = w->old;
    w->old = now;
    for (size_t k = first; k < w->wait_count; k++)
        w->now.at[w->now.count++] = w->wait[k];
    w->now.at[w->now.count++] = i;
    w->wait_count = 0;
    w->young = false;
    *seen = old;
    return verdict;
}

static void walk_judge(struct walk *w, size_t i, struct cell *cells)
{
    const number value = w->x[i];
    struct seen seen = look(w, &w->now, i);
    const char *verdict = "failed";
    if (!isnan(value) && seen.enough) {
        verdict = judge_full(w, &seen, i, cells);
    } else if (!isnan(value)) {
        bool thin = seen.n || w->now.restarted || w->check->window.needs == 0;
        const char *back = NULL;
        if (!is_dirty(w, i)) {
            if (w->young)
                back = judge_young(w, &seen, i);
            else
                wait_for(w, i, 0);
        }
        verdict = back ? back : thin ? "thin" : "new";
    }
    if (!w->asks_low) seen.limits.low = NONE;
    if (!w->asks_high) seen.limits.high = NONE;
    if (seen.after || seen.enough) cells[0] = cell_number(seen.limits.centre);
    cells[4] = cell_number((number)seen.after);
    if (seen.enough) put_judged(w->e, w->check, cells, &seen.limits, value);
    cells[10] = cell_text(verdict);
    if (!cells[9].missing || !w->open_count) return;
    const struct open_incident *open = &w->open[w->open_count - 1];
    cells[7] = cell_number(open->base);
    cells[8] = cell_text(open->good);
    cells[9] = cell_text(open->bad);
}

static void walk_row(struct walk *w, size_t i, struct cell *cells)
{
    walk_arrive(w, i);
    walk_judge(w, i, cells);
    if (!isnan(w->x[i]) && !is_dirty(w, i)) w->accepted = w->e->lines[i].segment;
}

static void eval_level(struct eval *e, const struct check_spec *check, const number *x)
{
    struct walk walk;
    walk_begin(&walk, e, check, x);
    for (size_t i = 0; i < e->count; i++) {
        struct cell *cells = e->lines[i].cells + e->schema.count;
        clear_judged(cells);
        if (!e->lines[i].gone) walk_row(&walk, i, cells);
    }
    walk_end(&walk);
}

/* Works out which rows belong to the segment that each row finds, by the default rule. */
static void find_segments(struct eval *e)
{
    static const struct check_spec usual = {.model = CHECK_T,
                                            .worse = {AS_PROBABILITY, 0.99, ""},
                                            .floor = 0.05,
                                            .confirm = 2,
                                            .confirm_of = 2,
                                            .window = {OVER_SEGMENT, 64, 1, 5}};
    number *x = malloc((e->count + 1) * sizeof *x);
    int value = column_of(&e->schema, "value");
    struct walk walk;
    e->in_segment = calloc(e->count * e->count + 1, 1);
    assert_true(x && e->in_segment);
    for (size_t j = 0; j < e->count; j++)
        x[j] = e->lines[j].cells[value].number;
    walk_begin(&walk, e, &usual, x);
    for (size_t j = 0; j < e->count; j++) {
        struct cell unused[11];
        clear_judged(unused);
        if (e->lines[j].gone) continue;
        walk_arrive(&walk, j);
        for (size_t k = 0; k < walk.now.count; k++)
            e->in_segment[j * e->count + walk.now.at[k]] = true;
        walk_row(&walk, j, unused);
    }
    walk_end(&walk);
    free(x);
}

static size_t segment_rows(struct eval *e, size_t i, size_t *rows)
{
    size_t count = 0;
    if (!e->in_segment) find_segments(e);
    for (size_t j = 0; j < i; j++)
        if (e->in_segment[i * e->count + j]) rows[count++] = j;
    return count;
}

#endif
