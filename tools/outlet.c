/* outlet.c -- where results go: stdout, a file, or a pager when they are longer than the screen.
 *
 * The pager is $PACE_PAGER, $PAGER, or `less` where that is installed; "" and `cat` mean none.
 * `less` gets options that keep colours, do not wrap wide tables, and leave the result on the
 * screen, unless $LESS is set. */
#include "outlet.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int put(FILE *file, const char *bytes, size_t len)
{
    errno = 0;
    if (fwrite(bytes, 1, len, file) == len) return 0;
    return errno != 0 ? errno : EIO;
}

/* Whether a program is in one of the directories of $PATH. */
static int is_installed(const char *program)
{
    const char *at = getenv("PATH");
    char path[PATH_MAX];
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, ":");
        int used = snprintf(path, sizeof path, "%.*s/%s", (int)len, at, program);
        if (used > 0 && (size_t)used < sizeof path && access(path, X_OK) == 0) return 1;
        at += len + (at[len] == ':');
    }
    return 0;
}

/* The command, or NULL. A terminal that cannot move its cursor is none for `less`. */
static const char *pager_command(void)
{
    const char *command = getenv("PACE_PAGER"), *term = getenv("TERM");
    if (command == NULL) command = getenv("PAGER");
    if (command == NULL && (term == NULL || strcmp(term, "dumb") == 0)) return NULL;
    if (command == NULL && !is_installed("less")) return NULL;
    if (command == NULL) command = "less";
    return *command != '\0' && strcmp(command, "cat") != 0 ? command : NULL;
}

int outlet_has_pager(void)
{
    return pager_command() != NULL;
}

static FILE *pager_open(void)
{
    const char *command = pager_command();
    if (command == NULL) return NULL;
    setenv("LESS", "FRSX", 0);
    fflush(stdout);
    return popen(command, "we");
}

static int held_write(struct outlet *outlet, FILE *file)
{
    size_t used = outlet->used;
    outlet->used = 0;
    outlet->lines = 0;
    return used > 0 ? put(file, outlet->held, used) : 0;
}

static int hold(struct outlet *outlet, const char *bytes, size_t len)
{
    if (outlet->used + len > outlet->capacity) {
        size_t capacity = 2 * (outlet->used + len);
        char *grown = realloc(outlet->held, capacity);
        if (grown == NULL) return ENOMEM;
        outlet->held = grown;
        outlet->capacity = capacity;
    }
    memcpy(outlet->held + outlet->used, bytes, len);
    outlet->used += len;
    for (size_t i = 0; i < len; i++)
        outlet->lines += bytes[i] == '\n';
    return 0;
}

int outlet_write(struct outlet *outlet, const char *bytes, size_t len)
{
    if (outlet == NULL) return put(stdout, bytes, len);
    if (outlet->file != NULL) return put(outlet->file, bytes, len);
    if (outlet->pager != NULL) return put(outlet->pager, bytes, len);
    if (outlet->rows == 0) return put(stdout, bytes, len);
    int code = hold(outlet, bytes, len);
    if (code != 0 || outlet->lines < outlet->rows) return code;
    outlet->pager = pager_open();
    if (outlet->pager != NULL) return held_write(outlet, outlet->pager);
    outlet->rows = 0; /* there is none: all goes to the terminal from here on */
    return held_write(outlet, stdout);
}

int outlet_end(struct outlet *outlet)
{
    int code = 0;
    if (outlet != NULL && outlet->pager != NULL) {
        /* One that was quit before the end wants no more: not an error. */
        pclose(outlet->pager);
        outlet->pager = NULL;
    } else if (outlet != NULL && outlet->file == NULL) {
        code = held_write(outlet, stdout);
    }
    FILE *file = outlet != NULL && outlet->file != NULL ? outlet->file : stdout;
    if (code == 0 && fflush(file) != 0) code = errno;
    return code;
}

void outlet_close(struct outlet *outlet)
{
    outlet_end(outlet);
    if (outlet->file != NULL) fclose(outlet->file);
    free(outlet->held);
    *outlet = (struct outlet){0};
}
