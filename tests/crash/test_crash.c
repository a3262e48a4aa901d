/* test_crash.c -- writers killed with kill -9 at random moments: no acknowledged run is lost, none
 * is half there, and the store reads whole, cycle after cycle.
 *
 * A cycle starts one or two writers, and now and then a reader that holds a snapshot, each a
 * process; kills them at a random moment; opens the store and reads everything: every run by
 * number, identity, metadata and samples, every cell by scans, every summary; and pace_verify finds
 * nothing. What a run holds follows from its identity, so every bit is compared. A writer counts a
 * batch of runs in shared memory before it commits it and after: all up to the second must be
 * there, the one between may be, whole. Killed while another writes: that one has to go on. A
 * writer that starts gives the last batch again now and then: it has to be a duplicate.
 *
 * After some cycles a new store is begun; every other one has small blocks and a small map, so that
 * folds, merges, direct blocks and growth come often. Cycles: PACE_CRASH_CYCLES (200). The seed is
 * printed; PACE_SEED repeats it, as far as moments can be repeated. */
#include "../child.h"
#include "../small_blocks.h"
#include "../store_help.h"

#include "../../engine/snapshot.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

enum {
    CYCLES = 200,
    ERA_CYCLES = 20,
    WRITERS = 2,
    BENCHMARKS = 70,
    BATCH_MAX = 24,
    BATCHES_MAX = 1 << 16,
    SAMPLES = 3,
    RUN_SECONDS = 100,
    PATIENCE_S = 60, /* how long a writer may take for a batch before it counts as stuck */
};

static const struct fold_limits small_limits = {SMALL_BLOCKS, .runs = 6, .keep_rows = 4,
                                                .direct_runs = 8, .totals_rows = 3};

/* What a writer has tried and what was acknowledged: numbers of batches, in memory that outlives
 * it. */
struct progress {
    atomic_uint_fast64_t tried, acknowledged;
};
static struct progress *progress; /* of each writer */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t next_random(uint64_t *state)
{
    return mix(*state += 0x9e3779b97f4a7c15u);
}

/* -- what a run holds -------------------------------------------------------------------------- */

/* Run `place` of batch `batch` of a writer; batches count from 1. */
struct identity {
    unsigned writer, place;
    uint64_t batch;
};

static uint64_t hash_of(const struct identity *identity, uint64_t salt)
{
    return mix(mix(identity->batch * 64 + identity->place) + identity->writer * 1000003 + salt);
}

static size_t batch_size(unsigned writer, uint64_t batch)
{
    uint64_t hash = hash_of(&(struct identity){.writer = writer, .batch = batch}, 1);
    return hash % 16 == 0 ? 8 + hash / 16 % (BATCH_MAX - 8) : 1 + hash % 3;
}

/* Both writers share branch main; the first has one more. */
static const char *branch_of(const struct identity *identity)
{
    uint64_t hash =
        hash_of(&(struct identity){.writer = identity->writer, .batch = identity->batch}, 2);
    return identity->writer == 0 && hash % 4 == 0 ? "side" : "main";
}

/* Some arrive late. */
static int64_t time_of(const struct identity *identity)
{
    uint64_t hash = hash_of(identity, 3), place = identity->batch * 8 + identity->place;
    if (hash % 9 == 0) place -= hash / 9 % (place + 1);
    return T0_NS + (int64_t)place * RUN_SECONDS * SECOND_NS;
}

/* The cell of a benchmark. The first is always there; later benchmarks appear with later
 * batches. */
static struct pace_cell expected_cell(const struct identity *identity, unsigned benchmark,
                                      double samples[SAMPLES])
{
    uint64_t hash = hash_of(identity, 100 + benchmark);
    struct pace_cell cell = cell_of("", (double)(hash % 1000000) / 8);
    int ragged = hash_of(identity, 4) % 5 == 0;
    if (benchmark && (benchmark > 20 + identity->batch || (ragged && hash % 3)))
        cell.status = PACE_CELL_ABSENT;
    else if (benchmark && hash % 97 == 0)
        cell.status = PACE_CELL_FAILED;
    if (cell.status != PACE_CELL_OK) {
        cell.value = (double)NAN;
        return cell;
    }
    if (hash_of(identity, 5) % 6 == 0) {
        cell.lower = cell.value - 1;
        cell.upper = cell.value + 2;
    }
    if (benchmark == 0 && hash % 4 == 0) {
        for (size_t i = 0; i < SAMPLES; i++)
            samples[i] = cell.value + (double)i;
        cell.samples = samples;
        cell.sample_count = SAMPLES;
    }
    return cell;
}

