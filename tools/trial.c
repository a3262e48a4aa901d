/* trial.c -- one execution of the benchmark command, and the results that it left. */
#include "trial.h"

#include "input.h"
#include "say.h"
#include "store.h"
#include "timestamp.h"
#include "usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OUT_MARK "{out}"
#define OUT_NAME "out"
enum { MAX_OUT_FILES = 256 };

/* -- the command ------------------------------------------------------------------------------- */

const char *trial_temporary(void)
{
    const char *path = getenv("TMPDIR");
    if (path == NULL || *path != '/') return "/tmp";
    for (const char *c = path; *c != '\0'; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-", *c) ==
            NULL)
            return "/tmp";
    return path;
}

static int is_plain_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void remove_directory(const char *directory)
{
    DIR *open = opendir(directory);
    if (open == NULL) return;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (is_plain_name(entry)) unlinkat(dirfd(open), entry->d_name, 0);
    closedir(open);
    rmdir(directory);
}

static int out_directory(struct trial_result *out)
{
    if (out->directory[0] != '\0') return 0;
    snprintf(out->directory, sizeof out->directory, "%.3000s/pace-XXXXXX", trial_temporary());
    if (mkdtemp(out->directory) != NULL) return 0;
    say_error("%s: %s\n  set TMPDIR to a directory that can be written", trial_temporary(),
              strerror(errno));
    out->directory[0] = '\0';
    return STATUS_DATA;
}

/* A copy of a word with each {out} replaced; NULL when there is no memory. */
static char *word_expand(const char *word, const char *path)
{
    size_t len = 0, size = strlen(word) + 1, step = strlen(OUT_MARK);
    for (const char *at = word; (at = strstr(at, OUT_MARK)) != NULL; at += step)
        size += strlen(path);
    char *out = malloc(size);
    if (out == NULL) return NULL;
    for (const char *at = word;;) {
        const char *mark = strstr(at, OUT_MARK);
        size_t part = mark != NULL ? (size_t)(mark - at) : strlen(at);
        memcpy(out + len, at, part);
        len += part;
        if (mark == NULL) break;
        memcpy(out + len, path, strlen(path));
        len += strlen(path);
        at = mark + step;
    }
    out[len] = '\0';
    return out;
}

static void argv_free(char **argv)
{
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
        free(argv[i]);
    free(argv);
}

/* The words to execute: as given, or one line for the shell. */
static int argv_make(const struct trial *trial, struct trial_result *out, char ***argv_out)
{
    char *const *words = trial->words;
    size_t count = trial->word_count;
    char *shell[] = {(char[]){"sh"}, (char[]){"-c"}, words[0]};
    int is_line = count == 1 && strchr(words[0], ' ') != NULL && access(words[0], X_OK) != 0;
    if (is_line) {
        words = shell;
        count = 3;
    }
    char path[PATH_MAX + sizeof OUT_NAME + 1] = "";
    for (size_t i = 0; i < count; i++) {
        if (strstr(words[i], OUT_MARK) == NULL) continue;
        int status = out_directory(out);
        if (status != 0) return status;
        snprintf(path, sizeof path, "%s/" OUT_NAME, out->directory);
    }
    char **argv = calloc(count + 1, sizeof *argv);
    int failed = argv == NULL;
    for (size_t i = 0; !failed && i < count; i++) {
        argv[i] = word_expand(words[i], path);
        failed = argv[i] == NULL;
    }
    if (failed) {
        argv_free(argv);
        return store_failed("", PACE_ENOMEM, NULL);
    }
    *argv_out = argv;
    return 0;
}

/* -- hints ---------------------------------------------------------------------------------------
 */

/* Harnesses that print tables for people and write results to a file when asked to. */
static const struct {
    const char *program, *given, *advice;
} hints[] = {
    {"pytest", "--benchmark-json", "pytest writes results with --benchmark-json={out}"},
    {"hyperfine", "--export-json", "hyperfine writes results with --export-json {out}"},
    {"vitest", "--outputJson", "vitest writes results with --outputJson {out}"},
    {"pyperf", "-o", "pyperf writes results with -o {out}"},
    {"jmh", "-rff", "JMH writes results with -rf json -rff {out}"},
    {"phpbench", "--dump-file", "phpbench writes results with --dump-file={out}"},
};

