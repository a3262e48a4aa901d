#!/bin/sh
# test_import.sh -- pace import: trees, data.js, results in git history; twice is once; what is
# skipped is counted.
DATA=$(cd "${0%/*}/../adapters/data" && pwd)
. "${0%/*}/tap.sh"

# asv_result FILE COMMIT ENV MS VERSION VALUE
asv_result() {
    cat >"$1" <<END
{"commit_hash": "$2", "env_name": "$3", "date": $4, "params": {"machine": "m", "os": "x"},
 "python": "3.11", "result_columns": ["result", "params", "version"],
 "results": {"b.time_x": [[$6, $6], [["1", "2"]], "$5"], "b.time_y": [[NaN], [], "same"]},
 "durations": {}, "version": 2}
END
}

# A repository whose main has m1, m2, m3 and whose branch fix left after m2, with a commit f1.
repository() {
    git init -q -b main repo && cd repo || return 1
    for name in m1 m2; do commit $name; done
    git checkout -q -b fix && commit f1
    git checkout -q main && commit m3
    mkdir -p results/m
    echo '{"machine": "m", "version": 1}' >results/m/machine.json
    echo '{"version": 2}' >results/benchmarks.json
    echo 'not json' >results/m/broken.json
    n=0
    for name in m1 m2 m3 f1; do
        n=$((n + 1))
        version=v1
        [ $name = m3 ] && version=v2
        for env in py3.11 py3.12; do
            asv_result results/m/$name-$env.json "$(git rev-parse $name)" $env 171455760${n}000 $version $n
        done
    done
}

commit() {
    day=$((${day:-0} + 1))
    mkdir -p bench
    echo "{\"t::one\": {\"latency\": {\"value\": $day}}}" >bench/out.json
    git add bench
    GIT_COMMITTER_DATE="2024-05-0${day}T10:00:00Z" GIT_AUTHOR_DATE="2024-05-0${day}T10:00:00Z" \
        git commit -q -m "$1" && git tag "$1"
}

t "a repository is made" repository
cd "$SCRATCH/repo" || exit 1
t "a tree of asv is imported" run_pace 0 --db ../a import --project p results
t "all its runs" has "$ERR" "imported 8 runs, 24 cells"
t "descriptions are counted" has "$ERR" "skipped 2: asv's machine.json and benchmarks.json"
t "and what is no result" has "$ERR" "skipped 1: not the results of a known harness"
t "of several testbeds no one goes on" lacks "$ERR" "go on with"
t "a change of version begins a new segment" has "$ERR" "2 changes of a benchmark's version"
t "a file of one testbed" run_pace 0 --db ../one import results/m/m1-py3.11.json
t "how runs go on with it" has "$ERR" "runs here go on with this history by: pace run --testbed m-py3.11"
t "not where there was nothing new" run_pace 0 --db ../one import results/m/m1-py3.11.json
t "is it said again" lacks "$ERR" "go on with"
run_pace 0 --db ../a ls --format csv
t "an environment is a testbed" has "$OUT" "p,main,m-py3.11"
t "a commit of another branch is of that" has "$OUT" "p,fix,m-py3.12"
run_pace 0 --db ../a dump
t "the mark is where the version changed" has "$OUT" '"time":"2024-05-04T10:00:00Z"'
t "and says why" has "$OUT" 'asv: version v1 became v2'
t "a branch knows where it left" has "$OUT" "\"commit\":\"$(git rev-parse m2)\",\"time\":\"2024-05-02T10:00:00Z\",\"parent\":\"main\""
t "NaN is a skipped cell" has "$OUT" '"status":"skipped"'
cp "$OUT" ../a.jsonl
t "importing again" run_pace 0 --db ../a import --project p results
t "stores nothing" has "$ERR" "imported 0 runs, 0 cells, 0 new series; 8 already stored"
run_pace 0 --db ../a dump
t "and marks nothing" cmp ../a.jsonl "$OUT"
t "--branch and --testbed go before" run_pace 0 --db ../b import --branch x --testbed y results
run_pace 0 --db ../b ls --format csv
t "in all runs" has "$OUT" "repo,x,y"
t "a dry run stores nothing" run_pace 0 --db ../none import --dry-run results
t "no store either" test ! -e ../none

