import Cluster
import Logging
import Messaging
import NIOConcurrencyHelpers
import RecordSchema
import RecordStore
import ServiceRuntime
import WireProtocol

/// What the gateway answers over ZeroMQ: workers that announce themselves and pull the feed, and internal services that
/// query, put, get and delete without HTTP.
final class MessagingDoor: Sendable {
    private let hub: MessageHub
    private let feed: Feed
    private let cluster: ClusterDriver
    private let records: RecordService
    private let search: SearchService
    private let vectorShapes: VectorShapes
    private let searchTimeout: Duration
    private let logger: Logger
    private let workers = NIOLockedValueBox(WorkerDirectory())
    private let bootEpoch = UInt64(WallClock.microseconds())

    init(
        hub: MessageHub, feed: Feed, cluster: ClusterDriver, records: RecordService, search: SearchService,
        vectorShapes: VectorShapes, searchTimeout: Duration, logger: Logger
    ) {
        self.hub = hub
        self.feed = feed
        self.cluster = cluster
        self.records = records
        self.search = search
        self.vectorShapes = vectorShapes
        self.searchTimeout = searchTimeout
        self.logger = logger
    }

    /// The kinds that a gateway serves; SEARCH and NUDGE are for workers.
    static let kinds: Set<MessageKind> = [.announce, .pull, .goodbye, .status, .query, .put, .get, .delete]

    /// One message from a peer; on the hub's thread, so nothing here waits.
    func received(_ request: InboundRequest) {
        switch request.kind {
        case .announce: announce(request)
        case .pull: pull(request)
        case .goodbye: goodbye(request)
        case .status: status(request)
        case .query: answer(request, as: QueryRequest.self, query)
        case .put: answer(request, as: PutRequest.self, put)
        case .get: answer(request, as: GetRequest.self, get)
        case .delete: answer(request, as: DeleteRequest.self, delete)
        case .search, .nudge: break
        }
    }

    /// Tells every worker that there is something to pull.
    func committed(_ collections: Set<String>, headSeq: Int64) {
        let identities = workers.withLockedValue(\.identities)
        guard !identities.isEmpty else { return }
        for collection in collections where records.catalog.collections[collection]?.isSearchable == true {
            let nudge = Nudge(collection: collection, headSeq: UInt64(headSeq))
            // A nudge that is lost costs a heartbeat at most: whatever fails here needs no answer.
            for identity in identities { try? hub.send(nudge, to: identity) }
        }
    }

    // MARK: Workers

    private func announce(_ request: InboundRequest) {
        request.decode(Announcement.self) { announcement in
            let worker = WorkerIncarnation(announcement)
            workers.withLockedValue { $0.heard(announcement, worker, from: request.peer) }
            cluster.handle(.announced(WorkerAnnouncement(announcement, worker, storeID: feed.store.storeID)))
            request.reply(
                AnnouncementReply(
                    heartbeatInterval: ClusterConfiguration().heartbeatInterval, storeID: feed.store.storeID,
                    headSeq: UInt64(feed.store.headSeq), collections: feed.collections))
        }
    }

    private func goodbye(_ request: InboundRequest) {
        request.decode(Goodbye.self) { goodbye in
            let worker = WorkerIncarnation(id: WorkerID(goodbye.workerID), bootEpoch: goodbye.bootEpoch)
            workers.withLockedValue { $0.forget(worker) }
            cluster.handle(.saidGoodbye(worker))
        }
    }

    private func pull(_ request: InboundRequest) {
        request.decode(PullRequest.self) { pull in
            // Asking after a sequence number says that everything up to it is applied, unless it says otherwise.
            if !pull.readsAhead, let worker = workers.withLockedValue({ $0.worker(at: request.peer, servingFrom: pull) }) {
                let key = ReplicaKey(
                    collection: pull.collection, shardIndex: pull.shard.index, shardCount: pull.shard.count)
                cluster.handle(.progressed(worker, key, appliedSeq: Int64(pull.afterSeq)))
            }
            Task {
                do throws(ErrorReply) {
                    request.reply(try await feed.page(pull))
                } catch {
                    request.fail(error)
                }
            }
        }
    }

