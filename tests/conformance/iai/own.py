"""The files that cachegrind left: totals of the events, less those of Iai's empty benchmark; cycles by
the formula of its manual."""
import glob, os, re
from compare import Own


def events(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    names = re.search(r"^events: (.+)$", text, re.M)[1].split()
    counts = re.search(r"^summary: (.+)$", text, re.M)[1].split()
    return {name: int(count) for name, count in zip(names, counts)}


def cells(directory):
    empty = events(glob.glob(os.path.join(directory, "*calibration*"))[0])
    for path in glob.glob(os.path.join(directory, "cachegrind.out.*")):
        name = path.rsplit(".", 1)[-1]
        if "calibration" in name:
            continue
        event = {key: max(0, count - empty[key]) for key, count in events(path).items()}
        ram = event["ILmr"] + event["DLmr"] + event["DLmw"]
        misses = event["I1mr"] + event["D1mr"] + event["D1mw"]
        l2 = misses - ram
        l1 = event["Ir"] + event["Dr"] + event["Dw"] - misses
        for measure, value in (("instructions", event["Ir"]), ("l1-accesses", l1), ("l2-accesses", l2),
                               ("ram-accesses", ram), ("estimated-cycles", l1 + 5 * l2 + 35 * ram)):
            yield Own(name, measure, value, direction="lower")


def read(out):
    return {"output": cells(os.path.join(out, "target", "iai"))}
