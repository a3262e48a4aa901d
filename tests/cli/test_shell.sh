#!/bin/sh
# test_shell.sh -- `pace` without a subcommand: -c, scripts with dot commands, and a session in a terminal,
# typed by tmux, whose screens are compared with shell_*.txt (PACE_UPDATE_GOLDEN=1 writes them anew).
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/tap.sh"

# A store of 5 series x 40 runs; the newest runs are slower in one of them.
cells() {
    awk 'BEGIN {
        n = split("tests/test_parse.py::test_json tests/test_parse.py::test_toml tests/test_sort.py::test_quick tests/test_sort.py::test_merge warm-up", name, " ")
        for (run = 1; run <= 40; run++)
            for (i = 1; i <= n; i++) {
                value = i * 1000 + (run * 7919 * i) % 13
                if (run >= 39 && i == 2) value *= 1.5
                printf "{\"project\":\"calendar\",\"branch\":\"main\",\"testbed\":\"ci-1\",\"benchmark\":\"%s\",\"measure\":\"latency\",\"unit\":\"us\",\"value\":%d,\"time\":\"2026-10-%02dT%02d:00:00Z\",\"commit\":\"%08x%032d\"}\n", name[i], value, 1 + int(run / 4), (run % 4) * 6, run * 54321987, run
            }
    }'
}
# A series that is long enough for a statement that takes half a minute.
long() {
    awk 'BEGIN {
        for (run = 1; run <= 20000; run++)
            printf "{\"project\":\"long\",\"branch\":\"long\",\"testbed\":\"ci-1\",\"benchmark\":\"b\",\"measure\":\"latency\",\"unit\":\"us\",\"value\":%d,\"time\":%d000000000}\n", 1000 + (run * 7919) % 1013, 1700000000 + run
    }'
}
HOME=$SCRATCH/home
XDG_STATE_HOME=$HOME/state XDG_CONFIG_HOME=$HOME/config
export HOME XDG_STATE_HOME XDG_CONFIG_HOME
unset PAGER PACE_PAGER LESS NO_COLOR EDITRC
mkdir -p "$HOME"
cells >cells.jsonl
t "a store to ask" run_pace 0 --db store load cells.jsonl
long >long.jsonl
t "and one with a long series" run_pace 0 --db long load long.jsonl
PACE_DB=$SCRATCH/store
export PACE_DB

# -- without a terminal -----------------------------------------------------------------------------
t "-c runs a query" run_pace 0 -c 'branch:main benchmark:warm-up | last 1 | keep value | as csv'
t "-c writes its rows" has "$OUT" value
t "-c with a variable" run_pace 0 -v who=warm-up -c 'benchmark:$who | last 1 | keep benchmark | as csv'
t "-c knows the variable" has "$OUT" warm-up
t "-c with a wrong query" run_pace 2 -c 'branch:main | wher'
t "-c without a query" run_pace 2 -c

script() { # STATUS TEXT: pace runs it from standard input
    printf '%s\n' "$2" >"$SCRATCH/script"
    "$PACE" >"$OUT" 2>"$ERR" <"$SCRATCH/script"
    status=$?
    [ "$status" -eq "$1" ] && return 0
    echo "# status $status, not $1"
    return 1
}
t "a script with dot commands" script 0 '# first
.mode csv
benchmark:warm-up
  | last 1
  | keep benchmark
