// Private to the scan's files: the variants that dispatch chooses from.
#ifndef KZ_SCAN_VARIANTS_H
#define KZ_SCAN_VARIANTS_H

#include "scan.h"

#include "cpu.h"

#define KZ_DECLARE_SCAN(variant)                                                                                  \
    void kz_scan_##variant(const struct kz_scan_rows *rows, struct kz_scan_query *queries, size_t queryCount);    \
    void kz_rescore_##variant(                                                                                    \
        const uint8_t *const *rows, size_t rowCount, const int16_t *query, size_t rowStride, int32_t *sums);

KZ_DECLARE_SCAN(scalar)
#if defined(__x86_64__)
KZ_DECLARE_SCAN(avx2)
KZ_DECLARE_SCAN(avx512vnni)
#elif defined(__aarch64__)
KZ_DECLARE_SCAN(neon)
KZ_DECLARE_SCAN(neon_dotprod)
#endif

#endif
