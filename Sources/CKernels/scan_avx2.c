// The scan in AVX2: two registers of eight rows a block, four queries a pass over the block.
#include "scan_variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_TARGET __attribute__((target("avx2")))
#define KZ_INLINE static inline __attribute__((target("avx2"), always_inline))

// Four consecutive query codes in every lane.
KZ_INLINE __m256i kz_broadcast_group(const int8_t *codes, size_t group) {
    int32_t four;
    __builtin_memcpy(&four, codes + group * 4, 4);
    return _mm256_set1_epi32(four);
}

// The sums of bytes * codes over one block, for `count` queries: a constant wherever this is inlined, so the inner
// loops unroll. Four queries need 8 sums, 2 row registers, 1 query register, the ones and a temporary: 13 of 16.
KZ_INLINE void kz_block_sums(
    const uint8_t *codes, size_t groupCount, struct kz_scan_query *const *queries, const size_t count, __m256i sums[][2]
) {
    const __m256i ones = _mm256_set1_epi16(1);
    for (size_t q = 0; q < count; q++) sums[q][0] = sums[q][1] = _mm256_setzero_si256();
    const int8_t *queryCodes[4];
    for (size_t q = 0; q < count; q++) queryCodes[q] = queries[q]->codes;
    for (size_t group = 0; group < groupCount; group++) {
        const __m256i low = _mm256_load_si256((const __m256i *)(codes + group * 64));
        const __m256i high = _mm256_load_si256((const __m256i *)(codes + group * 64 + 32));
        // The same place in the next block, so that memory is kept busy while this one is multiplied. A lone query
        // waits for memory alone and is a little slower with it. Past the last block it touches nothing: a prefetch
        // does not fault.
        if (count > 1) _mm_prefetch((const char *)(codes + (groupCount + group) * 64), _MM_HINT_T0);
        for (size_t q = 0; q < count; q++) {
            const __m256i four = kz_broadcast_group(queryCodes[q], group);
            sums[q][0] = _mm256_add_epi32(sums[q][0], _mm256_madd_epi16(_mm256_maddubs_epi16(low, four), ones));
            sums[q][1] = _mm256_add_epi32(sums[q][1], _mm256_madd_epi16(_mm256_maddubs_epi16(high, four), ones));
        }
    }
}

KZ_INLINE __m256 kz_keys(
    const struct kz_scan_rows *rows, const struct kz_scan_query *query, __m256i sums, size_t firstRow
) {
    const __m256i dots = _mm256_sub_epi32(sums, _mm256_set1_epi32(128 * query->codeSum));
    __m256 keys = _mm256_mul_ps(_mm256_cvtepi32_ps(dots), _mm256_load_ps(rows->scales + firstRow));
    if (rows->norms != NULL) {
        keys = _mm256_add_ps(
            keys, _mm256_mul_ps(_mm256_load_ps(rows->norms + firstRow), _mm256_set1_ps(query->normFactor)));
    }
    return keys;
}

KZ_INLINE void kz_finish(
    const struct kz_scan_rows *rows, struct kz_scan_query *query, const __m256i sums[2], size_t block
) {
    const __m256 low = kz_keys(rows, query, sums[0], block * 16), high = kz_keys(rows, query, sums[1], block * 16 + 8);
    const __m256 threshold = _mm256_set1_ps(query->threshold);
    const uint32_t reached = (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(low, threshold, _CMP_GE_OQ))
        | (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(high, threshold, _CMP_GE_OQ)) << 8;
    const uint32_t hits = reached & query->rowMask[block];
    if (__builtin_expect(hits != 0, 0)) {
        float keys[16];
        _mm256_storeu_ps(keys, low);
        _mm256_storeu_ps(keys + 8, high);
        kz_scan_emit(query, hits, keys, (uint32_t)(block * 16));
    }
}

KZ_INLINE void kz_scan_block(
    const struct kz_scan_rows *rows, struct kz_scan_query *const *queries, const size_t count, size_t block
) {
    __m256i sums[4][2];
    kz_block_sums(rows->codes + block * rows->groupCount * 64, rows->groupCount, queries, count, sums);
    for (size_t q = 0; q < count; q++) kz_finish(rows, queries[q], sums[q], block);
}

KZ_TARGET void kz_scan_avx2(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount) {
    for (size_t q = 0; q < queryCount; q++) queries[q].hitCount = 0;
    for (size_t block = 0; block < rows->blockCount; block++) {
        struct kz_scan_query *active[KZ_SCAN_QUERIES];
        size_t activeCount = 0;
        for (size_t q = 0; q < queryCount; q++) {
            active[activeCount] = &queries[q];
            activeCount += queries[q].rowMask[block] != 0;
        }
        // The block comes from memory for the first four queries and from the first-level cache for the rest.
        size_t q = 0;
        for (; q + 4 <= activeCount; q += 4) kz_scan_block(rows, active + q, 4, block);
        switch (activeCount - q) {
        case 3: kz_scan_block(rows, active + q, 3, block); break;
        case 2: kz_scan_block(rows, active + q, 2, block); break;
        case 1: kz_scan_block(rows, active + q, 1, block); break;
        default: break;
        }
    }
}
#endif
