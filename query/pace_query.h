/* pace_query.h -- libpace's query language: text in, batches of columns out.
 *
 *     pace_session *session;  pace_query *query;  const struct pace_rows *rows;  enum pace_step step;
 *     pace_session_open(store, NULL, &error, &session);
 *     pace_prepare(session, text, strlen(text), &error, &query);
 *     while (pace_step(query, &error, &step, &rows) == 0 && step != PACE_STEP_END)
 *         if (step == PACE_STEP_ROWS) use(rows);
 *     pace_query_free(query);  pace_session_close(session);
 *
 * A session holds what statements leave behind: lets, views, thresholds and `use`. A query is one
 * script: its syntax is checked whole by pace_prepare, then its statements run one after the other.
 * Each statement reads one snapshot of the store.
 *
 * A session outlives its queries and keeps some of their memory for the next: 8 MiB a thread at
 * most.
 *
 * Threads: a session and its queries belong to one thread at a time; pace_interrupt may be called
 * from any thread or signal handler. A statement that reads many points of several series starts
 * threads of its own, which block all signals, take their memory from the statement's and end with
 * it at the latest; its answer is that of one thread. So does one that makes windows over a long
 * series: one, which reads ahead into at most 4 MiB that are not counted. PACE_MAX_THREADS bounds
 * them, itself counted: a session begins with 2 where there are two processors; 1 starts none.
 * After a fork only pace_query_free may be called on it. */
#ifndef PACE_QUERY_H
#define PACE_QUERY_H

#include "../engine/pace.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pace_session pace_session;
typedef struct pace_query pace_query;

/* struct_size = sizeof(struct pace_query_options); zero elsewhere means the default. */
struct pace_query_options {
    size_t struct_size;
    int64_t now_ns;       /* what `now` is; 0: the wall clock at each statement */
    size_t memory_bytes;  /* cap for one statement; default 1 GiB */
    uint64_t deadline_ns; /* longest run time of one statement; 0: none */
    /* Asked for a name after `commit:` that the store knows neither as a tag nor as a commit, such
     * as a tag of git: writes the full hash to `commit` and returns 1, or returns 0. NULL: nobody
     * is. */
    int (*commit_of)(void *context, const char *name, char commit[PACE_MAX_COMMIT + 1]);
    void *commit_context;
    uint64_t thread_points; /* a statement that reads fewer uses one thread; 0: 100,000 */
};

/* store NULL: the session can prepare queries, and run none. */
PACE_API int pace_session_open(pace *store, const struct pace_query_options *options,
                               struct pace_error *error, pace_session **out);
PACE_API void pace_session_close(pace_session *session); /* NULL is allowed */

/* Binds $name to a text for later statements; value NULL unbinds. Copied. */
PACE_API int pace_session_set(pace_session *session, const char *name, const char *value,
                              struct pace_error *error);

/* Gives the session the definitions (let, view, threshold, alert, measure) of a text that is kept
 * elsewhere; they go before those of the store, and are replaced by those of later statements.
 * PACE_EQUERY: error->message has the line. */
PACE_API int pace_session_define(pace_session *session, const char *text, size_t len,
                                 struct pace_error *error);

/* The limits of limits.def, by index from 0; PACE_ENOTFOUND behind the last. Those of a statement
 * may be lowered for a session (and raised again, up to `most`): going over one is a diagnostic
 * that names it. PACE_EMISUSE: not this one, or not to this value. */
struct pace_limit_row {
    const char *name, *text; /* "PACE_MAX_ROWS", what it bounds */
    uint64_t value, most;
    int can_lower;
};
PACE_API int pace_limit_get(const pace_session *session, size_t index, struct pace_limit_row *out);
PACE_API int pace_limit_lower(pace_session *session, const char *name, uint64_t value);

/* Parses a script. Returns 0, PACE_EQUERY (syntax: see pace_diag_*), PACE_ENOMEM. *out is set in
 * the first two cases and must be freed. `text` is copied. */
PACE_API int pace_prepare(pace_session *session, const char *text, size_t len,
                          struct pace_error *error, pace_query **out);
PACE_API void pace_query_free(pace_query *query); /* NULL is allowed */

/* The script in canonical form: a statement a line, `;` between, comments kept. Preparing it again
 * gives the same. Memory of the query; NULL when it was not prepared, or out of memory. */
PACE_API const char *pace_query_text(pace_query *query);

/* -- results ----------------------------------------------------------------------------------- */

enum pace_field_type {
    PACE_FIELD_TEXT,   /* text[i], never NULL when not missing */
    PACE_FIELD_NUMBER, /* number[i] */
    PACE_FIELD_TIME,   /* time_ns[i]: nanoseconds since the Unix epoch */
    PACE_FIELD_FLAG,   /* flag[i]: 0 or 1 */
};

