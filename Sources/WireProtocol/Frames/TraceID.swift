/// Names one piece of work across processes: 16 bytes, as in W3C Trace Context. All zero: none.
public struct TraceID: Sendable, Hashable {
    public static let none = TraceID(high: 0, low: 0)

    /// Bytes 0..<8 and 8..<16, each read big-endian, so that the hexadecimal text is the bytes in order.
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new one, never `none`.
    public static func random(using generator: inout some RandomNumberGenerator) -> TraceID {
        TraceID(high: .random(in: 1...UInt64.max, using: &generator), low: generator.next())
    }
}

extension TraceID: CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    public var description: String { Self.hexadecimal(high) + Self.hexadecimal(low) }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
