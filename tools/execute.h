/* execute.h -- running the benchmark command: live output, a captured copy, a time limit.
 *
 * The command gets its own process group, default signals, and /dev/null instead of a terminal as
 * its input. SIGINT, SIGTERM and SIGHUP of this process are handed on to the group. Files that this
 * process opened are closed in it; those that it was given itself (a shell's <(...)) stay. */
#ifndef PACE_EXECUTE_H
#define PACE_EXECUTE_H

#include <stddef.h>
#include <stdint.h>

enum { EXECUTE_MAX_OUTPUT = 64 << 20, EXECUTE_KILL_MS = 5000, EXECUTE_LINGER_MS = 500 };

struct execute_options {
    char *const *argv;     /* NULL-terminated; argv[0] is looked for in PATH */
    const char *directory; /* where it runs, in an environment without git's own variables, so that
                            * git works there; NULL: here */
    int output_fd;         /* where the command's output is passed on; -1: nowhere */
    int with_errors;       /* 1: what it writes to its stderr counts as output */
    size_t capture_max;    /* bytes of output kept; 0: EXECUTE_MAX_OUTPUT */
    uint64_t timeout_ms;   /* 0: none. Then SIGTERM, after EXECUTE_KILL_MS SIGKILL */
};

struct execute_result {
    int error;                  /* errno: the command could not be started */
    int exit_status;            /* when it ended by itself; else -1 */
    int signal;                 /* that ended it; 0: none */
    int timed_out, interrupted; /* by the limit; by a signal to this process, its number */
    char *output; /* what it wrote to its output, NUL-terminated; free with execute_clear */
    size_t output_len;
    int truncated; /* there was more than capture_max */
    /* What it took, and the processes that it waited for. The peak of memory is at least that of
     * this process, for Linux counts from before exec. */
    double wall_s, cpu_user_s, cpu_system_s;
    uint64_t max_rss_bytes;
};

/* Runs and waits. Returns 0 when the command ended with status 0, else -1 and *out says why. */
int execute_run(const struct execute_options *options, struct execute_result *out);
void execute_clear(struct execute_result *result);

/* "exit status 2", "killed by signal 11 (Segmentation fault)", "stopped after 10 s"... */
const char *execute_reason(const struct execute_result *result, char *buffer, size_t size);

#endif
