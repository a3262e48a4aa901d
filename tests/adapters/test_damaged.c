/* test_damaged.c -- every recorded output, damaged in each of the ways that outputs are: cut off,
 * with bytes changed, with numbers that are none, of another harness. What is read of it has to be
 * finite and to be told of; what is not has to end in an error that names the input. */
#include "fixtures.h"

static struct fixtures fixtures;

enum { STEP = 97 };

static int is_json(const struct fixture_file *file)
{
    size_t start = strspn(file->text, " \t\r\n");
    return file->text[start] == '{' || file->text[start] == '[';
}

/* Reads damaged bytes by an adapter; checks what every reading has to keep. Returns the code. */
static int read_damaged(const char *adapter, const struct fixture_file *file, const char *text,
                        size_t len, const char *how, struct collect *collect)
{
    struct pace_error error = {0, ""};
    collect->fail_at = -1; /* skips the search for duplicates, which is quadratic */
    int code = read_exact(adapter_find(adapter), file->path, text, len, collect, &error);
    if (code == 0) return 0;
    if (code != PACE_EVALUE && code != PACE_EEMPTY && code != PACE_ENOTFOUND && code != PACE_ELIMIT)
        fail_msg("%s, %s: code %d: %s", file->path, how, code, error.message);
    if (strncmp(error.message, file->path, strlen(file->path)) != 0)
        fail_msg("%s, %s: the message names no input: %s", file->path, how, error.message);
    return code;
}

/* A part of an output: what is read of it is in the whole, or there is a warning. */
static void check_part(const struct fixture_file *file, size_t len, const struct collect *whole,
                       const struct collect *part)
{
    /* Go's names depend on whether another package has them, which the whole warns of. */
    if (part->warnings[0] != '\0' || whole->warnings[0] != '\0') return;
    for (size_t i = 0; i < part->cell_count; i++) {
        const struct pace_cell *cell = &part->cells[i];
        const struct pace_cell *full = find(whole, cell->benchmark, cell->measure);
        if (full == NULL)
            fail_msg("%s, cut to %zu bytes: '%s' %s is not in the whole, and nothing is said",
                     file->path, len, cell->benchmark, cell->measure);
        else if (full->sample_count == 0 && full->status == cell->status &&
                 cell->status == PACE_CELL_OK && full->value != cell->value)
            fail_msg("%s, cut to %zu bytes: '%s' %s is %.17g, not %.17g, and nothing is said",
                     file->path, len, cell->benchmark, cell->measure, cell->value, full->value);
    }
}

static void outputs_that_are_cut_off(void **state)
{
    size_t errors = 0, parts = 0;
    (void)state;
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture_file *file = &fixtures.items[i];
        struct collect whole = {0};
        (void)read_damaged(file->adapter, file, file->text, file->len, "whole", &whole);
        for (size_t len = 0; len < file->len; len += STEP) {
            struct collect part = {0};
            if (read_damaged(file->adapter, file, file->text, len, "cut off", &part) != 0) {
                errors++;
            } else {
                parts++;
                check_part(file, len, &whole, &part);
            }
            collect_clear(&part);
        }
        collect_clear(&whole);
    }
    assert_true(errors > 500 && parts > 50);
}

/* One changed byte at every STEP-th place: a flipped bit, NUL, a byte that is no UTF-8. */
static void outputs_with_a_changed_byte(void **state)
{
    static const unsigned char changes[] = {0x10, 0x00, 0xff};
    (void)state;
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture_file *file = &fixtures.items[i];
        for (size_t at = 3; at < file->len; at += STEP) {
            char kept = file->text[at];
            struct collect collect = {0};
            size_t change = at / STEP % 3;
            file->text[at] = change == 0 ? (char)(kept ^ 0x10) : (char)changes[change];
            (void)read_damaged(file->adapter, file, file->text, file->len, "a byte changed",
                               &collect);
            collect_clear(&collect);
            file->text[at] = kept;
        }
    }
}

/* The text with text[at .. at+len) replaced. */
static char *replaced(const struct fixture_file *file, size_t at, size_t len, const char *with,
                      size_t with_len, size_t *out_len)
{
    char *text = malloc(file->len - len + with_len + 1);
    assert_non_null(text);
    memcpy(text, file->text, at);
    memcpy(text + at, with, with_len);
    memcpy(text + at + with_len, file->text + at + len, file->len - at - len);
    *out_len = file->len - len + with_len;
    text[*out_len] = '\0';
    return text;
}

/* The next number at or behind `at` that is a word of its own: its length, or 0. */
static size_t next_number(const struct fixture_file *file, size_t *at)
{
    for (size_t i = *at; i < file->len; i++) {
        size_t len = strspn(file->text + i, "0123456789.");
        if (len == 0) continue;
        *at = i;
        return len;
    }
    return 0;
}

