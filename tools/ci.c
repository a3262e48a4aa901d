/* ci.c -- what a CI service says about the job, by its documented environment variables. */
#include "ci.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Variables in order of preference, separated by blanks; "" for none. */
struct ci_service {
    const char *name, *mark; /* the variable that is set on this service and no other */
    const char *project, *branch, *commit;
    const char *number; /* pull request: a number, or text that ends in one */
    const char *head;   /* commit of a pull request's head */
    const char *base;   /* branch that it is for */
    const char *base_commit;
    const char *id; /* all that are set, joined */
    const char *job;
    const char *runner;  /* name of a self-hosted runner */
    const char *hosted;  /* variable=value that tells a hosted runner; "" for never */
    const char *machine; /* os, image, arch: all that are set, joined */
};

static const struct ci_service services[] = {
    {"github", "GITHUB_ACTIONS", "GITHUB_REPOSITORY", "GITHUB_REF_NAME", "GITHUB_SHA", "", "",
     "GITHUB_BASE_REF", "", "GITHUB_RUN_ID GITHUB_RUN_ATTEMPT GITHUB_JOB GITHUB_ACTION",
     "GITHUB_JOB", "RUNNER_NAME", "RUNNER_ENVIRONMENT=github-hosted",
     "RUNNER_OS ImageOS RUNNER_ARCH"},
    {"gitlab", "GITLAB_CI", "CI_PROJECT_NAME", "CI_COMMIT_BRANCH CI_COMMIT_REF_NAME",
     "CI_COMMIT_SHA", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA CI_COMMIT_SHA",
     "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
     "CI_MERGE_REQUEST_TARGET_BRANCH_SHA CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_JOB_ID",
     "CI_JOB_NAME", "CI_RUNNER_DESCRIPTION", "CI_SHARED_ENVIRONMENT=true",
     "CI_SERVER_HOST CI_RUNNER_EXECUTABLE_ARCH"},
    {"jenkins", "JENKINS_URL", "", "BRANCH_NAME GIT_BRANCH", "GIT_COMMIT", "CHANGE_ID", "",
     "CHANGE_TARGET", "", "JOB_NAME BUILD_NUMBER STAGE_NAME", "JOB_NAME", "NODE_NAME", "", ""},
    {"azure", "TF_BUILD", "BUILD_REPOSITORY_NAME", "BUILD_SOURCEBRANCH", "BUILD_SOURCEVERSION",
     "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER SYSTEM_PULLREQUEST_PULLREQUESTID",
     "SYSTEM_PULLREQUEST_SOURCECOMMITID", "SYSTEM_PULLREQUEST_TARGETBRANCH", "",
     "BUILD_BUILDID SYSTEM_JOBID SYSTEM_JOBATTEMPT SYSTEM_TASKINSTANCEID", "AGENT_JOBNAME",
     "AGENT_NAME", "AGENT_ISSELFHOSTED=0", "AGENT_OS ImageOS AGENT_OSARCHITECTURE"},
    {"buildkite", "BUILDKITE", "BUILDKITE_PIPELINE_SLUG", "BUILDKITE_BRANCH", "BUILDKITE_COMMIT",
     "BUILDKITE_PULL_REQUEST", "BUILDKITE_COMMIT", "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "",
     "BUILDKITE_BUILD_ID BUILDKITE_JOB_ID BUILDKITE_RETRY_COUNT BUILDKITE_STEP_ID",
     "BUILDKITE_LABEL", "BUILDKITE_AGENT_NAME", "", ""},
    {"circleci", "CIRCLECI", "CIRCLE_PROJECT_REPONAME", "CIRCLE_BRANCH", "CIRCLE_SHA1",
     "CIRCLE_PR_NUMBER CIRCLE_PULL_REQUEST", "CIRCLE_SHA1", "", "",
     "CIRCLE_WORKFLOW_ID CIRCLE_BUILD_NUM CIRCLE_NODE_INDEX CIRCLE_JOB", "CIRCLE_JOB", "", "", ""},
};

