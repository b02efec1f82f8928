/// A person as the store keeps them.
public struct StoredUser: Sendable, Equatable {
    /// What tokens and profiles call them: 1...256 bytes without control characters.
    public let id: String
    /// What they type to sign in.
    public let name: String
    public let passwordHash: PasswordHash
    /// None: the person may sign in and do nothing.
    public let roles: Set<Role>
    /// Signs in no longer. A token that was issued before stays good until it expires.
    public let isDisabled: Bool

    public init(id: String, name: String, passwordHash: PasswordHash, roles: Set<Role>, isDisabled: Bool = false) {
        self.id = id
        self.name = name
        self.passwordHash = passwordHash
        self.roles = roles
        self.isDisabled = isDisabled
    }
}

/// Why a text cannot be the name of a user or a key.
public enum AccessNameFault: Error, Equatable, Sendable {
    case length(nameBytes: Int, allowed: ClosedRange<Int>)
    /// A line break, a tab, an escape: it would forge lines in lists and logs.
    case controlCharacter
    /// White space at an end is seen by nobody and typed by nobody.
    case surroundingWhitespace

    /// In UTF-8.
    public static let nameBytesRange = 1...200

    /// Throws what is wrong with `name`.
    public static func check(_ name: String) throws(AccessNameFault) {
        guard nameBytesRange.contains(name.utf8.count) else {
            throw .length(nameBytes: name.utf8.count, allowed: nameBytesRange)
        }
        guard !name.unicodeScalars.contains(where: isControl) else { throw .controlCharacter }
        guard name.first?.isWhitespace == false, name.last?.isWhitespace == false else { throw .surroundingWhitespace }
    }

    /// Control and format characters, such as those that turn the direction of a line; the two joiners that some scripts and
    /// emoji are spelt with are none.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar != "\u{200C}", scalar != "\u{200D}" else { return false }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
