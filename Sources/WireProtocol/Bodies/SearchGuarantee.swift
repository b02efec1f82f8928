internal import SwiftProtobuf

/// How sure it is that the hits of a search are the truly nearest rows.
public enum SearchGuarantee: Sendable, Hashable {
    /// The other side does not say, or says what this one does not understand.
    case unknown
    /// The share of the truly nearest rows that the hits are expected to have, 0...1.
    case estimatedRecall(Float)
    /// Every row that satisfies the filter was compared.
    case exact

    init(_ proto: ProtoGuarantee) throws(WireError) {
        switch proto.kind {
        case .exact(let isExact): self = isExact ? .exact : .unknown
        case .estimatedRecall(let recall): self = .estimatedRecall(try Checked.share(recall, "estimated_recall"))
        case nil: self = .unknown
        }
    }

    var proto: ProtoGuarantee {
        .with {
            switch self {
            case .unknown: break
            case .estimatedRecall(let recall): $0.estimatedRecall = recall
            case .exact: $0.exact = true
            }
        }
    }
}

extension Checked {
    /// A share of a whole: 0...1.
    static func share(_ value: Float, _ field: String) throws(WireError) -> Float {
        guard value.isFinite else { throw .notFinite(field: field) }
        guard (0...1).contains(value) else { throw .outOfRange(field: field) }
        return value
    }

    /// 0.5...1, or nothing.
    static func recallTarget(_ value: Float?) throws(WireError) -> Float? {
        guard let value else { return nil }
        guard value.isFinite else { throw .notFinite(field: "recall_target") }
        guard WireLimits.recallTargetRange.contains(value) else { throw .outOfRange(field: "recall_target") }
        return value
    }
}
