/* test_kept.c -- values that are kept of a stream: what may be stored, copies, damage, two
 * processes, and answers of `changes using focus` that rest on them. PACE_SEED repeats a run. */
#include "../child.h"
#include "../damage.h"
#include "../query_help.h"
#include "../store_help.h"

#include "../../engine/kept.h"
#include "../../query/kept.h"

#include <time.h>

enum { COLUMNS = 40, RUNS = 150 };

/* Every second column steps up, one after the other; some once more among the last runs. */
static void add_run(pace *store, int i)
{
    struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
    pace_run *run;
    store_ok(pace_run_begin(store, &info, error, &run));
    for (int c = 0; c < COLUMNS; c++) {
        char name[16];
        uint64_t state = (uint64_t)(i * COLUMNS + c);
        snprintf(name, sizeof name, "b-%d", c);
        double value = 100 + (double)damage_below(&state, 1000) / 500;
        int step = (c % 2 && i >= RUNS - 84 + c ? 20 : 0) + (c % 10 == 3 && i >= RUNS - 6 ? 20 : 0);
        store_ok(pace_run_put(run,
                              &(struct pace_cell){.benchmark = name,
                                                  .measure = "latency",
                                                  .value = value + step,
                                                  .lower = (double)NAN,
                                                  .upper = (double)NAN},
                              error));
    }
    store_ok(pace_runs_commit(store, &run, 1, error, NULL));
    pace_run_free(run);
}

static pace *open_filled(const char *dir, int runs)
{
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (int i = 0; i < runs; i++)
        add_run(store, i);
    return store;
}

static void keep(pace *store)
{
    pace_session *session = query_session(store, 0);
    store_ok(pace_keep(session, 0, error));
    pace_session_close(session);
}

static int get(pace *store, uint32_t stream, uint32_t kind, struct pace_kept *out, void *copy)
{
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    int rc = pace_kept_get(snapshot, stream, kind, NULL, out);
    if (!rc && copy) memcpy(copy, out->data, out->len);
    pace_snapshot_end(snapshot);
    return rc;
}

static void assert_whole(const char *dir)
{
    int damages = 0;
    store_ok(pace_verify(dir, print_damage, &damages, error, NULL));
}

/* -- the store alone --------------------------------------------------------------------------- */

static void test_put_and_get(void **state)
{
    (void)state;
    enum { LARGE = 3 * KEPT_PART_BYTES + 17 };
    char *dir = make_directory();
    pace *store = open_filled(dir, 5);
    unsigned char *bytes = malloc(PACE_MAX_KEPT + 1u), *back = malloc(LARGE);
    assert_true(bytes && back);
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 251);
    struct pace_kept kept = {.kind = 7, .version = 3, .runs = 4, .run = 4, .data = bytes}, seen;
    assert_int_equal(get(store, 0, 7, &seen, NULL), PACE_ENOTFOUND);
    static const size_t lengths[] = {0, 1, 4000, KEPT_PART_BYTES, KEPT_PART_BYTES + 1, LARGE, 5};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        kept.len = lengths[i];
        store_ok(pace_kept_put(store, 0, &kept, error));
        assert_int_equal(get(store, 0, 7, &seen, back), 0);
        assert_true(seen.kind == 7 && seen.version == 3 && seen.runs == 4 && seen.run == 4);
        assert_true(seen.len == lengths[i] && memcmp(back, bytes, seen.len) == 0);
        assert_int_equal(get(store, 0, 8, &seen, NULL), PACE_ENOTFOUND);
        assert_whole(dir);
    }
    store_fails(PACE_ENOTFOUND, pace_kept_put(store, 1, &kept, error));
    kept.runs = 6;
    store_fails(PACE_EMISUSE, pace_kept_put(store, 0, &kept, error));
    kept.runs = 0;
    store_fails(PACE_EMISUSE, pace_kept_put(store, 0, &kept, error));
    kept.runs = 1;
    kept.run = 6;
    store_fails(PACE_EMISUSE, pace_kept_put(store, 0, &kept, error));
    kept.run = 1;
    kept.len = PACE_MAX_KEPT + 1;
    store_fails(PACE_ELIMIT, pace_kept_put(store, 0, &kept, error));
    assert_int_equal(get(store, 0, 7, &seen, NULL), 0);
    assert_int_equal(seen.len, 5);
    pace_close(store);
    store_ok(pace_open(dir, PACE_READONLY, NULL, error, &store));
    kept.len = 1;
    store_fails(PACE_EREADONLY, pace_kept_put(store, 0, &kept, error));
    assert_int_equal(get(store, 0, 7, &seen, NULL), 0);
    pace_close(store);
    free(bytes);
    free(back);
    remove_tree(dir);
}

