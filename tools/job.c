/* job.c -- what `pace run` was asked to do: its command line, read and checked. */
#include "job.h"

#include "../query/suggest.h"
#include "pacefile.h"
#include "say.h"
#include "secret.h"
#include "store.h"
#include "timestamp.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ADAPTERS = 64, ROUNDS = 6, SHORT_COMMIT = 7 };

/* -- numbers ----------------------------------------------------------------------------------- */

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

static int read_count(const struct job *job, enum option_id id, unsigned long least,
                      unsigned long most, unsigned *out)
{
    const char *text = arguments_value(job->arguments, id);
    if (text == NULL) return 0;
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || count < least || count > most)
        return command_misused(job->arguments->command,
                               "--%s takes a number from %lu to %lu, not '%s'",
                               option_rows[id].name, least, most, text);
    *out = (unsigned)count;
    return 0;
}

/* A share such as 5% or 0.05, less than `most`. */
static int read_share(const struct job *job, enum option_id id, double most, double *out)
{
    const char *text = arguments_value(job->arguments, id);
    if (text == NULL) return 0;
    char *end;
    double share = strtod(text, &end);
    if (*end == '%') share /= 100, end++;
    if (end == text || *end != '\0' || !(share >= 0) || !(share < most))
        return command_misused(job->arguments->command, "--%s takes a share such as 5%%, not '%s'",
                               option_rows[id].name, text);
    *out = share;
    return 0;
}

static int read_fold(struct job *job)
{
    static const char *const names[] = {"median", "min", "max", "mean"}; /* enum record_fold */
    const char *text = arguments_value(job->arguments, OPTION_FOLD);
    if (text == NULL) return 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        job->trial.fold = (enum record_fold)i;
        return 0;
    }
    return command_misused(job->arguments->command, "--fold is min, max, mean or median, not '%s'",
                           text);
}

/* -- files and their adapters ------------------------------------------------------------------ */

static int find_adapter(const struct job *job, const char *name, const struct adapter **out)
{
    const char *names[MAX_ADAPTERS];
    *out = NULL;
    if (strcmp(name, "auto") == 0) return 0;
    *out = adapter_find(name);
    if (*out != NULL) return 0;
    size_t count = adapter_count < MAX_ADAPTERS ? adapter_count : MAX_ADAPTERS;
    for (size_t i = 0; i < count; i++)
        names[i] = adapters[i].name;
    const char *near = suggest(name, strlen(name), names, count);
    return command_misused(job->arguments->command, "no adapter '%s'%s%s%s", name,
                           near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                           near != NULL ? "'?" : "");
}

/* What --map says is of tables: so are the results that no --adapter is named for. */
static int read_map(struct job *job)
{
    job->map = arguments_values(job->arguments, OPTION_MAP, &job->trial.map_count);
    if (job->map == NULL) return store_failed("", PACE_ENOMEM, NULL);
    job->trial.map = job->map;
    if (job->trial.map_count == 0) return 0;
    const struct adapter *tables = adapter_find("csv");
    if (job->trial.adapter == NULL) job->trial.adapter = tables;
    for (size_t i = 0; i < job->trial.file_count; i++)
        if (job->files[i].adapter == NULL) job->files[i].adapter = tables;
    return 0;
}

/* One --adapter is for all that is read; each of several is for the files named behind it. */
static int read_files(struct job *job)
{
    const struct arguments *arguments = job->arguments;
    const struct adapter *adapter = NULL;
    size_t adapter_uses = 0;
    int status = 0;
    job->files = calloc(arguments->use_count + 1, sizeof *job->files);
    job->sizes = calloc(arguments->use_count + 1, sizeof *job->sizes);
    if (job->files == NULL || job->sizes == NULL) return store_failed("", PACE_ENOMEM, NULL);
    job->trial.files = job->files;
    job->trial.sizes = job->sizes;
    for (size_t i = 0; i < arguments->use_count && status == 0; i++) {
        const struct option_use *use = &arguments->uses[i];
        if (use->id == OPTION_ADAPTER) {
            status = find_adapter(job, use->value, &adapter);
            adapter_uses++;
        }
        if ((use->id == OPTION_FILE || use->id == OPTION_FILE_SIZE) && *use->value == '\0')
            return command_misused(arguments->command, "--%s must not be empty",
                                   option_rows[use->id].name);
        if (use->id == OPTION_FILE)
            job->files[job->trial.file_count++] = (struct trial_file){use->value, adapter};
        if (use->id == OPTION_FILE_SIZE) job->sizes[job->trial.size_count++] = use->value;
    }
    if (adapter_uses > 1 && job->trial.file_count == 0)
        return command_misused(arguments->command,
                               "several adapters: each is for the files named behind it, as in "
                               "--adapter go --file a.txt --adapter jmh --file b.json");
    for (size_t i = 0; i < job->trial.file_count && adapter_uses == 1; i++)
        job->files[i].adapter = adapter;
    if (adapter_uses == 1) job->trial.adapter = adapter;
    return status == 0 ? read_map(job) : status;
}

