/* test_kv_model.c -- ordered keys beside a naive model: little batches that go to the journal,
 * those that are too large for it or fail, several processes that take turns, snapshots held
 * meanwhile; each of the ways to find a key and to go on from there. The seed is printed;
 * PACE_TEST_SEED repeats a run. */
#include "../child.h"
#include "../damage.h"

#include "../../engine/kv.h"

#include <errno.h>
#include <time.h>

enum {
    TABLES = 5,
    EACH = 60,
    KEYS = TABLES * EACH,
    BATCHES = 4000,
    CHANGES = 6,
    HELD = 4,
    QUESTIONS = 12,
    LIST_MOST = 7,
    VALUE_MOST = 90000,
    TIMEOUT_MS = 20000,
};

static const char tables[TABLES + 1] = "Gdlrv";

/* -- the model: which keys there are, and what their values are made of ------------------------ */

struct entry {
    uint32_t seed, len;
    int there;
};
struct model {
    struct entry entries[KEYS];
};

/* Key number i: their order is that of the numbers. */
static struct key key_of(unsigned i)
{
    struct key key = {.len = 4};
    key.bytes[0] = (unsigned char)tables[i / EACH];
    key.bytes[1] = (unsigned char)(i % EACH / 20);
    key.bytes[2] = (unsigned char)(i % 20 * 9);
    key.bytes[3] = 7;
    if (i % 3 == 0) memset(key.bytes + key.len, 5, 20), key.len += 20;
    return key;
}

static unsigned char byte_of(const struct entry *entry, uint32_t at)
{
    return (unsigned char)((entry->seed + at * 2654435761u) >> 13);
}

static void make_value(const struct entry *entry, unsigned char *out)
{
    for (uint32_t i = 0; i < entry->len; i++)
        out[i] = byte_of(entry, i);
}

static void check_value(const struct model *model, unsigned i, const struct kv_slice *value)
{
    const struct entry *entry = &model->entries[i];
    assert_int_equal(value->len, entry->len);
    for (uint32_t at = 0; at < entry->len; at += at < 64 ? 1 : 97)
        if (value->data[at] != byte_of(entry, at)) fail_msg("key %u: byte %u", i, at);
}

static void check_pair(const struct model *model, unsigned i, const struct kv_slice *key,
                       const struct kv_slice *value)
{
    struct key expected = key_of(i);
    assert_int_equal(key->len, expected.len);
    assert_memory_equal(key->data, expected.bytes, expected.len);
    check_value(model, i, value);
}

/* The first key from `i` on that is there; the last before it. KEYS: none. */
static unsigned from(const struct model *model, unsigned i)
{
    while (i < KEYS && !model->entries[i].there)
        i++;
    return i;
}

static unsigned before(const struct model *model, unsigned i)
{
    while (i > 0)
        if (model->entries[--i].there) return i;
    return KEYS;
}

/* -- questions --------------------------------------------------------------------------------- */

static void ask_get(struct kv_txn *txn, const struct model *model, unsigned i)
{
    struct key key = key_of(i);
    struct kv_slice value;
    struct pace_error failure;
    int rc = kv_get(txn, &key, &failure, &value);
    assert_int_equal(rc, model->entries[i].there ? 0 : PACE_ENOTFOUND);
    if (!rc) check_value(model, i, &value);
    struct kv_cursor *cursor;
    store_ok(kv_cursor_at(txn, key.bytes[0], error, &cursor));
    rc = kv_cursor_get(cursor, &key, &failure, &value);
    assert_int_equal(rc, model->entries[i].there ? 0 : PACE_ENOTFOUND);
    if (!rc) check_value(model, i, &value);
    kv_cursor_close(cursor);
}

