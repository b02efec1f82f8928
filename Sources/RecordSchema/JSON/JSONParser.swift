/// Reads JSON as Python's `json.loads` reads it, with its messages and positions of errors. Where it differs:
///
/// - The text is UTF-8, with or without a byte order mark; Python also guesses UTF-16 and UTF-32.
/// - An escaped surrogate without its partner is an error, because no valid text can hold one.
/// - More than `depthLimit` arrays and objects within each other are an error; Python stops at about a thousand.
///
/// Time and memory are linear in the size of the text. The parser holds a place, not the text: every method is given
/// the bytes, so that they are borrowed and never copied.
struct JSONParser {
    static let depthLimit = 128

    /// A failure with its place in bytes; `JSON.init(parsing:)` counts the characters before it.
    struct Failure: Error {
        var message: String
        var byteIndex: Int
    }

    var index = 0
    var depth = 0

    mutating func document(_ bytes: Span<UInt8>) throws(Failure) -> JSON {
        skipWhitespace(bytes)
        let value = try value(bytes)
        skipWhitespace(bytes)
        guard index == bytes.count else { throw Failure(message: "Extra data", byteIndex: index) }
        return value
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(Failure) -> JSON {
        guard index < bytes.count else { throw Failure(message: "Expecting value", byteIndex: index) }
        switch bytes[index] {
        case UInt8(ascii: "\""):
            return .string(try string(bytes))
        case UInt8(ascii: "{"):
            return .object(try nested { parser throws(Failure) in try parser.object(bytes) })
        case UInt8(ascii: "["):
            return .array(try nested { parser throws(Failure) in try parser.array(bytes) })
        case UInt8(ascii: "n") where skip("null", bytes):
            return .null
        case UInt8(ascii: "t") where skip("true", bytes):
            return .boolean(true)
        case UInt8(ascii: "f") where skip("false", bytes):
            return .boolean(false)
        case UInt8(ascii: "N") where skip("NaN", bytes):
            return .number(.nan)
        case UInt8(ascii: "I") where skip("Infinity", bytes):
            return .number(.infinity)
        case UInt8(ascii: "-") where skip("-Infinity", bytes):
            return .number(-.infinity)
        default:
            return try number(bytes)
        }
    }

    private mutating func nested<Value>(
        _ parse: (inout JSONParser) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard depth < Self.depthLimit else {
            throw Failure(message: "Nested more than \(Self.depthLimit) levels deep", byteIndex: index)
        }
        depth += 1
        let value = try parse(&self)
        depth -= 1
        return value
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(Failure) -> JSONObject {
        var object = JSONObject()
        index += 1
        skipWhitespace(bytes)
        if byte(bytes) == UInt8(ascii: "}") {
            index += 1
            return object
        }
        while true {
            guard byte(bytes) == UInt8(ascii: "\"") else {
                throw Failure(message: "Expecting property name enclosed in double quotes", byteIndex: index)
            }
            let key = try string(bytes)
            skipWhitespace(bytes)
            guard byte(bytes) == UInt8(ascii: ":") else {
                throw Failure(message: "Expecting ':' delimiter", byteIndex: index)
            }
            index += 1
            skipWhitespace(bytes)
            object[key] = try value(bytes)
            guard try hasNext(bytes, closing: UInt8(ascii: "}")) else { return object }
        }
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(Failure) -> [JSON] {
        var elements: [JSON] = []
        index += 1
        skipWhitespace(bytes)
        if byte(bytes) == UInt8(ascii: "]") {
            index += 1
            return elements
        }
        while true {
            elements.append(try value(bytes))
            guard try hasNext(bytes, closing: UInt8(ascii: "]")) else { return elements }
        }
    }

    /// Whether a comma follows and not the end of the array or object.
    private mutating func hasNext(_ bytes: Span<UInt8>, closing: UInt8) throws(Failure) -> Bool {
        skipWhitespace(bytes)
        let next = byte(bytes)
        guard next == UInt8(ascii: ",") || next == closing else {
            throw Failure(message: "Expecting ',' delimiter", byteIndex: index)
        }
        index += 1
        guard next != closing else { return false }
        skipWhitespace(bytes)
        return true
    }

    /// The byte at the place, or `nil` at the end.
    private func byte(_ bytes: Span<UInt8>) -> UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    /// Whether the text goes on with `word`, which is then behind the place.
    private mutating func skip(_ word: StaticString, _ bytes: Span<UInt8>) -> Bool {
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where unsafe bytes[index + offset] != word.utf8Start[offset] {
            return false
        }
        index = end
        return true
    }
}

extension JSON {
    /// Reads one JSON text; see `JSONParser` for what is accepted.
    ///
    /// - Complexity: O(`bytes.count`) time and memory.
    public init(parsing bytes: Span<UInt8>) throws(JSONSyntaxError) {
        let hasByteOrderMark = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        let text = bytes.extracting(droppingFirst: hasByteOrderMark ? 3 : 0)
        do {
            _ = try UTF8Span(validating: text)
        } catch {
            throw JSONSyntaxError(
                message: "Invalid UTF-8", position: Self.characterCount(text, before: error.byteOffsets.lowerBound))
        }
        var parser = JSONParser()
        do throws(JSONParser.Failure) {
            self = try parser.document(text)
        } catch {
            throw JSONSyntaxError(
                message: error.message, position: Self.characterCount(text, before: error.byteIndex))
        }
    }

    public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        try self.init(parsing: bytes.span)
    }

    private static func characterCount(_ bytes: Span<UInt8>, before end: Int) -> Int {
        var count = 0
        for index in 0..<end where bytes[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
