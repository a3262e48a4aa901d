/* fuzz_verdict.c -- any bytes as a stored verdict: refused with a message that is safe where
 * messages are commands, or taken, and then every format can be written of it. */
#include "../../tools/ci_verdict.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) abort();
}

/* No control character passes in any format. */
static int look(void *context, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        check((unsigned char)bytes[i] >= ' ' || bytes[i] == '\n');
    *(size_t *)context += len;
    return 0;
}

static int put_summary(const struct ci_verdict *verdict, struct text_out *out)
{
    return ci_put_summary(verdict, CI_SUMMARY_BYTES, out);
}

static void write_all(const struct ci_verdict *verdict)
{
    static int (*const writers[])(const struct ci_verdict *, struct text_out *) = {
        ci_put_comment, put_summary,  ci_put_junit,       ci_put_metrics, ci_put_sarif,
        ci_put_json,    ci_put_badge, ci_put_annotations, ci_put_outputs};
    struct text_out *out = malloc(sizeof *out);
    check(out != NULL);
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        size_t written = 0;
        text_out_init(out, look, &written);
        check(writers[i](verdict, out) == 0);
        check(writers[i] != ci_put_comment || written <= CI_COMMENT_BYTES);
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_verdict verdict;
    struct pace_error error = {0};
    char *text = malloc(size + 1);
    check(text != NULL);
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    if (ci_verdict_read(text, size, &error, &verdict) == 0)
        write_all(&verdict);
    else
        check(error.message[0] != '\0' && strchr(error.message, '\n') == NULL);
    ci_verdict_clear(&verdict);
    free(text);
    return 0;
}
