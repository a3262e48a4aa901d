"""record.py runs|lines DATA WORK -- the two halves of `record`, which prepares WORK.

DATA is the folder of this file. WORK holds calendar/, the git history of the app, and commits, its
commits and versions, oldest first.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

VERSIONS = ("v0", "v1", "v2", "v3", "v4")
COMMITS = 12  # of each version, each with one output
# Further outputs of the version's last commit, for runs that are repeated: a gate that fires
# repeats a run, and v3 is what it may fire at on each commit.
SPARES = {"v0": 2, "v1": 2, "v2": 2, "v3": 12, "v4": 2}

# When an output is kept: both rules look at how steady the machine was, not how fast the app was.
SPREAD = 0.03  # largest standard deviation of the rounds of a benchmark, over their mean
SLOWDOWN = 0.25  # largest slowdown of a loop of fixed work, just before and just after


def read_commits(work: Path) -> dict[str, list[str]]:
    """The commits of each version, oldest first."""
    commits = {version: [] for version in VERSIONS}
    for line in (work / "commits").read_text().splitlines():
        commit, version = line.split()
        commits[version].append(commit)
    assert all(len(of_version) == COMMITS for of_version in commits.values())
    return commits


def git(work: Path, *arguments: str) -> str:
    """What git says in the app's repository; times are in UTC."""
    command = ["git", "-C", work / "calendar", *arguments]
    done = subprocess.run(
        command, env=dict(os.environ, TZ="UTC"), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def spin_time() -> float:
    """How long a loop of fixed work takes now, in seconds."""

    def once() -> float:
        start = time.perf_counter()
        total = 0
        for n in range(50_000):
            total += n % 7
        return time.perf_counter() - start

    return statistics.median(once() for _ in range(11))


class Machine:
    """This machine: one CPU of it at a time, first in line there, and whether that is steady."""

    def __init__(self):
        self.cpus = sorted(os.sched_getaffinity(0))
        self.next_cpu()
        try:
            os.setpriority(os.PRIO_PROCESS, 0, -20)
        except PermissionError:
            print("record: no right to raise the priority; going on without", file=sys.stderr)
        self.prefix = []
        fixed = ["setarch", "-R"]  # fixed addresses; not every container allows that
        if shutil.which(fixed[0]):
            probe = subprocess.run([*fixed, "true"], capture_output=True, check=False)
            self.prefix = fixed if probe.returncode == 0 else []
        self.fastest = min(spin_time() for _ in range(100))

    def next_cpu(self):
        self.cpus.append(self.cpus.pop(0))
        os.sched_setaffinity(0, {self.cpus[0]})

    def steady(self) -> bool:
        spin = spin_time()
        self.fastest = min(self.fastest, spin)
        return spin <= self.fastest * (1 + SLOWDOWN)

    def benchmark(self, app: Path, out: Path) -> bool:
        """Runs the benchmarks once, as soon as a CPU is steady; whether to keep the output."""
        warn_at = time.monotonic() + 60
        while not self.steady():
            if time.monotonic() > warn_at:
                print("record: no steady CPU for a minute; still waiting", file=sys.stderr)
                warn_at += 60
            self.next_cpu()
            time.sleep(0.1)
        environment = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            self.prefix + command + [f"--benchmark-json={out}"],
            cwd=app,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"record: pytest failed:\n{done.stdout}{done.stderr}")
        stats = [benchmark["stats"] for benchmark in json.loads(out.read_text())["benchmarks"]]
        return all(s["stddev"] <= SPREAD * s["mean"] for s in stats) and self.steady()


def record_runs(data: Path, work: Path):
    """Writes runs/VERSION/NN.json. The versions take turns: drift of the machine is no step."""
    commits = read_commits(work)
    app, runs, out = work / "calendar", work / "runs", work / "out.json"
    machine = Machine()
    kept = tries = 0
    for number in range(1, COMMITS + max(SPARES.values()) + 1):
        for version in VERSIONS:
            if number > COMMITS + SPARES[version]:
                continue
            commit = commits[version][min(number, COMMITS) - 1]
            git(work, "reset", "-q", "--hard", commit)
            attempt = 1
            while not machine.benchmark(app, out):
                attempt += 1
            (runs / version).mkdir(parents=True, exist_ok=True)
            shutil.move(out, runs / version / f"{number:02}.json")
            kept += 1
            tries += attempt
            print(f"{version}/{number:02} kept, tries: {attempt}", flush=True)
    shutil.rmtree(data / "runs", ignore_errors=True)
    shutil.move(runs, data / "runs")
    print(f"{kept} outputs kept of {tries} tries")


def points_of(data: Path, work: Path, version: str, number: int, commit: str):
    """The points of one output, as `pace load` reads them."""
    output = json.loads((data / "runs" / version / f"{number:02}.json").read_text())
    if output["commit_info"]["id"] != commit:
        sys.exit(f"record: runs/{version}/{number:02}.json is not of commit {commit}; record again")
    committed = git(
        work, "show", "-s", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd", commit
    )
    for benchmark in output["benchmarks"]:
        mean, stddev = benchmark["stats"]["mean"], benchmark["stats"]["stddev"]
        yield {
            "project": "calendar",
            "branch": "main",
            "testbed": "demo",
            "benchmark": benchmark["fullname"],
            "measure": "latency",
            "unit": "ns",
            "time": committed,
            "commit": commit,
            "value": round(mean * 1e9, 3),
            "lower_value": round((mean - stddev) * 1e9, 3),
            "upper_value": round((mean + stddev) * 1e9, 3),
            "run": f"{version}-{number:02}",
            "direction": "lower",
        }


def write_lines(data: Path, work: Path):
    """Writes the history up to the first commit of v3, and the three commits that fix it."""
    commits = read_commits(work)
    parts = {
        "history_to_fibonacci.jsonl": (
            ("v0", COMMITS),
            ("v1", COMMITS),
            ("v2", COMMITS),
            ("v3", 1),
        ),
        "history_fix.jsonl": (("v4", 3),),
    }
    for name, part in parts.items():
        with open(data / name, "w") as file:
            for version, count in part:
                for number, commit in enumerate(commits[version][:count], 1):
                    for point in points_of(data, work, version, number, commit):
                        print(json.dumps(point), file=file)


if __name__ == "__main__":
    half = {"runs": record_runs, "lines": write_lines}[sys.argv[1]]
    half(Path(sys.argv[2]), Path(sys.argv[3]))
