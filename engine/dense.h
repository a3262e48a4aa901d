/* dense.h -- a store written anew in order of key, so that its pages are full.
 *
 * Records that come in any order leave pages two thirds full, and those that come in order half
 * full, since a page is split in the middle. Here each record is put behind all others, which LMDB
 * does without splits. Takes as much disk again as the store has, in transactions of some MiB. */
#ifndef PACE_DENSE_H
#define PACE_DENSE_H

#include "kv.h"

/* Copies all records of a snapshot of `from` to a new store in directory `path`. */
int dense_copy(struct kv *from, const char *path, unsigned timeout_ms, struct pace_error *error);

#endif
