/* cmd_check.c -- `pace check`: judges the newest run of a branch on every testbed. */
#include "command.h"

#include "ci_output.h"
#include "identity.h"
#include "judge.h"
#include "say.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

/* Whether a judged row is of the checked out commit: the newest run may be older than HEAD, and its
 * verdict is not HEAD's. */
static int is_of_head(const struct judgement *judgement, const char *commit)
{
    for (size_t i = 0; i < judgement->count; i++)
        if (strcmp(judgement->rows[i].commit, commit) == 0) return 1;
    return 0;
}

/* The judged run that is partial, or 0: it holds what a failed command left. */
static uint64_t partial_run(pace *store, const struct judgement *judgement)
{
    pace_snapshot *snapshot = NULL;
    uint64_t partial = 0;
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return 0;
    for (size_t i = 0; i < judgement->count && partial == 0; i++) {
        struct pace_run_view view;
        uint64_t run = judgement->rows[i].run;
        if (i > 0 && run == judgement->rows[i - 1].run) continue;
        if (pace_run_get(snapshot, run, NULL, &view) == 0 && (view.flags & PACE_RUN_PARTIAL) != 0)
            partial = run;
    }
    pace_snapshot_end(snapshot);
    return partial;
}

static void nothing_to_judge(pace *store, const struct judge_scope *scope)
{
    pace_snapshot *snapshot = NULL;
    uint64_t runs = 0;
    if (pace_snapshot_begin(store, NULL, &snapshot) == 0) {
        runs = pace_run_count(snapshot);
        pace_snapshot_end(snapshot);
    }
    if (runs == 0)
        say_error("nothing to judge: %s has no runs; store one with: pace run -- CMD",
                  pace_path(store));
    else
        say_error("nothing to judge: no series on branch %s%s%s%s%s; see: pace ls", scope->branch,
                  scope->project != NULL ? " of project " : "",
                  scope->project != NULL ? scope->project : "",
                  scope->testbed != NULL ? " on testbed " : "",
                  scope->testbed != NULL ? scope->testbed : "");
}

/* The benchmarks to run again, a line each, for the harness' own filter. */
static void print_suspects(const struct judgement *judgement)
{
    const char *before = "";
    for (size_t i = 0; i < judgement->count; i++) {
        const struct judged *row = &judgement->rows[i];
        if (row->verdict != JUDGE_VERDICT_SUSPECTED || strcmp(row->benchmark, before) == 0)
            continue;
        before = row->benchmark;
        say_safe(stdout, before, strlen(before));
        putchar('\n');
    }
}

/* Why there is no verdict, or none on HEAD. Says what needs words. */
static enum ci_reason find_reason(const struct arguments *arguments, pace *store,
                                  const struct judge_scope *scope, const struct identity *identity,
                                  const struct judgement *judgement)
{
    if (judgement->count == 0) {
        nothing_to_judge(store, scope);
        return CI_REASON_NO_RUN;
    }
    if (arguments_value(arguments, OPTION_BRANCH) == NULL && identity->commit[0] != '\0' &&
        !is_of_head(judgement, identity->commit)) {
        say_error("the newest run of branch %s is of %.20s, not of %.20s: this is its verdict\n"
                  "  measure HEAD with `pace run`, or name the branch with --branch",
                  scope->branch, judgement->rows[0].commit, identity->commit);
        return CI_REASON_STALE;
    }
    if (judge_is_empty(judgement)) return CI_REASON_EMPTY;
    if (judge_lacks_baseline(judgement) && arguments_has(arguments, OPTION_REQUIRE_BASELINE))
        return CI_REASON_NO_BASELINE;
    return CI_REASON_NONE;
}

/* Tells people and CI. */
static int tell(const struct arguments *arguments, pace *store, const struct judge_scope *scope,
                const struct identity *identity, const struct judgement *judgement,
                const struct show_style *style, const struct ci_outputs *outputs)
{
    int quiet = arguments_has(arguments, OPTION_QUIET);
    int strict = arguments_has(arguments, OPTION_STRICT), status = STATUS_OK;
    char summary[256];
    if (judgement->count > 0) {
        if (!quiet)
            say_note("%s  %s", scope->branch, judge_summary(judgement, summary, sizeof summary));
        status = judge_show(store, judgement, NULL, JUDGE_FIRST_COUNTS, style, quiet);
        if (!quiet) judge_note_drift(store, scope, judgement);
    }
    if (strict && judgement->counts[JUDGE_VERDICT_SUSPECTED] + judge_open(judgement) > 0)
        status = status_merge(status, STATUS_REGRESSION);
    if (status == STATUS_REGRESSION && arguments_has(arguments, OPTION_NO_FAIL)) status = STATUS_OK;
    enum ci_reason reason = find_reason(arguments, store, scope, identity, judgement);
    if (reason != CI_REASON_NONE) status = status_merge(status, STATUS_NO_VERDICT);
    uint64_t partial = partial_run(store, judgement);
    if (partial != 0)
        say_note("note: run %llu is partial, as its benchmark command failed",
                 (unsigned long long)partial);
    struct judge_notes notes = {.count = 0};
    struct ci_context context = {.project = scope->project,
                                 .testbed = scope->testbed,
                                 .commit = identity->commit,
                                 .notes = &notes,
                                 .strict = strict,
                                 .status = status,
                                 .reason = reason};
    if (outputs->count > 0) judge_notes_read(store, judgement, &notes);
    status = status_merge(status,
                          ci_outputs_tell(outputs, judgement, NULL, JUDGE_FIRST_COUNTS, &context));
    judge_notes_clear(&notes);
    return status;
}

static int check(const struct arguments *arguments, pace *store, const struct identity *identity,
                 const struct ci_outputs *outputs)
{
    struct show_style style;
    struct judgement judgement;
    int status = show_style_read(arguments, &style);
    if (status != 0) return status;
    ci_outputs_style(outputs, &style);
    struct judge_scope scope = {.project = arguments_value(arguments, OPTION_PROJECT),
                                .branch = identity->branch,
                                .testbed = arguments_value(arguments, OPTION_TESTBED)};
    status = judge_read(store, &scope, arguments_value(arguments, OPTION_THRESHOLD), &judgement);
    if (status == 0 && arguments_has(arguments, OPTION_SUSPECTS))
        print_suspects(&judgement);
    else if (status == 0)
        status = tell(arguments, store, &scope, identity, &judgement, &style, outputs);
    judge_clear(&judgement);
    return status;
}

int cmd_check(const struct arguments *arguments)
{
    pace *store = NULL;
    struct ci_outputs outputs;
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) return store_failed("", PACE_ENOMEM, NULL);
    int status = ci_outputs_read(arguments, 1, &outputs);
    if (status == 0 && arguments->operand_count > 0)
        status = command_misused(arguments->command, "`pace check` takes no operands");
    if (status == 0) status = identity_read(arguments, identity);
    if (status == 0 && identity->branch[0] == '\0') {
        if (identity->git.root[0] != '\0')
            status = command_misused(arguments->command,
                                     "git is on no branch (detached HEAD); name it: --branch NAME");
        else
            strcpy(identity->branch, "main"); /* as `pace run` does outside of git */
    }
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status == 0) {
        status = check(arguments, store, identity, &outputs);
        pace_close(store);
    }
    free(identity);
    return status;
}
