#!/bin/sh
# The life of a regression: suspected, worse, open, recovered, accepted, false; by name, by mark, by a
# commit's trailer. Numbers are those of the rules in the design.
. "$(dirname "$0")/tap.sh"

git init -q -b main repo && cd repo || exit 1
PACE_DB=$SCRATCH/store
export PACE_DB
cat >harness <<'END'
#!/bin/sh
cat values >"$1"
END
chmod +x harness
COUNT=0
# commit VALUE [MESSAGE]: a commit in which the benchmark takes that long.
commit() {
    COUNT=$((COUNT + 1))
    printf '{"benchmarks":[{"fullname":"t::a","stats":{"mean":%s,"stddev":0.00001}},' "$1" >values
    printf '{"fullname":"t::b","stats":{"mean":0.00%d0,"stddev":0.00001}}],' $((100 + COUNT % 3)) >>values
    printf '"machine_info":{},"version":"5.1.0","datetime":"2024-01-01T00:00:00"}' >>values
    git add -A
    GIT_COMMITTER_DATE="$((1767225600 + COUNT * 3600)) +0000" git commit -q -m "${2:-commit $COUNT}"
}
measure() {
    expected=$1
    shift
    run_pace "$expected" run -t box "$@" -- ./harness '{out}'
}
short() { git rev-parse HEAD | cut -c1-7; }

for value in 0.00100 0.00101 0.00099 0.00102 0.00100 0.00101; do
    commit $value
    measure 0
done
t "no alerts" run_pace 0 alerts
t "which is said" has "$ERR" "no alerts"
commit 0.00150
GOOD=$(git rev-parse HEAD~1 | cut -c1-9) BAD=$(git rev-parse HEAD | cut -c1-9)
t "rule 9: the first of two is suspected" measure 0 --no-confirm
t "and no alert" run_pace 0 alerts
t "--suspects names it" run_pace 0 check --suspects
t "and no other" test "$(cat "$OUT")" = t::a
t "--strict fails" run_pace 1 check --strict
commit 0.00151
t "rule 9: the second is worse, whatever its commit" measure 1
t "it ran once: nothing was left to confirm" lacks "$ERR" "once more"
t "it names the first bad commit" has "$OUT" "since $(git rev-parse HEAD~1 | cut -c1-7)"
t "check agrees" run_pace 1 check
t "a query agrees" run_pace 1 query 'branch:main | check | last run | expect not worse'
t "the alert is open" run_pace 0 alerts open --format csv
t "with its commits" has "$OUT" "open,$(git rev-parse HEAD~2),$(git rev-parse HEAD~1)"
commit 0.00150
t "one regression alerts once" measure 0
t "it stays open" has "$ERR" "open   t::a  latency  was 1.005 ms before $(git rev-parse HEAD~2 | cut -c1-7)"
t "a check passes" run_pace 0 check
t "--strict does not" run_pace 1 check --strict
commit 0.00100
t "back once is not yet recovered" measure 0
commit 0.00101
t "back twice is" measure 0
t "and says so" has "$ERR" "recovered  t::a"
t "the alert is fixed" run_pace 0 alerts fixed
t "in a table" has "$OUT" "$GOOD    $BAD"
t "--strict passes" run_pace 0 check --strict
git tag v9
t "commit: a tag of git" run_pace 0 query 'branch:main commit:v9 benchmark:t::a | last 1 | keep commit' --format csv
t "means its commit" has "$OUT" "$(git rev-parse HEAD)"
t "commit: a branch of git" run_pace 0 query 'branch:main | since commit:main | take 1 | keep commit' --format csv
t "means its newest one" has "$OUT" "$(git rev-parse HEAD)"
git tag unmeasured "$(git commit-tree -m unmeasured 'HEAD^{tree}')"
t "commit: of git, not measured" run_pace 0 query 'commit:unmeasured | last 1'
t "is said with its hash" has "$ERR" "'unmeasured' is the commit $(git rev-parse unmeasured)"
t "commit: of nobody" run_pace 0 query 'commit:nothing-of-the-kind | last 1'
t "is said" has "$ERR" "no stored run has the commit 'nothing-of-the-kind'"

commit 0.00200
measure 1
t "accepting wants a reason" run_pace 2 accept t::a
t "rule 10: an accepted change" run_pace 0 accept t::a -m 'checks its "input" now'
t "is acknowledged" run_pace 0 alerts acknowledged
t "with the reason" has "$OUT" 'checks its "input" now'
commit 0.00201
t "and is the baseline" measure 0
t "with nothing open" run_pace 0 check --strict
commit 0.00500
measure 1
t "a false alarm" run_pace 0 accept 't::*' --false-alarm -m 'the disk was full'
t "is listed so" run_pace 0 alerts false
t "for its reason" has "$OUT" 'the disk was full'
t "rule 11: a mark may be taken back" run_pace 0 mark undo 2
t "the alert is open again" run_pace 0 alerts open
t "which names it" has "$OUT" t::a
for i in 1 2 3 4 5; do commit 0.00500; measure 0; done

commit 0.00600 "Slower on purpose

Pace-Accept: t::* +30% a safer parser"
t "a trailer accepts" measure 0
t "and says so" has "$ERR" "accepted  t::a  latency  by the commit's trailer: a safer parser"
t "nothing ran twice" lacks "$ERR" "once more"
for i in 1 2 3 4 5; do commit 0.00600; measure 0; done
commit 0.01200 "Squashed

  Pace-Accept: t::a +30% more than that was not meant"
