/* test_report.c -- the data of a report: read back from the page by a decoder of its own, it is
 * what the query language answers; and no name gets out of its place. */
#include "../../query/text.h"
#include "../../tools/report.h"
#include "query_help.h"
#include "store_help.h"

#include <float.h>
#include <jansson.h>
#include <zlib.h>

/* -- a page, taken apart ----------------------------------------------------------------------- */

struct page {
    char *text;
    size_t len;
    json_t *data;
};

/* What stands in the element that begins with `open`, which must be there once. */
static char *element(const struct page *page, const char *open, const char *close)
{
    const char *start = strstr(page->text, open);
    if (start == NULL) fail_msg("no %s", open);
    start += strlen(open);
    const char *end = strstr(start, close);
    assert_non_null(end);
    return strndup(start, (size_t)(end - start));
}

static unsigned sextet(char c)
{
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(digits, c);
    assert_true(c != '\0' && at != NULL);
    return (unsigned)(at - digits);
}

static uint8_t *from_base64(const char *text, size_t *len)
{
    size_t size = strlen(text);
    uint8_t *out = malloc(size + 3);
    assert_non_null(out);
    assert_int_equal(size % 4, 0);
    *len = 0;
    for (size_t i = 0; i < size; i += 4) {
        unsigned bits = sextet(text[i]) << 18 | sextet(text[i + 1]) << 12;
        int count = text[i + 2] == '=' ? 1 : text[i + 3] == '=' ? 2 : 3;
        if (count > 1) bits |= sextet(text[i + 2]) << 6;
        if (count > 2) bits |= sextet(text[i + 3]);
        for (int k = 0; k < count; k++)
            out[(*len)++] = (uint8_t)(bits >> (16 - 8 * k));
    }
    return out;
}

/* The bytes of a chunk. */
static uint8_t *chunk_bytes(const struct page *page, size_t number, size_t *len)
{
    char open[64];
    snprintf(open, sizeof open, "<script type=\"text/plain\" id=\"c%zu\">", number);
    char *text = element(page, open, "</script>");
    size_t packed_len;
    uint8_t *packed = from_base64(text, &packed_len), *out = malloc(1 << 22);
    uLongf size = 1 << 22;
    assert_non_null(out);
    assert_int_equal(uncompress(out, &size, packed, packed_len), Z_OK);
    free(text);
    free(packed);
    *len = size;
    return out;
}

static struct page page_make(pace *store, const char *selector)
{
    struct page page = {0};
    struct report report = {.store = store, .selector = selector, .now_ns = T0_NS * 2};
    FILE *out = open_memstream(&page.text, &page.len);
    assert_non_null(out);
    assert_int_equal(report_open(&report), 0);
    assert_int_equal(report_read(&report), 0);
    assert_int_equal(report_write(&report, out), 0);
    report_close(&report);
    fclose(out);
    char *json = element(&page, "<script type=\"application/json\" id=\"report\">", "</script>");
    json_error_t error;
    page.data = json_loads(json, JSON_REJECT_DUPLICATES, &error);
    if (page.data == NULL) fail_msg("%s", error.text);
    free(json);
    return page;
}

static void page_free(struct page *page)
{
    json_decref(page->data);
    free(page->text);
}

/* -- columns, read back ------------------------------------------------------------------------ */

struct cursor {
    const uint8_t *at;
};

static uint64_t read_varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *cursor->at++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return value;
    }
}

static int64_t read_signed(struct cursor *cursor)
{
    uint64_t value = read_varint(cursor);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

struct points {
    double step, value[2048], limit[3][2048];
    uint64_t run[2048];
    uint8_t flags[2048];
};

static void read_column(struct cursor *cursor, struct points *points, size_t count, int limits,
                        double *out)
{
    int from_first = *cursor->at++, begun = 0;
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = NAN;
        if (limits ? points->flags[i] >> POINT_VERDICT == 0 : (points->flags[i] & 3) != 0) continue;
        int64_t code = (int8_t)*cursor->at++;
        if (code == -127) continue;
        if (code == -128) code = read_signed(cursor);
        out[i] = (double)(before + code) * points->step;
        if (!from_first || !begun) before += code;
        begun = 1;
    }
}

