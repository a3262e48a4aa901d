/* cmd_compare.c -- `pace compare [A [B]]`: two runs, commits, branches or files side by side. */
#include "command.h"

#include "compare.h"
#include "identity.h"
#include "say.h"
#include "scratch.h"
#include "store.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY_MAX = 1024, OPTIONS_MAX = 256, NEWEST = 20, NEWEST_MAX = 100000 };

/* What the options ask for. */
struct wishes {
    char options[OPTIONS_MAX]; /* of versus */
    size_t newest;
    int is_given; /* newest */
    int changed, pytest;
};

static int add_option(struct wishes *wishes, const struct arguments *arguments, enum option_id id,
                      const char *word)
{
    const char *value = arguments_value(arguments, id);
    size_t used = strlen(wishes->options);
    if (value == NULL) return 0;
    for (const char *at = value; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr(".%-", *at) == NULL)
            return command_misused(arguments->command, "--%s: '%s' is no value for it", word,
                                   value);
    if (strlen(value) > 40)
        return command_misused(arguments->command, "--%s: '%s' is no value for it", word, value);
    snprintf(wishes->options + used, sizeof wishes->options - used, " %s %s", word, value);
    return 0;
}

static int read_wishes(const struct arguments *arguments, struct wishes *wishes)
{
    const char *table = arguments_value(arguments, OPTION_TABLE);
    const char *newest = arguments_value(arguments, OPTION_NEWEST);
    *wishes = (struct wishes){.newest = NEWEST};
    wishes->changed = arguments_has(arguments, OPTION_CHANGED);
    wishes->pytest = table != NULL && strcmp(table, "pytest") == 0;
    if (arguments->operand_count > 2)
        return command_misused(arguments->command,
                               "`pace compare` takes two sides, the base first");
    if (table != NULL && !wishes->pytest && strcmp(table, "median") != 0)
        return command_misused(arguments->command, "--table is median or pytest, not '%s'", table);
    if (newest != NULL) {
        char *end;
        unsigned long long number = strtoull(newest, &end, 10);
        if (!isdigit((unsigned char)*newest) || *end != '\0' || number < 1 || number > NEWEST_MAX)
            return command_misused(arguments->command, "-n takes a number from 1, not '%s'",
                                   newest);
        wishes->newest = (size_t)number;
        wishes->is_given = 1;
    }
    for (size_t i = 0; i < arguments->use_count; i++)
        if (arguments->uses[i].id == OPTION_FAIL && !rule_is_valid(arguments->uses[i].value))
            return command_misused(
                arguments->command,
                "--fail takes min, max, mean, median, stddev or iqr with a bound, "
                "like 'min:5%%' or 'mean:0.001' (seconds), not '%s'",
                arguments->uses[i].value);
    int status = add_option(wishes, arguments, OPTION_USING, "using");
    if (status == 0) status = add_option(wishes, arguments, OPTION_ALPHA, "alpha");
    return status != 0 ? status : add_option(wishes, arguments, OPTION_FLOOR, "floor");
}

/* Where one side has too few runs to be compared by, many runs of the other have nothing to pair
 * with, and may be of a level that is long gone: then a branch stands with as many of its
 * newest. */
static int even_out(const struct arguments *arguments, pace *store, struct wishes *wishes,
                    struct side *base, struct side *new_side)
{
    enum { RUNS_COUNT = 4 }; /* from so many a side on runs are compared, and not their samples */
    struct side *sides[2] = {base, new_side};
    size_t runs[2], most = 0, fewest;
    for (int i = 0; i < 2; i++)
        runs[i] = sides[i]->kind == SIDE_BRANCH || sides[i]->kind == SIDE_COMMIT
                      ? sides[i]->run_count
                      : 1;
    fewest = runs[0] < runs[1] ? runs[0] : runs[1];
    /* How many runs a file has is not known yet. */
    if (base->kind == SIDE_FILE || new_side->kind == SIDE_FILE) return 0;
    if (wishes->is_given || fewest >= RUNS_COUNT) return 0;
    int status = 0;
    for (size_t i = 0; i < arguments->operand_count && status == 0; i++) {
        if (sides[i]->kind != SIDE_BRANCH || sides[i]->run_count <= fewest) continue;
        if (sides[i]->run_count > most) most = sides[i]->run_count;
        side_clear(sides[i]);
        *sides[i] = (struct side){0};
        status = side_find(store, arguments->operands[i], "", fewest, sides[i]);
        if (status == 0)
            say_note("note: of %s the newest %s; -n %zu takes more", sides[i]->label,
                     fewest == 1 ? "run alone" : "runs alone, as many as the other side has", most);
    }
    wishes->newest = fewest;
    return status;
}

