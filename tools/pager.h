/* pager.h -- what a command writes to a terminal, through a pager where it is longer than the
 * screen. */
#ifndef PACE_PAGER_H
#define PACE_PAGER_H

/* From here on standard output goes through a pager, if it is a terminal and one is wanted; nothing
 * is started before the screen is full. Harmless when it was called before. */
void pager_begin(void);

/* Columns of the terminal behind it; 0: no pager. */
unsigned pager_columns(void);

/* A signal handler: waits until the person has left the pager, then ends the process by the
 * signal. */
void pager_interrupted(int number);

/* The end of that: what was written is on the screen, and the person has left the pager. Before
 * anything is said on standard error. */
void pager_end(void);

#endif
