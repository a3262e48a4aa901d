/* run.c -- building a run in memory: pace_run_begin, put, put_meta. Nothing here touches the disk,
 * so that all checks that need no store are done before the writers' lock is taken. */
#include "run.h"
#include "handle.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };
#define FUTURE_MAX_NS ((int64_t)24 * 3600 * 1000000000)

/* -- digests --------------------------------------------------------------------------------- */

struct seal_digest run_series_seed(uint64_t benchmark_hash, uint64_t measure_hash)
{
    const uint64_t hashes[2] = {benchmark_hash, measure_hash};
    return seal_digest(hashes, sizeof hashes);
}

struct seal_digest run_unit_term(const struct seal_digest *seed, uint64_t unit_hash)
{
    if (unit_hash == 0) return (struct seal_digest){0};
    const uint64_t hashes[3] = {seed->low, seed->high, unit_hash};
    return seal_digest(hashes, sizeof hashes);
}

struct seal_digest run_cell_digest(const struct seal_digest *seed, uint8_t status, double value,
                                   double lower, double upper, const double *samples,
                                   size_t sample_count)
{
    struct seal_digest digest = {0}, own = *seed;
    if (status != PACE_CELL_OK || !isnan(lower) || !isnan(upper) || sample_count) {
        struct {
            struct seal_digest seed;
            uint64_t status;
            double lower, upper;
            struct seal_digest samples;
        } image = {
            .seed = *seed,
            .status = status,
            .lower = lower,
            .upper = upper,
            .samples = seal_digest(samples, sample_count * sizeof *samples),
        };
        _Static_assert(sizeof image == 56, "no padding: its bytes are hashed");
        own = seal_digest(&image, sizeof image);
    }
    run_add_value(&digest, &own, value);
    return digest;
}

struct seal_digest run_digest(const struct pace_run *run, const struct seal_digest *cells)
{
    struct {
        struct seal_digest project, branch, testbed, commit;
        int64_t time_ns;
        uint64_t flags, cell_count;
        struct seal_digest cells;
    } image = {
        .project = seal_digest(run->project.text, run->project.len),
        .branch = seal_digest(run->branch.text, run->branch.len),
        .testbed = seal_digest(run->testbed.text, run->testbed.len),
        .commit = seal_digest(run->commit, strlen(run->commit)),
        .time_ns = run->time_ns,
        .flags = run->flags,
        .cell_count = run->cell_count,
        .cells = *cells,
    };
    _Static_assert(sizeof image == 104, "no padding: its bytes are hashed");
    return seal_digest(&image, sizeof image);
}

/* -- beginning ------------------------------------------------------------------------------- */

static int copy_name(struct arena *arena, const char *name, const char *what,
                     struct pace_error *error, struct text *out)
{
    size_t len = name ? strlen(name) : 0;
    int rc = name_check(name, len, what, error);
    if (rc) return rc;
    const char *copy = arena_copy(arena, name, len);
    if (!copy) return error_memory(error);
    *out = (struct text){.text = copy, .len = (uint32_t)len, .hash = text_hash(name, len)};
    return 0;
}

/* A commit or an identity: NULL is "". Their limits are the same. */
static int copy_tag(struct arena *arena, const char *tag, const char *what,
                    struct pace_error *error, const char **out)
{
    _Static_assert(PACE_MAX_COMMIT == PACE_MAX_RUN_ID, "one check for both");
    if (!tag) tag = "";
    size_t len = strlen(tag);
    if (len > PACE_MAX_COMMIT) return ERROR_LIMIT(error, PACE_MAX_COMMIT, what);
    const char *problem = text_problem(tag, len, TEXT_LINE);
    if (problem) return error_set(error, PACE_ENAME, "not a valid %s: %s", what, problem);
    *out = arena_copy(arena, tag, len);
    return *out ? 0 : error_memory(error);
}

