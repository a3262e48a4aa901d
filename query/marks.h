/* marks.h -- what marks say about series and rows: accepted changes, excluded runs, archived
 * branches. */
#ifndef PACE_MARKS_H
#define PACE_MARKS_H

#include "context.h"
#include "scope.h"

/* A mark that is in force, with its selector parsed. */
struct mark_view {
    enum pace_mark_kind kind;
    uint64_t id;
    struct scope *scope;     /* the series it is about */
    struct row_filter *rows; /* its commit: and run: keys */
    int64_t at_ns;           /* INT64_MIN: none */
    struct mark_view *next;
};

/* All marks in force; a selector that no longer parses is an error that names the mark. */
int marks_load(struct context *ctx, struct mark_view **out);

/* Takes the series of archived branches out of a selection. */
int marks_archive(struct context *ctx, const struct mark_view *marks, struct selection *selection);

/* The marks (of `marks`) that name this series, in *out as a new list that shares them. */
int marks_of_series(struct context *ctx, const struct mark_view *marks, const struct series *series,
                    const struct mark_view ***out, size_t *count);

/* 1 when one of the exclude marks hides this row, 0 when none does, negative on error. */
int marks_exclude(struct context *ctx, const struct mark_view *const *marks, size_t count,
                  const char *commit, uint64_t run);

#endif
