#include "encoder.h"

// The specification: the same steps as the vector kernels, one float at a time, in plain C.
#define KZ_NAME(x) kz_scalar_##x
#define KZ_TARGET
#define KZ_TILE_ROWS 4
#define KZ_TILE_PANELS 1
#define KV_LANES 1
#define KV_FUNCTION static inline __attribute__((always_inline))

#include <math.h>
#include <string.h>

typedef float kv;
KV_FUNCTION kv kv_load(const float *p) { return *p; }
KV_FUNCTION void kv_store(float *p, kv v) { *p = v; }
KV_FUNCTION kv kv_set(float x) { return x; }
KV_FUNCTION kv kv_add(kv a, kv b) { return a + b; }
KV_FUNCTION kv kv_sub(kv a, kv b) { return a - b; }
KV_FUNCTION kv kv_mul(kv a, kv b) { return a * b; }
KV_FUNCTION kv kv_div(kv a, kv b) { return a / b; }
KV_FUNCTION kv kv_min(kv a, kv b) { return a < b ? a : b; }
KV_FUNCTION kv kv_max(kv a, kv b) { return a > b ? a : b; }
KV_FUNCTION kv kv_fma(kv a, kv b, kv c) { return a * b + c; }
KV_FUNCTION kv kv_round(kv a) { return rintf(a); }
KV_FUNCTION float kv_sum(kv v) { return v; }
KV_FUNCTION float kv_maximum(kv v) { return v; }

KV_FUNCTION kv kv_scale2(kv x, kv n) {
    const uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;
    float factor;
    memcpy(&factor, &bits, sizeof factor);
    return x * factor;
}

KV_FUNCTION void kv_expand(const uint16_t *p, kv *v) {
    for (int i = 0; i < KZ_ENCODER_PANEL_WIDTH; i++) {
        const uint32_t bits = (uint32_t)p[2 * (i % 8) + i / 8] << 16;
        memcpy(v + i, &bits, sizeof(float));
    }
}

#include "encoder_body.h"

const kz_encoder_kernels kz_encoder_scalar = KZ_ENCODER_SET("scalar");
