/* figure.c -- see figure.h. */
#include "figure.h"

#include "human.h"
#include "layout.h"

#include <stdlib.h>
#include <string.h>

/* -- marks ------------------------------------------------------------------------------------- */

static const struct {
    const char *verdict, *sign, *ascii, *outline;
    enum format_tone tone;
    int filled;
} marks[FIGURE_PLAIN] = {
#define FIGURE_MARK(id, verdict, sign, ascii, tone, outline, filled)                               \
    [id] = {verdict, sign, ascii, outline, tone, filled},
#include "figure.def"
#undef FIGURE_MARK
};

const char *figure_mark_word(enum figure_mark mark)
{
    return marks[mark].verdict;
}

const char *figure_mark_sign(enum figure_mark mark, int ascii)
{
    return ascii ? marks[mark].ascii : marks[mark].sign;
}

const char *figure_mark_outline(enum figure_mark mark)
{
    return marks[mark].outline;
}

int figure_mark_filled(enum figure_mark mark)
{
    return marks[mark].filled;
}

enum format_tone figure_mark_tone(enum figure_mark mark)
{
    return marks[mark].tone;
}

/* -- columns ----------------------------------------------------------------------------------- */

static const struct held_column *find_typed(const struct held *held, const char *name,
                                            enum pace_field_type type)
{
    const struct held_column *column = held_find(held, name);
    return column && column->type == type ? column : NULL;
}

static const struct held_column *find_value(const struct held *held)
{
    static const char *const first[] = {"delta", "value", "ratio"};
    /* A time axis wants the value itself, bars want what compares. */
    bool changes = held_find(held, "after") || !held_find(held, "time");
    if (!changes && find_typed(held, "value", PACE_FIELD_NUMBER)) return held_find(held, "value");
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        const struct held_column *column = find_typed(held, first[i], PACE_FIELD_NUMBER);
        if (column) return column;
    }
    const struct held_column *spare = NULL;
    for (size_t c = 0; c < held->column_count; c++) {
        const struct held_column *column = &held->columns[c];
        if (column->type != PACE_FIELD_NUMBER) continue;
        if (human_style_of(column->name) != HUMAN_INTEGER) return column;
        if (!spare) spare = column;
    }
    return spare;
}

static void find_columns(struct figure_columns *columns, const struct held *held)
{
    static const char *const keys[] = {"project", "branch", "testbed", "benchmark", "measure"};
    *columns = (struct figure_columns){
        .time = find_typed(held, "time", PACE_FIELD_TIME),
        .commit = find_typed(held, "commit", PACE_FIELD_TEXT),
        .value = find_value(held),
        .status = find_typed(held, "status", PACE_FIELD_TEXT),
        .verdict = find_typed(held, "verdict", PACE_FIELD_TEXT),
        .bad_commit = find_typed(held, "bad_commit", PACE_FIELD_TEXT),
    };
    bool named = false; /* some commit has a name */
    for (size_t r = 0; columns->commit && r < held->count && !named; r++)
        named = !columns->commit->missing[r] && columns->commit->values[r].text[0];
    if (!named) columns->commit = NULL;
    for (size_t c = 0; c < held->column_count && !columns->time; c++) {
        if (held->columns[c].type == PACE_FIELD_TIME) columns->time = &held->columns[c];
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct held_column *key = find_typed(held, keys[i], PACE_FIELD_TEXT);
        if (key) columns->keys[columns->key_count++] = key;
    }
    /* Limits, base and bounds are of `value`: not of another number that is drawn. */
    if (!columns->value || strcmp(columns->value->name, "value") != 0) return;
    columns->lower = find_typed(held, "lower_value", PACE_FIELD_NUMBER);
    columns->upper = find_typed(held, "upper_value", PACE_FIELD_NUMBER);
    columns->base = find_typed(held, "base", PACE_FIELD_NUMBER);
    columns->spread = find_typed(held, "spread", PACE_FIELD_NUMBER);
    columns->low = find_typed(held, "low_limit", PACE_FIELD_NUMBER);
    columns->high = find_typed(held, "high_limit", PACE_FIELD_NUMBER);
    columns->before = find_typed(held, "before", PACE_FIELD_NUMBER);
}

