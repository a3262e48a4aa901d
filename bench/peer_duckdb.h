/* peer_duckdb.h -- DuckDB in its best form for the job, where its library is there.
 *
 * The library is loaded when it is asked for, so that nothing else needs it (make deps-duckdb). A
 * table point (series, time, value); a run is appended as one chunk in one transaction. Times are
 * those of the workload. Each function says on stderr what failed and returns non-zero then. */
#ifndef BENCH_PEER_DUCKDB_H
#define BENCH_PEER_DUCKDB_H

#include "workload.h"

struct duckdb;

/* `library`: the path of libduckdb.so. A new database is made in the file `path`. */
int duckdb_peer_open(const char *library, const char *path, const struct workload *workload,
                     struct duckdb **out);
void duckdb_peer_close(struct duckdb *peer); /* NULL is allowed */
const char *duckdb_peer_version(const struct duckdb *peer);

/* `count` runs of a stream from run `first`, durable when it returns; `values` as workload_load. */
int duckdb_peer_load(struct duckdb *peer, uint32_t stream, uint32_t first, uint32_t count,
                     const double *values);

/* Makes the table `sorted`, by series and time, and a checkpoint: what reads best. */
int duckdb_peer_sort(struct duckdb *peer);

/* Runs a query and reads the first row's numbers. */
int duckdb_peer_ask(struct duckdb *peer, const char *sql, size_t count, double *out);

#endif
