/* pace.h -- libpace's store: the performance history of software, appended and read.
 *
 * The model. A RUN is one execution of a benchmark suite: a project, branch, testbed, commit, time,
 * and its cells. A CELL is one value of one benchmark x measure in a run. A STREAM is project x
 * branch x testbed; a SERIES is a stream x benchmark x measure: its cells in commit order. Within a
 * stream each benchmark x measure is a COLUMN, numbered from 0 by first appearance, never reused.
 *
 * Order. Runs of a stream are ordered by (time, ordinal, run number): `time` is the commit's time,
 * `ordinal` its first-parent count where known, the run number says who arrived first. A run that
 * arrives late takes its place in the middle.
 *
 * Results. Functions return 0, or a negative code of error.def, or a positive errno. Those that
 * take a `struct pace_error *` also fill it (it may be NULL). Outputs come last and are untouched
 * on error.
 *
 * Threads. A `pace` may be used by any number of threads at once. A snapshot, a run under
 * construction and a scan belong to one thread at a time. One process writes to a store at a time;
 * others wait up to the handle's timeout. Threads of one process that commit at the same time share
 * a commit; processes do not.
 *
 * Strings are UTF-8, NUL-terminated, without control characters. Times are nanoseconds since the
 * Unix epoch. The library never prints, exits, aborts, reads the environment or touches signals. */
#ifndef PACE_H
#define PACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PACE_VERSION_MAJOR 0
#define PACE_VERSION_MINOR 1
#define PACE_VERSION_PATCH 0
#define PACE_VERSION       "0.1.0"

#if defined(__GNUC__)
#define PACE_API __attribute__((visibility("default")))
#else
#define PACE_API
#endif

/* The version of the library that is running, as "MAJOR.MINOR.PATCH". Static memory. */
PACE_API const char *pace_version(void);

/* -- errors and limits ----------------------------------------------------------------------- */

enum pace_status {
    PACE_OK = 0,
#define PACE_ERROR(name, number, text) name = number,
#include "error.def"
#undef PACE_ERROR
};

enum pace_limit {
#define PACE_LIMIT(name, value, text) name = value,
#include "limits.def"
#undef PACE_LIMIT
};

/* What went wrong, for people: `message` says what, where and what to do. */
struct pace_error {
    int code;
    char message[600];
};

/* The meaning of a code (own or errno). Static or thread-local memory, never NULL. */
PACE_API const char *pace_strerror(int code);

/* -- opening --------------------------------------------------------------------------------- */

typedef struct pace pace;

enum pace_open_flag {
    PACE_READONLY = 1, /* never writes, not even to create */
    PACE_CREATE = 2,   /* create the store if the directory has none */
};

/* `struct_size` = sizeof(struct pace_options); zero elsewhere means the default. */
struct pace_options {
    size_t struct_size;
    uint64_t map_size;         /* bytes of address space to start with; default 16 GiB, grows */
    unsigned write_timeout_ms; /* how long a writer waits for another; default 10,000 */
};

/* Opens the store in directory `path`. A second open of the same store in this process shares it.
 * With PACE_CREATE the directory and store are made (mode 0700/0600) when absent.
 * Errors: ENOENT, PACE_ENOSTORE, PACE_EFORMAT, PACE_ECORRUPT, PACE_EUNSAFE, PACE_EFS, errno. */
PACE_API int pace_open(const char *path, unsigned flags, const struct pace_options *options,
                       struct pace_error *error, pace **out);

/* Closes the handle. All its snapshots and runs must be finished. NULL is allowed. */
PACE_API void pace_close(pace *store);

/* The directory it was opened with. Lives as long as the handle. */
PACE_API const char *pace_path(const pace *store);

/* -- appending a run ------------------------------------------------------------------------- */

typedef struct pace_run pace_run;

enum pace_run_flag {
    PACE_RUN_PARTIAL = 1, /* the benchmark command failed; what arrived is stored */
    PACE_RUN_DIRTY = 2,   /* the work tree had uncommitted changes */
};

enum pace_direction {
    PACE_DIRECTION_UNKNOWN = 0,
    PACE_LOWER_IS_BETTER = 1,
    PACE_HIGHER_IS_BETTER = 2
};