bool figure_number(const struct held_column *column, uint32_t row, double *value)
{
    if (!column || column->missing[row]) return false;
    *value = column->values[row].number;
    return true;
}

static const char *text_at(const struct held_column *column, uint32_t row)
{
    return !column || column->missing[row] ? "" : column->values[row].text;
}

const char *figure_unit(const struct figure *figure, const struct figure_series *series)
{
    return figure->columns.value->units[series->rows[0]];
}

bool figure_accepted(const struct figure *figure, uint32_t row)
{
    return figure->held->marks[row] & PACE_ROW_ACCEPTED;
}

bool figure_excluded(const struct figure *figure, uint32_t row)
{
    return figure->held->marks[row] & PACE_ROW_EXCLUDED;
}

enum figure_mark figure_mark_of(const struct figure *figure, uint32_t row)
{
    const struct figure_columns *columns = &figure->columns;
    if (figure_excluded(figure, row)) return FIGURE_EXCLUDED;
    const char *word = text_at(columns->verdict ? columns->verdict : columns->status, row);
    bool drawn = !columns->value->missing[row];
    for (size_t i = 0; word[0] && i < FIGURE_PLAIN; i++) {
        /* Without a value a point is on the axis: only a failure is told there. */
        if (strcmp(marks[i].verdict, word) != 0) continue;
        return drawn || i == FIGURE_FAILED || i == FIGURE_GONE ? (enum figure_mark)i : FIGURE_PLAIN;
    }
    return FIGURE_PLAIN;
}

bool figure_band(const struct figure *figure, uint32_t row, double *low, double *high)
{
    const struct figure_columns *columns = &figure->columns;
    double base, spread;
    if (!figure_number(columns->base, row, &base)) return false;
    if (!figure_number(columns->spread, row, &spread) || !(spread > 0)) return false;
    /* The spread of some models is not in the unit of the value (log-normal: of logarithms). */
    if (strcmp(columns->spread->units[row], columns->value->units[row]) != 0) return false;
    *low = base - spread;
    *high = base + spread;
    return true;
}

/* -- series ------------------------------------------------------------------------------------ */

static int compare_keys(const struct figure_columns *columns, uint32_t a, uint32_t b)
{
    for (size_t k = 0; k < columns->key_count; k++) {
        const char *x = text_at(columns->keys[k], a), *y = text_at(columns->keys[k], b);
        int order = x == y ? 0 : strcmp(x, y);
        if (order) return order;
    }
    return 0;
}

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct figure_columns *columns = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = compare_keys(columns, a, b);
    if (order) return order;
    if (columns->time) {
        int64_t x = columns->time->values[a].time_ns, y = columns->time->values[b].time_ns;
        if (x != y) return x < y ? -1 : 1;
    }
    return a < b ? -1 : a > b;
}

