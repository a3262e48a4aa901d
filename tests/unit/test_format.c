/* test_format.c -- contract tests of the result writers (query/pace_query.h, "writing results"). */
#include "../../query/format.h"
#include "format_rows.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

static void expect(const char *format, unsigned width, const struct pace_rows *rows,
                   const char *expected)
{
    struct pace_writer_options options = {.struct_size = sizeof options, .width = width};
    char *text = write_steps(format, &options, rows, 1024);
    assert_string_equal(text, expected);
    free(text);
    text = write_steps(format, &options, rows, 1);
    assert_string_equal(text, expected);
    free(text);
}

/* -- results ----------------------------------------------------------------------------------- */

/* `check | last run`: one run, a verdict each. */
static const struct pace_field checked[] = {
    TEXT("project", "calendar", "calendar", "calendar", "calendar"),
    TEXT("branch", "main", "main", "main", "main"),
    TEXT("testbed", "ci-1", "ci-1", "ci-1", "ci-1"),
    TEXT("benchmark", "day[1]", "month[31]", "parse/json", "boot"),
    TEXT("measure", "latency", "latency", "latency", "latency"),
    TIMES("time", T0, T0, T0, T0),
    TEXT("commit", "4f2a1c9d0b7e4f2a1c9d0b7e4f2a1c9d0b7e4f2a",
         "4f2a1c9d0b7e4f2a1c9d0b7e4f2a1c9d0b7e4f2a", "4f2a1c9d0b7e4f2a1c9d0b7e4f2a1c9d0b7e4f2a",
         "4f2a1c9d0b7e4f2a1c9d0b7e4f2a1c9d0b7e4f2a"),
    NUMBERS("run", NULL, 118, 118, 118, 118),
    NUMBERS("value", "ns", 12.5e6, 15.375e6, 8.8e6, NONE),
    NUMBERS("lower_value", "ns", NONE, NONE, NONE, NONE),
    NUMBERS("upper_value", "ns", NONE, NONE, NONE, NONE),
    TEXT("unit", "ns", "ns", "ns", "ns"),
    TEXT("status", "ok", "ok", "ok", "ok"),
    NUMBERS("base", "ns", 12.4e6, 12.5e6, 9.25e6, 30.1e6),
    NUMBERS("spread", "ns", 2.5e5, 2.4e5, 2e5, 3.1e4),
    NUMBERS("low_limit", "ns", 11.9e6, 12e6, 8.8e6, 29e6),
    NUMBERS("high_limit", "ns", 13e6, 13e6, 9.7e6, 31e6),
    NUMBERS("n", NULL, 64, 64, 64, 12),
    NUMBERS("score", NULL, 0.4, 11.979, -2.25, NONE),
    NUMBERS("p", NULL, 0.3451, 2.2e-16, 0.0124, NONE),
    TEXT("verdict", "ok", "worse", "better", "gone"),
};

