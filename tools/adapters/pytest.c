/* pytest.c -- pytest-benchmark's JSON, as its versions 2.5 to 5.x write it.
 *
 * One file is one run. Each benchmark gives the measure `latency` (ns, lower is better): the mean,
 * with bounds of one standard deviation and the rounds as samples; every other statistic becomes a
 * companion, `latency.min` and so on. Every key of the format is treated as optional, and what is
 * unknown is kept: an unknown number in `stats` as a companion without unit. Times in the file are
 * seconds per iteration. A statistic that is there but is no finite number becomes a failed cell.
 */
#include "adapter.h"
#include "cells.h"
#include "json.h"
#include "../timestamp.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    META_TEXT_MAX = 4096,           /* bytes of one value; longer ones are left out */
    META_FLATTEN_DEPTH = 6,         /* levels of machine_info that become dotted keys */
    META_KEPT = PACE_MAX_META - 64, /* entries; the rest is for those who store the run */
};

/* What reading one file needs. */
struct reader {
    const struct input *input;
    const struct adapter_sink *sink;
    struct pace_error *error;
    struct arena arena;
    struct cells cells;
    size_t meta_count, meta_dropped;
    const json_t *options; /* of the first benchmark: kept once for all that share it */
};

static int no_memory(struct reader *reader)
{
    return error_fill(reader->error, PACE_ENOMEM, "%.300s: out of memory", reader->input->name);
}

static void warn(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void warn(struct reader *reader, const char *format, ...)
{
    char message[500];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    reader->sink->warn(reader->sink->context, message);
}

/* -- recognising ------------------------------------------------------------------------------- */

static int has(const struct input *input, const char *quoted_key)
{
    return memmem(input->text, input->len, quoted_key, strlen(quoted_key)) != NULL;
}

int pytest_recognise(const struct input *input)
{
    size_t start = strspn(input->text, " \t\r\n");
    if (start >= input->len || input->text[start] != '{') return 0;
    int machine = has(input, "\"machine_info\""), list = has(input, "\"benchmarks\"");
    if (list && (machine || (has(input, "\"version\"") && has(input, "\"datetime\"")))) return 2;
    /* Cut off, or made by hand. */
    return (list && has(input, "\"fullname\"")) || (machine && has(input, "\"python_"));
}

/* -- metadata ---------------------------------------------------------------------------------- */

/* Control characters do not enter the store: they become spaces. */
static void blank_controls(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = ' ';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            *c = c[1] = ' '; /* U+0080 to U+009F */
    }
}

/* Puts one entry; `value` is NULL when memory ran out. */
static int put_meta(struct reader *reader, const char *key, char *value)
{
    if (value == NULL || key == NULL) return no_memory(reader);
    if (reader->meta_count >= META_KEPT || strlen(value) > META_TEXT_MAX) {
        reader->meta_dropped++;
        return 0;
    }
    reader->meta_count++;
    blank_controls(value);
    return reader->sink->meta(reader->sink->context, key, value, reader->error);
}

static int is_blank(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* An object as dotted keys, the values as text: machine.cpu.brand_raw. The processor's list of
 * flags is long and says nothing that its model does not. */
static int put_flat(struct reader *reader, const char *prefix, const json_t *value, int depth)
{
    if (is_blank(value)) return 0;
    if (!json_is_object(value) || depth >= META_FLATTEN_DEPTH) {
        char *key = arena_string(&reader->arena, prefix);
        if (key != NULL) blank_controls(key);
        return put_meta(reader, key, json_print(&reader->arena, value));
    }
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (strcmp(key, "flags") == 0) continue;
        const char *path = arena_printf(&reader->arena, "%s.%s", prefix, key);
        int code = path == NULL ? no_memory(reader) : put_flat(reader, path, member, depth + 1);
        if (code != 0) return code;
    }
    return 0;
}

