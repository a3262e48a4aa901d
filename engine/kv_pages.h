/* kv_pages.h -- the pages of a data file, read one by one and trusted in nothing. */
#ifndef PACE_KV_PAGES_H
#define PACE_KV_PAGES_H

#include <stdint.h>

/* Walks the tree under page `root` and checks that every page is in the file and that every node lies
 * within its page. Reads branch and leaf pages, not long values: about 1 us a page. NULL when it is
 * whole, else what is wrong (static memory), with the page in *bad_page. */
const char *kv_pages_problem(int fd, uint32_t page_bytes, uint64_t file_bytes, uint64_t root,
                             unsigned depth, uint64_t *bad_page);

#endif
