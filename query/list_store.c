/* list_store.c -- `show` of names, series, runs, commits and marks; see list.h. */
#include "list.h"

#include "marks.h"
#include "newest.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

enum { NEWEST_RUNS = 100 }; /* that `show runs` and `show commits` list */

/* -- names ------------------------------------------------------------------------------------- */

/* The dimensions that make a name: a branch and a measure belong to a project. */
struct name_key {
    enum pace_dimension first, second; /* the same: one dimension */
};

static struct name_key name_key(enum list_word word)
{
    switch (word) {
    case LIST_PROJECTS: return (struct name_key){PACE_PROJECT, PACE_PROJECT};
    case LIST_BRANCHES: return (struct name_key){PACE_PROJECT, PACE_BRANCH};
    case LIST_TESTBEDS: return (struct name_key){PACE_TESTBED, PACE_TESTBED};
    case LIST_BENCHMARKS: return (struct name_key){PACE_BENCHMARK, PACE_BENCHMARK};
    default: break;
    }
    return (struct name_key){PACE_PROJECT, PACE_MEASURE};
}

static int compare_by(const void *a, const void *b, void *context)
{
    const struct series *left = *(const struct series *const *)a;
    const struct series *right = *(const struct series *const *)b;
    const struct name_key *key = context;
    int order = strcmp(left->names[key->first], right->names[key->first]);
    return order ? order : strcmp(left->names[key->second], right->names[key->second]);
}

static const char *direction_word(enum pace_direction direction)
{
    return direction == PACE_LOWER_IS_BETTER    ? "lower"
           : direction == PACE_HIGHER_IS_BETTER ? "higher"
                                                : NULL;
}

enum { NAME_EXTRA = 2 }; /* columns between the names and the counts: of branches and measures */

/* What is told of a name besides its counts. */
static int put_extra(struct context *ctx, struct op *listing, size_t at, enum list_word word,
                     const struct series *series, const struct mark_view *archives)
{
    if (word == LIST_MEASURES) {
        listing_text(listing, at, *series->unit ? series->unit : NULL);
        listing_text(listing, at + 1, direction_word(series->direction));
    }
    if (word != LIST_BRANCHES) return 0;
    struct pace_start_point start;
    int status = pace_start_point_get(ctx->snapshot, series->stream->project,
                                      series->stream->branch, ctx->error, &start);
    if (status && status != PACE_ENOTFOUND) return context_store_error(ctx, status);
    if (!status)
        listing_text(listing, at,
                     *start.commit
                         ? arena_printf(ctx->arena, "%s at %s", start.branch, start.commit)
                         : arena_string(ctx->arena, start.branch));
    for (const struct mark_view *mark = archives; mark; mark = mark->next) {
        if (mark->kind != PACE_MARK_ARCHIVE) continue;
        status = scope_matches(ctx, mark->scope, series);
        if (status < 0) return status;
        if (status) listing_flag(listing, at + 1, true);
    }
    return 0;
}

/* One row for series [0 .. count), which have the name in common. */
static int put_name(struct context *ctx, struct op *listing, enum list_word word,
                    const struct series *const *series, size_t count, int64_t newest,
                    const struct mark_view *archives)
{
    struct name_key key = name_key(word);
    size_t at = 0;
    listing_text(listing, at++, series[0]->names[key.first]);
    if (key.first != key.second) listing_text(listing, at++, series[0]->names[key.second]);
    bool extra = word == LIST_BRANCHES || word == LIST_MEASURES;
    int status = extra ? put_extra(ctx, listing, at, word, series[0], archives) : 0;
    if (status) return status;
    if (extra) at += NAME_EXTRA;
    listing_number(listing, at, (double)count, "");
    listing_time(listing, at + 1, newest);
    return listing_row(ctx, listing);
}

