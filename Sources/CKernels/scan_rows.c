// Single rows within their blocks: writing, moving and rescoring them. Portable C, the same bits on every machine.
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

void kz_scan_encode_row(const float *vector, size_t dimension, float factor, uint8_t *lane) {
    const size_t wholeGroups = dimension / 4;
    for (size_t group = 0; group < wholeGroups; group++) {
        uint8_t codes[4];
        for (size_t i = 0; i < 4; i++) codes[i] = kz_scan_code(vector[group * 4 + i] * factor);
        memcpy(lane + group * 64, codes, 4);
    }
    if (dimension % 4 != 0) {
        uint8_t codes[4] = {128, 128, 128, 128};
        for (size_t i = 0; i < dimension % 4; i++) codes[i] = kz_scan_code(vector[wholeGroups * 4 + i] * factor);
        memcpy(lane + wholeGroups * 64, codes, 4);
    }
}

void kz_scan_copy_row(const uint8_t *lane, uint8_t *otherLane, size_t groupCount) {
    for (size_t group = 0; group < groupCount; group++) memcpy(otherLane + group * 64, lane + group * 64, 4);
}

float kz_scan_row_product(const uint8_t *lane, const float *vector, size_t groupCount) {
    float sums[4] = {0, 0, 0, 0};
    for (size_t group = 0; group < groupCount; group++) {
        for (size_t i = 0; i < 4; i++) {
            const float product = vector[group * 4 + i] * (float)((int32_t)lane[group * 64 + i] - 128);
            sums[i] = sums[i] + product;
        }
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

float kz_scan_row_distance_squared(const uint8_t *lane, const float *vector, float scale, size_t groupCount) {
    float sums[4] = {0, 0, 0, 0};
    for (size_t group = 0; group < groupCount; group++) {
        for (size_t i = 0; i < 4; i++) {
            const float component = (float)((int32_t)lane[group * 64 + i] - 128) * scale;
            const float difference = vector[group * 4 + i] - component;
            const float square = difference * difference;
            sums[i] = sums[i] + square;
        }
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

int32_t kz_scan_row_square_sum(const uint8_t *lane, size_t groupCount) {
    int32_t sum = 0;
    for (size_t group = 0; group < groupCount; group++) {
        for (size_t i = 0; i < 4; i++) {
            const int32_t code = (int32_t)lane[group * 64 + i] - 128;
            sum += code * code;
        }
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
