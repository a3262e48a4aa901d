/* kv_pages.c -- see kv_pages.h.
 *
 * A page of LMDB 0.9 on 64-bit machines:
 *     0 number u64 | 8 pad u16 | 10 flags u16 | 12 lower u16 | 14 upper u16 | 16 node offsets u16
 * ... (of a long value: 12 pages u32 | 16 bytes) and a node at such an offset:
 *     0 low u16 | 2 high u16 | 4 flags u16 | 6 key size u16 | 8 key | data
 * In a branch low, high and flags are the child's page number; in a leaf low and high are the size
 * of the data, which for flag 1 is the number of the first page that holds it. The tree of free
 * pages has transaction numbers as keys and lists as data: count u64, then that many page numbers,
 * falling. */
#include "kv_pages.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    FLAG_BRANCH = 1,
    FLAG_LEAF = 2,
    NODE_LONG = 1, /* F_BIGDATA: the data has pages of its own */
    FIRST_PAGE = 2,
};

struct walk {
    int fd;
    unsigned char *levels; /* a page of memory for each level of the tree */
    uint32_t page_bytes;
    uint64_t page_count; /* whole pages in the file */
    uint64_t last_page;  /* free pages may lie behind the end of the file */
    unsigned char *used; /* a bit a page */
    int in_free_tree;
    uint64_t bad_page;
};

static uint16_t u16_at(const unsigned char *at)
{
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint64_t u64_at(const unsigned char *at)
{
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

/* Marks a page as used; 0 when it was already, or is no page. */
static int use(struct walk *walk, uint64_t page)
{
    if (page < FIRST_PAGE || page > walk->last_page) return 0;
    unsigned char bit = (unsigned char)(1u << page % 8);
    if (walk->used[page / 8] & bit) return 0;
    walk->used[page / 8] |= bit;
    return 1;
}

/* The pages of a long value. They are not read: its record has a checksum. */
static const char *long_problem(struct walk *walk, uint64_t first, uint64_t len)
{
    uint64_t pages = (PAGE_HEADER - 1 + len) / walk->page_bytes + 1;
    if (first < FIRST_PAGE || first >= walk->page_count || pages > walk->page_count - first)
        return "a value that leaves the file";
    for (uint64_t i = 0; i < pages; i++) {
        if (!use(walk, first + i)) return "a page that is used twice";
    }
    return NULL;
}

/* A list of free pages. LMDB would write over what it names. */
static const char *list_problem(struct walk *walk, const unsigned char *list, uint64_t len)
{
    if (len < 8 || len % 8 || u64_at(list) > len / 8 - 1) return "a list of free pages";
    uint64_t before = UINT64_MAX, count = u64_at(list); /* LMDB may leave room behind the last */
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t page = u64_at(list + 8 * i);
        if (page >= before || !use(walk, page)) return "a list of free pages";
        before = page;
    }
    return NULL;
}

/* A list that has pages of its own. */
static const char *long_list_problem(struct walk *walk, uint64_t first, uint64_t len)
{
    off_t at = (off_t)(first * walk->page_bytes + PAGE_HEADER);
    unsigned char *list = malloc(len + 1);
    if (!list) return "there is no memory to check it";
    const char *problem = pread(walk->fd, list, len, at) == (ssize_t)len
                              ? list_problem(walk, list, len)
                              : "a page that cannot be read";
    free(list);
    return problem;
}

static const char *leaf_problem(struct walk *walk, const unsigned char *page, size_t node)
{
    uint64_t len = u16_at(page + node) | (uint64_t)u16_at(page + node + 2) << 16;
    unsigned flags = u16_at(page + node + 4), key_len = u16_at(page + node + 6);
    size_t data = node + NODE_HEADER + key_len;
    if (flags & ~(unsigned)NODE_LONG) return "a node of a kind that is not used";
    if (data + (flags & NODE_LONG ? sizeof(uint64_t) : len) > walk->page_bytes)
        return "a node that leaves its page";
    if (walk->in_free_tree ? key_len != sizeof(uint64_t) : key_len == 0)
        return "a key of the wrong size";
    if (!(flags & NODE_LONG))
        return walk->in_free_tree ? list_problem(walk, page + data, len) : NULL;
    uint64_t first = u64_at(page + data);
    const char *problem = long_problem(walk, first, len);
    if (problem || !walk->in_free_tree) return problem;
    return long_list_problem(walk, first, len);
}

static const char *header_problem(const struct walk *walk, const unsigned char *page,
                                  uint64_t number, unsigned depth)
{
    unsigned lower = u16_at(page + 12), upper = u16_at(page + 14);
    if (u64_at(page) != number) return "a page in the place of another";
    if (u16_at(page + 10) != (depth > 1 ? FLAG_BRANCH : FLAG_LEAF))
        return "a page of the wrong kind";
    if (lower > upper || upper > walk->page_bytes || lower % 2) return "a page with wrong bounds";
    if (lower < PAGE_HEADER + (depth > 1 ? 4 : 2)) return "a page with too few nodes";
    return NULL;
}

static const char *page_problem(struct walk *walk, uint64_t number, unsigned depth)
{
    unsigned char *page = walk->levels + (size_t)(depth - 1) * walk->page_bytes;
    walk->bad_page = number;
    if (number >= walk->page_count) return "a page that is not in the file";
    if (!use(walk, number)) return "a page that is used twice";
    if (pread(walk->fd, page, walk->page_bytes, (off_t)(number * walk->page_bytes)) !=
        (ssize_t)walk->page_bytes)
        return "a page that cannot be read";
    const char *problem = header_problem(walk, page, number, depth);
    unsigned lower = u16_at(page + 12), upper = u16_at(page + 14);
    for (size_t at = PAGE_HEADER; !problem && at < lower; at += 2) {
        size_t node = u16_at(page + at);
        if (node < upper || node % 2 || node + NODE_HEADER > walk->page_bytes ||
            node + NODE_HEADER + u16_at(page + node + 6) > walk->page_bytes)
            return "a node that leaves its page";
        if (depth > 1) {
            uint64_t child = u16_at(page + node) | (uint64_t)u16_at(page + node + 2) << 16 |
                             (uint64_t)u16_at(page + node + 4) << 32;
            problem = page_problem(walk, child, depth - 1);
            if (problem) return problem; /* of the child's page */
        } else {
            problem = leaf_problem(walk, page, node);
        }
    }
    return problem;
}

const char *kv_pages_problem(int fd, uint32_t page_bytes, uint64_t file_bytes, uint64_t last_page,
                             const struct kv_tree *free_tree, const struct kv_tree *main_tree,
                             uint64_t *bad_page)
{
    struct walk walk = {.fd = fd,
                        .page_bytes = page_bytes,
                        .page_count = file_bytes / page_bytes,
                        .last_page = last_page,
                        .in_free_tree = 1};
    unsigned depth = free_tree->depth > main_tree->depth ? free_tree->depth : main_tree->depth;
    walk.levels = malloc((size_t)depth * page_bytes + 1);
    walk.used = calloc(last_page / 8 + 1, 1);
    const char *problem = walk.levels && walk.used ? NULL : "there is no memory to check it";
    if (!problem && free_tree->depth)
        problem = page_problem(&walk, free_tree->root, free_tree->depth);
    walk.in_free_tree = 0;
    if (!problem && main_tree->depth)
        problem = page_problem(&walk, main_tree->root, main_tree->depth);
    *bad_page = walk.bad_page;
    free(walk.used);
    free(walk.levels);
    return problem;
}
