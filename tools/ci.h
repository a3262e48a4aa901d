/* ci.h -- what a CI service says about the job, by its documented environment variables.
 *
 * One table row a service. Only the variables of the table are ever looked at. */
#ifndef PACE_CI_H
#define PACE_CI_H

enum { CI_NAME_MAX = 1024, CI_ID_MAX = 512 };

struct ci_facts {
    const char *service;           /* "github", "gitlab", ...; NULL outside of CI */
    char project[CI_NAME_MAX];     /* "" when the service does not say */
    char branch[CI_NAME_MAX];      /* pr/N in a pull request */
    char commit[CI_NAME_MAX];      /* a pull request's head, not its merge */
    char id[CI_ID_MAX];            /* job, attempt and step; "" when unknown */
    char job[CI_NAME_MAX];         /* the job's name */
    char testbed[CI_NAME_MAX];     /* hosted: os-image-arch; self-hosted: the runner's name */
    unsigned long pull_request;    /* number; 0: none */
    char base[CI_NAME_MAX];        /* branch that a pull request, or a merge queue, is for */
    char base_commit[CI_NAME_MAX]; /* where it left that branch, as far as the service knows */
    int merge_only; /* 1: commit is unknown, and HEAD is a pull request's merge commit */
    int is_nameless; /* 1: a pull request whose number is not known: branch is "" and must be given */
    char problem[CI_NAME_MAX]; /* what the service should have told and did not; "" for nothing */
};

/* Like getenv, with a context. */
typedef const char *ci_lookup(void *context, const char *name);

void ci_read(ci_lookup *lookup, void *context, struct ci_facts *out);

/* The lookup of the process' own environment. */
const char *ci_environment(void *context, const char *name);

#endif
