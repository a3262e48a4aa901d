/* fingerprint.c -- see fingerprint.h. Reads two runs' metadata, and the newest two runs of a
 * stream. */
#include "fingerprint.h"

#include <stdio.h>
#include <string.h>

static const char *meta_find(const struct pace_meta *meta, const char *key)
{
    for (size_t i = 0; i < meta->count; i++)
        if (strcmp(meta->keys[i], key) == 0) return meta->values[i];
    return NULL;
}

/* The run before a stream's newest one, on its branch or inherited; 0 when there is none. */
static uint64_t run_before(pace_snapshot *snapshot, uint64_t run)
{
    struct pace_run_view view;
    struct pace_range range = {INT64_MIN, INT64_MAX, 2};
    struct pace_cells cells;
    pace_lineage_scan *scan = NULL;
    uint64_t before = 0, last = 0;
    if (pace_run_get(snapshot, run, NULL, &view) != 0 ||
        pace_lineage_scan_open(snapshot, view.stream, NULL, NULL, 0, 1, &range, NULL, &scan) != 0)
        return 0;
    while (pace_lineage_scan_next(scan, NULL, &cells) == 0 && cells.run_count > 0) {
        for (size_t i = 0; i < cells.run_count; i++) {
            before = last;
            last = cells.runs[i].run;
        }
    }
    pace_lineage_scan_close(scan);
    return last == run ? before : 0;
}

const char *fingerprint_change(pace_snapshot *snapshot, uint64_t run,
                               char text[FINGERPRINT_TEXT_MAX])
{
    static const struct {
        const char *key, *name;
        int is_class; /* numbers of another class do not compare; a setting may explain them */
    } pieces[] = {{"env.arch", "architecture", 1}, {"env.cpu", "processor", 1},
                  {"env.cores", "cores", 1},       {"env.memory", "memory", 0},
                  {"env.kernel", "kernel", 0},     {"env.governor", "governor", 0}};
    char list[FINGERPRINT_TEXT_MAX - 80] = "";
    int class_changed = 0;
    struct pace_meta is, was;
    uint64_t before = run_before(snapshot, run);
    int known = before != 0 && pace_run_meta(snapshot, run, NULL, &is) == 0 &&
                pace_run_meta(snapshot, before, NULL, &was) == 0;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0] && known; i++) {
        const char *now = meta_find(&is, pieces[i].key), *then = meta_find(&was, pieces[i].key);
        if (now == NULL || then == NULL || strcmp(now, then) == 0) continue;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s was %.100s, is %.100s",
                 used > 0 ? "; " : "", pieces[i].name, then, now);
        class_changed |= pieces[i].is_class;
    }
    text[0] = '\0';
    if (list[0] != '\0')
        snprintf(text, FINGERPRINT_TEXT_MAX, "%s run %llu: %s",
                 class_changed ? "the machine is not that of" : "since", (unsigned long long)before,
                 list);
    return text;
}

const char *fingerprint_class(pace_snapshot *snapshot, uint64_t run,
                              char text[FINGERPRINT_TEXT_MAX])
{
    static const char *const keys[] = {"env.arch", "env.cpu", "env.cores"};
    struct pace_meta meta;
    size_t used = 0;
    text[0] = '\0';
    if (pace_run_meta(snapshot, run, NULL, &meta) != 0) return text;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const char *value = meta_find(&meta, keys[k]);
        if (value == NULL || *value == '\0') continue;
        used += (size_t)snprintf(text + used, FINGERPRINT_TEXT_MAX - used, "%s%.200s%s",
                                 used > 0 ? ", " : "", value,
                                 k < 2                     ? ""
                                 : strcmp(value, "1") == 0 ? " core"
                                                           : " cores");
    }
    return text;
}
