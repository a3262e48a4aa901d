"""names.py -- names that somebody hostile chose, through every command and format that prints names.

  usage: names.py TOP PACE SCRATCH

What reaches a terminal or a file holds no control or bidirectional character; JSON, XML and HTML parse; cells of
CSV are inert; each name comes back from the formats that programs read. Prints TAP."""

import csv, html.parser, io, json, os, pty, re, subprocess, sys, threading, xml.parsers.expat

top, pace, scratch = sys.argv[1:4]
os.environ["PACE_DB"] = os.path.join(scratch, "db")
count = failed = 0


def t(what, problem):
    global count, failed
    count += 1
    failed += bool(problem)
    print(f"{'not ok' if problem else 'ok'} {count} - {what}")
    for line in str(problem or "").splitlines()[:8]:
        print("# " + line[:300])


# -- names -------------------------------------------------------------------------------------------

# What the terminal obeys or what reorders a line: C0, DEL, C1, bidirectional controls, separators, tags.
CONTROL = ([range(0, 0x20), range(0x7F, 0xA0), range(0x2028, 0x202F), range(0x2066, 0x2070), range(0x200E, 0x2010),
            range(0xFFF9, 0xFFFC), range(0xFFFE, 0x10000), range(0xE0000, 0xE0080)] +
           [range(c, c + 1) for c in (0x61C, 0xFEFF)])
controls = {c for part in CONTROL for c in part}
refused = [bytes([c]) for c in [*range(1, 0x20), 0x7F]] + [chr(c).encode() for c in range(0x80, 0xA0)]
invalid = [bytes([c]) for c in range(0x80, 0x100)] + [b"\xf0\x80\x80\xaf", b"\xed\xa0\x80", b"\xc0\x80", b"\xff\xfe"]

names = [f"{first}{chr(c)}{last}" for c in [*range(0x20, 0x7F), *range(0xA0, 0x100)]
         for first, last in (("ab", "cd"),)]
names += [chr(c) + "x" for c in range(0x21, 0x7F)]
names += [f"a{chr(c)}z" for c in sorted(controls) if c >= 0xA0]
names += ['=HYPERLINK("http://x","y")', "+1", "-1+1", "@SUM(A1)", 'a",=1,"b', "'=1", "''", "'", "</code></td><script>alert(1)</script>",
          "]]><!-- --><![CDATA[", "-->", "&lt;img src=x onerror=alert(1)&gt;", "<img src=x onerror=alert(1)>",
          '" onload="alert(1)', "[a](javascript:alert(1))", "![a](http://x/y.png)", "http://evil.example @user #1",
          "`www.evil.example`", "$\\href{javascript:1}{x}$", "a|b|c", "a\\|b", "\\", "\\x1b[31m", "```", "</details>",
          "::error::x", "a%0A::set-output name=x::y", "##[add-mask]x", '{label="x"} 1 # EOF', "e\u0301", "日本語の|ベンチ",
          "tests/test_a.py::test_b", "../../etc/passwd.py::x", "a//b", "a;b", "{a,b}", "*", "?", "a:b", "$name"]
names = list(dict.fromkeys(names))


def call(*words, data=None):
    done = subprocess.run([pace, *words], input=data, capture_output=True, cwd=scratch)
    return done.returncode, done.stdout, done.stderr


# -- what is asserted ----------------------------------------------------------------------------------

def unsafe(output, also=""):
    """What of an output is no UTF-8, or a control character."""
    try:
        text = output.decode()
    except UnicodeDecodeError as error:
        return f"no UTF-8: {error}"
    for at, c in enumerate(text):
        if ord(c) in controls and c not in "\n" + also:
            return f"U+{ord(c):04X} in {text[max(0, at - 60):at + 20]!r}"


NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?( [-+0-9.e]+)*$")


def active_cell(output):
    for row in csv.reader(io.StringIO(output.decode(), newline="")):
        for cell in row:
            if cell[:1] in tuple("=+-@\t\r") and cell and not NUMBER.match(cell):
                return f"a formula: {cell!r}"


