import Dispatch

/// Checks passwords away from the threads that serve, a bounded number at a time.
///
/// One check takes some tenths of a second of a core and tens of MiB. Without a bound, anybody who can reach the sign-in page
/// could take the machine with it. A few may wait; whoever comes when all places are taken is told so at once.
///
/// The work runs on threads of its own and not on Swift's shared ones: those are as many as the machine has cores, and
/// two long computations on them would stop every request.
public actor PasswordVerifier {
    /// One serial queue is one computation at a time. Serial queues without a target have a thread to themselves while
    /// they work.
    private struct Lane {
        let queue: DispatchQueue
        var admittedCount = 0
    }

    private let waitingLimit: Int
    private let standIn: PasswordHash
    private var lanes: [Lane]

    /// Checks that run or wait right now.
    public var admittedCount: Int { lanes.reduce(0) { $0 + $1.admittedCount } }

    /// - Parameters:
    ///   - concurrencyLimit: How many computations run at once, and so how much memory they take; 1...64.
    ///   - waitingLimit: How many more may wait, 0 or more; further ones are `busy`.
    ///   - cost: What new hashes cost, and the check of a user that does not exist.
    public init(concurrencyLimit: Int = 1, waitingLimit: Int = 8, cost: PasswordHash.Cost = .standard) {
        precondition((1...64).contains(concurrencyLimit), "a verifier runs 1 to 64 computations at once")
        self.init(
            queues: (0..<concurrencyLimit).map { DispatchQueue(label: "kazi.password.\($0)") }, waitingLimit: waitingLimit,
            cost: cost)
    }

    init(queues: [DispatchQueue], waitingLimit: Int, cost: PasswordHash.Cost) {
        precondition(waitingLimit >= 0, "fewer than none cannot wait")
        self.waitingLimit = waitingLimit
        lanes = queues.map { Lane(queue: $0) }
        standIn = PasswordHash.ofNoPassword(cost: cost)
    }

    /// Whether `password` is the one that `hash` was made of.
    ///
    /// - Parameter hash: `nil` where there is no such user: the answer is then `false` after the time that a check takes,
    ///   so that the time does not tell which users exist.
    /// - Throws: `PasswordError.busy` and `.outOfMemory`.
    public func verify(_ password: String, against hash: PasswordHash?) async throws(PasswordError) -> Bool {
        let stored = hash ?? standIn
        let matches = try await admitted { () throws(PasswordError) in try stored.verify(password) }
        return matches && hash != nil
    }

    /// The hash of a new password, made under the same bound.
    ///
    /// - Parameter cost: `nil` for that of this verifier.
    /// - Throws: `PasswordError.passwordLength`, `.busy` and `.outOfMemory`.
    public func hash(_ password: String, cost: PasswordHash.Cost? = nil) async throws(PasswordError) -> PasswordHash {
        let cost = cost ?? standIn.cost
        return try await admitted { () throws(PasswordError) in try PasswordHash(hashing: password, cost: cost) }
    }

    /// Whether `hash` was made at another cost than this verifier's.
    public nonisolated func wantsRehash(_ hash: PasswordHash) -> Bool { hash.needsRehash(for: standIn.cost) }

    private func admitted<Value: Sendable>(
        _ work: @escaping @Sendable () throws(PasswordError) -> Value
    ) async throws(PasswordError) -> Value {
        guard admittedCount < lanes.count + waitingLimit else { throw .busy(retryAfter: .seconds(1)) }
        // The emptiest lane, so that nobody waits while another one is idle.
        let lane = lanes.indices.min { lanes[$0].admittedCount < lanes[$1].admittedCount } ?? 0
        lanes[lane].admittedCount += 1
        defer { lanes[lane].admittedCount -= 1 }
        // A check that began is finished even for a client that left: a hash cannot be stopped halfway.
        let queue = lanes[lane].queue
        let result: Result<Value, PasswordError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(PasswordError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