t "results in commits" run_pace 0 --db ../g import --git 'bench/*.json'
t "of the current branch" has "$ERR" "imported 3 runs, 3 cells"
run_pace 0 --db ../g log --format csv
t "have the commit that they are in" has "$OUT" "$(git rev-parse m3 | cut -c1-9)"
t "again nothing" run_pace 0 --db ../g import --git 'bench/*.json'
t "is stored" has "$ERR" "3 already stored"
t "a glob without files" run_pace 3 --db ../g import --git 'none/*.json'
t "says so" has "$ERR" "no commit of 'HEAD' has files like 'none/*.json'"

cd "$SCRATCH" || exit 1
t "data.js" run_pace 0 --db d import "$DATA/datajs/tensordict.js"
t "is one run an entry" has "$ERR" "imported 1 run, 24 cells"
run_pace 0 --db d ls --format csv
t "its suite is the testbed" has "$OUT" 'tensordict,main,"CPU Benchmark Results"'
t "or the project" run_pace 0 --db d import --suite-as project "$DATA/datajs/tensordict.js"
run_pace 0 --db d ls --format csv
t "when asked for" has "$OUT" '"CPU Benchmark Results",main,local'
t "or a prefix" run_pace 0 --db e import --suite-as prefix "$DATA/datajs/tensordict.js"
run_pace 0 --db e ls -l
t "of names" has "$OUT" "CPU Benchmark Results/benchmarks/common/common_ops_test.py::test_items"
t "anything else" run_pace 2 --db e import --suite-as branch "$DATA/datajs/tensordict.js"
t "is refused" has "$ERR" "it is testbed, project or prefix"

mkdir -p .benchmarks/Linux-CPython-3.8-64bit
cp "$DATA"/pytest/[345].*.json .benchmarks/Linux-CPython-3.8-64bit
t ".benchmarks of pytest-benchmark" run_pace 0 --db p import .benchmarks
t "has a run a file" has "$ERR" "imported $(ls .benchmarks/* | grep -c json) runs"
t "Bencher's reports" run_pace 0 --db h import "$DATA/bencher"
t "are two runs" has "$ERR" "imported 2 runs, 5 cells"
t "line protocol" run_pace 0 --db i import --project p "$DATA/influx/points.txt"
t "is a run a time" has "$ERR" "imported 1 run, 5 cells"
t "what is not there" run_pace 3 --db i import nothing
t "is named" has "$ERR" "nothing: it is not there"
t "nothing given" run_pace 2 --db i import
t "is a question" has "$ERR" "which files or directories?"
for name in vec/1024 vec/2048; do
    new=tree/target/criterion/copy/$name/new
    mkdir -p "$new" "tree/target/criterion/copy/$name/base"
    cp "$DATA/criterion/0.5-estimates.json" "$new/estimates.json"
    cp "$DATA/criterion/0.5-sample.json" "$new/sample.json"
    cp "$DATA/criterion/0.5-estimates.json" "tree/target/criterion/copy/$name/base/estimates.json"
    echo "{\"group_id\":\"copy\",\"full_id\":\"copy: $name\",\"throughput\":{\"Bytes\":8}}" >"$new/benchmark.json"
    touch -d 2024-05-01T10:00:00Z "$new"/*
done
t "target/criterion" run_pace 0 --db k import --project p tree/target/criterion
t "is one run" has "$ERR" "imported 1 run, 12 cells"
run_pace 0 --db k query 'project:p | last 1 | keep benchmark, time, value' --format csv
t "of names as they are, of the time it was written" has "$OUT" '"copy: vec/1024",2024-05-01T10:00:00Z,'
t "and samples" sh -c '"$1" --db k dump | grep -c "\"samples\":\[" >/dev/null' - "$PACE"
t "again" run_pace 0 --db k import --project p tree
t "it is known" has "$ERR" "1 already stored"
echo '{' >"$new/estimates.json"
t "a damaged file" run_pace 0 --db k import --project p tree
t "is counted" has "$ERR" "skipped 1: damaged"

mkdir -p asv/m
cat >asv/benchmarks.json <<'END'
{"s.track_fps": {"type": "track", "unit": "fps"}, "s.track_rows": {"type": "track", "unit": "unit"},
 "s.track_time": {"type": "track", "unit": "ms"}, "s.track_size": {"type": "track", "unit": "bytes"}, "version": 2}
END
cat >asv/m/abc-py.json <<'END'
{"commit_hash": "abc", "env_name": "py", "date": 1714557600000, "params": {"machine": "m"}, "python": "3", "version": 2,
 "result_columns": ["result", "params", "version", "samples"],
 "results": {"s.track_fps": [[30], [], "1"], "s.track_rows": [[7], [], "1"], "s.track_size": [[1024], [], "1"],
  "s.track_time": [[1.5, 2.5], [["1", "2"]], "1", [[1, 2], [2, 3]]]}}
END
t "track_ benchmarks of asv" run_pace 0 --db t import --project p asv
run_pace 0 --db t query 'project:p | last 1 | keep benchmark, measure, value, unit' --format csv
t "have the units" has "$OUT" "s.track_fps,fps,30,fps"
t "of benchmarks.json" has "$OUT" "s.track_time(1),latency,1500000,ns"
t "as any other size" has "$OUT" "s.track_size,size,1024,B"
t "and none where it has none" has "$OUT" "s.track_rows,value,7,"

cat >units.jsonl <<'END'
{"project":"p","testbed":"t","benchmark":"a","measure":"value","unit":"fps","value":7,"time":"2024-05-01T10:00:00Z"}
END
run_pace 0 --db u load -q units.jsonl
for day in 2 3 4; do
    unit=fps
    [ $day = 3 ] && unit=items
    echo "{\"commit\":{\"id\":\"c$day\",\"timestamp\":\"2024-05-0${day}T10:00:00Z\"},\"date\":171455760000$day,\"tool\":\"customBiggerIsBetter\",\"benches\":[{\"name\":\"a\",\"unit\":\"$unit\",\"value\":$day}]}"
done | paste -sd, | sed 's/.*/{"lastUpdate":1,"repoUrl":"","entries":{"t":[&]}}/' >units.json
t "a unit of another kind" run_pace 0 --db u import --project p units.json
t "is a run that is skipped" has "$ERR" "skipped 1: a unit of another kind than the stored one"
t "and no other" has "$ERR" "imported 2 runs, 2 cells"
t "doing it again" run_pace 0 --db u import --project p units.json
t "says the same" has "$ERR" "2 already stored"

