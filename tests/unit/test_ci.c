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

/* The environment of a pull request's job, with a place for its event file: pairs[EVENT_PATH]. */
enum { EVENT_NAME = 3, EVENT_REF = 5, EVENT_REF_NAME = 7, EVENT_PATH = 11 };
#define PULL_REQUEST                                                                               \
    {                                                                                              \
        "GITHUB_ACTIONS", "true", "GITHUB_EVENT_NAME", "pull_request", "GITHUB_REF",               \
            "refs/pull/17/merge", "GITHUB_REF_NAME", "17/merge", "GITHUB_SHA", "merge",            \
            "GITHUB_EVENT_PATH", "", NULL                                                          \
    }

/* Makes an empty event file. */
static int make_event(char path[4096])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 4096, "%s/pace-ci-XXXXXX", base != NULL && *base != '\0' ? base : "/tmp");
    int file = mkstemp(path);
    assert_true(file >= 0);
    return file;
}

static void test_github_pull_request(void **state)
{
    const char *pairs[] = PULL_REQUEST;
    char path[4096];
    int file = make_event(path);
    const char event[] = "{\"pull_request\":{\"number\":17,\"head\":{\"sha\":\"f00\"}}}";
    assert_int_equal(write(file, event, sizeof event - 1), sizeof event - 1);
    close(file);
    pairs[EVENT_PATH] = path;
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

/* An environment that was recorded: tests/data/ci/NAME.env. */
enum { MOST_PAIRS = 64 };
struct recorded {
    char text[8192];
    const char *pairs[2 * MOST_PAIRS + 1];
};

static void recorded_read(const char *name, struct recorded *out)
{
    char path[128];
    size_t count = 0;
    snprintf(path, sizeof path, "tests/data/ci/%s.env", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    out->text[fread(out->text, 1, sizeof out->text - 1, file)] = '\0';
    fclose(file);
    char *rest = NULL;
    for (char *line = strtok_r(out->text, "\n", &rest); line != NULL && count < MOST_PAIRS;
         line = strtok_r(NULL, "\n", &rest)) {
        char *equals = strchr(line, '=');
        assert_non_null(equals);
        *equals = '\0';
        out->pairs[2 * count] = line;
        out->pairs[2 * count + 1] = equals + 1;
        count++;
    }
    out->pairs[2 * count] = NULL;
}

static void test_recorded(void **state)
{
    static const struct {
        const char *file, *service, *project, *branch, *commit, *id, *testbed, *base;
        unsigned long pull_request;
        int merge_only;
    } rows[] = {
        {"github-push", "github", "Sum25-intro-labs", "master",
         "e3657d6a44a74de4caebc6149304aa32ef1c715d", "16579029340/1/build/__run_2",
         "linux-ubuntu24-x64", "", 0, 0},
        {"github-pull", "github", "Sum25-intro-labs", "pr/17", "", "16579029340/2/build/__run_2",
         "linux-ubuntu24-x64", "master", 17, 1},
        {"gitlab-branch", "gitlab", "gitlab", "main", "1ecfd275763eff1d6b4844ea3168962458c9f27a",
         "50", "my runner", "", 0, 0},
        {"gitlab-merge", "gitlab", "gitlab", "pr/1", "1ecfd275763eff1d6b4844ea3168962458c9f27a",
         "50", "example.com-linux-amd64", "main", 1, 0},
        {"jenkins-branch", "jenkins", "", "master", "d0d170e510f0d807a804204052af417461eca3da",
         "jen/11/Step 3", "master", "", 0, 0},
        {"jenkins-change", "jenkins", "", "pr/12", "", "jen/11/Step 3", "master", "master", 12, 1},
        {"azure-pull", "azure", "rust", "pr/61946", "781bddf9d43a5228f0e0b3c0b184e08a44023e84",
         "5021/c041ccde-92b7-5163-1d93-b1c06077f4b4/1/96ac2280-8cb4-5df5-99de-dd2da759617d",
         "linux-x64", "master", 61946, 0},
        {"buildkite-pull", "buildkite", "rails", "pr/33717",
         "a0bd708bcdebced545b62a842a0350ccd1d683b7",
         "b81ed283-58b7-4925-aa4a-d3da0eafcf2b/d593f546-8c9a-45f8-8701-a2b92fbea9a7/0",
         "buildkite-i-0ecc27500782e25cf-1", "master", 33717, 0},
        {"circleci-pull", "circleci", "simplelogging", "pr/7",
         "4c884f7adccb828d0881882854ec69eda602a6e7",
         "467058ba-1816-43a8-8bd5-3138d91ffe58/62/0/build", "", "", 7, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct recorded recorded;
        recorded_read(rows[i].file, &recorded);
        struct ci_facts facts = read_pairs(recorded.pairs);
        assert_string_equal(facts.service, rows[i].service);
        assert_string_equal(facts.project, rows[i].project);
        assert_string_equal(facts.branch, rows[i].branch);
        assert_string_equal(facts.commit, rows[i].commit);
        assert_string_equal(facts.id, rows[i].id);
        assert_string_equal(facts.testbed, rows[i].testbed);
        assert_string_equal(facts.base, rows[i].base);
        assert_int_equal(facts.pull_request, rows[i].pull_request);
        assert_int_equal(facts.merge_only, rows[i].merge_only);
    }
}

/* GitHub's event file: missing, damaged, of another event; and what other events tell. */
static void test_events(void **state)
{
    const char *pairs[] = PULL_REQUEST;
    char path[4096];
    int file = make_event(path);
    (void)state;
    struct ci_facts facts = read_pairs(pairs);
    assert_string_equal(facts.problem, "GITHUB_EVENT_PATH is not set");
    assert_string_equal(facts.branch, "pr/17");
    assert_int_equal(facts.merge_only, 1);
    pairs[EVENT_PATH] = "/no/such/file";
    assert_non_null(strstr(read_pairs(pairs).problem, "/no/such/file: cannot be read"));
    pairs[EVENT_PATH] = path;
    assert_int_equal(write(file, "{", 1), 1);
    assert_non_null(strstr(read_pairs(pairs).problem, path));
    assert_int_equal(pwrite(file, "{}", 2, 0), 2);
    assert_non_null(strstr(read_pairs(pairs).problem, "no pull request"));

    /* Without a number there is no branch: the ref is the base's. */
    pairs[EVENT_NAME] = "pull_request_target";
    pairs[EVENT_REF] = "refs/heads/main";
    pairs[EVENT_REF_NAME] = "main";
    facts = read_pairs(pairs);
    assert_int_equal(facts.is_nameless, 1);
    assert_string_equal(facts.branch, "");
    static const char pull[] = "{\"pull_request\": {\"number\": 4, \"head\": {\"sha\": \"h\"}, "
                               "\"base\": {\"sha\": \"b\"}},\n"
                               " \"merge_group\": {\"base_ref\": \"refs/heads/main\", "
                               "\"base_sha\": \"m\"}}";
    assert_int_equal(pwrite(file, pull, sizeof pull - 1, 0), sizeof pull - 1);
    facts = read_pairs(pairs);
    assert_string_equal(facts.branch, "pr/4");
    assert_string_equal(facts.commit, ""); /* the workflow may have checked out anything */
    assert_int_equal(facts.merge_only, 0);
    assert_string_equal(facts.base_commit, "b");
    assert_string_equal(facts.problem, "");

    pairs[EVENT_NAME] = "merge_group";
    pairs[EVENT_REF_NAME] = "gh-readonly-queue/main/pr-4-m";
    facts = read_pairs(pairs);
    assert_string_equal(facts.branch, "gh-readonly-queue/main/pr-4-m");
    assert_string_equal(facts.commit, "merge");
    assert_string_equal(facts.base, "main");
    assert_string_equal(facts.base_commit, "m");
    close(file);
    unlink(path);
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
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
