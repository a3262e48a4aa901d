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

static inline uint64_t bits_of_double(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* The samples of a run, in order of cell. */
struct found_samples {
    const byte *directory;
    size_t count;    /* of cells that have some */
    double *numbers; /* of all */
};

static inline const double *samples_of(const struct found_samples *samples, uint32_t column,
                                       uint32_t *count)
{
    size_t at = 0;
    *count = 0;
    for (size_t i = 0; i < samples->count; i++) {
        uint32_t n = u32(samples->directory + 8 * i + 4);
        if (u32(samples->directory + 8 * i) == column) {
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

static inline void decode_meta(struct decoder *d, uint64_t run, uint32_t parts)
{
    const char *before = "";
    for (uint32_t part = 0; part < parts; part++) {
        const struct record *r = sealed(need(d, with(with(key_of('m'), run, 8), part, 4)));
        size_t at = 12;
        REQUIRE(r->len >= 12);
        for (uint32_t i = 0; i < u32(r->data + 8); i++) {
            REQUIRE(at + 8 <= r->len);
            size_t key_len = u32(r->data + at), value_len = u32(r->data + at + 4);
            const char *key = (const char *)r->data + at + 8, *value = key + key_len + 1;
            at += 8 + key_len + 1 + value_len + 1;
            REQUIRE(at <= r->len && key[key_len] == 0 && value[value_len] == 0);
            REQUIRE(strcmp(before, key) < 0);
            dump_meta(d->out, run, key, value);
            before = key;
            d->seen.meta++;
        }
        REQUIRE(at == r->len && (part + 1 == parts || at >= 262144));
    }
}

static inline struct found_samples decode_samples(struct decoder *d, uint64_t run, uint32_t parts)
{
    struct found_samples samples = {0};
    size_t total = 0, read = 0;
    if (parts == 0) return samples;
    const struct record *r = sealed(need(d, with(with(key_of('x'), run, 8), 0, 4)));
    samples.directory = r->data + 8;
    samples.count = (r->len - 8) / 8;
    REQUIRE((r->len - 8) % 8 == 0 && samples.count > 0);
    for (size_t i = 0; i < samples.count; i++) {
        REQUIRE(i == 0 || u32(samples.directory + 8 * i - 8) < u32(samples.directory + 8 * i));
        total += u32(samples.directory + 8 * i + 4);
    }
    samples.numbers = zeroed(total, sizeof *samples.numbers);
    for (uint32_t part = 1; part < parts; part++) {
        r = sealed(need(d, with(with(key_of('x'), run, 8), part, 4)));
        size_t n = (r->len - 8) / 8;
        REQUIRE(n == (total - read < 32768 ? total - read : 32768) && r->len == 8 + 8 * n);
        for (size_t i = 0; i < n; i++)
            samples.numbers[read++] = f64(r->data + 8 + 8 * i);
    }
    REQUIRE(read == total);
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
        uint32_t n, column = u32(samples.directory + 8 * i);
        const double *numbers = samples_of(&samples, column, &n);
        dump_samples(d->out, run->place.run, column, numbers, n);
    }
    struct digest content = content_of(d, run, &samples);
    REQUIRE(u64(r->data + 32) == content.low && u64(r->data + 40) == content.high);
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
