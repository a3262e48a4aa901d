/* test_git.c -- tools/git: addresses, places in history, and facts of real repositories. */
#include "../../tools/git_own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tree {
    char path[512];
};

/* Runs a script in the tree, with names and times of git fixed. */
static void run(const struct tree *tree, const char *script)
{
    char line[4096];
    snprintf(line, sizeof line,
             "cd '%s' && export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 "
             "GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a "
             "GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' "
             "GIT_COMMITTER_DATE='2026-01-01T00:00:00Z' && { %s; } >/dev/null 2>&1",
             tree->path, script);
    assert_int_equal(system(line), 0);
}

static int setup(void **state)
{
    struct tree *tree = calloc(1, sizeof *tree);
    const char *base = getenv("TMPDIR");
    snprintf(tree->path, sizeof tree->path, "%.400s/pace-git-XXXXXX", base != NULL ? base : "/tmp");
    *state = tree;
    return mkdtemp(tree->path) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct tree *tree = *state;
    char line[600];
    snprintf(line, sizeof line, "rm -rf '%s'", tree->path);
    int status = system(line);
    free(tree);
    return status;
}

static void test_project(void **state)
{
    static const char *const cases[][2] = {
        {"https://github.com/org/calendar.git", "calendar"},
        {"https://github.com/org/calendar/", "calendar"},
        {"git@github.com:org/calendar.git", "calendar"},
        {"host:calendar", "calendar"},
        {"/srv/git/calendar.git", "calendar"},
        {"/srv/git/calendar/.git", "calendar"},
        {"https://u:p@host/a/b.git?token=x", "b"},
        {"", ""},
    };
    char project[GIT_NAME_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        git_project(cases[i][0], project);
        assert_string_equal(project, cases[i][1]);
    }
}

static void test_mask(void **state)
{
    static const char *const cases[][2] = {
        {"https://user:pass@host/a.git", "https://host/a.git"},
        {"https://token@host/a.git", "https://host/a.git"},
        {"https://user:p@ss@host/a.git", "https://host/a.git"},
        {"https://host/a@b.git", "https://host/a@b.git"},
        {"https://host/a.git?private_token=x", "https://host/a.git"},
        {"git@host:a.git", "host:a.git"},
        {"/srv/x@y/a.git", "/srv/x@y/a.git"},
        {"ssh://git@host:22/a", "ssh://host:22/a"},
    };
    char masked[GIT_NAME_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        git_mask(cases[i][0], masked);
        assert_string_equal(masked, cases[i][1]);
    }
}

static void test_place(void **state)
{
    const int64_t s = 1000000000;
    (void)state;
    assert_int_equal(git_place((int64_t[]){5}, 1), 5 * s);
    assert_int_equal(git_place((int64_t[]){5, 7}, 2), 7 * s);
    assert_int_equal(git_place((int64_t[]){5, 5}, 2), 5 * s + 1);
    assert_int_equal(git_place((int64_t[]){5, 5, 5}, 3), 5 * s + 2);
    assert_int_equal(git_place((int64_t[]){9, 5, 5, 6}, 4), 9 * s + 3); /* a clock that went back */
}

