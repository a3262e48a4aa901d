"""What the suite wrote of the objects of benchmark.js; the text has whole numbers, or two digits."""
import json, os
from compare import Own, Printed


def cells(path):
    with open(path, encoding="utf-8") as file:
        tasks = json.load(file)
    for task in tasks:
        if task["error"]:
            continue  # the text says nothing of it
        shown = Printed("%.*f" % (2 if task["hz"] < 100 else 0, task["hz"]))
        yield Own(task["name"], "throughput", shown, "ops/s", Own.ANY, Own.ANY, direction="higher")
        yield Own(task["name"], "throughput.rme", Printed("%.2f" % task["rme"]), "%")
        yield Own(task["name"], "throughput.runs", task["runs"])


def read(out):
    return {"text": cells(os.path.join(out, "own.json"))}
