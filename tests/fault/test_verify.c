/* test_verify.c -- pace_verify against damage of every class: whole files are clean, each damaged
 * copy is told of or answers as before, and nothing crashes or hangs.
 *
 * The damage is random; the seed is printed; PACE_TEST_SEED repeats a run, PACE_TEST_MUTATIONS
 * makes it longer. */
#include "../child.h"
#include "../damage.h"
#include "../store_dump.h"

#include "../../engine/kept.h"
#include "../../engine/store.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

enum { PAGE = 4096, STREAMS = 3, RUNS = 90, COLUMNS = 60, WIDE = 900 };

static uint64_t random_state;

static size_t below(size_t n)
{
    return damage_below(&random_state, n);
}

/* -- stores ---------------------------------------------------------------------------------- */

/* One run of everything a run may have. */
static void put_run(pace *store, int i)
{
    struct pace_run_info info = run_at(T0_NS + (i % 11 == 5 ? i / 2 : i) * SECOND_NS);
    char testbed[16], commit[16], name[64];
    int columns = i % 30 == 7 ? WIDE : COLUMNS;
    pace_run *run;
    snprintf(testbed, sizeof testbed, "bed-%d", i % STREAMS);
    snprintf(commit, sizeof commit, "%08x", i * 7919);
    info.testbed = testbed;
    info.commit = i % 4 ? commit : NULL;
    info.ran_ns = info.time_ns + 1;
    info.flags = i % 9 == 0 ? PACE_RUN_PARTIAL : 0;
    store_ok(pace_run_begin(store, &info, error, &run));
    for (int c = 0; c < columns; c += i % 5 ? 1 : 9) {
        double samples[] = {i, c, i + c};
        snprintf(name, sizeof name, "benchmark/with/a/long/name-%d", c);
        struct pace_cell cell = cell_of(name, i * 1000 + c);
        if (i % 7 == 0) cell.upper = i * 1000 + c + 1;
        if (i % 10 == 0 && c < 4) cell.samples = samples, cell.sample_count = 3;
        if (i % 13 == 0 && c == 9) cell.status = PACE_CELL_FAILED;
        if (c % 10 == 0) cell.measure = "size", cell.unit = i % 2 ? "KB" : "B";
        store_ok(pace_run_put(run, &cell, error));
    }
    store_ok(pace_run_put_meta(run, "host", testbed, error));
    store_ok(pace_run_put_meta(run, "env", i % 20 ? "x" : "a longer text than before", error));
    store_ok(pace_runs_commit(store, &run, 1, error, NULL));
    pace_run_free(run);
}

static void put_facts(pace *store)
{
    for (int i = 0; i < 12; i++) {
        struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "benchmark:x", .at_ns = i};
        char name[16];
        snprintf(name, sizeof name, "view-%d", i % 5);
        store_ok(pace_mark_add(store, &mark, error, NULL));
        store_ok(pace_object_put(store, PACE_OBJECT_VIEW, name, "branch:main", error, NULL));
    }
    store_ok(pace_mark_undo(store, 3, error));
    store_ok(pace_object_put(store, PACE_OBJECT_VIEW, "view-1", NULL, error, NULL));
    struct pace_start_point start = {.branch = "trunk", .commit = "00001eef", .time_ns = T0_NS};
    store_ok(pace_start_point_set(store, "app", "main", &start, error));
    start.commit = "0000";
    store_ok(pace_start_point_set(store, "app", "main", &start, error));
    store_ok(pace_start_point_set(store, "app", "other", &start, error));
    store_ok(pace_start_point_set(store, "app", "other", NULL, error));
    store_ok(pace_measure_put(store, NULL, "memory", "B", PACE_LOWER_IS_BETTER, error));
}

static unsigned char *read_data(const char *dir, size_t *len)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    return damage_read(path, len);
}

static void write_data(const char *dir, const void *data, size_t len)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/lock.mdb", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    damage_write(path, data, len);
}

/* -- whole stores ---------------------------------------------------------------------------- */

static void assert_clean(const char *dir, struct pace_verified *out)
{
    int damages = 0;
    store_ok(pace_verify(dir, print_damage, &damages, error, out));
    assert_int_equal(damages, 0);
    assert_int_equal(out->damages, 0);
}

