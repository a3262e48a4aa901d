"""oracle.py -- windows, quantiles and groups against two evaluators that others wrote: SQLite's window
functions and Python's statistics module. Prints TAP.

   usage: oracle.py PACE DIRECTORY SEED
"""
import json
import math
import random
import sqlite3
import statistics
import subprocess
import sys

PACE, DIRECTORY, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3])
STORE = DIRECTORY + "/store"
START_S = 1700000000
DAY_S = 86400
ROUNDS = 12
LONG = 70000  # points; see query/stats/tail.c


def make_rows(rng):
    """Runs of one stream, hours to days apart, each of a commit of its own; cells may be absent."""
    rows, time_s = [], START_S
    for run in range(rng.randint(20, 220)):
        time_s += rng.randint(3600, 3 * DAY_S)
        for benchmark in ("a", "b", "c/d"):
            if rng.random() < 0.1:
                continue
            kind = rng.random()
            value = (rng.lognormvariate(3, 1) if kind < 0.5 else
                     float(rng.randint(-5, 5)) if kind < 0.7 else 1e6 + rng.random() if kind < 0.9 else
                     rng.uniform(-1e9, 1e9))
            rows.append({"project": "p", "branch": "main", "testbed": "t", "benchmark": benchmark,
                         "measure": "m", "unit": "ns", "time": time_s * 10**9,
                         "commit": "%08x%032x" % (rng.getrandbits(32), run), "value": value})
    return rows


def pace(query):
    done = subprocess.run([PACE, "--db", STORE, "query", query + " | as jsonl"], check=True,
                          capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def near(ours, theirs, scale):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-11 * scale)


def differ(what, ours, theirs, scale):
    """The first difference of two lists, as a text, or None."""
    if len(ours) != len(theirs):
        return "%s: %d rows, the oracle has %d" % (what, len(ours), len(theirs))
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if not near(a, b, scale):
            return "%s: row %d: %r, the oracle has %r" % (what, i, a, b)
    return None


def tables(rows):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE point (benchmark TEXT, time INTEGER, value REAL)")
    db.executemany("INSERT INTO point VALUES (?, ?, ?)",
                   [(r["benchmark"], r["time"], r["value"]) for r in rows])
    return db


def check_windows(db, rng, scale):
    """Windows of points before each one, in SQLite."""
    over = rng.randint(2, 40)
    needs = rng.randint(1, min(5, over))
    lag = rng.choice((1, 1, 1, 2, 5))
    ours = pace("measure:m | derive " + ", ".join(
        "%s = %s(value) over %d lag %d needs %d" % (name, function, over, lag, needs)
        for name, function in (("x_mean", "mean"), ("x_min", "min"), ("x_max", "max"),
                               ("x_sum", "sum"), ("x_n", "count"))))
    frame = "ROWS BETWEEN %d PRECEDING AND %d PRECEDING" % (over + lag - 1, lag)
    theirs = db.execute(
        "SELECT avg(value) OVER w, min(value) OVER w, max(value) OVER w, sum(value) OVER w,"
        " count(*) OVER w FROM point WINDOW w AS (PARTITION BY benchmark ORDER BY time %s)"
        " ORDER BY benchmark, time" % frame).fetchall()
    for i, name in enumerate(("x_mean", "x_min", "x_max", "x_sum", "x_n")):
        said = differ("%s over %d lag %d needs %d" % (name, over, lag, needs), [r[name] for r in ours],
                      [r[i] if r[4] >= needs else None for r in theirs], scale)
        if said:
            return said
    return None


def check_order(rows, rng, scale):
    """Order statistics and deviations of windows, in Python."""
    over = rng.choice((2, 3, 9, 30, 64))
    percent = rng.randint(1, 99)
    ours = pace("measure:m | derive x_mid = median(value) over %d needs 2, x_sd = stddev(value) over %d"
                " needs 2, x_p = p%d(value) over %d needs 2" % (over, over, percent, over))
    at = 0
    for benchmark in ("a", "b", "c/d"):
        values = [r["value"] for r in rows if r["benchmark"] == benchmark]
        for i in range(len(values)):
            window = values[max(0, i - over):i]
            row, at = ours[at], at + 1
            enough = len(window) >= 2
            for name, theirs in (
                    ("x_mid", statistics.median(window) if enough else None),
                    ("x_sd", statistics.stdev(window) if enough else None),
                    ("x_p", statistics.quantiles(window, n=100, method="inclusive")[percent - 1]
                     if enough else None)):
                if not near(row[name], theirs, scale):
                    return "%s over %d, %s, point %d: %r, the oracle has %r" % (
                        name, over, benchmark, i, row[name], theirs)
    return None if at == len(ours) else "%d rows, the oracle has %d" % (len(ours), at)


