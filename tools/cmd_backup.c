/* cmd_backup.c -- `pace backup`: a copy of the store while others write. */
#include "command.h"

#include "say.h"
#include "store.h"

#include <signal.h>
#include <string.h>

#define FILE_ENDING ".mdb"

/* A name with this ending is that of a file; all others are directories, that is, stores. */
static int names_file(const char *path)
{
    size_t len = strlen(path), ending = sizeof FILE_ENDING - 1;
    return len > ending && strcmp(path + len - ending, FILE_ENDING) == 0;
}

int cmd_backup(const struct arguments *arguments)
{
    pace *store = NULL;
    struct pace_error error = {0};
    uint64_t bytes = 0;
    if (arguments->operand_count != 1)
        return command_misused(arguments->command, "`pace backup` takes the directory to make");
    const char *path = arguments->operands[0];
    int status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    signal(SIGXFSZ, SIG_IGN); /* a limit is an error, not the end */
    int code = pace_backup(store, path, names_file(path) ? PACE_BACKUP_FILE : 0, &error, &bytes);
    if (code != 0)
        status = store_failed("", code, &error);
    else
        say_note("%s holds a copy of %s (%llu bytes)", path, pace_path(store),
                 (unsigned long long)bytes);
    pace_close(store);
    return status;
}
