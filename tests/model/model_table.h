/* model_table.h -- the rest of a query: sort, take, top, summarize and keep, over rows of all
 * series. */
#ifndef PACE_MODEL_TABLE_H
#define PACE_MODEL_TABLE_H

#include "model_eval.h"

static struct line *answer_add(struct answer *answer)
{
    if (answer->count == answer->capacity) {
        answer->capacity = answer->capacity ? answer->capacity * 2 : 64;
        answer->lines = realloc(answer->lines, answer->capacity * sizeof *answer->lines);
        assert_non_null(answer->lines);
    }
    struct line *line = &answer->lines[answer->count++];
    *line = (struct line){0};
    return line;
}

/* Ascending, missing last. */
static int order_cells(enum cell_type type, const struct cell *a, const struct cell *b)
{
    if (a->missing || b->missing) return a->missing - b->missing;
    if (type == CELL_TEXT) return strcmp(a->text, b->text);
    if (type == CELL_TIME) return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
    return (a->number > b->number) - (a->number < b->number);
}

struct table_key {
    int column;
    enum cell_type type;
    bool descending;
};

static void sort_lines(struct line *lines, size_t count, const struct table_key *keys,
                       int key_count)
{
    for (size_t i = 1; i < count; i++) { /* by insertion: stable, and plain to see */
        struct line line = lines[i];
        size_t at = i;
        for (; at > 0; at--) {
            int order = 0;
            for (int k = 0; k < key_count && !order; k++) {
                const struct cell *a = &lines[at - 1].cells[keys[k].column],
                                  *b = &line.cells[keys[k].column];
                order = order_cells(keys[k].type, a, b);
                if (keys[k].descending && !a->missing && !b->missing) order = -order;
            }
            if (order <= 0) break;
            lines[at] = lines[at - 1];
        }
        lines[at] = line;
    }
}

static void eval_sort(struct answer *answer, const struct stage_spec *stage)
{
    struct table_key keys[2];
    for (int i = 0; i < stage->key_count; i++) {
        int column = column_of(&answer->schema, stage->keys[i].column);
        keys[i] =
            (struct table_key){column, answer->schema.types[column], stage->keys[i].descending};
    }
    sort_lines(answer->lines, answer->count, keys, stage->key_count);
}

static void eval_top(struct answer *answer, const struct stage_spec *stage)
{
    eval_sort(answer, stage);
    size_t kept = 0;
    for (size_t i = 0; i < answer->count; i++) {
        int before = 0;
        for (size_t k = 0; k < kept; k++) {
            bool same = true;
            for (int p = 0; p < stage->by_count; p++) {
                int column = column_of(&answer->schema, stage->by[p]);
                same &= strcmp(answer->lines[k].cells[column].text,
                               answer->lines[i].cells[column].text) == 0;
            }
            before += same;
        }
        if (before < stage->count) answer->lines[kept++] = answer->lines[i];
    }
    answer->count = kept;
}

/* One aggregate over the rows of a group. First and last are by time. */
static struct cell aggregate(const struct answer *from, const struct column_spec *column,
                             const size_t *rows, size_t count)
{
    if (column->counts_rows) return cell_number((number)count);
    int c = column_of(&from->schema, column->column), time = column_of(&from->schema, "time");
    number *x = malloc((count + 1) * sizeof *x);
    assert_non_null(x);
    size_t n = 0, first = 0, last = 0;
    int64_t first_ns = 0, last_ns = 0;
    for (size_t i = 0; i < count; i++) {
        const struct cell *cell = &from->lines[rows[i]].cells[c];
        if (cell->missing) continue;
        int64_t time_ns = from->lines[rows[i]].cells[time].time_ns;
        if (n == 0 || time_ns < first_ns) first = n, first_ns = time_ns;
        if (n == 0 || time_ns >= last_ns) last = n, last_ns = time_ns;
        x[n++] = cell->number;
    }
    number result = stat_of(column->fn, x, n);
    if (n && column->fn == FN_FIRST) result = x[first];
    if (n && column->fn == FN_LAST) result = x[last];
    free(x);
    return cell_number(result);
}

