/* energy.c -- see energy.h.
 *
 * The sum of |a - b| over all pairs of a growing prefix needs, for each new value, how many values
 * are smaller and what they add up to: two Fenwick trees over the ranks. */
#include "energy.h"

#include "dist.h"
#include "sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 50 };

/* -- the statistic ----------------------------------------------------------------------------- */

/* Counts and sums of values by rank, 1 .. n. */
struct tree {
    double *count, *sum;
    size_t n;
};

static void tree_add(struct tree *tree, size_t rank, double value)
{
    for (size_t i = rank; i <= tree->n; i += i & -i) {
        tree->count[i] += 1;
        tree->sum[i] += value;
    }
}

static void tree_below(const struct tree *tree, size_t rank, double *count, double *sum)
{
    *count = *sum = 0;
    for (size_t i = rank; i > 0; i -= i & -i) {
        *count += tree->count[i];
        *sum += tree->sum[i];
    }
}

/* within[k]: sum of |a - b| over the pairs of the first k values; from the end when backwards. */
static void pair_sums(const double *x, const size_t *rank, size_t n, bool backwards,
                      struct tree *tree, double *within)
{
    memset(tree->count, 0, (n + 1) * sizeof *tree->count);
    memset(tree->sum, 0, (n + 1) * sizeof *tree->sum);
    double all = 0, sum = 0;
    within[0] = 0;
    for (size_t k = 0; k < n; k++) {
        size_t i = backwards ? n - 1 - k : k;
        double value = x[i] - x[0], count_below, sum_below;
        tree_below(tree, rank[i], &count_below, &sum_below);
        double above = (double)k - count_below;
        sum += value * count_below - sum_below + (all - sum_below) - value * above;
        within[k + 1] = sum;
        all += value;
        tree_add(tree, rank[i], value);
    }
}

