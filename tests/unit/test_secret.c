/* test_secret.c -- tools/secret: commands as metadata, without secrets. */
#include "../../tools/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

static void check(char *const *words, size_t count, const char *expected)
{
    char buffer[256];
    assert_string_equal(secret_command(words, count, buffer, sizeof buffer), expected);
}

#define WORDS(...) ((char *[]){__VA_ARGS__}), sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)
#define W(text)    ((char[]){text})

static void test_plain(void **state)
{
    (void)state;
    check(WORDS(W("pytest"), W("-k"), W("a b"), W("--x={out}")), "pytest -k 'a b' '--x={out}'");
    check(WORDS(W("sh"), W("it's")), "sh 'it'\\''s'");
    check(WORDS(W("sh"), W("")), "sh ''");
    check(WORDS(W("make bench && echo ok")), "make bench && echo ok");
}

static void test_secrets(void **state)
{
    (void)state;
    check(WORDS(W("run"), W("--api-token=abc"), W("x")), "run '--api-token=***' x");
    check(WORDS(W("run"), W("--password"), W("abc"), W("x")), "run --password *** x");
    check(WORDS(W("env"), W("API_KEY=abc"), W("x")), "env 'API_KEY=***' x");
    check(WORDS(W("curl"), W("https://u:p@host/a")), "curl 'https://***@host/a'");
    check(WORDS(W("curl"), W("https://u:p@ss@host/a")), "curl 'https://***@host/a'");
    check(WORDS(W("MY_SECRET='a b' run x")), "MY_SECRET=*** run x");
    check(WORDS(W("run --token abc x")), "run --token *** x");
    check(WORDS(W("run --tokens x")), "run --tokens ***"); /* rather too much than too little */
}

static void test_not_secrets(void **state)
{
    (void)state;
    check(WORDS(W("run"), W("k=v"), W("https://host/a@b")), "run k=v https://host/a@b");
}

static void test_cut(void **state)
{
    char buffer[8];
    char *words[] = {W("abcdefgh"), W("ijk")};
    (void)state;
    assert_string_equal(secret_command(words, 2, buffer, sizeof buffer), "abcdefg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_not_secrets),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
