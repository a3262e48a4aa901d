/* bench_command.c -- what a person waits for: the prompt, and long results written to a file.
 *
 *   usage: bench_command SCRATCH PACE SQLITE3
 *
 * A store of 100,000 points (4 streams x 250 columns x 100 runs), SQLite's with the same points,
 * and a store of a longer history. The prompt is waited for at the other end of a terminal, from
 * the start of the process on, its greeting and verdict on the newest run included. Results are
 * counted before they count. */
#include "peer_sqlite.h"
#include "report.h"
#include "timing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 31, TABLE_ROUNDS = 9, WARM_UP = 2, PATH_BYTES = 4096, SCREEN_BYTES = 1 << 16 };
static const struct workload WORKLOAD = {.streams = 4, .columns = 250, .runs = 100},
                             LONG = {.streams = 1, .columns = 500, .runs = 1000};
static const double PROMPT_BAR_S = 10e-3, ROWS_BAR = 1e6;

#define SQL_ROWS                                                                                   \
    "SELECT testbed, benchmark, p.time, hash, value, unit FROM series s JOIN point p ON"           \
    " p.series = s.id JOIN run r ON r.stream = s.stream AND r.time = p.time"

struct place {
    char store[PATH_BYTES], longer[PATH_BYTES], database[PATH_BYTES], answer[PATH_BYTES],
        home[PATH_BYTES + 8];
    char *pace, *sqlite;
};

static int fill_store(const char *path, const struct workload *workload)
{
    struct pace_error error = {0};
    pace *store;
    int status = pace_open(path, PACE_CREATE, NULL, &error, &store);
    if (!status) {
        status = workload_fill(workload, store, &error);
        pace_close(store);
    }
    if (status) fprintf(stderr, "bench: fill: %s\n", error.message);
    return status;
}

static int fill(const struct place *place)
{
    struct peer *peer;
    if (fill_store(place->store, &WORKLOAD) || fill_store(place->longer, &LONG) ||
        peer_open(place->database, &WORKLOAD, &peer))
        return -1;
    int status = peer_fill(peer, WORKLOAD.runs);
    if (!status) status = peer_settle(peer);
    peer_close(peer);
    return status;
}

/* -- the prompt -------------------------------------------------------------------------------- */

/* The master of a new terminal of 100 columns; `name` is its other end. */
static int open_terminal(const char **name)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) return -1;
    *name = grantpt(terminal) || unlockpt(terminal) ? NULL : ptsname(terminal);
    if (*name) return terminal;
    close(terminal);
    return -1;
}

