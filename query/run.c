/* run.c -- pace_prepare and pace_step: a script's statements one after the other. */
#include "session.h"

#include "explain.h"
#include "kept.h"
#include "marks.h"
#include "output.h"
#include "parse.h"
#include "parts.h"
#include "list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum phase { PHASE_NEXT, PHASE_ROWS, PHASE_OVER };

struct pace_query {
    pace_session *session;
    struct arena script_arena, arena; /* the tree; the running statement */
    char *text;
    size_t len;
    struct script *script;
    const struct statement *next;
    enum phase phase;
    struct context ctx;
    struct pace_error error;
    struct diag_list diags;
    struct pace_outcome outcome;
    struct plan plan;
    bool has_plan, is_show;
    bool begun; /* a statement of it ran */
    struct output output;
};

/* -- life cycle -------------------------------------------------------------------------------- */

static int fail(struct pace_error *error, int code, const char *message)
{
    if (error) {
        error->code = code;
        size_t len = strlen(message);
        if (len >= sizeof error->message) len = sizeof error->message - 1;
        memcpy(error->message, message, len);
        error->message[len] = 0;
    }
    return code;
}

/* The first error as the caller's error. */
static int fail_diagnosed(pace_query *query, struct pace_error *error, int code)
{
    for (const struct diag *diag = query->diags.first; diag; diag = diag->next)
        if (diag->severity == DIAG_ERROR) return fail(error, code, diag->message);
    return fail(error, code, pace_strerror(code));
}

int pace_prepare(pace_session *session, const char *text, size_t len, struct pace_error *error,
                 pace_query **out)
{
    pace_query *query = calloc(1, sizeof *query);
    char *copy = malloc(len + 1);
    if (!query || !copy) {
        free(query);
        free(copy);
        return fail(error, PACE_ENOMEM, "out of memory");
    }
    if (len) memcpy(copy, text, len);
    copy[len] = 0;
    query->session = session;
    query->text = copy;
    query->len = len;
    arena_init_from(&query->script_arena, session->options.memory_bytes, &session->pool);
    arena_init_from(&query->arena, session->options.memory_bytes, &session->pool);
    diag_list_init(&query->diags, &query->script_arena);
    *out = query;
    if (parse_script_within(&query->script_arena, copy, len, &query->diags, &session->limits,
                            &query->script) != PARSE_OK) {
        query->phase = PHASE_OVER;
        return fail_diagnosed(query, error, PACE_EQUERY);
    }
    query->next = query->script->statements;
    return 0;
}

static void end_statement(pace_query *query)
{
    if (query->has_plan) plan_free(&query->plan);
    query->has_plan = false;
    context_release(&query->ctx);
    parts_release(&query->ctx);
    pace_snapshot_end(query->ctx.snapshot);
    query->ctx.snapshot = NULL;
}

void pace_query_free(pace_query *query)
{
    if (!query) return;
    end_statement(query);
    arena_clear(&query->arena);
    arena_clear(&query->script_arena);
    free(query->text);
    free(query);
}

/* -- beginning a statement --------------------------------------------------------------------- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The context of the next statement, with its snapshot. */
static int begin_context(pace_query *query)
{
    pace_session *session = query->session;
    struct context *ctx = &query->ctx;
    arena_clear(&query->arena);
    diag_list_init(&query->diags, &query->arena);
    query->outcome = (struct pace_outcome){.threads = 1};
    query->error = (struct pace_error){0};
    query->plan = (struct plan){0};
    *ctx = (struct context){.store = session->store,
                            .session = session,
                            .arena = &query->arena,
                            .diags = &query->diags,
                            .error = &query->error,
                            .outcome = &query->outcome,
                            .interrupted = &session->interrupted};
    ctx->now_ns = session->options.now_ns ? session->options.now_ns : clock_ns(CLOCK_REALTIME);
    if (session->options.deadline_ns)
        ctx->deadline_ns = clock_ns(CLOCK_MONOTONIC) + (int64_t)session->options.deadline_ns;
    if (!session->store)
        return context_fail(ctx, Q_STORE, (struct span){0, 0}, NULL, "this session has no store");
    int status = pace_snapshot_begin(session->store, ctx->error, &ctx->snapshot);
    return status ? context_store_error(ctx, status) : 0;
}

