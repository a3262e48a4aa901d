#!/bin/sh
# test_language.sh -- what the command adds to the query language: explain, fmt, help on words, the
# pacefile, diagnostics as JSON.
. "$(dirname "$0")/tap.sh"

# One series of 80 points, a day apart.
day=0 script=
while [ "$day" -lt 80 ]; do
    date=$(printf '2025-%02d-%02d' $((day / 28 + 1)) $((day % 28 + 1)))
    script="$script put //p//main//t//b//latency $((100 + day % 3))ns at $date;"
    day=$((day + 1))
done
git init -q -b main . && "$PACE" query "$script" >/dev/null 2>&1

explained() {
    run_pace 0 explain "$1" --format csv && has "$OUT" ',1,65,65'
}
t "explain: 65 points a series" \
    explained 'branch:main measure:latency | check t-test 99% over 64 | last 1'
t "explain: the same with last 1 first" \
    explained 'branch:main measure:latency | last 1 | check t-test 99% over 64'
t "explain needs a query" run_pace 2 explain

printf '# what\nbranch:main|last   3; # three\nlet x=5%%\n' >q.pace
printf '# what\nbranch:main | last 3;  # three\nlet x = 5%%\n' >canonical
formatted() {
    run_pace 0 fmt q.pace && cmp "$OUT" canonical && run_pace 0 fmt canonical && cmp "$OUT" canonical
}
t "fmt prints, and prints its own print the same" formatted
written() {
    run_pace 0 fmt -w q.pace canonical && has "$OUT" q.pace && lacks "$OUT" canonical &&
        cmp q.pace canonical
}
t "fmt -w replaces what is not canonical" written
as_rows() {
    run_pace 0 fmt --json canonical && has "$OUT" '{"file":"canonical","changed":false,"text":"' &&
        run_pace 0 fmt -w --format csv canonical && has "$OUT" 'canonical,false'
}
t "fmt as rows" as_rows
t "fmt -w does not write standard input" run_pace 2 fmt -w -
echo 'branch:main | wher x' >bad.pace
refused() {
    run_pace 2 fmt bad.pace && has "$ERR" "did you mean 'where'?"
}
t "fmt says what is wrong" refused

as_json() {
    run_pace 2 query --diagnostics json 'branch:main | wher x' &&
        has "$ERR" '{"code":"Q012","severity":"error","start":14,"length":4,"line":1,"column":15,' &&
        run_pace 2 query --diagnostics yaml 'branch:main'
}
t "diagnostics as JSON" as_json
document() {
    run_pace 0 query 'branch:main | where value / 0 > 1 | as json' && has "$OUT" '"rows":[]' &&
        has "$OUT" '"unknown_rows":80' && has "$OUT" 'a division by zero'
}
t "as json has the notes" document

word() {
    run_pace 0 help "$1" && has "$OUT" "$2"
}
t "help of a function" word geomean 'geomean(x)'
t "help of a model" word cusum "model of 'check'"
t "help of a key" word testbed 'testbed:PATTERN'
t "help of a code" word q012 'no such verb'
t "help of a command and a verb" word check 'in the query language'
unknown() {
    run_pace 2 help geomen && has "$ERR" "did you mean 'geomean'?"
}
t "help suggests" unknown

cat >pacefile <<'EOF'
# thresholds under review
run --testbed t --project p "echo '{}'"
let limit = 102ns;
threshold tight = static 101ns for measure:latency
EOF
defined() {
    run_pace 0 query 'show thresholds' --format csv && has "$OUT" 'tight,"static 101ns for' &&
        has "$OUT" pacefile && run_pace 0 query 'branch:main | where value >= limit | take 1' &&
        run_pace 0 query 'let limit = 1s; branch:main | where value >= limit | keep value' &&
        lacks "$OUT" 102
}
t "the pacefile's definitions hold, and a statement's go before them" defined
default_run() {
    run_pace 0 run --dry-run && has "$ERR" "would run    echo '{}'" && has "$ERR" 'testbed      t' &&
        run_pace 0 run --dry-run --testbed u -- true && has "$ERR" 'would run    true' &&
        has "$ERR" 'testbed      u' && has "$ERR" 'project      p'
}
t "pace run takes its command and options from the pacefile" default_run
echo 'let x 5' >pacefile
wrong() {
    run_pace 2 query 'branch:main | last 1' && has "$ERR" 'pacefile: line 1: '
}
t "a wrong pacefile is told, with its line" wrong
printf 'let x = 5;\nbranch:main | last 1\n' >pacefile
only() {
    run_pace 2 query 'branch:main | last 1' && has "$ERR" 'pacefile: line 2: only let, view'
}
t "a pacefile holds definitions" only
printf 'let x = 5\nlet y = 6\n' >pacefile
joined() {
    run_pace 2 query 'branch:main | last 1' && has "$ERR" "pacefile: line 2: 'let' begins a statement" &&
        has "$ERR" "write ';' between statements"
}
t "statements without a ; between them are told" joined
echo 'threshold odd = quux 9% for branch:main' >pacefile
named() {
    run_pace 2 query 'branch:main | check | last 1' && has "$ERR" "threshold 'odd': no model or threshold 'quux'"
}
t "a threshold that applies by itself is named when it is wrong" named
printf 'run true\nrun false\n' >pacefile
t "help of a list" run_pace 0 help models
t "has its words" has "$OUT" "  t-test"
t "help names the lists" run_pace 0 help topics
each_list() {
    for list in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$OUT"); do
        "$PACE" help "$list" | sed -n 3p | grep -q '^  [a-z.]' || return 1
    done
}
t "and each has words" each_list
t "a pacefile has one run line" run_pace 2 run --dry-run
printf 'run "true\n' >pacefile
t "an open quote in it" run_pace 2 run --dry-run
finish
