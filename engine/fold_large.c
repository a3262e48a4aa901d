/* fold_large.c -- small blocks become a large one; see fold.h.
 *
 * The sources are the oldest small blocks. Their runs are merged in order of history, and column
 * after column is copied and packed. */
#include "fold.h"
#include "error.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct source {
    const struct block_entry *entry;
    struct block_runs runs;
    uint16_t place[BLOCK_RUNS_MAX]; /* of its runs in the large block */
    struct block_group group;
    struct block_slot slot;
    int there; /* slot is its next column; 0: it has no more */
};

struct merge {
    struct kv_txn *txn;
    struct kv_cursor *cursor;
    uint32_t stream;
    struct source *sources;
    uint32_t source_count, run_count;
    struct merge_run {
        struct position position;
        uint16_t source, index;
    } * runs; /* in order */
    /* One column, by place in the large block, then without gaps. */
    uint16_t run[BLOCK_RUNS_MAX];
    uint8_t status[BLOCK_RUNS_MAX];
    double number[3][BLOCK_RUNS_MAX];
};

/* -- choosing -------------------------------------------------------------------------------- */

struct candidate {
    struct position first, last;
    uint32_t index;
};

static int newest_first(const void *a, const void *b)
{
    return position_compare(&((const struct candidate *)b)->last,
                            &((const struct candidate *)a)->last);
}

static int oldest_first(const void *a, const void *b)
{
    return position_compare(&((const struct candidate *)a)->first,
                            &((const struct candidate *)b)->first);
}

/* Marks (unless it is only asked) the blocks of a merge that is due. 1: it is, 0: not, -1: no
 * memory. */
static int choose(const struct fold_limits *limits, const struct block_list *list, int mark)
{
    struct candidate *candidates = calloc(list->small + 1, sizeof *candidates);
    uint32_t kept = 0, from = 0, count = 0;
    uint64_t runs = 0;
    if (!candidates) return -1;
    for (uint32_t i = 0; i < list->small; i++)
        candidates[i] = (struct candidate){.first = block_first(&list->entries[i]),
                                           .last = block_last(&list->entries[i]),
                                           .index = i};
    qsort(candidates, list->small, sizeof *candidates, newest_first);
    while (from < list->small && kept < limits->keep_runs)
        kept += list->entries[candidates[from++].index].runs;
    for (uint32_t i = from; i < list->small; i++)
        runs += list->entries[candidates[i].index].runs;
    int due = runs >= limits->large_runs || limits->all;
    qsort(candidates + from, list->small - from, sizeof *candidates, oldest_first);
    runs = 0;
    for (uint32_t i = from; due && i < list->small; i++, count++) {
        struct block_entry *entry = &list->entries[candidates[i].index];
        if (runs + entry->runs > limits->large_runs) break;
        runs += entry->runs;
        if (mark) entry->state = BLOCK_MERGING;
    }
    free(candidates);
    return due && count > 0;
}

int merge_due(const struct fold_limits *limits, const struct block_list *list)
{
    return list->jobs.merge.block == 0 && choose(limits, list, 0) == 1;
}

/* -- the sources ----------------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
    return position_compare(&((const struct merge_run *)a)->position,
                            &((const struct merge_run *)b)->position);
}

static void merge_free(struct merge *merge)
{
    if (!merge) return;
    kv_cursor_close(merge->cursor);
    free(merge->sources);
    free(merge->runs);
    free(merge);
}

/* Opens the blocks being merged, and finds the order of their runs. */
static int merge_open(struct kv_txn *txn, uint32_t stream, const struct block_list *list,
                      struct pace_error *error, struct merge **out)
{
    struct merge *merge = calloc(1, sizeof *merge);
    *out = merge;
    if (!merge) return error_memory(error);
    merge->txn = txn;
    merge->stream = stream;
    merge->sources = calloc(list->small + 1, sizeof *merge->sources);
    merge->runs = calloc(BLOCK_RUNS_MAX, sizeof *merge->runs);
    if (!merge->sources || !merge->runs) return error_memory(error);
    int rc = blocks_cursor(txn, error, &merge->cursor), sorted = 1;
    for (uint32_t i = 0; !rc && i < list->small; i++) {
        const struct block_entry *entry = &list->entries[i];
        struct source *source = &merge->sources[merge->source_count];
        if (entry->state != BLOCK_MERGING) continue;
        source->entry = entry;
        rc = blocks_runs(txn, stream, entry->block, entry, error, &source->runs);
        if (rc) return rc;
        if (entry->runs > BLOCK_RUNS_MAX - merge->run_count)
            return blocks_damaged(txn, stream, entry->block, error);
        for (uint32_t j = 0; j < entry->runs; j++) {
            struct merge_run *run = &merge->runs[merge->run_count++];
            run->source = (uint16_t)merge->source_count;
            run->index = (uint16_t)j;
            if (block_runs_position(&source->runs, j, &run->position))
                return blocks_damaged(txn, stream, entry->block, error);
            if (run > merge->runs && by_position(run - 1, run) > 0) sorted = 0;
        }
        merge->source_count++;
    }
    if (rc) return rc;
    if (!sorted) qsort(merge->runs, merge->run_count, sizeof *merge->runs, by_position);
    for (uint32_t i = 0; i < merge->run_count; i++)
        merge->sources[merge->runs[i].source].place[merge->runs[i].index] = (uint16_t)i;
    return 0;
}

