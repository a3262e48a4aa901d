/* job_store.c -- the runs of `pace run` on their way into the store. */
#include "job.h"

#include "fingerprint.h"
#include "say.h"
#include "secret.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_COMMAND = 4096, MAX_SAME_ID = 10000 };

static const char *either(const char *first, const char *second, const char *third)
{
    if (first != NULL && *first != '\0') return first;
    return second != NULL && *second != '\0' ? second : third;
}

/* Names and time that the store would refuse in the end. */
int job_check_names(const struct job *job, pace *store)
{
    const struct identity *identity = &job->identity;
    struct pace_error error = {0};
    struct pace_run_info info = {.project = either(identity->project, "project", ""),
                                 .branch = either(identity->branch, "main", ""),
                                 .testbed = identity->testbed,
                                 .commit = identity->commit,
                                 .time_ns = identity->time_ns};
    pace_run *run = NULL;
    int code = pace_run_begin(store, &info, &error, &run);
    pace_run_free(run);
    return code != 0 ? store_failed("", code, &error) : 0;
}

static int put_meta(struct record *record, const struct job *job)
{
    const struct identity *identity = &job->identity;
    char command[MAX_COMMAND], number[32];
    const char *key, *value;
    int code = 0;
    for (unsigned i = 0; environment_entry(&identity->environment, i, &key, &value); i++)
        if (*value != '\0' && code == 0) code = record_meta(record, key, value);
    secret_command(job->trial.words, job->trial.word_count, command, sizeof command);
    snprintf(number, sizeof number, "%lu", identity->ci.pull_request);
    const char *const pairs[][2] = {
        {"command", command},
        {"ci.service", identity->ci.service},
        {"ci.job", identity->ci.job},
        {"ci.id", identity->ci.id},
        {"ci.pull_request", identity->ci.pull_request != 0 ? number : ""},
        {"git.remote", identity->git.remote},
        {"pace.version", pace_version()},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0] && code == 0; i++)
        if (pairs[i][1] != NULL && *pairs[i][1] != '\0')
            code = record_meta(record, pairs[i][0], pairs[i][1]);
    return code;
}

/* What the run is called: the command line, CI and git first, then what the harness says, which
 * counts only where the directory is not a work tree. */
static struct pace_run_info run_info(const struct job *job, const struct trial_result *result,
                                     struct stored *out)
{
    const struct identity *identity = &job->identity;
    const struct run_facts *facts = &result->record.facts;
    int in_git = identity->git.root[0] != '\0';
    const char *commit = either(identity->commit, in_git ? "" : facts->commit, "");
    int given = arguments_has(job->arguments, OPTION_PROJECT);
    const char *project = in_git || given ? identity->project : facts->project;
    snprintf(out->project, sizeof out->project, "%.1023s", either(project, identity->project, ""));
    snprintf(out->branch, sizeof out->branch, "%.1023s",
             either(identity->branch, facts->branch, "main"));
    snprintf(out->testbed, sizeof out->testbed, "%.1023s", identity->testbed);
    snprintf(out->commit, sizeof out->commit, "%.127s", commit);
    out->time_ns = identity->time_ns;
    if (out->time_ns == 0 && facts->commit_time_ns != 0 &&
        strcmp(commit, either(facts->commit, "", "")) == 0)
        out->time_ns = facts->commit_time_ns;
    if (out->time_ns == 0) out->time_ns = result->started_ns;
    const struct start_point *start = &identity->start;
    /* Where nothing tells the commit, what the parent has now is what was asked for. */
    int as_it_is = start->is_given && start->commit[0] == '\0';
    uint32_t flags = 0;
    if (result->failed) flags |= PACE_RUN_PARTIAL;
    if (identity->dirty) flags |= PACE_RUN_DIRTY;
    return (struct pace_run_info){.project = out->project,
                                  .branch = out->branch,
                                  .testbed = out->testbed,
                                  .commit = out->commit,
                                  .id = identity->id,
                                  .time_ns = out->time_ns,
                                  .ran_ns = result->started_ns,
                                  .ordinal = identity->ordinal,
                                  .flags = flags,
                                  .start_branch = start->is_set ? start->branch : NULL,
                                  .start_commit = start->commit,
                                  .start_time_ns = as_it_is ? out->time_ns : start->time_ns};
}

/* Commits the run. A CI step may run several commands with one name each: the next free one is
 * taken. */
static int commit_run(struct job *job, pace *store, const struct trial_result *result,
                      struct stored *out, struct pace_error *error)
{
    int code = PACE_ECONFLICT;
    for (unsigned i = 0; i < MAX_SAME_ID && code == PACE_ECONFLICT; i++) {
        pace_run *run = NULL;
        identity_name(&job->identity, job->trial.words, job->run_index++);
        struct pace_run_info info = run_info(job, result, out);
        code = pace_run_begin(store, &info, error, &run);
        if (code == 0) code = record_put(&result->record, run, error);
        if (code == 0) code = pace_runs_commit(store, &run, 1, error, &out->result);
        pace_run_free(run);
    }
    if (code == 0 && !out->result.duplicate) store_keep(store, out->result.run);
    return code;
}

/* Whether the run is the last of its stream: one of an older commit takes its place in the middle.
 */
