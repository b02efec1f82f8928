// The rotation, the code of a row and the tables of a query. Portable C, the same bits on every machine.
#include "coarse.h"

#pragma STDC FP_CONTRACT OFF

typedef float kz_four __attribute__((vector_size(16), aligned(4)));

// The unscaled Hadamard transform of `count` numbers, a power of two and at least 16. The stages of distance 1 and 2
// come first and lie within four numbers; compilers find no vectors in them by themselves.
static void kz_hadamard(float *x, size_t count) {
    for (size_t start = 0; start < count; start += 4) {
        kz_four a = *(kz_four *)(x + start);
        const kz_four negateOdd = {1, -1, 1, -1}, negateUpper = {1, 1, -1, -1};
        a = __builtin_shufflevector(a, a, 0, 0, 2, 2) + __builtin_shufflevector(a, a, 1, 1, 3, 3) * negateOdd;
        a = __builtin_shufflevector(a, a, 0, 1, 0, 1) + __builtin_shufflevector(a, a, 2, 3, 2, 3) * negateUpper;
        *(kz_four *)(x + start) = a;
    }
    for (size_t half = 4; half < count; half *= 2) {
        for (size_t start = 0; start < count; start += 2 * half) {
            for (size_t i = start; i < start + half; i += 4) {
                const kz_four a = *(kz_four *)(x + i), b = *(kz_four *)(x + i + half);
                *(kz_four *)(x + i) = a + b;
                *(kz_four *)(x + i + half) = a - b;
            }
        }
    }
}

void kz_coarse_rotate(float *vector, size_t dimension, const float *signs) {
    size_t power = 1;
    while (power * 2 <= dimension) power *= 2;
    const float scale = 1 / __builtin_sqrtf((float)power);
    for (size_t round = 0; round < 4; round++) {
        for (size_t i = 0; i < dimension; i++) vector[i] = vector[i] * signs[round * dimension + i];
        float *part = round % 2 == 0 ? vector : vector + dimension - power;
        kz_hadamard(part, power);
        for (size_t i = 0; i < power; i++) part[i] = part[i] * scale;
        if (power == dimension) continue;
        // Without it, the components at one end would meet those at the other in one round only.
        for (size_t i = 0; i < dimension / 2; i++) {
            const float a = vector[i], b = vector[i + dimension / 2];
            vector[i] = (a + b) * 0.70710678f;
            vector[i + dimension / 2] = (a - b) * 0.70710678f;
        }
    }
}

float kz_coarse_residual(const float *vector, const float *centroid, size_t count, float *residual) {
    float sums[16] = {0};
    for (size_t index = 0; index < count; index += 16) {
        for (size_t i = 0; i < 16; i++) {
            const float difference = vector[index + i] - centroid[index + i];
            residual[index + i] = difference;
            const float square = difference * difference;
            sums[i] = sums[i] + square;
        }
    }
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t i = 0; i < half; i++) sums[i] = sums[i] + sums[i + half];
    }
    return sums[0];
}

float kz_coarse_encode(const float *vector, size_t byteCount, uint8_t *code) {
    float sums[8] = {0};
    for (size_t byte = 0; byte < byteCount; byte++) {
        uint8_t bits = 0;
        for (size_t i = 0; i < 8; i++) {
            const float component = vector[byte * 8 + i];
            bits |= (uint8_t)((component >= 0) << i);
            sums[i] = sums[i] + __builtin_fabsf(component);
        }
        code[byte * 32] = bits;
    }
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void kz_coarse_make_tables(const float *vector, size_t byteCount, uint8_t *tables, struct kz_coarse_query *query) {
    static const size_t places[4] = {0, 4, 2, 6};
    float largest = 0, offset = 0;
    for (size_t h = 0; h < byteCount * 2; h++) {
        const float *q = vector + h * 4;
        const float magnitude =
            (__builtin_fabsf(q[0]) + __builtin_fabsf(q[1])) + (__builtin_fabsf(q[2]) + __builtin_fabsf(q[3]));
        largest = magnitude > largest ? magnitude : largest;
        offset = offset - magnitude;
    }
    // A query of zeros has tables of zeros whatever the step is.
    const float step = largest > 0 ? 2 * largest / 31 : 1, inverse = 1 / step;
    for (size_t h = 0; h < byteCount * 2; h++) {
        const float *q = vector + h * 4;
        const float magnitude =
            (__builtin_fabsf(q[0]) + __builtin_fabsf(q[1])) + (__builtin_fabsf(q[2]) + __builtin_fabsf(q[3]));
        const kz_four low = {-q[0] - q[1], q[0] - q[1], q[1] - q[0], q[0] + q[1]};
        const float high[4] = {-q[2] - q[3], q[2] - q[3], q[3] - q[2], q[2] + q[3]};
        float entries[16];
        for (size_t upper = 0; upper < 4; upper++) {
            const float rest = high[upper] + magnitude;
            const kz_four sums = (low + rest) * inverse + 0.5f;
            *(kz_four *)(entries + upper * 4) = sums;
        }
        uint8_t *table = tables + (h / 4 * 8 + places[h % 4]) * 16;
        for (size_t bits = 0; bits < 16; bits++) {
            // Rounding may take the largest a hair above 31 and the smallest a hair below 0.
            const float most = entries[bits] < 31.5f ? entries[bits] : 31.5f;
            const float entry = most > 0 ? most : 0;
            table[bits] = (uint8_t)(int32_t)entry;
        }
        for (size_t bits = 0; bits < 16; bits++) table[16 + bits] = table[bits];
    }
    query->step = step;
    query->offset = offset;
}
