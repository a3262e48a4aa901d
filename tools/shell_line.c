/* shell_line.c -- the terminal: lines edited by libedit, statements of several lines, completion,
 * history, and colours while typing.
 *
 * libedit draws the line without colours. Before each key is waited for, the line is drawn once
 * more over itself, in colours, and the cursor put back; so libedit's idea of the screen stays
 * true.
 *
 * What is typed or pasted is shown as it is typed, so characters that change the direction of text
 * are taken as `?`. */
#include "shell.h"

#include "../query/text.h"
#include "say.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { LISTED = 100, WITH_HELP = 14, PIECES = 512, HISTORY_LINES = 2000, PROMPT_WIDTH = 6 };

struct line {
    struct shell *shell;
    EditLine *editor;
    History *history;
    char *text; /* the statement so far, its lines ended */
    size_t len, capacity;
    mbstate_t decoding; /* of a character that has not all come */
};

/* Of signal handlers, which know no more. */
static volatile sig_atomic_t was_interrupted, was_resized, was_continued;

static void on_signal(int number)
{
    if (number == SIGINT) was_interrupted = 1;
    if (number == SIGWINCH) was_resized = 1;
    if (number == SIGCONT) was_continued = 1;
}

/* -- text ---------------------------------------------------------------------------------------- */