static int keep_half(void *context, const struct pace_stream *stream,
                     const struct pace_run_view *run)
{
    (void)context, (void)stream;
    return run->run % 2 == 0;
}

/* A backup and a compaction that drops nothing are the same history; one that drops, and a merge,
 * are others. */
static void test_copies(void **state)
{
    (void)state;
    char *dir = make_directory(), *copy = make_directory(), path[8192];
    pace *store = open_filled(dir, 100), *other;
    struct pace_kept seen;
    keep(store);
    assert_int_equal(get(store, 0, KEPT_FOCUS, &seen, NULL), 0);
    assert_true(seen.runs == 100 - KEPT_MARGIN && seen.run == 100 - KEPT_MARGIN);
    snprintf(path, sizeof path, "%s/backup", copy);
    store_ok(pace_backup(store, path, 0, error, NULL));
    store_ok(pace_open(path, 0, NULL, error, &other));
    assert_int_equal(get(other, 0, KEPT_FOCUS, &seen, NULL), 0);
    pace_close(other);
    snprintf(path, sizeof path, "%s/merged", copy);
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &other));
    store_ok(pace_merge(other, store, NULL, NULL, error, NULL));
    assert_int_equal(get(other, 0, KEPT_FOCUS, &seen, NULL), PACE_ENOTFOUND);
    pace_close(other);
    pace_close(store);
    struct pace_compact_options options = {.struct_size = sizeof options};
    store_ok(pace_compact(dir, &options, error, NULL));
    store_ok(pace_open(dir, 0, NULL, error, &store));
    assert_int_equal(get(store, 0, KEPT_FOCUS, &seen, NULL), 0);
    pace_close(store);
    assert_whole(dir);
    options.keep_run = keep_half;
    store_ok(pace_compact(dir, &options, error, NULL));
    store_ok(pace_open(dir, 0, NULL, error, &store));
    assert_int_equal(get(store, 0, KEPT_FOCUS, &seen, NULL), PACE_ENOTFOUND);
    for (int i = 100; i < RUNS; i++)
        add_run(store, i);
    keep(store);
    assert_int_equal(get(store, 0, KEPT_FOCUS, &seen, NULL), 0);
    pace_close(store);
    assert_whole(dir);
    remove_tree(copy);
    remove_tree(dir);
}

/* -- answers ----------------------------------------------------------------------------------- */

static const char question[] =
    "branch:main | last 4 | changes using focus | keep benchmark, time, p";
static const char by_hand[] =
    "branch:main | last 4 | where value is not none | changes using focus | "
    "keep benchmark, time, p";

/* Whatever run a range begins with, those that are kept and the first behind them too. */
static void compare_ranges(pace_session *session, unsigned tail)
{
    unsigned kept = 0;
    for (int last = 1; last < 100; last++) {
        char text[2][200], *rows[2];
        struct pace_outcome outcome[2];
        snprintf(text[0], sizeof text[0], "branch:main | last %d | changes using focus", last);
        snprintf(text[1], sizeof text[1],
                 "branch:main | last %d | where value is not none | changes using focus", last);
        for (int i = 0; i < 2; i++)
            query_run(session, text[i], &rows[i], &outcome[i]);
        assert_string_equal(rows[0], rows[1]);
        kept += outcome[0].points_read < outcome[1].points_read;
        for (int i = 0; i < 2; i++)
            free(rows[i]);
    }
    assert_int_equal(kept, tail);
}

