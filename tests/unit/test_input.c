/* test_input.c -- reading a file whole and by lines: ends of lines, limits, and what is no file. */
#include "../../tools/input.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

static char directory[256];

static int make_directory(void **state)
{
    const char *parent = getenv("TMPDIR");
    (void)state;
    (void)snprintf(directory, sizeof directory, "%s/pace-test-XXXXXX",
                   parent != NULL ? parent : "/tmp");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    char path[300];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/file", directory);
    (void)unlink(path);
    return rmdir(directory);
}

/* Writes the file of the tests; returns its path. */
static const char *write_file(const char *text, size_t len)
{
    static char path[300];
    (void)snprintf(path, sizeof path, "%s/file", directory);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void reads_whole(void **state)
{
    struct input_stream stream;
    struct input head, whole;
    struct pace_error error;
    size_t len = INPUT_HEAD_BYTES * 5 + 17;
    char *text = malloc(len);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(i * 31 % 251);
    const char *path = write_file(text, len);
    assert_int_equal(input_open(&stream, path, &error), 0);
    assert_true(stream.is_file && stream.mtime_ns > 0);
    assert_int_equal(input_head(&stream, &error, &head), 0);
    assert_true(head.len >= INPUT_HEAD_BYTES);
    assert_memory_equal(head.text, text, INPUT_HEAD_BYTES);
    assert_int_equal(input_whole(&stream, &error, &whole), 0);
    assert_string_equal(whole.name, path);
    assert_int_equal(whole.len, len);
    assert_memory_equal(whole.text, text, len);
    assert_int_equal(whole.text[len], 0);
    input_close(&stream);
    free(text);
}

static void reads_an_empty_file(void **state)
{
    struct input_stream stream;
    struct input whole;
    struct pace_error error;
    char *line = NULL;
    size_t len = 1;
    (void)state;
    assert_int_equal(input_open(&stream, write_file("", 0), &error), 0);
    assert_int_equal(input_whole(&stream, &error, &whole), 0);
    assert_int_equal(whole.len, 0);
    assert_int_equal(whole.text[0], 0);
    assert_int_equal(input_line(&stream, &error, &line, &len), 0);
    assert_null(line);
    input_close(&stream);
}

static void names_what_it_cannot_open(void **state)
{
    struct input_stream stream;
    struct pace_error error;
    (void)state;
    assert_int_equal(input_open(&stream, "/nonexistent/results.json", &error), ENOENT);
    assert_non_null(strstr(error.message, "/nonexistent/results.json"));
    assert_non_null(strstr(error.message, "check the path"));
    assert_int_equal(input_open(&stream, directory, &error), EISDIR);
    assert_non_null(strstr(error.message, "it is a directory"));
}

static void knows_its_limits(void **state)
{
    struct input_stream stream;
    struct input whole;
    struct pace_error error;
    char *line = NULL;
    size_t len = 0;
    (void)state;
    const char *path = write_file("0123456789\n01234567890\n", 23);
    assert_int_equal(input_open(&stream, path, &error), 0);
    stream.max_bytes = 22;
    assert_int_equal(input_whole(&stream, &error, &whole), PACE_ELIMIT);
    assert_non_null(strstr(error.message, "INPUT_MAX_BYTES"));
    input_close(&stream);
    assert_int_equal(input_open(&stream, path, &error), 0);
    stream.max_bytes = 23;
    assert_int_equal(input_whole(&stream, &error, &whole), 0);
    input_close(&stream);
    assert_int_equal(input_open(&stream, path, &error), 0);
    stream.max_line = 10;
    assert_int_equal(input_line(&stream, &error, &line, &len), 0);
    assert_string_equal(line, "0123456789");
    assert_int_equal(input_line(&stream, &error, &line, &len), PACE_ELIMIT);
    assert_non_null(strstr(error.message, "line 2 is longer than 10 bytes (INPUT_MAX_LINE)"));
    input_close(&stream);
}

static void reads_lines(void **state)
{
    static const char text[] = "one\n\r\ntwo\r\n\nlast";
    static const char *const lines[] = {"one", "", "two", "", "last"};
    struct input_stream stream;
    struct input head;
    struct pace_error error;
    char *line = NULL;
    size_t len = 0;
    (void)state;
    assert_int_equal(input_open(&stream, write_file(text, sizeof text - 1), &error), 0);
    assert_int_equal(input_head(&stream, &error, &head), 0);
    assert_int_equal(head.len, sizeof text - 1);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(input_line(&stream, &error, &line, &len), 0);
        assert_string_equal(line, lines[i]);
        assert_int_equal(len, strlen(lines[i]));
        assert_int_equal(stream.line, i + 1);
    }
    assert_int_equal(input_line(&stream, &error, &line, &len), 0);
    assert_null(line);
    input_close(&stream);
}