/* The same by what they print, for a command that is a script. */
static const struct {
    const char *first, *second, *advice;
} printed[] = {
    {"Name (time in ", "Rounds", "pytest writes results with --benchmark-json={out}"},
    {"Benchmark 1: ", "Time (mean", "hyperfine writes results with --export-json {out}"},
    {"Benchmark  ", "Iterations",
     "Google Benchmark writes results with --benchmark_out={out} --benchmark_out_format=json"},
};

/* GNU time, and no file named for what it writes: its results are on the command's stderr. */
static int writes_to_stderr(const struct trial *trial)
{
    if (trial->word_count == 0 || trial->file_count > 0) return 0;
    const char *slash = strrchr(trial->words[0], '/');
    const char *program = slash != NULL ? slash + 1 : trial->words[0];
    int verbose = 0;
    if (strcmp(program, "time") != 0 && strcmp(program, "gtime") != 0) return 0;
    for (size_t i = 1; i < trial->word_count && trial->words[i][0] == '-'; i++) {
        const char *word = trial->words[i];
        if (strncmp(word, "-o", 2) == 0 || strncmp(word, "--output", 8) == 0) return 0;
        verbose |= strcmp(word, "-v") == 0 || strcmp(word, "--verbose") == 0;
    }
    return verbose;
}

static int is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether a text has a word that stands by itself: a program's name, not a part of another. */
static int has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        if ((at == text || !is_name_byte(at[-1])) && !is_name_byte(at[len])) return 1;
    return 0;
}

const char *trial_hint(char *const *words, size_t word_count)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        int used = 0, given = 0;
        for (size_t w = 0; w < word_count; w++) {
            used |= has_word(words[w], hints[i].program);
            given |= strstr(words[w], hints[i].given) != NULL;
        }
        if (used && !given) return hints[i].advice;
    }
    return NULL;
}

static const char *printed_hint(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof printed / sizeof printed[0]; i++)
        if (memmem(text, len, printed[i].first, strlen(printed[i].first)) != NULL &&
            memmem(text, len, printed[i].second, strlen(printed[i].second)) != NULL)
            return printed[i].advice;
    return NULL;
}

/* -- results -------------------------------------------------------------------------------------
 */

static int results_failed(const char *name, int code, const struct pace_error *error)
{
    /* Messages of adapters and inputs name the input already. */
    const char *label = strstr(error->message, name) != NULL ? "" : name;
    store_failed(label, code, error);
    return STATUS_DATA;
}

static int read_text(struct trial_result *out, const char *name, const struct adapter *adapter,
                     const char *text, size_t len)
{
    struct pace_error error = {0};
    struct input input = {name, text, len};
    int code = record_read(&out->record, &input, adapter, &error);
    return code != 0 ? results_failed(name, code, &error) : 0;
}

static int read_file(struct trial_result *out, const char *path, const struct adapter *adapter)
{
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    int code = input_open(&stream, path, &error);
    if (code != 0) return results_failed(path, code, &error);
    code = input_whole(&stream, &error, &whole);
    int status = code != 0 ? results_failed(path, code, &error) : 0;
    if (status == 0) status = read_text(out, stream.name, adapter, whole.text, whole.len);
    input_close(&stream);
    return status;
}

/* A path as the command means it: relative to where it runs. 0, or STATUS_DATA when it is too long.
 */
static int path_there(const struct trial *trial, const char *path, char out[PATH_MAX])
{
    int there = trial->directory != NULL && path[0] != '/';
    int len =
        snprintf(out, PATH_MAX, "%s%s%s", there ? trial->directory : "", there ? "/" : "", path);
    if (len < PATH_MAX) return 0;
    say_error("%s: %s", path, strerror(ENAMETOOLONG));
    return STATUS_DATA;
}

