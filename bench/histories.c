/* histories.c -- made-up histories for bench/rules: runs as `pace load` reads them, and where they
 * step.
 *
 *   usage: histories SEED POINTS TRUTH   two files that are written
 *
 * Series of 240 runs, 27 of each usual family of noise (series.h), of which 9 have noise of 3 % of
 * the level, the others 1 %. Every other one has one step up of 6 to 30 %: TRUTH has a line for
 * each, its benchmark and its first run. */
#include "series.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 240, EACH = 27, FIRST_STEP = 41, LAST_STEP = 220 };

static void write_points(FILE *file, unsigned number, const struct series *s)
{
    for (size_t run = 0; run < s->n; run++)
        fprintf(
            file,
            "{\"project\":\"made\",\"branch\":\"main\",\"testbed\":\"t\",\"commit\":\"c%04zu\","
            "\"time\":%zu000000000,\"benchmark\":\"s%u\",\"measure\":\"latency\",\"unit\":\"ns\","
            "\"value\":%.6f}\n",
            run + 1, 1700000000 + (run + 1) * 3600, number, s->x[run]);
}

static void write_series(FILE *points, FILE *truth, unsigned number, enum family family,
                         double share)
{
    static struct series s = {.n = RUNS};
    double step = 1.06 + 0.24 * uniform();
    size_t at = FIRST_STEP + (size_t)(uniform() * (LAST_STEP - FIRST_STEP));
    bool steps = number % 2 == 0;
    noise_make(s.x, s.n, family);
    for (size_t run = 0; run < s.n; run++)
        s.x[run] = 1000 * (1 + share * s.x[run]) * (steps && run + 1 >= at ? step : 1);
    write_points(points, number, &s);
    if (steps) fprintf(truth, "s%u %zu\n", number, at);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: histories SEED POINTS TRUTH\n");
        return 2;
    }
    FILE *points = fopen(argv[2], "w"), *truth = fopen(argv[3], "w");
    if (points == NULL || truth == NULL) {
        perror("histories");
        return 1;
    }
    seed(strtoull(argv[1], NULL, 10));
    unsigned number = 0;
    for (unsigned k = 0; k < EACH; k++)
        for (enum family family = GAUSS; family < USUAL; family++)
            write_series(points, truth, ++number, family, k % 3 == 2 ? 0.03 : 0.01);
    int bad = fclose(points) != 0;
    bad |= fclose(truth) != 0;
    return bad;
}
