/* squares.c -- see squares.h.
 *
 * Optimal partitioning with functional pruning (Maidstone, Hocking, Rigaill, Fearnhead 2017, FPOP),
 * for which a quiet series costs O(n log n) where pruning by inequality alone would cost O(n^2).
 * With a shortest segment of L points a start becomes a candidate L points late; everything else
 * is as published. */
#include "squares.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* On left..right of the level mu, the best last segment starts after `start` and costs
 * cost + weight (mu - mean)^2: weight points, their mean, and all that was paid before with their
 * squares. */
struct piece {
    double left, right;
    double weight, mean, cost;
    size_t start;
};

/* Pieces in order of mu, without gaps; `next` is the list being built. */
struct partition {
    struct piece *pieces, *next;
    size_t count, capacity;
    double low, high; /* range of mu: that of the values */
};

static void piece_add_point(struct piece *piece, double y)
{
    double delta = y - piece->mean;
    piece->weight += 1;
    piece->mean += delta / piece->weight;
    piece->cost += delta * (y - piece->mean);
}

/* Room for `count` pieces in both lists. */
static bool partition_reserve(struct partition *p, size_t count)
{
    if (count <= p->capacity) return true;
    size_t capacity = count * 2;
    struct piece *pieces = realloc(p->pieces, capacity * sizeof *pieces);
    if (pieces) p->pieces = pieces;
    struct piece *next = realloc(p->next, capacity * sizeof *next);
    if (next) p->next = next;
    if (!pieces || !next) return false;
    p->capacity = capacity;
    return true;
}

/* Where `old` costs less than `new`, which has fewer points: an interval of mu around old's mean.
 * False when it is empty. */
static bool piece_beats(const struct piece *old, const struct piece *new, double *from, double *to)
{
    /* With u = mu - old mean: a u^2 + 2 b u + c < 0. */
    double shift = new->mean - old->mean;
    double a = old->weight - new->weight, b = new->weight *shift;
    double c = old->cost - new->cost - new->weight *shift *shift;
    double discriminant = b * b - a * c;
    if (!(discriminant > 0)) return false;
    double root = sqrt(discriminant);
    *from = old->mean + (-b - root) / a;
    *to = old->mean + (-b + root) / a;
    return true;
}

/* Appends a part of `piece`; parts of one start that touch become one. */
static void partition_append(struct partition *p, size_t *count, const struct piece *piece,
                             double left, double right)
{
    if (*count && p->next[*count - 1].start == piece->start) {
        p->next[*count - 1].right = right;
        return;
    }
    p->next[*count] = *piece;
    p->next[*count].left = left;
    p->next[*count].right = right;
    ++*count;
}

/* Takes a new start into the lower envelope. */
static bool partition_insert(struct partition *p, const struct piece *new)
{
    if (!partition_reserve(p, 3 * p->count + 1)) return false;
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct piece *old = &p->pieces[i];
        double from, to;
        if (!piece_beats(old, new, &from, &to) || from >= old->right || to <= old->left) {
            partition_append(p, &count, new, old->left, old->right);
            continue;
        }
        if (from > old->left) partition_append(p, &count, new, old->left, from);
        partition_append(p, &count, old, fmax(from, old->left), fmin(to, old->right));
        if (to < old->right) partition_append(p, &count, new, to, old->right);
    }
    if (p->count == 0) partition_append(p, &count, new, p->low, p->high);
    struct piece *swap = p->pieces;
    p->pieces = p->next;
    p->next = swap;
    p->count = count;
    return true;
}

/* The start that becomes a candidate with point `end`: the segment of the last `shortest` points.
 */
static struct piece piece_start(const double *x, size_t start, size_t end, double paid)
{
    struct piece piece = {.start = start, .cost = paid};
    for (size_t i = start; i < end; i++)
        piece_add_point(&piece, x[i]);
    return piece;
}

int squares_segment(const double *x, size_t n, size_t shortest, double beta, double *best,
                    size_t *last)
{
    struct partition p = {.low = x[0], .high = x[0]};
    for (size_t i = 1; i < n; i++) {
        p.low = fmin(p.low, x[i]);
        p.high = fmax(p.high, x[i]);
    }
    best[0] = -beta;
    int status = 0;
    for (size_t t = 1; t <= n && !status; t++) {
        for (size_t i = 0; i < p.count; i++)
            piece_add_point(&p.pieces[i], x[t - 1]);
        best[t] = (double)INFINITY;
        if (t < shortest) continue;
        size_t start = t - shortest;
        if (isfinite(best[start])) {
            struct piece piece = piece_start(x, start, t, best[start] + beta);
            if (!partition_insert(&p, &piece)) status = -1;
        }
        for (size_t i = 0; i < p.count; i++) {
            if (p.pieces[i].cost < best[t]) {
                best[t] = p.pieces[i].cost;
                last[t] = p.pieces[i].start;
            }
        }
    }
    free(p.pieces);
    free(p.next);
    return status;
}
