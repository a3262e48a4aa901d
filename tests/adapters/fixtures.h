/* fixtures.h -- every recorded output: tests/adapters/data/ADAPTER/FILE, in order of name. */
#ifndef PACE_TEST_FIXTURES_H
#define PACE_TEST_FIXTURES_H

#include "collect.h"

#include "../../tools/input.h"

#include <dirent.h>
#include <limits.h>

#define DATA_DIR "tests/adapters/data"

struct fixture_file {
    char adapter[NAME_MAX + 1], name[NAME_MAX + 1], path[PATH_MAX];
    char *text; /* NUL behind it */
    size_t len;
};

struct fixtures {
    struct fixture_file *items;
    size_t count;
};

static inline char *file_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 16, used = 0, got = 0;
    char *text = malloc(room + 1);
    if (file == NULL || text == NULL) {
        free(text);
        if (file != NULL) (void)fclose(file);
        return NULL;
    }
    while ((got = fread(text + used, 1, room - used, file)) > 0) {
        used += got;
        if (used == room) text = realloc(text, (room *= 2) + 1);
        assert_non_null(text);
    }
    assert_int_equal(fclose(file), 0);
    text[used] = '\0';
    *len = used;
    return text;
}

static int is_fixture(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' &&
           !(dot != NULL && (strcmp(dot, ".md") == 0 || strcmp(dot, ".py") == 0));
}

static void fixtures_add(struct fixtures *fixtures, const char *adapter, const char *name)
{
    fixtures->items = grow(fixtures->items, fixtures->count, sizeof *fixtures->items);
    struct fixture_file *file = &fixtures->items[fixtures->count++];
    (void)snprintf(file->adapter, sizeof file->adapter, "%s", adapter);
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    (void)snprintf(file->path, sizeof file->path, DATA_DIR "/%s/%s", adapter, name);
    struct input_stream stream;
    struct input whole;
    struct pace_error error;
    int code = input_open(&stream, file->path, &error);
    if (code == 0) code = input_whole(&stream, &error, &whole);
    if (code != 0) fail_msg("%s", error.message);
    assert_non_null(file->text = malloc(whole.len + 1));
    memcpy(file->text, whole.text, whole.len + 1);
    file->len = whole.len;
    input_close(&stream);
}

static inline struct fixtures fixtures_load(void)
{
    struct fixtures fixtures = {0};
    struct dirent **adapters_found = NULL, **files = NULL;
    int adapter_total = scandir(DATA_DIR, &adapters_found, is_fixture, alphasort);
    assert_true(adapter_total > 0); /* tests run from the root of the sources */
    for (int i = 0; i < adapter_total; i++) {
        char path[300];
        const char *adapter = adapters_found[i]->d_name;
        (void)snprintf(path, sizeof path, DATA_DIR "/%.200s", adapter);
        int count = strchr(adapter, '.') != NULL ? 0 : scandir(path, &files, is_fixture, alphasort);
        for (int k = 0; k < count; k++) {
            fixtures_add(&fixtures, adapter, files[k]->d_name);
            free(files[k]);
        }
        if (count > 0) free(files);
        free(adapters_found[i]);
    }
    free(adapters_found);
    return fixtures;
}

static inline void fixtures_free(struct fixtures *fixtures)
{
    for (size_t i = 0; i < fixtures->count; i++)
        free(fixtures->items[i].text);
    free(fixtures->items);
    *fixtures = (struct fixtures){0};
}

/* Reads bytes from memory that ends right behind them. */
static int read_exact(const struct adapter *adapter, const char *name, const char *text, size_t len,
                      struct collect *collect, struct pace_error *error)
{
    char *exact = malloc(len + 1);
    struct input input = {name, exact, len};
    struct adapter_sink sink = {.run = take_run,
                                .cell = take_cell,
                                .meta = take_meta,
                                .warn = take_warning,
                                .context = collect};
    assert_non_null(exact);
    if (len > 0) memcpy(exact, text, len);
    exact[len] = '\0';
    *error = (struct pace_error){0, ""};
    int code = adapter != NULL ? 0 : adapter_recognise(&input, error, &adapter);
    if (code == 0) code = adapter->read(&input, &sink, error);
    free(exact);
    if (code != 0 && (error->code != code || error->message[0] == '\0'))
        fail_msg("%s: code %d, but '%s'", name, code, error->message);
    return code;
}

#endif
