/* kv_pages.h -- the pages of a data file, walked and trusted in nothing. */
#ifndef PACE_KV_PAGES_H
#define PACE_KV_PAGES_H

#include <stdint.h>

struct kv_tree {
    uint64_t root; /* of no meaning when depth is 0 */
    unsigned depth;
};

/* Walks the tree of free pages and the main tree: every page is in the file and used once, every
 * node lies within its page, every free page is one. Reads branch and leaf pages, not long values:
 * some 2 us a page. NULL when all is well, else what is wrong (static memory), with the page in
 * *bad_page. */
const char *kv_pages_problem(int fd, uint32_t page_bytes, uint64_t file_bytes, uint64_t last_page,
                             const struct kv_tree *free_tree, const struct kv_tree *main_tree,
                             uint64_t *bad_page);

#endif