static int check_time(const struct pace_run_info *info, struct pace_error *error)
{
    if (info->time_ns < 0 || info->ran_ns < 0)
        return error_set(error, PACE_ETIME, "the run's time is before 1970");
    if (info->time_ns > head_now_ns() + FUTURE_MAX_NS)
        return error_set(
            error, PACE_ETIME,
            "the run's time is more than 24 h in the future; is it in nanoseconds, and is "
            "the clock right?");
    return 0;
}

int run_start_wish(struct arena *arena, const struct pace_start_point *start,
                   struct pace_error *error, struct start_wish *out)
{
    int rc = 0;
    *out = (struct start_wish){.parent = {.text = ""}, .commit = ""};
    if (!start || !start->branch || !start->branch[0]) return 0;
    if (start->time_ns < 0)
        return error_set(error, PACE_ETIME, "the start point's time is before 1970");
    out->time_ns = start->time_ns;
    rc = copy_name(arena, start->branch, "start point", error, &out->parent);
    return rc ? rc : copy_tag(arena, start->commit, "commit", error, &out->commit);
}

static int copy_start(struct pace_run *run, const struct pace_run_info *info,
                      struct pace_error *error)
{
    struct pace_start_point start = {info->start_branch, info->start_commit, info->start_time_ns};
    if (!start.branch) return 0;
    run->has_start = 1;
    return run_start_wish(&run->arena, &start, error, &run->start);
}

int pace_run_begin(pace *store, const struct pace_run_info *info, struct pace_error *error,
                   pace_run **out)
{
    int rc = store_check_writable(store, error);
    if (!rc) rc = check_time(info, error);
    if (!rc && (info->flags & ~(uint32_t)(PACE_RUN_PARTIAL | PACE_RUN_DIRTY)))
        rc = error_set(error, PACE_EMISUSE, "pace_run_begin: unknown flags");
    if (rc) return rc;
    struct pace_run *run = calloc(1, sizeof *run);
    if (!run) return error_memory(error);
    arena_init(&run->arena, 0);
    run->store = store;
    run->time_ns = info->time_ns;
    run->ran_ns = info->ran_ns;
    run->ordinal = info->ordinal;
    run->flags = info->flags;
    rc = copy_name(&run->arena, info->project, "project", error, &run->project);
    if (!rc) rc = copy_name(&run->arena, info->branch, "branch", error, &run->branch);
    if (!rc) rc = copy_name(&run->arena, info->testbed, "testbed", error, &run->testbed);
    if (!rc) rc = copy_tag(&run->arena, info->commit, "commit", error, &run->commit);
    if (!rc) rc = copy_tag(&run->arena, info->id, "run id", error, &run->id);
    if (!rc) rc = copy_start(run, info, error);
    if (rc) {
        pace_run_free(run);
        return rc;
    }
    *out = run;
    return 0;
}

void pace_run_free(pace_run *run)
{
    if (!run) return;
    for (struct run_row *row = run->rows; row; row = row->next)
        handle_list_leave(row->list);
    texts_free(&run->texts);
    texts_free(&run->meta_keys);
    map_free(&run->by_name);
    free(run->cells);
    free(run->meta_values);
    arena_clear(&run->arena);
    free(run);
}

size_t pace_run_cell_count(const pace_run *run)
{
    return run->cell_count;
}

/* -- cells ----------------------------------------------------------------------------------- */

static int is_bound(double bound)
{
    return isnan(bound) || isfinite(bound);
}

static int check_numbers(const struct pace_cell *cell, struct pace_error *error)
{
    if ((unsigned)cell->status > PACE_CELL_SKIPPED)
        return error_set(error, PACE_EVALUE, "%.200s: not a status of a cell", cell->benchmark);
    if ((unsigned)cell->direction > PACE_HIGHER_IS_BETTER)
        return error_set(error, PACE_EVALUE, "%.200s: not a direction", cell->benchmark);
    if (cell->status != PACE_CELL_OK) return 0;
    if (!isfinite(cell->value) || !is_bound(cell->lower) || !is_bound(cell->upper))
        return error_set(error, PACE_EVALUE,
                         "%.200s: a value is not a finite number; store a failed cell instead",
                         cell->benchmark);
    if (cell->sample_count && !cell->samples)
        return error_set(error, PACE_EVALUE, "%.200s: samples are missing", cell->benchmark);
    for (size_t i = 0; i < cell->sample_count; i++) {
        if (!isfinite(cell->samples[i]))
            return error_set(error, PACE_EVALUE, "%.200s: a sample is not a finite number",
                             cell->benchmark);
    }
    return 0;
}

