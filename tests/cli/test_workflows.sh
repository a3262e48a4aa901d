#!/bin/sh
# test_workflows.sh -- the examples in .github/workflows, parsed and acted out (dry_run.py).
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
if ! python3 -c 'import yaml' 2>/dev/null; then
    echo "ok 1 - workflows # SKIP no python3 with yaml"
    echo "1..1"
    exit 0
fi
python3 -B "$here/dry_run.py" "$here/../.." "$PACE" "$SCRATCH"
