/* test_parse.c -- trees, places, limits, hostile text, lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "../engine/pace.h"
#include "lang/tree.h"
#include "strbuf.h"
#include "word.h"

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct script *script;
};

static int setup(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    arena_clear(&((struct fixture *)*state)->arena);
    return 0;
}

static enum parse_result parse(struct fixture *fixture, const char *text)
{
    diag_list_init(&fixture->diags, &fixture->arena);
    return parse_script(&fixture->arena, text, strlen(text), &fixture->diags, &fixture->script);
}

static const struct statement *statement(struct fixture *fixture, const char *text)
{
    if (parse(fixture, text) != PARSE_OK)
        fail_msg("%s", diag_draw(&fixture->arena, fixture->diags.first, text, strlen(text)));
    return fixture->script->statements;
}

static const struct stage *stage(struct fixture *fixture, const char *stage_text)
{
    const char *text = arena_printf(&fixture->arena, "branch:main | %s", stage_text);
    return statement(fixture, text)->query->stages;
}

static void assert_slice(struct slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.text, text, slice.len);
}

static void assert_span(struct span span, uint32_t start, uint32_t len)
{
    assert_int_equal(span.start, start);
    assert_int_equal(span.len, len);
}

/* -- trees ------------------------------------------------------------------------------------- */

/* The tree of an expression with all its parentheses. */
static void shape_put(struct strbuf *out, const struct expr *expr)
{
    static const char *const ops[] = {
        [OP_OR] = "or", [OP_AND] = "and", [OP_EQ] = "==", [OP_NE] = "!=",     [OP_LT] = "<",
        [OP_LE] = "<=", [OP_GT] = ">",    [OP_GE] = ">=", [OP_ELSE] = "else", [OP_ADD] = "+",
        [OP_SUB] = "-", [OP_MUL] = "*",   [OP_DIV] = "/",
    };
    switch (expr->kind) {
    case EXPR_BINARY:
        strbuf_printf(out, "(%s ", ops[expr->op]);
        shape_put(out, expr->left);
        strbuf_char(out, ' ');
        shape_put(out, expr->right);
        strbuf_char(out, ')');
        break;
    case EXPR_NOT:
    case EXPR_NEGATE:
    case EXPR_IS_NONE:
    case EXPR_IS_NOT_NONE:
    case EXPR_REGEX:
        strbuf_put(out, expr->kind == EXPR_NOT       ? "(not "
                        : expr->kind == EXPR_NEGATE  ? "(neg "
                        : expr->kind == EXPR_IS_NONE ? "(none "
                        : expr->kind == EXPR_REGEX   ? "(~ "
                                                     : "(some ");
        shape_put(out, expr->left);
        strbuf_char(out, ')');
        break;
    case EXPR_NUMBER: strbuf_printf(out, "%g", expr->number); break;
    default: strbuf_bytes(out, expr->text.text, expr->text.len); break;
    }
}

