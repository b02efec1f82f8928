/// What a person types, as a query of FTS5's language that is never an error and never means anything but words.
///
/// Words are what white space separates. All must be in the record, in whatever fields and order. Upper and lower case
/// and diacritics do not matter. A word that has punctuation within (`c++/java`, `e-mail`) is matched as its parts, one
/// after the other. A word that ends in `*` matches whatever begins so. A word that is nothing but punctuation is
/// passed over; when there is no other, nothing matches.
struct KeywordQuery {
    static let wordCountMax = 64

    /// The MATCH argument; `nil` when there is nothing to look for, and so nothing to find.
    let match: [UInt8]?

    init(_ text: String) throws(StoreError) {
        // FTS5 reads its query up to the first NUL.
        let words = text.unicodeScalars.split { $0.properties.isWhitespace || $0 == "\0" }
        guard words.count <= Self.wordCountMax else {
            throw .keywordTooLong(wordCount: words.count, limit: Self.wordCountMax)
        }
        let terms = words.compactMap { word -> String? in
            let isPrefix = word.last == "*"
            let stem = String(Substring(word)).replacing("\"", with: "\"\"")
            // Within quotes only the quote means anything; a term without a letter or digit is dropped by FTS5 itself.
            return isPrefix ? "\"\(stem)\" *" : "\"\(stem)\""
        }
        match = terms.isEmpty ? nil : [UInt8](terms.joined(separator: " ").utf8)
    }
}
