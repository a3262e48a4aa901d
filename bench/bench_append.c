/* bench_append.c -- what storing runs costs: one durable commit a run, and many runs a commit.
 *
 *   usage: bench_append SCRATCH
 *
 * Runs of 500 cells, in turns with SQLite (WAL, FULL) and with a plain log that flushes twice a
 * run, which is the floor under any store that commits as LMDB does. Both stores hold 20 streams x
 * 100 runs before the first timed run, so that their trees have the depth of a real history. Disks
 * are noisy: CPU time and bytes written hold from machine to machine, rates only as ratios within
 * one table. */
#include "peer_log.h"
#include "peer_sqlite.h"
#include "report.h"
#include "timing.h"

#include <stdio.h>
#include <sys/stat.h>

enum {
    ROUNDS = 9,
    ROUND_RUNS = 20, /* one of each stream */
    BULK_ROUNDS = 3,
    BULK_RUNS = 1000,
    LOG_RECORD_BYTES = 8192, /* 500 values, and what names them */
    PATH_BYTES = 4096,
};
static const struct workload WORKLOAD = {.streams = 20, .columns = 500, .runs = 100};

/* The three costs of one contestant, a round each. */
struct account {
    struct samples rate, cpu, written;
};

static void account_add(struct account *account, struct cost cost, double runs)
{
    samples_add(&account->rate, runs / cost.wall_s);
    samples_add(&account->cpu, cost.cpu_s / runs);
    samples_add(&account->written, cost.written_bytes / runs);
}

static int say(const char *what, const struct pace_error *error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error->message);
    return -1;
}

/* -- one commit a run -------------------------------------------------------------------------- */

struct stores {
    pace *pace;
    struct peer *peer;
    struct peer_log log;
    uint32_t next; /* number of the next run */
};
enum { PACE, SQLITE, LOG, CONTESTANTS };

static int store_one(struct stores *stores, unsigned who, uint32_t number)
{
    struct pace_error error = {0};
    switch (who) {
    case PACE:
        return workload_store(&WORKLOAD, stores->pace, number, 1, &error) ? say("append", &error)
                                                                          : 0;
    case SQLITE: return peer_store(stores->peer, number, 1);
    default: return peer_log_append(&stores->log);
    }
}

static int append(struct stores *stores)
{
    static struct account accounts[CONTESTANTS];
    for (unsigned round = 0; round < ROUNDS; round++, stores->next += ROUND_RUNS)
        for (unsigned who = 0; who < CONTESTANTS; who++) {
            struct cost start = cost_now();
            for (uint32_t i = 0; i < ROUND_RUNS; i++)
                if (store_one(stores, who, stores->next + i)) return -1;
            account_add(&accounts[who], cost_since(start), ROUND_RUNS);
        }
    struct account *ours = &accounts[PACE], *peer = &accounts[SQLITE], *log = &accounts[LOG];
    double rate = samples_median(&ours->rate);
    report_begin("Durable append: runs of 500 cells, one commit each", "sqlite");
    report_row((struct row){"runs a second", FIGURE_RATE, rate, samples_median(&peer->rate), 0});
    report_row((struct row){"CPU a run", FIGURE_TIME, samples_median(&ours->cpu),
                            samples_median(&peer->cpu), 0});
    report_row((struct row){"written a run", FIGURE_BYTES, samples_median(&ours->written),
                            samples_median(&peer->written), 0});
    report_begin("The same, beside a log that flushes twice a run and does nothing else", "log");
    report_row((struct row){"runs a second", FIGURE_RATE, rate, samples_median(&log->rate), 0});
    report_note("medians of %d rounds of %d runs each, in turns", ROUNDS, ROUND_RUNS);
    return 0;
}

