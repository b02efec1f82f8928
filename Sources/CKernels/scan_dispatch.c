#include "scan_variants.h"

static const struct kz_scan_kernel kz_scan_kernels[] = {
    {"scalar", 0, kz_scan_scalar, kz_rescore_scalar},
#if defined(__x86_64__)
    {"avx2", KZ_CPU_AVX2, kz_scan_avx2, kz_rescore_avx2},
    {"avx512vnni", KZ_CPU_AVX512 | KZ_CPU_AVX512_VNNI, kz_scan_avx512vnni, kz_rescore_avx512vnni},
#elif defined(__aarch64__)
    {"neon", KZ_CPU_NEON, kz_scan_neon, kz_rescore_neon},
    {"neon-dotprod", KZ_CPU_NEON | KZ_CPU_NEON_DOTPROD, kz_scan_neon_dotprod, kz_rescore_neon_dotprod},
#endif
};

size_t kz_scan_kernel_count(void) { return sizeof kz_scan_kernels / sizeof kz_scan_kernels[0]; }

const struct kz_scan_kernel *kz_scan_kernel_at(size_t index) { return &kz_scan_kernels[index]; }