static int put_run_meta(struct reader *reader, const json_t *root)
{
    static const struct {
        const char *key, *prefix;
    } rows[] = {
        {"datetime", "datetime"},
        {"version", "version"},
        {"machine_info", "machine"},
        {"commit_info", "commit"},
    };
    int code = put_meta(reader, "harness", arena_string(&reader->arena, "pytest-benchmark"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && code == 0; i++)
        code = put_flat(reader, rows[i].prefix, json_object_get(root, rows[i].key), 0);
    reader->options =
        json_object_get(json_array_get(json_object_get(root, "benchmarks"), 0), "options");
    if (code == 0 && !is_blank(reader->options))
        code = put_meta(reader, "options", json_print_compact(&reader->arena, reader->options));
    return code;
}

static int put_benchmark_meta(struct reader *reader, const char *name, const json_t *benchmark)
{
    static const char *const keys[] = {"params", "group", "param", "extra_info", "options"};
    int code = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && code == 0; i++) {
        const json_t *value = json_object_get(benchmark, keys[i]);
        if (is_blank(value)) continue;
        if (strcmp(keys[i], "options") == 0 && json_equal(value, reader->options)) continue;
        const char *key = arena_printf(&reader->arena, "benchmark:%s:%s", name, keys[i]);
        code = put_meta(reader, key, json_print_compact(&reader->arena, value));
    }
    return code;
}

/* -- what the run is --------------------------------------------------------------------------- */

/* pytest-benchmark's words for "not known". */
static const char *known(const char *text)
{
    static const char *const unknown[] = {"unknown", "unversioned", "(unknown)", "(detached head)"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        if (strcmp(text, unknown[i]) == 0) return "";
    }
    return text[0] == '(' ? "" : text;
}

/* A member's time, or 0 when it is absent or unreadable (then with a warning). */
static int64_t time_member(struct reader *reader, const json_t *object, const char *key)
{
    const char *text = json_member_text(object, key);
    struct pace_error reason = {0, ""};
    int64_t time_ns = 0;
    if (text[0] == '\0') return 0;
    if (timestamp_parse(text, strlen(text), &time_ns, &reason) == 0 && time_ns > 0) return time_ns;
    warn(reader, "\"%s\": %s; it is left out", key,
         reason.message[0] != '\0' ? reason.message : "the time is before 1970");
    return 0;
}

static int begin_run(struct reader *reader, const json_t *root)
{
    const json_t *commit = json_object_get(root, "commit_info");
    struct run_facts facts = {
        .project = known(json_member_text(commit, "project")),
        .branch = known(json_member_text(commit, "branch")),
        .testbed = json_member_text(json_object_get(root, "machine_info"), "node"),
        .commit = known(json_member_text(commit, "id")),
        .dirty = json_is_true(json_object_get(commit, "dirty")),
    };
    facts.ran_ns = time_member(reader, root, "datetime");
    facts.commit_time_ns = time_member(reader, commit, "time");
    if (facts.commit_time_ns == 0)
        facts.commit_time_ns = time_member(reader, commit, "author_time");
    return reader->sink->run(reader->sink->context, &facts, reader->error);
}

/* -- statistics -------------------------------------------------------------------------------- */

/* The statistics that are known, in the order of the file. */
static const struct statistic {
    const char *key, *measure, *unit;
    double factor;
    enum pace_direction direction;
} statistics[] = {
#define NS    "ns", 1e9, PACE_LOWER_IS_BETTER
#define COUNT "count", 1, PACE_DIRECTION_UNKNOWN
    {"min", "latency.min", NS},
    {"max", "latency.max", NS},
    {"stddev", "latency.stddev", NS},
    {"rounds", "latency.rounds", COUNT},
    {"median", "latency.median", NS},
    {"iqr", "latency.iqr", NS},
    {"q1", "latency.q1", NS},
    {"q3", "latency.q3", NS},
    {"iqr_outliers", "latency.iqr_outliers", COUNT},
    {"stddev_outliers", "latency.stddev_outliers", COUNT},
    {"ld15iqr", "latency.ld15iqr", NS},
    {"hd15iqr", "latency.hd15iqr", NS},
    {"ops", "latency.ops", "ops/s", 1, PACE_HIGHER_IS_BETTER},
    {"total", "latency.total", NS},
    {"iterations", "latency.iterations", COUNT},
#undef NS
#undef COUNT
};
enum { STATISTIC_COUNT = sizeof statistics / sizeof statistics[0] };

static const struct statistic *statistic_find(const char *key)
{
    for (size_t i = 0; i < STATISTIC_COUNT; i++) {
        if (strcmp(statistics[i].key, key) == 0) return &statistics[i];
    }
    return NULL;
}

