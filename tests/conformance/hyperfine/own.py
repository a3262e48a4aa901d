"""The JSON file; and the CSV that hyperfine writes of the same runs."""
import csv, json, os
from compare import Own, spread


def cells(path, table=None):
    rows = {}
    if table:
        with open(table, encoding="utf-8", newline="") as file:
            rows = {row["command"]: row for row in csv.DictReader(file)}
    with open(path, encoding="utf-8") as file:
        results = json.load(file)["results"]
    for result in results:
        name = result["command"]
        ns = {key: float(rows.get(name, result)[key] or 0) * 1e9 for key in (
            "mean", "stddev", "median", "user", "system", "min", "max")}
        yield spread(name, "latency", ns["mean"], ns["stddev"], unit="ns", direction="lower",
                     samples=[t * 1e9 for t in result["times"]])
        yield Own(name, "latency.median", ns["median"], "ns", ns["min"], ns["max"])
        for key in "stddev", "min", "max":
            yield Own(name, "latency." + key, ns[key], "ns")
        yield Own(name, "cpu-user", ns["user"], "ns")
        yield Own(name, "cpu-system", ns["system"], "ns")
        yield Own(name, "latency.failures", sum(code != 0 for code in result["exit_codes"]))


def read(out):
    return {"parameters": cells(os.path.join(out, "out.json"), os.path.join(out, "out.csv")),
            "plain": cells(os.path.join(out, "plain.json"))}
