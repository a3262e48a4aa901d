/* session.h -- what statements leave behind; private to session.c, command.c and run.c. */
#ifndef PACE_SESSION_H
#define PACE_SESSION_H

#include "context.h"
#include "limit.h"

/* A text by name: a definition, or a variable (kind 0). */
struct binding_text {
    enum pace_object_kind kind;
    char *name, *text;
    bool from_file; /* of the pacefile */
    struct binding_text *next;
};

struct pace_session {
    pace *store;
    struct pace_query_options options;
    struct limit_table limits;
    struct binding_text *definitions, *variables;
    char *use;                                          /* the selector of `use`; NULL: none */
    struct arena_pool pool;                             /* of its statements' arenas */
    struct arena_pool part_pools[PACE_MAX_THREADS - 1]; /* of those of other threads */
    atomic_int interrupted;
};

/* Memory for another thread that helps with a statement, kept from one statement to the next. */
struct arena_pool session_pool_take(struct pace_session *session);
void session_pool_give(struct pace_session *session, struct arena_pool *pool);

/* Sets (text NULL: removes) a name in a list; 0 or PACE_ENOMEM. */
int binding_text_set(struct binding_text **list, enum pace_object_kind kind, const char *name,
                     const char *text);

/* The kind of object that a statement defines; 0: none. */
enum pace_object_kind statement_defines(const struct statement *statement);

/* Runs a statement that is not a query. The snapshot is ended before anything is written. */
int command_run(struct context *ctx, const struct statement *statement);

#endif
