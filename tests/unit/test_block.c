/* test_block.c -- the codecs of blocks: what was written comes back, and damage never comes back as
 * a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../engine/block.h"
#include "../../engine/block_layout.h"
#include "../../engine/gather.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 200, FLIPS = 400 };

static uint64_t random_state = 7;

static uint32_t below(uint32_t n)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % n);
}

static int same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* A group and what is in it, by column - from and run. */
struct image {
    uint32_t from, until, runs;
    struct row_cell (*cells)[BLOCK_RUNS_MAX];
    struct row_buffer record;
    struct key key;
};

static void fill(struct image *image, int presence, int plain)
{
    for (uint32_t c = 0; c < image->until - image->from; c++) {
        int column_there = below(100) < (uint32_t)presence, decimals = (int)below(4);
        for (uint32_t r = 0; r < image->runs; r++) {
            struct row_cell *cell = &image->cells[c][r];
            *cell = (struct row_cell){.column = image->from + c,
                                      .status = PACE_CELL_ABSENT,
                                      .value = (double)NAN,
                                      .lower = (double)NAN,
                                      .upper = (double)NAN};
            if (!column_there || (!plain && below(8) == 0)) continue;
            cell->status = plain || below(6) ? PACE_CELL_OK : (uint8_t)(1 + below(2));
            if (cell->status != PACE_CELL_OK) continue;
            cell->value = (double)below(1000000) / (decimals == 3 ? 7.0 : pow(10, decimals));
            if (!plain && below(4) == 0) cell->lower = cell->value - 1;
            if (!plain && below(4) == 0) cell->upper = cell->value + 1;
        }
    }
}

/* Writes the group by way of a gather, as folds do. */
static void write_group(struct image *image, enum pack_how how)
{
    struct gather gather = {0};
    struct block_writer writer = {0};
    assert_int_equal(gather_begin(&gather, image->from, image->until), 0);
    gather_expect(&gather, image->from, image->until, image->runs);
    assert_int_equal(gather_prepare(&gather), 0);
    for (uint32_t r = 0; r < image->runs; r++) {
        for (uint32_t c = 0; c < image->until - image->from; c++) {
            if (image->cells[c][r].status != PACE_CELL_ABSENT)
                gather_put(&gather, r, &image->cells[c][r]);
        }
    }
    image->key = key_block_group(3, 9, image->from);
    block_writer_begin(&writer, 3, 9, image->from, image->runs, how, &image->key);
    for (uint32_t column = image->from; column < image->until; column++) {
        struct block_column cells;
        gather_column(&gather, column, &cells);
        assert_false(block_writer_full(&writer));
        if (cells.count) assert_int_equal(block_writer_column(&writer, &cells), 0);
    }
    assert_int_equal(block_writer_end(&writer, image->until, &image->record), 0);
    block_writer_free(&writer);
    gather_free(&gather);
}

/* Any runs of a chunk read as they do among all. */
static void check_pieces(const struct block_chunk *chunk, enum block_part part, const double *all)
{
    for (uint32_t first = 0; first < chunk->runs; first += 1 + first / 3)
        for (uint32_t count = 1; count <= chunk->runs - first; count += 1 + count / 2) {
            double some[BLOCK_CHUNK_RUNS + 1];
            some[count] = -1;
            block_chunk_read(chunk, part, first, count, some);
            for (uint32_t i = 0; i < count; i++)
                assert_true(same(some[i], all[first + i]));
            assert_true(same(some[count], -1));
        }
}

/* 1 when all cells of the chunk at `first` are there and ok, 64 of them, without bounds. */
static bool is_plain(const struct image *image, const struct row_cell *cells, uint32_t first)
{
    if (image->runs - first < BLOCK_CHUNK_RUNS) return false;
    for (uint32_t r = first; r < first + BLOCK_CHUNK_RUNS; r++)
        if (cells[r].status != PACE_CELL_OK || !isnan(cells[r].lower) || !isnan(cells[r].upper))
            return false;
    return true;
}

