/* against.c -- a base and the work tree measured in turns on one machine, and the verdict of
 * that. */
#include "against.h"

#include "../query/stats/paired.h"
#include "say.h"
#include "secret.h"
#include "store.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE_SUFFIX ".base"
enum { SHORT_COMMIT = 7, MAX_COMMAND = 4096 };

/* A signal between two commands: the work tree still has to go. */
static volatile sig_atomic_t stopped;
static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOPPING = sizeof stopping / sizeof stopping[0] };

static void note_stop(int number)
{
    stopped = number;
}

/* Where both sides run. */
struct places {
    char here[PATH_MAX];  /* the current directory */
    struct git_tree tree; /* the base's work tree */
    char there[PATH_MAX]; /* the same directory in it */
    int is_made;
};

static int places_make(const struct job *job, struct places *places)
{
    const char *root = job->identity.git.root;
    struct stat info;
    if (getcwd(places->here, sizeof places->here) == NULL)
        snprintf(places->here, sizeof places->here, "%s", root);
    const char *below =
        strncmp(places->here, root, strlen(root)) == 0 ? places->here + strlen(root) : "";
    places->is_made = git_tree_add(root, trial_temporary(), job->against.commit, &places->tree);
    if (!places->is_made) {
        say_error("git made no work tree of %.*s", SHORT_COMMIT, job->against.commit);
        return STATUS_DATA;
    }
    int len = snprintf(places->there, sizeof places->there, "%s%s", places->tree.path, below);
    if (len < PATH_MAX && stat(places->there, &info) == 0 && S_ISDIR(info.st_mode)) return 0;
    say_error("%.*s has no folder %s, so the command cannot run there", SHORT_COMMIT,
              job->against.commit, below + (*below == '/'));
    return STATUS_DATA;
}

static void places_remove(const struct job *job, struct places *places)
{
    if (!places->is_made) return;
    if (!git_tree_remove(job->identity.git.root, &places->tree))
        say_note("note: the work tree of the base is left: git worktree remove --force %s",
                 places->tree.path);
}

static int set_up(const struct job *job, const char *directory, const char *side)
{
    char reason[128];
    struct execute_result result;
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(job->against.setup), NULL};
    if (argv[2] == NULL) return store_failed("", PACE_ENOMEM, NULL);
    struct execute_options options = {
        .argv = argv, .directory = directory, .output_fd = job->quiet ? -1 : STDERR_FILENO};
    if (!job->quiet) say_note("setup of the %s: %s", side, job->against.setup);
    int status = 0;
    if (execute_run(&options, &result) != 0) {
        if (job->quiet) fwrite(result.output, 1, result.output_len, stderr);
        say_error("--setup failed for the %s: %s: %s", side, job->against.setup,
                  execute_reason(&result, reason, sizeof reason));
        status = result.interrupted ? 128 + result.interrupted : STATUS_BENCHMARK;
    }
    execute_clear(&result);
    free(argv[2]);
    return status;
}

/* One side of one round; its values are kept and join what is stored. */
static int measure_side(const struct job *job, struct trial *trial, const struct places *places,
                        struct record *keep, int is_base, struct trial_result *out)
{
    struct trial_result part;
    struct pace_error error = {0};
    if (stopped) return 128 + stopped;
    trial->directory = is_base ? places->there : places->here;
    int status = trial_run(trial, &part);
    if (status == STATUS_DATA) trial_keep_file(&part);
    if (status != 0)
        say_note("  that was the %s%.*s", is_base ? "base, " : "work tree",
                 is_base ? SHORT_COMMIT : 0, job->against.commit);
    if (out->started_ns == 0) out->started_ns = part.started_ns;
    out->failed |= part.failed;
    int code = record_merge(&out->record, &part.record, is_base ? BASE_SUFFIX : "", &error);
    if (code != 0) status = status_merge(status, store_failed("", code, &error));
    *keep = part.record;
    part.record = (struct record){0};
    trial_clear(&part);
    return status;
}

static int run_rounds(const struct job *job, const struct places *places, struct against *against,
                      struct trial_result *out)
{
    struct trial trial = job->trial;
    unsigned rounds = job->against.rounds;
    int status = 0;
    trial.quiet = 1;      /* warnings would come again and again */
    trial.output_fd = -1; /* so often nobody wants to see it; of a failure it is shown */
    for (unsigned i = 0; i < rounds && status == 0; i++) {
        if (!job->quiet) say_note("round %u of %u", i + 1, rounds);
        for (unsigned turn = 0; turn < 2 && status == 0; turn++) {
            int is_base = turn != i % 2;
            status = measure_side(job, &trial, places,
                                  is_base ? &against->base[i] : &against->head[i], is_base, out);
        }
        if (status == 0) against->count++;
    }
    return status;
}

