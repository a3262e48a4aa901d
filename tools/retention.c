/* retention.c -- see retention.h.
 *
 * A rule of --before or --keep-per is for the branches that its pattern names; of several for one
 * branch the last counts. Where a branch has both, the runs before the time are thinned and none
 * are dropped whole. */
#include "retention.h"

#include "../engine/arena.h"
#include "../engine/unit.h"
#include "../query/glob.h"
#include "../query/pace_query.h"
#include "say.h"
#include "store.h"
#include "timestamp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR_NS ((int64_t)3600 * 1000000000)

enum { DAY_HOURS = 24, WEEK_HOURS = 7 * 24, MONDAY_HOURS = 3 * 24 /* 1970 began on a Thursday */ };

static const char *const period_names[] = {"hour", "day", "week", "month", "year"};
enum period { PERIOD_HOUR, PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_YEAR, PERIOD_COUNT };

struct rule {
    const char *pattern; /* NULL: every branch */
    struct glob glob;
    int64_t before_ns;
    enum period period;
};

struct rules {
    struct rule *items;
    size_t count;
};

/* A set of numbers. */
struct bits {
    unsigned char *bytes;
    uint64_t count; /* numbers from 0 that it can hold */
};

/* What one --drop names. */
struct drop {
    struct bits *columns; /* a stream each */
    uint32_t stream_count;
    struct bits runs;
};

struct retention {
    struct arena arena;
    struct rules before, keep_per;
    struct bits dropped; /* runs, by the rules */
    struct drop *drops;
    size_t drop_count;
};

/* -- sets ------------------------------------------------------------------------------------ */

static int bits_make(struct arena *arena, uint64_t count, struct bits *out)
{
    *out = (struct bits){.bytes = arena_alloc(arena, count / 8 + 1), .count = count};
    return out->bytes != NULL ? 0 : PACE_ENOMEM;
}

static int bits_has(const struct bits *bits, uint64_t number)
{
    return number < bits->count && bits->bytes[number / 8] >> number % 8 & 1;
}

static void bits_add(struct bits *bits, uint64_t number)
{
    if (number < bits->count) bits->bytes[number / 8] |= (unsigned char)(1u << number % 8);
}

/* -- rules ----------------------------------------------------------------------------------- */

/* "90d": so long before now. */
static int span_parse(const char *text, int64_t *span_ns)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    struct unit unit = unit_lookup(end, strlen(end));
    if (end == text || *text < '0' || *text > '9' || unit.kind != UNIT_TIME) return -1;
    double span = (double)number * unit.factor;
    if (!(span < 9e18)) return -1;
    *span_ns = (int64_t)span;
    return 0;
}

static int before_parse(const struct arguments *arguments, const char *text, struct rule *rule)
{
    struct pace_error error = {0};
    int64_t span_ns;
    if (span_parse(text, &span_ns) == 0) {
        rule->before_ns = timestamp_now() - span_ns;
        return 0;
    }
    if (timestamp_parse(text, strlen(text), &rule->before_ns, &error) == 0) return 0;
    return command_misused(arguments->command, "--before: %s, nor a span such as 90d",
                           error.message);
}

static int period_parse(const struct arguments *arguments, const char *text, struct rule *rule)
{
    for (int i = 0; i < PERIOD_COUNT; i++) {
        if (strcmp(text, period_names[i]) != 0) continue;
        rule->period = (enum period)i;
        return 0;
    }
    return command_misused(arguments->command,
                           "--keep-per takes hour, day, week, month or year, not '%s'", text);
}

/* "PATTERN=VALUE" or "VALUE". */
static int rule_parse(struct retention *retention, const struct arguments *arguments,
                      const struct option_use *use, struct rule *rule)
{
    const char *equals = strrchr(use->value, '='), *value = equals ? equals + 1 : use->value;
    *rule = (struct rule){0};
    if (equals != NULL) {
        rule->pattern = use->value;
        if (glob_compile(&retention->arena, use->value, (size_t)(equals - use->value), &rule->glob))
            return command_misused(arguments->command, "not a pattern of branches: '%.*s'",
                                   (int)(equals - use->value), use->value);
    }
    return use->id == OPTION_BEFORE ? before_parse(arguments, value, rule)
                                    : period_parse(arguments, value, rule);
}

static const struct rule *rule_for(const struct rules *rules, const char *branch)
{
    for (size_t i = rules->count; i > 0; i--) {
        const struct rule *rule = &rules->items[i - 1];
        if (rule->pattern == NULL || glob_match(&rule->glob, branch)) return rule;
    }
    return NULL;
}

