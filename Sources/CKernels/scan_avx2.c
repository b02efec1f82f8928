// The scan in AVX2: a register of 32 components of one row, multiplied by those of up to eight queries.
#include "scan_variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_TARGET __attribute__((target("avx2")))
#define KZ_INLINE static inline __attribute__((target("avx2"), always_inline))

// The four sums of the lanes of four registers.
KZ_INLINE __m128i kz_add_lanes(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i sums = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

KZ_INLINE __m256i kz_load_half(const void *bytes) {
    return _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)bytes));
}

KZ_INLINE void kz_row_sums(
    const uint8_t *codes, size_t rowStride, const int8_t *const *queryCodes, const size_t count, int32_t *sums
) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i lanes[KZ_SCAN_QUERIES];
    for (size_t q = 0; q < KZ_SCAN_QUERIES; q++) lanes[q] = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= rowStride; i += 32) {
        const __m256i row = _mm256_loadu_si256((const __m256i *)(codes + i));
        for (size_t q = 0; q < count; q++) {
            const __m256i query = _mm256_loadu_si256((const __m256i *)(queryCodes[q] + i));
            lanes[q] = _mm256_add_epi32(lanes[q], _mm256_madd_epi16(_mm256_maddubs_epi16(row, query), ones));
        }
    }
    if (i < rowStride) {
        const __m256i row = kz_load_half(codes + i);
        for (size_t q = 0; q < count; q++) {
            const __m256i query = kz_load_half(queryCodes[q] + i);
            lanes[q] = _mm256_add_epi32(lanes[q], _mm256_madd_epi16(_mm256_maddubs_epi16(row, query), ones));
        }
    }
    int32_t all[KZ_SCAN_QUERIES];
    _mm_storeu_si128((__m128i *)all, kz_add_lanes(lanes[0], lanes[1], lanes[2], lanes[3]));
    if (count > 4) _mm_storeu_si128((__m128i *)(all + 4), kz_add_lanes(lanes[4], lanes[5], lanes[6], lanes[7]));
    for (size_t q = 0; q < count; q++) sums[q] = all[q];
}

KZ_INLINE void kz_four_row_sums(const uint8_t *codes, size_t rowStride, const int8_t *query, int32_t *sums) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i lanes[4];
    for (size_t row = 0; row < 4; row++) lanes[row] = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= rowStride; i += 32) {
        const __m256i four = _mm256_loadu_si256((const __m256i *)(query + i));
        for (size_t row = 0; row < 4; row++) {
            const __m256i bytes = _mm256_loadu_si256((const __m256i *)(codes + row * rowStride + i));
            lanes[row] = _mm256_add_epi32(lanes[row], _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, four), ones));
        }
    }
    if (i < rowStride) {
        const __m256i four = kz_load_half(query + i);
        for (size_t row = 0; row < 4; row++) {
            const __m256i bytes = kz_load_half(codes + row * rowStride + i);
            lanes[row] = _mm256_add_epi32(lanes[row], _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, four), ones));
        }
    }
    _mm_storeu_si128((__m128i *)sums, kz_add_lanes(lanes[0], lanes[1], lanes[2], lanes[3]));
}

#define KZ_SCAN kz_scan_avx2
#define KZ_SCAN_NAME(part) kz_scan_##part##_avx2
#define KZ_ROW_SUMS kz_row_sums
#define KZ_FOUR_ROW_SUMS kz_four_row_sums
#define KZ_BYTE_BIAS 128
#include "scan_body.h"

KZ_TARGET void kz_rescore_avx2(
    const uint8_t *const *rows, size_t rowCount, const int16_t *query, size_t rowStride, int32_t *sums
) {
    const __m128i sign = _mm_set1_epi8((char)0x80);
    for (size_t row = 0; row < rowCount; row++) {
        const uint8_t *codes = rows[row];
        __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
        size_t i = 0;
        for (; i + 32 <= rowStride; i += 32) {
            const __m128i low = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(codes + i)), sign);
            const __m128i high = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(codes + i + 16)), sign);
            even = _mm256_add_epi32(
                even, _mm256_madd_epi16(_mm256_cvtepi8_epi16(low), _mm256_loadu_si256((const __m256i *)(query + i))));
            odd = _mm256_add_epi32(
                odd,
                _mm256_madd_epi16(_mm256_cvtepi8_epi16(high), _mm256_loadu_si256((const __m256i *)(query + i + 16))));
        }
        if (i < rowStride) {
            const __m128i low = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(codes + i)), sign);
            even = _mm256_add_epi32(
                even, _mm256_madd_epi16(_mm256_cvtepi8_epi16(low), _mm256_loadu_si256((const __m256i *)(query + i))));
        }
        even = _mm256_add_epi32(even, odd);
        __m128i lanes = _mm_add_epi32(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
        lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32(lanes, 0x4e));
        lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32(lanes, 0xb1));
        sums[row] = _mm_cvtsi128_si32(lanes);
    }
}
#endif
