/* error.c -- see error.h; codes and their texts come from error.def, limits from limits.def. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *pace_version(void)
{
    return PACE_VERSION;
}

const char *pace_strerror(int code)
{
    switch (code) {
    case PACE_OK: return "success";
#define PACE_ERROR(name, number, text)                                                             \
    case name:                                                                                     \
        return text;
#include "error.def"
#undef PACE_ERROR
    default: break;
    }
    if (code < 0) return "unknown error";
#ifdef __GLIBC__
    const char *text = strerrordesc_np(code); /* untranslated, static */
#else
    const char *text = strerror(code);
#endif
    return text ? text : "unknown error";
}

/* Writes "message" and then `tail`; a message that is too long is cut, never the tail. */
__attribute__((format(printf, 2, 0))) static void
write_message(struct pace_error *error, const char *format, va_list args, const char *tail)
{
    size_t room = sizeof error->message - strlen(tail);
    int len = vsnprintf(error->message, room, format, args);
    size_t used = len < 0 ? 0 : (size_t)len < room ? (size_t)len : room - 1;
    memcpy(error->message + used, tail, strlen(tail) + 1);
}

int error_set(struct pace_error *error, int code, const char *format, ...)
{
    if (!error) return code;
    va_list args;
    va_start(args, format);
    error->code = code;
    write_message(error, format, args, "");
    va_end(args);
    return code;
}

int error_memory(struct pace_error *error)
{
    return error_set(error, PACE_ENOMEM, "out of memory");
}

int error_limit(struct pace_error *error, enum pace_limit limit, const char *name, const char *what)
{
    return error_set(error, PACE_ELIMIT, "%s: the limit is %d (%s)", what, (int)limit, name);
}

int error_damaged(struct pace_error *error, const char *format, ...)
{
    if (!error) return PACE_ECORRUPT;
    va_list args;
    va_start(args, format);
    error->code = PACE_ECORRUPT;
    write_message(error, format, args, " is damaged; restore the store from a backup");
    va_end(args);
    return PACE_ECORRUPT;
}