cat >history.csv <<'END'
when,rev,algo,n,wall,mem,host
2024-05-01T10:00Z,aaaa,quick,100,12.5,10,ci
2024-05-01T10:00Z,aaaa,quick,200,22.5,10,ci
2024-05-02T10:00Z,bbbb,quick,100,12.6,11,ci
soon,bbbb,quick,100,12.6,11,ci
END
t "a table whose columns are said" run_pace 0 --db m import --project p --branch main --map algo=benchmark --map n=parameter \
    --map when=time --map rev=commit --map 'wall=latency (ms)' --map host=testbed --map mem=skip history.csv
t "holds a run a commit" has "$ERR" "imported 2 runs, 3 cells"
run_pace 0 --db m query 'project:* | last 9 | keep testbed, commit, benchmark, measure, value' --format csv
t "with names, units and testbeds" has "$OUT" "ci,bbbb,quick/n=100,latency,12600000"
t "a column that is not there" run_pace 3 --db m import --map algos=benchmark history.csv
t "is named" has "$ERR" "no column 'algos' for --map"
t "half a meaning" run_pace 3 --db m load --map algo history.csv
t "is told how" has "$ERR" "write COLUMN=MEANING"
t "two of one meaning" run_pace 3 --db m load --map algo=benchmark --map host=benchmark history.csv
t "are one too many" has "$ERR" "two columns are the benchmark"
awk 'BEGIN { for (i = 0; i < 9000; i++) printf "bench,benchmark=b latency=%di %d\n", 1000 + i % 37, 1700000000 + 60 * i }' >long.txt
run_pace 0 --db whole import -q --project p long.txt
run_pace 0 --db whole dump
cp "$OUT" whole.jsonl
killed() { # at moments that are before, while and after runs are stored
    for delay in 0.02 0.04 0.06 0.08 0.1 0.12; do
        timeout -s KILL $delay "$PACE" --db cut import -q --project p long.txt >"$OUT" 2>"$ERR"
    done
    run_pace 0 --db cut import -q --project p long.txt && run_pace 0 --db cut verify && run_pace 0 --db cut dump &&
        cmp whole.jsonl "$OUT"
}
t "an import that was killed several times, and done again, is whole" killed
mkdir empty
t "an empty directory" run_pace 3 --db i import empty
t "has nothing" has "$ERR" "there was nothing to import"
finish