static void test_precedence(void **state)
{
    static const char *const cases[][2] = {
        {"a or b and c", "(or a (and b c))"},
        {"a and b or c", "(or (and a b) c)"},
        {"not a and b", "(and (not a) b)"},
        {"not a == b", "(not (== a b))"},
        {"not not a", "(not (not a))"},
        {"a == b + c", "(== a (+ b c))"},
        {"a + b else c * d", "(else (+ a b) (* c d))"},
        {"a else b == c", "(== (else a b) c)"},
        {"a else b else c", "(else (else a b) c)"},
        {"a - b - c", "(- (- a b) c)"},
        {"a - (b - c)", "(- a (- b c))"},
        {"a / b * c", "(* (/ a b) c)"},
        {"a * -b + c", "(+ (* a (neg b)) c)"},
        {"-a * b", "(* (neg a) b)"},
        {"- - a", "(neg (neg a))"},
        {"(a + b) * c", "(* (+ a b) c)"},
        {"a is none or b", "(or (none a) b)"},
        {"not a is not none", "(not (some a))"},
        {"a + 1 is none", "(none (+ a 1))"},
        {"benchmark ~ /a b/ and c", "(and (~ benchmark) c)"},
        {"a == b and c != d or not e", "(or (and (== a b) (!= c d)) (not e))"},
        {"a-b", "a-b"}, /* one name */
        {"a - b", "(- a b)"},
        {"a -b", "(- a b)"},
        {"a-1", "(- a 1)"},
        {"last + first * floor", "(+ last (* first floor))"},
        {"value/base", "(/ value base)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out;
        const char *text =
            arena_printf(&((struct fixture *)*state)->arena, "where %s", cases[i][0]);
        const struct stage *where = stage(*state, text);
        assert_int_equal(where->kind, STAGE_WHERE);
        strbuf_init(&out, &((struct fixture *)*state)->arena);
        shape_put(&out, where->expr);
        assert_string_equal(strbuf_end(&out), cases[i][1]);
    }
}

static void test_selectors(void **state)
{
    const struct selector *any =
        statement(*state, "branch:main not testbed:ci-* or benchmark:\"a \\\"b\\\"\" run:$r")
            ->query->source->selector;
    assert_int_equal(any->kind, SELECT_OR);
    const struct selector *all = any->child;
    assert_int_equal(all->kind, SELECT_AND);
    assert_int_equal(all->child->kind, SELECT_MATCH);
    assert_slice(all->child->key, "branch");
    assert_slice(all->child->pattern.text, "main");
    const struct selector *not = all->child->next;
    assert_int_equal(not ->kind, SELECT_NOT);
    assert_slice(not ->child->key, "testbed");
    assert_int_equal(not ->child->pattern.kind, PATTERN_GLOB);
    assert_null(not ->next);
    const struct selector *quoted = all->next->child;
    assert_int_equal(quoted->pattern.kind, PATTERN_STRING);
    assert_slice(quoted->pattern.text, "a \"b\"");
    assert_int_equal(quoted->next->pattern.kind, PATTERN_VAR);
    assert_slice(quoted->next->pattern.text, "r");
    assert_null(all->next->next);

    const struct selector *one = statement(*state, "benchmark:/^a(b|c)$/")->query->source->selector;
    assert_int_equal(one->kind, SELECT_MATCH);
    assert_int_equal(one->pattern.kind, PATTERN_REGEX);
    assert_slice(one->pattern.text, "^a(b|c)$");
}

static void test_globs_need_no_quotes(void **state)
{
    static const char *const globs[] = {
        "mod::fn/size=4k", "test_sort[1000-list]", "{main,dev}", "ci-*",        "a\\b", "a#b",
        "BM_foo<int>/8",   "caf\xc3\xa9",          "x{a,b}y?*",  "Foo$Bar.run",
    };
    for (size_t i = 0; i < sizeof globs / sizeof *globs; i++) {
        const char *text =
            arena_printf(&((struct fixture *)*state)->arena, "benchmark:%s | last 1", globs[i]);
        const struct selector *match = statement(*state, text)->query->source->selector;
        assert_int_equal(match->pattern.kind, PATTERN_GLOB);
        assert_slice(match->pattern.text, globs[i]);
    }
}

static void test_path_segments(void **state)
{
    const struct selector *path =
        statement(*state, "//rip//\"my //branch\"//linux-{a,b}//sherlock/count//latency | last 1")
            ->query->source->selector;
    assert_int_equal(path->kind, SELECT_PATH);
    assert_int_equal(path->segment_count, 5);
    assert_slice(path->segments[0].text, "rip");
    assert_int_equal(path->segments[1].kind, PATTERN_STRING);
    assert_slice(path->segments[1].text, "my //branch");
    assert_span(path->segments[1].span, 7, 13);
    assert_slice(path->segments[2].text, "linux-{a,b}");
    assert_slice(path->segments[3].text, "sherlock/count");
    assert_slice(path->segments[4].text, "latency");
    assert_int_equal(statement(*state, "//p")->query->source->selector->segment_count, 1);
}

static void test_windows_and_options(void **state)
{
    assert_int_equal(stage(*state, "last 30")->window.kind, WINDOW_COUNT);
    const struct stage *commits = stage(*state, "first 20 commits");
    assert_int_equal(commits->kind, STAGE_FIRST);
    assert_true(commits->window.value.number == 20);
    assert_slice(commits->window.word, "commits");
    const struct stage *days = stage(*state, "last 30d");
    assert_int_equal(days->window.kind, WINDOW_TIME);
    assert_slice(days->window.value.unit, "d");
    assert_int_equal(stage(*state, "last run")->window.kind, WINDOW_WORD);
    assert_int_equal(stage(*state, "last $n")->window.kind, WINDOW_VAR);
    assert_int_equal(stage(*state, "last all")->window.kind, WINDOW_ALL);
    assert_int_equal(stage(*state, "last 5m")->window.kind, WINDOW_TIME); /* binding judges 5m */

    const struct stage *check = stage(
        *state, "check mad 5sd over segment lag 0 floor -3% confirm 2 of 3 fdr limit alpha $a");
    assert_true(check->has_model);
    assert_slice(check->model.name, "mad");
    assert_true(check->model.has_bound);
    assert_true(check->model.bound.number == 5);
    assert_slice(check->model.bound.unit, "sd");
    const struct option *option = check->model.options;
    assert_int_equal(option->kind, OPTION_OVER);
    assert_int_equal(option->window.kind, WINDOW_SEGMENT);
    option = option->next;
    assert_int_equal(option->kind, OPTION_LAG);
    assert_true(option->number.number == 0);
    option = option->next;
    assert_int_equal(option->kind, OPTION_FLOOR);
    assert_true(option->bound.number == -3);
    option = option->next;
    assert_int_equal(option->kind, OPTION_CONFIRM);
    assert_true(option->number.number == 2 && option->of_number.number == 3);
    option = option->next;
    assert_int_equal(option->bound.kind, VALUE_NAME);
    assert_slice(option->bound.name, "limit");
    option = option->next;
    assert_int_equal(option->bound.kind, VALUE_VAR);
    assert_slice(option->bound.name, "a");
    assert_null(option->next);

    assert_false(stage(*state, "check")->has_model);
    const struct stage *bare = stage(*state, "check over 30");
    assert_false(bare->has_model);
    assert_int_equal(bare->options->kind, OPTION_OVER);
    assert_null(stage(*state, "versus base")->source);
    assert_int_equal(stage(*state, "versus old")->source->kind, SOURCE_NAME);
    assert_int_equal(stage(*state, "versus (old | last 3)")->source->kind, SOURCE_QUERY);
}

static void test_calls(void **state)
{
    const struct stage *derive =
        stage(*state, "derive a = p10(value) over 90d lag 1 needs 20, b = f()");
    const struct expr *call = derive->bindings->expr;
    assert_int_equal(call->kind, EXPR_CALL);
    assert_slice(call->text, "p10");
    assert_slice(call->args->text, "value");
    assert_null(call->args->next);
    assert_int_equal(call->window->kind, OPTION_OVER);
    assert_int_equal(call->window->next->kind, OPTION_LAG);
    assert_int_equal(call->window->next->next->kind, OPTION_NEEDS);
    assert_slice(derive->bindings->next->name, "b");
    assert_null(derive->bindings->next->expr->args);

    const struct expr *of = stage(*state, "where value of measure:bytes testbed:x > 1")->expr->left;
    assert_int_equal(of->kind, EXPR_OF);
    assert_slice(of->text, "value");
    assert_int_equal(of->selector->kind, SELECT_AND);
    assert_slice(of->selector->child->next->key, "testbed");

    const struct stage *sort = stage(*state, "sort delta desc, value asc, n");
    assert_true(sort->bindings->descending);
    assert_false(sort->bindings->next->descending);
    assert_int_equal(sort->bindings->name.len, 0);
    const struct stage *top = stage(*state, "top 5 by delta per testbed, branch");
    assert_true(top->number.number == 5);
    assert_slice(top->names->next->name, "branch");
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        double number;
    } cases[] = {
        {"0", 0},
        {"64", 64},
        {"0.1", 0.1},
        {"12.50", 12.5},
        {"1e3", 1e3},
        {"1.5e-7", 1.5e-7},
        {"2E+10", 2e10},
        {"9007199254740993", 9007199254740993.0},
        {"0.30000000000000004", 0.30000000000000004},
        {"1e308", 1e308},
        {"5e-324", 5e-324},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text =
            arena_printf(&((struct fixture *)*state)->arena, "where %s", cases[i].text);
        const struct expr *expr = stage(*state, text)->expr;
        assert_int_equal(expr->kind, EXPR_NUMBER);
        assert_true(same_double(expr->number, cases[i].number));
    }
    const struct expr *quantity = stage(*state, "where 12.5ms")->expr;
    assert_int_equal(quantity->kind, EXPR_QUANTITY);
    assert_slice(quantity->text, "ms");
    assert_slice(stage(*state, "where 5\xc2\xb5s")->expr->text, "\xc2\xb5s");
    assert_slice(stage(*state, "where 1e3%")->expr->text, "%");
    assert_slice(stage(*state, "where \"a\\n\\t\\\"\\\\\"")->expr->text, "a\n\t\"\\");
}

