/* text_file.h -- a file as one text, of an arena. */
#ifndef PACE_TEST_TEXT_FILE_H
#define PACE_TEST_TEXT_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../engine/arena.h"

static inline char *text_file_read(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("there is no %s", path);
    fseek(file, 0, SEEK_END);
    size_t len = (size_t)ftell(file);
    rewind(file);
    char *text = arena_alloc(arena, len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, len, file), len);
    fclose(file);
    return text;
}

#endif
