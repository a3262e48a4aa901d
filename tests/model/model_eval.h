/* model_eval.h -- what a query means: every series whole in memory, stage after stage.
 *
 * No pushing of ranges, no batches, no bounded windows: a range clears flags, a window walks back
 * over all rows of its series. This is the contract in its plainest form; where the library
 * differs, one of the two is wrong. */
#ifndef PACE_MODEL_EVAL_H
#define PACE_MODEL_EVAL_H

#include "model_stats.h"

enum { COLUMNS_MAX = 40 };
enum cell_type { CELL_NUMBER, CELL_TIME, CELL_TEXT, CELL_FLAG };

struct cell {
    bool missing;
    number number;
    int64_t time_ns;
    const char *text;
    int flag;
};

struct line {
    const struct model_run *run;
    bool selected, gone;
    int segment; /* accepted changes up to here */
    struct cell cells[COLUMNS_MAX];
};

struct schema_spec {
    int count;
    char names[COLUMNS_MAX][NAME_MAX_LEN];
    enum cell_type types[COLUMNS_MAX];
};

struct answer {
    struct schema_spec schema;
    struct line *lines;
    size_t count, capacity;
    size_t series, unknown;
};

struct series_spec {
    const char *names[5];
    int stream, column;
    enum pace_direction direction;
};

struct eval {
    const struct model_store *store;
    const struct query_spec *query;
    struct schema_spec schema; /* before the current stage */
    const struct series_spec *series;
    struct line *lines; /* of the series */
    size_t count;
    size_t unknown;
    bool *in_segment; /* of line i: [i * count .. i * count + i); NULL: not worked out yet */
};

static void forget_segments(struct eval *e)
{
    free(e->in_segment);
    e->in_segment = NULL;
}

static int column_of(const struct schema_spec *schema, const char *name)
{
    for (int i = 0; i < schema->count; i++)
        if (strcmp(schema->names[i], name) == 0) return i;
    fail_msg("the model knows no column %s", name);
    return -1;
}

static int schema_put(struct schema_spec *schema, const char *name, enum cell_type type)
{
    assert_true(schema->count < COLUMNS_MAX);
    snprintf(schema->names[schema->count], NAME_MAX_LEN, "%s", name);
    schema->types[schema->count] = type;
    return schema->count++;
}

static struct cell cell_number(number x)
{
    bool missing = isnan(x) || isinf(x);
    return (struct cell){.missing = missing, .number = missing ? NONE : x};
}

static struct cell cell_text(const char *text)
{
    return (struct cell){.missing = !text, .number = NONE, .text = text};
}

static struct cell cell_time(int64_t time_ns)
{
    return (struct cell){.number = NONE, .time_ns = time_ns};
}

static struct cell cell_flag(int flag) /* -1: unknown */
{
    return (struct cell){.missing = flag < 0, .number = NONE, .flag = flag};
}

/* -- patterns ---------------------------------------------------------------------------------- */

static bool star_match(const char *pattern, const char *name)
{
    if (*pattern == '*')
        return star_match(pattern + 1, name) || (*name && star_match(pattern, name + 1));
    if (!*pattern || !*name) return !*pattern && !*name;
    return (*pattern == '?' || *pattern == *name) && star_match(pattern + 1, name + 1);
}

static bool pattern_match(const char *pattern, const char *name)
{
    const char *open = strchr(pattern, '{');
    if (!open) return star_match(pattern, name);
    const char *close = strchr(open, '}');
    for (const char *at = open + 1; at <= close;) {
        size_t len = strcspn(at, ",}");
        char one[2 * NAME_MAX_LEN];
        snprintf(one, sizeof one, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)len, at,
                 close + 1);
        if (pattern_match(one, name)) return true;
        at += len + 1;
    }
    return false;
}

static bool term_match(const struct term *term, int i, const char *name)
{
    return term->quoted[i] ? strcmp(term->pattern[i], name) == 0
                           : pattern_match(term->pattern[i], name);
}

