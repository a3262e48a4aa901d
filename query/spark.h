/* spark.h -- a series as one line of text: ▁▂▃▅▇█▆. */
#ifndef PACE_SPARK_H
#define PACE_SPARK_H

#include <stddef.h>

/* Draws values[0..count), a column each, from the lowest to the highest of them; a missing value
 * (NaN) is a space. With ascii the marks are "_.-=+*#". When `size` bytes do not hold all (3 a
 * value and one for the end), the newest are drawn. Always terminated (size at least 1). Returns
 * the values drawn. */
size_t spark(char *out, size_t size, const double *values, size_t count, int ascii);

#endif
