// The arithmetic of a BERT encoder over rows of float32: one row a piece, the rows of all texts of a batch one after
// another, no padding.
//
// Weights are bfloat16, rounded once when they are packed; everything else, all sums included, is float32. Each output
// is summed in an order that depends on nothing but the length of its own text, so a text gives the same bits alone and in any
// batch. Between two instruction sets the last bits may differ.
//
// Limits that callers keep: depth and width are multiples of 16; a head's dimension is a multiple of 16; every pointer
// is aligned for its type; outputs do not overlap inputs unless said otherwise. NaN and infinity pass through.
#ifndef KZ_ENCODER_H
#define KZ_ENCODER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KZ_ENCODER_PANEL_WIDTH 16    // columns of a weight panel
#define KZ_ENCODER_DEPTH_BLOCK 384   // rows of a panel that are used at a time: 12 kB of weights, beside which a tile's rows of x fit the L1 cache
#define KZ_ENCODER_ROW_BLOCK 48      // rows of x that share one pass over the weights

typedef enum kz_linear_kind {
    KZ_LINEAR_PLAIN = 0,    // y = x · W + bias
    KZ_LINEAR_GELU = 1,     // y = gelu(x · W + bias), the erf form
    KZ_LINEAR_ADD = 2,      // y += x · W + bias
} kz_linear_kind;

typedef struct kz_encoder_kernels {
    const char *name;

    // y from x · W + bias, as `kind` says. x is row_count × depth, y is row_count × width, both without gaps; `panels` is W as
    // kz_encoder_pack wrote it.
    void (*linear)(const float *x, size_t row_count, size_t depth, const uint16_t *panels, const float *bias, size_t width,
                   kz_linear_kind kind, float *y);

    // Self-attention within one text. A row of qkv is query, key, value, each head_count × head_dimension; a row of y is
    // head_count × head_dimension. Scores are divided by sqrt(head_dimension). scratch holds
    // kz_encoder_attention_scratch(row_count, head_dimension) floats.
    void (*attention)(const float *qkv, size_t row_count, size_t head_count, size_t head_dimension, float *y, float *scratch);

    // Each row of x to mean 0 and variance 1, then times gain plus offset, in place.
    void (*layer_norm)(float *x, size_t row_count, size_t width, const float *gain, const float *offset, float epsilon);

    // y += x, `count` floats, a multiple of 16.
    void (*add)(const float *x, size_t count, float *y);

    // The mean of row_count (at least 1) rows, divided by its L2 norm; zero or not finite where the mean is.
    void (*pool)(const float *x, size_t row_count, size_t width, float *y);
} kz_encoder_kernels;

extern const kz_encoder_kernels kz_encoder_scalar;
#if defined(__x86_64__)
extern const kz_encoder_kernels kz_encoder_avx2;
extern const kz_encoder_kernels kz_encoder_avx512;
#elif defined(__aarch64__)
extern const kz_encoder_kernels kz_encoder_neon;
#endif

// The fastest set for a processor with these features (cpu.h).
const kz_encoder_kernels *kz_encoder_kernels_for(uint32_t features);

// Floats of scratch that `attention` needs for a text of row_count pieces.
size_t kz_encoder_attention_scratch(size_t row_count, size_t head_dimension);

// Rounds a matrix to bfloat16 (to nearest, ties to even) and packs it into panels. `weights` is width rows of depth
// components, as PyTorch stores the matrix of a linear layer; panel p holds for each k of depth its 16 columns as
// 16 p + 0, 8, 1, 9, … 7, 15: a vector of 32-bit words then holds columns 0-7 in its low and 8-15 in its high halves.
// Writes width × depth values. Returns 1, or 0 if one of them is not finite after rounding.
int kz_encoder_pack(const float *weights, size_t width, size_t depth, uint16_t *panels);

#ifdef __cplusplus
}
#endif
#endif
