/* export.c -- what the exports share, and two of them: BMF and the Go benchmark format. */
#include "export.h"
#include "adapters/json.h"
#include "timestamp.h"

#include "../engine/unit.h"
#include "../query/escape.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- what was chosen --------------------------------------------------------------------------- */

static int no_memory(struct exporter *exporter)
{
    return error_fill(exporter->error, PACE_ENOMEM, "out of memory");
}

static int by_cell(const void *a, const void *b)
{
    const struct export_column *left = a, *right = b;
    int order = strcmp(left->benchmark, right->benchmark);
    return order != 0 ? order : strcmp(left->measure, right->measure);
}

static int by_stream(const void *a, const void *b)
{
    const struct export_stream *left = a, *right = b;
    int order = strcmp(left->project, right->project);
    if (order == 0) order = strcmp(left->branch, right->branch);
    return order != 0 ? order : strcmp(left->testbed, right->testbed);
}

static int read_columns(struct exporter *exporter, const char *const *benchmarks,
                        const char *const *measures, struct export_stream *stream)
{
    const struct pace_column *columns = NULL;
    pace_snapshot *snapshot = exporter->snapshot;
    int code = pace_columns(snapshot, stream->stream.id, exporter->error, &columns, &stream->count);
    if (code != 0) return code;
    stream->columns = calloc(stream->count + 1u, sizeof *stream->columns);
    if (stream->columns == NULL) return no_memory(exporter);
    for (uint32_t i = 0; i < stream->count && code == 0; i++) {
        struct pace_measure measure = {"", PACE_DIRECTION_UNKNOWN};
        code = pace_measure_get(snapshot, stream->stream.project, columns[i].measure,
                                exporter->error, &measure);
        stream->columns[i] =
            (struct export_column){benchmarks[columns[i].benchmark], measures[columns[i].measure],
                                   measure.unit, measure.direction, i};
    }
    if (stream->count > 1) qsort(stream->columns, stream->count, sizeof *stream->columns, by_cell);
    return code;
}

