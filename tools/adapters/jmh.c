/* jmh.c -- JMH's JSON (-rf json), all modes.
 *
 * A score of time per operation is `latency` in ns, one of operations per time is `throughput` in
 * ops/s, with the confidence interval as bounds and the raw data of all forks as samples.
 * Percentiles are companions (latency.p99.9); secondary metrics keep their names. A benchmark that
 * comes with several parameters has them in its name, one that comes in several modes of one
 * measure its mode too. */
#include "reading.h"
#include "repeats.h"
#include "scan.h"

#include "../../engine/unit.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { HISTOGRAM_MAX = 1 << 18 }; /* values of one benchmark that a histogram is written out to */

int jmh_recognise(const struct input *input)
{
    if (input_first(input) != '[') return 0;
    if (input_has(input, "\"jmhVersion\"")) return 2;
    if (!input_has(input, "\"primaryMetric\"")) return 0;
    return input_has(input, "\"benchmark\"") ? 2 : 1;
}

/* How scores of a unit are stored. */
struct score {
    const char *measure, *unit;
    double factor;
    enum pace_direction direction;
};

static struct score score_of(struct reading *reading, const char *name, const char *unit)
{
    struct span whole = span_of(unit);
    double factor = 0;
    if (span_ends(whole, "/op") &&
        (factor = time_factor(span_upto(whole, whole.len - strlen("/op")))) > 0)
        return (struct score){name != NULL ? name : "latency", "ns", factor, PACE_LOWER_IS_BETTER};
    if (span_begins(whole, "ops/") && (factor = time_factor(span_from(whole, strlen("ops/")))) > 0)
        return (struct score){name != NULL ? name : "throughput", "ops/s", 1e9 / factor,
                              PACE_HIGHER_IS_BETTER};
    struct span front = span_ends(whole, "/op") ? span_upto(whole, whole.len - 3) : whole;
    struct unit known = unit_lookup(front.text, front.len);
    if (span_is(whole, "MB/sec")) known = unit_lookup("MB/s", 4);
    if (known.kind == UNIT_TIME && (factor = time_factor(front)) > 0) /* gc.time */
        return (struct score){name != NULL ? name : "score", "ns", factor, PACE_LOWER_IS_BETTER};
    const char *plain = known.name;
    if (plain == NULL && unit[0] != '\0' && whole.len <= PACE_MAX_UNIT)
        plain = reading_name(reading, unit, whole.len);
    /* A rate of allocation is no merit: only what an operation costs has a direction. */
    int cost = front.len < whole.len && known.kind != UNIT_CUSTOM;
    return (struct score){name != NULL ? name : "score", plain != NULL ? plain : "", 1,
                          cost ? PACE_LOWER_IS_BETTER : PACE_DIRECTION_UNKNOWN};
}

static double finite_or_nan(const json_t *value)
{
    double number = (double)NAN;
    (void)json_finite(value, &number);
    return number;
}

/* rawData: a list of measurements for each fork. */
static int flatten(struct reading *reading, const json_t *forks, double factor,
                   struct pace_cell *cell)
{
    size_t total = 0, kept = 0;
    for (size_t i = 0; i < json_array_size(forks); i++)
        total += json_array_size(json_array_get(forks, i));
    if (total == 0) return 0;
    double *samples = arena_array(&reading->arena, total, sizeof *samples);
    if (samples == NULL) return reading_no_memory(reading);
    for (size_t i = 0; i < json_array_size(forks); i++) {
        const json_t *fork = json_array_get(forks, i);
        for (size_t k = 0; k < json_array_size(fork); k++) {
            double number = finite_or_nan(json_array_get(fork, k)) * factor;
            if (isfinite(number)) samples[kept++] = number;
        }
    }
    cell->samples = samples;
    cell->sample_count = kept;
    return 0;
}

/* rawDataHistogram of mode `sample`: lists of [value, count], an iteration each, a fork each. With
 * samples NULL only counts. */
