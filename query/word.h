/* word.h -- the words, keys and foreign habits of the language as tables (word.def, key.def,
 * habit.def). Static, pure. */
#ifndef PACE_WORD_H
#define PACE_WORD_H

#include <stddef.h>

enum word_class { WORD_VERB, WORD_COMMAND, WORD_OPTION, WORD_GLUE };

struct word {
    int token; /* of the grammar */
    const char *text;
    enum word_class class;
    const char *syntax, *help; /* NULL for glue */
    const char *needs;         /* what must follow; NULL: nothing */
};

/* The word spelled exactly so, or NULL. */
const struct word *word_find(const char *text, size_t len);
/* One row of the table, by text; NULL past the end. */
const struct word *word_row(size_t index);
/* The nearest word of a class ("did you mean"), or NULL. */
const struct word *word_suggest(enum word_class class, const char *text, size_t len);

struct key {
    const char *name, *help;
};

/* The key of this name, or NULL. */
const struct key *key_find(const char *text, size_t len);
const struct key *key_row(size_t index);
const struct key *key_suggest(const char *text, size_t len);

enum habit_place { HABIT_START, HABIT_STAGE, HABIT_DIMENSION, HABIT_SIGN };

/* What to write instead of a word or sign of another language, or NULL. Case is folded. */
const char *habit_advice(enum habit_place place, const char *text, size_t len);

#endif
