/* source.c -- see source.h. */
#include "source.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

static int damaged(const struct source_walk *walk, const struct source *source,
                   struct pace_error *error)
{
    return blocks_damaged(walk->txn, walk->stream, source->entry->block, error);
}

static int open_block(struct source_walk *walk, struct source *source, struct pace_error *error)
{
    if (source->opened || !source->entry) return 0;
    int rc = blocks_runs(walk->txn, walk->stream, source->entry->block, source->entry, error,
                         &source->runs);
    source->opened = rc == 0;
    return rc;
}

static int position_of(struct source_walk *walk, struct source *source, uint32_t index,
                       struct pace_error *error, struct position *out)
{
    if (!source->entry) {
        *out = log_position(&walk->log.rows[index]);
        return 0;
    }
    int rc = open_block(walk, source, error);
    if (rc) return rc;
    return block_runs_position(&source->runs, index, out) ? damaged(walk, source, error) : 0;
}

int source_views(struct source_walk *walk, const struct span *span, int with_commits,
                 struct pace_error *error, struct pace_run_view *out)
{
    struct source *source = span->source;
    if (source->entry) {
        int rc = open_block(walk, source, error);
        if (rc) return rc;
        return block_runs_views(&source->runs, span->first, span->count, with_commits, out)
                   ? damaged(walk, source, error)
                   : 0;
    }
    for (uint32_t i = 0; i < span->count; i++) {
        out[i] = log_view(&walk->log.rows[span->first + i]);
        if (!with_commits) out[i].commit = NULL;
    }
    return 0;
}

/* Of a row of the log. */
static void row_columns(const struct row *row, size_t i, struct block_run_columns *out)
{
    const struct row_header *header = &row->header;
    if (out->time_ns) out->time_ns[i] = header->time_ns;
    if (out->run) out->run[i] = header->run;
    if (out->commit) out->commit[i] = row->commit;
    if (out->key) out->key[i] = block_commit_key(row->commit);
    out->flags[i] = header->flags;
    out->any |= header->flags;
}

int source_columns(struct source_walk *walk, const struct span *span, struct pace_error *error,
                   struct block_run_columns *out)
{
    struct source *source = span->source;
    if (source->entry) {
        int rc = open_block(walk, source, error);
        if (rc) return rc;
        return block_runs_columns(&source->runs, span->first, span->count, out)
                   ? damaged(walk, source, error)
                   : 0;
    }
    for (uint32_t i = 0; i < span->count; i++)
        row_columns(&walk->log.rows[span->first + i], i, out);
    return 0;
}

/* The number of runs of a source, of those that are left, before a position: *index is next .. end.
 */
