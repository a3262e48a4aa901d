/* phpbench.c -- PHPBench's XML (--dump-file). Times in it are microseconds.
 *
 * A benchmark is `Class::subject`, with the name of its parameter set where it has one. `latency`
 * is the mean of the iterations' times a revolution, with bounds of one standard deviation. A suite
 * is a run: its date, and branch and commit where PHPBench knew them; the environment is metadata.
 * Versions before 1.0 have no elements in that, but attributes, and other names of an iteration's
 * numbers. */
#include "reading.h"
#include "../timestamp.h"
#include "scan.h"
#include "xml.h"

#include <math.h>
#include <string.h>

int phpbench_recognise(const struct input *input)
{
    return input_first(input) == '<' && input_has(input, "<phpbench ") ? 2 : 0;
}

enum { ITERATIONS_MAX = 1 << 16, MEMORIES = 3, ENV_MAX = 200 };

/* Of an iteration: the peak, what PHP had of the system, and what was in use at its end. */
static const char *const memories[MEMORIES][2] = {
    {"mem-peak", "memory"}, {"mem-real", "memory.real"}, {"mem-final", "memory.final"}};

/* How deep in <env> an entry's group is, and an entry. */
enum { IN_ENV = 1, IN_GROUP, IN_VALUE };

struct values {
    double *values;
    size_t count;
};

struct document {
    struct reading *reading;
    char *class_name, *subject, *set, *parameters;
    double revolutions;                    /* of the variant; NAN when it does not say */
    struct values times, memory[MEMORIES]; /* of the variant's iterations */
    double stats[8];                       /* as in stat_rows; NAN when absent */
    int env_depth;                         /* 0: not in <env> */
    int has_run;                           /* the suite's run was handed on */
    const char *date;                      /* of the suite */
    char *group, *key;                     /* of the entry that is read: env.GROUP.KEY */
    char *value;                           /* its text so far; NULL: none */
    struct run_facts facts;                /* what the environment says of the run */
    struct env_entry {
        const char *key, *value;
    } env[ENV_MAX]; /* until the run is handed on */
    size_t env_count;
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

/* Of the first of three attributes that is there; names that are NULL are passed over. */
static double first_number(const char **attributes, const char *name, const char *older,
                           const char *oldest)
{
    const char *const names[] = {name, older, oldest};
    double number = (double)NAN;
    for (size_t i = 0; i < 3 && isnan(number); i++) {
        if (names[i] != NULL) number = number_attribute(attributes, names[i]);
    }
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
    double time = first_number(attributes, "time-avg", "rev-time", NULL);
    double revolutions = first_number(attributes, "time-revs", "revs", NULL);
    if (isnan(revolutions)) revolutions = document->revolutions;
    if (isnan(time)) {
        time = first_number(attributes, "time-net", "net-time", "time");
        if (revolutions > 0) time /= revolutions;
    }
    int code = keep(document, time * 1e3, &document->times);
    for (size_t i = 0; i < MEMORIES && code == 0; i++)
        code =
            keep(document, first_number(attributes, memories[i][0], i == 0 ? "memory" : NULL, NULL),
                 &document->memory[i]);
    return code;
}

/* -- the suite and its environment ------------------------------------------------------------- */

/* Keeps an entry; some are the run's. */
static void keep_env(struct document *document, const char *key, const char *value)
{
    struct reading *reading = document->reading;
    struct {
        const char *key, **out;
    } facts[] = {{"env.vcs.branch", &document->facts.branch},
                 {"env.vcs.version", &document->facts.commit},
                 {"env.uname.host", &document->facts.testbed}};
    struct span text = span_trim(span_of(value));
    char *kept = arena_copy(&reading->arena, text.text, text.len);
    char *full = reading_print(reading, "env.%s.%s", document->group, key);
    if (kept == NULL || full == NULL) return;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (strcmp(full, facts[i].key) == 0)
            *facts[i].out = reading_name(reading, text.text, text.len);
    }
    if (document->env_count < ENV_MAX)
        document->env[document->env_count++] = (struct env_entry){full, kept};
}

