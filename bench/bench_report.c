/* bench_report.c -- the page of a large store: how long it takes to write, how large it is, and how
 * soon a browser shows it.
 *
 *   bench_report SCRATCH PACE [NODE SCRIPT BUILD]
 *
 * 10,000 series of 1,000 points, as 20 machines that measure 500 benchmarks; and a tenth of that. With
 * NODE, SCRIPT (tests/browser/paint.js) tells the time to the first paint in Chromium. */
#include "report.h"
#include "timing.h"
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROUNDS = 3, PATH_BYTES = 4096 };

static char *path_in(const char *scratch, const char *name)
{
    char *path = malloc(PATH_BYTES);
    if (path != NULL) snprintf(path, PATH_BYTES, "%s/%s", scratch, name);
    return path;
}

static int fill(const char *path, const struct workload *workload)
{
    struct pace_error error = {0};
    pace *store = NULL;
    int code = pace_open(path, PACE_CREATE, NULL, &error, &store);
    if (code == 0) code = workload_fill(workload, store, &error);
    pace_close(store);
    if (code != 0) fprintf(stderr, "bench: %s\n", error.message);
    return code;
}

/* Milliseconds to the first paint, as the script prints them; negative when it fails. */
static double paint_ms(char *const tools[3], char *page, const char *scratch)
{
    char *argv[] = {tools[0], tools[1], tools[2], page, NULL}, *output = path_in(scratch, "paint");
    struct cost cost;
    double ms = -1;
    FILE *in = NULL;
    if (output != NULL && cost_of_child(argv, output, &cost) == 0) in = fopen(output, "re");
    if (in != NULL && fscanf(in, "%lf", &ms) != 1) ms = -1;
    if (in != NULL) fclose(in);
    free(output);
    return ms;
}

static int measure(const char *scratch, const char *command, const struct workload *workload,
                   char *const *tools)
{
    char name[64], *store, *page;
    struct samples wall = {0}, cpu = {0};
    struct stat file;
    unsigned series = workload->streams * workload->columns;
    int full = series >= 10000, failed = 0;
    snprintf(name, sizeof name, "store-%u", series);
    store = path_in(scratch, name);
    page = path_in(scratch, "page.html");
    char *argv[] = {(char *)(size_t)command,
                    (char[]){"--db"},
                    store,
                    (char[]){"report"},
                    (char[]){"-o"},
                    page,
                    NULL};
    failed = store == NULL || page == NULL || fill(store, workload) != 0;
    for (int i = 0; i < ROUNDS && !failed; i++) {
        struct cost cost;
        failed = cost_of_child(argv, page, &cost) != 0;
        samples_add(&wall, cost.wall_s);
        samples_add(&cpu, cost.cpu_s);
    }
    if (!failed && stat(page, &file) == 0) {
        char what[128];
        snprintf(what, sizeof what, "%u series x %u points: the page, wall clock", series,
                 workload->runs);
        report_row((struct row){what, FIGURE_TIME, samples_median(&wall), 0, full ? 3 : 0});
        report_row((struct row){"  CPU", FIGURE_TIME, samples_median(&cpu), 0, 0});
        report_row(
            (struct row){"  its size", FIGURE_BYTES, (double)file.st_size, 0, full ? 15e6 : 0});
        double ms = tools != NULL ? paint_ms(tools, page, scratch) : -1;
        if (ms >= 0)
            report_row((struct row){"  first paint in Chromium", FIGURE_TIME, ms / 1000, 0, 1});
        failed = tools != NULL && ms < 0;
    }
    free(store);
    free(page);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 6) {
        fprintf(stderr, "usage: bench_report SCRATCH PACE [NODE SCRIPT BUILD]\n");
        return 2;
    }
    const struct workload tenth = {.streams = 20, .columns = 50, .runs = 1000};
    const struct workload whole = {.streams = 20, .columns = 500, .runs = 1000};
    char *const *tools = argc == 6 ? argv + 3 : NULL;
    report_begin("pace report", "");
    int failed = measure(argv[1], argv[2], &tenth, tools);
    if (!failed) failed = measure(argv[1], argv[2], &whole, tools);
    if (tools == NULL) report_note("first paint: make deps-browser gets what it needs");
    return failed;
}
