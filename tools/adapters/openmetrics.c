/* openmetrics.c -- OpenMetrics and the Prometheus text format.
 *
 * Samples without a time are one run. A sample with a time belongs to the run of that time and of
 * the project, branch, testbed and commit that its labels name: an exposition may hold a history.
 * A sample with a label `benchmark` (or `name`, `bench`) is of that benchmark and its measure is
 * the metric, or what a label `measure` says; without one the metric is the benchmark, and its
 * measure follows from its unit: latency, size or value. The other labels go behind the name as
 * /key=value, but for project, branch, testbed and commit, which are the run's, and quantile, sum,
 * count and bucket, which are companions. Seconds are stored in ns. A metric's unit is what # UNIT
 * says, else the end of its name. */
#include "grouping.h"
#include "scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LABELS_MAX = 64, METRICS_MAX = 4096 };

/* What comments say of a metric. */
struct metric {
    const char *name, *type, *unit; /* "" when not said */
};

struct label {
    const char *name, *value;
};

struct exposition {
    struct reading *reading;
    struct grouping grouping; /* samples with a time */
    struct metric *metrics;
    size_t metric_count, taken, untimed;
    struct run_facts facts; /* of those without */
    int ended;              /* # EOF was there */
};

int openmetrics_recognise(const struct input *input)
{
    size_t len = input->len < READING_LOOK ? input->len : READING_LOOK;
    struct scanner scanner = scanner_of(input->text, len);
    struct span line;
    static const char *const types[] = {" gauge",   " counter",  " histogram",
                                        " summary", " unknown",  " untyped",
                                        " info",    " stateset", " gaugehistogram"};
    while (scan_line(&scanner, &line)) {
        if (!span_begins(line, "# TYPE ")) continue;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            if (span_ends(line, types[i])) return 2;
        }
    }
    return 0;
}

static struct metric *metric_of(struct exposition *exposition, struct span name)
{
    for (size_t i = 0; i < exposition->metric_count; i++) {
        if (span_is(name, exposition->metrics[i].name)) return &exposition->metrics[i];
    }
    if (exposition->metric_count == METRICS_MAX) return NULL;
    const char *copy = reading_name(exposition->reading, name.text, name.len);
    if (copy == NULL) return NULL;
    exposition->metrics[exposition->metric_count] = (struct metric){copy, "", ""};
    return &exposition->metrics[exposition->metric_count++];
}

/* # TYPE name type, # UNIT name unit, # EOF */
static int take_comment(struct exposition *exposition, struct span line)
{
    struct span rest = span_from(line, 1), word, name, value;
    if (!span_word(&rest, &word)) return 0;
    exposition->ended |= span_is(word, "EOF");
    int type = span_is(word, "TYPE");
    if ((!type && !span_is(word, "UNIT")) || !span_word(&rest, &name) || !span_word(&rest, &value))
        return 0;
    struct metric *metric = metric_of(exposition, name);
    const char *text = reading_name(exposition->reading, value.text, value.len);
    if (text == NULL) return reading_no_memory(exposition->reading);
    if (metric != NULL && type) metric->type = text;
    if (metric != NULL && !type) metric->unit = text;
    return 0;
}

/* A label's value, quoted, with \\, \" and \n: its text, and *at moved behind it; NULL when it does
 * not end. */
static char *label_value(struct exposition *exposition, struct span line, size_t *at)
{
    char *out = arena_alloc(&exposition->reading->arena, line.len + 1);
    size_t used = 0, i = *at + 1;
    for (; out != NULL && i < line.len && line.text[i] != '"'; i++) {
        if (line.text[i] == '\\' && i + 1 < line.len) {
            i++;
            out[used++] = line.text[i] == 'n' ? '\n' : line.text[i];
        } else {
            out[used++] = line.text[i];
        }
    }
    if (i >= line.len) return NULL;
    *at = i + 1;
    return out != NULL ? reading_name(exposition->reading, out, used) : NULL;
}

/* {a="1",b="2"} from line[*at]; the count, or -1 when it is not well formed. */
static int read_labels(struct exposition *exposition, struct span line, size_t *at,
                       struct label labels[LABELS_MAX])
{
    int count = 0;
    size_t i = *at + 1;
    while (i < line.len && line.text[i] != '}') {
        size_t start = i;
        while (i < line.len && line.text[i] != '=')
            i++;
        if (i + 1 >= line.len || line.text[i + 1] != '"' || count == LABELS_MAX) return -1;
        struct span name = span_trim(span_upto(span_from(line, start), i - start));
        i++;
        labels[count].name = reading_name(exposition->reading, name.text, name.len);
        labels[count].value = label_value(exposition, line, &i);
        if (labels[count].name == NULL || labels[count].value == NULL) return -1;
        count++;
        while (i < line.len && (line.text[i] == ',' || line.text[i] == ' '))
            i++;
    }
    *at = i + 1;
    return i < line.len ? count : -1;
}

