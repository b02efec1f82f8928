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
        let bytes = try await bytes(limitBytes: limitBytes)
        return try RequestJSON.parse(bytes)
    }

    /// Whether the content type is `type`, with or without parameters.
    func hasMediaType(_ type: String) -> Bool {
        guard let value = headers[.contentType] else { return false }
        return value == type || (value.utf8.count > type.utf8.count && mediaType == type)
    }

    /// The content type without its parameters, in lower case; `nil` where there is none.
    var mediaType: String? {
        headers[.contentType].map { value in
            let end = value.firstIndex(of: ";") ?? value.endIndex
            return value[..<end].filter { !$0.isWhitespace }.lowercased()
        }
    }

    func requireContentType(_ accepted: [String], suffix: String? = nil) throws(ServiceFailure) {
        // As nearly all clients write it.
        if let value = headers[.contentType], accepted.contains(value) { return }
        let type = mediaType ?? ""
        if accepted.contains(type) { return }
        if let suffix, type.hasPrefix("application/"), type.hasSuffix(suffix) { return }
        throw .unsupportedMediaType(
            "Content-Type must be \(accepted.joined(separator: " or "))\(type.isEmpty ? "" : ", not \(type.prefix(100))")")
    }

    /// The whole body. Over the limit it is refused, from the announced length alone where there is one.
    ///
    /// A request with a body takes its place among those that are served when the body is here, and not before: clients
    /// that are slow to send do not keep others out.
    func bytes(limitBytes: Int) async throws(ServiceFailure) -> [UInt8] {
        let bytes = try await receive(limitBytes: limitBytes)
        try await RequestScope.current?.enter()
        return bytes
    }

    private func receive(limitBytes: Int) async throws(ServiceFailure) -> [UInt8] {
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limitBytes {
            throw .contentTooLarge(limitBytes: limitBytes)
        }
        let scope = RequestScope.current
        let unannouncedBytes = headers[.transferEncoding] == nil ? 0 : limitBytes
        try scope?.reserveBody(headers[.contentLength].flatMap { Int($0) } ?? unannouncedBytes)
        do {
            try await BodyInvitation.current?.send()
            let buffer = try await body.collect(upTo: limitBytes)
            scope?.receivedBytes = buffer.readableBytes
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw .contentTooLarge(limitBytes: limitBytes)
        } catch let interrupted as InterruptedRequest {
            throw .brokenRequest(interrupted.fault)
        } catch {
            // The client broke off; whatever is answered does not reach it.
            throw .brokenRequest(.cutOff)
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
            return try RequestScope.measureNow(.validate) { () throws(JSONSyntaxError) in try JSON(parsing: bytes) }
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
        if let id = Self.plainID(escaped) { return id }
        let text = escaped.removingPercentEncoding ?? escaped
        let value = FieldType.integer(Int64.min...Int64.max).validate(.string(text), at: ["path", "id"], into: &issues)
        guard let id = value?.integerValue, issues.isEmpty else { throw .invalid(issues) }
        return id
    }

    /// The number that 1...18 digits are, which is how ids are nearly always written.
    private static func plainID(_ text: String) -> Int64? {
        guard (1...18).contains(text.utf8.count) else { return nil }
        var id: Int64 = 0
        for byte in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            id = id * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return id
    }
}
