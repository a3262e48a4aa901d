/* compare_steps.c -- a warning beside `pace compare`: the level of a branch changed within the runs
 * that stand for it, so that they are of two levels and their median is of neither. */
#include "compare.h"

#include "../engine/unit.h"
#include "rows.h"
#include "say.h"
#include "store.h"
#include "timestamp.h"

#include <math.h>
#include <string.h>

enum {
    CELLS_MOST =
        500000, /* of a branch whose history is looked through unasked: some tenths of a second */
    SHORT_COMMIT = 7,
};

struct steps {
    size_t count;
    double delta;      /* the largest */
    int64_t newest_ns; /* of the changes */
    char benchmark[PACE_MAX_NAME + 1], commit[PACE_MAX_COMMIT + 1];
};

static void keep_steps(struct steps *steps, const struct pace_rows *rows)
{
    const struct pace_field *benchmark = rows_find(rows, "benchmark"),
                            *commit = rows_find(rows, "commit"), *time = rows_find(rows, "time"),
                            *delta = rows_find(rows, "delta");
    for (size_t i = 0; i < rows->count; i++) {
        double change = field_number(delta, i);
        const char *name = field_text(benchmark, i), *hash = field_text(commit, i);
        if (field_time(time, i) > steps->newest_ns) steps->newest_ns = field_time(time, i);
        if (steps->count++ > 0 && !(fabs(change) > fabs(steps->delta))) continue;
        steps->delta = change;
        snprintf(steps->benchmark, sizeof steps->benchmark, "%s", name != NULL ? name : "");
        snprintf(steps->commit, sizeof steps->commit, "%s", hash != NULL ? hash : "");
    }
}

static uint64_t cells_of(pace_snapshot *snapshot, const char *branch)
{
    const struct pace_stream *streams;
    uint32_t id, count;
    uint64_t cells = 0;
    if (pace_name_find(snapshot, PACE_BRANCH, branch, strlen(branch), NULL, &id) != 0 ||
        pace_streams_of(snapshot, id, NULL, &streams, &count) != 0)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        cells += streams[i].cell_count;
    return cells;
}

/* The steps behind the first of a side's runs. */
static int find_steps(pace_session *session, const struct side *side, int64_t first_ns,
                      struct steps *out)
{
    char text[256], time[TIMESTAMP_TEXT_MAX];
    pace_query *query = NULL;
    const struct pace_rows *rows = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    int code = pace_session_set(session, "compare_steps_of", side->branch, NULL);
    snprintf(text, sizeof text, "branch:$compare_steps_of | changes | where time > %s",
             timestamp_print(time, first_ns));
    if (code == 0) code = pace_prepare(session, text, strlen(text), NULL, &query);
    while (code == 0 && step != PACE_STEP_END) {
        code = pace_step(query, NULL, &step, &rows);
        if (code == 0 && step == PACE_STEP_ROWS) keep_steps(out, rows);
    }
    pace_query_free(query);
    return code;
}

void compare_note_steps(pace *store, pace_session *session, const struct side *side)
{
    struct steps steps = {.newest_ns = INT64_MIN};
    struct pace_run_view view;
    pace_snapshot *snapshot = NULL;
    int64_t first_ns = INT64_MAX;
    size_t behind = 0;
    char more[64] = "", change[64];
    if (side->kind != SIDE_BRANCH || side->run_count < 2 ||
        pace_snapshot_begin(store, NULL, &snapshot) != 0)
        return;
    for (size_t i = 0; i < side->run_count; i++)
        if (pace_run_get(snapshot, side->runs[i], NULL, &view) == 0 && view.time_ns < first_ns)
            first_ns = view.time_ns;
    if (cells_of(snapshot, side->branch) <= CELLS_MOST &&
        find_steps(session, side, first_ns, &steps) == 0 && steps.count > 0) {
        for (size_t i = 0; i < side->run_count; i++)
            behind += pace_run_get(snapshot, side->runs[i], NULL, &view) == 0 &&
                      view.time_ns >= steps.newest_ns;
        if (steps.count > 1) snprintf(more, sizeof more, ", and %zu more", steps.count - 1);
        if (steps.delta >= 9)
            snprintf(change, sizeof change, "to %.0f times as much", steps.delta + 1);
        else
            snprintf(change, sizeof change, "by %+.0f %%", steps.delta * 100);
        say_note(
            "note: the runs of %s are of several levels: %s changed %s at %.*s%s; -n %zu takes "
            "the runs from the newest change on",
            side->label, steps.benchmark, change, SHORT_COMMIT, steps.commit, more, behind);
    }
    pace_snapshot_end(snapshot);
}
