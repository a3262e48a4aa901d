/* chart.c -- see chart.h. */
#include "chart.h"

#include <math.h>

double cusum_step(double sum, double u, double slack)
{
    return fmax(0, sum + u - slack);
}

double ewma_step(double mean, double u, double weight)
{
    return (1 - weight) * mean + weight * u;
}

double ewma_deviation(double weight)
{
    return sqrt(weight / (2 - weight));
}
