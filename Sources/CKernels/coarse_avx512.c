// The coarse scan in AVX-512 BW: two bytes of 32 rows a register.
#include "coarse_variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define KZ_INLINE static inline __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), always_inline))

// The entries for two bytes of 32 rows: for the first byte in the lower half, for the second in the upper one.
KZ_INLINE __m512i kz_look_up(const uint8_t *codes, const uint8_t *tables) {
    const __m512i half = _mm512_set1_epi8(15), bytes = _mm512_loadu_si512((const void *)codes);
    return _mm512_add_epi8(
        _mm512_shuffle_epi8(_mm512_loadu_si512((const void *)tables), _mm512_and_si512(bytes, half)),
        _mm512_shuffle_epi8(
            _mm512_loadu_si512((const void *)(tables + 64)), _mm512_and_si512(_mm512_srli_epi16(bytes, 4), half)));
}

KZ_INLINE uint32_t kz_bounds(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, __m256i sums, size_t row, float *bounds
) {
    __m512 bound = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(sums));
    bound = _mm512_add_ps(_mm512_mul_ps(bound, _mm512_set1_ps(query->step)), _mm512_set1_ps(query->offset));
    bound = _mm512_mul_ps(bound, _mm512_loadu_ps(rows->factors + row));
    bound = _mm512_add_ps(bound, _mm512_set1_ps(query->base));
    if (rows->biases != NULL) bound = _mm512_add_ps(bound, _mm512_loadu_ps(rows->biases + row));
    const __m512 margin = _mm512_mul_ps(_mm512_loadu_ps(rows->errors + row), _mm512_set1_ps(query->errorWeight));
    bound = _mm512_add_ps(bound, margin);
    _mm512_storeu_ps(bounds, bound);
    return (uint32_t)_mm512_cmp_ps_mask(bound, _mm512_set1_ps(query->threshold), _CMP_GE_OQ);
}

KZ_TARGET size_t kz_coarse_avx512(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, size_t firstRow, size_t endRow,
    uint32_t *hitRows, float *hitBounds
) {
    size_t count = 0;
    const __m512i lowBytes = _mm512_set1_epi16(255);
    for (size_t block = firstRow / 32; block * 32 < endRow; block++) {
        const uint8_t *codes = rows->codes + block * rows->byteCount * 32, *tables = query->tables;
        __m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
        for (size_t byte = 0; byte < rows->byteCount; byte += 4) {
            const __m512i entries = _mm512_add_epi8(kz_look_up(codes, tables), kz_look_up(codes + 64, tables + 128));
            even = _mm512_add_epi16(even, _mm512_and_si512(entries, lowBytes));
            odd = _mm512_add_epi16(odd, _mm512_srli_epi16(entries, 8));
            codes += 128;
            tables += 256;
        }
        const __m256i evenRows = _mm256_add_epi16(
            _mm512_castsi512_si256(even), _mm512_extracti64x4_epi64(even, 1));
        const __m256i oddRows = _mm256_add_epi16(_mm512_castsi512_si256(odd), _mm512_extracti64x4_epi64(odd, 1));
        const __m256i first = _mm256_unpacklo_epi16(evenRows, oddRows);
        const __m256i second = _mm256_unpackhi_epi16(evenRows, oddRows);
        const size_t row = block * 32;
        float bounds[32];
        uint32_t reached = kz_bounds(rows, query, _mm256_permute2x128_si256(first, second, 0x20), row, bounds);
        reached |= kz_bounds(rows, query, _mm256_permute2x128_si256(first, second, 0x31), row + 16, bounds + 16) << 16;
        reached &= kz_coarse_rows_in_range(block, firstRow, endRow);
        if (reached != 0) count = kz_coarse_emit(reached, bounds, row, hitRows, hitBounds, count);
    }
    return count;
}
#endif
