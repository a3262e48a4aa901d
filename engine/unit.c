/* unit.c -- units of measures, and the text of numbers; see unit.h and unit.def.
 *
 * Lookup is a scan of some 80 short names. The text of a number is made of its decimal digits
 * (decimal.h), so that no locale has a say in it. */
#include "unit.h"
#include "decimal.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct unit unit_rows[] = {
#define UNIT(row_name, row_kind, row_factor, row_decimal)                                          \
    {.kind = row_kind, .factor = (row_factor), .decimal = row_decimal, .name = row_name},
#define UNIT_ALIAS(alias, row_name)
#include "unit.def"
#undef UNIT
#undef UNIT_ALIAS
};

static const struct {
    const char *alias, *name;
} unit_aliases[] = {
#define UNIT(row_name, row_kind, row_factor, row_decimal)
#define UNIT_ALIAS(row_alias, row_name) {row_alias, row_name},
#include "unit.def"
#undef UNIT
#undef UNIT_ALIAS
};

enum {
    UNIT_ROWS = sizeof unit_rows / sizeof unit_rows[0],
    UNIT_ALIASES = sizeof unit_aliases / sizeof unit_aliases[0],
};

static const char *const kind_names[] = {
    [UNIT_NONE] = "plain number", [UNIT_TIME] = "time",          [UNIT_SIZE] = "size",
    [UNIT_RATIO] = "ratio",       [UNIT_COUNT] = "count",        [UNIT_RATE] = "rate",
    [UNIT_SD] = "deviation",      [UNIT_BYTERATE] = "byte rate", [UNIT_CUSTOM] = "custom unit",
};

static bool text_equal(const char *text, const char *name, size_t len)
{
    return strlen(text) == len && memcmp(text, name, len) == 0;
}

static const struct unit *row_find(const char *name, size_t len)
{
    for (size_t i = 0; i < UNIT_ROWS; i++) {
        if (text_equal(unit_rows[i].name, name, len)) return &unit_rows[i];
    }
    for (size_t i = 0; i < UNIT_ALIASES; i++) {
        if (text_equal(unit_aliases[i].alias, name, len))
            return row_find(unit_aliases[i].name, strlen(unit_aliases[i].name));
    }
    return NULL;
}

static bool ends_with(const char *name, size_t len, const char *end)
{
    size_t size = strlen(end);
    return len > size && memcmp(name + len - size, end, size) == 0;
}

struct unit unit_lookup(const char *name, size_t len)
{
    if (len == 0) return (struct unit){.kind = UNIT_NONE, .factor = 1, .decimal = 1};
    const struct unit *row = row_find(name, len);
    /* ns/op and B/iter are the time and the size that one operation takes. */
    if (!row && ends_with(name, len, "/op")) row = row_find(name, len - strlen("/op"));
    if (!row && ends_with(name, len, "/iter")) row = row_find(name, len - strlen("/iter"));
    if (row) return *row;
    return (struct unit){.kind = UNIT_CUSTOM, .factor = 1, .decimal = 1};
}

const char *unit_kind_name(enum unit_kind kind)
{
    return kind_names[kind];
}

int unit_convert(const char *from, const char *to, double *factor)
{
    if (strcmp(from, to) == 0) {
        *factor = 1;
        return 0;
    }
    struct unit a = unit_lookup(from, strlen(from)), b = unit_lookup(to, strlen(to));
    if (a.kind != b.kind || a.kind == UNIT_CUSTOM) return -1;
    *factor = a.factor / b.factor;
    return 0;
}

const struct unit *unit_row(size_t index)
{
    return index < UNIT_ROWS ? &unit_rows[index] : NULL;
}

/* -- numbers ----------------------------------------------------------------------------------- */

enum {
    FIXED_MAX = 21,  /* numbers of up to so many digits before the point have no exponent */
    FIXED_ZEROS = 6, /* likewise up to so many zeros between the point and the first digit */
    SIGNIFICANT = 4, /* digits shown to people */
    EXACT_MAX = 15,  /* decimal digits that a double always holds */
};

static char *put_zeros(char *at, int count)
{
    while (count-- > 0)
        *at++ = '0';
    return at;
}

static char *put_digits(char *at, const char *digits, int count)
{
    for (int i = 0; i < count; i++)
        *at++ = digits[i];
    return at;
}

/* At most 1 + 1 + 1 + FIXED_ZEROS + DECIMAL_DIGITS_MAX + 1 or 1 + FIXED_MAX + 2 bytes. */
static char *decimal_write(char *at, const struct decimal *d)
{
    if (d->negative) *at++ = '-';
    if (d->point > FIXED_MAX || d->point <= -FIXED_ZEROS) {
        at = put_digits(at, d->digits, 1);
        if (d->count > 1) *at++ = '.';
        at = put_digits(at, d->digits + 1, d->count - 1);
        return at + sprintf(at, "e%d", d->point - 1);
    }
    if (d->point <= 0) {
        *at++ = '0';
        *at++ = '.';
        at = put_zeros(at, -d->point);
        at = put_digits(at, d->digits, d->count);
    } else if (d->point >= d->count) {
        at = put_digits(at, d->digits, d->count);
        at = put_zeros(at, d->point - d->count);
    } else {
        at = put_digits(at, d->digits, d->point);
        *at++ = '.';
        at = put_digits(at, d->digits + d->point, d->count - d->point);
    }
    *at = '\0';
    return at;
}

