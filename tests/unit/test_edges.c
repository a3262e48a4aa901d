/* test_edges.c -- the edges of what engine/pace.h promises: outputs after an error, runs at a limit
 * that are copied, what a kept value may be of. */
#include "store_fixture.h"

#include "../../engine/store.h"

/* -- outputs are untouched on error ---------------------------------------------------------------- */

/* A record of which nothing can be made, under a key of a store. */
struct bad_record {
    struct key key;
    unsigned char bytes[SEAL_BYTES + 3];
};

static int put_bad(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct bad_record *bad = context;
    memset(bad->bytes, 0xee, sizeof bad->bytes);
    seal_close(bad->bytes, sizeof bad->bytes, bad->key.bytes, bad->key.len);
    return kv_put(txn, &bad->key, bad->bytes, sizeof bad->bytes, error);
}

static void break_record(pace *store, struct key key)
{
    struct bad_record bad = {.key = key};
    store_ok(store_write(store, 0, put_bad, &bad, error));
}

/* Fails unless the object is filled with 0x5a, as it was before the call. */
#define untouched(object)                                                                          \
    do {                                                                                           \
        for (size_t i_ = 0; i_ < sizeof(object); i_++)                                             \
            assert_int_equal(((const unsigned char *)&(object))[i_], 0x5a);                        \
    } while (0)

static void test_outputs_after_an_error(void **state)
{
    struct fixture *f = *state;
    struct pace_meta meta;
    struct pace_tiers tiers;
    struct pace_storage storage;
    struct pace_summary summary;
    struct pace_run_view view;
    struct pace_kept kept;
    struct pace_measure measure;
    const struct pace_measure_row *rows;
    const double *samples, own[2] = {1, 2};
    size_t count, sample_count;
    const uint32_t column = 0;
    for (int i = 0; i < 30; i++) { /* a block, rows, totals */
        pace_run *run = begin(f->store, T0_NS + i * SECOND_NS);
        struct pace_cell cell = cell_of("a", i);
        cell.samples = own;
        cell.sample_count = 2;
        store_ok(pace_run_put(run, &cell, error));
        store_ok(pace_run_put_meta(run, "host", "x", error));
        commit(f->store, run);
    }
    struct pace_kept good = {.kind = 1, .runs = 1, .run = 1, .data = "k", .len = 1};
    store_ok(pace_kept_put(f->store, 0, &good, error));
    break_record(f->store, key_meta(2, 0));
    break_record(f->store, key_samples(2, 0));
    break_record(f->store, key_block_list(0, 0));
    break_record(f->store, key_totals(0));
    break_record(f->store, key_run(3));
    break_record(f->store, key_kept(0, 1, 0));
    break_record(f->store, key_measure(0, 0));
    memset(&meta, 0x5a, sizeof meta);
    memset(&tiers, 0x5a, sizeof tiers);
    memset(&storage, 0x5a, sizeof storage);
    memset(&summary, 0x5a, sizeof summary);
    memset(&view, 0x5a, sizeof view);
    memset(&kept, 0x5a, sizeof kept);
    memset(&measure, 0x5a, sizeof measure);
    memset(&rows, 0x5a, sizeof rows);
    memset(&samples, 0x5a, sizeof samples);
    memset(&count, 0x5a, sizeof count);
    memset(&sample_count, 0x5a, sizeof sample_count);
    pace_snapshot *snapshot = look(f->store);
    store_fails(PACE_ECORRUPT, pace_run_meta(snapshot, 2, error, &meta));
    store_fails(PACE_ECORRUPT, pace_samples(snapshot, 2, 0, error, &samples, &sample_count));
    store_fails(PACE_ECORRUPT, pace_stream_tiers(snapshot, 0, error, &tiers));
    store_fails(PACE_ECORRUPT, pace_storage(snapshot, error, &storage));
    store_fails(PACE_ECORRUPT, pace_scan_summary(snapshot, 0, &column, 1, NULL, error, &summary));
    store_fails(PACE_ECORRUPT, pace_run_get(snapshot, 3, error, &view));
    store_fails(PACE_ECORRUPT, pace_kept_get(snapshot, 0, 1, error, &kept));
    store_fails(PACE_ECORRUPT, pace_measure_get(snapshot, 0, 0, error, &measure));
    store_fails(PACE_ECORRUPT, pace_measures(snapshot, error, &rows, &count));
    pace_snapshot_end(snapshot);
    untouched(meta);
    untouched(samples);
    untouched(sample_count);
    untouched(tiers);
    untouched(storage);
    untouched(summary);
    untouched(view);
    untouched(kept);
    untouched(measure);
    untouched(rows);
    untouched(count);
}

/* -- runs at a limit ------------------------------------------------------------------------------- */

static int drop_second(void *context, const struct pace_stream *stream,
                       const struct pace_run_view *run)
{
    (void)context, (void)stream;
    return run->run != 2;
}

/* The engine notes the unit in which a value came beside the metadata of a run: also where that has
 * all the entries that it may have. Such a run can be copied as well. */
