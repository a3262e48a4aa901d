#!/bin/sh
# `pace report`: the page as a file, what is refused, and the same bytes again.
. "$(dirname "$0")/tap.sh"
PACE_DB=$SCRATCH/store
export PACE_DB
awk 'BEGIN { srand(5); for (run = 1; run <= 40; run++) for (b = 1; b <= 3; b++) {
    value = (b == 2 && run > 30 ? 150 : 100) + rand()
    printf "{\"project\":\"p\",\"branch\":\"main\",\"testbed\":\"t\",\"benchmark\":\"sort/b%d\",\"measure\":\"latency\",", b
    printf "\"unit\":\"ns\",\"direction\":\"lower\",\"time\":\"%d000000000\",\"commit\":\"c%d\",\"run\":\"r%d\",\"value\":%.3f}\n",
        1700000000 + run * 86400, run, run, value } }' >history.jsonl
t "a store without runs" run_pace 0 init "$SCRATCH/empty"
t "has no page" run_pace 4 --db empty report -o page.html
t "and says so" has "$ERR" "no series matches"
t "nothing is left behind" test ! -e page.html
t "a history" run_pace 0 load history.jsonl
t "a page" run_pace 0 report -o page.html
t "with all of it" has "$ERR" "page.html: 3 series, 120 points"
told() { run_pace 0 report -o told.html --json && has "$OUT" '{"page":"told.html","series":3,"points":120}' && [ ! -s "$ERR" ]; }
t "what was made, as JSON" told
t "formats of verdicts are none of pages" run_pace 2 report -o page.html --format junit
t "is whole" test "$(tail -n 1 page.html)" = "</html>"
t "and readable for all who may" test "$(stat -c %a page.html)" = "$(printf '%o' $((0666 & ~$(umask))))"
t "its change is in it" grep -q '^\[1,[0-9]*,0,1,"step"' page.html
t "nothing else is beside it" test "$(find . -maxdepth 1 -name 'page*' | wc -l)" = 1
t "at a given time" run_pace 0 report --now 2026-01-01 -o one.html
t "it says that time" has one.html '"made":"2026-01-01T00:00:00Z"'
t "again" run_pace 0 report --now 2026-01-01 -o two.html
t "it is the same" cmp one.html two.html
t "on standard output" run_pace 0 report --now 2026-01-01 -o -
t "it is the same" cmp one.html "$OUT"
t "a part of it" run_pace 0 report 'benchmark:sort/b2 | last 10' -o part.html
t "has that alone" has "$ERR" "1 series, 10 points"
t "links to commits" run_pace 0 report -o link.html --link 'https://example.org/c/{commit}'
t "are in the page" has link.html '"link":"https://example.org/c/{commit}"'
t "a link that is a script" run_pace 2 report -o bad.html --link 'javascript:alert("{commit}")'
t "a link without the commit" run_pace 2 report -o bad.html --link 'https://example.org/'
t "no file named" run_pace 2 report
t "two selectors" run_pace 2 report branch:main measure:latency -o bad.html
t "a selector that is none" run_pace 2 report 'branch:main | wher x' -o bad.html
t "rows that are no points" run_pace 2 report 'branch:main | summarize mean(value)' -o bad.html
t "a directory that is not there" run_pace 3 report -o nowhere/page.html
t "is named" has "$ERR" "nowhere/page.html"
t "none of these made a page" test ! -e bad.html
echo "1..$TESTS"
exit "$FAILED"