/* When a state is brought up to date, and from how many runs on. */
static void test_due(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    struct pace_kept seen;
    uint64_t runs = 0;
    for (int i = 0; i < RUNS; i++) {
        add_run(store, i);
        keep(store);
        int rc = get(store, 0, KEPT_FOCUS, &seen, NULL);
        if (i + 1 < KEPT_RUNS + KEPT_MARGIN) {
            assert_int_equal(rc, PACE_ENOTFOUND);
            continue;
        }
        assert_int_equal(rc, 0);
        if (!runs) assert_int_equal(seen.runs, KEPT_RUNS);
        if (runs && seen.runs != runs) /* up to a run that asks for all points, or behind it */
            assert_true(seen.runs == (unsigned)i + 1 - KEPT_NEWEST
                            ? seen.runs >= runs + KEPT_MARGIN - KEPT_NEWEST
                            : seen.runs == runs + KEPT_RUNS &&
                                  seen.runs == (unsigned)i + 1 - KEPT_MARGIN);
        assert_true(i + 1 - (int)seen.runs < KEPT_RUNS + KEPT_MARGIN);
        runs = seen.runs;
    }
    pace_session *session = query_session(store, 0);
    struct pace_outcome outcome;
    char *rows, *expected;
    query_run(session, by_hand, &expected, &outcome);
    uint64_t all = outcome.points_read;
    query_run(session, question, &rows, &outcome);
    assert_string_equal(rows, expected);
    assert_true(outcome.rows > 2 && outcome.points_read < all);
    uint64_t told = outcome.rows;
    compare_ranges(session, RUNS - (unsigned)seen.runs);
    /* A run among those that are kept: at once out of date, and at once renewed. */
    struct pace_run_info info = run_at(T0_NS + 10 * SECOND_NS + 1);
    uint64_t late = store_value(store, &info, "b-0", 100);
    query_run(session, question, NULL, &outcome);
    assert_true(outcome.rows == told && outcome.points_read >= all);
    store_ok(pace_keep(session, late, error));
    query_run(session, question, NULL, &outcome);
    assert_true(outcome.rows == told && outcome.points_read < all);
    free(rows);
    free(expected);
    store_fails(PACE_ENOTFOUND, pace_keep(session, 100000, error));
    pace_session_close(session);
    pace_close(store);
    remove_tree(dir);
}

/* The rows of a store whose file was damaged: as expected, or an error. */
static int ask_damaged(const char *dir, const char *expected)
{
    pace *store;
    pace_session *session;
    pace_query *query = NULL;
    const struct pace_rows *rows;
    enum pace_step step = PACE_STEP_ROWS;
    char seen[4096] = "";
    int rc = pace_open(dir, PACE_READONLY, NULL, NULL, &store);
    if (rc) return rc;
    rc = pace_session_open(store, NULL, NULL, &session);
    if (!rc) rc = pace_prepare(session, question, strlen(question), NULL, &query);
    while (!rc && step != PACE_STEP_END) {
        rc = pace_step(query, NULL, &step, &rows);
        for (size_t i = 0; !rc && step == PACE_STEP_ROWS && i < rows->count; i++)
            snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s %.17g\n",
                     rows->fields[0].text[i], rows->fields[2].number[i]);
    }
    pace_query_free(query);
    pace_session_close(session);
    pace_close(store);
    if (!rc && !expected) printf("%s", seen);
    return rc ? rc : expected && strcmp(seen, expected) != 0 ? -1 : 0;
}

static char *rows_of(pace *store)
{
    pace_session *session = query_session(store, 0);
    pace_query *query;
    const struct pace_rows *rows;
    enum pace_step step = PACE_STEP_ROWS;
    char *seen = calloc(1, 4096);
    assert_non_null(seen);
    store_ok(pace_prepare(session, by_hand, strlen(by_hand), error, &query));
    while (step != PACE_STEP_END) {
        store_ok(pace_step(query, error, &step, &rows));
        for (size_t i = 0; step == PACE_STEP_ROWS && i < rows->count; i++)
            snprintf(seen + strlen(seen), 4096 - strlen(seen), "%s %.17g\n",
                     rows->fields[0].text[i], rows->fields[2].number[i]);
    }
    pace_query_free(query);
    pace_session_close(session);
    return seen;
}

enum { COPIES_MAX = 16, SEALED_BEFORE = 40 };

