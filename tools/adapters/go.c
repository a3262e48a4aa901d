/* go.c -- the Go benchmark format: what `go test -bench` prints and benchstat reads.
 *
 * Lines are of four kinds (golang.org/design/14313-benchmark-format): configuration `key: value`,
 * results `BenchmarkName N value unit ...`, unit metadata `Unit name key=value ...`, and all else,
 * which means nothing. ns/op is the measure `latency`; every other unit is a measure of its own
 * name, as Go prints it. Repeats of a name are samples.
 *
 * A key that all results share is metadata of the run; where it differs, of the benchmark. Names
 * that come in several packages get their package before them, for else they would be one. */
#include "reading.h"
#include "scan.h"

#include "../../engine/unit.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 256, KEYS_MAX = 256 };

struct go_unit {
    const char *name;
    enum pace_direction direction; /* PACE_DIRECTION_UNKNOWN: not said */
    const char *assume;            /* NULL: not said */
};

struct go_key {
    const char *name, *first, *now; /* values; "" is none */
};

/* A benchmark's name and the package it was seen in first. */
struct go_name {
    struct span name;
    const char *package;
    int several; /* 1: in other packages too */
};

struct go {
    struct reading *reading;
    struct go_unit *units;
    size_t unit_count, unit_capacity;
    struct go_key *keys;
    size_t key_count;
    struct go_name *names; /* a hash table */
    size_t name_count, name_capacity;
    size_t result_count;
    const char *noted;  /* the last benchmark whose differences were stored */
    struct span suffix; /* "-8", when all names end in it; else empty */
};

/* -- lines ------------------------------------------------------------------------------------- */

/* A configuration line: 1 with its key and value (which may be empty). */
static int is_config(struct span line, struct span *key, struct span *value)
{
    size_t len = 0;
    if (line.len == 0 || line.text[0] < 'a' || line.text[0] > 'z') return 0;
    while (len < line.len && line.text[len] != ':') {
        char c = line.text[len++];
        if (c == ' ' || c == '\t' || (c >= 'A' && c <= 'Z')) return 0;
    }
    if (len == line.len) return 0;
    if (len + 1 < line.len && line.text[len + 1] != ' ' && line.text[len + 1] != '\t') return 0;
    *key = span_upto(line, len);
    *value = span_trim(span_from(line, len + 1));
    return 1;
}

/* A result: a name, then more words. A name alone is what `go test -v` prints before it runs. */
static int is_result(struct span line, struct span *name, struct span *rest)
{
    *rest = line;
    if (!span_begins(line, "Benchmark") || !span_word(rest, name)) return 0;
    *rest = span_trim(*rest);
    return rest->len > 0;
}

/* A result with a number of iterations: a log line may begin with `Benchmark` too. */
static int is_measured(struct span line)
{
    struct span name, rest, word, unit;
    double number;
    return is_result(line, &name, &rest) && span_word(&rest, &word) && span_number(word, &number) &&
           span_word(&rest, &word) && span_number(word, &number) && span_word(&rest, &unit);
}

int go_recognise(const struct input *input)
{
    size_t len = input->len < READING_LOOK ? input->len : READING_LOOK;
    struct scanner scanner = scanner_of(input->text, len);
    struct span line;
    while (scan_line(&scanner, &line)) {
        if (is_measured(line)) return 2;
    }
    return 0;
}

/* -- unit metadata ----------------------------------------------------------------------------- */

static struct go_unit *find_unit(struct go *go, struct span name)
{
    for (size_t i = 0; i < go->unit_count; i++) {
        if (span_is(name, go->units[i].name)) return &go->units[i];
    }
    if (go->unit_count == go->unit_capacity) {
        size_t capacity = go->unit_capacity == 0 ? 16 : go->unit_capacity * 2;
        struct go_unit *grown = arena_array(&go->reading->arena, capacity, sizeof *grown);
        if (grown == NULL) return NULL;
        if (go->unit_count > 0) memcpy(grown, go->units, go->unit_count * sizeof *grown);
        go->units = grown;
        go->unit_capacity = capacity;
    }
    const char *copy = reading_name(go->reading, name.text, name.len);
    if (copy == NULL) return NULL;
    go->units[go->unit_count] = (struct go_unit){copy, PACE_DIRECTION_UNKNOWN, NULL};
    return &go->units[go->unit_count++];
}

