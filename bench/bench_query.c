/* bench_query.c -- what one series costs to ask for, as people and scripts ask: a whole process.
 *
 *   usage: bench_query SCRATCH PACE SQLITE3
 *
 * A store of 10,000 series (20 streams x 500 columns x 200 runs), and SQLite's with the same
 * points. The command line tools take turns; before that their answers are compared with what was
 * stored. */
#include "peer_sqlite.h"
#include "report.h"
#include "timing.h"

#include "../query/pace_query.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 101, WARM_UP = 5, WINDOW = 64, STREAM = 3, COLUMN = 123, PATH_BYTES = 4096 };
static const struct workload WORKLOAD = {.streams = 20, .columns = 500, .runs = 200};
static const double BAR_S = 5e-3;

#define SERIES "//bench//main//tb-3//b-0123//latency"
#define LAST   SERIES " | last 65"
#define CHECK  SERIES " | check t-test 99% over 64 needs 5 floor 5% | last 1"

/* The same two questions. 2.387 is Student's t for 99 % and 63 degrees of freedom, which SQLite
 * cannot compute. */
#define SQL_CHECK                                                                                  \
    "WITH s AS MATERIALIZED (SELECT id, stream FROM" PEER_SQL_SERIES "),"                          \
    " w AS MATERIALIZED (SELECT time, value FROM point WHERE series = (SELECT id FROM s)"          \
    " ORDER BY time DESC LIMIT 65),"                                                               \
    " b AS MATERIALIZED (SELECT avg(value) AS base, count(*) AS n FROM"                            \
    " (SELECT value FROM w ORDER BY time DESC LIMIT 64 OFFSET 1)),"                                \
    " d AS MATERIALIZED (SELECT sqrt(sum((value - base) * (value - base)) / (n - 1)) AS spread "   \
    "FROM"                                                                                         \
    " (SELECT value FROM w ORDER BY time DESC LIMIT 64 OFFSET 1), b),"                             \
    " l AS MATERIALIZED (SELECT max(base + 2.387 * spread * sqrt(1 + 1.0 / n), base * 1.05) AS "   \
    "high"                                                                                         \
    " FROM b, d) "
#define SQL_JUDGED                                                                                 \
    "FROM (SELECT * FROM w ORDER BY time DESC LIMIT 1) p, b, d, l JOIN run r ON r.stream ="        \
    " (SELECT stream FROM s) AND r.time = p.time"

static char pace_last[] = LAST, pace_check[] = CHECK;
static char pace_last_values[] = LAST " | keep value | as csv";
static char pace_check_values[] = CHECK " | keep value, base | as csv";
static char sql_last[] = PEER_SQL_ROWS;
static char sql_check[] = SQL_CHECK "SELECT p.time, hash, value, base, spread, high, n,"
                                    " (value - base) / spread, value > high " SQL_JUDGED;
static char sql_last_values[] = "SELECT value " PEER_SQL_LAST;
static char sql_check_values[] = SQL_CHECK "SELECT value, base " SQL_JUDGED;

struct place {
    char store[PATH_BYTES], database[PATH_BYTES], answer[PATH_BYTES];
    char *pace, *sqlite;
};

static int say(const char *what, const struct pace_error *error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error->message);
    return -1;
}

static int fill(struct place *place)
{
    struct pace_error error = {0};
    pace *store;
    struct peer *peer;
    if (pace_open(place->store, PACE_CREATE, NULL, &error, &store)) return say("open", &error);
    int status = workload_fill(&WORKLOAD, store, &error) ? say("fill", &error) : 0;
    pace_close(store);
    if (status || peer_open(place->database, &WORKLOAD, &peer)) return -1;
    status = peer_fill(peer, WORKLOAD.runs);
    if (!status) status = peer_settle(peer);
    peer_close(peer);
    return status;
}

static int ask_pace(struct place *place, char *query, const char *output, struct cost *cost)
{
    static char command[] = "query", option[] = "--db";
    char *argv[] = {place->pace, command, option, place->store, query, NULL};
    return cost_of_child(argv, output, cost);
}

static int ask_sqlite(struct place *place, char *sql, const char *output, struct cost *cost)
{
    static char batch[] = "-batch", readonly[] = "-readonly", csv[] = "-csv";
    char *argv[] = {place->sqlite, batch, readonly, csv, place->database, sql, NULL};
    return cost_of_child(argv, output, cost);
}

