/* cmd_merge.c -- `pace merge`: the runs of another store come into this one. */
#include "command.h"

#include "progress.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

static int add_conflict(void *context, const struct pace_merge_conflict *conflict)
{
    struct rows *rows = context;
    rows_next(rows);
    rows_text(rows, 0, conflict->object != NULL ? "saved object" : "run");
    rows_text(rows, 1, conflict->object != NULL ? conflict->object : conflict->id);
    if (conflict->object != NULL) return rows->failed;
    rows_number(rows, 2, (double)conflict->run, "");
    rows_number(rows, 3, (double)conflict->other_run, "");
    return rows->failed;
}

static void say_merged(const pace *store, const struct pace_merged *merged)
{
    say_note(
        "%s: %llu runs with %llu cells added, %llu were there already; %llu marks and %llu saved "
        "objects added",
        pace_path(store), (unsigned long long)merged->runs, (unsigned long long)merged->cells,
        (unsigned long long)merged->duplicates, (unsigned long long)merged->marks,
        (unsigned long long)merged->objects);
    if (merged->marks_left > 0)
        say_note("  %llu marks name runs that are not here, and were left out",
                 (unsigned long long)merged->marks_left);
}

/* Runs that are dealt with. */
static uint64_t merged_runs(const void *context)
{
    const struct pace_merged *merged = context;
    return progress_count(&merged->runs) + progress_count(&merged->duplicates) +
           progress_count(&merged->conflicts);
}

static int merge(pace *store, pace *other, const struct show_style *style)
{
    struct pace_error error = {0};
    struct pace_merged merged;
    struct rows rows;
    rows_init(&rows);
    rows_field(&rows, "conflict", PACE_FIELD_TEXT);
    rows_field(&rows, "name", PACE_FIELD_TEXT);
    rows_field(&rows, "run here", PACE_FIELD_NUMBER);
    rows_field(&rows, "run there", PACE_FIELD_NUMBER);
    int status = STATUS_OK;
    uint64_t runs = store_stat(other).runs;
    struct progress progress = {"merging", "runs", &runs, merged_runs, &merged};
    merged = (struct pace_merged){0};
    progress_begin(&progress);
    int code = pace_merge(store, other, add_conflict, &rows, &error, &merged);
    progress_end();
    if (merged.runs > 0) store_keep(store, 0);
    if (code == 0 || code == PACE_ECONFLICT) say_merged(store, &merged);
    if (rows.count > 0 || style->format != NULL) status = show_rows(style, &rows);
    if (code != 0) status = status_merge(status, store_failed("", code, &error));
    rows_clear(&rows);
    return status;
}

int cmd_merge(const struct arguments *arguments)
{
    struct show_style style;
    pace *store = NULL, *other = NULL;
    if (arguments->operand_count != 1)
        return command_misused(arguments->command, "`pace merge` takes the store to merge");
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_open_path(arguments->operands[0], STORE_READ, &other);
    if (status == 0) status = store_open(arguments, STORE_WRITE, &store);
    if (status == 0) status = merge(store, other, &style);
    pace_close(store);
    pace_close(other);
    return status;
}