static int take_unit(struct go *go, struct span rest, uint64_t number)
{
    struct span name, word;
    if (!span_word(&rest, &name)) return 0;
    struct go_unit *unit = find_unit(go, name);
    if (unit == NULL) return reading_no_memory(go->reading);
    while (span_word(&rest, &word)) {
        enum pace_direction said = span_is(word, "better=lower")    ? PACE_LOWER_IS_BETTER
                                   : span_is(word, "better=higher") ? PACE_HIGHER_IS_BETTER
                                                                    : PACE_DIRECTION_UNKNOWN;
        if (span_begins(word, "assume=")) {
            struct span assume = span_from(word, strlen("assume="));
            unit->assume = reading_name(go->reading, assume.text, assume.len);
            if (unit->assume == NULL) return reading_no_memory(go->reading);
        } else if (said == PACE_DIRECTION_UNKNOWN) {
            reading_warn(go->reading, "line %llu: unit metadata '%.*s' means nothing here",
                         (unsigned long long)number, (int)(word.len < 100 ? word.len : 100),
                         word.text);
        } else if (unit->direction != PACE_DIRECTION_UNKNOWN && unit->direction != said) {
            reading_warn(go->reading, "line %llu: unit %.100s was said to be better the other way",
                         (unsigned long long)number, unit->name);
        } else {
            unit->direction = said;
        }
    }
    return 0;
}

/* -- names and packages ------------------------------------------------------------------------ */

static const char *config_now(const struct go *go, const char *name)
{
    for (size_t i = 0; i < go->key_count; i++) {
        if (strcmp(go->keys[i].name, name) == 0) return go->keys[i].now;
    }
    return "";
}

static struct go_name *name_slot(struct go_name *names, size_t capacity, struct span name)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.text[i]) * UINT64_C(1099511628211);
    for (size_t i = (size_t)hash & (capacity - 1);; i = (i + 1) & (capacity - 1)) {
        struct span there = names[i].name;
        if (there.text == NULL ||
            (there.len == name.len && memcmp(there.text, name.text, name.len) == 0))
            return &names[i];
    }
}

static int note_name(struct go *go, struct span name)
{
    if ((go->name_count + 1) * 2 > go->name_capacity) {
        size_t capacity = go->name_capacity == 0 ? 256 : go->name_capacity * 2;
        struct go_name *grown = arena_array(&go->reading->arena, capacity, sizeof *grown);
        if (grown == NULL) return reading_no_memory(go->reading);
        for (size_t i = 0; i < go->name_capacity; i++) {
            if (go->names[i].name.text != NULL)
                *name_slot(grown, capacity, go->names[i].name) = go->names[i];
        }
        go->names = grown;
        go->name_capacity = capacity;
    }
    struct go_name *slot = name_slot(go->names, go->name_capacity, name);
    const char *package = config_now(go, "pkg");
    if (slot->name.text == NULL) {
        *slot = (struct go_name){name, package, 0};
        go->name_count++;
    } else if (strcmp(slot->package, package) != 0 && !slot->several) {
        slot->several = 1;
        reading_warn(go->reading, "'%.*s' is in several packages; each is named with its package",
                     (int)(name.len < 200 ? name.len : 200), name.text);
    }
    return 0;
}

/* A key has a value from here on. `note` 1: the first reading, which keeps the first value. */
static int take_config(struct go *go, struct span key, struct span value)
{
    struct go_key *found = NULL;
    for (size_t i = 0; i < go->key_count && found == NULL; i++) {
        if (span_is(key, go->keys[i].name)) found = &go->keys[i];
    }
    char *text = reading_name(go->reading, value.text, value.len);
    if (text == NULL) return reading_no_memory(go->reading);
    if (found == NULL) {
        if (go->key_count == KEYS_MAX) return 0;
        found = &go->keys[go->key_count];
        if ((found->name = reading_name(go->reading, key.text, key.len)) == NULL)
            return reading_no_memory(go->reading);
        found->first = go->result_count == 0 ? text : "";
        go->key_count++;
    }
    if (found->now == NULL || strcmp(found->now, text) != 0) go->noted = NULL;
    found->now = text;
    if (go->result_count == 0) found->first = text; /* what the first result has */
    return 0;
}

/* GOMAXPROCS, as names end in it. */
static struct span name_suffix(struct span name)
{
    size_t digits = name.len;
    while (digits > 0 && name.text[digits - 1] >= '0' && name.text[digits - 1] <= '9')
        digits--;
    return digits > 0 && digits < name.len && name.text[digits - 1] == '-'
               ? span_from(name, digits - 1)
               : span_from(name, name.len);
}

/* The first reading: units, names, and the configuration of the first result. */
static int look(struct go *go)
{
    struct scanner scanner = scanner_of(go->reading->input->text, go->reading->input->len);
    struct span line, key, value;
    int code = 0;
    while (code == 0 && scan_line(&scanner, &line)) {
        if (span_begins(line, "Unit "))
            code = take_unit(go, span_from(line, 5), scanner.number);
        else if (is_config(line, &key, &value))
            code = take_config(go, key, value);
        else if (is_measured(line) && is_result(line, &key, &value)) {
            struct span suffix = name_suffix(key);
            code = note_name(go, key);
            if (go->result_count++ == 0) go->suffix = suffix;
            if (suffix.len != go->suffix.len ||
                memcmp(suffix.text, go->suffix.text, suffix.len) != 0)
                go->suffix.len = 0;
        }
    }
    return code;
}

