/* load.c -- storing what files hold: files, harness results, and groups of runs.
 *
 * Runs of several files share a transaction until the group is full: a durable commit costs two
 * flushes whatever is in it. When a group is refused, its files are stored one by one, so that the
 * error names the right one and the others are kept. */
#include "load.h"
#include "adapters/json.h"
#include "adapters/lines.h"
#include "dump_record.h"
#include "git.h"
#include "store.h"
#include "timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(struct load *load, int is_error, const char *message)
{
    if (load->options.say != NULL) load->options.say(load->options.context, is_error, message);
}

void load_warn(struct load *load, const char *message)
{
    say(load, 0, message);
}

void load_fail(struct load *load, const struct pace_error *error)
{
    say(load, 1, error->message);
    load->last = *error;
}

int load_suite_of(const char *word, enum load_suite *out)
{
    static const char *const words[] = {"testbed", "project", "prefix"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) != 0) continue;
        *out = (enum load_suite)i;
        return 0;
    }
    return -1;
}

const char *load_project(struct load *load)
{
    struct git_facts facts;
    char directory[4096];
    if (load->folder[0] != '\0') return load->folder;
    if (getcwd(directory, sizeof directory) == NULL) return "unknown";
    git_read(directory, NULL, &facts);
    const char *slash = strrchr(directory, '/');
    const char *name = facts.project[0] != '\0' ? facts.project : slash != NULL ? slash + 1 : "";
    (void)snprintf(load->folder, sizeof load->folder, "%.*s", (int)PACE_MAX_NAME,
                   name[0] != '\0' ? name : "unknown");
    return load->folder;
}

/* -- groups of runs ---------------------------------------------------------------------------- */

/* 1 when the store itself failed, not what it was given. */
static int store_broken(int code)
{
    switch (code) {
    case PACE_ENAME:
    case PACE_EVALUE:
    case PACE_ENOTFOUND:
    case PACE_EMISUSE:
    case PACE_ETIME:
    case PACE_EEMPTY:
    case PACE_ECONFLICT:
    case PACE_EUNIT:
    case PACE_EDUPLICATE:
    case PACE_ELIMIT: return 0;
    default: return 1;
    }
}

/* 1 when runs that the store refuses are counted by who asked: an import of a history. */
static int counts_refused(const struct load *load)
{
    return load->options.refused != NULL && !load->by_run;
}