/* Plain chunks that are read many at a time: the same values, also of damaged copies; and with
 * `pieces`, of one that is good, as many as there are. */
static void check_many(struct block_group *group, struct block_slot slot, const struct image *image,
                       const struct row_cell *cells, bool pieces)
{
    static double values[BLOCK_RUNS_MAX + BLOCK_CHUNK_RUNS + 1];
    uint32_t chunks = block_chunk_count(image->runs);
    for (uint32_t first = 0; first <= chunks; first++) {
        uint32_t at = first * BLOCK_CHUNK_RUNS, most = below(chunks + 2);
        values[most * BLOCK_CHUNK_RUNS] = -1;
        uint32_t count = block_chunks_read(group, &slot, first, most, values);
        assert_true(count <= most && count <= chunks - first);
        assert_true(same(values[most * BLOCK_CHUNK_RUNS], -1));
        for (uint32_t i = 0; i < count * BLOCK_CHUNK_RUNS; i++)
            assert_true(same(values[i], cells[at + i].value));
        for (uint32_t i = 0; i < count; i++)
            assert_true(is_plain(image, cells, at + i * BLOCK_CHUNK_RUNS));
        if (pieces && count < most && first + count < chunks) {
            struct block_chunk chunk;
            assert_int_equal(block_chunk_open(group, &slot, first + count, &chunk), 0);
            assert_true(chunk.relation || !is_plain(image, cells, at + count * BLOCK_CHUNK_RUNS));
        }
    }
}

/* Compares a column, and with `pieces` parts of it: 0 equal, -1 an error was reported; a wrong cell
 * fails the test. */
static int compare_column(struct block_group *group, const struct image *image, uint32_t column,
                          bool pieces)
{
    struct block_slot slot;
    const struct row_cell *cells = image->cells[column - image->from];
    uint64_t ok = 0, there = 0;
    double sum = 0;
    for (uint32_t r = 0; r < image->runs; r++) {
        there += cells[r].status != PACE_CELL_ABSENT;
        ok += cells[r].status == PACE_CELL_OK;
        if (cells[r].status == PACE_CELL_OK) sum += cells[r].value;
    }
    int found = block_group_seek(group, column, &slot);
    if (found < 0) return -1;
    if (!found || slot.column != column) {
        assert_int_equal(there, 0);
        return 0;
    }
    struct block_summary summary = block_group_summary(group, &slot);
    assert_int_equal(summary.count, ok);
    assert_true(fabs(summary.sum - sum) <= 1e-9 * fabs(sum));
    check_many(group, slot, image, cells, pieces);
    for (uint32_t first = 0; first < image->runs; first += BLOCK_CHUNK_RUNS) {
        struct block_chunk chunk;
        uint8_t status[BLOCK_CHUNK_RUNS];
        double number[3][BLOCK_CHUNK_RUNS];
        if (block_chunk_open(group, &slot, first / BLOCK_CHUNK_RUNS, &chunk)) return -1;
        block_chunk_statuses(&chunk, 0, chunk.runs, status);
        for (int part = 0; part < 3; part++) {
            block_chunk_read(&chunk, (enum block_part)part, 0, chunk.runs, number[part]);
            if (pieces) check_pieces(&chunk, (enum block_part)part, number[part]);
        }
        for (uint32_t i = 0; i < chunk.runs; i++) {
            const struct row_cell *own = &cells[first + i];
            assert_int_equal(status[i], own->status);
            assert_true(same(number[BLOCK_VALUE][i], own->value));
            assert_true(same(number[BLOCK_LOWER][i], own->lower));
            assert_true(same(number[BLOCK_UPPER][i], own->upper));
        }
    }
    return 0;
}

static int compare(const struct image *image, const unsigned char *data)
{
    struct block_group group;
    int damaged = block_group_open(&group, data, image->record.len, &image->key);
    bool pieces = data == image->record.data; /* of damaged copies the whole is enough */
    for (uint32_t column = image->from; !damaged && column < image->until; column++)
        damaged = compare_column(&group, image, column, pieces);
    return damaged;
}

