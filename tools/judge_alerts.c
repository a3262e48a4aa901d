/* judge_alerts.c -- what got worse, on stdout: incidents with their series, as text or as rows. */
#include "judge_own.h"

#include "rows.h"
#include "say.h"
#include "store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_SLACK = 256 /* runs looked at beyond the window, for runs that lack the series */ };
static const double CONFIRMED_RATE = 0.05; /* the q that a bare check takes for confirmed */

/* -- the window, for people -----------------------------------------------------------------------
 */

struct window {
    const char **commits; /* of the runs with the series before the judged one, oldest first */
    size_t count, capacity;
};

static int window_add(struct window *window, const char *commit)
{
    if (window->count == window->capacity) {
        size_t capacity = window->capacity ? window->capacity * 2 : 128;
        const char **grown = reallocarray(window->commits, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        window->commits = grown;
        window->capacity = capacity;
    }
    window->commits[window->count++] = commit;
    return 0;
}

/* Commits of the series' runs up to the judged one, without those of its own commit; `own` is a
 * stream whose runs do not count, or UINT32_MAX. */
static int window_scan(pace_lineage_scan *scan, const struct judged *judged, uint32_t own,
                       struct window *window)
{
    struct pace_cells cells;
    int code = 0;
    while ((code = pace_lineage_scan_next(scan, NULL, &cells)) == 0 && cells.run_count > 0) {
        for (size_t i = 0; i < cells.run_count && code == 0; i++) {
            if (cells.runs[i].run == judged->run) return 0;
            if (cells.status[i] != PACE_CELL_OK || cells.runs[i].stream == own) continue;
            if (*judged->commit == '\0' || strcmp(cells.runs[i].commit, judged->commit) != 0)
                code = window_add(window, cells.runs[i].commit);
        }
        if (code != 0) break;
    }
    return code;
}

/* 1 when a change was accepted somewhere: then only the query knows what a window covers. */
static int has_accepted(pace_snapshot *snapshot)
{
    const struct pace_mark *marks;
    size_t count;
    if (pace_marks(snapshot, NULL, &marks, &count) != 0) return 0;
    for (size_t i = 0; i < count; i++)
        if (marks[i].kind == PACE_MARK_ACCEPT && !marks[i].undone) return 1;
    return 0;
}

/* Reads the commits before a judged run along its lineage, as far as `n` may reach. */
static int window_read(pace_snapshot *snapshot, const struct judged *judged, int is_bare, size_t n,
                       struct window *window)
{
    struct pace_run_view view;
    struct pace_lineage lineage;
    pace_lineage_scan *scan = NULL;
    uint32_t column = 0;
    int code = pace_run_get(snapshot, judged->run, NULL, &view);
    if (code == 0) code = column_find(snapshot, view.stream, judged, &column);
    if (code == 0) code = pace_lineage_get(snapshot, view.stream, NULL, &lineage);
    if (code != 0) return code;
    int from_parent = is_bare && lineage.state != PACE_LINEAGE_NONE;
    if (from_parent && has_accepted(snapshot)) return PACE_ENOTFOUND;
    struct pace_range range = {INT64_MIN, view.time_ns + 1, n + WINDOW_SLACK};
    code = pace_lineage_scan_open(snapshot, view.stream, &lineage, &column, 1, n + WINDOW_SLACK,
                                  &range, NULL, &scan);
    if (code == 0) code = window_scan(scan, judged, from_parent ? view.stream : UINT32_MAX, window);
    pace_lineage_scan_close(scan);
    return code;
}

/* ", e13b0d1..9c2d771": the commits that the window covers, or nothing where they are not known. */
static void window_text(pace *store, const struct judged *judged, int is_bare, char *out,
                        size_t size)
{
    struct window window = {0};
    pace_snapshot *snapshot = NULL;
    size_t n = judged->n >= 1 && judged->n <= PACE_MAX_WINDOW ? (size_t)judged->n : 0;
    out[0] = '\0';
    if (n == 0 || pace_snapshot_begin(store, NULL, &snapshot) != 0) return;
    int code = window_read(snapshot, judged, is_bare, n, &window);
    size_t end = window.count;
    while (*judged->good_commit != '\0' && end > 0 &&
           strcmp(window.commits[end - 1], judged->good_commit) != 0)
        end--;
    if (code == 0 && end >= n) {
        const char *from = window.commits[end - n];
        const char *until = window.commits[end - 1];
        if (*from != '\0' && *until != '\0' && strcmp(from, until) == 0)
            snprintf(out, size, ", %.*s", SHORT_COMMIT, from);
        else if (*from != '\0' && *until != '\0')
            snprintf(out, size, ", %.*s..%.*s", SHORT_COMMIT, from, SHORT_COMMIT, until);
    }
    free(window.commits);
    pace_snapshot_end(snapshot);
}

/* -- telling ----------------------------------------------------------------------------------- */

static void put_safe(const char *text)
{
    say_safe(stdout, text, strlen(text));
}

/* " (+9.8 to +12 %)": how exactly the rounds tell. */
static void interval_text(const struct judged *judged)
{
    double low = judged->low_delta, high = judged->high_delta;
    if (!isfinite(low) || !isfinite(high)) return;
    if (judged->delta >= 9)
        printf(" (%.0f to %.0f)", low + 1, high + 1);
    else
        printf(" (%+.1f to %+.1f)", low * 100, high * 100);
}

/* One alert:
 *   worse  parse/json  latency
 *          was 21.3 us  over 36 runs, e13b0d1..9c2d771
 *          is  152 us   +614 %, limit 22.4 us, p 1e-09
 *          and 151 us   in run 39, which confirms it */
static void alert_text(pace *store, const struct judgement *judgement, const struct judged *judged,
                       const struct judged *again, const char *scope,
                       const struct show_style *style)
{
    char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX] = "", text[UNIT_TEXT_MAX];
    char commits[64];
    if (judgement->paired_with == NULL)
        window_text(store, judged, judgement->is_bare, commits, sizeof commits);
    unit_print(was, judged->base, judged->unit);
    unit_print(is, judged->value, judged->unit);
    if (again != NULL) unit_print(then, again->value, again->unit);
    size_t width = strlen(was) > strlen(is) ? strlen(was) : strlen(is);
    if (strlen(then) > width) width = strlen(then);

    fputs(style->color ? "\033[1;31mworse\033[0m  " : "worse  ", stdout);
    put_safe(judged->benchmark);
    fputs("  ", stdout);
    put_safe(judged->measure);
    put_safe(scope);
    putchar('\n');
    int based = !isnan(judged->base); /* a static limit has no base */
    if (judgement->paired_with != NULL)
        printf("       was %-*s  at %s, in %.0f rounds of both\n", (int)width, was,
               judgement->paired_with, judged->n);
    else if (based)
        printf("       was %-*s  over %.0f runs%s\n", (int)width, was, judged->n, commits);
    printf("       is  %-*s", (int)(based || again != NULL ? width : 0), is);
    if (based) printf("  %s", delta_text(text, judged->delta));
    interval_text(judged);
    double limit = judged_limit(judged);
    if (!isnan(limit)) printf(", limit %s", unit_print(text, limit, judged->unit));
    if (!isnan(judged->p)) printf(", p %.1g", judged->p);
    if (!isnan(judged->q)) printf(", q %.1g", judged->q);
    putchar('\n');
    if (again != NULL)
        printf("       and %-*s  in run %llu, which confirms it\n", (int)width, then,
               (unsigned long long)again->run);
    else if (*judged->bad_commit != '\0' && strcmp(judged->bad_commit, judged->commit) != 0)
        printf("       since %.*s, and not yet in %.*s\n", SHORT_COMMIT, judged->bad_commit,
               SHORT_COMMIT, *judged->good_commit != '\0' ? judged->good_commit : "any");
}

