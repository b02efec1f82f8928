/// How sure it is that hits are the truly nearest records.
public enum ResultGuarantee: Sendable, Hashable {
    /// Nothing is known.
    case unknown
    /// The share of the truly nearest that the hits are expected to have, 0...1.
    case estimatedRecall(Float)
    /// All records were compared.
    case exact

    /// Of two, the less sure: what holds for hits that come from both.
    func lesser(_ other: ResultGuarantee) -> ResultGuarantee {
        switch (self, other) {
        case (.unknown, _), (_, .unknown): .unknown
        case (.estimatedRecall(let a), .estimatedRecall(let b)): .estimatedRecall(min(a, b))
        case (.estimatedRecall, .exact): self
        case (.exact, _): other
        }
    }
}
