/* asv.c -- airspeed velocity: result files of versions 1 and 2, and what `asv run` prints.
 *
 * A parameter combination is a benchmark of its own, NAME(p1, p2), as asv writes it. What a number
 * is follows from the benchmark's name (time_, timeraw_, mem_, peakmem_, track_), because units are
 * in benchmarks.json, not in results. Values are medians; bounds are the 99% interval. null is a
 * failed benchmark, NaN a skipped one. */
#include "asv.h"
#include "reading.h"
#include "scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* -- what a benchmark measures ----------------------------------------------------------------- */

struct asv_kind asv_kind(const char *name)
{
    static const struct {
        const char *prefix;
        struct asv_kind kind;
    } rows[] = {
        {"timeraw_", {"latency", "ns", 1e9, PACE_LOWER_IS_BETTER}},
        {"time_", {"latency", "ns", 1e9, PACE_LOWER_IS_BETTER}},
        {"peakmem_", {"peak-memory", "B", 1, PACE_LOWER_IS_BETTER}},
        {"mem_", {"memory", "B", 1, PACE_LOWER_IS_BETTER}},
        {"Time", {"latency", "ns", 1e9, PACE_LOWER_IS_BETTER}},
        {"PeakMem", {"peak-memory", "B", 1, PACE_LOWER_IS_BETTER}},
        {"Mem", {"memory", "B", 1, PACE_LOWER_IS_BETTER}},
    };
    const char *dot = strrchr(name, '.'), *last = dot != NULL ? dot + 1 : name;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(last, rows[i].prefix, strlen(rows[i].prefix)) == 0) return rows[i].kind;
    }
    return (struct asv_kind){"value", "", 1, PACE_DIRECTION_UNKNOWN};
}

/* -- result files ------------------------------------------------------------------------------ */

/* Columns of version 2, by name; version 1 has no others. */
static const json_t *column(const json_t *columns, const json_t *row, const char *name)
{
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const char *text = json_string_value(json_array_get(columns, i));
        if (text != NULL && strcmp(text, name) == 0) return json_array_get(row, i);
    }
    return NULL;
}

/* The name of combination `index` of parameters; the last one moves fastest. */
static const char *combination(struct reading *reading, const char *name, const json_t *params,
                               size_t index)
{
    size_t count = json_array_size(params), rest = index;
    const char *text = ")";
    if (count == 0) return name;
    for (size_t i = count; i-- > 0;) {
        const json_t *values = json_array_get(params, i);
        size_t size = json_array_size(values);
        const char *value =
            size > 0 ? json_string_value(json_array_get(values, rest % size)) : NULL;
        if (size > 0) rest /= size;
        text =
            reading_print(reading, "%s%s%s", i > 0 ? ", " : "(", value != NULL ? value : "?", text);
        if (text == NULL) return NULL;
    }
    text = reading_print(reading, "%s%s", name, text);
    return text != NULL ? reading_name(reading, text, strlen(text)) : NULL;
}

static double number_at(const json_t *list, size_t index)
{
    double number = (double)NAN;
    (void)json_finite(json_array_get(list, index), &number);
    return number;
}

/* What one file says of a benchmark, whatever its version. */
struct benchmark {
    const char *name;
    struct asv_kind kind;
    const json_t *params, *columns, *row; /* columns NULL: version 1 */
    const json_t *stats;                  /* of version 1: a list of objects */
};

static int put_statistics(struct reading *reading, const struct benchmark *benchmark,
                          const char *name, size_t index, struct pace_cell *cell)
{
    static const char *const keys[] = {"q_25", "q_75", "number", "repeat", "min",
                                       "max",  "mean", "std",    "n"};
    const struct asv_kind *kind = &benchmark->kind;
    const json_t *own = json_array_get(benchmark->stats, index);
    const json_t *interval = json_object_get(own, "ci_99");
    double lower = number_at(interval, 0), upper = number_at(interval, 1);
    int code = 0;
    if (benchmark->columns != NULL) {
        lower = number_at(column(benchmark->columns, benchmark->row, "stats_ci_99_a"), index);
        upper = number_at(column(benchmark->columns, benchmark->row, "stats_ci_99_b"), index);
    }
    cell_bounds(cell, lower * kind->factor, upper * kind->factor);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && code == 0; i++) {
        int count = strcmp(keys[i], "number") == 0 || strcmp(keys[i], "repeat") == 0 ||
                    strcmp(keys[i], "n") == 0;
        char *key = reading_print(reading, "stats_%s", keys[i]);
        if (key == NULL) return reading_no_memory(reading);
        double number = number_at(column(benchmark->columns, benchmark->row, key), index);
        if (benchmark->columns == NULL) (void)json_finite(json_object_get(own, keys[i]), &number);
        if (isnan(number)) continue;
        char *measure = reading_print(reading, "%s.%s", kind->measure, keys[i]);
        code = measure == NULL ? reading_no_memory(reading)
                               : reading_value(reading, name, measure, count ? "count" : kind->unit,
                                               count ? PACE_DIRECTION_UNKNOWN : kind->direction,
                                               count ? number : number * kind->factor);
    }
    return code;
}