/* A series over time. */
static const struct pace_field history[] = {
    TEXT("branch", "main", "main", "main", "main"),
    TEXT("benchmark", "json", "json", "json", "json"),
    TIMES("time", T0, T0 + 60 * SECOND, T0 + 3600 * SECOND, T0 + 7200 * SECOND + SECOND / 2),
    TEXT("commit", "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "v1.2", "cccccccccccccccc+dirty"),
    NUMBERS("value", "B", 1000, 1024, 990, 2048),
    NUMBERS("lower_value", "B", 990, 1014, 980, 2038),
    NUMBERS("upper_value", "B", 1010, 1034, 1000, 2058),
    TEXT("status", "ok", "ok", "ok", "ok"),
    TEXT("verdict", "ok", "ok", "suspected", "worse"),
};

/* Rows without a series: what summarize gives. */
static const struct pace_field summary[] = {
    TEXT("benchmark", "parse/json", "sort", "boot"),
    NUMBERS("median(value)", "ns", 1.2e6, 3.4e5, 9.75e6),
    NUMBERS("noise", NULL, 0.0213, 0.11, NONE),
    NUMBERS("count()", NULL, 30, 30, 2),
};

static const struct pace_field changes[] = {
    TEXT("benchmark", "json", "json", "sort"),
    TIMES("time", T0, T0 + 86400 * SECOND, T0 + 2 * 86400 * SECOND),
    TEXT("commit", "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"),
    NUMBERS("before", "ns", 100, 123, 50),
    NUMBERS("after", "ns", 123, 100, 51.5),
    NUMBERS("delta", NULL, 0.23, -0.18699, 0.03),
    FLAGS("worse", 1, 0, 1),
};

static const struct pace_field long_names[] = {
    TEXT("benchmark", "tests/test_shop.py::test_price[10]", "tests/test_shop.py::test_price[100]",
         "tests/test_shop.py::test_render"),
    TIMES("time", T0, T0 + 86400 * SECOND, T0 + 2 * 86400 * SECOND),
    TEXT("commit", "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"),
    TEXT("from_commit", "9999999999999999", "8888888888888888", "7777777777777777"),
    TEXT("kind", "step", "step", "drift"),
    NUMBERS("before", "ns", 100, 123, 50),
    NUMBERS("after", "ns", 123, 100, 51.5),
    NUMBERS("p", NULL, 0.001, 0.002, 0.003),
};

/* -- table ------------------------------------------------------------------------------------- */

static void table_of_a_check(void **state)
{
    (void)state;
    expect(
        "table", 0, ROWS(4, checked),
        "calendar · main · ci-1 · latency · 2026-08-03 14:05 · 4f2a1c9d0 · run 118\n"
        "benchmark      value      base    spread  low_limit  high_limit   n  score      p  "
        "verdict\n"
        "day[1]      12.50 ms  12.40 ms  0.250 ms   11.90 ms    13.00 ms  64   0.40   0.35  ok\n"
        "month[31]   15.38 ms  12.50 ms  0.240 ms   12.00 ms    13.00 ms  64  11.98  <1e-9  worse\n"
        "parse/json   8.80 ms   9.25 ms  0.200 ms    8.80 ms     9.70 ms  64  -2.25  0.012  "
        "better\n"
        "boot         -        30.10 ms  0.031 ms   29.00 ms    31.00 ms  12   -         -  "
        "gone\n");
}

/* Columns that say least go before a name is cut to nothing; numbers are never cut. */
static void table_that_fits(void **state)
{
    (void)state;
    expect("table", 80, ROWS(4, checked),
           "calendar · main · ci-1 · latency · 2026-08-03 14:05 · 4f2a1c9d0 · run 118\n"
           "benchmark      value      base  low_limit  high_limit   n  score      p  verdict\n"
           "day[1]      12.50 ms  12.40 ms   11.90 ms    13.00 ms  64   0.40   0.35  ok\n"
           "month[31]   15.38 ms  12.50 ms   12.00 ms    13.00 ms  64  11.98  <1e-9  worse\n"
           "parse/json   8.80 ms   9.25 ms    8.80 ms     9.70 ms  64  -2.25  0.012  better\n"
           "boot         -        30.10 ms   29.00 ms    31.00 ms  12   -         -  gone\n"
           "not shown at this width: spread\n");
    expect("table", 30, ROWS(4, checked),
           "calendar · main · ci-1\n"
           "latency · 2026-08-03 14:05\n"
           "4f2a1c9d0 · run 118\n"
           "benchmark      value  verdict\n"
           "day[1]      12.50 ms  ok\n"
           "month[31]   15.38 ms  worse\n"
           "parse/json   8.80 ms  better\n"
           "boot         -        gone\n"
           "not shown at this width: base,\n"
           "  spread, low_limit,\n"
           "  high_limit, n, score, p\n");
}

/* What all names begin with is left out first, by whole parts; a history of changes keeps the
 * levels. */
static void table_of_long_names(void **state)
{
    (void)state;
    expect("table", 107, ROWS(3, long_names),
           "benchmark                       time              commit     from_commit  kind     "
           "before     after       p\n"
           "…test_shop.py::test_price[10]   2026-08-03 14:05  aaaaaaaaa  999999999    step   100.0 "
           "ns  123.0 ns  0.0010\n"
           "…test_shop.py::test_price[100]  2026-08-04 14:05  bbbbbbbbb  888888888    step   123.0 "
           "ns  100.0 ns  0.0020\n"
           "…test_shop.py::test_render      2026-08-05 14:05  ccccccccc  777777777    drift   50.0 "
           "ns   51.5 ns  0.0030\n");
    expect("table", 90, ROWS(3, long_names),
           "benchmark         time              commit     from_commit  kind     before     after\n"
           "…test_price[10]   2026-08-03 14:05  aaaaaaaaa  999999999    step   100.0 ns  123.0 ns\n"
           "…test_price[100]  2026-08-04 14:05  bbbbbbbbb  888888888    step   123.0 ns  100.0 ns\n"
           "…test_render      2026-08-05 14:05  ccccccccc  777777777    drift   50.0 ns   51.5 ns\n"
           "not shown at this width: p\n");
    expect("table", 60, ROWS(3, long_names),
           "benchmark         time              commit        after\n"
           "…test_price[10]   2026-08-03 14:05  aaaaaaaaa  123.0 ns\n"
           "…test_price[100]  2026-08-04 14:05  bbbbbbbbb  100.0 ns\n"
           "…test_render      2026-08-05 14:05  ccccccccc   51.5 ns\n"
           "not shown at this width: from_commit, kind, before, p\n");
}

static void table_of_a_history(void **state)
{
    (void)state;
    expect("table", 0, ROWS(4, history),
           "main · json\n"
           "time              commit                      value  verdict\n"
           "2026-08-03 14:05  aaaaaaaaa        1.000 ± 0.010 KB  ok\n"
           "2026-08-03 14:06  bbbbbbbbb        1.024 ± 0.010 KB  ok\n"
           "2026-08-03 15:05  v1.2             0.990 ± 0.010 KB  suspected\n"
           "2026-08-03 16:05  ccccccccc+dirty  2.048 ± 0.010 KB  worse\n");
}

static void table_of_other_rows(void **state)
{
    (void)state;
    expect("table", 0, ROWS(3, summary),
           "benchmark   median(value)   noise  count()\n"
           "parse/json        1.20 ms  0.0213       30\n"
           "sort              0.34 ms  0.1100       30\n"
           "boot              9.75 ms  -             2\n");
    expect("table", 0, ROWS(3, changes),
           "benchmark  time              commit       before     after    delta  worse\n"
           "json       2026-08-03 14:05  aaaaaaaaa  100.0 ns  123.0 ns  +23.0 %  yes\n"
           "json       2026-08-04 14:05  bbbbbbbbb  123.0 ns  100.0 ns  -18.7 %  no\n"
           "sort       2026-08-05 14:05  ccccccccc   50.0 ns   51.5 ns   +3.0 %  yes\n");
    expect("table", 0, ROWS(0, changes), "no rows\n");
    /* One name a row is all there is: it stays a column. */
    const struct pace_field names[] = {TEXT("branch", "main", "main")};
    expect("table", 0, ROWS(2, names), "branch\nmain\nmain\n");
}

/* What goes into one prefix, and what does not. */
static void table_chooses_prefixes(void **state)
{
    (void)state;
    const struct pace_field near[] = {NUMBERS("value", "ns", 900e3, 1.1e6, 950e3)};
    expect("table", 0, ROWS(3, near),
           "  value\n"
           " 900 us\n"
           "1100 us\n"
           " 950 us\n");
    const struct pace_field far[] = {NUMBERS("value", "ns", 12, 12.5e6, 3e9),
                                     NUMBERS("base", "ns", 11.5, 9.9e5, 3.1e9)};
    expect("table", 0, ROWS(3, far),
           "   value      base\n"
           "12.0  ns  11.5  ns\n"
           "12.50 ms   0.99 ms\n"
           " 3.0  s    3.1  s\n");
    const struct pace_field counts[] = {NUMBERS("value", "misses", 123456, 123457, 98)};
    expect("table", 0, ROWS(3, counts),
           " value\n"
           "123456\n"
           "123457\n"
           "    98\n");
    const struct pace_field mixed[] = {{.name = "value",
                                        .type = PACE_FIELD_NUMBER,
                                        .number = (double[]){12.5e6, 2e6, 13.25e6, 0.8015},
                                        .units = (const char *[]){"ns", "B", "ns", "%"}}};
    expect("table", 0, ROWS(4, mixed),
           "     value\n"
           "12.50   ms\n"
           " 2      MB\n"
           "13.25   ms\n"
           " 0.8015 %\n");
    const struct pace_field zeros[] = {NUMBERS("value", "ns", 0, 0)};
    expect("table", 0, ROWS(2, zeros), "value\n 0 ns\n 0 ns\n");
    const struct pace_field plain[] = {NUMBERS("x", NULL, 1.5, -20.25, NONE, 1000)};
    expect("table", 0, ROWS(4, plain),
           "     x\n"
           "   1.5\n"
           " -20.3\n"
           "   -\n"
           "1000.0\n");
    const struct pace_field extreme[] = {NUMBERS("x", NULL, 1e300, -1e-300, 0)};
    expect("table", 0, ROWS(3, extreme),
           "      x\n"
           " 1e300\n"
           "-1e-300\n"
           " 0\n");
}

static void table_prints_p_and_bounds(void **state)
{
    (void)state;
    const struct pace_field small[] = {
        NUMBERS("p", NULL, 1, 0.5, 0.0999, 0.00996, 1.234e-4, 9.96e-6, 1e-9, 0)};
    expect("table", 0, ROWS(8, small),
           "      p\n"
           "   1.00\n"
           "   0.50\n"
           "   0.10\n"
           "  0.010\n"
           "0.00012\n"
           " 1.0e-5\n"
           " 1.0e-9\n"
           "  <1e-9\n");
    /* Bounds at unequal distances keep their columns. */
    const struct pace_field uneven[] = {NUMBERS("value", "ns", 10, 20),
                                        NUMBERS("lower_value", "ns", 9, 19),
                                        NUMBERS("upper_value", "ns", 11, 22)};
    expect("table", 0, ROWS(2, uneven),
           "value  lower_value  upper_value\n"
           "10 ns         9 ns        11 ns\n"
           "20 ns        19 ns        22 ns\n");
    /* A margin has the prefix of its value, whatever else of that unit there is. */
    const struct pace_field margins[] = {
        NUMBERS("value", "ns", 14.79e6, 10e9), NUMBERS("lower_value", "ns", 14.69e6, 10e9 - 1),
        NUMBERS("upper_value", "ns", 14.89e6, 10e9 + 1), NUMBERS("age", "ns", 1e19, 1e19)};
    expect("table", 0, ROWS(2, margins),
           "          value       age\n"
           "14.79 ± 0.10 ms  115741 d\n"
           "10       ± 0 s   115741 d\n");
}

/* A name like p, q, n or delta says how a number is printed, unless it has a unit of its own. */
static void table_minds_units_of_known_names(void **state)
{
    (void)state;
    const struct pace_field derived[] = {
        NUMBERS("delta", "ns", 1.5e6, 2.5e6), NUMBERS("n", "B", 4096, 8192),
        NUMBERS("q", "B/s", 2e6, 3e6), NUMBERS("ratio", "%", 12, 13), NUMBERS("p", NULL, 0.5, 1)};
    expect("table", 0, ROWS(2, derived),
           " delta         n       q  ratio     p\n"
           "1.5 ms  4.096 KB  2 MB/s  0.120  0.50\n"
           "2.5 ms  8.192 KB  3 MB/s  0.130  1.00\n");
}

/* From ten times the base on; where there is no base, or it is below 0, nobody knows of what. */
static void table_tells_multiples(void **state)
{
    (void)state;
    const struct pace_field judged[] = {NUMBERS("base", "ns", 100, 100, 100, -100, NONE),
                                        NUMBERS("delta", NULL, 80.758, 9, 8.99, 80.758, 80.758)};
    expect("table", 0, ROWS(5, judged),
           "   base      delta\n"
           " 100 ns     81.8x\n"
           " 100 ns     10.0x\n"
           " 100 ns   +899.0 %\n"
           "-100 ns  +8075.8 %\n"
           "   -     +8075.8 %\n");
    const struct pace_field change[] = {NUMBERS("before", "ns", 100, 100),
                                        NUMBERS("delta", NULL, 1e5, 12)};
    expect("markdown", 0, ROWS(2, change),
           "| before | delta |\n| ---: | ---: |\n| 100 ns | 100001.0x |\n| 100 ns | 13.0x |\n");
    expect("csv", 0, ROWS(1, judged), "base,delta\n100,80.758\n");
}

static void table_has_colours_when_asked(void **state)
{
    (void)state;
    const struct pace_field fields[] = {TEXT("benchmark", "a", "b", "c", "d"),
                                        TEXT("verdict", "worse", "better", "suspected", "thin")};
    struct pace_writer_options options = {.struct_size = sizeof options, .color = 1};
    char *text = write_steps("table", &options, ROWS(4, fields), 1024);
    assert_string_equal(text, "\033[1mbenchmark\033[0m  \033[1mverdict\033[0m\n"
                              "a          \033[31mworse\033[0m\n"
                              "b          \033[32mbetter\033[0m\n"
                              "c          \033[33msuspected\033[0m\n"
                              "d          \033[2mthin\033[0m\n");
    free(text);
}

static void heading_tells_how_long_ago(void **state)
{
    (void)state;
    const struct pace_field fields[] = {TEXT("testbed", "ci", "ci"), TIMES("time", T0, T0),
                                        NUMBERS("value", "ns", 1, 2)};
    struct pace_writer_options options = {
        .struct_size = sizeof options, .now_ns = T0 + 3 * 86400 * SECOND, .ascii = 1};
    char *text = write_steps("table", &options, ROWS(2, fields), 1024);
    assert_string_equal(text, "ci - 2026-08-03 14:05 (3 days ago)\nvalue\n 1 ns\n 2 ns\n");
    free(text);
}

/* Long results go on in blocks; names of columns are repeated only when the layout changes. */
static void table_of_many_rows(void **state)
{
    (void)state;
    enum { ROWS_MANY = 25000 };
    const char **names = malloc(ROWS_MANY * sizeof *names);
    double *numbers = malloc(ROWS_MANY * sizeof *numbers);
    assert_non_null(names);
    assert_non_null(numbers);
    for (size_t i = 0; i < ROWS_MANY; i++) {
        names[i] = i % 2 ? "first" : "second";
        numbers[i] = 100 + (double)(i % 900);
    }
    struct pace_field fields[] = {
        {.name = "benchmark", .type = PACE_FIELD_TEXT, .text = names},
        {.name = "value", .type = PACE_FIELD_NUMBER, .number = numbers, .unit = "ns"},
    };
    struct pace_writer_options options = {.struct_size = sizeof options};
    for (int wide = 0; wide < 2; wide++) {
        if (wide) names[12345] = "something longer";
        char *text = write_steps("table", &options, ROWS(ROWS_MANY, fields), 1000);
        size_t lines = 0, heads = 0;
        for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
            lines++;
            heads += strncmp(at, "benchmark", 9) == 0;
        }
        assert_int_equal(heads, 1 + wide); /* again where it became wider, and it stays so */
        assert_int_equal(lines, ROWS_MANY + heads + 1);
        assert_non_null(strstr(text, "\n25000 rows\n"));
        free(text);
    }
    free(names);
    free(numbers);
}

