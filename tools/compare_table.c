/* compare_table.c -- two sides beside each other: medians with intervals, change, p, verdict, and
 * the geometric means. A block for each project, testbed and measure. */
#include "compare.h"

#include "../engine/unit.h"
#include "../query/text.h"
#include "say.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 24, CELL_MAX = 96, GAP = 2 };
enum { CELL_NAME, CELL_BASE, CELL_NEW, CELL_DELTA, CELL_P, CELL_N, CELL_VERDICT, CELLS };

/* One line, as text; names are safe. */
struct line {
    const char *cells[CELLS]; /* "" where there is none */
    const char *colour;       /* of the change, or NULL */
};

struct block {
    struct line *lines;
    size_t count;
    size_t width[CELLS];
    int hidden[CELLS]; /* for lack of room */
};

static void line_init(struct line *line)
{
    *line = (struct line){0};
    for (int c = 0; c < CELLS; c++)
        line->cells[c] = "";
}

/* When memory is out the cell stays empty, and the arena remembers. */
static void set_cell(struct arena *arena, struct line *line, int cell, const char *text)
{
    const char *copy = arena_string(arena, text);
    if (copy != NULL) line->cells[cell] = copy;
}

/* Safe, and cut in the middle. */
static void set_name(struct arena *arena, struct line *line, int cell, const char *name,
                     size_t columns, int ascii)
{
    char safe[TEXT_SAFE_GROWTH * PACE_MAX_NAME + 1], shorter[TEXT_SAFE_GROWTH * PACE_MAX_NAME + 5];
    text_safe(safe, sizeof safe, name, strlen(name));
    text_shorten(shorter, safe, columns, ascii);
    set_cell(arena, line, cell, shorter);
}

/* "1.718 us +- 1 %": the larger distance of the interval's ends, as a share of the middle. */
static void put_quantity(struct arena *arena, struct line *line, int cell, double value, double low,
                         double high, const char *unit, int ascii)
{
    char number[UNIT_TEXT_MAX], text[CELL_MAX];
    if (isnan(value)) return;
    double margin = fmax(high / value - 1, 1 - low / value);
    if (isnan(margin) || isinf(margin) || low * high < 0)
        snprintf(text, sizeof text, "%s %s %5s", unit_print(number, value, unit),
                 ascii ? "+-" : "\xc2\xb1", ascii ? "?" : "\xe2\x88\x9e");
    else
        snprintf(text, sizeof text, "%s %s %3.0f %%", unit_print(number, value, unit),
                 ascii ? "+-" : "\xc2\xb1", fabs(margin) * 100);
    set_cell(arena, line, cell, text);
}

static int is_difference(const struct compared *row)
{
    return strcmp(row->verdict, "worse") == 0 || strcmp(row->verdict, "better") == 0 ||
           strcmp(row->verdict, "changed") == 0;
}

/* From ten times the base on the multiple is read at once, as in other tables. */
static void put_delta(struct arena *arena, struct line *line, double ratio)
{
    char text[CELL_MAX];
    if (ratio >= 10)
        snprintf(text, sizeof text, "%.1fx", ratio);
    else
        snprintf(text, sizeof text, "%+.2f %%", (ratio - 1) * 100);
    set_cell(arena, line, CELL_DELTA, text);
}

static void put_row(struct arena *arena, struct line *line, const struct compared *row, int ascii)
{
    char text[CELL_MAX];
    set_name(arena, line, CELL_NAME, row->benchmark, PACE_MAX_NAME, ascii);
    put_quantity(arena, line, CELL_BASE, row->base, row->lower_base, row->upper_base, row->unit,
                 ascii);
    put_quantity(arena, line, CELL_NEW, row->value, row->lower, row->upper, row->unit, ascii);
    if (is_difference(row) && !isnan(row->ratio))
        put_delta(arena, line, row->ratio);
    else if (!isnan(row->p))
        set_cell(arena, line, CELL_DELTA, is_difference(row) ? "?" : "~");
    if (!isnan(row->p)) {
        snprintf(text, sizeof text, row->p < 0.0005 ? "<0.001" : "%.3f", row->p);
        set_cell(arena, line, CELL_P, text);
        snprintf(text, sizeof text, row->n > row->n_base || row->n < row->n_base ? "%g+%g" : "%g",
                 row->n_base, row->n);
        set_cell(arena, line, CELL_N, text);
    }
    snprintf(text, sizeof text, "%s", row->verdict);
    if (strcmp(row->verdict, "need-more") == 0)
        snprintf(text, sizeof text, "need %g%s", row->needed,
                 strcmp(row->basis, "runs") == 0 ? " runs" : " samples");
    set_cell(arena, line, CELL_VERDICT, text);
    line->colour = strcmp(row->verdict, "worse") == 0    ? "\033[31m"
                   : strcmp(row->verdict, "better") == 0 ? "\033[32m"
                                                         : NULL;
}

