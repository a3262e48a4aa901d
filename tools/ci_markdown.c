/* ci_markdown.c -- a verdict as Markdown: one comment, or a step summary.
 *
 * Regressions first, in a table of their own; all else is folded, a section a kind, most urgent
 * first. What does not fit the budget is counted, so that nothing is dropped in silence. Names and
 * commits are made safe (escape.h) and shortened in the middle. */
#include "ci_verdict.h"

#include "../query/escape.h"
#include "judge_own.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_COLUMNS = 80,
    TAIL_BYTES = 1200, /* kept free for what ends a document: counts and hints */
};

/* Which numbers a section shows. */
enum shape { SHAPE_FULL, SHAPE_CHANGE, SHAPE_NAMES };

static const struct section {
    const char *title; /* NULL: no fold, it is the first thing to read */
    enum shape shape;
    int has_since; /* 1: with the commit that began it */
} sections[CI_PART_COUNT] = {
    [CI_FAILS] = {NULL, SHAPE_FULL, 1},
    [CI_OPEN] = {"Still open from earlier runs", SHAPE_CHANGE, 1},
    [CI_SUSPECTED] = {"Suspected, not confirmed", SHAPE_CHANGE, 0},
    [CI_RECOVERED] = {"Recovered", SHAPE_CHANGE, 0},
    [CI_BETTER] = {"Better", SHAPE_CHANGE, 0},
    [CI_CHANGED] = {"Changed; which way is better is not known", SHAPE_CHANGE, 0},
    [CI_MOVED] = {"Not judged, as the machine is another one", SHAPE_CHANGE, 0},
    [CI_NEED_MORE] = {"Cannot be told from chance; more rounds would tell", SHAPE_CHANGE, 0},
    [CI_UNJUDGED] = {"Not judged", SHAPE_NAMES, 0},
    [CI_UNCHANGED] = {"Unchanged", SHAPE_CHANGE, 0},
};

/* -- a text with a budget ---------------------------------------------------------------------- */

struct sheet {
    char *bytes;
    size_t used, capacity, budget;
    struct text_out out;
};

static int collect(void *context, const char *bytes, size_t len)
{
    struct sheet *sheet = context;
    if (sheet->used + len > sheet->capacity) {
        size_t capacity = 2 * (sheet->used + len);
        char *grown = realloc(sheet->bytes, capacity);
        if (grown == NULL) return ENOMEM;
        sheet->bytes = grown;
        sheet->capacity = capacity;
    }
    memcpy(sheet->bytes + sheet->used, bytes, len);
    sheet->used += len;
    return 0;
}

static size_t place(struct sheet *sheet)
{
    text_out_flush(&sheet->out);
    return sheet->used;
}

/* Whether what was written since `mark` fits, with so much left over; else it is taken back. */
static int keep(struct sheet *sheet, size_t mark, size_t left_over)
{
    if (place(sheet) + left_over <= sheet->budget) return 1;
    sheet->used = mark;
    return 0;
}

/* -- cells ------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void put(struct sheet *sheet, const char *format, ...)
{
    char text[CI_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_out_put(&sheet->out, text);
}

/* A name as code, shortened in the middle. */
static void put_name(struct sheet *sheet, const char *name, int as_code)
{
    char safe[PACE_MAX_NAME * TEXT_SAFE_GROWTH + 1], cut[sizeof safe + 4];
    text_safe(safe, sizeof safe, name, strlen(name));
    text_shorten(cut, safe, NAME_COLUMNS, 0);
    if (as_code)
        escape_markdown_code(&sheet->out, cut);
    else
        escape_markdown(&sheet->out, cut);
}

/* Ours, in one line of a cell: neither blanks nor hyphens break. */
static void put_unbroken(struct sheet *sheet, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        text_out_put(&sheet->out, *c == ' ' && c != text   ? "\xc2\xa0"     /* no-break space */
                                  : *c == '-' && c != text ? "\xe2\x80\x91" /* no-break hyphen */
                                                           : (char[]){*c, '\0'});
}

