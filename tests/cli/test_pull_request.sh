#!/bin/sh
# test_pull_request.sh -- a pull request on a CI service: its branch, its start point, its verdict.
. "$(dirname "$0")/tap.sh"

cat >harness <<'END'
#!/bin/sh
value=$(cat value)
cat <<JSON
{"machine_info": {"node": "n"}, "benchmarks": [
 {"group": null, "name": "test_fun", "fullname": "tests/test_fun.py::test_fun", "params": null,
  "stats": {"min": $value, "max": $value, "mean": $value, "stddev": 0.0, "rounds": 1,
            "median": $value, "iterations": 1}}],
 "datetime": "2026-01-01T00:00:00", "version": "4.0.0"}
JSON
END
chmod +x harness
PATH=$SCRATCH:$PATH

commit() { # VALUE: a commit whose benchmark gives this value
    COUNT=$((${COUNT:-0} + 1))
    echo "$COUNT" >source
    echo "$1" >value
    git add source value
    GIT_COMMITTER_DATE="$((1767225600 + COUNT * 3600)) +0000" git commit -qm "$COUNT"
}
measure() { # a run of HEAD on main
    (COMMIT=$(git rev-parse HEAD) && "$PACE" run -q -b main -t box -- harness >/dev/null 2>&1)
}
said() { # STATUS TEXT ARGS...
    expected=$1 text=$2
    shift 2
    run_pace "$expected" "$@" && has "$ERR" "$text"
}
short() { git rev-parse --short=7 "$1"; }

# main: eight measured commits, the last of them slow; a feature branch leaves it at the sixth.
git init -q -b main app
cd app
for value in 0.00100 0.00101 0.00099 0.00100 0.00102 0.00098; do
    commit "$value"
    measure
done
FORK=$(git rev-parse HEAD)
git checkout -q -b feature
commit 0.00150
HEAD_1=$(git rev-parse HEAD)
git checkout -q main
commit 0.00200
measure
commit 0.00200
measure
MAIN=$(git rev-parse HEAD)

# -- a merge that CI checked out: the base is its first parent -------------------------------------
git checkout -q --detach main
git merge -q --no-ff -X theirs -m merge feature >/dev/null
echo 0.00300 >value # the merge is slow even beside main
cat >../event.json <<JSON
{"pull_request": {"number": 17, "head": {"sha": "$HEAD_1"}, "base": {"sha": "$MAIN"}}}
JSON
github() {
    env GITHUB_ACTIONS=true GITHUB_REPOSITORY=org/app GITHUB_EVENT_NAME=pull_request \
        GITHUB_REF=refs/pull/17/merge GITHUB_REF_NAME=17/merge GITHUB_BASE_REF=main \
        GITHUB_SHA="$(git rev-parse HEAD)" GITHUB_EVENT_PATH="$SCRATCH/event.json" \
        GITHUB_RUN_ID="${RUN_ID:-1}" GITHUB_RUN_ATTEMPT=1 GITHUB_JOB=bench "$PACE" "$@" \
        >"$OUT" 2>"$ERR" </dev/null
}
on_github() { # STATUS TEXT ARGS...
    expected=$1 text=$2
    shift 2
    github "$@"
    status=$?
    [ "$status" -eq "$expected" ] || { echo "# status $status, not $expected"; return 1; }
    has "$ERR" "$text"
}
t "a dry run names the branch" on_github 0 "branch       pr/17" run --dry-run -t box -- harness
t "and the first parent of the merge" has "$ERR" "start point  main at $MAIN"

# -- the head that CI checked out: the base is the merge base --------------------------------------
git checkout -q -f --detach "$HEAD_1"
t "without a merge it is the merge base" on_github 0 "start point  main at $FORK" \
    run --dry-run -t box -- harness
t "a regression is found in one run" on_github 1 \
    "pr/17 on box: the baseline is main up to $(short "$FORK")" run -t box -- harness
t "by the parent's runs" has "$OUT" "over 6 runs, $(short HEAD~6)..$(short "$FORK")"
RUN_ID=2
t "the second push does not turn it green" on_github 1 "worse" run -t box -- harness
t "nor does it change the window" has "$OUT" "over 6 runs, $(short HEAD~6)..$(short "$FORK")"
t "check says the same" on_github 1 "the baseline is main up to" check -b pr/17
commented() {
    github check -b pr/17 --format markdown --format json=verdict.json
    has "$OUT" "- \`pr/17\` on box: the baseline is main up to $(short "$FORK")" &&
        has verdict.json "\"pr/17 on box: the baseline is main up to $(short "$FORK")\"" &&
        "$PACE" report --from verdict.json >comment.md && cmp comment.md "$OUT"
}
t "and a comment, from a file too" commented
newest() { "$PACE" log -n 1 --format csv | sed 1d | cut -d, -f1; }
shown() { "$PACE" show "$(newest)" | grep -qx "start point *$1"; }
t "show tells the start point" shown "main up to $(short "$FORK")"
t "log tells it" sh -c '"$1" log -b pr/17 -n 1 --format csv | grep -q "main $2"' - "$PACE" "$FORK"
t "not of main" sh -c '! "$1" show 1 | grep -q "start point"' - "$PACE"
t "an explicit model uses both" on_github 0 "" check -b pr/17 --threshold 'percentage 300% over 64'

