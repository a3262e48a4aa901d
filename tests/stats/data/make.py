"""make.py -- writes the reference grids of test_dist.c: python3 make.py DIRECTORY (needs mpmath).

Arguments are binary doubles, printed so that they read back as the same number; results are computed
from exactly those with 50 digits and printed with 22. Tails of t come from the incomplete beta
function by its hypergeometric series where that converges, else from integrating the density; both
are compared where both work. Lower tails below 1e-300 are left out."""
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 50
SMALLEST = mpf(10) ** -300


def write(name, columns, rows):
    with open(f"{sys.argv[1]}/{name}.tsv", "w") as out:
        out.write(f"# mpmath {mpmath.__version__}, {mp.dps} digits, by make.py\n")
        out.write("# " + "\t".join(columns) + "\n")
        for row in rows:
            cells = [repr(v) if isinstance(v, float) else mp.nstr(v, 22) for v in row]
            out.write("\t".join(cells) + "\n")


def normal_upper(x):
    return mpmath.erfc(mpf(x) / mp.sqrt(2)) / 2


def solve(f, low, high):
    """The root of an increasing f on a logarithmic scale: bisection, then secants."""
    low, high = mpf(low), mpf(high)
    for _ in range(30):
        middle = (low + high) / 2
        if f(mp.exp(middle)) > 0:
            high = middle
        else:
            low = middle
    return mp.exp(mpmath.findroot(lambda s: f(mp.exp(s)), (low, high), solver="anderson", tol=1e-70,
                                  verify=False, maxsteps=60))


def normal_quantile(p):
    p = mpf(p)
    if p == 0.5:
        return mpf(0)
    tail = min(p, 1 - p)
    if tail > 0.2:
        x = solve(lambda x: mpmath.erf(x / mp.sqrt(2)) / 2 - (mpf(0.5) - tail), -60, 4)
    else:
        x = solve(lambda x: mp.log(tail / normal_upper(x)), -3, 4)
    return -x if p < 0.5 else x


def beta_series(a, b, x):
    """I_x(a, b) = x^a (1-x)^b / (a B(a, b)) 2F1(a + b, 1; a + 1; x), all terms positive."""
    a, b, x = mpf(a), mpf(b), mpf(x)
    front = a * mp.log(x) + b * mp.log(1 - x) - mp.log(a)
    front -= mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    term = total = mpf(1)
    k = 0
    while term > total * mpf(10) ** -(mp.dps + 3) or (a + b + k) * x > (a + 1 + k):
        term *= (a + b + k) / (a + 1 + k) * x
        total += term
        k += 1
    return mp.exp(front) * total


def beta(a, b, x):
    a, b, x = mpf(a), mpf(b), mpf(x)
    if x < a / (a + b):
        return beta_series(a, b, x)
    return 1 - beta_series(b, a, 1 - x)


def t_density(t, df):
    front = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2
    return mp.exp(front - (df + 1) / 2 * mp.log1p(t * t / df))


def t_central(t, df):
    """P(0 < T < t)."""
    t, df = mpf(t), mpf(df)
    y = t * t / (df + t * t)
    if y < mpf("0.9"):
        return beta_series(mpf(1) / 2, df / 2, y) / 2
    return mpf(1) / 2 - beta_series(df / 2, mpf(1) / 2, df / (df + t * t)) / 2


def t_integral(t, df):
    """The tail by integrating the density over 60 pieces in each of which it falls by e^-2 or so.

    It is divided by its value at t, because the quadrature stops at an absolute error."""
    mp.dps += 10
    width = 2 * (df + t * t) / ((df + 1) * t)
    points = [t + width * k for k in range(0, 61)] + [mp.inf]
    height = t_density(t, df)
    result = height * mpmath.quad(lambda u: t_density(u, df) / height, points)
    mp.dps -= 10
    return +result


def t_upper(t, df):
    t, df = mpf(t), mpf(df)
    x = df / (df + t * t)
    if t < 1:
        return mpf(1) / 2 - t_central(t, df)
    if x < mpf("0.999"):
        return beta_series(df / 2, mpf(1) / 2, x) / 2
    return t_integral(t, df)


