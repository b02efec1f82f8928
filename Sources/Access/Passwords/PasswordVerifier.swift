/// Checks passwords away from the threads that serve, a bounded number at a time.
///
/// One check takes tens of milliseconds of a core and tens of MiB. Without a bound, anybody who can reach the sign-in page
/// could take the machine with it. Whoever comes when the bound is reached is told so at once; nobody waits in here.
public actor PasswordVerifier {
    private let executor: any TaskExecutor
    private let admittedLimit: Int
    private let standIn: PasswordHash
    private(set) var admittedCount = 0

    /// - Parameters:
    ///   - executor: Where the work runs; its count of threads is how many checks run at once, and so how much memory
    ///     they take. Not the executor that serves requests.
    ///   - admittedLimit: Checks that run or wait for the executor, 1 or more; further ones are `busy`.
    ///   - cost: What the check of a user that does not exist costs; that of new hashes.
    /// - Throws: `PasswordError.outOfMemory` alone. Computes one hash, so it takes as long as one check.
    public init(
        executor: any TaskExecutor, admittedLimit: Int = 8, cost: PasswordHash.Cost = .standard
    ) throws(PasswordError) {
        precondition(admittedLimit >= 1, "a verifier that admits nothing is a mistake")
        self.executor = executor
        self.admittedLimit = admittedLimit
        standIn = try PasswordHash(hashing: APIKey.generate().text, cost: cost)
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
    /// - Throws: `PasswordError.passwordLength`, `.busy` and `.outOfMemory`.
    public func hash(_ password: String, cost: PasswordHash.Cost = .standard) async throws(PasswordError) -> PasswordHash {
        try await admitted { () throws(PasswordError) in try PasswordHash(hashing: password, cost: cost) }
    }

    private func admitted<Value: Sendable>(
        _ work: @escaping @Sendable () throws(PasswordError) -> Value
    ) async throws(PasswordError) -> Value {
        guard admittedCount < admittedLimit else { throw .busy(retryAfter: .seconds(1)) }
        admittedCount += 1
        defer { admittedCount -= 1 }
        // A task of its own is the form in which typed errors, this actor and another executor go together; it is
        // awaited right here, so it lives no longer than the call.
        let result = await Task(executorPreference: executor) { () -> Result<Value, PasswordError> in
            do throws(PasswordError) { return .success(try work()) } catch { return .failure(error) }
        }.value
        return try result.get()
    }
}
