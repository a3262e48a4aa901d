/* phpbench.c -- PHPBench's XML (--dump-file). Times in it are microseconds.
 *
 * A benchmark is `Class::subject`, with the name of its parameter set where it has one. `latency` is
 * the mean of the iterations' times a revolution, with bounds of one standard deviation. */
#include "reading.h"
#include "scan.h"
#include "xml.h"

#include <math.h>
#include <string.h>

int phpbench_recognise(const struct input *input)
{
    return input_first(input) == '<' && input_has(input, "<phpbench ") ? 2 : 0;
}

enum { ITERATIONS_MAX = 1 << 16, MEMORIES = 3 };

/* Of an iteration: the peak, what PHP had of the system, and what was in use at its end. */
static const char *const memories[MEMORIES][2] = {
    {"mem-peak", "memory"}, {"mem-real", "memory.real"}, {"mem-final", "memory.final"}};

struct values {
    double *values;
    size_t count;
};

struct document {
    struct reading *reading;
    char *class_name, *subject, *set, *parameters;
    struct values times, memory[MEMORIES]; /* of the variant's iterations */
    double stats[8];                       /* as in stat_rows; NAN when absent */
};

static const struct statistic stat_rows[] = {
#define NS "ns", 1e3, PACE_LOWER_IS_BETTER
    {"mean", NULL, NS},
    {"stdev", "latency.stddev", NS},
    {"min", "latency.min", NS},
    {"max", "latency.max", NS},
    {"mode", "latency.mode", NS},
    {"sum", "latency.total", NS},
    {"rstdev", "latency.rstdev", "%", 1, PACE_LOWER_IS_BETTER},
    {"variance", "latency.variance", "ns^2", 1e6, PACE_LOWER_IS_BETTER},
#undef NS
};

static double number_attribute(const char **attributes, const char *name)
{
    double number = (double)NAN;
    (void)span_number(span_trim(span_of(xml_attribute(attributes, name))), &number);
    return number;
}

static char *copy_attribute(struct document *document, const char **attributes, const char *name)
{
    const char *value = xml_attribute(attributes, name);
    return reading_name(document->reading, value, strlen(value));
}

/* A value of an iteration: kept up to ITERATIONS_MAX. */
static int keep(struct document *document, double value, struct values *list)
{
    size_t count = list->count;
    if (!isfinite(value) || count == ITERATIONS_MAX) return 0;
    if ((count & (count - 1)) == 0) { /* full: 0, 1, 2, 4, ... */
        double *grown =
            arena_array(&document->reading->arena, count == 0 ? 1 : count * 2, sizeof *grown);
        if (grown == NULL) return reading_no_memory(document->reading);
        if (count > 0) memcpy(grown, list->values, count * sizeof *grown);
        list->values = grown;
    }
    list->values[list->count++] = value;
    return 0;
}

static void forget_iterations(struct document *document)
{
    document->times = (struct values){NULL, 0};
    for (size_t i = 0; i < MEMORIES; i++)
        document->memory[i] = (struct values){NULL, 0};
}

static int begin_iteration(struct document *document, const char **attributes)
{
    double time = number_attribute(attributes, "time-avg");
    double revolutions = number_attribute(attributes, "time-revs");
    if (isnan(time)) {
        time = number_attribute(attributes, "time-net");
        if (revolutions > 0) time /= revolutions;
    }
    int code = keep(document, time * 1e3, &document->times);
    for (size_t i = 0; i < MEMORIES && code == 0; i++)
        code = keep(document, number_attribute(attributes, memories[i][0]), &document->memory[i]);
    return code;
}

