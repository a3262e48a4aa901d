/* decode_block.h -- the part of decode.h that reads a stream's blocks. */
#ifndef DECODE_BLOCK_H
#define DECODE_BLOCK_H

enum { IS_SMALL, IS_MERGING, IS_LARGE };

struct block_found {
    struct place first, last;
    uint32_t block, runs, columns, state;
};

/* A block being read: its runs are items[first_run .. first_run + runs) of `to`. */
struct block_reader {
    struct decoder *d;
    struct found_runs *to;
    uint32_t stream, block, runs, columns, state;
    size_t first_run;
    uint32_t index; /* of the column in hand, in its group */
    double *kept;   /* values of the group's columns, a row of runs each; NaN where there is none */
    byte *related;  /* of each column and chunk: its values follow from another's */
};

/* A summary made as the page says. */
struct sums {
    uint64_t count;
    double min, max, sum, m2;
};

static inline struct sums sums_of(const double *values, size_t n)
{
    struct sums sums = {.count = n};
    double lane[4] = {0}, square[4] = {0};
    if (n == 0) return sums;
    sums.min = sums.max = values[0];
    for (size_t i = 0; i < n; i++) {
        lane[i % 4] += values[i];
        if (values[i] < sums.min) sums.min = values[i];
        if (values[i] > sums.max) sums.max = values[i];
    }
    sums.sum = ((lane[0] + lane[1]) + lane[2]) + lane[3];
    for (size_t i = 0; i < n; i++) {
        double difference = values[i] - sums.sum / (double)n;
        square[i % 4] += difference * difference;
    }
    sums.m2 = ((square[0] + square[1]) + square[2]) + square[3];
    return sums;
}

static inline void sums_add(struct sums *to, const struct sums *more)
{
    double n = (double)to->count, m = (double)more->count;
    if (more->count == 0) return;
    if (to->count == 0) {
        *to = *more;
        return;
    }
    double difference = more->sum / m - to->sum / n;
    to->m2 += more->m2 + difference * difference * (n * m / (n + m));
    to->sum += more->sum;
    to->count += more->count;
    if (more->min < to->min) to->min = more->min;
    if (more->max > to->max) to->max = more->max;
}

/* -- packs ----------------------------------------------------------------------------------- */

