/* unit.h -- units of measures: which kind they are, how they convert, how they print.
 *
 * One table, unit.def: name, kind, factor to the kind's base. Names are matched exactly (`ms`,
 * `KiB`); a unit that is not in the table is its own kind ("custom": cache-misses in `misses`),
 * which converts to nothing but itself. Pure: libc only, any layer may use it. */
#ifndef PACE_UNIT_H
#define PACE_UNIT_H

#include <stddef.h>

enum unit_kind {
    UNIT_NONE,     /* no unit known */
    UNIT_TIME,     /* base: ns */
    UNIT_SIZE,     /* base: B */
    UNIT_RATIO,    /* base: 1; 10% is 0.10, 2x is 2 */
    UNIT_COUNT,    /* base: 1: count, iterations, ops, cycles... */
    UNIT_RATE,     /* base: 1/s: ops/s, iter/s */
    UNIT_BYTERATE, /* base: B/s */
    UNIT_SD,       /* standard deviations; only in queries */
    UNIT_CUSTOM,
};

/* What a unit name means. Unknown text is UNIT_CUSTOM with factor 1; "" is UNIT_NONE. */
struct unit {
    enum unit_kind kind;
    double factor;    /* value in base units = value * factor */
    int decimal;      /* 1: the factor is a power of ten (rule 5: may rescale on storing) */
    const char *name; /* canonical spelling of a table row; NULL for custom and none */
};

struct unit unit_lookup(const char *name, size_t len);

/* Human word for a kind: "time", "size", ... for diagnostics. Static memory. */
const char *unit_kind_name(enum unit_kind kind);

/* 0 and *factor (value in `to` = value in `from` * factor), or -1 when the kinds differ. Equal
 * names always convert, with factor 1. */
int unit_convert(const char *from, const char *to, double *factor);

/* Writes a value with its unit for people: 4 significant digits and the prefix that keeps 1..999
 * before the point: 12.5 ms, 1.234 us, 3.2 MiB..., "12.35 M" for plain counts. No unit: the number.
 * Returns buffer. Missing (NaN) prints "-". Independent of the locale. */
enum { UNIT_TEXT_MAX = 64 };
char *unit_print(char buffer[UNIT_TEXT_MAX], double value, const char *unit);

/* Shortest decimal text that reads back as the same double; never locale-dependent. */
char *unit_print_number(char buffer[UNIT_TEXT_MAX], double value);

/* One row of the table, for help, completion and tests; NULL past the end. */
const struct unit *unit_row(size_t index);

#endif
