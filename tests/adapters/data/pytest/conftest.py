"""Replaces what would name the recording machine. The functions that pytest-benchmark asks are
replaced rather than its hooks: 2.5 has no hooks and 3.0 names their arguments otherwise."""
import platform
import sys
import types

platform.node = lambda: "recorder"
platform.release = lambda: "6.1.0"
platform.processor = lambda: ""

cpuinfo = types.ModuleType("cpuinfo")
cpuinfo.get_cpu_info = lambda: {"arch": "X86_64", "bits": 64, "brand_raw": "Example CPU", "count": 2,
                                "hz_actual": [2400000000, 0], "flags": ["fpu", "sse2"]}
sys.modules["cpuinfo"] = cpuinfo
