/* store_read.c -- reading at the worst moment of the fold cycle, warm, each answer checked
 * first. */
#include "store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 31,
    PEER_EVERY = 10, /* rounds, of what takes a peer long */
    WARM_UP = 2,
    STREAM = 3, /* and COLUMN: as in PEER_SQL_ROWS */
    COLUMN = 123,
    PROCESSES = 201,
};
#define SERIES_QUERY "//bench//main//tb-3//b-0123//latency | last 65"
#define ALL_QUERY    "//bench//main//*//*//latency | check z-score 3sd over 64 needs 30 | last 1"

enum question { ALL, SCAN, SUMMARIES, SERIES, QUERY, QUESTIONS };
/* Asked so often in a row, the first time not counted: what a peer leaves in the caches is not
 * ours. */
static const int REPEATS[QUESTIONS] = {
    [ALL] = 5, [SCAN] = 1, [SUMMARIES] = 20, [SERIES] = 20, [QUERY] = 3};
enum { OURS, SQLITE, DUCKDB, DUCKDB_SORTED, WHO };
static struct samples took[QUESTIONS][WHO];

/* -- what is right ----------------------------------------------------------------------------- */

static int wrong(const char *what)
{
    fprintf(stderr, "bench: a wrong answer: %s\n", what);
    return -1;
}

static int differs(double got, double expected)
{
    return !(fabs(got - expected) <= 1e-9 * fabs(expected));
}

/* Scores from the workload itself, two passes. */
static void expect_all(const struct workload *workload, struct all_series *out)
{
    *out = (struct all_series){.series = 0};
    uint32_t last = workload->runs - 1;
    for (uint32_t stream = 0; stream < workload->streams; stream++)
        for (uint32_t column = 0; column < workload->columns; column++) {
            double window[ASK_WINDOW], mean = 0, squares = 0;
            for (uint32_t i = 0; i < ASK_WINDOW; i++) {
                window[i] = workload_value(stream, column, last - ASK_WINDOW + i);
                mean += window[i] / ASK_WINDOW;
            }
            for (uint32_t i = 0; i < ASK_WINDOW; i++)
                squares += (window[i] - mean) * (window[i] - mean);
            double value = workload_value(stream, column, last);
            double score = (value - mean) / sqrt(squares / (ASK_WINDOW - 1));
            out->scores += score;
            out->beyond += fabs(score) > 3;
            out->series++;
        }
}

static int check_all(pace *store, const struct workload *workload)
{
    struct pace_error error = {0};
    struct all_series got, expected;
    expect_all(workload, &expected);
    if (ask_all(store, &error, &got)) return store_say("all series", &error);
    if (got.series != expected.series || got.beyond != expected.beyond ||
        fabs(got.scores - expected.scores) > 1e-6 * (double)got.series)
        return wrong("all series");
    return 0;
}

static int check_wide(struct wide *wide)
{
    const struct workload *workload = &wide->workload;
    struct pace_error error = {0};
    struct full_scan scan;
    struct all_summaries summaries;
    double values[ASK_WINDOW + 1], sum = 0;
    uint64_t count = (uint64_t)workload->streams * workload->columns * workload->runs;
    if (check_all(wide->store, workload)) return -1;
    if (ask_scan(wide->store, &error, &scan) || ask_summaries(wide->store, &error, &summaries) ||
        ask_series(wide->store, STREAM, COLUMN, &error, values))
        return store_say("ask", &error);
    for (uint32_t stream = 0; stream < workload->streams; stream++)
        for (uint32_t run = 0; run < workload->runs; run++)
            for (uint32_t column = 0; column < workload->columns; column++)
                sum += workload_value(stream, column, run);
    if (scan.count != count || differs(scan.sum, sum)) return wrong("full scan");
    if (summaries.count != count || differs(summaries.sum, sum)) return wrong("summaries");
    for (uint32_t i = 0; i <= ASK_WINDOW; i++)
        if (differs(values[i], workload_value(STREAM, COLUMN, workload->runs - 1 - ASK_WINDOW + i)))
            return wrong("one series");
    return 0;
}

/* -- ours -------------------------------------------------------------------------------------- */

static int ask_once(struct wide *wide, enum question question, uint32_t column)
{
    struct pace_error error = {0};
    struct all_series all;
    struct full_scan scan;
    struct all_summaries summaries;
    double values[ASK_WINDOW + 1];
    uint64_t rows;
    int status;
    switch (question) {
    case ALL: status = ask_all(wide->store, &error, &all); break;
    case SCAN: status = ask_scan(wide->store, &error, &scan); break;
    case SUMMARIES: status = ask_summaries(wide->store, &error, &summaries); break;
    case SERIES: status = ask_series(wide->store, STREAM, column, &error, values); break;
    default: status = ask_query(wide->store, ALL_QUERY, &error, &rows);
    }
    return status ? store_say("ask", &error) : 0;
}