/* -- series and their rows ----------------------------------------------------------------------
 */

static bool conj_names(const struct conj *conj, const struct series_spec *series)
{
    bool dotted = false; /* a pattern with a dot names the measure */
    for (int t = 0; t < conj->count; t++) {
        const struct term *term = &conj->terms[t];
        if (term->key == KEY_COMMIT || term->key == KEY_RUN) continue;
        for (int i = 0; i < term->count; i++) {
            int key = term->key == KEY_PATH ? i : term->key;
            bool match = term_match(term, i, series->names[key]);
            if (match == term->negated) return false;
            if (key == KEY_MEASURE && !term->negated && strchr(term->pattern[i], '.'))
                dotted = true;
        }
    }
    return dotted || !strchr(series->names[KEY_MEASURE], '.');
}

static bool conj_passes(const struct conj *conj, const struct model_run *run)
{
    for (int t = 0; t < conj->count; t++) {
        const struct term *term = &conj->terms[t];
        bool match = true;
        if (term->key == KEY_RUN)
            match = strtoull(term->pattern[0], NULL, 10) == run->number;
        else if (term->key == KEY_COMMIT)
            match = strpbrk(term->pattern[0], "*?")
                        ? pattern_match(term->pattern[0], run->commit)
                        : strncmp(run->commit, term->pattern[0], strlen(term->pattern[0])) == 0;
        else
            continue;
        if (match == term->negated) return false;
    }
    return true;
}

static int compare_series(const void *a, const void *b)
{
    const struct series_spec *x = a, *y = b;
    for (int i = 0; i < 5; i++) {
        int order = strcmp(x->names[i], y->names[i]);
        if (order) return order;
    }
    return 0;
}

static size_t select_series_of(const struct model_store *store, const struct query_spec *query,
                               struct series_spec *out)
{
    size_t count = 0;
    for (int s = 0; s < store->stream_count; s++)
        for (int c = 0; c < COLUMNS; c++) {
            const struct model_stream *stream = &store->streams[s];
            const struct measure_info *measure = &MEASURE_INFO[c % MEASURES];
            struct series_spec series = {{stream->names[0], stream->names[1], stream->names[2],
                                          BENCHMARK_NAMES[c / MEASURES], measure->name},
                                         s,
                                         c,
                                         measure->direction};
            bool named = false;
            for (int k = 0; k < query->selection.count; k++)
                named |= conj_names(&query->selection.conjs[k], &series);
            if (named && stream->has[c]) out[count++] = series;
        }
    qsort(out, count, sizeof *out, compare_series);
    return count;
}

static bool is_excluded(const struct model_store *store, const struct series_spec *series,
                        uint64_t run)
{
    for (int m = 0; m < store->mark_count; m++) {
        const struct model_mark *mark = &store->marks[m];
        if (!mark->accept && mark->run == run &&
            mark_names(mark, &store->streams[series->stream], series->column))
            return true;
    }
    return false;
}

static int segment_at(const struct model_store *store, const struct series_spec *series,
                      int64_t time_ns)
{
    int segment = 0;
    for (int m = 0; m < store->mark_count; m++) {
        const struct model_mark *mark = &store->marks[m];
        if (mark->accept && time_ns >= mark->at_ns &&
            mark_names(mark, &store->streams[series->stream], series->column))
            segment++;
    }
    return segment;
}

static void schema_begin(struct schema_spec *schema)
{
    static const char *const names[] = {
        "project", "branch", "testbed",     "benchmark",   "measure", "time",  "commit",
        "run",     "value",  "lower_value", "upper_value", "unit",    "status"};
    static const enum cell_type types[] = {
        CELL_TEXT,   CELL_TEXT,   CELL_TEXT,   CELL_TEXT,   CELL_TEXT, CELL_TIME, CELL_TEXT,
        CELL_NUMBER, CELL_NUMBER, CELL_NUMBER, CELL_NUMBER, CELL_TEXT, CELL_TEXT};
    schema->count = 0;
    for (int i = 0; i < 13; i++)
        schema_put(schema, names[i], types[i]);
}

