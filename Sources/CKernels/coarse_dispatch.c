#include "coarse_variants.h"

static const struct kz_coarse_kernel kz_coarse_kernels[] = {
    {"scalar", 0, kz_coarse_scalar},
#if defined(__x86_64__)
    {"avx2", KZ_CPU_AVX2, kz_coarse_avx2},
    {"avx512", KZ_CPU_AVX512, kz_coarse_avx512},
#elif defined(__aarch64__)
    {"neon", KZ_CPU_NEON, kz_coarse_neon},
#endif
};

size_t kz_coarse_kernel_count(void) { return sizeof kz_coarse_kernels / sizeof kz_coarse_kernels[0]; }

const struct kz_coarse_kernel *kz_coarse_kernel_at(size_t index) { return &kz_coarse_kernels[index]; }
