import RecordSchema
import RecordStore
import WireProtocol

/// What workers read: which collections there are to hold, and the changes of a shard after a sequence number.
struct Feed: Sendable {
    let catalog: Catalog
    let store: RecordStore
    let vectorShapes: VectorShapes
    let modelDigest: String?
    let sets: VectorSets

    /// Every searchable collection as a worker has to know it.
    var collections: [CollectionInfo] { catalog.searchable.compactMap(info) }

    func info(_ definition: CollectionDefinition) -> CollectionInfo? {
        guard let shape = vectorShapes[definition] else { return nil }
        // What serves, which is not what the model of now makes while vectors of another one are being replaced.
        let serving = sets.state(of: definition.name)?.serving
        let digest = definition.needsModel ? serving?.modelDigest ?? modelDigest ?? "" : ""
        var info = CollectionInfo(
            name: definition.name, dimension: serving?.dimension ?? shape.dimension, metric: shape.metric,
            modelDigest: digest, columns: definition.columns, headSeq: UInt64(store.headSeq))
        info.generation = generation(info, set: sets.generation(of: definition.name))
        return info
    }

    /// Anything a row in a worker's memory depends on beside the record itself: another value of it, other rows.
    private func generation(_ info: CollectionInfo, set: Int) -> UInt64 {
        let columns = info.columns.map { "\($0.name)\u{0}\($0.type.rawValue)\u{0}\($0.isArray)" }
        let parts =
            [store.storeID, info.name, String(set), String(info.dimension), info.metric.rawValue, info.modelDigest] + columns
        return Digest.sha256Prefix(parts.joined(separator: "\u{1}"))
    }

    /// Whether a replica of this generation may go on reading: the one that serves, and the one that served before, whose
    /// replicas answer searches until their successors are whole. What is written meanwhile reaches both with the vector of
    /// the new set, which is of the same model.
    private func gives(_ generation: UInt64, of info: CollectionInfo) -> Bool {
        if generation == info.generation { return true }
        guard let predecessor = sets.predecessor(of: info.name) else { return false }
        return generation == self.generation(info, set: predecessor)
    }

    /// One page; throws an `ErrorReply` that the worker understands.
    func page(_ request: PullRequest) async throws(ErrorReply) -> FeedPage {
        guard let definition = catalog.collections[request.collection], let info = info(definition) else {
            throw ErrorReply(.notFound, message: "there is no searchable collection of this name")
        }
        guard request.storeID == store.storeID, gives(request.generation, of: info) else {
            throw ErrorReply(.stale, message: "another store or generation: start again from seq 0")
        }
        do {
            let rows = try await store.feed(
                request.collection, shardIndex: request.shard.index, shardCount: request.shard.count,
                afterSeq: Int64(request.afterSeq), limit: request.rowLimit)
            // By the head that the rows were read with: a page may have a commit a moment before the store tells of it,
            // and the next request then names a seq that `store.headSeq` has not reached.
            guard request.afterSeq <= UInt64(rows.headSeq) else {
                throw ErrorReply(.stale, message: "the store is older than the replica: start again from seq 0")
            }
            // Another set of vectors takes the place of the one that the worker reads, at this moment: asked again, it is
            // known here which replicas may go on.
            guard rows.vectorGeneration == sets.generation(of: definition.name), self.info(definition)?.generation == info.generation
            else { throw ErrorReply(.unavailable, message: "the vectors are being switched", retryAfter: .milliseconds(50)) }
            return FeedPage(rows, dimension: info.dimension)
        } catch let error as StoreError {
            throw ErrorReply(ServiceFailure(error))
        } catch let reply as ErrorReply {
            throw reply
        } catch {
            throw ErrorReply(.internalError, message: "internal error")
        }
    }
}

extension FeedPage {
    init(_ rows: FeedRows, dimension: Int) {
        let hasUpserts = rows.kinds.contains(.upsert)
        self.init(
            headSeq: UInt64(rows.headSeq), scannedToSeq: UInt64(rows.scannedToSeq),
            dimension: hasUpserts ? dimension : 0, ids: rows.ids.map { UInt64($0) }, seqs: rows.seqs.map { UInt64($0) },
            kinds: rows.kinds.map { $0 == .upsert ? .upsert : .delete }, vectors: rows.vectors,
            columns: hasUpserts ? rows.columns : [])
    }
}

extension ErrorReply {
    /// How a failure looks to a client of the wire protocol.
    init(_ failure: ServiceFailure) {
        switch failure {
        case .invalid(let issues):
            self.init(
                .invalid, message: "the request is not valid",
                detailJSON: JSON.array(issues.map(\.json)).serialized())
        case .idempotencyKeyReused: self.init(.conflict, message: "the idempotency key was used for another request")
        case .dataQuality(let message, _):
            self.init(.invalid, message: message, detailJSON: JSON.object(failure.body).serialized())
        case .notFound(let detail): self.init(.notFound, message: detail)
        case .methodNotAllowed: self.init(.unknownKind, message: "not served")
        case .conflict(let detail): self.init(.conflict, message: detail)
        case .preconditionFailed: self.init(.conflict, message: "the record is another version")
        case .unsupportedMediaType(let detail): self.init(.invalid, message: detail)
        case .contentTooLarge(let limit): self.init(.bodyTooLarge, message: "over the limit of \(limit) bytes")
        case .unavailable(let detail, let retryAfter): self.init(.unavailable, message: detail, retryAfter: retryAfter)
        case .deadlineExceeded(let detail): self.init(.deadlineExceeded, message: detail)
        case .brokenRequest(let fault): self.init(.malformed, message: fault.detail)
        case .faulty: self.init(.internalError, message: "internal error")
        }
    }
}