/* <env><GROUP KEY="value"><value name="KEY">value */
static void begin_env(struct document *document, const char *name, const char **attributes)
{
    if (++document->env_depth == IN_GROUP) {
        document->group = reading_name(document->reading, name, strlen(name));
        for (size_t i = 0; document->group != NULL && attributes[i] != NULL; i += 2)
            keep_env(document, attributes[i], attributes[i + 1]);
    } else if (document->env_depth == IN_VALUE) {
        document->key = copy_attribute(document, attributes, "name");
        document->value = NULL;
    }
}

static void end_env(struct document *document)
{
    if (document->env_depth-- == IN_VALUE && document->key != NULL && document->key[0] != '\0' &&
        document->value != NULL)
        keep_env(document, document->key, document->value);
}

static int on_text(void *context, const char *text, size_t len)
{
    struct document *document = context;
    const char *before = document->value != NULL ? document->value : "";
    if (document->env_depth != IN_VALUE || strlen(before) > READING_META_TEXT) return 0;
    document->value = reading_print(document->reading, "%s%.*s", before, (int)len, text);
    return document->value != NULL ? 0 : reading_no_memory(document->reading);
}

static void begin_suite(struct document *document, const char **attributes)
{
    document->facts = (struct run_facts){"", "", "", "", 0, 0, 0, ""};
    document->has_run = 0;
    document->date = copy_attribute(document, attributes, "date");
    document->env_count = 0;
}

/* Hands on the suite's run, before its first cell. */
static int hand_on(struct document *document)
{
    struct reading *reading = document->reading;
    struct pace_error why;
    if (document->has_run) return 0;
    document->has_run = 1;
    const char *date = document->date != NULL ? document->date : "";
    if (timestamp_parse(date, strlen(date), &document->facts.ran_ns, &why) != 0 ||
        document->facts.ran_ns < 0)
        document->facts.ran_ns = 0;
    if (reading->arena.failed) return reading_no_memory(reading);
    int code = reading_run(reading, &document->facts);
    if (code == 0) code = reading_meta(reading, "harness", "PHPBench");
    for (size_t i = 0; i < document->env_count && code == 0; i++)
        code = reading_meta(reading, document->env[i].key, document->env[i].value);
    return code;
}

/* -- elements ---------------------------------------------------------------------------------- */

static int on_begin(void *context, const char *name, const char **attributes, unsigned long line)
{
    struct document *document = context;
    struct reading *reading = document->reading;
    (void)line;
    if (document->env_depth > 0 || strcmp(name, "env") == 0) {
        begin_env(document, name, attributes);
    } else if (strcmp(name, "suite") == 0) {
        begin_suite(document, attributes);
    } else if (strcmp(name, "benchmark") == 0) {
        document->class_name = copy_attribute(document, attributes, "class");
    } else if (strcmp(name, "subject") == 0) {
        document->subject = copy_attribute(document, attributes, "name");
    } else if (strcmp(name, "variant") == 0) {
        document->set = document->parameters = NULL;
        document->revolutions = number_attribute(attributes, "revs");
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
    if (document->env_depth > 0) end_env(document);
    if (document->env_depth > 0 || strcmp(name, "variant") != 0) return 0;
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
    int code = hand_on(document);
    if (code == 0) code = put_variant(document, full);
    return code != 0 || document->parameters == NULL
               ? code
               : reading_benchmark_meta(reading, full, "parameters", document->parameters);
}

int phpbench_read(const struct input *input, const struct adapter_sink *sink,
                  struct pace_error *error)
{
    struct reading reading;
    struct document document = {.reading = &reading, .facts = {"", "", "", "", 0, 0, 0, ""}};
    struct xml_handler handler = {on_begin, on_end, on_text, &document};
    reading_begin(&reading, input, sink, error);
    int code = xml_read(&reading, &handler);
    if (code == 0 && !reading.has_cells)
        code = reading_fail(&reading, "it has no variant, as PHPBench's XML has");
    return reading_end(&reading, code);
}
