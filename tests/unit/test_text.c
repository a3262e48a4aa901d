/* test_text.c -- contract tests of query/text.h and query/spark.h. */
#include "../../query/spark.h"
#include "../../query/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const char *safe(const char *text, size_t len)
{
    static char out[4096];
    size_t whole = text_safe(out, sizeof out, text, len);
    assert_int_equal(whole, strlen(out));
    return out;
}

static size_t encode(char out[5], uint32_t code)
{
    size_t len = (size_t)utf8proc_encode_char((utf8proc_int32_t)code, (utf8proc_uint8_t *)out);
    out[len] = '\0';
    return len;
}

/* -- decoding ---------------------------------------------------------------------------------- */

/* Every string of one to four bytes from the interesting ones: the same verdict as utf8proc. */
static void decodes_as_utf8proc_does(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                          0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0,
                                          0xF1, 0xF4, 0xF5, 0xF7, 0xF8, 0xFC, 0xFE, 0xFF};
    enum { BYTES = sizeof bytes };
    for (unsigned n = 0; n < BYTES * BYTES * BYTES * BYTES; n++) {
        unsigned char text[4] = {bytes[n % BYTES], bytes[n / BYTES % BYTES],
                                 bytes[n / BYTES / BYTES % BYTES],
                                 bytes[n / BYTES / BYTES / BYTES]};
        size_t len = 1 + n % 4;
        utf8proc_int32_t expected;
        utf8proc_ssize_t taken = utf8proc_iterate(text, (utf8proc_ssize_t)len, &expected);
        uint32_t code;
        unsigned used = text_decode((const char *)text, len, &code);
        if (taken < 0) {
            assert_int_equal(used, 1);
            assert_int_equal(code, TEXT_INVALID);
        } else {
            assert_int_equal(used, taken);
            assert_int_equal(code, expected);
        }
    }
}

/* -- safe text --------------------------------------------------------------------------------- */

static void bytes_that_are_not_text_are_shown(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[3] = {'a', (char)byte, 'b'}, expected[16];
        if (byte >= 0x20 && byte < 0x7F)
            snprintf(expected, sizeof expected, "a%cb", (int)byte);
        else
            snprintf(expected, sizeof expected, "a\\x%02xb", byte);
        assert_string_equal(safe(text, 3), expected);
    }
}

/* Printable bytes are taken many at a time: each other one at each place among them, cut
 * anywhere. */
static void a_byte_at_any_place(void **state)
{
    (void)state;
    enum { LENGTH = 19 };
    for (unsigned byte = 1; byte < 256; byte++)
        for (size_t place = 0; place < LENGTH; place++) {
            char text[LENGTH + 1] = "The quick (brown) {", expected[64], out[64];
            text[place] = (char)byte;
            int plain = byte >= 0x20 && byte < 0x7f;
            int len = snprintf(expected, sizeof expected, plain ? "%.*s%c%s" : "%.*s\\x%02x%s",
                               (int)place, text, byte, text + place + 1);
            size_t step = (size_t)len - (LENGTH - 1); /* of the byte */
            assert_string_equal(safe(text, LENGTH), expected);
            assert_int_equal(text_width(expected), len);
            for (size_t size = 1; size < (size_t)len + 2; size++) {
                size_t kept = size - 1 < (size_t)len ? size - 1 : (size_t)len;
                if (kept > place && kept < place + step) kept = place;
                assert_int_equal(text_safe(out, size, text, LENGTH), len);
                assert_int_equal(strlen(out), kept);
                assert_memory_equal(out, expected, kept);
            }
        }
}