/* Every flipped byte is an error or beside what was read. */
static void flip(const struct image *image)
{
    unsigned char *copy = malloc(image->record.len);
    assert_non_null(copy);
    int noticed = 0;
    for (int i = 0; i < FLIPS; i++) {
        size_t at = below((uint32_t)image->record.len);
        memcpy(copy, image->record.data, image->record.len);
        copy[at] = (unsigned char)(copy[at] ^ 1u << below(8));
        noticed += compare(image, copy) != 0;
    }
    assert_int_equal(noticed, FLIPS); /* all of the record was read */
    free(copy);
}

static void one_shape(uint32_t runs, int presence, int plain, enum pack_how how)
{
    struct image image = {.from = below(50), .runs = runs};
    image.until = image.from + (runs > 200 ? COLUMNS / 8 : COLUMNS);
    image.cells = calloc(COLUMNS, sizeof *image.cells);
    assert_non_null(image.cells);
    fill(&image, presence, plain);
    write_group(&image, how);
    assert_int_equal(compare(&image, image.record.data), 0);
    flip(&image);
    struct block_group group;
    struct key other = key_block_group(3, 10, image.from);
    assert_int_equal(block_group_open(&group, image.record.data, image.record.len, &other), -1);
    assert_int_equal(block_group_open(&group, image.record.data, image.record.len - 8, &image.key),
                     -1);
    row_buffer_free(&image.record);
    free(image.cells);
}

static void test_groups(void **state)
{
    (void)state;
    static const uint32_t runs[] = {1, 2, 63, 64, 65, 128, 200, 1024};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        one_shape(runs[i], 100, 1, PACK_AS_IS);
        one_shape(runs[i], 100, 0, i % 2 ? PACK_AS_IS : PACK_LOOSE);
        one_shape(runs[i], 30, 0, i % 2 ? PACK_LOOSE : PACK_SHORT);
        one_shape(runs[i], 100, 1, i % 2 ? PACK_SHORT : PACK_LOOSE);
    }
}

/* A chunk whose sums are good and whose code is none, cut to its head: no pack is as long as
 * nothing. */
static void test_no_pack(void **state)
{
    (void)state;
    struct image image = {.from = 0, .until = 1, .runs = 1};
    image.cells = calloc(1, sizeof *image.cells);
    assert_non_null(image.cells);
    fill(&image, 100, 1);
    write_group(&image, PACK_AS_IS);
    struct block_group group;
    struct block_slot slot;
    struct block_chunk chunk;
    assert_int_equal(block_group_open(&group, image.record.data, image.record.len, &image.key), 0);
    assert_int_equal(block_group_seek(&group, 0, &slot), 1);
    assert_int_equal(block_chunk_open(&group, &slot, 0, &chunk), 0);
    slot.end = slot.start + BLOCK_CHUNK_HEAD;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        unsigned char *data = image.record.data + slot.start;
        memcpy(data + 10, &(uint16_t){(uint16_t)code}, 2);
        uint64_t sum = block_chunk_sum(data, BLOCK_CHUNK_HEAD, group.seed, 0, 0);
        memcpy(data, &sum, sizeof sum);
        assert_int_equal(block_chunk_open(&group, &slot, 0, &chunk), -1);
    }
    row_buffer_free(&image.record);
    free(image.cells);
}

static void test_packed_is_smaller(void **state)
{
    (void)state;
    struct image image = {.until = COLUMNS / 2, .runs = 1024};
    image.cells = calloc(COLUMNS, sizeof *image.cells);
    assert_non_null(image.cells);
    fill(&image, 100, 1);
    write_group(&image, PACK_AS_IS);
    size_t raw = image.record.len;
    write_group(&image, PACK_LOOSE);
    size_t loose = image.record.len;
    assert_true(loose * 3 < raw * 2);
    write_group(&image, PACK_SHORT);
    assert_true(image.record.len <= loose);
    row_buffer_free(&image.record);
    free(image.cells);
}

/* A rate of the time before it, a time again, bounds on both sides alike: each is read whole, also
 * where some of it is missing, and takes little room. */
