/* test_ci_formats.c -- a verdict through every format of CI: hostile names, budgets, and back from
 * JSON. */
#include "hostile.h"

#include "../../query/text.h"
#include "../../tools/ci_verdict.h"
#include "../../tools/judge_own.h"

#include <expat.h>
#include <jansson.h>
#include <errno.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef int writer(const struct ci_verdict *verdict, struct text_out *out);

static int put_big_summary(const struct ci_verdict *verdict, struct text_out *out)
{
    return ci_put_summary(verdict, CI_SUMMARY_BYTES, out);
}

static const struct form {
    const char *name;
    writer *put;
    enum { FORM_TEXT, FORM_XML, FORM_JSON, FORM_MARKDOWN, FORM_COMMANDS } kind;
} forms[] = {
    {"comment", ci_put_comment, FORM_MARKDOWN}, {"summary", put_big_summary, FORM_MARKDOWN},
    {"junit", ci_put_junit, FORM_XML},          {"metrics", ci_put_metrics, FORM_TEXT},
    {"sarif", ci_put_sarif, FORM_JSON},         {"json", ci_put_json, FORM_JSON},
    {"badge", ci_put_badge, FORM_XML},          {"annotations", ci_put_annotations, FORM_COMMANDS},
    {"outputs", ci_put_outputs, FORM_TEXT},
};

static int to_stream(void *context, const char *bytes, size_t len)
{
    return fwrite(bytes, 1, len, context) == len ? 0 : EIO;
}

/* What a writer makes. The caller frees it. */
static char *written(writer *put, const struct ci_verdict *verdict)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    struct text_out out;
    assert_non_null(stream);
    text_out_init(&out, to_stream, stream);
    assert_int_equal(put(verdict, &out), 0);
    assert_int_equal(text_out_flush(&out), 0);
    assert_int_equal(fclose(stream), 0);
    return text;
}

/* -- a judgement ------------------------------------------------------------------------------- */

static struct judged *add_row(struct judgement *judgement, const char *name,
                              enum judge_verdict verdict, double value)
{
    struct judged *row = judge_add(judgement);
    assert_non_null(row);
    row->project = row->branch = row->testbed = row->benchmark = row->measure = name;
    row->unit = "ms";
    row->commit = "0123456789abcdef";
    row->verdict = verdict;
    row->run = 7;
    row->value = value;
    row->base = 10;
    row->delta = value / 10 - 1;
    row->high_limit = 12;
    row->p = 1e-7;
    row->q = 2e-7;
    row->n = 30;
    judgement->counts[verdict]++;
    if (verdict == JUDGE_VERDICT_WORSE) {
        row->good_commit = "fedcba9876543210";
        row->bad_commit = row->commit;
    }
    return row;
}

static void make(const struct judgement *judgement, struct ci_verdict *out)
{
    struct ci_context context = {.status = STATUS_REGRESSION, .project = "p", .testbed = "t"};
    assert_int_equal(ci_verdict_make(judgement, NULL, JUDGE_FIRST_COUNTS, &context, out), 0);
}

/* A row of each verdict, and an open one, all with this name. */
static void make_hostile(struct judgement *judgement, const char *name, struct ci_verdict *out)
{
    judge_init(judgement);
    for (int v = 0; v < JUDGE_VERDICT_COUNT; v++) {
        struct judged *row = add_row(judgement, name, (enum judge_verdict)v, 20 + v);
        row->unit = row->commit = name;
        if (v == JUDGE_VERDICT_WORSE) row->good_commit = row->bad_commit = name;
        if (v == JUDGE_VERDICT_FLAT_OK) row->before = 3; /* open */
    }
    add_row(judgement, "tame", JUDGE_VERDICT_OK, 10);
    struct judge_notes notes = {.texts = {"fine", name}, .count = 2};
    struct ci_context context = {.status = STATUS_REGRESSION,
                                 .project = name,
                                 .testbed = name,
                                 .commit = name,
                                 .notes = &notes};
    assert_int_equal(ci_verdict_make(judgement, NULL, JUDGE_FIRST_COUNTS, &context, out), 0);
}

