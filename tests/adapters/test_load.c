/* test_load.c -- loading files into a store: lines brought together into runs, all or nothing,
 * twice is once, and bounded memory gives the same store. */
#include "../../tools/load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PYTEST "tests/adapters/data/pytest/"
#define NOW    INT64_C(1800000000000000000)

/* -- a directory with a store, and what was said ------------------------------------------------
 */

struct fixture {
    char directory[256], store_path[300], files[4][300];
    size_t file_count;
    pace *store;
    char errors[8000], warnings[8000]; /* one a line */
    struct load_report report;
    struct pace_error error;
};

static void remove_tree(const char *path)
{
    char command[400];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

static void open_store(struct fixture *fixture)
{
    struct pace_error error = {0, ""};
    if (pace_open(fixture->store_path, PACE_CREATE, NULL, &error, &fixture->store) != 0)
        fail_msg("%s", error.message);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const char *parent = getenv("TMPDIR");
    if (fixture == NULL) return -1;
    (void)snprintf(fixture->directory, sizeof fixture->directory, "%s/pace-test-XXXXXX",
                   parent != NULL ? parent : "/tmp");
    if (mkdtemp(fixture->directory) == NULL) return -1;
    (void)snprintf(fixture->store_path, sizeof fixture->store_path, "%s/store", fixture->directory);
    open_store(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    pace_close(fixture->store);
    remove_tree(fixture->directory);
    free(fixture);
    return 0;
}

/* Another store, empty. */
static void renew_store(struct fixture *fixture)
{
    pace_close(fixture->store);
    remove_tree(fixture->store_path);
    open_store(fixture);
}

/* Writes file number `index`; returns its path. */
static char *write_file(struct fixture *fixture, size_t index, const char *text)
{
    char name[300], *path = fixture->files[index];
    (void)snprintf(name, sizeof name, "%s/file%zu", fixture->directory, index);
    memcpy(path, name, sizeof name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    return path;
}

static void say(void *context, int is_error, const char *message)
{
    struct fixture *fixture = context;
    char *text = is_error ? fixture->errors : fixture->warnings;
    size_t used = strlen(text), room = sizeof fixture->errors - used;
    (void)snprintf(text + used, room, "%s\n", message);
}

static int load_with(struct fixture *fixture, struct load_options options, char *const *paths,
                     size_t count)
{
    options.say = say;
    options.context = fixture;
    if (options.now_ns == 0) options.now_ns = NOW;
    fixture->errors[0] = fixture->warnings[0] = '\0';
    fixture->error = (struct pace_error){0, ""};
    return load_files(options.dry_run ? NULL : fixture->store, &options, paths, count,
                      &fixture->error, &fixture->report);
}

static int load_text(struct fixture *fixture, const char *text)
{
    char *path = write_file(fixture, 0, text);
    return load_with(fixture, (struct load_options){0}, &path, 1);
}

#define SAID(text)                                                                                 \
    do {                                                                                           \
        if (strstr(fixture->errors, (text)) == NULL)                                               \
            fail_msg("'%s' is not in: %s", (text), fixture->errors);                               \
    } while (0)

/* -- the store as text: a line a cell, streams by id, runs in order -------------------------------
 */

struct text {
    char *data;
    size_t len, capacity;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
    va_list args;
    if (text->capacity - text->len < 4096) {
        text->capacity = (text->capacity + 4096) * 2;
        text->data = realloc(text->data, text->capacity);
        assert_non_null(text->data);
    }
    va_start(args, format);
    text->len +=
        (size_t)vsnprintf(text->data + text->len, text->capacity - text->len, format, args);
    va_end(args);
}

static void describe_batch(pace_snapshot *snapshot, const struct pace_cells *cells,
                           const char *stream, const char *const *columns, struct text *out)
{
    for (size_t r = 0; r < cells->run_count; r++) {
        struct pace_meta meta;
        const char *run = "-";
        assert_int_equal(pace_run_meta(snapshot, cells->runs[r].run, NULL, &meta), 0);
        for (size_t i = 0; i < meta.count; i++)
            run = strcmp(meta.keys[i], "run") == 0 ? meta.values[i] : run;
        for (size_t c = 0; c < cells->column_count; c++) {
            size_t at = c * cells->stride + r;
            const double *samples = NULL;
            size_t sample_count = 0;
            if (cells->status[at] == PACE_CELL_ABSENT) continue;
            assert_int_equal(pace_samples(snapshot, cells->runs[r].run, (uint32_t)c, NULL, &samples,
                                          &sample_count),
                             0);
            add(out, "%s t%lld c%s r%s %s=%g", stream, (long long)cells->runs[r].time_ns,
                cells->runs[r].commit, run, columns[c], cells->value[at]);
            if (cells->lower != NULL && !isnan(cells->lower[at]))
                add(out, " %g..%g", cells->lower[at], cells->upper[at]);
            if (cells->status[at] != PACE_CELL_OK) add(out, " status%d", cells->status[at]);
            for (size_t i = 0; i < sample_count; i++)
                add(out, " #%g", samples[i]);
            add(out, "\n");
        }
    }
}

/* All cells; free it. */
static char *describe(pace *store)
{
    struct text out = {0};
    pace_snapshot *snapshot = NULL;
    const struct pace_stream *streams = NULL;
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t counts[PACE_DIMENSION_COUNT], stream_count = 0;
    add(&out, "%s", "");
    assert_int_equal(pace_snapshot_begin(store, NULL, &snapshot), 0);
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++)
        assert_int_equal(pace_names(snapshot, (enum pace_dimension)d, NULL, &names[d], &counts[d]),
                         0);
    assert_int_equal(pace_streams(snapshot, NULL, &streams, &stream_count), 0);
    for (uint32_t s = 0; s < stream_count; s++) {
        const struct pace_column *columns = NULL;
        uint32_t column_count = 0;
        char stream[200];
        char(*labels)[200] = NULL;
        (void)snprintf(stream, sizeof stream, "%s/%s/%s", names[PACE_PROJECT][streams[s].project],
                       names[PACE_BRANCH][streams[s].branch],
                       names[PACE_TESTBED][streams[s].testbed]);
        assert_int_equal(pace_columns(snapshot, streams[s].id, NULL, &columns, &column_count), 0);
        labels = calloc(column_count, sizeof *labels);
        const char **label_texts = calloc(column_count, sizeof *label_texts);
        uint32_t *numbers = calloc(column_count, sizeof *numbers);
        assert_true(labels != NULL && label_texts != NULL && numbers != NULL);
        for (uint32_t c = 0; c < column_count; c++) {
            (void)snprintf(labels[c], sizeof labels[c], "%s/%s",
                           names[PACE_BENCHMARK][columns[c].benchmark],
                           names[PACE_MEASURE][columns[c].measure]);
            label_texts[c] = labels[c];
            numbers[c] = c;
        }
        struct pace_range range = {INT64_MIN, INT64_MAX, 0};
        struct pace_cells cells = {.run_count = 1};
        pace_scan *scan = NULL;
        assert_int_equal(
            pace_scan_open(snapshot, streams[s].id, numbers, column_count, &range, NULL, &scan), 0);
        while (pace_scan_next(scan, NULL, &cells) == 0 && cells.run_count > 0)
            describe_batch(snapshot, &cells, stream, label_texts, &out);
        assert_int_equal(cells.run_count, 0);
        pace_scan_close(scan);
        free(labels);
        free(label_texts);
        free(numbers);
    }
    pace_snapshot_end(snapshot);
    return out.data;
}

static void expect_store(pace *store, const char *expected)
{
    char *is = describe(store);
    assert_string_equal(is, expected);
    free(is);
}

/* -- harness files ----------------------------------------------------------------------------- */

static void loads_pytest_of_every_version_once(void **state)
{
    static char *const paths[] = {PYTEST "2.5.0.json", PYTEST "3.0.0.json", PYTEST "3.1.1.json",
                                  PYTEST "3.2.3.json", PYTEST "3.4.1.json", PYTEST "4.0.0.json",
                                  PYTEST "5.3.1.json"};
    struct fixture *fixture = *state;
    struct load_options options = {.branch = "main"};
    assert_int_equal(load_with(fixture, options, paths, 7), 0);
    assert_string_equal(fixture->errors, "");
    assert_int_equal(fixture->report.files, 7);
    assert_int_equal(fixture->report.runs_new, 7);
    assert_int_equal(fixture->report.runs_known, 0);
    assert_true(fixture->report.cells_new > 7 * 15);
    assert_int_equal(load_with(fixture, options, paths, 7), 0);
    assert_int_equal(fixture->report.runs_new, 0);
    assert_int_equal(fixture->report.runs_known, 7);
    assert_int_equal(fixture->report.cells_new, 0);
}

static void takes_facts_from_the_file_and_options_before_them(void **state)
{
    char *path = PYTEST "5.3.1.json";
    struct fixture *fixture = *state;
    pace_snapshot *snapshot = NULL;
    struct pace_run_view view;
    struct pace_meta meta;
    assert_int_equal(load_with(fixture, (struct load_options){0}, &path, 1), 0);
    struct load_options options = {.project = "p",
                                   .branch = "b",
                                   .testbed = "t",
                                   .commit = "abcdef0",
                                   .has_time = 1,
                                   .time_ns = 5};
    assert_int_equal(load_with(fixture, options, &path, 1), 0);
    char *is = describe(fixture->store);
    assert_non_null(strstr(is, "sample/main/recorder t1714550400000000000 "
                               "ce646a0f7cb3fd4a2aa8b76d0cb455cc9597627ed r- "
                               "bench_sample.py::test_once/latency="));
    assert_non_null(strstr(is, "p/b/t t5 cabcdef0 r- bench_sample.py::test_once/latency="));
    free(is);
    assert_int_equal(pace_snapshot_begin(fixture->store, NULL, &snapshot), 0);
    assert_int_equal(pace_run_get(snapshot, 1, NULL, &view), 0);
    assert_true(view.ran_ns == INT64_C(1714552876018044000));
    assert_int_equal(view.flags, 0);
    assert_int_equal(pace_run_meta(snapshot, 1, NULL, &meta), 0);
    assert_true(meta.count > 10);
    pace_snapshot_end(snapshot);
}

static void a_bad_file_does_not_keep_others_out(void **state)
{
    struct fixture *fixture = *state;
    char *paths[] = {write_file(fixture, 0, "{\"benchmarks\": [{\"fullname\": \"cut"),
                     PYTEST "4.0.0.json",
                     write_file(fixture, 1, ""),
                     "/nonexistent/x.json",
                     write_file(fixture, 2, "goos: linux\n"),
                     PYTEST "5.3.1.json"};
    assert_int_not_equal(load_with(fixture, (struct load_options){0}, paths, 6), 0);
    assert_int_equal(fixture->report.files, 6);
    assert_int_equal(fixture->report.bad_files, 4);
    assert_int_equal(fixture->report.runs_new, 2);
    SAID("file0: line 1, byte ");
    SAID("it is cut off");
    SAID("file1: it is empty");
    SAID("/nonexistent/x.json: No such file or directory; check the path");
    SAID("file2: not the results of a harness that is known; it begins with 'goos: linux'");
    assert_string_equal(strrchr(fixture->error.message, ';'),
                        "; check the file, or name its adapter (pace help adapters)");
}

static void a_file_without_benchmarks_or_time_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *text = "{\"machine_info\":{},\"commit_info\":{},\"benchmarks\":[],"
                       "\"datetime\":\"2024-05-01\",\"version\":\"5\"}";
    assert_int_equal(load_text(fixture, text), PACE_EEMPTY);
    SAID("it has no benchmarks");
    text = "{\"machine_info\":{},\"benchmarks\":[{\"fullname\":\"a\",\"stats\":{\"mean\":1}}]}";
    assert_int_equal(load_text(fixture, text), PACE_ETIME);
    SAID("it has no time; give that of its commit with --time, like --time \"$(git log");
    char *path = fixture->files[0];
    struct load_options options = {.has_time = 1, .time_ns = 9, .project = "p"};
    assert_int_equal(load_with(fixture, options, &path, 1), 0);
    expect_store(fixture->store, "p/main/local t9 c r- a/latency=1e+09\n"
                                 "p/main/local t9 c r- a/latency.ops=1\n");
    assert_non_null(strstr(fixture->warnings, "names no branch; taken as 'main'"));
}

/* -- JSON lines -------------------------------------------------------------------------------- */

static void lines_become_runs(void **state)
{
    struct fixture *fixture = *state;
    const char *text =
        "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":3,\"time\":20,\"commit\":\"c2\"}\n"
        "\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":10,\"commit\":\"c1\","
        "\"lower\":0.5,"
        "\"upper\":2,\"samples\":[1,2]}\r\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":4,\"time\":20,\"commit\":\"c2\"}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"measure\":\"size\",\"unit\":\"KB\",\"value\":7,"
        "\"time\":10,\"commit\":\"c1\"}\n"
        "{\"project\":\"p\",\"branch\":\"dev\",\"benchmark\":\"a\",\"value\":NaN,\"at\":10}";
    assert_int_equal(load_text(fixture, text), 0);
    assert_string_equal(fixture->errors, "");
    assert_string_equal(fixture->warnings, "");
    assert_int_equal(fixture->report.runs_new, 3);
    assert_int_equal(fixture->report.cells_new, 5);
    assert_int_equal(fixture->report.series_new, 4);
    expect_store(fixture->store, "p/dev/local t10 c r- a/value=nan status1\n"
                                 "p/main/local t10 cc1 r- a/size=7\n"
                                 "p/main/local t10 cc1 r- a/value=1 0.5..2 #1 #2\n"
                                 "p/main/local t20 cc2 r- a/value=4\n"
                                 "p/main/local t20 cc2 r- b/value=3\n");
    assert_int_equal(load_text(fixture, text), 0);
    assert_int_equal(fixture->report.runs_new, 0);
    assert_int_equal(fixture->report.runs_known, 3);
}

/* Of runs of the same time the one whose first line comes first arrived first. `run` tells runs
 * apart that hold the same, also when the file is loaded again with its lines in another order. */
static void equal_times_keep_the_order_of_the_file(void **state)
{
    struct fixture *fixture = *state;
    const char *text =
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":5,\"run\":10}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":5,\"run\":\"9\"}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":2,\"time\":5,\"commit\":\"f\"}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":2,\"time\":5,\"commit\":\"e\"}\n"
        "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":3,\"time\":5,\"run\":10}\n";
    const char *shuffled =
        "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":3,\"time\":5,\"run\":\"10\"}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":2,\"time\":5,\"commit\":\"e\"}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":5,\"run\":9}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":2,\"time\":5,\"commit\":\"f\"}\n"
        "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":5,\"run\":10}\n";
    assert_int_equal(load_text(fixture, text), 0);
    assert_int_equal(fixture->report.runs_new, 4);
    expect_store(fixture->store, "p/main/local t5 c r10 a/value=1\n"
                                 "p/main/local t5 c r10 b/value=3\n"
                                 "p/main/local t5 c r9 a/value=1\n"
                                 "p/main/local t5 cf r- a/value=2\n"
                                 "p/main/local t5 ce r- a/value=2\n");
    assert_int_equal(load_text(fixture, shuffled), 0);
    assert_int_equal(fixture->report.runs_new, 0);
    assert_int_equal(fixture->report.runs_known, 4);
}

static void bad_lines_are_named_and_nothing_is_stored(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_text(fixture,
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":1}\n"
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"valu\":1,\"time\":2}\n"
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":3\n"
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":4}\n"
                               "nonsense\n"),
                     PACE_EVALUE);
    SAID("file0: line 2: no key 'valu'; did you mean 'value'?");
    SAID("file0: line 3, byte ");
    SAID("file0: line 5, byte ");
    SAID("file0: 3 errors; nothing is stored");
    expect_store(fixture->store, "");
    struct text many = {0};
    for (int i = 0; i < 50; i++)
        add(&many, "{\"project\":\"p\",\"benchmark\":\"b%d\"}\n", i);
    assert_int_equal(load_text(fixture, many.data), PACE_EVALUE);
    SAID("line 20: 'value' is missing");
    assert_null(strstr(fixture->errors, "line 21"));
    SAID("at least 20 errors; nothing is stored");
    free(many.data);
}

