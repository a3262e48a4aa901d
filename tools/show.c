/* show.c -- running statements and writing what they give: rows to stdout, all else to stderr. */
#include "show.h"

#include "git.h"
#include "identity.h"
#include "pacefile.h"
#include "pager.h"
#include "say.h"
#include "store.h"
#include "timestamp.h"
#include "trend.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MAX_VARIABLE = 256 }; /* bytes of a variable's name */

/* A signal handler has no other way to know the session that it must stop. */
static pace_session *volatile running;

static void interrupt(int number)
{
    (void)number;
    if (running != NULL) pace_interrupt(running);
}

/* The second time it ends the command. */
static void interrupt_once(int number)
{
    interrupt(number);
    signal(number, pager_interrupted);
}

/* -- style ------------------------------------------------------------------------------------- */

/* Whether the terminal's character set is UTF-8, as the environment tells it. */
static int is_utf8(void)
{
    const char *set = getenv("LC_ALL");
    if (set == NULL || *set == '\0') set = getenv("LC_CTYPE");
    if (set == NULL || *set == '\0') set = getenv("LANG");
    return set != NULL && (strcasestr(set, "utf-8") != NULL || strcasestr(set, "utf8") != NULL);
}

unsigned show_width(void)
{
    struct winsize size;
    unsigned width = pager_columns();
    if (width > 0 || !isatty(STDOUT_FILENO)) return width;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int show_style_read(const struct arguments *arguments, struct show_style *out)
{
    const char *now = arguments_value(arguments, OPTION_NOW);
    struct pace_error error = {0};
    *out = (struct show_style){.format = arguments_value(arguments, OPTION_FORMAT)};
    if (now != NULL && timestamp_parse(now, strlen(now), &out->now_ns, &error) != 0)
        return command_misused(arguments->command, "--now: %s", error.message);
    const char *diagnostics = arguments_value(arguments, OPTION_DIAGNOSTICS);
    if (diagnostics != NULL && strcmp(diagnostics, "json") != 0 && strcmp(diagnostics, "text") != 0)
        return command_misused(arguments->command, "--diagnostics takes text or json, not '%s'",
                               diagnostics);
    out->diags_as_json = diagnostics != NULL && strcmp(diagnostics, "json") == 0;
    out->width = show_width();
    if (out->width > 0) out->ascii = !is_utf8();
    out->ascii |= arguments_has(arguments, OPTION_ASCII);
    out->color = say_color(stdout);
    return 0;
}

/* The outlet may be NULL: stdout. */
static int sink(void *context, const char *bytes, size_t len)
{
    return outlet_write(context, bytes, len);
}

static int writer_open(const struct show_style *style, struct outlet *outlet, const char *format,
                       struct pace_error *error, pace_writer **out)
{
    struct pace_writer_options options = {.struct_size = sizeof options,
                                          .width = style->width,
                                          .color = style->color,
                                          .ascii = style->ascii,
                                          .now_ns =
                                              style->now_ns ? style->now_ns : timestamp_now()};
    return pace_writer_open(format, &options, sink, outlet, error, out);
}

/* A reader that went away wants no more, and no message. Another format than the ones there are is
 * wrong usage. */
static int writing_failed(int code, const struct pace_error *error)
{
    if (code == EPIPE) return STATUS_OK;
    int status = store_failed(code > 0 ? "standard output" : "", code, error);
    return code == PACE_ENOTFOUND ? STATUS_USAGE : status;
}

/* -- scripts -------------------------------------------------------------------------------------
 */

/* "NAME=VALUE" of -v. */
static int bind_variable(struct show *show, const struct arguments *arguments, const char *text)
{
    char name[MAX_VARIABLE];
    const char *equals = strchr(text, '=');
    struct pace_error error = {0};
    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof name)
        return command_misused(arguments->command, "-v takes NAME=VALUE, not '%s'", text);
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = '\0';
    int code = pace_session_set(show->session, name, equals + 1, &error);
    return code != 0 ? store_failed("-v", code, &error) : 0;
}

_Static_assert((int)GIT_COMMIT_MAX <= (int)PACE_MAX_COMMIT + 1, "git's hashes fit");

int show_commit_of(void *context, const char *name, char commit[PACE_MAX_COMMIT + 1])
{
    char here[PATH_MAX], root[PATH_MAX];
    int64_t time_ns;
    (void)context;
    if (getcwd(here, sizeof here) == NULL || !git_root(here, root)) return 0;
    return git_commit(root, name, commit, &time_ns);
}

