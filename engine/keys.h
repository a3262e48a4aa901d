/* keys.h -- the keys of the store: one tag byte a table, then fixed-width big-endian numbers, so
 * that the order of bytes is the order of numbers. Pure: libc only.
 *
 *   tag  table       key after the tag                                   record
 *   'f'  format                                                          struct format, head.h
 *   'n'  names       | dimension u8 | chunk u32 |                        about 4 KiB of names
 *   'N'  name index  | dimension u8 | hash u64 |                         ids of names with it
 *   's'  head                                                            struct head, head.h
 *   't'  streams     | stream u32 |                                      struct stream_record
 *   'S'  stream index| branch u32 | project u32 | testbed u32 |          stream u32
 *   'B'  branches    | branch u32 |                                      struct branch_record
 *   'y'  starts      | branch u32 | project u32 |                        how many versions
 *   'z'  start points| branch u32 | project u32 | version u32 |          one version
 *   'p'  shapes      | shape u32 |                                       its length
 *   'c'  columns     | shape u32 | chunk u32 |                           500 columns at most
 *   'P'  shape index | benchmark u32 | measure u32 |                     shapes that begin so
 *   'u'  measures    | project u32 | measure u32 |                       unit and direction
 *   'l'  log         | stream u32 | time i64 ^ 1<<63 | ordinal u32 | run u64 | part u8 |   a row
 *   'd'  block lists | stream u32 | chunk u32 |                          0: jobs, small; then large
 *   'g'  block runs  | stream u32 | block u32 |                          which runs a block has
 *   'G'  block cells | stream u32 | block u32 | first column u32 |       a group of columns
 *   'T'  totals      | stream u32 |                                      summaries of all its runs
 *   'v'  kept values | stream u32 | kind u32 | part u32 |               what readers computed, kept.h
 *   'r'  runs        | run u64 |                                         where it is, identity, commit
 *   'i'  identities  | word u64 | run u64 |                              a chunk of pairs, pairs.h
 *   'k'  commits     | word u64 | run u64 |                              a chunk of pairs
 *   'm'  metadata    | run u64 | part u32 |                              pairs
 *   'x'  samples     | run u64 | part u32 |                              cells and their samples
 *   'a'  marks       | mark u64 |                                        the mark
 *   'b'  undone      | mark u64 |                                        when it was taken back
 *   'e'  bases       | project u32 |                                     runs that others refer to
 *   'j'  gaps        | first run u64 |                                   last run: all dropped
 *   'o'  objects     | sequence u64 |                                    one version of an object
 *
 * Beside these tables lies one value of the backend, under a tag that is none: the journal,
 * kv_journal.h.
 *
 * The head lies between the newest run and the first streams, which an append changes as well.
 * The log's key is the order of history: (time, ordinal, run number) within a stream. */
#ifndef PACE_KEYS_H
#define PACE_KEYS_H

#include "seal.h"

#include <stddef.h>
#include <stdint.h>

enum { KEY_MAX = 64 };

struct key {
    size_t len;
    unsigned char bytes[KEY_MAX];
};

/* A run's place in its stream's history. */
struct position {
    int64_t time_ns;
    uint32_t ordinal;
    uint64_t run;
};

struct log_key {
    uint32_t stream;
    struct position position;
    uint8_t part;
};

struct key key_format(void);
struct key key_head(void);
struct key key_name_chunk(unsigned dimension, uint32_t chunk);
struct key key_name_hash(unsigned dimension, uint64_t hash);
struct key key_stream(uint32_t stream);
struct key key_stream_names(uint32_t project, uint32_t branch, uint32_t testbed);
struct key key_branch(uint32_t branch);
struct key key_starts(uint32_t branch, uint32_t project);
struct key key_start(uint32_t branch, uint32_t project, uint32_t version);
struct key key_shape(uint32_t shape);
struct key key_columns(uint32_t shape, uint32_t chunk);
struct key key_shape_start(uint32_t benchmark, uint32_t measure);
struct key key_measure(uint32_t project, uint32_t measure);
struct key key_log(uint32_t stream, const struct position *position, uint8_t part);
struct key key_block_list(uint32_t stream, uint32_t chunk);
struct key key_block_runs(uint32_t stream, uint32_t block);
struct key key_block_group(uint32_t stream, uint32_t block, uint32_t from);
struct key key_totals(uint32_t stream);
struct key key_kept(uint32_t stream, uint32_t kind, uint32_t part);
struct key key_run(uint64_t run);
struct key key_pair(char table, uint64_t word, uint64_t run); /* table: 'i', 'k' */
struct key key_meta(uint64_t run, uint32_t part);
struct key key_samples(uint64_t run, uint32_t part);
struct key key_bases(uint32_t project);
struct key key_mark(uint64_t mark);
struct key key_undone(uint64_t mark);
struct key key_object(uint64_t sequence);
struct key key_gap(uint64_t first);

/* What the keys of one stream's log begin with; of a branch's streams, of its starts. */
struct key key_log_stream(uint32_t stream);
struct key key_stream_branch(uint32_t branch);
struct key key_starts_branch(uint32_t branch);

/* 1 when the bytes are a key of the log, which is taken apart. */
int key_log_parse(const void *bytes, size_t len, struct log_key *out);

/* 1 when the bytes are the key of a group of this stream and block; *from is its first column. */
int key_block_group_parse(const void *bytes, size_t len, uint32_t stream, uint32_t block,
                          uint32_t *from);

/* Takes the 17 bytes of a key of pairs apart. */
void key_pair_parse(const void *bytes, uint64_t *word, uint64_t *run);
uint64_t key_meta_run(const void *bytes);

/* 1 when the bytes begin with `prefix`. */
int key_begins(const void *bytes, size_t len, const struct key *prefix);

/* Order of places: negative, 0, positive. */
int position_compare(const struct position *a, const struct position *b);

#endif
