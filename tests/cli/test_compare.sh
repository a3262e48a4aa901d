#!/bin/sh
# test_compare.sh -- pace compare: runs, commits, branches and files; its tables and rules.
benchstat=$PWD/tests/data/benchstat
. tests/cli/tap.sh

line() { # NAME COMMIT VALUE SAMPLES [BRANCH]
    printf '{"project":"p","testbed":"t","benchmark":"%s","unit":"ns","value":%s,"samples":[%s],"commit":"%s","branch":"%s","time":"2026-01-%sT00:00:00Z"}\n' \
        "$1" "$3" "$4" "$2" "${5:-main}" "${2#aaaaaaa}"
}

# The samples of benchstat's own test data; what it says of them:
#   Encode/format=json-48   1.718u +- 1%   1.423u +- 1%  -17.20% (p=0.000 n=10)
#   Encode/format=gob-48    3.066u +- 0%   3.070u +- 2%        ~ (p=0.446 n=10)
#   geomean                 2.295u         2.090u        -8.94%
line json aaaaaaa11 1718 1726,1723,1707,1707,1713,1729,1736,1707,1705,1774 >old.jsonl
line gob aaaaaaa11 3065.5 3069,3075,3069,3067,3207,3064,3064,3058,3059,3062 >>old.jsonl
line json aaaaaaa12 1422.5 1423,1416,1411,1413,1412,1426,1422,1424,1447,1425 >new.jsonl
line gob aaaaaaa12 3070 3075,3065,3059,3065,3060,3081,3186,3135,3087,3062 >>new.jsonl
line third aaaaaaa12 5 5 >>new.jsonl

t "two files, without a store" run_pace 0 compare old.jsonl new.jsonl
t "medians and intervals as benchstat has them" has "$OUT" \
    'json     1.718 us ±   1 %  1.423 us ±   1 %  -17.20 %  <0.001  10  better'
t "no difference" has "$OUT" 'gob      3.066 us ±   0 %   3.07 us ±   2 %         ~   0.446  10  same'
t "geometric means" has "$OUT" '-8.94 %'
t "what is on one side only" has "$OUT" 'new'
t "is said" has "$ERR" 'note: 1 series is on one side only'
t "and that samples of one run were compared" has "$ERR" 'samples of single runs'
t "nothing is left behind" [ -z "$(ls "$TMPDIR")" ]
t "no store was made" [ ! -e .pace ]
t "only changes" run_pace 0 compare old.jsonl new.jsonl --changed
t "without the rest" lacks "$OUT" 'gob'
t "Welch's test" run_pace 0 compare old.jsonl new.jsonl --using welch --format csv
t "compares means" has "$OUT" ',1421.9,1722.7,10,10,'
t "JSON lines of it" run_pace 0 compare old.jsonl new.jsonl --format jsonl --changed
t "with the names of versus" has "$OUT" '"verdict":"better","n_needed":null,"basis":"within-run"'
t "no such test" run_pace 2 compare old.jsonl new.jsonl --using guess
t "is said" has "$ERR" "no test 'guess'"
t "a value that is none" run_pace 2 compare old.jsonl new.jsonl --alpha '5%) | x'
t "too many sides" run_pace 2 compare a b c
t "a file that is not there" run_pace 3 compare old.jsonl nothing.jsonl
line other aaaaaaa12 5 5 >other.jsonl
t "nothing in common" run_pace 4 compare old.jsonl other.jsonl
t "is said" has "$ERR" 'have no series in common'

t "rules of pytest-benchmark hold" run_pace 0 compare old.jsonl new.jsonl --fail median:5%
t "and break" run_pace 1 compare new.jsonl old.jsonl --fail min:5% --fail mean:1
t "which names benchmark and statistic" has "$ERR" \
    'json: min is 20.84 % over that of new.jsonl, more than min:5% allows'
