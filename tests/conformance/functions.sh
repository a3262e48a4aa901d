# functions.sh -- what each `run` of a harness uses. PREFIX is where deps put the harnesses, OUT a
# fresh directory and the working directory, SUITE the directory of the harness.
set -e

# need PATH_OR_COMMAND: without it the harness is skipped.
need() {
    command -v "$1" >/dev/null || [ -e "$1" ] || {
        echo "$1 is not here (make deps-conformance says why)"
        exit 77
    }
}

# The identity of the runs is fixed; the project tells several readings of one harness apart.
identity="--db $OUT/store --branch main --testbed here --time 2024-05-01T00:00:00Z"
identity="$identity --commit 4f2a1c9d0b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4b"

# stored_run PROJECT [OPTION...] -- CMD...: through `pace run`.
stored_run() {
    project=$1
    shift
    # shellcheck disable=SC2086
    "$PACE" run $identity --project "$project" --no-confirm "$@"
}

# stored_load PROJECT [OPTION...] FILE...: through `pace load`.
stored_load() {
    project=$1
    shift
    # shellcheck disable=SC2086
    "$PACE" load $identity --project "$project" "$@"
}
