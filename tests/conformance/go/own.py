"""The lines of `go test -bench`; of what several of them say together what benchstat makes of it."""
import csv, os, statistics
from compare import Own, Printed


def of_lines(path):
    rows = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if not line.startswith("Benchmark") or len(words) < 4:
                continue
            pairs = [(unit, float(value)) for value, unit in zip(words[2::2], words[3::2])]
            time = any(unit == "ns/op" for unit, _ in pairs)
            first = "latency" if time else pairs[0][0]
            for unit, value in pairs:
                measure = "latency" if unit == "ns/op" else unit
                if unit == "MB/s" and time:
                    measure = "latency.MB/s"
                rows.setdefault((words[0], measure), []).append(value)
            rows.setdefault((words[0], first + ".iterations"), []).append(float(words[1]))
    return rows


def of_benchstat(path):
    """Medians by name and unit, in base units."""
    out, unit = {}, ""
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if len(row) > 2 and row[0] == "" and row[2] == "CI":
                unit = row[1]
            elif len(row) > 2 and row[0] and row[0] != "geomean":
                out["Benchmark" + row[0], unit] = float(row[1])
    return out


def cells(out):
    medians = of_benchstat(os.path.join(out, "benchstat.csv"))
    assert of_benchstat(os.path.join(out, "export.csv")) == medians, "pace dump --format go"
    units = {"latency": ("sec/op", 1e9), "latency.MB/s": ("B/s", 1e-6), "p99-ns": ("p99-sec", 1e9)}
    for (name, measure), values in of_lines(os.path.join(out, "out.txt")).items():
        unit, factor = units.get(measure, (measure, 1))
        value = statistics.median(values)
        if not measure.endswith(".iterations"):
            # benchstat takes rounded seconds apart once more: equal but for the last bits.
            assert abs(medians[name, unit] * factor - value) <= 1e-9 * value, (name, unit)
        yield Own(name, measure, value, samples=values)


def read(out):
    return {"text": cells(out)}