static void line_fill(struct eval *e, struct line *line, const struct model_run *run, bool gone)
{
    static const char *const statuses[] = {"ok", "failed", "skipped"};
    const struct series_spec *series = e->series;
    const struct model_cell *cell = &run->cells[series->column];
    bool ok = !gone && cell->status == PACE_CELL_OK;
    *line = (struct line){.run = run, .selected = true, .gone = gone};
    line->segment = segment_at(e->store, series, run->time_ns);
    for (int i = 0; i < 5; i++)
        line->cells[i] = cell_text(series->names[i]);
    line->cells[5] = cell_time(run->time_ns);
    line->cells[6] = cell_text(run->commit);
    line->cells[7] = cell_number((number)run->number);
    line->cells[8] = cell_number(ok ? cell->value : NONE);
    line->cells[9] = cell_number(ok ? cell->lower : NONE);
    line->cells[10] = cell_number(ok ? cell->upper : NONE);
    line->cells[11] = cell_text(MEASURE_INFO[series->column % MEASURES].unit);
    line->cells[12] = cell_text(gone ? NULL : statuses[cell->status]);
}

/* All rows of a series; with `last run` in the query one more where the newest run lacks it. */
static void series_load(struct eval *e)
{
    const struct model_stream *stream = &e->store->streams[e->series->stream];
    const struct query_spec *query = e->query;
    bool wants_gone = false, filtered = false;
    for (int i = 0; i < query->stage_count; i++)
        wants_gone |= query->stages[i].type == ST_LAST_RUN;
    for (int t = 0; t < query->selection.conjs[0].count; t++)
        filtered |= query->selection.conjs[0].terms[t].key == KEY_RUN ||
                    query->selection.conjs[0].terms[t].key == KEY_COMMIT;
    const struct model_run *newest = NULL;
    forget_segments(e);
    e->count = 0;
    for (size_t i = 0; i < stream->run_count; i++) {
        const struct model_run *run = stream->runs[i];
        if (is_excluded(e->store, e->series, run->number)) continue;
        newest = run;
        if (run->cells[e->series->column].status == PACE_CELL_ABSENT) continue;
        if (!conj_passes(&query->selection.conjs[0], run)) continue;
        line_fill(e, &e->lines[e->count++], run, false);
    }
    if (!wants_gone || filtered || !newest ||
        newest->cells[e->series->column].status != PACE_CELL_ABSENT)
        return;
    line_fill(e, &e->lines[e->count++], newest, true);
}

/* Number of the newest run of the stream that is not hidden from the series. */
static uint64_t newest_run(const struct eval *e)
{
    const struct model_stream *stream = &e->store->streams[e->series->stream];
    for (size_t i = stream->run_count; i > 0; i--)
        if (!is_excluded(e->store, e->series, stream->runs[i - 1]->number))
            return stream->runs[i - 1]->number;
    return 0;
}

/* -- windows ------------------------------------------------------------------------------------
 */

/* Where the newest of n lines that have no more than `most` commits begin. */
static size_t commits_from(const struct eval *e, const size_t *lines, size_t n, int most)
{
    int commits = 0;
    for (size_t first = n; first > 0; first--) {
        const char *commit = e->lines[lines[first - 1]].run->commit;
        bool seen = false;
        for (size_t later = first; later < n && *commit; later++)
            seen |= strcmp(commit, e->lines[lines[later]].run->commit) == 0;
        commits += !seen;
        if (commits > most) return first;
    }
    return 0;
}

static size_t segment_rows(struct eval *e, size_t i, size_t *rows);

/* The window of line i over the values x of some earlier lines: sample in order of time; *before of
 * its first points lie before the accepted change. */
