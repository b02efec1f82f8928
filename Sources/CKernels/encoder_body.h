// The encoder's kernels, written once over vectors of KV_LANES floats. A file per instruction set defines the vector
// operations (KV_…), the shape of the register tile and KZ_TARGET, then includes this file.
//
//   KZ_NAME(x)        x with the suffix of the instruction set
//   KZ_TARGET         function attribute that enables it
//   KZ_TILE_ROWS      rows of a tile at most, 1-12
//   KZ_TILE_PANELS    panels of a tile at most, 1 or 2; rows × panels × 16 floats, plus operands, fit the registers
//   kv                vector type; kv_load, kv_store (any alignment), kv_set, kv_add, kv_sub, kv_mul, kv_div, kv_min,
//                     kv_max, kv_fma(a, b, c) = a · b + c, kv_sum, kv_maximum (over the lanes), kv_sqrt,
//                     kv_round (to nearest even), kv_scale2(x, n) = x · 2^n for whole n in -126...127
//   kv_expand(p, v)   16 bfloat16 at p, in the order of kz_encoder_pack, as 16 / KV_LANES vectors in column order

#include <float.h>
#include <math.h>
#include <string.h>

#define KZ_INLINE static inline __attribute__((always_inline)) KZ_TARGET
#define KV_PER_PANEL (KZ_ENCODER_PANEL_WIDTH / KV_LANES)

// MARK: Products

// How far ahead of its use a weight is fetched: a few rows pass over the weights faster than the processor's own
// prefetching brings them (8 rows on Zen 3: 0.47 of the peak without, 0.60 with).
#define KZ_PREFETCH_AHEAD 1024

// c += a · b for `rows` rows and `panels` panels, both known when compiled. A panel of b is `depth` times 16 floats, or
// 16 bfloat16. Every element of c is one chain of multiply-adds in the order of k, whatever the tile's shape.
KZ_INLINE void KZ_NAME(tile)(const int rows, const int panels, const int is_bfloat16, const float *a, size_t a_stride,
                             const void *b, size_t panel_stride, size_t depth, float *c, size_t c_stride) {
    kv sum[KZ_TILE_ROWS][KZ_TILE_PANELS * KV_PER_PANEL];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < panels * KV_PER_PANEL; v++) sum[r][v] = kv_load(c + (size_t)r * c_stride + v * KV_LANES);
    }
    const float *row[KZ_TILE_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
        row[r] = a + (size_t)r * a_stride;
        // A register for each row: left alone, the compiler keeps one and walks from row to row in every step.
        __asm__("" : "+r"(row[r]));
    }
#pragma clang loop unroll_count(4)
    for (size_t k = 0; k < depth; k++) {
        kv column[KZ_TILE_PANELS * KV_PER_PANEL];
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; p++) {
            const size_t at = (size_t)p * panel_stride + k * KZ_ENCODER_PANEL_WIDTH;
            if (is_bfloat16) {
                // Half a cache line a step; panels lie behind one another, so this runs on into the next.
                if (k % 2 == 0) __builtin_prefetch((const uint16_t *)b + at + KZ_PREFETCH_AHEAD);
                kv_expand((const uint16_t *)b + at, column + p * KV_PER_PANEL);
            } else {
#pragma clang loop unroll(full)
                for (int v = 0; v < KV_PER_PANEL; v++)
                    column[p * KV_PER_PANEL + v] = kv_load((const float *)b + at + v * KV_LANES);
            }
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const kv value = kv_set(row[r][k]);
#pragma clang loop unroll(full)
            for (int v = 0; v < panels * KV_PER_PANEL; v++) sum[r][v] = kv_fma(value, column[v], sum[r][v]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < panels * KV_PER_PANEL; v++) kv_store(c + (size_t)r * c_stride + v * KV_LANES, sum[r][v]);
    }
}

#define KZ_TILE_CASE(n)                                                                                          \
    case n:                                                                                                      \
        if (n <= KZ_TILE_ROWS)                                                                                   \
            KZ_NAME(tile)(n <= KZ_TILE_ROWS ? n : 1, panels, is_bfloat16, a, a_stride, b, panel_stride, depth, c, c_stride); \
        break;

