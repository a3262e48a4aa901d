/* objects.c -- saved objects: a log of versions, of which the newest of each name counts. They are
 * few, written by people; finding one reads the log.
 *
 *   version: | sum u64 | struct object_record | name, 0, text, 0 | */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

struct object_record {
    int64_t created_ns;
    uint32_t kind, version, dropped, name_len, text_len, zero;
};
_Static_assert(sizeof(struct object_record) == 32, "layout on disk");

struct version {
    struct object_record record;
    const char *name, *text;
};

static int load_version(struct kv_txn *txn, uint64_t sequence, struct pace_error *error,
                        struct version *out)
{
    struct key key = key_object(sequence);
    struct object_record *record = &out->record;
    struct kv_slice body;
    int rc = kv_get_sealed(txn, &key, "a saved object", error, &body);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (!rc && body.len >= sizeof *record) {
        memcpy(record, body.data, sizeof *record);
        out->name = (const char *)body.data + sizeof *record;
        out->text = out->name + record->name_len + 1;
        if (body.len == sizeof *record + record->name_len + 1u + record->text_len + 1u &&
            out->name[record->name_len] == 0 && out->text[record->text_len] == 0)
            return 0;
    }
    return error_damaged(error, "%s: version %llu of the saved objects", kv_path(txn),
                         (unsigned long long)sequence);
}

/* -- writing --------------------------------------------------------------------------------- */

struct new_version {
    enum pace_object_kind kind;
    const char *name, *text; /* text NULL: drop */
    uint32_t version;        /* of the object that is written */
    int64_t created_ns;      /* 0: now */
};

/* The newest version of an object so far; version 0 when there is none. */
static int find_newest(struct kv_txn *txn, const struct head *head, const struct new_version *new,
                       struct pace_error *error, struct object_record *newest)
{
    *newest = (struct object_record){.dropped = 1};
    for (uint64_t sequence = head->objects; sequence > 0; sequence--) {
        struct version version;
        int rc = load_version(txn, sequence, error, &version);
        if (rc) return rc;
        if (version.record.kind == (uint32_t) new->kind && strcmp(version.name, new->name) == 0) {
            *newest = version.record;
            break;
        }
    }
    return 0;
}

/* Writes version `new->version` behind the others. */
static int write_version(struct kv_txn *txn, struct head *head, const struct new_version *new,
                         struct pace_error *error)
{
    const char *text = new->text ? new->text : "";
    struct object_record record = {.created_ns = new->created_ns ? new->created_ns : head_now_ns(),
                                   .kind = (uint32_t) new->kind,
                                   .version = new->version,
                                   .dropped = !new->text,
                                   .name_len = (uint32_t)strlen(new->name),
                                   .text_len = (uint32_t)strlen(text)};
    size_t size = SEAL_BYTES + sizeof record + record.name_len + 1u + record.text_len + 1u;
    unsigned char *data = malloc(size);
    if (!data) return error_memory(error);
    unsigned char *at = data + SEAL_BYTES + sizeof record;
    memcpy(data + SEAL_BYTES, &record, sizeof record);
    memcpy(at, new->name, record.name_len + 1u);
    memcpy(at + record.name_len + 1u, text, record.text_len + 1u);
    struct key key = key_object(++head->objects);
    seal_close(data, size, key.bytes, key.len);
    int rc = kv_put(txn, &key, data, size, error);
    free(data);
    return rc ? rc : head_store(txn, head, error);
}

static int append_version(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct new_version *new = context;
    struct head head;
    struct object_record newest;
    int rc = head_load(txn, error, &head);
    if (!rc) rc = find_newest(txn, &head, new, error, &newest);
    if (rc) return rc;
    if (!new->text && newest.dropped)
        return error_set(error, PACE_ENOTFOUND, "no saved object '%.200s' to drop", new->name);
    new->version = newest.version + 1;
    return write_version(txn, &head, new, error);
}

static int check_version(const struct new_version *new, struct pace_error *error)
{
    if (new->kind < PACE_OBJECT_LET || new->kind > PACE_OBJECT_TAG)
        return error_set(error, PACE_EMISUSE, "%d is not a kind of saved object", (int)new->kind);
    int rc = name_check(new->name, new->name ? strlen(new->name) : 0, "saved object", error);
    if (rc || !new->text) return rc;
    size_t len = strlen(new->text);
    if (len > PACE_MAX_OBJECT) return ERROR_LIMIT(error, PACE_MAX_OBJECT, "the definition");
    const char *problem = text_problem(new->text, len, TEXT_LINES);
    return problem ? error_set(error, PACE_EVALUE, "the definition: %s", problem) : 0;
}

int pace_object_put(pace *store, enum pace_object_kind kind, const char *name, const char *text,
                    struct pace_error *error, uint32_t *version)
{
    struct new_version new = {.kind = kind, .name = name, .text = text};
    int rc = check_version(&new, error);
    if (!rc) rc = store_write(store, 1, append_version, &new, error);
    if (!rc && version) *version = new.version;
    return rc;
}

