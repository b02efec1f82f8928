// Single rows: writing and scoring them. Portable C, the same bits on every machine.
#include "scan.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Adding 1.5 * 2^23 leaves the nearest integer, ties to even, in the low bits of the sum for |x| < 2^22, without a
// call to the rounding function that plain x86-64 has no instruction for.
static inline uint8_t kz_scan_code(float x) {
    const float shifted = x + 12582912.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return (uint8_t)(bits + 128u);
}

void kz_scan_encode_row(const float *vector, size_t dimension, float factor, uint8_t *row, size_t rowStride) {
    for (size_t index = 0; index < dimension; index++) row[index] = kz_scan_code(vector[index] * factor);
    for (size_t index = dimension; index < rowStride; index++) row[index] = 128;
}

static inline float kz_scan_add_lanes(float sums[16]) {
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t i = 0; i < half; i++) sums[i] = sums[i] + sums[i + half];
    }
    return sums[0];
}

float kz_scan_row_product(const uint8_t *row, const float *vector, size_t rowStride) {
    float sums[16] = {0};
    for (size_t index = 0; index < rowStride; index += 16) {
        for (size_t i = 0; i < 16; i++) {
            const float product = vector[index + i] * (float)((int32_t)row[index + i] - 128);
            sums[i] = sums[i] + product;
        }
    }
    return kz_scan_add_lanes(sums);
}

float kz_scan_row_distance_squared(const uint8_t *row, const float *vector, float scale, size_t rowStride) {
    float sums[16] = {0};
    for (size_t index = 0; index < rowStride; index += 16) {
        for (size_t i = 0; i < 16; i++) {
            const float component = (float)((int32_t)row[index + i] - 128) * scale;
            const float difference = vector[index + i] - component;
            const float square = difference * difference;
            sums[i] = sums[i] + square;
        }
    }
    return kz_scan_add_lanes(sums);
}

int32_t kz_scan_row_square_sum(const uint8_t *row, size_t rowStride) {
    int32_t sum = 0;
    for (size_t index = 0; index < rowStride; index++) {
        const int32_t code = (int32_t)row[index] - 128;
        sum += code * code;
    }
    return sum;
}

double kz_scan_square_sum(const float *vector, size_t count) {
    double sums[4] = {0, 0, 0, 0};
    size_t index = 0;
    for (; index + 4 <= count; index += 4) {
        for (size_t i = 0; i < 4; i++) {
            const double square = (double)vector[index + i] * (double)vector[index + i];
            sums[i] = sums[i] + square;
        }
    }
    for (size_t i = 0; index + i < count; i++) {
        const double square = (double)vector[index + i] * (double)vector[index + i];
        sums[i] = sums[i] + square;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

float kz_scan_largest_magnitude(const float *vector, size_t count) {
    float largest = 0;
    for (size_t index = 0; index < count; index++) {
        const float magnitude = __builtin_fabsf(vector[index]);
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

void kz_scan_decode_row(const uint8_t *row, float scale, float *vector, size_t rowStride) {
    for (size_t index = 0; index < rowStride; index++) vector[index] = (float)((int32_t)row[index] - 128) * scale;
}

// Below it, a largest component is taken for zero: its inverse times 127 would overflow.
static const float kz_scan_smallest_magnitude = 1e-30f;

float kz_scan_encode_query(const float *vector, size_t rowStride, int8_t *codes, int32_t *codeSum) {
    // The values of one sign in a pair sum up to at most 127 before rounding, which adds at most a half to each.
    float largest = 0;
    for (size_t index = 0; index < rowStride; index += 2) {
        const float a = vector[index], b = vector[index + 1];
        const float positive = (a > 0 ? a : 0) + (b > 0 ? b : 0), negative = (a < 0 ? -a : 0) + (b < 0 ? -b : 0);
        const float pair = positive > negative ? positive : negative;
        largest = pair > largest ? pair : largest;
    }
    const float factor = largest >= kz_scan_smallest_magnitude ? 127 / largest : 1;
    int32_t sum = 0;
    for (size_t index = 0; index < rowStride; index++) {
        const int8_t code = (int8_t)(kz_scan_code(vector[index] * factor) ^ 0x80);
        codes[index] = code;
        sum += code;
    }
    *codeSum = sum;
    return factor;
}

float kz_scan_encode_fine_query(const float *vector, size_t rowStride, int16_t *codes) {
    float largest = 0, sum = 0;
    for (size_t index = 0; index < rowStride; index++) {
        const float magnitude = __builtin_fabsf(vector[index]);
        largest = magnitude > largest ? magnitude : largest;
        sum = sum + magnitude;
    }
    if (largest < kz_scan_smallest_magnitude) {
        for (size_t index = 0; index < rowStride; index++) codes[index] = 0;
        return 1;
    }
    // Rounding adds at most a half to each of 4,096 magnitudes; the sum itself may be off by 4,096 roundings.
    const float byLargest = 32766 / largest, bySum = 16760000 / sum;
    const float factor = byLargest < bySum ? byLargest : bySum;
    for (size_t index = 0; index < rowStride; index++) {
        const float shifted = vector[index] * factor + 12582912.0f;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        codes[index] = (int16_t)(bits & 0xffff);
    }
    return factor;
}
