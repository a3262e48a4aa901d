/* csv.c -- tables: CSV (RFC 4180) and TSV with a header line.
 *
 * Long: a column `value`, and others for what it is: benchmark, measure, unit, lower, upper. Wide:
 * a column of names, and every other column a measure of that name, with a unit where the header
 * ends in one ("time (ms)", "size_bytes"). Columns that hold text are metadata of the benchmark.
 *
 * What the user says of a column ("COLUMN=MEANING", adapter_sink) goes before its header. It may
 * also name the run of a row, time and commit and the like: then a table holds a history. */
#include "grouping.h"
#include "scan.h"

#include "../../engine/unit.h"
#include "../timestamp.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 512 };

/* NUMBERS: a measure of its own. Those from PARAMETER on are said by the user only. */
enum role {
    BENCHMARK,
    MEASURE,
    VALUE,
    UNIT,
    LOWER,
    UPPER,
    DIRECTION,
    TIME,
    COMMIT,
    BRANCH,
    TESTBED,
    PROJECT,
    ROLES,
    PARAMETER = ROLES, /* behind the name, as /column=value */
    SKIP,
    NUMBERS
};

static const char *const meanings[] = {
    [BENCHMARK] = "benchmark", [MEASURE] = "measure", [VALUE] = "value",
    [UNIT] = "unit",           [LOWER] = "lower",     [UPPER] = "upper",
    [DIRECTION] = "direction", [TIME] = "time",       [COMMIT] = "commit",
    [BRANCH] = "branch",       [TESTBED] = "testbed", [PROJECT] = "project",
    [PARAMETER] = "parameter", [SKIP] = "skip",
};

/* Words of headers, in lower case. */
static const struct {
    const char *word;
    enum role role;
} words[] = {
    {"benchmark", BENCHMARK}, {"benchmark_name", BENCHMARK},
    {"name", BENCHMARK},      {"test", BENCHMARK},
    {"command", BENCHMARK},   {"case", BENCHMARK},
    {"fullname", BENCHMARK},  {"measure", MEASURE},
    {"metric", MEASURE},      {"value", VALUE},
    {"unit", UNIT},           {"units", UNIT},
    {"lower", LOWER},         {"lower_value", LOWER},
    {"upper", UPPER},         {"upper_value", UPPER},
    {"direction", DIRECTION},
};

struct table {
    struct reading *reading;
    char separator;
    struct span fields[COLUMNS_MAX]; /* of one row, in the arena */
    size_t count;                    /* of the header */
    enum role roles[COLUMNS_MAX];
    const char *names[COLUMNS_MAX], *units[COLUMNS_MAX];
    double factors[COLUMNS_MAX];
    size_t place[ROLES]; /* column of a role, or COLUMNS_MAX */
    size_t taken;
    struct grouping grouping;
    int grouped;            /* rows name their runs */
    struct run_facts facts; /* of the row, then */
};

/* Reads one record from text[*at ..): fields may be quoted and then hold line ends. 0 at the end,
 * -1 when a quote does not end or there are too many fields. */
static int read_record(struct table *table, const char *text, size_t len, size_t *at, size_t *count)
{
    size_t i = *at;
    int more = i < len;
    *count = 0;
    if (!more) return 0;
    while (more) {
        char *out = arena_space(&table->reading->arena, 1);
        size_t used = 0, start = i;
        if (*count == COLUMNS_MAX || out == NULL) return -1;
        if (i < len && text[i] == '"') {
            size_t end = i + 1;
            while (end < len && (text[end] != '"' || (end + 1 < len && text[end + 1] == '"')))
                end += text[end] == '"' ? 2 : 1;
            if (end >= len) return -1;
            if ((out = arena_space(&table->reading->arena, end - i)) == NULL) return -1;
            for (i++; i < end; i++) {
                out[used++] = text[i];
                if (text[i] == '"') i++;
            }
            i = end + 1;
            table->fields[(*count)++] = (struct span){out, used};
            while (i < len && text[i] != table->separator && text[i] != '\n')
                i++;
        } else {
            while (i < len && text[i] != table->separator && text[i] != '\n')
                i++;
            table->fields[(*count)++] = span_trim((struct span){text + start, i - start});
        }
        more = i < len && text[i] == table->separator;
        if (i < len) i++;
        if (!more) break;
    }
    *at = i;
    return 1;
}

static int is_word(struct span field, const char *word)
{
    size_t len = strlen(word);
    if (field.len != len) return 0;
    for (size_t i = 0; i < len; i++) {
        if (tolower((unsigned char)field.text[i]) != word[i]) return 0;
    }
    return 1;
}