static void test_facts(void **state)
{
    struct tree *tree = *state;
    struct git_facts facts, other;
    char root[PATH_MAX];
    run(tree,
        "git init -q -b trunk app; cd app; git remote add origin https://u:p@host/org/cal.git");
    char app[600], deep[700];
    snprintf(app, sizeof app, "%s/app", tree->path);
    git_read(app, NULL, &facts);
    assert_string_equal(facts.root, app);
    assert_string_equal(facts.branch, "trunk");
    assert_string_equal(facts.commit, "");

    run(tree, "cd app; mkdir deep; echo 1 >deep/f; git add .; git commit -qm 1");
    snprintf(deep, sizeof deep, "%s/deep", app);
    git_read(deep, NULL, &facts);
    assert_string_equal(facts.root, app);
    assert_string_equal(facts.project, "cal");
    assert_string_equal(facts.remote, "https://host/org/cal.git");
    assert_int_equal(strlen(facts.commit), 40);
    assert_int_equal(facts.ordinal, 1);
    assert_int_equal(facts.dirty, 0);
    assert_true(facts.time_ns == INT64_C(1767225600000000000));
    assert_int_equal(git_root(deep, root), 1);
    assert_string_equal(root, app);

    /* The second commit has the same second: it comes 1 ns later. */
    run(tree, "cd app; echo 2 >deep/f; git commit -qam 2; touch untracked");
    git_read(app, NULL, &other);
    assert_int_equal(other.ordinal, 2);
    assert_int_equal(other.dirty, 0);
    assert_true(other.time_ns == facts.time_ns + 1);
    git_read(app, facts.commit, &other);
    assert_string_equal(other.commit, facts.commit);
    assert_int_equal(other.ordinal, 1);
    git_read(app, "no-such-commit", &other);
    assert_string_equal(other.commit, "");
    git_read(app, "--output=/tmp/x", &other); /* not an option: HEAD */
    assert_int_equal(other.ordinal, 2);
}

static void test_dirty(void **state)
{
    struct tree *tree = *state;
    struct git_facts first, second, again;
    run(tree, "git init -q -b main; echo 1 >f; git add .; git commit -qm 1; echo 2 >f");
    git_read(tree->path, NULL, &first);
    git_read(tree->path, NULL, &again);
    run(tree, "echo 3 >f");
    git_read(tree->path, NULL, &second);
    assert_int_equal(first.dirty, 1);
    assert_int_equal(strlen(first.changes), 16);
    assert_string_equal(first.changes, again.changes);
    assert_string_not_equal(first.changes, second.changes);
    assert_string_equal(first.commit, second.commit);
}

static void test_shallow_and_detached(void **state)
{
    struct tree *tree = *state;
    struct git_facts facts;
    char clone[600];
    run(tree, "git init -q -b main app; cd app; for i in 1 2 3; do echo $i >f; git add f; "
              "git commit -qm $i; done; cd ..; git clone -q --depth 1 \"file://$PWD/app\" clone; "
              "cd clone; git checkout -q --detach");
    snprintf(clone, sizeof clone, "%s/clone", tree->path);
    git_read(clone, NULL, &facts);
    assert_string_equal(facts.branch, "");
    assert_string_equal(facts.project, "app");
    assert_int_equal(strlen(facts.commit), 40);
    assert_int_equal(facts.ordinal, 0); /* a shallow count says nothing */
    assert_true(facts.time_ns != 0);
}

