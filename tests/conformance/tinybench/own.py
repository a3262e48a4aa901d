"""The tasks' results, in ms; and tinybench's own table of them, in ns and whole numbers."""
import json, os, re
from compare import Own, spread

NAMES = {"samplesCount": "samples", "sd": "stddev"}
PLAIN = ("critical", "df", "rme", "samplesCount")


def of_tasks(path):
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)
    for task in tasks:
        name = task["name"]
        if "latency" not in task:
            yield Own(name, "latency", None, "ns", status="failed")
            continue
        for measure, unit, scale in ("latency", "ns", 1e6), ("throughput", "ops/s", 1):
            stats = task[measure]
            width = stats["sd"] * scale if scale > 1 else stats["moe"]
            yield spread(name, measure, stats["mean"] * scale, width, unit=unit)
            for key, value in stats.items():
                factor = 1 if key in PLAIN else scale ** 2 if key == "variance" else scale
                if key != "mean" and value is not None and not isinstance(value, list):
                    yield Own(name, measure + "." + NAMES.get(key, key), value * factor)
        yield Own(name, "latency.period", task["period"] * 1e6, "ns")
        yield Own(name, "latency.total", task["totalTime"] * 1e6, "ns")


def of_table(path):
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)
    for row in rows:
        name = row["Task name"]
        if row.get("Latency avg (ns)") is None:
            yield Own(name, "latency", None, "ns", status="failed")
            continue
        for column, measure in (("Latency avg (ns)", "latency"), ("Latency med (ns)", "latency.median"),
                                ("Throughput avg (ops/s)", "throughput"),
                                ("Throughput med (ops/s)", "throughput.median")):
            value, width, percent = re.fullmatch(r"(\S+) ± (\S+?)(%?)", row[column]).groups()
            value, width = float(value), float(width)
            yield spread(name, measure, value, value * width / 100 if percent else width)
        yield Own(name, "latency.samples", row["Samples"])


def read(out):
    return {"tasks": of_tasks(os.path.join(out, "tasks.json")),
            "table": of_table(os.path.join(out, "table.json"))}