static int text_add(struct line *line, const char *text, size_t len)
{
    if (line->len + len + 1 > line->capacity) {
        size_t capacity = 2 * (line->len + len + 1);
        char *grown = realloc(line->text, capacity);
        if (grown == NULL) return -1;
        line->text = grown;
        line->capacity = capacity;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
    line->text[line->len] = '\0';
    return 0;
}

static void text_clear(struct line *line)
{
    line->len = 0;
    if (line->text != NULL) line->text[0] = '\0';
}

/* What goes before a line that begins with |: the query that it goes on with, or NULL. */
static const char *text_before(const struct line *line, const char *text, size_t len)
{
    size_t blank = 0;
    while (blank < len && strchr(" \t\r\n", text[blank]) != NULL && text[blank] != '\0')
        blank++;
    return line->len == 0 && blank < len && text[blank] == '|' ? line->shell->last : NULL;
}

/* The statement so far and what is in the editor up to the cursor (or all of it), in new memory; so
 * many bytes of it stand `before` what is in the editor. */
static char *text_typed(const struct line *line, int all, size_t *len, size_t *before)
{
    const LineInfo *info = el_line(line->editor);
    size_t typed = (size_t)((all ? info->lastchar : info->cursor) - info->buffer);
    const char *last = text_before(line, info->buffer, typed);
    *before = last != NULL ? strlen(last) + 1 : line->len;
    char *text = malloc(*before + typed + 1);
    if (text == NULL) return NULL;
    if (last != NULL)
        snprintf(text, *before + 1, "%s ", last);
    else if (line->len > 0)
        memcpy(text, line->text, line->len);
    memcpy(text + *before, info->buffer, typed);
    *len = *before + typed;
    text[*len] = '\0';
    return text;
}

static char *prompt_text(EditLine *editor)
{
    static char first[] = "pace> ", more[] = " ...> ";
    struct line *line = NULL;
    el_get(editor, EL_CLIENTDATA, &line);
    return line != NULL && line->len > 0 ? more : first;
}

/* -- colours ------------------------------------------------------------------------------------- */

static const char *color_of(enum pace_piece_kind kind)
{
    switch (kind) {
    case PACE_PIECE_VERB: return "1;34";
    case PACE_PIECE_WORD: return "34";
    case PACE_PIECE_KEY: return "36";
    case PACE_PIECE_TEXT: return "32";
    case PACE_PIECE_NUMBER: return "35";
    case PACE_PIECE_VARIABLE: return "33";
    case PACE_PIECE_COMMENT: return "2";
    case PACE_PIECE_PATTERN:
    case PACE_PIECE_NAME:
    case PACE_PIECE_SIGN:
    case PACE_PIECE_OTHER: break;
    }
    return NULL;
}

/* Columns of text, or -1 when a character is not one column wide: where such a line breaks is not
 * known. */
static long columns_of(const char *text, size_t len)
{
    long columns = 0;
    for (size_t at = 0; at < len; columns++) {
        uint32_t code;
        at += text_decode(text + at, len - at, &code);
        if (code == TEXT_INVALID || text_is_control(code) || text_code_width(code) != 1) return -1;
    }
    return columns;
}

static void paint_pieces(const char *text, size_t from, size_t len)
{
    struct pace_piece pieces[PIECES];
    size_t count = pace_pieces(text, len, pieces, PIECES), at = from;
    for (size_t i = 0; i < count; i++) {
        const char *color = color_of(pieces[i].kind);
        size_t end = pieces[i].start + pieces[i].length;
        if (pieces[i].start < from || color == NULL) continue;
        fwrite(text + at, 1, pieces[i].start - at, stdout);
        printf("\033[%sm", color);
        fwrite(text + pieces[i].start, 1, pieces[i].length, stdout);
        fputs("\033[0m", stdout);
        at = end;
    }
    fwrite(text + at, 1, len - at, stdout);
}

/* Draws the line over itself. While more keys are waiting nobody would see it. */
static void paint(const struct line *line)
{
    struct pollfd waiting = {.fd = STDIN_FILENO, .events = POLLIN};
    const LineInfo *info = el_line(line->editor);
    unsigned width = line->shell->show.style.width;
    size_t len, before, cursor = (size_t)(info->cursor - info->buffer);
    if (info->lastchar == info->buffer || shell_is_dot(info->buffer, 1)) return;
    if (!line->shell->show.style.color || width == 0 || poll(&waiting, 1, 0) > 0) return;
    long columns = columns_of(info->buffer, cursor);
    if (columns < 0 || columns_of(info->buffer, (size_t)(info->lastchar - info->buffer)) < 0)
        return;
    char *text = text_typed(line, 1, &len, &before);
    if (text == NULL) return;
    long up = (PROMPT_WIDTH + columns) / (long)width;
    fputs("\0337\r", stdout); /* the cursor is put back by \0338 */
    if (up > 0) printf("\033[%ldA", up);
    printf("\033[%dC", PROMPT_WIDTH);
    paint_pieces(text, before, len);
    fputs("\0338", stdout);
    fflush(stdout);
    free(text);
}

/* -- keys ---------------------------------------------------------------------------------------- */

/* What a signal asks for while a key is waited for; -1: the line is given up. */
static int signalled(struct line *line)
{
    if (was_interrupted) return -1;
    if (was_continued) {
        was_continued = 0;
        el_set(line->editor, EL_PREP_TERM, 0);
        el_set(line->editor, EL_PREP_TERM, 1);
        el_set(line->editor, EL_REFRESH);
    }
    if (was_resized) {
        was_resized = 0;
        el_resize(line->editor);
        struct show_style style;
        if (show_style_read(line->shell->arguments, &style) == 0)
            line->shell->show.style.width = style.width;
    }
    return 0;
}

static int read_key(EditLine *editor, wchar_t *out)
{
    struct line *line = NULL;
    el_get(editor, EL_CLIENTDATA, &line);
    paint(line);
    for (;;) {
        char byte;
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got == 0) return 0;
        if (got < 0) {
            if (errno == EINTR && signalled(line) == 0) continue;
            return -1;
        }
        size_t used = mbrtowc(out, &byte, 1, &line->decoding);
        if (used == (size_t)-2) continue; /* more of it comes */
        if (used == (size_t)-1) {
            memset(&line->decoding, 0, sizeof line->decoding);
            *out = L'?';
        }
        if (*out >= 0x80 && text_is_control((uint32_t)*out)) *out = L'?';
        return 1;
    }
}

