/* identity.h -- which run this is: project, branch, testbed, commit and the rest, from the command
 * line, else CI, else git, else the machine.
 *
 * A pull request is the branch pr/N at its head commit. A dirty work tree is a commit of its own,
 * one step after HEAD. */
#ifndef PACE_IDENTITY_H
#define PACE_IDENTITY_H

#include "ci.h"
#include "command.h"
#include "environment.h"
#include "git.h"

/* Where the branch left its parent. */
struct start_point {
    int is_set;                  /* 0: nothing is said of it */
    char branch[GIT_NAME_MAX];   /* "": it has none (any more) */
    char commit[GIT_COMMIT_MAX]; /* "" when unknown */
    int64_t time_ns;             /* of that commit; 0 when unknown */
    int is_given;                /* by --start-point */
};

struct identity {
    char project[GIT_NAME_MAX], branch[GIT_NAME_MAX], testbed[GIT_NAME_MAX];
    char commit[GIT_COMMIT_MAX]; /* "" when unknown */
    char id[128];                /* of the run */
    int64_t time_ns;             /* 0: unknown */
    uint32_t ordinal;
    int dirty;
    struct start_point start;
    struct ci_facts ci;
    struct git_facts git;
    struct environment environment;
};

/* Fills *out; what nobody tells is "" or 0. Notes what is odd on stderr. Returns 0, or STATUS_USAGE
 * after saying what is wrong with an option. */
int identity_read(const struct arguments *arguments, struct identity *out);

/* Fills out->start of an identity that was read: the options, else the base of CI's pull request
 * as git tells it. Returns 0 or STATUS_USAGE likewise. */
int identity_start(const struct arguments *arguments, struct identity *out);

/* A new identity for run number `index` (from 0) of this command: CI's job, attempt and step with
 * what is measured, else random. */
void identity_name(struct identity *identity, char *const *argv, unsigned index);

#endif
