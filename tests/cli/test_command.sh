#!/bin/sh
# test_command.sh -- subcommands, options, help, statuses and stores of the `pace` command.
. "$(dirname "$0")/tap.sh"

# -- help -----------------------------------------------------------------------------------------
t "--version" run_pace 0 --version
t "--version names the program" has "$OUT" "pace 0."
t "-V is --version" sh -c '"$1" -V | cmp -s - "$2"' - "$PACE" "$OUT"
t "so is the subcommand" sh -c '"$1" version | cmp -s - "$2"' - "$PACE" "$OUT"
t "version as JSON" run_pace 0 version --json
t "which is" has "$OUT" '{"version":"0.'
t "--help" run_pace 0 --help
t "--help lists subcommands" has "$OUT" "  check "
t "--help tells the statuses" has "$OUT" "exit status: 0 ok"
for command in $("$PACE" --help | sed -n "/^commands:/,/^\$/s/^  \([a-z]*\) .*/\1/p") shell; do
    t "$command --help" run_pace 0 $command --help
    t "help $command is the same" sh -c '"$1" help $2 | cmp -s - "$3"' - "$PACE" $command "$OUT"
done
# The same as rows.
rows_of() { # ROW ARGS...: the JSON of `pace help` with ARGS has ROW
    row=$1
    shift
    run_pace 0 help "$@" --json && has "$OUT" "$row" && python3 -m json.tool "$OUT" >"$SCRATCH/parsed"
}
t "help as JSON" rows_of '{"command":"tag","operands":"[NAME [COMMIT]]"'
t "options of a subcommand as JSON" rows_of '{"option":"--branch","letter":"-b","value":"BRANCH"' check
t "a list of words as JSON" rows_of '{"word":"where","kind":"verb","form":"where EXPR"' verbs
t "a word as JSON" rows_of '{"word":"geomean","kind":"function","form":"geomean(x)"' geomean
t "a key as JSON" rows_of '{"word":"branch","kind":"key","form":"branch:PATTERN"' branch
t "a code as JSON" rows_of '{"word":"Q012","kind":"diagnostic"' Q012
t "adapters as JSON" rows_of '{"adapter":"pytest"' adapters
t "topics as JSON" rows_of '{"topic":"models"' topics
t "a word that is none, as JSON" run_pace 2 help chekc --json
examples_first() {
    run_pace 0 run --help && [ "$(sed -n 3p "$OUT" | cut -c1-6)" = "  pace" ]
}
t "examples come first" examples_first
t "-h is --help" run_pace 0 ls -h
t "help of an unknown subcommand" run_pace 2 help qurey

# -- wrong usage ----------------------------------------------------------------------------------
said() { # STATUS TEXT ARGS...: pace says TEXT on stderr and nothing on stdout
    expected=$1 text=$2
    shift 2
    run_pace "$expected" "$@" && has "$ERR" "$text" && [ ! -s "$OUT" ]
}
t "unknown subcommand" said 2 "no subcommand 'qurey'; did you mean 'query'?" qurey
t "unknown subcommand, nothing near" said 2 "no subcommand 'xyzzy'" xyzzy
t "a verb without its query" said 2 "pace query 'branch:main | changes' (see pace help changes)" changes
t "a verb that needs more" said 2 "pace query 'branch:main | last ...'" last
t "a statement without its subcommand" said 2 "no subcommand 'put'; it is a word of queries: pace query" put x
put_ms() { run_pace 0 --db put query 'put //p//main//t//b//p99 12.5ms' && run_pace 0 --db put ls -l && has "$OUT" "lower"; }
t "of a time that is put less is better" put_ms
t "a query without its subcommand" said 2 "pace query '...'" 'branch:main | last 1'
t "unknown option" said 2 "no option '--comit'; did you mean '--commit'?" run --comit x -- true
t "unknown option before the subcommand" said 2 "no option '--bd'; did you mean '--db'?" --bd x ls
t "an option of another subcommand" said 2 "pace ls has no option '--file'" ls --file x
t "unknown letter" said 2 "no option '-z'" log -z
t "a missing value" said 2 "--branch needs a value: --branch BRANCH" log --branch
t "a missing value of a letter" said 2 "-n needs a value" log -n
t "a value of a flag" said 2 "--long takes no value" ls --long=yes
t "a bad count" said 2 "-n takes a count, not '0'" log -n 0
t "a bad time" said 2 "--now" --db nowhere query --now yesterday 'branch:main'
t "no query" said 2 "no query" query
t "an unquoted query" said 2 "put it in quotes" query 'a' '|' b
t "two sources of a query" said 2 "not both" query -f x 'branch:main'
t "operands where there are none" said 2 "takes no operands" log x
t "show of two runs" said 2 "one run or commit" show 1 2
t "init of two directories" said 2 "one directory" init a b
t "run without a command" said 2 "--file needs the command" run --file x
t "an empty command" said 2 "command is empty" run -- ""
t "an unknown adapter" said 2 "did you mean 'pytest'" run -a pytset -- true
t "a bad timeout" said 2 "--timeout takes seconds" run --timeout soon -- true
t "an empty name" said 2 "--branch must not be empty" run --branch= -- true

