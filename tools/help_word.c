/* help_word.c -- see help_word.h. */
#include "help_word.h"

#include "../query/pace_query.h"
#include "../query/suggest.h"
#include "../query/word.h"
#include "command.h"

#include <string.h>
#include <strings.h>

/* A row of a table as help shows it. */
struct topic {
    const char *kind, *name, *form, *text;
};

static const struct topic topics[] = {
#define FUNCTION(id, name, kind, fewest, most, signature, help) {"function", name, signature, help},
#include "../query/function.def"
#undef FUNCTION
#define MODEL(id, name, needs, bounds, text) {"model of 'check'", name, NULL, text},
#include "../query/stats/model.def"
#undef MODEL
#define VERDICT(id, name, help) {"verdict of 'check', a condition", name, NULL, help},
#include "../query/verdict.def"
#undef VERDICT
#define FORMAT(name, format, text) {"format of 'as'", #name, "as " #name, text},
#include "../query/format.def"
#undef FORMAT
#define OF_YYEOF                 "column"
#define OF_BASELINE              "column of 'baseline'"
#define OF_CHECK                 "column of 'check'"
#define OF_CHANGES               "column of 'changes'"
#define OF_VERSUS                "column of 'versus'"
#define COLUMN(name, verb, help) {OF_##verb, name, NULL, help},
#include "../query/column.def"
#undef COLUMN
#define LIST(id, word, selects, help) {"to 'show'", word, "show " word, help},
#include "../query/list.def"
#undef LIST
};

enum { TOPIC_COUNT = sizeof topics / sizeof topics[0], WORDS_MAX = 512 };

static const struct {
    int number;
    const char *title;
} codes[] = {
#define DIAG(name, number, title) {number, title},
#include "../query/diag.def"
#undef DIAG
};

/* Where the help on a word goes: text, or rows; neither: it is only looked for. */
struct sheet {
    FILE *out;
    struct rows *rows; /* word, kind, form, text */
};

static void put(const struct sheet *sheet, const char *kind, const char *name, const char *form,
                const char *text)
{
    if (sheet->out != NULL) {
        fprintf(sheet->out, "%s (%s): %s\n", name, kind, text);
        if (form != NULL && strcmp(form, name) != 0) fprintf(sheet->out, "  %s\n", form);
    }
    if (sheet->rows == NULL) return;
    const char *const values[] = {name, kind, form != NULL ? form : name, text};
    rows_next(sheet->rows);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        rows_text(sheet->rows, i, values[i]);
}

static int put_code(const struct sheet *sheet, const char *word)
{
    char text[16];
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        snprintf(text, sizeof text, "Q%03d", codes[i].number);
        if (strcasecmp(text, word) != 0) continue;
        put(sheet, "diagnostic", text, NULL, codes[i].title);
        return 1;
    }
    return 0;
}

/* -- lists of words ---------------------------------------------------------------------------- */

static const struct {
    const char *name, *text;
    enum pace_guide_kind kind;
} lists[] = {
    {"verbs", "what a query does, stage by stage", PACE_GUIDE_VERB},
    {"statements", "what else a script may say", PACE_GUIDE_COMMAND},
    {"options", "what verbs take", PACE_GUIDE_OPTION},
    {"keys", "what names series", PACE_GUIDE_KEY},
    {"columns", "what rows have", PACE_GUIDE_COLUMN},
    {"functions", "what expressions call", PACE_GUIDE_FUNCTION},
    {"models", "what `check` judges by", PACE_GUIDE_MODEL},
    {"formats", "how `as` writes rows", PACE_GUIDE_FORMAT},
};
enum { LISTS = sizeof lists / sizeof lists[0], NAME_WIDTH_MAX = 24 };

static size_t list_find(const char *name)
{
    size_t at = 0;
    while (at < LISTS && strcmp(lists[at].name, name) != 0)
        at++;
    return at;
}

int help_list(FILE *out, const char *name)
{
    struct pace_guide guide;
    size_t at = list_find(name);
    int width = 0;
    if (at == LISTS) return 0;
    for (size_t i = 0; pace_guide(i, &guide) == 0; i++)
        if (guide.kind == lists[at].kind && (int)strlen(guide.name) > width &&
            strlen(guide.name) <= NAME_WIDTH_MAX)
            width = (int)strlen(guide.name);
    fprintf(out, "%s: %s\n\n", lists[at].name, lists[at].text);
    for (size_t i = 0; pace_guide(i, &guide) == 0; i++)
        if (guide.kind == lists[at].kind)
            fprintf(out, "  %-*s  %s\n", width, guide.name, guide.help);
    return 1;
}