static int put_result(struct reading *reading, const struct benchmark *benchmark, size_t index,
                      const json_t *value)
{
    const char *name = combination(reading, benchmark->name, benchmark->params, index);
    const struct asv_kind *kind = &benchmark->kind;
    double number = (double)NAN;
    if (name == NULL) return reading_no_memory(reading);
    (void)json_finite(value, &number);
    struct pace_cell cell =
        cell_make(name, kind->measure, kind->unit, kind->direction, number * kind->factor);
    if (json_is_string(value)) cell.status = PACE_CELL_SKIPPED; /* NaN, see json_parse_marked */
    int code = put_statistics(reading, benchmark, name, index, &cell);
    const json_t *samples =
        json_array_get(column(benchmark->columns, benchmark->row, "samples"), index);
    if (code == 0 && cell.status == PACE_CELL_OK && json_is_array(samples))
        code = reading_samples(reading, samples, kind->factor, "samples", &cell);
    return code != 0 ? code : reading_put(reading, &cell);
}

static size_t combination_count(const json_t *params)
{
    size_t count = 1;
    for (size_t i = 0; i < json_array_size(params); i++) {
        size_t size = json_array_size(json_array_get(params, i));
        if (size == 0 || count > PACE_MAX_CELLS / size) return 1;
        count *= size;
    }
    return count;
}

static int put_benchmark(struct reading *reading, const struct benchmark *benchmark,
                         const json_t *result)
{
    size_t count =
        json_is_array(result) ? json_array_size(result) : combination_count(benchmark->params);
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = put_result(reading, benchmark, i,
                          json_is_array(result) ? json_array_get(result, i) : result);
    double duration = (double)NAN;
    if (code != 0 ||
        !json_finite(column(benchmark->columns, benchmark->row, "duration"), &duration))
        return code;
    char *measure = reading_print(reading, "%s.duration", benchmark->kind.measure);
    return measure == NULL ? reading_no_memory(reading)
                           : reading_value(reading, benchmark->name, measure, "ns",
                                           PACE_LOWER_IS_BETTER, duration * 1e9);
}

static int read_benchmark(struct reading *reading, const char *key, const json_t *columns,
                          const json_t *value)
{
    struct benchmark benchmark = {.name = reading_name(reading, key, strlen(key)),
                                  .kind = asv_kind(key)};
    const json_t *result = value;
    if (benchmark.name == NULL) return reading_no_memory(reading);
    if (key[0] == '\0') return reading_fail(reading, "a benchmark's name is empty");
    if (columns != NULL && json_is_array(value)) {
        benchmark.columns = columns;
        benchmark.row = value;
        result = column(columns, value, "result");
        benchmark.params = column(columns, value, "params");
    } else if (json_is_object(value)) {
        result = json_object_get(value, "result");
        benchmark.params = json_object_get(value, "params");
        benchmark.stats = json_object_get(value, "stats");
    }
    int code = put_benchmark(reading, &benchmark, result);
    const char *version = json_string_value(column(columns, value, "version"));
    return code != 0 || version == NULL
               ? code
               : reading_benchmark_meta(reading, benchmark.name, "version", version);
}

/* machine-ENVIRONMENT; version 1 does not name the environment, its requirements do. */
static const char *testbed(struct reading *reading, const json_t *root)
{
    const char *machine = json_member_text(json_object_get(root, "params"), "machine");
    const char *env = json_member_text(root, "env_name"), *key = NULL;
    json_t *value = NULL;
    if (machine[0] == '\0') machine = "asv";
    if (env[0] != '\0') return reading_print(reading, "%s-%s", machine, env);
    char *out = reading_print(reading, "%s-py%s", machine, json_member_text(root, "python"));
    json_object_foreach(json_object_get(root, "requirements"), key, value)
    {
        const char *version = json_string_value(value);
        if (out != NULL)
            out = reading_print(reading, "%s-%s%s", out, key, version != NULL ? version : "");
    }
    return out;
}

