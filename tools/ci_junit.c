/* ci_junit.c -- a verdict as JUnit XML, and its values as metrics: what GitLab, Jenkins and Azure
 * show.
 *
 * A stream is a suite, a series a test case: a regression a failure, a failed benchmark an error,
 * what could not be judged is skipped with the reason. Values of time measures are the test's
 * time. */
#include "ci_verdict.h"

#include "../query/escape.h"
#include "judge_own.h"

#include <math.h>
#include <string.h>

/* -- JUnit ------------------------------------------------------------------------------------- */

struct totals {
    size_t tests, failures, errors, skipped;
};

static int is_skipped(const struct ci_row *row)
{
    enum ci_part part = ci_part_of(row);
    return (part == CI_UNJUDGED && row->judged.verdict != JUDGE_VERDICT_FAILED) ||
           part == CI_MOVED || part == CI_NEED_MORE;
}

static void count_row(struct totals *totals, const struct ci_row *row)
{
    totals->tests++;
    totals->failures += row->fails != 0;
    totals->errors += !row->fails && row->judged.verdict == JUDGE_VERDICT_FAILED;
    totals->skipped += is_skipped(row) != 0;
}

static void put_attribute(struct text_out *out, const char *name, const char *value)
{
    text_out_put(out, " ");
    text_out_put(out, name);
    text_out_put(out, "=\"");
    escape_xml(out, value);
    text_out_put(out, "\"");
}

static void put_totals(struct text_out *out, const struct totals *totals)
{
    char text[160];
    snprintf(text, sizeof text, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
             totals->tests, totals->failures, totals->errors, totals->skipped);
    text_out_put(out, text);
}

static void put_case(struct text_out *out, const struct ci_verdict *verdict,
                     const struct ci_row *row)
{
    const struct judged *judged = &row->judged;
    char sentence[CI_TEXT_MAX], number[UNIT_TEXT_MAX];
    double seconds;
    text_out_put(out, "<testcase");
    put_attribute(out, "classname", judged->benchmark);
    put_attribute(out, "name", judged->measure);
    if (isfinite(judged->value) && unit_convert(judged->unit, "s", &seconds) == 0) {
        snprintf(number, sizeof number, "%.9g", judged->value * seconds);
        put_attribute(out, "time", number);
    }
    ci_sentence(verdict, row, sentence);
    if (row->fails || (!is_skipped(row) && judged->verdict == JUDGE_VERDICT_FAILED)) {
        const char *element = row->fails ? "failure" : "error";
        text_out_put(out, row->fails ? "><failure" : "><error");
        put_attribute(out, "type", ci_row_word(row));
        put_attribute(out, "message", row->fails ? sentence : "the benchmark failed");
        text_out_put(out, ">");
        escape_xml(out, judged->benchmark);
        text_out_put(out, " ");
        escape_xml(out, judged->measure);
        text_out_put(out, ": ");
        escape_xml(out, row->fails ? sentence : "the benchmark failed");
        text_out_put(out, "</");
        text_out_put(out, element);
        text_out_put(out, "></testcase>\n");
    } else if (is_skipped(row)) {
        text_out_put(out, "><skipped");
        put_attribute(out, "message", judge_verdicts[judged->verdict]);
        text_out_put(out, "/></testcase>\n");
    } else {
        text_out_put(out, "><system-out>");
        text_out_put(out, judge_verdicts[judged->verdict]);
        text_out_put(out, ": ");
        escape_xml(out, sentence);
        text_out_put(out, "</system-out></testcase>\n");
    }
}

static int same_stream(const struct judged *a, const struct judged *b)
{
    return strcmp(a->testbed, b->testbed) == 0 && strcmp(a->branch, b->branch) == 0 &&
           strcmp(a->project, b->project) == 0;
}

/* The suite of rows[first], which ends before the next stream's first row. */
static size_t put_suite(struct text_out *out, const struct ci_verdict *verdict, size_t first)
{
    const struct judged *stream = &verdict->rows[first].judged;
    struct totals totals = {0};
    size_t end = first;
    for (; end < verdict->count && same_stream(stream, &verdict->rows[end].judged); end++)
        count_row(&totals, &verdict->rows[end]);
    text_out_put(out, "<testsuite name=\"");
    escape_xml(out, stream->project);
    text_out_put(out, " ");
    escape_xml(out, stream->branch);
    text_out_put(out, " ");
    escape_xml(out, stream->testbed);
    text_out_put(out, "\"");
    put_totals(out, &totals);
    text_out_put(out, ">\n<properties><property name=\"commit\"");
    put_attribute(out, "value", stream->commit);
    text_out_put(out, "/></properties>\n");
    for (size_t i = first; i < end; i++)
        put_case(out, verdict, &verdict->rows[i]);
    text_out_put(out, "</testsuite>\n");
    return end;
}

int ci_put_junit(const struct ci_verdict *verdict, struct text_out *out)
{
    struct totals totals = {0};
    for (size_t i = 0; i < verdict->count; i++)
        count_row(&totals, &verdict->rows[i]);
    /* Without a run, or with a command that failed, no case would tell of it. */
    int is_broken = verdict->reason == CI_REASON_COMMAND || verdict->reason == CI_REASON_NO_RUN;
    totals.tests += is_broken != 0;
    totals.errors += is_broken != 0;
    text_out_put(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pace\"");
    put_totals(out, &totals);
    text_out_put(out, ">\n");
    if (is_broken) {
        text_out_put(out, "<testsuite name=\"pace\" tests=\"1\" failures=\"0\" errors=\"1\" "
                          "skipped=\"0\">\n<testcase classname=\"pace\" name=\"run\"><error");
        put_attribute(out, "message", ci_reason_sentences[verdict->reason]);
        text_out_put(out, "/></testcase>\n</testsuite>\n");
    }
    for (size_t i = 0; i < verdict->count;)
        i = put_suite(out, verdict, i);
    text_out_put(out, "</testsuites>\n");
    return text_out_flush(out);
}

/* -- metrics ----------------------------------------------------------------------------------- */

/* A label's value: its safe form, with the escapes of OpenMetrics. */
static void put_label(struct text_out *out, const char *name, const char *value)
{
    text_out_put(out, name);
    text_out_put(out, "=\"");
    for (size_t at = 0, len = strlen(value); at < len;) {
        size_t plain = strcspn(value + at, "\"\\");
        text_out_safe(out, value + at, plain);
        at += plain;
        if (at == len) break;
        text_out_put(out, value[at] == '"' ? "\\\"" : "\\\\");
        at++;
    }
    text_out_put(out, "\"");
}

/* Without the branch: a merge request's metrics are compared with those of its target by name. */
int ci_put_metrics(const struct ci_verdict *verdict, struct text_out *out)
{
    char number[UNIT_TEXT_MAX];
    text_out_put(out, "# TYPE pace_value gauge\n");
    for (size_t i = 0; i < verdict->count; i++) {
        const struct judged *judged = &verdict->rows[i].judged;
        if (!isfinite(judged->value)) continue;
        text_out_put(out, "pace_value{");
        put_label(out, "project", judged->project);
        text_out_put(out, ",");
        put_label(out, "testbed", judged->testbed);
        text_out_put(out, ",");
        put_label(out, "benchmark", judged->benchmark);
        text_out_put(out, ",");
        put_label(out, "measure", judged->measure);
        text_out_put(out, ",");
        put_label(out, "unit", judged->unit);
        text_out_put(out, "} ");
        text_out_put(out, unit_print_number(number, judged->value));
        text_out_put(out, "\n");
    }
    text_out_put(out, "# EOF\n");
    return text_out_flush(out);
}
