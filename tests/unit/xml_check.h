/* xml_check.h -- whether a text is XML, and an SVG that can do no harm: expat reads it, its
 * elements are those of a still picture, nothing in it is a script, a reference or an event. */
#ifndef XML_CHECK_H
#define XML_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <expat.h>
#include <stdlib.h>
#include <string.h>

struct xml_seen {
    size_t elements, texts, paths;
    char *text; /* all character data outside of <style> */
    size_t text_len;
    int in_style;
};

static void xml_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    static const char *const known[] = {"svg",  "title", "desc", "style", "rect",
                                        "line", "path",  "text", "circle"};
    struct xml_seen *seen = context;
    size_t i = 0;
    while (i < sizeof known / sizeof known[0] && strcmp(known[i], name) != 0)
        i++;
    if (i == sizeof known / sizeof known[0]) fail_msg("an element <%s>", name);
    for (; *attributes; attributes += 2) {
        if (strncmp(attributes[0], "on", 2) == 0 || strstr(attributes[0], "href") ||
            strcmp(attributes[0], "style") == 0 || strstr(attributes[1], "url("))
            fail_msg("an attribute %s=\"%s\"", attributes[0], attributes[1]);
    }
    seen->elements++;
    seen->texts += strcmp(name, "text") == 0;
    seen->paths += strcmp(name, "path") == 0;
    seen->in_style += strcmp(name, "style") == 0;
}

static void xml_end(void *context, const XML_Char *name)
{
    struct xml_seen *seen = context;
    seen->in_style -= strcmp(name, "style") == 0;
}

static void xml_text(void *context, const XML_Char *text, int len)
{
    struct xml_seen *seen = context;
    if (seen->in_style) return;
    seen->text = realloc(seen->text, seen->text_len + (size_t)len + 1);
    assert_non_null(seen->text);
    memcpy(seen->text + seen->text_len, text, (size_t)len);
    seen->text_len += (size_t)len;
    seen->text[seen->text_len] = '\0';
}

/* Fails the test when it is not. The caller frees seen->text. */
static void assert_svg(const char *document, struct xml_seen *seen)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    assert_non_null(parser);
    *seen = (struct xml_seen){.text = NULL};
    XML_SetUserData(parser, seen);
    XML_SetElementHandler(parser, xml_start, xml_end);
    XML_SetCharacterDataHandler(parser, xml_text);
    if (XML_Parse(parser, document, (int)strlen(document), 1) != XML_STATUS_OK)
        fail_msg("line %lu: %s in: %s", (unsigned long)XML_GetCurrentLineNumber(parser),
                 XML_ErrorString(XML_GetErrorCode(parser)), document);
    XML_ParserFree(parser);
    assert_true(seen->elements > 4);
}

#endif