static void test_related(void **state)
{
    (void)state;
    static const uint32_t runs[] = {40, 64, 130};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct image image = {.from = 7, .until = 7 + COLUMNS / 4, .runs = runs[i]};
        image.cells = calloc(COLUMNS, sizeof *image.cells);
        assert_non_null(image.cells);
        fill(&image, 100, 1);
        for (uint32_t c = 0; c < COLUMNS / 4; c++) {
            for (uint32_t r = 0; r < runs[i]; r++) {
                struct row_cell *cell = &image.cells[c][r], *first = &image.cells[c - c % 4][r];
                if (c % 4 == 0) cell->value = 1e6 + below(1u << 30) / 7.0;
                if (c % 4 == 1) cell->value = 1e9 / first->value;
                if (c % 4 == 2) cell->value = first->value;
                if (c % 4 == 3) cell->value = first->value / 3;
                if (c % 4 == 3) cell->lower = cell->value - r, cell->upper = cell->value + r;
                if (c % 4 == 1 && r % 5 == 0) cell->status = PACE_CELL_ABSENT;
                if (c % 4 == 2 && r % 7 == 0) cell->status = PACE_CELL_FAILED;
                if (cell->status != PACE_CELL_OK) cell->value = (double)NAN;
            }
        }
        write_group(&image, PACK_LOOSE);
        assert_int_equal(compare(&image, image.record.data), 0);
        size_t loose = image.record.len;
        write_group(&image, PACK_SHORT);
        assert_int_equal(compare(&image, image.record.data), 0);
        assert_true(image.record.len * 4 < loose * 3);
        flip(&image);
        row_buffer_free(&image.record);
        free(image.cells);
    }
}

static void test_full(void **state)
{
    (void)state;
    static uint16_t run[BLOCK_RUNS_MAX];
    static uint8_t status[BLOCK_RUNS_MAX];
    static double value[BLOCK_RUNS_MAX];
    for (uint32_t i = 0; i < BLOCK_RUNS_MAX; i++) {
        run[i] = (uint16_t)i;
        value[i] = sqrt((double)i + 2) * (i % 2 ? -1 : 1e200);
    }
    struct block_writer writer = {0};
    struct row_buffer out = {0};
    struct key key = key_block_group(0, 1, 0);
    uint32_t columns = 0;
    block_writer_begin(&writer, 0, 1, 0, BLOCK_RUNS_MAX, PACK_AS_IS, &key);
    while (!block_writer_full(&writer)) {
        struct block_column column = {.column = columns++ * 3,
                                      .count = BLOCK_RUNS_MAX,
                                      .run = run,
                                      .status = status,
                                      .value = value,
                                      .lower = value,
                                      .upper = value};
        assert_int_equal(block_writer_column(&writer, &column), 0);
    }
    assert_true(columns > 30);
    assert_int_equal(block_writer_end(&writer, columns * 3, &out), 0);
    assert_true(out.len <= BLOCK_GROUP_BYTES && out.len > BLOCK_GROUP_BYTES * 9 / 10);
    block_writer_free(&writer);
    row_buffer_free(&out);
}

static void test_summaries(void **state)
{
    (void)state;
    static double values[5000];
    struct block_summary parts = {0};
    for (int i = 0; i < 5000; i++)
        values[i] = 1e6 + (double)below(1000) / 8;
    struct block_summary whole = block_summarize(values, 5000);
    for (int at = 0; at < 5000; at += 64) {
        struct block_summary more = block_summarize(values + at, 5000 - at < 64 ? 8 : 64);
        block_summary_add(&parts, &more);
    }
    assert_int_equal(parts.count, 5000);
    assert_true(parts.min == whole.min && parts.max == whole.max);
    assert_true(fabs(parts.sum - whole.sum) < 1e-3);
    assert_true(fabs(parts.m2 - whole.m2) < 1e-6 * whole.m2);
    struct block_summary none = block_summarize(values, 0);
    block_summary_add(&parts, &none);
    assert_int_equal(parts.count, 5000);
}

