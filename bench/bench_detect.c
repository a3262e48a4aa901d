/* bench_detect.c -- how good and how fast change points are found, beside the bars.
 *
 *   usage: bench_detect SCRATCH [TCPD]   TCPD: a copy of the Turing Change Point Dataset
 *
 * Quality: made-up series of known changes, from the seeds that are printed; level 100, noise 1 (1
 * %). A change found within 5 points of a true one counts, each once; series without a change may
 * not alarm. Options `floor 0% effect 0sd`, as such series have no scale of what matters. Speed:
 * from a store, by `changes` in the query language, CPU time. Figures of other tools are those of
 * their own runs on a set of this make (asv, Otava). */
#include "report.h"
#include "series.h"
#include "tcpd.h"
#include "timing.h"
#include "workload.h"

#include "../query/pace_query.h"
#include "../query/stats/focus.h"
#include "../query/stats/segment.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 5 };
/* The first seed of each part. */
enum { SEED_P = 50000, SEED_SHORT = 60000, SEED_DELAY = 70000, SEED_FALSE = 90000 };

/* -- scores ------------------------------------------------------------------------------------ */

struct score {
    unsigned hits, found, truth, quiet, alarms;
};

/* Excursions are told as such, and are no changes of level: they count neither way. */
static void score_series(struct score *score, const struct series *s, struct change *changes,
                         size_t count)
{
    size_t all = count;
    count = 0;
    for (size_t i = 0; i < all; i++)
        if (changes[i].kind != CHANGE_EXCURSION) changes[count++] = changes[i];
    if (s->changes == 0) {
        score->quiet++;
        score->alarms += count > 0;
        return;
    }
    bool used[LENGTH_MAX] = {false};
    for (size_t t = 0; t < s->changes; t++) {
        size_t best = count, distance = MARGIN + 1;
        for (size_t i = 0; i < count; i++) {
            size_t d = changes[i].index > s->change[t] ? changes[i].index - s->change[t]
                                                       : s->change[t] - changes[i].index;
            if (used[i] || d >= distance) continue;
            distance = d;
            best = i;
        }
        if (best == count) continue;
        used[best] = true;
        score->hits++;
    }
    score->found += (unsigned)count;
    score->truth += (unsigned)s->changes;
}

static double f1(const struct score *score)
{
    return score->found + score->truth ? 2.0 * score->hits / (double)(score->found + score->truth)
                                       : 0;
}

static double alarm_share(const struct score *score)
{
    return score->quiet ? (double)score->alarms / score->quiet : 0;
}

static struct segment_options bare_options(enum segment_method method)
{
    struct segment_options options = segment_methods[method].defaults;
    options.floor = options.effect = 0;
    return options;
}

/* Families from..to: 25 quiet and 25 changed series of 100, 300 and 1,000 points each, per seed. */
static void score_method(enum segment_method method, enum family from, enum family to,
                         unsigned seeds, struct score *by_family)
{
    enum { EACH = 25 };
    static const size_t lengths[] = {100, 300, 1000};
    static struct series s;
    static struct change changes[LENGTH_MAX];
    const struct segment_options options = bare_options(method);
    for (unsigned set = 1; set <= seeds; set++)
        for (enum family family = from; family < to; family++)
            for (unsigned k = 0; k < 6 * EACH; k++) {
                seed(set * 1000003u + (unsigned)family * 1009u + k);
                series_make(&s, family, lengths[k % 3], k % 2);
                int count = segment_changes(s.x, s.n, &options, changes, LENGTH_MAX);
                if (count >= 0) score_series(&by_family[family], &s, changes, (size_t)count);
            }
}

static struct score total(const struct score *by_family, enum family from, enum family to)
{
    struct score sum = {0};
    for (enum family f = from; f < to; f++) {
        sum.hits += by_family[f].hits;
        sum.found += by_family[f].found;
        sum.truth += by_family[f].truth;
        sum.quiet += by_family[f].quiet;
        sum.alarms += by_family[f].alarms;
    }
    return sum;
}

/* -- the table --------------------------------------------------------------------------------- */

static unsigned bars_met, bars_missed, bars_left;

/* A bar that cannot be measured here. */
static void line_left(const char *what, const char *bar, const char *best)
{
    bars_left++;
    printf("%-54s %10s %10s  %s\n", what, "not run", bar, best);
}

