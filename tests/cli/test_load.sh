#!/bin/sh
# test_load.sh -- pace load from the outside: what it says, what it exits with, that twice is once.
#   usage: BUILD=build tests/cli/test_load.sh (from the root of the sources)
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
pace=$build/pace
data=$PWD/tests/adapters/data/pytest
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
number=0 failed=0
unset PACE_DB
cd "$dir" || exit 1

# Runs pace load with a store; leaves status, out (stdout) and err (stderr).
load() {
    "$pace" --db "$dir/store" load "$@" >"$dir/out" 2>"$dir/err"
    status=$?
}

# ok WHAT STATUS [TEXT]...: the status was this, and stderr holds each text.
ok() {
    what=$1 expected=$2
    shift 2
    number=$((number + 1))
    reason=
    [ "$status" -eq "$expected" ] || reason="status $status, not $expected"
    for text in "$@"; do
        grep -qF -e "$text" "$dir/err" || reason="$reason; no '$text'"
    done
    if [ -z "$reason" ]; then
        echo "ok $number - $what"
    else
        failed=1
        echo "not ok $number - $what"
        echo "# $reason"
        sed 's/^/# /' "$dir/err"
    fi
}

for version in 2.5.0 3.0.0 3.1.1 3.2.3 3.4.1 4.0.0 5.3.1; do
    load "$data/$version.json"
    ok "pytest-benchmark $version is stored" 0 "stored 1 run,"
done
load "$data"/[0-9]*.json
ok "all of them again store nothing" 0 "stored 0 new runs, 7 already stored"

cat >lines.jsonl <<'END'
{"project":"p","benchmark":"a","value":1,"unit":"ns","time":"2024-05-01T10:00:00Z","commit":"aaaaaaa1"}
{"project":"p","benchmark":"a","value":2,"unit":"ns","time":"2024-05-02T10:00:00Z","commit":"aaaaaaa2"}
{"project":"p","benchmark":"b","value":3,"unit":"ns","time":"2024-05-01T10:00:00Z","commit":"aaaaaaa1"}
END
load lines.jsonl
ok "JSON lines are brought together" 0 "stored 2 runs, 3 cells, 2 new series"
load - <lines.jsonl
ok "from standard input, again" 0 "stored 0 new runs, 2 already stored"
load --project q --dry-run lines.jsonl
ok "a dry run says what it would do" 0 "would store 2 runs, 3 cells"
load -q lines.jsonl
[ -s err ] && status=99
ok "--quiet says nothing" 0

printf '%s\n' '{"project":"p","benchmark":"c","value":1,"time":1}' '{"project":"p","benchmark":"c"' \
    '{"project":"p","benchmark":"c","vlaue":1}' >bad.jsonl
load bad.jsonl
ok "bad lines are named" 3 "bad.jsonl: line 2, byte" "bad.jsonl: line 3: no key 'vlaue'; did you mean 'value'?" \
    "nothing is stored"
load --dry-run bad.jsonl
ok "also in a dry run" 3 "line 2"
: >empty.json
load empty.json
ok "an empty file" 3 "empty.json: it is empty"
head -c 700 "$data/5.3.1.json" >cut.json
load cut.json
ok "a truncated file" 3 "cut.json: line" "it is cut off"
echo 'goos: linux' >other.txt
load other.txt
ok "no known harness" 3 "other.txt: not the results of a harness that is known; it begins with 'goos: linux'"
printf 'when,endpoint,p99_ms\n2026-11-01T00:00:00Z,/login,12.1\n' >numbers.csv
load numbers.csv
ok "a table whose columns nobody knows" 3 "numbers.csv: a table" "it begins with 'when,endpoint,p99_ms" "--map COLUMN="
load --adapter pytest lines.jsonl
ok "the wrong harness" 3 "lines.jsonl: line 2"
load missing.json
ok "a missing file" 3 "missing.json: No such file or directory; check the path"
load "$dir"
ok "a directory" 3 "it is a directory"
load other.txt "$data/5.3.1.json"
ok "one bad file of two" 3 "stored 0 new runs, 1 already stored" "1 of 2 files were not stored"
"$pace" --db "$dir/none" load missing.json 2>err
status=$?
[ -e "$dir/none" ] && status=99
ok "a missing file makes no store" 3

mkdir full
touch full/notes
"$pace" --db full load lines.jsonl >out 2>err
status=$?
ok "a store is not made among other files" 3 "holds other files and no store"

load
ok "no file is wrong usage" 2 "which files?"
load --adapter pytst lines.jsonl
ok "an unknown adapter" 2 "no adapter 'pytst'; did you mean 'pytest'?"
load --time noon lines.jsonl
ok "a time that is none" 2 "'noon' is not a time"
load --projct p lines.jsonl
ok "an unknown option" 2 "did you mean '--project'?"
echo "1..$number"
exit "$failed"
