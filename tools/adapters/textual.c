/* textual.c -- harnesses that print a line a benchmark. */
#include "textual.h"

int textual_recognise(const struct input *input, textual_function *take)
{
    size_t len = input->len < READING_LOOK ? input->len : READING_LOOK;
    struct scanner scanner = scanner_of(input->text, len);
    struct textual lines = {0};
    while (scan_line(&scanner, &lines.line)) {
        if (take(&lines) == IS_RESULT) return 2;
    }
    return 0;
}

int textual_read(const struct input *input, const struct adapter_sink *sink,
                 struct pace_error *error, const char *harness, textual_function *take)
{
    struct reading reading;
    struct textual lines = {.reading = &reading};
    struct scanner scanner = scanner_of(input->text, input->len);
    int code = 0;
    reading_begin(&reading, input, sink, error);
    if (input->len > 0 && (code = reading_run(&reading, NULL)) == 0)
        code = reading_meta(&reading, "harness", harness);
    while (code == 0 && scan_line(&scanner, &lines.line)) {
        lines.number = scanner.number;
        lines.complete = scanner.complete;
        int taken = take(&lines);
        lines.before = lines.line;
        if (taken == IS_RESULT)
            lines.taken++;
        else
            code = taken;
    }
    if (code == 0 && lines.taken == 0)
        code = reading_fail(&reading, "none of its %llu lines is a result of %s",
                            (unsigned long long)scanner.number, harness);
    return reading_end(&reading, code);
}

int textual_skip(const struct textual *lines, const char *why)
{
    if (lines->reading != NULL)
        reading_warn(lines->reading, "line %llu: %s; the line is skipped",
                     (unsigned long long)lines->number, why);
    return 0;
}

const char *textual_name(const struct textual *lines, struct span name)
{
    return reading_name(lines->reading, name.text, name.len);
}

int textual_put(const struct textual *lines, struct span name, const char *measure,
                const char *unit, enum pace_direction direction, double value, double lower,
                double upper)
{
    const char *benchmark = textual_name(lines, name);
    if (benchmark == NULL) return reading_no_memory(lines->reading);
    struct pace_cell cell = cell_make(benchmark, measure, unit, direction, value);
    cell_bounds(&cell, lower, upper);
    int code = reading_put(lines->reading, &cell);
    return code != 0 ? code : IS_RESULT;
}