/* The means of what both sides have; *alone counts what only one has. */
static int put_geomean(struct arena *arena, struct line *line, const struct compared *rows,
                       size_t count, size_t *alone)
{
    double base = 0, new_side = 0, ratio = 0;
    size_t pairs = 0;
    *alone = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(rows[i].base) || isnan(rows[i].value)) {
            ++*alone;
            continue;
        }
        base += log(rows[i].base);
        new_side += log(rows[i].value);
        ratio += log(rows[i].base == 0 && rows[i].value == 0 ? 1 : rows[i].value / rows[i].base);
        pairs++;
    }
    line_init(line);
    if (pairs < 2) return 0;
    double n = (double)pairs;
    set_cell(arena, line, CELL_NAME, "geomean");
    if (isfinite(base) && isfinite(new_side)) {
        char number[UNIT_TEXT_MAX], text[CELL_MAX];
        snprintf(text, sizeof text, "%s %7s", unit_print(number, exp(base / n), rows[0].unit), "");
        set_cell(arena, line, CELL_BASE, text);
        snprintf(text, sizeof text, "%s %7s", unit_print(number, exp(new_side / n), rows[0].unit),
                 "");
        set_cell(arena, line, CELL_NEW, text);
    }
    if (isfinite(ratio)) put_delta(arena, line, exp(ratio / n));
    return 1;
}

static void print_cell(const struct block *block, const struct line *line, int cell,
                       const struct show_style *style)
{
    const char *text = line->cells[cell];
    size_t width = text_width(text), room = block->width[cell] - width;
    int left = cell == CELL_NAME || cell == CELL_VERDICT;
    int coloured =
        style->color && line->colour != NULL && (cell == CELL_DELTA || cell == CELL_VERDICT);
    if (!left) printf("%*s", (int)room, "");
    printf("%s%s%s", coloured ? line->colour : "", text, coloured ? "\033[0m" : "");
    if (left && cell != CELL_VERDICT) printf("%*s", (int)room, "");
}

static void measure(struct block *block)
{
    memset(block->width, 0, sizeof block->width);
    for (size_t i = 0; i < block->count; i++) {
        for (int c = 0; c < CELLS; c++) {
            size_t width = text_width(block->lines[i].cells[c]);
            if (width > block->width[c]) block->width[c] = width;
        }
    }
}

static size_t line_width(const struct block *block)
{
    size_t width = 0;
    for (int c = 0; c < CELLS; c++)
        if (!block->hidden[c]) width += block->width[c] + (c > 0 ? GAP : 0);
    return width;
}

/* What all benchmarks of a block begin with, and the columns of the longest rest. */
struct beginning {
    size_t bytes, longest;
    char *text; /* NUL-terminated */
};

static void find_beginning(struct arena *arena, const struct block *block, size_t rows,
                           struct beginning *out)
{
    struct text_shared shared = {0};
    for (size_t i = 1; i <= rows; i++)
        text_shared_add(&shared, block->lines[i].cells[CELL_NAME]);
    *out = (struct beginning){.bytes = text_shared_bytes(&shared)};
    if (out->bytes > 0) out->text = arena_copy(arena, shared.first, out->bytes);
    if (out->text == NULL) out->bytes = 0;
    for (size_t i = 1; i <= rows; i++) {
        size_t width = text_width(block->lines[i].cells[CELL_NAME] + out->bytes);
        if (width > out->longest) out->longest = width;
    }
}

/* Cuts the names to `columns`: first what they begin with. */
static void cut_names(struct arena *arena, struct block *block, size_t rows,
                      const struct beginning *beginning, size_t columns, int ascii)
{
    size_t room = columns > beginning->longest ? columns - beginning->longest : 0;
    char *mark = beginning->bytes > 0 ? arena_alloc(arena, beginning->bytes + 4) : NULL;
    if (mark != NULL) text_shared_short(mark, beginning->text, room, ascii);
    for (size_t i = 0; i < block->count; i++) {
        struct line *line = &block->lines[i];
        const char *name = line->cells[CELL_NAME];
        if (mark != NULL && i >= 1 && i <= rows)
            name = arena_printf(arena, "%s%s", mark, name + beginning->bytes);
        if (name != NULL) set_name(arena, line, CELL_NAME, name, columns, ascii);
    }
}

/* Makes the lines fit a terminal: names keep what tells them apart, the counts and p go. Returns
 * how many columns are hidden. */