static enum role role_of(struct span field)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(field, words[i].word)) return words[i].role;
    }
    return NUMBERS;
}

/* The separator of a header line: what is there most often of tab, semicolon and comma. */
static char separator_of(struct span line)
{
    size_t counts[3] = {0, 0, 0}, best = 2;
    static const char marks[] = "\t;,";
    for (size_t i = 0; i < line.len; i++) {
        for (size_t k = 0; k < 3; k++)
            counts[k] += line.text[i] == marks[k];
    }
    for (size_t k = 0; k < 3; k++) {
        if (counts[k] > counts[best]) best = k;
    }
    return counts[best] > 0 ? marks[best] : '\0';
}

/* A header names a benchmark and something beside it. */
int csv_recognise(const struct input *input)
{
    struct scanner scanner = scanner_of(input->text, input->len);
    struct span line, rest;
    int named = 0, number = 0;
    size_t fields = 0;
    char separator[2] = "";
    if (!scan_line(&scanner, &line) || (separator[0] = separator_of(line)) == '\0') return 0;
    if (line.len > 0 && memchr("{[<", line.text[0], 3) != NULL) return 0;
    for (rest = line; rest.len > 0; fields++) {
        size_t end = span_find(rest, separator);
        struct span field = span_trim(span_upto(rest, end));
        double value;
        if (field.len > 1 && field.text[0] == '"')
            field = span_upto(span_from(field, 1), field.len - 2);
        named |= role_of(field) == BENCHMARK;
        number |= span_number(field, &value);
        rest = span_from(rest, end + 1);
    }
    return named && !number && fields > 1 ? 2 : 0;
}

/* "time (ms)", "size_bytes", "mean [ns]" as a measure and its unit. */
static int split_header(struct table *table, size_t index, struct span field)
{
    struct span name = field, unit = {"", 0};
    static const char *const marks[] = {"(", "["};
    for (size_t i = 0; i < 2 && unit.len == 0; i++) {
        size_t at = span_find(field, marks[i]);
        if (at > 0 && at + 2 < field.len) {
            name = span_trim(span_upto(field, at));
            unit = span_trim(span_upto(span_from(field, at + 1), field.len - at - 2));
        }
    }
    size_t line = span_find_last(field, "_");
    if (unit.len == 0 && line > 0 && line < field.len) {
        struct unit known = unit_lookup(field.text + line + 1, field.len - line - 1);
        if (known.kind == UNIT_TIME || known.kind == UNIT_SIZE) {
            unit = span_from(field, line + 1);
            name = span_upto(field, line);
        }
    }
    double factor = time_factor(unit);
    struct unit known = unit_lookup(unit.text, unit.len);
    table->factors[index] = factor > 0 ? factor : 1;
    table->units[index] =
        factor > 0 ? "ns"
        : known.name != NULL
            ? known.name
            : reading_name(table->reading, unit.text, unit.len < PACE_MAX_UNIT ? unit.len : 0);
    table->names[index] = reading_name(table->reading, name.text, name.len);
    return table->names[index] == NULL || table->units[index] == NULL
               ? reading_no_memory(table->reading)
               : 0;
}

static int span_same(struct span a, struct span b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

/* The meaning that the user gives a column, or "". */
static struct span said_of(const struct table *table, struct span field)
{
    const struct adapter_sink *sink = table->reading->sink;
    for (size_t i = 0; i < sink->map_count; i++) {
        struct span item = span_of(sink->map[i]);
        size_t sign = span_find_last(item, "=");
        if (sign < item.len && span_same(span_trim(span_upto(item, sign)), field))
            return span_trim(span_from(item, sign + 1));
    }
    return (struct span){"", 0};
}

static int no_column(const struct table *table, struct span name)
{
    char list[300] = "";
    size_t used = 0;
    for (size_t i = 0; i < table->count && used < sizeof list; i++) {
        struct span field = table->fields[i];
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", i > 0 ? ", " : "",
                                 (int)(field.len < 60 ? field.len : 60), field.text);
    }
    return reading_fail(table->reading, "line 1: no column '%.*s' for --map; there are: %s",
                        (int)(name.len < 60 ? name.len : 60), name.text, list);
}

/* Every item of the map is of a column that is there. */
static int check_map(const struct table *table)
{
    const struct adapter_sink *sink = table->reading->sink;
    for (size_t i = 0; i < sink->map_count; i++) {
        struct span item = span_of(sink->map[i]);
        size_t sign = span_find_last(item, "="), column = 0;
        if (sign == 0 || sign + 1 >= item.len)
            return reading_fail(table->reading, "--map '%.100s': write COLUMN=MEANING", item.text);
        struct span name = span_trim(span_upto(item, sign));
        while (column < table->count && !span_same(name, table->fields[column]))
            column++;
        if (column == table->count) return no_column(table, name);
    }
    return 0;
}

