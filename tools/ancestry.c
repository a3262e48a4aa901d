/* ancestry.c -- see ancestry.h. */
#include "ancestry.h"

#include "../engine/arena.h"
#include "git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_TEXT = 64, BRANCHES_MAX = 1000 };

struct commit {
    char hash[HASH_TEXT + 1];
    int64_t time_ns;
    uint32_t branch;
};

struct ancestry {
    struct arena arena;
    struct commit *commits; /* in order of hash, once all are read */
    size_t count, capacity;
    struct ancestry_branch branches[BRANCHES_MAX];
    size_t branch_count;
    size_t first;             /* of the branch that is read */
    char base[HASH_TEXT + 1]; /* first parent of its oldest commit */
    int failed;
};

/* "HASH TIME PARENT...", newest first. */
static int add_commit(void *context, const char *line)
{
    struct ancestry *ancestry = context;
    struct commit commit = {.branch = (uint32_t)ancestry->branch_count};
    long long seconds = 0;
    ancestry->base[0] = '\0';
    if (sscanf(line, "%64s %lld %64s", commit.hash, &seconds, ancestry->base) < 2) return 1;
    commit.time_ns = seconds * 1000000000;
    if (ancestry->count == ancestry->capacity) {
        size_t capacity = ancestry->capacity * 2 + 1024;
        struct commit *grown = realloc(ancestry->commits, capacity * sizeof *grown);
        ancestry->failed = grown == NULL;
        if (grown == NULL) return 1;
        ancestry->commits = grown;
        ancestry->capacity = capacity;
    }
    ancestry->commits[ancestry->count++] = commit;
    return 0;
}

static int compare_commits(const void *a, const void *b)
{
    const struct commit *left = a, *right = b;
    int order = strcmp(left->hash, right->hash);
    return order != 0 ? order : (left->branch > right->branch) - (left->branch < right->branch);
}

static const struct commit *find(const struct ancestry *ancestry, const char *hash)
{
    size_t low = 0, high = ancestry->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(ancestry->commits[middle].hash, hash) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ancestry->count && strcmp(ancestry->commits[low].hash, hash) == 0
               ? &ancestry->commits[low]
               : NULL;
}

/* No commit is earlier than its first parent plus 1 ns. */
static void place_commits(struct ancestry *ancestry)
{
    int64_t before = INT64_MIN;
    for (size_t i = ancestry->count; i-- > ancestry->first;) {
        struct commit *commit = &ancestry->commits[i];
        if (before != INT64_MIN && commit->time_ns <= before) commit->time_ns = before + 1;
        before = commit->time_ns;
    }
}

/* Reads the first parents of `ref`, up to those of `main_ref` (NULL: it is that one). */
static int read_branch(struct ancestry *ancestry, const char *root, const char *name,
                       const char *ref, const char *main_ref)
{
    char *not_main = main_ref != NULL ? arena_printf(&ancestry->arena, "^%s", main_ref) : NULL;
    const char *const words[] = {"log",
                                 "--first-parent",
                                 "--format=%H %ct %P",
                                 ref,
                                 not_main != NULL ? "--exclude-first-parent-only" : "--",
                                 not_main != NULL ? not_main : NULL,
                                 not_main != NULL ? "--" : NULL,
                                 NULL};
    if (ancestry->branch_count == BRANCHES_MAX) return 0;
    ancestry->first = ancestry->count;
    int good = git_lines(root, words, -1, add_commit, ancestry);
    if (!good || ancestry->count == ancestry->first) {
        ancestry->count = ancestry->first;
        return good;
    }
    place_commits(ancestry);
    struct ancestry_branch *branch = &ancestry->branches[ancestry->branch_count++];
    *branch = (struct ancestry_branch){arena_string(&ancestry->arena, name), "", "", 0};
    if (main_ref != NULL && ancestry->base[0] != '\0') {
        branch->parent = ancestry->branches[0].name;
        branch->commit = arena_string(&ancestry->arena, ancestry->base);
    }
    ancestry->failed |= ancestry->arena.failed;
    return good;
}

/* -- branches ---------------------------------------------------------------------------------- */

struct ref {
    const char *name, *full; /* main; refs/heads/main */
};