.mode
.quit
branch:nonsense | wher'
t "the mode held" has "$OUT" "benchmark
warm-up"
t ".quit ended it" lacks "$ERR" wher
t "an unknown dot command" script 2 '.tiemr on'
t "the nearest dot command" has "$ERR" "did you mean '.timer'?"
t "a dot command cut short" script 0 '.tim on'
t "one that could be several" script 2 '.o x'
t "a dot command that needs an operand" script 2 '.once'
t "says which" has "$ERR" ".once: FILE is missing"
t ".mode of an unknown format" script 2 '.mode tabel'
t "lists the formats" has "$ERR" jsonl
t ".limit" script 0 '.limit 2
.mode csv
branch:main | last 1 | keep benchmark'
limited() { [ "$(wc -l <"$OUT")" -eq 3 ] && has "$ERR" "2 of 5 rows"; }
t ".limit cuts and says so" limited
t ".once" script 0 ".mode csv
.once $SCRATCH/once.csv
branch:main | last 1 | keep benchmark
.mode csv
branch:main | last 1 | summarize count()"
once() { [ "$(wc -l <once.csv)" -eq 6 ] && lacks "$OUT" warm-up && has "$OUT" count; }
t ".once takes one result" once
t ".output" script 0 ".mode csv
.output $SCRATCH/all.csv
branch:main | last 1 | keep benchmark;
branch:main | last 1 | summarize count()
.output
branch:main benchmark:warm-up | last 1 | keep value"
output() { [ "$(wc -l <all.csv)" -eq 8 ] && [ "$(wc -l <"$OUT")" -eq 2 ]; }
t ".output takes all" output
t ".output where nothing can be" script 2 '.output /nowhere/at/all'
printf '.mode csv\nbranch:main | last 1 | summarize count()\n' >read.pace
t ".read" script 0 ".read $SCRATCH/read.pace"
t ".read ran it" has "$OUT" 5
printf '.read %s\n' "$SCRATCH/loop.pace" >loop.pace
t ".read of itself ends" script 2 ".read $SCRATCH/loop.pace"
t ".read of no file" script 3 ".read $SCRATCH/nothing"
t ".help" script 0 .help
t ".help lists verbs" has "$OUT" summarize
t ".help lists dot commands" has "$OUT" ".schema [DIMENSION]"
t ".help VERB" script 0 '.help check'
t ".help VERB tells its syntax" has "$OUT" "check [MODEL [BOUND] [OPTION ...]]"
t ".help of no word" script 2 '.help chekc'
t "the nearest word" has "$ERR" "did you mean 'check'?"
t ".examples" script 0 .examples
examples() { grep -v '^#' "$OUT" | while read -r q; do "$PACE" -c "$q" >"$SCRATCH/o" 2>"$SCRATCH/e" || grep -q 'no series\|no match\|matches no' "$SCRATCH/e" "$SCRATCH/o" || { echo "# $q"; cat "$SCRATCH/e"; exit 1; }; done; }
t ".examples run" examples
t ".schema" script 0 .schema
t ".schema tells units" has "$OUT" lower
t ".schema benchmarks" script 0 '.schema benchmarks'
t ".schema lists names" has "$OUT" "tests/test_parse.py::test_json"
t ".timer" script 0 '.timer on
branch:main | last 1'
t ".timer tells rows and points" has "$ERR" "5 rows"
t ".use" script 0 '.use benchmark:warm-up
.mode csv
branch:main | last 1 | keep benchmark'
t ".use held" lacks "$OUT" test_json
t ".use without a selector" script 0 '.use benchmark:warm-up
.use
.mode csv
branch:main | last 1 | keep benchmark'
t "takes that back" has "$OUT" test_json
t ".explain" script 0 'branch:main benchmark:warm-up | last 1
.explain
.mode csv
.explain'
t "explains the last query, not what explained it" lacks "$ERR" explain
t ".help of a list of words" script 0 '.help verbs'
t "lists them" has "$OUT" summarize
t ".read of a file that is not there" script 3 '.read /nowhere/x'
t "says no more than that" has "$ERR" "No such file or directory; check the path"
t ".db" script 0 .db
t ".db tells the store" has "$ERR" "$SCRATCH/store"
t ".db of none" script 3 ".db $SCRATCH/none"
t ".watch needs a terminal" script 2 '.watch branch:main'

# -- in a terminal ----------------------------------------------------------------------------------
if ! command -v tmux >/dev/null || ! locale -a 2>/dev/null | grep -qi '^C.utf-\?8$'; then
    echo "# no tmux, or no C.UTF-8: the session in a terminal is not tested"
    finish
