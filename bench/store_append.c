/* store_append.c -- durable appends: one batch a run, beside a log with two flushes a record.
 *
 * Most runs of ours go to the journal, with one flush; those that do not fit are commits with two.
 *
 * Contestants take turns, a run each of some streams a round. The wide store is appended to over a
 * whole cycle of folds; between rounds it is asked for all series, and the round after which that
 * takes longest is the worst moment, to which it is then brought. */
#include "store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CYCLE = 64,          /* rounds after which the fold cycle comes again */
    PEER_EVERY = 4,      /* rounds */
    ASKED = 5,           /* times a round; the least counts */
    RECORD_BYTES = 8192, /* of the log: 500 values, and what names them */
    LIFE_RUNS = 2304,    /* two whole large blocks and the runs that stay in small ones */
    BIG_COLUMNS = 5000,
    BIG_RUNS = 1300,
    BIG_RECORD_BYTES = 40 * 1024 + 512,
    THREADS = 8,
    THREAD_RUNS = 40,
};

#define SHARED_BAR 1.5

enum { NAMED, HANDLED, LOG, SQLITE, DUCKDB, CONTESTANTS };
static struct account accounts[CONTESTANTS];
enum { COLUMNS_MAX = 500 };
static char names[COLUMNS_MAX][WORKLOAD_NAME];

/* -- a cycle of the wide store ----------------------------------------------------------------- */

static int append_one(struct wide *wide, unsigned who, uint32_t stream, const double *values)
{
    struct pace_error error = {0};
    const struct workload *workload = &wide->workload;
    uint32_t run = workload->runs, number = run * workload->streams + stream;
    switch (who) {
    case NAMED:
        return workload_append(workload, wide->store, stream, run, names, values, &error)
                   ? store_say("append", &error)
                   : 0;
    case HANDLED:
        return workload_load(workload, wide->store, wide->handles, stream, 1, run, 1, values,
                             &error)
                   ? store_say("append", &error)
                   : 0;
    case LOG: return peer_log_append(&wide->log);
    case SQLITE: return peer_store(wide->sqlite, number, 1);
    default: return duckdb_peer_load(wide->duckdb, stream, run, 1, values);
    }
}

/* One run of streams [from, until) by one contestant. */
static int append_some(struct wide *wide, unsigned who, uint32_t from, uint32_t until)
{
    const struct workload *workload = &wide->workload;
    for (uint32_t stream = from; stream < until; stream++)
        workload_values(workload, stream, workload->runs, 1,
                        wide->values + (size_t)stream * workload->columns);
    struct cost start = cost_now();
    for (uint32_t stream = from; stream < until; stream++)
        if (append_one(wide, who, stream, wide->values + (size_t)stream * workload->columns))
            return -1;
    account_add(&accounts[who], cost_since(start), until - from);
    return 0;
}

/* A run more of each stream of ours: half of them by name, half by handle. */
static int append_round(struct wide *wide, int is_peer_round)
{
    uint32_t streams = wide->workload.streams, half = streams / 2;
    int by_name_first = wide->workload.runs % 2;
    int status = append_some(wide, by_name_first ? NAMED : HANDLED, 0, half);
    if (!status) status = append_some(wide, LOG, 0, half);
    if (!status) status = append_some(wide, by_name_first ? HANDLED : NAMED, half, streams);
    if (!status && is_peer_round) status = append_some(wide, SQLITE, 0, half);
    if (!status && is_peer_round && wide->duckdb) status = append_some(wide, DUCKDB, 0, half);
    wide->workload.runs++;
    return status;
}

static int ask_least(struct wide *wide, double *least_s)
{
    struct pace_error error = {0};
    struct all_series answer;
    *least_s = 1e9;
    for (int i = 0; i < ASKED; i++) {
        double start_s = thread_cpu_s();
        if (ask_all(wide->store, &error, &answer)) return store_say("all series", &error);
        double took_s = thread_cpu_s() - start_s;
        if (took_s < *least_s) *least_s = took_s;
    }
    return 0;
}