/* Lines of all lengths, across the ends of what is read at once. */
static void reads_many_lines(void **state)
{
    struct input_stream stream;
    struct pace_error error;
    size_t used = 0, room = 2000 * 700;
    char *text = malloc(room);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < 1000; i++) {
        memset(text + used, 'a' + (int)(i % 26), i * 7 % 1300);
        used += i * 7 % 1300;
        text[used++] = '\n';
    }
    assert_true(used <= room);
    assert_int_equal(input_open(&stream, write_file(text, used), &error), 0);
    for (size_t i = 0; i < 1000; i++) {
        char *line = NULL;
        size_t len = 0;
        assert_int_equal(input_line(&stream, &error, &line, &len), 0);
        assert_non_null(line);
        assert_int_equal(len, i * 7 % 1300);
        for (size_t c = 0; c < len; c++)
            assert_int_equal(line[c], 'a' + (int)(i % 26));
    }
    input_close(&stream);
    free(text);
}

static void knows_encodings(void **state)
{
    struct input_stream stream;
    struct input head;
    struct pace_error error;
    (void)state;
    assert_int_equal(input_open(&stream, write_file("\xEF\xBB\xBF{}", 5), &error), 0);
    assert_int_equal(input_head(&stream, &error, &head), 0);
    assert_string_equal(head.text, "{}");
    input_close(&stream);
    assert_int_equal(input_open(&stream, write_file("\xFF\xFE{\0}\0", 6), &error), 0);
    assert_int_equal(input_head(&stream, &error, &head), PACE_EVALUE);
    assert_non_null(strstr(error.message, "UTF-16"));
    input_close(&stream);
}

/* Two members of gzip behind one another. */
static size_t write_compressed(const char *text, size_t len, char *packed, size_t room)
{
    size_t used = 0;
    for (int member = 0; member < 2; member++) {
        z_stream stream = {.next_in = (Bytef *)(uintptr_t)text,
                           .avail_in = (uInt)len,
                           .next_out = (Bytef *)packed + used,
                           .avail_out = (uInt)(room - used)};
        assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                         Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        used += stream.total_out;
        (void)deflateEnd(&stream);
    }
    return used;
}

/* Compressed inputs read as what was compressed, whole and by lines; cut off anywhere, damaged, or
 * with something behind them they do not read as less than there was without saying so. */
static void unpacks(void **state)
{
    enum { LINES = 20000, WIDTH = 15 };
    size_t len = (size_t)LINES * WIDTH, room = 2 * len + 1000, line_len;
    char *text = malloc(len + 1), *packed = malloc(room), *line;
    struct input_stream stream;
    struct input head, whole;
    struct pace_error error;
    (void)state;
    assert_true(text != NULL && packed != NULL);
    for (unsigned i = 0; i < LINES; i++)
        (void)snprintf(text + (size_t)i * WIDTH, WIDTH + 1, "%014u\n", i * 2654435761u);
    size_t used = write_compressed(text, len, packed, room);
    assert_true(used > 2 * INPUT_HEAD_BYTES); /* more than one piece */

    assert_int_equal(input_open(&stream, write_file(packed, used), &error), 0);
    assert_int_equal(input_head(&stream, &error, &head), 0);
    assert_true(head.len >= INPUT_HEAD_BYTES);
    assert_memory_equal(head.text, text, INPUT_HEAD_BYTES);
    assert_int_equal(input_whole(&stream, &error, &whole), 0);
    assert_int_equal(whole.len, 2 * len);
    assert_memory_equal(whole.text, text, len);
    assert_memory_equal(whole.text + len, text, len);
    input_close(&stream);

    assert_int_equal(input_open(&stream, write_file(packed, used), &error), 0);
    assert_int_equal(input_head(&stream, &error, &head), 0);
    for (size_t i = 0; i < 2 * LINES; i++) {
        assert_int_equal(input_line(&stream, &error, &line, &line_len), 0);
        assert_int_equal(line_len, WIDTH - 1);
        assert_memory_equal(line, text + i % LINES * WIDTH, WIDTH - 1);
    }
    assert_int_equal(input_line(&stream, &error, &line, &line_len), 0);
    assert_null(line);
    input_close(&stream);

    for (size_t cut = 2; cut < used; cut += used / 40) {
        assert_int_equal(input_open(&stream, write_file(packed, cut), &error), 0);
        int code = input_whole(&stream, &error, &whole);
        if (cut == used / 2) /* just between the members */
            assert_true(code == 0 && whole.len == len);
        else
            assert_int_equal(code, PACE_EVALUE);
        assert_true(code == 0 || strstr(error.message, "damaged or cut off") != NULL);
        input_close(&stream);
    }
    packed[used / 4] = (char)(packed[used / 4] ^ 0x10);
    assert_int_equal(input_open(&stream, write_file(packed, used), &error), 0);
    assert_int_equal(input_whole(&stream, &error, &whole), PACE_EVALUE);
    assert_non_null(strstr(error.message, "damaged or cut off"));
    input_close(&stream);

    packed[used / 4] = (char)(packed[used / 4] ^ 0x10);
    assert_int_equal(input_open(&stream, write_file(packed, used), &error), 0);
    stream.max_bytes = len;
    assert_int_equal(input_whole(&stream, &error, &whole), PACE_ELIMIT);
    input_close(&stream);
    free(text);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_whole),
        cmocka_unit_test(reads_an_empty_file),
        cmocka_unit_test(names_what_it_cannot_open),
        cmocka_unit_test(knows_its_limits),
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(reads_many_lines),
        cmocka_unit_test(knows_encodings),
        cmocka_unit_test(unpacks),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
