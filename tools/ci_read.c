/* ci_read.c -- a verdict's JSON on its way back, from bytes that anybody may have sent.
 *
 * Nothing is taken as it is: bytes, rows and values have limits, every member its type and range,
 * verdicts and reasons are words of a table, and what can be counted is counted anew. Members that
 * are not known are passed over. Messages name the place only: a message of CI is read by machines,
 * and the text is a stranger's. */
#include "ci_json.h"

#include "adapters/json.h"
#include "judge_own.h"
#include "timestamp.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where a value stands, for messages. */
struct spot {
    struct pace_error *error;
    size_t row; /* SIZE_MAX: of the document */
    const char *member;
};

static int refuse(const struct spot *spot, const char *what)
{
    if (spot->row == SIZE_MAX)
        return error_fill(spot->error, PACE_EVALUE, "%s: %s", spot->member, what);
    return error_fill(spot->error, PACE_EVALUE, "rows[%zu].%s: %s", spot->row, spot->member, what);
}

/* -- values ------------------------------------------------------------------------------------ */

static int take_text(const struct spot *spot, struct arena *arena, const json_t *value, size_t most,
                     const char **out)
{
    if (!json_is_string(value)) return refuse(spot, "must be a text");
    if (json_string_length(value) > most) {
        char what[64];
        snprintf(what, sizeof what, "has more than %zu bytes", most);
        return refuse(spot, what);
    }
    *out = arena_copy(arena, json_string_value(value), json_string_length(value));
    return *out == NULL ? PACE_ENOMEM : 0;
}

static int take_number(const struct spot *spot, const json_t *value, double *out)
{
    *out = (double)NAN;
    if (json_is_null(value) || json_finite(value, out)) return 0;
    return refuse(spot, "must be a finite number or null");
}

static int take_share(const struct spot *spot, const json_t *value, double *out)
{
    int code = take_number(spot, value, out);
    if (code == 0 && (*out < 0 || *out > 1)) code = refuse(spot, "must be from 0 to 1, or null");
    return code;
}

static int take_count(const struct spot *spot, const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return refuse(spot, "must be a whole number, 0 or more");
    *out = (uint64_t)json_integer_value(value);
    return 0;
}

static int take_time(const struct spot *spot, const json_t *value, int64_t *out)
{
    struct pace_error ignored = {0};
    *out = 0;
    if (json_is_null(value)) return 0;
    if (json_is_string(value) &&
        timestamp_parse(json_string_value(value), json_string_length(value), out, &ignored) == 0)
        return 0;
    return refuse(spot, "must be a time as ISO 8601, or null");
}

/* The index of a word in a list. */
static int take_word(const struct spot *spot, const json_t *value, const char *const *words,
                     size_t count, size_t *out)
{
    const char *word = json_string_value(value);
    for (size_t i = 0; word != NULL && i < count; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        *out = i;
        return 0;
    }
    return refuse(spot, "is no word that belongs there");
}

/* -- rows -------------------------------------------------------------------------------------- */

static int take_field(const struct spot *spot, struct arena *arena, const struct ci_field *field,
                      const json_t *value, struct ci_row *row)
{
    void *at = (char *)row + field->offset;
    size_t word = 0;
    int code = 0;
    switch (field->kind) {
    case CI_NAME: return take_text(spot, arena, value, PACE_MAX_NAME, at);
    case CI_COMMIT_TEXT: return take_text(spot, arena, value, PACE_MAX_COMMIT, at);
    case CI_UNIT: return take_text(spot, arena, value, PACE_MAX_UNIT, at);
    case CI_NUMBER: return take_number(spot, value, at);
    case CI_SHARE: return take_share(spot, value, at);
    case CI_COUNT: return take_count(spot, value, at);
    case CI_TIME: return take_time(spot, value, at);
    case CI_FLAG:
        if (!json_is_boolean(value)) return refuse(spot, "must be true or false");
        *(int *)at = json_is_true(value);
        return 0;
    case CI_VERDICT:
        code = take_word(spot, value, judge_verdicts, JUDGE_VERDICT_COUNT, &word);
        *(enum judge_verdict *)at = (enum judge_verdict)word;
        return code;
    }
    return 0;
}

static int take_row(struct spot *spot, struct arena *arena, const json_t *object,
                    struct ci_row *row)
{
    spot->member = "*";
    if (!json_is_object(object)) return refuse(spot, "must be an object");
    *row = (struct ci_row){.fails = 0};
    for (size_t f = 0; f < ci_field_count; f++) {
        spot->member = ci_fields[f].name;
        const json_t *value = json_object_get(object, ci_fields[f].name);
        int code = value == NULL ? refuse(spot, "is missing")
                                 : take_field(spot, arena, &ci_fields[f], value, row);
        if (code != 0) return code;
    }
    row->judged.higher_is_worse = -1;
    spot->member = "fails";
    if (row->fails && row->judged.verdict != JUDGE_VERDICT_WORSE &&
        row->judged.verdict != JUDGE_VERDICT_SUSPECTED && isnan(row->judged.before))
        return refuse(spot, "is true where the verdict is not worse, suspected or open");
    if (!row->fails) row->incident = 0;
    return 0;
}

