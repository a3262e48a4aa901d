/* test_rules.c -- the rules that settle questions: one test a rule, its number in the name. Of a
 * rule that spans parts, what the library shows of it; the command's share is tested with the
 * command. */
#include "world.h"

#include <sys/stat.h>
#include <time.h>

#define DAY FIXTURE_DAY_NS
#define NOW WORLD_NOW_NS

/* One run of branch main with one cell, latency in ns; fields may be changed before it is stored.
 */
struct point {
    const char *branch, *commit, *id, *benchmark, *measure, *unit;
    int64_t time_ns, ran_ns;
    uint32_t ordinal;
    enum pace_direction direction;
    enum pace_cell_status status;
    double value;
};

static struct point point_at(int day, double value)
{
    return (struct point){.branch = "main",
                          .commit = "",
                          .benchmark = "b",
                          .measure = "latency",
                          .unit = "ns",
                          .time_ns = FIXTURE_START_NS + day * DAY,
                          .direction = PACE_LOWER_IS_BETTER,
                          .value = value};
}

static int try_put(struct world *world, struct point point, struct pace_run_result *result)
{
    struct pace_run_info info = {.project = "p",
                                 .branch = point.branch,
                                 .testbed = "t",
                                 .commit = point.commit,
                                 .id = point.id,
                                 .time_ns = point.time_ns,
                                 .ran_ns = point.ran_ns,
                                 .ordinal = point.ordinal};
    struct pace_cell cell = {.benchmark = point.benchmark,
                             .measure = point.measure,
                             .unit = point.unit,
                             .direction = point.direction,
                             .status = point.status,
                             .value = point.value,
                             .lower = (double)NAN,
                             .upper = (double)NAN};
    pace_run *run;
    int status = pace_run_begin(world->store, &info, NULL, &run);
    if (status) return status;
    status = pace_run_put(run, &cell, NULL);
    if (!status) status = pace_runs_commit(world->store, &run, 1, NULL, result);
    pace_run_free(run);
    return status;
}

static void put(struct world *world, struct point point)
{
    assert_int_equal(try_put(world, point, NULL), 0);
}

static void put_at(struct world *world, int day, double value)
{
    put(world, point_at(day, value));
}

/* `count` days of noise of 1 % around a level. */
static void put_level(struct world *world, int day, int count, double level)
{
    for (int i = 0; i < count; i++)
        put_at(world, day + i, level * (1 + 0.01 * fixture_noise(day + i, 3)));
}

/* 1. Order: (commit time, first-parent count where both are known, arrival). */
static void test_rule_01_order(void **state)
{
    struct world *world = *state;
    put_at(world, 5, 50);
    put_at(world, 1, 10); /* comes late, takes its place */
    struct point point = point_at(3, 31);
    point.ordinal = 7;
    put(world, point);
    point.value = 30;
    point.ordinal = 6; /* the same time: the count of first parents decides */
    put(world, point);
    put_at(world, 5, 51); /* the same time: the arrival decides */
    query_gives(world->session, "branch:main | keep value, run",
                "value,run\n10,2\n30,4\n31,3\n50,1\n51,5\n");
    /* a judged point never sees what comes after it, nor does it see later arrivals of its own time
     */
    query_gives(world->session,
                "branch:main | derive n = count(value) over all needs 0, l = last(value) over all "
                "needs 0 | keep value, n, l",
                "value,n,l\n10,0,\n30,1,10\n31,2,30\n50,3,31\n51,4,50\n");
    put_at(world, 4,
           40); /* a backfilled run changes what later points are judged by, not earlier ones */
    query_gives(world->session,
                "branch:main | derive l = last(value) over all needs 0 | keep value, l",
                "value,l\n10,\n30,10\n31,30\n40,31\n50,40\n51,50\n");
}