/* -- what is asserted -------------------------------------------------------------------------- */

static void XMLCALL count_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    *(size_t *)context += strcmp(name, "testcase") == 0 || strcmp(name, "svg") == 0;
}

/* Parses, and has so many test cases or pictures. */
static void assert_xml(const char *text, size_t count)
{
    XML_Parser parser = XML_ParserCreate("UTF-8");
    size_t found = 0;
    XML_SetUserData(parser, &found);
    XML_SetStartElementHandler(parser, count_element);
    if (XML_Parse(parser, text, (int)strlen(text), 1) != XML_STATUS_OK)
        fail_msg("%s in line %lu of: %s", XML_ErrorString(XML_GetErrorCode(parser)),
                 XML_GetCurrentLineNumber(parser), text);
    assert_int_equal(found, count);
    XML_ParserFree(parser);
}

static json_t *assert_json(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) fail_msg("%s: %s", error.text, text);
    return root;
}

/* The tags and the cells that are ours, and no other. */
static void assert_markdown(const char *text)
{
    static const char *const tags[] = {
        "<details>", "</details>", "<summary>", "</summary>",
        "<code>",    "</code>",    "<br>",      "<!-- pace:verdict "};
    size_t open = 0, columns = 0;
    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<')) {
        size_t i = 0;
        while (i < COUNT(tags) && strncmp(at, tags[i], strlen(tags[i])) != 0)
            i++;
        if (i == COUNT(tags) || (i == COUNT(tags) - 1 && at != text))
            fail_msg("a tag that is not ours: %.60s", at);
        if (i == 0) open++;
        if (i == 1) assert_true(open-- > 0);
    }
    assert_int_equal(open, 0);
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        size_t bars = 0, len = strcspn(line, "\n");
        assert_int_equal(line[len], '\n');
        for (size_t i = 0; i < len; i++)
            bars += line[i] == '|';
        if (*line != '|') {
            assert_int_equal(bars, 0);
            columns = 0;
        } else if (columns == 0) {
            columns = bars;
        } else {
            assert_int_equal(bars, columns);
        }
    }
}

/* Each line a command of ours, whose parts no name can end. */
static void assert_commands(const char *text)
{
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        size_t len = strcspn(line, "\n"), marks = 0;
        if (strncmp(line, "::error ", 8) != 0 && strncmp(line, "::warning ", 10) != 0)
            fail_msg("no command of ours: %.*s", (int)len, line);
        const char *message = strstr(line + 2, "::");
        assert_non_null(message);
        for (const char *c = strchr(line, ' '); c < message; c++)
            marks += *c == ',' || *c == ':';
        assert_true(marks <= (strncmp(strchr(line, ' '), " file=", 6) == 0));
        assert_true(strncmp(message, "::was ", 6) == 0 || strncmp(message, "::is ", 5) == 0 ||
                    strncmp(message, "::and ", 6) == 0);
        assert_true(strncmp(strchr(line, ' ') + 1, "title=", 6) == 0 ||
                    strncmp(strchr(line, ' ') + 1, "file=", 5) == 0);
    }
}

