/* test_damaged_bytes.c -- stores with damaged bytes: each answer is right or an error, and nothing
 * crashes.
 *
 * The damage is random; the seed is printed; set PACE_TEST_SEED to repeat a run. */
#include "../child.h"
#include "../damage.h"

#include "../../engine/seal.h"
#include "../../engine/store.h"

#include <time.h>

enum { PAGE = 4096 };

/* -- the store, and what it answers ---------------------------------------------------------- */

enum { STREAMS = 3, RUNS = 60, COLUMNS = 70 };

static void fill_for_damage(pace *store)
{
    pace_run *runs[STREAMS * RUNS];
    store->tail_runs = 100;
    for (int i = 0; i < STREAMS * RUNS; i++) {
        int at = i % 11 == 5 ? i / 2 : i; /* some come late */
        struct pace_run_info info = run_at(T0_NS + at * SECOND_NS);
        char testbed[16], commit[16], name[64];
        snprintf(testbed, sizeof testbed, "bed-%d", i % STREAMS);
        snprintf(commit, sizeof commit, "%08x", i * 7919);
        info.testbed = testbed;
        info.commit = commit;
        store_ok(pace_run_begin(store, &info, error, &runs[i]));
        for (int c = 0; c < COLUMNS; c += i % 5 ? 1 : 9) {
            double samples[] = {i, c};
            snprintf(name, sizeof name, "benchmark/with/a/long/name-%d", c);
            struct pace_cell cell = cell_of(name, i * 1000 + c);
            if (i % 7 == 0) cell.upper = i * 1000 + c + 1;
            if (i % 10 == 0 && c < 4) cell.samples = samples, cell.sample_count = 2;
            store_ok(pace_run_put(runs[i], &cell, error));
        }
        store_ok(pace_run_put_meta(runs[i], "host", testbed, error));
    }
    store_ok(pace_runs_commit(store, runs, STREAMS * RUNS, error, NULL));
    for (int i = 0; i < STREAMS * RUNS; i++)
        pace_run_free(runs[i]);
    for (int i = 0; i < 20; i++) {
        struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "benchmark:x", .at_ns = i};
        char name[16];
        snprintf(name, sizeof name, "view-%d", i % 7);
        store_ok(pace_mark_add(store, &mark, error, NULL));
        store_ok(pace_object_put(store, PACE_OBJECT_VIEW, name, "branch:main", error, NULL));
    }
    store_ok(pace_mark_undo(store, 3, error));
}

/* Answers to a fixed list of questions: a hash each, 0 for an error. */
enum { QUESTIONS = 5 + 2 + 3 * STREAMS + 1 + 3 * STREAMS * RUNS + 3 };

struct answers {
    uint64_t hash[QUESTIONS];
    size_t count;
};

static void answer(struct answers *answers, int rc, uint64_t hash)
{
    assert_true(answers->count < QUESTIONS);
    answers->hash[answers->count++] = rc ? 0 : hash | 1;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return seal_hash(text, strlen(text), hash);
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return seal_hash(&number, sizeof number, hash);
}

static void ask_names(pace_snapshot *snapshot, struct answers *answers)
{
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++) {
        const char *const *names;
        uint32_t count, id;
        uint64_t hash = 1;
        int rc = pace_names(snapshot, (enum pace_dimension)d, NULL, &names, &count);
        for (uint32_t i = 0; !rc && i < count; i++) {
            hash = hash_text(hash, names[i]);
            rc = pace_name_find(snapshot, (enum pace_dimension)d, names[i], strlen(names[i]), NULL,
                                &id);
            hash = hash_number(hash, rc ? 0 : id);
        }
        answer(answers, rc, hash);
    }
    struct pace_measure measure;
    int rc = pace_measure_get(snapshot, 0, 0, NULL, &measure);
    answer(answers, rc, rc ? 0 : hash_text(measure.direction, measure.unit));
    const struct pace_stream *streams;
    uint32_t count;
    rc = pace_streams(snapshot, NULL, &streams, &count);
    answer(answers, rc, rc ? 0 : seal_hash(streams, count * sizeof *streams, 0));
}

