/// Why a password could not be hashed or checked, or a stored hash not be read. A wrong password is no error.
public enum PasswordError: Error, Equatable, Sendable {
    case passwordLength(passwordBytes: Int, allowed: ClosedRange<Int>)
    /// The text is no `$scrypt$…` string.
    case malformed
    /// The text asks for more, or less, than `PasswordHash.Cost` allows.
    case costOutOfBounds(logRounds: Int, blockSize: Int, parallelism: Int)
    case outOfMemory(neededBytes: Int)
    /// As many verifications as allowed are under way. Nothing was computed; try again after `retryAfter`.
    case busy(retryAfter: Duration)
}

extension PasswordError {
    /// One sentence for a person; nothing of a password or a hash.
    public var explanation: String {
        switch self {
        case .passwordLength(let passwordBytes, let allowed):
            "The password has \(passwordBytes) bytes; \(allowed.lowerBound) to \(allowed.upperBound) are allowed"
        case .malformed: "The password hash is not of the form $scrypt$ln=15,r=8,p=3$salt$hash"
        case .costOutOfBounds(let logRounds, let blockSize, let parallelism):
            "The password hash asks for a cost out of bounds: ln=\(logRounds), r=\(blockSize), p=\(parallelism)"
        case .outOfMemory(let neededBytes): "There is no memory of \(neededBytes) bytes to compute a password hash in"
        case .busy: "Too many passwords are being checked at the moment"
        }
    }
}
