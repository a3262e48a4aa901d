/* decode_run.h -- the part of decode.h that reads what belongs to a run, marks and objects. */
#ifndef DECODE_RUN_H
#define DECODE_RUN_H

struct digest {
    uint64_t low, high;
};

static inline struct digest digest_of(const void *data, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits(data, len);
    return (struct digest){hash.low64, hash.high64};
}

static inline uint64_t mixed_bits(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline void put_le(byte **at, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        *(*at)++ = (byte)(number >> 8 * i);
}

static inline void put_digest(byte **at, struct digest digest)
{
    put_le(at, digest.low, 8);
    put_le(at, digest.high, 8);
}

/* The samples of a run, in order of cell. */
struct found_samples {
    struct found_sampled {
        uint32_t column, count;
    } * cells; /* that have some */
    size_t count, total;
    double *numbers; /* of all */
};

static inline const double *samples_of(const struct found_samples *samples, uint32_t column,
                                       uint32_t *count)
{
    size_t at = 0;
    *count = 0;
    for (size_t i = 0; i < samples->count; i++) {
        uint32_t n = samples->cells[i].count;
        if (samples->cells[i].column == column) {
            *count = n;
            return samples->numbers + at;
        }
        at += n;
    }
    return NULL;
}

/* The digest of one cell, added to the sum of all. */
static inline void add_digest(struct decoder *d, const struct found_run *run,
                              const struct found_cell *cell, const struct found_samples *samples,
                              struct digest *sum)
{
    const struct stream_found *s = &d->stream[run->stream];
    const struct record *r = need(d, with(with(key_of('c'), s->shape, 4), cell->column / 500, 4));
    const byte *column = r->data + 8 + 8 * (size_t)(cell->column % 500);
    uint32_t benchmark = u32(column), measure = u32(column + 4), n;
    const double *numbers = samples_of(samples, cell->column, &n);
    byte image[56], *at = image;
    put_le(&at, hash_seeded(d->names[3].texts[benchmark], d->names[3].lens[benchmark], 0), 8);
    put_le(&at, hash_seeded(d->names[4].texts[measure], d->names[4].lens[measure], 0), 8);
    struct digest own = digest_of(image, 16);
    if (cell->status || !isnan(cell->lower) || !isnan(cell->upper) || n) {
        at = image;
        put_digest(&at, own);
        put_le(&at, cell->status, 8);
        put_le(&at, bits_of_double(cell->lower), 8);
        put_le(&at, bits_of_double(cell->upper), 8);
        put_digest(&at, digest_of(numbers, n * sizeof *numbers));
        own = digest_of(image, 56);
    }
    sum->low += mixed_bits(own.low ^ bits_of_double(cell->value));
    sum->high += mixed_bits(own.high + bits_of_double(cell->value));
}

static inline struct digest content_of(struct decoder *d, const struct found_run *run,
                                       const struct found_samples *samples)
{
    const struct stream_found *s = &d->stream[run->stream];
    const uint32_t ids[3] = {s->project, s->branch, s->testbed};
    struct digest cells = {0};
    byte image[104], *at = image;
    for (size_t i = 0; i < run->count; i++)
        add_digest(d, run, &run->cells[i], samples, &cells);
    for (int i = 0; i < 3; i++)
        put_digest(&at, digest_of(d->names[i].texts[ids[i]], d->names[i].lens[ids[i]]));
    put_digest(&at, digest_of(run->commit, strlen(run->commit)));
    put_le(&at, (uint64_t)run->place.time_ns, 8);
    put_le(&at, run->flags, 8);
    put_le(&at, run->cell_count, 8);
    put_digest(&at, cells);
    return digest_of(image, sizeof image);
}

/* -- metadata and samples -------------------------------------------------------------------- */

struct meta_found {
    const char *key, *value;
};

struct meta_list {
    struct meta_found *items;
    size_t count;
};

static inline void meta_add(struct meta_list *list, const char *key, const char *value)
{
    list->items = realloc(list->items, (list->count + 1) * sizeof *list->items);
    assert_non_null(list->items);
    list->items[list->count++] = (struct meta_found){key, value};
}

/* The pairs that take the rest of a record. */
static inline void read_meta_pairs(const struct record *r, size_t at, struct meta_list *list)
{
    while (at < r->len) {
        REQUIRE(at + 8 <= r->len);
        size_t key_len = u32(r->data + at), value_len = u32(r->data + at + 4);
        const char *key = (const char *)r->data + at + 8, *value = key + key_len + 1;
        at += 8 + key_len + 1 + value_len + 1;
        REQUIRE(at <= r->len && key[key_len] == 0 && value[value_len] == 0);
        meta_add(list, key, value);
    }
}

static inline int by_meta_key(const void *a, const void *b)
{
    return strcmp(((const struct meta_found *)a)->key, ((const struct meta_found *)b)->key);
}

/* A record that is a difference. `made` keeps the texts that it makes. */
static inline void read_meta_difference(struct decoder *d, const struct record *r,
                                        struct meta_list *list, struct meta_list *made)
{
    struct meta_list base = {0};
    size_t at = 24;
    REQUIRE(r->len >= 24);
    const struct record *whole =
        sealed(need(d, with(with(key_of('m'), u64(r->data + 16), 8), 0, 4)));
    REQUIRE(whole->len >= 12 && u32(whole->data + 8) != UINT32_MAX);
    read_meta_pairs(whole, 12, &base);
    REQUIRE(base.count == u32(whole->data + 8));
    for (uint32_t i = 0; i < u32(r->data + 12); i++) {
        REQUIRE(at + 6 <= r->len);
        unsigned pair = u16(r->data + at), shared = u16(r->data + at + 2),
                 len = u16(r->data + at + 4);
        at += 6;
        REQUIRE(pair < base.count && base.items[pair].key);
        if (len == 65535) {
            base.items[pair].key = NULL;
            continue;
        }
        REQUIRE(at + len <= r->len && shared <= strlen(base.items[pair].value));
        char *value = zeroed(shared + len, 1);
        memcpy(value, base.items[pair].value, shared);
        memcpy(value + shared, r->data + at, len);
        base.items[pair].value = value;
        meta_add(made, NULL, value);
        at += len;
    }
    for (size_t i = 0; i < base.count; i++)
        if (base.items[i].key) meta_add(list, base.items[i].key, base.items[i].value);
    read_meta_pairs(r, at, list);
    qsort(list->items, list->count, sizeof *list->items, by_meta_key);
    free(base.items);
    d->seen.differences++;
}

/* The runs whose metadata others refer to. */
static inline void decode_bases(struct decoder *d)
{
    for (uint32_t project = 0; project < d->names[0].count; project++) {
        const struct record *r = find(d, with(key_of('e'), project, 4));
        if (!r) continue;
        size_t count = (sealed(r)->len - 8) / 16;
        REQUIRE(d->is_short && (r->len - 8) % 16 == 0 && count > 0 && count <= 8);
        for (size_t i = 0; i < count; i++) {
            uint64_t run = u64(r->data + 16 + 16 * i), hash = 0;
            const struct record *whole = sealed(need(d, with(with(key_of('m'), run, 8), 0, 4)));
            struct meta_list list = {0};
            REQUIRE(u32(whole->data + 8) != UINT32_MAX);
            read_meta_pairs(whole, 12, &list);
            for (size_t j = 0; j < list.count; j++)
                hash = hash_seeded(list.items[j].key, strlen(list.items[j].key) + 1, hash);
            REQUIRE(u64(r->data + 8 + 16 * i) == hash);
            free(list.items);
        }
    }
}

static inline void decode_meta(struct decoder *d, uint64_t run, uint32_t parts)
{
    struct meta_list list = {0}, made = {0};
    for (uint32_t part = 0; part < parts; part++) {
        const struct record *r = sealed(need(d, with(with(key_of('m'), run, 8), part, 4)));
        size_t before = list.count;
        REQUIRE(r->len >= 12);
        if (u32(r->data + 8) == UINT32_MAX) {
            REQUIRE(parts == 1 && d->is_short);
            read_meta_difference(d, r, &list, &made);
            continue;
        }
        read_meta_pairs(r, 12, &list);
        REQUIRE(list.count - before == u32(r->data + 8));
        REQUIRE(part + 1 == parts || r->len >= 262144);
    }
    for (size_t i = 0; i < list.count; i++) {
        REQUIRE(i == 0 || strcmp(list.items[i - 1].key, list.items[i].key) < 0);
        dump_meta(d->out, run, list.items[i].key, list.items[i].value);
        d->seen.meta++;
    }
    for (size_t i = 0; i < made.count; i++)
        free((char *)(uintptr_t)made.items[i].value);
    free(made.items);
    free(list.items);
}

static inline void samples_add(struct found_samples *samples, uint32_t column,
                               const double *numbers, size_t n)
{
    if (samples->count == 0 || samples->cells[samples->count - 1].column != column) {
        REQUIRE(samples->count == 0 || samples->cells[samples->count - 1].column < column);
        samples->cells = realloc(samples->cells, (samples->count + 1) * sizeof *samples->cells);
        assert_non_null(samples->cells);
        samples->cells[samples->count++] = (struct found_sampled){.column = column};
    }
    samples->numbers = realloc(samples->numbers, (samples->total + n + 1) * sizeof *numbers);
    assert_non_null(samples->numbers);
    memcpy(samples->numbers + samples->total, numbers, n * sizeof *numbers);
    samples->cells[samples->count - 1].count += (uint32_t)n;
    samples->total += n;
}

/* A part of packed samples. */
static inline void read_packed_samples(struct decoder *d, const struct record *r,
                                       struct found_samples *samples)
{
    double columns[64], counts[64], numbers[64];
    size_t cells = u16(r->data + 12), at = 18;
    REQUIRE(d->is_short && r->len > 18);
    REQUIRE(u32(r->data + 8) == UINT32_MAX && cells > 0 && cells <= 64);
    at += read_pack(d, u16(r->data + 14), r->data + at, cells, columns);
    at += read_pack(d, u16(r->data + 16), r->data + at, cells, counts);
    for (size_t i = 0; i < cells; i++) {
        REQUIRE(i == 0 || columns[i - 1] < columns[i]);
        for (size_t left = (size_t)counts[i]; left > 0;) {
            size_t n = left < 64 ? left : 64;
            REQUIRE(at + 2 <= r->len);
            at += 2 + read_pack(d, u16(r->data + at), r->data + at + 2, n, numbers);
            REQUIRE(at <= r->len);
            samples_add(samples, (uint32_t)columns[i], numbers, n);
            left -= n;
        }
    }
    REQUIRE(at == r->len);
}

static inline void read_plain_samples(struct decoder *d, uint64_t run, uint32_t parts,
                                      const struct record *directory, struct found_samples *samples)
{
    const byte *at = directory->data + 8, *end = directory->data + directory->len;
    uint32_t part = 1, left = u32(at + 4);
    REQUIRE((end - at) % 8 == 0);
    for (; part < parts; part++) {
        const struct record *r = sealed(need(d, with(with(key_of('x'), run, 8), part, 4)));
        REQUIRE(r->len % 8 == 0 && r->len > 8 && r->len <= 8 + 8 * 32768);
        REQUIRE(part + 1 == parts || r->len == 8 + 8 * 32768);
        for (size_t i = 8; i < r->len; i += 8) {
            double number = f64(r->data + i);
            REQUIRE(left > 0);
            samples_add(samples, u32(at), &number, 1);
            if (--left) continue;
            at += 8;
            left = at < end ? u32(at + 4) : 0;
        }
    }
    REQUIRE(at == end);
}

static inline struct found_samples decode_samples(struct decoder *d, uint64_t run, uint32_t parts)
{
    struct found_samples samples = {0};
    if (parts == 0) return samples;
    const struct record *r = sealed(need(d, with(with(key_of('x'), run, 8), 0, 4)));
    REQUIRE(r->len >= 16);
    if (u32(r->data + 8) != UINT32_MAX) read_plain_samples(d, run, parts, r, &samples);
    for (uint32_t part = 0; u32(r->data + 8) == UINT32_MAX && part < parts; part++)
        read_packed_samples(d, sealed(need(d, with(with(key_of('x'), run, 8), part, 4))), &samples);
    d->seen.samples++;
    return samples;
}

/* -- one run --------------------------------------------------------------------------------- */

/* Its entry in the table of runs. */
static inline const struct record *run_record(struct decoder *d, const struct found_run *run)
{
    const struct record *r = sealed(need(d, with(key_of('r'), run->place.run, 8)));
    REQUIRE(r->len > 52);
    REQUIRE(u32(r->data + 8) == run->stream && u32(r->data + 12) == run->place.ordinal);
    REQUIRE(i64(r->data + 16) == run->place.time_ns);
    return r;
}

/* A text of `len` bytes; form 1: hexadecimal digits, two a byte. Returns where it ends. */
static inline const byte *run_text(const byte *at, unsigned len, unsigned form, char *out)
{
    REQUIRE(len <= 128 && form <= 1 && (form == 0 || len % 2 == 0));
    for (unsigned i = 0; i < len; i++)
        out[i] = form ? "0123456789abcdef"[at[i / 2] >> (i % 2 ? 0 : 4) & 15] : (char)at[i];
    out[len] = 0;
    return at + (form ? len / 2 : len);
}

/* Its identity, and its commit, which its row or block has too. */
static inline size_t run_id(const struct record *r, const struct found_run *run, char id[129])
{
    char commit[129];
    const byte *end = run_text(r->data + 52, r->data[48], r->data[49], id);
    end = run_text(end, r->data[50], r->data[51], commit);
    REQUIRE(end == r->data + r->len && r->data[48] > 0);
    REQUIRE(strcmp(commit, run->commit) == 0);
    return r->data[48];
}

static inline void decode_run(struct decoder *d, const struct found_run *run)
{
    char id[129];
    size_t id_len = run_id(run_record(d, run), run, id);
    struct dump_run line = {.stream = run->stream,
                            .ordinal = run->place.ordinal,
                            .flags = run->flags,
                            .cells = run->cell_count,
                            .run = run->place.run,
                            .time_ns = run->place.time_ns,
                            .ran_ns = run->ran_ns,
                            .commit = run->commit,
                            .commit_len = strlen(run->commit),
                            .id = id,
                            .id_len = id_len};
    dump_run(d->out, &line);
    for (size_t i = 0; i < run->count; i++) {
        const struct found_cell *cell = &run->cells[i];
        dump_cell(d->out, cell->column, cell->status, cell->value, cell->lower, cell->upper);
    }
    fputc('\n', d->out);
}

static inline void dump_stream_sums(struct decoder *d, uint32_t id)
{
    uint32_t columns = d->stream[id].columns;
    struct sums *sums = zeroed(columns, sizeof *sums);
    for (size_t i = 0; i < d->in_stream.count; i++) {
        const struct found_run *run = &d->in_stream.items[i];
        for (size_t c = 0; c < run->count; c++) {
            struct sums one = sums_of(&run->cells[c].value, run->cells[c].status == 0);
            sums_add(&sums[run->cells[c].column], &one);
        }
    }
    for (uint32_t c = 0; c < columns; c++)
        dump_summary(d->out, id, c, sums[c].count, sums[c].min, sums[c].max);
    free(sums);
}

/* Metadata, samples, and the digest of it all. */
static inline void decode_beside(struct decoder *d, const struct found_run *run)
{
    REQUIRE(run->place.run != 0); /* every number up to the head's has a run */
    const struct record *r = run_record(d, run);
    decode_meta(d, run->place.run, u32(r->data + 24));
    struct found_samples samples = decode_samples(d, run->place.run, u32(r->data + 28));
    for (size_t i = 0; i < samples.count; i++) {
        uint32_t n, column = samples.cells[i].column;
        const double *numbers = samples_of(&samples, column, &n);
        dump_samples(d->out, run->place.run, column, numbers, n);
    }
    struct digest content = content_of(d, run, &samples);
    REQUIRE(u64(r->data + 32) == content.low && u64(r->data + 40) == content.high);
    free(samples.cells);
    free(samples.numbers);
}

/* -- identities and commits, marks, objects --------------------------------------------------- */

/* The word of a run in a table of pairs; 0 of table k: it has none there. */
static inline uint64_t word_of(struct decoder *d, char table, const struct found_run *run)
{
    char id[129];
    uint64_t word = 0;
    size_t id_len = run_id(run_record(d, run), run, id), len = strlen(run->commit);
    if (table == 'i') return digest_of(id, id_len).low;
    for (size_t i = 0; i < 8; i++)
        word = word << 8 | (i < len ? (byte)run->commit[i] : 0);
    return word;
}

/* The chunks of a table meet; their pairs are in order and right, and are those of all runs up to
 * `indexed`, and perhaps of some behind. */
static inline void decode_pairs(struct decoder *d, char table)
{
    struct key_bytes prefix = key_of(table);
    uint64_t word = 0, run = 0, indexed = 0, expected = 0;
    struct record *r;
    size_t chunks = 0;
    for (; (r = nth(d, &prefix, chunks)) != NULL; chunks++) {
        REQUIRE(r->key_len == 17 && r->len >= 24 && r->len % 16 == 8 && r->len <= 24 + 16 * 120);
        REQUIRE(number_be(r->key + 1, 8) == word && number_be(r->key + 9, 8) == run);
        sealed(r);
        r->used = 1;
        for (size_t at = 24; at < r->len; at += 16) {
            uint64_t next = u64(r->data + at), number = u64(r->data + at + 8);
            REQUIRE(next > word || (next == word && (number > run || (number == run && at == 24))));
            REQUIRE(number >= 1 && number <= d->head[0]);
            REQUIRE(next == word_of(d, table, &d->all.items[number - 1]));
            word = next;
            run = number;
            indexed += number <= d->head[3];
        }
        uint64_t until = u64(r->data + 8), until_run = u64(r->data + 16);
        REQUIRE(until > word || (until == word && until_run > run));
        word = until;
        run = until_run;
    }
    REQUIRE(chunks == 0 || (word == UINT64_MAX && run == UINT64_MAX));
    for (uint64_t i = 0; i < d->head[3]; i++)
        expected += table == 'i' || d->all.items[i].commit[0];
    REQUIRE(indexed == expected);
    d->seen.chunks += (unsigned)chunks;
}

static inline int by_commit(const void *a, const void *b)
{
    const struct found_run *left = *(const struct found_run *const *)a;
    const struct found_run *right = *(const struct found_run *const *)b;
    int order = strcmp(left->commit, right->commit);
    return order ? order : left->place.run < right->place.run ? -1 : 1;
}

static inline void decode_commits(struct decoder *d)
{
    const struct found_run **runs = zeroed(d->head[0], sizeof *runs);
    size_t count = 0;
    decode_pairs(d, 'i');
    decode_pairs(d, 'k');
    d->seen.tail += (unsigned)(d->head[0] - d->head[3]);
    for (uint64_t i = 0; i < d->head[0]; i++)
        if (d->all.items[i].commit[0]) runs[count++] = &d->all.items[i];
    REQUIRE(count == d->head[4]);
    qsort(runs, count, sizeof *runs, by_commit);
    for (size_t i = 0; i < count; i++)
        dump_commit(d->out, runs[i]->commit, strlen(runs[i]->commit), runs[i]->place.run);
    free(runs);
}

static inline void decode_marks(struct decoder *d)
{
    uint64_t undone = 0;
    for (uint64_t id = 1; id <= d->head[5]; id++) {
        const struct record *r = sealed(need(d, with(key_of('a'), id, 8)));
        const struct record *back = find(d, with(key_of('b'), id, 8));
        REQUIRE(r->len >= 40 + 3);
        size_t selector = u32(r->data + 28), target = u32(r->data + 32), note = u32(r->data + 36);
        const char *text = (const char *)r->data + 40;
        struct dump_mark line = {.id = id,
                                 .kind = u32(r->data + 24),
                                 .undone = back != NULL,
                                 .at_ns = i64(r->data + 8),
                                 .created_ns = i64(r->data + 16),
                                 .selector = text,
                                 .target = text + selector + 1,
                                 .note = text + selector + target + 2};
        REQUIRE(r->len == 40 + selector + target + note + 3);
        REQUIRE(strlen(line.selector) == selector && strlen(line.target) == target);
        REQUIRE(strlen(line.note) == note && line.kind >= 1 && line.kind <= 4);
        if (back) REQUIRE(sealed(back)->len == 16 && i64(back->data + 8) > 0);
        undone += back != NULL;
        d->seen.undone += back != NULL;
        dump_mark(d->out, &line);
    }
    REQUIRE(undone == d->head[6]);
}

struct object_found {
    uint32_t kind, version, dropped;
    int64_t created_ns;
    const char *name, *text;
};

static inline int by_name(const void *a, const void *b)
{
    const struct object_found *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    if (left->kind != right->kind) return left->kind < right->kind ? -1 : 1;
    return order ? order : left->version < right->version ? 1 : -1;
}

static inline void decode_objects(struct decoder *d)
{
    size_t count = d->head[7];
    struct object_found *objects = zeroed(count, sizeof *objects);
    for (size_t i = 0; i < count; i++) {
        const struct record *r = sealed(need(d, with(key_of('o'), i + 1, 8)));
        REQUIRE(r->len >= 40 + 2);
        size_t name = u32(r->data + 28), text = u32(r->data + 32);
        objects[i] = (struct object_found){.created_ns = i64(r->data + 8),
                                           .kind = u32(r->data + 16),
                                           .version = u32(r->data + 20),
                                           .dropped = u32(r->data + 24),
                                           .name = (const char *)r->data + 40};
        objects[i].text = objects[i].name + name + 1;
        REQUIRE(r->len == 40 + name + text + 2 && u32(r->data + 36) == 0);
        REQUIRE(strlen(objects[i].name) == name && strlen(objects[i].text) == text);
        REQUIRE(objects[i].kind >= 1 && objects[i].kind <= 5 && objects[i].dropped <= 1);
    }
    qsort(objects, count, sizeof *objects, by_name);
    for (size_t i = 0; i < count; i++) {
        const struct object_found *o = &objects[i];
        int newest = i == 0 || o->kind != o[-1].kind || strcmp(o->name, o[-1].name) != 0;
        REQUIRE(newest || o->version + 1 == o[-1].version); /* versions have no gaps */
        d->seen.dropped += o->dropped;
        if (newest && !o->dropped)
            dump_object(d->out, o->kind, o->name, o->version, o->created_ns, o->text);
    }
    free(objects);
}

#endif
