import Crypto

/// Comparing and making bytes that an attacker must not learn.
enum SecretBytes {
    /// Whether both are the same bytes, in a time that depends on their counts alone.
    ///
    /// `SymmetricKey` compares with BoringSSL's `CRYPTO_memcmp`, which no optimiser may shorten; a loop of ours could be.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        SymmetricKey(data: left) == SymmetricKey(data: right)
    }

    /// From the given generator; callers outside of tests pass the system's, which is `getrandom` on Linux.
    static func random(byteCount: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
