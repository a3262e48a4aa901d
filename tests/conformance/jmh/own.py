"""The JSON file of JMH."""
import json, math, os
from compare import Own

NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def scale_of(unit):
    """Our unit, and the factor to it."""
    if unit.endswith("/op") and unit[:-3] in NS:
        return "ns", NS[unit[:-3]]
    if unit.startswith("ops/") and unit[4:] in NS:
        return "ops/s", 1e9 / NS[unit[4:]]
    return {"B/op": ("B", 1), "MB/sec": ("MB/s", 1), "counts": ("counts", 1), "ms": ("ns", 1e6)}[unit]


def finite(value, factor):
    value = float(value)
    return value * factor if math.isfinite(value) else None


def metric(name, measure, what):
    unit, factor = scale_of(what["scoreUnit"])
    raw = []
    for fork in what.get("rawData", []):
        raw += [value * factor for value in fork]
    for fork in what.get("rawDataHistogram", []):
        raw += [value * factor for iteration in fork for value, count in iteration
                for _ in range(count)]
    low, high = what["scoreConfidence"]
    error = finite(what["scoreError"], factor)
    yield Own(name, measure, what["score"] * factor, unit, finite(low, factor),
              finite(high, factor), raw if len(raw) > 1 else Own.ANY)
    if error is not None:
        yield Own(name, measure + ".error", error, unit)
    for key, value in what["scorePercentiles"].items():
        yield Own(name, measure + ".p" + (key[:-2] if key.endswith(".0") else key),
                  value * factor, unit)


def cells(path):
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        name = entry["benchmark"] + "".join("/%s=%s" % item for item in entry["params"].items())
        time = entry["primaryMetric"]["scoreUnit"].endswith("/op")
        yield from metric(name, "latency" if time else "throughput", entry["primaryMetric"])
        for key, what in entry["secondaryMetrics"].items():
            yield from metric(name, key, what)


def read(out):
    return {"json": cells(os.path.join(out, "out.json"))}
