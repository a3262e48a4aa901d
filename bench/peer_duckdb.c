/* peer_duckdb.c -- DuckDB in its best form for the job, where its library is there.
 *
 * The declarations are those parts of DuckDB's C interface that are used here; its header comes
 * with no package of a registry. */
#include "peer_duckdb.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_INTEGER = 4, TYPE_BIGINT = 5, TYPE_DOUBLE = 11, COLUMNS = 3, RESULT_WORDS = 16 };

typedef uint64_t idx;
typedef struct {
    void *words[RESULT_WORDS]; /* six of them are used by version 1 */
} result;

struct calls {
    const char *(*library_version)(void);
    int (*open)(const char *, void **);
    void (*close)(void **);
    int (*connect)(void *, void **);
    void (*disconnect)(void **);
    int (*query)(void *, const char *, result *);
    void (*destroy_result)(result *);
    const char *(*result_error)(result *);
    idx (*row_count)(result *);
    double (*value_double)(result *, idx, idx);
    int (*appender_create)(void *, const char *, const char *, void **);
    int (*appender_flush)(void *);
    int (*appender_destroy)(void **);
    int (*append_data_chunk)(void *, void *);
    void *(*create_logical_type)(int);
    void (*destroy_logical_type)(void **);
    void *(*create_data_chunk)(void **, idx);
    void (*destroy_data_chunk)(void **);
    void (*data_chunk_reset)(void *);
    void (*data_chunk_set_size)(void *, idx);
    void *(*data_chunk_get_vector)(void *, idx);
    void *(*vector_get_data)(void *);
    idx (*vector_size)(void);
};

#define CALL(name)                                                                                 \
    {                                                                                              \
        "duckdb_" #name, offsetof(struct calls, name)                                              \
    }
static const struct {
    const char *name;
    size_t offset;
} CALLS[] = {
    CALL(library_version),
    CALL(open),
    CALL(close),
    CALL(connect),
    CALL(disconnect),
    CALL(query),
    CALL(destroy_result),
    CALL(result_error),
    CALL(row_count),
    CALL(value_double),
    CALL(appender_create),
    CALL(appender_flush),
    CALL(appender_destroy),
    CALL(append_data_chunk),
    CALL(create_logical_type),
    CALL(destroy_logical_type),
    CALL(create_data_chunk),
    CALL(destroy_data_chunk),
    CALL(data_chunk_reset),
    CALL(data_chunk_set_size),
    CALL(data_chunk_get_vector),
    CALL(vector_get_data),
    CALL(vector_size),
};

struct duckdb {
    struct calls calls;
    struct workload workload;
    void *library, *database, *connection, *chunk;
};

static int failed(const char *what, const char *why)
{
    fprintf(stderr, "bench: duckdb: %s: %s\n", what, why ? why : "failed");
    return -1;
}

static int execute(struct duckdb *peer, const char *sql)
{
    result out;
    memset(&out, 0, sizeof out);
    int status = peer->calls.query(peer->connection, sql, &out);
    if (status) status = failed(sql, peer->calls.result_error(&out));
    peer->calls.destroy_result(&out);
    return status;
}

static int load_library(struct duckdb *peer, const char *path)
{
    peer->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!peer->library) return failed(path, dlerror());
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++) {
        void *symbol = dlsym(peer->library, CALLS[i].name);
        if (!symbol) return failed(path, CALLS[i].name);
        memcpy((char *)&peer->calls + CALLS[i].offset, &symbol, sizeof symbol);
    }
    return 0;
}

