#include "cpu.h"
#include "encoder.h"

#include <string.h>

const kz_encoder_kernels *kz_encoder_kernels_for(uint32_t features) {
#if defined(__x86_64__)
    if (features & KZ_CPU_AVX512) return &kz_encoder_avx512;
    if (features & KZ_CPU_AVX2) return &kz_encoder_avx2;
#elif defined(__aarch64__)
    if (features & KZ_CPU_NEON) return &kz_encoder_neon;
#endif
    (void)features;
    return &kz_encoder_scalar;
}

size_t kz_encoder_attention_scratch(size_t row_count, size_t head_dimension) {
    const size_t padded = (row_count + 15) / 16 * 16;
    return 2 * padded * head_dimension + KZ_ENCODER_ROW_BLOCK * padded;
}

int kz_encoder_pack(const float *weights, size_t width, size_t depth, uint16_t *panels) {
    uint32_t worst = 0;  // the largest exponent met; all ones where a value is not finite
    for (size_t column = 0; column < width; column++) {
        const float *row = weights + column * depth;
        uint16_t *to = panels + column / 16 * 16 * depth + 2 * (column % 8) + column % 16 / 8;
        for (size_t k = 0; k < depth; k++) {
            uint32_t bits;
            memcpy(&bits, row + k, sizeof bits);
            const uint32_t exponent = bits & 0x7f800000u;
            // Rounding may carry a NaN's payload away, so both the value and what it became are looked at.
            const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
            const uint32_t exponent_rounded = rounded << 16 & 0x7f800000u;
            worst = exponent > worst ? exponent : worst;
            worst = exponent_rounded > worst ? exponent_rounded : worst;
            to[k * 16] = (uint16_t)rounded;
        }
    }
    return worst != 0x7f800000u;
}
