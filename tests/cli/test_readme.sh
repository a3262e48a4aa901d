#!/bin/sh
# The README's tour runs and prints what the README shows (ages like "(2 months ago)" aside), and its
# embedding example builds against an installed libpace and runs.
root=$(pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/pace-readme-XXXXXX")
trap 'rm -rf "$dir"' EXIT
number=0
ok() { number=$((number + 1)); echo "ok $number - $1"; }
not_ok() { number=$((number + 1)); echo "not ok $number - $1"; }
export TMPDIR="$dir"
unset PACE_DB

# Lines of the ```console block: commands after "$ ", each followed by what it prints.
awk '/^```console/ {on = 1; next} /^```/ {on = 0} on' README.md >"$dir/tour"
{
    echo 'exec 2>&1'
    grep '^\$ ' "$dir/tour" | sed 's/^\$ //' | sed "s|build/pace|$root/$BUILD/pace|" |
        while IFS= read -r line; do
            echo "cat <<'END_OF_COMMAND'"
            echo "\$ $line"
            echo "END_OF_COMMAND"
            echo "$line"
        done
} >"$dir/script"
sh "$dir/script" 2>&1 | sed "s|$root/$BUILD/pace|build/pace|; s/ ([0-9a-z]* [a-z]* ago)//" >"$dir/got"
if diff "$dir/tour" "$dir/got" >"$dir/diff"; then ok "the tour prints what the README shows"; else
    not_ok "the tour prints what the README shows"
    sed 's/^/# /' "$dir/diff"
fi

# What `pace run` said, at the top, is what the demo shows.
mkdir "$dir/build" && ln -s "$root/$BUILD/pace" "$dir/build/pace"
tests/data/fun_notification/demo "$dir/build" >"$dir/demo" 2>&1
awk '/^```$/ {on = !on; next} on' README.md | sed -n '/^\$ pace run -- pytest/,/^[^wi ]/p' | sed 1d | grep '^incident\|^worse\|^  *\(was\|is\|and\) ' >"$dir/capture"
if [ "$(wc -l <"$dir/capture")" -ge 9 ] && ! grep -vxFf "$dir/demo" "$dir/capture" >"$dir/diff"; then ok "the demo says what the README shows"; else
    not_ok "the demo says what the README shows"
    sed 's/^/# /' "$dir/diff"
fi

# The picture is what the query below it prints.
query=$(sed -n "s/.*\`pace query '\([^']*as svg\)'.*/\1/p" README.md)
"$BUILD/pace" --db "$dir/build/demo/store" query "$query" >"$dir/plot.svg" 2>/dev/null
[ -n "${PACE_UPDATE_GOLDEN:-}" ] && cp "$dir/plot.svg" tests/data/fun_notification/plot.svg
if [ -s "$dir/plot.svg" ] && cmp "$dir/plot.svg" tests/data/fun_notification/plot.svg >"$dir/diff"; then
    ok "the picture is what its query prints"
else
    not_ok "the picture is what its query prints (PACE_UPDATE_GOLDEN=1 makes it anew)"
    sed 's/^/# /' "$dir/diff"
fi

awk '/^```c$/ {on = 1; next} /^```/ {on = 0} on' README.md >"$dir/example.c"
# The sanitized library needs its runtime in the program too: the example links the same way.
flags=
case $BUILD in *asan*) flags="-fsanitize=address,undefined" ;; esac
if make -s install BUILD="$BUILD" DESTDIR="$dir/root" prefix=/usr >"$dir/log" 2>&1 &&
    ${CC:-cc} $flags "$dir/example.c" -I"$dir/root/usr/include" -L"$dir/root/usr/lib" -lpace -o "$dir/example" >>"$dir/log" 2>&1; then
    ok "the embedding example builds against the installed library"
else
    not_ok "the embedding example builds against the installed library"
    sed 's/^/# /' "$dir/log"
fi
"$BUILD/pace" --db "$dir/store" load tests/data/fun_notification/history_fix.jsonl >/dev/null
got=$(LD_LIBRARY_PATH="$dir/root/usr/lib" "$dir/example" "$dir/store" 2>&1)
if [ "$(echo "$got" | wc -l)" = 3 ] && echo "$got" | grep -q '^tests/test_dates.py::test_parse_date 18094.4 ns$'; then
    ok "the embedding example runs"
else
    not_ok "the embedding example runs"
    echo "$got" | sed 's/^/# /'
fi

# The program of pace(3), built and run in the same way.
sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' tools/man/pace.3 | sed -n '/^\.Bd/,/^\.Ed/p' | grep -v '^\.' | sed 's/\\e/\\/g' >"$dir/page.c"
${CC:-cc} $flags -Wall -Werror "$dir/page.c" -I"$dir/root/usr/include" -L"$dir/root/usr/lib" -lpace -o "$dir/page" >"$dir/log" 2>&1
got=$(LD_LIBRARY_PATH="$dir/root/usr/lib" "$dir/page" "$dir/page-store" 2>>"$dir/log")
if [ "$got" = "parse 12.5" ]; then ok "the program of pace(3) runs"; else
    not_ok "the program of pace(3) runs"
    sed 's/^/# /' "$dir/log"
fi
# Every command that the text names is one, and every option that stands behind it is one of its.
commands() {
    grep -v '^[$ ]' README.md | grep -o '`pace [a-z][^`]*`' | tr -d '`' | sort -u >"$dir/commands"
    [ "$(wc -l <"$dir/commands")" -gt 15 ] || return 1
    while read -r _ command rest; do
        "$BUILD/pace" "$command" --help >"$dir/help" 2>&1 || { echo "# no command: $command"; return 1; }
        for option in $(echo " ${rest%% -- *}" | grep -o ' --[a-z][a-z-]*'); do
            grep -q -- "^ .*$option\\b" "$dir/help" || { echo "# pace $command has no $option"; return 1; }
        done
    done <"$dir/commands"
}
if commands; then ok "commands that the text names are there"; else not_ok "commands that the text names are there"; fi
installed() {
    for file in bin/pace share/man/man1/pace.1 share/man/man1/pace-run.1 share/man/man3/pace.3 \
        share/man/man7/pace-query.7 share/bash-completion/completions/pace \
        share/zsh/site-functions/_pace share/fish/vendor_completions.d/pace.fish; do
        [ -s "$dir/root/usr/$file" ] || { echo "# missing: $file"; return 1; }
    done
}
if installed; then ok "pages and completions are installed"; else not_ok "pages and completions are installed"; fi
echo "1..$number"
