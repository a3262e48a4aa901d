/* tcpd.c -- see tcpd.h. */
#include "tcpd.h"

#include <jansson.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 5 };

/* Change points in order, the first of them 0. */
struct cuts {
    size_t *at, count;
};

static bool cuts_have(const struct cuts *cuts, size_t at)
{
    for (size_t i = 0; i < cuts->count; i++)
        if (cuts->at[i] == at) return true;
    return false;
}

static int compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* How many of `truth` have a point of `found` within the margin, each its own. */
static size_t hits(const struct cuts *truth, const struct cuts *found, bool *used)
{
    size_t count = 0;
    memset(used, 0, found->count * sizeof *used);
    for (size_t t = 0; t < truth->count; t++) {
        size_t best = found->count, least = MARGIN + 1;
        for (size_t i = 0; i < found->count; i++) {
            size_t a = truth->at[t], b = found->at[i], distance = a > b ? a - b : b - a;
            if (used[i] || distance >= least) continue;
            least = distance;
            best = i;
        }
        if (best == found->count) continue;
        used[best] = true;
        count++;
    }
    return count;
}

static size_t cut_end(const struct cuts *cuts, size_t i, size_t n)
{
    return i + 1 < cuts->count ? cuts->at[i + 1] : n;
}

/* Share of the points whose true segment is met: for each the largest overlap over union. */
static double covering(const struct cuts *truth, const struct cuts *found, size_t n)
{
    double sum = 0;
    for (size_t t = 0; t < truth->count; t++) {
        size_t a = truth->at[t], b = cut_end(truth, t, n);
        double best = 0;
        for (size_t i = 0; i < found->count; i++) {
            size_t c = found->at[i], d = cut_end(found, i, n);
            size_t from = a > c ? a : c, to = b < d ? b : d;
            if (to <= from) continue;
            double both = (double)(to - from);
            best = fmax(best, both / ((double)(b - a) + (double)(d - c) - both));
        }
        sum += best * (double)(b - a);
    }
    return sum / (double)n;
}

/* f1 and cover of one series; found begins with 0. `scratch` holds n sizes, `used` n flags. */
static void series_score(const json_t *annotations, const struct cuts *found, size_t n,
                         size_t *scratch, size_t *joined, bool *used, double *f1, double *cover)
{
    struct cuts all = {joined, 1};
    double recall = 0, covered = 0, people = (double)json_object_size(annotations);
    const char *who;
    json_t *list;
    joined[0] = 0;
    json_object_foreach((json_t *)annotations, who, list)
    {
        struct cuts truth = {scratch, 1};
        scratch[0] = 0;
        for (size_t i = 0; i < json_array_size(list); i++) {
            size_t at = (size_t)json_integer_value(json_array_get(list, i));
            if (at >= n) continue;
            if (!cuts_have(&truth, at)) scratch[truth.count++] = at;
            if (!cuts_have(&all, at)) joined[all.count++] = at;
        }
        qsort(scratch, truth.count, sizeof *scratch, compare_sizes);
        recall += (double)hits(&truth, found, used) / (double)truth.count / people;
        covered += covering(&truth, found, n) / people;
    }
    qsort(joined, all.count, sizeof *joined, compare_sizes);
    double precision = (double)hits(&all, found, used) / (double)found->count;
    *f1 = 2 * precision * recall / (precision + recall);
    *cover = covered;
}

/* The finite values of the only dimension of a series: how many; 0 when there are several. */
static size_t series_values(const json_t *series, double **values)
{
    const json_t *dimensions = json_object_get(series, "series");
    const json_t *raw = json_object_get(json_array_get(dimensions, 0), "raw");
    size_t n = json_array_size(raw), count = 0;
    *values = NULL;
    if (json_array_size(dimensions) != 1 || n == 0) return 0;
    *values = malloc(n * sizeof **values);
    for (size_t i = 0; *values && i < n; i++) {
        const json_t *value = json_array_get(raw, i);
        /* A gap takes the value before it, so that indices stay. */
        double x = json_is_number(value) ? json_number_value(value)
                   : count > 0           ? (*values)[count - 1]
                                         : 0;
        (*values)[count++] = x;
    }
    return count;
}

static void score_one(const json_t *series, const json_t *annotations, tcpd_detector *detect,
                      struct tcpd_score *score)
{
    double *x, f1, cover;
    size_t n = series_values(series, &x);
    size_t *sizes = n ? malloc((3 * n + 3) * sizeof *sizes) : NULL;
    bool *used = n ? malloc((n + 1) * sizeof *used) : NULL;
    int count = sizes && used ? detect(x, n, sizes + 1) : -1;
    if (count >= 0) {
        sizes[0] = 0;
        struct cuts found = {sizes, (size_t)count + 1};
        series_score(annotations, &found, n, sizes + n + 1, sizes + 2 * n + 2, used, &f1, &cover);
        score->series++;
        score->f1 += f1;
        score->cover += cover;
    } else {
        score->several++;
    }
    free(x);
    free(sizes);
    free(used);
}

int tcpd_score(const char *path, tcpd_detector *detect, struct tcpd_score *score)
{
    char file[4096];
    const char *name;
    json_t *annotations;
    *score = (struct tcpd_score){0};
    snprintf(file, sizeof file, "%s/annotations.json", path);
    json_t *all = json_load_file(file, 0, NULL);
    json_object_foreach(all, name, annotations)
    {
        snprintf(file, sizeof file, "%s/datasets/%s/%s.json", path, name, name);
        json_t *series = json_load_file(file, 0, NULL);
        if (series) score_one(series, annotations, detect, score);
        json_decref(series);
    }
    json_decref(all);
    if (score->series == 0) return -1;
    score->f1 /= (double)score->series;
    score->cover /= (double)score->series;
    return 0;
}
