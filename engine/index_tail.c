/* index_tail.c -- runs by identity and by commit: the tables of pairs, and the newest runs, which
 * are in none of them yet; see index.h. */
#include "index.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const identities = "the index of run ids", *const commits =
                                                                  "the index of commits";

uint64_t index_id_word(const char *id, size_t len)
{
    return seal_digest(id, len).low;
}

/* The first 8 bytes as a number whose order is that of the text. */
static uint64_t text_word(const char *text, size_t len, unsigned char filler)
{
    uint64_t word = 0;
    for (size_t i = 0; i < 8; i++)
        word = word << 8 | (i < len ? (unsigned char)text[i] : filler);
    return word;
}

uint64_t index_commit_word(const char *commit, size_t len)
{
    return text_word(commit, len, 0);
}

/* -- in memory ------------------------------------------------------------------------------- */

void index_tail_free(struct index_tail *tail)
{
    free(tail->runs);
    map_free(&tail->by_id);
    *tail = (struct index_tail){0};
}

/* Notes a run. 0, or -1 without memory. */
static int add(struct index_tail *tail, uint64_t run, uint64_t id_word, uint64_t commit_word)
{
    if (tail->count == tail->capacity) {
        uint32_t capacity = tail->capacity ? tail->capacity * 2 : 64;
        struct tail_run *runs = realloc(tail->runs, capacity * sizeof *runs);
        if (!runs) return -1;
        tail->runs = runs;
        tail->capacity = capacity;
    }
    tail->runs[tail->count] = (struct tail_run){.run = run,
                                                .id_word = id_word,
                                                .commit_word = commit_word,
                                                .like = map_get(&tail->by_id, id_word)};
    if (map_set(&tail->by_id, id_word, tail->count)) return -1;
    tail->count++;
    return 0;
}

int index_tail_add(struct index_tail *tail, uint64_t run, const char *id, const char *commit)
{
    if (run == tail->last + 1)
        tail->last = run;
    else
        tail->is_late = 1;
    return add(tail, run, index_id_word(id, strlen(id)), index_commit_word(commit, strlen(commit)));
}

/* Forgets runs that are in the tables, once they are more than the others. */
static int trim(struct index_tail *tail)
{
    if (tail->start < INDEX_TAIL_RUNS || tail->start * 2 < tail->count) return 0;
    uint32_t count = tail->count - tail->start;
    memmove(tail->runs, tail->runs + tail->start, count * sizeof *tail->runs);
    map_empty(&tail->by_id);
    tail->start = tail->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct tail_run run = tail->runs[i];
        if (add(tail, run.run, run.id_word, run.commit_word)) return -1;
    }
    return 0;
}

static void empty(struct index_tail *tail, uint64_t last)
{
    map_empty(&tail->by_id);
    tail->start = tail->count = 0;
    tail->last = last;
    tail->is_late = 0;
}

static int see_run(void *context, uint64_t run, const struct run_names *names)
{
    return index_tail_add(context, run, names->id, names->commit) ? ENOMEM : 0;
}

int index_tail_load(struct kv_txn *txn, const struct head *head, struct index_tail *tail,
                    struct pace_error *error)
{
    /* An older state than what is here, or one of which all was brought into the tables. */
    if (tail->last > head->runs || tail->last < head->indexed) empty(tail, head->indexed);
    while (tail->start < tail->count && tail->runs[tail->start].run <= head->indexed)
        tail->start++;
    if (trim(tail)) return error_memory(error);
    int rc = index_walk_runs(txn, tail->last + 1, head->runs, error, see_run, tail);
    return rc == ENOMEM ? error_memory(error) : rc;
}

/* -- into the tables ------------------------------------------------------------------------- */

static int by_pair(const void *a, const void *b)
{
    return pairs_order(a, b);
}

static struct pair pair_of(const struct tail_run *run, char table)
{
    return (struct pair){table == INDEX_IDENTITIES ? run->id_word : run->commit_word, run->run};
}

static const char *name_of(char table)
{
    return table == INDEX_IDENTITIES ? identities : commits;
}

/* Brings those runs of the tail into a table whose pairs are in [from, until). */
static int bring(struct kv_txn *txn, char table, const struct index_tail *tail,
                 const struct pair *from, const struct pair *until, struct pace_error *error)
{
    struct pair *pairs = malloc((tail->count - tail->start + 1) * sizeof *pairs);
    size_t count = 0;
    if (!pairs) return error_memory(error);
    for (uint32_t i = tail->start; i < tail->count; i++) {
        struct pair pair = pair_of(&tail->runs[i], table);
        if (pair.word < from->word || pair.word > until->word) continue; /* most of them */
        if (table == INDEX_COMMITS && pair.word == 0) continue;
        if (pairs_order(&pair, from) >= 0 && pairs_order(&pair, until) < 0) pairs[count++] = pair;
    }
    qsort(pairs, count, sizeof *pairs, by_pair);
    int rc = pairs_add(txn, table, pairs, count, name_of(table), error);
    free(pairs);
    return rc;
}

static int is_in_chunk(const struct pair_chunk *chunk, const struct pair *pair)
{
    return bsearch(pair, chunk->pairs, chunk->count, sizeof *pair, by_pair) != NULL;
}