static bool gives_rows(const struct statement *statement)
{
    return statement->kind == STATEMENT_QUERY || statement->kind == STATEMENT_SHOW;
}

/* In a newer state, with the same time and no more of it. */
static int begin_again(pace_query *query)
{
    struct context *ctx = &query->ctx;
    int64_t now_ns = ctx->now_ns, deadline_ns = ctx->deadline_ns;
    end_statement(query);
    int status = begin_context(query);
    ctx->now_ns = now_ns;
    ctx->deadline_ns = deadline_ns;
    if (!status) parts_reserve(ctx);
    return status;
}

/* A query, in several threads perhaps; where a commit keeps these from it, in a newer state. */
static int begin_query(pace_query *query, const struct statement *statement)
{
    struct context *ctx = &query->ctx;
    bool overtaken = true;
    int status = 0;
    for (int attempt = 0; attempt < 2 && overtaken && !status; attempt++) {
        if (attempt) status = begin_again(query);
        if (status) return status;
        query->has_plan = true;
        status = plan_query(ctx, statement->query, &query->plan);
        if (!status && statement->explain) return explain_plan(ctx, &query->plan);
        if (!status) status = parts_plan(ctx, statement->query, &query->plan, &overtaken);
    }
    return status;
}

static int begin_statement(pace_query *query, const struct statement *statement)
{
    struct context *ctx = &query->ctx;
    /* What was interrupted before is over; between two statements of a script it ends that. */
    if (!query->begun) atomic_store(&query->session->interrupted, 0);
    query->begun = true;
    int status = begin_context(query);
    if (!status) status = context_check(ctx);
    if (status) return status;
    query->has_plan = gives_rows(statement);
    query->is_show = statement->kind == STATEMENT_SHOW;
    if (!query->has_plan) return command_run(ctx, statement);
    status = query->is_show ? list_statement(ctx, statement, &query->plan.last)
                            : begin_query(query, statement);
    if (!status && output_init(&query->output, &query->arena, &query->plan.last->schema))
        status = context_no_memory(ctx);
    return status;
}

/* -- ending a statement ------------------------------------------------------------------------ */

/* "2 new, 1 with too few points" without what there is none of. */
static const char *missing_baselines(pace_query *query)
{
    const struct pace_outcome *outcome = &query->outcome;
    const char *text =
        !outcome->thin ? arena_printf(&query->arena, "%llu new", (unsigned long long)outcome->fresh)
        : !outcome->fresh
            ? arena_printf(&query->arena, "%llu with too few points",
                           (unsigned long long)outcome->thin)
            : arena_printf(&query->arena, "%llu new, %llu with too few points",
                           (unsigned long long)outcome->fresh, (unsigned long long)outcome->thin);
    return text ? text : "too few points";
}

/* "3 rows left out: the condition of 'where' is unknown there (2: 'base' is missing, 1: ...)". */
static void note_unknown(pace_query *query)
{
    struct arena *arena = &query->arena;
    const struct unknown *first = query->ctx.unknown;
    const char *text = "";
    for (const struct unknown *unknown = first; unknown && text; unknown = unknown->next) {
        const char *why = unknown->column ? arena_printf(arena, "'%s' is missing", unknown->column)
                                          : unknown->why;
        text = !first->next ? why
                            : arena_printf(arena, "%s%s%llu: %s", text, *text ? ", " : "",
                                           (unsigned long long)unknown->rows, why ? why : "");
    }
    uint64_t rows = query->outcome.unknown_rows;
    diag_note(&query->diags, "%llu row%s left out: the condition of 'where' is unknown there (%s)",
              (unsigned long long)rows, rows == 1 ? "" : "s", text ? text : first->why);
}

/* Rule 9: nothing matched, or nothing could be judged, is never green. Missing baselines are
 * said. */
