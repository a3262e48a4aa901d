/* cmd_alerts.c -- `pace alerts`: the regressions of the whole history and what became of them.
 *
 * The default detector, or the thresholds in scope, run over every series once; an alert begins
 * with the first row that is worse, fires again with each that follows, and ends where the level is
 * back (fixed) or where a change was accepted (acknowledged, or false by the mark's reason). What
 * began with the newest run is asked once more among all series of that run, as `pace check` does:
 * what that calls suspected is no alert yet. */
#include "command.h"

#include "../engine/arena.h"
#include "../query/pace_query.h"
#include "accept.h"
#include "rows.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum alert_state { ALERT_OPEN, ALERT_ACKNOWLEDGED, ALERT_FALSE, ALERT_FIXED, ALERT_STATES };
static const char *const STATE_NAMES[ALERT_STATES] = {"open", "acknowledged", "false", "fixed"};

struct alert {
    enum alert_state state;
    const char *project, *branch, *testbed, *benchmark, *measure, *unit;
    const char *good_commit, *bad_commit;
    int64_t since_ns, fired_ns, until_ns; /* first bad row that fired, last one; INT64_MIN: none */
    double before, after;
    size_t series;
    const char *why;
    int is_held; /* began with the newest run, whose many series make it no more than suspected */
};

struct alerts {
    struct arena arena;
    struct alert *items;
    size_t count, capacity, held;
    size_t series, first; /* number of the present series, and its first alert */
    const char *names[5]; /* of the present series */
    const char *key;      /* series_key of the present series */
    struct accepted *accepted;
    size_t accepted_count;
    /* Of the row before, of the series. */
    int64_t before_ns;
    double before_base;
    char before_commit[PACE_MAX_COMMIT + 1];
};

/* A mark that accepts, and the series that it names. */
struct accepted {
    const struct pace_mark *mark;
    const char **series; /* series_key of each, sorted */
    size_t count, capacity;
};

static const char *const NAME_FIELDS[] = {"project", "branch", "testbed", "benchmark", "measure"};

static const char *keep(struct alerts *alerts, const char *text)
{
    const char *copy = arena_string(&alerts->arena, text != NULL ? text : "");
    return copy != NULL ? copy : "";
}

static struct alert *alert_new(struct alerts *alerts)
{
    if (alerts->count == alerts->capacity) {
        size_t capacity = alerts->capacity ? alerts->capacity * 2 : 64;
        struct alert *grown = reallocarray(alerts->items, capacity, sizeof *grown);
        if (grown == NULL) return NULL;
        alerts->items = grown;
        alerts->capacity = capacity;
    }
    struct alert *alert = &alerts->items[alerts->count++];
    *alert = (struct alert){.state = ALERT_OPEN, .until_ns = INT64_MIN, .why = ""};
    return alert;
}

/* The newest alert of the present series that is open, or NULL. */
static struct alert *newest_open(struct alerts *alerts)
{
    for (size_t i = alerts->count; i > alerts->first; i--)
        if (alerts->items[i - 1].state == ALERT_OPEN) return &alerts->items[i - 1];
    return NULL;
}

