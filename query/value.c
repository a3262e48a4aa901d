/* value.c -- numbers, spans of time and instants as they are written; see context.h. */
#include "context.h"
#include "session.h"

#include "glob.h"
#include "parse.h"
#include "select.h"

#include <math.h>
#include <string.h>

bool slice_is(struct slice slice, const char *text)
{
    return strlen(text) == slice.len && memcmp(slice.text, text, slice.len) == 0;
}

char *slice_string(struct arena *arena, struct slice slice)
{
    return arena_copy(arena, slice.text, slice.len);
}

/* -- quantities -------------------------------------------------------------------------------- */

static int fail_unit(struct context *ctx, struct slice unit, struct span span)
{
    if (slice_is(unit, "m"))
        return context_fail(ctx, Q_NO_UNIT, span, "write 5min for minutes or 5mo for months",
                            "'m' could be minutes or months");
    const char *names[128];
    size_t count = 0;
    for (const struct unit *row = unit_row(0); row && count < 128; row = unit_row(count))
        names[count++] = row->name;
    const char *help = context_suggest(ctx, unit, names, count);
    return context_fail(ctx, Q_NO_UNIT, span, help ? help : "'show units' lists them",
                        "no unit '%.*s'", (int)unit.len, unit.text);
}

static int quantity_bind(struct context *ctx, double number, struct slice text, struct span span,
                         double *out, const char **unit)
{
    struct unit known = unit_lookup(text.text, text.len);
    if (known.kind == UNIT_CUSTOM || known.kind == UNIT_NONE) return fail_unit(ctx, text, span);
    *unit = slice_string(ctx->arena, text);
    *out = number;
    return *unit ? 0 : context_no_memory(ctx);
}

/* The value behind the text of a let: a number, a quantity, or again a name or a variable. */
static int let_bind(struct context *ctx, const struct value *value, double *number,
                    const char **unit)
{
    const char *text = context_definition(ctx, PACE_OBJECT_LET, value->name);
    if (!text) {
        size_t count;
        const char *const *names = context_names(ctx, PACE_OBJECT_LET, &count);
        const char *help = context_suggest(ctx, value->name, names, count);
        return context_fail(ctx, Q_NO_NAME, value->span,
                            help ? help : "write the value itself, or name it: let NAME = 5%",
                            "no let '%.*s'", (int)value->name.len, value->name.text);
    }
    struct script *script;
    int parsed = context_parse(ctx, text, &script);
    if (parsed) return parsed;
    const struct expr *expr = script->statements->expr;
    double sign = 1;
    for (; expr->kind == EXPR_NEGATE; expr = expr->left)
        sign = -sign;
    struct value behind = {.span = value->span, .number = expr->number};
    switch (expr->kind) {
    case EXPR_NUMBER: behind.kind = VALUE_NUMBER; break;
    case EXPR_QUANTITY:
        behind.kind = VALUE_QUANTITY;
        behind.unit = expr->text;
        break;
    case EXPR_NAME:
    case EXPR_VAR:
        behind.kind = expr->kind == EXPR_NAME ? VALUE_NAME : VALUE_VAR;
        behind.name = expr->text;
        break;
    default:
        return context_fail(ctx, Q_TYPE, value->span, NULL, "'%.*s' is not a number or a quantity",
                            (int)value->name.len, value->name.text);
    }
    if (++ctx->expansions > PACE_MAX_DEPTH)
        return context_fail(ctx, Q_TOO_DEEP, value->span, NULL, "'%.*s' uses itself",
                            (int)value->name.len, value->name.text);
    int status = value_bind(ctx, &behind, number, unit);
    ctx->expansions--;
    if (!status) *number *= sign;
    return status;
}

bool quantity_parse(struct context *ctx, const char *text, double *number, struct slice *unit)
{
    const char *statement = arena_printf(ctx->arena, "let x = %s", text);
    struct diag_list ignored;
    struct script *script;
    diag_list_init(&ignored, ctx->arena);
    if (!statement ||
        parse_script(ctx->arena, statement, strlen(statement), &ignored, &script) != PARSE_OK ||
        script->statements->next)
        return false;
    const struct expr *expr = script->statements->expr;
    double sign = 1;
    if (expr->kind == EXPR_NEGATE) {
        sign = -1;
        expr = expr->left;
    }
    if (expr->kind != EXPR_NUMBER && expr->kind != EXPR_QUANTITY) return false;
    *number = sign * expr->number;
    *unit = expr->kind == EXPR_NUMBER ? (struct slice){"", 0} : expr->text;
    return true;
}

