/* test_pages.c -- the walk over a file's pages: what LMDB leaves on purpose is not damage. */
#include "../store_help.h"

#include "../../engine/keys.h"
#include "../../engine/kv.h"

enum { LONG_BYTES = 40000, SHORTER_BYTES = 9000 };

/* A value that has pages of its own, and in the same batch a shorter one for its key: LMDB leaves
 * the pages to the value. */
static int put_twice(struct kv_txn *txn, void *context, struct pace_error *error)
{
    static const unsigned char bytes[LONG_BYTES];
    (void)context;
    struct key key = key_mark(1), other = key_mark(2);
    int rc = kv_put(txn, &key, bytes, LONG_BYTES, error);
    if (!rc) rc = kv_put(txn, &other, bytes, SHORTER_BYTES, error);
    return rc ? rc : kv_put(txn, &key, bytes, SHORTER_BYTES, error);
}

static int no_problem(void *context, uint64_t page, const void *key, size_t key_len,
                      const char *problem)
{
    (void)context, (void)key, (void)key_len;
    fail_msg("page %llu: %s", (unsigned long long)page, problem);
    return 1;
}

static void test_a_value_shortened_in_its_batch_keeps_its_pages(void **state)
{
    (void)state;
    char *path = make_directory();
    struct kv_options options = {.create = 1, .timeout_ms = 1000, .fill = {.run = put_twice}};
    struct kv_page_count count = {0};
    struct kv *kv = NULL;
    struct kv_txn *txn = NULL;
    store_ok(kv_open(path, &options, error, &kv));
    store_ok(kv_read_begin(kv, 1000, error, &txn));
    store_ok(kv_walk_pages(txn, no_problem, NULL, error, &count));
    assert_true(count.used >= LONG_BYTES / 4096 + SHORTER_BYTES / 4096);
    kv_read_end(txn);
    kv_close(kv);
    remove_tree(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_shortened_in_its_batch_keeps_its_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
