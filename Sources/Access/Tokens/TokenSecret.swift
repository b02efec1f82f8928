import Crypto

/// A secret that signs tokens: `KAZI_JWT_SECRET` or the one before it.
public struct TokenSecret: Sendable {
    /// HS256 needs a key at least as long as its output: RFC 7518 §3.2.
    public static let minimumBytes = 32
    public static let limitBytes = 4096

    let key: SymmetricKey
    /// Which secret signed a token, told without telling the secret: 16 hexadecimal digits of a digest. Whoever holds a
    /// token could test guesses of the secret against its signature anyway, so the digest gives nothing away.
    let id: String

    /// - Parameter variable: The name for error messages, such as `KAZI_JWT_SECRET`.
    public init(_ secret: String, variable: String) throws(AccessConfigurationError) {
        try self.init(bytes: Array(secret.utf8), variable: variable)
    }

    init(bytes: [UInt8], variable: String) throws(AccessConfigurationError) {
        guard bytes.count >= Self.minimumBytes else {
            throw .secretTooShort(variable: variable, secretBytes: bytes.count, minimumBytes: Self.minimumBytes)
        }
        guard bytes.count <= Self.limitBytes else {
            throw .secretTooLong(variable: variable, secretBytes: bytes.count, limitBytes: Self.limitBytes)
        }
        key = SymmetricKey(data: bytes)
        let digest = SHA256.hash(data: Array("kazi token secret ".utf8) + bytes)
        id = digest.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func signature(of bytes: some Sequence<UInt8>) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(bytes), using: key))
    }

    /// In constant time.
    func isSignature(_ signature: [UInt8], of bytes: some Sequence<UInt8>) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: Array(bytes), using: key)
    }
}

extension TokenSecret: CustomStringConvertible, CustomReflectable {
    /// The id, so that a secret that is printed by mistake is not told.
    public var description: String { "token secret \(id)" }
    public var customMirror: Mirror { Mirror(self, children: [("id", id)]) }
}
