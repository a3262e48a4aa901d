/* context.h -- what binding, planning and running one statement share. */
#ifndef PACE_CONTEXT_H
#define PACE_CONTEXT_H

#include "ast.h"
#include "batch.h"
#include "limit.h"
#include "pace_query.h"

#include <stdatomic.h>

struct selection;

/* A definition of the session or of the store: its text, parsed again where it is used. */
struct definition {
    enum pace_object_kind kind;
    const char *name, *text;
};

/* Why rows were left out as unknown, and how many. */
struct unknown {
    const char *why, *column; /* column: what is missing, or NULL */
    uint64_t rows;
    struct unknown *next;
};

struct context {
    pace *store;
    pace_snapshot *snapshot;
    pace_session *session;
    struct arena *arena; /* the statement's */
    struct diag_list *diags;
    struct pace_error *error; /* of the engine */
    struct pace_outcome *outcome;
    int64_t now_ns;
    int64_t deadline_ns; /* by the monotonic clock; 0: none */
    bool every_row; /* windows are run for every row, not for judged ones only (lookback.deep) */
    const struct span
        *anchor;         /* set while binding a definition: diagnostics point at its name instead */
    bool stored_names;   /* names as runs have them: no alias counts */
    const char *inside;  /* set while binding a threshold that nobody named here: it is told */
    unsigned expansions; /* definitions inside definitions so far */
    struct kept_regex *regexes;
    struct unknown *unknown;       /* in the order in which they were met */
    bool any_chosen;               /* the ranges chose a point of some series */
    bool asked_commit;             /* the session's commit_of was called */
    const atomic_int *interrupted; /* the session's */
    /* Of a statement whose series are divided among threads (parts.h): */
    pace_snapshot *reserved[PACE_MAX_THREADS - 1]; /* of the same state */
    const struct selection *chosen; /* what it selects, where that is known; or NULL */
    const atomic_int *stopped;      /* set when nobody wants these rows any more; or NULL */
    bool is_divided;                /* other threads have series of it */
    unsigned readers;               /* threads that read ahead for it now (ahead.h) */
    bool more_parts; /* the end of the rows is not that of the statement: others come behind */
};

/* The definition of this kind and name: of the session, else of the store; NULL when there is none.
 */
const char *context_definition(struct context *ctx, enum pace_object_kind kind, struct slice name);
/* The session's (or the pacefile's) alone. */
const char *context_own_definition(struct context *ctx, enum pace_object_kind kind,
                                   struct slice name);
/* Names of all definitions of a kind, for suggestions. */
const char *const *context_names(struct context *ctx, enum pace_object_kind kind, size_t *count);
/* The value of $name, or NULL. */
const char *context_variable(struct context *ctx, struct slice name);
struct script;

/* Parses the text of a definition or a mark; 0, PACE_EQUERY or PACE_ENOMEM (diagnosed). */
int context_parse(struct context *ctx, const char *text, struct script **out);
/* The selector of `use`, or NULL. */
const struct selector *context_use(struct context *ctx);

struct regex;

/* Keeps a compiled regex until the statement ends; frees it at once when it cannot. */
int context_keep(struct context *ctx, struct regex *regex);
/* Frees what is kept: at the end of a statement, before its arena. */
void context_release(struct context *ctx);

/* A limit as the session has it. */
size_t context_limit(const struct context *ctx, enum limit_id id);

/* 0, or PACE_EINTERRUPT / PACE_EDEADLINE. Called between batches. */
int context_check(struct context *ctx);

/* Counts rows that `where` left out because its condition is unknown. */
int context_unknown(struct context *ctx, const char *why, const char *column, uint64_t rows);

/* Adds an error at `span` (or at the anchor) and returns PACE_EQUERY. */
int context_fail(struct context *ctx, enum diag_code code, struct span span, const char *help,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* PACE_ENOMEM as a result, with its diagnostic. */
int context_no_memory(struct context *ctx);
/* An engine error as a result: adds its message as Q_STORE. */
int context_store_error(struct context *ctx, int code);

/* "did you mean 'x'?" for the nearest of names, or NULL. Memory of the arena. */
const char *context_suggest(struct context *ctx, struct slice word, const char *const *names,
                            size_t count);

bool slice_is(struct slice slice, const char *text);
char *slice_string(struct arena *arena, struct slice slice);

/* ISO 8601 date or time (UTC unless it says otherwise): 2026-01-01, 2026-02-01T12:00Z. -1 if it is
 * none. */
int date_parse(const char *text, size_t len, int64_t *time_ns);

/* A span of time such as 30d in nanoseconds. Fails with Q_UNIT, Q_NO_UNIT or Q_RANGE. */
int duration_bind(struct context *ctx, const struct value *value, int64_t *span_ns);

/* Reads a text that is a number or a quantity by the scanner's own rules, a sign before it or not.
 * false when it is none. */
bool quantity_parse(struct context *ctx, const char *text, double *number, struct slice *unit);

/* The number (and unit, "" when none) behind a bound: follows lets and variables. */
int value_bind(struct context *ctx, const struct value *value, double *number, const char **unit);

/* The same, of a number without a unit. */
int number_bind(struct context *ctx, const struct value *value, double *number);
/* The numbers of lag, needs, confirm (of: 0 when not given). */
int option_numbers(struct context *ctx, const struct option *option, double *number, double *of);

/* The shortest prefix of a hash that may stand for it: git's own minimum, as ambiguity is an error.
 */
enum { COMMIT_PREFIX_MIN = 4 };

/* The stored commit that `text` names: in full, or by its first characters. *commit is NULL when
 * there is none; an error where several begin like this. Its runs' times are *from_ns .. *until_ns.
 */
int commit_find(struct context *ctx, const char *text, struct span span, const char **commit,
                int64_t *from_ns, int64_t *until_ns);

/* The instant as a time; for KEY pattern the runs that it names: *from_ns their first, *until_ns
 * their last. */
int instant_bind(struct context *ctx, const struct instant *instant, int64_t *from_ns,
                 int64_t *until_ns);

#endif