/* A bar is a limit; `less` says that less is better. NAN: none. */
static void line(const char *what, int decimals, double ours, double bar, bool less,
                 const char *best)
{
    char figure[32], limit[32] = "-";
    snprintf(figure, sizeof figure, "%.*f", decimals, ours);
    if (!isnan(bar)) snprintf(limit, sizeof limit, "%.*f", decimals, bar);
    bool met = isnan(bar) || (less ? ours <= bar : ours >= bar);
    if (!isnan(bar)) {
        bars_met += met;
        bars_missed += !met;
    }
    printf("%-54s %10s %10s  %-26s%s\n", what, figure, limit, best, met ? "" : "  missed");
}

static void heading(const char *title)
{
    printf("\n%-54s %10s %10s  %s\n", title, "ours", "bar", "best known tool");
}

/* -- parts ------------------------------------------------------------------------------------- */

static void part_quality(void)
{
    enum { SEEDS = 4 };
    struct score scores[METHOD_COUNT][FAMILY_COUNT];
    memset(scores, 0, sizeof scores);
    score_method(METHOD_FPOP, GAUSS, FAMILY_COUNT, SEEDS, scores[METHOD_FPOP]);
    struct score usual = total(scores[METHOD_FPOP], GAUSS, USUAL);
    double worst = 0;
    for (int f = GAUSS; f < USUAL; f++)
        worst = fmax(worst, alarm_share(&scores[METHOD_FPOP][f]));
    printf("\nmade-up series: seeds 1 to %d, %u quiet and as many changed ones\n", SEEDS,
           usual.quiet);
    heading("change points, margin 5");
    line("F1, nine families of noise", 3, f1(&usual), 0.90, false, "asv 0.703, Otava 0.671");
    line("  quiet series with an alarm, %", 2, 100 * alarm_share(&usual), 1, true,
         "asv 0.6, Otava 46.7");
    line("  the same, worst family, %", 2, 100 * worst, 4, true, "");
    line("  never report a change: F1", 3, 0, (double)NAN, false, "(no alarm either)");
    for (int f = GAUSS; f < FAMILY_COUNT; f++) {
        char what[64];
        const struct score *score = &scores[METHOD_FPOP][f];
        snprintf(what, sizeof what, "  %-11s F1, and %.2f %% quiet with an alarm", family_names[f],
                 100 * alarm_share(score));
        line(what, 3, f1(score), (double)NAN, false, f >= USUAL ? "(of real histories)" : "");
    }
    heading("the other methods, the same series, first seed");
    for (int m = METHOD_FPOP + 1; m < METHOD_COUNT; m++) {
        char what[64];
        score_method((enum segment_method)m, GAUSS, USUAL, 1, scores[m]);
        struct score sum = total(scores[m], GAUSS, USUAL);
        snprintf(what, sizeof what, "  using %-11s F1, and %.2f %% quiet with an alarm",
                 segment_methods[m].name, 100 * alarm_share(&sum));
        line(what, 3, f1(&sum), (double)NAN, false, "");
    }
}

