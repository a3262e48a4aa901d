/* test_facts.c -- marks and saved objects. The
 * contract of engine/pace.h: each function, each error that can be brought about. */
#include "store_fixture.h"

static void test_marks(void **state)
{
    struct fixture *f = *state;
    struct pace_mark mark = {
        .kind = PACE_MARK_ACCEPT, .selector = "benchmark:a", .note = "on purpose", .at_ns = T0_NS};
    uint64_t id = 0;
    store_ok(pace_mark_add(f->store, &mark, error, &id));
    assert_int_equal(id, 1);
    mark = (struct pace_mark){.kind = PACE_MARK_ALIAS,
                              .selector = "benchmark:old",
                              .target = "benchmark:new",
                              .at_ns = INT64_MIN,
                              .created_ns = 77};
    store_ok(pace_mark_add(f->store, &mark, error, &id));
    assert_int_equal(id, 2);
    store_fails(PACE_ENOTFOUND, pace_mark_undo(f->store, 3, error));
    store_fails(PACE_ENOTFOUND, pace_mark_undo(f->store, 0, error));
    store_ok(pace_mark_undo(f->store, 1, error));
    store_fails(PACE_EMISUSE, pace_mark_undo(f->store, 1, error));
    mark.kind = 0;
    store_fails(PACE_EMISUSE, pace_mark_add(f->store, &mark, error, &id));
    mark.kind = PACE_MARK_EXCLUDE;
    mark.note = "\x01";
    store_fails(PACE_EVALUE, pace_mark_add(f->store, &mark, error, &id));
    char *big = malloc(PACE_MAX_NOTE + 2);
    memset(big, 'n', PACE_MAX_NOTE + 1);
    big[PACE_MAX_NOTE + 1] = 0;
    mark.note = big;
    store_fails(PACE_ELIMIT, pace_mark_add(f->store, &mark, error, &id));
    free(big);
    reopen(f);

    pace_snapshot *snapshot = look(f->store);
    const struct pace_mark *marks;
    size_t count;
    store_ok(pace_marks(snapshot, error, &marks, &count));
    assert_int_equal(count, 2);
    assert_int_equal(marks[0].id, 1);
    assert_int_equal(marks[0].undone, 1);
    assert_string_equal(marks[0].selector, "benchmark:a");
    assert_string_equal(marks[0].target, "");
    assert_string_equal(marks[0].note, "on purpose");
    assert_int_equal(marks[0].at_ns, T0_NS);
    assert_true(marks[0].created_ns > T0_NS);
    assert_int_equal(marks[1].undone, 0);
    assert_int_equal(marks[1].kind, PACE_MARK_ALIAS);
    assert_string_equal(marks[1].target, "benchmark:new");
    assert_true(marks[1].at_ns == INT64_MIN);
    assert_int_equal(marks[1].created_ns, 77);
    pace_snapshot_end(snapshot);
}

static void test_objects(void **state)
{
    struct fixture *f = *state;
    uint32_t version = 0;
    pace *s = f->store;
    store_ok(pace_object_put(s, PACE_OBJECT_VIEW, "slow", "branch:main\n| check", error, &version));
    assert_int_equal(version, 1);
    store_ok(pace_object_put(s, PACE_OBJECT_LET, "slow", "5%", error, &version));
    assert_int_equal(version, 1);
    store_ok(pace_object_put(s, PACE_OBJECT_LET, "slow", "6%", error, &version));
    assert_int_equal(version, 2);
    store_ok(pace_object_put(s, PACE_OBJECT_ALERT, "gone", "x", error, &version));
    store_ok(pace_object_put(s, PACE_OBJECT_ALERT, "gone", NULL, error, &version));
    assert_int_equal(version, 2);
    store_fails(PACE_ENOTFOUND, pace_object_put(s, PACE_OBJECT_ALERT, "gone", NULL, error, NULL));
    store_fails(PACE_ENOTFOUND, pace_object_put(s, PACE_OBJECT_VIEW, "no", NULL, error, NULL));
    store_fails(PACE_EMISUSE, pace_object_put(s, 9, "x", "y", error, NULL));
    store_fails(PACE_ENAME, pace_object_put(s, PACE_OBJECT_LET, "", "y", error, NULL));
    store_fails(PACE_EVALUE, pace_object_put(s, PACE_OBJECT_LET, "x", "\xc3", error, NULL));
    char *big = malloc(PACE_MAX_OBJECT + 2);
    memset(big, 'n', PACE_MAX_OBJECT + 1);
    big[PACE_MAX_OBJECT + 1] = 0;
    store_fails(PACE_ELIMIT, pace_object_put(s, PACE_OBJECT_LET, "x", big, error, NULL));
    free(big);
    reopen(f);

    pace_snapshot *snapshot = look(f->store);
    const struct pace_object *objects;
    size_t count;
    store_ok(pace_objects(snapshot, error, &objects, &count));
    assert_int_equal(count, 2);
    assert_int_equal(objects[0].kind, PACE_OBJECT_LET);
    assert_string_equal(objects[0].text, "6%");
    assert_int_equal(objects[0].version, 2);
    assert_string_equal(objects[1].name, "slow");
    assert_string_equal(objects[1].text, "branch:main\n| check");
    pace_snapshot_end(snapshot);
    store_ok(pace_object_put(f->store, PACE_OBJECT_ALERT, "gone", "back", error, &version));
    assert_int_equal(version, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_marks),
        STORE_TEST(test_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