/* Two cycles less a part: the second ends at the worst moment of the first. */
static int walk(struct wide *wide)
{
    double slowest_s = 0, fastest_s = 1e9;
    unsigned worst = 0;
    for (unsigned round = 0; round < CYCLE; round++) {
        double took_s;
        if (append_round(wide, round % PEER_EVERY == 0) || ask_least(wide, &took_s)) return -1;
        if (took_s > slowest_s) {
            slowest_s = took_s;
            worst = round;
        }
        if (took_s < fastest_s) fastest_s = took_s;
    }
    for (unsigned round = 0; round <= worst; round++)
        if (append_round(wide, round % PEER_EVERY == 0)) return -1;
    report_note("All series take between %.1f and %.1f ms of CPU over a cycle of %d runs a stream;",
                fastest_s * 1e3, slowest_s * 1e3, CYCLE);
    report_note("the worst moment is now, at %u runs a stream.", wide->workload.runs);
    return 0;
}

/* -- the whole life of a stream ---------------------------------------------------------------- */

struct slow {
    double wall_s, cpu_s, log_s;
};

static void keep_most(double *most, double value)
{
    if (value > *most) *most = value;
}

/* Appends `workload->runs` runs one by one to a new store of one stream, in turns with a log. */
static int live(const struct setup *setup, const char *name, const struct workload *workload,
                size_t record_bytes, struct cost *total, struct slow *slow)
{
    struct pace_error error = {0};
    struct peer_log log;
    char path[BENCH_PATH];
    pace *store = NULL;
    pace_column_handle *handles = malloc(workload->columns * sizeof *handles);
    double *values = malloc(workload->columns * sizeof *values);
    *total = (struct cost){0};
    *slow = (struct slow){0};
    if (!handles || !values ||
        peer_log_open(store_path(setup, "live.log", path), record_bytes, &log))
        return -1;
    int status = pace_open(store_path(setup, name, path), PACE_CREATE, NULL, &error, &store);
    if (!status) status = workload_handles(workload, store, &error, handles);
    for (uint32_t run = 0; run < workload->runs && !status; run++) {
        workload_values(workload, 0, run, 1, values);
        struct cost start = cost_now();
        double cpu_s = thread_cpu_s(), begun_s = wall_s();
        status = workload_load(workload, store, handles, 0, 1, run, 1, values, &error);
        keep_most(&slow->wall_s, wall_s() - begun_s);
        keep_most(&slow->cpu_s, thread_cpu_s() - cpu_s);
        struct cost cost = cost_since(start);
        total->wall_s += cost.wall_s;
        total->cpu_s += cost.cpu_s;
        total->written_bytes += cost.written_bytes;
        begun_s = wall_s();
        if (peer_log_append(&log)) status = -1;
        keep_most(&slow->log_s, wall_s() - begun_s);
    }
    pace_close(store);
    peer_log_close(&log);
    free(handles);
    free(values);
    return status ? store_say("append", &error) : 0;
}

/* -- writers that arrive together -------------------------------------------------------------- */

struct writer {
    pthread_t thread;
    pace *store;
    uint32_t stream, first, count;
    int status;
};
static const struct workload THREADED = {.streams = THREADS, .columns = 500};

static void *write_alone(void *context)
{
    struct writer *writer = context;
    struct pace_error error = {0};
    for (uint32_t i = 0; i < writer->count && !writer->status; i++)
        writer->status = workload_store(&THREADED, writer->store,
                                        (writer->first + i) * THREADS + writer->stream, 1, &error);
    if (writer->status) store_say("threads", &error);
    return NULL;
}

/* Runs a second of `threads` writers, each to a stream of its own. */
static int write_together(pace *store, unsigned threads, uint32_t first, double *rate)
{
    struct writer writers[THREADS];
    uint32_t each = THREAD_RUNS * THREADS / threads;
    double start_s = wall_s();
    int status = 0;
    for (unsigned i = 0; i < threads; i++) {
        writers[i] = (struct writer){.store = store, .stream = i, .first = first, .count = each};
        if (pthread_create(&writers[i].thread, NULL, write_alone, &writers[i])) return -1;
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(writers[i].thread, NULL);
        status |= writers[i].status;
    }
    *rate = (double)each * threads / (wall_s() - start_s);
    return status;
}

static int together(const struct setup *setup, struct samples rates[2])
{
    enum { ROUNDS = 3 };
    struct pace_error error = {0};
    char path[BENCH_PATH];
    pace *store;
    if (pace_open(store_path(setup, "threads.pace", path), PACE_CREATE, NULL, &error, &store))
        return store_say("open", &error);
    int status = 0;
    uint32_t next = 0;
    for (int round = 0; round < ROUNDS && !status; round++)
        for (unsigned i = 0; i < 2 && !status; i++) {
            double rate = 0;
            status = write_together(store, i ? THREADS : 1, next, &rate);
            samples_add(&rates[i], rate);
            next += THREAD_RUNS * THREADS;
        }
    pace_close(store);
    return status;
}