static int runs_before(struct source_walk *walk, struct source *source,
                       const struct position *position, struct pace_error *error, uint32_t *index)
{
    uint32_t low = source->next, high = source->end;
    if (low < high && position_compare(&source->last, position) < 0) low = high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct position at;
        int rc = position_of(walk, source, middle, error, &at);
        if (rc) return rc;
        if (position_compare(&at, position) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return 0;
}

/* -- the range ------------------------------------------------------------------------------- */

/* Takes from a source the runs outside of [from, until). */
static int cut_times(struct source_walk *walk, struct source *source,
                     const struct pace_range *range, struct pace_error *error)
{
    struct position from = {.time_ns = range->from_ns}, until = {.time_ns = range->until_ns};
    uint32_t first = source->next, end = source->end;
    int rc = 0;
    if (source->at.time_ns < range->from_ns) rc = runs_before(walk, source, &from, error, &first);
    if (!rc && range->until_ns != INT64_MAX && source->last.time_ns >= range->until_ns)
        rc = runs_before(walk, source, &until, error, &end);
    if (rc) return rc;
    if (end < first) end = first;
    /* Where nothing was cut the places are known, and the block need not be opened. */
    int is_cut = first < end && !walk->are_apart;
    if (is_cut && first > source->next) rc = position_of(walk, source, first, error, &source->at);
    if (!rc && is_cut && end < source->end)
        rc = position_of(walk, source, end - 1, error, &source->last);
    source->next = first;
    source->end = end;
    return rc;
}

/* Finds the source whose last run (before low[i]) is the newest, and the newest of the others. */
static struct source *newest(struct source_walk *walk, const struct position *tails,
                             struct position *second)
{
    struct source *best = NULL;
    *second = (struct position){.time_ns = INT64_MIN};
    for (uint32_t i = 0; i < walk->count; i++) {
        struct source *source = &walk->sources[i];
        if (source->next == source->end) continue;
        if (!best || position_compare(&tails[i], &tails[best - walk->sources]) > 0) {
            if (best) *second = tails[best - walk->sources];
            best = source;
        } else if (position_compare(&tails[i], second) > 0) {
            *second = tails[i];
        }
    }
    return best;
}

/* Leaves the newest `last` runs of sources that are apart. */
static void cut_last_apart(struct source_walk *walk, uint64_t last)
{
    for (uint32_t i = walk->count; i-- > 0;) {
        struct source *source = &walk->sources[i];
        uint32_t runs = source->end - source->next;
        uint32_t kept = runs < last ? runs : (uint32_t)last;
        source->next = source->end - kept;
        last -= kept;
    }
}

/* Leaves the newest `last` runs. Meanwhile the runs [next, end) of a source are those not yet
 * taken. */
static int cut_last(struct source_walk *walk, uint64_t last, struct pace_error *error)
{
    if (walk->are_apart) {
        cut_last_apart(walk, last);
        return 0;
    }
    struct position *tails = calloc(walk->count + 1, sizeof *tails);
    uint32_t *ends = calloc(walk->count + 1, sizeof *ends);
    int rc = tails && ends ? 0 : error_memory(error);
    for (uint32_t i = 0; !rc && i < walk->count; i++) {
        tails[i] = walk->sources[i].last;
        ends[i] = walk->sources[i].end;
    }
    while (!rc && last > 0) {
        struct position second;
        struct source *source = newest(walk, tails, &second);
        if (!source) break;
        uint32_t i = (uint32_t)(source - walk->sources), low = source->next;
        uint32_t first =
            source->end - source->next < last ? source->next : source->end - (uint32_t)last;
        if (position_compare(&source->at, &second) < 0)
            rc = runs_before(walk, source, &second, error, &low);
        if (rc) break;
        if (low < first) low = first;
        last -= source->end - low;
        source->end = low;
        if (low > source->next) {
            rc = position_of(walk, source, low - 1, error, &tails[i]);
            source->last = tails[i];
        }
    }
    for (uint32_t i = 0; !rc && i < walk->count; i++) {
        struct source *source = &walk->sources[i];
        source->next = source->end;
        source->end = ends[i];
        if (source->next == source->end) continue;
        if (source->next) rc = position_of(walk, source, source->next, error, &source->at);
        if (!rc) rc = position_of(walk, source, source->end - 1, error, &source->last);
    }
    free(tails);
    free(ends);
    return rc;
}

/* -- the walk -------------------------------------------------------------------------------- */

static int by_first(const void *a, const void *b)
{
    return position_compare(&((const struct source *)a)->at, &((const struct source *)b)->at);
}

/* Drops sources without runs, sorts the others, finds out whether they are apart. */
static void settle(struct source_walk *walk)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < walk->count; i++) {
        if (walk->sources[i].next >= walk->sources[i].end) continue;
        if (count < i) walk->sources[count] = walk->sources[i];
        count++;
    }
    walk->count = count;
    for (uint32_t i = 1; i < count; i++) { /* mostly they are in order */
        if (by_first(&walk->sources[i - 1], &walk->sources[i]) < 0) continue;
        qsort(walk->sources, count, sizeof *walk->sources, by_first);
        break;
    }
    walk->are_apart = 1;
    for (uint32_t i = 1; i < count; i++)
        walk->are_apart &= position_compare(&walk->sources[i - 1].last, &walk->sources[i].at) < 0;
}

/* Loads the rows of the log. The newest few are often all that is asked for: then the others are not
 * looked at, if no block has runs among them. */
static int load_log(struct source_walk *walk, const struct stream_record *record,
                    const struct pace_range *range, struct pace_error *error)
{
    int is_last = range->last > 0 && range->last < record->log_runs &&
                  range->from_ns == INT64_MIN && range->until_ns == INT64_MAX;
    if (!is_last) return log_load(walk->txn, walk->stream, record, error, &walk->log);
    int rc = log_load_newest(walk->txn, walk->stream, record, range->last, error, &walk->log);
    if (rc) return rc;
    struct position first = log_position(&walk->log.rows[0]);
    for (uint32_t i = 0; i < walk->list.small + walk->list.large; i++) {
        struct position last = block_last(&walk->list.entries[i]);
        if (position_compare(&last, &first) < 0) continue;
        log_rows_free(&walk->log);
        return log_load(walk->txn, walk->stream, record, error, &walk->log);
    }
    return 0;
}

/* 1 when the log and the blocks have as many runs as the stream. */
static int is_whole(const struct source_walk *walk, const struct stream_record *record)
{
    uint64_t runs = record->log_runs;
    for (uint32_t i = 0; i < walk->list.small + walk->list.large; i++)
        runs += walk->list.entries[i].runs;
    return runs == record->run_count;
}

/* Field by field: `runs` is large, and not there before the block is opened. */
static struct source *add_source(struct source_walk *walk, const struct block_entry *entry,
                                 uint32_t runs)
{
    struct source *source = &walk->sources[walk->count++];
    source->entry = entry;
    source->opened = 0;
    source->next = 0;
    source->end = runs;
    return source;
}

/* The large blocks first: they are of older runs, and need no sorting where no run came late. */
static void add_blocks(struct source_walk *walk, const struct pace_range *range)
{
    uint32_t small = walk->list.small, count = small + walk->list.large;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t i = n < walk->list.large ? small + n : n - walk->list.large;
        const struct block_entry *entry = &walk->list.entries[i];
        if (entry->last_time_ns < range->from_ns ||
            (range->until_ns != INT64_MAX && entry->first_time_ns >= range->until_ns))
            continue;
        struct source *source = add_source(walk, entry, entry->runs);
        source->at = block_first(entry);
        source->last = block_last(entry);
    }
}

