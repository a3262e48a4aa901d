/* cmd_run.c -- `pace run`: executes benchmarks, stores the run, judges it, confirms what looks
 * worse.
 *
 * The store is checked before the command starts and is not open while it runs. */
#include "command.h"

#include "accept.h"
#include "against.h"
#include "job.h"
#include "judge.h"
#include "pacefile.h"
#include "say.h"
#include "scratch.h"
#include "store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- judging ----------------------------------------------------------------------------------- */

static int judge_stored(const struct job *job, pace *store, const struct stored *stored,
                        struct judgement *out)
{
    struct judge_scope scope = {.project = stored->project,
                                .branch = stored->branch,
                                .testbed = stored->testbed,
                                .run = stored->is_newest ? 0 : stored->result.run,
                                .time_ns = stored->time_ns};
    char summary[256];
    int status = judge_read(store, &scope, job->model, out);
    if (status == 0) job_say_stored(job, stored, judge_summary(out, summary, sizeof summary));
    return status;
}

/* Runs the command once more and judges that run too. *confirm tells what came of it. */
static int run_again(struct job *job, pace **store, size_t suspects, struct judgement *again,
                     enum judge_confirm *confirm)
{
    struct trial_result result;
    struct stored stored;
    *confirm = JUDGE_NO_SECOND;
    if (!job->quiet) say_note("%zu suspected: running the command once more to confirm", suspects);
    pace_close(*store);
    *store = NULL;
    int status = trial_run(&job->trial, &result);
    if (status == STATUS_DATA) trial_keep_file(&result);
    if (result.record.count > 0 && (status == STATUS_OK || status == STATUS_BENCHMARK)) {
        int storing = job_store(job, &result, store, &stored);
        if (storing == 0 && status == STATUS_OK) {
            storing = judge_stored(job, *store, &stored, again);
            if (storing == 0) *confirm = JUDGE_SECOND_RUN;
        }
        status = status_merge(status, storing);
    }
    trial_clear(&result);
    /* The verdict on the first run still wants to be told. */
    if (*store == NULL)
        status = status_merge(status, store_open_path(job->path, STORE_READ, store));
    return status;
}

/* Accepts a row whose regression a trailer allows. */
static int accept_row(pace *store, const struct judged *row, const struct stored *stored,
                      const struct trailer *trailer)
{
    struct pace_error error = {0};
    struct arena arena;
    arena_init(&arena, 0);
    const struct {
        const char *key, *value;
    } terms[] = {{"project", row->project},
                 {"branch", row->branch},
                 {"testbed", row->testbed},
                 {"benchmark", row->benchmark},
                 {"measure", row->measure}};
    const char *selector = "";
    for (size_t i = 0; i < sizeof terms / sizeof terms[0] && selector != NULL; i++)
        selector = arena_printf(&arena, "%s%s%s:%s", selector, i > 0 ? " " : "", terms[i].key,
                                accept_string(&arena, terms[i].value));
    struct pace_mark mark = {.kind = PACE_MARK_ACCEPT,
                             .selector = selector,
                             .note = trailer->why,
                             .at_ns = stored->time_ns};
    int code = selector == NULL ? PACE_ENOMEM : pace_mark_add(store, &mark, &error, NULL);
    arena_clear(&arena);
    if (code != 0) return store_failed("", code, &error);
    say_note("accepted  %s  %s  by the commit's trailer%s%s", row->benchmark, row->measure,
             trailer->why[0] != '\0' ? ": " : "", trailer->why);
    return 0;
}