int asv_result(struct reading *reading, const json_t *root)
{
    const json_t *results = json_object_get(root, "results"), *columns = NULL;
    const char *key = NULL, *place = NULL;
    json_t *value = NULL;
    double date_ms = 0;
    if (!json_is_object(results) || json_member_text(root, "commit_hash")[0] == '\0')
        return reading_fail(reading, "it has no \"commit_hash\" or no \"results\", so it is no "
                                     "result file of asv");
    columns = json_object_get(root, "result_columns");
    if ((place = testbed(reading, root)) == NULL) return reading_no_memory(reading);
    struct run_facts facts = {"", "", place, json_member_text(root, "commit_hash"), 0, 0, 0, ""};
    if (json_finite(json_object_get(root, "date"), &date_ms) && date_ms > 0 && date_ms < 9e12)
        facts.commit_time_ns = (int64_t)date_ms * 1000000;
    int code = reading_run(reading, &facts);
    if (code == 0) code = reading_meta(reading, "harness", "asv");
    static const char *const keys[] = {"params", "requirements", "env_vars", "env_name", "python"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && code == 0; i++)
        code = reading_meta_json(reading, keys[i], json_object_get(root, keys[i]));
    json_object_foreach((json_t *)(uintptr_t)results, key, value)
    {
        if (code == 0) code = read_benchmark(reading, key, columns, value);
    }
    return code;
}

/* -- machine.json and benchmarks.json ---------------------------------------------------------- */

static int is_machine(const struct input *input)
{
    return input_has(input, "\"machine\"") && input_has(input, "\"cpu\"") &&
           input_has(input, "\"version\"") && !input_has(input, "\"results\"");
}

static int is_benchmarks(const struct input *input)
{
    return input_has(input, "\"param_names\"") && input_has(input, "\"timeout\"");
}

/* -- what `asv run` prints --------------------------------------------------------------------- */

/* A line's text behind "[ 35.00%] ··· "; 0 when it has no such beginning. */
static int behind_progress(struct span line, struct span *rest)
{
    static const char dots[] = "\xc2\xb7\xc2\xb7\xc2\xb7 ";
    size_t close = span_find(line, "%] "), at;
    if (line.len == 0 || line.text[0] != '[' || close >= line.len) return 0;
    at = span_find(line, dots);
    if (at >= line.len || at > close + 8) return 0;
    *rest = span_trim(span_from(line, at + strlen(dots)));
    return rest->len > 0;
}

/* "11.1±0.01μs", "2.42k", "24.7M", "failed", "n/a": 1 when the text is a value. */
static int read_printed_value(struct span text, const struct asv_kind *kind, struct pace_cell *cell)
{
    static const struct {
        char suffix;
        double factor;
    } prefixes[] = {{'k', 1e3}, {'M', 1e6}, {'G', 1e9}, {'T', 1e12}, {'m', 1e-3}};
    double value = 0, width = 0, factor = 1;
    struct span unit;
    size_t sign = span_find(text, "\xc2\xb1");
    if (span_is(text, "failed") || span_is(text, "n/a")) {
        *cell = cell_make("", kind->measure, kind->unit, kind->direction, (double)NAN);
        if (span_is(text, "n/a")) cell->status = PACE_CELL_SKIPPED;
        return 1;
    }
    if (sign < text.len) {
        struct span spread = span_from(text, sign + 2);
        if (!span_number(span_upto(text, sign), &value) || !span_quantity(spread, &width, &unit) ||
            (factor = time_factor(unit)) <= 0)
            return 0;
    } else if (strcmp(kind->measure, "latency") == 0) {
        if (!span_quantity(text, &value, &unit) || (factor = time_factor(unit)) <= 0) return 0;
    } else {
        for (size_t i = 0; text.len > 1 && i < sizeof prefixes / sizeof prefixes[0]; i++) {
            if (text.text[text.len - 1] != prefixes[i].suffix) continue;
            factor = prefixes[i].factor;
            text.len--;
            break;
        }
        if (!span_number(text, &value)) return 0;
    }
    *cell = cell_make("", kind->measure, kind->unit, kind->direction, value * factor);
    if (sign < text.len) cell_bounds(cell, (value - width) * factor, (value + width) * factor);
    return 1;
}

