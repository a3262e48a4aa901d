/* complete.c -- see complete.h. */
#include "complete.h"

#include "../engine/arena.h"
#include "../query/pace_query.h"
#include "../query/text.h"
#include "adapters/adapter.h"
#include "ci_output.h"
#include "command.h"
#include "help_word.h"
#include "store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NEWEST_RUNS = 20,    /* runs that are offered where nothing is typed yet */
    HASH_SHOWN = 12,     /* digits of a commit */
    QUERY_LIMIT = 200,   /* candidates of a query */
    OFFERED_MOST = 2000, /* more would not be read: what they begin with is offered instead */
    ITEMS_MOST = 1 << 20,
};

enum how { HOW_WORDS, HOW_FILES, HOW_DIRECTORIES, HOW_COMMAND };

struct item {
    const char *text, *help; /* help NULL: none */
};

struct complete {
    struct arena arena;
    struct arguments line; /* --db of the line, for store_open */
    struct option_use uses[1];
    const char *word;   /* what is being typed */
    const char *prefix; /* "--file=" before it, or "" */
    struct item *items;
    size_t count, capacity;
    enum how how;
    size_t command_at;
    int tight;
    pace *store;
    pace_snapshot *snapshot;
};

/* 1 when a text can be shown as it is. */
static int is_plain(const char *text, size_t len)
{
    return text_safe(NULL, 0, text, len) == len;
}

/* Offers a text when it goes on from what is typed. */
static void offer(struct complete *complete, const char *text, const char *help)
{
    if (strncmp(text, complete->word, strlen(complete->word)) != 0) return;
    if (complete->count == complete->capacity) {
        size_t capacity = complete->capacity * 2 + 64;
        if (capacity > ITEMS_MOST) return;
        struct item *items = reallocarray(complete->items, capacity, sizeof *items);
        if (items == NULL) return;
        complete->items = items;
        complete->capacity = capacity;
    }
    complete->items[complete->count++] = (struct item){text, help};
}

static void offer_list(struct complete *complete, const char *words)
{
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        const char *word = arena_copy(&complete->arena, words, len);
        if (word != NULL) offer(complete, word, NULL);
        words += len + strspn(words + len, " ");
    }
}

/* -- from the store ---------------------------------------------------------------------------- */

/* A snapshot of the store, or NULL. Messages go nowhere: nobody asked to open one. */
static pace_snapshot *open_store(struct complete *complete)
{
    if (complete->store != NULL) return complete->snapshot;
    fflush(stderr);
    int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int none = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept >= 0 && none >= 0) dup2(none, STDERR_FILENO);
    int status = store_open(&complete->line, STORE_READ, &complete->store);
    if (kept >= 0 && none >= 0) dup2(kept, STDERR_FILENO);
    if (none >= 0) close(none);
    if (kept >= 0) close(kept);
    if (status != 0) return NULL;
    if (pace_snapshot_begin(complete->store, NULL, &complete->snapshot) != 0)
        complete->snapshot = NULL;
    return complete->snapshot;
}

static void offer_names(struct complete *complete, enum pace_dimension dimension)
{
    pace_snapshot *snapshot = open_store(complete);
    const char *const *names;
    uint32_t count;
    if (snapshot == NULL || pace_names(snapshot, dimension, NULL, &names, &count) != 0) return;
    for (uint32_t i = 0; i < count; i++)
        offer(complete, names[i], NULL);
}

static void offer_tags(struct complete *complete)
{
    pace_snapshot *snapshot = open_store(complete);
    const struct pace_object *objects;
    size_t count;
    if (snapshot == NULL || pace_objects(snapshot, NULL, &objects, &count) != 0) return;
    for (size_t i = 0; i < count; i++)
        if (objects[i].kind == PACE_OBJECT_TAG) offer(complete, objects[i].name, "tag");
}

