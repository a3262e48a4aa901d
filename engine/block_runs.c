/* block_runs.c -- see block_runs.h for the layout. */
#include "block_runs.h"

#include <assert.h>
#include <string.h>

/* TIMES_HEAD: sum, flags and zero. NUMBERS: ordinals, flags, cells. */
enum { ALIGN = 8, STRIP_HEAD = 2 * 8, TIMES_HEAD = 2 * 8, NUMBERS = 3 };

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

/* -- where things are ------------------------------------------------------------------------ */

/* Times of m runs, where they lie apart: their length, and where the keys are. */
static size_t keys_at(size_t m)
{
    return TIMES_HEAD + 8 * m;
}

static size_t times_length(size_t m)
{
    return keys_at(m) + aligned(4 * m);
}

/* The times of a strip in the record; where those of all end. */
static size_t times_at(const struct block_runs_header *header, uint32_t strip)
{
    return head_length(header->runs) + strip * times_length(BLOCK_STRIP_RUNS);
}

static size_t times_end(const struct block_runs_header *header)
{
    uint32_t last = strip_count(header->runs) - 1;
    if (header->form == BLOCK_RUNS_TOGETHER) return head_length(header->runs);
    return times_at(header, last) + times_length(strip_runs(header->runs, last));
}

/* In a strip of m runs: number i of the runs, and of when they ran; of the ordinals (0), flags (1), cells
 * (2); the offset of commit i, of the end of all; the text. */
static size_t run_at(size_t i)
{
    return STRIP_HEAD + 8 * i;
}

static size_t ran_at(uint32_t form, size_t m, size_t i)
{
    return run_at((form == BLOCK_RUNS_TOGETHER ? 2 : 1) * m + i);
}

static size_t number_at(uint32_t form, size_t m, unsigned which, size_t i)
{
    return ran_at(form, m, m) + 4 * (which * m + i);
}

static size_t offset_bytes(uint32_t form)
{
    return form == BLOCK_RUNS_TOGETHER ? sizeof(uint32_t) : sizeof(uint16_t);
}

static size_t commit_at(uint32_t form, size_t m, size_t i)
{
    return number_at(form, m, NUMBERS, 0) + offset_bytes(form) * i;
}

static size_t text_at(uint32_t form, size_t m)
{
    return commit_at(form, m, m + 1);
}

_Static_assert(BLOCK_STRIP_RUNS *(PACE_MAX_COMMIT + 1) <= UINT16_MAX, "offsets of commits");

/* -- sums ------------------------------------------------------------------------------------ */

static uint64_t head_sum(const unsigned char *data, size_t len, uint64_t seed)
{
    return seal_hash(data + 8, len - 8, seed);
}

static uint64_t times_sum(const unsigned char *times, size_t m, uint64_t seed, uint32_t number)
{
    return seal_hash(times + 8, times_length(m) - 8, seed + ((uint64_t)2 << 32) + number);
}

static uint64_t strip_sum(const unsigned char *strip, size_t text, uint64_t seed, uint32_t number)
{
    return seal_hash(strip + 8, text - 8, seed + 1 + number);
}

static uint64_t text_sum(const unsigned char *strip, size_t text, size_t len, uint64_t seed,
                         uint32_t number)
{
    return seal_hash(strip + text, len - text, seed + ((uint64_t)1 << 32) + number);
}

uint32_t block_commit_key(const char *commit)
{
    if (!*commit) return 0;
    uint32_t key = (uint32_t)seal_hash(commit, strlen(commit), 0);
    return key ? key : 1;
}

/* -- writing --------------------------------------------------------------------------------- */

/* A commit that is the one before it is written once. */
static int is_repeated(const struct pace_run_view *runs, size_t i)
{
    return i > 0 && strcmp(runs[i].commit, runs[i - 1].commit) == 0;
}

static size_t strip_length(uint32_t form, const struct pace_run_view *runs, size_t m)
{
    size_t text = 0;
    for (size_t i = 0; i < m; i++)
        text += is_repeated(runs, i) ? 0 : strlen(runs[i].commit) + 1;
    return aligned(text_at(form, m) + text);
}

static void put(unsigned char **at, const void *number, size_t len)
{
    memcpy(*at, number, len);
    *at += len;
}

