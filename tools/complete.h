/* complete.h -- what could stand at the end of a command line: for the completion of shells.
 *
 * Subcommands, options and fixed values come from the tables; names of branches, benchmarks, runs
 * from the store that the line names, or that would be used; queries are completed by the language.
 * Nothing is said on stderr, and no store is made: where something fails, less is offered. */
#ifndef PACE_COMPLETE_H
#define PACE_COMPLETE_H

#include <stdio.h>

/* words[0..count) are those behind `pace`; the last is being typed, and may be "". Writes one line
 * for the shell's script, then the candidates.
 *
 *     LINE       = HOW [tight] [PREFIX]
 *     HOW        = words | files | directories | command N
 *     CANDIDATES = TEXT [TAB HELP], a line each
 *
 * files and directories: names of those fit too. command N: the words from N on (from 0) are a
 * command line of their own. tight: more belongs to a candidate, so that no blank follows it.
 * PREFIX: what of the word stands before a file's name, such as --file=. Returns 0, or -1 when
 * memory is out. */
int complete_words(FILE *out, size_t count, char *const *words);

#endif
