/* catch2.c -- Catch2's benchmarks, as its console and XML reporters print them.
 *
 * A benchmark is `Test case: benchmark`, sections behind the test case. `latency` is the mean with
 * bounds of one standard deviation; Catch2's own intervals are companions. */
#include "reading.h"
#include "scan.h"
#include "xml.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const char header[] = "benchmark name";

int catch2_recognise(const struct input *input)
{
    if (input_first(input) == '<')
        return input_has(input, "<BenchmarkResults ") ||
                       (input_has(input, "<Catch") && input_has(input, "<TestCase "))
                   ? 2
                   : 0;
    return input_has(input, "\nbenchmark name ") && input_has(input, "std dev") ? 2 : 0;
}

/* What both reporters say of one benchmark, in ns. */
struct result {
    const char *name;
    double samples, iterations, estimated;
    double mean[3], deviation[3]; /* value, lower, upper */
};

static int put_result(struct reading *reading, const struct result *result)
{
    const double *mean = result->mean, *deviation = result->deviation;
    const struct {
        const char *measure, *unit;
        enum pace_direction direction;
        double value, lower, upper;
    } rows[] = {
        {"latency", "ns", PACE_LOWER_IS_BETTER, mean[0], mean[0] - deviation[0],
         mean[0] + deviation[0]},
        {"latency.mean", "ns", PACE_LOWER_IS_BETTER, mean[0], mean[1], mean[2]},
        {"latency.stddev", "ns", PACE_LOWER_IS_BETTER, deviation[0], deviation[1], deviation[2]},
        {"latency.samples", "count", PACE_DIRECTION_UNKNOWN, result->samples, NAN, NAN},
        {"latency.iterations", "count", PACE_DIRECTION_UNKNOWN, result->iterations, NAN, NAN},
        {"latency.estimated", "ns", PACE_DIRECTION_UNKNOWN, result->estimated, NAN, NAN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace_cell cell = cell_make(result->name, rows[i].measure, rows[i].unit,
                                          rows[i].direction, rows[i].value);
        if (i > 2 && isnan(rows[i].value)) continue;
        cell_bounds(&cell, rows[i].lower, rows[i].upper);
        int code = reading_put(reading, &cell);
        if (code != 0) return code;
    }
    return 0;
}

/* -- console ----------------------------------------------------------------------------------- */

enum console_place { OUTSIDE, IN_TITLE, AFTER_TITLE, IN_RESULTS };

struct console {
    struct reading *reading;
    enum console_place place;
    char *title;     /* of the test case and its sections */
    char *before;    /* lines of a name above its numbers */
    char *benchmark; /* its name so far */
    int rows;        /* lines of the result so far */
    struct result result;
};

static int is_ruler(struct span line, char c)
{
    size_t len = 0;
    while (len < line.len && line.text[len] == c)
        len++;
    return len == line.len && len >= 20;
}

/* Takes a word off the end of *rest. */
static int last_word(struct span *rest, struct span *word)
{
    *rest = span_trim(*rest);
    size_t start = rest->len;
    while (start > 0 && rest->text[start - 1] != ' ')
        start--;
    *word = span_from(*rest, start);
    *rest = span_trim(span_upto(*rest, start));
    return word->len > 0;
}

/* Takes "1.5 us" off the end, as ns. */
static int last_time(struct span *rest, double *out)
{
    struct span unit, number;
    double factor;
    if (!last_word(rest, &unit) || (factor = time_factor(unit)) <= 0 || !last_word(rest, &number) ||
        !span_number(number, out))
        return 0;
    *out *= factor;
    return 1;
}

/* The first line of a result: name, samples, iterations, time. */
static int take_first(struct console *console, struct span line)
{
    struct span rest = line, word;
    struct result result = {0};
    if (!last_time(&rest, &result.estimated) || !last_word(&rest, &word) ||
        !span_number(word, &result.iterations) || !last_word(&rest, &word) ||
        !span_number(word, &result.samples) || rest.len == 0)
        return 0;
    const char *name = reading_name(console->reading, rest.text, rest.len);
    console->benchmark = name == NULL
                             ? NULL
                             : reading_print(console->reading, "%s%s%s",
                                             console->before != NULL ? console->before : "",
                                             console->before != NULL ? " " : "", name);
    console->before = NULL;
    console->result = result;
    console->rows = 1;
    return 1;
}

/* The second and third line: three times, and what the name has more. */
static int take_triple(struct console *console, struct span line, double out[3])
{
    struct span rest = line;
    if (!last_time(&rest, &out[2]) || !last_time(&rest, &out[1]) || !last_time(&rest, &out[0]))
        return 0;
    if (rest.len > 0 && console->benchmark != NULL)
        console->benchmark = reading_print(console->reading, "%s %s", console->benchmark,
                                           reading_name(console->reading, rest.text, rest.len));
    console->rows++;
    return 1;
}

static int end_result(struct console *console)
{
    if (console->rows < 3) return 0;
    console->rows = 0;
    if (console->title == NULL || console->benchmark == NULL)
        return reading_no_memory(console->reading);
    console->result.name =
        console->title[0] != '\0'
            ? reading_print(console->reading, "%s: %s", console->title, console->benchmark)
            : console->benchmark;
    return console->result.name == NULL ? reading_no_memory(console->reading)
                                        : put_result(console->reading, &console->result);
}

/* A line of a name alone: the beginning of a name that did not fit, or its end. */
static int take_name(struct console *console, struct span text)
{
    const char *more = reading_name(console->reading, text.text, text.len);
    char **name = console->rows == 0 ? &console->before : &console->benchmark;
    if (more != NULL)
        *name = *name == NULL ? reading_print(console->reading, "%s", more)
                              : reading_print(console->reading, "%s %s", *name, more);
    return more == NULL || *name == NULL ? reading_no_memory(console->reading) : 0;
}

static void warn_cut(const struct console *console, uint64_t number)
{
    reading_warn(console->reading, "line %llu: the result of '%.200s' is cut off; it is skipped",
                 (unsigned long long)number, console->benchmark != NULL ? console->benchmark : "");
}

static int take_result_line(struct console *console, struct span line, uint64_t number)
{
    struct span text = span_trim(line), rest = line;
    double time;
    if (console->rows == 1 && take_triple(console, line, console->result.mean)) return 0;
    if (console->rows == 2 && take_triple(console, line, console->result.deviation)) return 0;
    int named = text.len > 0 && !last_time(&rest, &time) && !is_ruler(line, '-');
    if (named && (console->rows == 0 || console->rows == 3)) return take_name(console, text);
    int code = end_result(console);
    if (code != 0) return code;
    if (console->rows > 0) warn_cut(console, number);
    console->rows = 0;
    if (!take_first(console, line)) console->before = NULL;
    return console->reading->arena.failed ? reading_no_memory(console->reading) : 0;
}

/* Rulers: ---- title ---- place .... results. */
static int take_console_line(struct console *console, struct span line, uint64_t number)
{
    struct span text = span_trim(line);
    int code = 0;
    if (is_ruler(line, '-') && console->place != AFTER_TITLE) {
        console->before = NULL; /* what stood above is the table's heading */
        if (console->place == IN_RESULTS) {
            /* under the heading of the table, or above the next title */
            if ((code = end_result(console)) != 0 || console->benchmark == NULL) return code;
        }
        console->place = console->place == IN_TITLE ? AFTER_TITLE : IN_TITLE;
        if (console->place == IN_TITLE) console->title = reading_print(console->reading, "%s", "");
        return 0;
    }
    if (is_ruler(line, '=')) {
        code = end_result(console);
        console->place = OUTSIDE;
        return code;
    }
    if (span_begins(line, header)) {
        console->place = IN_RESULTS;
        console->benchmark = NULL;
        return 0;
    }
    if (console->place == IN_TITLE && text.len > 0 && console->title != NULL)
        console->title = reading_print(console->reading, "%s%s%s", console->title,
                                       console->title[0] != '\0' ? " " : "",
                                       reading_name(console->reading, text.text, text.len));
    return console->place == IN_RESULTS ? take_result_line(console, line, number) : 0;
}

static int read_console(struct reading *reading)
{
    struct scanner scanner = scanner_of(reading->input->text, reading->input->len);
    struct console console = {.reading = reading, .title = reading_print(reading, "%s", "")};
    struct span line;
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "Catch2");
    while (code == 0 && scan_line(&scanner, &line))
        code = take_console_line(&console, line, scanner.number);
    if (code == 0) code = end_result(&console);
    if (code == 0 && console.rows > 0) warn_cut(&console, scanner.number);
    if (code == 0 && reading->cells.count == 0)
        return reading_fail(reading, "none of its %llu lines is a result of Catch2",
                            (unsigned long long)scanner.number);
    return code;
}

