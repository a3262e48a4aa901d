/* judge_notes.c -- what is said beside the alerts of a verdict, on stderr. */
#include "fingerprint.h"
#include "judge_own.h"
#include "rows.h"
#include "say.h"
#include "store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int column_find(pace_snapshot *snapshot, uint32_t stream, const struct judged *judged,
                uint32_t *column)
{
    uint32_t benchmark = 0, measure = 0, count = 0;
    const struct pace_column *columns;
    int code = pace_name_find(snapshot, PACE_BENCHMARK, judged->benchmark,
                              strlen(judged->benchmark), NULL, &benchmark);
    if (code == 0)
        code = pace_name_find(snapshot, PACE_MEASURE, judged->measure, strlen(judged->measure),
                              NULL, &measure);
    if (code == 0) code = pace_columns(snapshot, stream, NULL, &columns, &count);
    for (uint32_t i = 0; code == 0 && i < count; i++) {
        if (columns[i].benchmark != benchmark || columns[i].measure != measure) continue;
        *column = i;
        return 0;
    }
    return code != 0 ? code : PACE_ENOTFOUND;
}

/* -- the lineage, for people ------------------------------------------------------------------- */

static int find_lineage(pace_snapshot *snapshot, const struct judged *judged,
                        struct pace_lineage *out)
{
    const char *const names[] = {judged->project, judged->branch, judged->testbed};
    uint32_t ids[3];
    for (int i = 0; i < 3; i++) {
        int code = pace_name_find(snapshot, (enum pace_dimension)i, names[i], strlen(names[i]),
                                  NULL, &ids[i]);
        if (code != 0) return code;
    }
    return pace_lineage_find(snapshot, ids[0], ids[1], ids[2], NULL, out);
}

/* Where a note goes. */
typedef void tell_note(void *context, const char *text);

static void say_text(void *context, const char *text)
{
    (void)context;
    say_note("%s", text);
}

/* Tells where the branch of each judged stream has its history from: always when it is not as
 * asked. */
static void tell_lineage(pace_snapshot *snapshot, const struct judgement *judgement, int quiet,
                         tell_note *tell, void *context)
{
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i], *before = i > 0 ? row - 1 : NULL;
        struct pace_lineage lineage;
        char start[1500], text[4000];
        if (before != NULL && strcmp(row->project, before->project) == 0 &&
            strcmp(row->branch, before->branch) == 0 && strcmp(row->testbed, before->testbed) == 0)
            continue;
        if (find_lineage(snapshot, row, &lineage) != 0 || lineage.state == PACE_LINEAGE_NONE)
            continue;
        if (quiet && lineage.state == PACE_LINEAGE_EXACT) continue;
        if (listed++ >= MAX_LISTED) continue;
        snprintf(text, sizeof text, "%s on %s: %s%s", row->branch, row->testbed,
                 lineage.segment_count > 0 ? "the baseline is " : "",
                 pace_lineage_text(&lineage, start, sizeof start));
        tell(context, text);
    }
}

/* -- notes ------------------------------------------------------------------------------------- */

/* Regressions of earlier runs: they alert once, and are said until they are over. Returns how
 * many. */
static size_t note_open(const struct judgement *judgement)
{
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX];
        if (!judged_is_open(row) || listed++ >= MAX_LISTED) continue;
        say_note("open   %s  %s  was %s before %.*s, is %s", row->benchmark, row->measure,
                 unit_print(was, row->before, row->unit), SHORT_COMMIT,
                 *row->bad_commit != '\0' ? row->bad_commit : "the change",
                 unit_print(is, row->value, row->unit));
    }
    if (listed > MAX_LISTED) say_note("... and %zu more open", listed - MAX_LISTED);
    return listed;
}

/* One line a row of a verdict, on stderr. */
static void note_rows(const struct judgement *judgement, enum judge_verdict verdict,
                      const char *help)
{
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], delta[UNIT_TEXT_MAX];
        if (row->verdict != verdict || listed++ >= MAX_LISTED) continue;
        if (isnan(row->value) || isnan(row->base))
            say_note("%s  %s  %s%s", judge_verdicts[verdict], row->benchmark, row->measure, help);
        else
            say_note("%s  %s  %s  was %s  is %s  %s%s", judge_verdicts[verdict], row->benchmark,
                     row->measure, unit_print(was, row->base, row->unit),
                     unit_print(is, row->value, row->unit), delta_text(delta, row->delta), help);
    }
    if (listed > MAX_LISTED)
        say_note("... and %zu more %s", listed - MAX_LISTED, judge_verdicts[verdict]);
}

/* Whether the run of the commit before the judged one still had the series. *beside: another run of
 * the judged one's commit that has it; 0: none. */
