#!/bin/sh
# test_dump.sh -- pace dump and load: everything comes back, and the dump of that is the same bytes.
DATA=$(cd "${0%/*}/../adapters/data" && pwd)
. "${0%/*}/tap.sh"

same() {
    cmp "$1" "$2" || { diff "$1" "$2" | head -5; return 1; }
}

# A store with all that a dump has: units, samples, bounds, metadata, failed cells, awkward texts,
# start points, marks (one undone, one of a run), versions of saved objects, a dropped one.
fill() {
    run_pace 0 --db "$1" load -q --branch main --project p --time 2024-05-01 \
        "$DATA"/pytest/5.3.1.json "$DATA"/asv/0.6.6-result.json "$DATA"/go/go1.26.8.txt || return 1
    cat >lines.jsonl <<'END'
{"project":"q","branch":"main","benchmark":"a,\"b\" é","measure":"m x","value":-0.0,"unit":"ms","time":"2024-05-01T10:00:00Z","commit":"aaaaaaa1"}
{"project":"q","branch":"main","benchmark":"a","measure":"m","value":1e-300,"lower":-1e300,"upper":12345678901234567890,"time":"2024-05-01T10:00:00.000000001Z","commit":"aaaaaaa2","samples":[0.1,-0.0,3]}
{"project":"q","branch":"main","benchmark":"a","measure":"m","status":"skipped","time":"2024-05-02T10:00:00Z"}
END
    run_pace 0 --db "$1" load -q lines.jsonl || return 1
    cat >script <<'END'
mark accept benchmark:a branch:main at 2024-05-01 "a note, with \"quotes\"";
mark exclude run:4;
mark accept project:q;
mark undo 3;
save let x = 1;
save let x = 2;
save let y = 3;
drop let y;
save measure m = B lower
END
    "$PACE" --db "$1" <script >"$OUT" 2>"$ERR"
}

t "a store is filled" fill a
t "it is dumped" run_pace 0 --db a dump
cp "$OUT" a.jsonl
for kind in dump measure run meta cell mark object end; do
    t "the dump has a record $kind" has a.jsonl "{\"record\":\"$kind\""
done
t "it is loaded" run_pace 0 --db b load a.jsonl
t "it is dumped again" run_pace 0 --db b dump
cp "$OUT" b.jsonl
t "the bytes are the same" same a.jsonl b.jsonl
t "the store is whole" run_pace 0 --db b verify
t "loading twice stores nothing" run_pace 0 --db b load a.jsonl
t "and says so" has "$ERR" "stored 0 new runs"
run_pace 0 --db b dump
t "nor marks and objects" same a.jsonl "$OUT"

t "as CSV" run_pace 0 --db a dump --format csv
cp "$OUT" a.csv
t "it is loaded" run_pace 0 --db c load a.csv
t "it is dumped" run_pace 0 --db c dump
t "the bytes are the same as those of JSON lines" same a.jsonl "$OUT"
t "CSV of CSV too" run_pace 0 --db c dump --format csv
t "is the same" same a.csv "$OUT"

t "the first --new has all runs" run_pace 0 --db b dump --new
t "which were counted" has "$ERR" "dumped 6 runs"
t "the next has none" run_pace 0 --db b dump --new
t "which is said" has "$ERR" "dumped 0 runs"
echo '{"project":"q","benchmark":"n","value":1,"time":"2024-04-01T10:00:00Z"}' >new.jsonl
run_pace 0 --db b load -q new.jsonl
t "a run that is new, though older in history" run_pace 0 --db b dump --new
cp "$OUT" new-dump.jsonl
t "is dumped alone" has "$ERR" "dumped 1 run, 1 cell"
run_pace 0 --db a load new-dump.jsonl
t "other stores take it" has "$ERR" "stored 1 run, 1 cell"

t "one project" run_pace 0 --db a dump --project q
t "has its runs" has "$OUT" '"project":"q"'
t "and no others" lacks "$OUT" '"project":"p"'

head -c 3000 a.jsonl | sed '$d' >cut.jsonl
t "a dump that is cut off is an error" run_pace 3 --db d load cut.jsonl
t "which says what is there" has "$ERR" "it is cut off"
t "loading the whole goes on" run_pace 0 --db d load a.jsonl
run_pace 0 --db d dump
t "and ends with the same" same a.jsonl "$OUT"

sed 's/"value":1e-300/"value":2e-300/' a.jsonl >other.jsonl
t "another content under an identity is refused" run_pace 3 --db d load other.jsonl
run_pace 0 --db d dump
t "and changes nothing" same a.jsonl "$OUT"
sed '3s/.*/{"record":"cell","benchmark":1}/' a.jsonl >bad.jsonl
t "a damaged record is an error" run_pace 3 --db e load bad.jsonl
t "with its line" has "$ERR" "bad.jsonl: line 3"
sed '1s/"version":1/"version":9/' a.jsonl >version.jsonl
t "so is a dump of another version" run_pace 3 --db e load version.jsonl
t "a format that there is not" run_pace 2 --db a dump --format xml
t "names those that there are" has "$ERR" "jsonl, csv"
finish
