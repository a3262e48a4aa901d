/* cmd_init.c -- `pace init`: makes an empty store. */
#include "command.h"

#include "say.h"
#include "show.h"
#include "store.h"

#include <stdio.h>
#include <string.h>

int cmd_init(const struct arguments *arguments)
{
    char path[PATH_MAX];
    pace *store = NULL;
    struct show_style style;
    int bad = show_style_read(arguments, &style);
    if (bad != 0) return bad;
    if (arguments->operand_count > 1)
        return command_misused(arguments->command, "`pace init` takes one directory");
    if (arguments->operand_count == 1) {
        const char *named = arguments->operands[0];
        if (arguments_has(arguments, OPTION_DB))
            return command_misused(arguments->command, "either a directory or --db, not both");
        if (*named == '\0' || strlen(named) >= sizeof path)
            return command_misused(arguments->command, "not a directory: '%.80s'", named);
        strcpy(path, named);
    } else {
        int status = store_path(arguments, STORE_CREATE, path);
        if (status != 0) return status;
    }
    int status = store_open_path(path, STORE_CREATE, &store);
    if (status != 0) return status;
    uint64_t runs = store_stat(store).runs;
    pace_close(store);
    if (style.format != NULL) {
        const struct show_fact facts[] = {{.name = "store", .text = path},
                                          {.name = "runs", .number = (double)runs}};
        return show_facts(&style, facts, sizeof facts / sizeof facts[0]);
    }
    if (runs > 0)
        say_note("%s is a store already, with %llu runs", path, (unsigned long long)runs);
    else
        say_note("%s is ready", path);
    return STATUS_OK;
}
