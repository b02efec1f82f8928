// Private to the scan's files: the variants that dispatch chooses from.
#ifndef KZ_SCAN_VARIANTS_H
#define KZ_SCAN_VARIANTS_H

#include "scan.h"

#include "cpu.h"

void kz_scan_scalar(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);
#if defined(__x86_64__)
void kz_scan_avx2(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);
void kz_scan_avx512vnni(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);
#elif defined(__aarch64__)
void kz_scan_neon(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);
void kz_scan_neon_dotprod(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);
#endif

// Writes the hits of one block: those rows of `mask` whose bit is set, with their keys.
static inline void kz_scan_emit(struct kz_scan_query *query, uint32_t mask, const float *keys, uint32_t firstRow) {
    uint32_t count = query->hitCount;
    while (mask != 0) {
        const uint32_t row = (uint32_t)__builtin_ctz(mask);
        query->hitRows[count] = firstRow + row;
        query->hitKeys[count] = keys[row];
        count++;
        mask &= mask - 1;
    }
    query->hitCount = count;
}

#endif
