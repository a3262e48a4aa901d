/* outlet.h -- where results go: stdout, a file, or a pager when they are longer than the screen. */
#ifndef PACE_OUTLET_H
#define PACE_OUTLET_H

#include <stddef.h>
#include <stdio.h>

struct outlet {
    FILE *file;    /* NULL: stdout */
    unsigned rows; /* lines of the screen; 0: no pager */
    FILE *pager;   /* while it runs */
    char *held;    /* what fits the screen so far */
    size_t used, capacity;
    unsigned lines;
};

/* Whether the environment has a pager. */
int outlet_has_pager(void);

/* A pace_sink: collects lines until the screen is full, then starts the pager. NULL is stdout.
 * Returns
 * 0 or an errno. */
int outlet_write(struct outlet *outlet, const char *bytes, size_t len);

/* The end of a result: what is held is written, and the pager waited for. Returns 0 or an errno. */
int outlet_end(struct outlet *outlet);

/* The same, and the file is closed. */
void outlet_close(struct outlet *outlet);

#endif