static int rules_read(struct retention *retention, const struct arguments *arguments,
                      enum option_id id, struct rules *out)
{
    out->items = arena_array(&retention->arena, arguments->use_count, sizeof *out->items);
    if (out->items == NULL) return store_failed("", PACE_ENOMEM, NULL);
    for (size_t i = 0; i < arguments->use_count; i++) {
        if (arguments->uses[i].id != id) continue;
        int status = rule_parse(retention, arguments, &arguments->uses[i], &out->items[out->count]);
        if (status != 0) return status;
        out->count++;
    }
    return 0;
}

/* Which hour, day... in UTC a time falls in. */
static int64_t period_of(enum period period, int64_t time_ns)
{
    int64_t hours = time_ns / HOUR_NS; /* times before 1970 are not stored */
    time_t seconds = (time_t)(hours * 3600);
    struct tm tm;
    switch (period) {
    case PERIOD_HOUR: return hours;
    case PERIOD_DAY: return hours / DAY_HOURS;
    case PERIOD_WEEK: return (hours + MONDAY_HOURS) / WEEK_HOURS;
    default: break;
    }
    gmtime_r(&seconds, &tm);
    return period == PERIOD_YEAR ? tm.tm_year : tm.tm_year * 12 + tm.tm_mon;
}

/* -- what the rules drop --------------------------------------------------------------------- */

/* The runs of a stream, oldest first. */
struct thinning {
    const struct rule *before, *keep_per;
    uint64_t newest; /* of the period that is being looked at; 0: none yet */
    int64_t period;
};

static void judge_run(struct bits *dropped, struct thinning *thinning,
                      const struct pace_run_view *run)
{
    const struct rule *before = thinning->before, *keep_per = thinning->keep_per;
    if (before != NULL && run->time_ns >= before->before_ns) return;
    if (keep_per == NULL) {
        bits_add(dropped, run->run);
        return;
    }
    int64_t period = period_of(keep_per->period, run->time_ns);
    if (thinning->newest != 0 && period == thinning->period) bits_add(dropped, thinning->newest);
    thinning->newest = run->run;
    thinning->period = period;
}

static int judge_stream(struct retention *retention, pace_snapshot *snapshot,
                        const struct pace_stream *stream, const char *branch,
                        struct pace_error *error)
{
    struct thinning thinning = {.before = rule_for(&retention->before, branch),
                                .keep_per = rule_for(&retention->keep_per, branch)};
    struct pace_cells cells = {.run_count = 1};
    pace_scan *scan;
    if (thinning.before == NULL && thinning.keep_per == NULL) return 0;
    int code = pace_scan_open(snapshot, stream->id, NULL, 0, NULL, error, &scan);
    if (code != 0) return code;
    while (code == 0 && cells.run_count > 0) {
        code = pace_scan_next(scan, error, &cells);
        for (size_t r = 0; code == 0 && r < cells.run_count; r++)
            judge_run(&retention->dropped, &thinning, &cells.runs[r]);
    }
    pace_scan_close(scan);
    return code;
}

static int judge_all(struct retention *retention, pace_snapshot *snapshot, struct pace_error *error)
{
    const struct pace_stream *streams;
    const char *const *branches;
    uint32_t count = 0, branch_count = 0;
    int code = pace_streams(snapshot, error, &streams, &count);
    if (code == 0) code = pace_names(snapshot, PACE_BRANCH, error, &branches, &branch_count);
    if (code == 0)
        code = bits_make(&retention->arena, pace_run_count(snapshot) + 1, &retention->dropped);
    for (uint32_t i = 0; i < count && code == 0; i++)
        if (streams[i].branch < branch_count)
            code =
                judge_stream(retention, snapshot, &streams[i], branches[streams[i].branch], error);
    return code;
}

/* -- what selectors drop --------------------------------------------------------------------- */

/* A series goes with its benchmark's measure, and so do its companions: latency.min with
 * latency. */
static void drop_columns(struct bits *out, const pace_selection *selection, uint32_t stream,
                         const struct pace_column *columns, uint32_t count,
                         const char *const *measures)
{
    for (uint32_t i = 0; i < count; i++)
        if (pace_selection_has(selection, stream, i)) bits_add(out, i);
    for (uint32_t i = 0; i < count; i++) {
        const char *dot = strchr(measures[columns[i].measure], '.');
        size_t len = dot != NULL ? (size_t)(dot - measures[columns[i].measure]) : 0;
        for (uint32_t k = 0; k < count && len > 0 && !bits_has(out, i); k++) {
            const char *of = measures[columns[k].measure];
            if (columns[k].benchmark == columns[i].benchmark && bits_has(out, k) &&
                strlen(of) == len && memcmp(of, measures[columns[i].measure], len) == 0)
                bits_add(out, i);
        }
    }
}