enum pace_cell_status {
    PACE_CELL_OK = 0,
    PACE_CELL_FAILED = 1,  /* the benchmark ran and failed: no value */
    PACE_CELL_SKIPPED = 2, /* the benchmark was not run: no value */
    PACE_CELL_ABSENT = 255 /* only on reading: this run has no such cell */
};

/* What a run is. Text is copied. */
struct pace_run_info {
    const char *project; /* required */
    const char *branch;  /* required */
    const char *testbed; /* required */
    const char *commit;  /* NULL or "": none */
    const char *id;      /* identity; NULL: derived from the content (without `ran_ns`) */
    int64_t time_ns;     /* place in history: the commit's time */
    int64_t ran_ns;      /* wall clock of the execution; 0: unknown */
    uint32_t ordinal;    /* first-parent count of the commit; 0: unknown */
    uint32_t flags;      /* enum pace_run_flag */
    /* Where the branch left its parent, see pace_start_point_set; it takes effect with the run. A
     * start point that is refused (a cycle, a chain that is too long) does not keep the run from
     * being stored: pace_run_result tells. */
    const char *start_branch; /* NULL: nothing is said; "": the branch has none any more */
    const char *start_commit; /* NULL or "": unknown */
    int64_t start_time_ns;    /* of that commit; 0: unknown */
};

/* One cell. Text and samples are copied by pace_run_put. Set lower and upper: 0 is a bound, NAN
 * none. */
struct pace_cell {
    const char *benchmark; /* required */
    const char *measure;   /* required */
    const char *unit;      /* NULL or "": unknown, or what the measure already has */
    enum pace_direction direction;
    enum pace_cell_status status;
    double value;          /* finite when status is ok, ignored otherwise */
    double lower, upper;   /* NAN: none */
    const double *samples; /* finite; may be NULL; same unit as value */
    size_t sample_count;
};

/* What became of a committed run. */
struct pace_run_result {
    uint64_t run;        /* its number, from 1; of the stored one if it was there already */
    int duplicate;       /* 1: a run with this identity and content was already stored */
    uint32_t new_series; /* series that this run began */
    int start_point;     /* 0, or the code that the run's start point was refused with */
};

/* Starts a run in memory; nothing is written before commit.
 * Errors: PACE_ENAME, PACE_ELIMIT, PACE_ETIME (over 24 h in the future by the wall clock, or before
 * 1970), PACE_EREADONLY, PACE_ENOMEM. Free it with pace_run_free. */
PACE_API int pace_run_begin(pace *store, const struct pace_run_info *info, struct pace_error *error,
                            pace_run **out);

/* Adds a cell. Errors: PACE_ENAME, PACE_EVALUE (non-finite), PACE_EDUPLICATE, PACE_ELIMIT. After an
 * error the run is as it was before the call. */
PACE_API int pace_run_put(pace_run *run, const struct pace_cell *cell, struct pace_error *error);

/* A column resolved once: benchmark, measure, unit and direction. Good for every run of the same
 * `pace`, whatever its stream, until it is closed. */
typedef uint32_t pace_column_handle;

/* The handle of a column; the same for the same arguments. Nothing is written: the column begins
 * with its first cell. Errors: PACE_ENAME, PACE_EVALUE (direction), PACE_ELIMIT, PACE_EREADONLY. */
PACE_API int pace_column(pace *store, const char *benchmark, const char *measure, const char *unit,
                         enum pace_direction direction, struct pace_error *error,
                         pace_column_handle *out);

/* Adds `count` cells that are ok and have neither bounds nor samples: values[i] is of columns[i].
 * The same run as by pace_run_put, several times faster; both may be used in one run. A run is
 * stored the fastest when its columns come in the order of the stream's. Errors: PACE_EVALUE
 * (non-finite), PACE_EMISUSE (not a handle), PACE_ELIMIT; after one the run is as it was before the
 * call. Two cells of one series are PACE_EDUPLICATE when the run is committed. */
PACE_API int pace_run_put_row(pace_run *run, const pace_column_handle *columns,
                              const double *values, size_t count, struct pace_error *error);

/* Adds or replaces one piece of named metadata (key and value are text). "unit:MEASURE" is the
 * store's own: the unit in which the run's values came, when that is not the store's. These are
 * beside the PACE_MAX_META others. */
PACE_API int pace_run_put_meta(pace_run *run, const char *key, const char *value,
                               struct pace_error *error);

/* Number of cells put so far. */
PACE_API size_t pace_run_cell_count(const pace_run *run);

