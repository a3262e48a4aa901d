#!/bin/sh
# `pace backtest`, and what pace-detect(7) shows.
. "$(dirname "$0")/tap.sh"
TOP=$(cd "$OLDPWD" && pwd)
PACE_DB=$SCRATCH/store
export PACE_DB
awk 'BEGIN { srand(7); for (run = 1; run <= 300; run++) {
    level = run > 200 ? 150 : 100
    value = level + 2 * (rand() + rand() + rand() - 1.5) + (run == 90 ? 40 : 0)
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"b\",\"measure\":\"latency\","
    printf "\"unit\":\"ns\",\"direction\":\"lower\",\"time\":\"%d000000000\",\"commit\":\"c%d\",\"run\":\"r%d\",\"value\":%.6f}\n",
        1700000000 + run * 86400, run, run, value } }' >history.jsonl
t "a history" run_pace 0 load history.jsonl
t "the default" run_pace 0 backtest '' branch:main
t "finds the step" has "$OUT" "1 of 1 to the worse side, after 1 runs (median)"
t "once, and no outlier" has "$OUT" "alerts          1,"
t "which stayed" has "$OUT" "persisted       1:"
t "a rule that fires at once" run_pace 0 backtest 'percentage 10% over 64' branch:main
t "fires at the outlier too" has "$OUT" "away from any change 2,"
t "and would have to be wider" has "$OUT" "proposed bound"
t "where nothing was false and points are few" run_pace 0 backtest '' branch:main
t "the bound may stay" has "$OUT" "proposed bound  as it is: 0.00"
t "a smaller one is named" has "$OUT" "smallest bound  "
t "and how little that says" has "$OUT" "few points      none false among"
t "a wanted rate" run_pace 0 backtest 'percentage 1% over 64' branch:main --rate 0.001%
t "is met" has "$OUT" "0.00 false alerts per 1,000 quiet points"
t "a rate that is none" run_pace 2 backtest '' branch:main --rate much
t "nothing to judge" run_pace 4 backtest '' branch:nowhere
t "as JSON" run_pace 0 backtest 'percentage 10% over 64' branch:main --json
t "which has the counts" has "$OUT" '"changes":1,"found":1,'
t "one operand" run_pace 2 backtest 'percentage 10%'
t "a model that is none" run_pace 2 backtest 'percentag 10%' branch:main
grep '^branch:main' "$TOP/tools/man/pace-detect.7" | sed 's/\\//g' >examples
while read -r example; do
    t "pace-detect: $example" run_pace 0 query "$example"
done <examples
t "it has examples" test "$(wc -l <examples)" -eq 3
echo "1..$TESTS"
exit "$FAILED"
