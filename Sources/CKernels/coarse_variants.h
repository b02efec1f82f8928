// Private to the coarse scan's files: the variants that dispatch chooses from.
#ifndef KZ_COARSE_VARIANTS_H
#define KZ_COARSE_VARIANTS_H

#include "coarse.h"

#include "cpu.h"

#define KZ_DECLARE_COARSE(variant)                                                                                 \
    size_t kz_coarse_##variant(                                                                                    \
        const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, size_t firstRow, size_t endRow,    \
        uint32_t *hitRows, float *hitBounds);

KZ_DECLARE_COARSE(scalar)
#if defined(__x86_64__)
KZ_DECLARE_COARSE(avx2)
KZ_DECLARE_COARSE(avx512)
#elif defined(__aarch64__)
KZ_DECLARE_COARSE(neon)
#endif

// The rows of block `block` that lie within the range, as bits.
static inline uint32_t kz_coarse_rows_in_range(size_t block, size_t firstRow, size_t endRow) {
    uint32_t mask = ~0u;
    const size_t blockRow = block * KZ_COARSE_BLOCK_ROWS;
    if (firstRow > blockRow) mask &= ~0u << (firstRow - blockRow);
    if (endRow - blockRow < KZ_COARSE_BLOCK_ROWS) mask &= ~(~0u << (endRow - blockRow));
    return mask;
}

// Appends the rows of `mask`; returns the new count.
static inline size_t kz_coarse_emit(
    uint32_t mask, const float *bounds, size_t blockRow, uint32_t *hitRows, float *hitBounds, size_t count
) {
    while (mask != 0) {
        const uint32_t row = (uint32_t)__builtin_ctz(mask);
        mask &= mask - 1;
        hitRows[count] = (uint32_t)blockRow + row;
        hitBounds[count] = bounds[row];
        count++;
    }
    return count;
}

#endif
