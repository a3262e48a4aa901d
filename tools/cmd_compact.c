/* cmd_compact.c -- `pace compact`: drops history, and the space that is not used. */
#include "command.h"

#include "retention.h"
#include "say.h"
#include "store.h"

#include <signal.h>

static void say_result(const char *path, int is_dry, const struct pace_compacted *done)
{
    say_note("%s: %llu runs with %llu cells %s, %llu runs with %llu cells %s", path,
             (unsigned long long)done->runs, (unsigned long long)done->cells,
             is_dry ? "would stay" : "stay", (unsigned long long)done->runs_dropped,
             (unsigned long long)done->cells_dropped, is_dry ? "would be dropped" : "dropped");
    if (!is_dry)
        say_note("  %llu bytes before, %llu after", (unsigned long long)done->bytes_before,
                 (unsigned long long)done->bytes_after);
}

int cmd_compact(const struct arguments *arguments)
{
    char path[PATH_MAX];
    pace *store = NULL;
    struct retention *retention = NULL;
    struct pace_error error = {0};
    struct pace_compacted done;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace compact` takes no operands");
    int status = store_path(arguments, STORE_WRITE, path);
    if (status == 0) status = store_open_path(path, STORE_READ, &store);
    if (status == 0) status = retention_read(arguments, store, &retention);
    pace_close(store); /* nobody may have it open when it is replaced */
    if (status != 0) return status;

    struct pace_compact_options options = {.struct_size = sizeof options,
                                           .to = arguments_value(arguments, OPTION_TO),
                                           .dry_run = arguments_has(arguments, OPTION_COUNT_ONLY),
                                           .keep_run = retention_keep_run,
                                           .keep_cell = retention_keep_cell,
                                           .context = retention};
    signal(SIGXFSZ, SIG_IGN); /* a limit is an error, not the end */
    int code = pace_compact(path, &options, &error, &done);
    if (code != 0)
        status = store_failed("", code, &error);
    else
        say_result(options.to != NULL && !options.dry_run ? options.to : path, options.dry_run,
                   &done);
    retention_free(retention);
    return status;
}