/* -- the exact formats ------------------------------------------------------------------------- */

static void csv_is_exact(void **state)
{
    (void)state;
    expect("csv", 0, ROWS(2, history),
           "branch,benchmark,time,commit,value,lower_value,upper_value,status,verdict\n"
           "main,json,2026-08-03T14:05:00Z,aaaaaaaaaaaaaaaa,1000,990,1010,ok,ok\n"
           "main,json,2026-08-03T14:06:00Z,bbbbbbbbbbbbbbbb,1024,1014,1034,ok,ok\n");
    const struct pace_field odd[] = {
        TEXT("a,b", "x,y", "say \"hi\"", "=1+1", "", NULL, "-", " pad", "\xef\xbc\x9d\x31"),
        NUMBERS("=n", NULL, -0.1, 1e21, 123456789012, NONE, (double)INFINITY, -7, 1e-7, 5e-324),
        FLAGS("f", 0, 1, 1, 0, 1, 0, 1, 0)};
    expect("csv", 0, ROWS(8, odd),
           "\"a,b\",\"'=n\",f\n"
           "\"x,y\",-0.1,false\n"
           "\"say \"\"hi\"\"\",1e21,true\n"
           "\"'=1+1\",123456789012,true\n"
           "\"\",,false\n"
           ",,true\n"
           "\"'-\",-7,false\n"
           "\" pad\",1e-7,true\n"
           "\"'\xef\xbc\x9d\x31\",5e-324,false\n");
    expect("tsv", 0, ROWS(4, odd),
           "a,b\t'=n\tf\n"
           "x,y\t-0.1\tfalse\n"
           "say \"hi\"\t1e21\ttrue\n"
           "'=1+1\t123456789012\ttrue\n"
           "\t\tfalse\n");
    expect("csv", 0, ROWS(0, summary), "benchmark,median(value),noise,count()\n");
}