/* Appends `count` runs in one durable transaction, all or none; when it returns 0 they are on disk.
 * Threads that append a few runs each at the same time (through any handles of one store) share a
 * transaction and its flushes: while one commits the others gather, and go together next. Each call
 * still is all or none, and has its own result; what one is refused for does not touch the others.
 * To load history fast, give many runs of a stream (64 and more) in one call: they are written the
 * way they are read. Several runs have PACE_MAX_BATCH_CELLS cells and samples at most, or it is
 * PACE_ELIMIT: a transaction of 16 MiB keeps other writers waiting long enough. results[i] (may be
 * NULL) tells about runs[i]. The runs may be freed but not reused. The first unit of a project x
 * measure is canonical: a value in another unit of its kind is stored rescaled (time, size, ratio,
 * per-second), another kind is PACE_EUNIT. Errors: PACE_EEMPTY, PACE_ECONFLICT (same identity,
 * other content), PACE_EUNIT, PACE_EFULL, PACE_EMISUSE (begun by another handle), PACE_EDUPLICATE
 * (pace_run_put_row), PACE_EBUSY, PACE_EREADONLY, PACE_EIO. */
PACE_API int pace_runs_commit(pace *store, pace_run *const *runs, size_t count,
                              struct pace_error *error, struct pace_run_result *results);

/* Frees a run, committed or not. NULL is allowed. */
PACE_API void pace_run_free(pace_run *run);

/* -- reading: a snapshot --------------------------------------------------------------------- */

typedef struct pace_snapshot pace_snapshot;

/* The store as it is now, unchanged by later writers until it ends. Keep it short: an open snapshot
 * keeps old pages alive. All memory that reading functions return belongs to the snapshot and dies
 * with it, unless said otherwise. */
PACE_API int pace_snapshot_begin(pace *store, struct pace_error *error, pace_snapshot **out);
PACE_API void pace_snapshot_end(pace_snapshot *snapshot);

/* Another snapshot of the same state, for another thread; it may outlive the first. PACE_ENOTFOUND
 * when something was committed since: no new snapshot can see that state. Does not wait: PACE_EBUSY
 * while the store grows. */
PACE_API int pace_snapshot_again(const pace_snapshot *snapshot, struct pace_error *error,
                                 pace_snapshot **out);

enum pace_dimension { PACE_PROJECT, PACE_BRANCH, PACE_TESTBED, PACE_BENCHMARK, PACE_MEASURE };
#define PACE_DIMENSION_COUNT 5

/* All names of a dimension; names[id] is the text of id. Read once per snapshot. */
PACE_API int pace_names(pace_snapshot *snapshot, enum pace_dimension dimension,
                        struct pace_error *error, const char *const **names, uint32_t *count);

/* The id of one name without reading the others, or PACE_ENOTFOUND. */
PACE_API int pace_name_find(pace_snapshot *snapshot, enum pace_dimension dimension,
                            const char *name, size_t length, struct pace_error *error,
                            uint32_t *id);

struct pace_stream {
    uint32_t id;
    uint32_t project, branch, testbed; /* name ids */
    uint32_t column_count;
    uint64_t run_count;
    uint64_t cell_count;
    int64_t first_time_ns, last_time_ns;
    uint64_t last_run; /* number of the newest run in commit order */
};

/* All streams, by id. */
PACE_API int pace_streams(pace_snapshot *snapshot, struct pace_error *error,
                          const struct pace_stream **streams, uint32_t *count);

/* The streams of one branch name, of all projects, by project and testbed: cheap also where there
 * are ten thousand branches. */
PACE_API int pace_streams_of(pace_snapshot *snapshot, uint32_t branch, struct pace_error *error,
                             const struct pace_stream **streams, uint32_t *count);

/* One stream, without reading the others. */
PACE_API int pace_stream_get(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                             struct pace_stream *out);

/* The name of column i of a stream. */
struct pace_column {
    uint32_t benchmark, measure; /* name ids */
};

/* The columns of a stream, in order of first appearance: columns[0 .. stream->column_count). */
PACE_API int pace_columns(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                          const struct pace_column **columns, uint32_t *count);

/* Unit and direction of a project x measure (name ids); unit "" when unknown. */
struct pace_measure {
    const char *unit;
    enum pace_direction direction;
};
PACE_API int pace_measure_get(pace_snapshot *snapshot, uint32_t project, uint32_t measure,
                              struct pace_error *error, struct pace_measure *out);

