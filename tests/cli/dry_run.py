"""dry_run.py -- the workflows of .github, read and acted out without GitHub and without the network.

  usage: dry_run.py TOP PACE SCRATCH

Each file is YAML with what GitHub needs, uses least rights, and puts nothing of an event into a shell line.
Each `run:` block is executed in a git repository of its own, with `pace run` as a dry run, and stubs in
place of make and gh that write down what they were asked. Prints TAP."""

import json, os, re, subprocess, sys

import yaml

top, pace, scratch = sys.argv[1:4]
folder = os.path.join(top, ".github", "workflows")
count = failed = 0


def t(what, ok, why=""):
    global count, failed
    count += 1
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} {count} - {what}")
    if not ok and why:
        print("\n".join("# " + line for line in str(why).splitlines()))


# -- what GitHub would fill in ---------------------------------------------------------------------

HEAD = "feedfacefeedfacefeedfacefeedfacefeedface"
EVENT = {
    "github.run_id": "1",
    "github.run_attempt": "1",
    "github.token": "no-token",
    "github.event.ref": "feature/x",
    "github.event.workflow_run.head_repository.owner.login": "stranger",
    "github.event.workflow_run.head_repository.full_name": "stranger/pace",
    "github.event.workflow_run.head_branch": "main",
    "github.event.workflow_run.head_sha": HEAD,
    "github.event.workflow_run.id": "7",
}


def filled(text):
    def value(match):
        name = match.group(1).strip()
        if name not in EVENT:
            raise KeyError(f"an expression that the test does not know: {name}")
        return EVENT[name]

    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))


# -- reading ---------------------------------------------------------------------------------------

def strings(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def steps(workflow):
    for job in workflow["jobs"].values():
        yield from job["steps"]


def check(name, workflow):
    # YAML 1.1 reads the key `on` as true.
    t(f"{name}: has a name, events and jobs",
      {"name", "permissions", "jobs"} <= set(workflow) and (True in workflow or "on" in workflow))
    writes = [k for k, v in workflow["permissions"].items() if v == "write"]
    t(f"{name}: may write no more than comments", writes in ([], ["pull-requests"]), writes)
    for text in strings(workflow):
        try:
            filled(text)
        except KeyError as error:
            t(f"{name}: expressions", False, error)
    inside = [s["run"] for s in steps(workflow) if "${{" in s.get("run", "")]
    t(f"{name}: no shell line holds an expression", not inside, inside)
    t(f"{name}: steps run or use something", all(("run" in s) != ("uses" in s) for s in steps(workflow)))
    versions = [s["uses"] for s in steps(workflow) if "uses" in s]
    t(f"{name}: actions have versions", all(re.search(r"@v\d+$", u) for u in versions), versions)


# -- acting ----------------------------------------------------------------------------------------

STUB = """#!/bin/sh
printf '%s\\n' "$(basename "$0") $*" >>"$CALLS"
case "$(basename "$0") $*" in
*/pulls\\ *) echo 12 ;;
"gh api --paginate"*) cat "$COMMENTS" 2>/dev/null ;;
esac
exit 0
"""


def git(*words):
    return subprocess.run(["git", *words], cwd=repo, check=True, capture_output=True, text=True).stdout.strip()


repo = os.path.join(scratch, "repo")
stubs = os.path.join(scratch, "stubs")
calls = os.path.join(scratch, "calls")
os.makedirs(os.path.join(repo, "build"))
os.makedirs(stubs)
for stub in ("make", "gh", "sudo"):
    with open(os.path.join(stubs, stub), "w") as file:
        file.write(STUB)
    os.chmod(os.path.join(stubs, stub), 0o755)
with open(os.path.join(repo, "build", "pace"), "w") as file:
    # `run` would measure for minutes; all else is done.
    file.write(f"""#!/bin/sh
printf '%s\\n' "pace $*" >>"$CALLS"
case $1 in
run) shift; exec "{pace}" run --dry-run "$@" ;;
*) exec "{pace}" "$@" ;;
esac
""")
os.chmod(os.path.join(repo, "build", "pace"), 0o755)
git("init", "-q", "-b", "main")
open(os.path.join(repo, ".gitignore"), "w").write("build\n.pace\n")
git("add", ".")
git("commit", "-qm", "first")
git("checkout", "-qb", "feature/x")
git("commit", "-q", "--allow-empty", "-m", "second")


def act(workflow, env, files=()):
    """Runs all run: blocks as a runner does; returns their calls, output and worst status."""
    open(calls, "w").close()
    said, worst = "", 0
    for path, text in files:
        os.makedirs(os.path.dirname(os.path.join(repo, path)) or repo, exist_ok=True)
        open(os.path.join(repo, path), "w").write(text)
    for step in steps(workflow):
        if "run" not in step:
            continue
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=repo, capture_output=True, text=True,
            env={**os.environ, "PATH": stubs + ":" + os.environ["PATH"], "CALLS": calls,
                 "COMMENTS": os.path.join(scratch, "comments"), "GITHUB_REPOSITORY": "org/pace",
                 **{k: filled(v) for k, v in step.get("env", {}).items()}, **env})
        said += done.stdout + done.stderr
        worst = max(worst, done.returncode)
    return open(calls).read(), said, worst