/* -- XML --------------------------------------------------------------------------------------- */

struct document {
    struct reading *reading;
    char *titles[XML_DEPTH_MAX + 1]; /* of the test case and each section that is open */
    size_t depth;
    int in_result, failed;
    struct result result;
};

static double number_attribute(const char **attributes, const char *name)
{
    double number = (double)NAN;
    (void)span_number(span_trim(span_of(xml_attribute(attributes, name))), &number);
    return number;
}

static void read_interval(const char **attributes, double out[3])
{
    out[0] = number_attribute(attributes, "value");
    out[1] = number_attribute(attributes, "lowerBound");
    out[2] = number_attribute(attributes, "upperBound");
}

static int begin_result(struct document *document, const char **attributes)
{
    const char *title = document->depth > 0 ? document->titles[document->depth - 1] : "";
    const char *name = xml_attribute(attributes, "name");
    char *full = title[0] != '\0' ? reading_print(document->reading, "%s: %s", title, name)
                                  : reading_print(document->reading, "%s", name);
    document->result = (struct result){
        .samples = number_attribute(attributes, "samples"),
        .iterations = number_attribute(attributes, "iterations"),
        .estimated = number_attribute(attributes, "estimatedDuration"),
        .mean = {NAN, NAN, NAN},
        .deviation = {NAN, NAN, NAN},
    };
    document->in_result = 1;
    document->failed = 0;
    if (full != NULL) full = reading_name(document->reading, full, strlen(full));
    document->result.name = full;
    return full == NULL ? reading_no_memory(document->reading) : 0;
}

