/* layout_fit.c -- makes the lines of a table fit a width: names are cut in the middle, columns that
 * say least are hidden, numbers are left whole. See layout.h. */
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

/* -- names ------------------------------------------------------------------------------------- */

static bool is_name(const struct layout_cell *cell)
{
    return cell->part[0][0] && strcmp(cell->part[0], "-") != 0; /* "-": missing */
}

static int find_shared(struct layout_column *column, struct arena *arena, size_t rows)
{
    struct text_shared shared = {0};
    column->whole = column->width;
    for (size_t r = 0; r < rows; r++)
        if (is_name(&column->cells[r])) text_shared_add(&shared, column->cells[r].part[0]);
    column->shared = text_shared_bytes(&shared);
    if (column->shared == 0) return 0;
    const char *beginning = arena_copy(arena, shared.first, column->shared);
    if (!beginning) return PACE_ENOMEM;
    column->own = column->whole - text_width(beginning);
    return 0;
}

/* What stands for the shared beginning in the room that the longest name leaves. */
static const char *shared_short(const struct layout_column *column, struct arena *arena,
                                const char *name, bool ascii)
{
    size_t room = column->width > column->own ? column->width - column->own : 0;
    const char *beginning = arena_copy(arena, name, column->shared);
    char *text = beginning ? arena_alloc(arena, column->shared + 4) : NULL;
    if (text) text_shared_short(text, beginning, room, ascii);
    return text;
}

/* Cuts the names of a column to its width. */
static int column_cut(struct layout_column *column, struct arena *arena, size_t rows, bool ascii)
{
    const char *last = NULL, *beginning = NULL;
    struct layout_cell done = {0}; /* what became of `last` */
    size_t widest = text_width(column->name);
    if (column->whole <= column->width) return 0;
    for (size_t r = 0; r < rows; r++) {
        struct layout_cell *cell = &column->cells[r];
        bool shorter = column->shared && is_name(cell);
        if (cell->part[0] == last) {
            cell->part[0] = done.part[0];
            cell->width[0] = done.width[0];
        } else if (shorter || cell->width[0] > column->width) {
            last = cell->part[0];
            if (shorter && !beginning) beginning = shared_short(column, arena, last, ascii);
            const char *name = shorter && beginning
                                   ? arena_printf(arena, "%s%s", beginning, last + column->shared)
                                   : last;
            char *cut = name ? arena_alloc(arena, strlen(name) + 4) : NULL;
            if (!cut) return PACE_ENOMEM;
            cell->width[0] = (unsigned)text_shorten(cut, name, column->width, ascii);
            cell->part[0] = cut;
            done = *cell;
        }
        if (cell->width[0] > widest) widest = cell->width[0];
    }
    column->width = widest;
    return 0;
}

/* -- columns ----------------------------------------------------------------------------------- */

enum {
    COMFORT =
        24, /* columns that names keep before columns are hidden; less where the rest is shared */
    LEAST = 12, /* and after that */
    MARK = 2,   /* columns of what stands for the rest */
};

static size_t least_width(const struct layout_column *column, size_t least)
{
    size_t name = text_width(column->name);
    if (column->shared && column->whole > least && column->own + MARK < least)
        least = column->own + MARK > LEAST ? column->own + MARK : LEAST;
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

/* Gives names back what hiding columns left free. */
static void widen_names(struct layout *layout, size_t width)
{
    size_t used = layout_width(layout);
    for (size_t c = 0; c < layout->column_count && used < width; c++) {
        struct layout_column *column = &layout->columns[c];
        if (column->hidden || !column->cut_allowed || column->whole <= column->width) continue;
        size_t more = column->whole - column->width;
        if (more > width - used) more = width - used;
        column->width += more;
        used += more;
    }
}

static void set_hidden(struct layout *layout, const char *name, bool hidden)
{
    for (size_t c = 0; c < layout->column_count; c++) {
        if (strcmp(layout->columns[c].name, name) == 0) layout->columns[c].hidden = hidden;
    }
}

static bool has_commit(const struct layout *layout)
{
    for (size_t c = 0; c < layout->column_count; c++)
        if (strcmp(layout->columns[c].name, "commit") == 0 ||
            strcmp(layout->columns[c].name, "bad_commit") == 0)
            return true;
    return false;
}

/* Hides the columns that a person misses least, until the line fits. */
static int hide_columns(struct layout *layout, struct arena *arena, size_t width)
{
    static const char *const droppable[] = {"mean_before", "mean_after",    "event_changes",
                                            "event",       "latest_commit", "earliest_commit",
                                            "spread",      "low_limit",     "run",
                                            "n_base",      "ci_low",        "ci_high",
                                            "n",           "score",         "p",
                                            "effect",      "from_commit",   "good_commit",
                                            "high_limit",  "kind",          "recovered",
                                            "flags",       "start_point",   "q",
                                            "before",      "worse",         "cells",
                                            "samples",     "base",          "fired",
                                            "time"};
    enum { TIMES = 2, DROPPABLE = sizeof droppable / sizeof droppable[0] };
    size_t most = has_commit(layout) ? DROPPABLE : DROPPABLE - TIMES;
    size_t hidden = 0;
    for (; hidden < most && layout_width(layout) > width; hidden++)
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
    if (width == 0 || layout_width(layout) <= width) return 0;
    for (size_t c = 0; c < layout->column_count; c++) {
        struct layout_column *column = &layout->columns[c];
        if (column->cut_allowed && find_shared(column, arena, layout->row_count))
            return PACE_ENOMEM;
    }
    narrow_names(layout, width, COMFORT);
    if (hide_columns(layout, arena, width)) return PACE_ENOMEM;
    narrow_names(layout, width, LEAST);
    widen_names(layout, width);
    for (size_t c = 0; c < layout->column_count; c++) {
        struct layout_column *column = &layout->columns[c];
        if (!column->cut_allowed) continue;
        if (column_cut(column, arena, layout->row_count, ascii)) return PACE_ENOMEM;
    }
    return 0;
}
