/* secret.h -- a command line as metadata, without what looks like a secret.
 *
 * A run stores the command that made it. A value whose name holds TOKEN, SECRET, PASS, KEY or
 * CREDENTIAL (`--api-token=...`, `API_TOKEN=...`, `--password ...`) becomes ***, and so does the
 * user part of an address (https://user:password@host). */
#ifndef PACE_SECRET_H
#define PACE_SECRET_H

#include <stddef.h>

/* The words of a command as one line, quoted for a shell where needed, cut to fit. Returns buffer.
 */
char *secret_command(char *const *words, size_t count, char *buffer, size_t size);

#endif
