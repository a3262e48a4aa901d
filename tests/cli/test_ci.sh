#!/bin/sh
# test_ci.sh -- the formats of CI of pace run, check and report: where they go, that they agree, what they say.
DATA=$(cd "${0%/*}/../data/fun_notification" && pwd)
. "$(dirname "$0")/tap.sh"

python_says() { # runs a program of python3 over files, where there is one
    command -v python3 >/dev/null || return 0
    python3 -B - "$@"
}
well_formed() { # FILE...: XML
    python_says "$@" <<'END'
import sys, xml.parsers.expat
for name in sys.argv[1:]:
    xml.parsers.expat.ParserCreate().ParseFile(open(name, "rb"))
END
}

"$PACE" --db db load -q "$DATA/history_to_fibonacci.jsonl"
PACE_DB=$SCRATCH/db
export PACE_DB

# -- places -------------------------------------------------------------------------------------------
t "several formats at once" run_pace 1 check -b main --strict --format markdown=comment.md --format json=verdict.json \
    --format junit=junit.xml --format sarif=out.sarif --format badge=badge.svg
t "the alerts still go to people" has "$ERR" "suspected, not confirmed"
t "files have the mode of new files" sh -c '[ "$(stat -c %a comment.md)" = "$(touch n; stat -c %a n)" ]'
t "nothing is left beside them" sh -c '! ls | grep -q "\.[A-Za-z0-9]\{6\}$"'
t "to standard output" run_pace 1 check -q -b main --strict --format markdown
t "it is the same" cmp comment.md "$OUT"
t "--json is the verdict" run_pace 1 check -q -b main --strict --json
t "the same too" cmp verdict.json "$OUT"
t "rows for programs as ever" run_pace 0 check -q -b main --format csv
t "XML is well-formed" well_formed junit.xml badge.svg
t "two for standard output are one too many" run_pace 2 check -b main --format csv --format junit
t "and it says what to do" has "$ERR" "--format junit=FILE"
t "an unknown format" run_pace 2 check -b main --format junt
t "has a suggestion" has "$ERR" "did you mean 'junit'"
t "a format without its file" run_pace 2 check -b main --format junit=
t "a place that is not there" run_pace 3 check -b main --format junit=no/where.xml
t "is named" has "$ERR" "no/where.xml"
t "GitLab's two reports" run_pace 1 check -q -b main --strict --format gitlab
t "are files" test -s pace-junit.xml -a -s pace-metrics.txt
t "the same JUnit" cmp junit.xml pace-junit.xml
mkdir reports
t "in a folder, if it is named" run_pace 1 check -q -b main --strict --format gitlab=reports
t "they are there" cmp pace-metrics.txt reports/pace-metrics.txt
t "a metric" has pace-metrics.txt 'benchmark="tests/test_api.py::test_api_fun",measure="latency",unit="ns"} 38799579.4'

# -- what it says -------------------------------------------------------------------------------------
t "a comment has its marker first" sh -c 'head -n 1 comment.md | grep -qx "<!-- pace:verdict .* -->"'
t "a title" has comment.md "### 2 series are worse"
t "the worst first" sh -c 'grep "^| .tests" comment.md | head -n 1 | grep -q test_fun_notification'
t "folds what is well" has comment.md "<details><summary>Unchanged: 1</summary>"
t "at most 60 KB" sh -c '[ "$(wc -c <comment.md)" -le 60000 ]'
t "a result in its file" has out.sarif '"uri":"tests/test_api.py"'
t "a badge says it" has badge.svg "2 worse"
t "nothing got worse: no comment" run_pace 0 check -q -b main --format markdown --only-on-alert
t "not a byte of it" test ! -s "$OUT"
echo old >alert.md
t "an older file does not stay" run_pace 0 check -q -b main --format markdown=alert.md --only-on-alert
t "it is empty" test ! -s alert.md
t "something got worse: a comment" run_pace 1 check -q -b main --strict --format markdown --only-on-alert
t "whole" cmp comment.md "$OUT"
t "--no-fail reports all the same" run_pace 0 check -q -b main --strict --no-fail --format markdown
t "the same comment" cmp comment.md "$OUT"

# -- the rows are the query's -------------------------------------------------------------------------
same_rows() { # VERDICT QUERY-ROWS: members of both are equal, row by row
    python_says "$@" <<'END'
import json, sys
verdict = json.load(open(sys.argv[1]))
rows = [json.loads(line) for line in open(sys.argv[2])]
assert verdict["schema"] == "pace.verdict/1" and len(rows) == len(verdict["rows"]) > 0
for row, mine in zip(rows, verdict["rows"]):
    shared = [k for k in row if k in mine]
    assert len(shared) >= 20, shared
    for k in shared:
        a, b = row[k], mine[k]
        assert a == b or str(a) == str(b) or (a is None and b == ""), (k, a, b)
END
}
"$PACE" query 'branch:main | check | last run | as jsonl' >rows.jsonl 2>/dev/null
t "rows of the verdict are those of the query" same_rows verdict.json rows.jsonl

