/* kv_pages.h -- the pages of a data file, walked with pread and trusted in nothing.
 *
 * Works on a file that LMDB itself would die of: never reads outside of a page, visits a page once
 * at most, recurses no deeper than a tree may be. Costs some 2 us a branch or leaf page and a bit
 * of memory a page; long values are not read (their records have checksums), only their first bytes
 * when the walk is thorough. */
#ifndef PACE_KV_PAGES_H
#define PACE_KV_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum { KV_TREE_DEPTH_MAX = 32 };

/* A tree as the meta page tells it. */
struct kv_tree {
    uint64_t root;  /* of no meaning when depth is 0 */
    unsigned depth; /* at most KV_TREE_DEPTH_MAX */
    uint64_t branch_pages, leaf_pages, overflow_pages, entries;
};

struct kv_pages {
    int fd;
    uint32_t page_bytes;
    uint64_t file_bytes;
    uint64_t last_page; /* free pages may lie behind the end of the file */
    uint64_t txn;       /* that made this state; free lists are not newer */
    struct kv_tree free_tree, main_tree;
    /* 1: also the header of each long value, the age of free lists, and all counts. */
    int thorough;
    /* Called for each problem, which is static text. `key` is a key at or before the damage, or
     * NULL: not known, or in the tree of free pages. Returning non-zero ends the walk. */
    int (*report)(void *context, uint64_t page, const void *key, size_t key_len,
                  const char *problem);
    void *context;
};

struct kv_page_count {
    uint64_t pages; /* up to the last one, meta pages included */
    uint64_t used;  /* by one of the trees */
    uint64_t free;  /* named by a free list */
    uint64_t file_pages;
};

/* Walks the tree of free pages and the main tree: every page is in the file and used once, every
 * node lies within its page, keys are in order, every free page is one. 0, -1 without memory, or
 * what report() returned. `count` may be NULL. */
int kv_pages_walk(const struct kv_pages *pages, struct kv_page_count *count);

#endif
