// The coarse scan in AVX2: 32 rows a register, `vpshufb` as the look-up.
#include "coarse_variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_TARGET __attribute__((target("avx2")))
#define KZ_INLINE static inline __attribute__((target("avx2"), always_inline))

KZ_INLINE __m256i kz_load(const uint8_t *bytes) { return _mm256_load_si256((const __m256i *)bytes); }

// The entries for one byte of 32 rows.
KZ_INLINE __m256i kz_look_up(const uint8_t *codes, const uint8_t *low, const uint8_t *high) {
    const __m256i half = _mm256_set1_epi8(15), bytes = kz_load(codes);
    return _mm256_add_epi8(
        _mm256_shuffle_epi8(kz_load(low), _mm256_and_si256(bytes, half)),
        _mm256_shuffle_epi8(kz_load(high), _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
}

// The bounds of eight rows from their 16-bit sums; returns the bits of those that reach the threshold.
KZ_INLINE uint32_t kz_bounds(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, __m128i sums, size_t row, float *bounds
) {
    __m256 bound = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums));
    bound = _mm256_add_ps(_mm256_mul_ps(bound, _mm256_set1_ps(query->step)), _mm256_set1_ps(query->offset));
    bound = _mm256_mul_ps(bound, _mm256_loadu_ps(rows->factors + row));
    bound = _mm256_add_ps(bound, _mm256_set1_ps(query->base));
    if (rows->biases != NULL) bound = _mm256_add_ps(bound, _mm256_loadu_ps(rows->biases + row));
    const __m256 margin = _mm256_mul_ps(_mm256_loadu_ps(rows->errors + row), _mm256_set1_ps(query->errorWeight));
    bound = _mm256_add_ps(bound, margin);
    _mm256_storeu_ps(bounds, bound);
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(bound, _mm256_set1_ps(query->threshold), _CMP_GE_OQ));
}

KZ_TARGET size_t kz_coarse_avx2(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, size_t firstRow, size_t endRow,
    uint32_t *hitRows, float *hitBounds
) {
    size_t count = 0;
    const __m256i lowBytes = _mm256_set1_epi16(255);
    for (size_t block = firstRow / 32; block * 32 < endRow; block++) {
        const uint8_t *codes = rows->codes + block * rows->byteCount * 32, *tables = query->tables;
        __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
        for (size_t byte = 0; byte < rows->byteCount; byte += 4) {
            __m256i entries = _mm256_add_epi8(
                _mm256_add_epi8(
                    kz_look_up(codes, tables, tables + 64), kz_look_up(codes + 32, tables + 32, tables + 96)),
                _mm256_add_epi8(
                    kz_look_up(codes + 64, tables + 128, tables + 192),
                    kz_look_up(codes + 96, tables + 160, tables + 224)));
            even = _mm256_add_epi16(even, _mm256_and_si256(entries, lowBytes));
            odd = _mm256_add_epi16(odd, _mm256_srli_epi16(entries, 8));
            codes += 128;
            tables += 256;
        }
        // Each half register has rows 0...15 or 16...31: even rows in one, odd rows in the other.
        const __m256i first = _mm256_unpacklo_epi16(even, odd), second = _mm256_unpackhi_epi16(even, odd);
        const size_t row = block * 32;
        float bounds[32];
        uint32_t reached = kz_bounds(rows, query, _mm256_castsi256_si128(first), row, bounds);
        reached |= kz_bounds(rows, query, _mm256_castsi256_si128(second), row + 8, bounds + 8) << 8;
        reached |= kz_bounds(rows, query, _mm256_extracti128_si256(first, 1), row + 16, bounds + 16) << 16;
        reached |= kz_bounds(rows, query, _mm256_extracti128_si256(second, 1), row + 24, bounds + 24) << 24;
        reached &= kz_coarse_rows_in_range(block, firstRow, endRow);
        if (reached != 0) count = kz_coarse_emit(reached, bounds, row, hitRows, hitBounds, count);
    }
    return count;
}
#endif