static void test_whole(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct pace_verified seen;
    struct pace_stat stat;
    pace_snapshot *snapshot;
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    assert_clean(dir, &seen);
    assert_int_equal(seen.runs, 0);
    for (int i = 0; i < RUNS; i++) {
        put_run(store, i);
        if (i % 10 == 0) assert_clean(dir, &seen); /* also while it is open */
    }
    put_facts(store);
    assert_clean(dir, &seen);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_stat(snapshot, error, &stat));
    assert_int_equal(seen.runs, stat.runs);
    assert_int_equal(seen.cells, stat.cells);
    assert_int_equal(seen.streams, stat.streams);
    assert_true(seen.pages * PAGE <= stat.file_bytes && seen.free_pages > 0);
    pace_snapshot_end(snapshot);
    pace_close(store);
    assert_clean(dir, &seen);
    store_fails(PACE_EMISUSE, pace_verify("", NULL, NULL, error, NULL));
    store_fails(ENOENT, pace_verify("/nonexistent/store", NULL, NULL, error, NULL));
    remove_tree(dir);
}

/* Sums of values that are near the largest number, and squares of some near the least, are not
 * known to nine digits, in whatever order they are added; that is no damage. */
static void test_extreme_values(void **state)
{
    (void)state;
    enum { MANY = 150 };
    char *dir = make_directory();
    struct pace_verified seen;
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (int i = 0; i < MANY; i++) {
        struct pace_run_info info = run_at(1000 + i);
        struct pace_cell cells[] = {cell_of("large", (i % 2 ? 1.7 : 1.6) * 1e308),
                                    cell_of("both", (i % 2 ? 1 : -1) * (1.5e308 + i * 1e304)),
                                    cell_of("wide", (i % 3 ? 1 : -1) * (1 + i) * 1e154),
                                    cell_of("least", (1 + i * i % 17) * 1e-161)};
        pace_run *run;
        store_ok(pace_run_begin(store, &info, error, &run));
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
            store_ok(pace_run_put(run, &cells[c], error));
        store_ok(pace_runs_commit(store, &run, 1, error, NULL));
        pace_run_free(run);
        if (i % 10 == 9) assert_clean(dir, &seen);
    }
    pace_close(store);
    remove_tree(dir);
}

/* -- records that are sealed, but do not agree ----------------------------------------------- */

/* One record to be put as it is, or, without `data`, the head with one count changed. */
struct forged {
    struct key key;
    const void *data;
    size_t len;
    size_t head_at; /* byte of struct head */
};

static int put_forged(struct kv_txn *txn, void *context, struct pace_error *error)
{
    const struct forged *forged = context;
    struct head head;
    if (forged->data) return kv_put_struct(txn, &forged->key, forged->data, forged->len, error);
    int rc = head_load(txn, error, &head);
    ((unsigned char *)&head)[forged->head_at] ^= 1;
    return rc ? rc : head_store(txn, &head, error);
}

static int keep_place(void *context, const struct pace_damage *damage)
{
    strncat(context, damage->place, 100);
    strcat(context, "; ");
    return strlen(context) > 800;
}

/* The store with one forged record is told of, at a place with this text. */
static void check_forged(const char *dir, const unsigned char *whole, size_t len,
                         struct forged *forged, const char *expected)
{
    struct kv_options options = {.timeout_ms = 1000};
    struct kv_work work = {.run = put_forged, .context = forged};
    struct kv *kv;
    char places[1000] = "";
    write_data(dir, whole, len);
    store_ok(kv_open(dir, &options, error, &kv));
    store_ok(kv_write(kv, 1000, &work, error));
    kv_close(kv);
    store_fails(PACE_ECORRUPT, pace_verify(dir, keep_place, places, error, NULL));
    if (!strstr(places, expected)) fail_msg("'%s' is not in: %s", expected, places);
}

