/* test_query_model.c -- the query layer against an evaluator that knows no batches, no pushing down and
 * no bounded memory (model_eval.h): random stores, random queries printed as text, every row compared.
 *
 * The seed is printed; PACE_SEED=N repeats a run, PACE_QUERIES=N sets the number of queries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model_eval.h"


enum { QUERIES = 3000, QUERIES_A_STORE = 60 };

struct tally {
    uint64_t seed;
    size_t queries, rows, skipped, empty;
};

/* -- one query, both ways ------------------------------------------------------------------------ */

struct check_of {
    const struct query_spec *query;
    const struct answer *expected;
    const char *text;
    uint64_t seed;
    size_t at; /* rows compared so far */
};

__attribute__((format(printf, 2, 3), noreturn)) static void differ(const struct check_of *of, const char *format, ...)
{
    char what[600];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    print_error("seed %llu\n  %s\n  %s\n", (unsigned long long)of->seed, of->text, what);
    fail_msg("the query layer and the model differ: PACE_SEED=%llu: %s: %s", (unsigned long long)of->seed, of->text, what);
    abort();
}

static bool close_to(number a, number b, number scale)
{
    number largest = fabsl(a) > fabsl(b) ? fabsl(a) : fabsl(b);
    return fabsl(a - b) <= 1e-9L * largest + 1e-12L * scale;
}

static void compare_cell(const struct check_of *of, const struct pace_field *field, size_t row, const struct cell *cell,
                         number scale)
{
    bool missing = field->missing && field->missing[row];
    if (missing != cell->missing)
        differ(of, "row %zu, %s: %s, the model says %s (%Lg)", of->at, field->name, missing ? "missing" : "there",
               cell->missing ? "missing" : "there", cell->number);
    if (missing) return;
    switch (field->type) {
    case PACE_FIELD_NUMBER:
        if (!close_to(field->number[row], cell->number, scale))
            differ(of, "row %zu, %s: %.17g, the model says %.17Lg", of->at, field->name, field->number[row], cell->number);
        return;
    case PACE_FIELD_TIME:
        if (field->time_ns[row] != cell->time_ns) differ(of, "row %zu, %s: another time", of->at, field->name);
        return;
    case PACE_FIELD_TEXT:
        if (strcmp(field->text[row], cell->text) != 0)
            differ(of, "row %zu, %s: '%s', the model says '%s'", of->at, field->name, field->text[row], cell->text);
        return;
    case PACE_FIELD_FLAG:
        if (field->flag[row] != cell->flag) differ(of, "row %zu, %s: another flag", of->at, field->name);
        return;
    }
}

static void compare_batch(struct check_of *of, const struct pace_rows *rows)
{
    static const enum cell_type types[] = {CELL_TEXT, CELL_NUMBER, CELL_TIME, CELL_FLAG};
    const struct schema_spec *schema = &of->expected->schema;
    assert_true(rows->count > 0 && rows->count <= PACE_MAX_BATCH);
    if (rows->field_count != (size_t)schema->count) differ(of, "%zu columns, not %d", rows->field_count, schema->count);
    for (size_t f = 0; f < rows->field_count; f++)
        if (strcmp(rows->fields[f].name, schema->names[f]) != 0 || types[rows->fields[f].type] != schema->types[f])
            differ(of, "column %zu is '%s' (type %d), not '%s'", f, rows->fields[f].name, (int)rows->fields[f].type,
                   schema->names[f]);
    for (size_t row = 0; row < rows->count; row++, of->at++) {
        if (of->at >= of->expected->count) differ(of, "more than %zu rows", of->expected->count);
        const struct line *line = &of->expected->lines[of->at];
        number scale = 1; /* differences of numbers are as exact as the numbers */
        for (int f = 0; f < schema->count; f++)
            if (schema->types[f] == CELL_NUMBER && strcmp(schema->names[f], "run") != 0 && fabsl(line->cells[f].number) > scale)
                scale = fabsl(line->cells[f].number);
        for (size_t f = 0; f < rows->field_count; f++)
            compare_cell(of, &rows->fields[f], row, &line->cells[f], scale);
    }
}

static int diag_code(const pace_query *query)
{
    struct pace_diag diag;
    return pace_diag_get(query, 0, &diag) == 0 ? diag.code : -1;
}