struct refs {
    struct arena *arena;
    struct ref items[BRANCHES_MAX * 2];
    size_t count;
    const char *main; /* what origin/HEAD stands for, or "" */
};

static int add_ref(void *context, const char *line)
{
    static const char local[] = "refs/heads/", origin[] = "refs/remotes/origin/";
    struct refs *refs = context;
    const char *space = strchr(line, ' ');
    size_t len = space != NULL ? (size_t)(space - line) : strlen(line);
    char *full = arena_copy(refs->arena, line, len);
    if (full == NULL) return 1;
    int is_local = strncmp(full, local, sizeof local - 1) == 0;
    const char *name = full + (is_local ? sizeof local : sizeof origin) - 1;
    if (!is_local && strcmp(name, "HEAD") == 0) {
        const char *target = space != NULL ? space + 1 : "";
        if (strncmp(target, origin, sizeof origin - 1) == 0)
            refs->main = arena_string(refs->arena, target + sizeof origin - 1);
        return refs->main == NULL;
    }
    for (size_t i = 0; i < refs->count; i++) {
        if (strcmp(refs->items[i].name, name) == 0) return 0; /* local ones come first */
    }
    if (refs->count < sizeof refs->items / sizeof refs->items[0])
        refs->items[refs->count++] = (struct ref){name, full};
    return 0;
}

/* The main branch: the origin's, else main, master, the one that is checked out. */
static size_t main_ref(const struct refs *refs, const char *root)
{
    char head[GIT_NAME_MAX];
    git_head(root, head);
    const char *const names[] = {refs->main, "main", "master", head};
    for (size_t n = 0; n < 4; n++) {
        for (size_t i = 0; names[n][0] != '\0' && i < refs->count; i++) {
            if (strcmp(refs->items[i].name, names[n]) == 0) return i;
        }
    }
    return 0;
}

static int read_branches(struct ancestry *ancestry, const char *root)
{
    static const char *const words[] = {"for-each-ref", "--format=%(refname) %(symref)",
                                        "refs/heads/", "refs/remotes/origin/", NULL};
    struct refs *refs = calloc(1, sizeof *refs);
    if (refs == NULL) return 0;
    refs->arena = &ancestry->arena;
    refs->main = "";
    int good = git_lines(root, words, -1, add_ref, refs) && refs->count > 0;
    size_t first = good ? main_ref(refs, root) : 0;
    const struct ref *main = &refs->items[first];
    if (good) good = read_branch(ancestry, root, main->name, main->full, NULL);
    for (size_t i = 0; i < refs->count && good; i++) {
        if (i != first)
            (void)read_branch(ancestry, root, refs->items[i].name, refs->items[i].full, main->full);
    }
    free(refs);
    return good && !ancestry->failed;
}

struct ancestry *ancestry_read(const char *root)
{
    struct ancestry *ancestry = calloc(1, sizeof *ancestry);
    if (ancestry == NULL) return NULL;
    arena_init(&ancestry->arena, 0);
    if (!read_branches(ancestry, root)) {
        ancestry_free(ancestry);
        return NULL;
    }
    if (ancestry->count > 1)
        qsort(ancestry->commits, ancestry->count, sizeof *ancestry->commits, compare_commits);
    for (size_t i = 1; i < ancestry->branch_count; i++) {
        const struct commit *base = find(ancestry, ancestry->branches[i].commit);
        if (base != NULL) ancestry->branches[i].time_ns = base->time_ns;
    }
    return ancestry;
}

void ancestry_free(struct ancestry *ancestry)
{
    if (ancestry == NULL) return;
    arena_clear(&ancestry->arena);
    free(ancestry->commits);
    free(ancestry);
}

int ancestry_find(const struct ancestry *ancestry, const char *commit, struct ancestry_place *out)
{
    const struct commit *found = find(ancestry, commit);
    if (found == NULL) return 0;
    *out = (struct ancestry_place){ancestry->branches[found->branch].name, found->time_ns};
    return 1;
}

const struct ancestry_branch *ancestry_branches(const struct ancestry *ancestry, size_t *count)
{
    *count = ancestry->branch_count;
    return ancestry->branches;
}