static void test_forged(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct pace_verified seen;
    pace *store;
    size_t len;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    store->tail_runs = 4;
    for (int i = 0; i < 12; i++)
        put_run(store, i);
    put_facts(store);
    pace_close(store);
    assert_clean(dir, &seen);
    unsigned char *whole = read_data(dir, &len);

    static const struct {
        size_t at;
        const char *place;
    } counts[] = {
        {offsetof(struct head, runs), "run "},
        {offsetof(struct head, indexed) + 1, "run 12"},
        {offsetof(struct head, cells), "the head record: cells"},
        {offsetof(struct head, series), "the head record: series"},
        {offsetof(struct head, commits), "the head record: commits"},
        {offsetof(struct head, marks), "the marks"},
        {offsetof(struct head, undone), "the marks"},
        {offsetof(struct head, objects), "the saved objects"},
        {offsetof(struct head, shapes), "shape"},
        {offsetof(struct head, streams) + 3, "the head record"},
        {offsetof(struct head, names), "the names of projects"},
        {offsetof(struct head, names[3]) + 3, "the head record"},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct forged forged = {.head_at = counts[i].at};
        check_forged(dir, whole, len, &forged, counts[i].place);
    }
    struct forged fewer = {.head_at = offsetof(struct head, streams)};
    check_forged(dir, whole, len, &fewer, "run 3; ");

    struct run_place place = {.stream = 1, .time_ns = T0_NS};
    unsigned char run_record[sizeof place + 16 + 4 + 3] = {0};
    memcpy(run_record, &place, sizeof place);
    memcpy(run_record + sizeof place + 16, "\3\0\0\0xyz", 7);
    const struct pair end = {UINT64_MAX, UINT64_MAX};
    struct pair astray[] = {end, {7, 2}}, cut[] = {{9, 9}}, unordered[] = {end, {7, 2}, {6, 2}};
    struct stream_record stream = {.column_count = 3};
    struct pace_column columns[2] = {{1, 1}, {1, 1}};
    uint32_t one = 1, none = 77, length = 2;
    int64_t when = 5;
    struct kept_header kept = {.parts = 1, .runs = 1, .run = 50};
    struct forged records[] = {
        {.key = key_run(4), .data = run_record, .len = sizeof run_record},
        {.key = key_run(40), .data = run_record, .len = sizeof run_record},
        {.key = key_pair('i', 1, 2), .data = astray, .len = sizeof *astray},
        {.key = key_pair('i', 0, 0), .data = cut, .len = sizeof cut},
        {.key = key_pair('k', 0, 0), .data = astray, .len = sizeof astray},
        {.key = key_pair('k', 0, 0), .data = unordered, .len = sizeof unordered},
        {.key = key_pair('k', 0, 0), .data = "", .len = 0},
        {.key = key_stream(0), .data = &stream, .len = sizeof stream},
        {.key = key_stream(9), .data = &stream, .len = sizeof stream},
        {.key = key_stream_names(0, 0, 0), .data = &one, .len = sizeof one},
        {.key = key_stream_names(0, 5, 0), .data = &none, .len = sizeof none},
        {.key = key_shape(0), .data = &length, .len = sizeof length},
        {.key = key_columns(0, 0), .data = columns, .len = sizeof columns},
        {.key = key_shape_start(0, 0), .data = &none, .len = sizeof none},
        {.key = key_measure(0, 0), .data = "\4ns", .len = 3},
        {.key = key_measure(0, 50), .data = "\1ns", .len = 3},
        {.key = key_meta(3, 0), .data = "\1\0\0\0", .len = 4},
        {.key = key_meta(50, 0), .data = "\0\0\0\0", .len = 4},
        {.key = key_samples(1, 0), .data = columns, .len = sizeof columns},
        {.key = key_samples(2, 0), .data = columns, .len = sizeof columns},
        {.key = key_branch(0), .data = columns, .len = 8},
        {.key = key_starts(0, 0), .data = &none, .len = sizeof none},
        {.key = key_start(0, 0, 3), .data = columns, .len = sizeof columns},
        {.key = key_mark(50), .data = "", .len = 0},
        {.key = key_undone(4), .data = &when, .len = sizeof when},
        {.key = key_object(2), .data = "", .len = 0},
        {.key = key_name_hash(0, 5), .data = "\0\0\0\0\3\0app", .len = 9},
        {.key = key_name_chunk(1, 0), .data = "", .len = 0},
        {.key = key_kept(9, 1, 0), .data = &kept, .len = sizeof kept},
        {.key = key_kept(0, 1, 1), .data = &kept, .len = sizeof kept},
        {.key = key_kept(0, 2, 0), .data = &kept, .len = sizeof kept},
        {.key = key_kept(0, 3, 0), .data = &kept, .len = 9},
        {.key = {.len = 3, .bytes = "zzz"}, .data = "", .len = 0},
    };
    static const char *const places[] = {
        "run 4; ",
        "the index of runs at run 40",
        "the index of run ids at",
        "run 1; ",
        "the index of commits at",
        "the index of commits at",
        "the index of commits at",
        "stream 0; ",
        "stream 9; ",
        "stream ",
        "the index of streams at branch 5, project 0",
        "shape 0",
        "the columns of shape 0",
        "the index of shapes at benchmark 0",
        "the unit of project 0, measure 0",
        "the unit of project 0, measure 50",
        "run 3; ",
        "the metadata of run 50",
        "run 1; ",
        "the samples of run 2",
        "the record of branch 0",
        "the start points of branch 0",
        "the start point of branch 0",
        "mark 50",
        "the marks",
        "the saved objects",
        "the index of names of kind 0",
        "the names of branches",
        "the kept values of stream 9, kind 1",
        "the kept values of stream 0, kind 1",
        "the kept values of stream 0, kind 2",
        "the kept values of stream 0, kind 3",
        "no known kind",
    };
    _Static_assert(sizeof places / sizeof *places == sizeof records / sizeof *records, "pairs");
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        check_forged(dir, whole, len, &records[i], places[i]);
    free(whole);
    remove_tree(dir);
}

