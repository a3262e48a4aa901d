/* gunzip.h -- reading a file descriptor whose bytes are compressed with gzip, piece by piece. */
#ifndef PACE_GUNZIP_H
#define PACE_GUNZIP_H

#include <stddef.h>

struct gunzip;

/* Whether compressed bytes begin so. */
int gunzip_recognise(const char *bytes, size_t len);

/* A reader that begins with the `len` compressed bytes that were read already (at most
 * GUNZIP_PIECE_BYTES); NULL without memory. */
enum { GUNZIP_PIECE_BYTES = 1 << 17 };
struct gunzip *gunzip_new(const char *bytes, size_t len);
void gunzip_free(struct gunzip *gunzip);

/* Up to `room` plain bytes; *got is 0 at the end. Members behind one another are one text. Errors:
 * errno of read(), PACE_ENOMEM, PACE_EVALUE: damaged or cut off at the compressed byte *at. */
int gunzip_read(struct gunzip *gunzip, int fd, char *out, size_t room, size_t *got,
                unsigned long long *at);

#endif
