/* guard.c -- see guard.h. The handler runs where anything may be broken: it writes a text that was
 * ready and leaves, without unwinding. What a batch had written is not committed. */
#include "guard.h"

#include "command.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_ON = 0 };
#else
enum { IS_ON = 1 };
#endif

static const int signals[] = {SIGBUS, SIGSEGV, SIGFPE};
enum { SIGNALS = sizeof signals / sizeof signals[0], STACK_BYTES = 1 << 16 };

static const char beyond_end[] = "pace: the store's file ended where it was read: it was cut, or "
                                 "it is damaged, or the disk failed; "
                                 "`pace verify` tells, a backup helps\n";
static const char no_memory_there[] = "pace: stopped by a memory error: the store is damaged "
                                      "(`pace verify` tells), or pace has a fault\n";

/* Not all of it may reach the terminal; there is nobody left to tell. */
static void tell(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(STDERR_FILENO, text, len);
        if (sent <= 0) return;
        text += sent;
        len -= (size_t)sent;
    }
}

static void leave(int number)
{
    if (number == SIGBUS)
        tell(beyond_end, sizeof beyond_end - 1);
    else
        tell(no_memory_there, sizeof no_memory_there - 1);
    _exit(STATUS_DATA);
}

static void handle(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, NULL);
}

void guard_begin(void)
{
    static char stack[STACK_BYTES]; /* the ordinary one may have run over */
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    if (!IS_ON) return;
    sigaltstack(&alternate, NULL);
    handle(leave);
}

void guard_end(void)
{
    if (IS_ON) handle(SIG_DFL);
}
