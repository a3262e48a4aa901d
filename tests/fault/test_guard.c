/* test_guard.c -- files that give way under the command: a map that is cut while it is read, and
 * sizes in a store too large to be looked through when it is opened that lead beyond its end. The
 * command ends with status 3 and a message, or gives the right answer. PACE_TEST_SEED repeats a
 * run. */
#include "../child.h"
#include "../store_dump.h"

#include "../../tools/guard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

enum { PAGE = 4096, RUNS = 1200, COLUMNS = 60, ROUNDS = 60, CHECKED_PAGES = 256 };
enum { EXIT_GUARDED = 3, EXIT_RIGHT = 10, EXIT_TOLD, EXIT_WRONG };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { GUARDS = 0 };
#else
enum { GUARDS = 1 };
#endif

static uint64_t random_state;

static size_t below(size_t n)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    return (size_t)((z ^ z >> 31) % n);
}

/* In a child, with the guard up. Its exit status, and what it said on stderr. */
static int guarded(int (*act)(void *context), void *context, char *said, size_t size)
{
    int status, ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        guard_begin();
        alarm(60);
        _exit(act(context));
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got;
    while (len + 1 < size && (got = read(ends[0], said + len, size - 1 - len)) > 0)
        len += (size_t)got;
    said[len] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) fail_msg("signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static int read_beyond_end(void *context)
{
    (void)context;
    FILE *file = tmpfile();
    if (!file || ftruncate(fileno(file), PAGE)) return EXIT_WRONG;
    volatile char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fileno(file), 0);
    if (map == MAP_FAILED || ftruncate(fileno(file), 0)) return EXIT_WRONG;
    return map[5] ? EXIT_WRONG : EXIT_RIGHT;
}

static int read_nowhere(void *context)
{
    volatile char *nowhere = context;
    return *nowhere ? EXIT_WRONG : EXIT_RIGHT;
}

static void test_signals(void **state)
{
    (void)state;
    char said[400];
    if (!GUARDS) skip();
    assert_int_equal(guarded(read_beyond_end, NULL, said, sizeof said), EXIT_GUARDED);
    assert_non_null(strstr(said, "pace: the store's file ended where it was read"));
    assert_int_equal(guarded(read_nowhere, (void *)16, said, sizeof said), EXIT_GUARDED);
    assert_non_null(strstr(said, "pace: stopped by a memory error"));
}

/* -- a store ----------------------------------------------------------------------------------- */

struct subject {
    const char *dir;
    uint64_t expected;
};

static int look(void *context)
{
    const struct subject *subject = context;
    uint64_t hash;
    if (dump_directory(subject->dir, 0, &hash)) return EXIT_TOLD;
    return hash == subject->expected ? EXIT_RIGHT : EXIT_WRONG;
}

static void fill(const char *dir)
{
    pace_run *runs[40];
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (int i = 0; i < RUNS; i += 40) {
        for (int k = 0; k < 40; k++) {
            struct pace_run_info info = run_at(T0_NS + (i + k) * SECOND_NS);
            info.branch = (i + k) % 3 ? "main" : "side";
            store_ok(pace_run_begin(store, &info, error, &runs[k]));
            for (int c = 0; c < COLUMNS; c++) {
                char name[16];
                snprintf(name, sizeof name, "b%d", c);
                struct pace_cell cell = cell_of(name, (i + k) * 7919 % 1000 + 0.1 * c);
                store_ok(pace_run_put(runs[k], &cell, error));
            }
        }
        store_ok(pace_runs_commit(store, runs, 40, error, NULL));
        for (int k = 0; k < 40; k++)
            pace_run_free(runs[k]);
    }
    pace_close(store);
}

static size_t u16_at(const unsigned char *at)
{
    return at[0] | (size_t)at[1] << 8;
}

/* The size of a value, of a node of a leaf, where damage leads furthest. */
static size_t choose_size(const unsigned char *data, size_t len)
{
    for (;;) {
        const unsigned char *page = data + (2 + below(len / PAGE - 2)) * PAGE;
        size_t nodes = (u16_at(page + 12) - 16) / 2;
        if (u16_at(page + 10) != 2 || nodes < 1 || nodes > PAGE / 10) continue;
        return (size_t)(page - data) + u16_at(page + 16 + 2 * below(nodes)) + 1 + below(3);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    if (!GUARDS) skip();
    const char *given = getenv("PACE_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    char *dir = make_directory(), path[8192], said[400];
    struct subject subject = {.dir = dir};
    struct stat st;
    int counts[EXIT_WRONG + 1] = {0};
    printf("# note seed %llu\n", (unsigned long long)seed);
    random_state = seed;
    fill(dir);
    assert_int_equal(dump_directory(dir, 0, &subject.expected), 0);
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    assert_true(st.st_size > CHECKED_PAGES * PAGE);
    size_t len = (size_t)st.st_size;
    unsigned char *data = malloc(len), changed;
    assert_int_equal(pread(fd, data, len, 0), st.st_size);
    for (int round = 0; round < ROUNDS; round++) {
        size_t at = choose_size(data, len);
        changed = data[at] ^ (unsigned char)(1u << below(8));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        int status = guarded(look, &subject, said, sizeof said);
        assert_int_equal(pwrite(fd, &data[at], 1, (off_t)at), 1);
        if (status > EXIT_WRONG || status == EXIT_WRONG)
            fail_msg("byte %zu: status %d", at, status);
        assert_true(status != EXIT_GUARDED || strncmp(said, "pace: ", 6) == 0);
        counts[status]++;
    }
    printf("# note %d told of, %d guarded, %d without effect\n", counts[EXIT_TOLD],
           counts[EXIT_GUARDED], counts[EXIT_RIGHT]);
    assert_int_equal(counts[EXIT_TOLD] + counts[EXIT_GUARDED] + counts[EXIT_RIGHT], ROUNDS);
    close(fd);
    free(data);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
