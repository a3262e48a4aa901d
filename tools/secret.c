/* secret.c -- a command line as metadata, without what looks like a secret. */
#include "secret.h"

#include <ctype.h>
#include <string.h>

struct line {
    char *text;
    size_t used, size;
};

static void put(struct line *line, const char *bytes, size_t len)
{
    size_t room = line->size - 1 - line->used;
    if (len > room) len = room;
    memcpy(line->text + line->used, bytes, len);
    line->used += len;
    line->text[line->used] = '\0';
}

/* 1 when a name says that its value is a secret. */
static int is_secret(const char *name, size_t len)
{
    static const char *const parts[] = {"TOKEN", "SECRET", "PASS", "KEY", "CREDENTIAL"};
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        size_t size = strlen(parts[part]);
        for (size_t i = 0; i + size <= len; i++) {
            size_t k = 0;
            while (k < size && toupper((unsigned char)name[i + k]) == parts[part][k])
                k++;
            if (k == size) return 1;
        }
    }
    return 0;
}

static int is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '-' && text[i] != '.')
            return 0;
    return len > 0;
}

/* Where a name=value or a flag begins within shell text: after a blank or a quote. */
static int begins_word(const char *text, size_t i)
{
    return i == 0 || strchr(" \t\n;&|\"'", text[i - 1]) != NULL;
}

/* Length of the secret value at text[0..len): to the next blank, or to the closing quote. */
static size_t value_length(const char *text, size_t len)
{
    size_t i = 0;
    if (len > 0 && (text[0] == '"' || text[0] == '\'')) {
        for (i = 1; i < len && text[i] != text[0]; i++)
            continue;
        return i < len ? i + 1 : i;
    }
    while (i < len && strchr(" \t\n;&|", text[i]) == NULL)
        i++;
    return i;
}

/* Length of "user:password@" at text, which follows "://"; 0 when there is none. */
static size_t user_length(const char *text, size_t len)
{
    size_t end = 0, at = 0;
    while (end < len && strchr("/?# \t\n\"'", text[end]) == NULL) {
        end++;
        if (text[end - 1] == '@') at = end;
    }
    return at;
}

/* Copies one word, or a whole shell line, with secrets as ***. *next is set when the word is a flag
 * whose value is the next word. */
static void put_masked(struct line *line, const char *text, size_t len, int *next)
{
    *next = 0;
    for (size_t i = 0; i < len;) {
        if (begins_word(text, i)) {
            size_t name = i;
            while (name < len && is_name(text + name, 1))
                name++;
            if (name > i && is_secret(text + i, name - i)) {
                int flag = text[i] == '-';
                if (name < len && (text[name] == '=' || (flag && text[name] == ' '))) {
                    put(line, text + i, name + 1 - i);
                    put(line, "***", 3);
                    i = name + 1 + value_length(text + name + 1, len - name - 1);
                    continue;
                }
                if (flag && name == len) *next = 1;
            }
        }
        if (i >= 3 && memcmp(text + i - 3, "://", 3) == 0) {
            size_t user = user_length(text + i, len - i);
            if (user > 0) {
                put(line, "***@", 4);
                i += user;
                continue;
            }
        }
        put(line, text + i++, 1);
    }
}

/* A word as a shell would need it written. */
static void put_word(struct line *line, const char *word, int *next)
{
    char masked[4096];
    struct line inner = {masked, 0, sizeof masked};
    masked[0] = '\0';
    put_masked(&inner, word, strlen(word), next);
    if (inner.used > 0 && strpbrk(masked, " \t\n\"'\\$`&|;<>()*?[]{}~#!") == NULL) {
        put(line, masked, inner.used);
        return;
    }
    put(line, "'", 1);
    for (const char *c = masked; *c != '\0'; c++)
        if (*c == '\'')
            put(line, "'\\''", 4);
        else
            put(line, c, 1);
    put(line, "'", 1);
}

char *secret_command(char *const *words, size_t count, char *buffer, size_t size)
{
    struct line line = {buffer, 0, size};
    int next = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (i > 0) put(&line, " ", 1);
        if (next) {
            put(&line, "***", 3);
            next = 0;
        } else if (count == 1) {
            put_masked(&line, words[i], strlen(words[i]), &next); /* a line for the shell */
        } else {
            put_word(&line, words[i], &next);
        }
    }
    /* Metadata has no control characters. */
    for (char *c = buffer; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20) *c = ' ';
    return buffer;
}