static void jsonl_is_exact(void **state)
{
    (void)state;
    expect(
        "jsonl", 0, ROWS(3, changes),
        "{\"benchmark\":\"json\",\"time\":\"2026-08-03T14:05:00Z\",\"commit\":\"aaaaaaaaaaaaaaaa\","
        "\"before\":100,\"after\":123,\"delta\":0.23,\"worse\":true}\n"
        "{\"benchmark\":\"json\",\"time\":\"2026-08-04T14:05:00Z\",\"commit\":\"bbbbbbbbbbbbbbbb\","
        "\"before\":123,\"after\":100,\"delta\":-0.18699,\"worse\":false}\n"
        "{\"benchmark\":\"sort\",\"time\":\"2026-08-05T14:05:00Z\",\"commit\":\"cccccccccccccccc\","
        "\"before\":50,\"after\":51.5,\"delta\":0.03,\"worse\":true}\n");
    expect("jsonl", 0, ROWS(0, changes), "");
    const struct pace_field odd[] = {
        TEXT("q\"", "a\"b\\c", NULL, "\x1b[31m", "\xff", "\xe2\x80\xae", "\xf3\xa0\x80\x81"),
        NUMBERS("n", NULL, NONE, -0.0, 1e300, 1, 2, 3)};
    expect("jsonl", 0, ROWS(6, odd),
           "{\"q\\\"\":\"a\\\"b\\\\c\",\"n\":null}\n"
           "{\"q\\\"\":null,\"n\":-0}\n"
           "{\"q\\\"\":\"\\u001b[31m\",\"n\":1e300}\n"
           "{\"q\\\"\":\"\xef\xbf\xbd\",\"n\":1}\n"
           "{\"q\\\"\":\"\\u202e\",\"n\":2}\n"
           "{\"q\\\"\":\"\\udb40\\udc01\",\"n\":3}\n");
}

