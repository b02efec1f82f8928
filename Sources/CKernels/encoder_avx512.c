#include "encoder.h"

#if defined(__x86_64__)
#include <immintrin.h>

// 32 registers: 12 × 2 sums, 2 columns; the value is broadcast by the multiply-add itself.
#define KZ_NAME(x) kz_avx512_##x
#define KZ_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define KZ_TILE_ROWS 12
#define KZ_TILE_PANELS 2
#define KV_LANES 16
typedef __m512 kv;
#define KV_FUNCTION static inline __attribute__((always_inline)) KZ_TARGET

KV_FUNCTION kv kv_load(const float *p) { return _mm512_loadu_ps(p); }
KV_FUNCTION void kv_store(float *p, kv v) { _mm512_storeu_ps(p, v); }
KV_FUNCTION kv kv_set(float x) { return _mm512_set1_ps(x); }
KV_FUNCTION kv kv_add(kv a, kv b) { return _mm512_add_ps(a, b); }
KV_FUNCTION kv kv_sub(kv a, kv b) { return _mm512_sub_ps(a, b); }
KV_FUNCTION kv kv_mul(kv a, kv b) { return _mm512_mul_ps(a, b); }
KV_FUNCTION kv kv_div(kv a, kv b) { return _mm512_div_ps(a, b); }
KV_FUNCTION kv kv_min(kv a, kv b) { return _mm512_min_ps(a, b); }
KV_FUNCTION kv kv_max(kv a, kv b) { return _mm512_max_ps(a, b); }
KV_FUNCTION kv kv_fma(kv a, kv b, kv c) { return _mm512_fmadd_ps(a, b, c); }
KV_FUNCTION kv kv_round(kv a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
KV_FUNCTION float kv_sum(kv v) { return _mm512_reduce_add_ps(v); }
KV_FUNCTION float kv_maximum(kv v) { return _mm512_reduce_max_ps(v); }

KV_FUNCTION kv kv_scale2(kv x, kv n) {
    const __m512i bits = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23);
    return _mm512_mul_ps(x, _mm512_castsi512_ps(bits));
}

// One VPERMW puts each bfloat16 in the high half of its column's word and zero in the low half.
KV_FUNCTION void kv_expand(const uint16_t *p, kv *v) {
    const __m512i order = _mm512_set_epi16(15, 0, 13, 0, 11, 0, 9, 0, 7, 0, 5, 0, 3, 0, 1, 0,
                                           14, 0, 12, 0, 10, 0, 8, 0, 6, 0, 4, 0, 2, 0, 0, 0);
    const __m512i words = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)p));
    v[0] = _mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xaaaaaaaau, order, words));
}

#include "encoder_body.h"

const kz_encoder_kernels kz_encoder_avx512 = KZ_ENCODER_SET("avx512");
#endif
