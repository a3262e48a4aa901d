/* quiet_lanes.h -- the kernel of quiet.c for one kind of numbers: REAL, of which LANES are worked
 * on at once; LARGER and SMALLER are the processor's. Included once for each kind: NAME makes names
 * of it, TARGET is what its functions may use. */

#define RUNG_VECTORS    (RUNGS_MAX / LANES)
#define SPECIAL_VECTORS ((SPECIAL + LANES - 1) / LANES)

typedef REAL NAME(lanes) __attribute__((vector_size(LANES * sizeof(REAL))));

TARGET static inline NAME(lanes) NAME(larger)(NAME(lanes) a, NAME(lanes) b)
{
#ifdef LARGER
    return LARGER(a, b);
#else
    for (int i = 0; i < LANES; i++)
        a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
#endif
}

TARGET static inline NAME(lanes) NAME(smaller)(NAME(lanes) a, NAME(lanes) b)
{
#ifdef SMALLER
    return SMALLER(a, b);
#else
    for (int i = 0; i < LANES; i++)
        a[i] = a[i] < b[i] ? a[i] : b[i];
    return a;
#endif
}

TARGET static inline NAME(lanes) NAME(all)(REAL x)
{
    NAME(lanes) lanes = {0};
    for (int i = 0; i < LANES; i++)
        lanes[i] = x;
    return lanes;
}

/* The largest of the lanes, in all of them. */
TARGET static inline NAME(lanes) NAME(largest)(NAME(lanes) a)
{
#if LANES == 8
    a = NAME(larger)(a, __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3));
    a = NAME(larger)(a, __builtin_shufflevector(a, a, 2, 3, 0, 1, 6, 7, 4, 5));
    return NAME(larger)(a, __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6));
#elif LANES == 4
    a = NAME(larger)(a, __builtin_shufflevector(a, a, 2, 3, 0, 1));
    return NAME(larger)(a, __builtin_shufflevector(a, a, 1, 0, 3, 2));
#else
    return NAME(larger)(a, __builtin_shufflevector(a, a, 1, 0));
#endif
}

/* The best gain of all ways that end at a rung, and of those with a change. */
struct NAME(rungs) {
    NAME(lanes) at[RUNG_VECTORS], bonus[RUNG_VECTORS], any[RUNG_VECTORS], changed[RUNG_VECTORS];
};

TARGET static void NAME(rungs_fill)(struct NAME(rungs) * rungs, const struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->count; i++) {
        size_t v = i / LANES, lane = i % LANES;
        rungs->at[v][lane] = (REAL)ladder->at[i];
        rungs->bonus[v][lane] = (REAL)ladder->bonus[i];
        rungs->any[v][lane] = 0;
        rungs->changed[v][lane] = (REAL)-FAR_AWAY;
    }
}

/* One point for the rungs of a vector, of which `start` is what a segment that begins with it
 * has. */
TARGET static inline NAME(lanes) NAME(take)(struct NAME(rungs) * rungs, size_t v, NAME(lanes) start,
                                            NAME(lanes) distance, NAME(lanes) own, NAME(lanes) most)
{
    NAME(lanes) gain = own - NAME(smaller)(distance * distance, most);
    rungs->any[v] = NAME(larger)(rungs->any[v], start) + gain;
    rungs->changed[v] = NAME(larger)(rungs->changed[v], start) + gain;
    return rungs->any[v];
}

/* Whether no way with a change gains anything. z: distances from the centre, each over its point's
 * scale; q: 1 over that scale, or NULL where it is 1. */
TARGET static inline bool NAME(search)(struct NAME(rungs) * rungs, size_t count,
                                       const struct question *question, const REAL *z,
                                       const REAL *q)
{
    const NAME(lanes) most = NAME(all)((REAL)question->most);
    const NAME(lanes) beta = NAME(all)((REAL)question->beta);
    NAME(lanes) start = NAME(all)((REAL)-FAR_AWAY), sides[SPECIAL_VECTORS], leasts[SPECIAL_VECTORS];
    size_t vectors = count / LANES;
    for (size_t i = 0; i < SPECIAL_VECTORS * LANES; i++) {
        sides[i / LANES][i % LANES] = i == RUNG_ABOVE ? -1 : 1;
        leasts[i / LANES][i % LANES] = i == RUNG_ABOVE || i == RUNG_BELOW ? 0 : (REAL)-FAR_AWAY;
    }
    for (size_t i = 0; i < question->n; i++) {
        /* At the centre a segment with a change before it loses nothing any more. */
        if (i % CHECK_EVERY == 0 && start[0] > 0) return false;
        NAME(lanes) zz = NAME(all)(z[i]), qq = NAME(all)(q ? q[i] : 1), weight = qq * qq;
        NAME(lanes) lost = NAME(smaller)(zz * zz, most), best = start;
        for (size_t v = 0; v < SPECIAL_VECTORS; v++) {
            NAME(lanes) own = lost + (q ? weight * rungs->bonus[v] : rungs->bonus[v]);
            NAME(lanes) distance = zz - (q ? qq * rungs->at[v] : rungs->at[v]);
            distance = NAME(larger)(distance * sides[v], leasts[v]);
            best = NAME(larger)(best, NAME(take)(rungs, v, start, distance, own, most));
        }
        for (size_t v = SPECIAL_VECTORS; v < vectors; v++) {
            NAME(lanes) own = lost + (q ? weight * rungs->bonus[v] : rungs->bonus[v]);
            NAME(lanes) distance = zz - (q ? qq * rungs->at[v] : rungs->at[v]);
            best = NAME(larger)(best, NAME(take)(rungs, v, start, distance, own, most));
        }
        start = NAME(largest)(best) - beta;
    }
    NAME(lanes) best = rungs->changed[0];
    for (size_t v = 1; v < vectors; v++)
        best = NAME(larger)(best, rungs->changed[v]);
    return NAME(largest)(best)[0] < (REAL)-question->slack;
}

TARGET static bool NAME(certain)(const struct ladder *ladder, const struct question *question,
                                 const double *y, const double *scale, double centre, void *scratch)
{
    REAL *z = scratch, *q = z + question->n;
    struct NAME(rungs) rungs;
    bool finite = true;
    for (size_t i = 0; i < question->n; i++) {
        double sharp = scale ? 1 / scale[i] : 1, distance = (y[i] - centre) * sharp;
        finite &= fabs(distance) < FAR_AWAY;
        z[i] = (REAL)(finite ? distance : 0);
        if (scale) q[i] = (REAL)sharp;
    }
    if (!finite) return false;
    NAME(rungs_fill)(&rungs, ladder);
    return scale ? NAME(search)(&rungs, ladder->count, question, z, q)
                 : NAME(search)(&rungs, ladder->count, question, z, NULL);
}

#undef RUNG_VECTORS
#undef SPECIAL_VECTORS
#undef TARGET
#undef REAL
#undef LANES
#undef NAME
#undef LARGER
#undef SMALLER
