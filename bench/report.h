/* report.h -- the table that every program of bench/ prints.
 *
 * A row is one question, our figure, the peer's, their ratio, and the bar we set ourselves: on our
 * figure, or on the ratio ("90x"). A ratio above 1 says that we are better by that factor,
 * whichever way better is. A bar that is missed says "missed". */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

enum figure {
    FIGURE_TIME,  /* seconds, less is better */
    FIGURE_BYTES, /* less is better */
    FIGURE_RATE,  /* things a second, more is better */
    FIGURE_TIMES, /* so many times something, less is better */
};

struct row {
    const char *what; /* cut to the width of its column */
    enum figure figure;
    double ours;
    double peer; /* 0: none */
    double bar;  /* 0: none */
};

/* The title and the heading; `peer` names the peer, "" when there is none. */
void report_begin(const char *title, const char *peer);
void report_row(struct row row);
/* A row whose bar is on the ratio: we are to be better `least` times. Without a peer it has
 * none. */
void report_against(struct row row, double least);
/* How many bars of this program were met and missed so far. */
void report_count(unsigned *met, unsigned *missed);
/* A line of remark below the rows. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
