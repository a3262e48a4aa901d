"""Benchmark::Tms of each report, as the suite wrote them; the text has six decimals."""
import json, os
from compare import Own, Printed


def cells(path):
    with open(path, encoding="utf-8") as file:
        for label, *seconds in json.load(file):
            for measure, value in zip(("cpu-user", "cpu-system", "cpu-time", "latency"), seconds):
                yield Own(label, measure, Printed("%.6f" % value, 1e9), "ns", direction="lower")


def read(out):
    return {name: cells(os.path.join(out, name + ".json")) for name in ("bm", "bmbm")}
