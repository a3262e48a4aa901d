/* identity.c -- which run this is, from the command line, else CI, else git, else the machine. */
#include "identity.h"

#include "say.h"
#include "timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

static int copy_option(const struct arguments *arguments, enum option_id id, char *out, size_t size)
{
    const char *value = arguments_value(arguments, id);
    if (value == NULL) return 0;
    if (*value == '\0')
        return command_misused(arguments->command, "--%s must not be empty", option_rows[id].name);
    if (strlen(value) >= size)
        return command_misused(arguments->command, "--%s is longer than %zu bytes",
                               option_rows[id].name, size - 1);
    strcpy(out, value);
    return 0;
}

static void prefer(char *out, size_t size, const char *first, const char *second)
{
    if (out[0] != '\0') return;
    snprintf(out, size, "%s", first[0] != '\0' ? first : second);
}

/* The commit and its place. Another commit than HEAD is asked for by --commit, or by CI for a pull
 * request, whose checkout is a merge that exists nowhere else. */
static void read_commit(struct identity *out, const char *here)
{
    char other[GIT_COMMIT_MAX] = "";
    int asked = out->commit[0] != '\0';
    if (asked)
        snprintf(other, sizeof other, "%s", out->commit);
    else if (out->ci.merge_only)
        snprintf(other, sizeof other, "HEAD^2");
    else if (out->ci.pull_request != 0)
        snprintf(other, sizeof other, "%.127s", out->ci.commit);
    git_read(here, other[0] != '\0' ? other : NULL, &out->git);
    if (other[0] != '\0' && out->git.commit[0] == '\0') {
        /* Not in this clone. The merge that is checked out is close to a pull request's head; about
         * a commit that was asked for nothing is known. */
        git_read(here, NULL, &out->git);
        if (asked) out->git.time_ns = 0;
        strcpy(out->git.commit, !asked && out->ci.merge_only ? "" : other);
        out->git.ordinal = 0;
        out->git.dirty = 0;
    }
    strcpy(out->commit, out->git.commit);
    if (out->commit[0] == '\0') snprintf(out->commit, sizeof out->commit, "%.127s", out->ci.commit);
    out->time_ns = out->git.time_ns;
    out->ordinal = out->git.ordinal;
    out->dirty = out->git.dirty;
    if (out->dirty && out->commit[0] != '\0') {
        size_t len = strlen(out->commit);
        snprintf(out->commit + len, sizeof out->commit - len, "-dirty-%.8s", out->git.changes);
        if (out->time_ns != 0) out->time_ns++;
        if (out->ordinal != 0) out->ordinal++;
    }
}

int identity_read(const struct arguments *arguments, struct identity *out)
{
    char here[PATH_MAX], testbed[ENVIRONMENT_TEXT_MAX];
    *out = (struct identity){0};
    int status = copy_option(arguments, OPTION_PROJECT, out->project, sizeof out->project);
    if (status == 0)
        status = copy_option(arguments, OPTION_BRANCH, out->branch, sizeof out->branch);
    if (status == 0)
        status = copy_option(arguments, OPTION_TESTBED, out->testbed, sizeof out->testbed);
    if (status == 0)
        status = copy_option(arguments, OPTION_COMMIT, out->commit, sizeof out->commit);
    if (status != 0) return status;

    if (getcwd(here, sizeof here) == NULL) snprintf(here, sizeof here, "/");
    ci_read(ci_environment, NULL, &out->ci);
    environment_read(&out->environment);
    read_commit(out, here);
    if (out->ci.is_nameless && out->branch[0] == '\0')
        return command_misused(arguments->command,
                               "%s runs a pull request, but does not tell which: %s;\n"
                               "  name its branch: --branch pr/NUMBER",
                               out->ci.service, out->ci.problem);
    if (out->ci.problem[0] != '\0')
        say_note("note: %s: what the pull request is comes from git", out->ci.problem);
    const char *folder = strrchr(here, '/');
    prefer(out->project, sizeof out->project, out->git.project, out->ci.project);
    prefer(out->project, sizeof out->project, folder != NULL ? folder + 1 : "", "");
    prefer(out->branch, sizeof out->branch, out->ci.branch, out->git.branch);
    environment_testbed(&out->environment, testbed);
    prefer(out->testbed, sizeof out->testbed, out->ci.testbed, testbed);

    const char *time = arguments_value(arguments, OPTION_TIME);
    struct pace_error error = {0};
    if (time != NULL && timestamp_parse(time, strlen(time), &out->time_ns, &error) != 0)
        return command_misused(arguments->command, "--time: %s", error.message);
    return 0;
}

