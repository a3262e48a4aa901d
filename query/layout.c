/* layout.c -- see layout.h. Three passes over the rows: what is constant, which range each unit
 * spans, the cells. */
#include "layout.h"

#include "human.h"
#include "timefmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    UNITS_MAX = 16,       /* units with a common prefix; more print each value by itself */
    COMMIT_SHOWN = 9,     /* digits of a commit */
    FEW_COLUMNS = 8,      /* a row of so few is shown as it is */
    MARGIN_DECIMALS = 4,  /* of a margin that has another prefix than its value */
    MANY_SERIES_ROWS = 2, /* from so many rows on, what is the same everywhere is a heading */
};

/* The values of one unit in all columns of the block. */
struct unit_group {
    const char *unit;
    struct human_range level, minor; /* minor: spreads and differences, which may be much smaller */
    bool common;                     /* one prefix for all rows */
    bool alike;                      /* and one number of decimals */
    struct human_scale scale;
    int level_decimals, minor_decimals;
};

/* Beside values so many times as large a value has a prefix of its own. */
#define FAR_BELOW 0.01
/* Values that differ by more have decimals by row: 0.762 and 3000, not 3000.000. */
#define ALIKE 100.0

enum column_role { ROLE_SHOWN, ROLE_HEADING, ROLE_OMITTED };

struct builder {
    struct layout *layout;
    struct arena *arena;
    const struct held *held;
    const struct layout_options *options;
    enum column_role *roles;
    const struct held_column *value, *lower, *upper, *base;
    bool margin; /* lower and upper print as "± x" beside the value */
    size_t group_count;
    struct unit_group groups[UNITS_MAX];
    char unit[UNIT_TEXT_MAX]; /* of the last number, and its safe form */
    const char *safe_unit;
    unsigned unit_width;
};

/* -- small things ------------------------------------------------------------------------------ */

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}
#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof(names)[0])

const char *layout_safe(struct arena *arena, const char *text)
{
    size_t len = strlen(text), need = text_safe(NULL, 0, text, len);
    char *copy = arena_space(arena, need + 1);
    if (!copy) return "";
    text_safe(copy, need + 1, text, len);
    return copy;
}

static void part_set(struct layout_cell *cell, int part, const char *text)
{
    cell->part[part] = text;
    cell->width[part] = (unsigned)text_width(text);
}

/* A text of printable ASCII. */
static void part_set_plain(struct builder *b, struct layout_cell *cell, int part, const char *text)
{
    size_t len = strlen(text);
    char *copy = len ? arena_space(b->arena, len + 1) : NULL;
    if (!copy) return;
    cell->part[part] = memcpy(copy, text, len + 1);
    cell->width[part] = (unsigned)len;
}

static bool is_commit(const char *name)
{
    size_t len = strlen(name);
    return len >= 6 && strcmp(name + len - 6, "commit") == 0;
}

const char *layout_commit(struct arena *arena, const char *commit)
{
    size_t digits = strspn(commit, "0123456789abcdef");
    if (digits <= COMMIT_SHOWN || digits < 12) return layout_safe(arena, commit);
    const char *rest = commit + digits;
    size_t len = strlen(rest), need = text_safe(NULL, 0, rest, len);
    char *text = arena_space(arena, COMMIT_SHOWN + need + 1);
    if (!text) return "";
    memcpy(text, commit, COMMIT_SHOWN);
    text_safe(text + COMMIT_SHOWN, need + 1, rest, len);
    return text;
}

static bool has_value(const struct held_column *column, size_t row)
{
    return column && !column->missing[row];
}

static const char *cell_unit(const struct held_column *column, size_t row)
{
    return column->units ? column->units[row] : "";
}

/* -- which columns ----------------------------------------------------------------------------- */

static bool all_missing(const struct held *held, const struct held_column *column)
{
    for (size_t r = 0; r < held->count; r++) {
        if (!column->missing[r]) return false;
    }
    return true;
}

static bool all_equal(const struct held *held, const struct held_column *column)
{
    for (size_t r = 1; r < held->count; r++) {
        if (!held_equal(column, r - 1, r)) return false;
    }
    return held->count > 0 && !column->missing[0];
}

static bool all_text(const struct held *held, const struct held_column *column, const char *text)
{
    for (size_t r = 0; r < held->count; r++) {
        if (column->missing[r] || strcmp(column->values[r].text, text) != 0) return false;
    }
    return true;
}

