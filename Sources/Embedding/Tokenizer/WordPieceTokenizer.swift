/// Splits a text into the pieces of a BERT vocabulary: the ids that the Python package `tokenizers` gives with
/// BertNormalizer (lower-casing), BertPreTokenizer and WordPiece.
///
/// Work is bounded by one pass over the text's bytes, and ends where the piece limit is reached.
public struct WordPieceTokenizer: Sendable {
    /// - Parameters:
    ///   - vocabularyContents: The bytes of a `vocab.txt`: one piece a line, numbered from 0, among them `[CLS]`, `[SEP]`
    ///     and `[UNK]`.
    ///   - path: Named in errors only.
    public init(vocabularyContents: [UInt8], path: String) throws(ModelError) {
        let vocabulary = try Vocabulary(contents: vocabularyContents, path: path)
        func required(_ piece: String) throws(ModelError) -> Int32 {
            guard let id = vocabulary.id(of: piece) else {
                throw .invalidVocabulary(path: path, line: 0, problem: "has no piece \(piece)")
            }
            return id
        }
        classification = try required("[CLS]")
        separator = try required("[SEP]")
        unknown = try required("[UNK]")
        specialTokens = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"].compactMap { token in
            vocabulary.id(of: token).map { (Array(token.unicodeScalars), $0) }
        }
        self.vocabulary = vocabulary
    }

    let vocabulary: Vocabulary
    private let classification: Int32
    private let separator: Int32
    private let unknown: Int32
    /// Written out in a text, these stand for themselves, as in the reference; all begin with `[`.
    private let specialTokens: [(scalars: [Unicode.Scalar], id: Int32)]

    /// A longer word is `[UNK]`: `max_input_chars_per_word` of the reference.
    private static let wordCharactersMax = 100

    /// The ids of `text`'s pieces between `[CLS]` and `[SEP]`.
    ///
    /// - Parameter limit: At least 2; the text's last pieces are cut off so that no more than `limit` ids come back.
    /// - Complexity: O(bytes of `text` up to the limit).
    public func pieces(of text: String, limit: Int) -> [Int32] {
        precondition(limit >= 2, "there is no room for [CLS] and [SEP]")
        var output = Output(pieces: [classification], limit: limit - 1)
        var word = Word()
        let characters = BertCharacterMap.shared
        var scalars = text.unicodeScalars.makeIterator()
        while output.pieces.count < output.limit, let scalar = scalars.next() {
            if scalar == "[", let (token, rest) = specialToken(after: scalars) {
                finish(&word, into: &output)
                output.pieces.append(token)
                scalars = rest
                continue
            }
            switch characters.action(for: scalar.value) {
            case .keep: word.append(scalar.value)
            case .drop: break
            case .separate: finish(&word, into: &output)
            case .isolate: isolate(scalar.value, &word, into: &output)
            case .replace(let codePoint): word.append(codePoint)
            case .expand(let index): expand(from: index, &word, into: &output)
            case .decomposeHangul:
                let letters = Hangul.letters(of: scalar.value)
                word.append(letters.leading)
                word.append(letters.vowel)
                if letters.trailing != 0 { word.append(letters.trailing) }
            }
        }
        finish(&word, into: &output)
        output.pieces.removeLast(max(0, output.pieces.count - output.limit))
        output.pieces.append(separator)
        return output.pieces
    }

    private struct Output {
        var pieces: [Int32]
        /// Pieces wanted, without `[SEP]`; a word's last ones may go past it.
        let limit: Int
    }

    /// The normalized word being collected. Characters past the longest allowed word are counted, not kept.
    private struct Word {
        var bytes: [UInt8] = []
        var characterCount = 0
        /// Scratch for `longestPiece`, kept to spare an allocation a piece.
        var prefixHashes: [UInt64] = []

        mutating func append(_ codePoint: UInt32) {
            characterCount += 1
            guard characterCount <= wordCharactersMax else { return }
            if codePoint < 0x80 {
                bytes.append(UInt8(codePoint))
            } else if let scalar = Unicode.Scalar(codePoint), let encoded = UTF8.encode(scalar) {
                bytes.append(contentsOf: encoded)
            }
        }
    }

    private func isolate(_ codePoint: UInt32, _ word: inout Word, into output: inout Output) {
        finish(&word, into: &output)
        word.append(codePoint)
        finish(&word, into: &output)
    }

    private func expand(from index: Int, _ word: inout Word, into output: inout Output) {
        var index = index
        while true {
            let entry = BertCharacterMap.expansions[index]
            let codePoint = entry & 0x1f_ffff
            if entry & 1 << 21 != 0 { isolate(codePoint, &word, into: &output) } else { word.append(codePoint) }
            if entry & 1 << 22 != 0 { return }
            index += 1
        }
    }

    /// The special token whose `[` has just been read, and the iterator past its end.
    private func specialToken(
        after scalars: String.UnicodeScalarView.Iterator
    ) -> (id: Int32, rest: String.UnicodeScalarView.Iterator)? {
        for (token, id) in specialTokens {
            var rest = scalars
            if token.dropFirst().allSatisfy({ rest.next() == $0 }) { return (id, rest) }
        }
        return nil
    }

    /// Greedy longest match first; a word with a part that no piece matches is one `[UNK]`.
    private func finish(_ word: inout Word, into output: inout Output) {
        defer {
            word.bytes.removeAll(keepingCapacity: true)
            word.characterCount = 0
        }
        guard word.characterCount > 0 else { return }
        guard word.characterCount <= Self.wordCharactersMax else { return output.pieces.append(unknown) }
        let pieceCountBefore = output.pieces.count
        var start = 0
        while start < word.bytes.count {
            guard let (id, end) = longestPiece(of: &word, from: start) else {
                output.pieces.removeLast(output.pieces.count - pieceCountBefore)
                return output.pieces.append(unknown)
            }
            output.pieces.append(id)
            start = end
        }
    }

    private func longestPiece(of word: inout Word, from start: Int) -> (id: Int32, end: Int)? {
        let furthest = min(word.bytes.count, start + vocabulary.longestPieceBytes)
        word.prefixHashes.removeAll(keepingCapacity: true)
        var hash = Vocabulary.hashStart(continuing: start > 0)
        for index in start..<furthest {
            hash = Vocabulary.hash(hash, adding: word.bytes[index])
            word.prefixHashes.append(hash)
        }
        for end in (start + 1...furthest).reversed() {
            let hash = word.prefixHashes[end - start - 1]
            if let id = vocabulary.id(of: word.bytes[start..<end], hash: hash, continuing: start > 0) { return (id, end) }
        }
        return nil
    }
}