/* Place of a value in sorted order, from 1; equal values share the last one's. */
static size_t rank_of(const double *sorted, size_t n, double value)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sorted[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* With memory for it: 4 (n + 1) doubles and n ranks. */
static void splits_into(const double *x, size_t n, double *q, double *memory, size_t *rank)
{
    double *before = memory, *behind = before + n + 1;
    struct tree tree = {.count = behind + n + 1, .sum = behind + 2 * (n + 1), .n = n};
    memcpy(before, x, n * sizeof *x);
    sample_sort(before, n);
    for (size_t i = 0; i < n; i++)
        rank[i] = rank_of(before, n, x[i]);
    pair_sums(x, rank, n, false, &tree, before);
    pair_sums(x, rank, n, true, &tree, behind);
    double total = before[n], points = (double)n;
    for (size_t t = 1; t < n; t++) {
        double k = (double)t, m = points - k, a = before[t], b = behind[n - t];
        double value = total - a - b;
        if (k > 1) value -= m / (k - 1) * a;
        if (m > 1) value -= k / (m - 1) * b;
        q[t] = 2 * value / points;
    }
}

int energy_splits(const double *x, size_t n, double *q)
{
    double *memory = malloc(4 * (n + 1) * sizeof *memory);
    size_t *rank = malloc((n + 1) * sizeof *rank);
    if (memory && rank) splits_into(x, n, q, memory, rank);
    int status = memory && rank ? 0 : -1;
    free(memory);
    free(rank);
    return status;
}

/* -- the procedure ----------------------------------------------------------------------------- */

/* Two-sided p of Student's t with one variance; 1 where nothing can be said. */
static double t_test(const double *a, size_t count_a, const double *b, size_t count_b)
{
    if (count_a + count_b < 3) return 1;
    double mean_a = sample_mean(a, count_a), mean_b = sample_mean(b, count_b), squares = 0;
    for (size_t i = 0; i < count_a; i++)
        squares += (a[i] - mean_a) * (a[i] - mean_a);
    for (size_t i = 0; i < count_b; i++)
        squares += (b[i] - mean_b) * (b[i] - mean_b);
    double df = (double)(count_a + count_b - 2), distance = fabs(mean_a - mean_b);
    if (!(squares > 0)) return distance > 0 ? 0 : 1;
    double error = sqrt(squares / df * (1 / (double)count_a + 1 / (double)count_b));
    return 2 * t_upper(distance / error, df);
}

/* Cuts in order; a cut between 0 and n. */
struct cuts {
    size_t *at, count;
};

static void cuts_add(struct cuts *cuts, size_t index)
{
    size_t i = cuts->count;
    while (i > 0 && cuts->at[i - 1] > index)
        i--;
    if (i > 0 && cuts->at[i - 1] == index) return;
    memmove(&cuts->at[i + 1], &cuts->at[i], (cuts->count - i) * sizeof *cuts->at);
    cuts->at[i] = index;
    cuts->count++;
}

static double cut_p(const double *x, size_t n, const struct cuts *cuts, size_t i)
{
    size_t start = i > 0 ? cuts->at[i - 1] : 0, at = cuts->at[i];
    size_t end = i + 1 < cuts->count ? cuts->at[i + 1] : n;
    return t_test(x + start, at - start, x + at, end - at);
}

/* Splits x[0..n), n <= WINDOW, while the best split of all segments is significant. */
static void window_split(const double *x, size_t n, size_t shortest, double alpha,
                         struct cuts *found)
{
    double q[WINDOW + 1], memory[4 * (WINDOW + 1)];
    size_t rank[WINDOW + 1];
    for (;;) {
        size_t best = 0, from = 0, to = 0;
        double most = -(double)INFINITY;
        for (size_t s = 0; s <= found->count; s++) {
            size_t start = s > 0 ? found->at[s - 1] : 0;
            size_t end = s < found->count ? found->at[s] : n;
            if (end - start < 2 * shortest) continue;
            splits_into(x + start, end - start, q, memory, rank);
            for (size_t t = shortest; t + shortest <= end - start; t++) {
                if (!(q[t] > most)) continue;
                most = q[t];
                best = start + t;
                from = start;
                to = end;
            }
        }
        if (best == 0 || t_test(x + from, best - from, x + best, to - best) > alpha) return;
        cuts_add(found, best);
    }
}

static void cuts_merge(const double *x, size_t n, double alpha, struct cuts *cuts, double *p)
{
    for (size_t i = 0; i < cuts->count; i++)
        p[i] = cut_p(x, n, cuts, i);
    while (cuts->count > 0) {
        size_t weakest = 0;
        for (size_t i = 1; i < cuts->count; i++)
            if (p[i] > p[weakest]) weakest = i;
        if (p[weakest] < alpha) return;
        size_t behind = --cuts->count - weakest;
        memmove(&cuts->at[weakest], &cuts->at[weakest + 1], behind * sizeof *cuts->at);
        memmove(&p[weakest], &p[weakest + 1], behind * sizeof *p);
        if (weakest > 0) p[weakest - 1] = cut_p(x, n, cuts, weakest - 1);
        if (weakest < cuts->count) p[weakest] = cut_p(x, n, cuts, weakest);
    }
}

int energy_cuts(const double *x, size_t n, size_t shortest, double alpha, size_t *cuts)
{
    double first_alpha = alpha < 0.05 ? 10 * alpha : fmin(2 * alpha, fmax(alpha, 0.5));
    struct cuts all = {cuts, 0};
    for (size_t start = 0; start < n;) {
        size_t length = n - start < WINDOW ? n - start : WINDOW, room[WINDOW + 1];
        struct cuts found = {room, 0};
        window_split(x + start, length, shortest, first_alpha, &found);
        size_t next = start + WINDOW / 2;
        for (size_t i = 0; i < found.count; i++)
            cuts_add(&all, start + found.at[i]);
        if (found.count > 0 && start + found.at[found.count - 1] > next)
            next = start + found.at[found.count - 1];
        start = next;
    }
    double *p = malloc((all.count + 1) * sizeof *p);
    if (!p) return -1;
    cuts_merge(x, n, alpha, &all, p);
    free(p);
    return (int)all.count;
}