static void json_is_one_document(void **state)
{
    (void)state;
    expect("json", 0, ROWS(2, summary),
           "{\"schema\":\"pace.rows/1\",\n"
           "\"rows\":[\n"
           "{\"benchmark\":\"parse/"
           "json\",\"median(value)\":1200000,\"noise\":0.0213,\"count()\":30},\n"
           "{\"benchmark\":\"sort\",\"median(value)\":340000,\"noise\":0.11,\"count()\":30}],\n"
           "\"columns\":[\n"
           "{\"name\":\"benchmark\",\"type\":\"text\",\"unit\":null},\n"
           "{\"name\":\"median(value)\",\"type\":\"number\",\"unit\":\"ns\"},\n"
           "{\"name\":\"noise\",\"type\":\"number\",\"unit\":null},\n"
           "{\"name\":\"count()\",\"type\":\"number\",\"unit\":null}],\n"
           "\"row_count\":2}\n");
    /* Rows of several units: the column has none. */
    const struct pace_field mixed[] = {{.name = "value",
                                        .type = PACE_FIELD_NUMBER,
                                        .number = (double[]){1, 2, 3},
                                        .missing = (uint8_t[]){0, 1, 0},
                                        .units = (const char *[]){"ns", "s", "B"}}};
    struct pace_writer_options options = {.struct_size = sizeof options};
    for (size_t count = 0; count <= 3; count++) {
        char *text = write_steps("json", &options, ROWS(count, mixed), 1);
        json_t *root = json_loads(text, 0, NULL);
        assert_non_null(root);
        assert_int_equal(json_integer_value(json_object_get(root, "row_count")), count);
        assert_int_equal(json_array_size(json_object_get(root, "rows")), count);
        json_t *unit = json_object_get(json_array_get(json_object_get(root, "columns"), 0), "unit");
        if (count == 1 || count == 2)
            assert_string_equal(json_string_value(unit), "ns");
        else
            assert_true(json_is_null(unit));
        json_decref(root);
        free(text);
    }
}

/* -- markdown, line, plot ---------------------------------------------------------------------- */