static int variable_bind(struct context *ctx, const struct value *value, double *number,
                         const char **unit)
{
    const char *text = context_variable(ctx, value->name);
    struct slice own;
    if (!text)
        return context_fail(ctx, Q_NO_VARIABLE, value->span, "give it with -v NAME=VALUE",
                            "$%.*s has no value", (int)value->name.len, value->name.text);
    if (!quantity_parse(ctx, text, number, &own))
        return context_fail(ctx, Q_TYPE, value->span, NULL,
                            "$%.*s is '%s', not a number or a quantity", (int)value->name.len,
                            value->name.text, text);
    *unit = "";
    return own.len ? quantity_bind(ctx, *number, own, value->span, number, unit) : 0;
}

int value_bind(struct context *ctx, const struct value *value, double *number, const char **unit)
{
    switch (value->kind) {
    case VALUE_NUMBER:
        *number = value->number;
        *unit = "";
        return 0;
    case VALUE_QUANTITY:
        return quantity_bind(ctx, value->number, value->unit, value->span, number, unit);
    case VALUE_NAME: return let_bind(ctx, value, number, unit);
    case VALUE_VAR: break;
    }
    return variable_bind(ctx, value, number, unit);
}

int number_bind(struct context *ctx, const struct value *value, double *number)
{
    const char *unit;
    int status = value_bind(ctx, value, number, &unit);
    if (status || !*unit) return status;
    return context_fail(ctx, Q_TYPE, value->span, NULL, "a number without a unit is needed here");
}

int option_numbers(struct context *ctx, const struct option *option, double *number, double *of)
{
    int status = number_bind(ctx, &option->number, number);
    *of = 0;
    return status || !option->of_number.span.len ? status
                                                 : number_bind(ctx, &option->of_number, of);
}

int duration_bind(struct context *ctx, const struct value *value, int64_t *span_ns)
{
    double number;
    const char *unit;
    int status = value_bind(ctx, value, &number, &unit);
    if (status) return status;
    struct unit known = unit_lookup(unit, strlen(unit));
    if (known.kind != UNIT_TIME)
        return context_fail(ctx, Q_UNIT, value->span, "write a span like 30d or 12h",
                            "this is a %s, not a span of time", unit_kind_name(known.kind));
    double ns = number * known.factor;
    if (!(ns > 0 && ns < 9e18))
        return context_fail(ctx, Q_RANGE, value->span, NULL,
                            "a span of time is over 0 and under 292 years");
    *span_ns = (int64_t)ns;
    return 0;
}

/* -- instants ---------------------------------------------------------------------------------- */

/* Days since the Unix epoch of a date of the Gregorian calendar (H. Hinnant, days_from_civil). */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400, year = y - era * 400;
    int64_t day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

/* Takes `digits` digits at *text. */
static bool take_digits(const char **text, const char *end, int digits, int64_t *out)
{
    int64_t value = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (*text >= end || **text < '0' || **text > '9') return false;
        value = value * 10 + (**text - '0');
    }
    *out = value;
    return true;
}

static bool take(const char **text, const char *end, char c)
{
    if (*text >= end || **text != c) return false;
    (*text)++;
    return true;
}

static bool take_zone(const char **text, const char *end, int64_t *offset_s)
{
    *offset_s = 0;
    if (*text == end || take(text, end, 'Z')) return true;
    int64_t sign = take(text, end, '-') ? -1 : take(text, end, '+') ? 1 : 0, hours, minutes = 0;
    if (!sign || !take_digits(text, end, 2, &hours)) return false;
    bool colon = take(text, end, ':');
    if ((colon || *text < end) && !take_digits(text, end, 2, &minutes)) return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60;
}