static size_t expand(const json_t *forks, double factor, double *samples, size_t room)
{
    size_t used = 0;
    for (size_t f = 0; f < json_array_size(forks); f++) {
        const json_t *fork = json_array_get(forks, f);
        for (size_t i = 0; i < json_array_size(fork); i++) {
            const json_t *iteration = json_array_get(fork, i);
            for (size_t p = 0; p < json_array_size(iteration); p++) {
                const json_t *pair = json_array_get(iteration, p);
                double value = finite_or_nan(json_array_get(pair, 0)) * factor;
                json_int_t times = json_integer_value(json_array_get(pair, 1));
                for (; isfinite(value) && times > 0 && used < room; times--, used++)
                    if (samples != NULL) samples[used] = value;
            }
        }
    }
    return used;
}

static int read_histogram(struct reading *reading, const json_t *forks, double factor,
                          struct pace_cell *cell)
{
    size_t count = expand(forks, factor, NULL, HISTOGRAM_MAX + 1);
    if (count > HISTOGRAM_MAX) {
        reading_warn(reading,
                     "'%.200s': its histogram has over %d values; they are not kept as "
                     "samples, its percentiles are",
                     cell->benchmark, HISTOGRAM_MAX);
        return 0;
    }
    double *samples = count > 0 ? arena_array(&reading->arena, count, sizeof *samples) : NULL;
    if (count > 0 && samples == NULL) return reading_no_memory(reading);
    cell->samples = samples;
    cell->sample_count = count > 0 ? expand(forks, factor, samples, count) : 0;
    return 0;
}

/* "99.90" is p99.9, "50.0" is p50. */
static const char *percentile_measure(struct reading *reading, const char *measure, const char *key)
{
    struct span digits = span_of(key);
    if (span_find(digits, ".") < digits.len) {
        while (digits.len > 0 && digits.text[digits.len - 1] == '0')
            digits.len--;
        if (span_ends(digits, ".")) digits.len--;
    }
    char *name = reading_name(reading, digits.text, digits.len);
    return name != NULL ? reading_print(reading, "%s.p%s", measure, name) : NULL;
}

static int read_metric(struct reading *reading, const char *benchmark, const char *name,
                       const json_t *metric)
{
    struct score score = score_of(reading, name, json_member_text(metric, "scoreUnit"));
    struct pace_cell cell =
        cell_make(benchmark, score.measure, score.unit, score.direction,
                  finite_or_nan(json_object_get(metric, "score")) * score.factor);
    const json_t *interval = json_object_get(metric, "scoreConfidence");
    const json_t *histogram = json_object_get(metric, "rawDataHistogram");
    const char *key = NULL, *measure = reading_print(reading, "%s.error", score.measure);
    json_t *value = NULL;
    cell_bounds(&cell, finite_or_nan(json_array_get(interval, 0)) * score.factor,
                finite_or_nan(json_array_get(interval, 1)) * score.factor);
    int code = histogram != NULL
                   ? read_histogram(reading, histogram, score.factor, &cell)
                   : flatten(reading, json_object_get(metric, "rawData"), score.factor, &cell);
    if (code == 0) code = reading_put(reading, &cell);
    if (code == 0 && measure == NULL) return reading_no_memory(reading);
    /* One measurement has no error: JMH writes "NaN", as a text. */
    if (code == 0 && json_is_number(json_object_get(metric, "scoreError")))
        code = reading_value(reading, benchmark, measure, score.unit, PACE_LOWER_IS_BETTER,
                             finite_or_nan(json_object_get(metric, "scoreError")) * score.factor);
    json_object_foreach(json_object_get(metric, "scorePercentiles"), key, value)
    {
        if (code != 0 || !json_is_number(value)) continue;
        if ((measure = percentile_measure(reading, score.measure, key)) == NULL)
            return reading_no_memory(reading);
        code = reading_value(reading, benchmark, measure, score.unit, score.direction,
                             finite_or_nan(value) * score.factor);
    }
    return code;
}