t "a trailer accepts no more than it says" measure 1

t "a state that is none" run_pace 2 alerts closed
t "mark wants something" run_pace 2 mark
t "mark passes on" run_pace 0 mark exclude run:3 -m 'swapping'
t "a mark of no run" run_pace 2 mark exclude run:9999

# A machine that slows down moves everything; a benchmark that goes is said once.
cd "$SCRATCH" || exit 1
many() {
    printf '{"benchmarks":[' >values
    for i in 1 2 3 4 5 6; do
        [ "$i" = "$2" ] || printf '{"fullname":"m::%d","stats":{"mean":%s,"stddev":0.00001}},' "$i" "$1" >>values
    done
    printf '{"fullname":"m::z","stats":{"mean":0.001,"stddev":0.00001}}],' >>values
    printf '"machine_info":{},"version":"5.1.0","datetime":"2024-01-01T00:00:00"}' >>values
}
cp repo/harness . && PACE_DB=$SCRATCH/store2
for value in 0.00100 0.00101 0.00099 0.00102 0.00100 0.00101; do many $value; measure 0 -p m; done
many 0.00150
t "all at once" measure 1 -p m
t "is said first" has "$ERR" "everything moved together: 6 of 7 series are higher by 5 % or more"
many 0.00150 3
t "a benchmark that is gone" measure 0 -p m
t "is named" has "$ERR" "gone  m::3"
t "the next run" measure 0 -p m
t "names it no more" lacks "$ERR" "gone  m::3"

# What began between the same commits is one incident; a mark on one series is of that one alone.
day=10
for value in 0.00100 0.00101 0.00099 0.00102 0.00100 0.00101; do
    many $value
    measure 0 -p inc --commit c0ffee$day --time 2024-03-${day}T00:00:00Z
    day=$((day + 1))
done
many 0.00150
t "six that get slower with one commit" measure 1 -p inc --commit c0ffee$day --time 2024-03-${day}T00:00:00Z
t "are one incident" has "$OUT" "incident: 6 series since c0ffee1, and not yet in c0ffee1; the most is +49 %"
t "with its number" run_pace 1 check -p inc --branch main --format csv
t "in each row" [ "$(grep -c ',1$' "$OUT")" = 6 ]
t "accepting one of them" run_pace 0 accept 'project:inc benchmark:m::4' -m 'meant for this one'
day=$((day + 1))
many 0.00150
t "and the next commit" measure 0 -p inc --commit c0ffee$day --time 2024-03-${day}T00:00:00Z
t "acknowledges" run_pace 0 alerts -p inc acknowledged
t "that one" has "$OUT" "m::4"
t "and no other" lacks "$OUT" "m::5"
t "alias: a benchmark" run_pace 0 alias m::1 m::one -m renamed
t "continues" has "$ERR" "benchmark:m::1 continues as benchmark:m::one"
t "alias: a name of another key" run_pace 0 alias measure:latency wall
t "stays with the key" has "$ERR" 'measure:latency continues as measure:"wall"'
t "alias: one name" run_pace 2 alias m::1
t "tag: the store's commits by a prefix" run_pace 0 tag before c0ffee15
t "is a name in queries" run_pace 0 query 'project:inc benchmark:m::5 commit:before | keep commit'
t "for that commit" has "$OUT" c0ffee15
t "tags are listed" run_pace 0 tag --format csv
t "with their commits" has "$OUT" before,c0ffee15
t "a dump has them" run_pace 0 dump
cp "$OUT" tags.jsonl
t "and brings them along" run_pace 0 --db loaded load tags.jsonl
t "to another store" run_pace 0 --db loaded tag --format csv
t "with the same commits" has "$OUT" before,c0ffee15
# Twenty series: all are suspected by chance, and one of them again. Together they say less than alone.
# family DAY SLOW: a run of 20 series, of which the first SLOW are 9 % slower.
family() {
    awk -v day="$1" -v slow="$2" 'BEGIN { for (i = 0; i < 20; i++) {
        printf "{\"project\":\"fam\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"b%02d\",", i
        printf "\"measure\":\"latency\",\"unit\":\"ns\",\"direction\":\"lower\",\"run\":\"f%d\",", day
        printf "\"commit\":\"fade%04d\",\"time\":\"%d000000000\",", day, 1780000000 + day * 86400
        printf "\"value\":%s}\n", i < slow ? 108.8 : day % 2 ? 98 : 102 } }' >family.jsonl
    run_pace 0 load family.jsonl
}
for day in 0 1 2 3 4 5; do family $day 0; done
t "alerts: all of a run are suspected" family 6 20
t "and one of them again" family 7 1
t "which check calls suspected" run_pace 0 query 'project:fam branch:main | check | last run | where suspected | keep benchmark' --format csv
t "that one" has "$OUT" b00
t "is no alert" run_pace 0 alerts -p fam
t "either" has "$ERR" "no alerts"
t "and is told of" has "$ERR" "1 more is suspected by the newest run"
t "until the next run" family 8 1
t "finds it open" run_pace 0 alerts -p fam open --format csv
t "by its commits" has "$OUT" "open,fade0005,fade0006"
t "tag: a commit of several" run_pace 2 tag x c0ffee1
t "tag: no commit" run_pace 3 tag x dead00
echo "1..$TESTS"
exit "$FAILED"
