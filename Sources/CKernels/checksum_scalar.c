#include "checksum_variants.h"

// A table of sixteen, for half a byte at a time, instead of one of 256: it stays in a line of cache, and it is short enough
// to be checked by eye. Entry i is what shifting i out by four bits leaves of it, modulo the polynomial.
static const uint32_t kz_checksum_nibbles[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t kz_checksum_scalar(uint32_t checksum, const uint8_t *bytes, size_t count) {
    uint32_t state = ~checksum;
    for (size_t i = 0; i < count; i++) {
        state ^= bytes[i];
        state = (state >> 4) ^ kz_checksum_nibbles[state & 15];
        state = (state >> 4) ^ kz_checksum_nibbles[state & 15];
    }
    return ~state;
}
