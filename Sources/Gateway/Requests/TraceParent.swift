import WireProtocol

/// The header `traceparent` of W3C Trace Context: `00-<trace id, 32 digits>-<parent id, 16 digits>-<flags, 2 digits>`.
enum TraceParent {
    /// The trace that the client's work belongs to; a new one where the header is missing or no such thing.
    static func traceID(continuing header: String?) -> TraceID { header.flatMap(traceID(of:)) ?? .new() }

    /// `nil` for what the specification calls invalid: version ff, digits in upper case, ids of zeros, and further fields
    /// in version 00.
    static func traceID(of header: String) -> TraceID? {
        let bytes = Array(header.utf8)
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = number(bytes[0..<2]), version != 0xFF,
            let high = number(bytes[3..<19]), let low = number(bytes[19..<35]),
            let parent = number(bytes[36..<52]), number(bytes[53..<55]) != nil,
            high != 0 || low != 0, parent != 0
        else { return nil }
        // A later version may bring more fields, after another dash.
        guard bytes.count == 55 || (version > 0 && bytes[55] == dash) else { return nil }
        return TraceID(high: high, low: low)
    }

    private static let dash = UInt8(ascii: "-")

    /// Lower-case hexadecimal digits, at most 16.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}
