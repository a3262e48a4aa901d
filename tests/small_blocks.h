/* small_blocks.h -- limits of folding under which a few hundred runs make blocks of both sizes, in
 * several steps each. */
#ifndef PACE_TEST_SMALL_BLOCKS_H
#define PACE_TEST_SMALL_BLOCKS_H

#include "../engine/fold.h"

#define SMALL_BLOCKS                                                                               \
    .cells = 1 << 30, .least_runs = 1, .large_runs = 80, .keep_runs = 10, .step_cells = 150,       \
    .step_factor = 1

#endif