/* 2. Identity: the same content is the same run; the same id with other content is an error. */
static void test_rule_02_identity(void **state)
{
    struct world *world = *state;
    struct pace_run_result first, again;
    struct point point = point_at(1, 10);
    point.ran_ns = FIXTURE_START_NS + 1;
    assert_int_equal(try_put(world, point, &first), 0);
    point.ran_ns += DAY; /* when it was executed is not of the identity that content gives */
    assert_int_equal(try_put(world, point, &again), 0);
    assert_true(again.duplicate && again.run == first.run);
    point = point_at(2, 20);
    point.id = "job-17";
    assert_int_equal(try_put(world, point, &first), 0);
    point.value = 21;
    assert_int_equal(try_put(world, point, NULL), PACE_ECONFLICT);
    query_gives(world->session, "branch:main | keep value", "value\n10\n20\n");
}

/* 3. One cell per run and series. */
static void test_rule_03_duplicate_cell(void **state)
{
    struct world *world = *state;
    struct pace_run_info info = {
        .project = "p", .branch = "main", .testbed = "t", .time_ns = FIXTURE_START_NS};
    pace_run *run;
    assert_int_equal(pace_run_begin(world->store, &info, NULL, &run), 0);
    assert_int_equal(fixture_cell(run, "b", "latency", "ns", PACE_LOWER_IS_BETTER, 10, 0), 0);
    assert_int_equal(fixture_cell(run, "b", "latency", "ns", PACE_LOWER_IS_BETTER, 11, 0),
                     PACE_EDUPLICATE);
    assert_int_equal(fixture_cell(run, "b", "bytes", "B", PACE_LOWER_IS_BETTER, 11, 0), 0);
    assert_int_equal(pace_runs_commit(world->store, &run, 1, NULL, NULL), 0);
    pace_run_free(run);
    query_gives(world->session, "measure:latency | keep value", "value\n10\n");
}

/* 4. Values that are not finite never enter; a cell that failed has no value and is no point of a
 * window. */
static void test_rule_04_finite(void **state)
{
    struct world *world = *state;
    assert_int_equal(try_put(world, point_at(1, (double)NAN), NULL), PACE_EVALUE);
    assert_int_equal(try_put(world, point_at(1, (double)INFINITY), NULL), PACE_EVALUE);
    put_level(world, 1, 6, 100);
    struct point failed = point_at(7, 0);
    failed.status = PACE_CELL_FAILED;
    put(world, failed);
    failed.time_ns += DAY;
    failed.status = PACE_CELL_SKIPPED;
    put(world, failed);
    put_at(world, 9, 100);
    query_gives(world->session,
                "branch:main | check t-test 99% | last 3 | keep value, status, n, verdict",
                "value,status,n,verdict\n,failed,6,failed\n,skipped,6,failed\n100,ok,6,ok\n");
    query_gives(world->session, "branch:main | summarize n = count(), values = count(value)",
                "n,values\n9,7\n");
    assert_int_equal(query_status(world->session, "branch:main | check t-test 99% | between "
                                                  "2026-01-08 and 2026-01-10 | expect not worse"),
                     4);
}

/* 5. The first unit is canonical; others of its kind rescale, another kind is refused. */
static void test_rule_05_units(void **state)
{
    struct world *world = *state;
    put_at(world, 1, 1500000);
    struct point point = point_at(2, 1.25);
    point.unit = "ms";
    put(world, point);
    point = point_at(3, 3);
    point.unit = "MB";
    assert_int_equal(try_put(world, point, NULL), PACE_EUNIT);
    query_gives(world->session, "branch:main | keep value, unit",
                "value,unit\n1500000,ns\n1250000,ns\n");
    query_gives(world->session, "branch:main | where value > 1.3ms | keep value",
                "value\n1500000\n");
    query_fails(world->session, "branch:main | where value > 3MB", 40, "is a time (ns)");
    /* which way is better: said by the cell, or in advance; unknown stays unknown */
    query_run(world->session, "save measure cover = \"%\" higher", NULL, NULL);
    static const char *const measures[] = {"cover", "misses", "latency"};
    static const char *const verdicts[] = {"better", "changed", "worse"};
    for (int m = 0; m < 3; m++) {
        char script[200], expected[100];
        for (int day = 10; day < 20; day++) {
            point = point_at(day, day == 19 ? 90 : 50 + day % 2);
            point.measure = measures[m];
            point.unit = m == 0 ? "%" : m == 1 ? "things" : "ns";
            point.direction = m == 2 ? PACE_LOWER_IS_BETTER : PACE_DIRECTION_UNKNOWN;
            put(world, point);
        }
        snprintf(script, sizeof script,
                 "measure:%s | since 2026-01-11 | check z-score within 3sd over 9 | last 1 | keep "
                 "verdict",
                 measures[m]);
        snprintf(expected, sizeof expected, "verdict\n%s\n", verdicts[m]);
        query_gives(world->session, script, expected);
    }
}

