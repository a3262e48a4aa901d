/* test_query_page.c -- pace-query(7) says what the tables of the language say: the parts between
 * `.\" table NAME` and `.\" end` are made of them, and of the examples. PACE_UPDATE_GOLDEN=1 writes
 * the page anew. */
#include "page.h"

#include "../../engine/unit.h"
#include "../../query/format.h"
#include "../../query/word.h"

static const char PAGE[] = "tools/man/pace-query.7";
static const char EXAMPLES[] = "tests/lang/examples.txt";

static void item(struct strbuf *out, const char *term, const char *text)
{
    strbuf_put(out, ".It Cm \"");
    page_put(out, term);
    strbuf_put(out, "\"\n");
    page_line(out, text, strlen(text));
}

static void words(struct strbuf *out, enum word_class class)
{
    const struct word *word;
    for (size_t i = 0; (word = word_row(i)) != NULL; i++)
        if (word->class == class) item(out, word->syntax, word->help);
}

static void put_verbs(struct strbuf *out)
{
    words(out, WORD_VERB);
}
static void put_options(struct strbuf *out)
{
    words(out, WORD_OPTION);
}
static void put_commands(struct strbuf *out)
{
    words(out, WORD_COMMAND);
}

static void put_keys(struct strbuf *out)
{
    const struct key *key;
    for (size_t i = 0; (key = key_row(i)) != NULL; i++)
        item(out, key->name, key->help);
}

static void put_columns(struct strbuf *out)
{
    static const struct {
        const char *name, *text;
    } rows[] = {{"project, branch, testbed, benchmark, measure", "the names of the series"},
                {"time", "the place in history: the time of the commit"},
                {"commit, run", "what was measured, and the number of the run"},
                {"value, lower_value, upper_value", "what was measured, and its bounds"},
                {"unit, status", "of the value"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        item(out, rows[i].name, rows[i].text);
}

static void put_models(struct strbuf *out)
{
#define MODEL(id, name, needs, bounds, text) item(out, name, text);
#include "../../query/stats/model.def"
#undef MODEL
}

static void put_verdicts(struct strbuf *out)
{
#define VERDICT(id, name, help) item(out, name, help);
#include "../../query/verdict.def"
#undef VERDICT
}

static void put_functions(struct strbuf *out)
{
#define FUNCTION(id, name, kind, fewest, most, signature, help) item(out, signature, help);
#include "../../query/function.def"
#undef FUNCTION
}

static void put_lists(struct strbuf *out)
{
#define LIST(id, word, selects, help) item(out, selects ? word " [SELECTOR]" : word, help);
#include "../../query/list.def"
#undef LIST
}

static void put_formats(struct strbuf *out)
{
    const char *name, *meaning;
    for (size_t i = 0; (name = format_name(i, &meaning)) != NULL; i++)
        item(out, name, meaning);
}

/* A line a kind. */
static void put_units(struct strbuf *out)
{
    for (int kind = UNIT_TIME; kind < UNIT_CUSTOM; kind++) {
        struct strbuf names;
        const struct unit *unit;
        strbuf_init(&names, out->arena);
        for (size_t i = 0; (unit = unit_row(i)) != NULL; i++) {
            if ((int)unit->kind != kind) continue;
            if (names.len) strbuf_char(&names, ' ');
            strbuf_put(&names, unit->name);
        }
        item(out, unit_kind_name((enum unit_kind)kind), strbuf_end(&names));
    }
}

static void put_diagnostics(struct strbuf *out)
{
    char code[16];
#define DIAG(name, number, title)                                                                  \
    snprintf(code, sizeof code, "Q%03d", number);                                                  \
    item(out, code, title);
#include "../../query/diag.def"
#undef DIAG
}

static void put_examples(struct strbuf *out)
{
    const char *at = text_file_read(out->arena, EXAMPLES);
    strbuf_put(out, ".Bd -literal\n");
    while (*at) {
        size_t len = strcspn(at, "\n");
        page_line(out, at, len);
        at += len + (at[len] == '\n');
    }
    strbuf_put(out, ".Ed\n");
}

static const struct {
    const char *name;
    void (*put)(struct strbuf *out);
    int is_list;
} tables[] = {
    {"verbs", put_verbs, 1},       {"options", put_options, 1},
    {"commands", put_commands, 1}, {"keys", put_keys, 1},
    {"columns", put_columns, 1},   {"models", put_models, 1},
    {"verdicts", put_verdicts, 1}, {"functions", put_functions, 1},
    {"lists", put_lists, 1},       {"formats", put_formats, 1},
    {"units", put_units, 1},       {"diagnostics", put_diagnostics, 1},
    {"examples", put_examples, 0},
};

static void put_table(struct strbuf *out, const char *name, size_t len, void *context)
{
    int *known = context;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (strlen(tables[i].name) != len || memcmp(tables[i].name, name, len) != 0) continue;
        (*known)++;
        if (tables[i].is_list) strbuf_put(out, ".Bl -tag -width Ds\n");
        tables[i].put(out);
        if (tables[i].is_list) strbuf_put(out, ".El\n");
        return;
    }
    fail_msg("the page asks for a table '%.*s'", (int)len, name);
}

static void test_page(void **state)
{
    int known = 0;
    (void)state;
    page_check(PAGE, put_table, &known);
    assert_int_equal(known, sizeof tables / sizeof tables[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
