/* record.c -- one executed run on its way to the store: what adapters read, gathered into one. */
#include "record.h"

#include "say.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A list that grows in the record's arena. */
struct numbers {
    double *items;
    size_t count, capacity;
};

struct record_cell {
    struct pace_cell cell;
    uint64_t hash;
    struct numbers values;  /* one a repeat, as they came; none while there is one only */
    struct numbers samples; /* of all repeats */
    int crowded;            /* 1: they are too many for a run; the values are the samples then */
    struct record_cell *next;
};

struct record_meta {
    const char *key, *value;
    struct record_meta *next;
};

enum { FIRST_CAPACITY = 256 };

void record_init(struct record *record)
{
    *record = (struct record){0};
    arena_init(&record->arena, 0);
    record->tail = &record->first;
}

void record_clear(struct record *record)
{
    arena_clear(&record->arena);
    free(record->table);
    *record = (struct record){0};
}

static int no_memory(struct pace_error *error)
{
    if (error != NULL) *error = (struct pace_error){PACE_ENOMEM, "out of memory"};
    return PACE_ENOMEM;
}

/* -- cells by name ------------------------------------------------------------------------------
 */

static uint64_t name_hash(const char *benchmark, const char *measure)
{
    return XXH3_64bits_withSeed(measure, strlen(measure),
                                XXH3_64bits(benchmark, strlen(benchmark)));
}

/* The place of a name in the table: its cell, or an empty one. */
static struct record_cell **table_slot(const struct record *record, uint64_t hash,
                                       const char *benchmark, const char *measure)
{
    size_t mask = record->capacity - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct record_cell *cell = record->table[i];
        if (cell == NULL || (cell->hash == hash && strcmp(cell->cell.benchmark, benchmark) == 0 &&
                             strcmp(cell->cell.measure, measure) == 0))
            return &record->table[i];
    }
}

static int table_grow(struct record *record)
{
    if (record->count * 2 < record->capacity) return 0;
    size_t capacity = record->capacity ? record->capacity * 2 : FIRST_CAPACITY;
    struct record_cell **table = calloc(capacity, sizeof *table);
    if (table == NULL) return PACE_ENOMEM;
    free(record->table);
    record->table = table;
    record->capacity = capacity;
    for (struct record_cell *cell = record->first; cell != NULL; cell = cell->next)
        *table_slot(record, cell->hash, cell->cell.benchmark, cell->cell.measure) = cell;
    return 0;
}

static int cell_new(struct record *record, struct record_cell **slot, uint64_t hash,
                    const struct pace_cell *cell)
{
    struct arena *arena = &record->arena;
    struct record_cell *copy = arena_alloc(arena, sizeof *copy);
    if (copy == NULL) return PACE_ENOMEM;
    double *samples = NULL;
    if (cell->sample_count > 0) {
        samples = arena_array(arena, cell->sample_count, sizeof *samples);
        if (samples == NULL) return PACE_ENOMEM;
        memcpy(samples, cell->samples, cell->sample_count * sizeof *samples);
    }
    *copy = (struct record_cell){.cell = *cell, .hash = hash};
    copy->cell.samples = samples;
    copy->cell.benchmark = arena_string(arena, cell->benchmark);
    copy->cell.measure = arena_string(arena, cell->measure);
    copy->cell.unit = arena_string(arena, cell->unit != NULL ? cell->unit : "");
    if (arena->failed) return PACE_ENOMEM;
    *slot = copy;
    *record->tail = copy;
    record->tail = &copy->next;
    record->count++;
    if (cell->status != PACE_CELL_OK) record->bad_count++;
    return 0;
}

