/* help_word.h -- help on a word of the query language, from the language's own tables. */
#ifndef PACE_HELP_WORD_H
#define PACE_HELP_WORD_H

#include "rows.h"

#include <stdio.h>

/* Writes all that the tables say of a verb, option, function, model, key, verdict, format, or of a
 * code like Q012; 0 when they do not know it. */
int help_word(FILE *out, const char *word);

/* The same, or a list like `verbs`, as rows: word, kind, form, text. 0 when it is not known. */
int help_word_rows(struct rows *rows, const char *word);

/* The same beside the help of a command of this name, with a heading; keys (`run`) are left out. */
void help_word_beside(FILE *out, const char *word);

/* Says that neither a command nor the language has this word, and the nearest. STATUS_USAGE. */
int help_word_unknown(const char *word);

/* Calls visit() for each word of the language that there is help on. */
void help_word_each(void (*visit)(void *context, const char *name, const char *text),
                    void *context);

/* Writes all words of a kind, such as `verbs`; 0 when there is no such list. And the lists there
 * are. */
int help_list(FILE *out, const char *name);
void help_lists(FILE *out);
void help_lists_each(void (*visit)(void *context, const char *name, const char *text),
                     void *context);

#endif
