// What the vector variants of the scan share. A file that includes it has defined
//
//     KZ_TARGET, KZ_INLINE  attributes of the instruction set, for a function and for an inlined one
//     KZ_SCAN               the name of the function to define
//     KZ_ROW_SUMS           (codes, rowStride, queryCodes, count, sums): for one row and `count` queries, 1...8, the sums
//                           of byte * q, less KZ_BYTE_BIAS * (sum of q) already where KZ_BYTE_BIAS is 0
//     KZ_FOUR_ROW_SUMS      (codes, rowStride, queryCodes, sums): the same for four rows in succession and one query
//     KZ_BYTE_BIAS          128 where the sums are of bytes, 0 where they are of codes
//
// `count` is a constant wherever this is inlined, so the inner loops unroll and the arrays are registers.

// One query: rows go through in fours where all four are wanted, since adding lanes costs as much for one as for four.
KZ_INLINE void KZ_SCAN_NAME(lone)(const struct kz_scan_rows *rows, struct kz_scan_query *query, size_t block) {
    const uint32_t mask = query->rowMask[block];
    const int32_t bias = KZ_BYTE_BIAS * query->codeSum;
    const int8_t *queryCodes[1] = {query->codes};
    for (uint32_t first = 0; first < KZ_SCAN_BLOCK_ROWS; first += 4) {
        uint32_t wanted = mask >> first & 15;
        if (wanted == 0) continue;
        const size_t firstIndex = block * KZ_SCAN_BLOCK_ROWS + first;
        const uint8_t *codes = rows->codes + firstIndex * rows->rowStride;
        int32_t sums[4];
        if (wanted == 15) {
            KZ_FOUR_ROW_SUMS(codes, rows->rowStride, query->codes, sums);
        } else {
            for (uint32_t row = 0; row < 4; row++) {
                if (wanted >> row & 1) KZ_ROW_SUMS(codes + row * rows->rowStride, rows->rowStride, queryCodes, 1, sums + row);
            }
        }
        while (wanted != 0) {
            const uint32_t row = (uint32_t)__builtin_ctz(wanted);
            wanted &= wanted - 1;
            const size_t index = firstIndex + row;
            float key = (float)(sums[row] - bias) * rows->scales[index];
            if (rows->norms != NULL) {
                const float norm = rows->norms[index] * query->normFactor;
                key = key + norm;
            }
            if (__builtin_expect(key >= query->threshold, 0)) {
                query->hitRows[query->hitCount] = (uint32_t)index;
                query->hitKeys[query->hitCount] = key;
                query->hitCount++;
            }
        }
    }
}

KZ_INLINE void KZ_SCAN_NAME(block)(
    const struct kz_scan_rows *rows, struct kz_scan_query *const *queries, const size_t count, size_t block
) {
    const int8_t *queryCodes[KZ_SCAN_QUERIES];
    int32_t biases[KZ_SCAN_QUERIES];
    float thresholds[KZ_SCAN_QUERIES], normFactors[KZ_SCAN_QUERIES];
    uint32_t remaining = 0;
    for (size_t q = 0; q < count; q++) {
        queryCodes[q] = queries[q]->codes;
        biases[q] = KZ_BYTE_BIAS * queries[q]->codeSum;
        thresholds[q] = queries[q]->threshold;
        normFactors[q] = queries[q]->normFactor;
        remaining |= queries[q]->rowMask[block];
    }
    while (remaining != 0) {
        const uint32_t row = (uint32_t)__builtin_ctz(remaining);
        remaining &= remaining - 1;
        const size_t index = block * KZ_SCAN_BLOCK_ROWS + row;
        int32_t sums[KZ_SCAN_QUERIES];
        float keys[KZ_SCAN_QUERIES];
        KZ_ROW_SUMS(rows->codes + index * rows->rowStride, rows->rowStride, queryCodes, count, sums);
        const float scale = rows->scales[index];
        for (size_t q = 0; q < count; q++) keys[q] = (float)(sums[q] - biases[q]) * scale;
        if (rows->norms != NULL) {
            const float norm = rows->norms[index];
            for (size_t q = 0; q < count; q++) {
                const float bias = norm * normFactors[q];
                keys[q] = keys[q] + bias;
            }
        }
        uint32_t reached = 0;
        for (size_t q = 0; q < count; q++) reached |= (uint32_t)(keys[q] >= thresholds[q]) << q;
        while (__builtin_expect(reached != 0, 0)) {
            const uint32_t q = (uint32_t)__builtin_ctz(reached);
            reached &= reached - 1;
            struct kz_scan_query *query = queries[q];
            if ((query->rowMask[block] >> row & 1) == 0) continue;
            query->hitRows[query->hitCount] = (uint32_t)index;
            query->hitKeys[query->hitCount] = keys[q];
            query->hitCount++;
        }
    }
}

KZ_TARGET void KZ_SCAN(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount) {
    for (size_t q = 0; q < queryCount; q++) queries[q].hitCount = 0;
    for (size_t block = 0; block < rows->blockCount; block++) {
        struct kz_scan_query *active[KZ_SCAN_QUERIES];
        size_t activeCount = 0;
        for (size_t q = 0; q < queryCount; q++) {
            active[activeCount] = &queries[q];
            activeCount += queries[q].rowMask[block] != 0;
        }
        switch (activeCount) {
        case 8: KZ_SCAN_NAME(block)(rows, active, 8, block); break;
        case 7: KZ_SCAN_NAME(block)(rows, active, 7, block); break;
        case 6: KZ_SCAN_NAME(block)(rows, active, 6, block); break;
        case 5: KZ_SCAN_NAME(block)(rows, active, 5, block); break;
        case 4: KZ_SCAN_NAME(block)(rows, active, 4, block); break;
        case 3: KZ_SCAN_NAME(block)(rows, active, 3, block); break;
        case 2: KZ_SCAN_NAME(block)(rows, active, 2, block); break;
        case 1: KZ_SCAN_NAME(lone)(rows, active[0], block); break;
        default: break;
        }
    }
}