static void test_statements(void **state)
{
    const struct statement *item = statement(*state, " ; explain a ;; save let b = 1 # the end");
    assert_true(item->explain);
    assert_int_equal(item->kind, STATEMENT_QUERY);
    item = item->next;
    assert_int_equal(item->kind, STATEMENT_LET);
    assert_true(item->save);
    assert_null(item->next);
    assert_null(statement(*state, ""));
    assert_null(statement(*state, " \n\t# nothing\r\n"));
    assert_int_equal(statement(*state, "\xef\xbb\xbf"
                                       "a")
                         ->kind,
                     STATEMENT_QUERY);

    item = statement(*state, "mark accept run:1 branch:b at 2026-01-31T10:00:00.5Z \"no\\te\"");
    assert_int_equal(item->mark, MARK_ACCEPT);
    assert_int_equal(item->instant.kind, INSTANT_DATE);
    assert_slice(item->note, "no\te");
    item = statement(*state, "mark alias benchmark:a as benchmark:\"b c\"");
    assert_slice(item->key, "benchmark");
    assert_slice(item->to_pattern.text, "b c");
    item = statement(*state, "measure tput = \"ops/s\" higher");
    assert_slice(item->unit, "ops/s");
    assert_int_equal(item->direction, DIRECTION_HIGHER);
    item = statement(*state, "threshold t = mad upper 3sd for branch:main or branch:dev");
    assert_int_equal(item->selector->kind, SELECT_OR);
    item = statement(*state, "put branch:b -3.5ms at 2d ago");
    assert_true(item->quantity.number == -3.5);
    assert_int_equal(item->instant.kind, INSTANT_AGO);
}