/* A number with its unit. Units may be anything that an input made up. */
static void put_value(struct sheet *sheet, double value, const char *unit)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .+-%/";
    char text[UNIT_TEXT_MAX];
    if (isnan(value)) return;
    unit_print(text, value, unit);
    if (text[strspn(text, plain)] == '\0')
        put_unbroken(sheet, text);
    else
        escape_markdown_code(&sheet->out, text);
}

/* A probability: of less than 1e-9 it does not matter how much. */
static void put_p(struct sheet *sheet, double p)
{
    char text[32];
    if (isnan(p)) return;
    snprintf(text, sizeof text, p < 1e-9 ? "&lt;1e-9" : p < 1e-3 ? "%.0e" : "%.2g", p);
    put_unbroken(sheet, text);
}

/* A commit: its digits alone, which GitHub makes a link of. */
static void put_commit(struct sheet *sheet, const char *commit)
{
    char text[CI_COMMIT + 1];
    snprintf(text, sizeof text, "%s", commit);
    if (text[strspn(text, "0123456789abcdef")] == '\0')
        text_out_put(&sheet->out, text);
    else
        put_name(sheet, commit, 1);
}

static void put_delta(struct sheet *sheet, const struct ci_row *row)
{
    const struct judged *judged = &row->judged;
    char text[UNIT_TEXT_MAX];
    if (isnan(ci_base(row))) return;
    double delta = ci_delta(row);
    if (delta >= 9)
        put(sheet, "%.0f\xc3\x97", delta + 1); /* as delta_text, shorter */
    else
        put_unbroken(sheet, delta_text(text, delta));
    if (isfinite(judged->low_delta) && isfinite(judged->high_delta)) {
        snprintf(text, sizeof text, "%+.1f to %+.1f", judged->low_delta * 100,
                 judged->high_delta * 100);
        put(sheet, " (");
        put_unbroken(sheet, text);
        put(sheet, ")");
    }
}

/* -- a table ----------------------------------------------------------------------------------- */

/* What all rows have in common needs no column. */
struct common {
    const char *project, *branch, *testbed, *measure, *commit; /* NULL: several */
    uint64_t run;                                              /* 0: several */
};

static const char *same(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0 ? a : NULL;
}

static struct common common_of(const struct ci_verdict *verdict)
{
    const struct judged *first = &verdict->rows[0].judged;
    if (verdict->count == 0)
        return (struct common){verdict->project, "", verdict->testbed, "", verdict->commit, 0};
    struct common common = {first->project, first->branch, first->testbed,
                            first->measure, first->commit, first->run};
    for (size_t i = 1; i < verdict->count; i++) {
        const struct judged *judged = &verdict->rows[i].judged;
        common.project = same(common.project, judged->project);
        common.branch = same(common.branch, judged->branch);
        common.testbed = same(common.testbed, judged->testbed);
        common.measure = same(common.measure, judged->measure);
        common.commit = same(common.commit, judged->commit);
        if (common.run != judged->run) common.run = 0;
    }
    return common;
}

/* A section on its way into the document. */
struct table {
    const struct ci_verdict *verdict;
    const struct section *section;
    struct common common;
};

/* The columns of a table, in order; which of them a section has. */
enum column {
    COLUMN_BENCHMARK,
    COLUMN_MEASURE,
    COLUMN_TESTBED,
    COLUMN_WHY,
    COLUMN_CHANGE,
    COLUMN_WAS,
    COLUMN_IS,
    COLUMN_LIMIT,
    COLUMN_ROUNDS,
    COLUMN_P,
    COLUMN_SINCE,
    COLUMN_COUNT
};

