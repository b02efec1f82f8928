import Access
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import WireProtocol

/// What a route knows of a request beside the request itself.
struct GatewayRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who is at the other end; by a trusted proxy's word whom the proxy speaks for.
    var client: ClientConnection
    /// Who asks; known when a route runs.
    var caller = Caller.anonymous {
        didSet { callerID = caller.id }
    }
    /// The request's names and times; set before any route runs.
    var scope = RequestScope.unnamed
    /// When the request's head had arrived.
    let receivedAt = ContinuousClock.now

    init(_ client: ClientConnection, _ source: some RequestContextSource) {
        coreContext = .init(source: source)
        self.client = client
    }

    init(source: ApplicationRequestContextSource) { self.init(ClientConnection(source.channel), source) }

    /// The client's `X-Request-ID` where it is sane, else made here.
    var requestID: String { scope.requestID }

    /// Who asks, by the name of a key or a user, for the log; empty: nobody known.
    var callerID: String {
        get { scope.callerID }
        nonmutating set { scope.callerID = newValue }
    }
}

/// Request identifiers: whatever a client sends is logged and sent back, so it may hold nothing that ends a line.
enum RequestID {
    static let lengthMax = 128

    /// `proposed` where it is 1...128 characters of `A-Z a-z 0-9 . _ : / -`, else 16 random hexadecimal digits.
    static func accepting(_ proposed: String?) -> String {
        if let proposed, (1...lengthMax).contains(proposed.utf8.count), proposed.utf8.allSatisfy(isSane) { return proposed }
        var generator = IdentifierGenerator()
        let digits = String(generator.next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func isSane(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: "/"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension Caller {
    /// For logs and for what is kept per caller: `key:…`, `user:…`, or nothing.
    var id: String {
        guard case .known(let identity) = self else { return "" }
        switch identity.principal {
        case .staticKey: return "key:static"
        case .apiKey(let id): return "key:\(id)"
        case .user(let id, _): return "user:\(id)"
        }
    }
}