static void put_commits(struct rows *rows, size_t *i, const struct judged *judged)
{
    rows_text(rows, (*i)++, *judged->good_commit != '\0' ? judged->good_commit : NULL);
    rows_text(rows, (*i)++, *judged->bad_commit != '\0' ? judged->bad_commit : NULL);
}

static void add_alert_row(struct rows *rows, const struct judged *judged, int confirmed,
                          size_t incident)
{
    size_t i = 0;
    rows_next(rows);
    rows_text(rows, i++, judged->project);
    rows_text(rows, i++, judged->branch);
    rows_text(rows, i++, judged->testbed);
    rows_text(rows, i++, judged->benchmark);
    rows_text(rows, i++, judged->measure);
    rows_text(rows, i++, judged->commit);
    rows_number(rows, i++, (double)judged->run, "");
    rows_text(rows, i++,
              judge_verdicts[JUDGE_VERDICT_WORSE]); /* by the second run, if not before */
    rows_text(rows, i++, confirmed ? "yes" : "no");
    rows_number(rows, i++, judged->value, judged->unit);
    rows_number(rows, i++, judged->base, judged->unit);
    rows_number(rows, i++, judged->delta, "");
    rows_number(rows, i++, judged_limit(judged), judged->unit);
    rows_number(rows, i++, judged->p, "");
    rows_number(rows, i++, judged->q, "");
    rows_number(rows, i++, judged->n, "");
    put_commits(rows, &i, judged);
    rows_number(rows, i, (double)incident, "");
}

