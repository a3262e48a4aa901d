/* fuzz_parse.c -- any bytes through scanner and parser: they end in a tree, or in diagnostics that
 * can be drawn and point into the text; what may come next is told without harm. */
#include "parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) abort();
}

static void check_diags(struct diag_list *diags, const char *text, size_t size)
{
    size_t errors = 0;
    for (const struct diag *diag = diags->first; diag; diag = diag->next) {
        errors += diag->severity == DIAG_ERROR;
        check(diag->message && (size_t)diag->span.start + diag->span.len <= size + 1);
        check(diag_draw(diags->arena, diag, text, size) != NULL);
        check(diag_json(diags->arena, diag, text, size) != NULL);
    }
    check(errors > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *names[PARSE_EXPECTED_MAX];
    struct arena arena;
    struct diag_list diags;
    struct script *script = NULL;
    arena_init(&arena, 0);
    diag_list_init(&diags, &arena);
    if (parse_script(&arena, text, size, &diags, &script) == PARSE_OK)
        check(script != NULL);
    else
        check_diags(&diags, text, size);
    check(parse_expected(&arena, text, size, names) <= PARSE_EXPECTED_MAX);
    arena_clear(&arena);
    return 0;
}
