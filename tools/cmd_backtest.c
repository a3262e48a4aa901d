/* cmd_backtest.c -- `pace backtest`: how a model would have done on what is stored.
 *
 * `check MODEL` runs over the whole history of the selected series, and `changes` says afterwards
 * where the level really changed. An alert (the first of rows in a row that fire) is right when a
 * change lies within NEAR points of it; quiet points are those with none that near. Memory: 24
 * bytes a point. */
#include "command.h"

#include "../engine/arena.h"
#include "../engine/unit.h"
#include "../query/pace_query.h"
#include "rows.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEAR = 2,        /* points: an alert this near to a change is of it */
    LATE = 16,       /* points after a change in which it may be found */
    TRIES = 12,      /* bounds tried */
    LEAST_QUIET = 50 /* points without which nothing is proposed */
};
static const double RATE = 0.001;
/* So many events are expected where none is seen one time in twenty: e^-3. */
static const double NONE_SEEN = 3;
static const char DEFAULT_MODEL[] = "t-test 99% over segment needs 5 floor 5% confirm 2 of 2";

struct point {
    int64_t time_ns;
    float score; /* worse is positive; NAN: not judged */
    float value, base;
    unsigned char fires, near;
};

struct trace {
    const char *names[5];
    size_t first, count; /* of the points */
};

struct level_change {
    size_t trace, at; /* point of the trace */
    int is_worse;
    double delta; /* after / before - 1 */
};

struct backtest {
    pace_session *session;
    const struct show_style *style;
    struct arena arena;
    struct trace *traces;
    size_t trace_count, trace_capacity;
    struct point *points;
    size_t point_count, point_capacity;
    struct level_change *changes;
    size_t change_count, change_capacity;
    size_t at; /* trace of the last change */
    /* What was found. */
    size_t judged, quiet, alerts, right, false_alerts, worse, found;
    size_t *delays; /* of those found */
    size_t stayed;  /* alerts after which the next value was no nearer than half way back */
    double floor;   /* of the model, as a share; 0: none */
    size_t delay, delay_most;        /* of those found: the median, nine of ten; in runs */
    const char *proposed, *smallest; /* bounds; "": the model's own, NULL: none */
    size_t small, newest; /* changes missed: smaller than the floor; in a series' newest run */
};

static const char *const NAMES[] = {"project", "branch", "testbed", "benchmark", "measure"};

static int is_trace(const struct trace *trace, const struct pace_rows *rows, size_t row)
{
    for (size_t i = 5; i-- > 0;) {
        const char *name = field_text(rows_find(rows, NAMES[i]), row);
        if (strcmp(trace->names[i], name != NULL ? name : "") != 0) return 0;
    }
    return 1;
}

static void *grown(void *block, size_t *capacity, size_t size)
{
    size_t more = *capacity ? *capacity * 2 : 1024;
    void *out = reallocarray(block, more, size);
    if (out != NULL) *capacity = more;
    return out;
}

static struct trace *trace_of(struct backtest *test, const struct pace_rows *rows, size_t row)
{
    struct trace *last = test->trace_count > 0 ? &test->traces[test->trace_count - 1] : NULL;
    if (last != NULL && is_trace(last, rows, row)) return last;
    if (test->trace_count == test->trace_capacity) {
        struct trace *more = grown(test->traces, &test->trace_capacity, sizeof *more);
        if (more == NULL) return NULL;
        test->traces = more;
    }
    struct trace *trace = &test->traces[test->trace_count++];
    *trace = (struct trace){.first = test->point_count};
    for (size_t i = 0; i < 5; i++) {
        const char *name = field_text(rows_find(rows, NAMES[i]), row);
        trace->names[i] = arena_string(&test->arena, name != NULL ? name : "");
        if (trace->names[i] == NULL) return NULL;
    }
    return trace;
}

