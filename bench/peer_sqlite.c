/* peer_sqlite.c -- SQLite as one would use it for the same job, kept in its best form. */
#include "peer_sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct peer {
    sqlite3 *db;
    sqlite3_stmt *put_run, *put_point, *get_last;
    struct workload workload;
};

static const char SCHEMA[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "CREATE TABLE series (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, project TEXT NOT NULL,"
    " branch TEXT NOT NULL, testbed TEXT NOT NULL, benchmark TEXT NOT NULL, measure TEXT NOT NULL,"
    " unit TEXT NOT NULL, UNIQUE (project, branch, testbed, benchmark, measure));"
    "CREATE TABLE run (stream INTEGER NOT NULL, time INTEGER NOT NULL, hash TEXT NOT NULL,"
    " PRIMARY KEY (stream, time)) WITHOUT ROWID;"
    "CREATE TABLE point (series INTEGER NOT NULL, time INTEGER NOT NULL, value REAL NOT NULL,"
    " PRIMARY KEY (series, time)) WITHOUT ROWID;";

static int failed(const struct peer *peer, const char *what)
{
    fprintf(stderr, "bench: sqlite: %s: %s\n", what,
            peer->db ? sqlite3_errmsg(peer->db) : "out of memory");
    return -1;
}

static int execute(const struct peer *peer, const char *sql)
{
    return sqlite3_exec(peer->db, sql, NULL, NULL, NULL) ? failed(peer, sql) : 0;
}

static int prepare(const struct peer *peer, const char *sql, sqlite3_stmt **out)
{
    return sqlite3_prepare_v2(peer->db, sql, -1, out, NULL) ? failed(peer, sql) : 0;
}

/* Runs a bound statement that returns no rows, and makes it ready for the next values. */
static int step(const struct peer *peer, sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? 0 : failed(peer, "step");
}

static sqlite3_int64 series_of(const struct peer *peer, uint32_t stream, uint32_t column)
{
    return (sqlite3_int64)stream * peer->workload.columns + column + 1;
}

static int put_series(const struct peer *peer)
{
    sqlite3_stmt *statement;
    char testbed[WORKLOAD_NAME], benchmark[WORKLOAD_NAME];
    int status =
        prepare(peer,
                "INSERT INTO series VALUES (?1, ?2, '" WORKLOAD_PROJECT "', '" WORKLOAD_BRANCH
                "', ?3, ?4, '" WORKLOAD_MEASURE "', '" WORKLOAD_UNIT "')",
                &statement);
    if (status) return status;
    for (uint32_t stream = 0; stream < peer->workload.streams && !status; stream++)
        for (uint32_t column = 0; column < peer->workload.columns && !status; column++) {
            workload_testbed(stream, testbed);
            workload_benchmark(column, benchmark);
            sqlite3_bind_int64(statement, 1, series_of(peer, stream, column));
            sqlite3_bind_int64(statement, 2, stream);
            sqlite3_bind_text(statement, 3, testbed, -1, SQLITE_STATIC);
            sqlite3_bind_text(statement, 4, benchmark, -1, SQLITE_STATIC);
            status = step(peer, statement);
        }
    sqlite3_finalize(statement);
    return status;
}

int peer_open(const char *path, const struct workload *workload, struct peer **out)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        fputs("bench: sqlite: out of memory\n", stderr);
        return -1;
    }
    peer->workload = *workload;
    int status = sqlite3_open(path, &peer->db) ? failed(peer, path) : 0;
    if (!status) status = execute(peer, SCHEMA);
    if (!status) status = execute(peer, "BEGIN");
    if (!status) status = put_series(peer);
    if (!status) status = execute(peer, "COMMIT");
    if (!status) status = prepare(peer, "INSERT INTO run VALUES (?1, ?2, ?3)", &peer->put_run);
    if (!status) status = prepare(peer, "INSERT INTO point VALUES (?1, ?2, ?3)", &peer->put_point);
    if (!status)
        status =
            prepare(peer, "SELECT value FROM point WHERE series = ?1 ORDER BY time DESC LIMIT ?2",
                    &peer->get_last);
    if (status)
        peer_close(peer);
    else
        *out = peer;
    return status;
}

void peer_close(struct peer *peer)
{
    if (!peer) return;
    sqlite3_finalize(peer->put_run);
    sqlite3_finalize(peer->put_point);
    sqlite3_finalize(peer->get_last);
    sqlite3_close(peer->db);
    free(peer);
}

