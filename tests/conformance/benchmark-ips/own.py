"""The report's entries, as the suite wrote them; the text has four digits."""
import json, os
from compare import Own, Printed


def cells(path):
    with open(path, encoding="utf-8") as file:
        for label, rate, percent in json.load(file):
            shown = Printed("%.3e" % rate)
            yield Own(label, "throughput", shown, "ops/s", Own.ANY, Own.ANY, direction="higher")
            yield Own(label, "throughput.deviation", Printed("%.1f" % percent), "%")


def read(out):
    return {"text": cells(os.path.join(out, "own.json"))}
