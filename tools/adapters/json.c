/* json.c -- JSON as benchmark harnesses write it: a tolerant reader over jansson.
 *
 * A pass over the text finds what JSON does not know (outside of strings) and only then copies it
 * with the replacements. Byte offsets in messages are those of the original. */
#include "json.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Integers beyond this, by length or by digits, do not fit 64 bits. */
static const char integer_max[] = "9223372036854775807";

int error_fill(struct pace_error *error, int code, const char *format, ...)
{
    if (error != NULL) {
        va_list args;
        va_start(args, format);
        error->code = code;
        (void)vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
    }
    return code;
}

/* -- what JSON does not know ------------------------------------------------------------------- */

/* A token to replace: text[at .. at+len) becomes `with`, or stays with `with` behind it. */
struct odd {
    size_t at, len;
    const char *with;
    int keep;
};

struct scan {
    const char *text;
    size_t len, at;
    int marked;      /* 1: NaN becomes a text, not null */
    locale_t locale; /* the C locale, made when first needed; 0 before */
};

static int is_word(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '-' || c == '.' || c == '_';
}

static size_t skip_string(const char *text, size_t len, size_t at)
{
    at++;
    while (at < len && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return at < len ? at + 1 : len;
}

/* 0 when a look at the exponent shows that the number word[0..len) is within range: most are. */
static int may_overflow(const char *word, size_t len)
{
    size_t exponent = 0;
    while (exponent < len && word[exponent] != 'e' && word[exponent] != 'E')
        exponent++;
    if (len > 100) return 1;
    return exponent + 3 < len && word[exponent + 1] != '-';
}

/* 1 when the number at `text` is beyond the range of a double. */
static int overflows(struct scan *scan, const char *text)
{
    if (scan->locale == (locale_t)0) scan->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return scan->locale != (locale_t)0 && isinf(strtod_l(text, NULL, scan->locale));
}

/* Judges the word text[0..len), which stands outside of a string. */
static int word_is_odd(struct scan *scan, const char *text, size_t len, struct odd *odd)
{
    size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
    const char *word = text + sign;
    size_t word_len = len - sign;
    if ((word_len == 3 && (strncasecmp(word, "nan", 3) == 0 || strncasecmp(word, "inf", 3) == 0)) ||
        (word_len == 8 && strncasecmp(word, "infinity", 8) == 0)) {
        int is_nan = word_len == 3 && (word[0] == 'n' || word[0] == 'N');
        odd->with = scan->marked && is_nan ? "\"NaN\"" : "null";
        odd->keep = 0;
        return 1;
    }
    size_t digits = strspn(word, "0123456789");
    if (digits == 0 || strspn(word, "0123456789+-.eE") < word_len) return 0;
    if (digits >= word_len &&
        (digits < sizeof integer_max - 1 ||
         (digits == sizeof integer_max - 1 && memcmp(word, integer_max, digits) <= 0)))
        return 0;
    odd->keep = !may_overflow(word, word_len) || !overflows(scan, text);
    odd->with = odd->keep ? "e0" : "null";
    return !odd->keep || digits >= word_len;
}

/* The next token to replace; 0 at the end. */
static int scan_next(struct scan *scan, struct odd *odd)
{
    const char *text = scan->text;
    while (scan->at < scan->len) {
        if (text[scan->at] == '"') {
            scan->at = skip_string(text, scan->len, scan->at);
        } else if (is_word(text[scan->at])) {
            odd->at = scan->at;
            while (scan->at < scan->len && is_word(text[scan->at]))
                scan->at++;
            odd->len = scan->at - odd->at;
            if (word_is_odd(scan, text + odd->at, odd->len, odd)) return 1;
        } else {
            scan->at++;
        }
    }
    return 0;
}

static void scan_end(struct scan *scan)
{
    if (scan->locale != (locale_t)0) freelocale(scan->locale);
}

/* Makes *copy, or leaves it NULL when nothing has to be replaced. */
static int copy_plain(const char *text, size_t len, int marked, char **copy, size_t *copy_len)
{
    struct scan scan = {.text = text, .len = len, .marked = marked};
    struct odd odd = {0};
    char *out = NULL;
    size_t used = 0, done = 0;
    while (scan_next(&scan, &odd)) {
        /* A replacement is at most 2 bytes longer, and at least 3 bytes and one that is no word lie
         * between the beginnings of two. */
        if (out == NULL && (out = malloc(len + len / 4 * 2 + 8)) == NULL) {
            scan_end(&scan);
            return PACE_ENOMEM;
        }
        size_t upto = odd.keep ? odd.at + odd.len : odd.at, with_len = strlen(odd.with);
        memcpy(out + used, text + done, upto - done);
        used += upto - done;
        memcpy(out + used, odd.with, with_len);
        used += with_len;
        done = odd.at + odd.len;
    }
    scan_end(&scan);
    if (out != NULL) {
        memcpy(out + used, text + done, len - done);
        *copy = out;
        *copy_len = used + len - done;
    }
    return 0;
}

/* Where byte `position` of the copy was in the original. */
static size_t original_position(const char *text, size_t len, int marked, size_t position)
{
    struct scan scan = {.text = text, .len = len, .marked = marked};
    struct odd odd = {0};
    size_t grown = 0, shrunk = 0; /* of the copy, before the token */
    while (scan_next(&scan, &odd) && odd.at + grown - shrunk < position) {
        grown += strlen(odd.with);
        shrunk += odd.keep ? 0 : odd.len;
    }
    scan_end(&scan);
    size_t original = position + shrunk - grown;
    return original > len ? len : original;
}

/* -- reading ----------------------------------------------------------------------------------- */

static int explain(const char *name, const char *text, size_t len, uint64_t first_line, int copied,
                   int marked, const json_error_t *json, struct pace_error *error)
{
    size_t at = json->position > 0 ? (size_t)json->position : 0;
    uint64_t line = first_line + (json->line > 0 ? (uint64_t)json->line - 1 : 0);
    const char *advice = "it is not valid JSON";
    switch (json_error_code(json)) {
    case json_error_out_of_memory: return error_fill(error, PACE_ENOMEM, "%s: out of memory", name);
    case json_error_premature_end_of_input:
        advice = "it is cut off: write it again, and let the writer finish";
        break;
    case json_error_invalid_utf8: advice = "write it as UTF-8"; break;
    case json_error_duplicate_key: advice = "name each key once"; break;
    default: break;
    }
    if (copied) at = original_position(text, len, marked, at);
    return error_fill(error, PACE_EVALUE, "%.300s: line %llu, byte %zu: %s; %s", name,
                      (unsigned long long)line, at, json->text, advice);
}

static int parse(const char *name, const char *text, size_t len, uint64_t first_line, int marked,
                 struct pace_error *error, json_t **out)
{
    char *copy = NULL;
    size_t copy_len = 0;
    json_error_t json;
    if (strspn(text, " \t\r\n") >= len)
        return error_fill(error, PACE_EVALUE,
                          "%.300s: it is empty; the benchmark command wrote no results", name);
    if (copy_plain(text, len, marked, &copy, &copy_len) != 0)
        return error_fill(error, PACE_ENOMEM, "%.300s: out of memory", name);
    json_t *root = copy != NULL ? json_loadb(copy, copy_len, JSON_REJECT_DUPLICATES, &json)
                                : json_loadb(text, len, JSON_REJECT_DUPLICATES, &json);
    free(copy);
    if (root == NULL)
        return explain(name, text, len, first_line, copy != NULL, marked, &json, error);
    *out = root;
    return 0;
}

int json_parse(const char *name, const char *text, size_t len, uint64_t first_line,
               struct pace_error *error, json_t **out)
{
    return parse(name, text, len, first_line, 0, error, out);
}

int json_parse_marked(const char *name, const char *text, size_t len, uint64_t first_line,
                      struct pace_error *error, json_t **out)
{
    return parse(name, text, len, first_line, 1, error, out);
}

int json_finite(const json_t *value, double *number)
{
    if (!json_is_number(value)) return 0;
    *number = json_number_value(value);
    return isfinite(*number) != 0;
}

const char *json_member_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

char *json_print_compact(struct arena *arena, const json_t *value)
{
    char *printed = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (printed == NULL) return NULL;
    char *copy = arena_string(arena, printed);
    free(printed);
    return copy;
}

char *json_print(struct arena *arena, const json_t *value)
{
    if (json_is_string(value)) return arena_string(arena, json_string_value(value));
    return json_print_compact(arena, value);
}