static const struct {
    const char *name;
    int is_number;
} columns[COLUMN_COUNT] = {
    [COLUMN_BENCHMARK] = {"benchmark", 0},
    [COLUMN_MEASURE] = {"measure", 0},
    [COLUMN_TESTBED] = {"testbed", 0},
    [COLUMN_WHY] = {"why", 0},
    [COLUMN_WAS] = {"was", 1},
    [COLUMN_IS] = {"is", 1},
    [COLUMN_CHANGE] = {"change", 1},
    [COLUMN_LIMIT] = {"limit", 1},
    [COLUMN_ROUNDS] = {"rounds", 1},
    [COLUMN_P] = {"p", 1},
    [COLUMN_SINCE] = {"since", 0},
};

static int has_column(const struct table *table, enum column column)
{
    int has_numbers = table->section->shape != SHAPE_NAMES;
    int is_full = table->section->shape == SHAPE_FULL,
        has_rounds = *table->verdict->against != '\0';
    switch (column) {
    case COLUMN_BENCHMARK: return 1;
    case COLUMN_MEASURE: return table->common.measure == NULL;
    case COLUMN_TESTBED: return table->common.testbed == NULL;
    case COLUMN_WHY: return !has_numbers;
    case COLUMN_WAS:
    case COLUMN_IS:
    case COLUMN_CHANGE: return has_numbers;
    case COLUMN_LIMIT: return is_full && !has_rounds;
    case COLUMN_ROUNDS: return is_full && has_rounds;
    case COLUMN_P: return is_full;
    case COLUMN_SINCE: return table->section->has_since && !has_rounds;
    case COLUMN_COUNT: break;
    }
    return 0;
}

static void put_head(struct sheet *sheet, const struct table *table)
{
    put(sheet, "|");
    for (int c = 0; c < COLUMN_COUNT; c++)
        if (has_column(table, (enum column)c)) put(sheet, " %s |", columns[c].name);
    put(sheet, "\n|");
    for (int c = 0; c < COLUMN_COUNT; c++)
        if (has_column(table, (enum column)c))
            put(sheet, columns[c].is_number ? " ---: |" : " --- |");
    put(sheet, "\n");
}

static const char *why(enum judge_verdict verdict)
{
    switch (verdict) {
    case JUDGE_VERDICT_NEW: return "new: no earlier run";
    case JUDGE_VERDICT_THIN: return "too few earlier runs";
    case JUDGE_VERDICT_GONE: return "gone: in earlier runs, not in this one";
    case JUDGE_VERDICT_FAILED: return "the benchmark failed";
    default: return judge_verdicts[verdict];
    }
}

static void put_is(struct sheet *sheet, const struct ci_row *row)
{
    put_value(sheet, row->judged.value, row->judged.unit);
    if (row->again_run == 0) return;
    put(sheet, "<br>then\xc2\xa0");
    put_value(sheet, row->again_value, row->judged.unit);
}

static void put_cell(struct sheet *sheet, const struct table *table, enum column column,
                     const struct ci_row *row)
{
    const struct judged *judged = &row->judged;
    int is_bold = table->section->shape == SHAPE_FULL && !isnan(ci_base(row));
    switch (column) {
    case COLUMN_BENCHMARK: put_name(sheet, judged->benchmark, 1); break;
    case COLUMN_MEASURE: put_name(sheet, judged->measure, 0); break;
    case COLUMN_TESTBED: put_name(sheet, judged->testbed, 0); break;
    case COLUMN_WHY: put(sheet, "%s", why(judged->verdict)); break;
    case COLUMN_WAS: put_value(sheet, ci_base(row), judged->unit); break;
    case COLUMN_IS: put_is(sheet, row); break;
    case COLUMN_CHANGE:
        put(sheet, "%s", is_bold ? "**" : "");
        put_delta(sheet, row);
        put(sheet, "%s", is_bold ? "**" : "");
        break;
    case COLUMN_LIMIT: put_value(sheet, judged_limit(judged), judged->unit); break;
    case COLUMN_ROUNDS:
        if (!isnan(judged->n)) put(sheet, "%.0f", judged->n);
        break;
    case COLUMN_P: put_p(sheet, judged->p); break;
    case COLUMN_SINCE: put_commit(sheet, judged->bad_commit); break;
    case COLUMN_COUNT: break;
    }
}

