/* timing.h -- clocks, medians, and the cost of a piece of work or of a child process.
 *
 * Every number of bench/ is a median over rounds in which we and the peer take turns, so that a
 * slow minute of the machine falls on both. CPU time is user plus system; what the kernel's own
 * threads do (journal, write-back) is in nobody's account. Bytes written are those given to write
 * calls (wchar of /proc/self/io): a store that writes by stores to a mapping would show none.
 * write_bytes, which counts dirtied page cache, is no measure: where the file system caches in
 * large folios, 4 KB count as up to 2 MB. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include <stddef.h>
#include <stdint.h>

/* What a piece of work took. */
struct cost {
    double wall_s, cpu_s;
    double written_bytes; /* of this process; 0 for a child */
};

/* A steady clock; for work so short that cost_now would disturb it. */
double wall_s(void);
/* CPU time of this thread: it tells pieces of work apart where the machine has other work. */
double thread_cpu_s(void);

/* The clocks and counters of this process now; the cost of what ran since is the difference. */
struct cost cost_now(void);
struct cost cost_since(struct cost start);

/* Runs a program to its end: argv[0] is its path, its output goes to the file `output` (NULL:
 * nowhere), and its environment is empty but for PATH and LC_ALL=C. Returns 0 and the cost, or says
 * on stderr what failed (a status other than 0 is a failure). */
int cost_of_child(char *const argv[], const char *output, struct cost *out);

/* The same of a program that does nothing, which lies beside this one: what any process costs
 * here. */
int cost_of_nothing(struct cost *out);

/* Values of one kind, a round each. */
enum { SAMPLES_MAX = 4096 };
struct samples {
    size_t count;
    double value[SAMPLES_MAX];
};
void samples_add(struct samples *samples, double value);
/* The median; sorts in place. 0 when there are none. */
double samples_median(struct samples *samples);
/* The least of them. Beside the median it tells how busy the machine was. 0 when there are none. */
double samples_least(const struct samples *samples);

#endif