static void write_id(const struct identity *identity, char out[64])
{
    snprintf(out, 64, "w%u-%llu-%u", identity->writer, (unsigned long long)identity->batch,
             identity->place);
}

static struct identity read_id(const char *id)
{
    struct identity identity;
    unsigned long long batch;
    if (sscanf(id, "w%u-%llu-%u", &identity.writer, &batch, &identity.place) != 3)
        fail_msg("a run has identity '%s'", id);
    identity.batch = batch;
    assert_true(identity.writer < WRITERS && batch >= 1 && batch < BATCHES_MAX);
    assert_true(identity.place < batch_size(identity.writer, batch));
    return identity;
}

/* -- processes that are killed ----------------------------------------------------------------- */

/* A child has no test to fail: it ends, and the parent sees that it was not killed. */
static void child_ok(int status, const struct pace_error *error)
{
    if (status == 0) return;
    fprintf(stderr, "child: %s\n", error->message);
    _exit(1);
}

static pace *open_store(const char *dir, int is_small, struct pace_error *error)
{
    struct pace_options options = {.struct_size = sizeof options,
                                   .map_size = is_small ? 1 << 20 : 0};
    pace *store = NULL;
    if (pace_open(dir, PACE_CREATE, &options, error, &store)) return NULL;
    if (is_small) {
        store->limits = small_limits;
        store->tail_runs = 5;
    }
    return store;
}

static pace_run *build(pace *store, const struct identity *identity, struct pace_error *error)
{
    char id[64], commit[64], benchmark[16];
    double samples[SAMPLES];
    pace_run *run = NULL;
    write_id(identity, id);
    snprintf(commit, sizeof commit, "c%llu", (unsigned long long)identity->batch);
    struct pace_run_info info = run_at(time_of(identity));
    info.branch = branch_of(identity);
    info.id = id;
    info.commit = commit;
    child_ok(pace_run_begin(store, &info, error, &run), error);
    for (unsigned b = 0; b < BENCHMARKS; b++) {
        struct pace_cell cell = expected_cell(identity, b, samples);
        if (cell.status == PACE_CELL_ABSENT) continue;
        snprintf(benchmark, sizeof benchmark, "b%02u", b);
        cell.benchmark = benchmark;
        child_ok(pace_run_put(run, &cell, error), error);
    }
    child_ok(pace_run_put_meta(run, "self", id, error), error);
    return run;
}

static void write_batch(pace *store, unsigned writer, uint64_t batch, int is_again)
{
    struct pace_error error = {0};
    struct pace_run_result results[BATCH_MAX];
    pace_run *runs[BATCH_MAX];
    size_t count = batch_size(writer, batch);
    for (unsigned i = 0; i < count; i++)
        runs[i] =
            build(store, &(struct identity){.writer = writer, .batch = batch, .place = i}, &error);
    if (!is_again) atomic_store(&progress[writer].tried, batch);
    child_ok(pace_runs_commit(store, runs, count, &error, results), &error);
    if (!is_again) atomic_store(&progress[writer].acknowledged, batch);
    for (size_t i = 0; i < count; i++) {
        if (results[i].duplicate != is_again) {
            fprintf(stderr, "child: batch %llu of writer %u: duplicate %d\n",
                    (unsigned long long)batch, writer, results[i].duplicate);
            _exit(1);
        }
        pace_run_free(runs[i]);
    }
}

/* Writes on after batch `there`, which is in the store. */
static void be_writer(const char *dir, int is_small, unsigned writer, uint64_t there, int again)
{
    struct pace_error error = {0};
    pace *store = open_store(dir, is_small, &error);
    child_ok(store ? 0 : 1, &error);
    if (again && there) write_batch(store, writer, there, 1);
    for (uint64_t batch = there + 1; batch < BATCHES_MAX; batch++)
        write_batch(store, writer, batch, 0);
    _exit(1);
}

