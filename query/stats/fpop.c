/* fpop.c -- see fpop.h.
 *
 * For each level mu, Q(mu) is the least cost of the points so far when the last of them has this
 * level. It is kept as pieces in order of mu, each a parabola with the start of its last segment.
 * A point takes three steps, done in one pass: where Q is over best + beta a segment that starts
 * here is cheaper (a flat piece); the loss of the point is added, which cuts pieces at y - k and
 * y + k; the least of all pieces is the best cost.
 *
 * A flat piece that lies beyond y - k or y + k costs best + beta + k^2 behind its first point,
 * where no cost is over the next best + beta: the next segment that starts is cheaper there, or as
 * cheap. So it is left out, and what no piece covers belongs to a segment that starts with the next
 * point. */
#include "fpop.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* On left..right: a u^2 + b u + c with u = mu - origin. The origin is the first point that a piece
 * was curved by, so that no digits are lost where values are far from 0 or from each other. */
struct piece {
    double left, right, origin;
    double a, b, c;
    double least; /* on left..right */
    size_t start;
};

struct envelope {
    struct piece *pieces, *next; /* in order; next is room for what follows */
    size_t count, capacity;
    double low, high; /* of all levels */
    double best;      /* least of the pieces */
    size_t best_start;
};

/* The pieces that follow, while they are made: small enough to stay in registers. */
struct growth {
    struct piece *end; /* behind the last one */
    double best;
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

/* fmin and fmax are calls. */
static inline double within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static inline void put_parabola(struct growth *g, struct piece q)
{
    double low = q.left - q.origin, high = q.right - q.origin;
    double u = within(q.a > 0 ? -q.b / (2 * q.a) : low, low, high);
    q.least = (q.a * u + q.b) * u + q.c;
    *g->end++ = q;
    if (q.least < g->best) {
        g->best = q.least;
        g->best_start = q.start;
    }
}

/* Appends left..right of a parabola with the loss of a point that all of it is far from. */
static inline void put_outside(struct growth *g, const struct piece *from, double left,
                               double right, const struct point *point)
{
    struct piece q = *from;
    q.left = left;
    q.right = right;
    q.c += point->most;
    put_parabola(g, q);
}

/* The same with the loss of a point whose bounds it lies within. */
static inline void put_inside(struct growth *g, const struct piece *from, double left, double right,
                              const struct point *point)
{
    struct piece q = *from;
    q.left = left;
    q.right = right;
    if (!(q.a > 0)) q.origin = point->y;
    double d = point->y - q.origin, pull = point->weight * d;
    q.a += point->weight;
    q.b -= 2 * pull;
    q.c += pull * d;
    put_parabola(g, q);
}

/* Appends left..right of a parabola, cut where the point's loss bends. */
static void put_piece(struct growth *g, const struct piece *from, double left, double right,
                      const struct point *point)
{
    if (left < point->low) {
        double end = right < point->low ? right : point->low;
        put_outside(g, from, left, end, point);
        left = end;
    }
    if (left < right && left < point->high) {
        double end = right < point->high ? right : point->high;
        put_inside(g, from, left, end, point);
        left = end;
    }
    if (left < right) put_outside(g, from, left, right, point);
}

/* A segment that starts with this point, for levels of left..right. */
static inline void put_start(struct growth *g, double left, double right, double cost, size_t start,
                             const struct point *point)
{
    left = left < point->low ? point->low : left;
    right = right > point->high ? point->high : right;
    if (left < right)
        put_parabola(g, (struct piece){.left = left,
                                       .right = right,
                                       .origin = point->y,
                                       .a = point->weight,
                                       .c = cost,
                                       .start = start});
}

/* Where a piece, of which some is, costs less than `bound`. */
static inline void piece_below(const struct piece *p, double bound, bool over_left, bool over_right,
                               double *from, double *to)
{
    double half = p->b / (2 * p->a);
    double square = half * half - (p->c - bound) / p->a;
    double root = square > 0 ? sqrt(square) : 0;
    *from = over_left ? within(p->origin - half - root, p->left, p->right) : p->left;
    *to = over_right ? within(p->origin - half + root, *from, p->right) : p->right;
}

/* Takes the point at `start` in; a segment that starts there costs `bound` before it. */
static void envelope_step(struct envelope *e, double bound, size_t start, const struct point *point)
{
    struct growth g = {.end = e->next, .best = (double)INFINITY};
    double open = e->low; /* up to here all is done */
    for (const struct piece *p = e->pieces, *behind = p + e->count; p < behind; p++) {
        if (p->least >= bound) continue;
        double low = p->left - p->origin, high = p->right - p->origin;
        bool over_left = (p->a * low + p->b) * low + p->c > bound;
        bool over_right = (p->a * high + p->b) * high + p->c > bound;
        double from = p->left, to = p->right;
        /* One test for what is usual. */
        bool whole = !(over_left | over_right);
        bool inside = (from >= point->low) & (to <= point->high);
        if (!whole) piece_below(p, bound, over_left, over_right, &from, &to);
        if (!(from < to)) continue;
        if (open < from) put_start(&g, open, from, bound, start, point);
        if (whole & inside)
            put_inside(&g, p, from, to, point);
        else
            put_piece(&g, p, from, to, point);
        open = to;
    }
    if (open < e->high) put_start(&g, open, e->high, bound, start, point);
    struct piece *swap = e->pieces;
    e->pieces = e->next;
    e->next = swap;
    e->count = (size_t)(g.end - e->pieces);
    e->best = g.best;
    e->best_start = g.best_start;
}

int fpop_biweight(const double *y, const double *scale, size_t n, double k, double beta,
                  size_t *last)
{
    double low = y[0], high = y[0];
    for (size_t i = 1; i < n; i++) {
        low = y[i] < low ? y[i] : low;
        high = y[i] > high ? y[i] : high;
    }
    /* Levels at the ends of the range need room around them, else a piece would have no width. */
    double margin = fmax(high - low, 1) * 1e-6;
    struct envelope e = {.low = low - margin, .high = high + margin};
    /* The first segment starts with the first point, whatever its level. */
    int status = envelope_reserve(&e, 64) ? 0 : -1;
    if (!status)
        e.pieces[e.count++] =
            (struct piece){.left = e.low, .right = e.high, .origin = 0.5 * (low + high)};
    double bound = (double)INFINITY;
    for (size_t t = 0; t < n && !status; t++) {
        /* A piece gives itself, a flat piece beside it, and two cuts for all. */
        if (!envelope_reserve(&e, 2 * e.count + 5)) {
            status = -1;
            break;
        }
        double s = scale ? scale[t] : 1;
        struct point point = {y[t], 1 / (s * s), y[t] - k * s, y[t] + k * s, k * k};
        envelope_step(&e, bound, t, &point);
        bound = e.best + beta;
        last[t + 1] = e.best_start;
    }
    free(e.pieces);
    free(e.next);
    return status;
}
