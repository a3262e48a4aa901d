/* bench_execute.c -- the numbers of the query language: text to rows in process, each figure beside
 * its bar and its peers.
 *
 *   usage: bench_execute SCRATCH [--quick] [--duckdb LIBRARY] [--model TEST] [--only LETTERS]
 *
 * The questions go through pace_query.h; rows are counted and looked at, not printed. SQLite is
 * asked from C in its best form, DuckDB where its library is there (make deps-duckdb). TEST is the
 * program of the random queries (build/tests/model/test_query_model), whose peak memory is the
 * first line. LETTERS says which tables: w (10,000 series), s (one series), m (memory). The
 * aggregates of one series are asked of ten million points; with --quick of a million, with bars of
 * a tenth. */
#include "peer_duckdb.h"
#include "peer_sqlite.h"
#include "report.h"
#include "timing.h"

#include "../query/pace_query.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATH_BYTES = 4096,
    WINDOW = 64, /* of the check */
    COMMIT_RUNS = 50000,
    FIGURES = 3, /* looked at per question */
    MODEL_BYTES =
        96 << 20, /* what the random queries may use: tests/model/test_query_model.c asserts it */
};

static const struct workload WIDE = {.streams = 20, .columns = 500, .runs = 1000};

struct setup {
    const char *scratch, *duckdb, *model, *only;
    bool is_quick; /* a million points in the deep series, not ten, and a tenth of the bars */
};

/* One workload in all contestants. */
struct stores {
    pace *store;
    pace_session *session;
    struct peer *sqlite;
    struct duckdb *duckdb; /* NULL: not there */
};

/* -- asking ------------------------------------------------------------------------------------ */

static int say(const char *what, const struct pace_error *error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error->message);
    return -1;
}

/* Rows of an answer, and of its last row the last numbers. */
struct answer {
    uint64_t rows;
    double last[FIGURES];
};

static void look_at(const struct pace_rows *rows, struct answer *answer)
{
    size_t count = 0;
    answer->rows += rows->count;
    for (size_t f = rows->field_count; f-- > 0 && count < FIGURES;)
        if (rows->fields[f].type == PACE_FIELD_NUMBER)
            answer->last[count++] = rows->fields[f].number[rows->count - 1];
}

static int ask(pace_session *session, const char *text, struct answer *answer)
{
    struct pace_error error = {0};
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    pace_query *query = NULL;
    *answer = (struct answer){0};
    int status = pace_prepare(session, text, strlen(text), &error, &query);
    while (!status && step != PACE_STEP_END) {
        status = pace_step(query, &error, &step, &rows);
        if (!status && step == PACE_STEP_ROWS) look_at(rows, answer);
    }
    pace_query_free(query);
    return status ? say(text, &error) : 0;
}

/* -- the contestants --------------------------------------------------------------------------- */

static int fill_stream(const struct workload *workload, struct stores *stores,
                       const pace_column_handle *handles, uint32_t stream, double *values)
{
    struct pace_error error = {0};
    int status = 0;
    for (uint32_t first = 0; first < workload->runs && !status; first += COMMIT_RUNS) {
        uint32_t left = workload->runs - first, count = left < COMMIT_RUNS ? left : COMMIT_RUNS;
        workload_values(workload, stream, first, count, values);
        if (workload_load(workload, stores->store, handles, stream, 1, first, count, values,
                          &error))
            return say("load", &error);
        if (stores->duckdb) status = duckdb_peer_load(stores->duckdb, stream, first, count, values);
    }
    return status;
}

static int fill(const struct workload *workload, struct stores *stores)
{
    struct pace_error error = {0};
    uint32_t most = workload->runs < COMMIT_RUNS ? workload->runs : COMMIT_RUNS;
    pace_column_handle *handles = malloc(workload->columns * sizeof *handles);
    double *values = malloc((size_t)most * workload->columns * sizeof *values);
    int status = handles && values ? 0 : -1;
    if (!status && workload_handles(workload, stores->store, &error, handles))
        status = say("columns", &error);
    for (uint32_t stream = 0; stream < workload->streams && !status; stream++)
        status = fill_stream(workload, stores, handles, stream, values);
    free(handles);
    free(values);
    if (!status && stores->sqlite) status = peer_fill(stores->sqlite, workload->runs);
    if (!status && stores->sqlite) status = peer_settle(stores->sqlite);
    return status ? status : stores->duckdb ? duckdb_peer_sort(stores->duckdb) : 0;
}

