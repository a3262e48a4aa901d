/* slide.c -- see slide.h. */
#include "slide.h"

#include "stats/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTS_LEAST = 4096, COUNTS_MOST = 1 << 21 };

bool slide_can(const struct window *window, enum function function)
{
    if (window->kind != WINDOW_POINTS || window->lag == 0 || window->count == 0) return false;
    switch (function) {
    case F_COUNT:
    case F_SUM:
    case F_MEAN:
    case F_STDDEV:
    case F_CV:
    case F_MEDIAN:
    case F_MIN:
    case F_MAX:
    case F_IQR:
    case F_PERCENTILE:
    case F_FIRST:
    case F_LAST: return true;
    default: break;
    }
    return false;
}

static void slide_start(struct slide *slide, enum function function)
{
    if (slide->ready) return;
    slide->ready = true;
    bool order = function == F_MEDIAN || function == F_MIN || function == F_MAX ||
                 function == F_IQR || function == F_PERCENTILE;
    rolling_init(&slide->rolling, order ? ROLLING_ORDER : ROLLING_MOMENTS);
}

void slide_free(struct slide *slide)
{
    rolling_release(&slide->rolling);
    free(slide->counts);
    free(slide->keys);
    *slide = (struct slide){.ready = false};
}

void slide_reset(struct slide *slide)
{
    rolling_reset(&slide->rolling);
    while (slide->from < slide->until)
        slide->counts[slide->keys[slide->from++ & slide->key_mask] & slide->count_mask] = 0;
    slide->from = slide->until = 0;
}

/* -- commits ----------------------------------------------------------------------------------- */

/* Of the first bytes of a commit, which differ between two hashes; 0 of none. */
static uint32_t key_of(const char *commit)
{
    uint64_t key = 0;
    for (int i = 0; i < 10 && commit[i]; i++)
        key = key << 6 ^ (unsigned char)commit[i];
    return key ? (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) | 1 : 0;
}

static int counts_reserve(struct slide *slide, size_t reach)
{
    size_t keys = 1, counts = COUNTS_LEAST;
    if (slide->counts) return 0;
    while (keys < reach + 1)
        keys *= 2;
    while (counts < 8 * keys && counts < COUNTS_MOST)
        counts *= 2;
    slide->keys = malloc(keys * sizeof *slide->keys);
    slide->counts = calloc(counts, sizeof *slide->counts);
    if (!slide->keys || !slide->counts) return PACE_ENOMEM;
    slide->key_mask = keys - 1;
    slide->count_mask = counts - 1;
    return 0;
}

static void count_in(struct slide *slide, uint32_t key)
{
    slide->keys[slide->until++ & slide->key_mask] = key;
    slide->counts[key & slide->count_mask] += key ? 1 : 0;
}

static void count_out(struct slide *slide)
{
    uint32_t key = slide->keys[slide->from++ & slide->key_mask];
    slide->counts[key & slide->count_mask] -= key ? 1 : 0;
}

/* Counts the points [from, until) of the history, by number. */
static void count_to(struct slide *slide, const struct history *history, uint64_t from,
                     uint64_t until)
{
    if (from < slide->from || from > slide->until || until < slide->until) {
        while (slide->from < slide->until)
            count_out(slide);
        slide->from = slide->until = from;
    }
    while (slide->until < until) {
        /* The ring holds `reach` keys: the oldest go first. */
        if (slide->until - slide->from > slide->key_mask) count_out(slide);
        count_in(slide, key_of(history->commit[slide->until - history->dropped]));
    }
    while (slide->from < from)
        count_out(slide);
}

/* Whether a point that is counted has this commit. */
static bool may_recur(const struct slide *slide, const struct history *history, const char *commit,
                      uint32_t key)
{
    if (!key || !slide->counts[key & slide->count_mask]) return false;
    for (uint64_t i = slide->from; i < slide->until; i++)
        if (slide->keys[i & slide->key_mask] == key &&
            strcmp(history->commit[i - history->dropped], commit) == 0)
            return true;
    return false;
}

/* -- windows ----------------------------------------------------------------------------------- */

static double statistic(struct slide *slide, enum function function, double percentile)
{
    struct rolling *rolling = &slide->rolling;
    size_t n = (size_t)(rolling->end - rolling->first);
    switch (function) {
    case F_COUNT: return (double)n;
    case F_SUM: return rolling_sum(rolling);
    case F_MEAN: return rolling_mean(rolling);
    case F_STDDEV: return rolling_sd(rolling);
    case F_CV: {
        double mean = rolling_mean(rolling);
        return mean == 0 ? NAN : rolling_sd(rolling) / mean;
    }
    case F_MEDIAN: return rolling_quantile(rolling, 0.5);
    case F_MIN: return rolling_quantile(rolling, 0);
    case F_MAX: return rolling_quantile(rolling, 1);
    case F_IQR: return rolling_quantile(rolling, 0.75) - rolling_quantile(rolling, 0.25);
    case F_PERCENTILE: return rolling_quantile(rolling, percentile);
    case F_FIRST: return rolling->values[0];
    case F_LAST: return rolling->values[n - 1];
    default: break;
    }
    return NAN;
}

int slide_run(struct slide *slide, struct history *history, enum function function,
              double percentile, const struct slide_rows *rows, double *out, size_t *done)
{
    const struct window *window = &history->window;
    size_t reach = window->count + window->lag - 1, row = 0;
    *done = 0;
    slide_start(slide, function);
    int status = history_room(history, rows->count);
    if (!status) status = counts_reserve(slide, reach);
    for (; row < rows->count && !status; row++) {
        uint64_t start = history->dropped + history->start, own = history->dropped + history->end;
        uint64_t from = own - start > reach ? own - reach : start;
        uint32_t key = key_of(rows->commit[row]);
        count_to(slide, history, from, own);
        if (may_recur(slide, history, rows->commit[row], key)) break;
        uint64_t end = own - from >= window->lag - 1 ? own - (window->lag - 1) : from;
        uint64_t first = end - from > window->count ? end - window->count : from;
        out[row] = NAN;
        size_t n = (size_t)(end - first);
        if (n == 0 && window->needs == 0)
            out[row] = aggregate_sample(function, percentile, NULL, NULL, 0);
        if (n && rolling_move(&slide->rolling, history->value, history->dropped, first, end))
            status = PACE_ENOMEM;
        if (n && n >= window->needs && !status) out[row] = statistic(slide, function, percentile);
        if (!status)
            status = history_push(history, rows->time_ns[row], rows->commit[row], rows->value[row],
                                  false);
    }
    *done = row;
    return status;
}