static void alert_fields(struct rows *rows)
{
    static const char *const texts[] = {"project",   "branch",  "testbed",
                                        "benchmark", "measure", "commit"};
    static const char *const numbers[] = {"value", "base", "delta", "limit", "p", "q", "n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        rows_field(rows, texts[i], PACE_FIELD_TEXT);
    rows_field(rows, "run", PACE_FIELD_NUMBER);
    rows_field(rows, "verdict", PACE_FIELD_TEXT);
    rows_field(rows, "confirmed", PACE_FIELD_TEXT);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        rows_field(rows, numbers[i], PACE_FIELD_NUMBER);
    rows_field(rows, "good_commit", PACE_FIELD_TEXT);
    rows_field(rows, "bad_commit", PACE_FIELD_TEXT);
    rows_field(rows, "incident", PACE_FIELD_NUMBER);
}

/* Whether the second run is worse as well. Without commits its own window holds the first run, so
 * that going beyond the first one's limit counts too. */
static int confirms(const struct judged *first, const struct judged *second)
{
    if (second->verdict == JUDGE_VERDICT_WORSE) return 1;
    if (second->verdict == JUDGE_VERDICT_SUSPECTED && second->q > CONFIRMED_RATE) return 0;
    double limit = judged_limit(first);
    if (isnan(limit) || isnan(second->value)) return 0;
    return first->value > limit ? second->value > limit : second->value < limit;
}

static void note_unconfirmed(const struct judged *first, const struct judged *again)
{
    char is[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX], delta[UNIT_TEXT_MAX];
    unit_print(is, first->value, first->unit);
    delta_text(delta, first->delta);
    if (again == NULL)
        say_note("suspected, not confirmed: %s %s, %s (%s); no second run has it", first->benchmark,
                 first->measure, is, delta);
    else
        say_note("suspected, not confirmed: %s %s, %s (%s), then %s in run %llu", first->benchmark,
                 first->measure, is, delta, unit_print(then, again->value, again->unit),
                 (unsigned long long)again->run);
}

/* "  on branch, testbed" where not all rows are of one stream. */
static const char *stream_text(const struct judgement *judgement, const struct judged *judged,
                               char *buffer, size_t size)
{
    const struct judged *first = &judgement->rows[0],
                        *last = &judgement->rows[judgement->count - 1];
    buffer[0] = '\0';
    if (strcmp(first->testbed, last->testbed) != 0 || strcmp(first->branch, last->branch) != 0 ||
        strcmp(first->project, last->project) != 0)
        snprintf(buffer, size, "  on %.200s", judged->testbed);
    return buffer;
}

/* -- alerts ------------------------------------------------------------------------------------ */

/* The first commit that is worse as far as known: of a model that tells none, the judged one. */
static const char *first_bad(const struct judged *row)
{
    return *row->bad_commit != '\0' ? row->bad_commit : row->commit;
}

/* Whether two regressions began between the same commits, so that one change made both. */
static int same_incident(const struct judged *a, const struct judged *b)
{
    return *first_bad(a) != '\0' && strcmp(first_bad(a), first_bad(b)) == 0 &&
           strcmp(a->good_commit, b->good_commit) == 0 && strcmp(a->branch, b->branch) == 0 &&
           strcmp(a->project, b->project) == 0;
}

static int by_incident(const void *a, const void *b)
{
    const struct firing *x = a, *y = b;
    if (x->incident != y->incident) return x->incident < y->incident ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Numbers what began together, in order of the first row, and puts it together. */
static void group_incidents(struct firing *firing, size_t count)
{
    size_t incidents = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i && firing[i].incident == 0; k++)
            if (same_incident(firing[i].row, firing[k].row))
                firing[i].incident = firing[k].incident;
        if (firing[i].incident == 0) firing[i].incident = ++incidents;
    }
    if (count > 0) qsort(firing, count, sizeof *firing, by_incident);
}