static int check_cell(const struct pace_run *run, const struct pace_cell *cell,
                      struct pace_error *error)
{
    if (run->committed)
        return error_set(error, PACE_EMISUSE, "the run is committed; begin another");
    int rc = name_check(cell->benchmark, cell->benchmark ? strlen(cell->benchmark) : 0, "benchmark",
                        error);
    if (!rc)
        rc = name_check(cell->measure, cell->measure ? strlen(cell->measure) : 0, "measure", error);
    if (!rc && cell->unit) rc = measure_check_unit(cell->unit, error);
    if (!rc) rc = check_numbers(cell, error);
    if (rc) return rc;
    if (run->cell_count == PACE_MAX_CELLS) return ERROR_LIMIT(error, PACE_MAX_CELLS, "the run");
    if (cell->status == PACE_CELL_OK && cell->sample_count > PACE_MAX_SAMPLES - run->sample_count)
        return ERROR_LIMIT(error, PACE_MAX_SAMPLES, "the run's samples");
    return 0;
}

int run_add_cell(struct pace_run *run, const struct run_cell *cell)
{
    if (run->named_count == run->cell_capacity) {
        size_t capacity = run->cell_capacity ? run->cell_capacity * 2 : FIRST_CAPACITY;
        struct run_cell *cells = realloc(run->cells, capacity * sizeof *cells);
        if (!cells) return -1;
        run->cells = cells;
        run->cell_capacity = capacity;
    }
    if (map_set(&run->by_name, map_pair(cell->benchmark, cell->measure),
                (uint32_t)run->named_count))
        return -1;
    run->cells[run->named_count++] = *cell;
    return 0;
}

static uint32_t add_text(struct pace_run *run, const char *text)
{
    size_t len = strlen(text);
    return texts_add(&run->texts, &run->arena, text, len, text_hash(text, len));
}

/* The derived identity is of the cells as they were given: it must not depend on the store. */
static void add_given(struct pace_run *run, const struct run_cell *cell)
{
    const struct text *texts = run->texts.items;
    struct seal_digest seed =
        run_series_seed(texts[cell->benchmark].hash, texts[cell->measure].hash);
    struct seal_digest digest = run_cell_digest(&seed, cell->status, cell->value, cell->lower,
                                                cell->upper, cell->samples, cell->sample_count);
    struct seal_digest unit =
        run_unit_term(&seed, cell->unit == TEXTS_NONE ? 0 : texts[cell->unit].hash);
    run->content.low += digest.low;
    run->content.high += digest.high;
    run->units.low += unit.low;
    run->units.high += unit.high;
}

/* NaNs of many bit patterns come in; one is stored and hashed. */
static double bound_or_nan(double bound)
{
    return isnan(bound) ? (double)NAN : bound;
}

