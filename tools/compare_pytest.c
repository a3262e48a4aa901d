/* compare_pytest.c -- the table of pytest-benchmark, and its rules of failure.
 *
 * A group is a benchmark: a row for each run of both sides, the best of each column, and how far
 * the others are from it. A rule compares the new side with every run of the base, as
 * pytest-benchmark does: `field:P%` fails where the value is more than P % over the old one,
 * `field:D` where it is more than D over it (seconds, where the measure is a time). */
#include "compare.h"

#include "../engine/unit.h"
#include "../query/text.h"
#include "run_cells.h"
#include "say.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const STAT_NAMES[STAT_COUNT] = {
    "min",          "max", "mean",   "stddev",    "median", "iqr", "stddev_outliers",
    "iqr_outliers", "ops", "rounds", "iterations"};

/* -- reading ----------------------------------------------------------------------------------- */

struct reading {
    struct stats_table *table;
    size_t first; /* row of the table that this run begins with */
    const char *label;
    int is_new;
};

static struct cell_stats *row_of(struct reading *reading, const char *benchmark,
                                 const char *measure, size_t measure_len)
{
    struct stats_table *table = reading->table;
    for (size_t i = table->count; i > reading->first; i--) {
        struct cell_stats *row = &table->rows[i - 1];
        if (strcmp(row->benchmark, benchmark) == 0 && strlen(row->measure) == measure_len &&
            memcmp(row->measure, measure, measure_len) == 0)
            return row;
    }
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 64;
        struct cell_stats *grown = reallocarray(table->rows, capacity, sizeof *grown);
        if (grown == NULL) return NULL;
        table->rows = grown;
        table->capacity = capacity;
    }
    struct cell_stats *row = &table->rows[table->count++];
    *row = (struct cell_stats){.benchmark = arena_string(&table->arena, benchmark),
                               .measure = arena_copy(&table->arena, measure, measure_len),
                               .unit = "",
                               .label = reading->label,
                               .is_new = reading->is_new};
    for (int i = 0; i < STAT_COUNT; i++)
        row->at[i] = (double)NAN;
    return row;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t n)
{
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

/* pytest-benchmark's quartiles: medians of the halves, for odd n weighted by n mod 4. */
static double quartile(const double *x, size_t n, int upper)
{
    size_t m = n / 4;
    if (n == 1) return x[0];
    if (n % 2 == 0) return middle(upper ? x + n / 2 : x, n / 2);
    if (n % 4 == 1)
        return upper ? 0.75 * x[3 * m] + 0.25 * x[3 * m + 1] : 0.25 * x[m - 1] + 0.75 * x[m];
    return upper ? 0.25 * x[3 * m + 1] + 0.75 * x[3 * m + 2] : 0.75 * x[m] + 0.25 * x[m + 1];
}

static void put(struct cell_stats *row, enum compare_stat stat, double value)
{
    if (isnan(row->at[stat])) row->at[stat] = value;
}

/* What samples tell, where the harness did not. */
static int put_samples(struct cell_stats *row, const double *samples, size_t n)
{
    double *x = malloc(n * sizeof *x), sum = 0, squares = 0, outliers = 0, far = 0;
    if (x == NULL) return PACE_ENOMEM;
    memcpy(x, samples, n * sizeof *x);
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    double mean = sum / (double)n, q1 = quartile(x, n, 0), q3 = quartile(x, n, 1);
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    double sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 0, reach = 1.5 * (q3 - q1);
    for (size_t i = 0; i < n; i++) {
        outliers += x[i] < mean - sd || x[i] > mean + sd;
        far += x[i] < q1 - reach || x[i] > q3 + reach;
    }
    put(row, STAT_MIN, x[0]);
    put(row, STAT_MAX, x[n - 1]);
    put(row, STAT_MEAN, mean);
    put(row, STAT_STDDEV, sd);
    put(row, STAT_MEDIAN, middle(x, n));
    put(row, STAT_IQR, q3 - q1);
    put(row, STAT_OUTLIERS, outliers);
    put(row, STAT_FAR, far);
    put(row, STAT_ROUNDS, (double)n);
    free(x);
    return 0;
}

static int add_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    struct reading *reading = context;
    const char *dot = strrchr(cell->measure, '.');
    size_t len = dot != NULL ? (size_t)(dot - cell->measure) : strlen(cell->measure);
    (void)error;
    if (cell->status != PACE_CELL_OK) return 0;
    struct cell_stats *row = row_of(reading, cell->benchmark, cell->measure, len);
    if (row == NULL) return PACE_ENOMEM;
    if (dot != NULL) {
        for (int i = 0; i < STAT_COUNT; i++)
            if (strcmp(dot + 1, STAT_NAMES[i]) == 0) row->at[i] = cell->value;
        return 0;
    }
    row->unit = arena_string(&reading->table->arena, cell->unit);
    if (cell->sample_count > 0) return put_samples(row, cell->samples, cell->sample_count);
    put(row, STAT_MEDIAN, cell->value);
    return 0;
}

