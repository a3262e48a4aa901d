/* report_facts.c -- what a report says beside numbers: streams and where they began, marks,
 * units. */
#include "report.h"

#include "accept.h"
#include "command.h"
#include "rows.h"
#include "say.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- streams ----------------------------------------------------------------------------------- */

static int fork_read(struct report *report, struct report_stream *stream)
{
    struct pace_lineage lineage;
    uint32_t ids[3];
    for (size_t i = 0; i < 3; i++)
        if (pace_name_find(report->snapshot, (enum pace_dimension)i, stream->names[i],
                           strlen(stream->names[i]), NULL, &ids[i]) != 0)
            return 0; /* an old name that continues as this one has another stream */
    int code = pace_lineage_find(report->snapshot, ids[0], ids[1], ids[2], NULL, &lineage);
    if (code == PACE_ENOTFOUND) return 0;
    if (code != 0 || lineage.state == PACE_LINEAGE_NONE) return code;
    stream->parent = arena_string(&report->arena, lineage.start.branch);
    stream->start_commit = arena_string(&report->arena, lineage.start.commit);
    stream->start_ns = lineage.start.time_ns;
    if (lineage.segment_count > 0) {
        stream->fork_commit = arena_string(&report->arena, lineage.last.commit);
        stream->fork_ns = lineage.last.time_ns;
        stream->fork_run = lineage.last.run;
    }
    return report->arena.failed ? PACE_ENOMEM : 0;
}

/* Series come stream by stream. */
static int streams_read(struct report *report)
{
    size_t capacity = 0;
    for (size_t i = 0; i < report->series_count; i++) {
        struct report_series *series = &report->series[i];
        const struct report_stream *before =
            report->stream_count > 0 ? &report->streams[report->stream_count - 1] : NULL;
        int same = before != NULL;
        for (size_t k = 0; k < 3 && same; k++)
            same = strcmp(before->names[k], series->names[k]) == 0;
        if (!same) {
            if (report->stream_count == capacity) {
                capacity = capacity ? capacity * 2 : 64;
                struct report_stream *grown =
                    reallocarray(report->streams, capacity, sizeof *grown);
                if (grown == NULL) return PACE_ENOMEM;
                report->streams = grown;
            }
            struct report_stream *stream = &report->streams[report->stream_count++];
            *stream = (struct report_stream){0};
            memcpy(stream->names, series->names, sizeof stream->names);
            int code = fork_read(report, stream);
            if (code != 0) return code;
        }
        series->stream = (uint32_t)(report->stream_count - 1);
    }
    return 0;
}

/* -- units and directions ---------------------------------------------------------------------- */

static int take_measures(struct report *report, void *context, const struct pace_rows *rows)
{
    static const char *const columns[] = {"project", "measure", "unit", "better"};
    struct bytes *out = &report->measures;
    (void)context;
    for (size_t row = 0; row < rows->count; row++) {
        json_plain(out, out->len > 1 ? ",\n[" : "[");
        for (size_t i = 0; i < 4; i++) {
            if (i > 0) json_plain(out, ",");
            json_field(out, rows_find(rows, columns[i]), row);
        }
        json_plain(out, "]");
    }
    return out->failed ? PACE_ENOMEM : 0;
}

/* -- marks ------------------------------------------------------------------------------------- */

static int take_marked(struct report *report, void *context, const struct pace_rows *rows)
{
    const char **between = context;
    for (size_t row = 0; row < rows->count; row++) {
        const struct report_series *series = report_series_of(report, rows, row);
        if (series == NULL) continue;
        json_plain(&report->marks, *between);
        json_number(&report->marks, (double)(series - report->series));
        *between = ",";
    }
    return report->marks.failed ? PACE_ENOMEM : 0;
}

