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
