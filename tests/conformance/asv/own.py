"""The result file; and what `asv show` prints of it, which is what `asv run` printed."""
import glob, itertools, json, os, re
from compare import Own, Printed

NS = {"ns": 1, "μs": 1e3, "ms": 1e6, "s": 1e9}
BYTES = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
KINDS = {"time": ("latency", "ns", 1e9, "lower"), "mem": ("memory", "B", 1, "lower"),
         "peakmem": ("peak-memory", "B", 1, "lower"), "track": ("value", "", 1, "unknown")}


def kind_of(name):
    return KINDS[name.split(".")[-1].split("_")[0]]


def of_file(path):
    with open(path, encoding="utf-8") as file:
        root = json.load(file)
    for name, row in root["results"].items():
        row = dict(zip(root["result_columns"], row))
        measure, unit, factor, direction = kind_of(name)
        columns = [row[key] if key in row and row[key] else itertools.repeat(None) for key in (
            "result", "stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75", "stats_number",
            "stats_repeat", "samples")]
        columns[0] = row["result"] or [None] * max(
            1, len(list(itertools.product(*(row.get("params") or [])))))
        for params, value, low, high, q_25, q_75, number, repeat, samples in zip(
                itertools.product(*row["params"]), *columns):
            full = name + ("(%s)" % ", ".join(params) if params else "")
            status = "failed" if value is None else "ok" if value == value else "skipped"
            times = factor != 1 and status == "ok"
            yield Own(full, measure, value * factor if status == "ok" else None, unit,
                      low * factor if times else None, high * factor if times else None,
                      [s * factor for s in samples] if times and samples else (), status, direction)
            if times:
                yield Own(full, measure + ".q_25", q_25 * factor)
                yield Own(full, measure + ".q_75", q_75 * factor)
                yield Own(full, measure + ".number", number)
                yield Own(full, measure + ".repeat", repeat)
        yield Own(name, measure + ".duration", row["duration"] * 1e9, "ns")


def printed(name, text):
    measure, unit, _, _ = kind_of(name)
    if text in ("failed", "n/a"):
        return Own(name, measure, None, unit, status="failed" if text == "failed" else "skipped")
    time = re.fullmatch(r"([\d.]+)±([\d.]+)(ns|μs|ms|s)", text)
    if time:
        # `asv show` takes the width of rounded numbers: its last digit may be one off.
        value, width = Printed(time[1], NS[time[3]], 0), Printed(time[2], NS[time[3]], 1)
        low, high = Printed("0"), Printed("0")
        low.value, high.value = value.value - width.value, value.value + width.value
        low.room = high.room = width.room
        return Own(name, measure, value, unit, low, high)
    amount = re.fullmatch(r"([\d.]+)([kMG]?)", text)
    return Own(name, measure, float(amount[1]) * BYTES[amount[2]], unit)


def of_text(path):
    """The tables, told apart by the name of their benchmark: rows of values under heads of values."""
    with open(path, encoding="utf-8") as file:
        blocks = re.split(r"\n\n", file.read())
    for block in blocks[1:-1] if not blocks[-1].strip() else blocks[1:]:
        lines = block.strip("\n").split("\n")
        name = lines[0].split(" [")[0]
        if lines[1].strip() != "ok":
            yield printed(name, lines[1].strip())
            continue
        rows = [line.split() for line in lines[3:-2]]
        rule = max(i for i, row in enumerate(rows) if set("".join(row)) <= set("=-"))
        heads = rows[rule - 1][1:] if len(rows[rule]) > 2 else [None]
        for row in rows[rule + 1:]:
            for head, text in zip(heads, row[1:]):
                yield printed("%s(%s)" % (name, ", ".join(p for p in (row[0], head) if p)), text)


def read(out):
    return {"files": of_file(glob.glob(os.path.join(out, "results/here/*-existing*.json"))[0]),
            "output": of_text(os.path.join(out, "show.txt"))}
