"""The lines that libtest prints. Those that it says it ignored (tests are among them) are not stored."""
import os, re
from compare import Own, spread


def cells(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, value, width, rate in re.findall(
            r"^test (\S+) +\.\.\. bench: +([\d,.]+) ns/iter \(\+/- ([\d,.]+)\)(?: = (\d+) MB/s)?", text, re.M):
        value, width = (float(number.replace(",", "")) for number in (value, width))
        yield spread(name, "latency", value, width, unit="ns", direction="lower")
        if rate:
            yield Own(name, "latency.MB/s", float(rate), "MB/s", direction="higher")


def read(out):
    return {"output": cells(os.path.join(out, "out.txt"))}