static int take_checked(struct backtest *test, const struct pace_rows *rows)
{
    const struct pace_field *verdict = rows_find(rows, "verdict"),
                            *score = rows_find(rows, "score");
    const struct pace_field *value = rows_find(rows, "value"), *time = rows_find(rows, "time");
    const struct pace_field *base = rows_find(rows, "base");
    for (size_t i = 0; i < rows->count; i++) {
        const char *word = field_text(verdict, i);
        if (word == NULL || isnan(field_number(value, i))) continue;
        struct trace *trace = trace_of(test, rows, i);
        if (trace == NULL) return PACE_ENOMEM;
        if (test->point_count == test->point_capacity) {
            struct point *more = grown(test->points, &test->point_capacity, sizeof *more);
            if (more == NULL) return PACE_ENOMEM;
            test->points = more;
        }
        int judged = strcmp(word, "new") != 0 && strcmp(word, "thin") != 0;
        struct point *point = &test->points[test->point_count++];
        *point = (struct point){.time_ns = time->time_ns[i],
                                .score = NAN,
                                .value = (float)field_number(value, i),
                                .base = (float)field_number(base, i)};
        trace->count++;
        if (!judged) continue;
        point->score = (float)field_number(score, i);
        point->fires = strcmp(word, "worse") == 0 || strcmp(word, "changed") == 0;
        if (isnan(point->score)) point->score = 0;
    }
    return 0;
}

/* Marks the points near to a change and remembers it. */
static int take_change(struct backtest *test, size_t trace_index, int64_t time_ns, int is_worse,
                       double delta)
{
    const struct trace *trace = &test->traces[trace_index];
    struct point *points = test->points + trace->first;
    size_t at = 0;
    while (at < trace->count && points[at].time_ns < time_ns)
        at++;
    for (size_t i = at > NEAR ? at - NEAR : 0; i <= at + NEAR && i < trace->count; i++)
        points[i].near = 1;
    if (test->change_count == test->change_capacity) {
        struct level_change *more = grown(test->changes, &test->change_capacity, sizeof *more);
        if (more == NULL) return PACE_ENOMEM;
        test->changes = more;
    }
    test->changes[test->change_count++] = (struct level_change){trace_index, at, is_worse, delta};
    return 0;
}

/* Looks for the alert that found a change to the worse side, before the next change. */
static void find_alert(struct backtest *test, size_t index)
{
    const struct level_change *change = &test->changes[index];
    const struct trace *trace = &test->traces[change->trace];
    struct point *points = test->points + trace->first;
    size_t until = change->at + LATE < trace->count ? change->at + LATE : trace->count;
    int has_next = index + 1 < test->change_count && change[1].trace == change->trace;
    if (has_next && change[1].at < until) until = change[1].at;
    if (!change->is_worse) return;
    test->worse++;
    for (size_t i = change->at > NEAR ? change->at - NEAR : 0; i < until; i++) {
        if (!points[i].fires) continue;
        test->delays[test->found++] = i > change->at ? i - change->at : 0;
        points[i].near = 1;
        return;
    }
    if (fabs(change->delta) < test->floor)
        test->small++;
    else if (change->at + 1 == trace->count)
        test->newest++;
}

static int take_changes(struct backtest *test, const struct pace_rows *rows)
{
    const struct pace_field *kind = rows_find(rows, "kind"), *worse = rows_find(rows, "worse");
    const struct pace_field *time = rows_find(rows, "time"), *delta = rows_find(rows, "delta");
    for (size_t i = 0; i < rows->count; i++) {
        const char *word = field_text(kind, i);
        while (test->at < test->trace_count && !is_trace(&test->traces[test->at], rows, i))
            test->at++;
        if (test->at == test->trace_count) return 0; /* of a series that was not judged */
        int is_worse =
            worse != NULL && (worse->missing == NULL || !worse->missing[i]) && worse->flag[i] == 1;
        if (word != NULL && strcmp(word, "drift") == 0) continue;
        int code = take_change(test, test->at, time->time_ns[i], is_worse, field_number(delta, i));
        if (code != 0) return code;
    }
    return 0;
}

