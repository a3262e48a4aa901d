/* test_row.c -- the codec of log rows: what goes in comes out, in the form it should have; a row
 * that is damaged anywhere, or stands under another key, is noticed by who reads that place. */
#include "../store_help.h"

#include "../../engine/row.h"

static const struct position place = {T0_NS, 3, 77};

static struct row_header header_of(size_t cells, unsigned part)
{
    return (struct row_header){.run = 77,
                               .previous = 76,
                               .time_ns = T0_NS,
                               .ran_ns = T0_NS + 5,
                               .stream = 2,
                               .ordinal = 3,
                               .flags = 1,
                               .cell_count = (uint32_t)cells,
                               .parts = 1u << part,
                               .part = (uint8_t)part};
}

/* Cells of every step-th column from `base`. */
static size_t make_cells(struct row_cell *cells, uint32_t base, uint32_t end, uint32_t step)
{
    size_t count = 0;
    for (uint32_t column = base; column < end; column += step)
        cells[count++] = (struct row_cell){
            .column = column, .value = column + 0.5, .lower = (double)NAN, .upper = (double)NAN};
    return count;
}

static struct key encode(struct row_buffer *buffer, const struct row_cell *cells, size_t count,
                         uint32_t columns, unsigned part, const char *commit, unsigned form)
{
    struct row_header header = header_of(count, part);
    header.form = (uint8_t)form;
    struct key key = key_log(2, &place, (uint8_t)part);
    assert_int_equal(row_encode(buffer, &header, commit, cells, count, columns, &key), 0);
    return key;
}

static void check_cells(const struct row_buffer *buffer, const struct key *key,
                        const struct row_cell *cells, size_t count, uint32_t from, uint32_t end)
{
    struct row row;
    struct row_cell cell;
    size_t next = 0;
    assert_int_equal(row_open(&row, buffer->data, buffer->len, key->bytes, key->len), 0);
    for (uint32_t column = from; column < end; column++) {
        assert_int_equal(row_cell(&row, column, &cell), 0);
        if (next == count || cells[next].column != column) {
            assert_int_equal(cell.status, PACE_CELL_ABSENT);
            assert_true(isnan(cell.value));
            continue;
        }
        const struct row_cell *own = &cells[next++];
        assert_int_equal(cell.status, own->status);
        if (own->status) {
            assert_true(isnan(cell.value) && isnan(cell.lower));
        } else {
            assert_true(cell.value == own->value);
            assert_int_equal(isnan(cell.lower), isnan(own->lower));
            assert_true(isnan(own->upper) || cell.upper == own->upper);
        }
    }
    assert_int_equal(next, count);
}

static void test_dense_and_sparse(void **state)
{
    (void)state;
    static const uint32_t widths[] = {1, 2, 63, 64, 65, 128, 500, 4000};
    struct row_cell *cells = calloc(4000, sizeof *cells);
    struct row_buffer buffer = {0};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        for (uint32_t step = 1; step < 6; step++) {
            size_t count = make_cells(cells, 0, widths[w], step);
            struct key key = encode(&buffer, cells, count, widths[w], 0, "c0ffee", 0);
            struct row row;
            assert_int_equal(row_open(&row, buffer.data, buffer.len, key.bytes, key.len), 0);
            assert_int_equal((row.header.form & ROW_DENSE) != 0, count * 2 >= widths[w]);
            assert_int_equal(row.header.form & ROW_BOUNDS, 0);
            assert_string_equal(row.commit, "c0ffee");
            assert_int_equal(row.header.previous, 76);
            assert_int_equal(row.header.ran_ns, T0_NS + 5);
            check_cells(&buffer, &key, cells, count, 0, widths[w] + 100);
        }
    }
    row_buffer_free(&buffer);
    free(cells);
}

/* Values alone give the bytes that their cells give. */
static void test_values(void **state)
{
    (void)state;
    static const uint32_t widths[] = {1, 63, 64, 65, 500, ROW_PART_COLUMNS};
    struct row_cell *cells = calloc(ROW_PART_COLUMNS, sizeof *cells);
    double *values = calloc(ROW_PART_COLUMNS, sizeof *values);
    struct row_buffer buffer = {0}, other = {0};
    assert_true(cells && values);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        uint32_t count = widths[w];
        struct row_header header = header_of(count, 0);
        make_cells(cells, 0, count, 1);
        for (uint32_t i = 0; i < count; i++)
            values[i] = cells[i].value;
        for (unsigned form = 0; form <= ROW_SOME_BOUNDS; form += ROW_SOME_BOUNDS) {
            struct key key = encode(&buffer, cells, count, 2 * count, 0, "c0ffee", form);
            header.form = (uint8_t)form;
            assert_int_equal(row_encode_values(&other, &header, "c0ffee", values, count, &key), 0);
            assert_int_equal(other.len, buffer.len);
            assert_memory_equal(other.data, buffer.data, buffer.len);
        }
    }
    row_buffer_free(&buffer);
    row_buffer_free(&other);
    free(cells);
    free(values);
}