static void write_hostile(const char *name)
{
    struct judgement judgement;
    struct ci_verdict verdict;
    make_hostile(&judgement, name, &verdict);
    for (size_t f = 0; f < COUNT(forms); f++) {
        char *text = written(forms[f].put, &verdict);
        assert_no_control(forms[f].name, text, "\n");
        if (forms[f].kind == FORM_XML)
            assert_xml(text, forms[f].put == ci_put_junit ? verdict.count : 1);
        if (forms[f].kind == FORM_JSON) json_decref(assert_json(text));
        if (forms[f].kind == FORM_MARKDOWN) assert_markdown(text);
        if (forms[f].kind == FORM_COMMANDS) assert_commands(text);
        free(text);
    }
    /* Back from JSON every format is the same as before, but for bytes that are no UTF-8. */
    char *json = written(ci_put_json, &verdict);
    struct ci_verdict again, once_more;
    struct pace_error error = {0};
    assert_int_equal(ci_verdict_read(json, strlen(json), &error, &again), 0);
    char *second = written(ci_put_json, &again);
    assert_int_equal(ci_verdict_read(second, strlen(second), &error, &once_more), 0);
    for (size_t f = 0; f < COUNT(forms); f++) {
        int is_utf8 = text_safe(NULL, 0, name, strlen(name)) == strlen(name);
        char *a = written(forms[f].put, is_utf8 ? &verdict : &again);
        char *b = written(forms[f].put, is_utf8 ? &again : &once_more);
        assert_string_equal(a, b);
        free(a);
        free(b);
    }
    free(json);
    free(second);
    ci_verdict_clear(&again);
    ci_verdict_clear(&once_more);
    ci_verdict_clear(&verdict);
    judge_clear(&judgement);
}

static void hostile_names(void **state)
{
    (void)state;
    each_hostile_name(write_hostile);
}

/* -- budgets ----------------------------------------------------------------------------------- */

/* Numbers behind "... and " and before " more". */
static size_t left_out(const char *text)
{
    size_t sum = 0;
    for (const char *at = text; (at = strstr(at, "... and ")) != NULL; at += 8)
        sum += strtoul(at + 8, NULL, 10);
    for (const char *at = text; (at = strstr(at, ", which this has no room for")) != NULL; at++) {
        const char *colon = at;
        while (*colon != ':')
            colon--;
        sum += strtoul(colon + 1, NULL, 10);
    }
    return sum;
}

static size_t table_rows(const char *text)
{
    size_t rows = 0;
    for (const char *at = text; (at = strstr(at, "\n| <code>")) != NULL; at++)
        rows++;
    for (const char *at = text; (at = strstr(at, "\n| `")) != NULL; at++)
        rows++;
    return rows;
}

static void a_comment_has_a_budget(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    struct judgement judgement;
    struct ci_verdict verdict;
    static char names[ROWS][220];
    judge_init(&judgement);
    for (size_t i = 0; i < ROWS; i++) {
        /* Characters that take most room, in names that differ. */
        memset(names[i], i % 2 ? '|' : '<', sizeof names[i] - 1);
        (void)snprintf(names[i], 12, "%zu", i);
        names[i][strlen(names[i])] = '&';
        add_row(&judgement, names[i], (enum judge_verdict)(i % JUDGE_VERDICT_COUNT),
                20 + (double)i);
    }
    make(&judgement, &verdict);
    char *text = written(ci_put_comment, &verdict);
    assert_true(strlen(text) <= CI_COMMENT_BYTES);
    assert_true(strlen(text) > CI_COMMENT_BYTES / 2);
    assert_markdown(text);
    assert_int_equal(table_rows(text) + left_out(text), ROWS);
    free(text);
    text = written(put_big_summary, &verdict);
    assert_true(strlen(text) <= CI_SUMMARY_BYTES);
    assert_int_equal(table_rows(text) + left_out(text), ROWS);
    free(text);
    /* The worst come first, and no more are annotated than are shown. */
    text = written(ci_put_annotations, &verdict);
    size_t lines = 0;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, CI_ANNOTATIONS);
    size_t worst = ROWS - 1;
    while (worst % JUDGE_VERDICT_COUNT != JUDGE_VERDICT_WORSE)
        worst--;
    char title[64];
    (void)snprintf(title, sizeof title, "::error title=worse%%3A %zu&", worst);
    assert_memory_equal(text, title, strlen(title));
    assert_non_null(strstr(text, "::warning title=pace::and "));
    free(text);
    ci_verdict_clear(&verdict);
    judge_clear(&judgement);
}

