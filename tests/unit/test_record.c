/* test_record.c -- tools/record: repeats become samples, a failed reading leaves nothing. */
#include "../../tools/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads lines "benchmark value [unit]", "benchmark failed" or "! damage"; "meta VALUE" sets key k.
 */
static int fake_recognise(const struct input *input)
{
    return input->len > 0;
}

static int fake_read(const struct input *input, const struct adapter_sink *sink,
                     struct pace_error *error)
{
    char text[4096];
    struct run_facts facts = {.project = "", .branch = "b", .commit = input->name};
    int code = sink->run(sink->context, &facts, error);
    snprintf(text, sizeof text, "%s", input->text);
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL && code == 0;
         line = strtok_r(NULL, "\n", &save)) {
        char name[64] = "", value[64] = "", unit[16] = "ns";
        sscanf(line, "%63s %63s %15s", name, value, unit);
        if (strcmp(name, "!") == 0) return PACE_EVALUE;
        if (strcmp(name, "meta") == 0) {
            code = sink->meta(sink->context, "k", value, error);
            continue;
        }
        struct pace_cell cell = {.benchmark = name,
                                 .measure = "latency",
                                 .unit = unit,
                                 .value = atof(value),
                                 .lower = (double)NAN,
                                 .upper = (double)NAN};
        if (strcmp(value, "failed") == 0) cell.status = PACE_CELL_FAILED;
        code = sink->cell(sink->context, &cell, error);
    }
    return code;
}

static const struct adapter fake = {"fake", "lines", "", "", fake_recognise, fake_read};

static int feed(struct record *record, const char *name, const char *text)
{
    struct pace_error error = {0};
    struct input input = {name, text, strlen(text)};
    return record_read(record, &input, &fake, &error);
}

/* A store to put runs into. */
struct place {
    char path[256];
    pace *store;
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    const char *base = getenv("TMPDIR");
    snprintf(place->path, sizeof place->path, "%.200s/pace-record-XXXXXX",
             base != NULL ? base : "/tmp");
    *state = place;
    if (mkdtemp(place->path) == NULL) return -1;
    return pace_open(place->path, PACE_CREATE, NULL, NULL, &place->store);
}

static int teardown(void **state)
{
    struct place *place = *state;
    char line[300];
    pace_close(place->store);
    snprintf(line, sizeof line, "rm -rf '%s'", place->path);
    int status = system(line);
    free(place);
    return status;
}

/* Value and sample count of a column of run 1. */
static double stored(pace *store, uint32_t column, size_t *sample_count, uint8_t *status)
{
    pace_snapshot *snapshot = NULL;
    pace_scan *scan = NULL;
    struct pace_cells cells;
    struct pace_range range = {INT64_MIN, INT64_MAX, 0};
    const double *samples;
    assert_int_equal(pace_snapshot_begin(store, NULL, &snapshot), 0);
    assert_int_equal(pace_scan_open(snapshot, 0, &column, 1, &range, NULL, &scan), 0);
    assert_int_equal(pace_scan_next(scan, NULL, &cells), 0);
    assert_int_equal(cells.run_count, 1);
    double value = cells.value[0];
    *status = cells.status[0];
    assert_int_equal(pace_samples(snapshot, 1, column, NULL, &samples, sample_count), 0);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
    return value;
}

static void put(struct record *record, pace *store)
{
    struct pace_run_info info = {.project = "p", .branch = "b", .testbed = "t", .time_ns = 1};
    struct pace_error error = {0};
    pace_run *run = NULL;
    assert_int_equal(pace_run_begin(store, &info, &error, &run), 0);
    assert_int_equal(record_put(record, run, &error), 0);
    assert_int_equal(pace_runs_commit(store, &run, 1, &error, NULL), 0);
    pace_run_free(run);
}