/* -- the tables -------------------------------------------------------------------------------- */

static void report_cycle(const struct setup *setup, const struct wide *wide)
{
    struct account *ours = &accounts[NAMED], *sqlite = &accounts[SQLITE];
    double rate = samples_median(&ours->rate), cpu = samples_median(&ours->cpu);
    double log = samples_median(&accounts[LOG].rate);
    report_begin("Durable append: runs of 500 cells, one commit each, folds included", "peer");
    report_against((struct row){"runs a second, beside the log", FIGURE_RATE, rate, log, 0}, 0.85);
    report_row((struct row){"  by handle, beside the log", FIGURE_RATE,
                            samples_median(&accounts[HANDLED].rate), log, 0});
    report_row(
        (struct row){"  beside sqlite", FIGURE_RATE, rate, samples_median(&sqlite->rate), 0});
    if (wide->duckdb)
        report_row((struct row){"  beside duckdb", FIGURE_RATE, rate,
                                samples_median(&accounts[DUCKDB].rate), 0});
    report_against(
        (struct row){"CPU a run, beside sqlite", FIGURE_TIME, cpu, samples_median(&sqlite->cpu), 0},
        store_bar(setup, 30));
    report_row((struct row){"  by handle, beside the log", FIGURE_TIME,
                            samples_median(&accounts[HANDLED].cpu),
                            samples_median(&accounts[LOG].cpu), 0});
    report_row((struct row){"written a run, median round, beside sqlite", FIGURE_BYTES,
                            samples_median(&ours->written), samples_median(&sqlite->written), 0});
}

static int report_lives(const struct setup *setup)
{
    static struct samples rates[2];
    struct workload small = {.streams = 1, .columns = 500, .runs = LIFE_RUNS};
    struct workload big = {.streams = 1, .columns = BIG_COLUMNS, .runs = BIG_RUNS};
    struct cost total;
    struct slow slow;
    if (setup->is_quick) big.runs = BIG_RUNS / 4;
    if (live(setup, "life.pace", &small, RECORD_BYTES, &total, &slow)) return -1;
    report_row((struct row){"written a run, mean of a stream's first 2,304", FIGURE_BYTES,
                            total.written_bytes / LIFE_RUNS, 0, 50e3});
    report_row(
        (struct row){"CPU a run, mean of the same", FIGURE_TIME, total.cpu_s / LIFE_RUNS, 0, 0});
    report_row((struct row){"slowest append of the same, of the log", FIGURE_TIME, slow.wall_s,
                            slow.log_s, 0});
    report_row((struct row){"  its CPU", FIGURE_TIME, slow.cpu_s, 0, 0});
    if (live(setup, "big.pace", &big, BIG_RECORD_BYTES, &total, &slow)) return -1;
    report_row((struct row){"slowest append of 5,000 cells, of the log", FIGURE_TIME, slow.wall_s,
                            slow.log_s, 50e-3});
    report_row((struct row){"  its CPU", FIGURE_TIME, slow.cpu_s, 0, 0});
    report_row((struct row){"written a run of 5,000 cells, mean", FIGURE_BYTES,
                            total.written_bytes / big.runs, 0, 0});
    if (together(setup, rates)) return -1;
    report_against((struct row){"runs a second, 8 threads, beside 1", FIGURE_RATE,
                                samples_median(&rates[1]), samples_median(&rates[0]), 0},
                   SHARED_BAR);
    report_note("the log flushes twice a run; of ours most have one flush, of the journal;");
    report_note("one writer at a time: 8 threads are faster than 1 only where they share commits;");
    report_note("%u runs of 5,000 cells", big.runs);
    return 0;
}

int store_append(const struct setup *setup, struct wide *wide)
{
    char path[BENCH_PATH];
    if (peer_log_open(store_path(setup, "append.log", path), RECORD_BYTES, &wide->log)) return -1;
    if (wide->workload.columns > COLUMNS_MAX) return -1;
    for (uint32_t column = 0; column < wide->workload.columns; column++)
        workload_benchmark(column, names[column]);
    /* The peers' runs go on where ours do; those between are missing, which costs them nothing. */
    if (walk(wide)) return -1;
    report_cycle(setup, wide);
    return report_lives(setup);
}
