/* fuzz_adapter.c -- any bytes to any adapter: the first byte chooses it, 255 by content. What is
 * read has to be what adapter.h promises: finite or failed cells with names, a reason for each
 * error. Seeds: tests/adapters/data. */
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
    const struct adapter *adapter = NULL;
    if (size == 0) return 0;
    char *text = malloc(size); /* the bytes behind the first, and a NUL right behind them */
    if (text == NULL) return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    struct input input = {"input", text, size - 1};
    int code = 0;
    if (data[0] == 255)
        code = adapter_recognise(&input, &error, &adapter);
    else
        adapter = &adapters[data[0] % adapter_count];
    if (code == 0) code = adapter->read(&input, &sink, &error);
    hold(code == 0 || (error.code == code && error.message[0] != '\0'));
    free(text);
    return 0;
}
