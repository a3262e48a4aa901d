/* test_unit.c -- units: kinds, conversion, text for people, round trip of numbers, any locale. */
#include "../../engine/decimal.h"
#include "../../engine/unit.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct unit lookup(const char *name)
{
    return unit_lookup(name, strlen(name));
}

static void test_rows(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct unit *row; (row = unit_row(count)); count++) {
        struct unit found = lookup(row->name);
        assert_int_equal(found.kind, row->kind);
        assert_true(found.factor == row->factor);
        assert_string_equal(found.name, row->name);
        assert_true(row->factor > 0);
        /* A factor is marked decimal exactly when it is a power of ten. */
        double power = round(log10(row->factor));
        assert_int_equal(row->decimal, fabs(pow(10, power) / row->factor - 1) < 1e-12);
    }
    assert_true(count > 40);
    assert_null(unit_row(count));
    assert_null(unit_row(SIZE_MAX));
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum unit_kind kind;
        double factor;
        const char *canonical;
    } cases[] = {
        {"ns", UNIT_TIME, 1, "ns"},
        {"us", UNIT_TIME, 1e3, "us"},
        {"\xc2\xb5s", UNIT_TIME, 1e3, "us"},
        {"\xce\xbcs", UNIT_TIME, 1e3, "us"},
        {"milliseconds", UNIT_TIME, 1e6, "ms"},
        {"sec", UNIT_TIME, 1e9, "s"},
        {"seconds", UNIT_TIME, 1e9, "s"},
        {"mo", UNIT_TIME, 30 * 86400e9, "mo"},
        {"y", UNIT_TIME, 365 * 86400e9, "y"},
        {"ns/op", UNIT_TIME, 1, "ns"},
        {"ns/iter", UNIT_TIME, 1, "ns"},
        {"B/op", UNIT_SIZE, 1, "B"},
        {"allocs/op", UNIT_COUNT, 1, "allocs"},
        {"bytes", UNIT_SIZE, 1, "B"},
        {"MiB", UNIT_SIZE, 1048576, "MiB"},
        {"pct", UNIT_RATIO, 0.01, "%"},
        {"x", UNIT_RATIO, 1, "x"},
        {"instructions", UNIT_COUNT, 1, "instructions"},
        {"ops/s", UNIT_RATE, 1, "ops/s"},
        {"ops/ms", UNIT_RATE, 1e3, "ops/ms"},
        {"GB/s", UNIT_BYTERATE, 1e9, "GB/s"},
        {"sd", UNIT_SD, 1, "sd"},
        {"", UNIT_NONE, 1, NULL},
        {"joules", UNIT_CUSTOM, 1, NULL},
        {"joules/op", UNIT_CUSTOM, 1, NULL},
        {"/op", UNIT_CUSTOM, 1, NULL},
        {"MS", UNIT_CUSTOM, 1, NULL},
        {"n", UNIT_CUSTOM, 1, NULL},
        {"nss", UNIT_CUSTOM, 1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct unit u = lookup(cases[i].name);
        assert_int_equal(u.kind, cases[i].kind);
        assert_true(u.factor == cases[i].factor);
        if (cases[i].canonical)
            assert_string_equal(u.name, cases[i].canonical);
        else
            assert_null(u.name);
    }
    assert_int_equal(unit_lookup("msec", 2).kind, UNIT_TIME); /* the length counts, not the NUL */
    assert_true(unit_lookup("msec", 2).factor == 1e6);
    for (int kind = UNIT_NONE; kind <= UNIT_CUSTOM; kind++)
        assert_true(strlen(unit_kind_name((enum unit_kind)kind)) > 0);
    assert_string_equal(unit_kind_name(UNIT_TIME), "time");
}

/* -- digits ------------------------------------------------------------------------------------ */

/* As libc rounds and reads, which is exact: every number of digits of a number and its
 * neighbours. */