/* 6. commit:X is a full hash or the beginning of one; ambiguity is an error that lists the choices.
 */
static void test_rule_06_commits(void **state)
{
    struct world *world = *state;
    static const char *const commits[] = {"4f2a1c0000", "4f2a1cffff", "77aa000000", "v1", "v10"};
    for (int i = 0; i < 5; i++) {
        struct point point = point_at(i, i);
        point.commit = commits[i];
        put(world, point);
    }
    query_gives(world->session, "commit:77aa0 | keep value", "value\n2\n");
    query_gives(world->session, "commit:4f2a1c0000 | keep value", "value\n0\n");
    query_gives(world->session, "commit:v1 | keep value", "value\n3\n"); /* in full: not v10 */
    query_gives(world->session, "commit:v1* | keep value", "value\n3\n4\n");
    query_gives(world->session, "not commit:77aa0 | keep value", "value\n0\n1\n3\n4\n");
    query_gives(world->session, "branch:main | where commit:77aa0 | keep value", "value\n2\n");
    query_gives(world->session, "commit:77 | keep value", ""); /* too short to stand for a hash */
    query_fails(world->session, "commit:4f2a1c", 39, "4f2a1c0000 or 4f2a1cffff");
    query_fails(world->session, "branch:main | since commit:4f2a1c", 39,
                "4f2a1c0000 or 4f2a1cffff");
    query_fails(world->session, "branch:main | where commit:4f2a1c", 39,
                "4f2a1c0000 or 4f2a1cffff");
    query_fails(world->session, "branch:main | since commit:9999999", 38, "9999999");
    query_fails(world->session, "mark accept branch:main at commit:4f2a1c", 39,
                "4f2a1c0000 or 4f2a1cffff");
}

/* 7. Times: ISO 8601 in UTC; d is 24 h, mo 30 d, y 365 d; between is half open for dates, inclusive
 * for commits; a run more than 24 h in the future is refused. */
static void test_rule_07_times(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 6; i++) {
        struct point point = point_at(0, i);
        char commit[20];
        snprintf(commit, sizeof commit, "commit-%d", i);
        point.commit = commit;
        point.time_ns = INT64_C(1767225600000000000) + i * DAY; /* 2026-01-01 */
        if (i == 5) point.time_ns += 500000001;
        put(world, point);
    }
    query_gives(world->session, "branch:main | keep time | last 2",
                "time\n2026-01-05T00:00:00Z\n2026-01-06T00:00:00.500000001Z\n");
    query_gives(world->session, "branch:main | between 2026-01-02 and 2026-01-04 | keep value",
                "value\n1\n2\n");
    query_gives(world->session,
                "branch:main | between 2026-01-02T01:00+01:00 and 2026-01-04 | keep value",
                "value\n1\n2\n");
    query_gives(world->session,
                "branch:main | between commit:commit-1 and commit:commit-3 | keep value",
                "value\n1\n2\n3\n");
    query_gives(world->session, "branch:main | since 2026-01-05 | keep value", "value\n4\n5\n");
    query_gives(world->session, "branch:main | until 2026-01-02 | keep value", "value\n0\n");
    query_gives(world->session, "branch:main | until commit:commit-1 | keep value",
                "value\n0\n1\n");
    query_gives(world->session, "branch:main | last 2d | keep value",
                "value\n4\n5\n"); /* later than 2 days before the newest */
    query_gives(world->session, "branch:main | last 48h | keep value", "value\n4\n5\n");
    query_gives(world->session,
                "branch:main | last 1 | derive mo = time - (time - 1mo), y = time - (time - 1y) | "
                "keep mo, y",
                "mo,y\n2592000000000000,31536000000000000\n");
    query_fails(world->session, "branch:main | between 2026-01-04 and 2026-01-02", 52,
                "ends before it begins");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct point point = point_at(0, 1);
    point.time_ns = now.tv_sec * INT64_C(1000000000) + 25 * INT64_C(3600000000000);
    assert_int_equal(try_put(world, point, NULL), PACE_ETIME);
    point.time_ns -= 2 * INT64_C(3600000000000);
    assert_int_equal(try_put(world, point, NULL), 0);
}