/* One column of a batch. missing[i] != 0 where there is no value; missing may be NULL: all
 * there. */
struct pace_field {
    const char *name;
    enum pace_field_type type;
    const char *const *text;
    const double *number;
    const int64_t *time_ns;
    const uint8_t *flag;
    const uint8_t *missing;
    const char *unit;         /* NUMBER: unit of all rows; NULL: see units */
    const char *const *units; /* NUMBER: unit of each row; NULL: see unit */
};

/* What marks of the store say about a row, beside its fields: charts draw it. */
enum pace_row_mark {
    PACE_ROW_ACCEPTED = 1, /* a change is accepted from this row on: baselines begin anew */
    PACE_ROW_EXCLUDED = 2, /* its run is excluded; shown, as `with excluded` asks for it */
};

/* Up to PACE_MAX_BATCH rows; valid until the next call on the query. Every batch of one statement
 * has the same fields in the same order. */
struct pace_rows {
    size_t count, field_count;
    const struct pace_field *fields;
    const uint8_t *marks; /* one a row: bits of pace_row_mark; NULL: no row has one */
};

enum pace_step {
    PACE_STEP_ROWS,      /* a batch */
    PACE_STEP_STATEMENT, /* a statement ended; pace_outcome tells how */
    PACE_STEP_END,       /* the script ended */
};

/* Goes on: the next batch, the end of a statement, or of the script. Errors: PACE_EQUERY (binding
 * or running: see pace_diag_*), PACE_EINTERRUPT, PACE_EDEADLINE, PACE_ENOMEM, and the store's.
 * After an error the script is over. */
PACE_API int pace_step(pace_query *query, struct pace_error *error, enum pace_step *step,
                       const struct pace_rows **rows);

/* How the statement that just ended went. */
struct pace_outcome {
    int status;            /* 0 ok, 1 an `expect` is unmet, 4 no verdict (rule 9) */
    uint64_t rows;         /* rows given out */
    uint64_t unknown_rows; /* rows that `where` dropped because the condition was unknown */
    uint64_t series;       /* series that matched */
    uint64_t points_read;  /* cells read from the store */
    uint64_t judged;       /* rows that check judged, by verdict: */
    uint64_t worse, better, suspected, changed, thin, fresh, gone;
    const char *message; /* what a command did ("saved threshold slow"), or NULL */
    uint64_t failed;     /* rows that check could not judge: the benchmark failed or was skipped */
    uint64_t recovered, moved;
    uint64_t settling; /* of the thin ones: their level changed lately */
    unsigned threads;  /* that worked for it */
};
PACE_API const struct pace_outcome *pace_outcome(const pace_query *query);

/* The `as` of the current statement, or NULL. */
PACE_API const char *pace_format_name(const pace_query *query);

/* Diagnostics of the failed statement, or the notes of the current one (unknown rows, a pattern
 * that matches nothing...). */
struct pace_diag {
    int code;                   /* 12 for Q012; 0 for a note */
    size_t start, length;       /* bytes of the script; length 0: no place */
    const char *message, *help; /* help may be NULL */
    const char *drawn;          /* with the line and the caret, for people */
    const char *json;           /* one JSON object */
};
PACE_API size_t pace_diag_count(const pace_query *query);
PACE_API int pace_diag_get(const pace_query *query, size_t index, struct pace_diag *out);

/* Brings up to date what is kept of the stream of a run that was committed (0: of all streams), so
 * that `changes using focus` of the newest points need not read all of its history. Mostly there is
 * nothing to do: some streams take a few milliseconds every 64 runs. To be called by whoever
 * writes, as often as they like, and never needed: what is not kept is computed. Errors: those of a
 * commit and of reading. */
PACE_API int pace_keep(pace_session *session, uint64_t run, struct pace_error *error);

/* Makes the running statement, or between two the script that they are of, end soon with
 * PACE_EINTERRUPT. What is prepared later runs. Async-signal-safe. */
PACE_API void pace_interrupt(pace_session *session);

/* -- selectors alone ------------------------------------------------------------------------- */

typedef struct pace_selection pace_selection;

/* What a selector names in a snapshot of the store: series, and which of their runs. Excluded,
 * archived and failed cells count like all others. PACE_EQUERY: it is none. */
PACE_API int pace_selection_open(pace_session *session, const char *selector, size_t len,
                                 struct pace_error *error, pace_selection **out);
PACE_API void pace_selection_close(pace_selection *selection);         /* NULL is allowed */
PACE_API size_t pace_selection_count(const pace_selection *selection); /* of series */

/* 1 when it names a series (a stream of the store, a column of that), or (by run: and commit:) a
 * run of it; 0 when not; negative on error. */
PACE_API int pace_selection_has(const pace_selection *selection, uint32_t stream, uint32_t column);
PACE_API int pace_selection_run(pace_selection *selection, const char *commit, uint64_t run);