/* Accepts what trailers of the commits since the last good one allow; *count tells how much. */
static int accept_by_trailers(const struct job *job, pace *store, const struct stored *stored,
                              const struct judgement *judgement, size_t *count)
{
    struct arena arena;
    int status = 0;
    *count = 0;
    arena_init(&arena, 0);
    for (size_t i = 0; i < judgement->count && status == 0; i++) {
        const struct judged *row = &judgement->rows[i];
        struct trailer trailers[TRAILERS_MAX];
        if (row->verdict != JUDGE_VERDICT_WORSE && row->verdict != JUDGE_VERDICT_SUSPECTED)
            continue;
        char *text = git_messages(job->identity.git.root, row->good_commit,
                                  job->identity.git.commit, ACCEPT_TRAILER);
        if (text == NULL)
            text =
                git_messages(job->identity.git.root, "", job->identity.git.commit, ACCEPT_TRAILER);
        size_t found = text != NULL ? trailers_read(&arena, text, trailers) : 0;
        free(text);
        for (size_t t = 0; t < found; t++) {
            if (!trailer_matches(&trailers[t], row->benchmark)) continue;
            if (fabs(row->delta) > trailers[t].most) continue;
            status = accept_row(store, row, stored, &trailers[t]);
            (*count)++;
            break;
        }
    }
    arena_clear(&arena);
    return status;
}

/* Tells people and CI, of a judgement by history or by rounds. `status` is what it came to so
 * far. */
static int tell(const struct job *job, pace *store, const struct judgement *judgement,
                const struct judgement *again, enum judge_confirm confirm, int status)
{
    struct judge_notes notes = {.count = 0};
    struct ci_context context = {.project = job->identity.project,
                                 .testbed = job->identity.testbed,
                                 .commit = job->identity.commit,
                                 .notes = &notes};
    int is_required = arguments_has(job->arguments, OPTION_REQUIRE_BASELINE);
    int verdict = judge_show(store, judgement, again, confirm, &job->style, job->quiet);
    if (verdict == STATUS_REGRESSION && arguments_has(job->arguments, OPTION_NO_FAIL))
        verdict = STATUS_OK;
    if (judgement->count == 0) {
        say_note("nothing to judge in this run");
        context.reason = CI_REASON_NO_RUN;
    } else if (judge_is_empty(judgement) && (judgement->paired_with != NULL || is_required)) {
        context.reason = CI_REASON_EMPTY;
    } else if (is_required && judge_lacks_baseline(judgement)) {
        context.reason = CI_REASON_NO_BASELINE;
    }
    status = status_merge(status, verdict);
    if (context.reason != CI_REASON_NONE) status = status_merge(status, STATUS_NO_VERDICT);
    context.status = status;
    if (job->outputs.count > 0) judge_notes_read(store, judgement, &notes);
    status =
        status_merge(status, ci_outputs_tell(&job->outputs, judgement, again, confirm, &context));
    judge_notes_clear(&notes);
    return status;
}

/* The same where the benchmark command failed. */
static int tell_failure(const struct job *job, int status)
{
    struct judgement none;
    struct ci_context context = {.project = job->identity.project,
                                 .testbed = job->identity.testbed,
                                 .commit = job->identity.commit,
                                 .status = status,
                                 .reason = CI_REASON_COMMAND};
    judge_init(&none);
    status = status_merge(
        status, ci_outputs_tell(&job->outputs, &none, NULL, JUDGE_FIRST_COUNTS, &context));
    judge_clear(&none);
    return status;
}

static int verdict(struct job *job, pace **store, const struct stored *stored)
{
    struct judgement first, again = {0};
    enum judge_confirm confirm = JUDGE_FIRST_COUNTS;
    int status = judge_stored(job, *store, stored, &first);
    size_t accepted = 0;
    if (status == 0 && job->identity.git.root[0] != '\0')
        status = accept_by_trailers(job, *store, stored, &first, &accepted);
    if (accepted > 0 && status == 0) {
        judge_clear(&first);
        status = judge_stored(job, *store, stored, &first);
    }
    if (status == 0) {
        size_t suspects = judge_suspects(&first);
        int can = job->trial.word_count > 0 && !stored->result.duplicate;
        for (unsigned i = 0; suspects > 0 && can && i < job->confirm_runs && status == 0; i++) {
            judge_clear(&again);
            status = run_again(job, store, suspects, &again, &confirm);
            suspects = confirm == JUDGE_SECOND_RUN ? again.counts[JUDGE_VERDICT_SUSPECTED] : 0;
        }
        if (*store != NULL)
            status = tell(job, *store, &first, confirm == JUDGE_SECOND_RUN ? &again : NULL, confirm,
                          status);
    }
    judge_clear(&first);
    judge_clear(&again);
    return status;
}

