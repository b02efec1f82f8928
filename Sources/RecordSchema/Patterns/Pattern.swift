/// A regular expression from a collection file, in the dialect that Pydantic uses: that of Rust's `regex` crate,
/// which searches anywhere in the text, knows no back references and no look-around, and needs time linear in the
/// text whatever the pattern.
///
/// Supported: literals, `.`, classes (`[a-z]`, `[^…]`, `\d \w \s \D \W \S` over Unicode, `\p{L}` and the other general
/// categories), groups, alternation, `* + ?` and `{m}`, `{m,}`, `{m,n}` (also lazy), `^ $ \A \z \b \B`, and the
/// escapes `\t \n \r \f \v \a \xHH \x{…} \uHHHH \u{…}`. Not supported, and refused: flags, nested classes and class
/// operations, and named properties other than general categories.
public struct Pattern: Sendable, Hashable {
    /// As it was written.
    public let source: String
    private let program: PatternProgram

    public init(_ source: String) throws(PatternError) {
        var parser = PatternParser(source)
        self.source = source
        self.program = try PatternProgram(try parser.pattern())
    }

    /// Whether some part of `text` matches.
    ///
    /// - Complexity: O(length of `text` × `PatternProgram.instructionCountLimit`).
    public func matches(_ text: String) -> Bool {
        program.matches(text)
    }

    public static func == (left: Pattern, right: Pattern) -> Bool {
        left.source.hasSameCodePoints(as: right.source)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(source)
    }
}

/// Why a pattern cannot be used.
public struct PatternError: Error, Sendable, Hashable {
    /// Such as `no ) for the ( before it`.
    public let reason: String
    /// Characters before the place.
    public let position: Int
}

/// A pattern as a tree.
indirect enum PatternNode {
    case empty
    case scalar(ScalarClass)
    case assertion(PatternAssertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    case repeated(PatternNode, minimum: Int, maximum: Int?)
}

enum PatternAssertion {
    case textStart, textEnd, wordBoundary, noWordBoundary
}

/// A set of Unicode scalars.
struct ScalarClass: Sendable {
    enum Member: Sendable {
        case range(ClosedRange<UInt32>)
        case digit, word, space
        /// Two letters, such as `Lu`, or one for a group of categories.
        case category(String)
        case not(ScalarClass)
    }

    var members: [Member]
    var isNegated = false

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        members.contains { Self.matches($0, scalar) } != isNegated
    }

    private static func matches(_ member: Member, _ scalar: Unicode.Scalar) -> Bool {
        switch member {
        case .range(let range): range.contains(scalar.value)
        case .digit: scalar.properties.generalCategory == .decimalNumber
        case .word: isWord(scalar)
        case .space: scalar.properties.isWhitespace
        case .category(let name): scalar.properties.generalCategory.abbreviation.hasPrefix(name)
        case .not(let other): !other.contains(scalar)
        }
    }

    /// `\w` of Unicode's UTS #18.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}

extension Unicode.GeneralCategory {
    /// The two letters of the Unicode standard.
    var abbreviation: String {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }

    static let abbreviations: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co", "Cn",
    ]
}
