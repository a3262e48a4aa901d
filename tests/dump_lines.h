/* dump_lines.h -- the lines of a dump of a store, one a fact: what a store says through the library
 * (format_dump.h) and what a reader of its bytes finds (doc/decode.h) can be compared as text.
 *
 *   stat RUNS CELLS STREAMS SERIES NAMES
 *   name DIMENSION ID TEXT
 *   measure PROJECT MEASURE UNIT DIRECTION
 *   start PROJECT BRANCH PARENT COMMIT TIME
 *   stream ID PROJECT BRANCH TESTBED COLUMNS RUNS CELLS FIRST LAST LAST-RUN
 *   column STREAM NUMBER BENCHMARK MEASURE
 *   run STREAM NUMBER TIME RAN ORDINAL FLAGS CELLS COMMIT ID : COLUMN=CELL ...
 *   summary STREAM COLUMN COUNT MIN MAX
 *   meta RUN KEY VALUE
 *   samples RUN COLUMN VALUE ...
 *   commit TEXT RUN
 *   mark ID KIND UNDONE AT CREATED SELECTOR TARGET NOTE
 *   object KIND NAME VERSION CREATED TEXT
 *
 * A cell is its value, F (failed) or S (skipped); bounds follow as [lower,upper], empty: none. */
#ifndef DUMP_LINES_H
#define DUMP_LINES_H

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest digits that give the same bits back. */
static inline void dump_number(FILE *out, double number)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        double back;
        snprintf(text, sizeof text, "%.*g", digits, number);
        back = strtod(text, NULL);
        if (memcmp(&back, &number, sizeof back) == 0) break;
    }
    fputs(text, out);
}

/* A text in quotes, on one line. */
static inline void dump_text(FILE *out, const char *text, size_t len)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {
        case '\n': fputs("\\n", out); break;
        case '\r': fputs("\\r", out); break;
        case '\t': fputs("\\t", out); break;
        case '"':
        case '\\': fputc('\\', out); /* fallthrough */
        default: fputc(text[i], out);
        }
    }
    fputc('"', out);
}

static inline void dump_name(FILE *out, unsigned dimension, uint32_t id, const char *text,
                             size_t len)
{
    fprintf(out, "name %u %" PRIu32 " ", dimension, id);
    dump_text(out, text, len);
    fputc('\n', out);
}

static inline void dump_measure(FILE *out, uint32_t project, uint32_t measure, const char *unit,
                                unsigned direction)
{
    fprintf(out, "measure %" PRIu32 " %" PRIu32 " ", project, measure);
    dump_text(out, unit, strlen(unit));
    fprintf(out, " %u\n", direction);
}

static inline void dump_start(FILE *out, uint32_t project, uint32_t branch, const char *parent,
                              const char *commit, size_t commit_len, int64_t time_ns)
{
    fprintf(out, "start %" PRIu32 " %" PRIu32 " ", project, branch);
    dump_text(out, parent, strlen(parent));
    fputc(' ', out);
    dump_text(out, commit, commit_len);
    fprintf(out, " %" PRId64 "\n", time_ns);
}

struct dump_stream {
    uint32_t id, project, branch, testbed, columns;
    uint64_t runs, cells;
    int64_t first_ns, last_ns;
    uint64_t last_run;
};

static inline void dump_stream(FILE *out, const struct dump_stream *stream)
{
    fprintf(out, "stream %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32, stream->id,
            stream->project, stream->branch, stream->testbed, stream->columns);
    fprintf(out, " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64 "\n", stream->runs,
            stream->cells, stream->first_ns, stream->last_ns, stream->last_run);
}

struct dump_run {
    uint32_t stream, ordinal, flags, cells;
    uint64_t run;
    int64_t time_ns, ran_ns;
    const char *commit, *id;
    size_t commit_len, id_len;
};

/* Begins a run's line; dump_cell and a line end follow. */
static inline void dump_run(FILE *out, const struct dump_run *run)
{
    fprintf(out, "run %" PRIu32 " %" PRIu64 " %" PRId64 " %" PRId64, run->stream, run->run,
            run->time_ns, run->ran_ns);
    fprintf(out, " %" PRIu32 " %" PRIu32 " %" PRIu32 " ", run->ordinal, run->flags, run->cells);
    dump_text(out, run->commit, run->commit_len);
    fputc(' ', out);
    dump_text(out, run->id, run->id_len);
    fputs(" :", out);
}

enum { DUMP_OK, DUMP_FAILED, DUMP_SKIPPED };

static inline void dump_cell(FILE *out, uint32_t column, unsigned status, double value,
                             double lower, double upper)
{
    fprintf(out, " %" PRIu32 "=", column);
    if (status != DUMP_OK) {
        fputc(status == DUMP_FAILED ? 'F' : 'S', out);
        return;
    }
    dump_number(out, value);
    if (isnan(lower) && isnan(upper)) return;
    fputc('[', out);
    if (!isnan(lower)) dump_number(out, lower);
    fputc(',', out);
    if (!isnan(upper)) dump_number(out, upper);
    fputc(']', out);
}

static inline void dump_summary(FILE *out, uint32_t stream, uint32_t column, uint64_t count,
                                double min, double max)
{
    fprintf(out, "summary %" PRIu32 " %" PRIu32 " %" PRIu64, stream, column, count);
    if (count) {
        fputc(' ', out);
        dump_number(out, min);
        fputc(' ', out);
        dump_number(out, max);
    }
    fputc('\n', out);
}

static inline void dump_meta(FILE *out, uint64_t run, const char *key, const char *value)
{
    fprintf(out, "meta %" PRIu64 " ", run);
    dump_text(out, key, strlen(key));
    fputc(' ', out);
    dump_text(out, value, strlen(value));
    fputc('\n', out);
}

static inline void dump_samples(FILE *out, uint64_t run, uint32_t column, const double *samples,
                                size_t count)
{
    fprintf(out, "samples %" PRIu64 " %" PRIu32, run, column);
    for (size_t i = 0; i < count; i++) {
        fputc(' ', out);
        dump_number(out, samples[i]);
    }
    fputc('\n', out);
}

static inline void dump_commit(FILE *out, const char *commit, size_t len, uint64_t run)
{
    fputs("commit ", out);
    dump_text(out, commit, len);
    fprintf(out, " %" PRIu64 "\n", run);
}

struct dump_mark {
    uint64_t id;
    unsigned kind;
    int undone;
    int64_t at_ns, created_ns;
    const char *selector, *target, *note;
};

static inline void dump_mark(FILE *out, const struct dump_mark *mark)
{
    const char *const texts[] = {mark->selector, mark->target, mark->note};
    fprintf(out, "mark %" PRIu64 " %u %d %" PRId64 " %" PRId64, mark->id, mark->kind, mark->undone,
            mark->at_ns, mark->created_ns);
    for (int i = 0; i < 3; i++) {
        fputc(' ', out);
        dump_text(out, texts[i], strlen(texts[i]));
    }
    fputc('\n', out);
}

static inline void dump_object(FILE *out, unsigned kind, const char *name, uint32_t version,
                               int64_t created_ns, const char *text)
{
    fprintf(out, "object %u ", kind);
    dump_text(out, name, strlen(name));
    fprintf(out, " %" PRIu32 " %" PRId64 " ", version, created_ns);
    dump_text(out, text, strlen(text));
    fputc('\n', out);
}

#endif
