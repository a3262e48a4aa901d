/* complete.c -- completion: what could stand at the end of a text.
 *
 * The scanner says which piece is being typed, the parser which tokens may stand there, and the
 * words before it which names a name can be. */
#include "complete.h"

#include "edit.h"
#include "expr.h"
#include "format.h"
#include "list.h"
#include "parse.h"
#include "parse.tab.h"
#include "select.h"
#include "session.h"
#include "stats/model.h"
#include "stats/segment.h"
#include "verdict.h"
#include "word.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 4096, LIMIT_MAX = 100000 };

/* -- candidates -------------------------------------------------------------------------------- */

bool offer_wants(const struct offers *offers, const char *name)
{
    size_t len = offers->typed_len;
    if (!offers->within || len == 0) return strncmp(name, offers->typed, len) == 0;
    /* Names are short: memmem's tables would cost more than they save. */
    for (name = strchr(name, offers->typed[0]); name; name = strchr(name + 1, offers->typed[0]))
        if (strncmp(name, offers->typed, len) == 0) return true;
    return false;
}

static void swap(struct pace_candidate *a, struct pace_candidate *b)
{
    struct pace_candidate was = *a;
    *a = *b;
    *b = was;
}

static bool is_before(const struct pace_candidate *a, const struct pace_candidate *b)
{
    return strcmp(a->text, b->text) < 0;
}

static void heap_down(struct pace_candidate *heap, size_t count, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) return;
        if (child + 1 < count && is_before(&heap[child], &heap[child + 1])) child++;
        if (!is_before(&heap[at], &heap[child])) return;
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

void offer_put(struct offers *offers, const char *text, const char *help, bool open)
{
    struct pace_candidate candidate = {.text = text, .help = help, .open = open};
    for (size_t i = 0; i < offers->count && !offers->are_names; i++)
        if (strcmp(offers->heap[i].text, text) == 0) return; /* a name and a word, or twice added */
    if (offers->total++ == 0) {
        offers->common = text;
        offers->common_len = strlen(text);
    }
    size_t same = 0;
    while (same < offers->common_len && offers->common[same] == text[same])
        same++;
    offers->common_len = same;
    if (offers->limit == 0) return;
    struct pace_candidate *heap = offers->heap;
    if (offers->count == offers->limit) {
        if (!is_before(&candidate, &heap[0])) return;
        heap[0] = candidate;
        heap_down(heap, offers->count, 0);
        return;
    }
    size_t at = offers->count++;
    heap[at] = candidate;
    for (; at > 0 && is_before(&heap[(at - 1) / 2], &heap[at]); at = (at - 1) / 2)
        swap(&heap[(at - 1) / 2], &heap[at]);
}

void offer_add(struct offers *offers, const char *text, const char *help, bool open)
{
    if (offer_wants(offers, text)) offer_put(offers, text, help, open);
}

/* The heap as a list in order. */
static void offer_sort(struct offers *offers)
{
    for (size_t left = offers->count; left > 1; left--) {
        swap(&offers->heap[0], &offers->heap[left - 1]);
        heap_down(offers->heap, left - 1, 0);
    }
}

/* -- where the text ends ----------------------------------------------------------------------- */

struct place {
    pace_session *session;
    pace_snapshot *snapshot;
    struct pace_error *error;
    struct offers offers;
    const char *text;
    size_t len;
    struct token *tokens; /* those that are finished, of the last statement */
    size_t count;
    size_t start; /* of the piece that is being typed */
    int head;     /* the verb or command that is being written; 0: none yet */
    bool at_head; /* nothing stands after the last `|`, `(`, or beginning of a statement */
};

static int token_before(const struct place *place, size_t back)
{
    return place->count >= back ? place->tokens[place->count - back].kind : T_YYEOF;
}

static size_t token_end(const struct token *token)
{
    return (size_t)token->span.start + token->span.len;
}

/* A piece that touches the end is still being typed; signs and keys are finished. */
static bool is_typed(const struct place *place, const struct token *token)
{
    static const int kinds[] = {T_NAME, T_GLOB, T_VAR, T_PATH, T_STRING};
    if (token_end(token) != place->len) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (token->kind == kinds[i]) return true;
    return word_find(place->text + token->span.start, token->span.len) != NULL;
}

