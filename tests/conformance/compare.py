#!/usr/bin/env python3
"""compare.py -- what is stored beside what the harness says. Arguments: the harness' own.py, and the
directory of its output with cells.jsonl, the cells of the store.

own.py defines read(out), which gives per project a list of Own cells. Every cell that is stored has to
be among them, and every one of them has to be stored: value, bounds, unit, status and raw samples.
A number of which the harness prints some digits only is Printed("1.25", factor): ours has to round to
it. Prints the differences, and as the last line how much was compared.
"""
import importlib.util, json, math, os, sys


class Printed:
    """A number as a harness prints it: good to half of its last digit."""

    def __init__(self, text, factor=1.0, half=0.5):
        text = text.replace(",", "").replace("_", "")
        digits, _, exponent = text.lower().partition("e")
        decimals = len(digits.partition(".")[2])
        self.value = float(text) * factor
        self.room = abs(half * 10.0 ** (int(exponent or 0) - decimals) * factor) * (1 + 1e-9)

    def __repr__(self):
        return "%.17g +- %.2g" % (self.value, self.room)


class Own:
    """One cell by the harness. None: the harness has no such number; ANY: it is not compared."""
    ANY = object()

    def __init__(self, benchmark, measure, value=ANY, unit=ANY, lower=None, upper=None, samples=(),
                 status="ok", direction=ANY):
        self.key = (benchmark, measure)
        self.fields = dict(value=value, unit=unit, lower=lower, upper=upper, samples=samples,
                           status=status, direction=direction)


def spread(benchmark, measure, value, width, **rest):
    """A cell whose bounds are value - width and value + width."""
    return Own(benchmark, measure, value, lower=value - width, upper=value + width, **rest)


def same(ours, theirs):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    if isinstance(theirs, str):
        return ours == theirs
    if isinstance(theirs, Printed):
        return abs(ours - theirs.value) <= theirs.room
    if isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-300)


def compare(project, own, stored):
    wrong, seen, numbers = [], set(), 0
    for cell in own:
        where = "%s: %s %s" % (project, *cell.key)
        if cell.key in seen:
            wrong.append(where + ": own.py has it twice")
        seen.add(cell.key)
        if cell.key not in stored:
            wrong.append(where + ": not stored")
            continue
        for field, theirs in cell.fields.items():
            if theirs is Own.ANY:
                continue
            ours = stored[cell.key][field]
            numbers += len(theirs) if isinstance(theirs, (list, tuple)) else not isinstance(
                theirs, (str, type(None)))
            if not same(ours, theirs):
                wrong.append("%s: %s is %s, the harness has %s" % (where, field, ours, theirs))
    wrong += ["%s: %s %s: stored, but not the harness'" % (project, *key)
              for key in stored if key not in seen]
    return wrong, numbers


def load(path):
    sys.modules["compare"] = sys.modules["__main__"]
    spec = importlib.util.spec_from_file_location("own", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    module, out = load(sys.argv[1]), sys.argv[2]
    stored, wrong, cells, numbers = {}, [], 0, 0
    with open(os.path.join(out, "cells.jsonl"), encoding="utf-8") as file:
        for line in file:
            cell = json.loads(line)
            key = (cell["benchmark"], cell["measure"])
            if key in stored.setdefault(cell["project"], {}):
                wrong.append("%s: %s: stored twice" % (cell["project"], key))
            stored[cell["project"]][key] = cell
    own = module.read(out)
    for project in sorted(set(own) | set(stored)):
        lines, count = compare(project, own.get(project, []), stored.get(project, {}))
        wrong += lines
        cells += len(stored.get(project, {}))
        numbers += count
    for line in wrong[:20]:
        print("   " + line)
    if len(wrong) > 20:
        print("   and %d more" % (len(wrong) - 20))
    print("%d cells, %d numbers compared" % (cells, numbers))
    return 1 if wrong or cells == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
