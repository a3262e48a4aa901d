/* merge.c -- pace_merge: the union of two stores by the ids of runs.
 *
 * A run whose id the store has is the same run when its content is the same, also when the two
 * stores keep a measure in different units and a value was rounded on the way; else it is a
 * conflict, which is told of and left out. So a merge may be repeated, and cut off at any point. */
#include "copy.h"
#include "index.h"
#include "row.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a value that went from one unit to another and back: each way rounds twice at most. */
#define ROUNDING (8 * DBL_EPSILON)

struct merge {
    pace *store;
    pace_snapshot *into; /* of the store; NULL while it is written to, so that it may grow */
    pace_snapshot *from;
    unsigned char *wanted; /* a bit a run of `from` */
    int (*conflict)(void *context, const struct pace_merge_conflict *conflict);
    void *context;
    struct pace_merged *result;
    struct arena arena;
};

/* -- are two runs the same? ------------------------------------------------------------------ */

/* The cells of one run: a scan of its stream at its time. */
struct one_run {
    pace_snapshot *snapshot;
    const struct pace_column *columns;
    const char *const *benchmarks, *const *measures;
    uint32_t project, column_count;
    pace_scan *scan;
    struct pace_cells cells;
    size_t r;
};

static void one_run_close(struct one_run *run)
{
    pace_scan_close(run->scan);
}

static int one_run_open(struct one_run *run, pace_snapshot *snapshot,
                        const struct pace_run_view *view, struct pace_error *error)
{
    const struct pace_stream *streams;
    uint32_t count;
    struct pace_range range = {.from_ns = view->time_ns, .until_ns = view->time_ns + 1};
    *run = (struct one_run){.snapshot = snapshot};
    int rc = pace_streams(snapshot, error, &streams, &count);
    if (!rc) rc = pace_columns(snapshot, view->stream, error, &run->columns, &run->column_count);
    if (!rc) rc = pace_names(snapshot, PACE_BENCHMARK, error, &run->benchmarks, &count);
    if (!rc) rc = pace_names(snapshot, PACE_MEASURE, error, &run->measures, &count);
    if (rc) return rc;
    run->project = streams[view->stream].project;
    uint32_t *all = calloc(run->column_count + 1u, sizeof *all);
    if (!all) return error_memory(error);
    for (uint32_t i = 0; i < run->column_count; i++)
        all[i] = i;
    rc = pace_scan_open(snapshot, view->stream, all, run->column_count, &range, error, &run->scan);
    free(all);
    while (!rc) {
        rc = pace_scan_next(run->scan, error, &run->cells);
        if (rc || run->cells.run_count == 0) break;
        for (run->r = 0; run->r < run->cells.run_count; run->r++) {
            if (run->cells.runs[run->r].run == view->run) return 0;
        }
    }
    return rc ? rc : error_damaged(error, "run %llu", (unsigned long long)view->run);
}

/* The column with the names of column c of another; UINT32_MAX: none. */
static uint32_t find_column(const struct one_run *run, const struct one_run *other, uint32_t c)
{
    const char *benchmark = other->benchmarks[other->columns[c].benchmark];
    const char *measure = other->measures[other->columns[c].measure];
    for (uint32_t i = 0; i < run->column_count; i++) {
        if (strcmp(run->benchmarks[run->columns[i].benchmark], benchmark) == 0 &&
            strcmp(run->measures[run->columns[i].measure], measure) == 0)
            return i;
    }
    return UINT32_MAX;
}

static int near(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= ROUNDING * fmax(fabs(a), fabs(b));
}