static void test_statuses_and_bounds(void **state)
{
    (void)state;
    struct row_cell cells[150];
    struct row_buffer buffer = {0};
    size_t plain = 0;
    for (uint32_t round = 0; round < 4; round++) {
        unsigned form = round % 2 ? ROW_SOME_BOUNDS : ROW_BOUNDS;
        size_t count = make_cells(cells, 0, 150, round < 2 ? 1 : 3);
        for (size_t i = 0; i < count; i += 7)
            cells[i].status = (uint8_t)(1 + i % 2);
        for (size_t i = 1; i < count; i += 5)
            cells[i].upper = 1e300;
        cells[3].lower = -1;
        struct key key = encode(&buffer, cells, count, 150, 0, "", form);
        struct row row;
        assert_int_equal(row_open(&row, buffer.data, buffer.len, key.bytes, key.len), 0);
        assert_int_equal(row.header.form & ~ROW_DENSE, form | ROW_STATUSES);
        assert_true(form == ROW_BOUNDS || buffer.len * 3 < plain * 2);
        plain = buffer.len;
        check_cells(&buffer, &key, cells, count, 0, 200);
    }
    row_buffer_free(&buffer);
}

static void test_parts(void **state)
{
    (void)state;
    struct row_cell cells[300];
    struct row_buffer buffer = {0};
    uint32_t base = 3 * ROW_PART_COLUMNS;
    size_t count = make_cells(cells, base + 10, base + 310, 1);
    struct key key =
        encode(&buffer, cells, count, base + 310, 3, "x", 0); /* the last, narrow part */
    struct row row;
    assert_int_equal(row_open(&row, buffer.data, buffer.len, key.bytes, key.len), 0);
    assert_true(row.header.form & ROW_DENSE);
    check_cells(&buffer, &key, cells, count, base - 5, base + 400);
    key = encode(&buffer, cells, count, base + 5000, 3, "x", 0);
    assert_int_equal(row_open(&row, buffer.data, buffer.len, key.bytes, key.len), 0);
    assert_false(row.header.form & ROW_DENSE);
    check_cells(&buffer, &key, cells, count, base - 5, base + 400);
    row_buffer_free(&buffer);
}

static void test_set_previous(void **state)
{
    (void)state;
    struct row_cell cells[5];
    struct row_buffer buffer = {0};
    struct row row;
    size_t count = make_cells(cells, 0, 5, 1);
    struct key key = encode(&buffer, cells, count, 5, 0, "x", 0);
    row_set_previous(buffer.data, 1234, &key);
    assert_int_equal(row_open(&row, buffer.data, buffer.len, key.bytes, key.len), 0);
    assert_int_equal(row.header.previous, 1234);
    check_cells(&buffer, &key, cells, count, 0, 5);
    row_buffer_free(&buffer);
}

/* Every single bit: what is read is right, or an error; all columns together always notice. */
static void test_damage(void **state)
{
    (void)state;
    struct row_cell cells[200];
    struct row_buffer buffer = {0};
    for (uint32_t step = 1; step < 4; step += 2) {
        size_t count = make_cells(cells, 0, 200, step);
        cells[5].upper = 9;
        cells[6].status = PACE_CELL_FAILED;
        struct key key =
            encode(&buffer, cells, count, 200, 0, "abc", step == 1 ? ROW_SOME_BOUNDS : 0);
        for (size_t bit = 0; bit < 8 * buffer.len; bit++) {
            buffer.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
            struct row row;
            int noticed = row_open(&row, buffer.data, buffer.len, key.bytes, key.len) != 0;
            for (size_t i = 0; !noticed && i < count; i++) {
                struct row_cell cell;
                noticed = row_cell(&row, cells[i].column, &cell) != 0;
                if (noticed) break;
                assert_int_equal(cell.status, cells[i].status);
                assert_true(cell.status || cell.value == cells[i].value);
                assert_true(i != 5 || cell.upper == 9);
            }
            assert_true(noticed);
            buffer.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        struct row row;
        for (size_t len = 0; len < buffer.len; len++)
            assert_int_equal(row_open(&row, buffer.data, len, key.bytes, key.len), -1);
        struct key other = key_log(3, &place, 0);
        assert_int_equal(row_open(&row, buffer.data, buffer.len, other.bytes, other.len), -1);
    }
    row_buffer_free(&buffer);
}

/* A reader of one column does not mind damage in a group it does not read. */
static void test_reads_what_it_needs(void **state)
{
    (void)state;
    struct row_cell cells[300], cell;
    struct row_buffer buffer = {0};
    struct row row;
    size_t count = make_cells(cells, 0, 300, 1);
    struct key key = encode(&buffer, cells, count, 300, 0, "abc", 0);
    buffer.data[buffer.len - 1] ^= 1;
    assert_int_equal(row_open(&row, buffer.data, buffer.len, key.bytes, key.len), 0);
    assert_int_equal(row_cell(&row, 0, &cell), 0);
    assert_true(cell.value == 0.5);
    assert_int_equal(row_cell(&row, 299, &cell), -1);
    assert_int_equal(row_cell(&row, 64, &cell), 0);
    row_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense_and_sparse),    cmocka_unit_test(test_values),
        cmocka_unit_test(test_statuses_and_bounds), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_set_previous),        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_reads_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
