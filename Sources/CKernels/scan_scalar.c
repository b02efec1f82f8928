// The scan's specification: scan.h in plain C. The other files give the same bits.
#include "scan_variants.h"

#pragma STDC FP_CONTRACT OFF

void kz_scan_scalar(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount) {
    for (size_t q = 0; q < queryCount; q++) {
        struct kz_scan_query *query = &queries[q];
        query->hitCount = 0;
        for (size_t index = 0; index < rows->blockCount * KZ_SCAN_BLOCK_ROWS; index++) {
            if ((query->rowMask[index / KZ_SCAN_BLOCK_ROWS] >> index % KZ_SCAN_BLOCK_ROWS & 1) == 0) continue;
            const uint8_t *codes = rows->codes + index * rows->rowStride;
            int32_t sum = 0;
            for (size_t i = 0; i < rows->rowStride; i++) sum += (int32_t)codes[i] * query->codes[i];
            float key = (float)(sum - 128 * query->codeSum) * rows->scales[index];
            if (rows->norms != NULL) {
                const float bias = rows->norms[index] * query->normFactor;
                key = key + bias;
            }
            if (key >= query->threshold) {
                query->hitRows[query->hitCount] = (uint32_t)index;
                query->hitKeys[query->hitCount] = key;
                query->hitCount++;
            }
        }
    }
}

void kz_rescore_scalar(
    const uint8_t *const *rows, size_t rowCount, const int16_t *query, size_t rowStride, int32_t *sums
) {
    for (size_t row = 0; row < rowCount; row++) {
        int32_t sum = 0;
        for (size_t i = 0; i < rowStride; i++) sum += ((int32_t)rows[row][i] - 128) * query[i];
        sums[row] = sum;
    }
}
