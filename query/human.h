/* human.h -- numbers for people: one prefix for numbers that are compared, digits that mean
 * something.
 *
 * unit.h prints one value in the prefix that suits it. A column reads better when all its cells
 * share a prefix and a number of decimals; that is decided here from the range of the values. Pure.
 */
#ifndef PACE_HUMAN_H
#define PACE_HUMAN_H

#include "../engine/unit.h"

/* How a column is printed, by its name; what has no row in the table is a quantity in its unit. */
enum human_style {
    HUMAN_QUANTITY,
    HUMAN_INTEGER, /* run, n */
    HUMAN_PERCENT, /* delta: 0.123 is +12.3 % */
    HUMAN_RATIO,   /* three decimals */
    HUMAN_SCORE,   /* two decimals */
    HUMAN_P,       /* two significant digits */
};
enum human_style human_style_of(const char *column);
/* 1 for a unit that is no ratio: a column of such values is a quantity, whatever its name. */
int human_is_measured(const char *unit);
enum human_style human_style_in(const char *column, const char *unit);

/* A number in the parts that are aligned: "-12", ".5", " ms". */
struct human_number {
    char whole[UNIT_TEXT_MAX], fraction[UNIT_TEXT_MAX], unit[UNIT_TEXT_MAX];
};

/* The sizes of the values to be compared. Zeros have none. */
struct human_range {
    double least, most; /* of |value|; both 0: no value so far */
};
void human_range_add(struct human_range *range, double value);
/* most / least is below 10,000, so that one prefix serves all. */
int human_range_narrow(const struct human_range *range);

struct human_scale {
    double factor;            /* shown number = value * factor */
    char unit[UNIT_TEXT_MAX]; /* with its space, or "" */
};

/* The prefix for a typical value of a unit. */
void human_scale_one(struct human_scale *scale, double typical, const char *unit);
/* The prefix for a range; plain counts below ten million keep all their digits. */
void human_scale_range(struct human_scale *scale, const struct human_range *range,
                       const char *unit);

/* Decimals that show 3 digits of the least and 4 of the most (0..4). */
int human_decimals(const struct human_range *range, double factor);
/* The decimals, of at most `decimals`, that are not zero at the end. */
int human_decimals_needed(double shown, int decimals);

/* value * scale->factor with so many decimals; the numbers that this would show badly (0.0000 for
 * what is not zero, 16 digits) print by themselves. */
void human_print(struct human_number *out, double value, const struct human_scale *scale,
                 int decimals, const char *unit);
/* A value by itself, in its own prefix. */
void human_print_one(struct human_number *out, double value, const char *unit);
/* A value in a style other than HUMAN_QUANTITY. */
void human_print_style(struct human_number *out, enum human_style style, double value,
                       const char *unit);

/* How many times another a value is: "81.8x". */
void human_print_times(struct human_number *out, double times);

/* The three parts in one text. Returns buffer. */
enum { HUMAN_TEXT_MAX = 3 * UNIT_TEXT_MAX };
char *human_join(char buffer[HUMAN_TEXT_MAX], const struct human_number *number);

/* A value of the column `column` in one text, by its style. Returns buffer. */
char *human_text(char buffer[HUMAN_TEXT_MAX], const char *column, double value, const char *unit);

#endif
