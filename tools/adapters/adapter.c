/* adapter.c -- the table of harnesses: finding one by name or by content. */
#include "adapter.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

const struct adapter adapters[] = {
#define ADAPTER(name, text, sign, stored)                                                          \
    {#name, text, sign, stored, name##_recognise, name##_read},
#include "adapter.def"
#undef ADAPTER
};
const size_t adapter_count = sizeof adapters / sizeof adapters[0];

const struct adapter *adapter_find(const char *name)
{
    for (size_t i = 0; i < adapter_count; i++) {
        if (strcmp(adapters[i].name, name) == 0) return &adapters[i];
    }
    return NULL;
}

/* Writes the names of the adapters with at least this much certainty, separated by commas. */
static void list_names(const struct input *input, int least, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < adapter_count && used < room; i++) {
        if (adapters[i].recognise(input) < least) continue;
        int len = snprintf(out + used, room - used, "%s%s", used > 0 ? ", " : "", adapters[i].name);
        used += len > 0 ? (size_t)len : 0;
    }
}

/* Bytes of the sequence at text[0..len) that colours a terminal, or 0. */
static size_t colour_len(const char *text, size_t len)
{
    size_t at = 2;
    if (len < 3 || text[0] != 0x1b || text[1] != '[') return 0;
    while (at < len && strchr("0123456789;", text[at]) != NULL && text[at] != '\0')
        at++;
    return at < len ? at + 1 : 0;
}

/* The beginning of a text for a message: on one line, printable. */
static void excerpt(const struct input *input, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < input->len && used + 1 < room; i++) {
        unsigned char c = (unsigned char)input->text[i];
        size_t colour = colour_len(input->text + i, input->len - i);
        if (colour > 0) {
            i += colour - 1;
            continue;
        }
        int blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (blank && (used == 0 || out[used - 1] == ' ')) continue;
        out[used++] = blank ? ' ' : c < 0x20 || c > 0x7e ? '?' : (char)c;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

/* How many commas, or tabs, a line has; *len is its length. */
static size_t separators(const char *text, size_t len, char sign, size_t *line)
{
    size_t count = 0, at = 0;
    for (; at < len && text[at] != '\n'; at++)
        count += text[at] == sign;
    *line = at;
    return count;
}

/* A heading and a row that have as many columns. */
static int is_table(const struct input *input)
{
    static const char signs[] = ",\t";
    for (size_t i = 0; i < sizeof signs - 1; i++) {
        size_t line, next, columns = separators(input->text, input->len, signs[i], &line);
        if (columns == 0 || line + 1 >= input->len || memchr(input->text, '{', line) != NULL)
            continue;
        if (separators(input->text + line + 1, input->len - line - 1, signs[i], &next) == columns)
            return 1;
    }
    return 0;
}

int adapter_recognise(const struct input *input, struct pace_error *error,
                      const struct adapter **out)
{
    const struct adapter *best = NULL;
    int certainty = 0, ties = 0;
    char names[320], beginning[60];
    for (size_t i = 0; i < adapter_count; i++) {
        int sure = adapters[i].recognise(input);
        ties = sure == certainty ? ties + 1 : sure > certainty ? 0 : ties;
        if (sure > certainty) {
            certainty = sure;
            best = &adapters[i];
        }
    }
    if (best == NULL && strspn(input->text, " \t\r\n") >= input->len)
        return error_fill(error, PACE_ENOTFOUND,
                          "%.300s: it is empty; the benchmark command wrote no results",
                          input->name);
    if (best == NULL && is_table(input)) {
        excerpt(input, beginning, sizeof beginning);
        return error_fill(error, PACE_ENOTFOUND,
                          "%.200s: a table; say what its columns are with --map COLUMN=MEANING; it "
                          "begins with '%s'; see pace import --help",
                          input->name, beginning);
    }
    if (best == NULL) {
        excerpt(input, beginning, sizeof beginning);
        return error_fill(error, PACE_ENOTFOUND,
                          "%.200s: not the results of a harness that is known; it begins with "
                          "'%s'; check the file, or name its adapter (pace help adapters)",
                          input->name, beginning);
    }
    if (ties > 0) {
        list_names(input, certainty, names, sizeof names);
        return error_fill(error, PACE_EVALUE,
                          "%.300s: it could be of %s; say which, with --adapter", input->name,
                          names);
    }
    *out = best;
    return 0;
}