/* The newest small blocks, as many as hold the runs that are asked for beside those of the log. */
static int look_ahead(struct source_walk *walk, const struct stream_record *record,
                      const struct pace_range *range, struct kv_cursor *groups,
                      struct pace_error *error)
{
    int rc = 0;
    uint64_t held = record->log_runs;
    const struct block_list *list = &walk->list;
    for (uint32_t i = 0; !rc && i < SOURCE_AHEAD && i < list->small && held < range->last; i++) {
        const struct block_entry *entry = &list->entries[list->small - 1 - i];
        rc = blocks_look_ahead(groups, walk->stream, entry->block, error, &walk->ahead[i]);
        held += entry->runs;
    }
    return rc;
}

int source_walk_open(struct source_walk *walk, struct kv_txn *txn, uint32_t stream,
                     const struct stream_record *record, const struct pace_range *range,
                     struct kv_cursor *groups, struct pace_error *error)
{
    *walk = (struct source_walk){.txn = txn, .stream = stream};
    int rc = block_list_load(txn, stream, record, error, &walk->list);
    if (!rc && groups) rc = look_ahead(walk, record, range, groups, error);
    if (!rc) rc = load_log(walk, record, range, error);
    if (!rc && !is_whole(walk, record))
        rc = error_damaged(error, "%s: runs of stream %u", kv_path(txn), stream);
    if (rc) return rc;
    walk->sources =
        reallocarray(NULL, (size_t)walk->list.small + walk->list.large + 1, sizeof *walk->sources);
    if (!walk->sources) return error_memory(error);
    add_blocks(walk, range);
    if (walk->log.count) {
        size_t count = walk->log.count;
        struct source *source = add_source(walk, NULL, (uint32_t)count);
        source->at = log_position(&walk->log.rows[0]);
        source->last = log_position(&walk->log.rows[count - 1]);
    }
    settle(walk);
    for (uint32_t i = 0; !rc && i < walk->count; i++)
        rc = cut_times(walk, &walk->sources[i], range, error);
    if (!rc && range->last) rc = cut_last(walk, range->last, error);
    if (!rc) settle(walk);
    return rc;
}

void source_walk_close(struct source_walk *walk)
{
    free(walk->sources);
    log_rows_free(&walk->log);
    block_list_free(&walk->list);
    *walk = (struct source_walk){0};
}

/* Puts the first source, whose next run has changed, back in order. */
static void reorder(struct source_walk *walk)
{
    uint32_t i = walk->first;
    struct source moved = walk->sources[i];
    for (; i + 1 < walk->count && by_first(&walk->sources[i + 1], &moved) < 0; i++)
        walk->sources[i] = walk->sources[i + 1];
    walk->sources[i] = moved;
}

int source_walk_next(struct source_walk *walk, uint32_t most, struct pace_error *error,
                     struct span *span)
{
    int rc = 0;
    if (walk->first < walk->count &&
        walk->sources[walk->first].next == walk->sources[walk->first].end)
        walk->first++;
    if (walk->first == walk->count) return PACE_ENOTFOUND;
    reorder(walk);
    struct source *source = &walk->sources[walk->first];
    uint32_t end = source->end;
    int overlaps =
        walk->first + 1 < walk->count && position_compare(&source->last, &source[1].at) > 0;
    if (overlaps) rc = runs_before(walk, source, &source[1].at, error, &end);
    if (rc) return rc;
    *span = (struct span){.source = source, .first = source->next, .count = end - source->next};
    if (span->count == 0) return damaged(walk, source->entry ? source : source + 1, error);
    if (span->count > most) {
        /* Chunks are read whole: end with one rather than within. */
        uint32_t last = span->first + most, whole = last - last % BLOCK_CHUNK_RUNS;
        span->count = source->entry && whole > span->first ? whole - span->first : most;
    }
    source->next += span->count;
    /* One that ends before the next begins stays first whatever its next run is. */
    if (source->next < source->end && overlaps)
        rc = position_of(walk, source, source->next, error, &source->at);
    return rc;
}

/* Which source comes after the span that was given last; NULL: none. */
static const struct source *next_source(const struct source_walk *walk)
{
    uint32_t i = walk->first;
    if (i < walk->count && walk->sources[i].next == walk->sources[i].end) i++;
    return i < walk->count ? &walk->sources[i] : NULL;
}

uint32_t source_walk_block_next(const struct source_walk *walk)
{
    const struct source *source = next_source(walk);
    return source && source->entry && source->next == 0 ? source->end : 0;
}

const struct block_entry *source_walk_entry_next(const struct source_walk *walk,
                                                 const struct span *span)
{
    const struct source *source = next_source(walk);
    return source && source != span->source ? source->entry : NULL;
}

const struct row *source_walk_rows_next(const struct source_walk *walk, size_t *count)
{
    const struct source *source = next_source(walk);
    *count = 0;
    if (!source || source->entry) return NULL;
    *count = source->end - source->next;
    return walk->log.rows + source->next;
}