t "seconds" run_pace 1 compare new.jsonl old.jsonl --fail max:0.0000002
t "a rule that is none" run_pace 2 compare old.jsonl new.jsonl --fail ops:5%
t "says what there is" has "$ERR" 'min, max, mean, median, stddev or iqr'
t "its table" run_pace 0 compare old.jsonl new.jsonl --table pytest
t "best of the group" has "$OUT" 'new.jsonl   1.4110 (1.0)   1.4470 (1.0)   1.4219 (1.0)'
t "and ratios to it" has "$OUT" 'old.jsonl  1.7050 (1.21)'
t "another table" run_pace 2 compare old.jsonl new.jsonl --table fancy

# Real Go results: medians, intervals, changes and p are those of benchstat itself.
same_as_benchstat() {
    run_pace 0 compare "$benchstat/old.txt" "$benchstat/new.txt" --format csv || return 1
    awk -F, '
        function differs(a, b) { return a - b > 1e-9 * b || b - a > 1e-9 * b }
        function percent(c, low, high) { up = high / c - 1; down = 1 - low / c
            return sprintf("%.0f", 100 * (up > down ? up : down)) + 0 }
        FNR == NR { if ($7 ~ /^p=/) { old[$1] = $2 * 1e9; old_ci[$1] = $3 + 0; new[$1] = $4 * 1e9
                new_ci[$1] = $5 + 0; change[$1] = $6; sub(/p=/, "", $7); sub(/ .*/, "", $7); p[$1] = $7
                wanted++ }
            next }
        FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { name = $at["benchmark"]; sub(/^Benchmark/, "", name); base = $at["base"]; value = $at["value"]
          shown = $at["verdict"] == "better" || $at["verdict"] == "worse"
          wrong = differs(base, old[name]) || differs(value, new[name]) ||
              sprintf("%.3f", $at["p"]) != p[name] ||
              percent(base, $at["lower_base"], $at["upper_base"]) != old_ci[name] ||
              percent(value, $at["lower_value"], $at["upper_value"]) != new_ci[name] ||
              (shown ? sprintf("%+.2f%%", 100 * $at["delta"]) : "~") != change[name]
          if (wrong) { print "# differs: " $0; bad = 1 }
          found++ }
        END { if (found != wanted || found < 14) { print "# " found " of " wanted; bad = 1 }
              exit bad }' "$benchstat/benchstat.csv" "$OUT"
}
t "Go results as benchstat has them" same_as_benchstat
t "the table of them" run_pace 0 compare "$benchstat/old.txt" "$benchstat/new.txt"
t "with benchstat's geomean" has "$OUT" '-61.94 %'

# A store: eight runs of main, the last four slower; one of a branch.
for i in 11 12 13 14; do line a aaaaaaa$i 10$i 10$i; done >runs.jsonl
for i in 15 16 17 18; do line a aaaaaaa$i 15$i 15$i; done >>runs.jsonl
line a aaaaaaa19 1515 1515 dev >>runs.jsonl
run_pace 0 load runs.jsonl
t "the newest run and the one before" run_pace 0 compare
t "of the current branch, else of all" has "$OUT" 'aaaaaaa18'
t "too few to tell, and how many would do" has "$OUT" 'need 4 runs'
t "runs by number" run_pace 0 compare run:1 8
t "commits" run_pace 0 compare aaaaaaa11 commit:aaaaaaa18
t "are named" has "$OUT" 'aaaaaaa11'
t "counted back" run_pace 0 compare last~3
t "no such run" run_pace 4 compare last~30
t "branches" run_pace 0 compare main dev
t "by as many runs as the shorter one has" has "$ERR" "note: of main the newest run alone; -n 8 takes more"
t "so that a step that both have is none" sh -c '! grep -q worse "$1"' - "$OUT"
for i in 21 22 23 24; do line a ddddddd$i 15$i 15$i four | sed 's/2026-01-ddddddd/2026-01-/'; done >four.jsonl
run_pace 0 load four.jsonl
t "a branch of several levels" run_pace 0 compare main four
t "is warned of" has "$ERR" "note: the runs of main are of several levels: a changed by +50 % at aaaaaaa; -n 4 takes"
t "those of one level are not" run_pace 0 compare main four -n 4
t "without a word" lacks "$ERR" "levels"
for i in 25 26 27 28; do line a aaaaaaa$i 999$i 999$i tenfold; done >tenfold.jsonl
run_pace 0 load tenfold.jsonl
t "from ten times the base on" run_pace 0 compare main tenfold
t "the change is the multiple" has "$OUT" '79.0x'
sed 's/tenfold/four/' tenfold.jsonl >more.jsonl
run_pace 0 load more.jsonl
t "a step of that size" run_pace 0 compare four main -n 8
t "is told so too" has "$ERR" "a changed to 66 times as much"
t "of branches the newest runs" run_pace 0 compare main dev -n 4 --format csv
t "so many" has "$OUT" ',1,4,'
t "a run and a file" run_pace 4 compare old.jsonl last
t "a run and a file with the same" run_pace 0 compare runs.jsonl branch:main
t "the runs of both" has "$OUT" '9+8'
t "no such commit" run_pace 3 compare zzzz last
t "is said" has "$ERR" "no run, commit, branch or file 'zzzz'"
t "an ambiguous one" run_pace 3 compare commit:aaaaaaa last
t "lists the choices" has "$ERR" 'aaaaaaa12'
git init -q . && git commit -q --allow-empty -m one && git tag v1
t "a tag that was not measured" run_pace 3 compare v1 last
t "is said" has "$ERR" '(v1) was not measured'
line a aaaaaaa20 1515 1515 | sed "s/aaaaaaa20/$(git rev-parse HEAD)/" >tag.jsonl
run_pace 0 load tag.jsonl
t "a tag" run_pace 0 compare v1 last~1
t "by its name" has "$OUT" 'v1'

