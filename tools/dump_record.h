/* dump_record.h -- one record of a dump, as a line of JSON and as a row of CSV.
 *
 * A dump is a list of flat records. `record` says what one is:
 *
 *   dump     its version: the first record
 *   measure  project (none: every project), measure, unit, direction
 *   run      run (its identity), project, branch, testbed, commit, time, ran, ordinal, flags
 *   meta     name and text: metadata of the run before it
 *   cell     benchmark, measure, status, value, lower, upper, samples: of the run before it
 *   start    where a branch left its parent: project, branch, parent, commit, time
 *   mark     kind, text (the selector), run, target, note, time (applies from), created, status
 *            (undone). Behind run: the selector has 1, 2 ...: the identities in `run`, between tabs
 *   object   kind, name, text, version, created, status
 *   end      how many runs and cells there were
 *
 * Fields that have no value are left out. Values are in the unit of their measure's record. The
 * same record is always the same bytes, and both forms hold the same. */
#ifndef PACE_DUMP_RECORD_H
#define PACE_DUMP_RECORD_H

#include "../engine/arena.h"
#include "../engine/pace.h"

#include <stddef.h>
#include <stdint.h>

enum dump_field {
#define DUMP_FIELD(id, name, type) DUMP_##id,
#include "dump.def"
#undef DUMP_FIELD
    DUMP_FIELD_COUNT
};

enum { DUMP_FORMAT = 1 }; /* version of the records */

enum dump_form { DUMP_JSON, DUMP_CSV };

/* A record. Which of the members a field has follows from its type in dump.def. */
struct dump_record {
    const char *text[DUMP_FIELD_COUNT]; /* NULL or "": none */
    uint64_t count[DUMP_FIELD_COUNT];   /* 0: none */
    int64_t time_ns[DUMP_FIELD_COUNT];  /* INT64_MIN: none */
    double number[DUMP_FIELD_COUNT];    /* NAN: none */
    const double *samples;              /* of SAMPLES */
    size_t sample_count;
};

void dump_record_init(struct dump_record *record, const char *what);

/* Bytes that grow. */
struct dump_bytes {
    char *data;
    size_t len, capacity;
    int failed; /* 1: memory ran out */
};

/* Appends a record and its line end. */
void dump_record_write(struct dump_bytes *out, enum dump_form form,
                       const struct dump_record *record);

/* Appends a cell: what dump_record_write writes of such a record, in less time. */
void dump_cell_write(struct dump_bytes *out, enum dump_form form, const struct pace_cell *cell);

/* The first row of CSV. */
void dump_header_write(struct dump_bytes *out);

/* What `name` and `line` stand for in errors, which are PACE_EVALUE and PACE_ENOMEM. Texts and
 * samples live in the arena. */
int dump_record_parse(const char *name, uint64_t line, const char *text, size_t len,
                      struct arena *arena, struct pace_error *error, struct dump_record *out);

/* Reads the row of CSV at text[*at ..len), which has a NUL behind it; moves *at and *line behind
 * it. out->text[DUMP_RECORD] is NULL at the end. */
int dump_row_parse(const char *name, uint64_t *line, const char *text, size_t len, size_t *at,
                   struct arena *arena, struct pace_error *error, struct dump_record *out);

/* DUMP_JSON or DUMP_CSV where the beginning of a file is a dump's; else -1. */
int dump_recognise(const char *text, size_t len);

#endif
