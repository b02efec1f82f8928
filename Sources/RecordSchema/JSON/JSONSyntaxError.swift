/// Why a text is no JSON: the message and the position of Python's `json.loads`, which FastAPI passes on.
public struct JSONSyntaxError: Error, Sendable, Hashable {
    /// One of Python's messages, such as `Expecting ',' delimiter`, or one of those in `JSONParser` that Python has
    /// no word for.
    public let message: String
    /// Characters (code points) before the place, a byte order mark not counted.
    public let position: Int

    public init(message: String, position: Int) {
        self.message = message
        self.position = position
    }

    /// The issue that FastAPI answers with: `json_invalid`, located at the position.
    public func issue(at loc: [LocComponent] = ["body"]) -> ValidationIssue {
        ValidationIssue(
            type: "json_invalid", loc: loc + [.index(position)], message: "JSON decode error", input: .object([:]),
            context: ["error": .string(message)])
    }
}
