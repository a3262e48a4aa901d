/* complete_names.c -- completion by what the store holds: names of a dimension, commits, runs, and
 * the series of a path segment by segment. */
#include "complete.h"

#include "glob.h"
#include "strbuf.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NEWEST_RUNS = 20 };

/* -- a name as a pattern ----------------------------------------------------------------------- */

/* True when text[0..len) stands bare after a key or in a path: the scanner's GLOB without
 * wildcards. */
static bool is_bare(const char *name)
{
    static const char special[] = " \t\r\n,;|(){}\"*?\\";
    return name[0] && !strchr("$'/#", name[0]) && !strpbrk(name, special) && !strstr(name, "//") &&
           name[strlen(name) - 1] != '/';
}

/* Control characters never reach the terminal: `?` stands for each, which matches it. */
static const char *shown(struct arena *arena, const char *name, bool *wild)
{
    size_t len = strlen(name);
    *wild = false;
    if (text_safe(NULL, 0, name, len) == len) return name;
    char *out = arena_alloc(arena, len + 1), *at = out;
    if (!out) return "";
    for (size_t i = 0; i < len;) {
        uint32_t code;
        unsigned used = text_decode(name + i, len - i, &code);
        if (code == TEXT_INVALID || text_is_control(code)) {
            *at++ = '?';
        } else {
            memcpy(at, name + i, used);
            at += used;
        }
        i += used;
    }
    *wild = true;
    return out;
}

const char *complete_pattern_of(struct arena *arena, const char *name)
{
    bool wild;
    const char *text = shown(arena, name, &wild);
    if (!wild && is_bare(text)) return text;
    struct strbuf out;
    strbuf_init(&out, arena);
    if (wild) { /* a glob has no blanks and no quotes */
        for (const char *at = text; *at; at++)
            strbuf_char(&out, strchr(" ,;|(){}\"*\\$'#", *at) ? '?' : *at);
    } else {
        strbuf_char(&out, '"');
        for (const char *at = text; *at; at++) {
            if (*at == '"' || *at == '\\') strbuf_char(&out, '\\');
            strbuf_char(&out, *at);
        }
        strbuf_char(&out, '"');
    }
    const char *pattern = strbuf_end(&out);
    return pattern ? pattern : "";
}

/* Up to the first character that is shown as another; with a quote that is not closed where some of
 * the patterns have quotes because of it. */
const char *complete_common_of(struct arena *arena, const char *common, size_t len)
{
    size_t shown_len = 0;
    while (shown_len < len) {
        uint32_t code;
        unsigned used = text_decode(common + shown_len, len - shown_len, &code);
        if (code == TEXT_INVALID || text_is_control(code)) break;
        shown_len += used;
    }
    const char *text = arena_copy(arena, common, shown_len);
    if (!text || shown_len == 0) return text;
    bool slash = text[shown_len - 1] == '/'; /* at the end of a name only it needs quotes */
    const char *pattern = slash ? complete_pattern_of(arena, arena_printf(arena, "%s.", text))
                                : complete_pattern_of(arena, text);
    if (pattern[0] != '"') return text;
    return arena_copy(arena, pattern, strlen(pattern) - (slash ? 2 : 1));
}

/* -- one dimension ----------------------------------------------------------------------------- */

int complete_key(struct offers *offers, pace_snapshot *snapshot, enum pace_dimension dimension,
                 struct pace_error *error)
{
    const char *const *names;
    uint32_t count;
    int status = pace_names(snapshot, dimension, error, &names, &count);
    if (status) return status;
    offers->are_names = true;
    for (uint32_t i = 0; i < count; i++)
        if (offer_wants(offers, names[i])) offer_put(offers, names[i], NULL, false);
    return 0;
}

struct commits {
    struct offers *offers;
    char last[PACE_MAX_COMMIT + 1];
};

/* Commits come in order, each once a run. */
static int visit_commit(void *context, const char *commit, uint64_t run)
{
    struct commits *commits = context;
    (void)run;
    if (strcmp(commits->last, commit) == 0) return 0;
    snprintf(commits->last, sizeof commits->last, "%s", commit);
    const char *copy = arena_string(commits->offers->arena, commit);
    if (copy) offer_put(commits->offers, copy, NULL, false);
    return 0;
}

int complete_commit(struct offers *offers, pace_snapshot *snapshot, struct pace_error *error)
{
    struct commits commits = {.offers = offers};
    if (offers->within) return 0;
    offers->are_names = true;
    const char *prefix = arena_copy(offers->arena, offers->typed, offers->typed_len);
    if (!prefix) return PACE_ENOMEM;
    int status = pace_commits(snapshot, prefix, error, visit_commit, &commits);
    return status == PACE_ENOTFOUND ? 0 : status;
}

int complete_run(struct offers *offers, pace_snapshot *snapshot, struct pace_error *error)
{
    uint64_t run = pace_run_count(snapshot);
    if (offers->within) return 0;
    for (unsigned seen = 0; run > 0 && seen < NEWEST_RUNS; run--) {
        struct pace_run_view view;
        char number[24];
        snprintf(number, sizeof number, "%" PRIu64, run);
        if (!offer_wants(offers, number)) continue;
        int status = pace_run_get(snapshot, run, error, &view);
        if (status == PACE_ENOTFOUND) continue; /* dropped by a compaction */
        if (status) return status;
        const char *copy = arena_string(offers->arena, number);
        if (!copy) return PACE_ENOMEM;
        offer_put(offers, copy, NULL, false);
        seen++;
    }
    return 0;
}

