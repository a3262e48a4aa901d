/* store_readers.c -- what readers cost a writer: speed beside one that holds an old snapshot, size
 * of the file with readers of up to a second's age. Two stores get the same runs, in turns. */
#include "store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_RUNS = 200, ROUNDS = 15, ROUND_RUNS = 40, SIZE_RUNS = 40000, QUICK_SIZE_RUNS = 6000 };
static const struct workload WORKLOAD = {.streams = 20, .columns = 500, .runs = FIRST_RUNS};

struct pair {
    pace *alone, *read;
    uint32_t next; /* number of the next run */
};

static int open_pair(const struct setup *setup, const char *alone, const char *read,
                     struct pair *pair)
{
    struct pace_error error = {0};
    char path[BENCH_PATH];
    *pair = (struct pair){.next = WORKLOAD.streams * FIRST_RUNS};
    int status = pace_open(store_path(setup, alone, path), PACE_CREATE, NULL, &error, &pair->alone);
    if (!status)
        status = pace_open(store_path(setup, read, path), PACE_CREATE, NULL, &error, &pair->read);
    if (!status) status = workload_fill(&WORKLOAD, pair->alone, &error);
    if (!status) status = workload_fill(&WORKLOAD, pair->read, &error);
    return status ? store_say("readers", &error) : 0;
}

static void close_pair(struct pair *pair)
{
    pace_close(pair->alone);
    pace_close(pair->read);
}

/* Appends `count` runs, one commit each. */
static int append(pace *store, uint32_t first, uint32_t count, struct account *account)
{
    struct pace_error error = {0};
    struct cost start = cost_now();
    for (uint32_t i = 0; i < count; i++)
        if (workload_store(&WORKLOAD, store, first + i, 1, &error))
            return store_say("append", &error);
    account_add(account, cost_since(start), count);
    return 0;
}

static int held(const struct setup *setup)
{
    static struct account accounts[2];
    struct pace_error error = {0};
    struct pair pair;
    pace_snapshot *old = NULL;
    int status = open_pair(setup, "alone.pace", "held.pace", &pair);
    if (!status && pace_snapshot_begin(pair.read, &error, &old))
        status = store_say("snapshot", &error);
    for (int round = 0; round < ROUNDS && !status; round++, pair.next += ROUND_RUNS) {
        status = append(round % 2 ? pair.alone : pair.read, pair.next, ROUND_RUNS,
                        &accounts[round % 2 ? 0 : 1]);
        if (!status)
            status = append(round % 2 ? pair.read : pair.alone, pair.next, ROUND_RUNS,
                            &accounts[round % 2 ? 1 : 0]);
    }
    pace_snapshot_end(old);
    close_pair(&pair);
    if (status) return -1;
    report_begin("A reader that holds an old snapshot, beside none", "alone");
    report_against((struct row){"durable runs a second", FIGURE_RATE,
                                samples_median(&accounts[1].rate),
                                samples_median(&accounts[0].rate), 0},
                   0.9);
    report_row((struct row){"CPU a run", FIGURE_TIME, samples_median(&accounts[1].cpu),
                            samples_median(&accounts[0].cpu), 0});
    report_row((struct row){"written a run", FIGURE_BYTES, samples_median(&accounts[1].written),
                            samples_median(&accounts[0].written), 0});
    return 0;
}

/* -- size -------------------------------------------------------------------------------------- */

struct reader {
    pace *store;
    atomic_int stop;
    int status, snapshots;
};

/* A snapshot after the other, a second each: from its first moment to its last it is read. */
static void *read_on(void *context)
{
    struct reader *reader = context;
    static const uint32_t columns[] = {0, 499};
    while (!atomic_load(&reader->stop) && !reader->status) {
        struct pace_error error = {0};
        struct pace_cells cells = {.run_count = 1};
        pace_snapshot *snapshot = NULL;
        pace_scan *scan = NULL;
        double begun_s = wall_s();
        reader->status = pace_snapshot_begin(reader->store, &error, &snapshot);
        while (!reader->status && !atomic_load(&reader->stop) && wall_s() - begun_s < 1)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        if (!reader->status)
            reader->status = pace_scan_open(snapshot, 0, columns, 2, NULL, &error, &scan);
        while (!reader->status && cells.run_count)
            reader->status = pace_scan_next(scan, &error, &cells);
        pace_scan_close(scan);
        pace_snapshot_end(snapshot);
        reader->snapshots++;
        if (reader->status) store_say("reader", &error);
    }
    return NULL;
}

static int size_of(pace *store, double *bytes)
{
    struct pace_error error = {0};
    struct pace_stat stat;
    pace_snapshot *snapshot;
    if (pace_snapshot_begin(store, &error, &snapshot)) return store_say("stat", &error);
    int status = pace_stat(snapshot, &error, &stat);
    pace_snapshot_end(snapshot);
    *bytes = (double)stat.file_bytes;
    return status ? store_say("stat", &error) : 0;
}

static int sizes(const struct setup *setup)
{
    static struct account accounts[2];
    struct pair pair;
    pthread_t thread;
    uint32_t runs = setup->is_quick ? QUICK_SIZE_RUNS : SIZE_RUNS;
    double alone = 0, read = 0;
    if (open_pair(setup, "size-alone.pace", "size-read.pace", &pair)) return -1;
    struct reader reader = {.store = pair.read};
    int status = append(pair.alone, pair.next, runs, &accounts[0]);
    if (!status && pthread_create(&thread, NULL, read_on, &reader)) status = -1;
    if (!status) {
        status = append(pair.read, pair.next, runs, &accounts[1]);
        atomic_store(&reader.stop, 1);
        pthread_join(thread, NULL);
        status |= reader.status;
    }
    if (!status) status = size_of(pair.alone, &alone);
    if (!status) status = size_of(pair.read, &read);
    close_pair(&pair);
    if (status) return -1;
    report_begin("Readers of up to 1 s age, one after the other, beside none", "alone");
    report_row((struct row){"file", FIGURE_BYTES, read, alone, 0});
    report_row((struct row){"file, times that without", FIGURE_TIMES, read / alone, 0, 2});
    report_row((struct row){"durable runs a second", FIGURE_RATE, samples_median(&accounts[1].rate),
                            samples_median(&accounts[0].rate), 0});
    report_note("%u runs of %u cells at full speed onto %u, %d snapshots", runs, WORKLOAD.columns,
                WORKLOAD.streams * FIRST_RUNS, reader.snapshots);
    report_note("the difference is what is written in a second or two, however large the store");
    return 0;
}

int store_readers(const struct setup *setup)
{
    return held(setup) || sizes(setup) ? -1 : 0;
}
