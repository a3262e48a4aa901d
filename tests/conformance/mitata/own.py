"""The JSON that mitata prints."""
import json, os
from compare import Own


def cells(path):
    with open(path, encoding="utf-8") as file:
        benchmarks = json.load(file)["benchmarks"]
    for run in (run for benchmark in benchmarks for run in benchmark["runs"]):
        name, stats = run["name"], run["stats"]
        yield Own(name, "latency", stats["avg"], "ns", samples=stats["samples"] or (),
                  direction="lower")
        for key in "min", "max", "p25", "p50", "p75", "p99", "p999":
            yield Own(name, "latency." + key, stats[key], "ns")
        yield Own(name, "latency.ticks", stats["ticks"])
        for group, unit in ("heap", "B"), ("gc", "ns"):
            for key, value in stats.get(group, {}).items():
                yield Own(name, {"avg": group, "_": group + ".samples"}.get(key, group + "." + key),
                          value, "count" if key == "_" else unit)


def read(out):
    return {name: cells(os.path.join(out, file))
            for name, file in (("json", "out.json"), ("samples", "samples.json"))}