static int ask_scan(pace_snapshot *snapshot, uint32_t stream, const struct pace_range *range,
                    uint64_t *hash)
{
    uint32_t columns[COLUMNS];
    pace_scan *scan;
    struct pace_cells cells;
    *hash = 1;
    for (uint32_t i = 0; i < COLUMNS; i++)
        columns[i] = i;
    int rc = pace_scan_open(snapshot, stream, columns, COLUMNS, range, NULL, &scan);
    if (rc) return rc;
    for (;;) {
        rc = pace_scan_next(scan, NULL, &cells);
        if (rc || cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++) {
            *hash = hash_number(*hash, cells.runs[r].run);
            *hash = hash_text(*hash, cells.runs[r].commit);
            for (size_t c = 0; c < COLUMNS; c++) {
                size_t at = c * cells.stride + r;
                *hash = seal_hash(&cells.value[at], 8, *hash + cells.status[at]);
                if (cells.upper) *hash = seal_hash(&cells.upper[at], 8, *hash);
            }
        }
    }
    pace_scan_close(scan);
    return rc;
}

static int add_commit(void *context, const char *commit, uint64_t run)
{
    *(uint64_t *)context = hash_number(hash_text(*(uint64_t *)context, commit), run);
    return 0;
}

static void ask_run(pace_snapshot *snapshot, uint64_t run, struct answers *answers)
{
    struct pace_run_view view;
    struct pace_meta meta;
    const char *id;
    const double *samples;
    size_t count;
    int rc = pace_run_get(snapshot, run, NULL, &view);
    answer(answers, rc, rc ? 0 : hash_text(hash_number(view.cell_count, view.run), view.commit));
    rc = pace_run_meta(snapshot, run, NULL, &meta);
    uint64_t hash = rc ? 0 : meta.count;
    for (size_t i = 0; !rc && i < meta.count; i++)
        hash = hash_text(hash_text(hash, meta.keys[i]), meta.values[i]);
    if (!rc) rc = pace_run_id(snapshot, run, NULL, &id);
    answer(answers, rc, rc ? 0 : hash_text(hash, id));
    rc = pace_samples(snapshot, run, 2, NULL, &samples, &count);
    answer(answers, rc, rc ? 0 : seal_hash(samples, count * sizeof *samples, count));
}

static void ask_all(pace *store, struct answers *answers)
{
    pace_snapshot *snapshot;
    answers->count = 0;
    int rc = pace_snapshot_begin(store, NULL, &snapshot);
    if (rc) {
        while (answers->count < QUESTIONS)
            answer(answers, rc, 0);
        return;
    }
    ask_names(snapshot, answers);
    static const struct pace_range ranges[] = {
        {INT64_MIN, INT64_MAX, 0},
        {INT64_MIN, INT64_MAX, 10},
        {T0_NS + 20 * SECOND_NS, T0_NS + 90 * SECOND_NS, 0},
    };
    uint64_t hash;
    for (uint32_t s = 0; s < STREAMS; s++) {
        for (size_t i = 0; i < 3; i++) {
            rc = ask_scan(snapshot, s, &ranges[i], &hash);
            answer(answers, rc, hash);
        }
    }
    hash = 1;
    rc = pace_commits(snapshot, "", NULL, add_commit, &hash);
    answer(answers, rc, hash);
    for (uint64_t run = 1; run <= STREAMS * RUNS; run++)
        ask_run(snapshot, run, answers);
    const struct pace_mark *marks;
    const struct pace_object *objects;
    size_t count;
    rc = pace_marks(snapshot, NULL, &marks, &count);
    hash = 1;
    for (size_t i = 0; !rc && i < count; i++)
        hash = hash_text(hash_number(hash, (uint64_t)marks[i].undone), marks[i].selector);
    answer(answers, rc, hash);
    rc = pace_objects(snapshot, NULL, &objects, &count);
    hash = 1;
    for (size_t i = 0; !rc && i < count; i++)
        hash = hash_text(hash_number(hash, objects[i].version), objects[i].name);
    answer(answers, rc, hash);
    struct pace_stat stat;
    rc = pace_stat(snapshot, NULL, &stat);
    answer(answers, rc, rc ? 0 : seal_hash(&stat, sizeof stat, 0));
    pace_snapshot_end(snapshot);
}

/* -- damaged bytes --------------------------------------------------------------------------- */

