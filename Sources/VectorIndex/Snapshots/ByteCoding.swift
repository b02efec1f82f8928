/// Appends numbers, little-endian, and texts to bytes.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        var rest = number.littleEndian
        unsafe withUnsafeBytes(of: &rest) { unsafe bytes.append(contentsOf: $0) }
    }

    /// A count or an index that the caller knows to be in range.
    mutating func write<Number: FixedWidthInteger>(_ value: Int, as type: Number.Type) { write(Number(value)) }

    /// The length in bytes, 32 bits, and the UTF-8.
    mutating func write(_ text: String) {
        write(text.utf8.count, as: UInt32.self)
        bytes.append(contentsOf: text.utf8)
    }
}

/// Reads what `ByteWriter` wrote; `nil` where the bytes do not hold it.
struct ByteReader {
    private let bytes: [UInt8]
    private var next = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { next == bytes.count }

    mutating func read<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        let byteCount = MemoryLayout<Number>.size
        guard bytes.count - next >= byteCount else { return nil }
        var number: Number = 0
        for index in 0 ..< byteCount { number |= Number(truncatingIfNeeded: bytes[next + index]) << Number(8 * index) }
        next += byteCount
        return number
    }

    /// A number of 32 or 64 bits as an `Int` of `range`.
    mutating func readInt<Number: FixedWidthInteger>(as type: Number.Type, in range: ClosedRange<Int>) -> Int? {
        guard let number = read(type), let value = Int(exactly: number), range.contains(value) else { return nil }
        return value
    }

    /// How many elements follow, each of `elementBytes` or more: so many as there can be, so that whoever makes room for
    /// them needs no other bound.
    mutating func readCount(elementBytes: Int) -> Int? {
        readInt(as: UInt32.self, in: 0...(bytes.count / elementBytes))
    }

    mutating func readText() -> String? {
        guard let count = readCount(elementBytes: 1), bytes.count - next >= count else { return nil }
        defer { next += count }
        return String(validating: bytes[next ..< next + count], as: UTF8.self)
    }
}