/* -- the command ------------------------------------------------------------------------------- */

/* What needs a command to be executed. */
static int needs_command(const struct job *job)
{
    static const enum option_id needing[] = {OPTION_ITER, OPTION_BUILD_TIME, OPTION_RUSAGE,
                                             OPTION_AGAINST, OPTION_TIMEOUT};
    for (size_t i = 0; i < sizeof needing / sizeof needing[0]; i++)
        if (arguments_has(job->arguments, needing[i]))
            return command_misused(
                job->arguments->command, "--%s needs the command: pace run --%s%s%s -- CMD",
                option_rows[needing[i]].name, option_rows[needing[i]].name,
                option_rows[needing[i]].value != NULL ? " " : "",
                option_rows[needing[i]].value != NULL ? arguments_value(job->arguments, needing[i])
                                                      : "");
    return 0;
}

/* What is executed: the operands, else nothing and the results are piped in. */
static int read_command(struct job *job)
{
    const struct arguments *arguments = job->arguments;
    job->trial.words = arguments->operands;
    job->trial.word_count = arguments->operand_count;
    secret_command(job->trial.words, job->trial.word_count, job->command, sizeof job->command);
    job->trial.name = job->command;
    job->trial.build_time = arguments_has(arguments, OPTION_BUILD_TIME);
    job->trial.rusage = arguments_has(arguments, OPTION_RUSAGE);
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
            job->files[0].path, job->files[0].path);
    int status = needs_command(job);
    if (status != 0 || job->trial.size_count > 0) return status;
    if (isatty(STDIN_FILENO))
        return command_misused(arguments->command,
                               "no command, and nothing is piped in: pace run -- CMD");
    return 0;
}

/* -- which run --------------------------------------------------------------------------------- */

/* --backdate: a time as of --time, or seconds since 1970. */
static int read_backdate(struct job *job)
{
    const char *text = arguments_value(job->arguments, OPTION_BACKDATE);
    struct pace_error error = {0};
    char digits[64];
    if (text == NULL) return 0;
    if (arguments_has(job->arguments, OPTION_TIME))
        return command_misused(job->arguments->command, "--backdate and --time are two times");
    size_t len = strlen(text);
    if (len > 0 && len < 12 && strspn(text, "0123456789") == len) {
        snprintf(digits, sizeof digits, "%s000000000", text);
        text = digits;
    }
    if (timestamp_parse(text, strlen(text), &job->backdate_ns, &error) != 0)
        return command_misused(job->arguments->command, "--backdate: %s", error.message);
    job->identity.time_ns = job->backdate_ns;
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
        say_note("note: git tells no commit in %s (see `git log` there); a run here has none",
                 identity->git.root);
    return 0;
}

/* The base is the start point, the merge base with a branch, or any commit that git knows. */
static int find_base(struct job *job)
{
    struct job_against *against = &job->against;
    const struct identity *identity = &job->identity;
    const struct start_point *start = &identity->start;
    const char *root = identity->git.root, *name = against->name;
    const struct command *command = job->arguments->command;
    int64_t time_ns;
    if (root[0] == '\0')
        return command_misused(command,
                               "--against needs a git work tree to make another beside it");
    if (strcmp(name, "base") == 0) {
        if (start->branch[0] == '\0')
            return command_misused(
                command, "--against base: no start point is known here (CI tells it in a "
                         "pull request);\n  name it: --start-point BRANCH, or --against COMMIT");
        if (start->commit[0] == '\0')
            return command_misused(command,
                                   "--against base: git does not tell where this left %s;\n"
                                   "  name it: --start-point-commit HASH, or fetch %s",
                                   start->branch, start->branch);
        name = start->commit;
    } else if (git_merge_base(root, name, 0, identity->git.commit, against->commit)) {
        return 0;
    }
    if (git_commit(root, name, against->commit, &time_ns)) return 0;
    return command_misused(command,
                           "--against: this clone has no commit '%s';\n  fetch it (in CI: fetch "
                           "the whole history, as with fetch-depth: 0)",
                           name);
}

