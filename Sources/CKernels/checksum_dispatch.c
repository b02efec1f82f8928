#include "checksum_variants.h"

static const struct kz_checksum_kernel kz_checksum_kernels[] = {
    {"scalar", 0, kz_checksum_scalar},
#if defined(__x86_64__)
    {"sse42", KZ_CPU_CRC32C, kz_checksum_sse42},
#elif defined(__aarch64__)
    {"armv8", KZ_CPU_CRC32C, kz_checksum_armv8},
#endif
};

size_t kz_checksum_kernel_count(void) { return sizeof kz_checksum_kernels / sizeof kz_checksum_kernels[0]; }

const struct kz_checksum_kernel *kz_checksum_kernel_at(size_t index) { return &kz_checksum_kernels[index]; }
