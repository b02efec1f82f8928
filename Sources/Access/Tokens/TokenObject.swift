import RecordSchema

/// Reads the JSON object that a token's header or payload is.
enum TokenObject {
    /// - Parameter text: The part as it stands in the token, base64url.
    static func read(
        _ text: some Collection<UInt8>, part: AccessTokenError.Part
    ) throws(AccessTokenError) -> JSONObject {
        guard let bytes = Base64.url.decode(text), bytes.first == UInt8(ascii: "{"),
            let object = (try? JSON(parsing: bytes))?.objectValue
        else { throw .malformedPart(part) }
        guard object.count == memberCount(of: bytes) else { throw .duplicateMember(part) }
        return object
    }

    /// The members of the outermost object as they are written, which a parsed object no longer tells: of two with one
    /// name it holds the last. Each has one colon outside of strings and inner objects.
    ///
    /// - Parameter bytes: A valid JSON object.
    private static func memberCount(of bytes: [UInt8]) -> Int {
        var count = 0
        var depth = 0
        var isInString = false
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\") where isInString: index += 1
            case UInt8(ascii: "\""): isInString.toggle()
            case _ where isInString: break
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: count += 1
            default: break
            }
            index += 1
        }
        return count
    }
}