static int is_wanted(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

int exporter_open(struct exporter *exporter, pace *store, const struct export_options *options,
                  struct pace_error *error, struct export_report *report)
{
    const struct pace_stream *streams = NULL;
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t total = 0, ignored = 0;
    *exporter = (struct exporter){.options = options, .error = error, .report = report};
    *report = (struct export_report){0};
    int code = pace_snapshot_begin(store, error, &exporter->snapshot);
    for (int d = 0; d < PACE_DIMENSION_COUNT && code == 0; d++)
        code = pace_names(exporter->snapshot, (enum pace_dimension)d, error, &names[d], &ignored);
    if (code == 0) code = pace_streams(exporter->snapshot, error, &streams, &total);
    if (code != 0) return code;
    exporter->streams = calloc(total + 1u, sizeof *exporter->streams);
    if (exporter->streams == NULL) return no_memory(exporter);
    for (uint32_t i = 0; i < total && code == 0; i++) {
        struct export_stream stream = {.stream = streams[i],
                                       .project = names[PACE_PROJECT][streams[i].project],
                                       .branch = names[PACE_BRANCH][streams[i].branch],
                                       .testbed = names[PACE_TESTBED][streams[i].testbed]};
        if (streams[i].run_count == 0 || !is_wanted(options->project, stream.project) ||
            !is_wanted(options->branch, stream.branch) ||
            !is_wanted(options->testbed, stream.testbed))
            continue;
        code = read_columns(exporter, names[PACE_BENCHMARK], names[PACE_MEASURE], &stream);
        exporter->streams[exporter->count++] = stream;
    }
    if (exporter->count > 1)
        qsort(exporter->streams, exporter->count, sizeof *exporter->streams, by_stream);
    if (code == 0 && exporter->count == 0)
        code = error_fill(error, PACE_ENOTFOUND, "there are no runs of that; see: pace ls");
    return code;
}

int exporter_close(struct exporter *exporter, int code)
{
    for (size_t i = 0; i < exporter->count; i++)
        free(exporter->streams[i].columns);
    free(exporter->streams);
    if (exporter->snapshot != NULL) pace_snapshot_end(exporter->snapshot);
    if (code == 0 && (fflush(exporter->options->out) != 0 || ferror(exporter->options->out)))
        code = error_fill(exporter->error, errno == EPIPE ? EPIPE : PACE_EIO,
                          "it cannot be written: %s", strerror(errno));
    return code;
}

int exporter_scan(struct exporter *exporter, const struct export_stream *stream,
                  int (*run)(struct exporter *exporter, const struct export_stream *stream,
                             const struct pace_cells *cells, size_t r, void *context),
                  void *context)
{
    struct pace_range range = {INT64_MIN, INT64_MAX, exporter->options->last};
    struct pace_cells cells;
    pace_scan *scan = NULL;
    uint32_t *columns = calloc(stream->count + 1u, sizeof *columns);
    if (columns == NULL) return no_memory(exporter);
    for (uint32_t i = 0; i < stream->count; i++)
        columns[i] = stream->columns[i].column;
    int code = pace_scan_open(exporter->snapshot, stream->stream.id, columns, stream->count, &range,
                              exporter->error, &scan);
    free(columns);
    while (code == 0 && (code = pace_scan_next(scan, exporter->error, &cells)) == 0 &&
           cells.run_count > 0) {
        for (size_t r = 0; r < cells.run_count && code == 0; r++) {
            exporter->report->runs++;
            code = run(exporter, stream, &cells, r, context);
        }
    }
    pace_scan_close(scan);
    return code;
}

void export_json_text(FILE *out, const char *text)
{
    char piece[ESCAPE_JSON_MAX];
    (void)fputc('"', out);
    while (*text != '\0') {
        if (*text == '<') /* "</script>" would end a page's data */
            snprintf(piece, sizeof piece, "\\u003c");
        text += *text == '<' ? 1 : escape_json_character(piece, text, strnlen(text, 4));
        (void)fputs(piece, out);
    }
    (void)fputc('"', out);
}

void export_number(FILE *out, double number)
{
    char text[UNIT_TEXT_MAX];
    (void)fputs(unit_print_number(text, number), out);
}

/* -- Bencher Metric Format --------------------------------------------------------------------- */

static int bmf_run(struct exporter *exporter, const struct export_stream *stream,
                   const struct pace_cells *cells, size_t r, void *context)
{
    FILE *out = exporter->options->out;
    const char *benchmark = NULL;
    (void)context;
    (void)fputc('{', out);
    for (uint32_t i = 0; i < stream->count; i++) {
        const struct export_column *column = &stream->columns[i];
        size_t at = i * cells->stride + r;
        if (cells->status[at] != PACE_CELL_OK) continue;
        int same = benchmark != NULL && strcmp(benchmark, column->benchmark) == 0;
        if (!same) {
            (void)fputs(benchmark != NULL ? "\n  },\n  " : "\n  ", out);
            export_json_text(out, column->benchmark);
            (void)fputs(": {", out);
        }
        benchmark = column->benchmark;
        (void)fputs(same ? ",\n    " : "\n    ", out);
        export_json_text(out, column->measure);
        (void)fputs(": {\"value\": ", out);
        export_number(out, cells->value[at]);
        if (cells->lower != NULL && !isnan(cells->lower[at])) {
            (void)fputs(", \"lower_value\": ", out);
            export_number(out, cells->lower[at]);
        }
        if (cells->upper != NULL && !isnan(cells->upper[at])) {
            (void)fputs(", \"upper_value\": ", out);
            export_number(out, cells->upper[at]);
        }
        (void)fputc('}', out);
        exporter->report->values++;
    }
    (void)fputs(benchmark != NULL ? "\n  }\n}\n" : "}\n", out);
    return 0;
}

int export_bmf(pace *store, const struct export_options *options, struct pace_error *error,
               struct export_report *report)
{
    struct export_options newest = *options;
    struct exporter exporter;
    newest.last = 1;
    int code = exporter_open(&exporter, store, &newest, error, report);
    if (code == 0 && exporter.count > 1)
        code = error_fill(error, PACE_EMISUSE,
                          "the Bencher Metric Format holds one run, and there are %zu testbeds and "
                          "branches: choose with --project, --branch, --testbed",
                          exporter.count);
    if (code == 0) code = exporter_scan(&exporter, &exporter.streams[0], bmf_run, NULL);
    return exporter_close(&exporter, code);
}

/* -- the Go benchmark format ------------------------------------------------------------------- */

/* A word of the format: blanks are underlines. */
static void put_word(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        (void)fputc(strchr(" \t\r\n", *c) != NULL ? '_' : *c, out);
}

static void put_unit(FILE *out, const struct export_column *column)
{
    int is_ns = strcmp(column->unit, "ns") == 0;
    if (strcmp(column->measure, "latency") == 0 && is_ns) {
        (void)fputs("ns/op", out);
        return;
    }
    /* What the adapter made a companion of the time is a unit of its own. */
    put_word(out, strcmp(column->measure, "latency.MB/s") == 0 ? "MB/s" : column->measure);
    /* benchstat shows what ends so as a time; Go's own p99-ns does. */
    size_t len = strlen(column->measure);
    if (is_ns && (len < 3 || strcmp(column->measure + len - 3, "-ns") != 0))
        (void)fputs("-ns", out);
}

/* The values of one measure: the samples of its cell, else the cell's value. */
struct go_values {
    const struct export_column *column;
    const double *values;
    size_t count;
};

static int go_read(struct exporter *exporter, const struct pace_cells *cells, size_t r, size_t at,
                   struct go_values *out)
{
    if (cells->status[at] != PACE_CELL_OK) return 0;
    int code = pace_samples(exporter->snapshot, cells->runs[r].run, out->column->column,
                            exporter->error, &out->values, &out->count);
    if (code == 0 && out->count == 0) {
        out->values = &cells->value[at];
        out->count = 1;
    }
    return code;
}

/* The number behind a name in the format is no measure of its own. */
static int is_iterations(const struct go_values *values)
{
    static const char end[] = ".iterations";
    const char *measure = values->column->measure;
    size_t len = strlen(measure);
    return len >= sizeof end && strcmp(measure + len - (sizeof end - 1), end) == 0;
}

static double go_iterations(const struct go_values *list, uint32_t count, size_t line)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_iterations(&list[i]) && line < list[i].count && list[i].values[line] >= 1 &&
            list[i].values[line] < 1e15)
            return list[i].values[line];
    }
    return 1;
}

