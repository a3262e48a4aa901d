"""Benchmarks for recording small result files: groups, parameters, extra information, one round."""
import pytest


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@pytest.mark.benchmark(group="recursion")
@pytest.mark.parametrize("n", [5, 9])
def test_fibonacci(benchmark, n):
    benchmark.pedantic(fibonacci, args=(n,), rounds=6, iterations=4)


def test_join(benchmark):
    benchmark.extra_info = {"words": 50, "separator": ", "}
    benchmark.pedantic(", ".join, args=(["x"] * 50,), rounds=5, iterations=10)


def test_once(benchmark):
    benchmark.pedantic(sorted, args=([3, 1, 2],), rounds=1, iterations=1)