fi
terminal
screen() { mux capture-pane -p 2>/dev/null | sed 's/[[:space:]]*$//'; }
keys() { mux send-keys "$@"; }
# Waits until the last line that is not empty is TEXT; 20 s at most.
line_is() {
    tries=0
    while [ "$(screen | grep . | tail -1)" != "$1" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ]; then
            echo "# the screen does not end with '$1':"
            screen | sed 's/^/#   /'
            return 1
        fi
        sleep 0.1
    done
}
# Types a statement; it is run once the terminal shows it whole, so that the next prompt is its end.
enter() { # [PROMPT] TEXT
    prompt="pace>"
    if [ $# -gt 1 ]; then
        prompt=$1
        shift
    fi
    keys "$1"
    line_is "$prompt $1" && keys Enter
}
golden() { # NAME: the screen is shell_NAME.txt
    screen | sed "s|$SCRATCH|SCRATCH|; s/^pace [0-9.]*, /pace VERSION, /" >"$SCRATCH/screen"
    if [ -n "${PACE_UPDATE_GOLDEN:-}" ]; then cp "$SCRATCH/screen" "$HERE/shell_$1.txt"; fi
    diff "$HERE/shell_$1.txt" "$SCRATCH/screen" | sed 's/^/# /' >"$SCRATCH/difference"
    cat "$SCRATCH/difference"
    [ ! -s "$SCRATCH/difference" ]
}
start() { # ENVIRONMENT...: a new session; ends at its prompt
    mux kill-server 2>/dev/null
    gone=0 # it may take a while
    while mux has-session 2>/dev/null && [ "$gone" -lt 50 ]; do
        gone=$((gone + 1))
        sleep 0.1
    done
    new_session shell -x 100 -y 40 env LC_ALL=C.UTF-8 PACE_PAGER= "$@" "$PACE" --now 2026-10-12
    line_is "pace>"
}
mkdir -p "$XDG_CONFIG_HOME/pace"
echo 'view newest = branch:main | last 1' >"$XDG_CONFIG_HOME/pace/rc"
: >"$OUT"
: >"$ERR"

t "a prompt after the newest run" start A=b
t "what the greeting looks like" golden greeting

keys 'benchmark:tests/test_p' Tab
t "Tab completes as far as names agree" line_is "pace> benchmark:tests/test_parse.py::test_"
keys 'j' Tab
t "Tab completes a name" line_is "pace> benchmark:tests/test_parse.py::test_json"
keys '| lst 3'
t "what is typed goes on there" line_is "pace> benchmark:tests/test_parse.py::test_json | lst 3"
keys Enter
t "a wrong query says so" line_is "pace>"
keys Up
t "history brings it back" line_is "pace> benchmark:tests/test_parse.py::test_json | lst 3"
keys BSpace BSpace BSpace BSpace 'a' C-b
t "and it can be edited" line_is "pace> benchmark:tests/test_parse.py::test_json | la"
keys C-e 'st 3'
t "at its end too" line_is "pace> benchmark:tests/test_parse.py::test_json | last 3"
keys Enter
t "and runs" line_is "pace>"
t "what that looks like" golden history

keys C-l
enter 'branch:main |'
t "a statement goes on in the next line" line_is " ...>"
enter ' ...>' 'last 1'
t "and ends where it may" line_is "pace>"
enter '| keep benchmark, value'
t "a pipe goes on with the last query" line_is "pace>"
keys 'branch:main | wh'
t "a statement that is not wanted" line_is "pace> branch:main | wh"
keys C-c
t "Ctrl-C gives a statement up" line_is "pace>"
enter 'newest | keep value | as csv'
t "the file of the user was read" line_is "pace>"
t "what that looks like" golden lines

keys C-l 'branch:main | ba' Tab
t "Tab completes a verb" line_is "pace> branch:main | baseline"
keys 'median | where d' Tab Tab
t "Tab lists columns" line_is "pace> branch:main | baseline median | where d"
keys C-u '//' Tab
t "Tab completes a path" line_is "pace> //calendar//"
keys Tab Tab 'w' Tab Tab
t "dimension by dimension" line_is "pace> //calendar//main//ci-1//warm-up//latency"
t "what that looks like" golden complete
keys C-u '| keep bench' Tab
t "Tab completes what goes on with the last query" line_is "pace> | keep benchmark"

# Of the two statements of a line, the first shows that the second runs.
keys C-u C-l
enter ".db $SCRATCH/long"
t "another store" line_is "pace>"
slow='slope(value) over 10000'
keys "branch:long | last 1 | keep value | as csv; branch:long | derive a = $slow, b = 2 * $slow, c = 3 * $slow, d = 4 * $slow, e = 5 * $slow, f = 6 * $slow | summarize max(f)" Enter
slow_runs() {
    tries=0
    until screen | grep -qx 1489; do
        tries=$((tries + 1))
        [ "$tries" -le 200 ] || return 1
        sleep 0.1
    done
    sleep 0.5
}
t "a long one runs" slow_runs
keys C-c
t "Ctrl-C ends it and keeps the session" line_is "pace>"
enter ".db $SCRATCH/store"
line_is "pace>"
enter 'benchmark:warm-up | last 1 | keep value | as csv'
t "the next one runs" line_is "pace>"
t "what that looks like" golden interrupt
keys '.watch 600' Enter
t ".watch runs the last one again and again" line_is "every 600 s; Ctrl-C ends it"
keys C-c
t "until Ctrl-C" line_is "pace>"
keys C-l
enter '.watch 600'
t "over an empty screen" line_is "every 600 s; Ctrl-C ends it"
keys C-c
line_is "pace>"
# A name that turns text around is offered and shown in a form that does not.
cat >bidi.jsonl <<'END'
{"project":"hostile","branch":"main","testbed":"ci-1","benchmark":"evil\u202egnp","measure":"latency","unit":"us","value":1,"time":1700000000000000000}
END
"$PACE" --db bidi load bidi.jsonl >"$OUT" 2>"$ERR"
keys C-l
enter ".db $SCRATCH/bidi"
line_is "pace>"
keys 'benchmark:ev' Tab
t "Tab offers a hostile name with a ?" line_is "pace> benchmark:evil?gnp"
keys "$(printf ' | last 1 # \342\200\256x')"
t "what is typed is made safe too" line_is "pace> benchmark:evil?gnp  | last 1 # ?x"
keys Enter
line_is "pace>"
safe() { ! screen | LC_ALL=C grep -q "$(printf '\342\200\256')" && screen | grep -qF 'evil\u202egnp'; }
t "and so are results" safe
keys .q Enter
ended() { tries=0; while mux has-session 2>/dev/null && [ "$tries" -lt 200 ]; do tries=$((tries + 1)); sleep 0.1; done; ! mux has-session 2>/dev/null; }
t ".q ends the session" ended
t "the history is the user's alone" [ "$(stat -c %a "$XDG_STATE_HOME/pace/history")" = 600 ]
t "the next session has it" start A=b
keys Up
t "it comes back" line_is "pace> .q"
keys C-d
t "a long result goes through the pager" start PACE_PAGER='sed s/^/-/'
enter 'branch:main | last 9 | keep value | as csv'
t "all of it" line_is "pace>"
paged() { [ "$(screen | grep -c '^-[0-9]')" -ge 30 ]; }
t "and nothing else" paged
keys C-l
enter 'branch:main | last 1'
line_is "pace>"
enter .explain
line_is "pace>"
enter '| summarize count() | as csv'
t "a pipe goes on with the query that was explained" line_is "pace>"
counted() { screen | grep -qx 'count()' && screen | grep -qx 5; }
t "and not with the explaining" counted
keys quit Enter
t "quit ends it as .quit does" ended
# More points than are read before a prompt comes.
awk 'BEGIN {
    for (run = 1; run <= 45; run++)
        for (i = 1; i <= 1480; i++)
            printf "{\"project\":\"wide\",\"branch\":\"main\",\"testbed\":\"ci-1\",\"benchmark\":\"b%d\",\"measure\":\"latency\",\"unit\":\"us\",\"value\":%d,\"time\":%d000000000}\n", i, 1000 + (run * 7919 * i) % 13, 1700000000 + run
}' >wide.jsonl
"$PACE" --db wide load wide.jsonl >"$OUT" 2>"$ERR"
t "a store of many points" start PACE_DB="$SCRATCH/wide"
told() { screen | grep -qF '1480 series; `pace check` judges them'; }
t "is not judged before the prompt" told
keys C-d

awk 'BEGIN { for (i = 1; i <= 14; i++)
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"x\",\"measure\":\"latency\",\"unit\":\"ns\",\"time\":\"2026-01-%02dT00:00:00Z\",\"commit\":\"%07d\",\"value\":%d}\n",
        i, i, (i < 9 ? 100 : 200) + i % 3 }' >open.jsonl
"$PACE" --db open load open.jsonl >"$OUT" 2>"$ERR"
t "a store with a regression that is open" start PACE_DB="$SCRATCH/open"
tells_open() { screen | grep -qF '1 regression of earlier runs is open; `pace alerts` lists it'; }
t "tells of it" tells_open
keys C-d
finish