struct reader {
    ci_lookup *lookup;
    void *context;
};

/* The next name of a list of names in *list, which moves on; 0 at the end. */
static int next_name(const char **list, char name[CI_NAME_MAX])
{
    while (**list == ' ')
        (*list)++;
    size_t len = strcspn(*list, " ");
    if (len == 0 || len >= CI_NAME_MAX) return 0;
    memcpy(name, *list, len);
    name[len] = '\0';
    *list += len;
    return 1;
}

/* The first of a list of variables that is set and not empty. */
static const char *first_set(const struct reader *reader, const char *list)
{
    char name[CI_NAME_MAX];
    while (next_name(&list, name)) {
        const char *value = reader->lookup(reader->context, name);
        if (value != NULL && *value != '\0') return value;
    }
    return NULL;
}

/* All of a list that are set, with `between`. */
static void join_set(const struct reader *reader, const char *list, char between, char *out,
                     size_t size)
{
    char name[CI_NAME_MAX];
    size_t used = 0;
    out[0] = '\0';
    while (next_name(&list, name)) {
        const char *value = reader->lookup(reader->context, name);
        if (value == NULL || *value == '\0') continue;
        size_t len = strlen(value);
        if (used + len + 2 > size) break;
        if (used > 0) out[used++] = between;
        memcpy(out + used, value, len + 1);
        used += len;
    }
}

static void copy(char *out, size_t size, const char *text)
{
    if (text != NULL) snprintf(out, size, "%s", text);
}

/* What follows the last '/'. */
static const char *last_part(const char *text)
{
    const char *slash = text != NULL ? strrchr(text, '/') : NULL;
    return slash != NULL ? slash + 1 : text;
}

static const char *without(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text != NULL && strncmp(text, prefix, len) == 0 ? text + len : text;
}

/* The number of "17" or ".../pull/17"; 0 for "false" and the like. */
static unsigned long number_of(const char *text)
{
    const char *part = last_part(text);
    if (part == NULL || !isdigit((unsigned char)*part)) return 0;
    char *end;
    unsigned long value = strtoul(part, &end, 10);
    return *end == '\0' ? value : 0;
}

/* The event that started the job, as GitHub describes it in a file; NULL after telling why not. */
static json_t *read_event(const struct reader *reader, struct ci_facts *out)
{
    const char *path = reader->lookup(reader->context, "GITHUB_EVENT_PATH");
    json_error_t error;
    if (path == NULL || *path == '\0') {
        copy(out->problem, sizeof out->problem, "GITHUB_EVENT_PATH is not set");
        return NULL;
    }
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        snprintf(out->problem, sizeof out->problem, "GITHUB_EVENT_PATH: %.200s: %.200s", path,
                 error.line > 0 ? error.text : "cannot be read");
    return root;
}

static const char *member(const json_t *object, const char *first, const char *second)
{
    return json_string_value(json_object_get(json_object_get(object, first), second));
}

/* GITHUB_SHA of a pull request is a merge commit that exists nowhere else. The number is in the
 * ref, and with the head commit in the event file. With pull_request_target it is the base's
 * commit, and what is checked out is up to the workflow. */
static void read_github_pull(const struct reader *reader, struct ci_facts *out, int is_target)
{
    const char *ref = reader->lookup(reader->context, "GITHUB_REF");
    if (ref != NULL && strncmp(ref, "refs/pull/", 10) == 0)
        out->pull_request = strtoul(ref + 10, NULL, 10);
    out->commit[0] = '\0';
    out->merge_only = !is_target;
    json_t *root = read_event(reader, out);
    const json_t *pull = json_object_get(root, "pull_request");
    const char *head = member(pull, "head", "sha");
    const json_t *number = json_object_get(pull, "number");
    if (root != NULL && (head == NULL || !json_is_integer(number)))
        copy(out->problem, sizeof out->problem,
             "GITHUB_EVENT_PATH: the file tells of no pull request");
    if (head != NULL && !is_target) {
        copy(out->commit, sizeof out->commit, head);
        out->merge_only = 0;
    }
    copy(out->base_commit, sizeof out->base_commit, member(pull, "base", "sha"));
    if (json_is_integer(number) && json_integer_value(number) > 0)
        out->pull_request = (unsigned long)json_integer_value(number);
    out->is_nameless = out->pull_request == 0;
    if (out->is_nameless) out->branch[0] = '\0';
    json_decref(root);
}