static void markdown(void **state)
{
    (void)state;
    expect(
        "markdown", 40, ROWS(4, checked),
        "`calendar · main · ci-1 · latency · 2026-08-03 14:05 · 4f2a1c9d0 · run 118`\n"
        "\n"
        "| benchmark | value | base | spread | low_limit | high_limit | n | score | p | verdict |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| `day[1]` | 12.50 ms | 12.40 ms | 0.250 ms | 11.90 ms | 13.00 ms | 64 | 0.40 | 0.35 | ok "
        "|\n"
        "| `month[31]` | 15.38 ms | 12.50 ms | 0.240 ms | 12.00 ms | 13.00 ms | 64 | 11.98 | "
        "&lt;1e-9 | **worse** |\n"
        "| `parse/json` | 8.80 ms | 9.25 ms | 0.200 ms | 8.80 ms | 9.70 ms | 64 | -2.25 | 0.012 | "
        "better |\n"
        "| boot | - | 30.10 ms | 0.031 ms | 29.00 ms | 31.00 ms | 12 | - | - | **gone** |\n");
    const struct pace_field names[] = {
        TEXT("name", "plain-word", "a|b", "`x`", "@user", "[l](http://x)", "<b>", "\\|", "_x_")};
    expect("markdown", 0, ROWS(8, names),
           "| name |\n"
           "| --- |\n"
           "| plain-word |\n"
           "| <code>a&#124;b</code> |\n"
           "| <code>&#96;x&#96;</code> |\n"
           "| `@user` |\n"
           "| `[l](http://x)` |\n"
           "| <code>&#60;b&#62;</code> |\n"
           "| <code>&#92;&#124;</code> |\n"
           "| `_x_` |\n");
    expect("markdown", 0, ROWS(0, names), "No rows.\n");
}

static void line(void **state)
{
    (void)state;
    expect("line", 0, ROWS(2, changes),
           "benchmark  json\n"
           "time       2026-08-03T14:05:00Z\n"
           "commit     aaaaaaaaaaaaaaaa\n"
           "before     100 ns\n"
           "after      123 ns\n"
           "delta      +23.0 %\n"
           "worse      yes\n"
           "\n"
           "benchmark  json\n"
           "time       2026-08-04T14:05:00Z\n"
           "commit     bbbbbbbbbbbbbbbb\n"
           "before     123 ns\n"
           "after      100 ns\n"
           "delta      -18.7 %\n"
           "worse      no\n");
}

static void plot_of_a_history(void **state)
{
    (void)state;
    expect("plot", 40, ROWS(4, history),
           "main · json\n"
           "4 points on 2026-08-03, last 2.048 KB\n"
           "       │                               ●\n"
           "2.0 KB ┤                              ⢠⠃\n"
           "       │                             ⢠⠃\n"
           "1.8 KB ┤                            ⢠⠃\n"
           "       │                           ⢠⠃\n"
           "1.6 KB ┤                          ⢠⠃\n"
           "       │                         ⢠⠃\n"
           "1.4 KB ┤                        ⢠⠃\n"
           "       │                       ⢠⠃\n"
           "1.2 KB ┤                      ⢠⠃\n"
           "       │                     ⢠⠃\n"
           "1.0 KB ┤⠒⠒⠒⠒⠒⠊⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠒⠒⠒⠒⠒○\n"
           "       └┬──────────────────────────────┬\n"
           "        14:05                      16:05\n"
           "        aaaaaaaaa           cccc…c+dirty\n"
           "  ○ 2026-08-03 15:05  v1.2             0.990 KB  suspected\n"
           "  ● 2026-08-03 16:05  ccccccccc+dirty  2.048 KB  worse\n");
    struct pace_writer_options options = {.struct_size = sizeof options, .width = 40, .ascii = 1};
    char *text = write_steps("plot", &options, ROWS(4, history), 1024);
    assert_string_equal(text, "main - json\n"
                              "4 points on 2026-08-03, last 2.048 KB\n"
                              "       |                               X\n"
                              "2.0 KB +                              .\n"
                              "       |                             .\n"
                              "1.8 KB +                            .\n"
                              "       |                           .\n"
                              "1.6 KB +                          .\n"
                              "       |                          .\n"
                              "1.4 KB +                         .\n"
                              "       |                        .\n"
                              "1.2 KB +                       .\n"
                              "1.0 KB +*.........*.....      .\n"
                              "       |                .....?\n"
                              "       ++------------------------------+\n"
                              "        14:05                      16:05\n"
                              "        aaaaaaaaa           cccc..+dirty\n"
                              "  ? 2026-08-03 15:05  v1.2             0.990 KB  suspected\n"
                              "  X 2026-08-03 16:05  ccccccccc+dirty  2.048 KB  worse\n");
    for (const char *at = text; *at; at++)
        assert_in_range(*at, '\n', '~');
    free(text);
}

/* A change accepted at the second row, the third row's run excluded. */
static void plot_of_marks(void **state)
{
    (void)state;
    static const uint8_t marks[] = {0, PACE_ROW_ACCEPTED, PACE_ROW_EXCLUDED, 0};
    struct pace_rows rows = *ROWS(4, history);
    rows.marks = marks;
    struct pace_writer_options options = {.struct_size = sizeof options, .width = 40};
    for (options.ascii = 0; options.ascii < 2; options.ascii++) {
        char *text = write_steps("plot", &options, &rows, 3);
        assert_non_null(strstr(text, "excluded\n"));
        assert_null(strstr(text, "suspected")); /* which the excluded one was */
        assert_non_null(strstr(text, "accepted\n"));
        assert_non_null(strstr(text, options.ascii ? " ! " : " \xe2\x95\x8e "));
        assert_non_null(strstr(text, options.ascii ? " / " : " \xe2\x8a\x98 "));
        free(text);
    }
}