/* Units are printed with the numbers: then a column of them says nothing more. */
static bool units_in_cells(const struct held *held)
{
    for (size_t c = 0; c < held->column_count; c++) {
        const struct held_column *column = &held->columns[c];
        if (column->type != PACE_FIELD_NUMBER) continue;
        for (size_t r = 0; r < held->count; r++) {
            if (!column->missing[r] && column->units[r][0]) return true;
        }
    }
    return false;
}

static void choose_roles(struct builder *b)
{
    static const char *const heading[] = {"project", "branch", "testbed", "measure"};
    static const char *const heading_of_many[] = {"benchmark", "run", "commit", "time"};
    static const char *const empty[] = {
        "low_limit",   "high_limit",  "lower_value", "upper_value", "commit",  "run",
        "project",     "from_commit", "branch",      "testbed",     "measure", "unit",
        "time",        "n_needed",    "until",       "before",      "over",    "why",
        "good_commit", "bad_commit",  "flags",       "start_point"};
    /* The intervals of both sides of a comparison: their ratio has one, which says more. */
    static const char *const sides[] = {"lower_value", "upper_value", "lower_base", "upper_base"};
    const struct held *held = b->held;
    bool compared = held_find(held, "n_base") && held_find(held, "ci_low");
    size_t shown = 0;
    for (size_t c = 0; c < held->column_count; c++) {
        const struct held_column *column = &held->columns[c];
        const char *name = column->name;
        bool may_head = (IS_ONE_OF(name, heading) &&
                         (b->value || held->count > 1 || held->column_count > FEW_COLUMNS)) ||
                        (IS_ONE_OF(name, heading_of_many) && held->count >= MANY_SERIES_ROWS);
        enum column_role role = ROLE_SHOWN;
        if (IS_ONE_OF(name, empty) && all_missing(held, column))
            role = ROLE_OMITTED;
        else if (compared && IS_ONE_OF(name, sides))
            role = ROLE_OMITTED;
        else if (may_head && all_equal(held, column))
            role = ROLE_HEADING;
        else if (strcmp(name, "status") == 0 && column->type == PACE_FIELD_TEXT &&
                 all_text(held, column, "ok"))
            role = ROLE_OMITTED;
        else if (strcmp(name, "unit") == 0 && units_in_cells(held))
            role = ROLE_OMITTED;
        else if (b->margin && (column == b->lower || column == b->upper))
            role = ROLE_OMITTED;
        b->roles[c] = role;
        shown += role == ROLE_SHOWN;
    }
    if (shown > 0) return;
    for (size_t c = 0; c < held->column_count; c++)
        b->roles[c] = ROLE_SHOWN;
}

/* Every row with bounds has both, at the same distance of the value, in its unit. */
static bool bounds_symmetric(const struct builder *b)
{
    if (!b->value || !b->lower || !b->upper) return false;
    bool some = false;
    for (size_t r = 0; r < b->held->count; r++) {
        bool lower = has_value(b->lower, r), upper = has_value(b->upper, r);
        if (lower != upper || (lower && !has_value(b->value, r))) return false;
        if (!lower) continue;
        double value = b->value->values[r].number;
        double below = value - b->lower->values[r].number;
        double above = b->upper->values[r].number - value;
        /* Inputs round their bounds; the margin is shown with a few digits only. */
        double slack = 1e-3 * fabs(above) + 1e-12 * fabs(value);
        if (below < 0 || !(fabs(above - below) <= slack)) return false;
        if (strcmp(cell_unit(b->value, r), cell_unit(b->lower, r)) != 0) return false;
        some = true;
    }
    return some;
}

/* -- scales ------------------------------------------------------------------------------------ */

static bool is_minor(const char *name)
{
    static const char *const minor[] = {"spread", "diff", "stddev", "mad", "iqr"};
    return IS_ONE_OF(name, minor);
}

static enum human_style column_style(const struct held_column *column)
{
    return column->measured ? HUMAN_QUANTITY : human_style_of(column->name);
}

static bool is_quantity(const struct held_column *column)
{
    return column->type == PACE_FIELD_NUMBER && column_style(column) == HUMAN_QUANTITY;
}

