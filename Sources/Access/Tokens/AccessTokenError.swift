/// Why a token is not accepted. A client is told the class of it alone (`Caller.Refusal`); the log may hold the case.
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
}
