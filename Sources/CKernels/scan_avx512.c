// The scan in AVX-512 with VNNI: one register a block and query, eight queries at once.
#include "scan_variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define KZ_INLINE static inline __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline))

KZ_INLINE void kz_finish(
    const struct kz_scan_rows *rows, struct kz_scan_query *query, __m512i sums, size_t block
) {
    const __m512i dots = _mm512_sub_epi32(sums, _mm512_set1_epi32(128 * query->codeSum));
    __m512 keys = _mm512_mul_ps(_mm512_cvtepi32_ps(dots), _mm512_load_ps(rows->scales + block * 16));
    if (rows->norms != NULL) {
        const __m512 bias = _mm512_mul_ps(_mm512_load_ps(rows->norms + block * 16), _mm512_set1_ps(query->normFactor));
        keys = _mm512_add_ps(keys, bias);
    }
    const uint32_t hits = (uint32_t)_mm512_cmp_ps_mask(keys, _mm512_set1_ps(query->threshold), _CMP_GE_OQ)
        & query->rowMask[block];
    if (__builtin_expect(hits != 0, 0)) {
        float spilled[16];
        _mm512_storeu_ps(spilled, keys);
        kz_scan_emit(query, hits, spilled, (uint32_t)(block * 16));
    }
}

// `count` is a constant wherever this is inlined. A lone query has two running sums, so that one `vpdpbusd` need not
// wait for the one before.
KZ_INLINE void kz_scan_block(
    const struct kz_scan_rows *rows, struct kz_scan_query *const *queries, const size_t count, size_t block
) {
    const size_t groupCount = rows->groupCount;
    const uint8_t *codes = rows->codes + block * groupCount * 64;
    __m512i sums[KZ_SCAN_QUERIES], odd = _mm512_setzero_si512();
    const int8_t *queryCodes[KZ_SCAN_QUERIES];
    for (size_t q = 0; q < count; q++) {
        sums[q] = _mm512_setzero_si512();
        queryCodes[q] = queries[q]->codes;
    }
    size_t group = 0;
    for (; count == 1 && group + 2 <= groupCount; group += 2) {
        int32_t fours[2];
        __builtin_memcpy(fours, queryCodes[0] + group * 4, 8);
        sums[0] = _mm512_dpbusd_epi32(
            sums[0], _mm512_load_si512((const void *)(codes + group * 64)), _mm512_set1_epi32(fours[0]));
        odd = _mm512_dpbusd_epi32(
            odd, _mm512_load_si512((const void *)(codes + group * 64 + 64)), _mm512_set1_epi32(fours[1]));
    }
    for (; group < groupCount; group++) {
        const __m512i bytes = _mm512_load_si512((const void *)(codes + group * 64));
        for (size_t q = 0; q < count; q++) {
            int32_t four;
            __builtin_memcpy(&four, queryCodes[q] + group * 4, 4);
            sums[q] = _mm512_dpbusd_epi32(sums[q], bytes, _mm512_set1_epi32(four));
        }
    }
    sums[0] = _mm512_add_epi32(sums[0], odd);
    for (size_t q = 0; q < count; q++) kz_finish(rows, queries[q], sums[q], block);
}

KZ_TARGET void kz_scan_avx512vnni(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount) {
    for (size_t q = 0; q < queryCount; q++) queries[q].hitCount = 0;
    for (size_t block = 0; block < rows->blockCount; block++) {
        struct kz_scan_query *active[KZ_SCAN_QUERIES];
        size_t activeCount = 0;
        for (size_t q = 0; q < queryCount; q++) {
            active[activeCount] = &queries[q];
            activeCount += queries[q].rowMask[block] != 0;
        }
        switch (activeCount) {
        case 8: kz_scan_block(rows, active, 8, block); break;
        case 7: kz_scan_block(rows, active, 7, block); break;
        case 6: kz_scan_block(rows, active, 6, block); break;
        case 5: kz_scan_block(rows, active, 5, block); break;
        case 4: kz_scan_block(rows, active, 4, block); break;
        case 3: kz_scan_block(rows, active, 3, block); break;
        case 2: kz_scan_block(rows, active, 2, block); break;
        case 1: kz_scan_block(rows, active, 1, block); break;
        default: break;
        }
    }
}
#endif