/* Holds a snapshot, reads a little, takes another. */
static void be_reader(const char *dir, int is_small)
{
    struct pace_error error = {0};
    pace *store = open_store(dir, is_small, &error);
    child_ok(store ? 0 : 1, &error);
    for (;;) {
        pace_snapshot *snapshot;
        const struct pace_stream *streams;
        uint32_t count;
        child_ok(pace_snapshot_begin(store, &error, &snapshot), &error);
        child_ok(pace_streams(snapshot, &error, &streams, &count), &error);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        pace_snapshot_end(snapshot);
    }
}

/* -- reading everything ------------------------------------------------------------------------ */

struct found {
    uint64_t batches[WRITERS]; /* in the store: 1 to this */
    uint64_t runs, large_blocks;
};

/* Bit i: run i of the batch is there. */
static uint32_t seen[WRITERS][BATCHES_MAX];
static struct identity *identities; /* by run number */

static void check_run(pace_snapshot *snapshot, uint64_t number)
{
    struct pace_run_view view;
    struct pace_meta meta;
    const char *id;
    char commit[64];
    store_ok(pace_run_get(snapshot, number, error, &view));
    store_ok(pace_run_id(snapshot, number, error, &id));
    store_ok(pace_run_meta(snapshot, number, error, &meta));
    struct identity *identity = &identities[number];
    *identity = read_id(id);
    snprintf(commit, sizeof commit, "c%llu", (unsigned long long)identity->batch);
    assert_int_equal(view.run, number);
    assert_int_equal(view.time_ns, time_of(identity));
    assert_string_equal(view.commit, commit);
    assert_int_equal(meta.count, 1);
    assert_string_equal(meta.values[0], id);
    assert_false(seen[identity->writer][identity->batch] >> identity->place & 1);
    seen[identity->writer][identity->batch] |= UINT32_C(1) << identity->place;
}

static int same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* One cell of a batch of a scan, and its samples. */
static void check_cell(pace_snapshot *snapshot, const struct pace_cells *cells, size_t c, size_t r,
                       uint32_t column, unsigned benchmark)
{
    double samples[SAMPLES];
    size_t at = c * cells->stride + r;
    const struct identity *identity = &identities[cells->runs[r].run];
    struct pace_cell cell = expected_cell(identity, benchmark, samples);
    if (cells->status[at] != cell.status || !same(cells->value[at], cell.value) ||
        !same(cells->lower ? cells->lower[at] : (double)NAN, cell.lower) ||
        !same(cells->upper ? cells->upper[at] : (double)NAN, cell.upper))
        fail_msg("run %llu, benchmark %u: status %u, value %g instead of %u, %g",
                 (unsigned long long)cells->runs[r].run, benchmark, cells->status[at],
                 cells->value[at], (unsigned)cell.status, cell.value);
    if (benchmark) return;
    const double *stored;
    size_t count;
    store_ok(pace_samples(snapshot, cells->runs[r].run, column, error, &stored, &count));
    assert_int_equal(count, cell.sample_count);
    for (size_t i = 0; i < count; i++)
        assert_true(stored[i] == samples[i]);
}

struct total {
    uint64_t count;
    double sum, min, max;
};

/* Cells of a batch of a scan; what is ok is added up for the summaries. */
static void check_cells(pace_snapshot *snapshot, const struct pace_cells *cells,
                        const uint32_t *columns, const unsigned *benchmarks, struct total *totals)
{
    for (size_t c = 0; c < cells->column_count; c++)
        for (size_t r = 0; r < cells->run_count; r++) {
            size_t at = c * cells->stride + r;
            check_cell(snapshot, cells, c, r, columns[c], benchmarks[c]);
            if (cells->status[at] != PACE_CELL_OK) continue;
            totals[c].count++;
            totals[c].sum += cells->value[at];
            if (!(totals[c].min <= cells->value[at])) totals[c].min = cells->value[at];
            if (!(totals[c].max >= cells->value[at])) totals[c].max = cells->value[at];
        }
}