/* -- paths ------------------------------------------------------------------------------------- */

struct path {
    struct offers *offers;
    pace_snapshot *snapshot;
    struct pace_error *error;
    struct glob globs[PACE_DIMENSION_COUNT];
    bool any[PACE_DIMENSION_COUNT];          /* the segment is a lone `*` */
    const bool *match[PACE_DIMENSION_COUNT]; /* by id, of the segments that are there */
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t name_count[PACE_DIMENSION_COUNT];
    enum pace_dimension last; /* the one to be completed */
};

/* Takes a path apart. The text of the last segment goes to the offers. */
static int path_read(struct path *path, const char *text, size_t len, size_t *start)
{
    struct arena *arena = path->offers->arena;
    size_t at = 0;
    for (unsigned i = 0;; i++) {
        if (i == PACE_DIMENSION_COUNT || len - at < 2 || memcmp(text + at, "//", 2) != 0) return 0;
        at += 2;
        size_t from = at;
        bool quoted = at < len && text[at] == '"';
        struct strbuf name;
        strbuf_init(&name, arena);
        if (quoted) at++;
        while (at < len && (quoted ? text[at] != '"'
                                   : !(text[at] == '/' && at + 1 < len && text[at + 1] == '/'))) {
            if (quoted && text[at] == '\\' && at + 1 < len) at++;
            strbuf_char(&name, text[at++]);
        }
        const char *segment = strbuf_end(&name);
        if (!segment) return PACE_ENOMEM;
        path->last = (enum pace_dimension)i;
        if (at >= len) {
            *start += from;
            path->offers->typed = segment;
            path->offers->typed_len = strlen(segment);
            return 1;
        }
        if (quoted) at++;
        path->any[i] = !quoted && strcmp(segment, "*") == 0;
        if (quoted) {
            path->globs[i] = (struct glob){.count = 1, .literal = true};
            path->globs[i].alternatives = arena_array(arena, 1, sizeof(char *));
            if (!path->globs[i].alternatives) return PACE_ENOMEM;
            path->globs[i].alternatives[0] = arena_string(arena, segment);
        } else if (glob_compile(arena, segment, strlen(segment), &path->globs[i])) {
            return 0;
        }
    }
}

/* Which ids of the dimensions before the last the path's segments mean. */
static int path_bind(struct path *path)
{
    for (unsigned i = 0; i <= path->last; i++) {
        int status = pace_names(path->snapshot, (enum pace_dimension)i, path->error,
                                &path->names[i], &path->name_count[i]);
        if (status) return status;
        if (i == path->last || path->any[i]) continue;
        bool *match = arena_alloc(path->offers->arena, path->name_count[i] + 1);
        if (!match) return PACE_ENOMEM;
        for (uint32_t id = 0; id < path->name_count[i]; id++)
            match[id] = glob_match(&path->globs[i], path->names[i][id]);
        path->match[i] = match;
    }
    return 0;
}

static bool fits(const struct path *path, unsigned dimension, uint32_t id)
{
    if (dimension >= path->last || path->any[dimension]) return true;
    return id < path->name_count[dimension] && path->match[dimension][id];
}

/* Notes the names of the last dimension in the series of one stream; *left counts those not yet
 * seen. */
static int stream_note(struct path *path, const struct pace_stream *stream, bool *seen,
                       uint32_t *left)
{
    const uint32_t ids[] = {stream->project, stream->branch, stream->testbed};
    for (unsigned i = 0; i <= PACE_TESTBED; i++)
        if (!fits(path, i, ids[i])) return 0;
    if (path->last <= PACE_TESTBED) {
        uint32_t id = ids[path->last];
        if (id < path->name_count[path->last] && !seen[id]) --*left, seen[id] = true;
        return 0;
    }
    const struct pace_column *columns;
    uint32_t count;
    int status = pace_columns(path->snapshot, stream->id, path->error, &columns, &count);
    if (status) return status;
    for (uint32_t i = 0; i<count && * left> 0; i++) {
        uint32_t id = path->last == PACE_BENCHMARK ? columns[i].benchmark : columns[i].measure;
        if (!fits(path, PACE_BENCHMARK, columns[i].benchmark)) continue;
        if (id < path->name_count[path->last] && !seen[id]) --*left, seen[id] = true;
    }
    return 0;
}

int complete_path(struct offers *offers, pace_snapshot *snapshot, const char *text, size_t len,
                  size_t *start, struct pace_error *error)
{
    struct path path = {.offers = offers, .snapshot = snapshot, .error = error};
    const struct pace_stream *streams;
    uint32_t count;
    int status = path_read(&path, text, len, start);
    if (status <= 0) return status;
    status = path_bind(&path);
    if (!status) status = pace_streams(snapshot, error, &streams, &count);
    if (status) return status;
    uint32_t left = path.name_count[path.last];
    bool *seen = arena_alloc(offers->arena, left + (size_t)1);
    if (!seen) return PACE_ENOMEM;
    for (uint32_t i = 0; i < count && left > 0 && !status; i++)
        status = stream_note(&path, &streams[i], seen, &left);
    if (status) return status;
    bool open = path.last != PACE_MEASURE;
    if (open) offers->suffix = "//";
    offers->are_names = true;
    for (int within = 0; within < 2 && offers->total == 0; within++) {
        offers->within = within == 1;
        for (uint32_t id = 0; id < path.name_count[path.last]; id++) {
            const char *name = path.names[path.last][id];
            if (!seen[id] || !offer_wants(offers, name)) continue;
            offer_put(offers, name, NULL, open);
        }
    }
    return 0;
}