// Any number of rows, cut into tiles of nearly equal height: 8 rows are 4 + 4, which keeps more sums in flight than 6 + 2.
KZ_INLINE void KZ_NAME(tiles)(const int panels, const int is_bfloat16, const float *a, size_t row_count, size_t a_stride,
                              const void *b, size_t panel_stride, size_t depth, float *c, size_t c_stride) {
    size_t tile_count = (row_count + KZ_TILE_ROWS - 1) / KZ_TILE_ROWS;
    for (; row_count > 0; tile_count--) {
        const size_t rows = (row_count + tile_count - 1) / tile_count;
        switch (rows) {
            KZ_TILE_CASE(1) KZ_TILE_CASE(2) KZ_TILE_CASE(3) KZ_TILE_CASE(4) KZ_TILE_CASE(5) KZ_TILE_CASE(6)
            KZ_TILE_CASE(7) KZ_TILE_CASE(8) KZ_TILE_CASE(9) KZ_TILE_CASE(10) KZ_TILE_CASE(11) KZ_TILE_CASE(12)
        }
        a += rows * a_stride;
        c += rows * c_stride;
        row_count -= rows;
    }
}

// One copy of each of these loops: inlining them at every call would multiply the unrolled tiles.
static __attribute__((noinline)) KZ_TARGET void KZ_NAME(product_float)(
    const float *a, size_t row_count, size_t a_stride, const float *b, size_t panel_count, size_t panel_stride, size_t depth,
    float *c, size_t c_stride) {
    size_t p = 0;
#if KZ_TILE_PANELS == 2
    for (; p + 2 <= panel_count; p += 2)
        KZ_NAME(tiles)(2, 0, a, row_count, a_stride, b + p * panel_stride, panel_stride, depth, c + p * 16, c_stride);
#endif
    for (; p < panel_count; p++)
        KZ_NAME(tiles)(1, 0, a, row_count, a_stride, b + p * panel_stride, panel_stride, depth, c + p * 16, c_stride);
}

static __attribute__((noinline)) KZ_TARGET void KZ_NAME(product_bfloat16)(
    const float *a, size_t row_count, size_t a_stride, const uint16_t *b, size_t panel_count, size_t panel_stride, size_t depth,
    float *c, size_t c_stride) {
    size_t p = 0;
#if KZ_TILE_PANELS == 2
    for (; p + 2 <= panel_count; p += 2)
        KZ_NAME(tiles)(2, 1, a, row_count, a_stride, b + p * panel_stride, panel_stride, depth, c + p * 16, c_stride);
#endif
    for (; p < panel_count; p++)
        KZ_NAME(tiles)(1, 1, a, row_count, a_stride, b + p * panel_stride, panel_stride, depth, c + p * 16, c_stride);
}

// MARK: Functions of one vector

// e^x for x <= 0, relative error below 2e-7; e^-87 (1.6e-38) for anything lower. Cephes' expf: x = n ln 2 + r with |r| <= ln 2 / 2, and a
// polynomial for e^r.
KZ_INLINE kv KZ_NAME(exp)(kv x) {
    const kv clamped = kv_max(x, kv_set(-87.0f));
    const kv n = kv_round(kv_mul(clamped, kv_set(1.44269504088896341f)));
    kv r = kv_fma(n, kv_set(-0.693359375f), clamped);
    r = kv_fma(n, kv_set(2.12194440e-4f), r);
    kv p = kv_set(1.9875691500e-4f);
    p = kv_fma(p, r, kv_set(1.3981999507e-3f));
    p = kv_fma(p, r, kv_set(8.3334519073e-3f));
    p = kv_fma(p, r, kv_set(4.1665795894e-2f));
    p = kv_fma(p, r, kv_set(1.6666665459e-1f));
    p = kv_fma(p, r, kv_set(5.0000001201e-1f));
    p = kv_add(kv_fma(kv_mul(p, r), r, r), kv_set(1.0f));
    return kv_scale2(p, n);
}