class Tags(html.parser.HTMLParser):
    OURS = {"details", "summary", "code", "br"}

    def __init__(self):
        super().__init__()
        self.problem = None

    def handle_starttag(self, tag, attributes):
        if tag not in self.OURS or attributes:
            self.problem = f"a tag that is not ours: {tag} {attributes}"

    def handle_comment(self, data):
        if not re.fullmatch(r" pace:verdict [\w./*]+ [\w./*]+ ", data):
            self.problem = f"a comment that is not ours: {data}"

    handle_decl = unknown_decl = handle_pi = handle_comment


def foreign_tag(output):
    tags = Tags()
    tags.feed(output.decode())
    tags.close()
    return tags.problem


def no_xml(output):
    try:
        xml.parsers.expat.ParserCreate().Parse(output, True)
    except xml.parsers.expat.ExpatError as error:
        return str(error)


def no_json(output):
    try:
        json.loads(output, parse_constant=lambda c: 1 / 0)
    except ValueError as error:
        return str(error)


def no_json_lines(output):
    return next(filter(None, map(no_json, output.splitlines())), None)


def no_commands(output):
    return next((line for line in output.decode().splitlines() if not re.match(r"::(error|warning) (file=[^,:]+,)?title=[^:,]+::", line)), None)


EXTRA = {"csv": active_cell, "json": no_json, "jsonl": no_json_lines, "markdown": foreign_tag, "svg": no_xml, "junit": no_xml,
         "sarif": no_json, "badge": no_xml, "github": no_commands}


def check(words, name="", statuses=(0,), data=None, may_be_empty=False):
    status, out, err = call(*words, data=data)
    problem = None if status in statuses else f"status {status}: {err[:300]}"
    problem = problem or unsafe(out, "\t" if name == "tsv" else "") or unsafe(err)
    if not problem and name in EXTRA:
        problem = EXTRA[name](out)
    if not problem and not out and not may_be_empty:
        problem = f"nothing is printed; {err[:300]}"
    t(" ".join(words)[:120], problem)
    return out


def terminal(*words):
    """What a terminal gets, colours taken out."""
    parent, child = pty.openpty()
    done = subprocess.Popen([pace, *words], stdout=child, stderr=child, stdin=subprocess.DEVNULL, cwd=scratch,
                            env={**os.environ, "PACE_PAGER": "cat", "TERM": "xterm", "LC_ALL": "C.UTF-8"})
    os.close(child)
    got = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    os.close(parent)
    done.wait()
    return re.sub(rb"\x1b\[[0-9;]*m", b"", got).replace(b"\r\n", b"\n")


def table(path, macro):
    """Names of a .def list, those that are not built left out."""
    rows = re.findall("^" + macro + r"\((\w+), ([^,]*), ([^,]*)", open(os.path.join(top, path)).read(), re.M)
    return [row[0] for row in rows if not (row[1] == "NULL" and macro == "FORMAT")]


# -- a store ---------------------------------------------------------------------------------------------

def line(run, benchmark, stream, value, unit="ns"):
    return json.dumps({"project": "p", "branch": "main", "testbed": "box", "measure": "latency", **stream, "benchmark": benchmark,
                       "unit": unit, "time": f"2026-01-{run + 1:02}T00:00:00Z", "commit": f"c0ffee{run}", "value": value})


lines, others = [], []
for run in range(9):
    value = 100 + run % 3 if run < 7 else 900
    lines += [line(run, name, {}, value) for name in names]
    others += [line(run, name, {"project": name, "branch": name, "testbed": name, "measure": name}, value, unit=name[:60])
               for name in names[-60:]]
for part in lines, others:
    status, out, err = call("load", "-q", "-", data="\n".join(part).encode())
    t("a store with names that print", status and err)

problems = []
for raw in refused + invalid:
    data = b'{"benchmark":"a' + raw + b'z","measure":"latency","value":1,"time":"2026-01-01T00:00:00Z"}'
    status, out, err = call("load", "-p", "other", "-b", "main", "-t", "box", "-", data=data)
    problems.append(f"{raw}: status {status}" if status != 3 else unsafe(out) or unsafe(err))
