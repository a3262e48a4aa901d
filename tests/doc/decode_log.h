/* decode_log.h -- the part of decode.h that reads a stream's log. */
#ifndef DECODE_LOG_H
#define DECODE_LOG_H

/* What the header of a row says. */
struct row_head {
    uint32_t length, head_length, parts, base, slots, groups;
    uint64_t run, previous;
    unsigned part, form;
    size_t commit_len, sums_at, firsts_at, group_bytes;
};

enum { DENSE = 1, HAS_BOUNDS = 2, HAS_STATUSES = 4, HAS_SOME = 8 };

static inline size_t bytes_of_group(unsigned form, size_t slots)
{
    size_t slot = 8u + (form & HAS_BOUNDS ? 16u : 0) + (form & DENSE ? 0 : 4u);
    return slot * slots + (form & HAS_SOME ? 24u : 0) + (form & HAS_STATUSES ? 16u : 0);
}

static inline struct row_head read_row_head(const struct record *r, struct found_run *run)
{
    const byte *at = r->data;
    REQUIRE(r->len >= 80);
    struct row_head head = {.length = u32(at + 8),
                            .head_length = u32(at + 12),
                            .run = u64(at + 16),
                            .previous = u64(at + 24),
                            .parts = u32(at + 64),
                            .base = u32(at + 68),
                            .slots = u32(at + 72),
                            .part = at[76],
                            .form = at[77],
                            .commit_len = u16(at + 78)};
    *run = (struct found_run){.place = {i64(at + 32), u32(at + 52), head.run},
                              .ran_ns = i64(at + 40),
                              .stream = u32(at + 48),
                              .flags = u32(at + 56),
                              .cell_count = u32(at + 60),
                              .commit = (const char *)at + 80};
    head.groups = (head.slots + 63) / 64;
    head.sums_at = 80 + pad8(head.commit_len + 1);
    head.firsts_at = head.sums_at + 8 * (size_t)head.groups;
    head.group_bytes = bytes_of_group(head.form, 64);
    size_t end = head.firsts_at + (head.form & DENSE ? 0 : pad8(4 * (size_t)head.groups));
    REQUIRE(head.length == r->len && head.slots >= 1 && head.slots <= 32768);
    REQUIRE(head.head_length == end && end < r->len && head.form <= 15);
    REQUIRE(!(head.form & HAS_SOME) || !(head.form & HAS_BOUNDS));
    REQUIRE(u64(at) == hash_seeded(at + 8, end - 8, key_seed(r)));
    REQUIRE(at[80 + head.commit_len] == 0 && head.base == 32768 * head.part);
    return head;
}

/* The bound of slot i; `at` has the first of those that the bits name. */
static inline double some_bound(uint64_t bits, uint32_t i, const byte *at)
{
    if (!(bits >> i & 1)) return (double)NAN;
    while (i-- > 0)
        at += bits >> i & 1 ? 8 : 0;
    return f64(at);
}

/* `bounds`: behind the groups. */
static inline void read_row_slot(struct decoder *d, const struct row_head *head, const byte *group,
                                 const byte *bounds, uint32_t n, uint32_t slot,
                                 struct found_run *run)
{
    uint32_t i = slot % 64;
    const byte *values = group + (head->form & DENSE ? 0 : 4 * n), *lower = values + 8 * n;
    const byte *upper = lower + (head->form & HAS_BOUNDS ? 8 * n : 0);
    const byte *some = upper + (head->form & HAS_BOUNDS ? 8 * n : 0);
    const byte *statuses = some + (head->form & HAS_SOME ? 24 : 0);
    unsigned status = head->form & HAS_STATUSES ? (unsigned)statuses[i / 4] >> i % 4 * 2 & 3 : 0;
    struct found_cell cell = {.column = head->form & DENSE ? head->base + slot : u32(group + 4 * i),
                              .status = status,
                              .value = f64(values + 8 * i),
                              .lower = (double)NAN,
                              .upper = (double)NAN};
    if (status != 0) {
        d->seen.row_statuses++;
        REQUIRE(cell.value == 0);
        cell.value = (double)NAN;
    } else if (head->form & HAS_BOUNDS) {
        cell.lower = f64(lower + 8 * i);
        cell.upper = f64(upper + 8 * i);
        d->seen.row_bounds++;
    } else if (head->form & HAS_SOME) {
        uint64_t lowers = u64(some), uppers = u64(some + 8);
        const byte *first = bounds + 8 * (size_t)u32(some + 16);
        cell.lower = some_bound(lowers, i, first);
        cell.upper = some_bound(uppers, i, first + 8 * (size_t)__builtin_popcountll(lowers));
        d->seen.row_bounds += !isnan(cell.lower) || !isnan(cell.upper);
    }
    REQUIRE(cell.column >= head->base && cell.column < head->base + 32768);
    if (status != 3) add_cell(run, &cell);
}

