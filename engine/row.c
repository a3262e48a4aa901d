/* row.c -- see row.h for the layout. */
#include "row.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATUS_BYTES = ROW_GROUP_SLOTS / 4,
    STATUS_ABSENT = 3,
    ALIGN = 8,
};

static size_t aligned(size_t len)
{
    return (len + ALIGN - 1) / ALIGN * ALIGN;
}

void row_buffer_free(struct row_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct row_buffer){0};
}

int row_buffer_grow(struct row_buffer *buffer, size_t more)
{
    size_t len = buffer->len + more;
    if (len <= buffer->capacity) return 0;
    unsigned char *data = realloc(buffer->data, len + len / 2);
    if (!data) return -1;
    buffer->data = data;
    buffer->capacity = len + len / 2;
    return 0;
}

int row_buffer_append(struct row_buffer *buffer, const void *data, size_t len)
{
    if (row_buffer_grow(buffer, len)) return -1;
    if (len) memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
    return 0;
}

int row_buffer_reserve(struct row_buffer *buffer, size_t len)
{
    buffer->len = 0;
    if (row_buffer_grow(buffer, len)) return -1;
    buffer->len = len;
    memset(buffer->data, 0, len);
    return 0;
}

/* -- where things are ------------------------------------------------------------------------ */

static uint32_t group_count(uint32_t slots)
{
    return (slots + ROW_GROUP_SLOTS - 1) / ROW_GROUP_SLOTS;
}

static size_t sums_at(const struct row_header *header)
{
    return sizeof *header + aligned((size_t)header->commit_len + 1);
}

static size_t firsts_at(const struct row_header *header)
{
    return sums_at(header) + 8 * (size_t)group_count(header->slots);
}

static size_t head_length(const struct row_header *header)
{
    size_t firsts = header->form & ROW_DENSE ? 0 : aligned(4 * (size_t)group_count(header->slots));
    return firsts_at(header) + firsts;
}

/* Which slots of a group have bounds, and where these are among those of the row. */
struct some_bounds {
    uint64_t lower, upper;
    uint32_t first, count;
};
_Static_assert(sizeof(struct some_bounds) == 24, "layout on disk");

static size_t group_bytes(unsigned form, uint32_t slots)
{
    size_t slot = 8u + (form & ROW_BOUNDS ? 16u : 0) + (form & ROW_DENSE ? 0 : 4u);
    return slot * slots + (form & ROW_SOME_BOUNDS ? sizeof(struct some_bounds) : 0) +
           (form & ROW_STATUSES ? (size_t)STATUS_BYTES : 0);
}

static uint32_t group_slots(const struct row_header *header, uint32_t group)
{
    uint32_t left = header->slots - group * ROW_GROUP_SLOTS;
    return left < ROW_GROUP_SLOTS ? left : ROW_GROUP_SLOTS;
}

static size_t group_at(const struct row_header *header, uint32_t group)
{
    return header->head_length + (size_t)group * group_bytes(header->form, ROW_GROUP_SLOTS);
}

/* Where the bounds of a row with ROW_SOME_BOUNDS are: behind its last group. */
static size_t some_at(const struct row_header *header)
{
    uint32_t last = group_count(header->slots) - 1;
    return group_at(header, last) + group_bytes(header->form, group_slots(header, last));
}

/* The parts of one group. */
struct group {
    size_t columns, value, lower, upper, some, status;
};

static struct group group_parts(const struct row_header *header, uint32_t group)
{
    size_t n = group_slots(header, group), at = group_at(header, group);
    struct group parts = {.columns = at};
    if (!(header->form & ROW_DENSE)) at += 4 * n;
    parts.value = at;
    at += 8 * n;
    parts.lower = at;
    if (header->form & ROW_BOUNDS) at += 8 * n;
    parts.upper = at;
    if (header->form & ROW_BOUNDS) at += 8 * n;
    parts.some = at;
    if (header->form & ROW_SOME_BOUNDS) at += sizeof(struct some_bounds);
    parts.status = at;
    return parts;
}