/* Whether a row counts as worse, and may do so. */
static int is_firing(const struct judged *row, const struct judged *second,
                     enum judge_confirm confirm)
{
    if (second != NULL && confirms(row, second)) return 1;
    return row->verdict == JUDGE_VERDICT_WORSE &&
           (confirm == JUDGE_FIRST_COUNTS || !judge_is_suspect(row));
}

static int may_fire(const struct judged *row)
{
    return row->verdict == JUDGE_VERDICT_WORSE || row->verdict == JUDGE_VERDICT_SUSPECTED;
}

struct firing *judge_firing(const struct judgement *judgement, const struct judgement *again,
                            enum judge_confirm confirm, size_t *count)
{
    struct firing *firing = calloc(judgement->count + 1, sizeof *firing);
    *count = 0;
    for (size_t i = 0; firing != NULL && i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        const struct judged *second = again != NULL ? judged_find(again, row) : NULL;
        if (!may_fire(row) || !is_firing(row, second, confirm)) continue;
        if (second != NULL && !confirms(row, second)) second = NULL;
        firing[(*count)++] = (struct firing){.row = row, .second = second};
    }
    if (firing != NULL) group_incidents(firing, *count);
    return firing;
}

/* Those that do not count are said. */
static void note_all_unconfirmed(const struct judgement *judgement, const struct judgement *again,
                                 enum judge_confirm confirm)
{
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        const struct judged *second = again != NULL ? judged_find(again, row) : NULL;
        if (may_fire(row) && !is_firing(row, second, confirm)) note_unconfirmed(row, second);
    }
}

/* Before the first of several that began together: what they have in common. */
static void incident_text(const struct firing *firing, size_t count)
{
    const struct judged *row = firing->row;
    char text[UNIT_TEXT_MAX];
    double most = 0;
    for (size_t i = 0; i < count; i++)
        if (fabs(firing[i].row->delta) > fabs(most)) most = firing[i].row->delta;
    printf("incident: %zu series since %.*s", count, SHORT_COMMIT, first_bad(row));
    if (*row->good_commit != '\0') printf(", and not yet in %.*s", SHORT_COMMIT, row->good_commit);
    if (most >= 9)
        printf("; the most is %.0f times as much\n", most + 1);
    else
        printf("; the most is %s\n", delta_text(text, most));
}

static void show_firing(pace *store, const struct judgement *judgement, const struct firing *firing,
                        size_t count, const struct show_style *style)
{
    char scope[256];
    for (size_t i = 0, members = 0; i < count && i < MAX_LISTED; i++, members--) {
        if (members == 0) {
            while (i + members < count && firing[i + members].incident == firing[i].incident)
                members++;
            if (members > 1) incident_text(&firing[i], members);
        }
        alert_text(store, judgement, firing[i].row, firing[i].second,
                   stream_text(judgement, firing[i].row, scope, sizeof scope), style);
    }
    if (count > MAX_LISTED) printf("... and %zu more worse\n", count - MAX_LISTED);
}

static int show_firing_rows(const struct firing *firing, size_t count,
                            const struct show_style *style)
{
    struct rows rows;
    rows_init(&rows);
    alert_fields(&rows);
    for (size_t i = 0; i < count; i++)
        add_alert_row(&rows, firing[i].row, firing[i].second != NULL, firing[i].incident);
    int status = show_rows(style, &rows);
    rows_clear(&rows);
    return status;
}

int judge_show(pace *store, const struct judgement *judgement, const struct judgement *again,
               enum judge_confirm confirm, const struct show_style *style, int quiet)
{
    size_t alerts;
    int status = STATUS_OK;
    judge_note_first(store, judgement, quiet);
    struct firing *firing = judge_firing(judgement, again, confirm, &alerts);
    if (firing == NULL) return store_failed("", PACE_ENOMEM, NULL);
    note_all_unconfirmed(judgement, again, confirm);
    if (style->format != NULL)
        status = show_firing_rows(firing, alerts, style);
    else if (!style->is_silent)
        show_firing(store, judgement, firing, alerts, style);
    if (fflush(stdout) != 0) {
        say_error("the verdict could not be written: %s", strerror(errno));
        status = STATUS_DATA;
    }
    judge_note_rest(store, judgement, firing, alerts, quiet);
    free(firing);
    return status_merge(status, alerts > 0 ? STATUS_REGRESSION : STATUS_OK);
}
