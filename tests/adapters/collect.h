/* collect.h -- a sink for adapters that keeps what it is given and checks what every adapter has to
 * keep: cells that are finite or failed, one of each benchmark and measure, clean metadata. */
#ifndef PACE_TEST_COLLECT_H
#define PACE_TEST_COLLECT_H

#include "../../tools/adapters/adapter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct collect {
    char project[200], branch[200], testbed[200], commit[200];
    struct run_facts facts;      /* of the last run; its texts are the copies above */
    size_t run_count, run_start; /* run_start: the first cell of the last run */
    struct pace_cell *cells;     /* with copies of texts and samples */
    size_t cell_count;
    char **keys, **values;
    size_t meta_count;
    char warnings[4000]; /* one a line */
    int calls, fail_at;  /* number of the call that fails; 0: none */
};

static void *grow(void *items, size_t count, size_t size)
{
    void *grown = realloc(items, (count + 1) * size);
    assert_non_null(grown);
    return grown;
}

static char *copy(const char *text)
{
    char *made = strdup(text);
    assert_non_null(made);
    return made;
}

static int called(struct collect *collect, struct pace_error *error)
{
    if (++collect->calls != collect->fail_at) return 0;
    error->code = PACE_EFULL;
    (void)snprintf(error->message, sizeof error->message, "the sink is full");
    return PACE_EFULL;
}

static int take_run(void *context, const struct run_facts *facts, struct pace_error *error)
{
    struct collect *collect = context;
    (void)snprintf(collect->project, sizeof collect->project, "%s", facts->project);
    (void)snprintf(collect->branch, sizeof collect->branch, "%s", facts->branch);
    (void)snprintf(collect->testbed, sizeof collect->testbed, "%s", facts->testbed);
    (void)snprintf(collect->commit, sizeof collect->commit, "%s", facts->commit);
    collect->facts = *facts;
    collect->run_count++;
    collect->run_start = collect->cell_count;
    return called(collect, error);
}

static int take_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    struct collect *collect = context;
    assert_true(collect->run_count >= 1);
    assert_true(cell->benchmark[0] != '\0' && cell->measure[0] != '\0');
    assert_true(cell->status == PACE_CELL_OK ? isfinite(cell->value) : !isfinite(cell->value));
    assert_false(isinf(cell->lower) || isinf(cell->upper));
    for (size_t i = 0; i < cell->sample_count; i++)
        assert_true(isfinite(cell->samples[i]));
    for (size_t i = collect->run_start; collect->fail_at == 0 && i < collect->cell_count; i++)
        assert_false(strcmp(collect->cells[i].benchmark, cell->benchmark) == 0 &&
                     strcmp(collect->cells[i].measure, cell->measure) == 0);
    collect->cells = grow(collect->cells, collect->cell_count, sizeof *collect->cells);
    struct pace_cell *kept = &collect->cells[collect->cell_count++];
    *kept = *cell;
    kept->benchmark = copy(cell->benchmark);
    kept->measure = copy(cell->measure);
    kept->unit = copy(cell->unit);
    double *samples = malloc((cell->sample_count + 1) * sizeof *samples);
    assert_non_null(samples);
    if (cell->sample_count > 0)
        memcpy(samples, cell->samples, cell->sample_count * sizeof *samples);
    kept->samples = samples;
    return called(collect, error);
}

static int take_meta(void *context, const char *key, const char *value, struct pace_error *error)
{
    struct collect *collect = context;
    assert_true(collect->run_count >= 1);
    assert_true(strlen(value) <= PACE_MAX_META_VALUE);
    for (const char *c = value; *c != '\0'; c++)
        assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
    collect->keys = grow(collect->keys, collect->meta_count, sizeof *collect->keys);
    collect->values = grow(collect->values, collect->meta_count, sizeof *collect->values);
    collect->keys[collect->meta_count] = copy(key);
    collect->values[collect->meta_count++] = copy(value);
    return called(collect, error);
}

static void take_warning(void *context, const char *message)
{
    struct collect *collect = context;
    size_t used = strlen(collect->warnings);
    (void)snprintf(collect->warnings + used, sizeof collect->warnings - used, "%s\n", message);
}

static void collect_clear(struct collect *collect)
{
    for (size_t i = 0; i < collect->cell_count; i++) {
        free((void *)(uintptr_t)collect->cells[i].benchmark);
        free((void *)(uintptr_t)collect->cells[i].measure);
        free((void *)(uintptr_t)collect->cells[i].unit);
        free((void *)(uintptr_t)collect->cells[i].samples);
    }
    for (size_t i = 0; i < collect->meta_count; i++) {
        free(collect->keys[i]);
        free(collect->values[i]);
    }
    free(collect->cells);
    free(collect->keys);
    free(collect->values);
    *collect = (struct collect){0};
}

static inline const struct pace_cell *find(const struct collect *collect, const char *benchmark,
                                           const char *measure)
{
    for (size_t i = 0; i < collect->cell_count; i++) {
        if (strcmp(collect->cells[i].benchmark, benchmark) == 0 &&
            strcmp(collect->cells[i].measure, measure) == 0)
            return &collect->cells[i];
    }
    return NULL;
}

static inline const char *meta(const struct collect *collect, const char *key)
{
    for (size_t i = 0; i < collect->meta_count; i++) {
        if (strcmp(collect->keys[i], key) == 0) return collect->values[i];
    }
    return NULL;
}

#endif
