// The scan's specification: scan.h in plain C. The other files give the same bits.
#include "scan_variants.h"

#pragma STDC FP_CONTRACT OFF

void kz_scan_scalar(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount) {
    for (size_t q = 0; q < queryCount; q++) queries[q].hitCount = 0;
    for (size_t block = 0; block < rows->blockCount; block++) {
        const uint8_t *codes = rows->codes + block * rows->groupCount * 64;
        for (size_t q = 0; q < queryCount; q++) {
            struct kz_scan_query *query = &queries[q];
            if (query->rowMask[block] == 0) continue;
            int32_t sums[KZ_SCAN_BLOCK_ROWS] = {0};
            for (size_t group = 0; group < rows->groupCount; group++) {
                for (size_t row = 0; row < KZ_SCAN_BLOCK_ROWS; row++) {
                    for (size_t i = 0; i < 4; i++) {
                        sums[row] += (int32_t)codes[(group * 16 + row) * 4 + i] * query->codes[group * 4 + i];
                    }
                }
            }
            for (size_t row = 0; row < KZ_SCAN_BLOCK_ROWS; row++) {
                const size_t index = block * KZ_SCAN_BLOCK_ROWS + row;
                float key = (float)(sums[row] - 128 * query->codeSum) * rows->scales[index];
                if (rows->norms != NULL) key = key + rows->norms[index] * query->normFactor;
                if (key >= query->threshold && (query->rowMask[block] >> row & 1)) {
                    query->hitRows[query->hitCount] = (uint32_t)index;
                    query->hitKeys[query->hitCount] = key;
                    query->hitCount++;
                }
            }
        }
    }
}
