/* page.h -- parts of man pages that are made of tables: what stands between `.\" table NAME` and
 * `.\" end` is compared with what the table gives. PACE_UPDATE_GOLDEN=1 writes the page anew. */
#ifndef PACE_TEST_PAGE_H
#define PACE_TEST_PAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../text_file.h"
#include "../../query/strbuf.h"

/* Text as mdoc takes it, `len` bytes. */
static inline void page_put_bytes(struct strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {
        case '\\': strbuf_put(out, "\\e"); break;
        case '"': strbuf_put(out, "\\(dq"); break;
        case '-': strbuf_put(out, "\\-"); break;
        case '~': strbuf_put(out, "\\(ti"); break;
        case '^': strbuf_put(out, "\\(ha"); break;
        case '\'': strbuf_put(out, "\\(aq"); break;
        default: strbuf_char(out, text[i]);
        }
    }
}

static inline void page_put(struct strbuf *out, const char *text)
{
    page_put_bytes(out, text, strlen(text));
}

/* A line of text, which is no macro whatever it begins with. */
static inline void page_line(struct strbuf *out, const char *text, size_t len)
{
    if (len > 0 && (text[0] == '.' || text[0] == '\'')) strbuf_put(out, "\\&");
    page_put_bytes(out, text, len);
    strbuf_char(out, '\n');
}

/* Writes the table `name` (len bytes); fails the test when there is none. */
typedef void page_table(struct strbuf *out, const char *name, size_t len, void *context);

static inline void page_check(const char *path, page_table *table, void *context)
{
    static const char begin[] = ".\\\" table ", end[] = ".\\\" end\n";
    struct arena arena;
    struct strbuf out;
    arena_init(&arena, 0);
    strbuf_init(&out, &arena);
    const char *page = text_file_read(&arena, path), *at = page;
    while (*at) {
        size_t len = strcspn(at, "\n") + 1;
        strbuf_bytes(&out, at, len);
        const char *line = at;
        at += len;
        if (strncmp(line, begin, sizeof begin - 1) != 0) continue;
        table(&out, line + sizeof begin - 1, len - sizeof begin, context);
        at = strstr(at, end);
        assert_non_null(at);
    }
    const char *made = strbuf_end(&out);
    assert_non_null(made);
    if (getenv("PACE_UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(made, 1, strlen(made), file), strlen(made));
        assert_int_equal(fclose(file), 0);
    } else if (strcmp(made, page) != 0) {
        size_t same = 0;
        while (made[same] == page[same])
            same++;
        fail_msg("%s is not what its tables say, from byte %zu on; "
                 "write it anew: PACE_UPDATE_GOLDEN=1 and this test",
                 path, same);
    }
    arena_clear(&arena);
}

#endif
