/* kv_pages.c -- see kv_pages.h.
 *
 * A page of LMDB 0.9 on 64-bit machines:
 *     0 number u64 | 8 pad u16 | 10 flags u16 | 12 lower u16 | 14 upper u16 | 16 offsets u16 ...
 * (of a long value: 12 pages u32 | 16 bytes) and a node at such an offset:
 *     0 low u16 | 2 high u16 | 4 flags u16 | 6 key size u16 | 8 key | data
 * In a branch low, high and flags are the child's page number; in a leaf low and high are the size
 * of the data, which for flag 1 is the number of the first page that holds it. The tree of free
 * pages has transaction numbers as keys and lists as data: count u64, then that many page numbers,
 * falling. */
#include "kv_pages.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    FLAG_BRANCH = 1,
    FLAG_LEAF = 2,
    FLAG_LONG = 4,
    NODE_LONG = 1, /* F_BIGDATA: the data has pages of its own */
    FIRST_PAGE = 2,
};

struct span {
    const unsigned char *bytes; /* NULL: no bound */
    size_t len;
};

struct walk {
    const struct kv_pages *pages;
    unsigned char *levels; /* a page of memory for each level of the tree */
    uint64_t page_count;   /* whole pages in the file */
    unsigned char *used;   /* a bit a page */
    uint64_t used_count, free_count;
    int in_free_tree;
    struct kv_tree seen; /* counts of the tree being walked */
    int reported;        /* something was */
    int stop;            /* what report() returned */
};

/* A page of a tree that is looked at, and the keys that it may hold: from low to before high. */
struct visit {
    uint64_t number;
    unsigned depth; /* 1: a leaf */
    struct span low, high;
    const unsigned char *page;
};