static const char *path_of(const struct setup *setup, const char *name, const char *what,
                           char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s.%s", setup->scratch, name, what);
    return out;
}

static void stores_close(struct stores *stores)
{
    pace_session_close(stores->session);
    pace_close(stores->store);
    peer_close(stores->sqlite);
    duckdb_peer_close(stores->duckdb);
}

static int stores_open(const struct setup *setup, const char *name, const struct workload *workload,
                       struct stores *out)
{
    struct pace_error error = {0};
    const struct pace_query_options options = {.struct_size = sizeof options};
    char path[PATH_BYTES];
    *out = (struct stores){.store = NULL};
    int status = 0;
    if (pace_open(path_of(setup, name, "pace", path), PACE_CREATE, NULL, &error, &out->store) ||
        pace_session_open(out->store, &options, &error, &out->session))
        status = say("open", &error);
    if (!status) status = peer_open(path_of(setup, name, "sqlite", path), workload, &out->sqlite);
    if (!status && setup->duckdb)
        status = duckdb_peer_open(setup->duckdb, path_of(setup, name, "duckdb", path), workload,
                                  &out->duckdb);
    if (!status) status = fill(workload, out);
    if (status) stores_close(out);
    return status;
}

/* -- one figure -------------------------------------------------------------------------------- */

/* Contestants take turns. The first turn warms them up; in each of the others a peer is asked once,
 * and we again and again for a third of a second, at least twice, after a question that does not
 * count: what a peer leaves in the caches is not ours. */
static const double TURN_S = 1. / 3;
enum { TURNS = 4, ASKED_LEAST = 2, ASKED_MOST = 101 };

