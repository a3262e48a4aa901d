/* test_kept.c -- `changes using focus` from the states that are kept, against the same from all
 * points: random stores with late runs, gaps, failed cells, marks taken and undone, branches,
 * renamed benchmarks, and a writer that brings the states up to date now and then. PACE_SEED
 * repeats a run. */
#include "../query_help.h"
#include "../store_help.h"

#include "../../query/kept.h"

#include <sys/wait.h>
#include <time.h>

enum { BENCHMARKS = 5, ROUNDS = 6, STEPS = 420 };

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double uniform(void)
{
    return (double)(next_random() >> 11) / 9007199254740992.0;
}

static size_t below(size_t n)
{
    return (size_t)(uniform() * (double)n);
}

static double noise(void)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum - 6;
}

struct world {
    pace *store;
    pace_session *session;
    int64_t now_ns; /* of the newest run */
    double level[BENCHMARKS];
    uint64_t runs, marks;
    bool renamed;
    unsigned from_kept, rows; /* answers that read less; rows in all answers */
};

static uint64_t add_run(struct world *world, const char *branch, int64_t time_ns)
{
    static const char *const names[] = {"a", "b", "c/x", "c/y", "d"};
    struct pace_run_info info = run_at(time_ns);
    struct pace_run_result result;
    char commit[32];
    pace_run *run;
    snprintf(commit, sizeof commit, "%08llx",
             (unsigned long long)(time_ns / SECOND_NS - 1700000000) + 0x10000000u);
    info.branch = branch;
    info.commit = commit;
    if (strcmp(branch, "pr") == 0) {
        info.start_branch = "main";
        info.start_time_ns = T0_NS + 100 * SECOND_NS;
    }
    store_ok(pace_run_begin(world->store, &info, error, &run));
    for (int b = 0; b < BENCHMARKS; b++) {
        if (uniform() < 0.01) world->level[b] += 8 * noise();
        if (b > 0 && uniform() < 0.05) continue;
        const char *name = b == 4 && world->renamed ? "e" : names[b];
        struct pace_cell cell = cell_of(name, b == 3 ? 1000 : world->level[b] + noise());
        if (b == 3 && world->runs > 200) cell.value = 1100;
        if (uniform() < 0.02) cell.status = PACE_CELL_FAILED;
        store_ok(pace_run_put(run, &cell, error));
    }
    struct pace_cell dotted = cell_of("a", noise());
    dotted.measure = "latency.min";
    store_ok(pace_run_put(run, &dotted, error));
    store_ok(pace_runs_commit(world->store, &run, 1, error, &result));
    pace_run_free(run);
    world->runs++;
    return result.run;
}

/* The same rows from all points: what `where` lets through is no scan. */
static void compare(struct world *world, const char *selector, const char *range)
{
    char text[2][200], *rows[2];
    struct pace_outcome outcome[2];
    snprintf(text[0], sizeof text[0], "%s | %s | changes using focus", selector, range);
    snprintf(text[1], sizeof text[1], "%s | %s | where value is not none | changes using focus",
             selector, range);
    for (int i = 0; i < 2; i++)
        query_run(world->session, text[i], &rows[i], &outcome[i]);
    if (strcmp(rows[0], rows[1]) != 0) fail_msg("%s gives\n%s\nnot\n%s", text[0], rows[0], rows[1]);
    world->from_kept += outcome[0].points_read < outcome[1].points_read;
    world->rows += (unsigned)outcome[0].rows;
    for (int i = 0; i < 2; i++)
        free(rows[i]);
}

static void compare_all(struct world *world)
{
    static const char *const selectors[] = {"branch:main", "branch:pr", "benchmark:c/*",
                                            "branch:main measure:latency.min", "testbed:ci"};
    static const char *const ranges[] = {"last run", "last 1",         "last 12",
                                         "last 70",  "last 9 commits", "last 20s"};
    char since[64];
    for (size_t s = 0; s < sizeof selectors / sizeof *selectors; s++)
        compare(world, selectors[s], ranges[below(sizeof ranges / sizeof *ranges)]);
    time_t then = (time_t)(world->now_ns / SECOND_NS) - (time_t)below(90);
    strftime(since, sizeof since, "since %Y-%m-%dT%H:%M:%SZ", gmtime(&then));
    compare(world, "branch:main", since);
    compare(world, "branch:main", "first 300");
}

static void mark(struct world *world)
{
    char text[160];
    size_t kind = below(5);
    if (kind == 0 && world->marks) {
        snprintf(text, sizeof text, "mark undo %zu", 1 + below(world->marks));
        pace_query *query;
        enum pace_step step = PACE_STEP_ROWS;
        const struct pace_rows *rows;
        int status = pace_prepare(world->session, text, strlen(text), NULL, &query);
        while (!status && step != PACE_STEP_END)
            status = pace_step(query, NULL, &step, &rows); /* may be undone already */
        pace_query_free(query);
        return;
    }
    if (kind <= 2)
        snprintf(text, sizeof text, "mark exclude run:%zu", 1 + below(world->runs));
    else if (kind == 3)
        snprintf(text, sizeof text, "mark exclude benchmark:%s commit:%08zx",
                 below(2) ? "a" : "c/*", 0x10000000u + below(world->runs));
    else
        snprintf(text, sizeof text, "mark accept benchmark:b at commit:%08zx",
                 0x10000000u + below(world->runs / 2));
    pace_query *query;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    int status = pace_prepare(world->session, text, strlen(text), NULL, &query);
    while (!status && step != PACE_STEP_END)
        status = pace_step(query, NULL, &step, &rows);
    world->marks += status == 0; /* there may be no such commit */
    pace_query_free(query);
}

static void round_of(struct world *world, const char *dir)
{
    *world = (struct world){.now_ns = T0_NS};
    for (int b = 0; b < BENCHMARKS; b++)
        world->level[b] = 100;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &world->store));
    world->session = query_session(world->store, T0_NS + 100000 * SECOND_NS);
    for (int step = 0; step < STEPS; step++) {
        double what = uniform();
        int64_t time_ns = world->now_ns + SECOND_NS;
        if (what < 0.06) {
            time_ns -= (int64_t)(1 + below(what < 0.02 ? 150 : 8)) * SECOND_NS;
            if (time_ns < T0_NS) time_ns = T0_NS;
        }
        if (time_ns > world->now_ns) world->now_ns = time_ns;
        uint64_t run = add_run(world, what > 0.93 && step > 150 ? "pr" : "main", time_ns);
        if (uniform() < 0.3) store_ok(pace_keep(world->session, below(8) ? run : 0, error));
        if (step > 50 && uniform() < 0.04) mark(world);
        if (step == 300 && below(2)) {
            world->renamed = true;
            query_run(world->session, "mark alias benchmark:d as benchmark:e", NULL, NULL);
        }
        if (step % 12 == 0) compare_all(world);
    }
    pace_session_close(world->session);
    pace_close(world->store);
    int damages = 0;
    store_ok(pace_verify(dir, print_damage, &damages, error, NULL));
}

static void test_random(void **state)
{
    (void)state;
    const char *given = getenv("PACE_SEED");
    uint64_t first = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    unsigned from_kept = 0, rows = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct world world;
        char *dir = make_directory();
        random_state = first + (uint64_t)round;
        print_message("# seed %llu\n", (unsigned long long)random_state);
        round_of(&world, dir);
        from_kept += world.from_kept;
        rows += world.rows;
        remove_tree(dir);
    }
    print_message("# %u answers from kept states, %u rows\n", from_kept, rows);
    assert_true(from_kept > 50 && rows > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