static void test_spans(void **state)
{
    /*                  0         1         2         3         4
     *                  0123456789012345678901234567890123456789012345 */
    const char *text = "branch:main | check mad 5sd | where a + b > 3";
    const struct statement *item = statement(*state, text);
    assert_span(item->span, 0, 45);
    assert_span(item->query->source->span, 0, 11);
    assert_span(item->query->source->selector->key_span, 0, 6);
    assert_span(item->query->source->selector->pattern.span, 7, 4);
    const struct stage *check = item->query->stages;
    assert_span(check->span, 14, 13);
    assert_span(check->verb_span, 14, 5);
    assert_span(check->model.name_span, 20, 3);
    assert_span(check->model.bound.span, 24, 3);
    const struct expr *expr = check->next->expr;
    assert_span(expr->span, 36, 9);
    assert_span(expr->name_span, 42, 1);
    assert_span(expr->left->span, 36, 5);
    assert_int_equal(expr->depth, 3);
}

/* Texts beyond the manual's examples: each comes back from its print, which is the second. */
static void test_canonical_print(void **state)
{
    static const char *const cases[][2] = {
        {"  branch:main|last 3|where  (a)or((b)and c)",
         "branch:main | last 3 | where a or b and c"},
        {"a|where (a or b) and c", "a | where (a or b) and c"},
        {"a|where not(a and b)", "a | where not (a and b)"},
        {"a|where (not a) == b", "a | where (not a) == b"},
        {"a|where a*(not b)", "a | where a * (not b)"},
        {"a|where (a == b) == c", "a | where (a == b) == c"},
        {"a|where (a is none) == b", "a | where (a is none) == b"},
        {"a|where (a ~ /x/) ~ /y/", "a | where (a ~ /x/) ~ /y/"},
        {"a|where a-(b - c) -d", "a | where a - (b - c) - d"},
        {"a|where a else (b else c)", "a | where a else (b else c)"},
        {"a|where -(-a)", "a | where --a"},
        {"a|where -(a+b)", "a | where -(a + b)"},
        {"a|where 1.50 > 0.10ms", "a | where 1.5 > 0.1ms"},
        {"a|sort x asc , y desc", "a | sort x, y desc"},
        {"a|where x == \"q\\\"\\\\\\n\\t\"", "a | where x == \"q\\\"\\\\\\n\\t\""},
        {"//a//\"b c\"//\"d//e\"", "//a//\"b c\"//\"d//e\""},
        {"measure m = \"ops\"", "measure m = ops"},
        {"measure m = \"ops/s\" lower", "measure m = \"ops/s\" lower"},
        {"measure m = \"lower\" higher", "measure m = \"lower\" higher"},
        {"let a = 1;;let b = -2", "let a = 1;\nlet b = -2"},
        {"a | check over 3 needs 4", "a | check over 3 needs 4"},
        {"a | check m -5% using x", "a | check m -5% using x"},
        {"(a | last 1) | versus (b | first 2) over all",
         "(a | last 1) | versus (b | first 2) over all"},
        {"a | until now | between now and 3d ago", "a | until now | between now and 3d ago"},
        {"a | with history | bottom 3 by x per y", "a | with history | bottom 3 by x per y"},
        {"mark archive branch:old/* at commit:abc", "mark archive branch:old/* at commit:abc"},
        {"show alert; show threshold; drop measure m",
         "show alert;\nshow threshold;\ndrop measure m"},
        {"a | expect some | expect x is not none", "a | expect some | expect x is not none"},
        {"a | keep last, first, base, effect", "a | keep last, first, base, effect"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool same;
        const char *print =
            round_trip(&((struct fixture *)*state)->arena, cases[i][0], strlen(cases[i][0]), &same);
        assert_non_null(print);
        assert_string_equal(print, cases[i][1]);
        assert_true(same);
    }
}

static void test_pieces_print(void **state)
{
    struct arena *arena = &((struct fixture *)*state)->arena;
    const struct statement *item =
        statement(*state, "threshold t = mad 5sd over 9 for branch:a or run:3");
    assert_string_equal(print_model(arena, &item->model), "mad 5sd over 9");
    assert_string_equal(print_selector(arena, item->selector), "branch:a or run:3");
    item = statement(*state, "a | where (b)");
    assert_string_equal(print_query(arena, item->query), "a | where b");
    assert_string_equal(print_expr(arena, item->query->stages->expr), "b");
}

/* -- unfinished -------------------------------------------------------------------------------- */

static void test_unfinished(void **state)
{
    static const char *const more[] = {
        "branch:main |", "branch:main | last",           "(branch:main",
        "let x =",       "branch:main | where a and",    "branch:main |\n",
        "view v = a | ", "branch:main | check mad over", "explain",
        "a; b |",
    };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        assert_int_equal(parse(*state, more[i]), PARSE_UNFINISHED);
        assert_int_equal(((struct fixture *)*state)->diags.error_count, 1);
        assert_null(((struct fixture *)*state)->script);
    }
    static const char *const wrong[] = {
        "branch:main | wher", "branch:\"main", "branch:", "a | | b", "a |; b", "(a | last; b",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(parse(*state, wrong[i]), PARSE_ERROR);
}

/* -- limits ------------------------------------------------------------------------------------ */

static void assert_limit(struct fixture *fixture, const char *text, enum diag_code code)
{
    enum parse_result result = parse(fixture, text);
    if (code == DIAG_NONE) {
        assert_int_equal(result, PARSE_OK);
        return;
    }
    assert_int_equal(result, PARSE_ERROR);
    assert_int_equal(fixture->diags.first->code, code);
    assert_null(fixture->script);
}

/* lead, then n times `each`, middle, then n times `close`. */
static const char *nest(struct fixture *fixture, const char *lead, const char *each, size_t n,
                        const char *middle, const char *close)
{
    struct strbuf out;
    strbuf_init(&out, &fixture->arena);
    strbuf_put(&out, lead);
    for (size_t i = 0; i < n; i++)
        strbuf_put(&out, each);
    strbuf_put(&out, middle);
    for (size_t i = 0; i < n; i++)
        strbuf_put(&out, close);
    return strbuf_end(&out);
}

static void test_statement_length(void **state)
{
    struct fixture *fixture = *state;
    const size_t rest = PACE_MAX_STATEMENT - strlen("branch:");
    assert_limit(fixture, nest(fixture, "branch:", "x", rest - 1, "", ""), DIAG_NONE);
    assert_limit(fixture, nest(fixture, "branch:", "x", rest, "", ""), DIAG_NONE);
    assert_limit(fixture, nest(fixture, "branch:", "x", rest + 1, "", ""), Q_TOO_LONG);
    /* Each statement has its own; spaces and comments around do not count. */
    assert_limit(fixture, nest(fixture, "", "let a = 1;", 20000, "", ""), DIAG_NONE);
    assert_limit(fixture, nest(fixture, "a;", " ", 100000, "b # c", "#"), DIAG_NONE);
    /* Chains of two million: whichever limit comes first. */
    const size_t many = 2000000;
    assert_limit(fixture, nest(fixture, "a | where 1", " + 1", many, "", ""), Q_TOO_DEEP);
    assert_limit(fixture, nest(fixture, "a | where f(1", ", 1", many, "", ""), Q_TOO_MANY_NODES);
    assert_limit(fixture, nest(fixture, "a", " | last 1", many, "", ""), Q_TOO_MANY_NODES);
    assert_limit(fixture, nest(fixture, "branch:a", " or branch:a", many, "", ""),
                 Q_TOO_MANY_NODES);
    assert_limit(fixture, nest(fixture, "a | keep b", ", abcdefgh", many, "", ""), Q_TOO_LONG);
}

static void test_depth(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *lead, *each, *middle, *close;
        size_t most;
    } cases[] = {
        /* parentheses count as they stand */
        {"a | where ", "(", "b", ")", PACE_MAX_DEPTH},
        /* queries and expressions by their trees: one level is the innermost, one the query's */
        {"", "(", "a", ")", PACE_MAX_DEPTH - 1},
        {"a | where ", "not ", "b", "", PACE_MAX_DEPTH - 2},
        {"a | where ", "-", "b", "", PACE_MAX_DEPTH - 2},
        {"a | where b", " + b", "", "", PACE_MAX_DEPTH - 2},
        {"a | where b", " or b", "", "", PACE_MAX_DEPTH - 2},
        {"a | where ", "f(", "b", ")", PACE_MAX_DEPTH - 2},
        {"a | where ", "f(c, ", "b", ")", PACE_MAX_DEPTH - 2},
        {"a | where ", "c - f(c, ", "b", ")", PACE_MAX_DEPTH / 2 - 1},
        {"", "a | versus (", "a", ")", PACE_MAX_DEPTH - 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t n = cases[i].most - 1; n <= cases[i].most + 1; n++)
            assert_limit(
                fixture,
                nest(fixture, cases[i].lead, cases[i].each, n, cases[i].middle, cases[i].close),
                n <= cases[i].most ? DIAG_NONE : Q_TOO_DEEP);
        assert_limit(
            fixture,
            nest(fixture, cases[i].lead, cases[i].each, 5000, cases[i].middle, cases[i].close),
            Q_TOO_DEEP);
    }
    assert_limit(fixture, nest(fixture, "a | where ", "(", 100000, "b", ")"), Q_TOO_DEEP);
    assert_limit(fixture, nest(fixture, "", "(", 100000, "", ""), Q_TOO_DEEP);
    assert_limit(fixture, nest(fixture, "a | where ", "not ", 16000, "b", ""), Q_TOO_DEEP);
}

