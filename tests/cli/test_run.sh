#!/bin/sh
# test_run.sh -- `pace run`: executing, reading, storing, judging, confirming.
. "$(dirname "$0")/tap.sh"

# A harness that measures what the file `value` says (seconds), or its first line, which it removes.
cat >harness <<'END'
#!/bin/sh
# harness [FILE]: writes pytest-benchmark's JSON to FILE, else to its output
value=$(sed -n 1p value)
if [ "$(wc -l <value)" -gt 1 ]; then
    sed 1d value >value.rest
    mv value.rest value
fi
json=$(cat <<JSON
{"machine_info": {"node": "n"}, "benchmarks": [
 {"group": null, "name": "test_fun", "fullname": "tests/test_fun.py::test_fun", "params": null,
  "stats": {"min": $value, "max": $value, "mean": $value, "stddev": 0.0, "rounds": 1,
            "median": $value, "iterations": 1}}],
 "datetime": "2026-01-01T00:00:00", "version": "4.0.0"}
JSON
)
if [ $# -gt 0 ]; then echo "$json" >"$1"; else echo "$json"; fi
END
chmod +x harness
PATH=$SCRATCH:$PATH

git init -q -b main app
cd app
cp ../harness .
# A store appears with the first run that is stored.
no_store() { run_pace "$@" && [ "$(ls -A)" = ".git
harness" ]; }
t "a command that fails makes no store" no_store 5 run -- false
t "nor does one that prints nothing" no_store 3 run -- true
t "nor a model that is none" no_store 2 run --threshold nonsense -- ./harness
commit() { # VALUES...: a commit whose benchmark gives these values, one a run
    COUNT=$((${COUNT:-0} + 1))
    echo "$COUNT" >source
    git add source
    GIT_COMMITTER_DATE="$((1767225600 + COUNT * 3600)) +0000" git commit -qm "$COUNT"
    printf '%s\n' "$@" >value
}
runs() { "$PACE" log --format csv -n 1000 | sed 1d | wc -l; }
said() { # STATUS TEXT ARGS...
    expected=$1 text=$2
    shift 2
    run_pace "$expected" "$@" && has "$ERR" "$text"
}

# -- executing and reading ------------------------------------------------------------------------
commit 0.001
t "a dry run" said 0 "would run    ./harness" run --dry-run -t box -- ./harness
t "names the branch" has "$ERR" "branch       main"
t "and makes no store" test ! -e .pace
t "output is read" run_pace 0 run -t box -- ./harness
t "and passed through" has "$OUT" '"benchmarks"'
t "new series are said" has "$ERR" "new: no baseline yet, which takes 5 earlier runs by default"
t "the run is told" has "$ERR" "app main box  run 1  $(git rev-parse --short=7 HEAD)"
commit 0.00101
t "{out} is read" run_pace 0 run -t box -- ./harness '{out}'
t "and removed" sh -c '[ -z "$(ls -A "$TMPDIR")" ]'
commit 0.00099
t "{out} with an extension" run_pace 0 run -t box -- ./harness '{out}.json'
commit 0.001
t "one word with spaces is a line for the shell" run_pace 0 run -t box "./harness > {out} && true"
commit 0.00102
t "--file" run_pace 0 run -t box --file result.json -- ./harness result.json
commit 0.00098
piped() { ./harness | "$PACE" run -t box >"$OUT" 2>"$ERR"; }
t "piped input" piped
t "six runs are stored" test "$(runs)" -eq 6
t "options end at the command" run_pace 0 run --dry-run echo --branch x
t "the command keeps them" has "$ERR" "echo --branch x"
t "stderr passes through" said 0 "to stderr" run -p other -- sh -c 'echo to stderr >&2; ./harness'
cat >time <<'END'
#!/bin/sh
echo a line of the command
[ "$1" = -o ] && shift 2
cat >&2 <<TEXT
	Command being timed: "sleep 1"
	User time (seconds): 0.25
	Elapsed (wall clock) time (h:mm:ss or m:ss): 0:01.00
	Maximum resident set size (kbytes): 1692
TEXT
END
chmod +x time
t "what time -v writes to stderr" run_pace 0 run -p timed --format jsonl -- ./time -v sleep 1
t "is read" sh -c '"$1" query "project:timed measure:max-rss" --format jsonl | grep -q "\"value\":1732608"' - "$PACE"
t "but for a file of its own" run_pace 3 run -p timed -- ./time -o elsewhere -v sleep 1
rm time
t "--quiet says nothing of a good run" run_pace 0 run -q -p quiet -- ./harness
t "nor its output" test ! -s "$OUT"

# -- bad results ----------------------------------------------------------------------------------
before=$(runs)
echo '{"benchmarks": []}' >old.json
touch -t 202001010000 old.json
t "a stale file" said 3 "old.json is older than the start of the command" run --file old.json -- true
t "says what to do" has "$ERR" "pace load old.json"
t "a missing file" said 3 "none.json" run --file none.json -- true
t "nothing in {out}" said 3 "wrote nothing to {out}" run -- true '{out}'
t "no output" said 3 "wrote nothing to its output" run -- true
t "and how a command is measured that measures nothing" has "$ERR" "--rusage and --build-time measure the command"
printf '%s\n' 'echo "Benchmark   Time   CPU   Iterations"' 'echo "BM_x   1 ns   1 ns   7"' >google.sh
t "a table for people" said 3 "--benchmark_out={out} --benchmark_out_format=json" run -- sh google.sh
printf '%s\n' '#!/bin/sh' 'echo "4 passed"' >pytest && chmod +x pytest
t "a harness whose results would be lost" said 3 "note: pytest writes results with --benchmark-json={out}" \
    run -- ./pytest
t "output of no harness" run_pace 3 run -- echo hello
t "a truncated file" run_pace 3 run -- sh -c './harness | head -c 200 >{out}'
t "which is kept" has "$ERR" "what the command wrote is kept: $TMPDIR/pace-"
rm -rf "$TMPDIR"/pace-*
t "an empty file" run_pace 3 run -- sh -c ': >{out}'
t "nothing of these is stored" test "$(runs)" -eq "$before"
t "no input" run_pace 3 run
rm -rf "$TMPDIR"/pace-*

# -- failing commands -----------------------------------------------------------------------------
t "a failing command" said 5 "exit status 3" run -p partial -- sh -c './harness; exit 3'
t "its output is shown" has "$OUT" '"benchmarks"'
t "what arrived is stored" has "$ERR" "partial"
t "as a partial run" sh -c '"$1" log --format csv -n 1 | grep -q partial' - "$PACE"
t "a command that fails at once" said 5 "exit status 1" run -- false
t "a command that is not there" said 5 "no-such-command" run -- no-such-command
t "a command that is killed" said 5 "signal 9" run -- sh -c 'kill -9 $$'
t "a command that takes too long" said 5 "--timeout" run --timeout 0.2 -- sleep 60
t "--quiet shows the output of a failure" said 5 "some words" run -q -- sh -c 'echo some words; exit 1'

# -- nothing is lost ------------------------------------------------------------------------------
t "a store that breaks meanwhile" said 3 "the results are kept: pace load" \
    --db broken run -- sh -c './harness {out}; rm -rf broken; : >broken'
kept=$(sed -n 's/.*pace load //p' "$ERR")
rm broken
t "the results can be loaded" sh -c '"$1" --db kept load $2 >/dev/null 2>&1' - "$PACE" "$kept"
rm -rf "${kept%/*}"
before=$(runs)
reader_gone() { { "$PACE" run -p pipe -- ./harness; echo $? >status; } 2>"$ERR" | true; [ "$(cat status)" = 0 ]; }
t "a reader that goes away" reader_gone
t "does not keep the run from being stored" test "$(runs)" -eq $((before + 1))
interrupted() { timeout --preserve-status -s INT 0.5 "$PACE" run -- sleep 60 >"$OUT" 2>"$ERR"; [ $? -eq 130 ]; }
t "an interrupt" interrupted
t "stores nothing" test "$(runs)" -eq $((before + 1))

# -- judging --------------------------------------------------------------------------------------
commit 0.00101
t "an ordinary run" said 0 "1 ok" run -t box -- ./harness
commit 0.005 0.001
t "a suspect that the second run clears" said 0 "suspected, not confirmed" run -t box -- ./harness '{out}'
t "ran twice" has "$ERR" "running the command once more"
commit 0.05
t "a regression that the second run confirms" run_pace 1 run -t box -- ./harness '{out}'
t "is on stdout" has "$OUT" "worse  tests/test_fun.py::test_fun  latency"
t "with the value" has "$OUT" "is  50 ms"
t "and how to accept it" has "$ERR" "if it is meant: pace accept 'tests/test_fun.py::test_fun' -m WHY"
t "and the confirming run" has "$OUT" "which confirms it"
t "both runs are stored" sh -c '[ "$("$1" log --format csv | grep -c "$(git rev-parse HEAD)")" -eq 2 ]' - "$PACE"
t "pace check agrees" run_pace 1 check
t "and says it" has "$OUT" "worse  tests/test_fun.py::test_fun  latency"
t "check --no-fail" run_pace 0 check --no-fail
t "check of another testbed" run_pace 4 check -t nowhere
t "check with rows" run_pace 1 check --format csv
t "which are rows" has "$OUT" "benchmark"
GIT_COMMITTER_DATE="$((1767225600 + COUNT * 3600 + 1)) +0000" git commit -q --allow-empty -m unmeasured
t "check of a commit without a run" said 4 "the newest run of branch main is of" check --no-fail
t "a regression that is open fails with --strict" run_pace 1 check -t box -b main --strict
commit 0.05
t "alerts once" said 0 "open   tests/test_fun.py::test_fun  latency  was 1." run -t box -- ./harness '{out}'
t "the level is new" has "$ERR" "changed lately"
t "no verdict is missing" run_pace 0 check
t "and it is open" run_pace 1 check --strict
for i in 1 2 3; do commit 0.05; run_pace 0 run -t box -- ./harness '{out}'; done
commit 1
t "--no-confirm: a suspect does not fail" said 0 "1 suspected" run -t box --no-confirm -- ./harness '{out}'
t "after one run" lacks "$ERR" "once more"
t "its name" run_pace 0 check --suspects
t "and nothing else" has "$OUT" "tests/test_fun.py::test_fun"
t "a suspect passes" run_pace 0 check
t "but for --strict" run_pace 1 check --strict
t "--no-fail" run_pace 0 run -t box --no-fail --no-confirm -- ./harness '{out}'
t "still tells" has "$OUT" "worse"
t "--confirm 0" said 0 "1 worse" run -t box --no-fail --confirm 0 -- ./harness '{out}'
t "--confirm -1" run_pace 2 run --confirm -1 -- ./harness '{out}'
for i in 1 2 3 4 5; do commit 1; run_pace 0 run -t box -- ./harness '{out}'; done
commit 900
t "rows for programs" run_pace 1 run -t box --format jsonl -- ./harness
t "stand alone on stdout" lacks "$OUT" '"benchmarks"'
t "and are rows" has "$OUT" '"verdict":"worse"'
t "a bad threshold" run_pace 2 run -t box --threshold 'zscore 3sd' -- ./harness '{out}'
t "its run is stored" run_pace 0 show "$(runs)"

# -- what is stored -------------------------------------------------------------------------------
git remote add origin https://user:hunter2@host/org/calendar.git
echo dirty >>source
export MY_TOKEN=hunter3
t "a dirty tree" said 0 "calendar main box" run -t box -- ./harness '{out}' --token hunter4
t "show" run_pace 0 show "$(runs)"
t "tells that it is dirty" has "$OUT" "with uncommitted changes"
t "and the commit" has "$OUT" "$(git rev-parse HEAD)-dirty-"
t "and the machine" has "$OUT" "env.arch"
t "and the command" has "$OUT" "./harness"
t "but no secrets" lacks "$OUT" hunter
git checkout -q -- source
git checkout -q --detach
t "a detached HEAD" said 2 "detached HEAD" run -- ./harness
t "with a name" said 0 "calendar side" run -b side -- ./harness
ci_twice() {
    GITHUB_ACTIONS=true GITHUB_RUN_ID=7 GITHUB_RUN_ATTEMPT=1 GITHUB_JOB=bench GITHUB_REF_NAME=main \
        RUNNER_NAME=box "$PACE" run -p ci -- sh -c "echo $1 >value; ./harness" >"$OUT" 2>"$ERR"
}
t "in CI" ci_twice 0.001
t "the same step again" ci_twice 0.002
t "is a run of its own" sh -c '[ "$("$1" log -p ci --format csv | sed 1d | wc -l)" -eq 2 ]' - "$PACE"
t "ls" run_pace 0 ls
t "ls -l" run_pace 0 ls -l 'test_fun*latency'
t "prints paths" has "$OUT" "//app//main//box//tests/test_fun.py::test_fun//latency"
t "no temporary file is left" sh -c '[ -z "$(ls -A "$TMPDIR")" ]'

# Two suites by turns, each with series of its own.
for i in 1 2; do
    commit 0.00200
    run_pace 0 run -p suites -b main -t box -- ./harness
    cp "$ERR" first.err
    run_pace 0 run -p suites -b main -t box --file-size harness -- true
done
t "what the other suite measures is not gone" lacks first.err "was in earlier runs"
t "but kept apart better" has first.err "suites that run one by one are kept apart by --project or --testbed"
t "check of a commit that both measured" run_pace 4 check -p suites -b main
first=$(($("$PACE" log -p suites -n 1 --format csv | sed -n '2s/,.*//p') - 1))
t "says which run it did not judge" has "$ERR" "run $first of this commit has series that run $((first + 1)) lacks"
t "as the first suite's run did not" lacks first.err "of this commit has series"
finish
