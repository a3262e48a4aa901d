/* test_command_pages.c -- each subcommand has a page that says what command.def says: its name,
 * synopsis, text, options and examples stand between `.\" table NAME` and `.\" end`; pace(1) lists
 * them all. */
#include "page.h"

#include "../../tools/command.h"

/* `...` of the tables becomes a literal; a sentence begins a line, as mdoc wants it. */
static void put_prose(struct strbuf *out, const char *text, size_t len)
{
    int is_open = 0;
    if (len > 0 && (text[0] == '.' || text[0] == '\'')) strbuf_put(out, "\\&");
    for (size_t i = 0; i < len; i++) {
        if (i > 1 && text[i] == ' ' && strchr(".?!", text[i - 1]) != NULL && text[i - 2] != '.') {
            strbuf_char(out, '\n');
            continue;
        }
        if (text[i] != '`') {
            page_put_bytes(out, text + i, 1);
            continue;
        }
        strbuf_put(out, is_open ? "\\(cq" : "\\(oq");
        is_open = !is_open;
    }
    strbuf_char(out, '\n');
}

static void put_lines(struct strbuf *out, const char *text,
                      void (*line)(struct strbuf *, const char *, size_t))
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        line(out, text, len);
        text += len + (text[len] == '\n');
    }
}

static void put_value(struct strbuf *out, const struct option_row *row)
{
    if (row->value == NULL) return;
    strbuf_put(out, " Ar \"");
    page_put(out, row->value);
    strbuf_put(out, "\"");
}

static void put_name(struct strbuf *out, const struct command *command)
{
    strbuf_put(out, ".Nm pace-");
    strbuf_put(out, command->name);
    strbuf_put(out, "\n.Nd ");
    put_prose(out, command->text, strlen(command->text));
}

static int is_pace(const struct command *command)
{
    return strcmp(command->name, "shell") == 0;
}

static void put_synopsis(struct strbuf *out, const struct command *command)
{
    strbuf_put(out, ".Nm pace");
    strbuf_put(out, is_pace(command) ? "" : " ");
    strbuf_put(out, is_pace(command) ? "" : command->name);
    strbuf_char(out, '\n');
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!option_applies(row, command) || i == OPTION_HELP) continue;
        strbuf_put(out, ".Op Fl ");
        if (row->letter != 0) {
            strbuf_char(out, row->letter);
        } else {
            strbuf_put(out, "\\-");
            page_put(out, row->name);
        }
        put_value(out, row);
        strbuf_char(out, '\n');
    }
    if (*command->operands) page_line(out, command->operands, strlen(command->operands));
}

static void put_options(struct strbuf *out, const struct command *command)
{
    strbuf_put(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!option_applies(row, command)) continue;
        strbuf_put(out, ".It ");
        if (row->letter != 0) {
            strbuf_put(out, "Fl ");
            strbuf_char(out, row->letter);
            strbuf_put(out, " , ");
        }
        strbuf_put(out, "Fl \\-");
        page_put(out, row->name);
        put_value(out, row);
        strbuf_char(out, '\n');
        put_prose(out, row->text, strlen(row->text));
    }
    strbuf_put(out, ".El\n");
}

static void put_examples(struct strbuf *out, const struct command *command)
{
    strbuf_put(out, ".Bd -literal\n");
    put_lines(out, command->examples, page_line);
    strbuf_put(out, ".Ed\n");
}

static void put_commands(struct strbuf *out)
{
    strbuf_put(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < command_count; i++) {
        if (is_pace(&commands[i])) continue;
        strbuf_put(out, ".It Xr pace-");
        strbuf_put(out, commands[i].name);
        strbuf_put(out, " 1\n");
        put_prose(out, commands[i].text, strlen(commands[i].text));
    }
    strbuf_put(out, ".El\n");
}

static void put_table(struct strbuf *out, const char *name, size_t len, void *context)
{
    struct seen {
        const struct command *command;
        unsigned tables;
    } *seen = context;
    static const char *const names[] = {"name", "synopsis", "text", "options", "examples"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) seen->tables |= 1U << i;
    switch (name[0]) {
    case 'n': put_name(out, seen->command); break;
    case 's': put_synopsis(out, seen->command); break;
    case 't': put_lines(out, seen->command->more, put_prose); break;
    case 'o': put_options(out, seen->command); break;
    case 'e': put_examples(out, seen->command); break;
    case 'c': put_commands(out); break;
    default: fail_msg("a page asks for a table '%.*s'", (int)len, name);
    }
}

/* NAME, SYNOPSIS, OPTIONS and EXAMPLES must be there; text where the table has some. */
static void test_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        struct {
            const struct command *command;
            unsigned tables;
        } seen = {&commands[i], 0};
        char path[128];
        unsigned wanted = 1U << 1 | 1U << 3 | 1U << 4;
        if (is_pace(&commands[i]))
            snprintf(path, sizeof path, "tools/man/pace.1");
        else
            snprintf(path, sizeof path, "tools/man/pace-%s.1", commands[i].name);
        page_check(path, put_table, &seen);
        if (!is_pace(&commands[i])) wanted |= 1U;
        if (*commands[i].more) wanted |= 1U << 2;
        if ((seen.tables & wanted) != wanted) fail_msg("%s lacks a table", path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