/* Groups in order of their `by` columns; a commit, time or run by when the group was first seen. */
static void eval_summarize(struct answer *answer, const struct stage_spec *stage)
{
    struct answer out = {.series = answer->series, .unknown = answer->unknown};
    struct table_key keys[6];
    int by[3], key_count = 0, time = column_of(&answer->schema, "time");
    for (int b = 0; b < stage->by_count; b++) {
        by[b] = column_of(&answer->schema, stage->by[b]);
        enum cell_type type = answer->schema.types[by[b]];
        schema_put(&out.schema, stage->by[b], type);
    }
    for (int c = 0; c < stage->column_count; c++)
        schema_put(&out.schema, stage->columns[c].name, CELL_NUMBER);
    int first = out.schema.count; /* not shown: the time of the group's first row */
    size_t *rows = malloc((answer->count + 1) * sizeof *rows);
    bool *done = calloc(answer->count + 1, sizeof *done);
    assert_non_null(rows);
    assert_non_null(done);
    for (size_t i = 0; i < answer->count || (i == 0 && stage->by_count == 0); i++) {
        if (i < answer->count && done[i]) continue;
        size_t count = 0;
        int64_t first_ns = INT64_MAX;
        for (size_t j = i; j < answer->count; j++) {
            bool same = true;
            for (int b = 0; b < stage->by_count; b++)
                same &= order_cells(out.schema.types[b], &answer->lines[i].cells[by[b]],
                                    &answer->lines[j].cells[by[b]]) == 0;
            if (!same) continue;
            done[j] = true;
            rows[count++] = j;
            if (answer->lines[j].cells[time].time_ns < first_ns)
                first_ns = answer->lines[j].cells[time].time_ns;
        }
        struct line *line = answer_add(&out);
        for (int b = 0; b < stage->by_count; b++)
            line->cells[b] = answer->lines[i].cells[by[b]];
        for (int c = 0; c < stage->column_count; c++)
            line->cells[stage->by_count + c] = aggregate(answer, &stage->columns[c], rows, count);
        line->cells[first] = cell_time(first_ns);
    }
    for (int b = 0; b < stage->by_count; b++) {
        bool of_run = strcmp(stage->by[b], "commit") == 0 || strcmp(stage->by[b], "time") == 0 ||
                      strcmp(stage->by[b], "run") == 0;
        if (of_run) keys[key_count++] = (struct table_key){first, CELL_TIME, false};
        keys[key_count++] = (struct table_key){b, out.schema.types[b], false};
    }
    sort_lines(out.lines, out.count, keys, key_count);
    free(rows);
    free(done);
    free(answer->lines);
    *answer = out;
}

static void eval_keep(struct answer *answer, const struct stage_spec *stage)
{
    struct schema_spec schema = {0};
    int from[3];
    for (int i = 0; i < stage->by_count; i++) {
        from[i] = column_of(&answer->schema, stage->by[i]);
        schema_put(&schema, stage->by[i], answer->schema.types[from[i]]);
    }
    for (size_t r = 0; r < answer->count; r++) {
        struct line line = answer->lines[r];
        for (int i = 0; i < stage->by_count; i++)
            answer->lines[r].cells[i] = line.cells[from[i]];
    }
    answer->schema = schema;
}

static void eval_table_stage(struct answer *answer, const struct stage_spec *stage)
{
    switch (stage->type) {
    case ST_SORT: eval_sort(answer, stage); break;
    case ST_TOP: eval_top(answer, stage); break;
    case ST_SUMMARIZE: eval_summarize(answer, stage); break;
    case ST_KEEP: eval_keep(answer, stage); break;
    default:
        if (answer->count > (size_t)stage->count) answer->count = (size_t)stage->count;
        break;
    }
}

/* The answer to a query; free answer->lines. */
static void query_eval(const struct model_store *store, const struct query_spec *query,
                       struct answer *answer)
{
    static struct series_spec series[STREAMS_MAX * COLUMNS];
    *answer = (struct answer){.series = select_series_of(store, query, series)};
    struct eval e = {.store = store, .query = query};
    e.lines = malloc((store->run_count + 2) * sizeof *e.lines);
    assert_non_null(e.lines);
    int stages = 0;
    while (stages < query->stage_count && stage_of_series(&query->stages[stages]))
        stages++;
    schema_begin(&answer->schema);
    for (int i = 0; i < stages; i++)
        schema_stage(&answer->schema, &query->stages[i]);
    for (size_t s = 0; s < answer->series; s++) {
        e.series = &series[s];
        schema_begin(&e.schema);
        series_load(&e);
        for (int i = 0; i < stages; i++)
            eval_series_stage(&e, &query->stages[i]);
        for (size_t i = 0; i < e.count; i++)
            if (e.lines[i].selected) *answer_add(answer) = e.lines[i];
    }
    answer->unknown = e.unknown;
    forget_segments(&e);
    free(e.lines);
    for (int i = stages; i < query->stage_count; i++)
        eval_table_stage(answer, &query->stages[i]);
}

#endif