static struct unit_group *group_find(struct builder *b, const char *unit)
{
    for (size_t i = 0; i < b->group_count; i++) {
        if (b->groups[i].unit == unit || strcmp(b->groups[i].unit, unit) == 0) return &b->groups[i];
    }
    return NULL;
}

static struct unit_group *group_add(struct builder *b, const char *unit)
{
    struct unit_group *group = group_find(b, unit);
    if (group || b->group_count == UNITS_MAX) return group;
    group = &b->groups[b->group_count++];
    *group = (struct unit_group){.unit = unit};
    return group;
}

/* The decimals that the shown values of a group need, at most the ones that its range asks for. */
static void trim_decimals(struct builder *b, struct unit_group *group)
{
    int level = 0, minor = 0;
    for (size_t c = 0; c < b->held->column_count; c++) {
        const struct held_column *column = &b->held->columns[c];
        if (!is_quantity(column)) continue;
        bool small = is_minor(column->name);
        int *needed = small ? &minor : &level;
        int most = small ? group->minor_decimals : group->level_decimals;
        for (size_t r = 0; r < b->held->count && *needed < most; r++) {
            if (column->missing[r] || strcmp(column->units[r], group->unit) != 0) continue;
            double shown = column->values[r].number * group->scale.factor;
            int digits = human_decimals_needed(shown, most);
            if (digits > *needed) *needed = digits;
        }
    }
    group->level_decimals = level;
    group->minor_decimals = minor;
}

static void choose_scales(struct builder *b)
{
    for (size_t c = 0; c < b->held->column_count; c++) {
        const struct held_column *column = &b->held->columns[c];
        if (!is_quantity(column)) continue;
        bool small = is_minor(column->name);
        for (size_t r = 0; r < b->held->count; r++) {
            if (column->missing[r] || !column->units[r][0]) continue;
            struct unit_group *group = group_add(b, column->units[r]);
            if (group)
                human_range_add(small ? &group->minor : &group->level, column->values[r].number);
        }
    }
    for (size_t i = 0; i < b->group_count; i++) {
        struct unit_group *group = &b->groups[i];
        const struct human_range *range = group->level.most > 0 ? &group->level : &group->minor;
        group->common = human_range_narrow(range);
        if (!group->common) continue;
        human_scale_range(&group->scale, range, group->unit);
        group->alike = range->most <= ALIKE * range->least;
        if (!group->alike) continue;
        group->level_decimals = human_decimals(&group->level, group->scale.factor);
        group->minor_decimals = human_decimals(&group->minor, group->scale.factor);
        if (group->minor_decimals > group->level_decimals + 1 && group->level.most > 0)
            group->minor_decimals = group->level_decimals + 1;
        trim_decimals(b, group);
    }
}

static bool counts_in_row(const struct held_column *column, size_t row, const char *unit)
{
    return is_quantity(column) && !column->missing[row] && !is_minor(column->name) &&
           strcmp(column->units[row], unit) == 0;
}

/* Where rows differ too much for a common look, the cells of one row still share one. */
static int row_scale(const struct builder *b, const struct unit_group *group, size_t row,
                     struct human_scale *scale)
{
    struct human_range range = {0};
    for (size_t c = 0; c < b->held->column_count; c++) {
        const struct held_column *column = &b->held->columns[c];
        if (counts_in_row(column, row, group->unit))
            human_range_add(&range, column->values[row].number);
    }
    range.least = range.most;
    if (!group->common) human_scale_one(scale, range.most, group->unit);
    int most = human_decimals(&range, scale->factor), decimals = 0;
    for (size_t c = 0; c < b->held->column_count && decimals < most; c++) {
        const struct held_column *column = &b->held->columns[c];
        if (!counts_in_row(column, row, group->unit)) continue;
        int needed = human_decimals_needed(column->values[row].number * scale->factor, most);
        if (needed > decimals) decimals = needed;
    }
    return decimals;
}

/* The prefix and decimals of one cell. */
static int cell_scale(const struct builder *b, const struct unit_group *group,
                      const struct held_column *column, size_t row, struct human_scale *scale)
{
    *scale = group->scale;
    if (group->common && group->alike)
        return is_minor(column->name) ? group->minor_decimals : group->level_decimals;
    int decimals = row_scale(b, group, row, scale);
    double shown = fabs(column->values[row].number * scale->factor);
    if (is_minor(column->name) || !(shown > 0 && shown < FAR_BELOW)) return decimals;
    struct human_range own = {0}; /* an age in days says nothing of a time in ms */
    human_range_add(&own, column->values[row].number);
    human_scale_one(scale, column->values[row].number, group->unit);
    return human_decimals_needed(column->values[row].number * scale->factor,
                                 human_decimals(&own, scale->factor));
}

