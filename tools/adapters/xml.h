/* xml.h -- XML as benchmark harnesses write it: elements and attributes, over expat.
 *
 * Entities are not expanded and nothing is fetched: a document with its own entities is refused. */
#ifndef PACE_ADAPTER_XML_H
#define PACE_ADAPTER_XML_H

#include "reading.h"

enum { XML_DEPTH_MAX = 64 };

struct xml_handler {
    /* An element begins; attributes are pairs name, value, NULL at the end. `line` is where. */
    int (*begin)(void *context, const char *name, const char **attributes, unsigned long line);
    int (*end)(void *context, const char *name);
    /* A piece of text, which several calls in a row may bring. NULL: texts are not looked at. */
    int (*text)(void *context, const char *text, size_t len);
    void *context;
};

/* Reads all of the reading's input. Errors: PACE_EVALUE with line, byte and reason; PACE_ENOMEM;
 * what a handler returned. */
int xml_read(struct reading *reading, const struct xml_handler *handler);

/* The value of an attribute, or "". */
const char *xml_attribute(const char **attributes, const char *name);

#endif
