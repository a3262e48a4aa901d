/* pack.h -- up to 64 doubles in few bytes, exactly, or as they are.
 *
 * Measurements are mostly decimals with few digits, differences of clocks, or doubles of nearly one
 * size. A PACK is written in whichever of four modes is the shortest and gives every bit back:
 *
 *   raw     f64 x n
 *   scaled  value = (base + delta) / 10^scale, whole numbers below 2^51
 *   bits    the 64 bits of value = base + delta
 *   binary  value = (base + delta) * (10^scale / 2^shift), whole numbers below 2^51: what a clock
 *           counted, in other units; sizes of whole pages; decimals with zeroes at the end
 *
 *   not raw:    | delta, `width` bits x n, padding | base 8 bytes |
 *   of binary:  | base, 54 bits | shift, 10 bits, from bit 54 |     both in two's complement
 *   code, u16:  | width 6 bits, from bit 8 | scale 4 bits, from bit 4 | tight, bit 3 | mode 3 bits |
 *
 * The padding is to 8 bytes, or in a tight pack to 1. Binary and tight are for stores with short
 * records (head.h).
 *
 * Deltas are packed from the lowest bit on, little-endian; the base behind them lets a reader load
 * 8 bytes at any delta. A quotient of whole numbers is rounded once, so what was verified on one
 * machine holds on all. Pure. */
#ifndef PACE_PACK_H
#define PACE_PACK_H

#include <stddef.h>
#include <stdint.h>

enum pack_mode { PACK_RAW = 0, PACK_SCALED = 1, PACK_BITS = 2, PACK_BINARY = 3, PACK_TIGHT = 8 };

/* Which packs are made: raw ones, those that every store of format 4 may have, all. */
enum pack_how { PACK_AS_IS, PACK_LOOSE, PACK_SHORT };

enum {
    PACK_VALUES = 64,
    PACK_SCALE_MAX = 15,
    PACK_WIDTH_MAX = 56, /* so that a delta lies within 8 bytes from the one it begins in */
    PACK_BYTES_MAX = PACK_VALUES * 8,
};

struct pack {
    uint8_t mode, scale, width, tight;
    int16_t shift;
    uint64_t base;
    size_t bytes; /* at most 8 * n */
};

/* How n (1 to 64) values are written. */
void pack_plan(struct pack *pack, const double *values, size_t n, enum pack_how how);

/* Writes pack->bytes. */
void pack_write(const struct pack *pack, const double *values, size_t n, unsigned char *out);

uint16_t pack_code(const struct pack *pack);

/* Number of bytes of n values, or 0: not a code. */
size_t pack_bytes(uint16_t code, size_t n);

/* Reads n values of a code that pack_bytes accepts. */
void pack_read(uint16_t code, const unsigned char *data, size_t n, double *out);
/* Reads PACK_VALUES values of a pack that takes `bytes`: 1, or 0: its code is none of so many. `readable` bytes from
 * data on may be touched, mostly more than its own, and then its end need not be copied; has_fma is simd_has_fma(),
 * asked once for many. */
int pack_read_whole(uint16_t code, const unsigned char *data, size_t bytes, size_t readable,
                    int has_fma, double *out);

/* The kernels behind pack_read, for tests: the portable one; the AVX2 one, 0 when there is none. */
void pack_read_portable(uint16_t code, const unsigned char *data, size_t n, double *out);
int pack_read_avx2(uint16_t code, const unsigned char *data, size_t n, double *out);

#endif
