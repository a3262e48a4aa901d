/* human.c -- see human.h. The prefixes are those of unit_print: its text for a typical value tells
 * the prefix and the factor, so that the table of prefixes exists once. */
#include "human.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NARROW        1e4  /* most / least that one prefix serves */
#define PLAIN_COUNT   1e7  /* counts below keep all their digits */
#define EXACT_INTEGER 9e15 /* below 2^53 */
#define LEAST_P       1e-9 /* smaller ones are not told apart */
enum { DECIMALS_MAX = 4, PLAIN_DECIMALS_MAX = 6 };

enum human_style human_style_of(const char *column)
{
    static const struct {
        const char *name;
        enum human_style style;
    } styles[] = {
        {"run", HUMAN_INTEGER},   {"n", HUMAN_INTEGER},   {"n_base", HUMAN_INTEGER},
        {"delta", HUMAN_PERCENT}, {"ratio", HUMAN_RATIO}, {"ci_low", HUMAN_RATIO},
        {"ci_high", HUMAN_RATIO}, {"score", HUMAN_SCORE}, {"effect", HUMAN_SCORE},
        {"p", HUMAN_P},           {"q", HUMAN_P},         {"n_needed", HUMAN_INTEGER},
    };
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        if (strcmp(styles[i].name, column) == 0) return styles[i].style;
    }
    return HUMAN_QUANTITY;
}

int human_is_measured(const char *unit)
{
    enum unit_kind kind = *unit ? unit_lookup(unit, strlen(unit)).kind : UNIT_NONE;
    return kind != UNIT_NONE && kind != UNIT_RATIO;
}

enum human_style human_style_in(const char *column, const char *unit)
{
    return human_is_measured(unit) ? HUMAN_QUANTITY : human_style_of(column);
}

/* -- digits ------------------------------------------------------------------------------------ */

static double power_of_ten(int exponent)
{
    double power = 1;
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

static int exponent_of(double value)
{
    return (int)floor(log10(value));
}

static void write_digits(char *out, long long number)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    memcpy(out, digits + at, sizeof digits - at);
    out[sizeof digits - at] = '\0';
}

/* "-12" and ".50"; false when the value is too large for exact digits. */
static bool write_fixed(struct human_number *out, double value, int decimals)
{
    double power = power_of_ten(decimals), scaled = round(fabs(value) * power);
    if (!(scaled < EXACT_INTEGER)) return false;
    long long digits = (long long)scaled, unit = (long long)power;
    char *at = out->whole;
    if (value < 0 && digits) *at++ = '-';
    write_digits(at, digits / unit);
    long long rest = digits % unit;
    at = out->fraction;
    if (decimals > 0) *at++ = '.';
    at += decimals;
    *at = '\0';
    for (int i = 0; i < decimals; i++, rest /= 10)
        *--at = (char)('0' + rest % 10);
    return true;
}

/* Bytes of `text` that are a number. */
static size_t number_len(const char *text)
{
    size_t len = text[0] == '-', digits = strspn(text + len, "0123456789");
    if (!digits) return 0;
    len += digits;
    if (text[len] == '.') len += 1 + strspn(text + len + 1, "0123456789");
    if (text[len] != 'e') return len;
    size_t at = len + 1 + (text[len + 1] == '-');
    digits = strspn(text + at, "0123456789");
    return digits ? at + digits : len;
}

/* The text of unit_print taken apart. A percent sign gets its space. */
static void take_apart(struct human_number *out, const char *text)
{
    size_t len = number_len(text), point = 0;
    while (point < len && text[point] != '.' && text[point] != 'e')
        point++;
    snprintf(out->whole, sizeof out->whole, "%.*s", (int)point, text);
    snprintf(out->fraction, sizeof out->fraction, "%.*s", (int)(len - point), text + point);
    snprintf(out->unit, sizeof out->unit, "%.*s", UNIT_TEXT_MAX - 2, text + len);
    if (strcmp(out->unit, "%") == 0) strcpy(out->unit, " %");
}

/* -- ranges and scales ------------------------------------------------------------------------- */

void human_range_add(struct human_range *range, double value)
{
    value = fabs(value);
    if (!(value > 0) || !isfinite(value)) return;
    if (!(range->least > 0) || value < range->least) range->least = value;
    if (value > range->most) range->most = value;
}

int human_range_narrow(const struct human_range *range)
{
    return range->most < range->least * NARROW || !(range->least > 0);
}

/* What unit_print multiplied the base value with: 1, 1e-3, ... 1e-12. */
static double printed_factor(const struct human_number *printed, double base)
{
    double number = 0, digit = 0.1;
    for (const char *at = printed->whole; *at; at++) {
        if (*at >= '0' && *at <= '9') number = number * 10 + (*at - '0');
    }
    for (const char *at = printed->fraction; *at >= '.' && *at <= '9'; at++) {
        if (*at == '.') continue;
        number += (*at - '0') * digit;
        digit /= 10;
    }
    double factor = 1;
    while (factor > 1e-12 && fabs(base) * factor > number * 30)
        factor /= 1000;
    return factor;
}

