/* series.c -- see series.h. */
#include "series.h"

#include <math.h>

static uint64_t random_state;

double uniform(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

void seed(uint64_t value)
{
    random_state = (value + 1) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 8; i++)
        (void)uniform();
}

const char *const family_names[FAMILY_COUNT] = {
    "gauss",  "ar 0.3", "ar 0.6",     "log-normal", "t3",       "spikes", "bimodal",   "quantised",
    "hetero", "bursts", "excursions", "changing",   "zero mad", "drift",  "two modes", "shared"};

void noise_ar(double *x, size_t n, double rho)
{
    double value = normal();
    for (size_t i = 0; i < n; i++) {
        x[i] = value;
        value = rho * value + sqrt(1 - rho * rho) * normal();
    }
}

/* Runs of `least` to `most` points that lie apart by `low` to `high`, about one in 150 points. */
static void add_runs(double *x, size_t n, int least, int most, double low, double high)
{
    for (size_t i = 0; i < n; i++) {
        if (uniform() > 1.0 / 150) continue;
        size_t length = (size_t)least + (size_t)(uniform() * (most - least + 1));
        double height = low + (high - low) * uniform();
        for (size_t k = i; k < i + length && k < n; k++)
            x[k] += height * (0.9 + 0.2 * uniform());
        i += length;
    }
}

static void noise_plain(double *x, size_t n, enum family family)
{
    const double a = 0.6, mean = exp(a * a / 2), sd = sqrt((exp(a * a) - 1) * exp(a * a));
    double mode = uniform() < 0.5;
    for (size_t i = 0; i < n; i++) {
        double g = normal();
        switch (family) {
        case LOGNORMAL: x[i] = (exp(a * g) - mean) / sd; break;
        case T3: {
            double p = normal(), q = normal(), r = normal();
            x[i] = g / sqrt((p * p + q * q + r * r) / 3) / sqrt(3);
            break;
        }
        case SPIKES: x[i] = g + (uniform() < 0.02 ? 8 + 4 * uniform() : 0); break;
        case BIMODAL: x[i] = 0.5 * g + (uniform() < 0.3 ? 1.5 : -0.64); break;
        case QUANTISED: x[i] = round(g); break;
        case HETERO: x[i] = g * (i < n / 2 ? 0.6 : 1.4); break;
        case CHANGING: x[i] = g * (i < n / 3 ? 0.4 : i < 2 * n / 3 ? 2 : 0.8); break;
        case ZERO_MAD: x[i] = uniform() < 0.15 ? round(2 * g) : 0; break;
        case TWO_MODES: /* the machine stays in one of two modes for a while */
            if (uniform() < 0.3) mode = uniform() < 0.5;
            x[i] = 0.5 * g + (mode > 0 ? 0.8 : -0.8);
            break;
        default: x[i] = g; break;
        }
    }
}

void noise_make(double *x, size_t n, enum family family)
{
    if (family == AR03 || family == AR06)
        noise_ar(x, n, family == AR03 ? 0.3 : 0.6);
    else
        noise_plain(x, n, family);
    if (family == BURSTS) add_runs(x, n, 2, 6, 6, 20);
    if (family == EXCURSIONS) add_runs(x, n, 3, 5, 1500, 5000);
}

void series_make(struct series *s, enum family family, size_t n, bool changed)
{
    static const double sizes[] = {1, 1.5, 2, 3, 5};
    s->family = family;
    s->n = n;
    s->changes = 0;
    noise_make(s->x, n, family);
    size_t want = changed ? 1 + (size_t)(uniform() * fmax(1, (double)(n / 75))) : 0;
    for (int tries = 0; s->changes < want && tries < 1000; tries++) {
        size_t at = 15 + (size_t)(uniform() * (double)(n - 30)), i = s->changes;
        if (family == SHARED) at = 20 + at / 40 * 40;
        bool free = at + 15 <= n;
        for (size_t k = 0; k < s->changes; k++)
            free &= at >= s->change[k] + 15 || at + 15 <= s->change[k];
        if (!free) continue;
        for (; i > 0 && s->change[i - 1] > at; i--)
            s->change[i] = s->change[i - 1];
        s->change[i] = at;
        s->changes++;
    }
    double level = 100;
    for (size_t i = 0, next = 0; i < n; i++) {
        if (next < s->changes && i == s->change[next]) {
            level += (uniform() < 0.5 ? -1 : 1) * sizes[(size_t)(uniform() * 5)];
            next++;
        }
        /* A drift of 2 deviations, half of a change, over 200 points. */
        s->x[i] += level + (family == DRIFT ? sin((double)i / 200) : 0);
    }
}
