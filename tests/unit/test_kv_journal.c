/* test_kv_journal.c -- the records of a journal: where it ends when one is torn at any byte, when
 * bytes of another journal lie there, and when one in the middle is damaged; and its changes in
 * order of key, beside a sorted list. PACE_TEST_SEED repeats a run. */
#include "../damage.h"

#include "../../engine/kv_overlay.h"

#include <time.h>

enum { ROOM = 8192, RECORDS = 5, CHANGES = 4, NONCE = 77 };

static unsigned char room[ROOM];
static struct journal_header header;

/* Adds a record of some changes; returns where it ends. */
static struct journal_end add_record(const struct journal_end *end, uint64_t nonce, unsigned salt)
{
    struct journal_draft draft = journal_begin(end);
    for (unsigned i = 0; i < CHANGES; i++) {
        char key[16], value[64];
        snprintf(key, sizeof key, "k%03u", (salt * 37 + i * 11) % 50);
        int len = snprintf(value, sizeof value, "%u/%u%*s", salt, i, (int)(salt % 7 * i), "");
        uint32_t bytes = i == 3 ? JOURNAL_REMOVED : (uint32_t)len;
        unsigned char *to = journal_put(room, &draft, key, strlen(key), bytes);
        if (i != 3) memcpy(to, value, (size_t)len);
    }
    journal_close(room, &draft, nonce, end->records + 1);
    return (struct journal_end){.at = draft.at, .records = end->records + 1};
}

/* An empty room, filled; ends[i] is the end behind i records. */
static void fill(struct journal_end ends[RECORDS + 1])
{
    journal_create(room, ROOM, NONCE, 1);
    assert_true(journal_open(room, ROOM, &header));
    ends[0] = journal_start();
    for (unsigned i = 0; i < RECORDS; i++)
        ends[i + 1] = add_record(&ends[i], NONCE, i);
}

/* Goes over whole records; what is there at the end. */
static enum journal_found go_over(int thorough, struct journal_end *end)
{
    struct journal_record record;
    enum journal_found found;
    *end = journal_start();
    while ((found = journal_look(room, &header, end, thorough, &record)) == JOURNAL_RECORD)
        *end = (struct journal_end){.at = end->at + record.bytes, .records = record.number};
    return found;
}

static void test_header(void **state)
{
    (void)state;
    struct journal_header out;
    journal_create(room, ROOM, NONCE, 9);
    assert_true(journal_open(room, ROOM, &out));
    assert_int_equal(out.nonce, NONCE);
    assert_int_equal(out.txn, 9);
    assert_int_equal(out.bytes, ROOM);
    assert_false(journal_open(room, ROOM - 8, &out)); /* it does not fit what is there */
    assert_false(journal_open(room, 8, &out));
    for (size_t i = 0; i < sizeof out; i++) {
        room[i] ^= 4;
        assert_false(journal_open(room, ROOM, &out));
        room[i] ^= 4;
    }
}

/* The last record is torn at each byte: the rest is zeros, or what lay there before. */
static void test_torn(void **state)
{
    (void)state;
    struct journal_end ends[RECORDS + 1], end;
    for (int is_stale = 0; is_stale < 2; is_stale++) {
        fill(ends);
        for (size_t at = ends[RECORDS].at; at-- > ends[RECORDS - 1].at;) {
            int was_rest = room[at] == (is_stale ? 0xa5 : 0);
            room[at] = is_stale ? 0xa5 : 0;
            if (was_rest && at + JOURNAL_ALIGN >= ends[RECORDS].at) continue; /* still whole */
            assert_int_equal(go_over(1, &end), JOURNAL_ENDS);
            assert_int_equal(end.records, RECORDS - 1);
            assert_int_equal(end.at, ends[RECORDS - 1].at);
        }
        /* The next writer writes there. */
        ends[RECORDS] = add_record(&end, NONCE, 40);
        assert_int_equal(go_over(1, &end), JOURNAL_ENDS);
        assert_int_equal(end.records, RECORDS);
    }
}

/* A bit of any byte of a record that others follow. */
static void test_damaged(void **state)
{
    (void)state;
    struct journal_end ends[RECORDS + 1], end;
    fill(ends);
    for (unsigned i = 0; i < RECORDS; i++)
        for (size_t at = ends[i].at; at < ends[i + 1].at; at++) {
            room[at] ^= (unsigned char)(1u << at % 8);
            assert_int_equal(go_over(0, &end), i + 1 < RECORDS ? JOURNAL_DAMAGED : JOURNAL_ENDS);
            assert_int_equal(end.records, i);
            room[at] ^= (unsigned char)(1u << at % 8);
        }
    /* All of it, as when a page was never written. */
    memset(room + ends[1].at, 0, ends[2].at - ends[1].at);
    assert_int_equal(go_over(0, &end), JOURNAL_DAMAGED);
    assert_int_equal(end.records, 1);
    /* What lies far behind zeros is looked for when there is time. */
    fill(ends);
    struct journal_end far = {.at = ROOM - 1024, .records = 7};
    add_record(&far, NONCE, 3);
    assert_int_equal(go_over(1, &end), JOURNAL_DAMAGED);
}

