/* cmd_verify.c -- `pace verify`: is everything in the store as it was written?
 *
 * The file may be damaged, or made by somebody hostile. It is looked at in a child with limits on
 * memory, time and written bytes, whose death is one more finding; what the child says comes back
 * through a pipe as text and is made safe like any other. */
#include "command.h"

#include "guard.h"
#include "progress.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { MEMORY_IS_LIMITED = 0 }; /* the sanitizer's own memory would count */
#else
enum { MEMORY_IS_LIMITED = 1 };
#endif

enum {
    REPORT_BYTES_MAX = 4 << 20, /* from the child */
    LOCK_FILE_BYTES = 1 << 20,  /* all that it may write */
    LEAST_SECONDS = 60,
    BYTES_PER_SECOND = 4 << 20, /* of processor time; it takes a tenth of that */
};
#define LEAST_MEMORY ((rlim_t)1 << 30)

/* -- the child ------------------------------------------------------------------------------- */

/* `most`, or less where the process may not have that much. */
static struct rlimit bounded(const struct rlimit *now, rlim_t most)
{
    if (now->rlim_max != RLIM_INFINITY && now->rlim_max < most) most = now->rlim_max;
    return (struct rlimit){.rlim_cur = most, .rlim_max = most};
}

/* A macro, because what limits are named by is an int here and an enum there. */
#define LIMIT(what, most)                                                                          \
    do {                                                                                           \
        struct rlimit now_;                                                                        \
        if (getrlimit((what), &now_) == 0) {                                                       \
            now_ = bounded(&now_, (most));                                                         \
            setrlimit((what), &now_);                                                              \
        }                                                                                          \
    } while (0)

static void confine(const char *path)
{
    char name[PATH_MAX + 16];
    struct stat info;
    rlim_t bytes = 0;
    snprintf(name, sizeof name, "%s/data.mdb", path);
    if (stat(name, &info) == 0 && info.st_size > 0) bytes = (rlim_t)info.st_size;
    LIMIT(RLIMIT_CORE, 0);
    LIMIT(RLIMIT_FSIZE, LOCK_FILE_BYTES);
    LIMIT(RLIMIT_CPU, LEAST_SECONDS + bytes / BYTES_PER_SECOND);
    if (MEMORY_IS_LIMITED) LIMIT(RLIMIT_DATA, LEAST_MEMORY + bytes);
    signal(SIGXFSZ, SIG_IGN);
}

static int send_text(int pipe, const char *text)
{
    size_t left = strlen(text) + 1;
    while (left > 0) {
        ssize_t sent = write(pipe, text, left);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return -1;
        text += sent;
        left -= (size_t)sent;
    }
    return 0;
}

static int send_damage(void *context, const struct pace_damage *damage)
{
    int pipe = *(const int *)context;
    return send_text(pipe, "damage") != 0 || send_text(pipe, damage->place) != 0 ||
           send_text(pipe, damage->problem) != 0;
}

/* In memory of both: what was looked at, and what there is. */
struct seen {
    struct pace_verified verified;
    uint64_t cells;
};

static uint64_t cells_seen(const void *context)
{
    const struct seen *seen = context;
    return progress_count(&seen->verified.cells);
}

static uint64_t count_cells(const char *path)
{
    pace *store = NULL;
    if (pace_open(path, PACE_READONLY, NULL, NULL, &store) != 0) return 0;
    uint64_t cells = store_stat(store).cells;
    pace_close(store);
    return cells;
}

/* What the parent reads ends with "end", the code, the message and a summary. */
static int verify_in_child(const char *path, int pipe, struct seen *shared)
{
    struct pace_error error = {0};
    char text[256];
    guard_end(); /* the parent tells how it ended */
    confine(path);
    __atomic_store_n(&shared->cells, count_cells(path), __ATOMIC_RELAXED);
    int code = pace_verify(path, send_damage, &pipe, &error, &shared->verified);
    const struct pace_verified seen = shared->verified;
    send_text(pipe, "end");
    snprintf(text, sizeof text, "%d", code);
    send_text(pipe, text);
    send_text(pipe, error.message);
    snprintf(
        text, sizeof text, "%llu run%s with %llu cell%s in %llu stream%s, %llu records, %llu pages",
        (unsigned long long)seen.runs, seen.runs == 1 ? "" : "s", (unsigned long long)seen.cells,
        seen.cells == 1 ? "" : "s", (unsigned long long)seen.streams, seen.streams == 1 ? "" : "s",
        (unsigned long long)seen.records, (unsigned long long)seen.pages);
    return send_text(pipe, text) == 0 ? 0 : 1;
}

