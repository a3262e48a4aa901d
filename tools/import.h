/* import.h -- history that another tool kept: trees of result files, files with many runs, results
 * in the commits of a repository.
 *
 * Nothing is stored twice (ids of runs are of their content), so an import that was cut off, or
 * whose source has grown, is simply done again. What is not stored is counted by reason. */
#ifndef PACE_IMPORT_H
#define PACE_IMPORT_H

#include "load.h"

struct import_options {
    struct load_options
        load;         /* project, branch, testbed, adapter, suite_as, dry_run, say, context */
    const char *root; /* of the repository that knows the commits; NULL: none */
    /* Called now and then: files done, of how many (0: unknown). May be NULL. */
    void (*progress)(void *context, size_t done, size_t total, const struct load_report *report);
};

enum { IMPORT_REASONS = 16 };

struct import_report {
    struct load_report load;
    struct import_reason {
        char text[80];
        uint64_t count;
        char example[200]; /* the first file, and what is wrong with it */
    } reasons[IMPORT_REASONS];
    size_t reason_count;
    uint64_t segments;  /* accept marks that were added: versions of benchmarks that changed */
    uint64_t strangers; /* of the unplaced those that have a commit */
    uint64_t unplaced;  /* runs whose commit no branch of the repository has, and that name none */
    uint64_t starts;    /* start points that were set */
};

/* Imports files and directories (walked, in order of name). Returns 0, or the code of an error of
 * the store or of a path that cannot be read. */
int import_paths(pace *store, const struct import_options *options, char *const *paths,
                 size_t count, struct pace_error *error, struct import_report *report);

/* Imports, from each commit of the branch's first-parent history (options->load.branch, else HEAD),
 * oldest first, the files that `pattern` (a glob of git's) names and the commit changed. Results
 * that name no commit are of the commit they are in. */
int import_git(pace *store, const struct import_options *options, const char *pattern,
               struct pace_error *error, struct import_report *report);

#endif
