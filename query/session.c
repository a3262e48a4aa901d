/* session.c -- sessions, and the names that a statement sees; see session.h and context.h. */
#include "session.h"

#include "parse.h"
#include "regex.h"
#include "suggest.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_MEMORY = 1 << 30 };

/* -- life cycle -------------------------------------------------------------------------------- */

/* Two: a third would mostly wait for memory. */
static unsigned threads_default(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) < 2 ? 1 : 2;
}

int pace_session_open(pace *store, const struct pace_query_options *options,
                      struct pace_error *error, pace_session **out)
{
    pace_session *session = calloc(1, sizeof *session);
    if (!session) {
        if (error) *error = (struct pace_error){PACE_ENOMEM, "out of memory"};
        return PACE_ENOMEM;
    }
    session->store = store;
    session->limits = limits_default;
    session->limits.most[LIMIT_PACE_MAX_THREADS] = threads_default();
    if (options) {
        size_t size = options->struct_size;
        if (size > sizeof session->options) size = sizeof session->options;
        memcpy(&session->options, options, size);
    }
    if (!session->options.memory_bytes) session->options.memory_bytes = DEFAULT_MEMORY;
    *out = session;
    return 0;
}

struct arena_pool session_pool_take(struct pace_session *session)
{
    struct arena_pool pool = {0};
    for (size_t i = 0; i < PACE_MAX_THREADS - 1 && !pool.chunks; i++) {
        pool = session->part_pools[i];
        session->part_pools[i] = (struct arena_pool){0};
    }
    return pool;
}

void session_pool_give(struct pace_session *session, struct arena_pool *pool)
{
    for (size_t i = 0; i < PACE_MAX_THREADS - 1 && pool->chunks; i++) {
        if (session->part_pools[i].chunks) continue;
        session->part_pools[i] = *pool;
        *pool = (struct arena_pool){0};
    }
    arena_pool_clear(pool);
}

static void binding_texts_free(struct binding_text *list)
{
    while (list) {
        struct binding_text *next = list->next;
        free(list->name);
        free(list->text);
        free(list);
        list = next;
    }
}

void pace_session_close(pace_session *session)
{
    if (!session) return;
    binding_texts_free(session->definitions);
    binding_texts_free(session->variables);
    free(session->use);
    arena_pool_clear(&session->pool);
    for (size_t i = 0; i < PACE_MAX_THREADS - 1; i++)
        arena_pool_clear(&session->part_pools[i]);
    free(session);
}

int binding_text_set(struct binding_text **list, enum pace_object_kind kind, const char *name,
                     const char *text)
{
    while (*list && ((*list)->kind != kind || strcmp((*list)->name, name) != 0))
        list = &(*list)->next;
    if (!text) {
        struct binding_text *gone = *list;
        if (!gone) return 0;
        *list = gone->next;
        gone->next = NULL;
        binding_texts_free(gone);
        return 0;
    }
    char *copy = strdup(text);
    if (!copy) return PACE_ENOMEM;
    if (*list) {
        free((*list)->text);
        (*list)->text = copy;
        (*list)->from_file = false;
        return 0;
    }
    struct binding_text *binding = calloc(1, sizeof *binding);
    char *own_name = strdup(name);
    if (!binding || !own_name) {
        free(binding);
        free(own_name);
        free(copy);
        return PACE_ENOMEM;
    }
    *binding = (struct binding_text){.kind = kind, .name = own_name, .text = copy};
    *list = binding;
    return 0;
}

int pace_session_set(pace_session *session, const char *name, const char *value,
                     struct pace_error *error)
{
    int status = binding_text_set(&session->variables, 0, name, value);
    if (status && error) *error = (struct pace_error){PACE_ENOMEM, "out of memory"};
    return status;
}

