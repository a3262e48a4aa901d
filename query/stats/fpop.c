/* fpop.c -- see fpop.h.
 *
 * For each level mu, Q(mu) is the least cost of the points so far when the last of them has this
 * level. It is kept as pieces in order of mu, each a parabola with the start of its last segment.
 * A point takes three steps, done in one pass: where Q is over best + beta a segment that starts
 * here is cheaper (a flat piece); the loss of the point is added, which cuts pieces at y - k and
 * y + k; the least of all pieces is the best cost. */
#include "fpop.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* On left..right: a u^2 + b u + c with u = mu - origin. The origin is the first point that a piece was
 * curved by, so that no digits are lost where values are far from 0 or from each other. */
struct piece {
    double left, right, origin;
    double a, b, c;
    double least; /* on left..right */
    size_t start;
};

struct envelope {
    struct piece *pieces, *next; /* in order, without gaps; next is being built */
    size_t count, made, capacity;
    double best; /* least of `next` so far */
    size_t best_start;
};

/* The point whose loss is added, as weight (mu - y)^2 between low and high, else `most`. */
struct point {
    double y, weight, low, high, most;
};

static bool envelope_reserve(struct envelope *e, size_t count)
{
    if (count <= e->capacity) return true;
    size_t capacity = count * 2;
    struct piece *pieces = realloc(e->pieces, capacity * sizeof *pieces);
    if (pieces) e->pieces = pieces;
    struct piece *next = realloc(e->next, capacity * sizeof *next);
    if (next) e->next = next;
    if (!pieces || !next) return false;
    e->capacity = capacity;
    return true;
}

/* Appends left..right of a parabola, which lies on one side of the point's bounds. */
static inline void put_part(struct envelope *e, const struct piece *from, double left, double right,
                            const struct point *point, bool inside)
{
    struct piece *q = &e->next[e->made++];
    double a = from->a, b = from->b, c = from->c, origin = from->origin;
    if (inside) {
        if (!(a > 0)) origin = point->y;
        double d = point->y - origin, pull = point->weight * d;
        a += point->weight;
        b -= 2 * pull;
        c += pull * d;
    } else {
        c += point->most;
    }
    double low = left - origin, high = right - origin;
    double u = a > 0 ? -b / (2 * a) : low;
    u = u < low ? low : u > high ? high : u;
    double least = (a * u + b) * u + c;
    *q = (struct piece){left, right, origin, a, b, c, least, from->start};
    if (least < e->best) {
        e->best = least;
        e->best_start = from->start;
    }
}

/* Appends left..right of a parabola, cut where the point's loss bends. */
static inline void put_piece(struct envelope *e, const struct piece *from, double left,
                             double right, const struct point *point)
{
    if (left < point->low) {
        double end = right < point->low ? right : point->low;
        put_part(e, from, left, end, point, false);
        left = end;
    }
    if (left < right && left < point->high) {
        double end = right < point->high ? right : point->high;
        put_part(e, from, left, end, point, true);
        left = end;
    }
    if (left < right) put_part(e, from, left, right, point, false);
}

/* A segment that starts here, on left..right. */
static inline void put_start(struct envelope *e, double left, double right, double cost,
                             size_t start, const struct point *point)
{
    const struct piece flat = {.c = cost, .start = start};
    put_piece(e, &flat, left, right, point);
}

/* Where a piece costs less than `bound`: from..to, empty when from >= to. */
static inline void piece_below(const struct piece *p, double bound, double *from, double *to)
{
    *from = p->left;
    *to = p->right;
    if (p->least >= bound) {
        *to = p->left;
        return;
    }
    double low = p->left - p->origin, high = p->right - p->origin;
    bool over_low = (p->a * low + p->b) * low + p->c > bound;
    bool over_high = (p->a * high + p->b) * high + p->c > bound;
    if (!over_low && !over_high) return;
    double half = p->b / (2 * p->a);
    double square = half * half - (p->c - bound) / p->a;
    double root = square > 0 ? sqrt(square) : 0;
    if (over_low) *from = fmin(fmax(p->origin - half - root, p->left), p->right);
    if (over_high) *to = fmin(fmax(p->origin - half + root, *from), p->right);
}

/* Takes the point at `start` in; a segment that starts there costs `bound` before it. */
static void envelope_step(struct envelope *e, double bound, size_t start, const struct point *point)
{
    e->made = 0;
    e->best = (double)INFINITY;
    double open = e->pieces[0].left, end = open; /* open..end: the flat piece being gathered */
    for (size_t i = 0; i < e->count; i++) {
        const struct piece *p = &e->pieces[i];
        double from, to;
        piece_below(p, bound, &from, &to);
        if (from < to) {
            if (open < from) put_start(e, open, from, bound, start, point);
            put_piece(e, p, from, to, point);
            open = to;
        }
        end = p->right;
    }
    if (open < end || e->made == 0) put_start(e, open, end, bound, start, point);
    struct piece *swap = e->pieces;
    e->pieces = e->next;
    e->next = swap;
    e->count = e->made;
}

int fpop_biweight(const double *y, const double *scale, size_t n, double k, double beta,
                  size_t *last)
{
    struct envelope e = {.count = 1};
    double low = y[0], high = y[0];
    for (size_t i = 1; i < n; i++) {
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    /* Levels at the ends of the range need room around them, else a piece would have no width. */
    double margin = fmax(high - low, 1) * 1e-6;
    int status = envelope_reserve(&e, 64) ? 0 : -1;
    if (!status)
        e.pieces[0] = (struct piece){
            .left = low - margin, .right = high + margin, .origin = 0.5 * (low + high)};
    double best = -beta;
    for (size_t t = 0; t < n && !status; t++) {
        /* A piece gives itself, a flat piece beside it, and two cuts for all. */
        if (!envelope_reserve(&e, 2 * e.count + 5)) {
            status = -1;
            break;
        }
        double s = scale ? scale[t] : 1;
        struct point point = {y[t], 1 / (s * s), y[t] - k * s, y[t] + k * s, k * k};
        envelope_step(&e, best + beta, t, &point);
        best = e.best;
        last[t + 1] = e.best_start;
    }
    free(e.pieces);
    free(e.next);
    return status;
}
