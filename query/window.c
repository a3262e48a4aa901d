/* window.c -- the options over, lag and needs, bound to a window; see expr.h. */
#include "expr.h"

#include <math.h>
#include <string.h>

int window_span_bind(struct context *ctx, const struct window_span *span, struct window *out)
{
    struct value value = span->value;
    double number;
    const char *unit;
    int status;
    bool commits = slice_is(span->word, "commits") || slice_is(span->word, "commit");
    out->segment = false;
    switch (span->kind) {
    case WINDOW_ALL: out->kind = WINDOW_EVERYTHING; return 0;
    case WINDOW_SEGMENT:
        *out = (struct window){.kind = WINDOW_POINTS,
                               .count = WINDOW_DEFAULT,
                               .lag = out->lag,
                               .needs = out->needs,
                               .segment = true};
        return 0;
    case WINDOW_WORD:
        value = (struct value){.kind = VALUE_NAME, .name = span->word, .span = span->span};
        break;
    case WINDOW_COUNT:
        if (span->word.len && !commits && !slice_is(span->word, "points") &&
            !slice_is(span->word, "point") && !slice_is(span->word, "runs"))
            return context_fail(ctx, Q_WINDOW, span->span,
                                "write over 64, over 20 commits or over 30d", "no window of '%.*s'",
                                (int)span->word.len, span->word.text);
        break;
    case WINDOW_TIME:
    case WINDOW_VAR: break;
    }
    double most = (double)context_limit(ctx, LIMIT_PACE_MAX_WINDOW);
    status = value_bind(ctx, &value, &number, &unit);
    if (status) return status;
    if (*unit) {
        out->kind = WINDOW_SPAN;
        value = (struct value){.kind = VALUE_QUANTITY,
                               .number = number,
                               .unit = {unit, (uint32_t)strlen(unit)},
                               .span = span->span};
        return duration_bind(ctx, &value, &out->span_ns);
    }
    if (!(number >= 1) || number != floor(number) || number > most)
        return context_fail(
            ctx, Q_WINDOW, span->span, NULL,
            "a window holds a whole number of points from 1 to %d (PACE_MAX_WINDOW)", (int)most);
    out->kind = span->kind == WINDOW_COUNT && commits ? WINDOW_COMMITS : WINDOW_POINTS;
    out->count = (size_t)number;
    return 0;
}

static int count_bind(struct context *ctx, const struct option *option, size_t *out)
{
    double number, ignored, most = (double)context_limit(ctx, LIMIT_PACE_MAX_WINDOW);
    int status = option_numbers(ctx, option, &number, &ignored);
    if (status) return status;
    if (!(number >= 0) || number != floor(number) || number > most)
        return context_fail(ctx, Q_RANGE, option->span, NULL,
                            "this is a whole number of points from 0 to %d", (int)most);
    *out = (size_t)number;
    return 0;
}

int window_option_bind(struct context *ctx, const struct option *option, struct window *window)
{
    switch (option->kind) {
    case OPTION_OVER: return window_span_bind(ctx, &option->window, window);
    case OPTION_LAG: return count_bind(ctx, option, &window->lag);
    case OPTION_NEEDS: return count_bind(ctx, option, &window->needs);
    default: break;
    }
    return context_fail(ctx, Q_NO_OPTION, option->span, "it takes over, lag and needs",
                        "this option has no meaning here");
}

int window_settle(struct context *ctx, const struct option *options, struct window *window)
{
    bool commits = window->kind == WINDOW_COMMITS; /* one may have several runs */
    if ((window->kind != WINDOW_POINTS && !commits) || window->needs <= window->count) return 0;
    for (const struct option *option = options; option; option = option->next) {
        if (option->kind != OPTION_NEEDS) continue;
        if (commits) return 0;
        return context_fail(ctx, Q_WINDOW, option->span, "look over more points, or need fewer",
                            "a window of %zu points never holds the %zu that are needed",
                            window->count, window->needs);
    }
    window->needs = window->count;
    return 0;
}

int window_bind(struct context *ctx, const struct option *options, struct window *out)
{
    *out = (struct window){.kind = WINDOW_POINTS, .count = WINDOW_DEFAULT, .lag = 1, .needs = 5};
    for (const struct option *option = options; option; option = option->next) {
        int status = window_option_bind(ctx, option, out);
        if (status) return status;
    }
    return window_settle(ctx, options, out);
}
