/// Why a token is not accepted. A client is told `explanation`; the log may hold the case.
public enum AccessTokenError: Error, Equatable, Sendable {
    public enum Part: Equatable, Sendable { case header, payload, signature }

    case tooLarge(tokenBytes: Int, limitBytes: Int)
    /// Not three parts between two full stops.
    case malformed
    /// A part is not strict base64url, or not the JSON object it has to be.
    case malformedPart(Part)
    /// A name stands twice in one object. Parsers differ in which of the two they take, and attacks live in the gap.
    case duplicateMember(Part)
    /// `alg` is not `HS256`: `none`, an asymmetric algorithm, another spelling, or nothing at all.
    case wrongAlgorithm
    /// A header member that is not understood and may change what the signature means, such as `crit`, `jwk` or `zip`.
    case unsupportedHeader
    /// `kid` names none of the secrets.
    case unknownSecret
    case badSignature
    case missingClaim(String)
    /// The claim is there and has the wrong type or an impossible value.
    case badClaim(String)
    case wrongIssuer
    case wrongAudience
    case expired(secondsAgo: Int64)
    /// `nbf` or `iat` lies ahead.
    case notYetValid(secondsAhead: Int64)
    /// There is no such user, or there is another one of the name, who came after the token.
    case userGone
    case userDisabled
}

extension AccessTokenError {
    /// One clause for whoever sent the token: visible ASCII without quotation marks and backslashes (RFC 6750 §3,
    /// `error_description`), and nothing of the token's contents.
    public var explanation: String {
        switch self {
        case .tooLarge(let tokenBytes, let limitBytes): "the token has \(tokenBytes) bytes, more than \(limitBytes)"
        case .malformed: "the token is not three parts between two full stops"
        case .malformedPart(let part): "the token's \(part.name) is malformed"
        case .duplicateMember(let part): "a name stands twice in the token's \(part.name)"
        case .wrongAlgorithm: "the token's algorithm is not HS256"
        case .unsupportedHeader: "the token's header has a member that is not supported"
        case .unknownSecret: "the token's kid names no secret of this service"
        case .badSignature: "the token's signature is wrong"
        case .missingClaim(let name): "the token has no claim \(name)"
        case .badClaim(let name): "the token's claim \(name) is malformed"
        case .wrongIssuer: "the token is of another issuer"
        case .wrongAudience: "the token is for another audience"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .userGone: "the token's user is no longer there"
        case .userDisabled: "the token's user is disabled"
        }
    }
}

extension AccessTokenError.Part {
    var name: String {
        switch self {
        case .header: "header"
        case .payload: "payload"
        case .signature: "signature"
        }
    }
}