/* To a place, and some steps on. */
static void ask_moves(struct kv_txn *txn, const struct model *model, uint64_t *random)
{
    unsigned i = (unsigned)damage_below(random, KEYS), at;
    struct key key = key_of(i);
    struct kv_cursor *cursor;
    struct kv_slice found, value;
    int is_behind = damage_below(random, 3) == 0; /* just behind the key */
    if (is_behind) key.bytes[key.len++] = 0, i++;
    unsigned char table = damage_below(random, 2) ? key.bytes[0] : 0;
    store_ok(kv_cursor_at(txn, table, error, &cursor));
    int is_back = damage_below(random, 2) == 0;
    int rc = is_back ? kv_cursor_before(cursor, &key, NULL, &found, &value)
                     : kv_cursor_seek(cursor, &key, NULL, &found, &value);
    at = is_back ? before(model, i) : from(model, i);
    for (size_t steps = damage_below(random, 5); at < KEYS; steps--) {
        assert_int_equal(rc, 0);
        check_pair(model, at, &found, &value);
        if (steps == 0) break;
        rc = kv_cursor_next(cursor, NULL, &found, &value);
        at = from(model, at + 1);
    }
    if (at == KEYS) assert_int_equal(rc, PACE_ENOTFOUND);
    kv_cursor_close(cursor);
}

static int has_prefix(unsigned i, const struct key *prefix)
{
    struct key key = key_of(i);
    return key_begins(key.bytes, key.len, prefix);
}

static void ask_list(struct kv_txn *txn, const struct model *model, uint64_t *random)
{
    struct key prefix = key_of((unsigned)damage_below(random, KEYS));
    prefix.len = 1 + damage_below(random, 3);
    struct kv_pair pairs[LIST_MOST];
    struct kv_cursor *cursor;
    size_t most = 1 + damage_below(random, LIST_MOST), count = most;
    unsigned at = 0;
    while (at < KEYS && !has_prefix(at, &prefix))
        at++;
    at = from(model, at);
    store_ok(kv_cursor_at(txn, prefix.bytes[0], error, &cursor));
    for (int go_on = 0; count == most; go_on = 1) {
        store_ok(kv_cursor_list(cursor, &prefix, go_on, pairs, most, error, &count));
        for (size_t i = 0; i < count; i++, at = from(model, at + 1)) {
            assert_true(at < KEYS && has_prefix(at, &prefix));
            check_pair(model, at, &pairs[i].key, &pairs[i].value);
        }
    }
    assert_true(at == KEYS || !has_prefix(at, &prefix));
    kv_cursor_close(cursor);
}

static void ask_list_back(struct kv_txn *txn, const struct model *model, uint64_t *random)
{
    unsigned i = (unsigned)damage_below(random, KEYS), at = before(model, i);
    struct key end = key_of(i);
    struct kv_pair pairs[LIST_MOST];
    struct kv_cursor *cursor;
    size_t most = 1 + damage_below(random, LIST_MOST), count = most;
    store_ok(kv_cursor_at(txn, end.bytes[0], error, &cursor));
    for (int go_on = 0, rounds = 0; count == most && rounds < 6; go_on = 1, rounds++) {
        store_ok(kv_cursor_list_back(cursor, &end, go_on, pairs, most, error, &count));
        for (size_t p = 0; p < count; p++, at = before(model, at)) {
            assert_true(at < KEYS);
            check_pair(model, at, &pairs[p].key, &pairs[p].value);
        }
    }
    if (count < most) assert_int_equal(at, KEYS);
    kv_cursor_close(cursor);
}

static void ask(struct kv_txn *txn, const struct model *model, uint64_t *random)
{
    switch (damage_below(random, 4)) {
    case 0: ask_get(txn, model, (unsigned)damage_below(random, KEYS)); break;
    case 1: ask_moves(txn, model, random); break;
    case 2: ask_list(txn, model, random); break;
    default: ask_list_back(txn, model, random); break;
    }
}

static void ask_everything(struct kv_txn *txn, const struct model *model)
{
    struct kv_cursor *cursor;
    struct kv_slice key, value;
    struct key first = {.len = 1};
    for (unsigned i = 0; i < KEYS; i++)
        ask_get(txn, model, i);
    store_ok(kv_cursor_open(txn, error, &cursor));
    int rc = kv_cursor_seek(cursor, &first, NULL, &key, &value);
    for (unsigned at = from(model, 0); at < KEYS; at = from(model, at + 1)) {
        assert_int_equal(rc, 0);
        check_pair(model, at, &key, &value);
        rc = kv_cursor_next(cursor, NULL, &key, &value);
    }
    assert_int_equal(rc, PACE_ENOTFOUND);
    kv_cursor_close(cursor);
}