static void test_full_metadata_and_a_unit(void **state)
{
    struct fixture *f = *state;
    struct pace_meta meta;
    char key[16];
    pace_run *run = begin(f->store, T0_NS);
    put(run, "a", 1); /* in ns */
    commit(f->store, run);
    run = begin(f->store, T0_NS + 1);
    put(run, "a", 2);
    commit(f->store, run);
    run = begin(f->store, T0_NS + 2);
    struct pace_cell cell = cell_of("a", 3);
    cell.unit = "us";
    store_ok(pace_run_put(run, &cell, error));
    for (int i = 0; i < PACE_MAX_META; i++) {
        snprintf(key, sizeof key, "key-%04d", i);
        store_ok(pace_run_put_meta(run, key, "value", error));
    }
    store_fails(PACE_ELIMIT, pace_run_put_meta(run, "one more", "value", error));
    commit(f->store, run);
    pace_snapshot *snapshot = look(f->store);
    store_ok(pace_run_meta(snapshot, 3, error, &meta));
    assert_int_equal(meta.count, PACE_MAX_META + 1);
    pace_snapshot_end(snapshot);

    char *other = make_directory();
    pace *merged;
    store_ok(pace_open(other, PACE_CREATE, NULL, error, &merged));
    store_ok(pace_merge(merged, f->store, NULL, NULL, error, NULL));
    snapshot = look(merged);
    store_ok(pace_run_meta(snapshot, 3, error, &meta));
    assert_int_equal(meta.count, PACE_MAX_META + 1);
    assert_string_equal(meta.keys[PACE_MAX_META], "unit:latency");
    pace_snapshot_end(snapshot);
    pace_close(merged);
    remove_tree(other);

    struct pace_compact_options options = {.struct_size = sizeof options, .keep_run = drop_second};
    pace_close(f->store);
    store_ok(pace_compact(f->dir, &options, error, NULL));
    store_ok(pace_open(f->dir, 0, NULL, error, &f->store));
    snapshot = look(f->store);
    store_ok(pace_run_meta(snapshot, 3, error, &meta));
    assert_int_equal(meta.count, PACE_MAX_META + 1);
    pace_snapshot_end(snapshot);
}

/* As many samples as a run may have, in one cell; they are read back, copied, and one more is
 * refused. */
static void test_most_samples(void **state)
{
    struct fixture *f = *state;
    double *own = calloc(PACE_MAX_SAMPLES, sizeof *own);
    const double *samples;
    size_t count;
    assert_non_null(own);
    for (size_t i = 0; i < PACE_MAX_SAMPLES; i++)
        own[i] = (double)(i % 1000) / 8;
    pace_run *run = begin(f->store, T0_NS);
    struct pace_cell cell = cell_of("a", 1);
    cell.samples = own;
    cell.sample_count = PACE_MAX_SAMPLES;
    store_ok(pace_run_put(run, &cell, error));
    cell.benchmark = "b";
    cell.sample_count = 1;
    store_fails(PACE_ELIMIT, pace_run_put(run, &cell, error));
    cell.sample_count = 0;
    store_ok(pace_run_put(run, &cell, error));
    commit(f->store, run);
    pace_snapshot *snapshot = look(f->store);
    store_ok(pace_samples(snapshot, 1, 0, error, &samples, &count));
    assert_int_equal(count, PACE_MAX_SAMPLES);
    assert_memory_equal(samples, own, PACE_MAX_SAMPLES * sizeof *own);
    store_ok(pace_samples(snapshot, 1, 1, error, &samples, &count));
    assert_int_equal(count, 0);
    pace_snapshot_end(snapshot);
    free(own);
}

/* -- runs of another handle ------------------------------------------------------------------------ */

/* What a run's columns are is known to the handle with which it was begun: by pace_column, and also
 * where it was put by name and follows runs before it. */
static void test_run_of_another_handle(void **state)
{
    struct fixture *f = *state;
    pace *other;
    pace_column_handle column;
    double value = 1;
    store_ok(pace_open(f->dir, 0, NULL, error, &other));
    for (int i = 0; i < 5; i++) {
        pace_run *run = begin(f->store, T0_NS + i);
        put(run, "a", i);
        put(run, "b", i);
        if (i == 4) {
            store_fails(PACE_EMISUSE, pace_runs_commit(other, &run, 1, error, NULL));
            store_ok(pace_runs_commit(f->store, &run, 1, error, NULL));
            pace_run_free(run);
        } else {
            commit(f->store, run);
        }
    }
    store_ok(pace_column(f->store, "a", "latency", "ns", 0, error, &column));
    pace_run *run = begin(f->store, T0_NS + 9);
    store_ok(pace_run_put_row(run, &column, &value, 1, error));
    store_fails(PACE_EMISUSE, pace_runs_commit(other, &run, 1, error, NULL));
    store_ok(pace_runs_commit(f->store, &run, 1, error, NULL));
    pace_run_free(run);
    pace_close(other);
}

/* -- kept values ----------------------------------------------------------------------------------- */

static void test_kept_of_no_run(void **state)
{
    struct fixture *f = *state;
    struct pace_kept kept = {.kind = 1, .runs = 1, .run = 0, .data = "k", .len = 1};
    pace_run *run = begin(f->store, T0_NS);
    put(run, "a", 1);
    commit(f->store, run);
    store_fails(PACE_EMISUSE, pace_kept_put(f->store, 0, &kept, error)); /* runs are from 1 */
    kept.run = 2;
    store_fails(PACE_EMISUSE, pace_kept_put(f->store, 0, &kept, error));
    kept.run = UINT64_MAX;
    store_fails(PACE_EMISUSE, pace_kept_put(f->store, 0, &kept, error));
    kept.run = 1;
    kept.runs = 2;
    store_fails(PACE_EMISUSE, pace_kept_put(f->store, 0, &kept, error));
    kept.runs = 0;
    store_fails(PACE_EMISUSE, pace_kept_put(f->store, 0, &kept, error));
    kept.runs = 1;
    store_fails(PACE_ENOTFOUND, pace_kept_put(f->store, 1, &kept, error));
    store_ok(pace_kept_put(f->store, 0, &kept, error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_outputs_after_an_error), STORE_TEST(test_full_metadata_and_a_unit),
        STORE_TEST(test_most_samples),           STORE_TEST(test_run_of_another_handle),
        STORE_TEST(test_kept_of_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