/* A program on a terminal of its own. */
static int start(const struct place *place, char *const argv[], const char *terminal, pid_t *child)
{
    char *const environment[] = {(char[]){"PATH=/usr/local/bin:/usr/bin:/bin"},
                                 (char[]){"LC_ALL=C.UTF-8"}, (char[]){"TERM=xterm-256color"},
                                 (char *)(size_t)place->home, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, terminal, O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    int status = posix_spawn(child, argv[0], &files, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return status;
}

/* Reads what appears on the terminal until `prompt` does. */
static int wait_for(int terminal, const char *prompt)
{
    static char screen[SCREEN_BYTES];
    size_t used = 0;
    while (used + 1 < sizeof screen) {
        ssize_t got = read(terminal, screen + used, sizeof screen - used - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        used += (size_t)got;
        screen[used] = '\0';
        if (strstr(screen, prompt)) return 0;
    }
    fprintf(stderr, "bench: '%s' did not come:\n%s\n", prompt, screen);
    return -1;
}

static int time_prompt(const struct place *place, char *const argv[], const char *prompt,
                       struct samples *samples)
{
    const char *name;
    int terminal = open_terminal(&name), state;
    pid_t child;
    if (terminal < 0) {
        fprintf(stderr, "bench: no terminal: %s\n", strerror(errno));
        return -1;
    }
    double start_s = wall_s();
    int status = start(place, argv, name, &child);
    if (!status) status = wait_for(terminal, prompt);
    if (!status) samples_add(samples, wall_s() - start_s);
    close(terminal); /* which hangs it up */
    if (!status) {
        kill(child, SIGHUP);
        waitpid(child, &state, 0);
    }
    return status;
}

static int prompts(struct place *place)
{
    static struct samples ours, longer, theirs, nothing;
    struct cost cost;
    char *const own[] = {place->pace, (char[]){"--db"}, place->store, NULL};
    char *const other[] = {place->pace, (char[]){"--db"}, place->longer, NULL};
    char *const peer[] = {place->sqlite, place->database, NULL};
    for (int round = -WARM_UP; round < ROUNDS; round++) {
        if (time_prompt(place, own, "pace> ", &ours) ||
            time_prompt(place, other, "pace> ", &longer) ||
            time_prompt(place, peer, "sqlite> ", &theirs) || cost_of_nothing(&cost))
            return -1;
        samples_add(&nothing, cost.wall_s);
        if (round < 0) ours.count = longer.count = theirs.count = nothing.count = 0;
    }
    report_begin("Start to prompt", "sqlite3");
    report_row((struct row){"with the verdict on 250 series", FIGURE_TIME, samples_median(&ours),
                            samples_median(&theirs), PROMPT_BAR_S});
    report_row(
        (struct row){"  the least", FIGURE_TIME, samples_least(&ours), samples_least(&theirs), 0});
    report_row((struct row){"500 series of 1,000 runs", FIGURE_TIME, samples_median(&longer), 0,
                            PROMPT_BAR_S});
    report_row((struct row){"  the least", FIGURE_TIME, samples_least(&longer), 0, 0});
    report_row((struct row){"a program that does nothing, from start to end", FIGURE_TIME,
                            samples_median(&nothing), 0, 0});
    report_row((struct row){"  the least", FIGURE_TIME, samples_least(&nothing), 0, 0});
    return 0;
}

/* -- results to a file ------------------------------------------------------------------------- */

static size_t count_lines(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    size_t lines = 0;
    if (!file) return 0;
    for (size_t got; (got = fread(text, 1, sizeof text, file)) > 0;)
        for (size_t i = 0; i < got; i++)
            lines += text[i] == '\n';
    fclose(file);
    return lines;
}

/* Rows a second of a command that writes all points and at most `more` lines around them. */
static int time_rows(const struct place *place, char *const argv[], size_t more,
                     struct samples *wall, struct samples *cpu)
{
    const size_t rows = (size_t)WORKLOAD.streams * WORKLOAD.columns * WORKLOAD.runs;
    struct cost cost;
    if (cost_of_child(argv, place->answer, &cost)) return -1;
    size_t lines = count_lines(place->answer);
    if (lines < rows || lines > rows + more) {
        fprintf(stderr, "bench: %zu lines of %zu rows from %s\n", lines, rows, argv[0]);
        return -1;
    }
    samples_add(wall, (double)rows / cost.wall_s);
    samples_add(cpu, (double)rows / cost.cpu_s);
    return 0;
}

static int results(struct place *place)
{
    static const struct {
        const char *format, *mode, *what;
        double bar;
    } forms[] = {
        {"table", "-column", "as a table", ROWS_BAR},
        {"csv", "-csv", "as csv", 0},
        {"jsonl", "-json", "as JSON lines", 0},
    };
    enum { FORMS = sizeof forms / sizeof forms[0] };
    static struct samples wall[FORMS], cpu[FORMS], theirs[FORMS], unused;
    for (int round = -WARM_UP; round < TABLE_ROUNDS; round++)
        for (size_t i = 0; i < FORMS; i++) {
            char *const own[] = {place->pace,
                                 (char[]){"query"},
                                 (char[]){"--db"},
                                 place->store,
                                 (char[]){"--format"},
                                 (char *)(size_t)forms[i].format,
                                 (char[]){"branch:main"},
                                 NULL};
            char *const peer[] = {
                place->sqlite,   (char[]){"-batch"}, (char *)(size_t)forms[i].mode,
                place->database, (char[]){SQL_ROWS}, NULL};
            if (round < 0) wall[i].count = cpu[i].count = theirs[i].count = 0;
            unused.count = 0;
            if (time_rows(place, own, 40, &wall[i], &cpu[i]) ||
                time_rows(place, peer, 40, &theirs[i], &unused))
                return -1;
        }
    report_begin("100,000 rows to a file, a process: rows a second", "sqlite3");
    for (size_t i = 0; i < FORMS; i++) {
        report_row((struct row){forms[i].what, FIGURE_RATE, samples_median(&wall[i]),
                                samples_median(&theirs[i]), forms[i].bar});
        report_row(
            (struct row){"  of CPU time", FIGURE_RATE, samples_median(&cpu[i]), 0, forms[i].bar});
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct place place;
    unsigned met, missed;
    if (argc != 4) {
        fputs("usage: bench_command SCRATCH PACE SQLITE3\n", stderr);
        return 2;
    }
    place.pace = argv[2];
    place.sqlite = argv[3];
    snprintf(place.store, sizeof place.store, "%s/command.pace", argv[1]);
    snprintf(place.longer, sizeof place.longer, "%s/longer.pace", argv[1]);
    snprintf(place.database, sizeof place.database, "%s/command.sqlite", argv[1]);
    snprintf(place.answer, sizeof place.answer, "%s/answer", argv[1]);
    snprintf(place.home, sizeof place.home, "HOME=%s", argv[1]);
    if (fill(&place) || prompts(&place) || results(&place)) return 1;
    report_count(&met, &missed);
    printf("\n%u bars met, %u missed\n", met, missed);
    return 0;
}
