#!/bin/sh
# test_export.sh -- pace dump --format for other tools: what they read, and what comes back here.
DATA=$(cd "${0%/*}/../adapters/data" && pwd)
. "${0%/*}/tap.sh"

# values STORE: the primary values of a store, without names of runs.
values() {
    "$PACE" --db "$1" dump 2>"$ERR" | sed -n 's/^{"record":"cell",\("benchmark":"[^"]*","measure":"[^".]*","value":[^,}]*\).*/\1/p' | sort
}

same_values() {
    values "$1" >one && values "$2" >two && [ -s one ] && cmp one two
}

run_pace 0 --db a load -q --project p --branch main --testbed t --time 2024-05-01 "$DATA/go/old.txt"
t "the Go format" run_pace 0 --db a dump --format go
cp "$OUT" out.txt
t "has a line a sample" [ "$(grep -c '^BenchmarkEncode/format=gob-48 [0-9]* [0-9]* ns/op$' out.txt)" -eq 10 ]
run_pace 0 --db b load -q --branch main --time 2024-05-01 out.txt
t "comes back" same_values a b

t "has its configuration, as benchstat compares only what has the same" grep -qx 'pkg: golang.org/x/perf/cmd/benchstat/testdata' out.txt
t "and no other" lacks out.txt 'project: '
run_pace 0 --db s load -q --project p --branch main --testbed t --time 2024-05-01 "$DATA/go/go1.26.8.txt"
run_pace 0 --db s dump --format go
t "units are Go's own" grep -q ' ns/op [0-9.]* MB/s' "$OUT"
echo 'BenchmarkTail 10 1250 p99-ns 3 ns/op' >tail.txt
run_pace 0 --db tail load -q --project p --branch main --testbed t --time 2024-05-01 tail.txt
run_pace 0 --db tail dump --format go
t "a time has its unit once" grep -qx 'BenchmarkTail 10 3 ns/op 1250 p99-ns' "$OUT"
run_pace 0 --db s dump --format go
t "iterations are no unit" lacks "$OUT" iterations
run_pace 0 --db s load -q --project p --branch main --testbed u --time 2024-05-01 "$DATA/go/units.txt"
run_pace 0 --db s dump --format go
t "of several testbeds each is a configuration" grep -qx 'testbed: u' "$OUT"

run_pace 0 --db h import "$DATA/datajs"
t "data.js" run_pace 0 --db h dump --project tensordict --format data.js
cp "$OUT" data.js
t "is a page's data" has data.js 'window.BENCHMARK_DATA = {'
t "of the same repository" has data.js '"repoUrl": "https://github.com/pytorch/tensordict"'
run_pace 0 --db i import data.js
run_pace 0 --db j import "$DATA/datajs/tensordict.js"
t "comes back" same_values i j
t "a direction has its tool" run_pace 0 --db h dump --project repo --format data.js
t "for lower" has "$OUT" customSmallerIsBetter

run_pace 0 --db m load -q --project p --branch main --testbed t --time 2024-05-01 "$DATA/bmf/bencher-report_dhat.json"
t "Bencher Metric Format" run_pace 0 --db m dump --format bmf
cp "$OUT" bmf.json
run_pace 0 --db n load -q --project p --branch main --testbed t --time 2024-05-01 bmf.json
t "comes back" same_values m n
t "of several testbeds" run_pace 2 --db h dump --format bmf
t "one has to be chosen" has "$ERR" "choose with --project, --branch, --testbed"

echo '{"project":"p","testbed":"t","benchmark":"a\"b","measure":"size of x","unit":"B","value":7,"time":"2024-05-01T10:00:00.5Z"}
{"project":"p","testbed":"t","benchmark":"a\"b","measure":"size of x","unit":"B","value":8,"time":"2024-05-02T10:00:00Z"}
{"project":"p","testbed":"t","benchmark":"c","measure":"latency","unit":"ns","value":1500000000,"time":"2024-05-02T10:00:00Z"}
{"project":"p","testbed":"t","benchmark":"c","measure":"wait_seconds","unit":"ns","value":2500000000,"time":"2024-05-02T10:00:00Z"}' >lines.jsonl
run_pace 0 --db o load -q lines.jsonl
t "OpenMetrics" run_pace 0 --db o dump --format openmetrics
cat >expected <<'END'
# HELP pace_latency_seconds latency_seconds of benchmarks
# TYPE pace_latency_seconds gauge
# UNIT pace_latency_seconds seconds
pace_latency_seconds{project="p",branch="main",testbed="t",benchmark="c",measure="latency"} 1.5 1714644000.000
# HELP pace_size_of_x_bytes size_of_x_bytes of benchmarks
# TYPE pace_size_of_x_bytes gauge
# UNIT pace_size_of_x_bytes bytes
pace_size_of_x_bytes{project="p",branch="main",testbed="t",benchmark="a\"b",measure="size of x"} 7 1714557600.500
pace_size_of_x_bytes{project="p",branch="main",testbed="t",benchmark="a\"b",measure="size of x"} 8 1714644000.000
# HELP pace_wait_seconds wait_seconds of benchmarks
# TYPE pace_wait_seconds gauge
# UNIT pace_wait_seconds seconds
pace_wait_seconds{project="p",branch="main",testbed="t",benchmark="c",measure="wait_seconds"} 2.5 1714644000.000
# EOF
END
t "is in base units, with times that grow" cmp expected "$OUT"
run_pace 0 --db again init
t "which import reads back" run_pace 0 --db again import -q expected
run_pace 0 --db again dump --format openmetrics
t "into the same history" cmp expected "$OUT"
t "of the newest runs" run_pace 0 --db o dump --format openmetrics -n 1
t "it is without times" has "$OUT" 'measure="size of x"} 8'
t "-n is for these formats" run_pace 2 --db o dump -n 1
t "and a number" run_pace 2 --db o dump --format go -n x
t "what is not there" run_pace 3 --db o dump --format go --branch none
t "is said" has "$ERR" "there are no runs of that"
finish