# Raw samples in the language: `check mann-whitney`, and `versus` within a run.
for i in 10 11 12 13 14 15 16; do line a bbbbbbb$i 100 99,100,101,100.$i,99.$i s; done |
    sed 's/2026-01-bbbbbbb/2026-01-/' >samples.jsonl
line a bbbbbbb17 120 119,120,121,120.5,119.5 s | sed 's/2026-01-bbbbbbb/2026-01-/' >>samples.jsonl
run_pace 0 --db s load samples.jsonl
t "ranks against the samples of the window" run_pace 0 --db s query --format csv \
    'branch:s | check mann-whitney 99% | last 2 | keep base, n, p, low_limit, verdict'
t "the one before is not" has "$OUT" ',,ok'
t "the last is worse" has "$OUT" ',7,0.000167692'
t "and has no limits" has "$OUT" ',,worse'
t "a branch without samples in its window" run_pace 0 --db s query --format csv \
    'branch:s | check cohen 3sd | last 1 | keep spread, score, verdict'
t "pools deviations" has "$OUT" ',worse'

# -- on a terminal ------------------------------------------------------------------------------------
for side in 1 2; do
    for name in one 'two[list]'; do
        line "tests/unit/test_of_long_names.py::test_$name" ccccccc$side "1$side" "1$side.1,1$side.2" wide | sed 's/2026-01-ccccccc/2026-01-0/'
    done
done >wide.jsonl
run_pace 0 --db w load wide.jsonl
t "names are whole where there is no terminal" sh -c '"$1" --db w compare 1 2 2>&1 | grep -q "^tests/unit/test_of_long_names.py::test_two.list.  "' - "$PACE"
if ! command -v tmux >/dev/null; then
    echo "# no tmux: what fits a terminal is not tested"
    finish
fi
terminal
fits() {
    new_session fits -x 80 -y 20 "LC_ALL=C.UTF-8 '$PACE' --db w compare 1 2 2>/dev/null; sleep 60" || return 1
    tries=0
    until mux capture-pane -p | grep -q '^not shown'; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || break
        sleep 0.1
    done
    mux capture-pane -p >"$OUT"
    has "$OUT" '…test_one ' && has "$OUT" '…test_two[list] ' && has "$OUT" 'geomean ' && has "$OUT" 'not shown at this width: n, p' &&
        [ "$(grep -c . "$OUT")" -eq 5 ]
}
t "lines fit a terminal: of names what differs" fits
finish
