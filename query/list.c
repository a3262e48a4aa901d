/* list.c -- `show`: the words it knows, what was defined, and the tables of the language. What lies
 * in the store is listed by list_store.c. */
#include "list.h"

#include "format.h"
#include "session.h"
#include "stats/model.h"
#include "verdict.h"
#include "word.h"

#include <string.h>

const struct list_row list_words[LIST_COUNT] = {
#define LIST(id, word, selects, help) {word, selects, help},
#include "list.def"
#undef LIST
};

/* A row of texts; NULL: missing. */
static int put_texts(struct context *ctx, struct op *listing, const char *const *texts,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        listing_text(listing, i, texts[i]);
    return listing_row(ctx, listing);
}

static int make_texts(struct context *ctx, const char *const *names, size_t count, struct op **out)
{
    struct listing_column columns[8];
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct listing_column){names[i], TYPE_TEXT};
    return listing_make(ctx, columns, count, NULL, out);
}

/* -- definitions ------------------------------------------------------------------------------- */

enum { DEFINED_NAME, DEFINED_TEXT, DEFINED_WHERE, DEFINED_VERSION, DEFINED_TIME, DEFINED_COUNT };

/* The part of a definition behind `=`: what stands before it, the row tells. */
static const char *definition_body(const char *text)
{
    const char *equals = strstr(text, " = ");
    return equals ? equals + 3 : text;
}

static int list_definitions(struct context *ctx, enum pace_object_kind kind, struct op **out)
{
    static const struct listing_column columns[DEFINED_COUNT] = {{"name", TYPE_TEXT},
                                                                 {"definition", TYPE_TEXT},
                                                                 {"where", TYPE_TEXT},
                                                                 {"version", TYPE_NUMBER},
                                                                 {"created", TYPE_TIME}};
    const struct pace_object *objects;
    size_t count;
    int status = pace_objects(ctx->snapshot, ctx->error, &objects, &count);
    if (status) return context_store_error(ctx, status);
    status = listing_make(ctx, columns, DEFINED_COUNT, NULL, out);
    for (const struct binding_text *own = ctx->session->definitions; own && !status;
         own = own->next) {
        if (own->kind != kind) continue;
        listing_text(*out, DEFINED_NAME, own->name);
        listing_text(*out, DEFINED_TEXT, definition_body(own->text));
        listing_text(*out, DEFINED_WHERE, own->from_file ? "pacefile" : "session");
        status = listing_row(ctx, *out);
    }
    for (size_t i = 0; i < count && !status; i++) {
        if (objects[i].kind != kind) continue;
        listing_text(*out, DEFINED_NAME, objects[i].name);
        listing_text(*out, DEFINED_TEXT, definition_body(objects[i].text));
        listing_text(*out, DEFINED_WHERE, "store");
        listing_number(*out, DEFINED_VERSION, objects[i].version, "");
        listing_time(*out, DEFINED_TIME, objects[i].created_ns);
        status = listing_row(ctx, *out);
    }
    return status;
}

static int list_variables(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"name", "value"};
    int status = make_texts(ctx, names, 2, out);
    for (const struct binding_text *own = ctx->session->variables; own && !status; own = own->next)
        status = put_texts(ctx, *out, (const char *const[]){own->name, own->text}, 2);
    return status;
}

static int list_use(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"use"};
    int status = make_texts(ctx, names, 1, out);
    if (status || !ctx->session->use) return status;
    const char *text = arena_string(ctx->arena, ctx->session->use);
    return text ? put_texts(ctx, *out, &text, 1) : context_no_memory(ctx);
}

/* -- the language ------------------------------------------------------------------------------ */

static int list_class(struct context *ctx, enum word_class class, const char *title,
                      struct op **out)
{
    const char *const names[] = {title, "form", "help"};
    int status = make_texts(ctx, names, 3, out);
    const struct word *word;
    for (size_t i = 0; !status && (word = word_row(i)); i++)
        if (word->class == class)
            status = put_texts(ctx, *out,
                               (const char *const[]){word->text, word->syntax, word->help}, 3);
    return status;
}

static int list_functions(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"function", "form", "of", "help"};
    static const char *const kinds[] = {
        [SCALAR] = "a row", [AGGREGATE] = "a group or a window", [SERIES] = "a series"};
    int status = make_texts(ctx, names, 4, out);
    for (size_t i = 0; i < FUNCTION_COUNT && !status; i++) {
        const struct function_row *row = &function_rows[i];
        status = put_texts(
            ctx, *out,
            (const char *const[]){row->name, row->signature, kinds[row->kind], row->help}, 4);
    }
    return status;
}