int date_parse(const char *text, size_t len, int64_t *time_ns)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *end = text + len;
    int64_t y, mo, d, h = 0, mi = 0, s = 0, ns = 0, zone = 0;
    if (!take_digits(&text, end, 4, &y) || !take(&text, end, '-') ||
        !take_digits(&text, end, 2, &mo) || !take(&text, end, '-') ||
        !take_digits(&text, end, 2, &d))
        return -1;
    if (mo < 1 || mo > 12 || d < 1 || d > days[mo - 1]) return -1;
    if (mo == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400))) return -1;
    if (text < end) {
        if (!take(&text, end, 'T') || !take_digits(&text, end, 2, &h) || !take(&text, end, ':') ||
            !take_digits(&text, end, 2, &mi))
            return -1;
        if (take(&text, end, ':') && !take_digits(&text, end, 2, &s)) return -1;
        if (take(&text, end, '.')) {
            int64_t scale = 100000000;
            const char *first = text;
            for (; text < end && *text >= '0' && *text <= '9'; text++, scale /= 10)
                ns += (*text - '0') * scale;
            if (text == first) return -1;
        }
        if (!take_zone(&text, end, &zone)) return -1;
    }
    if (text != end || h > 23 || mi > 59 || s > 60 || y < 1678 || y > 2261) return -1;
    *time_ns =
        (days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - zone) * 1000000000 + ns;
    return 0;
}

enum { CHOICES_MAX = 5 };

struct find_commit {
    struct context *ctx;
    const char *text;
    const char *choices[CHOICES_MAX]; /* commits that begin with the text, the first one in full */
    size_t count;
    int64_t from_ns, until_ns; /* of the first */
    int status;
};

static int visit_commit(void *context, const char *commit, uint64_t run)
{
    struct find_commit *find = context;
    struct pace_run_view view;
    bool same = find->count && strcmp(find->choices[find->count - 1], commit) == 0;
    if (!same) {
        if (find->count == CHOICES_MAX) return 1;
        if (find->count && strcmp(find->choices[0], find->text) == 0) return 1; /* given in full */
        find->choices[find->count] = arena_string(find->ctx->arena, commit);
        if (!find->choices[find->count++]) {
            find->status = context_no_memory(find->ctx);
            return 1;
        }
    }
    if (find->count > 1) return 0;
    int status = pace_run_get(find->ctx->snapshot, run, find->ctx->error, &view);
    if (status) {
        find->status = context_store_error(find->ctx, status);
        return 1;
    }
    if (!same || view.time_ns < find->from_ns) find->from_ns = view.time_ns;
    if (!same || view.time_ns > find->until_ns) find->until_ns = view.time_ns;
    return 0;
}

/* What others than the store call so, as a full hash; NULL: nobody knows it. */
static const char *commit_elsewhere(struct context *ctx, const char *text)
{
    const struct pace_query_options *options = &ctx->session->options;
    char hash[PACE_MAX_COMMIT + 1] = "";
    ctx->asked_commit |= options->commit_of != NULL;
    if (!options->commit_of || !options->commit_of(options->commit_context, text, hash))
        return NULL;
    return strcmp(hash, text) == 0 ? NULL : arena_string(ctx->arena, hash);
}

int commit_find(struct context *ctx, const char *text, struct span span, const char **commit,
                int64_t *from_ns, int64_t *until_ns)
{
    struct find_commit find = {.ctx = ctx, .text = text};
    *commit = NULL;
    if (!*text) return 0;
    const char *tagged =
        context_definition(ctx, PACE_OBJECT_TAG, (struct slice){text, (uint32_t)strlen(text)});
    if (tagged) find.text = text = tagged; /* a name comes before the beginning of a hash */
    int status = pace_commits(ctx->snapshot, text, ctx->error, visit_commit, &find);
    if (find.status) return find.status;
    if (status < 0) return context_store_error(ctx, status);
    bool exact = find.count && strcmp(find.choices[0], text) == 0;
    if (!find.count || (!exact && strlen(text) < COMMIT_PREFIX_MIN)) {
        const char *known = tagged ? NULL : commit_elsewhere(ctx, text);
        if (!known) return 0;
        status = commit_find(ctx, known, span, commit, from_ns, until_ns);
        if (!status && !*commit) diag_note(ctx->diags, "'%s' is the commit %s", text, known);
        return status;
    }
    if (!exact && find.count > 1) {
        const char *list = find.choices[0];
        for (size_t i = 1; i < find.count && list; i++)
            list = arena_printf(ctx->arena, "%s%s%s", list, i + 1 < find.count ? ", " : " or ",
                                find.choices[i]);
        return context_fail(ctx, Q_AMBIGUOUS, span, "write more of the hash",
                            "commit:%s could be %s", text, list ? list : find.choices[0]);
    }
    *commit = find.choices[0];
    *from_ns = find.from_ns;
    *until_ns = find.until_ns;
    return 0;
}

