// The scan in NEON, with and without the dot product instructions of Armv8.2: 16 components of one row a register.
#include "scan_variants.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_PLAIN
#define KZ_PLAIN_INLINE static inline __attribute__((always_inline))
#define KZ_DOTPROD __attribute__((target("dotprod")))
#define KZ_DOTPROD_INLINE static inline __attribute__((target("dotprod"), always_inline))

// Rows are flipped to signed codes here, so the sums need no correction for the 128.
KZ_PLAIN_INLINE int8x16_t kz_signed_codes(const uint8_t *bytes) {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(bytes), vdupq_n_u8(0x80)));
}

// |code| <= 127 and |q| <= 127: a 16-bit product is exact, and pairs are widened as they are added.
KZ_PLAIN_INLINE int32x4_t kz_dot_plain(int32x4_t sum, int8x16_t row, int8x16_t query) {
    sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(row), vget_low_s8(query)));
    return vpadalq_s16(sum, vmull_high_s8(row, query));
}

KZ_DOTPROD_INLINE int32x4_t kz_dot_dotprod(int32x4_t sum, int8x16_t row, int8x16_t query) {
    return vdotq_s32(sum, row, query);
}

// The two variants differ in one instruction; a macro, because a function pointer would not be inlined and an inline
// function cannot be without the feature in one place and with it in another.
#define KZ_DEFINE_ROW_SUMS(inlineAttributes, name, dot)                                                            \
    inlineAttributes void name(                                                                                    \
        const uint8_t *codes, size_t rowStride, const int8_t *const *queryCodes, const size_t count, int32_t *sums \
    ) {                                                                                                            \
        int32x4_t lanes[KZ_SCAN_QUERIES];                                                                          \
        for (size_t q = 0; q < count; q++) lanes[q] = vdupq_n_s32(0);                                              \
        for (size_t i = 0; i < rowStride; i += 16) {                                                               \
            const int8x16_t row = kz_signed_codes(codes + i);                                                      \
            for (size_t q = 0; q < count; q++) lanes[q] = dot(lanes[q], row, vld1q_s8(queryCodes[q] + i));         \
        }                                                                                                          \
        for (size_t q = 0; q < count; q++) sums[q] = vaddvq_s32(lanes[q]);                                         \
    }

#define KZ_DEFINE_FOUR_ROW_SUMS(inlineAttributes, name, dot)                                                       \
    inlineAttributes void name(const uint8_t *codes, size_t rowStride, const int8_t *query, int32_t *sums) {       \
        int32x4_t lanes[4];                                                                                        \
        for (size_t row = 0; row < 4; row++) lanes[row] = vdupq_n_s32(0);                                          \
        for (size_t i = 0; i < rowStride; i += 16) {                                                               \
            const int8x16_t four = vld1q_s8(query + i);                                                            \
            for (size_t row = 0; row < 4; row++) {                                                                 \
                lanes[row] = dot(lanes[row], kz_signed_codes(codes + row * rowStride + i), four);                  \
            }                                                                                                      \
        }                                                                                                          \
        for (size_t row = 0; row < 4; row++) sums[row] = vaddvq_s32(lanes[row]);                                   \
    }

KZ_DEFINE_ROW_SUMS(KZ_PLAIN_INLINE, kz_row_sums_plain, kz_dot_plain)
KZ_DEFINE_ROW_SUMS(KZ_DOTPROD_INLINE, kz_row_sums_dotprod, kz_dot_dotprod)
KZ_DEFINE_FOUR_ROW_SUMS(KZ_PLAIN_INLINE, kz_four_row_sums_plain, kz_dot_plain)
KZ_DEFINE_FOUR_ROW_SUMS(KZ_DOTPROD_INLINE, kz_four_row_sums_dotprod, kz_dot_dotprod)

#define KZ_BYTE_BIAS 0

#define KZ_TARGET KZ_PLAIN
#define KZ_INLINE KZ_PLAIN_INLINE
#define KZ_SCAN kz_scan_neon
#define KZ_SCAN_NAME(part) kz_scan_##part##_neon
#define KZ_ROW_SUMS kz_row_sums_plain
#define KZ_FOUR_ROW_SUMS kz_four_row_sums_plain
#include "scan_body.h"
#undef KZ_TARGET
#undef KZ_INLINE
#undef KZ_SCAN
#undef KZ_SCAN_NAME
#undef KZ_ROW_SUMS
#undef KZ_FOUR_ROW_SUMS

#define KZ_TARGET KZ_DOTPROD
#define KZ_INLINE KZ_DOTPROD_INLINE
#define KZ_SCAN kz_scan_neon_dotprod
#define KZ_SCAN_NAME(part) kz_scan_##part##_neon_dotprod
#define KZ_ROW_SUMS kz_row_sums_dotprod
#define KZ_FOUR_ROW_SUMS kz_four_row_sums_dotprod
#include "scan_body.h"

void kz_rescore_neon(
    const uint8_t *const *rows, size_t rowCount, const int16_t *query, size_t rowStride, int32_t *sums
) {
    for (size_t row = 0; row < rowCount; row++) {
        int32x4_t even = vdupq_n_s32(0), odd = vdupq_n_s32(0);
        for (size_t i = 0; i < rowStride; i += 16) {
            const int8x16_t codes = kz_signed_codes(rows[row] + i);
            const int16x8_t low = vmovl_s8(vget_low_s8(codes)), high = vmovl_high_s8(codes);
            const int16x8_t lowQuery = vld1q_s16(query + i), highQuery = vld1q_s16(query + i + 8);
            even = vmlal_s16(even, vget_low_s16(low), vget_low_s16(lowQuery));
            odd = vmlal_high_s16(odd, low, lowQuery);
            even = vmlal_s16(even, vget_low_s16(high), vget_low_s16(highQuery));
            odd = vmlal_high_s16(odd, high, highQuery);
        }
        sums[row] = vaddvq_s32(vaddq_s32(even, odd));
    }
}

// The dot product instructions are for bytes; the finer query is the same code.
void kz_rescore_neon_dotprod(
    const uint8_t *const *rows, size_t rowCount, const int16_t *query, size_t rowStride, int32_t *sums
) {
    kz_rescore_neon(rows, rowCount, query, rowStride, sums);
}
#endif