def aggregates(points):
    """What each function says of points (time in days, value), after Python's statistics."""
    values = [value for _, value in points]
    mid = statistics.median(values)
    mean = statistics.fmean(values)
    many = len(values) > 1
    sd = statistics.stdev(values) if many else None
    quarters = statistics.quantiles(values, n=4, method="inclusive") if many else [mid] * 3
    thousandths = statistics.quantiles(values, n=1000, method="inclusive") if many else [mid] * 999
    steady = many and len(set(values)) == 1
    return {"first": values[0], "last": values[-1], "count": len(values),
            "cv": None if sd is None or mean == 0 else sd / mean,
            "mad": statistics.median([abs(value - mid) for value in values]),
            "iqr": quarters[2] - quarters[0], "p0": min(values), "p100": max(values),
            "p99.9": thousandths[998], "p12.5": thousandths[124],
            "geomean": statistics.geometric_mean(values) if min(values) > 0 else None,
            "slope": 0.0 if steady else statistics.linear_regression(*zip(*points)).slope if many else None}


FUNCTIONS = ("first", "last", "count", "cv", "mad", "iqr", "p0", "p100", "p99.9", "p12.5", "geomean", "slope")


def differ_all(what, row, points, scale):
    """The first of the functions that says something else; row None: all say nothing."""
    theirs = aggregates(points) if points else {name: None for name in FUNCTIONS}
    if not points:
        theirs["count"] = 0
    for i, name in enumerate(FUNCTIONS):
        least = scale
        if points and name in ("cv", "slope"):  # digits are lost where a mean is near zero, or times lie close
            most = max(abs(value) for _, value in points)
            mean = statistics.fmean(value for _, value in points)
            by = points[-1][0] - points[0][0] if name == "slope" else mean * mean
            least = 100 * most * (1 if name == "slope" else most) / by if by else 0
        if not near(row["x%d" % i], theirs[name], least):
            return "%s, %s: %r, the oracle has %r" % (name, what, row["x%d" % i], theirs[name])
    return None


def calls(window):
    return ", ".join("x%d = %s(value)%s" % (i, name, window) for i, name in enumerate(FUNCTIONS))


def check_functions(rows, rng, scale):
    """Every other function over windows of points, of days and all, and over groups."""
    kind = rng.choice(("points", "days", "all"))
    over = rng.choice((1, 2, 5, 20, 64))
    window = {"points": "over %d" % over, "days": "over %dd" % over, "all": "over all"}[kind]
    ours = pace("measure:m | derive %s" % calls(" %s needs 1" % window))
    at = 0
    for benchmark in ("a", "b", "c/d"):
        points = [(r["time"] / DAY_S / 1e9, r["value"], r["time"]) for r in rows if r["benchmark"] == benchmark]
        for i, (_, _, time) in enumerate(points):
            there = points[max(0, i - over):i] if kind == "points" else points[:i]
            if kind == "days":
                there = [point for point in there if point[2] > time - over * DAY_S * 10**9]
            row, at = ours[at], at + 1
            if not there:
                row["x2"] = row["x2"] or 0  # fewer than it needs: none
            said = differ_all("%s, %s, point %d" % (window, benchmark, i), row,
                              [(day - points[0][0], value) for day, value, _ in there], scale)
            if said:
                return said
    if at != len(ours):
        return "%d rows, the oracle has %d" % (len(ours), at)
    for row in pace("measure:m | summarize %s by benchmark" % calls("")):
        points = [(r["time"] / DAY_S / 1e9, r["value"]) for r in rows if r["benchmark"] == row["benchmark"]]
        said = differ_all("group %s" % row["benchmark"], row,
                          [(day - points[0][0], value) for day, value in points], scale)
        if said:
            return said
    return None


def check_before(db, scale):
    """The row before, in SQLite."""
    ours = pace("measure:m | derive b = prev(value), d = delta(value)")
    theirs = db.execute("SELECT lag(value) OVER w, value / nullif(lag(value) OVER w, 0) - 1 FROM point"
                        " WINDOW w AS (PARTITION BY benchmark ORDER BY time) ORDER BY benchmark, time").fetchall()
    return (differ("prev", [r["b"] for r in ours], [r[0] for r in theirs], scale) or
            differ("delta", [r["d"] for r in ours], [r[1] for r in theirs], scale))