static void test_nodes(void **state)
{
    struct fixture *fixture = *state;
    /* The source, the query and the statement; each `last all` is a stage and its window. */
    const size_t rest = PACE_MAX_NODES - 3;
    assert_int_equal(rest % 2, 1);
    assert_limit(fixture, nest(fixture, "a", "|last all", rest / 2, "|check", ""), DIAG_NONE);
    /* Names are one each: the stage, its name. */
    const size_t names = rest - 2;
    for (size_t n = names - 1; n <= names + 1; n++)
        assert_limit(fixture, nest(fixture, "a|keep b", ",b", n, "", ""),
                     n <= names ? DIAG_NONE : Q_TOO_MANY_NODES);
    /* Counted anew for each statement. */
    assert_limit(fixture, nest(fixture, "", "a|keep b;", 6000, "", ""), DIAG_NONE);
}

/* -- hostile text ------------------------------------------------------------------------------ */

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t mutate(uint64_t *seed, char *text, size_t len, size_t cap)
{
    static const char *const pieces[] = {"|",        "(", ")",  "\"",      "/",     "//", ":",
                                         "{",        "}", "$",  " ",       ";",     "~",  "not ",
                                         "or ",      "3", "5%", "branch:", "last ", "=",  "\\",
                                         "\xc3\xa9", "#", "-",  ".",       "over ", "\n", ","};
    size_t at = len ? random_next(seed) % (len + 1) : 0;
    switch (random_next(seed) % 4) {
    case 0: /* a byte */
        if (at < len) text[at] = (char)random_next(seed);
        return len;
    case 1: { /* cut out */
        size_t cut = random_next(seed) % 8;
        if (cut > len - at) cut = len - at;
        memmove(text + at, text + at + cut, len - at - cut);
        return len - cut;
    }
    case 2: { /* put in */
        const char *piece = pieces[random_next(seed) % (sizeof pieces / sizeof *pieces)];
        size_t piece_len = strlen(piece);
        if (len + piece_len > cap) return len;
        memmove(text + at + piece_len, text + at, len - at);
        memcpy(text + at, piece, piece_len);
        return len + piece_len;
    }
    default: /* end here */ return at;
    }
}