/* -- reading: cells -------------------------------------------------------------------------- */

/* Which runs of a stream to read: those with from_ns <= time < until_ns, of these the newest `last`
 * (0: all). Give all three; a NULL range is everything. */
struct pace_range {
    int64_t from_ns;  /* INT64_MIN: no bound */
    int64_t until_ns; /* INT64_MAX: no bound */
    uint64_t last;
};

/* One run as reading shows it. */
struct pace_run_view {
    uint64_t run; /* number */
    int64_t time_ns, ran_ns;
    const char *commit; /* "" when none */
    uint32_t stream, ordinal, flags, cell_count;
};

/* Up to PACE_MAX_BATCH runs of a stream, in commit order, as a matrix: cells[c * stride + r] is
 * column `columns[c]` of runs[r]. status says which cells are there; value, lower and upper are NAN
 * where there is none. lower and upper are NULL when no cell in the batch has bounds. */
struct pace_cells {
    size_t run_count, column_count, stride;
    const struct pace_run_view *runs;
    const double *value, *lower, *upper;
    const uint8_t *status; /* enum pace_cell_status */
};

typedef struct pace_scan pace_scan;

/* Opens a scan of some columns of a stream (column numbers, any order, copied; none: runs only).
 * Close it before the snapshot ends. */
PACE_API int pace_scan_open(pace_snapshot *snapshot, uint32_t stream, const uint32_t *columns,
                            size_t column_count, const struct pace_range *range,
                            struct pace_error *error, pace_scan **out);

/* Before the first batch: the runs are not asked for, `runs` of every batch is NULL. A scan of few
 * columns spends most of its time on them. */
PACE_API void pace_scan_skip_runs(pace_scan *scan);

/* Before the first batch: the commits of the runs are not asked for, runs[].commit is NULL. It is
 * half of what there is to read of a run. */
PACE_API void pace_scan_skip_commits(pace_scan *scan);

/* What columns of runs can be asked for. */
enum pace_runs_column {
    PACE_RUNS_TIME = 1,
    PACE_RUNS_NUMBER = 2,
    PACE_RUNS_COMMIT = 4,
    PACE_RUNS_KEY = 8, /* commit_key and place */
};

/* The runs of a batch as columns; NULL: not asked for. */
struct pace_runs {
    const int64_t *time_ns;
    const uint64_t *run;        /* numbers */
    const char *const *commit;  /* "" when none; as long as the snapshot */
    const uint32_t *commit_key; /* 0: none; equal where commits are, else hardly ever */
    const uint64_t *place;      /* with it: for pace_scan_commit */
    const uint32_t *flags;      /* NULL: no run of the batch has one */
};

/* Instead of pace_cells.runs, which is NULL from here on: from the next batch on these columns of
 * its runs (enum pace_runs_column), and their flags. A long series whose commits are wanted only to
 * be compared is read in a fraction of the time by their keys. Returns the columns that there will
 * be: a store of pace before it had keys gives none until it is compacted. */
PACE_API unsigned pace_scan_ask_runs(pace_scan *scan, unsigned columns);
/* Of the batch that was given last; valid until the next one. */
PACE_API void pace_scan_runs(const pace_scan *scan, struct pace_runs *out);
/* The commit of a run of any batch of this scan, by its place; valid as long as the snapshot.
 * Errors: PACE_ECORRUPT; PACE_EMISUSE (it is no place). */
PACE_API int pace_scan_commit(pace_scan *scan, uint64_t place, struct pace_error *error,
                              const char **commit);

/* The next batch, oldest first; run_count 0 at the end. `cells` is valid until the next call on
 * this scan; runs[].commit as long as the snapshot. A damaged row is PACE_ECORRUPT and names the
 * run. */
PACE_API int pace_scan_next(pace_scan *scan, struct pace_error *error, struct pace_cells *cells);
PACE_API void pace_scan_close(pace_scan *scan);

/* What a column's ok cells are like. */
struct pace_summary {
    uint64_t count;
    double mean, sd; /* sd: over count - 1; NAN below 2; mean, min, max: NAN when there are none */
    double min, max, sum;
};

/* Summaries of columns of a stream over a range (NULL: all runs): out[i] is of columns[i]. All runs
 * cost one record and the newest rows, however many they are; of a block that lies in a range as a
 * whole its summaries are merged. The last bits of sums may depend on how runs are stored. Errors
 * as of a scan. */