static int names_make(struct context *ctx, enum list_word word, struct op **out)
{
    static const char *const titles[] = {"project", "branch", "testbed", "benchmark", "measure"};
    struct listing_column columns[8];
    struct name_key key = name_key(word);
    size_t count = 0;
    columns[count++] = (struct listing_column){titles[key.first], TYPE_TEXT};
    if (key.first != key.second)
        columns[count++] = (struct listing_column){titles[key.second], TYPE_TEXT};
    if (word == LIST_MEASURES) {
        columns[count++] = (struct listing_column){"unit", TYPE_TEXT};
        columns[count++] = (struct listing_column){"better", TYPE_TEXT};
    } else if (word == LIST_BRANCHES) {
        columns[count++] = (struct listing_column){"start_point", TYPE_TEXT};
        columns[count++] = (struct listing_column){"archived", TYPE_FLAG};
    }
    columns[count++] = (struct listing_column){"series", TYPE_NUMBER};
    columns[count++] = (struct listing_column){"newest", TYPE_TIME};
    return listing_make(ctx, columns, count, NULL, out);
}

/* The series by name, and which name each of the selection has: *group of *count. */
static int sort_names(struct context *ctx, const struct selection *selection, struct name_key key,
                      const struct series ***out, uint32_t **group, size_t *count)
{
    const struct series **sorted = arena_array(ctx->arena, selection->count, sizeof *sorted);
    uint32_t *of = arena_array(ctx->arena, selection->count, sizeof *of);
    if (!sorted || !of) return context_no_memory(ctx);
    for (size_t i = 0; i < selection->count; i++)
        sorted[i] = &selection->series[i];
    if (selection->count) qsort_r(sorted, selection->count, sizeof *sorted, compare_by, &key);
    *count = 0;
    for (size_t i = 0; i < selection->count; i++) {
        *count += i == 0 || compare_by(&sorted[i - 1], &sorted[i], &key) != 0;
        of[sorted[i] - selection->series] = (uint32_t)(*count - 1);
    }
    *out = sorted;
    *group = of;
    return 0;
}

/* When each name was measured last. Of a project, a branch or a testbed that is its newest run; of
 * a benchmark or a measure the newest that has it. */
static int find_newest(struct context *ctx, const struct selection *selection, struct name_key key,
                       const uint32_t *group, size_t count, int64_t *out)
{
    if (key.second == PACE_BENCHMARK || key.second == PACE_MEASURE)
        return newest_times(ctx, selection, group, count, out);
    for (size_t g = 0; g < count; g++)
        out[g] = INT64_MIN;
    for (size_t i = 0; i < selection->count; i++) {
        int64_t time_ns = selection->series[i].stream->last_time_ns;
        if (time_ns > out[group[i]]) out[group[i]] = time_ns;
    }
    return 0;
}

int list_names(struct context *ctx, enum list_word word, const struct selector *selector,
               struct op **out)
{
    struct selection selection;
    struct mark_view *marks = NULL;
    struct name_key key = name_key(word);
    const struct series **sorted = NULL;
    uint32_t *group = NULL;
    size_t count = 0;
    int status = names_make(ctx, word, out);
    if (!status) status = select_stored(ctx, selector, &selection);
    if (!status && word == LIST_BRANCHES) status = marks_load(ctx, &marks);
    if (!status) status = sort_names(ctx, &selection, key, &sorted, &group, &count);
    if (status) return status;
    ctx->outcome->series = selection.count;
    int64_t *newest = arena_array(ctx->arena, count, sizeof *newest);
    if (!newest) return context_no_memory(ctx);
    status = find_newest(ctx, &selection, key, group, count, newest);
    for (size_t i = 0, end, g = 0; i < selection.count && !status; i = end, g++) {
        for (end = i + 1; end < selection.count; end++)
            if (group[sorted[end] - selection.series] != g) break;
        status = put_name(ctx, *out, word, sorted + i, end - i, newest[g], marks);
    }
    return status;
}

/* -- series ------------------------------------------------------------------------------------ */