/* 8. A zero base: any difference meets any floor. Output: series by key, then run order, missing
 * last. */
static void test_rule_08_zero_base(void **state)
{
    struct world *world = *state;
    for (int day = 0; day < 8; day++)
        put_at(world, day, 0);
    put_at(world, 8, 0.0001);
    query_gives(world->session,
                "branch:main | check percentage 10% floor 50% | last 2 | keep base, verdict, score",
                "base,verdict,score\n0,flat-ok,0\n0,worse,\n");
    query_gives(world->session,
                "branch:main | baseline mean over 5 | last 1 | keep base, delta, diff",
                "base,delta,diff\n0,,0.0001\n");
}

static void test_rule_08_output_order(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"z", "a", "m/2", "m/10"};
    for (int i = 0; i < 4; i++)
        for (int day = 3; day > 0; day--) {
            struct point point = point_at(day, day * 10 + i);
            point.benchmark = names[i];
            if (i == 2 && day == 2) point.status = PACE_CELL_FAILED;
            put(world, point);
        }
    query_gives(world->session, "branch:main | keep benchmark, value",
                "benchmark,value\na,11\na,21\na,31\nm/10,13\nm/10,23\nm/10,33\nm/2,12\nm/2,\nm/"
                "2,32\nz,10\nz,20\nz,30\n");
    query_gives(world->session, "branch:main benchmark:m/2 | sort value | keep value",
                "value\n12\n32\n\n");
    query_gives(world->session,
                "branch:main | where benchmark:m/* | sort value desc, benchmark | keep value",
                "value\n33\n32\n23\n13\n12\n\n");
    query_gives(
        world->session,
        "branch:main | summarize n = count() by benchmark, time | where benchmark:m/2 or "
        "benchmark:a | keep benchmark, time",
        "benchmark,time\na,2026-01-02T08:00:00Z\na,2026-01-03T08:00:00Z\na,2026-01-04T08:00:00Z\n"
        "m/2,2026-01-02T08:00:00Z\nm/2,2026-01-03T08:00:00Z\nm/2,2026-01-04T08:00:00Z\n");
    query_gives(world->session,
                "branch:main benchmark:m/2 | summarize n = count() by value | keep value, n",
                "value,n\n12,1\n32,1\n,1\n");
}

/* 9. `confirm K of N` counts the judged point and the N-1 before it, each against its own window.
 */
static void test_rule_09_confirm(void **state)
{
    struct world *world = *state;
    put_level(world, 0, 20, 100);
    put_at(world, 20, 130);
    put_at(world, 21, 100);
    put_at(world, 22, 131);
    put_at(world, 23, 132);
    put_at(world, 24, 50);
    put_at(world, 25, 133);
    query_gives(
        world->session,
        "branch:main | last 6 | check mad 5sd over 20 confirm 2 of 2 | keep value, verdict",
        "value,verdict\n130,suspected\n100,ok\n131,suspected\n132,worse\n50,ok\n133,suspected\n");
    query_gives(world->session,
                "branch:main | last 6 | check mad 5sd over 20 confirm 2 of 3 | keep value, verdict",
                "value,verdict\n130,suspected\n100,ok\n131,worse\n132,worse\n50,ok\n133,worse\n");
    query_gives(world->session,
                "branch:main | last 6 | check mad 5sd over 20 confirm 3 of 5 | keep value, verdict",
                "value,verdict\n130,ok\n100,ok\n131,suspected\n132,worse\n50,ok\n133,worse\n");
    /* 50 is of the other side */
    query_gives(
        world->session,
        "branch:main | last 6 | check mad within 5sd over 20 confirm 2 of 3 | keep value, verdict",
        "value,verdict\n130,suspected\n100,ok\n131,worse\n132,worse\n50,ok\n133,worse\n");
    /* the points before count although they are not asked for */
    query_gives(world->session,
                "branch:main | check mad 5sd over 20 confirm 2 of 3 | last 1 | keep verdict",
                "verdict\nworse\n");
    query_gives(world->session,
                "branch:main | last 1 | check mad 5sd over 20 confirm 2 of 3 | keep verdict",
                "verdict\nworse\n");
}