static void test_repeats(void **state)
{
    struct place *place = *state;
    struct record record;
    size_t count;
    uint8_t status;
    record_init(&record);
    assert_int_equal(feed(&record, "one", "a 1\nb failed\nc failed\na 5\n"), 0);
    assert_int_equal(feed(&record, "two", "a 2\na 3\nb 7\n"), 0);
    assert_int_equal(record.count, 3);
    assert_int_equal(record.bad_count, 1);
    assert_string_equal(record.facts.commit, "one"); /* the first one says it */
    put(&record, place->store);
    record_clear(&record);
    assert_true(stored(place->store, 0, &count, &status) == 2.5); /* median of 1 2 3 5 */
    assert_int_equal(count, 4);
    assert_true(stored(place->store, 1, &count, &status) == 7);
    assert_int_equal(count, 0);
    assert_true(isnan(stored(place->store, 2, &count, &status)));
    assert_int_equal(status, PACE_CELL_FAILED);
}

static void test_damage(void **state)
{
    struct record record;
    (void)state;
    record_init(&record);
    assert_int_equal(feed(&record, "one", "a 1\n"), 0);
    assert_int_equal(feed(&record, "two", "b 1\n! broken\n"), PACE_EVALUE);
    assert_int_equal(record.count, 1);
    record_clear(&record);
}

static void test_two_units(void **state)
{
    struct record record;
    (void)state;
    record_init(&record);
    assert_int_equal(feed(&record, "one", "a 1 ns\na 1 ms\n"), PACE_EUNIT);
    record_clear(&record);
}

static void test_many(void **state)
{
    struct record record;
    char text[64];
    (void)state;
    record_init(&record);
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "bench%d %d\n", i % 2000, i);
        assert_int_equal(feed(&record, "x", text), 0);
    }
    assert_int_equal(record.count, 2000);
    record_clear(&record);
}

static void test_meta(void **state)
{
    struct place *place = *state;
    struct record record;
    pace_snapshot *snapshot = NULL;
    struct pace_meta meta;
    record_init(&record);
    assert_int_equal(feed(&record, "one", "a 1\nmeta first\nmeta second\n"), 0);
    assert_int_equal(record_meta(&record, "env.arch", "x"), 0);
    put(&record, place->store);
    record_clear(&record);
    assert_int_equal(pace_snapshot_begin(place->store, NULL, &snapshot), 0);
    assert_int_equal(pace_run_meta(snapshot, 1, NULL, &meta), 0);
    assert_int_equal(meta.count, 2);
    assert_string_equal(meta.keys[0], "env.arch");
    assert_string_equal(meta.keys[1], "k");
    assert_string_equal(meta.values[1], "second");
    pace_snapshot_end(snapshot);
}

static double folded(struct record *record, const char *benchmark, const char *measure,
                     size_t *samples)
{
    struct pace_cell cell;
    const struct record_cell *known = record_find(record, benchmark, measure);
    assert_non_null(known);
    assert_int_equal(record_cell_get(record, known, &cell), 0);
    *samples = cell.sample_count;
    return cell.value;
}

static void test_fold(void **state)
{
    static const double expected[] = {
        [RECORD_MEDIAN] = 3, [RECORD_MIN] = 1, [RECORD_MAX] = 10, [RECORD_MEAN] = 4.25};
    (void)state;
    for (int fold = RECORD_MEDIAN; fold <= RECORD_MEAN; fold++) {
        struct record record;
        size_t count;
        record_init(&record);
        record.fold = (enum record_fold)fold;
        assert_int_equal(feed(&record, "one", "a 10\na 2\nb 7\n"), 0);
        assert_int_equal(feed(&record, "two", "a 1\na 4\n"), 0);
        assert_true(folded(&record, "a", "latency", &count) == expected[fold]);
        assert_int_equal(count, 4);
        assert_true(folded(&record, "b", "latency", &count) == 7);
        assert_int_equal(count, 0);
        assert_null(record_find(&record, "c", "latency"));
        record_clear(&record);
    }
}