static void part_false(void)
{
    enum { SERIES = 2000, N = 500 };
    static double x[N];
    struct segment_options options = bare_options(METHOD_FPOP);
    unsigned found = 0;
    for (unsigned s = 0; s < SERIES; s++) {
        seed(SEED_FALSE + s);
        for (size_t i = 0; i < N; i++)
            x[i] = 100 + normal();
        int count = segment_changes(x, N, &options, NULL, 0);
        found += count > 0 ? (unsigned)count : 0;
    }
    line("false changes per 1,000 normal points", 4, 1000.0 * found / (SERIES * N), 0.05, true,
         "Otava 1.0");
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Points behind a step of 3 deviations, after 50 to 250 quiet ones, until it is reported. */
static void part_delay(void)
{
    enum { ROUNDS = 400, LONGEST = 60 };
    static double x[400], delay[ROUNDS], online[ROUNDS];
    struct segment_options options = bare_options(METHOD_FPOP);
    static struct change changes[400];
    for (unsigned r = 0; r < ROUNDS; r++) {
        seed(SEED_DELAY + r);
        size_t base = 50 + r / 2;
        for (size_t i = 0; i < base + LONGEST; i++)
            x[i] = 100 + normal() + (i >= base ? 3 : 0);
        delay[r] = LONGEST;
        for (size_t k = 1; k < LONGEST && delay[r] >= LONGEST; k++) {
            int count = segment_changes(x, base + k, &options, changes, 400);
            for (int i = 0; i < count; i++)
                if (changes[i].index + MARGIN >= base && changes[i].index <= base + MARGIN)
                    delay[r] = (double)k;
        }
        struct focus focus;
        size_t since;
        focus_init(&focus, 100, 1);
        online[r] = LONGEST;
        for (size_t i = 0; i < base; i++)
            (void)focus_push(&focus, x[i], &since);
        for (size_t k = 1; k < LONGEST && online[r] >= LONGEST; k++)
            if (focus_push(&focus, x[base + k - 1], &since) >= focus_threshold(1e5))
                online[r] = (double)k;
    }
    qsort(delay, ROUNDS, sizeof *delay, compare_numbers);
    qsort(online, ROUNDS, sizeof *online, compare_numbers);
    line("delay to a step of 3 sd, median, points", 0, delay[ROUNDS / 2], 3, true,
         "Otava 2 (uncalibrated), asv 9");
    line("  90 % of them", 0, delay[ROUNDS * 9 / 10], 5, true, "Otava 3, asv 16");
    line("  online (FOCuS, 1 alarm in 100,000), median", 0, online[ROUNDS / 2], (double)NAN, true,
         "");
    line("  90 % of them", 0, online[ROUNDS * 9 / 10], (double)NAN, true, "");
}

/* What calibration leaves of the power where points are few: a step of 4 deviations in the
 * middle. */
static void part_short(void)
{
    enum { ROUNDS = 2000 };
    static const size_t lengths[] = {20, 30, 50};
    static double x[50];
    for (int r = 0; r < 2; r++)
        for (int k = 0; k < 3; k++) {
            struct segment_options options = bare_options(METHOD_FPOP);
            unsigned found = 0;
            for (unsigned s = 0; s < ROUNDS; s++) {
                seed(SEED_SHORT + s);
                noise_ar(x, lengths[k], r ? 0.3 : 0);
                for (size_t i = 0; i < lengths[k]; i++)
                    x[i] += i < lengths[k] / 2 ? 100 : 104;
                found += segment_changes(x, lengths[k], &options, NULL, 0) > 0;
            }
            char what[64];
            snprintf(what, sizeof what, "a step of 4 sd found, rho %.1f, n %zu, %%", r ? 0.3 : 0,
                     lengths[k]);
            line(what, 0, 100.0 * found / ROUNDS, (double)NAN, false, "");
        }
}

static void part_calibration(void)
{
    static const size_t lengths[] = {20, 50, 100, 500, 5000};
    static const unsigned rounds[] = {20000, 20000, 10000, 3000, 1000};
    static const double rhos[] = {0, 0.3, 0.6};
    static double x[LENGTH_MAX];
    for (int r = 0; r < 3; r++)
        for (int k = 0; k < 5; k++) {
            unsigned below[2] = {0, 0};
            for (unsigned s = 0; s < rounds[k]; s++) {
                seed(SEED_P + s);
                noise_ar(x, lengths[k], rhos[r]);
                for (size_t i = 0; i < lengths[k]; i++)
                    x[i] += 100;
                for (int a = 0; a < 2; a++) {
                    struct segment_options options = bare_options(METHOD_FPOP);
                    options.alpha = a ? 0.01 : 0.05;
                    below[a] += segment_changes(x, lengths[k], &options, NULL, 0) > 0;
                }
            }
            char what[64];
            snprintf(what, sizeof what, "P(p <= 5 %%) / 5 %%, no change, rho %.1f, n %zu", rhos[r],
                     lengths[k]);
            line(what, 2, below[0] / (0.05 * rounds[k]), 1.1, true, "none measured");
            snprintf(what, sizeof what, "  the same at 1 %%");
            line(what, 2, below[1] / (0.01 * rounds[k]), 1.1, true, "");
        }
}

/* A query that answers without rows or with a few, `rounds` times: its least CPU time, or NAN. */
static double ask(pace_session *session, const char *text, int rounds)
{
    double least_s = (double)INFINITY;
    for (int round = 0; round < rounds; round++) {
        struct pace_error error;
        pace_query *query = NULL;
        const struct pace_rows *rows;
        enum pace_step step = PACE_STEP_ROWS;
        struct cost start = cost_now();
        int status = pace_prepare(session, text, strlen(text), &error, &query);
        while (!status && step != PACE_STEP_END)
            status = pace_step(query, &error, &step, &rows);
        least_s = fmin(least_s, cost_since(start).cpu_s);
        pace_query_free(query);
        if (status) return (double)NAN;
    }
    return least_s;
}

/* CPU time of `changes` over a store of `columns` series of `runs` points, median of rounds. */
static int scan_store(const char *scratch, const char *name, uint32_t columns, uint32_t runs,
                      double *points_s)
{
    enum { ROUNDS = 5 };
    const struct workload workload = {.streams = 1, .columns = columns, .runs = runs};
    struct pace_error error;
    char path[4096];
    pace *store = NULL;
    pace_session *session = NULL;
    struct samples samples = {0};
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    int status = pace_open(path, PACE_CREATE, NULL, &error, &store);
    if (!status) status = workload_fill(&workload, store, &error);
    if (!status) status = pace_session_open(store, NULL, &error, &session);
    static const char text[] = "branch:main | changes floor 0% effect 0sd | summarize count()";
    for (int round = 0; round < ROUNDS && !status; round++)
        samples_add(&samples, ask(session, text, 1));
    if (status) fprintf(stderr, "bench_detect: %s: %s\n", name, error.message);
    if (session) pace_session_close(session);
    if (store) pace_close(store);
    *points_s = (double)columns * runs / fmax(samples_median(&samples), 1e-9);
    return status;
}

/* What a verdict on the newest point of each of 10,000 series costs: from the states that are kept,
 * when they are newest and just before they are brought up to date, and from all points. */
static int part_online(const char *scratch)
{
    enum { STREAMS = 20, COLUMNS = 500, RUNS = 1000, MORE = 63, SERIES = STREAMS * COLUMNS };
    static const char text[] = "branch:main | last run | changes using focus";
    static const char whole[] = "branch:main | changes using focus";
    struct workload workload = {.streams = STREAMS, .columns = COLUMNS, .runs = RUNS};
    struct pace_error error = {0};
    char path[4096];
    pace *store = NULL;
    pace_session *session = NULL;
    double fresh_s = 0, worst_s = 0, whole_s = 0, keep_s = 0;
    snprintf(path, sizeof path, "%s/online", scratch);
    int status = pace_open(path, PACE_CREATE, NULL, &error, &store);
    if (!status) status = workload_fill(&workload, store, &error);
    if (!status) status = pace_session_open(store, NULL, &error, &session);
    if (!status) status = pace_keep(session, 0, &error);
    if (!status) fresh_s = ask(session, text, 9);
    for (uint32_t run = 0; run < STREAMS * MORE && !status; run++)
        status = workload_store(&workload, store, STREAMS * RUNS + run, 1, &error);
    if (!status) worst_s = ask(session, text, 9);
    if (!status) whole_s = ask(session, whole, 1);
    if (!status) status = workload_store(&workload, store, STREAMS * (RUNS + MORE), 1, &error);
    struct cost start = cost_now();
    if (!status) status = pace_keep(session, 0, &error);
    keep_s = cost_since(start).cpu_s;
    if (status) fprintf(stderr, "bench_detect: online: %s\n", error.message);
    if (session) pace_session_close(session);
    if (store) pace_close(store);
    line("online verdict of a new point from kept state, us", 2, worst_s / SERIES * 1e6, 5, true,
         "Otava 25,000");
    line("  the same just after it was brought up to date", 2, fresh_s / SERIES * 1e6, (double)NAN,
         true, "");
    line("  10,000 series of 1,000 runs, ms", 1, worst_s * 1e3, 50, true, "");
    line("  the same without kept state, all changes, ms", 0, whole_s * 1e3, (double)NAN, true, "");
    line("  a stream of 500 brought up to date, 64 runs, ms", 1, keep_s * 1e3, (double)NAN, true,
         "");
    return status;
}

static int part_speed(const char *scratch)
{
    static const struct {
        uint32_t columns, runs;
        const char *what, *best;
        double bar;
    } scans[] = {
        {400, 1000, "scan from the store, n = 1,000, M points/s", "Otava 0.02, asv 0.01", 2},
        {40, 10000, "  n = 10,000", "", 2},
        {1, 1000000, "  n = 1,000,000, quiet", "", 0.5}};
    heading("speed, one thread, CPU time");
    for (size_t i = 0; i < sizeof scans / sizeof *scans; i++) {
        char name[32];
        double points_s;
        snprintf(name, sizeof name, "scan-%zu", i);
        if (scan_store(scratch, name, scans[i].columns, scans[i].runs, &points_s)) return 1;
        line(scans[i].what, 2, points_s / 1e6, scans[i].bar, false, scans[i].best);
    }
    enum { PUSHES = 2000000 };
    struct focus focus;
    size_t since;
    double sum = 0;
    seed(3);
    static double x[4096];
    for (size_t i = 0; i < 4096; i++)
        x[i] = 100 + normal();
    focus_init(&focus, 100, 1);
    for (int i = 0; i < 100000; i++)
        sum += focus_push(&focus, x[i % 4096], &since);
    struct cost start = cost_now();
    uint8_t bytes[FOCUS_BYTES];
    for (int i = 0; i < PUSHES; i++) {
        size_t len = focus_pack(&focus, bytes);
        if (!focus_unpack(&focus, bytes, len)) return 1;
        sum += focus_push(&focus, x[i % 4096], &since);
    }
    double cpu_s = cost_since(start).cpu_s;
    line("FOCuS: state unpacked, a point, packed, us", 2, sum > 0 ? cpu_s / PUSHES * 1e6 : 0,
         (double)NAN, true, "");
    return part_online(scratch);
}

/* The same input gives the same bits: a digest of all that is found, twice. */
static bool part_same(void)
{
    uint64_t digest[2] = {0, 0};
    static struct series s;
    static struct change changes[LENGTH_MAX];
    for (int pass = 0; pass < 2; pass++)
        for (unsigned k = 0; k < 200; k++) {
            seed(k);
            series_make(&s, (enum family)(k % FAMILY_COUNT), 400, true);
            struct segment_options options = bare_options(METHOD_FPOP);
            int count = segment_changes(s.x, s.n, &options, changes, LENGTH_MAX);
            for (int i = 0; i < count; i++) {
                uint64_t bits;
                memcpy(&bits, &changes[i].p, sizeof bits);
                digest[pass] = (digest[pass] ^ bits ^ changes[i].index) * 0x9e3779b97f4a7c15u;
            }
        }
    printf("the same input gives the same bits: %s (digest %016llx)\n",
           digest[0] == digest[1] ? "yes" : "NO", (unsigned long long)digest[0]);
    return digest[0] == digest[1];
}

static int detect_fpop(const double *x, size_t n, size_t *cuts)
{
    struct segment_options options = bare_options(METHOD_FPOP);
    struct change *changes = malloc(n * sizeof *changes);
    int count = changes ? segment_changes(x, n, &options, changes, n) : -1, made = 0;
    for (int i = 0; i < count; i++)
        if (changes[i].kind != CHANGE_EXCURSION) cuts[made++] = changes[i].index;
    free(changes);
    return count < 0 ? -1 : made;
}

static int detect_nothing(const double *x, size_t n, size_t *cuts)
{
    (void)x, (void)n, (void)cuts;
    return 0;
}

static void part_tcpd(const char *path)
{
    struct tcpd_score ours, nothing;
    if (path == NULL || tcpd_score(path, detect_fpop, &ours) != 0 ||
        tcpd_score(path, detect_nothing, &nothing) != 0) {
        heading("TCPD, margin 5: make deps-tcpd gets its annotated series");
        line_left("F1", "0.700", "BinSeg 0.698");
        line_left("Cover", "0.650", "BinSeg 0.672");
        return;
    }
    printf("\nTCPD: %zu series of one dimension; %zu of several are left out\n", ours.series,
           ours.several);
    heading("TCPD, margin 5");
    line("F1", 3, ours.f1, 0.70, false, "BinSeg 0.698");
    line("Cover", 3, ours.cover, 0.65, false, "BinSeg 0.672");
    line("  never report a change: F1", 3, nothing.f1, (double)NAN, false, "");
    line("  never report a change: Cover", 3, nothing.cover, (double)NAN, false, "");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_detect SCRATCH [TCPD]\n");
        return 2;
    }
    part_quality();
    printf("\nseeds from %d on: false changes; %d: delay; %d: short series; %d: p\n", SEED_FALSE,
           SEED_DELAY, SEED_SHORT, SEED_P);
    heading("detection");
    part_false();
    part_delay();
    part_short();
    part_calibration();
    if (part_speed(argv[1])) return 1;
    part_tcpd(argc > 2 ? argv[2] : NULL);
    heading("confirmed real changes: their histories are not part of this repository");
    line_left("found within 2 points, of 25", "25", "Bencher 17");
    line_left("alerts per 1,000 judged points", "1.2", "Bencher 20.1");
    bool same = part_same();
    printf("%u bars met, %u missed, %u not run\n", bars_met, bars_missed, bars_left);
    return same ? 0 : 1;
}
