#!/bin/sh
# test_log.sh -- `pace log` and `pace show`: which runs they show, and that their verdicts are those of
# `check`.
data=$(cd "$(dirname "$0")/../data/fun_notification" && pwd)
. "$(dirname "$0")/tap.sh"
PACE_DB=$SCRATCH/store
export PACE_DB
t "an empty store" run_pace 0 init
t "has no newest run" run_pace 3 show
t "which is said" has "$ERR" "pace: the store has no runs"
t "history up to the slow commit" run_pace 0 load "$data/history_to_fibonacci.jsonl"

# -- verdicts ---------------------------------------------------------------------------------------
row() { # RUN TEXT: the log's row of a run has TEXT
    run_pace 0 log -n 1000 --format csv && grep "^$1," "$OUT" | grep -qF "$2"
}
t "check suspects two" sh -c '"$1" check -b main 2>&1 | grep -q "2 suspected"' - "$PACE"
t "so does the log" row 37 ",3,suspected,2,"
t "what was before is quiet" row 36 ",3,ok,3,"
t "and thin at first" row 3 ",3,thin,3,"
t "new at the very first" row 1 ",3,new,3,"
t "the rest" run_pace 0 load "$data/history_fix.jsonl"
t "later runs change nothing" row 37 ",3,suspected,2,"
same_verdicts() {
    "$PACE" query 'branch:main | check | keep run, verdict' --format csv | tr -d '\r' | awk -F, '
        BEGIN { n = split("worse suspected failed moved gone recovered better changed ok flat-ok thin new", order, " ")
            for (i = 1; i <= n; i++) rank[order[i]] = i }
        NR > 1 { if (!($1 in best) || rank[$2] < rank[best[$1]]) { best[$1] = $2; count[$1] = 0 }
            if (best[$1] == $2) count[$1]++ }
        END { for (run in best) print run "," best[run] "," count[run] }' | sort >of_check
    "$PACE" log -n 1000 --format csv | tr -d '\r' | awk -F, 'NR > 1 { print $1 "," $8 "," $9 }' | sort >of_log
    [ "$(wc -l <of_log)" -eq 40 ] && diff of_check of_log
}
t "every run's verdict is that of check" same_verdicts
t "a table of some" run_pace 0 log -n 3
t "says how many there are" has "$ERR" "37 older runs: pace log -n N"
t "as JSON" run_pace 0 log -n 2 --json
t "which has it" has "$OUT" '"verdict":"ok"'
t "of another branch" run_pace 0 log -b other
t "which has no runs" has "$ERR" "no runs match"

# A run of many values is shown without verdicts: they would be waited for.
awk 'BEGIN { for (i = 1; i <= 1501; i++)
    printf "{\"project\":\"p\",\"branch\":\"b\",\"testbed\":\"t\",\"benchmark\":\"x%d\",\"measure\":\"m\",\"time\":1700000000000000000,\"value\":%d}\n", i, i }' >much.jsonl
t "a run of many values" run_pace 0 --db much load much.jsonl
t "is judged in the log" run_pace 0 --db much log --verdicts --format csv
t "as all are" has "$OUT" ",1501,new,1501,"
wide() { "$PACE" --db much show --format csv | head -1 | tr -d '\r' | grep -qx 'benchmark,measure,value,lower_value,upper_value,status,samples'; }
t "and shown without verdicts" wide

# -- which run --------------------------------------------------------------------------------------
shows() { # TEXT ARGS...
    text=$1
    shift
    run_pace 0 show "$@" && grep -qx "$text" "$OUT"
}
# What was measured stands before its companions, and before what the harness told of its machine.
cat >pytest.json <<'END'
{"machine_info": {"node": "n", "machine": "x86_64"}, "benchmarks": [
 {"group": null, "name": "test_a", "fullname": "test_a", "params": null,
  "stats": {"min": 1, "max": 1, "mean": 1, "stddev": 0.0, "rounds": 1, "median": 1, "iterations": 1}},
 {"group": null, "name": "test_b", "fullname": "test_b", "params": null,
  "stats": {"min": 1, "max": 1, "mean": 1, "stddev": 0.0, "rounds": 1, "median": 1, "iterations": 1}}],
 "datetime": "2026-01-01T00:00:00", "version": "4.0.0"}
