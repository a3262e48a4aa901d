/* ci_verdict.c -- a verdict as a document: made of a judgement; its order, words and sentences. */
#include "ci_verdict.h"

#include "judge_own.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const ci_reason_words[] = {
#define CI_REASON(id, word, sentence) word,
    CI_REASONS
#undef CI_REASON
};

const char *const ci_reason_sentences[] = {
#define CI_REASON(id, word, sentence) sentence,
    CI_REASONS
#undef CI_REASON
};

/* -- making ------------------------------------------------------------------------------------ */

static const char *text_or(const char *text)
{
    return text != NULL ? text : "";
}

/* Suspects and open regressions fail under --strict; those have an incident of their own each. */
static void fail_strictly(struct ci_verdict *verdict, uint64_t incidents)
{
    for (size_t i = 0; i < verdict->count; i++) {
        struct ci_row *row = &verdict->rows[i];
        if (row->fails ||
            (row->judged.verdict != JUDGE_VERDICT_SUSPECTED && !judged_is_open(&row->judged)))
            continue;
        row->fails = 1;
        row->incident = ++incidents;
    }
}

void ci_verdict_count(struct ci_verdict *verdict)
{
    memset(verdict->parts, 0, sizeof verdict->parts);
    memset(verdict->counts, 0, sizeof verdict->counts);
    for (size_t i = 0; i < verdict->count; i++) {
        verdict->parts[ci_part_of(&verdict->rows[i])]++;
        verdict->counts[verdict->rows[i].judged.verdict]++;
    }
}

int ci_verdict_make(const struct judgement *judgement, const struct judgement *again,
                    enum judge_confirm confirm, const struct ci_context *context,
                    struct ci_verdict *out)
{
    size_t firing_count = 0;
    uint64_t incidents = 0;
    *out = (struct ci_verdict){.project = text_or(context->project),
                               .testbed = text_or(context->testbed),
                               .commit = text_or(context->commit),
                               .against = text_or(judgement->paired_with),
                               .status = context->status,
                               .reason = context->reason};
    arena_init(&out->arena, 0);
    for (size_t i = 0; context->notes != NULL && i < context->notes->count; i++)
        out->notes[out->note_count++] = context->notes->texts[i];
    out->rows = calloc(judgement->count + 1, sizeof *out->rows);
    struct firing *firing = judge_firing(judgement, again, confirm, &firing_count);
    if (out->rows == NULL || firing == NULL) {
        free(firing);
        return PACE_ENOMEM;
    }
    out->count = judgement->count;
    for (size_t i = 0; i < out->count; i++)
        out->rows[i] = (struct ci_row){.judged = judgement->rows[i], .again_value = (double)NAN};
    for (size_t i = 0; i < firing_count; i++) {
        struct ci_row *row = &out->rows[firing[i].row - judgement->rows];
        row->fails = 1;
        row->incident = firing[i].incident;
        if (row->incident > incidents) incidents = row->incident;
        if (firing[i].second == NULL) continue;
        row->again_value = firing[i].second->value;
        row->again_run = firing[i].second->run;
    }
    free(firing);
    if (context->strict) fail_strictly(out, incidents);
    ci_verdict_count(out);
    return 0;
}

void ci_verdict_clear(struct ci_verdict *verdict)
{
    free(verdict->rows);
    arena_clear(&verdict->arena);
    *verdict = (struct ci_verdict){0};
}

/* -- order ------------------------------------------------------------------------------------- */