/* -- beginning ------------------------------------------------------------------------------- */

/* The merged runs as they are stored, in order. */
static int merged_views(struct merge *merge, struct pace_error *error, struct pace_run_view **out)
{
    struct pace_run_view *views = calloc(merge->run_count + 1, sizeof *views);
    if (!views) return error_memory(error);
    for (uint32_t i = 0; i < merge->run_count; i++) {
        struct source *source = &merge->sources[merge->runs[i].source];
        if (block_runs_view(&source->runs, merge->runs[i].index, &views[i])) {
            free(views);
            return blocks_damaged(merge->txn, merge->stream, source->entry->block, error);
        }
    }
    *out = views;
    return 0;
}

static int begin(struct fold *fold, struct merge *merge, struct stream_record *record,
                 struct block_list *list, struct pace_error *error)
{
    struct pace_run_view *views = NULL;
    int rc = merged_views(merge, error, &views);
    if (rc) return rc;
    list->jobs.merge = (struct block_job){.block = ++record->next_block};
    rc = fold_put_runs(fold, merge->txn, merge->stream, record->next_block, record->column_count,
                       views, merge->run_count, error);
    free(views);
    return rc;
}

/* -- copying columns ------------------------------------------------------------------------- */

/* Moves a source to its first column at or behind `column`. */
static int seek_source(struct merge *merge, struct source *source, uint32_t column,
                       struct pace_error *error)
{
    const struct block_entry *entry = source->entry;
    source->there = 0;
    while (column < entry->columns) {
        int rc = blocks_group(merge->txn, merge->cursor, merge->stream, entry->block, column,
                              entry->runs, error, &source->group);
        if (rc) return rc;
        source->there = block_group_seek(&source->group, column, &source->slot);
        if (source->there < 0)
            return blocks_damaged(merge->txn, merge->stream, entry->block, error);
        if (source->there) return 0;
        column = source->group.header.until;
    }
    return 0;
}

static int next_column(struct merge *merge, struct source *source, struct pace_error *error)
{
    source->there = block_group_next(&source->group, &source->slot);
    if (source->there < 0)
        return blocks_damaged(merge->txn, merge->stream, source->entry->block, error);
    return source->there ? 0 : seek_source(merge, source, source->group.header.until, error);
}

/* Spreads a source's cells of one column over their places. */
static int spread(struct merge *merge, struct source *source, int *bounded,
                  struct pace_error *error)
{
    uint32_t runs = source->entry->runs;
    for (uint32_t first = 0; first < runs; first += BLOCK_CHUNK_RUNS) {
        struct block_chunk chunk;
        uint8_t status[BLOCK_CHUNK_RUNS];
        double number[3][BLOCK_CHUNK_RUNS];
        if (block_chunk_open(&source->group, &source->slot, first / BLOCK_CHUNK_RUNS, &chunk))
            return error_damaged(error, "%s: column %u of block %u of stream %u",
                                 kv_path(merge->txn), source->slot.column, source->entry->block,
                                 merge->stream);
        int parts = chunk.lower | chunk.upper ? 3 : 1;
        block_chunk_statuses(&chunk, 0, chunk.runs, status);
        for (int part = 0; part < parts; part++)
            block_chunk_read(&chunk, (enum block_part)part, 0, chunk.runs, number[part]);
        for (uint32_t i = 0; i < chunk.runs; i++) {
            uint16_t place = source->place[first + i];
            merge->status[place] = status[i];
            merge->number[BLOCK_VALUE][place] = number[BLOCK_VALUE][i];
            merge->number[BLOCK_LOWER][place] = parts == 3 ? number[BLOCK_LOWER][i] : (double)NAN;
            merge->number[BLOCK_UPPER][place] = parts == 3 ? number[BLOCK_UPPER][i] : (double)NAN;
        }
        *bounded |= parts == 3;
    }
    return 0;
}