/* -- running ----------------------------------------------------------------------------------- */

/* The rounds judge, by themselves: nothing is confirmed, for that is what they are many for. */
static int verdict_of_rounds(struct job *job, pace *store, const struct stored *stored,
                             const struct against *against)
{
    struct judgement judgement;
    char summary[256];
    int status = against_judge(job, against, store, stored, &judgement);
    if (status == 0) {
        job_say_stored(job, stored, judge_summary(&judgement, summary, sizeof summary));
        status = tell(job, store, &judgement, NULL, JUDGE_FIRST_COUNTS, STATUS_OK);
    }
    judge_clear(&judgement);
    return status;
}

/* The store as it will be used, before an hour of benchmarks. *skip: there is nothing to do. A new
 * one is made when there is something to store; what can be made beside it for a moment can be made
 * then. */
static int check_store(struct job *job, int *skip)
{
    pace *store = NULL;
    struct scratch trial = {0};
    struct pace_error error = {0};
    int is_new = access(job->path, F_OK) != 0 && errno == ENOENT &&
                 scratch_open_beside(&trial, job->path, &error) == 0;
    int status = is_new ? 0 : store_open_path(job->path, STORE_CREATE, &store);
    if (is_new) store = trial.store;
    if (status == 0) status = judge_check_model(store, job->model);
    if (status == 0) status = job_check_names(job, store);
    if (status == 0 && arguments_has(job->arguments, OPTION_SKIP_EXISTING)) {
        uint64_t run = job_find_stored(job, store);
        *skip = run != 0;
        if (run != 0 && !job->quiet)
            say_note("skipped: run %llu is of commit %.7s already", (unsigned long long)run,
                     job->identity.commit);
    }
    if (!is_new) pace_close(store);
    scratch_close(&trial);
    return status;
}

static int run_job(struct job *job)
{
    struct trial_result result;
    struct against against = {0};
    struct stored stored;
    pace *store = NULL;
    int skip = 0, status = check_store(job, &skip);
    if (status != 0 || skip) return status;
    if (job->identity.git.root[0] != '\0' && git_tree_sweep(job->identity.git.root) > 0 &&
        !job->quiet)
        say_note("note: removed the work tree that a killed `pace run --against` left");

    status = job->against.name != NULL ? against_run(job, &against, &result)
                                       : trial_run(&job->trial, &result);
    if (status == STATUS_DATA) trial_keep_file(&result);
    int has_cells = result.record.count > 0;
    int storing = STATUS_OK;
    if (has_cells && (status == STATUS_OK || status == STATUS_BENCHMARK))
        storing = job_store(job, &result, &store, &stored);
    trial_clear(&result);
    if (store != NULL && status == STATUS_OK)
        status = job->against.name != NULL ? verdict_of_rounds(job, store, &stored, &against)
                                           : verdict(job, &store, &stored);
    else if (store != NULL)
        job_say_stored(job, &stored, "what arrived is stored as a partial run, not judged");
    pace_close(store);
    against_clear(&against);
    if (status == STATUS_BENCHMARK) status = tell_failure(job, status);
    return status_merge(status, storing);
}

int cmd_run(const struct arguments *arguments)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL) return store_failed("", PACE_ENOMEM, NULL);
    struct pacefile_run file;
    int status = pacefile_run_read(arguments, &file);
    if (status == 0) status = job_read(job, &file.all);
    if (status == 0)
        status = arguments_has(&file.all, OPTION_DRY_RUN) ? job_dry_run(job) : run_job(job);
    pacefile_run_free(&file);
    job_clear(job);
    free(job);
    return status;
}
