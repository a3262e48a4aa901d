/* hostile.h -- names that somebody hostile chose, for the tests of everything that prints names. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../query/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* Only printable text, and what `also` lists, reaches a terminal. */
static inline void assert_no_control(const char *what, const char *text, const char *also)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        uint32_t code;
        at += text_decode(text + at, len - at, &code);
        if (code < 0x80 && code != 0 && strchr(also, (int)code) != NULL) continue;
        if (code == TEXT_INVALID || text_is_control(code))
            fail_msg("%s lets U+%04X through before byte %zu of: %s", what, code, at, text);
    }
}

/* Each byte alone, at the beginning and inside of a name. */
static inline void each_byte_name(void (*visit)(const char *name))
{
    for (unsigned byte = 1; byte < 256; byte++) {
        char alone[2] = {(char)byte, '\0'}, first[8] = {(char)byte, 'n', 'a', 'm', 'e', '\0'};
        char inside[8] = {'a', 'b', (char)byte, 'c', 'd', '\0'};
        visit(alone);
        visit(first);
        visit(inside);
    }
}

/* Each control and bidirectional character beyond ASCII in a name. */
static inline void each_control_name(void (*visit)(const char *name))
{
    for (uint32_t code = 0x80; code < 0x110000; code++) {
        if (!text_is_control(code)) continue;
        char name[16];
        size_t len = 0;
        name[len++] = 'a';
        if (code < 0x800) {
            name[len++] = (char)(0xC0 | code >> 6);
        } else if (code < 0x10000) {
            name[len++] = (char)(0xE0 | code >> 12);
            name[len++] = (char)(0x80 | (code >> 6 & 0x3F));
        } else {
            name[len++] = (char)(0xF0 | code >> 18);
            name[len++] = (char)(0x80 | (code >> 12 & 0x3F));
            name[len++] = (char)(0x80 | (code >> 6 & 0x3F));
        }
        name[len++] = (char)(0x80 | (code & 0x3F));
        strcpy(name + len, "z");
        visit(name);
    }
}

/* All of them, and formulas, escape sequences, markup, commands of CI, text that is no UTF-8. */
static inline void each_hostile_name(void (*visit)(const char *name))
{
    static const char *const names[] = {"=HYPERLINK(\"http://x\",\"y\")",
                                        "+1",
                                        "-1+1",
                                        "@SUM(A1)",
                                        "\t=1",
                                        "\r=1",
                                        "\n=1",
                                        "a\",=1,\"b",
                                        "a\n=1",
                                        "'=1",
                                        "\x1b]0;title\x07",
                                        "\x1b[2J\x1b[1;1H",
                                        "\xc2\x9b"
                                        "31m",
                                        "</code></td><script>alert(1)</script>",
                                        "]]><!-- --><![CDATA[",
                                        "-->",
                                        "&lt;img src=x onerror=alert(1)&gt;",
                                        "<img src=x onerror=alert(1)>",
                                        "\" onload=\"alert(1)",
                                        "[a](javascript:alert(1))",
                                        "![a](http://x/y.png)",
                                        "http://evil.example @user #1 GH-1",
                                        "`www.evil.example`",
                                        "$\\href{javascript:1}{x}$",
                                        "a|b|c\n|d",
                                        "a\\|b",
                                        "\\",
                                        "``` \n# h",
                                        "</details>",
                                        "::error::x",
                                        "a%0A::set-output name=x::y",
                                        "##[add-mask]x",
                                        "{label=\"x\"} 1\n# EOF",
                                        "\xf0\x80\x80\xaf",
                                        "\xed\xa0\x80",
                                        "\xef\xbf\xbe",
                                        "\xef\xbf\xbf",
                                        "\xe2\x80\xae"
                                        "evil",
                                        "e\xcc\x81",
                                        "日本語の|ベンチ",
                                        " ",
                                        ""};
    each_byte_name(visit);
    each_control_name(visit);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        visit(names[i]);
}

#endif