static void read_points(const uint8_t *bytes, size_t count, struct points *points)
{
    struct cursor cursor = {bytes + sizeof(double)};
    uint64_t run = 0;
    assert_true(count <= 2048);
    memcpy(&points->step, bytes, sizeof(double));
    for (size_t i = 0; i < count; i++)
        points->run[i] = run += (uint64_t)read_signed(&cursor);
    memcpy(points->flags, cursor.at, count);
    cursor.at += count;
    read_column(&cursor, points, count, 0, points->value);
    for (size_t k = 0; k < 3; k++)
        read_column(&cursor, points, count, 1, points->limit[k]);
}

/* -- packing ----------------------------------------------------------------------------------- */

enum { COUNT = 1000 };

struct made {
    uint64_t run[COUNT];
    uint8_t flags[COUNT];
    double value[COUNT], base[COUNT], low[COUNT], high[COUNT];
};

static double chance(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* Packs and reads back; returns the largest difference in steps. */
static double round_trip(const struct made *made, double share, double *step)
{
    static struct points points;
    struct bytes out = {0};
    double worst = 0;
    pack_points(&out,
                &(struct report_points){.count = COUNT,
                                        .run = made->run,
                                        .flags = made->flags,
                                        .value = made->value,
                                        .base = made->base,
                                        .low = made->low,
                                        .high = made->high},
                share);
    assert_false(out.failed);
    read_points(out.data, COUNT, &points);
    for (size_t i = 0; i < COUNT; i++) {
        const double *limits[] = {made->base, made->low, made->high};
        assert_int_equal(points.run[i], made->run[i]);
        assert_int_equal(points.flags[i], made->flags[i]);
        if ((made->flags[i] & 3) == 0)
            worst = fmax(worst, fabs(points.value[i] - made->value[i]) / points.step);
        for (size_t k = 0; k < 3; k++) {
            if (made->flags[i] >> POINT_VERDICT == 0) continue;
            assert_int_equal(isnan(points.limit[k][i]), isnan(limits[k][i]));
            if (!isnan(limits[k][i]))
                worst = fmax(worst, fabs(points.limit[k][i] - limits[k][i]) / points.step);
        }
    }
    *step = points.step;
    bytes_free(&out);
    return worst;
}

static void test_packing(void **state)
{
    (void)state;
    static struct made made;
    uint64_t seed = 7;
    const double sizes[] = {1e-9, 1, 12345, 1e15};
    for (size_t s = 0; s < 4; s++) {
        double noise = sizes[s] * 0.02, step;
        for (size_t i = 0; i < COUNT; i++) {
            made.run[i] = i * 20 + (i == 500 ? 7 : 3);
            made.flags[i] = (uint8_t)((i % 97 == 0 ? 1 : 0) | (i % 50 == 1 ? POINT_EXCLUDED : 0) |
                                      (i > 900 ? 2 << POINT_VERDICT : 0));
            double level = sizes[s] * (i < 400 ? 1 : 3);
            made.value[i] =
                i % 97 == 0 ? (double)NAN : level + noise * (chance(&seed) + chance(&seed) - 1);
            if (i == 700) made.value[i] = -40 * sizes[s]; /* a wild point */
            made.base[i] = level;
            made.low[i] = (double)NAN;
            made.high[i] = level * 1.05 + noise * (double)i;
        }
        double worst = round_trip(&made, 64, &step);
        assert_true(worst <= 0.5 + 1e-6);
        assert_true(step <= noise / 64 && step >= noise / 64 / 20);
    }
}

/* Whole numbers and decimals as a harness printed them come back as they were. */
static void test_exact(void **state)
{
    (void)state;
    static struct made made;
    uint64_t seed = 9;
    const double units[] = {1, 0.01, 0.001};
    for (size_t u = 0; u < 3; u++) {
        double step;
        for (size_t i = 0; i < COUNT; i++) {
            made.run[i] = i + 1;
            made.flags[i] = 0;
            made.value[i] = (floor(40 * chance(&seed)) + 5000) * units[u];
        }
        assert_true(round_trip(&made, 64, &step) < 1e-6);
    }
    for (size_t i = 0; i < COUNT; i++) /* no noise at all, and nothing but zero */
        made.value[i] = 42;
    double step;
    assert_true(round_trip(&made, 12, &step) < 1e-6);
    memset(made.value, 0, sizeof made.value);
    assert_true(round_trip(&made, 12, &step) < 1e-6);
}

/* -- names ------------------------------------------------------------------------------------- */

static void assert_json_text(const char *text, const char *expected)
{
    struct bytes out = {0};
    json_text(&out, text);
    bytes_put(&out, "", 1);
    assert_false(out.failed);
    const char *made = (const char *)out.data;
    assert_null(strpbrk(made, "<>&"));
    for (size_t at = 0, len = strlen(made); at < len;) {
        uint32_t code;
        at += text_decode(made + at, len - at, &code);
        assert_true(code != TEXT_INVALID && !text_is_control(code));
    }
    json_t *value = json_loads(made, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_string_equal(json_string_value(value), expected);
    json_decref(value);
    bytes_free(&out);
}

static void test_text(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char text[] = {'a', (char)byte, 'b', '\0'};
        assert_json_text(text, byte < 128 ? text
                                          : "a\xef\xbf\xbd"
                                            "b");
    }
    assert_json_text("</script><!--", "</script><!--");
    assert_json_text("\xe2\x80\xae right\xe2\x80\xa8", "\xe2\x80\xae right\xe2\x80\xa8");
    assert_json_text("\xf3\xa0\x81\x81 tag", "\xf3\xa0\x81\x81 tag");
    assert_json_text("", "");
}

static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

static const char *const HOSTILE[] = {
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"'`&lt;&amp;\\",
    "a\xe2\x80\xae"
    "b\xef\xbf\xbd",
    "=cmd|'/c calc'!A0, //x//y",
};

static void test_hostile_names(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *store;
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    size_t stored = 0;
    for (size_t i = 0; i < sizeof HOSTILE / sizeof HOSTILE[0]; i++) {
        struct pace_run_info info = run_at(T0_NS + (int64_t)i * SECOND_NS);
        struct pace_cell cell = cell_of(HOSTILE[i], 5);
        pace_run *run;
        info.branch = info.project = info.testbed = info.commit = HOSTILE[i];
        /* Some are no names at all. */
        if (pace_run_begin(store, &info, NULL, &run) != 0) continue;
        store_ok(pace_run_put(run, &cell, error));
        store_ok(pace_runs_commit(store, &run, 1, error, NULL));
        pace_run_free(run);
        stored++;
    }
    assert_true(stored >= 4);
    store_value(store,
                &(struct pace_run_info){
                    .project = "app", .branch = "main", .testbed = "ci", .time_ns = T0_NS},
                "plain", 5);
    struct page hostile = page_make(store, "project:*"), plain = page_make(store, "project:app");
    assert_int_equal(json_array_size(json_object_get(hostile.data, "series")), stored + 1);
    /* As many elements as a page without them has, and the names only as data. */
    assert_int_equal(times(hostile.text, "<script"), times(plain.text, "<script"));
    assert_int_equal(times(hostile.text, "</script"), times(plain.text, "</script"));
    assert_int_equal(times(hostile.text, "<!--"), 0);
    page_free(&hostile);
    page_free(&plain);
    pace_close(store);
    remove_tree(path);
}

/* -- the policy -------------------------------------------------------------------------------- */

/* The digest of a text by another program, as hexadecimal digits. */
static void digest_elsewhere(const char *text, char out[65])
{
    char *directory = make_directory(), file[4200], command[4300];
    snprintf(file, sizeof file, "%s/text", directory);
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    assert_int_equal(fwrite(text, 1, strlen(text), to), strlen(text));
    fclose(to);
    snprintf(command, sizeof command, "sha256sum '%s'", file);
    FILE *from = popen(command, "r"); /* NOLINT: a fixed command on a file of our own */
    assert_non_null(from);
    assert_int_equal(fread(out, 1, 64, from), 64);
    out[64] = '\0';
    pclose(from);
    remove_tree(directory);
}

static void assert_hash(const struct page *page, const char *text)
{
    char hex[65], expected[80] = "'sha256-";
    struct bytes base64 = {0};
    uint8_t digest[32];
    digest_elsewhere(text, hex);
    for (size_t i = 0; i < 32; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        digest[i] = (uint8_t)byte;
    }
    pack_base64(&base64, digest, 32);
    strncat(expected, (const char *)base64.data, base64.len);
    strcat(expected, "'");
    bytes_free(&base64);
    char *policy = element(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    if (strstr(policy, expected) == NULL) fail_msg("%s is not in %s", expected, policy);
    assert_ptr_equal(strstr(policy, "default-src 'none'"), policy);
    assert_null(strstr(policy, "unsafe"));
    free(policy);
}

static void test_policy(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *store;
    struct pace_run_info info = run_at(T0_NS);
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    store_value(store, &info, "plain", 5);
    struct page page = page_make(store, "project:*");
    char *style = element(&page, "<style>", "</style>");
    char *script = element(&page, "<script>", "</script>");
    assert_hash(&page, style);
    assert_hash(&page, script);
    free(script);
    const char *second = strstr(strstr(page.text, "<script>") + 1, "<script>");
    assert_non_null(second);
    struct page rest = {.text = (char *)(size_t)second};
    script = element(&rest, "<script>", "</script>");
    assert_hash(&page, script);
    assert_null(strstr(second + strlen(script) + 20, "<script>"));
    /* Nothing is loaded from anywhere. */
    assert_null(strstr(page.text, " src="));
    assert_null(strstr(page.text, "<link"));
    assert_null(strstr(page.text, "url("));
    free(style);
    free(script);
    page_free(&page);
    pace_close(store);
    remove_tree(path);
}

/* -- the same as the query language ------------------------------------------------------------ */

enum { RUNS = 90, SERIES = 3 };

/* A step, a quiet series, and one that fails now and then; a branch from run 60 on; a mark of each
 * kind. */
static pace *history_make(const char *path)
{
    pace *store;
    pace_session *session;
    uint64_t seed = 11;
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    for (int r = 0; r < RUNS + 6; r++) {
        struct pace_run_info info = run_at(T0_NS + r * 3600 * SECOND_NS);
        char commit[41];
        snprintf(commit, sizeof commit, "%040x", r + 1);
        info.commit = commit;
        if (r >= RUNS) {
            info.branch = "pr/1";
            info.start_branch = "main";
            info.start_commit = "000000000000000000000000000000000000003d"; /* of run 61 */
        }
        pace_run *run;
        store_ok(pace_run_begin(store, &info, error, &run));
        for (int s = 0; s < SERIES; s++) {
            char name[16];
            snprintf(name, sizeof name, "b%d", s);
            double noise = 2 * (chance(&seed) + chance(&seed) - 1);
            struct pace_cell cell = cell_of(name, 100 + noise + (s == 0 && r >= 80 ? 30 : 0));
            cell.direction = PACE_LOWER_IS_BETTER;
            if (s == 2 && r % 17 == 5) cell.status = PACE_CELL_FAILED;
            if (s == 1 && r == 30) cell.value = 900; /* excluded below */
            store_ok(pace_run_put(run, &cell, error));
        }
        store_ok(pace_runs_commit(store, &run, 1, error, NULL));
        pace_run_free(run);
    }
    session = query_session(store, 0);
    query_run(session, "mark exclude run:31 \"the disk was full\"", NULL, NULL);
    query_run(session, "mark accept benchmark:b2 branch:main at 2023-11-16 \"<b>meant</b>\"", NULL,
              NULL);
    pace_session_close(session);
    return store;
}

/* The columns of a table of the page, without `time`, as CSV of the same form as the query's. */
static void assert_rows(pace *store, const struct page *page, const char *table, const char *query)
{
    pace_session *session = query_session(store, 0);
    const json_t *rows = json_object_get(json_object_get(page->data, table), "rows");
    const json_t *columns = json_object_get(json_object_get(page->data, table), "columns");
    const json_t *commits = json_object_get(json_object_get(page->data, table), "commits");
    const json_t *series = json_object_get(page->data, "series");
    struct pace_error error = {0};
    pace_query *asked;
    size_t row = 0;
    assert_int_equal(pace_prepare(session, query, strlen(query), &error, &asked), 0);
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *batch;
    while (step != PACE_STEP_END) {
        assert_int_equal(pace_step(asked, &error, &step, &batch), 0);
        for (size_t i = 0; step == PACE_STEP_ROWS && i < batch->count; i++, row++) {
            const json_t *made = json_array_get(rows, row);
            assert_non_null(made);
            for (size_t c = 1; c < json_array_size(columns); c++) {
                const char *name = json_string_value(json_array_get(columns, c));
                const json_t *cell = json_array_get(made, c);
                const struct pace_field *field = NULL;
                if (strstr(name, "commit") != NULL && !json_is_null(cell))
                    cell = json_array_get(commits, (size_t)json_integer_value(cell));
                for (size_t f = 0; f < batch->field_count; f++)
                    if (strcmp(batch->fields[f].name, name) == 0) field = &batch->fields[f];
                if (field == NULL) fail_msg("the query has no column %s", name);
                if (field->missing != NULL && field->missing[i])
                    assert_true(json_is_null(cell));
                else if (field->type == PACE_FIELD_TEXT)
                    assert_string_equal(json_string_value(cell), field->text[i]);
                else if (field->type == PACE_FIELD_NUMBER)
                    assert_true(json_number_value(cell) == field->number[i]);
                else if (field->type == PACE_FIELD_TIME)
                    assert_true(json_number_value(cell) == (double)(field->time_ns[i] / 1000000));
                else
                    assert_int_equal(json_is_true(cell), field->flag[i]);
            }
            assert_true((size_t)json_integer_value(json_array_get(made, 0)) <
                        json_array_size(series));
        }
    }
    assert_int_equal(row, json_array_size(rows));
    assert_true(row > 0);
    pace_query_free(asked);
    pace_session_close(session);
}

/* Every point of one series of the page, beside the rows of `QUERY | check`. */
static void assert_points(pace *store, const struct page *page, size_t index, const char *query)
{
    static struct points points;
    pace_session *session = query_session(store, 0);
    const json_t *one = json_array_get(json_object_get(page->data, "series"), index);
    size_t count = (size_t)json_integer_value(json_array_get(one, 4)), len, at = 0;
    size_t offset = (size_t)json_integer_value(json_array_get(one, 6));
    uint8_t *bytes = chunk_bytes(page, (size_t)json_integer_value(json_array_get(one, 5)), &len);
    assert_true(offset < len);
    read_points(bytes + offset, count, &points);
    char *csv = NULL;
    query_run(session, query, &csv, NULL);
    char *line = strchr(csv, '\n') + 1;
    for (; *line != '\0'; line = strchr(line, '\n') + 1, at++) {
        unsigned long long run;
        double value = NAN;
        char *end;
        run = strtoull(line, &end, 10);
        while (at < count && points.run[at] != run) /* only what is excluded is not in the rows */
            assert_true((points.flags[at++] & POINT_EXCLUDED) != 0);
        assert_true(at < count);
        if (end[1] != ',')
            value = strtod(end + 1, &end);
        else
            end++;
        assert_int_equal(isnan(value), (points.flags[at] & 3) != 0);
        if (!isnan(value)) assert_true(fabs(value - points.value[at]) <= points.step * 0.51);
        char verdict[32];
        assert_int_equal(
            sscanf(strrchr(strndupa(line, (size_t)(strchr(line, '\n') - line)), ',') + 1,
                   "%31[^\r\n]", verdict),
            1);
        size_t number = points.flags[at] >> POINT_VERDICT;
        assert_true(number > 0);
        const json_t *name =
            json_array_get(json_array_get(json_object_get(page->data, "verdicts"), number - 1), 0);
        assert_string_equal(json_string_value(name), verdict);
        double high = *++end != ',' ? strtod(end, NULL) : (double)NAN;
        assert_int_equal(isnan(high), isnan(points.limit[2][at]));
        if (!isnan(high)) assert_true(fabs(high - points.limit[2][at]) <= points.step * 0.51);
    }
    assert_int_equal(at, count);
    free(csv);
    free(bytes);
    pace_session_close(session);
}

static void test_same_as_queries(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *store = history_make(path);
    struct page page = page_make(store, "project:app");
    assert_rows(store, &page, "check", "project:app | check | last run");
    assert_rows(store, &page, "changes", "project:app | changes");
    const json_t *series = json_object_get(page.data, "series");
    assert_int_equal(json_array_size(series), 2 * SERIES);
    for (size_t i = 0; i < SERIES; i++) {
        char query[200];
        snprintf(query, sizeof query,
                 "branch:main benchmark:b%zu | check | keep run, value, high_limit, verdict", i);
        assert_points(store, &page, i, query);
    }
    /* The excluded point is there, as one. */
    static struct points points;
    size_t len;
    const json_t *one = json_array_get(series, 1);
    uint8_t *bytes = chunk_bytes(&page, 2, &len);
    read_points(bytes + json_integer_value(json_array_get(one, 6)), RUNS, &points);
    assert_int_equal(points.run[30], 31);
    assert_int_equal(points.flags[30], POINT_EXCLUDED);
    assert_true(fabs(points.value[30] - 900) <= points.step);
    free(bytes);
    /* Where the branch began, and the marks. */
    const json_t *streams = json_object_get(page.data, "streams");
    assert_int_equal(json_array_size(streams), 2);
    const json_t *branch = json_array_get(streams, 1);
    assert_string_equal(json_string_value(json_object_get(branch, "parent")), "main");
    assert_int_equal(json_integer_value(json_object_get(branch, "fork_run")), 61);
    const json_t *marks = json_object_get(page.data, "marks");
    assert_int_equal(json_array_size(marks), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(marks, 1), "note")),
                        "<b>meant</b>");
    assert_int_equal(json_array_size(json_object_get(json_array_get(marks, 1), "series")), 1);
    page_free(&page);
    pace_close(store);
    remove_tree(path);
}