static int read_against(struct job *job)
{
    struct job_against *against = &job->against;
    const struct arguments *arguments = job->arguments;
    against->name = arguments_value(arguments, OPTION_AGAINST);
    against->setup = arguments_value(arguments, OPTION_SETUP);
    against->rounds = ROUNDS;
    against->alpha = 0.01;
    against->floor = 0.05;
    int status = read_count(job, OPTION_ROUNDS, 2, JOB_MAX_EXECUTIONS, &against->rounds);
    if (status == 0) status = read_share(job, OPTION_ROUND_ALPHA, 0.5, &against->alpha);
    if (status == 0) status = read_share(job, OPTION_ROUND_FLOOR, 100, &against->floor);
    if (status != 0) return status;
    static const enum option_id parts[] = {OPTION_SETUP, OPTION_ROUNDS, OPTION_ROUND_ALPHA,
                                           OPTION_ROUND_FLOOR};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && against->name == NULL; i++)
        if (arguments_has(arguments, parts[i]))
            return command_misused(arguments->command, "--%s is a part of --against",
                                   option_rows[parts[i]].name);
    if (against->name == NULL) return 0;
    if (job->model != NULL && !job->quiet)
        say_note("note: --threshold judges by history; with --against the rounds judge");
    return find_base(job);
}

int job_read(struct job *job, const struct arguments *arguments)
{
    *job = (struct job){.arguments = arguments};
    job->quiet = arguments_has(arguments, OPTION_QUIET);
    job->model = arguments_value(arguments, OPTION_THRESHOLD);
    int status = show_style_read(arguments, &job->style);
    if (status == 0) status = ci_outputs_read(arguments, 1, &job->outputs);
    ci_outputs_style(&job->outputs, &job->style);
    if (status == 0) status = read_timeout(job);
    if (status == 0)
        status = read_count(job, OPTION_ITER, 1, JOB_MAX_EXECUTIONS, &job->trial.iterations);
    job->confirm_runs = arguments_has(arguments, OPTION_NO_CONFIRM) ? 0 : 1;
    if (status == 0)
        status = read_count(job, OPTION_CONFIRM, 0, JOB_MAX_CONFIRM, &job->confirm_runs);
    if (status == 0) status = read_fold(job);
    if (status == 0) status = read_files(job);
    if (status == 0) status = read_command(job);
    if (status == 0) status = read_identity(job);
    if (status == 0) status = read_backdate(job);
    if (status == 0) status = read_against(job);
    if (status == 0) status = store_path(arguments, STORE_CREATE, job->path);
    /* With --format, standard output holds that and nothing else. */
    job->trial.output_fd = job->outputs.takes_stdout ? STDERR_FILENO : STDOUT_FILENO;
    if (job->quiet) job->trial.output_fd = -1;
    return status;
}

void job_clear(struct job *job)
{
    free(job->files);
    free(job->sizes);
    free((void *)job->map);
    job->files = NULL;
    job->sizes = job->map = NULL;
}

static void dry_run_measures(const struct job *job)
{
    const struct trial *trial = &job->trial;
    const struct job_against *against = &job->against;
    static const char *const folds[] = {"median", "min", "max", "mean"};
    if (trial->iterations > 1)
        say_note("executions   %u, of several values the %s", trial->iterations,
                 folds[trial->fold]);
    if (trial->build_time || trial->rusage)
        say_note("measured     %s%s%s of '%s'", trial->build_time ? "build-time" : "",
                 trial->build_time && trial->rusage ? ", " : "",
                 trial->rusage ? "wall-time, cpu-user, cpu-system, max-rss" : "", trial->name);
    for (size_t i = 0; i < trial->size_count; i++)
        say_note("measured     file-size of %s", trial->sizes[i]);
    if (against->name != NULL)
        say_note("against      %.*s, %u rounds of both%s%s", SHORT_COMMIT, against->commit,
                 against->rounds, against->setup != NULL ? ", each set up by: " : "",
                 against->setup != NULL ? against->setup : "");
}

int job_dry_run(const struct job *job)
{
    const struct identity *identity = &job->identity;
    const struct start_point *start = &identity->start;
    char time[TIMESTAMP_TEXT_MAX] = "when it starts";
    if (identity->time_ns != 0) timestamp_print(time, identity->time_ns);
    say_note("would run    %s", job->trial.word_count > 0 ? job->command
                                : job->trial.size_count > 0
                                    ? "nothing: sizes of files are measured"
                                    : "nothing: standard input has the results");
    say_note(
        "store        %s\nproject      %s\nbranch       %s\ntestbed      %s\ncommit       %s%s",
        job->path, identity->project, *identity->branch != '\0' ? identity->branch : "main",
        identity->testbed, *identity->commit != '\0' ? identity->commit : "none",
        identity->dirty ? " (uncommitted changes)" : "");
    if (start->is_set)
        say_note("start point  %s%s%s", start->branch[0] != '\0' ? start->branch : "none",
                 start->commit[0] != '\0' ? " at " : "", start->commit);
    dry_run_measures(job);
    say_note("commit time  %s", time);
    if (job->against.name != NULL)
        say_note("judged by    the rounds: p up to %g %%, a change of %g %% or more",
                 job->against.alpha * 100, job->against.floor * 100);
    else
        say_note("judged by    check %s", job->model != NULL
                                              ? job->model
                                              : "(the saved threshold in scope, else the default)");
    return STATUS_OK;
}