/* 10. `accept` restarts every window; until `needs` is met the spread before it is used, not the
 * centre. */
static void test_rule_10_accept(void **state)
{
    struct world *world = *state;
    put_level(world, 0, 20, 100);
    put_level(world, 20, 8, 200);
    query_gives(
        world->session,
        "branch:main | check z-score 3sd over 10 | last 8 | where worse | summarize n = count()",
        "n\n1\n");
    query_run(world->session, "mark accept branch:main at 2026-01-21", NULL, NULL);
    query_gives(world->session,
                "branch:main | check z-score 3sd over 10 | last 8 | keep n, verdict",
                "n,verdict\n0,thin\n1,ok\n2,ok\n3,ok\n4,ok\n5,ok\n6,ok\n7,ok\n");
    /* the centre is the new one, the distance of the limit is that of the noise before */
    query_gives(world->session,
                "branch:main | check z-score 3sd over 20 | last 7 | take 1 | derive c = "
                "round(base), old = high_limit - base < 10 | keep c, old",
                "c,old\n200,true\n");
    query_gives(
        world->session,
        "branch:main | baseline min over 50 needs 1 | last 2 | derive m = round(base) | keep m, n",
        "m,n\n198,6\n198,7\n");
    query_gives(world->session,
                "branch:main | derive n = count(value) over all needs 0 | last 9 | keep n",
                "n\n19\n0\n1\n2\n3\n4\n5\n6\n7\n");
}

/* The first run of an accepted change may have failed, or be filtered out: the change stays
 * accepted. */
static void test_rule_10_accept_at_a_failed_run(void **state)
{
    struct world *world = *state;
    put_level(world, 0, 10, 100);
    struct point failed = point_at(10, 0);
    failed.status = PACE_CELL_FAILED;
    put(world, failed);
    put_level(world, 11, 3, 200);
    query_run(world->session, "mark accept branch:main at 2026-01-11", NULL, NULL);
    query_gives(world->session,
                "branch:main | derive n = count(value) over all needs 0 | last 3 | keep n",
                "n\n0\n1\n2\n");
    query_gives(world->session,
                "branch:main | where status == \"ok\" | derive n = count(value) over all needs 0 | "
                "last 3 | keep n",
                "n\n0\n1\n2\n");
}

/* 11. Marks and saved objects may be undone or replaced, never edited; a dropped object keeps its
 * history. */
static void test_rule_11_marks_undo(void **state)
{
    struct world *world = *state;
    put_level(world, 0, 6, 100);
    query_run(world->session, "mark exclude branch:main run:3 \"the runner was swapping\"", NULL,
              NULL);
    query_gives(world->session, "branch:main | keep run", "run\n1\n2\n4\n5\n6\n");
    query_gives(world->session,
                "branch:main | last 1 | derive n = count(value) over all needs 0 | keep n",
                "n\n4\n");
    query_run(world->session, "mark undo 1", NULL, NULL);
    query_gives(world->session, "branch:main | keep run", "run\n1\n2\n3\n4\n5\n6\n");
    query_fails(world->session, "mark undo 1", 33, "1");
    query_fails(world->session, "mark undo 9", 33, "9");
    pace_snapshot *snapshot;
    const struct pace_mark *marks;
    size_t count;
    assert_int_equal(pace_snapshot_begin(world->store, NULL, &snapshot), 0);
    assert_int_equal(pace_marks(snapshot, NULL, &marks, &count), 0);
    assert_true(count >= 1 && marks[0].undone &&
                strcmp(marks[0].note, "the runner was swapping") == 0);
    pace_snapshot_end(snapshot);
}

