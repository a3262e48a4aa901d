/* shell_dot.c -- the commands of shell.def. Each takes the rest of its line and returns an exit
 * status. */
#include "shell.h"

#include "../query/suggest.h"
#include "help_word.h"
#include "input.h"
#include "say.h"
#include "store.h"
#include "wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_READ_DEPTH = 16, WORD_MAX = 64, WATCH_SECONDS = 2 };

#define SHELL(name, operands, function, help)                                                      \
    static int function(struct shell *shell, const char *operand);
#include "shell.def"
#undef SHELL

static const struct shell_row rows[] = {
#define SHELL(name, operands, function, help) {#name, operands, help, function},
#include "shell.def"
#undef SHELL
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

const struct shell_row *shell_row(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

__attribute__((format(printf, 2, 3))) static int misused(const char *name, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say_error(".%s: %s", name, text);
    return STATUS_USAGE;
}

static int no_memory(void)
{
    return store_failed("", PACE_ENOMEM, NULL);
}

/* -- running a line ---------------------------------------------------------------------------- */

/* The row of a name, or of the only one that begins so; NULL after saying that there is none. */
static const struct shell_row *row_find(const char *name, size_t len)
{
    const char *names[ROW_COUNT];
    const struct shell_row *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        names[i] = rows[i].name;
        if (strncmp(rows[i].name, name, len) != 0) continue;
        if (rows[i].name[len] == '\0') return &rows[i];
        found = &rows[i];
        count++;
    }
    if (count == 1 && len > 0) return found;
    if (len == 4 && memcmp(name, "exit", 4) == 0) return row_find("quit", 4);
    const char *near = count == 0 ? suggest(name, len, names, ROW_COUNT) : NULL;
    if (count > 1)
        say_error("'.%.*s' could be several commands; .help lists them", (int)len, name);
    else if (near != NULL)
        say_error("no command '.%.*s'; did you mean '.%s'?", (int)len, name, near);
    else
        say_error("no command '.%.*s'; .help lists them", (int)len, name);
    return NULL;
}

int shell_dot(struct shell *shell, const char *line, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy == NULL) return no_memory();
    memcpy(copy, line, len);
    copy[len] = '\0';
    char *name = copy + strspn(copy, " \t") + 1;
    for (char *end = copy + len; end > name && strchr(" \t\r;", end[-1]) != NULL; end--)
        end[-1] = '\0';
    size_t name_len = strcspn(name, " \t");
    const char *operand = name + name_len + strspn(name + name_len, " \t");
    const struct shell_row *row = row_find(name, name_len);
    int status = STATUS_USAGE;
    if (row != NULL && *row->operands == '\0' && *operand != '\0')
        misused(row->name, "it takes nothing after it");
    else if (row != NULL && *row->operands != '\0' && *row->operands != '[' && *operand == '\0')
        misused(row->name, "%s is missing", row->operands);
    else if (row != NULL)
        status = row->run(shell, operand);
    free(copy);
    return status;
}

/* -- help -------------------------------------------------------------------------------------- */

/* All of a kind, in lines. */
static void list_names(FILE *out, enum pace_guide_kind kind, const char *title)
{
    struct pace_guide guide;
    fprintf(out, "%-12s", title);
    for (size_t i = 0, listed = 0; pace_guide(i, &guide) == 0; i++)
        if (guide.kind == kind) fprintf(out, "%s%s", listed++ > 0 ? " " : "  ", guide.name);
    fputc('\n', out);
}

static void help_all(FILE *out)
{
    fputs("A query is  SERIES | VERB | VERB ...   such as  branch:main | check | last run\n\n",
          out);
    list_names(out, PACE_GUIDE_KEY, "keys");
    list_names(out, PACE_GUIDE_VERB, "verbs");
    list_names(out, PACE_GUIDE_COMMAND, "statements");
    fputs("\n.help WORD tells about one of them. A line that begins with | goes on with the last "
          "query.\n\n",
          out);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char left[WORD_MAX];
        snprintf(left, sizeof left, ".%s %s", rows[i].name, rows[i].operands);
        fprintf(out, "  %-27s %s\n", left, rows[i].help);
    }
    fputs("\nTab completes words and stored names, the arrows bring back what was typed, Ctrl-R "
          "finds it,\nCtrl-C ends a statement.\n",
          out);
}

/* 0 when there is no help on the word. */
static int help_write(FILE *out, const char *word)
{
    if (*word == '\0') {
        help_all(out);
        return 1;
    }
    if (*word != '.') return help_list(out, word) || help_word(out, word);
    const struct shell_row *row = row_find(word + 1, strlen(word + 1));
    if (row != NULL) fprintf(out, ".%s %s\n  %s\n", row->name, row->operands, row->help);
    return row != NULL;
}

