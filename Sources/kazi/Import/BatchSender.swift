import Foundation
import NIOHTTP1
import RecordSchema

/// What became of one record.
enum LineOutcome: Sendable, Equatable {
    case created
    case updated
    /// A record equal in all fields was there already; nothing was written.
    case duplicate
    /// What the gateway said instead of writing it: `status` and what belongs to it.
    case refused(status: Int, JSONObject)
}

/// Brings one batch to the gateway, again and again where that may help.
///
/// A batch that is sent twice is written once as long as the gateway skips duplicates; without that, a connection that
/// breaks between the write and the answer leaves the records of the batch in the collection twice.
struct BatchSender: Sendable {
    let client: GatewayClient
    let collection: String
    let skipsDuplicates: Bool
    /// Asks the gateway to answer only when the records can be found.
    var waitsUntilSearchable = false
    /// How long to go on after the first failure in a row.
    let patience: Duration

    /// One outcome for each record, in order.
    ///
    /// - Throws: `GatewayFailure` when no attempt can help or `patience` is over; `CancellationError`.
    func send(_ entries: [RecordBatch.Entry]) async throws -> [LineOutcome] {
        var outcomes = [LineOutcome?](repeating: nil, count: entries.count)
        var waiting = Array(entries.indices)
        // Shrinks where the gateway finds a batch too large.
        var chunkCount = entries.count
        var backoff = RetryBackoff(patience: patience)
        var firstFailure: ContinuousClock.Instant?
        while !waiting.isEmpty {
            let chunk = Array(waiting.prefix(chunkCount))
            let failure: GatewayFailure
            do {
                let results = try await post(chunk.map { entries[$0] })
                for (index, result) in zip(chunk, results) { outcomes[index] = Self.finalOutcome(result) }
                waiting.removeAll { outcomes[$0] != nil }
                guard chunk.contains(where: { outcomes[$0] == nil }) else {
                    backoff.reset()
                    firstFailure = nil
                    continue
                }
                failure = results.compactMap(Self.transientFailure).first ?? .unexpectedAnswer("results without a status")
            } catch let error as GatewayFailure {
                if case .refused(413, let message, _) = error {
                    if chunk.count == 1 {
                        outcomes[chunk[0]] = .refused(status: 413, ["detail": .string(message)])
                        waiting.removeFirst()
                    } else {
                        chunkCount = chunk.count / 2
                    }
                    continue
                }
                failure = error
            }
            let now = ContinuousClock.now
            let elapsed = now - (firstFailure ?? now)
            firstFailure = firstFailure ?? now
            guard failure.isTransient,
                let delay = backoff.delay(
                    elapsed: elapsed, retryAfter: failure.retryAfter, jitter: Double.random(in: 0..<1))
            else { throw failure }
            try await Task.sleep(for: delay)
        }
        return outcomes.compactMap(\.self)
    }

    private func post(_ entries: [RecordBatch.Entry]) async throws -> [JSONObject] {
        var request = GatewayClient.Request(method: .POST, path: "/api/v1/\(URLText.escaped(collection))/batch")
        if skipsDuplicates { request.query.append(("duplicates", "skip")) }
        if waitsUntilSearchable { request.query.append(("wait", "searchable")) }
        request.body = RecordBatch.ndjson(entries)
        request.contentType = "application/x-ndjson"
        guard case .array(let results) = try await client.json(of: request), results.count == entries.count else {
            throw GatewayFailure.unexpectedAnswer("not one result for each record of the batch")
        }
        return results.map { $0.objectValue ?? [:] }
    }

    /// `nil` where the record may be sent again.
    static func finalOutcome(_ result: JSONObject) -> LineOutcome? {
        guard let status = result["status"]?.integerValue.flatMap({ Int(exactly: $0) }) else { return nil }
        if GatewayFailure.isTransient(status: status) { return nil }
        guard (200..<300).contains(status) else {
            var rest = result
            rest["status"] = nil
            return .refused(status: status, rest)
        }
        switch result["result"]?.stringValue {
        case "updated": return .updated
        case "duplicate": return .duplicate
        case "created": return .created
        default: return status == 201 ? .created : .updated
        }
    }

    private static func transientFailure(_ result: JSONObject) -> GatewayFailure? {
        guard let status = result["status"]?.integerValue.flatMap({ Int(exactly: $0) }),
            GatewayFailure.isTransient(status: status)
        else { return nil }
        let message = result["detail"]?.stringValue ?? "a record could not be written now"
        return .refused(status: status, message: message, retryAfter: nil)
    }
}