static int take_excluded(struct report *report, void *context, const struct pace_rows *rows)
{
    struct report_excluded *excluded = context;
    const struct pace_field *run = rows_find(rows, "run"), *value = rows_find(rows, "value");
    const struct pace_field *time = rows_find(rows, "time");
    for (size_t row = 0; row < rows->count; row++) {
        const struct report_series *series = report_series_of(report, rows, row);
        if (series == NULL || field_run(run, row) == 0 || time == NULL) continue;
        const char *name = field_text(rows_find(rows, "commit"), row);
        if (excluded->count == excluded->capacity) {
            size_t capacity = excluded->capacity ? excluded->capacity * 2 : 256;
            struct report_hidden *grown = reallocarray(excluded->items, capacity, sizeof *grown);
            if (grown == NULL) return PACE_ENOMEM;
            excluded->items = grown;
            excluded->capacity = capacity;
        }
        excluded->items[excluded->count] =
            (struct report_hidden){.series = (uint32_t)(series - report->series),
                                   .run = field_run(run, row),
                                   .time_ns = time->time_ns[row],
                                   .commit = arena_string(&report->arena, name ? name : ""),
                                   .value = field_number(value, row)};
        excluded->count++;
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct report_hidden *x = a, *y = b;
    if (x->series != y->series) return x->series < y->series ? -1 : 1;
    if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? -1 : 1;
    return (x->run > y->run) - (x->run < y->run);
}

static void json_member(struct bytes *out, const char *name, const char *text)
{
    json_plain(out, ",\"");
    json_plain(out, name);
    json_plain(out, "\":");
    json_text(out, text);
}

static void json_time(struct bytes *out, const char *name, int64_t time_ns)
{
    json_plain(out, ",\"");
    json_plain(out, name);
    json_plain(out, "\":");
    json_number(out, time_ns == INT64_MIN ? (double)NAN : floor((double)time_ns / 1e6));
}

static int mark_read(struct report *report, const struct pace_mark *mark)
{
    static const char *const kinds[] = {
        [PACE_MARK_ACCEPT] = "accept",
        [PACE_MARK_EXCLUDE] = "exclude",
        [PACE_MARK_ARCHIVE] = "archive",
        [PACE_MARK_ALIAS] = "alias",
    };
    struct bytes *out = &report->marks;
    const char *selector = *mark->selector != '\0' ? mark->selector : "project:*", *between = "";
    int status = STATUS_OK;
    json_plain(out, out->len > 1 ? ",\n{\"id\":" : "{\"id\":");
    json_number(out, (double)mark->id);
    json_member(out, "kind", kinds[mark->kind]);
    json_member(out, "selector", mark->selector);
    json_member(out, "target", mark->target);
    json_member(out, "note", mark->note);
    json_time(out, "at", mark->at_ns);
    json_time(out, "created", mark->created_ns);
    json_plain(out, ",\"series\":[");
    if (mark->kind == PACE_MARK_ACCEPT)
        status = report_ask(report,
                            arena_printf(&report->arena,
                                         "%s | last 1 | keep project, branch, testbed, benchmark, "
                                         "measure",
                                         selector),
                            take_marked, &between);
    if (mark->kind == PACE_MARK_EXCLUDE)
        status = report_ask(report,
                            arena_printf(&report->arena,
                                         "%s | with excluded | keep project, branch, testbed, "
                                         "benchmark, measure, time, commit, run, value",
                                         selector),
                            take_excluded, &report->excluded);
    json_plain(out, "]}");
    return status;
}

int report_facts(struct report *report)
{
    const struct pace_mark *marks = NULL;
    size_t count = 0;
    int code = streams_read(report);
    if (code == 0) code = pace_marks(report->snapshot, NULL, &marks, &count);
    int status = code != 0 ? store_failed("", code, NULL) : STATUS_OK;
    json_plain(&report->measures, "[");
    if (status == STATUS_OK) status = report_ask(report, "show measures", take_measures, NULL);
    json_plain(&report->measures, "]");
    json_plain(&report->marks, "[");
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        if (!marks[i].undone) status = mark_read(report, &marks[i]);
    json_plain(&report->marks, "]");
    if (report->excluded.count > 0)
        qsort(report->excluded.items, report->excluded.count, sizeof *report->excluded.items,
              by_place);
    if (status == STATUS_OK && (report->marks.failed || report->measures.failed))
        status = store_failed("", PACE_ENOMEM, NULL);
    return status;
}
