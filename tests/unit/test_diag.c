/* test_diag.c -- diagnostics: the list, the drawing, the JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "diag.h"

static struct arena arena;
static struct diag_list list;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    diag_list_init(&list, &arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static const char *draw(const char *text, size_t len, uint32_t start, uint32_t span_len,
                        const char *help)
{
    struct diag *diag =
        diag_error(&list, Q_NO_VERB, (struct span){start, span_len}, "no verb '%s'", "wher");
    if (help) diag_help(&list, diag, "%s", help);
    return diag_draw(&arena, diag, text, len);
}

#define DRAW(text, start, len, help) draw(text, sizeof(text) - 1, start, len, help)

static void test_list(void **state)
{
    (void)state;
    struct diag *first = diag_error(&list, Q_SYNTAX, (struct span){0, 1}, "%d and %s", 1, "two");
    struct diag *second = diag_note(&list, "note %d", 3);
    assert_string_equal(first->message, "1 and two");
    assert_null(first->help);
    assert_ptr_equal(list.first, first);
    assert_ptr_equal(first->next, second);
    assert_ptr_equal(list.last, second);
    assert_int_equal(list.error_count, 1);
    assert_int_equal(second->severity, DIAG_NOTE);
    assert_string_equal(diag_draw(&arena, second, "x", 1), "note: note 3");
    diag_help(&list, first, "write %s", "it");
    assert_string_equal(first->help, "write it");
}

static void test_titles(void **state)
{
    (void)state;
    assert_string_equal(diag_title(Q_NO_VERB), "no such verb");
    assert_string_equal(diag_title(DIAG_NONE), "");
#define DIAG(name, number, title)                                                                  \
    assert_true(name > 0 && name < 100);                                                           \
    assert_true(strlen(diag_title(name)) > 0);
#include "diag.def"
#undef DIAG
}

static void test_draw(void **state)
{
    (void)state;
    assert_string_equal(DRAW("branch:main | last 64 | wher high", 24, 4, "did you mean 'where'?"),
                        "error[Q012]: no verb 'wher'\n"
                        "  branch:main | last 64 | wher high\n"
                        "                          ^~~~\n"
                        "  help: did you mean 'where'?");
    assert_string_equal(DRAW("wher", 0, 1, NULL), "error[Q012]: no verb 'wher'\n  wher\n  ^");
    /* No place: no line. */
    assert_string_equal(DRAW("wher", 0, 0, NULL), "error[Q012]: no verb 'wher'");
    /* Past the end of the text: after its last character. */
    assert_string_equal(DRAW("wher", 4, 1, NULL), "error[Q012]: no verb 'wher'\n  wher\n      ^");
    assert_string_equal(DRAW("wher", 9, 1, NULL), "error[Q012]: no verb 'wher'");
}

static void test_draw_columns(void **state)
{
    (void)state;
    assert_string_equal(DRAW("caf\xc3\xa9 wher", 6, 4, NULL),
                        "error[Q012]: no verb 'wher'\n  caf\xc3\xa9 wher\n       ^~~~");
    assert_string_equal(DRAW("\xe6\x97\xa5 wher", 4, 4, NULL),
                        "error[Q012]: no verb 'wher'\n  \xe6\x97\xa5 wher\n     ^~~~");
    assert_string_equal(DRAW("a\twher", 2, 4, NULL),
                        "error[Q012]: no verb 'wher'\n  a wher\n    ^~~~");
    /* What could play with the terminal is shown, not sent. */
    assert_string_equal(DRAW("a\x1b[2J wher", 6, 4, NULL),
                        "error[Q012]: no verb 'wher'\n  a\\x1b[2J wher\n           ^~~~");
    assert_string_equal(DRAW("\xff\xe2\x80\xae wher", 5, 4, NULL),
                        "error[Q012]: no verb 'wher'\n  \\xff\\u202e wher\n             ^~~~");
    assert_string_equal(DRAW("a\0b", 1, 1, NULL),
                        "error[Q012]: no verb 'wher'\n  a\\x00b\n   ^~~~");
    assert_string_equal(DRAW("x", 0, 1, "a\x1b\nb"),
                        "error[Q012]: no verb 'wher'\n  x\n  ^\n  help: a\\x1b\\x0ab");
}

