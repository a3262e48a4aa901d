/* block_runs.c -- see block_runs.h for the layout. */
#include "block_runs.h"

#include <assert.h>
#include <string.h>

enum { ALIGN = 8, STRIP_HEAD = 2 * 8, RUN_BYTES = 3 * 8 + 4 * 4 };

static size_t aligned(size_t len)
{
    return (len + ALIGN - 1) / ALIGN * ALIGN;
}

static uint32_t strip_count(uint32_t runs)
{
    return (runs + BLOCK_STRIP_RUNS - 1) / BLOCK_STRIP_RUNS;
}

static uint32_t strip_runs(uint32_t runs, uint32_t strip)
{
    uint32_t left = runs - strip * BLOCK_STRIP_RUNS;
    return left < BLOCK_STRIP_RUNS ? left : BLOCK_STRIP_RUNS;
}

static size_t head_length(uint32_t runs)
{
    return sizeof(struct block_runs_header) + aligned(4 * ((size_t)strip_count(runs) + 1));
}

static size_t text_at(size_t m)
{
    return STRIP_HEAD + RUN_BYTES * m + 4;
}

static uint64_t strip_sum(const unsigned char *strip, size_t m, uint64_t seed, uint32_t number)
{
    return seal_hash(strip + 8, text_at(m) - 8, seed + 1 + number);
}

static uint64_t text_sum(const unsigned char *strip, size_t m, size_t len, uint64_t seed,
                         uint32_t number)
{
    return seal_hash(strip + text_at(m), len - text_at(m), seed + ((uint64_t)1 << 32) + number);
}

static uint64_t head_sum(const unsigned char *data, size_t len, uint64_t seed)
{
    return seal_hash(data + 8, len - 8, seed);
}

/* -- writing --------------------------------------------------------------------------------- */

static size_t strip_length(const struct pace_run_view *runs, size_t m)
{
    size_t text = 0;
    for (size_t i = 0; i < m; i++)
        text += strlen(runs[i].commit) + 1;
    return aligned(text_at(m) + text);
}

static void put(unsigned char **at, const void *number, size_t len)
{
    memcpy(*at, number, len);
    *at += len;
}

static void put_strip(unsigned char *strip, size_t len, const struct pace_run_view *runs, size_t m,
                      uint64_t seed, uint32_t number)
{
    unsigned char *at = strip + STRIP_HEAD;
    uint32_t text = 0;
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].run, 8);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].time_ns, 8);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].ran_ns, 8);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].ordinal, 4);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].flags, 4);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].cell_count, 4);
    for (size_t i = 0; i < m; i++) {
        put(&at, &text, 4);
        text += (uint32_t)strlen(runs[i].commit) + 1;
    }
    put(&at, &text, 4);
    for (size_t i = 0; i < m; i++)
        put(&at, runs[i].commit, strlen(runs[i].commit) + 1);
    uint64_t sum = text_sum(strip, m, len, seed, number);
    memcpy(strip + 8, &sum, sizeof sum);
    sum = strip_sum(strip, m, seed, number);
    memcpy(strip, &sum, sizeof sum);
}

int block_runs_encode(struct row_buffer *buffer, uint32_t stream, uint32_t block, uint32_t columns,
                      const struct pace_run_view *runs, size_t count, const struct key *key)
{
    assert(count > 0 && count <= BLOCK_RUNS_MAX);
    uint32_t offsets[BLOCK_STRIPS_MAX + 1], strips = strip_count((uint32_t)count);
    size_t len = head_length((uint32_t)count);
    for (uint32_t s = 0; s < strips; s++) {
        offsets[s] = (uint32_t)len;
        len += strip_length(runs + (size_t)s * BLOCK_STRIP_RUNS, strip_runs((uint32_t)count, s));
    }
    offsets[strips] = (uint32_t)len;
    if (row_buffer_reserve(buffer, len)) return -1;
    struct block_runs_header header = {.length = (uint32_t)len,
                                       .stream = stream,
                                       .block = block,
                                       .runs = (uint32_t)count,
                                       .columns = columns};
    uint64_t seed = seal_hash(key->bytes, key->len, 0);
    memcpy(buffer->data, &header, sizeof header);
    memcpy(buffer->data + sizeof header, offsets, 4 * ((size_t)strips + 1));
    for (uint32_t s = 0; s < strips; s++)
        put_strip(buffer->data + offsets[s], offsets[s + 1] - offsets[s],
                  runs + (size_t)s * BLOCK_STRIP_RUNS, strip_runs((uint32_t)count, s), seed, s);
    header.sum = head_sum(buffer->data, head_length((uint32_t)count), seed);
    memcpy(buffer->data, &header.sum, sizeof header.sum);
    return 0;
}

/* -- reading --------------------------------------------------------------------------------- */

static uint32_t strip_offset(const struct block_runs *runs, uint32_t strip)
{
    uint32_t offset;
    memcpy(&offset, runs->data + sizeof runs->header + 4 * (size_t)strip, sizeof offset);
    return offset;
}

