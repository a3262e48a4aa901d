"""The JSON file of `vitest bench --outputJson`, in ms."""
import json, os
from compare import Own, spread

TIMES = "min max period sem moe p75 p99 p995 p999 median".split()


def cells(path):
    with open(path, encoding="utf-8") as file:
        files = json.load(file)["files"]
    for group in (group for file in files for group in file["groups"]):
        for task in group["benchmarks"]:
            name = group["fullName"] + " > " + task["name"]
            if "mean" not in task:
                yield Own(name, "latency", None, "ns", status="skipped")
                continue
            yield spread(name, "latency", task["mean"] * 1e6, task["sd"] * 1e6, unit="ns",
                         direction="lower", samples=[t * 1e6 for t in task["samples"]])
            yield spread(name, "throughput", task["hz"], task["hz"] * task["rme"] / 100,
                         unit="ops/s", direction="higher")
            for key in TIMES:
                yield Own(name, "latency." + key, task[key] * 1e6, "ns")
            yield Own(name, "latency.total", task["totalTime"] * 1e6, "ns")
            yield Own(name, "latency.stddev", task["sd"] * 1e6, "ns")
            yield Own(name, "latency.variance", task["variance"] * 1e12)
            yield Own(name, "latency.samples", task["sampleCount"])
            for key in "rank", "rme", "df", "critical":
                yield Own(name, "latency." + key, task[key])


def read(out):
    return {"json": cells(os.path.join(out, "out.json"))}
