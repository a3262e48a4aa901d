/* store_bulk.c -- history loaded fast: by column handle, by name, and by the peers. */
#include "store.h"

#include <math.h>
#include <stdlib.h>

enum {
    STREAMS = 20,
    COLUMNS = 500,
    RUNS = 2100,
    QUICK_PEER_RUNS = 130,
    CACHED_EVERY = 4, /* streams */
    CACHE_MB = 256,
    NAMED_ROUNDS = 5,
    NAMED_RUNS = 400
};

static int open_all(const struct setup *setup, struct wide *wide)
{
    struct pace_error error = {0};
    char path[BENCH_PATH];
    wide->workload = (struct workload){.streams = STREAMS, .columns = COLUMNS, .runs = RUNS};
    wide->peer_runs = setup->is_quick ? QUICK_PEER_RUNS : RUNS;
    wide->handles = malloc(COLUMNS * sizeof *wide->handles);
    wide->values = malloc((size_t)RUNS * COLUMNS * sizeof *wide->values);
    if (!wide->handles || !wide->values) return -1;
    store_path(setup, "wide.pace", wide->path);
    if (pace_open(wide->path, PACE_CREATE, NULL, &error, &wide->store) ||
        workload_handles(&wide->workload, wide->store, &error, wide->handles))
        return store_say("open", &error);
    store_path(setup, "wide.sqlite", wide->sqlite_path);
    if (peer_open(wide->sqlite_path, &wide->workload, &wide->sqlite) ||
        peer_open(store_path(setup, "cached.sqlite", path), &wide->workload, &wide->cached) ||
        peer_cache(wide->cached, CACHE_MB))
        return -1;
    if (!setup->duckdb) return 0;
    return duckdb_peer_open(setup->duckdb, store_path(setup, "wide.duckdb", path), &wide->workload,
                            &wide->duckdb);
}

/* -- by handle --------------------------------------------------------------------------------- */

enum { OURS, SQLITE, CACHED, DUCKDB, CONTESTANTS };

static int load_sqlite(struct peer *peer, uint32_t stream, uint32_t runs, struct account *account)
{
    struct cost start = cost_now();
    if (peer_load(peer, stream, 0, runs)) return -1;
    account_add(account, cost_since(start), (double)runs * COLUMNS);
    return 0;
}

/* Points a second of one stream's load; the values are made before the clock starts. */
static int load_stream(struct wide *wide, uint32_t stream, struct account accounts[CONTESTANTS])
{
    struct pace_error error = {0};
    workload_values(&wide->workload, stream, 0, RUNS, wide->values);
    struct cost start = cost_now();
    if (workload_load(&wide->workload, wide->store, wide->handles, stream, 1, 0, RUNS, wide->values,
                      &error))
        return store_say("load", &error);
    account_add(&accounts[OURS], cost_since(start), (double)RUNS * COLUMNS);
    if (load_sqlite(wide->sqlite, stream, wide->peer_runs, &accounts[SQLITE])) return -1;
    if (stream % CACHED_EVERY == 0 &&
        load_sqlite(wide->cached, stream, wide->peer_runs, &accounts[CACHED]))
        return -1;
    if (!wide->duckdb) return 0;
    start = cost_now();
    if (duckdb_peer_load(wide->duckdb, stream, 0, wide->peer_runs, wide->values)) return -1;
    account_add(&accounts[DUCKDB], cost_since(start), (double)wide->peer_runs * COLUMNS);
    return 0;
}

/* -- by name ----------------------------------------------------------------------------------- */

static int put_named(pace_run *run, const char (*names)[WORKLOAD_NAME], const double *values,
                     struct pace_error *error)
{
    struct pace_cell cell = {.measure = WORKLOAD_MEASURE,
                             .unit = WORKLOAD_UNIT,
                             .direction = PACE_LOWER_IS_BETTER,
                             .lower = (double)NAN,
                             .upper = (double)NAN};
    int status = 0;
    for (uint32_t column = 0; column < COLUMNS && !status; column++) {
        cell.benchmark = names[column];
        cell.value = values[column];
        status = pace_run_put(run, &cell, error);
    }
    return status;
}

