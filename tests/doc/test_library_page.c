/* test_library_page.c -- pace(3) has the declaration of each public call, made of the headers
 * between `.\" table HEADER` and `.\" end`, and says something of each. */
#include "page.h"

#include <ctype.h>

/* Everything that a header declares with PACE_API, as mdoc. Blanks are brought together. */
static void put_blank_free(struct strbuf *out, const char *text, size_t len)
{
    int is_blank = 1;
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    for (size_t i = 0; i < len; i++) {
        int blank = isspace((unsigned char)text[i]) != 0;
        if (!blank) page_put_bytes(out, text + i, 1);
        if (blank && !is_blank) strbuf_char(out, ' ');
        is_blank = blank;
    }
}

static void put_arguments(struct strbuf *out, const char *at, const char *end)
{
    const char *from = at;
    int depth = 0;
    for (; at <= end; at++) {
        if (at < end && *at == '(') depth++;
        if (at < end && *at == ')') depth--;
        if (at < end && (*at != ',' || depth > 0)) continue;
        strbuf_put(out, ".Fa \"");
        put_blank_free(out, from, (size_t)(at - from));
        strbuf_put(out, "\"\n");
        from = at + 1;
    }
}

static void put_call(struct strbuf *out, const char *at, const char *end)
{
    const char *open = strchr(at, '('), *name = open, *close = end;
    while (isalnum((unsigned char)name[-1]) || name[-1] == '_')
        name--;
    while (*close != ')')
        close--;
    strbuf_put(out, ".Ft \"");
    put_blank_free(out, at, (size_t)(name - at));
    strbuf_put(out, "\"\n.Fo ");
    strbuf_bytes(out, name, (size_t)(open - name));
    strbuf_char(out, '\n');
    put_arguments(out, open + 1, close);
    strbuf_put(out, ".Fc\n");
}

static size_t calls(struct strbuf *out, const char *header)
{
    static const char mark[] = "\nPACE_API ";
    size_t count = 0;
    const char *at = text_file_read(out->arena, header);
    for (; (at = strstr(at, mark)) != NULL; count++) {
        at += sizeof mark - 1;
        const char *end = strchr(at, ';');
        assert_non_null(end);
        put_call(out, at, end);
    }
    return count;
}

static void put_table(struct strbuf *out, const char *name, size_t len, void *context)
{
    size_t *count = context;
    *count += calls(out, arena_copy(out->arena, name, len));
}

static const char PAGE[] = "tools/man/pace.3";

static void test_declarations(void **state)
{
    size_t count = 0;
    (void)state;
    page_check(PAGE, put_table, &count);
    assert_true(count > 60);
}

/* Each call that is declared is described: `.It Fn NAME` stands in the page. */
static void test_descriptions(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 0);
    const char *page = text_file_read(&arena, PAGE), *at = page;
    while ((at = strstr(at, "\n.Fo ")) != NULL) {
        at += strlen("\n.Fo ");
        const char *wanted = arena_printf(&arena, ".It Fn %.*s", (int)strcspn(at, "\n"), at);
        const char *found = strstr(page, wanted);
        while (found != NULL && found[strlen(wanted)] != '\n' && found[strlen(wanted)] != ' ')
            found = strstr(found + 1, wanted);
        if (found == NULL) fail_msg("pace(3) says nothing of %s", wanted);
    }
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_declarations),
                                       cmocka_unit_test(test_descriptions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