int block_runs_open(struct block_runs *runs, const void *data, size_t len, const struct key *key)
{
    struct block_runs_header *header = &runs->header;
    if (len < sizeof *header) return -1;
    memcpy(header, data, sizeof *header);
    if (header->length != len || header->runs == 0 || header->runs > BLOCK_RUNS_MAX ||
        head_length(header->runs) > len)
        return -1;
    runs->data = data;
    runs->seed = seal_hash(key->bytes, key->len, 0);
    runs->checked = runs->text_checked = 0;
    if (header->sum != head_sum(data, head_length(header->runs), runs->seed)) return -1;
    uint32_t strips = strip_count(header->runs), last = (uint32_t)head_length(header->runs);
    if (strip_offset(runs, 0) != last) return -1;
    for (uint32_t s = 0; s < strips; s++) {
        uint32_t end = strip_offset(runs, s + 1);
        if (end < last || end - last <= text_at(strip_runs(header->runs, s)) || end > len)
            return -1;
        last = end;
    }
    return last == len ? 0 : -1;
}

/* A strip that is read: m runs. */
struct strip {
    const unsigned char *data;
    uint32_t m, text_len; /* text_len: with its commits checked */
};

static int check_text(struct block_runs *runs, uint32_t number, size_t len, struct strip *strip)
{
    const unsigned char *text = strip->data + text_at(strip->m);
    uint64_t sum;
    memcpy(&strip->text_len, text - 4, sizeof strip->text_len);
    if (runs->text_checked >> number & 1) return 0;
    memcpy(&sum, strip->data + 8, sizeof sum);
    size_t text_len = strip->text_len, room = len - text_at(strip->m);
    if (sum != text_sum(strip->data, strip->m, len, runs->seed, number) || text_len == 0 ||
        text_len > room || text[text_len - 1] != 0)
        return -1;
    runs->text_checked |= 1u << number;
    return 0;
}

/* The strip of a run; what is read of it is checked once. 0, or -1: damaged. */
static int open_strip(struct block_runs *runs, uint32_t index, int with_text, struct strip *out)
{
    assert(index < runs->header.runs);
    uint32_t number = index / BLOCK_STRIP_RUNS, offset = strip_offset(runs, number);
    size_t len = strip_offset(runs, number + 1) - offset;
    uint64_t sum;
    *out = (struct strip){.data = runs->data + offset, .m = strip_runs(runs->header.runs, number)};
    if (!(runs->checked >> number & 1)) {
        memcpy(&sum, out->data, sizeof sum);
        if (sum != strip_sum(out->data, out->m, runs->seed, number)) return -1;
        runs->checked |= 1u << number;
    }
    return with_text ? check_text(runs, number, len, out) : 0;
}

/* Where the numbers of a strip are. */
static size_t run_at(uint32_t i)
{
    return STRIP_HEAD + 8 * (size_t)i;
}

static size_t time_at(uint32_t m, uint32_t i)
{
    return run_at(m + i);
}

static size_t ran_at(uint32_t m, uint32_t i)
{
    return run_at(2 * m + i);
}

/* Of the ordinals (0), flags (1), cells (2), commits (3). */
static size_t four_at(uint32_t m, unsigned which, uint32_t i)
{
    return run_at(3 * m) + 4 * ((size_t)which * m + i);
}

static void get(const unsigned char *strip, size_t at, void *number, size_t len)
{
    memcpy(number, strip + at, len);
}

int block_runs_position(struct block_runs *runs, uint32_t index, struct position *out)
{
    uint32_t i = index % BLOCK_STRIP_RUNS;
    struct strip strip;
    if (open_strip(runs, index, 0, &strip)) return -1;
    get(strip.data, run_at(i), &out->run, 8);
    get(strip.data, time_at(strip.m, i), &out->time_ns, 8);
    get(strip.data, four_at(strip.m, 0, i), &out->ordinal, 4);
    return 0;
}

/* Runs [i, i + count) of a strip. */
static int read_views(const struct strip *strip, uint32_t stream, uint32_t i, uint32_t count,
                      struct pace_run_view *out)
{
    const unsigned char *data = strip->data;
    uint32_t m = strip->m;
    for (uint32_t end = i + count; i < end; i++, out++) {
        struct pace_run_view view = {.stream = stream};
        get(data, run_at(i), &view.run, 8);
        get(data, time_at(m, i), &view.time_ns, 8);
        get(data, ran_at(m, i), &view.ran_ns, 8);
        get(data, four_at(m, 0, i), &view.ordinal, 4);
        get(data, four_at(m, 1, i), &view.flags, 4);
        get(data, four_at(m, 2, i), &view.cell_count, 4);
        if (strip->text_len) {
            uint32_t commit;
            get(data, four_at(m, 3, i), &commit, 4);
            if (commit >= strip->text_len) return -1;
            view.commit = (const char *)data + text_at(m) + commit;
        }
        *out = view;
    }
    return 0;
}

int block_runs_views(struct block_runs *runs, uint32_t first, uint32_t count, int with_commits,
                     struct pace_run_view *out)
{
    while (count > 0) {
        struct strip strip;
        if (open_strip(runs, first, with_commits, &strip)) return -1;
        uint32_t i = first % BLOCK_STRIP_RUNS, n = strip.m - i < count ? strip.m - i : count;
        if (read_views(&strip, runs->header.stream, i, n, out)) return -1;
        first += n;
        count -= n;
        out += n;
    }
    return 0;
}

int block_runs_view(struct block_runs *runs, uint32_t index, struct pace_run_view *out)
{
    return block_runs_views(runs, index, 1, 1, out);
}

int block_runs_before(struct block_runs *runs, const struct position *position, uint32_t *count)
{
    uint32_t low = 0, high = runs->header.runs;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct position at;
        if (block_runs_position(runs, middle, &at)) return -1;
        if (position_compare(&at, position) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = low;
    return 0;
}
