/* follow.c -- see follow.h. */
#include "follow.h"

#include "rule.h"

int follow_make(struct context *ctx, struct follow **out)
{
    struct rule *rule;
    int status = rule_default(ctx, &rule);
    if (status) return status;
    *out = arena_alloc(ctx->arena, sizeof **out);
    if (!*out) return context_no_memory(ctx);
    **out = (struct follow){0};
    levels_init(&(*out)->levels, rule, true);
    return 0;
}

void follow_free(struct follow *follow)
{
    if (!follow) return;
    levels_free(&follow->levels);
    machines_free(&follow->machines);
}

int follow_start(struct context *ctx, struct follow *follow, const struct series *series)
{
    struct bound lower, upper;
    int status = rule_bounds(ctx, follow->levels.rule, series, &lower, &upper);
    return status ? status : levels_start(&follow->levels, lower, upper, series->direction);
}

int follow_window(struct context *ctx, struct follow *follow, const struct level_point *point,
                  double run, size_t lag, struct follow_window *out)
{
    struct level *level;
    uint16_t machine;
    size_t n, before;
    int status = machine_of(ctx, &follow->machines, run, &machine);
    if (!status) status = levels_enter(&follow->levels, machine, &level);
    if (!status) status = level_window(level, point, lag, &n, &before);
    if (status) return status;
    const struct history *history = &level->segment.history;
    *out =
        (struct follow_window){history->sample + before, history->sample_days + before, n - before};
    return 0;
}

int follow_push(struct context *ctx, struct follow *follow, const struct level_point *point,
                double run)
{
    uint16_t machine;
    int status = machine_of(ctx, &follow->machines, run, &machine);
    return status ? status : levels_next(&follow->levels, point, machine, NULL);
}