/* Stores pending[first .. first+count) in one transaction. */
static int commit_batch(struct load *load, size_t first, size_t count, struct pace_error *error)
{
    const struct load_pending *pending = load->pending + first;
    struct load_report *report = load->report;
    pace_run **runs = calloc(count, sizeof *runs);
    struct pace_run_result *results = calloc(count, sizeof *results);
    int code = PACE_ENOMEM;
    if (runs == NULL || results == NULL) {
        (void)error_fill(error, code, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        runs[i] = pending[i].run;
    code = pace_runs_commit(load->store, runs, count, error, results);
    for (size_t i = 0; i < count && code == 0; i++) {
        report->runs_known += results[i].duplicate ? 1 : 0;
        report->runs_new += results[i].duplicate ? 0 : 1;
        report->cells_new += results[i].duplicate ? 0 : pending[i].cell_count;
        report->series_new += results[i].new_series;
    }
out:
    free(runs);
    free(results);
    return code;
}

/* Stores pending[first .. first+count): in one transaction where the store's limit allows it. A
 * run's bytes are at least 8 for each of its cells and samples, which the limit counts. */
static int commit(struct load *load, size_t first, size_t count, struct pace_error *error)
{
    const struct load_pending *pending = load->pending;
    int code = 0;
    for (size_t end = first + count; first < end && code == 0;) {
        size_t bytes = pending[first].bytes, some = 1;
        while (first + some < end &&
               bytes + pending[first + some].bytes <= sizeof(double) * (size_t)PACE_MAX_BATCH_CELLS)
            bytes += pending[first + some++].bytes;
        if (!load->options.dry_run) {
            code = commit_batch(load, first, some, error);
        } else {
            load->report->runs_new += some;
            for (size_t i = 0; i < some; i++)
                load->report->cells_new += pending[first + i].cell_count;
        }
        first += some;
    }
    return code;
}

/* 1 when it is an error of the load, 0 when who asked counts what is refused. */
static int refuse(struct load *load, const char *name, const struct pace_error *refused)
{
    struct pace_error error;
    (void)error_fill(&error, refused->code, "%.200s: %.380s", name, refused->message);
    if (counts_refused(load) && !store_broken(refused->code)) {
        load->options.refused(load->options.context, name, &error);
        return 0;
    }
    load_fail(load, &error);
    if (load->by_run)
        load->report->runs_refused++;
    else
        load->report->bad_files++;
    return 1;
}

/* Stores the group a file at a time, or a run where a run that is refused keeps no other out. */
static int commit_files(struct load *load)
{
    int result = 0;
    for (size_t first = 0, count = 0; first < load->pending_count; first += count) {
        const char *name = load->pending[first].name;
        struct pace_error refused = {0, ""};
        count = 1;
        while (!load->by_run && !counts_refused(load) && first + count < load->pending_count &&
               load->pending[first + count].name == name)
            count++;
        int code = commit(load, first, count, &refused);
        if (code == 0) continue;
        refused.code = code;
        if (refuse(load, name, &refused)) result = code;
        if (store_broken(code)) {
            load->broken = 1;
            break;
        }
    }
    return result;
}

/* Forgets the runs from index `from`, when there were `bytes` of runs before them. */
static void drop_pending(struct load *load, size_t from, size_t bytes)
{
    for (size_t i = from; i < load->pending_count; i++)
        pace_run_free(load->pending[i].run);
    load->pending_count = from;
    load->pending_bytes = bytes;
}

void load_drop(struct load *load)
{
    drop_pending(load, 0, 0);
}

static int compare_times(const void *a, const void *b)
{
    const struct load_pending *left = a, *right = b;
    return (left->time_ns > right->time_ns) - (left->time_ns < right->time_ns);
}

int load_flush(struct load *load)
{
    struct pace_error refused = {0, ""};
    if (load->pending_count == 0) return 0;
    if (load->options.by_time)
        qsort(load->pending, load->pending_count, sizeof *load->pending, compare_times);
    int code = commit(load, 0, load->pending_count, &refused);
    if (code != 0 && !store_broken(code)) {
        code = commit_files(load);
    } else if (code != 0) {
        load->broken = 1;
        load_fail(load, &refused);
    }
    drop_pending(load, 0, 0);
    return code;
}

int load_full(const struct load *load)
{
    return load->pending_bytes >= load->options.group_bytes ||
           load->pending_count >= LOAD_GROUP_RUNS;
}

int load_add(struct load *load, const struct load_pending *pending, struct pace_error *error)
{
    if (load->pending_count == load->pending_capacity) {
        size_t capacity = load->pending_capacity == 0 ? 64 : load->pending_capacity * 2;
        struct load_pending *grown = realloc(load->pending, capacity * sizeof *grown);
        if (grown == NULL) {
            pace_run_free(pending->run);
            return error_fill(error, PACE_ENOMEM, "out of memory");
        }
        load->pending = grown;
        load->pending_capacity = capacity;
    }
    load->pending[load->pending_count++] = *pending;
    load->pending_bytes += pending->bytes;
    return 0;
}

/* -- a harness' file --------------------------------------------------------------------------- */

/* The sink of an adapter: each run goes to the pending ones, where it can be taken back. */
struct harness {
    struct load *load;
    const char *name;
    pace_run *run; /* the one that cells go to; NULL in a dry run */
    int open;      /* a run was begun and not yet added */
    size_t cell_count, bytes, warnings;
    struct pace_run_info info; /* of the open run; texts of the adapter and the options */
    const char *prefix;        /* before names of benchmarks; "" for none */
    struct arena arena;        /* of names with a prefix; cleared with each run */
};

static void harness_warn(void *context, const char *message)
{
    struct harness *harness = context;
    char text[600];
    if (++harness->warnings > LOAD_MAX_WARNINGS) return;
    (void)snprintf(text, sizeof text, "%.150s: %.400s", harness->name,
                   harness->warnings < LOAD_MAX_WARNINGS ? message : "more warnings are not shown");
    load_warn(harness->load, text);
}

static int harness_end(struct harness *harness, struct pace_error *error)
{
    if (!harness->open) return 0;
    pace_run *run = harness->run;
    harness->open = 0;
    harness->run = NULL;
    if (harness->cell_count == 0) {
        pace_run_free(run);
        return error_fill(error, PACE_EEMPTY,
                          "%.300s: it has no benchmarks; nothing is stored of it", harness->name);
    }
    struct load_pending pending = {run, harness->name, harness->cell_count, harness->bytes,
                                   harness->info.time_ns};
    return load_add(harness->load, &pending, error);
}

/* Names the file in an error of the store. */
static int harness_error(const struct harness *harness, int code, struct pace_error *error)
{
    if (code != 0 && error != NULL) {
        struct pace_error inner = *error;
        return error_fill(error, code, "%.200s: %.380s", harness->name, inner.message);
    }
    return code;
}

static const char *choose(const char *given, const char *fact, const char *fallback)
{
    if (given != NULL) return given;
    return fact != NULL && fact[0] != '\0' ? fact : fallback;
}

/* What a suite's name stands for: the testbed, the project, or the beginning of names. */
static void take_suite(struct harness *harness, const struct run_facts *facts)
{
    const struct load_options *options = &harness->load->options;
    harness->prefix = "";
    if (facts->suite == NULL || facts->suite[0] == '\0') return;
    switch (options->suite_as) {
    case LOAD_SUITE_TESTBED:
        if (options->testbed == NULL) harness->info.testbed = facts->suite;
        break;
    case LOAD_SUITE_PROJECT:
        if (options->project == NULL) harness->info.project = facts->suite;
        break;
    case LOAD_SUITE_PREFIX: harness->prefix = facts->suite; break;
    }
}

static int harness_run(void *context, const struct run_facts *said, struct pace_error *error)
{
    struct harness *harness = context;
    struct load *load = harness->load;
    const struct load_options *options = &load->options;
    struct run_facts placed = *said, *facts = &placed;
    int code = harness_end(harness, error);
    if (code != 0) return code;
    if (options->place != NULL) options->place(options->context, harness->name, facts);
    harness->info = (struct pace_run_info){
        .project = choose(options->project, facts->project, NULL),
        .branch = choose(options->branch, facts->branch, NULL),
        .testbed = choose(options->testbed, facts->testbed, "local"),
        .commit = choose(options->commit, facts->commit, ""),
        .time_ns = options->has_time           ? options->time_ns
                   : facts->commit_time_ns > 0 ? facts->commit_time_ns
                                               : facts->ran_ns,
        .ran_ns = facts->ran_ns,
        .flags = facts->dirty ? PACE_RUN_DIRTY : 0,
    };
    struct pace_run_info *info = &harness->info;
    take_suite(harness, facts);
    if (info->project == NULL) info->project = load_project(load);
    if (info->branch == NULL) {
        info->branch = "main";
        harness_warn(harness, "it names no branch; taken as 'main' (--branch says otherwise)");
    }
    if (info->time_ns <= 0 && !options->has_time)
        return error_fill(
            error, PACE_ETIME,
            "%.300s: it has no time; give that of its commit with --time, like --time "
            "\"$(git log -1 --format=%%cI)\"",
            harness->name);
    if (!options->dry_run) {
        code =
            harness_error(harness, pace_run_begin(load->store, info, error, &harness->run), error);
        if (code != 0) return code;
    }
    harness->open = 1;
    harness->cell_count = 0;
    harness->bytes = 0;
    arena_clear(&harness->arena);
    return 0;
}

static int harness_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    struct harness *harness = context;
    harness->cell_count++;
    harness->bytes +=
        strlen(cell->benchmark) + strlen(cell->measure) + (8 + cell->sample_count) * sizeof(double);
    if (harness->run == NULL) return 0;
    struct pace_cell named = *cell;
    const struct load_options *options = &harness->load->options;
    if (options->cell != NULL && options->cell(options->context, &harness->arena, &named) != 0)
        return error_fill(error, PACE_ENOMEM, "%.300s: out of memory", harness->name);
    if (harness->prefix[0] != '\0')
        named.benchmark = arena_printf(&harness->arena, "%s/%s", harness->prefix, named.benchmark);
    if (named.benchmark == NULL)
        return error_fill(error, PACE_ENOMEM, "%.300s: out of memory", harness->name);
    return harness_error(harness, pace_run_put(harness->run, &named, error), error);
}

static int harness_meta(void *context, const char *key, const char *value, struct pace_error *error)
{
    struct harness *harness = context;
    static const char of_benchmark[] = "benchmark:";
    const struct load_options *options = &harness->load->options;
    int code = 0;
    harness->bytes += strlen(key) + strlen(value);
    if (options->meta != NULL) code = options->meta(options->context, &harness->info, key, value);
    if (code != 0) return error_fill(error, code, "%.300s: out of memory", harness->name);
    if (harness->run == NULL) return 0;
    if (harness->prefix[0] != '\0' && strncmp(key, of_benchmark, sizeof of_benchmark - 1) == 0)
        key = arena_printf(&harness->arena, "%s%s/%s", of_benchmark, harness->prefix,
                           key + sizeof of_benchmark - 1);
    if (key == NULL) return error_fill(error, PACE_ENOMEM, "%.300s: out of memory", harness->name);
    return harness_error(harness, pace_run_put_meta(harness->run, key, value, error), error);
}

static int load_harness(struct load *load, const struct adapter *adapter,
                        struct input_stream *stream, struct pace_error *error)
{
    struct harness harness = {.load = load, .name = stream->name};
    struct adapter_sink sink = {.run = harness_run,
                                .cell = harness_cell,
                                .meta = harness_meta,
                                .warn = harness_warn,
                                .context = &harness,
                                .map = load->options.map,
                                .map_count = load->options.map_count};
    struct input whole;
    size_t before = load->pending_count, bytes = load->pending_bytes;
    arena_init(&harness.arena, 0);
    int code = input_whole(stream, error, &whole);
    if (code == 0 && adapter == NULL && sink.map_count > 0) adapter = adapter_find("csv");
    if (code == 0 && adapter == NULL) code = adapter_recognise(&whole, error, &adapter);
    if (code == 0) code = adapter->read(&whole, &sink, error);
    if (code == 0) code = harness_end(&harness, error);
    arena_clear(&harness.arena);
    if (code == 0) return 0;
    if (harness.open) pace_run_free(harness.run);
    drop_pending(load, before, bytes);
    return code;
}

/* -- files ------------------------------------------------------------------------------------- */

/* Reads one file. Its runs are pending or stored afterwards. */
static int load_stream(struct load *load, struct input_stream *stream, struct pace_error *error)
{
    const char *wanted = load->options.adapter;
    const struct adapter *adapter = NULL;
    struct input head;
    int code = 0, lines = 0;
    if (wanted != NULL && strcmp(wanted, "auto") == 0) wanted = NULL;
    if (wanted != NULL && strcmp(wanted, "lines") == 0)
        lines = 1;
    else if (wanted != NULL && (adapter = adapter_find(wanted)) == NULL)
        return error_fill(error, PACE_EMISUSE, "no adapter '%.100s'", wanted);
    if ((code = input_head(stream, error, &head)) != 0) return code;
    if (load->options.map_count > 0) return load_harness(load, adapter, stream, error);
    int form = wanted == NULL ? dump_recognise(head.text, head.len) : -1;
    if (form >= 0) return load_dump(load, stream, form, error);
    if (wanted == NULL) {
        lines = lines_recognise(&head) == 2;
        for (size_t i = 0; i < adapter_count && lines; i++)
            lines = adapters[i].recognise(&head) < 2;
    }
    return lines ? load_lines(load, stream, error) : load_harness(load, adapter, stream, error);
}

static void load_opened(struct load *load, struct input_stream *stream, int code,
                        struct pace_error *failed)
{
    const struct load_options *options = &load->options;
    size_t bad_before = load->report->bad_files;
    const char *name = stream->name;
    if (code == 0) {
        code = load_stream(load, stream, failed);
        input_close(stream);
    }
    load->report->files++;
    if (code != 0 && failed->message[0] != '\0') {
        failed->code = code;
        if (options->refused != NULL && !load->broken && !store_broken(code))
            options->refused(options->context, name, failed);
        else
            load_fail(load, failed);
    }
    if (code != 0 && load->report->bad_files == bad_before) load->report->bad_files++;
    if (!load->broken && load_full(load)) (void)load_flush(load);
}

void load_path(struct load *load, const char *path)
{
    struct input_stream stream = {.name = path};
    struct pace_error failed = {0, ""};
    load_opened(load, &stream, input_open(&stream, path, &failed), &failed);
}

void load_memory(struct load *load, const char *name, const char *text, size_t len)
{
    struct input_stream stream = {.name = name};
    struct pace_error failed = {0, ""};
    load_opened(load, &stream, input_text(&stream, name, text, len, &failed), &failed);
}

int load_is_broken(const struct load *load)
{
    return load->broken;
}

int load_start(pace *store, const struct load_options *options, struct load_report *report,
               struct pace_error *error, struct load **out)
{
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL) return error_fill(error, PACE_ENOMEM, "out of memory");
    *report = (struct load_report){0};
    load->store = store;
    load->options = *options;
    load->report = report;
    if (load->options.now_ns == 0) load->options.now_ns = timestamp_now();
    if (load->options.sort_bytes == 0) load->options.sort_bytes = LOAD_SORT_BYTES;
    if (load->options.group_bytes == 0) load->options.group_bytes = LOAD_GROUP_BYTES;
    *out = load;
    return 0;
}

int load_finish(struct load *load, struct pace_error *error)
{
    if (!load->broken) (void)load_flush(load);
    load_drop(load);
    if (!load->options.dry_run && load->report->runs_new > 0) store_keep(load->store, 0);
    int code = load->last.code;
    if (code != 0 && error != NULL) *error = load->last;
    free(load->pending);
    free(load);
    return code;
}

int load_files(pace *store, const struct load_options *options, char *const *paths, size_t count,
               struct pace_error *error, struct load_report *report)
{
    struct load *load = NULL;
    int code = load_start(store, options, report, error, &load);
    if (code != 0) return code;
    for (size_t i = 0; i < count && !load->broken; i++)
        load_path(load, paths[i]);
    return load_finish(load, error);
}
