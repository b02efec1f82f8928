// The coarse scan: one bit a dimension, from which a product with the query is estimated and bounded.
//
// The code is RaBitQ's (Gao and Long 2024, arXiv:2405.12497): what a row has beyond its list's centroid is rotated at
// random, and of each component the sign is kept. The scan adds up, for each row, entries of small tables made from
// the query: one table for four dimensions, as in the "fast scan" of André et al. 2015 (VLDB 9, 4, p. 288).
//
// Layout. A row has `byteCount` bytes, a multiple of 4: eight dimensions a byte, dimension 8 * byte + i in bit i. Rows
// make blocks of 32:
//
//     byte (byteCount * block + byte) * 32 + row  =  byte `byte` of row `row` of the block, row 0...31
//
// Tables. A table has 16 entries, 0...31, for the 16 values of four bits. Eight tables, of four bytes of a row, add up
// to at most 248 and stay within a byte; all of 4,096 dimensions to at most 31,744. Table h (0 for the low half of
// byte 0, 1 for its high half, and so on) is stored twice, so that wide registers load it as it is, in the order
//
//     0 0 2 2 1 1 3 3   4 4 6 6 5 5 7 7   ...
//
// which is byteCount * 64 bytes.
#ifndef KZ_COARSE_H
#define KZ_COARSE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KZ_COARSE_BLOCK_ROWS = 32 };

struct kz_coarse_rows {
    const uint8_t *codes;   // whole blocks, aligned to 32
    const float *factors;   // whole blocks, as are the other two
    const float *errors;
    const float *biases;    // NULL where the metric has no use for them
    size_t byteCount;       // 4...512, a multiple of 4
};

// The upper bound of a row is ((sum * step + offset) * factor + base) + bias + error * errorWeight, where `sum` is what
// its tables' entries add up to: each operation rounded to float32, in that order, never fused. For a list, `base` is
// the query's product with the centroid.
struct kz_coarse_query {
    const uint8_t *tables;  // byteCount * 64, aligned to 64
    float step;
    float offset;
    float base;
    float errorWeight;
    float threshold;
};

// Writes the rows `firstRow` to `endRow`, that not included, whose bound is `threshold` or more, ascending, with their
// bounds; returns how many. There is room for endRow - firstRow.
typedef size_t (*kz_coarse_function)(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, size_t firstRow, size_t endRow,
    uint32_t *hitRows, float *hitBounds);

// A kernel, and the bits of cpu.h that it needs, all of them.
struct kz_coarse_kernel {
    const char *name;
    uint32_t features;
    kz_coarse_function scan;
};

// Kernels compiled into this binary, worst first; index 0 is the scalar one, the specification.
size_t kz_coarse_kernel_count(void);
const struct kz_coarse_kernel *kz_coarse_kernel_at(size_t index);

// Multiplies a vector of `dimension` components, a multiple of 32, by a random orthogonal matrix, in place: four rounds
// of random signs, a Hadamard transform of the first (in odd rounds the last) 2^k components, and, where that is not
// all of them, sums and differences of the two halves. `signs` are 4 * dimension numbers 1 or -1. The same bits on every machine.
void kz_coarse_rotate(float *vector, size_t dimension, const float *signs);

// residual = vector - centroid for `count` components, a multiple of 16; returns its squared norm, in sixteen running
// sums as in scan.h.
float kz_coarse_residual(const float *vector, const float *centroid, size_t count, float *residual);

// The signs of a rotated vector as bits, byte `byte` at code[byte * 32]; returns the sum of the components' magnitudes.
float kz_coarse_encode(const float *vector, size_t byteCount, uint8_t *code);

// The tables of a rotated query: an entry stands for sum of q * (1 or -1) over the four dimensions, which is
// entry * step + a share of the offset. Writes step and offset.
void kz_coarse_make_tables(const float *vector, size_t byteCount, uint8_t *tables, struct kz_coarse_query *query);

#ifdef __cplusplus
}
#endif
#endif
