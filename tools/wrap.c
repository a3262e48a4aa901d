/* wrap.c -- see wrap.h. */
#include "wrap.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST = 24, /* columns that the rest of a line has at least, else it goes to the beginning */
    PARAGRAPH = 40, /* a line that is shorter is no part of one that was broken before */
};

static size_t columns_of(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

/* Where the last column of a line begins: behind two blanks or more. Its indent, when it has no
 * other. */
static size_t column_at(const char *line, size_t len, size_t width)
{
    size_t indent = strspn(line, " "), at = indent;
    for (size_t i = indent + 2; i < len && i + LEAST <= width; i++)
        if (line[i] != ' ' && line[i - 1] == ' ' && line[i - 2] == ' ') at = i;
    return at < len ? at : 0;
}

/* How many bytes of a line fit, up to a blank; all of a word that is too long by itself. */
static size_t fit(const char *line, size_t len, size_t from, size_t width)
{
    size_t best = 0;
    for (size_t i = from + 1; i < len; i++) {
        if (line[i] != ' ') continue;
        if (columns_of(line, i) > width && best > 0) break;
        best = i;
        if (columns_of(line, i) > width) break;
    }
    return columns_of(line, len) <= width || best == 0 ? len : best;
}

static void write_line(FILE *out, const char *line, size_t len, size_t width)
{
    size_t hang = column_at(line, len, width), used = fit(line, len, hang, width);
    int is_comment = line[hang] == '#';
    size_t indent = columns_of(line, hang);
    fprintf(out, "%.*s\n", (int)used, line);
    while (used < len) {
        used += strspn(line + used, " ");
        line += used;
        len -= used;
        size_t before = indent + (is_comment ? 2 : 0);
        used = fit(line, len, 0, width > before ? width - before : 1);
        fprintf(out, "%*s%s%.*s\n", (int)indent, "", is_comment ? "# " : "", (int)used, line);
    }
}

/* Makes one line of those of a paragraph. */
static void join(char *text)
{
    size_t start = 0;
    for (char *at = text; *at != '\0'; at++) {
        if (*at != '\n') continue;
        size_t end = (size_t)(at - text);
        int is_text = end - start >= PARAGRAPH && text[start] != ' ';
        if (is_text && at[1] != '\0' && at[1] != '\n' && at[1] != ' ')
            *at = ' ';
        else
            start = end + 1;
    }
}

void wrap_write(FILE *out, const char *text, size_t width)
{
    char *copy = width > 0 ? strdup(text) : NULL;
    if (copy == NULL) {
        fputs(text, out);
        return;
    }
    join(copy);
    for (const char *line = copy; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        write_line(out, line, len, width);
        line += len + (line[len] == '\n');
    }
    free(copy);
}

FILE *wrap_begin(struct wrapped *wrapped)
{
    *wrapped = (struct wrapped){0};
    wrapped->file = open_memstream(&wrapped->text, &wrapped->len);
    return wrapped->file != NULL ? wrapped->file : stdout;
}

void wrap_end(struct wrapped *wrapped, size_t width)
{
    if (wrapped->file != NULL && fclose(wrapped->file) == 0)
        wrap_write(stdout, wrapped->text, width);
    free(wrapped->text);
}
