#!/bin/sh
# test_ending.sh -- commands that are ended from outside: by SIGINT, by a reader that goes away; and the
# line on a terminal that tells how far they are.
. "$(dirname "$0")/tap.sh"
PACE_DB=$SCRATCH/store
export PACE_DB
awk 'BEGIN { for (r = 1; r <= 200; r++) for (i = 1; i <= 200; i++)
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"b%d\",\"measure\":\"latency\",\"unit\":\"ns\",\"direction\":\"lower\",\"time\":%d000000000,\"value\":%d}\n", i, 1700000000 + r, 1000 + (i * r * 7919) % 97 }' >history.jsonl
t "a store" run_pace 0 load history.jsonl

# -- a reader that goes away --------------------------------------------------------------------------
cut() { # ARGS...: status 0 and no word when only one line is read
    { "$PACE" "$@" 2>"$ERR"; echo $? >status; } | head -1 >"$OUT"
    [ "$(cat status)" = 0 ] && [ ! -s "$ERR" ] && [ -s "$OUT" ]
}
for command in dump 'dump --format csv' 'dump --format openmetrics' 'query branch:main' 'ls -l' 'log -n 200' \
    show 'query branch:main --json' 'help run' 'completion bash'; do
    # shellcheck disable=SC2086
    t "cut short: $command" cut $command
done
cut_new() { { "$PACE" dump --new 2>"$ERR"; } | head -1 >"$OUT" && [ ! -s "$ERR" ]; }
t "a dump of what is new, cut short" cut_new
t "counts for nothing" sh -c '"$1" dump --new 2>/dev/null | awk "END { exit NR < 200 }"' - "$PACE"

# -- SIGINT -------------------------------------------------------------------------------------------
# Input that does not end keeps the command waiting until the signal comes.
mkfifo pipe
interrupt() { # ARGS...: it is 130, says nothing, and leaves nothing behind
    timeout --preserve-status -s INT 0.3 "$PACE" "$@" >"$OUT" 2>"$ERR" <pipe &
    worker=$!
    exec 9>pipe
    head -200 history.jsonl >&9
    wait $worker
    status=$?
    exec 9>&-
    [ "$status" = 130 ] && [ ! -s "$ERR" ] && [ -z "$(ls -A "$TMPDIR")" ]
}
t "load" interrupt --db other load -
t "import" interrupt --db other import -
t "query from standard input" interrupt query -
t "the store is whole" run_pace 0 verify

# -- on a terminal ------------------------------------------------------------------------------------
if ! command -v tmux >/dev/null; then
    echo "# no tmux: the line on a terminal is not tested"
    finish
fi
terminal
line() { # PATTERN: the screen has it, within 10 s
    tries=0
    until mux capture-pane -p 2>/dev/null | grep -q -- "$1"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            mux capture-pane -p | grep . | sed 's/^/# /'
            return 1
        fi
        sleep 0.1
    done
}
new_session ending -x 100 -y 20 "PS1='> ' sh -i"
mux send-keys -l "'$PACE' --db slow load - <pipe"
mux send-keys Enter
exec 9>pipe
cat history.jsonl >&9
t "how fast it reads" line '^reading  [0-9.]* [kM]*B/s$'
exec 9>&-
t "then what it did" line '^stored 200 runs, 40000 cells'
t "and the line is gone" sh -c '! tmux -L pace capture-pane -p | grep -q "^reading"'
mux send-keys -l "'$PACE' --db slow load - <pipe"
mux send-keys Enter
exec 9>pipe
t "again" line '^reading'
mux send-keys C-c
t "SIGINT" sh -c 'sleep 0.3; ! tmux -L pace capture-pane -p | grep -q "^reading"'
exec 9>&-
finish
