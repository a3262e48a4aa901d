#!/bin/sh
# test_oracles.sh -- windows, quantiles and groups as SQLite and Python compute them; see oracle.py. Left
# out where there is no python3 with sqlite3 (window functions: 3.25 or later). PACE_SEED=N repeats a run.
if ! python3 -c 'import sqlite3, statistics, sys
sys.exit(sqlite3.sqlite_version_info < (3, 25) or sys.version_info < (3, 10))' 2>/dev/null; then
    echo "ok 1 - oracles # SKIP no python3 with sqlite3"
    exit 0
fi
directory=$(mktemp -d "${TMPDIR:-/tmp}/pace-oracles-XXXXXX") || exit 1
trap 'rm -rf "$directory"' EXIT
python3 -B "$(dirname "$0")/oracle.py" "${BUILD:-build}/pace" "$directory" "${PACE_SEED:-$(date +%s)}"
