#include "checksum_variants.h"

#if defined(__aarch64__)
#include <arm_acle.h>
#include <string.h>

__attribute__((target("+crc")))
uint32_t kz_checksum_armv8(uint32_t checksum, const uint8_t *bytes, size_t count) {
    uint32_t state = ~checksum;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        state = __crc32cd(state, word);
    }
    for (; i < count; i++) state = __crc32cb(state, bytes[i]);
    return ~state;
}
#endif