/* Reads one column of all sources; those that have it move on. */
static int read_column(struct merge *merge, uint32_t column, struct pace_error *error,
                       struct block_column *out)
{
    int bounded = 0, rc = 0;
    uint32_t count = 0;
    memset(merge->status, PACE_CELL_ABSENT, merge->run_count);
    for (uint32_t i = 0; !rc && i < merge->source_count; i++) {
        struct source *source = &merge->sources[i];
        if (!source->there || source->slot.column != column) continue;
        rc = spread(merge, source, &bounded, error);
        if (!rc) rc = next_column(merge, source, error);
    }
    for (uint32_t i = 0; !rc && i < merge->run_count; i++) {
        if (merge->status[i] == PACE_CELL_ABSENT) continue;
        merge->run[count] = (uint16_t)i;
        merge->status[count] = merge->status[i];
        for (int part = 0; part < 3; part++)
            merge->number[part][count] = merge->number[part][i];
        count++;
    }
    *out = (struct block_column){.column = column,
                                 .count = count,
                                 .run = merge->run,
                                 .status = merge->status,
                                 .value = merge->number[BLOCK_VALUE],
                                 .lower = bounded ? merge->number[BLOCK_LOWER] : NULL,
                                 .upper = bounded ? merge->number[BLOCK_UPPER] : NULL};
    return rc;
}

/* The next column that some source has, or `none`. */
static uint32_t least_column(const struct merge *merge, uint32_t none)
{
    uint32_t least = none;
    for (uint32_t i = 0; i < merge->source_count; i++) {
        const struct source *source = &merge->sources[i];
        if (source->there && source->slot.column < least) least = source->slot.column;
    }
    return least;
}

/* One group of columns. */
static int copy_columns(struct fold *fold, struct merge *merge, struct block_job *job,
                        uint32_t columns, uint64_t cells, struct pace_error *error)
{
    struct key key = key_block_group(merge->stream, job->block, job->next_column);
    uint64_t copied = 0;
    int rc = 0;
    for (uint32_t i = 0; !rc && i < merge->source_count; i++)
        rc = seek_source(merge, &merge->sources[i], job->next_column, error);
    block_writer_begin(&fold->writer, merge->stream, job->block, job->next_column, merge->run_count,
                       fold_packing(fold), &key);
    uint32_t column = least_column(merge, columns);
    while (!rc && column < columns && copied < cells && !block_writer_full(&fold->writer)) {
        struct block_column in_hand;
        rc = read_column(merge, column, error, &in_hand);
        if (rc) return rc;
        if (block_writer_column(&fold->writer, &in_hand)) return error_memory(error);
        copied += in_hand.count;
        column = least_column(merge, columns);
    }
    if (rc) return rc;
    job->next_column = column;
    return fold_end_group(fold, merge->txn, merge->stream, job->block, column, error);
}

/* -- ending ---------------------------------------------------------------------------------- */

/* The large block takes the place of its sources. */
static int finish(struct merge *merge, struct block_list *list, struct pace_error *error)
{
    struct block_runs runs;
    struct pace_run_view first, last;
    uint32_t block = list->jobs.merge.block, kept = 0;
    int rc = blocks_runs(merge->txn, merge->stream, block, NULL, error, &runs);
    if (rc) return rc;
    if (block_runs_view(&runs, 0, &first) || block_runs_view(&runs, runs.header.runs - 1, &last))
        return blocks_damaged(merge->txn, merge->stream, block, error);
    struct block_entry entry =
        fold_entry(block, runs.header.columns, BLOCK_LARGE, &first, &last, runs.header.runs);
    for (uint32_t i = 0; !rc && i < merge->source_count; i++)
        rc = blocks_delete(merge->txn, merge->stream, merge->sources[i].entry, error);
    if (rc) return rc;
    for (uint32_t i = 0; i < list->small; i++) {
        if (list->entries[i].state != BLOCK_MERGING) list->entries[kept++] = list->entries[i];
    }
    memmove(list->entries + kept, list->entries + list->small, list->large * sizeof *list->entries);
    list->small = kept;
    list->jobs.merge = (struct block_job){0};
    if (block_list_add(list, &entry)) return error_memory(error);
    return 0;
}

int merge_step(struct fold *fold, struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               struct block_list *list, uint64_t cells, struct pace_error *error)
{
    struct block_job *job = &list->jobs.merge;
    struct merge *merge = NULL;
    uint32_t large = list->large;
    int fresh = job->block == 0;
    if (fresh) {
        int due = choose(fold->limits, list, 1);
        if (due < 0) return error_memory(error);
        if (!due) {
            record->jobs &= ~(uint32_t)STREAM_MERGES;
            return 0;
        }
    }
    int rc = merge_open(txn, stream, list, error, &merge);
    if (!rc && fresh) {
        rc = begin(fold, merge, record, list, error);
    } else if (!rc) {
        struct block_runs runs;
        rc = blocks_runs(txn, stream, job->block, NULL, error, &runs);
        if (!rc &&
            (runs.header.runs != merge->run_count || job->next_column >= runs.header.columns))
            rc = blocks_damaged(txn, stream, job->block, error);
        uint32_t columns = rc ? 0 : runs.header.columns;
        if (!rc) rc = copy_columns(fold, merge, job, columns, cells, error);
        if (!rc && job->next_column == columns) {
            rc = finish(merge, list, error);
            if (!merge_due(fold->limits, list)) record->jobs &= ~(uint32_t)STREAM_MERGES;
        }
    }
    merge_free(merge);
    return rc ? rc : block_list_store(txn, stream, record, list, large, error);
}