static void controls_beyond_ascii_are_shown(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, last;
        const char *format;
    } ranges[] = {
        {0x80, 0x9F, "\\x%02x"},     {0x61C, 0x61C, "\\u%04x"},   {0x200E, 0x200F, "\\u%04x"},
        {0x2028, 0x202E, "\\u%04x"}, {0x2066, 0x2069, "\\u%04x"}, {0xFEFF, 0xFEFF, "\\u%04x"},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        for (uint32_t code = ranges[i].first; code <= ranges[i].last; code++) {
            char text[5], expected[16];
            size_t len = encode(text, code);
            switch (ranges[i].format[1]) {
            case 'x': snprintf(expected, sizeof expected, "\\x%02x", code); break;
            default: snprintf(expected, sizeof expected, "\\u%04x", code); break;
            }
            assert_string_equal(safe(text, len), expected);
        }
    }
    assert_string_equal(safe("\xf3\xa0\x80\x81", 4), "\\U000e0001");
}

/* What comes out is text without controls, whatever goes in; and only then is it unchanged. */
static void safe_text_is_safe(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[24], out[TEXT_SAFE_GROWTH * 24 + 1];
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = (char)(seed >> 24);
        }
        size_t len = text_safe(out, sizeof out, text, sizeof text);
        assert_in_range(len, sizeof text, TEXT_SAFE_GROWTH * sizeof text);
        for (size_t at = 0; at < len;) {
            uint32_t code;
            at += text_decode(out + at, len - at, &code);
            assert_int_not_equal(code, TEXT_INVALID);
            assert_false(text_is_control(code));
        }
    }
    assert_string_equal(safe("naïve \\ 日本", strlen("naïve \\ 日本")), "naïve \\ 日本");
}

static void a_cut_is_never_inside_a_character(void **state)
{
    (void)state;
    const char *text = "ab\x1b日c";
    char out[16];
    static const char *const expected[] = {"",        "a",         "ab",        "ab",
                                           "ab",      "ab",        "ab\\x1b",   "ab\\x1b",
                                           "ab\\x1b", "ab\\x1b日", "ab\\x1b日c"};
    assert_int_equal(text_safe(NULL, 0, text, strlen(text)), 10);
    for (size_t size = 1; size < 12; size++) {
        assert_int_equal(text_safe(out, size, text, strlen(text)), 10);
        assert_string_equal(out, expected[size - 1]);
    }
}

/* -- width ------------------------------------------------------------------------------------- */

static void widths_are_those_of_utf8proc(void **state)
{
    (void)state;
    for (uint32_t code = 0x20; code < 0x110000; code++) {
        utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
        /* Unassigned and private code points have no width and controls are never printed. Spacing
         * marks and the soft hyphen take a column in terminals. */
        if (category == UTF8PROC_CATEGORY_CN || category == UTF8PROC_CATEGORY_CS ||
            category == UTF8PROC_CATEGORY_CO || category == UTF8PROC_CATEGORY_MC || code == 0xAD ||
            text_is_control(code))
            continue;
        if (text_code_width(code) != (unsigned)utf8proc_charwidth((utf8proc_int32_t)code))
            fail_msg("U+%04X: width %u, utf8proc has %d", code, text_code_width(code),
                     utf8proc_charwidth((utf8proc_int32_t)code));
    }
}

static void width_of_texts(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("parse/json"), 10);
    assert_int_equal(text_width("日本語"), 6);
    assert_int_equal(text_width("e\u0301t\u00e9"), 3);
    assert_int_equal(text_width("\xf0\x9f\x9a\x80"), 2);
}

/* -- cutting ----------------------------------------------------------------------------------- */

static void shortens_in_the_middle(void **state)
{
    (void)state;
    char out[128];
    assert_int_equal(text_shorten(out, "parse/json", 10, 0), 10);
    assert_string_equal(out, "parse/json");
    assert_int_equal(text_shorten(out, "test_sort[1000-list]", 11, 0), 11);
    assert_string_equal(out, "test…-list]");
    assert_int_equal(text_shorten(out, "test_sort[1000-list]", 12, 1), 12);
    assert_string_equal(out, "test..-list]");
    assert_int_equal(text_shorten(out, "test_sort", 1, 0), 1);
    assert_string_equal(out, ".");
    assert_int_equal(text_shorten(out, "test_sort", 0, 0), 0);
    assert_string_equal(out, "");
}