static void a_cell_twice_is_an_error_with_both_lines(void **state)
{
    struct fixture *fixture = *state;
    const char *text = "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":1}\n"
                       "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":2}\n"
                       "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":1,\"time\":1}\n"
                       "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":2,\"time\":1}\n";
    char *path = write_file(fixture, 0, text);
    for (size_t limit = 1; limit <= 1 << 20; limit <<= 20) {
        struct load_options options = {.sort_bytes = limit};
        assert_int_equal(load_with(fixture, options, &path, 1), PACE_EVALUE);
        SAID("file0: line 4: 'a' 'value' is in line 1 already, of the same run");
        SAID("file0: 1 error; nothing is stored");
        expect_store(fixture->store, "");
    }
}

static void units_are_of_one_kind(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(load_text(fixture,
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":1,"
                               "\"measure\":\"m\",\"unit\":\"ns\"}\n"
                               "{\"project\":\"q\",\"benchmark\":\"a\",\"value\":1,\"time\":1,"
                               "\"measure\":\"m\",\"unit\":\"MB\"}\n"
                               "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":1,\"time\":1,"
                               "\"measure\":\"m\",\"unit\":\"MB\"}\n"),
                     PACE_EVALUE);
    SAID("line 3: measure 'm' is in 'ns' (line 1); 'MB' is of another kind");
    expect_store(fixture->store, "");
    assert_int_equal(load_text(fixture,
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":1,"
                               "\"measure\":\"m\",\"unit\":\"ns\"}\n"
                               "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":2,\"time\":1,"
                               "\"measure\":\"m\",\"unit\":\"us\"}\n"),
                     0);
    expect_store(fixture->store, "p/main/local t1 c r- a/m=1\n"
                                 "p/main/local t1 c r- b/m=2000\n");
    assert_int_equal(load_text(fixture,
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":2,"
                               "\"measure\":\"n\"}\n"
                               "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1,\"time\":3,"
                               "\"measure\":\"m\",\"unit\":\"MB\"}\n"),
                     PACE_EVALUE);
    SAID("line 2: measure 'm' is in 'ns' (the store); 'MB' is of another kind");
    assert_int_equal(fixture->report.runs_new, 0);
}

