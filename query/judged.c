/* judged.c -- see judged.h. */
#include "judged.h"

#include <math.h>
#include <string.h>

int inputs_bind(struct context *ctx, const struct stage *stage, const struct op *input,
                struct inputs *out)
{
    const struct schema *schema = &input->schema;
    const char *verb = stage->kind == STAGE_CHECK ? "check" : "baseline";
    if (!input->by_series)
        return context_fail(ctx, Q_ORDER, stage->verb_span,
                            "put it before sort, take and summarize",
                            "'%s' judges points of a series, and the rows here are none", verb);
    *out = (struct inputs){schema_find(schema, "time", 4), schema_find(schema, "commit", 6),
                           schema_find(schema, "value", 5), schema_find(schema, "status", 6),
                           schema_find(schema, "run", 3)};
    if (out->time < 0 || out->commit < 0 || out->value < 0)
        return context_fail(ctx, Q_ORDER, stage->verb_span, "put it before 'keep'",
                            "'%s' needs the columns time, commit and value", verb);
    return 0;
}

struct point point_at(const struct inputs *inputs, const struct batch *batch, size_t row)
{
    const struct vec *time = &batch->vecs[inputs->time], *commit = &batch->vecs[inputs->commit];
    const struct vec *value = &batch->vecs[inputs->value];
    const char *text = commit->at.text[row * commit->step];
    const struct vec *run = inputs->run < 0 ? NULL : &batch->vecs[inputs->run];
    return (struct point){.time_ns = time->at.time_ns[row * time->step],
                          .commit = text ? text : "",
                          .value = value->at.number[row * value->step],
                          .run = run ? run->at.number[row * run->step] : NAN,
                          .restart = batch->restart && batch->restart[row],
                          .dirty = (batch_origin(batch, row) & ORIGIN_DIRTY) != 0};
}

struct level_point level_point(const struct point *point)
{
    return (struct level_point){.time_ns = point->time_ns,
                                .commit = point->commit,
                                .value = point->value,
                                .other = point->value,
                                .restart = point->restart,
                                .dirty = point->dirty};
}

int point_push(struct history *history, const struct point *point)
{
    history->next_run = point->run;
    return history_push(history, point->time_ns, point->commit, point->dirty ? NAN : point->value,
                        point->restart);
}

int history_fail(struct context *ctx, int status)
{
    return status == PACE_ELIMIT ? op_fail_rows(ctx, status, "over") : context_no_memory(ctx);
}

int judged_add_number(struct context *ctx, struct op *op, struct span at, const char *name,
                      const struct column *like)
{
    struct column column = {.name = name, .type = TYPE_NUMBER};
    if (like) {
        column.kind = like->kind;
        column.mixed = like->mixed;
    }
    if (schema_find(&op->schema, name, strlen(name)) >= 0)
        return context_fail(ctx, Q_NO_COLUMN, at, "judge once, or 'keep' columns between",
                            "there is a column '%s' already", name);
    return op_add_column(ctx, op, column);
}
