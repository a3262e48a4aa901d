/* block_layout.h -- where things are in a group record, for block.c that writes it and block_read.c
 * that reads it. See block.h for the drawing. */
#ifndef PACE_BLOCK_LAYOUT_H
#define PACE_BLOCK_LAYOUT_H

#include "block.h"

enum { BLOCK_CHUNK_HEAD = 16, BLOCK_RELATED_BYTES = 8 };

static inline size_t block_aligned(size_t len)
{
    return (len + 7) / 8 * 8;
}

static inline uint32_t block_chunk_count(uint32_t runs)
{
    return (runs + BLOCK_CHUNK_RUNS - 1) / BLOCK_CHUNK_RUNS;
}

static inline uint32_t block_chunk_runs(uint32_t runs, uint32_t chunk)
{
    uint32_t left = runs - chunk * BLOCK_CHUNK_RUNS;
    return left < BLOCK_CHUNK_RUNS ? left : BLOCK_CHUNK_RUNS;
}

/* One bit a run. */
static inline uint64_t block_mask(uint32_t runs)
{
    return runs == 64 ? UINT64_MAX : ((uint64_t)1 << runs) - 1;
}

static inline size_t block_table_bytes(uint32_t chunks)
{
    return 8 + block_aligned(4 * (size_t)chunks);
}

static inline uint32_t block_strip_count(const struct block_group_header *header)
{
    return (header->columns + BLOCK_STRIP_COLUMNS - 1) / BLOCK_STRIP_COLUMNS;
}

static inline uint32_t block_strip_columns(const struct block_group_header *header, uint32_t strip)
{
    uint32_t left = header->columns - strip * BLOCK_STRIP_COLUMNS;
    return left < BLOCK_STRIP_COLUMNS ? left : BLOCK_STRIP_COLUMNS;
}

/* Offsets within a strip of m columns. */
struct block_strip {
    size_t start, column, count, min, max, sum, m2, bytes;
};

static inline struct block_strip block_strip_layout(uint32_t m, uint32_t sparse)
{
    struct block_strip at = {.start = 8};
    at.column = at.start + block_aligned(4 * ((size_t)m + 1));
    at.count = at.column + (sparse ? block_aligned(4 * (size_t)m) : 0);
    at.min = at.count + block_aligned(4 * (size_t)m);
    at.max = at.min + 8 * (size_t)m;
    at.sum = at.max + 8 * (size_t)m;
    at.m2 = at.sum + 8 * (size_t)m;
    at.bytes = at.m2 + 8 * (size_t)m;
    return at;
}

static inline size_t block_strip_at(const struct block_group_header *header, uint32_t strip)
{
    return header->strips_at +
           strip * block_strip_layout(BLOCK_STRIP_COLUMNS, header->sparse).bytes;
}

/* Fills in strips_at and cells_at from columns and sparse. */
static inline void block_layout(struct block_group_header *header)
{
    uint32_t strips = block_strip_count(header);
    size_t firsts = header->sparse ? block_aligned(4 * (size_t)strips) : 0;
    header->strips_at = (uint32_t)(sizeof *header + firsts);
    size_t end = header->strips_at;
    if (strips)
        end = block_strip_at(header, strips - 1) +
              block_strip_layout(block_strip_columns(header, strips - 1), header->sparse).bytes;
    header->cells_at = (uint32_t)end;
}

/* -- sums ------------------------------------------------------------------------------------ */

static inline uint64_t block_head_sum(const unsigned char *data,
                                      const struct block_group_header *header, uint64_t seed)
{
    return seal_hash(data + 8, header->strips_at - 8, seed);
}

static inline uint64_t block_strip_sum(const unsigned char *data, size_t bytes, uint64_t seed,
                                       uint32_t strip)
{
    return seal_hash(data + 8, bytes - 8, seed + 1 + strip);
}

static inline uint64_t block_chunk_seed(uint64_t seed, uint32_t column, uint32_t number)
{
    return seed + ((uint64_t)(column + 1) << 32) + number;
}

static inline uint64_t block_chunk_sum(const unsigned char *chunk, size_t len, uint64_t seed,
                                       uint32_t column, uint32_t number)
{
    return seal_hash(chunk + 8, len - 8, block_chunk_seed(seed, column, number));
}

static inline uint64_t block_table_sum(const unsigned char *table, uint32_t chunks, uint64_t seed,
                                       uint32_t column)
{
    return seal_hash(table + 8, block_table_bytes(chunks) - 8,
                     seed + ((uint64_t)(column + 1) << 32) + BLOCK_CHUNKS_MAX);
}

#endif