static void put_times(unsigned char *times, const struct pace_run_view *runs, size_t m,
                      uint64_t seed, uint32_t number)
{
    unsigned char *at = times + TIMES_HEAD;
    uint32_t flags = 0;
    for (size_t i = 0; i < m; i++) {
        put(&at, &runs[i].time_ns, 8);
        flags |= runs[i].flags;
    }
    for (size_t i = 0; i < m; i++) {
        uint32_t key = block_commit_key(runs[i].commit);
        put(&at, &key, 4);
    }
    memcpy(times + 8, &flags, sizeof flags);
    uint64_t sum = times_sum(times, m, seed, number);
    memcpy(times, &sum, sizeof sum);
}

/* Puts the offsets of the commits, and their text. */
static void put_commits(unsigned char *at, uint32_t form, const struct pace_run_view *runs,
                        size_t m)
{
    unsigned char *text = at + offset_bytes(form) * (m + 1);
    uint32_t length = 0, offset = 0;
    for (size_t i = 0; i < m; i++) {
        size_t bytes = strlen(runs[i].commit) + 1;
        if (!is_repeated(runs, i)) {
            memcpy(text + length, runs[i].commit, bytes);
            offset = length;
            length += (uint32_t)bytes;
        }
        put(&at, &offset, offset_bytes(form)); /* little-endian: the lower bytes come first */
    }
    put(&at, &length, offset_bytes(form));
}

static void put_strip(unsigned char *strip, size_t len, uint32_t form,
                      const struct pace_run_view *runs, size_t m, uint64_t seed, uint32_t number)
{
    unsigned char *at = strip + STRIP_HEAD;
    size_t text = text_at(form, m);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].run, 8);
    for (size_t i = 0; i < m && form == BLOCK_RUNS_TOGETHER; i++)
        put(&at, &runs[i].time_ns, 8);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].ran_ns, 8);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].ordinal, 4);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].flags, 4);
    for (size_t i = 0; i < m; i++)
        put(&at, &runs[i].cell_count, 4);
    put_commits(at, form, runs, m);
    uint64_t sum = text_sum(strip, text, len, seed, number);
    memcpy(strip + 8, &sum, sizeof sum);
    sum = strip_sum(strip, text, seed, number);
    memcpy(strip, &sum, sizeof sum);
}

int block_runs_encode(struct row_buffer *buffer, const struct block_runs_header *given,
                      const struct pace_run_view *runs, const struct key *key)
{
    struct block_runs_header header = *given;
    assert(header.runs > 0 && header.runs <= BLOCK_RUNS_MAX);
    uint32_t offsets[BLOCK_STRIPS_MAX + 1], strips = strip_count(header.runs);
    size_t len = times_end(&header);
    for (uint32_t s = 0; s < strips; s++) {
        offsets[s] = (uint32_t)len;
        len += strip_length(header.form, runs + (size_t)s * BLOCK_STRIP_RUNS,
                            strip_runs(header.runs, s));
    }
    offsets[strips] = (uint32_t)len;
    if (row_buffer_reserve(buffer, len)) return -1;
    header.length = (uint32_t)len;
    uint64_t seed = seal_hash(key->bytes, key->len, 0);
    memcpy(buffer->data, &header, sizeof header);
    memcpy(buffer->data + sizeof header, offsets, 4 * ((size_t)strips + 1));
    for (uint32_t s = 0; s < strips; s++) {
        const struct pace_run_view *first = runs + (size_t)s * BLOCK_STRIP_RUNS;
        uint32_t m = strip_runs(header.runs, s);
        if (header.form == BLOCK_RUNS_KEYS)
            put_times(buffer->data + times_at(&header, s), first, m, seed, s);
        put_strip(buffer->data + offsets[s], offsets[s + 1] - offsets[s], header.form, first, m,
                  seed, s);
    }
    header.sum = head_sum(buffer->data, head_length(header.runs), seed);
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
        header->form > BLOCK_RUNS_KEYS || times_end(header) > len)
        return -1;
    runs->data = data;
    runs->seed = seal_hash(key->bytes, key->len, 0);
    runs->times_checked = runs->checked = runs->text_checked = 0;
    if (header->sum != head_sum(data, head_length(header->runs), runs->seed)) return -1;
    uint32_t strips = strip_count(header->runs), last = (uint32_t)times_end(header);
    if (strip_offset(runs, 0) != last) return -1;
    for (uint32_t s = 0; s < strips; s++) {
        uint32_t end = strip_offset(runs, s + 1);
        if (end < last || end - last <= text_at(header->form, strip_runs(header->runs, s)) ||
            end > len)
            return -1;
        last = end;
    }
    return last == len ? 0 : -1;
}