int pace_run_put(pace_run *run, const struct pace_cell *cell, struct pace_error *error)
{
    int done, rc = script_put(run, cell, error, &done);
    if (rc || done) return rc;
    rc = check_cell(run, cell, error);
    if (rc) return rc;
    int ok = cell->status == PACE_CELL_OK, has_unit = cell->unit && cell->unit[0];
    struct run_cell own = {
        .benchmark = add_text(run, cell->benchmark),
        .measure = add_text(run, cell->measure),
        .unit = has_unit ? add_text(run, cell->unit) : TEXTS_NONE,
        .sample_count = ok ? (uint32_t)cell->sample_count : 0,
        .status = (uint8_t)cell->status,
        .direction = (uint8_t)cell->direction,
        .value = ok ? cell->value : (double)NAN,
        .lower = ok ? bound_or_nan(cell->lower) : (double)NAN,
        .upper = ok ? bound_or_nan(cell->upper) : (double)NAN,
    };
    if (own.benchmark == TEXTS_NONE || own.measure == TEXTS_NONE ||
        (has_unit && own.unit == TEXTS_NONE))
        return error_memory(error);
    uint64_t name = map_pair(own.benchmark, own.measure);
    if (map_get(&run->by_name, name) != MAP_NONE)
        return error_set(error, PACE_EDUPLICATE,
                         "%.200s, %.200s: a second cell of this series in one run", cell->benchmark,
                         cell->measure);
    if (own.sample_count) {
        double *samples = arena_array(&run->arena, own.sample_count, sizeof *samples);
        if (!samples) return error_memory(error);
        memcpy(samples, cell->samples, own.sample_count * sizeof *samples);
        own.samples = samples;
    }
    if (run_add_cell(run, &own)) return error_memory(error);
    run->cell_count++;
    run->sample_count += own.sample_count;
    add_given(run, &own);
    return 0;
}

/* -- metadata -------------------------------------------------------------------------------- */

static int check_meta(const char *key, const char *value, struct pace_error *error)
{
    size_t key_len = key ? strlen(key) : 0, value_len = value ? strlen(value) : 0;
    if (key_len == 0 || !value)
        return error_set(error, PACE_ENAME, "metadata without a key or a value");
    if (key_len > PACE_MAX_META_VALUE || value_len > PACE_MAX_META_VALUE)
        return ERROR_LIMIT(error, PACE_MAX_META_VALUE, "metadata");
    const char *problem = text_problem(key, key_len, TEXT_LINE);
    if (problem) return error_set(error, PACE_ENAME, "not a valid metadata key: %s", problem);
    problem = text_problem(value, value_len, TEXT_LINES);
    if (problem)
        return error_set(error, PACE_EVALUE, "metadata '%.100s': not a valid value: %s", key,
                         problem);
    return 0;
}

/* Whether there is room for one more key. Notes of units are put beside what a run may have: it
 * brings them when it is copied. */
static int check_room(const struct pace_run *run, int is_unit, struct pace_error *error)
{
    uint32_t own = run->meta_keys.count - run->unit_keys;
    if (is_unit ? run->unit_keys < PACE_MAX_CELLS : own < PACE_MAX_META) return 0;
    return ERROR_LIMIT(error, PACE_MAX_META, "the run's metadata");
}

int pace_run_put_meta(pace_run *run, const char *key, const char *value, struct pace_error *error)
{
    if (run->committed)
        return error_set(error, PACE_EMISUSE, "the run is committed; begin another");
    int rc = check_meta(key, value, error);
    if (rc) return rc;
    size_t len = strlen(key);
    uint64_t hash = text_hash(key, len);
    uint32_t index = texts_find(&run->meta_keys, key, len, hash);
    int is_unit = strncmp(key, RUN_UNIT_KEY, sizeof RUN_UNIT_KEY - 1) == 0;
    if (index == TEXTS_NONE) rc = check_room(run, is_unit, error);
    if (rc) return rc;
    const char *copy = arena_string(&run->arena, value);
    if (!copy) return error_memory(error);
    if (index == TEXTS_NONE) {
        if (run->meta_keys.count == run->meta_capacity) {
            size_t capacity = run->meta_capacity ? run->meta_capacity * 2 : FIRST_CAPACITY;
            const char **values = realloc(run->meta_values, capacity * sizeof *values);
            if (!values) return error_memory(error);
            run->meta_values = values;
            run->meta_capacity = capacity;
        }
        index = texts_add(&run->meta_keys, &run->arena, key, len, hash);
        if (index == TEXTS_NONE) return error_memory(error);
        run->unit_keys += (uint32_t)is_unit;
    }
    run->meta_values[index] = copy;
    return 0;
}
