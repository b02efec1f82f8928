/// The pieces a tokenizer may answer with, numbered by their line in `vocab.txt`.
///
/// Pieces are found by their UTF-8 bytes in a hash table with open addressing. Its hash grows byte by byte, so all
/// prefixes of a word cost one pass to hash; Swift's own dictionaries would hash and copy each prefix afresh.
struct Vocabulary: Sendable {
    /// Reads `vocab.txt`: one piece a line, `##` before those that continue a word.
    ///
    /// - Parameter path: Named in errors only.
    init(contents: [UInt8], path: String) throws(ModelError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(contents.count)
        var ends: [UInt32] = []
        var isContinuation: [Bool] = []
        var lines = contents[...]
        if lines.last == UInt8(ascii: "\n") { lines.removeLast() }
        for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            // The reference takes a line without its trailing white space.
            var piece = line
            while let last = piece.last, last == 0x20 || last == 0x0d || last == 0x09 { piece.removeLast() }
            let continues = piece.count > 2 && piece.starts(with: [0x23, 0x23])
            bytes.append(contentsOf: continues ? piece.dropFirst(2) : piece)
            ends.append(UInt32(bytes.count))
            isContinuation.append(continues)
        }
        guard ends.count <= Self.countMax, bytes.count <= Self.bytesMax else {
            throw .invalidVocabulary(path: path, line: 0, problem: "is larger than \(Self.countMax) pieces or \(Self.bytesMax) bytes")
        }
        self.bytes = bytes
        self.ends = ends
        self.isContinuation = isContinuation
        slots = [Int32](repeating: -1, count: Self.slotCount(for: ends.count))
        for id in ends.indices {
            let range = range(of: id)
            guard !range.isEmpty else {
                throw .invalidVocabulary(path: path, line: id + 1, problem: "is empty")
            }
            longestPieceBytes = max(longestPieceBytes, range.count)
            let hash = range.reduce(Self.hashStart(continuing: isContinuation[id])) { Self.hash($0, adding: bytes[$1]) }
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] >= 0 {
                let other = Int(slots[slot])
                if isContinuation[other] == isContinuation[id], bytes[self.range(of: other)] == bytes[range] {
                    throw .invalidVocabulary(path: path, line: id + 1, problem: "repeats line \(other + 1)")
                }
                slot = (slot + 1) & (slots.count - 1)
            }
            slots[slot] = Int32(id)
        }
    }

    private let bytes: [UInt8]
    /// Where piece `i` ends in `bytes`; it begins where the one before ends.
    private let ends: [UInt32]
    private let isContinuation: [Bool]
    /// Ids by hash, -1 where free; at most half full.
    private var slots: [Int32]
    private(set) var longestPieceBytes = 0

    private static let countMax = 1 << 20
    private static let bytesMax = 1 << 25

    var count: Int { ends.count }

    /// The id of a piece that begins a word, or of a special token such as `[SEP]`.
    func id(of piece: String) -> Int32? {
        let piece = Array(piece.utf8)
        let hash = piece.reduce(Self.hashStart(continuing: false), Self.hash(_:adding:))
        return id(of: piece[...], hash: hash, continuing: false)
    }

    /// The id of the piece with exactly these bytes, whose hash the caller has built with `hash(_:adding:)`.
    func id(of piece: ArraySlice<UInt8>, hash: UInt64, continuing: Bool) -> Int32? {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while true {
            let id = slots[slot]
            if id < 0 { return nil }
            if isContinuation[Int(id)] == continuing, bytes[range(of: Int(id))] == piece { return id }
            slot = (slot + 1) & (slots.count - 1)
        }
    }

    static func hashStart(continuing: Bool) -> UInt64 { continuing ? 0x9e37_79b9_7f4a_7c15 : 0xcbf2_9ce4_8422_2325 }

    /// One step of a multiplicative hash whose high bits are folded into the low ones, which choose the slot.
    static func hash(_ hash: UInt64, adding byte: UInt8) -> UInt64 {
        let product = (hash ^ UInt64(byte)) &* 0x9fb2_1c65_1e98_df25
        return product ^ product >> 32
    }

    private func range(of id: Int) -> Range<Int> { (id == 0 ? 0 : Int(ends[id - 1]))..<Int(ends[id]) }

    private static func slotCount(for count: Int) -> Int {
        var slots = 16
        while slots < 2 * count { slots *= 2 }
        return slots
    }
}
