/// What BERT's normalizer and pre-tokenizer do to one character: control characters go, white space separates, Chinese
/// characters and punctuation stand alone, accents are stripped (NFD without its non-spacing marks), and what is left is
/// lower-cased.
///
/// The reference, the Python package `tokenizers`, brings Unicode tables of several ages, so the result for each code
/// point is read off it into `ranges` (scripts/embedding/make-character-table) and the Swift runtime's own tables play
/// no part. Every step works on single characters, with one exception: NFD also sorts runs of combining marks. Of these,
/// 181 rare ones survive the stripping; none occurs in a piece of the model's vocabulary, so the word around them is
/// `[UNK]` in any order and sorting is left out.
struct BertCharacterMap: Sendable {
    enum Action: Equatable {
        case keep
        case drop
        case separate
        case isolate
        /// The one character to put in its place.
        case replace(UInt32)
        /// The characters to put in its place: `expansions` from this index on.
        case expand(Int)
        /// A Hangul syllable: two or three letters in its place (Unicode 14, section 3.12).
        case decomposeHangul
    }

    static let shared = BertCharacterMap()

    /// The entries of all code points below its count: every script but Chinese, Japanese and Korean and what is rare.
    private let direct: [UInt32]

    private init() {
        var direct = [UInt32](repeating: 0, count: 0x3400)
        for word in Self.ranges {
            let first = Int(word >> 43)
            guard first < direct.count else { break }
            let last = first + Int(word >> 22 & 0x1f_ffff)
            for codePoint in first...min(last, direct.count - 1) {
                direct[codePoint] = Self.entry(of: UInt32(codePoint), in: word)
            }
        }
        self.direct = direct
    }

    func action(for codePoint: UInt32) -> Action {
        let entry: UInt32
        if codePoint < direct.count {
            entry = direct[Int(codePoint)]
        } else if codePoint >= Hangul.first && codePoint <= Hangul.last {
            return .decomposeHangul
        } else {
            entry = Self.search(codePoint)
        }
        let value = entry & 0x7ffff
        switch entry >> 19 {
        case 1: return .drop
        case 2: return .separate
        case 3: return .isolate
        case 4, 5: return .replace(UInt32(truncatingIfNeeded: Int(codePoint) + Int(value) - 1 << 17))
        case 6: return .expand(Int(value))
        default: return .keep
        }
    }

    /// Kind and value of `codePoint` in a range that holds it. In a range of kind 5 every second code point changes:
    /// capitals that alternate with their small letters.
    private static func entry(of codePoint: UInt32, in word: UInt64) -> UInt32 {
        let entry = UInt32(word & 0x3f_ffff)
        let offset = codePoint - UInt32(word >> 43)
        return entry >> 19 == 5 && offset % 2 == 1 ? 0 : entry
    }

    private static func search(_ codePoint: UInt32) -> UInt32 {
        // The last range that begins at or before the code point.
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle] >> 43 <= codePoint { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return 0 }
        let word = ranges[low - 1]
        let offset = UInt64(codePoint) - word >> 43
        return offset <= word >> 22 & 0x1f_ffff ? entry(of: codePoint, in: word) : 0
    }
}

/// The arithmetic of precomposed Hangul syllables: Unicode 14, section 3.12.
enum Hangul {
    static let first: UInt32 = 0xac00
    static let last: UInt32 = 0xd7a3

    /// Leading consonant, vowel, and trailing consonant (0 for none) of a syllable.
    static func letters(of syllable: UInt32) -> (leading: UInt32, vowel: UInt32, trailing: UInt32) {
        let index = syllable - first
        let trailing = index % 28
        return (0x1100 + index / 588, 0x1161 + index % 588 / 28, trailing == 0 ? 0 : 0x11a7 + trailing)
    }
}