/* Finds the piece that is being typed and cuts it from the tokens. False: nothing can be said. */
static bool place_find(struct place *place, struct arena *arena)
{
    size_t scanned = 0;
    place->tokens = arena_array(arena, TOKENS_MAX, sizeof *place->tokens);
    if (!place->tokens) return false;
    place->count =
        parse_tokens(arena, place->text, place->len, place->tokens, TOKENS_MAX, &scanned);
    place->start = place->len;
    if (place->count > 0 && is_typed(place, &place->tokens[place->count - 1])) {
        place->start = place->tokens[--place->count].span.start;
    } else {
        const char *rest = place->text + scanned;
        size_t left = place->len - scanned;
        bool key = place->count > 0 && place->tokens[place->count - 1].kind == T_KEY;
        size_t blank = 0;
        while (!key && blank < left && strchr(" \t\r\n", rest[blank]))
            blank++;
        if (blank < left) { /* a piece that is no token yet */
            place->start = scanned + blank;
            if (!key && !strchr("$/", rest[blank])) return false;
        }
    }
    for (size_t i = place->count; i > 0; i--) {
        if (place->tokens[i - 1].kind != T_SEMICOLON) continue;
        place->tokens += i;
        place->count -= i;
        break;
    }
    place->at_head = true;
    for (size_t i = 0; i < place->count; i++) {
        int kind = place->tokens[i].kind;
        bool opens = kind == T_PIPE || kind == T_EXPLAIN || kind == T_SAVE;
        if (place->at_head && !opens && kind != T_OPEN) place->head = kind;
        if (opens || kind == T_OPEN) {
            if (opens) place->head = 0;
            place->at_head = opens || place->head == 0;
        } else {
            place->at_head = false;
        }
    }
    place->offers.typed = place->text + place->start;
    place->offers.typed_len = place->len - place->start;
    return true;
}

/* -- names ------------------------------------------------------------------------------------- */

static void add_list(struct place *place, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        offer_add(&place->offers, names[i], NULL, false);
}
#define ADD_LIST(place, ...)                                                                       \
    do {                                                                                           \
        static const char *const list[] = {__VA_ARGS__};                                           \
        add_list(place, list, sizeof list / sizeof *list);                                         \
    } while (0)

/* Definitions of the session and of the store. */
static int add_definitions(struct place *place, enum pace_object_kind kind, const char *help)
{
    const struct pace_object *objects;
    size_t count;
    int status = pace_objects(place->snapshot, place->error, &objects, &count);
    if (status) return status;
    const struct binding_text *own = place->session->definitions;
    for (; own; own = own->next)
        if (own->kind == kind) offer_add(&place->offers, own->name, help, false);
    for (size_t i = 0; i < count; i++)
        if (objects[i].kind == kind) offer_add(&place->offers, objects[i].name, help, false);
    return 0;
}

/* True when the statement has this token before the piece. */
static bool has_token(const struct place *place, int kind)
{
    for (size_t i = 0; i < place->count; i++)
        if (place->tokens[i].kind == kind) return true;
    return false;
}

/* Columns: those of all rows, of the verbs so far, and names that were given. */
static void add_columns(struct place *place)
{
    const struct column_row *row;
    for (size_t i = 0; (row = column_row(i)) != NULL; i++)
        if (row->verb == T_YYEOF || has_token(place, row->verb))
            offer_add(&place->offers, row->name, row->help, false);
    for (size_t i = 0; i + 1 < place->count; i++) {
        const struct token *token = &place->tokens[i];
        if (token->kind != T_NAME || token[1].kind != T_ASSIGN) continue;
        const char *name =
            arena_copy(place->offers.arena, place->text + token->span.start, token->span.len);
        if (name) offer_add(&place->offers, name, "a column of this query", false);
    }
    if (!has_token(place, T_CHECK) && !has_token(place, T_VERSUS)) return;
    for (size_t i = 0; i < VERDICT_COUNT; i++)
        offer_add(&place->offers, verdict_names[i], "a verdict", false);
}

static int add_expression(struct place *place)
{
    add_columns(place);
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        const struct function_row *row = &function_rows[i];
        const char *call = arena_printf(place->offers.arena, "%s(", row->name);
        if (call) offer_add(&place->offers, call, row->signature, true);
    }
    return add_definitions(place, PACE_OBJECT_LET, "a saved value");
}

static int add_models(struct place *place)
{
    for (size_t i = 0; i < MODEL_COUNT; i++)
        offer_add(&place->offers, model_rows[i].name, model_rows[i].text, false);
    return add_definitions(place, PACE_OBJECT_THRESHOLD, "a saved threshold");
}

static void add_formats(struct place *place)
{
    const char *name, *meaning;
    for (size_t i = 0; (name = format_name(i, &meaning)) != NULL; i++)
        offer_add(&place->offers, name, meaning, false);
}

/* A name after `drop KIND`. */
static int add_dropped(struct place *place, int kind)
{
    static const struct {
        int token;
        enum pace_object_kind kind;
    } kinds[] = {{T_LET, PACE_OBJECT_LET},
                 {T_VIEW, PACE_OBJECT_VIEW},
                 {T_THRESHOLD, PACE_OBJECT_THRESHOLD},
                 {T_ALERT, PACE_OBJECT_ALERT},
                 {T_MEASURE, PACE_OBJECT_MEASURE}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].token == kind) return add_definitions(place, kinds[i].kind, NULL);
    return 0;
}

