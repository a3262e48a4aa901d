/* cmd_tag.c -- `pace tag`: names of commits, kept in the store for where git is not at hand. */
#include "command.h"

#include "../engine/pace.h"
#include "identity.h"
#include "rows.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

static int list_tags(const struct arguments *arguments)
{
    struct show_style style;
    struct pace_error error = {0};
    pace *store = NULL;
    pace_snapshot *snapshot = NULL;
    const struct pace_object *objects = NULL;
    size_t count = 0;
    struct rows rows;
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    rows_init(&rows);
    rows_field(&rows, "tag", PACE_FIELD_TEXT);
    rows_field(&rows, "commit", PACE_FIELD_TEXT);
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code == 0) code = pace_objects(snapshot, &error, &objects, &count);
    for (size_t i = 0; code == 0 && i < count; i++) {
        if (objects[i].kind != PACE_OBJECT_TAG) continue;
        rows_next(&rows);
        rows_text(&rows, 0, objects[i].name);
        rows_text(&rows, 1, objects[i].text);
    }
    if (code != 0)
        status = store_failed("", code, &error);
    else if (rows.count == 0 && style.format == NULL)
        say_note("no tags");
    else
        status = show_rows(&style, &rows);
    rows_clear(&rows);
    pace_snapshot_end(snapshot);
    pace_close(store);
    return status;
}

/* Keeps the first commit of the store that begins with a prefix, and whether there is another. */
struct known {
    char commit[PACE_MAX_COMMIT + 1];
    int several;
};

static int visit(void *context, const char *commit, uint64_t run)
{
    struct known *known = context;
    (void)run;
    known->several = known->commit[0] != '\0' && strcmp(known->commit, commit) != 0;
    if (!known->several) snprintf(known->commit, sizeof known->commit, "%s", commit);
    return known->several;
}

/* The commit that is meant: by git, else by the store. */
static int resolve(pace *store, const struct identity *identity, const char *name,
                   struct known *known)
{
    struct pace_error error = {0};
    pace_snapshot *snapshot = NULL;
    char commit[GIT_COMMIT_MAX];
    int64_t time_ns;
    const char *root = identity->git.root;
    *known = (struct known){0};
    if (name == NULL) name = identity->git.commit;
    if (*name != '\0' && *root != '\0' && git_commit(root, name, commit, &time_ns)) name = commit;
    if (*name == '\0') {
        say_error("git is not here to tell the commit; name it: pace tag NAME COMMIT");
        return STATUS_USAGE;
    }
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code == 0) code = pace_commits(snapshot, name, &error, visit, known);
    pace_snapshot_end(snapshot);
    if (code < 0) return store_failed("", code, &error);
    if (known->several) {
        say_error("%s could be several commits; write more of the hash", name);
        return STATUS_USAGE;
    }
    if (known->commit[0] != '\0') return STATUS_OK;
    if (name != commit && name != identity->git.commit) {
        say_error("neither git nor the store know the commit %s", name);
        return STATUS_DATA;
    }
    snprintf(known->commit, sizeof known->commit, "%s", name);
    say_note("no run of that commit is stored yet");
    return STATUS_OK;
}

int cmd_tag(const struct arguments *arguments)
{
    pace *store = NULL;
    struct pace_error error = {0};
    struct known known;
    if (arguments->operand_count == 0) return list_tags(arguments);
    if (arguments->operand_count > 2)
        return command_misused(arguments->command, "`pace tag` takes a name and one commit");
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) return store_failed("", PACE_ENOMEM, NULL);
    int status = identity_read(arguments, identity);
    if (status == 0) status = store_open(arguments, STORE_WRITE, &store);
    if (status == 0)
        status = resolve(store, identity,
                         arguments->operand_count > 1 ? arguments->operands[1] : NULL, &known);
    if (status == 0) {
        const char *name = arguments->operands[0];
        int code = pace_object_put(store, PACE_OBJECT_TAG, name, known.commit, &error, NULL);
        if (code != 0)
            status = store_failed("", code, &error);
        else
            say_note("%s is %s", name, known.commit);
    }
    pace_close(store);
    free(identity);
    return status;
}