PACE_API int pace_scan_summary(pace_snapshot *snapshot, uint32_t stream, const uint32_t *columns,
                               size_t column_count, const struct pace_range *range,
                               struct pace_error *error, struct pace_summary *out);

/* -- lineage: the history that a branch has from its parent ------------------------------------ */

/* Where a branch of a project left its parent. */
struct pace_start_point {
    const char *branch; /* the parent */
    const char *commit; /* its last commit that the branch has too; "" when unknown */
    int64_t time_ns;    /* that commit's time; 0: unknown */
};

/* Sets the start point of a project's branch; the newest one counts. start NULL takes it back. The
 * branch and its parent need no runs yet. Errors: PACE_ENAME, PACE_ETIME, PACE_EMISUSE (the parent
 * is the branch itself, or starts from it), PACE_ELIMIT (PACE_MAX_LINEAGE). */
PACE_API int pace_start_point_set(pace *store, const char *project, const char *branch,
                                  const struct pace_start_point *start, struct pace_error *error);

/* The start point of a project's branch (name ids), or PACE_ENOTFOUND when it has none. */
PACE_API int pace_start_point_get(pace_snapshot *snapshot, uint32_t project, uint32_t branch,
                                  struct pace_error *error, struct pace_start_point *out);

/* What a stream has from one ancestor on its testbed: the runs with time < until_ns, without the
 * newest `beyond` of these (they share the time of the last, and come after it). */
struct pace_segment {
    uint32_t stream, branch; /* branch: name id */
    int64_t until_ns;
    uint64_t beyond;
};

enum pace_lineage_state {
    PACE_LINEAGE_NONE,    /* the branch has no start point */
    PACE_LINEAGE_EXACT,   /* its commit was measured: inherited up to and including it */
    PACE_LINEAGE_NEAREST, /* it was not: inherited up to the last that was, and is no later */
    PACE_LINEAGE_MISSING, /* nothing is inherited: no run up to the commit */
    PACE_LINEAGE_UNKNOWN, /* nothing either: it was not measured and its time is unknown */
};

/* The chain of ancestors of a stream. A chain may be of any depth up to PACE_MAX_LINEAGE; each
 * start point cuts all that lies before it. */
struct pace_lineage {
    enum pace_lineage_state state;
    struct pace_start_point start;       /* of the branch, unless NONE */
    const struct pace_segment *segments; /* oldest ancestor first, without the stream itself */
    size_t segment_count;
    struct pace_run_view last; /* the newest inherited run, where there are segments */
};

/* The lineage of a stream; of the stream that these names (ids) have, which need not exist. */
PACE_API int pace_lineage_get(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                              struct pace_lineage *out);
PACE_API int pace_lineage_find(pace_snapshot *snapshot, uint32_t project, uint32_t branch,
                               uint32_t testbed, struct pace_error *error,
                               struct pace_lineage *out);

/* What a lineage is, for people: "main up to 4f2a1c9", or why there is none. Returns `buffer`,
 * which holds "" for PACE_LINEAGE_NONE. */
PACE_API const char *pace_lineage_text(const struct pace_lineage *lineage, char *buffer,
                                       size_t size);

typedef struct pace_lineage_scan pace_lineage_scan;

/* Scans a stream along its lineage (NULL: it is looked up): first the newest `inherited` runs that
 * it inherits (UINT64_MAX: all), oldest first, then its own runs in `own` (NULL: all). `columns`
 * are the stream's; an ancestor's are found by benchmark and measure, and a cell it has no column
 * for is PACE_CELL_ABSENT. A batch holds runs of one stream, runs[].stream says which. Otherwise
 * like pace_scan_open. */
PACE_API int pace_lineage_scan_open(pace_snapshot *snapshot, uint32_t stream,
                                    const struct pace_lineage *lineage, const uint32_t *columns,
                                    size_t column_count, uint64_t inherited,
                                    const struct pace_range *own, struct pace_error *error,
                                    pace_lineage_scan **out);
PACE_API int pace_lineage_scan_next(pace_lineage_scan *scan, struct pace_error *error,
                                    struct pace_cells *cells);
PACE_API void pace_lineage_scan_close(pace_lineage_scan *scan);

/* -- reading: runs ----------------------------------------------------------------------------- */

