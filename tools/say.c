/* say.c -- messages to people, on stderr. */
#include "say.h"

#include "../query/text.h"
#include "pager.h"
#include "progress.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_MESSAGE = 8192, PIECE = 512 };

int say_safe(FILE *out, const char *text, size_t len)
{
    char safe[PIECE * TEXT_SAFE_GROWTH + 1];
    while (len > 0) {
        const char *newline = memchr(text, '\n', len);
        size_t line = newline != NULL ? (size_t)(newline - text) : len;
        size_t piece = line < PIECE ? line : PIECE;
        /* Do not cut a character: step back over its continuation bytes. */
        while (piece < line && piece > PIECE - 4 && ((unsigned char)text[piece] & 0xc0) == 0x80)
            piece--;
        text_safe(safe, sizeof safe, text, piece);
        fputs(safe, out);
        text += piece;
        len -= piece;
        if (piece == line && newline != NULL) {
            fputc('\n', out);
            text++;
            len--;
        }
    }
    return ferror(out) ? -1 : 0;
}

__attribute__((format(printf, 2, 0))) static void say(const char *prefix, const char *format,
                                                      va_list args)
{
    char text[MAX_MESSAGE];
    int len = vsnprintf(text, sizeof text, format, args);
    if (len < 0) return;
    progress_hide();
    pager_end();
    fflush(stdout); /* so that the two streams stay in order on a terminal */
    fputs(prefix, stderr);
    say_safe(stderr, text, strlen(text));
    fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("pace: ", format, args);
    va_end(args);
}

void say_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

int say_color(FILE *stream)
{
    const char *none = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (none != NULL && *none != '\0') return 0;
    if (term != NULL && strcmp(term, "dumb") == 0) return 0;
    return isatty(fileno(stream)) || (stream == stdout && pager_columns() > 0);
}
