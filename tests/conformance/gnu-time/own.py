"""The lines of `time -v`."""
import os, re
from compare import Own

MEASURES = {
    "User time (seconds)": ("cpu-user", 1e9), "System time (seconds)": ("cpu-system", 1e9),
    "Maximum resident set size (kbytes)": ("max-rss", 1024),
    "Average resident set size (kbytes)": ("max-rss.average", 1024),
    "Major (requiring I/O) page faults": ("page-faults-major", 1),
    "Minor (reclaiming a frame) page faults": ("page-faults-minor", 1),
    "Voluntary context switches": ("context-switches.voluntary", 1),
    "Involuntary context switches": ("context-switches.involuntary", 1),
    "Swaps": ("swaps", 1), "File system inputs": ("io.inputs", 1),
    "File system outputs": ("io.outputs", 1), "Percent of CPU this job got": ("cpu-share", 1),
}


def cells(path):
    with open(path, encoding="utf-8") as file:
        lines = dict(re.split(r": (?=\S+$)|: (?=\")", line.strip(), maxsplit=1) for line in file)
    name = lines["Command being timed"].strip('"')
    clock = 0.0
    for part in lines["Elapsed (wall clock) time (h:mm:ss or m:ss)"].split(":"):
        clock = clock * 60 + float(part)
    yield Own(name, "latency", clock * 1e9, "ns", direction="lower")
    for line, (measure, factor) in MEASURES.items():
        yield Own(name, measure, float(lines[line].rstrip("%")) * factor)


def read(out):
    return {"text": cells(os.path.join(out, "out.txt"))}