/* A run by number, or PACE_ENOTFOUND. Run numbers go from 1 to pace_run_count; those that a
 * compaction dropped are not used again. */
PACE_API int pace_run_get(pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                          struct pace_run_view *out);
PACE_API uint64_t pace_run_count(const pace_snapshot *snapshot);

/* The identity of a run. */
PACE_API int pace_run_id(pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                         const char **id);

/* Metadata of a run: `count` pairs keys[i], values[i], in order of key. */
struct pace_meta {
    size_t count;
    const char *const *keys, *const *values;
};
PACE_API int pace_run_meta(pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                           struct pace_meta *out);

/* The number of the first run from `run` on that has metadata; UINT64_MAX: none has. One look,
 * however many there are. */
PACE_API int pace_run_meta_next(pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                                uint64_t *next);

/* Raw samples of one cell; count 0 when it has none. */
PACE_API int pace_samples(pace_snapshot *snapshot, uint64_t run, uint32_t column,
                          struct pace_error *error, const double **samples, size_t *count);

/* Commits that begin with `prefix` and are recorded in some run: calls visit() once per commit and
 * run, in order of commit, then run number, until it returns a positive number (which is
 * returned). */
PACE_API int pace_commits(pace_snapshot *snapshot, const char *prefix, struct pace_error *error,
                          int (*visit)(void *context, const char *commit, uint64_t run),
                          void *context);

/* -- marks: appended facts about history ------------------------------------------------------ */

enum pace_mark_kind {
    PACE_MARK_ACCEPT = 1,
    PACE_MARK_EXCLUDE = 2,
    PACE_MARK_ARCHIVE = 3,
    PACE_MARK_ALIAS = 4
};

/* `selector` (and for an alias `target`) is text of the query language; the engine keeps it as it
 * is. Like metadata values and saved objects it may hold tabs and line ends. */
struct pace_mark {
    uint64_t id; /* from 1; set by the store */
    enum pace_mark_kind kind;
    int undone;                           /* 1: taken back by a later mark */
    const char *selector, *target, *note; /* "" when none */
    int64_t at_ns;                        /* place in history it applies from; INT64_MIN: none */
    int64_t created_ns;
};

/* Appends a mark; durable on return. created_ns 0: now. */
PACE_API int pace_mark_add(pace *store, const struct pace_mark *mark, struct pace_error *error,
                           uint64_t *id);
/* Takes mark `id` back: PACE_ENOTFOUND when there is none, PACE_EMISUSE when it is undone
 * already. */
PACE_API int pace_mark_undo(pace *store, uint64_t id, struct pace_error *error);
/* All marks, undone ones included, by id. */
PACE_API int pace_marks(pace_snapshot *snapshot, struct pace_error *error,
                        const struct pace_mark **marks, size_t *count);

/* -- saved objects: each change is a new version ----------------------------------------------- */

enum pace_object_kind {
    PACE_OBJECT_LET = 1,
    PACE_OBJECT_VIEW,
    PACE_OBJECT_THRESHOLD,
    PACE_OBJECT_ALERT,
    PACE_OBJECT_MEASURE,
    PACE_OBJECT_TAG /* a commit's other name: the text is the commit */
};

struct pace_object {
    enum pace_object_kind kind;
    const char *name;
    const char *text; /* the definition as written; NULL: dropped */
    uint32_t version; /* from 1 */
    int64_t created_ns;
};

/* Appends a version; text NULL drops the object (PACE_ENOTFOUND when there is none). */
PACE_API int pace_object_put(pace *store, enum pace_object_kind kind, const char *name,
                             const char *text, struct pace_error *error, uint32_t *version);
/* The newest version of each object that is not dropped, in order of kind and name. */
PACE_API int pace_objects(pace_snapshot *snapshot, struct pace_error *error,
                          const struct pace_object **objects, size_t *count);
/* All versions of all objects, as they were written one after the other; dropped ones have text
 * NULL. */
PACE_API int pace_object_versions(pace_snapshot *snapshot, struct pace_error *error,
                                  const struct pace_object **versions, size_t *count);

/* Appends one version as another store had it, with its number and created_ns: how a dump is
 * loaded.
 * *added (may be NULL) is 0 when it is here already. Errors: PACE_ECONFLICT (this version is here
 * with another text, or versions before it are missing). */
PACE_API int pace_object_restore(pace *store, const struct pace_object *version,
                                 struct pace_error *error, int *added);