/* What is read of a strip. */
enum { WITH_TIMES = 1, WITH_NUMBERS = 2, WITH_TEXT = 4 };

/* A strip that is read: m runs. */
struct strip {
    const unsigned char *data;
    const unsigned char *times; /* of the first run */
    uint32_t form, m;
    size_t text_len; /* with its commits checked */
};

/* The offset of a commit in the text; i = m: the length of the text. */
static size_t commit_offset(const struct strip *strip, uint32_t i)
{
    const unsigned char *at = strip->data + commit_at(strip->form, strip->m, i);
    uint32_t offset;
    uint16_t near;
    if (strip->form == BLOCK_RUNS_TOGETHER) {
        memcpy(&offset, at, sizeof offset);
        return offset;
    }
    memcpy(&near, at, sizeof near);
    return near;
}

static int check_text(struct block_runs *runs, uint32_t number, size_t len, struct strip *strip)
{
    size_t at = text_at(strip->form, strip->m), text_len = commit_offset(strip, strip->m);
    uint64_t sum;
    strip->text_len = text_len;
    if (runs->text_checked >> number & 1) return 0;
    memcpy(&sum, strip->data + 8, sizeof sum);
    if (sum != text_sum(strip->data, at, len, runs->seed, number) || text_len == 0 ||
        text_len > len - at || strip->data[at + text_len - 1] != 0)
        return -1;
    runs->text_checked |= 1u << number;
    return 0;
}

static int check_times(struct block_runs *runs, uint32_t number, const struct strip *strip)
{
    const unsigned char *times = strip->times - TIMES_HEAD;
    uint64_t sum;
    if (runs->times_checked >> number & 1) return 0;
    memcpy(&sum, times, sizeof sum);
    if (sum != times_sum(times, strip->m, runs->seed, number)) return -1;
    runs->times_checked |= 1u << number;
    return 0;
}

/* The strip of a run; what is read of it is checked once. 0, or -1: damaged. */
static int open_strip(struct block_runs *runs, uint32_t index, unsigned with, struct strip *out)
{
    assert(index < runs->header.runs);
    uint32_t number = index / BLOCK_STRIP_RUNS, offset = strip_offset(runs, number);
    uint32_t form = runs->header.form, m = strip_runs(runs->header.runs, number);
    uint64_t sum;
    *out = (struct strip){.data = runs->data + offset, .form = form, .m = m};
    if (form == BLOCK_RUNS_TOGETHER) {
        out->times = out->data + run_at(m);
        with |= WITH_NUMBERS;
    } else {
        out->times = runs->data + times_at(&runs->header, number) + TIMES_HEAD;
        if (with & WITH_TIMES && check_times(runs, number, out)) return -1;
    }
    if (with & (WITH_NUMBERS | WITH_TEXT) && !(runs->checked >> number & 1)) {
        memcpy(&sum, out->data, sizeof sum);
        if (sum != strip_sum(out->data, text_at(form, m), runs->seed, number)) return -1;
        runs->checked |= 1u << number;
    }
    return with & WITH_TEXT ? check_text(runs, number, strip_offset(runs, number + 1) - offset, out)
                            : 0;
}

static void get(const unsigned char *from, size_t at, void *number, size_t len)
{
    memcpy(number, from + at, len);
}

int block_runs_position(struct block_runs *runs, uint32_t index, struct position *out)
{
    uint32_t i = index % BLOCK_STRIP_RUNS;
    struct strip strip;
    if (open_strip(runs, index, WITH_TIMES | WITH_NUMBERS, &strip)) return -1;
    get(strip.data, run_at(i), &out->run, 8);
    get(strip.times, 8 * (size_t)i, &out->time_ns, 8);
    get(strip.data, number_at(strip.form, strip.m, 0, i), &out->ordinal, 4);
    return 0;
}

/* A commit of a strip whose text was checked; NULL: damaged. */
static const char *commit_of(const struct strip *strip, uint32_t i)
{
    size_t offset = commit_offset(strip, i);
    if (offset >= strip->text_len) return NULL;
    return (const char *)strip->data + text_at(strip->form, strip->m) + offset;
}

