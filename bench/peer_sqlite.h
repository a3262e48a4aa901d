/* peer_sqlite.h -- SQLite as one would use it for the same job, kept in its best form.
 *
 * Tables series (names, a number each), run (stream, time, commit) and point (series, time, value),
 * the last two WITHOUT ROWID, so that a series is contiguous. For appending: WAL, synchronous=FULL,
 * statements prepared once, series numbers known to the caller (no look-up of names, which ours
 * does). Pages of 4 KB and a cache of 2 MB, as they come; peer_cache takes a larger one. */
#ifndef BENCH_PEER_SQLITE_H
#define BENCH_PEER_SQLITE_H

#include "workload.h"

/* Its command line's last 65 points of one series, found by its names: benchmark b-0123 on tb-3. */
#define PEER_SQL_SERIES                                                                            \
    " series WHERE project = 'bench' AND branch = 'main' AND testbed = 'tb-3' AND"                 \
    " benchmark = 'b-0123' AND measure = 'latency'"
#define PEER_SQL_LAST                                                                              \
    "FROM (SELECT * FROM" PEER_SQL_SERIES ") s JOIN point p ON p.series = s.id JOIN run r ON"      \
    " r.stream = s.stream AND r.time = p.time ORDER BY p.time DESC LIMIT 65"
#define PEER_SQL_ROWS                                                                              \
    "SELECT project, branch, testbed, benchmark, measure, p.time, hash, value, "                   \
    "unit " PEER_SQL_LAST

struct peer;

/* Opens a new database file with the tables and the names of the workload's series. Each function
 * says on stderr what failed and returns non-zero then. */
int peer_open(const char *path, const struct workload *workload, struct peer **out);
void peer_close(struct peer *peer); /* NULL is allowed */

/* Lets it keep that many MB of pages in memory. */
int peer_cache(struct peer *peer, unsigned megabytes);

/* The first `runs` runs of each stream, sorted by series, in one transaction: the fastest way in
 * and the densest file. */
int peer_fill(struct peer *peer, uint32_t runs);

/* As workload_store: `count` runs from number `first`, one durable transaction. */
int peer_store(struct peer *peer, uint32_t first, uint32_t count);

/* `count` runs of one stream from run `first`, in the order in which they ran, one transaction. */
int peer_load(struct peer *peer, uint32_t stream, uint32_t first, uint32_t count);

/* The newest `last` values of a series, oldest first; fewer are an error. */
int peer_last(struct peer *peer, uint32_t stream, uint32_t column, size_t last, double *values);

/* Between the two, reads are of one transaction. */
int peer_begin(struct peer *peer);
int peer_end(struct peer *peer);

/* Over all points: count, sum, sum of squares, least, greatest. `simple`: the middle two only. */
int peer_scan(struct peer *peer, int simple, double out[5]);

/* Runs a query to its end; last[0 .. count) are the first numbers of its last row. */
int peer_ask(struct peer *peer, const char *sql, int count, double *last);

/* Moves the log into the file and leaves WAL mode, as is best for readers that start anew. */
int peer_settle(struct peer *peer);

#endif