static void check_digits(double value)
{
    const double near[] = {value, nextafter(value, 0), nextafter(value, DBL_MAX), -value};
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        for (int significant = 1; significant <= DECIMAL_DIGITS_MAX; significant++) {
            char text[64], digits[64] = "", *at = text;
            struct decimal got;
            snprintf(text, sizeof text, "%.*e", significant - 1, near[i]);
            size_t count = 0;
            for (; *at != 'e'; at++)
                if (*at >= '0' && *at <= '9') digits[count++] = *at;
            while (count > 1 && digits[count - 1] == '0')
                count--;
            digits[count] = 0;
            int same = decimal_round(&got, near[i], significant);
            assert_string_equal(got.digits, digits);
            assert_int_equal(got.count, count);
            assert_int_equal(got.point, strtol(at + 1, NULL, 10) + 1);
            assert_int_equal(got.negative, text[0] == '-');
            assert_int_equal(same, strtod(text, NULL) == near[i]);
        }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void test_digits(void **state)
{
    (void)state;
    uint64_t random = UINT64_C(88172645463325252);
    for (int exponent = -20; exponent <= 18; exponent++)
        check_digits(pow(10, exponent));
    for (int exponent = -80; exponent <= 60; exponent++)
        check_digits(ldexp(1, exponent));
    for (uint32_t i = 1; i < 400; i++)
        check_digits(i / 16.0); /* halves of the last digit */
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = next_random(&random), more = next_random(&random);
        check_digits(ldexp((double)(bits >> 11), -(int)(more % 130)));
        check_digits((double)(bits >> (11 + more % 50)) / pow(10, (double)(more % 16)));
    }
    const double ends[] = {0, DBL_MIN, DBL_MAX, DBL_TRUE_MIN, 0x1p53, 1e-5};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct decimal got;
        assert_true(decimal_round(&got, ends[i], DECIMAL_DIGITS_MAX));
    }
}

static void test_convert(void **state)
{
    (void)state;
    double factor = 0;
    assert_int_equal(unit_convert("ms", "us", &factor), 0);
    assert_true(factor == 1000);
    assert_int_equal(unit_convert("min", "s", &factor), 0);
    assert_true(factor == 60);
    assert_int_equal(unit_convert("MiB", "KiB", &factor), 0);
    assert_true(factor == 1024);
    assert_int_equal(unit_convert("%", "x", &factor), 0);
    assert_true(factor == 0.01);
    assert_int_equal(unit_convert("joules", "joules", &factor), 0);
    assert_true(factor == 1);
    assert_int_equal(unit_convert("", "", &factor), 0);
    assert_true(factor == 1);
    factor = 7;
    assert_int_equal(unit_convert("ms", "B", &factor), -1);
    assert_int_equal(unit_convert("joules", "watts", &factor), -1);
    assert_int_equal(unit_convert("", "ms", &factor), -1);
    assert_int_equal(unit_convert("ops/s", "B/s", &factor), -1);
    assert_true(factor == 7);
}

static const struct print_case {
    double value;
    const char *unit, *text;
} print_cases[] = {
    {12.5e6, "ns", "12.5 ms"},
    {1234, "ns", "1.234 us"},
    {850, "ns", "850 ns"},
    {3.2, "s", "3.2 s"},
    {0.85, "us", "850 ns"},
    {0.0005, "ns", "0.5 ps"},
    {0.0000005, "ns", "0.0005 ps"},
    {0.25, "ns", "250 ps"},
    {119, "s", "119 s"},
    {125, "s", "2.083 min"},
    {3, "h", "3 h"},
    {90, "min", "90 min"},
    {3, "d", "3 d"},
    {999949, "ns", "999.9 us"},
    {999960, "ns", "1 ms"},
    {123456, "ns/op", "123.5 us"},
    {-12.5e6, "ns", "-12.5 ms"},
    {0, "ns", "0 ns"},
    {0, "s", "0 ns"},
    {3200, "B", "3.2 KB"},
    {3.2, "MiB", "3.2 MiB"},
    {2048, "KiB", "2 MiB"},
    {5e13, "B", "50 TB"},
    {0.5, "B", "0.5 B"},
    {1e9, "B/s", "1 GB/s"},
    {1024, "MiB/s", "1 GiB/s"},
    {12345678, "instructions", "12.35 M"},
    {12, "count", "12"},
    {999.96, "count", "1 k"},
    {12345678, "ops/s", "12.35 M ops/s"},
    {2, "ops/ms", "2 k ops/s"},
    {850, "1/s", "850 /s"},
    {1234.5678, "ratio", "1235"},
    {0.123456, "ratio", "0.1235"},
    {123456, "ratio", "123456"},
    {12.5, "%", "12.5%"},
    {2.04, "x", "2.04x"},
    {3, "sd", "3 sd"},
    {1234567, "joules", "1.235 M joules"},
    {0.1234567, "joules", "0.1235 joules"},
    {123456789, "", "123456789"},
    {1.5e-9, "", "1.5e-9"},
    {1e15, "", "1000000000000000"},
    {1.23456e300, "", "1.235e300"},
    {0.00001, "", "0.00001"},
};

