/* verify_runs.c -- the history of each stream, read by a scan like any reader's, so that it does
 * not matter how runs are laid out: their order, counts, index entries, and the digest of their
 * content, which was taken when they were stored and covers every name, value, bound, status and
 * sample. */
#include "verify.h"
#include "index.h"
#include "meta.h"
#include "run.h"
#include "samples.h"
#include "summary.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stream that is being read. */
struct history {
    struct verify *verify;
    uint32_t stream;
    char place[64];
    const struct stream_record *record;
    const struct pace_column *columns;
    struct pace_run names; /* of its names, and of the run that is being looked at */
    struct position last;
    uint64_t runs, cells;
    int64_t first_time_ns;
};

static struct text name_text(const struct verify *verify, enum pace_dimension dimension,
                             uint32_t id)
{
    const char *name = verify->names[dimension][id];
    return (struct text){.text = name, .len = (uint32_t)strlen(name)};
}

const struct verify_run *verify_run_find(const struct verify *verify, uint64_t run)
{
    uint32_t index = map_get(&verify->by_run, run);
    return index == MAP_NONE ? NULL : &verify->runs[index];
}

static struct verify_run *add_run(struct verify *verify, uint64_t run)
{
    if (verify->run_count == verify->run_capacity) {
        size_t capacity = verify->run_capacity ? verify->run_capacity * 2 : 1024;
        struct verify_run *runs = realloc(verify->runs, capacity * sizeof *runs);
        if (!runs) return NULL;
        verify->runs = runs;
        verify->run_capacity = capacity;
    }
    if (map_set(&verify->by_run, run, (uint32_t)verify->run_count)) return NULL;
    struct verify_run *added = &verify->runs[verify->run_count++];
    *added = (struct verify_run){.run = run};
    return added;
}

/* -- content --------------------------------------------------------------------------------- */

static double bound_or_nan(double bound)
{
    return isnan(bound) ? (double)NAN : bound;
}

/* Adds up the digests of the cells of run r of a batch. *cells: how many there are. */
static int digest_cells(const struct history *history, const struct pace_cells *batch, size_t r,
                        uint32_t sample_parts, struct seal_digest *sum, uint32_t *cells,
                        struct pace_error *error)
{
    struct verify *verify = history->verify;
    const struct sample_entry *entries = NULL;
    const double *samples = NULL;
    size_t entry_count = 0, entry = 0;
    arena_clear(&verify->scratch);
    int rc = samples_all(verify->txn, batch->runs[r].run, sample_parts, &verify->scratch, error,
                         &entries, &entry_count, &samples);
    if (rc) return rc;
    for (size_t c = 0; c < batch->column_count; c++) {
        size_t at = c * batch->stride + r, count = 0;
        if (batch->status[at] == PACE_CELL_ABSENT) continue;
        if (entry < entry_count && entries[entry].column == c) count = entries[entry++].count;
        struct seal_digest seed =
            run_series_seed(verify->hashes[PACE_BENCHMARK][history->columns[c].benchmark],
                            verify->hashes[PACE_MEASURE][history->columns[c].measure]);
        struct seal_digest cell = run_cell_digest(
            &seed, batch->status[at], bound_or_nan(batch->value[at]),
            batch->lower ? bound_or_nan(batch->lower[at]) : (double)NAN,
            batch->upper ? bound_or_nan(batch->upper[at]) : (double)NAN, samples, count);
        sum->low += cell.low;
        sum->high += cell.high;
        if (count) samples += count;
        ++*cells;
    }
    if (entry == entry_count) return 0;
    return error_damaged(error, "samples of a cell that is not there: run %" PRIu64,
                         batch->runs[r].run);
}

/* Compares a run's content with its identity. */
static int check_content(struct history *history, const struct pace_cells *batch, size_t r,
                         const struct verify_run *run, const char *place,
                         const struct run_names *names, struct pace_error *error)
{
    struct verify *verify = history->verify;
    const struct pace_run_view *view = &batch->runs[r];
    struct seal_digest sum = {0};
    struct seal_digest indexed;
    uint64_t number = 0;
    uint32_t cells = 0;
    int rc = digest_cells(history, batch, r, run->sample_parts, &sum, &cells, error);
    if (rc) return verify_outcome(verify, rc, place, error);
    history->cells += cells;
    verify->result->cells += cells;
    if (cells != view->cell_count)
        verify_tell(verify, place, "it has %u cells, not %u", cells, view->cell_count);
    struct pace_run *image = &history->names;
    image->commit = view->commit;
    image->time_ns = view->time_ns;
    image->flags = view->flags;
    image->cell_count = cells;
    struct seal_digest content = run_digest(image, &sum);
    if (names->content.low != content.low || names->content.high != content.high)
        verify_tell(verify, place, "its content is not what was stored");
    rc = snapshot_find_identity(verify->snapshot, names->id, error, &number, &indexed);
    if (rc == PACE_ENOTFOUND) return verify_tell(verify, place, "its id is not in the index"), 0;
    if (rc) return verify_outcome(verify, rc, place, error);
    if (number != view->run) verify_tell(verify, place, "its id belongs to run %" PRIu64, number);
    return 0;
}

