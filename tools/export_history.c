/* export_history.c -- exports of whole histories: data.js of github-action-benchmark,
 * OpenMetrics. */
#include "adapters/json.h"
#include "export.h"
#include "timestamp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* -- data.js ----------------------------------------------------------------------------------- */

/* Which entries of a stream are written: each direction is a suite of its own, since the tool has a
 * direction for an entry, not for a value. */
struct suite {
    int higher;
    size_t entries; /* written so far */
};

static int of_suite(const struct suite *suite, const struct export_column *column)
{
    return strchr(column->measure, '.') == NULL &&
           (column->direction == PACE_HIGHER_IS_BETTER) == suite->higher;
}

static const char *meta_value(const struct pace_meta *meta, const char *key)
{
    for (size_t i = 0; i < meta->count; i++) {
        if (strcmp(meta->keys[i], key) == 0) return meta->values[i];
    }
    return "";
}

static int datajs_head(struct exporter *exporter, const struct pace_run_view *run,
                       const struct suite *suite)
{
    FILE *out = exporter->options->out;
    struct pace_meta meta = {0};
    char time[TIMESTAMP_TEXT_MAX];
    int code = pace_run_meta(exporter->snapshot, run->run, exporter->error, &meta);
    if (code != 0) return code;
    (void)fputs(suite->entries > 0 ? ",\n      {\n" : "\n      {\n", out);
    (void)fputs("        \"commit\": {\"author\": {\"name\": \"\", \"username\": \"\"}, "
                "\"committer\": {\"name\": \"\", \"username\": \"\"}, \"id\": ",
                out);
    export_json_text(out, run->commit);
    (void)fputs(", \"message\": ", out);
    export_json_text(out, meta_value(&meta, "commit.message"));
    (void)fprintf(out, ", \"timestamp\": \"%s\", \"url\": ", timestamp_print(time, run->time_ns));
    export_json_text(out, meta_value(&meta, "commit.url"));
    (void)fprintf(out, "},\n        \"date\": %" PRId64 ",\n        \"tool\": \"%s\",\n",
                  (run->ran_ns != 0 ? run->ran_ns : run->time_ns) / 1000000,
                  suite->higher ? "customBiggerIsBetter" : "customSmallerIsBetter");
    (void)fputs("        \"benches\": [", out);
    return 0;
}

static void datajs_bench(FILE *out, const struct export_column *column, double value)
{
    (void)fputs("{\"name\": ", out);
    if (strcmp(column->measure, "latency") == 0) {
        export_json_text(out, column->benchmark);
    } else {
        /* "name - measure", as the tool itself has Go's other metrics */
        size_t len = strlen(column->benchmark) + strlen(column->measure) + 4;
        char *name = malloc(len);
        if (name != NULL) (void)snprintf(name, len, "%s - %s", column->benchmark, column->measure);
        export_json_text(out, name != NULL ? name : column->benchmark);
        free(name);
    }
    (void)fputs(", \"value\": ", out);
    export_number(out, value);
    (void)fputs(", \"unit\": ", out);
    export_json_text(out, column->unit);
    (void)fputc('}', out);
}

static int datajs_run(struct exporter *exporter, const struct export_stream *stream,
                      const struct pace_cells *cells, size_t r, void *context)
{
    FILE *out = exporter->options->out;
    struct suite *suite = context;
    size_t written = 0;
    int code = 0;
    for (uint32_t i = 0; i < stream->count && code == 0; i++) {
        size_t at = i * cells->stride + r;
        if (cells->status[at] != PACE_CELL_OK || !of_suite(suite, &stream->columns[i])) continue;
        if (written == 0) code = datajs_head(exporter, &cells->runs[r], suite);
        (void)fputs(written > 0 ? ",\n          " : "\n          ", out);
        datajs_bench(out, &stream->columns[i], cells->value[at]);
        written++;
    }
    if (written > 0) (void)fputs("\n        ]\n      }", out);
    suite->entries += written > 0;
    exporter->report->values += written;
    return code;
}