int show_open(struct show *show, pace *store, const struct arguments *arguments)
{
    struct pace_error error = {0};
    *show = (struct show){0};
    int status = show_style_read(arguments, &show->style);
    if (status != 0) return status;
    struct pace_query_options options = {
        .struct_size = sizeof options, .now_ns = show->style.now_ns, .commit_of = show_commit_of};
    int code = pace_session_open(store, &options, &error, &show->session);
    if (code != 0) return store_failed("", code, &error);
    status = pacefile_define(show->session);
    for (size_t i = 0; i < arguments->use_count && status == 0; i++)
        if (arguments->uses[i].id == OPTION_VARIABLE)
            status = bind_variable(show, arguments, arguments->uses[i].value);
    if (status != 0) show_close(show);
    return status;
}

void show_close(struct show *show)
{
    pace_session_close(show->session);
    show->session = NULL;
}

static int is_given(const struct arguments *arguments, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < arguments->use_count; i++)
        if (arguments->uses[i].id == OPTION_VARIABLE &&
            strncmp(arguments->uses[i].value, name, len) == 0 &&
            arguments->uses[i].value[len] == '=')
            return 1;
    return 0;
}

int show_bind(struct show *show, const struct arguments *arguments, const char *text)
{
    if (strchr(text, '$') == NULL) return 0;
    struct identity *identity = malloc(sizeof *identity);
    if (identity == NULL) return store_failed("", PACE_ENOMEM, NULL);
    identity_read(arguments, identity);
    const struct {
        const char *name, *value;
    } known[] = {{"branch", identity->branch},
                 {"project", identity->project},
                 {"testbed", identity->testbed},
                 {"commit", identity->commit}};
    int status = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0] && status == 0; i++) {
        struct pace_error error = {0};
        if (is_given(arguments, known[i].name) || known[i].value[0] == '\0') continue;
        int code = pace_session_set(show->session, known[i].name, known[i].value, &error);
        if (code != 0) status = store_failed("", code, &error);
    }
    free(identity);
    return status;
}

void show_diags(const struct show_style *style, const pace_query *query)
{
    struct pace_diag diag;
    if (pace_diag_count(query) > 0) pager_end();
    fflush(stdout);
    for (size_t i = 0; i < pace_diag_count(query); i++) {
        if (pace_diag_get(query, i, &diag) != 0) continue;
        const char *text = style->diags_as_json ? diag.json : diag.drawn;
        size_t len = strlen(text);
        fputs(text, stderr);
        if (len == 0 || text[len - 1] != '\n') fputc('\n', stderr);
    }
}

static int query_failed(const struct show_style *style, const pace_query *query, int code,
                        const struct pace_error *error)
{
    if (query != NULL && pace_diag_count(query) > 0) {
        show_diags(style, query);
        return status_of_error(code);
    }
    return store_failed("", code, error);
}

/* The end of a statement: the rest of its table, its notes, its verdict. */
static int statement_end(struct show *show, pace_query *query, pace_writer **writer, int *status)
{
    struct pace_error error = {0};
    if (*writer != NULL) pace_writer_outcome(*writer, query);
    int code = *writer != NULL ? pace_writer_finish(*writer, &error) : 0;
    pace_writer_close(*writer);
    *writer = NULL;
    if (code == 0) code = outlet_end(show->outlet);
    if (code != 0) {
        *status = status_merge(*status, writing_failed(code, &error));
        return -1;
    }
    const struct pace_outcome *outcome = pace_outcome(query);
    show_diags(&show->style, query);
    if (show->row_limit != 0 && outcome->rows > show->row_limit)
        say_note("%llu of %llu rows; '.limit off' shows all", (unsigned long long)show->row_limit,
                 (unsigned long long)outcome->rows);
    show->rows += outcome->rows;
    show->points += outcome->points_read;
    if (outcome->message != NULL && show->tells && show->style.format != NULL) {
        struct show_fact fact = {.name = "message", .text = outcome->message};
        *status = status_merge(*status, show_facts(&show->style, &fact, 1));
    } else if (outcome->message != NULL) {
        say_note("%s", outcome->message);
    }
    *status = status_merge(*status, outcome->status);
    return 0;
}

static const char *format_of(const struct show *show, const pace_query *query)
{
    const char *format = show->style.format;
    if (format == NULL) format = pace_format_name(query);
    return format != NULL ? format : "table";
}

/* The result that is being written. */
struct result {
    pace_writer *writer; /* NULL: no row so far */
    uint64_t written;
    int has_trends;
};