/* -- results ----------------------------------------------------------------------------------- */

/* What Go prints for a unit, as a unit of ours: B/op is B, p99-ns is ns, ns/GC is ns; the unit as
 * it is when nothing in it is known. */
static const char *plain_unit(struct go *go, struct span unit)
{
    struct unit known = unit_lookup(unit.text, unit.len);
    if (known.kind == UNIT_CUSTOM) {
        struct span front = span_upto(unit, span_find(unit, "/"));
        size_t dash = span_find_last(unit, "-");
        known = unit_lookup(front.text, front.len);
        if (front.len < unit.len && known.kind != UNIT_CUSTOM && known.kind != UNIT_NONE)
            return known.name;
        struct span last = span_from(unit, dash + 1);
        known = unit_lookup(last.text, last.len);
        if (dash < unit.len && known.kind != UNIT_CUSTOM && known.kind != UNIT_NONE)
            return known.name;
        return reading_name(go->reading, unit.text, unit.len < PACE_MAX_UNIT ? unit.len : 0);
    }
    return known.name != NULL ? known.name : "";
}

/* A rate beside a time says the same once more: it is the time's companion. */
static int put_pair(struct go *go, const char *benchmark, int timed, struct span unit, double value)
{
    static const struct {
        const char *go, *measure, *unit;
        enum pace_direction direction;
    } known[] = {
        {"ns/op", "latency", "ns", PACE_LOWER_IS_BETTER},
        {"B/op", "B/op", "B", PACE_LOWER_IS_BETTER},
        {"allocs/op", "allocs/op", "allocs", PACE_LOWER_IS_BETTER},
        {"MB/s", "MB/s", "MB/s", PACE_HIGHER_IS_BETTER},
    };
    enum { RATE = 3 };
    enum pace_direction said = PACE_DIRECTION_UNKNOWN;
    for (size_t i = 0; i < go->unit_count; i++) {
        if (span_is(unit, go->units[i].name)) said = go->units[i].direction;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (span_is(unit, known[i].go))
            return reading_value(
                go->reading, benchmark, timed && i == RATE ? "latency.MB/s" : known[i].measure,
                known[i].unit, said != PACE_DIRECTION_UNKNOWN ? said : known[i].direction, value);
    }
    const char *measure = reading_name(go->reading, unit.text, unit.len);
    const char *plain = plain_unit(go, unit);
    if (measure == NULL || plain == NULL) return reading_no_memory(go->reading);
    return reading_value(go->reading, benchmark, measure, plain,
                         said != PACE_DIRECTION_UNKNOWN ? said : unit_direction(plain), value);
}

/* The name as it is, or with its package where several have it. */
static const char *full_name(struct go *go, struct span name)
{
    const struct go_name *slot = name_slot(go->names, go->name_capacity, name);
    const char *plain = reading_name(go->reading, name.text, name.len);
    const char *package = config_now(go, "pkg");
    if (!slot->several || package[0] == '\0' || plain == NULL) return plain;
    return reading_print(go->reading, "%s.%s", package, plain);
}

/* Keys whose value is not the first result's. */
static int put_differences(struct go *go, const char *benchmark)
{
    int code = 0;
    if (go->noted != NULL && strcmp(go->noted, benchmark) == 0) return 0;
    go->noted = benchmark;
    for (size_t i = 0; i < go->key_count && code == 0; i++) {
        const struct go_key *key = &go->keys[i];
        if (strcmp(key->now, key->first) != 0)
            code = reading_benchmark_meta(go->reading, benchmark, key->name, key->now);
    }
    return code;
}

/* Why the words behind a name are no result; NULL when they are one, in *iterations and pairs. */
static const char *parse_result(struct span rest, double *iterations, double *values,
                                struct span *units, size_t *count)
{
    struct span word;
    if (!span_word(&rest, &word)) return "missing iteration count";
    if (!span_number(word, iterations) || !isfinite(*iterations) || *iterations < 0)
        return "the iteration count is no number";
    for (*count = 0; *count < PAIRS_MAX && span_word(&rest, &word); (*count)++) {
        if (!span_number(word, &values[*count])) return "a measurement is no number";
        if (!span_word(&rest, &units[*count])) return "a measurement has no unit";
    }
    return *count > 0 ? NULL : "missing measurements";
}

/* A last line without an end may be cut off within its unit: it is taken when another result has
 * the unit, or Go itself. */
