import pyperf

runner = pyperf.Runner()
runner.timeit("sorted", "sorted(v)", setup="v = list(range(100, 0, -1))")
runner.bench_func("join", "".join, ["a"] * 100)