static int commit_bind(struct context *ctx, const struct instant *instant, int64_t *from_ns,
                       int64_t *until_ns)
{
    struct matcher matcher;
    int status = matcher_bind(ctx, &instant->pattern, &matcher);
    if (status) return status;
    const char *text = matcher_literal(&matcher), *commit;
    if (!text)
        return context_fail(ctx, Q_BAD_PATTERN, instant->span, NULL,
                            "an instant is one commit, not a pattern");
    status = commit_find(ctx, text, instant->span, &commit, from_ns, until_ns);
    if (status) return status;
    if (!commit)
        return context_fail(ctx, Q_NO_MATCH, instant->span,
                            "give a full hash, or the first 4 characters of one or more",
                            "no stored run has the commit '%s'", text);
    *until_ns += 1; /* its runs included */
    return 0;
}

/* $when holds what may stand in its place: 2026-01-31, now, 30d ago, commit:4f2a1c. */
static int instant_variable_bind(struct context *ctx, const struct instant *instant,
                                 int64_t *from_ns, int64_t *until_ns)
{
    const char *text = context_variable(ctx, instant->text);
    int len = (int)instant->text.len;
    if (!text)
        return context_fail(ctx, Q_NO_VARIABLE, instant->span, "give it with -v NAME=VALUE",
                            "$%.*s has no value", len, instant->text.text);
    const char *query = arena_printf(ctx->arena, "branch:x | since %s", text);
    struct diag_list ignored;
    struct script *script;
    diag_list_init(&ignored, ctx->arena);
    if (!query) return context_no_memory(ctx);
    if (parse_script(ctx->arena, query, strlen(query), &ignored, &script) != PARSE_OK ||
        script->statements->next || script->statements->query->stages->next ||
        script->statements->query->stages->from.kind == INSTANT_VAR)
        return context_fail(ctx, Q_BAD_DATE, instant->span,
                            "it may be 2026-01-31, now, 30d ago or commit:HASH",
                            "$%.*s is '%s', not a time", len, instant->text.text, text);
    struct instant given = script->statements->query->stages->from;
    given.span = instant->span;
    given.quantity.span = instant->span;
    return instant_bind(ctx, &given, from_ns, until_ns);
}

int instant_bind(struct context *ctx, const struct instant *instant, int64_t *from_ns,
                 int64_t *until_ns)
{
    int64_t span_ns;
    int status = 0;
    switch (instant->kind) {
    case INSTANT_NOW: *from_ns = ctx->now_ns; break;
    case INSTANT_AGO:
        status = duration_bind(ctx, &instant->quantity, &span_ns);
        if (!status && __builtin_sub_overflow(ctx->now_ns, span_ns, from_ns)) *from_ns = INT64_MIN;
        break;
    case INSTANT_DATE:
        if (date_parse(instant->text.text, instant->text.len, from_ns))
            return context_fail(ctx, Q_BAD_DATE, instant->span,
                                "write 2026-01-31 or 2026-01-31T12:00Z", "'%.*s' is not a date",
                                (int)instant->text.len, instant->text.text);
        break;
    case INSTANT_VAR: return instant_variable_bind(ctx, instant, from_ns, until_ns);
    case INSTANT_MATCH:
        if (slice_is(instant->key, "commit")) return commit_bind(ctx, instant, from_ns, until_ns);
        return context_fail(ctx, Q_NO_KEY, instant->span,
                            "an instant is a date, now, 30d ago or commit:HASH",
                            "'%.*s:' names no instant", (int)instant->key.len, instant->key.text);
    }
    if (!status) *until_ns = *from_ns;
    return status;
}
