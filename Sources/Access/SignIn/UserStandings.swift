import NIOConcurrencyHelpers

/// What the store says of the users whose tokens come, kept in memory: a token is good as long as its user is.
///
/// Keys and users are changed by other processes too, so what is kept is confirmed by the store's revision, by whichever
/// request comes `ageMax` after the last time. A change counts from then on.
public final class UserStandings: Sendable {
    /// Of one user.
    public struct Standing: Sendable, Equatable {
        public let roles: Set<Role>
        public let isDisabled: Bool
        /// Seconds since 1970.
        public let createdAt: Int64
    }

    private struct State {
        var revision = Int64.min
        /// When that was known to be the store's revision; `nil`: never.
        var confirmedAt: Int64?
        /// Of that revision, by the bytes of the id: equal texts may be written in other bytes. `.some(nil)`: there is no
        /// such user.
        var standings: [[UInt8]: Standing?] = [:]
    }

    public static let standardAgeMax = Duration.milliseconds(250)

    private let store: any AccessStore
    private let ageMaxNanoseconds: Int64
    private let userLimit: Int
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - ageMax: How long a change by another process may go unnoticed; at most a minute.
    ///   - userLimit: How many are kept; when there are more, all are forgotten.
    public init(store: any AccessStore, ageMax: Duration = standardAgeMax, userLimit: Int = 10_000) {
        precondition((.zero ... .seconds(60)).contains(ageMax) && userLimit > 0, "kept for a minute at most, and one at least")
        self.store = store
        self.userLimit = userLimit
        ageMaxNanoseconds = ageMax.components.seconds * 1_000_000_000 + ageMax.components.attoseconds / 1_000_000_000
    }

    /// The user whom tokens call so, byte for byte; `nil` for none.
    ///
    /// - Parameter instant: Nanoseconds since any fixed instant, from a clock that nobody sets.
    /// - Throws: What the store throws.
    func standing(of id: String, instant: Int64) async throws -> Standing? {
        let key = Array(id.utf8)
        let kept = state.withLockedValue { state -> Standing?? in
            guard let confirmedAt = state.confirmedAt, instant - confirmedAt < ageMaxNanoseconds else { return .none }
            return state.standings[key]
        }
        if let kept { return kept }
        // Before the user is read, so that what is kept under a revision is never older than it.
        let revision = try await store.accountsRevision()
        let confirmed = state.withLockedValue { state -> Standing?? in
            // A slow answer may come after a newer one: what is kept is newer than it asks for.
            if revision >= state.revision {
                if revision > state.revision { state.standings = [:] }
                state.revision = revision
                state.confirmedAt = max(state.confirmedAt ?? instant, instant)
            }
            return state.standings[key]
        }
        if let confirmed { return confirmed }
        let user = try await store.user(id: id).flatMap { $0.id.utf8.elementsEqual(id.utf8) ? $0 : nil }
        let standing = user.map { Standing(roles: $0.roles, isDisabled: $0.isDisabled, createdAt: $0.createdAt) }
        state.withLockedValue { state in
            guard state.revision == revision else { return }
            if state.standings.count >= userLimit { state.standings = [:] }
            state.standings.updateValue(standing, forKey: key)
        }
        return standing
    }
}