static int take_rows(struct pace_error *error, const json_t *root, struct ci_verdict *out)
{
    struct spot spot = {error, SIZE_MAX, "rows"};
    const json_t *rows = json_object_get(root, "rows");
    if (!json_is_array(rows)) return refuse(&spot, "must be a list");
    size_t count = json_array_size(rows);
    if (count > CI_MAX_ROWS)
        return error_fill(error, PACE_ELIMIT, "rows: more than %d (CI_MAX_ROWS)", CI_MAX_ROWS);
    out->rows = calloc(count + 1, sizeof *out->rows);
    if (out->rows == NULL) return PACE_ENOMEM;
    for (spot.row = 0; spot.row < count; spot.row++) {
        int code =
            take_row(&spot, &out->arena, json_array_get(rows, spot.row), &out->rows[spot.row]);
        if (code != 0) return code;
    }
    out->count = count;
    return 0;
}

/* Lines beside the rows: documents of before there were any have no such member. */
static int take_notes(struct pace_error *error, const json_t *root, struct ci_verdict *out)
{
    struct spot spot = {error, SIZE_MAX, "notes"};
    const json_t *notes = json_object_get(root, spot.member);
    if (notes == NULL) return 0;
    if (!json_is_array(notes)) return refuse(&spot, "must be a list");
    if (json_array_size(notes) > JUDGE_NOTES_MAX) return refuse(&spot, "are too many");
    for (size_t i = 0; i < json_array_size(notes); i++) {
        int code = take_text(&spot, &out->arena, json_array_get(notes, i), JUDGE_NOTE_BYTES,
                             &out->notes[i]);
        if (code != 0) return code;
        out->note_count++;
    }
    return 0;
}

/* -- the document ------------------------------------------------------------------------------ */

static int take_document(struct pace_error *error, const json_t *root, struct ci_verdict *out)
{
    struct spot spot = {error, SIZE_MAX, "schema"};
    const char *schema = json_string_value(json_object_get(root, "schema"));
    if (schema == NULL || strcmp(schema, CI_SCHEMA) != 0)
        return refuse(&spot, "must be \"" CI_SCHEMA "\", as `pace check --format json` writes it");
    const struct {
        const char *member;
        size_t most;
        const char **text;
    } texts[] = {{"project", PACE_MAX_NAME, &out->project},
                 {"testbed", PACE_MAX_NAME, &out->testbed},
                 {"commit", PACE_MAX_COMMIT, &out->commit},
                 {"against", PACE_MAX_COMMIT, &out->against}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        spot.member = texts[i].member;
        int code = take_text(&spot, &out->arena, json_object_get(root, spot.member), texts[i].most,
                             texts[i].text);
        if (code != 0) return code;
    }
    uint64_t status = 0;
    size_t reason = 0;
    spot.member = "status";
    int code = take_count(&spot, json_object_get(root, "status"), &status);
    if (code == 0 && status > 255) code = refuse(&spot, "must be an exit status");
    spot.member = "reason";
    if (code == 0)
        code = take_word(&spot, json_object_get(root, "reason"), ci_reason_words, CI_REASON_COUNT,
                         &reason);
    out->status = (int)status;
    out->reason = (enum ci_reason)reason;
    if (code == 0) code = take_notes(error, root, out);
    if (code == 0) code = take_rows(error, root, out);
    if (code == 0) ci_verdict_count(out);
    return code;
}

/* Whether there may be more values than CI_MAX_VALUES: each follows one of these signs, which
 * texts hold as well. */
static int has_too_many_values(const char *text, size_t len)
{
    size_t signs = 0;
    for (size_t i = 0; i < len; i++)
        signs += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return signs > CI_MAX_VALUES;
}

int ci_verdict_read(const char *text, size_t len, struct pace_error *error, struct ci_verdict *out)
{
    json_error_t place;
    *out = (struct ci_verdict){.status = 0};
    arena_init(&out->arena, 0);
    if (len > CI_MAX_BYTES) return error_fill(error, PACE_ELIMIT, CI_TOO_LONG, CI_MAX_BYTES);
    if (has_too_many_values(text, len))
        return error_fill(error, PACE_ELIMIT, "more than %d values (CI_MAX_VALUES)", CI_MAX_VALUES);
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &place);
    if (root == NULL)
        return error_fill(error, PACE_EVALUE, "no JSON: line %d, column %d, byte %d", place.line,
                          place.column, place.position);
    int code = take_document(error, root, out);
    json_decref(root);
    return code;
}
