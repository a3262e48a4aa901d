/* fresh_file.c -- a file that appears whole or not at all. Its mode is that of any new file. */
#include "fresh_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_beside(struct fresh_file *fresh)
{
    int len = snprintf(fresh->beside, sizeof fresh->beside, "%s.XXXXXX", fresh->path);
    if (len < 0 || (size_t)len >= sizeof fresh->beside) {
        fresh->beside[0] = '\0';
        return ENAMETOOLONG;
    }
    int fd = mkostemp(fresh->beside, O_CLOEXEC);
    if (fd < 0) return errno;
    mode_t mask = umask(0);
    umask(mask);
    fresh->file = fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "w") : NULL;
    if (fresh->file != NULL) return 0;
    int code = errno;
    unlink(fresh->beside);
    close(fd);
    return code;
}

int fresh_file_open(struct fresh_file *fresh, const char *path)
{
    struct stat there;
    *fresh = (struct fresh_file){.path = path};
    if (strcmp(path, "-") == 0) {
        fresh->file = stdout;
        return 0;
    }
    if (stat(path, &there) != 0 || S_ISREG(there.st_mode)) return open_beside(fresh);
    fresh->file = fopen(path, "we");
    return fresh->file != NULL ? 0 : errno;
}

int fresh_file_close(struct fresh_file *fresh, int code)
{
    errno = 0;
    if (fflush(fresh->file) != 0 && code == 0) code = errno;
    if (fresh->beside[0] != '\0' && code == 0 && fsync(fileno(fresh->file)) != 0) code = errno;
    if (fresh->file != stdout && fclose(fresh->file) != 0 && code == 0) code = errno;
    if (fresh->beside[0] == '\0') return code;
    if (code == 0 && rename(fresh->beside, fresh->path) != 0) code = errno;
    if (code != 0) unlink(fresh->beside);
    return code;
}
