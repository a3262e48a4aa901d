/* cmd_run.c -- `pace run`: executes benchmarks, stores the run, judges it, confirms what looks
 * worse.
 *
 * The store is checked before the command starts and is not open while it runs. */
#include "command.h"

#include "../query/suggest.h"
#include "accept.h"
#include "identity.h"
#include "judge.h"
#include "pacefile.h"
#include "trial.h"
#include "say.h"
#include "secret.h"
#include "store.h"
#include "timestamp.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_COMMAND = 4096, MAX_SAME_ID = 10000, MAX_ADAPTERS = 64 };

struct job {
    const struct arguments *arguments;
    struct identity identity;
    struct trial trial;
    struct show_style style;
    const char **files;
    char path[PATH_MAX]; /* of the store */
    const char *model;
    unsigned run_index;    /* executions so far */
    unsigned confirm_runs; /* most executions more that may confirm a suspect */
    int quiet;
};

/* One execution that was stored. */
struct stored {
    struct pace_run_result result;
    size_t cell_count;
    int is_newest; /* of its stream */
    int64_t time_ns;
    char project[GIT_NAME_MAX], branch[GIT_NAME_MAX], testbed[GIT_NAME_MAX];
    char commit[GIT_COMMIT_MAX];
};

/* -- options -------------------------------------------------------------------------------------
 */

static int read_adapter(struct job *job)
{
    const char *name = arguments_value(job->arguments, OPTION_ADAPTER);
    const char *names[MAX_ADAPTERS];
    if (name == NULL || strcmp(name, "auto") == 0) return 0;
    job->trial.adapter = adapter_find(name);
    if (job->trial.adapter != NULL) return 0;
    size_t count = adapter_count < MAX_ADAPTERS ? adapter_count : MAX_ADAPTERS;
    for (size_t i = 0; i < count; i++)
        names[i] = adapters[i].name;
    const char *near = suggest(name, strlen(name), names, count);
    return command_misused(job->arguments->command, "no adapter '%s'%s%s%s", name,
                           near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                           near != NULL ? "'?" : "");
}

static int read_timeout(struct job *job)
{
    const char *text = arguments_value(job->arguments, OPTION_TIMEOUT);
    if (text == NULL) return 0;
    char *end;
    double seconds = strtod(text, &end); /* the locale is "C": nobody sets another */
    if (end == text || *end != '\0' || !(seconds > 0) || seconds > 1e9)
        return command_misused(job->arguments->command, "--timeout takes seconds, not '%s'", text);
    job->trial.timeout_ms = (uint64_t)ceil(seconds * 1000);
    return 0;
}

static int read_confirm(struct job *job)
{
    const char *text = arguments_value(job->arguments, OPTION_CONFIRM);
    job->confirm_runs = arguments_has(job->arguments, OPTION_NO_CONFIRM) ? 0 : 1;
    if (text == NULL) return 0;
    char *end;
    unsigned long runs = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || *text == '-' || runs > 64)
        return command_misused(job->arguments->command,
                               "--confirm takes a number of runs from 0 to 64, not '%s'", text);
    job->confirm_runs = (unsigned)runs;
    return 0;
}

static int read_files(struct job *job)
{
    const struct arguments *arguments = job->arguments;
    job->files = calloc(arguments->use_count + 1, sizeof *job->files);
    if (job->files == NULL) return store_failed("", PACE_ENOMEM, NULL);
    job->trial.files = job->files;
    for (size_t i = 0; i < arguments->use_count; i++)
        if (arguments->uses[i].id == OPTION_FILE)
            job->files[job->trial.file_count++] = arguments->uses[i].value;
    return 0;
}