static void test_commits_of_two_branches(void **state)
{
    struct tree *tree = *state;
    char first[GIT_COMMIT_MAX], second[GIT_COMMIT_MAX], base[GIT_COMMIT_MAX], full[GIT_COMMIT_MAX];
    char clone[600];
    struct git_facts facts;
    int64_t time_ns = 0;
    run(tree,
        "git init -q -b main; commit() { echo $1 >$1; git add $1; "
        "GIT_COMMITTER_DATE=\"170000000$1 +0000\" git commit -qm $1; }; "
        "commit 1; git tag fork; git checkout -q -b side; commit 2; git checkout -q main; "
        "commit 3; git tag tip; git checkout -q --detach; git merge -q -m 'm\n\nparent x' side; "
        "git clone -q \"file://$PWD\" clone; "
        "git clone -q --depth 1 \"file://$PWD\" shallow 2>/dev/null");
    git_read(tree->path, "tip", &facts);
    git_parents(tree->path, first, second);
    assert_string_equal(first, facts.commit);
    git_read(tree->path, "side", &facts);
    assert_string_equal(second, facts.commit);
    assert_int_equal(git_commit(tree->path, "fork", full, &time_ns), 1);
    assert_int_equal(time_ns, INT64_C(1700000001) * 1000000000);
    assert_int_equal(git_merge_base(tree->path, "main", 0, second, base), 1);
    assert_string_equal(base, full);
    assert_int_equal(git_merge_base(tree->path, "side", 1, "", base), 1); /* HEAD has all of it */
    assert_string_equal(base, second);
    assert_int_equal(git_merge_base(tree->path, "none", 0, "", base), 0);
    assert_int_equal(git_merge_base(tree->path, "main", 0, "--all", base), 0);
    assert_int_equal(git_commit(tree->path, "none", full, &time_ns), 0);
    assert_int_equal(git_commit(tree->path, "", full, &time_ns), 0);
    assert_int_equal(git_commit(tree->path, "--all", full, &time_ns), 0);
    snprintf(clone, sizeof clone, "%s/clone", tree->path); /* main is its origin's only */
    assert_int_equal(git_merge_base(clone, "main", 0, second, base), 1);
    assert_string_equal(base, full);
    snprintf(clone, sizeof clone, "%s/shallow", tree->path);
    char seen[2][GIT_COMMIT_MAX];
    git_parents(clone, seen[0], seen[1]);
    assert_string_equal(seen[0], first);
    assert_string_equal(seen[1], second);
    run(tree, "git checkout -q --orphan new; git commit -qm first");
    git_parents(tree->path, first, second);
    assert_string_equal(first, "");
    assert_string_equal(second, "");
}

static void test_tracks(void **state)
{
    struct tree *tree = *state;
    char path[600];
    run(tree, "git init -q -b main; mkdir .pace; echo x >.pace/data.mdb");
    snprintf(path, sizeof path, "%s/.pace", tree->path);
    assert_int_equal(git_tracks(tree->path, path), 0);
    run(tree, "echo 1 >f; git add f");
    assert_int_equal(git_tracks(tree->path, path), 0);
    run(tree, "git add -f .pace/data.mdb");
    assert_int_equal(git_tracks(tree->path, path), 1);
    run(tree, "git update-index --index-version 4");
    assert_int_equal(git_tracks(tree->path, path), 1);
    run(tree, "git rm -q --cached .pace/data.mdb");
    assert_int_equal(git_tracks(tree->path, path), 0);
    run(tree, "mkdir .pacemaker; echo x >.pacemaker/f; git update-index --index-version 2; "
              "git add .pacemaker");
    assert_int_equal(git_tracks(tree->path, path), 0); /* a name that only begins so */
}

static void test_linked_tree(void **state)
{
    struct tree *tree = *state;
    struct git_facts facts;
    char linked[600], path[700];
    run(tree, "git init -q -b main app; cd app; echo 1 >f; git add .; git commit -qm 1; "
              "git worktree add -q -b side ../linked");
    snprintf(linked, sizeof linked, "%s/linked", tree->path);
    snprintf(path, sizeof path, "%s/.pace", linked);
    git_read(linked, NULL, &facts);
    assert_string_equal(facts.branch, "side");
    assert_int_equal(facts.ordinal, 1);
    assert_int_equal(git_tracks(linked, path), 0);
}

static void test_outside(void **state)
{
    struct tree *tree = *state;
    struct git_facts facts;
    char root[PATH_MAX];
    if (git_root(tree->path, root)) skip(); /* the temporary directory is in a work tree */
    git_read(tree->path, NULL, &facts);
    assert_string_equal(facts.root, "");
    assert_string_equal(facts.branch, "");
    assert_string_equal(facts.commit, "");
}