static void numbers_that_are_none(void **state)
{
    static const char *const values[] = {
        "NaN", "Infinity", "-Infinity", "1e999", "99999999999999999999999999", "1e-999", "-1", ""};
    (void)state;
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture_file *file = &fixtures.items[i];
        size_t at = 0, len, round = 0;
        for (; (len = next_number(file, &at)) > 0; at += len + file->len / 60, round++) {
            const char *value = values[round % 8];
            size_t new_len = 0;
            char *text = replaced(file, at, len, value, strlen(value), &new_len);
            struct collect collect = {0};
            (void)read_damaged(file->adapter, file, text, new_len, value, &collect);
            collect_clear(&collect);
            free(text);
        }
    }
}

static void keys_that_come_twice_and_deep_nesting(void **state)
{
    enum { DEPTH = 50000 };
    static char deep[DEPTH];
    (void)state;
    memset(deep, '[', sizeof deep);
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture_file *file = &fixtures.items[i];
        const char *brace = strchr(file->text, '{'), *key = strstr(file->text, "\":");
        if (!is_json(file) || brace == NULL || key == NULL) continue;
        for (int kind = 0; kind < 2; kind++) {
            static const char twice[] = "\"a\":1,\"a\":2,";
            struct collect collect = {0};
            size_t len = 0, at = (size_t)((kind == 0 ? brace : key + 1) - file->text) + 1;
            char *text = replaced(file, at, 0, kind == 0 ? twice : deep,
                                  kind == 0 ? sizeof twice - 1 : sizeof deep, &len);
            if (read_damaged(file->adapter, file, text, len, "twice or deep", &collect) == 0)
                fail_msg("%s is read, with %s", file->path, kind == 0 ? "a key twice" : "50,000 [");
            collect_clear(&collect);
            free(text);
        }
    }
}

/* The adapter of one harness on the output of another: hardly ever a result, always an answer. */
static void outputs_of_another_harness(void **state)
{
    size_t read = 0, refused = 0;
    (void)state;
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture_file *file = &fixtures.items[i];
        for (size_t k = 0; k < adapter_count; k++) {
            struct collect collect = {0};
            if (strcmp(adapters[k].name, file->adapter) == 0) continue;
            if (read_damaged(adapters[k].name, file, file->text, file->len, adapters[k].name,
                             &collect) == 0) {
                read++;
                if (collect.cell_count == 0 && collect.warnings[0] == '\0')
                    fail_msg("%s read by %s: nothing, and nothing is said", file->path,
                             adapters[k].name);
            } else {
                refused++;
            }
            collect_clear(&collect);
        }
    }
    assert_true(refused > read * 10);
}

static void inputs_that_are_empty(void **state)
{
    static const char *const texts[] = {"",  "\n",   "{}",           "[]",      "null",  "\"x\"",
                                        "0", "<a/>", "\x1f\x8b\x08", "hello\n", "a,b\n", "#\n"};
    (void)state;
    for (size_t k = 0; k < adapter_count; k++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            struct fixture_file file = {.len = strlen(texts[i])};
            struct collect collect = {0};
            (void)snprintf(file.path, sizeof file.path, "%s: '%s'", adapters[k].name, texts[i]);
            assert_int_not_equal(
                read_damaged(adapters[k].name, &file, texts[i], file.len, "empty", &collect), 0);
            collect_clear(&collect);
        }
    }
}

/* Elements in places where PHPBench does not put them; found by fuzzing. */
static void iterations_outside_of_a_variant(void **state)
{
    static const char text[] =
        "<phpbench ><benchmark class=\"A\"><subject name=\"b\">"
        "<variant><iteration time-avg=\"1\" mem-peak=\"1\"/><iteration time-avg=\"2\"/></variant>"
        "<iteration time-avg=\"1\" mem-peak=\"3\"/></subject></benchmark></phpbench>";
    struct collect collect = {0};
    struct pace_error error;
    (void)state;
    assert_int_equal(
        read_exact(adapter_find("phpbench"), "x.xml", text, sizeof text - 1, &collect, &error), 0);
    assert_int_equal(collect.cell_count, 2);
    assert_true(collect.cells[0].value == 1500 && collect.cells[0].sample_count == 2);
    collect_clear(&collect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_that_are_cut_off),
        cmocka_unit_test(outputs_with_a_changed_byte),
        cmocka_unit_test(numbers_that_are_none),
        cmocka_unit_test(keys_that_come_twice_and_deep_nesting),
        cmocka_unit_test(outputs_of_another_harness),
        cmocka_unit_test(inputs_that_are_empty),
        cmocka_unit_test(iterations_outside_of_a_variant),
    };
    fixtures = fixtures_load();
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    fixtures_free(&fixtures);
    return status;
}
