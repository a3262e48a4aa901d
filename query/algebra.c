/* algebra.c -- see algebra.h. A unit is a factor and the powers of time (ns), size (B) and whatever
 * else it names. */
#include "algebra.h"

#include "strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OTHERS_MAX = 8, POWER_MAX = 9 };

struct powers {
    double factor;
    int time, size;
    struct {
        const char *name;
        size_t len;
        int power;
    } others[OTHERS_MAX];
    size_t count;
};

static bool add_other(struct powers *powers, const char *name, size_t len, int power)
{
    size_t i = 0;
    while (i < powers->count &&
           (powers->others[i].len != len || memcmp(powers->others[i].name, name, len) != 0))
        i++;
    if (i == OTHERS_MAX) return false;
    if (i == powers->count) {
        powers->others[i].name = name;
        powers->others[i].len = len;
        powers->others[i].power = 0;
        powers->count++;
    }
    powers->others[i].power += power;
    return true;
}

/* One unit of the table, to a power. */
static bool add_unit(struct powers *powers, const char *name, size_t len, int power)
{
    struct unit unit = unit_lookup(name, len);
    double factor = unit.factor;
    switch (unit.kind) {
    case UNIT_TIME: powers->time += power; break;
    case UNIT_SIZE: powers->size += power; break;
    case UNIT_BYTERATE: powers->size += power; __attribute__((fallthrough));
    case UNIT_RATE:
        powers->time -= power;
        factor /= 1e9;
        break;
    case UNIT_CUSTOM:
        if (len == 1 && *name == '1') return true;
        return add_other(powers, name, len, power);
    case UNIT_NONE:
    case UNIT_RATIO:
    case UNIT_COUNT:
    case UNIT_SD: break;
    }
    powers->factor *= pow(factor, power);
    return true;
}

/* ns, ops/s, ns*B, misses/s^2. */
static bool add_text(struct powers *powers, const char *text, int sign)
{
    size_t len = strlen(text);
    if (unit_lookup(text, len).kind != UNIT_CUSTOM || !strpbrk(text, "*/^"))
        return add_unit(powers, text, len, sign);
    for (bool below = false; *text;) {
        size_t part = strcspn(text, "*/"), name = part;
        int power = 1;
        if (part > 2 && text[part - 2] == '^' && text[part - 1] >= '2' && text[part - 1] <= '9') {
            power = text[part - 1] - '0';
            name = part - 2;
        }
        if (!add_unit(powers, text, name, below ? -sign * power : sign * power)) return false;
        text += part;
        below |= *text == '/';
        text += *text != 0;
    }
    return true;
}

static void put_power(struct strbuf *out, const char *name, size_t len, int power, size_t *parts,
                      char sign)
{
    if (power <= 0) return;
    if (*parts || sign == '/') strbuf_char(out, *parts || sign == '/' ? sign : '*');
    strbuf_bytes(out, name, len);
    if (power > 1) strbuf_printf(out, "^%d", power);
    (*parts)++;
}

/* The text of powers; *scale takes a value in base units to it. */
static const char *powers_text(struct arena *arena, const struct powers *powers, double *scale)
{
    struct strbuf out;
    size_t above = 0, below = 0;
    strbuf_init(&out, arena);
    put_power(&out, "ns", 2, powers->time, &above, '*');
    put_power(&out, "B", 1, powers->size, &above, '*');
    for (size_t i = 0; i < powers->count; i++)
        put_power(&out, powers->others[i].name, powers->others[i].len, powers->others[i].power,
                  &above, '*');
    bool under = powers->time < 0 || powers->size < 0;
    for (size_t i = 0; i < powers->count; i++)
        under |= powers->others[i].power < 0;
    if (!above && under) strbuf_char(&out, '1');
    put_power(&out, "s", 1, -powers->time, &below, '/');
    put_power(&out, "B", 1, -powers->size, &below, '/');
    for (size_t i = 0; i < powers->count; i++)
        put_power(&out, powers->others[i].name, powers->others[i].len, -powers->others[i].power,
                  &below, '/');
    *scale = powers->time < 0 ? pow(1e9, -powers->time) : 1;
    return strbuf_end(&out);
}

static bool in_range(const struct powers *powers)
{
    bool ok = abs(powers->time) <= POWER_MAX && abs(powers->size) <= POWER_MAX;
    for (size_t i = 0; i < powers->count; i++)
        ok = ok && abs(powers->others[i].power) <= POWER_MAX;
    return ok;
}

bool unit_combine(struct arena *arena, const char *left, const char *right, bool divide,
                  struct unit_product *out)
{
    struct powers a = {.factor = 1}, b = {.factor = 1}, all = {.factor = 1};
    double scale;
    if (!add_text(&a, left, 1) || !add_text(&b, right, 1) || !add_text(&all, left, 1) ||
        !add_text(&all, right, divide ? -1 : 1) || !in_range(&all))
        return false;
    out->unit = powers_text(arena, &all, &scale);
    out->left_factor = a.factor * scale;
    out->right_factor = b.factor;
    return out->unit != NULL;
}
