/* decode_kept.h -- the part of decode.h that reads what is kept of a stream, and holds it against
 * its runs. */
#ifndef DECODE_KEPT_H
#define DECODE_KEPT_H

enum { KEPT_PART = 262144, KEPT_MOST = 8388608 };

/* The ok cells of a column in runs from .. until, counted from 0; *first is the first of them. */
static inline uint64_t points_between(const struct found_runs *runs, uint32_t column, uint64_t from,
                                      uint64_t until, double *first)
{
    uint64_t count = 0;
    for (uint64_t r = from; r < until; r++) {
        const struct found_run *run = &runs->items[r];
        for (size_t i = 0; i < run->count; i++) {
            if (run->cells[i].column != column || run->cells[i].status) continue;
            if (count++ == 0) *first = run->cells[i].value;
        }
    }
    return count;
}

/* Two chains of corners, each from 0 points to all of them. */
static inline void decode_corners(const byte *at, size_t len, double points, double sum)
{
    int chains = 0;
    double before = points;
    REQUIRE(len % 16 == 0);
    for (size_t i = 0; i < len; i += 16) {
        double count = f64(at + i);
        if (count == 0) {
            REQUIRE(before == points && f64(at + i + 8) == 0);
            chains++;
        } else {
            REQUIRE(count > before);
        }
        if (count == points) REQUIRE(f64(at + i + 8) == sum);
        before = count;
    }
    REQUIRE(chains == 2 && before == points);
}

/* Marks hide nothing in the stores of these tests. */
static inline void decode_state(struct decoder *d, uint32_t column, const byte *at, size_t len,
                                uint64_t runs)
{
    double first = 0;
    uint64_t points = points_between(&d->in_stream, column, 0, runs, &first);
    if (len == 4) {
        REQUIRE(u32(at) == UINT32_MAX);
        return;
    }
    if (len == 0) {
        REQUIRE(points == 0);
        return;
    }
    REQUIRE(len >= 48 && u32(at) == points && u32(at + 4) < runs && u64(at + 8) == 0);
    REQUIRE(u64(at + 16) == points_between(&d->in_stream, column, u32(at + 4), runs, &first));
    REQUIRE(f64(at + 32) == first && f64(at + 40) > 0);
    d->seen.kept++;
    REQUIRE(isinf(f64(at + 40)) == (len == 48));
    if (len == 48) return;
    REQUIRE(len >= 112 && f64(at + 56) > 0 && f64(at + 64) == (double)u64(at + 16));
    decode_corners(at + 80, len - 80, f64(at + 64), f64(at + 72));
}

static inline void decode_kept(struct decoder *d, uint32_t id)
{
    struct key_bytes key = with(with(key_of('v'), id, 4), 1, 4);
    const struct record *r = find(d, with(key, 0, 4));
    if (!r) return;
    REQUIRE(sealed(r)->len >= 40 && u32(r->data + 8) == 1);
    uint32_t parts = u32(r->data + 12);
    uint64_t runs = u64(r->data + 16), bytes = u64(r->data + 32), at = 0;
    REQUIRE(bytes <= KEPT_MOST && runs >= 1 && runs <= d->in_stream.count);
    byte *value = zeroed(bytes + 1, 1);
    for (uint32_t part = 0; part < parts; part++) {
        r = sealed(need(d, with(key, part, 4)));
        size_t head = part ? 8 : 40, len = r->len - head;
        REQUIRE(len == (bytes - at < KEPT_PART ? bytes - at : KEPT_PART) && (len || !part));
        memcpy(value + at, r->data + head, len);
        at += len;
        d->seen.kept_parts++;
    }
    REQUIRE(at == bytes && bytes >= 8 && u32(value + 4) > runs);
    r = need(d, with(key, 0, 4));
    uint32_t columns = u32(value);
    const byte *ends = value + 8, *states = ends + 4 * (size_t)columns;
    REQUIRE(columns <= d->stream[id].columns && bytes >= 8 + 4 * (size_t)columns);
    if (d->in_stream.items[runs - 1].place.run == u64(r->data + 24)) {
        uint32_t from = 0;
        for (uint32_t c = 0; c < columns; c++) {
            uint32_t end = u32(ends + 4 * (size_t)c);
            REQUIRE(end >= from && end <= bytes - 8 - 4 * (size_t)columns);
            decode_state(d, c, states + from, end - from, runs);
            from = end;
        }
    } else {
        d->seen.kept_stale++;
    }
    free(value);
}

#endif
