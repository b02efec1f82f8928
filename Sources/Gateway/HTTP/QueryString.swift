/// The parameters of a request target's query, decoded as `application/x-www-form-urlencoded`, in the order they came.
///
/// Repeated names are kept. As in WHATWG's URL standard nothing is malformed: a `%` that begins no escape stands for
/// itself, and bytes that are no UTF-8 become U+FFFD.
struct QueryString: Sendable {
    /// More parameters than a form could need would only cost time; what lies beyond is not read.
    static let parameterLimit = 1_000

    let parameters: [(name: String, value: String)]

    init(_ query: String?) {
        var parameters: [(name: String, value: String)] = []
        for pair in (query ?? "").utf8.split(separator: UInt8(ascii: "&")).prefix(Self.parameterLimit) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = pair[name.endIndex...].dropFirst()
            parameters.append((Self.decode(name), Self.decode(value)))
        }
        self.parameters = parameters
    }

    /// The last value given for `name`, as FastAPI takes it for a parameter that is no list.
    subscript(name: String) -> String? { parameters.last { $0.name == name }?.value }

    /// All values given for `name`.
    func values(of name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    private static func decode(_ bytes: Substring.UTF8View) -> String {
        guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(Substring(bytes))
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                decoded.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let escaped = HexDigits.byte(rest) {
                decoded.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