static void put_row(struct sheet *sheet, const struct table *table, const struct ci_row *row)
{
    put(sheet, "|");
    for (int c = 0; c < COLUMN_COUNT; c++) {
        if (!has_column(table, (enum column)c)) continue;
        put(sheet, " ");
        put_cell(sheet, table, (enum column)c, row);
        put(sheet, " |");
    }
    put(sheet, "\n");
}

/* One section of a verdict: rows[0..count). What does not fit is counted. */
static void put_section(struct sheet *sheet, const struct table *table,
                        const struct ci_row *const *rows, size_t count)
{
    const struct section *section = table->section;
    size_t mark = place(sheet), shown = 0;
    if (section->title != NULL)
        put(sheet, "<details><summary>%s: %zu</summary>\n\n", section->title, count);
    put_head(sheet, table);
    for (; shown < count; shown++) {
        size_t before = place(sheet);
        put_row(sheet, table, rows[shown]);
        if (!keep(sheet, before, TAIL_BYTES)) break;
    }
    if (shown == 0) { /* not even one row */
        sheet->used = mark;
        put(sheet, "%s: %zu, which this has no room for.\n\n",
            section->title != NULL ? section->title : "Worse", count);
        return;
    }
    if (shown < count) put(sheet, "\n... and %zu more.\n", count - shown);
    put(sheet, section->title != NULL ? "\n</details>\n\n" : "\n");
}

/* -- the document ------------------------------------------------------------------------------ */

/* Most series to one side by 5 % or more: hardly each benchmark's own doing. */
static void put_together(struct sheet *sheet, const struct ci_verdict *verdict)
{
    enum { FEWEST = 5 };
    size_t up = 0, down = 0, known = 0;
    for (size_t i = 0; i < verdict->count; i++) {
        double delta = verdict->rows[i].judged.delta;
        if (isnan(delta)) continue;
        known++;
        up += delta >= JUDGE_MOVED_LEAST;
        down += delta <= -JUDGE_MOVED_LEAST;
    }
    size_t most = up > down ? up : down;
    if (known < FEWEST || 2 * most <= known) return;
    put(sheet,
        "**Everything moved together**: %zu of %zu series are %s by %.0f %% or more. Look at the "
        "machine, or at what all have in common, first.\n\n",
        most, known, up > down ? "higher" : "lower", JUDGE_MOVED_LEAST * 100);
}

/* "calendar · main · demo · ee5a4a99f, run 37 · 3 series: 2 worse, 1 ok" */
static void put_scope(struct sheet *sheet, const struct ci_verdict *verdict,
                      const struct common *common)
{
    const char *const names[] = {common->project, common->branch, common->testbed, common->measure};
    const char *between = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i] == NULL || *names[i] == '\0') continue;
        text_out_put(&sheet->out, between);
        put_name(sheet, names[i], 0);
        between = " · ";
    }
    if (common->commit != NULL && *common->commit != '\0') {
        text_out_put(&sheet->out, between);
        put_commit(sheet, common->commit);
        between = " · ";
    }
    if (common->run != 0) {
        put(sheet, "%srun %llu", between, (unsigned long long)common->run);
        between = " · ";
    }
    if (*verdict->against != '\0') {
        put(sheet, "%sagainst ", between);
        put_commit(sheet, verdict->against);
        between = " · ";
    }
    put(sheet, "%s%zu series", between, verdict->count);
    size_t unchanged = verdict->parts[CI_UNCHANGED];
    if (unchanged > 0) put(sheet, ", %zu unchanged", unchanged);
    put(sheet, "\n\n");
}

/* A sentence of ours with names in it: each word that markup could begin in is code. */
static void put_sentence(struct sheet *sheet, const char *text)
{
    char word[JUDGE_NOTE_BYTES * TEXT_SAFE_GROWTH + 1];
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, " "), kept = len;
        if (kept > 1 && strchr(":;,", at[kept - 1]) != NULL) kept--;
        if (kept >= sizeof word) kept = sizeof word - 1;
        memcpy(word, at, kept);
        word[kept] = '\0';
        if (at != text) text_out_put(&sheet->out, " ");
        if (kept > 0) escape_markdown(&sheet->out, word);
        if (kept < len) text_out_bytes(&sheet->out, at + kept, 1);
        at += len + strspn(at + len, " ");
    }
}

