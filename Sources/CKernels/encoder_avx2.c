#include "encoder.h"

#if defined(__x86_64__)
#include <immintrin.h>

// 16 registers: 6 × 2 sums, 2 columns, 1 value.
#define KZ_NAME(x) kz_avx2_##x
#define KZ_TARGET __attribute__((target("avx2,fma")))
#define KZ_TILE_ROWS 6
#define KZ_TILE_PANELS 1
#define KV_LANES 8
typedef __m256 kv;
#define KV_FUNCTION static inline __attribute__((always_inline)) KZ_TARGET

KV_FUNCTION kv kv_load(const float *p) { return _mm256_loadu_ps(p); }
KV_FUNCTION void kv_store(float *p, kv v) { _mm256_storeu_ps(p, v); }
KV_FUNCTION kv kv_set(float x) { return _mm256_set1_ps(x); }
KV_FUNCTION kv kv_add(kv a, kv b) { return _mm256_add_ps(a, b); }
KV_FUNCTION kv kv_sub(kv a, kv b) { return _mm256_sub_ps(a, b); }
KV_FUNCTION kv kv_mul(kv a, kv b) { return _mm256_mul_ps(a, b); }
KV_FUNCTION kv kv_div(kv a, kv b) { return _mm256_div_ps(a, b); }
KV_FUNCTION kv kv_min(kv a, kv b) { return _mm256_min_ps(a, b); }
KV_FUNCTION kv kv_max(kv a, kv b) { return _mm256_max_ps(a, b); }
KV_FUNCTION kv kv_fma(kv a, kv b, kv c) { return _mm256_fmadd_ps(a, b, c); }
KV_FUNCTION kv kv_round(kv a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

KV_FUNCTION kv kv_scale2(kv x, kv n) {
    const __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(x, _mm256_castsi256_ps(bits));
}

KV_FUNCTION float kv_sum(kv v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

KV_FUNCTION float kv_maximum(kv v) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

KV_FUNCTION void kv_expand(const uint16_t *p, kv *v) {
    const __m256i words = _mm256_loadu_si256((const __m256i *)p);
    v[0] = _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
    v[1] = _mm256_castsi256_ps(_mm256_and_si256(words, _mm256_set1_epi32((int)0xffff0000)));
}

#include "encoder_body.h"

const kz_encoder_kernels kz_encoder_avx2 = KZ_ENCODER_SET("avx2");
#endif
