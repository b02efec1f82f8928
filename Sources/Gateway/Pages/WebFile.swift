import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A file that browsers are served as it is: read once at start, so that no request opens a file or names one.
struct WebFile: Sendable {
    /// The largest file served is Swagger UI's script, of 1.6 MB.
    static let bytesMax = 8 << 20

    let body: ByteBuffer
    let contentType: String
    /// A strong tag made of the content.
    let entityTag: String

    init(_ content: [UInt8], contentType: String) {
        body = ByteBuffer(bytes: content)
        self.contentType = contentType
        entityTag = "\"\(Digest.sha256(content).prefix(32))\""
    }

    /// - Parameter url: Names one of the types in `contentTypes` by its extension.
    init(contentsOf url: URL) throws(WebFileError) {
        guard let contentType = Self.contentTypes[url.pathExtension] else { throw .unknownType(url.path) }
        let content: Data
        do {
            let file = try FileHandle(forReadingFrom: url)
            defer { try? file.close() }
            content = try file.read(upToCount: Self.bytesMax + 1) ?? Data()
        } catch {
            throw .unreadable(url.path)
        }
        guard content.count <= Self.bytesMax else { throw .tooLarge(url.path, limitBytes: Self.bytesMax) }
        self.init(Array(content), contentType: contentType)
    }

    private static let contentTypes = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    ]
}

/// Why a file cannot be served. Each case names the file.
enum WebFileError: Error {
    case unreadable(String)
    case tooLarge(String, limitBytes: Int)
    case unknownType(String)
}

extension WebFile {
    /// The file, or 304 where the browser has it already.
    ///
    /// Browsers keep it and ask each time whether it is still the same: a new release is seen at once, and what has not
    /// changed costs one small answer.
    func response(to request: Request, policy: String) -> Response {
        var headers: HTTPFields = [
            .eTag: entityTag, .cacheControl: "no-cache", .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff",
        ]
        // A deep link holds what somebody searched for.
        headers[.referrerPolicy] = "no-referrer"
        headers[.crossOriginOpenerPolicy] = "same-origin"
        headers[.crossOriginResourcePolicy] = "same-origin"
        if EntityTagCondition(request.headers[.ifNoneMatch])?.matchesWeakly(entityTag) == true {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = contentType
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension HTTPField.Name {
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
}
