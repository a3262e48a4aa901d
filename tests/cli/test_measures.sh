#!/bin/sh
# test_measures.sh -- what `pace run` measures and gathers: repeats, several files and adapters, sizes,
# build time, resources; what it stores of the machine, of secrets, of CI.
TOP=$PWD
. "$(dirname "$0")/tap.sh"

# Harnesses: Go's benchmark lines, pytest-benchmark's JSON, with the values of the next line of `values`.
cat >harness <<'END_OF_HARNESS'
#!/bin/sh
# harness go|pytest [FILE]
next=$(sed -n 1p "$SCRATCH/values")
sed 1d "$SCRATCH/values" >"$SCRATCH/values.rest"
mv "$SCRATCH/values.rest" "$SCRATCH/values"
[ "$next" != fail ] || exit 3
if [ "$1" = go ]; then
    text=$(printf 'goos: linux\npkg: app\nBenchmarkParse-2\t1000\t%s ns/op\nPASS\n' "$next")
else
    text='{"machine_info": {"node": "n"}, "benchmarks": [{"group": null, "name": "test_fun",
 "fullname": "test_fun", "params": null, "stats": {"min": '$next', "max": '$next', "mean": '$next',
 "stddev": 0.0, "rounds": 1, "median": '$next', "iterations": 1}}],
 "datetime": "2026-01-01T00:00:00", "version": "4.0.0"}'
