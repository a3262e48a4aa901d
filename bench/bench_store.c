/* bench_store.c -- the store's numbers, each beside its bar and its peers, through the public
 * headers.
 *
 *   usage: bench_store SCRATCH PACE SQLITE3 [--quick] [--duckdb LIBRARY]
 *
 * The parts are in store_*.c; store.h tells what they share. It takes about six minutes, most of
 * them SQLite's loading. With --quick the peers hold 130 runs a stream (ours hold 2,100), which
 * flatters them, so that bars on the ratios that follow are left out, and fewer runs are appended:
 * about a minute. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void account_add(struct account *account, struct cost cost, double runs)
{
    samples_add(&account->rate, runs / cost.wall_s);
    samples_add(&account->cpu, cost.cpu_s / runs);
    samples_add(&account->written, cost.written_bytes / runs);
}

int store_say(const char *what, const struct pace_error *error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error->message);
    return -1;
}

const char *store_path(const struct setup *setup, const char *name, char *out)
{
    snprintf(out, BENCH_PATH, "%s/%s", setup->scratch, name);
    return out;
}

double store_bar(const struct setup *setup, double least)
{
    return setup->is_quick ? 0 : least;
}

static int read_arguments(int argc, char **argv, struct setup *setup)
{
    if (argc < 4) return -1;
    *setup = (struct setup){.scratch = argv[1], .pace = argv[2], .sqlite = argv[3]};
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            setup->is_quick = 1;
        else if (strcmp(argv[i], "--duckdb") == 0 && i + 1 < argc)
            setup->duckdb = argv[++i];
        else
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct wide wide = {.log = {.file = -1}};
    struct setup setup;
    unsigned met, missed;
    if (read_arguments(argc, argv, &setup)) {
        fputs("usage: bench_store SCRATCH PACE SQLITE3 [--quick] [--duckdb LIBRARY]\n", stderr);
        return 2;
    }
    int status = store_bulk(&setup, &wide);
    if (!status) status = store_append(&setup, &wide);
    if (!status) status = store_read(&setup, &wide);
    if (!status) status = store_space(&setup, &wide);
    if (wide.log.file >= 0) peer_log_close(&wide.log);
    duckdb_peer_close(wide.duckdb);
    peer_close(wide.sqlite);
    peer_close(wide.cached);
    pace_close(wide.store);
    free(wide.handles);
    free(wide.values);
    if (!status) status = store_narrow(&setup);
    if (!status) status = store_readers(&setup);
    if (status) return 1;
    report_count(&met, &missed);
    printf("\n%u bars met, %u missed\n", met, missed);
    return 0;
}