/* The suite's name: the testbed, behind the project and the branch where there are several. */
static void datajs_name(const struct exporter *exporter, const struct export_stream *stream,
                        const struct suite *suite)
{
    char name[3 * PACE_MAX_NAME + 40];
    int projects = 0, branches = 0;
    for (size_t i = 0; i < exporter->count; i++) {
        projects |= strcmp(exporter->streams[i].project, stream->project) != 0;
        branches |= strcmp(exporter->streams[i].branch, stream->branch) != 0;
    }
    (void)snprintf(name, sizeof name, "%s%s%s%s%s%s", projects ? stream->project : "",
                   projects ? " / " : "", branches ? stream->branch : "", branches ? " / " : "",
                   stream->testbed, suite->higher ? " (higher is better)" : "");
    export_json_text(exporter->options->out, name);
}

/* 1 when the stream has something for the suite. */
static int has_suite(const struct export_stream *stream, const struct suite *suite)
{
    for (uint32_t i = 0; i < stream->count; i++) {
        if (of_suite(suite, &stream->columns[i])) return 1;
    }
    return 0;
}

static int datajs_streams(struct exporter *exporter)
{
    FILE *out = exporter->options->out;
    size_t suites = 0;
    int code = 0;
    for (size_t i = 0; i < exporter->count; i++) {
        const struct export_stream *stream = &exporter->streams[i];
        for (int higher = 0; higher < 2 && code == 0; higher++) {
            struct suite suite = {higher, 0};
            if (!has_suite(stream, &suite)) continue;
            (void)fputs(suites++ > 0 ? ",\n    " : "\n    ", out);
            datajs_name(exporter, stream, &suite);
            (void)fputs(": [", out);
            code = exporter_scan(exporter, stream, datajs_run, &suite);
            (void)fputs("\n    ]", out);
        }
    }
    return code;
}

int export_datajs(pace *store, const struct export_options *options, struct pace_error *error,
                  struct export_report *report)
{
    struct exporter exporter;
    struct pace_meta meta = {0};
    int64_t newest_ns = 0;
    int code = exporter_open(&exporter, store, options, error, report);
    for (size_t i = 0; i < exporter.count && code == 0; i++) {
        const struct pace_stream *stream = &exporter.streams[i].stream;
        if (stream->last_time_ns > newest_ns) newest_ns = stream->last_time_ns;
    }
    if (code == 0)
        code = pace_run_meta(exporter.snapshot, exporter.streams[0].stream.last_run, error, &meta);
    if (code == 0) {
        const char *repository = meta_value(&meta, "repository");
        (void)fprintf(options->out,
                      "window.BENCHMARK_DATA = {\n  \"lastUpdate\": %" PRId64 ",\n  \"repoUrl\": ",
                      newest_ns / 1000000);
        export_json_text(options->out,
                         repository[0] != '\0' ? repository : exporter.streams[0].project);
        (void)fputs(",\n  \"entries\": {", options->out);
        code = datajs_streams(&exporter);
        (void)fputs("\n  }\n}\n", options->out);
    }
    return exporter_close(&exporter, code);
}

/* -- OpenMetrics ------------------------------------------------------------------------------- */

/* A series and the family that it is of. */
struct family_column {
    char *family; /* pace_latency_seconds */
    const char *unit;
    double divide;
    const struct export_stream *stream;
    const struct export_column *column;
};

/* Base units of OpenMetrics: seconds and bytes. */
static void family_unit(const char *unit, struct family_column *out)
{
    out->divide = strcmp(unit, "ns") == 0 ? 1e9 : 1;
    out->unit = strcmp(unit, "ns") == 0 ? "seconds" : strcmp(unit, "B") == 0 ? "bytes" : "";
}

/* A measure that came from Prometheus has its unit behind it already. */
static char *family_name(const char *measure, const char *unit)
{
    size_t len = strlen(measure), tail = strlen(unit);
    if (len > tail && measure[len - tail - 1] == '_' && strcmp(measure + len - tail, unit) == 0)
        unit = "";
    size_t size = strlen(measure) + strlen(unit) + 8;
    char *name = malloc(size);
    if (name == NULL) return NULL;
    int used = snprintf(name, size, "pace_%s%s%s", measure, unit[0] != '\0' ? "_" : "", unit);
    for (int i = 0; i < used; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            name[i] = '_';
    }
    return name;
}

static int by_family(const void *a, const void *b)
{
    const struct family_column *left = a, *right = b;
    int order = strcmp(left->family, right->family);
    if (order != 0) return order;
    if (left->stream != right->stream) return left->stream < right->stream ? -1 : 1;
    return (left->column > right->column) - (left->column < right->column);
}