static int went_now(pace_snapshot *snapshot, const struct judged *judged, uint64_t *beside)
{
    enum { RUNS = 64 };
    struct pace_run_view view;
    struct pace_cells cells;
    pace_scan *scan = NULL;
    uint32_t column;
    int had = 0;
    *beside = 0;
    if (pace_run_get(snapshot, judged->run, NULL, &view) != 0 ||
        column_find(snapshot, view.stream, judged, &column) != 0)
        return 0;
    struct pace_range range = {INT64_MIN, view.time_ns + 1, RUNS};
    if (pace_scan_open(snapshot, view.stream, &column, 1, &range, NULL, &scan) != 0) return 0;
    while (pace_scan_next(scan, NULL, &cells) == 0 && cells.run_count > 0)
        for (size_t i = 0; i < cells.run_count; i++) {
            int has = cells.status[i] != PACE_CELL_ABSENT;
            int same = *view.commit != '\0' && strcmp(cells.runs[i].commit, view.commit) == 0;
            if (cells.runs[i].run == judged->run) continue;
            if (!same) had = has;
            if (same && has) *beside = cells.runs[i].run;
        }
    pace_scan_close(scan);
    return had;
}

/* Whether the run and the one of the commit before have nothing in common: the suites of two
 * harnesses by turns. */
static int is_other_suite(pace_snapshot *snapshot, const struct judgement *judgement)
{
    size_t known = 0;
    uint64_t beside;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        if (row->verdict == JUDGE_VERDICT_GONE || row->verdict == JUDGE_VERDICT_NEW) continue;
        known++;
        if (went_now(snapshot, row, &beside)) return 0;
    }
    return known > 0;
}

/* A series that is gone is said once, by the first commit without it; later it is only counted. */
static void note_gone(pace *store, const struct judgement *judgement)
{
    size_t listed = 0;
    int is_other = -1; /* not known */
    uint64_t beside, told = 0;
    pace_snapshot *snapshot = NULL;
    if (judgement->counts[JUDGE_VERDICT_GONE] == 0 ||
        pace_snapshot_begin(store, NULL, &snapshot) != 0)
        return;
    for (size_t i = 0; i < judgement->count && is_other != 1; i++) {
        const struct judged *row = &judgement->rows[i];
        if (row->verdict != JUDGE_VERDICT_GONE) continue;
        int went = went_now(snapshot, row, &beside);
        if (beside != 0 && beside != told) {
            told = beside;
            say_note(
                "run %llu of this commit has series that run %llu lacks; only the newest run is "
                "judged here, `pace show %llu` has the verdicts of that one (suites that run one "
                "by one are kept apart by --project or --testbed)",
                (unsigned long long)beside, (unsigned long long)row->run,
                (unsigned long long)beside);
        }
        if (!went || beside != 0) continue;
        if (is_other < 0) is_other = is_other_suite(snapshot, judgement);
        if (is_other)
            say_note("the run before has other series alone; suites that run one by one are kept "
                     "apart by --project or --testbed");
        else if (listed++ < MAX_LISTED)
            say_note("gone  %s  %s  was in earlier runs and is not in this one", row->benchmark,
                     row->measure);
    }
    if (listed > MAX_LISTED) say_note("... and %zu more gone", listed - MAX_LISTED);
    pace_snapshot_end(snapshot);
}

/* Most series beyond a limit or the floor to the same side: hardly each benchmark's own doing. */
static void note_together(const struct judgement *judgement)
{
    enum { FEWEST = 5 };
    const double least = JUDGE_MOVED_LEAST;
    size_t up = 0, down = 0, known = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        double delta = judgement->rows[i].delta;
        if (isnan(delta)) continue;
        known++;
        up += delta >= least;
        down += delta <= -least;
    }
    size_t most = up > down ? up : down;
    if (known < FEWEST || 2 * most <= known) return;
    say_note("everything moved together: %zu of %zu series are %s by %.0f %% or more; look at the "
             "machine, or at what all have in common, first",
             most, known, up > down ? "higher" : "lower", least * 100);
}

/* A run of another machine than those before it has no verdict on the code: told first, once a
 * testbed, with the machine. */
static void tell_machine(pace_snapshot *snapshot, const struct judgement *judgement,
                         tell_note *tell, void *context)
{
    uint64_t told = 0;
    if (judgement->counts[JUDGE_VERDICT_MOVED] == 0) return;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char machine[FINGERPRINT_TEXT_MAX], text[FINGERPRINT_TEXT_MAX + 1400];
        size_t moved = 0;
        if (row->verdict != JUDGE_VERDICT_MOVED || row->run == told) continue;
        told = row->run;
        for (size_t k = i; k < judgement->count && judgement->rows[k].run == told; k++)
            moved += judgement->rows[k].verdict == JUDGE_VERDICT_MOVED;
        snprintf(text, sizeof text,
                 "the machine of %s changed: run %llu is of %s\n"
                 "  %zu series %s not judged, as too few runs are of this machine yet",
                 row->testbed, (unsigned long long)told, fingerprint_class(snapshot, told, machine),
                 moved, moved == 1 ? "is" : "are");
        tell(context, text);
    }
}