on_github = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "j"}
workflows = {}
for name in sorted(os.listdir(folder)):
    try:
        workflows[name] = yaml.safe_load(open(os.path.join(folder, name)))
        check(name, workflows[name])
    except yaml.YAMLError as error:
        t(f"{name}: is YAML", False, error)
t("all examples are there", set(workflows) >= {"main.yml", "pull-request.yml", "comment.yml", "archive.yml"})

_, said, status = act(workflows["main.yml"], {
    **on_github, "GITHUB_EVENT_NAME": "push", "GITHUB_REF_NAME": "main", "GITHUB_SHA": git("rev-parse", "HEAD")})
t("main: the dry run ends well", status == 0, said)
t("main: it is a run of main", re.search(r"^branch +main$", said, re.M), said)

event = os.path.join(scratch, "event.json")
json.dump({"pull_request": {"number": 12, "head": {"sha": git("rev-parse", "HEAD")},
                            "base": {"sha": git("rev-parse", "main")}}}, open(event, "w"))
_, said, status = act(workflows["pull-request.yml"], {
    **on_github, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/12/merge", "GITHUB_BASE_REF": "main",
    "GITHUB_SHA": git("rev-parse", "HEAD"), "GITHUB_EVENT_PATH": event})
t("pull request: the dry run ends well", status == 0, said)
t("pull request: it is a run of pr/12", re.search(r"^branch +pr/12$", said, re.M), said)
t("pull request: against its base", re.search(r"^against +" + git("rev-parse", "main")[:7], said, re.M), said)

row = {"project": "pace", "branch": "pr/12", "testbed": "t", "benchmark": "</td><script>", "measure": "latency",
       "time": None, "commit": HEAD, "run": 1, "unit": "ns", "value": 2e6, "base": 1e6, "delta": 1, "low_delta": 0.9,
       "high_delta": 1.1, "spread": None, "low_limit": None, "high_limit": None, "n": 10, "score": None, "p": 1e-5,
       "q": None, "good_commit": "", "bad_commit": "", "verdict": "worse", "before": None, "fails": True,
       "incident": 1, "again_run": 0, "again_value": None}
verdict = {"schema": "pace.verdict/1", "status": 1, "verdict": "worse", "reason": "none", "project": "pace",
           "testbed": "t", "commit": HEAD, "against": "abc", "counts": {}, "rows": [row]}
stored = "verdict/verdict.json"
done, said, status = act(workflows["comment.yml"], {}, [(stored, json.dumps(verdict))])
t("comment: a new one", status == 0 and "gh api -X POST repos/org/pace/issues/12/comments -F body=@alert.md" in done,
  done + said)
comment = open(os.path.join(repo, "comment.md")).read()
t("comment: names are inert in it", "<script" not in comment and "1 series is worse" in comment, comment)
t("comment: its pull request is asked for by the event", "head=stranger:main" in done, done)

open(os.path.join(scratch, "comments"), "w").write("99\n")
done, said, status = act(workflows["comment.yml"], {}, [(stored, json.dumps(verdict))])
t("comment: written anew where there is one", status == 0 and
  "gh api -X PATCH repos/org/pace/issues/comments/99 -F body=@comment.md" in done, done + said)
t("comment: it is looked for by its first line", "startswith(env.MARKER)" in done and
  comment.startswith("<!-- pace:verdict "), done)

os.remove(os.path.join(scratch, "comments"))
good = {**verdict, "status": 0, "rows": [{**row, "verdict": "ok", "fails": False, "incident": 0}]}
done, said, status = act(workflows["comment.yml"], {}, [(stored, json.dumps(good))])
t("comment: none where nothing got worse", status == 0 and "POST" not in done and "PATCH" not in done, done + said)

for what, document in (("of another commit", {**verdict, "rows": [{**row, "commit": "0" * 40}]}),
                       ("that is no verdict", {"schema": "x\n::set-output name=a::b"}),
                       ("with a wrong type", {**verdict, "rows": [{**row, "value": ["::error::x"]}]})):
    done, said, status = act(workflows["comment.yml"], {}, [(stored, json.dumps(document))])
    t(f"comment: a document {what} is refused", status == 3 and "POST" not in done and "PATCH" not in done, done + said)
    t("comment: and nothing of it is said", "::" not in said, said)

store = {"PACE_DB": os.path.join(scratch, "store")}
line = {"project": "pace", "branch": "feature/x", "testbed": "t", "benchmark": "b", "measure": "latency", "unit": "ns",
        "time": "2026-01-01T00:00:00Z", "value": 1}
subprocess.run([pace, "load", "-q", "-"], input=json.dumps(line) + "\n", text=True, check=True,
               env={**os.environ, **store})
done, said, status = act(workflows["archive.yml"], store)
t("archive: the branch is archived", status == 0 and "mark archive branch:" in done, done + said)
marks = subprocess.run([pace, "query", "show marks"], capture_output=True, text=True, env={**os.environ, **store}).stdout
t("archive: the store knows", "archive" in marks and "feature/x" in marks, marks)
EVENT["github.event.ref"] = "never-measured"
done, said, status = act(workflows["archive.yml"], store)
t("archive: a branch without runs is nothing to do", status == 0 and "mark archive" not in done, done + said)

print(f"1..{count}")
sys.exit(failed != 0)
