/* criterion_tree.c -- see criterion_tree.h. */
#include "criterion_tree.h"

#include "adapters/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096 };

static int path_of(char out[PATH_BYTES], const char *directory, const char *name)
{
    int len = snprintf(out, PATH_BYTES, "%s/new/%s", directory, name);
    return len > 0 && len < PATH_BYTES;
}

int criterion_tree_is(const char *path)
{
    char file[PATH_BYTES];
    struct stat info;
    return path_of(file, path, "estimates.json") && stat(file, &info) == 0 &&
           S_ISREG(info.st_mode) && path_of(file, path, "benchmark.json") && stat(file, &info) == 0;
}

/* A file of new/, NULL when it cannot be read; the time of the newest is kept. */
static json_t *read_part(struct criterion_tree *tree, const char *directory, const char *name,
                         struct pace_error *error)
{
    char path[PATH_BYTES];
    struct stat info;
    json_error_t where;
    if (!path_of(path, directory, name)) return NULL;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        (void)error_fill(error, PACE_EVALUE, "%.300s: line %d: %.100s", path, where.line,
                         where.text);
        return NULL;
    }
    if (stat(path, &info) == 0) {
        int64_t written = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
        if (written > tree->newest_ns) tree->newest_ns = written;
    }
    return root;
}

/* {"point_estimate", "confidence_interval"} of the files as {"estimate", "lower_bound",
 * "upper_bound", "unit"} of the messages; null where there is none. */
static json_t *interval_of(const json_t *estimate)
{
    const json_t *interval = json_object_get(estimate, "confidence_interval");
    if (!json_is_object(estimate)) return json_null();
    return json_pack("{s:O?, s:O?, s:O?, s:s}", "estimate",
                     json_object_get(estimate, "point_estimate"), "lower_bound",
                     json_object_get(interval, "lower_bound"), "upper_bound",
                     json_object_get(interval, "upper_bound"), "unit", "ns");
}

static json_t *message_of(const json_t *about, const json_t *estimates, const json_t *sample)
{
    static const char *const parts[] = {"mean", "median", "median_abs_dev", "slope", "std_dev"};
    const json_t *slope = json_object_get(estimates, "slope");
    /* What criterion prints: the slope, or, of flat sampling, the mean. */
    const json_t *typical = json_is_object(slope) ? slope : json_object_get(estimates, "mean");
    json_t *message = json_pack(
        "{s:s, s:O?, s:s, s:O?, s:O?, s:o, s:O?}", "reason", "benchmark-complete", "id",
        json_object_get(about, "full_id"), "unit", "ns", "measured_values",
        json_object_get(sample, "times"), "iteration_count", json_object_get(sample, "iters"),
        "typical", interval_of(typical), "throughput", json_object_get(about, "throughput"));
    for (size_t i = 0; message != NULL && i < sizeof parts / sizeof parts[0]; i++) {
        if (json_object_set_new(message, parts[i],
                                interval_of(json_object_get(estimates, parts[i]))) != 0) {
            json_decref(message);
            return NULL;
        }
    }
    return message;
}

int criterion_tree_add(struct criterion_tree *tree, const char *path, struct pace_error *error)
{
    if (tree->out == NULL) tree->out = open_memstream(&tree->text, &tree->len);
    if (tree->out == NULL) return error_fill(error, PACE_ENOMEM, "out of memory");
    json_t *about = read_part(tree, path, "benchmark.json", error), *estimates = NULL;
    json_t *sample = NULL, *message = NULL;
    int code = PACE_EVALUE;
    if (about != NULL) estimates = read_part(tree, path, "estimates.json", error);
    if (estimates != NULL) sample = read_part(tree, path, "sample.json", error);
    if (sample != NULL) {
        message = message_of(about, estimates, sample);
        code = message == NULL || json_dumpf(message, tree->out, JSON_COMPACT) != 0 ||
                       fputc('\n', tree->out) == EOF
                   ? error_fill(error, PACE_ENOMEM, "out of memory")
                   : 0;
    }
    tree->count += code == 0;
    json_decref(message);
    json_decref(sample);
    json_decref(estimates);
    json_decref(about);
    return code;
}

int criterion_tree_end(struct criterion_tree *tree, struct pace_error *error)
{
    int failed = tree->out != NULL && fclose(tree->out) != 0;
    tree->out = NULL;
    return failed ? error_fill(error, PACE_ENOMEM, "out of memory") : 0;
}

void criterion_tree_clear(struct criterion_tree *tree)
{
    if (tree->out != NULL) (void)fclose(tree->out);
    free(tree->text);
    *tree = (struct criterion_tree){.out = NULL};
}