/* -- cells ------------------------------------------------------------------------------------- */

static void number_cell(struct builder *b, struct layout_cell *cell,
                        const struct human_number *number)
{
    part_set_plain(b, cell, 0, number->whole);
    part_set_plain(b, cell, 1, number->fraction);
    if (!b->safe_unit || strcmp(b->unit, number->unit) != 0) {
        memcpy(b->unit, number->unit, sizeof b->unit);
        b->safe_unit = layout_safe(b->arena, b->unit);
        b->unit_width = (unsigned)text_width(b->safe_unit);
    }
    cell->part[3] = b->safe_unit;
    cell->width[3] = b->unit_width;
}

static void quantity_cell(struct builder *b, struct layout_cell *cell,
                          const struct held_column *column, size_t row)
{
    const char *unit = column->units[row];
    double value = column->values[row].number;
    const struct unit_group *group = group_find(b, unit);
    struct human_scale scale;
    struct human_number number = {.unit = ""};
    if (!group) {
        human_print_one(&number, value, unit);
        number_cell(b, cell, &number);
        return;
    }
    int decimals = cell_scale(b, group, column, row, &scale);
    human_print(&number, value, &scale, decimals, unit);
    number_cell(b, cell, &number);
    if (!b->margin || column != b->value || !has_value(b->lower, row)) return;

    double margin = b->upper->values[row].number - value;
    struct human_number half = {.unit = ""};
    human_print(&half, margin, &scale, decimals, unit);
    if (strcmp(half.unit, number.unit) != 0) {
        /* It has the prefix of the value, however small it is then. */
        human_scale_one(&scale, value, unit);
        int needed = human_decimals_needed(margin * scale.factor, MARGIN_DECIMALS);
        human_print(&half, margin, &scale, needed, unit);
        if (strcmp(half.unit, number.unit) != 0)
            half = (struct human_number){.whole = "0", .unit = ""};
    }
    const char *text = arena_printf(b->arena, "%s%s%s", b->options->ascii ? " +- " : " \xc2\xb1 ",
                                    half.whole, half.fraction);
    part_set(cell, 2, text ? text : "");
}

/* Numbers without a unit: the column has decimals of its own. */
struct plain_column {
    bool common;
    int decimals;
};

static struct plain_column plain_of(const struct builder *b, const struct held_column *column)
{
    struct human_range range = {0};
    for (size_t r = 0; r < b->held->count; r++) {
        if (!column->missing[r] && !column->units[r][0])
            human_range_add(&range, column->values[r].number);
    }
    struct plain_column plain = {.common = human_range_narrow(&range) && range.most < 1e6 &&
                                           (range.least >= 1e-4 || !(range.most > 0))};
    int most = human_decimals(&range, 1);
    bool whole = true;
    for (size_t r = 0; r < b->held->count; r++) {
        if (column->missing[r] || column->units[r][0]) continue;
        double value = column->values[r].number;
        int needed = human_decimals_needed(value, most);
        if (needed > plain.decimals) plain.decimals = needed;
        whole = whole && !(fabs(value - round(value)) > 0);
    }
    if (whole && range.most < 1e15) plain = (struct plain_column){.common = true};
    return plain;
}

static void plain_cell(struct builder *b, struct layout_cell *cell, double value,
                       const struct plain_column *plain)
{
    static const struct human_scale one = {.factor = 1};
    struct human_number number = {.unit = ""};
    if (plain->common)
        human_print(&number, value, &one, plain->decimals, "");
    else
        human_print_one(&number, value, "");
    number_cell(b, cell, &number);
}

/* From ten times the base on, a change is told as the multiple, as in sentences: "81.8x" is read at
 * once, "+8075.8 %" is not. Below 0 there are no multiples. */
static bool is_multiple(const struct builder *b, size_t row, enum human_style style, double change)
{
    return style == HUMAN_PERCENT && change >= 9 && b->base && b->base->type == PACE_FIELD_NUMBER &&
           !b->base->missing[row] && b->base->values[row].number > 0;
}