/* Runs by number with times and commits. */
static void test_runs(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *store = history_make(path);
    struct page page = page_make(store, "branch:main benchmark:b0");
    size_t len, text_len;
    uint8_t *bytes = chunk_bytes(&page, 0, &len), *texts = chunk_bytes(&page, 1, &text_len);
    struct cursor cursor = {bytes};
    int64_t run = 0, time = 0, commit = 0;
    assert_int_equal(read_varint(&cursor), RUNS); /* the excluded one too */
    for (int r = 0; r < RUNS; r++) {
        char expected[48];
        run += (int64_t)read_varint(&cursor);
        time += read_signed(&cursor);
        commit += read_signed(&cursor);
        assert_int_equal(run, r + 1);
        assert_true(time == T0_NS / 1000000 + r * 3600000LL);
        snprintf(expected, sizeof expected, "%040x\n", r + 1);
        assert_true((size_t)commit * 41 + 41 <= text_len);
        assert_memory_equal(texts + commit * 41, expected, 41);
    }
    assert_int_equal(cursor.at - bytes, len);
    free(bytes);
    free(texts);
    page_free(&page);
    pace_close(store);
    remove_tree(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packing), cmocka_unit_test(test_exact),
        cmocka_unit_test(test_text),    cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_policy),  cmocka_unit_test(test_same_as_queries),
        cmocka_unit_test(test_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
