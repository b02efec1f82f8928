import RecordSchema

/// The records of a collection in pages that stay right while others write.
struct RecordPages: Sendable {
    let client: GatewayClient
    let collection: String
    /// How long a page is asked for again after a failure that may pass.
    let patience: Duration

    struct Page: Sendable {
        let records: [JSONObject]
        /// `nil` at the last page.
        let nextCursor: String?
    }

    private static let recordCountMax = 1_000

    /// - Parameter cursor: Empty for the first page, then the page before's `nextCursor`.
    func page(at cursor: String) async throws -> Page {
        let request = GatewayClient.Request(
            path: "/api/v1/\(URLText.escaped(collection))",
            // Vectors that were not made from the text cannot be made again: they belong to the record.
            query: [("cursor", cursor), ("limit", "\(Self.recordCountMax)"), ("vectors", "true")])
        guard case .object(let body) = try await patientJSON(of: request), let items = body["items"]?.arrayValue else {
            throw GatewayFailure.unexpectedAnswer("no page of records")
        }
        let next = body["next_cursor"]?.stringValue
        guard next != cursor || next == nil else { throw GatewayFailure.unexpectedAnswer("a page that leads to itself") }
        return Page(records: items.compactMap(\.objectValue), nextCursor: next)
    }

    private func patientJSON(of request: GatewayClient.Request) async throws -> JSON {
        var backoff = RetryBackoff(patience: patience)
        var firstFailure: ContinuousClock.Instant?
        while true {
            do {
                return try await client.json(of: request)
            } catch let failure as GatewayFailure {
                let now = ContinuousClock.now
                let elapsed = now - (firstFailure ?? now)
                firstFailure = firstFailure ?? now
                guard failure.isTransient,
                    let delay = backoff.delay(
                        elapsed: elapsed, retryAfter: failure.retryAfter, jitter: Double.random(in: 0..<1))
                else { throw failure }
                try await Task.sleep(for: delay)
            }
        }
    }
}