/* -- for reports -------------------------------------------------------------------------------- */

/* A note as one line, cut at JUDGE_NOTE_BYTES between characters. */
static void keep_note(void *context, const char *text)
{
    struct judge_notes *notes = context;
    size_t len = strlen(text);
    if (notes->count == JUDGE_NOTES_MAX) return;
    if (len > JUDGE_NOTE_BYTES) {
        len = JUDGE_NOTE_BYTES;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    char *kept = arena_copy(&notes->arena, text, len);
    if (kept == NULL) return;
    char *line = strstr(kept, "\n  ");
    if (line != NULL) memmove(line + 2, line + 3, strlen(line + 3) + 1);
    if (line != NULL) memcpy(line, "; ", 2);
    notes->texts[notes->count++] = kept;
}

void judge_notes_read(pace *store, const struct judgement *judgement, struct judge_notes *out)
{
    pace_snapshot *snapshot = NULL;
    char text[FINGERPRINT_TEXT_MAX];
    uint64_t told = 0;
    out->count = 0;
    arena_init(&out->arena, 0);
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return;
    if (judgement->paired_with == NULL) {
        tell_lineage(snapshot, judgement, 0, keep_note, out);
        for (size_t i = 0; i < judgement->count; i++) {
            if (judgement->rows[i].run == told) continue;
            told = judgement->rows[i].run;
            if (*fingerprint_change(snapshot, told, text) != '\0') keep_note(out, text);
        }
        tell_machine(snapshot, judgement, keep_note, out);
    }
    pace_snapshot_end(snapshot);
}

void judge_notes_clear(struct judge_notes *notes)
{
    arena_clear(&notes->arena);
    notes->count = 0;
}

/* Series whose values are others on the other machine. */
static void note_moved_rows(const struct judgement *judgement)
{
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], delta[UNIT_TEXT_MAX];
        if (row->verdict != JUDGE_VERDICT_MOVED || !(fabs(row->delta) >= JUDGE_MOVED_LEAST) ||
            listed++ >= MAX_LISTED)
            continue;
        say_note("moved  %s  %s  was %s  is %s  %s on the new machine", row->benchmark,
                 row->measure, unit_print(was, row->base, row->unit),
                 unit_print(is, row->value, row->unit), delta_text(delta, row->delta));
    }
    if (listed > MAX_LISTED) say_note("... and %zu more moved", listed - MAX_LISTED);
}

/* Where nothing is known of a branch: another one, of the same project and testbed, that it could
 * start from; the one with the most runs. */
static void note_start(pace *store, const struct judged *row)
{
    enum { FEWEST = 5 };
    struct pace_lineage lineage;
    const struct pace_stream *streams, *most = NULL;
    const char *const *names[PACE_TESTBED + 1];
    uint32_t count = 0, name_count;
    pace_snapshot *snapshot = NULL;
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return;
    int code = find_lineage(snapshot, row, &lineage);
    if (code == 0 && lineage.state == PACE_LINEAGE_NONE)
        code = pace_streams(snapshot, NULL, &streams, &count);
    for (enum pace_dimension d = PACE_PROJECT; d <= PACE_TESTBED && code == 0; d++)
        code = pace_names(snapshot, d, NULL, &names[d], &name_count);
    for (uint32_t i = 0; i < count && code == 0; i++)
        if (strcmp(names[PACE_PROJECT][streams[i].project], row->project) == 0 &&
            strcmp(names[PACE_TESTBED][streams[i].testbed], row->testbed) == 0 &&
            strcmp(names[PACE_BRANCH][streams[i].branch], row->branch) != 0 &&
            streams[i].run_count >= FEWEST &&
            (most == NULL || streams[i].run_count > most->run_count))
            most = &streams[i];
    if (most != NULL)
        say_note("  no start point of branch %s is known; `pace run --start-point %s` judges it by "
                 "the runs there",
                 row->branch, names[PACE_BRANCH][most->branch]);
    pace_snapshot_end(snapshot);
}

/* So that one knows when judging begins: how many runs the thickest of the thin ones has. */
static void note_thin(const struct judgement *judgement, size_t thin)
{
    double most = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        if (row->verdict == JUDGE_VERDICT_THIN && row->n > most) most = row->n;
    }
    say_note("%zu series %s not judged: too few earlier runs for a baseline (%.0f%s)", thin,
             thin == 1 ? "was" : "were", most, judgement->is_bare ? "; by default it takes 5" : "");
}