static int ask_ours(struct wide *wide, enum question question)
{
    int repeats = REPEATS[question];
    if (ask_once(wide, question, COLUMN)) return -1;
    double start_s = wall_s();
    for (int i = 0; i < repeats; i++)
        if (ask_once(wide, question, COLUMN + (uint32_t)i)) return -1;
    samples_add(&took[question][OURS], (wall_s() - start_s) / repeats);
    return 0;
}

/* -- sqlite ------------------------------------------------------------------------------------ */

/* Every series by its number, the statistics here: the fastest of the forms that were tried. */
static int sqlite_all(struct wide *wide)
{
    const struct workload *workload = &wide->workload;
    double values[ASK_WINDOW + 1], scores = 0;
    int status = peer_begin(wide->sqlite);
    for (uint32_t stream = 0; stream < workload->streams && !status; stream++)
        for (uint32_t column = 0; column < workload->columns && !status; column++) {
            double mean = 0, squares = 0;
            status = peer_last(wide->sqlite, stream, column, ASK_WINDOW + 1, values);
            for (size_t i = 0; i < ASK_WINDOW; i++)
                mean += values[i] / ASK_WINDOW;
            for (size_t i = 0; i < ASK_WINDOW; i++)
                squares += (values[i] - mean) * (values[i] - mean);
            scores += (values[ASK_WINDOW] - mean) / sqrt(squares / (ASK_WINDOW - 1));
        }
    if (!status && !isfinite(scores)) status = wrong("sqlite, all series");
    return status ? status : peer_end(wide->sqlite);
}

static int ask_sqlite(struct wide *wide, enum question question)
{
    double out[5], values[ASK_WINDOW + 1];
    int status = 0, repeats = question == SERIES ? REPEATS[SERIES] : 1;
    double start_s = wall_s();
    for (int i = 0; i < repeats && !status; i++)
        switch (question) {
        case ALL: status = sqlite_all(wide); break;
        case SCAN: status = peer_scan(wide->sqlite, 1, out); break;
        case SUMMARIES: status = peer_scan(wide->sqlite, 0, out); break;
        case SERIES:
            status = peer_last(wide->sqlite, STREAM, COLUMN + (uint32_t)i, ASK_WINDOW + 1, values);
            break;
        default: return 0;
        }
    samples_add(&took[question][SQLITE], (wall_s() - start_s) / repeats);
    return status;
}

/* -- duckdb ------------------------------------------------------------------------------------ */

#define DUCKDB_ALL                                                                                 \
    "WITH w AS (SELECT series, value, row_number() OVER (PARTITION BY series ORDER BY time DESC)"  \
    " AS n FROM %s), s AS (SELECT series, max(value) FILTER (n = 1) AS last, avg(value) FILTER"    \
    " (n > 1) AS mean, stddev_samp(value) FILTER (n > 1) AS sd FROM w WHERE n <= 65 GROUP BY"      \
    " series) SELECT sum((last - mean) / sd), count(*) FROM s"
#define DUCKDB_SERIES                                                                              \
    "SELECT sum(value), count(*) FROM (SELECT value FROM %s WHERE series = 1623 ORDER BY time"     \
    " DESC LIMIT 65)"
static const char *const DUCKDB_SQL[QUESTIONS] = {
    [ALL] = DUCKDB_ALL,
    [SCAN] = "SELECT sum(value), sum(value * value) FROM %s",
    [SUMMARIES] = "SELECT count(*), avg(value), stddev_samp(value), min(value), max(value) FROM %s",
    [SERIES] = DUCKDB_SERIES,
};

static int ask_duckdb(struct wide *wide, enum question question, unsigned who)
{
    char sql[1024];
    double out[2];
    if (!wide->duckdb || !DUCKDB_SQL[question]) return 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(sql, sizeof sql, DUCKDB_SQL[question], who == DUCKDB_SORTED ? "sorted" : "point");
#pragma GCC diagnostic pop
    double start_s = wall_s();
    if (duckdb_peer_ask(wide->duckdb, sql, 2, out)) return -1;
    samples_add(&took[question][who], wall_s() - start_s);
    return 0;
}

/* -- the table --------------------------------------------------------------------------------- */

