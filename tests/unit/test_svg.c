/* test_svg.c -- contract tests of `as svg`: a document that any XML parser reads, that harms
 * nobody, and that shows what the rows hold. Hostile names: test_format_safe.c; to the byte:
 * lang/svg.txt. */
#include "format_rows.h"
#include "xml_check.h"

#include <stdbool.h>
#include <stdio.h>

enum { POINTS = 30 };

static const char *names[POINTS * 3];
static double values[POINTS * 3], bases[POINTS * 3], spreads[POINTS * 3], limits[POINTS * 3];
static int64_t times[POINTS * 3];
static const char *commits[POINTS * 3], *verdicts[POINTS * 3], *bad_commits[POINTS * 3];
static double before[POINTS * 3];

/* Three series; the second gets worse at point 20, which is confirmed a point later. */
static void fill(void)
{
    static char texts[POINTS][16];
    static const char *const series[] = {"alpha", "beta", "gamma"};
    for (size_t i = 0; i < POINTS; i++)
        snprintf(texts[i], sizeof texts[i], "c%02zu", i);
    for (size_t i = 0; i < (size_t)POINTS * 3; i++) {
        size_t which = i / POINTS, at = i % POINTS;
        bool slow = which == 1 && at >= 20;
        names[i] = series[which];
        values[i] = (slow ? 130 : 100) + (double)(at * 7 % 5);
        bases[i] = slow && at > 21 ? 132 : 102;
        spreads[i] = 2;
        limits[i] = bases[i] * 1.1;
        times[i] = T0 + (int64_t)at * 86400 * SECOND;
        commits[i] = texts[at];
        verdicts[i] = !slow ? "ok" : at == 20 ? "suspected" : at == 21 ? "worse" : "ok";
        bad_commits[i] = slow ? texts[20] : NULL;
        before[i] = slow && at > 21 ? 102 : NONE;
    }
}

static const struct pace_field fields[] = {
    {.name = "benchmark", .type = PACE_FIELD_TEXT, .text = names},
    {.name = "time", .type = PACE_FIELD_TIME, .time_ns = times},
    {.name = "commit", .type = PACE_FIELD_TEXT, .text = commits},
    {.name = "value", .type = PACE_FIELD_NUMBER, .number = values, .unit = "ms"},
    {.name = "base", .type = PACE_FIELD_NUMBER, .number = bases, .unit = "ms"},
    {.name = "spread", .type = PACE_FIELD_NUMBER, .number = spreads, .unit = "ms"},
    {.name = "high_limit", .type = PACE_FIELD_NUMBER, .number = limits, .unit = "ms"},
    {.name = "before", .type = PACE_FIELD_NUMBER, .number = before, .unit = "ms"},
    {.name = "bad_commit", .type = PACE_FIELD_TEXT, .text = bad_commits},
    {.name = "verdict", .type = PACE_FIELD_TEXT, .text = verdicts},
};