/* Lines without a time take that of the file, so that the file may be loaded again. */
static void lines_without_time_take_the_files(void **state)
{
    struct fixture *fixture = *state;
    char *path = write_file(fixture, 0, "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1}\n");
    struct timespec times[2] = {{100, 0}, {100, 0}};
    assert_int_equal(utimensat(-1, path, times, 0), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(load_with(fixture, (struct load_options){0}, &path, 1), 0);
        assert_non_null(strstr(fixture->warnings, "1 lines have no time; taken as "
                                                  "1970-01-01T00:01:40Z"));
        assert_int_equal(fixture->report.runs_known, i);
    }
    struct load_options options = {.has_time = 1, .time_ns = 7};
    assert_int_equal(load_with(fixture, options, &path, 1), 0);
    assert_string_equal(fixture->warnings, "");
    expect_store(fixture->store, "p/main/local t7 c r- a/value=1\n"
                                 "p/main/local t100000000000 c r- a/value=1\n");
}

static void a_dry_run_needs_no_store(void **state)
{
    struct fixture *fixture = *state;
    char *paths[] = {write_file(fixture, 0,
                                "{\"project\":\"p\",\"benchmark\":\"a\",\"value\":1}\n"
                                "{\"project\":\"p\",\"benchmark\":\"b\",\"value\":1}\n"),
                     PYTEST "5.3.1.json"};
    struct load_options options = {.dry_run = 1};
    assert_int_equal(load_with(fixture, options, paths, 2), 0);
    assert_int_equal(fixture->report.runs_new, 2);
    assert_true(fixture->report.cells_new > 50);
    expect_store(fixture->store, "");
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 33;
}

