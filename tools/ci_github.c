/* ci_github.c -- a verdict for GitHub Actions: annotations, outputs of the step.
 *
 * Annotations are commands on standard output: text is made safe, and what ends a command's parts
 * is written as %XX. Outputs hold words and numbers of ours alone. */
#include "ci_verdict.h"

#include <stdlib.h>
#include <string.h>

/* The safe form of a text, with the escapes of a command's message, or of one of its properties. */
static void put_escaped(struct text_out *out, const char *text, int is_property)
{
    const char *special = is_property ? "%:," : "%";
    for (size_t at = 0, len = strlen(text); at < len;) {
        size_t plain = strcspn(text + at, special);
        char code[4];
        text_out_safe(out, text + at, plain);
        at += plain;
        if (at == len) break;
        snprintf(code, sizeof code, "%%%02X", (unsigned)text[at++]);
        text_out_put(out, code);
    }
}

static void put_annotation(struct text_out *out, const struct ci_verdict *verdict,
                           const struct ci_row *row)
{
    char sentence[CI_TEXT_MAX], file[CI_TEXT_MAX], title[2 * PACE_MAX_NAME + 64];
    int is_error = row->fails && verdict->status != STATUS_OK;
    ci_file(row, file);
    text_out_put(out, is_error ? "::error " : "::warning ");
    if (*file != '\0') {
        text_out_put(out, "file=");
        put_escaped(out, file, 1);
        text_out_put(out, ",");
    }
    text_out_put(out, "title=");
    snprintf(title, sizeof title, "%s: %s %s", ci_row_word(row), row->judged.benchmark,
             row->judged.measure);
    put_escaped(out, title, 1);
    text_out_put(out, "::");
    put_escaped(out, ci_sentence(verdict, row, sentence), 0);
    text_out_put(out, "\n");
}

int ci_put_annotations(const struct ci_verdict *verdict, struct text_out *out)
{
    const struct ci_row **sorted = ci_sorted(verdict);
    size_t wanted = 0, given = 0;
    if (sorted == NULL) return PACE_ENOMEM;
    for (size_t i = 0; i < verdict->count; i++)
        wanted += sorted[i]->fails || ci_part_of(sorted[i]) == CI_SUSPECTED;
    /* The last one tells of those that there is no room for. */
    size_t room = wanted > CI_ANNOTATIONS ? CI_ANNOTATIONS - 1 : CI_ANNOTATIONS;
    for (size_t i = 0; i < verdict->count && given < room; i++) {
        if (!sorted[i]->fails && ci_part_of(sorted[i]) != CI_SUSPECTED) continue;
        put_annotation(out, verdict, sorted[i]);
        given++;
    }
    if (given < wanted) {
        char text[80];
        snprintf(text, sizeof text, "::warning title=pace::and %zu more; the summary has all\n",
                 wanted - given);
        text_out_put(out, text);
    }
    free(sorted);
    return text_out_flush(out);
}

int ci_put_outputs(const struct ci_verdict *verdict, struct text_out *out)
{
    const struct {
        const char *key;
        size_t count;
    } counts[] = {
        {"regressions", verdict->parts[CI_FAILS]},
        {"suspected", verdict->parts[CI_SUSPECTED]},
        {"open", verdict->parts[CI_OPEN]},
        {"improvements", verdict->parts[CI_BETTER] + verdict->parts[CI_RECOVERED]},
        {"unjudged", verdict->parts[CI_UNJUDGED] + verdict->parts[CI_MOVED]},
        {"status", (size_t)verdict->status},
    };
    char line[80];
    text_out_put(out, "verdict=");
    text_out_put(out, ci_word(verdict));
    text_out_put(out, "\n");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        snprintf(line, sizeof line, "%s=%zu\n", counts[i].key, counts[i].count);
        text_out_put(out, line);
    }
    return text_out_flush(out);
}