static void style_cell(struct builder *b, struct layout_cell *cell, enum human_style style,
                       const struct held_column *column, size_t row)
{
    struct human_number number = {.unit = ""};
    double value = column->values[row].number;
    if (is_multiple(b, row, style, value))
        human_print_times(&number, value + 1);
    else
        human_print_style(&number, style, value, column->units[row]);
    if (style == HUMAN_P) {
        /* "<1e-9" and "0.05" align on the right, not on the point. */
        const char *text = arena_printf(b->arena, "%s%s", number.whole, number.fraction);
        part_set(cell, 0, text ? text : "");
        return;
    }
    number_cell(b, cell, &number);
}

static void number_column(struct builder *b, const struct held_column *column,
                          struct layout_column *out)
{
    enum human_style style = column_style(column);
    struct plain_column plain = plain_of(b, column);
    for (size_t r = 0; r < b->held->count; r++) {
        if (column->missing[r]) continue;
        struct layout_cell *cell = &out->cells[r];
        double value = column->values[r].number;
        if (style != HUMAN_QUANTITY)
            style_cell(b, cell, style, column, r);
        else if (column->units[r][0])
            quantity_cell(b, cell, column, r);
        else
            plain_cell(b, cell, value, &plain);
    }
}

static void text_column(struct builder *b, const struct held_column *column,
                        struct layout_column *out)
{
    bool verdict = strcmp(column->name, "verdict") == 0 || strcmp(column->name, "status") == 0;
    const struct layout_cell *last = NULL; /* the last one that is not missing, and its text */
    const char *last_text = NULL;
    for (size_t r = 0; r < b->held->count; r++) {
        if (column->missing[r]) continue;
        const char *text = column->values[r].text;
        struct layout_cell *cell = &out->cells[r];
        if (last && text == last_text) {
            *cell = *last;
            continue;
        }
        last = cell;
        last_text = text;
        part_set(cell, 0,
                 is_commit(column->name) ? layout_commit(b->arena, text)
                                         : layout_safe(b->arena, text));
        if (verdict) cell->tone = format_tone_of(text);
    }
}

static enum time_detail detail_of(const struct held_column *column, size_t count)
{
    int64_t pair[2] = {0, 0};
    enum time_detail most = TIME_DAY;
    size_t seen = 0;
    for (size_t r = 0; r < count && most < TIME_EXACT; r++) {
        if (column->missing[r]) continue;
        pair[0] = seen++ ? pair[1] : column->values[r].time_ns;
        pair[1] = column->values[r].time_ns;
        enum time_detail detail = time_detail_of(pair, 2);
        if (detail > most) most = detail;
    }
    return most;
}

static void time_column(struct builder *b, const struct held_column *column,
                        struct layout_column *out)
{
    enum time_detail detail = detail_of(column, b->held->count);
    char text[TIME_TEXT_MAX];
    for (size_t r = 0; r < b->held->count; r++) {
        if (column->missing[r]) continue;
        part_set_plain(b, &out->cells[r], 0,
                       time_print_short(text, column->values[r].time_ns, detail));
    }
}

static void flag_column(struct builder *b, const struct held_column *column,
                        struct layout_column *out)
{
    enum format_tone tone = format_tone_of(column->name);
    for (size_t r = 0; r < b->held->count; r++) {
        if (column->missing[r]) continue;
        bool yes = column->values[r].flag;
        part_set(&out->cells[r], 0, yes ? "yes" : "no");
        out->cells[r].tone = yes ? tone : TONE_DIM;
    }
}

static void measure_column(struct layout_column *column, size_t rows)
{
    size_t sum = 0;
    memset(column->part_width, 0, sizeof column->part_width);
    for (size_t r = 0; r < rows; r++) {
        for (int p = 0; p < LAYOUT_PARTS; p++) {
            size_t width = column->cells[r].width[p];
            if (width > column->part_width[p]) column->part_width[p] = width;
        }
    }
    for (int p = 0; p < LAYOUT_PARTS; p++)
        sum += column->part_width[p];
    size_t name = text_width(column->name);
    column->width = sum > name ? sum : name;
}

