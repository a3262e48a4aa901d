#!/bin/sh
# test_upkeep.sh -- pace verify, backup, compact, merge and stat from the outside.
#   usage: BUILD=build tests/cli/test_upkeep.sh (from the root of the sources)
KEPT=$PWD/tests/data/store-1
. tests/cli/tap.sh

# line BRANCH I: a run of two cells, two hours after the one before.
line() {
    for b in parse render; do
        printf '{"project":"p","branch":"%s","testbed":"ci","benchmark":"%s","value":%s,"unit":"ns",' "$1" $b "$2"
        printf '"time":%s000000000,"commit":"%040d"}\n' $((1700000000 + $2 * 7200)) "$2"
    done
}
i=1
while [ $i -le 60 ]; do
    if [ $((i % 3)) = 0 ]; then line pr/$i $i; else line main $i; fi
    i=$((i + 1))
done >history.jsonl
"$PACE" --db store load -q history.jsonl || exit 1
"$PACE" --db store query 'mark exclude branch:main run:4 "noise"' >"$OUT" 2>&1 || exit 1

t "a whole store" run_pace 0 --db store verify
t "says what it looked at" has "$ERR" "store is whole: 60 runs with 120 cells in 21 streams"
head -n 1 history.jsonl >one.jsonl
t "of one run" sh -c '"$1" --db one load -q one.jsonl && "$1" --db one verify 2>&1 | grep -q ": 1 run with [12] cells* in 1 stream, "' - "$PACE"
t "no store is status 3" run_pace 3 --db none verify
t "verify takes no operands" run_pace 2 --db store verify store

t "stat counts" run_pace 0 --db store stat --format csv
t "runs" has "$OUT" "runs,60"
t "where they lie" has "$OUT" '"log rows",20,20,'
t "and their blocks" has "$OUT" '"small blocks",1,40,'
t "what the index takes" has "$OUT" '"index of runs",60,'
t "stat by stream" run_pace 0 --db store stat --long --format csv
t "main has 40 runs, all in a small block" has "$OUT" "p,main,ci,2,40,80,0,40,0,"

# One JSON document, also where there is nothing to tell.
is_document() { # ARGS...
    "$PACE" --db store "$@" --json >"$OUT" 2>"$ERR" && [ "$(head -c 24 "$OUT")" = '{"schema":"pace.rows/1",' ] &&
        [ "$(tail -c 2 "$OUT")" = '}' ]
}
t "ls as JSON" is_document ls
t "log" is_document log
t "show" is_document show
t "stat" is_document stat
t "verify" is_document verify
t "tag" is_document tag
t "alerts" is_document alerts
t "query" is_document query 'branch:main | last 1'
t "explain" is_document explain 'branch:main | last 1'
t "compare" is_document compare 1 2
t "init" is_document init
t "compact" is_document compact --dry-run
t "mark" is_document mark exclude run:7
t "which is undone" is_document mark undo 1
t "backup" is_document backup json-copy
t "merge" is_document merge json-copy
t "load" sh -c '"$1" --db json-copy dump | "$1" --db store load --json - | grep -q "\"known_runs\":60"' - "$PACE"
t "all of them are documented" sh -c '"$1" load --help | grep -q -- "--json  "' - "$PACE"

t "a backup" run_pace 0 --db store backup copy
t "is a store" run_pace 0 --db copy verify
t "of mode 0600" test "$(stat -c %a copy/data.mdb)" = 600
t "and not written over" run_pace 3 --db store backup copy
t "which is said" has "$ERR" "copy is there already"
t "a backup as a file" run_pace 0 --db store backup copy.mdb
mkdir -m 700 from_file && cp copy.mdb from_file/data.mdb
t "which becomes a store" run_pace 0 --db from_file verify
t "a backup needs a name" run_pace 2 --db store backup

