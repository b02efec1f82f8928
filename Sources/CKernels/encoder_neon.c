#include "encoder.h"

#if defined(__aarch64__)
#include <arm_neon.h>

// 32 registers: 6 × 4 sums, 4 columns, values by lane.
#define KZ_NAME(x) kz_neon_##x
#define KZ_TARGET
#define KZ_TILE_ROWS 6
#define KZ_TILE_PANELS 1
#define KV_LANES 4
typedef float32x4_t kv;
#define KV_FUNCTION static inline __attribute__((always_inline))

KV_FUNCTION kv kv_load(const float *p) { return vld1q_f32(p); }
KV_FUNCTION void kv_store(float *p, kv v) { vst1q_f32(p, v); }
KV_FUNCTION kv kv_set(float x) { return vdupq_n_f32(x); }
KV_FUNCTION kv kv_add(kv a, kv b) { return vaddq_f32(a, b); }
KV_FUNCTION kv kv_sub(kv a, kv b) { return vsubq_f32(a, b); }
KV_FUNCTION kv kv_mul(kv a, kv b) { return vmulq_f32(a, b); }
KV_FUNCTION kv kv_div(kv a, kv b) { return vdivq_f32(a, b); }
KV_FUNCTION kv kv_min(kv a, kv b) { return vminq_f32(a, b); }
KV_FUNCTION kv kv_max(kv a, kv b) { return vmaxq_f32(a, b); }
KV_FUNCTION kv kv_fma(kv a, kv b, kv c) { return vfmaq_f32(c, a, b); }
KV_FUNCTION kv kv_round(kv a) { return vrndnq_f32(a); }
KV_FUNCTION float kv_sum(kv v) { return vaddvq_f32(v); }
KV_FUNCTION float kv_maximum(kv v) { return vmaxvq_f32(v); }

KV_FUNCTION kv kv_scale2(kv x, kv n) {
    const int32x4_t bits = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
    return vmulq_f32(x, vreinterpretq_f32_s32(bits));
}

KV_FUNCTION void kv_expand(const uint16_t *p, kv *v) {
    const uint32x4_t first = vreinterpretq_u32_u16(vld1q_u16(p)), second = vreinterpretq_u32_u16(vld1q_u16(p + 8));
    const uint32x4_t high = vdupq_n_u32(0xffff0000u);
    v[0] = vreinterpretq_f32_u32(vshlq_n_u32(first, 16));
    v[1] = vreinterpretq_f32_u32(vshlq_n_u32(second, 16));
    v[2] = vreinterpretq_f32_u32(vandq_u32(first, high));
    v[3] = vreinterpretq_f32_u32(vandq_u32(second, high));
}

#include "encoder_body.h"

const kz_encoder_kernels kz_encoder_neon = KZ_ENCODER_SET("neon");
#endif