# -- no store -------------------------------------------------------------------------------------
mkdir empty
cd empty
t "no store" said 3 "no store: there is no .pace in" ls
t "no store says what to do" has "$ERR" "pace init"
t "a store that is not there" said 3 "nowhere" --db nowhere ls
t "a store in the environment" said 3 "elsewhere" --db elsewhere ls
t "reading makes no store" test ! -e nowhere
echo text >file
t "a store that is a file" run_pace 3 --db file ls
mkdir other
echo text >other/notes.txt
t "a directory that is no store" run_pace 3 --db other ls
t "it is left alone" sh -c '[ "$(ls -A other)" = notes.txt ]'
printf 'not a store' >other/data.mdb
t "a damaged store" run_pace 3 --db other ls
cd ..

# -- making one -----------------------------------------------------------------------------------
mkdir plain
cd plain
t "init" run_pace 0 init
t "init makes .pace" test -d .pace
t "git ignores it" sh -c '[ "$(cat .pace/.gitignore)" = "*" ]'
t "it is private" sh -c '[ "$(ls -ld .pace | cut -c1-10)" = drwx------ ]'
t "init again" run_pace 0 init
t "ls of an empty store" run_pace 0 ls
t "which is said" has "$ERR" "the store is empty"
t "log of an empty store" run_pace 0 log
t "check of an empty store" said 4 "nothing to judge" check
t "show of a missing run" said 3 "no run 5; the newest is 0" show 5
t "init of a directory" run_pace 0 init ../named
t "a store in a directory that is not there" run_pace 3 --db ../nowhere/store init
t "is told which" has "$ERR" "the directory ../nowhere is not there"
t "--db after the subcommand" run_pace 0 ls --db ../named
t "--db before it" run_pace 0 --db ../named ls
t "--db=PATH" run_pace 0 --db=../named ls
in_environment() { PACE_DB=../named "$PACE" log >"$OUT" 2>"$ERR"; }
t "\$PACE_DB" in_environment
cd ..

# A store is looked for upward, as far as the top of the git tree and no further.
mkdir -p plain/app/deep
git init -q -b main plain/app
cd plain/app/deep
t "not beyond the top of the git tree" said 3 "or above, up to $SCRATCH/plain/app" ls
t "init goes to the top" run_pace 0 init
t "which is so" test -d ../.pace
t "found from below" run_pace 0 ls
cd ..
git add -f .pace
t "a store that git tracks" said 3 "is tracked by git" ls
t "unless it is named" run_pace 0 --db .pace ls
git rm -rqf --cached .pace
t "or no longer tracked" run_pace 0 ls
cd ../..

if [ "$(id -u)" -ne 0 ]; then
    mkdir locked
    chmod 500 locked
    cd locked
    t "a directory that cannot be written" said 3 "locked" init
    t "which says what to do" has "$ERR" "make the directory writable"
    t "and nothing is run for it" said 3 "locked" run -- touch "$SCRATCH/ran"
    t "which is so" test ! -e "$SCRATCH/ran"
    cd ..
else
    t "a place that cannot be written" run_pace 3 --db /proc/pace init
    t "and nothing is run for it" run_pace 3 --db /proc/pace run -- touch "$SCRATCH/ran"
    t "which is so" test ! -e "$SCRATCH/ran"
fi

# -- queries --------------------------------------------------------------------------------------
cd plain
t "a wrong verb" run_pace 2 query 'measure:latency | wher high'
t "has its caret" has "$ERR" "^~~~"
t "and its suggestion" has "$ERR" "did you mean 'where'?"
t "a wrong format" run_pace 2 log --format tabel
echo 'measure:latency | wher high' >bad.pace
full() { "$PACE" help >/dev/full 2>"$ERR"; [ $? -eq 3 ]; }
[ -c /dev/full ] && t "output that cannot be written" full && t "is said" has "$ERR" "standard output"
pipe_closed() { { "$PACE" help; echo $? >status; } 2>"$ERR" | true; [ "$(cat status)" = 0 ] && [ ! -s "$ERR" ]; }
t "a reader that goes away is no error" pipe_closed
t "a query file" run_pace 2 query -f bad.pace
t "a query file that is not there" run_pace 3 query -f none.pace
from_input() { echo 'measure:latency | wher high' | "$PACE" $1 >"$OUT" 2>"$ERR"; [ $? -eq 2 ]; }
t "statements from standard input" from_input
t "query -" from_input "query -"
for day in 1 2 3; do
    echo "{\"project\":\"p\",\"testbed\":\"t\",\"benchmark\":\"b\",\"measure\":\"latency\",\"unit\":\"ns\",\"value\":$day,\"time\":\"2024-05-0$day\"}"
done >plot.jsonl
run_pace 0 --db plot load -q plot.jsonl
t "a plot" run_pace 0 --db plot query 'measure:latency | as plot'
t "is drawn in dots" has "$OUT" "┤"
t "or in ASCII" run_pace 0 --db plot query --ascii 'measure:latency | as plot'
t "alone" sh -c '! LC_ALL=C grep -q "[^ -~]" "$1" && grep -q "+---" "$1"' - "$OUT"
t "a picture" run_pace 0 --db plot query 'measure:latency | as svg'
t "is SVG" has "$OUT" '<svg xmlns="http://www.w3.org/2000/svg"'
finish
