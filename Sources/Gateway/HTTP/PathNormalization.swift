import Access
import Hummingbird

/// Routes behind RFC 3986 section 6.2.2.2: `/api/v1/%6Aobs` is `/api/v1/jobs`, because an escape of a character that
/// needs none stands for the character. Other escapes stay as they are, so that no `%2F` becomes a `/`.
struct NormalizedRouter: HTTPResponderBuilder {
    let router: Router<GatewayRequestContext>
    let proxies: TrustedProxies

    typealias Responder = HeadResponder<ForwardedResponder<NormalizedPathResponder>>

    func buildResponder() -> Responder {
        let normalized = NormalizedPathResponder(next: router.buildResponder())
        return HeadResponder(next: ForwardedResponder(next: normalized, proxies: proxies))
    }
}

struct NormalizedPathResponder: HTTPResponder {
    let next: RouterResponder<GatewayRequestContext>

    func respond(to request: Request, context: GatewayRequestContext) async throws -> Response {
        guard let target = request.head.path, let normalized = PathNormalization.normalized(target) else {
            return try await next.respond(to: request, context: context)
        }
        var head = request.head
        head.path = normalized
        return try await next.respond(to: Request(head: head, body: request.body), context: context)
    }
}

enum PathNormalization {
    /// The request target with its path's unreserved characters as themselves; `nil` where nothing changes.
    static func normalized(_ target: String) -> String? {
        let bytes = target.utf8
        let pathEnd = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        guard bytes[..<pathEnd].contains(UInt8(ascii: "%")) else { return nil }
        var normalized: [UInt8] = []
        normalized.reserveCapacity(bytes.count)
        var rest = bytes[..<pathEnd]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let escaped = HexDigits.byte(rest), isUnreserved(escaped) {
                normalized.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                normalized.append(byte)
            }
        }
        guard normalized.count < bytes.distance(from: bytes.startIndex, to: pathEnd) else { return nil }
        return String(decoding: normalized + bytes[pathEnd...], as: UTF8.self)
    }

    /// RFC 3986 section 2.3.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