static struct some_bounds some_of(const unsigned char *data, const struct group *parts)
{
    struct some_bounds some;
    memcpy(&some, data + parts->some, sizeof some);
    return some;
}

/* A group's sum is bound to the key and to the group's place in the row. 0, or -1: its bounds are
 * not in the row. */
static int group_sum(const unsigned char *data, const struct row_header *header, uint32_t group,
                     uint64_t seed, uint64_t *sum)
{
    *sum = seal_hash(data + group_at(header, group),
                     group_bytes(header->form, group_slots(header, group)), seed + 1 + group);
    if (!(header->form & ROW_SOME_BOUNDS)) return 0;
    struct group parts = group_parts(header, group);
    struct some_bounds some = some_of(data, &parts);
    size_t at = some_at(header);
    if (some.count !=
            (uint32_t)(__builtin_popcountll(some.lower) + __builtin_popcountll(some.upper)) ||
        (uint64_t)some.first + some.count > (header->length - at) / sizeof(double))
        return -1;
    *sum = seal_hash(data + at + some.first * sizeof(double), some.count * sizeof(double), *sum);
    return 0;
}

static uint64_t head_sum(const unsigned char *data, size_t head_len, uint64_t seed)
{
    return seal_hash(data + sizeof(uint64_t), head_len - sizeof(uint64_t), seed);
}

/* -- writing --------------------------------------------------------------------------------- */

/* `bounds`: the form of bounds. *bound_count: how many there are. */
static unsigned choose_form(const struct row_cell *cells, size_t count, uint32_t base,
                            uint32_t column_count, unsigned bounds, size_t *bound_count)
{
    uint32_t columns = column_count - base;
    if (columns > ROW_PART_COLUMNS) columns = ROW_PART_COLUMNS;
    unsigned form = count * 2 >= columns ? ROW_DENSE : 0;
    if (form && cells[count - 1].column - base + 1 != count) form |= ROW_STATUSES; /* gaps */
    *bound_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (cells[i].status != PACE_CELL_OK)
            form |= ROW_STATUSES;
        else
            *bound_count += (size_t)!isnan(cells[i].lower) + (size_t)!isnan(cells[i].upper);
    }
    return *bound_count ? form | bounds : form;
}

static void put_double(unsigned char *at, double number)
{
    memcpy(at, &number, sizeof number);
}

static void put_cell(unsigned char *data, const struct row_header *header, uint32_t slot,
                     const struct row_cell *cell)
{
    uint32_t group = slot / ROW_GROUP_SLOTS, i = slot % ROW_GROUP_SLOTS;
    struct group parts = group_parts(header, group);
    int ok = cell->status == PACE_CELL_OK;
    if (!(header->form & ROW_DENSE)) {
        memcpy(data + parts.columns + 4 * (size_t)i, &cell->column, 4);
        if (i == 0) memcpy(data + firsts_at(header) + 4 * (size_t)group, &cell->column, 4);
    }
    put_double(data + parts.value + 8 * (size_t)i, ok ? cell->value : 0);
    if (header->form & ROW_BOUNDS) {
        put_double(data + parts.lower + 8 * (size_t)i, ok ? cell->lower : (double)NAN);
        put_double(data + parts.upper + 8 * (size_t)i, ok ? cell->upper : (double)NAN);
    }
    if (header->form & ROW_STATUSES) {
        unsigned char *byte = data + parts.status + i / 4;
        *byte = (unsigned char)(*byte & ~(3u << i % 4 * 2)); /* absent until now */
        *byte = (unsigned char)(*byte | (unsigned)cell->status << i % 4 * 2);
    }
}

