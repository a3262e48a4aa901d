/* tcpd.h -- the Turing Change Point Dataset: series that several people annotated (van den Burg and
 * Williams
 * 2020; `make deps-tcpd` gets it). */
#ifndef PACE_BENCH_TCPD_H
#define PACE_BENCH_TCPD_H

#include <stddef.h>

/* Where the levels of a series start; how many, or -1. `cuts` has room for n. */
typedef int tcpd_detector(const double *x, size_t n, size_t *cuts);

struct tcpd_score {
    size_t series, several; /* series: scored, of one dimension; several: left out */
    double f1, cover;       /* means over the series */
};

/* Scores a detector on the series that lie as JSON under `path`, a copy of the repository, as its
 * authors do: F1 with a margin of 5, index 0 being a change point of everybody's, and the covering
 * of segments, both over all annotators. 0, or -1 when there is no such data. */
int tcpd_score(const char *path, tcpd_detector *detect, struct tcpd_score *score);

#endif