static unsigned line_of(const char *text, uint32_t offset)
{
    unsigned line = 1;
    for (uint32_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

static int fail_define(const char *text, const struct diag *diag, struct pace_error *error)
{
    if (!error) return PACE_EQUERY;
    error->code = PACE_EQUERY;
    snprintf(error->message, sizeof error->message, "line %u: %s%s%s",
             line_of(text, diag->span.start), diag->message, diag->help ? "; " : "",
             diag->help ? diag->help : "");
    return PACE_EQUERY;
}

/* Sets one definition; 0, PACE_EQUERY (diagnosed) or PACE_ENOMEM. */
static int define_from_file(pace_session *session, const struct statement *statement,
                            struct diag_list *diags)
{
    struct statement plain = *statement;
    const struct script script = {.statements = &plain};
    enum pace_object_kind kind = statement_defines(statement);
    if (!kind || statement->save) {
        diag_error(diags, Q_ORDER, statement->span,
                   "only let, view, threshold, alert and measure stand here");
        return PACE_EQUERY;
    }
    plain.next = NULL;
    const char *text = print_script(diags->arena, &script);
    const char *name = slice_string(diags->arena, statement->name);
    if (!text || !name || binding_text_set(&session->definitions, kind, name, text))
        return PACE_ENOMEM;
    for (struct binding_text *own = session->definitions; own; own = own->next)
        if (own->kind == kind && strcmp(own->name, name) == 0) own->from_file = true;
    return 0;
}

int pace_session_define(pace_session *session, const char *text, size_t len,
                        struct pace_error *error)
{
    struct arena arena;
    struct diag_list diags;
    struct script *script;
    arena_init(&arena, session->options.memory_bytes);
    diag_list_init(&diags, &arena);
    int status = parse_script(&arena, text, len, &diags, &script) == PARSE_OK ? 0 : PACE_EQUERY;
    const struct statement *statement = status ? NULL : script->statements;
    for (; statement && !status; statement = statement->next)
        status = define_from_file(session, statement, &diags);
    if (status == PACE_EQUERY) status = fail_define(text, diags.first, error);
    if (status == PACE_ENOMEM && error) *error = (struct pace_error){PACE_ENOMEM, "out of memory"};
    arena_clear(&arena);
    return status;
}

void pace_interrupt(pace_session *session)
{
    atomic_store(&session->interrupted, 1);
}

/* -- names ------------------------------------------------------------------------------------- */

static const char *binding_text_find(const struct binding_text *list, enum pace_object_kind kind,
                                     struct slice name)
{
    for (; list; list = list->next)
        if (list->kind == kind && slice_is(name, list->name)) return list->text;
    return NULL;
}

const char *context_own_definition(struct context *ctx, enum pace_object_kind kind,
                                   struct slice name)
{
    return binding_text_find(ctx->session->definitions, kind, name);
}

const char *context_definition(struct context *ctx, enum pace_object_kind kind, struct slice name)
{
    const char *text = binding_text_find(ctx->session->definitions, kind, name);
    if (text) return text;
    const struct pace_object *objects;
    size_t count;
    if (pace_objects(ctx->snapshot, ctx->error, &objects, &count)) return NULL;
    for (size_t i = 0; i < count; i++)
        if (objects[i].kind == kind && slice_is(name, objects[i].name)) return objects[i].text;
    return NULL;
}

const char *const *context_names(struct context *ctx, enum pace_object_kind kind, size_t *count)
{
    const struct pace_object *objects;
    size_t stored = 0, total = 0;
    *count = 0;
    if (pace_objects(ctx->snapshot, ctx->error, &objects, &stored)) return NULL;
    for (const struct binding_text *own = ctx->session->definitions; own; own = own->next)
        total++;
    const char **names = arena_array(ctx->arena, total + stored, sizeof *names);
    if (!names) return NULL;
    for (const struct binding_text *own = ctx->session->definitions; own; own = own->next)
        if (own->kind == kind) names[(*count)++] = own->name;
    for (size_t i = 0; i < stored; i++)
        if (objects[i].kind == kind) names[(*count)++] = objects[i].name;
    return names;
}

const char *context_variable(struct context *ctx, struct slice name)
{
    return binding_text_find(ctx->session->variables, 0, name);
}

int context_parse(struct context *ctx, const char *text, struct script **out)
{
    if (parse_script(ctx->arena, text, strlen(text), ctx->diags, out) == PARSE_OK) return 0;
    return ctx->arena->failed ? PACE_ENOMEM : PACE_EQUERY;
}

const struct selector *context_use(struct context *ctx)
{
    struct script *script;
    const char *use = ctx->session->use;
    if (!use || parse_script(ctx->arena, use, strlen(use), ctx->diags, &script) != PARSE_OK)
        return NULL;
    return script->statements->query->source->selector;
}

/* -- what dies with the statement -------------------------------------------------------------- */

struct kept_regex {
    struct regex *regex;
    struct kept_regex *next;
};

int context_keep(struct context *ctx, struct regex *regex)
{
    struct kept_regex *kept = arena_alloc(ctx->arena, sizeof *kept);
    if (!kept) {
        regex_free(regex);
        return context_no_memory(ctx);
    }
    *kept = (struct kept_regex){regex, ctx->regexes};
    ctx->regexes = kept;
    return 0;
}

void context_release(struct context *ctx)
{
    for (const struct kept_regex *kept = ctx->regexes; kept; kept = kept->next)
        regex_free(kept->regex);
    ctx->regexes = NULL;
}

/* -- control ----------------------------------------------------------------------------------- */

int context_check(struct context *ctx)
{
    bool stopped = ctx->stopped && atomic_load_explicit(ctx->stopped, memory_order_relaxed);
    if (stopped || atomic_load_explicit(ctx->interrupted, memory_order_relaxed)) {
        context_fail(ctx, Q_STOPPED, (struct span){0, 0}, NULL, "interrupted");
        return PACE_EINTERRUPT;
    }
    if (ctx->deadline_ns) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec * INT64_C(1000000000) + now.tv_nsec > ctx->deadline_ns) {
            context_fail(ctx, Q_STOPPED, (struct span){0, 0},
                         "select fewer series or a shorter range",
                         "the deadline of the statement passed");
            return PACE_EDEADLINE;
        }
    }
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

int context_unknown(struct context *ctx, const char *why, const char *column, uint64_t rows)
{
    struct unknown **at = &ctx->unknown;
    while (*at && (!same_text((*at)->why, why) || !same_text((*at)->column, column)))
        at = &(*at)->next;
    if (!*at) {
        *at = arena_alloc(ctx->arena, sizeof **at);
        if (!*at) return context_no_memory(ctx);
        (*at)->why = why;
        (*at)->column = column;
    }
    (*at)->rows += rows;
    ctx->outcome->unknown_rows += rows;
    return 0;
}

int context_fail(struct context *ctx, enum diag_code code, struct span span, const char *help,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(ctx->arena, format, args);
    va_end(args);
    if (message && ctx->inside)
        message = arena_printf(ctx->arena, "threshold '%s': %s", ctx->inside, message);
    struct diag *diag = diag_error(ctx->diags, code, ctx->anchor ? *ctx->anchor : span, "%s",
                                   message ? message : diag_title(code));
    if (help) diag_help(ctx->diags, diag, "%s", help);
    return PACE_EQUERY;
}

int context_no_memory(struct context *ctx)
{
    diag_error(ctx->diags, Q_NO_MEMORY, (struct span){0, 0},
               "out of memory; the statement may use %zu MiB",
               ctx->session->options.memory_bytes >> 20);
    return PACE_ENOMEM;
}

int context_store_error(struct context *ctx, int code)
{
    const char *message =
        ctx->error && ctx->error->message[0] ? ctx->error->message : pace_strerror(code);
    diag_error(ctx->diags, Q_STORE, (struct span){0, 0}, "%s", message);
    return code;
}

const char *context_suggest(struct context *ctx, struct slice word, const char *const *names,
                            size_t count)
{
    const char *near = suggest(word.text, word.len, names, count);
    return near ? arena_printf(ctx->arena, "did you mean '%s'?", near) : NULL;
}
