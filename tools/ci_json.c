/* ci_json.c -- a verdict as JSON, schema pace.verdict/1 (see pace-verdict(5)).
 *
 * A row a line, members in the order of ci_row.def; missing values are null. Valid UTF-8 whatever
 * the names hold. The schema's number changes when a member goes or means something else; new
 * members may come without that. */
#include "ci_json.h"

#include "../query/escape.h"
#include "judge_own.h"
#include "timestamp.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

const struct ci_field ci_fields[] = {
#define CI_FIELD(kind, name, member) {CI_##kind, name, offsetof(struct ci_row, member)},
#include "ci_row.def"
#undef CI_FIELD
};

const size_t ci_field_count = sizeof ci_fields / sizeof ci_fields[0];

static void put_number(struct text_out *out, double number)
{
    char text[UNIT_TEXT_MAX];
    text_out_put(out, isfinite(number) ? unit_print_number(text, number) : "null");
}

static void put_count(struct text_out *out, uint64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, count);
    text_out_put(out, text);
}

static void put_time(struct text_out *out, int64_t time_ns)
{
    char text[TIMESTAMP_TEXT_MAX];
    if (time_ns == 0)
        text_out_put(out, "null");
    else
        escape_json(out, timestamp_print(text, time_ns));
}

static void put_field(struct text_out *out, const struct ci_field *field, const struct ci_row *row)
{
    const void *at = (const char *)row + field->offset;
    switch (field->kind) {
    case CI_NAME:
    case CI_COMMIT_TEXT:
    case CI_UNIT: escape_json(out, *(const char *const *)at); break;
    case CI_NUMBER:
    case CI_SHARE: put_number(out, *(const double *)at); break;
    case CI_COUNT: put_count(out, *(const uint64_t *)at); break;
    case CI_TIME: put_time(out, *(const int64_t *)at); break;
    case CI_FLAG: text_out_put(out, *(const int *)at ? "true" : "false"); break;
    case CI_VERDICT: escape_json(out, judge_verdicts[*(const enum judge_verdict *)at]); break;
    }
}

static void put_member(struct text_out *out, const char *name, const char *text)
{
    text_out_put(out, ",\n");
    escape_json(out, name);
    text_out_put(out, ":");
    escape_json(out, text);
}

int ci_put_json(const struct ci_verdict *verdict, struct text_out *out)
{
    const char *between = "";
    text_out_put(out, "{\"schema\":\"" CI_SCHEMA "\",\n\"status\":");
    put_count(out, (uint64_t)verdict->status);
    put_member(out, "verdict", ci_word(verdict));
    put_member(out, "reason", ci_reason_words[verdict->reason]);
    put_member(out, "project", verdict->project);
    put_member(out, "testbed", verdict->testbed);
    put_member(out, "commit", verdict->commit);
    put_member(out, "against", verdict->against);
    text_out_put(out, ",\n\"notes\":[");
    for (size_t i = 0; i < verdict->note_count; i++) {
        text_out_put(out, i > 0 ? ",\n" : "\n");
        escape_json(out, verdict->notes[i]);
    }
    text_out_put(out, "],\n\"counts\":{");
    for (int i = 0; i < JUDGE_VERDICT_COUNT; i++) {
        if (verdict->counts[i] == 0) continue;
        text_out_put(out, between);
        escape_json(out, judge_verdicts[i]);
        text_out_put(out, ":");
        put_count(out, verdict->counts[i]);
        between = ",";
    }
    text_out_put(out, "},\n\"rows\":[");
    for (size_t i = 0; i < verdict->count; i++) {
        text_out_put(out, i > 0 ? ",\n" : "\n");
        for (size_t f = 0; f < ci_field_count; f++) {
            text_out_put(out, f > 0 ? "," : "{");
            escape_json(out, ci_fields[f].name);
            text_out_put(out, ":");
            put_field(out, &ci_fields[f], &verdict->rows[i]);
        }
        text_out_put(out, "}");
    }
    text_out_put(out, "]}\n");
    return text_out_flush(out);
}