static void conclude(pace_query *query)
{
    struct pace_outcome *outcome = &query->outcome;
    if (outcome->unknown_rows) note_unknown(query);
    if (outcome->series == 0) {
        if (!query->diags.first)
            diag_note(&query->diags, "no series is named by all of these at once");
        if (outcome->status == 0) outcome->status = 4;
        return;
    }
    if (query->plan.asks_run && !query->ctx.any_chosen && outcome->status != 4) {
        diag_note(&query->diags, "no verdict: 'last run' found no run");
        if (outcome->status == 0) outcome->status = 4;
    }
    uint64_t without = outcome->thin + outcome->fresh;
    if (without)
        diag_note(&query->diags, "%llu of %llu judged without a baseline: %s",
                  (unsigned long long)without, (unsigned long long)outcome->judged,
                  missing_baselines(query));
    /* A level that changed lately was judged when it did. */
    uint64_t nothing = without - outcome->settling + outcome->gone + outcome->failed;
    if (query->plan.expects && query->plan.judges && nothing == outcome->judged &&
        outcome->status == 0) {
        outcome->status = 4;
        if (nothing > without)
            diag_note(&query->diags, "no verdict: %llu gone, %llu failed",
                      (unsigned long long)outcome->gone, (unsigned long long)outcome->failed);
    }
}

int pace_step(pace_query *query, struct pace_error *error, enum pace_step *step,
              const struct pace_rows **rows)
{
    int status = 0;
    *rows = NULL;
    if (query->phase == PHASE_NEXT) {
        if (!query->next) {
            *step = PACE_STEP_END;
            return 0;
        }
        const struct statement *statement = query->next;
        query->next = statement->next;
        status = begin_statement(query, statement);
        if (!status && !gives_rows(statement)) {
            end_statement(query);
            *step = PACE_STEP_STATEMENT;
            return 0;
        }
        query->phase = PHASE_ROWS;
    }
    if (query->phase == PHASE_OVER && !status) {
        *step = PACE_STEP_END;
        return 0;
    }
    while (!status) {
        struct batch *batch;
        status = query->plan.last->next(query->plan.last, &query->ctx, &batch);
        if (status) break;
        if (!batch) {
            if (!query->is_show) conclude(query);
            end_statement(query);
            query->phase = PHASE_NEXT;
            *step = PACE_STEP_STATEMENT;
            return 0;
        }
        output_batch(&query->output, batch);
        if (query->output.rows.count == 0) continue;
        query->outcome.rows += query->output.rows.count;
        *step = PACE_STEP_ROWS;
        *rows = &query->output.rows;
        return 0;
    }
    end_statement(query);
    query->phase = PHASE_OVER;
    return fail_diagnosed(query, error, status);
}

/* -- what is kept --------------------------------------------------------------------------- */

/* Streams from *next on, until one has a new value; *next is behind it, and the snapshot ended.
 * *done: it was the last. */
static int keep_next(pace_query *query, uint64_t run, uint32_t *next, bool *done)
{
    struct context *ctx = &query->ctx;
    const struct pace_stream *streams;
    struct pace_stream one;
    struct pace_run_view view;
    struct mark_view *marks;
    uint32_t count = 1;
    int status = begin_context(query);
    if (!status && run) {
        status = pace_run_get(ctx->snapshot, run, ctx->error, &view);
        if (!status) status = pace_stream_get(ctx->snapshot, view.stream, ctx->error, &one);
        streams = &one;
    } else if (!status) {
        status = pace_streams(ctx->snapshot, ctx->error, &streams, &count);
    }
    if (!status) status = marks_load(ctx, &marks);
    uint8_t *data = NULL;
    while (!status && !data && *next < count) {
        struct pace_kept value;
        const struct pace_stream *stream = &streams[(*next)++];
        uint32_t id = stream->id;
        bool late = !run || stream->last_run != run;
        status = keep_stream(ctx, stream, marks, late, &value, &data);
        if (status || !data) continue;
        end_statement(query);
        status = pace_kept_put(query->session->store, id, &value, ctx->error);
        if (status == PACE_ELIMIT) status = 0; /* too wide a stream: nothing is kept */
    }
    *done = *next >= count;
    free(data);
    end_statement(query);
    return status;
}

int pace_keep(pace_session *session, uint64_t run, struct pace_error *error)
{
    pace_query *query;
    uint32_t next = 0;
    bool done = false;
    int status = pace_prepare(session, "", 0, error, &query);
    if (status) return status;
    atomic_store(&session->interrupted, 0);
    while (!status && !done)
        status = keep_next(query, run, &next, &done);
    if (status && query->error.code)
        (void)fail(error, status, query->error.message);
    else if (status)
        (void)fail_diagnosed(query, error, status);
    pace_query_free(query);
    return status;
}

