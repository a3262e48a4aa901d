/* report_write.c -- a report as one page: what it says as JSON, its points behind that, and the
 * script that shows both.
 *
 * The page asks nobody for anything: its policy (CSP) allows no address at all, and of scripts and
 * styles those alone whose SHA-256 it names. What is data is in elements that are never run,
 * escaped so that no name can end one. The overview is shown before the points behind it are
 * read. */
#include "report.h"

#include "assets.h"
#include "timestamp.h"

#include "../engine/unit.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>

/* -- the policy -------------------------------------------------------------------------------- */

/* 'sha256-...' of what stands in an element. */
static void put_hash(struct bytes *out, const struct asset *parts, size_t count)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA2_CTX context;
    SHA256Init(&context);
    for (size_t i = 0; i < count; i++)
        SHA256Update(&context, (const uint8_t *)parts[i].start,
                     (size_t)(parts[i].end - parts[i].start));
    SHA256Final(digest, &context);
    json_plain(out, " 'sha256-");
    pack_base64(out, digest, sizeof digest);
    json_plain(out, "'");
}

static void put_asset(struct bytes *out, struct asset asset)
{
    bytes_put(out, asset.start, (size_t)(asset.end - asset.start));
}

/* -- data -------------------------------------------------------------------------------------- */

static void put_member(struct bytes *out, const char *name)
{
    json_plain(out, ",\n\"");
    json_plain(out, name);
    json_plain(out, "\":");
}

static void put_string(struct bytes *out, const char *name, const char *text)
{
    put_member(out, name);
    if (text != NULL)
        json_text(out, text);
    else
        json_plain(out, "null");
}

static void put_whole(struct bytes *out, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    json_plain(out, text);
}

static void put_streams(struct bytes *out, const struct report *report)
{
    put_member(out, "streams");
    for (size_t i = 0; i < report->stream_count; i++) {
        const struct report_stream *stream = &report->streams[i];
        json_plain(out, i == 0 ? "[{\"project\":" : ",\n{\"project\":");
        json_text(out, stream->names[0]);
        put_string(out, "branch", stream->names[1]);
        put_string(out, "testbed", stream->names[2]);
        if (stream->parent != NULL) {
            put_string(out, "parent", stream->parent);
            put_string(out, "start_commit", stream->start_commit);
            put_string(out, "fork_commit", stream->fork_commit);
            put_member(out, "fork_run");
            put_whole(out, stream->fork_run);
            put_member(out, "fork_time");
            json_number(out, (double)(stream->fork_ns / 1000000));
        }
        json_plain(out, "}");
    }
    json_plain(out, "]");
}

/* [stream, benchmark, measure, unit, points, chunk, offset] of each series. A name that is that of
 * the series before is 0, so that a long one is written once where series are neighbours. */
static void put_series(struct bytes *out, const struct report *report)
{
    put_member(out, "series");
    json_plain(out, "[");
    for (size_t i = 0; i < report->series_count; i++) {
        const struct report_series *series = &report->series[i], *before = series - (i > 0);
        const char *texts[] = {series->names[PACE_BENCHMARK], series->names[PACE_MEASURE],
                               series->unit};
        const char *was[] = {before->names[PACE_BENCHMARK], before->names[PACE_MEASURE],
                             before->unit};
        json_plain(out, i == 0 ? "[" : ",\n[");
        put_whole(out, series->stream);
        for (size_t k = 0; k < 3; k++) {
            json_plain(out, ",");
            if (i > 0 && strcmp(texts[k], was[k]) == 0)
                json_plain(out, "0");
            else
                json_text(out, texts[k]);
        }
        const uint64_t numbers[] = {series->point_count, series->chunk, series->offset};
        for (size_t k = 0; k < 3; k++) {
            json_plain(out, ",");
            put_whole(out, numbers[k]);
        }
        json_plain(out, "]");
    }
    json_plain(out, "]");
}

static void put_verdicts(struct bytes *out)
{
    static const char *const verdicts[][2] = {
#define VERDICT(id, name, help) {name, help},
#include "../query/verdict.def"
#undef VERDICT
    };
    put_member(out, "verdicts");
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        json_plain(out, i == 0 ? "[[" : ",[");
        json_text(out, verdicts[i][0]);
        json_plain(out, ",");
        json_text(out, verdicts[i][1]);
        json_plain(out, "]");
    }
    json_plain(out, "]");
}