# Every copy of a name in the file is changed: one of them is read.
mkdir -m 700 bad
LC_ALL=C sed 's/render/rendes/g' copy/data.mdb >bad/data.mdb
chmod 600 bad/data.mdb
t "a damaged store" run_pace 3 --db bad verify --format csv
t "lists what is damaged" has "$OUT" "names of kind 3"
t "and says how much" has "$ERR" "damaged; restore it from a backup"
head -c 9000 copy/data.mdb >bad/data.mdb
t "a store that is cut off" run_pace 3 --db bad verify
t "is told of by pages" has "$OUT" "page "
echo text >bad/data.mdb
t "no store at all" run_pace 3 --db bad verify

t "a dry run" run_pace 0 --db store compact --dry-run --before 'pr/*=2023-11-17'
t "counts" has "$ERR" "52 runs with 104 cells would stay"
t "both ways" has "$ERR" "8 runs with 16 cells would be dropped"
cp -r store before
t "dropping pull requests" run_pace 0 --db store compact --before 'pr/*=2023-11-18'
t "says how many" has "$ERR" "48 runs with 96 cells stay, 12 runs with 24 cells dropped"
t "leaves a whole store" run_pace 0 --db store verify
t "numbers stay" run_pace 0 --db store show 40
t "a dropped run says so" run_pace 3 --db store show 60
t "in words" has "$ERR" "run 60 was dropped by a compaction"
t "the log goes over it" run_pace 0 --db store log -n 100 --format csv
t "and has the others" test "$(wc -l <"$OUT")" -eq 49
t "marks stay" run_pace 0 --db store query 'branch:main benchmark:parse'
t "all in one packed block" run_pace 0 --db store compact --to packed
t "of each stream that is large enough" run_pace 0 --db packed stat -l --format csv
t "as main is" has "$OUT" "p,main,ci,2,40,80,0,0,40,"
t "one run a day, to another store" run_pace 0 --db store compact --keep-per main=day --to thin
t "of main alone" has "$ERR" "13 runs with 26 cells stay"
t "which is whole" run_pace 0 --db thin verify
t "and the other as it was" run_pace 0 --db store stat --format csv
t "with its runs" has "$OUT" "runs,48"
t "series by a selector" run_pace 0 --db store compact --drop 'branch:main benchmark:render'
t "go from runs that stay" has "$ERR" "48 runs with 56 cells stay, 0 runs with 40 cells dropped"
t "one run by a selector" run_pace 0 --db store compact --drop 'branch:main run:40'
t "goes" has "$ERR" "47 runs with 55 cells stay"
t "old runs thinned" run_pace 0 --db before compact --before 2023-11-16 --keep-per week
t "newer ones not" has "$ERR" "53 runs with 106 cells stay"
t "a wrong period" run_pace 2 --db store compact --keep-per fortnight
t "a wrong time" run_pace 2 --db store compact --before tomorrow
t "a wrong selector" run_pace 2 --db store compact --drop 'brunch:x'
t "a query is no selector" run_pace 2 --db store compact --drop 'branch:main | last 1'
t "a store that is there" run_pace 3 --db store compact --to thin

mkdir -m 700 old && cp "$KEPT/data.mdb" old && chmod 600 old/data.mdb || exit 1
t "a store of an earlier version" run_pace 0 --db old dump
cp "$OUT" old.jsonl
t "becomes one of today" run_pace 0 --db old compact
t "that is whole" run_pace 0 --db old verify
t "and holds the same" run_pace 0 --db old dump
t "word for word" cmp "$OUT" old.jsonl

t "merging" run_pace 0 --db thin merge copy
t "brings what is not there" has "$ERR" "47 runs with 94 cells added, 13 were there already"
t "a whole store again" run_pace 0 --db thin verify
t "with all runs" has "$ERR" "60 runs with 120 cells"
t "again" run_pace 0 --db thin merge copy
t "nothing" has "$ERR" "0 runs with 0 cells added, 60 were there already; 0 marks"
t "runs that lost cells are others" run_pace 3 --db store merge copy --format csv
t "each is named, here and there" has "$OUT" ",39,39"
t "and all else is merged" has "$ERR" "13 runs with 26 cells added"
t "a whole store too" run_pace 0 --db store verify
t "merge needs a store" run_pace 2 --db store merge
t "that is there" run_pace 3 --db store merge none
finish
