/* measure.h -- unit and direction of a project x measure, and the default of a measure for projects
 * without their own.
 *
 *   record:  | sum u64 | direction u8 | unit, its bytes |
 *
 * A project's own record begins with its first cell that has a unit or direction. Its unit then
 * stays: values are stored in it. A direction that the project does not know comes from the
 * default. */
#ifndef PACE_MEASURE_H
#define PACE_MEASURE_H

#include "kv.h"

#define MEASURE_EVERY_PROJECT UINT32_MAX /* the project id of defaults */

struct measure {
    char unit[PACE_MAX_UNIT + 1]; /* "" unknown */
    uint8_t direction;            /* enum pace_direction */
};

/* A record as it is stored; no record is {"", unknown}. */
int measure_load(struct kv_txn *txn, uint32_t project, uint32_t measure, struct pace_error *error,
                 struct measure *out);
int measure_store(struct kv_txn *txn, uint32_t project, uint32_t measure,
                  const struct measure *value, struct pace_error *error);

/* Fills in, from the default of the measure, what a project's own record leaves open. */
int measure_complete(struct kv_txn *txn, uint32_t measure, struct pace_error *error,
                     struct measure *own);

/* What holds for a project: its own record, completed by the default. */
int measure_resolve(struct kv_txn *txn, uint32_t project, uint32_t measure,
                    struct pace_error *error, struct measure *out);

/* 0, PACE_ENAME or PACE_ELIMIT. */
int measure_check_unit(const char *unit, struct pace_error *error);

/* How values in one unit become values in another: value * multiply / divide, one of them 1. Powers
 * of ten below 1 divide, which rounds once. -1: other kinds. */
struct rescale {
    double multiply, divide;
};
int measure_rescale(const char *from, const char *to, struct rescale *out);

#endif