/* How a sample is stored. */
struct place {
    const char *benchmark, *measure, *unit, *suffix; /* suffix: ".p99", ".count" or "" */
    double factor;
    enum pace_direction direction;
};

/* The family of a sample: its name without what histograms and summaries append. */
static const struct metric *family_of(struct exposition *exposition, struct span name,
                                      const char **suffix)
{
    static const char *const ends[][2] = {{"", ""},
                                          {"_total", ""},
                                          {"_sum", ".sum"},
                                          {"_count", ".count"},
                                          {"_bucket", ".bucket"},
                                          {"_created", ".created"},
                                          {"_info", ""}};
    for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
        if (!span_ends(name, ends[e][0])) continue;
        struct span base = span_upto(name, name.len - strlen(ends[e][0]));
        for (size_t i = 0; i < exposition->metric_count; i++) {
            if (!span_is(base, exposition->metrics[i].name)) continue;
            *suffix = ends[e][1];
            return &exposition->metrics[i];
        }
    }
    *suffix = "";
    return NULL;
}

static void set_unit(struct place *place, const char *name, const char *unit)
{
    struct span whole = span_of(name);
    if (span_ends(whole, "_total")) whole.len -= strlen("_total");
    size_t line = span_find_last(whole, "_");
    struct span said = unit[0] != '\0' ? span_of(unit) : span_from(whole, line + 1);
    double factor = line < whole.len || unit[0] != '\0' ? time_factor(said) : 0;
    place->factor = 1;
    place->unit = unit;
    if (factor > 0) {
        place->unit = "ns";
        place->factor = factor;
        place->direction = PACE_LOWER_IS_BETTER;
    } else if (span_is(said, "bytes")) {
        place->unit = "B";
    } else if (span_is(said, "ratio")) {
        place->unit = "ratio";
    }
}

/* Labels that belong to the run, not to the benchmark. */
static int take_fact(struct run_facts *facts, const struct label *label)
{
    const char **place = strcmp(label->name, "project") == 0   ? &facts->project
                         : strcmp(label->name, "branch") == 0  ? &facts->branch
                         : strcmp(label->name, "testbed") == 0 ? &facts->testbed
                         : strcmp(label->name, "commit") == 0  ? &facts->commit
                                                               : NULL;
    if (place == NULL) return 0;
    if ((*place)[0] == '\0') *place = label->value;
    return strcmp(*place, label->value) == 0;
}

static int is_name_label(const char *name)
{
    return strcmp(name, "benchmark") == 0 || strcmp(name, "name") == 0 ||
           strcmp(name, "bench") == 0;
}

static int find_place(struct exposition *exposition, struct run_facts *facts, struct span name,
                      const struct label *labels, int count, struct place *place)
{
    struct reading *reading = exposition->reading;
    const char *suffix = "", *behind = "", *measure = NULL;
    const struct metric *family = family_of(exposition, name, &suffix);
    const char *metric = family != NULL ? family->name : reading_name(reading, name.text, name.len);
    if (metric == NULL) return reading_no_memory(reading);
    *place = (struct place){.suffix = suffix, .direction = PACE_DIRECTION_UNKNOWN};
    set_unit(place, metric, family != NULL ? family->unit : "");
    for (int i = 0; i < count && behind != NULL; i++) {
        if (is_name_label(labels[i].name) && place->benchmark == NULL)
            place->benchmark = labels[i].value;
        else if (strcmp(labels[i].name, "measure") == 0 && measure == NULL)
            measure = labels[i].value;
        else if (strcmp(labels[i].name, "quantile") == 0)
            place->suffix = reading_print(reading, ".q%s", labels[i].value);
        else if (strcmp(labels[i].name, "le") == 0)
            place->suffix = reading_print(reading, ".le-%s", labels[i].value);
        else if (!take_fact(facts, &labels[i]))
            behind = reading_print(reading, "%s/%s=%s", behind, labels[i].name, labels[i].value);
    }
    int of_benchmark = place->benchmark != NULL && place->benchmark[0] != '\0';
    int counted = strcmp(place->suffix, ".count") == 0 || strncmp(place->suffix, ".le-", 4) == 0;
    place->measure = measure != NULL && *measure != '\0' ? measure
                     : of_benchmark                      ? metric
                     : strcmp(place->unit, "ns") == 0    ? "latency"
                     : strcmp(place->unit, "B") == 0     ? "size"
                                                         : "value";
    if (!of_benchmark) place->benchmark = metric;
    if (counted) {
        place->unit = "count";
        place->factor = 1;
        place->direction = PACE_DIRECTION_UNKNOWN;
    }
    if (behind == NULL || place->suffix == NULL) return reading_no_memory(reading);
    place->benchmark = reading_print(reading, "%s%s", place->benchmark, behind);
    place->measure = reading_print(reading, "%s%s", place->measure, place->suffix);
    return place->benchmark == NULL || place->measure == NULL ? reading_no_memory(reading) : 0;
}

