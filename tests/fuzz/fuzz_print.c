/* fuzz_print.c -- what parses is printed in a form that parses to the same tree and prints the same
 * again. */
#include "parse.h"

#include "../lang/tree.h"

#include "../../engine/pace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    bool same = false;
    arena_init(&arena, 0);
    const char *text = round_trip(&arena, (const char *)data, size, &same);
    /* The printed form may be longer than a statement is allowed to be. */
    if (text && !same && strlen(text) <= PACE_MAX_STATEMENT) abort();
    arena_clear(&arena);
    return 0;
}