/* -- runs ------------------------------------------------------------------------------------ */

/* Its place in the history, and what its index entry says of it. */
static int check_place(struct history *history, const struct pace_run_view *view,
                       struct verify_run *run, const char *place, struct run_names *names,
                       struct pace_error *error)
{
    struct verify *verify = history->verify;
    struct position position = {
        .time_ns = view->time_ns, .ordinal = view->ordinal, .run = view->run};
    struct run_place stored;
    if (history->runs && position_compare(&history->last, &position) >= 0)
        verify_tell(verify, place, "it is not in its place in history");
    if (!history->runs) history->first_time_ns = view->time_ns;
    history->last = position;
    history->runs++;
    run->stream = history->stream;
    run->ordinal = view->ordinal;
    run->time_ns = view->time_ns;
    verify->commits += view->commit[0] != 0;
    names->id[0] = 0;
    int rc = index_get_run(verify->txn, view->run, error, &stored, names);
    if (rc) return verify_outcome(verify, rc, place, error);
    run->id_word = index_id_word(names->id, names->id_len);
    run->commit_word = index_commit_word(names->commit, names->commit_len);
    if (strcmp(names->commit, view->commit) != 0)
        verify_tell(verify, place, "the index of runs has it with another commit");
    if (stored.stream != history->stream || stored.ordinal != view->ordinal ||
        stored.time_ns != view->time_ns)
        verify_tell(verify, place, "the index of runs has it in another place");
    const char *problem = text_problem(names->id, names->id_len, TEXT_LINE);
    if (problem || strlen(names->id) != names->id_len)
        verify_tell(verify, place, "its id is no text: %s", problem ? problem : "a NUL");
    run->meta_parts = stored.meta_parts;
    run->sample_parts = stored.sample_parts;
    verify->meta_parts += stored.meta_parts;
    verify->sample_parts += stored.sample_parts;
    return 0;
}

static int check_meta(struct verify *verify, const struct verify_run *run, const char *place,
                      struct pace_error *error)
{
    struct pace_meta meta;
    arena_clear(&verify->scratch);
    int rc = meta_get(verify->txn, run->run, run->meta_parts, &verify->scratch, error, &meta);
    if (rc) return verify_outcome(verify, rc, place, error);
    for (size_t i = 1; i < meta.count; i++) {
        if (strcmp(meta.keys[i - 1], meta.keys[i]) >= 0)
            verify_tell(verify, place, "its metadata is not in order");
    }
    return 0;
}

/* The tables of pairs have all runs up to `indexed`. */
static int check_pairs(struct verify *verify, const struct verify_run *run, const char *place,
                       struct pace_error *error)
{
    const struct pair id = {run->id_word, run->run}, commit = {run->commit_word, run->run};
    int has_id = 1, has_commit = 1, rc = 0;
    if (run->run > verify->head->indexed) return 0;
    rc = index_has(verify->txn, INDEX_IDENTITIES, &id, error, &has_id);
    if (!rc && commit.word) rc = index_has(verify->txn, INDEX_COMMITS, &commit, error, &has_commit);
    if (rc) return verify_outcome(verify, rc, place, error);
    if (!has_id) verify_tell(verify, place, "its id is not in the index");
    if (!has_commit) verify_tell(verify, place, "its commit is not in the index of commits");
    return 0;
}

static int check_run(struct history *history, const struct pace_cells *batch, size_t r,
                     struct pace_error *error)
{
    struct verify *verify = history->verify;
    const struct pace_run_view *view = &batch->runs[r];
    char place[64];
    struct run_names names;
    snprintf(place, sizeof place, "run %" PRIu64, view->run);
    if (view->run == 0 || view->run > verify->head->runs)
        return verify_tell(verify, place, "there are no more than %" PRIu64 " runs",
                           verify->head->runs),
               0;
    if (verify_run_find(verify, view->run))
        return verify_tell(verify, place, "it is there twice"), 0;
    struct verify_run *run = add_run(verify, view->run);
    if (!run) return error_memory(error);
    int rc = check_place(history, view, run, place, &names, error);
    if (!rc && names.id[0]) rc = check_pairs(verify, run, place, error);
    if (!rc && names.id[0]) rc = check_content(history, batch, r, run, place, &names, error);
    if (!rc) rc = check_meta(verify, run, place, error);
    return rc;
}

/* What became of reading a history, as verify_outcome. */
static int unread(struct history *history, int rc, const struct pace_error *error)
{
    history->verify->unread = 1;
    return verify_outcome(history->verify, rc, history->place, error);
}

/* -- streams --------------------------------------------------------------------------------- */