/* What the run was, as metadata. */
static int put_meta(const struct job *job, const struct against *against, struct record *record)
{
    char rounds[16], setup[MAX_COMMAND];
    snprintf(rounds, sizeof rounds, "%u", against->count);
    char *words[] = {(char *)(uintptr_t)(job->against.setup != NULL ? job->against.setup : "")};
    secret_command(words, 1, setup, sizeof setup);
    int code = record_meta(record, "against.commit", job->against.commit);
    if (code == 0) code = record_meta(record, "against.rounds", rounds);
    if (code == 0 && job->against.setup != NULL) code = record_meta(record, "against.setup", setup);
    return code != 0 ? store_failed("", code, NULL) : 0;
}

int against_run(const struct job *job, struct against *against, struct trial_result *out)
{
    struct places places = {0};
    unsigned rounds = job->against.rounds;
    *out = (struct trial_result){0};
    record_init(&out->record);
    out->record.quiet = 1;
    *against = (struct against){.capacity = rounds,
                                .base = calloc(rounds, sizeof *against->base),
                                .head = calloc(rounds, sizeof *against->head)};
    if (against->base == NULL || against->head == NULL) return store_failed("", PACE_ENOMEM, NULL);
    struct sigaction action = {.sa_handler = note_stop}, before[STOPPING];
    sigemptyset(&action.sa_mask);
    stopped = 0;
    for (size_t i = 0; i < STOPPING; i++)
        sigaction(stopping[i], &action, &before[i]);
    int status = places_make(job, &places);
    if (status == 0 && job->against.setup != NULL) {
        status = set_up(job, places.there, "base");
        if (status == 0) status = set_up(job, places.here, "work tree");
    }
    if (status == 0) status = run_rounds(job, &places, against, out);
    if (status == 0 || status == STATUS_BENCHMARK)
        status = status_merge(status, put_meta(job, against, &out->record));
    places_remove(job, &places);
    for (size_t i = 0; i < STOPPING; i++)
        sigaction(stopping[i], &before[i], NULL);
    return stopped ? 128 + stopped : status;
}

void against_clear(struct against *against)
{
    unsigned rounds = against->base != NULL && against->head != NULL ? against->capacity : 0;
    for (unsigned i = 0; i < rounds; i++) {
        record_clear(&against->base[i]);
        record_clear(&against->head[i]);
    }
    free(against->base);
    free(against->head);
    *against = (struct against){0};
}

/* -- judging ----------------------------------------------------------------------------------- */

/* The rounds in which both sides have a value, in *x and *y; whether a side has one at all. */
struct pairs {
    double *x, *y;
    size_t count;
    int base_ok, head_ok, base_there, head_there;
};

static int value_in(const struct record *record, const struct pace_cell *cell, double *value,
                    int *there)
{
    struct pace_cell found;
    const struct record_cell *known = record_find(record, cell->benchmark, cell->measure);
    if (known == NULL || record_cell_get(record, known, &found) != 0) return 0;
    *there = 1;
    *value = found.value;
    return found.status == PACE_CELL_OK;
}

static void pairs_read(const struct against *against, const struct pace_cell *cell,
                       struct pairs *pairs)
{
    pairs->count = 0;
    pairs->base_ok = pairs->head_ok = pairs->base_there = pairs->head_there = 0;
    for (unsigned i = 0; i < against->count; i++) {
        double x = 0, y = 0;
        int base = value_in(&against->base[i], cell, &x, &pairs->base_there);
        int head = value_in(&against->head[i], cell, &y, &pairs->head_there);
        pairs->base_ok |= base;
        pairs->head_ok |= head;
        if (!base || !head) continue;
        pairs->x[pairs->count] = x;
        pairs->y[pairs->count++] = y;
    }
}

/* Which way is better: as the harness says, else as the project's measure has it. */
static enum pace_direction direction_of(pace *store, const char *project,
                                        const struct pace_cell *cell)
{
    struct pace_measure measure = {0};
    pace_snapshot *snapshot = NULL;
    uint32_t project_id, measure_id;
    if (cell->direction != PACE_DIRECTION_UNKNOWN) return cell->direction;
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return PACE_DIRECTION_UNKNOWN;
    if (pace_name_find(snapshot, PACE_PROJECT, project, strlen(project), NULL, &project_id) != 0 ||
        pace_name_find(snapshot, PACE_MEASURE, cell->measure, strlen(cell->measure), NULL,
                       &measure_id) != 0 ||
        pace_measure_get(snapshot, project_id, measure_id, NULL, &measure) != 0)
        measure.direction = PACE_DIRECTION_UNKNOWN;
    pace_snapshot_end(snapshot);
    return measure.direction;
}

