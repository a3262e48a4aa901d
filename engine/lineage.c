/* lineage.c -- start points for people, and the ancestors of a stream as segments.
 *
 * A chain of branches is followed up to one without a start point, then cut from its far end: the
 * whole of the oldest ancestor, cut where the next branch left it, and so on. A start point cuts
 * at its commit's last run where that was measured, by its time otherwise. Nothing is copied: runs
 * of an ancestor that arrive late are inherited when they lie before the cut. Costs a few lookups
 * a branch of the chain. */
#include "branch.h"
#include "index.h"
#include "run.h"
#include "snapshot.h"

#include <stdio.h>
#include <string.h>

/* -- start points ------------------------------------------------------------------------------ */

struct new_start {
    pace *store;
    struct text project, branch;
    struct start_wish wish;
};

static int set_start(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct new_start *new = context;
    struct catalogue *catalogue = &new->store->catalogue;
    struct head head;
    uint32_t project, branch;
    int rc = head_load(txn, error, &head);
    if (!rc)
        rc = catalogue_name(catalogue, txn, &head, PACE_PROJECT, &new->project, error, &project);
    if (!rc) rc = catalogue_name(catalogue, txn, &head, PACE_BRANCH, &new->branch, error, &branch);
    if (!rc) rc = start_append(txn, catalogue, &head, project, branch, &new->wish, error);
    return rc ? rc : head_store(txn, &head, error);
}

static int check_name(const char *name, const char *what, struct pace_error *error,
                      struct text *out)
{
    size_t len = name ? strlen(name) : 0;
    int rc = name_check(name, len, what, error);
    if (!rc) *out = (struct text){name, (uint32_t)len, text_hash(name, len)};
    return rc;
}

int pace_start_point_set(pace *store, const char *project, const char *branch,
                         const struct pace_start_point *start, struct pace_error *error)
{
    struct new_start new = {.store = store};
    struct arena arena;
    arena_init(&arena, 0);
    int rc = store_check_writable(store, error);
    if (!rc) rc = check_name(project, "project", error, &new.project);
    if (!rc) rc = check_name(branch, "branch", error, &new.branch);
    if (!rc) rc = run_start_wish(&arena, start, error, &new.wish);
    if (!rc) rc = store_write(store, 1, set_start, &new, error);
    arena_clear(&arena);
    return rc;
}

/* The newest start point; *parent is its branch. Text is of the snapshot. */
static int read_start(struct pace_snapshot *snapshot, uint32_t project, uint32_t branch,
                      struct pace_error *error, uint32_t *parent, struct pace_start_point *out)
{
    struct start start;
    const char *const *names;
    uint32_t count;
    int rc = start_load(snapshot->txn, project, branch, error, &start);
    if (!rc) rc = pace_names(snapshot, PACE_BRANCH, error, &names, &count);
    if (rc) return rc;
    if (start.record.parent >= count)
        return error_damaged(error, "%s: the start point of branch %u", kv_path(snapshot->txn),
                             branch);
    const char *commit = arena_copy(&snapshot->arena, start.commit, start.record.commit_len);
    if (!commit) return error_memory(error);
    *parent = start.record.parent;
    *out = (struct pace_start_point){names[*parent], commit, start.record.time_ns};
    return 0;
}

static int check_ids(struct pace_snapshot *snapshot, uint32_t project, uint32_t branch,
                     struct pace_error *error)
{
    int rc = snapshot_check(snapshot, error);
    if (rc) return rc;
    if (project < snapshot->head.names[PACE_PROJECT].names &&
        branch < snapshot->head.names[PACE_BRANCH].names)
        return 0;
    return error_set(error, PACE_ENOTFOUND, "no project %u with a branch %u", project, branch);
}

int pace_start_point_get(pace_snapshot *snapshot, uint32_t project, uint32_t branch,
                         struct pace_error *error, struct pace_start_point *out)
{
    uint32_t parent;
    struct pace_start_point start = {0};
    int rc = check_ids(snapshot, project, branch, error);
    if (!rc) rc = read_start(snapshot, project, branch, error, &parent, &start);
    if (!rc) *out = start;
    return rc;
}

/* -- cutting ----------------------------------------------------------------------------------- */

/* An ancestor's stream and the place of the last run that is inherited. */
struct cut {
    uint32_t stream, branch;
    struct position last;
};

struct chain {
    struct pace_snapshot *snapshot;
    struct pace_error *error;
    uint32_t project, testbed;
    struct {
        uint32_t parent;
        struct pace_start_point start;
    } links[PACE_MAX_LINEAGE]; /* the branch's own first */
    uint32_t link_count;
    struct cut cuts[PACE_MAX_LINEAGE]; /* oldest first */
    uint32_t cut_count;
};