def check_groups(db, rows, scale):
    """Groups, by series and by day."""
    ours = pace("measure:m | summarize n = count(), a = mean(value), s = sum(value), least = min(value),"
                " most = max(value) by benchmark, day = bucket(time, 1d)")
    day_ns = DAY_S * 10**9
    theirs = db.execute(
        "SELECT count(*), avg(value), sum(value), min(value), max(value) FROM point"
        " GROUP BY benchmark, time / %d ORDER BY benchmark, time / %d" % (day_ns, day_ns)).fetchall()
    for i, name in enumerate(("n", "a", "s", "least", "most")):
        said = differ(name + " by day", [r[name] for r in ours], [r[i] for r in theirs], scale)
        if said:
            return said
    whole = pace("measure:m | summarize a = mean(value), sd = stddev(value), q = p75(value),"
                 " mid = median(value) by benchmark")
    fast = pace("measure:m | summarize a = mean(value), sd = stddev(value), n = count(value),"
                " s = sum(value) by benchmark")  # from the summaries of the store
    for row, quick in zip(whole, fast):
        values = [r["value"] for r in rows if r["benchmark"] == row["benchmark"]]
        for ours_one, theirs_one in ((row["a"], statistics.fmean(values)), (row["sd"], statistics.stdev(values)),
                                     (row["q"], statistics.quantiles(values, n=4, method="inclusive")[2]),
                                     (row["mid"], statistics.median(values)),
                                     (quick["a"], statistics.fmean(values)),
                                     (quick["sd"], statistics.stdev(values)), (quick["n"], len(values)),
                                     (quick["s"], math.fsum(values))):
            if not near(ours_one, theirs_one, scale):
                return "%s as a whole: %r, the oracle has %r" % (row["benchmark"], ours_one, theirs_one)
    return None if len(whole) == 3 else "%d groups, not 3" % len(whole)


def check_long(rng):
    """Quantiles of a series of which only an end is kept: of all of it, and where conditions leave less."""
    kind = rng.choice(("any", "up", "down", "few"))
    values = [float(rng.randint(0, 50)) if kind == "few" else rng.lognormvariate(5, 1) for _ in range(LONG)]
    if kind in ("up", "down"):
        values.sort(reverse=kind == "down")
    with open(DIRECTORY + "/long.jsonl", "w", encoding="ascii") as file:
        file.writelines(json.dumps({"project": "p", "branch": "main", "testbed": "t", "benchmark": "long",
                                    "measure": "long", "unit": "ns", "time": (START_S + i) * 10**9,
                                    "value": value}) + "\n" for i, value in enumerate(values))
    subprocess.run([PACE, "--db", STORE, "load", DIRECTORY + "/long.jsonl"], check=True, capture_output=True)
    most = statistics.quantiles(values, n=1000, method="inclusive")[rng.choice((2, 400, 995))]
    percents = (0, 0.1, 1, 5, 50, 95, 99, 99.9, 100)
    calls_of = ", ".join("x%d = p(%g, value)" % (i, percent) for i, percent in enumerate(percents))
    for condition, kept in (("", values), (" | where value <= %r" % most, [v for v in values if v <= most]),
                            (" | last %d" % (LONG - 999), values[999:])):
        row = pace("measure:long%s | summarize n = count(), %s by benchmark" % (condition, calls_of))[0]
        if row["n"] != len(kept):
            return "%s%s: %d points, not %d" % (kind, condition, row["n"], len(kept))
        kept = sorted(kept)
        for i, percent in enumerate(percents):
            at = percent / 100 * (len(kept) - 1)
            low = math.floor(at)
            theirs = kept[low] + (at - low) * (kept[min(low + 1, len(kept) - 1)] - kept[low])
            if not near(row["x%d" % i], theirs, 0):
                return "%s%s: p%g: %r, not %r" % (kind, condition, percent, row["x%d" % i], theirs)
    return None


def main():
    rng = random.Random(SEED)
    print("# note seed %d, SQLite %s, Python %s" % (SEED, sqlite3.sqlite_version, sys.version.split()[0]))
    rows = make_rows(rng)
    with open(DIRECTORY + "/points.jsonl", "w", encoding="ascii") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    subprocess.run([PACE, "--db", STORE, "load", DIRECTORY + "/points.jsonl"], check=True,
                   capture_output=True)
    rows.sort(key=lambda r: r["time"])
    scale = max(abs(r["value"]) for r in rows)
    db = tables(rows)
    checks = [("windows, SQLite", lambda: check_windows(db, rng, scale))] * ROUNDS
    checks += [("order statistics and deviations, Python", lambda: check_order(rows, rng, scale))] * ROUNDS
    checks += [("all other functions, Python", lambda: check_functions(rows, rng, scale))] * (ROUNDS // 2)
    checks += [("prev and delta, SQLite", lambda: check_before(db, scale)),
               ("groups, SQLite and Python", lambda: check_groups(db, rows, scale)),
               ("quantiles of a long series, sorted", lambda: check_long(rng))]
    failed = 0
    for number, (name, check) in enumerate(checks, 1):
        said = check()
        failed += said is not None
        print("%s %d - %s%s" % ("not ok" if said else "ok", number, name, ": " + said if said else ""))
    print("1..%d" % len(checks))
    return 1 if failed else 0


sys.exit(main())