/* -- runs ------------------------------------------------------------------------------------ */

static struct pace_run_view view_of(uint32_t i, char commit[24])
{
    snprintf(commit, 24, i % 5 ? "commit-%u" : "", i);
    return (struct pace_run_view){.run = i * 3 + 1,
                                  .time_ns = (int64_t)i / 2 * 1000 - 7,
                                  .ran_ns = i,
                                  .commit = commit,
                                  .stream = 4,
                                  .ordinal = i % 2,
                                  .flags = i % 4,
                                  .cell_count = i + 9};
}

/* 0: all runs are as they were written; -1: an error was reported. */
static int compare_runs(const unsigned char *data, size_t len, uint32_t count,
                        const struct key *key)
{
    struct block_runs runs;
    if (block_runs_open(&runs, data, len, key)) return -1;
    assert_int_equal(runs.header.runs, count);
    for (uint32_t i = 0; i < count; i++) {
        char commit[24];
        struct pace_run_view own = view_of(i, commit), view;
        struct position position = {own.time_ns, own.ordinal, own.run}, found;
        uint32_t before;
        if (block_runs_view(&runs, i, &view) || block_runs_position(&runs, i, &found) ||
            block_runs_before(&runs, &position, &before))
            return -1;
        assert_int_equal(before, i);
        assert_int_equal(position_compare(&found, &position), 0);
        assert_string_equal(view.commit, commit);
        own.commit = view.commit;
        assert_memory_equal(&view, &own, sizeof view);
    }
    return 0;
}

/* The same of all runs at once as columns: those that are asked for, from a third of them on. */
static int compare_columns(const unsigned char *data, size_t len, uint32_t count,
                           const struct key *key, uint32_t form, int all)
{
    static int64_t time_ns[BLOCK_RUNS_MAX];
    static uint64_t number[BLOCK_RUNS_MAX];
    static const char *commits[BLOCK_RUNS_MAX];
    static uint32_t keys[BLOCK_RUNS_MAX], flags[BLOCK_RUNS_MAX];
    struct block_runs runs;
    uint32_t first = count / 3, any = 0;
    struct block_run_columns columns = {.time_ns = time_ns, .flags = flags};
    if (form == BLOCK_RUNS_KEYS) columns.key = keys;
    if (all) {
        columns.run = number;
        columns.commit = commits;
    }
    if (block_runs_open(&runs, data, len, key) ||
        block_runs_columns(&runs, first, count - first, &columns))
        return -1;
    for (uint32_t i = first; i < count; i++) {
        char commit[24];
        struct pace_run_view own = view_of(i, commit);
        assert_int_equal(time_ns[i - first], own.time_ns);
        if (columns.key) assert_int_equal(keys[i - first], block_commit_key(commit));
        assert_int_equal(flags[i - first], own.flags);
        any |= own.flags;
        if (!all) continue;
        assert_int_equal(number[i - first], own.run);
        assert_string_equal(commits[i - first], commit);
    }
    assert_int_equal(columns.any, any);
    return 0;
}

/* The same of all runs at once, without their commits, whose text may be damaged. */
static int compare_numbers(const unsigned char *data, size_t len, uint32_t count,
                           const struct key *key)
{
    static struct pace_run_view views[BLOCK_RUNS_MAX];
    struct block_runs runs;
    uint32_t first = count / 3;
    if (block_runs_open(&runs, data, len, key) ||
        block_runs_views(&runs, first, count - first, 0, views))
        return -1;
    for (uint32_t i = first; i < count; i++) {
        char commit[24];
        struct pace_run_view own = view_of(i, commit);
        own.commit = NULL;
        assert_memory_equal(&views[i - first], &own, sizeof own);
    }
    return 0;
}