/* Name, kind and factor to the kind's base of each unit: the page prints as the command does. */
static void put_units(struct bytes *out)
{
    static const char *const kinds[] = {
        [UNIT_NONE] = "none",         [UNIT_TIME] = "time",   [UNIT_SIZE] = "size",
        [UNIT_RATIO] = "ratio",       [UNIT_COUNT] = "count", [UNIT_RATE] = "rate",
        [UNIT_BYTERATE] = "byterate", [UNIT_SD] = "sd",       [UNIT_CUSTOM] = "custom"};
    const struct unit *unit;
    put_member(out, "units");
    for (size_t i = 0; (unit = unit_row(i)) != NULL; i++) {
        json_plain(out, i == 0 ? "[[" : ",[");
        json_text(out, unit->name);
        json_plain(out, ",");
        json_text(out, kinds[unit->kind]);
        json_plain(out, ",");
        json_number(out, unit->factor);
        json_plain(out, "]");
    }
    json_plain(out, "]");
}

static void put_data(struct bytes *out, const struct report *report)
{
    char time[TIMESTAMP_TEXT_MAX];
    json_plain(out, "{\"schema\":\"pace.report/1\"");
    put_string(out, "pace", PACE_VERSION);
    put_string(out, "made", timestamp_print(time, report->now_ns - report->now_ns % 1000000000));
    put_string(out, "selector", report->selector);
    put_string(out, "link", report->link);
    put_member(out, "points");
    put_whole(out, report->points);
    put_member(out, "judged_last");
    put_whole(out, report->judged_last);
    put_verdicts(out);
    put_units(out);
    put_streams(out, report);
    put_series(out, report);
    const struct {
        const char *name;
        const struct bytes *json;
    } parts[] = {{"measures", &report->measures},
                 {"marks", &report->marks},
                 {"check", &report->check.json},
                 {"changes", &report->changes.json}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        put_member(out, parts[i].name);
        bytes_put(out, parts[i].json->data, parts[i].json->len);
    }
    json_plain(out, "}");
}

/* -- the page ---------------------------------------------------------------------------------- */

static void put_head(struct bytes *out)
{
    const struct asset styles[] = {asset_uplot_css(), asset_report_css()};
    const struct asset uplot = asset_uplot_js();
    const struct asset scripts[] = {asset_report_data_js(), asset_report_chart_js(),
                                    asset_report_js()};
    json_plain(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                    "script-src");
    put_hash(out, &uplot, 1);
    put_hash(out, scripts, sizeof scripts / sizeof scripts[0]);
    json_plain(out, "; style-src");
    put_hash(out, styles, 2);
    json_plain(out, "; base-uri 'none'; form-action 'none'\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"referrer\" content=\"no-referrer\">\n"
                    "<meta name=\"generator\" content=\"pace " PACE_VERSION
                    "\">\n<title>Benchmarks</title>\n<style>");
    put_asset(out, styles[0]);
    put_asset(out, styles[1]);
    json_plain(out, "</style>\n</head>\n");
    put_asset(out, asset_report_html());
    json_plain(out, "<script>");
    put_asset(out, uplot);
    json_plain(out, "</script>\n<script type=\"application/json\" id=\"report\">");
}

int report_write(const struct report *report, FILE *out)
{
    struct bytes page = {0};
    put_head(&page);
    put_data(&page, report);
    json_plain(&page, "</script>\n<script>");
    put_asset(&page, asset_report_data_js());
    put_asset(&page, asset_report_chart_js());
    put_asset(&page, asset_report_js());
    json_plain(&page, "</script>\n");
    int code = page.failed ? ENOMEM : 0;
    if (code == 0 && fwrite(page.data, 1, page.len, out) != page.len) code = errno;
    bytes_free(&page);
    for (size_t i = 0; i < report->chunk_count && code == 0; i++) {
        const struct bytes *chunk = &report->chunks[i];
        if (fprintf(out, "<script type=\"text/plain\" id=\"c%zu\">", i) < 0 ||
            fwrite(chunk->data, 1, chunk->len, out) != chunk->len ||
            fputs("</script>\n", out) == EOF)
            code = errno;
    }
    if (code == 0 && (fputs("</body>\n</html>\n", out) == EOF || fflush(out) != 0)) code = errno;
    return code;
}