/* What follows from the rest; rows of companions without their measure go. */
static void finish(struct stats_table *table, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < table->count; i++) {
        struct cell_stats row = table->rows[i];
        double second;
        if (isnan(row.at[STAT_MEDIAN]) && isnan(row.at[STAT_MEAN])) continue;
        if (unit_convert(row.unit, "s", &second) == 0)
            put(&row, STAT_OPS, 1 / (row.at[STAT_MEAN] * second));
        table->rows[kept++] = row;
    }
    table->count = kept;
}

static int read_side(pace_snapshot *snapshot, const struct side *side, int is_new,
                     struct stats_table *table)
{
    struct pace_error error = {0};
    for (size_t i = 0; i < side->run_count; i++) {
        struct pace_run_view view;
        const char *label = side->run_count == 1
                                ? arena_string(&table->arena, side->label)
                                : arena_printf(&table->arena, "%s %zu", side->label, i + 1);
        struct reading reading = {table, table->count, label != NULL ? label : "", is_new};
        int code = pace_run_get(snapshot, side->runs[i], &error, &view);
        if (code == 0) code = run_cells(snapshot, &view, &error, add_cell, &reading);
        if (code == 0 && table->arena.failed) code = PACE_ENOMEM;
        if (code != 0) return store_failed("", code, &error);
        finish(table, reading.first);
    }
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    const struct cell_stats *x = a, *y = b;
    int order = strcmp(x->measure, y->measure);
    if (order == 0) order = strcmp(x->benchmark, y->benchmark);
    if (order == 0) order = y->is_new - x->is_new;
    return order != 0 ? order : strcmp(x->label, y->label);
}

int stats_read(pace *store, const struct side *base, const struct side *new_side,
               struct stats_table *out)
{
    struct pace_error error = {0};
    pace_snapshot *snapshot = NULL;
    *out = (struct stats_table){0};
    arena_init(&out->arena, 0);
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code != 0) return store_failed("", code, &error);
    int status = read_side(snapshot, new_side, 1, out);
    if (status == 0) status = read_side(snapshot, base, 0, out);
    pace_snapshot_end(snapshot);
    if (out->count) qsort(out->rows, out->count, sizeof *out->rows, compare_rows);
    return status;
}

void stats_clear(struct stats_table *table)
{
    arena_clear(&table->arena);
    free(table->rows);
    *table = (struct stats_table){0};
}

/* -- the table --------------------------------------------------------------------------------- */

enum { SHOWN = 10, CELL_MAX = 64, LABEL_MAX = 40 };

static int is_plain(enum compare_stat stat)
{
    return stat == STAT_ROUNDS || stat == STAT_ITERATIONS;
}

static double best_of(const struct cell_stats *rows, size_t count, enum compare_stat stat)
{
    double best = (double)NAN;
    for (size_t i = 0; i < count; i++) {
        double value = rows[i].at[stat];
        if (isnan(best) || (stat == STAT_OPS ? value > best : value < best)) best = value;
    }
    return best;
}

/* The unit that suits the smallest time, as its name and factor; ops go by thousands. */
static void choose_unit(const struct cell_stats *rows, size_t count, const char **name,
                        double *factor)
{
    static const struct {
        const char *name;
        double below;
    } units[] = {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1}, {"s", INFINITY}};
    double second, best = best_of(rows, count, STAT_MIN), back = 1;
    if (isnan(best)) best = best_of(rows, count, STAT_MEDIAN);
    *name = rows[0].unit;
    *factor = 1;
    if (unit_convert(rows[0].unit, "s", &second) != 0) return;
    size_t i = 0;
    while (i < 3 && !(best * second < units[i].below))
        i++;
    *name = units[i].name;
    unit_convert(rows[0].unit, *name, &back);
    *factor = back;
}