int list_series(struct context *ctx, const struct selector *selector, struct op **out)
{
    static const struct listing_column columns[] = {
        {"series", TYPE_TEXT}, {"unit", TYPE_TEXT}, {"better", TYPE_TEXT}, {"newest", TYPE_TIME}};
    struct selection selection;
    int status = listing_make(ctx, columns, 4, NULL, out);
    if (!status) status = select_stored(ctx, selector, &selection);
    if (status) return status;
    uint32_t *group = arena_array(ctx->arena, selection.count, sizeof *group);
    int64_t *newest = arena_array(ctx->arena, selection.count, sizeof *newest);
    if (!group || !newest) return context_no_memory(ctx);
    for (size_t i = 0; i < selection.count; i++)
        group[i] = (uint32_t)i;
    status = newest_times(ctx, &selection, group, selection.count, newest);
    for (size_t i = 0; !status && i < selection.count; i++) {
        const struct series *series = &selection.series[i];
        const char *path = print_path(ctx->arena, series->names);
        if (!path) return context_no_memory(ctx);
        listing_text(*out, 0, path);
        listing_text(*out, 1, *series->unit ? series->unit : NULL);
        listing_text(*out, 2, direction_word(series->direction));
        listing_time(*out, 3, newest[i]);
        status = listing_row(ctx, *out);
    }
    if (!status) ctx->outcome->series = selection.count;
    return status;
}

/* -- runs -------------------------------------------------------------------------------------- */

/* The runs that a selector names, newest number first: their streams, and its commit: and run:. */
struct run_walk {
    struct selection selection;
    const struct series **of_stream; /* by stream id: a series of it, or NULL */
    uint32_t stream_count;
    uint64_t next;
};

static int walk_begin(struct context *ctx, const struct selector *selector, struct run_walk *walk)
{
    const struct pace_stream *streams;
    *walk = (struct run_walk){.next = pace_run_count(ctx->snapshot)};
    int status = select_stored(ctx, selector, &walk->selection);
    if (status) return status;
    status = pace_streams(ctx->snapshot, ctx->error, &streams, &walk->stream_count);
    if (status) return context_store_error(ctx, status);
    walk->of_stream = arena_array(ctx->arena, walk->stream_count, sizeof *walk->of_stream);
    if (!walk->of_stream) return context_no_memory(ctx);
    for (size_t i = 0; i < walk->selection.count; i++)
        walk->of_stream[walk->selection.series[i].stream->id] = &walk->selection.series[i];
    ctx->outcome->series = walk->selection.count;
    return 0;
}

/* The next run; *series is NULL at the end. */
static int walk_next(struct context *ctx, struct run_walk *walk, struct pace_run_view *run,
                     const struct series **series)
{
    *series = NULL;
    for (; walk->next; walk->next--) {
        int status = pace_run_get(ctx->snapshot, walk->next, ctx->error, run);
        if (status == PACE_ENOTFOUND) continue; /* a compaction dropped it */
        if (status) return context_store_error(ctx, status);
        const struct series *of =
            run->stream < walk->stream_count ? walk->of_stream[run->stream] : NULL;
        if (!of) continue;
        status = row_filters_pass(ctx, of->rows, run->commit, run->run);
        if (status < 0) return status;
        if (!status) continue;
        walk->next--;
        *series = of;
        return 0;
    }
    return 0;
}