/* The newest runs: their numbers, or their commits. */
static void offer_newest(struct complete *complete, int commits)
{
    pace_snapshot *snapshot = open_store(complete);
    size_t left = NEWEST_RUNS;
    if (snapshot == NULL) return;
    for (uint64_t run = pace_run_count(snapshot); run > 0 && left > 0; run--, left--) {
        struct pace_run_view view;
        if (pace_run_get(snapshot, run, NULL, &view) != 0) continue;
        const char *hash =
            arena_copy(&complete->arena, view.commit, strnlen(view.commit, HASH_SHOWN));
        const char *number = arena_printf(&complete->arena, "%llu", (unsigned long long)run);
        if (hash == NULL || number == NULL) return;
        if (!commits)
            offer(complete, number, hash);
        else if (*hash != '\0')
            offer(complete, hash, arena_printf(&complete->arena, "run %s", number));
    }
}

static int visit_commit(void *context, const char *commit, uint64_t run)
{
    struct complete *complete = context;
    const char *hash = arena_copy(&complete->arena, commit, strnlen(commit, HASH_SHOWN));
    if (hash != NULL)
        offer(complete, hash, arena_printf(&complete->arena, "run %llu", (unsigned long long)run));
    return complete->count > OFFERED_MOST;
}

static void offer_commits(struct complete *complete)
{
    if (*complete->word == '\0') {
        offer_newest(complete, 1);
    } else {
        pace_snapshot *snapshot = open_store(complete);
        if (snapshot != NULL) pace_commits(snapshot, complete->word, NULL, visit_commit, complete);
    }
    offer_tags(complete);
}

/* What the language offers at the end of a query; each candidate is the whole text. */
static void offer_query(struct complete *complete)
{
    pace_session *session = NULL;
    struct pace_completion *found = NULL;
    open_store(complete);
    if (pace_session_open(complete->store, NULL, NULL, &session) != 0) return;
    int code =
        pace_complete(session, complete->word, strlen(complete->word), QUERY_LIMIT, NULL, &found);
    for (size_t i = 0; code == 0 && i < found->count; i++) {
        const struct pace_candidate *candidate = &found->candidates[i];
        const char *text = arena_printf(&complete->arena, "%.*s%s", (int)found->start,
                                        complete->word, candidate->text);
        const char *help =
            candidate->help != NULL ? arena_string(&complete->arena, candidate->help) : NULL;
        if (text != NULL) offer(complete, text, help);
    }
    complete->tight = 1;
    pace_completion_free(found);
    pace_session_close(session);
}

/* -- sources: one a word of complete.def ------------------------------------------------------- */

typedef void source(struct complete *complete);

static void source_words(struct complete *complete)
{
    (void)complete; /* the row has them */
}

static void source_files(struct complete *complete)
{
    complete->how = HOW_FILES;
}

static void source_directories(struct complete *complete)
{
    complete->how = HOW_DIRECTORIES;
}

static void source_command_words(struct complete *complete)
{
    complete->how = HOW_COMMAND;
}

static void source_projects(struct complete *complete)
{
    offer_names(complete, PACE_PROJECT);
}

static void source_branches(struct complete *complete)
{
    offer_names(complete, PACE_BRANCH);
}

static void source_testbeds(struct complete *complete)
{
    offer_names(complete, PACE_TESTBED);
}

static void source_benchmarks(struct complete *complete)
{
    offer_names(complete, PACE_BENCHMARK);
}

static void source_commits(struct complete *complete)
{
    offer_commits(complete);
}

static void source_runs(struct complete *complete)
{
    offer_newest(complete, 0);
    offer_commits(complete);
}

/* Of `pace compare`: runs, commits, branches, and files of results. */
static void source_sides(struct complete *complete)
{
    complete->how = HOW_FILES;
    source_runs(complete);
    source_branches(complete);
}

static void source_adapters(struct complete *complete)
{
    for (size_t i = 0; i < adapter_count; i++)
        offer(complete, adapters[i].name, adapters[i].text);
}

static void offer_guides(struct complete *complete, enum pace_guide_kind kind)
{
    struct pace_guide guide;
    for (size_t i = 0; pace_guide(i, &guide) == 0; i++)
        if (guide.kind == kind) offer(complete, guide.name, guide.help);
}

static void source_formats(struct complete *complete)
{
    offer_guides(complete, PACE_GUIDE_FORMAT);
}

