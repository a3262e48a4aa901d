/* test_pairs.c -- tables of pairs against a sorted array; runs of the tail and of the tables by
 * identity and by commit, whatever the tail's length. PACE_TEST_SEED repeats a run. */
#include "store_fixture.h"

#include "../../engine/pairs.h"
#include "../../engine/snapshot.h"
#include "../../engine/store.h"

#include <time.h>

enum { PAIRS_MOST = 4000 };

static uint64_t random_state;

static size_t below(size_t n)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (size_t)((z ^ z >> 31) % n);
}

/* -- pairs ------------------------------------------------------------------------------------- */

struct model {
    struct pair pairs[PAIRS_MOST];
    size_t count;
    struct pair added[PAIRS_MOST];
    size_t added_count;
};

static int by_order(const void *a, const void *b)
{
    return pairs_order(a, b);
}

static int add_pairs(struct kv_txn *txn, void *context, struct pace_error *error)
{
    const struct model *model = context;
    return pairs_add(txn, 'i', model->added, model->added_count, "pairs", error);
}

/* Pairs of few words, of all words, near both ends. */
static struct pair random_pair(void)
{
    uint64_t word = (uint64_t)below(SIZE_MAX);
    if (below(4) == 0) word = below(5);
    if (below(50) == 0) word = UINT64_MAX - below(2);
    return (struct pair){word, 1 + below(1000)};
}

static size_t sort_distinct(struct pair *pairs, size_t count)
{
    size_t kept = 0;
    qsort(pairs, count, sizeof *pairs, by_order);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || by_order(&pairs[i], &pairs[kept - 1])) pairs[kept++] = pairs[i];
    return kept;
}

/* Some that are new, and one that may be there. */
static void grow(struct kv *kv, struct model *model)
{
    struct kv_work work = {.run = add_pairs, .context = model};
    size_t count = 1 + below(below(4) ? 5 : 700);
    model->added_count = 0;
    if (model->count && below(3) == 0)
        model->added[model->added_count++] = model->pairs[below(model->count)];
    while (model->added_count < count)
        model->added[model->added_count++] = random_pair();
    model->added_count = sort_distinct(model->added, count);
    memcpy(model->pairs + model->count, model->added, model->added_count * sizeof *model->added);
    model->count = sort_distinct(model->pairs, model->count + model->added_count);
    store_ok(kv_write(kv, 1000, &work, error));
}

static int count_pair(void *context, const struct pair *pair, struct pace_error *error)
{
    const struct pair **next = context;
    (void)error;
    assert_int_equal(by_order(pair, *next), 0);
    ++*next;
    return 0;
}

static void check_walk(struct kv_txn *txn, const struct model *model, uint64_t first, uint64_t last)
{
    size_t from = 0;
    while (from < model->count && model->pairs[from].word < first)
        from++;
    const struct pair *next = model->pairs + from;
    store_ok(pairs_walk(txn, 'i', first, last, "pairs", error, count_pair, &next));
    assert_true(next == model->pairs + model->count || next->word > last);
}

static void check_pairs(struct kv *kv, const struct model *model)
{
    struct kv_txn *txn;
    store_ok(kv_read_begin(kv, 1000, error, &txn));
    check_walk(txn, model, 0, UINT64_MAX);
    for (int i = 0; i < 20; i++) {
        uint64_t a = random_pair().word, b = random_pair().word;
        check_walk(txn, model, a < b ? a : b, a < b ? b : a);
        check_walk(txn, model, a, a);
        struct pair pair = random_pair();
        struct pair_chunk chunk;
        store_ok(pairs_chunk(txn, 'i', &pair, "pairs", error, &chunk));
        assert_true(pairs_order(&chunk.from, &pair) <= 0 && pairs_order(&pair, &chunk.until) < 0);
    }
    kv_read_end(txn);
}

static void test_pairs(void **state)
{
    struct fixture *f = *state;
    static struct model model;
    struct pair_chunk chunk;
    struct kv_txn *txn;
    store_ok(kv_read_begin(f->store->kv, 1000, error, &txn));
    assert_int_equal(pairs_chunk(txn, 'i', &(struct pair){1, 1}, "pairs", NULL, &chunk),
                     PACE_ENOTFOUND);
    check_walk(txn, &model, 0, UINT64_MAX);
    kv_read_end(txn);
    while (model.count < PAIRS_MOST - 701) {
        grow(f->store->kv, &model);
        check_pairs(f->store->kv, &model);
    }
}

