/* keys.c -- see keys.h for the layouts. */
#include "keys.h"
#include <assert.h>
#include <string.h>

enum { LOG_KEY_BYTES = 1 + 4 + 8 + 4 + 8 + 1 };

#define SIGN_BIT ((uint64_t)1 << 63) /* flipped, it makes negative times sort before positive */

/* Keys are put together where they are returned: to copy one that was just written in pieces makes the
 * processor wait. */
static inline void begin(struct key *key, char tag)
{
    key->len = 1;
    key->bytes[0] = (unsigned char)tag;
}

/* Big-endian. Writes 8 bytes at once, of which those behind the number are written over or not
 * used. */
static inline void put(struct key *key, uint64_t number, unsigned bytes)
{
    assert(bytes >= 1 && bytes <= 8 && key->len + 8 <= KEY_MAX);
    uint64_t big_endian = __builtin_bswap64(number << (64 - 8 * bytes));
    memcpy(key->bytes + key->len, &big_endian, sizeof big_endian);
    key->len += bytes;
}

static uint64_t get(const unsigned char *at, unsigned bytes)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

static inline struct key key_1(char tag, uint64_t a, unsigned a_bytes)
{
    struct key key;
    begin(&key, tag);
    put(&key, a, a_bytes);
    return key;
}

static inline struct key key_2(char tag, uint64_t a, unsigned a_bytes, uint64_t b, unsigned b_bytes)
{
    struct key key;
    begin(&key, tag);
    put(&key, a, a_bytes);
    put(&key, b, b_bytes);
    return key;
}

/* Of three numbers of 4 bytes. */
static inline struct key key_3(char tag, uint32_t a, uint32_t b, uint32_t c)
{
    struct key key;
    begin(&key, tag);
    put(&key, a, 4);
    put(&key, b, 4);
    put(&key, c, 4);
    return key;
}

struct key key_format(void)
{
    struct key key;
    begin(&key, 'f');
    return key;
}

struct key key_head(void)
{
    struct key key;
    begin(&key, 's');
    return key;
}

struct key key_name_chunk(unsigned dimension, uint32_t chunk)
{
    return key_2('n', dimension, 1, chunk, 4);
}

struct key key_name_hash(unsigned dimension, uint64_t hash)
{
    return key_2('N', dimension, 1, hash, 8);
}

struct key key_stream(uint32_t stream)
{
    return key_1('t', stream, 4);
}

struct key key_stream_names(uint32_t project, uint32_t branch, uint32_t testbed)
{
    return key_3('S', branch, project, testbed);
}

struct key key_stream_branch(uint32_t branch)
{
    return key_1('S', branch, 4);
}

struct key key_branch(uint32_t branch)
{
    return key_1('B', branch, 4);
}

struct key key_starts_branch(uint32_t branch)
{
    return key_1('y', branch, 4);
}

struct key key_starts(uint32_t branch, uint32_t project)
{
    return key_2('y', branch, 4, project, 4);
}

struct key key_start(uint32_t branch, uint32_t project, uint32_t version)
{
    return key_3('z', branch, project, version);
}

struct key key_shape(uint32_t shape)
{
    return key_1('p', shape, 4);
}

struct key key_columns(uint32_t shape, uint32_t chunk)
{
    return key_2('c', shape, 4, chunk, 4);
}

struct key key_shape_start(uint32_t benchmark, uint32_t measure)
{
    return key_2('P', benchmark, 4, measure, 4);
}

struct key key_measure(uint32_t project, uint32_t measure)
{
    return key_2('u', project, 4, measure, 4);
}

struct key key_log_stream(uint32_t stream)
{
    return key_1('l', stream, 4);
}

struct key key_log(uint32_t stream, const struct position *position, uint8_t part)
{
    struct key key;
    begin(&key, 'l');
    put(&key, stream, 4);
    put(&key, (uint64_t)position->time_ns ^ SIGN_BIT, 8);
    put(&key, position->ordinal, 4);
    put(&key, position->run, 8);
    put(&key, part, 1);
    return key;
}

int key_log_parse(const void *bytes, size_t len, struct log_key *out)
{
    const unsigned char *at = bytes;
    if (len != LOG_KEY_BYTES || at[0] != 'l') return 0;
    *out = (struct log_key){
        .stream = (uint32_t)get(at + 1, 4),
        .position = {.time_ns = (int64_t)(get(at + 5, 8) ^ SIGN_BIT),
                     .ordinal = (uint32_t)get(at + 13, 4),
                     .run = get(at + 17, 8)},
        .part = at[25],
    };
    return 1;
}

struct key key_block_list(uint32_t stream, uint32_t chunk)
{
    return key_2('d', stream, 4, chunk, 4);
}

struct key key_block_runs(uint32_t stream, uint32_t block)
{
    return key_2('g', stream, 4, block, 4);
}

struct key key_block_group(uint32_t stream, uint32_t block, uint32_t from)
{
    return key_3('G', stream, block, from);
}

int key_block_group_parse(const void *bytes, size_t len, uint32_t stream, uint32_t block,
                          uint32_t *from)
{
    const unsigned char *at = bytes;
    if (len != 13 || at[0] != 'G' || get(at + 1, 4) != stream || get(at + 5, 4) != block) return 0;
    *from = (uint32_t)get(at + 9, 4);
    return 1;
}

struct key key_totals(uint32_t stream)
{
    return key_1('T', stream, 4);
}

struct key key_kept(uint32_t stream, uint32_t kind, uint32_t part)
{
    return key_3('v', stream, kind, part);
}

struct key key_run(uint64_t run)
{
    return key_1('r', run, 8);
}

struct key key_pair(char table, uint64_t word, uint64_t run)
{
    return key_2(table, word, 8, run, 8);
}

void key_pair_parse(const void *bytes, uint64_t *word, uint64_t *run)
{
    *word = get((const unsigned char *)bytes + 1, 8);
    *run = get((const unsigned char *)bytes + 9, 8);
}

struct key key_meta(uint64_t run, uint32_t part)
{
    return key_2('m', run, 8, part, 4);
}

uint64_t key_meta_run(const void *bytes)
{
    return get((const unsigned char *)bytes + 1, 8);
}

struct key key_samples(uint64_t run, uint32_t part)
{
    return key_2('x', run, 8, part, 4);
}

struct key key_bases(uint32_t project)
{
    return key_1('e', project, 4);
}

struct key key_mark(uint64_t mark)
{
    return key_1('a', mark, 8);
}

struct key key_undone(uint64_t mark)
{
    return key_1('b', mark, 8);
}

struct key key_object(uint64_t sequence)
{
    return key_1('o', sequence, 8);
}

struct key key_gap(uint64_t first)
{
    return key_1('j', first, 8);
}

int key_begins(const void *bytes, size_t len, const struct key *prefix)
{
    return len >= prefix->len && memcmp(bytes, prefix->bytes, prefix->len) == 0;
}

int position_compare(const struct position *a, const struct position *b)
{
    if (a->time_ns != b->time_ns) return a->time_ns < b->time_ns ? -1 : 1;
    if (a->ordinal != b->ordinal) return a->ordinal < b->ordinal ? -1 : 1;
    if (a->run != b->run) return a->run < b->run ? -1 : 1;
    return 0;
}
