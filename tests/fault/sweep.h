/* sweep.h -- one call after another fails: what the tests of failing allocations, files and LMDB
 * calls share.
 *
 * A SCENARIO opens a store, does something and closes it, once whole to see what it comes to, then
 * again and again with call 1, 2, 3... failing, once or from there on. Each time: it returns 0 or
 * an error with a message, nothing stays allocated or open, the store verifies, and a change is
 * there whole when it was acknowledged, whole or not at all when not. A scenario runs in a child of
 * its own; a crash or a hang there is a failure that names the call.
 *
 * Whoever includes this defines sweep_strikes() calls in what it replaces; faults that strike in
 * verification do not happen: it is disarmed then. */
#ifndef SWEEP_H
#define SWEEP_H

#include "../../query/pace_query.h"
#include "../store_dump.h"

#include "../../engine/store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

enum {
    SWEEP_POINTS = 500, /* of a scenario and manner; PACE_SWEEP=0: all */
    SWEEP_SECONDS = 60, /* after which it hangs */
    SWEEP_RUNS = 12,    /* in the store at first */
    SWEEP_COLUMNS = 6,
};

/* Which call fails, and how far it is. In memory that the parent sees. */
struct sweep {
    volatile int armed, for_good; /* for_good: all calls from there on */
    volatile long seen, strike_at;
    volatile int manner,
        tells_of_damage;     /* 1: the faults are such that LMDB calls the file damaged */
    const char *volatile in; /* static: what is being looked at */
};
static struct sweep *sweep;

static inline int sweep_strikes(void)
{
    if (!sweep || !sweep->armed) return 0;
    long number = __atomic_add_fetch(&sweep->seen, 1, __ATOMIC_RELAXED);
    return number == sweep->strike_at || (sweep->for_good && number > sweep->strike_at);
}

/* What a scenario leaves allocated, where somebody counts. */
static long (*sweep_live)(void);

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* -- scenarios ------------------------------------------------------------------------------- */

static pace_run *sweep_run(pace *store, int i, struct pace_error *error)
{
    struct pace_run_info info = run_at(T0_NS + i * 60 * SECOND_NS);
    char commit[16];
    pace_run *run;
    snprintf(commit, sizeof commit, "%08x", i * 7919);
    info.commit = commit;
    if (pace_run_begin(store, &info, error, &run)) return NULL;
    int rc = pace_run_put_meta(run, "host", "one", error);
    for (int c = 0; !rc && c < SWEEP_COLUMNS; c++) {
        char name[24];
        double samples[] = {i, c, i + c};
        snprintf(name, sizeof name, "benchmark-%d", c + (i > SWEEP_RUNS ? i : 0));
        struct pace_cell cell = cell_of(name, i * 10 + c);
        if (c == 1) cell.samples = samples, cell.sample_count = 3;
        rc = pace_run_put(run, &cell, error);
    }
    if (!rc) return run;
    pace_run_free(run);
    return NULL;
}

/* Commits runs from..until at once. */
static int sweep_commit(pace *store, int from, int until, struct pace_error *error)
{
    pace_run *runs[64] = {NULL};
    int count = 0, rc = 0;
    while (from + count < until && (runs[count] = sweep_run(store, from + count, error)))
        count++;
    rc = from + count < until ? error->code
                              : pace_runs_commit(store, runs, (size_t)count, error, NULL);
    while (count)
        pace_run_free(runs[--count]);
    return rc;
}

static int append(const char *dir, struct pace_error *error)
{
    pace *store;
    int rc = pace_open(dir, PACE_CREATE, NULL, error, &store);
    if (rc) return rc;
    rc = sweep_commit(store, SWEEP_RUNS, SWEEP_RUNS + 1, error);
    pace_close(store);
    return rc;
}

/* Blocks are written at once, folded and merged, and the map grows. */
static int append_many(const char *dir, struct pace_error *error)
{
    static const struct fold_limits limits = {.runs = 4,
                                              .cells = 1 << 30,
                                              .least_runs = 1,
                                              .keep_rows = 2,
                                              .large_runs = 8,
                                              .keep_runs = 4,
                                              .step_cells = 16,
                                              .step_factor = 2,
                                              .direct_runs = 20,
                                              .totals_rows = 3};
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 20};
    pace *store;
    int rc = pace_open(dir, 0, &options, error, &store);
    if (rc) return rc;
    store->limits = limits;
    store->tail_runs = 8;
    rc = sweep_commit(store, SWEEP_RUNS, SWEEP_RUNS + 40, error);
    pace_close(store);
    return rc;
}

