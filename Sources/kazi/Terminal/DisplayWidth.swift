/// How many columns a terminal gives to text.
enum DisplayWidth {
    /// Columns of a text without control characters: 2 for East Asian wide characters and emoji, 0 for marks that
    /// combine with what is before them, 1 for the rest.
    static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + of($1) } }

    static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.properties.generalCategory == .nonspacingMark || first.properties.generalCategory == .enclosingMark
            || first.properties.generalCategory == .format
        {
            return 0
        }
        // An emoji made of several scalars is as wide as one; the variation selector 16 asks for the emoji form.
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        return wideRanges.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// The blocks whose characters are Wide or Fullwidth in Unicode's EastAsianWidth.txt.
    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x2FFFD, 0x30000...0x3FFFD,
    ]

    /// The text as one line of at most `width` columns, an ellipsis at its end where something is cut off. Control
    /// characters and line ends become spaces, so that no record can move a terminal's cursor.
    static func truncated(_ text: String, to width: Int) -> String {
        let line = String(text.map { isControl($0) ? " " : $0 })
        guard of(line) > width else { return line }
        guard width > 0 else { return "" }
        var cut = ""
        var used = 0
        for character in line {
            let columns = of(character)
            guard used + columns <= width - 1 else { break }
            cut.append(character)
            used += columns
        }
        return cut + "…"
    }

    private static func isControl(_ character: Character) -> Bool {
        guard let first = character.unicodeScalars.first else { return false }
        switch first.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }
}