static void source_ci_formats(struct complete *complete)
{
    const char *name, *meaning;
    for (size_t i = 0; (name = ci_format_name(i, &meaning)) != NULL; i++)
        offer(complete, name, meaning);
}

static void source_models(struct complete *complete)
{
    offer_guides(complete, PACE_GUIDE_MODEL);
    complete->tight = 1;
}

static void source_query(struct complete *complete)
{
    offer_query(complete);
}

static void source_selector(struct complete *complete)
{
    offer_query(complete);
}

static void offer_commands(struct complete *complete)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, "shell") != 0)
            offer(complete, commands[i].name, commands[i].text);
}

static void offer_topic(void *context, const char *name, const char *text)
{
    offer(context, name, text);
}

static void source_topics(struct complete *complete)
{
    offer_commands(complete);
    offer(complete, "topics", "lists of words");
    offer(complete, "adapters", "the harnesses whose results are read");
    help_word_each(offer_topic, complete);
}

struct value_row {
    enum option_id id;
    source *source;
    const char *words;
};

struct operand_row {
    const char *command;
    size_t place;
    source *source;
    const char *words;
};

static const struct value_row value_rows[] = {
#define VALUE(option, from, words) {OPTION_##option, source_##from, words},
#define OPERAND(command, place, source, words)
#include "complete.def"
#undef VALUE
#undef OPERAND
};

static const struct operand_row operand_rows[] = {
#define VALUE(option, source, words)
#define OPERAND(command, place, from, words) {#command, place, source_##from, words},
#include "complete.def"
#undef VALUE
#undef OPERAND
};

/* -- taking the line apart --------------------------------------------------------------------- */

static void complete_value(struct complete *complete, int id)
{
    for (size_t i = 0; i < sizeof value_rows / sizeof value_rows[0]; i++) {
        if (value_rows[i].id != (enum option_id)id) continue;
        offer_list(complete, value_rows[i].words);
        value_rows[i].source(complete);
        return;
    }
    const char *value = option_rows[id].value;
    if (strcmp(value, "FILE") == 0 || strcmp(value, "PATH") == 0) complete->how = HOW_FILES;
}

static void complete_operand(struct complete *complete, const struct command *command, size_t place)
{
    const struct operand_row *row = NULL;
    for (size_t i = 0; i < sizeof operand_rows / sizeof operand_rows[0]; i++) {
        const struct operand_row *at = &operand_rows[i];
        if (strcmp(at->command, command->name) != 0) continue;
        if (at->place == place || (at->place == 0 && row == NULL)) row = at;
    }
    if (row == NULL) return;
    offer_list(complete, row->words);
    row->source(complete);
}

static void complete_options(struct complete *complete, const struct command *command)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!option_applies(&option_rows[i], command)) continue;
        const char *text = arena_printf(&complete->arena, "--%s", option_rows[i].name);
        if (text != NULL) offer(complete, text, option_rows[i].text);
    }
}

/* What the words before the last mean. */
struct state {
    const struct command *command; /* `shell` until a subcommand stands there */
    size_t operands;               /* of it, so far */
    size_t first;                  /* word of the first operand */
    int value_of;                  /* option whose value is next; -1: none */
    int ended;                     /* 1: behind `--`, or in the command of `run` */
};

static void read_option(struct complete *complete, struct state *state, const char *word)
{
    const char *equals = strchr(word, '=');
    int is_long = word[1] == '-';
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    int id = is_long ? option_find(state->command, word + 2, len - 2, 0)
                     : option_find(state->command, NULL, 0, word[strlen(word) - 1]);
    if (id < 0 || option_rows[id].value == NULL) return;
    if (!is_long || equals == NULL) {
        state->value_of = id;
    } else if (id == OPTION_DB) {
        complete->uses[0] = (struct option_use){OPTION_DB, equals + 1};
        complete->line.use_count = 1;
    }
}