/* Of what takes a peer long, it has few turns; one before the first that counts. */
static int is_peers_turn(enum question question, int round)
{
    return question == SERIES || round == -1 || (round >= 0 && round % PEER_EVERY == 0);
}

static int contest(struct wide *wide)
{
    for (int round = -WARM_UP; round < ROUNDS; round++) {
        for (unsigned q = 0; q < QUESTIONS; q++) {
            if (ask_ours(wide, (enum question)q)) return -1;
            if (!is_peers_turn((enum question)q, round)) continue;
            if (ask_sqlite(wide, (enum question)q)) return -1;
            if (ask_duckdb(wide, (enum question)q, DUCKDB)) return -1;
            if (ask_duckdb(wide, (enum question)q, DUCKDB_SORTED)) return -1;
        }
        if (round < 0) memset(took, 0, sizeof took);
    }
    return 0;
}

/* Our time and the peers', these scaled to as many points. */
static void rows_of(enum question question, const char *what, double scale, double peer_scale,
                    double bar_s, double sqlite_bar, double duckdb_bar)
{
    double ours = samples_median(&took[question][OURS]) * scale;
    double sqlite = samples_median(&took[question][SQLITE]) * peer_scale;
    double duckdb = samples_median(&took[question][DUCKDB]) * peer_scale;
    double sorted = samples_median(&took[question][DUCKDB_SORTED]) * peer_scale;
    report_row((struct row){what, FIGURE_TIME, ours, 0, bar_s});
    if (sqlite > 0)
        report_against((struct row){"  beside sqlite", FIGURE_TIME, ours, sqlite, 0}, sqlite_bar);
    if (duckdb > 0)
        report_row((struct row){"  beside duckdb, as appended", FIGURE_TIME, ours, duckdb, 0});
    if (sorted > 0)
        report_against((struct row){"  beside duckdb, sorted copy", FIGURE_TIME, ours, sorted, 0},
                       duckdb_bar);
}

/* -- a process --------------------------------------------------------------------------------- */

enum { NOTHING = SQLITE + 1, PROCESS_WHO };

static int ask_process(const struct setup *setup, struct wide *wide, unsigned who,
                       struct cost *cost)
{
    static char query[] = "query", option[] = "--db", text[] = SERIES_QUERY;
    static char batch[] = "-batch", readonly[] = "-readonly", csv[] = "-csv", sql[] = PEER_SQL_ROWS;
    char own[BENCH_PATH], peer[BENCH_PATH];
    snprintf(own, sizeof own, "%s", setup->pace);
    snprintf(peer, sizeof peer, "%s", setup->sqlite);
    char *ours[] = {own, query, option, wide->path, text, NULL};
    char *theirs[] = {peer, batch, readonly, csv, wide->sqlite_path, sql, NULL};
    if (who == NOTHING) return cost_of_nothing(cost);
    return cost_of_child(who == OURS ? ours : theirs, NULL, cost);
}

/* One series by its names, as people and scripts ask. The peer's file is made what is best for who
 * starts anew. */
static int processes(const struct setup *setup, struct wide *wide)
{
    static struct samples wall[PROCESS_WHO];
    if (peer_settle(wide->sqlite)) return -1;
    for (int round = -WARM_UP; round < PROCESSES; round++)
        for (unsigned who = 0; who < PROCESS_WHO; who++) {
            struct cost cost;
            if (ask_process(setup, wide, who, &cost)) return -1;
            if (round >= 0) samples_add(&wall[who], cost.wall_s);
        }
    report_begin("One series of them by its names, last 65, as a process", "sqlite3");
    report_row((struct row){"pace query", FIGURE_TIME, samples_median(&wall[OURS]),
                            samples_median(&wall[SQLITE]), 1.5e-3});
    report_row((struct row){"  the least", FIGURE_TIME, samples_least(&wall[OURS]),
                            samples_least(&wall[SQLITE]), 0});
    report_row((struct row){"a program that does nothing, linked alike", FIGURE_TIME,
                            samples_median(&wall[NOTHING]), 0, 0});
    report_row((struct row){"  the least", FIGURE_TIME, samples_least(&wall[NOTHING]), 0, 0});
    report_note("medians of %d processes each, in turns; output thrown away", PROCESSES);
    return 0;
}