static int list_models(struct context *ctx, struct op **out)
{
    static const struct listing_column columns[] = {
        {"model", TYPE_TEXT}, {"needs", TYPE_NUMBER}, {"help", TYPE_TEXT}};
    int status = listing_make(ctx, columns, 3, NULL, out);
    for (size_t i = 0; i < MODEL_COUNT && !status; i++) {
        listing_text(*out, 0, model_rows[i].name);
        listing_number(*out, 1, model_rows[i].needs, "");
        listing_text(*out, 2, model_rows[i].text);
        status = listing_row(ctx, *out);
    }
    return status;
}

static int list_verdicts(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"verdict", "help"};
    static const char *const helps[VERDICT_COUNT] = {
#define VERDICT(id, name, help) help,
#include "verdict.def"
#undef VERDICT
    };
    int status = make_texts(ctx, names, 2, out);
    for (size_t i = 0; i < VERDICT_COUNT && !status; i++)
        status = put_texts(ctx, *out, (const char *const[]){verdict_names[i], helps[i]}, 2);
    return status;
}

static int list_keys(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"key", "help"};
    int status = make_texts(ctx, names, 2, out);
    const struct key *key;
    for (size_t i = 0; !status && (key = key_row(i)); i++)
        status = put_texts(ctx, *out, (const char *const[]){key->name, key->help}, 2);
    return status;
}

static int list_columns(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"column", "type"};
    static const char *const types[] = {
        [TYPE_NUMBER] = "number", [TYPE_TIME] = "time", [TYPE_TEXT] = "text", [TYPE_FLAG] = "flag"};
    const struct selection nothing = {0};
    struct op *scan;
    int status = op_scan(ctx, &nothing, NULL, &scan);
    if (!status) status = make_texts(ctx, names, 2, out);
    for (size_t i = 0; !status && i < scan->schema.count; i++)
        status = put_texts(ctx, *out,
                           (const char *const[]){scan->schema.columns[i].name,
                                                 types[scan->schema.columns[i].type]},
                           2);
    return status;
}

static int list_units(struct context *ctx, struct op **out)
{
    static const struct listing_column columns[] = {
        {"unit", TYPE_TEXT}, {"kind", TYPE_TEXT}, {"factor", TYPE_NUMBER}};
    int status = listing_make(ctx, columns, 3, NULL, out);
    const struct unit *unit;
    for (size_t i = 0; !status && (unit = unit_row(i)); i++) {
        listing_text(*out, 0, unit->name);
        listing_text(*out, 1, unit_kind_name(unit->kind));
        listing_number(*out, 2, unit->factor, "");
        status = listing_row(ctx, *out);
    }
    return status;
}

static int list_formats(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"format", "help"};
    const char *name, *meaning;
    int status = make_texts(ctx, names, 2, out);
    for (size_t i = 0; !status && (name = format_name(i, &meaning)); i++)
        status = put_texts(ctx, *out, (const char *const[]){name, meaning}, 2);
    return status;
}

static int list_limits(struct context *ctx, struct op **out)
{
    static const struct listing_column columns[] = {
        {"limit", TYPE_TEXT}, {"value", TYPE_NUMBER}, {"of", TYPE_TEXT}};
    struct pace_limit_row limit;
    const struct pace_query_options *options = &ctx->session->options;
    int status = listing_make(ctx, columns, 3, NULL, out);
    for (size_t i = 0; !status && pace_limit_get(ctx->session, i, &limit) == 0; i++) {
        listing_text(*out, 0, limit.name);
        listing_number(*out, 1, (double)limit.value, "");
        listing_text(*out, 2, limit.text);
        status = listing_row(ctx, *out);
    }
    if (status) return status;
    listing_text(*out, 0, "memory_bytes");
    listing_number(*out, 1, (double)options->memory_bytes, "");
    listing_text(*out, 2, "bytes that a statement of this session may use");
    status = listing_row(ctx, *out);
    if (status) return status;
    listing_text(*out, 0, "deadline_ns");
    if (options->deadline_ns) listing_number(*out, 1, (double)options->deadline_ns, "");
    listing_text(*out, 2, "run time of a statement of this session, in ns");
    return listing_row(ctx, *out);
}

