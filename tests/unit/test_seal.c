/* test_seal.c -- checksums: bound to their key, and the same with and without AVX2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../engine/seal.h"
#include "../../engine/seal_avx2.h"
#include "../../engine/simd.h"

#include <string.h>
#include <xxhash.h>

static void test_same_everywhere(void **state)
{
    (void)state;
    static unsigned char data[5000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * i * 31 + i / 7);
    for (size_t len = 0; len < sizeof data; len += len < 2200 ? 1 : len / 40) {
        for (size_t at = 0; at < 3; at++) {
            if (len + at > sizeof data) continue;
            uint64_t hash = XXH3_64bits(data + at, len);
            if (len >= SEAL_AVX2_LEAST && simd_has_avx2())
                assert_true(seal_avx2(data + at, len) == hash);
            hash ^= 42;
            hash = (hash ^ hash >> 32) * 0x9fb21c651e98df25u;
            assert_true(seal_hash(data + at, len, 42) == (hash ^ hash >> 28));
        }
    }
}

static void test_bound_to_key(void **state)
{
    (void)state;
    unsigned char record[600] = {0};
    for (size_t len = 8; len <= sizeof record; len += 37) {
        seal_close(record, len, "key 1", 5);
        assert_true(seal_good(record, len, "key 1", 5));
        assert_false(seal_good(record, len, "key 2", 5));
        assert_false(seal_good(record, len - 1, "key 1", 5));
        for (size_t at = 0; at < len; at += 5) {
            record[at] ^= 4;
            assert_false(seal_good(record, len, "key 1", 5));
            record[at] ^= 4;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_everywhere),
        cmocka_unit_test(test_bound_to_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