/* -- damaged copies -------------------------------------------------------------------------- */

struct image {
    unsigned char *data;
    size_t len;
    const unsigned char *whole, *before; /* the file now, and some commits ago */
    size_t whole_len, before_len;
};

static unsigned flags_of(const unsigned char *page)
{
    return page[10] | (unsigned)page[11] << 8;
}

static unsigned char *any_page(struct image *image)
{
    return image->data + below(image->len / PAGE) * PAGE;
}

/* A page of this kind: 1 branch, 2 leaf, 4 overflow. */
static unsigned char *page_of(struct image *image, unsigned kind)
{
    for (int i = 0; i < 10000; i++) {
        unsigned char *page = any_page(image);
        if (flags_of(page) == kind) return page;
    }
    return image->data;
}

static void flip(unsigned char *from, size_t len)
{
    from[below(len)] ^= (unsigned char)(1u << below(8));
}

static unsigned lower_of(const unsigned char *page)
{
    return page[12] | (unsigned)page[13] << 8;
}

/* A random node of a branch or leaf; the page itself when there is none. */
static unsigned char *node_of(unsigned char *page)
{
    unsigned lower = lower_of(page);
    if (lower <= 16 || lower > PAGE) return page;
    size_t slot = 16 + 2 * below((lower - 16) / 2);
    size_t at = page[slot] | (size_t)page[slot + 1] << 8;
    return at + 24 <= PAGE ? page + at : page;
}

static void cut(struct image *image)
{
    image->len = below(2) ? 2 * PAGE + below(image->len - 2 * PAGE) : below(2 * PAGE);
}

static void flip_meta(struct image *image)
{
    flip(image->data + PAGE * below(2), 152);
}

static void flip_header(struct image *image)
{
    flip(page_of(image, 1 + (unsigned)below(2)), 16);
}

static void flip_branch(struct image *image)
{
    flip(page_of(image, 1), PAGE);
}

static void flip_offsets(struct image *image)
{
    unsigned char *page = page_of(image, 1 + (unsigned)below(2));
    flip(page + 16, lower_of(page) > 17 && lower_of(page) <= PAGE ? lower_of(page) - 16 : 1);
}

static void flip_node(struct image *image)
{
    flip(node_of(page_of(image, 1 + (unsigned)below(2))), 24);
}

