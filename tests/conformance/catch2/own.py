"""The XML report; the console's tables, whose numbers have six digits, in the order they come in."""
import os, re
import xml.etree.ElementTree as xml
from compare import Own, spread

NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def benchmark(name, samples, iterations, estimated, mean, stddev):
    yield spread(name, "latency", mean[0], stddev[0], unit="ns", direction="lower")
    yield Own(name, "latency.mean", *mean[:1], "ns", *mean[1:])
    yield Own(name, "latency.stddev", *stddev[:1], "ns", *stddev[1:])
    yield Own(name, "latency.samples", samples)
    yield Own(name, "latency.iterations", iterations)
    yield Own(name, "latency.estimated", estimated, "ns")


def of_xml(element, path):
    for child in element:
        if child.tag in ("TestCase", "Section"):
            yield from of_xml(child, path + [child.get("name")])
        elif child.tag == "BenchmarkResults":
            name = " ".join(path) + ": " + child.get("name")
            mean, stddev = ([float(child.find(tag).get(key)) for key in (
                "value", "lowerBound", "upperBound")] for tag in ("mean", "standardDeviation"))
            yield from benchmark(name, float(child.get("samples")), float(child.get("iterations")),
                                 float(child.get("estimatedDuration")), mean, stddev)
            outliers = child.find("outliers").attrib
            yield Own(name, "latency.outliers", sum(
                float(value) for key, value in outliers.items() if key != "variance"))
        else:
            yield from of_xml(child, path)


def of_console(path):
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"^-{70,}\n", file.read(), flags=re.M)
    for at, part in enumerate(parts):
        if "benchmark name" not in part:
            continue
        title, table = " ".join(parts[at - 1].split()), parts[at + 1]
        three = r"([\d.e+]+) (\w+) +([\d.e+]+) (\w+) +([\d.e+]+) (\w+) *\n"
        for found in re.finditer(r"((?:\S.*\n)*?\S.*?) +(\d+) +(\d+) +([\d.e+]+) (\w+) *\n +" + three
                                 + " +" + three, table):
            name = " ".join(found[1].split())
            numbers = [float(found[i]) * NS[found[i + 1]] for i in range(4, 18, 2)]
            yield from benchmark(title + ": " + name, float(found[2]), float(found[3]), numbers[0],
                                 numbers[1:4], numbers[4:7])


def read(out):
    return {"xml": of_xml(xml.parse(os.path.join(out, "out.xml")).getroot(), []),
            "console": of_console(os.path.join(out, "out.txt"))}