static int ask(struct backtest *test, const char *text,
               int (*take)(struct backtest *test, const struct pace_rows *rows))
{
    struct pace_error error = {0};
    pace_query *query = NULL;
    const struct pace_rows *rows = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    int code = text == NULL ? PACE_ENOMEM
                            : pace_prepare(test->session, text, strlen(text), &error, &query);
    while (code == 0 && step != PACE_STEP_END) {
        code = pace_step(query, &error, &step, &rows);
        if (code == 0 && step == PACE_STEP_ROWS) code = take(test, rows);
    }
    if (code == PACE_EQUERY)
        show_diags(test->style, query);
    else if (code != 0)
        store_failed("", code, &error);
    pace_query_free(query);
    return code == 0 ? STATUS_OK : status_of_error(code);
}

/* Whether the point after an alert was no nearer than half way back to the level before it. */
static int has_stayed(const struct point *alert)
{
    float step = alert->value - alert->base;
    return step > 0 ? alert[1].value > alert->base + step / 2
                    : alert[1].value < alert->base + step / 2;
}

/* Counts what check and changes make together. */
static int tally(struct backtest *test)
{
    size_t *delays = reallocarray(test->delays, test->change_count + 1, sizeof *delays);
    if (delays == NULL) return store_failed("", PACE_ENOMEM, NULL);
    test->delays = delays;
    test->judged = test->quiet = test->alerts = test->right = test->false_alerts = 0;
    test->stayed = test->worse = test->found = test->small = test->newest = 0;
    for (size_t i = 0; i < test->change_count; i++)
        find_alert(test, i);
    for (size_t t = 0; t < test->trace_count; t++) {
        const struct trace *trace = &test->traces[t];
        struct point *points = test->points + trace->first;
        for (size_t i = 0; i < trace->count; i++) {
            if (isnan(points[i].score)) continue;
            test->judged++;
            test->quiet += !points[i].near;
            if (!points[i].fires || (i > 0 && points[i - 1].fires)) continue;
            test->alerts++;
            if (points[i].near)
                test->right++;
            else
                test->false_alerts++;
            test->stayed += i + 1 < trace->count && has_stayed(&points[i]);
        }
    }
    return 0;
}

static void clear(struct backtest *test)
{
    test->trace_count = test->point_count = test->change_count = test->at = 0;
}

static int replay(struct backtest *test, const char *selector, const char *model)
{
    clear(test);
    int status =
        ask(test, arena_printf(&test->arena, "%s | check %s", selector, model), take_checked);
    if (status == 0)
        status = ask(test, arena_printf(&test->arena, "%s | changes", selector), take_changes);
    return status == 0 ? tally(test) : status;
}

static double rate(const struct backtest *test)
{
    return test->quiet > 0 ? (double)test->false_alerts / (double)test->quiet : 0;
}

