"""What the suite set its metrics to."""
import json, os, re
from compare import Own


def check_blocks(path, values):
    """Prometheus has what was exported: in seconds and bytes."""
    with open(path, encoding="utf-8") as file:
        rows = [re.match(r'.*benchmark="((?:[^"\\]|\\.)*)".*\} (\S+) \d+$', line) for line in file]
    stored = {row[1].replace('\\"', '"').replace("\\\\", "\\"): float(row[2]) for row in rows}
    expected = dict(values, **{"parse/kind=heap": 12345678})
    assert stored.keys() == expected.keys(), (stored, expected)
    for name, value in expected.items():
        assert abs(stored[name] - value) <= 1e-15 * abs(value), (name, stored[name], value)


def cells(path):
    with open(path, encoding="utf-8") as file:
        values = json.load(file)
    check_blocks(os.path.join(os.path.dirname(path), "blocks.txt"), values)
    for name, seconds in values.items():
        yield Own(name, "bench_time_seconds", seconds * 1e9, "ns", direction="lower")
    yield Own("parse/kind=heap", "bench_size_bytes", 12345678, "B")
    yield Own("parse/kind=stack", "bench_size_bytes", None, "B", status="failed")


def read(out):
    path = os.path.join(out, "own.json")
    return {"openmetrics": cells(path), "text": cells(path)}