static inline uint64_t bits_of_double(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static inline double double_of_bits(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Reads n values; the number of bytes they take. */
static inline size_t read_pack(struct decoder *d, unsigned code, const byte *data, size_t n,
                               double *out)
{
    unsigned mode = code & 7, tight = code >> 3 & 1, scale = code >> 4 & 15, width = code >> 8;
    double power = 1;
    if (mode == 0) {
        REQUIRE(code == 0);
        for (size_t i = 0; i < n; i++)
            out[i] = f64(data + 8 * i);
        d->seen.raw++;
        return 8 * n;
    }
    REQUIRE(mode <= 3 && width <= 56 && (mode != 2 || scale == 0));
    REQUIRE(d->is_short || (mode < 3 && !tight));
    size_t bytes = tight ? (n * width + 7) / 8 : (n * width + 63) / 64 * 8;
    int64_t shift = 0;
    uint64_t base = u64(data + bytes);
    for (unsigned i = 0; i < scale; i++)
        power *= 10;
    if (mode == 3) {
        shift = (int64_t)base >> 54;
        base = (uint64_t)((int64_t)(base << 10) >> 10);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t delta = 0;
        for (size_t bit = i * width; bit < (i + 1) * width; bit++)
            delta |= (uint64_t)(data[bit / 8] >> bit % 8 & 1) << (bit - i * width);
        double whole = (double)(int64_t)(base + delta);
        out[i] = mode == 2   ? double_of_bits(base + delta)
                 : mode == 1 ? whole / power
                             : whole * ldexp(power, (int)-shift);
    }
    d->seen.scaled += mode == 1;
    d->seen.bits += mode == 2;
    d->seen.binary += mode == 3;
    d->seen.tight += tight;
    return bytes + 8;
}

/* -- the runs of a block --------------------------------------------------------------------- */

/* The times of a strip of m runs, apart from it: they and the keys of the commits. */
struct times_found {
    const byte *time, *keys;
    uint32_t flags;
};

static inline size_t times_bytes(size_t m)
{
    return 16 + 8 * m + pad8(4 * m);
}

static inline struct times_found read_times(const byte *at, size_t m, uint64_t seed)
{
    struct times_found found = {at + 16, at + 16 + 8 * m, u32(at + 8)};
    REQUIRE(u64(at) == hash_seeded(at + 8, times_bytes(m) - 8, seed) && u32(at + 12) == 0);
    if (m % 2) REQUIRE(u32(found.keys + 4 * m) == 0);
    return found;
}

static inline uint32_t key_of_commit(const char *commit)
{
    uint32_t key = (uint32_t)hash_seeded(commit, strlen(commit), 0);
    return !*commit ? 0 : key ? key : 1;
}

/* times NULL: of form 0. */
static inline void read_strip_of_runs(struct block_reader *b, const struct times_found *times,
                                      const byte *strip, size_t len, size_t m, uint64_t seed,
                                      uint64_t text_seed)
{
    const byte *run = strip + 16, *time = times ? times->time : run + 8 * m;
    const byte *ran = run + (times ? 8 : 16) * m, *ordinal = ran + 8 * m;
    const byte *flags = ordinal + 4 * m, *cells = flags + 4 * m, *commit = cells + 4 * m;
    size_t offset_bytes = times ? 2 : 4,
           text_at = (size_t)(commit - strip) + offset_bytes * (m + 1);
    size_t text_len = times ? u16(commit + 2 * m) : u32(commit + 4 * m);
    const char *text = (const char *)strip + text_at;
    uint32_t all_flags = 0;
    REQUIRE(pad8(text_at + text_len) == len && text[text_len - 1] == 0);
    REQUIRE(u64(strip) == hash_seeded(strip + 8, text_at - 8, seed));
    REQUIRE(u64(strip + 8) == hash_seeded(strip + text_at, len - text_at, text_seed));
    for (size_t i = 0; i < m; i++) {
        size_t at = times ? u16(commit + 2 * i) : u32(commit + 4 * i);
        REQUIRE(at < text_len);
        *add_run(b->to) =
            (struct found_run){.place = {i64(time + 8 * i), u32(ordinal + 4 * i), u64(run + 8 * i)},
                               .ran_ns = i64(ran + 8 * i),
                               .stream = b->stream,
                               .flags = u32(flags + 4 * i),
                               .cell_count = u32(cells + 4 * i),
                               .commit = text + at};
        all_flags |= u32(flags + 4 * i);
        if (times) REQUIRE(u32(times->keys + 4 * i) == key_of_commit(text + at));
    }
    if (!times) return;
    REQUIRE(times->flags == all_flags);
    b->d->seen.keys++;
}

static inline void read_block_runs(struct block_reader *b)
{
    struct key_bytes key = with(with(key_of('g'), b->stream, 4), b->block, 4);
    const struct record *r = need(b->d, key);
    uint64_t seed = key_seed(r);
    REQUIRE(r->len >= 32 && u32(r->data + 8) == r->len && u32(r->data + 12) == b->stream);
    REQUIRE(u32(r->data + 16) == b->block && u32(r->data + 28) == (uint32_t)b->d->has_keys);
    b->runs = u32(r->data + 20);
    b->columns = u32(r->data + 24);
    b->first_run = b->to->count;
    REQUIRE(b->runs >= 1 && b->runs <= 1024);
    uint32_t strips = (b->runs + 63) / 64;
    size_t head = 32 + pad8(4 * ((size_t)strips + 1)), times_at = head;
    size_t last = b->runs - 64 * (size_t)(strips - 1), first_strip = head;
    if (b->d->has_keys) first_strip += (strips - 1) * times_bytes(64) + times_bytes(last);
    REQUIRE(u64(r->data) == hash_seeded(r->data + 8, head - 8, seed));
    REQUIRE(u32(r->data + 32) == first_strip && u32(r->data + 32 + 4 * (size_t)strips) == r->len);
    for (uint32_t strip = 0; strip < strips; strip++) {
        size_t start = u32(r->data + 32 + 4 * (size_t)strip);
        size_t end = u32(r->data + 36 + 4 * (size_t)strip), left = b->runs - 64 * (size_t)strip;
        size_t m = left < 64 ? left : 64;
        struct times_found times = {0};
        REQUIRE(start < end && end <= r->len);
        if (b->d->has_keys)
            times = read_times(r->data + times_at, m, seed + ((uint64_t)2 << 32) + strip);
        times_at += times_bytes(m);
        read_strip_of_runs(b, b->d->has_keys ? &times : NULL, r->data + start, end - start, m,
                           seed + 1 + strip, seed + ((uint64_t)1 << 32) + strip);
    }
}

/* -- cells ----------------------------------------------------------------------------------- */

static inline unsigned bits_in(uint64_t bits)
{
    unsigned n = 0;
    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

/* The number whose bits are those of `near` and `residual` more. */
static inline double by_residual(double near, double residual)
{
    uint64_t bits = bits_of_double(near) + (uint64_t)(int64_t)residual;
    REQUIRE(residual > -1048576 && residual < 1048576);
    return double_of_bits(bits);
}

/* Values that are residuals, of the runs that `there` names, from those of a column before. */
static inline void read_related(struct block_reader *b, uint32_t number, const byte *at,
                                uint64_t there, double *values)
{
    unsigned relation = u16(at), back = u16(at + 2);
    double power = 1;
    REQUIRE(b->d->is_short && (relation == 1 || (relation >= 16 && relation < 32)));
    REQUIRE(back > 0 && back <= b->index && u32(at + 4) == 0);
    REQUIRE(!b->related[(b->index - back) * 16 + number]);
    const double *other = b->kept + (size_t)(b->index - back) * b->runs + 64 * (size_t)number;
    for (unsigned i = 16; i < relation; i++)
        power *= 10;
    for (unsigned i = 0; i < 64; i++) {
        if (!(there >> i & 1)) continue;
        REQUIRE(!isnan(other[i]));
        *values = by_residual(relation == 1 ? other[i] : power / other[i], *values);
        values++;
    }
    b->related[b->index * 16 + number] = 1;
    b->d->seen.related++;
}

/* One chunk: the cells of a column in up to 64 runs; their summary. */
static inline struct sums read_chunk(struct block_reader *b, uint32_t column, uint32_t number,
                                     const byte *data, size_t len, uint64_t seed)
{
    struct decoder *d = b->d;
    uint32_t left = b->runs - 64 * number, runs = left < 64 ? left : 64;
    uint64_t all = runs == 64 ? UINT64_MAX : (UINT64_C(1) << runs) - 1;
    uint64_t present = all, failed = 0, skipped = 0, there[3] = {0};
    double number_of[3][64];
    size_t next[3] = {0};
    REQUIRE(len >= 16);
    REQUIRE(u64(data) ==
            hash_seeded(data + 8, len - 8, seed + ((uint64_t)(column + 1) << 32) + number));
    unsigned form = u16(data + 8);
    const byte *at = data + 16;
    REQUIRE(form <= 31 && (d->is_short || form <= 7));
    const byte *related = form & 16 ? at : NULL;
    if (related) at += 8;
    if (form & 1) present = u64(at), at += 8, d->seen.ragged++;
    if (form & 2) failed = u64(at), skipped = u64(at + 8), at += 16, d->seen.statuses++;
    if (form & 4) there[1] = u64(at), there[2] = u64(at + 8), at += 16, d->seen.bounds++;
    there[0] = present & ~failed & ~skipped;
    REQUIRE(present != 0 && (present & ~all) == 0 && (failed & skipped) == 0);
    REQUIRE(((failed | skipped) & ~present) == 0 && ((there[1] | there[2]) & ~there[0]) == 0);
    for (int part = 0; part < 3; part++) {
        unsigned code = u16(data + 10 + 2 * part);
        if (there[part]) at += read_pack(d, code, at, bits_in(there[part]), number_of[part]);
    }
    REQUIRE(at == data + len);
    if (related) read_related(b, number, related, there[0], number_of[0]);
    struct sums sums = sums_of(number_of[0], bits_in(there[0]));
    for (uint32_t i = 0; i < runs; i++) {
        struct found_cell cell = {.column = column, .status = failed >> i & 1 ? 1 : 2};
        double *const out[3] = {&cell.value, &cell.lower, &cell.upper};
        if (!(present >> i & 1)) continue;
        if (there[0] >> i & 1) cell.status = 0;
        for (int part = 0; part < 3; part++)
            *out[part] = there[part] >> i & 1 ? number_of[part][next[part]++] : (double)NAN;
        if (form & 8 && there[2] >> i & 1) {
            REQUIRE(there[1] >> i & 1);
            cell.upper = by_residual(cell.value + (cell.value - cell.lower), cell.upper);
            d->seen.mirrored++;
        }
        b->kept[(size_t)b->index * b->runs + 64 * (size_t)number + i] = cell.value;
        add_cell(&b->to->items[b->first_run + 64 * number + i], &cell);
    }
    return sums;
}

/* All chunks of a column, whose cells are at `data`. */
static inline struct sums read_column(struct block_reader *b, uint32_t column, const byte *data,
                                      size_t len, uint64_t seed)
{
    uint32_t chunks = (b->runs + 63) / 64;
    struct sums sums = {0};
    if (chunks == 1) return read_chunk(b, column, 0, data, len, seed);
    size_t at = 8 + pad8(4 * (size_t)chunks);
    REQUIRE(len >= at);
    REQUIRE(u64(data) == hash_seeded(data + 8, at - 8, seed + ((uint64_t)(column + 1) << 32) + 16));
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        size_t end = u32(data + 8 + 4 * (size_t)chunk);
        REQUIRE(end >= at && end <= len);
        if (end == at) {
            b->d->seen.empty_chunks++;
            continue;
        }
        struct sums more = read_chunk(b, column, chunk, data + at, end - at, seed);
        sums_add(&sums, &more);
        at = end;
    }
    REQUIRE(at == len);
    return sums;
}

static inline int same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* A strip of m columns; the number of its bytes. */
static inline size_t read_strip(struct block_reader *b, const struct record *r, uint32_t from,
                                uint32_t first, uint32_t m, int sparse, size_t strip_at)
{
    const byte *strip = r->data + strip_at, *start = strip + 8;
    const byte *columns = start + pad8(4 * ((size_t)m + 1));
    const byte *count = columns + (sparse ? pad8(4 * (size_t)m) : 0);
    const byte *min = count + pad8(4 * (size_t)m), *max = min + 8 * (size_t)m;
    const byte *sum = max + 8 * (size_t)m, *m2 = sum + 8 * (size_t)m, *end = m2 + 8 * (size_t)m;
    uint64_t seed = key_seed(r);
    REQUIRE(strip_at + (size_t)(end - strip) <= r->len);
    REQUIRE(u64(strip) == hash_seeded(strip + 8, (size_t)(end - strip) - 8, seed + 1 + first / 64));
    if (sparse) REQUIRE(u32(r->data + 56 + 4 * (size_t)(first / 64)) == u32(columns));
    for (uint32_t i = 0; i < m; i++) {
        uint32_t column = sparse ? u32(columns + 4 * (size_t)i) : from + first + i;
        size_t cells = u32(start + 4 * (size_t)i), cells_end = u32(start + 4 * (size_t)i + 4);
        REQUIRE(cells < cells_end && cells_end <= r->len);
        b->index = first + i;
        struct sums sums = read_column(b, column, r->data + cells, cells_end - cells, seed);
        REQUIRE(sums.count == u32(count + 4 * (size_t)i));
        REQUIRE(same_bits(sums.min, f64(min + 8 * (size_t)i)));
        REQUIRE(same_bits(sums.max, f64(max + 8 * (size_t)i)));
        REQUIRE(same_bits(sums.sum, f64(sum + 8 * (size_t)i)));
        REQUIRE(same_bits(sums.m2, f64(m2 + 8 * (size_t)i)));
    }
    return (size_t)(end - strip);
}

/* The group that begins at a column; the column at which the next begins. */
static inline uint32_t read_group(struct block_reader *b, uint32_t from)
{
    struct key_bytes key = with(with(with(key_of('G'), b->stream, 4), b->block, 4), from, 4);
    const struct record *r = need(b->d, key);
    const byte *at = r->data;
    REQUIRE(r->len >= 56 && r->len <= 1 << 20 && u32(at + 8) == r->len);
    REQUIRE(u32(at + 12) == b->stream && u32(at + 16) == b->block && u32(at + 20) == from);
    uint32_t until = u32(at + 24), columns = u32(at + 28), sparse = u32(at + 36);
    uint32_t strips = (columns + 63) / 64;
    size_t strips_at = 56 + (sparse ? pad8(4 * (size_t)strips) : 0), next = strips_at;
    REQUIRE(until > from && columns <= until - from && sparse <= 1 && u32(at + 32) == b->runs);
    REQUIRE(u32(at + 40) == strips_at && u64(at + 48) == 0);
    REQUIRE(u64(at) == hash_seeded(at + 8, strips_at - 8, key_seed(r)));
    b->kept = zeroed((size_t)columns * b->runs, sizeof *b->kept);
    b->related = zeroed((size_t)columns * 16, 1);
    for (size_t i = 0; i < (size_t)columns * b->runs; i++)
        b->kept[i] = (double)NAN;
    for (uint32_t first = 0; first < columns; first += 64)
        next += read_strip(b, r, from, first, columns - first < 64 ? columns - first : 64,
                           sparse != 0, next);
    free(b->kept);
    free(b->related);
    REQUIRE(u32(at + 44) == next);
    if (sparse)
        b->d->seen.groups_sparse++;
    else
        b->d->seen.groups_dense++;
    return until;
}

/* -- the list of a stream -------------------------------------------------------------------- */

static inline struct block_found read_entry(const byte *at)
{
    return (struct block_found){.first = {i64(at), u32(at + 32), u64(at + 16)},
                                .last = {i64(at + 8), u32(at + 36), u64(at + 24)},
                                .block = u32(at + 40),
                                .runs = u32(at + 44),
                                .columns = u32(at + 48),
                                .state = u32(at + 52)};
}

static inline void decode_block(struct decoder *d, uint32_t id, const struct block_found *entry)
{
    struct block_reader b = {.d = d, .to = &d->in_stream, .stream = id, .block = entry->block};
    read_block_runs(&b);
    REQUIRE(b.runs == entry->runs && b.columns == entry->columns && b.block >= 1);
    REQUIRE(b.block <= d->stream[id].next_block && b.columns <= d->stream[id].columns);
    REQUIRE(compare_places(&b.to->items[b.first_run].place, &entry->first) == 0);
    REQUIRE(compare_places(&b.to->items[b.to->count - 1].place, &entry->last) == 0);
    for (uint32_t from = 0; from < b.columns;) {
        from = read_group(&b, from);
        REQUIRE(from <= b.columns);
    }
    for (size_t i = b.first_run + 1; i < b.to->count; i++)
        REQUIRE(compare_places(&b.to->items[i - 1].place, &b.to->items[i].place) < 0);
    if (entry->state == IS_SMALL) d->seen.small++;
    if (entry->state == IS_MERGING) d->seen.merging++;
    if (entry->state == IS_LARGE) d->seen.large++;
}

/* A block that was begun: what there is of it repeats what the stream has elsewhere. */
static inline void decode_unfinished(struct decoder *d, uint32_t id, uint32_t block, uint32_t until)
{
    struct found_runs runs = {0};
    struct block_reader b = {.d = d, .to = &runs, .stream = id, .block = block};
    read_block_runs(&b);
    for (uint32_t from = 0; from < until;)
        from = read_group(&b, from);
    REQUIRE(until < b.columns);
    for (size_t i = 0; i < runs.count; i++) {
        const struct found_run *copy = &runs.items[i], *run = NULL;
        for (size_t j = 0; j < d->in_stream.count && !run; j++) {
            if (compare_places(&d->in_stream.items[j].place, &copy->place) == 0)
                run = &d->in_stream.items[j];
        }
        REQUIRE(run && run->cell_count == copy->cell_count && copy->count <= run->count);
        REQUIRE(strcmp(run->commit, copy->commit) == 0 && run->ran_ns == copy->ran_ns);
        for (size_t c = 0; c < copy->count; c++) {
            REQUIRE(run->cells[c].column == copy->cells[c].column);
            REQUIRE(same_bits(run->cells[c].value, copy->cells[c].value));
        }
    }
    runs_free(&runs);
}

static inline void decode_blocks(struct decoder *d, uint32_t id)
{
    const struct stream_found *s = &d->stream[id];
    uint32_t jobs[4] = {0};
    if (s->next_block == 0) {
        REQUIRE(s->small == 0 && s->large == 0 && s->jobs == 0);
        return;
    }
    const struct record *r = sealed(need(d, with(with(key_of('d'), id, 4), 0, 4)));
    REQUIRE(r->len == 8 + 16 + 56 * (size_t)s->small);
    for (int i = 0; i < 4; i++)
        jobs[i] = u32(r->data + 8 + 4 * i);
    for (uint32_t i = 0; i < s->small; i++) {
        struct block_found entry = read_entry(r->data + 24 + 56 * (size_t)i);
        REQUIRE(entry.state == IS_SMALL || entry.state == IS_MERGING);
        decode_block(d, id, &entry);
    }
    for (uint32_t i = 0; i < s->large; i++) {
        uint32_t in_chunk = s->large - i / 1024 * 1024;
        r = sealed(need(d, with(with(key_of('d'), id, 4), 1 + i / 1024, 4)));
        REQUIRE(r->len == 8 + 56 * (size_t)(in_chunk < 1024 ? in_chunk : 1024));
        struct block_found entry = read_entry(r->data + 8 + 56 * (size_t)(i % 1024));
        REQUIRE(entry.state == IS_LARGE);
        decode_block(d, id, &entry);
    }
    if (jobs[0]) {
        REQUIRE(s->jobs & 1);
        decode_unfinished(d, id, jobs[0], jobs[1]);
        d->seen.folding++;
    }
    if (jobs[2]) {
        REQUIRE(s->jobs & 2);
        decode_unfinished(d, id, jobs[2], jobs[3]);
        d->seen.making_large++;
    }
}

#endif
