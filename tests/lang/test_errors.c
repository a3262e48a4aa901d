/* test_errors.c -- wrong queries and what is said about them, against tests/lang/errors.txt.
 *
 * The file holds blocks: the query in lines that begin with "> " (with "\> " bytes are written
 * \xNN), the diagnostics as drawn, "unfinished" when more text could finish it, an empty line.
 * Other lines that begin with # are comments. PACE_UPDATE_GOLDEN=1 writes the file anew from its
 * queries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../text_file.h"
#include "parse.h"
#include "strbuf.h"

#define GOLDEN "tests/lang/errors.txt"
enum { BLOCKS_LEAST = 60 };

/* The bytes of a query's line. */
static void query_line(struct strbuf *query, const char *line, size_t len)
{
    bool escaped = line[0] == '\\';
    size_t i = escaped ? 3 : 2;
    while (i < len) {
        if (escaped && i + 3 < len && line[i] == '\\' && line[i + 1] == 'x') {
            char digits[3] = {line[i + 2], line[i + 3], 0};
            strbuf_char(query, (char)strtoul(digits, NULL, 16));
            i += 4;
        } else {
            strbuf_char(query, line[i++]);
        }
    }
}

static bool is_query_line(const char *line)
{
    return strncmp(line, "> ", 2) == 0 || strncmp(line, "\\> ", 3) == 0;
}

/* What the block of this query should hold. Notes the codes. */
static void answer(struct arena *arena, struct strbuf *out, const char *query, size_t len,
                   bool codes[100])
{
    struct diag_list diags;
    struct script *script;
    diag_list_init(&diags, arena);
    enum parse_result result = parse_script(arena, query, len, &diags, &script);
    if (result == PARSE_OK) strbuf_put(out, "no error\n");
    for (const struct diag *diag = diags.first; diag; diag = diag->next) {
        strbuf_put(out, diag_draw(arena, diag, query, len));
        strbuf_char(out, '\n');
        codes[diag->code] = true;
    }
    if (result == PARSE_UNFINISHED) strbuf_put(out, "unfinished\n");
}

/* Writes the file as it should be; returns the number of blocks. */
static size_t golden_make(struct arena *arena, const char *text, struct strbuf *out,
                          bool codes[100])
{
    size_t blocks = 0;
    struct strbuf query;
    strbuf_init(&query, arena);
    while (*text) {
        size_t len = strcspn(text, "\n");
        const char *next = text + len + (text[len] == '\n');
        if (text[0] == '#') {
            strbuf_bytes(out, text, len);
            strbuf_char(out, '\n');
        } else if (is_query_line(text)) {
            strbuf_bytes(out, text, len);
            strbuf_char(out, '\n');
            query_line(&query, text, len);
            if (is_query_line(next)) {
                strbuf_char(&query, '\n');
            } else {
                size_t query_len = query.len;
                answer(arena, out, strbuf_end(&query), query_len, codes);
                strbuf_char(out, '\n');
                strbuf_init(&query, arena);
                blocks++;
            }
        } else if (len == 0 && out->len > 0 && out->text[out->len - 1] == '\n' &&
                   (out->len < 2 || out->text[out->len - 2] != '\n')) {
            strbuf_char(out, '\n'); /* an empty line after comments */
        }
        text = next;
    }
    return blocks;
}

static void test_golden(void **state)
{
    (void)state;
    struct arena arena;
    struct strbuf out;
    bool codes[100] = {false};
    arena_init(&arena, 0);
    strbuf_init(&out, &arena);
    const char *golden = text_file_read(&arena, GOLDEN);
    size_t blocks = golden_make(&arena, golden, &out, codes);
    const char *made = strbuf_end(&out);
    assert_non_null(made);
    const char *update = getenv("PACE_UPDATE_GOLDEN");
    if (update && strcmp(update, "1") == 0) {
        FILE *file = fopen(GOLDEN, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(made, 1, strlen(made), file), strlen(made));
        assert_int_equal(fclose(file), 0);
    } else if (strcmp(golden, made) != 0) {
        size_t same = 0, line = 0;
        while (golden[same] == made[same])
            line += made[same++] == '\n';
        while (same > 0 && made[same - 1] != '\n')
            same--;
        fail_msg("%s, line %zu, should be: %.*s", GOLDEN, line + 1, (int)strcspn(made + same, "\n"),
                 made + same);
    }
    assert_true(blocks >= BLOCKS_LEAST);

    static const enum diag_code parsed[] = {Q_BAD_BYTE, Q_SYNTAX,     Q_UNFINISHED, Q_NO_VERB,
                                            Q_UNCLOSED, Q_BAD_NUMBER, Q_BAD_DATE,   Q_BAD_PATTERN,
                                            Q_NO_KEY,   Q_NO_OPTION};
    for (size_t i = 0; i < sizeof parsed / sizeof *parsed; i++)
        if (!codes[parsed[i]]) fail_msg("no block shows Q%03d", (int)parsed[i]);
    arena_clear(&arena);
}

/* Every diagnostic is shown by a block of a golden file, but those of a statement that is too large
 * for one, of memory, limits and interrupts (lang/test_parse, unit/test_diag, unit/test_limit,
 * unit/test_execute). */
static void test_each_code_is_shown(void **state)
{
    (void)state;
    static const char *const files[] = {GOLDEN, "tests/lang/results.txt", "tests/lang/lineage.txt",
                                        "tests/lang/demo.txt"};
    static const struct {
        enum diag_code code;
        const char *name;
    } all[] = {
#define DIAG(name, number, title) {name, #name},
#include "diag.def"
#undef DIAG
    };
    static const enum diag_code elsewhere[] = {Q_TOO_LONG,  Q_TOO_DEEP, Q_TOO_MANY_NODES,
                                               Q_NO_MEMORY, Q_LIMIT,    Q_STOPPED};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char text[16];
        bool shown = false;
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
            shown |= elsewhere[k] == all[i].code;
        snprintf(text, sizeof text, "[Q%03d]", (int)all[i].code);
        for (size_t f = 0; f < sizeof files / sizeof *files && !shown; f++) {
            struct arena arena;
            arena_init(&arena, 0);
            shown = strstr(text_file_read(&arena, files[f]), text) != NULL;
            arena_clear(&arena);
        }
        if (!shown) fail_msg("no golden block shows %s %s", text, all[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_each_code_is_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
