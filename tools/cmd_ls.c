/* cmd_ls.c -- `pace ls`: the streams that are stored, or every series as a path. */
#include "command.h"

#include "../query/glob.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

struct listing {
    pace_snapshot *snapshot;
    struct arena arena;
    struct glob glob;
    int has_pattern;
    const char *wanted[PACE_TESTBED + 1]; /* NULL: any */
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t name_count[PACE_DIMENSION_COUNT];
    struct rows rows;
    int is_brief; /* for people, who asked for all: dotted measures are counted */
    size_t companions;
};

/* A segment of a path; in quotes where the language needs them. */
static const char *segment(struct arena *arena, const char *name)
{
    if (name[0] != '\0' && strpbrk(name, " \t|;,()\"'*?{}#$") == NULL && strstr(name, "//") == NULL)
        return name;
    char *quoted = arena_alloc(arena, 2 * strlen(name) + 3);
    if (quoted == NULL) return name;
    char *at = quoted;
    *at++ = '"';
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\') *at++ = '\\';
        *at++ = *name;
    }
    *at = '"';
    return quoted;
}

static const char *name_of(const struct listing *listing, enum pace_dimension dimension,
                           uint32_t id)
{
    return id < listing->name_count[dimension] ? listing->names[dimension][id] : "";
}

/* A pattern is looked for anywhere in the path. */
static int pattern_compile(struct listing *listing, const char *pattern)
{
    const char *text = arena_printf(&listing->arena, "*%s*", pattern);
    if (text == NULL) return -2;
    listing->has_pattern = 1;
    return glob_compile(&listing->arena, text, strlen(text), &listing->glob);
}

static int matches(const struct listing *listing, const char *path)
{
    return path != NULL && (!listing->has_pattern || glob_match(&listing->glob, path));
}

static void add_stream(struct listing *listing, const struct pace_stream *stream, uint32_t series)
{
    struct rows *rows = &listing->rows;
    rows_next(rows);
    rows_text(rows, 0, name_of(listing, PACE_PROJECT, stream->project));
    rows_text(rows, 1, name_of(listing, PACE_BRANCH, stream->branch));
    rows_text(rows, 2, name_of(listing, PACE_TESTBED, stream->testbed));
    rows_number(rows, 3, series, "");
    rows_number(rows, 4, (double)stream->run_count, "");
    rows_number(rows, 5, (double)stream->cell_count, "");
    if (stream->run_count > 0) rows_time(rows, 6, stream->last_time_ns);
}

static int add_series(struct listing *listing, const struct pace_stream *stream, const char *path,
                      uint32_t measure, struct pace_error *error)
{
    static const char *const directions[] = {"", "lower", "higher"};
    struct rows *rows = &listing->rows;
    struct pace_measure found;
    int code = pace_measure_get(listing->snapshot, stream->project, measure, error, &found);
    if (code != 0) return code;
    rows_next(rows);
    rows_text(rows, 0, path);
    rows_text(rows, 1, found.unit);
    rows_text(rows, 2, directions[found.direction <= PACE_HIGHER_IS_BETTER ? found.direction : 0]);
    return 0;
}

/* One stream: its own row, or a row for each of its series. */
static int list_stream(struct listing *listing, const struct pace_stream *stream, int is_long,
                       struct pace_error *error)
{
    const struct pace_column *columns;
    uint32_t count, hits = 0;
    struct arena *arena = &listing->arena;
    const char *project = name_of(listing, PACE_PROJECT, stream->project);
    const char *branch = name_of(listing, PACE_BRANCH, stream->branch);
    const char *testbed = name_of(listing, PACE_TESTBED, stream->testbed);
    if ((listing->wanted[0] != NULL && strcmp(listing->wanted[0], project) != 0) ||
        (listing->wanted[1] != NULL && strcmp(listing->wanted[1], branch) != 0) ||
        (listing->wanted[2] != NULL && strcmp(listing->wanted[2], testbed) != 0))
        return 0;
    int code = pace_columns(listing->snapshot, stream->id, error, &columns, &count);
    for (uint32_t i = 0; i < count && code == 0 && (is_long || listing->has_pattern); i++) {
        const char *measure = name_of(listing, PACE_MEASURE, columns[i].measure);
        if (listing->is_brief && strchr(measure, '.') != NULL) {
            listing->companions++;
            continue;
        }
        const char *path =
            arena_printf(arena, "//%s//%s//%s//%s//%s", segment(arena, project),
                         segment(arena, branch), segment(arena, testbed),
                         segment(arena, name_of(listing, PACE_BENCHMARK, columns[i].benchmark)),
                         segment(arena, measure));
        if (path == NULL) return PACE_ENOMEM;
        if (!matches(listing, path)) continue;
        hits++;
        if (is_long) code = add_series(listing, stream, path, columns[i].measure, error);
    }
    if (code == 0 && !is_long && (hits > 0 || !listing->has_pattern))
        add_stream(listing, stream, listing->has_pattern ? hits : count);
    return listing->rows.failed ? PACE_ENOMEM : code;
}