/* Samples of several files are kept, each of them; a file without some gives its value. */
static void test_samples_of_files(void **state)
{
    static const double first[] = {1, 2, 9}, second[] = {4, 6};
    struct record record, all;
    struct pace_error error = {0};
    struct pace_cell cell = {
        .benchmark = "a", .measure = "m", .unit = "", .value = 2, .samples = first};
    (void)state;
    record_init(&record);
    cell.sample_count = 3;
    assert_int_equal(record_add(&record, &cell, &error), 0);
    cell.samples = second;
    cell.sample_count = 2;
    cell.value = 5;
    assert_int_equal(record_add(&record, &cell, &error), 0);
    cell.sample_count = 0;
    cell.value = 7;
    assert_int_equal(record_add(&record, &cell, &error), 0);
    assert_int_equal(record_cell_get(&record, record_next(&record, NULL), &cell), 0);
    static const double expected[] = {1, 2, 9, 4, 6, 7};
    assert_int_equal(cell.sample_count, 6);
    assert_memory_equal(cell.samples, expected, sizeof expected);
    assert_true(cell.value == 5); /* the median of 2, 5 and 7, one a file */
    /* Merged into another, which is a round of several, it is one value again. */
    record_init(&all);
    assert_int_equal(record_merge(&all, &record, "", &error), 0);
    assert_int_equal(record_merge(&all, &record, "", &error), 0);
    assert_int_equal(record_cell_get(&all, record_next(&all, NULL), &cell), 0);
    assert_int_equal(cell.sample_count, 2);
    assert_true(cell.samples[0] == 5 && cell.samples[1] == 5);
    record_clear(&all);
    record_clear(&record);
}

/* Each record that joins is one value; with a suffix nothing but cells comes along. */
static void test_merge(void **state)
{
    struct record all, part;
    struct pace_error error = {0};
    size_t count;
    (void)state;
    record_init(&all);
    for (int i = 0; i < 3; i++) {
        char text[64];
        record_init(&part);
        snprintf(text, sizeof text, "meta x\na %d\na %d\nb failed\n", i, i + 2);
        assert_int_equal(feed(&part, "here", text), 0);
        assert_int_equal(record_merge(&all, &part, i < 2 ? "" : ".base", &error), 0);
        record_clear(&part);
    }
    assert_int_equal(all.count, 4);
    assert_int_equal(all.bad_count, 2);
    assert_true(folded(&all, "a", "latency", &count) == 1.5); /* of 1 and 2 */
    assert_int_equal(count, 2);
    assert_true(folded(&all, "a", "latency.base", &count) == 3);
    assert_string_equal(all.facts.commit, "here");
    record_init(&part);
    assert_int_equal(feed(&part, "one", "a 1 ms\n"), 0);
    assert_int_equal(record_merge(&all, &part, "", &error), PACE_EUNIT);
    record_clear(&part);
    record_clear(&all);
}

/* The widest bounds, and none where a repeat has none. */
static void test_bounds(void **state)
{
    static const double bounds[][2] = {{1, 3}, {0.5, 2}, {2, 4}};
    struct record record;
    struct pace_error error = {0};
    struct pace_cell cell = {.benchmark = "a", .measure = "m", .unit = "", .value = 2};
    (void)state;
    record_init(&record);
    for (size_t i = 0; i < 3; i++) {
        cell.lower = bounds[i][0];
        cell.upper = bounds[i][1];
        assert_int_equal(record_add(&record, &cell, &error), 0);
    }
    assert_int_equal(record_cell_get(&record, record_next(&record, NULL), &cell), 0);
    assert_true(cell.lower == 0.5 && cell.upper == 4);
    cell = (struct pace_cell){.benchmark = "a",
                              .measure = "m",
                              .unit = "",
                              .value = 2,
                              .lower = (double)NAN,
                              .upper = (double)NAN};
    assert_int_equal(record_add(&record, &cell, &error), 0);
    cell.lower = cell.upper = 2;
    assert_int_equal(record_add(&record, &cell, &error), 0);
    assert_int_equal(record_cell_get(&record, record_next(&record, NULL), &cell), 0);
    assert_true(isnan(cell.lower) && isnan(cell.upper));
    record_clear(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_repeats, setup, teardown),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_two_units),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_samples_of_files),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_many),
        cmocka_unit_test_setup_teardown(test_meta, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
