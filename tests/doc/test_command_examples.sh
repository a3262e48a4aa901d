#!/bin/sh
# test_command_examples.sh -- each line of each EXAMPLES of tools/man/pace*.1 runs and ends well, or as
# its `# exits N` says, in a fresh copy of one directory: a git tree with a feature branch, a store of
# 120 runs and the files that the examples name. Commands that are no part of pace stand in bin/.
top=$(pwd)
. "$(dirname "$0")/../cli/tap.sh"
data=$top/tests/adapters/data

git_commit() { # DAY TEXT
    GIT_COMMITTER_DATE="2026-09-0$1T10:00:00Z" GIT_AUTHOR_DATE="2026-09-0$1T10:00:00Z" git commit -qm "$2"
}
programs() {
    mkdir bin && ln -s "$PACE" bin/pace && cp "$data/pytest/5.3.1.json" bin/results.json &&
        cat >bin/pytest <<'END' && cp bin/pytest bin/pipenv && chmod +x bin/pytest bin/pipenv
#!/bin/sh
for word; do
    case $word in --benchmark-json=*) cp "$(dirname "$0")/results.json" "${word#*=}" ;; esac
    [ "$before" = --benchmark-json ] && cp "$(dirname "$0")/results.json" "$word"
    before=$word
done
END
}
# Runs 1..118 are main's, of made-up commits but the last two, which are v1.2.0 and main; 119 and 120 are
# of pr/12.
cells() {
    awk -v v="$(git rev-parse v1.2.0)" -v m="$(git rev-parse main)" -v f="$(git rev-parse feature)" 'BEGIN {
        n = split("parse/json parse/toml parse_json old/sort", name, " ")
        for (run = 1; run <= 120; run++)
            for (i = 1; i <= n; i++) {
                commit = sprintf("%08x%032d", run * 54321, run)
                if (run == 117) commit = v
                if (run == 118) commit = m
                if (run == 120) commit = f
                printf "{\"project\":\"app\",\"branch\":\"%s\",\"testbed\":\"ci-1\",\"benchmark\":\"%s\",\"measure\":\"%s\",\"unit\":\"us\",\"value\":%d,\"time\":%d000000000,\"commit\":\"%s\"}\n",
                    (run > 118 ? "pr/12" : "main"), name[i], (i == 3 ? "time" : "latency"),
                    i * 10000 + (run * 7919 * i) % 97, 1773000000 + run * 86400, commit
            }
    }'
}
fixture() {
    mkdir -p fixture/app fixture/laptop fixture/srv/backup && cd fixture/app && git init -q -b main . || return 1
    mkdir bench && echo '{"parse/json": {"latency": {"value": 10010}}}' >bench/out.json
    printf 'app:\n\t: >app\n' >Makefile
    printf '#!/bin/sh\necho BenchmarkParse 100 2500 ns/op\n' >bench/run && chmod +x bench/run
    echo 'threshold default = t-test 99% over segment floor 5%' >pacefile
    git add -A && git_commit 1 one && git tag v1.2.0
    git commit -q --allow-empty -m two && git checkout -q -b feature &&
        git commit -q --allow-empty -m three && git checkout -q main || return 1
    cells | "$PACE" load -q - 2>/dev/null || return 1
    "$PACE" --db ../laptop/.pace load -q "$top/tests/data/fun_notification/history_fix.jsonl" &&
        "$PACE" --db ../srv/perf init 2>/dev/null && cp -r .pace backup &&
        "$PACE" mark exclude run:3 2>/dev/null && "$PACE" mark exclude run:4 2>/dev/null &&
        "$PACE" mark exclude run:5 2>/dev/null || return 1
    "$PACE" check --format json=verdict.json >/dev/null 2>&1 || return 1
    mkdir -p .benchmarks/Linux history asv-results/m gh-pages/dev/bench &&
        cp "$data/pytest/5.3.1.json" .benchmarks/Linux/0001_x.json && cp "$data/pytest/5.3.1.json" results.json &&
        cp "$data/asv/0.6.6-result.json" asv-results/m/x.json &&
        cp "$data/datajs/tensordict.js" gh-pages/dev/bench/data.js &&
        printf 'when,algo,wall\n2024-05-01,quick,12.5\n' >history.csv &&
        cp "$top"/tests/data/benchstat/*.txt . && cells | head -4 | sed 's/ci-1/ci-2/' >history/a.jsonl &&
        echo 'branch:main | last 1' >nightly.pace
}
t "programs" programs
t "the directory" fixture
cd "$SCRATCH" || exit 1
commit=$(git -C fixture/app rev-parse --short=7 main)

# The lines of a page's EXAMPLES, as they are typed.
examples() {
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | sed -n '/^\.Bd/,/^\.Ed/p' | grep -v '^\.' |
        sed 's/\\-/-/g; s/\\(aq/'"'"'/g; s/\\(dq/"/g; s/\\(ti/~/g; s/\\(ha/^/g; s/\\&//g; s/\\e/\\/g'
}
# A line in a copy of the directory. Absolute places are moved into it, and the commit is one of its own.
example() { # LINE
    rm -rf copy && cp -r fixture copy && cd copy/app || return 1
    wanted=$(echo "$1" | sed -n 's/.*# exits \([0-9]\).*/\1/p')
    line=$(echo "$1" | sed "s|/srv|$SCRATCH/copy/srv|g; s|4f2a1c9|$commit|g")
    case $line in
    *'pace completion'*)
        shell=$(echo "$line" | sed 's/.*pace completion \([a-z]*\).*/\1/')
        command -v "$shell" >/dev/null || shell=true
        [ "$shell" = zsh ] && shell='zsh -f'
        HOME=$SCRATCH PATH=$SCRATCH/bin:$PATH $shell -c "$line" >"$OUT" 2>"$ERR" </dev/null
        ;;
    *'--against base'*)
        git checkout -q feature
        PATH=$SCRATCH/bin:$PATH sh -c "$(echo "$line" | sed 's/--against/--start-point main --rounds 2 --against/')" \
            >"$OUT" 2>"$ERR" </dev/null
        ;;
    *) PATH=$SCRATCH/bin:$PATH sh -c "$line" >"$OUT" 2>"$ERR" </dev/null ;;
    esac
    status=$?
    cd "$SCRATCH" || exit 1
    [ "$status" -eq "${wanted:-0}" ] && return 0
    echo "# status $status"
    return 1
}
for page in "$top"/tools/man/pace*.1; do
    examples "$page" >lines
    t "$(basename "$page") has examples" test -s lines
    while IFS= read -r line; do
        t "$(basename "$page"): $line" example "$line"
    done <lines
done
finish
