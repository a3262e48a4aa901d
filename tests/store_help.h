/* store_help.h -- what tests of the store share: directories that go away, and short ways to
 * store. */
#ifndef STORE_HELP_H
#define STORE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../engine/pace.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_NS ((int64_t)1000000000)
#define T0_NS     (1700000000 * SECOND_NS)

/* Fails the test with the store's message. */
#define store_ok(call)                                                                             \
    do {                                                                                           \
        struct pace_error error_ = {0};                                                            \
        struct pace_error *error = &error_;                                                        \
        int rc_ = (call);                                                                          \
        if (rc_) fail_msg("%s: %d, %s", #call, rc_, error_.message);                               \
    } while (0)

/* The call fails with the code `expected`, and says so. */
#define store_fails(expected, call)                                                                \
    do {                                                                                           \
        struct pace_error error_ = {0};                                                            \
        struct pace_error *error = &error_;                                                        \
        int wanted_ = (expected), rc_ = (call);                                                    \
        if (rc_ != wanted_) fail_msg("%s: %d, not %d; %s", #call, rc_, wanted_, error_.message);   \
        assert_int_equal(error_.code, wanted_);                                                    \
        assert_true(error_.message[0] != 0);                                                       \
    } while (0)

/* Makes a directory; the test ends with remove_tree. */
static inline char *make_directory(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);
    assert_non_null(path);
    snprintf(path, 4096, "%s/pace-test-XXXXXX", base && base[0] ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void remove_tree(char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char child[8192];
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (lstat(child, &st) == 0 && S_ISDIR(st.st_mode)) {
            char *copy = strdup(child);
            remove_tree(copy);
        } else {
            unlink(child);
        }
    }
    if (dir) closedir(dir);
    rmdir(path);
    free(path);
}

/* The path of a file in a directory. */
static inline void join(char out[8192], const char *dir, const char *name)
{
    assert_true(snprintf(out, 8192, "%s/%s", dir, name) < 8192);
}

static inline struct pace_run_info run_at(int64_t time_ns)
{
    return (struct pace_run_info){
        .project = "app", .branch = "main", .testbed = "ci", .time_ns = time_ns};
}

static inline struct pace_cell cell_of(const char *benchmark, double value)
{
    return (struct pace_cell){.benchmark = benchmark,
                              .measure = "latency",
                              .unit = "ns",
                              .value = value,
                              .lower = (double)NAN,
                              .upper = (double)NAN};
}

/* Stores one run of one cell; its number. */
static inline uint64_t store_value(pace *store, const struct pace_run_info *info,
                                   const char *benchmark, double value)
{
    pace_run *run;
    struct pace_run_result result;
    struct pace_cell cell = cell_of(benchmark, value);
    store_ok(pace_run_begin(store, info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    store_ok(pace_runs_commit(store, &run, 1, error, &result));
    pace_run_free(run);
    return result.run;
}

/* Commits one run of `cells` cells, with values made from `n`. */
static inline int commit_wide(pace *store, int n, int cells)
{
    struct pace_run_info info = run_at(T0_NS + n * SECOND_NS);
    pace_run *run;
    int rc = pace_run_begin(store, &info, NULL, &run);
    if (rc) return rc;
    for (int i = 0; !rc && i < cells; i++) {
        char name[32];
        snprintf(name, sizeof name, "bench-%d", i);
        struct pace_cell cell = cell_of(name, n + i);
        rc = pace_run_put(run, &cell, NULL);
    }
    if (!rc) rc = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    return rc;
}

/* For pace_verify: each place as a line of the test's output, counted where `context` is an int. */
static inline int print_damage(void *context, const struct pace_damage *damage)
{
    printf("# %s: %s\n", damage->place, damage->problem);
    if (context) ++*(int *)context;
    return 0;
}

#endif
