#!/bin/sh
# test_against.sh -- `pace run --against`: a base and the work tree measured in turns.
. "$(dirname "$0")/tap.sh"

# A harness whose result is in the file `speed` of where it runs, and which writes down each call:
# pytest-benchmark's JSON, two benchmarks, the second always the same.
cat >harness <<'END_OF_HARNESS'
#!/bin/sh
echo "$(cat side 2>/dev/null)" >>"$SCRATCH/calls"
[ ! -e broken ] || exit 3
round=$(wc -l <"$SCRATCH/calls")
jitter=$((round % 3))
value=0.0$(cat speed)$jitter
bench() {
    echo "{\"group\": null, \"name\": \"$1\", \"fullname\": \"$1\", \"params\": null,
  \"stats\": {\"min\": $2, \"max\": $2, \"mean\": $2, \"stddev\": 0.0, \"rounds\": 1,
            \"median\": $2, \"iterations\": 1}}"
}
cat >"$1" <<JSON
{"machine_info": {"node": "n"}, "benchmarks": [$(bench test_fun "$value"), $(bench test_flat 0.5)
 $(if [ -e extra ]; then echo ","; bench test_extra 0.25; fi)],
 "datetime": "2026-01-01T00:00:00", "version": "4.0.0"}
JSON
END_OF_HARNESS
chmod +x harness
export SCRATCH
PATH=$SCRATCH:$PATH

said() { # STATUS TEXT ARGS...
    expected=$1 text=$2
    shift 2
    run_pace "$expected" "$@" && has "$ERR" "$text"
}
commit() {
    COUNT=$((${COUNT:-0} + 1))
    git add -A
    GIT_COMMITTER_DATE="$((1767225600 + COUNT * 3600)) +0000" git commit -qm "$COUNT" --allow-empty
}
newest() { "$PACE" log -n 1 --format csv | sed 1d | cut -d, -f1; }
nothing_left() {
    [ "$(git worktree list | wc -l)" -eq 1 ] && [ -z "$(ls -A "$TMPDIR")" ] &&
        [ -z "$(ls -d "$SCRATCH"/.app-base-* 2>/dev/null)" ]
}

git init -q -b main app
cd app
printf '.pace\nside\nbuilt\n' >.gitignore
mkdir bench
echo 100 >bench/speed
commit
BASE=$(git rev-parse HEAD)
git checkout -q -b feature
echo 150 >bench/speed
commit
cd bench
echo head >side
setup='if [ -e side ]; then echo head; else echo base; fi >side.new; mv side.new side; echo >../built'

# -- rounds ----------------------------------------------------------------------------------------
t "a dry run" said 0 "against      $(echo "$BASE" | cut -c1-7), 4 rounds of both, each set up by" \
    run --dry-run --against main --setup "$setup" --rounds 4 -t box -- harness '{out}'
t "makes nothing" nothing_left
t "a regression" run_pace 1 run --against main --setup "$setup" --rounds 4 -t box -- harness '{out}'
t "is told on stdout" has "$OUT" "worse  test_fun  latency"
t "with the base" has "$OUT" "at $(echo "$BASE" | cut -c1-7), in 4 rounds of both"
t "and how sure it is" has "$OUT" "+50 % (+4"
t "and nothing else" lacks "$OUT" "test_flat"
t "in turns that change" test "$(tr '\n' ' ' <../../calls)" = "head base base head head base base head "
t "the setup ran in the work tree" test -e ../built
t "the base's tree is gone" nothing_left
t "one run is stored" test "$(newest)" = 1
t "of the branch" sh -c '"$1" log --format csv | grep -q feature' - "$PACE"
t "show" run_pace 0 show 1
t "has the base's values" has "$OUT" "latency.base"
t "and what they are of" has "$OUT" "$BASE"
t "a sample a round" sh -c '"$1" query "run:1 benchmark:test_fun measure:latency.base | keep benchmark, value" --format csv | grep -q test_fun' - "$PACE"
t "measures with a dot come only when named" sh -c '! "$1" query "branch:feature | last 1" --format csv 2>&1 | grep -q base' - "$PACE"
t "nothing of it is on main" sh -c '! "$1" log -b main --format csv 2>&1 | grep -q main' - "$PACE"
t "check does not take the base for history" run_pace 4 check -b feature -t box --require-baseline
t "rows for programs" run_pace 1 run --against "$BASE" -t box --format jsonl -- harness '{out}'
t "are verdict rows" has "$OUT" '"verdict":"worse"'
t "of six rounds" has "$OUT" '"n":6'
t "an improvement" said 0 "better  test_fun" run --against feature~0 --start-point main -t box \
    -- sh -c 'cd ../bench && if [ "$(cat side 2>/dev/null)" = head ]; then echo 080 >speed; fi; harness {out}'
git checkout -q -- speed
wc -l <../../calls >../../before
noisy='[ ! -e side ] || case $(($(wc -l <"$SCRATCH/calls") - $(cat "$SCRATCH/before"))) in
0) echo 104 ;; 3) echo 150 ;; *) echo 110 ;; esac >speed; harness "$0"'
echo head >side
t "too few rounds for so much noise" said 0 "need-more  test_fun  latency" \
    run --against main --rounds 3 -t box -- sh -c "$noisy" '{out}'
