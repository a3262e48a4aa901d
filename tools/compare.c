/* compare.c -- the question of `pace compare` in the query language, and its answer kept. */
#include "compare.h"

#include "rows.h"
#include "say.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- the question ------------------------------------------------------------------------------ */

static int set(pace_session *session, const char *side, const char *key, const char *value,
               char *text, size_t size)
{
    struct pace_error error = {0};
    char name[32];
    if (*value == '\0') return 0;
    snprintf(name, sizeof name, "compare_%s_%s", side, key);
    int code = pace_session_set(session, name, value, &error);
    if (code != 0) return store_failed("", code, &error);
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s:$%s ", key, name);
    return 0;
}

/* The selector of a side and its verbs. What the base's selector names need not agree with the new
 * side's: a commit is compared across branches, a run across all. */
static int side_query(pace_session *session, const char *name, const struct side *side,
                      size_t newest, char *text, size_t size)
{
    int status = 0;
    text[0] = '\0';
    if (side->kind == SIDE_RUN) {
        status = set(session, name, "project", side->project, text, size);
        if (status == 0) status = set(session, name, "testbed", side->testbed, text, size);
    }
    if (status == 0 && side->kind != SIDE_COMMIT)
        status = set(session, name, "branch", side->branch, text, size);
    if (status == 0 && side->kind == SIDE_COMMIT)
        status = set(session, name, "commit", side->commit, text, size);
    size_t used = strlen(text);
    if (side->kind == SIDE_RUN)
        snprintf(text + used, size - used, "run:%llu", (unsigned long long)side->runs[0]);
    if (side->kind == SIDE_COMMIT) snprintf(text + used, size - used, "branch:*");
    if (side->kind == SIDE_BRANCH) snprintf(text + used, size - used, "| last %zu", newest);
    return status;
}

int compare_query(pace_session *session, const struct side *base, const struct side *new_side,
                  size_t newest, const char *options, char *text, size_t size)
{
    char of_base[256] = "", of_new[256] = "";
    int status = side_query(session, "base", base, newest, of_base, sizeof of_base);
    if (status == 0) status = side_query(session, "new", new_side, newest, of_new, sizeof of_new);
    snprintf(text, size, "%s | versus (%s)%s", of_new, of_base, options);
    return status;
}

/* -- the answer -------------------------------------------------------------------------------- */

static const char *keep_text(struct comparison *out, const struct pace_rows *rows,
                             const char *field, size_t row)
{
    const char *text = field_text(rows_find(rows, field), row);
    return text != NULL ? arena_string(&out->arena, text) : "";
}

static void keep_row(struct comparison *out, const struct pace_rows *rows, size_t row)
{
    const struct {
        const char *field;
        size_t offset;
    } numbers[] = {
        {"value", offsetof(struct compared, value)},
        {"lower_value", offsetof(struct compared, lower)},
        {"upper_value", offsetof(struct compared, upper)},
        {"base", offsetof(struct compared, base)},
        {"lower_base", offsetof(struct compared, lower_base)},
        {"upper_base", offsetof(struct compared, upper_base)},
        {"n", offsetof(struct compared, n)},
        {"n_base", offsetof(struct compared, n_base)},
        {"ratio", offsetof(struct compared, ratio)},
        {"p", offsetof(struct compared, p)},
        {"n_needed", offsetof(struct compared, needed)},
    };
    struct compared *kept = &out->rows[out->count++];
    *kept = (struct compared){.project = keep_text(out, rows, "project", row),
                              .testbed = keep_text(out, rows, "testbed", row),
                              .benchmark = keep_text(out, rows, "benchmark", row),
                              .measure = keep_text(out, rows, "measure", row),
                              .verdict = keep_text(out, rows, "verdict", row),
                              .basis = keep_text(out, rows, "basis", row)};
    const char *unit = field_unit(rows_find(rows, "value"), row);
    kept->unit = arena_string(&out->arena, unit != NULL ? unit : "");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double number = field_number(rows_find(rows, numbers[i].field), row);
        memcpy((char *)kept + numbers[i].offset, &number, sizeof number);
    }
    out->within_run += strcmp(kept->basis, "within-run") == 0;
    out->pairs += !isnan(kept->base) && !isnan(kept->value);
}

static int keep_rows(struct comparison *out, const struct pace_rows *rows)
{
    if (out->count + rows->count > out->capacity) {
        size_t capacity = (out->count + rows->count) * 2;
        struct compared *grown = reallocarray(out->rows, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        out->rows = grown;
        out->capacity = capacity;
    }
    for (size_t row = 0; row < rows->count; row++)
        keep_row(out, rows, row);
    return out->arena.failed ? PACE_ENOMEM : 0;
}

int comparison_read(struct show *show, const char *text, struct comparison *out)
{
    struct pace_error error = {0};
    pace_query *query = NULL;
    const struct pace_rows *rows = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    *out = (struct comparison){0};
    arena_init(&out->arena, 0);
    int code = pace_prepare(show->session, text, strlen(text), &error, &query);
    while (code == 0 && step != PACE_STEP_END) {
        code = pace_step(query, &error, &step, &rows);
        if (code == 0 && step == PACE_STEP_ROWS) code = keep_rows(out, rows);
    }
    if (query != NULL) show_diags(&show->style, query);
    int status = 0;
    if (code != 0)
        status = query != NULL && pace_diag_count(query) > 0 ? status_of_error(code)
                                                             : store_failed("", code, &error);
    pace_query_free(query);
    return status;
}

void comparison_clear(struct comparison *comparison)
{
    arena_clear(&comparison->arena);
    free(comparison->rows);
    *comparison = (struct comparison){0};
}
