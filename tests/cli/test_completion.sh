#!/bin/sh
# test_completion.sh -- `pace completion`: the words that could stand, and real shells that ask for them.
# zsh and fish take part where they are installed (make deps-shells).
here=$(cd "$(dirname "$0")" && pwd)
history=$here/../data/fun_notification/history_to_fibonacci.jsonl
. "$here/tap.sh"
mkdir bin files folder
ln -s "$PACE" bin/pace
PATH=$SCRATCH/bin:$PATH
PACE_DB=$SCRATCH/store
export PATH PACE_DB
echo '{}' >files/results.json
t "a store" run_pace 0 load "$history"
t "a tag in it" run_pace 0 tag v1.0 ee5a4a99f

# -- what could stand -------------------------------------------------------------------------------
words() { run_pace 0 completion words -- "$@"; }
offers() { # LINE TEXT WORD...: the answer begins with LINE and has TEXT
    line=$1 text=$2
    shift 2
    words "$@" && [ "$(sed -n 1p "$OUT")" = "$line" ] && has "$OUT" "$text"
}
only() { # TEXT WORD...: exactly this is offered
    text=$1
    shift
    words "$@" && [ "$(sed 1d "$OUT" | cut -f1 | tr '\n' ' ')" = "$text" ]
}
t "subcommands" only "compact compare completion " comp
t "their help beside them" has "$OUT" "compact	drop history"
t "options without a subcommand" only "--version " --ver
t "an option before the subcommand" only "load log " --db "$PACE_DB" lo
t "options" only "--branch " log --br
t "options that another has" only "" log --against
t "branches" only "main " log -b ""
t "branches behind =" only "--branch=main " log --branch=
t "formats" only "json jsonl " ls --format js
t "fixed words" only "mean median " run --fold me
t "adapters" only "pyperf pytest " load -a py
t "models" only "t-test " check --threshold t-
t "benchmarks" only "tests/test_api.py::test_api_fun " accept tests/test_a
t "commits" offers words "ee5a4a99f" show ee5a4
t "tags" only "v1.0 " show v1
t "runs" offers words "37" show ""
t "files and runs to compare" offers files "last~1" compare ""
t "a query" only "branch:main | last " query 'branch:main | la'
t "a stored name in a query" only "branch:main testbed:demo " query 'branch:main testbed:'
t "a selector" only "testbed:demo " mark archive testbed:
t "words of help" only "geomean " help geom
t "files" offers files "" load fi
t "files behind =" offers "files --file=" "" run --file=re
t "directories" offers directories "" --db ""
t "the command of run" offers "command 3" "" run --iter 2 pytest --benchm
t "nothing behind it is ours" only "" run -- pytest --branch
t "no store" only "" --db nowhere log -b ""
t "says nothing" sh -c '[ ! -s "$1" ]' - "$ERR"
t "and makes none" test ! -e nowhere
t "an empty line" offers words "check	judge" ""
t "no words at all" run_pace 0 completion words
t "another shell" run_pace 2 completion tcsh
t "which says what there is" has "$ERR" "bash, zsh or fish"