/* Puts the bounds that there are, group by group. */
static void put_some_bounds(unsigned char *data, const struct row_header *header,
                            const struct row_cell *cells, size_t count)
{
    size_t at = some_at(header);
    uint32_t first = 0;
    for (size_t i = 0, end = 0; i < count; i = end) {
        int dense = header->form & ROW_DENSE;
        uint32_t group = (dense ? cells[i].column - header->base : (uint32_t)i) / ROW_GROUP_SLOTS;
        struct some_bounds some = {.first = first};
        for (int is_upper = 0; is_upper < 2; is_upper++) {
            for (end = i; end < count; end++) {
                uint32_t slot = dense ? cells[end].column - header->base : (uint32_t)end;
                double bound = is_upper ? cells[end].upper : cells[end].lower;
                if (slot / ROW_GROUP_SLOTS != group) break;
                if (cells[end].status != PACE_CELL_OK || isnan(bound)) continue;
                *(is_upper ? &some.upper : &some.lower) |= (uint64_t)1 << slot % ROW_GROUP_SLOTS;
                put_double(data + at + 8 * (size_t)first++, bound);
                some.count++;
            }
        }
        memcpy(data + group_parts(header, group).some, &some, sizeof some);
    }
}

/* All statuses absent, before the cells are put. */
static void clear_statuses(unsigned char *data, const struct row_header *header)
{
    for (uint32_t group = 0; group < group_count(header->slots); group++)
        memset(data + group_parts(header, group).status, 0xff, STATUS_BYTES);
}

/* Makes room for a record whose header has base, form and slots, and puts the commit into it. */
static int begin_record(struct row_buffer *buffer, struct row_header *header, const char *commit,
                        size_t bounds)
{
    header->commit_len = (uint16_t)strlen(commit);
    header->head_length = (uint32_t)head_length(header);
    header->length = (uint32_t)(some_at(header) + bounds * sizeof(double));
    buffer->len = 0;
    if (row_buffer_grow(buffer, header->length)) return -1;
    buffer->len = header->length;
    memset(buffer->data, 0, header->head_length);
    memcpy(buffer->data + sizeof *header, commit, header->commit_len);
    return 0;
}

/* Puts the sums and the header. */
static void end_record(unsigned char *data, struct row_header *header, const struct key *key)
{
    uint64_t seed = seal_hash(key->bytes, key->len, 0), sum = 0;
    uint32_t groups = group_count(header->slots);
    for (uint32_t group = 0; group < groups; group++) {
        int rc = group_sum(data, header, group, seed, &sum);
        assert(rc == 0);
        (void)rc;
        memcpy(data + sums_at(header) + 8 * (size_t)group, &sum, sizeof sum);
    }
    memcpy(data, header, sizeof *header);
    header->sum = head_sum(data, header->head_length, seed);
    memcpy(data, &header->sum, sizeof header->sum);
}

int row_encode(struct row_buffer *buffer, const struct row_header *from, const char *commit,
               const struct row_cell *cells, size_t count, uint32_t column_count,
               const struct key *key)
{
    assert(count > 0 && count <= ROW_PART_COLUMNS);
    struct row_header header = *from;
    header.base = (uint32_t)header.part * ROW_PART_COLUMNS;
    size_t bounds;
    header.form =
        (uint8_t)choose_form(cells, count, header.base, column_count,
                             from->form & ROW_SOME_BOUNDS ? ROW_SOME_BOUNDS : ROW_BOUNDS, &bounds);
    int dense = header.form & ROW_DENSE;
    header.slots = dense ? cells[count - 1].column - header.base + 1 : (uint32_t)count;
    if (begin_record(buffer, &header, commit, header.form & ROW_SOME_BOUNDS ? bounds : 0))
        return -1;
    unsigned char *data = buffer->data;
    memset(data + header.head_length, 0, header.length - header.head_length);
    if (header.form & ROW_STATUSES) clear_statuses(data, &header);
    for (size_t i = 0; i < count; i++)
        put_cell(data, &header, dense ? cells[i].column - header.base : (uint32_t)i, &cells[i]);

    if (header.form & ROW_SOME_BOUNDS) put_some_bounds(data, &header, cells, count);
    end_record(data, &header, key);
    return 0;
}

int row_encode_values(struct row_buffer *buffer, const struct row_header *from, const char *commit,
                      const double *values, size_t count, const struct key *key)
{
    assert(count > 0 && count <= ROW_PART_COLUMNS);
    struct row_header header = *from;
    header.base = 0;
    header.form = ROW_DENSE;
    header.slots = (uint32_t)count;
    if (begin_record(buffer, &header, commit, 0)) return -1;
    memcpy(buffer->data + header.head_length, values, count * sizeof *values);
    end_record(buffer->data, &header, key);
    return 0;
}