/* Reads times and places of runs, no cells. */
static int scan_runs(struct chain *chain, uint32_t stream, const struct pace_range *range,
                     int (*take)(void *context, const struct pace_run_view *view), void *context)
{
    pace_scan *scan;
    struct pace_cells cells;
    int rc = pace_scan_open(chain->snapshot, stream, NULL, 0, range, chain->error, &scan);
    if (rc) return rc;
    int more = 1;
    while (more && !(rc = pace_scan_next(scan, chain->error, &cells)) && cells.run_count)
        for (size_t i = 0; more && i < cells.run_count; i++)
            more = take(context, &cells.runs[i]);
    pace_scan_close(scan);
    return rc;
}

static struct position place_of(const struct pace_run_view *view)
{
    return (struct position){view->time_ns, view->ordinal, view->run};
}

struct find_commit {
    struct chain *chain;
    const struct cut *cut;
    const char *commit;
    int found;
    struct position last;
};

/* Takes the runs of exactly this commit in the ancestor's part; pace_commits takes a prefix. */
static int see_commit(void *context, const char *commit, uint64_t run)
{
    struct find_commit *find = context;
    struct run_place place;
    if (strcmp(commit, find->commit) != 0) return 0;
    int rc = index_get_run(find->chain->snapshot->txn, run, find->chain->error, &place, NULL);
    if (rc) return rc;
    struct position position = run_position(&place, run);
    if (place.stream != find->cut->stream || position_compare(&position, &find->cut->last) > 0)
        return 0;
    if (!find->found || position_compare(&position, &find->last) > 0) find->last = position;
    find->found = 1;
    return 0;
}

/* Cuts at the commit's last run in the youngest ancestor that has it; *found tells. */
static int cut_at_commit(struct chain *chain, const char *commit, int *found)
{
    *found = 0;
    for (uint32_t i = chain->cut_count; *commit && i-- > 0;) {
        struct find_commit find = {.chain = chain, .cut = &chain->cuts[i], .commit = commit};
        int rc = pace_commits(chain->snapshot, commit, chain->error, see_commit, &find);
        if (rc) return rc;
        if (!find.found) continue;
        chain->cuts[i].last = find.last;
        chain->cut_count = i + 1;
        *found = 1;
        return 0;
    }
    return 0;
}

static int take_place(void *context, const struct pace_run_view *view)
{
    *(struct position *)context = place_of(view);
    return 0;
}

/* Cuts what is later than a time; ancestors of which nothing is left go. */
static int cut_at_time(struct chain *chain, int64_t time_ns)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < chain->cut_count; i++) {
        struct cut cut = chain->cuts[i];
        if (cut.last.time_ns > time_ns) {
            struct pace_range range = {INT64_MIN, time_ns + 1, 1};
            cut.last.run = 0;
            int rc = scan_runs(chain, cut.stream, &range, take_place, &cut.last);
            if (rc) return rc;
        }
        if (cut.last.run) chain->cuts[kept++] = cut;
    }
    chain->cut_count = kept;
    return 0;
}

static int cut_at_start(struct chain *chain, const struct pace_start_point *start,
                        enum pace_lineage_state *state)
{
    int found;
    int rc = cut_at_commit(chain, start->commit, &found);
    *state = PACE_LINEAGE_EXACT;
    if (rc || found) return rc;
    *state = PACE_LINEAGE_UNKNOWN;
    if (start->time_ns == 0) {
        chain->cut_count = 0;
        return 0;
    }
    rc = cut_at_time(chain, start->time_ns);
    *state = chain->cut_count ? PACE_LINEAGE_NEAREST : PACE_LINEAGE_MISSING;
    return rc;
}

/* -- the chain --------------------------------------------------------------------------------- */

static int follow(struct chain *chain, uint32_t branch)
{
    int rc = 0;
    for (;;) {
        uint32_t parent;
        struct pace_start_point start;
        rc = read_start(chain->snapshot, chain->project, branch, chain->error, &parent, &start);
        if (rc) return rc == PACE_ENOTFOUND ? 0 : rc;
        if (chain->link_count == PACE_MAX_LINEAGE)
            return ERROR_LIMIT(chain->error, PACE_MAX_LINEAGE, "the chain of start points");
        chain->links[chain->link_count].parent = parent;
        chain->links[chain->link_count++].start = start;
        branch = parent;
    }
}

/* Adds the whole of an ancestor, if it was measured on the testbed. */
static int add_ancestor(struct chain *chain, uint32_t branch)
{
    struct stream_record record;
    uint32_t stream;
    int rc = branch_stream(chain->snapshot->txn, chain->project, branch, chain->testbed,
                           chain->error, &stream);
    if (rc) return rc == PACE_ENOTFOUND ? 0 : rc;
    rc = snapshot_stream(chain->snapshot, stream, chain->error, &record);
    if (rc) return rc;
    chain->cuts[chain->cut_count++] = (struct cut){stream, branch, stream_last(&record)};
    return 0;
}

