"""The JSON files: what pyperf has in memory, through its own module."""
import os, statistics
import pyperf
from compare import spread


def cells(path):
    for benchmark in pyperf.BenchmarkSuite.load(path).get_benchmarks():
        factor = 1e9 if benchmark.get_unit() == "second" else 1
        measure = "latency" if factor > 1 else "memory"
        values = [value * factor for value in benchmark.get_values()]
        assert len(values) < 2 or abs(benchmark.stdev() * factor / statistics.stdev(values) - 1) < 1e-9
        yield spread(benchmark.get_name(), measure, benchmark.mean() * factor, benchmark.stdev() * factor,
                     unit="ns" if factor > 1 else "B", direction="lower", samples=values)


def read(out):
    return {name: cells(os.path.join(out, file))
            for name, file in (("suite", "suite.json"), ("sum", "sum.json.gz"), ("zeros", "zeros.json"))}