static int list_all(struct listing *listing, int is_long, struct pace_error *error)
{
    const struct pace_stream *streams;
    uint32_t count;
    int code = pace_streams(listing->snapshot, error, &streams, &count);
    for (enum pace_dimension i = PACE_PROJECT; i <= PACE_MEASURE && code == 0; i++)
        code = pace_names(listing->snapshot, i, error, &listing->names[i], &listing->name_count[i]);
    for (uint32_t i = 0; i < count && code == 0; i++)
        code = list_stream(listing, &streams[i], is_long, error);
    return code;
}

static void declare_fields(struct rows *rows, int is_long)
{
    if (is_long) {
        rows_field(rows, "series", PACE_FIELD_TEXT);
        rows_field(rows, "unit", PACE_FIELD_TEXT);
        rows_field(rows, "better", PACE_FIELD_TEXT);
        return;
    }
    rows_field(rows, "project", PACE_FIELD_TEXT);
    rows_field(rows, "branch", PACE_FIELD_TEXT);
    rows_field(rows, "testbed", PACE_FIELD_TEXT);
    rows_field(rows, "series", PACE_FIELD_NUMBER);
    rows_field(rows, "runs", PACE_FIELD_NUMBER);
    rows_field(rows, "cells", PACE_FIELD_NUMBER);
    rows_field(rows, "newest", PACE_FIELD_TIME);
}

static int list(struct listing *listing, const struct arguments *arguments, pace *store)
{
    struct show_style style;
    struct pace_error error = {0};
    int is_long = arguments_has(arguments, OPTION_LONG);
    int status = show_style_read(arguments, &style);
    if (status != 0) return status;
    listing->is_brief = is_long && !listing->has_pattern && style.format == NULL;
    declare_fields(&listing->rows, is_long);
    int code = pace_snapshot_begin(store, &error, &listing->snapshot);
    if (code == 0) {
        code = list_all(listing, is_long, &error);
        if (code == 0) status = show_rows(&style, &listing->rows);
        pace_snapshot_end(listing->snapshot);
    }
    if (code != 0) return store_failed("", code, &error);
    if (listing->companions > 0)
        say_note("%zu more, as latency.min is of latency, are listed by: pace ls -l '*'",
                 listing->companions);
    else if (listing->rows.count == 0)
        say_note(listing->has_pattern || listing->wanted[0] || listing->wanted[1] ||
                         listing->wanted[2]
                     ? "nothing matches; `pace ls` lists all"
                     : "the store is empty");
    return status;
}

int cmd_ls(const struct arguments *arguments)
{
    struct listing listing = {.wanted = {arguments_value(arguments, OPTION_PROJECT),
                                         arguments_value(arguments, OPTION_BRANCH),
                                         arguments_value(arguments, OPTION_TESTBED)}};
    pace *store = NULL;
    if (arguments->operand_count > 1)
        return command_misused(arguments->command, "`pace ls` takes one pattern");
    int status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    arena_init(&listing.arena, 0);
    rows_init(&listing.rows);
    if (arguments->operand_count == 1 && pattern_compile(&listing, arguments->operands[0]) != 0)
        status = command_misused(arguments->command, "not a pattern: '%s'", arguments->operands[0]);
    else
        status = list(&listing, arguments, store);
    rows_clear(&listing.rows);
    arena_clear(&listing.arena);
    pace_close(store);
    return status;
}