enum { TABLE_COLUMNS = 64 };

/* A table of a benchmark with parameters: its rulers of = cut columns; the first cells of a row are
 * values of one parameter each, the other columns are of the last parameter's values. */
struct table {
    char *name;
    size_t begin[TABLE_COLUMNS], end[TABLE_COLUMNS], count; /* columns, in characters */
    int rulers;
    char *heads[TABLE_COLUMNS]; /* of the last line before the second ruler */
    size_t value_from;          /* the first column of values */
    int two_sided;              /* 1: heads of value columns are parameter values */
};

struct printed {
    struct reading *reading;
    struct table table;
    size_t taken;
};

/* The piece of a line between two columns of characters, not bytes. */
static struct span characters(struct span line, size_t begin, size_t end)
{
    size_t at = 0, column = 0, first = line.len, last = line.len;
    for (; at < line.len; at++) {
        if (((unsigned char)line.text[at] & 0xc0) == 0x80) continue;
        if (column == begin) first = at;
        if (column == end) last = at;
        column++;
    }
    return first < last ? span_trim(span_upto(span_from(line, first), last - first))
                        : (struct span){line.text, 0};
}

static void take_ruler(struct table *table, struct span line)
{
    size_t at = 0;
    if (++table->rulers > 1) return;
    table->count = 0;
    while (at < line.len && table->count < TABLE_COLUMNS) {
        while (at < line.len && line.text[at] != '=')
            at++;
        if (at == line.len) break;
        table->begin[table->count] = at > 0 ? at - 1 : 0;
        while (at < line.len && line.text[at] == '=')
            at++;
        table->end[table->count++] = at + 1;
    }
}

static int put_printed(struct printed *printed, const char *name, struct span text, uint64_t number)
{
    struct pace_cell cell;
    struct asv_kind kind = asv_kind(name);
    const char *paren = strchr(name, '(');
    if (paren != NULL) {
        char *bare = arena_copy(&printed->reading->arena, name, (size_t)(paren - name));
        if (bare == NULL) return reading_no_memory(printed->reading);
        kind = asv_kind(bare);
    }
    if (!read_printed_value(text, &kind, &cell)) {
        reading_warn(printed->reading, "line %llu: '%.*s' is no value; it is skipped",
                     (unsigned long long)number, (int)(text.len < 60 ? text.len : 60), text.text);
        return 0;
    }
    cell.benchmark = name;
    printed->taken++;
    return reading_put(printed->reading, &cell);
}

/* Heads of columns come line by line; the last line before the second ruler counts. */
static int take_heads(struct printed *printed, struct span line)
{
    struct table *table = &printed->table;
    for (size_t i = 0; i < table->count; i++) {
        struct span head = characters(line, table->begin[i], table->end[i]);
        table->heads[i] = reading_name(printed->reading, head.text, head.len);
        if (table->heads[i] == NULL) return reading_no_memory(printed->reading);
    }
    return 0;
}

static int take_row(struct printed *printed, struct span line, uint64_t number)
{
    struct table *table = &printed->table;
    size_t names = table->two_sided ? table->value_from : table->count - 1;
    char *row = reading_print(printed->reading, "%s(", table->name);
    int code = 0;
    for (size_t i = 0; i < names && row != NULL; i++) {
        struct span text = characters(line, table->begin[i], table->end[i]);
        const char *value = reading_name(printed->reading, text.text, text.len);
        row = value == NULL
                  ? NULL
                  : reading_print(printed->reading, "%s%s%s", row, i > 0 ? ", " : "", value);
    }
    for (size_t i = names; i < table->count && code == 0; i++) {
        struct span text = characters(line, table->begin[i], table->end[i]);
        if (text.len == 0) continue;
        const char *name = row == NULL ? NULL
                           : !table->two_sided
                               ? reading_print(printed->reading, "%s)", row)
                               : reading_print(printed->reading, "%s%s%s)", row,
                                               names > 0 ? ", " : "", table->heads[i]);
        code = name == NULL ? reading_no_memory(printed->reading)
                            : put_printed(printed, name, text, number);
    }
    return code;
}

