// The scan of int8 row codes: for many rows and up to eight queries at once, which rows reach each query's threshold;
// and the products of single rows with a finer query.
//
// Layout of the codes. A row is `rowStride` bytes, a multiple of 16; what the dimension leaves over is filled up with
// zero codes. A code is a signed value c, -127...127, stored as the byte c + 128. Rows follow each other, so that one
// row alone is read in as few cache lines as it has, and many rows are one stream. Sixteen rows make a block, the unit
// of the row masks.
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

// Consecutive blocks of rows. The last block may have fewer than 16 if the masks say so.
struct kz_scan_rows {
    const uint8_t *codes;  // blockCount * 16 * rowStride bytes, aligned to 16
    const float *scales;   // blockCount * 16
    const float *norms;    // blockCount * 16; NULL where the metric has no use for them
    size_t blockCount;
    size_t rowStride;      // 16...4,096, a multiple of 16
};

// One query, and its hits among the rows.
//
// The key of a row is scale * (sum of q * c), plus normFactor * norm where there are norms: two roundings to float32,
// in that order, never fused, so that keys are the same bits everywhere.
struct kz_scan_query {
    const int8_t *codes;       // rowStride, zero beyond the dimension
    const uint16_t *rowMask;   // blockCount; bit r is row r of the block; rows whose bit is 0 are no hits
    uint32_t *hitRows;         // room for blockCount * 16: the hits' row indices, ascending
    float *hitKeys;            // room for blockCount * 16
    int32_t codeSum;           // sum of codes
    float normFactor;
    float threshold;           // rows with key >= threshold are hits
    uint32_t hitCount;         // set by the kernel
};

// Scans all blocks for all queries. A row whose bit is 0 for every query is not read. queryCount 1...KZ_SCAN_QUERIES.
typedef void (*kz_scan_function)(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);

// The products of `rowCount` single rows with one finer query: sums[i] = sum of c * q over row rows[i], exact. The
// query's codes are -32,767...32,767 and the sum of their magnitudes is at most 2^24, so that times 127 it stays within
// int32 whatever the order of adding. `rowStride` as above; the codes beyond the dimension are zero.
typedef void (*kz_rescore_function)(
    const uint8_t *const *rows, size_t rowCount, const int16_t *query, size_t rowStride, int32_t *sums);

// A kernel, and the bits of cpu.h that it needs, all of them.
struct kz_scan_kernel {
    const char *name;
    uint32_t features;
    kz_scan_function scan;
    kz_rescore_function rescore;
};

// Kernels compiled into this binary, worst first; index 0 is the scalar one, the specification.
size_t kz_scan_kernel_count(void);
const struct kz_scan_kernel *kz_scan_kernel_at(size_t index);

// Codes of one row: writes `rowStride` bytes. A component x becomes round-to-nearest-even(x * factor), so |x| * factor
// must be at most 127.
void kz_scan_encode_row(const float *vector, size_t dimension, float factor, uint8_t *row, size_t rowStride);

// For one row and a vector of `rowStride` floats, zero beyond the dimension: the sum of vector * code, and the sum of
// (vector - scale * code)^2. The same bits on every machine: sixteen running sums, component j in sum j % 16, added as
// ((s[i] + s[i + 8]) for i 0...7, those likewise by 4, by 2 and by 1, nothing fused.
float kz_scan_row_product(const uint8_t *row, const float *vector, size_t rowStride);
float kz_scan_row_distance_squared(const uint8_t *row, const float *vector, float scale, size_t rowStride);

// The vector that a row stands for: writes `rowStride` floats.
void kz_scan_decode_row(const uint8_t *row, float scale, float *vector, size_t rowStride);

// Codes of a query for `kz_scan_function`, within the limits above: component x becomes round-to-nearest-even(x *
// factor). Returns the factor, the largest with which they keep to the limits; 1 for a vector of zeros.
float kz_scan_encode_query(const float *vector, size_t rowStride, int8_t *codes, int32_t *codeSum);

// The same for `kz_rescore_function`.
float kz_scan_encode_fine_query(const float *vector, size_t rowStride, int16_t *codes);

// Asks for the bytes of a row to be brought into the first-level cache.
static inline void kz_scan_prefetch_row(const uint8_t *row, size_t rowStride) {
    for (size_t index = 0; index < rowStride; index += 64) __builtin_prefetch(row + index);
}

// The sum of squares, in double, in four running sums. Not finite if and only if a component is not.
double kz_scan_square_sum(const float *vector, size_t count);

// The largest absolute value; 0 for none. Components are finite.
float kz_scan_largest_magnitude(const float *vector, size_t count);

// The sum of code * code over one row, exact.
int32_t kz_scan_row_square_sum(const uint8_t *row, size_t rowStride);

#ifdef __cplusplus
}
#endif
#endif