/* Whatever the bytes: a tree that comes back from its print, or an error inside the text. */
static void parse_hostile(const char *text, size_t len, uint64_t seed)
{
    struct arena arena;
    struct diag_list diags;
    struct script *script;
    arena_init(&arena, 0);
    diag_list_init(&diags, &arena);
    enum parse_result result = parse_script(&arena, text, len, &diags, &script);
    if (result == PARSE_OK) {
        bool same;
        const char *print = round_trip(&arena, text, len, &same);
        if (!same) fail_msg("seed %llu: printed as %s", (unsigned long long)seed, print);
    } else {
        assert_null(script);
        assert_int_equal(diags.error_count, 1);
        assert_true(diags.first->span.start + diags.first->span.len <= len);
        assert_true(diags.first->span.len > 0);
        assert_non_null(diag_draw(&arena, diags.first, text, len));
        assert_non_null(diag_json(&arena, diags.first, text, len));
    }
    const char *names[PARSE_EXPECTED_MAX];
    assert_true(parse_expected(&arena, text, len, names) <= PARSE_EXPECTED_MAX);
    arena_clear(&arena);
}

static void test_mutations(void **state)
{
    (void)state;
    enum { ROUNDS = 200, TEXT_MAX = 512 };
    const char *given = getenv("PACE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    if (seed == 0) seed = 1;
    print_message("# note PACE_SEED=%llu\n", (unsigned long long)seed);
    const uint64_t first_seed = seed;
    FILE *file = fopen("tests/lang/examples.txt", "r");
    assert_non_null(file);
    char line[TEXT_MAX / 2], text[TEXT_MAX];
    while (fgets(line, sizeof line, file)) {
        for (int round = 0; round < ROUNDS; round++) {
            size_t len = strcspn(line, "\n");
            memcpy(text, line, len);
            for (uint64_t edits = 1 + random_next(&seed) % 4; edits > 0; edits--)
                len = mutate(&seed, text, len, sizeof text);
            char *exact = malloc(len ? len : 1); /* so that a read past the end is seen */
            assert_non_null(exact);
            memcpy(exact, text, len);
            parse_hostile(exact, len, first_seed);
            free(exact);
        }
    }
    fclose(file);
}

static void test_no_memory(void **state)
{
    (void)state;
    const char *text = "branch:main \"x\\n\" | last 3";
    const char *good =
        "(branch:\"a\\n\" or //p//b | check mad 5sd over 3) | where f(a, b) > 3ms | keep a, b";
    enum parse_result result = PARSE_ERROR;
    size_t failures = 0;
    for (size_t cap = 16; result != PARSE_OK; cap += 48) {
        struct arena arena;
        struct diag_list diags;
        struct script *script;
        arena_init(&arena, cap);
        diag_list_init(&diags, &arena);
        result = parse_script(&arena, good, strlen(good), &diags, &script);
        if (result != PARSE_OK) {
            assert_int_equal(diags.first->code, Q_NO_MEMORY);
            assert_null(script);
            failures++;
        } else {
            assert_true(arena.used_bytes <= cap);
        }
        arena_clear(&arena);

        /* An error in short memory is some error. */
        arena_init(&arena, cap);
        diag_list_init(&diags, &arena);
        assert_int_equal(parse_script(&arena, text, strlen(text), &diags, &script), PARSE_ERROR);
        assert_non_null(diags.first);
        arena_clear(&arena);
    }
    assert_true(failures > 10);
}

/* -- words ------------------------------------------------------------------------------------- */

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static void test_words(void **state)
{
    (void)state;
    const struct word *word;
    for (size_t i = 0; (word = word_row(i)); i++) {
        if (i > 0) assert_true(strcmp(word_row(i - 1)->text, word->text) < 0);
        assert_ptr_equal(word_find(word->text, strlen(word->text)), word);
        assert_int_equal(word->class == WORD_GLUE, word->syntax == NULL);
        assert_int_equal(word->class == WORD_GLUE, word->help == NULL);
    }
    assert_null(word_find("las", 3));
    assert_null(word_find("lastt", 5));
    assert_null(word_find("last\0", 5));
    assert_null(word_find("", 0));
    const struct key *key;
    for (size_t i = 0; (key = key_row(i)); i++)
        assert_ptr_equal(key_find(key->name, strlen(key->name)), key);
    assert_null(key_find("bench", 5));
}

/* The table and the grammar agree about what is a verb, and what is a command. */
static void test_expected(void **state)
{
    struct arena *arena = &((struct fixture *)*state)->arena;
    const char *names[PARSE_EXPECTED_MAX];
    const struct word *word;
    size_t count = parse_expected(arena, "branch:main |", 13, names), verbs = 0;
    for (size_t i = 0; (word = word_row(i)); i++) {
        assert_int_equal(has_name(names, count, word->text), word->class == WORD_VERB);
        verbs += word->class == WORD_VERB;
    }
    assert_int_equal(count, verbs);

    count = parse_expected(arena, "", 0, names);
    for (size_t i = 0; (word = word_row(i)); i++)
        assert_int_equal(has_name(names, count, word->text),
                         word->class == WORD_COMMAND || strcmp(word->text, "not") == 0);
    assert_true(has_name(names, count, "a key"));
    assert_true(has_name(names, count, "end of input"));

    count = parse_expected(arena, "a | last 1 | branch", 19, names);
    assert_int_equal(count, 0); /* wrong already */
    count = parse_expected(arena, "branch:", 7, names);
    assert_int_equal(count, 4);
    assert_true(has_name(names, count, "a pattern"));
    count = parse_expected(arena, "a | since 30d", 13, names);
    assert_int_equal(count, 1);
    assert_string_equal(names[0], "ago");
    count = parse_expected(arena, "a | expect (b", 13, names);
    assert_true(has_name(names, count, ")"));
    assert_false(has_name(names, count, "|"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_precedence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_selectors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_globs_need_no_quotes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_path_segments, setup, teardown),
        cmocka_unit_test_setup_teardown(test_windows_and_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spans, setup, teardown),
        cmocka_unit_test_setup_teardown(test_canonical_print, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pieces_print, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unfinished, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statement_length, setup, teardown),
        cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nodes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mutations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expected, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
