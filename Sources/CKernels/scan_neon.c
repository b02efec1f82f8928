// The scan in NEON, with and without the dot product instructions of Armv8.2: four registers of four rows a block.
#include "scan_variants.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma STDC FP_CONTRACT OFF

#define KZ_INLINE static inline __attribute__((always_inline))
#define KZ_DOTPROD __attribute__((target("dotprod")))
#define KZ_DOTPROD_INLINE static inline __attribute__((target("dotprod"), always_inline))

// Rows are flipped to signed codes here, so the sums need no correction for the 128.
KZ_INLINE int8x16_t kz_signed_codes(const uint8_t *bytes) {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(bytes), vdupq_n_u8(0x80)));
}

KZ_INLINE int8x16_t kz_broadcast_group(const int8_t *codes, size_t group) {
    int32_t four;
    __builtin_memcpy(&four, codes + group * 4, 4);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

KZ_INLINE void kz_finish(
    const struct kz_scan_rows *rows, struct kz_scan_query *query, const int32x4_t sums[4], size_t block
) {
    static const uint32_t bitOfLane[4] = {1, 2, 4, 8};
    const uint32x4_t bits = vld1q_u32(bitOfLane);
    const float32x4_t threshold = vdupq_n_f32(query->threshold);
    float keys[16];
    uint32_t reached = 0;
    for (size_t part = 0; part < 4; part++) {
        const size_t firstRow = block * 16 + part * 4;
        float32x4_t key = vmulq_f32(vcvtq_f32_s32(sums[part]), vld1q_f32(rows->scales + firstRow));
        if (rows->norms != NULL) {
            key = vaddq_f32(key, vmulq_f32(vld1q_f32(rows->norms + firstRow), vdupq_n_f32(query->normFactor)));
        }
        vst1q_f32(keys + part * 4, key);
        reached |= vaddvq_u32(vandq_u32(vcgeq_f32(key, threshold), bits)) << (part * 4);
    }
    const uint32_t hits = reached & query->rowMask[block];
    if (__builtin_expect(hits != 0, 0)) kz_scan_emit(query, hits, keys, (uint32_t)(block * 16));
}

// |code| <= 127 and |q| <= 127: a 16-bit product is exact, and pairs are widened as they are added.
KZ_INLINE int32x4_t kz_dot_widening(int32x4_t sum, int8x16_t rows, int8x16_t four) {
    const int16x8_t low = vmull_s8(vget_low_s8(rows), vget_low_s8(four));
    const int16x8_t high = vmull_s8(vget_high_s8(rows), vget_high_s8(four));
    return vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
}

KZ_DOTPROD_INLINE int32x4_t kz_dot_dotprod(int32x4_t sum, int8x16_t rows, int8x16_t four) {
    return vdotq_s32(sum, rows, four);
}

// The two variants differ in one instruction; a macro, because a function pointer would not be inlined and an inline
// function cannot be without the feature in one place and with it in another.
#define KZ_DEFINE_SCAN(attributes, inlineAttributes, scan, block, dot)                                                \
    inlineAttributes void block(                                                                                      \
        const struct kz_scan_rows *rows, struct kz_scan_query *const *queries, const size_t count, size_t index       \
    ) {                                                                                                               \
        const uint8_t *codes = rows->codes + index * rows->groupCount * 64;                                           \
        int32x4_t sums[4][4];                                                                                         \
        for (size_t q = 0; q < count; q++) {                                                                          \
            for (size_t part = 0; part < 4; part++) sums[q][part] = vdupq_n_s32(0);                                   \
        }                                                                                                             \
        for (size_t group = 0; group < rows->groupCount; group++) {                                                   \
            int8x16_t parts[4];                                                                                       \
            for (size_t part = 0; part < 4; part++) parts[part] = kz_signed_codes(codes + group * 64 + part * 16);    \
            for (size_t q = 0; q < count; q++) {                                                                      \
                const int8x16_t four = kz_broadcast_group(queries[q]->codes, group);                                  \
                for (size_t part = 0; part < 4; part++) sums[q][part] = dot(sums[q][part], parts[part], four);        \
            }                                                                                                         \
        }                                                                                                             \
        for (size_t q = 0; q < count; q++) kz_finish(rows, queries[q], sums[q], index);                               \
    }                                                                                                                 \
                                                                                                                      \
    attributes void scan(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount) {         \
        for (size_t q = 0; q < queryCount; q++) queries[q].hitCount = 0;                                              \
        for (size_t index = 0; index < rows->blockCount; index++) {                                                   \
            struct kz_scan_query *active[KZ_SCAN_QUERIES];                                                            \
            size_t activeCount = 0;                                                                                   \
            for (size_t q = 0; q < queryCount; q++) {                                                                 \
                active[activeCount] = &queries[q];                                                                    \
                activeCount += queries[q].rowMask[index] != 0;                                                        \
            }                                                                                                         \
            size_t q = 0;                                                                                             \
            for (; q + 4 <= activeCount; q += 4) block(rows, active + q, 4, index);                                   \
            switch (activeCount - q) {                                                                                \
            case 3: block(rows, active + q, 3, index); break;                                                         \
            case 2: block(rows, active + q, 2, index); break;                                                         \
            case 1: block(rows, active + q, 1, index); break;                                                         \
            default: break;                                                                                           \
            }                                                                                                         \
        }                                                                                                             \
    }

KZ_DEFINE_SCAN(, KZ_INLINE, kz_scan_neon, kz_scan_block_neon, kz_dot_widening)
KZ_DEFINE_SCAN(KZ_DOTPROD, KZ_DOTPROD_INLINE, kz_scan_neon_dotprod, kz_scan_block_dotprod, kz_dot_dotprod)
#endif
