/* git_files.c -- what the files of a repository tell without a process.
 *
 * Where they say something in a way that only git understands, the answer is that it cannot be
 * told. */
#include "git_own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_CONFIG = 1 << 18 };

int git_root(const char *directory, char root[PATH_MAX])
{
    char at[PATH_MAX], name[PATH_MAX + 8];
    snprintf(at, sizeof at, "%s", directory);
    for (;;) {
        struct stat info;
        snprintf(name, sizeof name, "%s/.git", at);
        if (stat(name, &info) == 0) {
            strcpy(root, at);
            return 1;
        }
        char *slash = strrchr(at, '/');
        if (slash == NULL || at[1] == '\0') return 0;
        slash[slash == at ? 1 : 0] = '\0';
    }
}

/* The first line of a file; 0 when it cannot be read. */
static int read_line(const char *path, char *line, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, line, size - 1);
    close(file);
    if (got < 0) return 0;
    line[got] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return 1;
}

/* The directory with HEAD and index: .git, or what a .git file names (a linked work tree). */
int git_directory(const char *root, char out[PATH_MAX])
{
    char dot[PATH_MAX], line[PATH_MAX];
    struct stat info;
    if (snprintf(dot, sizeof dot, "%s/.git", root) >= PATH_MAX || stat(dot, &info) != 0) return 0;
    if (S_ISDIR(info.st_mode)) {
        strcpy(out, dot);
        return 1;
    }
    if (!read_line(dot, line, sizeof line) || strncmp(line, "gitdir: ", 8) != 0) return 0;
    const char *target = line + 8;
    int len = *target == '/' ? snprintf(out, PATH_MAX, "%s", target)
                             : snprintf(out, PATH_MAX, "%s/%s", root, target);
    return len > 0 && len < PATH_MAX;
}

/* What linked work trees share with their repository: objects, refs, config. */
int git_common(const char *root, char out[PATH_MAX])
{
    char directory[PATH_MAX], name[PATH_MAX + 16], common[PATH_MAX];
    if (!git_directory(root, directory)) return 0;
    snprintf(name, sizeof name, "%s/commondir", directory);
    if (!read_line(name, common, sizeof common)) {
        strcpy(out, directory);
        return 1;
    }
    int len = common[0] == '/' ? snprintf(out, PATH_MAX, "%s", common)
                               : snprintf(out, PATH_MAX, "%s/%s", directory, common);
    return len > 0 && len < PATH_MAX;
}

int git_is_shallow(const char *root)
{
    char common[PATH_MAX], name[PATH_MAX + 16];
    if (!git_common(root, common)) return 1; /* cannot be told */
    snprintf(name, sizeof name, "%s/shallow", common);
    return access(name, F_OK) == 0;
}

void git_head(const char *root, char branch[GIT_NAME_MAX])
{
    char directory[PATH_MAX], line[PATH_MAX], name[PATH_MAX + 8];
    branch[0] = '\0';
    if (!git_directory(root, directory)) return;
    snprintf(name, sizeof name, "%s/HEAD", directory);
    if (!read_line(name, line, sizeof line)) return;
    if (strncmp(line, "ref: refs/heads/", 16) == 0 && strlen(line + 16) < GIT_NAME_MAX)
        strcpy(branch, line + 16);
}

int git_index_lacks(const char *root, const char *path)
{
    char directory[PATH_MAX], name[PATH_MAX + 8];
    if (!git_directory(root, directory)) return 0;
    snprintf(name, sizeof name, "%s/index", directory);
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno == ENOENT; /* nothing was ever added */
    struct stat info;
    int lacks = 0;
    char *bytes = NULL;
    if (fstat(file, &info) == 0 && info.st_size >= 12) {
        size_t size = (size_t)info.st_size, got = 0;
        bytes = malloc(size);
        while (bytes != NULL && got < size) {
            ssize_t part = read(file, bytes + got, size - got);
            if (part <= 0) break;
            got += (size_t)part;
        }
        lacks = bytes != NULL && got == size && memcmp(bytes, "DIRC\0\0\0", 7) == 0 &&
                (bytes[7] == 2 || bytes[7] == 3) && memmem(bytes, size, "link", 4) == NULL &&
                memmem(bytes, size, path, strlen(path)) == NULL;
    }
    free(bytes);
    close(file);
    return lacks;
}

/* -- the addresses of remotes ------------------------------------------------------------------ */

/* Where in .git/config a line stands. */
struct config {
    char section[GIT_NAME_MAX]; /* as written, without the brackets */
    char address[GIT_NAME_MAX]; /* the first of origin, else the first of any */
    int of_origin;
};

/* "[remote "origin"]": 0 where more than a section is on the line, or it includes other files. */
static int config_section(struct config *config, const char *line)
{
    size_t len = strcspn(line, "]");
    if (line[len] != ']' || line[len + 1 + strspn(line + len + 1, " \t\r")] != '\0') return 0;
    if (len >= sizeof config->section || strncasecmp(line + 1, "include", 7) == 0) return 0;
    snprintf(config->section, sizeof config->section, "%.*s", (int)len - 1, line + 1);
    return 1;
}

/* "url = ADDRESS" of a remote; other keys are passed over. */
static int config_key(struct config *config, const char *line)
{
    if (strcasecmp(config->section, "extensions") == 0 &&
        strncasecmp(line, "worktreeconfig", 14) == 0)
        return 0; /* another file counts too */
    if (strncasecmp(config->section, "remote", 6) != 0 || strncasecmp(line, "url", 3) != 0)
        return 1;
    const char *value = line + 3 + strspn(line + 3, " \t");
    if (*value != '=') return value > line + 3 ? 0 : 1; /* "urls", or what is no assignment */
    value += 1 + strspn(value + 1, " \t");
    size_t len = strlen(value);
    while (len > 0 && strchr(" \t\r", value[len - 1]) != NULL)
        len--;
    if (len >= sizeof config->address || strpbrk(value, "\"\\;#") != NULL) return 0;
    int is_origin = strcmp(config->section + 6, " \"origin\"") == 0;
    if (config->address[0] != '\0' && (config->of_origin || !is_origin)) return 1;
    snprintf(config->address, sizeof config->address, "%.*s", (int)len, value);
    config->of_origin = is_origin;
    return 1;
}

static int config_read(struct config *config, char *text)
{
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) *next++ = '\0';
        size_t len = strlen(line);
        if (len > 0 && line[len - 1] == '\\') return 0; /* goes on in the next line */
        line += strspn(line, " \t\r");
        if (*line == '\0' || *line == '#' || *line == ';') continue;
        if (!(*line == '[' ? config_section(config, line) : config_key(config, line))) return 0;
    }
    return 1;
}

int git_remote(const char *root, char address[GIT_NAME_MAX])
{
    static const char *const others[] = {"GIT_DIR", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"};
    struct config config = {.of_origin = 0};
    char common[PATH_MAX], name[PATH_MAX + 16], *text;
    address[0] = '\0';
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (getenv(others[i]) != NULL) return 0;
    if (!git_common(root, common)) return 0;
    snprintf(name, sizeof name, "%s/config", common);
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = -1;
    text = malloc(MAX_CONFIG + 1);
    if (text != NULL) got = read(file, text, MAX_CONFIG);
    close(file);
    int known = got >= 0 && got < MAX_CONFIG;
    if (known) {
        text[got] = '\0';
        known = strlen(text) == (size_t)got && config_read(&config, text);
    }
    free(text);
    if (known) strcpy(address, config.address);
    return known;
}