static int put_run(const struct peer *peer, uint32_t stream, uint32_t run)
{
    char commit[WORKLOAD_COMMIT];
    workload_commit(run, commit);
    sqlite3_bind_int64(peer->put_run, 1, stream);
    sqlite3_bind_int64(peer->put_run, 2, workload_time_ns(run));
    sqlite3_bind_text(peer->put_run, 3, commit, -1, SQLITE_STATIC);
    return step(peer, peer->put_run);
}

static int put_point(const struct peer *peer, uint32_t stream, uint32_t column, uint32_t run)
{
    sqlite3_bind_int64(peer->put_point, 1, series_of(peer, stream, column));
    sqlite3_bind_int64(peer->put_point, 2, workload_time_ns(run));
    sqlite3_bind_double(peer->put_point, 3, workload_value(stream, column, run));
    return step(peer, peer->put_point);
}

int peer_cache(struct peer *peer, unsigned megabytes)
{
    char text[64];
    snprintf(text, sizeof text, "PRAGMA cache_size = -%u;", megabytes << 10);
    return execute(peer, text);
}

int peer_fill(struct peer *peer, uint32_t runs)
{
    const struct workload *workload = &peer->workload;
    int status = execute(peer, "BEGIN");
    for (uint32_t stream = 0; stream < workload->streams && !status; stream++) {
        for (uint32_t run = 0; run < runs && !status; run++)
            status = put_run(peer, stream, run);
        for (uint32_t column = 0; column < workload->columns && !status; column++)
            for (uint32_t run = 0; run < runs && !status; run++)
                status = put_point(peer, stream, column, run);
    }
    return status ? status : execute(peer, "COMMIT");
}

int peer_store(struct peer *peer, uint32_t first, uint32_t count)
{
    const struct workload *workload = &peer->workload;
    int status = execute(peer, "BEGIN");
    for (uint32_t number = first; number - first < count && !status; number++) {
        uint32_t stream = number % workload->streams, run = number / workload->streams;
        status = put_run(peer, stream, run);
        for (uint32_t column = 0; column < workload->columns && !status; column++)
            status = put_point(peer, stream, column, run);
    }
    return status ? status : execute(peer, "COMMIT");
}

int peer_load(struct peer *peer, uint32_t stream, uint32_t first, uint32_t count)
{
    int status = execute(peer, "BEGIN");
    for (uint32_t run = first; run - first < count && !status; run++) {
        status = put_run(peer, stream, run);
        for (uint32_t column = 0; column < peer->workload.columns && !status; column++)
            status = put_point(peer, stream, column, run);
    }
    return status ? status : execute(peer, "COMMIT");
}

int peer_last(struct peer *peer, uint32_t stream, uint32_t column, size_t last, double *values)
{
    sqlite3_bind_int64(peer->get_last, 1, series_of(peer, stream, column));
    sqlite3_bind_int64(peer->get_last, 2, (sqlite3_int64)last);
    while (last && sqlite3_step(peer->get_last) == SQLITE_ROW)
        values[--last] = sqlite3_column_double(peer->get_last, 0);
    sqlite3_reset(peer->get_last);
    return last ? failed(peer, "last") : 0;
}

int peer_begin(struct peer *peer)
{
    return execute(peer, "BEGIN");
}

int peer_end(struct peer *peer)
{
    return execute(peer, "COMMIT");
}

int peer_scan(struct peer *peer, int simple, double out[5])
{
    sqlite3_stmt *statement;
    int status = prepare(peer,
                         simple ? "SELECT sum(value), sum(value * value) FROM point"
                                : "SELECT count(*), sum(value), sum(value * value), min(value),"
                                  " max(value) FROM point",
                         &statement);
    if (status) return status;
    if (sqlite3_step(statement) != SQLITE_ROW) status = failed(peer, "scan");
    for (int i = 0; i < (simple ? 2 : 5) && !status; i++)
        out[i + (simple ? 1 : 0)] = sqlite3_column_double(statement, i);
    sqlite3_finalize(statement);
    return status;
}

int peer_ask(struct peer *peer, const char *sql, int count, double *last)
{
    sqlite3_stmt *statement;
    int status = prepare(peer, sql, &statement), step = SQLITE_DONE;
    if (status) return status;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < count && i < sqlite3_column_count(statement); i++)
            last[i] = sqlite3_column_double(statement, i);
    if (step != SQLITE_DONE) status = failed(peer, sql);
    sqlite3_finalize(statement);
    return status;
}

int peer_settle(struct peer *peer)
{
    return execute(peer, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; ANALYZE;");
}