static void read_github(const struct reader *reader, struct ci_facts *out)
{
    const char *event = reader->lookup(reader->context, "GITHUB_EVENT_NAME");
    if (event == NULL) return;
    if (strcmp(event, "pull_request") == 0 || strcmp(event, "pull_request_target") == 0 ||
        strncmp(event, "pull_request_review", 19) == 0) {
        read_github_pull(reader, out, strcmp(event, "pull_request_target") == 0);
    } else if (strcmp(event, "merge_group") == 0) {
        json_t *root = read_event(reader, out);
        copy(out->base, sizeof out->base,
             without(member(root, "merge_group", "base_ref"), "refs/heads/"));
        copy(out->base_commit, sizeof out->base_commit, member(root, "merge_group", "base_sha"));
        json_decref(root);
    }
}

static void read_testbed(const struct reader *reader, const struct ci_service *service,
                         struct ci_facts *out)
{
    char name[CI_NAME_MAX];
    const char *equals = strchr(service->hosted, '=');
    if (equals != NULL) {
        snprintf(name, sizeof name, "%.*s", (int)(equals - service->hosted), service->hosted);
        const char *value = reader->lookup(reader->context, name);
        if (value != NULL && strcmp(value, equals + 1) == 0) {
            join_set(reader, service->machine, '-', out->testbed, sizeof out->testbed);
            for (char *c = out->testbed; *c != '\0'; c++)
                *c = *c == '/' || *c == ' ' ? '-' : (char)tolower((unsigned char)*c);
            return;
        }
    }
    copy(out->testbed, sizeof out->testbed, first_set(reader, service->runner));
}

void ci_read(ci_lookup *lookup, void *context, struct ci_facts *out)
{
    struct reader reader = {lookup, context};
    const struct ci_service *service = NULL;
    *out = (struct ci_facts){0};
    for (size_t i = 0; i < sizeof services / sizeof services[0] && service == NULL; i++)
        if (first_set(&reader, services[i].mark) != NULL) service = &services[i];
    if (service == NULL) return;

    out->service = service->name;
    copy(out->project, sizeof out->project, last_part(first_set(&reader, service->project)));
    copy(out->commit, sizeof out->commit, first_set(&reader, service->commit));
    copy(out->job, sizeof out->job, first_set(&reader, service->job));
    join_set(&reader, service->id, '/', out->id, sizeof out->id);
    const char *branch = first_set(&reader, service->branch);
    branch = without(without(without(branch, "refs/heads/"), "refs/tags/"), "origin/");
    copy(out->branch, sizeof out->branch, branch);
    read_testbed(&reader, service, out);

    if (strcmp(service->name, "github") == 0)
        read_github(&reader, out);
    else
        out->pull_request = number_of(first_set(&reader, service->number));
    if (out->pull_request == 0) return;
    snprintf(out->branch, sizeof out->branch, "pr/%lu", out->pull_request);
    copy(out->base, sizeof out->base, without(first_set(&reader, service->base), "refs/heads/"));
    if (*service->base_commit != '\0')
        copy(out->base_commit, sizeof out->base_commit, first_set(&reader, service->base_commit));
    const char *head = first_set(&reader, service->head);
    if (head != NULL) {
        copy(out->commit, sizeof out->commit, head);
    } else if (strcmp(service->name, "github") != 0) {
        out->commit[0] = '\0';
        out->merge_only = 1;
    }
}

const char *ci_environment(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}