/* The operands; with less than two, the newest run, and the one before. */
static int find_sides(const struct arguments *arguments, pace *store, const struct wishes *wishes,
                      struct side *base, struct side *new_side)
{
    size_t count = arguments->operand_count;
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) return store_failed("", PACE_ENOMEM, NULL);
    int status = count < 2 ? identity_read(arguments, identity) : 0;
    if (status == 0)
        status = side_find(store, count > 1 ? arguments->operands[1] : "last", identity->branch,
                           wishes->newest, new_side);
    if (status == 0 && count > 0)
        status = side_find(store, arguments->operands[0], identity->branch, wishes->newest, base);
    if (status == 0 && count == 0) status = side_before(store, identity->branch, new_side, base);
    free(identity);
    return status;
}

/* Files, and what is compared with them, as branches of one store. */
static int copy_sides(const struct arguments *arguments, pace *store, struct side *base,
                      struct side *new_side, struct scratch *scratch)
{
    struct side *sides[2] = {base, new_side};
    static const char *const names[2] = {"base", "new"};
    const char *adapter = arguments_value(arguments, OPTION_ADAPTER);
    int status = scratch_open(scratch);
    for (int i = 0; i < 2 && status == 0; i++)
        status = sides[i]->kind == SIDE_FILE
                     ? side_load(sides[i], adapter, scratch->store, names[i])
                     : side_copy(store, sides[i], scratch->store, names[i]);
    return status;
}

/* Rules of --fail, and the table in the words of pytest-benchmark. */
static int in_pytest_words(const struct arguments *arguments, pace *store,
                           const struct wishes *wishes, const struct side *base,
                           const struct side *new_side, const struct show_style *style)
{
    struct stats_table table;
    size_t broken = 0;
    if (!wishes->pytest && !arguments_has(arguments, OPTION_FAIL)) return 0;
    int status = stats_read(store, base, new_side, &table);
    if (status == 0 && wishes->pytest) stats_print(&table, style);
    for (size_t i = 0; i < arguments->use_count && status == 0; i++)
        if (arguments->uses[i].id == OPTION_FAIL)
            broken += rule_check(&table, arguments->uses[i].value);
    stats_clear(&table);
    return status != 0 ? status : broken > 0 ? STATUS_REGRESSION : 0;
}

static int medians(pace *store, struct show *show, const char *query, const struct wishes *wishes,
                   const struct side *base, const struct side *new_side)
{
    struct comparison comparison;
    int status = comparison_read(show, query, &comparison);
    if (status == 0) compare_table(&comparison, base, new_side, &show->style, wishes->changed);
    if (status == 0 && comparison.within_run > 0)
        say_note(
            "note: p is of samples of single runs, which share what was different from run to run; "
            "from 4 runs a side on the runs are compared");
    if (status == 0) compare_note_steps(store, show->session, base);
    if (status == 0) compare_note_steps(store, show->session, new_side);
    if (status == 0 && comparison.pairs == 0) {
        say_error("nothing to compare: %s and %s have no series in common", base->label,
                  new_side->label);
        status = STATUS_NO_VERDICT;
    }
    comparison_clear(&comparison);
    return status;
}

static int compare(const struct arguments *arguments, pace *store, const struct wishes *wishes,
                   const struct side *base, const struct side *new_side)
{
    struct show show;
    char query[QUERY_MAX];
    int status = show_open(&show, store, arguments);
    if (status != 0) return status;
    status = compare_query(show.session, base, new_side, wishes->newest, wishes->options, query,
                           sizeof query);
    if (status == 0 && !wishes->pytest) {
        size_t used = strlen(query);
        if (show.style.format == NULL) {
            status = medians(store, &show, query, wishes, base, new_side);
        } else {
            if (wishes->changed)
                snprintf(query + used, sizeof query - used, " | where worse or better or changed");
            status = show_script(&show, query, strlen(query));
        }
    }
    int failed = status == 0 || status == STATUS_NO_VERDICT
                     ? in_pytest_words(arguments, store, wishes, base, new_side, &show.style)
                     : 0;
    show_close(&show);
    return status_merge(status, failed);
}

int cmd_compare(const struct arguments *arguments)
{
    struct wishes wishes;
    struct side base = {0}, new_side = {0};
    struct scratch scratch = {0};
    pace *store = NULL;
    struct show_style style;
    int status = show_style_read(arguments, &style);
    if (status == 0) status = read_wishes(arguments, &wishes);
    if (status != 0) return status;
    /* Two files need no store; side_find says what is missing without one. */
    int files = arguments->operand_count == 2;
    for (size_t i = 0; i < arguments->operand_count; i++)
        files = files && operand_is_file(arguments->operands[i]);
    if (!files) status = store_open(arguments, STORE_READ, &store);
    if (status == 0) status = find_sides(arguments, store, &wishes, &base, &new_side);
    if (status == 0) status = even_out(arguments, store, &wishes, &base, &new_side);
    pace *where = store;
    if (status == 0 && (base.kind == SIDE_FILE || new_side.kind == SIDE_FILE)) {
        status = copy_sides(arguments, store, &base, &new_side, &scratch);
        where = scratch.store;
        wishes.newest = NEWEST_MAX; /* all that was copied */
    }
    if (status == 0) status = compare(arguments, where, &wishes, &base, &new_side);
    scratch_close(&scratch);
    side_clear(&base);
    side_clear(&new_side);
    pace_close(store);
    return status;
}