static void put_label(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, "%s=\"", name);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') (void)fputc('\\', out);
        (void)fputs(*c == '\n' ? "\\n" : (char[]){*c, '\0'}, out);
    }
    (void)fputc('"', out);
}

static void put_series(FILE *out, const struct family_column *series)
{
    (void)fprintf(out, "%s{", series->family);
    put_label(out, "project", series->stream->project);
    (void)fputc(',', out);
    put_label(out, "branch", series->stream->branch);
    (void)fputc(',', out);
    put_label(out, "testbed", series->stream->testbed);
    (void)fputc(',', out);
    put_label(out, "benchmark", series->column->benchmark);
    (void)fputc(',', out);
    put_label(out, "measure",
              series->column->measure); /* the name, which the family's is made of */
    (void)fputs("} ", out);
}

static int write_series(struct exporter *exporter, const struct family_column *series)
{
    struct pace_range range = {INT64_MIN, INT64_MAX, exporter->options->last};
    FILE *out = exporter->options->out;
    struct pace_cells cells;
    pace_scan *scan = NULL;
    int64_t before_ms = INT64_MIN;
    int code = pace_scan_open(exporter->snapshot, series->stream->stream.id,
                              &series->column->column, 1, &range, exporter->error, &scan);
    while (code == 0 && (code = pace_scan_next(scan, exporter->error, &cells)) == 0 &&
           cells.run_count > 0) {
        for (size_t r = 0; r < cells.run_count; r++) {
            int64_t time_ms = cells.runs[r].time_ns / 1000000;
            if (cells.status[r] != PACE_CELL_OK) continue;
            if (time_ms <= before_ms) {
                exporter->report->left_out++;
                continue;
            }
            before_ms = time_ms;
            put_series(out, series);
            export_number(out, cells.value[r] / series->divide);
            /* One value of each is the state of now, which scrapers read too: without a time. */
            if (exporter->options->last != 1)
                (void)fprintf(out, " %" PRId64 ".%03d", time_ms / 1000, (int)(time_ms % 1000));
            (void)fputc('\n', out);
            exporter->report->values++;
        }
    }
    pace_scan_close(scan);
    return code;
}

static int write_families(struct exporter *exporter, struct family_column *list, size_t count)
{
    FILE *out = exporter->options->out;
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        const char *family = list[i].family;
        if (i == 0 || strcmp(list[i - 1].family, family) != 0) {
            (void)fprintf(out, "# HELP %s ", family);
            (void)fprintf(out, "%s of benchmarks\n# TYPE %s gauge\n", family + strlen("pace_"),
                          family);
            if (list[i].unit[0] != '\0') (void)fprintf(out, "# UNIT %s %s\n", family, list[i].unit);
        }
        code = write_series(exporter, &list[i]);
    }
    (void)fputs("# EOF\n", out);
    return code;
}

int export_openmetrics(pace *store, const struct export_options *options, struct pace_error *error,
                       struct export_report *report)
{
    struct exporter exporter;
    size_t total = 0, used = 0;
    int code = exporter_open(&exporter, store, options, error, report);
    for (size_t i = 0; i < exporter.count; i++) {
        uint64_t runs = exporter.streams[i].stream.run_count;
        total += exporter.streams[i].count;
        report->runs += options->last > 0 && options->last < runs ? options->last : runs;
    }
    struct family_column *list = calloc(total + 1, sizeof *list);
    if (code == 0 && list == NULL) code = error_fill(error, PACE_ENOMEM, "out of memory");
    for (size_t i = 0; i < exporter.count && code == 0; i++) {
        for (uint32_t c = 0; c < exporter.streams[i].count && code == 0; c++) {
            struct family_column *item = &list[used++];
            item->stream = &exporter.streams[i];
            item->column = &exporter.streams[i].columns[c];
            family_unit(item->column->unit, item);
            item->family = family_name(item->column->measure, item->unit);
            if (item->family == NULL) code = error_fill(error, PACE_ENOMEM, "out of memory");
        }
    }
    if (code == 0 && used > 1) qsort(list, used, sizeof *list, by_family);
    if (code == 0) code = write_families(&exporter, list, used);
    for (size_t i = 0; list != NULL && i < used; i++)
        free(list[i].family);
    free(list);
    return exporter_close(&exporter, code);
}
