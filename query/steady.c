/* steady.c -- see steady.h. Points lie in arrays that slide. */
#include "steady.h"

#include "../engine/pace.h"
#include "grow.h"

#include <stdlib.h>
#include <string.h>

enum { HEADS = 1 << 13 };

void steady_free(struct steady *steady)
{
    free(steady->value);
    free(steady->time_ns);
    free(steady->commit);
    free(steady->place);
    free(steady->key);
    free(steady->heads);
    *steady = (struct steady){.reach = steady->reach};
}

/* What the table holds of points that are gone is out of reach. */
static void forget(struct steady *steady)
{
    steady->next += (uint32_t)steady->reach + 1;
}

void steady_reset(struct steady *steady)
{
    steady->count = 0;
    steady->dropped = 0;
    forget(steady);
}

/* Makes room for `count` more points: lets the oldest go, or grows. */
static bool make_room(struct steady *steady, size_t count)
{
    size_t kept = 2 * steady->reach, capacity = 2 * kept + 4 * (size_t)PACE_MAX_BATCH;
    if (!steady->heads) steady->heads = calloc(HEADS, sizeof *steady->heads);
    if (!steady->heads) return false;
    if (steady->capacity == 0) {
        if (!grow(&steady->value, capacity, sizeof *steady->value) ||
            !grow(&steady->time_ns, capacity, sizeof *steady->time_ns) ||
            !grow(&steady->commit, capacity, sizeof *steady->commit) ||
            !grow(&steady->place, capacity, sizeof *steady->place) ||
            !grow(&steady->key, capacity, sizeof *steady->key))
            return false;
        steady->capacity = capacity;
        forget(steady);
    }
    if (count <= steady->capacity - steady->count) return true;
    size_t gone = steady->count - kept;
    memmove(steady->value, steady->value + gone, kept * sizeof *steady->value);
    memmove(steady->time_ns, steady->time_ns + gone, kept * sizeof *steady->time_ns);
    memmove(steady->commit, steady->commit + gone, kept * sizeof *steady->commit);
    memmove(steady->place, steady->place + gone, kept * sizeof *steady->place);
    memmove(steady->key, steady->key + gone, kept * sizeof *steady->key);
    steady->dropped += gone;
    steady->count = kept;
    return true;
}

/* Whether one of the `reach` points before point i has its key. */
static bool comes_again(const struct steady *steady, size_t i)
{
    const uint32_t *key = steady->key;
    size_t first = i > steady->reach ? i - steady->reach : 0;
    for (size_t k = i; k > first; k--)
        if (key[k - 1] == key[i]) return true;
    return false;
}

/* Whether the points from `from` up to `end` all have keys of their own within reach. */
static bool are_apart(struct steady *steady, size_t from, size_t end)
{
    uint32_t *heads = steady->heads, reach = (uint32_t)steady->reach, next = steady->next;
    const uint32_t *key = steady->key;
    bool apart = true;
    for (size_t i = from; i < end; i++, next++) {
        uint32_t *head = &heads[(key[i] >> 1) % HEADS], before = *head;
        *head = next;
        if (next - before <= reach && key[i] && comes_again(steady, i)) {
            apart = false;
            break;
        }
    }
    steady->next = next;
    return apart;
}

int steady_add(struct steady *steady, const struct steady_rows *rows, bool *added)
{
    *added = false;
    if (!make_room(steady, rows->count)) return PACE_ENOMEM;
    size_t from = steady->count, count = rows->count;
    memcpy(steady->key + from, rows->key, count * sizeof *rows->key);
    if (!are_apart(steady, from, from + count)) return 0;
    memcpy(steady->value + from, rows->value, count * sizeof *rows->value);
    memcpy(steady->time_ns + from, rows->time_ns, count * sizeof *rows->time_ns);
    if (rows->commit)
        memcpy(steady->commit + from, rows->commit, count * sizeof *rows->commit);
    else
        memset(steady->commit + from, 0, count * sizeof *steady->commit);
    if (rows->place) memcpy(steady->place + from, rows->place, count * sizeof *rows->place);
    steady->count += count;
    *added = true;
    return 0;
}
