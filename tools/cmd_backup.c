/* cmd_backup.c -- `pace backup`: a copy of the store while others write. */
#include "command.h"

#include "progress.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_ENDING ".mdb"

/* A name with this ending is that of a file; all others are directories, that is, stores. */
static int names_file(const char *path)
{
    size_t len = strlen(path), ending = sizeof FILE_ENDING - 1;
    return len > ending && strcmp(path + len - ending, FILE_ENDING) == 0;
}

/* The copy while it is made: its size so far. */
struct growing {
    char path[PATH_MAX];
};

static uint64_t size_now(const void *context)
{
    const struct growing *growing = context;
    struct stat info;
    return stat(growing->path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

int cmd_backup(const struct arguments *arguments)
{
    pace *store = NULL;
    struct pace_error error = {0};
    uint64_t bytes = 0;
    if (arguments->operand_count != 1)
        return command_misused(arguments->command, "`pace backup` takes the directory to make");
    const char *path = arguments->operands[0];
    struct show_style style;
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    signal(SIGXFSZ, SIG_IGN); /* a limit is an error, not the end */
    struct growing growing;
    uint64_t size = store_stat(store).file_bytes;
    struct progress progress = {"copying", "B", &size, size_now, &growing};
    snprintf(growing.path, sizeof growing.path, names_file(path) ? "%s.tmp" : "%s/data.mdb.tmp",
             path);
    progress_begin(&progress);
    int code = pace_backup(store, path, names_file(path) ? PACE_BACKUP_FILE : 0, &error, &bytes);
    progress_end();
    if (code != 0)
        status = store_failed("", code, &error);
    else if (style.format != NULL)
        status = show_facts(&style,
                            (struct show_fact[]){{.name = "copy", .text = path},
                                                 {.name = "bytes", .number = (double)bytes}},
                            2);
    else
        say_note("%s holds a copy of %s (%llu bytes)", path, pace_path(store),
                 (unsigned long long)bytes);
    pace_close(store);
    return status;
}