/* Writes a batch: with sparklines where they are wanted, and no more rows than the limit. */
static int write_batch(struct show *show, pace_query *query, const struct pace_rows *rows,
                       struct result *result, struct pace_error *error)
{
    struct trend trend = {0};
    struct pace_rows shown = *rows;
    int first = result->writer == NULL, code = 0;
    if (first) {
        const char *format = format_of(show, query);
        code = writer_open(&show->style, show->outlet, format, error, &result->writer);
        if (code != 0) return code;
        result->written = 0;
        result->has_trends = show->trends != NULL && strcmp(format, "table") == 0;
    }
    if (show->row_limit != 0 && shown.count > show->row_limit - result->written)
        shown.count = (size_t)(show->row_limit - result->written);
    if (result->has_trends)
        code = trend_add(&trend, show->trends, &shown, result->written, show->style.ascii);
    if (first) result->has_trends = trend.used;
    result->written += shown.count;
    if (code == 0)
        code = pace_writer_rows(result->writer, trend.used ? &trend.rows : &shown, error);
    trend_clear(&trend);
    return code;
}

static int run_statements(struct show *show, pace_query *query)
{
    struct pace_error error = {0};
    struct result result = {0};
    const struct pace_rows *rows = NULL;
    enum pace_step step = PACE_STEP_ROWS;
    int status = STATUS_OK;
    for (;;) {
        int code = pace_step(query, &error, &step, &rows);
        if (code != 0) {
            /* After the ^C that the terminal showed. */
            if (code == PACE_EINTERRUPT && show->is_kept) fputc('\n', stderr);
            status = status_merge(status, query_failed(&show->style, query, code, &error));
            break;
        }
        if (step == PACE_STEP_END) break;
        if (step == PACE_STEP_STATEMENT) {
            /* A document is one even without rows. */
            const char *format = format_of(show, query);
            if (result.writer == NULL && strcmp(format, "json") == 0 &&
                pace_outcome(query)->message == NULL)
                code = writer_open(&show->style, show->outlet, format, &error, &result.writer);
            if (statement_end(show, query, &result.writer, &status) != 0) break;
            continue;
        }
        code = write_batch(show, query, rows, &result, &error);
        if (code != 0) {
            status = status_merge(status, writing_failed(code, &error));
            break;
        }
    }
    pace_writer_close(result.writer);
    outlet_end(show->outlet);
    return status;
}

int show_script(struct show *show, const char *text, size_t len)
{
    struct pace_error error = {0};
    pace_query *query = NULL;
    show->rows = show->points = 0;
    int code = pace_prepare(show->session, text, len, &error, &query);
    if (code != 0) {
        int status = query_failed(&show->style, query, code, &error);
        pace_query_free(query);
        return status;
    }
    /* A write that waits for the person at the pager goes on waiting. */
    struct sigaction action = {.sa_handler = show->is_kept ? interrupt : interrupt_once,
                               .sa_flags = SA_RESTART},
                     before;
    sigemptyset(&action.sa_mask);
    running = show->session;
    sigaction(SIGINT, &action, &before);
    int status = run_statements(show, query);
    sigaction(SIGINT, &before, NULL);
    running = NULL;
    pace_query_free(query);
    return status;
}

int show_rows(const struct show_style *style, struct rows *rows)
{
    struct pace_error error = {0};
    struct pace_field fields[ROWS_MAX_FIELDS];
    struct pace_rows batch;
    pace_writer *writer = NULL;
    if (rows->failed) return store_failed("", PACE_ENOMEM, NULL);
    int code =
        writer_open(style, NULL, style->format != NULL ? style->format : "table", &error, &writer);
    for (size_t at = 0; code == 0; at += batch.count) {
        rows_batch(rows, at, fields, &batch);
        if (batch.count == 0) break;
        code = pace_writer_rows(writer, &batch, &error);
    }
    if (code == 0) code = pace_writer_finish(writer, &error);
    pace_writer_close(writer);
    if (code == 0 && fflush(stdout) != 0) code = errno;
    return code != 0 ? writing_failed(code, &error) : STATUS_OK;
}

int show_facts(const struct show_style *style, const struct show_fact *facts, size_t count)
{
    struct rows rows;
    rows_init(&rows);
    for (size_t i = 0; i < count; i++)
        rows_field(&rows, facts[i].name,
                   facts[i].text != NULL ? PACE_FIELD_TEXT : PACE_FIELD_NUMBER);
    rows_next(&rows);
    for (size_t i = 0; i < count; i++) {
        if (facts[i].text != NULL)
            rows_text(&rows, i, facts[i].text);
        else
            rows_number(&rows, i, facts[i].number, "");
    }
    int status = show_rows(style, &rows);
    rows_clear(&rows);
    return status;
}