static int numbers_add(struct record *record, struct numbers *numbers, const double *items,
                       size_t count)
{
    if (numbers->count + count > numbers->capacity) {
        size_t capacity = (numbers->count + count) * 2 + 8;
        double *grown = arena_array(&record->arena, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        if (numbers->count > 0) memcpy(grown, numbers->items, numbers->count * sizeof *grown);
        numbers->items = grown;
        numbers->capacity = capacity;
    }
    if (count > 0) memcpy(numbers->items + numbers->count, items, count * sizeof *items);
    numbers->count += count;
    return 0;
}

/* Adds the samples of a repeat, or its value where it has none, while there is room in a run. */
static int samples_join(struct record *record, struct record_cell *known,
                        const struct pace_cell *cell)
{
    size_t count = cell->sample_count > 0 ? cell->sample_count : 1;
    if (known->crowded || record->values_only || record->pooled + count > PACE_MAX_SAMPLES / 2) {
        known->crowded = 1;
        return 0;
    }
    record->pooled += count;
    return numbers_add(record, &known->samples,
                       cell->sample_count > 0 ? cell->samples : &cell->value, count);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A repeat: a value takes the place of a failure, another value joins the samples. `values`, where
 * there are some, are those that the repeat's own value was folded from. */
static int cell_repeat(struct record *record, struct record_cell *known,
                       const struct pace_cell *cell, const struct numbers *values,
                       struct pace_error *error)
{
    if (cell->status != PACE_CELL_OK) return 0;
    if (known->cell.status != PACE_CELL_OK) {
        known->cell.status = PACE_CELL_OK;
        known->cell.value = cell->value;
        known->cell.lower = cell->lower;
        known->cell.upper = cell->upper;
        record->bad_count--;
        return 0;
    }
    /* The widest bounds, where every repeat has some. */
    if (isnan(cell->lower) || cell->lower < known->cell.lower) known->cell.lower = cell->lower;
    if (isnan(cell->upper) || cell->upper > known->cell.upper) known->cell.upper = cell->upper;
    if (strcmp(known->cell.unit, cell->unit != NULL ? cell->unit : "") != 0) {
        error->code = PACE_EUNIT;
        snprintf(error->message, sizeof error->message,
                 "%.200s %.100s comes in two units, '%.40s' and '%.40s'", cell->benchmark,
                 cell->measure, known->cell.unit, cell->unit != NULL ? cell->unit : "");
        return PACE_EUNIT;
    }
    int code = 0;
    if (known->values.count == 0) {
        code = samples_join(record, known, &known->cell);
        if (code == 0) code = numbers_add(record, &known->values, &known->cell.value, 1);
    }
    if (code == 0) code = samples_join(record, known, cell);
    if (code == 0 && values->count == 0)
        code = numbers_add(record, &known->values, &cell->value, 1);
    if (code == 0) code = numbers_add(record, &known->values, values->items, values->count);
    return code != 0 ? no_memory(error) : 0;
}

/* -- the adapter's sink ---------------------------------------------------------------------------
 */

static const char *keep_text(struct record *record, const char *known, const char *text)
{
    if ((known != NULL && *known != '\0') || text == NULL || *text == '\0') return known;
    return arena_string(&record->arena, text);
}

static int take_run(void *context, const struct run_facts *facts, struct pace_error *error)
{
    struct record *record = context;
    struct run_facts *out = &record->facts;
    out->project = keep_text(record, out->project, facts->project);
    out->branch = keep_text(record, out->branch, facts->branch);
    out->testbed = keep_text(record, out->testbed, facts->testbed);
    out->commit = keep_text(record, out->commit, facts->commit);
    if (out->commit_time_ns == 0) out->commit_time_ns = facts->commit_time_ns;
    if (out->ran_ns == 0) out->ran_ns = facts->ran_ns;
    out->dirty |= facts->dirty;
    return record->arena.failed ? no_memory(error) : 0;
}

static int take_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    struct record *record = context;
    if (table_grow(record) != 0) return no_memory(error);
    uint64_t hash = name_hash(cell->benchmark, cell->measure);
    struct record_cell **slot = table_slot(record, hash, cell->benchmark, cell->measure);
    static const struct numbers none = {NULL, 0, 0};
    if (*slot != NULL) return cell_repeat(record, *slot, cell, &none, error);
    return cell_new(record, slot, hash, cell) != 0 ? no_memory(error) : 0;
}

/* A cell of another record with all that it was made of. */
static int adopt_cell(struct record *record, const struct record_cell *from,
                      struct pace_error *error)
{
    struct pace_cell cell = from->cell;
    if (from->values.count == 0) return take_cell(record, &cell, error);
    if (table_grow(record) != 0) return no_memory(error);
    struct record_cell **slot = table_slot(record, from->hash, cell.benchmark, cell.measure);
    if (!from->crowded) {
        cell.samples = from->samples.items;
        cell.sample_count = from->samples.count;
    }
    if (*slot != NULL) return cell_repeat(record, *slot, &cell, &from->values, error);
    cell.sample_count = 0;
    if (cell_new(record, slot, from->hash, &cell) != 0) return no_memory(error);
    struct record_cell *fresh = *slot;
    fresh->crowded = from->crowded;
    if (numbers_add(record, &fresh->values, from->values.items, from->values.count) != 0 ||
        numbers_add(record, &fresh->samples, from->samples.items, from->samples.count) != 0)
        return no_memory(error);
    record->pooled += from->samples.count;
    return 0;
}

int record_add(struct record *record, const struct pace_cell *cell, struct pace_error *error)
{
    return take_cell(record, cell, error);
}

static int take_meta(void *context, const char *key, const char *value, struct pace_error *error)
{
    return record_meta(context, key, value) != 0 ? no_memory(error) : 0;
}

static void take_warning(void *context, const char *message)
{
    struct record *record = context;
    record->warning_count++;
    if (!record->quiet) say_note("warning: %s", message);
}

int record_meta(struct record *record, const char *key, const char *value)
{
    const char *copy = arena_string(&record->arena, value);
    if (copy == NULL) return PACE_ENOMEM;
    for (struct record_meta *meta = record->meta; meta != NULL; meta = meta->next) {
        if (strcmp(meta->key, key) != 0) continue;
        meta->value = copy;
        return 0;
    }
    struct record_meta *meta = arena_alloc(&record->arena, sizeof *meta);
    if (meta == NULL) return PACE_ENOMEM;
    *meta = (struct record_meta){arena_string(&record->arena, key), copy, record->meta};
    if (meta->key == NULL) return PACE_ENOMEM;
    record->meta = meta;
    return 0;
}

static int adopt_meta(struct record *record, const struct record *from, struct pace_error *error)
{
    for (const struct record_meta *meta = from->meta; meta != NULL; meta = meta->next)
        if (record_meta(record, meta->key, meta->value) != 0) return no_memory(error);
    return take_run(record, &from->facts, error);
}

static int read_into(struct record *record, const struct input *input,
                     const struct adapter *adapter, struct pace_error *error)
{
    const struct adapter_sink sink = {.run = take_run,
                                      .cell = take_cell,
                                      .meta = take_meta,
                                      .warn = take_warning,
                                      .context = record,
                                      .map = record->map,
                                      .map_count = record->map_count};
    return adapter->read(input, &sink, error);
}

/* What an adapter hands on before it fails is thrown away: it is read into a record of its own. */
int record_read(struct record *record, const struct input *input, const struct adapter *adapter,
                struct pace_error *error)
{
    struct record fresh;
    int code = adapter == NULL ? adapter_recognise(input, error, &adapter) : 0;
    if (code != 0) return code;
    record_init(&fresh);
    fresh.fold = record->fold;
    fresh.quiet = record->quiet;
    fresh.map = record->map;
    fresh.map_count = record->map_count;
    code = read_into(&fresh, input, adapter, error);
    if (code == 0 && record->first == NULL && record->meta == NULL) {
        /* The first: it is the whole record so far. */
        fresh.warning_count += record->warning_count;
        record_clear(record);
        *record = fresh;
        if (record->first == NULL) record->tail = &record->first;
        return 0;
    }
    for (const struct record_cell *cell = fresh.first; cell != NULL && code == 0; cell = cell->next)
        code = adopt_cell(record, cell, error);
    if (code == 0) code = adopt_meta(record, &fresh, error);
    record->warning_count += fresh.warning_count;
    record_clear(&fresh);
    return code;
}

/* -- what is stored ---------------------------------------------------------------------------- */

static int fold_values(enum record_fold fold, const double *values, size_t count, double *out)
{
    double *sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL) return PACE_ENOMEM;
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    size_t half = count / 2;
    double sum = 0;
    switch (fold) {
    case RECORD_MEDIAN:
        *out = count % 2 == 1 ? sorted[half]
                              : sorted[half - 1] + (sorted[half] - sorted[half - 1]) / 2;
        break;
    case RECORD_MIN: *out = sorted[0]; break;
    case RECORD_MAX: *out = sorted[count - 1]; break;
    case RECORD_MEAN:
        for (size_t i = 0; i < count; i++)
            sum += sorted[i] / (double)count;
        *out = sum;
        break;
    }
    free(sorted);
    return 0;
}