/* -- completion ---------------------------------------------------------------------------------- */

static void put_safe(const char *text)
{
    say_safe(stdout, text, strlen(text));
}

/* Candidates in columns; few of them with what they mean. */
static void list(const struct pace_completion *completion, unsigned width)
{
    size_t widest = 0, helped = 0;
    for (size_t i = 0; i < completion->count; i++) {
        size_t columns = text_width(completion->candidates[i].text);
        if (columns > widest) widest = columns;
        helped += completion->candidates[i].help != NULL;
    }
    putchar('\n');
    int with_help = completion->count <= WITH_HELP && helped > 0;
    size_t across = with_help || width < widest + 2 ? 1 : width / (widest + 2);
    size_t down = (completion->count + across - 1) / across;
    for (size_t row = 0; row < down; row++) {
        for (size_t i = row; i < completion->count; i += down) {
            const struct pace_candidate *candidate = &completion->candidates[i];
            put_safe(candidate->text);
            int last = i + down >= completion->count;
            if (last && !with_help) continue;
            for (size_t pad = text_width(candidate->text); pad < widest + 2; pad++)
                putchar(' ');
            if (with_help && candidate->help != NULL) put_safe(candidate->help);
        }
        putchar('\n');
    }
    if (completion->total > completion->count)
        printf("and %zu more\n", completion->total - completion->count);
    fflush(stdout);
}

/* Puts `text` in place of what was typed. */
static void replace(EditLine *editor, const char *typed, const char *text, int blank)
{
    size_t characters = mbstowcs(NULL, typed, 0);
    if (characters == (size_t)-1) characters = strlen(typed);
    if (characters > 0) el_deletestr(editor, (int)characters);
    if (*text != '\0') el_insertstr(editor, text);
    if (blank) el_insertstr(editor, " ");
}

static unsigned char use_completion(const struct line *line, const char *typed,
                                    const struct pace_completion *completion)
{
    if (completion->total == 0) return CC_ERROR;
    const char *common = completion->common;
    if (completion->total == 1) {
        int open = completion->count == 1 && completion->candidates[0].open;
        if (strcmp(common, typed) == 0 && open) return CC_ERROR;
        replace(line->editor, typed, common, !open);
        return CC_REFRESH;
    }
    if (strlen(common) > strlen(typed) && strstr(common, typed) != NULL) {
        replace(line->editor, typed, common, 0);
        return CC_REFRESH;
    }
    list(completion, line->shell->show.style.width);
    return CC_REDISPLAY;
}

/* Adds a name that begins with what was typed to a completion of at most LISTED. */
static void offer(struct pace_completion *out, struct pace_candidate *candidates, const char *typed,
                  const char *name, const char *help)
{
    if (strncmp(name, typed, strlen(typed)) != 0 || out->count == LISTED) return;
    candidates[out->count++] = (struct pace_candidate){.text = name, .help = help};
    out->total = out->count;
}

/* Of a line that begins with a dot: the command, or the word after it. */
static unsigned char complete_dot(const struct line *line, const char *text, int key)
{
    struct pace_candidate candidates[LISTED];
    struct pace_completion completion = {.candidates = candidates};
    struct pace_guide guide;
    char common[256];
    const char *dot = strchr(text, '.') + 1, *typed = strrchr(text, ' ');
    size_t len = strcspn(dot, " \t");
    typed = typed != NULL && typed >= dot ? typed + 1 : dot;
    if (typed == dot) {
        for (size_t i = 0; shell_row(i) != NULL; i++)
            offer(&completion, candidates, typed, shell_row(i)->name, shell_row(i)->help);
    } else if (strncmp(dot, "help", len) == 0 || strncmp(dot, "mode", len) == 0) {
        int any = dot[0] == 'h';
        for (size_t i = 0; pace_guide(i, &guide) == 0; i++)
            if (any || guide.kind == PACE_GUIDE_FORMAT)
                offer(&completion, candidates, typed, guide.name, guide.help);
    } else {
        return _el_fn_complete(line->editor, key); /* names of files */
    }
    size_t same = completion.count > 0 ? strlen(candidates[0].text) : 0;
    for (size_t i = 1; i < completion.count; i++)
        while (strncmp(candidates[0].text, candidates[i].text, same) != 0)
            same--;
    snprintf(common, sizeof common, "%.*s", (int)same, same > 0 ? candidates[0].text : "");
    completion.common = common;
    return use_completion(line, typed, &completion);
}