static int list_diagnostics(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"code", "title"};
    static const struct {
        int number;
        const char *title;
    } rows[] = {
#define DIAG(name, number, title) {number, title},
#include "diag.def"
#undef DIAG
    };
    int status = make_texts(ctx, names, 2, out);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !status; i++) {
        const char *code = arena_printf(ctx->arena, "Q%03d", rows[i].number);
        status = put_texts(ctx, *out, (const char *const[]){code, rows[i].title}, 2);
    }
    return status;
}

static int list_all(struct context *ctx, struct op **out)
{
    static const char *const names[] = {"show", "help"};
    int status = make_texts(ctx, names, 2, out);
    for (size_t i = 0; i < LIST_COUNT && !status; i++)
        status =
            put_texts(ctx, *out, (const char *const[]){list_words[i].word, list_words[i].help}, 2);
    return status;
}

/* -- the statement ----------------------------------------------------------------------------- */

/* "measure" and "measures", "branch" and "branches" are the same. */
static bool word_is(struct slice name, const char *word)
{
    static const char *const plurals[] = {"s", "es"};
    size_t len = strlen(word);
    if (slice_is(name, word)) return true;
    for (size_t i = 0; i < 2; i++) {
        size_t end = strlen(plurals[i]);
        if (name.len + end == len && memcmp(name.text, word, name.len) == 0 &&
            strcmp(word + name.len, plurals[i]) == 0)
            return true;
    }
    return false;
}

static int find_word(struct context *ctx, const struct statement *statement, enum list_word *out)
{
    const char *names[LIST_COUNT];
    for (size_t i = 0; i < LIST_COUNT; i++) {
        names[i] = list_words[i].word;
        if (!word_is(statement->name, names[i])) continue;
        *out = (enum list_word)i;
        if (!statement->selector || list_words[i].selects) return 0;
        return context_fail(ctx, Q_ARGUMENTS, statement->selector->span, NULL,
                            "'show %s' takes no selector", names[i]);
    }
    const char *help = context_suggest(ctx, statement->name, names, LIST_COUNT);
    return context_fail(ctx, Q_NO_OPTION, statement->name_span,
                        help ? help : "'show words' lists all that can be shown",
                        "nothing to show is called '%.*s'", (int)statement->name.len,
                        statement->name.text);
}

int list_statement(struct context *ctx, const struct statement *statement, struct op **out)
{
    enum list_word word = LIST_COUNT;
    int status = find_word(ctx, statement, &word);
    if (status) return status;
    switch (word) {
    case LIST_PROJECTS:
    case LIST_BRANCHES:
    case LIST_TESTBEDS:
    case LIST_BENCHMARKS:
    case LIST_MEASURES: return list_names(ctx, word, statement->selector, out);
    case LIST_SERIES: return list_series(ctx, statement->selector, out);
    case LIST_RUNS: return list_runs(ctx, statement->selector, out);
    case LIST_COMMITS: return list_commits(ctx, statement->selector, out);
    case LIST_LETS: return list_definitions(ctx, PACE_OBJECT_LET, out);
    case LIST_VIEWS: return list_definitions(ctx, PACE_OBJECT_VIEW, out);
    case LIST_THRESHOLDS: return list_definitions(ctx, PACE_OBJECT_THRESHOLD, out);
    case LIST_ALERTS: return list_definitions(ctx, PACE_OBJECT_ALERT, out);
    case LIST_MARKS: return list_marks(ctx, false, out);
    case LIST_ALIASES: return list_marks(ctx, true, out);
    case LIST_VARIABLES: return list_variables(ctx, out);
    case LIST_USE: return list_use(ctx, out);
    case LIST_VERBS: return list_class(ctx, WORD_VERB, "verb", out);
    case LIST_COMMANDS: return list_class(ctx, WORD_COMMAND, "command", out);
    case LIST_OPTIONS: return list_class(ctx, WORD_OPTION, "option", out);
    case LIST_FUNCTIONS: return list_functions(ctx, out);
    case LIST_MODELS: return list_models(ctx, out);
    case LIST_VERDICTS: return list_verdicts(ctx, out);
    case LIST_KEYS: return list_keys(ctx, out);
    case LIST_COLUMNS: return list_columns(ctx, out);
    case LIST_UNITS: return list_units(ctx, out);
    case LIST_FORMATS: return list_formats(ctx, out);
    case LIST_LIMITS: return list_limits(ctx, out);
    case LIST_DIAGNOSTICS: return list_diagnostics(ctx, out);
    case LIST_WORDS:
    case LIST_COUNT: break;
    }
    return list_all(ctx, out);
}