    private func status(_ request: InboundRequest) {
        let snapshot = cluster.snapshot
        let known = workers.withLockedValue(\.announcements)
        let workers = snapshot.workers.compactMap { worker in
            known[worker.worker].map {
                GatewayStatus.KnownWorker(
                    announcement: $0, age: worker.silence, isConnected: worker.status != .disconnected)
            }
        }
        request.reply(
            StatusReply.gateway(
                GatewayStatus(
                    gatewayID: "gateway", bootEpoch: bootEpoch, storeID: feed.store.storeID,
                    headSeq: UInt64(feed.store.headSeq), collections: feed.collections, workers: workers,
                    softwareVersion: KaziVersion.current)))
    }

    // MARK: Internal services

    private func answer<Body: WireRequest>(
        _ request: InboundRequest, as _: Body.Type,
        _ work: @escaping @Sendable (Body, ContinuousClock.Instant) async throws(ServiceFailure) -> Body.Reply
    ) {
        request.decode(Body.self) { body in
            let scope = RequestScope(
                requestID: "", traceID: request.traceID == .none ? .new() : request.traceID)
            Task {
                await RequestScope.$current.withValue(scope) {
                    do throws(ServiceFailure) {
                        request.reply(try await work(body, request.deadline))
                    } catch {
                        if case .faulty(let reason) = error {
                            logger.error(
                                "request failed",
                                metadata: [
                                    "reason": "\(reason)", "kind": "\(request.kind)", "trace_id": "\(scope.traceID)",
                                ])
                        }
                        request.fail(ErrorReply(error))
                    }
                }
            }
        }
    }

    private func query(_ query: QueryRequest, deadline: ContinuousClock.Instant) async throws(ServiceFailure) -> QueryReply {
        let definition = try records.catalog.collection(query.collection)
        let command = try SearchCommand(query, definition, shape: vectorShapes[definition])
        let answer = try await search.search(command, in: definition, deadline: min(deadline, .now + searchTimeout))
        var hits: [QueryReply.Hit] = []
        for hit in answer.hits {
            var json: [UInt8] = []
            try hit.append(fields: command.fields, to: &json)
            hits.append(QueryReply.Hit(id: UInt64(hit.record.id), score: hit.score, recordJSON: json))
        }
        let coverage = answer.coverage ?? ShardCoverage(answeredCount: 1, totalCount: 1)
        return QueryReply(
            hits: hits, answeredShardCount: coverage.answeredCount, shardCount: coverage.totalCount,
            guarantee: answer.guarantee.onTheWire)
    }

    private func put(_ put: PutRequest, _ deadline: ContinuousClock.Instant) async throws(ServiceFailure) -> RecordReply {
        let body = try RequestJSON.parse(put.recordJSON)
        let written: WrittenRecord
        if let id = put.id {
            written = try await records.replace(Int64(clamping: id), with: body, in: put.collection)
        } else {
            written = try await records.create(body, in: put.collection)
        }
        return RecordReply(written.record)
    }

    private func get(_ get: GetRequest, _ deadline: ContinuousClock.Instant) async throws(ServiceFailure) -> RecordReply {
        RecordReply(try await records.read(Int64(clamping: get.id), in: get.collection))
    }

    private func delete(
        _ delete: DeleteRequest, _ deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> RecordReply {
        let seq = try await records.delete(Int64(clamping: delete.id), in: delete.collection)
        return RecordReply(id: delete.id, seq: UInt64(seq))
    }
}

extension InboundRequest {
    /// Reads the body and goes on with it; a body that cannot be read is refused.
    fileprivate func decode<Body: WireContent>(_: Body.Type, _ work: (Body) -> Void) {
        do throws(WireError) {
            work(try Body(decoding: content))
        } catch {
            fail(error)
        }
    }
}

extension RecordReply {
    fileprivate init(_ record: StoredRecord) {
        self.init(id: UInt64(record.id), seq: UInt64(record.seq), recordJSON: RecordRendering.object(record))
    }
}
