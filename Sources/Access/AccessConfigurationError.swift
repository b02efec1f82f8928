/// Why a setting of this module cannot be used. Thrown at start, before anything listens; `description` is one line for
/// the person who wrote the setting. No case carries a secret.
public enum AccessConfigurationError: Error, Equatable, Sendable {
    /// `KAZI_JWT_SECRET` or `KAZI_JWT_SECRET_PREVIOUS`, told apart by `variable`.
    case secretTooShort(variable: String, secretBytes: Int, minimumBytes: Int)
    case secretTooLong(variable: String, secretBytes: Int, limitBytes: Int)
    case secretCount(Int, range: ClosedRange<Int>)
    /// A previous secret without a current one, or the same text twice.
    case previousSecretWithoutCurrent
    case secretsAreEqual
    case keyIsEmpty
    case keyTooLong(keyBytes: Int, limitBytes: Int)
    /// A header can carry neither white space at its ends nor control characters, and other characters than ASCII only
    /// by luck.
    case keyNotPrintableASCII
    case unknownRequirement(String)
    case rateLimit(variable: String, String, RateLimitFault)
    case originForm(String, OriginFault)
    case anyOriginWithCredentials
    case anyOriginBesideOthers
    case tooManyOrigins(originCount: Int, limit: Int)
    /// No address and no range of addresses.
    case badProxy(String)
    case tooManyProxies(proxyCount: Int, limit: Int)
    case foreignAddressWithoutKeys(host: String)

    /// What is wrong with a rate limit; it is written as in `10/minute`.
    public enum RateLimitFault: Equatable, Sendable {
        case form
        case count(ClosedRange<Int>)
        case unit
    }

    /// What is wrong with an origin; browsers send `scheme://host` with `:port` unless it is the scheme's own.
    public enum OriginFault: Equatable, Sendable {
        case null
        case noScheme
        case badScheme
        case badHost
        case badPort
        case defaultPort
        case hasPath
        case notLowercase
    }
}

extension AccessConfigurationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .secretTooShort(let variable, let secretBytes, let minimumBytes):
            "\(variable) has \(secretBytes) bytes; at least \(minimumBytes) are needed, for instance from `openssl rand -base64 48`"
        case .secretTooLong(let variable, let secretBytes, let limitBytes):
            "\(variable) has \(secretBytes) bytes; at most \(limitBytes) are allowed"
        case .secretCount(let count, let range):
            "there are \(count) token secrets; \(range.lowerBound) to \(range.upperBound) are allowed"
        case .previousSecretWithoutCurrent:
            "KAZI_JWT_SECRET_PREVIOUS is set and KAZI_JWT_SECRET is not: nothing could sign new tokens"
        case .secretsAreEqual:
            "two token secrets are the same (KAZI_JWT_SECRET, KAZI_JWT_SECRET_PREVIOUS): nothing is rotated"
        case .keyIsEmpty:
            "KAZI_API_KEY is empty"
        case .keyTooLong(let keyBytes, let limitBytes):
            "KAZI_API_KEY has \(keyBytes) bytes; at most \(limitBytes) are allowed"
        case .keyNotPrintableASCII:
            "KAZI_API_KEY has characters that a header cannot carry: use visible ASCII characters without spaces"
        case .unknownRequirement(let text):
            "KAZI_REQUIRE_AUTH is '\(text)': say none, writes or all"
        case .rateLimit(let variable, let text, let fault):
            "\(variable) is '\(text)': \(fault.explanation)"
        case .originForm(let origin, let fault):
            "KAZI_CORS_ORIGINS: '\(origin)' is no origin: \(fault.explanation)"
        case .anyOriginWithCredentials:
            "KAZI_CORS_ORIGINS: * together with credentials would let every site act as the person who visits it: name the origins"
        case .anyOriginBesideOthers:
            "KAZI_CORS_ORIGINS: * stands alone or not at all"
        case .tooManyOrigins(let originCount, let limit):
            "KAZI_CORS_ORIGINS names \(originCount) origins; at most \(limit) are allowed"
        case .badProxy(let text):
            "--trusted-proxies: '\(text)' is no address, and no range such as 10.0.0.0/8 without bits behind the first 8"
        case .tooManyProxies(let proxyCount, let limit):
            "--trusted-proxies names \(proxyCount) ranges; at most \(limit) are allowed"
        case .foreignAddressWithoutKeys(let host):
            "\(host.isEmpty ? "an empty host" : host) is not a loopback address, and there are no keys: "
                + "set KAZI_API_KEY, make a key with `kazi keys`, or listen on 127.0.0.1, ::1 or localhost"
        }
    }
}

extension AccessConfigurationError.RateLimitFault {
    var explanation: String {
        switch self {
        case .form: "write a count, a slash and a unit, as in 10/minute"
        case .count(let range): "the count must be \(range.lowerBound) to \(range.upperBound), without zeros in front"
        case .unit: "the unit must be second, minute, hour or day"
        }
    }
}

extension AccessConfigurationError.OriginFault {
    var explanation: String {
        switch self {
        case .null: "null is the origin of every file and sandboxed frame"
        case .noScheme: "it begins with a scheme, as in https://example.org"
        case .badScheme: "the scheme must be http or https"
        case .badHost: "the host is no host name or address"
        case .badPort: "the port must be 1 to 65535"
        case .defaultPort: "browsers leave the scheme's own port out, so it would never match"
        case .hasPath: "it ends after the host and port, without a slash"
        case .notLowercase: "browsers send it in lower case, so it would never match"
        }
    }
}