static void sarif_has_a_limit(void **state)
{
    (void)state;
    struct judgement judgement;
    struct ci_verdict verdict;
    judge_init(&judgement);
    for (size_t i = 0; i < CI_SARIF_RESULTS + 10; i++)
        add_row(&judgement, "tests/a.py::b", JUDGE_VERDICT_WORSE, 20 + (double)i);
    make(&judgement, &verdict);
    char *text = written(ci_put_sarif, &verdict);
    json_t *root = assert_json(text);
    const json_t *run = json_array_get(json_object_get(root, "runs"), 0);
    const json_t *results = json_object_get(run, "results");
    assert_int_equal(json_array_size(results), CI_SARIF_RESULTS);
    const json_t *place =
        json_array_get(json_object_get(json_array_get(results, 0), "locations"), 0);
    place = json_object_get(json_object_get(place, "physicalLocation"), "artifactLocation");
    assert_string_equal(json_string_value(json_object_get(place, "uri")), "tests/a.py");
    json_decref(root);
    free(text);
    ci_verdict_clear(&verdict);
    judge_clear(&judgement);
}

/* -- words ------------------------------------------------------------------------------------- */

static void words_and_files(void **state)
{
    (void)state;
    static const struct {
        const char *benchmark, *file;
    } names[] = {{"tests/test_api.py::test_fun", "tests/test_api.py"},
                 {"test_api.py::T::test", "test_api.py"},
                 {"parse::json", ""},
                 {"/etc/passwd.txt::x", ""},
                 {"../up.py::x", ""},
                 {"-x.py::x", ""},
                 {"a b.py::x", ""},
                 {"tests/test.py", ""}};
    char buffer[CI_TEXT_MAX];
    for (size_t i = 0; i < COUNT(names); i++) {
        struct ci_row row = {.judged.benchmark = names[i].benchmark};
        assert_string_equal(ci_file(&row, buffer), names[i].file);
    }
    static const struct {
        enum judge_verdict verdict;
        const char *word, *title;
    } words[] = {{JUDGE_VERDICT_WORSE, "worse", "1 series is worse"},
                 {JUDGE_VERDICT_SUSPECTED, "suspected", "Nothing got worse, 1 is suspected"},
                 {JUDGE_VERDICT_BETTER, "ok", "Nothing got worse, 1 is better"},
                 {JUDGE_VERDICT_OK, "ok", "Nothing got worse"},
                 {JUDGE_VERDICT_NEW, "none", "No verdict"},
                 {JUDGE_VERDICT_GONE, "none", "No verdict"}};
    for (size_t i = 0; i < COUNT(words); i++) {
        struct judgement judgement;
        struct ci_verdict verdict;
        judge_init(&judgement);
        add_row(&judgement, "b", words[i].verdict, 20);
        make(&judgement, &verdict);
        assert_string_equal(ci_word(&verdict), words[i].word);
        assert_string_equal(ci_title(&verdict, buffer), words[i].title);
        ci_verdict_clear(&verdict);
        judge_clear(&judgement);
    }
}

/* Under --strict a suspect and an open regression fail, each for itself. */
static void strict_fails(void **state)
{
    (void)state;
    struct judgement judgement;
    struct ci_verdict verdict;
    judge_init(&judgement);
    add_row(&judgement, "a", JUDGE_VERDICT_SUSPECTED, 20);
    add_row(&judgement, "b", JUDGE_VERDICT_OK, 20)->before = 10;
    add_row(&judgement, "c", JUDGE_VERDICT_OK, 10);
    make(&judgement, &verdict);
    assert_int_equal(verdict.parts[CI_FAILS], 0);
    assert_int_equal(verdict.parts[CI_OPEN], 1);
    ci_verdict_clear(&verdict);
    struct ci_context context = {.status = STATUS_REGRESSION, .strict = 1};
    assert_int_equal(ci_verdict_make(&judgement, NULL, JUDGE_FIRST_COUNTS, &context, &verdict), 0);
    assert_int_equal(verdict.parts[CI_FAILS], 2);
    assert_int_not_equal(verdict.rows[0].incident, verdict.rows[1].incident);
    ci_verdict_clear(&verdict);
    judge_clear(&judgement);
}

/* -- reading what a stranger wrote ------------------------------------------------------------- */