static int shell_help(struct shell *shell, const char *operand)
{
    struct wrapped page;
    int known = help_write(wrap_begin(&page), operand);
    wrap_end(&page, shell->show.style.width);
    if (known) return STATUS_OK;
    return *operand == '.' ? STATUS_USAGE : help_word_unknown(operand);
}

static int shell_examples(struct shell *shell, const char *operand)
{
    static const char *const examples[][2] = {
        {"what got worse in the newest run", "branch:main | check | last run | where worse"},
        {"the newest value of each series", "branch:main | last 1"},
        {"the history of one series", "//*//main//*//NAME//latency | last 30 | as plot"},
        {"since when", "branch:main | changes"},
        {"against the level before", "branch:main | baseline median over 30 | last run | where "
                                     "delta > 5%"},
        {"a branch against its start", "branch:pr-1 | last 20 | versus base"},
        {"which series are noisy",
         "branch:main | last 30 | summarize noise = stddev(value) / mean(value) by benchmark | top "
         "10 by noise"},
        {"a name for a query", "save view nightly = branch:main | last 90d"},
    };
    (void)shell, (void)operand;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        printf("# %s\n%s\n", examples[i][0], examples[i][1]);
    return STATUS_OK;
}

/* -- the store --------------------------------------------------------------------------------- */

static const char *const dimension_names[] = {"project", "branch", "testbed", "benchmark",
                                              "measure"};

/* Reading for .schema: rows of one table. */
struct schema {
    pace_snapshot *snapshot;
    struct rows rows;
    struct pace_error error;
};

static int schema_dimension(struct schema *schema, enum pace_dimension dimension)
{
    const char *const *names;
    uint32_t count;
    int code = pace_names(schema->snapshot, dimension, &schema->error, &names, &count);
    rows_field(&schema->rows, dimension_names[dimension], PACE_FIELD_TEXT);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        rows_next(&schema->rows);
        rows_text(&schema->rows, 0, names[i]);
    }
    return code;
}

/* Measures of each project that has them. */
static int schema_measures(struct schema *schema)
{
    static const char *const better[] = {NULL, "lower", "higher"};
    const char *const *projects, *const *measures;
    uint32_t project_count = 0, measure_count = 0;
    struct pace_error *error = &schema->error;
    int code = pace_names(schema->snapshot, PACE_PROJECT, error, &projects, &project_count);
    if (code == 0)
        code = pace_names(schema->snapshot, PACE_MEASURE, error, &measures, &measure_count);
    rows_field(&schema->rows, "measure", PACE_FIELD_TEXT);
    rows_field(&schema->rows, "project", PACE_FIELD_TEXT);
    rows_field(&schema->rows, "unit", PACE_FIELD_TEXT);
    rows_field(&schema->rows, "better", PACE_FIELD_TEXT);
    for (uint32_t m = 0; m < measure_count && code == 0; m++)
        for (uint32_t p = 0; p < project_count && code == 0; p++) {
            struct pace_measure measure;
            code = pace_measure_get(schema->snapshot, p, m, error, &measure);
            if (code == PACE_ENOTFOUND || (code == 0 && *measure.unit == '\0' &&
                                           measure.direction == PACE_DIRECTION_UNKNOWN)) {
                code = 0;
                continue;
            }
            rows_next(&schema->rows);
            rows_text(&schema->rows, 0, measures[m]);
            rows_text(&schema->rows, 1, projects[p]);
            rows_text(&schema->rows, 2, measure.unit);
            if ((size_t)measure.direction < sizeof better / sizeof *better)
                rows_text(&schema->rows, 3, better[measure.direction]);
        }
    return code;
}

/* How many names each dimension has, and the first of them. */
static int schema_counts(struct schema *schema)
{
    int code = 0;
    rows_field(&schema->rows, "dimension", PACE_FIELD_TEXT);
    rows_field(&schema->rows, "names", PACE_FIELD_NUMBER);
    rows_field(&schema->rows, "such as", PACE_FIELD_TEXT);
    for (enum pace_dimension i = PACE_PROJECT; i <= PACE_MEASURE && code == 0; i++) {
        const char *const *names;
        uint32_t count;
        code = pace_names(schema->snapshot, i, &schema->error, &names, &count);
        if (code != 0) break;
        char text[256];
        size_t used = 0;
        text[0] = '\0';
        for (uint32_t n = 0; n < count && used + strlen(names[n]) + 8 < 60; n++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", n > 0 ? ", " : "",
                                     names[n]);
        rows_next(&schema->rows);
        rows_text(&schema->rows, 0, dimension_names[i]);
        rows_number(&schema->rows, 1, count, "");
        if (used > 0) rows_text(&schema->rows, 2, text);
    }
    return code;
}