/* The cells of one part of a row. */
static inline void read_row_cells(struct decoder *d, const struct record *r,
                                  const struct row_head *head, struct found_run *run)
{
    size_t at = head->head_length, next = 0;
    uint32_t last = head->slots - 64 * (head->groups - 1);
    const byte *bounds =
        r->data + at + (head->groups - 1) * head->group_bytes + bytes_of_group(head->form, last);
    REQUIRE(bounds <= r->data + r->len && (d->is_short || !(head->form & HAS_SOME)));
    for (uint32_t group = 0; group < head->groups; group++) {
        uint32_t left = head->slots - 64 * group, n = left < 64 ? left : 64;
        size_t len = bytes_of_group(head->form, n);
        const byte *data = r->data + at;
        REQUIRE(at + len <= r->len);
        uint64_t sum = hash_seeded(data, len, key_seed(r) + 1 + group);
        if (head->form & HAS_SOME) {
            const byte *some = data + len - 24 - (head->form & HAS_STATUSES ? 16 : 0);
            size_t count = u32(some + 20);
            REQUIRE(u32(some + 16) == next && bounds + 8 * (next + count) <= r->data + r->len);
            sum = hash_seeded(bounds + 8 * next, 8 * count, sum);
            next += count;
        }
        REQUIRE(u64(r->data + head->sums_at + 8 * (size_t)group) == sum);
        if (!(head->form & DENSE))
            REQUIRE(u32(r->data + head->firsts_at + 4 * (size_t)group) == u32(data));
        for (uint32_t slot = 64 * group; slot < 64 * group + n; slot++)
            read_row_slot(d, head, data, bounds, n, slot, run);
        at += len;
    }
    REQUIRE(at + 8 * next == r->len);
    if (head->form & DENSE)
        d->seen.dense++;
    else
        d->seen.sparse++;
}

/* The key's place in history. */
static inline struct place place_of_key(const byte *key)
{
    return (struct place){(int64_t)(number_be(key + 5, 8) ^ UINT64_C(1) << 63),
                          (uint32_t)number_be(key + 13, 4), number_be(key + 17, 8)};
}

/* The rows of a stream: chained, in order of key, which is the order of history. */
static inline void decode_log(struct decoder *d, uint32_t id)
{
    const struct stream_found *s = &d->stream[id];
    struct key_bytes prefix = with(key_of('l'), id, 4);
    struct found_run *run = NULL;
    struct record *r;
    struct place last = {0};
    uint32_t parts = 0, all_parts = 0, rows = 0; /* parts: those that must follow */
    uint64_t cells = 0;
    for (size_t i = 0; (r = nth(d, &prefix, i)) != NULL; i++) {
        struct found_run head_run;
        r->used = 1;
        REQUIRE(r->key_len == 26);
        struct place place = place_of_key(r->key);
        struct row_head head = read_row_head(r, &head_run);
        REQUIRE(head.part == r->key[25] && head_run.stream == id);
        REQUIRE(compare_places(&place, &head_run.place) == 0);
        if (head.part == 0) {
            REQUIRE(parts == 0 && head.previous == last.run);
            REQUIRE(rows == 0 || compare_places(&last, &place) < 0);
            d->seen.late += place.run < last.run;
            last = place;
            parts = all_parts = head.parts;
            run = add_run(&d->in_stream);
            *run = head_run;
            rows++;
            cells += head_run.cell_count;
        }
        REQUIRE(run && parts >> head.part & 1 && head.parts == all_parts);
        REQUIRE(head.part == 0 || head.previous == 0);
        REQUIRE(compare_places(&place, &run->place) == 0);
        parts &= ~(1u << head.part);
        d->seen.parts += head.part > 0;
        read_row_cells(d, r, &head, run);
    }
    REQUIRE(parts == 0 && rows == s->log_runs && cells == s->log_cells);
    REQUIRE(last.run == s->log_run && last.ordinal == s->log_ordinal);
    REQUIRE(last.time_ns == s->log_time_ns);
    d->seen.log_rows += rows;
}

#endif
