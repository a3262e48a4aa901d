/* test_ci.c -- tools/ci: what each service's variables mean. */
#include "../../tools/ci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An environment: name, value, ..., NULL. */
static const char *lookup(void *context, const char *name)
{
    const char *const *pairs = context;
    for (; pairs[0] != NULL; pairs += 2)
        if (strcmp(pairs[0], name) == 0) return pairs[1];
    return NULL;
}

static struct ci_facts read_pairs(const char **pairs)
{
    struct ci_facts facts;
    ci_read(lookup, pairs, &facts);
    return facts;
}

static void test_none(void **state)
{
    const char *pairs[] = {"HOME", "/root", "GITHUB_ACTIONS", "", NULL};
    (void)state;
    struct ci_facts facts = read_pairs(pairs);
    assert_null(facts.service);
    assert_string_equal(facts.branch, "");
    assert_string_equal(facts.id, "");
}

static void test_github_push(void **state)
{
    const char *pairs[] = {"GITHUB_ACTIONS",
                           "true",
                           "GITHUB_REPOSITORY",
                           "org/calendar",
                           "GITHUB_REF_NAME",
                           "main",
                           "GITHUB_SHA",
                           "abc",
                           "GITHUB_RUN_ID",
                           "7",
                           "GITHUB_RUN_ATTEMPT",
                           "2",
                           "GITHUB_JOB",
                           "bench",
                           "GITHUB_ACTION",
                           "__run",
                           "GITHUB_EVENT_NAME",
                           "push",
                           "RUNNER_ENVIRONMENT",
                           "github-hosted",
                           "RUNNER_OS",
                           "Linux",
                           "ImageOS",
                           "ubuntu22",
                           "RUNNER_ARCH",
                           "X64",
                           "RUNNER_NAME",
                           "GitHub Actions 3",
                           NULL};
    (void)state;
    struct ci_facts facts = read_pairs(pairs);
    assert_string_equal(facts.service, "github");
    assert_string_equal(facts.project, "calendar");
    assert_string_equal(facts.branch, "main");
    assert_string_equal(facts.commit, "abc");
    assert_string_equal(facts.id, "7/2/bench/__run");
    assert_string_equal(facts.testbed, "linux-ubuntu22-x64");
    assert_int_equal(facts.pull_request, 0);
    assert_int_equal(facts.merge_only, 0);
}

static void test_github_self_hosted(void **state)
{
    const char *pairs[] = {"GITHUB_ACTIONS", "true",      "RUNNER_ENVIRONMENT",
                           "self-hosted",    "RUNNER_OS", "Linux",
                           "RUNNER_NAME",    "bench-box", NULL};
    (void)state;
    assert_string_equal(read_pairs(pairs).testbed, "bench-box");
}

static void test_github_pull_request(void **state)
{
    const char *base = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/pace-ci-XXXXXX", base != NULL && *base != '\0' ? base : "/tmp");
    int file = mkstemp(path);
    const char event[] = "{\"pull_request\":{\"number\":17,\"head\":{\"sha\":\"f00\"}}}";
    assert_int_equal(write(file, event, sizeof event - 1), sizeof event - 1);
    close(file);
    const char *pairs[] = {"GITHUB_ACTIONS",
                           "true",
                           "GITHUB_EVENT_NAME",
                           "pull_request",
                           "GITHUB_REF",
                           "refs/pull/17/merge",
                           "GITHUB_REF_NAME",
                           "17/merge",
                           "GITHUB_SHA",
                           "merge",
                           "GITHUB_EVENT_PATH",
                           path,
                           NULL};
    (void)state;
    struct ci_facts facts = read_pairs(pairs);
    unlink(path);
    /* A fork's branch may be called main: the number names it. */
    assert_string_equal(facts.branch, "pr/17");
    assert_string_equal(facts.commit, "f00");
    assert_int_equal(facts.merge_only, 0);
    /* Without the event file the head is the merge's second parent. */
    facts = read_pairs(pairs);
    assert_string_equal(facts.branch, "pr/17");
    assert_string_equal(facts.commit, "");
    assert_int_equal(facts.merge_only, 1);
}

static void test_gitlab(void **state)
{
    const char *branch[] = {"GITLAB_CI",
                            "true",
                            "CI_PROJECT_NAME",
                            "calendar",
                            "CI_COMMIT_BRANCH",
                            "main",
                            "CI_COMMIT_SHA",
                            "abc",
                            "CI_JOB_ID",
                            "99",
                            "CI_JOB_NAME",
                            "bench",
                            "CI_RUNNER_DESCRIPTION",
                            "box",
                            NULL};
    const char *merge[] = {"GITLAB_CI",
                           "true",
                           "CI_COMMIT_REF_NAME",
                           "main",
                           "CI_COMMIT_SHA",
                           "merged",
                           "CI_MERGE_REQUEST_IID",
                           "5",
                           "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
                           "head",
                           NULL};
    const char *detached[] = {"GITLAB_CI",
                              "true",
                              "CI_COMMIT_REF_NAME",
                              "x",
                              "CI_COMMIT_SHA",
                              "abc",
                              "CI_MERGE_REQUEST_IID",
                              "5",
                              "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
                              "",
                              NULL};
    (void)state;
    struct ci_facts facts = read_pairs(branch);
    assert_string_equal(facts.project, "calendar");
    assert_string_equal(facts.branch, "main");
    assert_string_equal(facts.id, "99");
    assert_string_equal(facts.testbed, "box");
    facts = read_pairs(merge);
    assert_string_equal(facts.branch, "pr/5");
    assert_string_equal(facts.commit, "head");
    assert_string_equal(read_pairs(detached).commit, "abc");
}

