import Histogram
import Messaging
import NIOConcurrencyHelpers
import VectorIndex
import WireProtocol

/// What the worker answers over ZeroMQ: searches, and how it is.
final class SearchDoor: Sendable {
    private let replicas: ReplicaSet
    private let executor: SearchExecutor
    private let sampler: RecallSampler
    private let latencies = NIOLockedValueBox(LatencyWindow())
    private let announcementSource = NIOLockedValueBox<(@Sendable () -> Announcement)?>(nil)

    private let log: SearchLog

    init(replicas: ReplicaSet, executor: SearchExecutor, sampler: RecallSampler, slowSearchTime: Duration) {
        self.replicas = replicas
        self.executor = executor
        self.sampler = sampler
        log = SearchLog(slowSearchTime: slowSearchTime)
    }

    /// What a STATUS is answered with; set once, before the first heartbeat.
    var announcement: (@Sendable () -> Announcement)? {
        get { announcementSource.withLockedValue { $0 } }
        set { announcementSource.withLockedValue { $0 = newValue } }
    }

    struct Load {
        var queueDepth: Int
        var latencyMicrosecondsP50: Int
        var latencyMicrosecondsP95: Int
        var latencyMicrosecondsP99: Int
    }

    /// Since it was asked last.
    func load() -> Load {
        latencies.withLockedValue { window in
            defer { window.reset() }
            return Load(
                queueDepth: executor.waitingCount, latencyMicrosecondsP50: window.percentile(50),
                latencyMicrosecondsP95: window.percentile(95), latencyMicrosecondsP99: window.percentile(99))
        }
    }

    /// The kinds that a worker serves.
    static let kinds: Set<MessageKind> = [.search, .status]

    /// One message from a peer; on the hub's thread, so nothing here waits.
    func received(_ request: InboundRequest) {
        switch request.kind {
        case .search: search(request)
        case .status:
            if let announcement { request.reply(StatusReply.worker(announcement())) }
        case .announce, .pull, .query, .put, .get, .delete, .nudge, .goodbye: break
        }
    }

    // MARK: Searching

    private func search(_ request: InboundRequest) {
        let received = ContinuousClock.now
        let search: ShardSearchRequest
        do throws(WireError) {
            search = try request.decode()
        } catch {
            request.fail(error)
            return
        }
        guard let replica = replicas[search.collection] else {
            request.fail(ErrorReply(.notFound, message: "no replica of this collection is here"))
            return
        }
        if let shard = search.shard, shard != replica.shard {
            request.fail(ErrorReply(.notFound, message: "another shard of this collection is here"))
            return
        }
        guard search.modelDigest.isEmpty || search.modelDigest == replica.info.modelDigest else {
            request.fail(ErrorReply(.stale, message: "the vectors here are of another model"))
            return
        }
        guard search.dimension == replica.info.dimension else {
            request.fail(
                ErrorReply(.invalid, message: "the vector has \(search.dimension) components, not \(replica.info.dimension)"))
            return
        }
        // A gateway that has not heard yet that the replica started over may ask: what it holds is not all there is.
        guard replica.hasCaughtUp else {
            request.fail(ErrorReply(.notCaughtUp, message: "the replica has not reached the head yet"))
            return
        }
        let accepted = replica.wait(
            for: .init(minSeq: search.minSeq, deadline: request.deadline) { [self] replica, isApplied in
                guard isApplied else {
                    request.fail(
                        ErrorReply(.notCaughtUp, message: "the replica is at seq \(replica.appliedSeq), not at min_seq"))
                    return
                }
                scan(search, replica, request, received: received)
            })
        if !accepted {
            request.fail(ErrorReply(.busy, message: "too many searches wait for a write", retryAfter: .milliseconds(50)))
        }
    }