static void plot_of_bars(void **state)
{
    (void)state;
    expect("plot", 60, ROWS(3, summary),
           "median(value)\n"
           "parse/json  1.20 ms  ████▊\n"
           "sort        0.34 ms  █▍\n"
           "boot        9.75 ms  ███████████████████████████████████████\n");
    expect("plot", 60, ROWS(3, changes),
           "delta\n"
           "json  2026-08-03  aaaaaaaaa  +23.0 %             │███████████\n"
           "json  2026-08-04  bbbbbbbbb  -18.7 %    █████████│\n"
           "sort  2026-08-05  ccccccccc   +3.0 %             │█▍\n");
    expect("plot", 60, ROWS(4, checked),
           "calendar · main · ci-1 · latency · 2026-08-03 · 4f2a1c9d0 · value\n"
           "day[1]      12.50 ms  ok      ████████████████████████▍\n"
           "month[31]   15.38 ms  worse   ██████████████████████████████\n"
           "parse/json   8.80 ms  better  █████████████████▏\n"
           "boot               -  gone\n");
    const struct pace_field words[] = {TEXT("benchmark", "a")};
    expect("plot", 0, ROWS(1, words), "nothing to plot: the rows hold no numbers\n");
    expect("plot", 0, ROWS(0, words), "no rows\n");
}

/* Flat, single, missing and extreme values: something is drawn, nothing overflows (sanitizers). */
static void plots_of_odd_values(void **state)
{
    (void)state;
    static const double values[][4] = {
        {0, 0, 0, 0},
        {5, 5, 5, 5},
        {NONE, NONE, NONE, NONE},
        {1, NONE, 2, NONE},
        {-1.7e308, 1.7e308, 0, 1},
        {5e-324, 1e-320, 0, 0},
        {1e15, 1e15 + 1, 1e15 + 2, 1e15},
        {-1, -2, -3, -4},
    };
    static const unsigned widths[] = {0, 1, 20, 80, 1000000};
    int64_t times[] = {INT64_MIN + 1, 0, 0, INT64_MAX};
    for (size_t i = 0; i < COUNT(values); i++) {
        struct pace_field fields[] = {
            {.name = "time", .type = PACE_FIELD_TIME, .time_ns = times},
            {.name = "value", .type = PACE_FIELD_NUMBER, .number = values[i], .unit = "ns"},
            {.name = "base",
             .type = PACE_FIELD_NUMBER,
             .number = values[(i + 1) % 8],
             .unit = "ns"},
            {.name = "low_limit", .type = PACE_FIELD_NUMBER, .number = values[(i + 4) % 8]},
            TEXT("verdict", "worse", "better", "changed", "suspected"),
        };
        for (size_t w = 0; w < COUNT(widths); w++) {
            for (size_t count = 1; count <= 4; count++) {
                for (size_t first = 0; first < 2; first++) {
                    /* With and without the time: lines and bars. */
                    struct pace_writer_options options = {
                        .struct_size = sizeof options, .width = widths[w], .ascii = (int)(w % 2)};
                    struct pace_rows rows = {count, COUNT(fields) - first, fields + first, NULL};
                    for (size_t f = 0; f < COUNT(all_formats); f++) {
                        char *text = write_steps(all_formats[f], &options, &rows, 1024);
                        assert_true(strlen(text) > 0);
                        free(text);
                    }
                }
            }
        }
    }
}

static void plot_of_many_series(void **state)
{
    (void)state;
    enum { SERIES = 60, POINTS = 3 };
    static char names[SERIES][8];
    const char *text_cells[SERIES * POINTS];
    double numbers[SERIES * POINTS];
    int64_t times[SERIES * POINTS];
    for (size_t i = 0; i < SERIES * POINTS; i++) {
        snprintf(names[i / POINTS], sizeof names[0], "b%zu", i / POINTS);
        text_cells[i] = names[i / POINTS];
        numbers[i] = (double)i;
        times[i] = T0 + (int64_t)(i % POINTS) * SECOND;
    }
    struct pace_field fields[] = {
        {.name = "benchmark", .type = PACE_FIELD_TEXT, .text = text_cells},
        {.name = "time", .type = PACE_FIELD_TIME, .time_ns = times},
        {.name = "value", .type = PACE_FIELD_NUMBER, .number = numbers, .unit = "ns"},
    };
    struct pace_writer_options options = {.struct_size = sizeof options};
    char *text = write_steps("plot", &options, ROWS(SERIES * POINTS, fields), 7);
    assert_non_null(strstr(text, "b0  3 points on 2026-08-03, last 2 ns\n"));
    assert_non_null(strstr(text, "b7  3 points"));
    assert_null(strstr(text, "b8  3 points"));
    assert_non_null(strstr(text, "\nb8 "));
    assert_non_null(strstr(text, " 26 ns  ▁▅█\n"));
    assert_non_null(strstr(text, "\nb47 "));
    assert_null(strstr(text, "\nb48 "));
    assert_non_null(strstr(text, "\n12 more series"));
    free(text);
    /* On a wide terminal two panels share their lines. */
    options.width = 160;
    text = write_steps("plot", &options, ROWS(SERIES * POINTS, fields), 7);
    const char *second = strstr(text, "b1  3 points");
    assert_non_null(second);
    assert_true(second < strchr(text, '\n'));
    free(text);
}