static void go_line(struct exporter *exporter, const struct go_values *list, uint32_t count,
                    size_t line)
{
    static const char lead[] = "Benchmark";
    FILE *out = exporter->options->out;
    const char *name = list[0].column->benchmark;
    int begun = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (line >= list[i].count || is_iterations(&list[i])) continue;
        if (!begun) {
            if (strncmp(name, lead, sizeof lead - 1) != 0) (void)fputs(lead, out);
            put_word(out, name);
            (void)fprintf(out, " %.0f", go_iterations(list, count, line));
        }
        begun = 1;
        (void)fputc(' ', out);
        export_number(out, list[i].values[line]);
        (void)fputc(' ', out);
        put_unit(out, list[i].column);
        exporter->report->values++;
    }
    if (begun) (void)fputc('\n', out);
}

/* The lines of one benchmark, columns[first .. first+count): a line for each sample. */
static int go_benchmark(struct exporter *exporter, const struct export_stream *stream,
                        const struct pace_cells *cells, size_t r, uint32_t first, uint32_t count)
{
    struct go_values *list = calloc(count, sizeof *list);
    size_t lines = 0;
    int code = list == NULL ? no_memory(exporter) : 0;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        list[i].column = &stream->columns[first + i];
        code = go_read(exporter, cells, r, (first + i) * cells->stride + r, &list[i]);
        if (list[i].count > lines) lines = list[i].count;
    }
    for (size_t line = 0; line < lines && code == 0; line++)
        go_line(exporter, list, count, line);
    free(list);
    return code;
}

