/* marks.c -- appended facts about history. A mark is never changed: taking it back appends a second
 * record under its number.
 *
 *   mark:   | sum u64 | struct mark_record | selector, 0, target, 0, note, 0 |
 *   undone: created i64, sealed */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

struct mark_record {
    int64_t at_ns, created_ns;
    uint32_t kind, selector_len, target_len, note_len;
};
_Static_assert(sizeof(struct mark_record) == 32, "layout on disk");

/* -- writing --------------------------------------------------------------------------------- */

static int check_text(const char *text, const char *what, struct pace_error *error)
{
    size_t len = strlen(text);
    if (len > PACE_MAX_NOTE) return ERROR_LIMIT(error, PACE_MAX_NOTE, what);
    const char *problem = text_problem(text, len, TEXT_LINES);
    if (problem) return error_set(error, PACE_EVALUE, "the mark's %s: %s", what, problem);
    return 0;
}

struct new_mark {
    struct pace_mark mark; /* no NULL in it */
    uint64_t id;
};

static int append_mark(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct new_mark *new = context;
    const struct pace_mark *mark = &new->mark;
    struct head head;
    int rc = head_load(txn, error, &head);
    if (rc) return rc;
    struct mark_record record = {.at_ns = mark->at_ns,
                                 .created_ns = mark->created_ns,
                                 .kind = (uint32_t)mark->kind,
                                 .selector_len = (uint32_t)strlen(mark->selector),
                                 .target_len = (uint32_t)strlen(mark->target),
                                 .note_len = (uint32_t)strlen(mark->note)};
    size_t texts = (size_t)record.selector_len + record.target_len + record.note_len + 3;
    size_t size = SEAL_BYTES + sizeof record + texts;
    unsigned char *data = malloc(size);
    if (!data) return error_memory(error);
    unsigned char *at = data + SEAL_BYTES + sizeof record;
    memcpy(data + SEAL_BYTES, &record, sizeof record);
    memcpy(at, mark->selector, record.selector_len + 1u);
    at += record.selector_len + 1u;
    memcpy(at, mark->target, record.target_len + 1u);
    at += record.target_len + 1u;
    memcpy(at, mark->note, record.note_len + 1u);
    struct key key = key_mark(head.marks + 1);
    seal_close(data, size, key.bytes, key.len);
    rc = kv_put(txn, &key, data, size, error);
    free(data);
    new->id = ++head.marks;
    return rc ? rc : head_store(txn, &head, error);
}

int pace_mark_add(pace *store, const struct pace_mark *mark, struct pace_error *error, uint64_t *id)
{
    struct new_mark new = {.mark = *mark};
    if (!new.mark.selector) new.mark.selector = "";
    if (!new.mark.target) new.mark.target = "";
    if (!new.mark.note) new.mark.note = "";
    if (!new.mark.created_ns) new.mark.created_ns = head_now_ns();
    if (mark->kind < PACE_MARK_ACCEPT || mark->kind > PACE_MARK_ALIAS)
        return error_set(error, PACE_EMISUSE, "%d is not a kind of mark", (int)mark->kind);
    int rc = check_text(new.mark.selector, "selector", error);
    if (!rc) rc = check_text(new.mark.target, "target", error);
    if (!rc) rc = check_text(new.mark.note, "note", error);
    if (!rc) rc = store_write(store, 1, append_mark, &new, error);
    if (!rc && id) *id = new.id;
    return rc;
}

/* 0: mark `id` is undone; PACE_ENOTFOUND: it stands. */
static int load_undone(struct kv_txn *txn, uint64_t id, struct pace_error *error)
{
    struct key key = key_undone(id);
    int64_t created_ns;
    return kv_get_struct(txn, &key, "a mark", error, &created_ns, sizeof created_ns);
}

/* A record that a damaged key hides would let a mark be undone twice: as many as the head counts
 * must be there, all whole. */
