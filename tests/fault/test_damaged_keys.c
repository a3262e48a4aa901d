/* test_damaged_keys.c -- a store too large to be looked through when it is opened, with one bit of a
 * key in a branch page damaged: a search then ends on a wrong page. Whatever is asked, the answer is
 * right or an error; an absence above all. PACE_TEST_SEED repeats a run. */
#include "../damage.h"
#include "../store_dump.h"

#include <fcntl.h>
#include <time.h>

enum { PAGE = 4096, RUNS = 2400, BRANCHES = 240, MEASURES = 60, ROUNDS = 120, CHECKED_PAGES = 256 };

static uint64_t random_state;

static size_t below(size_t n)
{
    return damage_below(&random_state, n);
}

static void commit_of(int i, char out[48])
{
    snprintf(out, 48, "%08x-a-commit-with-a-long-name-%04d", (unsigned)i * 2654435761u, i);
}

static pace_run *make_run(pace *store, int i)
{
    char branch[48], commit[48], measure[16];
    struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
    pace_run *run;
    snprintf(branch, sizeof branch, "a-branch-with-a-long-name/%d", i % BRANCHES);
    commit_of(i, commit);
    info.branch = branch;
    info.commit = commit;
    store_ok(pace_run_begin(store, &info, error, &run));
    for (int m = i % MEASURES; m < MEASURES; m += 11) {
        struct pace_cell cell = cell_of("b", i + m);
        snprintf(measure, sizeof measure, "measure-%d", m);
        cell.measure = measure;
        cell.direction = PACE_LOWER_IS_BETTER;
        store_ok(pace_run_put(run, &cell, error));
    }
    store_ok(
        pace_run_put_meta(run, "env", "something that takes a bit of space in the file", error));
    return run;
}

static void fill(pace *store)
{
    enum { BATCH = 40 };
    pace_run *runs[BATCH];
    for (int i = 0; i < RUNS; i += BATCH) {
        for (int k = 0; k < BATCH; k++)
            runs[k] = make_run(store, i + k);
        store_ok(pace_runs_commit(store, runs, BATCH, error, NULL));
        for (int k = 0; k < BATCH; k++)
            pace_run_free(runs[k]);
    }
    for (int i = 0; i < BRANCHES; i += 3) {
        char branch[48], parent[48], commit[48];
        snprintf(branch, sizeof branch, "a-branch-with-a-long-name/%d", i + 1);
        snprintf(parent, sizeof parent, "a-branch-with-a-long-name/%d", i);
        commit_of(i, commit);
        struct pace_start_point start = {.branch = parent, .commit = commit};
        store_ok(pace_start_point_set(store, "app", branch, &start, error));
    }
}

/* -- questions --------------------------------------------------------------------------------- */

static int count_run(void *context, const char *commit, uint64_t run)
{
    (void)commit, (void)run;
    ++*(int *)context;
    return 0;
}

/* Each commit has one run; one that was never stored has none. */
static int ask_commits(pace_snapshot *snapshot, int *wrong)
{
    for (int i = 0; i <= RUNS; i++) {
        char commit[48];
        int count = 0;
        commit_of(i, commit);
        int rc = pace_commits(snapshot, commit, NULL, count_run, &count);
        if (rc) return rc;
        *wrong += count != (i < RUNS);
    }
    return 0;
}

/* 0: all as it was; PACE_ECORRUPT: told of; -1: wrong. */
static int ask(const char *dir, uint64_t expected)
{
    pace *store;
    pace_snapshot *snapshot;
    uint64_t hash;
    int wrong = 0, rc = pace_open(dir, PACE_READONLY, NULL, NULL, &store);
    if (rc) return rc;
    int told = dump_store(store, 0, &hash);
    wrong += !told && hash != expected;
    rc = pace_snapshot_begin(store, NULL, &snapshot);
    if (!rc) {
        rc = ask_commits(snapshot, &wrong);
        pace_snapshot_end(snapshot);
    }
    pace_close(store);
    return wrong ? -1 : told ? told : rc;
}

/* -- damage ------------------------------------------------------------------------------------ */

struct image {
    char path[8192];
    unsigned char *data;
    size_t len;
};

static void read_image(const char *dir, struct image *image)
{
    struct stat st;
    snprintf(image->path, sizeof image->path, "%s/data.mdb", dir);
    int fd = open(image->path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    image->len = (size_t)st.st_size;
    image->data = malloc(image->len);
    assert_non_null(image->data);
    assert_int_equal(read(fd, image->data, image->len), st.st_size);
    close(fd);
}

static size_t u16_at(const unsigned char *at)
{
    return at[0] | (size_t)at[1] << 8;
}

/* A random byte of a random key of a random branch page; the leftmost key of a page is none. */
static size_t choose_byte(const struct image *image)
{
    for (;;) {
        const unsigned char *page = image->data + (2 + below(image->len / PAGE - 2)) * PAGE;
        size_t nodes = (u16_at(page + 12) - 16) / 2;
        if (u16_at(page + 10) != 1 || nodes < 2 || nodes > PAGE / 10) continue;
        const unsigned char *node = page + u16_at(page + 16 + 2 * (1 + below(nodes - 1)));
        size_t key_len = u16_at(node + 6);
        if (key_len) return (size_t)(node + 8 - image->data) + below(key_len);
    }
}

static void put_byte(const struct image *image, size_t at, unsigned char byte)
{
    int fd = open(image->path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

static void test_branch_keys(void **state)
{
    (void)state;
    const char *given = getenv("PACE_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL), expected;
    char *made = make_directory(), *dir = make_directory();
    struct pace_verified seen;
    struct image image;
    pace *store;
    int told = 0, unchanged = 0;
    printf("# note seed %llu\n", (unsigned long long)seed);
    random_state = seed;
    store_ok(pace_open(made, PACE_CREATE, NULL, error, &store));
    fill(store);
    assert_int_equal(dump_store(store, 0, &expected), 0);
    store_ok(pace_backup(store, dir, 0, error, NULL)); /* without pages of older states */
    pace_close(store);
    store_ok(pace_verify(dir, NULL, NULL, error, &seen));
    assert_true(seen.pages > CHECKED_PAGES + 100);
    assert_int_equal(ask(dir, expected), 0);
    read_image(dir, &image);
    for (int round = 0; round < ROUNDS; round++) {
        size_t at = choose_byte(&image);
        unsigned char bit = (unsigned char)(1u << below(8));
        put_byte(&image, at, image.data[at] ^ bit);
        int rc = ask(dir, expected);
        put_byte(&image, at, image.data[at]);
        if (rc == 0)
            unchanged++;
        else if (rc == PACE_ECORRUPT)
            told++;
        else
            fail_msg("round %d: %s with bit %u of byte %zu changed", round,
                     rc < 0 ? "a wrong answer" : "an odd error", bit, at);
    }
    printf("# note %d told of, %d without effect\n", told, unchanged);
    assert_true(told > ROUNDS / 10);
    free(image.data);
    remove_tree(made);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_branch_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