/* Runs query->text; false when units of several kinds met. */
static bool run_query(pace_session *session, const struct model_store *store, struct query_spec *query, struct tally *tally)
{
    struct answer expected;
    struct pace_error error;
    pace_query *running;
    struct check_of of = {.query = query, .expected = &expected, .text = query->text, .seed = tally->seed};
    query_eval(store, query, &expected);
    int status = pace_prepare(session, query->text, query->len, &error, &running);
    if (status) differ(&of, "not parsed: %s", error.message);
    bool mixed = false;
    for (;;) {
        enum pace_step step;
        const struct pace_rows *rows;
        status = pace_step(running, &error, &step, &rows);
        mixed = status == PACE_EQUERY && diag_code(running) == 40 && selection_mixed(&query->selection);
        if (mixed) break;
        if (status) differ(&of, "error %d: %s", status, error.message);
        if (step == PACE_STEP_STATEMENT) break;
        compare_batch(&of, rows);
    }
    if (!mixed) {
        const struct pace_outcome *outcome = pace_outcome(running);
        if (of.at != expected.count) differ(&of, "%zu rows, the model says %zu", of.at, expected.count);
        if (outcome->series != expected.series)
            differ(&of, "%llu series, the model says %zu", (unsigned long long)outcome->series, expected.series);
        if (outcome->unknown_rows != expected.unknown)
            differ(&of, "%llu unknown rows, the model says %zu", (unsigned long long)outcome->unknown_rows, expected.unknown);
        if (outcome->status != (expected.series ? 0 : 4)) differ(&of, "status %d", outcome->status);
        tally->rows += expected.count;
        tally->empty += expected.count == 0;
    }
    pace_query_free(running);
    free(expected.lines);
    return !mixed;
}

/* -- random queries ------------------------------------------------------------------------------ */

static void run_statement(pace_session *session, const char *text)
{
    struct pace_error error = {0};
    pace_query *query;
    enum pace_step step;
    const struct pace_rows *rows;
    assert_int_equal(pace_prepare(session, text, strlen(text), &error, &query), 0);
    if (pace_step(query, &error, &step, &rows)) fail_msg("%s: %s", text, error.message);
    pace_query_free(query);
}

static pace_session *session_of(const struct model_store *store)
{
    struct pace_query_options options = {.struct_size = sizeof options, .now_ns = store->now_ns};
    pace_session *session;
    assert_int_equal(pace_session_open(store->store, &options, NULL, &session), 0);
    return session;
}

static void add_marks(struct model_store *store, pace_session *session, int count)
{
    char statement[400];
    for (int m = 0; m < count; m++)
        if (random_mark(store, statement, sizeof statement)) run_statement(session, statement);
}

/* One store and its share of queries. Most stores are small, some have long streams. */
static void run_store(struct tally *tally, uint64_t seed, size_t queries)
{
    static struct query_spec query;
    struct random random = {seed};
    struct model_store store;
    int size = random_below(&random, 10);
    model_store_make(&store, seed, size < 8 ? random_between(&random, 1, 5) : 1, size < 6 ? 60 : size < 9 ? 150 : 400);
    pace_session *session = session_of(&store);
    if (random_chance(&random, 60)) add_marks(&store, session, random_between(&random, 1, MARKS_MAX));
    if (size == 9) queries /= 4;
    for (size_t i = 0; i < queries; i++) {
        random_query(&query, &random, &store);
        query_print(&query);
        if (getenv("PACE_TRACE")) print_message("# %s\n", query.text);
        if (!run_query(session, &store, &query, tally)) tally->skipped++;
        tally->queries++;
    }
    pace_session_close(session);
    model_store_free(&store);
}

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* PACE_SEED repeats: the first store has exactly that seed. */
static void test_random_queries(void **state)
{
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = environment_number("PACE_SEED", (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
    size_t queries = environment_number("PACE_QUERIES", QUERIES);
    struct tally tally = {.seed = seed};
    print_message("# note seed %llu\n", (unsigned long long)seed);
    while (tally.queries < queries) {
        run_store(&tally, tally.seed, QUERIES_A_STORE);
        tally.seed++;
    }
    print_message("# note %zu queries (%zu without rows, %zu of mixed units), %zu rows compared\n", tally.queries,
                  tally.empty, tally.skipped, tally.rows);
    assert_true(tally.skipped < tally.queries / 4);
    assert_true(tally.empty < tally.queries / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
