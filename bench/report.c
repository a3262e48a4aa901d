/* report.c -- the table that every program of bench/ prints. */
#include "report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum { WHAT_WIDTH = 48, CELL_WIDTH = 11, CELL_BYTES = 32 };

struct prefix {
    double least;
    double one;
    const char *text;
};
static const struct prefix TIME[] = {
    {1, 1, " s"}, {1e-3, 1e-3, " ms"}, {1e-6, 1e-6, " us"}, {0, 1e-9, " ns"}};
static const struct prefix BYTES[] = {{1e6, 1e6, " MB"}, {1e3, 1e3, " KB"}, {0, 1, " B"}};
static const struct prefix RATE[] = {{1e6, 1e6, " M/s"}, {1e4, 1e3, " k/s"}, {0, 1, " /s"}};
static const struct prefix TIMES[] = {{0, 1, "x"}};
static const struct prefix *const PREFIXES[] = {
    [FIGURE_TIME] = TIME, [FIGURE_BYTES] = BYTES, [FIGURE_RATE] = RATE, [FIGURE_TIMES] = TIMES};

static unsigned bars[2]; /* missed, met */

/* Three digits that count, and a unit. */
static const char *cell(char out[CELL_BYTES], enum figure figure, double value)
{
    const struct prefix *prefix = PREFIXES[figure];
    if (value <= 0) return "";
    while (value < prefix->least)
        prefix++;
    double shown = value / prefix->one;
    snprintf(out, CELL_BYTES, "%.*f%s", shown < 10 ? 2 : shown < 100 ? 1 : 0, shown, prefix->text);
    return out;
}

static void line(const char *what, const char *ours, const char *peer, const char *ratio,
                 const char *bar, const char *verdict)
{
    printf("  %-*.*s %*s %*s %8s %*s  %s\n", WHAT_WIDTH, WHAT_WIDTH, what, CELL_WIDTH, ours,
           CELL_WIDTH, peer, ratio, CELL_WIDTH, bar, verdict);
}

void report_begin(const char *title, const char *peer)
{
    printf("\n%s\n\n", title);
    line("", "pace", peer, *peer ? "ratio" : "", "bar", "");
}

static const char *judge(bool met)
{
    bars[met]++;
    return met ? "met" : "missed";
}

/* The bar is on the ratio when `least` is not 0. */
static void print_row(struct row row, double least)
{
    char ours[CELL_BYTES], peer[CELL_BYTES], bar[CELL_BYTES] = "", ratio[CELL_BYTES] = "";
    bool more_is_better = row.figure == FIGURE_RATE;
    const char *verdict = "", *limit = bar;
    double better = 0;
    if (row.peer > 0 && row.ours > 0) {
        better = more_is_better ? row.ours / row.peer : row.peer / row.ours;
        snprintf(ratio, sizeof ratio, "%.*fx", better < 10 ? 2 : better < 100 ? 1 : 0, better);
    }
    if (least > 0 && better > 0) {
        snprintf(bar, sizeof bar, "%gx", least);
        verdict = judge(better >= least);
    } else if (row.bar > 0) {
        limit = cell(bar, row.figure, row.bar);
        verdict = judge(more_is_better ? row.ours >= row.bar : row.ours <= row.bar);
    }
    line(row.what, cell(ours, row.figure, row.ours), cell(peer, row.figure, row.peer), ratio, limit,
         verdict);
    fflush(stdout);
}

void report_row(struct row row)
{
    print_row(row, 0);
}

void report_against(struct row row, double least)
{
    print_row(row, least);
}

void report_count(unsigned *met, unsigned *missed)
{
    *met = bars[true];
    *missed = bars[false];
}

void report_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("  ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
}