    private func scan(
        _ search: ShardSearchRequest, _ replica: HeldReplica, _ request: InboundRequest, received: ContinuousClock.Instant
    ) {
        let appliedSeq = replica.appliedSeq
        let start = ContinuousClock.now
        let gathering = Gathering(queryCount: search.queryCount) { [self] outcome in
            switch outcome {
            case .success(let results):
                request.reply(ShardSearchReply(results, appliedSeq: appliedSeq, from: replica))
                let end = ContinuousClock.now
                latencies.withLockedValue { $0.record(end - received) }
                log.write(search, results, request, .init(received: received, start: start, end: end))
            case .failure(let failure):
                request.fail(ErrorReply(failure))
                log.write(search, failure, request)
            }
        }
        for queryIndex in 0..<search.queryCount {
            let start = queryIndex * search.dimension
            let query = SearchRequest(search, vector: Array(search.vectors[start..<start + search.dimension]))
            do throws(SearchFailure) {
                try executor.submit(query, to: replica.index, isExpired: { request.deadline <= .now }) { [sampler] result in
                    gathering.finished(queryIndex, result)
                    if case .success(let found) = result {
                        sampler.offer(query, found, of: replica.index, to: replica.recall)
                    }
                }
            } catch {
                gathering.finished(queryIndex, .failure(error))
            }
        }
    }
}

/// Collects the results of the queries of one request; the first failure is the request's.
private final class Gathering: Sendable {
    private struct State {
        var results: [SearchResult?]
        var missingCount: Int
        var isDone = false
    }

    private let state: NIOLockedValueBox<State>
    private let completion: @Sendable (Result<[SearchResult], SearchFailure>) -> Void

    init(queryCount: Int, completion: @escaping @Sendable (Result<[SearchResult], SearchFailure>) -> Void) {
        state = NIOLockedValueBox(State(results: Array(repeating: nil, count: queryCount), missingCount: queryCount))
        self.completion = completion
    }

    func finished(_ queryIndex: Int, _ result: Result<SearchResult, SearchFailure>) {
        let outcome = state.withLockedValue { state -> Result<[SearchResult], SearchFailure>? in
            guard !state.isDone else { return nil }
            switch result {
            case .success(let found):
                state.results[queryIndex] = found
                state.missingCount -= 1
                guard state.missingCount == 0 else { return nil }
                state.isDone = true
                return .success(state.results.compactMap { $0 })
            case .failure(let failure):
                state.isDone = true
                return .failure(failure)
            }
        }
        if let outcome { completion(outcome) }
    }
}

/// The times of the searches since the last look.
private struct LatencyWindow {
    /// Three significant digits up to a minute.
    private var histogram = Histogram<UInt32>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)

    mutating func record(_ latency: Duration) {
        let (seconds, attoseconds) = latency.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        histogram.record(UInt64(clamping: min(60_000_000, max(0, microseconds))))
    }

    /// Microseconds; 0 without searches.
    func percentile(_ percentile: Double) -> Int {
        histogram.totalCount == 0 ? 0 : Int(histogram.valueAtPercentile(percentile))
    }

    mutating func reset() { histogram.reset() }
}

extension SearchRequest {
    fileprivate init(_ search: ShardSearchRequest, vector: [Float]) {
        self.init(
            vector: vector, resultLimit: search.resultLimit, minimumScore: search.minimumScore, filter: search.filter,
            isExact: search.isExact)
        guard let target = search.recallTarget else { return }
        if target > Self.recallTargetRange.upperBound {
            // Nothing but comparing all rows finds as much.
            isExact = true
        } else {
            recallTarget = target
        }
    }
}

extension ShardSearchReply {
    fileprivate init(_ results: [SearchResult], appliedSeq: UInt64, from replica: HeldReplica) {
        // Of rows that there was no memory for, nothing can be promised.
        let isFull = replica.isFull
        self.init(
            appliedSeq: appliedSeq, scannedRowCount: results.reduce(0) { $0 + UInt64($1.scannedRowCount) },
            hitCounts: results.map(\.ids.count), guarantees: results.map { isFull ? .unknown : replica.recall.guarantee($0.guarantee) },
            ids: results.flatMap(\.ids), scores: results.flatMap(\.scores))
    }
}

extension ErrorReply {
    fileprivate init(_ failure: SearchFailure) {
        switch failure {
        case .busy: self.init(.busy, message: "too many searches wait", retryAfter: .milliseconds(20))
        case .expired: self.init(.deadlineExceeded, message: "the time was up before the search began")
        case .invalid(let error): self.init(.invalid, message: "\(error)")
        case .shutDown: self.init(.unavailable, message: "the worker is stopping")
        }
    }
}
