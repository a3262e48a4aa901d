/* report_from.h -- `pace report --from`: a stored verdict in the formats of CI. */
#ifndef PACE_REPORT_FROM_H
#define PACE_REPORT_FROM_H

#include "command.h"

/* Reads the verdict that --from names and writes it as --format says, a comment if nothing does.
 * The document may be a stranger's. Returns the exit status: 0 when it was written, whatever the
 * verdict is. */
int report_from(const struct arguments *arguments);

#endif