void help_lists(FILE *out)
{
    for (size_t i = 0; i < LISTS; i++)
        fprintf(out, "  %-10s  %s\n", lists[i].name, lists[i].text);
}

void help_lists_each(void (*visit)(void *context, const char *name, const char *text),
                     void *context)
{
    for (size_t i = 0; i < LISTS; i++)
        visit(context, lists[i].name, lists[i].text);
}

/* -- one word ---------------------------------------------------------------------------------- */

static int look_up(const struct sheet *sheet, const char *name)
{
    static const char *const classes[] = {[WORD_VERB] = "verb",
                                          [WORD_COMMAND] = "statement",
                                          [WORD_OPTION] = "option",
                                          [WORD_GLUE] = "word"};
    const struct word *word = word_find(name, strlen(name));
    const struct key *key = key_find(name, strlen(name));
    int found = put_code(sheet, name);
    if (word != NULL && word->help != NULL) {
        found = 1;
        put(sheet, classes[word->class], name, word->syntax, word->help);
        if (sheet->out != NULL && word->needs != NULL)
            fprintf(sheet->out, "  it takes %s\n", word->needs);
    }
    if (key != NULL) {
        found = 1;
        char form[64];
        snprintf(form, sizeof form, "%s:PATTERN", name);
        put(sheet, "key", name, form, key->help);
    }
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (strcmp(topics[i].name, name) != 0) continue;
        found = 1;
        put(sheet, topics[i].kind, name, topics[i].form, topics[i].text);
    }
    return found;
}

int help_word(FILE *out, const char *word)
{
    return look_up(&(struct sheet){out, NULL}, word);
}

int help_word_rows(struct rows *rows, const char *word)
{
    struct pace_guide guide;
    size_t at = list_find(word);
    static const char *const fields[] = {"word", "kind", "form", "text"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        rows_field(rows, fields[i], PACE_FIELD_TEXT);
    struct sheet sheet = {NULL, rows};
    if (at == LISTS) return look_up(&sheet, word);
    char kind[16]; /* "verb" of "verbs" */
    snprintf(kind, sizeof kind, "%.*s", (int)strlen(lists[at].name) - 1, lists[at].name);
    for (size_t i = 0; pace_guide(i, &guide) == 0; i++)
        if (guide.kind == lists[at].kind)
            put(&sheet, kind, guide.name, *guide.syntax ? guide.syntax : NULL, guide.help);
    return 1;
}

void help_word_beside(FILE *out, const char *word)
{
    if (key_find(word, strlen(word)) != NULL || !look_up(&(struct sheet){NULL, NULL}, word)) return;
    fputs("\nin the query language:\n", out);
    look_up(&(struct sheet){out, NULL}, word);
}

void help_word_each(void (*visit)(void *context, const char *name, const char *text), void *context)
{
    const struct word *word;
    const struct key *key;
    for (size_t i = 0; (word = word_row(i)) != NULL; i++)
        if (word->help != NULL) visit(context, word->text, word->help);
    for (size_t i = 0; (key = key_row(i)) != NULL; i++)
        visit(context, key->name, key->help);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        size_t first = 0; /* a column of several verbs is one word */
        while (strcmp(topics[first].name, topics[i].name) != 0)
            first++;
        if (first == i) visit(context, topics[i].name, topics[i].text);
    }
    for (size_t i = 0; i < LISTS; i++)
        visit(context, lists[i].name, lists[i].text);
}

struct names {
    const char *list[WORDS_MAX];
    size_t count;
};

static void collect(void *context, const char *name, const char *text)
{
    struct names *names = context;
    (void)text;
    if (names->count < WORDS_MAX) names->list[names->count++] = name;
}

int help_word_unknown(const char *name)
{
    struct names names = {.count = 0};
    for (size_t i = 0; i < command_count; i++)
        collect(&names, commands[i].name, NULL);
    help_word_each(collect, &names);
    const char *near = suggest(name, strlen(name), names.list, names.count);
    if (near != NULL)
        return command_misused(NULL, "no help on '%s'; did you mean '%s'?", name, near);
    return command_misused(NULL, "no help on '%s'", name);
}
