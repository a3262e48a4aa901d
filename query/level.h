/* level.h -- the level of one series, followed from its first point on: where its present segment
 * begins, which points are suspected, which regressions are still open.
 *
 * A point beyond the limits of the segment is a candidate and stays out of the window. When K of N
 * points in a row are beyond on one side (`confirm`, at least 2 of 2) the step is confirmed, and
 * the segment begins anew at its first candidate. While that new segment is too short to judge by,
 * as many points within the limits from before the step take up the segment from before it.
 *
 * A step counts for runs of other commits only: a commit that is measured again is judged as it was
 * the first time. Runs of a dirty work tree, and those of a branch that is judged by its parent
 * alone, are visitors: they are judged and leave nothing behind.
 *
 * A confirmed step to the worse side opens an incident. It is over when the level is back within
 * the limit that it broke, or when it is accepted.
 *
 * Costs a few additions for a point near the middle of its window, else O(window). One level
 * belongs to one thread. */
#ifndef PACE_LEVEL_H
#define PACE_LEVEL_H

#include "history.h"
#include "rule.h"
#include "verdict.h"

enum {
    LEVEL_PENDING = 64,   /* candidates and points between them: the largest N of `confirm` */
    LEVEL_INCIDENTS = 32, /* open ones that are remembered, the newest */
    LEVEL_HASHES = 4096,  /* a power of two; a commit that is not known has this hash itself */
};

/* One row as a level sees it. */
struct level_point {
    int64_t time_ns;
    const char *commit; /* "" when unknown; lives as long as the level follows the series */
    double value;       /* NAN: none */
    double other;       /* what a window of an expression holds instead of the value */
    bool restart;       /* an accepted change begins here */
    bool guest;         /* of a branch that is judged by its parent alone */
    bool dirty;         /* of a dirty work tree */
};

/* A regression that is open. */
struct incident {
    double base, limit;                   /* before it */
    const char *good_commit, *bad_commit; /* commits; "" when unknown */
};

struct level_pending {
    struct level_point point;
    signed char side; /* -1 low, 0 within, 1 high, LEVEL_BACK */
};

struct level_segment {
    struct history history;
    bool restarted; /* not the first one of the series */
};

struct level {
    const struct rule *rule;
    struct bound lower, upper;   /* a step may go either way: none is missing */
    bool asks_lower, asks_upper; /* sides that the rule gives verdicts on */
    enum pace_direction direction;
    struct level_segment segment, former; /* former: from before the last step */
    bool young;       /* the segment is too short to judge by, and `former` is there */
    bool restart_due; /* a row that is no point was the first of an accepted change */
    bool visited;     /* a guest was here */
    struct level_pending pending[LEVEL_PENDING]; /* points that are not part of the segment yet */
    size_t pending_count;
    struct level_pending visitors[LEVEL_PENDING]; /* the last ones of one kind */
    size_t visitor_count;
    signed char step; /* a confirmed step that takes effect with the next commit, or 0 */
    const char *step_commit;
    struct incident incidents[LEVEL_INCIDENTS];
    size_t incident_count;
    struct {
        double origin, sum, reach; /* of value - origin over the window; largest so far */
        size_t count, since_cut, additions;
        uint32_t pushed;                 /* points, of all series */
        uint32_t last[LEVEL_HASHES + 1]; /* by hash of the commit: which of them was the last */
    } quick;
    struct model_memo memo; /* of all series: it depends on sizes alone */
};

/* What was found of a point. */
struct level_verdict {
    struct limits limits; /* both sides, with the floor left out */
    size_t n;             /* points of the window, of them since an accepted change */
    bool judged;          /* the limits are meant */
    bool confirms;        /* it is one that would confirm what was suspected before it */
    enum verdict verdict;
    bool settling;                        /* thin, as the level changed lately */
    double before;                        /* level before the regression that is open; NAN: none */
    const char *good_commit, *bad_commit; /* of it, or of what fires now; NULL: none */
};

/* has_other: level_window is asked for others. */
void level_init(struct level *level, const struct rule *rule, bool has_other);
void level_free(struct level *level);

/* For the next series; the bounds as rule_bounds gives them. */
void level_start(struct level *level, struct bound lower, struct bound upper,
                 enum pace_direction direction);

/* Judges a point by those before it, then lets it count for later ones. `out` NULL: only the
 * latter.
 * 0, PACE_ENOMEM or PACE_ELIMIT. */
int level_next(struct level *level, const struct level_point *point, struct level_verdict *out);

/* Rows that are history of others and no more: they have a commit, are no visitors, and no accepted
 * change begins at them. */
struct level_rows {
    const int64_t *time_ns;
    const char *const *commit;
    const uint16_t *hash; /* level_hash of the commits */
    const double *value;
    size_t count;
};
uint16_t level_hash(const char *commit);

/* Does for the first rows what level_next does without a verdict, as many as it is plain for: those
 * are within the floor around the mean of their window. *taken is how many; the next one may need
 * level_next. 0, PACE_ENOMEM or PACE_ELIMIT. */
int level_skip(struct level *level, const struct level_rows *rows, size_t *taken);

/* What a point is like beside this level, to which it does not belong: limits, n and judged, with
 * no incident; the verdict is ok. */
int level_peek(struct level *level, const struct level_point *point, struct level_verdict *out);

/* Adds the newest regression that is open, if there is one. */
void level_tell_open(const struct level *level, struct level_verdict *out);

/* The window of a row that level_next is to get next: of `other`, in
 * level->segment.history.sample[*before .. *n). */
int level_window(struct level *level, const struct level_point *point, size_t lag, size_t *n,
                 size_t *before);

#endif