static void read_word(struct complete *complete, struct state *state, const char *word, size_t at)
{
    if (state->value_of >= 0) {
        if (state->value_of == OPTION_DB) {
            complete->uses[0] = (struct option_use){OPTION_DB, word};
            complete->line.use_count = 1;
        }
        state->value_of = -1;
        return;
    }
    if (!state->ended && strcmp(word, "--") == 0) {
        state->ended = 1;
    } else if (!state->ended && word[0] == '-' && word[1] != '\0') {
        read_option(complete, state, word);
    } else if (strcmp(state->command->name, "shell") == 0) {
        const struct command *command = command_find(word);
        if (command != NULL) state->command = command;
    } else {
        if (state->operands++ == 0) state->first = at;
        if (strcmp(state->command->name, "run") == 0) state->ended = 1;
    }
}

static void complete_last(struct complete *complete, const struct state *state, size_t at)
{
    const char *word = complete->word, *equals = strchr(word, '=');
    complete->command_at = state->operands > 0 ? state->first : at;
    if (state->value_of >= 0) {
        complete_value(complete, state->value_of);
    } else if (!state->ended && strncmp(word, "--", 2) == 0 && equals != NULL) {
        int id = option_find(state->command, word + 2, (size_t)(equals - word) - 2, 0);
        complete->prefix = arena_copy(&complete->arena, word, (size_t)(equals + 1 - word));
        complete->word = equals + 1;
        if (id >= 0 && option_rows[id].value != NULL && complete->prefix != NULL)
            complete_value(complete, id);
    } else if (!state->ended && word[0] == '-') {
        complete_options(complete, state->command);
    } else if (strcmp(state->command->name, "shell") == 0) {
        offer_commands(complete);
    } else {
        complete_operand(complete, state->command, state->operands + 1);
    }
}

/* -- the answer -------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    return strcmp(left->text, right->text);
}

static size_t common(const struct item *items, size_t count)
{
    size_t len = strlen(items[0].text);
    for (size_t i = 1; i < count; i++) {
        size_t same = 0;
        while (same < len && items[i].text[same] == items[0].text[same])
            same++;
        len = same;
    }
    return len;
}

static void write_answer(FILE *out, struct complete *complete)
{
    static const char *const names[] = {"words", "files", "directories", "command"};
    int is_cut = complete->count > OFFERED_MOST;
    fputs(names[complete->how], out);
    if (complete->how == HOW_COMMAND) fprintf(out, " %zu", complete->command_at);
    if (complete->tight || is_cut) fputs(" tight", out);
    if (*complete->prefix != '\0') fprintf(out, " %s", complete->prefix);
    putc('\n', out);
    if (complete->count == 0) return;
    if (is_cut) {
        size_t len = common(complete->items, complete->count);
        if (len > strlen(complete->word) && is_plain(complete->items[0].text, len))
            fprintf(out, "%s%.*s\n", complete->prefix, (int)len, complete->items[0].text);
        return;
    }
    qsort(complete->items, complete->count, sizeof complete->items[0], by_text);
    for (size_t i = 0; i < complete->count; i++) {
        const struct item *item = &complete->items[i];
        if (i > 0 && strcmp(item->text, item[-1].text) == 0) continue;
        if (!is_plain(item->text, strlen(item->text))) continue;
        fprintf(out, "%s%s", complete->prefix, item->text);
        if (item->help != NULL && *item->help != '\0') fprintf(out, "\t%s", item->help);
        putc('\n', out);
    }
}

int complete_words(FILE *out, size_t count, char *const *words)
{
    struct complete complete = {.word = count > 0 ? words[count - 1] : "", .prefix = ""};
    struct state state = {.command = command_find("shell"), .value_of = -1};
    arena_init(&complete.arena, 0);
    complete.line = (struct arguments){.command = state.command, .uses = complete.uses};
    for (size_t i = 0; i + 1 < count; i++)
        read_word(&complete, &state, words[i], i);
    complete_last(&complete, &state, count > 0 ? count - 1 : 0);
    int failed = complete.arena.failed;
    if (!failed) write_answer(out, &complete);
    if (complete.snapshot != NULL) pace_snapshot_end(complete.snapshot);
    pace_close(complete.store);
    free(complete.items);
    arena_clear(&complete.arena);
    return failed ? -1 : 0;
}
