/* criterion_tree.h -- target/criterion, the tree in which criterion.rs keeps its newest run, as the
 * text that `cargo criterion --message-format=json` would have written of it.
 *
 * Each benchmark has a directory with new/benchmark.json, estimates.json and sample.json: together
 * they are one run, which files read one by one would not be, and benchmark.json has the name as it
 * is. What is older (base/) or derived (change/, report/) is left out. */
#ifndef PACE_CRITERION_TREE_H
#define PACE_CRITERION_TREE_H

#include "../engine/pace.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct criterion_tree {
    FILE *out;
    char *text; /* complete after criterion_tree_end */
    size_t len, count;
    int64_t newest_ns; /* when the last of its files was written */
};

/* 1 when `path` is the directory of a benchmark. */
int criterion_tree_is(const char *path);

/* Adds one. 0, PACE_ENOMEM, or PACE_EVALUE: a file of it cannot be read, which *error names. */
int criterion_tree_add(struct criterion_tree *tree, const char *path, struct pace_error *error);

/* Ends the text. 0 or PACE_ENOMEM. */
int criterion_tree_end(struct criterion_tree *tree, struct pace_error *error);
void criterion_tree_clear(struct criterion_tree *tree);

#endif