static size_t window_from(const struct eval *e, const struct window_spec *window, const number *x,
                          const size_t *rows, size_t row_count, size_t i, number *sample,
                          size_t *before)
{
    const struct model_run *own = e->lines[i].run;
    size_t *eligible = malloc((e->count + 1) * sizeof *eligible), n = 0;
    assert_non_null(eligible);
    for (size_t k = 0; k < row_count; k++) {
        size_t j = rows[k];
        bool same = *own->commit && strcmp(own->commit, e->lines[j].run->commit) == 0;
        if (!isnan(x[j]) && !same && !e->lines[j].run->dirty) eligible[n++] = j;
    }
    size_t lag = window->lag > 1 ? (size_t)window->lag - 1 : 0;
    n = n > lag ? n - lag : 0;
    if (window->lag == 0 && !isnan(x[i])) eligible[n++] = i;
    size_t first = 0;
    bool points = window->kind == OVER_POINTS || window->kind == OVER_SEGMENT;
    if (points && n > (size_t)window->over) first = n - (size_t)window->over;
    if (window->kind == OVER_COMMITS) first = commits_from(e, eligible, n, window->over);
    if (window->kind == OVER_DAYS)
        while (first < n && e->lines[eligible[first]].run->time_ns <=
                                own->time_ns - window->over * INT64_C(86400000000000))
            first++;
    *before = 0;
    for (size_t k = first; k < n; k++) {
        sample[k - first] = x[eligible[k]];
        if (e->lines[eligible[k]].segment < e->lines[i].segment) *before = k - first + 1;
    }
    free(eligible);
    return n - first;
}

static size_t window_of(const struct eval *e, const struct window_spec *window, const number *x,
                        size_t i, number *sample, size_t *before)
{
    size_t *rows = malloc((e->count + 1) * sizeof *rows), count = 0;
    assert_non_null(rows);
    if (window->kind == OVER_SEGMENT)
        count = segment_rows((struct eval *)e, i, rows);
    else
        for (; count < i; count++)
            rows[count] = count;
    size_t n = window_from(e, window, x, rows, count, i, sample, before);
    free(rows);
    return n;
}

/* -- expressions --------------------------------------------------------------------------------
 */

static struct cell ex_eval(const struct eval *e, const struct ex *ex, size_t i);

static struct cell ex_window(const struct eval *e, const struct ex *ex, size_t i)
{
    if (e->lines[i].gone) return cell_number(NONE);
    number *x = malloc(2 * (e->count + 1) * sizeof *x), *sample = x + e->count + 1;
    assert_non_null(x);
    int value = column_of(&e->schema, "value");
    for (size_t j = 0; j <= i; j++) {
        struct cell cell = ex->a ? ex_eval(e, ex->a, j) : e->lines[j].cells[value];
        x[j] = cell.missing ? NONE : cell.number;
    }
    size_t before, n = window_of(e, &ex->window, x, i, sample, &before);
    n -= before;
    number result = n < (size_t)ex->window.needs ? NONE : stat_of(ex->fn, sample + before, n);
    free(x);
    return cell_number(result);
}

/* prev(x): the last x before this row in the series. */
static struct cell ex_previous(const struct eval *e, const struct ex *ex, size_t i)
{
    struct cell own = ex_eval(e, ex->a, i), before = cell_number(NONE);
    for (size_t j = i; j > 0 && before.missing && !e->lines[i].gone; j--)
        before = ex_eval(e, ex->a, j - 1);
    if (ex->kind == EX_PREV || before.missing) return before;
    if (own.missing || before.number == 0) return cell_number(NONE);
    return cell_number(own.number / before.number - 1);
}