/* The time behind a value, in ns: seconds in OpenMetrics, ms in the Prometheus text format, which
 * its size tells. 0: there is none. */
static int64_t sample_time(struct span rest)
{
    static const double least_ms = 1e11; /* as seconds: the year 5138 */
    struct span word;
    double time = 0;
    if (!span_word(&rest, &word) || word.text[0] == '#' || !span_number(word, &time)) return 0;
    double seconds = time < least_ms ? time : time / 1e3;
    return seconds > 0 && seconds < 9e9 ? (int64_t)round(seconds * 1e3) * 1000000 : 0;
}

static int skip(struct exposition *exposition, uint64_t number, const char *why)
{
    reading_warn(exposition->reading, "line %llu: %s; it is skipped", (unsigned long long)number,
                 why);
    return 0;
}

/* name{labels} value [timestamp] [# exemplar] */
static int take_sample(struct exposition *exposition, struct span line, uint64_t number)
{
    struct label labels[LABELS_MAX];
    struct span name, rest, word;
    size_t at = 0;
    int count = 0;
    double value = 0;
    while (at < line.len && line.text[at] != '{' && line.text[at] != ' ' && line.text[at] != '\t')
        at++;
    name = span_upto(line, at);
    if (at < line.len && line.text[at] == '{') count = read_labels(exposition, line, &at, labels);
    if (exposition->reading->arena.failed) return reading_no_memory(exposition->reading);
    if (count < 0) return skip(exposition, number, "its labels are not well formed");
    rest = span_from(line, at);
    if (name.len == 0 || !span_word(&rest, &word) || !span_number(word, &value))
        return skip(exposition, number, "a sample without a number");
    struct place place = {.factor = 1};
    struct run_facts own = {"", "", "", "", 0, sample_time(rest), 0, ""};
    struct run_facts *facts = own.ran_ns > 0 ? &own : &exposition->facts;
    int code = find_place(exposition, facts, name, labels, count, &place);
    if (code != 0) return code;
    exposition->taken++;
    if (own.ran_ns > 0) {
        struct pace_cell cell = cell_make(place.benchmark, place.measure, place.unit,
                                          place.direction, value * place.factor);
        return grouping_put(&exposition->grouping, &own, "", &cell);
    }
    exposition->untimed++;
    return reading_value(exposition->reading, place.benchmark, place.measure, place.unit,
                         place.direction, value * place.factor);
}

static int read_exposition(struct exposition *exposition)
{
    struct reading *reading = exposition->reading;
    struct scanner scanner = scanner_of(reading->input->text, reading->input->len);
    struct span line;
    int code = 0;
    while (code == 0 && scan_line(&scanner, &line)) {
        struct span text = span_trim(line);
        if (text.len > 0)
            code = text.text[0] == '#' ? take_comment(exposition, text)
                                       : take_sample(exposition, text, scanner.number);
    }
    if (code == 0 && exposition->taken == 0)
        return reading_fail(reading, "none of its %llu lines is a sample of OpenMetrics",
                            (unsigned long long)scanner.number);
    if (code == 0 && !scanner.complete)
        reading_warn(reading, "its last line has no end; the text may be cut off");
    if (code == 0 && exposition->untimed > 0) code = reading_run(reading, &exposition->facts);
    return code == 0 ? grouping_emit(&exposition->grouping) : code;
}

int openmetrics_read(const struct input *input, const struct adapter_sink *sink,
                     struct pace_error *error)
{
    struct reading reading;
    struct exposition exposition = {.reading = &reading,
                                    .grouping = {.reading = &reading},
                                    .facts = {"", "", "", "", 0, 0, 0, ""}};
    reading_begin(&reading, input, sink, error);
    exposition.metrics = arena_array(&reading.arena, METRICS_MAX, sizeof *exposition.metrics);
    return reading_end(&reading, exposition.metrics != NULL ? read_exposition(&exposition)
                                                            : reading_no_memory(&reading));
}