int store_read(const struct setup *setup, struct wide *wide)
{
    const struct workload *workload = &wide->workload;
    double series = (double)workload->streams * workload->columns;
    double points = series * workload->runs, out[5];
    if (check_wide(wide)) return -1;
    if (wide->duckdb && duckdb_peer_sort(wide->duckdb)) return -1;
    if (peer_scan(wide->sqlite, 0, out)) return -1;
    double peer_points = out[0];
    if (contest(wide)) return -1;
    report_begin("Reading 10,000 series (20 streams x 500) at the worst moment", "peer");
    rows_of(ALL, "all series, last against the 64 before", 1, 1, 2e-3, store_bar(setup, 90),
            store_bar(setup, 190));
    rows_of(SCAN, "full scan, 10 M points (sum, sum of squares)", 1e7 / points, 1e7 / peer_points,
            15e-3, 0, 0);
    rows_of(SUMMARIES, "count, mean, sd, min, max of all points", 1, points / peer_points, 0.5e-3,
            0, 0);
    rows_of(SERIES, "one series by its names, last 65", 1, 1, 25e-6, 0, 0);
    rows_of(QUERY, "all series as a query: text to rows", 1, 1, 0, 0, 0);
    report_note(
        "medians of %d rounds, of long peers %d; peers hold %.1f M points, ours %.1f M; the",
        ROUNDS, 1 + (ROUNDS - 1) / PEER_EVERY, peer_points / 1e6, points / 1e6);
    report_note("peers' scans and summaries are scaled to as many points as ours");
    return processes(setup, wide);
}

/* -- 2,000 streams of 5 columns ---------------------------------------------------------------- */

/* About a million cells a commit: then the indexes of runs are written once for many. */
static int fill_narrow(struct workload *workload, pace *store, struct pace_error *error)
{
    enum { COMMIT_CELLS = 1 << 20 };
    pace_column_handle handles[5];
    size_t stream_cells = (size_t)workload->runs * workload->columns;
    uint32_t some = (uint32_t)(COMMIT_CELLS / stream_cells);
    double *values = malloc(some * stream_cells * sizeof *values);
    int status = values ? workload_handles(workload, store, error, handles) : -1;
    for (uint32_t stream = 0; stream < workload->streams && !status; stream += some) {
        if (some > workload->streams - stream) some = workload->streams - stream;
        for (uint32_t i = 0; i < some; i++)
            workload_values(workload, stream + i, 0, workload->runs, values + i * stream_cells);
        status =
            workload_load(workload, store, handles, stream, some, 0, workload->runs, values, error);
    }
    free(values);
    return status;
}

enum { CYCLE = 64, TIMES = 7 };

/* Asks for all series some times; *cpu_s is the least CPU time of them. */
static int ask_narrow(pace *store, struct pace_error *error, struct samples *wall, double *cpu_s)
{
    struct all_series answer;
    int status = 0;
    wall->count = 0;
    *cpu_s = 1e9;
    for (int i = 0; i < TIMES && !status; i++) {
        double begun_cpu_s = thread_cpu_s(), begun_s = wall_s();
        status = ask_all(store, error, &answer);
        samples_add(wall, wall_s() - begun_s);
        double took_s = thread_cpu_s() - begun_cpu_s;
        if (took_s < *cpu_s) *cpu_s = took_s;
    }
    return status;
}

int store_narrow(const struct setup *setup)
{
    struct workload workload = {
        .streams = 2000, .columns = 5, .runs = setup->is_quick ? 256 : 2100};
    static struct samples now, worst;
    struct pace_error error = {0};
    char path[BENCH_PATH];
    pace *store;
    double slowest_s = 0, cpu_s;
    if (pace_open(store_path(setup, "narrow.pace", path), PACE_CREATE, NULL, &error, &store))
        return store_say("open", &error);
    int status = fill_narrow(&workload, store, &error);
    for (uint32_t i = 0; i < CYCLE && !status; i++) {
        status = workload_store(&workload, store, workload.runs * workload.streams,
                                workload.streams, &error);
        workload.runs++;
        if (!status) status = ask_narrow(store, &error, &now, &cpu_s);
        if (status || cpu_s <= slowest_s) continue;
        slowest_s = cpu_s;
        worst = now;
    }
    if (status)
        store_say("narrow", &error);
    else
        status = check_all(store, &workload);
    pace_close(store);
    if (status) return -1;
    report_begin("The same as 2,000 streams of 5 columns", "");
    report_row((struct row){"all series, last against the 64 before", FIGURE_TIME,
                            samples_median(&worst), 0, 12e-3});
    report_note("median of %d at that of %d moments of a fold cycle which takes the most CPU time,",
                TIMES, CYCLE);
    report_note("at %u runs a stream", workload.runs);
    return 0;
}