fi
if [ $# -gt 1 ]; then echo "$text" >"$2"; else echo "$text"; fi
END_OF_HARNESS
chmod +x harness
export SCRATCH
PATH=$SCRATCH:$PATH
values() { printf '%s\n' "$@" >"$SCRATCH/values"; }
said() { # STATUS TEXT ARGS...
    expected=$1 text=$2
    shift 2
    run_pace "$expected" "$@" && has "$ERR" "$text"
}
newest() { "$PACE" log -n 1 --format csv | sed 1d | cut -d, -f1; }
value() { # PROJECT BENCHMARK MEASURE: in the newest run there
    "$PACE" query -v b="$2" "project:$1 benchmark:\$b measure:$3 | last 1 | keep value" --format csv |
        sed 1d
}
shows() { "$PACE" show -l "$(newest)" >"$OUT" && has "$OUT" "$1"; }

mkdir plain # no git: nothing to wait for
cd plain

# -- several executions ----------------------------------------------------------------------------
for fold in median:20 min:10 max:60 mean:30; do
    values 10 60 20
    t "--fold ${fold%:*}" run_pace 0 run -p f --iter 3 --fold "${fold%:*}" -- harness go
    t "is ${fold#*:}" test "$(value f BenchmarkParse-2 latency)" = "${fold#*:}"
done
t "a sample for each execution" sh -c '"$1" show -l "$2" | grep -q "latency  *30 ns  *3"' - "$PACE" "$(newest)"
values 10 60 20
t "without --fold it is the median" run_pace 0 run -p f --iter 3 -- harness go '{out}'
t "of fresh files" test "$(value f BenchmarkParse-2 latency)" = 20
t "that are gone" sh -c '[ -z "$(ls -A "$TMPDIR")" ]'
values 10 fail 20
t "an execution that fails" said 5 "exit status 3" run -p f --iter 3 -- harness go
t "ends it" test "$(cat ../values)" = 20
t "what arrived is stored" has "$ERR" "partial"
t "too few" said 2 "--iter takes a number from 1 to 10000, not '0'" run --iter 0 -- true
t "no number" run_pace 2 run --iter x -- true
t "no such fold" said 2 "--fold is min, max, mean or median, not 'sum'" run --fold sum -- true
t "nothing to repeat" said 2 "--iter needs the command" run --iter 3

# -- several files and adapters --------------------------------------------------------------------
values 10 0.5 30
t "files of several harnesses" run_pace 0 run -p files --file a.txt --file b.json --file c.txt -- \
    sh -c 'harness go a.txt; harness pytest b.json; harness go c.txt'
t "are one run" test "$(value files BenchmarkParse-2 latency)" = 20
t "with all that is in them" shows "test_fun          latency.median       500     ms"
values 10 0.5 30
t "--fold over the files that have it" run_pace 0 run -p files --fold max --file a.txt --file b.json \
    --file c.txt -- sh -c 'harness go a.txt; harness pytest b.json; harness go c.txt'
t "takes the largest" test "$(value files BenchmarkParse-2 latency)" = 30
values 10 0.5
t "an adapter for each file" run_pace 0 run -p files --adapter go --file a.txt -a pytest --file b.json -- \
    sh -c 'harness go a.txt; harness pytest b.json'
values 10 0.5
t "the wrong one" run_pace 3 run -p files --adapter pytest --file a.txt -a pytest --file b.json -- \
    sh -c 'harness go a.txt; harness pytest b.json'
t "names the file" has "$ERR" "a.txt"
t "adapters without files" said 2 "several adapters" run -a go -a pytest -- true
t "no such adapter" said 2 "did you mean 'pytest'" run -a pytets -- true

# -- hints -----------------------------------------------------------------------------------------
printf '#!/bin/sh\necho "=== 3 passed in 1.2 s ==="\n' >../pytest
chmod +x ../pytest
t "pytest without its option" said 3 "pytest writes results with --benchmark-json={out}" run -- pytest -q
t "in a line for the shell" said 3 "--benchmark-json={out}" run "cd . && pytest -q"
t "no hint for a part of a name" sh -c '! "$1" run -- sh -c "echo my_pytest_x" 2>&1 | grep -q json=' - "$PACE"

# -- what pace measures itself ---------------------------------------------------------------------
mkdir -p dist/sub
printf 12345 >dist/a
printf 123 >dist/sub/b
ln -s /etc/passwd dist/link
t "--file-size" run_pace 0 run -p size --file-size dist/a --file-size dist
t "of a file" test "$(value size dist/a file-size)" = 5
t "of a folder" test "$(value size dist file-size)" = 8
t "of none" said 3 "nothing: No such file" run -p size --file-size nothing
t "of no file" said 3 "neither a file nor a directory" run -p size --file-size /dev/null
t "after a command" run_pace 0 run -p size --file-size dist/a -- sh -c 'printf 1234567 >dist/a; echo noise'
t "as it is then" test "$(value size dist/a file-size)" = 7
values 10
t "beside results" run_pace 0 run -p size --file-size dist/a --file r.txt -- harness go r.txt
t "both are stored" sh -c '"$1" show "$2" | grep -c "latency \|file-size" | grep -qx 2' - "$PACE" "$(newest)"
t "--build-time" run_pace 0 run -p build --build-time -- sh -c 'sleep 0.1; echo compiled'
t "is of the command" shows "sh -c 'sleep 0.1; echo compiled'"
long_enough() { [ "$("$PACE" query 'project:build measure:build-time | where value > 0.1' --format csv | wc -l)" = 2 ]; }
t "in seconds" long_enough
values 10
t "--rusage" run_pace 0 run -p usage --rusage --iter 2 -- harness go
for measure in wall-time cpu-user cpu-system max-rss latency; do
    t "has $measure" shows "$measure"
done
t "without results" run_pace 0 run -p usage --rusage -- echo hello
t "is enough" shows "echo hello"
t "of a failing command" run_pace 5 run -p usage --rusage -- false
t "without a command" said 2 "--rusage needs the command" run --rusage

# -- time, and what is there already ---------------------------------------------------------------
values 10 10 10
t "--backdate" run_pace 0 run -p time --backdate 1767225600 -- harness go
t "in seconds" shows "ran           2026-01-01T00:00:00Z"
t "or as a time" run_pace 0 run -p time --backdate 2026-01-02T03:04 -- harness go
t "is both times" shows "time          2026-01-02T03:04:00Z"
t "not both options" said 2 "two times" run --backdate 1 --time 1 -- true
t "no time" said 2 "--backdate:" run --backdate soon -- true
values 10 20 30
t "--skip-existing" run_pace 0 run -p skip --commit abcdef1 --skip-existing -- harness go
first=$(newest)
t "again" said 0 "skipped: run $first is of commit abcdef1 already" run -p skip --commit abcdef1 \
    --skip-existing -- harness go
t "does not run" test "$(sed -n 1p ../values)" = 20
t "another commit" run_pace 0 run -p skip --commit abcdef2 --skip-existing -- harness go
t "runs" test "$(newest)" -gt "$first"
t "another testbed" run_pace 0 run -p skip -t other --commit abcdef1 --skip-existing -- harness go
t "runs too" shows "30 ns"
values fail 20
run_pace 5 run -p skip --commit abcdef3 --skip-existing -- sh -c 'harness go; echo BenchmarkX 1 1 ns/op; exit 1'
t "a partial run does not count" run_pace 0 run -p skip --commit abcdef3 --skip-existing -- harness go

# -- secrets and other files -----------------------------------------------------------------------
values 10
export API_TOKEN=hunter5 DATABASE_URL=postgres://user:hunter6@host/db
t "a run in a full environment" run_pace 0 run -p secret -- sh -c 'ls -l /proc/self/fd >fds; harness go' --password=hunter7
t "stores nothing of it" sh -c '! "$1" show "$2" | grep -q hunter' - "$PACE" "$(newest)"
t "nor is it in the store" sh -c '! grep -rq hunter .pace'
t "the store is not open meanwhile" sh -c '! grep -q "\.pace\|mdb" fds'
values 10
t "words are not a line for a shell" run_pace 0 run -p exec -- sh -c 'harness go' '$(touch harmed);' ';touch harmed'
t "so nothing happens" test ! -e harmed

# -- nothing is lost ------------------------------------------------------------------------------
values 10 20
t "a store that breaks meanwhile" said 3 "the results are kept: pace merge" --db broken run -p kept \
    --iter 2 --rusage -- sh -c 'harness go; rm -rf broken; : >broken'
kept=$(sed -n 's/.*pace merge //p' "$ERR")
t "they can be merged" run_pace 0 merge "$kept"
t "all of them" sh -c '"$1" show "$2" | grep -q "latency  *15  *ns  *2"' - "$PACE" "$(newest)"
rm -rf broken "$kept"

# -- the machine -----------------------------------------------------------------------------------
values 10 20 30
run_pace 0 run -p machine -- harness go
before=$(newest)
if [ "$(nproc)" -gt 1 ]; then
    t "other cores" run_pace 0 run -p machine -- taskset -c 0 harness go
    t "of the command are not the machine's" lacks "$ERR" "cores"
    taskset -c 0 "$PACE" run -p machine --format markdown=comment.md -- harness go >"$OUT" 2>"$ERR"
    t "a machine that changed" has "$ERR" "the machine is not that of run $((before + 1)): cores was "
    t "the comment says so" has comment.md "- the machine is not that of run $((before + 1)): cores was "
fi

# -- CI --------------------------------------------------------------------------------------------
values 10 20 30
target() { # STATUS TEXT ARGS...
    expected=$1 text=$2
    shift 2
    env GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request_target GITHUB_REF=refs/heads/main \
        GITHUB_REF_NAME=main GITHUB_SHA=abc "$@" >"$OUT" 2>"$ERR" </dev/null
    [ $? -eq "$expected" ] && has "$ERR" "$text"
}
t "a pull request that GitHub does not number" target 2 "GITHUB_EVENT_PATH is not set" "$PACE" run -- harness go
t "says what to do" has "$ERR" "name its branch: --branch pr/NUMBER"
t "and takes it" target 0 "pr/8" "$PACE" run -p target -b pr/8 -- harness go
t "nothing is on main" sh -c '! "$1" log -p target -b main --format csv 2>/dev/null | grep -q main' - "$PACE"
cd ..
git init -q -b main app
cd app
git commit -q --allow-empty -m 1
git checkout -q --detach
for file in github-push gitlab-branch jenkins-branch azure-pull buildkite-pull circleci-pull; do
    in_ci() {
        (
            while IFS='=' read -r name text; do export "$name=$text"; done <"$TOP/tests/data/ci/$file.env"
            "$PACE" run --dry-run -- harness go >"$OUT" 2>"$ERR" </dev/null
        )
    }
    t "$file: a detached HEAD" in_ci
    case $file in
    *-pull) t "has a branch" has "$ERR" "branch       pr/" ;;
    *) t "has a branch" grep -q 'branch       ma' "$ERR" ;;
    esac
done
finish