/* Runs [i, i + count) of a strip. */
static int read_views(const struct strip *strip, uint32_t stream, uint32_t i, uint32_t count,
                      struct pace_run_view *out)
{
    const unsigned char *data = strip->data;
    uint32_t m = strip->m, form = strip->form;
    for (uint32_t end = i + count; i < end; i++, out++) {
        struct pace_run_view view = {.stream = stream};
        get(data, run_at(i), &view.run, 8);
        get(strip->times, 8 * (size_t)i, &view.time_ns, 8);
        get(data, ran_at(form, m, i), &view.ran_ns, 8);
        get(data, number_at(form, m, 0, i), &view.ordinal, 4);
        get(data, number_at(form, m, 1, i), &view.flags, 4);
        get(data, number_at(form, m, 2, i), &view.cell_count, 4);
        if (strip->text_len) {
            view.commit = commit_of(strip, i);
            if (!view.commit) return -1;
        }
        *out = view;
    }
    return 0;
}

int block_runs_views(struct block_runs *runs, uint32_t first, uint32_t count, int with_commits,
                     struct pace_run_view *out)
{
    unsigned with = WITH_TIMES | WITH_NUMBERS | (with_commits ? WITH_TEXT : 0);
    while (count > 0) {
        struct strip strip;
        if (open_strip(runs, first, with, &strip)) return -1;
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

/* -- columns --------------------------------------------------------------------------------- */

/* Reads n commits of a strip. */
static int read_commits(const struct strip *strip, uint32_t i, uint32_t n, const char **out)
{
    const char *text = (const char *)strip->data + text_at(strip->form, strip->m);
    size_t last = 0;
    for (uint32_t k = 0; k < n; k++) {
        size_t offset = commit_offset(strip, i + k);
        if (offset > last) last = offset;
        out[k] = text + offset;
    }
    return last < strip->text_len ? 0 : -1;
}

/* Reads n flags: where they lie apart those of a strip without any are known. 0, or -1: damaged. */
static int read_flags(struct block_runs *runs, uint32_t index, struct strip *strip, uint32_t n,
                      uint32_t *flags, uint32_t *any)
{
    uint32_t i = index % BLOCK_STRIP_RUNS, all = 0;
    if (strip->form == BLOCK_RUNS_KEYS) {
        get(strip->times - TIMES_HEAD, 8, &all, sizeof all);
        memset(flags, 0, n * sizeof *flags);
        if (!all) return 0;
        if (open_strip(runs, index, WITH_NUMBERS, strip)) return -1;
    }
    get(strip->data, number_at(strip->form, strip->m, 1, i), flags, n * sizeof *flags);
    for (uint32_t k = 0; k < n; k++)
        *any |= flags[k];
    return 0;
}

int block_runs_columns(struct block_runs *runs, uint32_t first, uint32_t count,
                       struct block_run_columns *out)
{
    unsigned with = WITH_TIMES | (out->run ? WITH_NUMBERS : 0) | (out->commit ? WITH_TEXT : 0);
    if (out->key && runs->header.form == BLOCK_RUNS_TOGETHER) return -1;
    for (size_t at = 0; at < count;) {
        uint32_t index = first + (uint32_t)at, i = index % BLOCK_STRIP_RUNS;
        struct strip strip;
        if (open_strip(runs, index, with, &strip)) return -1;
        uint32_t n = strip.m - i < count - at ? strip.m - i : count - (uint32_t)at;
        if (out->time_ns) get(strip.times, 8 * (size_t)i, out->time_ns + at, 8 * (size_t)n);
        if (out->run) get(strip.data, run_at(i), out->run + at, 8 * (size_t)n);
        if (out->key)
            get(strip.times, keys_at(strip.m) - TIMES_HEAD + 4 * (size_t)i, out->key + at,
                4 * (size_t)n);
        if (out->commit && read_commits(&strip, i, n, out->commit + at)) return -1;
        if (read_flags(runs, index, &strip, n, out->flags + at, &out->any)) return -1;
        at += n;
    }
    return 0;
}

int block_runs_keys_fit(struct block_runs *runs)
{
    uint32_t key[BLOCK_STRIP_RUNS], flags[BLOCK_STRIP_RUNS];
    const char *commit[BLOCK_STRIP_RUNS];
    if (runs->header.form == BLOCK_RUNS_TOGETHER) return 1;
    for (uint32_t first = 0; first < runs->header.runs; first += BLOCK_STRIP_RUNS) {
        struct block_run_columns columns = {.key = key, .commit = commit, .flags = flags};
        uint32_t m = strip_runs(runs->header.runs, first / BLOCK_STRIP_RUNS);
        if (block_runs_columns(runs, first, m, &columns)) return -1;
        for (uint32_t i = 0; i < m; i++)
            if (key[i] != block_commit_key(commit[i])) return 0;
    }
    return 1;
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