static void runs_of_form(uint32_t form, uint32_t count)
{
    static char commits[BLOCK_RUNS_MAX][24];
    static struct pace_run_view views[BLOCK_RUNS_MAX];
    struct key key = key_block_runs(4, 6), other = key_block_runs(5, 6);
    const struct block_runs_header header = {
        .stream = 4, .block = 6, .runs = count, .columns = 12, .form = form};
    struct row_buffer record = {0};
    struct block_runs runs;
    for (uint32_t i = 0; i < count; i++)
        views[i] = view_of(i, commits[i]);
    assert_int_equal(block_runs_encode(&record, &header, views, &key), 0);
    assert_int_equal(compare_runs(record.data, record.len, count, &key), 0);
    assert_int_equal(compare_runs(record.data, record.len, count, &other), -1);
    assert_int_equal(compare_numbers(record.data, record.len, count, &key), 0);
    assert_int_equal(compare_columns(record.data, record.len, count, &key, form, 0), 0);
    assert_int_equal(compare_columns(record.data, record.len, count, &key, form, 1), 0);
    assert_int_equal(block_runs_open(&runs, record.data, record.len, &key), 0);
    assert_int_equal(block_runs_keys_fit(&runs), 1);
    int unnoticed = 0, hidden = 0;
    for (int i = 0; i < 100; i++) {
        size_t at = below((uint32_t)record.len);
        unsigned char bit = (unsigned char)(1u << below(8));
        record.data[at] ^= bit;
        /* Either sees what it reads: a key, which only one of them does, or a number. */
        assert_true(compare_runs(record.data, record.len, count, &key) == -1 ||
                    compare_columns(record.data, record.len, count, &key, form, 1) == -1);
        unnoticed += compare_numbers(record.data, record.len, count, &key) == 0;
        hidden += compare_columns(record.data, record.len, count, &key, form, 0) == 0;
        record.data[at] ^= bit;
    }
    assert_in_range(unnoticed, 1, 90); /* where the text was hit, or a strip that is not read */
    assert_in_range(hidden, form == BLOCK_RUNS_KEYS ? 10 : 0, 99);
    row_buffer_free(&record);
}

static void test_runs(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 63, 64, 65, 1000, 1024};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        runs_of_form(BLOCK_RUNS_TOGETHER, counts[c]);
        runs_of_form(BLOCK_RUNS_KEYS, counts[c]);
    }
}

/* Neighbours of one commit share its text; flags of a strip are read where it has some. */
static void test_runs_alike(void **state)
{
    (void)state;
    enum { RUNS = 150 };
    static struct pace_run_view views[RUNS];
    const char *commits[RUNS];
    int64_t time_ns[RUNS];
    uint32_t keys[RUNS], flags[RUNS];
    struct key key = key_block_runs(4, 6);
    struct row_buffer alike = {0};
    for (uint32_t form = BLOCK_RUNS_TOGETHER; form <= BLOCK_RUNS_KEYS; form++) {
        const struct block_runs_header header = {
            .stream = 4, .block = 6, .runs = RUNS, .columns = 1, .form = form};
        struct block_runs runs;
        size_t len[2];
        for (int apart = 1; apart >= 0; apart--) {
            for (uint32_t i = 0; i < RUNS; i++)
                views[i] = (struct pace_run_view){.run = i + 1,
                                                  .time_ns = i,
                                                  .stream = 4,
                                                  .commit = (apart ? i : i / 5) % 2 ? "4f2a1c9"
                                                                                    : "e01b7d2",
                                                  .flags = i == 100 ? PACE_RUN_DIRTY : 0};
            assert_int_equal(block_runs_encode(&alike, &header, views, &key), 0);
            len[apart] = alike.len;
        }
        assert_true(len[0] + 700 < len[1]);
        struct block_run_columns columns = {.time_ns = time_ns, .commit = commits, .flags = flags};
        if (form == BLOCK_RUNS_KEYS) columns.key = keys;
        assert_int_equal(block_runs_open(&runs, alike.data, alike.len, &key), 0);
        assert_int_equal(block_runs_columns(&runs, 0, RUNS, &columns), 0);
        for (uint32_t i = 0; i < RUNS; i++) {
            assert_string_equal(commits[i], views[i].commit);
            if (columns.key) assert_int_equal(keys[i], block_commit_key(views[i].commit));
            assert_int_equal(flags[i], views[i].flags);
        }
        assert_int_equal(columns.any, PACE_RUN_DIRTY);
        columns.any = 0;
        assert_int_equal(block_runs_columns(&runs, 0, 100, &columns), 0);
        assert_int_equal(columns.any, 0);
    }
    row_buffer_free(&alike);
}

