/* verdict.c -- the names of the verdicts. */
#include "verdict.h"

const char *const verdict_names[VERDICT_COUNT] = {
#define VERDICT(id, name, help) name,
#include "verdict.def"
#undef VERDICT
};
