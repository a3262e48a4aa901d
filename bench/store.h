/* store.h -- the parts of bench_store: what they share, and the order in which they run.
 *
 * The WIDE store is DESIGN's workload: 20 streams of 500 columns. It is loaded by store_bulk,
 * appended to by store_append, and left by it at the worst moment of the fold cycle for store_read
 * and store_space. */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include "peer_duckdb.h"
#include "peer_log.h"
#include "peer_sqlite.h"
#include "report.h"
#include "timing.h"

enum { BENCH_PATH = 4096 };

struct setup {
    const char *scratch;
    const char *pace;   /* the command */
    const char *sqlite; /* its command */
    const char *duckdb; /* its library, or NULL */
    int is_quick;       /* peers with little in them, no bars on ratios that depend on it */
};

struct wide {
    struct workload workload; /* runs: of each stream, as many as there are now */
    uint32_t peer_runs;       /* of each stream in the peers */
    pace *store;
    char path[BENCH_PATH], sqlite_path[BENCH_PATH];
    pace_column_handle *handles;
    double *values; /* room for those of workload_values of one stream as it was loaded */
    struct peer *sqlite,
        *cached;           /* the same, with a cache for all that a commit touches: bulk only */
    struct duckdb *duckdb; /* NULL: not there */
    struct peer_log log;
};

/* Costs of one contestant, a round each. */
struct account {
    struct samples rate, cpu, written;
};
void account_add(struct account *account, struct cost cost, double runs);

/* Prints what failed on stderr; returns -1. */
int store_say(const char *what, const struct pace_error *error);
/* scratch/name, to a buffer of BENCH_PATH bytes. */
const char *store_path(const struct setup *setup, const char *name, char *out);
/* A bar on a ratio to a peer that has as much in it as we have: none (0) in a quick run. */
double store_bar(const struct setup *setup, double least);

/* Each prints its tables; 0, or -1 when something failed or an answer is wrong. */
int store_bulk(const struct setup *setup, struct wide *wide);
int store_append(const struct setup *setup, struct wide *wide);
int store_read(const struct setup *setup, struct wide *wide);
int store_narrow(const struct setup *setup);
int store_space(const struct setup *setup, struct wide *wide);
int store_readers(const struct setup *setup);

/* -- questions, asked through pace.h ---------------------------------------------------------- */

enum { ASK_WINDOW = 64 };

/* Streams, names and columns resolved, then of each series the last point against mean and
 * deviation of the ASK_WINDOW before it: how many lie beyond 3 deviations, and the sum of all
 * scores. */
struct all_series {
    uint64_t series, beyond;
    double scores;
};
int ask_all(pace *store, struct pace_error *error, struct all_series *out);

/* Reads every value: their number, sum and sum of squares. */
struct full_scan {
    uint64_t count;
    double sum, squares;
};
int ask_scan(pace *store, struct pace_error *error, struct full_scan *out);

/* count, mean, sd, least and greatest of every series; `out` is what they give together. */
struct all_summaries {
    uint64_t count;
    double sum, min, max;
};
int ask_summaries(pace *store, struct pace_error *error, struct all_summaries *out);

/* One series by its names: the newest ASK_WINDOW + 1 values, oldest first. */
int ask_series(pace *store, uint32_t stream, uint32_t column, struct pace_error *error,
               double *values);

/* Runs a script in a session and throws the rows away; how many there were. */
int ask_query(pace *store, const char *text, struct pace_error *error, uint64_t *rows);

#endif