static struct pace_cell cell_of(const char *benchmark, const char *measure, const char *unit,
                                enum pace_direction direction)
{
    return (struct pace_cell){
        .benchmark = benchmark,
        .measure = measure,
        .unit = unit,
        .direction = direction,
        .status = PACE_CELL_FAILED,
        .value = (double)NAN,
        .lower = (double)NAN,
        .upper = (double)NAN,
    };
}

static void set_value(struct pace_cell *cell, double value)
{
    if (isfinite(value)) {
        cell->value = value;
        cell->status = PACE_CELL_OK;
    }
}

/* The rounds, in ns. Items that are no finite number are left out, with one warning. */
static int read_samples(struct reader *reader, const json_t *data, struct pace_cell *cell)
{
    size_t count = json_array_size(data), kept = 0;
    double *samples = NULL;
    if (count == 0) return 0;
    if ((samples = arena_array(&reader->arena, count, sizeof *samples)) == NULL)
        return no_memory(reader);
    for (size_t i = 0; i < count; i++) {
        double seconds = 0;
        if (json_finite(json_array_get(data, i), &seconds) && isfinite(seconds * 1e9))
            samples[kept++] = seconds * 1e9;
    }
    if (kept < count)
        warn(reader, "%zu of %zu rounds in \"data\" of '%.200s' are not numbers; they are left out",
             count - kept, count, cell->benchmark);
    cell->samples = samples;
    cell->sample_count = kept;
    return 0;
}

/* `latency` itself. Without a mean it is a skipped cell, with a mean that is no number a failed
 * one. */
static int read_latency(struct reader *reader, const char *name, const json_t *stats)
{
    struct pace_cell cell = cell_of(name, "latency", "ns", PACE_LOWER_IS_BETTER);
    const json_t *mean_value = json_object_get(stats, "mean");
    double mean = 0, stddev = 0;
    if (json_finite(mean_value, &mean)) {
        set_value(&cell, mean * 1e9);
        if (json_finite(json_object_get(stats, "stddev"), &stddev) &&
            isfinite((mean + stddev) * 1e9) && isfinite((mean - stddev) * 1e9)) {
            cell.lower = (mean - stddev) * 1e9;
            cell.upper = (mean + stddev) * 1e9;
        }
    } else {
        warn(reader, "'%.200s' has no mean%s; it is stored as %s", name,
             mean_value == NULL ? "" : " that is a finite number",
             mean_value == NULL ? "skipped" : "failed");
        if (mean_value == NULL) cell.status = PACE_CELL_SKIPPED;
    }
    int code = read_samples(reader, json_object_get(stats, "data"), &cell);
    return code != 0 ? code : cells_put(&reader->cells, &cell, reader->error);
}

static int put_companion(struct reader *reader, const char *name, const char *key,
                         const json_t *value)
{
    const struct statistic *row = statistic_find(key);
    struct pace_cell cell;
    double number = 0;
    if (row != NULL) {
        cell = cell_of(name, row->measure, row->unit, row->direction);
    } else {
        char *measure = arena_printf(&reader->arena, "latency.%s", key);
        if (measure == NULL) return no_memory(reader);
        blank_controls(measure);
        cell = cell_of(name, measure, "", PACE_DIRECTION_UNKNOWN);
    }
    if (json_finite(value, &number)) set_value(&cell, number * (row != NULL ? row->factor : 1));
    return cells_put(&reader->cells, &cell, reader->error);
}

/* `outliers` is "stddev_outliers;iqr_outliers"; read where the two are not there by themselves. */
static int read_outliers(struct reader *reader, const char *name, const json_t *stats)
{
    unsigned long counts[2] = {0, 0};
    static const char *const keys[] = {"stddev_outliers", "iqr_outliers"};
    const char *text = json_member_text(stats, "outliers");
    int code = 0, used = 0;
    if (strspn(text, "0123456789;") < strlen(text) || strlen(text) > 30 ||
        sscanf(text, "%lu;%lu%n", &counts[0], &counts[1], &used) < 2 || text[used] != '\0')
        return 0;
    for (size_t i = 0; i < 2 && code == 0; i++) {
        if (json_object_get(stats, keys[i]) != NULL) continue;
        json_t *value = json_real((double)counts[i]);
        code = value == NULL ? no_memory(reader) : put_companion(reader, name, keys[i], value);
        json_decref(value);
    }
    return code;
}