// x Φ(x) = x (1 + erf(x / sqrt 2)) / 2. erf(t) is t P(t²) / Q(t²) for |t| <= 4, beyond which it is 1 in float32: the
// coefficients of Eigen's and XLA's float erf, absolute error below 4e-7.
KZ_INLINE kv KZ_NAME(gelu)(kv x) {
    const kv t = kv_max(kv_min(kv_mul(x, kv_set(0.70710678118654752f)), kv_set(4.0f)), kv_set(-4.0f));
    const kv s = kv_mul(t, t);
    kv p = kv_set(-2.72614225801306e-10f);
    p = kv_fma(p, s, kv_set(2.77068142495902e-08f));
    p = kv_fma(p, s, kv_set(-2.10102402082508e-06f));
    p = kv_fma(p, s, kv_set(-5.69250639462346e-05f));
    p = kv_fma(p, s, kv_set(-7.34990630326855e-04f));
    p = kv_fma(p, s, kv_set(-2.95459980854025e-03f));
    p = kv_fma(p, s, kv_set(-1.60960333262415e-02f));
    kv q = kv_set(-1.45660718464996e-05f);
    q = kv_fma(q, s, kv_set(-2.13374055278905e-04f));
    q = kv_fma(q, s, kv_set(-1.68282697438203e-03f));
    q = kv_fma(q, s, kv_set(-7.37332916720468e-03f));
    q = kv_fma(q, s, kv_set(-1.42647390514189e-02f));
    const kv half = kv_mul(x, kv_set(0.5f));
    return kv_fma(half, kv_div(kv_mul(t, p), q), half);
}

// MARK: Layers

static KZ_TARGET void KZ_NAME(linear)(const float *x, size_t row_count, size_t depth, const uint16_t *panels, const float *bias,
                                      size_t width, kz_linear_kind kind, float *y) {
    const size_t panel_count = width / KZ_ENCODER_PANEL_WIDTH, panel_stride = depth * KZ_ENCODER_PANEL_WIDTH;
    for (size_t first = 0; first < row_count; first += KZ_ENCODER_ROW_BLOCK) {
        const size_t rows = row_count - first < KZ_ENCODER_ROW_BLOCK ? row_count - first : KZ_ENCODER_ROW_BLOCK;
        const float *xs = x + first * depth;
        float *ys = y + first * width;
        for (size_t r = 0; r < rows; r++) {
            float *row = ys + r * width;
            for (size_t i = 0; i < width; i += KV_LANES) {
                const kv b = kv_load(bias + i);
                kv_store(row + i, kind == KZ_LINEAR_ADD ? kv_add(kv_load(row + i), b) : b);
            }
        }
        for (size_t k = 0; k < depth; k += KZ_ENCODER_DEPTH_BLOCK) {
            const size_t block = depth - k < KZ_ENCODER_DEPTH_BLOCK ? depth - k : KZ_ENCODER_DEPTH_BLOCK;
            KZ_NAME(product_bfloat16)(xs + k, rows, depth, panels + k * KZ_ENCODER_PANEL_WIDTH, panel_count, panel_stride, block,
                                      ys, width);
        }
        if (kind == KZ_LINEAR_GELU)
            for (size_t i = 0; i < rows * width; i += KV_LANES) kv_store(ys + i, KZ_NAME(gelu)(kv_load(ys + i)));
    }
}

// Softmax over one row of scores without its divisor: x becomes e^(scale (x - max)), and the sum comes back. The columns
// from `count` up to `padded`, a multiple of 16, only fill the vectors: each adds 1.6e-38 to a sum of at least 1, so nothing.
KZ_INLINE float KZ_NAME(softmax)(float *x, size_t count, size_t padded, float scale) {
    for (size_t i = count; i < padded; i++) x[i] = -FLT_MAX;
    kv most = kv_load(x);
    for (size_t i = KV_LANES; i < padded; i += KV_LANES) most = kv_max(most, kv_load(x + i));
    const kv maximum = kv_set(kv_maximum(most)), factor = kv_set(scale);
    kv sum = kv_set(0.0f);
    for (size_t i = 0; i < padded; i += KV_LANES) {
        const kv e = KZ_NAME(exp)(kv_mul(kv_sub(kv_load(x + i), maximum), factor));
        kv_store(x + i, e);
        sum = kv_add(sum, e);
    }
    return kv_sum(sum);
}

