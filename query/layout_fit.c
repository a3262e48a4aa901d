/* layout_fit.c -- makes the lines of a table fit a width: names are cut in the middle, columns that say
 * least are hidden, numbers are left whole. See layout.h. */
#include "layout.h"

#include <string.h>

size_t layout_width(const struct layout *layout)
{
    size_t width = 0;
    for (size_t c = 0; c < layout->column_count; c++) {
        if (layout->columns[c].hidden) continue;
        width += layout->columns[c].width + (width ? LAYOUT_GAP : 0);
    }
    return width;
}

/* Cuts the names of a column to its width. */
static int column_cut(struct layout_column *column, struct arena *arena, size_t rows, bool ascii)
{
    const char *last = NULL;
    for (size_t r = 0; r < rows; r++) {
        struct layout_cell *cell = &column->cells[r];
        if (cell->width[0] <= column->width) continue;
        if (cell->part[0] == last) {
            cell->part[0] = column->cells[r - 1].part[0];
            cell->width[0] = column->cells[r - 1].width[0];
            continue;
        }
        last = cell->part[0];
        char *cut = arena_alloc(arena, strlen(last) + 4);
        if (!cut) return PACE_ENOMEM;
        cell->width[0] = (unsigned)text_shorten(cut, last, column->width, ascii);
        cell->part[0] = cut;
    }
    return 0;
}

static size_t least_width(const struct layout_column *column, size_t least)
{
    size_t name = text_width(column->name);
    return name > least ? name : least;
}

/* Takes columns away from the widest names, one after the other, until the line fits or all names
 * are down to `least`. */
static void narrow_names(struct layout *layout, size_t width, size_t least)
{
    for (size_t total = layout_width(layout); total > width; total--) {
        struct layout_column *widest = NULL;
        for (size_t c = 0; c < layout->column_count; c++) {
            struct layout_column *column = &layout->columns[c];
            if (column->hidden || !column->cut_allowed) continue;
            if (column->width <= least_width(column, least)) continue;
            if (!widest || column->width > widest->width) widest = column;
        }
        if (!widest) return;
        widest->width--;
    }
}

static void set_hidden(struct layout *layout, const char *name, bool hidden)
{
    for (size_t c = 0; c < layout->column_count; c++) {
        if (strcmp(layout->columns[c].name, name) == 0) layout->columns[c].hidden = hidden;
    }
}

/* Hides the columns that a person misses least, until the line fits. */
static int hide_columns(struct layout *layout, struct arena *arena, size_t width)
{
    static const char *const droppable[] = {"mean_before", "mean_after",    "event_changes",
                                            "event",       "latest_commit", "earliest_commit",
                                            "spread",      "low_limit",     "run",
                                            "n_base",      "ci_low",        "ci_high",
                                            "n",           "score",         "p",
                                            "before",      "good_commit",   "high_limit",
                                            "from_commit"};
    enum { DROPPABLE = sizeof droppable / sizeof droppable[0] };
    size_t hidden = 0;
    for (; hidden < DROPPABLE && layout_width(layout) > width; hidden++)
        set_hidden(layout, droppable[hidden], true);
    /* Some of the first may fit beside what the last one left free. */
    for (size_t i = hidden; i-- > 0;) {
        set_hidden(layout, droppable[i], false);
        if (layout_width(layout) > width) set_hidden(layout, droppable[i], true);
    }
    for (size_t c = 0; c < layout->column_count; c++) {
        const struct layout_column *column = &layout->columns[c];
        if (!column->hidden) continue;
        layout->dropped = layout->dropped
                              ? arena_printf(arena, "%s, %s", layout->dropped, column->name)
                              : column->name;
        if (!layout->dropped) return PACE_ENOMEM;
    }
    return 0;
}

int layout_fit(struct layout *layout, struct arena *arena, size_t width, bool ascii)
{
    enum {
        COMFORT = 24,
        LEAST = 12
    }; /* columns that names keep before and after columns are hidden */
    if (width == 0) return 0;
    narrow_names(layout, width, COMFORT);
    if (hide_columns(layout, arena, width)) return PACE_ENOMEM;
    narrow_names(layout, width, LEAST);
    for (size_t c = 0; c < layout->column_count; c++) {
        struct layout_column *column = &layout->columns[c];
        if (!column->cut_allowed) continue;
        if (column_cut(column, arena, layout->row_count, ascii)) return PACE_ENOMEM;
    }
    return 0;
}
