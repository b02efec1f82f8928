// The scan of int8 row codes: for many rows and up to eight queries at once, which rows reach each query's threshold.
//
// Layout of the codes. A row has `groupCount` groups of four dimensions; the last is filled up with zero codes. A code
// is a signed value c, -127...127, stored as the byte c + 128. Sixteen rows make a block:
//
//     byte ((group * 16) + row) * 4 + i  =  code of dimension 4 * group + i of that row, row 0...15, i 0...3
//
// so that 64 bytes hold one group of all sixteen rows and a vector register's 32-bit lanes are rows: no instruction
// set has to add across lanes. The same bytes serve `vpdpbusd`, `vpmaddubsw`, `sdot` and plain C.
//
// Limits of the query's codes q, -127...127. Of each pair (q[2j], q[2j+1]) the values of one sign sum up to at most
// 128 in magnitude. Then the pair's sum with bytes 0...255 stays within -255 * 128 ... 255 * 128 = 32,640, so the
// saturating 16-bit add of `vpmaddubsw` never saturates, and every kernel gives the same integer. Over 4,096
// dimensions the sum stays below 2,048 * 32,640 < 2^27: within int32.
#ifndef KZ_SCAN_H
#define KZ_SCAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KZ_SCAN_BLOCK_ROWS = 16,
    KZ_SCAN_QUERIES = 8,  // at most in one pass
};

// Consecutive blocks of rows.
struct kz_scan_rows {
    const uint8_t *codes;  // blockCount * groupCount * 64 bytes, aligned to 64
    const float *scales;   // blockCount * 16, aligned to 64
    const float *norms;    // blockCount * 16, aligned to 64; NULL where the metric has no use for them
    size_t blockCount;
    size_t groupCount;     // 1...1,024
};

// One query, and its hits among the rows.
//
// The key of a row is scale * (sum of q * c), plus normFactor * norm where there are norms: two roundings to float32,
// in that order, never fused, so that keys are the same bits everywhere.
struct kz_scan_query {
    const int8_t *codes;       // groupCount * 4
    const uint16_t *rowMask;   // blockCount; bit r is row r of the block; rows whose bit is 0 are no hits
    uint32_t *hitRows;         // room for blockCount * 16: the hits' row indices, ascending
    float *hitKeys;            // room for blockCount * 16
    int32_t codeSum;           // sum of codes
    float normFactor;
    float threshold;           // rows with key >= threshold are hits
    uint32_t hitCount;         // set by the kernel
};

// Scans all blocks for all queries. A block whose mask is 0 for every query is not read. queryCount 1...KZ_SCAN_QUERIES.
typedef void (*kz_scan_function)(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);

// A kernel, and the bits of cpu.h that it needs, all of them.
struct kz_scan_kernel {
    const char *name;
    uint32_t features;
    kz_scan_function scan;
};

// Kernels compiled into this binary, worst first; index 0 is the scalar one, the specification.
size_t kz_scan_kernel_count(void);
const struct kz_scan_kernel *kz_scan_kernel_at(size_t index);

// Codes of one row. Writes `groupCount` groups of four bytes, 64 bytes apart, the first at `lane`: the row's place in
// its block. A component x becomes round-to-nearest-even(x * factor), so |x| * factor must be at most 127.
void kz_scan_encode_row(const float *vector, size_t dimension, float factor, uint8_t *lane);

// Copies one row's codes from its place in a block to a place in another.
void kz_scan_copy_row(const uint8_t *lane, uint8_t *otherLane, size_t groupCount);

// For one row in its block and a vector of groupCount * 4 floats, zero beyond the dimension: the sum of vector * code,
// and the sum of (vector - scale * code)^2. The same bits on every machine: four running sums, lane i of each group
// in sum i, added as (0 + 1) + (2 + 3), nothing fused.
float kz_scan_row_product(const uint8_t *lane, const float *vector, size_t groupCount);
float kz_scan_row_distance_squared(const uint8_t *lane, const float *vector, float scale, size_t groupCount);

// The sum of squares, in double, in four running sums as above. Not finite if and only if a component is not.
double kz_scan_square_sum(const float *vector, size_t count);

// The largest absolute value; 0 for none. Components are finite.
float kz_scan_largest_magnitude(const float *vector, size_t count);

// The sum of code * code over one row, exact.
int32_t kz_scan_row_square_sum(const uint8_t *lane, size_t groupCount);

#ifdef __cplusplus
}
#endif
#endif