static int schema_objects(struct schema *schema)
{
    static const char *const kinds[] = {"", "let", "view", "threshold", "alert", "measure"};
    const struct pace_object *objects;
    size_t count = 0;
    int code = pace_objects(schema->snapshot, &schema->error, &objects, &count);
    rows_field(&schema->rows, "saved", PACE_FIELD_TEXT);
    rows_field(&schema->rows, "name", PACE_FIELD_TEXT);
    rows_field(&schema->rows, "definition", PACE_FIELD_TEXT);
    for (size_t i = 0; i < count && code == 0; i++) {
        rows_next(&schema->rows);
        if ((size_t)objects[i].kind < sizeof kinds / sizeof *kinds)
            rows_text(&schema->rows, 0, kinds[objects[i].kind]);
        rows_text(&schema->rows, 1, objects[i].name);
        rows_text(&schema->rows, 2, objects[i].text);
    }
    return code;
}

/* One table; an empty one is left out when it is not the first. */
static int schema_show(struct shell *shell, int (*fill)(struct schema *), int dimension, int more)
{
    struct schema schema = {0};
    rows_init(&schema.rows);
    int code = pace_snapshot_begin(shell->store, &schema.error, &schema.snapshot);
    if (code == 0)
        code = fill != NULL ? fill(&schema)
                            : schema_dimension(&schema, (enum pace_dimension)dimension);
    int status = STATUS_OK;
    if (code != 0) {
        status = store_failed("", code, &schema.error);
    } else if (schema.rows.count > 0 || !more) {
        if (more) putchar('\n');
        status = show_rows(&shell->show.style, &schema.rows);
    }
    rows_clear(&schema.rows);
    if (schema.snapshot != NULL) pace_snapshot_end(schema.snapshot);
    return status;
}

static int shell_schema(struct shell *shell, const char *operand)
{
    size_t len = strlen(operand);
    if (len > 1 && operand[len - 1] == 's') len--; /* `benchmarks` too */
    for (int i = 0; i < PACE_DIMENSION_COUNT && *operand != '\0'; i++)
        if (strlen(dimension_names[i]) == len && memcmp(dimension_names[i], operand, len) == 0)
            return i == PACE_MEASURE ? schema_show(shell, schema_measures, 0, 0)
                                     : schema_show(shell, NULL, i, 0);
    if (*operand != '\0')
        return misused("schema", "'%s' is none of project, branch, testbed, benchmark, measure",
                       operand);
    int status = schema_show(shell, schema_counts, 0, 0);
    if (status == 0) status = schema_show(shell, schema_measures, 0, 1);
    return status == 0 ? schema_show(shell, schema_objects, 0, 1) : status;
}

static int shell_db(struct shell *shell, const char *operand)
{
    if (*operand == '\0') {
        say_note("%s", pace_path(shell->store));
        return STATUS_OK;
    }
    return shell_switch(shell, operand);
}

/* -- how results look -------------------------------------------------------------------------- */

static int shell_mode(struct shell *shell, const char *operand)
{
    struct pace_error error = {0};
    pace_writer *writer = NULL;
    char *mode = NULL;
    if (*operand != '\0') {
        int code = pace_writer_open(operand, NULL, NULL, NULL, &error, &writer);
        pace_writer_close(writer);
        if (code != 0) return misused("mode", "%s", error.message);
        mode = strdup(operand);
        if (mode == NULL) return no_memory();
    }
    free(shell->mode);
    shell->mode = mode;
    return STATUS_OK;
}

/* A whole number of at most `most`; 0 when it is none. */
static int number_read(const char *text, unsigned long long most, unsigned long long *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out <= most;
}

static int shell_width(struct shell *shell, const char *operand)
{
    unsigned long long width = 0;
    if (*operand != '\0' && strcmp(operand, "auto") != 0 && !number_read(operand, 100000, &width))
        return misused("width", "'%s' is not a number of columns", operand);
    shell->width = (unsigned)width;
    return STATUS_OK;
}

static int shell_limit(struct shell *shell, const char *operand)
{
    unsigned long long limit = 0;
    if (*operand == '\0') {
        if (shell->show.row_limit == 0)
            say_note("no limit");
        else
            say_note("%llu rows", (unsigned long long)shell->show.row_limit);
        return STATUS_OK;
    }
    if (strcmp(operand, "off") != 0 && !number_read(operand, UINT64_MAX, &limit))
        return misused("limit", "'%s' is not a number of rows", operand);
    shell->show.row_limit = limit;
    return STATUS_OK;
}