/* -- errors ------------------------------------------------------------------------------------ */

static void unknown_formats(void **state)
{
    (void)state;
    struct pace_error error = {0};
    pace_writer *writer = NULL;
    assert_int_equal(pace_writer_open("x\x1bml", NULL, sink, NULL, &error, &writer),
                     PACE_ENOTFOUND);
    assert_int_equal(error.code, PACE_ENOTFOUND);
    assert_string_equal(error.message,
                        "no format 'x\\x1bml'; the formats are table csv tsv json jsonl "
                        "markdown plot svg line");
    assert_null(writer);
    assert_int_equal(pace_writer_open("", NULL, sink, NULL, NULL, &writer), PACE_ENOTFOUND);
    pace_writer_close(NULL);
}

static void every_format_is_listed(void **state)
{
    (void)state;
    const char *meaning,
        *expected[] = {"table", "csv", "tsv", "json", "jsonl", "markdown", "plot", "svg", "line"};
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_string_equal(format_name(i, &meaning), expected[i]);
        assert_true(strlen(meaning) > 0);
    }
    assert_null(format_name(COUNT(expected), NULL));
}

static void the_sinks_error_ends_the_writing(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT(all_formats); f++) {
        struct sunk sunk = {.fail_at = 1};
        struct pace_error error = {0};
        pace_writer *writer;
        assert_int_equal(pace_writer_open(all_formats[f], NULL, sink, &sunk, &error, &writer), 0);
        int rows = pace_writer_rows(writer, ROWS(4, history), &error);
        assert_true(rows == 0 || rows == ENOSPC); /* held until finish, or written at once */
        assert_int_equal(pace_writer_finish(writer, &error), ENOSPC);
        assert_int_equal(error.code, ENOSPC);
        assert_non_null(strstr(error.message, "writing the result: "));
        assert_int_equal(pace_writer_rows(writer, ROWS(4, history), NULL), ENOSPC);
        assert_int_equal(sunk.calls, 1);
        pace_writer_close(writer);
    }
}

static void one_writer_takes_one_result(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT(all_formats); f++) {
        struct sunk sunk = {0};
        struct pace_error error = {0};
        pace_writer *writer;
        assert_int_equal(pace_writer_open(all_formats[f], NULL, sink, &sunk, &error, &writer), 0);
        assert_int_equal(pace_writer_rows(writer, ROWS(4, history), &error), 0);
        assert_int_equal(pace_writer_rows(writer, ROWS(3, summary), &error), PACE_EMISUSE);
        assert_int_equal(pace_writer_finish(writer, &error), 0);
        pace_writer_close(writer);
        free(sunk.bytes);
    }
}

/* A writer that never got a batch, and one that is closed in the middle. */
static void writers_without_rows(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "no rows\n",
        "",
        "",
        "{\"schema\":\"pace.rows/1\",\n\"rows\":[],\n\"columns\":[],\n\"row_count\":0}\n",
        "",
        "No rows.\n",
        "no rows\n",
        NULL, /* a picture that says so: test_svg.c */
        ""};
    for (size_t f = 0; f < COUNT(all_formats); f++) {
        struct sunk sunk = {0};
        pace_writer *writer;
        assert_int_equal(pace_writer_open(all_formats[f], NULL, sink, &sunk, NULL, &writer), 0);
        assert_int_equal(pace_writer_finish(writer, NULL), 0);
        if (expected[f]) assert_string_equal(sunk.bytes ? sunk.bytes : "", expected[f]);
        pace_writer_close(writer);
        free(sunk.bytes);
        sunk = (struct sunk){0};
        assert_int_equal(pace_writer_open(all_formats[f], NULL, sink, &sunk, NULL, &writer), 0);
        assert_int_equal(pace_writer_rows(writer, ROWS(4, checked), NULL), 0);
        pace_writer_close(writer);
        free(sunk.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_of_a_check),
        cmocka_unit_test(table_that_fits),
        cmocka_unit_test(table_of_long_names),
        cmocka_unit_test(table_of_a_history),
        cmocka_unit_test(table_of_other_rows),
        cmocka_unit_test(table_chooses_prefixes),
        cmocka_unit_test(table_prints_p_and_bounds),
        cmocka_unit_test(table_minds_units_of_known_names),
        cmocka_unit_test(table_tells_multiples),
        cmocka_unit_test(table_has_colours_when_asked),
        cmocka_unit_test(heading_tells_how_long_ago),
        cmocka_unit_test(table_of_many_rows),
        cmocka_unit_test(csv_is_exact),
        cmocka_unit_test(jsonl_is_exact),
        cmocka_unit_test(json_is_one_document),
        cmocka_unit_test(markdown),
        cmocka_unit_test(line),
        cmocka_unit_test(plot_of_a_history),
        cmocka_unit_test(plot_of_marks),
        cmocka_unit_test(plot_of_bars),
        cmocka_unit_test(plots_of_odd_values),
        cmocka_unit_test(plot_of_many_series),
        cmocka_unit_test(unknown_formats),
        cmocka_unit_test(every_format_is_listed),
        cmocka_unit_test(the_sinks_error_ends_the_writing),
        cmocka_unit_test(one_writer_takes_one_result),
        cmocka_unit_test(writers_without_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