static void build_column(struct builder *b, const struct held_column *column,
                         struct layout_column *out)
{
    *out = (struct layout_column){.name = layout_safe(b->arena, column->name),
                                  .number = column->type == PACE_FIELD_NUMBER,
                                  .cut_allowed = column->type == PACE_FIELD_TEXT};
    static const struct layout_cell empty = {.part = {"", "", "", ""}},
                                    missing = {
                                        .part = {"-", "", "", ""}, .width = {1}, .tone = TONE_DIM};
    out->cells = arena_space(b->arena, b->held->count * sizeof *out->cells);
    if (!out->cells) return;
    for (size_t r = 0; r < b->held->count; r++)
        out->cells[r] = column->missing[r] ? missing : empty;
    switch (column->type) {
    case PACE_FIELD_TEXT: text_column(b, column, out); break;
    case PACE_FIELD_NUMBER: number_column(b, column, out); break;
    case PACE_FIELD_TIME: time_column(b, column, out); break;
    case PACE_FIELD_FLAG: flag_column(b, column, out); break;
    }
    measure_column(out, b->held->count);
}

/* -- the heading ------------------------------------------------------------------------------- */

static const char *heading_part(struct builder *b, const struct held_column *column)
{
    const union held_value *value = &column->values[0];
    char text[TIME_TEXT_MAX], ago[TIME_TEXT_MAX], number[HUMAN_TEXT_MAX];
    const char *part = NULL;
    switch (column->type) {
    case PACE_FIELD_TEXT:
        return is_commit(column->name) ? layout_commit(b->arena, value->text)
                                       : layout_safe(b->arena, value->text);
    case PACE_FIELD_TIME:
        time_print_short(text, value->time_ns, detail_of(column, b->held->count));
        if (!b->options->now_ns) return layout_safe(b->arena, text);
        time_print_ago(ago, value->time_ns, b->options->now_ns);
        part = arena_printf(b->arena, "%s (%s)", text, ago);
        break;
    case PACE_FIELD_NUMBER:
        human_text(number, column->name, value->number, column->units[0]);
        part = arena_printf(b->arena, "%s %s", column->name, number);
        break;
    case PACE_FIELD_FLAG: break;
    }
    return part ? layout_safe(b->arena, part) : "";
}

static const char *build_heading(struct builder *b)
{
    const char *heading = "", *gap = b->options->ascii ? " - " : " \xc2\xb7 ";
    size_t used = 0, gap_width = text_width(gap);
    for (size_t c = 0; c < b->held->column_count; c++) {
        if (b->roles[c] != ROLE_HEADING) continue;
        const char *part = heading_part(b, &b->held->columns[c]), *between = gap;
        size_t width = text_width(part);
        if (!part[0]) continue; /* a commit that has no name */
        used += gap_width + width;
        if (!heading[0]) {
            between = "";
            used = width;
        } else if (b->options->width && used > b->options->width) {
            between = "\n";
            used = width;
        }
        heading = arena_printf(b->arena, "%s%s%s", heading, between, part);
        if (!heading) return "";
    }
    return heading;
}

int layout_build(struct layout *layout, struct arena *arena, const struct held *held,
                 const struct layout_options *options)
{
    struct builder b = {.layout = layout, .arena = arena, .held = held, .options = options};
    b.value = held_find(held, "value");
    b.lower = held_find(held, "lower_value");
    b.upper = held_find(held, "upper_value");
    b.base = held_find(held, "base");
    if (!b.base) b.base = held_find(held, "before"); /* rows of changes */
    bool numbers = (!b.value || b.value->type == PACE_FIELD_NUMBER) &&
                   (!b.lower || b.lower->type == PACE_FIELD_NUMBER) &&
                   (!b.upper || b.upper->type == PACE_FIELD_NUMBER);
    b.margin = numbers && bounds_symmetric(&b);
    b.roles = arena_array(arena, held->column_count, sizeof *b.roles);
    *layout = (struct layout){.heading = "", .row_count = held->count};
    layout->columns = arena_array(arena, held->column_count, sizeof *layout->columns);
    if (!b.roles || !layout->columns) return PACE_ENOMEM;
    choose_roles(&b);
    choose_scales(&b);
    layout->heading = build_heading(&b);
    for (size_t c = 0; c < held->column_count; c++) {
        if (b.roles[c] != ROLE_SHOWN) continue;
        build_column(&b, &held->columns[c], &layout->columns[layout->column_count++]);
        if (arena->failed) return PACE_ENOMEM;
    }
    return arena->failed ? PACE_ENOMEM : 0;
}