/* A node of a leaf whose key is of one of these tables (keys.h), or the first page. */
static unsigned char *record_of(struct image *image, const char *tables)
{
    for (int i = 0; i < 20000; i++) {
        unsigned char *node = node_of(page_of(image, 2));
        if ((size_t)(node - image->data) % PAGE && node[8] && strchr(tables, node[8])) return node;
    }
    return image->data;
}

/* A bit of the node's header, of its key or its value. */
static void flip_record(struct image *image, const char *tables)
{
    unsigned char *node = record_of(image, tables);
    size_t key_len = node[6] | (size_t)node[7] << 8, len = node[0] | (size_t)node[1] << 8;
    size_t at = (size_t)(node - image->data), all = 8 + key_len + len;
    flip(node, at + all < image->len ? all : 8);
}

static void flip_lineage(struct image *image)
{
    flip_record(image, "Byz");
}

static void flip_mark(struct image *image)
{
    flip_record(image, "ab");
}

static void flip_object(struct image *image)
{
    flip_record(image, "o");
}

static void flip_name(struct image *image)
{
    flip_record(image, "nN");
}

static void flip_run(struct image *image)
{
    flip_record(image, "rikmx");
}

static void flip_leaf(struct image *image)
{
    flip(page_of(image, 2), PAGE);
}

static void flip_long(struct image *image)
{
    flip(page_of(image, 4), below(2) ? 16 : PAGE);
}

static void flip_anything(struct image *image)
{
    flip(image->data, image->len);
}

static void zero_page(struct image *image)
{
    memset(below(3) ? page_of(image, 1u << below(3)) : any_page(image), 0, PAGE);
}

static void garbage_sector(struct image *image)
{
    unsigned char *at = image->data + below(image->len / 512) * 512;
    for (size_t i = 0; i < 512; i++)
        at[i] = (unsigned char)below(256);
}

static void swap_pages(struct image *image)
{
    unsigned char page[PAGE], *a = any_page(image), *b = any_page(image);
    if (below(2)) a = page_of(image, 2), b = page_of(image, 2);
    memcpy(page, a, PAGE);
    memcpy(a, b, PAGE);
    memcpy(b, page, PAGE);
    if (below(2)) { /* with the right numbers, so that only their content is wrong */
        memcpy(page, a, 8);
        memcpy(a, b, 8);
        memcpy(b, page, 8);
    }
}

/* A write that was lost: the page as it was some commits ago. */
static void stale_page(struct image *image)
{
    for (int i = 0; i < 1000; i++) {
        size_t at = (2 + below(image->before_len / PAGE - 2)) * PAGE;
        if (memcmp(image->data + at, image->before + at, PAGE) == 0) continue;
        memcpy(image->data + at, image->before + at, PAGE);
        return;
    }
}

/* Wrong, but of the right form: a node's child, value, or size is that of another. */
static void hostile_node(struct image *image)
{
    unsigned char *page = page_of(image, 1 + (unsigned)below(2));
    unsigned char *node = node_of(page), *other = node_of(page_of(image, flags_of(page)));
    if (below(2)) {
        uint16_t number = (uint16_t)below(image->len / PAGE + 2);
        memcpy(node, &number, 2);
    } else {
        memcpy(node, other, 8);
    }
}

/* Free lists and roots in the meta pages that lead elsewhere. */
static void hostile_meta(struct image *image)
{
    static const size_t fields[] = {40 + 40, 88 + 40, 40 + 6, 88 + 6, 88 + 32, 136};
    uint64_t number = below(image->len / PAGE + 2);
    size_t field = fields[below(sizeof fields / sizeof *fields)];
    size_t len = field == 46 || field == 94 ? 2 : 8;
    memcpy(image->data + PAGE * below(2) + field, &number, len);
}