static int compare_sizes(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void order_delays(struct backtest *test)
{
    if (test->found == 0) return;
    qsort(test->delays, test->found, sizeof *test->delays, compare_sizes);
    test->delay = test->delays[test->found / 2];
    test->delay_most = test->delays[test->found * 9 / 10];
}

/* One row, for programs; `given` is what was found with the model as it is. */
static int show_found(const struct backtest *given, const struct backtest *test, double wanted)
{
    int any = given->found > 0;
    const struct show_fact facts[] = {
        {.name = "series", .number = (double)given->trace_count},
        {.name = "points", .number = (double)given->judged},
        {.name = "alerts", .number = (double)given->alerts},
        {.name = "of_changes", .number = (double)given->right},
        {.name = "false_alerts", .number = (double)given->false_alerts},
        {.name = "quiet_points", .number = (double)given->quiet},
        {.name = "persisted", .number = (double)given->stayed},
        {.name = "changes", .number = (double)given->worse},
        {.name = "found", .number = (double)given->found},
        {.name = "delay_median", .number = any ? (double)given->delay : (double)NAN},
        {.name = "delay_p90", .number = any ? (double)given->delay_most : (double)NAN},
        {.name = "rate", .number = rate(given)},
        {.name = "wanted_rate", .number = wanted},
        {.name = "proposed_bound", .text = test->proposed != NULL ? test->proposed : ""},
        {.name = "smallest_bound", .text = test->smallest != NULL ? test->smallest : ""}};
    return show_facts(test->style, facts, sizeof facts / sizeof facts[0]);
}

static void print_found(const struct backtest *test)
{
    printf("series          %zu\n", test->trace_count);
    printf("judged points   %zu\n", test->judged);
    printf("alerts          %zu, %.2f per 1,000 points\n", test->alerts,
           test->judged > 0 ? 1000 * (double)test->alerts / (double)test->judged : 0);
    printf("of changes      %zu; away from any change %zu, %.2f per 1,000 quiet points\n",
           test->right, test->false_alerts, 1000 * rate(test));
    printf("persisted       %zu: the next run was no nearer than half way back\n", test->stayed);
    printf("changes found   %zu of %zu to the worse side", test->found, test->worse);
    if (test->found > 0)
        printf(", after %zu runs (median), %zu (nine of ten)", test->delay, test->delay_most);
    putchar('\n');
    if (test->small > 0)
        printf("missed          %zu: smaller than the floor of %.3g %%\n", test->small,
               100 * test->floor);
    if (test->newest > 0)
        printf("missed          %zu: in the newest run, which is suspected until the next\n",
               test->newest);
}

/* The floor that a model is written with, as a share. */
static double floor_of(const char *model)
{
    const char *at = strstr(model, " floor ");
    return at != NULL ? strtod(at + strlen(" floor "), NULL) / 100 : 0; /* the locale is "C" */
}

/* How a bound of the model's scores is written; NULL: the model takes none. */
static const char *bound_unit(const char *model)
{
    static const struct {
        const char *model, *unit;
    } units[] = {{"z-score", "sd"}, {"t-test", "sd"},   {"log-normal", "sd"}, {"mad", "sd"},
                 {"iqr", "x"},      {"delta-iqr", "x"}, {"percentage", "%"}};
    size_t len = strcspn(model, " ");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].model) == len && strncmp(units[i].model, model, len) == 0)
            return units[i].unit;
    return NULL;
}

