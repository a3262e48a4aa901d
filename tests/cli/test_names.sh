#!/bin/sh
# test_names.sh -- names that somebody hostile chose, through every command and format (names.py).
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
if ! command -v python3 >/dev/null; then
    echo "ok 1 - hostile names # SKIP no python3"
    echo "1..1"
    exit 0
fi
python3 -B "$here/names.py" "$here/../.." "$PACE" "$SCRATCH"
