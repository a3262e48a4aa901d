/* fingerprint.h -- what is not as it was on the machine of the run before. */
#ifndef PACE_FINGERPRINT_H
#define PACE_FINGERPRINT_H

#include "../engine/pace.h"

enum { FINGERPRINT_TEXT_MAX = 1600 };

/* "the machine is not that of run 8: processor was A, is B", or "since run 8: kernel was A, is B"
 * where the class of the machine is the same; "" where nothing changed, or nothing is known. The
 * run before is that of the stream's newest run: of an older one nothing is said. The host is no
 * part of it: hosted runners change. Returns text. */
const char *fingerprint_change(pace_snapshot *snapshot, uint64_t run,
                               char text[FINGERPRINT_TEXT_MAX]);

/* "x86_64, AMD EPYC 7763, 4 cores" of a run; "" where it does not say. */
const char *fingerprint_class(pace_snapshot *snapshot, uint64_t run,
                              char text[FINGERPRINT_TEXT_MAX]);

#endif