/* Sets unit and direction of a project x measure in advance, or the direction afterwards (a unit of
 * another kind than the stored one is PACE_EUNIT). project NULL: every project without its own. */
PACE_API int pace_measure_put(pace *store, const char *project, const char *measure,
                              const char *unit, enum pace_direction direction,
                              struct pace_error *error);

/* What is stored of units and directions: of each project x measure its own, and of a measure what
 * was set for every project. In order of ids. */
struct pace_measure_row {
    uint32_t project, measure; /* name ids; project UINT32_MAX: every project */
    const char *unit;          /* "" when unknown */
    enum pace_direction direction;
};
PACE_API int pace_measures(pace_snapshot *snapshot, struct pace_error *error,
                           const struct pace_measure_row **rows, size_t *count);

/* Takes back what was set for every project; PACE_ENOTFOUND when nothing was. */
PACE_API int pace_measure_drop(pace *store, const char *measure, struct pace_error *error);

/* -- kept values: what was computed of a stream's history ------------------------------------ */

/* Bytes that somebody has computed of the first `runs` runs of a stream in order of history, so
 * that the next reader goes on behind them. `kind` and `version` say what they are; 1 is the
 * language's. */
struct pace_kept {
    uint32_t kind, version;
    uint64_t runs; /* from 1 */
    uint64_t run;  /* the last of these */
    const void *data;
    size_t len;
};

/* Stores a value in place of the one of this stream and kind; durable on return. It is no history:
 * a compaction that drops runs, and a merge, leave it behind. Errors: PACE_ENOTFOUND (stream),
 * PACE_EMISUSE (the run is of another stream, or that has fewer runs), PACE_ELIMIT, those of a
 * commit. */
PACE_API int pace_kept_put(pace *store, uint32_t stream, const struct pace_kept *kept,
                           struct pace_error *error);

/* The value, or PACE_ENOTFOUND. It is of the history as it was: where a run came late since then,
 * `run` is not the first of the stream's newest `run_count - runs + 1` runs any more, and the value
 * is worth nothing. Whoever goes on from it reads these anyway, and has to look. */
PACE_API int pace_kept_get(pace_snapshot *snapshot, uint32_t stream, uint32_t kind,
                           struct pace_error *error, struct pace_kept *out);

/* -- upkeep: verifying ----------------------------------------------------------------------- */

/* One thing that is damaged. The texts live until the callback returns. */
struct pace_damage {
    const char *place;   /* "page 12 (from run 118)", "run 118", "the names of branches" */
    const char *problem; /* what is wrong with it */
};

/* What a verification looked at. */
struct pace_verified {
    uint64_t pages, free_pages; /* of the data file */
    uint64_t records, streams, runs, cells;
    uint64_t damages; /* found; after 1,000 it ends */
};

/* Walks everything in the store at `path`, in one snapshot: first all pages of the file, then, if
 * they are whole, all records: checksums, and that what belongs together agrees, down to the digest
 * of the content of each run. report() (may be NULL) is called for each damage; non-zero ends the
 * walk. Returns 0: nothing is damaged; PACE_ECORRUPT: something is; else: it could not be verified.
 * *out (may be NULL) is filled in as it goes on: another thread may watch, in memory that is shared
 * another process too. It survives damage of any kind, but a
 * hostile file may make it use memory and time without bound: for one that comes from elsewhere use
 * a child process with limits, as `pace verify` does. */
PACE_API int pace_verify(const char *path,
                         int (*report)(void *context, const struct pace_damage *damage),
                         void *context, struct pace_error *error, struct pace_verified *out);

/* -- upkeep: copies -------------------------------------------------------------------------- */

enum pace_backup_flag { PACE_BACKUP_FILE = 1 /* `path` names a file, not a directory */ };

/* Copies the store, as it is in one snapshot, into a new store in directory `path` (made when
 * absent; EEXIST when it holds a store), or into one file, which is a store when it lies as
 * data.mdb in a directory of its own. Writers go on meanwhile. The copy appears whole and flushed,
 * with mode 0600, or not at all. *bytes (may be NULL) is its size. */
PACE_API int pace_backup(pace *store, const char *path, unsigned flags, struct pace_error *error,
                         uint64_t *bytes);

/* -- upkeep: merging ------------------------------------------------------------------------- */