/* Where the baseline is from, and what is not as it was on the machine. */
static void put_notes(struct sheet *sheet, const struct ci_verdict *verdict)
{
    enum { NOTE_COLUMNS = 300 };
    char safe[JUDGE_NOTE_BYTES * TEXT_SAFE_GROWTH + 1], cut[sizeof safe + 4];
    for (size_t i = 0; i < verdict->note_count; i++) {
        text_safe(safe, sizeof safe, verdict->notes[i], strlen(verdict->notes[i]));
        text_shorten(cut, safe, NOTE_COLUMNS, 0);
        text_out_put(&sheet->out, "- ");
        put_sentence(sheet, cut);
        text_out_put(&sheet->out, "\n");
    }
    if (verdict->note_count > 0) text_out_put(&sheet->out, "\n");
}

static void put_document(struct sheet *sheet, const struct ci_verdict *verdict,
                         const struct ci_row *const *sorted)
{
    char title[CI_TEXT_MAX];
    struct common common = common_of(verdict);
    put(sheet, "### %s\n\n", ci_title(verdict, title));
    put_scope(sheet, verdict, &common);
    if (verdict->reason != CI_REASON_NONE)
        put(sheet, "%s\n\n", ci_reason_sentences[verdict->reason]);
    put_notes(sheet, verdict);
    put_together(sheet, verdict);
    for (size_t part = 0, at = 0; part < CI_PART_COUNT; at += verdict->parts[part++])
        if (verdict->parts[part] > 0)
            put_section(sheet, &(struct table){verdict, &sections[part], common}, sorted + at,
                        verdict->parts[part]);
    if (verdict->parts[CI_FAILS] + verdict->parts[CI_OPEN] > 0 && *verdict->against == '\0')
        put(sheet, "Is it meant? `pace accept PATTERN -m WHY`, or a line `Pace-Accept: PATTERN "
                   "why` in the commit's message.\n");
}

/* Names the comment of this project and testbed: what edits a comment in place looks for this
 * line. */
static void put_marker(struct sheet *sheet, const struct ci_verdict *verdict)
{
    const char *const names[] = {verdict->project, verdict->testbed};
    put(sheet, "<!-- pace:verdict");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        put(sheet, *names[i] != '\0' ? " " : " *");
        for (const char *c = names[i]; *c != '\0'; c++)
            put(sheet, "%c",
                strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_", *c)
                    ? *c
                    : '_');
    }
    put(sheet, " -->\n");
}

static int put_markdown(const struct ci_verdict *verdict, size_t budget, int has_marker,
                        struct text_out *out)
{
    struct sheet *sheet = calloc(1, sizeof *sheet);
    const struct ci_row **sorted = ci_sorted(verdict);
    int code = sheet == NULL || sorted == NULL ? PACE_ENOMEM : 0;
    if (code == 0) {
        sheet->budget = budget;
        text_out_init(&sheet->out, collect, sheet);
        if (has_marker) put_marker(sheet, verdict);
        put_document(sheet, verdict, sorted);
        code = text_out_flush(&sheet->out);
    }
    if (code == 0) text_out_bytes(out, sheet->bytes, sheet->used);
    if (code == 0) code = text_out_flush(out);
    free(sorted);
    if (sheet != NULL) free(sheet->bytes);
    free(sheet);
    return code;
}

int ci_put_comment(const struct ci_verdict *verdict, struct text_out *out)
{
    return put_markdown(verdict, CI_COMMENT_BYTES, 1, out);
}

int ci_put_summary(const struct ci_verdict *verdict, size_t budget, struct text_out *out)
{
    return put_markdown(verdict, budget, 0, out);
}