/* 1: two cells are the same but for rounding; *rounded: they are in different units. */
static int same_cell(const struct one_run *a, uint32_t i, const struct one_run *b, uint32_t j,
                     int *rounded)
{
    size_t at = i * a->cells.stride + a->r, bt = j * b->cells.stride + b->r;
    struct pace_measure from, to;
    struct rescale rescale;
    if (a->cells.status[at] != b->cells.status[bt]) return 0;
    if (pace_measure_get(a->snapshot, a->project, a->columns[i].measure, NULL, &from) ||
        pace_measure_get(b->snapshot, b->project, b->columns[j].measure, NULL, &to))
        return 0;
    if (strcmp(from.unit, to.unit) == 0)
        rescale = (struct rescale){.multiply = 1, .divide = 1};
    else if (measure_rescale(from.unit, to.unit, &rescale))
        return 0;
    else
        *rounded = 1;
    double value[3] = {a->cells.value[at], a->cells.lower ? a->cells.lower[at] : (double)NAN,
                       a->cells.upper ? a->cells.upper[at] : (double)NAN};
    double other[3] = {b->cells.value[bt], b->cells.lower ? b->cells.lower[bt] : (double)NAN,
                       b->cells.upper ? b->cells.upper[bt] : (double)NAN};
    for (int k = 0; k < 3; k++) {
        if (!near(value[k] * rescale.multiply / rescale.divide, other[k])) return 0;
    }
    return 1;
}

/* 1 when two runs whose digests differ are the same but for rounding between units. */
static int same_runs(const struct one_run *a, const struct one_run *b)
{
    const struct pace_run_view *left = &a->cells.runs[a->r], *right = &b->cells.runs[b->r];
    int rounded = 0;
    if (left->time_ns != right->time_ns || left->flags != right->flags ||
        left->cell_count != right->cell_count || strcmp(left->commit, right->commit) != 0)
        return 0;
    for (uint32_t i = 0; i < a->column_count; i++) {
        if (a->cells.status[i * a->cells.stride + a->r] == PACE_CELL_ABSENT) continue;
        uint32_t j = find_column(b, a, i);
        if (j == UINT32_MAX || !same_cell(a, i, b, j, &rounded)) return 0;
    }
    return rounded;
}

static int compare_runs(struct merge *merge, const struct pace_run_view *run, uint64_t own,
                        struct pace_error *error, int *same)
{
    struct pace_run_view view;
    struct one_run a = {0}, b = {0};
    int rc = pace_run_get(merge->into, own, error, &view);
    if (!rc) rc = one_run_open(&a, merge->from, run, error);
    if (!rc) rc = one_run_open(&b, merge->into, &view, error);
    if (!rc) *same = same_runs(&a, &b);
    one_run_close(&a);
    one_run_close(&b);
    return rc;
}

/* -- choosing -------------------------------------------------------------------------------- */

static int tell_conflict(struct merge *merge, const struct pace_merge_conflict *conflict,
                         struct pace_error *error)
{
    merge->result->conflicts++;
    if (merge->conflict && merge->conflict(merge->context, conflict))
        return error_set(error, PACE_EINTERRUPT, "the merge was stopped at a conflict");
    return 0;
}

/* Looks a run up in the store; those it does not have become wanted. */
static int look_up(void *context, const struct pace_stream *stream, const struct pace_run_view *run,
                   struct pace_error *error)
{
    struct merge *merge = context;
    struct run_place place;
    struct run_names theirs;
    struct seal_digest ours;
    uint64_t own = 0;
    const char *id;
    int same = 0;
    (void)stream;
    int rc = pace_run_id(merge->from, run->run, error, &id);
    if (!rc) rc = snapshot_find_identity(merge->into, id, error, &own, &ours);
    if (rc == PACE_ENOTFOUND) {
        merge->wanted[run->run / 8] |= (unsigned char)(1u << run->run % 8);
        return 0;
    }
    if (!rc) rc = index_get_run(merge->from->txn, run->run, error, &place, &theirs);
    if (rc) return rc;
    same = ours.low == theirs.content.low && ours.high == theirs.content.high;
    if (!same) rc = compare_runs(merge, run, own, error, &same);
    if (rc) return rc;
    if (same) {
        merge->result->duplicates++;
        return 0;
    }
    struct pace_merge_conflict conflict = {.id = id, .run = own, .other_run = run->run};
    return tell_conflict(merge, &conflict, error);
}

static int is_wanted(void *context, const struct pace_stream *stream,
                     const struct pace_run_view *run, struct pace_error *error)
{
    const struct merge *merge = context;
    int wanted = merge->wanted[run->run / 8] >> run->run % 8 & 1;
    (void)stream, (void)error;
    merge->result->runs += (unsigned)wanted; /* for those who watch; counted anew behind the last */
    return wanted;
}

