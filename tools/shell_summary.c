/* shell_summary.c -- the greeting: what the store has, and how its newest run went. */
#include "shell.h"

#include "judge.h"
#include "say.h"
#include "timestamp.h"

#include <stdio.h>
#include <string.h>

enum {
    HASH_SHOWN = 9,
    SUMMARY = 256,
    POINTS_AT_ONCE = 1 << 16, /* of histories that the verdict is on: some 5 ms */
};

/* The newest run that is there: numbers of dropped ones are gaps. */
static int newest_run(pace_snapshot *snapshot, struct pace_run_view *out)
{
    for (uint64_t run = pace_run_count(snapshot); run > 0; run--) {
        int code = pace_run_get(snapshot, run, NULL, out);
        if (code != PACE_ENOTFOUND) return code;
    }
    return PACE_ENOTFOUND;
}

static const char *name_of(pace_snapshot *snapshot, enum pace_dimension dimension, uint32_t id)
{
    const char *const *names;
    uint32_t count;
    if (pace_names(snapshot, dimension, NULL, &names, &count) != 0 || id >= count) return "";
    return names[id];
}

/* "3 days ago". */
static void distance(int64_t now_ns, int64_t then_ns, char *text, size_t size)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {
        {31536000, "year"}, {2592000, "month"}, {86400, "day"}, {3600, "hour"}, {60, "minute"}};
    int64_t seconds = (now_ns - then_ns) / INT64_C(1000000000);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        long long count = (long long)(seconds / units[i].seconds);
        if (count < 1) continue;
        snprintf(text, size, "%lld %s%s ago", count, units[i].name, count == 1 ? "" : "s");
        return;
    }
    snprintf(text, size, "just now");
}

/* The verdict on one run: the counts, then what got worse. */
static void judge(struct shell *shell, const struct judge_scope *scope)
{
    struct judgement judgement;
    char summary[SUMMARY];
    if (judge_read(shell->store, scope, NULL, &judgement) == 0 && judgement.count > 0) {
        say_note("%s", judge_summary(&judgement, summary, sizeof summary));
        if (judgement.counts[JUDGE_VERDICT_WORSE] > 0)
            judge_show(shell->store, &judgement, NULL, JUDGE_FIRST_COUNTS, &shell->show.style, 1);
        size_t open = judge_open(&judgement);
        if (open > 0)
            say_note("%zu regression%s of earlier runs %s open; `pace alerts` lists %s", open,
                     open == 1 ? "" : "s", open == 1 ? "is" : "are", open == 1 ? "it" : "them");
    }
    judge_clear(&judgement);
}

static void tell_run(struct shell *shell, pace_snapshot *snapshot)
{
    struct pace_run_view run;
    struct pace_stream stream;
    char when[64];
    if (newest_run(snapshot, &run) != 0) {
        say_note("It is empty: `pace run` stores what a benchmark measured, `pace load` what files "
                 "have.");
        return;
    }
    if (pace_stream_get(snapshot, run.stream, NULL, &stream) != 0) return;
    struct judge_scope scope = {
        .project = name_of(snapshot, PACE_PROJECT, stream.project),
        .branch = name_of(snapshot, PACE_BRANCH, stream.branch),
        .testbed = name_of(snapshot, PACE_TESTBED, stream.testbed),
        .run = run.run,
        .time_ns = run.time_ns,
    };
    int64_t now_ns = shell->show.style.now_ns;
    distance(now_ns != 0 ? now_ns : timestamp_now(), run.ran_ns != 0 ? run.ran_ns : run.time_ns,
             when, sizeof when);
    say_note("newest run: %llu, %s, %s / %s / %s%s%.*s", (unsigned long long)run.run, when,
             scope.project, scope.branch, scope.testbed, *run.commit != '\0' ? ", commit " : "",
             HASH_SHOWN, run.commit);
    if (run.cell_count <= JUDGE_AT_ONCE && run.cell_count * stream.run_count <= POINTS_AT_ONCE)
        judge(shell, &scope);
    else
        say_note("%u series; `pace check` judges them", run.cell_count);
}

void shell_summary(struct shell *shell)
{
    pace_snapshot *snapshot = NULL;
    struct pace_stat stat = {0};
    if (pace_snapshot_begin(shell->store, NULL, &snapshot) != 0) return;
    if (pace_stat(snapshot, NULL, &stat) == 0)
        say_note("pace %s, %s: %llu run%s, %llu series", pace_version(), pace_path(shell->store),
                 (unsigned long long)stat.runs, stat.runs == 1 ? "" : "s",
                 (unsigned long long)stat.series);
    tell_run(shell, snapshot);
    pace_snapshot_end(snapshot);
    say_note("Type a query, .help, or .examples; Tab completes, Ctrl-D ends.");
}