int list_runs(struct context *ctx, const struct selector *selector, struct op **out)
{
    static const struct listing_column columns[] = {{"run", TYPE_NUMBER},   {"time", TYPE_TIME},
                                                    {"project", TYPE_TEXT}, {"branch", TYPE_TEXT},
                                                    {"testbed", TYPE_TEXT}, {"commit", TYPE_TEXT},
                                                    {"cells", TYPE_NUMBER}, {"flags", TYPE_TEXT}};
    static const char *const flags[] = {NULL, "partial", "dirty", "partial dirty"};
    struct run_walk walk;
    int status = listing_make(ctx, columns, 8, NULL, out);
    if (!status) status = walk_begin(ctx, selector, &walk);
    for (unsigned listed = 0; !status; listed++) {
        struct pace_run_view run;
        const struct series *series;
        status = walk_next(ctx, &walk, &run, &series);
        if (status || !series) break;
        if (listed == NEWEST_RUNS) {
            diag_note(ctx->diags, "the %d newest; older ones: pace log -n N", NEWEST_RUNS);
            break;
        }
        listing_number(*out, 0, (double)run.run, "");
        listing_time(*out, 1, run.time_ns);
        for (int d = PACE_PROJECT; d <= PACE_TESTBED; d++)
            listing_text(*out, 2 + (size_t)d, series->names[d]);
        listing_text(*out, 5, *run.commit ? run.commit : NULL);
        listing_number(*out, 6, run.cell_count, "");
        listing_text(*out, 7, flags[run.flags & (PACE_RUN_PARTIAL | PACE_RUN_DIRTY)]);
        status = listing_row(ctx, *out);
    }
    return status;
}

struct commit_row {
    const char *commit;
    int64_t time_ns;
    uint64_t runs;
};

int list_commits(struct context *ctx, const struct selector *selector, struct op **out)
{
    static const struct listing_column columns[] = {
        {"commit", TYPE_TEXT}, {"time", TYPE_TIME}, {"runs", TYPE_NUMBER}};
    struct commit_row commits[NEWEST_RUNS];
    size_t count = 0;
    struct run_walk walk;
    int status = listing_make(ctx, columns, 3, NULL, out);
    if (!status) status = walk_begin(ctx, selector, &walk);
    while (!status) {
        struct pace_run_view run;
        const struct series *series;
        status = walk_next(ctx, &walk, &run, &series);
        if (status || !series) break;
        size_t i = 0;
        while (i < count && strcmp(commits[i].commit, run.commit) != 0)
            i++;
        if (!*run.commit || (i == count && count == NEWEST_RUNS)) continue;
        if (i == count) commits[count++] = (struct commit_row){run.commit, run.time_ns, 0};
        commits[i].runs++;
        status = context_check(ctx);
    }
    for (size_t i = 0; i < count && !status; i++) {
        listing_text(*out, 0, commits[i].commit);
        listing_time(*out, 1, commits[i].time_ns);
        listing_number(*out, 2, (double)commits[i].runs, "");
        status = listing_row(ctx, *out);
    }
    return status;
}

/* -- marks ------------------------------------------------------------------------------------- */

int list_marks(struct context *ctx, bool aliases, struct op **out)
{
    static const struct listing_column columns[] = {
        {"mark", TYPE_NUMBER}, {"kind", TYPE_TEXT},    {"what", TYPE_TEXT},   {"as", TYPE_TEXT},
        {"at", TYPE_TIME},     {"created", TYPE_TIME}, {"undone", TYPE_FLAG}, {"note", TYPE_TEXT}};
    static const char *const kinds[] = {[PACE_MARK_ACCEPT] = "accept",
                                        [PACE_MARK_EXCLUDE] = "exclude",
                                        [PACE_MARK_ARCHIVE] = "archive",
                                        [PACE_MARK_ALIAS] = "alias"};
    const struct pace_mark *marks;
    size_t count;
    int status = pace_marks(ctx->snapshot, ctx->error, &marks, &count);
    if (status) return context_store_error(ctx, status);
    status = listing_make(ctx, columns, 8, NULL, out);
    for (size_t i = 0; i < count && !status; i++) {
        const struct pace_mark *mark = &marks[i];
        if (aliases && mark->kind != PACE_MARK_ALIAS) continue;
        listing_number(*out, 0, (double)mark->id, "");
        listing_text(*out, 1, kinds[mark->kind]);
        listing_text(*out, 2, mark->selector);
        listing_text(*out, 3, *mark->target ? mark->target : NULL);
        listing_time(*out, 4, mark->at_ns);
        listing_time(*out, 5, mark->created_ns);
        if (mark->undone) listing_flag(*out, 6, true);
        listing_text(*out, 7, *mark->note ? mark->note : NULL);
        status = listing_row(ctx, *out);
    }
    return status;
}