static void check_print(void)
{
    char buffer[UNIT_TEXT_MAX];
    for (size_t i = 0; i < sizeof print_cases / sizeof print_cases[0]; i++) {
        const struct print_case *c = &print_cases[i];
        assert_string_equal(unit_print(buffer, c->value, c->unit), c->text);
    }
}

static void test_print(void **state)
{
    (void)state;
    char buffer[UNIT_TEXT_MAX], longest[200];
    check_print();
    assert_string_equal(unit_print(buffer, (double)NAN, "ns"), "-");
    assert_string_equal(unit_print(buffer, (double)INFINITY, "ns"), "inf");
    assert_string_equal(unit_print(buffer, -(double)INFINITY, "ns"), "-inf");
    assert_string_equal(unit_print(buffer, 1e305, "y"), "1e305");
    assert_true(unit_print(buffer, 1, "ns") == buffer);
    /* A unit longer than the buffer is cut, not overrun. */
    memset(longest, 'q', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    unit_print(buffer, -1.234e-300, longest);
    assert_true(strlen(buffer) < UNIT_TEXT_MAX);
    assert_int_equal(strncmp(buffer, "-1.234e-300 qq", 14), 0);
}

static const struct {
    double value;
    const char *text;
} number_cases[] = {
    {0, "0"},
    {0.1, "0.1"},
    {1, "1"},
    {-1.5, "-1.5"},
    {100, "100"},
    {1e20, "100000000000000000000"},
    {1e21, "1e21"},
    {1e22, "1e22"},
    {1.5e-7, "1.5e-7"},
    {0.000001, "0.000001"},
    {123456.789, "123456.789"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {9007199254740993.0, "9007199254740992"},
    {5e-324, "5e-324"},
    {DBL_MAX, "1.7976931348623157e308"},
    {DBL_MIN, "2.2250738585072014e-308"},
};

static void check_numbers(void)
{
    char buffer[UNIT_TEXT_MAX];
    for (size_t i = 0; i < sizeof number_cases / sizeof number_cases[0]; i++)
        assert_string_equal(unit_print_number(buffer, number_cases[i].value), number_cases[i].text);
}

static void test_numbers(void **state)
{
    (void)state;
    check_numbers();
    char buffer[UNIT_TEXT_MAX];
    assert_string_equal(unit_print_number(buffer, -0.0), "-0");
    assert_string_equal(unit_print_number(buffer, (double)NAN), "nan");
    assert_string_equal(unit_print_number(buffer, -(double)INFINITY), "-inf");

    uint64_t seed = 20240607; /* splitmix64: every bit pattern, so all magnitudes */
    for (int i = 0; i < 100000; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        double value;
        memcpy(&value, &z, sizeof value);
        if (!isfinite(value)) continue;
        unit_print_number(buffer, value);
        assert_true(strtod(buffer, NULL) == value);
        /* One digit less does not read back. */
        int count = 0, zeros = 0;
        for (const char *at = buffer; *at && *at != 'e'; at++) {
            if (*at == '.' || *at == '-' || (count == 0 && *at == '0')) continue;
            count++;
            zeros = *at == '0' ? zeros + 1 : 0;
        }
        char shorter[UNIT_TEXT_MAX];
        snprintf(shorter, sizeof shorter, "%.*e", count - zeros - 2, value);
        if (count - zeros > 1) assert_true(strtod(shorter, NULL) != value);
    }
}

/* A locale with a comma is made for the test when the system has none. */
static int comma_locale(char directory[], size_t size)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i])) return 1;
    const char *tmp = getenv("TMPDIR");
    snprintf(directory, size, "%s/pace-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(directory));
    char command[512];
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", directory);
    int status = system(command);
    setenv("LOCPATH", directory, 1);
    return status != -1 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
}

static void test_locale(void **state)
{
    (void)state;
    char directory[256] = "", command[512], text[32] = "";
    int found = comma_locale(directory, sizeof directory);
    if (found) {
        snprintf(text, sizeof text, "%.1f", 1.5);
        check_numbers();
        check_print();
        setlocale(LC_ALL, "C");
    }
    if (directory[0]) {
        snprintf(command, sizeof command, "rm -rf '%s'", directory);
        assert_int_equal(system(command), 0);
    }
    if (!found) skip(); /* no such locale here and no localedef to make one */
    assert_string_equal(text, "1,5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_digits), cmocka_unit_test(test_convert),
        cmocka_unit_test(test_print),  cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