static int merge_runs(struct merge *merge, struct pace_error *error)
{
    struct copy look = {.from = merge->from, .choose = look_up, .context = merge};
    struct copy copy = {
        .from = merge->from, .to = merge->store, .choose = is_wanted, .context = merge};
    merge->wanted = calloc(pace_run_count(merge->from) / 8 + 1, 1);
    if (!merge->wanted) return error_memory(error);
    int rc = pace_snapshot_begin(merge->store, error, &merge->into);
    if (rc) return rc;
    rc = copy_runs(&look, error);
    copy_free(&look);
    pace_snapshot_end(merge->into);
    merge->into = NULL;
    if (!rc) rc = copy_measures(&copy, 1, error);
    if (!rc) rc = copy_runs(&copy, error);
    if (!rc) rc = copy_measures(&copy, 0, error);
    if (!rc) rc = copy_starts(&copy, error);
    merge->result->runs = copy.runs - copy.duplicates; /* another merge may have been quicker */
    merge->result->duplicates += copy.duplicates;
    merge->result->cells = copy.cells;
    copy_free(&copy);
    return rc;
}

/* -- marks ----------------------------------------------------------------------------------- */

/* The number that run `theirs` of the other store has here; 0: none. */
static int own_number(struct merge *merge, uint64_t theirs, struct pace_error *error, uint64_t *own)
{
    struct seal_digest content;
    const char *id;
    int rc = pace_run_id(merge->from, theirs, error, &id);
    *own = 0;
    if (!rc) rc = snapshot_find_identity(merge->into, id, error, own, &content);
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

/* A selector with the numbers of its run: terms as they are in this store; NULL when one of them is
 * not here. It is the one place where the engine looks into a selector: numbers are its own. */
static int renumber(struct merge *merge, const char *selector, struct pace_error *error,
                    const char **out)
{
    static const char term[] = "run:";
    const char *from = selector;
    char *text = arena_string(&merge->arena, ""), *end;
    int quoted = 0;
    for (const char *at = selector; text && *at; at++) {
        int starts = at == selector || strchr(" (", at[-1]) != NULL;
        if (*at == '"' && (at == selector || at[-1] != '\\')) quoted = !quoted;
        if (quoted || !starts || strncmp(at, term, sizeof term - 1) != 0) continue;
        const char *number = at + sizeof term - 1;
        if (*number < '0' || *number > '9') continue;
        uint64_t own = 0;
        int rc = own_number(merge, strtoull(number, &end, 10), error, &own);
        if (rc) return rc;
        *out = NULL;
        if (own == 0) return 0;
        text = arena_printf(&merge->arena, "%s%.*s%llu", text, (int)(number - from), from,
                            (unsigned long long)own);
        from = end;
        at = end - 1;
    }
    if (text) text = arena_printf(&merge->arena, "%s%s", text, from);
    *out = text;
    return text ? 0 : error_memory(error);
}

static int same_mark(const struct pace_mark *a, const struct pace_mark *b)
{
    return a->kind == b->kind && a->at_ns == b->at_ns && a->created_ns == b->created_ns &&
           strcmp(a->selector, b->selector) == 0 && strcmp(a->target, b->target) == 0 &&
           strcmp(a->note, b->note) == 0;
}

/* Marks of the other store as they would be here: what is to be added, and (by `id`) what to be
 * undone. */
struct mark_list {
    struct pace_mark *items;
    size_t count;
};

static int plan_mark(struct merge *merge, const struct pace_mark *mark, const struct pace_mark *own,
                     size_t own_count, struct mark_list *list, struct pace_error *error)
{
    struct pace_mark here = *mark;
    int rc = renumber(merge, mark->selector, error, &here.selector);
    if (rc) return rc;
    if (!here.selector) {
        merge->result->marks_left++;
        return 0;
    }
    here.id = 0;
    for (size_t i = 0; i < own_count && !here.id; i++) {
        if (!same_mark(&here, &own[i])) continue;
        if (own[i].undone || !here.undone) return 0;
        here.id = own[i].id;
    }
    list->items[list->count++] = here;
    return 0;
}

static int plan_marks(struct merge *merge, struct mark_list *list, struct pace_error *error)
{
    const struct pace_mark *theirs, *own;
    size_t count, own_count;
    int rc = pace_marks(merge->from, error, &theirs, &count);
    if (!rc) rc = pace_marks(merge->into, error, &own, &own_count);
    if (rc) return rc;
    list->items = arena_array(&merge->arena, count, sizeof *list->items);
    if (!list->items) return error_memory(error);
    for (size_t i = 0; !rc && i < count; i++)
        rc = plan_mark(merge, &theirs[i], own, own_count, list, error);
    return rc;
}

static int put_marks(struct merge *merge, const struct mark_list *list, struct pace_error *error)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < list->count; i++) {
        uint64_t id = list->items[i].id;
        if (!id) {
            rc = pace_mark_add(merge->store, &list->items[i], error, &id);
            merge->result->marks++;
        }
        if (!rc && list->items[i].undone) rc = pace_mark_undo(merge->store, id, error);
    }
    return rc;
}

