"""What the benchmark results say of the machine: enough to compare runs, not which machine it is."""

import platform


def pytest_benchmark_update_machine_info(config, machine_info):
    machine_info["node"] = "demo"
    machine_info["release"] = platform.release().split("-")[0]
    machine_info["cpu"].pop("flags", None)