t "says how many would do" has "$ERR" "may tell"
git checkout -q -- speed
t "a floor" run_pace 0 run --against main --floor 60% -t box -- harness '{out}'
t "--no-fail" run_pace 0 run --against main --no-fail -t box -- harness '{out}'
t "still tells" has "$OUT" "worse  test_fun"
: >extra
t "a new benchmark" said 1 "1 series is new: $(echo "$BASE" | cut -c1-7) has no value of it" \
    run --against main -t box -- harness '{out}'
rm extra
t "measures of the command" run_pace 0 run --against main --rounds 2 --rusage --no-fail -p usage -t box -- true
t "are kept for both" sh -c '"$1" show "$2" | grep -q max-rss.base' - "$PACE" "$(newest)"

# -- which base ------------------------------------------------------------------------------------
t "the start point" said 1 "round 2 of 2" run --against base --start-point main --rounds 2 --alpha 20% -t box -- \
    harness '{out}'
t "which there is none" said 2 "no start point is known here" run --against base -- harness '{out}'
t "no such commit" said 2 "no commit 'v9'" run --against v9 -- harness '{out}'
t "an option" said 2 "no commit '--all'" run --against=--all -- harness '{out}'
t "a part without the whole" said 2 "--rounds is a part of --against" run --rounds 3 -- harness '{out}'
t "too few rounds" said 2 "--rounds takes a number from 2" run --against main --rounds 1 -- harness '{out}'
t "no command" said 2 "needs the command" run --against main
pull_request() {
    env GITLAB_CI=true CI_PROJECT_NAME=app CI_COMMIT_REF_NAME=feature CI_COMMIT_SHA="$(git rev-parse HEAD)" \
        CI_MERGE_REQUEST_IID=5 CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main CI_JOB_ID=9 "$PACE" "$@" \
        >"$OUT" 2>"$ERR" </dev/null
    [ $? -eq 1 ] && has "$OUT" "at $(echo "$BASE" | cut -c1-7), in 6 rounds of both"
}
t "a pull request knows its base" pull_request run --against base -t box -- harness '{out}'
t "its run is the pull request's" sh -c '"$1" log -n 1 --format csv | grep -q pr/5' - "$PACE"

# -- what fails ------------------------------------------------------------------------------------
before=$(newest)
t "a failing setup" said 5 "--setup failed for the base: exit 4" run --against main --setup 'exit 4' -- \
    harness '{out}'
t "stores nothing" test "$(newest)" = "$before"
t "and leaves nothing" nothing_left
: >broken
t "a failing command" said 5 "that was the work tree" run --against main -p broken -- harness '{out}'
t "stores nothing when nothing arrived" has "$ERR" "nothing of this run is stored"
t "and leaves nothing" nothing_left
rm broken ../../calls
t "a later round that fails" said 5 "that was the base, $(echo "$BASE" | cut -c1-7)" run --against main \
    -p broken -- sh -c 'harness "$0" && [ "$(wc -l <"$SCRATCH/calls")" -lt 3 ]' '{out}'
t "is a partial run" has "$ERR" "what arrived is stored as a partial run, not judged"
t "that leaves nothing" nothing_left
mkdir ../later
cd ../later
t "a folder that the base lacks" said 3 "has no folder later" run --against main -- harness '{out}'
t "leaves nothing" nothing_left
cd ../bench
interrupted() {
    timeout --preserve-status -s INT 1 "$PACE" run --against main -- sleep 60 >"$OUT" 2>"$ERR"
    [ $? -eq 130 ]
}
t "an interrupt" interrupted
t "leaves nothing" nothing_left
killed() { # in the first round; what it runs ends by itself
    "$PACE" run -q --against main -- sh -c 'touch "$SCRATCH/ran"; sleep 2' >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ -e "$SCRATCH/ran" ] && break
        sleep 0.1
    done
    kill -9 $pid
    wait $pid 2>/dev/null
    rm -f "$SCRATCH/ran"
    [ "$(git worktree list | wc -l)" -eq 2 ]
}
t "a kill -9 leaves the work tree" killed
t "the next run removes it" said 0 "removed the work tree that a killed" run -p swept -t box -- harness '{out}'
sleep 2
t "nothing is left then" sh -c '[ "$(git worktree list | wc -l)" -eq 1 ] && ! ls ../.git | grep -q pace-base'
rm -rf "$TMPDIR"/*
mkdir "$SCRATCH/counted"
cat >"$SCRATCH/counted/git" <<END
#!/bin/sh
echo "\$*" >>"$SCRATCH/gits"
exec $(command -v git) "\$@"
END
chmod +x "$SCRATCH/counted/git"
counted() { PATH=$SCRATCH/counted:$PATH run_pace 0 run -q -p counted -t box -- harness '{out}'; }
t "a run in git" counted
t "starts no more than two processes of git" sh -c '[ "$(wc -l <"$SCRATCH/gits")" -le 2 ]'
mkdir -p ../.git/hooks
printf '#!/bin/sh\ntouch "%s/hooked"\n' "$SCRATCH" >../.git/hooks/post-checkout
chmod +x ../.git/hooks/post-checkout
t "hooks" run_pace 1 run --against main -t box -- harness '{out}'
t "do not run" test ! -e "$SCRATCH/hooked"
finish