static int is_newest(pace *store, uint64_t run)
{
    pace_snapshot *snapshot = NULL;
    struct pace_run_view view;
    struct pace_stream stream;
    int newest = 0;
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return 0;
    if (pace_run_get(snapshot, run, NULL, &view) == 0 &&
        pace_stream_get(snapshot, view.stream, NULL, &stream) == 0)
        newest = stream.last_run == run;
    pace_snapshot_end(snapshot);
    return newest;
}

/* What is not as it was in the run before, of the machine and its settings. */
static void note_machine(pace *store, uint64_t run)
{
    char text[FINGERPRINT_TEXT_MAX];
    pace_snapshot *snapshot = NULL;
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return;
    if (*fingerprint_change(snapshot, run, text) != '\0') say_note("%s", text);
    pace_snapshot_end(snapshot);
}

/* Whether what was measured is in no file: of several executions, or measured by pace itself. */
static int is_gathered(const struct job *job)
{
    const struct trial *trial = &job->trial;
    return job->against.name != NULL || trial->iterations > 1 || trial->build_time ||
           trial->rusage || trial->size_count > 0;
}

/* Results that cannot be stored where they should are not lost: keeps them as a store of their own.
 * 1 when that is done. */
static int keep_store(struct job *job, const struct trial_result *result)
{
    char path[PATH_MAX];
    struct stored stored = {0};
    struct pace_error error = {0};
    pace *store = NULL;
    snprintf(path, sizeof path, "%.3000s/pace-XXXXXX", trial_temporary());
    if (mkdtemp(path) == NULL) return 0;
    int kept = store_open_path(path, STORE_CREATE, &store) == 0 &&
               commit_run(job, store, result, &stored, &error) == 0;
    pace_close(store);
    if (kept) say_note("  the results are kept: pace merge %s", path);
    return kept;
}

int job_store(struct job *job, struct trial_result *result, pace **store_out, struct stored *out)
{
    struct pace_error error = {0};
    pace *store = NULL;
    *out = (struct stored){0};
    if (job->backdate_ns != 0) result->started_ns = job->backdate_ns;
    int is_new = !job->quiet && store_is_new(job->arguments, job->path);
    int code = put_meta(&result->record, job);
    int status =
        code != 0 ? store_failed("", code, NULL) : store_open_path(job->path, STORE_CREATE, &store);
    if (status == 0) {
        code = commit_run(job, store, result, out, &error);
        if (code != 0) status = store_failed("the run is not stored", code, &error);
    }
    if (status != 0) {
        pace_close(store);
        if (!is_gathered(job) || !keep_store(job, result)) trial_keep(result);
        return status;
    }
    if (out->result.start_point != 0)
        say_note("note: the start point is not set: branch %s %s %s", job->identity.start.branch,
                 out->result.start_point == PACE_ELIMIT ? "is too far from" : "is, or comes from,",
                 out->result.start_point == PACE_ELIMIT ? "a branch without one" : out->branch);
    if (is_new) store_tell_new(job->path);
    out->cell_count = result->record.count;
    out->is_newest = is_newest(store, out->result.run);
    if (out->is_newest && !job->quiet) note_machine(store, out->result.run);
    *store_out = store;
    return 0;
}

/* "calendar main demo  run 38  4f2a1c9" */
void job_say_stored(const struct job *job, const struct stored *stored, const char *what)
{
    if (job->quiet) return;
    say_note("%s %s %s  run %llu%s%.7s  %s%s", stored->project, stored->branch, stored->testbed,
             (unsigned long long)stored->result.run, *stored->commit ? "  " : "", stored->commit,
             what, stored->result.duplicate ? " (stored before)" : "");
}

/* -- what is there already --------------------------------------------------------------------- */

struct search {
    pace_snapshot *snapshot;
    const struct job *job;
    uint64_t found;
};

static int is_named(const struct search *search, enum pace_dimension dimension, uint32_t id,
                    const char *name)
{
    uint32_t own = 0;
    return pace_name_find(search->snapshot, dimension, name, strlen(name), NULL, &own) == 0 &&
           own == id;
}

static int visit_commit(void *context, const char *commit, uint64_t run)
{
    struct search *search = context;
    const struct identity *identity = &search->job->identity;
    struct pace_run_view view;
    struct pace_stream stream;
    if (strcmp(commit, identity->commit) == 0 &&
        pace_run_get(search->snapshot, run, NULL, &view) == 0 && !(view.flags & PACE_RUN_PARTIAL) &&
        pace_stream_get(search->snapshot, view.stream, NULL, &stream) == 0 &&
        is_named(search, PACE_PROJECT, stream.project, identity->project) &&
        is_named(search, PACE_BRANCH, stream.branch, either(identity->branch, "main", "")) &&
        is_named(search, PACE_TESTBED, stream.testbed, identity->testbed) && run > search->found)
        search->found = run;
    return 0;
}

uint64_t job_find_stored(const struct job *job, pace *store)
{
    struct search search = {.job = job};
    if (job->identity.commit[0] == '\0' || pace_snapshot_begin(store, NULL, &search.snapshot) != 0)
        return 0;
    pace_commits(search.snapshot, job->identity.commit, NULL, visit_commit, &search);
    pace_snapshot_end(search.snapshot);
    return search.found;
}
