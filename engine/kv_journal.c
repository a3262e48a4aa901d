/* kv_journal.c -- see kv_journal.h. */
#include "kv_journal.h"
#include "seal.h"

#include <string.h>

static size_t align(size_t len)
{
    return (len + JOURNAL_ALIGN - 1) / JOURNAL_ALIGN * JOURNAL_ALIGN;
}

struct journal_end journal_start(void)
{
    return (struct journal_end){.at = sizeof(struct journal_header)};
}

void journal_create(unsigned char *room, size_t bytes, uint64_t nonce, uint64_t txn)
{
    struct journal_header header = {.nonce = nonce, .txn = txn, .bytes = bytes};
    memset(room, 0, bytes);
    seal_close(&header, sizeof header, JOURNAL_KEY, JOURNAL_KEY_LEN);
    memcpy(room, &header, sizeof header);
}

int journal_open(const unsigned char *room, size_t bytes, struct journal_header *out)
{
    if (bytes < sizeof *out) return 0;
    memcpy(out, room, sizeof *out);
    return seal_good(out, sizeof *out, JOURNAL_KEY, JOURNAL_KEY_LEN) && out->bytes >= sizeof *out &&
           out->bytes <= bytes;
}

/* What is read from here on is not older than what was read before. */
static void order_reads(void)
{
#ifdef __SANITIZE_THREAD__ /* it does not know fences */
    __asm__ volatile("" ::: "memory");
#else
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

static uint64_t record_sum(const unsigned char *record, size_t bytes, uint64_t nonce)
{
    return seal_hash(record + SEAL_BYTES, bytes - SEAL_BYTES, nonce);
}

/* 1 when there is a whole record at `at` with a number from `least` to `most`. */
static int is_record(const unsigned char *room, const struct journal_header *header, size_t at,
                     uint64_t least, uint64_t most, struct journal_record *out)
{
    if (at + sizeof *out > header->bytes) return 0;
    memcpy(out, room + at, sizeof *out);
    if (out->number < least || out->number > most || out->bytes < sizeof *out ||
        out->bytes % JOURNAL_ALIGN != 0 || out->bytes > header->bytes - at)
        return 0;
    uint64_t sum = record_sum(room + at, out->bytes, header->nonce);
    /* It may have been written meanwhile: what counts is what lies there now. */
    order_reads();
    struct journal_record now;
    memcpy(&now, room + at, sizeof now);
    return now.sum == sum && memcmp(&now, out, sizeof now) == 0;
}

static int is_zero(const unsigned char *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Whether a whole record with a later number lies behind an end. */
static int goes_on(const unsigned char *room, const struct journal_header *header,
                   const struct journal_end *end)
{
    struct journal_record later;
    uint64_t most = end->records + header->bytes / sizeof later;
    for (size_t at = end->at + JOURNAL_ALIGN; at + sizeof later <= header->bytes;
         at += JOURNAL_ALIGN)
        if (is_record(room, header, at, end->records + 2, most, &later)) return 1;
    return 0;
}

enum journal_found journal_look(const unsigned char *room, const struct journal_header *header,
                                const struct journal_end *end, int thorough,
                                struct journal_record *out)
{
    uint64_t number = end->records + 1;
    if (is_record(room, header, end->at, number, number, out)) return JOURNAL_RECORD;
    size_t behind = header->bytes - end->at;
    if (!thorough && behind > JOURNAL_LOOK_BYTES) behind = JOURNAL_LOOK_BYTES;
    if (is_zero(room + end->at, behind) || !goes_on(room, header, end)) return JOURNAL_ENDS;
    /* Perhaps a writer was at it just now: with the next one written, this one is whole. */
    order_reads();
    return is_record(room, header, end->at, number, number, out) ? JOURNAL_RECORD : JOURNAL_DAMAGED;
}

int journal_change(const unsigned char *room, size_t bytes, size_t at, struct journal_change *out)
{
    struct journal_change_header header;
    if (at > bytes || sizeof header > bytes - at) return -1;
    memcpy(&header, room + at, sizeof header);
    int is_removed = header.value_bytes == JOURNAL_REMOVED;
    size_t value_len = is_removed ? 0 : header.value_bytes;
    size_t value_at = at + sizeof header + align(header.key_bytes);
    if (value_at > bytes || value_len > bytes - value_at || header.key_bytes == 0) return -1;
    *out = (struct journal_change){.key = room + at + sizeof header,
                                   .key_len = header.key_bytes,
                                   .value = is_removed ? NULL : room + value_at,
                                   .value_len = value_len,
                                   .next = value_at + align(value_len)};
    return 0;
}

size_t journal_change_bytes(size_t key_len, size_t value_len)
{
    return sizeof(struct journal_change_header) + align(key_len) + align(value_len);
}

struct journal_draft journal_begin(const struct journal_end *end)
{
    return (struct journal_draft){.begin = end->at, .at = end->at + sizeof(struct journal_record)};
}

unsigned char *journal_put(unsigned char *room, struct journal_draft *draft, const void *key,
                           size_t key_len, uint32_t len)
{
    struct journal_change_header header = {.value_bytes = len, .key_bytes = (uint8_t)key_len};
    unsigned char *change = room + draft->at, *value = change + sizeof header + align(key_len);
    size_t value_len = len == JOURNAL_REMOVED ? 0 : len;
    memset(change, 0, sizeof header + align(key_len));
    memcpy(change, &header, sizeof header);
    memcpy(change + sizeof header, key, key_len);
    memset(value + value_len, 0, align(value_len) - value_len);
    draft->at += journal_change_bytes(key_len, value_len);
    draft->changes++;
    return value;
}

void journal_close(unsigned char *room, const struct journal_draft *draft, uint64_t nonce,
                   uint64_t number)
{
    struct journal_record record = {
        .bytes = (uint32_t)(draft->at - draft->begin), .changes = draft->changes, .number = number};
    memcpy(room + draft->begin, &record, sizeof record);
    record.sum = record_sum(room + draft->begin, record.bytes, nonce);
    memcpy(room + draft->begin, &record.sum, sizeof record.sum);
}
