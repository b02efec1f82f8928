// The scan in AVX-512 with VNNI: 64 components of one row a register, `vpdpbusd` for up to eight queries.
#include "scan_variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define KZ_INLINE static inline __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline))

KZ_INLINE void kz_row_sums(
    const uint8_t *codes, size_t rowStride, const int8_t *const *queryCodes, const size_t count, int32_t *sums
) {
    __m512i lanes[KZ_SCAN_QUERIES];
    for (size_t q = 0; q < count; q++) lanes[q] = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 64 <= rowStride; i += 64) {
        const __m512i row = _mm512_loadu_si512((const void *)(codes + i));
        for (size_t q = 0; q < count; q++) {
            lanes[q] = _mm512_dpbusd_epi32(lanes[q], row, _mm512_loadu_si512((const void *)(queryCodes[q] + i)));
        }
    }
    if (i < rowStride) {
        const __mmask64 rest = ((__mmask64)1 << (rowStride - i)) - 1;
        const __m512i row = _mm512_maskz_loadu_epi8(rest, codes + i);
        for (size_t q = 0; q < count; q++) {
            lanes[q] = _mm512_dpbusd_epi32(lanes[q], row, _mm512_maskz_loadu_epi8(rest, queryCodes[q] + i));
        }
    }
    for (size_t q = 0; q < count; q++) sums[q] = _mm512_reduce_add_epi32(lanes[q]);
}

KZ_INLINE void kz_four_row_sums(const uint8_t *codes, size_t rowStride, const int8_t *query, int32_t *sums) {
    __m512i lanes[4];
    for (size_t row = 0; row < 4; row++) lanes[row] = _mm512_setzero_si512();
    for (size_t i = 0; i < rowStride; i += 64) {
        const __mmask64 rest = rowStride - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (rowStride - i)) - 1;
        const __m512i four = _mm512_maskz_loadu_epi8(rest, query + i);
        for (size_t row = 0; row < 4; row++) {
            lanes[row] = _mm512_dpbusd_epi32(
                lanes[row], _mm512_maskz_loadu_epi8(rest, codes + row * rowStride + i), four);
        }
    }
    for (size_t row = 0; row < 4; row++) sums[row] = _mm512_reduce_add_epi32(lanes[row]);
}

#define KZ_SCAN kz_scan_avx512vnni
#define KZ_SCAN_NAME(part) kz_scan_##part##_avx512vnni
#define KZ_ROW_SUMS kz_row_sums
#define KZ_FOUR_ROW_SUMS kz_four_row_sums
#define KZ_BYTE_BIAS 128
#include "scan_body.h"

KZ_TARGET void kz_rescore_avx512vnni(
    const uint8_t *const *rows, size_t rowCount, const int16_t *query, size_t rowStride, int32_t *sums
) {
    const __m256i sign = _mm256_set1_epi8((char)0x80);
    for (size_t row = 0; row < rowCount; row++) {
        const uint8_t *codes = rows[row];
        __m512i lanes = _mm512_setzero_si512();
        size_t i = 0;
        for (; i + 32 <= rowStride; i += 32) {
            const __m256i bytes = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(codes + i)), sign);
            lanes = _mm512_add_epi32(
                lanes,
                _mm512_madd_epi16(_mm512_cvtepi8_epi16(bytes), _mm512_loadu_si512((const void *)(query + i))));
        }
        __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
        if (i < rowStride) {
            const __m128i bytes = _mm_xor_si128(
                _mm_loadu_si128((const __m128i *)(codes + i)), _mm256_castsi256_si128(sign));
            half = _mm256_add_epi32(
                half,
                _mm256_madd_epi16(_mm256_cvtepi8_epi16(bytes), _mm256_loadu_si256((const __m256i *)(query + i))));
        }
        __m128i quarter = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
        quarter = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0x4e));
        quarter = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0xb1));
        sums[row] = _mm_cvtsi128_si32(quarter);
    }
}
#endif
