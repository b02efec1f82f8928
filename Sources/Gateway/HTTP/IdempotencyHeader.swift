import Crypto
import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore

/// The request header `X-Idempotency-Key`.
enum IdempotencyHeader {
    static let name = HTTPField.Name("X-Idempotency-Key")!
    static let summary =
        "1 to 255 bytes of the client's choice: a repeat with this key and the same body gets the first answer again, and writes nothing."

    private static let place: [LocComponent] = ["header", "x-idempotency-key"]

    /// The key of a request, with a fingerprint of what it asks for; `nil` where there is none.
    ///
    /// Bodies are the same when they are the same JSON: white space and the spelling of numbers do not count, the order of
    /// members does, as with what clients that repeat a request send.
    ///
    /// - Parameter caller: Whose key it is: two callers may have chosen one text.
    static func key(
        of request: Request, _ body: JSON, in collection: String, caller: String = ""
    ) throws(ServiceFailure) -> IdempotencyKey? {
        guard let text = request.headers[name] else { return nil }
        var hash = SHA256()
        hash.update(data: Array("create \(collection)\n".utf8))
        hash.update(data: body.serialized())
        do {
            return try IdempotencyKey(text, scope: caller, fingerprint: Array(hash.finalize()))
        } catch {
            let range = IdempotencyKey.byteCountRange
            throw .invalid([
                ValidationIssue(
                    type: "value_error", loc: place,
                    message: "Value error, an idempotency key has \(range.lowerBound) to \(range.upperBound) bytes",
                    input: .string(String(text.prefix(range.upperBound))), context: ["error": .object([:])])
            ])
        }
    }

    /// What the second of two different requests with one key is told.
    static let reused = ValidationIssue(
        type: "value_error", loc: place,
        message: "Value error, this idempotency key was used before, for another request", input: .null,
        context: ["error": .object([:])])
}
