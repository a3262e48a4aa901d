#!/bin/sh
# test_bad_input.sh -- what must not enter a store: each is refused with its place, or kept as a failed cell.
#   usage: BUILD=build tests/cli/test_bad_input.sh (from the root of the sources)
. tests/cli/tap.sh

# line FORMAT: a point whose fields end with this (a format of printf).
line() {
    # shellcheck disable=SC2059 # the format is the argument
    printf '{"project":"p","branch":"main","testbed":"t",'"$1"'}\n' >in.jsonl
}

# refused WHAT FORMAT TEXT: such a line is status 3, with the text and the place.
refused() {
    line "$2"
    t "$1" run_pace 3 --db store load in.jsonl
    t "  is said" has "$ERR" "$3"
    t "  with its place" has "$ERR" "in.jsonl: line 1"
}

refused "a name over the limit" "\"benchmark\":\"$(printf '%01025d' 0)\",\"value\":1" \
    "'benchmark' is longer than 1024 bytes"
line "\"benchmark\":\"$(printf '%01024d' 0)\",\"value\":1"
t "a name of just the limit is stored" run_pace 0 --db longest load in.jsonl
refused "a name with NUL" '"benchmark":"a\\u0000b","value":1' "a\\u0000b"
refused "a name with a bare NUL" '"benchmark":"a\000b","value":1' "control character"
refused "a name that is not UTF-8" '"benchmark":"a\377","value":1' "write it as UTF-8"
refused "half of a surrogate pair" '"benchmark":"a\\ud800","value":1' "invalid Unicode"
refused "an empty name" '"benchmark":"","value":1' "'benchmark'"
refused "a name with a line end" '"benchmark":"a\\nb","value":1' "'benchmark'"
refused "a time before 1970" '"benchmark":"a","value":1,"time":-5' "'time' is before 1970"
refused "a time in the far past" '"benchmark":"a","value":1,"time":"1066-10-14"' "1970"
refused "a time in the far future" '"benchmark":"a","value":1,"time":"2190-01-01"' \
    "more than 24 h in the future"
refused "a time that no number holds" '"benchmark":"a","value":1,"time":17000000000000000000000' "'time'"
refused "a point without a value" '"benchmark":"a"' "value"
: >in.jsonl
t "an empty file" run_pace 3 --db store load in.jsonl
t "  is said" has "$ERR" "in.jsonl: it is empty"
t "nothing of it is stored" run_pace 0 --db store stat --format csv
t "  at all" has "$OUT" "runs,0"

line '"benchmark":"a","value":NaN,"unit":"ns"'
t "a value that is no number" run_pace 0 --db store load in.jsonl
line '"benchmark":"b","value":1e999,"unit":"ns"'
t "a value beyond all numbers" run_pace 0 --db store load in.jsonl
t "are failed cells" run_pace 0 --db store query 'branch:main | summarize count(value), max(value) by benchmark' \
    --format csv
t "  without a value" lacks "$OUT" "inf"
t "  of any kind" lacks "$OUT" "nan"
t "  in a whole store" run_pace 0 --db store verify

for number in 0 99999999999999999999 1.5 x; do
    t "run $number is not there" run_pace 3 --db store show $number
done
t "a store that is a file" run_pace 3 --db in.jsonl stat
t "a store that is a device" run_pace 3 --db /dev/null stat
finish