/* -- the start point --------------------------------------------------------------------------- */

/* The commit where a pull request left its base: the first parent of the merge that CI checked out,
 * for then the base's newest changes are measured too; else the merge base; else what CI says. */
static void find_base(const struct identity *identity, char commit[GIT_COMMIT_MAX])
{
    char first[GIT_COMMIT_MAX] = "", second[GIT_COMMIT_MAX] = "";
    const char *root = identity->git.root;
    commit[0] = '\0';
    if (root[0] != '\0') {
        git_parents(root, first, second);
        int is_merge = second[0] != '\0' &&
                       (identity->ci.merge_only || strcmp(second, identity->git.commit) == 0);
        if (is_merge)
            strcpy(commit, first);
        else
            git_merge_base(root, identity->ci.base, 1, identity->git.commit, commit);
    }
    if (commit[0] == '\0') snprintf(commit, GIT_COMMIT_MAX, "%.127s", identity->ci.base_commit);
}

int identity_start(const struct arguments *arguments, struct identity *identity)
{
    struct start_point *start = &identity->start;
    const char *root = identity->git.root;
    int status = copy_option(arguments, OPTION_START_POINT, start->branch, sizeof start->branch);
    if (status == 0)
        status = copy_option(arguments, OPTION_START_COMMIT, start->commit, sizeof start->commit);
    if (status != 0) return status;
    start->is_given = start->branch[0] != '\0';
    int reset = arguments_has(arguments, OPTION_START_RESET);
    if (!start->is_given && !reset && strcmp(identity->ci.base, identity->branch) != 0)
        strcpy(start->branch, identity->ci.base);
    start->is_set = reset || start->branch[0] != '\0';
    if (start->branch[0] == '\0') {
        if (start->commit[0] == '\0') return 0;
        return command_misused(arguments->command,
                               "--start-point-commit needs its branch: --start-point BRANCH");
    }
    if (start->commit[0] == '\0' && !start->is_given)
        find_base(identity, start->commit);
    else if (start->commit[0] == '\0' && root[0] != '\0')
        git_merge_base(root, start->branch, 0, identity->git.commit, start->commit);
    char full[GIT_COMMIT_MAX];
    if (root[0] != '\0' && git_commit(root, start->commit, full, &start->time_ns))
        strcpy(start->commit, full);
    return 0;
}

/* -- the run's own name ------------------------------------------------------------------------ */

void identity_name(struct identity *identity, char *const *argv, unsigned index)
{
    if (identity->ci.id[0] != '\0') {
        /* Jobs of a matrix share names: what is measured, and with what, is part of the identity.
         */
        XXH64_hash_t hash = XXH3_64bits(identity->ci.id, strlen(identity->ci.id));
        const char *const parts[] = {identity->project, identity->branch, identity->testbed,
                                     identity->commit};
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            hash = XXH3_64bits_withSeed(parts[i], strlen(parts[i]), hash);
        for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
            hash = XXH3_64bits_withSeed(argv[i], strlen(argv[i]), hash);
        snprintf(identity->id, sizeof identity->id, "%s:%.80s:%016llx.%u", identity->ci.service,
                 identity->ci.id, (unsigned long long)hash, index);
        return;
    }
    unsigned char bytes[16];
    size_t got = 0;
    while (got < sizeof bytes) {
        ssize_t part = getrandom(bytes + got, sizeof bytes - got, 0);
        if (part > 0)
            got += (size_t)part;
        else if (errno != EINTR)
            break;
    }
    if (got <
        sizeof bytes) { /* no random source: the clock and the process are unlike any other's */
        uint64_t mix[2] = {(uint64_t)timestamp_now(), (uint64_t)getpid() << 32 | index};
        memcpy(bytes, mix, sizeof bytes);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(identity->id + 2 * i, 3, "%02x", bytes[i]);
}
