/* child.h -- for tests that fork: how a child ended, and one that may crash. */
#ifndef PACE_TEST_CHILD_H
#define PACE_TEST_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for a child; 0 when it left with 0. */
static inline int child_status(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* In a child: a crash ends it, leaves no core and does not come back as a failed test; it ends
 * after `seconds` whatever it does. */
static inline void child_may_crash(unsigned seconds)
{
    static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++)
        signal(crash_signals[i], SIG_DFL); /* cmocka's handlers would go on */
    alarm(seconds);
}

#endif