/* -- runs -------------------------------------------------------------------------------------- */

/* Some runs share their commit, and some commits the word. */
static void commit_of(int i, char out[32])
{
    snprintf(out, 32, i % 3 ? "%08x" : "same-word-%d", i % 7 ? (unsigned)i * 2654435761u : 4u);
}

static struct pace_run_result append(pace *store, int i)
{
    char id[24], commit_text[32];
    pace_run *run;
    struct pace_run_info info = run_at(T0_NS + i);
    struct pace_cell cell = cell_of("a", i);
    struct pace_run_result result;
    snprintf(id, sizeof id, i % 2 ? "%016x" : "run-%d", (unsigned)i);
    commit_of(i, commit_text);
    info.id = id;
    info.commit = i % 5 ? commit_text : NULL;
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    store_ok(pace_runs_commit(store, &run, 1, error, &result));
    pace_run_free(run);
    return result;
}

struct seen {
    const char *prefix;
    uint64_t count, last;
    char before[64];
};

static int see(void *context, const char *text, uint64_t run)
{
    struct seen *seen = context;
    char expected[32];
    commit_of((int)run - 1, expected);
    assert_string_equal(text, expected);
    int order = strcmp(seen->before, text);
    assert_true(order < 0 || (order == 0 && seen->last < run));
    assert_int_equal(strncmp(text, seen->prefix, strlen(seen->prefix)), 0);
    snprintf(seen->before, sizeof seen->before, "%s", text);
    seen->last = run;
    seen->count++;
    return 0;
}

static void check_commits(pace *store, int runs, const char *prefix)
{
    pace_snapshot *snapshot = look(store);
    struct seen seen = {.prefix = prefix};
    uint64_t expected = 0;
    for (int i = 0; i < runs; i++) {
        char text[32];
        commit_of(i, text);
        expected += i % 5 && strncmp(text, prefix, strlen(prefix)) == 0;
    }
    store_ok(pace_commits(snapshot, prefix, error, see, &seen));
    assert_int_equal(seen.count, expected);
    pace_snapshot_end(snapshot);
}

static void test_tails(void **state)
{
    enum { RUNS = 300 };
    static const uint32_t tails[] = {0, 1, 13, 200, INDEX_TAIL_RUNS};
    (void)state;
    for (size_t t = 0; t < sizeof tails / sizeof *tails; t++) {
        struct fixture f = {.dir = make_directory()};
        struct pace_verified seen;
        pace_snapshot *snapshot;
        store_ok(pace_open(f.dir, PACE_CREATE, NULL, error, &f.store));
        f.store->tail_runs = tails[t];
        for (int i = 0; i < RUNS; i++) {
            assert_int_equal(append(f.store, i).run, i + 1);
            int again = (int)below((size_t)i + 1);
            struct pace_run_result twice = append(f.store, again);
            assert_true(twice.duplicate && twice.run == (uint64_t)again + 1);
            if (i % 37 == 0) {
                reopen(&f);
                f.store->tail_runs = tails[t];
            }
        }
        char text[32];
        commit_of(4, text);
        check_commits(f.store, RUNS, "");
        check_commits(f.store, RUNS, "same-word");
        check_commits(f.store, RUNS, "same-word-4");
        check_commits(f.store, RUNS, text);
        check_commits(f.store, RUNS, "7");
        check_commits(f.store, RUNS, "none");
        store_ok(pace_snapshot_begin(f.store, error, &snapshot));
        uint64_t left = tails[t] < RUNS ? tails[t] : RUNS;
        assert_int_equal(snapshot->head.runs - snapshot->head.indexed, left);
        pace_snapshot_end(snapshot);
        pace_close(f.store);
        store_ok(pace_verify(f.dir, print_damage, NULL, error, &seen));
        remove_tree(f.dir);
    }
}

int main(void)
{
    const char *seed = getenv("PACE_TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    printf("# note seed %llu\n", (unsigned long long)random_state);
    const struct CMUnitTest tests[] = {STORE_TEST(test_pairs), cmocka_unit_test(test_tails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
