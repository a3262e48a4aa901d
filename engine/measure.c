/* measure.c -- see measure.h. Units come from unit.h. */
#include "measure.h"
#include "store.h"
#include "unit.h"

#include <string.h>

int measure_load(struct kv_txn *txn, uint32_t project, uint32_t measure, struct pace_error *error,
                 struct measure *out)
{
    struct key key = key_measure(project, measure);
    struct kv_slice body;
    int rc = kv_get_optional(txn, &key, "the record of a measure", error, &body);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    *out = (struct measure){0};
    if (rc == PACE_ENOTFOUND) return 0;
    if (body.len < 1 || body.len > 1 + PACE_MAX_UNIT || body.data[0] > PACE_HIGHER_IS_BETTER)
        return error_damaged(error, "%s: the record of a measure", kv_path(txn));
    out->direction = body.data[0];
    memcpy(out->unit, body.data + 1, body.len - 1);
    return 0;
}

int measure_store(struct kv_txn *txn, uint32_t project, uint32_t measure,
                  const struct measure *value, struct pace_error *error)
{
    struct key key = key_measure(project, measure);
    unsigned char body[1 + PACE_MAX_UNIT];
    size_t len = strlen(value->unit);
    body[0] = value->direction;
    memcpy(body + 1, value->unit, len);
    return kv_put_struct(txn, &key, body, 1 + len, error);
}

int measure_complete(struct kv_txn *txn, uint32_t measure, struct pace_error *error,
                     struct measure *own)
{
    struct measure every;
    if (own->unit[0] && own->direction != PACE_DIRECTION_UNKNOWN) return 0;
    int rc = measure_load(txn, MEASURE_EVERY_PROJECT, measure, error, &every);
    if (rc) return rc;
    if (own->unit[0] == 0) memcpy(own->unit, every.unit, sizeof own->unit);
    if (own->direction == PACE_DIRECTION_UNKNOWN) own->direction = every.direction;
    return 0;
}

int measure_resolve(struct kv_txn *txn, uint32_t project, uint32_t measure,
                    struct pace_error *error, struct measure *out)
{
    int rc = measure_load(txn, project, measure, error, out);
    return rc ? rc : measure_complete(txn, measure, error, out);
}

int measure_check_unit(const char *unit, struct pace_error *error)
{
    size_t len = strlen(unit);
    if (len > PACE_MAX_UNIT) return ERROR_LIMIT(error, PACE_MAX_UNIT, "the unit");
    const char *problem = text_problem(unit, len, TEXT_LINE);
    if (problem) return error_set(error, PACE_ENAME, "not a valid unit: %s", problem);
    return 0;
}

int measure_rescale(const char *from, const char *to, struct rescale *out)
{
    double forward, back;
    if (strcmp(from, to) == 0) {
        *out = (struct rescale){.multiply = 1, .divide = 1};
        return 0;
    }
    if (unit_convert(from, to, &forward) || unit_convert(to, from, &back)) return -1;
    *out = forward < 1 ? (struct rescale){.multiply = 1, .divide = back}
                       : (struct rescale){.multiply = forward, .divide = 1};
    return 0;
}

/* -- setting it by hand ---------------------------------------------------------------------- */

struct setting {
    struct pace *store;
    const char *project, *measure, *unit;
    enum pace_direction direction;
};

static int setting_name(struct kv_txn *txn, const struct setting *setting, struct head *head,
                        enum pace_dimension dimension, const char *name, struct pace_error *error,
                        uint32_t *id)
{
    size_t len = strlen(name);
    struct text text = {.text = name, .len = (uint32_t)len, .hash = text_hash(name, len)};
    return catalogue_name(&setting->store->catalogue, txn, head, dimension, &text, error, id);
}

static int apply_setting(struct kv_txn *txn, void *context, struct pace_error *error)
{
    const struct setting *setting = context;
    uint32_t project = MEASURE_EVERY_PROJECT, measure = 0;
    struct measure value;
    struct head head;
    struct rescale rescale;
    int rc = head_load(txn, error, &head);
    if (!rc && setting->project)
        rc = setting_name(txn, setting, &head, PACE_PROJECT, setting->project, error, &project);
    if (!rc)
        rc = setting_name(txn, setting, &head, PACE_MEASURE, setting->measure, error, &measure);
    if (!rc) rc = measure_load(txn, project, measure, error, &value);
    if (rc) return rc;
    if (setting->unit[0]) {
        if (project != MEASURE_EVERY_PROJECT && value.unit[0] &&
            measure_rescale(setting->unit, value.unit, &rescale))
            return error_set(
                error, PACE_EUNIT,
                "measure '%.200s' is in %s; %s is of another kind, and cannot replace it",
                setting->measure, value.unit, setting->unit);
        /* A project's values are stored in its unit, which therefore stays; a default may
         * change. */
        if (value.unit[0] == 0 || project == MEASURE_EVERY_PROJECT)
            memcpy(value.unit, setting->unit, strlen(setting->unit) + 1);
    }
    if (setting->direction) value.direction = (uint8_t)setting->direction;
    rc = measure_store(txn, project, measure, &value, error);
    return rc ? rc : head_store(txn, &head, error);
}

int pace_measure_put(pace *store, const char *project, const char *measure, const char *unit,
                     enum pace_direction direction, struct pace_error *error)
{
    struct setting setting = {.store = store,
                              .project = project,
                              .measure = measure,
                              .unit = unit ? unit : "",
                              .direction = direction};
    int rc = project ? name_check(project, strlen(project), "project", error) : 0;
    if (!rc) rc = name_check(measure, measure ? strlen(measure) : 0, "measure", error);
    if (!rc) rc = measure_check_unit(setting.unit, error);
    if (!rc && (unsigned)direction > PACE_HIGHER_IS_BETTER)
        rc = error_set(error, PACE_EVALUE, "%.200s: not a direction", measure);
    return rc ? rc : store_write(store, 1, apply_setting, &setting, error);
}

static int apply_drop(struct kv_txn *txn, void *context, struct pace_error *error)
{
    const struct setting *setting = context;
    struct head head;
    struct measure value;
    uint32_t measure = 0;
    int rc = head_load(txn, error, &head);
    if (!rc)
        rc = setting_name(txn, setting, &head, PACE_MEASURE, setting->measure, error, &measure);
    if (!rc) rc = measure_load(txn, MEASURE_EVERY_PROJECT, measure, error, &value);
    if (rc) return rc;
    /* A failed transaction leaves nothing behind, not even a name that was new. */
    if (!value.unit[0] && !value.direction)
        return error_set(error, PACE_ENOTFOUND, "nothing was set for a measure '%.200s'",
                         setting->measure);
    struct key key = key_measure(MEASURE_EVERY_PROJECT, measure);
    return kv_delete(txn, &key, error);
}

int pace_measure_drop(pace *store, const char *measure, struct pace_error *error)
{
    struct setting setting = {.store = store, .measure = measure};
    int rc = name_check(measure, measure ? strlen(measure) : 0, "measure", error);
    return rc ? rc : store_write(store, 0, apply_drop, &setting, error);
}