/* What `using` of a verb takes. */
static void add_methods(struct place *place)
{
    if (place->head == T_VERSUS)
        ADD_LIST(place, "mann-whitney", "welch", "bootstrap", "kolmogorov-smirnov");
    else if (place->head == T_CHECK)
        ADD_LIST(place, "bencher");
    for (size_t i = 0; i < METHOD_COUNT && place->head == T_CHANGES; i++)
        offer_add(&place->offers, segment_methods[i].name, segment_methods[i].help, false);
}

static bool in_expressions(const struct place *place)
{
    static const int heads[] = {T_WHERE, T_DERIVE, T_SUMMARIZE, T_SORT,
                                T_TOP,   T_BOTTOM, T_EXPECT,    T_LET};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (place->head == heads[i]) return true;
    return false;
}

/* Words such as `last` and `floor` may be names of columns and functions: where names stand, those
 * are offered, and not the words. */
static bool is_only_name(const struct place *place, const struct word *word)
{
    return (word->class == WORD_VERB || word->class == WORD_OPTION || word->token == T_BASE ||
            word->token == T_HIGHER || word->token == T_MEASURE) &&
           (in_expressions(place) || place->head == T_KEEP || place->head == T_SHOW ||
            place->head == T_DROP) &&
           word->token != T_OVER && word->token != T_LAG && word->token != T_NEEDS;
}

/* What a name can be here, by the words before it. */
static int add_names(struct place *place)
{
    int before = token_before(place, 1);
    switch (before) {
    case T_AS: add_formats(place); return 0;
    case T_CHECK: return add_models(place);
    case T_BASELINE: ADD_LIST(place, "mean", "median", "p95", "min", "max", "last"); return 0;
    case T_WITH: ADD_LIST(place, "history", "excluded"); return 0;
    case T_LAST: ADD_LIST(place, "run"); return 0;
    case T_USING: add_methods(place); return 0;
    case T_SHOW:
        for (size_t i = 0; i < LIST_COUNT; i++)
            offer_add(&place->offers, list_words[i].word, list_words[i].help, false);
        return 0;
    case T_ASSIGN:
        if (has_token(place, T_THRESHOLD)) return add_models(place);
        break;
    default: break;
    }
    if (before == T_NUMBER && token_before(place, 2) == T_OVER) ADD_LIST(place, "commits");
    if (before == T_NUMBER && (place->head == T_LAST || place->head == T_FIRST))
        ADD_LIST(place, "commits");
    if (token_before(place, 2) == T_DROP) return add_dropped(place, before);
    if (place->at_head || before == T_VERSUS || (before == T_ASSIGN && has_token(place, T_VIEW))) {
        int status = add_definitions(place, PACE_OBJECT_VIEW, "a view");
        return status ? status : add_definitions(place, PACE_OBJECT_ALERT, "an alert");
    }
    if (place->head == T_KEEP)
        add_columns(place);
    else if (in_expressions(place))
        return add_expression(place);
    return 0;
}

static void add_keys(struct place *place)
{
    const struct key *key;
    for (size_t i = 0; (key = key_row(i)) != NULL; i++) {
        const char *name = arena_printf(place->offers.arena, "%s:", key->name);
        if (name) offer_add(&place->offers, name, key->help, true);
    }
}

static void add_variables(struct place *place)
{
    for (const struct binding_text *own = place->session->variables; own; own = own->next) {
        const char *name = arena_printf(place->offers.arena, "$%s", own->name);
        if (name) offer_add(&place->offers, name, own->text, false);
    }
}

/* -- kinds of pieces --------------------------------------------------------------------------- */

/* After `key:`, the piece may have begun with a quote, or stand within braces. */
static int complete_pattern(struct place *place)
{
    struct offers *offers = &place->offers;
    const struct token *key = &place->tokens[place->count - 1];
    struct slice name = {place->text + key->span.start, key->span.len - 1};
    if (offers->typed_len > 0 && offers->typed[0] == '$') {
        add_variables(place);
        return 0;
    }
    const char *brace = memrchr(offers->typed, '{', offers->typed_len);
    if (brace && !memchr(brace, '}', offers->typed_len - (size_t)(brace - offers->typed))) {
        const char *end = offers->typed + offers->typed_len;
        const char *comma = memrchr(brace, ',', (size_t)(end - brace));
        offers->typed = (comma ? comma : brace) + 1;
        offers->typed_len = (size_t)(end - offers->typed);
        place->start = place->len - offers->typed_len;
    } else if (offers->typed_len > 0 && offers->typed[0] == '"') {
        offers->typed++;
        offers->typed_len--;
        if (offers->typed_len > 0 && offers->typed[offers->typed_len - 1] == '"')
            offers->typed_len--;
    }
    int status = 0;
    for (int within = 0; within < 2 && offers->total == 0 && !status; within++) {
        offers->within = within == 1;
        if (slice_is(name, "commit"))
            status = complete_commit(offers, place->snapshot, place->error);
        else if (slice_is(name, "run"))
            status = complete_run(offers, place->snapshot, place->error);
        else
            status = complete_key(offers, place->snapshot, (enum pace_dimension)key_dimension(name),
                                  place->error);
    }
    return status;
}