static char *special_write(char *buffer, double value)
{
    return strcpy(buffer, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
}

char *unit_print_number(char buffer[UNIT_TEXT_MAX], double value)
{
    if (!isfinite(value)) return special_write(buffer, value);
    struct decimal d;
    /* Below DBL_MIN fewer digits than 15 may do. */
    int significant = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    while (!decimal_round(&d, value, significant) && significant < DECIMAL_DIGITS_MAX)
        significant++;
    decimal_write(buffer, &d);
    return buffer;
}

/* -- values with units ------------------------------------------------------------------------- */

/* `from` is the smallest number of base units shown with this name. Largest first; what is smaller
 * than all takes the last. */
struct step {
    double factor, from;
    const char *name;
};

/* A value that rounds up to the next step at four digits belongs to that step. */
#define ROUNDS_TO_ONE 0.99995
#define FROM(factor)  ((factor)*ROUNDS_TO_ONE)

static const struct step time_steps[] = {
    {86400e9, 2 * 86400e9, "d"}, {3600e9, 2 * 3600e9, "h"}, {60e9, 2 * 60e9, "min"},
    {1e9, FROM(1e9), "s"},       {1e6, FROM(1e6), "ms"},    {1e3, FROM(1e3), "us"},
    {1, FROM(1), "ns"},          {1e-3, FROM(1e-3), "ps"},  {0, 0, NULL},
};
static const struct step decimal_size_steps[] = {
    {1e12, FROM(1e12), "TB"}, {1e9, FROM(1e9), "GB"}, {1e6, FROM(1e6), "MB"},
    {1e3, FROM(1e3), "KB"},   {1, FROM(1), "B"},      {0, 0, NULL},
};
static const struct step binary_size_steps[] = {
    {1099511627776.0, FROM(1099511627776.0), "TiB"},
    {1073741824.0, FROM(1073741824.0), "GiB"},
    {1048576.0, FROM(1048576.0), "MiB"},
    {1024.0, FROM(1024.0), "KiB"},
    {1, FROM(1), "B"},
    {0, 0, NULL},
};
static const struct step count_steps[] = {
    {1e12, FROM(1e12), "T"}, {1e9, FROM(1e9), "G"}, {1e6, FROM(1e6), "M"},
    {1e3, FROM(1e3), "k"},   {1, FROM(1), ""},      {0, 0, NULL},
};

/* Zero has no size of its own and is shown in base units. */
static const struct step *step_find(const struct step *steps, double base)
{
    while (base == 0 ? steps->factor != 1 : steps[1].name && fabs(base) < steps->from)
        steps++;
    return steps;
}

/* Four significant digits; digits before the point are never rounded away. */
static char *print_rounded(char *at, double value)
{
    struct decimal d;
    int significant = SIGNIFICANT;
    decimal_round(&d, value, significant);
    if (d.point > significant && d.point <= EXACT_MAX) decimal_round(&d, value, d.point);
    if (d.count == 1 && d.digits[0] == '0') d.negative = false;
    return decimal_write(at, &d);
}

static char *print_plain(char *buffer, double value, const char *suffix)
{
    char *at = print_rounded(buffer, value);
    snprintf(at, UNIT_TEXT_MAX - (size_t)(at - buffer), "%s", suffix);
    return buffer;
}

/* The value in the step that suits it, then the rest of the unit: "/s" or " ops/s". Text of the
 * unit that does not fit is cut. */
static char *print_scaled(char *buffer, double base, const struct step *steps, const char *rest)
{
    const struct step *step = step_find(steps, base);
    char *at = print_rounded(buffer, base / step->factor);
    snprintf(at, UNIT_TEXT_MAX - (size_t)(at - buffer), "%s%s%s", step->name[0] ? " " : "",
             step->name, rest);
    return buffer;
}

/* " ops/s" from "ops/ms"; "1/s" counts nothing that has a name. */
static char *rate_suffix(char suffix[UNIT_TEXT_MAX], const char *name)
{
    size_t len = strcspn(name, "/");
    if (text_equal("1", name, len)) len = 0;
    snprintf(suffix, UNIT_TEXT_MAX, " %.*s/s", (int)len, name);
    return suffix;
}

static char *custom_suffix(char suffix[UNIT_TEXT_MAX], const char *name)
{
    snprintf(suffix, UNIT_TEXT_MAX, " %s", name);
    return suffix;
}

static bool is_binary(const char *name)
{
    return strchr(name, 'i') != NULL;
}

char *unit_print(char buffer[UNIT_TEXT_MAX], double value, const char *unit)
{
    if (isnan(value)) return strcpy(buffer, "-");
    if (isinf(value)) return special_write(buffer, value);
    struct unit u = unit_lookup(unit, strlen(unit));
    const struct step *sizes = u.name && is_binary(u.name) ? binary_size_steps : decimal_size_steps;
    double base = value * u.factor;
    if (!isfinite(base)) return print_plain(buffer, value, "");
    char rest[UNIT_TEXT_MAX];
    switch (u.kind) {
    case UNIT_TIME: return print_scaled(buffer, base, time_steps, "");
    case UNIT_SIZE: return print_scaled(buffer, base, sizes, "");
    case UNIT_BYTERATE: return print_scaled(buffer, base, sizes, "/s");
    case UNIT_COUNT: return print_scaled(buffer, base, count_steps, "");
    case UNIT_RATE: return print_scaled(buffer, base, count_steps, rate_suffix(rest, u.name));
    case UNIT_CUSTOM: return print_scaled(buffer, base, count_steps, custom_suffix(rest, unit));
    case UNIT_SD: return print_plain(buffer, value, " sd");
    case UNIT_RATIO: return print_plain(buffer, value, strcmp(u.name, "ratio") == 0 ? "" : u.name);
    case UNIT_NONE: break;
    }
    return print_plain(buffer, value, "");
}