static int append_all(const char *scratch)
{
    struct stores stores = {.log = {.file = -1}, .next = WORKLOAD.streams * WORKLOAD.runs};
    struct pace_error error = {0};
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/append.pace", scratch);
    int status = pace_open(path, PACE_CREATE, NULL, &error, &stores.pace);
    if (!status) status = workload_fill(&WORKLOAD, stores.pace, &error);
    if (status) say("fill", &error);
    snprintf(path, sizeof path, "%s/append.sqlite", scratch);
    if (!status) status = peer_open(path, &WORKLOAD, &stores.peer);
    if (!status) status = peer_fill(stores.peer, WORKLOAD.runs);
    snprintf(path, sizeof path, "%s/append.log", scratch);
    if (!status) status = peer_log_open(path, LOG_RECORD_BYTES, &stores.log);
    if (!status) status = append(&stores);
    if (stores.log.file >= 0) peer_log_close(&stores.log);
    peer_close(stores.peer);
    pace_close(stores.pace);
    return status;
}

/* -- many runs a commit ------------------------------------------------------------------------ */

static double file_bytes(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (double)file.st_size : 0;
}

static int bulk_pace(const char *scratch, unsigned round, struct account *account, double *bytes)
{
    char path[PATH_BYTES];
    struct pace_error error = {0};
    pace_snapshot *snapshot = NULL;
    struct pace_stat stat = {0};
    pace *store;
    snprintf(path, sizeof path, "%s/bulk-%u.pace", scratch, round);
    int status = pace_open(path, PACE_CREATE, NULL, &error, &store);
    if (status) return say("open", &error);
    struct cost start = cost_now();
    status = workload_store(&WORKLOAD, store, 0, BULK_RUNS, &error);
    if (!status) {
        account_add(account, cost_since(start), BULK_RUNS);
        status = pace_snapshot_begin(store, &error, &snapshot);
    }
    if (!status) status = pace_stat(snapshot, &error, &stat);
    *bytes = (double)stat.file_bytes;
    pace_snapshot_end(snapshot);
    pace_close(store);
    return status ? say("bulk", &error) : 0;
}

static int bulk_peer(const char *scratch, unsigned round, struct account *account, double *bytes)
{
    char path[PATH_BYTES];
    struct peer *peer;
    snprintf(path, sizeof path, "%s/bulk-%u.sqlite", scratch, round);
    if (peer_open(path, &WORKLOAD, &peer)) return -1;
    struct cost start = cost_now();
    int status = peer_store(peer, 0, BULK_RUNS);
    if (!status) account_add(account, cost_since(start), BULK_RUNS);
    if (!status) status = peer_settle(peer);
    peer_close(peer);
    *bytes = file_bytes(path);
    return status;
}

static int bulk(const char *scratch)
{
    static struct account ours, peer;
    const double points = (double)BULK_RUNS * WORKLOAD.columns;
    double our_bytes = 0, peer_bytes = 0;
    for (unsigned round = 0; round < BULK_ROUNDS; round++)
        if (bulk_pace(scratch, round, &ours, &our_bytes) ||
            bulk_peer(scratch, round, &peer, &peer_bytes))
            return -1;
    report_begin("Bulk: 1,000 runs of 500 cells in one commit, by name, into a new store",
                 "sqlite");
    report_row((struct row){"points a second", FIGURE_RATE,
                            samples_median(&ours.rate) * WORKLOAD.columns,
                            samples_median(&peer.rate) * WORKLOAD.columns, 0});
    report_row((struct row){"CPU a run", FIGURE_TIME, samples_median(&ours.cpu),
                            samples_median(&peer.cpu), 0});
    report_row((struct row){"written a run", FIGURE_BYTES, samples_median(&ours.written),
                            samples_median(&peer.written), 0});
    report_row((struct row){"file afterwards, a point", FIGURE_BYTES, our_bytes / points,
                            peer_bytes / points, 0});
    report_note("medians of %d rounds, in turns; SQLite knows its series numbers beforehand",
                BULK_ROUNDS);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: bench_append SCRATCH\n", stderr);
        return 2;
    }
    return append_all(argv[1]) || bulk(argv[1]) ? 1 : 0;
}