static void number_text(char *text, double value, int decimals)
{
    char plain[400];
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    size_t len = strlen(plain), dot = strcspn(plain, "."), at = 0;
    for (size_t i = 0; i < len && at < CELL_MAX - 16; i++) { /* thousands get commas */
        if (i > 0 && i < dot && (dot - i) % 3 == 0 && plain[i - 1] != '-') text[at++] = ',';
        text[at++] = plain[i];
    }
    text[at] = '\0';
}

static void cell_text(char *text, const struct cell_stats *rows, size_t count, size_t row,
                      enum compare_stat stat, double factor)
{
    double value = rows[row].at[stat], best = best_of(rows, count, stat);
    text[0] = '\0';
    if (isnan(value)) {
        strcpy(text, "-");
    } else if (is_plain(stat)) {
        snprintf(text, CELL_MAX, "%.0f", value);
    } else if (stat == STAT_OUTLIERS) {
        snprintf(text, CELL_MAX, "%.0f;%.0f", value, rows[row].at[STAT_FAR]);
    } else {
        double ratio = fabs(value / best);
        number_text(text, value * factor, 4);
        size_t used = strlen(text);
        if (count == 1) return;
        if (!(value < best || value > best))
            snprintf(text + used, CELL_MAX - used, " (1.0)");
        else if (isinf(ratio))
            snprintf(text + used, CELL_MAX - used, " (inf)");
        else if (ratio > 1000)
            snprintf(text + used, CELL_MAX - used, " (>1000.0)");
        else
            snprintf(text + used, CELL_MAX - used, " (%.2f)", ratio);
    }
}

static int is_worst(const struct cell_stats *rows, size_t count, size_t row, enum compare_stat stat)
{
    for (size_t i = 0; i < count; i++) {
        double value = rows[i].at[stat], own = rows[row].at[stat];
        if (stat == STAT_OPS ? value < own : value > own) return 0;
    }
    return count > 1;
}

static void print_name(const char *text, size_t width, int ascii)
{
    char safe[TEXT_SAFE_GROWTH * PACE_MAX_NAME + 64], cut[TEXT_SAFE_GROWTH * PACE_MAX_NAME + 72];
    text_safe(safe, sizeof safe, text, strlen(text));
    size_t used = text_shorten(cut, safe, width, ascii);
    printf("%s%*s", cut, (int)(width - used), "");
}

/* One group: rows of one benchmark and measure. */
static void print_group(const struct cell_stats *rows, size_t count, const struct show_style *style)
{
    static const enum compare_stat order[SHOWN] = {
        STAT_MIN, STAT_MAX,      STAT_MEAN, STAT_STDDEV, STAT_MEDIAN,
        STAT_IQR, STAT_OUTLIERS, STAT_OPS,  STAT_ROUNDS, STAT_ITERATIONS};
    static const char *const titles[SHOWN] = {"Min", "Max",      "Mean", "StdDev", "Median",
                                              "IQR", "Outliers", "OPS",  "Rounds", "Iterations"};
    const char *unit;
    char text[CELL_MAX];
    size_t width[SHOWN], name_width = 0, total;
    double factor, ops_best = best_of(rows, count, STAT_OPS);
    choose_unit(rows, count, &unit, &factor);
    double ops = ops_best > 1e6 ? 1e-6 : ops_best > 1e3 ? 1e-3 : 1;
    for (size_t i = 0; i < count; i++) {
        size_t len = text_width(rows[i].label);
        if (len > name_width) name_width = len < LABEL_MAX ? len : LABEL_MAX;
    }
    total = name_width;
    for (int c = 0; c < SHOWN; c++) {
        width[c] = strlen(titles[c]);
        for (size_t i = 0; i < count; i++) {
            cell_text(text, rows, count, i, order[c], order[c] == STAT_OPS ? ops : factor);
            if (strlen(text) > width[c]) width[c] = strlen(text);
        }
        total += width[c] + 2;
    }
    printf("benchmark '");
    say_safe(stdout, rows[0].benchmark, strlen(rows[0].benchmark));
    printf("': %zu run%s, ", count, count == 1 ? "" : "s");
    say_safe(stdout, rows[0].measure, strlen(rows[0].measure));
    printf(" in %s, OPS in %s\n", *unit ? unit : "its unit",
           ops < 1e-5 ? "Mops/s"
           : ops < 1  ? "Kops/s"
                      : "ops/s");
    print_name("Name", name_width, style->ascii);
    for (int c = 0; c < SHOWN; c++)
        printf("  %*s", (int)width[c], titles[c]);
    putchar('\n');
    for (size_t i = 0; i < total; i++)
        putchar('-');
    putchar('\n');
    for (size_t i = 0; i < count; i++) {
        print_name(rows[i].label, name_width, style->ascii);
        for (int c = 0; c < SHOWN; c++) {
            double value = rows[i].at[order[c]], best = best_of(rows, count, order[c]);
            int colours = style->color && count > 1 && !is_plain(order[c]) &&
                          order[c] != STAT_OUTLIERS && !isnan(value);
            const char *colour = !colours                             ? ""
                                 : !(value < best || value > best)    ? "\033[32m"
                                 : is_worst(rows, count, i, order[c]) ? "\033[31m"
                                                                      : "";
            cell_text(text, rows, count, i, order[c], order[c] == STAT_OPS ? ops : factor);
            printf("  %*s%s%s%s", (int)(width[c] - strlen(text)), "", colour, text,
                   *colour ? "\033[0m" : "");
        }
        putchar('\n');
    }
}