/* -- for those who type ------------------------------------------------------------------------ */

/* Whether a text could be run as it is. */
enum pace_text_state {
    PACE_TEXT_EMPTY,      /* no statement: blanks and comments */
    PACE_TEXT_WHOLE,      /* it parses */
    PACE_TEXT_UNFINISHED, /* what is there fits, and more must follow */
    PACE_TEXT_WRONG,      /* pace_prepare says why */
};
PACE_API enum pace_text_state pace_text_state(const char *text, size_t len);

/* Pieces of a text, for colours: in order, blanks left out. What follows an error is
 * PACE_PIECE_OTHER. */
enum pace_piece_kind {
    PACE_PIECE_VERB,    /* of a stage or a command */
    PACE_PIECE_WORD,    /* other words of the language */
    PACE_PIECE_KEY,     /* with its colon */
    PACE_PIECE_PATTERN, /* and path, regular expression */
    PACE_PIECE_TEXT,    /* in quotes */
    PACE_PIECE_NUMBER,  /* quantity, date */
    PACE_PIECE_NAME,
    PACE_PIECE_VARIABLE,
    PACE_PIECE_SIGN,
    PACE_PIECE_COMMENT,
    PACE_PIECE_OTHER,
};
struct pace_piece {
    enum pace_piece_kind kind;
    size_t start, length;
};
/* Fills pieces[0..capacity) and returns how many; 0 also when memory is out. */
PACE_API size_t pace_pieces(const char *text, size_t len, struct pace_piece *pieces,
                            size_t capacity);

/* What the language has, by index: verbs, commands, options, keys, columns, functions, models and
 * formats, each kind in a row. Static memory. 0, or PACE_ENOTFOUND past the end. */
enum pace_guide_kind {
    PACE_GUIDE_VERB,
    PACE_GUIDE_COMMAND,
    PACE_GUIDE_OPTION,
    PACE_GUIDE_KEY,
    PACE_GUIDE_COLUMN,
    PACE_GUIDE_FUNCTION,
    PACE_GUIDE_MODEL,
    PACE_GUIDE_FORMAT,
};
struct pace_guide {
    enum pace_guide_kind kind;
    const char *name, *syntax, *help; /* syntax: how it is written; "" when that is the name */
};
PACE_API int pace_guide(size_t index, struct pace_guide *out);

/* What could stand at the end of a text: words that fit there, names of columns, functions, models
 * and definitions, names of the store. Candidates replace text[start..len), and are in order of
 * words and names. A stored name that no pattern can show safely (control characters) has a `?` for
 * each such character. */
struct pace_candidate {
    const char *text;
    const char *help; /* NULL: none */
    int open;         /* 1: more belongs to it (`branch:`, a path's segment): no blank after it */
};
struct pace_completion {
    size_t start;
    size_t count, total; /* given, and how many there are */
    const struct pace_candidate *candidates;
    const char *common; /* what all `total` begin with */
};

/* At most `limit` candidates, the first in order. Names that only contain what was typed are given
 * where none begins with it. Of a path, each segment is completed by the series that match those
 * before it. Reads one snapshot; 100,000 names take a few milliseconds. Errors: PACE_ENOMEM, the
 * store's. */
PACE_API int pace_complete(pace_session *session, const char *text, size_t len, size_t limit,
                           struct pace_error *error, struct pace_completion **out);
PACE_API void pace_completion_free(struct pace_completion *completion); /* NULL is allowed */

/* -- writing results --------------------------------------------------------------------------- */

typedef struct pace_writer pace_writer;

/* Where formatted bytes go; returns 0, or an errno that ends the writing. */
typedef int pace_sink(void *context, const char *bytes, size_t len);

struct pace_writer_options {
    size_t struct_size;
    unsigned width; /* display columns of the terminal; 0: unbounded */
    int color;      /* 1: ANSI colours */
    int ascii;      /* 1: no characters beyond ASCII in plots and cut marks */
    int64_t now_ns; /* for "3 days ago"; 0: never */
};

/* A writer for one result. Formats: those of `as`. Errors: PACE_ENOTFOUND (no such format),
 * PACE_ENOMEM. */
PACE_API int pace_writer_open(const char *format, const struct pace_writer_options *options,
                              pace_sink *sink, void *sink_context, struct pace_error *error,
                              pace_writer **out);
PACE_API int pace_writer_rows(pace_writer *writer, const struct pace_rows *rows,
                              struct pace_error *error);
/* Tells how the statement that these rows are of went, once it has ended and before the writer is
 * finished: `as json` writes status, notes and the count of unknown rows. */
PACE_API void pace_writer_outcome(pace_writer *writer, const pace_query *query);
PACE_API int pace_writer_finish(pace_writer *writer, struct pace_error *error); /* then close it */
PACE_API void pace_writer_close(pace_writer *writer); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
