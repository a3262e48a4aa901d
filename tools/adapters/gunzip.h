/* gunzip.h -- an input that is compressed with gzip, in memory. */
#ifndef PACE_GUNZIP_H
#define PACE_GUNZIP_H

#include "adapter.h"

enum {
    GUNZIP_MAX_BYTES = 1 << 30, /* of the plain text */
    GUNZIP_HEAD_BYTES = 1 << 16,
};

int is_gzip(const struct input *input);

/* The whole text; *text is the caller's to free. Errors: PACE_EVALUE (damaged, cut off, with the
 * byte), PACE_ELIMIT, PACE_ENOMEM. */
int gunzip(const struct input *input, struct pace_error *error, char **text, struct input *out);

/* The first GUNZIP_HEAD_BYTES of it, as far as it can be read; 0, or -1 when nothing can. */
int gunzip_head(const struct input *input, char **text, struct input *out);

#endif