static int on_begin(void *context, const char *name, const char **attributes, unsigned long line)
{
    struct document *document = context;
    (void)line;
    if (strcmp(name, "TestCase") == 0 || strcmp(name, "Section") == 0) {
        const char *outer = document->depth > 0 ? document->titles[document->depth - 1] : "";
        char *title = reading_print(document->reading, "%s%s%s", outer, outer[0] != '\0' ? " " : "",
                                    xml_attribute(attributes, "name"));
        if (title == NULL) return reading_no_memory(document->reading);
        document->titles[document->depth++] = title; /* no deeper than XML_DEPTH_MAX */
    } else if (strcmp(name, "BenchmarkResults") == 0) {
        return begin_result(document, attributes);
    } else if (document->in_result && strcmp(name, "mean") == 0) {
        read_interval(attributes, document->result.mean);
    } else if (document->in_result && strcmp(name, "standardDeviation") == 0) {
        read_interval(attributes, document->result.deviation);
    } else if (document->in_result && strcmp(name, "failed") == 0) {
        reading_warn(document->reading, "'%.200s' failed: %.200s", document->result.name,
                     xml_attribute(attributes, "message"));
    } else if (document->in_result && strcmp(name, "outliers") == 0) {
        static const char *const keys[] = {"lowMild", "lowSevere", "highMild", "highSevere"};
        double sum = 0;
        for (size_t i = 0; i < 4; i++)
            sum += number_attribute(attributes, keys[i]);
        return reading_value(document->reading, document->result.name, "latency.outliers", "count",
                             PACE_DIRECTION_UNKNOWN, sum);
    }
    return 0;
}

static int on_end(void *context, const char *name)
{
    struct document *document = context;
    if ((strcmp(name, "TestCase") == 0 || strcmp(name, "Section") == 0) && document->depth > 0)
        document->depth--;
    if (strcmp(name, "BenchmarkResults") != 0 || !document->in_result) return 0;
    document->in_result = 0;
    return put_result(document->reading, &document->result);
}

static int read_xml(struct reading *reading)
{
    struct document document = {.reading = reading};
    struct xml_handler handler = {on_begin, on_end, NULL, &document};
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "Catch2");
    if (code == 0) code = xml_read(reading, &handler);
    if (code == 0 && reading->cells.count == 0)
        return reading_fail(reading, "it has no element BenchmarkResults");
    return code;
}

int catch2_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    struct reading reading;
    reading_begin(&reading, input, sink, error);
    return reading_end(&reading,
                       input_first(input) == '<' ? read_xml(&reading) : read_console(&reading));
}