/* What is executed: the operands, else nothing and the results are piped in. */
static int read_command(struct job *job)
{
    const struct arguments *arguments = job->arguments;
    job->trial.words = arguments->operands;
    job->trial.word_count = arguments->operand_count;
    if (arguments->operand_count > 0) {
        const char *first = arguments->operands[0];
        if (first[0] == '\0') return command_misused(arguments->command, "the command is empty");
        /* The one-string form takes nothing behind it, and no program's name holds a blank. */
        if (arguments->operand_count > 1 && strchr(first, ' ') != NULL && access(first, X_OK) != 0)
            return command_misused(arguments->command,
                                   "'%s' stands behind the command, so it would belong to it; put "
                                   "options before: pace run %s ... \"%s\"",
                                   arguments->operands[1], arguments->operands[1], first);
        return 0;
    }
    if (job->trial.file_count > 0)
        return command_misused(
            arguments->command,
            "--file needs the command that writes it: pace run --file %s -- CMD\n"
            "  to store a file that exists: pace load %s",
            job->files[0], job->files[0]);
    if (isatty(STDIN_FILENO))
        return command_misused(arguments->command,
                               "no command, and nothing is piped in: pace run -- CMD");
    return 0;
}

static int read_identity(struct job *job)
{
    struct identity *identity = &job->identity;
    int status = identity_read(job->arguments, identity);
    if (status != 0) return status;
    if (identity->branch[0] == '\0' && identity->git.root[0] != '\0')
        return command_misused(job->arguments->command,
                               "git is on no branch (detached HEAD); name it: --branch NAME");
    status = identity_start(job->arguments, identity);
    if (status != 0) return status;
    if (identity->ci.pull_request != 0 && !identity->start.is_set && !job->quiet)
        say_note("note: %s does not tell which branch %s is for, so it has no baseline; name it: "
                 "--start-point BRANCH",
                 identity->ci.service, identity->branch);
    if (identity->git.root[0] != '\0' && identity->commit[0] == '\0' && !job->quiet)
        say_note("note: git tells no commit in %s (see `git log` there); the run is stored without",
                 identity->git.root);
    return 0;
}

static int job_read(struct job *job, const struct arguments *arguments)
{
    job->arguments = arguments;
    job->quiet = arguments_has(arguments, OPTION_QUIET);
    job->model = arguments_value(arguments, OPTION_THRESHOLD);
    int status = show_style_read(arguments, &job->style);
    if (status == 0) status = read_adapter(job);
    if (status == 0) status = read_timeout(job);
    if (status == 0) status = read_confirm(job);
    if (status == 0) status = read_files(job);
    if (status == 0) status = read_command(job);
    if (status == 0) status = read_identity(job);
    if (status == 0) status = store_path(arguments, STORE_CREATE, job->path);
    /* With --format, standard output holds rows and nothing else. */
    job->trial.output_fd = job->style.format != NULL ? STDERR_FILENO : STDOUT_FILENO;
    if (job->quiet) job->trial.output_fd = -1;
    return status;
}

/* -- storing ----------------------------------------------------------------------------------- */