enum ci_part ci_part_of(const struct ci_row *row)
{
    static const enum ci_part parts[JUDGE_VERDICT_COUNT] = {
        [JUDGE_VERDICT_OK] = CI_UNCHANGED,        [JUDGE_VERDICT_WORSE] = CI_SUSPECTED,
        [JUDGE_VERDICT_BETTER] = CI_BETTER,       [JUDGE_VERDICT_SUSPECTED] = CI_SUSPECTED,
        [JUDGE_VERDICT_RECOVERED] = CI_RECOVERED, [JUDGE_VERDICT_CHANGED] = CI_CHANGED,
        [JUDGE_VERDICT_THIN] = CI_UNJUDGED,       [JUDGE_VERDICT_FLAT_OK] = CI_UNCHANGED,
        [JUDGE_VERDICT_NEW] = CI_UNJUDGED,        [JUDGE_VERDICT_GONE] = CI_UNJUDGED,
        [JUDGE_VERDICT_MOVED] = CI_MOVED,         [JUDGE_VERDICT_FAILED] = CI_UNJUDGED,
        [JUDGE_VERDICT_SAME] = CI_UNCHANGED,      [JUDGE_VERDICT_NEED_MORE] = CI_NEED_MORE,
    };
    if (row->fails) return CI_FAILS;
    enum ci_part part = parts[row->judged.verdict];
    return part == CI_UNCHANGED && judged_is_open(&row->judged) ? CI_OPEN : part;
}

double ci_severity(const struct ci_row *row)
{
    double value = row->judged.value, base = ci_base(row);
    if (isnan(value) || isnan(base) || value == base) return 0;
    return value > 0 && base > 0 ? fabs(log(value / base)) : (double)INFINITY;
}

/* A row on its way into order; an incident is as bad as its worst row. */
struct place {
    const struct ci_row *row;
    enum ci_part part;
    double worst, severity;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->part != y->part) return x->part < y->part ? -1 : 1;
    if (x->worst != y->worst) return x->worst > y->worst ? -1 : 1;
    if (x->row->incident != y->row->incident) return x->row->incident < y->row->incident ? -1 : 1;
    if (x->severity != y->severity) return x->severity > y->severity ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int by_incident(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->row->incident != y->row->incident) return x->row->incident < y->row->incident ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Gives each row the worst severity of its incident: one pass over the rows by incident. */
static void place_incidents(struct place *places, size_t count)
{
    qsort(places, count, sizeof *places, by_incident);
    for (size_t i = 0; i < count;) {
        size_t end = i;
        double worst = 0;
        for (; end < count && places[end].row->incident == places[i].row->incident; end++)
            if (places[end].severity > worst) worst = places[end].severity;
        for (; i < end; i++)
            places[i].worst = places[i].row->incident != 0 ? worst : places[i].severity;
    }
}

const struct ci_row **ci_sorted(const struct ci_verdict *verdict)
{
    struct place *places = calloc(verdict->count + 1, sizeof *places);
    const struct ci_row **sorted = calloc(verdict->count + 1, sizeof *sorted);
    if (places == NULL || sorted == NULL) {
        free(places);
        free(sorted);
        return NULL;
    }
    for (size_t i = 0; i < verdict->count; i++)
        places[i] = (struct place){.row = &verdict->rows[i],
                                   .part = ci_part_of(&verdict->rows[i]),
                                   .severity = ci_severity(&verdict->rows[i])};
    place_incidents(places, verdict->count);
    qsort(places, verdict->count, sizeof *places, by_place);
    for (size_t i = 0; i < verdict->count; i++)
        sorted[i] = places[i].row;
    free(places);
    return sorted;
}

/* -- words ------------------------------------------------------------------------------------- */

/* Whether not one row got a verdict. */
static int is_unjudged(const struct ci_verdict *verdict)
{
    return verdict->count == verdict->parts[CI_UNJUDGED];
}

const char *ci_word(const struct ci_verdict *verdict)
{
    if (verdict->parts[CI_FAILS] > 0) return "worse";
    if (verdict->reason != CI_REASON_NONE || is_unjudged(verdict)) return "none";
    return verdict->parts[CI_SUSPECTED] > 0 ? "suspected" : "ok";
}

const char *ci_row_word(const struct ci_row *row)
{
    if (row->fails && row->again_run != 0) return judge_verdicts[JUDGE_VERDICT_WORSE];
    return row->judged.verdict != JUDGE_VERDICT_WORSE && judged_is_open(&row->judged)
               ? "open"
               : judge_verdicts[row->judged.verdict];
}

