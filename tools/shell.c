/* shell.c -- `pace` as a place to work: running what was typed or read. */
#include "shell.h"

#include "say.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* -- life cycle -------------------------------------------------------------------------------- */

/* The style of this moment: the terminal may have been resized. */
static void style_update(struct shell *shell)
{
    struct winsize size = {0};
    struct show_style *style = &shell->show.style;
    style->format =
        shell->mode != NULL ? shell->mode : arguments_value(shell->arguments, OPTION_FORMAT);
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        style->width = size.ws_col;
        if (shell->is_terminal && size.ws_row > 1) shell->outlet.rows = size.ws_row - 1u;
    }
    if (shell->width != 0) style->width = shell->width;
    style->color = say_color(stdout);
    if (shell->outlet.file != NULL) {
        style->color = 0;
        style->width = shell->width;
    }
    shell->show.outlet = &shell->outlet;
    shell->show.is_kept = shell->is_terminal;
    shell->show.trends = shell->is_terminal ? shell->store : NULL;
}

int shell_open(struct shell *shell, const struct arguments *arguments, int is_terminal)
{
    *shell = (struct shell){.arguments = arguments, .is_terminal = is_terminal};
    int status = show_style_read(arguments, &shell->show.style); /* a bad option is said first */
    if (status == 0) status = store_open(arguments, STORE_WRITE, &shell->store);
    if (status != 0) return status;
    status = show_open(&shell->show, shell->store, arguments);
    if (status != 0) pace_close(shell->store);
    return status;
}

void shell_close(struct shell *shell)
{
    outlet_close(&shell->outlet);
    show_close(&shell->show);
    pace_close(shell->store);
    free(shell->mode);
    free(shell->last);
    *shell = (struct shell){0};
}

int shell_switch(struct shell *shell, const char *path)
{
    pace *store = NULL;
    struct show show;
    int status = store_open_path(path, STORE_WRITE, &store);
    if (status != 0) return status;
    status = show_open(&show, store, shell->arguments);
    if (status != 0) {
        pace_close(store);
        return status;
    }
    show.row_limit = shell->show.row_limit;
    show_close(&shell->show);
    pace_close(shell->store);
    shell->show = show;
    shell->store = store;
    return STATUS_OK;
}

/* -- running ----------------------------------------------------------------------------------- */

enum { PIECES_MAX = 256 }; /* of a text that is looked into for its last query */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell_time(const struct shell *shell, double seconds)
{
    const struct show *show = &shell->show;
    char text[32];
    if (seconds < 1)
        snprintf(text, sizeof text, "%.1f ms", seconds * 1e3);
    else
        snprintf(text, sizeof text, "%.2f s", seconds);
    say_note("%s, %llu row%s, %llu point%s read", text, (unsigned long long)show->rows,
             show->rows == 1 ? "" : "s", (unsigned long long)show->points,
             show->points == 1 ? "" : "s");
}

static char *text_copy(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* Where the query of a text begins that "|" can go on with: it is the last statement, or the one
 * that is explained. -1: there is none. */
static long query_begin(const char *text, size_t len)
{
    struct pace_piece pieces[PIECES_MAX];
    size_t count = pace_pieces(text, len, pieces, PIECES_MAX), first = 0;
    int is_alone = 1;
    if (count == PIECES_MAX) return 0; /* it is long: hardly a command */
    for (size_t i = 0; i + 1 < count; i++) {
        if (pieces[i].kind != PACE_PIECE_SIGN || text[pieces[i].start] != ';') continue;
        first = i + 1;
        is_alone = 0;
    }
    while (first < count && pieces[first].kind == PACE_PIECE_COMMENT)
        first++;
    if (first + 1 < count && pieces[first].length == strlen("explain") &&
        memcmp(text + pieces[first].start, "explain", strlen("explain")) == 0)
        return is_alone ? (long)pieces[first + 1].start : -1;
    return first == count || pieces[first].kind == PACE_PIECE_VERB ? -1 : 0;
}

int shell_statement(struct shell *shell, const char *text, size_t len)
{
    char *copy = text_copy(text, len);
    if (copy == NULL) return store_failed("", PACE_ENOMEM, NULL);
    style_update(shell);
    double begin = seconds_now();
    int status = show_bind(&shell->show, shell->arguments, copy);
    if (status == 0) status = show_script(&shell->show, copy, len);
    if (shell->is_timed) tell_time(shell, seconds_now() - begin);
    if (shell->is_once) {
        shell->is_once = 0;
        outlet_close(&shell->outlet);
    }
    long query = status == STATUS_USAGE ? -1 : query_begin(text, len); /* what is wrong never ran */
    if (query < 0) {
        free(copy);
        return status;
    }
    memmove(copy, copy + query, len - (size_t)query + 1);
    free(shell->last);
    shell->last = copy;
    return status;
}

int shell_is_dot(const char *line, size_t len)
{
    size_t at = 0;
    while (at < len && strchr(" \t", line[at]) != NULL && line[at] != '\0')
        at++;
    return at < len && line[at] == '.';
}

/* Runs what stands between two dot commands, when that is more than blanks and comments. */
static int run_piece(struct shell *shell, const char *text, size_t len)
{
    if (len == 0 || pace_text_state(text, len) == PACE_TEXT_EMPTY) return STATUS_OK;
    return shell_statement(shell, text, len);
}

int shell_text(struct shell *shell, const char *text, size_t len)
{
    size_t from = 0, at = 0;
    int status = STATUS_OK;
    while (at < len && !shell->is_over) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t end = newline != NULL ? (size_t)(newline - text) : len;
        size_t next = newline != NULL ? end + 1 : len;
        if (shell_is_dot(text + at, end - at)) {
            status = status_merge(status, run_piece(shell, text + from, at - from));
            status = status_merge(status, shell_dot(shell, text + at, end - at));
            from = next;
        }
        at = next;
    }
    if (!shell->is_over) status = status_merge(status, run_piece(shell, text + from, len - from));
    return status;
}