/* The remote by .git/config is what `git config` says, or git is asked. */
static void test_remotes(void **state)
{
    static const struct {
        const char *config, *remote, *project;
        int is_asked; /* 1: the file does not tell all */
    } cases[] = {
        {"", "", "conf", 0},
        {"[remote \"origin\"]\n\turl = https://h/a/one.git\n", "https://h/a/one.git", "one", 0},
        {"[remote \"up\"]\n url=git@h:o/two\n[remote \"origin\"]\n  URL   =  /srv/three.git  \n",
         "/srv/three.git", "three", 0},
        {"[Remote \"up\"]\nurl = h:o/four\n[core]\nurl = no\n[remote \"a\"]\nurl = h:five\n",
         "h:o/four", "four", 0},
        {"[remote \"origin\"]\nurl = h:o/six\nurl = h:o/other\nurls = x\nfetch = +refs/*:refs/*\n",
         "h:o/six", "six", 0},
        {"# [remote \"origin\"]\n; url = x\n[branch \"url = y\"]\nremote = origin\n", "", "conf",
         0},
        {"[remote \"origin\"]\nurl = \"h:o/se ven\"\n", "h:o/se ven", "se ven", 1},
        {"[remote \"origin\"]\nurl = h:o/eight # said later\n", "h:o/eight", "eight", 1},
        {"[remote \"origin\"] url = h:o/nine\n", "h:o/nine", "nine", 1},
        {"[core]\nx = a\\\nb\n[remote \"origin\"]\nurl = h:o/ten\n", "h:o/ten", "ten", 1},
        {"[include]\npath = other\n", "h:o/eleven", "eleven", 1},
    };
    struct tree *tree = *state;
    char repository[600], name[700], address[GIT_NAME_MAX];
    run(tree,
        "git init -q conf; printf '[remote \"origin\"]\\nurl = h:o/eleven\\n' >conf/.git/other; "
        "cp conf/.git/config conf/.git/plain");
    snprintf(repository, sizeof repository, "%s/conf", tree->path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct git_facts facts;
        run(tree, "cp conf/.git/plain conf/.git/config");
        snprintf(name, sizeof name, "%s/.git/config", repository);
        FILE *file = fopen(name, "a");
        assert_non_null(file);
        fputs(cases[i].config, file);
        fclose(file);
        assert_int_equal(git_remote(repository, address), !cases[i].is_asked);
        if (!cases[i].is_asked) assert_string_equal(address, cases[i].remote);
        git_read(repository, NULL, &facts);
        assert_string_equal(facts.project, cases[i].project);
        assert_int_equal(facts.remote[0] == '\0', cases[i].remote[0] == '\0');
    }
}

/* A tree of a process that lives stays; the file without its lock is that of one that was
 * killed. */
static void test_sweep(void **state)
{
    struct tree *tree = *state;
    struct git_tree other;
    char root[600];
    run(tree, "git init -q -b main swept; cd swept; git commit -q --allow-empty -m 1");
    snprintf(root, sizeof root, "%s/swept", tree->path);
    assert_int_equal(git_tree_add(root, tree->path, "HEAD", &other), 1);
    assert_int_equal(access(other.path, F_OK), 0);
    assert_int_equal(git_tree_sweep(root), 0);
    assert_int_equal(access(other.path, F_OK), 0);
    close(other.lock); /* as when it is killed */
    assert_int_equal(git_tree_sweep(root), 1);
    assert_int_not_equal(access(other.path, F_OK), 0);
    assert_int_not_equal(access(other.claim, F_OK), 0);
    run(tree, "cd swept; [ $(git worktree list | wc -l) = 1 ]");
    /* Killed before git came to it: an empty folder. One that is not ours is left alone. */
    run(tree, "mkdir .swept-base-abcdef kept; "
              "printf '%s' \"$PWD/.swept-base-abcdef\" >swept/.git/pace-base-abcdef; "
              "printf '%s' \"$PWD/kept\" >swept/.git/pace-base-ghijkl");
    assert_int_equal(git_tree_sweep(root), 1);
    run(tree, "[ -d kept ] && [ ! -e .swept-base-abcdef ] && ! ls swept/.git | grep -q pace-base");
}

int main(void)
{
    unsetenv("GIT_DIR");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_project),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_place),
        cmocka_unit_test_setup_teardown(test_facts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dirty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shallow_and_detached, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commits_of_two_branches, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tracks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_linked_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remotes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
