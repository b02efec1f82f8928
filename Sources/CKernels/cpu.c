#include "cpu.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t kz_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

// Intel SDM volume 2, CPUID leaves 1 and 7; volume 1, 14.3 and 15.2 for what the operating system must have enabled.
static uint32_t kz_detect(void) {
    uint32_t a, b, c, d, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if ((c >> 20) & 1) features |= KZ_CPU_CRC32C;  // part of SSE4.2, whose registers every x86-64 system saves
    const int osxsave = (c >> 27) & 1, avx = (c >> 28) & 1, fma = (c >> 12) & 1, f16c = (c >> 29) & 1, popcnt = (c >> 23) & 1;
    if (!osxsave || !avx) return features;
    const uint64_t xcr0 = kz_xcr0();
    if ((xcr0 & 0x6) != 0x6) return features;
    uint32_t b7, c7, d7;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) return features;
    const uint32_t subleaves = a;
    const int avx2 = (b7 >> 5) & 1, bmi2 = (b7 >> 8) & 1;
    if (!(avx2 && fma && f16c && popcnt && bmi2)) return features;
    features |= KZ_CPU_AVX2;
    uint32_t a71 = 0;
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &a71, &b, &c, &d)) {
        if ((a71 >> 4) & 1) features |= KZ_CPU_AVX_VNNI;
    } else {
        a71 = 0;
    }
    const int f = (b7 >> 16) & 1, dq = (b7 >> 17) & 1, bw = (b7 >> 30) & 1, vl = (b7 >> 31) & 1;
    if ((xcr0 & 0xe6) == 0xe6 && f && dq && bw && vl) {
        features |= KZ_CPU_AVX512;
        if ((c7 >> 11) & 1) features |= KZ_CPU_AVX512_VNNI;
        if ((c7 >> 14) & 1) features |= KZ_CPU_AVX512_VPOPCNTDQ;
        if ((a71 >> 5) & 1) features |= KZ_CPU_AVX512_BF16;
    }
    return features;
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

static uint32_t kz_detect(void) {
    uint32_t features = KZ_CPU_NEON;               // part of the base instruction set
    // HWCAP_ASIMDDP and HWCAP_CRC32, arm64 hwcaps in the kernel's documentation
    const unsigned long hwcapAsimdDp = 1ul << 20, hwcapCRC32 = 1ul << 7;
    if (getauxval(AT_HWCAP) & hwcapAsimdDp) features |= KZ_CPU_NEON_DOTPROD;
    if (getauxval(AT_HWCAP) & hwcapCRC32) features |= KZ_CPU_CRC32C;
    return features;
}
#else
static uint32_t kz_detect(void) { return 0; }
#endif

uint32_t kz_cpu_features_limited(uint32_t features, const char *kernels) {
    if (kernels == NULL) return features;
    if (strcmp(kernels, "scalar") == 0) return 0;
    if (strcmp(kernels, "avx2") == 0) return features & (KZ_CPU_AVX2 | KZ_CPU_AVX_VNNI | KZ_CPU_CRC32C);
    if (strcmp(kernels, "neon") == 0) return features & (KZ_CPU_NEON | KZ_CPU_CRC32C);
    return features;
}

uint32_t kz_cpu_features(void) {
    return kz_cpu_features_limited(kz_detect(), getenv("KAZI_KERNELS"));
}
