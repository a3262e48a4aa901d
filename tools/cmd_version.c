/* cmd_version.c -- `pace version`. */
#include "command.h"

#include "../engine/pace.h"
#include "show.h"

int cmd_version(const struct arguments *arguments)
{
    struct show_style style;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace version` takes no operands");
    int status = show_style_read(arguments, &style);
    if (status != 0) return status;
    if (style.format == NULL) {
        printf("pace %s\n", pace_version());
        return STATUS_OK;
    }
    struct show_fact fact = {.name = "version", .text = pace_version()};
    return show_facts(&style, &fact, 1);
}
