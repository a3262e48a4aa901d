/* pager.c -- see pager.h. A child collects lines until the screen is full and then starts the pager
 * (outlet.c); the command writes into a pipe as it would into a file. Where the person leaves
 * early, writing fails with EPIPE, which is no error of the command. A Ctrl-C at the pager is the
 * pager's: the shell must not have the terminal again before the person has left it. */
#include "pager.h"

#include "outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 16384, FILES_MOST = 1024 };

static pid_t child;       /* 0: none */
static int terminal = -1; /* standard output as it was */
static unsigned columns;  /* of it */

static void stay(int number)
{
    (void)number;
}

/* The child: its standard output is the terminal. */
static _Noreturn void pump(int from, unsigned rows)
{
    struct outlet outlet = {.rows = rows};
    char bytes[PIECE];
    ssize_t len;
    /* It is for the command, or for the pager, which inherits no handler. */
    signal(SIGINT, stay);
    for (int fd = 3; fd < FILES_MOST; fd++)
        if (fd != from) close(fd);
    while ((len = read(from, bytes, sizeof bytes)) != 0) {
        if (len < 0 && errno == EINTR) continue;
        if (len < 0 || outlet_write(&outlet, bytes, (size_t)len) != 0) break;
    }
    close(from);
    outlet_end(&outlet);
    _exit(0);
}

void pager_interrupted(int number)
{
    if (child != 0) {
        close(STDOUT_FILENO); /* there is no more to come */
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    signal(number, SIG_DFL);
    raise(number);
}

void pager_begin(void)
{
    struct winsize size = {0};
    struct sigaction now;
    int ends[2];
    if (child != 0 || !isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
        size.ws_row < 2 || !outlet_has_pager())
        return;
    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    pid_t made = terminal >= 0 ? fork() : -1;
    if (made == 0) pump(ends[0], size.ws_row - 1u);
    if (made > 0 && dup2(ends[1], STDOUT_FILENO) >= 0) child = made;
    columns = size.ws_col > 0 ? size.ws_col : 80;
    close(ends[0]);
    close(ends[1]);
    if (made > 0 && child == 0) waitpid(made, NULL, 0);
    if (child == 0 && terminal >= 0) close(terminal);
    if (child != 0 && sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGINT, pager_interrupted);
}

unsigned pager_columns(void)
{
    return child != 0 ? columns : 0;
}

/* What nobody wants any more must not come out on the terminal. */
static void drop_rest(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        close(nowhere);
    }
    clearerr(stdout);
    fflush(stdout);
}

void pager_end(void)
{
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    struct sigaction before;
    if (child == 0) return;
    if (fflush(stdout) != 0) drop_rest();
    sigaction(SIGINT, &ignored, &before);
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    child = 0;
    if (before.sa_handler == pager_interrupted) before.sa_handler = SIG_DFL;
    sigaction(SIGINT, &before, NULL);
}
