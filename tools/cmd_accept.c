/* cmd_accept.c -- `pace accept`, `pace alias`, `pace mark`: facts about history, by name and with a
 * reason. They write a `mark` statement of the language and run it. */
#include "command.h"

#include "../engine/arena.h"
#include "accept.h"
#include "identity.h"
#include "query_text.h"
#include "say.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

int cmd_accept(const struct arguments *arguments)
{
    const char *why = arguments_value(arguments, OPTION_MESSAGE);
    const char *at = arguments_value(arguments, OPTION_AT);
    if (arguments->operand_count != 1)
        return command_misused(arguments->command,
                               "`pace accept` takes the benchmark, or a selector in quotes");
    if (why == NULL || *why == '\0')
        return command_misused(arguments->command, "say why: pace accept '%s' -m 'REASON'",
                               arguments->operands[0]);
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) return store_failed("", PACE_ENOMEM, NULL);
    struct arena arena;
    arena_init(&arena, 0);
    int status = identity_read(arguments, identity);
    if (status == 0) {
        const char *branch = identity->branch[0] != '\0' ? identity->branch : "main";
        const char *reason = arguments_has(arguments, OPTION_FALSE_ALARM)
                                 ? arena_printf(&arena, ACCEPT_FALSE "%s", why)
                                 : why;
        const char *text = accept_statement(&arena, arguments->operands[0], branch, at, reason);
        status = text == NULL ? store_failed("", PACE_ENOMEM, NULL)
                              : query_text(arguments, text, strlen(text));
    }
    arena_clear(&arena);
    free(identity);
    return status;
}

/* OLD and NEW are benchmarks, or selectors; a plain NEW is of OLD's key. */
int cmd_alias(const struct arguments *arguments)
{
    const char *why = arguments_value(arguments, OPTION_MESSAGE);
    if (arguments->operand_count != 2)
        return command_misused(arguments->command,
                               "`pace alias` takes the old name and the new one");
    const char *old = arguments->operands[0], *new = arguments->operands[1];
    struct arena arena;
    arena_init(&arena, 0);
    const char *from = accept_selector(&arena, old), *to = accept_selector(&arena, new);
    size_t key = from != old ? 0 : strcspn(old, ":") + 1;
    if (key > 0 && key <= strlen(old) && to != new &&strncmp(old, "//", 2) != 0)
        to = arena_printf(&arena, "%.*s%s", (int)key, old, accept_string(&arena, new));
    const char *reason = why != NULL ? accept_string(&arena, why) : "";
    const char *text = from != NULL && to != NULL && reason != NULL
                           ? arena_printf(&arena, "mark alias %s as %s %s", from, to, reason)
                           : NULL;
    int status = text == NULL ? store_failed("", PACE_ENOMEM, NULL)
                              : query_text(arguments, text, strlen(text));
    arena_clear(&arena);
    return status;
}

int cmd_mark(const struct arguments *arguments)
{
    struct arena arena;
    if (arguments->operand_count < 2)
        return command_misused(
            arguments->command,
            "`pace mark` takes what to mark: exclude run:118, archive branch:old, "
            "accept SELECTOR, undo NUMBER");
    arena_init(&arena, 0);
    const char *text = "mark", *why = arguments_value(arguments, OPTION_MESSAGE);
    for (size_t i = 0; i < arguments->operand_count && text != NULL; i++)
        text = arena_printf(&arena, "%s %s", text, arguments->operands[i]);
    if (why != NULL && text != NULL)
        text = arena_printf(&arena, "%s %s", text, accept_string(&arena, why));
    int status = text == NULL ? store_failed("", PACE_ENOMEM, NULL)
                              : query_text(arguments, text, strlen(text));
    arena_clear(&arena);
    return status;
}