static void test_rule_11_objects(void **state)
{
    struct world *world = *state;
    put_level(world, 0, 6, 100);
    query_run(world->session, "save view v = branch:main | last 2", NULL, NULL);
    query_gives(world->session, "v | keep run", "run\n5\n6\n");
    query_run(world->session, "save view v = branch:main | last 1", NULL, NULL);
    query_gives(world->session, "v | keep run", "run\n6\n");
    query_run(world->session, "drop view v", NULL, NULL);
    query_fails(world->session, "v | keep run", 33, "no view 'v'");
    query_fails(world->session, "drop view v", 33, "no view 'v'");
    uint32_t version = 0;
    assert_int_equal(pace_object_put(world->store, PACE_OBJECT_VIEW, "v", "view v = branch:main",
                                     NULL, &version),
                     0);
    assert_int_equal(version, 4); /* two definitions and the drop are still there */
}

/* A mark means the same to every session: $names in it are resolved when it is made. */
static void test_rule_11_marks_of_variables(void **state)
{
    struct world *world = *state;
    put_level(world, 0, 6, 100);
    assert_int_equal(pace_session_set(world->session, "b", "main", NULL), 0);
    query_run(world->session, "mark exclude branch:$b run:6", NULL, NULL);
    pace_session *other = query_session(world->store, NOW);
    query_gives(other, "branch:main | last 1 | keep run", "run\n5\n");
    /* the newest run is hidden: the one before is the last */
    query_gives(other, "branch:main | last run | keep run", "run\n5\n");
    pace_session_close(other);
}

/* An archived branch is not there, and a gate on it is not green. */
static void test_rule_11_archive(void **state)
{
    struct world *world = *state;
    put_level(world, 0, 6, 100);
    struct point point = point_at(9, 7);
    point.branch = "old";
    put(world, point);
    query_run(world->session, "mark archive branch:old", NULL, NULL);
    query_gives(world->session, "branch:* | last 1 | keep branch", "branch\nmain\n");
    assert_int_equal(query_status(world->session, "branch:old | expect none"), 4);
    query_run(world->session, "mark undo 1", NULL, NULL);
    query_gives(world->session, "branch:* | last 1 | keep branch", "branch\nmain\nold\n");
}

/* 12. Mode 0700 and 0600; an empty store is under 100 KiB of disk. */
static void test_rule_12_store(void **state)
{
    (void)state;
    char *base = fixture_dir(), path[4200], file[4400];
    snprintf(path, sizeof path, "%s/store", base);
    mode_t mask = umask(0);
    pace *store;
    assert_int_equal(pace_open(path, PACE_CREATE, NULL, NULL, &store), 0);
    pace_close(store);
    umask(mask);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    int64_t bytes = 0;
    for (size_t i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%s/%s", path, names[i]);
        if (stat(file, &st)) continue; /* the lock goes with its last user */
        assert_int_equal(st.st_mode & 07777, 0600);
        bytes += st.st_size;
    }
    assert_true(bytes > 0 && bytes < 100 << 10);
    fixture_remove(base);
    free(base);
}

