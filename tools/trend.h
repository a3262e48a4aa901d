/* trend.h -- sparklines beside rows: the newest values of each row's series. */
#ifndef PACE_TREND_H
#define PACE_TREND_H

#include "../engine/arena.h"
#include "../query/pace_query.h"

struct trend {
    int used; /* 1: `rows` has one column more than the batch, `trend` */
    struct pace_rows rows;
    struct arena arena;
};

/* Adds the column to a batch of one row a series, where rows name their series whole. A row's trend
 * ends at its time. Other first batches are left as they are; in a later one (`before`: rows before
 * it) of a result that has the column, it stays empty where it does not fit, or when there are so
 * many rows that reading them would be felt. *trend is zero before. Returns 0 or PACE_ENOMEM. */
int trend_add(struct trend *trend, pace *store, const struct pace_rows *rows, uint64_t before,
              int ascii);
void trend_clear(struct trend *trend);

#endif
