public import RecordSchema

/// Why bytes are not a message, or a value cannot become one. Each case belongs to one row of the status table in
/// proto-docs/protocol.md: `status`.
public enum WireError: Error, Hashable {
    /// Fewer bytes than every version's header has.
    case headerTruncated(availableBytes: Int)
    /// The first four bytes are not `KAZI`.
    case badMagic
    case unsupportedVersion(UInt8)
    case headerSize(foundBytes: Int, expectedBytes: Int)
    /// A request with id 0 or a status, a notice with an id: `field` names which.
    case badHeaderField(HeaderField)
    case unknownKind(UInt8)
    case frameCount(found: Int, minimum: Int, maximum: Int)
    case bodyTooLarge(bodyBytes: Int, limitBytes: Int)
    case messageTooLarge(messageBytes: Int, limitBytes: Int)
    /// The body is not protobuf of the kind's message.
    case bodyUndecodable
    /// Not the raw frames that the body calls for.
    case rawFrameCount(found: Int, expected: Int)
    case rawFrameSize(frameIndex: Int, foundBytes: Int, expectedBytes: Int)
    /// A float32 that is NaN or infinite.
    case notFinite(field: String)
    case outOfRange(field: String)
    case missing(field: String)
    case filter(FilterError)

    public enum HeaderField: String, Sendable, Hashable {
        case requestID, status
    }

    public var status: WireStatus {
        switch self {
        case .headerTruncated, .badMagic, .headerSize, .badHeaderField, .frameCount, .bodyUndecodable, .rawFrameCount,
            .rawFrameSize: .malformed
        case .unsupportedVersion: .unsupportedVersion
        case .unknownKind: .unknownKind
        case .bodyTooLarge, .messageTooLarge: .bodyTooLarge
        case .notFinite, .outOfRange, .missing, .filter: .invalid
        }
    }
}

extension WireError: CustomStringConvertible {
    /// A sentence for the `message` of an error reply: numbers and field names, nothing else of the peer's bytes.
    public var description: String {
        switch self {
        case .headerTruncated(let available): "the header has \(available) bytes, fewer than any version's"
        case .badMagic: "the header does not begin with KAZI"
        case .unsupportedVersion(let version): "version \(version) is not spoken here; version 1 is"
        case .headerSize(let found, let expected): "the header has \(found) bytes, not \(expected)"
        case .badHeaderField(let field): "the header's \(field.rawValue) does not fit its kind"
        case .unknownKind(let kind): "kind \(kind) is not served here"
        case .frameCount(let found, let minimum, let maximum): "\(found) frames, not \(minimum) to \(maximum)"
        case .bodyTooLarge(let bytes, let limit): "the body has \(bytes) bytes, over the limit of \(limit)"
        case .messageTooLarge(let bytes, let limit): "the message has \(bytes) bytes, over the limit of \(limit)"
        case .bodyUndecodable: "the body is not the protobuf message of its kind"
        case .rawFrameCount(let found, let expected): "\(found) raw frames, not \(expected)"
        case .rawFrameSize(let index, let found, let expected): "raw frame \(index) has \(found) bytes, not \(expected)"
        case .notFinite(let field): "\(field) has a component that is not finite"
        case .outOfRange(let field): "\(field) is out of range"
        case .missing(let field): "\(field) is missing"
        case .filter(let error): Self.sentence(error)
        }
    }

    private static func sentence(_ error: FilterError) -> String {
        switch error {
        case .unknownField: "the filter names a field that is not filterable"
        case .wrongValueType(_, let expected, let found):
            "the filter compares a \(expected.rawValue) with a \(found.rawValue)"
        case .notANumber: "the filter compares with NaN"
        case .tooDeep(let limit): "the filter is deeper than \(limit) levels"
        case .tooManyNodes(let limit): "the filter has more than \(limit) conditions"
        case .tooManyValues(let limit): "the filter has more than \(limit) values"
        }
    }
}
