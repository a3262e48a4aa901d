/* workload.h -- a made-up history that is the same on every machine.
 *
 * A stream is project "bench", branch "main" and a testbed "tb-N"; its columns are the measure
 * "latency" of benchmarks "b-0000" upwards. A value is a level of its column plus noise of 2 %, one
 * in 512 an outlier, and of one of four kinds, by column: a full double, an integer, 2 decimals, 3
 * decimals. Run i of every stream is commit i, ten seconds after commit i - 1. Any value can be
 * asked for alone, so answers can be checked.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "../engine/pace.h"

struct workload {
    uint32_t streams, columns, runs; /* runs of each stream */
};

enum { WORKLOAD_NAME = 16, WORKLOAD_COMMIT = 41 };
#define WORKLOAD_PROJECT "bench"
#define WORKLOAD_BRANCH  "main"
#define WORKLOAD_MEASURE "latency"
#define WORKLOAD_UNIT    "ns"

double workload_value(uint32_t stream, uint32_t column, uint32_t run);
int64_t workload_time_ns(uint32_t run);
void workload_commit(uint32_t run, char out[WORKLOAD_COMMIT]);
void workload_testbed(uint32_t stream, char out[WORKLOAD_NAME]);
void workload_benchmark(uint32_t column, char out[WORKLOAD_NAME]);

/* One run of one stream, every cell put, ready to commit; free it with pace_run_free. */
int workload_run(const struct workload *workload, pace *store, uint32_t stream, uint32_t run,
                 struct pace_error *error, pace_run **out);

/* Stores `count` runs in one commit: number `first` and after, where run number n is run n /
 * streams of stream n % streams, the order in which machines that measure each commit would report.
 */
int workload_store(const struct workload *workload, pace *store, uint32_t first, uint32_t count,
                   struct pace_error *error);

/* Stores run `run` of a stream by name. `names`, of all columns in order, and `values`, those of
 * workload_values, were made before: that takes as long as to put them. */
int workload_append(const struct workload *workload, pace *store, uint32_t stream, uint32_t run,
                    char (*names)[WORKLOAD_NAME], const double *values, struct pace_error *error);

/* -- by handle ------------------------------------------------------------------------------- */

/* The handles of all columns, in order, to memory of the caller. */
int workload_handles(const struct workload *workload, pace *store, struct pace_error *error,
                     pace_column_handle *handles);

/* The values of runs [first, first + count) of a stream, run by run, to memory of the caller. */
void workload_values(const struct workload *workload, uint32_t stream, uint32_t first,
                     uint32_t count, double *values);

/* Stores these runs of `streams` streams from `stream` on in one commit; `values` are those of
 * workload_values, stream by stream. */
int workload_load(const struct workload *workload, pace *store, const pace_column_handle *handles,
                  uint32_t stream, uint32_t streams, uint32_t first, uint32_t count,
                  const double *values, struct pace_error *error);

/* Stores the whole of it, some runs a commit. */
int workload_fill(const struct workload *workload, pace *store, struct pace_error *error);

#endif