END
in_order() {
    "$PACE" --db told load -q pytest.json && run_pace 0 --db told show -l &&
        [ "$(grep -oE '^(harness|benchmark|machine\.node|test_[ab] +latency(\.min)?) ' "$OUT" | tr -s ' \n' '  ')" = \
            "harness benchmark test_a latency test_b latency test_a latency.min test_b latency.min machine.node " ]
}
t "values first, then companions, then the harness' own words" in_order
left_out() {
    run_pace 0 --db told show && has "$OUT" 'test_b' && lacks "$OUT" latency.min && lacks "$OUT" machine.node &&
        has "$ERR" 'not shown: 14 statistics such as latency.median, 4 facts from the harness; -l shows all' &&
        run_pace 0 --db told show --json && has "$OUT" 'latency.min'
}
t "without -l the table has what is judged, and tells what it leaves out" left_out
brief() {
    run_pace 0 --db told ls -l && [ "$(grep -c '^//' "$OUT")" -eq 2 ] && has "$ERR" "pace ls -l '*'" &&
        run_pace 0 --db told ls -l '*' && [ "$(grep -c '^//' "$OUT")" -gt 10 ] &&
        run_pace 0 --db told ls -l --format csv && [ "$(grep -c '^//' "$OUT")" -gt 10 ]
}
t "ls -l counts companions, and lists them where they are asked for" brief
t "the newest" shows "run      40"
t "by its number" shows "run      37" 37
t "by run:" shows "run      37" run:37
t "by its commit" shows "run      37" ee5a4a99f
t "by a branch" shows "run      40" main
t "the one before" shows "run      39" last~1
t "a tag" run_pace 0 tag slow ee5a4a99f
t "stands for its commit" shows "run      37" slow
t "with verdicts" sh -c 'grep -c suspected "$1" | grep -qx 2' - "$OUT"
t "a number that is no run" run_pace 3 show 41
t "says how many there are" has "$ERR" "no run 41; the newest is 40"
t "a name that is nothing" run_pace 3 show nowhere
t "a file" run_pace 2 show much.jsonl
t "says so" has "$ERR" "is a file"
t "two" run_pace 2 show 1 2
t "rows alone for programs" run_pace 0 show 37 --format csv
t "begin with their names" sh -c 'head -1 "$1" | grep -q "^benchmark,measure,value,"' - "$OUT"

git init -q -b main tree && cd tree && git commit -q --allow-empty -m one
head=$(git rev-parse HEAD)
sed "s/ee5a4a99f[0-9a-f]*/$head/" "$data/history_to_fibonacci.jsonl" | sed -n "/$head/p" >../head.jsonl
t "runs of HEAD" sh -c 'sed s/demo/desk/ ../head.jsonl >../desk.jsonl; "$1" load ../head.jsonl ../desk.jsonl' - "$PACE"
t "HEAD" shows "commit   $head" HEAD
t "names its other runs" has "$ERR" "the newest of 2 runs of HEAD; the others: 41"
cd ..

awk 'BEGIN { for (i = 0; i < 101; i++)
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"x\",\"measure\":\"latency\",\"unit\":\"ns\",\"time\":\"2026-01-01T%02d:%02d:00Z\",\"value\":%d}\n",
        i / 60, i % 60, 100 + i % 3 }' >hundred.jsonl
t "more runs than a query lists" run_pace 0 --db hundred load hundred.jsonl
t "it tells how to see the others" sh -c '"$1" --db hundred query "show runs" 2>&1 >/dev/null | sed -n "s/.*older ones: pace log -n N.*/-n 101/p" | xargs "$1" --db hundred log | grep -c ok | grep -qx 96' - "$PACE"
sed -n '4s/"x"/"y"/p' hundred.jsonl >more.jsonl
run_pace 0 --db hundred load more.jsonl
t "when a benchmark was measured last" run_pace 0 --db hundred query 'show benchmarks' --format csv
t "that is no more" has "$OUT" "y,1,2026-01-01T00:03:00Z"
t "and one that is" has "$OUT" "x,1,2026-01-01T01:40:00Z"
finish