def t_quantile(p, df):
    """Newton on the logarithm of the smaller side over ln t, checked by its residual."""
    p, df = mpf(p), mpf(df)
    if p == 0.5:
        return mpf(0)
    tail, central = min(p, 1 - p), abs(p - mpf(1) / 2)
    z = abs(normal_quantile(p)) * (8 * df + 3) / (8 * df + 1)
    t = mp.sqrt(df * mp.expm1(z * z / df))
    for _ in range(60):
        if tail < 0.2:
            have = t_upper(t, df)
            step = mp.log(have / tail) * have / (t * t_density(t, df))
        else:
            have = t_central(t, df)
            step = mp.log(central / have) * have / (t * t_density(t, df))
        t *= mp.exp(step)
        if abs(step) < mpf(10) ** -16:
            break
    assert abs(step) < mpf(10) ** -16, (p, df)
    return -t if p < 0.5 else t


def check_methods():
    for df, t in ((24, 1.5), (200, 1.5), (200, 9.0), (1e4, 5.0), (1e4, 21.5)):
        t, df = mpf(t), mpf(df)
        series = beta_series(df / 2, mpf(1) / 2, df / (df + t * t)) / 2
        assert abs(series / t_integral(t, df) - 1) < mpf(10) ** -25, (df, t)


def main():
    check_methods()
    xs = [0.0, 1e-10, 0.001, 0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 6.0, 8.0, 12.0, 20.0, 30.0, 37.0]
    write("normal", ["x", "upper"], [(s * x, normal_upper(s * x)) for x in xs for s in (1.0, -1.0)])

    ps = [1e-300, 1e-200, 1e-100, 1e-50, 1e-20, 1e-12, 1e-8, 1e-5, 0.001, 0.01, 0.023, 0.05, 0.075,
          0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.49, 0.4999999, 0.5, 0.5000001, 0.6, 0.75, 0.85, 0.9, 0.925,
          0.95, 0.977, 0.99, 0.995, 0.999, 0.99999, 1 - 1e-10, 1 - 2.0 ** -52]
    write("normal_quantile", ["p", "x"], [(p, normal_quantile(p)) for p in ps])

    dfs = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 9.0, 24.0, 63.0, 99.5, 200.0, 1e4, 1e6, 1e8]
    ts = [1e-8, 0.001, 0.1, 0.5, 1.0, 1.5, 1.7, 2.0, 2.5, 3.0, 5.0, 10.0, 20.0, 36.0, 100.0, 1e4, 1e12,
          1e100, 1e200]
    rows = []
    for df in dfs:
        for t in ts:
            if df > 300 and t > 40 or df * mp.log(t) > 690:
                continue
            upper = t_upper(t, df)
            if upper > SMALLEST:
                rows.append((t, df, upper))
    write("t", ["t", "df", "upper"], rows)

    rows = []
    for df in dfs:
        for p in ps:
            if df == 0.5 and p < 1e-150:
                continue  # over the largest double
            rows.append((p, df, t_quantile(p, df)))
    write("t_quantile", ["p", "df", "t"], rows)

    shapes = [0.1, 0.5, 1.0, 2.0, 3.5, 10.0, 50.0, 300.0, 4000.0]
    rows = []
    for a in shapes:
        for b in shapes:
            mean = a / (a + b)
            sd = (a * b / (a + b + 1)) ** 0.5 / (a + b)
            points = [1e-5, 0.01, 0.25, 0.5, 0.75, 0.96875]
            points += [mean + k * sd for k in (-20, -8, -3, -1, 0, 1, 3, 8)]
            for x in sorted(set(points)):
                if 0 < x < 1:
                    value = beta(a, b, x)
                    if value > SMALLEST:
                        rows.append((a, b, x, value))
    write("beta", ["a", "b", "x", "I"], rows)

    zs = [1e-10, 0.001, 0.25, 0.5, 0.999, 1.0, 1.001, 1.5, 1.9999, 2.0, 2.001, 3.0, 7.5, 30.0, 171.5,
          1e4, 1e10, 1e100]
    write("log_gamma", ["x", "ln gamma"], [(z, mp.loggamma(mpf(z))) for z in zs])


main()