static int compare_cells(const struct ex *ex, const struct cell *a, const struct cell *b)
{
    if (a->missing || b->missing) return -1;
    int order = (a->number > b->number) - (a->number < b->number);
    if (isnan(a->number)) order = (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
    if (strcmp(ex->op, ">") == 0) return order > 0;
    if (strcmp(ex->op, "<") == 0) return order < 0;
    if (strcmp(ex->op, ">=") == 0) return order >= 0;
    return order <= 0;
}

static struct cell ex_logic(const struct ex *ex, struct cell a, struct cell b)
{
    int deciding = ex->kind == EX_OR;
    if ((!a.missing && a.flag == deciding) || (!b.missing && b.flag == deciding))
        return cell_flag(deciding);
    return cell_flag(a.missing || b.missing ? -1 : !deciding);
}

static struct cell ex_arithmetic(const struct ex *ex, struct cell a, struct cell b)
{
    if (a.missing || b.missing) return cell_number(NONE);
    switch (ex->op[0]) {
    case '+': return cell_number(a.number + b.number);
    case '-': return cell_number(a.number - b.number);
    case '*': return cell_number(a.number * b.number);
    default: return cell_number(b.number == 0 ? NONE : a.number / b.number);
    }
}

static struct cell ex_match(const struct eval *e, const struct ex *ex, size_t i)
{
    const struct cell *cell = &e->lines[i].cells[column_of(&e->schema, KEYS[ex->key])];
    if (ex->key == KEY_RUN) return cell_flag(fabsl(cell->number - ex->number) < 0.5L);
    return cell_flag(pattern_match(ex->text, cell->text));
}

static struct cell ex_beyond(const struct eval *e, const struct ex *ex, size_t i)
{
    bool above = ex->kind == EX_HIGH;
    const struct cell *value = &e->lines[i].cells[column_of(&e->schema, "value")];
    const struct cell *limit =
        &e->lines[i].cells[column_of(&e->schema, above ? "high_limit" : "low_limit")];
    if (value->missing || limit->missing) return cell_flag(-1);
    return cell_flag(above ? value->number > limit->number : value->number < limit->number);
}

static struct cell ex_eval(const struct eval *e, const struct ex *ex, size_t i)
{
    struct cell a = {0}, b = {0};
    if (ex->kind == EX_WINDOW) return ex_window(e, ex, i);
    if (ex->kind == EX_PREV || ex->kind == EX_DELTA) return ex_previous(e, ex, i);
    if (ex->a) a = ex_eval(e, ex->a, i);
    if (ex->b) b = ex_eval(e, ex->b, i);
    switch (ex->kind) {
    case EX_NUMBER: return cell_number(ex->number);
    case EX_TIME: return cell_time(ex->time_ns);
    case EX_COLUMN: return e->lines[i].cells[column_of(&e->schema, ex->text)];
    case EX_ARITHMETIC: return ex_arithmetic(ex, a, b);
    case EX_COMPARE: return cell_flag(compare_cells(ex, &a, &b));
    case EX_AND:
    case EX_OR: return ex_logic(ex, a, b);
    case EX_NOT: return cell_flag(a.missing ? -1 : !a.flag);
    case EX_IS_NONE: return cell_flag(a.missing);
    case EX_IS_NOT_NONE: return cell_flag(!a.missing);
    case EX_ELSE: return a.missing ? b : a;
    case EX_IF: return a.missing ? cell_number(NONE) : a.flag ? b : ex_eval(e, ex->c, i);
    case EX_LOG: return cell_number(a.missing || !(a.number > 0) ? NONE : logl(a.number));
    case EX_MATCH: return ex_match(e, ex, i);
    case EX_HIGH:
    case EX_LOW: return ex_beyond(e, ex, i);
    case EX_VERDICT: {
        const struct cell *verdict = &e->lines[i].cells[column_of(&e->schema, "verdict")];
        return cell_flag(verdict->missing ? -1 : strcmp(verdict->text, ex->text) == 0);
    }
    case EX_WINDOW:
    case EX_PREV:
    case EX_DELTA: break;
    }
    return a;
}

/* -- ranges, where, derive -----------------------------------------------------------------------
 */

/* `20 commits` is the longest stretch from the end that has no more of them; a run without a commit
 * is one of its own. */
static void eval_last(struct eval *e, const struct stage_spec *stage)
{
    bool last = stage->type != ST_FIRST;
    const char *commits[64];
    int taken = 0;
    for (size_t k = 0; k < e->count; k++) {
        struct line *line = &e->lines[last ? e->count - 1 - k : k];
        if (!line->selected) continue;
        bool new = true;
        for (int c = 0; c < taken && stage->type == ST_LAST_COMMITS && taken <= stage->count; c++)
            new &= !*line->run->commit || strcmp(commits[c], line->run->commit) != 0;
        if (new &&taken <= stage->count) {
            if (taken < 64) commits[taken] = line->run->commit;
            taken++;
        }
        line->selected = taken <= stage->count;
    }
}

static void eval_range(struct eval *e, const struct stage_spec *stage)
{
    int64_t newest_ns = INT64_MIN, from_ns = stage->from_ns;
    if (stage->type == ST_LAST || stage->type == ST_FIRST || stage->type == ST_LAST_COMMITS) {
        eval_last(e, stage);
        return;
    }
    uint64_t newest = newest_run(e);
    if (stage->type == ST_LAST_DAYS) {
        for (size_t i = 0; i < e->count; i++)
            if (e->lines[i].selected) newest_ns = e->lines[i].run->time_ns;
        from_ns = newest_ns == INT64_MIN ? newest_ns
                                         : newest_ns - stage->count * INT64_C(86400000000000) + 1;
    }
    for (size_t i = 0; i < e->count; i++) {
        const struct model_run *run = e->lines[i].run;
        bool in = run->time_ns >= from_ns &&
                  (stage->type == ST_LAST_DAYS || run->time_ns < stage->until_ns);
        if (stage->type == ST_LAST_RUN) in = run->number == newest;
        e->lines[i].selected &= in;
    }
}

static void eval_where(struct eval *e, const struct stage_spec *stage)
{
    bool *keep = calloc(e->count + 1, sizeof *keep);
    assert_non_null(keep);
    for (size_t i = 0; i < e->count; i++) {
        struct cell flag = ex_eval(e, stage->ex, i);
        if (flag.missing && e->lines[i].selected) e->unknown++;
        keep[i] = !flag.missing && flag.flag;
    }
    size_t kept = 0;
    for (size_t i = 0; i < e->count; i++)
        if (keep[i]) e->lines[kept++] = e->lines[i];
    e->count = kept;
    forget_segments(e);
    free(keep);
}

static void eval_derive(struct eval *e, const struct stage_spec *stage)
{
    struct cell *cells = calloc(e->count + 1, sizeof *cells);
    assert_non_null(cells);
    for (size_t i = 0; i < e->count; i++)
        cells[i] = ex_eval(e, stage->ex, i);
    for (size_t i = 0; i < e->count; i++)
        e->lines[i].cells[e->schema.count] = cells[i];
    free(cells);
}

/* -- baseline and check --------------------------------------------------------------------------
 */

static void eval_baseline(struct eval *e, const struct stage_spec *stage, number *x, number *sample)
{
    int at = e->schema.count;
    for (size_t i = 0; i < e->count; i++) {
        struct cell *cells = e->lines[i].cells + at;
        for (int c = 0; c < 4; c++)
            cells[c] = cell_number(NONE);
        if (e->lines[i].gone) continue;
        size_t before, n = window_of(e, &stage->window, x, i, sample, &before);
        size_t needs = (size_t)stage->window.needs;
        if (stage->fn == FN_LAST && stage->window.needs == default_needs(&stage->window)) needs = 1;
        n -= before;
        number base = n < needs ? NONE : stat_of(stage->fn, sample + before, n);
        cells[0] = cell_number(base);
        cells[1] = cell_number((number)n);
        cells[2] = cell_number(base == 0 ? NONE : x[i] / base - 1);
        cells[3] = cell_number(x[i] - base);
    }
}

static bool same_as_flat(const struct judged_limits *limits, number value)
{
    return limits->flat && fabsl(value - limits->centre) <= 1e-9L * fabsl(limits->centre);
}

/* Beyond which limit: 1 high, -1 low, 0 neither, or less than the floor away. */
static int side_of(const struct check_spec *check, const struct judged_limits *limits, number value)
{
    int side = value > limits->high ? 1 : value < limits->low ? -1 : 0;
    if (same_as_flat(limits, value)) return 0;
    if (isnan(limits->centre) || limits->centre == 0) return side;
    return fabsl(value / limits->centre - 1) < check->floor ? 0 : side;
}

static const char *confirmed(const struct check_spec *check, enum pace_direction direction,
                             const int *sides, size_t judged)
{
    int side = sides[judged - 1], hits = 0;
    for (size_t k = 0; k < (size_t)check->confirm_of && k < judged; k++)
        hits += sides[judged - 1 - k] == side;
    bool worse =
        direction != PACE_DIRECTION_UNKNOWN && (side > 0) == (direction == PACE_LOWER_IS_BETTER);
    if (hits >= check->confirm)
        return direction == PACE_DIRECTION_UNKNOWN ? "changed" : worse ? "worse" : "better";
    return hits == check->confirm - 1 && worse ? "suspected" : "ok";
}

/* Rule 10: with few points since an accepted change, the spread of those before it around the new
 * centre. */
static struct judged_limits limits_at(const struct check_spec *check,
                                      const struct bound_spec *lower,
                                      const struct bound_spec *upper, const number *sample,
                                      size_t n, size_t before)
{
    size_t needs = (size_t)check->window.needs, after = n - before;
    struct judged_limits now = limits_of(check, lower, upper, sample + before, after);
    if (check->model == CHECK_STATIC || before < needs || before == 0 || after == 0 ||
        after >= needs)
        return now;
    struct judged_limits old = limits_of(check, lower, upper, sample, before);
    number shift = now.centre - old.centre;
    old.centre += shift;
    old.low += shift;
    old.high += shift;
    return old;
}

static void put_judged(const struct eval *e, const struct check_spec *check, struct cell *cells,
                       const struct judged_limits *limits, number value)
{
    number distance = value - limits->centre, n = (number)limits->n,
           score = distance / limits->spread, p = NONE;
    if (check->model == CHECK_STATIC) score = NONE;
    if (limits->flat && !isnan(value))
        score = same_as_flat(limits, value) ? 0 : distance > 0 ? INFINITY : -INFINITY;
    if (check->model == CHECK_T) p = t_tail(fabsl(score) / sqrtl(1 + 1 / n), n - 1);
    if (check->model == CHECK_Z || check->model == CHECK_MAD) p = normal_tail(fabsl(score));
    if (isnan(score)) p = NONE;
    number least =
        check->floor * fabsl(limits->centre); /* the limits shown are those with the floor */
    cells[1] = cell_number(limits->spread);
    cells[2] =
        cell_number(limits->low > limits->centre - least ? limits->centre - least : limits->low);
    cells[3] =
        cell_number(limits->high < limits->centre + least ? limits->centre + least : limits->high);
    cells[5] = cell_number(e->series->direction == PACE_HIGHER_IS_BETTER ? -score : score);
    cells[6] = cell_number(p);
}

static void clear_judged(struct cell *cells)
{
    for (int c = 0; c < 8; c++)
        cells[c] = cell_number(NONE);
    cells[8] = cells[9] = cell_text(NULL);
    cells[10] = cell_text("gone");
}

static void eval_level(struct eval *e, const struct check_spec *check, const number *x);

static void eval_check(struct eval *e, const struct check_spec *check, number *x, number *sample)
{
    int at = e->schema.count;
    enum pace_direction direction = e->series->direction;
    const struct bound_spec *lower = &check->lower, *upper = &check->upper;
    if (check->worse.unit && direction != PACE_HIGHER_IS_BETTER && !upper->unit)
        upper = &check->worse;
    if (check->worse.unit && direction != PACE_LOWER_IS_BETTER && !lower->unit)
        lower = &check->worse;
    if (check->window.kind == OVER_SEGMENT) {
        eval_level(e, check, x);
        return;
    }
    int *sides = calloc(e->count + 1, sizeof *sides);
    assert_non_null(sides);
    size_t judged = 0, needs = (size_t)check->window.needs;
    for (size_t i = 0; i < e->count; i++) {
        struct cell *cells = e->lines[i].cells + at;
        clear_judged(cells);
        if (e->lines[i].gone) continue;
        size_t before, n = window_of(e, &check->window, x, i, sample, &before);
        struct judged_limits limits = limits_at(check, lower, upper, sample, n, before);
        bool enough = limits.n >= needs;
        if (n > before || enough) cells[0] = cell_number(limits.centre);
        cells[4] = cell_number((number)(n - before));
        if (enough) put_judged(e, check, cells, &limits, x[i]);
        cells[10] = cell_text("failed");
        if (isnan(x[i])) continue;
        sides[judged++] = 0;
        bool none = isnan(limits.low) && isnan(limits.high);
        if (n == 0 && needs > 0)
            cells[10] = cell_text("new");
        else if (!enough || none)
            cells[10] = cell_text("thin");
        else if ((sides[judged - 1] = side_of(check, &limits, x[i])))
            cells[10] = cell_text(confirmed(check, direction, sides, judged));
        else
            cells[10] = cell_text(same_as_flat(&limits, x[i]) ? "flat-ok" : "ok");
    }
    free(sides);
}

static void eval_judge(struct eval *e, const struct stage_spec *stage)
{
    number *x = malloc(2 * (e->count + 1) * sizeof *x);
    assert_non_null(x);
    int value = column_of(&e->schema, "value");
    for (size_t i = 0; i < e->count; i++)
        x[i] = e->lines[i].cells[value].number;
    if (stage->type == ST_BASELINE)
        eval_baseline(e, stage, x, x + e->count + 1);
    else
        eval_check(e, &stage->check, x, x + e->count + 1);
    free(x);
}

/* The columns that a stage adds. */
static void schema_stage(struct schema_spec *schema, const struct stage_spec *stage)
{
    static const char *const baseline[] = {"base", "n", "delta", "diff"};
    static const char *const check[] = {"base", "spread", "low_limit", "high_limit",
                                        "n",    "score",  "p",         "before"};
    if (stage->type == ST_DERIVE) schema_put(schema, stage->name, CELL_NUMBER);
    for (int i = 0; i < 4 && stage->type == ST_BASELINE; i++)
        schema_put(schema, baseline[i], CELL_NUMBER);
    for (int i = 0; i < 8 && stage->type == ST_CHECK; i++)
        schema_put(schema, check[i], CELL_NUMBER);
    if (stage->type != ST_CHECK) return;
    schema_put(schema, "good_commit", CELL_TEXT);
    schema_put(schema, "bad_commit", CELL_TEXT);
    schema_put(schema, "verdict", CELL_TEXT);
}

static bool stage_of_series(const struct stage_spec *stage)
{
    return stage->type <= ST_CHECK;
}

static void eval_series_stage(struct eval *e, const struct stage_spec *stage)
{
    if (stage->type == ST_WHERE)
        eval_where(e, stage);
    else if (stage->type == ST_DERIVE)
        eval_derive(e, stage);
    else if (stage->type == ST_BASELINE || stage->type == ST_CHECK)
        eval_judge(e, stage);
    else
        eval_range(e, stage);
    schema_stage(&e->schema, stage);
}

#include "model_level.h"

#endif