/* -- saved objects --------------------------------------------------------------------------- */

/* What the store has under this name: its text, or NULL. */
static const char *own_text(const struct pace_object *object, const struct pace_object *own,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (own[i].kind == object->kind && strcmp(own[i].name, object->name) == 0)
            return own[i].text;
    }
    return NULL;
}

/* Which of the other store's objects are new here; of two definitions the store's own stays. */
static int plan_objects(struct merge *merge, const struct pace_object **wanted,
                        size_t *wanted_count, struct pace_error *error)
{
    const struct pace_object *theirs, *own;
    size_t count, own_count;
    int rc = pace_objects(merge->from, error, &theirs, &count);
    if (!rc) rc = pace_objects(merge->into, error, &own, &own_count);
    if (rc) return rc;
    struct pace_object *list = arena_array(&merge->arena, count, sizeof *list);
    if (!list) return error_memory(error);
    *wanted_count = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        const char *text = own_text(&theirs[i], own, own_count);
        struct pace_merge_conflict conflict = {.object = theirs[i].name};
        if (!text)
            list[(*wanted_count)++] = theirs[i];
        else if (strcmp(text, theirs[i].text) != 0)
            rc = tell_conflict(merge, &conflict, error);
    }
    *wanted = list;
    return rc;
}

static int merge_facts(struct merge *merge, struct pace_error *error)
{
    struct mark_list marks = {0};
    const struct pace_object *objects = NULL;
    size_t object_count = 0;
    int rc = pace_snapshot_begin(merge->store, error, &merge->into);
    if (rc) return rc;
    rc = plan_marks(merge, &marks, error);
    if (!rc) rc = plan_objects(merge, &objects, &object_count, error);
    pace_snapshot_end(merge->into);
    merge->into = NULL;
    if (!rc) rc = put_marks(merge, &marks, error);
    for (size_t i = 0; !rc && i < object_count; i++) {
        rc = pace_object_put(merge->store, objects[i].kind, objects[i].name, objects[i].text, error,
                             NULL);
        merge->result->objects++;
    }
    return rc;
}

/* -- pace_merge ------------------------------------------------------------------------------ */

int pace_merge(pace *store, pace *other,
               int (*conflict)(void *context, const struct pace_merge_conflict *conflict),
               void *context, struct pace_error *error, struct pace_merged *out)
{
    struct pace_merged own = {0};
    struct pace_merged *result = out ? out : &own;
    struct merge merge = {
        .store = store, .conflict = conflict, .context = context, .result = result};
    *result = (struct pace_merged){0};
    int rc = store_check_writable(store, error);
    if (!rc && store->kv == other->kv)
        rc =
            error_set(error, PACE_EMISUSE, "%s: a store cannot be merged with itself", store->path);
    if (!rc) rc = pace_snapshot_begin(other, error, &merge.from);
    if (rc) return rc;
    arena_init(&merge.arena, 0);
    rc = merge_runs(&merge, error);
    if (!rc) rc = merge_facts(&merge, error);
    pace_snapshot_end(merge.from);
    arena_clear(&merge.arena);
    free(merge.wanted);
    if (rc) return rc;
    if (result->conflicts == 0) return 0;
    return error_set(error, PACE_ECONFLICT,
                     "%llu of %s were left out: %s has others by their names",
                     (unsigned long long)result->conflicts, other->path, store->path);
}
