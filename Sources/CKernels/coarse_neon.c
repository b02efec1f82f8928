// The coarse scan in NEON: 16 rows a register, `tbl` as the look-up.
#include "coarse_variants.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_INLINE static inline __attribute__((always_inline))

// Where tables 0 to 7 of eight are stored first.
static const size_t kz_table_places[8] = {0, 64, 32, 96, 128, 192, 160, 224};

// The entries of four bytes of 16 rows.
KZ_INLINE uint8x16_t kz_look_up(const uint8_t *codes, const uint8_t *tables) {
    uint8x16_t entries = vdupq_n_u8(0);
    for (size_t byte = 0; byte < 4; byte++) {
        const uint8x16_t bytes = vld1q_u8(codes + byte * 32);
        const uint8x16_t low = vld1q_u8(tables + kz_table_places[2 * byte]);
        const uint8x16_t high = vld1q_u8(tables + kz_table_places[2 * byte + 1]);
        entries = vaddq_u8(entries, vqtbl1q_u8(low, vandq_u8(bytes, vdupq_n_u8(15))));
        entries = vaddq_u8(entries, vqtbl1q_u8(high, vshrq_n_u8(bytes, 4)));
    }
    return entries;
}

KZ_INLINE uint32_t kz_bounds(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, uint16x4_t sums, size_t row, float *bounds
) {
    static const uint32_t bitOfLane[4] = {1, 2, 4, 8};
    float32x4_t bound = vmulq_f32(vcvtq_f32_u32(vmovl_u16(sums)), vdupq_n_f32(query->step));
    bound = vmulq_f32(vaddq_f32(bound, vdupq_n_f32(query->offset)), vld1q_f32(rows->factors + row));
    bound = vaddq_f32(bound, vdupq_n_f32(query->base));
    if (rows->biases != NULL) bound = vaddq_f32(bound, vld1q_f32(rows->biases + row));
    bound = vaddq_f32(bound, vmulq_f32(vld1q_f32(rows->errors + row), vdupq_n_f32(query->errorWeight)));
    vst1q_f32(bounds, bound);
    return vaddvq_u32(vandq_u32(vcgeq_f32(bound, vdupq_n_f32(query->threshold)), vld1q_u32(bitOfLane)));
}

size_t kz_coarse_neon(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, size_t firstRow, size_t endRow,
    uint32_t *hitRows, float *hitBounds
) {
    size_t count = 0;
    for (size_t block = firstRow / 32; block * 32 < endRow; block++) {
        float bounds[32];
        uint32_t reached = 0;
        for (size_t half = 0; half < 2; half++) {
            const uint8_t *codes = rows->codes + block * rows->byteCount * 32 + half * 16;
            uint16x8_t first = vdupq_n_u16(0), second = vdupq_n_u16(0);
            for (size_t byte = 0; byte < rows->byteCount; byte += 4) {
                const uint8x16_t entries = kz_look_up(codes + byte * 32, query->tables + byte * 64);
                first = vaddw_u8(first, vget_low_u8(entries));
                second = vaddw_high_u8(second, entries);
            }
            const size_t row = block * 32 + half * 16;
            uint32_t bits = kz_bounds(rows, query, vget_low_u16(first), row, bounds + half * 16);
            bits |= kz_bounds(rows, query, vget_high_u16(first), row + 4, bounds + half * 16 + 4) << 4;
            bits |= kz_bounds(rows, query, vget_low_u16(second), row + 8, bounds + half * 16 + 8) << 8;
            bits |= kz_bounds(rows, query, vget_high_u16(second), row + 12, bounds + half * 16 + 12) << 12;
            reached |= bits << (half * 16);
        }
        reached &= kz_coarse_rows_in_range(block, firstRow, endRow);
        if (reached != 0) count = kz_coarse_emit(reached, bounds, block * 32, hitRows, hitBounds, count);
    }
    return count;
}
#endif