/* What each result says of how it was run: kept once for all that share the first one's. */
static int read_settings(struct reading *reading, const char *benchmark, const json_t *result,
                         const json_t *first)
{
    const char *key = NULL;
    json_t *value = NULL;
    int code = 0;
    json_object_foreach((json_t *)(uintptr_t)result, key, value)
    {
        if (strcmp(key, "benchmark") == 0 || strcmp(key, "primaryMetric") == 0 ||
            strcmp(key, "secondaryMetrics") == 0)
            continue;
        int own = strcmp(key, "params") == 0;
        if (result == first && !own)
            code = reading_meta_json(reading, key, value);
        else if (own || !json_equal(value, json_object_get(first, key)))
            code = reading_benchmark_json(reading, benchmark, key, value);
        if (code != 0) return code;
    }
    return 0;
}

/* What tells results of one benchmark apart, as far as they come several times. */
struct names {
    struct repeats plain, full; /* benchmark; benchmark, parameters and measure */
};

static const char *result_measure(struct reading *reading, const json_t *result)
{
    const json_t *metric = json_object_get(result, "primaryMetric");
    return score_of(reading, NULL, json_member_text(metric, "scoreUnit")).measure;
}

static const char *result_key(struct reading *reading, const json_t *result, int with_parameters)
{
    const char *name =
        name_with_parameters(reading, json_member_text(result, "benchmark"),
                             with_parameters ? json_object_get(result, "params") : NULL);
    return name == NULL ? NULL
                        : reading_print(reading, "%s %s", name, result_measure(reading, result));
}

static int note_names(struct reading *reading, const json_t *root, struct names *names)
{
    int code = 0;
    for (size_t i = 0; i < json_array_size(root) && code == 0; i++) {
        const json_t *result = json_array_get(root, i);
        const char *plain = result_key(reading, result, 0), *full = result_key(reading, result, 1);
        if (json_member_text(result, "benchmark")[0] == '\0' ||
            !json_is_object(json_object_get(result, "primaryMetric")))
            return reading_fail(reading,
                                "result %zu has no \"benchmark\" or no \"primaryMetric\"; "
                                "this is not what JMH writes",
                                i);
        if (plain == NULL || full == NULL) return reading_no_memory(reading);
        code = repeats_add(&names->plain, reading, plain);
        if (code == 0) code = repeats_add(&names->full, reading, full);
    }
    return code;
}

static const char *result_name(struct reading *reading, const json_t *result,
                               const struct names *names)
{
    const char *plain = result_key(reading, result, 0), *full = result_key(reading, result, 1);
    if (plain == NULL || full == NULL) return NULL;
    int several = repeats_count(&names->plain, plain) > 1;
    const char *name = name_with_parameters(reading, json_member_text(result, "benchmark"),
                                            several ? json_object_get(result, "params") : NULL);
    if (name == NULL || repeats_count(&names->full, full) < 2) return name;
    return reading_print(reading, "%s/mode=%s", name, json_member_text(result, "mode"));
}

static int read_result(struct reading *reading, const char *name, const json_t *result,
                       const json_t *first)
{
    const char *key = NULL;
    json_t *metric = NULL;
    int code = read_metric(reading, name, NULL, json_object_get(result, "primaryMetric"));
    json_object_foreach(json_object_get(result, "secondaryMetrics"), key, metric)
    {
        if (code != 0 || key[0] == '\0') continue;
        const char *measure = reading_name(reading, key, strlen(key));
        code = measure == NULL ? reading_no_memory(reading)
                               : read_metric(reading, name, measure, metric);
    }
    return code != 0 ? code : read_settings(reading, name, result, first);
}

static int read_document(struct reading *reading, const json_t *root)
{
    struct names names = {0};
    if (!json_is_array(root))
        return reading_fail(reading, "it is no list of results, so JMH did not write it");
    int code = note_names(reading, root, &names);
    if (code == 0 && json_array_size(root) > 0) code = reading_run(reading, NULL);
    if (code == 0 && json_array_size(root) > 0) code = reading_meta(reading, "harness", "JMH");
    for (size_t i = 0; i < json_array_size(root) && code == 0; i++) {
        const json_t *result = json_array_get(root, i);
        const char *name = result_name(reading, result, &names);
        code = name == NULL ? reading_no_memory(reading)
                            : read_result(reading, name, result, json_array_get(root, 0));
    }
    repeats_free(&names.plain);
    repeats_free(&names.full);
    return code;
}

int jmh_read(const struct input *input, const struct adapter_sink *sink, struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