static const struct {
    const char *name;
    void (*apply)(struct image *image);
} classes[] = {
    {"cut", cut},
    {"bit of a meta page", flip_meta},
    {"bit of a page header", flip_header},
    {"bit of a branch", flip_branch},
    {"bit of the node offsets", flip_offsets},
    {"bit of a node header or key", flip_node},
    {"bit of a branch or start point", flip_lineage},
    {"bit of a mark", flip_mark},
    {"bit of a saved object", flip_object},
    {"bit of a name", flip_name},
    {"bit of what is beside a run", flip_run},
    {"bit of a leaf", flip_leaf},
    {"bit of a long value", flip_long},
    {"bit anywhere", flip_anything},
    {"page of zeros", zero_page},
    {"sector of garbage", garbage_sector},
    {"two pages swapped", swap_pages},
    {"stale page", stale_page},
    {"node that leads elsewhere", hostile_node},
    {"meta page that leads elsewhere", hostile_meta},
};
enum { CLASSES = sizeof classes / sizeof *classes };

enum { EXIT_REPORTED = 10, EXIT_RIGHT, EXIT_WRONG, EXIT_MISSED, EXIT_SILENT };

static int count_damage(void *context, const struct pace_damage *damage)
{
    if (damage->place[0] && damage->problem[0]) ++*(int *)context;
    return 0;
}

/* In a child. Damage must be reported with a place, or the store be as good as it was. */
static int verify_damaged(const char *dir, uint64_t expected, uint64_t older)
{
    struct pace_error error = {0};
    int damages = 0;
    uint64_t hash = 0;
    int rc = pace_verify(dir, count_damage, &damages, &error, NULL);
    if (rc == PACE_ECORRUPT) return damages ? EXIT_REPORTED : EXIT_SILENT;
    if (rc) return error.message[0] ? EXIT_REPORTED : EXIT_SILENT;
    rc = dump_directory(dir, 0, &hash);
    if (rc) return EXIT_MISSED;
    /* A meta page's transaction number with another bit is one of a whole older store: no
     * damage. */
    return hash == expected || hash == older ? EXIT_RIGHT : EXIT_WRONG;
}

static int run_child(const char *dir, uint64_t expected, uint64_t older)
{
    pid_t child = fork();
    if (child == 0) {
        child_may_crash(30);
        _exit(verify_damaged(dir, expected, older));
    }
    int status = child_status(child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_damaged_copies(void **state)
{
    (void)state;
    const char *given = getenv("PACE_TEST_SEED"), *length = getenv("PACE_TEST_MUTATIONS");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    int rounds = length ? atoi(length) : 1000;
    printf("# note seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    random_state = seed;
    char *dir = make_directory();
    struct image image = {0};
    struct pace_verified seen;
    pace *store;
    uint64_t expected, older = 0;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    store->tail_runs = 16;
    put_facts(store);
    for (int i = 0; i < RUNS; i++) {
        if (i == RUNS - 1) assert_int_equal(dump_store(store, 0, &older), 0);
        if (i == RUNS - 12) image.before = read_data(dir, &image.before_len);
        put_run(store, i);
    }
    assert_int_equal(dump_store(store, 0, &expected), 0);
    pace_close(store);
    assert_clean(dir, &seen);
    image.whole = read_data(dir, &image.whole_len);
    image.data = malloc(image.whole_len);
    int reported = 0, right = 0, bad = 0, by_class[CLASSES] = {0};
    for (int round = 0; round < rounds; round++) {
        int class = round % CLASSES;
        image.len = image.whole_len;
        memcpy(image.data, image.whole, image.len);
        classes[class].apply(&image);
        write_data(dir, image.data, image.len);
        int status = run_child(dir, expected, older);
        reported += status == EXIT_REPORTED;
        by_class[class] += status == EXIT_REPORTED;
        right += status == EXIT_RIGHT;
        if (status == EXIT_REPORTED || status == EXIT_RIGHT) continue;
        bad++;
        printf("# round %d, %s: %s %d\n", round, classes[class].name,
               status < 0 ? "signal" : "status", abs(status));
    }
    printf("# note %d damaged copies: %d reported, %d hit where nothing is read\n", rounds,
           reported, right);
    assert_int_equal(bad, 0);
    for (int i = 0; i < CLASSES && rounds >= 500; i++) {
        if (by_class[i] == 0) fail_msg("no copy was reported of the class: %s", classes[i].name);
    }
    free(image.data);
    free((void *)(uintptr_t)image.whole);
    free((void *)(uintptr_t)image.before);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_extreme_values),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_damaged_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
