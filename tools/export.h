/* export.h -- history in the formats of other tools.
 *
 *   data.js      github-action-benchmark: every run an entry; a suite for each stream and direction
 *   bmf          Bencher Metric Format: the newest run of the one stream that was chosen
 *   openmetrics  every series with its times, which grow; for promtool tsdb create-blocks-from.
 *                With the newest run alone its values have no time: what a scraper reads
 *   go           the Go benchmark format, a line a sample; what benchstat reads
 *
 * Failed and skipped cells have no place in any of them. data.js has the measures themselves,
 * without their companions (latency.min). */
#ifndef PACE_EXPORT_H
#define PACE_EXPORT_H

#include "../engine/pace.h"

#include <stdio.h>

struct export_options {
    const char *project, *branch, *testbed; /* NULL: all */
    uint64_t last;                          /* newest runs of each stream; 0: all */
    FILE *out;
};

struct export_report {
    uint64_t runs, values;
    uint64_t left_out; /* points of one series with the same time (openmetrics) */
};

typedef int export_function(pace *store, const struct export_options *options,
                            struct pace_error *error, struct export_report *report);

export_function export_datajs, export_bmf, export_openmetrics, export_go;

/* -- what the formats share -------------------------------------------------------------------- */

/* A series of a stream, in the order of its columns' names. */
struct export_column {
    const char *benchmark, *measure, *unit;
    enum pace_direction direction;
    uint32_t column;
};

struct export_stream {
    struct pace_stream stream;
    const char *project, *branch, *testbed;
    struct export_column *columns;
    uint32_t count;
};

struct exporter {
    const struct export_options *options;
    struct pace_error *error;
    struct export_report *report;
    pace_snapshot *snapshot;
    struct export_stream *streams; /* those that were chosen, in order of names */
    size_t count;
};

int exporter_open(struct exporter *exporter, pace *store, const struct export_options *options,
                  struct pace_error *error, struct export_report *report);
int exporter_close(struct exporter *exporter, int code); /* returns the code, or that of writing */

/* All columns of a stream's runs, in order: cells[i * stride + r] is columns[i]. */
int exporter_scan(struct exporter *exporter, const struct export_stream *stream,
                  int (*run)(struct exporter *exporter, const struct export_stream *stream,
                             const struct pace_cells *cells, size_t r, void *context),
                  void *context);

/* A JSON string, quotes included. */
void export_json_text(FILE *out, const char *text);
void export_number(FILE *out, double number);

#endif
