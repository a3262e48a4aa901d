/* store_space.c -- bytes a point: live, as the appends left it, and after `pace compact`. */
#include "store.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COMPACT_BAR 5.0
#define LIVE_BAR    12.5 /* 2.5 times that */

static int file_bytes(const char *directory, double *bytes)
{
    char path[BENCH_PATH + 16];
    struct stat file;
    snprintf(path, sizeof path, "%s/data.mdb", directory);
    if (stat(path, &file)) {
        perror(path);
        return -1;
    }
    *bytes = (double)file.st_size;
    return 0;
}

int store_space(const struct setup *setup, struct wide *wide)
{
    static char compact[] = "compact", db[] = "--db", to[] = "--to", json[] = "--json";
    char command[BENCH_PATH], target[BENCH_PATH];
    const struct workload *workload = &wide->workload;
    double points = (double)workload->streams * workload->columns * workload->runs, live, bytes;
    struct cost cost;
    pace_close(wide->store);
    wide->store = NULL;
    snprintf(command, sizeof command, "%s", setup->pace);
    store_path(setup, "compact.pace", target);
    char *argv[] = {command, compact, db, wide->path, to, target, json, NULL};
    if (file_bytes(wide->path, &live) || cost_of_child(argv, NULL, &cost) ||
        file_bytes(target, &bytes))
        return -1;
    report_begin("Space: bytes a point of the wide store", "");
    report_row((struct row){"after pace compact", FIGURE_BYTES, bytes / points, 0, COMPACT_BAR});
    report_row((struct row){"live, after loading and appending", FIGURE_BYTES, live / points, 0,
                            LIVE_BAR});
    report_row((struct row){"  times that", FIGURE_TIMES, live / bytes, 0, 0});
    report_row((struct row){"pace compact of a million points", FIGURE_TIME,
                            cost.wall_s * 1e6 / points, 0, 0});
    return 0;
}