static int make_chunk(struct duckdb *peer)
{
    static const int types[COLUMNS] = {TYPE_INTEGER, TYPE_BIGINT, TYPE_DOUBLE};
    void *logical[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        logical[i] = peer->calls.create_logical_type(types[i]);
    peer->chunk = peer->calls.create_data_chunk(logical, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        peer->calls.destroy_logical_type(&logical[i]);
    return peer->chunk ? 0 : failed("chunk", NULL);
}

int duckdb_peer_open(const char *library, const char *path, const struct workload *workload,
                     struct duckdb **out)
{
    struct duckdb *peer = calloc(1, sizeof *peer);
    if (!peer) return failed("open", "out of memory");
    peer->workload = *workload;
    int status = load_library(peer, library);
    if (!status && peer->calls.open(path, &peer->database)) status = failed(path, "open");
    if (!status && peer->calls.connect(peer->database, &peer->connection))
        status = failed(path, "connect");
    if (!status)
        status = execute(peer, "CREATE TABLE point (series INTEGER, time BIGINT, value DOUBLE)");
    if (!status) status = make_chunk(peer);
    if (status)
        duckdb_peer_close(peer);
    else
        *out = peer;
    return status;
}

/* The library stays loaded: its threads may outlive the database. */
void duckdb_peer_close(struct duckdb *peer)
{
    if (!peer) return;
    if (peer->chunk) peer->calls.destroy_data_chunk(&peer->chunk);
    if (peer->connection) peer->calls.disconnect(&peer->connection);
    if (peer->database) peer->calls.close(&peer->database);
    free(peer);
}

const char *duckdb_peer_version(const struct duckdb *peer)
{
    return peer->calls.library_version();
}

/* Points [from, until) of the load, counted run by run, as one chunk. */
static void fill_chunk(struct duckdb *peer, uint32_t stream, uint32_t first, uint64_t from,
                       uint64_t until, const double *values)
{
    const struct calls *calls = &peer->calls;
    uint32_t columns = peer->workload.columns;
    calls->data_chunk_reset(peer->chunk);
    int32_t *series = calls->vector_get_data(calls->data_chunk_get_vector(peer->chunk, 0));
    int64_t *times = calls->vector_get_data(calls->data_chunk_get_vector(peer->chunk, 1));
    double *numbers = calls->vector_get_data(calls->data_chunk_get_vector(peer->chunk, 2));
    uint32_t run = (uint32_t)(from / columns), column = (uint32_t)(from % columns);
    for (uint64_t i = from; i < until; i++) {
        *series++ = (int32_t)(stream * columns + column);
        *times++ = workload_time_ns(first + run);
        *numbers++ = values[i];
        if (++column == columns) {
            column = 0;
            run++;
        }
    }
    calls->data_chunk_set_size(peer->chunk, until - from);
}

int duckdb_peer_load(struct duckdb *peer, uint32_t stream, uint32_t first, uint32_t count,
                     const double *values)
{
    const struct calls *calls = &peer->calls;
    void *appender = NULL;
    uint64_t total = (uint64_t)count * peer->workload.columns, most = calls->vector_size();
    int status = execute(peer, "BEGIN");
    if (status) return status;
    if (calls->appender_create(peer->connection, NULL, "point", &appender))
        status = failed("append", "no appender");
    for (uint64_t from = 0; from < total && !status; from += most) {
        fill_chunk(peer, stream, first, from, from + most < total ? from + most : total, values);
        if (calls->append_data_chunk(appender, peer->chunk)) status = failed("append", "chunk");
    }
    if (!status && calls->appender_flush(appender)) status = failed("append", "flush");
    if (appender) calls->appender_destroy(&appender);
    return status ? status : execute(peer, "COMMIT");
}

int duckdb_peer_sort(struct duckdb *peer)
{
    int status = execute(peer, "CREATE TABLE sorted AS SELECT * FROM point ORDER BY series, time");
    return status ? status : execute(peer, "CHECKPOINT");
}

int duckdb_peer_ask(struct duckdb *peer, const char *sql, size_t count, double *out)
{
    result got;
    memset(&got, 0, sizeof got);
    int status = peer->calls.query(peer->connection, sql, &got);
    if (status) status = failed(sql, peer->calls.result_error(&got));
    if (!status && peer->calls.row_count(&got) < 1) status = failed(sql, "no rows");
    for (size_t i = 0; i < count && !status; i++)
        out[i] = peer->calls.value_double(&got, i, 0);
    peer->calls.destroy_result(&got);
    return status;
}