/* Scans a stream; returns its runs. */
static uint64_t check_stream(pace_snapshot *snapshot, const struct pace_stream *stream)
{
    uint32_t numbers[BENCHMARKS], count, name_count;
    unsigned benchmarks[BENCHMARKS];
    struct pace_summary summaries[BENCHMARKS];
    struct total totals[BENCHMARKS];
    const struct pace_column *columns;
    const char *const *names;
    struct pace_cells cells = {.run_count = 1};
    struct pace_run_view last = {.run = 0};
    uint64_t runs = 0;
    pace_scan *scan;
    store_ok(pace_columns(snapshot, stream->id, error, &columns, &count));
    store_ok(pace_names(snapshot, PACE_BENCHMARK, error, &names, &name_count));
    assert_in_range(count, 1, BENCHMARKS);
    for (uint32_t c = 0; c < count; c++) {
        numbers[c] = c;
        totals[c] = (struct total){.min = (double)NAN, .max = (double)NAN};
        assert_int_equal(sscanf(names[columns[c].benchmark], "b%u", &benchmarks[c]), 1);
    }
    store_ok(pace_scan_open(snapshot, stream->id, numbers, count, NULL, error, &scan));
    for (;;) {
        store_ok(pace_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++) {
            const struct pace_run_view *view = &cells.runs[r];
            assert_in_range(view->run, 1, pace_run_count(snapshot));
            assert_true(runs + r == 0 || view->time_ns > last.time_ns ||
                        (view->time_ns == last.time_ns && view->run > last.run));
            last = *view;
        }
        check_cells(snapshot, &cells, numbers, benchmarks, totals);
        runs += cells.run_count;
    }
    pace_scan_close(scan);
    store_ok(pace_scan_summary(snapshot, stream->id, numbers, count, NULL, error, summaries));
    for (uint32_t c = 0; c < count; c++) {
        assert_int_equal(summaries[c].count, totals[c].count);
        assert_true(same(summaries[c].min, totals[c].min) && same(summaries[c].max, totals[c].max));
        assert_true(fabs(summaries[c].sum - totals[c].sum) <= 1e-9 * fabs(totals[c].sum));
    }
    assert_int_equal(runs, stream->run_count);
    return runs;
}

/* Which batches are there: all that were acknowledged, whole, and perhaps the one that was
 * tried. */
static void check_batches(struct found *found)
{
    for (unsigned w = 0; w < WRITERS; w++) {
        uint64_t tried = atomic_load(&progress[w].tried);
        uint64_t acknowledged = atomic_load(&progress[w].acknowledged);
        assert_true(tried == acknowledged || tried == acknowledged + 1);
        for (uint64_t b = 1; b <= tried; b++) {
            uint32_t whole = (UINT32_C(1) << batch_size(w, b)) - 1;
            if (seen[w][b] == whole) continue;
            if (b <= acknowledged)
                fail_msg("batch %llu of writer %u is acknowledged and lost", (unsigned long long)b,
                         w);
            if (seen[w][b])
                fail_msg("batch %llu of writer %u is half there", (unsigned long long)b, w);
        }
        found->batches[w] = tried > acknowledged && seen[w][tried] ? tried : acknowledged;
        assert_int_equal(seen[w][tried + 1], 0);
    }
}

static void read_everything(const char *dir, int is_small, struct found *found)
{
    struct pace_error failure = {0};
    pace_snapshot *snapshot;
    const struct pace_stream *streams;
    uint32_t stream_count;
    uint64_t scanned = 0;
    pace *store = open_store(dir, is_small, &failure);
    if (!store) fail_msg("open: %s", failure.message);
    memset(seen, 0, sizeof seen);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    *found = (struct found){.runs = pace_run_count(snapshot)};
    identities = malloc((found->runs + 1) * sizeof *identities);
    assert_non_null(identities);
    for (uint64_t number = 1; number <= found->runs; number++)
        check_run(snapshot, number);
    check_batches(found);
    store_ok(pace_streams(snapshot, error, &streams, &stream_count));
    for (uint32_t i = 0; i < stream_count; i++) {
        struct stream_record record;
        scanned += check_stream(snapshot, &streams[i]);
        store_ok(snapshot_stream(snapshot, streams[i].id, error, &record));
        found->large_blocks += record.large_blocks;
    }
    assert_int_equal(scanned, found->runs);
    free(identities);
    pace_snapshot_end(snapshot);
    pace_close(store);
    struct pace_verified verified;
    store_ok(pace_verify(dir, print_damage, NULL, error, &verified));
    assert_int_equal(verified.runs, found->runs);
}

