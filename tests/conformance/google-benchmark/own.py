"""The JSON file; of a second session the CSV that the same program prints, which has fewer digits."""
import csv, json, os, statistics
from compare import Own, Printed

NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
META = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions",
        "repetition_index", "threads", "iterations", "real_time", "cpu_time", "time_unit", "label",
        "aggregate_name", "aggregate_unit", "error_occurred", "error_message", "big_o",
        "real_coefficient", "cpu_coefficient", "rms"}
RATES = {"bytes_per_second": "B/s", "items_per_second": "items/s"}


def measure_of(key):
    return {"real_time": "latency", "cpu_time": "cpu-time"}.get(
        key, "latency." + key if key in RATES else key)


def of_json(path):
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)["benchmarks"]
    repeats = {}
    for entry in entries:
        name, factor = entry["run_name"], NS.get(entry.get("time_unit"), 1)
        if entry.get("error_occurred"):
            yield Own(name, "latency", None, "ns", status="failed")
            continue
        if entry["run_type"] == "iteration":
            for key in ["real_time", "cpu_time", "iterations"] + sorted(set(entry) - META):
                scale = factor if key.endswith("_time") else 1
                measure = "latency.iterations" if key == "iterations" else measure_of(key)
                repeats.setdefault((name, measure), []).append(entry[key] * scale)
        elif entry["aggregate_name"] == "BigO":
            yield Own(name, "latency.complexity", entry["real_coefficient"])
            yield Own(name, "cpu-time.complexity", entry["cpu_coefficient"])
        elif entry["aggregate_name"] == "RMS":
            yield Own(name, "latency.rms", entry["rms"], "ratio")
        else:
            part = entry["aggregate_unit"] == "percentage"
            for key in ["real_time", "cpu_time"] + sorted(set(entry) - META):
                scale = factor if key.endswith("_time") and not part else 1
                yield Own(name, measure_of(key) + "." + entry["aggregate_name"], entry[key] * scale,
                          "ratio" if part else RATES.get(key, Own.ANY if key in entry and
                                                         not key.endswith("_time") else "ns"))
    for (name, measure), values in repeats.items():
        yield Own(name, measure, statistics.median(values),
                  samples=values if len(values) > 1 else ())


def of_csv(path):
    """The same cells as of_json, with what the CSV prints of them: six digits."""
    rows, out = {}, {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["name"], []).append(row)
    for name, group in rows.items():
        row, last = group[0], name.rsplit("_", 1)[-1]
        base = name[:-len(last) - 1] if last in ("BigO", "RMS", "mean", "median", "stddev", "cv") else name
        if row["error_occurred"] == "true":
            out[name, "latency"] = None
        elif base != name and last == "BigO":
            out[base, "latency.complexity"] = [float(row["real_time"])]
            out[base, "cpu-time.complexity"] = [float(row["cpu_time"])]
        elif base != name and last == "RMS":
            out[base, "latency.rms"] = None
        else:
            end = "." + last if base != name else ""
            for key in ["real_time", "cpu_time", "iterations"] + sorted(
                    set(row) - META) if not end else ["real_time", "cpu_time"] + sorted(set(row) - META):
                measure = "latency.iterations" if key == "iterations" else measure_of(key)
                if not row[key]:
                    continue
                if last == "cv" and key.endswith("_time"):
                    out[base, measure + end] = None  # the CSV of 1.7.1 scales a share like a time
                    continue
                scale = NS[row["time_unit"] or "ns"] if key.endswith("_time") and last != "cv" else 1
                out[base, measure + end] = [float(r[key]) * scale for r in group]
    for (name, measure), values in out.items():
        yield Own(name, measure, Six(statistics.median(values)) if values else Own.ANY,
                  status=Own.ANY, samples=Own.ANY)


class Six(Printed):
    """A number of six significant digits."""

    def __init__(self, value):
        self.value, self.room = value, abs(value) * 1e-5


def read(out):
    return {"json": of_json(os.path.join(out, "run.json")), "csv": of_csv(os.path.join(out, "out.csv"))}
