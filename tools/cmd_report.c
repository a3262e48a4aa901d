/* cmd_report.c -- `pace report`: a stored verdict in the formats of CI. */
#include "command.h"

#include "report_from.h"

int cmd_report(const struct arguments *arguments)
{
    if (arguments_has(arguments, OPTION_FROM)) return report_from(arguments);
    return command_misused(arguments->command, "name the verdict: pace report --from verdict.json");
}