/* A text that grows by pieces and is cut at CI_TEXT_MAX. */
struct sentence {
    char *text;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct sentence *sentence, const char *format,
                                                      ...)
{
    va_list args;
    size_t room = CI_TEXT_MAX - sentence->used;
    va_start(args, format);
    int len = vsnprintf(sentence->text + sentence->used, room, format, args);
    va_end(args);
    if (len > 0) sentence->used += (size_t)len < room ? (size_t)len : room - 1;
}

const char *ci_title(const struct ci_verdict *verdict, char buffer[CI_TEXT_MAX])
{
    size_t fails = verdict->parts[CI_FAILS], suspects = verdict->parts[CI_SUSPECTED];
    size_t better = verdict->parts[CI_BETTER] + verdict->parts[CI_RECOVERED];
    struct sentence title = {buffer, 0};
    if (fails > 0)
        add(&title, "%zu series %s worse", fails, fails == 1 ? "is" : "are");
    else
        add(&title, strcmp(ci_word(verdict), "none") == 0 ? "No verdict" : "Nothing got worse");
    if (suspects > 0) add(&title, ", %zu %s suspected", suspects, suspects == 1 ? "is" : "are");
    if (better > 0) add(&title, ", %zu %s better", better, better == 1 ? "is" : "are");
    return buffer;
}

double ci_base(const struct ci_row *row)
{
    return judged_is_open(&row->judged) ? row->judged.before : row->judged.base;
}

double ci_delta(const struct ci_row *row)
{
    double base = ci_base(row);
    if (!judged_is_open(&row->judged)) return row->judged.delta;
    return base != 0 ? (row->judged.value - base) / fabs(base) : (double)NAN;
}

const char *ci_sentence(const struct ci_verdict *verdict, const struct ci_row *row,
                        char buffer[CI_TEXT_MAX])
{
    const struct judged *judged = &row->judged;
    char text[UNIT_TEXT_MAX];
    struct sentence sentence = {buffer, 0};
    int open = judged_is_open(judged);
    double base = ci_base(row), limit = open ? (double)NAN : judged_limit(judged);
    if (!isnan(base)) {
        add(&sentence, "was %s", unit_print(text, base, judged->unit));
        if (*verdict->against != '\0')
            add(&sentence, " at %.*s in %.0f rounds of both", CI_COMMIT, verdict->against,
                judged->n);
        else if (!open)
            add(&sentence, " over %.0f runs", judged->n);
        add(&sentence, ", ");
    }
    add(&sentence, "is %s", unit_print(text, judged->value, judged->unit));
    if (!isnan(base)) add(&sentence, ", %s", delta_text(text, ci_delta(row)));
    if (row->again_run != 0)
        add(&sentence, ", and %s in run %llu, which confirms it",
            unit_print(text, row->again_value, judged->unit), (unsigned long long)row->again_run);
    if (!isnan(limit)) add(&sentence, "; limit %s", unit_print(text, limit, judged->unit));
    if (!isnan(judged->p) && !open) add(&sentence, "; p %.1g", judged->p);
    if (*judged->bad_commit != '\0') add(&sentence, "; since %.*s", CI_COMMIT, judged->bad_commit);
    return buffer;
}

const char *ci_file(const struct ci_row *row, char buffer[CI_TEXT_MAX])
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    const char *name = row->judged.benchmark;
    size_t len = strspn(name, plain);
    buffer[0] = '\0';
    if (strncmp(name + len, "::", 2) != 0 || len == 0 || len >= CI_TEXT_MAX) return buffer;
    memcpy(buffer, name, len);
    buffer[len] = '\0';
    const char *last = strrchr(buffer, '/');
    int is_inside = *buffer != '/' && *buffer != '-' && strstr(buffer, "..") == NULL;
    if (!is_inside || strchr(last != NULL ? last : buffer, '.') == NULL) buffer[0] = '\0';
    return buffer;
}