/* Bytes of what is kept, and some of anything, damaged one at a time. */
static void test_damage(void **state)
{
    (void)state;
    const char *given = getenv("PACE_SEED"), *more = getenv("PACE_TEST_MUTATIONS");
    uint64_t random = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    int mutations = more ? atoi(more) : 150, told = 0, right = 0;
    char *dir = make_directory(), path[8192];
    size_t len;
    print_message("# seed %llu\n", (unsigned long long)random);
    pace *store = open_filled(dir, RUNS);
    keep(store);
    char *expected = rows_of(store);
    assert_true(strlen(expected) > 40);
    struct pace_kept kept;
    unsigned char *bytes = malloc(PACE_MAX_KEPT);
    assert_non_null(bytes);
    assert_int_equal(get(store, 0, KEPT_FOCUS, &kept, bytes), 0);
    pace_close(store);
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    unsigned char *whole = damage_read(path, &len), *damaged = malloc(len);
    assert_non_null(damaged);
    /* It lies in the store, and perhaps in free pages that held it: all are damaged alike. */
    size_t copies[COPIES_MAX], count = 0;
    for (size_t at = 0; at + kept.len < len && count < COPIES_MAX; at += 8)
        if (memcmp(whole + at, bytes, kept.len) == 0) copies[count++] = at;
    assert_in_range(count, 1, COPIES_MAX - 1);
    for (int i = 0; i < mutations; i++) {
        size_t byte = i % 4 ? damage_below(&random, kept.len + SEALED_BEFORE)
                            : 8192 + damage_below(&random, len - 8192);
        unsigned char bit = (unsigned char)(1u << damage_below(&random, 8));
        memcpy(damaged, whole, len);
        if (i % 4 == 0) damaged[byte] ^= bit;
        for (size_t c = 0; i % 4 && c < count; c++)
            damaged[copies[c] - SEALED_BEFORE + byte] ^= bit;
        damage_write(path, damaged, len);
        snprintf(path, sizeof path, "%s/lock.mdb", dir);
        unlink(path);
        snprintf(path, sizeof path, "%s/data.mdb", dir);
        pid_t child = fork();
        if (child == 0) {
            child_may_crash(20);
            int rc = ask_damaged(dir, expected);
            int verified = pace_verify(dir, NULL, NULL, NULL, NULL);
            /* What is told of when it is asked is told of by verify too. */
            _exit(rc == -1 ? 3 : rc && !verified ? 4 : rc != 0);
        }
        int status = child_status(child);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        if (code > 1) fail_msg("byte %zu: %d", byte, code);
        told += code;
        right += !code;
        if (i % 4) assert_int_equal(code, 1); /* all of it is sealed, and was asked for */
    }
    print_message("# %d told of, %d right\n", told, right);
    free(whole);
    free(damaged);
    free(bytes);
    free(expected);
    remove_tree(dir);
}

/* A store of an earlier version has no kept values, and gets them. */
static void test_old_store(void **state)
{
    (void)state;
    char *dir = make_directory(), path[8192];
    size_t len;
    unsigned char *data = damage_read("tests/data/store-1/data.mdb", &len);
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    damage_write(path, data, len);
    free(data);
    pace *store;
    struct pace_kept seen;
    store_ok(pace_open(dir, 0, NULL, error, &store));
    assert_int_equal(get(store, 0, KEPT_FOCUS, &seen, NULL), PACE_ENOTFOUND);
    for (int i = 0; i < RUNS; i++)
        add_run(store, i);
    keep(store);
    pace_session *session = query_session(store, 0);
    char *rows, *expected;
    query_run(session, question, &rows, NULL);
    query_run(session, by_hand, &expected, NULL);
    assert_string_equal(rows, expected);
    assert_true(strlen(rows) > 40);
    free(rows);
    free(expected);
    pace_session_close(session);
    pace_close(store);
    assert_whole(dir);
    remove_tree(dir);
}

/* -- two processes ----------------------------------------------------------------------------- */

static int write_and_keep(const char *dir, int first)
{
    pace *store;
    pace_session *session;
    if (pace_open(dir, 0, NULL, NULL, &store)) return 1;
    if (pace_session_open(store, NULL, NULL, &session)) return 2;
    for (int i = first; i < 2 * RUNS; i += 2) {
        add_run(store, i);
        if (pace_keep(session, 0, NULL)) return 3;
    }
    pace_session_close(session);
    pace_close(store);
    return 0;
}

/* Two write runs that come late for one another, and keep; a third asks. */
static void test_processes(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    pace_close(store);
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(write_and_keep(dir, i));
    }
    store_ok(pace_open(dir, 0, NULL, error, &store));
    pace_session *session = query_session(store, 0);
    for (int running = 2; running;) {
        query_run(session, question, NULL, NULL);
        for (int i = 0; i < 2; i++) {
            int status;
            if (!children[i] || waitpid(children[i], &status, WNOHANG) != children[i]) continue;
            assert_int_equal(status, 0);
            children[i] = 0;
            running--;
        }
    }
    char *rows, *expected;
    query_run(session, question, &rows, NULL);
    query_run(session, by_hand, &expected, NULL);
    assert_string_equal(rows, expected);
    struct pace_kept seen;
    assert_int_equal(get(store, 0, KEPT_FOCUS, &seen, NULL), 0);
    assert_true(seen.runs >= 2 * RUNS - KEPT_RUNS - KEPT_MARGIN);
    free(rows);
    free(expected);
    pace_session_close(session);
    pace_close(store);
    assert_whole(dir);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_get), cmocka_unit_test(test_copies),
        cmocka_unit_test(test_due),         cmocka_unit_test(test_damage),
        cmocka_unit_test(test_old_store),   cmocka_unit_test(test_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
