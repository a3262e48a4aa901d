/* xml.c -- XML as benchmark harnesses write it: elements and attributes, over expat. */
#include "xml.h"

#include <expat.h>
#include <string.h>

struct xml {
    const struct xml_handler *handler;
    XML_Parser parser;
    int code, depth, too_deep, has_entities;
};

static void stop(struct xml *xml, int code)
{
    xml->code = code;
    (void)XML_StopParser(xml->parser, XML_FALSE);
}

static void XMLCALL on_begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct xml *xml = context;
    if (xml->code != 0) return;
    if (++xml->depth > XML_DEPTH_MAX) {
        xml->too_deep = 1;
        stop(xml, PACE_EVALUE);
        return;
    }
    int code = xml->handler->begin(xml->handler->context, name, attributes,
                                   (unsigned long)XML_GetCurrentLineNumber(xml->parser));
    if (code != 0) stop(xml, code);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct xml *xml = context;
    xml->depth--;
    int code = xml->code == 0 ? xml->handler->end(xml->handler->context, name) : 0;
    if (code != 0) stop(xml, code);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int len)
{
    struct xml *xml = context;
    int code = xml->code == 0 ? xml->handler->text(xml->handler->context, text, (size_t)len) : 0;
    if (code != 0) stop(xml, code);
}

static void XMLCALL on_entity(void *context, const XML_Char *name, int is_parameter,
                              const XML_Char *value, int len, const XML_Char *base,
                              const XML_Char *system, const XML_Char *public_id,
                              const XML_Char *notation)
{
    struct xml *xml = context;
    (void)name, (void)is_parameter, (void)value, (void)len, (void)base, (void)system;
    (void)public_id, (void)notation;
    xml->has_entities = 1;
    stop(xml, PACE_EVALUE);
}

static int explain(struct reading *reading, const struct xml *xml)
{
    unsigned long line = (unsigned long)XML_GetCurrentLineNumber(xml->parser);
    long byte = (long)XML_GetCurrentByteIndex(xml->parser);
    enum XML_Error error = XML_GetErrorCode(xml->parser);
    const char *why = xml->too_deep       ? "it nests too deeply"
                      : xml->has_entities ? "it defines entities"
                                          : XML_ErrorString(error);
    if (error == XML_ERROR_NO_MEMORY) return reading_no_memory(reading);
    return reading_fail(reading, "line %lu, byte %ld: %s; it is not XML that a harness writes",
                        line, byte, why);
}

int xml_read(struct reading *reading, const struct xml_handler *handler)
{
    enum { PIECE = 1 << 20 }; /* expat takes lengths as int */
    struct xml xml = {.handler = handler, .parser = XML_ParserCreate("UTF-8")};
    const char *text = reading->input->text;
    size_t len = reading->input->len, at = 0;
    int code = 0;
    if (xml.parser == NULL) return reading_no_memory(reading);
    XML_SetUserData(xml.parser, &xml);
    XML_SetElementHandler(xml.parser, on_begin, on_end);
    if (handler->text != NULL) XML_SetCharacterDataHandler(xml.parser, on_text);
    XML_SetEntityDeclHandler(xml.parser, on_entity);
    do {
        size_t piece = len - at < PIECE ? len - at : PIECE;
        enum XML_Status status = XML_Parse(xml.parser, text + at, (int)piece, at + piece == len);
        at += piece;
        if (status != XML_STATUS_ERROR) continue;
        code =
            xml.code != 0 && !xml.too_deep && !xml.has_entities ? xml.code : explain(reading, &xml);
    } while (code == 0 && at < len);
    XML_ParserFree(xml.parser);
    return code;
}

const char *xml_attribute(const char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        if (strcmp(attributes[i], name) == 0) return attributes[i + 1];
    }
    return "";
}
