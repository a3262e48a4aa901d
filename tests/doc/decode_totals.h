/* decode_totals.h -- the part of decode.h that reads a stream's totals, and holds them against its
 * runs. */
#ifndef DECODE_TOTALS_H
#define DECODE_TOTALS_H

/* The ok values of a column in runs up to a number, added up one after the other. */
static inline struct sums sums_up_to(const struct found_runs *runs, uint32_t column, uint64_t last)
{
    struct sums sums = {0};
    for (size_t r = 0; r < runs->count; r++) {
        const struct found_run *run = &runs->items[r];
        size_t low = 0, high = run->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (run->cells[middle].column < column)
                low = middle + 1;
            else
                high = middle;
        }
        const struct found_cell *cell = &run->cells[low];
        if (run->place.run > last || low == run->count || cell->column != column || cell->status)
            continue;
        struct sums one = sums_of(&cell->value, 1);
        sums_add(&sums, &one);
    }
    return sums;
}

static inline int nearly(double a, double b, double size)
{
    return fabs(a - b) <= 1e-9 * size;
}

/* One strip of m columns; the number of its bytes. */
static inline size_t read_totals_strip(struct decoder *d, const byte *strip, uint32_t first,
                                       uint32_t m, uint64_t count, uint64_t last, uint64_t seed)
{
    const byte *counts = strip + 8, *min = count == UINT64_MAX ? counts + 8 * m : counts;
    const byte *max = min + 8 * m, *sum = max + 8 * m, *m2 = sum + 8 * m, *end = m2 + 8 * m;
    REQUIRE(u64(strip) == hash_seeded(strip + 8, (size_t)(end - strip) - 8, seed + 1 + first / 64));
    for (uint32_t i = 0; i < m; i++) {
        struct sums own = sums_up_to(&d->in_stream, first + i, last);
        double size = (double)own.count * fmax(fabs(own.min), fabs(own.max));
        REQUIRE(own.count == (count == UINT64_MAX ? u64(counts + 8 * i) : count));
        REQUIRE(own.min == f64(min + 8 * i) && own.max == f64(max + 8 * i));
        REQUIRE(nearly(own.sum, f64(sum + 8 * i), size));
        REQUIRE(nearly(own.m2, f64(m2 + 8 * i), size * size));
    }
    return (size_t)(end - strip);
}

static inline void decode_totals(struct decoder *d, uint32_t id)
{
    const struct stream_found *s = &d->stream[id];
    uint64_t runs = 0;
    if (s->totals_runs == 0) {
        REQUIRE(s->totals_last == 0);
        return;
    }
    const struct record *r = need(d, with(key_of('T'), id, 4));
    uint64_t seed = key_seed(r);
    REQUIRE(r->len >= 40 && u64(r->data) == hash_seeded(r->data + 8, 32, seed));
    uint32_t columns = u32(r->data + 12);
    REQUIRE(u32(r->data + 8) == id && columns >= 1 && columns <= s->columns && columns <= 16384);
    REQUIRE(u64(r->data + 16) == s->totals_runs && u64(r->data + 24) == s->totals_last);
    size_t at = 40;
    for (uint32_t first = 0; first < columns; first += 64)
        at += read_totals_strip(d, r->data + at, first, columns - first < 64 ? columns - first : 64,
                                u64(r->data + 32), s->totals_last, seed);
    REQUIRE(at == r->len);
    for (size_t i = 0; i < d->in_stream.count; i++)
        runs += d->in_stream.items[i].place.run <= s->totals_last;
    REQUIRE(runs == s->totals_runs);
    d->seen.totals++;
    d->seen.totals_even += u64(r->data + 32) != UINT64_MAX;
}

#endif
