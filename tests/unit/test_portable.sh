#!/bin/sh
# What has code of its own for AVX2 is tested again without: glibc says that the processor has none.
. "$(dirname "$0")/../cli/tap.sh"
TESTS_DIR=$(dirname "$PACE")/tests
GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA
again() { env GLIBC_TUNABLES="$GLIBC_TUNABLES" "$TESTS_DIR/$1" >"$OUT" 2>"$ERR"; }
for program in unit/test_seal unit/test_pack unit/test_block unit/test_sums unit/test_turn stats/test_sample \
    stats/test_rolling lang/test_gather lang/test_within; do
    t "$program" again "$program"
done
echo "1..$TESTS"
exit "$FAILED"
