/* cmd_version.c -- `pace version`. */
#include "command.h"

#include "../engine/pace.h"
#include "show.h"

int cmd_version(const struct arguments *arguments)
{
    struct show_style style;
    struct rows rows;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace version` takes no operands");
    int status = show_style_read(arguments, &style);
    if (status != 0) return status;
    if (style.format == NULL) {
        printf("pace %s\n", pace_version());
        return STATUS_OK;
    }
    rows_init(&rows);
    rows_field(&rows, "version", PACE_FIELD_TEXT);
    rows_next(&rows);
    rows_text(&rows, 0, pace_version());
    status = show_rows(&style, &rows);
    rows_clear(&rows);
    return status;
}
