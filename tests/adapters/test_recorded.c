/* test_recorded.c -- every recorded output of every harness: recognised by its content, and read
 * into just the cells, metadata and warnings that golden/ has. independent.py compares the same
 * files with readings of its own.
 *
 * EXPECTED.tsv is what the tool of its samples stores of them; each of its lines has to be among
 * ours. PACE_UPDATE_GOLDEN=1 writes golden/ anew. */
#include "fixtures.h"

#include <inttypes.h>
#include <sys/stat.h>

#define GOLDEN_DIR "tests/adapters/golden"

static struct fixtures fixtures;

static const char *const directions[] = {"unknown", "lower", "higher"};
static const char *const statuses[] = {"ok", "failed", "skipped"};

static void print_number(FILE *out, double value)
{
    if (isnan(value))
        (void)fputs("-", out);
    else
        (void)fprintf(out, "%.17g", value);
}

static void print_cell(FILE *out, const struct pace_cell *cell)
{
    double sum = 0;
    (void)fprintf(out, "%s\t%s\t%s\t%s\t%s\t", cell->benchmark, cell->measure, cell->unit,
                  directions[cell->direction], statuses[cell->status]);
    print_number(out, cell->value);
    (void)fputc('\t', out);
    print_number(out, cell->lower);
    (void)fputc('\t', out);
    print_number(out, cell->upper);
    for (size_t i = 0; i < cell->sample_count; i++)
        sum += cell->samples[i];
    (void)fprintf(out, "\t%zu", cell->sample_count);
    if (cell->sample_count > 0) (void)fprintf(out, "\t%.17g", sum);
    (void)fputc('\n', out);
}

/* A reading as text: run, metadata, cells, warnings. */
static char *print_reading(const struct collect *collect)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    (void)fprintf(out, "# run: project '%s' branch '%s' testbed '%s' commit '%s' dirty %d\n",
                  collect->project, collect->branch, collect->testbed, collect->commit,
                  collect->facts.dirty);
    (void)fprintf(out, "# commit time %" PRId64 ", ran %" PRId64 "\n",
                  collect->facts.commit_time_ns, collect->facts.ran_ns);
    for (size_t i = 0; i < collect->meta_count; i++)
        (void)fprintf(out, "@%s\t%s\n", collect->keys[i], collect->values[i]);
    for (size_t i = 0; i < collect->cell_count; i++)
        print_cell(out, &collect->cells[i]);
    for (char *at = (char *)(uintptr_t)collect->warnings, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        assert_non_null(end);
        (void)fprintf(out, "! %.*s\n", (int)(end - at), at);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Some outputs hold nothing to store, and say so. */
static char *error_text(const struct pace_error *error)
{
    char *text = malloc(sizeof error->message + 20);
    assert_non_null(text);
    (void)snprintf(text, sizeof error->message + 20, "error: %s\n", error->message);
    return text;
}

static void write_golden(const char *path, const char *directory, const char *text)
{
    (void)mkdir(GOLDEN_DIR, 0755);
    (void)mkdir(directory, 0755);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Says the first line in which two texts differ. */
static void fail_difference(const char *path, const char *ours, const char *golden)
{
    size_t line = 1, start = 0, at = 0;
    for (; ours[at] != '\0' && ours[at] == golden[at]; at++) {
        if (ours[at] != '\n') continue;
        line++;
        start = at + 1;
    }
    fail_msg("%s: line %zu is\n  %.*s\nbut the golden file has\n  %.*s", path, line,
             (int)strcspn(ours + start, "\n"), ours + start, (int)strcspn(golden + start, "\n"),
             golden + start);
}

static void recorded_outputs_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture_file *file = &fixtures.items[i];
        struct collect collect = {0};
        struct pace_error error;
        const struct adapter *adapter = NULL;
        struct input input = {file->path, file->text, file->len};
        char directory[PATH_MAX], path[2 * PATH_MAX];
        size_t len = 0;
        if (adapter_recognise(&input, &error, &adapter) != 0) fail_msg("%s", error.message);
        if (strcmp(adapter->name, file->adapter) != 0)
            fail_msg("%s is taken for %s", file->path, adapter->name);
        int code = read_exact(NULL, file->path, file->text, file->len, &collect, &error);
        char *ours = code == 0 ? print_reading(&collect) : error_text(&error);
        (void)snprintf(directory, sizeof directory, GOLDEN_DIR "/%s", file->adapter);
        (void)snprintf(path, sizeof path, "%s/%s.txt", directory, file->name);
        if (getenv("PACE_UPDATE_GOLDEN") != NULL) write_golden(path, directory, ours);
        char *golden = file_read(path, &len);
        if (golden == NULL) fail_msg("%s is not there (PACE_UPDATE_GOLDEN=1 writes it)", path);
        if (strcmp(ours, golden) != 0) fail_difference(path, ours, golden);
        free(golden);
        free(ours);
        collect_clear(&collect);
    }
    assert_true(fixtures.count > 10);
}

/* -- EXPECTED.tsv ------------------------------------------------------------------------------ */