struct count_beyond {
    struct position last;
    uint64_t count;
};

static int take_beyond(void *context, const struct pace_run_view *view)
{
    struct count_beyond *beyond = context;
    struct position position = place_of(view);
    beyond->count += position_compare(&position, &beyond->last) > 0;
    return 1;
}

static int fill_segment(struct chain *chain, const struct cut *cut, struct pace_segment *out)
{
    struct count_beyond beyond = {.last = cut->last};
    struct pace_range range = {cut->last.time_ns, cut->last.time_ns + 1, 0};
    int rc = scan_runs(chain, cut->stream, &range, take_beyond, &beyond);
    *out = (struct pace_segment){cut->stream, cut->branch, range.until_ns, beyond.count};
    return rc;
}

static int fill(struct chain *chain, struct pace_lineage *out)
{
    struct pace_segment *segments =
        arena_array(&chain->snapshot->arena, chain->cut_count, sizeof *segments);
    if (!segments) return error_memory(chain->error);
    for (uint32_t i = 0; i < chain->cut_count; i++) {
        int rc = fill_segment(chain, &chain->cuts[i], &segments[i]);
        if (rc) return rc;
    }
    out->segments = segments;
    out->segment_count = chain->cut_count;
    if (chain->cut_count == 0) return 0;
    return pace_run_get(chain->snapshot, chain->cuts[chain->cut_count - 1].last.run, chain->error,
                        &out->last);
}

int pace_lineage_find(pace_snapshot *snapshot, uint32_t project, uint32_t branch, uint32_t testbed,
                      struct pace_error *error, struct pace_lineage *out)
{
    struct chain chain = {
        .snapshot = snapshot, .error = error, .project = project, .testbed = testbed};
    struct pace_lineage lineage = {.state = PACE_LINEAGE_NONE};
    int rc = check_ids(snapshot, project, branch, error);
    if (!rc) rc = follow(&chain, branch);
    for (uint32_t i = chain.link_count; !rc && i-- > 0;) {
        rc = add_ancestor(&chain, chain.links[i].parent);
        if (!rc) rc = cut_at_start(&chain, &chain.links[i].start, &lineage.state);
    }
    if (!rc && chain.link_count) {
        lineage.start = chain.links[0].start;
        rc = fill(&chain, &lineage);
    }
    if (!rc) *out = lineage;
    return rc;
}

int pace_lineage_get(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                     struct pace_lineage *out)
{
    struct stream_record record;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = snapshot_stream(snapshot, stream, error, &record);
    if (rc) return rc;
    return pace_lineage_find(snapshot, record.project, record.branch, record.testbed, error, out);
}

/* -- for people -------------------------------------------------------------------------------- */

/* A commit as people write it: the beginning of a hash, anything else as it is. */
static int commit_width(const char *commit)
{
    enum { HASH_MIN = 20, SHORT = 7 };
    size_t hex = strspn(commit, "0123456789abcdef");
    return hex >= HASH_MIN && commit[hex] == 0 ? SHORT : PACE_MAX_COMMIT;
}

const char *pace_lineage_text(const struct pace_lineage *lineage, char *buffer, size_t size)
{
    const struct pace_start_point *start = &lineage->start;
    const char *last = lineage->last.commit, *commit = start->commit;
    char run[40];
    if (size) buffer[0] = 0;
    if (lineage->state == PACE_LINEAGE_NONE) return buffer;
    if (lineage->segment_count && !*last) {
        snprintf(run, sizeof run, "run %llu", (unsigned long long)lineage->last.run);
        last = run;
    }
    int start_width = commit_width(commit), last_width = last ? commit_width(last) : 0;
    switch (lineage->state) {
    case PACE_LINEAGE_EXACT:
        snprintf(buffer, size, "%s up to %.*s", start->branch, start_width, commit);
        break;
    case PACE_LINEAGE_NEAREST:
        if (*commit)
            snprintf(buffer, size, "%s up to %.*s, the nearest measured before %.*s", start->branch,
                     last_width, last, start_width, commit);
        else
            snprintf(buffer, size, "%s up to %.*s", start->branch, last_width, last);
        break;
    case PACE_LINEAGE_MISSING:
        if (*commit)
            snprintf(buffer, size, "no runs of %s up to %.*s: no baseline", start->branch,
                     start_width, commit);
        else
            snprintf(buffer, size, "no runs of %s so far: no baseline", start->branch);
        break;
    default:
        if (*commit)
            snprintf(buffer, size,
                     "no run of %.*s on %s, and the time of that commit is not known: no baseline",
                     start_width, commit, start->branch);
        else
            snprintf(buffer, size, "it is not known where the branch left %s: no baseline",
                     start->branch);
        break;
    }
    return buffer;
}