struct restore {
    struct new_version new;
    int added;
};

/* The same version, when it is here: *same tells whether it is the same in all. */
static int find_same(struct kv_txn *txn, const struct head *head, const struct new_version *new,
                     struct pace_error *error, int *found, int *same)
{
    struct version version;
    *found = 0;
    for (uint64_t sequence = 1; sequence <= head->objects && !*found; sequence++) {
        int rc = load_version(txn, sequence, error, &version);
        if (rc) return rc;
        *found = version.record.kind == (uint32_t) new->kind &&version.record.version ==
                 new->version &&strcmp(version.name, new->name) == 0;
    }
    *same = *found && version.record.dropped == !new->text &&
            (!new->text || strcmp(version.text, new->text) == 0);
    return 0;
}

static int restore_version(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct restore *restore = context;
    const struct new_version *new = &restore->new;
    struct head head;
    struct object_record newest;
    int found = 0, same = 0;
    int rc = head_load(txn, error, &head);
    if (!rc) rc = find_same(txn, &head, new, error, &found, &same);
    if (rc || same) return rc;
    if (found)
        return error_set(error, PACE_ECONFLICT,
                         "version %u of '%.200s' is here already, with another definition",
                         (unsigned)new->version, new->name);
    rc = find_newest(txn, &head, new, error, &newest);
    if (rc) return rc;
    if (new->version != newest.version + 1)
        return error_set(
            error, PACE_ECONFLICT,
            "version %u of '%.200s' cannot follow version %u, which is the newest here",
            (unsigned)new->version, new->name, (unsigned)newest.version);
    restore->added = 1;
    return write_version(txn, &head, new, error);
}

int pace_object_restore(pace *store, const struct pace_object *version, struct pace_error *error,
                        int *added)
{
    struct restore restore = {.new = {version->kind, version->name, version->text, version->version,
                                      version->created_ns}};
    int rc = check_version(&restore.new, error);
    if (!rc) rc = store_write(store, 1, restore_version, &restore, error);
    if (!rc && added) *added = restore.added;
    return rc;
}

/* -- reading --------------------------------------------------------------------------------- */

/* By kind and name, the newest first. */
static int by_name(const void *a, const void *b)
{
    const struct version *left = a, *right = b;
    if (left->record.kind != right->record.kind)
        return left->record.kind < right->record.kind ? -1 : 1;
    int order = strcmp(left->name, right->name);
    if (order) return order;
    return left->record.version > right->record.version ? -1 : 1;
}

static struct pace_object object_of(const struct version *version)
{
    return (struct pace_object){.kind = (enum pace_object_kind)version->record.kind,
                                .name = version->name,
                                .text = version->record.dropped ? NULL : version->text,
                                .version = version->record.version,
                                .created_ns = version->record.created_ns};
}

static size_t keep_newest(const struct version *versions, size_t total, struct pace_object *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < total; i++) {
        const struct version *version = &versions[i];
        if (i && version->record.kind == version[-1].record.kind &&
            strcmp(version->name, version[-1].name) == 0)
            continue;
        if (version->record.dropped) continue;
        out[kept++] = object_of(version);
    }
    return kept;
}

/* All versions, as they were written, and room for as many objects. */
static int load_versions(pace_snapshot *snapshot, struct pace_error *error, struct version **out,
                         struct pace_object **list)
{
    size_t total = (size_t)snapshot->head.objects;
    struct version *versions = arena_array(&snapshot->arena, total, sizeof *versions);
    *list = arena_array(&snapshot->arena, total, sizeof **list);
    if (!versions || !*list) return error_memory(error);
    for (size_t i = 0; i < total; i++) {
        int rc = load_version(snapshot->txn, i + 1, error, &versions[i]);
        if (rc) return rc;
    }
    *out = versions;
    return 0;
}

int pace_object_versions(pace_snapshot *snapshot, struct pace_error *error,
                         const struct pace_object **versions, size_t *count)
{
    struct version *all;
    struct pace_object *list;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = load_versions(snapshot, error, &all, &list);
    if (rc) return rc;
    *count = (size_t)snapshot->head.objects;
    for (size_t i = 0; i < *count; i++)
        list[i] = object_of(&all[i]);
    *versions = list;
    return 0;
}

int pace_objects(pace_snapshot *snapshot, struct pace_error *error,
                 const struct pace_object **objects, size_t *count)
{
    struct version *versions;
    struct pace_object *list;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = load_versions(snapshot, error, &versions, &list);
    if (rc) return rc;
    size_t total = (size_t)snapshot->head.objects;
    qsort(versions, total, sizeof *versions, by_name);
    *count = keep_newest(versions, total, list);
    *objects = list;
    return 0;
}