enum { EXIT_ERROR = 10, EXIT_UNNOTICED = 11, EXIT_WRONG = 12 };

/* In a child: opens a damaged store, asks everything, writes to it. */
static int use_damaged(const char *dir, const struct answers *expected, int write_too)
{
    pace *store;
    struct answers answers;
    if (pace_open(dir, 0, NULL, NULL, &store)) return EXIT_ERROR;
    ask_all(store, &answers);
    int errors = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (answers.hash[i] == 0)
            errors++;
        else if (answers.hash[i] != expected->hash[i])
            return EXIT_WRONG;
    }
    if (write_too) {
        struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "y"};
        commit_wide(store, 5000, 30);
        pace_mark_add(store, &mark, NULL, NULL);
        ask_all(store, &answers);
    }
    pace_close(store);
    return errors ? EXIT_ERROR : EXIT_UNNOTICED;
}

static uint64_t random_state;

static size_t below(size_t n)
{
    return damage_below(&random_state, n);
}

static void damage(unsigned char *data, size_t len)
{
    size_t at = below(len), page = below(len / PAGE) * PAGE;
    switch (below(5)) {
    case 0: data[at] ^= (unsigned char)(1 << below(8)); break;
    case 1: data[at] = (unsigned char)below(256); break;
    case 2:
        for (size_t i = at; i < at + 16 && i < len; i++)
            data[i] = (unsigned char)below(256);
        break;
    case 3: /* the first bytes of a page hold what LMDB trusts most */
        data[page + below(64)] ^= (unsigned char)(1 << below(8));
        break;
    default: memset(data + page, 0, PAGE); break;
    }
}

static void test_damaged_bytes(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    enum { ROUNDS = 120 }; /* a fork of a sanitized process is slow */
#else
    enum { ROUNDS = 600 };
#endif
    const char *given = getenv("PACE_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("# note seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    random_state = seed;

    char *dir = make_directory();
    char path[8192], lock[8192];
    pace *store;
    struct answers expected;
    size_t len;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    fill_for_damage(store);
    pace_close(store);
    store_ok(pace_open(dir, 0, NULL, error, &store)); /* what it takes is told as it lies at rest */
    ask_all(store, &expected);
    for (size_t i = 0; i < QUESTIONS; i++)
        assert_true(expected.hash[i] != 0);
    pace_close(store);
    join(path, dir, "data.mdb");
    join(lock, dir, "lock.mdb");
    unsigned char *whole = damage_read(path, &len), *copy = malloc(len);
    int errors = 0, unnoticed = 0, wrong = 0, crashed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(copy, whole, len);
        damage(copy, len);
        damage_write(path, copy, len);
        unlink(lock);
        pid_t child = fork();
        if (child == 0) {
            child_may_crash(20);
            _exit(use_damaged(dir, &expected, round % 2));
        }
        int status = child_status(child);
        if (WIFSIGNALED(status)) {
            crashed++;
            printf("# round %d: signal %d\n", round, WTERMSIG(status));
        } else if (WEXITSTATUS(status) == EXIT_ERROR) {
            errors++;
        } else if (WEXITSTATUS(status) == EXIT_UNNOTICED) {
            unnoticed++;
        } else {
            wrong++;
            printf("# round %d: wrong data\n", round);
        }
    }
    printf("# note %d damaged stores: %d gave errors, %d were hit where nothing is read\n", ROUNDS,
           errors, unnoticed);
    assert_int_equal(wrong, 0);
    assert_int_equal(crashed, 0);
    assert_true(errors > ROUNDS / 4);
    free(whole);
    free(copy);
    remove_tree(dir);
}

/* -- damaged keys of measures ---------------------------------------------------------------- */

/* A measure may have no record: then a record whose key was damaged must not look like none. */
enum { MEASURE_KEY = 9, SCRAMBLED = 16, SCRAMBLES = 200 };

/* 0: what is known of both measures is right or an error (then *errors counts it); else what is
 * wrong. */