void row_set_previous(unsigned char *data, uint64_t previous, const struct key *key)
{
    struct row_header header;
    memcpy(&header, data, sizeof header);
    header.previous = previous;
    memcpy(data, &header, sizeof header);
    header.sum = head_sum(data, header.head_length, seal_hash(key->bytes, key->len, 0));
    memcpy(data, &header.sum, sizeof header.sum);
}

/* -- reading --------------------------------------------------------------------------------- */

int row_open(struct row *row, const void *data, size_t len, const void *key, size_t key_len)
{
    struct row_header *header = &row->header;
    if (len < sizeof *header) return -1;
    memcpy(header, data, sizeof *header);
    /* Nothing of the header is sure yet: bound it before the sum is computed over its length. */
    if (header->length != len || header->slots == 0 || header->slots > ROW_PART_COLUMNS ||
        header->commit_len > PACE_MAX_COMMIT || header->part >= ROW_PART_COUNT ||
        header->base != (uint32_t)header->part * ROW_PART_COLUMNS ||
        header->head_length != head_length(header) || header->head_length > len)
        return -1;
    uint64_t seed = seal_hash(key, key_len, 0);
    if (header->sum != head_sum(data, header->head_length, seed)) return -1;
    uint32_t groups = group_count(header->slots);
    size_t end = some_at(header);
    if (header->form > (ROW_DENSE | ROW_BOUNDS | ROW_STATUSES | ROW_SOME_BOUNDS) || end > len ||
        (header->form & ROW_SOME_BOUNDS ? (len - end) % sizeof(double) || header->form & ROW_BOUNDS
                                        : end != len))
        return -1;
    row->data = data;
    row->commit = (const char *)data + sizeof *header;
    row->seed = seed;
    row->groups = groups;
    row->checked = 0;
    return row->commit[header->commit_len] == 0 ? 0 : -1;
}

static int check_group(struct row *row, uint32_t group)
{
    if (row->checked == group + 1) return 0;
    uint64_t stored, sum;
    memcpy(&stored, row->data + sums_at(&row->header) + 8 * (size_t)group, sizeof stored);
    if (group_sum(row->data, &row->header, group, row->seed, &sum) || sum != stored) return -1;
    row->checked = group + 1;
    return 0;
}

static uint32_t u32_at(const struct row *row, size_t at)
{
    uint32_t number;
    memcpy(&number, row->data + at, sizeof number);
    return number;
}

static double double_at(const struct row *row, size_t at)
{
    double number;
    memcpy(&number, row->data + at, sizeof number);
    return number;
}

