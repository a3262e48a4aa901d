#!/bin/sh
# The rules of the build that settle questions: where it compiles (13), what its tests need (15).
. "$(dirname "$0")/../cli/tap.sh"
TOP=$(cd "$OLDPWD" && pwd)
compiles() { ${CC:-cc} -std=gnu11 -fsyntax-only "$@" "$TOP/engine/seal.c" >"$OUT" 2>"$ERR"; }
refuses() { ! compiles "$@"; }
t "rule_13: compiles here" compiles
t "rule_13: not where numbers are big-endian" \
    refuses -Wno-builtin-macro-redefined -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__ -DXXH_CPU_LITTLE_ENDIAN=1
t "rule_13: which is said" has "$ERR" "the store's format is little-endian"
t "rule_13: not where the system is another" refuses -U__linux__
t "rule_13: which is said, too" has "$ERR" "written for Linux"

(cd "$TOP" && make -n deps BUILD=nowhere) >"$OUT" 2>"$ERR"
t "rule_15: what tests need is listed" has "$OUT" libcmocka-dev
for other in chromium npm nodejs pip cargo golang default-jdk php; do
    t "rule_15: $other belongs to an optional target" lacks "$OUT" "$other"
done
# A directory's README names each of its files; a name may stand for a family: op_*.c.
names_all() {
    for file in "$TOP/$1"/*.[chly] "$TOP/$1"/*.def; do
        [ -e "$file" ] || continue
        name=${file##*/}
        name=${name%.*}
        grep -qwF -- "$name" "$TOP/$1/README.md" || has "$TOP/$1/README.md" "${name%%_*}_*" || return 1
    done
}
for directory in engine query query/stats tools tools/adapters bench; do
    t "$directory/README.md names each file" names_all "$directory"
done
echo "1..$TESTS"
exit "$FAILED"