static unsigned char complete(EditLine *editor, int key)
{
    struct line *line = NULL;
    struct pace_completion *completion = NULL;
    size_t len, before;
    el_get(editor, EL_CLIENTDATA, &line);
    char *text = text_typed(line, 0, &len, &before);
    if (text == NULL) return CC_ERROR;
    unsigned char result = CC_ERROR;
    if (shell_is_dot(text, len))
        result = complete_dot(line, text, key);
    else if (pace_complete(line->shell->show.session, text, len, LISTED, NULL, &completion) == 0 &&
             completion->start >= before)
        result = use_completion(line, text + completion->start, completion);
    pace_completion_free(completion);
    free(text);
    return result;
}

/* -- history ------------------------------------------------------------------------------------- */

static void history_put(void *context, const char *text)
{
    struct line *line = context;
    HistEvent event;
    history(line->history, &event, H_ENTER, text);
}

/* Keeps a statement, as one line: its line ends become blanks, its comments go. */
static void history_keep(struct line *line, const char *text, size_t len)
{
    struct pace_piece pieces[PIECES];
    char *flat = malloc(len + 1);
    if (flat == NULL) return;
    memcpy(flat, text, len);
    flat[len] = '\0';
    size_t count = memchr(text, '\n', len) != NULL ? pace_pieces(text, len, pieces, PIECES) : 0;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].kind == PACE_PIECE_COMMENT)
            memset(flat + pieces[i].start, ' ', pieces[i].length);
    for (size_t i = 0; i < len; i++)
        if (flat[i] == '\n' || flat[i] == '\r') flat[i] = ' ';
    while (len > 0 && flat[len - 1] == ' ')
        flat[--len] = '\0';
    if (len > 0) {
        history_put(line, flat);
        shell_history_add(flat);
    }
    free(flat);
}

/* -- statements ---------------------------------------------------------------------------------- */

/* What to do with the statement so far, now that another line came. */
static void statement_try(struct line *line, int is_blank)
{
    enum pace_text_state state = pace_text_state(line->text, line->len);
    if (state == PACE_TEXT_UNFINISHED && !is_blank)
        return; /* goes on; a blank line asks what is missing */
    if (state != PACE_TEXT_EMPTY) {
        while (line->len > 0 && strchr(" \t\r\n", line->text[line->len - 1]) != NULL)
            line->text[--line->len] = '\0';
        history_keep(line, line->text, line->len);
        shell_statement(line->shell, line->text, line->len);
    }
    text_clear(line);
}

/* What hands that know other prompts type, as a command of this one; NULL: nothing of that kind. */
static const char *habit_find(const char *text, size_t len)
{
    static const char *const habits[][2] = {
        {"quit", ".quit"},  {"exit", ".quit"},      {"\\q", ".quit"}, {":q", ".quit"},
        {"help", ".help"},  {"?", ".help"},         {"\\?", ".help"}, {"\\h", ".help"},
        {"\\d", ".schema"}, {"\\timing", ".timer"},
    };
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
        if (strlen(habits[i][0]) == len && memcmp(habits[i][0], text, len) == 0)
            return habits[i][1];
    return NULL;
}