static uint16_t u16_at(const unsigned char *at)
{
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint32_t u32_at(const unsigned char *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint64_t u64_at(const unsigned char *at)
{
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

/* Tells of a problem; 1 when the walk ends. */
static int report(struct walk *walk, uint64_t page, struct span key, const char *problem)
{
    if (walk->stop) return 1;
    walk->reported = 1;
    if (walk->in_free_tree) key = (struct span){0};
    walk->stop = walk->pages->report(walk->pages->context, page, key.bytes, key.len, problem);
    return walk->stop != 0;
}

static int compare(const struct walk *walk, struct span a, struct span b)
{
    if (walk->in_free_tree && a.len == sizeof(uint64_t) && b.len == sizeof(uint64_t)) {
        uint64_t left = u64_at(a.bytes), right = u64_at(b.bytes);
        return left < right ? -1 : left > right;
    }
    int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);
    if (order) return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

/* Marks a page as used; 0 when it was already, or is no page. */
static int use(struct walk *walk, uint64_t page)
{
    if (page < FIRST_PAGE || page > walk->pages->last_page) return 0;
    unsigned char bit = (unsigned char)(1u << page % 8);
    if (walk->used[page / 8] & bit) return 0;
    walk->used[page / 8] |= bit;
    return 1;
}

static int read_at(const struct walk *walk, void *out, size_t len, uint64_t page, size_t offset)
{
    off_t at = (off_t)(page * walk->pages->page_bytes + offset);
    return pread(walk->pages->fd, out, len, at) == (ssize_t)len;
}

/* -- long values ----------------------------------------------------------------------------- */

/* The pages of a long value. They are not read: its record has a checksum. A value that was written
 * again, shorter, by the transaction that made it keeps all pages that it had: its first page says
 * how many. */
static const char *long_problem(struct walk *walk, uint64_t first, uint64_t len)
{
    uint64_t pages = (PAGE_HEADER - 1 + len) / walk->pages->page_bytes + 1;
    if (first < FIRST_PAGE || first >= walk->page_count || pages > walk->page_count - first)
        return "a value that leaves the file";
    if (walk->pages->thorough) {
        unsigned char header[PAGE_HEADER];
        if (!read_at(walk, header, sizeof header, first, 0)) return "a value that cannot be read";
        uint32_t kept = u32_at(header + 12);
        if (u64_at(header) != first || u16_at(header + 10) != FLAG_LONG || kept < pages)
            return "a value whose page is another one";
        if (kept > walk->page_count - first) return "a value that leaves the file";
        pages = kept;
    }
    for (uint64_t i = 0; i < pages; i++) {
        if (!use(walk, first + i)) return "a value on a page that is used twice";
    }
    walk->used_count += pages;
    walk->seen.overflow_pages += pages;
    return NULL;
}

/* A list of free pages. LMDB would write over what it names. */
static const char *list_problem(struct walk *walk, const unsigned char *list, uint64_t len)
{
    static const char problem[] = "a wrong list of free pages";
    if (len < 8 || len % 8 || u64_at(list) > len / 8 - 1) return problem;
    uint64_t before = UINT64_MAX, count = u64_at(list); /* LMDB may leave room behind the last */
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t page = u64_at(list + 8 * i);
        if (page >= before || !use(walk, page)) return problem;
        before = page;
    }
    walk->free_count += count;
    return NULL;
}

/* A list that has pages of its own. */
static const char *long_list_problem(struct walk *walk, uint64_t first, uint64_t len)
{
    unsigned char *list = malloc(len + 1);
    if (!list) return "there is no memory to check it";
    const char *problem = read_at(walk, list, len, first, PAGE_HEADER)
                              ? list_problem(walk, list, len)
                              : "a page that cannot be read";
    free(list);
    return problem;
}

/* -- nodes ----------------------------------------------------------------------------------- */

static const char *leaf_problem(struct walk *walk, const unsigned char *page, size_t node)
{
    uint32_t page_bytes = walk->pages->page_bytes;
    uint64_t len = u16_at(page + node) | (uint64_t)u16_at(page + node + 2) << 16;
    unsigned flags = u16_at(page + node + 4), key_len = u16_at(page + node + 6);
    size_t data = node + NODE_HEADER + key_len;
    if (flags & ~(unsigned)NODE_LONG) return "a node of a kind that is not used";
    if (data + (flags & NODE_LONG ? sizeof(uint64_t) : len) > page_bytes)
        return "a node that leaves its page";
    if (walk->in_free_tree ? key_len != sizeof(uint64_t) : key_len == 0)
        return "a key of the wrong size";
    walk->seen.entries++;
    if (walk->in_free_tree && walk->pages->thorough &&
        u64_at(page + node + NODE_HEADER) > walk->pages->txn)
        return "a list of free pages that is newer than the file";
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
    if (lower > upper || upper > walk->pages->page_bytes || lower % 2)
        return "a page with wrong bounds";
    if (lower < PAGE_HEADER + (depth > 1 ? 4 : 2)) return "a page with too few nodes";
    return NULL;
}

/* The node at index i of a page; NULL when it does not lie within the page. */
static const unsigned char *node_at(const struct walk *walk, const unsigned char *page, size_t i)
{
    uint32_t page_bytes = walk->pages->page_bytes;
    size_t at = u16_at(page + PAGE_HEADER + 2 * i);
    if (at < u16_at(page + 14) || at % 2 || at + NODE_HEADER > page_bytes ||
        at + NODE_HEADER + u16_at(page + at + 6) > page_bytes)
        return NULL;
    return page + at;
}

static struct span key_of(const unsigned char *node)
{
    return (struct span){.bytes = node + NODE_HEADER, .len = u16_at(node + 6)};
}

/* What a node takes of its page. */
static size_t node_bytes(const unsigned char *node, unsigned depth)
{
    size_t len = NODE_HEADER + u16_at(node + 6);
    if (depth == 1)
        len += u16_at(node + 4) & NODE_LONG ? sizeof(uint64_t)
                                            : u16_at(node) + ((size_t)u16_at(node + 2) << 16);
    return len + len % 2;
}

/* The order of a page's keys, their bounds, and that its nodes, which lie within it, fill it. */
static const char *order_problem(const struct walk *walk, const struct visit *visit, size_t count)
{
    struct span before = visit->low;
    size_t filled = 0;
    int strict = 0; /* the first key may be the low bound itself */
    for (size_t i = 0; i < count; i++) {
        const unsigned char *node = node_at(walk, visit->page, i);
        struct span key = key_of(node);
        filled += node_bytes(node, visit->depth);
        if (visit->depth > 1 && i == 0) continue; /* the first key of a branch is not used */
        if (before.bytes && compare(walk, before, key) > -strict) return "keys out of order";
        if (visit->high.bytes && compare(walk, key, visit->high) >= 0) return "keys out of order";
        before = key;
        strict = 1;
    }
    return filled == walk->pages->page_bytes - (size_t)u16_at(visit->page + 14)
               ? NULL
               : "nodes that do not fill their page";
}

/* -- pages ----------------------------------------------------------------------------------- */

static void walk_page(struct walk *walk, struct visit visit);

static void walk_children(struct walk *walk, const struct visit *visit, size_t count)
{
    for (size_t i = 0; i < count && !walk->stop; i++) {
        const unsigned char *node = node_at(walk, visit->page, i);
        struct visit child = {
            .number =
                u16_at(node) | (uint64_t)u16_at(node + 2) << 16 | (uint64_t)u16_at(node + 4) << 32,
            .depth = visit->depth - 1,
            .low = i ? key_of(node) : visit->low,
            .high = i + 1 < count ? key_of(node_at(walk, visit->page, i + 1)) : visit->high,
        };
        walk_page(walk, child);
    }
}

static void walk_leaf(struct walk *walk, const struct visit *visit, size_t count)
{
    for (size_t i = 0; i < count && !walk->stop; i++) {
        const unsigned char *node = node_at(walk, visit->page, i);
        const char *problem = leaf_problem(walk, visit->page, (size_t)(node - visit->page));
        if (problem) report(walk, visit->number, key_of(node), problem);
    }
}

/* Reads a page and checks its frame. */
static const char *open_page(struct walk *walk, struct visit *visit, size_t *count)
{
    uint32_t page_bytes = walk->pages->page_bytes;
    unsigned char *page = walk->levels + (size_t)(visit->depth - 1) * page_bytes;
    if (visit->number >= walk->page_count) return "a page that is not in the file";
    if (!use(walk, visit->number)) return "a page that is used twice";
    if (!read_at(walk, page, page_bytes, visit->number, 0)) return "a page that cannot be read";
    walk->used_count++;
    const char *problem = header_problem(walk, page, visit->number, visit->depth);
    if (problem) return problem;
    visit->page = page;
    *count = (u16_at(page + 12) - (size_t)PAGE_HEADER) / 2;
    for (size_t i = 0; i < *count; i++) {
        if (!node_at(walk, page, i)) return "a node that leaves its page";
    }
    if (visit->depth > 1)
        walk->seen.branch_pages++;
    else
        walk->seen.leaf_pages++;
    return order_problem(walk, visit, *count);
}

static void walk_page(struct walk *walk, struct visit visit)
{
    size_t count = 0;
    const char *problem = open_page(walk, &visit, &count);
    if (problem)
        report(walk, visit.number, visit.low, problem);
    else if (visit.depth > 1)
        walk_children(walk, &visit, count);
    else
        walk_leaf(walk, &visit, count);
}

/* Counts of a tree in which damage was found tell nothing new. */
static void walk_tree(struct walk *walk, const struct kv_tree *tree, int in_free_tree)
{
    walk->in_free_tree = in_free_tree;
    walk->seen = (struct kv_tree){0};
    if (tree->depth) walk_page(walk, (struct visit){.number = tree->root, .depth = tree->depth});
    if (!walk->pages->thorough || walk->stop || walk->reported) return;
    if (walk->seen.branch_pages != tree->branch_pages ||
        walk->seen.leaf_pages != tree->leaf_pages ||
        walk->seen.overflow_pages != tree->overflow_pages || walk->seen.entries != tree->entries)
        report(walk, walk->pages->txn % 2, (struct span){0},
               in_free_tree ? "wrong counts of the tree of free pages"
                            : "wrong counts of the main tree");
}

int kv_pages_walk(const struct kv_pages *pages, struct kv_page_count *count)
{
    const struct kv_tree *free_tree = &pages->free_tree, *main_tree = &pages->main_tree;
    struct walk walk = {.pages = pages, .page_count = pages->file_bytes / pages->page_bytes};
    unsigned depth = free_tree->depth > main_tree->depth ? free_tree->depth : main_tree->depth;
    walk.levels = malloc((size_t)depth * pages->page_bytes + 1);
    walk.used = calloc(pages->last_page / 8 + 1, 1);
    if (walk.levels && walk.used) {
        walk_tree(&walk, free_tree, 1);
        if (!walk.stop) walk_tree(&walk, main_tree, 0);
    } else {
        walk.stop = -1;
    }
    free(walk.used);
    free(walk.levels);
    if (count)
        *count = (struct kv_page_count){.pages = pages->last_page + 1,
                                        .used = walk.used_count + FIRST_PAGE,
                                        .free = walk.free_count,
                                        .file_pages = walk.page_count};
    return walk.stop;
}