/* The configuration lines that `go test` writes, where the run has them. */
static int go_config(struct exporter *exporter, uint64_t run)
{
    static const char *const keys[] = {"goos", "goarch", "pkg", "cpu"};
    struct pace_meta meta;
    int code = pace_run_meta(exporter->snapshot, run, exporter->error, &meta);
    if (code != 0) return code;
    for (size_t i = 0; i < meta.count; i++) {
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            if (strcmp(meta.keys[i], keys[k]) == 0 && strpbrk(meta.values[i], "\r\n") == NULL)
                (void)fprintf(exporter->options->out, "%s: %s\n", keys[k], meta.values[i]);
        }
    }
    return 0;
}

/* 1 when the streams of the export are of several projects or testbeds. */
static int are_several(const struct exporter *exporter)
{
    const struct export_stream *first = exporter->streams;
    for (size_t i = 1; i < exporter->count; i++) {
        if (strcmp(exporter->streams[i].project, first->project) != 0 ||
            strcmp(exporter->streams[i].testbed, first->testbed) != 0)
            return 1;
    }
    return 0;
}

static int go_run(struct exporter *exporter, const struct export_stream *stream,
                  const struct pace_cells *cells, size_t r, void *context)
{
    FILE *out = exporter->options->out;
    char time[TIMESTAMP_TEXT_MAX];
    (void)context;
    /* benchstat compares what has the same configuration lines, and does not see the first line. So
     * what one project measured on one testbed stands beside the output of `go test` itself. */
    (void)fprintf(out, "# project %s, branch %s, testbed %s, commit %s, %s\n", stream->project,
                  stream->branch, stream->testbed,
                  cells->runs[r].commit[0] != '\0' ? cells->runs[r].commit : "unknown",
                  timestamp_print(time, cells->runs[r].time_ns));
    if (are_several(exporter))
        (void)fprintf(out, "project: %s\ntestbed: %s\n", stream->project, stream->testbed);
    int code = go_config(exporter, cells->runs[r].run);
    (void)fputc('\n', out);
    for (uint32_t first = 0, count = 0; first < stream->count && code == 0; first += count) {
        count = 1;
        while (first + count < stream->count &&
               strcmp(stream->columns[first].benchmark, stream->columns[first + count].benchmark) ==
                   0)
            count++;
        code = go_benchmark(exporter, stream, cells, r, first, count);
    }
    (void)fputc('\n', out);
    return code;
}

/* Which way is better of a measure that Go does not know: said once, before the first run. */
static void go_units(const struct exporter *exporter)
{
    FILE *out = exporter->options->out;
    for (size_t s = 0; s < exporter->count; s++) {
        const struct export_stream *stream = &exporter->streams[s];
        for (uint32_t i = 0; i < stream->count; i++) {
            const struct export_column *column = &stream->columns[i];
            int said = column->direction == PACE_DIRECTION_UNKNOWN ||
                       strcmp(column->measure, "latency") == 0;
            for (uint32_t k = 0; k < i && !said; k++)
                said = strcmp(stream->columns[k].measure, column->measure) == 0;
            for (size_t b = 0; b < s && !said; b++) {
                for (uint32_t k = 0; k < exporter->streams[b].count && !said; k++)
                    said = strcmp(exporter->streams[b].columns[k].measure, column->measure) == 0;
            }
            if (said) continue;
            (void)fputs("Unit ", out);
            put_unit(out, column);
            (void)fprintf(out, " better=%s\n",
                          column->direction == PACE_LOWER_IS_BETTER ? "lower" : "higher");
        }
    }
}

int export_go(pace *store, const struct export_options *options, struct pace_error *error,
              struct export_report *report)
{
    struct exporter exporter;
    int code = exporter_open(&exporter, store, options, error, report);
    if (code == 0) go_units(&exporter);
    for (size_t i = 0; i < exporter.count && code == 0; i++)
        code = exporter_scan(&exporter, &exporter.streams[i], go_run, NULL);
    return exporter_close(&exporter, code);
}
