/* list.h -- `show WORD [SELECTOR]`: what the store, the session and the language hold, as rows. */
#ifndef PACE_LIST_H
#define PACE_LIST_H

#include "listing.h"

enum list_word {
#define LIST(id, word, selects, help) id,
#include "list.def"
#undef LIST
    LIST_COUNT
};

struct list_row {
    const char *word;
    bool selects; /* takes a selector */
    const char *help;
};
extern const struct list_row list_words[LIST_COUNT];

/* Answers a `show` statement; the operator that gives the rows is *out. */
int list_statement(struct context *ctx, const struct statement *statement, struct op **out);

/* -- its parts ------------------------------------------------------------------------------- */

/* What is in the store: list_store.c. */
int list_names(struct context *ctx, enum list_word word, const struct selector *selector,
               struct op **out);
int list_series(struct context *ctx, const struct selector *selector, struct op **out);
int list_runs(struct context *ctx, const struct selector *selector, struct op **out);
int list_commits(struct context *ctx, const struct selector *selector, struct op **out);
int list_marks(struct context *ctx, bool aliases, struct op **out);

#endif
