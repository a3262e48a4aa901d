"""The JSON file; of a second session the table that `pytest-benchmark compare --csv` makes."""
import csv, json, os
from compare import Own, spread

TIMES = "min max median stddev iqr q1 q3 ld15iqr hd15iqr total".split()
COUNTS = "rounds iterations stddev_outliers iqr_outliers".split()


def of_json(path):
    with open(path, encoding="utf-8") as file:
        for item in json.load(file)["benchmarks"]:
            stats, name = item["stats"], item["fullname"]
            yield spread(name, "latency", stats["mean"] * 1e9, stats["stddev"] * 1e9, unit="ns",
                         direction="lower", samples=[t * 1e9 for t in stats["data"]])
            for key in TIMES:
                yield Own(name, "latency." + key, stats[key] * 1e9, unit="ns", lower=Own.ANY,
                          upper=Own.ANY)
            yield Own(name, "latency.ops", stats["ops"], unit="ops/s", direction="higher")
            for key in COUNTS:
                yield Own(name, "latency." + key, stats[key])


def of_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row["name"]
            mean, stddev = float(row["mean"]) * 1e9, float(row["stddev"]) * 1e9
            yield spread(name, "latency", mean, stddev, samples=Own.ANY)
            yield spread(name, "latency.median", float(row["median"]) * 1e9, float(row["iqr"]) * 1e9)
            for key in "min", "max", "stddev", "iqr":
                yield Own(name, "latency." + key, float(row[key]) * 1e9)
            yield Own(name, "latency.ops", float(row["ops"]))
            yield Own(name, "latency.rounds", int(row["rounds"]))
            yield Own(name, "latency.iterations", int(row["iterations"]))
            outside_stddev, outside_iqr = row["outliers"].split(";")
            yield Own(name, "latency.stddev_outliers", int(outside_stddev))
            yield Own(name, "latency.iqr_outliers", int(outside_iqr))
            for key in "q1", "q3", "ld15iqr", "hd15iqr", "total":
                yield Own(name, "latency." + key)


def read(out):
    return {"json": of_json(os.path.join(out, "result.json")),
            "csv": of_csv(os.path.join(out, "saved.csv"))}