/* Makes sure that the oldest run of the tail is in a table. */
static int bring_oldest(struct kv_txn *txn, char table, const struct index_tail *tail,
                        struct pace_error *error)
{
    struct pair pair = pair_of(&tail->runs[tail->start], table);
    struct pair_chunk chunk;
    if (table == INDEX_COMMITS && pair.word == 0) return 0;
    int rc = pairs_chunk(txn, table, &pair, name_of(table), error, &chunk);
    if (rc == PACE_ENOTFOUND)
        return bring(txn, table, tail, &(struct pair){0}, &(struct pair){UINT64_MAX, UINT64_MAX},
                     error);
    if (rc || is_in_chunk(&chunk, &pair)) return rc;
    return bring(txn, table, tail, &chunk.from, &chunk.until, error);
}

int index_settle_all(struct kv_txn *txn, struct head *head, struct index_tail *tail,
                     struct pace_error *error)
{
    const struct pair first = {0, 0}, end = {UINT64_MAX, UINT64_MAX};
    int rc = bring(txn, INDEX_IDENTITIES, tail, &first, &end, error);
    if (!rc) rc = bring(txn, INDEX_COMMITS, tail, &first, &end, error);
    if (rc) return rc;
    head->indexed = head->runs;
    empty(tail, head->runs);
    return 0;
}

int index_settle(struct kv_txn *txn, struct head *head, struct index_tail *tail, uint32_t most,
                 int is_little, struct pace_error *error)
{
    int rc = 0;
    if (tail->is_late || (!is_little && tail->count - tail->start > most))
        return index_settle_all(txn, head, tail, error);
    while (!rc && tail->count - tail->start > most) {
        rc = bring_oldest(txn, INDEX_IDENTITIES, tail, error);
        if (!rc) rc = bring_oldest(txn, INDEX_COMMITS, tail, error);
        if (!rc) head->indexed = tail->runs[tail->start++].run;
    }
    return rc;
}

/* -- finding --------------------------------------------------------------------------------- */

int index_has(struct kv_txn *txn, char table, const struct pair *pair, struct pace_error *error,
              int *has)
{
    struct pair_chunk chunk;
    int rc = pairs_chunk(txn, table, pair, name_of(table), error, &chunk);
    *has = !rc && is_in_chunk(&chunk, pair);
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

struct identity_search {
    struct kv_txn *txn;
    const char *id;
    uint64_t runs; /* that there are */
    uint64_t run;  /* 0: not found */
    struct seal_digest content;
};

/* Whether it is this run that has the identity. */
static int try_run(struct identity_search *search, uint64_t run, struct pace_error *error)
{
    struct run_place place;
    struct run_names names;
    int rc = PACE_ENOTFOUND;
    if (run <= search->runs) rc = index_get_run(search->txn, run, error, &place, &names);
    if (rc == PACE_ENOTFOUND) rc = error_damaged(error, "%s: %s", kv_path(search->txn), identities);
    if (rc || strcmp(names.id, search->id) != 0) return rc;
    search->run = run;
    search->content = names.content;
    return 0;
}

static int see_identity(void *context, const struct pair *pair, struct pace_error *error)
{
    struct identity_search *search = context;
    return search->run ? 0 : try_run(search, pair->run, error);
}

int index_find_identity(struct kv_txn *txn, const struct head *head, const struct index_tail *tail,
                        const char *id, struct pace_error *error, uint64_t *run,
                        struct seal_digest *content)
{
    struct identity_search search = {.txn = txn, .id = id, .runs = head->runs};
    uint64_t word = index_id_word(id, strlen(id));
    int rc = 0;
    for (uint32_t i = map_get(&tail->by_id, word); i != MAP_NONE && !search.run && !rc;
         i = tail->runs[i].like)
        rc = try_run(&search, tail->runs[i].run, error);
    if (!rc && !search.run && head->indexed)
        rc =
            pairs_walk(txn, INDEX_IDENTITIES, word, word, identities, error, see_identity, &search);
    if (rc) return rc;
    if (!search.run) return PACE_ENOTFOUND;
    *run = search.run;
    *content = search.content;
    return 0;
}

struct commit_search {
    uint64_t indexed;
    int (*visit)(void *context, uint64_t run, struct pace_error *error);
    void *context;
};

static int see_commit(void *context, const struct pair *pair, struct pace_error *error)
{
    struct commit_search *search = context;
    /* Those of the tail were seen there. */
    return pair->run > search->indexed ? 0 : search->visit(search->context, pair->run, error);
}

int index_find_commits(struct kv_txn *txn, const struct head *head, const struct index_tail *tail,
                       const char *prefix, struct pace_error *error,
                       int (*visit)(void *context, uint64_t run, struct pace_error *error),
                       void *context)
{
    size_t len = strlen(prefix);
    uint64_t first = text_word(prefix, len, 0), last = text_word(prefix, len, 0xff);
    struct commit_search search = {head->indexed, visit, context};
    int rc = 0;
    for (uint32_t i = tail->start; !rc && i < tail->count; i++) {
        uint64_t word = tail->runs[i].commit_word;
        if (word && word >= first && word <= last) rc = visit(context, tail->runs[i].run, error);
    }
    if (rc || head->indexed == 0) return rc;
    return pairs_walk(txn, INDEX_COMMITS, first, last, commits, error, see_commit, &search);
}