/* Its names of adapters, and ours. */
static const char *our_name(const char *theirs)
{
    static const char *const names[][2] = {
        {"cpp_catch2", "catch2"},
        {"cpp_google", "google"},
        {"dart_benchmark_harness", "dart"},
        {"go_bench", "go"},
        {"java_jmh", "jmh"},
        {"js_benchmark", "benchmarkjs"},
        {"js_time", "jstime"},
        {"js_vitest", "vitest"},
        {"json", "bmf"},
        {"python_asv", "asv"},
        {"python_pytest", "pytest"},
        {"ruby_benchmark", "ruby"},
        {"rust_bench", "libtest"},
        {"rust_criterion", "criterion"},
        {"rust_iai", "iai"},
        {"shell_hyperfine", "hyperfine"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i][0], theirs) == 0) return names[i][1];
    }
    fail_msg("no adapter for '%s'", theirs);
    return "";
}

static int near_value(double ours, const char *theirs)
{
    double value = strtod(theirs, NULL);
    return fabs(ours - value) <= 1e-12 * fabs(value);
}

/* The cells of one sample; kept while the lines are of one file. */
static const struct collect *sample_cells(const char *adapter, const char *sample)
{
    static struct collect collect;
    static char kept[400];
    char path[400];
    (void)snprintf(path, sizeof path, "%s/bencher-%s", adapter, sample);
    if (strcmp(path, kept) == 0) return &collect;
    (void)snprintf(kept, sizeof kept, "%s", path);
    collect_clear(&collect);
    (void)snprintf(path, sizeof path, DATA_DIR "/%.300s", kept);
    for (size_t i = 0; i < fixtures.count; i++) {
        struct pace_error error;
        const struct fixture_file *file = &fixtures.items[i];
        if (strcmp(file->path, path) != 0) continue;
        if (read_exact(NULL, path, file->text, file->len, &collect, &error) != 0)
            fail_msg("%s", error.message);
        return &collect;
    }
    fail_msg("%s is not there", path);
    return NULL;
}

/* Where one sample has means and medians, the mean is `latency` and the median its companion. */
static int is_companion(const char *adapter, const char *average)
{
    return strcmp(average, "median") == 0 &&
           (strcmp(adapter, "pytest") == 0 || strcmp(adapter, "vitest") == 0 ||
            strcmp(adapter, "hyperfine") == 0);
}

static size_t check_line(char *line)
{
    enum { ADAPTER_, SAMPLE, AVERAGE, BENCHMARK, MEASURE, VALUE, LOWER, UPPER, FIELDS };
    char *fields[FIELDS], measure[100], *rest = line;
    for (int i = 0; i < FIELDS; i++)
        fields[i] = rest != NULL ? strsep(&rest, "\t") : (char *)(uintptr_t) "";
    const char *adapter = our_name(fields[ADAPTER_]);
    (void)snprintf(measure, sizeof measure, "%s%s", fields[MEASURE],
                   is_companion(adapter, fields[AVERAGE]) ? ".median" : "");
    const struct pace_cell *cell =
        find(sample_cells(adapter, fields[SAMPLE]), fields[BENCHMARK], measure);
    if (cell == NULL || cell->status != PACE_CELL_OK)
        fail_msg("%s %s: no '%s' %s", adapter, fields[SAMPLE], fields[BENCHMARK], measure);
    else if (!near_value(cell->value, fields[VALUE]) ||
             (fields[LOWER][0] != '\0' && !near_value(cell->lower, fields[LOWER])) ||
             (fields[UPPER][0] != '\0' && !near_value(cell->upper, fields[UPPER])))
        fail_msg("%s %s: '%s' %s is %.17g (%.17g to %.17g), not %s (%s to %s)", adapter,
                 fields[SAMPLE], fields[BENCHMARK], measure, cell->value, cell->lower, cell->upper,
                 fields[VALUE], fields[LOWER], fields[UPPER]);
    return 1;
}

static void expected_lines_are_there(void **state)
{
    size_t len = 0, count = 0;
    char *text = file_read(DATA_DIR "/EXPECTED.tsv", &len), *rest = text;
    (void)state;
    assert_non_null(text);
    (void)strsep(&rest, "\n"); /* the heading */
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        count += line[0] != '\0' ? check_line(line) : 0;
    assert_int_equal(count, 98);
    (void)sample_cells;
    free(text);
}

static void every_adapter_has_recorded_outputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < adapter_count; i++) {
        size_t count = 0;
        for (size_t k = 0; k < fixtures.count; k++)
            count += strcmp(fixtures.items[k].adapter, adapters[i].name) == 0;
        if (count == 0) fail_msg("there is no recorded output for '%s'", adapters[i].name);
    }
}

/* An input that two harnesses could have written names both. */
static void a_tie_names_the_candidates(void **state)
{
    static const char both[] = "test a ... bench: 3 ns/iter (+/- 1)\nb  time:   [1 ns 2 ns 3 ns]\n";
    struct input input = {"both.txt", both, sizeof both - 1};
    struct pace_error error = {0, ""};
    const struct adapter *adapter = NULL;
    (void)state;
    assert_int_equal(adapter_recognise(&input, &error, &adapter), PACE_EVALUE);
    assert_string_equal(error.message,
                        "both.txt: it could be of criterion, libtest; say which, with --adapter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_outputs_are_read),
        cmocka_unit_test(expected_lines_are_there),
        cmocka_unit_test(a_tie_names_the_candidates),
        cmocka_unit_test(every_adapter_has_recorded_outputs),
    };
    fixtures = fixtures_load();
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    fixtures_free(&fixtures);
    return status;
}
