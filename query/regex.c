/* regex.c -- see regex.h. */
#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough for any sensible name pattern; a pattern that needs more is one that backtracks without
 * end. */
enum { STEPS_MAX = 100000, DEPTH_MAX = 1000, HEAP_MAX_KIB = 4096 };

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

int regex_compile(const char *text, size_t len, char *error, size_t size, size_t *offset,
                  struct regex **out)
{
    int code = 0;
    PCRE2_SIZE at = 0;
    struct regex *regex = calloc(1, sizeof *regex);
    if (!regex) goto no_memory;
    regex->code =
        pcre2_compile((PCRE2_SPTR)text, len,
                      PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);
    if (!regex->code) {
        PCRE2_UCHAR message[160];
        pcre2_get_error_message(code, message, sizeof message);
        snprintf(error, size, "%s", (const char *)message);
        *offset = at;
        regex_free(regex);
        return -1;
    }
    regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    regex->context = pcre2_match_context_create(NULL);
    if (!regex->data || !regex->context) goto no_memory;
    pcre2_set_match_limit(regex->context, STEPS_MAX);
    pcre2_set_depth_limit(regex->context, DEPTH_MAX);
    pcre2_set_heap_limit(regex->context, HEAP_MAX_KIB);
    *out = regex;
    return 0;

no_memory:
    snprintf(error, size, "out of memory");
    *offset = 0;
    regex_free(regex);
    return -1;
}

void regex_free(struct regex *regex)
{
    if (!regex) return;
    pcre2_match_data_free(regex->data);
    pcre2_match_context_free(regex->context);
    pcre2_code_free(regex->code);
    free(regex);
}

int regex_match(const struct regex *regex, const char *name)
{
    int status =
        pcre2_match(regex->code, (PCRE2_SPTR)name, strlen(name), 0, 0, regex->data, regex->context);
    if (status >= 0) return 1;
    return status == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
