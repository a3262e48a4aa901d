/* rank.c -- see rank.h. */
#include "rank.h"

#include "sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PENALTY 3.0

enum { BLOCK = 2048 };

/* below[k * (n + 1) + t]: twice the number of the first t values under the k-th quantile; one that
 * equals it counts one. log_table[j] = j log j. */
struct ranks {
    size_t n, quantiles;
    uint32_t *below;
    double *log_table;
    double scale;
};

static int ranks_init(struct ranks *ranks, const double *x, size_t n)
{
    size_t quantiles = (size_t)ceil(4 * log((double)n));
    if (quantiles > n) quantiles = n;
    if (quantiles < 1) quantiles = 1;
    double *sorted = malloc(n * sizeof *sorted);
    *ranks = (struct ranks){.n = n,
                            .quantiles = quantiles,
                            .below = malloc(quantiles * (n + 1) * sizeof *ranks->below),
                            .log_table = malloc((2 * n + 1) * sizeof *ranks->log_table)};
    if (!sorted || !ranks->below || !ranks->log_table) {
        free(sorted);
        return -1;
    }
    memcpy(sorted, x, n * sizeof *x);
    sample_sort(sorted, n);
    double points = (double)n, spread = log(2 * points - 1);
    for (size_t k = 0; k < quantiles; k++) {
        double z = (2 * (double)k + 1) / (double)quantiles - 1;
        double p = 1 / (1 + exp(-spread * z)), value = sorted[(size_t)((points - 1) * p)];
        uint32_t *below = ranks->below + k * (n + 1);
        below[0] = 0;
        for (size_t t = 0; t < n; t++)
            below[t + 1] = below[t] + (x[t] < value) * 2u + !(x[t] < value || x[t] > value);
    }
    free(sorted);
    ranks->log_table[0] = 0;
    for (size_t j = 1; j <= 2 * n; j++)
        ranks->log_table[j] = (double)j * log((double)j);
    ranks->scale = spread / (double)quantiles;
    return 0;
}

static void ranks_free(struct ranks *ranks)
{
    free(ranks->below);
    free(ranks->log_table);
}

/* With f the share of the segment below a quantile, its log likelihood is length (f log f + (1 - f)
 * log(1 - f)): half of a log a + b log b - c log c with a + b = c = 2 length. */
static double ranks_cost(const struct ranks *ranks, size_t start, size_t end)
{
    size_t whole = 2 * (end - start);
    double sum = 0;
    for (size_t k = 0; k < ranks->quantiles; k++) {
        const uint32_t *below = ranks->below + k * (ranks->n + 1);
        size_t part = below[end] - below[start];
        sum += ranks->log_table[part] + ranks->log_table[whole - part];
    }
    sum -= (double)ranks->quantiles * ranks->log_table[whole];
    return -ranks->scale * sum;
}

double rank_cost(const double *x, size_t n, size_t start, size_t end)
{
    struct ranks ranks;
    double cost = ranks_init(&ranks, x, n) ? (double)NAN : ranks_cost(&ranks, start, end);
    ranks_free(&ranks);
    return cost;
}

/* Cuts of one block, from x[0]; how many, or -1. */
static int block_cuts(const double *x, size_t n, size_t shortest, double beta, size_t *cuts)
{
    struct ranks ranks;
    double *best = malloc((n + 1) * sizeof *best), *costs = malloc((n + 1) * sizeof *costs);
    size_t *last = malloc(2 * (n + 1) * sizeof *last), *starts = last ? last + n + 1 : NULL;
    int count = -1;
    if (ranks_init(&ranks, x, n) || !best || !costs || !last) goto done;
    best[0] = -beta;
    size_t open = 0; /* starts that may still be the best: starts[0 .. open) */
    for (size_t t = shortest; t <= n; t++) {
        size_t from = t - shortest;
        if (from == 0 || from >= shortest) starts[open++] = from;
        best[t] = (double)INFINITY;
        for (size_t i = 0; i < open; i++) {
            costs[i] = best[starts[i]] + ranks_cost(&ranks, starts[i], t);
            if (costs[i] + beta < best[t]) {
                best[t] = costs[i] + beta;
                last[t] = starts[i];
            }
        }
        size_t kept = 0;
        for (size_t i = 0; i < open; i++)
            if (costs[i] <= best[t]) starts[kept++] = starts[i];
        open = kept;
    }
    count = 0;
    for (size_t end = n; last[end] > 0; end = last[end])
        count++;
    int i = count;
    for (size_t end = n; last[end] > 0; end = last[end])
        cuts[--i] = last[end];
done:
    ranks_free(&ranks);
    free(best);
    free(costs);
    free(last);
    return count;
}

int rank_cuts(const double *x, size_t n, size_t shortest, double excess, size_t *cuts)
{
    if (n < 2 * shortest) return 0;
    double beta = PENALTY * log((double)n) * excess;
    if (n <= BLOCK) return block_cuts(x, n, shortest, beta, cuts);
    /* Each block answers for its middle half; the first and the last one for their ends too. */
    size_t found[BLOCK];
    int count = 0;
    for (size_t start = 0;; start += BLOCK / 2) {
        bool final = start + BLOCK >= n;
        if (final) start = n - BLOCK;
        int some = block_cuts(x + start, BLOCK, shortest, beta, found);
        if (some < 0) return -1;
        for (int i = 0; i < some; i++) {
            size_t at = start + found[i];
            bool inside =
                (start == 0 || found[i] >= BLOCK / 4) && (final || found[i] < BLOCK - BLOCK / 4);
            if (inside && (count == 0 || at >= cuts[count - 1] + shortest)) cuts[count++] = at;
        }
        if (final) return count;
    }
}