static enum role meaning_role(struct span said)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (span_is(said, meanings[i])) return (enum role)i;
    }
    return NUMBERS;
}

/* What a column holds: as the user says, else as its header does where that is not taken. */
static int set_column(struct table *table, size_t i)
{
    struct span said = said_of(table, table->fields[i]), name = table->fields[i];
    enum role role = said.len > 0 ? meaning_role(said) : role_of(table->fields[i]);
    if (said.len > 0 && role == NUMBERS) name = said;
    if (role < ROLES && table->place[role] != COLUMNS_MAX) {
        if (said.len > 0)
            return reading_fail(table->reading, "--map: two columns are the %s", meanings[role]);
        role = NUMBERS;
    }
    table->roles[i] = role;
    if (role < ROLES) table->place[role] = i;
    table->grouped |= role >= TIME && role <= PROJECT;
    return split_header(table, i, name);
}

/* Columns that the user speaks of come first: what is theirs is not taken by a word of a header. */
static int read_header(struct table *table)
{
    int code = check_map(table);
    for (size_t i = 0; i < ROLES; i++)
        table->place[i] = COLUMNS_MAX;
    for (int mapped = 1; mapped >= 0; mapped--) {
        for (size_t i = 0; i < table->count && code == 0; i++) {
            if ((said_of(table, table->fields[i]).len > 0) == mapped) code = set_column(table, i);
        }
    }
    if (code == 0 && table->place[BENCHMARK] == COLUMNS_MAX)
        return reading_fail(table->reading, "line 1: no column of it is called benchmark or name; "
                                            "say which it is: --map COLUMN=benchmark");
    return code;
}

static struct span field_of(const struct table *table, enum role role, size_t count)
{
    size_t at = table->place[role];
    return at < count ? table->fields[at] : (struct span){"", 0};
}

static int put_cell(struct table *table, const struct pace_cell *cell)
{
    table->taken++;
    return table->grouped ? grouping_put(&table->grouping, &table->facts, "", cell)
                          : reading_put(table->reading, cell);
}

static int put_long(struct table *table, const char *benchmark, size_t count, uint64_t number)
{
    struct reading *reading = table->reading;
    struct span unit = field_of(table, UNIT, count), measure = field_of(table, MEASURE, count);
    struct span direction = field_of(table, DIRECTION, count);
    double factor = time_factor(unit), value = 0, lower = 0, upper = 0;
    struct unit known = unit_lookup(unit.text, unit.len);
    if (!span_number(field_of(table, VALUE, count), &value)) {
        reading_warn(reading, "line %llu: its value is no number; it is skipped",
                     (unsigned long long)number);
        return 0;
    }
    const char *plain =
        factor > 0 ? "ns"
        : known.name != NULL
            ? known.name
            : reading_name(reading, unit.text, unit.len < PACE_MAX_UNIT ? unit.len : 0);
    const char *name = measure.len > 0 ? reading_name(reading, measure.text, measure.len)
                       : factor > 0    ? "latency"
                                       : "value";
    if (plain == NULL || name == NULL) return reading_no_memory(reading);
    if (factor <= 0) factor = 1;
    struct pace_cell cell =
        cell_make(benchmark, name, plain, unit_direction(plain), value * factor);
    if (is_word(direction, "lower")) cell.direction = PACE_LOWER_IS_BETTER;
    if (is_word(direction, "higher")) cell.direction = PACE_HIGHER_IS_BETTER;
    if (span_number(field_of(table, LOWER, count), &lower) &&
        span_number(field_of(table, UPPER, count), &upper))
        cell_bounds(&cell, lower * factor, upper * factor);
    return put_cell(table, &cell);
}

/* A column as a measure when it holds a number, else as metadata. */
static int put_wide(struct table *table, const char *benchmark, size_t index, struct span field)
{
    double value = 0;
    if (field.len == 0 || table->names[index][0] == '\0') return 0;
    if (!span_number(field, &value)) {
        if (table->grouped) return 0; /* metadata is of a run that is not there yet */
        const char *text = reading_name(table->reading, field.text, field.len);
        return text == NULL
                   ? reading_no_memory(table->reading)
                   : reading_benchmark_meta(table->reading, benchmark, table->names[index], text);
    }
    struct pace_cell cell =
        cell_make(benchmark, table->names[index], table->units[index],
                  unit_direction(table->units[index]), value * table->factors[index]);
    return put_cell(table, &cell);
}

