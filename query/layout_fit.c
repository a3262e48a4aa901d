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

/* -- names ------------------------------------------------------------------------------------- */

static bool is_name(const struct layout_cell *cell)
{
    return cell->part[0][0] && strcmp(cell->part[0], "-") != 0; /* "-": missing */
}

/* Whether a name may be parted behind this byte: what follows is a name by itself. */
static bool parts_behind(const char *text, size_t at)
{
    if (text[at] == '.') return text[at + 1] < '0' || text[at + 1] > '9'; /* not in 1.5 */
    return text[at] && strchr("/:# \\", text[at]);
}

/* Bytes at the beginning that all names have: whole parts like "tests/test_api.py::", which tell the
 * rows apart in nothing. 0 where there are none, or there is one name alone. */
static size_t shared_bytes(const struct layout_column *column, size_t rows)
{
    const char *first = NULL;
    size_t shared = 0;
    bool differ = false;
    for (size_t r = 0; r < rows; r++) {
        const char *text = column->cells[r].part[0];
        if (!is_name(&column->cells[r]) || text == first) continue;
        if (!first) {
            first = text;
            shared = strlen(text);
        }
        size_t same = 0;
        while (same < shared && text[same] == first[same])
            same++;
        if (text[same] || first[same]) differ = true;
        /* Something is left of each. */
        shared = text[same] || same == 0 ? same : same - 1;
        if (shared == 0) return 0;
    }
    if (!differ) return 0;
    while (shared > 0 && !parts_behind(first, shared - 1))
        shared--;
    return shared;
}

static int find_shared(struct layout_column *column, struct arena *arena, size_t rows)
{
    size_t r = 0;
    column->whole = column->width;
    column->shared = shared_bytes(column, rows);
    if (column->shared == 0) return 0;
    while (!is_name(&column->cells[r]))
        r++;
    const char *beginning = arena_copy(arena, column->cells[r].part[0], column->shared);
    if (!beginning) return PACE_ENOMEM;
    column->own = column->whole - text_width(beginning);
    return 0;
}

/* What stands for the shared beginning: the mark, and of its parts the last ones that there is room for. */
static char *shared_short(const struct layout_column *column, struct arena *arena, size_t row,
                          bool ascii)
{
    const char *mark = ascii ? ".." : "\xe2\x80\xa6", *rest = "";
    size_t room = column->width > column->own ? column->width - column->own : 0;
    const char *whole = arena_copy(arena, column->cells[row].part[0], column->shared);
    bool is_path = whole && strpbrk(whole, "/:"); /* then a dot is of a file's name */
    for (size_t i = 1; whole && i < column->shared && !rest[0]; i++)
        if (parts_behind(whole, i - 1) && !parts_behind(whole, i) &&
            !(is_path && whole[i - 1] == '.') && text_width(whole + i) + text_width(mark) <= room)
            rest = whole + i;
    return whole ? arena_printf(arena, "%s%s", mark, rest) : NULL;
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
            if (shorter && !beginning) beginning = shared_short(column, arena, r, ascii);
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
                                            "q",           "before",        "worse",
                                            "fired",       "time"};
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
