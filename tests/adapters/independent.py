#!/usr/bin/env python3
"""independent.py -- readings of the recorded outputs that share nothing with the adapters.

Each reader takes the numbers that matter out of a file in the plainest way there is, as
(benchmark, measure) -> value, and each of them has to be in golden/, to 1e-12. Prints TAP.
"""
import csv, glob, gzip, json, os, re, statistics, sys
import xml.etree.ElementTree as xml

here = os.path.dirname(os.path.abspath(__file__))
DATA, GOLDEN = os.path.join(here, "data"), os.path.join(here, "golden")
NS = {"ps": 1e-3, "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9}


def golden(adapter, name):
    cells = {}
    with open(os.path.join(GOLDEN, adapter, name + ".txt"), encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if line[0] in "#@!" or len(fields) < 9:
                continue
            cells[fields[0], fields[1]] = {
                "status": fields[4], "value": fields[5], "lower": fields[6], "upper": fields[7],
                "samples": int(fields[8]), "sum": float(fields[9]) if len(fields) > 9 else 0.0}
    return cells


def number(text):
    return float(text.replace(",", ""))


def several(rows):
    """Repeats: their median, their count, their sum."""
    out, seen = {}, {}
    for key, value in rows:
        seen.setdefault(key, []).append(value)
    for key, values in seen.items():
        out[key] = statistics.median(values)
        if len(values) > 1:
            out[key + ("samples",)] = len(values)
            out[key + ("sum",)] = sum(values)
    return out


def spread(out, key, value, width):
    out[key] = value
    out[key + ("lower",)] = value - width
    out[key + ("upper",)] = value + width


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def document(path):
    if path.endswith(".gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return json.load(file)
    return json.loads(text(path))


def read_go(path):
    rows, package, lines = [], "", text(path).splitlines()
    packages = {}
    for line in lines:
        if line.startswith("pkg: "):
            package = line[5:]
        elif re.match(r"Benchmark\S+\s+\d+\s", line):
            packages.setdefault(line.split()[0], set()).add(package)
    for line in lines:
        if line.startswith("pkg: "):
            package = line[5:]
        match = re.match(r"(Benchmark\S+)\s+(\d+)\s+(.*)", line)
        if not match:
            continue
        name, words = match[1], match[3].split()
        if len(packages[name]) > 1:
            name = package + "." + name
        pairs = list(zip(words[1::2], map(float, words[0::2])))
        for unit, value in pairs:
            measure = "latency" if unit == "ns/op" else unit
            if unit == "MB/s" and "ns/op" in words:
                measure = "latency.MB/s"
            rows.append(((name, measure), value))
    return several(rows)


def read_google(path):
    rows, single = [], {}
    for entry in document(path)["benchmarks"]:
        factor, name = NS.get(entry.get("time_unit"), 1), entry.get("run_name", entry["name"])
        if entry.get("error_occurred"):
            continue
        if entry.get("run_type", "iteration") == "iteration":
            rows.append(((name, "latency"), entry["real_time"] * factor))
            rows.append(((name, "cpu-time"), entry["cpu_time"] * factor))
            if "swaps" in entry:
                rows.append(((name, "swaps"), entry["swaps"]))
        elif entry["aggregate_name"] in ("mean", "median", "stddev"):
            single[name, "latency." + entry["aggregate_name"]] = entry["real_time"] * factor
    return {**several(rows), **single}


def read_hyperfine(path):
    out = {}
    for result in document(path)["results"]:
        name = result["command"]
        spread(out, (name, "latency"), result["mean"] * 1e9, (result["stddev"] or 0) * 1e9)
        out[name, "latency", "samples"] = len(result["times"])
        out[name, "latency", "sum"] = sum(t * 1e9 for t in result["times"])
        out[name, "cpu-user"] = result["user"] * 1e9
        out[name, "cpu-system"] = result["system"] * 1e9
    return out


def read_jmh(path):
    out = {}
    for result in document(path):
        metric = result["primaryMetric"]
        unit = metric["scoreUnit"]
        time = unit.endswith("/op")
        factor = NS[unit[:-3]] if time else 1e9 / NS[unit[4:]]
        name = result["benchmark"]
        key = (name, "latency" if time else "throughput")
        out[key] = metric["score"] * factor
        raw = [v * factor for fork in metric.get("rawData", []) for v in fork]
        raw += [v * factor for fork in metric.get("rawDataHistogram", []) for iteration in fork
                for v, count in iteration for _ in range(count)]
        out[key + ("samples",)] = len(raw)
        out[key + ("sum",)] = sum(raw)
    return out


def read_dotnet(path):
    out = {}
    for entry in document(path)["Benchmarks"]:
        name = entry.get("FullName") or entry["Method"]
        spread(out, (name, "latency"), entry["Statistics"]["Mean"],
               entry["Statistics"]["StandardDeviation"])
        if "Memory" in entry:
            out[name, "allocated"] = entry["Memory"]["BytesAllocatedPerOperation"]
    return out


def read_vitest(path):
    out = {}
    for file in document(path)["files"]:
        for group in file["groups"]:
            for task in group["benchmarks"]:
                if "mean" not in task:
                    continue
                name = group["fullName"] + " > " + task["name"]
                spread(out, (name, "latency"), task["mean"] * 1e6, task["sd"] * 1e6)
                spread(out, (name, "throughput"), task["hz"], task["hz"] * task["rme"] / 100)
                out[name, "latency.p99"] = task["p99"] * 1e6
    return out


def read_tinybench(path):
    out = {}
    for task in document(path):
        if "Latency avg (ns)" in task:
            out[task["Task name"], "latency"] = float(task["Latency avg (ns)"].split()[0])
        elif "latency" in task:
            out[task["name"], "latency"] = task["latency"]["mean"] * 1e6
            out[task["name"], "throughput.p99"] = task["throughput"]["p99"]
    return out


def read_mitata(path):
    return {(run["name"], measure): run["stats"][key]
            for item in document(path)["benchmarks"] for run in item["runs"]
            for measure, key in (("latency", "avg"), ("latency.p99", "p99"))}


def read_pyperf(path):
    out, root = {}, document(path)
    for item in root["benchmarks"]:
        meta = {**root.get("metadata", {}), **item.get("metadata", {})}
        byte = meta.get("unit") == "byte"
        values = [v * (1 if byte else 1e9) for run in item["runs"] for v in run.get("values", [])]
        key = (meta["name"], "memory" if byte else "latency")
        out[key] = statistics.fmean(values)
        out[key + ("samples",)] = len(values)
        out[key + ("sum",)] = sum(values)
    return out


def asv_names(name, params):
    names = [()]
    for values in params or []:
        names = [n + (v,) for n in names for v in values]
    return [name + ("(" + ", ".join(n) + ")" if n else "") for n in names]


def read_asv(path):
    out = {}
    if not text(path).lstrip().startswith("{"):
        for name, value, unit in re.findall(
                r"··· (\S+) +([\d.]+)±[\d.]+(ns|[μm]?s)\n", text(path)):
            out[name, "latency"] = float(value) * NS[unit]
        return out
    root = document(path)
    for name, value in root["results"].items():
        params, result = [], value
        if isinstance(value, dict):
            params, result = value.get("params"), value["result"]
        elif "result_columns" in root:
            row = dict(zip(root["result_columns"], value))
            params, result = row.get("params"), row["result"]
        kind = name.split(".")[-1]
        measure, factor = (("latency", 1e9) if kind.startswith("time_") else
                           ("peak-memory", 1) if kind.startswith("peakmem_") else
                           ("memory", 1) if kind.startswith("mem_") else ("value", 1))
        results = result if isinstance(result, list) else [result]
        for full, one in zip(asv_names(name, params), results):
            if one is not None and one == one:
                out[full, measure] = one * factor
            else:
                out[full, measure, "status"] = "failed" if one is None else "skipped"
    return out


def read_julia(path):
    out = {}

    def walk(item, name):
        kind, body = item
        if kind == "BenchmarkGroup":
            for key, child in body["data"].items():
                walk(child, name + [key])
        elif kind == "TrialEstimate":
            out["/".join(name), "latency"] = body["time"]
            out["/".join(name), "memory"] = body["memory"]
    for item in document(path)[1]:
        walk(item, [])
    return out


def read_bmf(path):
    return {(name, measure): value["value"]
            for name, measures in document(path).items() if isinstance(measures, dict)
            for measure, value in measures.items()}


def read_custom(path):
    units = {"Percent": "value", "Megabytes": "size"}
    return {(e["name"], units[e["unit"]]): e["value"] for e in document(path)}


def read_criterion(path):
    if path.endswith("estimates.json"):
        return {("criterion", "latency"): document(path)["slope"]["point_estimate"]}
    if path.endswith("sample.json"):
        root = document(path)
        each = [t / i for t, i in zip(root["times"], root["iters"])]
        return {("criterion", "latency.sample"): statistics.median(each),
                ("criterion", "latency.sample", "sum"): sum(each)}
    out = {}
    pattern = r"^(\S[^\n]*?)?\s+time:\s+\[([\d.]+) (\S+) ([\d.]+) (\S+) ([\d.]+) (\S+)\]"
    before = ""
    for line in text(path).splitlines():
        match = re.match(pattern, line)
        if match:
            name = match[1] or before
            out[name, "latency"] = float(match[4]) * NS[match[5]]
            out[name, "latency", "lower"] = float(match[2]) * NS[match[3]]
            out[name, "latency", "upper"] = float(match[6]) * NS[match[7]]
        before = line.strip()
    return out


def read_libtest(path):
    out = {}
    for name, value, unit, width in re.findall(
            r"^test (.+?)\s+\.\.\. bench:\s+([\d,.]+) (\S+)/iter \(\+/- ([\d,.]+)\)", text(path), re.M):
        factor = NS.get(unit, 1)
        spread(out, (name, "latency" if unit in NS else unit), number(value) * factor,
               number(width) * factor)
    return out


def read_iai(path):
    out, name = {}, ""
    for line in text(path).splitlines():
        match = re.match(r"  ([\w ]+):\s+(\d+)(?: \(|$)", line)
        if match:
            out[name, match[1].lower().replace(" ", "-")] = int(match[2])
        elif line and line[0] != " ":
            name = line
    return out


def read_gungraun(path):
    out, name = {}, ""
    for line in re.sub(r"\x1b\[[\d;]*m", "", text(path)).splitlines():
        match = re.match(r"  (Instructions|Estimated Cycles|Total bytes):\s+(\d+)\|", line)
        if match:
            out[name, match[1].lower().replace(" ", "-")] = int(match[2])
        elif line.startswith("{"):
            root = json.loads(line)
            details = root.get("details") or root.get("description")
            name = root["module_path"] + (" " + root["id"] if root.get("id") else "") + (
                ":" + details if details else "")
            for profile in root["profiles"]:
                if "data" in profile:
                    metrics = profile["data"]["total"]["metrics"]
                    for metric, words in (("Ir", "instructions"), ("L1hits", "l1-hits"),
                                          ("I1MissRate", "i1-miss-rate"), ("TotalBytes", "total-bytes"),
                                          ("AtTEndBytes", "at-t-end-bytes")):
                        if metric in metrics:
                            out[name, words] = metrics[metric]["values"]["new"]
                    continue
                for tool in profile["summaries"]["total"]["summary"].values():
                    for metric, value in tool.items():
                        new = value["metrics"].get("Both", [value["metrics"].get("Left")])[0]
                        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", metric).lower()
                        words = "instructions" if words == "ir" else words.replace("at-tend", "at-t-end")
                        if new and not re.search("hits|rw|gmax|error|context|ll.*rate", words):
                            out[name, words] = new.get("Int", new.get("Float"))
        elif line and line[0] != " ":
            name = line
    return out


def read_benchmarkjs(path):
    out = {}
    for name, rate, margin in re.findall(r"^(.+) x ([\d,.]+) ops/sec ±([\d.]+)%", text(path), re.M):
        spread(out, (name, "throughput"), number(rate), number(rate) * float(margin) / 100)
    return out


def read_jstime(path):
    return {(name, "latency"): float(ms) * 1e6
            for name, ms in re.findall(r"^(.+): (\d+)ms - timer ended", text(path), re.M)}


def read_ruby(path):
    return {(match[0].strip() or "(no label)", measure): float(match[i]) * 1e9
            for match in re.findall(
                r"^(.*?)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+\(\s*([\d.]+)\)", text(path), re.M)
            for i, measure in ((1, "cpu-user"), (3, "cpu-time"), (4, "latency"))}


def read_ips(path):
    scale = {"": 1, "k": 1e3, "M": 1e6, "B": 1e9}
    out, label = {}, ""
    for line in text(path).split("Calculating -")[-1].split("Comparison:")[0].splitlines()[1:]:
        match = re.match(r"(.*?)\s+([\d.]+)([kMB]?) +\(±\s*([\d.]+)%\) i/s", line)
        if match:
            name, rate = match[1].strip() or label, float(match[2]) * scale[match[3]]
            spread(out, (name, "throughput"), rate, rate * float(match[4]) / 100)
        label = line.strip()
    return out


def read_dart(path):
    out = {(name, "latency"): float(us) * 1e3
           for name, us in re.findall(r"^(.+)\(RunTime\): ([\d.]+) us\.", text(path), re.M)}
    measures = {"CpuCycles": "cpu-cycles", "MajorPageFaults": "page-faults", "Count": "count"}
    for name, metric, value in re.findall(r"^(.+)\((\w+)\): ([\d.]+)$", text(path), re.M):
        out[name, measures[metric]] = float(value)
    for name, rest in re.findall(r"^(.+): (avg=.*)$", text(path), re.M):
        for key, value, unit in re.findall(r"(\w+)=([\d.]+) ?(ms|%|)", rest):
            out[name, "latency" if key == "avg" else "latency." + key.lower()] = \
                float(value) * (1e6 if unit == "ms" else 1)
    return out


def read_catch2(path):
    out = {}
    if path.endswith(".xml"):
        for case in xml.parse(path).iter("TestCase"):
            for result in case.findall("BenchmarkResults"):
                key = (case.get("name") + ": " + result.get("name"), "latency")
                spread(out, key, float(result.find("mean").get("value")),
                       float(result.find("standardDeviation").get("value")))
        return out
    pair = r"\s+([\d.]+) (ns|us|ms|s)"
    rows = re.findall(r"(\d+)\s+(\d+)" + pair + r" *\n[^\n]*?" + pair * 3 + r" *\n[^\n]*?" + pair * 3,
                      text(path))
    return {"means": sorted(float(row[4]) * NS[row[5]] for row in rows)}


def read_phpbench(path):
    out = {}
    for benchmark in xml.parse(path).iter("benchmark"):
        for subject in benchmark.findall("subject"):
            for variant in subject.findall("variant"):
                name = benchmark.get("class").lstrip("\\") + "::" + subject.get("name")
                if variant.find("parameter-set/parameter") is not None:
                    name += "/" + variant.find("parameter-set").get("name")
                times = [(float(i.get("time-avg") or i.get("rev-time") or 0) or
                          float(i.get("net-time") or i.get("time")) /
                          float(i.get("revs") or variant.get("revs"))) * 1e3
                         for i in variant.findall("iteration")]
                if not times:
                    continue
                out[name, "latency", "samples"] = len(times)
                out[name, "latency", "sum"] = sum(times)
                for key, measure in (("mem-peak", "memory"), ("mem-real", "memory.real"),
                                     ("mem-final", "memory.final")):
                    values = [float(i.get(key)) for i in variant.findall("iteration") if i.get(key)]
                    if key == "mem-peak" and not values:
                        values = [float(i.get("memory")) for i in variant.findall("iteration")]
                    if values:
                        out[name, measure] = statistics.median(values)
    return out


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t" if path.endswith(".tsv") else ","))
    if "value" in rows[0]:
        return {(r["benchmark"], "latency"): float(r["value"]) * 1e6
                for r in rows if r["unit"] == "ms" and r["value"] != "NaN"}
    return {(r["benchmark"], "time"): float(r["time (ms)"]) * 1e6 for r in rows if r["time (ms)"]}


def read_pytest(path):
    out = {}
    for item in document(path)["benchmarks"]:
        stats = item["stats"]
        spread(out, (item["fullname"], "latency"), stats["mean"] * 1e9, stats["stddev"] * 1e9)
        spread(out, (item["fullname"], "latency.median"), stats["median"] * 1e9, stats["iqr"] * 1e9)
    return out


def read_datajs(path):
    text, out = open(path, encoding="utf-8").read(), {}
    root = json.loads(text.split("=", 1)[1] if text.startswith("window") else text)
    for entry in (e for suite in root["entries"].values() for e in suite):
        for bench in entry["benches"]:
            if entry["tool"] == "pytest":
                out[(bench["name"], "latency.ops")] = bench["value"]
                out[(bench["name"], "latency")] = 1e9 / bench["value"]
            elif bench["unit"] == "ns/op":
                procs = bench["extra"].split("\n")[1].split()[0]
                name = bench["name"].split(" - ")[0] + ("-" + procs if procs != "1" else "")
                out[(name, "latency")] = bench["value"]
    return out


def read_bencher(path):
    root, out = document(path), {}
    if "branch" not in root:
        return {(s["benchmark"]["name"], s["measure"]["slug"]): s["metrics"][0]["metric"]["value"]
                for s in root["results"]}
    for iteration in root["results"]:
        for result in iteration:
            for item in result["measures"]:
                key = (result["benchmark"]["name"], item["measure"]["slug"])
                out.setdefault(key, []).append(item["metric"]["value"])
    return {key: sum(values) / len(values) for key, values in out.items()}


def read_influx(path):
    out = {}
    for line in open(path, encoding="utf-8"):
        for name, value in re.findall(r"[ ,](duration_ms|user|system)=([0-9.]+)", line):
            bench = re.search(r"benchmark=([^,]+)", line)
            key = bench.group(1) if bench else "cpu load/host=a,b"
            out[(key, name)] = float(value) * (1e6 if name == "duration_ms" else 1)
    return out


def close(ours, theirs):
    return abs(float(ours) - theirs) <= 1e-12 * max(abs(theirs), 1e-300) * 8


def compare(adapter, name, expected):
    cells, wrong = golden(adapter, name), []
    for key, value in expected.items():
        if key == "means":
            ours = sorted(float(c["value"]) for k, c in cells.items() if k[1] == "latency")
            if len(ours) != len(value) or not all(map(close, ours, value)):
                wrong.append("means %s, golden %s" % (value, ours))
            continue
        cell, field = cells.get(key[:2]), key[2] if len(key) > 2 else "value"
        if cell is None:
            wrong.append("%s is not there" % (key,))
        elif cell[field] != value if field in ("status", "samples") else (
                cell[field] == "-" or not close(cell[field], value)):
            wrong.append("%s: %s is %s, golden %s" % (key[:2], field, value, cell[field]))
    return wrong


def main():
    failed, count = 0, 0
    for path in sorted(glob.glob(os.path.join(DATA, "*", "*"))):
        adapter, name = path.split(os.sep)[-2:]
        reader = globals().get("read_" + adapter)
        if reader is None or name.endswith((".md", ".py")):
            continue
        expected = reader(path)
        wrong = compare(adapter, name, expected)
        count += 1
        failed += bool(wrong)
        print("%sok %d - %s/%s: %d values" % ("not " if wrong else "", count, adapter, name,
                                             len(expected)))
        for line in wrong[:5]:
            print("#   " + line)
    print("1..%d" % count)
    return 1 if failed else 0


sys.exit(main())