static const char *either(const char *first, const char *second, const char *third)
{
    if (first != NULL && *first != '\0') return first;
    return second != NULL && *second != '\0' ? second : third;
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

static int store_run(struct job *job, struct trial_result *result, pace **store_out,
                     struct stored *out)
{
    struct pace_error error = {0};
    pace *store = NULL;
    *out = (struct stored){0};
    int status = store_open_path(job->path, STORE_CREATE, &store);
    if (status == 0) {
        int code = put_meta(&result->record, job);
        if (code == 0) code = commit_run(job, store, result, out, &error);
        if (code != 0) status = store_failed("the run is not stored", code, &error);
    }
    if (status != 0) {
        pace_close(store);
        trial_keep(result);
        return status;
    }
    if (out->result.start_point != 0)
        say_note("note: the start point is not set: branch %s %s %s", job->identity.start.branch,
                 out->result.start_point == PACE_ELIMIT ? "is too far from" : "is, or comes from,",
                 out->result.start_point == PACE_ELIMIT ? "a branch without one" : out->branch);
    out->cell_count = result->record.count;
    out->is_newest = is_newest(store, out->result.run);
    *store_out = store;
    return 0;
}

/* "calendar main demo  run 38  4f2a1c9" */
static void say_stored(const struct job *job, const struct stored *stored, const char *what)
{
    if (job->quiet) return;
    say_note("%s %s %s  run %llu%s%.7s  %s%s", stored->project, stored->branch, stored->testbed,
             (unsigned long long)stored->result.run, *stored->commit ? "  " : "", stored->commit,
             what, stored->result.duplicate ? " (stored before)" : "");
}

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
    if (status == 0) say_stored(job, stored, judge_summary(out, summary, sizeof summary));
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
        int storing = store_run(job, &result, store, &stored);
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
        if (*store != NULL) {
            int verdict = judge_show(*store, &first, confirm == JUDGE_SECOND_RUN ? &again : NULL,
                                     confirm, &job->style, job->quiet);
            if (verdict == STATUS_REGRESSION && arguments_has(job->arguments, OPTION_NO_FAIL))
                verdict = STATUS_OK;
            status = status_merge(status, verdict);
        }
        if (first.count == 0) {
            say_note("nothing to judge in this run");
            status = status_merge(status, STATUS_NO_VERDICT);
        }
        if (first.counts[JUDGE_VERDICT_THIN] > 0 &&
            arguments_has(job->arguments, OPTION_REQUIRE_BASELINE))
            status = status_merge(status, STATUS_NO_VERDICT);
    }
    judge_clear(&first);
    judge_clear(&again);
    return status;
}

/* -- running ----------------------------------------------------------------------------------- */

static int dry_run(const struct job *job)
{
    const struct identity *identity = &job->identity;
    char command[MAX_COMMAND], time[TIMESTAMP_TEXT_MAX] = "when it starts";
    if (identity->time_ns != 0) timestamp_print(time, identity->time_ns);
    say_note("would run    %s",
             job->trial.word_count > 0
                 ? secret_command(job->trial.words, job->trial.word_count, command, sizeof command)
                 : "nothing: standard input has the results");
    say_note(
        "store        %s\nproject      %s\nbranch       %s\ntestbed      %s\ncommit       %s%s",
        job->path, identity->project, either(identity->branch, "main", ""), identity->testbed,
        either(identity->commit, "none", ""), identity->dirty ? " (uncommitted changes)" : "");
    const struct start_point *start = &identity->start;
    if (start->is_set)
        say_note("start point  %s%s%s", start->branch[0] != '\0' ? start->branch : "none",
                 start->commit[0] != '\0' ? " at " : "", start->commit);
    say_note("commit time  %s\njudged by    check %s", time,
             job->model != NULL ? job->model : "(the saved threshold in scope, else the default)");
    return STATUS_OK;
}

/* Names and time that the store would refuse in the end. */
static int check_names(const struct job *job, pace *store)
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

static int run_job(struct job *job)
{
    struct trial_result result;
    struct stored stored;
    pace *store = NULL;
    /* Better now than after an hour of benchmarks. */
    int status = store_open_path(job->path, STORE_CREATE, &store);
    if (status == 0) status = judge_check_model(store, job->model);
    if (status == 0) status = check_names(job, store);
    pace_close(store);
    if (status != 0) return status;
    store = NULL;

    status = trial_run(&job->trial, &result);
    if (status == STATUS_DATA) trial_keep_file(&result);
    int has_cells = result.record.count > 0;
    int storing = STATUS_OK;
    if (has_cells && (status == STATUS_OK || status == STATUS_BENCHMARK))
        storing = store_run(job, &result, &store, &stored);
    trial_clear(&result);
    if (store != NULL && status == STATUS_OK)
        status = verdict(job, &store, &stored);
    else if (store != NULL)
        say_stored(job, &stored, "what arrived is stored as a partial run, not judged");
    pace_close(store);
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
        status = arguments_has(&file.all, OPTION_DRY_RUN) ? dry_run(job) : run_job(job);
    pacefile_run_free(&file);
    free(job->files);
    free(job);
    return status;
}