static int compare_series(const void *left, const void *right)
{
    const struct figure_series *a = left, *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* Rows with a place on the axis, grouped. */
static int find_series(struct figure *figure, struct arena *arena)
{
    const struct held *held = figure->held;
    const struct figure_columns *columns = &figure->columns;
    uint32_t *rows = arena_array(arena, held->count, sizeof *rows);
    struct figure_series *series = arena_array(arena, held->count, sizeof *series);
    if (!rows || !series) return PACE_ENOMEM;
    size_t used = 0;
    for (uint32_t r = 0; r < held->count; r++) {
        if (!columns->time || !columns->time->missing[r]) rows[used++] = r;
    }
    qsort_r(rows, used, sizeof *rows, compare_rows, (void *)(uintptr_t)columns);
    for (size_t i = 0; i < used; i++) {
        if (i == 0 || compare_keys(columns, rows[i - 1], rows[i]) != 0)
            series[figure->count++] = (struct figure_series){
                .rows = &rows[i], .first = rows[i], .name = "", .gravest = FIGURE_PLAIN};
        struct figure_series *last = &series[figure->count - 1];
        last->count++;
        if (rows[i] < last->first) last->first = rows[i];
    }
    qsort(series, figure->count, sizeof *series, compare_series);
    figure->series = series;
    return 0;
}

/* Whether the rows make lines: some series has more than one row, and its rows are of one history.
 */
static bool has_lines(const struct held *held, const struct figure_columns *columns)
{
    if (!columns->value || held_find(held, "after")) return false;
    if (!columns->time && !columns->commit) return false;
    for (size_t r = 1; r < held->count; r++) {
        if (compare_keys(columns, (uint32_t)r - 1, (uint32_t)r) == 0) return true;
    }
    return false;
}

const char *figure_keys(struct arena *arena, const struct figure_columns *columns,
                        const int *differ, int which, size_t row, int ascii)
{
    const char *name = "", *gap = ascii ? " - " : " \xc2\xb7 ";
    for (size_t k = 0; k < columns->key_count; k++) {
        const struct held_column *key = columns->keys[k];
        if ((differ[k] != 0) != (which != 0) || key->missing[row]) continue;
        name = arena_printf(arena, "%s%s%s", name, name[0] ? gap : "",
                            layout_safe(arena, key->values[row].text));
        if (!name) return "";
    }
    return name;
}

static void name_all(struct figure *figure, struct arena *arena, int ascii)
{
    const struct figure_columns *columns = &figure->columns;
    int differ[PACE_DIMENSION_COUNT] = {0};
    uint32_t first = figure->count ? figure->series[0].first : 0;
    for (size_t k = 0; k < columns->key_count; k++) {
        for (size_t s = 1; s < figure->count && !differ[k]; s++)
            differ[k] = !held_equal(columns->keys[k], first, figure->series[s].first);
    }
    if (figure->count) figure->heading = figure_keys(arena, columns, differ, 0, first, ascii);
    /* What is drawn has a name, unless it is the value of a measure. */
    if (figure->count && strcmp(columns->value->name, "value") != 0) {
        const char *gap = !figure->heading[0] ? "" : ascii ? " - " : " \xc2\xb7 ";
        const char *text = arena_printf(arena, "%s%s%s", figure->heading, gap,
                                        layout_safe(arena, columns->value->name));
        figure->heading = text ? text : "";
    }
    for (size_t s = 0; s < figure->count; s++) {
        struct figure_series *series = &figure->series[s];
        series->name = figure_keys(arena, columns, differ, 1, series->first, ascii);
    }
}

/* -- marks and changes of a series ------------------------------------------------------------- */

/* A suspicion that the points after it did not confirm was none: it counts on the newest alone. */
static void count_marks(const struct figure *figure, struct figure_series *series)
{
    for (size_t i = 0; i < series->count; i++) {
        enum figure_mark mark = figure_mark_of(figure, series->rows[i]);
        series->mark_count += mark != FIGURE_PLAIN;
        series->accept_count += figure_accepted(figure, series->rows[i]);
        if (mark == FIGURE_SUSPECTED && i + 1 < series->count) continue;
        if (mark < series->gravest) series->gravest = mark;
    }
}

/* The point of a commit at or before `from`, the first of those in a row; -1: none. */
static long find_commit(const struct figure *figure, const struct figure_series *series,
                        const char *commit, size_t from)
{
    const struct held_column *commits = figure->columns.commit;
    long found = -1;
    for (size_t i = from + 1; i-- > 0;) {
        bool same = strcmp(text_at(commits, series->rows[i]), commit) == 0;
        if (found >= 0 && !same) break;
        if (same) found = (long)i;
    }
    return found;
}

/* What `check` says at a point of an open regression: the commit that it is since. A suspicion is
 * none, until a later point says so too. */
static bool change_at(const struct figure *figure, uint32_t row, struct figure_change *change)
{
    const struct figure_columns *columns = &figure->columns;
    enum figure_mark mark = figure_mark_of(figure, row);
    change->tone = mark == FIGURE_CHANGED ? TONE_WARN : TONE_BAD;
    if (figure_number(columns->before, row, &change->before))
        return figure_number(columns->base, row, &change->after);
    if (mark != FIGURE_WORSE && mark != FIGURE_CHANGED) return false;
    return figure_number(columns->base, row, &change->before) &&
           figure_number(columns->value, row, &change->after);
}

/* Each commit that rows name as the first bad one, once; the newest row knows its levels best. */
static int find_changes(const struct figure *figure, struct figure_series *series,
                        struct arena *arena)
{
    if (!figure->columns.bad_commit || !figure->columns.commit) return 0;
    struct figure_change *changes = NULL;
    const char *last = "";
    size_t capacity = 0, count = 0;
    for (size_t i = 0; i < series->count; i++) {
        const char *commit = text_at(figure->columns.bad_commit, series->rows[i]);
        struct figure_change change;
        if (!commit[0] || !change_at(figure, series->rows[i], &change)) continue;
        if (strcmp(commit, last) != 0) {
            long at = find_commit(figure, series, commit, i);
            if (at < 0) continue;
            if (count == capacity) {
                struct figure_change *wider =
                    arena_array(arena, capacity ? capacity * 2 : 8, sizeof *wider);
                if (!wider) return PACE_ENOMEM;
                if (count) memcpy(wider, changes, count * sizeof *wider);
                capacity = capacity ? capacity * 2 : 8;
                changes = wider;
            }
            last = commit;
            change.at = (size_t)at;
            changes[count++] = change;
        } else {
            change.at = changes[count - 1].at;
            changes[count - 1] = change;
        }
    }
    series->changes = changes;
    series->change_count = count;
    return 0;
}

size_t figure_gravest(const struct figure *figure, const struct figure_series *series, size_t room,
                      size_t *indices)
{
    size_t of_kind[FIGURE_PLAIN + 1] = {0}, listed = 0;
    for (size_t i = 0; i < series->count; i++)
        of_kind[figure_mark_of(figure, series->rows[i])]++;
    for (size_t k = 0; k < FIGURE_PLAIN; k++) {
        of_kind[k] = of_kind[k] < room ? of_kind[k] : room;
        room -= of_kind[k];
    }
    of_kind[FIGURE_PLAIN] = 0;
    for (size_t i = 0; i < series->count; i++) {
        size_t *left = &of_kind[figure_mark_of(figure, series->rows[i])];
        if (*left == 0) continue;
        (*left)--;
        indices[listed++] = i;
    }
    return listed;
}

static int compare_gravity(const void *left, const void *right)
{
    const struct figure_series *a = left, *b = right;
    if (a->gravest != b->gravest) return a->gravest < b->gravest ? -1 : 1;
    return compare_series(left, right);
}

void figure_put_gravest_first(struct figure *figure, size_t room)
{
    if (figure->count > room)
        qsort(figure->series, figure->count, sizeof *figure->series, compare_gravity);
}

/* -- points ------------------------------------------------------------------------------------ */

enum time_detail figure_time_detail(const struct figure *figure, const struct figure_series *series)
{
    const struct held_column *time = figure->columns.time;
    char first[TIME_TEXT_MAX], last[TIME_TEXT_MAX];
    if (!time || series->count < 2) return TIME_DAY;
    time_print_short(first, time->values[series->rows[0]].time_ns, TIME_DAY);
    time_print_short(last, time->values[series->rows[series->count - 1]].time_ns, TIME_DAY);
    return strcmp(first, last) == 0 ? TIME_MINUTE : TIME_DAY;
}

const char *figure_time(const struct figure *figure, struct arena *arena, uint32_t row,
                        enum time_detail detail)
{
    const struct held_column *time = figure->columns.time;
    char text[TIME_TEXT_MAX];
    if (!time || time->missing[row]) return "";
    const char *kept =
        arena_string(arena, time_print_short(text, time->values[row].time_ns, detail));
    return kept ? kept : "";
}

const char *figure_commit(const struct figure *figure, struct arena *arena, uint32_t row)
{
    return layout_commit(arena, text_at(figure->columns.commit, row));
}

int figure_build(struct figure *figure, struct arena *arena, const struct held *held, int ascii)
{
    *figure = (struct figure){.held = held, .heading = ""};
    find_columns(&figure->columns, held);
    if (!has_lines(held, &figure->columns)) return 0;
    if (find_series(figure, arena)) return PACE_ENOMEM;
    name_all(figure, arena, ascii);
    for (size_t s = 0; s < figure->count; s++) {
        count_marks(figure, &figure->series[s]);
        if (find_changes(figure, &figure->series[s], arena)) return PACE_ENOMEM;
    }
    return arena->failed ? PACE_ENOMEM : 0;
}