/* Records of another journal do not count, whatever their numbers, nor do later ones make it
 * damaged. */
static void test_stale(void **state)
{
    (void)state;
    struct journal_end ends[RECORDS + 1], end;
    fill(ends);
    memcpy(room, &(struct journal_header){0}, sizeof header);
    unsigned char records[ROOM];
    memcpy(records, room, ROOM);
    journal_create(room, ROOM, NONCE + 1, 2);
    memcpy(room + ends[0].at, records + ends[0].at, ROOM - ends[0].at);
    assert_true(journal_open(room, ROOM, &header));
    assert_int_equal(go_over(1, &end), JOURNAL_ENDS);
    assert_int_equal(end.records, 0);
    struct journal_end one = add_record(&end, NONCE + 1, 1);
    assert_int_equal(go_over(1, &end), JOURNAL_ENDS);
    assert_int_equal(end.at, one.at);
}

/* -- in order of key --------------------------------------------------------------------------- */

enum { KEYS = 60, ROUNDS = 300 };

struct model {
    int there, removed;
    char value[32];
};

static void check_overlay(const struct overlay_view *view, const struct model *model)
{
    size_t index = 0;
    for (unsigned k = 0; k < KEYS; k++) {
        char key[16];
        int is_equal;
        struct journal_change change;
        snprintf(key, sizeof key, "%c%u", 'a' + (int)(k / 10), k % 10);
        assert_int_equal(overlay_find(view, key, strlen(key), &is_equal), index);
        assert_int_equal(is_equal, model[k].there);
        if (!is_equal) continue;
        assert_int_equal(overlay_change(view, index++, &change), 0);
        assert_int_equal(change.key_len, strlen(key));
        assert_memory_equal(change.key, key, change.key_len);
        assert_int_equal(change.value == NULL, model[k].removed);
        if (model[k].removed) continue;
        assert_int_equal(change.value_len, strlen(model[k].value));
        assert_memory_equal(change.value, model[k].value, change.value_len);
        assert_true(overlay_has_table(view->overlay, (unsigned char)key[0]));
    }
    assert_int_equal(index, view->overlay->count);
}

static void test_order(void **state)
{
    (void)state;
    const char *given = getenv("PACE_TEST_SEED");
    uint64_t random = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("# note seed %llu\n", (unsigned long long)random);
    struct overlay overlay = {0};
    struct overlay_view view = {.overlay = &overlay, .room = room, .bytes = ROOM};
    for (int round = 0; round < ROUNDS; round++) {
        struct model model[KEYS] = {0};
        struct journal_end end = journal_start();
        struct journal_record record;
        journal_create(room, ROOM, NONCE, 1);
        assert_true(journal_open(room, ROOM, &header));
        overlay_begin(&overlay, NONCE);
        size_t records = damage_below(&random, 12);
        for (size_t r = 0; r < records; r++) {
            struct journal_draft draft = journal_begin(&end);
            for (size_t n = damage_below(&random, 14); n > 0; n--) {
                unsigned k = (unsigned)damage_below(&random, KEYS);
                struct model *to = &model[k];
                char key[16];
                snprintf(key, sizeof key, "%c%u", 'a' + (int)(k / 10), k % 10);
                to->there = 1;
                to->removed = damage_below(&random, 3) == 0;
                snprintf(to->value, sizeof to->value, "%zu.%zu%*s", r, n,
                         (int)damage_below(&random, 20), "");
                size_t len = strlen(to->value);
                unsigned char *value = journal_put(room, &draft, key, strlen(key),
                                                   to->removed ? JOURNAL_REMOVED : (uint32_t)len);
                if (!to->removed) memcpy(value, to->value, len);
            }
            journal_close(room, &draft, NONCE, r + 1);
            assert_int_equal(journal_look(room, &header, &overlay.end, 0, &record), JOURNAL_RECORD);
            assert_int_equal(overlay_add_record(&overlay, room, ROOM, &record), 0);
            assert_int_equal(overlay.end.at, draft.at);
            end = overlay.end;
        }
        check_overlay(&view, model);
        struct overlay *copy = overlay_copy(&overlay);
        assert_non_null(copy);
        check_overlay(&(struct overlay_view){.overlay = copy, .room = room, .bytes = ROOM}, model);
        overlay_free(copy);
        free(copy);
    }
    overlay_free(&overlay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header), cmocka_unit_test(test_torn),  cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_stale),  cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
