/* value.c -- numbers, spans of time and instants as they are written; see context.h. */
#include "context.h"

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
    return context_fail(ctx, Q_NO_UNIT, span, context_suggest(ctx, unit, names, count),
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

/* The value of a let that is a number or a quantity. */
static int let_bind(struct context *ctx, const struct value *value, double *number,
                    const char **unit)
{
    const char *text = context_definition(ctx, PACE_OBJECT_LET, value->name);
    if (!text) {
        size_t count;
        const char *const *names = context_names(ctx, PACE_OBJECT_LET, &count);
        return context_fail(ctx, Q_NO_NAME, value->span,
                            context_suggest(ctx, value->name, names, count), "no let '%.*s'",
                            (int)value->name.len, value->name.text);
    }
    struct script *script;
    if (parse_script(ctx->arena, text, strlen(text), ctx->diags, &script) != PARSE_OK)
        return PACE_EQUERY;
    const struct expr *expr = script->statements->expr;
    double sign = 1;
    while (expr->kind == EXPR_NEGATE) {
        sign = -sign;
        expr = expr->left;
    }
    *unit = "";
    *number = sign * expr->number;
    if (expr->kind == EXPR_NUMBER) return 0;
    if (expr->kind == EXPR_QUANTITY)
        return quantity_bind(ctx, sign * expr->number, expr->text, value->span, number, unit);
    return context_fail(ctx, Q_TYPE, value->span, NULL, "'%.*s' is not a number or a quantity",
                        (int)value->name.len, value->name.text);
}

/* A variable's text as a number with an optional unit, by the scanner's own rules. */
static int variable_bind(struct context *ctx, const struct value *value, double *number,
                         const char **unit)
{
    const char *text = context_variable(ctx, value->name);
    if (!text)
        return context_fail(ctx, Q_NO_VARIABLE, value->span, "give it with -v NAME=VALUE",
                            "$%.*s has no value", (int)value->name.len, value->name.text);
    const char *statement = arena_printf(ctx->arena, "let x = %s", text);
    if (!statement) return context_no_memory(ctx);
    struct diag_list ignored;
    struct script *script;
    diag_list_init(&ignored, ctx->arena);
    const struct expr *expr = NULL;
    if (parse_script(ctx->arena, statement, strlen(statement), &ignored, &script) == PARSE_OK &&
        !script->statements->next)
        expr = script->statements->expr;
    double sign = 1;
    if (expr && expr->kind == EXPR_NEGATE) {
        sign = -1;
        expr = expr->left;
    }
    if (!expr || (expr->kind != EXPR_NUMBER && expr->kind != EXPR_QUANTITY))
        return context_fail(ctx, Q_TYPE, value->span, NULL,
                            "$%.*s is '%s', not a number or a quantity", (int)value->name.len,
                            value->name.text, text);
    *unit = "";
    *number = sign * expr->number;
    if (expr->kind == EXPR_NUMBER) return 0;
    return quantity_bind(ctx, sign * expr->number, expr->text, value->span, number, unit);
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
    take(text, end, ':');
    if (*text < end && !take_digits(text, end, 2, &minutes)) return false;
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

struct find_commit {
    struct context *ctx;
    const char *first; /* the commit that matched */
    int64_t from_ns, until_ns;
    const char *other; /* a second one */
    int status;
};

static int visit_commit(void *context, const char *commit, uint64_t run)
{
    struct find_commit *find = context;
    struct pace_run_view view;
    if (find->first && strcmp(find->first, commit) != 0) {
        find->other = commit;
        return 1;
    }
    find->status = pace_run_get(find->ctx->snapshot, run, find->ctx->error, &view);
    if (find->status) return 1;
    if (!find->first || view.time_ns < find->from_ns) find->from_ns = view.time_ns;
    if (!find->first || view.time_ns > find->until_ns) find->until_ns = view.time_ns;
    find->first = arena_string(find->ctx->arena, commit);
    if (!find->first) find->status = PACE_ENOMEM;
    return find->status != 0;
}

/* The shortest prefix of a hash that may stand for it: git's own minimum, as ambiguity is an error. */
enum { COMMIT_PREFIX_MIN = 4 };

static int commit_bind(struct context *ctx, const struct instant *instant, int64_t *from_ns,
                       int64_t *until_ns)
{
    struct matcher matcher;
    int status = matcher_bind(ctx, &instant->pattern, &matcher);
    if (status) return status;
    const char *text = matcher.text;
    bool plain =
        matcher.kind == PATTERN_STRING || (matcher.kind == PATTERN_GLOB && matcher.glob.literal);
    matcher_free(&matcher);
    if (!plain)
        return context_fail(ctx, Q_BAD_PATTERN, instant->span, NULL,
                            "an instant is one commit, not a pattern");
    struct find_commit find = {.ctx = ctx};
    pace_commits(ctx->snapshot, text, ctx->error, visit_commit, &find);
    if (find.status) return context_store_error(ctx, find.status);
    bool exact = find.first && strcmp(find.first, text) == 0;
    if (find.other && !exact)
        return context_fail(ctx, Q_AMBIGUOUS, instant->span, "write more of the hash",
                            "commit:%s could be %s or %s", text, find.first, find.other);
    if (!find.first || (!exact && strlen(text) < COMMIT_PREFIX_MIN))
        return context_fail(ctx, Q_NO_MATCH, instant->span,
                            "give a full hash, or the first 4 characters of one or more",
                            "no stored run has the commit '%s'", text);
    *from_ns = find.from_ns;
    *until_ns = find.until_ns + 1;
    return 0;
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
    case INSTANT_MATCH:
        if (slice_is(instant->key, "commit")) return commit_bind(ctx, instant, from_ns, until_ns);
        return context_fail(ctx, Q_NO_KEY, instant->span,
                            "an instant is a date, now, 30d ago or commit:HASH",
                            "'%.*s:' names no instant", (int)instant->key.len, instant->key.text);
    }
    if (!status) *until_ns = *from_ns;
    return status;
}