/* NAME/column=value of a row; NULL without memory. */
static const char *row_name(struct table *table, struct span name)
{
    struct reading *reading = table->reading;
    const char *out = reading_name(reading, name.text, name.len);
    for (size_t i = 0; i < table->count && out != NULL; i++) {
        struct span field = table->fields[i];
        if (table->roles[i] != PARAMETER || field.len == 0) continue;
        const char *value = reading_name(reading, field.text, field.len);
        out =
            value == NULL ? NULL : reading_print(reading, "%s/%s=%s", out, table->names[i], value);
    }
    return out;
}

/* The run of a row. 0, 1 when its time cannot be read, PACE_ENOMEM. */
static int read_facts(struct table *table, size_t count)
{
    static const enum role roles[] = {PROJECT, BRANCH, TESTBED, COMMIT};
    const char *texts[4];
    struct span time = field_of(table, TIME, count);
    struct pace_error error;
    for (size_t i = 0; i < 4; i++) {
        struct span field = field_of(table, roles[i], count);
        texts[i] = reading_name(table->reading, field.text, field.len);
        if (texts[i] == NULL) return reading_no_memory(table->reading);
    }
    table->facts = (struct run_facts){texts[0], texts[1], texts[2], texts[3], 0, 0, 0, ""};
    if (time.len == 0) return 0;
    return timestamp_parse(time.text, time.len, &table->facts.ran_ns, &error) != 0;
}

static int put_row(struct table *table, size_t count, uint64_t number)
{
    struct span name = field_of(table, BENCHMARK, count);
    int is_long = table->place[VALUE] < COLUMNS_MAX, code = 0;
    if (count == 1 && table->fields[0].len == 0) return 0; /* a blank line */
    if (name.len == 0 || count != table->count) {
        reading_warn(table->reading, "line %llu: %s; it is skipped", (unsigned long long)number,
                     name.len == 0 ? "it names no benchmark"
                                   : "it has another number of columns than the header");
        return 0;
    }
    const char *benchmark = row_name(table, name);
    if (benchmark == NULL) return reading_no_memory(table->reading);
    code = table->grouped ? read_facts(table, count) : 0;
    if (code == 1) {
        reading_warn(table->reading, "line %llu: its time cannot be read; it is skipped",
                     (unsigned long long)number);
        return 0;
    }
    if (code != 0) return code;
    if (is_long) return put_long(table, benchmark, count, number);
    for (size_t i = 0; i < count && code == 0; i++) {
        if (table->roles[i] == NUMBERS || (table->roles[i] > BENCHMARK && table->roles[i] < TIME))
            code = put_wide(table, benchmark, i, table->fields[i]);
    }
    return code;
}

static int read_table(struct table *table)
{
    struct reading *reading = table->reading;
    const char *text = reading->input->text;
    size_t len = reading->input->len, at = 0, count = 0, done = 0;
    uint64_t number = 1;
    struct scanner scanner = scanner_of(text, len);
    struct span header = {"", 0};
    (void)scan_line(&scanner, &header);
    table->separator = separator_of(header);
    if (table->separator == '\0')
        return reading_fail(reading, "line 1: it has no columns, apart by commas or tabs");
    int code = 0, found;
    while (code == 0 && (found = read_record(table, text, len, &at, &count)) != 0) {
        if (reading->arena.failed) return reading_no_memory(reading);
        if (found < 0)
            return reading_fail(reading, "line %llu: a quote that does not end, or over %d columns",
                                (unsigned long long)number, COLUMNS_MAX);
        if (number == 1) {
            table->count = count;
            code = read_header(table);
            if (code == 0 && !table->grouped) code = reading_run(reading, NULL);
        } else {
            code = put_row(table, count, number);
        }
        for (; done < at; done++)
            number += text[done] == '\n';
        if (number == 1) number = 2; /* a header without an end */
    }
    if (code == 0 && table->taken == 0) return reading_fail(reading, "it has no row with a number");
    if (code == 0 && table->grouped) code = grouping_emit(&table->grouping);
    if (code == 0 && len > 0 && text[len - 1] != '\n')
        reading_warn(reading, "its last line has no end; the table may be cut off");
    return code;
}

int csv_read(const struct input *input, const struct adapter_sink *sink, struct pace_error *error)
{
    struct reading reading;
    reading_begin(&reading, input, sink, error);
    struct table *table = arena_alloc(&reading.arena, sizeof *table);
    if (table != NULL) table->reading = table->grouping.reading = &reading;
    return reading_end(&reading, table != NULL ? read_table(table) : reading_no_memory(&reading));
}
