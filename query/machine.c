/* machine.c -- see machine.h. Classes are few: their names are compared one by one. */
#include "machine.h"

#include "../engine/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MACHINES_MAX = UINT16_MAX - 1 };

void machines_free(struct machines *machines)
{
    free(machines->of_run);
    free(machines->names);
    *machines = (struct machines){0};
}

bool machines_agree(uint16_t a, uint16_t b)
{
    return a == b || a == MACHINE_UNKNOWN || b == MACHINE_UNKNOWN;
}

bool machines_have_bare(const struct machines *machines, const double *runs, size_t count)
{
    double from = (double)machines->bare_from, until = (double)machines->bare_until;
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all &= runs[i] >= from && runs[i] < until;
    return all;
}

static const char *meta_value(const struct pace_meta *meta, const char *key)
{
    for (size_t i = 0; i < meta->count; i++)
        if (strcmp(meta->keys[i], key) == 0) return meta->values[i];
    return "";
}

static int machine_number(struct context *ctx, struct machines *machines, const char *name,
                          uint16_t *number)
{
    for (size_t i = 0; i < machines->count; i++) {
        if (strcmp(machines->names[i], name) != 0) continue;
        *number = (uint16_t)(i + 1);
        return 0;
    }
    *number = MACHINE_UNKNOWN;
    if (machines->count == MACHINES_MAX) return 0;
    if (machines->count == machines->name_capacity) {
        size_t capacity = machines->name_capacity ? machines->name_capacity * 2 : 8;
        const char **grown = reallocarray(machines->names, capacity, sizeof *grown);
        if (!grown) return context_no_memory(ctx);
        machines->names = grown;
        machines->name_capacity = capacity;
    }
    machines->names[machines->count++] = name;
    *number = (uint16_t)machines->count;
    return 0;
}

static int machine_read(struct context *ctx, struct machines *machines, uint64_t run,
                        uint16_t *number)
{
    struct pace_meta meta;
    int status = pace_run_meta(ctx->snapshot, run, ctx->error, &meta);
    if (status) return context_store_error(ctx, status);
    const char *arch = meta_value(&meta, "env.arch"), *cpu = meta_value(&meta, "env.cpu");
    const char *cores = meta_value(&meta, "env.cores");
    *number = MACHINE_UNKNOWN;
    if (meta.count == 0) { /* as those behind it, mostly */
        machines->bare_from = run;
        status = pace_run_meta_next(ctx->snapshot, run, ctx->error, &machines->bare_until);
        return status ? context_store_error(ctx, status) : 0;
    }
    if (!*arch && !*cpu && !*cores) return 0;
    const char *name = arena_printf(ctx->arena, "%s, %s, %s", arch, cpu, cores);
    return name ? machine_number(ctx, machines, name, number) : context_no_memory(ctx);
}

int machine_of(struct context *ctx, struct machines *machines, double run, uint16_t *machine)
{
    *machine = MACHINE_UNKNOWN;
    if (!(run >= 1)) return 0;
    size_t index = (size_t)run;
    if (index >= machines->bare_from && index < machines->bare_until) return 0;
    if (index >= machines->capacity) {
        size_t capacity = (size_t)pace_run_count(ctx->snapshot) + 1;
        if (index >= capacity) return 0;
        uint16_t *grown = reallocarray(machines->of_run, capacity, sizeof *grown);
        if (!grown) return context_no_memory(ctx);
        memset(grown + machines->capacity, 0, (capacity - machines->capacity) * sizeof *grown);
        machines->of_run = grown;
        machines->capacity = capacity;
    }
    if (!machines->of_run[index]) {
        int status = machine_read(ctx, machines, index, machine);
        if (status) return status;
        machines->of_run[index] = (uint16_t)(*machine + 1);
    }
    *machine = (uint16_t)(machines->of_run[index] - 1);
    return 0;
}
