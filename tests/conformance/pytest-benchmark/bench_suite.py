import pytest


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def test_fib(benchmark):
    assert benchmark(fib, 8) == 21


@pytest.mark.parametrize("size", [10, 1000])
@pytest.mark.benchmark(group="sort")
def test_sort(benchmark, size):
    benchmark.extra_info["shape"] = "reversed"
    benchmark(sorted, list(range(size, 0, -1)))


def test_few_rounds(benchmark):
    benchmark.pedantic(sum, args=(range(10000),), rounds=3, iterations=20)


def test_one_round(benchmark):
    benchmark.pedantic(sum, args=(range(1000),), rounds=1)