/* A document with one row, one member of which is replaced; NULL removes it. */
static char *document(const char *member, const char *value, int in_row)
{
    struct judgement judgement;
    struct ci_verdict verdict;
    judge_init(&judgement);
    add_row(&judgement, "b", JUDGE_VERDICT_WORSE, 20);
    make(&judgement, &verdict);
    char *text = written(ci_put_json, &verdict);
    json_t *root = assert_json(text);
    json_t *object = in_row ? json_array_get(json_object_get(root, "rows"), 0) : root;
    free(text);
    if (member != NULL && value == NULL) json_object_del(object, member);
    if (value != NULL) {
        json_t *other = json_loads(value, JSON_DECODE_ANY, NULL);
        assert_non_null(other);
        json_object_set_new(object, member, other);
    }
    text = json_dumps(root, 0);
    json_decref(root);
    ci_verdict_clear(&verdict);
    judge_clear(&judgement);
    return text;
}

static void refused(const char *text, size_t len, const char *message)
{
    struct pace_error error = {0};
    struct ci_verdict verdict;
    assert_int_not_equal(ci_verdict_read(text, len, &error, &verdict), 0);
    if (strstr(error.message, message) == NULL)
        fail_msg("'%s' has no '%s'", error.message, message);
    assert_no_control("message", error.message, "");
    ci_verdict_clear(&verdict);
}

static void every_member_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *member, *value;
        int in_row;
        const char *message;
    } wrong[] = {
        {"schema", "\"pace.verdict/2\"", 0, "schema: must be"},
        {"schema", NULL, 0, "schema: must be"},
        {"status", "-1", 0, "status: must be a whole number"},
        {"status", "1e3", 0, "status: must be a whole number"},
        {"status", "999", 0, "status: must be an exit status"},
        {"reason", "\"::error::x\"", 0, "reason: is no word"},
        {"project", "7", 0, "project: must be a text"},
        {"rows", "{}", 0, "rows: must be a list"},
        {"rows", "[7]", 0, "rows[0].*: must be an object"},
        {"benchmark", "null", 1, "rows[0].benchmark: must be a text"},
        {"value", "\"NaN\"", 1, "rows[0].value: must be a finite number"},
        {"p", "1.5", 1, "rows[0].p: must be from 0 to 1"},
        {"q", "-0.1", 1, "rows[0].q: must be from 0 to 1"},
        {"run", "-3", 1, "rows[0].run: must be a whole number"},
        {"time", "\"yesterday\"", 1, "rows[0].time: must be a time"},
        {"verdict", "\"great\"", 1, "rows[0].verdict: is no word"},
        {"verdict", "\"ok\"", 1, "rows[0].fails: is true where"},
        {"fails", "1", 1, "rows[0].fails: must be true or false"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char *text = document(wrong[i].member, wrong[i].value, wrong[i].in_row);
        refused(text, strlen(text), wrong[i].message);
        free(text);
    }
    /* None may be absent. */
    static const char *const members[] = {
#define CI_FIELD(kind, name, member) name,
#include "../../tools/ci_row.def"
#undef CI_FIELD
    };
    for (size_t i = 0; i < COUNT(members); i++) {
        char *text = document(members[i], NULL, 1);
        refused(text, strlen(text), members[i]);
        free(text);
    }
    /* What is new may be. */
    struct pace_error error = {0};
    struct ci_verdict verdict;
    char *text = document("colour", "[1,{\"a\":null}]", 1);
    assert_int_equal(ci_verdict_read(text, strlen(text), &error, &verdict), 0);
    assert_int_equal(verdict.parts[CI_FAILS], 1);
    ci_verdict_clear(&verdict);
    free(text);
}