/* What both stores have, with different content. The texts live until the callback returns. */
struct pace_merge_conflict {
    const char *id;          /* of a run, or NULL */
    uint64_t run, other_run; /* its numbers in the two stores */
    const char *object;      /* the name of a saved object, or NULL */
};

struct pace_merged {
    uint64_t runs, cells;    /* that came */
    uint64_t duplicates;     /* runs that were there already */
    uint64_t marks, objects; /* that came */
    uint64_t marks_left;     /* that name a run which is not here */
    uint64_t conflicts;
};

/* Adds to `store` what `other` has and it has not: runs by their ids (with new numbers; values
 * rescaled to the units of `store`), marks (run: in their selectors gets the new numbers), saved
 * objects, units, directions, start points. Doing it again adds nothing. Conflicts are left out,
 * and conflict() (may be NULL) is called for each; non-zero ends the merge with PACE_EINTERRUPT.
 * *out (may be NULL) is filled in as it goes on, so that another thread may watch. Returns
 * PACE_ECONFLICT when there were conflicts. When it fails otherwise, part may have been merged. */
PACE_API int pace_merge(pace *store, pace *other,
                        int (*conflict)(void *context, const struct pace_merge_conflict *conflict),
                        void *context, struct pace_error *error, struct pace_merged *out);

/* -- upkeep: dropping history ---------------------------------------------------------------- */

/* struct_size = sizeof(struct pace_compact_options); zero elsewhere: keeps all, in place. */
struct pace_compact_options {
    size_t struct_size;
    const char *to; /* directory of a new store to be made; NULL: the store itself is replaced */
    int dry_run;    /* 1: only counts */
    /* 1: the run stays, 0: it goes; NULL: all stay. Called for each run, stream by stream, in
     * order. */
    int (*keep_run)(void *context, const struct pace_stream *stream,
                    const struct pace_run_view *run);
    /* The same for a cell of a run that stays; a run without cells goes. */
    int (*keep_cell)(void *context, const struct pace_stream *stream,
                     const struct pace_run_view *run, uint32_t column);
    void *context;
};

struct pace_compacted {
    uint64_t runs, cells; /* that stay */
    uint64_t runs_dropped, cells_dropped;
    uint64_t bytes_before, bytes_after; /* of the data file; after is 0 for a dry run */
};

/* Writes the store in `path` anew without what is dropped, and without free pages: the only call
 * that removes history. Run numbers, ids, metadata, samples, marks, saved objects stay as they
 * are. The new file is verified and then takes the old one's place in one step; until then the old
 * one is untouched. In place, writers wait meanwhile, and nobody else may have the store open:
 * PACE_EBUSY. With `to` the store only needs to be readable. */
PACE_API int pace_compact(const char *path, const struct pace_compact_options *options,
                          struct pace_error *error, struct pace_compacted *out);

/* -- counts ------------------------------------------------------------------------------------ */

struct pace_stat {
    uint64_t runs, cells, streams, series, names;
    uint64_t file_bytes; /* size of the data file */
};
PACE_API int pace_stat(pace_snapshot *snapshot, struct pace_error *error, struct pace_stat *out);

/* What something takes: records and their keys, without the pages' own overhead. */
struct pace_space {
    uint64_t count; /* rows, blocks, records */
    uint64_t runs;  /* in them, where that makes sense */
    uint64_t bytes;
};

/* Where the cells of a stream lie: in rows, as they were appended; in small blocks, raw; in large
 * ones, packed. Costs a look at each of its rows and groups of columns. */
struct pace_tiers {
    struct pace_space rows, small_blocks, large_blocks;
};
PACE_API int pace_stream_tiers(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                               struct pace_tiers *out);

/* The same of all streams, and what else there is. Costs a walk over all keys. */
struct pace_storage {
    struct pace_tiers tiers;
    struct pace_space samples, metadata;
    struct pace_space index; /* of runs, identities, commits */
    struct pace_space other; /* names, streams, lists, marks, saved objects */
};
PACE_API int pace_storage(pace_snapshot *snapshot, struct pace_error *error,
                          struct pace_storage *out);

/* The journal: records of small batches that are not in their places yet, and their bytes. Their
 * content is in the figures above. Nothing when there is none, as where nobody writes. */
PACE_API int pace_journal(pace_snapshot *snapshot, struct pace_error *error,
                          struct pace_space *out);

#ifdef __cplusplus
}
#endif
#endif