/* By what the parser could take. */
static int complete_word(struct place *place)
{
    const char *expected[PARSE_EXPECTED_MAX];
    size_t from = place->count > 0 ? place->tokens[0].span.start : place->start;
    size_t count =
        parse_expected(place->offers.arena, place->text + from, place->start - from, expected);
    int status = 0;
    bool names = false;
    for (size_t i = 0; i < count; i++)
        names = names || strcmp(expected[i], "a name") == 0;
    for (size_t i = 0; i < count && !status; i++) {
        const struct word *word = word_find(expected[i], strlen(expected[i]));
        if (word && names && is_only_name(place, word)) continue;
        if (word)
            offer_add(&place->offers, word->text, word->help, false);
        else if (strcmp(expected[i], "a name") == 0)
            status = add_names(place);
        else if (strcmp(expected[i], "a key") == 0)
            add_keys(place);
        else if (strcmp(expected[i], "a variable") == 0)
            add_variables(place);
        else if (strcmp(expected[i], "|") == 0 && place->offers.typed_len == 0)
            offer_add(&place->offers, "|", "then a verb", false);
    }
    return status;
}

/* -- the call ---------------------------------------------------------------------------------- */

struct completion {
    struct pace_completion public;
    struct arena arena;
};

static int complete(struct place *place)
{
    if (!place_find(place, place->offers.arena)) return 0;
    if (token_before(place, 1) == T_KEY) return complete_pattern(place);
    const char *typed = place->text + place->start;
    if (place->len - place->start >= 2 && typed[0] == '/' && typed[1] == '/')
        return complete_path(&place->offers, place->snapshot, typed, place->len - place->start,
                             &place->start, place->error);
    return complete_word(place);
}

/* Candidates as they are written, in memory of the arena: names die with the snapshot. */
static void finish(struct offers *offers, struct pace_completion *out)
{
    const char *suffix = offers->suffix ? offers->suffix : "";
    for (size_t i = 0; i < offers->count; i++) {
        struct pace_candidate *candidate = &offers->heap[i];
        const char *text = candidate->text;
        if (offers->are_names) text = complete_pattern_of(offers->arena, text);
        candidate->text = arena_printf(offers->arena, "%s%s", text, suffix);
        if (candidate->help) candidate->help = arena_string(offers->arena, candidate->help);
    }
    if (offers->total == 1 && offers->count == 1)
        out->common = offers->heap[0].text;
    else if (offers->are_names)
        out->common = complete_common_of(offers->arena, offers->common, offers->common_len);
    else
        out->common = arena_copy(offers->arena, offers->common, offers->common_len);
    out->count = offers->count;
    out->total = offers->total;
    out->candidates = offers->heap;
}

int pace_complete(pace_session *session, const char *text, size_t len, size_t limit,
                  struct pace_error *error, struct pace_completion **out)
{
    struct completion *completion = calloc(1, sizeof *completion);
    if (!completion) {
        if (error) *error = (struct pace_error){PACE_ENOMEM, "out of memory"};
        return PACE_ENOMEM;
    }
    if (limit > LIMIT_MAX) limit = LIMIT_MAX;
    arena_init(&completion->arena, session->options.memory_bytes);
    struct place place = {.session = session, .error = error, .text = text, .len = len};
    place.offers = (struct offers){.arena = &completion->arena, .limit = limit, .common = ""};
    place.offers.heap = arena_array(&completion->arena, limit + 1, sizeof *place.offers.heap);
    int status = pace_snapshot_begin(session->store, error, &place.snapshot);
    if (!status) status = complete(&place);
    /* Names die with the snapshot. */
    offer_sort(&place.offers);
    finish(&place.offers, &completion->public);
    if (place.snapshot) pace_snapshot_end(place.snapshot);
    if (!status && completion->arena.failed) {
        if (error) *error = (struct pace_error){PACE_ENOMEM, "out of memory"};
        status = PACE_ENOMEM;
    }
    if (status) {
        arena_clear(&completion->arena);
        free(completion);
        return status;
    }
    completion->public.start = place.start;
    *out = &completion->public;
    return 0;
}

void pace_completion_free(struct pace_completion *completion)
{
    if (!completion) return;
    struct completion *whole = (struct completion *)completion; /* its first member */
    arena_clear(&whole->arena);
    free(whole);
}