/* What could not be judged is always said. */
static void note_missing(pace *store, const struct judgement *judgement)
{
    size_t fresh = judgement->counts[JUDGE_VERDICT_NEW], settling = (size_t)judgement->settling;
    size_t thin = judgement->counts[JUDGE_VERDICT_THIN] - settling;
    if (settling > 0)
        say_note("%zu series %s changed lately: the new level has too few runs to judge by",
                 settling, settling == 1 ? "has" : "have");
    if (fresh > 0)
        say_note("%zu series %s new: no baseline yet%s", fresh, fresh == 1 ? "is" : "are",
                 fresh == judgement->count ? ", which takes 5 earlier runs by default" : "");
    if (fresh > 0 && fresh == judgement->count) note_start(store, &judgement->rows[0]);
    if (thin > 0) note_thin(judgement, thin);
    note_gone(store, judgement);
    note_rows(judgement, JUDGE_VERDICT_FAILED, "");
}

/* Changes that are large enough, and not told from chance in so few rounds. */
static void note_undecided(const struct judgement *judgement)
{
    enum { MOST_ROUNDS = 100 }; /* more are not worth a word */
    size_t listed = 0;
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        char was[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX], delta[UNIT_TEXT_MAX];
        char interval[64] = "", more[64] = "";
        if (row->verdict != JUDGE_VERDICT_NEED_MORE || listed++ >= MAX_LISTED) continue;
        /* The interval of the logarithm shrinks with the root of the rounds. */
        double reach = log1p(row->high_delta) - log1p(row->low_delta);
        reach /= 2 * fabs(log1p(row->delta));
        double rounds = ceil(row->n * reach * reach) + 1;
        if (rounds <= MOST_ROUNDS) snprintf(more, sizeof more, "; --rounds %.0f may tell", rounds);
        if (isfinite(row->low_delta) && isfinite(row->high_delta))
            snprintf(interval, sizeof interval, " (%+.1f to %+.1f)", row->low_delta * 100,
                     row->high_delta * 100);
        say_note("need-more  %s  %s  was %s  is %s  %s%s, p %.2g%s", row->benchmark, row->measure,
                 unit_print(was, row->base, row->unit), unit_print(is, row->value, row->unit),
                 delta_text(delta, row->delta), interval, row->p, more);
    }
    if (listed > MAX_LISTED) say_note("... and %zu more need more rounds", listed - MAX_LISTED);
}

/* The same where rounds were judged. */
static void note_unpaired(const struct judgement *judgement)
{
    note_undecided(judgement);
    size_t fresh = judgement->counts[JUDGE_VERDICT_NEW];
    if (fresh > 0)
        say_note("%zu series %s new: %s has no value of %s", fresh, fresh == 1 ? "is" : "are",
                 judgement->paired_with, fresh == 1 ? "it" : "them");
    note_rows(judgement, JUDGE_VERDICT_THIN, "  has values of both sides in one round only");
    note_rows(judgement, JUDGE_VERDICT_GONE, "  is measured in the base and not in this work tree");
    note_rows(judgement, JUDGE_VERDICT_FAILED, "");
}

void judge_note_first(pace *store, const struct judgement *judgement, int quiet)
{
    pace_snapshot *snapshot = NULL;
    if (judgement->paired_with != NULL) return;
    if (pace_snapshot_begin(store, NULL, &snapshot) == 0) {
        tell_lineage(snapshot, judgement, quiet, say_text, NULL);
        tell_machine(snapshot, judgement, say_text, NULL);
        pace_snapshot_end(snapshot);
    }
    note_together(judgement);
}

/* How to say that a change is meant; rounds of both sides are no history that anything is kept
 * of. */
static void note_accept(const struct judgement *judgement, const struct firing *firing,
                        size_t alerts, size_t open)
{
    const char *name = alerts > 0 ? firing[0].row->benchmark : "";
    if (alerts + open == 0 || judgement->paired_with != NULL) return;
    if (alerts == 1 && open == 0 && strchr(name, '\'') == NULL)
        say_note("if it is meant: pace accept '%s' -m WHY", name);
    else
        say_note("accept what is meant: pace accept PATTERN -m WHY");
}

void judge_note_rest(pace *store, const struct judgement *judgement, const struct firing *firing,
                     size_t alerts, int quiet)
{
    if (!quiet) {
        note_accept(judgement, firing, alerts, note_open(judgement));
        note_rows(judgement, JUDGE_VERDICT_RECOVERED, "");
        note_rows(judgement, JUDGE_VERDICT_BETTER, "");
        note_rows(judgement, JUDGE_VERDICT_CHANGED, "  (which way is better is unknown)");
        note_moved_rows(judgement);
    }
    if (judgement->paired_with != NULL)
        note_unpaired(judgement);
    else
        note_missing(store, judgement);
}