static int compare_floats(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The score that a share of quiet points exceeds; NAN: there are too few. */
static double quiet_score(const struct backtest *test, double share)
{
    float *scores = malloc((test->point_count + 1) * sizeof *scores);
    size_t n = 0;
    if (scores == NULL) return NAN;
    for (size_t i = 0; i < test->point_count; i++)
        if (!test->points[i].near && !isnan(test->points[i].score))
            scores[n++] = test->points[i].score;
    if (n > 0) qsort(scores, n, sizeof *scores, compare_floats);
    size_t place = (size_t)((1 - share) * (double)(n > 0 ? n - 1 : 0));
    double score = n >= LEAST_QUIET ? (double)scores[place] : (double)NAN;
    free(scores);
    return score;
}

static void print_bound(const struct backtest *test, const char *what, const char *bound,
                        double wanted)
{
    printf("%s  %s: %.2f false alerts per 1,000 quiet points (wanted %.2f), %zu of %zu changes "
           "found\n",
           what, bound, 1000 * rate(test), 1000 * wanted, test->found, test->worse);
}

/* Replays with bounds between those that half of the quiet points and none exceed, and halves what
 * is between until the smallest bound is known that meets the wanted rate. */
static int propose(struct backtest *test, const char *selector, const char *model, double wanted)
{
    const struct backtest given = *test;
    int is_row = test->style->format != NULL;
    const char *unit = bound_unit(model);
    double scale = unit != NULL && *unit == '%' ? 100 : 1;
    double low = quiet_score(test, 0.5), high = quiet_score(test, 0);
    char text[64];
    if (is_row && (unit == NULL || isnan(high))) return show_found(&given, test, wanted);
    if (unit == NULL || isnan(high)) {
        printf("no bound is proposed: %s\n",
               unit == NULL ? "give a model with a bound, such as 't-test 99%' or 'percentage 10%'"
                            : "there are too few quiet points");
        return STATUS_OK;
    }
    if (!(high > 0)) high = 1;
    if (!(low > high / 1e4)) low = high / 1e4;
    for (int i = 0; i <= TRIES; i++) {
        double bound = i < TRIES ? sqrt(low * high) : high;
        snprintf(text, sizeof text, "%.*f%s", bound * scale < 10 ? 2 : 1, bound * scale, unit);
        int status =
            replay(test, selector, arena_printf(&test->arena, "%s within %s", model, text));
        if (status != 0) return status;
        if (rate(test) <= wanted)
            high = bound;
        else
            low = bound;
    }
    test->smallest = arena_string(&test->arena, text);
    test->proposed = rate(&given) <= wanted ? "" : test->smallest;
    if (is_row) return show_found(&given, test, wanted);
    putchar('\n');
    if (rate(&given) <= wanted) {
        print_bound(&given, "proposed bound", "as it is", wanted);
        if (strtod(text, NULL) > 0)
            print_bound(test, "smallest bound", text, wanted);
        else
            printf("smallest bound  any: what else the model asks for is enough\n");
    } else {
        print_bound(test, "proposed bound", text, wanted);
    }
    if (test->false_alerts == 0 && (double)test->quiet * wanted < NONE_SEEN)
        printf(
            "few points      none false among %zu is what a rate of %.3g per 1,000 gives one time "
            "in twenty\n",
            test->quiet, 1000 * NONE_SEEN / (double)test->quiet);
    return STATUS_OK;
}

static int backtest(const struct arguments *arguments, struct backtest *test, double wanted)
{
    const char *model = arguments->operands[0], *selector = arguments->operands[1];
    if (strpbrk(model, "|;") != NULL)
        return command_misused(arguments->command, "the model is what follows `check` in a query");
    const char *full = *model != '\0' ? model : DEFAULT_MODEL;
    test->floor = floor_of(full);
    int status = replay(test, selector, model);
    if (status != 0) return status;
    if (test->judged == 0) {
        say_error("nothing was judged: no series, or too short ones; see: pace ls -l");
        return STATUS_NO_VERDICT;
    }
    order_delays(test);
    if (test->style->format == NULL) print_found(test);
    return propose(test, selector, full, wanted);
}

static int read_rate(const struct arguments *arguments, double *out)
{
    const char *text = arguments_value(arguments, OPTION_RATE);
    char *end;
    *out = RATE;
    if (text == NULL) return 0;
    double percent = strtod(text, &end); /* the locale is "C" */
    if (end == text || strcmp(end, "%") != 0 || !(percent > 0 && percent < 100))
        return command_misused(arguments->command,
                               "--rate takes a share of quiet points, such as 0.1%%, not '%s'",
                               text);
    *out = percent / 100;
    return 0;
}

int cmd_backtest(const struct arguments *arguments)
{
    struct show_style style;
    struct pace_error error = {0};
    struct backtest test = {.style = &style};
    pace *store = NULL;
    double wanted;
    if (arguments->operand_count != 2)
        return command_misused(arguments->command, "`pace backtest` takes a model and a selector: "
                                                   "pace backtest 't-test 99%%' branch:main");
    int status = read_rate(arguments, &wanted);
    if (status == 0) status = show_style_read(arguments, &style);
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    arena_init(&test.arena, 0);
    const struct pace_query_options options = {.struct_size = sizeof options,
                                               .commit_of = show_commit_of};
    int code = pace_session_open(store, &options, &error, &test.session);
    status = code != 0 ? store_failed("", code, &error) : backtest(arguments, &test, wanted);
    pace_session_close(test.session);
    arena_clear(&test.arena);
    free(test.traces);
    free(test.points);
    free(test.delays);
    free(test.changes);
    pace_close(store);
    return status;
}
