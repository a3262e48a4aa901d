#!/bin/sh
# test_pager.sh -- commands that list something, on a terminal: through the pager when it is longer than the
# screen, with notes and the exit status behind it.
. "${0%/*}/tap.sh"

awk 'BEGIN { for (i = 1; i <= 40; i++)
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"x\",\"measure\":\"latency\",\"unit\":\"ns\",\"time\":\"2026-01-01T%02d:%02d:00Z\",\"value\":%d}\n",
        i / 60, i % 60, 100 + i % 3 }' >runs.jsonl
t "a store" run_pace 0 --db store load runs.jsonl
if ! command -v tmux >/dev/null; then
    echo "# no tmux: the pager is not tested"
    finish
fi
terminal
shown() { # PAGER TERM ARGS...: what 10 lines of a terminal show of a command, and its status
    pager=$1 term=$2
    shift 2
    mux kill-server 2>/dev/null
    new_session pager -x 80 -y 12 "LC_ALL=C.UTF-8 TERM=$term PACE_PAGER='$pager' '$PACE' --db store $*; echo status \$?; sleep 60" || return 1
    tries=0
    until mux capture-pane -p -S -100 | grep -q '^status'; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || break
        sleep 0.1
    done
    mux capture-pane -p -S -100 >"$OUT"
}
paged() { shown "$@" && grep -q '^P:.*:' "$OUT"; }
plain() { shown "$@" && has "$OUT" "status" && lacks "$OUT" 'P:'; }
mark='sed s/^/P:/'
t "a long list is paged" paged "$mark" screen log -n 30
t "each line of it" test "$(grep -c '^P:' "$OUT")" -eq 33
t "notes come behind it" sh -c 'sed -n "/^10 older runs/,\$p" "$1" | grep -q "^status 0"' - "$OUT"
t "and are not paged" has "$OUT" "$(printf '\n10 older runs: pace log -n N')"
t "a short one is not" plain "$mark" screen log -n 3
t "a query is" paged "$mark" screen query "'branch:main | last 30'"
t "with its status" paged "$mark" screen query "'branch:main | last 30 | expect value < 102'"
t "which is behind it" has "$OUT" "status 1"
t "cat is no pager" plain cat screen log -n 30
t "nor is nothing" plain "" screen log -n 30
t "an error is not paged" plain "$mark" screen query "'branch:main | lst'"
mkdir -p bin && for tool in sh sleep; do ln -sf "$(command -v $tool)" bin/; done
bare() {
    mux kill-server 2>/dev/null
    new_session pager -x 80 -y 12 "env -u PAGER -u PACE_PAGER PATH=$SCRATCH/bin TERM=screen LC_ALL=C.UTF-8 '$PACE' --db store log -n 30; sleep 60" || return 1
    tries=0
    until mux capture-pane -p | grep -q '^10 older'; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return 1
        sleep 0.1
    done
    mux capture-pane -p | grep -q ' ok '
}
t "where less is not installed there is none" bare
t "a pager that ends early is no failure" shown 'head -n 2' screen log -n 30
t "the status is that of the command" has "$OUT" "status 0"
t "what it did not want is not shown" sh -c '[ "$(grep -c ok "$1")" -lt 5 ]' - "$OUT"
# What Ctrl-C does is the pager's: the shell has the terminal again when the person has left it.
cat >keeps <<'END'
#!/bin/sh
trap 'echo caught' INT
echo 'at the pager'
until [ -e leave ]; do sleep 0.05; done
cat >/dev/null
echo 'left the pager'
END
chmod +x keeps
sees() { # TEXT: until a line of the terminal begins so
    tries=0
    until mux capture-pane -p -S -100 | grep -q "^$1"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return 1
        sleep 0.1
    done
}
interrupted() { # STORE STAGE
    rm -f leave
    mux kill-server 2>/dev/null
    new_session pager -x 80 -y 12 "cd '$SCRATCH'; trap : INT; LC_ALL=C.UTF-8 TERM=screen PACE_PAGER=./keeps '$PACE' --db $1 query 'branch:main | $2'; echo status \$?; sleep 60" || return 1
    sees 'at the pager' || return 1
    mux send-keys C-c
    sees '.*caught' || return 1
    sleep 0.2
    ! mux capture-pane -p | grep -q '^status' || return 1
    : >leave
    sees status && mux capture-pane -p >"$OUT"
}
t "after Ctrl-C the command waits for the pager" interrupted store 'take 40'
t "which comes to its end" has "$OUT" "left the pager"
t "the status is still that of the command" has "$OUT" "status 0"
awk 'BEGIN { for (i = 1; i <= 4000; i++)
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"x\",\"measure\":\"latency\",\"unit\":\"ns\",\"time\":\"2026-01-%02dT%02d:%02d:00Z\",\"value\":%d}\n",
        1 + i / 1440, i / 60 % 24, i % 60, 100 + i % 3 }' >many.jsonl
t "a store with more rows than a pipe holds" run_pace 0 --db many load many.jsonl
t "so does one that is not done, and ends then" interrupted many 'as jsonl'
t "by the signal" has "$OUT" "status 130"
finish