/* A file of --file must be there, and written since the start. */
static int read_named(const struct trial *trial, struct trial_result *out,
                      const struct trial_file *file)
{
    struct stat info;
    char path[PATH_MAX];
    if (path_there(trial, file->path, path) != 0) return STATUS_DATA;
    if (stat(path, &info) != 0) {
        int error = errno;
        say_error("%s: %s%s", path, strerror(error),
                  error == ENOENT ? "; the command did not write it" : "");
        return STATUS_DATA;
    }
    int64_t written = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
    int64_t started = out->again_ns;
    if (info.st_mtim.tv_nsec == 0) started -= started % 1000000000; /* whole seconds only */
    if (written < started) {
        char then[TIMESTAMP_TEXT_MAX], now[TIMESTAMP_TEXT_MAX];
        say_error("%s is older than the start of the command (%s, started %s),\n"
                  "  so it is not this command's result; to store a file that exists: pace load %s",
                  path, timestamp_print(then, written), timestamp_print(now, out->again_ns), path);
        return STATUS_DATA;
    }
    return read_file(out, path, file->adapter);
}

static int order_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every file that the command made of {out}: the harness may have added an extension. */
static int read_out(const struct trial *trial, struct trial_result *out)
{
    struct dirent **entries = NULL;
    int count = scandir(out->directory, &entries, is_plain_name, order_names);
    int status = 0;
    if (count <= 0) {
        say_error("the command wrote nothing to {out}");
        status = STATUS_DATA;
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX + 257];
        snprintf(path, sizeof path, "%s/%s", out->directory, entries[i]->d_name);
        if (status == 0 && i < MAX_OUT_FILES) status = read_file(out, path, trial->adapter);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* What the command wrote to its output. */
static int read_output(const struct trial *trial, struct trial_result *out)
{
    static const char files[] =
        "if it writes a result file, use {out} in the command or --file FILE;\n"
        "  if it measures nothing itself, --rusage and --build-time measure the command";
    const struct execute_result *execution = &out->execution;
    const struct adapter *adapter = trial->adapter;
    const char *hint = trial_hint(trial->words, trial->word_count);
    int measured = trial->size_count > 0 || trial->build_time || trial->rusage;
    if (measured && adapter == NULL && (!trial->rusage || execution->output_len == 0)) return 0;
    if (execution->truncated) {
        say_error("the command wrote more than %d MiB to its output\n"
                  "  let it write its results to a file: use {out} or --file",
                  EXECUTE_MAX_OUTPUT >> 20);
        return STATUS_DATA;
    }
    if (execution->output_len == 0 && out->failed) return 0;
    if (execution->output_len == 0) {
        say_error("the command wrote nothing to its output\n  %s", hint != NULL ? hint : files);
        return STATUS_DATA;
    }
    struct pace_error error = {0};
    struct input input = {"output of the command", execution->output, execution->output_len};
    if (adapter == NULL) {
        int code = adapter_recognise(&input, &error, &adapter);
        if (code == PACE_ENOTFOUND && (measured || out->failed)) return 0;
        if (code != 0) {
            results_failed(input.name, code, &error);
            if (hint == NULL) hint = printed_hint(execution->output, execution->output_len);
            say_note("  %s", hint != NULL ? hint : files);
            return STATUS_DATA;
        }
    }
    return read_text(out, input.name, adapter, input.text, input.len);
}

static int read_results(const struct trial *trial, struct trial_result *out)
{
    int status = out->directory[0] != '\0' ? read_out(trial, out) : 0;
    for (size_t i = 0; i < trial->file_count && status == 0; i++)
        status = read_named(trial, out, &trial->files[i]);
    if (status == 0 && out->directory[0] == '\0' && trial->file_count == 0)
        status = read_output(trial, out);
    return status;
}

/* What pace measures itself of an execution that went well. */
static int measure(const struct trial *trial, struct trial_result *out)
{
    struct pace_error error = {0};
    int code = 0;
    if (trial->build_time)
        code = usage_build_time(&out->record, trial->name, &out->execution, &error);
    if (trial->rusage && code == 0)
        code = usage_resources(&out->record, trial->name, &out->execution, &error);
    for (size_t i = 0; i < trial->size_count && code == 0; i++) {
        char path[PATH_MAX];
        if (path_there(trial, trial->sizes[i], path) != 0) return STATUS_DATA;
        code = usage_file_size(&out->record, trial->sizes[i], path, &error);
    }
    return code != 0 ? store_failed("", code, &error) : 0;
}

/* -- running ----------------------------------------------------------------------------------- */

/* The clock that file systems stamp files with: it lags behind the precise one. */
static int64_t start_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int command_failed(const struct trial *trial, struct trial_result *out)
{
    char reason[128];
    if (trial->output_fd < 0) /* it was kept quiet so far */
        fwrite(out->execution.output, 1, out->execution.output_len, stderr);
    say_error("the benchmark command failed: %s: %s", trial->words[0],
              execute_reason(&out->execution, reason, sizeof reason));
    if (out->execution.interrupted) return 128 + out->execution.interrupted;
    out->failed = 1;
    if (out->execution.error == 0) read_results(trial, out);
    if (out->record.count == 0) say_note("  nothing of this run is stored");
    return STATUS_BENCHMARK;
}

/* Said before an hour of benchmarks whose results would be lost. */
static void warn_of_lost(const struct trial *trial)
{
    const char *hint = trial_hint(trial->words, trial->word_count);
    int measured = trial->size_count > 0 || trial->build_time || trial->rusage;
    if (hint == NULL || measured || trial->file_count > 0 || trial->adapter != NULL || trial->quiet)
        return;
    for (size_t i = 0; i < trial->word_count; i++)
        if (strstr(trial->words[i], OUT_MARK) != NULL) return;
    say_note("note: %s; as it is, what it prints is read", hint);
}

/* One execution; what it leaves joins the record. */
static int run_once(const struct trial *trial, struct trial_result *out)
{
    char **argv = NULL;
    if (out->directory[0] != '\0') remove_directory(out->directory); /* of the one before */
    out->directory[0] = '\0';
    execute_clear(&out->execution);
    out->again_ns = start_clock();
    if (out->started_ns == 0) out->started_ns = out->again_ns;
    int status = argv_make(trial, out, &argv);
    if (status != 0) return status;
    struct execute_options options = {.argv = argv,
                                      .directory = trial->directory,
                                      .output_fd = trial->output_fd,
                                      .with_errors = writes_to_stderr(trial),
                                      .timeout_ms = trial->timeout_ms};
    fflush(stdout);
    if (execute_run(&options, &out->execution) != 0) {
        status = command_failed(trial, out);
    } else {
        status = read_results(trial, out);
        if (status == 0) status = measure(trial, out);
    }
    argv_free(argv);
    return status;
}

int trial_run(const struct trial *trial, struct trial_result *out)
{
    *out = (struct trial_result){0};
    record_init(&out->record);
    out->record.fold = trial->fold;
    out->record.map = trial->map;
    out->record.map_count = trial->map_count;
    out->record.quiet = trial->quiet;
    warn_of_lost(trial);
    int status = 0;
    if (trial->word_count == 0) {
        out->started_ns = out->again_ns = start_clock();
        if (trial->size_count == 0) return read_file(out, "-", trial->adapter);
        status = measure(trial, out);
    }
    for (unsigned i = 0; status == 0 && trial->word_count > 0 && (i == 0 || i < trial->iterations);
         i++)
        status = run_once(trial, out);
    if (status == 0 && out->record.count == 0) {
        say_error("the results hold no benchmark");
        status = STATUS_DATA;
    }
    return status;
}

void trial_clear(struct trial_result *result)
{
    if (result->directory[0] != '\0') remove_directory(result->directory);
    result->directory[0] = '\0';
    record_clear(&result->record);
    execute_clear(&result->execution);
}

void trial_keep_file(struct trial_result *result)
{
    /* Files of --file are where they are; an empty directory is not worth a word. */
    if (result->directory[0] == '\0' || rmdir(result->directory) == 0) return;
    say_note("  what the command wrote is kept: %s/*", result->directory);
    result->directory[0] = '\0'; /* not to be removed */
}

void trial_keep(struct trial_result *result)
{
    if (result->directory[0] == '\0' && result->execution.output_len > 0) {
        char path[PATH_MAX + 8];
        if (out_directory(result) != 0) return;
        snprintf(path, sizeof path, "%s/" OUT_NAME, result->directory);
        FILE *file = fopen(path, "wxe");
        if (file == NULL) return;
        fwrite(result->execution.output, 1, result->execution.output_len, file);
        if (fclose(file) != 0) return;
    }
    if (result->directory[0] == '\0') return;
    say_note("  the results are kept: pace load %s/*", result->directory);
    result->directory[0] = '\0';
}