/* -- the parent ------------------------------------------------------------------------------ */

/* All that the child says, and how it ended. */
struct report {
    char *text;
    size_t len;
    int status; /* of waitpid */
};

static int report_read(struct report *report, int pipe)
{
    size_t capacity = 0;
    for (;;) {
        if (report->len == capacity) {
            capacity = capacity > 0 ? capacity * 2 : 4096;
            char *grown = capacity <= REPORT_BYTES_MAX ? realloc(report->text, capacity + 1) : NULL;
            if (grown == NULL) return -1;
            report->text = grown;
        }
        ssize_t got = read(pipe, report->text + report->len, capacity - report->len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        report->len += (size_t)got;
    }
    report->text[report->len] = '\0';
    return 0;
}

static int report_get(struct report *report, const char *path)
{
    int ends[2];
    *report = (struct report){0};
    struct seen *seen =
        mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED) return store_failed("verify", errno, NULL);
    struct progress progress = {"verifying", "cells", &seen->cells, cells_seen, seen};
    if (pipe2(ends, O_CLOEXEC) != 0) return store_failed("verify", errno, NULL);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(verify_in_child(path, ends[1], seen));
    }
    progress_begin(&progress);
    int code = child < 0 ? errno : 0;
    close(ends[1]);
    if (child > 0 && report_read(report, ends[0]) != 0) {
        kill(child, SIGKILL);
        code = PACE_ENOMEM;
    }
    close(ends[0]);
    progress_end();
    while (child > 0 && waitpid(child, &report->status, 0) < 0 && errno == EINTR)
        continue;
    munmap(seen, sizeof *seen);
    return code != 0 ? store_failed("verify", code, NULL) : 0;
}

/* The next text of the report; "" behind its end. */
static const char *report_next(const struct report *report, size_t *at)
{
    if (*at >= report->len) return "";
    const char *text = report->text + *at;
    *at += strlen(text) + 1;
    return text;
}

static void add_damage(struct rows *rows, const char *place, const char *problem)
{
    rows_next(rows);
    rows_text(rows, 0, place);
    rows_text(rows, 1, problem);
}

static int show_report(const struct report *report, const struct show_style *style,
                       const char *path)
{
    struct rows rows;
    size_t at = 0;
    rows_init(&rows);
    rows_field(&rows, "place", PACE_FIELD_TEXT);
    rows_field(&rows, "problem", PACE_FIELD_TEXT);
    const char *word = report_next(report, &at);
    while (strcmp(word, "damage") == 0) {
        const char *place = report_next(report, &at);
        add_damage(&rows, place, report_next(report, &at));
        word = report_next(report, &at);
    }
    int ended = strcmp(word, "end") == 0 && WIFEXITED(report->status);
    int code = ended ? atoi(report_next(report, &at)) : PACE_ECORRUPT;
    const char *message = ended ? report_next(report, &at) : "";
    if (!ended && WIFSIGNALED(report->status)) {
        char problem[128];
        snprintf(problem, sizeof problem, "looking at it ended with signal %d (%s)",
                 WTERMSIG(report->status), strsignal(WTERMSIG(report->status)));
        add_damage(&rows, "the data file", problem);
        message = "the data file is damaged in a way that is not safe to look at";
    }
    int status = rows.count > 0 || style->format != NULL ? show_rows(style, &rows) : STATUS_OK;
    rows_clear(&rows);
    if (code == 0)
        say_note("%s is whole: %s", path, report_next(report, &at));
    else
        say_error("%s", *message != '\0' ? message : pace_strerror(code));
    return status_merge(status, status_of_error(code));
}

int cmd_verify(const struct arguments *arguments)
{
    struct show_style style;
    struct report report;
    char path[PATH_MAX];
    if (arguments->operand_count > 0)
        return command_misused(arguments->command,
                               "`pace verify` takes no operands; name the store with --db");
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_path(arguments, STORE_READ, path);
    if (status == 0) status = report_get(&report, path);
    if (status != 0) return status;
    status = show_report(&report, &style, path);
    free(report.text);
    return status;
}