/* A summary has the same bits on every machine, also of zeros of both signs. */
static void test_summaries_of_any_machine(void **state)
{
    (void)state;
    double values[BLOCK_CHUNK_RUNS];
    for (int round = 0; round < 2000; round++) {
        size_t n = 1 + below(BLOCK_CHUNK_RUNS);
        uint32_t kind = below(4);
        for (size_t i = 0; i < n; i++) {
            double number = (double)below(1000) * (kind & 1 ? 1.0 : 1e17 / 3);
            if (kind & 2) number = below(2) ? 0.0 : number;
            values[i] = below(2) ? number : -number;
        }
        struct block_summary one = block_summarize(values, n);
        struct block_summary other = block_summarize_portable(values, n);
        assert_memory_equal(&one, &other, sizeof one);
    }
    for (size_t n = 4; n <= 8; n += 4)
        for (unsigned signs = 0; signs < 256; signs++) {
            for (size_t i = 0; i < n; i++)
                values[i] = signs >> i & 1 ? -0.0 : 0.0;
            struct block_summary one = block_summarize(values, n);
            struct block_summary other = block_summarize_portable(values, n);
            assert_memory_equal(&one, &other, sizeof one);
        }
}

/* Whole runs taken at once are what they are when they come cell by cell. */
static void test_whole_runs(void **state)
{
    (void)state;
    enum { FROM = 7, MANY = 70 };
    static double values[MANY][COLUMNS + 1];
    const unsigned char *rows[MANY];
    struct gather all = {0}, each = {0};
    for (uint32_t runs = 1; runs <= MANY; runs += 1 + below(5)) {
        uint32_t until = FROM + 1 + below(COLUMNS);
        /* Rows begin at any byte. */
        size_t shift = below(8);
        for (uint32_t r = 0; r < runs; r++) {
            for (uint32_t c = 0; c < until - FROM; c++) {
                double value = (double)below(1 << 20) / 7;
                memcpy((unsigned char *)values[r] + shift + 8 * (size_t)c, &value, sizeof value);
            }
            rows[r] = (const unsigned char *)values[r] + shift;
        }
        assert_int_equal(gather_all(&all, FROM, until, rows, runs), 0);
        assert_int_equal(gather_begin(&each, FROM, until), 0);
        gather_expect(&each, FROM, until, runs);
        assert_int_equal(gather_prepare(&each), 0);
        for (uint32_t r = 0; r < runs; r++)
            for (uint32_t c = FROM; c < until; c++) {
                struct row_cell cell = {.column = c, .lower = (double)NAN, .upper = (double)NAN};
                memcpy(&cell.value, rows[r] + 8 * (size_t)(c - FROM), sizeof cell.value);
                gather_put(&each, r, &cell);
            }
        for (uint32_t c = FROM; c < until; c++) {
            struct block_column one, other;
            gather_column(&all, c, &one);
            gather_column(&each, c, &other);
            assert_int_equal(one.column, c);
            assert_int_equal(one.count, runs);
            assert_int_equal(other.count, runs);
            assert_memory_equal(one.run, other.run, runs * sizeof *one.run);
            assert_memory_equal(one.status, other.status, runs);
            assert_memory_equal(one.value, other.value, runs * sizeof *one.value);
            assert_null(one.lower);
            assert_null(one.upper);
        }
    }
    gather_free(&all);
    gather_free(&each);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_packed_is_smaller),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_summaries),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_runs_alike),
        cmocka_unit_test(test_summaries_of_any_machine),
        cmocka_unit_test(test_whole_runs),
        cmocka_unit_test(test_related),
        cmocka_unit_test(test_no_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