static int on_begin(void *context, const char *name, const char **attributes, unsigned long line)
{
    struct document *document = context;
    struct reading *reading = document->reading;
    (void)line;
    if (strcmp(name, "benchmark") == 0) {
        document->class_name = copy_attribute(document, attributes, "class");
    } else if (strcmp(name, "subject") == 0) {
        document->subject = copy_attribute(document, attributes, "name");
    } else if (strcmp(name, "variant") == 0) {
        document->set = document->parameters = NULL;
        forget_iterations(document);
        for (size_t i = 0; i < 8; i++)
            document->stats[i] = (double)NAN;
    } else if (strcmp(name, "parameter-set") == 0) {
        document->set = copy_attribute(document, attributes, "name");
    } else if (strcmp(name, "parameter") == 0) {
        document->parameters = reading_print(
            reading, "%s%s%s=%s", document->parameters != NULL ? document->parameters : "",
            document->parameters != NULL ? ", " : "", xml_attribute(attributes, "name"),
            xml_attribute(attributes, "value"));
    } else if (strcmp(name, "iteration") == 0) {
        return begin_iteration(document, attributes);
    } else if (strcmp(name, "stats") == 0) {
        for (size_t i = 0; i < 8; i++)
            document->stats[i] = number_attribute(attributes, stat_rows[i].key);
    }
    return reading->arena.failed ? reading_no_memory(reading) : 0;
}

static int put_variant(struct document *document, const char *name)
{
    struct reading *reading = document->reading;
    double mean = document->stats[0] * 1e3, deviation = document->stats[1] * 1e3;
    struct pace_cell cell = cell_make(name, "latency", "ns", PACE_LOWER_IS_BETTER, mean);
    cell.samples = document->times.values;
    cell.sample_count = document->times.count;
    int code = isnan(mean) && cell.sample_count > 0 ? reading_median(reading, &cell) : 0;
    cell_bounds(&cell, mean - deviation, mean + deviation);
    if (code == 0) code = reading_put(reading, &cell);
    for (size_t i = 1; i < 8 && code == 0; i++) {
        if (isfinite(document->stats[i]))
            code = reading_value(reading, name, stat_rows[i].measure, stat_rows[i].unit,
                                 stat_rows[i].direction, document->stats[i] * stat_rows[i].factor);
    }
    for (size_t i = 0; i < MEMORIES && code == 0; i++) {
        if (document->memory[i].count == 0) continue;
        cell = cell_make(name, memories[i][1], "B", PACE_LOWER_IS_BETTER, (double)NAN);
        cell.samples = document->memory[i].values;
        cell.sample_count = document->memory[i].count;
        code = reading_median(reading, &cell);
        if (code == 0) code = reading_put(reading, &cell);
    }
    forget_iterations(document);
    return code;
}

static int on_end(void *context, const char *name)
{
    struct document *document = context;
    struct reading *reading = document->reading;
    if (strcmp(name, "variant") != 0) return 0;
    if (document->class_name == NULL || document->subject == NULL)
        return reading_fail(reading, "a variant stands outside of a benchmark and its subject");
    const char *class_name = document->class_name;
    while (class_name[0] == '\\')
        class_name++;
    /* PHPBench names the set of a subject without parameters "0" or "". */
    int named = document->set != NULL && document->parameters != NULL;
    char *full = reading_print(reading, "%s::%s%s%s", class_name, document->subject,
                               named ? "/" : "", named ? document->set : "");
    if (full == NULL) return reading_no_memory(reading);
    int code = put_variant(document, full);
    return code != 0 || document->parameters == NULL
               ? code
               : reading_benchmark_meta(reading, full, "parameters", document->parameters);
}

int phpbench_read(const struct input *input, const struct adapter_sink *sink,
                  struct pace_error *error)
{
    struct reading reading;
    struct document document = {.reading = &reading};
    struct xml_handler handler = {on_begin, on_end, &document};
    reading_begin(&reading, input, sink, error);
    int code = reading_run(&reading, NULL);
    if (code == 0) code = reading_meta(&reading, "harness", "PHPBench");
    if (code == 0) code = xml_read(&reading, &handler);
    if (code == 0 && reading.cells.count == 0)
        code = reading_fail(&reading, "it has no variant, as PHPBench's XML has");
    return reading_end(&reading, code);
}