# Each subcommand's options are those that its help has.
same_options() {
    "$PACE" "$1" --help | sed -n '/^options:/,/^$/s/^  ....--\([a-z-]*\).*/--\1/p' | sort -u >of_help
    words "$1" -- && words "$1" -
    sed 1d "$OUT" | cut -f1 | sort -u >of_completion
    [ -s of_help ] && cmp of_help of_completion
}
for command in $("$PACE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    t "options of $command" same_options "$command"
done

# Names that somebody else chose.
echo '{"project":"p","branch":"a b","testbed":"t","benchmark":"x\u202ey","measure":"m","value":1,"time":1}' >odd.jsonl
"$PACE" --db odd load odd.jsonl >/dev/null 2>&1
t "a name with a blank" only "a b " --db odd log -b ""
t "a name that turns text around is not offered" only "" --db odd accept x

# -- shells -----------------------------------------------------------------------------------------
shell_script() { run_pace 0 completion "$1" && { ! command -v "$1" >/dev/null || "$1" -n "$OUT"; }; }
t "the script for bash" shell_script bash
t "the script for zsh" shell_script zsh
t "the script for fish" shell_script fish
skip() { TESTS=$((TESTS + 1)) && echo "ok $TESTS - $1 # SKIP $2"; }

if command -v fish >/dev/null; then
    fish_line() { # LINE FIRST
        HOME=$SCRATCH XDG_CONFIG_HOME=$SCRATCH XDG_DATA_HOME=$SCRATCH \
            fish -N -c 'pace completion fish | source; complete -C $argv[1]' "$1" >"$OUT" 2>"$ERR"
        [ "$(head -1 "$OUT" | cut -f1)" = "$2" ]
    }
    t "fish: a subcommand" fish_line 'pace comp' compact
    t "fish: a branch" fish_line 'pace log -b ' main
    t "fish: a value behind =" fish_line 'pace log --branch=m' --branch=main
    t "fish: a benchmark" fish_line 'pace accept tests/test_api.py::' tests/test_api.py::test_api_fun
    t "fish: a query" fish_line "pace query 'branch:main | la" 'branch:main | last'
    t "fish: a file" fish_line 'pace load files/re' files/results.json
    t "fish: a file behind =" fish_line 'pace run --file=files/re' --file=files/results.json
    t "fish: a command to run" fish_line 'pace run -- ls files/re' files/results.json
else
    skip "fish" "is not installed (make deps-shells)"
fi

if ! command -v tmux >/dev/null; then
    skip "bash and zsh" "no tmux"
    finish
fi
terminal
# Waits for a line that is TEXT (bash closes the quote); 30 s at most.
line_is() {
    tries=0
    until mux capture-pane -t "$shell" -p 2>/dev/null | sed 's/[[:space:]]*$//' | grep -qxF -e "$1" -e "$1'"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            echo "# no line is '$1':"
            mux capture-pane -t "$shell" -p | grep . | sed 's/^/#   /'
            return 1
        fi
        sleep 0.1
    done
}
typed() { # TEXT SHOWN: TEXT and a tab become SHOWN
    mux send-keys -t "$shell" -l "$1" && mux send-keys -t "$shell" Tab && line_is "> $2"
    result=$?
    mux send-keys -t "$shell" C-u
    mux send-keys -t "$shell" C-l
    line_is '>' && return $result
}
in_shell() { # SHELL START COMMAND...: the same questions in a terminal
    shell=$1 start=$2
    shift 2
    new_session "$shell" -x 100 -y 30 "$@"
    mux send-keys -t "$shell" -l "$start; eval \"\$(pace completion $shell)\"; PS1='> '; clear; echo ready"
    mux send-keys -t "$shell" Enter
    t "$shell: it starts" line_is ready
    t "$shell: a subcommand" typed 'pace compl' 'pace completion'
    t "$shell: an option" typed 'pace log --br' 'pace log --branch'
    t "$shell: a branch" typed 'pace log -b m' 'pace log -b main'
    t "$shell: a value behind =" typed 'pace log --branch=m' 'pace log --branch=main'
    t "$shell: a benchmark" typed 'pace accept tests/test_api.py::' 'pace accept tests/test_api.py::test_api_fun'
    t "$shell: a query" typed "pace query 'branch:ma" "pace query 'branch:main"
    t "$shell: its verbs" typed "pace query 'branch:main | la" "pace query 'branch:main | last"
    t "$shell: a file" typed 'pace load files/re' 'pace load files/results.json'
    t "$shell: a file behind =" typed 'pace run --file=files/re' 'pace run --file=files/results.json'
    t "$shell: a directory" typed 'pace --db fol' 'pace --db folder/'
    t "$shell: a command to run" typed 'pace run -- ls files/re' 'pace run -- ls files/results.json'
}
listed() { # TEXT PATTERN: TEXT and two tabs list what matches, and leave the line as it is
    mux send-keys -t "$shell" -l "$1" && line_is "> $1" && mux send-keys -t "$shell" Tab Tab
    tries=0
    until mux capture-pane -t "$shell" -p 2>/dev/null | grep -qE "$2"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            echo "# no line matches '$2':"
            mux capture-pane -t "$shell" -p | grep . | sed 's/^/#   /'
            break
        fi
        sleep 0.1
    done
    mux send-keys -t "$shell" C-u
    mux send-keys -t "$shell" C-l
    line_is '>' && [ "$tries" -le 300 ]
}
in_shell bash true "HOME=$SCRATCH bash --norc --noprofile -i"
t "bash: a list is of what could follow, not of whole queries" listed "pace query 'branch:main | b" '^baseline +between +bottom *$'
t "bash: so is one of keys" listed "pace query 'branch:main b" '^benchmark: +branch: *$'
if command -v zsh >/dev/null; then
    in_shell zsh 'autoload -Uz compinit; compinit -D -u' "HOME=$SCRATCH zsh -f -i"
else
    skip "zsh" "is not installed (make deps-shells)"
fi
finish
