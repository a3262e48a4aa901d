/* report.h -- `pace report`: the history of many series as one page that needs nothing else.
 *
 *     struct report report = {.store = store, .selector = "branch:main", .now_ns = now};
 *     report_open(&report);          what is there, and how much
 *     report_read(&report);          the verdicts, changes, marks and all points
 *     report_write(&report, file);   the page
 *     report_close(&report);
 *
 * All that the page says comes from the query language: verdicts are the rows of `check | last
 * run`, changes those of `changes`, limits those of `check` on the newest points. Each question
 * runs in a session of its own, three at the same time; they may see runs that are stored
 * meanwhile. */
#ifndef PACE_REPORT_H
#define PACE_REPORT_H

#include "../engine/arena.h"
#include "../query/pace_query.h"
#include "report_pack.h"

#include <stdio.h>

/* What one page can hold, and how much of it is judged point by point: a judged point costs two
 * thousand times what a read one does. */
enum {
    REPORT_MAX_SERIES = 100000,
    REPORT_MAX_POINTS = 20000000,
    REPORT_MAX_JUDGED = 1000000,
};

struct report_series {
    const char *names[PACE_DIMENSION_COUNT];
    const char *unit;
    uint32_t stream; /* index among the report's streams */
    uint32_t point_count;
    uint32_t chunk, offset;      /* where its points are */
    size_t judged, judged_count; /* of report_limits */
};

/* Project, branch and testbed, and where the branch began. */
struct report_stream {
    const char *names[3];
    const char *parent, *start_commit,
        *fork_commit; /* NULL: none; fork: the run that stands for it */
    int64_t start_ns, fork_ns;
    uint64_t fork_run;
};

/* The limits of judged points, series by series in order of runs. */
struct report_limits {
    size_t count, capacity;
    uint64_t *run;
    double *base, *low, *high;
    uint8_t *verdict;
};

/* Points that a mark excludes, in order of series and time. */
struct report_excluded {
    size_t count, capacity;
    struct report_hidden {
        uint32_t series;
        uint64_t run;
        int64_t time_ns;
        const char *commit;
        double value;
    } * items;
};

/* A run that some series has a point of. */
struct report_run {
    int64_t time_ns;
    const char *commit; /* NULL: not seen */
};

/* Distinct commits in order of appearance. */
struct report_commits {
    struct arena arena; /* of the texts */
    const char **texts;
    uint32_t count, capacity;
    uint32_t *slots; /* by hash; UINT32_MAX: free */
    size_t slot_count;
};

/* Rows of a question as JSON; what is named commit, or something_commit, is a number among
 * `commits`. */
struct report_rows {
    const char *const *columns; /* behind the number of the series; NULL at the end */
    struct bytes json;
    struct report_commits commits;
};

struct report {
    pace *store;
    pace_snapshot *snapshot; /* names, lineages, marks */
    const char *selector;    /* what may stand before a `|` */
    const char *link;        /* address of a commit's page with {commit}; NULL: none */
    int64_t now_ns;
    struct arena arena;
    struct report_series *series; /* in the order of the query language */
    size_t series_count, series_capacity, slot_count;
    uint32_t *slots; /* by hash of the names; UINT32_MAX: free */
    struct report_stream *streams;
    size_t stream_count;
    uint64_t points;         /* of all series */
    uint64_t judged_last;    /* newest points of each series that are judged; 0: all */
    struct report_run *runs; /* by number */
    uint64_t run_count;
    struct report_limits limits;
    struct report_excluded excluded;
    double share; /* see pack_points */
    struct report_rows check, changes;
    struct bytes marks, measures; /* JSON: lists */
    struct bytes *chunks;         /* base64 */
    size_t chunk_count, chunk_capacity;
};

/* store, selector, link and now_ns are given, all else is zero. Says what is wrong and returns an
 * exit status: among them STATUS_NO_VERDICT when no series matches. Close it in every case. */
int report_open(struct report *report);
int report_read(struct report *report);
void report_close(struct report *report);

/* Writes the page. Returns 0 or an errno. */
int report_write(const struct report *report, FILE *out);

/* -- what the files of the report share -------------------------------------------------------- */

/* The series of row `i`, or NULL when it is none of the report's. */
struct report_series *report_series_of(const struct report *report, const struct pace_rows *rows,
                                       size_t row);

/* The end of the rows from `row` on that share the very texts of its names: they are of one
 * series. */
size_t report_stretch(const struct pace_rows *rows, size_t row);

/* Marks, units and directions, start points: report_facts.c. */
int report_facts(struct report *report);

/* The points of all series, packed: report_points.c. */
int report_points(struct report *report);

/* The number of a commit, which is copied; UINT32_MAX without memory. */
uint32_t report_commit(struct report_commits *commits, const char *commit);
void report_commits_free(struct report_commits *commits);

/* Runs one statement and calls take() with each batch of rows. Says what is wrong, and returns the
 * exit status. */
typedef int report_take(struct report *report, void *context, const struct pace_rows *rows);
int report_ask(struct report *report, const char *text, report_take *take, void *context);

/* JSON, safe inside of a page: `<`, `>`, `&`, control characters and those that change the
 * direction of text are escaped, bytes that are not UTF-8 become U+FFFD. A NAN is null. */
void json_text(struct bytes *out, const char *text);
void json_number(struct bytes *out, double number);
void json_plain(struct bytes *out, const char *text);
/* A field of a row: text, number, milliseconds since 1970, true or false; null. */
void json_field(struct bytes *out, const struct pace_field *field, size_t row);

#endif