static void test_jenkins(void **state)
{
    const char *branch[] = {"JENKINS_URL", "http://j/", "GIT_BRANCH", "origin/main",  "GIT_COMMIT",
                            "abc",         "JOB_NAME",  "cal",        "BUILD_NUMBER", "4",
                            "NODE_NAME",   "n1",        NULL};
    const char *change[] = {"JENKINS_URL", "http://j/",  "BRANCH_NAME", "PR-12", "CHANGE_ID",
                            "12",          "GIT_COMMIT", "merge",       NULL};
    (void)state;
    struct ci_facts facts = read_pairs(branch);
    assert_string_equal(facts.branch, "main");
    assert_string_equal(facts.id, "cal/4");
    assert_string_equal(facts.testbed, "n1");
    facts = read_pairs(change);
    assert_string_equal(facts.branch, "pr/12");
    assert_string_equal(facts.commit, "");
    assert_int_equal(facts.merge_only, 1);
}

static void test_azure(void **state)
{
    const char *pairs[] = {"TF_BUILD",
                           "True",
                           "BUILD_SOURCEBRANCH",
                           "refs/pull/8/merge",
                           "BUILD_SOURCEVERSION",
                           "merge",
                           "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER",
                           "8",
                           "SYSTEM_PULLREQUEST_SOURCECOMMITID",
                           "head",
                           "AGENT_ISSELFHOSTED",
                           "0",
                           "AGENT_OS",
                           "Linux",
                           "AGENT_OSARCHITECTURE",
                           "X64",
                           NULL};
    const char *push[] = {
        "TF_BUILD", "True", "BUILD_SOURCEBRANCH", "refs/heads/feature/x", "BUILD_SOURCEVERSION",
        "abc",      NULL};
    (void)state;
    struct ci_facts facts = read_pairs(pairs);
    assert_string_equal(facts.branch, "pr/8");
    assert_string_equal(facts.commit, "head");
    assert_string_equal(facts.testbed, "linux-x64");
    assert_string_equal(read_pairs(push).branch, "feature/x");
}

static void test_buildkite(void **state)
{
    const char *pairs[] = {"BUILDKITE",
                           "true",
                           "BUILDKITE_BRANCH",
                           "main",
                           "BUILDKITE_COMMIT",
                           "abc",
                           "BUILDKITE_PULL_REQUEST",
                           "false",
                           "BUILDKITE_AGENT_NAME",
                           "a1",
                           NULL};
    const char *pull[] = {"BUILDKITE",
                          "true",
                          "BUILDKITE_BRANCH",
                          "main",
                          "BUILDKITE_COMMIT",
                          "abc",
                          "BUILDKITE_PULL_REQUEST",
                          "31",
                          NULL};
    (void)state;
    assert_string_equal(read_pairs(pairs).branch, "main");
    assert_string_equal(read_pairs(pairs).testbed, "a1");
    assert_string_equal(read_pairs(pull).branch, "pr/31");
    assert_string_equal(read_pairs(pull).commit, "abc");
}

static void test_circleci(void **state)
{
    const char *pairs[] = {
        "CIRCLECI",    "true", "CIRCLE_BRANCH",       "main",
        "CIRCLE_SHA1", "abc",  "CIRCLE_PULL_REQUEST", "https://github.com/o/r/pull/44",
        NULL};
    const char *push[] = {"CIRCLECI", "true", "CIRCLE_BRANCH", "main", "CIRCLE_SHA1", "abc", NULL};
    (void)state;
    assert_string_equal(read_pairs(pairs).branch, "pr/44");
    assert_string_equal(read_pairs(pairs).commit, "abc");
    assert_string_equal(read_pairs(push).branch, "main");
}

/* The branch that a pull request is for, as each service names it. */
static void test_base(void **state)
{
    static const struct {
        const char *pairs[12], *branch, *commit;
    } rows[] = {
        {{"GITHUB_ACTIONS", "true", "GITHUB_EVENT_NAME", "pull_request", "GITHUB_REF",
          "refs/pull/7/merge", "GITHUB_BASE_REF", "main"},
         "main",
         ""},
        {{"GITHUB_ACTIONS", "true", "GITHUB_EVENT_NAME", "push", "GITHUB_BASE_REF", "main"},
         "",
         ""},
        {{"GITLAB_CI", "true", "CI_MERGE_REQUEST_IID", "7", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
          "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "abc"},
         "main",
         "abc"},
        {{"GITLAB_CI", "true", "CI_MERGE_REQUEST_IID", "7", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
          "tip", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "abc"},
         "",
         "tip"},
        {{"JENKINS_URL", "x", "CHANGE_ID", "7", "CHANGE_TARGET", "release/1"}, "release/1", ""},
        {{"TF_BUILD", "True", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "7",
          "SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"},
         "main",
         ""},
        {{"BUILDKITE", "true", "BUILDKITE_PULL_REQUEST", "7", "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
          "main"},
         "main",
         ""},
        {{"BUILDKITE", "true", "BUILDKITE_PULL_REQUEST", "false",
          "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"},
         "",
         ""},
        {{"CIRCLECI", "true", "CIRCLE_PR_NUMBER", "7"}, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *pairs[12];
        memcpy(pairs, rows[i].pairs, sizeof pairs);
        struct ci_facts facts = read_pairs(pairs);
        assert_string_equal(facts.base, rows[i].branch);
        assert_string_equal(facts.base_commit, rows[i].commit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_github_push),
        cmocka_unit_test(test_github_self_hosted),
        cmocka_unit_test(test_github_pull_request),
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_gitlab),
        cmocka_unit_test(test_jenkins),
        cmocka_unit_test(test_azure),
        cmocka_unit_test(test_buildkite),
        cmocka_unit_test(test_circleci),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