static int drop_runs(struct drop *drop, pace_selection *selection, pace_snapshot *snapshot,
                     const struct pace_stream *stream, struct pace_error *error)
{
    struct pace_cells cells = {.run_count = 1};
    pace_scan *scan;
    int code = pace_scan_open(snapshot, stream->id, NULL, 0, NULL, error, &scan);
    if (code != 0) return code;
    while (code == 0 && cells.run_count > 0) {
        code = pace_scan_next(scan, error, &cells);
        for (size_t r = 0; code == 0 && r < cells.run_count; r++) {
            int named = pace_selection_run(selection, cells.runs[r].commit, cells.runs[r].run);
            if (named < 0)
                code = named;
            else if (named)
                bits_add(&drop->runs, cells.runs[r].run);
        }
    }
    pace_scan_close(scan);
    return code;
}

static int drop_read(struct retention *retention, struct drop *drop, pace_selection *selection,
                     pace_snapshot *snapshot, struct pace_error *error)
{
    const struct pace_stream *streams;
    const struct pace_column *columns;
    const char *const *measures;
    uint32_t count, column_count, measure_count;
    int code = pace_streams(snapshot, error, &streams, &count);
    if (code == 0) code = pace_names(snapshot, PACE_MEASURE, error, &measures, &measure_count);
    if (code == 0) code = bits_make(&retention->arena, pace_run_count(snapshot) + 1, &drop->runs);
    if (code != 0) return code;
    drop->columns = arena_array(&retention->arena, count, sizeof *drop->columns);
    if (drop->columns == NULL) return PACE_ENOMEM;
    drop->stream_count = count;
    for (uint32_t i = 0; i < count && code == 0; i++) {
        code = pace_columns(snapshot, i, error, &columns, &column_count);
        if (code == 0) code = bits_make(&retention->arena, column_count, &drop->columns[i]);
        if (code != 0) break;
        drop_columns(&drop->columns[i], selection, i, columns, column_count, measures);
        code = drop_runs(drop, selection, snapshot, &streams[i], error);
    }
    return code;
}

static int drops_read(struct retention *retention, const struct arguments *arguments, pace *store,
                      pace_snapshot *snapshot)
{
    pace_session *session;
    struct pace_error error = {0};
    int code = pace_session_open(store, NULL, &error, &session);
    if (code != 0) return store_failed("", code, &error);
    retention->drops =
        arena_array(&retention->arena, arguments->use_count, sizeof *retention->drops);
    if (retention->drops == NULL) code = PACE_ENOMEM;
    const char *text = "";
    for (size_t i = 0; i < arguments->use_count && code == 0; i++) {
        pace_selection *selection;
        if (arguments->uses[i].id != OPTION_DROP) continue;
        text = arguments->uses[i].value;
        code = pace_selection_open(session, text, strlen(text), &error, &selection);
        if (code != 0) break;
        if (pace_selection_count(selection) == 0) say_note("note: '%s' names no series", text);
        code = drop_read(retention, &retention->drops[retention->drop_count++], selection, snapshot,
                         &error);
        pace_selection_close(selection);
    }
    pace_session_close(session);
    return code != 0 ? store_failed(*text != '\0' ? "--drop" : "", code, &error) : 0;
}

/* -- the whole ------------------------------------------------------------------------------- */

int retention_read(const struct arguments *arguments, pace *store, struct retention **out)
{
    struct pace_error error = {0};
    pace_snapshot *snapshot;
    struct retention *retention = calloc(1, sizeof *retention);
    if (retention == NULL) return store_failed("", PACE_ENOMEM, NULL);
    arena_init(&retention->arena, 0);
    int status = rules_read(retention, arguments, OPTION_BEFORE, &retention->before);
    if (status == 0)
        status = rules_read(retention, arguments, OPTION_KEEP_PER, &retention->keep_per);
    if (status == 0) {
        int code = pace_snapshot_begin(store, &error, &snapshot);
        if (code == 0) {
            code = judge_all(retention, snapshot, &error);
            if (code == 0) status = drops_read(retention, arguments, store, snapshot);
            pace_snapshot_end(snapshot);
        }
        if (code != 0) status = store_failed("", code, &error);
    }
    if (status != 0) {
        retention_free(retention);
        return status;
    }
    *out = retention;
    return 0;
}

void retention_free(struct retention *retention)
{
    if (retention == NULL) return;
    arena_clear(&retention->arena);
    free(retention);
}

int retention_keep_run(void *context, const struct pace_stream *stream,
                       const struct pace_run_view *run)
{
    const struct retention *retention = context;
    (void)stream;
    return !bits_has(&retention->dropped, run->run);
}

int retention_keep_cell(void *context, const struct pace_stream *stream,
                        const struct pace_run_view *run, uint32_t column)
{
    const struct retention *retention = context;
    for (size_t i = 0; i < retention->drop_count; i++) {
        const struct drop *drop = &retention->drops[i];
        if (stream->id < drop->stream_count && bits_has(&drop->columns[stream->id], column) &&
            bits_has(&drop->runs, run->run))
            return 0;
    }
    return 1;
}
