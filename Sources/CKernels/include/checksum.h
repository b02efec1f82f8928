// CRC-32C (Castagnoli), by which damage to what was written is found: all errors of up to 32 bits in a row, and of others
// all but one in 2^32. As in RFC 3720 (iSCSI), 12.1: polynomial 0x1edc6f41, reflected, begun with and ended by inverting.
#ifndef KZ_CHECKSUM_H
#define KZ_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The checksum of what `checksum` is of, followed by `count` bytes; 0 is that of nothing.
typedef uint32_t (*kz_checksum_function)(uint32_t checksum, const uint8_t *bytes, size_t count);

struct kz_checksum_kernel {
    const char *name;
    uint32_t features;  // bits of kz_cpu_features that it needs
    kz_checksum_function update;
};

// The variants in this binary, worst first; the first is the scalar one, the specification, and needs nothing.
size_t kz_checksum_kernel_count(void);
const struct kz_checksum_kernel *kz_checksum_kernel_at(size_t index);

#ifdef __cplusplus
}
#endif
#endif
