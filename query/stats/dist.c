/* dist.c -- special functions and distributions on libm; see dist.h.
 *
 * The incomplete beta function needs x^a y^b / B(a, b). Gamma functions of large a and b lose as
 * many digits as their logarithm has before the point, so that factor is written as a binomial
 * density in the form of Loader (2000), "Fast and accurate computation of binomial probabilities":
 * Stirling's errors and deviances, which stay small. x and y = 1 - x are passed side by side, so
 * that neither loses digits where the other is near 1. Cost: some 10 to 100 steps of a continued
 * fraction; a quantile takes 2 to 6 of these. */
#include "dist.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define LN_SQRT_2PI 0.91893853320467274178
#define TWO_PI      6.2831853071795864769
#define SQRT_PI     1.7724538509055160273
#define SQRT_HALF   0.70710678118654752440

/* -- gamma and beta ---------------------------------------------------------------------------- */

double log_gamma(double x)
{
    int sign; /* lgamma() itself writes the global signgam */
    return x > 0 ? lgamma_r(x, &sign) : (double)NAN;
}

/* ln z! - ln(sqrt(2 pi z) (z/e)^z), z > 0, to an ulp of 1: the series of Abramowitz and
 * Stegun 6.1.41 from 10 up, which smaller z reach by steps of 1; below 3 the logarithm itself is
 * small. */
static double stirling_error(double z)
{
    static const double series[] = {1.0 / 12,   -1.0 / 360,      1.0 / 1260, -1.0 / 1680,
                                    1.0 / 1188, -691.0 / 360360, 1.0 / 156,  -3617.0 / 122400};
    enum { TERMS = sizeof series / sizeof series[0] };
    if (z < 3) return log_gamma(z + 1) - (z + 0.5) * log(z) + z - LN_SQRT_2PI;
    double steps = 0;
    for (; z < 10; z += 1)
        steps += (z + 0.5) * log1p(1 / z) - 1;
    double inverse = 1 / z, square = inverse * inverse, sum = 0;
    for (int i = TERMS - 1; i >= 0; i--)
        sum = sum * square + series[i];
    return sum * inverse + steps;
}

/* k ln(k / m) + m - k, where m = k + delta; m and delta are both given because the rounding of one
 * must not reach the other. */
static double deviance(double k, double m, double delta)
{
    double u = delta / k;
    if (fabs(u) > 0.5) return delta - k * log(m / k);
    /* u - ln(1 + u) by the series of artanh at r = u / (2 + u). */
    double r = u / (2 + u), square = r * r, power = square, sum = 0;
    for (int i = 3; power > DBL_EPSILON * 1e-2; i += 2) {
        sum += power / i;
        power *= square;
    }
    return k * (r * (u - 2 * sum));
}

/* Arguments of the incomplete beta function, y = 1 - x. */
struct beta {
    double a, b, x, y;
};

/* (a + b) x - a, from the smaller of x and y. */
static double beta_excess(const struct beta *at)
{
    double n = at->a + at->b;
    return at->x <= at->y ? n * at->x - at->a : at->b - n * at->y;
}

/* x^a y^b / B(a, b). */
static double beta_power(const struct beta *at)
{
    double n = at->a + at->b, excess = beta_excess(at);
    double log_density = stirling_error(n) - stirling_error(at->a) - stirling_error(at->b) -
                         deviance(at->a, n * at->x, excess) - deviance(at->b, n * at->y, -excess);
    return sqrt(at->a / n * at->b / TWO_PI) * exp(log_density);
}

/* The continued fraction of DiDonato and Morris (1992), TOMS 708, equation 9, by the modified Lentz
 * method: I_x(a, b) = x^a y^b / B(a, b) / fraction. Converges fast for x below the mean. */