static enum judge_verdict verdict_of(const struct pairs *pairs, const struct paired *paired,
                                     const struct job_against *rule, enum pace_direction direction)
{
    if (!pairs->head_there) return JUDGE_VERDICT_GONE;
    if (!pairs->head_ok) return JUDGE_VERDICT_FAILED;
    if (!pairs->base_ok) return JUDGE_VERDICT_NEW;
    if (pairs->count < 2) return JUDGE_VERDICT_THIN;
    int above = paired->p_above <= rule->alpha && paired->ratio - 1 >= rule->floor;
    int below = paired->p_below <= rule->alpha && 1 - paired->ratio >= rule->floor;
    if (!above && !below)
        return fabs(paired->ratio - 1) >= rule->floor ? JUDGE_VERDICT_NEED_MORE : JUDGE_VERDICT_OK;
    if (direction == PACE_DIRECTION_UNKNOWN) return JUDGE_VERDICT_CHANGED;
    return above == (direction == PACE_LOWER_IS_BETTER) ? JUDGE_VERDICT_WORSE
                                                        : JUDGE_VERDICT_BETTER;
}

/* The row of a series. `cell` is of either side. */
static int add_row(const struct job *job, const struct against *against, pace *store,
                   const struct stored *stored, const struct pace_cell *cell, struct pairs *pairs,
                   struct judgement *out)
{
    struct paired paired = {.x = (double)NAN,
                            .y = (double)NAN,
                            .ratio = (double)NAN,
                            .low = (double)NAN,
                            .high = (double)NAN};
    pairs_read(against, cell, pairs);
    if (pairs->count > 0 &&
        paired_compare(pairs->x, pairs->y, pairs->count, job->against.alpha, &paired) != 0)
        return PACE_ENOMEM;
    struct judged *row = judge_add(out);
    if (row == NULL) return PACE_ENOMEM;
    row->verdict =
        verdict_of(pairs, &paired, &job->against, direction_of(store, stored->project, cell));
    row->project = arena_string(&out->arena, stored->project);
    row->branch = arena_string(&out->arena, stored->branch);
    row->testbed = arena_string(&out->arena, stored->testbed);
    row->commit = arena_string(&out->arena, stored->commit);
    row->benchmark = arena_string(&out->arena, cell->benchmark);
    row->measure = arena_string(&out->arena, cell->measure);
    row->unit = arena_string(&out->arena, cell->unit != NULL ? cell->unit : "");
    row->run = stored->result.run;
    row->value = paired.y;
    row->base = paired.x;
    row->delta = isfinite(paired.ratio) ? paired.ratio - 1 : (double)NAN;
    row->low_delta = paired.low - 1;
    row->high_delta = paired.high - 1;
    row->p = pairs->count < 2 ? (double)NAN : fmin(paired.p_above, paired.p_below);
    row->n = (double)pairs->count;
    out->counts[row->verdict]++;
    return out->arena.failed ? PACE_ENOMEM : 0;
}

/* Rows of the series of one record that none of `seen` has, companions left out. */
static int add_rows(const struct job *job, const struct against *against, pace *store,
                    const struct stored *stored, const struct record *record, struct record *seen,
                    struct pairs *pairs, struct judgement *out)
{
    for (const struct record_cell *known = NULL; (known = record_next(record, known)) != NULL;) {
        struct pace_cell cell;
        struct pace_error error;
        if (record_cell_get(record, known, &cell) != 0) return PACE_ENOMEM;
        if (strchr(cell.measure, '.') != NULL ||
            record_find(seen, cell.benchmark, cell.measure) != NULL)
            continue;
        int code = record_add(seen, &cell, &error);
        if (code == 0) code = add_row(job, against, store, stored, &cell, pairs, out);
        if (code != 0) return code;
    }
    return 0;
}

int against_judge(const struct job *job, const struct against *against, pace *store,
                  const struct stored *stored, struct judgement *out)
{
    struct record seen;
    struct pairs pairs = {.x = calloc(against->count + 1, sizeof *pairs.x),
                          .y = calloc(against->count + 1, sizeof *pairs.y)};
    int code = pairs.x == NULL || pairs.y == NULL ? PACE_ENOMEM : 0;
    judge_init(out);
    record_init(&seen);
    out->paired_with = arena_printf(&out->arena, "%.*s", SHORT_COMMIT, job->against.commit);
    for (unsigned i = 0; i < against->count && code == 0; i++) {
        code = add_rows(job, against, store, stored, &against->head[i], &seen, &pairs, out);
        if (code == 0)
            code = add_rows(job, against, store, stored, &against->base[i], &seen, &pairs, out);
    }
    record_clear(&seen);
    free(pairs.x);
    free(pairs.y);
    return code != 0 ? store_failed("", code, NULL) : 0;
}
