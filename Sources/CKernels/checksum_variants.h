#ifndef KZ_CHECKSUM_VARIANTS_H
#define KZ_CHECKSUM_VARIANTS_H

#include "checksum.h"
#include "cpu.h"

uint32_t kz_checksum_scalar(uint32_t checksum, const uint8_t *bytes, size_t count);
#if defined(__x86_64__)
uint32_t kz_checksum_sse42(uint32_t checksum, const uint8_t *bytes, size_t count);
#elif defined(__aarch64__)
uint32_t kz_checksum_armv8(uint32_t checksum, const uint8_t *bytes, size_t count);
#endif

#endif
