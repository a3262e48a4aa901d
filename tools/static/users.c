/* users.c -- no names of users in the command that has libc inside.
 *
 * libedit asks for users to complete "~name" of file names, which the prompt does not offer. Beside a libc
 * that is inside, the question would load the libraries of the system's name services; so nobody is found. */
#include <pwd.h>
#include <stddef.h>

static int find_nobody(struct passwd **result)
{
    *result = NULL;
    return 0;
}

int getpwnam_r(const char *name, struct passwd *user, char *buffer, size_t size,
               struct passwd **result)
{
    (void)name, (void)user, (void)buffer, (void)size;
    return find_nobody(result);
}

int getpwuid_r(uid_t number, struct passwd *user, char *buffer, size_t size, struct passwd **result)
{
    (void)number, (void)user, (void)buffer, (void)size;
    return find_nobody(result);
}