void human_scale_one(struct human_scale *scale, double typical, const char *unit)
{
    char text[UNIT_TEXT_MAX];
    struct human_number printed = {.unit = ""};
    take_apart(&printed, unit_print(text, typical, unit));
    strcpy(scale->unit, printed.unit);
    struct unit meaning = unit_lookup(unit, strlen(unit));
    const char *shown = printed.unit[0] == ' ' ? printed.unit + 1 : printed.unit;
    switch (meaning.kind) {
    case UNIT_TIME:
    case UNIT_SIZE:
    case UNIT_BYTERATE:
        if (unit_convert(unit, shown, &scale->factor) == 0) return;
        break;
    case UNIT_COUNT:
    case UNIT_RATE:
    case UNIT_CUSTOM:
        scale->factor = meaning.factor * printed_factor(&printed, typical * meaning.factor);
        return;
    case UNIT_NONE:
    case UNIT_RATIO:
    case UNIT_SD: break;
    }
    scale->factor = 1;
}

void human_scale_range(struct human_scale *scale, const struct human_range *range, const char *unit)
{
    enum unit_kind kind = unit_lookup(unit, strlen(unit)).kind;
    bool count = kind == UNIT_COUNT || kind == UNIT_CUSTOM;
    if (count && range->most < PLAIN_COUNT && (range->least >= 1 || !(range->least > 0)))
        human_scale_one(scale, 1, unit);
    else
        human_scale_one(scale, sqrt(range->least) * sqrt(range->most), unit);
}

static int clamp(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

int human_decimals(const struct human_range *range, double factor)
{
    double least = range->least * factor, most = range->most * factor;
    if (!(least > 0) || !isfinite(most)) return 0;
    int digits = most / least > 100 ? 1 : 2;
    int for_least = digits - exponent_of(least), for_most = 3 - exponent_of(most);
    return clamp(for_least > for_most ? for_least : for_most, 0, DECIMALS_MAX);
}

int human_decimals_needed(double shown, int decimals)
{
    double scaled = round(fabs(shown) * power_of_ten(decimals));
    if (!(scaled < EXACT_INTEGER)) return 0;
    long long digits = (long long)scaled;
    while (decimals > 0 && digits % 10 == 0) {
        digits /= 10;
        decimals--;
    }
    return decimals;
}

/* -- printing ---------------------------------------------------------------------------------- */

void human_print_one(struct human_number *out, double value, const char *unit)
{
    char text[UNIT_TEXT_MAX];
    take_apart(out, unit_print(text, value, unit));
}

void human_print(struct human_number *out, double value, const struct human_scale *scale,
                 int decimals, const char *unit)
{
    double shown = value * scale->factor;
    bool vanishes = fabs(value) > 0 && fabs(shown) * power_of_ten(decimals) < 0.5;
    if (vanishes && decimals < DECIMALS_MAX && fabs(shown) * power_of_ten(DECIMALS_MAX) >= 1) {
        decimals = DECIMALS_MAX;
        vanishes = false;
    }
    if (vanishes || !write_fixed(out, shown, decimals)) {
        human_print_one(out, value, unit);
        return;
    }
    memcpy(out->unit, scale->unit, sizeof out->unit);
}

static void print_p(struct human_number *out, double p)
{
    if (p < LEAST_P) {
        strcpy(out->whole, "<1e-9");
        return;
    }
    int exponent = exponent_of(p);
    if (round(p / pow(10, exponent - 1)) >= 100) exponent++; /* 0.0999 is 0.10 */
    if (exponent >= -4) {
        write_fixed(out, p, clamp(1 - exponent, 2, PLAIN_DECIMALS_MAX));
        return;
    }
    int digits = (int)round(p / pow(10, exponent - 1));
    snprintf(out->whole, sizeof out->whole, "%d.%de%d", digits / 10, digits % 10, exponent);
}

static void print_percent(struct human_number *out, double ratio)
{
    double percent = ratio * 100;
    if (!write_fixed(out, percent, 1)) human_print_one(out, percent, "");
    bool zero = strspn(out->whole, "0") == strlen(out->whole) &&
                strspn(out->fraction, ".0") == strlen(out->fraction);
    if (percent > 0 && !zero) {
        memmove(out->whole + 1, out->whole, sizeof out->whole - 1);
        out->whole[0] = '+';
    }
    strcpy(out->unit, " %");
}

void human_print_style(struct human_number *out, enum human_style style, double value,
                       const char *unit)
{
    *out = (struct human_number){.unit = ""};
    struct unit meaning = unit_lookup(unit, strlen(unit));
    double plain = meaning.kind == UNIT_RATIO ? value * meaning.factor : value;
    bool done = true;
    switch (style) {
    case HUMAN_QUANTITY: done = false; break;
    case HUMAN_INTEGER: done = write_fixed(out, plain, human_decimals_needed(plain, 2)); break;
    case HUMAN_PERCENT: print_percent(out, plain); break;
    case HUMAN_RATIO: done = write_fixed(out, plain, 3); break;
    case HUMAN_SCORE: done = write_fixed(out, plain, 2); break;
    case HUMAN_P: print_p(out, plain); break;
    }
    if (!done) human_print_one(out, value, unit);
}

void human_print_times(struct human_number *out, double times)
{
    *out = (struct human_number){.unit = ""};
    if (!write_fixed(out, times, 1)) human_print_one(out, times, "");
    strcpy(out->unit, "x");
}

char *human_join(char buffer[HUMAN_TEXT_MAX], const struct human_number *number)
{
    snprintf(buffer, HUMAN_TEXT_MAX, "%s%s%s", number->whole, number->fraction, number->unit);
    return buffer;
}

char *human_text(char buffer[HUMAN_TEXT_MAX], const char *column, double value, const char *unit)
{
    struct human_number number = {.unit = ""};
    human_print_style(&number, human_style_in(column, unit), value, unit);
    return human_join(buffer, &number);
}