/* Any width: fits, is made of whole characters, begins and ends as the text does. */
static void shortens_to_any_width(void **state)
{
    (void)state;
    static const char *const texts[] = {"日本語のベンチマーク/size=4k",
                                        "e\u0301e\u0301e\u0301e\u0301e\u0301", "a日b本c語d",
                                        "plain_ascii_name"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t columns = 0; columns < 40; columns++) {
            for (int ascii = 0; ascii < 2; ascii++) {
                char out[128];
                size_t used = text_shorten(out, texts[i], columns, ascii);
                assert_true(used <= columns);
                assert_int_equal(text_width(out), used);
                assert_true(utf8proc_iterate((const utf8proc_uint8_t *)out, -1,
                                             &(utf8proc_int32_t){0}) >= 0);
                if (used + 2 < columns) assert_string_equal(out, texts[i]);
            }
        }
    }
}

/* -- the sink ---------------------------------------------------------------------------------- */

struct sunk {
    char *bytes;
    size_t len, calls, fail_at; /* fail_at: number of the call that fails; 0: none */
};

static int sink(void *context, const char *bytes, size_t len)
{
    struct sunk *sunk = context;
    if (++sunk->calls == sunk->fail_at) return ENOSPC;
    sunk->bytes = realloc(sunk->bytes, sunk->len + len + 1);
    assert_non_null(sunk->bytes);
    memcpy(sunk->bytes + sunk->len, bytes, len);
    sunk->len += len;
    sunk->bytes[sunk->len] = '\0';
    return 0;
}

static void collects_and_flushes(void **state)
{
    (void)state;
    struct sunk sunk = {0};
    struct text_out *out = malloc(sizeof *out);
    assert_non_null(out);
    text_out_init(out, sink, &sunk);
    assert_int_equal(text_out_flush(out), 0);
    assert_int_equal(sunk.calls, 0); /* nothing to say */
    text_out_put(out, "ab");
    text_out_repeat(out, "-=", 3);
    text_out_safe(out, "\x1b[2J", 4);
    text_out_repeat(out, " ", 4);
    text_out_repeat(out, "?", 0);
    assert_int_equal(sunk.calls, 0);
    assert_int_equal(text_out_flush(out), 0);
    assert_string_equal(sunk.bytes, "ab-=-=-=\\x1b[2J    ");
    text_out_repeat(out, "0123456789", TEXT_OUT_BUFFER / 4);
    assert_int_equal(text_out_flush(out), 0);
    assert_int_equal(sunk.len, 19 + 10 * (TEXT_OUT_BUFFER / 4));
    text_out_repeat(out, " ", TEXT_OUT_BUFFER + 1);
    assert_int_equal(text_out_flush(out), 0);
    assert_int_equal(sunk.len, 20 + 10 * (TEXT_OUT_BUFFER / 4) + TEXT_OUT_BUFFER);
    assert_int_equal(sunk.calls, 6);
    free(sunk.bytes);
    free(out);
}

static void the_first_error_sticks(void **state)
{
    (void)state;
    struct sunk sunk = {.fail_at = 2};
    struct text_out *out = malloc(sizeof *out);
    assert_non_null(out);
    text_out_init(out, sink, &sunk);
    text_out_repeat(out, "0123456789", TEXT_OUT_BUFFER);
    assert_int_equal(sunk.calls, 2);
    assert_int_equal(text_out_flush(out), ENOSPC);
    text_out_put(out, "more");
    assert_int_equal(text_out_flush(out), ENOSPC);
    assert_int_equal(sunk.calls, 2);
    assert_int_equal(sunk.len, TEXT_OUT_BUFFER);
    free(sunk.bytes);
    free(out);
}

/* -- sparks ------------------------------------------------------------------------------------ */