/* Versions before 3.1 have no `ops`: one over the mean, as later ones do when they read such a
 * file. */
static int fill_ops(struct reader *reader, const char *name, const json_t *stats)
{
    double mean = 0;
    if (json_object_get(stats, "ops") != NULL ||
        !json_finite(json_object_get(stats, "mean"), &mean) || mean <= 0 || !isfinite(1 / mean))
        return 0;
    json_t *value = json_real(1 / mean);
    int code = value == NULL ? no_memory(reader) : put_companion(reader, name, "ops", value);
    json_decref(value);
    return code;
}

static int read_stats(struct reader *reader, const char *name, const json_t *stats)
{
    const char *key = NULL;
    json_t *value = NULL;
    int code = read_latency(reader, name, stats);
    if (code != 0) return code;
    json_object_foreach((json_t *)(uintptr_t)stats, key, value)
    {
        if (strcmp(key, "mean") == 0 || (!json_is_number(value) && !json_is_null(value))) continue;
        if ((code = put_companion(reader, name, key, value)) != 0) return code;
    }
    if ((code = read_outliers(reader, name, stats)) != 0) return code;
    return fill_ops(reader, name, stats);
}

/* -- reading ----------------------------------------------------------------------------------- */

/* Names are shown and searched: a control character in one is written as pytest writes it, \x1b. */
static char *clean_name(struct arena *arena, const char *name)
{
    char *out = arena_alloc(arena, strlen(name) * 4 + 1);
    size_t used = 0;
    for (const unsigned char *c = (const unsigned char *)name; out != NULL && *c != '\0'; c++) {
        int c1 = *c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;
        if (c1) c++;
        if (c1 || *c < 0x20 || *c == 0x7f)
            used += (size_t)snprintf(out + used, 5, "\\x%02x", (unsigned)*c);
        else
            out[used++] = (char)*c;
    }
    return out;
}

static int read_benchmark(struct reader *reader, size_t index, const json_t *benchmark)
{
    const char *name = json_member_text(benchmark, "fullname");
    const json_t *stats = json_object_get(benchmark, "stats");
    if (name[0] == '\0') name = json_member_text(benchmark, "name");
    if (name[0] == '\0')
        return error_fill(
            reader->error, PACE_EVALUE,
            "%.300s: benchmarks[%zu] has no \"fullname\" and no \"name\"; this is not "
            "what pytest-benchmark writes",
            reader->input->name, index);
    if (stats != NULL && !json_is_object(stats))
        return error_fill(reader->error, PACE_EVALUE,
                          "%.200s: benchmarks[%zu] ('%.200s'): \"stats\" is not an object",
                          reader->input->name, index, name);
    if ((name = clean_name(&reader->arena, name)) == NULL) return no_memory(reader);
    int code = read_stats(reader, name, stats);
    return code != 0 ? code : put_benchmark_meta(reader, name, benchmark);
}

static int read_document(struct reader *reader, const json_t *root)
{
    const json_t *list = json_object_get(root, "benchmarks");
    size_t count = json_array_size(list);
    if (!json_is_array(list))
        return error_fill(
            reader->error, PACE_EVALUE,
            "%.300s: it has no list \"benchmarks\" at its top, so pytest-benchmark did "
            "not write it; leave out --adapter to have the harness recognised",
            reader->input->name);
    int code = begin_run(reader, root);
    if (code == 0) code = put_run_meta(reader, root);
    for (size_t i = 0; i < count && code == 0; i++)
        code = read_benchmark(reader, i, json_array_get(list, i));
    if (code == 0) code = cells_emit(&reader->cells, reader->sink, reader->error);
    if (code == 0 && reader->meta_dropped > 0)
        warn(reader, "%zu pieces of metadata are left out: more than %d, or longer than %d bytes",
             reader->meta_dropped, META_KEPT, META_TEXT_MAX);
    return code;
}

int pytest_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    struct reader reader = {.input = input, .sink = sink, .error = error};
    json_t *root = NULL;
    int code = json_parse(input->name, input->text, input->len, 1, error, &root);
    if (code != 0) return code;
    arena_init(&reader.arena, 0);
    reader.cells.arena = &reader.arena;
    code = read_document(&reader, root);
    arena_clear(&reader.arena);
    json_decref(root);
    return code;
}
