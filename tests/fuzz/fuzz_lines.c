/* fuzz_lines.c -- any bytes as JSON lines. A line that is read is what the store takes: finite or
 * failed, with names and a time; one that is not has an error that names the line. */
#include "../../tools/adapters/lines.h"

#include "../../tools/adapters/scan.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(int promise)
{
    if (!promise) abort();
}

static void look(const struct line_point *point)
{
    const struct pace_cell *cell = &point->cell;
    hold(point->project[0] != '\0' && point->branch[0] != '\0' && point->testbed[0] != '\0');
    hold(cell->benchmark[0] != '\0' && cell->measure[0] != '\0');
    hold(cell->status == PACE_CELL_OK ? isfinite(cell->value) : isnan(cell->value));
    hold(!isinf(cell->lower) && !isinf(cell->upper) && !(cell->lower > cell->upper));
    for (size_t i = 0; i < cell->sample_count; i++)
        hold(isfinite(cell->samples[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct line_defaults defaults = {"p", NULL, NULL, NULL, 1, INT64_C(1) << 60};
    struct scanner scanner = scanner_of((const char *)data, size);
    struct span span;
    while (scan_line(&scanner, &span)) {
        struct arena arena;
        struct line_point point;
        struct pace_error error = {0, ""};
        char *line = malloc(span.len + 1);
        hold(line != NULL);
        memcpy(line, span.text, span.len);
        line[span.len] = '\0';
        arena_init(&arena, 0);
        int code =
            line_parse("input", scanner.number, line, span.len, &defaults, &arena, &error, &point);
        if (code == 0)
            look(&point);
        else
            hold(error.code == code && strncmp(error.message, "input", 5) == 0);
        arena_clear(&arena);
        free(line);
    }
    return 0;
}