/* The names of a series as one text. */
static const char *series_key(struct arena *arena, const char *const names[5])
{
    return arena_printf(arena, "%s\n%s\n%s\n%s\n%s", names[0], names[1], names[2], names[3],
                        names[4]);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The accept mark on the present series that took effect with a row, or NULL. */
static const struct pace_mark *mark_at(const struct alerts *alerts, int64_t time_ns)
{
    for (size_t i = alerts->accepted_count; i > 0; i--) {
        const struct accepted *accepted = &alerts->accepted[i - 1];
        const struct pace_mark *mark = accepted->mark;
        if (mark->at_ns > time_ns || mark->at_ns <= alerts->before_ns || accepted->count == 0)
            continue;
        if (bsearch(&alerts->key, accepted->series, accepted->count, sizeof *accepted->series,
                    by_text) != NULL)
            return mark;
    }
    return NULL;
}

static void alert_close(struct alerts *alerts, struct alert *alert, int64_t time_ns)
{
    const struct pace_mark *mark = mark_at(alerts, time_ns);
    alert->until_ns = time_ns;
    alert->state = ALERT_FIXED;
    if (mark == NULL) return;
    int is_false = strncmp(mark->note, ACCEPT_FALSE, strlen(ACCEPT_FALSE)) == 0;
    alert->state = is_false ? ALERT_FALSE : ALERT_ACKNOWLEDGED;
    alert->why = keep(alerts, mark->note + (is_false ? strlen(ACCEPT_FALSE) : 0));
}

static int same_series(const struct alerts *alerts, const struct pace_rows *rows, size_t row)
{
    if (alerts->series == 0) return 0;
    for (size_t i = 0; i < 5; i++) {
        const char *name = field_text(rows_find(rows, NAME_FIELDS[i]), row);
        if (i != 1 && strcmp(alerts->names[i], name != NULL ? name : "") != 0) return 0;
    }
    const char *branch = field_text(rows_find(rows, "branch"), row);
    return strcmp(alerts->names[1], branch != NULL ? branch : "") == 0;
}

/* An alert of the present series that a row tells of. */
static struct alert *alert_begin(struct alerts *alerts, const struct pace_rows *rows, size_t row,
                                 int64_t time_ns)
{
    const struct pace_field *value = rows_find(rows, "value");
    struct alert *alert = alert_new(alerts);
    if (alert == NULL) return NULL;
    alert->project = alerts->names[0];
    alert->branch = alerts->names[1];
    alert->testbed = alerts->names[2];
    alert->benchmark = alerts->names[3];
    alert->measure = alerts->names[4];
    alert->unit = keep(alerts, field_unit(value, row));
    alert->since_ns = alert->fired_ns = time_ns;
    alert->after = field_number(value, row);
    alert->series = alerts->series;
    return alert;
}

static int fire(struct alerts *alerts, const struct pace_rows *rows, size_t row, int64_t time_ns)
{
    const char *bad = field_text(rows_find(rows, "bad_commit"), row);
    const char *good = field_text(rows_find(rows, "good_commit"), row);
    struct alert *open = newest_open(alerts);
    if (open != NULL && strcmp(open->bad_commit, bad != NULL ? bad : "") == 0) {
        open->fired_ns = time_ns;
        return 0;
    }
    struct alert *alert = alert_begin(alerts, rows, row, time_ns);
    if (alert == NULL) return PACE_ENOMEM;
    alert->good_commit = keep(alerts, good);
    alert->bad_commit = keep(alerts, bad);
    alert->before = field_number(rows_find(rows, "base"), row);
    return 0;
}

/* Ends what a row shows to be over: all but the incident that it still names. */
static void settle(struct alerts *alerts, const struct pace_rows *rows, size_t row, int64_t time_ns)
{
    int is_open = !isnan(field_number(rows_find(rows, "before"), row));
    const char *bad = is_open ? field_text(rows_find(rows, "bad_commit"), row) : NULL;
    for (;;) {
        struct alert *alert = newest_open(alerts);
        if (alert == NULL || (is_open && strcmp(alert->bad_commit, bad != NULL ? bad : "") == 0))
            return;
        alert_close(alerts, alert, time_ns);
    }
}

/* A change that was accepted with its first run never fired: where a window begins anew and the
 * value is another by this much, it is listed all the same. */
static int accepted_at_once(struct alerts *alerts, const struct pace_rows *rows, size_t row,
                            int64_t time_ns)
{
    const double least = 0.05;
    const char *commit = field_text(rows_find(rows, "commit"), row);
    double value = field_number(rows_find(rows, "value"), row);
    double delta = alerts->before_base > 0 ? value / alerts->before_base - 1 : 0;
    if (field_number(rows_find(rows, "n"), row) > 0 || !(fabs(delta) >= least) ||
        mark_at(alerts, time_ns) == NULL)
        return 0;
    struct alert *alert = alert_begin(alerts, rows, row, time_ns);
    if (alert == NULL) return PACE_ENOMEM;
    alert->good_commit = keep(alerts, alerts->before_commit);
    alert->bad_commit = keep(alerts, commit);
    alert->before = alerts->before_base;
    alert_close(alerts, alert, time_ns);
    return 0;
}

static int take_row(struct alerts *alerts, const struct pace_rows *rows, size_t row)
{
    const char *verdict = field_text(rows_find(rows, "verdict"), row);
    int64_t time_ns = rows_find(rows, "time")->time_ns[row];
    if (!same_series(alerts, rows, row)) {
        alerts->series++;
        alerts->first = alerts->count;
        alerts->before_ns = INT64_MIN;
        alerts->before_base = NAN;
        for (size_t i = 0; i < 5; i++)
            alerts->names[i] = keep(alerts, field_text(rows_find(rows, NAME_FIELDS[i]), row));
        alerts->key = series_key(&alerts->arena, alerts->names);
        if (alerts->key == NULL) return PACE_ENOMEM;
    }
    int code = 0;
    if (newest_open(alerts) == NULL) code = accepted_at_once(alerts, rows, row, time_ns);
    if (code != 0) return code;
    if (verdict != NULL && strcmp(verdict, "worse") == 0)
        code = fire(alerts, rows, row, time_ns);
    else if (verdict != NULL && strcmp(verdict, "suspected") != 0 && strcmp(verdict, "failed") != 0)
        settle(alerts, rows, row, time_ns);
    alerts->before_ns = time_ns;
    alerts->before_base = field_number(rows_find(rows, "base"), row);
    const char *commit = field_text(rows_find(rows, "commit"), row);
    snprintf(alerts->before_commit, sizeof alerts->before_commit, "%s", commit ? commit : "");
    return code;
}

/* Open ones first; then what began together, newest first; then by name. */
static int compare(const void *a, const void *b)
{
    const struct alert *x = a, *y = b;
    if (x->state != y->state) return x->state < y->state ? -1 : 1;
    if (x->since_ns != y->since_ns) return x->since_ns > y->since_ns ? -1 : 1;
    int order = strcmp(x->bad_commit, y->bad_commit);
    if (order == 0) order = strcmp(x->good_commit, y->good_commit);
    if (order == 0) order = strcmp(x->branch, y->branch);
    if (order == 0) order = strcmp(x->benchmark, y->benchmark);
    return order != 0 ? order : strcmp(x->measure, y->measure);
}

static int show_alerts(struct alerts *alerts, const struct show_style *style, const char *only)
{
    static const char *const texts[] = {"branch", "testbed", "benchmark", "measure"};
    struct rows rows;
    rows_init(&rows);
    rows_field(&rows, "state", PACE_FIELD_TEXT);
    rows_field(&rows, "good_commit", PACE_FIELD_TEXT);
    rows_field(&rows, "bad_commit", PACE_FIELD_TEXT);
    rows_field(&rows, "fired", PACE_FIELD_TIME);
    rows_field(&rows, "over", PACE_FIELD_TIME);
    for (size_t i = 0; i < 4; i++)
        rows_field(&rows, texts[i], PACE_FIELD_TEXT);
    rows_field(&rows, "before", PACE_FIELD_NUMBER);
    rows_field(&rows, "after", PACE_FIELD_NUMBER);
    rows_field(&rows, "delta", PACE_FIELD_NUMBER);
    rows_field(&rows, "why", PACE_FIELD_TEXT);
    if (alerts->count > 0) qsort(alerts->items, alerts->count, sizeof *alerts->items, compare);
    for (size_t i = 0; i < alerts->count; i++) {
        const struct alert *alert = &alerts->items[i];
        const char *names[] = {alert->branch, alert->testbed, alert->benchmark, alert->measure};
        if (alert->is_held) continue;
        if (only != NULL && strcmp(only, STATE_NAMES[alert->state]) != 0) continue;
        rows_next(&rows);
        rows_text(&rows, 0, STATE_NAMES[alert->state]);
        rows_text(&rows, 1, *alert->good_commit ? alert->good_commit : NULL);
        rows_text(&rows, 2, *alert->bad_commit ? alert->bad_commit : NULL);
        rows_time(&rows, 3, alert->fired_ns);
        if (alert->until_ns != INT64_MIN) rows_time(&rows, 4, alert->until_ns);
        for (size_t n = 0; n < 4; n++)
            rows_text(&rows, 5 + n, names[n]);
        rows_number(&rows, 9, alert->before, alert->unit);
        rows_number(&rows, 10, alert->after, alert->unit);
        if (alert->before > 0 || alert->before < 0)
            rows_number(&rows, 11, alert->after / alert->before - 1, "");
        if (*alert->why) rows_text(&rows, 12, alert->why);
    }
    if (rows.count == 0)
        say_note(only != NULL ? "no alert is %s" : "no alerts%s", only != NULL ? only : "");
    if (alerts->held > 0)
        say_note("%zu %s suspected by the newest run, which the next one tells: pace check",
                 alerts->held, alerts->held == 1 ? "more is" : "more are");
    int status = rows.count > 0 || style->format != NULL ? show_rows(style, &rows) : STATUS_OK;
    rows_clear(&rows);
    return status;
}

/* "branch:$b | check" and what follows: which series. */
static const char *question(struct alerts *alerts, const struct arguments *arguments,
                            const char *rest)
{
    static const struct {
        enum option_id option;
        const char *key;
    } keys[] = {
        {OPTION_PROJECT, "project"}, {OPTION_BRANCH, "branch"}, {OPTION_TESTBED, "testbed"}};
    const char *text = "";
    for (size_t i = 0; i < 3 && text != NULL; i++) {
        const char *value = arguments_value(arguments, keys[i].option);
        if (value == NULL) continue;
        text = arena_printf(&alerts->arena, "%s%s:%s ", text, keys[i].key,
                            accept_string(&alerts->arena, value));
    }
    return text != NULL
               ? arena_printf(&alerts->arena, "%s| check%s", *text ? text : "project:* ", rest)
               : NULL;
}

/* One row of a question's answer. 0, or an error of the engine. */
typedef int take_one(struct alerts *alerts, void *context, const struct pace_rows *rows,
                     size_t row);

static int take_alert(struct alerts *alerts, void *context, const struct pace_rows *rows,
                      size_t row)
{
    (void)context;
    return take_row(alerts, rows, row);
}

/* A row of a newest run, judged with the other series of that run. */
static int take_newest(struct alerts *alerts, void *context, const struct pace_rows *rows,
                       size_t row)
{
    (void)context;
    const char *verdict = field_text(rows_find(rows, "verdict"), row);
    int64_t time_ns = rows_find(rows, "time")->time_ns[row];
    if (verdict == NULL || strcmp(verdict, "suspected") != 0) return 0;
    for (size_t i = 0; i < alerts->count; i++) {
        struct alert *alert = &alerts->items[i];
        const char *names[] = {alert->project, alert->branch, alert->testbed, alert->benchmark,
                               alert->measure};
        int same = alert->state == ALERT_OPEN && alert->since_ns == time_ns;
        for (size_t n = 0; n < 5 && same; n++) {
            const char *name = field_text(rows_find(rows, NAME_FIELDS[n]), row);
            same = strcmp(names[n], name != NULL ? name : "") == 0;
        }
        if (!same) continue;
        alert->is_held = 1;
        alerts->held++;
    }
    return 0;
}

static int take_series(struct alerts *alerts, void *context, const struct pace_rows *rows,
                       size_t row)
{
    struct accepted *accepted = context;
    const char *names[5];
    for (size_t i = 0; i < 5; i++) {
        names[i] = field_text(rows_find(rows, NAME_FIELDS[i]), row);
        if (names[i] == NULL) names[i] = "";
    }
    if (accepted->count == accepted->capacity) {
        size_t capacity = accepted->capacity ? accepted->capacity * 2 : 16;
        const char **grown = reallocarray(accepted->series, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        accepted->series = grown;
        accepted->capacity = capacity;
    }
    const char *key = series_key(&alerts->arena, names);
    if (key == NULL) return PACE_ENOMEM;
    accepted->series[accepted->count++] = key;
    return 0;
}

static int ask(struct alerts *alerts, pace_session *session, const struct show_style *style,
               const char *text, take_one *take, void *context)
{
    struct pace_error error = {0};
    pace_query *query = NULL;
    const struct pace_rows *rows = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    int code =
        text == NULL ? PACE_ENOMEM : pace_prepare(session, text, strlen(text), &error, &query);
    while (code == 0 && step != PACE_STEP_END) {
        code = pace_step(query, &error, &step, &rows);
        for (size_t i = 0; code == 0 && step == PACE_STEP_ROWS && i < rows->count; i++)
            code = take(alerts, context, rows, i);
    }
    int status = code == 0 ? STATUS_OK : status_of_error(code);
    if (code == PACE_EQUERY)
        show_diags(style, query);
    else if (code != 0)
        store_failed("", code, &error);
    pace_query_free(query);
    return status;
}

/* The marks that accept, each with the series that its selector names. */
static int read_accepted(struct alerts *alerts, pace_session *session,
                         const struct show_style *style, const struct pace_mark *marks,
                         size_t count)
{
    alerts->accepted = calloc(count + 1, sizeof *alerts->accepted);
    if (alerts->accepted == NULL) return store_failed("", PACE_ENOMEM, NULL);
    int status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (marks[i].kind != PACE_MARK_ACCEPT || marks[i].undone) continue;
        struct accepted *accepted = &alerts->accepted[alerts->accepted_count++];
        accepted->mark = &marks[i];
        const char *text = arena_printf(
            &alerts->arena, "%s | last 1 | keep project, branch, testbed, benchmark, measure",
            *marks[i].selector != '\0' ? marks[i].selector : "project:*");
        status = ask(alerts, session, style, text, take_series, accepted);
        if (accepted->count > 0)
            qsort(accepted->series, accepted->count, sizeof *accepted->series, by_text);
    }
    return status;
}

static int collect(struct alerts *alerts, pace *store, const struct show_style *style,
                   const struct arguments *arguments)
{
    struct pace_error error = {0};
    pace_session *session = NULL;
    pace_snapshot *snapshot = NULL;
    const struct pace_mark *marks = NULL;
    size_t count = 0;
    int code = pace_snapshot_begin(store, NULL, &snapshot);
    if (code == 0) code = pace_marks(snapshot, &error, &marks, &count);
    if (code == 0) code = pace_session_open(store, NULL, &error, &session);
    int status = code != 0 ? store_failed("", code, &error) : STATUS_OK;
    if (status == STATUS_OK) status = read_accepted(alerts, session, style, marks, count);
    if (status == STATUS_OK)
        status = ask(alerts, session, style, question(alerts, arguments, ""), take_alert, NULL);
    if (status == STATUS_OK)
        status = ask(alerts, session, style, question(alerts, arguments, " | last run"),
                     take_newest, NULL);
    for (size_t i = 0; i < alerts->accepted_count; i++)
        free(alerts->accepted[i].series);
    free(alerts->accepted);
    alerts->accepted = NULL;
    pace_session_close(session);
    pace_snapshot_end(snapshot);
    return status;
}

int cmd_alerts(const struct arguments *arguments)
{
    struct show_style style;
    struct alerts alerts = {0};
    pace *store = NULL;
    const char *only = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    int known = only == NULL;
    for (int i = 0; i < ALERT_STATES && !known; i++)
        known = strcmp(only, STATE_NAMES[i]) == 0;
    if (!known || arguments->operand_count > 1)
        return command_misused(arguments->command,
                               "`pace alerts` takes open, acknowledged, fixed, false, or nothing");
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    arena_init(&alerts.arena, 0);
    status = collect(&alerts, store, &style, arguments);
    if (status == 0) status = show_alerts(&alerts, &style, only);
    arena_clear(&alerts.arena);
    free(alerts.items);
    pace_close(store);
    return status;
}