static void sparks(void **state)
{
    (void)state;
    char out[64];
    const double values[] = {0, 1, 2, 3, 4, 5, 6, 7, (double)NAN, 7};
    const double flat[] = {3, 3, 3};
    const double none[] = {(double)NAN, (double)INFINITY};
    assert_int_equal(spark(out, sizeof out, values, 10, 0), 10);
    assert_string_equal(out, "▁▂▃▄▅▆▇█ █");
    assert_int_equal(spark(out, sizeof out, values, 10, 1), 10);
    assert_string_equal(out, "_.-=+*## #");
    assert_int_equal(spark(out, 10, values, 8, 0), 3);
    assert_string_equal(out, "▁▅█");
    assert_int_equal(spark(out, 1, values, 8, 0), 0);
    assert_string_equal(out, "");
    assert_int_equal(spark(out, sizeof out, flat, 3, 0), 3);
    assert_string_equal(out, "▂▂▂");
    assert_int_equal(spark(out, sizeof out, none, 2, 0), 2);
    assert_string_equal(out, "  ");
    const double far[] = {-1.7e308, 1.7e308};
    assert_int_equal(spark(out, sizeof out, far, 2, 0), 2);
    assert_string_equal(out, "▁█");
}

static size_t shared_of(const char *const *names, size_t count)
{
    struct text_shared shared = {0};
    for (size_t i = 0; i < count; i++)
        text_shared_add(&shared, names[i]);
    return text_shared_bytes(&shared);
}

static void what_names_begin_with(void **state)
{
    (void)state;
    static const char *const tests[] = {"tests/test_a.py::test_one", "tests/test_a.py::test_two",
                                        "tests/test_a.py::test_one"};
    static const char *const folder[] = {"a/b", "a/b/c"}, *const sizes[] = {"run 1.5k", "run 1.7k"};
    static const char *const none[] = {"sort", "parse"}, *const dots[] = {"pkg.mod.f", "pkg.mod.g"};
    static const char *const empty[] = {"a/b", ""}, *const itself[] = {"a/", "a/b"};
    assert_int_equal(shared_of(tests, 3), strlen("tests/test_a.py::"));
    assert_int_equal(shared_of(tests, 1), 0);
    assert_int_equal(shared_of(folder, 2), 2); /* something is left of each */
    assert_int_equal(shared_of(sizes, 2), 4);  /* not inside of a number */
    assert_int_equal(shared_of(none, 2), 0);
    assert_int_equal(shared_of(dots, 2), strlen("pkg.mod."));
    assert_int_equal(shared_of(empty, 2), 0);
    assert_int_equal(shared_of(empty, 0), 0);
    assert_int_equal(shared_of(itself, 2), 0);
}

static void what_stands_for_a_beginning(void **state)
{
    (void)state;
    char out[64];
    text_shared_short(out, "tests/test_a.py::", 40, 0);
    assert_string_equal(out, "…test_a.py::");
    text_shared_short(out, "tests/test_a.py::", 12, 0);
    assert_string_equal(out, "…test_a.py::");
    text_shared_short(out, "tests/test_a.py::", 11, 0);
    assert_string_equal(out, "…");
    text_shared_short(out, "pkg.mod.", 5, 1);
    assert_string_equal(out, "..");
    text_shared_short(out, "pkg.mod.", 6, 1);
    assert_string_equal(out, "..mod.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_as_utf8proc_does),
        cmocka_unit_test(bytes_that_are_not_text_are_shown),
        cmocka_unit_test(a_byte_at_any_place),
        cmocka_unit_test(controls_beyond_ascii_are_shown),
        cmocka_unit_test(safe_text_is_safe),
        cmocka_unit_test(a_cut_is_never_inside_a_character),
        cmocka_unit_test(widths_are_those_of_utf8proc),
        cmocka_unit_test(width_of_texts),
        cmocka_unit_test(shortens_in_the_middle),
        cmocka_unit_test(shortens_to_any_width),
        cmocka_unit_test(what_names_begin_with),
        cmocka_unit_test(what_stands_for_a_beginning),
        cmocka_unit_test(collects_and_flushes),
        cmocka_unit_test(the_first_error_sticks),
        cmocka_unit_test(sparks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
