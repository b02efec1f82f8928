extension PasswordHash {
    /// Longer texts are not looked at; the longest valid one has 200 bytes.
    private static let textLimitBytes = 256

    /// `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`.
    public var encoded: String {
        "$scrypt$ln=\(cost.logRounds),r=\(Cost.blockSize),p=\(cost.parallelism)"
            + "$\(Base64.standard.encode(salt) as String)$\(Base64.standard.encode(hash) as String)"
    }

    /// Reads a stored hash. What it may ask for is bounded, so that a changed row cannot take the machine's memory.
    public init(encoded text: String) throws(PasswordError) {
        guard text.utf8.count <= Self.textLimitBytes else { throw .malformed }
        let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1].elementsEqual("scrypt".utf8) else { throw .malformed }

        let parameters = parts[2].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parameters.count == 3,
            let logRounds = Self.number(parameters[0], named: "ln="),
            let blockSize = Self.number(parameters[1], named: "r="),
            let parallelism = Self.number(parameters[2], named: "p=")
        else { throw .malformed }
        guard blockSize == Cost.blockSize, let cost = Cost(logRounds: logRounds, parallelism: parallelism) else {
            throw .costOutOfBounds(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
        }

        guard let salt = Base64.standard.decode(parts[3]), Self.saltBytesRange.contains(salt.count),
            let hash = Base64.standard.decode(parts[4]), Self.hashBytesRange.contains(hash.count)
        else { throw .malformed }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    /// A decimal number of 1 to 4 digits, without sign or leading zero.
    private static func number(_ text: Substring.UTF8View, named name: String) -> Int? {
        guard text.starts(with: name.utf8) else { return nil }
        let digits = text.dropFirst(name.utf8.count)
        guard (1...4).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != 0x30
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