static int is_cut(struct go *go, const struct scanner *scanner, struct span unit)
{
    static const char *const known[] = {"ns/op", "B/op", "allocs/op", "MB/s"};
    if (scanner->complete) return 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (span_is(unit, known[i])) return 0;
    }
    for (size_t i = 0; i < go->reading->cells.count; i++) {
        if (span_is(unit, go->reading->cells.items[i].measure)) return 0;
    }
    return 1;
}

static int take_result(struct go *go, const struct scanner *scanner, struct span name,
                       struct span rest)
{
    double iterations = 0, values[PAIRS_MAX];
    struct span units[PAIRS_MAX];
    size_t count = 0;
    unsigned long long line = (unsigned long long)scanner->number;
    const char *wrong = parse_result(rest, &iterations, values, units, &count);
    if (wrong == NULL && is_cut(go, scanner, units[count - 1])) wrong = "it is cut off";
    if (wrong != NULL) {
        reading_warn(go->reading, "line %llu: '%.*s': %s; the line is skipped", line,
                     (int)(name.len < 200 ? name.len : 200), name.text, wrong);
        return 0;
    }
    const char *benchmark = full_name(go, name);
    int code = benchmark == NULL ? reading_no_memory(go->reading) : 0;
    int timed = 0;
    for (size_t i = 0; i < count; i++)
        timed |= span_is(units[i], "ns/op");
    for (size_t i = 0; i < count && code == 0; i++)
        code = put_pair(go, benchmark, timed, units[i], values[i]);
    const char *companion = "latency.iterations";
    if (!timed && code == 0)
        companion = reading_print(go->reading, "%s.iterations",
                                  reading_name(go->reading, units[0].text, units[0].len));
    if (code == 0 && companion == NULL) code = reading_no_memory(go->reading);
    if (code == 0)
        code = reading_value(go->reading, benchmark, companion, "count", PACE_DIRECTION_UNKNOWN,
                             iterations);
    return code != 0 ? code : put_differences(go, benchmark);
}

/* `--- FAIL: BenchmarkName` and SKIP, which name no GOMAXPROCS: the one that all results have. */
static int take_outcome(struct go *go, struct span line)
{
    int failed = span_begins(line, "--- FAIL: Benchmark");
    struct span rest = span_from(line, strlen("--- FAIL: ")), name;
    if ((!failed && !span_begins(line, "--- SKIP: Benchmark")) || !span_word(&rest, &name))
        return 0;
    const char *base = reading_name(go->reading, name.text, name.len);
    const char *benchmark = base == NULL ? NULL
                                         : reading_print(go->reading, "%s%.*s", base,
                                                         (int)go->suffix.len, go->suffix.text);
    if (benchmark == NULL) return reading_no_memory(go->reading);
    struct pace_cell cell =
        cell_make(benchmark, "latency", "ns", PACE_LOWER_IS_BETTER, (double)NAN);
    if (!failed) cell.status = PACE_CELL_SKIPPED;
    return reading_put(go->reading, &cell);
}

static int put_run_meta(struct go *go)
{
    int code = reading_meta(go->reading, "harness", "go test");
    for (size_t i = 0; i < go->key_count && code == 0; i++)
        code = reading_meta(go->reading, go->keys[i].name, go->keys[i].first);
    for (size_t i = 0; i < go->unit_count && code == 0; i++) {
        if (go->units[i].assume != NULL)
            code = reading_meta(go->reading,
                                reading_print(go->reading, "unit:%s:assume", go->units[i].name),
                                go->units[i].assume);
    }
    return code;
}

static int read_results(struct go *go)
{
    struct reading *reading = go->reading;
    struct scanner scanner = scanner_of(reading->input->text, reading->input->len);
    struct span line, key, value;
    int code = look(go);
    if (code == 0 && go->result_count == 0)
        return reading_fail(reading,
                            "no line of it is a result of Go (BenchmarkName N value unit); "
                            "%llu lines were read",
                            (unsigned long long)scanner.number);
    for (size_t i = 0; i < go->key_count; i++)
        go->keys[i].now = "";
    if (code == 0) code = reading_run(reading, NULL);
    if (code == 0) code = put_run_meta(go);
    while (code == 0 && scan_line(&scanner, &line)) {
        if (is_config(line, &key, &value))
            code = take_config(go, key, value);
        else if (is_result(line, &key, &value))
            code = take_result(go, &scanner, key, value);
        else if (span_begins(line, "--- "))
            code = take_outcome(go, line);
    }
    return code;
}

int go_read(const struct input *input, const struct adapter_sink *sink, struct pace_error *error)
{
    struct reading reading;
    struct go go = {.reading = &reading};
    reading_begin(&reading, input, sink, error);
    reading.cells.repeats_are_samples = 1;
    go.keys = arena_array(&reading.arena, KEYS_MAX, sizeof *go.keys);
    return reading_end(&reading, go.keys != NULL ? read_results(&go) : reading_no_memory(&reading));
}