static KZ_TARGET void KZ_NAME(attention)(const float *qkv, size_t row_count, size_t head_count, size_t head_dimension,
                                         float *y, float *scratch) {
    const size_t hidden = head_count * head_dimension, stride = 3 * hidden;
    const size_t padded = (row_count + 15) / 16 * 16;
    const float scale = 1.0f / sqrtf((float)head_dimension);
    float *keys = scratch, *values = keys + padded * head_dimension, *scores = values + padded * head_dimension;
    for (size_t h = 0; h < head_count; h++) {
        const float *q = qkv + h * head_dimension, *k = q + hidden, *v = k + hidden;
        // Keys transposed into panels of 16 pieces, values into panels of 16 components.
        for (size_t i = 0; i < padded; i++) {
            float *key = keys + i / 16 * 16 * head_dimension + i % 16;
            for (size_t d = 0; d < head_dimension; d++) key[d * 16] = i < row_count ? k[i * stride + d] : 0.0f;
        }
        for (size_t i = 0; i < row_count; i++)
            for (size_t d = 0; d < head_dimension; d += 16)
                memcpy(values + d * row_count + i * 16, v + i * stride + d, 16 * sizeof(float));
        for (size_t first = 0; first < row_count; first += KZ_ENCODER_ROW_BLOCK) {
            const size_t rows = row_count - first < KZ_ENCODER_ROW_BLOCK ? row_count - first : KZ_ENCODER_ROW_BLOCK;
            memset(scores, 0, rows * padded * sizeof(float));
            KZ_NAME(product_float)(q + first * stride, rows, stride, keys, padded / 16, 16 * head_dimension, head_dimension,
                                   scores, padded);
            float totals[KZ_ENCODER_ROW_BLOCK];
            for (size_t r = 0; r < rows; r++) totals[r] = KZ_NAME(softmax)(scores + r * padded, row_count, padded, scale);
            float *ys = y + first * hidden + h * head_dimension;
            for (size_t r = 0; r < rows; r++) memset(ys + r * hidden, 0, head_dimension * sizeof(float));
            KZ_NAME(product_float)(scores, rows, padded, values, head_dimension / 16, 16 * row_count, row_count, ys, hidden);
            for (size_t r = 0; r < rows; r++) {
                const kv factor = kv_set(1.0f / totals[r]);
                for (size_t d = 0; d < head_dimension; d += KV_LANES)
                    kv_store(ys + r * hidden + d, kv_mul(kv_load(ys + r * hidden + d), factor));
            }
        }
    }
}

static KZ_TARGET void KZ_NAME(layer_norm)(float *x, size_t row_count, size_t width, const float *gain, const float *offset,
                                          float epsilon) {
    for (size_t r = 0; r < row_count; r++) {
        float *row = x + r * width;
        kv sum = kv_set(0.0f);
        for (size_t i = 0; i < width; i += KV_LANES) sum = kv_add(sum, kv_load(row + i));
        const kv mean = kv_set(kv_sum(sum) / (float)width);
        kv squares = kv_set(0.0f);
        for (size_t i = 0; i < width; i += KV_LANES) {
            const kv d = kv_sub(kv_load(row + i), mean);
            squares = kv_fma(d, d, squares);
        }
        const kv factor = kv_set(1.0f / sqrtf(kv_sum(squares) / (float)width + epsilon));
        for (size_t i = 0; i < width; i += KV_LANES) {
            const kv normal = kv_mul(kv_sub(kv_load(row + i), mean), factor);
            kv_store(row + i, kv_fma(normal, kv_load(gain + i), kv_load(offset + i)));
        }
    }
}

static KZ_TARGET void KZ_NAME(add)(const float *x, size_t count, float *y) {
    for (size_t i = 0; i < count; i += KV_LANES) kv_store(y + i, kv_add(kv_load(y + i), kv_load(x + i)));
}

static KZ_TARGET void KZ_NAME(pool)(const float *x, size_t row_count, size_t width, float *y) {
    kv squares = kv_set(0.0f);
    for (size_t i = 0; i < width; i += KV_LANES) {
        kv sum = kv_load(x + i);
        for (size_t r = 1; r < row_count; r++) sum = kv_add(sum, kv_load(x + r * width + i));
        sum = kv_mul(sum, kv_set(1.0f / (float)row_count));
        kv_store(y + i, sum);
        squares = kv_fma(sum, sum, squares);
    }
    const float norm = sqrtf(kv_sum(squares));
    const kv factor = kv_set(norm > 0 ? 1.0f / norm : 0.0f);
    for (size_t i = 0; i < width; i += KV_LANES) kv_store(y + i, kv_mul(kv_load(y + i), factor));
}

#define KZ_ENCODER_SET(set_name)                                                                              \
    { .name = set_name, .linear = KZ_NAME(linear), .attention = KZ_NAME(attention),                           \
      .layer_norm = KZ_NAME(layer_norm), .add = KZ_NAME(add), .pool = KZ_NAME(pool) }