/* -- what a selector names ------------------------------------------------------------------- */

struct pace_selection {
    pace_query *query; /* the selector as a statement; never stepped */
    struct selection chosen;
};

/* The selector of a script that is one and nothing else; NULL when it is more. */
static const struct selector *only_selector(const pace_query *query)
{
    const struct statement *statement = query->script->statements;
    if (!statement || statement->next || statement->kind != STATEMENT_QUERY || statement->explain ||
        statement->query->stages || statement->query->source->kind != SOURCE_SELECTOR)
        return NULL;
    return statement->query->source->selector;
}

static int by_stream(const void *a, const void *b)
{
    const struct series *left = a, *right = b;
    if (left->stream->id != right->stream->id) return left->stream->id < right->stream->id ? -1 : 1;
    return left->column < right->column ? -1 : left->column > right->column;
}

int pace_selection_open(pace_session *session, const char *text, size_t len,
                        struct pace_error *error, pace_selection **out)
{
    pace_selection *selection = calloc(1, sizeof *selection);
    if (!selection) return fail(error, PACE_ENOMEM, "out of memory");
    int status = pace_prepare(session, text, len, error, &selection->query);
    const struct selector *selector = status ? NULL : only_selector(selection->query);
    if (!status && !selector)
        status = fail(error, PACE_EQUERY, "this is more than a selector, or less");
    if (!status) {
        status = begin_context(selection->query);
        selection->query->ctx.stored_names = true;
        if (!status) status = select_series(&selection->query->ctx, selector, &selection->chosen);
        if (status) status = fail_diagnosed(selection->query, error, status);
        if (!status && selection->chosen.rows_differ)
            status = fail(error, PACE_EQUERY, "commit: and run: cannot stand inside 'or' here");
    }
    if (status) {
        pace_selection_close(selection);
        return status;
    }
    if (selection->chosen.count)
        qsort(selection->chosen.series, selection->chosen.count, sizeof *selection->chosen.series,
              by_stream);
    *out = selection;
    return 0;
}

void pace_selection_close(pace_selection *selection)
{
    if (!selection) return;
    pace_query_free(selection->query);
    free(selection);
}

size_t pace_selection_count(const pace_selection *selection)
{
    return selection->chosen.count;
}

int pace_selection_has(const pace_selection *selection, uint32_t stream, uint32_t column)
{
    const struct pace_stream of = {.id = stream};
    const struct series key = {.stream = &of, .column = column};
    return selection->chosen.count &&
           bsearch(&key, selection->chosen.series, selection->chosen.count, sizeof key, by_stream);
}

int pace_selection_run(pace_selection *selection, const char *commit, uint64_t run)
{
    return row_filters_pass(&selection->query->ctx, selection->chosen.rows, commit, run);
}

const char *pace_query_text(pace_query *query)
{
    return query->script ? print_text(&query->script_arena, query->script, query->text) : NULL;
}

/* -- what a caller asks ------------------------------------------------------------------------ */

const struct pace_outcome *pace_outcome(const pace_query *query)
{
    return &query->outcome;
}

const char *pace_format_name(const pace_query *query)
{
    return query->plan.format;
}

size_t pace_diag_count(const pace_query *query)
{
    size_t count = 0;
    for (const struct diag *diag = query->diags.first; diag; diag = diag->next)
        count++;
    return count;
}

int pace_diag_get(const pace_query *query, size_t index, struct pace_diag *out)
{
    const struct diag *diag = query->diags.first;
    while (diag && index--)
        diag = diag->next;
    if (!diag) return PACE_ENOTFOUND;
    const char *drawn = diag_draw(query->diags.arena, diag, query->text, query->len);
    const char *json = diag_json(query->diags.arena, diag, query->text, query->len);
    *out = (struct pace_diag){.code = diag->severity == DIAG_NOTE ? 0 : (int)diag->code,
                              .start = diag->span.start,
                              .length = diag->span.len,
                              .message = diag->message,
                              .help = diag->help,
                              .drawn = drawn ? drawn : diag->message,
                              .json = json ? json : "{}"};
    return 0;
}