static char *draw(const struct pace_rows *rows, struct xml_seen *seen)
{
    struct pace_writer_options options = {.struct_size = sizeof options};
    char *document = write_steps("svg", &options, rows, 7);
    assert_svg(document, seen);
    return document;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

static void one_series(void **state)
{
    (void)state;
    fill();
    struct pace_field beta[COUNT(fields)];
    memcpy(beta, fields, sizeof fields);
    for (size_t f = 0; f < COUNT(beta); f++) {
        if (beta[f].text) beta[f].text += POINTS;
        if (beta[f].number) beta[f].number += POINTS;
        if (beta[f].time_ns) beta[f].time_ns += POINTS;
    }
    struct xml_seen seen;
    char *document = draw(ROWS(POINTS, beta), &seen);
    /* A dot a point with what it is, the marks, and the change at its commit. */
    assert_int_equal(count_of(document, "<circle class=\"dot\""), POINTS);
    assert_int_equal(count_of(document, "class=\"mark bad full"), 0);
    assert_int_equal(count_of(document, "class=\"mark full bad\""), 3); /* point, legend, list */
    assert_int_equal(count_of(document, "class=\"mark warn\""), 3);
    assert_int_equal(count_of(document, "class=\"change\""), 3);
    assert_int_equal(count_of(document, "class=\"band\" d="), 2); /* not across the restart */
    assert_non_null(strstr(seen.text, "30 points, last 13"));
    assert_non_null(strstr(seen.text, "from 102"));
    assert_non_null(strstr(seen.text, "+29.4 %"));
    assert_non_null(strstr(seen.text, "c20"));
    assert_non_null(strstr(document, "@media (prefers-color-scheme:dark)"));
    free(seen.text);
    free(document);
}

/* An accepted change is a rule; an excluded run is a sign, and the line passes it by. */
static void marks_of_a_series(void **state)
{
    (void)state;
    fill();
    uint8_t marks[POINTS] = {[10] = PACE_ROW_ACCEPTED, [15] = PACE_ROW_EXCLUDED};
    struct pace_rows rows = *ROWS(POINTS, fields);
    rows.marks = marks;
    struct xml_seen seen;
    char *document = draw(&rows, &seen);
    assert_int_equal(count_of(document, "class=\"accept\""), 3); /* chart, legend, list */
    assert_int_equal(count_of(document, "class=\"mark dim\""), 3);
    assert_int_equal(count_of(document, "<circle class=\"dot\""), POINTS - 1);
    const char *line = strstr(document, "class=\"line\" d=\"");
    assert_non_null(line);
    line += strlen("class=\"line\" d=\"");
    size_t moves = 0, places = 0;
    for (; *line != '"'; line++) {
        moves += *line == 'M';
        places += *line == 'L';
    }
    assert_int_equal(moves, 1);
    assert_int_equal(places, POINTS - 2);
    assert_non_null(strstr(seen.text, "accepted"));
    assert_non_null(strstr(seen.text, "excluded"));
    free(seen.text);
    free(document);
}

static void small_multiples(void **state)
{
    (void)state;
    fill();
    struct xml_seen seen;
    char *document = draw(ROWS((size_t)POINTS * 3, fields), &seen);
    assert_int_equal(count_of(document, "class=\"line\" d="), 3);
    assert_int_equal(count_of(document, "class=\"mark full bad\""), 2); /* point and legend */
    assert_non_null(strstr(seen.text, "alpha"));
    assert_non_null(strstr(seen.text, "3 series"));
    free(seen.text);
    free(document);
}

/* One benchmark on three branches, without verdicts: lines of one panel, over the runs of all. */
static void lines_of_one_panel(void **state)
{
    (void)state;
    fill();
    struct pace_field branches[4];
    memcpy(branches, fields, sizeof branches);
    branches[0].name = "branch";
    struct xml_seen seen;
    char *document = draw(ROWS((size_t)POINTS * 3, branches), &seen);
    for (int s = 1; s <= 3; s++) {
        char class[32];
        snprintf(class, sizeof class, "class=\"line s%d\" d=", s);
        const char *path = strstr(document, class);
        assert_non_null(path);
        size_t places = 1;
        for (const char *at = path; *at != '>'; at++)
            places += *at == 'L';
        assert_int_equal(places, POINTS);
    }
    assert_non_null(strstr(seen.text, "3 series, 90 points"));
    assert_non_null(strstr(seen.text, "gamma"));
    free(seen.text);
    free(document);
    /* Of several benchmarks each has its panel. */
    branches[0].name = "benchmark";
    document = draw(ROWS((size_t)POINTS * 3, branches), &seen);
    assert_int_equal(count_of(document, "class=\"line\" d="), 3);
    free(seen.text);
    free(document);
}

/* Coordinates have two decimals at most, and the document does not depend on the batches. */
static void the_same_bytes(void **state)
{
    (void)state;
    fill();
    struct xml_seen seen;
    char *document = draw(ROWS((size_t)POINTS * 3, fields), &seen);
    struct pace_writer_options options = {
        .struct_size = sizeof options, .width = 200, .ascii = 1, .color = 1, .now_ns = T0};
    char *again = write_steps("svg", &options, ROWS((size_t)POINTS * 3, fields), 1024);
    assert_string_equal(document, again);
    for (const char *at = strstr(document, "<path"); *at; at++) {
        if (*at != '.' || at[1] < '0' || at[1] > '9') continue;
        size_t digits = strspn(at + 1, "0123456789");
        assert_in_range(digits, 1, 2);
        at += digits;
    }
    free(again);
    free(seen.text);
    free(document);
}

/* A long series is drawn by the extremes of each pixel: its size does not follow its length. */
static void long_series(void **state)
{
    (void)state;
    enum { LONG = 50000 };
    double *numbers = malloc(LONG * sizeof *numbers);
    int64_t *instants = malloc(LONG * sizeof *instants);
    assert_non_null(numbers);
    assert_non_null(instants);
    for (size_t i = 0; i < LONG; i++) {
        numbers[i] = 10 + (double)(i * 7919 % 100) / 100;
        instants[i] = T0 + (int64_t)i * SECOND;
    }
    numbers[LONG / 3] = 20; /* one peak, which must be seen */
    const struct pace_field series[] = {
        {.name = "time", .type = PACE_FIELD_TIME, .time_ns = instants},
        {.name = "value", .type = PACE_FIELD_NUMBER, .number = numbers, .unit = "ns"}};
    struct xml_seen seen;
    char *document = draw(ROWS(LONG, series), &seen);
    assert_in_range(strlen(document), 10000, 100000);
    const char *line = strstr(document, "class=\"line\" d=");
    assert_non_null(line);
    double highest = 1e9;
    for (const char *at = line; *at && *at != '>'; at++) {
        double x, y;
        if ((*at == 'L' || *at == 'M') && sscanf(at + 1, "%lf %lf", &x, &y) == 2 && y < highest)
            highest = y;
    }
    assert_true(highest < 130); /* pixels from the top: the peak */
    free(numbers);
    free(instants);
    free(seen.text);
    free(document);
}

static void nothing_to_draw(void **state)
{
    (void)state;
    struct xml_seen seen;
    const struct pace_field words[] = {TEXT("benchmark", "a")};
    char *document = draw(ROWS(0, words), &seen);
    assert_non_null(strstr(seen.text, "no rows"));
    free(seen.text);
    free(document);
    document = draw(ROWS(1, words), &seen);
    assert_non_null(strstr(seen.text, "nothing to plot"));
    free(seen.text);
    free(document);
}

static void more_series_than_panels(void **state)
{
    (void)state;
    enum { SERIES = 100 };
    static char texts[SERIES][8];
    const char *cells[SERIES * 2], *words[SERIES * 2];
    double numbers[SERIES * 2];
    int64_t instants[SERIES * 2];
    for (size_t i = 0; i < (size_t)SERIES * 2; i++) {
        snprintf(texts[i / 2], sizeof texts[0], "s%zu", i / 2);
        cells[i] = texts[i / 2];
        numbers[i] = (double)i;
        instants[i] = T0 + (int64_t)(i % 2) * SECOND;
        words[i] = i == (size_t)SERIES * 2 - 1 ? "worse" : "ok";
    }
    const struct pace_field many[] = {
        {.name = "benchmark", .type = PACE_FIELD_TEXT, .text = cells},
        {.name = "time", .type = PACE_FIELD_TIME, .time_ns = instants},
        {.name = "value", .type = PACE_FIELD_NUMBER, .number = numbers, .unit = "ns"},
        {.name = "verdict", .type = PACE_FIELD_TEXT, .text = words},
    };
    struct xml_seen seen;
    char *document = draw(ROWS((size_t)SERIES * 2, many), &seen);
    assert_int_equal(count_of(document, "class=\"line\" d="), 60);
    assert_non_null(strstr(seen.text, "100 series"));
    assert_non_null(strstr(document, ">s99<")); /* the one that got worse is not left out */
    assert_null(strstr(document, ">s98<"));
    free(seen.text);
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_series),      cmocka_unit_test(marks_of_a_series),
        cmocka_unit_test(small_multiples), cmocka_unit_test(lines_of_one_panel),
        cmocka_unit_test(the_same_bytes),  cmocka_unit_test(long_series),
        cmocka_unit_test(nothing_to_draw), cmocka_unit_test(more_series_than_panels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