const struct record_cell *record_next(const struct record *record, const struct record_cell *cell)
{
    return cell != NULL ? cell->next : record->first;
}

const struct record_cell *record_find(const struct record *record, const char *benchmark,
                                      const char *measure)
{
    if (record->capacity == 0) return NULL;
    return *table_slot(record, name_hash(benchmark, measure), benchmark, measure);
}

int record_cell_get(const struct record *record, const struct record_cell *cell,
                    struct pace_cell *out)
{
    *out = cell->cell;
    if (cell->values.count == 0) return 0;
    const struct numbers *samples =
        cell->crowded || record->values_only ? &cell->values : &cell->samples;
    out->samples = samples->items;
    out->sample_count = samples->count;
    return fold_values(record->fold, cell->values.items, cell->values.count, &out->value);
}

int record_merge(struct record *record, const struct record *from, const char *suffix,
                 struct pace_error *error)
{
    record->values_only = 1;
    for (const struct record_cell *cell = NULL; (cell = record_next(from, cell)) != NULL;) {
        struct pace_cell copy;
        int code = record_cell_get(from, cell, &copy);
        if (code != 0) return no_memory(error);
        if (*suffix != '\0')
            copy.measure = arena_printf(&record->arena, "%s%s", copy.measure, suffix);
        if (copy.measure == NULL) return no_memory(error);
        code = record_add(record, &copy, error);
        if (code != 0) return code;
    }
    return *suffix != '\0' ? 0 : adopt_meta(record, from, error);
}

int record_put(const struct record *record, pace_run *run, struct pace_error *error)
{
    for (const struct record_cell *known = record->first; known != NULL; known = known->next) {
        struct pace_cell cell;
        if (record_cell_get(record, known, &cell) != 0) return no_memory(error);
        int code = pace_run_put(run, &cell, error);
        if (code != 0) return code;
    }
    for (const struct record_meta *meta = record->meta; meta != NULL; meta = meta->next) {
        int code = pace_run_put_meta(run, meta->key, meta->value, error);
        if (code != 0) return code;
    }
    return 0;
}