static double beta_fraction(const struct beta *at)
{
    enum { STEPS_MAX = 200000 };
    const double tiny = 1e-300;
    double a = at->a, b = at->b, x = at->x, excess = beta_excess(at);
    double f = a * (1 - excess) / (a + 1);
    if (f == 0) f = tiny;
    double c = f, d = 0;
    for (int m = 1; m <= STEPS_MAX; m++) {
        double odd = a + 2.0 * m - 1;
        double numerator = (a + m - 1) / odd * ((a + b + m - 1) / odd) * m * (b - m) * x * x;
        double denominator =
            m + m * (b - m) * x / odd + (a + m) / (odd + 2) * (1 - excess + m * (1 + at->y));
        d = denominator + numerator * d;
        if (d == 0) d = tiny;
        c = denominator + numerator / c;
        if (c == 0) c = tiny;
        d = 1 / d;
        f *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON) return f;
    }
    return (double)NAN;
}

/* True where the fraction of (a, b, x) converges fast; else that of (b, a, y) does. */
static bool beta_is_left(const struct beta *at)
{
    double n = at->a + at->b + 2;
    return at->x <= at->y ? at->x * n < at->a + 1 : at->y * n > at->b + 1;
}

static struct beta beta_swap(const struct beta *at)
{
    return (struct beta){.a = at->b, .b = at->a, .x = at->y, .y = at->x};
}

/* I_x(a, b), and x^a y^b / B(a, b). */
static double beta_regularised(const struct beta *at, double *power)
{
    bool left = beta_is_left(at);
    struct beta side = left ? *at : beta_swap(at);
    *power = beta_power(&side);
    double ratio = *power > 0 ? *power / beta_fraction(&side) : 0;
    return left ? ratio : 1 - ratio;
}

double beta_incomplete(double a, double b, double x)
{
    if (!(a > 0 && b > 0 && x >= 0 && x <= 1 && isfinite(a) && isfinite(b))) return (double)NAN;
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double power;
    return beta_regularised(&(struct beta){a, b, x, 1 - x}, &power);
}

/* -- normal ------------------------------------------------------------------------------------ */

double normal_cdf(double x)
{
    return 0.5 * erfc(-x * SQRT_HALF);
}

double normal_upper(double x)
{
    return 0.5 * erfc(x * SQRT_HALF);
}