static int facts(const char *dir, struct pace_error *error)
{
    struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "benchmark:x", .at_ns = 1};
    struct pace_start_point start = {.branch = "main", .commit = "00001eef", .time_ns = T0_NS};
    pace *store;
    uint64_t id;
    int rc = pace_open(dir, 0, NULL, error, &store);
    if (rc) return rc;
    rc = pace_mark_add(store, &mark, error, &id);
    if (!rc) rc = pace_mark_undo(store, id, error);
    if (!rc) rc = pace_object_put(store, PACE_OBJECT_VIEW, "view", "branch:main", error, NULL);
    if (!rc) rc = pace_measure_put(store, "app", "size", "B", PACE_LOWER_IS_BETTER, error);
    if (!rc) rc = pace_start_point_set(store, "app", "pr/1", &start, error);
    pace_close(store);
    return rc;
}

static int scan(const char *dir, struct pace_error *error)
{
    pace *store;
    uint64_t hash;
    int rc = pace_open(dir, 0, NULL, error, &store);
    if (rc) return rc;
    rc = dump_store(store, 0, &hash);
    if (rc) snprintf(error->message, sizeof error->message, "not asked for");
    pace_close(store);
    return rc;
}

static int ask(pace *store, const char *text, struct pace_error *error)
{
    struct pace_query_options options = {
        .struct_size = sizeof options, .now_ns = T0_NS, .thread_points = 1};
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    pace_session *session;
    pace_query *query = NULL;
    int rc = pace_session_open(store, &options, error, &session);
    if (rc) return rc;
    rc = pace_prepare(session, text, strlen(text), error, &query);
    while (!rc && step != PACE_STEP_END)
        rc = pace_step(query, error, &step, &rows);
    if (rc != PACE_ENOMEM || query) pace_query_free(query);
    pace_session_close(session);
    return rc;
}

static int query(const char *dir, struct pace_error *error)
{
    pace *store;
    int rc = pace_open(dir, PACE_READONLY, NULL, error, &store);
    if (rc) return rc;
    rc = ask(store,
             "branch:main | check percentage 10% over 5; "
             "branch:main | summarize mean(value), p90(value), count() by benchmark; "
             "branch:main | last 4 | versus branch:main | where ratio > 0 | sort delta desc; "
             "branch:main | changes",
             error);
    pace_close(store);
    return rc;
}

static int backup(const char *dir, struct pace_error *error)
{
    char to[8192];
    pace *store;
    uint64_t bytes;
    snprintf(to, sizeof to, "%s/copy", dir);
    int rc = pace_open(dir, 0, NULL, error, &store);
    if (rc) return rc;
    rc = pace_backup(store, to, 0, error, &bytes);
    pace_close(store);
    return rc;
}

static int compact(const char *dir, struct pace_error *error)
{
    return pace_compact(dir, NULL, error, NULL);
}

static int verify(const char *dir, struct pace_error *error)
{
    return pace_verify(dir, NULL, NULL, error, NULL);
}

struct scenario {
    const char *name;
    int (*act)(const char *dir, struct pace_error *error);
    int runs;  /* that it adds */
    int fresh; /* 1: there is no store yet */
};
static const struct scenario scenarios[] = {
    {"create", append, 1, 1}, {"append", append, 1, 0}, {"append many", append_many, 40, 0},
    {"facts", facts, 0, 0},   {"scan", scan, 0, 0},     {"query", query, 0, 0},
    {"backup", backup, 0, 0}, {"verify", verify, 0, 0}, {"compact", compact, 0, 0},
};

/* -- one point ------------------------------------------------------------------------------- */

static void copy_file(const char *from, const char *to)
{
    char buffer[1 << 16];
    ssize_t got;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, buffer, sizeof buffer)) > 0)
        assert_int_equal(write(out, buffer, (size_t)got), got);
    close(in);
    close(out);
}

/* A directory with a copy of the store, or with nothing. */
static char *sweep_copy(const struct scenario *scenario, const char *template)
{
    char from[8192], to[8192], *dir = make_directory();
    if (scenario->fresh) return dir;
    snprintf(from, sizeof from, "%s/data.mdb", template);
    snprintf(to, sizeof to, "%s/data.mdb", dir);
    copy_file(from, to);
    return dir;
}

