/* kv_pages.c -- see kv_pages.h.
 *
 * A page of LMDB 0.9 on 64-bit machines:
 *     0 number u64 | 8 pad u16 | 10 flags u16 | 12 lower u16 | 14 upper u16 | 16 node offsets u16 ...
 * and a node at such an offset:
 *     0 low u16 | 2 high u16 | 4 flags u16 | 6 key size u16 | 8 key | data
 * In a branch low, high and flags are the child's page number; in a leaf low and high are the size of
 * the data, which for flag 1 is the number of the first page that holds it. */
#include "kv_pages.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum {
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    FLAG_BRANCH = 1,
    FLAG_LEAF = 2,
    NODE_LONG = 1, /* F_BIGDATA: the data has pages of its own */
    PAGE_BYTES_MAX = 0x8000,
};

struct walk {
    int fd;
    uint32_t page_bytes;
    uint64_t page_count; /* whole pages in the file */
    uint64_t visits_left; /* bounds the work in a file whose pages form a cycle */
    uint64_t bad_page;
};

static uint16_t u16_at(const unsigned char *page, size_t at)
{
    uint16_t number;
    memcpy(&number, page + at, sizeof number);
    return number;
}

/* A leaf's node: its key and data lie within the page, or its long value within the file. */
static const char *leaf_problem(const struct walk *walk, const unsigned char *page, size_t node)
{
    uint64_t data_len = u16_at(page, node) | (uint64_t)u16_at(page, node + 2) << 16;
    size_t data = node + NODE_HEADER + u16_at(page, node + 6);
    unsigned flags = u16_at(page, node + 4);
    if (flags & ~(unsigned)NODE_LONG) return "a node of a kind that is not used";
    uint64_t stored = flags & NODE_LONG ? sizeof(uint64_t) : data_len;
    if (data + stored > walk->page_bytes) return "a node that leaves its page";
    if (flags & NODE_LONG) {
        uint64_t first, pages = (PAGE_HEADER - 1 + data_len) / walk->page_bytes + 1;
        memcpy(&first, page + data, sizeof first);
        if (first < 2 || first >= walk->page_count || pages > walk->page_count - first)
            return "a value that leaves the file";
    }
    return NULL;
}

static const char *page_problem(struct walk *walk, uint64_t number, unsigned depth)
{
    unsigned char page[PAGE_BYTES_MAX];
    walk->bad_page = number;
    if (number < 2 || number >= walk->page_count) return "a page that is not in the file";
    if (walk->visits_left-- == 0) return "a page that is used twice";
    if (pread(walk->fd, page, walk->page_bytes, (off_t)(number * walk->page_bytes)) !=
        (ssize_t)walk->page_bytes)
        return "a page that cannot be read";

    unsigned flags = u16_at(page, 10), lower = u16_at(page, 12), upper = u16_at(page, 14);
    uint64_t own_number;
    memcpy(&own_number, page, sizeof own_number);
    if (own_number != number) return "a page in the place of another";
    if (flags != (depth > 1 ? FLAG_BRANCH : FLAG_LEAF)) return "a page of the wrong kind";
    if (lower < PAGE_HEADER || lower > upper || upper > walk->page_bytes || lower % 2)
        return "a page with wrong bounds";
    for (size_t at = PAGE_HEADER; at < lower; at += 2) {
        size_t node = u16_at(page, at);
        if (node < upper || node % 2 || node + NODE_HEADER > walk->page_bytes ||
            node + NODE_HEADER + u16_at(page, node + 6) > walk->page_bytes)
            return "a node that leaves its page";
        const char *problem;
        if (depth > 1) {
            uint64_t child = u16_at(page, node) | (uint64_t)u16_at(page, node + 2) << 16 |
                             (uint64_t)u16_at(page, node + 4) << 32;
            problem = page_problem(walk, child, depth - 1);
        } else {
            problem = leaf_problem(walk, page, node);
        }
        if (problem) return problem;
        walk->bad_page = number;
    }
    return NULL;
}

const char *kv_pages_problem(int fd, uint32_t page_bytes, uint64_t file_bytes, uint64_t root,
                             unsigned depth, uint64_t *bad_page)
{
    if (depth == 0) return NULL;
    struct walk walk = {
        .fd = fd, .page_bytes = page_bytes, .page_count = file_bytes / page_bytes};
    walk.visits_left = walk.page_count;
    const char *problem = page_problem(&walk, root, depth);
    *bad_page = walk.bad_page;
    return problem;
}