static int scan_history(struct history *history, pace_scan *scan, struct pace_error *error)
{
    struct verify *verify = history->verify;
    while (!verify->stopped) {
        struct pace_cells batch;
        int rc = pace_scan_next(scan, error, &batch);
        if (rc) return unread(history, rc, error);
        if (batch.run_count == 0) break;
        for (size_t r = 0; r < batch.run_count && !verify->stopped; r++) {
            rc = check_run(history, &batch, r, error);
            if (rc) return rc;
        }
    }
    const struct stream_record *record = history->record;
    if (verify->stopped) return 0;
    if (history->runs != record->run_count)
        verify_tell(verify, history->place, "it has %" PRIu64 " runs, not %" PRIu64, history->runs,
                    record->run_count);
    else if (history->cells != record->cell_count)
        verify_tell(verify, history->place, "it has %" PRIu64 " cells, not %" PRIu64,
                    history->cells, record->cell_count);
    else if (history->runs && (history->first_time_ns != record->first_time_ns ||
                               history->last.time_ns != record->last_time_ns ||
                               history->last.ordinal != record->last_ordinal ||
                               history->last.run != record->last_run))
        verify_tell(verify, history->place, "its record has another first or last run");
    return 0;
}

/* Where the unit is too large for a number, sums may be too, in one order and not in another; where
 * its square is too small, all digits are lost. */
static int is_near(double a, double b, double unit)
{
    return !isfinite(unit) || fabs(a - b) <= 1e-9 * unit + DBL_MIN;
}

/* Whether two summaries of the same cells, added up in different orders, agree. */
static int agree(const struct block_summary *a, const struct block_summary *b)
{
    double most = fmax(fabs(b->min), fabs(b->max)), n = (double)b->count;
    return a->count == b->count && a->min == b->min && a->max == b->max &&
           is_near(a->sum, b->sum, most * n) &&
           is_near(a->m2, b->m2, (b->max - b->min) * (b->max - b->min) * n + most * most * 1e-6);
}

/* The totals of a stream against its blocks and rows. */
static int check_totals(struct verify *verify, uint32_t stream, const struct stream_record *record,
                        const char *place, struct pace_error *error)
{
    struct sums totals = {0}, sums = {0};
    uint32_t wrong = 0;
    if (!record->totals_runs || verify->stopped) return 0;
    int rc = totals_sums(record, &totals) || totals_sums(record, &sums) ? error_memory(error) : 0;
    if (!rc) rc = summary_read_totals(verify->txn, stream, record, &totals, error);
    if (!rc) rc = summary_read(verify->txn, stream, record, NULL, &sums, error);
    for (uint32_t i = 0; !rc && i < record->column_count; i++) {
        struct block_summary a = sums_get(&totals, i), b = sums_get(&sums, i);
        wrong += !agree(&a, &b);
    }
    sums_free(&totals);
    sums_free(&sums);
    if (rc) return verify_outcome(verify, rc, place, error);
    if (wrong)
        verify_tell(verify, place, "the totals of %u columns are not those of its runs", wrong);
    return 0;
}

/* Whether all lists that the stream needs could be read. */
static int readable(const struct verify *verify, const struct stream_record *record,
                    const struct pace_column *columns)
{
    const struct name_count *names = verify->head->names;
    for (int i = 0; i < PACE_DIMENSION_COUNT; i++) {
        if (!verify->names[i]) return 0;
    }
    for (uint32_t i = 0; i < record->column_count; i++) {
        if (columns[i].benchmark >= names[PACE_BENCHMARK].names ||
            columns[i].measure >= names[PACE_MEASURE].names)
            return 0;
    }
    return record->project < names[PACE_PROJECT].names &&
           record->branch < names[PACE_BRANCH].names && record->testbed < names[PACE_TESTBED].names;
}

static int check_history(struct verify *verify, uint32_t stream, struct pace_error *error)
{
    const struct stream_record *record = &verify->streams[stream];
    struct history history = {.verify = verify, .stream = stream, .record = record};
    uint32_t count;
    pace_scan *scan;
    snprintf(history.place, sizeof history.place, "stream %u", stream);
    int rc = pace_columns(verify->snapshot, stream, error, &history.columns, &count);
    if (rc) return unread(&history, rc, error);
    if (!readable(verify, record, history.columns)) { /* which was told */
        verify->unread = 1;
        return 0;
    }
    history.names.project = name_text(verify, PACE_PROJECT, record->project);
    history.names.branch = name_text(verify, PACE_BRANCH, record->branch);
    history.names.testbed = name_text(verify, PACE_TESTBED, record->testbed);
    uint32_t *columns = calloc(count + 1u, sizeof *columns);
    if (!columns) return error_memory(error);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = i;
    rc = pace_scan_open(verify->snapshot, stream, columns, count, NULL, error, &scan);
    free(columns);
    if (rc) return unread(&history, rc, error);
    rc = scan_history(&history, scan, error);
    pace_scan_close(scan);
    return rc ? rc : check_totals(verify, stream, record, history.place, error);
}

int verify_runs(struct verify *verify, struct pace_error *error)
{
    int rc = 0;
    for (uint32_t i = 0; !rc && verify->streams && i < verify->head->streams && !verify->stopped;
         i++)
        rc = check_history(verify, i, error);
    return rc;
}