/* Many points in a random order, in memory, in pieces and in small groups: the same store. */
static void bounded_memory_gives_the_same_store(void **state)
{
    enum { RUNS = 200, CELLS = 8, COUNT = RUNS * CELLS };
    static const struct load_options rows[] = {
        {.sort_bytes = 0},
        {.sort_bytes = 20000},
        {.sort_bytes = 20000, .group_bytes = 1},
        {.sort_bytes = 2, .group_bytes = 3000},
    };
    static unsigned order[COUNT];
    struct fixture *fixture = *state;
    struct text text = {0};
    uint64_t random = 3;
    char *first = NULL;
    for (unsigned i = 0; i < COUNT; i++)
        order[i] = i;
    for (size_t i = COUNT; i-- > 1;) {
        size_t other = (size_t)next_random(&random) % (i + 1);
        unsigned moved = order[i];
        order[i] = order[other];
        order[other] = moved;
    }
    for (size_t i = 0; i < COUNT; i++) {
        unsigned run = order[i] / CELLS, cell = order[i] % CELLS;
        add(&text,
            "{\"project\":\"p%u\",\"branch\":\"b%u\",\"benchmark\":\"n%u\",\"measure\":\"m%u\","
            "\"time\":%u,"
            "\"commit\":\"c%u\",\"run\":%u,\"value\":%u,\"samples\":[%u,1]}\n",
            run % 2, run / 2 % 3, cell % 4, cell / 4, run / 10, run % 5, run, order[i], order[i]);
    }
    char *path = write_file(fixture, 0, text.data);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        renew_store(fixture);
        assert_int_equal(load_with(fixture, rows[i], &path, 1), 0);
        assert_int_equal(fixture->report.runs_new, RUNS);
        assert_int_equal(fixture->report.cells_new, COUNT);
        char *is = describe(fixture->store);
        if (first == NULL) {
            for (unsigned n = 0; n < COUNT; n++) {
                char expected[100];
                (void)snprintf(expected, sizeof expected, " r%u n%u/m%u=%u #%u #1\n", n / CELLS,
                               n % CELLS % 4, n % CELLS / 4, n, n);
                assert_non_null(strstr(is, expected));
            }
            first = is;
        } else {
            assert_string_equal(is, first);
            free(is);
        }
    }
    free(first);
    free(text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(loads_pytest_of_every_version_once),
        TEST(takes_facts_from_the_file_and_options_before_them),
        TEST(a_bad_file_does_not_keep_others_out),
        TEST(a_file_without_benchmarks_or_time_is_refused),
        TEST(lines_become_runs),
        TEST(equal_times_keep_the_order_of_the_file),
        TEST(bad_lines_are_named_and_nothing_is_stored),
        TEST(a_cell_twice_is_an_error_with_both_lines),
        TEST(units_are_of_one_kind),
        TEST(lines_without_time_take_the_files),
        TEST(a_dry_run_needs_no_store),
        TEST(bounded_memory_gives_the_same_store),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
