import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import RecordSchema

extension Request {
    /// The parameters after the `?`.
    var queryString: QueryString { QueryString(uri.query) }

    /// The body as JSON; FastAPI's `json_invalid` where it is none.
    ///
    /// A form or plain text is refused: those are the types that a page of another origin can send from a browser
    /// without asking first, and a gateway on loopback has no other guard against that.
    func json(limitBytes: Int) async throws(ServiceFailure) -> JSON {
        try requireContentType(["application/json"], suffix: "+json")
        return try RequestJSON.parse(try await bytes(limitBytes: limitBytes))
    }

    /// The content type without its parameters, in lower case; `nil` where there is none.
    var mediaType: String? {
        headers[.contentType].map { value in
            let end = value.firstIndex(of: ";") ?? value.endIndex
            return value[..<end].filter { !$0.isWhitespace }.lowercased()
        }
    }

    func requireContentType(_ accepted: [String], suffix: String? = nil) throws(ServiceFailure) {
        let type = mediaType ?? ""
        if accepted.contains(type) { return }
        if let suffix, type.hasPrefix("application/"), type.hasSuffix(suffix) { return }
        throw .unsupportedMediaType(
            "Content-Type must be \(accepted.joined(separator: " or "))\(type.isEmpty ? "" : ", not \(type.prefix(100))")")
    }

    /// The whole body. Over the limit it is refused, from the announced length alone where there is one.
    func bytes(limitBytes: Int) async throws(ServiceFailure) -> [UInt8] {
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limitBytes {
            throw .contentTooLarge(limitBytes: limitBytes)
        }
        do {
            let buffer = try await body.collect(upTo: limitBytes)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw .contentTooLarge(limitBytes: limitBytes)
        } catch {
            // The client broke off; whatever is answered does not reach it.
            throw .invalid([ValidationIssue(type: "json_invalid", loc: ["body"], message: "The body ended early", input: .null)])
        }
    }
}

/// Bytes of a request, from either door, as JSON.
enum RequestJSON {
    static func parse(_ bytes: [UInt8]) throws(ServiceFailure) -> JSON {
        guard !bytes.isEmpty else {
            throw .invalid([ValidationIssue(type: "missing", loc: ["body"], message: "Field required", input: .null)])
        }
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw .invalid([error.issue(at: ["body"])])
        }
    }
}

extension GatewayRequestContext {
    /// The name of the collection in the path.
    var collectionName: String { parameters.get("collection") ?? "" }

    /// The record's id in the path.
    func recordID() throws(ServiceFailure) -> Int64 {
        var issues: [ValidationIssue] = []
        let escaped = parameters.get("id") ?? ""
        let text = escaped.removingPercentEncoding ?? escaped
        let value = FieldType.integer(Int64.min...Int64.max).validate(.string(text), at: ["path", "id"], into: &issues)
        guard let id = value?.integerValue, issues.isEmpty else { throw .invalid(issues) }
        return id
    }
}