void stats_print(const struct stats_table *table, const struct show_style *style)
{
    for (size_t from = 0, end; from < table->count; from = end) {
        const struct cell_stats *first = &table->rows[from];
        for (end = from; end < table->count &&
                         strcmp(table->rows[end].benchmark, first->benchmark) == 0 &&
                         strcmp(table->rows[end].measure, first->measure) == 0;)
            end++;
        if (from > 0) putchar('\n');
        print_group(first, end - from, style);
    }
    if (table->count > 0)
        printf(
            "\nIn brackets: times the best of the column. Outliers: beyond 1 standard deviation; "
            "beyond 1.5 IQR.\n");
    fflush(stdout);
}

/* -- rules ------------------------------------------------------------------------------------- */

struct rule {
    enum compare_stat stat;
    double bound;
    int percent;
};

static int parse_rule(const char *text, struct rule *out)
{
    static const enum compare_stat stats[] = {STAT_MIN,    STAT_MAX,    STAT_MEAN,
                                              STAT_MEDIAN, STAT_STDDEV, STAT_IQR};
    const char *colon = strchr(text, ':');
    if (colon == NULL || strspn(colon + 1, "0123456789.e-") == 0) return 0;
    for (size_t i = 0; i < sizeof stats / sizeof stats[0]; i++) {
        const char *name = STAT_NAMES[stats[i]];
        if (strlen(name) != (size_t)(colon - text) || memcmp(name, text, strlen(name)) != 0)
            continue;
        char *end;
        *out = (struct rule){stats[i], strtod(colon + 1, &end), 0};
        out->percent = *end == '%';
        return end > colon + 1 && end[out->percent] == '\0' && isfinite(out->bound);
    }
    return 0;
}

int rule_is_valid(const char *text)
{
    struct rule rule;
    return parse_rule(text, &rule);
}

/* 1 where the new value breaks the rule against the old one; *excess is by how much. */
static int breaks(const struct rule *rule, const struct cell_stats *new_row,
                  const struct cell_stats *old_row, double *excess)
{
    double now = new_row->at[rule->stat], old = old_row->at[rule->stat], second = 1;
    if (isnan(now) || isnan(old)) return 0;
    unit_convert(new_row->unit, "s", &second);
    if (rule->percent)
        *excess = old == 0 ? (now > 0 ? INFINITY : 0) : now / old * 100 - 100;
    else
        *excess = (now - old) * second;
    return *excess > rule->bound;
}

size_t rule_check(const struct stats_table *table, const char *text)
{
    struct rule rule;
    size_t broken = 0, compared = 0;
    if (!parse_rule(text, &rule)) return 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct cell_stats *row = &table->rows[i];
        for (size_t j = 0; row->is_new && j < table->count; j++) {
            const struct cell_stats *old = &table->rows[j];
            double excess;
            if (old->is_new || strcmp(old->benchmark, row->benchmark) != 0 ||
                strcmp(old->measure, row->measure) != 0)
                continue;
            compared += !isnan(row->at[rule.stat]) && !isnan(old->at[rule.stat]);
            if (!breaks(&rule, row, old, &excess)) continue;
            broken++;
            say_error("%s: %s is %.4g%s over that of %s, more than %s allows", row->benchmark,
                      STAT_NAMES[rule.stat], excess, rule.percent ? " %" : " s", old->label, text);
        }
    }
    if (compared == 0)
        say_note("note: rule %s compared nothing: neither samples nor this statistic on both sides",
                 text);
    return broken;
}
