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

extension AccessNameFault {
    /// One sentence for a person.
    public var explanation: String {
        switch self {
        case .length(let nameBytes, let allowed):
            "The name has \(nameBytes) bytes; \(allowed.lowerBound) to \(allowed.upperBound) are allowed"
        case .controlCharacter: "The name has control characters"
        case .surroundingWhitespace: "The name begins or ends with white space"
        }
    }
}