/* -- batches ----------------------------------------------------------------------------------- */

enum outcome { LASTS, FAILS, UNCHANGED };

struct batch {
    uint64_t random;           /* what it does follows from this */
    const struct model *begin; /* what it begins with */
    struct model model;        /* and comes to */
    enum outcome outcome;
    int is_little;
};

static struct batch new_batch(uint64_t *random, const struct model *begin)
{
    struct batch batch = {.random = damage_below(random, SIZE_MAX), .begin = begin};
    size_t dice = damage_below(random, 30);
    batch.is_little = dice != 0;
    batch.outcome = dice == 1 ? FAILS : dice == 2 ? UNCHANGED : LASTS;
    return batch;
}

static struct entry new_entry(uint64_t *random)
{
    struct entry entry = {.there = 1, .seed = (uint32_t)damage_below(random, UINT32_MAX)};
    size_t dice = damage_below(random, 300);
    entry.len = 1 + (uint32_t)damage_below(random, dice < 2    ? VALUE_MOST - 1
                                                   : dice < 40 ? 5000
                                                               : 90);
    return entry;
}

/* One change, in the store (txn not NULL) and in the model. */
static int change(struct kv_txn *txn, struct model *model, uint64_t *random,
                  struct pace_error *error)
{
    static unsigned char value[VALUE_MOST];
    unsigned i = (unsigned)damage_below(random, KEYS);
    struct key key = key_of(i);
    struct entry *entry = &model->entries[i];
    if (damage_below(random, 3) == 0) {
        int there = entry->there;
        entry->there = 0;
        if (!txn) return 0;
        int rc = kv_delete(txn, &key, error);
        if (!rc || rc == PACE_ENOTFOUND) assert_int_equal(rc, there ? 0 : PACE_ENOTFOUND);
        return rc == PACE_ENOTFOUND ? 0 : rc;
    }
    int in_place = damage_below(random, 2) == 0;
    *entry = new_entry(random);
    if (!txn) return 0;
    if (!in_place) {
        make_value(entry, value);
        return kv_put(txn, &key, value, entry->len, error);
    }
    unsigned char *space;
    int rc = kv_put_space(txn, &key, entry->len, error, &space);
    if (!rc) make_value(entry, space);
    return rc;
}

static int run_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct batch *batch = context;
    uint64_t random = batch->random, questions = random;
    batch->model = *batch->begin;
    size_t changes = 1 + damage_below(&random, CHANGES);
    for (size_t i = 0; i < changes; i++) {
        int rc = change(txn, &batch->model, &random, error);
        if (rc) return rc;
        if (txn) ask(txn, &batch->model, &questions);
    }
    if (txn && batch->outcome == FAILS) {
        error->code = EPERM;
        return EPERM;
    }
    return txn && batch->outcome == UNCHANGED ? KV_UNCHANGED : 0;
}

static void write_batch(struct kv *kv, uint64_t *random, struct model *model)
{
    struct batch batch = new_batch(random, model);
    struct kv_work work = {.run = run_batch, .context = &batch, .is_little = batch.is_little};
    struct pace_error failure = {0};
    int rc = kv_write(kv, TIMEOUT_MS, &work, &failure);
    if (rc != (batch.outcome == FAILS ? EPERM : 0)) fail_msg("%d: %s", rc, failure.message);
    if (batch.outcome == LASTS) *model = batch.model;
}

/* What write_batch would do to the model. */
static void imagine_batch(uint64_t *random, struct model *model)
{
    struct batch batch = new_batch(random, model);
    run_batch(NULL, &batch, NULL);
    if (batch.outcome == LASTS) *model = batch.model;
}

/* -- the store --------------------------------------------------------------------------------- */