/* The store is whole, and can be written. The number of its runs. */
static int64_t runs_of(const char *dir)
{
    struct pace_verified seen;
    struct pace_error own = {0};
    pace *store;
    if (!pace_open(dir, PACE_CREATE, NULL, NULL, &store)) pace_close(store); /* was there one? */
    if (pace_verify(dir, print_damage, NULL, &own, &seen)) {
        printf("# verify: %s\n", own.message);
        return -1;
    }
    if (pace_open(dir, 0, NULL, &own, &store)) {
        printf("# open: %s\n", own.message);
        return -1;
    }
    int rc = sweep_commit(store, SWEEP_RUNS + 100, SWEEP_RUNS + 101, &own);
    if (rc) printf("# append afterwards: %s\n", own.message);
    pace_close(store);
    return rc ? -1 : (int64_t)seen.runs;
}

enum { SWEEP_BAD = 1, SWEEP_LAST = 2 };

/* Runs a scenario with one call failing. SWEEP_LAST: it had fewer calls than that. */
static int sweep_point(const struct scenario *scenario, const char *template, long strike_at)
{
    struct pace_error error = {0};
    char *dir = sweep_copy(scenario, template);
    long live = sweep_live ? sweep_live() : 0;
    int files = open_files(), result = 0;
    sweep->strike_at = strike_at;
    sweep->seen = 0;
    alarm(SWEEP_SECONDS);
    sweep->armed = 1;
    int rc = scenario->act(dir, &error);
    sweep->armed = 0;
    if (sweep->seen < strike_at) result = SWEEP_LAST;
    const char *bad = NULL;
    if (sweep_live && sweep_live() != live) bad = "it leaves memory allocated";
    if (open_files() != files) bad = "it leaves files open";
    if (rc && !error.message[0]) bad = "it fails without a message";
    if (rc == PACE_ECORRUPT && !sweep->tells_of_damage) bad = "it calls a good store damaged";
    int64_t runs = runs_of(dir), more = scenario->fresh ? runs : runs - SWEEP_RUNS;
    if (runs < 0) bad = "the store is not good afterwards";
    if (runs >= 0 && more != scenario->runs && (more || !rc)) bad = "it has other runs";
    if (result == SWEEP_LAST && rc) bad = "it fails by itself";
    if (bad) {
        printf("# %s, call %ld, manner %d: %s (code %d: %s; %lld runs more)\n", scenario->name,
               strike_at, sweep->manner, bad, rc, error.message, (long long)more);
        result = SWEEP_BAD;
    }
    remove_tree(dir);
    return result;
}

/* -- all points ------------------------------------------------------------------------------ */

static char *sweep_template(void)
{
    char *dir = make_directory();
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    store_ok(sweep_commit(store, 0, SWEEP_RUNS, error));
    pace_close(store);
    return dir;
}

/* In the child: every call of a scenario, or as many as there is time for, spread by chance. */
static int sweep_scenario(const struct scenario *scenario, const char *template, uint64_t seed)
{
    const char *given = getenv("PACE_SWEEP");
    long most = given && given[0] ? atol(given) : SWEEP_POINTS, calls, step = 1;
    long (*live)(void) = sweep_live;
    sweep_live = NULL; /* at first what is made once in a process is made */
    int bad = sweep_point(scenario, template, 1L << 60) == SWEEP_BAD;
    sweep_live = live;
    bad += sweep_point(scenario, template, 1L << 60) == SWEEP_BAD;
    calls = sweep->seen;
    if (most > 0 && calls > most) step = calls / most + 1;
    for (long at = 1 + (long)(seed % (uint64_t)step); at <= calls; at += step)
        bad += sweep_point(scenario, template, at) == SWEEP_BAD;
    printf("# note %s, manner %d: %ld calls, one of %ld failed\n", scenario->name, sweep->manner,
           calls, step);
    fflush(stdout);
    return bad > 0;
}

/* Sweeps all scenarios in a manner. How many were bad. */
static int sweep_all(int manner, int for_good, int tells_of_damage)
{
    const char *given = getenv("PACE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    /* Thousands of stores that nothing has to outlast: in memory, where there is such a place. */
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    char *template = sweep_template();
    int bad = 0;
    if (!sweep)
        sweep =
            mmap(NULL, sizeof *sweep, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(sweep != MAP_FAILED);
    printf("# note PACE_SEED=%llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        int status;
        *sweep = (struct sweep){
            .manner = manner, .for_good = for_good, .tells_of_damage = tells_of_damage};
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            for (int number = 1; number < 32; number++)
                signal(number, SIG_DFL); /* cmocka's handlers go on with the next test */
            _exit(sweep_scenario(&scenarios[i], template, seed));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status))
            printf("# %s, call %ld, manner %d: signal %d\n", scenarios[i].name, sweep->strike_at,
                   manner, WTERMSIG(status));
        bad += status != 0;
    }
    remove_tree(template);
    return bad;
}

#endif