static const char *ask_measures(pace *store, int *errors)
{
    const struct pace_measure_row *rows;
    struct pace_measure measure;
    pace_snapshot *snapshot;
    const char *wrong = NULL;
    uint32_t id;
    size_t count;
    if (pace_snapshot_begin(store, NULL, &snapshot)) return ++*errors, NULL;
    if (pace_measure_get(snapshot, 0, 0, NULL, &measure))
        ++*errors;
    else if (strcmp(measure.unit, "ns") != 0)
        wrong = "the unit of a project's measure";
    if (pace_name_find(snapshot, PACE_MEASURE, "memory", 6, NULL, &id) ||
        pace_measure_get(snapshot, 0, id, NULL, &measure))
        ++*errors;
    else if (strcmp(measure.unit, "B") != 0 || measure.direction != PACE_LOWER_IS_BETTER)
        wrong = "the default of a measure";
    if (pace_measures(snapshot, NULL, &rows, &count))
        ++*errors;
    else if (count != 2 || strcmp(rows[0].unit, "ns") != 0 || strcmp(rows[1].unit, "B") != 0)
        wrong = "the list of measures";
    pace_snapshot_end(snapshot);
    return wrong;
}

/* Asks a damaged store, appends in another unit of the same kind, and asks again. */
static void use_damaged_measures(const char *dir, int *errors)
{
    struct pace_run_info info = run_at(T0_NS + 9 * SECOND_NS);
    struct pace_cell cell = cell_of("bench-3", 5);
    pace *store;
    pace_run *run;
    if (pace_open(dir, 0, NULL, NULL, &store)) {
        ++*errors;
        return;
    }
    const char *wrong = ask_measures(store, errors);
    if (wrong) fail_msg("%s is wrong", wrong);
    cell.unit = "ms";
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    if (pace_runs_commit(store, &run, 1, NULL, NULL)) ++*errors;
    pace_run_free(run);
    wrong = ask_measures(store, errors);
    if (wrong) fail_msg("%s is wrong after an append", wrong);
    pace_close(store);
}

/* Flips each bit of the key at `at`, then writes noise over it and what follows, from each of its
 * bytes. */
static int damage_key(const char *dir, const unsigned char *whole, size_t len, size_t at)
{
    char path[8192], lock[8192];
    unsigned char *copy = malloc(len);
    int errors = 0;
    join(path, dir, "data.mdb");
    join(lock, dir, "lock.mdb");
    for (size_t i = 0; i < 8 * MEASURE_KEY + SCRAMBLES; i++) {
        memcpy(copy, whole, len);
        if (i < 8 * MEASURE_KEY)
            copy[at + i / 8] ^= (unsigned char)(1 << i % 8);
        else
            for (size_t j = 0; j < SCRAMBLED; j++)
                copy[at + i % MEASURE_KEY + j] = (unsigned char)below(256);
        damage_write(path, copy, len);
        unlink(lock);
        use_damaged_measures(dir, &errors);
    }
    free(copy);
    return errors;
}

static void test_damaged_measure_keys(void **state)
{
    (void)state;
    static const unsigned char keys[][MEASURE_KEY - 1] = {
        {'u', 0, 0, 0, 0, 0, 0, 0},             /* project 0, measure 0 (its last byte) */
        {'u', 0xff, 0xff, 0xff, 0xff, 0, 0, 0}, /* every project, measure 1 */
    };
    char *dir = make_directory();
    char path[8192];
    pace *store;
    size_t len;
    random_state = 1;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    assert_int_equal(commit_wide(store, 1, 10), 0);
    store_ok(pace_measure_put(store, NULL, "memory", "B", PACE_LOWER_IS_BETTER, error));
    int errors = 0;
    assert_null(ask_measures(store, &errors));
    assert_int_equal(errors, 0);
    pace_close(store);
    join(path, dir, "data.mdb");
    unsigned char *whole = damage_read(path, &len);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        int places = 0, noticed = 0; /* pages that are free have older copies */
        for (size_t at = 0; at + MEASURE_KEY + SCRAMBLED < len; at++) {
            if (memcmp(whole + at, keys[k], sizeof keys[k]) != 0) continue;
            places++;
            noticed += damage_key(dir, whole, len, at);
        }
        printf("# note key %zu: %d copies, %d answers were errors\n", k, places, noticed);
        assert_true(places > 0 && noticed > 8 * MEASURE_KEY + SCRAMBLES);
    }
    free(whole);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_bytes),
        cmocka_unit_test(test_damaged_measure_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