# -- GitHub -------------------------------------------------------------------------------------------
on_github() {
    GITHUB_STEP_SUMMARY=$SCRATCH/summary GITHUB_OUTPUT=$SCRATCH/output run_pace "$@"
}
echo "before" >summary
echo "before=1" >output
t "GitHub" on_github 1 check -q -b main --strict --format github
t "annotations, the worst first" sh -c 'head -n 1 "$1" | grep -q "^::error file=tests/test_fun.py,title=suspected%3A "' - "$OUT"
t "and no other line" sh -c '[ "$(grep -vc "^::error " "$1")" -eq 0 ]' - "$OUT"
t "the summary is added to" sh -c '[ "$(head -n 1 summary)" = before ] && grep -q "^### 2 series are worse" summary'
t "so are the outputs" sh -c '[ "$(head -n 1 output)" = before=1 ]'
for line in verdict=worse regressions=2 suspected=0 open=0 improvements=0 unjudged=0 status=1; do
    t "an output $line" grep -qx "$line" output
done
head -c 1022000 /dev/zero | tr '\0' 'x' >summary
t "a summary that is full" on_github 1 check -q -b main --strict --format github
t "stays as it is" sh -c '[ "$(wc -c <summary)" -eq 1022000 ]'
t "which is said" has "$ERR" "summary is full"
t "outside of GitHub" run_pace 1 check -q -b main --strict --format github
t "it says what is missing" has "$ERR" "GITHUB_STEP_SUMMARY is not set"

# -- stored, and written later ------------------------------------------------------------------------
t "a stored verdict" run_pace 0 report --from verdict.json
t "gives the same comment" cmp comment.md "$OUT"
for pair in junit=junit.xml sarif=out.sarif badge=badge.svg json=verdict.json; do
    t "as ${pair%%=*}" run_pace 0 report --from verdict.json --format "${pair%%=*}"
    t "the same" cmp "${pair#*=}" "$OUT"
done
t "from standard input" sh -c '"$1" report --from - <verdict.json | cmp - comment.md' - "$PACE"
COMMIT=ee5a4a99fcd12c03d5e420f16176ea1113dcccdb
t "of the commit that is expected" run_pace 0 report --from verdict.json --expect-commit $COMMIT
t "another is refused" run_pace 3 report --from verdict.json --expect-commit "0$COMMIT"
t "rows are no verdict" sh -c '"$1" report --from rows.jsonl >"$2" 2>"$3"; [ $? = 3 ]' - "$PACE" "$OUT" "$ERR"
t "nothing is written of it" test ! -s "$OUT"
echo '{"schema":"pace.verdict/9"}' >later.json
t "a later schema" run_pace 3 report --from later.json
t "is named by what is read" has "$ERR" 'schema: must be "pace.verdict/1"'
t "to a file" run_pace 0 report --from verdict.json -o written.md
t "the same comment" cmp written.md comment.md
t "another format to a file" run_pace 0 report --from verdict.json --format junit -o written.xml
t "the same report" cmp written.xml junit.xml
t "one file for two formats" run_pace 2 report --from verdict.json --format junit --format badge=b.svg -o written.xml
t "--from takes no formats of rows" run_pace 2 report --from verdict.json --format csv

# -- no verdict, and that is said ---------------------------------------------------------------------
t "nothing to judge" run_pace 4 check -b none --format markdown --format json=none.json
t "is in the comment" has "$OUT" "There is no run to judge."
t "under its title" has "$OUT" "### No verdict"
t "and in the document" has none.json '"reason":"no-run"'
t "JUnit has an error then" sh -c '"$1" check -q -b none --format junit 2>/dev/null | grep -q "errors=\"1\""' - "$PACE"
git init -q -b main app
cd app
cat >harness <<'END'
#!/bin/sh
echo "BenchmarkFun 100 ${VALUE:-1000} ns/op"
exit "${STATUS:-0}"
END
chmod +x harness
git add harness
git commit -qm one
PACE_DB=$SCRATCH/run
commit() { # VALUE
    COUNT=$((${COUNT:-0} + 1))
    GIT_COMMITTER_DATE="$((1767225600 + COUNT * 3600)) +0000" git commit -q --allow-empty -m "$COUNT"
    VALUE=$1
    export VALUE
}
failing() { STATUS=9 run_pace 5 "$@"; }
t "a benchmark command that fails" failing run -q -t box --format markdown --format json=failed.json -- ./harness
t "is in the comment" has "$OUT" "The benchmark command failed."
t "and in the document" has failed.json '"reason":"command"'
for value in 1000 1001 999 1000 1002 998; do
    commit "$value"
    "$PACE" run -q -t box -- ./harness >/dev/null 2>&1
done
commit 2000
t "a run that is worse" run_pace 1 run -t box --format markdown --format json=worse.json -- ./harness
t "standard output holds the comment and nothing else" sh -c 'head -n 1 "$1" | grep -q "^<!-- pace:verdict app box -->"' - "$OUT"
t "which lacks what the command printed" lacks "$OUT" "ns/op"
t "that goes to people" has "$ERR" "BenchmarkFun 100 2000 ns/op"
t "the second run is in the table" has "$OUT" "<br>then"
t "and in the document" sh -c 'grep -q "\"again_run\":[1-9]" worse.json'
t "the commit is the first that is worse" has "$OUT" "$(git rev-parse --short=9 HEAD) |"
VALUE=4000
t "against its base, in rounds" run_pace 1 run --against HEAD~1 --rounds 4 -t box --setup true \
    --format markdown -- sh -c 'case $PWD in */app) VALUE=4000 ;; *) VALUE=1000 ;; esac; export VALUE; ./harness'
t "has rounds instead of runs" has "$OUT" "| benchmark | change | was | is | rounds | p |"
t "and names the base" has "$OUT" "against $(git rev-parse --short=7 HEAD~1)"
t "an unknown format is told before anything runs" run_pace 2 run -t box --format nope -- touch ran
t "nothing ran" test ! -e ran

finish