static void limits_of_reading(void **state)
{
    (void)state;
    char *text = document("benchmark", NULL, 1), *name = malloc(PACE_MAX_NAME + 64);
    free(text);
    for (size_t len = PACE_MAX_NAME; len <= PACE_MAX_NAME + 1; len++) {
        struct pace_error error = {0};
        struct ci_verdict verdict;
        name[0] = '"';
        memset(name + 1, 'n', len);
        strcpy(name + 1 + len, "\"");
        text = document("benchmark", name, 1);
        int code = ci_verdict_read(text, strlen(text), &error, &verdict);
        assert_int_equal(code, len > PACE_MAX_NAME ? PACE_EVALUE : 0);
        ci_verdict_clear(&verdict);
        free(text);
    }
    free(name);
    /* Rows and values are counted before they cost much. */
    size_t len = 2 * (size_t)CI_MAX_VALUES + 64;
    text = malloc(len + 1);
    memset(text, '[', CI_MAX_VALUES + 1);
    refused(text, CI_MAX_VALUES + 1, "CI_MAX_VALUES");
    size_t used = (size_t)snprintf(text, len,
                                   "{\"schema\":\"pace.verdict/1\",\"status\":0,\"project\":\"\","
                                   "\"testbed\":\"\",\"commit\":\"\",\"against\":\"\","
                                   "\"reason\":\"none\",\"rows\":[");
    for (size_t i = 0; i <= CI_MAX_ROWS; i++, used += 3)
        memcpy(text + used, "{},", 4);
    strcpy(text + used - 1, "]}");
    refused(text, used + 1, "CI_MAX_ROWS");
    refused(text, (size_t)CI_MAX_BYTES + 1, "CI_MAX_BYTES"); /* before it is looked at */
    memset(text, '[', 100000);
    refused(text, 100000, "no JSON");
    free(text);
    refused("", 0, "no JSON");
    static const char twice[] = "{\"schema\":\"pace.verdict/1\",\"schema\":1}";
    refused(twice, strlen(twice), "no JSON");
}

/* Any bytes: an error without control characters, or a verdict that every writer takes. */
static void damaged_documents(void **state)
{
    (void)state;
    struct judgement judgement;
    struct ci_verdict verdict;
    unsigned seed = 1;
    make_hostile(&judgement, "a|<b>\"c", &verdict);
    char *text = written(ci_put_json, &verdict);
    size_t len = strlen(text), readable = 0;
    for (int i = 0; i < 4000; i++) {
        struct pace_error error = {0};
        struct ci_verdict read;
        size_t at = (seed = seed * 1103515245 + 12345) / 7 % len;
        char before = text[at];
        text[at] = (char)((seed = seed * 1103515245 + 12345) >> 16);
        size_t cut = i % 4 == 0 ? at : len;
        char kept = text[cut];
        text[cut] = '\0';
        if (ci_verdict_read(text, cut, &error, &read) == 0) {
            readable++;
            for (size_t f = 0; f < COUNT(forms); f++) {
                char *out = written(forms[f].put, &read);
                assert_no_control(forms[f].name, out, "\n");
                free(out);
            }
        } else {
            assert_no_control("message", error.message, "");
        }
        ci_verdict_clear(&read);
        text[cut] = kept;
        text[at] = before;
    }
    assert_true(readable > 100);
    free(text);
    ci_verdict_clear(&verdict);
    judge_clear(&judgement);
}

/* What is not nothing is not rounded to it. */
static void test_delta_text(void **state)
{
    (void)state;
    static const struct {
        double delta;
        const char *text;
    } rows[] = {{0.031, "+3.1 %"},      {6.14, "+614 %"},        {80, "81 times that"},
                {-0.5, "-50 %"},        {-0.994, "-99 %"},       {-0.997, "-99.7 %"},
                {-0.9996, "-99.96 %"},  {-0.99999, "-99.999 %"}, {-1, "-100 %"},
                {(double)NAN, "from 0"}};
    char text[UNIT_TEXT_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(delta_text(text, rows[i].delta), rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta_text),         cmocka_unit_test(hostile_names),
        cmocka_unit_test(a_comment_has_a_budget),  cmocka_unit_test(sarif_has_a_limit),
        cmocka_unit_test(words_and_files),         cmocka_unit_test(strict_fails),
        cmocka_unit_test(every_member_is_checked), cmocka_unit_test(limits_of_reading),
        cmocka_unit_test(damaged_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