static void line_take(struct line *line, const char *text, size_t len)
{
    size_t blank = strspn(text, " \t\r\n"), end = len;
    const char *last = text_before(line, text, len);
    while (end > 0 && strchr(" \t\r\n;", text[end - 1]) != NULL)
        end--;
    const char *meant = line->len == 0 ? habit_find(text, end) : NULL;
    if (meant != NULL) {
        history_keep(line, text, end);
        shell_dot(line->shell, meant, strlen(meant));
        return;
    }
    if (line->len == 0 && shell_is_dot(text, len)) {
        while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
            len--;
        history_keep(line, text, len);
        shell_dot(line->shell, text, len);
        return;
    }
    int failed = 0;
    if (last != NULL)
        failed = text_add(line, last, strlen(last)) != 0 || text_add(line, " ", 1) != 0;
    if (!failed && text_add(line, text, len) == 0) {
        statement_try(line, blank == len);
        return;
    }
    say_error("out of memory");
    text_clear(line);
}

/* -- the loop ------------------------------------------------------------------------------------ */

static void keys_bind(EditLine *editor)
{
    static const char *const keys[][2] = {
        {"^I", "pace-complete"},
        {"^R", "em-inc-search-prev"},
        {"\033[3~", "ed-delete-next-char"},
        {"\033[1~", "ed-move-to-beg"},
        {"\033[4~", "ed-move-to-end"},
        {"\033[1;5C", "em-next-word"},
        {"\033[1;5D", "ed-prev-word"},
        {"\033[1;3C", "em-next-word"},
        {"\033[1;3D", "ed-prev-word"},
    };
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_ADDFN, "pace-complete", "completes what is typed", complete);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        el_set(editor, EL_BIND, keys[i][0], keys[i][1], NULL);
}

static int line_open(struct line *line)
{
    HistEvent event;
    /* Where standard output goes elsewhere, the prompt is still seen. */
    FILE *screen = isatty(STDOUT_FILENO) ? stdout : stderr;
    setlocale(LC_CTYPE, ""); /* how keys become characters; nothing else depends on it */
    line->history = history_init();
    line->editor = el_init("pace", stdin, screen, stderr);
    if (line->history == NULL || line->editor == NULL) return -1;
    el_set(line->editor, EL_CLIENTDATA, line);
    el_set(line->editor, EL_PROMPT, prompt_text);
    el_set(line->editor, EL_SIGNAL, 0);
    el_set(line->editor, EL_GETCFN, read_key);
    el_set(line->editor, EL_HIST, history, line->history);
    history(line->history, &event, H_SETSIZE, HISTORY_LINES);
    history(line->history, &event, H_SETUNIQUE, 1);
    keys_bind(line->editor);
    el_source(line->editor, NULL);
    shell_history_load(history_put, line);
    return 0;
}

static void line_close(struct line *line)
{
    if (line->editor != NULL) el_end(line->editor);
    if (line->history != NULL) history_end(line->history);
    free(line->text);
}

static void line_loop(struct line *line)
{
    while (!line->shell->is_over) {
        int len = 0;
        was_interrupted = 0;
        const char *text = el_gets(line->editor, &len);
        if (text != NULL && len > 0) {
            line_take(line, text, (size_t)len);
            continue;
        }
        if (!was_interrupted) break; /* Ctrl-D, or the terminal is gone */
        fputs("^C\n", stdout);
        text_clear(line);
    }
    if (!line->shell->is_over) putchar('\n');
}

int shell_prompt(struct shell *shell)
{
    static const int signals[] = {SIGINT, SIGWINCH, SIGCONT};
    enum { SIGNALS = sizeof signals / sizeof *signals };
    struct sigaction action = {.sa_handler = on_signal}, before[SIGNALS];
    struct line line = {.shell = shell};
    sigemptyset(&action.sa_mask); /* no SA_RESTART: waiting for a key must end */
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &before[i]);
    int status = STATUS_OK;
    if (line_open(&line) == 0) {
        line_loop(&line);
    } else {
        say_error("the terminal cannot be used for typing; statements are read from a file: pace "
                  "<FILE");
        status = STATUS_DATA;
    }
    line_close(&line);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    return status;
}