static int shell_timer(struct shell *shell, const char *operand)
{
    int on = strcmp(operand, "on") == 0 || (*operand == '\0' && !shell->is_timed);
    if (*operand != '\0' && !on && strcmp(operand, "off") != 0)
        return misused("timer", "'%s' is neither on nor off", operand);
    shell->is_timed = on;
    if (*operand == '\0') say_note("timer %s", on ? "on" : "off");
    return STATUS_OK;
}

static int output_to(struct shell *shell, const char *name, const char *path)
{
    FILE *file = NULL;
    if (*path != '\0') {
        file = fopen(path, "we");
        if (file == NULL) return misused(name, "%s: %s", path, strerror(errno));
    }
    outlet_close(&shell->outlet);
    shell->outlet.file = file;
    return STATUS_OK;
}

static int shell_output(struct shell *shell, const char *operand)
{
    shell->is_once = 0;
    return output_to(shell, "output", operand);
}

static int shell_once(struct shell *shell, const char *operand)
{
    int status = output_to(shell, "once", operand);
    shell->is_once = status == STATUS_OK;
    return status;
}

/* -- running ----------------------------------------------------------------------------------- */

static int shell_read(struct shell *shell, const char *operand)
{
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    if (shell->depth == MAX_READ_DEPTH) return misused("read", "files read each other");
    int code = input_open(&stream, operand, &error);
    if (code != 0) {
        store_failed("", code, &error);
        return STATUS_DATA;
    }
    code = input_whole(&stream, &error, &whole);
    shell->depth++;
    int status =
        code != 0 ? store_failed("", code, &error) : shell_text(shell, whole.text, whole.len);
    shell->depth--;
    input_close(&stream);
    return status;
}

/* Runs `word` and a text as one statement. */
static int run_with(struct shell *shell, const char *word, const char *text)
{
    size_t size = strlen(word) + strlen(text) + 2;
    char *statement = malloc(size);
    if (statement == NULL) return no_memory();
    snprintf(statement, size, "%s %s", word, text);
    int status = shell_statement(shell, statement, size - 1);
    free(statement);
    return status;
}

static int shell_use(struct shell *shell, const char *operand)
{
    return run_with(shell, "use", *operand != '\0' ? operand : "project:*");
}

static int shell_explain(struct shell *shell, const char *operand)
{
    if (*operand == '\0' && shell->last == NULL) return misused("explain", "no query ran so far");
    char *query = strdup(*operand != '\0' ? operand : shell->last);
    if (query == NULL) return no_memory();
    int status = run_with(shell, "explain", query);
    free(query);
    return status;
}

static volatile sig_atomic_t watch_ended;

static void watch_end(int number)
{
    (void)number;
    watch_ended = 1;
}

static int shell_watch(struct shell *shell, const char *operand)
{
    unsigned long long seconds = WATCH_SECONDS;
    char word[WORD_MAX];
    size_t len = strcspn(operand, " \t");
    if (!shell->is_terminal) return misused("watch", "it needs a terminal");
    if (len < sizeof word) {
        memcpy(word, operand, len);
        word[len] = '\0';
        if (number_read(word, 86400, &seconds)) operand += len + strspn(operand + len, " \t");
        if (seconds == 0) seconds = 1;
    }
    if (*operand == '\0' && shell->last == NULL) return misused("watch", "no query ran so far");
    char *query = strdup(*operand != '\0' ? operand : shell->last);
    if (query == NULL) return no_memory();
    struct sigaction action = {.sa_handler = watch_end}, before;
    sigemptyset(&action.sa_mask);
    watch_ended = 0;
    sigaction(SIGINT, &action, &before);
    int status = STATUS_OK;
    while (!watch_ended && status != STATUS_USAGE && status <= 128) {
        fputs("\033[H\033[2J", stdout);
        status = shell_statement(shell, query, strlen(query));
        if (status == STATUS_USAGE || status > 128) break;
        say_note("every %llu s; Ctrl-C ends it", seconds);
        for (unsigned long long tenth = 0; tenth < 10 * seconds && !watch_ended; tenth++)
            poll(NULL, 0, 100);
    }
    if (watch_ended) putchar('\n'); /* after the terminal's ^C */
    sigaction(SIGINT, &before, NULL);
    free(query);
    return status;
}

static int shell_quit(struct shell *shell, const char *operand)
{
    (void)operand;
    shell->is_over = 1;
    return STATUS_OK;
}