static int turn_ours(pace_session *session, const char *text, struct answer *answer,
                     struct samples *samples)
{
    double begin_s = wall_s();
    if (ask(session, text, answer)) return -1;
    for (int i = 0; i < ASKED_LEAST || (i < ASKED_MOST && wall_s() - begin_s < TURN_S); i++) {
        double start_s = wall_s();
        if (ask(session, text, answer)) return -1;
        samples_add(samples, wall_s() - start_s);
    }
    return 0;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static int wrong(const char *text, double ours, double theirs)
{
    fprintf(stderr, "bench: %s: %.17g, but sqlite has %.17g\n", text, ours, theirs);
    return -1;
}

/* A question in the languages of all three; sqlite or duckdb NULL: it has no good form there.
 * SQLite's may be a function in place of a text: it gives the numbers that the last row of a text
 * would have. */
enum same { SAME_NOTHING, SAME_LAST, SAME_ROWS };
struct question {
    const char *what, *text, *sqlite, *duckdb;
    double bar_s, least; /* bars: our time, how many times DuckDB's (0: none) */
    enum same same; /* what of our answer is SQLite's first number: of our last row, or the rows */
    int (*sqlite_in_c)(struct peer *peer, double *last);
    double sqlite_least; /* bar: how many times SQLite's (0: none) */
};

enum { OURS, SQLITE, DUCKDB, CONTESTANTS };

static int turn_peer(struct stores *stores, const struct question *question, unsigned who,
                     double *last, struct samples *samples)
{
    double start_s = wall_s(), unused[1];
    int status = 0;
    if (who == SQLITE && question->sqlite_in_c)
        status = question->sqlite_in_c(stores->sqlite, last);
    else if (who == SQLITE && question->sqlite)
        status = peer_ask(stores->sqlite, question->sqlite, FIGURES, last);
    else if (who == DUCKDB && stores->duckdb && question->duckdb)
        status = duckdb_peer_ask(stores->duckdb, question->duckdb, 1, unused);
    else
        return 0;
    samples_add(samples, wall_s() - start_s);
    return status;
}

static int question_run(struct stores *stores, const struct question *question)
{
    static struct samples samples[CONTESTANTS];
    struct answer answer;
    double last[FIGURES] = {0}, took[CONTESTANTS];
    for (int turn = 0; turn < TURNS; turn++) {
        for (unsigned who = 0; turn < 2 && who < CONTESTANTS; who++)
            samples[who].count = 0;
        if (turn_ours(stores->session, question->text, &answer, &samples[OURS])) return -1;
        for (unsigned who = SQLITE; who < CONTESTANTS; who++)
            if (turn_peer(stores, question, who, last, &samples[who])) return -1;
    }
    double own = question->same == SAME_ROWS ? (double)answer.rows : answer.last[0];
    if (question->same != SAME_NOTHING && !near(own, last[0]))
        return wrong(question->text, own, last[0]);
    for (unsigned who = 0; who < CONTESTANTS; who++)
        took[who] = samples_median(&samples[who]);
    report_row((struct row){question->what, FIGURE_TIME, took[OURS], 0, question->bar_s});
    if (took[SQLITE] > 0)
        report_against((struct row){"  beside sqlite", FIGURE_TIME, took[OURS], took[SQLITE], 0},
                       question->sqlite_least);
    if (took[DUCKDB] > 0)
        report_against((struct row){"  beside duckdb", FIGURE_TIME, took[OURS], took[DUCKDB], 0},
                       question->least);
    return 0;
}

/* -- 10,000 series x 1,000 points ---------------------------------------------------------------- */

/* SQLite's best form: the newest points of each series by its index, the rest in C. */
static int sqlite_all(struct peer *peer, double *high)
{
    double values[WINDOW + 1];
    *high = 0;
    int status = peer_begin(peer);
    for (uint32_t stream = 0; stream < WIDE.streams && !status; stream++)
        for (uint32_t column = 0; column < WIDE.columns && !status; column++) {
            double sum = 0, squares = 0;
            status = peer_last(peer, stream, column, WINDOW + 1, values);
            for (size_t i = 0; i < WINDOW; i++)
                sum += values[i];
            for (size_t i = 0; i < WINDOW; i++)
                squares += (values[i] - sum / WINDOW) * (values[i] - sum / WINDOW);
            *high += values[WINDOW] > sum / WINDOW + 3 * sqrt(squares / (WINDOW - 1));
        }
    return status ? status : peer_end(peer);
}

static const char DUCKDB_ALL[] =
    "SELECT count(*)::DOUBLE FROM (SELECT series,"
    " max(CASE WHEN r = 1 THEN value END) AS newest,"
    " avg(CASE WHEN r > 1 THEN value END) AS mean,"
    " stddev(CASE WHEN r > 1 THEN value END) AS sd FROM (SELECT series, value,"
    " row_number() OVER (PARTITION BY series ORDER BY time DESC) AS r FROM sorted)"
    " WHERE r <= 65 GROUP BY series) WHERE newest > mean + 3 * sd";

static int wide(const struct setup *setup)
{
    static const struct question question = {
        .what = "check z-score upper 3sd over 64 | last 1",
        .text = "measure:latency | check z-score upper 3sd over 64 | last 1 | where high",
        .duckdb = DUCKDB_ALL,
        .bar_s = 4e-3,
        .least = 90,
        .same = SAME_ROWS,
        .sqlite_in_c = sqlite_all,
        .sqlite_least = 45,
    };
    struct stores stores;
    if (stores_open(setup, "wide", &WIDE, &stores)) return -1;
    report_begin("10,000 series x 1,000 points: text to rows, in process", "peer");
    int status = question_run(&stores, &question);
    stores_close(&stores);
    return status;
}

/* -- one long series --------------------------------------------------------------------------- */

static const struct question DEEP_QUESTIONS[] = {
    {"mean, stddev and p99 by benchmark",
     "measure:latency | summarize stddev(value), p99(value), mean(value) by benchmark", NULL,
     "SELECT avg(value), stddev(value), quantile_cont(value, 0.99) FROM sorted", 80e-3, 5,
     SAME_NOTHING, NULL, 0},
    {"mean and stddev by benchmark",
     "measure:latency | summarize stddev(value), mean(value) by benchmark",
     "SELECT avg(value), sum(value * value) FROM point",
     "SELECT avg(value), stddev(value) FROM sorted", 1e-3, 0, SAME_LAST, NULL, 0},
};

#define FRAME "(ORDER BY time ROWS BETWEEN "
static const struct question LONG_QUESTIONS[] = {
    {"rolling mean and deviation over 30",
     "measure:latency | derive s = stddev(value) over 30, m = mean(value) over 30 | keep time, s, "
     "m",
     "SELECT avg(value) OVER w, sum(value * value) OVER w FROM point WHERE series = 1"
     " WINDOW w AS " FRAME "30 PRECEDING AND 1 PRECEDING)",
     "SELECT max(m), max(s) FROM (SELECT avg(value) OVER w AS m, stddev(value) OVER w AS s"
     " FROM sorted WINDOW w AS " FRAME "30 PRECEDING AND 1 PRECEDING))",
     12e-3, 50, SAME_LAST, NULL, 0},
    {"the same, every column of every row",
     "measure:latency | derive s = stddev(value) over 30, m = mean(value) over 30", NULL, NULL, 0,
     0, SAME_NOTHING, NULL, 0},
    {"rolling median over 64", "measure:latency | derive m = median(value) over 64 | keep time, m",
     NULL,
     "SELECT max(m) FROM (SELECT median(value) OVER w AS m FROM sorted"
     " WINDOW w AS " FRAME "64 PRECEDING AND 1 PRECEDING))",
     120e-3, 0, SAME_NOTHING, NULL, 0},
    {"check t-test 99% over 64 of every point",
     "measure:latency | check t-test 99% over 64 | where worse", NULL, NULL, 100e-3, 0,
     SAME_NOTHING, NULL, 0},
    {"all points, every column", "measure:latency", NULL, NULL, 0, 0, SAME_NOTHING, NULL, 0},
};

static int questions_run(struct stores *stores, const char *title, const struct question *questions,
                         size_t count, double scale)
{
    int status = 0;
    report_begin(title, "peer");
    for (size_t i = 0; i < count && !status; i++) {
        struct question question = questions[i];
        question.bar_s *= scale;
        status = question_run(stores, &question);
    }
    return status;
}

static int rolling(struct stores *stores)
{
    return questions_run(stores, "A series of a million points", LONG_QUESTIONS,
                         sizeof LONG_QUESTIONS / sizeof *LONG_QUESTIONS, 1);
}

static int aggregates(struct stores *stores, const char *title, double scale)
{
    return questions_run(stores, title, DEEP_QUESTIONS,
                         sizeof DEEP_QUESTIONS / sizeof *DEEP_QUESTIONS, scale);
}

static int one_series(const struct setup *setup)
{
    static const struct workload million = {.streams = 1, .columns = 1, .runs = 1000000};
    static const struct workload ten = {.streams = 1, .columns = 1, .runs = 10000000};
    struct stores stores;
    if (stores_open(setup, "long", &million, &stores)) return -1;
    int status = rolling(&stores);
    if (!status && setup->is_quick)
        status = aggregates(&stores, "The same series, bars a tenth of those for 10 million", 0.1);
    stores_close(&stores);
    if (status || setup->is_quick) return status;
    if (stores_open(setup, "deep", &ten, &stores)) return -1;
    status = aggregates(&stores, "A series of 10 million points", 1);
    stores_close(&stores);
    return status;
}

/* -- memory of the random queries ------------------------------------------------------------------ */

static int memory(const char *program)
{
    struct rusage usage;
    int code;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(127);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &code, 0, &usage) < 0 || code != 0) {
        fprintf(stderr, "bench: %s failed\n", program);
        return -1;
    }
    report_begin("Random queries against the model, in a process of their own", "");
    report_row((struct row){"peak memory of the process, the model included", FIGURE_BYTES,
                            (double)usage.ru_maxrss * 1024, 0, MODEL_BYTES});
    return 0;
}