/* 14. Thousands of branches are ordinary, and so are marks on them. */
static void test_rule_14_branches(void **state)
{
    struct world *world = *state;
    enum { BRANCHES = 3000, TOGETHER = 500 };
    for (int from = 0; from < BRANCHES; from += TOGETHER) {
        pace_run *runs[TOGETHER];
        for (int i = 0; i < TOGETHER; i++) {
            char branch[20];
            snprintf(branch, sizeof branch, "pr/%d", from + i);
            struct pace_run_info info = {
                .project = "p", .branch = branch, .testbed = "t", .time_ns = FIXTURE_START_NS + i};
            assert_int_equal(pace_run_begin(world->store, &info, NULL, &runs[i]), 0);
            for (int b = 0; b < 3; b++) {
                char benchmark[20];
                snprintf(benchmark, sizeof benchmark, "bench/%d", b);
                assert_int_equal(fixture_cell(runs[i], benchmark, "latency", "ns",
                                              PACE_LOWER_IS_BETTER, from + i, 0),
                                 0);
            }
        }
        assert_int_equal(pace_runs_commit(world->store, runs, TOGETHER, NULL, NULL), 0);
        for (int i = 0; i < TOGETHER; i++)
            pace_run_free(runs[i]);
    }
    for (int i = 0; i < 40; i++) {
        char script[100];
        snprintf(script, sizeof script, "mark accept branch:pr/%d* benchmark:bench/*", i);
        query_run(world->session, script, NULL, NULL);
    }
    struct pace_outcome outcome;
    query_run(world->session, "branch:pr/* | check | last run | where not gone", NULL, &outcome);
    assert_int_equal(outcome.series, 3 * BRANCHES);
    assert_int_equal(outcome.rows, 3 * BRANCHES);
    assert_int_equal(outcome.fresh, 3 * BRANCHES);
    query_gives(world->session, "branch:pr/2999 benchmark:bench/2 | keep branch, value",
                "branch,value\npr/2999,2999\n");
    query_gives(world->session, "branch:* | summarize n = count(), m = max(value)",
                "n,m\n9000,2999\n");
    query_run(world->session, "branch:* | summarize n = count() by branch | top 1 by n", NULL,
              &outcome);
    assert_int_equal(outcome.rows, 1);
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, world_empty, world_close)

/* A where and a range that leave no row are answers alike; a verdict needs a row, and `last run` a
 * run. */
static void test_rule_09_nothing_left(void **state)
{
    static const struct {
        const char *before, *after;
        int status;
    } cases[] = {
        {"", "", 0},
        {"", "| last 1", 0},
        {"", "| check t-test 99%", 0},
        {"check t-test 99% |", "", 0},
        {"", "| expect none", 0},
        {"", "| expect some", 1},
        {"", "| expect value > 0", 4},
        {"", "| check t-test 99% | expect not worse", 4},
        {"", "| summarize n = count() | expect n == 0", 0},
    };
    struct world *world = *state;
    put_level(world, 0, 6, 100);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int kind = 0; kind < 3; kind++) {
            static const char *const none[] = {"where value < -1ns", "since now",
                                               "between 2090-01-01 and 2090-01-02"};
            char script[300];
            snprintf(script, sizeof script, "branch:main measure:latency | %s %s %s",
                     cases[i].before, none[kind], cases[i].after);
            if (query_status(world->session, script) != cases[i].status)
                fail_msg("%s: not status %d", script, cases[i].status);
        }
    /* A range says which points are judged: the newest run is not among them. A where asks of its
     * rows. */
    assert_int_equal(query_status(world->session, "branch:main | since now | last run"), 4);
    assert_int_equal(query_status(world->session, "branch:main | where run < 0 | last run"), 0);
    assert_int_equal(query_status(world->session, "branch:none | last 1"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_rule_01_order),
        RULE(test_rule_02_identity),
        RULE(test_rule_03_duplicate_cell),
        RULE(test_rule_04_finite),
        RULE(test_rule_05_units),
        RULE(test_rule_06_commits),
        RULE(test_rule_07_times),
        RULE(test_rule_08_zero_base),
        RULE(test_rule_08_output_order),
        RULE(test_rule_09_confirm),
        RULE(test_rule_09_nothing_left),
        RULE(test_rule_10_accept),
        RULE(test_rule_10_accept_at_a_failed_run),
        RULE(test_rule_11_marks_undo),
        RULE(test_rule_11_objects),
        RULE(test_rule_11_marks_of_variables),
        RULE(test_rule_11_archive),
        RULE(test_rule_12_store),
        RULE(test_rule_14_branches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
