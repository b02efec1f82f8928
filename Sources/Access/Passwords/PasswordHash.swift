import Crypto
import CryptoExtras

/// A person's password as it is stored: scrypt (RFC 7914) with a salt of its own and the parameters it was made with.
///
/// As text it is `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, base64 without padding, which is what Python's passlib writes. The
/// parameters travel with each hash, so that raising the cost leaves old passwords valid; `needsRehash` tells which ones to
/// make anew at the next sign-in.
public struct PasswordHash: Sendable, Equatable {
    /// What a hash costs: 128 · 2^`logRounds` · 8 bytes of memory, and that many times `parallelism` of work.
    public struct Cost: Sendable, Equatable {
        /// log₂ of scrypt's N.
        public let logRounds: Int
        /// scrypt's p; its parts run one after the other here.
        public let parallelism: Int

        /// scrypt's r. Always 8: what every implementation uses and every advice assumes.
        public static let blockSize = 8
        /// What a stored hash may ask for. At the upper end that is 128 MiB, and four times the time of one such pass.
        public static let logRoundsRange = 10...17
        public static let parallelismRange = 1...4
        /// 32 MiB and about as much work as N = 2¹⁷ with p = 1 would be for an attacker: OWASP's Password Storage Cheat
        /// Sheet lists the two as equals. This one takes a quarter of the memory, which a server pays per sign-in.
        public static let standard = Cost(unchecked: 15, 3)
        /// For tests and tools that make many hashes: 1 MiB, some milliseconds.
        static let cheapest = Cost(unchecked: 10, 1)

        /// `nil` outside of `logRoundsRange` and `parallelismRange`.
        public init?(logRounds: Int, parallelism: Int) {
            guard Self.logRoundsRange.contains(logRounds), Self.parallelismRange.contains(parallelism) else { return nil }
            self.init(unchecked: logRounds, parallelism)
        }

        private init(unchecked logRounds: Int, _ parallelism: Int) {
            self.logRounds = logRounds
            self.parallelism = parallelism
        }

        /// The memory one computation takes at its peak.
        public var memoryBytes: Int { 128 * Self.blockSize << logRounds }
    }

    /// Longer passwords are refused, so that nobody sends megabytes to be hashed. None is cut short.
    static let passwordBytesRange = 1...1024
    /// What a new password has in UTF-8. The least is that of NIST SP 800-63B §5.1.1.2; rules about what kinds of characters
    /// it holds do more harm than good, says the same section.
    public static let newPasswordBytesRange = 8...1024
    static let saltBytesRange = 16...64
    static let hashBytesRange = 32...64
    private static let newSaltBytes = 16
    private static let newHashBytes = 32

    public let cost: Cost
    let salt: [UInt8]
    let hash: [UInt8]

    init(cost: Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Hashes a new password. Slow on purpose; keep it off threads that serve.
    ///
    /// - Throws: `PasswordError.passwordLength` outside of `newPasswordBytesRange`, and `.outOfMemory`.
    public init(hashing password: String, cost: Cost = .standard) throws(PasswordError) {
        let passwordBytes = password.utf8.count
        guard Self.newPasswordBytesRange.contains(passwordBytes) else {
            throw .passwordLength(passwordBytes: passwordBytes, allowed: Self.newPasswordBytesRange)
        }
        var generator = SystemRandomNumberGenerator()
        let salt = SecretBytes.random(byteCount: Self.newSaltBytes, using: &generator)
        try self.init(hashing: password, cost: cost, salt: salt)
    }

    init(hashing password: String, cost: Cost, salt: [UInt8], hashBytes: Int = Self.newHashBytes) throws(PasswordError) {
        let bytes = Array(password.utf8)
        guard Self.passwordBytesRange.contains(bytes.count) else {
            throw .passwordLength(passwordBytes: bytes.count, allowed: Self.passwordBytesRange)
        }
        self.init(cost: cost, salt: salt, hash: try Self.derive(bytes, salt, cost, hashBytes))
    }

    /// Random bytes where a hash would be: as slow to verify as any other, and what it is of nobody will find.
    static func ofNoPassword(cost: Cost) -> PasswordHash {
        var generator = SystemRandomNumberGenerator()
        let salt = SecretBytes.random(byteCount: newSaltBytes, using: &generator)
        return PasswordHash(cost: cost, salt: salt, hash: SecretBytes.random(byteCount: newHashBytes, using: &generator))
    }

    /// Whether `password` is the one. Slow on purpose (`PasswordVerifier` keeps it within bounds); takes the same time
    /// whether it is right or wrong, and for a password of a length that nobody can have.
    ///
    /// - Throws: `PasswordError.outOfMemory` alone.
    public func verify(_ password: String) throws(PasswordError) -> Bool {
        var bytes = Array(password.utf8)
        let isPossible = Self.passwordBytesRange.contains(bytes.count)
        // The library traps on an empty password; a stand-in costs the same, and its answer is not used.
        if !isPossible { bytes = [0] }
        let derived = try Self.derive(bytes, salt, cost, hash.count)
        return SecretBytes.areEqual(derived, hash) && isPossible
    }

    /// Whether it was made with other parameters than `cost`.
    public func needsRehash(for cost: Cost = .standard) -> Bool { self.cost != cost }

    private static func derive(
        _ password: [UInt8], _ salt: [UInt8], _ cost: Cost, _ byteCount: Int
    ) throws(PasswordError) -> [UInt8] {
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: password, salt: salt, outputByteCount: byteCount, rounds: 1 << cost.logRounds,
                blockSize: Cost.blockSize, parallelism: cost.parallelism)
            return unsafe key.withUnsafeBytes { unsafe Array($0) }
        } catch {
            // The parameters are within bounds, so what is left is the allocation.
            throw .outOfMemory(neededBytes: cost.memoryBytes)
        }
    }

    /// Both hashes have their salts in the open; comparing in constant time costs nothing, so no caller has to think.
    public static func == (left: PasswordHash, right: PasswordHash) -> Bool {
        left.cost == right.cost && left.salt == right.salt && SecretBytes.areEqual(left.hash, right.hash)
    }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
    /// The cost alone: hashes do not belong in logs. `encoded` is the stored text.
    public var description: String { "scrypt(ln=\(cost.logRounds), r=\(Cost.blockSize), p=\(cost.parallelism))" }
    public var customMirror: Mirror { Mirror(self, children: [("cost", cost)]) }
}
