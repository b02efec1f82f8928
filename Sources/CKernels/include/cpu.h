// What the processor that this process runs on can do: read once, so that one binary runs on every x86-64 and arm64.
#ifndef KZ_CPU_H
#define KZ_CPU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// One bit an instruction set that some kernel asks for. A bit is set only if the processor has the instructions *and*
// the operating system saves their registers.
enum {
    KZ_CPU_AVX2 = 1u << 0,              // AVX2, FMA, F16C, POPCNT, BMI2
    KZ_CPU_AVX512 = 1u << 1,            // AVX-512 F, BW, DQ, VL
    KZ_CPU_AVX512_VNNI = 1u << 2,
    KZ_CPU_AVX512_VPOPCNTDQ = 1u << 3,
    KZ_CPU_AVX512_BF16 = 1u << 4,
    KZ_CPU_AVX_VNNI = 1u << 5,          // the 256-bit VEX form
    KZ_CPU_NEON = 1u << 6,
    KZ_CPU_NEON_DOTPROD = 1u << 7,
    KZ_CPU_CRC32C = 1u << 8,            // of SSE4.2, or of ARMv8.1
};

// The bits of this processor, less those that KAZI_KERNELS turns off: `scalar`, `avx2` (no AVX-512) or `neon` (no dot
// products); any other value, or none, leaves all.
uint32_t kz_cpu_features(void);

// The bits that a value of KAZI_KERNELS leaves of `features`; NULL leaves all.
uint32_t kz_cpu_features_limited(uint32_t features, const char *kernels);

#ifdef __cplusplus
}
#endif
#endif
