/* ci_sarif.c -- a verdict as SARIF 2.1.0, for code scanning: a result a regression.
 *
 * A result stands in the file that the benchmark's name begins with; where it names none, at the
 * pacefile, as services refuse results without a place. Worst first, at most CI_SARIF_RESULTS. */
#include "ci_verdict.h"

#include "../query/escape.h"

#include <stdlib.h>
#include <string.h>

static const struct rule {
    enum ci_part part;
    const char *id, *level, *text;
} rules[] = {
    {CI_FAILS, "worse", "error", "A benchmark is worse than its baseline."},
    {CI_OPEN, "open", "warning", "A regression of an earlier run is still there."},
    {CI_SUSPECTED, "suspected", "warning", "A benchmark may be worse; one run more would tell."},
};

enum { RULES = sizeof rules / sizeof rules[0] };

static size_t rule_of(enum ci_part part)
{
    size_t i = 0;
    while (i < RULES && rules[i].part != part)
        i++;
    return i;
}

/* "tests/test_api.py::test_fun latency: was ..., is ..." as a JSON string. */
static void put_message(struct text_out *out, const struct ci_verdict *verdict,
                        const struct ci_row *row)
{
    char sentence[CI_TEXT_MAX], text[2 * PACE_MAX_NAME + CI_TEXT_MAX + 8];
    snprintf(text, sizeof text, "%s %s: %s", row->judged.benchmark, row->judged.measure,
             ci_sentence(verdict, row, sentence));
    escape_json(out, text);
}

/* One name of a series for ever: its path without the branch. */
static void put_fingerprint(struct text_out *out, const struct judged *judged)
{
    char text[4 * PACE_MAX_NAME + 16];
    snprintf(text, sizeof text, "%s//%s//%s//%s", judged->project, judged->testbed,
             judged->benchmark, judged->measure);
    escape_json(out, text);
}

static void put_result(struct text_out *out, const struct ci_verdict *verdict, size_t rule,
                       const struct ci_row *row)
{
    char file[CI_TEXT_MAX], index[64];
    ci_file(row, file);
    text_out_put(out, "{\"ruleId\":\"pace/");
    text_out_put(out, rules[rule].id);
    snprintf(index, sizeof index, "\",\"ruleIndex\":%zu,\"level\":\"", rule);
    text_out_put(out, index);
    text_out_put(out, rules[rule].level);
    text_out_put(out, "\",\n\"message\":{\"text\":");
    put_message(out, verdict, row);
    text_out_put(out, "},\n\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":");
    escape_json(out, *file != '\0' ? file : "pacefile");
    text_out_put(out, "},\"region\":{\"startLine\":1}},\"logicalLocations\":[{"
                      "\"fullyQualifiedName\":");
    escape_json(out, row->judged.benchmark);
    text_out_put(out, "}]}],\n\"partialFingerprints\":{\"paceSeries/v1\":");
    put_fingerprint(out, &row->judged);
    text_out_put(out, "}}");
}

int ci_put_sarif(const struct ci_verdict *verdict, struct text_out *out)
{
    const struct ci_row **sorted = ci_sorted(verdict);
    size_t results = 0;
    if (sorted == NULL) return PACE_ENOMEM;
    text_out_put(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\n"
                      "\"version\":\"2.1.0\",\n\"runs\":[{\"tool\":{\"driver\":{\"name\":\"pace\","
                      "\"rules\":[");
    for (size_t i = 0; i < RULES; i++) {
        text_out_put(out, i > 0 ? ",\n{\"id\":\"pace/" : "\n{\"id\":\"pace/");
        text_out_put(out, rules[i].id);
        text_out_put(out, "\",\"shortDescription\":{\"text\":");
        escape_json(out, rules[i].text);
        text_out_put(out, "},\"defaultConfiguration\":{\"level\":\"");
        text_out_put(out, rules[i].level);
        text_out_put(out, "\"}}");
    }
    text_out_put(out, "]}},\n\"results\":[");
    for (size_t i = 0; i < verdict->count && results < CI_SARIF_RESULTS; i++) {
        size_t rule = rule_of(ci_part_of(sorted[i]));
        if (rule == RULES) continue;
        text_out_put(out, results++ > 0 ? ",\n" : "\n");
        put_result(out, verdict, rule, sorted[i]);
    }
    text_out_put(out, "]}]}\n");
    free(sorted);
    return text_out_flush(out);
}