/* -- are the answers right? -------------------------------------------------------------------- */

/* Reads the numbers of a CSV file, a heading apart. */
static size_t read_numbers(const char *path, double *out, size_t most)
{
    FILE *file = fopen(path, "r");
    char line[256];
    size_t count = 0;
    if (!file) return 0;
    while (fgets(line, sizeof line, file)) {
        char *end, *at = line;
        while (count < most) {
            double value = strtod(at, &end);
            if (end == at) break;
            out[count++] = value;
            at = end + (*end == ',');
        }
    }
    fclose(file);
    return count;
}

static int differ(const char *who, const char *what)
{
    fprintf(stderr, "bench: %s gives a wrong answer to: %s\n", who, what);
    return -1;
}

/* `newest_first`: the order of the rows; ours come oldest first. */
static int check_last(struct place *place, const char *who, bool newest_first)
{
    double values[WINDOW + 2];
    size_t count = read_numbers(place->answer, values, WINDOW + 2);
    if (count != WINDOW + 1) return differ(who, LAST);
    for (uint32_t i = 0; i <= WINDOW; i++) {
        uint32_t run = WORKLOAD.runs - 1 - (newest_first ? i : WINDOW - i);
        double expected = workload_value(STREAM, COLUMN, run);
        if (fabs(values[i] - expected) > 1e-9 * fabs(expected)) return differ(who, LAST);
    }
    return 0;
}

static int check_judged(struct place *place, const char *who)
{
    double values[3], sum = 0;
    uint32_t newest = WORKLOAD.runs - 1;
    double value = workload_value(STREAM, COLUMN, newest);
    if (read_numbers(place->answer, values, 3) != 2) return differ(who, CHECK);
    for (uint32_t run = newest - WINDOW; run < newest; run++)
        sum += workload_value(STREAM, COLUMN, run);
    if (fabs(values[0] - value) > 1e-9 * value ||
        fabs(values[1] - sum / WINDOW) > 1e-9 * sum / WINDOW)
        return differ(who, CHECK);
    return 0;
}

static int check_answers(struct place *place)
{
    struct cost cost;
    if (ask_pace(place, pace_last_values, place->answer, &cost)) return -1;
    if (check_last(place, "pace", false)) return -1;
    if (ask_sqlite(place, sql_last_values, place->answer, &cost)) return -1;
    if (check_last(place, "sqlite3", true)) return -1;
    if (ask_pace(place, pace_check_values, place->answer, &cost)) return -1;
    if (check_judged(place, "pace")) return -1;
    if (ask_sqlite(place, sql_check_values, place->answer, &cost)) return -1;
    return check_judged(place, "sqlite3");
}

/* -- whole processes, in turns ----------------------------------------------------------------- */

struct contest {
    struct samples wall, cpu;
};
enum {
    PACE_START,
    SQLITE_START,
    PACE_LAST,
    SQLITE_LAST,
    PACE_CHECK,
    SQLITE_CHECK,
    NOTHING,
    CONTESTS
};

static int run_contest(struct place *place, unsigned which, struct cost *cost)
{
    static char version[] = "--version", sqlite_version[] = "-version";
    char *pace_argv[] = {place->pace, version, NULL};
    char *sqlite_argv[] = {place->sqlite, sqlite_version, NULL};
    switch (which) {
    case PACE_START: return cost_of_child(pace_argv, NULL, cost);
    case SQLITE_START: return cost_of_child(sqlite_argv, NULL, cost);
    case PACE_LAST: return ask_pace(place, pace_last, NULL, cost);
    case SQLITE_LAST: return ask_sqlite(place, sql_last, NULL, cost);
    case PACE_CHECK: return ask_pace(place, pace_check, NULL, cost);
    case NOTHING: return cost_of_nothing(cost);
    default: return ask_sqlite(place, sql_check, NULL, cost);
    }
}