static int count_undone(struct kv_txn *txn, const struct head *head, struct pace_error *error)
{
    enum { PAIRS = 64 };
    struct key any = key_undone(0), prefix = {.len = 1, .bytes = {any.bytes[0]}};
    struct kv_pair pairs[PAIRS];
    struct kv_cursor *cursor;
    uint64_t seen = 0;
    size_t some = PAIRS;
    int rc = kv_cursor_open(txn, error, &cursor), good = 1;
    if (rc) return rc;
    for (int go_on = 0; !rc && some == PAIRS; go_on = 1) {
        rc = kv_cursor_list(cursor, &prefix, go_on, pairs, PAIRS, error, &some);
        for (size_t i = 0; !rc && i < some; i++, seen++)
            good &= seal_good(pairs[i].value.data, pairs[i].value.len, pairs[i].key.data,
                              pairs[i].key.len);
    }
    kv_cursor_close(cursor);
    if (rc || (good && seen == head->undone)) return rc;
    return error_damaged(error, "%s: the list of marks", kv_path(txn));
}

static int undo_mark(struct kv_txn *txn, void *context, struct pace_error *error)
{
    uint64_t id = *(const uint64_t *)context;
    struct head head;
    int rc = head_load(txn, error, &head);
    if (rc) return rc;
    if (id == 0 || id > head.marks)
        return error_set(error, PACE_ENOTFOUND, "no mark %llu", (unsigned long long)id);
    rc = load_undone(txn, id, error);
    if (rc == 0)
        return error_set(error, PACE_EMISUSE, "mark %llu is undone already",
                         (unsigned long long)id);
    if (rc == PACE_ENOTFOUND) rc = count_undone(txn, &head, error);
    if (rc) return rc;
    struct key key = key_undone(id);
    int64_t now_ns = head_now_ns();
    rc = kv_put_struct(txn, &key, &now_ns, sizeof now_ns, error);
    head.undone++;
    return rc ? rc : head_store(txn, &head, error);
}

int pace_mark_undo(pace *store, uint64_t id, struct pace_error *error)
{
    return store_write(store, 1, undo_mark, &id, error);
}

/* -- reading --------------------------------------------------------------------------------- */

/* The texts of a record, each followed by 0. -1: malformed. */
static int read_texts(struct kv_slice body, const struct mark_record *record,
                      struct pace_mark *mark)
{
    const char *at = (const char *)body.data + sizeof *record;
    size_t texts = (size_t)record->selector_len + record->target_len + record->note_len + 3;
    if (body.len != sizeof *record + texts) return -1;
    mark->selector = at;
    mark->target = mark->selector + record->selector_len + 1;
    mark->note = mark->target + record->target_len + 1;
    return mark->selector[record->selector_len] || mark->target[record->target_len] ||
                   mark->note[record->note_len]
               ? -1
               : 0;
}

static int load_mark(struct kv_txn *txn, uint64_t id, struct pace_error *error,
                     struct pace_mark *mark)
{
    struct key key = key_mark(id);
    struct mark_record record;
    struct kv_slice body;
    int rc = kv_get_sealed(txn, &key, "a mark", error, &body);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (!rc && body.len >= sizeof record) {
        memcpy(&record, body.data, sizeof record);
        *mark = (struct pace_mark){.id = id,
                                   .kind = (enum pace_mark_kind)record.kind,
                                   .at_ns = record.at_ns,
                                   .created_ns = record.created_ns};
        if (read_texts(body, &record, mark) == 0) {
            rc = load_undone(txn, id, error);
            mark->undone = rc == 0;
            return rc == PACE_ENOTFOUND ? 0 : rc;
        }
    }
    return error_damaged(error, "%s: mark %llu", kv_path(txn), (unsigned long long)id);
}

int pace_marks(pace_snapshot *snapshot, struct pace_error *error, const struct pace_mark **marks,
               size_t *count)
{
    int rc = snapshot_check(snapshot, error);
    if (rc) return rc;
    uint64_t total = snapshot->head.marks, undone = 0;
    struct pace_mark *list = arena_array(&snapshot->arena, total, sizeof *list);
    if (!list) return error_memory(error);
    for (uint64_t id = 1; id <= total; id++) {
        rc = load_mark(snapshot->txn, id, error, &list[id - 1]);
        if (rc) return rc;
        undone += (uint64_t)list[id - 1].undone;
    }
    if (undone != snapshot->head.undone)
        return error_damaged(error, "%s: the list of marks", kv_path(snapshot->txn));
    *marks = list;
    *count = (size_t)total;
    return 0;
}