static int take_table_line(struct printed *printed, struct span line, uint64_t number)
{
    struct table *table = &printed->table;
    struct span text = span_trim(line);
    if (text.len == 0) {
        table->name = NULL;
        return 0;
    }
    if (text.text[0] == '=') {
        take_ruler(table, line);
        return 0;
    }
    if (table->rulers == 1) {
        /* The line with "--" tells how many columns are of parameters: one "--" each. */
        struct span rest = text, word;
        size_t marks = 0;
        while (span_word(&rest, &word) && span_is(word, "--"))
            marks++;
        if (marks > 0) {
            table->two_sided = 1;
            table->value_from = marks;
            return 0;
        }
        /* Without columns of the last parameter a ruler of - stands above the rows. */
        if (text.text[0] == '-') {
            table->rulers += !table->two_sided;
            return 0;
        }
        return take_heads(printed, line);
    }
    return table->rulers == 2 && table->count > 1 ? take_row(printed, line, number) : 0;
}

static int take_printed_line(struct printed *printed, struct span line, uint64_t number)
{
    struct reading *reading = printed->reading;
    struct span rest, name, value;
    if (!behind_progress(line, &rest)) {
        /* A line of a table, with or without the progress before it. */
        return printed->table.name != NULL ? take_table_line(printed, line, number) : 0;
    }
    if (printed->table.name != NULL && rest.text[0] == '=') {
        /* The first ruler stands behind the progress: under it the lines are indented alike. */
        enum { WIDE = 3 }; /* "···" has as many bytes more than characters */
        take_ruler(&printed->table, line);
        for (size_t i = 0; i < printed->table.count; i++) {
            printed->table.begin[i] -= printed->table.begin[i] > WIDE ? WIDE : 0;
            printed->table.end[i] -= WIDE;
        }
        return 0;
    }
    if (!span_word(&rest, &name) || span_is(name, "Running") || span_is(name, "Setting")) return 0;
    value = span_trim(rest);
    if (value.len == 0) return 0;
    const char *benchmark = reading_name(reading, name.text, name.len);
    if (benchmark == NULL) return reading_no_memory(reading);
    if (span_is(value, "ok") || span_ends(value, " failed")) {
        printed->table = (struct table){.name = (char *)(uintptr_t)benchmark};
        return 0;
    }
    return put_printed(printed, benchmark, value, number);
}

static int read_printed(struct reading *reading)
{
    struct scanner scanner = scanner_of(reading->input->text, reading->input->len);
    struct printed printed = {.reading = reading};
    struct span line;
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "asv");
    while (code == 0 && scan_line(&scanner, &line)) {
        if (scanner.complete)
            code = take_printed_line(&printed, line, scanner.number);
        else if (span_trim(line).len > 0)
            reading_warn(reading, "line %llu: it has no end and may be cut off; it is skipped",
                         (unsigned long long)scanner.number);
    }
    if (code == 0 && printed.taken == 0)
        return reading_fail(reading, "none of its %llu lines is a result of asv run",
                            (unsigned long long)scanner.number);
    return code;
}

/* -- the table's functions --------------------------------------------------------------------- */

static int is_printed(const struct input *input)
{
    return input_first(input) != '{' && input_has(input, "%] \xc2\xb7\xc2\xb7");
}

int asv_recognise(const struct input *input)
{
    if (is_printed(input)) return 2;
    if (input_first(input) != '{') return 0;
    if (input_has(input, "\"commit_hash\"") && input_has(input, "\"results\"")) return 2;
    return is_benchmarks(input) || is_machine(input);
}

int asv_read(const struct input *input, const struct adapter_sink *sink, struct pace_error *error)
{
    struct reading reading;
    json_t *root = NULL;
    int code = 0;
    if (input_first(input) == '{')
        code = json_parse_marked(input->name, input->text, input->len, 1, error, &root);
    if (code != 0) return code;
    reading_begin(&reading, input, sink, error);
    if (root == NULL)
        code = read_printed(&reading);
    else if (json_object_get(root, "results") == NULL &&
             (is_benchmarks(input) || is_machine(input)))
        code = reading_fail(&reading,
                            "it is asv's %s, which holds no results; load the files beside "
                            "it",
                            is_benchmarks(input) ? "benchmarks.json" : "machine.json");
    else
        code = asv_result(&reading, root);
    code = reading_end(&reading, code);
    json_decref(root);
    return code;
}