static unsigned char mark_value; /* what the store was told last */

static int mark(struct kv_txn *txn, int there, struct pace_error *error)
{
    (void)txn, (void)error;
    mark_value = (unsigned char)there;
    return 0;
}

static int fill(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct key key = key_of(0);
    struct entry *entry = context;
    unsigned char value[8];
    make_value(entry, value);
    return kv_put(txn, &key, value, entry->len, error);
}

static struct kv *open_kv(const char *dir, struct model *model, uint64_t map_size)
{
    struct kv_options options = {.timeout_ms = TIMEOUT_MS,
                                 .map_size = map_size,
                                 .create = 1,
                                 .fill = {.run = fill, .context = &model->entries[0]},
                                 .mark = mark};
    struct kv *kv;
    store_ok(kv_open(dir, &options, error, &kv));
    return kv;
}

static void check_all(struct kv *kv, const struct model *model)
{
    struct kv_txn *txn;
    store_ok(kv_read_begin(kv, TIMEOUT_MS, error, &txn));
    ask_everything(txn, model);
    kv_read_end(txn);
}

/* In a child: reads all, writes some, and closes the store or is gone. */
static void be_other(const char *dir, uint64_t random, struct model *model, size_t batches,
                     int closes)
{
    struct kv *kv = open_kv(dir, model, 1 << 20); /* it has to grow */
    check_all(kv, model);
    for (size_t i = 0; i < batches; i++)
        write_batch(kv, &random, model);
    check_all(kv, model);
    if (closes) kv_close(kv);
    _exit(0);
}

/* Another process takes a turn. */
static void let_other(const char *dir, uint64_t *random, struct model *model)
{
    uint64_t seed = damage_below(random, SIZE_MAX);
    size_t batches = damage_below(random, 12);
    int closes = damage_below(random, 2) == 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        child_may_crash(60);
        be_other(dir, seed, model, batches, closes);
    }
    assert_int_equal(child_status(child), 0);
    for (size_t i = 0; i < batches; i++)
        imagine_batch(&seed, model);
}

struct held {
    struct kv_txn *txn;
    struct model model;
};

static void release(struct held *held)
{
    if (!held->txn) return;
    ask_everything(held->txn, &held->model);
    kv_read_end(held->txn);
    held->txn = NULL;
}

static void test_batches(void **state)
{
    (void)state;
    const char *given = getenv("PACE_TEST_SEED");
    uint64_t random = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL), last = 0;
    print_message("# note seed %llu\n", (unsigned long long)random);
    static struct model model;
    static struct held held[HELD];
    model.entries[0] = (struct entry){.there = 1, .len = 8, .seed = 1};
    char *dir = make_directory();
    struct kv *kv = open_kv(dir, &model, 0);
    for (int i = 0; i < BATCHES; i++) {
        write_batch(kv, &random, &model);
        struct held *one = &held[damage_below(&random, HELD)];
        size_t dice = damage_below(&random, 200);
        if (dice < 30) {
            release(one);
            store_ok(kv_read_begin(kv, TIMEOUT_MS, error, &one->txn));
            one->model = model;
            assert_true(kv_state(one->txn) > last);
            last = kv_state(one->txn) - 1;
        } else if (dice < 60 || dice == 199) {
            for (size_t h = 0; h < HELD; h++)
                if (one == &held[h] || dice == 199) release(&held[h]);
        }
        for (int q = 0; one->txn && q < QUESTIONS; q++)
            ask(one->txn, &one->model, &random);
        if (dice == 199) {
            kv_close(kv);
            assert_false(mark_value); /* no journal is left at rest */
            kv = open_kv(dir, &model, 0);
            check_all(kv, &model);
        }
        if (dice == 198) {
            for (size_t h = 0; h < HELD; h++) /* the map may grow, and has to be moved */
                release(&held[h]);
            let_other(dir, &random, &model);
        }
    }
    for (size_t h = 0; h < HELD; h++)
        release(&held[h]);
    check_all(kv, &model);
    kv_close(kv);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