static uint32_t lower_bound(const struct row *row, size_t columns, uint32_t count, uint32_t column)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (u32_at(row, columns + 4 * (size_t)middle) < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first slot at or behind a column, header.slots when there is none. 0, or -1: damaged. */
static int seek_slot(struct row *row, uint32_t column, uint32_t *slot)
{
    const struct row_header *header = &row->header;
    if (header->form & ROW_DENSE) {
        *slot = column > header->base ? column - header->base : 0;
        if (*slot > header->slots) *slot = header->slots;
        return 0;
    }
    /* It is in the last group that begins before the column, or it begins the next. */
    uint32_t group = lower_bound(row, firsts_at(header), row->groups, column);
    if (group == 0) {
        *slot = 0;
        return 0;
    }
    group--;
    if (check_group(row, group)) return -1;
    *slot = group * ROW_GROUP_SLOTS + lower_bound(row, group_parts(header, group).columns,
                                                  group_slots(header, group), column);
    return 0;
}

int row_slots(struct row *row, uint32_t from, uint32_t until, uint32_t *first, uint32_t *end)
{
    return seek_slot(row, from, first) || seek_slot(row, until, end) ? -1 : 0;
}

/* The bound of slot i, if the bits say that it has one; the first of them is at `at`. */
static double some_bound(const struct row *row, size_t at, uint64_t bits, size_t i)
{
    uint64_t bit = (uint64_t)1 << i;
    if (!(bits & bit)) return (double)NAN;
    return double_at(row, at + 8 * (size_t)__builtin_popcountll(bits & (bit - 1)));
}

int row_slot(struct row *row, uint32_t slot, struct row_cell *cell)
{
    const struct row_header *header = &row->header;
    uint32_t group = slot / ROW_GROUP_SLOTS;
    size_t i = slot % ROW_GROUP_SLOTS;
    assert(slot < header->slots);
    if (check_group(row, group)) return -1;
    struct group parts = group_parts(header, group);
    *cell = (struct row_cell){
        .status = PACE_CELL_OK, .value = (double)NAN, .lower = (double)NAN, .upper = (double)NAN};
    cell->column =
        header->form & ROW_DENSE ? header->base + slot : u32_at(row, parts.columns + 4 * i);
    if (header->form & ROW_STATUSES) {
        unsigned status = (unsigned)row->data[parts.status + i / 4] >> i % 4 * 2 & 3;
        cell->status = status == STATUS_ABSENT ? PACE_CELL_ABSENT : (uint8_t)status;
        if (status != PACE_CELL_OK) return 0;
    }
    cell->value = double_at(row, parts.value + 8 * i);
    if (header->form & ROW_BOUNDS) {
        cell->lower = double_at(row, parts.lower + 8 * i);
        cell->upper = double_at(row, parts.upper + 8 * i);
    }
    if (header->form & ROW_SOME_BOUNDS) {
        struct some_bounds some = some_of(row->data, &parts);
        size_t lower = some_at(header) + 8 * (size_t)some.first;
        size_t upper = lower + 8 * (size_t)__builtin_popcountll(some.lower);
        cell->lower = some_bound(row, lower, some.lower, i);
        cell->upper = some_bound(row, upper, some.upper, i);
    }
    return 0;
}

const unsigned char *row_values(const struct row *row, uint32_t *until)
{
    if (row->header.form != ROW_DENSE) return NULL;
    *until = row->header.base + row->header.slots;
    return row->data + row->header.head_length;
}

int row_check(struct row *row, uint32_t from, uint32_t until)
{
    const struct row_header *header = &row->header;
    uint32_t group = (from - header->base) / ROW_GROUP_SLOTS;
    uint32_t last = (until - 1 - header->base) / ROW_GROUP_SLOTS;
    assert(header->form == ROW_DENSE && from < until && last < row->groups);
    const unsigned char *sums = row->data + sums_at(header),
                        *values = row->data + header->head_length;
    if (row->checked == group + 1) group++;
    for (; group <= last; group++) {
        uint64_t stored;
        memcpy(&stored, sums + 8 * (size_t)group, sizeof stored);
        if (stored != seal_hash(values + 8 * (size_t)group * ROW_GROUP_SLOTS,
                                8 * (size_t)group_slots(header, group), row->seed + 1 + group))
            return -1;
        row->checked = group + 1;
    }
    return 0;
}

void row_prefetch(const struct row *row, uint32_t from, uint32_t until)
{
    enum { LINE = 64, GROUP = 8 * ROW_GROUP_SLOTS };
    const struct row_header *header = &row->header;
    if (!(header->form & ROW_DENSE) || from < header->base) return;
    size_t first = (from - header->base) / ROW_GROUP_SLOTS * GROUP;
    size_t end = header->head_length + 8 * (size_t)(until - header->base);
    if (end > header->length) end = header->length;
    for (size_t at = header->head_length + first; at < end; at += LINE)
        __builtin_prefetch(row->data + at, 0, 2);
}

int row_cell(struct row *row, uint32_t column, struct row_cell *cell)
{
    uint32_t slot;
    if (seek_slot(row, column, &slot)) return -1;
    if (slot < row->header.slots && column >= row->header.base) {
        if (row_slot(row, slot, cell)) return -1;
        if (cell->column == column) return 0;
    }
    *cell = (struct row_cell){.column = column,
                              .status = PACE_CELL_ABSENT,
                              .value = (double)NAN,
                              .lower = (double)NAN,
                              .upper = (double)NAN};
    return 0;
}
