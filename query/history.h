/* history.h -- the points of one series that windows look back on.
 *
 * Keeps what the widest window needs and no more. A window never includes the judged point (unless
 * lag is 0) nor any run of its commit, and ends `lag` points before it (rule 6). */
#ifndef PACE_HISTORY_H
#define PACE_HISTORY_H

#include "commits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_DEFAULT = 64 }; /* points of a window that does not say how many */

enum window_kind { WINDOW_POINTS, WINDOW_COMMITS, WINDOW_SPAN, WINDOW_EVERYTHING };

struct window {
    enum window_kind kind;
    size_t count;    /* POINTS, COMMITS: the points of so many commits */
    int64_t span_ns; /* SPAN: points later than the judged one's time minus this */
    size_t lag;
    size_t needs;
    bool segment; /* POINTS: of the present segment of the series only */
};

/* How far before the first judged point an operator looks. */
struct lookback {
    uint64_t points;  /* with a value and of other commits, before each judged point */
    uint64_t commits; /* with such points */
    int64_t span_ns;  /* before each judged point */
    uint64_t judged;  /* points before the first one asked for that are judged too (confirm) */
    bool all;         /* the whole history */
    bool from_parent; /* on a branch with a start point all of that in the parent alone */
    bool deep; /* and what other operators find for each row of it, not for judged ones only */
};
struct lookback lookback_window(const struct window *window);
struct lookback lookback_max(struct lookback a, struct lookback b);
bool lookback_any(struct lookback back);

struct history {
    double *value;
    double *other; /* what windows hold instead of the value, or NULL (see history_push_other) */
    int64_t *time_ns;
    const char **commit;
    double *run;
    uint8_t *restart; /* an accepted change began at this point */
    size_t start, end, capacity;
    uint64_t dropped;    /* points of the series that were here before the first place */
    double *sample;      /* the last window asked for */
    double *sample_days; /* its times, in days before the judged point */
    double *sample_run;  /* the runs of its points */
    const char *sample_first, *sample_last; /* its first and last commit */
    double next_run;                        /* of the point pushed next; set it where it matters */
    size_t sample_capacity;
    const char **apart; /* commits of points that are known to be others than apart_from's */
    size_t apart_count, apart_capacity;
    const char *apart_from;
    size_t restarts; /* points since the last reset with a restart */
    bool no_days;    /* sample_days is not asked for */
    bool all_apart;  /* no point of the next window asked for is of the row's commit */
    struct window window;
    struct commit_set commits;   /* scratch */
    bool has_other, gives_other; /* keeps others; windows hold them */
    bool restart_due;            /* a row without a value was the first of an accepted change */
};

int history_begin(struct history *history, struct window window);
void history_free(struct history *history);
void history_reset(struct history *history);

/* With has_other, set before the first point: keeps `other` too. While gives_other is set windows
 * hold the others that are not missing, instead of values. */
int history_push_other(struct history *history, int64_t time_ns, const char *commit, double value,
                       double other, bool restart);

/* Adds the point of a row; rows without a value are not points (a restart there counts for the
 * next). */
int history_push(struct history *history, int64_t time_ns, const char *commit, double value,
                 bool restart);

/* Makes room for so many points, which are then added without moving the others. */
int history_room(struct history *history, size_t count);

/* Adds the points of `count` rows, none of which begins an accepted change. run NULL: not known. */
int history_push_rows(struct history *history, const int64_t *time_ns, const char *const *commit,
                      const double *run, const double *value, size_t count);

/* The window of a row that is not pushed yet: history->sample[0 .. *n) in order of time. With lag 0
 * the row's own value (if not missing) comes last. An accepted change (this row's or an earlier
 * one's) cuts it: *before is the number of leading points that lie before the cut (0: not cut). */
int history_window(struct history *history, int64_t time_ns, const char *commit, double value,
                   bool restart, size_t *n, size_t *before);

#endif