static int processes(struct place *place)
{
    static struct contest contests[CONTESTS];
    static const char *const names[] = {"start only (--version)", "last 65",
                                        "check t-test over 64, last 1"};
    for (int round = -WARM_UP; round < ROUNDS; round++)
        for (unsigned which = 0; which < CONTESTS; which++) {
            struct cost cost;
            if (run_contest(place, which, &cost)) return -1;
            if (round < 0) continue;
            samples_add(&contests[which].wall, cost.wall_s);
            samples_add(&contests[which].cpu, cost.cpu_s);
        }
    report_begin("One series of 10,000, as a process (20 streams x 500 columns x 200 runs)",
                 "sqlite3");
    for (unsigned which = 0; which < NOTHING; which += 2) {
        char what[64];
        double bar = which == PACE_START ? 0 : BAR_S;
        struct contest *ours = &contests[which], *peer = &contests[which + 1];
        snprintf(what, sizeof what, "%s: CPU", names[which / 2]);
        report_row((struct row){what, FIGURE_TIME, samples_median(&ours->cpu),
                                samples_median(&peer->cpu), bar});
        snprintf(what, sizeof what, "%s: wall", names[which / 2]);
        report_row((struct row){what, FIGURE_TIME, samples_median(&ours->wall),
                                samples_median(&peer->wall), 0});
        report_row((struct row){"  the least", FIGURE_TIME, samples_least(&ours->wall),
                                samples_least(&peer->wall), 0});
    }
    struct samples *floor = &contests[NOTHING].wall;
    report_row((struct row){"a program that does nothing: wall", FIGURE_TIME, samples_median(floor),
                            0, 0});
    report_row((struct row){"  the least", FIGURE_TIME, samples_least(floor), 0, 0});
    report_note("median of %d processes each, in turns; output thrown away", ROUNDS);
    return 0;
}

/* -- the same in process: the share of the query itself ---------------------------------------- */

static int query_once(pace_session *session, const char *text, struct pace_error *error)
{
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    pace_query *query = NULL;
    int status = pace_prepare(session, text, strlen(text), error, &query);
    while (!status && step != PACE_STEP_END)
        status = pace_step(query, error, &step, &rows);
    pace_query_free(query);
    return status;
}

/* One query, between opening and closing the store when `store` is NULL. */
static int query_timed(struct place *place, pace *store, const char *text, struct pace_error *error,
                       double *took_s)
{
    pace *opened = NULL;
    pace_session *session = NULL;
    double start_s = wall_s();
    int status = store ? 0 : pace_open(place->store, PACE_READONLY, NULL, error, &opened);
    if (!status) status = pace_session_open(store ? store : opened, NULL, error, &session);
    if (!status) status = query_once(session, text, error);
    pace_session_close(session);
    pace_close(opened);
    *took_s = wall_s() - start_s;
    return status;
}

static int in_process(struct place *place)
{
    static struct samples opening[2], open[2];
    static const char *const queries[] = {LAST, CHECK}, *const names[] = {"last 65", "check"};
    struct pace_error error = {0};
    pace *store = NULL;
    int status = 0;
    double took_s;
    for (int round = -WARM_UP; round < ROUNDS && !status; round++)
        for (size_t i = 0; i < 2 && !status; i++) {
            status = query_timed(place, NULL, queries[i], &error, &took_s);
            if (round >= 0) samples_add(&opening[i], took_s);
        }
    if (!status) status = pace_open(place->store, PACE_READONLY, NULL, &error, &store);
    for (int round = -WARM_UP; round < ROUNDS && !status; round++)
        for (size_t i = 0; i < 2 && !status; i++) {
            status = query_timed(place, store, queries[i], &error, &took_s);
            if (round >= 0) samples_add(&open[i], took_s);
        }
    pace_close(store);
    if (status) return say("query", &error);
    report_begin("The same without a process: text to rows, read and thrown away", "");
    for (size_t i = 0; i < 2; i++) {
        char what[64];
        snprintf(what, sizeof what, "%s: open the store, ask, close it", names[i]);
        report_row((struct row){what, FIGURE_TIME, samples_median(&opening[i]), 0, 0});
        snprintf(what, sizeof what, "%s: ask a store that is open", names[i]);
        report_row((struct row){what, FIGURE_TIME, samples_median(&open[i]), 0, 0});
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct place place;
    if (argc != 4) {
        fputs("usage: bench_query SCRATCH PACE SQLITE3\n", stderr);
        return 2;
    }
    snprintf(place.store, PATH_BYTES, "%s/query.pace", argv[1]);
    snprintf(place.database, PATH_BYTES, "%s/query.sqlite", argv[1]);
    snprintf(place.answer, PATH_BYTES, "%s/answer", argv[1]);
    place.pace = argv[2];
    place.sqlite = argv[3];
    if (fill(&place) || check_answers(&place) || processes(&place) || in_process(&place)) return 1;
    return 0;
}
