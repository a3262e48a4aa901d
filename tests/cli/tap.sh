# tap.sh -- sourced by the scripts here: counts, a scratch directory, and a clean environment.
#   t WHAT COMMAND...          ok when the command ends well
#   run_pace STATUS ARGS...    runs pace into $OUT and $ERR; fails unless it exits with STATUS
#   terminal                   from now on mux is a tmux of this script's own
#   new_session NAME ARGS...   a session of it, which is there when this returns
#   has FILE TEXT              FILE has the text;  lacks FILE TEXT: it has not
LC_ALL=C
export LC_ALL
PACE=$(cd "${BUILD:-build}" && pwd)/pace
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/pace-cli-XXXXXX")
trap 'chmod -R u+w "$SCRATCH"; rm -rf "$SCRATCH"' EXIT
OUT=$SCRATCH/out ERR=$SCRATCH/err TMPDIR=$SCRATCH/tmp
export TMPDIR
mkdir "$TMPDIR"
TESTS=0 FAILED=0
# Nothing of the machine or its CI takes part.
for name in $(env | sed -n 's/^\([A-Z_0-9]*\)=.*/\1/p'); do
    case $name in
    GITHUB_* | CI_* | GITLAB_* | JENKINS_* | BUILDKITE* | CIRCLE* | TF_BUILD | AGENT_* | BUILD_* | \
        RUNNER_* | PACE_DB | GIT_*) unset "$name" ;;
    esac
done
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME \
    GIT_COMMITTER_EMAIL
cd "$SCRATCH" || exit 1

t() {
    what=$1
    shift
    TESTS=$((TESTS + 1))
    if "$@"; then
        echo "ok $TESTS - $what"
    else
        echo "not ok $TESTS - $what"
        FAILED=$((FAILED + 1))
        sed 's/^/#   out: /' "$OUT"
        sed 's/^/#   err: /' "$ERR"
    fi
}

run_pace() {
    expected=$1
    shift
    "$PACE" "$@" >"$OUT" 2>"$ERR" </dev/null
    status=$?
    [ "$status" -eq "$expected" ] && return 0
    echo "# pace $*: status $status, not $expected"
    return 1
}

has() {
    grep -qF -- "$2" "$1" && return 0
    echo "# missing: $2"
    return 1
}

lacks() {
    grep -qF -- "$2" "$1" || return 0
    echo "# should not be there: $2"
    return 1
}

terminal() {
    TMUX_TMPDIR=$SCRATCH
    export TMUX_TMPDIR
    unset TMUX
    mux() { tmux -L pace -f /dev/null "$@"; }
    trap 'mux kill-server 2>/dev/null; chmod -R u+w "$SCRATCH"; rm -rf "$SCRATCH"' EXIT
}

# On a loaded machine tmux gives up when its server has not answered in time ("server exited
# unexpectedly"), or when the one before is still ending: it is asked again, for 30 s at most.
new_session() {
    session=$1
    shift
    asked=0
    until mux new-session -d -s "$session" "$@" 2>"$SCRATCH/tmux.err" || mux has-session -t "=$session" 2>/dev/null; do
        asked=$((asked + 1))
        if [ "$asked" -gt 100 ]; then
            sed 's/^/# tmux: /' "$SCRATCH/tmux.err"
            return 1
        fi
        sleep 0.3
    done
}

finish() {
    echo "1..$TESTS"
    [ "$FAILED" -eq 0 ]
    exit
}