static int load_named(pace *store, uint32_t stream, const char (*names)[WORKLOAD_NAME],
                      const double *values, struct pace_error *error)
{
    static pace_run *runs[NAMED_RUNS];
    char testbed[WORKLOAD_NAME], commit[WORKLOAD_COMMIT];
    int status = 0;
    uint32_t count = 0;
    workload_testbed(stream, testbed);
    for (; count < NAMED_RUNS && !status; count++) {
        workload_commit(count, commit);
        struct pace_run_info info = {.project = WORKLOAD_PROJECT,
                                     .branch = WORKLOAD_BRANCH,
                                     .testbed = testbed,
                                     .commit = commit,
                                     .time_ns = workload_time_ns(count)};
        runs[count] = NULL;
        status = pace_run_begin(store, &info, error, &runs[count]);
        if (!status)
            status = put_named(runs[count], names, values + (size_t)count * COLUMNS, error);
    }
    if (!status) status = pace_runs_commit(store, runs, count, error, NULL);
    for (uint32_t i = 0; i < count; i++)
        pace_run_free(runs[i]);
    return status;
}

static int named(const struct setup *setup, struct wide *wide, struct samples *rate)
{
    static char names[COLUMNS][WORKLOAD_NAME];
    struct pace_error error = {0};
    char path[BENCH_PATH];
    pace *store;
    for (uint32_t column = 0; column < COLUMNS; column++)
        workload_benchmark(column, names[column]);
    if (pace_open(store_path(setup, "named.pace", path), PACE_CREATE, NULL, &error, &store))
        return store_say("open", &error);
    int status = 0;
    for (uint32_t round = 0; round < NAMED_ROUNDS && !status; round++) {
        workload_values(&wide->workload, round, 0, NAMED_RUNS, wide->values);
        double start_s = wall_s();
        status =
            load_named(store, round, (const char(*)[WORKLOAD_NAME])names, wide->values, &error);
        samples_add(rate, (double)NAMED_RUNS * COLUMNS / (wall_s() - start_s));
    }
    pace_close(store);
    return status ? store_say("load by name", &error) : 0;
}

int store_bulk(const struct setup *setup, struct wide *wide)
{
    static struct account accounts[CONTESTANTS];
    static struct samples by_name;
    if (open_all(setup, wide)) return -1;
    for (uint32_t stream = 0; stream < STREAMS; stream++)
        if (load_stream(wide, stream, accounts)) return -1;
    if (named(setup, wide, &by_name)) return -1;
    peer_close(wide->cached);
    wide->cached = NULL;
    double ours = samples_median(&accounts[OURS].rate);
    double sqlite = samples_median(&accounts[SQLITE].rate);
    double cached = samples_median(&accounts[CACHED].rate);
    double duckdb = samples_median(&accounts[DUCKDB].rate);
    report_begin("Bulk load: points a second, default syncing, runs in their order", "peer");
    report_row((struct row){"by column handle", FIGURE_RATE, ours, 0, 15e6});
    report_against((struct row){"  beside sqlite", FIGURE_RATE, ours, sqlite, 0},
                   store_bar(setup, 100));
    report_row((struct row){"  beside sqlite with a larger cache", FIGURE_RATE, ours, cached, 0});
    if (wide->duckdb)
        report_against((struct row){"  beside duckdb", FIGURE_RATE, ours, duckdb, 0},
                       store_bar(setup, 5));
    report_row((struct row){"by name", FIGURE_RATE, samples_median(&by_name), 0, 5e6});
    report_row((struct row){"CPU a million points, by handle, sqlite", FIGURE_TIME,
                            samples_median(&accounts[OURS].cpu) * 1e6,
                            samples_median(&accounts[SQLITE].cpu) * 1e6, 0});
    report_row((struct row){"written a point, by handle, sqlite", FIGURE_BYTES,
                            samples_median(&accounts[OURS].written),
                            samples_median(&accounts[SQLITE].written), 0});
    report_note("a stream of %d runs of %d cells a commit; peers have %u runs of each stream;",
                RUNS, COLUMNS, wide->peer_runs);
    report_note("the larger cache is %d MB, in place of the 2 MB that SQLite takes by itself",
                CACHE_MB);
    return 0;
}