# -- a base that was not measured ------------------------------------------------------------------
git checkout -q -f main
commit 0.00200
git checkout -q -b later
commit 0.00201
RUN_ID=3
sed -i "s/$HEAD_1/$(git rev-parse HEAD)/; s/17/18/" ../event.json
t "the nearest stands in, and is named" on_github 0 \
    "main up to $(short "$MAIN"), the nearest measured before $(short later~1)" \
    run -t box -- harness
t "on a testbed that main never saw" on_github 0 \
    "pr/18 on other: no runs of main up to $(short later~1): no baseline" run -t other -- harness
t "the run is stored" sh -c '"$1" log -b pr/18 -t other | grep -q other' - "$PACE"
t "which is said with --quiet too" on_github 0 "no runs of main up to" run -q -t other -- harness

# -- a shallow clone: git has the merge, but not its parents ---------------------------------------
git checkout -q -f --detach main
git merge -q --no-ff -X theirs -m merge later >/dev/null
git branch -q -f merged
cd ..
git clone -q --depth 1 -b merged "file://$SCRATCH/app" clone
cp -r app/.pace clone/.pace
cd clone
RUN_ID=4
t "a shallow clone knows the base's name" on_github 0 \
    "start point  main at $(git -C ../app rev-parse merged^1)" run --dry-run -t box -- harness
t "but not its time" on_github 0 "the time of that commit is not known: no baseline" \
    run -t box -- harness
cd ../app

# -- other services, and none ----------------------------------------------------------------------
git checkout -q -f --detach "$HEAD_1"
gitlab() {
    env GITLAB_CI=true CI_PROJECT_NAME=app CI_COMMIT_REF_NAME=feature CI_COMMIT_SHA="$HEAD_1" \
        CI_MERGE_REQUEST_IID=5 CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main CI_JOB_ID=9 \
        CI_MERGE_REQUEST_DIFF_BASE_SHA=0123456789012345678901234567890123456789 "$@" \
        >"$OUT" 2>"$ERR" </dev/null
}
t "GitLab" gitlab "$PACE" run --dry-run -t box -- harness
t "its merge base is git's" has "$ERR" "start point  main at $FORK"
git branch -q -m main trunk
t "else the one that it names" gitlab "$PACE" run --dry-run -t box -- harness
t "it does" has "$ERR" "start point  main at 0123456789012345678901234567890123456789"
git branch -q -m trunk main
circle() {
    env CIRCLECI=true CIRCLE_PROJECT_REPONAME=app CIRCLE_BRANCH=feature CIRCLE_SHA1="$HEAD_1" \
        CIRCLE_PR_NUMBER=6 CIRCLE_WORKFLOW_ID=1 CIRCLE_BUILD_NUM=1 CIRCLE_JOB=b "$@" \
        >"$OUT" 2>"$ERR" </dev/null
}
t "a service that tells no base" circle "$PACE" run --dry-run -t box -- harness
t "is told so" has "$ERR" "name it: --start-point BRANCH"
t "and may be helped" circle "$PACE" run --dry-run -t box --start-point main -- harness
t "with the merge base" has "$ERR" "start point  main at $FORK"

# -- by hand ---------------------------------------------------------------------------------------
t "a start point by hand" said 0 "try on box: the baseline is main up to $(short "$FORK")" \
    run --no-confirm -b try -t box --start-point main -- harness
t "at another commit" said 1 "the baseline is main up to $(short "$FORK~1")" \
    run --no-confirm -b try -t box --start-point main \
    --start-point-commit "$(short "$FORK~1")" -- harness
t "a run that says nothing keeps it" said 1 "the baseline is main up to $(short "$FORK~1")" \
    run --no-confirm -b try -t box -- harness
run_pace 0 run -b try -t box --start-point-reset -- harness
t "taken back" lacks "$ERR" "the baseline is main"
t "a branch from itself" said 0 "the start point is not set" \
    run -b try -t box --start-point try -- harness
t "its run is stored" has "$ERR" "try box  run"
t "a commit without a branch" run_pace 2 run --start-point-commit abc -- harness
t "an empty branch" run_pace 2 run --start-point "" -- harness
t "a branch that nothing is known of" said 0 "\`pace run --start-point main\` judges it by the runs there" \
    run -b unknown -t box -- harness
t "is no baseline" said 4 "1 series is new" run -b unknown-2 -t box --require-baseline -- harness
finish
