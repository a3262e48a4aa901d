"""make_pairs.py -- writes the reference vectors of test_pair.c: python3 make_pairs.py DIRECTORY (needs
scipy and numpy).

Lines: a kind, x, y (values with commas between), then what is expected. Kinds: `rank` U, two-sided p
by counting all ways to choose x among both (conditional on the ties); `rank_normal` the same by
scipy's asymptotic method; `welch` p, degrees of freedom; `ks` distance, p by counting all ways;
`ks_normal` distance and scipy's asymptotic p; `shift` Hodges and Lehmann's shift and its 95 % interval
from all differences and the exact distribution of U; `fdr` p (no y), then q."""
import itertools
import random
import sys

import numpy
import scipy
from scipy import stats

random.seed(20251122)
out = open(f"{sys.argv[1]}/pairs.tsv", "w")
out.write(f"# scipy {scipy.__version__}, numpy {numpy.__version__}, by make_pairs.py\n")


def row(kind, x, y, *expected):
    lists = [",".join(repr(float(v)) for v in values) for values in (x, y)]
    out.write("\t".join([kind] + lists + [repr(float(v)) for v in expected]) + "\n")


def u_of(x, y):
    return sum((a > b) + (a == b) / 2 for a in x for b in y)


def distance(x, y):
    return max(abs(sum(a <= v for a in x) / len(x) - sum(b <= v for b in y) / len(y)) for v in x + y)


def ways(x, y):
    both, places = x + y, range(len(x) + len(y))
    for chosen in itertools.combinations(places, len(x)):
        kept = set(chosen)
        yield [both[i] for i in chosen], [both[i] for i in places if i not in kept]


def exact(x, y):
    u, d, both = u_of(x, y), distance(x, y), list(ways(x, y))
    us = [u_of(a, b) for a, b in both]
    tail = sum(v <= u for v in us) if u <= len(x) * len(y) / 2 else sum(v >= u for v in us)
    ds = sum(distance(a, b) >= d - 1e-9 for a, b in both)
    return u, min(1, 2 * tail / len(us)), d, ds / len(both)


def sample(n, levels=None, shift=0.0):
    values = [random.gauss(100 + shift, 4) for _ in range(n)]
    return [float(round(v / levels) * levels) for v in values] if levels else values


def cut(nx, ny, tail):
    """The largest c with P(U <= c) <= tail, or -1."""
    counts = [0] * (nx * ny + 1)
    for chosen in itertools.combinations(range(nx + ny), nx):
        counts[sum(chosen) - nx * (nx - 1) // 2] += 1
    total, so_far, c = sum(counts), 0, -1
    for u, count in enumerate(counts):
        so_far += count
        if so_far / total > tail:
            return c
        c = u
    return c


for nx, ny in ((1, 1), (2, 3), (3, 3), (4, 4), (5, 5), (4, 7), (7, 4), (6, 6), (8, 5), (3, 10)):
    for levels in (None, 2, 6):
        for shift in (0, 6):
            x, y = sample(nx, levels), sample(ny, levels, shift)
            u, p, d, ks = exact(x, y)
            row("rank", x, y, u, p)
            row("ks", x, y, d, ks)
for nx, ny in ((60, 70), (12, 200), (30, 30), (26, 40)):
    for levels in (2, 6):
        x, y = sample(nx, levels), sample(ny, levels, 1)
        p = stats.mannwhitneyu(x, y, method="asymptotic", use_continuity=True).pvalue
        row("rank_normal", x, y, u_of(x, y), p)
for nx, ny in ((20, 20), (50, 50), (10, 35)):
    x, y = sample(nx), sample(ny, shift=1)
    row("rank", x, y, u_of(x, y), stats.mannwhitneyu(x, y, method="exact").pvalue)
    row("ks", x, y, distance(x, y), stats.ks_2samp(x, y, method="exact").pvalue)
for n in (150, 400):
    x, y = sample(n), sample(n, shift=0.4)
    d = distance(x, y)
    row("ks_normal", x, y, d, stats.kstwobign.sf(d * (n * n / (2 * n)) ** 0.5))
for nx, ny in ((2, 2), (3, 9), (10, 10), (40, 25)):
    for scale in (1, 5):
        x = sample(nx)
        y = [100 + (v - 100) * scale for v in sample(ny, shift=2)]
        test = stats.ttest_ind(x, y, equal_var=False)
        row("welch", x, y, test.pvalue, test.df)
for nx, ny in ((3, 3), (4, 4), (5, 6), (8, 8), (10, 7)):
    for levels in (None, 3):
        x, y = sample(nx, levels), sample(ny, levels, 3)
        differences = sorted(b - a for a in x for b in y)
        c = cut(nx, ny, 0.025)
        low = differences[c] if c >= 0 else -numpy.inf
        high = differences[nx * ny - 1 - c] if c >= 0 else numpy.inf
        row("shift", x, y, numpy.median(differences), low, high)
p = [random.random() ** 3 for _ in range(12)] + [0.01, 0.01, 1.0]
row("fdr", p, [], *stats.false_discovery_control(p))
