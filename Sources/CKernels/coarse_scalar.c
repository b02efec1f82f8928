// The coarse scan's specification: coarse.h in plain C. The other files give the same bits.
#include "coarse_variants.h"

#pragma STDC FP_CONTRACT OFF

// Where table h is stored first.
static const uint8_t *kz_table(const uint8_t *tables, size_t h) {
    static const size_t places[4] = {0, 4, 2, 6};
    return tables + (h / 4 * 8 + places[h % 4]) * 16;
}

size_t kz_coarse_scalar(
    const struct kz_coarse_rows *rows, const struct kz_coarse_query *query, size_t firstRow, size_t endRow,
    uint32_t *hitRows, float *hitBounds
) {
    size_t count = 0;
    for (size_t row = firstRow; row < endRow; row++) {
        const uint8_t *code = rows->codes + row / 32 * rows->byteCount * 32 + row % 32;
        uint32_t sum = 0;
        for (size_t byte = 0; byte < rows->byteCount; byte++) {
            sum += kz_table(query->tables, 2 * byte)[code[byte * 32] & 15];
            sum += kz_table(query->tables, 2 * byte + 1)[code[byte * 32] >> 4];
        }
        float bound = (float)sum * query->step;
        bound = bound + query->offset;
        bound = bound * rows->factors[row];
        bound = bound + query->base;
        if (rows->biases != NULL) bound = bound + rows->biases[row];
        const float margin = rows->errors[row] * query->errorWeight;
        bound = bound + margin;
        if (bound >= query->threshold) {
            hitRows[count] = (uint32_t)row;
            hitBounds[count] = bound;
            count++;
        }
    }
    return count;
}
