"""target/criterion's files, which have all digits; the output has five of them, in a unit that fits."""
import glob, json, os, statistics
from compare import Own, Printed

NAMES = {"std_dev": "stddev"}


class Five(Printed):
    """A number that was printed with five significant digits."""

    def __init__(self, value):
        self.value, self.room = value, abs(value) * 1e-4


def document(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


def three(estimate, wrap=float):
    interval = estimate["confidence_interval"]
    return [wrap(estimate["point_estimate"]), "ns", wrap(interval["lower_bound"]),
            wrap(interval["upper_bound"])]


def read(out):
    estimates, samples, output = [], [], []
    root = os.path.join(out, "criterion")
    for path in glob.glob(os.path.join(root, "**", "new"), recursive=True):
        # Directories have `_` for what they cannot have; the output has the names as they are.
        name = os.path.dirname(os.path.relpath(path, root))
        about, all_of = document(path, "benchmark.json"), document(path, "estimates.json")
        best = all_of["slope"] or all_of["mean"]
        estimates.append(Own(name, "latency", *three(best), direction="lower"))
        for key, estimate in all_of.items():
            if estimate:
                estimates.append(Own(name, "latency." + NAMES.get(key, key), *three(estimate)))
        sample = document(path, "sample.json")
        times = [time / count for time, count in zip(sample["times"], sample["iters"])]
        samples.append(Own(name, "latency.sample", statistics.median(times), samples=times))

        value, unit, low, high = three(best, Five)
        output.append(Own(about["full_id"], "latency", value, unit, low, high))
        if about["throughput"]:
            amount = about["throughput"]["Bytes"] * 1e9
            output.append(Own(about["full_id"], "latency.thrpt", Five(amount / value.value), "B/s",
                              Five(amount / high.value), Five(amount / low.value)))
        fences = document(path, "tukey.json")
        outside = sum(not fences[1] <= time <= fences[2] for time in times)
        if outside:
            output.append(Own(about["full_id"], "latency.outliers", outside))
            output.append(Own(about["full_id"], "latency.measurements", len(times)))
    return {"estimates": estimates, "samples": samples, "output": output}
