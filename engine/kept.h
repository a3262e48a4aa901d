/* kept.h -- values that a reader has computed of a stream's history, kept so that the next need not
 * begin with the first run. What they say is nobody's business here: a kind, a version, bytes.
 *
 *   part 0:      | sum u64 | struct kept_header | the first bytes |
 *   part n > 0:  | sum u64 | the next bytes |
 *
 * A value is of the first `runs` runs of the stream, in order of history, the last of which is
 * `run`. Runs are never changed and only a compaction drops them, so that one thing alone makes it
 * wrong: a run that arrived late and took its place among them. A reader sees it, as `run` is not
 * where it was; an append does not look at the value. A compaction that drops runs leaves it
 * behind, and so does a merge. */
#ifndef PACE_KEPT_H
#define PACE_KEPT_H

#include "kv.h"

struct kept_header {
    uint32_t version, parts;
    uint64_t runs, run;
    uint64_t bytes; /* of all parts, without sums and this header */
};
_Static_assert(sizeof(struct kept_header) == 32, "layout on disk");

enum { KEPT_PART_BYTES = 256 * 1024 }; /* of a part, but for the sum and the header */

/* Reads the header of a sealed record's body. 0, or -1 when it is none. */
int kept_header_read(const struct kv_slice *body, struct kept_header *out);

/* How many bytes of a value lie in one of its parts. */
size_t kept_part_bytes(const struct kept_header *header, uint32_t part);

#endif
