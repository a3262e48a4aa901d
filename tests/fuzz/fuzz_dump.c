/* fuzz_dump.c -- any bytes as records of a dump, lines of JSON and rows of CSV. What is read is
 * written in both forms, and reading that again gives the same bytes. */
#include "../../tools/dump_record.h"

#include "../../tools/adapters/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(int promise)
{
    if (!promise) abort();
}

static int read_json(const char *text, size_t len, struct arena *arena, struct pace_error *error,
                     struct dump_record *record)
{
    return dump_record_parse("input", 1, text, len, arena, error, record);
}

static int read_csv(const char *text, size_t len, struct arena *arena, struct pace_error *error,
                    struct dump_record *record)
{
    uint64_t line = 1;
    size_t at = 0;
    return dump_row_parse("input", &line, text, len, &at, arena, error, record);
}

/* Writes a record, reads what was written, writes that: the same bytes. */
static void there_and_back(const struct dump_record *record, struct arena *arena)
{
    static int (*const readers[])(const char *, size_t, struct arena *, struct pace_error *,
                                  struct dump_record *) = {read_json, read_csv};
    if (record->text[DUMP_RECORD][0] == '\0') return; /* the loader refuses it */
    for (int form = DUMP_JSON; form <= DUMP_CSV; form++) {
        struct dump_bytes first = {0}, second = {0};
        struct dump_record again;
        struct pace_error error = {0, ""};
        dump_record_write(&first, (enum dump_form)form, record);
        hold(!first.failed && first.len > 0 && first.data[first.len - 1] == '\n');
        char *text = malloc(first.len + 1);
        hold(text != NULL);
        size_t len = form == DUMP_JSON ? first.len - 1 : first.len;
        memcpy(text, first.data, len);
        text[len] = '\0';
        hold(readers[form](text, len, arena, &error, &again) == 0);
        dump_record_write(&second, (enum dump_form)form, &again);
        hold(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        free(text);
        free(first.data);
        free(second.data);
    }
}

static void read_lines(const char *text, size_t size)
{
    struct scanner scanner = scanner_of(text, size);
    struct span span;
    while (scan_line(&scanner, &span)) {
        struct arena arena;
        struct dump_record record;
        struct pace_error error = {0, ""};
        arena_init(&arena, 0);
        int code = dump_record_parse("input", scanner.number, span.text, span.len, &arena, &error,
                                     &record);
        if (code == 0)
            there_and_back(&record, &arena);
        else
            hold(error.code == code && strncmp(error.message, "input", 5) == 0);
        arena_clear(&arena);
    }
}

static void read_rows(const char *text, size_t size)
{
    uint64_t line = 1;
    size_t at = 0;
    int code = 0;
    for (int more = 1; more && code == 0;) {
        struct arena arena;
        struct dump_record record;
        struct pace_error error = {0, ""};
        size_t before = at;
        arena_init(&arena, 0);
        code = dump_row_parse("input", &line, text, size, &at, &arena, &error, &record);
        hold(code == 0 || (error.code == code && strncmp(error.message, "input", 5) == 0));
        more = code == 0 && record.text[DUMP_RECORD] != NULL;
        if (more) there_and_back(&record, &arena);
        hold(!more || at > before);
        arena_clear(&arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    hold(text != NULL);
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    read_lines(text, size);
    read_rows(text, size);
    free(text);
    return 0;
}
