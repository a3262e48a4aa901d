#!/bin/sh
# What `pace run` and `pace check` make of runs outside git: confirming without commits, models that
# cannot be, nothing to judge.
. "$(dirname "$0")/tap.sh"

# harness SECONDS FILE: a pytest-benchmark result with that mean.
cat >harness <<'END'
#!/bin/sh
printf '{"benchmarks":[{"fullname":"t::a","stats":{"mean":%s,"stddev":0.00001}}],' "$1" >"$2"
printf '"machine_info":{},"version":"5.1.0","datetime":"2024-01-01T00:00:00"}' >>"$2"
END
chmod +x harness
measure() {
    expected=$1 value=$2
    shift 2
    run_pace "$expected" --db store run --project p --testbed t "$@" -- ./harness "$value" '{out}'
}
runs() {
    [ "$("$PACE" --db store ls --format csv | tail -1 | cut -d, -f5)" = "$1" ]
}

for value in 0.00100 0.00101 0.00099 0.00102 0.00100; do
    t "a quiet run" measure 0 $value
done
t "without commits a regression is confirmed by the second run" measure 1 0.010
t "which says so" has "$OUT" "in run 7, which confirms it"
t "a static limit is told without a base" \
    measure 1 0.010 --no-confirm --threshold 'static upper 1ms'
t "as value and limit" has "$OUT" "is  10 ms, limit 1 ms"
t "a model that is none is refused" measure 2 0.001 --threshold 'nosuch 4'
t "in the user's words" has "$ERR" "--threshold 'nosuch 4': no model or threshold 'nosuch'"
t "a time in the future is refused" measure 3 0.001 --time 2199-01-01
t "before anything ran: none of these stored a run" runs 8
t "options behind the one-string form are refused" \
    run_pace 2 --db store run "./harness 0.001 r.json" --file r.json
t "a first run is stored" run_pace 0 --db fresh run --project p --testbed t -- ./harness 0.001 '{out}'
t "and has no verdict to check" run_pace 4 --db fresh check --branch main
echo "1..$TESTS"
exit "$FAILED"
