/* bench_run.c -- what `pace run` adds to the command's own time, beside the command alone.
 *
 *   bench_run SCRATCH PACE RESULT
 *
 * The command copies a result file; it runs alone and under `pace run` in turns, in a git
 * repository of a hundred commits, and outside of one. The store grows by a run a round. */
#include "report.h"
#include "timing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 100 };
static const double BAR_S = 0.015;

static int measure(const char *what, const char *pace, char *result)
{
    char *alone[] = {(char[]){"/bin/cp"}, result, (char[]){"copy"}, NULL};
    char *under[] = {(char *)(size_t)pace,
                     (char[]){"run"},
                     (char[]){"-q"},
                     (char[]){"--no-confirm"},
                     (char[]){"-t"},
                     (char[]){"box"},
                     (char[]){"--"},
                     (char[]){"/bin/cp"},
                     result,
                     (char[]){"{out}"},
                     NULL};
    static struct samples wall[2], cpu[2], added;
    struct cost cost[2];
    memset(wall, 0, sizeof wall);
    memset(cpu, 0, sizeof cpu);
    memset(&added, 0, sizeof added);
    int errors = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO); /* each run says that it has no baseline yet */
    int failed = 0;
    for (int i = 0; i < ROUNDS && !failed; i++) {
        if (cost_of_child(alone, NULL, &cost[0]) != 0 || cost_of_child(under, NULL, &cost[1]) != 0)
            failed = 1;
        for (int k = 0; k < 2; k++) {
            samples_add(&wall[k], cost[k].wall_s);
            samples_add(&cpu[k], cost[k].cpu_s);
        }
        samples_add(&added, cost[1].wall_s - cost[0].wall_s);
    }
    dup2(errors, STDERR_FILENO);
    close(errors);
    close(nowhere);
    if (failed) {
        fprintf(stderr, "bench_run: a command failed; run it by hand: %s run -- cp %s {out}\n",
                pace, result);
        return -1;
    }
    char line[128];
    snprintf(line, sizeof line, "added %s", what);
    report_row((struct row){
        .what = line, .figure = FIGURE_TIME, .ours = samples_median(&added), .bar = BAR_S});
    snprintf(line, sizeof line, "the least %s", what);
    report_row((struct row){.what = line, .figure = FIGURE_TIME, .ours = added.value[0]});
    snprintf(line, sizeof line, "CPU time, git's too, %s", what);
    report_row((struct row){.what = line,
                            .figure = FIGURE_TIME,
                            .ours = samples_median(&cpu[1]),
                            .peer = samples_median(&cpu[0])});
    return 0;
}

int main(int argc, char **argv)
{
    char result[4096];
    if (argc != 4 || realpath(argv[3], result) == NULL || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: bench_run SCRATCH PACE RESULT\n");
        return 1;
    }
    if (system("mkdir plain repo && cd repo && git init -q -b main . && for i in $(seq 100); do "
               "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m $i; done") != 0)
        return 1;
    report_begin("pace run -- cp RESULT {out}", "cp alone");
    int failed = chdir("repo") != 0 || measure("in a git repository", argv[2], result) != 0;
    failed = failed || chdir("../plain") != 0 || measure("outside of one", argv[2], result) != 0;
    return failed;
}