static void test_draw_lines(void **state)
{
    (void)state;
    assert_string_equal(DRAW("one\ntwo wher\nthree", 8, 4, NULL),
                        "error[Q012]: no verb 'wher' (line 2)\n  two wher\n      ^~~~");
    assert_string_equal(DRAW("one\r\nwher\r\n", 5, 4, NULL),
                        "error[Q012]: no verb 'wher' (line 2)\n  wher\n  ^~~~");
    /* One line with its end is one line; a span over several shows the first. */
    assert_string_equal(DRAW("wher\n", 0, 4, NULL), "error[Q012]: no verb 'wher'\n  wher\n  ^~~~");
    assert_string_equal(DRAW("a wher\nb", 2, 6, NULL),
                        "error[Q012]: no verb 'wher' (line 1)\n  a wher\n    ^~~~");
    assert_string_equal(DRAW("ab\ncd", 2, 1, NULL),
                        "error[Q012]: no verb 'wher' (line 1)\n  ab\n    ^");
}

/* A long line keeps the span in view, with the caret under it. */
static void test_draw_cut(void **state)
{
    (void)state;
    char text[2000];
    for (uint32_t at = 0; at < sizeof text - 8; at += 37) {
        memset(text, '-', sizeof text);
        memcpy(text + at, "wher", 4);
        const char *drawn = draw(text, sizeof text, at, 4, NULL);
        const char *line = strchr(drawn, '\n') + 1;
        const char *caret = strchr(line, '\n') + 1;
        assert_true(caret - line <= 96 + 2 + 2 * 3 + 1);
        size_t column = strspn(caret, " ");
        assert_memory_equal(caret + column, "^~~~", 5);
        assert_memory_equal(line + column, "wher", 4);
    }
    memset(text, 'w', sizeof text);
    const char *drawn = draw(text, sizeof text, 0, sizeof text, NULL);
    assert_true(strlen(drawn) < 300);
}

static json_t *json_of(const struct diag *diag, const char *text, size_t len)
{
    const char *json = diag_json(&arena, diag, text, len);
    assert_non_null(json);
    json_error_t error;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &error);
    if (!root) fail_msg("%s in %s", error.text, json);
    return root;
}

static void test_json(void **state)
{
    (void)state;
    const char *text = "caf\xc3\xa9\nx\xc3\xa9 \"wher\"";
    struct diag *diag =
        diag_error(&list, Q_NO_VERB, (struct span){10, 6}, "no verb \"%s\"", "w\\\n\x01");
    json_t *root = json_of(diag, text, strlen(text));
    assert_string_equal(json_string_value(json_object_get(root, "code")), "Q012");
    assert_string_equal(json_string_value(json_object_get(root, "severity")), "error");
    assert_int_equal(json_integer_value(json_object_get(root, "start")), 10);
    assert_int_equal(json_integer_value(json_object_get(root, "length")), 6);
    assert_int_equal(json_integer_value(json_object_get(root, "line")), 2);
    assert_int_equal(json_integer_value(json_object_get(root, "column")), 4);
    assert_string_equal(json_string_value(json_object_get(root, "message")),
                        "no verb \"w\\\n\x01\"");
    assert_true(json_is_null(json_object_get(root, "help")));
    json_decref(root);
}

/* Any byte in a message gives JSON that a strict reader takes. */
static void test_json_bytes(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char message[] = {'a', (char)byte, 'b', 0};
        struct diag *diag = diag_note(&list, "%s", message);
        diag_help(&list, diag, "%s", message);
        json_t *root = json_of(diag, "", 0);
        assert_true(json_is_null(json_object_get(root, "code")));
        assert_true(json_is_null(json_object_get(root, "line")));
        assert_string_equal(json_string_value(json_object_get(root, "message")),
                            byte < 0x80 ? message
                                        : "a\xef\xbf\xbd"
                                          "b");
        json_decref(root);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    struct arena small;
    struct diag_list short_list;
    arena_init(&small, 1);
    diag_list_init(&short_list, &small);
    struct diag *diag = diag_error(&short_list, Q_SYNTAX, (struct span){1, 2}, "x");
    assert_non_null(diag);
    assert_int_equal(diag->code, Q_NO_MEMORY);
    assert_int_equal(diag->severity, DIAG_ERROR);
    diag_help(&short_list, diag, "y");
    assert_null(diag->help);
    assert_ptr_equal(diag_note(&short_list, "z"), diag);
    assert_ptr_equal(short_list.first, diag);
    assert_null(diag->next);
    assert_int_equal(short_list.error_count, 1);
    assert_null(diag_draw(&small, diag, "x", 1));
    assert_null(diag_json(&small, diag, "x", 1));
    assert_string_equal(diag_draw(&arena, diag, "x", 1), "error[Q005]: out of memory");
    arena_clear(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_titles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_draw, setup, teardown),
        cmocka_unit_test_setup_teardown(test_draw_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_draw_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_draw_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