t(f"{len(problems)} names that cannot be in a store are refused, and told safely", next(filter(None, problems), None))

# -- every command and format ----------------------------------------------------------------------------

formats = table("query/format.def", "FORMAT")
ci = table("tools/ci_format.def", "CI_FORMAT")
for form in formats:
    check(["query", "project:p | last 2", "--format", form], form)
    check(["query", "not project:p | last 2", "--format", form], form)
    check(["query", "project:* | check | last run", "--format", form], form)
for form in ci + [f for f in formats if f not in ci]:
    check(["check", "-q", "-b", "main", "-p", "p", "--format", form], form, (1,), may_be_empty=form == "gitlab")
    check(["check", "-q", "-b", names[-1], "--format", form], form, (0, 1), may_be_empty=True)
for form in formats:
    check(["log", "--format", form], form)
    check(["ls", "--format", form], form)
    check(["ls", "-l", "--format", form], form)
    check(["show", "1", "--format", form], form)
    check(["compare", "1", "9", "--format", form], form)
    check(["alerts", "--format", form], form)
for words in ("check -b main -p p", "alerts", "ls", "ls -l", "log", "show 1", "stat -l", "compare 1 9",
              "compare 1 9 --table pytest", "dump", "check -b main -p p --suspects", "check -b main -p p -q --format plot"):
    check(words.split(), statuses=(0, 1), may_be_empty="suspects" in words)

for form, name in (("jsonl", "jsonl"), ("csv", "csv"), ("data.js", ""), ("bmf", "json"), ("openmetrics", ""), ("go", "")):
    problem = unsafe(terminal("dump", "--format", form, "-p", "p"), "")
    t(f"dump --format {form} on a terminal", problem)
    status, out, err = call("dump", "--format", form, "-p", "p")
    t(f"dump --format {form}", (status and err) or (name in EXTRA and EXTRA[name](out)) or
      (form in ("jsonl", "data.js", "bmf") and unsafe(out)))
for words in ("query project:*|last:1", "ls -l", "check -b main -p p", "compare 1 9"):
    t(f"{words} on a terminal", unsafe(terminal(*(w.replace("|last:1", " | last 1") for w in words.split(" "))), ""))

# Exact for programs: a dump comes back.
for form in ("jsonl", "csv"):
    dump = call("dump", "--format", form)[1]
    again = os.path.join(scratch, "again-" + form)
    status, out, err = call("--db", again, "load", "-q", "-", data=dump)
    t(f"a dump as {form} comes back", (status and err) or (call("--db", again, "dump", "--format", form)[1] != dump and "other bytes"))
rows = [json.loads(row) for row in call("query", "project:p | last 1", "--format", "jsonl")[1].splitlines()]
t("JSON lines have the names as they are", sorted(r["benchmark"] for r in rows) != sorted(names) and "others")
verdict = json.loads(call("check", "-q", "-b", "main", "-p", "p", "--json")[1])
t("a verdict has the names as they are", sorted(r["benchmark"] for r in verdict["rows"]) != sorted(names) and "others")

# -- pace run: names from a harness ------------------------------------------------------------------------

for at, form in enumerate(ci + [f for f in formats if f not in ci]):
    results = {name: {"latency": {"value": 2000 + at}} for name in names}
    check(["run", "-q", "-p", "p", "-b", "main", "-t", "box", "--commit", f"beef{at:04}", "--format", form], form if form != "github" else "run",
          (0, 1), data=json.dumps(results).encode(), may_be_empty=True)
results = {name: {"latency": {"value": 9000}} for name in names}
check(["run", "-p", "p", "-b", "main", "-t", "box"], "run", (0, 1), data=json.dumps(results).encode(), may_be_empty=True)
status, out, err = call("run", "-p", "p", "-b", "main", "-t", "box", data=b'{"a\xc2\x9b31m": {"latency": {"value": 1}}}')
t("a harness' name with a control character", unsafe(out) or unsafe(err))

print(f"1..{count}")
sys.exit(failed != 0)
