/* test_damaged_keys.c -- a store too large to be looked through when it is opened, with one bit of
 * a key damaged: in a branch page, where a search then ends on a wrong page, or in a leaf page,
 * where the record is under another key. Whatever is asked, the answer is right or an error; an
 * absence above all; and whatever is written does not begin anew what is there. PACE_TEST_SEED
 * repeats a run, PACE_TEST_KEYS tells how many keys are damaged. */
#include "../damage.h"
#include "../store_dump.h"

#include <fcntl.h>
#include <time.h>

enum { PAGE = 4096, RUNS = 2400, BRANCHES = 240, MEASURES = 60, MARKS = 30, CHECKED_PAGES = 256 };

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
    char branch[48], commit[48], measure[24];
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

static int is_undone(uint64_t id)
{
    return id % 3 == 1;
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
    for (uint64_t id = 1; id <= MARKS; id++) {
        struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "benchmark:b", .note = "so"};
        store_ok(pace_mark_add(store, &mark, error, NULL));
        if (is_undone(id)) store_ok(pace_mark_undo(store, id, error));
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

enum { WRONG = 1 }; /* codes of errors are below 0, or of the system */

/* 0: all as it was; PACE_ECORRUPT: told of; WRONG. */
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
    return wrong ? WRONG : told ? told : rc;
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

enum page_kind { BRANCH_PAGE = 1, LEAF_PAGE = 2 }; /* as the page's flags have it */

/* A random byte of a random key of a random page; the leftmost key of a branch page is none. The
 * key's first byte, of the table, is at *key. */
static size_t choose_byte(const struct image *image, enum page_kind kind, size_t *key)
{
    for (;;) {
        const unsigned char *page = image->data + (2 + below(image->len / PAGE - 2)) * PAGE;
        size_t nodes = (u16_at(page + 12) - 16) / 2, first = kind == BRANCH_PAGE;
        if (u16_at(page + 10) != kind || nodes <= first || nodes > PAGE / 10) continue;
        const unsigned char *node = page + u16_at(page + 16 + 2 * (first + below(nodes - first)));
        size_t key_len = u16_at(node + 6);
        *key = (size_t)(node + 8 - image->data);
        if (key_len) return *key + below(key_len);
    }
}

static void put_at(const struct image *image, size_t at, const unsigned char *bytes, size_t len)
{
    int fd = open(image->path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
    close(fd);
}

/* The whole file as it was. */
static void restore(const struct image *image)
{
    put_at(image, 0, image->data, image->len);
    assert_int_equal(truncate(image->path, (off_t)image->len), 0);
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Puts run i again, and one more of its stream's series: what is there is known, or it is told that
 * it cannot be. */
static int write_runs(pace *store, int i)
{
    struct pace_run_result result = {0};
    pace_run *run = make_run(store, i);
    int rc = pace_runs_commit(store, &run, 1, NULL, &result);
    pace_run_free(run);
    if (rc) return rc;
    if (!result.duplicate || result.run != (uint64_t)i + 1) return WRONG;
    run = make_run(store, RUNS + i);
    rc = pace_runs_commit(store, &run, 1, NULL, &result);
    pace_run_free(run);
    if (rc) return rc;
    return result.duplicate || result.new_series || result.run != RUNS + 1 ? WRONG : 0;
}

static int write_undo(pace *store, uint64_t id)
{
    int rc = pace_mark_undo(store, id, NULL);
    if (rc == PACE_ECORRUPT) return rc;
    return rc == (is_undone(id) ? PACE_EMISUSE : 0) ? 0 : WRONG;
}

/* All that is written to the store, one after another. */
static int write_all(const char *dir, struct pace_stat *before)
{
    pace *store;
    pace_snapshot *snapshot;
    struct pace_stat after;
    int rc = pace_open(dir, 0, NULL, NULL, &store);
    if (rc) return rc;
    rc = write_runs(store, (int)below(RUNS));
    uint64_t undone =
        1 + 3 * below(MARKS / 3); /* each commit costs two flushes, so one of each kind */
    if (!rc) rc = write_undo(store, undone);
    if (!rc) rc = write_undo(store, undone + 1);
    if (!rc) rc = pace_snapshot_begin(store, NULL, &snapshot);
    if (!rc) {
        rc = pace_stat(snapshot, NULL, &after);
        if (!rc && (after.names != before->names || after.streams != before->streams ||
                    after.series != before->series || after.runs != before->runs + 1))
            rc = WRONG;
        pace_snapshot_end(snapshot);
    }
    pace_close(store);
    return rc;
}

/* -- campaigns --------------------------------------------------------------------------------- */

struct campaign {
    char *made, *dir;
    struct image image;
    uint64_t expected; /* what asking for all gives */
    struct pace_stat stat;
    size_t keys;
};

static int make_campaign(void **state)
{
    static struct campaign campaign;
    const char *seed = getenv("PACE_TEST_SEED"), *keys = getenv("PACE_TEST_KEYS");
    struct pace_verified seen;
    pace *store;
    pace_snapshot *snapshot;
    random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    printf("# note seed %llu\n", (unsigned long long)random_state);
    campaign = (struct campaign){.made = make_directory(),
                                 .dir = make_directory(),
                                 .keys = keys ? strtoull(keys, NULL, 10) : 100};
    store_ok(pace_open(campaign.made, PACE_CREATE, NULL, error, &store));
    fill(store);
    assert_int_equal(dump_store(store, 0, &campaign.expected), 0);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_stat(snapshot, error, &campaign.stat));
    pace_snapshot_end(snapshot);
    /* A copy, without pages of older states. */
    store_ok(pace_backup(store, campaign.dir, 0, error, NULL));
    pace_close(store);
    store_ok(pace_verify(campaign.dir, NULL, NULL, error, &seen));
    assert_true(seen.pages > CHECKED_PAGES + 100);
    assert_int_equal(ask(campaign.dir, campaign.expected), 0);
    read_image(campaign.dir, &campaign.image);
    assert_int_equal(write_all(campaign.dir, &campaign.stat), 0);
    restore(&campaign.image);
    *state = &campaign;
    return 0;
}

static int end_campaign(void **state)
{
    struct campaign *campaign = *state;
    free(campaign->image.data);
    remove_tree(campaign->made);
    remove_tree(campaign->dir);
    return 0;
}

/* Damages keys one at a time. More than one in `least` must have been told of; chance gets some
 * more keys to come to that. */
static void damage_keys(struct campaign *campaign, enum page_kind kind, int writes, size_t least)
{
    enum { MORE = 20 };
    size_t told = 0, unchanged = 0, round = 0;
    for (; round < campaign->keys || (told <= round / least && round < MORE * campaign->keys);
         round++) {
        size_t key, at = choose_byte(&campaign->image, kind, &key);
        unsigned bit = (unsigned)below(8);
        unsigned char byte = (unsigned char)(campaign->image.data[at] ^ 1u << bit);
        put_at(&campaign->image, at, &byte, 1);
        int rc = writes ? write_all(campaign->dir, &campaign->stat)
                        : ask(campaign->dir, campaign->expected);
        if (writes)
            restore(&campaign->image);
        else
            put_at(&campaign->image, at, campaign->image.data + at, 1);
        if (rc && rc != PACE_ECORRUPT)
            fail_msg("key %zu: %s (%d) with bit %u of byte %zu of a key of table '%c' changed",
                     round, rc == WRONG ? "a wrong answer" : "an odd error", rc, bit, at - key,
                     campaign->image.data[key]);
        told += rc != 0;
        unchanged += rc == 0;
    }
    printf("# note %zu told of, %zu without effect\n", told, unchanged);
    assert_true(told > round / least);
}

static void test_branch_keys_read(void **state)
{
    damage_keys(*state, BRANCH_PAGE, 0, 10);
}

static void test_branch_keys_written(void **state)
{
    damage_keys(*state, BRANCH_PAGE, 1, 50);
}

static void test_leaf_keys_read(void **state)
{
    damage_keys(*state, LEAF_PAGE, 0, 2);
}

static void test_leaf_keys_written(void **state)
{
    damage_keys(*state, LEAF_PAGE, 1, 1000);
}

/* A run of names that are not there yet: lists of names are long values. */
static int write_names(const char *dir)
{
    struct pace_run_info info = run_at(T0_NS + RUNS * SECOND_NS);
    struct pace_cell cell = cell_of("another benchmark", 1);
    pace *store;
    pace_run *run;
    int rc = pace_open(dir, 0, NULL, NULL, &store);
    if (rc) return rc;
    info.branch = "another branch";
    cell.measure = "another measure";
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    rc = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    pace_close(store);
    return rc;
}

/* The number, the flags or the length of a long value's first page: LMDB would write to where a
 * page lies that says to be changed already. */
static void test_long_pages_written(void **state)
{
    enum { MORE = 20, LONG_PAGE = 4, HEADER = 16, FLAGS_AT = 10, CHANGED_BIT = 4 };
    struct campaign *campaign = *state;
    const struct image *image = &campaign->image;
    size_t told = 0, round = 0;
    while (round < campaign->keys || (!told && round < MORE * campaign->keys)) {
        size_t number = 2 + below(image->len / PAGE - 2), at = number * PAGE;
        uint64_t own;
        memcpy(&own, image->data + at, sizeof own);
        if (own != number || u16_at(image->data + at + FLAGS_AT) != LONG_PAGE) continue;
        size_t place = at + (round % 2 ? FLAGS_AT : below(HEADER));
        unsigned bit = round % 2 ? CHANGED_BIT : (unsigned)below(8);
        unsigned char byte = (unsigned char)(image->data[place] ^ 1u << bit);
        put_at(image, place, &byte, 1);
        int rc = write_names(campaign->dir);
        restore(image);
        if (rc && rc != PACE_ECORRUPT)
            fail_msg("page %zu: code %d with bit %u of byte %zu changed", number, rc, bit,
                     place - at);
        told += rc != 0;
        round++;
    }
    printf("# note %zu of %zu told of\n", told, round);
    assert_true(told > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_pages_written),  cmocka_unit_test(test_branch_keys_read),
        cmocka_unit_test(test_branch_keys_written), cmocka_unit_test(test_leaf_keys_read),
        cmocka_unit_test(test_leaf_keys_written),
    };
    return cmocka_run_group_tests(tests, make_campaign, end_campaign);
}