static int fit_block(struct arena *arena, struct block *block, size_t rows,
                     const struct show_style *style)
{
    enum { MARK = 2, LEAST = 16, COMFORT = 32 };
    static const int droppable[] = {CELL_N, CELL_P};
    struct beginning beginning;
    int hidden = 0;
    measure(block);
    size_t name = block->width[CELL_NAME];
    if (style->width == 0 || line_width(block) <= style->width) return 0;
    find_beginning(arena, block, rows, &beginning);
    size_t wanted = beginning.longest + (beginning.bytes > 0 ? MARK : 0);
    if (wanted > COMFORT) wanted = COMFORT;
    for (size_t i = 0; i < sizeof droppable / sizeof droppable[0]; i++) {
        if (line_width(block) - name + wanted <= style->width) break;
        block->hidden[droppable[i]] = 1;
        hidden++;
    }
    size_t others = line_width(block) - name;
    size_t room = style->width > others + LEAST ? style->width - others : LEAST;
    if (room < name) cut_names(arena, block, rows, &beginning, room, style->ascii);
    measure(block);
    return hidden;
}

static void print_block(const struct block *block, const struct show_style *style)
{
    for (size_t i = 0; i < block->count; i++) {
        int last = CELLS - 1;
        while (last > 0 && block->lines[i].cells[last][0] == '\0')
            last--;
        for (int c = 0; c <= last; c++) {
            if (block->hidden[c]) continue;
            if (c > 0) printf("%*s", GAP, "");
            print_cell(block, &block->lines[i], c, style);
        }
        putchar('\n');
    }
}

static int same_block(const struct compared *a, const struct compared *b)
{
    return strcmp(a->measure, b->measure) == 0 && strcmp(a->testbed, b->testbed) == 0 &&
           strcmp(a->project, b->project) == 0 && strcmp(a->unit, b->unit) == 0;
}

/* The heading names what tells this block from others. */
static void block_heading(struct arena *arena, struct line *line, const struct compared *row,
                          const struct side *base, const struct side *new_side,
                          const struct comparison *all, int ascii)
{
    char text[2 * PACE_MAX_NAME + 8];
    int many = 0;
    for (size_t i = 0; i < all->count; i++)
        many |= strcmp(all->rows[i].testbed, row->testbed) != 0;
    snprintf(text, sizeof text, many ? "%s on %s" : "%s", row->measure, row->testbed);
    line_init(line);
    set_name(arena, line, CELL_NAME, text, PACE_MAX_NAME, ascii);
    set_name(arena, line, CELL_BASE, base->label, LABEL_MAX, ascii);
    set_name(arena, line, CELL_NEW, new_side->label, LABEL_MAX, ascii);
    set_cell(arena, line, CELL_DELTA, "change");
    set_cell(arena, line, CELL_P, "p");
    set_cell(arena, line, CELL_N, "n");
}

/* What people look for first stands first. */
static int is_second(const struct compared *row)
{
    return strcmp(row->measure, "latency") != 0;
}

static int compare_blocks(const void *a, const void *b)
{
    const struct compared *x = a, *y = b;
    int order = strcmp(x->project, y->project);
    if (order == 0) order = is_second(x) - is_second(y);
    if (order == 0) order = strcmp(x->measure, y->measure);
    if (order == 0) order = strcmp(x->testbed, y->testbed);
    if (order == 0) order = strcmp(x->unit, y->unit);
    return order != 0 ? order : strcmp(x->benchmark, y->benchmark);
}

void compare_table(struct comparison *comparison, const struct side *base,
                   const struct side *new_side, const struct show_style *style, int changed)
{
    struct compared *rows = comparison->rows;
    struct arena *arena = &comparison->arena;
    struct line *lines = calloc(comparison->count + 2, sizeof *lines);
    size_t differing = 0, printed = 0;
    int hidden = 0;
    if (lines == NULL) return;
    if (comparison->count) qsort(rows, comparison->count, sizeof *rows, compare_blocks);
    for (size_t from = 0, end; from < comparison->count; from = end) {
        struct block block = {.lines = lines, .count = 1};
        size_t alone = 0;
        block_heading(arena, &lines[0], &rows[from], base, new_side, comparison, style->ascii);
        for (end = from; end < comparison->count && same_block(&rows[from], &rows[end]); end++) {
            if (changed && !is_difference(&rows[end])) continue;
            line_init(&lines[block.count]);
            put_row(arena, &lines[block.count++], &rows[end], style->ascii);
        }
        if (changed && block.count == 1) continue;
        size_t shown = block.count - 1;
        block.count +=
            (size_t)put_geomean(arena, &lines[block.count], rows + from, end - from, &alone);
        differing += alone;
        if (printed++ > 0) putchar('\n');
        int fewer = fit_block(arena, &block, shown, style);
        if (fewer > hidden) hidden = fewer;
        print_block(&block, style);
    }
    free(lines);
    if (hidden > 0) printf("not shown at this width: %s\n", hidden > 1 ? "n, p" : "n");
    fflush(stdout);
    if (differing > 0)
        say_note("note: %zu series %s on one side only; geomean is of what both have", differing,
                 differing == 1 ? "is" : "are");
}
