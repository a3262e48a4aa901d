/* fuzz_adapter.c -- any bytes to one adapter: FUZZ_ADAPTER is its name, "auto" by content. What is
 * read has to be what adapter.h promises: finite or failed cells with names, a reason for each
 * error that names the input. The Makefile makes a program of it for each row of adapter.def;
 * seeds: tests/adapters/data/NAME. */
#include "../../tools/adapters/adapter.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(int promise)
{
    if (!promise) abort();
}

static int take_run(void *context, const struct run_facts *facts, struct pace_error *error)
{
    (void)context, (void)error;
    hold(facts->project != NULL && facts->branch != NULL && facts->testbed != NULL &&
         facts->commit != NULL && facts->ran_ns >= 0 && facts->commit_time_ns >= 0);
    return 0;
}

static int take_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    (void)context, (void)error;
    hold(cell->benchmark[0] != '\0' && cell->measure[0] != '\0');
    hold(strlen(cell->unit) <= PACE_MAX_UNIT);
    hold(cell->status == PACE_CELL_OK ? isfinite(cell->value) : isnan(cell->value));
    hold(!isinf(cell->lower) && !isinf(cell->upper) && !(cell->lower > cell->upper));
    for (size_t i = 0; i < cell->sample_count; i++)
        hold(isfinite(cell->samples[i]));
    return 0;
}

static int take_meta(void *context, const char *key, const char *value, struct pace_error *error)
{
    (void)context, (void)error;
    hold(key[0] != '\0' && strlen(value) <= PACE_MAX_META_VALUE);
    return 0;
}

static void take_warning(void *context, const char *message)
{
    (void)context;
    hold(message[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct adapter_sink sink = {.run = take_run,
                                .cell = take_cell,
                                .meta = take_meta,
                                .warn = take_warning,
                                .context = NULL};
    struct pace_error error = {0, ""};
    const struct adapter *adapter = adapter_find(FUZZ_ADAPTER);
    char *text = malloc(size + 1); /* a NUL right behind the bytes */
    hold(text != NULL && (adapter != NULL || strcmp(FUZZ_ADAPTER, "auto") == 0));
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    struct input input = {"input", text, size};
    int code = adapter == NULL ? adapter_recognise(&input, &error, &adapter) : 0;
    if (code == 0) code = adapter->read(&input, &sink, &error);
    hold(code == 0 || (error.code == code && strncmp(error.message, "input", 5) == 0));
    free(text);
    return 0;
}