/* ---------------------------------------------------------------------------------------------- */

static int read_arguments(int argc, char **argv, struct setup *setup)
{
    *setup = (struct setup){.scratch = argv[1], .only = "wsm"};
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--quick") == 0) {
            setup->is_quick = true;
            continue;
        }
        if (value && strcmp(argv[i], "--duckdb") == 0)
            setup->duckdb = value;
        else if (value && strcmp(argv[i], "--model") == 0)
            setup->model = value;
        else if (value && strcmp(argv[i], "--only") == 0)
            setup->only = value;
        else
            return -1;
        i++;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct setup setup;
    unsigned met, missed;
    if (argc < 2 || read_arguments(argc, argv, &setup)) {
        fputs("usage: bench_execute SCRATCH [--quick] [--duckdb LIBRARY] [--model TEST]"
              " [--only LETTERS]\n",
              stderr);
        return 2;
    }
    /* First, while this process is small: the peak of a child begins as that of its parent. */
    int status = setup.model && strchr(setup.only, 'm') ? memory(setup.model) : 0;
    if (!status && strchr(setup.only, 'w')) status = wide(&setup);
    if (!status && strchr(setup.only, 's')) status = one_series(&setup);
    if (status) return 1;
    report_count(&met, &missed);
    printf("\n%u bars met, %u missed\n", met, missed);
    return 0;
}