static double polynomial(const double c[8], double x)
{
    double sum = c[7];
    for (int i = 6; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

/* Wichura (1988), algorithm AS 241, PPND16. `tail` = min(p, 1 - p), q = p - 1/2. */
static double wichura(double q, double tail)
{
    static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                               1.9715909503065514427e3, 1.3731693765509461125e4,
                               4.5921953931549871457e4, 6.7265770927008700853e4,
                               3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[] = {1.0,
                               4.2313330701600911252e1,
                               6.8718700749205790830e2,
                               5.3941960214247511077e3,
                               2.1213794301586595867e4,
                               3.9307895800092710610e4,
                               2.8729085735721942674e4,
                               5.2264952788528545610e3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                               5.76949722146069140550e0,  3.64784832476320460504e0,
                               1.27045825245236838258e0,  2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1.0,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(a, r) / polynomial(b, r);
    }
    double r = sqrt(-log(tail));
    double x = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6)
                      : polynomial(e, r - 5) / polynomial(f, r - 5);
    return q < 0 ? -x : x;
}

double normal_quantile(double p)
{
    if (!(p > 0 && p < 1)) return (double)NAN;
    double q = p - 0.5, tail = q < 0 ? p : 1 - p;
    double x = wichura(q, tail);
    if (fabs(q) <= 0.425) return x;
    /* One Newton step on the logarithm of the tail; near the centre it would only add noise. */
    double distance = fabs(x), upper = normal_upper(distance);
    if (!(upper > DBL_MIN)) return x;
    double hazard = exp(-0.5 * distance * distance - LN_SQRT_2PI) / upper;
    return copysign(distance + log(upper / tail) / hazard, x);
}

/* -- Student's t ------------------------------------------------------------------------------- */

/* Beyond this t differs from the normal by less than an ulp anywhere. */
#define DF_NORMAL 1e20
/* Where t^2 / df is over this, the first term of the tail is all of it. */
#define RATIO_FAR 1e20

/* P(T > t) is about far(df) (t / sqrt df)^-df; 1 / (df B(df/2, 1/2)). */
static double t_far_factor(double df)
{
    double a = df / 2;
    double gammas =
        a < 100 ? tgamma(a + 0.5) / tgamma(a + 1) : exp(log_gamma(a + 0.5) - log_gamma(a + 1));
    return 0.5 * gammas / SQRT_PI;
}

/* Both sides of t > 0: P(T > t), P(0 < T < t), and t times the density at t. */
struct t_sides {
    double upper, central, slope;
};

static struct t_sides t_evaluate(double t, double df)
{
    double r = t / sqrt(df), square = r * r;
    if (square > RATIO_FAR) {
        double upper = t_far_factor(df) * pow(r, -df);
        return (struct t_sides){upper, 0.5 - upper, df * upper};
    }
    struct beta at = {.a = df / 2, .b = 0.5, .x = 1 / (1 + square), .y = square / (1 + square)};
    struct t_sides out;
    if (beta_is_left(&at)) {
        out.upper = 0.5 * beta_regularised(&at, &out.slope);
        out.central = 0.5 - out.upper;
    } else {
        at = beta_swap(&at);
        out.central = 0.5 * beta_regularised(&at, &out.slope);
        out.upper = 0.5 - out.central;
    }
    return out;
}

double t_upper(double t, double df)
{
    if (!(df > 0) || isnan(t)) return (double)NAN;
    if (df > DF_NORMAL) return normal_upper(t);
    if (isinf(t)) return t > 0 ? 0 : 1;
    if (t == 0) return 0.5;
    struct t_sides sides = t_evaluate(fabs(t), df);
    return t > 0 ? sides.upper : 0.5 + sides.central;
}

double t_cdf(double t, double df)
{
    return t_upper(-t, df);
}

/* A start: the normal quantile z, turned by Wallace's approximation (1959). */
static double t_start(double tail, double df)
{
    double z = -normal_quantile(tail) * (8 * df + 3) / (8 * df + 1);
    double exponent = z * z / df;
    if (exponent > 600) return sqrt(df) * exp(300);
    return sqrt(df * expm1(exponent));
}

/* t > 0 with P(T > t) = tail and P(0 < T < t) = central: Newton on the logarithm of the smaller one
 * over the logarithm of t, where both are close to straight lines, kept inside a bracket. */
static double t_solve(double tail, double central, double df)
{
    enum { STEPS_MAX = 200 };
    double low = 0, high = DBL_MAX, t = t_start(tail, df);
    if (!(t > 0)) t = DBL_MIN;
    for (int i = 0; i < STEPS_MAX; i++) {
        struct t_sides at = t_evaluate(t, df);
        bool by_tail = tail < central;
        double have = by_tail ? at.upper : at.central, want = by_tail ? tail : central;
        /* Positive where t is too small. */
        double gap = by_tail ? log(have / want) : log(want / have);
        if (gap == 0) return t;
        if (gap > 0)
            low = t;
        else
            high = t;
        double step = gap * have / at.slope;
        double next = t * exp(step);
        if (fabs(step) < 1e-9) return t + t * step; /* Newton doubles the digits */
        if (!(next > low && next < high)) next = low > 0 ? sqrt(low) * sqrt(high) : high * 1e-3;
        t = next;
    }
    return t;
}

double t_quantile(double p, double df)
{
    if (!(p > 0 && p < 1 && df > 0)) return (double)NAN;
    if (df > DF_NORMAL) return normal_quantile(p);
    double central = fabs(p - 0.5), tail = p < 0.5 ? p : 1 - p;
    if (central == 0) return 0;
    /* The far tail of a small df has a closed form, which may overflow to infinity. */
    double far = sqrt(df) * pow(tail / t_far_factor(df), -1 / df);
    double t = far > sqrt(df * RATIO_FAR) ? far : t_solve(tail, central, df);
    return p < 0.5 ? -t : t;
}