/* -- cycles ------------------------------------------------------------------------------------ */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Waits until a writer has `more` batches acknowledged beyond those of now. */
static void wait_for(unsigned writer, uint64_t more)
{
    uint64_t until = atomic_load(&progress[writer].acknowledged) + more;
    double begun_s = now_s();
    while (atomic_load(&progress[writer].acknowledged) < until) {
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
        if (now_s() - begun_s > PATIENCE_S) fail_msg("writer %u is stuck", writer);
    }
}

static void kill_child(pid_t child)
{
    kill(child, SIGKILL);
    assert_true(WIFSIGNALED(child_status(child))); /* it did not end by itself */
}

static pid_t start(const char *dir, int is_small, unsigned writer, const struct found *found,
                   int again)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        if (writer == WRITERS) be_reader(dir, is_small);
        be_writer(dir, is_small, writer, found->batches[writer], again);
    }
    return child;
}

static void cycle(const char *dir, int is_small, uint64_t *random, struct found *found)
{
    uint64_t dice = next_random(random);
    unsigned writers = dice % 3 == 0 ? 2 : 1, killed_first = dice / 3 % 2;
    int with_reader = dice / 6 % 5 == 0, early = dice / 30 % 4 == 0;
    pid_t children[WRITERS], reader = 0;
    for (unsigned w = 0; w < WRITERS; w++) { /* what was tried and is there is as if acknowledged */
        atomic_store(&progress[w].tried, found->batches[w]);
        atomic_store(&progress[w].acknowledged, found->batches[w]);
    }
    if (writers == 1) killed_first = dice / 120 % 4 == 0;
    if (with_reader) reader = start(dir, is_small, WRITERS, found, 0);
    for (unsigned w = 0; w < writers; w++) {
        unsigned who = writers == 1 ? killed_first : w;
        children[who] = start(dir, is_small, who, found, (int)(dice / 480 % 2));
    }
    /* While it opens the store, or after some batches and a moment of the next. */
    if (!early) wait_for(killed_first, next_random(random) % 12);
    nanosleep(&(struct timespec){.tv_nsec = (long)(next_random(random) % 4000) * 1000}, NULL);
    kill_child(children[killed_first]);
    if (writers == 2) {
        if (dice / 960 % 2) wait_for(!killed_first, 1 + next_random(random) % 3);
        kill_child(children[!killed_first]);
    }
    if (reader) kill_child(reader);
    read_everything(dir, is_small, found);
}

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && text[0] ? strtoull(text, NULL, 10) : otherwise;
}

static void test_kills(void **state)
{
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t cycles = environment_number("PACE_CRASH_CYCLES", CYCLES);
    uint64_t seed = environment_number("PACE_SEED", (uint64_t)now.tv_sec * 1000 +
                                                        (uint64_t)now.tv_nsec / 1000000);
    uint64_t random = seed, runs = 0, unheard = 0, large_blocks = 0;
    print_message("# note PACE_SEED=%llu, %llu cycles\n", (unsigned long long)seed,
                  (unsigned long long)cycles);
    progress = mmap(NULL, WRITERS * sizeof *progress, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(progress != MAP_FAILED);
    for (uint64_t done = 0; done < cycles;) {
        struct found found = {0};
        char *dir = make_directory();
        int is_small = done / ERA_CYCLES % 2 == 0;
        for (int i = 0; i < ERA_CYCLES && done < cycles; i++, done++) {
            cycle(dir, is_small, &random, &found);
            for (unsigned w = 0; w < WRITERS; w++)
                unheard += found.batches[w] > atomic_load(&progress[w].acknowledged);
        }
        runs += found.runs;
        large_blocks += found.large_blocks;
        remove_tree(dir);
    }
    print_message("# note %llu runs, %llu commits durable and never acknowledged, %llu large "
                  "blocks\n",
                  (unsigned long long)runs, (unsigned long long)unheard,
                  (unsigned long long)large_blocks);
    assert_true(cycles < ERA_CYCLES || large_blocks > 0); /* folds and merges were among it */
    munmap(progress, WRITERS * sizeof *progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
