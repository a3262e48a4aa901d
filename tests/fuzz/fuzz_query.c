/* fuzz_query.c -- any text is bound, planned and run on the store of the golden files, opened
 * read-only, with a cap on memory and a deadline: rows or a diagnosed error, within both. */
#include "../lang/fixture.h"

#include "../../query/pace_query.h"

enum { MEMORY_BYTES = 64 << 20, ROWS_MOST = 20000 };
static const uint64_t DEADLINE_NS = UINT64_C(2000000000);

static pace *store;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) abort();
}

/* The file is gone at once; the open store keeps it. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct pace_error error;
    pace *made = NULL;
    char *directory = fixture_dir();
    check(directory && pace_open(directory, PACE_CREATE, NULL, &error, &made) == 0);
    check(fixture_fill(made) == 0);
    pace_close(made);
    check(pace_open(directory, PACE_READONLY, NULL, &error, &store) == 0);
    fixture_remove(directory);
    free(directory);
    return 0;
}

/* Each value is looked at, so that a wild pointer is met. */
static size_t look_at(const struct pace_rows *rows)
{
    size_t seen = 0;
    for (size_t f = 0; f < rows->field_count; f++) {
        const struct pace_field *field = &rows->fields[f];
        for (size_t i = 0; i < rows->count; i++) {
            if (field->missing && field->missing[i]) continue;
            switch (field->type) {
            case PACE_FIELD_TEXT: seen += strlen(field->text[i]); break;
            case PACE_FIELD_NUMBER:
                check(isfinite(field->number[i]));
                seen += strlen(field->unit ? field->unit : field->units ? field->units[i] : "");
                break;
            case PACE_FIELD_TIME: seen += field->time_ns[i] != 0; break;
            case PACE_FIELD_FLAG: check(field->flag[i] <= 1); break;
            }
        }
    }
    return seen;
}

static void run(pace_query *query)
{
    struct pace_error error;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    int status = 0;
    size_t count = 0;
    while (!status && step != PACE_STEP_END && count < ROWS_MOST) {
        status = pace_step(query, &error, &step, &rows);
        if (status || step != PACE_STEP_ROWS) continue;
        check(rows->count > 0 && rows->count <= PACE_MAX_BATCH);
        look_at(rows);
        count += rows->count;
    }
    if (status == PACE_EQUERY) check(pace_diag_count(query) > 0);
    check(status != PACE_ECORRUPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = INT64_C(1771977600000000000),
                                         .memory_bytes = MEMORY_BYTES,
                                         .deadline_ns = DEADLINE_NS};
    struct pace_error error;
    pace_session *session;
    pace_query *query = NULL;
    check(pace_session_open(store, &options, &error, &session) == 0);
    check(pace_session_set(session, "branch", "main", &error) == 0);
    if (pace_prepare(session, (const char *)data, size, &error, &query) == 0) run(query);
    for (size_t i = 0; i < pace_diag_count(query); i++) {
        struct pace_diag diag;
        check(pace_diag_get(query, i, &diag) == 0 && diag.message && diag.drawn);
    }
    pace_query_free(query);
    pace_session_close(session);
    return 0;
}
