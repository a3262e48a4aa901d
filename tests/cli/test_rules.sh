#!/bin/sh
# `bench/rules` on a named file: each rule is replayed over the histories that it holds.
. "$(dirname "$0")/tap.sh"
TOP=$(cd "$OLDPWD" && pwd)
awk 'BEGIN { for (run = 1; run <= 80; run++) {
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"b\",\"measure\":\"latency\","
    printf "\"unit\":\"ns\",\"direction\":\"lower\",\"time\":\"%d000000000\",\"commit\":\"c%d\",\"run\":\"r%d\",\"value\":%d}\n",
        1700000000 + run * 86400, run, run, (run > 50 ? 1500 : 1000) + run * 7 % 5 } }' >history.jsonl
rules() { "$TOP/bench/rules" "$(dirname "$PACE")" "$@" >"$OUT" 2>"$ERR"; }
t "a file" rules history.jsonl
t "by the default" has "$OUT" "history.jsonl: the default"
t "and by eight others" test "$(grep -c '^history.jsonl:' "$OUT")" = 9
t "how many alerts were of changes" test "$(grep -c '^of changes' "$OUT")" = 9
t "the default finds the step" test "$(grep -A2 'the default$' "$OUT" | grep -c '1 of 1 to the worse side')" = 1
t "a doubling is not there to be found" test "$(grep -A2 'percentage 100' "$OUT" | grep -c '0 of 1')" = 1
refuses() { ! rules nowhere.jsonl; }
t "no such file" refuses
t "is said" has "$ERR" nowhere.jsonl
echo "1..$TESTS"
exit "$FAILED"
